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
 * Tokens are the first operand, weights the second: a row of sums is a token's, its lanes are rows of the weight.
 *
 * Three things go on at once, a little of each in turns: the unit multiplies a group with a set of tokens; the
 * processor unpacks the rows of the next group, and adds up the sums of the set before. Tile registers are renamed, so
 * that the same ones can be loaded again at once; but stores of several tiles in a row fill the queue of stores and keep all
 * behind them waiting, so that they stand apart from each other. */

#include "cpu/strip-tiles.h"

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
  gint32 high[TILE_ROWS][TILE_ROWS]; /* (tokens, rows) */
  gint32 mixed[TILE_ROWS][TILE_ROWS];
} TileSums;

/* What is lent to a call. */
typedef struct {
  TileWeights weights[2];     /* tiles of rows */
  TileWeights rows[2];        /* that are not turned yet */
  TileFactors factors[2 * TILE_ROWS]; /* of those that are unpacked */
  float scales[3][2 * TILE_ROWS]; /* of these, and of the group whose sums are added yet */
  TileSums sums[2][2];        /* the second where a group is too short; by tile of rows */
  float totals[TILE_SETS][TILE_ROWS][2 * TILE_ROWS]; /* (sets, tokens, rows) */
} TileMemory;

G_STATIC_ASSERT (sizeof (TileMemory) <= SOTTO_TILE_SCRATCH);

/* How weights lie. */
typedef struct {
  guint group_bytes;        /* from a group to the next one */
  TileUnits (*count_units) (const TileSource *source);
  void (*unpack) (const TileSource *source, guint unit);
} TileFormat;

/* --- Sums --- */

/* Sums of a group and a set of tokens that wait to be added. */
typedef struct {
  TileSums *sums;               /* (2) */
  const float *row_scales;      /* (2 * TILE_ROWS) */
  const TileTokens *tokens;
  guint first;                  /* of the set's tokens that are there */
  guint n;
  __mmask16 before;             /* none in the first group */
  __mmask16 rows[2];            /* that are there: in the last group results are written */
  float (*totals)[2 * TILE_ROWS];
  float *to;                    /* totals, or where the results of the token 0 are or would be */
  gsize stride;
} Waiting;

/* The sum of high * high is at most 256 * 128 * 127, that of the mixed ones three times as much: so
 * 256 times the one and the other are still below 2^31. */
G_ALWAYS_INLINE static inline void
add_line (const Waiting *self, guint tile, guint t, float *to)
{
  const TileSums *sums = self->sums + tile;
  __m512 scale = _mm512_mul_ps (_mm512_set1_ps (self->tokens->scales[t]),
                                _mm512_loadu_ps (self->row_scales + tile * TILE_ROWS));
  __m512i mixed = _mm512_add_epi32 (_mm512_set1_epi32 (self->tokens->halves[t]), _mm512_load_si512 (sums->mixed[t]));
  __m512i sum = _mm512_add_epi32 (_mm512_slli_epi32 (_mm512_load_si512 (sums->high[t]), 8), mixed);
  __m512 total = _mm512_maskz_load_ps (self->before, self->totals[t] + tile * TILE_ROWS);

  _mm512_mask_storeu_ps (to + tile * TILE_ROWS, self->rows[tile],
                         _mm512_fmadd_ps (_mm512_cvtepi32_ps (sum), scale, total));
}

/* Tokens first … end - 1 of the set. */
G_ALWAYS_INLINE static inline void
add_lines (const Waiting *self, guint first, guint end)
{
  for (guint t = first; t < end; t++)
    if (t - self->first < self->n)
      {
        float *to = self->to + (t - self->first) * self->stride;

        add_line (self, 0, t, to);
        if (self->rows[1] != 0)
          add_line (self, 1, t, to);
      }
}

/* --- Products --- */

/* The next group, unpacked while the unit multiplies the last set of this one, spread over its slots, for the processor
 * looks only so many instructions ahead. It takes this group's place, a step when that one's tiles are loaded: with
 * two places less is left of the first cache than all else needs. */
typedef struct {
  const TileFormat *format;
  TileSource source;
  TileUnits units;
  guint done;
  guint at_once;                /* in a slot; 0: this is not the last set */
} Unpacking;

/* n_loaded: of the group's steps */
G_ALWAYS_INLINE static inline void
unpack_some (Unpacking *self, guint n_loaded, guint n_steps)
{
  guint ready = n_loaded == n_steps ? self->units.n : MIN (self->units.n_free + n_loaded * self->units.n_step, self->units.n);
  guint end = MIN (self->done + self->at_once, ready);

  while (self->done < end)
    self->format->unpack (&self->source, self->done++);
}

/* What is done between products, three times a step. Sums that were stored last have had the first products' time, and
 * all are added before the group's last step stores its own in their place. */
#define TILE_SLOTS 3

G_ALWAYS_INLINE static inline void
fill_slot (const Waiting *waiting, Unpacking *unpacking, guint n_steps, guint slot)
{
  const guint n = n_steps == TILE_STEPS ? 2 : TILE_ROWS / 2;

  if (slot >= 2 && (slot - 2) * n < TILE_ROWS)
    add_lines (waiting, (slot - 2) * n, (slot - 1) * n);
  unpack_some (unpacking, (slot + 1) / TILE_SLOTS, n_steps);
}

/* Stores the last of the sums of the set before, which is left in its register so long. */
G_ALWAYS_INLINE static inline void
store_waiting (const Waiting *self)
{
  _tile_stored (MIXED_1, self->sums[1].mixed, 64);
  tile_barrier ();
}

/* A group of one tile of rows or two times a set of tokens. */
G_ALWAYS_INLINE static inline void
multiply_tiles_once (const TileWeights *rows,
                     guint              n_tiles,
                     guint              n_steps,
                     const TileTokens  *tokens,
                     TileSums           sums[2],
                     const Waiting     *waiting,
                     Unpacking         *unpacking)
{
  tile_barrier ();
  _tile_zero (HIGH_0);
  _tile_zero (HIGH_1);
  _tile_zero (MIXED_0);
#pragma GCC unroll 4
  for (guint step = 0; step < n_steps; step++)
    {
      _tile_loadd (TOKENS_HIGH, tokens->high[step], 64);
      _tile_loadd (WEIGHTS_0, rows[0].steps[step][0], 64);
      _tile_dpbssd (HIGH_0, TOKENS_HIGH, WEIGHTS_0);
      if (n_tiles > 1)
        {
          _tile_loadd (WEIGHTS_1, rows[1].steps[step][0], 64);
          _tile_dpbssd (HIGH_1, TOKENS_HIGH, WEIGHTS_1);
        }
      if (step == 0)
        {
          store_waiting (waiting);
          _tile_zero (MIXED_1);
        }
      fill_slot (waiting, unpacking, n_steps, 3 * step);
      if (step == n_steps - 1)
        _tile_stored (HIGH_0, sums[0].high, 64);
      _tile_loadd (TOKENS_LOW, tokens->low[step], 64);
      _tile_dpbssd (MIXED_0, TOKENS_LOW, WEIGHTS_0);
      if (n_tiles > 1)
        _tile_dpbssd (MIXED_1, TOKENS_LOW, WEIGHTS_1);
      fill_slot (waiting, unpacking, n_steps, 3 * step + 1);
      if (n_tiles > 1 && step == n_steps - 1)
        _tile_stored (HIGH_1, sums[1].high, 64);
      _tile_loadd (WEIGHTS_0, rows[0].steps[step][1], 64);
      _tile_dpbsud (MIXED_0, TOKENS_HIGH, WEIGHTS_0);
      if (n_tiles > 1)
        {
          _tile_loadd (WEIGHTS_1, rows[1].steps[step][1], 64);
          _tile_dpbsud (MIXED_1, TOKENS_HIGH, WEIGHTS_1);
        }
      fill_slot (waiting, unpacking, n_steps, 3 * step + 2);
    }
  if (n_steps < TILE_STEPS)
    add_lines (waiting, MIN ((3 * n_steps - 2) * TILE_ROWS / 2, TILE_ROWS), TILE_ROWS);
  _tile_stored (MIXED_0, sums[0].mixed, 64);
  tile_barrier ();
}

/* A product: 32 rows after the other, each group by group. */
typedef struct {
  const TileFormat *format;
  const SottoProduct *product;
  const guint8 *data;
  gsize tile_bytes;         /* of sixteen rows */
  gsize row_bytes;
  guint n_blocks;           /* of a row */
  const guint8 *tokens;     /* the first set */
  gsize set_bytes;
  guint skip;               /* its tokens before the product's */
  guint n_sets;
  TileMemory *memory;
} TileProduct;

/* A group of up to 32 rows. */
typedef struct {
  guint row;                /* the first */
  guint group;
  guint count;              /* of those before: says where its scales lie */
} TilePlace;

static guint
count_rows (const TileProduct *self, const TilePlace *place)
{
  return MIN (self->product->n_rows - place->row, 2 * TILE_ROWS);
}

static guint
count_groups (const TileProduct *self)
{
  return (self->n_blocks + 7) / 8;
}

/* What follows, the group's number in @place; rows behind the last are none. */
static TilePlace
next_place (const TileProduct *self, const TilePlace *place)
{
  TilePlace next = { place->row, place->group + 1, place->count + 1 };

  if (next.group == count_groups (self))
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
  guint n_groups = count_groups (self);
  guint group_bytes = self->format->group_bytes;
  gssize behind = place->group + TILE_AHEAD < n_groups
                    ? 0
                    : (gssize) (2 * self->tile_bytes) - (gssize) n_groups * group_bytes;

  return (TileSource) {
    .data = self->data + place->row / TILE_ROWS * self->tile_bytes + (gsize) place->group * group_bytes,
    .tile_bytes = self->tile_bytes,
    .row_bytes = self->row_bytes,
    .n_rows = count_rows (self, place),
    .n_blocks = MIN (self->n_blocks - 8 * place->group, 8),
    .ahead = (gssize) TILE_AHEAD * group_bytes + behind,
    .factors = self->memory->factors,
    .rows = self->memory->rows,
    .to = self->memory->weights,
    .scales = self->memory->scales[place->count % 3],
  };
}

static __mmask16
mask_of (guint n)
{
  return (__mmask16) ((1u << MIN (n, TILE_ROWS)) - 1);
}

/* What a set's sums become: totals, and in the last group results. */
static Waiting
sums_of_set (const TileProduct *self, const TilePlace *place, guint set, const TileTokens *tokens)
{
  const SottoProduct *product = self->product;
  guint n_rows = count_rows (self, place);
  guint before = set * TILE_ROWS;       /* tokens */
  guint first = set == 0 ? self->skip : 0;
  Waiting waiting = {
    .sums = self->memory->sums[0],
    .row_scales = self->memory->scales[place->count % 3],
    .tokens = tokens,
    .first = first,
    .n = MIN (self->skip + product->n_tokens - before, TILE_ROWS) - first,
    .before = (__mmask16) (place->group == 0 ? 0 : -1),
    .rows = { mask_of (n_rows), n_rows > TILE_ROWS ? mask_of (n_rows - TILE_ROWS) : 0 },
    .totals = self->memory->totals[set],
  };

  if (place->group == count_groups (self) - 1)
    {
      waiting.to = product->y + (before + first - self->skip) * product->y_stride + place->row;
      waiting.stride = product->y_stride;
    }
  else
    {
      waiting.to = waiting.totals[first];
      waiting.stride = 2 * TILE_ROWS;
    }
  return waiting;
}

static void
multiply_group (const TileProduct *self, const TilePlace *place, Unpacking *unpacking, Waiting *waiting)
{
  const TileWeights *weights = self->memory->weights;
  guint n_steps = MIN ((self->n_blocks - 8 * place->group + 1) / 2, TILE_STEPS);

  for (guint set = 0; set < self->n_sets; set++)
    {
      const TileTokens *tokens =
        (const TileTokens *) (gconstpointer) (self->tokens + set * self->set_bytes) + place->group;
      Waiting next = sums_of_set (self, place, set, tokens);

      if (n_steps < TILE_STEPS && waiting->sums == next.sums)
        next.sums = self->memory->sums[1];
      if (set == self->n_sets - 1)
        unpacking->at_once = (unpacking->units.n + TILE_SLOTS * n_steps - 1) / (TILE_SLOTS * n_steps);
      if (next.rows[1] == 0)
        multiply_tiles_once (weights, 1, n_steps, tokens, next.sums, waiting, unpacking);
      else if (n_steps == TILE_STEPS)
        multiply_tiles_once (weights, 2, TILE_STEPS, tokens, next.sums, waiting, unpacking);
      else
        multiply_tiles_once (weights, 2, n_steps, tokens, next.sums, waiting, unpacking);
      *waiting = next;
    }
  while (unpacking->done < unpacking->units.n)
    unpacking->format->unpack (&unpacking->source, unpacking->done++);
}

static void
multiply_tiles (const TileFormat *format, const guint8 *data, gsize tile_bytes, const SottoProduct *product, void *scratch)
{
  const SottoActivations *x = product->x;
  guint skip = product->first_token % TILE_ROWS;
  TileProduct self = {
    .format = format,
    .product = product,
    .data = data,
    .tile_bytes = tile_bytes,
    .row_bytes = product->weight->row_bytes,
    .n_blocks = x->n_columns / 32,
    .tokens = sotto_activations_packed (x, product->first_token - skip),
    .set_bytes = x->set_bytes[x->form],
    .skip = skip,
    .n_sets = (skip + product->n_tokens + TILE_ROWS - 1) / TILE_ROWS,
    .memory = scratch,
  };
  TilePlace place = { 0 };
  Waiting waiting = { .sums = self.memory->sums[0] };
  TileSource first;

  if (product->n_rows == 0)
    return;
  first = source_of (&self, &place);
  for (guint unit = 0; unit < format->count_units (&first).n; unit++)
    format->unpack (&first, unit);
  shape_tiles ();
  while (place.row < product->n_rows)
    {
      TilePlace next = next_place (&self, &place);
      Unpacking unpacking = { .format = format };

      if (next.row < product->n_rows)
        {
          unpacking.source = source_of (&self, &next);
          unpacking.units = format->count_units (&unpacking.source);
        }
      multiply_group (&self, &place, &unpacking, &waiting);
      place = next;
    }
  store_waiting (&waiting);
  add_lines (&waiting, 0, TILE_ROWS);
  _tile_release ();
}

/* --- All types --- */

#define ROW_TILE_FUNCTIONS(type, name, ...)                                                        \
  static void unpack_rows_##name (const TileSource *source, guint unit)                            \
  {                                                                                                \
    unpack_row_unit (kind_##name, SOTTO_BLOCK_##type, source, unit);                               \
  }                                                                                                \
                                                                                                   \
  static void multiply_row_tiles_##name (const SottoProduct *product, void *scratch)               \
  {                                                                                                \
    const TileFormat format = { kind_##name.group_bytes, count_row_units, unpack_rows_##name };    \
                                                                                                   \
    multiply_tiles (&format, sotto_product_rows (product), TILE_ROWS * product->weight->row_bytes, \
                    product, scratch);                                                             \
  }

#define STRIP_TILE_FUNCTIONS(type, name, ...)                                                      \
  static void unpack_strips_##name (const TileSource *source, guint unit)                          \
  {                                                                                                \
    unpack_strip_unit (sotto_strip_##name, source, unit);                                          \
  }                                                                                                \
                                                                                                   \
  static void multiply_strip_tiles_##name (const SottoProduct *product, void *scratch)             \
  {                                                                                                \
    const SottoStripKind kind = sotto_strip_##name;                                                \
    const TileFormat format = { (guint) sotto_strip_group_bytes (kind, 8), count_strip_units,      \
                                unpack_strips_##name };                                            \
    gsize strip_bytes = sotto_strip_bytes (kind, product->weight->n_columns);                      \
                                                                                                   \
    multiply_tiles (&format, product->weight->strips + product->first_row / TILE_ROWS * strip_bytes, \
                    strip_bytes, product, scratch);                                                \
  }

CODE_KINDS (ROW_TILE_FUNCTIONS)
SOTTO_STRIP_KINDS (STRIP_TILE_FUNCTIONS)

#define FILL_ROW_TILES(type, name, ...)                                                            \
  kernels->multiply[SOTTO_FORM_MANY][SOTTO_BLOCK_##type] = multiply_row_tiles_##name;

#define FILL_STRIP_TILES(type, name, ...)                                                          \
  kernels->multiply_strips[SOTTO_FORM_MANY][SOTTO_BLOCK_##type] = multiply_strip_tiles_##name;

static void
fill_tile_kernels (SottoKernels *kernels)
{
  CODE_KINDS (FILL_ROW_TILES)
  SOTTO_STRIP_KINDS (FILL_STRIP_TILES)
  kernels->packings[SOTTO_FORM_MANY] = (SottoPacking) { sizeof (TileTokens), pack_tiles, pack_tile_set, TILE_ROWS };
}
