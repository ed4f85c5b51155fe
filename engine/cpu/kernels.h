#pragma once

#include "plan.h"
#include "sotto-session.h"

G_BEGIN_DECLS

/* The arithmetic of the CPU backend, as a table of functions: filled with plain C, then overwritten
 * by the tiers that this CPU has. The functions know nothing of threads, layers or sessions; each
 * does one piece of work.
 *
 * Numerics. The reference tier dequantises weights to float and multiplies float activations. The
 * fast tiers multiply the weights' integers with activations that are integers, in one of two forms
 * (SottoForm): of few tokens they have 15 bits, and whatever batch of few a token is in, and on however many threads,
 * its bits are the same; of many most have 8 bits, but on a matrix unit (pack-tiles.h). pack-few.h and pack-many.h say in
 * which order the sums of each form are taken, template-strips.h in which those of weights in strips; every kernel keeps
 * to it, so that AVX2's bits are those of AVX-512, and of NEON and I8MM where nothing is arranged. Weights that are floats
 * are multiplied as such; but for many tokens those of 16 bits become integers on x86 (pack-words.h), or are split for a
 * matrix unit (template-float-tiles.h).
 */

/* What a fast tier makes of a row of activations before it multiplies. */
typedef enum {
  SOTTO_FORM_FEW,   /* at most SOTTO_FORM_FEW_ROWS tokens: weights are unpacked in registers */
  SOTTO_FORM_MANY,  /* more: weights are unpacked into a panel */
  SOTTO_N_FORMS
} SottoForm;

#define SOTTO_FORM_FEW_ROWS 8
#define SOTTO_PACK_COLUMNS 256 /* columns whose bytes are told */

/* What products read of activations beside their values. */
typedef enum {
  SOTTO_PACK_CODES = 1 << 0,  /* those with quantised weights: packings[form] */
  SOTTO_PACK_FLOATS = 1 << 1, /* those of many tokens with weights of 16 bits: float_packing */
} SottoPacks;

#define SOTTO_FLOAT_SET 16     /* tokens whose packed floats lie side by side */

static inline SottoForm
sotto_form_of (gsize n_tokens)
{
  return n_tokens <= SOTTO_FORM_FEW_ROWS ? SOTTO_FORM_FEW : SOTTO_FORM_MANY;
}

/* Activations of some tokens, as the products behind them want them. */
typedef struct {
  guint n_columns;
  gsize column_stride;               /* floats from row to row */
  float *values;                     /* (n_tokens, column_stride) */
  SottoPacks packs;                  /* that the products behind them read */
  SottoForm form;
  guint set_rows[SOTTO_N_FORMS];     /* rows that are packed side by side */
  gsize set_bytes[SOTTO_N_FORMS];
  guint8 *packed[SOTTO_N_FORMS];     /* (n_tokens / set_rows, set_bytes): the tier's own */
  gsize float_bytes;                 /* of a token */
  guint8 *floats;                    /* (n_tokens / SOTTO_FLOAT_SET, lines of 64 bytes, SOTTO_FLOAT_SET), of
                                        many tokens; or none */
} SottoActivations;

/* One form of a tier. */
typedef struct {
  gsize bytes;                       /* of SOTTO_PACK_COLUMNS columns of a set; 0: the tier has no such form */

  /* Columns first … first + n - 1 of a row of n_columns, whose values are at x and whose packed form
   * begins at packed: of sets of several rows in parts, in any order, of which all but the last are a multiple of
   * SOTTO_PACK_COLUMNS; else a whole row. */
  void (*pack) (const float *x, guint n_columns, guint first, guint n, guint8 *packed);

  /* The same columns of the first n_rows rows of a set, stride floats from each other; NULL: one by one */
  void (*pack_set) (const float *x, gsize stride, guint n_rows, guint n_columns, guint first, guint n, guint8 *packed);
  guint set_rows;                    /* rows that lie side by side, one begins a float behind the other;
                                        0: each lies for itself */
} SottoPacking;

/**
 * SottoProduct:
 * @weight: (rows, n_columns) in the mapping, at any alignment
 * @first_row: the first of @n_rows that are multiplied
 * @x: as many columns as @weight; packed for its type (%SottoPacks) in the form that they say
 * @first_token: the first of @n_tokens that they are multiplied with
 * @y: (n_tokens, n_rows) with @y_stride floats from token to token: at (t, r) what row (first_row + r) times
 *   token (first_token + t) gives
 *
 * A piece of work of one thread: some rows of a weight times some tokens. All of it is lent, and nothing but
 * what @y has for these rows and tokens is written.
 */
typedef struct {
  const SottoWeight *weight;
  guint first_row;
  guint n_rows;
  const SottoActivations *x;
  guint first_token;
  guint n_tokens;
  float *y;
  gsize y_stride;
} SottoProduct;

/* Where the first of the rows lies in the file's order. */
static inline const guint8 *
sotto_product_rows (const SottoProduct *self)
{
  return (const guint8 *) self->weight->data + self->first_row * self->weight->row_bytes;
}

/**
 * SottoMultiply:
 * @scratch: sotto_kernels_scratch() bytes, aligned to 64
 *
 * Computes @product, without the scales and the bias of its weight.
 */
typedef void (*SottoMultiply) (const SottoProduct *product, void *scratch);

#define SOTTO_KEY_TILE 16            /* keys that lie side by side in a cache */
#define SOTTO_ATTEND_TILE 64         /* keys between two looks at the maximum */
#define SOTTO_ATTEND_CHUNK 256       /* keys that one partial result covers */
#define SOTTO_ATTEND_QUERIES 256     /* queries of one call */
#define SOTTO_ATTEND_TOGETHER 8      /* at most, of these, that are multiplied together as integers */

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
  guint first_key;                   /* positions first_key … end_key - 1; the chunk begins at first_key */
  guint end_key;
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

  /* By the form of the activations and block type; NULL where there is none. */
  SottoMultiply multiply[SOTTO_N_FORMS][SOTTO_BLOCK_TYPES];

  /* The same of weights that are arranged in strips, with first_row a multiple of SOTTO_STRIP_ROWS; a tier has both forms
   * of a type or none. */
  SottoMultiply multiply_strips[SOTTO_N_FORMS][SOTTO_BLOCK_TYPES];
  guint64 piece;                     /* multiply-adds of at most some 20 ms: looks at the cancel flag lie
                                        between pieces */
  SottoPacks packs[SOTTO_BLOCK_TYPES]; /* that products with this type read; 0: values */
  SottoPacking packings[SOTTO_N_FORMS];
  SottoPacking float_packing;

  /* SottoNorm's; weight and bias may be NULL; y may be x */
  void (*norm) (SottoNormKind kind,
                const float  *x,
                const float  *weight,
                const float  *bias,
                float         epsilon,
                guint         n,
                float        *y);

  /* y = activation (gate) * up, or of both together; without up (nullable, but for CLAMPED) 1 */
  void (*gate) (SottoActivation activation, const float *gate, const float *up, guint n, float *y);

  /* y = xielu (y) */
  void (*xielu) (const SottoXielu *shape, guint n, float *y);

  /* y *= sigmoid (gates) */
  void (*sigmoid) (const float *gates, guint n, float *y);

  /* y = cap * tanh (y / cap) */
  void (*cap) (float cap, guint n, float *y);

  /* y += scale * x, rounded twice */
  void (*add) (const float *x, float scale, guint n, float *y);

  /* y *= scale */
  void (*scale) (float scale, guint n, float *y);

  /* turns the first 2 * n_pairs elements of x; cosines, sines: (n_pairs) */
  void (*rope) (SottoRopeKind kind,
                const float  *cosines,
                const float  *sines,
                guint         n_pairs,
                float        *x);

  /* y = activation (sum over taps of weights[tap] * rows[tap] + bias), of activations NONE or SILU; weights: (n_taps, n);
   * bias: (nullable) (n) */
  void (*convolve) (SottoActivation     activation,
                    const float *const *rows,
                    const float        *weights,
                    const float        *bias,
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

  /* One token of one head of Mamba-2 (SottoScanStep): state (n_key, n_value) is decayed, has key valueᵀ added, and answers to
   * query. */
  void (*scan) (const float *query,
                const float *key,
                const float *value,
                float        decay,
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

  /* By the number of tokens of the batch, but the first for caches of floats: softmax attention of n_queries (at most
   * SOTTO_ATTEND_QUERIES) to keys. Online softmax over tiles (Milakov & Gimelshein 2018; Dao et al. 2022).
   * scratch: sotto_kernels_scratch() bytes */
  void (*attend[SOTTO_N_FORMS]) (const SottoAttendKeys *keys,
                                 guint                  n_queries,
                                 const SottoQuery      *queries,
                                 SottoPartial          *partials,
                                 void                  *scratch);

  /* a = a merged with b, the keys behind a's; one of them may have seen no key */
  void (*merge) (SottoPartial *a, const SottoPartial *b, guint value_stride);
} SottoKernels;

#define SOTTO_TILE_SCRATCH (112 * 1024) /* of products of integers on a matrix unit */
#define SOTTO_PANEL_BYTES 384           /* of a column of weights, at most, of products whose panels have whole rows */

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
void sotto_kernels_fill_avxvnni (SottoKernels *kernels);
void sotto_kernels_fill_avx512 (SottoKernels *kernels);
void sotto_kernels_fill_amx (SottoKernels *kernels);
void sotto_kernels_fill_neon (SottoKernels *kernels);
void sotto_kernels_fill_i8mm (SottoKernels *kernels);

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
 * Whether the CPU has the instructions of @tier, and the system saves their registers; for those of the
 * matrix unit it is asked to.
 */
gboolean sotto_cpu_has (const char *tier);

/**
 * sotto_activations_layout:
 * @packs: that the products behind them read
 * @n_tokens: rows in any form
 * @n_few: rows of them that may be in %SOTTO_FORM_FEW at once
 * @base: (nullable): where they are to lie, aligned to 64; %NULL: only measure
 *
 * Sets @self up for @n_tokens of @n_columns in the memory at @base, where nothing is written. When
 * all rows may be in either form, each has its place whatever form the others are in.
 *
 * Returns: bytes they take, a multiple of 64
 */
gsize sotto_activations_layout (SottoActivations   *self,
                                const SottoKernels *kernels,
                                SottoPacks          packs,
                                guint               n_columns,
                                gsize               n_tokens,
                                gsize               n_few,
                                guint8             *base);

/* Rows of @n_columns, for a batch of @n_tokens, in the memory of @x. */
static inline SottoActivations
sotto_activations_view (const SottoActivations *x, guint n_columns, guint n_tokens)
{
  SottoActivations view = *x;

  view.n_columns = n_columns;
  view.form = sotto_form_of (n_tokens);
  return view;
}

static inline guint8 *
sotto_activations_packed (const SottoActivations *x, gsize t)
{
  guint set_rows = x->set_rows[x->form];

  return x->packed[x->form] + t / set_rows * x->set_bytes[x->form] + t % set_rows * sizeof (float);
}

static inline guint8 *
sotto_activations_floats (const SottoActivations *x, gsize t)
{
  return x->floats + t / SOTTO_FLOAT_SET * SOTTO_FLOAT_SET * x->float_bytes + t % SOTTO_FLOAT_SET * 64;
}

/**
 * sotto_activations_pack:
 *
 * Packs row @t of @x, whose values are there, in the form of @x, for all that reads it.
 */
void sotto_activations_pack (const SottoActivations *x, const SottoKernels *kernels, gsize t);

/**
 * sotto_activations_pack_set:
 * @t: the first of a set
 * @n_rows: that there are of it
 *
 * The same for columns @first … @first + @n - 1 of rows that are packed side by side: from a multiple of
 * SOTTO_PACK_COLUMNS to another one or to the end of the row; rows that each lie for themselves only whole.
 */
void sotto_activations_pack_set (
  const SottoActivations *x, const SottoKernels *kernels, gsize t, guint n_rows, guint first, guint n);

G_END_DECLS
