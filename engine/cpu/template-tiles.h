/* Products of quantised weights with many tokens on Intel's matrix unit (AMX-INT8).
 *
 * Weights and tokens are integers of 16 bits with a scale for 256 columns (tile-weights.h, pack-tiles.h),
 * split into two planes of bytes. The unit multiplies 16 rows by 16 tokens by 64 columns at once and
 * sums in int32. Of the four products of planes low times low is left out: but for half the sum of the
 * tokens' low bytes, which is what the weights', that have no sign, give on average, the share of the
 * rest is that of half a step. A group's sums are exact, so that a token's result does not depend on
 * what stands beside it; they become a float, times both scales, which a fused multiply-add puts on those
 * of the groups before.
 *
 * Three things go on at once, a little of each in turns: the unit multiplies a group; the processor unpacks the
 * rows of the next one, and adds up what the unit computed before. */

#include "cpu/tile-weights.h"

/* What the unit's eight registers hold: sums of high * high and of the mixed products of two tiles of rows, rows,
 * tokens. */
#define HIGH_0 0
#define MIXED_0 1
#define HIGH_1 2
#define MIXED_1 3
#define WEIGHTS_0 4
#define WEIGHTS_1 5
#define TOKENS_HIGH 6
#define TOKENS_LOW 7

#define TILE_SETS 33      /* sets of 16 tokens of a call: 512 that begin anywhere */

/* Groups that weights are asked for ahead. */
#define TILE_AHEAD 2

typedef struct {
  gint32 high[TILE_ROWS][TILE_ROWS]; /* (rows, tokens) */
  gint32 mixed[TILE_ROWS][TILE_ROWS];
} TileSums;

/* What is lent to a call. */
typedef struct {
  TileWeights weights[2][2];  /* one is multiplied while the other is unpacked; two tiles of rows */
  TileFactors factors[2 * TILE_ROWS]; /* of those that are unpacked */
  float scales[3][2 * TILE_ROWS]; /* of these, and of the group whose sums are added yet */
  TileSums sums[2];           /* by tile of rows */
  float totals[TILE_SETS][2 * TILE_ROWS][TILE_ROWS]; /* (sets, rows, tokens) */
} TileMemory;

G_STATIC_ASSERT (sizeof (TileMemory) <= SOTTO_TILE_SCRATCH);

typedef void (*UnpackTiles) (const TileSource *source, guint first, guint n);

/* --- Sums --- */

/* Sums of a group that wait to be added, of one set of tokens. */
typedef struct {
  const TileSums *sums;         /* (2); NULL: nothing waits */
  const float *row_scales;      /* (2 * TILE_ROWS) */
  const float *token_scales;
  float (*totals)[TILE_ROWS];   /* (2 * TILE_ROWS) */
  guint n_tiles;
  __mmask16 before;             /* none in the first group */
} Waiting;

/* A row. The sum of high * high is at most 256 * 128 * 127, that of the mixed ones three times as much: so
 * 256 times the one and the other are still below 2^31. */
G_ALWAYS_INLINE static inline void
add_row (const Waiting *self, guint tile, guint row)
{
  const TileSums *sums = self->sums + tile;
  float *total = self->totals[tile * TILE_ROWS + row];
  __m512 scale = _mm512_mul_ps (_mm512_load_ps (self->token_scales),
                                _mm512_set1_ps (self->row_scales[tile * TILE_ROWS + row]));
  __m512i sum = _mm512_add_epi32 (_mm512_slli_epi32 (_mm512_load_si512 (sums->high[row]), 8),
                                  _mm512_load_si512 (sums->mixed[row]));

  _mm512_store_ps (total, _mm512_fmadd_ps (_mm512_cvtepi32_ps (sum), scale,
                                           _mm512_maskz_load_ps (self->before, total)));
}

G_ALWAYS_INLINE static inline void
add_rows (const Waiting *self, guint first, guint end)
{
  for (guint row = first; row < end; row++)
    {
      add_row (self, 0, row);
      if (self->n_tiles > 1)
        add_row (self, 1, row);
    }
}

static void
add_rest (Waiting *self, guint first)
{
  if (self->sums != NULL)
    add_rows (self, first, TILE_ROWS);
  self->sums = NULL;
}

/* --- Products --- */

/* Rows of the next group, unpacked while the unit multiplies this one: spread over its steps, for the processor
 * looks only so many instructions ahead, but as many at once as have their factors found together. */
typedef struct {
  UnpackTiles unpack;
  TileSource source;
  guint n_rows;
  guint done;
  guint n_slots;
  guint due;                    /* n_rows times the slots that were, less n_slots times the rows that are done */
} Unpacking;

G_ALWAYS_INLINE static inline void
unpack_some (Unpacking *self)
{
  self->due += self->n_rows;
  while (self->done < self->n_rows)
    {
      guint n = MIN (self->n_rows - self->done, FACTOR_ROWS);

      if (self->due < n * self->n_slots)
        return;
      self->due -= n * self->n_slots;
      self->unpack (&self->source, self->done, n);
      self->done += n;
    }
}

/* What is done behind a product, in a slot: three a step and tile of rows. The sums have been there for a step
 * before they are read. */
#define TILE_SLOTS 3
#define TILE_SLOT_ROWS (2 * TILE_SLOTS) /* that are added in a step */

G_ALWAYS_INLINE static inline void
fill_slot (Waiting *waiting, Unpacking *unpacking, guint step, guint slot, guint n_tiles)
{
  guint n = 2 / n_tiles;
  guint first = (step - 1) * TILE_SLOT_ROWS + slot * n;

  if (step > 0 && first < TILE_ROWS && waiting->sums != NULL)
    add_rows (waiting, first, MIN (first + n, TILE_ROWS));
  unpack_some (unpacking);
}

#define FILL_SLOT(slot) fill_slot (waiting, unpacking, step, slot, n_tiles)

/* A group of one tile of rows or two times a set of tokens. */
G_ALWAYS_INLINE static inline void
multiply_tiles_once (const TileWeights *rows,
                     guint              n_tiles,
                     guint              n_steps,
                     const TileTokens  *tokens,
                     TileSums           sums[2],
                     Waiting           *waiting,
                     Unpacking         *unpacking)
{
  tile_barrier ();
  _tile_zero (HIGH_0);
  _tile_loadd (MIXED_0, tokens->halves, 0);
  if (n_tiles > 1)
    {
      _tile_zero (HIGH_1);
      _tile_loadd (MIXED_1, tokens->halves, 0);
    }
#pragma GCC unroll 4
  for (guint step = 0; step < n_steps; step++)
    {
      _tile_loadd (TOKENS_HIGH, tokens->high[step], 64);
      _tile_loadd (WEIGHTS_0, rows[0].steps[step][0], 64);
      _tile_dpbssd (HIGH_0, WEIGHTS_0, TOKENS_HIGH);
      FILL_SLOT (0);
      if (n_tiles > 1)
        {
          _tile_loadd (WEIGHTS_1, rows[1].steps[step][0], 64);
          _tile_dpbssd (HIGH_1, WEIGHTS_1, TOKENS_HIGH);
          FILL_SLOT (1);
        }
      _tile_loadd (TOKENS_LOW, tokens->low[step], 64);
      _tile_dpbssd (MIXED_0, WEIGHTS_0, TOKENS_LOW);
      FILL_SLOT (n_tiles > 1 ? 2 : 1);
      if (n_tiles > 1)
        {
          _tile_dpbssd (MIXED_1, WEIGHTS_1, TOKENS_LOW);
          FILL_SLOT (3);
        }
      _tile_loadd (WEIGHTS_0, rows[0].steps[step][1], 64);
      _tile_dpbusd (MIXED_0, WEIGHTS_0, TOKENS_HIGH);
      FILL_SLOT (n_tiles > 1 ? 4 : 2);
      if (n_tiles > 1)
        {
          _tile_loadd (WEIGHTS_1, rows[1].steps[step][1], 64);
          _tile_dpbusd (MIXED_1, WEIGHTS_1, TOKENS_HIGH);
          FILL_SLOT (5);
        }
    }
  add_rest (waiting, MIN ((n_steps - 1) * TILE_SLOT_ROWS, TILE_ROWS));
  _tile_stored (HIGH_0, sums[0].high, 64);
  _tile_stored (MIXED_0, sums[0].mixed, 64);
  if (n_tiles > 1)
    {
      _tile_stored (HIGH_1, sums[1].high, 64);
      _tile_stored (MIXED_1, sums[1].mixed, 64);
    }
  tile_barrier ();
}

/* A product: 32 rows after the other, each group by group. */
typedef struct {
  guint group_bytes;
  const guint8 *data;
  gsize row_bytes;
  guint n_rows;
  guint n_blocks;           /* of a row */
  const guint8 *tokens;     /* the first set */
  gsize set_bytes;
  guint n_sets;
  TileMemory *memory;
} TileProduct;

/* A group of up to 32 rows. */
typedef struct {
  guint row;                /* the first */
  guint group;
  guint count;              /* of those before: says where its weights lie */
} TilePlace;

static guint
count_rows (const TileProduct *self, const TilePlace *place)
{
  return MIN (self->n_rows - place->row, 2 * TILE_ROWS);
}

/* What follows, the group's number in @place; rows behind the last are none. */
static TilePlace
next_place (const TileProduct *self, const TilePlace *place)
{
  TilePlace next = { place->row, place->group + 1, place->count + 1 };

  if (next.group == (self->n_blocks + 7) / 8)
    {
      next.row += count_rows (self, place);
      next.group = 0;
    }
  return next;
}

/* Where the rows of a group are unpacked from, and what they ask for meanwhile: groups of the same row, or of one
 * that will be unpacked after these 32. */
static TileSource
source_of (const TileProduct *self, const TilePlace *place)
{
  guint n_groups = (self->n_blocks + 7) / 8;
  gssize behind = place->group + TILE_AHEAD < n_groups
                    ? 0
                    : (gssize) (2 * TILE_ROWS * self->row_bytes) - (gssize) n_groups * self->group_bytes;

  return (TileSource) {
    .data = self->data + place->row * self->row_bytes + (gsize) place->group * self->group_bytes,
    .row_bytes = self->row_bytes,
    .n_rows = count_rows (self, place),
    .n_blocks = MIN (self->n_blocks - 8 * place->group, 8),
    .ahead = (gssize) TILE_AHEAD * self->group_bytes + behind,
    .factors = self->memory->factors,
    .to = self->memory->weights[place->count % 2],
    .scales = self->memory->scales[place->count % 3],
  };
}

static void
multiply_group (const TileProduct *self, const TilePlace *place, Unpacking *unpacking, Waiting *waiting)
{
  const TileWeights *weights = self->memory->weights[place->count % 2];
  guint n_tiles = (count_rows (self, place) + TILE_ROWS - 1) / TILE_ROWS;
  guint n_steps = self->n_blocks - 8 * place->group > 4 ? TILE_STEPS : TILE_STEPS / 2;

  unpacking->n_slots = TILE_SLOTS * self->n_sets * n_tiles * n_steps;
  for (guint set = 0; set < self->n_sets; set++)
    {
      const TileTokens *tokens =
        (const TileTokens *) (gconstpointer) (self->tokens + set * self->set_bytes) + place->group;

      if (n_tiles > 1)
        multiply_tiles_once (weights, 2, n_steps, tokens, self->memory->sums, waiting, unpacking);
      else
        multiply_tiles_once (weights, 1, n_steps, tokens, self->memory->sums, waiting, unpacking);
      *waiting = (Waiting) {
        .sums = self->memory->sums,
        .row_scales = self->memory->scales[place->count % 3],
        .token_scales = tokens->scales,
        .totals = self->memory->totals[set],
        .n_tiles = n_tiles,
        .before = (__mmask16) (place->group == 0 ? 0 : -1),
      };
    }
}

/* The totals of the rows at place, each with a row of its own, of the product's tokens: the first set begins up to
 * 15 tokens before these. */
static void
store_totals (const TileProduct *self, const TilePlace *place, const SottoProduct *product)
{
  guint n_rows = count_rows (self, place);
  guint skip = product->first_token % TILE_ROWS;
  gsize y_stride = product->y_stride;
  float *y = product->y + place->row;

  for (guint set = 0; set < self->n_sets; set++)
    for (guint first_row = 0; first_row < n_rows; first_row += TILE_ROWS)
      {
        __mmask16 rows = (__mmask16) ((1u << MIN (n_rows - first_row, TILE_ROWS)) - 1);
        guint first = set * TILE_ROWS < skip ? skip - set * TILE_ROWS : 0;
        guint end = MIN (skip + product->n_tokens - set * TILE_ROWS, TILE_ROWS);
        __m512i v[TILE_ROWS];

        transpose_sixteen ((const gint32 *) (gconstpointer) self->memory->totals[set][first_row], v);
        for (guint t = first; t < end; t++)
          _mm512_mask_storeu_epi32 (y + (set * TILE_ROWS + t - skip) * y_stride + first_row, rows, v[t]);
      }
}

static void
multiply_tiles (guint group_bytes, UnpackTiles unpack, const SottoProduct *product, void *scratch)
{
  const SottoActivations *x = product->x;
  guint skip = product->first_token % TILE_ROWS;
  TileProduct self = {
    .group_bytes = group_bytes,
    .data = sotto_product_rows (product),
    .row_bytes = product->weight->row_bytes,
    .n_rows = product->n_rows,
    .n_blocks = x->n_columns / 32,
    .tokens = sotto_activations_packed (x, product->first_token - skip),
    .set_bytes = x->set_bytes[x->form],
    .n_sets = (skip + product->n_tokens + TILE_ROWS - 1) / TILE_ROWS,
    .memory = scratch,
  };
  TilePlace place = { 0 };
  Waiting waiting = { 0 };
  TileSource first;

  if (self.n_rows == 0)
    return;
  first = source_of (&self, &place);
  unpack (&first, 0, count_rows (&self, &place));
  shape_tiles ();
  while (place.row < self.n_rows)
    {
      TilePlace next = next_place (&self, &place);
      Unpacking unpacking = { .unpack = unpack };

      if (next.row < self.n_rows)
        {
          unpacking.source = source_of (&self, &next);
          unpacking.n_rows = count_rows (&self, &next);
        }
      multiply_group (&self, &place, &unpacking, &waiting);
      if (next.row > place.row)
        {
          add_rest (&waiting, 0);
          store_totals (&self, &place, product);
        }
      place = next;
    }
  _tile_release ();
}

/* --- All types --- */

#define TILE_FUNCTIONS(type, name, ...)                                                            \
  static void unpack_tiles_##name (const TileSource *source, guint first, guint n)                 \
  {                                                                                                \
    unpack_tile_rows (kind_##name, SOTTO_BLOCK_##type, source, first, n);                          \
  }                                                                                                \
                                                                                                   \
  static void multiply_tiles_##name (const SottoProduct *product, void *scratch)                   \
  {                                                                                                \
    multiply_tiles (kind_##name.group_bytes, unpack_tiles_##name, product, scratch);               \
  }

CODE_KINDS (TILE_FUNCTIONS)

#define FILL_TILES(type, name, ...)                                                                \
  kernels->multiply[SOTTO_FORM_MANY][SOTTO_BLOCK_##type] = multiply_tiles_##name;

static void
fill_tile_kernels (SottoKernels *kernels)
{
  CODE_KINDS (FILL_TILES)
  kernels->packings[SOTTO_FORM_MANY] = (SottoPacking) { sizeof (TileTokens), pack_tiles, FALSE, pack_tile_set, TILE_ROWS };
}
