#pragma once

#include "cpu/code-kinds.h"
#include "cpu/pack-tiles.h"

/* How the block types become tiles: integers of 16 bits, with a scale for every 256 columns of a row (a
 * group). A block's codes, stretched to bytes with a sign, are multiplied with the block's scale, which is an
 * integer, too: its share of the group's largest. What is rounded off is at most half a step for
 * the product, half a step for the scale and half a step for an offset. The high byte has a sign, the
 * low one none.
 *
 * Here from the file's layout: row by row in the order of columns of codes.h, and then turned, for weights are a
 * product's second operand. Scales and offsets become integers, of four rows at once and four rows ahead, for
 * their maximum is a long chain of operations; codes are multiplied with them. Nibbles stand for sixteen
 * numbers of a block, so that these are multiplied and then looked up. strip-tiles.h does the same for strips. */

/* A group of 16 rows. Row k of a tile has columns 4 k … 4 k + 3 of a step, of each of them. */
typedef struct {
  guint8 steps[TILE_STEPS][2][TILE_BYTES]; /* high, low */
} TileWeights;

/* By how many bits the codes of a type can be stretched: all are to stay below 128. */
static inline guint
code_stretch (SottoBlockType type)
{
  switch ((guint) type)
    {
    case SOTTO_BLOCK_Q2_K:
      return 6;
    case SOTTO_BLOCK_Q3_K:
    case SOTTO_BLOCK_TQ1_0:
    case SOTTO_BLOCK_TQ2_0:
      return 5;
    case SOTTO_BLOCK_Q4_0:
    case SOTTO_BLOCK_Q4_1:
    case SOTTO_BLOCK_Q4_K:
      return 4;
    case SOTTO_BLOCK_Q5_0:
    case SOTTO_BLOCK_Q5_1:
    case SOTTO_BLOCK_Q5_K:
    case SOTTO_BLOCK_IQ1_S:
    case SOTTO_BLOCK_IQ1_M:
    case SOTTO_BLOCK_IQ3_S:
    case SOTTO_BLOCK_MXFP4:
    case SOTTO_BLOCK_NVFP4:
      return 3;
    case SOTTO_BLOCK_Q6_K:
      return 2;
    case SOTTO_BLOCK_IQ2_XXS:
    case SOTTO_BLOCK_IQ2_XS:
    case SOTTO_BLOCK_IQ2_S:
    case SOTTO_BLOCK_IQ3_XXS:
      return 1;
    default:
      return 0;
    }
}

/* Bytes with a sign. Codes of types with a zero have 128 added to them, which falls out; of others half of
 * their range is taken away, which their offsets make good. */
G_ALWAYS_INLINE static inline __m512i
stretch_codes (Codes codes, guint zero, guint stretch)
{
  const guint8 s = (guint8) stretch;
  const __m512i matrix = _mm512_set1_epi64 (
    MATRIX (1 >> s, 2 >> s, 4 >> s, 8 >> s, 16 >> s, 32 >> s, 64 >> s, 128 >> s));

  if (stretch == 0)
    return _mm512_xor_si512 (codes, _mm512_set1_epi8 (-128));
  if (zero == 0)
    return TRANSFORM (codes, matrix, 0x80);
  return TRANSFORM (codes, matrix, 0);
}

/* Scales of stretched codes and offsets of a row's group: floats, then integers in steps of the group. A lane of four
 * has the scale of block i of the first pair, its offset, and those of the second; where halves have their own, the
 * first vector has the scales of both pairs' halves in turn, the second one their offsets. */
typedef struct {
  gint32 words[2][16];
} TileFactors;

#define FACTOR_ROWS 4 /* whose largest are found together */

#define LANES_OF_FIRST 0x3333   /* pair */
#define LANES_OF_SCALES 0x5555
#define LANES_OF_OFFSETS 0xaaaa

/* Whether blocks begin with a half that is their scale, and another one that is their offset if they have one. */
static inline gboolean
has_half_headers (SottoBlockType type)
{
  return type == SOTTO_BLOCK_Q4_0 || type == SOTTO_BLOCK_Q4_1 || type == SOTTO_BLOCK_Q5_0
         || type == SOTTO_BLOCK_Q5_1 || type == SOTTO_BLOCK_Q8_0 || type == SOTTO_BLOCK_IQ4_NL;
}

/* Of those, scales and offsets, or what stands behind the scales. */
G_ALWAYS_INLINE static inline Lanes
read_headers (SottoBlockType type, const guint8 *group, guint block_bytes, guint n_blocks)
{
  const __m256i blocks = n_blocks == 8 ? _mm256_setr_epi32 (0, 1, 2, 3, 4, 5, 6, 7)
                                       : _mm256_setr_epi32 (0, 4, 1, 5, 2, 6, 3, 7);
  __m256i places = _mm256_mullo_epi32 (blocks, _mm256_set1_epi32 ((int) block_bytes));
  __mmask8 is_there = _mm256_cmplt_epi32_mask (blocks, _mm256_set1_epi32 ((int) n_blocks));

  /* Blocks of five words */
  if (type == SOTTO_BLOCK_Q4_1 && n_blocks == 8)
    return _mm512_cvtph_ps (_mm512_castsi512_si256 (_mm512_permutex2var_epi32 (
      _mm512_loadu_si512 (group),
      _mm512_castsi256_si512 (_mm256_setr_epi32 (0, 5, 10, 15, 16, 21, 26, 31)),
      _mm512_loadu_si512 (group + 80))));

  return _mm512_cvtph_ps (_mm256_mmask_i32gather_epi32 (_mm256_setzero_si256 (), is_there, places,
                                                        (const int *) (gconstpointer) group, 1));
}

/* The codes of a pair of such blocks. */
G_ALWAYS_INLINE static inline __m512i
load_pair_q4_1 (const guint8 *group, guint pair)
{
  const __m512i first = _mm512_setr_epi32 (1, 2, 3, 4, 11, 12, 13, 14, 17, 18, 19, 20, 27, 28, 29, 30);
  const __m512i second = _mm512_setr_epi32 (1, 2, 3, 4, 11, 12, 13, 14, 18, 19, 20, 21, 28, 29, 30, 31);

  if (pair == 0)
    return _mm512_permutex2var_epi32 (_mm512_loadu_si512 (group), first, _mm512_loadu_si512 (group + 80));

  return _mm512_permutex2var_epi32 (_mm512_loadu_si512 (group + 20), second, _mm512_loadu_si512 (group + 96));
}

/* Which blocks of 16 bytes are taken is part of an instruction, so that it has to stand there as a number. */
G_ALWAYS_INLINE static inline __m512i
load_pair_iq4_xs (const guint8 *group, guint pair)
{
  const __m512i first = _mm512_loadu_si512 (group + 8);
  const __m512i second = _mm512_loadu_si512 (group + 72);

  return pair == 0 ? _mm512_shuffle_i64x2 (first, second, 0x88) : _mm512_shuffle_i64x2 (first, second, 0xdd);
}

/* Of others with a scale for 32 columns, what unpack_codes() leaves. */
G_ALWAYS_INLINE static inline Lanes
join_factors (CodeKind kind, const guint8 *group, guint n_blocks)
{
  const __m512i places = _mm512_setr_epi32 (0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15);
  const __m512i signs = _mm512_set1_epi64 (G_MININT64);
  CodeGroup codes;

  unpack_codes (kind, group, n_blocks, &codes);
  if (kind.has_offsets)
    return _mm512_xor_ps (_mm512_permutexvar_ps (places, codes.offsets[0]), _mm512_castsi512_ps (signs));
  if (n_blocks <= 4)
    return _mm512_maskz_mov_ps (LANES_OF_FIRST, codes.scales[0][0]);

  return _mm512_mask_mov_ps (codes.scales[1][0], LANES_OF_FIRST, codes.scales[0][0]);
}

typedef struct {
  Lanes factors[2];
  Lanes magnitude;          /* of what the largest is to be found */
} RowFactors;

G_ALWAYS_INLINE static inline void
read_half_factors (CodeKind kind, const guint8 *group, guint n_blocks, Lanes range, RowFactors *row)
{
  CodeGroup codes;
  Lanes v;

  unpack_codes (kind, group, n_blocks, &codes);
  v = _mm512_mask_mov_ps (codes.scales[0][0], 0x2222, codes.scales[0][1]);
  if (n_blocks <= 4)
    v = _mm512_maskz_mov_ps (LANES_OF_FIRST, v);
  else
    {
      v = _mm512_mask_mov_ps (v, 0x4444, codes.scales[1][0]);
      v = _mm512_mask_mov_ps (v, 0x8888, codes.scales[1][1]);
    }
  row->factors[0] = lanes_multiply (v, range);
  row->magnitude = lanes_absolute (row->factors[0]);
  if (kind.has_offsets)
    {
      row->factors[1] = lanes_subtract (row->factors[0], codes.offsets[0]);
      row->magnitude = lanes_add (row->magnitude, lanes_absolute (row->factors[1]));
    }
}

G_ALWAYS_INLINE static inline void
read_factors (CodeKind kind, SottoBlockType type, const guint8 *group, guint n_blocks, RowFactors *row)
{
  const Lanes range = lanes_all ((float) (128 >> code_stretch (type)));
  Lanes v;

  if (kind.has_halves)
    {
      read_half_factors (kind, group, n_blocks, range, row);
      return;
    }
  v = has_half_headers (type) ? read_headers (type, group, kind.group_bytes / 8, n_blocks)
                              : join_factors (kind, group, n_blocks);
  if (kind.has_offsets)
    {
      Lanes scales = lanes_multiply (_mm512_moveldup_ps (v), range);

      row->factors[0] = _mm512_mask_add_ps (scales, LANES_OF_OFFSETS, v, scales);
      v = lanes_absolute (row->factors[0]);
      row->magnitude = lanes_add (v, _mm512_permute_ps (v, 0xb1));
    }
  else
    {
      row->factors[0] = _mm512_maskz_mul_ps (LANES_OF_SCALES, v, range);
      row->magnitude = lanes_absolute (row->factors[0]);
    }
}

/* In each lane of four the largest of all lanes of a, b, c and d. */
G_ALWAYS_INLINE static inline Lanes
find_largest (Lanes a, Lanes b, Lanes c, Lanes d)
{
  Lanes ab = lanes_maximum (_mm512_unpacklo_ps (a, b), _mm512_unpackhi_ps (a, b));
  Lanes cd = lanes_maximum (_mm512_unpacklo_ps (c, d), _mm512_unpackhi_ps (c, d));
  __m512d first = _mm512_unpacklo_pd (_mm512_castps_pd (ab), _mm512_castps_pd (cd));
  __m512d second = _mm512_unpackhi_pd (_mm512_castps_pd (ab), _mm512_castps_pd (cd));
  Lanes all = lanes_maximum (_mm512_castpd_ps (first), _mm512_castpd_ps (second));

  all = lanes_maximum (all, _mm512_shuffle_f32x4 (all, all, 0x4e));
  return lanes_maximum (all, _mm512_shuffle_f32x4 (all, all, 0xb1));
}

/* Of FACTOR_ROWS rows. A unit is the value of 256 steps, for sums come in units of that. */
G_ALWAYS_INLINE static inline void
find_factors (CodeKind            kind,
              SottoBlockType      type,
              const guint8 *const groups[FACTOR_ROWS],
              guint               n_blocks,
              TileFactors         factors[FACTOR_ROWS],
              float               units[FACTOR_ROWS])
{
  RowFactors rows[FACTOR_ROWS];
  Lanes inverses[FACTOR_ROWS];
  Lanes largest;
  Lanes inverse;
  __mmask16 is_there;

  for (guint i = 0; i < FACTOR_ROWS; i++)
    read_factors (kind, type, groups[i], n_blocks, &rows[i]);
  largest = find_largest (rows[0].magnitude, rows[1].magnitude, rows[2].magnitude, rows[3].magnitude);
  is_there = _mm512_cmp_ps_mask (largest, lanes_all (TILE_SMALLEST), _CMP_GE_OQ);
  _mm_storeu_ps (units, _mm512_castps512_ps128 (
                          _mm512_maskz_mul_ps (is_there, largest, lanes_all (256.0f / TILE_HIGHEST))));
  inverse = _mm512_broadcast_f32x4 (_mm_maskz_div_ps ((__mmask8) is_there, _mm_set1_ps (TILE_HIGHEST),
                                                      _mm512_castps512_ps128 (largest)));
  inverses[0] = _mm512_permute_ps (inverse, 0x00);
  inverses[1] = _mm512_permute_ps (inverse, 0x55);
  inverses[2] = _mm512_permute_ps (inverse, 0xaa);
  inverses[3] = _mm512_permute_ps (inverse, 0xff);
  for (guint i = 0; i < FACTOR_ROWS; i++)
    for (guint j = 0; j < (kind.has_halves && kind.has_offsets ? 2 : 1); j++)
      _mm512_store_si512 (factors[i].words[j],
                          _mm512_cvtps_epi32 (lanes_multiply (rows[i].factors[j], inverses[i])));
}

/* A word of each lane of four, wherever a code may stand. */
G_ALWAYS_INLINE static inline __m512i
spread_word (__m512i words, guint i)
{
  return _mm512_shuffle_epi8 (words, _mm512_set1_epi16 ((gint16) (0x0100 + 0x0404 * i)));
}

/* --- Bytes of weights --- */

typedef struct {
  __m512i high;
  __m512i low;
} TilePlanes;

#define EVEN_BYTES G_GUINT64_CONSTANT (0x5555555555555555)
#define ODD_BYTES G_GUINT64_CONSTANT (0xaaaaaaaaaaaaaaaa)

/* Where the bytes of words lie that are to be brought to the other byte of theirs: by shuffles, for products and shifts
 * share one port. */
G_ALWAYS_INLINE static inline __m512i
bytes_below (void)
{
  return _mm512_broadcast_i32x4 (_mm_setr_epi8 (0, 0, 2, 2, 4, 4, 6, 6, 8, 8, 10, 10, 12, 12, 14, 14));
}

G_ALWAYS_INLINE static inline __m512i
bytes_above (void)
{
  return _mm512_broadcast_i32x4 (_mm_setr_epi8 (1, 1, 3, 3, 5, 5, 7, 7, 9, 9, 11, 11, 13, 13, 15, 15));
}

G_ALWAYS_INLINE static inline __m512i
even_words (__m512i bytes)
{
  return _mm512_maskz_shuffle_epi8 (ODD_BYTES, bytes, bytes_below ());
}

G_ALWAYS_INLINE static inline __m512i
odd_words (__m512i bytes)
{
  return _mm512_and_si512 (bytes, _mm512_set1_epi16 ((gint16) 0xff00));
}

/* even, odd: 256 times the codes of these columns. */
G_ALWAYS_INLINE static inline TilePlanes
scale_words (__m512i even, __m512i odd, __m512i scale, gboolean has_offsets, __m512i offset)
{
  even = _mm512_mulhrs_epi16 (even, scale);
  odd = _mm512_mulhrs_epi16 (odd, scale);
  if (has_offsets)
    {
      even = _mm512_add_epi16 (even, offset);
      odd = _mm512_add_epi16 (odd, offset);
    }
  return (TilePlanes) { _mm512_mask_shuffle_epi8 (odd, EVEN_BYTES, even, bytes_above ()),
                        _mm512_mask_shuffle_epi8 (even, ODD_BYTES, odd, bytes_below ()) };
}

G_ALWAYS_INLINE static inline TilePlanes
scale_bytes (__m512i bytes, __m512i scale, gboolean has_offsets, __m512i offset)
{
  return scale_words (even_words (bytes), odd_words (bytes), scale, has_offsets, offset);
}

/* Whether a type's codes are nibbles, be they of a codebook: sixteen bytes are scaled then instead of 128. */
static inline gboolean
has_nibbles (SottoBlockType type)
{
  return type == SOTTO_BLOCK_Q4_0 || type == SOTTO_BLOCK_Q4_1 || type == SOTTO_BLOCK_Q4_K
         || type == SOTTO_BLOCK_IQ4_NL || type == SOTTO_BLOCK_IQ4_XS;
}

/* What they stand for, stretched. */
G_ALWAYS_INLINE static inline __m512i
nibble_bytes (SottoBlockType type)
{
  if (type == SOTTO_BLOCK_IQ4_NL || type == SOTTO_BLOCK_IQ4_XS)
    return _mm512_broadcast_i32x4 (_mm_setr_epi8 (SOTTO_CODES_IQ4));

  return _mm512_broadcast_i32x4 (
    _mm_setr_epi8 (-128, -112, -96, -80, -64, -48, -32, -16, 0, 16, 32, 48, 64, 80, 96, 112));
}

G_ALWAYS_INLINE static inline void
load_nibbles (CodeKind kind, SottoBlockType type, const guint8 *group, guint n_blocks, Codes codes[2][2])
{
  const guint8 *headers[4];
  const guint8 *blocks[4];

  if (type == SOTTO_BLOCK_Q4_K)
    {
      kind.group_codes (group, codes[0]);
      return;
    }
  for (guint pair = 0; pair < (n_blocks > 4 ? 2 : 1); pair++)
    {
      __m512i bytes;

      if (type == SOTTO_BLOCK_IQ4_XS)
        bytes = load_pair_iq4_xs (group, pair);
      else if (type == SOTTO_BLOCK_Q4_1 && n_blocks == 8)
        bytes = load_pair_q4_1 (group, pair);
      else
        {
          find_code_blocks (kind, group, n_blocks, pair, headers, blocks);
          bytes = load_four (blocks, type == SOTTO_BLOCK_Q4_1 ? 4 : 2);
        }
      codes[pair][0] = low_nibbles (bytes);
      codes[pair][1] = high_nibbles (bytes);
    }
}

/* A row of a group, n_blocks of it there: 64 bytes of every plane of the halves of pairs. */
G_ALWAYS_INLINE static inline void
unpack_tile_row (CodeKind           kind,
                 SottoBlockType     type,
                 const guint8      *group,
                 guint              n_blocks,
                 const TileFactors *factors,
                 guint8             to[TILE_STEPS][2][TILE_BYTES],
                 guint              row)
{
  __m512i words = _mm512_load_si512 (factors->words[0]);
  Codes nibbles[2][2];
  CodeGroup codes;

  if (has_nibbles (type))
    load_nibbles (kind, type, group, n_blocks, nibbles);
  else
    unpack_codes (kind, group, n_blocks, &codes);
  for (guint pair = 0; pair < (n_blocks > 4 ? 2 : 1); pair++)
    {
      __m512i scale = _mm512_setzero_si512 ();
      __m512i offset = _mm512_setzero_si512 ();
      TilePlanes book;

      for (guint half = 0; half < 2; half++)
        {
          guint8 (*planes)[TILE_BYTES] = to[2 * pair + half];
          TilePlanes v;

          if (kind.has_halves)
            {
              scale = spread_word (words, 2 * pair + half);
              if (kind.has_offsets)
                offset = spread_word (_mm512_load_si512 (factors->words[1]), 2 * pair + half);
            }
          else if (half == 0)
            {
              scale = spread_word (words, 2 * pair);
              if (kind.has_offsets)
                offset = spread_word (words, 2 * pair + 1);
            }
          if (has_nibbles (type))
            {
              if (half == 0)
                book = scale_bytes (nibble_bytes (type), scale, kind.has_offsets, offset);
              v.high = _mm512_shuffle_epi8 (book.high, nibbles[pair][half]);
              v.low = _mm512_shuffle_epi8 (book.low, nibbles[pair][half]);
            }
          else
            v = scale_bytes (stretch_codes (codes.codes[pair][half], kind.zero, code_stretch (type)), scale,
                             kind.has_offsets, offset);
          _mm512_store_si512 (planes[0] + 64 * row, v.high);
          _mm512_store_si512 (planes[1] + 64 * row, v.low);
        }
    }
}

/* Rows that are unpacked into two tiles: where the first one's group lies, and what is lent. */
typedef struct {
  const guint8 *data;
  gsize tile_bytes;         /* from sixteen rows to the next */
  gsize row_bytes;
  guint n_rows;
  guint n_blocks;           /* of the group */
  gssize ahead;             /* what is asked for meanwhile, bytes behind */
  TileFactors *factors;     /* (2 * TILE_ROWS) */
  TileWeights *rows;        /* (2): tiles that are not turned yet */
  TileWeights *to;          /* (2) */
  float *scales;            /* (2 * TILE_ROWS) */
} TileSource;

/* Those of rows that are not there are those of the last one. */
G_ALWAYS_INLINE static inline void
find_row_factors (CodeKind kind, SottoBlockType type, const TileSource *self, guint first, guint n_blocks)
{
  const guint8 *groups[FACTOR_ROWS];

  for (guint i = 0; i < FACTOR_ROWS; i++)
    groups[i] = self->data + MIN (first + i, self->n_rows - 1) * self->row_bytes;
  find_factors (kind, type, groups, n_blocks, self->factors + first, self->scales + first);
}

G_ALWAYS_INLINE static inline void
unpack_one_row (CodeKind kind, SottoBlockType type, const TileSource *self, guint n_blocks, guint r)
{
  const guint8 *row = self->data + r * self->row_bytes;

  if (r == 0)
    find_row_factors (kind, type, self, 0, n_blocks);
  if (r % FACTOR_ROWS == 0 && r + FACTOR_ROWS < self->n_rows)
    find_row_factors (kind, type, self, r + FACTOR_ROWS, n_blocks);
  for (guint i = 0; i < kind.group_bytes; i += 64)
    _mm_prefetch ((const char *) row + self->ahead + i, _MM_HINT_T1);
  unpack_tile_row (kind, type, row, n_blocks, self->factors + r, self->rows[r / TILE_ROWS].steps, r % TILE_ROWS);
}

/* The half of a pair, of sixteen rows: four blocks have sixteen columns there, see few_block(). */
static void
turn_rows (const TileSource *self, guint tile, guint half_of_pair)
{
  gboolean is_full = self->n_blocks == 8;

  for (guint plane = 0; plane < 2; plane++)
    {
      __m512i v[16];

      transpose_sixteen ((const gint32 *) (gconstpointer) self->rows[tile].steps[half_of_pair][plane], v);
      for (guint i = 0; i < 4; i++)
        {
          guint block = few_block (is_full, half_of_pair / 2, i);
          guint8 *lines = self->to[tile].steps[block / 2][plane] + 64 * (8 * (block % 2) + 4 * (half_of_pair % 2));

          for (guint j = 0; j < 4; j++)
            _mm512_store_si512 (lines + 64 * j, v[4 * i + j]);
        }
    }
}

/* Units of work that a source is: those that write no tiles, then those that do. */
typedef struct {
  guint n_free;
  guint n_step;             /* that write the tiles of one step; 0: of all */
  guint n;
} TileUnits;

/* A row each, and the turning of a half of a pair each. */
static TileUnits
count_row_units (const TileSource *self)
{
  guint n_tiles = (self->n_rows + TILE_ROWS - 1) / TILE_ROWS;

  return (TileUnits) { self->n_rows, 0, self->n_rows + n_tiles * (self->n_blocks > 4 ? 4 : 2) };
}

G_ALWAYS_INLINE static inline void
unpack_row_unit (CodeKind kind, SottoBlockType type, const TileSource *self, guint unit)
{
  guint n_turns = self->n_blocks > 4 ? 4 : 2;

  if (unit >= self->n_rows)
    turn_rows (self, (unit - self->n_rows) / n_turns, (unit - self->n_rows) % n_turns);
  else if (self->n_blocks == 8)
    unpack_one_row (kind, type, self, 8, unit);
  else if (kind.group_codes == NULL)
    unpack_one_row (kind, type, self, self->n_blocks, unit);
}
