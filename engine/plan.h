#pragma once

#include "format/block.h"

G_BEGIN_DECLS

/* What a model computes, as a list of steps: the language between families and arithmetic.
 *
 * family/ turns a file into a plan; a backend carries it out, step by step, for the tokens of a batch.
 * The steps are cut where fusing pays and where a GPU would cut them too. A plan is data: a backend
 * may look at the whole of it, sum up what memory it needs, or make a graph of it.
 *
 * All tokens of a batch are rows of buffers: the residual, (n_tokens, n_embedding), and those that
 * steps name. What one step wrote is complete for the next. A token's result does not depend on the
 * other tokens of its batch (but for what attention sees), nor on the number of threads.
 */

/* --- Operands --- */

/* A matrix of weights, (n_rows, n_columns): y[row] = scale * sum over columns of w[row][column] *
 * x[column] + bias[row]; or a stack of such matrices (experts, heads), mostly one after the other.
 * sotto_weight_at() takes one out of a stack. */
typedef struct {
  SottoBlockType type;
  guint n_columns;
  guint n_rows;
  guint n_matrices;        /* 1; 0: there is no weight */
  gsize row_bytes;
  gsize matrix_bytes;      /* from one matrix of a stack to the next */
  const void *data;        /* row-major, in the mapping; any alignment the file has (at least 4) */
  const void *const *matrices; /* (nullable) (n_matrices): where each one lies, if not side by side */
  const float *bias;       /* (nullable) (n_matrices, n_rows) */
  const float *scales;     /* (nullable) (n_matrices): of NVFP4 */
  const guint8 *strips;    /* (nullable): the same rows as the CPU has arranged them (cpu/strips.h); not in a file's plan */
} SottoWeight;

typedef enum {
  SOTTO_NORM_NONE,         /* x; weight and bias count all the same */
  SOTTO_NORM_RMS,          /* x / sqrt (mean (x²) + epsilon) (Zhang & Sennrich 2019) */
  SOTTO_NORM_LAYER,        /* (x - mean (x)) / sqrt (variance (x) + epsilon) (Ba et al. 2016) */
} SottoNormKind;

typedef struct {
  SottoNormKind kind;
  const float *weight;     /* (nullable) multiplies */
  const float *bias;       /* (nullable) is added */
  float epsilon;
} SottoNorm;

typedef enum {
  SOTTO_ROPE_NORMAL,       /* pairs (2i, 2i+1) */
  SOTTO_ROPE_NEOX,         /* pairs (i, i + n/2) */
} SottoRopeKind;

/* Rotary positions (Su et al. 2021): pair i of a head turns by position * frequencies[i]. All of linear
 * and YaRN scaling and frequency factors is in the frequencies. Where pairs have axes (M-RoPE, Wang et al. 2024), each turns by
 * where its token is along its own: text is as far along all, and the rows of a picture are not (SottoSpot). */
typedef struct {
  SottoRopeKind kind;
  guint n_pairs;
  guint first;             /* element of the head where the turned ones begin; of LATENT_QKV among the turned */
  const double *frequencies; /* (n_pairs): in double, since positions are large */
  const double *long_frequencies; /* (nullable): for batches of a long sequence (longrope) */
  float scale;             /* multiplies the turned elements (YaRN's and longrope's magnitude); 1 */
  float long_scale;
  const guint8 *axes;      /* (nullable) (n_pairs): SottoAxis of each; NULL: all have one position */
} SottoRope;

/* Axes of positions. */
typedef enum {
  SOTTO_AXIS_TIME,
  SOTTO_AXIS_HEIGHT,
  SOTTO_AXIS_WIDTH,
  SOTTO_N_AXES,
} SottoAxis;

/* Where a token is along them. Its position in the caches, which says what it sees, is another matter. */
typedef struct {
  guint32 at[SOTTO_N_AXES];
} SottoSpot;

typedef enum {
  SOTTO_ACTIVATION_NONE,
  SOTTO_ACTIVATION_SILU,
  SOTTO_ACTIVATION_GELU,   /* by tanh */
  SOTTO_ACTIVATION_GELU_ERF,
  SOTTO_ACTIVATION_RELU_SQUARED,
  /* of gate and up together: g = min (gate, 7), u = clamp (up, ±7); g sigmoid (1.702 g) (u + 1) */
  SOTTO_ACTIVATION_CLAMPED,
  /* Of FEED without gate, in a shape of its own for every layer (Huang & Schlag 2024): positive x² + beta x above 0, else
   * negative (exp (min (x, least)) - 1 - x) + beta x */
  SOTTO_ACTIVATION_XIELU,
} SottoActivation;

typedef struct {
  float positive;
  float negative;
  float beta;
  float least;
} SottoXielu;

/* Rows of floats, one a token. */
typedef enum {
  SOTTO_BUFFER_RESIDUAL,   /* n_embedding */
  SOTTO_BUFFER_NORMED,     /* n_embedding: what projections read */
  SOTTO_BUFFER_NORMED_2,
  SOTTO_BUFFER_BRANCH,     /* n_embedding: what is still to be normed and added */
  SOTTO_BUFFER_BRANCH_2,
  SOTTO_BUFFER_ATTENDED,   /* heads * n_head_value: what ATTEND, DELTA, CONVOLVE and SCAN leave */
  SOTTO_BUFFER_HIDDEN,     /* what FEED leaves */
  SOTTO_BUFFER_STREAM,     /* n_embedding: the second of several residuals, */
  SOTTO_BUFFER_STREAM_2,   /* the third */
  SOTTO_BUFFER_STREAM_3,
  SOTTO_N_BUFFERS,
} SottoBuffer;

/* Residuals at most, the first of which is RESIDUAL. */
#define SOTTO_MAX_STREAMS 4

/* --- What a sequence keeps from batch to batch --- */

/* Keys and values of one layer, or of several that share them. */
typedef struct {
  guint n_heads;           /* of K and V */
  guint n_key;             /* elements of a head of K */
  guint n_value;           /* of V; 0: the values are the first n_latent elements of the keys */
  guint n_latent;
  guint window;            /* 0: all positions are kept; else at least that many of the last */
} SottoCacheShape;

/* A fixed number of floats, zero at the beginning of a sequence, rewritten by every token. */
typedef struct {
  gsize n_floats;
} SottoRecurrentShape;

/* --- Steps --- */

/* residual = scale * table[token] + positions[position] + addend */
typedef struct {
  SottoWeight table;
  SottoWeight positions;   /* rows by position; often none */
  const float *addend;     /* (nullable) (n_embedding) */
  float scale;
} SottoEmbedStep;

/* Inputs of every layer beside the residual (Gemma 4): token t's row of n_layers * n_input floats is
 * (norm (projection_scale * projection residual) + table_scale * table[token]) * scale, normed in
 * pieces of n_input. Kept for FEED steps. */
typedef struct {
  SottoWeight table;
  SottoWeight projection;
  SottoNorm norm;
  guint n_input;
  float table_scale;
  float projection_scale;
  float scale;
} SottoInputsStep;

/* to = norm (from); from and to may be the same */
typedef struct {
  SottoNorm norm;
  SottoBuffer from;
  SottoBuffer to;
} SottoNormStep;

/* to = (to + scale * norm (from)) * scale_after */
typedef struct {
  SottoNorm norm;
  SottoBuffer from;
  SottoBuffer to;
  float scale;
  float scale_after;
} SottoAddStep;

/* Where rows stand in place of tokens (SottoBatch.rows): residual += their further part (DeepStack, Meng et al. 2024). Of tokens
 * nothing. */
typedef struct {
  guint part;              /* 1 to n_deep; 0 is what EMBED takes */
} SottoDeepenStep;

/* to = from * root of mean (like²) / root of mean (from²), whose mean is at least least; from and to may be the same */
typedef struct {
  SottoBuffer from;
  SottoBuffer to;
  SottoBuffer like;
  float least;
} SottoMatchStep;

/* Alternating updates (Baykal et al. 2023): a token has several residuals, of which a layer reads and changes the first. What
 * it does to the others is told from that one: m = tanh (scale * router norm (residual)), one number for each of them.
 *
 *   PREDICT  stream i += sum over j of (coefficients m)[i * n_streams + j] * stream j, all at once; kept = residual
 *   CORRECT  stream i = its prediction + (1 + (coefficients m)[i]) * (residual - kept); the first's prediction is kept */
typedef struct {
  guint n_streams;
  SottoBuffer kept;        /* from PREDICT to CORRECT */
  SottoNorm norm;
  const float *router;     /* (n_streams, n_embedding) */
  const float *coefficients; /* (n_streams * n_streams, n_streams); of CORRECT (n_streams, n_streams) */
  float scale;
} SottoStreamsStep;

/* Where the norm of a projection's heads stands. */
typedef enum {
  SOTTO_SPAN_HEAD,         /* every head by itself, one weight for all (n_head) */
  SOTTO_SPAN_HEADS,        /* every head by itself, each with its weight (n_heads, n_head) */
  SOTTO_SPAN_ROW,          /* all heads together (n_heads * n_head) */
} SottoNormSpan;

/* Q, K, V = projections of from, normed, Q and K turned; K and V join the cache at the tokens'
 * positions. Q, and the output gate where there is one, are kept for ATTEND. */
typedef struct {
  SottoBuffer from;
  guint n_heads;           /* of Q */
  guint n_key;             /* elements of a head of Q and K */
  guint query_stride;      /* rows of query from head to head; usually n_key */
  SottoWeight query;       /* rows: (n_heads - 1) * query_stride + n_key */
  SottoWeight gate;        /* none, or rows like those of query (n_key a head, the same stride) */
  SottoWeight key;         /* none: the cache was filled by an earlier layer */
  SottoWeight value;       /* none: the values are the keys as projected, before norm and RoPE */
  SottoNorm query_norm;
  SottoNorm key_norm;
  SottoNorm value_norm;    /* of every head by itself, one weight for all */
  SottoNormSpan span;      /* of query_norm and key_norm */
  gboolean turns_first;    /* Q and K are turned before they are normed; never where a norm spans a row */
  float clamp;             /* 0, or: Q, K and V as projected are brought within ± it (MPT) */
  const SottoRope *rope;   /* (nullable) */
  guint cache;
} SottoQkvStep;

/* The same for multi-head latent attention (DeepSeek-AI 2024). One row of the cache is norm (latent)
 * and the turned part of the key, which all heads share; a head of Q is key_upᵀ applied to its unturned
 * part, and its turned part. Where the file has no key_up of its own (key_value_up instead), keys and
 * values are expanded to n_heads heads before they join the cache. */
typedef struct {
  SottoBuffer from;
  guint n_heads;
  guint n_plain;           /* elements of a head of Q and K that are not turned */
  guint n_turned;
  guint n_latent;
  guint n_value;           /* elements of a head of V, expanded */
  SottoWeight query_down;  /* none: query_up reads from */
  SottoNorm query_norm;
  SottoWeight query_up;    /* rows: n_heads * (n_plain + n_turned) */
  SottoWeight latent;      /* rows: n_latent + n_turned */
  SottoNorm latent_norm;
  SottoWeight key_up;      /* stack of n_heads, each n_plain columns and n_latent rows */
  SottoWeight key_value_up; /* rows: n_heads * (n_plain + n_value) */
  const SottoRope *rope;   /* of the n_turned elements, which stand behind the plain ones */
  guint cache;
} SottoLatentQkvStep;

typedef enum {
  SOTTO_MASK_CAUSAL,       /* a query sees its own and earlier positions */
  SOTTO_MASK_ALL,          /* and later ones: the batch is the whole sequence */
  SOTTO_MASK_TOGETHER,     /* of a batch that is taken together, in place of CAUSAL: later ones of it, too, however far; a
                            * window counts for earlier ones alone (transformers' Gemma 3) */
} SottoMask;

/* attended = softmax (cap (scale * Q Kᵀ) + slope * distance, masked) V, then gated */
typedef struct {
  guint cache;
  guint n_heads;
  SottoMask mask;
  guint window;            /* 0: no limit; else |query - key| < window */
  float scale;
  float soft_cap;          /* 0: none; else cap * tanh (x / cap) */
  const float *sinks;      /* (nullable) (n_heads): a score more, whose value is zero */
  const float *slopes;     /* (nullable) (n_heads): times (key - query) is added (Press et al. 2022) */
  /* 0, or the scores of the query at position p are also times 1 + temperature * ln (1 + floor (p / span)),
   * so that attention stays sharp over long contexts (Ministral 3) */
  float temperature;
  guint temperature_span;
  gboolean gated;          /* times sigmoid of QKV's gate */
  SottoWeight value_up;    /* none, or a stack of n_heads: a head's result in the latent space to n_value */
} SottoAttendStep;

/* Gated DeltaNet (Yang et al. 2025): attended = for every value head, gated norm of the state's answer.
 *
 *   q, k, v = silu (conv (mixed from)), channel by channel over the last n_conv tokens; q and k of unit length
 *   decay = exp (-exp-rate * softplus (alpha from + step bias)), beta = sigmoid (beta from)
 *   S = decay S + k (beta (v - kᵀ decay S))ᵀ;  o = qᵀ S / sqrt (n_key);  norm (o) * silu (gate from) */
typedef struct {
  SottoBuffer from;
  guint n_key_heads;       /* of q and k; value head i takes key head by grouping below */
  guint n_value_heads;
  guint n_key;             /* elements of a head of q and k */
  guint n_value;           /* of v */
  guint n_conv;            /* tokens that the convolution sees */
  gboolean interleaved;    /* value head i belongs to key head i % n_key_heads; else i / (values per key) */
  SottoWeight mixed;       /* rows: q, k, v */
  SottoWeight gate;        /* rows: n_value_heads * n_value */
  SottoWeight alpha;       /* rows: n_value_heads */
  SottoWeight beta;
  const float *convolution; /* (channels of mixed, n_conv) */
  const float *rates;      /* (n_value_heads): -exp (A), as files hold it */
  const float *step_bias;  /* (n_value_heads) */
  SottoNorm norm;          /* (n_value) */
  float epsilon;           /* of the unit length */
  guint recurrent;         /* index: n_conv - 1 rows of channels, then (n_value_heads, n_key, n_value) */
} SottoDeltaStep;

/* A short convolution between two gates (Liquid AI 2025): attended = c * conv (b * x), channel by channel over the last
 * n_conv tokens, where b, c and x are projections of from. */
typedef struct {
  SottoBuffer from;
  guint n_channels;
  guint n_conv;            /* tokens that the convolution sees */
  SottoWeight mixed;       /* rows: b, c, x, n_channels of each */
  const float *convolution; /* (n_channels, n_conv) */
  const float *bias;       /* (nullable) (n_channels): of the convolution */
  guint recurrent;         /* index: n_conv - 1 rows of b * x */
} SottoConvolveStep;

/* Mamba-2 (Dao & Gu 2024): attended = for every head, gated, what its state answers, and each group of heads normed.
 *
 *   z, x, B, C, d = projections of from; x, B, C = silu (conv + bias), channel by channel over the last n_conv tokens
 *   d = softplus (d + step bias), S = exp (rate d) S + B (d x)ᵀ;  o = Cᵀ S + skip x;  norm (o * silu (z)) */
typedef struct {
  SottoBuffer from;
  guint n_heads;           /* of z and x */
  guint n_groups;          /* of B and C, for so many heads side by side */
  guint n_key;             /* elements of B and C */
  guint n_value;           /* of a head of z and x */
  guint n_conv;
  SottoWeight mixed;       /* rows: z, x, B, C, d */
  const float *convolution; /* (channels of x, B and C; n_conv) */
  const float *bias;       /* (nullable): of the convolution */
  const float *rates;      /* (n_heads): -exp (A), as files hold it */
  const float *step_bias;  /* (n_heads) */
  const float *skips;      /* (n_heads) */
  SottoNorm norm;          /* (n_heads * n_value): a group's by itself, each with its weights; or none */
  guint recurrent;         /* index: n_conv - 1 rows of channels, then (n_heads, n_key, n_value) */
} SottoScanStep;

static inline guint
sotto_scan_channels (const SottoScanStep *step)
{
  return step->n_heads * step->n_value + 2 * step->n_groups * step->n_key;
}

/* hidden = activation (gate from) * up from; without gate activation (up from); without up
 * activation (gate from) * this layer's inputs. Then times sigmoid (switch from), one number a token. */
typedef struct {
  SottoBuffer from;
  SottoActivation activation;
  SottoXielu xielu;        /* of that activation */
  gboolean sparse;         /* less the row's mean and cutoff times its deviation, and not below 0, gate is activated: of */
  float cutoff;            /* what is normally distributed some are left (Gaussian top-k). With gate and up only */
  SottoWeight gate;
  SottoWeight up;
  guint first_input;       /* element of INPUTS' row, where there is no up */
  SottoWeight switch_;     /* none, or one row (a shared expert's gate) */
} SottoFeedStep;

/* to = scale * weight from, or is added to what is there */
typedef struct {
  SottoBuffer from;
  SottoBuffer to;
  SottoWeight weight;
  float scale;
  gboolean add;
} SottoProjectStep;

typedef enum {
  SOTTO_SCORES_SOFTMAX,    /* over all experts, before the choice */
  SOTTO_SCORES_SIGMOID,
  SOTTO_SCORES_SELECTED,   /* the choice by logits, softmax over the chosen */
} SottoScores;

/* to = or += sum over the n_used best experts of weight_e * down_e (activation (gate_e from) * up_e from).
 *
 * Chosen by score + selection_bias; among the experts of the n_groups_used best groups, where a group
 * counts as the sum of its n_group_best highest. Ties go to the lower number. The weights are the scores
 * without the bias, made to sum to 1 where normalised is set, times scale, times expert_scales. */
typedef struct {
  SottoBuffer from;
  SottoBuffer router_from;
  SottoBuffer to;
  gboolean add;
  guint n_experts;
  guint n_used;
  guint n_groups;          /* 1: no groups */
  guint n_groups_used;
  guint n_group_best;
  SottoScores scores;
  gboolean normalised;
  float scale;
  SottoActivation activation;
  SottoWeight router;      /* (n_experts, n_embedding) */
  const float *selection_bias; /* (nullable) (n_experts) */
  const float *expert_scales;  /* (nullable) (n_experts) */
  SottoWeight gate;        /* stacks of n_experts; gate may be none */
  SottoWeight up;
  SottoWeight down;
} SottoExpertsStep;

/* output = cap (scale * weight norm (residual)), of the last token of the batch or of all */
typedef struct {
  SottoNorm norm;
  SottoWeight weight;
  float scale;
  float soft_cap;          /* 0: none */
} SottoLogitsStep;

typedef enum {
  SOTTO_POOLING_MEAN,
  SOTTO_POOLING_FIRST,
  SOTTO_POOLING_LAST,
} SottoPooling;

/* output = dense[1] dense[0] pooled norm (residual): one vector for the batch */
typedef struct {
  SottoNorm norm;
  SottoPooling pooling;
  SottoWeight dense[2];    /* or none */
} SottoPoolStep;

/* Of a plan that was cut (plan-cut.h): rows that others have written come from SottoBatch.handed, or are left as the
 * output for others, of all tokens: (n_tokens, n_columns) of each buffer in turn, behind them (n_tokens, n_inputs). */
typedef struct {
  guint buffers;           /* bits by SottoBuffer */
  guint n_columns;         /* of their rows; 0: n_embedding. Others only of plans for the CPU (vision/) */
  guint n_inputs;          /* of a row of INPUTS; 0: none */
} SottoHandStep;

typedef enum {
  SOTTO_STEP_EMBED,
  SOTTO_STEP_INPUTS,
  SOTTO_STEP_NORM,
  SOTTO_STEP_ADD,
  SOTTO_STEP_DEEPEN,
  SOTTO_STEP_MATCH,
  SOTTO_STEP_PREDICT,
  SOTTO_STEP_CORRECT,
  SOTTO_STEP_QKV,
  SOTTO_STEP_LATENT_QKV,
  SOTTO_STEP_ATTEND,
  SOTTO_STEP_DELTA,
  SOTTO_STEP_CONVOLVE,
  SOTTO_STEP_SCAN,
  SOTTO_STEP_FEED,
  SOTTO_STEP_PROJECT,
  SOTTO_STEP_EXPERTS,
  SOTTO_STEP_LOGITS,
  SOTTO_STEP_POOL,
  SOTTO_STEP_TAKE,
  SOTTO_STEP_HAND,
  SOTTO_N_STEP_KINDS,
} SottoStepKind;

typedef struct {
  SottoStepKind kind;
  guint layer;
  union {
    SottoEmbedStep embed;
    SottoInputsStep inputs;
    SottoNormStep norm;
    SottoAddStep add;
    SottoDeepenStep deepen;
    SottoMatchStep match;
    SottoStreamsStep streams; /* of PREDICT and CORRECT */
    SottoQkvStep qkv;
    SottoLatentQkvStep latent_qkv;
    SottoAttendStep attend;
    SottoDeltaStep delta;
    SottoConvolveStep convolve;
    SottoScanStep scan;
    SottoFeedStep feed;
    SottoProjectStep project;
    SottoExpertsStep experts;
    SottoLogitsStep logits;
    SottoPoolStep pool;
    SottoHandStep hand;    /* of TAKE and HAND */
  };
} SottoStep;

/* --- The whole --- */

typedef struct {
  guint n_embedding;
  guint n_vocabulary;
  guint n_layers;
  guint n_output;          /* floats of an output row: the vocabulary, or a pooled vector's length */
  gboolean whole_sequence; /* SOTTO_MASK_ALL stands somewhere: every batch begins at position 0 */
  gboolean has_axes;       /* some rope has */
  guint n_deep;            /* parts that a row in place of a token has beside the first, for DEEPEN */
  guint long_from;         /* 0, or: sequences of more tokens than this take long_frequencies from their
                            * first token on */
  const SottoCacheShape *caches;
  guint n_caches;
  const SottoRecurrentShape *recurrents;
  guint n_recurrents;
  const SottoStep *steps;
  guint n_steps;
} SottoPlan;

/* Floats of a row of a buffer that TAKE or HAND carries. */
static inline guint
sotto_hand_columns (const SottoPlan *plan, const SottoHandStep *hand)
{
  return hand->n_columns > 0 ? hand->n_columns : plan->n_embedding;
}

/* Floats of a token that it carries. */
static inline guint
sotto_hand_floats (const SottoPlan *plan, const SottoHandStep *hand)
{
  guint n = hand->n_inputs;

  for (guint buffer = 0; buffer < SOTTO_N_BUFFERS; buffer++)
    n += (hand->buffers >> buffer & 1) * sotto_hand_columns (plan, hand);
  return n;
}

static inline gboolean
sotto_weight_is_there (const SottoWeight *self)
{
  return self->n_matrices > 0;
}

/* The matrix @index of a stack. */
static inline SottoWeight
sotto_weight_at (const SottoWeight *self, guint index)
{
  SottoWeight matrix = *self;

  matrix.n_matrices = 1;
  matrix.matrices = NULL;
  matrix.data = self->matrices != NULL ? self->matrices[index]
                                       : (const guint8 *) self->data + index * self->matrix_bytes;
  if (self->bias != NULL)
    matrix.bias = self->bias + (gsize) index * self->n_rows;
  if (self->scales != NULL)
    matrix.scales = self->scales + index;
  return matrix;
}

G_END_DECLS
