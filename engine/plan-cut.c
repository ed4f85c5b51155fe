#include "plan-cut.h"

/* --- What a step names --- */

/* (nullable): where its number stands */
static guint *
cache_of (SottoStep *step)
{
  return step->kind == SOTTO_STEP_QKV          ? &step->qkv.cache
         : step->kind == SOTTO_STEP_LATENT_QKV ? &step->latent_qkv.cache
         : step->kind == SOTTO_STEP_ATTEND     ? &step->attend.cache
                                               : NULL;
}

static guint *
recurrent_of (SottoStep *step)
{
  return step->kind == SOTTO_STEP_DELTA      ? &step->delta.recurrent
         : step->kind == SOTTO_STEP_CONVOLVE ? &step->convolve.recurrent
         : step->kind == SOTTO_STEP_SCAN     ? &step->scan.recurrent
                                             : NULL;
}

static gboolean
reads_inputs (const SottoStep *step)
{
  return step->kind == SOTTO_STEP_FEED && !sotto_weight_is_there (&step->feed.up)
         && sotto_weight_is_there (&step->feed.gate);
}

/* --- What rows a step reads and writes --- */

/* Queries, from QKV to ATTEND, which never cross a border. */
#define QUERIES (1u << SOTTO_N_BUFFERS)
#define BIT(buffer) (1u << (buffer))

/* Of other widths than n_embedding. */
#define WIDE (QUERIES | BIT (SOTTO_BUFFER_ATTENDED) | BIT (SOTTO_BUFFER_HIDDEN))

typedef struct {
  guint reads;             /* bits by SottoBuffer */
  guint writes;            /* whole rows, whatever was there */
} Touched;

/* RESIDUAL and those beside it. */
static guint
streams_of (const SottoStreamsStep *step)
{
  guint bits = BIT (SOTTO_BUFFER_RESIDUAL);

  for (guint i = 1; i < step->n_streams; i++)
    bits |= BIT (SOTTO_BUFFER_STREAM + i - 1);
  return bits;
}

static Touched
touch (const SottoStep *step)
{
  switch (step->kind)
    {
    case SOTTO_STEP_EMBED:
      return (Touched) { 0, BIT (SOTTO_BUFFER_RESIDUAL) };
    case SOTTO_STEP_NORM:
      return (Touched) { BIT (step->norm.from), BIT (step->norm.to) };
    case SOTTO_STEP_ADD:
      return (Touched) { BIT (step->add.from) | BIT (step->add.to), BIT (step->add.to) };
    case SOTTO_STEP_DEEPEN:
      return (Touched) { BIT (SOTTO_BUFFER_RESIDUAL), BIT (SOTTO_BUFFER_RESIDUAL) };
    case SOTTO_STEP_MATCH:
      return (Touched) { BIT (step->match.from) | BIT (step->match.like), BIT (step->match.to) };
    case SOTTO_STEP_PREDICT:
      return (Touched) { streams_of (&step->streams), streams_of (&step->streams) | BIT (step->streams.kept) };
    case SOTTO_STEP_CORRECT:
      return (Touched) { streams_of (&step->streams) | BIT (step->streams.kept), streams_of (&step->streams) };
    case SOTTO_STEP_QKV:
      return (Touched) { BIT (step->qkv.from), QUERIES };
    case SOTTO_STEP_LATENT_QKV:
      return (Touched) { BIT (step->latent_qkv.from), QUERIES };
    case SOTTO_STEP_ATTEND:
      return (Touched) { QUERIES, BIT (SOTTO_BUFFER_ATTENDED) };
    case SOTTO_STEP_DELTA:
      return (Touched) { BIT (step->delta.from), BIT (SOTTO_BUFFER_ATTENDED) };
    case SOTTO_STEP_CONVOLVE:
      return (Touched) { BIT (step->convolve.from), BIT (SOTTO_BUFFER_ATTENDED) };
    case SOTTO_STEP_SCAN:
      return (Touched) { BIT (step->scan.from), BIT (SOTTO_BUFFER_ATTENDED) };
    case SOTTO_STEP_FEED:
      return (Touched) { BIT (step->feed.from), BIT (SOTTO_BUFFER_HIDDEN) };
    case SOTTO_STEP_PROJECT:
      return (Touched) { BIT (step->project.from) | (step->project.add ? BIT (step->project.to) : 0),
                         BIT (step->project.to) };
    case SOTTO_STEP_EXPERTS:
      return (Touched) { BIT (step->experts.from) | BIT (step->experts.router_from)
                           | (step->experts.add ? BIT (step->experts.to) : 0),
                         BIT (step->experts.to) };
    case SOTTO_STEP_INPUTS:
    case SOTTO_STEP_LOGITS:
    case SOTTO_STEP_POOL:
      return (Touched) { BIT (SOTTO_BUFFER_RESIDUAL), 0 };
    case SOTTO_STEP_TAKE:
    case SOTTO_STEP_HAND:
    case SOTTO_N_STEP_KINDS:
    default:
      return (Touched) { 0, 0 };
    }
}

/* (n_steps + 1): what is there before each step and read from there on. */
static SottoHandStep *
find_crossings (const SottoPlan *plan)
{
  SottoHandStep *before = g_new0 (SottoHandStep, plan->n_steps + 1);
  gboolean is_read = FALSE;

  for (guint i = 0; i < plan->n_steps; i++)
    before[i + 1].n_inputs = plan->steps[i].kind == SOTTO_STEP_INPUTS ? plan->steps[i].inputs.projection.n_rows
                                                                      : before[i].n_inputs;
  before[plan->n_steps].n_inputs = 0;
  for (guint i = plan->n_steps; i > 0; i--)
    {
      Touched touched = touch (&plan->steps[i - 1]);

      before[i - 1].buffers = touched.reads | (before[i].buffers & ~touched.writes);
      is_read |= reads_inputs (&plan->steps[i - 1]);
      if (!is_read)
        before[i - 1].n_inputs = 0;
    }
  return before;
}

/* --- Dividing --- */

static gboolean
is_before_layers (const SottoStep *step)
{
  return step->kind == SOTTO_STEP_EMBED || step->kind == SOTTO_STEP_INPUTS;
}

static gboolean
is_behind_layers (const SottoStep *step)
{
  return step->kind == SOTTO_STEP_LOGITS || step->kind == SOTTO_STEP_POOL;
}

/* Steps up to the last that embeds come before the layers. */
static guint
find_layers (const SottoPlan *plan)
{
  guint first = 0;

  for (guint i = 0; i < plan->n_steps; i++)
    if (is_before_layers (&plan->steps[i]))
      first = i + 1;
  return first;
}

/* Joins the pieces of all steps that name the same cache, and what lies between. */
static void
join_sharers (const SottoPlan *plan, GArray *pieces)
{
  g_autofree guint *last = g_new0 (guint, plan->n_caches + 1);
  guint n = 0;

  for (guint i = 0; i < pieces->len; i++)
    {
      const SottoPlanPiece *piece = &g_array_index (pieces, SottoPlanPiece, i);

      for (guint s = piece->first_step; s < piece->end_step; s++)
        {
          const guint *cache = cache_of ((SottoStep *) &plan->steps[s]);

          if (cache != NULL)
            last[*cache] = i;
        }
    }
  for (guint i = 0, end; i < pieces->len; i = end)
    {
      SottoPlanPiece joined = g_array_index (pieces, SottoPlanPiece, i);

      end = i + 1;
      for (guint k = i; k < end; k++)
        {
          const SottoPlanPiece *piece = &g_array_index (pieces, SottoPlanPiece, k);

          joined.end_step = piece->end_step;
          joined.n_layers += k > i ? piece->n_layers : 0;
          for (guint s = piece->first_step; s < piece->end_step; s++)
            {
              const guint *cache = cache_of ((SottoStep *) &plan->steps[s]);

              if (cache != NULL)
                end = MAX (end, last[*cache] + 1);
            }
        }
      g_array_index (pieces, SottoPlanPiece, n++) = joined;
    }
  g_array_set_size (pieces, n);
}

static gboolean
can_leave (const SottoPlan *plan, const SottoHandStep *before, guint step)
{
  return plan->steps[step].kind == SOTTO_STEP_EXPERTS && ((before[step].buffers | before[step + 1].buffers) & WIDE) == 0;
}

/* Adds the pieces of a layer: experts, and what is before, between and behind them. */
static void
add_layer (const SottoPlan *plan, const SottoHandStep *before, const SottoPlanPiece *layer, GArray *pieces)
{
  guint first = layer->first_step;

  for (guint i = first; i < layer->end_step; i++)
    {
      gboolean is_experts = can_leave (plan, before, i);
      SottoPlanPiece piece = { first, i + 1, first == layer->first_step ? layer->n_layers : 0, is_experts,
                               first > layer->first_step, before[first] };

      if (!is_experts && i + 1 < layer->end_step && !can_leave (plan, before, i + 1))
        continue;
      g_array_append_val (pieces, piece);
      first = i + 1;
    }
}

/* Layers, those that share a cache joined. */
static GArray *
divide_layers (const SottoPlan *plan)
{
  GArray *pieces = g_array_new (FALSE, FALSE, sizeof (SottoPlanPiece));
  guint at = find_layers (plan);
  guint end = plan->n_steps;
  SottoPlanPiece piece = { 0, at };

  while (end > at && is_behind_layers (&plan->steps[end - 1]))
    end--;
  g_array_append_val (pieces, piece);
  while (at < end)
    {
      piece = (SottoPlanPiece) { at, at + 1, 1 };
      while (piece.end_step < end && plan->steps[piece.end_step].layer == plan->steps[at].layer)
        piece.end_step++;
      g_array_append_val (pieces, piece);
      at = piece.end_step;
    }
  join_sharers (plan, pieces);
  piece = (SottoPlanPiece) { end, plan->n_steps };
  g_array_append_val (pieces, piece);
  return pieces;
}

GArray *
sotto_plan_divide (const SottoPlan *plan)
{
  g_autoptr (GArray) layers = divide_layers (plan);
  g_autofree SottoHandStep *before = find_crossings (plan);
  GArray *pieces = g_array_new (FALSE, FALSE, sizeof (SottoPlanPiece));

  for (guint i = 0; i < layers->len; i++)
    {
      SottoPlanPiece *layer = &g_array_index (layers, SottoPlanPiece, i);

      layer->before = before[layer->first_step];
      if (layer->n_layers > 0)
        add_layer (plan, before, layer, pieces);
      else
        g_array_append_val (pieces, *layer);
    }
  return pieces;
}

/* --- Cutting --- */

typedef struct {
  const SottoPlan *plan;
  const GArray *pieces;
  SottoPlanPart *part;
  GHashTable *caches;      /* numbers in the plan → numbers in the part */
} Cutter;

static const SottoPlanPiece *
get_piece (const Cutter *self, guint index)
{
  return &g_array_index (self->pieces, SottoPlanPiece, index);
}

/* Gives the cache that a step names its number in the part. */
static void
keep_cache (Cutter *self, guint *cache)
{
  SottoPlanPart *part = self->part;
  gpointer number;

  if (cache == NULL)
    return;
  if (!g_hash_table_lookup_extended (self->caches, GUINT_TO_POINTER (*cache), NULL, &number))
    {
      number = GUINT_TO_POINTER (part->plan.n_caches);
      g_hash_table_insert (self->caches, GUINT_TO_POINTER (*cache), number);
      part->caches[part->plan.n_caches++] = self->plan->caches[*cache];
    }
  *cache = GPOINTER_TO_UINT (number);
}

static void
keep_recurrent (Cutter *self, guint *recurrent)
{
  SottoPlanPart *part = self->part;

  if (recurrent == NULL)
    return;
  part->recurrents[part->plan.n_recurrents] = self->plan->recurrents[*recurrent];
  *recurrent = part->plan.n_recurrents++;
}

/* What crosses the border before a piece. */
static void
add_hand (Cutter *self, SottoStepKind kind, const SottoPlanPiece *piece)
{
  SottoPlanPart *part = self->part;

  part->steps[part->plan.n_steps++]
    = (SottoStep) { .kind = kind, .layer = self->plan->steps[MIN (piece->first_step, self->plan->n_steps - 1)].layer,
                    .hand = piece->before };
}

static void
add_run (Cutter *self, const SottoPlanRun *run)
{
  SottoPlanPart *part = self->part;
  guint first = get_piece (self, run->first_piece)->first_step;
  guint end = get_piece (self, run->end_piece - 1)->end_step;

  if (first > 0)
    add_hand (self, SOTTO_STEP_TAKE, get_piece (self, run->first_piece));
  for (guint i = first; i < end; i++)
    {
      SottoStep *step = &part->steps[part->plan.n_steps++];

      *step = self->plan->steps[i];
      keep_cache (self, cache_of (step));
      keep_recurrent (self, recurrent_of (step));
    }
  if (end < self->plan->n_steps)
    add_hand (self, SOTTO_STEP_HAND, get_piece (self, run->end_piece));
}

SottoPlanPart *
sotto_plan_cut (const SottoPlan *plan, const GArray *pieces, const SottoPlanRun *runs, guint n_runs)
{
  SottoPlanPart *self = g_new0 (SottoPlanPart, 1);
  g_autoptr (GHashTable) caches = g_hash_table_new (NULL, NULL);
  Cutter cutter = { plan, pieces, self, caches };
  guint n_steps = 0, end = 0;

  for (guint i = 0; i < n_runs; i++)
    {
      end = get_piece (&cutter, runs[i].end_piece - 1)->end_step;
      n_steps += end - get_piece (&cutter, runs[i].first_piece)->first_step;
    }
  self->plan = *plan;
  self->plan.n_steps = self->plan.n_caches = self->plan.n_recurrents = 0;
  self->plan.steps = self->steps = g_new0 (SottoStep, n_steps + 2 * n_runs);
  self->plan.caches = self->caches = g_new0 (SottoCacheShape, n_steps + 1);
  self->plan.recurrents = self->recurrents = g_new0 (SottoRecurrentShape, n_steps + 1);
  self->stretches = g_new0 (SottoPlanStretch, n_runs);

  for (guint i = 0; i < n_runs; i++)
    {
      self->stretches[i].first_step = self->plan.n_steps;
      add_run (&cutter, &runs[i]);
      self->stretches[i].end_step = self->plan.n_steps;
    }
  /* A part that only hands on leaves no output of the plan's own. */
  if (end < plan->n_steps)
    self->plan.n_output = 0;
  return self;
}

void
sotto_plan_part_free (SottoPlanPart *self)
{
  g_free (self->steps);
  g_free (self->caches);
  g_free (self->recurrents);
  g_free (self->stretches);
  g_free (self);
}
