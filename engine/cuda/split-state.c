#include "cuda/split-state.h"

#include "cuda/backend-device.h"
#include "cuda/weights.h"

/* --- Making --- */

static SottoBackend *
find_backend (const SottoSplit *split, guint piece, gboolean *is_device)
{
  *is_device = split->where[piece] != G_MAXUINT;
  return *is_device ? split->devices[split->where[piece]] : split->cpu;
}

/* Layers are counted from one, for a person. */
static void
describe (GString *description, SottoBackend *backend, guint first_layer, guint n_layers)
{
  const char *name = backend->klass->get_name (backend);

  if (description->len > 0)
    g_string_append (description, ", ");
  if (n_layers > 0)
    g_string_append_printf (description, "%s (layers %u-%u)", name, first_layer + 1,
                            first_layer + n_layers);
  else
    g_string_append (description, name);
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

/* Parts one after the other, as one piece of work. */
typedef struct {
  const SottoLoading *whole;
  guint64 before;          /* bytes of earlier parts */
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

  if (whole != NULL)
    loading = (SottoLoading) { whole->progress != NULL ? tell_progress : NULL, progress, whole->cancel };
  state = part->backend->klass->state_new (part->backend, &part->part->plan, n_context, kv_type,
                                           &loading, error);
  if (part->is_device)
    progress->before += sotto_cuda_plan_measure (&part->part->plan, 0, part->part->plan.n_steps);
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

/* Adds the part of the pieces from @first to before @end. */
static SottoSplitPart *
cut_part (SottoSplitState *self, const SottoSplit *split, guint first, guint end)
{
  const SottoPlanPiece *pieces = (const SottoPlanPiece *) (void *) split->pieces->data;
  SottoSplitPart *part = &self->parts[self->n_parts];
  guint end_step = pieces[end - 1].end_step;

  part->backend = find_backend (split, first, &part->is_device);
  part->part = sotto_plan_cut (split->plan, pieces[first].first_step, end_step);
  self->n_parts++;

  /* Devices and cuts, as a number that others are not likely to be; 0 where all is the CPU's. */
  self->form = (self->form * 31 + end_step * 2 + (part->is_device ? 1 : 0)) % (1u << 24);
  if (end_step == split->plan->n_steps && self->n_parts == 1 && !part->is_device)
    self->form = 0;
  return part;
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
  guint layer = 0;

  self->parts = g_new0 (SottoSplitPart, split->pieces->len);
  for (guint first = 0, end; first < split->pieces->len; first = end)
    {
      SottoSplitPart *part;
      guint n_layers = 0;

      end = find_end (split, first);
      for (guint i = first; i < end; i++)
        n_layers += g_array_index (split->pieces, SottoPlanPiece, i).n_layers;
      part = cut_part (self, split, first, end);
      part->n_layers = n_layers;
      part->state = make_part (part, n_context, kv_type, &progress, error);
      if (part->state == NULL)
        return NULL;
      describe (description, part->backend, layer, n_layers);
      layer += n_layers;
    }
  if (self->n_parts == 1)
    g_string_assign (description, sotto_backend_get_name (self->parts[0].backend));
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
  g_free (self->description);
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

  for (guint i = 0; i < self->n_parts; i++)
    {
      const SottoSplitPart *part = &self->parts[i];

      own.all_logits = batch->all_logits || i + 1 < self->n_parts;
      own.stays = batch->stays && i + 1 == self->n_parts;
      if (!part->backend->klass->run (part->backend, part->state, &own, cancel, error))
        return FALSE;
      own.handed = part->backend->klass->get_output (part->backend, part->state);
    }
  return TRUE;
}

float *
sotto_split_state_get_output (SottoSplitState *self)
{
  const SottoSplitPart *last = &self->parts[self->n_parts - 1];

  return last->backend->klass->get_output (last->backend, last->state);
}

gboolean
sotto_split_state_fetch (SottoSplitState *self, GError **error)
{
  const SottoSplitPart *last = &self->parts[self->n_parts - 1];

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
  const SottoSplitPart *last = &self->parts[self->n_parts - 1];

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

/* A GPU's part by part: none has two. */
void
sotto_split_state_place (const SottoSplitState *self, SottoPlacement *placement)
{
  g_autoptr (GString) gpus = g_string_new (NULL);

  for (guint i = 0; i < self->n_parts; i++)
    {
      const SottoSplitPart *part = &self->parts[i];
      guint64 n_free = 0, n_all = 0;

      if (!part->is_device)
        continue;
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
}

/* --- As bytes --- */

gsize
sotto_split_state_checkpoint_bytes (const SottoSplitState *self)
{
  gsize n = 0;

  for (guint i = 0; i < self->n_parts; i++)
    n += self->parts[i].backend->klass->checkpoint_bytes (self->parts[i].backend, self->parts[i].state);
  return n;
}

void
sotto_split_state_checkpoint_store (const SottoSplitState *self, guint8 *target)
{
  for (guint i = 0; i < self->n_parts; i++)
    {
      const SottoSplitPart *part = &self->parts[i];

      part->backend->klass->checkpoint_store (part->backend, part->state, target);
      target += part->backend->klass->checkpoint_bytes (part->backend, part->state);
    }
}

void
sotto_split_state_checkpoint_load (SottoSplitState *self, guint position, const guint8 *source)
{
  for (guint i = 0; i < self->n_parts; i++)
    {
      const SottoSplitPart *part = &self->parts[i];

      part->backend->klass->checkpoint_load (part->backend, part->state, position, source);
      /* It stands at the position now, so that this is what it took. */
      source += part->backend->klass->checkpoint_bytes (part->backend, part->state);
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

void
sotto_split_state_store (const SottoSplitState *self, guint position, guint8 *target)
{
  for (guint i = 0; i < self->n_parts; i++)
    {
      const SottoSplitPart *part = &self->parts[i];

      part->backend->klass->state_store (part->backend, part->state, position, target);
      target += part->backend->klass->state_bytes (part->backend, part->state, position);
    }
}

void
sotto_split_state_load (SottoSplitState *self, guint position, const guint8 *source)
{
  for (guint i = 0; i < self->n_parts; i++)
    {
      const SottoSplitPart *part = &self->parts[i];

      part->backend->klass->state_load (part->backend, part->state, position, source);
      source += part->backend->klass->state_bytes (part->backend, part->state, position);
    }
}
