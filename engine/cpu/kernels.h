#pragma once

#include "plan.h"
#include "sotto-session.h"

G_BEGIN_DECLS

/* The arithmetic of the CPU backend, as a table of functions: filled with plain C, then overwritten
 * by the tiers that this CPU has. The functions know nothing of threads, layers or sessions; each
 * does one piece of work.
 *
 * Numerics. The reference tier dequantises weights to float and multiplies float activations. The
 * fast tiers multiply the weights' integers with activations of 15 bits: blocks of 32 share a scale
 * (SottoActivations), products of a block are summed exactly in int32, and a row's sum is eight
 * chains of fused multiply-adds, chain c taking the blocks c, c + 8, c + 16 … in order, then ((c0 +
 * c4) + (c2 + c6)) + ((c1 + c5) + (c3 + c7)). A block's step is its product with the scale, then
 * its offset; where halves of 16 have their own scales (NVFP4) or offsets (Q2_K), those of the
 * first half, then of the second. AVX2 and AVX-512 agree to the bit, whatever tile a kernel works
 * in; so does one token with any batch it may be in.
 *
 * 15 bits, not 16: scales of 16 columns are multiplied into the integers, and a block of Q6_K
 * reaches 32 * 4096 * 16383 < 2^31. */

#define SOTTO_STEPS_HIGHEST 16383
#define SOTTO_STEPS_BLOCK 32
#define SOTTO_STEPS_GROUP 8 /* blocks; activations' scales are padded with zeros to a multiple */

/* Activations of some tokens, as the products behind them want them. */
typedef struct {
  guint n_columns;
  gsize column_stride;               /* n_columns rounded up to a block */
  gsize block_stride;                /* blocks rounded up to a group */
  float *values;                     /* (n_tokens, column_stride) */
  gint16 *steps;                     /* (n_tokens, column_stride): value / scale, rounded */
  float *scales;                     /* (n_tokens, block_stride) */
  gint32 *totals;                    /* (n_tokens, block_stride): sum of the block's steps */
  float *sums;                       /* (n_tokens, block_stride): scale * total */
} SottoActivations;

/**
 * SottoMultiply:
 * @y: (n_tokens, n_rows) with @y_stride floats from token to token: row (first_row + r) times token
 *   (first_token + t); the bias is not added
 * @scratch: sotto_kernels_scratch() bytes, aligned to 64
 */
typedef void (*SottoMultiply) (const SottoWeight      *weight,
                               guint                   first_row,
                               guint                   n_rows,
                               const SottoActivations *x,
                               guint                   first_token,
                               guint                   n_tokens,
                               float                  *y,
                               gsize                   y_stride,
                               void                   *scratch);

#define SOTTO_KEY_TILE 16            /* keys that lie side by side in a cache */
#define SOTTO_ATTEND_TILE 64         /* keys between two looks at the maximum */
#define SOTTO_ATTEND_CHUNK 256       /* keys that one partial result covers */
#define SOTTO_ATTEND_QUERIES 64      /* queries of one call */

/* What is to be added to the keys of a chunk (key-bias.h): a vector, turned by the position within
 * the chunk, then spread like the keys. */
typedef struct {
  const float *start;                /* (n_key), of the first key, / sqrt (spread); NULL: nothing */
  SottoRopeKind kind;
  guint first;                       /* element where the turned ones begin */
  guint n_pairs;
  const float *near;                 /* (n_pairs, 2, SOTTO_KEY_TILE): cosines, sines in a tile */
  const float *far;                  /* (tiles of a chunk, 2, n_pairs): those of the tiles */
  guint spread;                      /* 1: not */
} SottoKeyBias;

/* The elements of a pair. */
static inline guint
sotto_key_bias_left (const SottoKeyBias *self, guint pair)
{
  return self->first + (self->kind == SOTTO_ROPE_NEOX ? pair : 2 * pair);
}

static inline guint
sotto_key_bias_right (const SottoKeyBias *self, guint pair)
{
  return self->first + (self->kind == SOTTO_ROPE_NEOX ? pair + self->n_pairs : 2 * pair + 1);
}

/* Keys and values of one head within a chunk, as cache-layout.h has them. */
typedef struct {
  const guint8 *keys;                /* the tile of the chunk's first key */
  const guint8 *values;              /* its row; NULL: the first n_value elements of the keys */
  gsize key_tile_bytes;
  gsize value_bytes;
  SottoKvType type;
  guint n_key;
  guint n_value;
  guint value_stride;                /* sotto_value_stride (n_value) */
  float soft_cap;                    /* 0: none */
  SottoKeyBias bias;
} SottoAttendKeys;

typedef struct {
  const float *vector;               /* (n_key) */
  guint position;
  guint first;                       /* sees keys first … end - 1 */
  guint end;
  float scale;                       /* of its scores */
  float slope;                       /* ALiBi; 0: none */
} SottoQuery;

/* What attending to some keys gave: softmax's maximum and sum, and the weighted sum of values
 * (value_stride). A maximum of -INFINITY: no key was seen. */
typedef struct {
  float highest;
  float sum;
  float *value;
} SottoPartial;

typedef struct {
  const char *name;                  /* "reference" */

  /* By block type; NULL where there is none. */
  SottoMultiply multiply[SOTTO_BLOCK_TYPES];
  gboolean takes_steps[SOTTO_BLOCK_TYPES]; /* reads steps and what comes with them; else values */

  /* SottoNorm's; weight and bias may be NULL; y may be x */
  void (*norm) (SottoNormKind kind,
                const float  *x,
                const float  *weight,
                const float  *bias,
                float         epsilon,
                guint         n,
                float        *y);

  /* n values to steps, scales, totals and sums; a last block that is not full is padded */
  void (
    *quantise) (const float *x, guint n, gint16 *steps, float *scales, gint32 *totals, float *sums);

  /* y = activation (gate) * up, or of both together; without up (nullable, but for CLAMPED) 1 */
  void (*gate) (SottoActivation activation, const float *gate, const float *up, guint n, float *y);

  /* y *= sigmoid (gates) */
  void (*sigmoid) (const float *gates, guint n, float *y);

  /* y = cap * tanh (y / cap) */
  void (*cap) (float cap, guint n, float *y);

  /* y += scale * x, rounded twice */
  void (*add) (const float *x, float scale, guint n, float *y);

  /* y *= scale */
  void (*scale) (float scale, guint n, float *y);

  /* turns the first 2 * n_pairs elements of x; cosines, sines: (n_pairs) */
  void (
    *rope) (SottoRopeKind kind, const float *cosines, const float *sines, guint n_pairs, float *x);

  /* y = silu (sum over taps of weights[tap] * rows[tap]); weights: (n_taps, n) */
  void (*convolve) (const float *const *rows,
                    const float        *weights,
                    guint               n_taps,
                    guint               n,
                    float              *y);

  /* One token of one head of Gated DeltaNet (SottoDeltaStep): state (n_key, n_value) is decayed, corrected
   * towards value at key, and answers to query. */
  void (*delta) (const float *query,
                 const float *key,
                 const float *value,
                 float        decay,
                 float        beta,
                 guint        n_key,
                 guint        n_value,
                 float       *state,
                 float       *answer);

  /* Every width (a power of two that divides n) elements of x times the orthonormal Hadamard matrix
   * of that size, which is its own inverse: element j becomes width^(-1/2) times the sum over i of
   * x_i, or -x_i where i & j has an odd number of ones. Sums in a fixed order: the same bits on
   * every tier. */
  void (*spread) (guint n, guint width, float *x);

  /* n floats to halves (conversion of what enters the cache), and back */
  void (*to_half) (const float *x, guint n, guint16 *y);
  void (*from_half) (const guint16 *x, guint n, float *y);

  /* Softmax attention of n_queries (at most SOTTO_ATTEND_QUERIES) to the keys first_key … end_key -
   * 1 of the chunk that begins at first_key. Online softmax over tiles (Milakov & Gimelshein 2018;
   * Dao et al. 2022). scratch: sotto_kernels_scratch() bytes. */
  void (*attend) (const SottoAttendKeys *keys,
                  guint                  first_key,
                  guint                  end_key,
                  guint                  n_queries,
                  const SottoQuery      *queries,
                  SottoPartial          *partials,
                  void                  *scratch);

  /* a = a merged with b, the keys behind a's; one of them may have seen no key */
  void (*merge) (SottoPartial *a, const SottoPartial *b, guint value_stride);
} SottoKernels;

/**
 * sotto_kernels_scratch:
 * @n_columns: the widest weight
 * @n_head: the larger of n_key and n_value of attention
 *
 * Returns: bytes a thread must lend to multiply and attend
 */
gsize sotto_kernels_scratch (guint n_columns, guint n_head);

/* Each overwrites what it has. A tier must only be asked for when sotto_cpu_has() says so. */
void sotto_kernels_fill_reference (SottoKernels *kernels);
void sotto_kernels_fill_avx2 (SottoKernels *kernels);
void sotto_kernels_fill_avx512 (SottoKernels *kernels);

/**
 * sotto_kernels_init:
 * @tier: (nullable): %NULL: what SOTTO_CPU_TIER names, or the best this machine has
 *
 * Returns: %FALSE with %SOTTO_ENGINE_ERROR_BACKEND: unknown, or not on this machine
 */
gboolean sotto_kernels_init (SottoKernels *kernels, const char *tier, GError **error);

/**
 * sotto_cpu_has:
 *
 * Whether the CPU has the instructions of @tier, and the system saves their registers.
 */
gboolean sotto_cpu_has (const char *tier);

/**
 * sotto_activations_layout:
 * @base: (nullable): where they are to lie, aligned to 64; %NULL: only measure
 *
 * Sets @self up for @n_tokens of @n_columns in the memory at @base. The scales' padding is made
 * zero, nothing else is written.
 *
 * Returns: bytes they take, a multiple of 64
 */
gsize
sotto_activations_layout (SottoActivations *self, guint n_columns, guint n_tokens, guint8 *base);

G_END_DECLS
