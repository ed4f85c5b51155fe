#pragma once

#include "cpu/kernels.h"

G_BEGIN_DECLS

/* The memory that a batch is computed in: one block, cut up for the widest steps of a plan. */

/* Tokens of a batch that still split their attention over chunks of keys: few queries, so the keys
 * are the work. */
#define SOTTO_SPLIT_TOKENS 8

/* Rows of a projection that one unit of work computes: as many as a tier multiplies together, or a multiple of
 * that. FEED, PROJECT and LOGITS may take more of them (sotto_lane_take_outputs()). */
#define SOTTO_UNIT_ROWS 32
#define SOTTO_MOST_UNIT_ROWS 128

/* Tokens of one expert that are laid side by side at once. */
#define SOTTO_GATHERED_TOKENS 128

/* Batches of up to so many tokens are never computed in parts. */
#define SOTTO_LEAST_PART 256

/* An expert that a token has chosen. */
typedef struct {
  guint expert;
  float weight;
} SottoChoice;

/* Memory that one lane works in. */
typedef struct {
  SottoActivations buffers[SOTTO_N_BUFFERS]; /* of one token: what every lane computes for itself */
  SottoActivations downs[2];                 /* of LATENT_QKV, likewise */
  SottoActivations head;                     /* LATENT_QKV: (n_tokens, n_plain) */
  SottoActivations gathered;                 /* EXPERTS: (SOTTO_GATHERED_TOKENS) of one expert */
  SottoActivations experts;                  /* EXPERTS: (n_used, n_expert_hidden), of one token */
  float *tiles[2];                           /* (n_tokens, tile_columns): not while attending */
  float *row;                                /* (widest row): of one token */
  float *switches;                           /* (n_tokens) */
  const float **taps;                        /* DELTA: (n_conv) */
  guint *order;                              /* EXPERTS: (2 * (n_tokens * n_used + n_experts) + 1) */
  SottoChoice *choices;                      /* EXPERTS: (n_used), of one token */
  float *pairs;                              /* EXPERTS: (n_tokens * n_used, SOTTO_UNIT_ROWS) */
  SottoPartial partials[2 * SOTTO_ATTEND_QUERIES];
  float *partial_values;                     /* (2 * SOTTO_ATTEND_QUERIES, value_stride) */
  void *scratch;                             /* sotto_kernels_scratch() */
} SottoLaneMemory;

/* A rope of the plan with what its pairs turn by in this batch. */
typedef struct {
  const SottoRope *rope;
  float *cosines;           /* (n_tokens, n_pairs) */
  float *sines;
} SottoTurns;

/* Sizes that the plan asks for, in floats a token where nothing else is said. */
typedef struct {
  guint buffers[SOTTO_N_BUFFERS]; /* 0: no step names it */
  gboolean takes_turns;     /* what attention computes in and what FEED leaves may lie in one place */
  guint queries;
  gboolean gates;
  guint projected;
  guint inputs;
  guint handed;             /* what HAND leaves as the output */
  guint downs[2];
  guint head;
  guint gathered;
  guint tile;
  guint row;
  guint n_taps;
  guint n_columns;          /* of the widest weight */
  gsize weight_bytes;       /* of all, but of a stack only one matrix */
  guint64 types;            /* of the weights: bits by SottoBlockType */
  guint n_head;             /* the larger of n_key and n_value */
  guint value_stride;
  guint split_heads;        /* heads that split attention, times (2 + their value stride) */
  guint latent_heads;       /* heads whose results are latent */
  guint n_latent;
  guint landing;
  guint pooled;
  guint n_experts;
  guint n_used;
  guint n_expert_hidden;
} SottoScratchSizes;

typedef struct {
  const SottoKernels *kernels;
  const SottoPlan *plan;
  SottoScratchSizes sizes;
  guint n_chunks;           /* of the longest cache */
  SottoTurns *turns;        /* (n_turns): the ropes that differ */
  guint n_turns;

  /* One block */
  void *block;
  gsize block_bytes;
  guint n_tokens;           /* capacities */
  guint n_lanes;
  guint n_outputs;
  SottoActivations buffers[SOTTO_N_BUFFERS];
  float *queries;           /* (n_tokens, queries_stride), a head at head * n_key */
  gsize queries_stride;
  float *gates;             /* the same form */
  float *projected;         /* (n_tokens, projected): what a step projects before it goes on */
  float *inputs;            /* (n_tokens, inputs) */
  SottoActivations downs[2]; /* LATENT_QKV: Q and latents, normed */
  SottoActivations latents; /* (latent_heads * n_tokens, n_latent): attended, head by head */
  float *landings[2];       /* (landing): what one token's projections leave; used in turns */
  SottoChoice *choices;     /* (n_tokens, n_used) */
  SottoActivations experts; /* (n_tokens * n_used, n_expert_hidden), by expert */
  float *partials;          /* (SOTTO_SPLIT_TOKENS, heads, chunks, 2 + value_stride) */
  SottoActivations pooled[2];
  float *output;            /* (n_outputs, plan->n_output), or (n_tokens, handed) */
  SottoLaneMemory *lanes;   /* (n_lanes) */
} SottoScratch;

/**
 * sotto_scratch_init:
 *
 * Walks @plan, which is kept like @kernels, for what its steps need; takes no memory for it yet.
 */
void sotto_scratch_init (SottoScratch       *self,
                         const SottoKernels *kernels,
                         const SottoPlan    *plan,
                         guint               n_context);
void sotto_scratch_clear (SottoScratch *self);

/* Gives the memory back; the next batch takes some anew. */
void sotto_scratch_release (SottoScratch *self);

/**
 * sotto_scratch_reserve:
 *
 * Makes the scratch large enough, and small again for few tokens after many; what was in it is gone where its
 * size changed.
 *
 * Returns: %FALSE with %SOTTO_ENGINE_ERROR_MEMORY, the scratch unchanged
 */
gboolean sotto_scratch_reserve (
  SottoScratch *self, guint n_tokens, guint n_lanes, guint n_outputs, GError **error);

/* Bytes that such a scratch takes. */
gsize sotto_scratch_measure (const SottoScratch *self, guint n_tokens, guint n_lanes, guint n_outputs);

/* Whether it would be more than a model of this size is to take. */
gboolean sotto_scratch_is_large (const SottoScratch *self, guint n_tokens, guint n_lanes);

/* The turns of a rope like @rope, which some step of the plan names. */
const SottoTurns *sotto_scratch_find_turns (const SottoScratch *self, const SottoRope *rope);

G_END_DECLS
