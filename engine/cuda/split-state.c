#include "cuda/split-state.h"

#include "cuda/backend-device.h"
#include "cuda/weights.h"

/* --- Making --- */

static const SottoPlanPiece *
get_piece (const SottoSplit *split, guint index)
{
  return &g_array_index (split->pieces, SottoPlanPiece, index);
}

/* The pieces from @first on that are @where the first is. */
static guint
find_end (const SottoSplit *split, guint first)
{
  guint end = first + 1;

  while (end < split->pieces->len && split->where[end] == split->where[first])
    end++;
  return end;
}

/* Layers by their number from @first to before @end, counted from one, for a person. */
typedef struct {
  guint first;
  guint end;
} Layers;

static void
add_layers (Layers *self, guint first, guint n)
{
  if (n == 0)
    return;
  if (self->end == self->first)
    self->first = first;
  self->end = first + n;
}

/* What is @where: whole layers (their experts aside), and experts of layers that are elsewhere. */
static void
find_layers (const SottoSplit *split, guint where, Layers *layers, Layers *experts, guint *n_experts)
{
  guint next = 0, layer = 0, home = where, counted = G_MAXUINT;

  for (guint i = 0; i < split->pieces->len; i++)
    {
      const SottoPlanPiece *piece = get_piece (split, i);

      if (!piece->continues)
        {
          layer = next;
          next += piece->n_layers;
          home = split->where[i];
        }
      if (split->where[i] != where)
        continue;
      if (home == where)
        add_layers (layers, layer, next - layer);
      else if (counted != layer)
        {
          add_layers (experts, layer, next - layer);
          *n_experts += next - layer;
          counted = layer;
        }
    }
}

static void
describe (GString *description, const SottoSplit *split, guint where, SottoSplitPart *part)
{
  const char *name = sotto_backend_get_name (part->backend);
  Layers layers = { 0, 0 }, experts = { 0, 0 };

  find_layers (split, where, &layers, &experts, &part->n_experts);
  part->n_layers = layers.end - layers.first;

  g_string_append_printf (description, "%s%s", description->len > 0 ? ", " : "", name);
  if (part->n_layers + part->n_experts == 0)
    return;
  g_string_append (description, " (");
  if (part->n_layers > 0)
    g_string_append_printf (description, "layers %u-%u", layers.first + 1, layers.end);
  if (part->n_experts > 0)
    g_string_append_printf (description, "%sexperts of layers %u-%u", part->n_layers > 0 ? ", " : "",
                            experts.first + 1, experts.end);
  g_string_append_c (description, ')');
}

/* What devices get, one after the other, as one piece of work; beside it what the CPU has to do is not told, alone it is. */
typedef struct {
  const SottoLoading *whole;
  guint64 before;          /* bytes of earlier devices */
  guint64 all;
} Progress;

static void
tell_progress (guint64 done, guint64 total, gpointer user_data)
{
  const Progress *self = user_data;

  self->whole->progress (self->before + MIN (done, total), self->all, self->whole->user_data);
}

static SottoState *
make_part (const SottoSplitPart *part,
           guint                 n_context,
           SottoKvType           kv_type,
           Progress             *progress,
           GError              **error)
{
  const SottoLoading *whole = progress->whole;
  SottoLoading loading = { 0 };
  SottoState *state;

  if (whole != NULL && progress->all == 0)
    loading = *whole;
  else if (whole != NULL)
    loading = (SottoLoading) { part->is_device && whole->progress != NULL ? tell_progress : NULL, progress,
                               whole->cancel };
  state = part->backend->klass->state_new (part->backend, part->plan, n_context, kv_type, &loading, error);
  if (part->is_device)
    progress->before += sotto_cuda_plan_measure (part->plan, 0, part->plan->n_steps);
  return state;
}

/* Bytes that devices get of all pieces. */
static guint64
measure_devices (const SottoSplit *split)
{
  guint64 n_bytes = 0;

  for (guint i = 0; i < split->pieces->len; i++)
    {
      const SottoPlanPiece *piece = &g_array_index (split->pieces, SottoPlanPiece, i);

      if (split->where[i] != G_MAXUINT)
        n_bytes += sotto_cuda_plan_measure (split->plan, piece->first_step, piece->end_step);
    }
  return n_bytes;
}

/* Adds the part of all that is @where, and its turns, which are to be put in order. */
static SottoSplitPart *
cut_part (SottoSplitState *self, const SottoSplit *split, guint where)
{
  SottoSplitPart *part = &self->parts[self->n_parts];
  g_autofree SottoPlanRun *runs = g_new (SottoPlanRun, split->pieces->len);
  guint n = 0, turn = 0;

  part->is_device = where != G_MAXUINT;
  part->backend = part->is_device ? split->devices[where] : split->cpu;
  for (guint first = 0, end; first < split->pieces->len; first = end)
    {
      end = find_end (split, first);
      if (split->where[first] == where)
        runs[n++] = (SottoPlanRun) { first, end };
    }
  self->n_parts++;
  if (find_end (split, 0) == split->pieces->len)
    {
      part->plan = split->plan;
      self->turns[self->n_turns++] = (SottoSplitTurn) { 0, 0, split->plan->n_steps };
      return part;
    }
  part->part = sotto_plan_cut (split->plan, split->pieces, runs, n);
  part->plan = &part->part->plan;

  n = 0;
  for (guint first = 0; first < split->pieces->len; first = find_end (split, first), turn++)
    if (split->where[first] == where)
      {
        const SottoPlanStretch *stretch = &part->part->stretches[n++];

        self->turns[turn] = (SottoSplitTurn) { self->n_parts - 1, stretch->first_step, stretch->end_step };
      }
  self->n_turns = turn;
  return part;
}

/* Devices and cuts, as a number that others are not likely to be; 0 where all is the CPU's. */
static guint
find_form (const SottoSplitState *self, const SottoSplit *split)
{
  guint form = 0;

  if (self->n_parts == 1 && !self->parts[0].is_device)
    return 0;
  for (guint first = 0, end; first < split->pieces->len; first = end)
    {
      end = find_end (split, first);
      form = (form * 31 + get_piece (split, end - 1)->end_step * 2 + (split->where[first] != G_MAXUINT)) % (1u << 24);
    }
  return form;
}

static gboolean
is_new (const SottoSplit *split, guint piece)
{
  for (guint i = 0; i < piece; i++)
    if (split->where[i] == split->where[piece])
      return FALSE;
  return TRUE;
}

SottoSplitState *
sotto_split_state_new (const SottoSplit    *split,
                       guint                n_context,
                       SottoKvType          kv_type,
                       const SottoLoading  *loading,
                       GError             **error)
{
  g_autoptr (SottoSplitState) self = g_new0 (SottoSplitState, 1);
  g_autoptr (GString) description = g_string_new (NULL);
  Progress progress = { .whole = loading, .all = measure_devices (split) };

  self->parts = g_new0 (SottoSplitPart, split->pieces->len);
  self->turns = g_new0 (SottoSplitTurn, split->pieces->len);
  for (guint i = 0; i < split->pieces->len; i++)
    {
      SottoSplitPart *part;

      if (!is_new (split, i))
        continue;
      part = cut_part (self, split, split->where[i]);
      describe (description, split, split->where[i], part);
      part->state = make_part (part, n_context, kv_type, &progress, error);
      if (part->state == NULL)
        return NULL;
    }
  if (self->n_parts == 1)
    g_string_assign (description, sotto_backend_get_name (self->parts[0].backend));
  self->form = find_form (self, split);
  self->description = g_string_free (g_steal_pointer (&description), FALSE);
  return g_steal_pointer (&self);
}

void
sotto_split_state_free (SottoSplitState *self)
{
  for (guint i = 0; i < self->n_parts; i++)
    {
      SottoSplitPart *part = &self->parts[i];

      if (part->state != NULL)
        part->backend->klass->state_free (part->backend, part->state);
      g_clear_pointer (&part->part, sotto_plan_part_free);
    }
  g_free (self->parts);
  g_free (self->turns);
  g_free (self->description);
  g_clear_error (&self->reason);
  g_free (self);
}

/* --- Running --- */

gboolean
sotto_split_state_run (SottoSplitState   *self,
                       const SottoBatch  *batch,
                       SottoCancel       *cancel,
                       GError           **error)
{
  SottoBatch own = *batch;

  for (guint i = 0; i < self->n_turns; i++)
    {
      const SottoSplitTurn *turn = &self->turns[i];
      const SottoSplitPart *part = &self->parts[turn->part];

      own.first_step = turn->first_step;
      own.end_step = turn->end_step;
      if (!part->backend->klass->run (part->backend, part->state, &own, cancel, error))
        return FALSE;
      own.handed = part->backend->klass->get_output (part->backend, part->state);
    }
  return TRUE;
}

/* Who leaves the output. */
static const SottoSplitPart *
get_last (const SottoSplitState *self)
{
  return &self->parts[self->turns[self->n_turns - 1].part];
}

float *
sotto_split_state_get_output (SottoSplitState *self)
{
  const SottoSplitPart *last = get_last (self);

  return last->backend->klass->get_output (last->backend, last->state);
}

gboolean
sotto_split_state_fetch (SottoSplitState *self, GError **error)
{
  const SottoSplitPart *last = get_last (self);

  return last->backend->klass->fetch == NULL
         || last->backend->klass->fetch (last->backend, last->state, error);
}

gboolean
sotto_split_state_select (SottoSplitState      *self,
                          guint                 row,
                          const SottoBestWish  *wish,
                          SottoBest            *best,
                          GError              **error)
{
  const SottoSplitPart *last = get_last (self);

  return last->backend->klass->select != NULL
         && last->backend->klass->select (last->backend, last->state, row, wish, best, error);
}

gboolean
sotto_split_state_serves (const SottoSplitState *self, guint position)
{
  for (guint i = 0; i < self->n_parts; i++)
    if (!self->parts[i].backend->klass->state_serves (self->parts[i].backend, self->parts[i].state,
                                                      position))
      return FALSE;
  return TRUE;
}

void
sotto_split_state_measure (const SottoSplitState *self, guint64 *kv_cache, guint64 *scratch)
{
  *kv_cache = *scratch = 0;
  for (guint i = 0; i < self->n_parts; i++)
    {
      guint64 kept, working;

      self->parts[i].backend->klass->state_measure (self->parts[i].backend, self->parts[i].state, &kept,
                                                    &working);
      *kv_cache += kept;
      *scratch += working;
    }
}

void
sotto_split_state_place (const SottoSplitState *self, SottoPlacement *placement)
{
  g_autoptr (GString) gpus = g_string_new (NULL);

  for (guint i = 0; i < self->n_parts; i++)
    {
      const SottoSplitPart *part = &self->parts[i];
      guint64 n_free = 0, n_all = 0;

      if (!part->is_device)
        {
          placement->n_expert_layers += part->n_experts;
          continue;
        }
      g_string_append_printf (gpus, "%s%s", gpus->len > 0 ? " + " : "", sotto_backend_get_name (part->backend));
      placement->n_gpu_layers += part->n_layers;
      if (sotto_backend_device_measure (part->backend, &n_free, &n_all))
        {
          placement->gpu_memory += n_all;
          placement->gpu_memory_free += n_free;
        }
    }
  if (gpus->len > 0)
    placement->gpus = g_string_free (g_steal_pointer (&gpus), FALSE);
  else if (self->reason != NULL)
    placement->reason = g_error_copy (self->reason);
}

/* --- As bytes --- */

gsize
sotto_split_state_checkpoint_bytes (const SottoSplitState *self, guint position)
{
  gsize n = 0;

  for (guint i = 0; i < self->n_parts; i++)
    n += self->parts[i].backend->klass->checkpoint_bytes (self->parts[i].backend, self->parts[i].state, position);
  return n;
}

void
sotto_split_state_checkpoint_store (const SottoSplitState *self, guint position, guint8 *target)
{
  for (guint i = 0; i < self->n_parts; i++)
    {
      const SottoSplitPart *part = &self->parts[i];

      part->backend->klass->checkpoint_store (part->backend, part->state, position, target);
      target += part->backend->klass->checkpoint_bytes (part->backend, part->state, position);
    }
}

void
sotto_split_state_checkpoint_load (SottoSplitState *self, guint position, const guint8 *source)
{
  for (guint i = 0; i < self->n_parts; i++)
    {
      const SottoSplitPart *part = &self->parts[i];

      part->backend->klass->checkpoint_load (part->backend, part->state, position, source);
      source += part->backend->klass->checkpoint_bytes (part->backend, part->state, position);
    }
}

gsize
sotto_split_state_bytes (const SottoSplitState *self, guint position)
{
  gsize n = 0;

  for (guint i = 0; i < self->n_parts; i++)
    n += self->parts[i].backend->klass->state_bytes (self->parts[i].backend, self->parts[i].state, position);
  return n;
}

gboolean
sotto_split_state_store (const SottoSplitState *self, guint position, guint8 *target, SottoCancel *cancel)
{
  for (guint i = 0; i < self->n_parts; i++)
    {
      const SottoSplitPart *part = &self->parts[i];

      if (!part->backend->klass->state_store (part->backend, part->state, position, target, cancel))
        return FALSE;
      target += part->backend->klass->state_bytes (part->backend, part->state, position);
    }
  return TRUE;
}

/* A part that was not loaded keeps what it had: it is the others that do not serve. */
gboolean
sotto_split_state_load (SottoSplitState *self, guint position, const guint8 *source, SottoCancel *cancel)
{
  for (guint i = 0; i < self->n_parts; i++)
    {
      const SottoSplitPart *part = &self->parts[i];

      if (!part->backend->klass->state_load (part->backend, part->state, position, source, cancel))
        return FALSE;
      source += part->backend->klass->state_bytes (part->backend, part->state, position);
    }
  return TRUE;
}

void
sotto_split_state_wipe (SottoSplitState *self)
{
  for (guint i = 0; i < self->n_parts; i++)
    self->parts[i].backend->klass->state_wipe (self->parts[i].backend, self->parts[i].state);
}
