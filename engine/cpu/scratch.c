#include "cpu/scratch-sizes.h"

#include "backend.h"
#include "cpu/pages.h"
#include "sotto-error.h"

#include <string.h>

#define ALIGNMENT 64

/* What the scratch of a batch may take: so much, or this part of the weights. */
#define MOST_BYTES ((gsize) 18 << 20)
#define MOST_PART 40

static gsize
round_up (gsize n, gsize to)
{
  return (n + to - 1) / to * to;
}

/* --- The ropes that differ --- */

static gboolean
frequencies_are_equal (const double *a, const double *b, guint n)
{
  return a == b || (a != NULL && b != NULL && memcmp (a, b, n * sizeof *a) == 0);
}

static gboolean
axes_are_equal (const guint8 *a, const guint8 *b, guint n)
{
  return a == b || (a != NULL && b != NULL && memcmp (a, b, n) == 0);
}

/* Whether their pairs turn by the same; which elements are pairs does not matter here. */
static gboolean
turns_are_equal (const SottoRope *a, const SottoRope *b)
{
  return a == b
         || (a->n_pairs == b->n_pairs && memcmp (&a->scale, &b->scale, sizeof a->scale) == 0
             && memcmp (&a->long_scale, &b->long_scale, sizeof a->long_scale) == 0
             && frequencies_are_equal (a->frequencies, b->frequencies, a->n_pairs)
             && frequencies_are_equal (a->long_frequencies, b->long_frequencies, a->n_pairs)
             && axes_are_equal (a->axes, b->axes, a->n_pairs));
}

const SottoTurns *
sotto_scratch_find_turns (const SottoScratch *self, const SottoRope *rope)
{
  for (guint i = 0; i < self->n_turns; i++)
    if (turns_are_equal (self->turns[i].rope, rope))
      return &self->turns[i];
  return NULL;
}

static const SottoRope *
rope_of (const SottoStep *step)
{
  return step->kind == SOTTO_STEP_QKV          ? step->qkv.rope
         : step->kind == SOTTO_STEP_LATENT_QKV ? step->latent_qkv.rope
                                               : NULL;
}

static void
collect_ropes (SottoScratch *self)
{
  for (guint i = 0; i < self->plan->n_steps; i++)
    {
      const SottoRope *rope = rope_of (&self->plan->steps[i]);

      if (rope == NULL || sotto_scratch_find_turns (self, rope) != NULL)
        continue;
      self->turns = g_renew (SottoTurns, self->turns, self->n_turns + 1);
      self->turns[self->n_turns++] = (SottoTurns) { .rope = rope };
    }
}

void
sotto_scratch_init (SottoScratch       *self,
                    const SottoKernels *kernels,
                    const SottoPlan    *plan,
                    guint               n_context)
{
  *self = (SottoScratch) {
    .kernels = kernels, .plan = plan, .sizes = sotto_scratch_sizes (plan)
  };
  self->n_chunks = n_context / SOTTO_ATTEND_CHUNK + (n_context % SOTTO_ATTEND_CHUNK > 0);
  collect_ropes (self);
}

void
sotto_scratch_clear (SottoScratch *self)
{
  g_clear_pointer (&self->turns, g_free);
  sotto_pages_give_back (g_steal_pointer (&self->block), self->block_bytes);
}

void
sotto_scratch_release (SottoScratch *self)
{
  sotto_pages_give_back (g_steal_pointer (&self->block), self->block_bytes);
  self->block_bytes = 0;
  self->n_tokens = self->n_lanes = self->n_outputs = 0;
  self->output = NULL;
}

/* --- Cutting --- */

typedef struct {
  const SottoKernels *kernels;
  SottoPacks packs;         /* that some product of the plan reads */
  guint8 *base;             /* NULL: only measure */
  gsize used;
} Cut;

static void *
cut (Cut *self, gsize bytes)
{
  void *piece = self->base == NULL ? NULL : self->base + self->used;

  self->used += round_up (bytes, ALIGNMENT);
  return piece;
}

static float *
cut_floats (Cut *self, gsize n_rows, gsize n_columns)
{
  return cut (self, n_rows * n_columns * sizeof (float));
}

static void
cut_rows (Cut *self, SottoActivations *x, guint n_columns, gsize n_rows, gsize n_few)
{
  gsize bytes = sotto_activations_layout (x, self->kernels, self->packs, n_columns, n_rows, n_few, NULL);

  sotto_activations_layout (x, self->kernels, self->packs, n_columns, n_rows, n_few, cut (self, bytes));
}

/* Rows of a batch, all in one form. */
static void
cut_activations (Cut *self, SottoActivations *x, guint n_columns, gsize n_tokens)
{
  cut_rows (self, x, n_columns, n_tokens, MIN (n_tokens, SOTTO_FORM_FEW_ROWS));
}

/* What kernels work in, and the tiles that products leave. Attention leaves its results elsewhere, so what it wants may
 * reach into the tiles. */
static void
cut_kernel_scratch (Cut *self, const SottoScratchSizes *sizes, SottoLaneMemory *lane, gsize n_tokens)
{
  gsize end = self->used + sotto_kernels_scratch (sizes->n_columns, sizes->n_head);

  lane->scratch = cut (self, sotto_kernels_scratch (sizes->n_columns, 0));
  for (guint i = 0; i < G_N_ELEMENTS (lane->tiles); i++)
    lane->tiles[i] = cut_floats (self, n_tokens, sizes->tile);
  self->used = MAX (self->used, end);
}

static void
cut_lane (Cut *self, const SottoScratchSizes *sizes, SottoLaneMemory *lane, gsize n_tokens)
{
  for (guint i = 0; i < SOTTO_N_BUFFERS; i++)
    cut_activations (self, &lane->buffers[i], sizes->buffers[i], 1);
  for (guint i = 0; i < G_N_ELEMENTS (lane->downs); i++)
    cut_activations (self, &lane->downs[i], sizes->downs[i], 1);
  cut_activations (self, &lane->head, sizes->head, n_tokens);
  cut_activations (self, &lane->gathered, sizes->gathered, MIN (n_tokens, SOTTO_GATHERED_TOKENS));
  cut_rows (self, &lane->experts, sizes->n_expert_hidden, sizes->n_used, sizes->n_used);
  cut_kernel_scratch (self, sizes, lane, n_tokens);
  lane->row = cut_floats (self, 1, sizes->row);
  lane->switches = cut_floats (self, n_tokens, 1);
  lane->taps = cut (self, sizes->n_taps * sizeof (float *));
  lane->order = cut (self, (2 * (n_tokens * sizes->n_used + sizes->n_experts) + 1) * sizeof (guint));
  lane->choices = cut (self, sizes->n_used * sizeof (SottoChoice));
  lane->pairs = cut_floats (self, n_tokens * sizes->n_used, SOTTO_UNIT_ROWS);
  lane->partial_values = cut_floats (self, 2 * SOTTO_ATTEND_QUERIES, sizes->value_stride);
  if (self->base != NULL)
    for (guint i = 0; i < G_N_ELEMENTS (lane->partials); i++)
      lane->partials[i].value = lane->partial_values + (gsize) i * sizes->value_stride;
}

/* The widest rows of a batch: ATTENDED with queries and gates, and HIDDEN, in one place if they may. */
static void
cut_wide_rows (Cut *self, SottoScratch *scratch, gsize n_tokens)
{
  const SottoScratchSizes *sizes = &scratch->sizes;
  gsize begin = self->used;
  gsize end;

  cut_activations (self, &scratch->buffers[SOTTO_BUFFER_ATTENDED],
                   sizes->buffers[SOTTO_BUFFER_ATTENDED], n_tokens);
  scratch->queries_stride = sizes->queries;
  scratch->queries = cut_floats (self, n_tokens, sizes->queries);
  scratch->gates = cut_floats (self, sizes->gates ? n_tokens : 0, sizes->queries);
  end = self->used;
  if (sizes->takes_turns)
    self->used = begin;
  cut_activations (self, &scratch->buffers[SOTTO_BUFFER_HIDDEN],
                   sizes->buffers[SOTTO_BUFFER_HIDDEN], n_tokens);
  self->used = MAX (self->used, end);
}

/* Sets the pointers of self when base is given; returns the bytes they need. */
static gsize
cut_up (SottoScratch *self, guint8 *base, gsize n_tokens, guint n_lanes, guint n_outputs)
{
  const SottoScratchSizes *sizes = &self->sizes;
  Cut pieces = { .kernels = self->kernels, .base = base };
  SottoLaneMemory measured = { 0 };

  for (guint type = 0; type < SOTTO_BLOCK_TYPES; type++)
    if (sizes->types >> type & 1)
      pieces.packs |= self->kernels->packs[type];
  for (guint i = 0; i < SOTTO_N_BUFFERS; i++)
    if (i != SOTTO_BUFFER_ATTENDED && i != SOTTO_BUFFER_HIDDEN)
      cut_activations (&pieces, &self->buffers[i], sizes->buffers[i], n_tokens);
  cut_wide_rows (&pieces, self, n_tokens);
  self->projected = cut_floats (&pieces, n_tokens, sizes->projected);
  self->inputs = cut_floats (&pieces, n_tokens, sizes->inputs);
  for (guint i = 0; i < G_N_ELEMENTS (self->downs); i++)
    cut_activations (&pieces, &self->downs[i], sizes->downs[i], n_tokens);
  cut_rows (&pieces, &self->latents, sizes->n_latent, n_tokens * sizes->latent_heads,
            MIN (n_tokens, SOTTO_FORM_FEW_ROWS) * sizes->latent_heads);
  for (guint i = 0; i < G_N_ELEMENTS (self->landings); i++)
    self->landings[i] = cut_floats (&pieces, 1, sizes->landing);
  self->choices = cut (&pieces, n_tokens * sizes->n_used * sizeof (SottoChoice));
  cut_rows (&pieces, &self->experts, sizes->n_expert_hidden, n_tokens * sizes->n_used,
            n_tokens * sizes->n_used);
  for (guint i = 0; i < self->n_turns; i++)
    {
      float *angles = cut_floats (&pieces, 2 * n_tokens, self->turns[i].rope->n_pairs);

      if (base == NULL)
        continue;
      self->turns[i].cosines = angles;
      self->turns[i].sines = angles + n_tokens * self->turns[i].rope->n_pairs;
    }
  self->partials = cut_floats (&pieces, (gsize) SOTTO_SPLIT_TOKENS * self->n_chunks,
                               sizes->split_heads);
  for (guint i = 0; i < G_N_ELEMENTS (self->pooled); i++)
    cut_activations (&pieces, &self->pooled[i], sizes->pooled, 1);
  self->output = cut_floats (&pieces, 1, MAX ((gsize) n_outputs * self->plan->n_output, n_tokens * sizes->handed));
  self->lanes = cut (&pieces, n_lanes * sizeof (SottoLaneMemory));
  for (guint i = 0; i < n_lanes; i++)
    cut_lane (&pieces, sizes, base == NULL ? &measured : &self->lanes[i], n_tokens);
  return pieces.used + ALIGNMENT;
}

gsize
sotto_scratch_measure (const SottoScratch *self, guint n_tokens, guint n_lanes, guint n_outputs)
{
  SottoScratch measured = *self;

  return cut_up (&measured, NULL, n_tokens, n_lanes, n_outputs);
}

gboolean
sotto_scratch_is_large (const SottoScratch *self, guint n_tokens, guint n_lanes)
{
  return sotto_scratch_measure (self, n_tokens, n_lanes, 1)
         > MAX (MOST_BYTES, self->sizes.weight_bytes / MOST_PART);
}

gboolean
sotto_scratch_reserve (
  SottoScratch *self, guint n_tokens, guint n_lanes, guint n_outputs, GError **error)
{
  /* Decode does not keep what a prompt's hundreds of tokens took. */
  gboolean is_large = self->n_tokens > SOTTO_FEW_TOKENS && n_tokens <= SOTTO_FEW_TOKENS;
  gsize bytes;
  void *block;

  if (!is_large && n_tokens <= self->n_tokens && n_lanes <= self->n_lanes
      && n_outputs <= self->n_outputs)
    return TRUE;
  n_tokens = MAX (n_tokens, is_large ? SOTTO_FEW_TOKENS : self->n_tokens);
  n_lanes = MAX (n_lanes, self->n_lanes);
  /* Room for what few tokens leave costs nothing before it is used; taking it when it is wanted would cost all pages. */
  n_outputs = MAX (n_outputs, MAX (is_large ? 0 : self->n_outputs, SOTTO_FEW_TOKENS));
  bytes = sotto_scratch_measure (self, n_tokens, n_lanes, n_outputs);
  block = sotto_pages_take (bytes);
  if (block == NULL)
    {
      SottoErrorArguments arguments = { .wanted = bytes };

      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_MEMORY, &arguments,
                              "no memory for the scratch: %" G_GSIZE_FORMAT " bytes", bytes);
      return FALSE;
    }
  sotto_pages_give_back (self->block, self->block_bytes);
  self->block = block;
  self->block_bytes = bytes;
  self->n_tokens = n_tokens;
  self->n_lanes = n_lanes;
  self->n_outputs = n_outputs;
  cut_up (self, (guint8 *) round_up ((gsize) block, ALIGNMENT), n_tokens, n_lanes, n_outputs);
  return TRUE;
}
