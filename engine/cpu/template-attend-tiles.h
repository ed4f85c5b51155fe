/* Softmax attention of many queries on Intel's matrix unit (AMX-BF16), behind lanes-avx512.h,
 * template-math.h and template-keys.h.
 *
 * Queries, keys, weights and values are split into two numbers of 8 bits of mantissa (bfloat16), high + low, whose
 * products high * high, low * high and high * low are summed in floats: of what halves hold nothing is lost, of
 * floats what is below 2^-17. A chunk is weighed at once: no sum needs to be corrected within it. A query's
 * result does not depend on those beside it: keys that it does not see count nothing.
 *
 * The unit multiplies pairs: two elements of a head that stand 16 apart, or two such keys. */

#define ATTEND_ROWS 32  /* queries that are multiplied together */
#define ATTEND_BLOCK 32 /* elements of a head, or keys: what one product goes through */
#define ATTEND_CHUNK_BLOCKS (SOTTO_ATTEND_CHUNK / ATTEND_BLOCK)
#define ATTEND_PLANES (2 * TILE_BYTES)            /* bytes of a tile, high and low */
#define SCORES_STRIDE (SOTTO_ATTEND_CHUNK + 16)   /* rows that do not fall on the same cache lines */

/* Where things lie in the scratch; sotto_kernels_scratch() is the other side of this. */
typedef struct {
  float *floats;      /* a tile of keys and values, where they are neither halves nor floats */
  guint8 *keys;       /* (16, n_key_blocks) tiles: 16 keys by a block */
  guint8 *values;     /* (n_value_tiles, ATTEND_CHUNK_BLOCKS) tiles: 16 elements by a block of keys */
  guint8 *queries;    /* (2, n_key_blocks) tiles */
  guint8 *weights;    /* (2, ATTEND_CHUNK_BLOCKS) tiles */
  float *scores;      /* (ATTEND_ROWS, SCORES_STRIDE) */
  float *sums;        /* (ATTEND_ROWS, value_stride) */
  guint n_key_blocks;
  guint n_value_tiles;
} AttendRoom;

static AttendRoom
attend_room (const SottoAttendKeys *head, void *scratch)
{
  guint n_head = MAX ((guint) sotto_cache_count_blocks (head->n_key) * SOTTO_CACHE_BLOCK, head->value_stride);
  AttendRoom room = {
    .floats = scratch,
    .n_key_blocks = (guint) sotto_cache_count_blocks (head->n_key),
    .n_value_tiles = head->value_stride / TILE_ROWS,
  };

  room.keys = (guint8 *) (room.floats + (gsize) (2 * SOTTO_ATTEND_TILE + SOTTO_KEY_TILE) * n_head);
  room.values = room.keys + (gsize) SOTTO_ATTEND_CHUNK / SOTTO_KEY_TILE * room.n_key_blocks * ATTEND_PLANES;
  room.queries = room.values + (gsize) room.n_value_tiles * ATTEND_CHUNK_BLOCKS * ATTEND_PLANES;
  room.weights = room.queries + (gsize) 2 * room.n_key_blocks * ATTEND_PLANES;
  room.scores = (float *) (gpointer) (room.weights + 2 * ATTEND_CHUNK_BLOCKS * ATTEND_PLANES);
  room.sums = room.scores + ATTEND_ROWS * SCORES_STRIDE;
  return room;
}

/* Sixteen pairs: a row of a tile's high numbers, and of its low ones TILE_BYTES behind. 0xf8: a | (b & c) */
G_ALWAYS_INLINE static inline void
split_pairs (Lanes a, Lanes b, guint8 *row)
{
  const __m512i half = _mm512_set1_epi32 (0x8000);
  const __m512i upper = _mm512_set1_epi32 ((gint32) 0xffff0000);
  __m512i high_a = _mm512_and_si512 (_mm512_add_epi32 (_mm512_castps_si512 (a), half), upper);
  __m512i high_b = _mm512_and_si512 (_mm512_add_epi32 (_mm512_castps_si512 (b), half), upper);
  __m512i low_a = _mm512_castps_si512 (lanes_subtract (a, _mm512_castsi512_ps (high_a)));
  __m512i low_b = _mm512_castps_si512 (lanes_subtract (b, _mm512_castsi512_ps (high_b)));

  low_a = _mm512_srli_epi32 (_mm512_add_epi32 (low_a, half), 16);
  low_b = _mm512_add_epi32 (low_b, half);
  _mm512_store_si512 (row, _mm512_or_si512 (_mm512_srli_epi32 (high_a, 16), high_b));
  _mm512_store_si512 (row + TILE_BYTES, _mm512_ternarylogic_epi32 (low_a, low_b, upper, 0xf8));
}

/* --- Operands --- */

static inline Lanes
element_or_zero (const AttendTile *tile, const guint8 *source, guint d, guint n, gsize stride)
{
  return d < n ? load_elements (tile->type, source, d * stride) : lanes_all (0.0f);
}

/* A tile of SOTTO_ATTEND_TILE keys, which begins at key number first of the chunk. */
static void
pack_keys (const AttendRoom *room, const AttendTile *tile, guint n_key, guint first)
{
  guint n = tile->end - tile->first;

  for (guint i = 0; i * SOTTO_KEY_TILE < n; i++)
    {
      const guint8 *source = tile->keys + i * tile->key_tile_bytes;
      guint8 *to = room->keys
                   + (gsize) (first / SOTTO_KEY_TILE + i) * room->n_key_blocks * ATTEND_PLANES;

      for (guint d = 0; d < n_key; d += ATTEND_BLOCK, to += ATTEND_PLANES)
        for (guint j = 0; j < 16; j++)
          split_pairs (element_or_zero (tile, source, d + j, n_key, SOTTO_KEY_TILE),
                       element_or_zero (tile, source, d + j + 16, n_key, SOTTO_KEY_TILE), to + j * 64);
    }
}

/* Values of keys that are not there are zero: their weights are, too, but zero times anything is not. */
static void
pack_values (const AttendRoom *room, const AttendTile *tile, guint first)
{
  guint n = tile->end - tile->first;

  for (guint k = 0; k < n; k += ATTEND_BLOCK)
    for (guint j = 0; j < 16; j++)
      {
        const guint8 *a = tile->values + (k + j) * tile->value_bytes;
        const guint8 *b = a + 16 * tile->value_bytes;
        guint8 *to = room->values + (gsize) (first + k) / ATTEND_BLOCK * ATTEND_PLANES + j * 64;

        for (guint i = 0; i < room->n_value_tiles; i++, to += ATTEND_CHUNK_BLOCKS * ATTEND_PLANES)
          split_pairs (k + j < n ? load_elements (tile->type, a, i * 16) : lanes_all (0.0f),
                       k + j + 16 < n ? load_elements (tile->type, b, i * 16) : lanes_all (0.0f), to);
      }
}

static void
pack_queries (const AttendRoom *room, const SottoQuery *queries, guint n_queries, guint n_key)
{
  for (guint i = 0; i < ATTEND_ROWS; i++)
    for (guint block = 0; block < room->n_key_blocks; block++)
      {
        guint8 *to = room->queries
                     + ((gsize) i / 16 * room->n_key_blocks + block) * ATTEND_PLANES + i % 16 * 64;
        Lanes parts[2] = { lanes_all (0.0f), lanes_all (0.0f) };

        for (guint half = 0; half < 2 && i < n_queries; half++)
          {
            guint d = block * ATTEND_BLOCK + half * 16;

            if (d < n_key)
              parts[half] = lanes_multiply (lanes_load_up_to (queries[i].vector + d, n_key - d),
                                            lanes_all (queries[i].scale));
          }
        split_pairs (parts[0], parts[1], to);
      }
}

/* --- Products --- */

/* What the registers hold: sums of two tiles of rows by two of columns, both operands' tiles. */
#define SUM_00 0
#define SUM_01 1
#define SUM_10 2
#define SUM_11 3
#define LEFT_0 4
#define LEFT_1 5
#define RIGHT_0 6
#define RIGHT_1 7

/* ATTEND_ROWS by 32 columns: the tiles of the second 16 lie left_stride and right_stride behind the first. */
G_ALWAYS_INLINE static inline void
multiply_split (const guint8 *left,
                gsize         left_stride,
                const guint8 *right,
                gsize         right_stride,
                guint         n_blocks,
                float        *to,
                gsize         to_stride)
{
  _tile_zero (SUM_00);
  _tile_zero (SUM_01);
  _tile_zero (SUM_10);
  _tile_zero (SUM_11);
  for (guint i = 0; i < n_blocks; i++, left += ATTEND_PLANES, right += ATTEND_PLANES)
    {
      _tile_loadd (LEFT_0, left + TILE_BYTES, 64);
      _tile_loadd (RIGHT_0, right, 64);
      _tile_dpbf16ps (SUM_00, LEFT_0, RIGHT_0);
      _tile_loadd (RIGHT_1, right + right_stride, 64);
      _tile_dpbf16ps (SUM_01, LEFT_0, RIGHT_1);
      _tile_loadd (LEFT_1, left + left_stride + TILE_BYTES, 64);
      _tile_dpbf16ps (SUM_10, LEFT_1, RIGHT_0);
      _tile_dpbf16ps (SUM_11, LEFT_1, RIGHT_1);
      _tile_loadd (LEFT_0, left, 64);
      _tile_dpbf16ps (SUM_00, LEFT_0, RIGHT_0);
      _tile_dpbf16ps (SUM_01, LEFT_0, RIGHT_1);
      _tile_loadd (LEFT_1, left + left_stride, 64);
      _tile_dpbf16ps (SUM_10, LEFT_1, RIGHT_0);
      _tile_dpbf16ps (SUM_11, LEFT_1, RIGHT_1);
      _tile_loadd (RIGHT_0, right + TILE_BYTES, 64);
      _tile_dpbf16ps (SUM_00, LEFT_0, RIGHT_0);
      _tile_dpbf16ps (SUM_10, LEFT_1, RIGHT_0);
      _tile_loadd (RIGHT_1, right + right_stride + TILE_BYTES, 64);
      _tile_dpbf16ps (SUM_01, LEFT_0, RIGHT_1);
      _tile_dpbf16ps (SUM_11, LEFT_1, RIGHT_1);
    }
  _tile_stored (SUM_00, to, to_stride * sizeof (float));
  _tile_stored (SUM_01, to + 16, to_stride * sizeof (float));
  _tile_stored (SUM_10, to + 16 * to_stride, to_stride * sizeof (float));
  _tile_stored (SUM_11, to + 16 * to_stride + 16, to_stride * sizeof (float));
}

/* Keys first … end - 1 of the chunk, whole blocks. */
static void
multiply_keys (const AttendRoom *room, guint first, guint end)
{
  gsize tile = (gsize) room->n_key_blocks * ATTEND_PLANES;

  for (guint k = first; k < end; k += ATTEND_BLOCK)
    multiply_split (room->queries, tile, room->keys + k / SOTTO_KEY_TILE * tile, tile,
                    room->n_key_blocks, room->scores + k, SCORES_STRIDE);
}

static void
multiply_values (const AttendRoom *room, guint first, guint end)
{
  gsize tile = ATTEND_CHUNK_BLOCKS * ATTEND_PLANES;
  gsize begin = (gsize) first / ATTEND_BLOCK * ATTEND_PLANES;

  for (guint i = 0; i < room->n_value_tiles; i += 2)
    multiply_split (room->weights + begin, tile, room->values + i * tile + begin, tile,
                    (end - first) / ATTEND_BLOCK, room->sums + i * 16,
                    (gsize) room->n_value_tiles * 16);
}

/* --- Weights --- */

/* Lanes of keys i … i + 15 that lie from begin to end - 1. */
static inline __mmask16
seen_lanes (guint i, guint begin, guint end)
{
  guint from = begin > i ? MIN (begin - i, 16) : 0;
  guint to = end > i ? MIN (end - i, 16) : 0;

  return (__mmask16) (((1u << to) - 1) & ~((1u << from) - 1));
}

/* Keys first … end - 1, whole blocks, of which query number row sees begin to seen - 1: its scores become
 * weights. */
static void
weigh_keys (const AttendRoom      *room,
            const SottoAttendKeys *head,
            const SottoQuery      *query,
            guint                  row,
            guint                  first,
            guint                  end,
            SottoPartial          *partial)
{
  guint first_key = head->first_key;
  guint begin = MAX (query->first, first_key) - first_key;
  guint seen = MAX (query->end, first_key) - first_key;
  float *scores = room->scores + row * SCORES_STRIDE;
  guint8 *weights = room->weights + (gsize) row / 16 * ATTEND_CHUNK_BLOCKS * ATTEND_PLANES
                    + row % 16 * 64;
  Lanes most = lanes_all (-INFINITY);
  Lanes sum = lanes_all (0.0f);

  for (guint i = first; i < end; i += LANES)
    {
      Lanes v = lanes_load (scores + i);

      if (head->soft_cap > 0.0f)
        v = lanes_cap_scores (v, head->soft_cap);
      if (query->slope != 0.0f)
        {
          gint distance = (gint) (first_key + i) - (gint) query->position;
          __m512i distances = _mm512_add_epi32 (_mm512_set1_epi32 (distance),
                                                _mm512_setr_epi32 (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
                                                                   11, 12, 13, 14, 15));

          v = lanes_add (v, lanes_multiply (lanes_all (query->slope), _mm512_cvtepi32_ps (distances)));
        }
      v = _mm512_mask_blend_ps (seen_lanes (i, begin, seen), lanes_all (-INFINITY), v);
      lanes_store (scores + i, v);
      most = lanes_maximum (most, v);
    }
  partial->highest = begin < MIN (seen, end) && seen > first ? lanes_highest (most) : -INFINITY;
  most = lanes_all (partial->highest);
  for (guint i = first; i < end; i += ATTEND_BLOCK)
    {
      Lanes a = lanes_all (0.0f);
      Lanes b = lanes_all (0.0f);

      if (partial->highest > -INFINITY)
        {
          a = lanes_weigh (lanes_subtract (lanes_load (scores + i), most));
          b = lanes_weigh (lanes_subtract (lanes_load (scores + i + LANES), most));
        }
      sum = lanes_add (sum, lanes_add (a, b));
      split_pairs (a, b, weights + i / ATTEND_BLOCK * ATTEND_PLANES);
    }
  partial->sum = lanes_sum (sum);
}

/* --- All of it --- */

/* The keys of a chunk that some of the queries see, in whole blocks. */
static gboolean
find_seen (const SottoAttendKeys *head, const SottoQuery *queries, guint n_queries, guint *first, guint *end)
{
  guint least = head->end_key;
  guint most = head->first_key;

  for (guint i = 0; i < n_queries; i++)
    if (queries[i].first < MIN (queries[i].end, head->end_key) && queries[i].end > head->first_key)
      {
        least = MIN (least, MAX (queries[i].first, head->first_key));
        most = MAX (most, MIN (queries[i].end, head->end_key));
      }
  *first = (least - head->first_key) / ATTEND_BLOCK * ATTEND_BLOCK;
  *end = (most - head->first_key + ATTEND_BLOCK - 1) / ATTEND_BLOCK * ATTEND_BLOCK;
  return least < most;
}

static void
attend_rows (const AttendRoom      *room,
             const SottoAttendKeys *head,
             guint                  n_queries,
             const SottoQuery      *queries,
             SottoPartial          *partials)
{
  guint first;
  guint end;

  if (!find_seen (head, queries, n_queries, &first, &end))
    {
      clear_partials (partials, n_queries, head->value_stride);
      return;
    }
  pack_queries (room, queries, n_queries, head->n_key);
  tile_barrier ();
  multiply_keys (room, first, end);
  for (guint i = 0; i < n_queries; i++)
    weigh_keys (room, head, &queries[i], i, first, end, &partials[i]);
  tile_barrier ();
  multiply_values (room, first, end);
  for (guint i = 0; i < n_queries; i++)
    memcpy (partials[i].value, room->sums + (gsize) i * head->value_stride,
            head->value_stride * sizeof (float));
}

static void
attend_in_tiles (const SottoAttendKeys *head,
                 guint                  n_queries,
                 const SottoQuery      *queries,
                 SottoPartial          *partials,
                 void                  *scratch)
{
  AttendRoom room = attend_room (head, scratch);
  gboolean in_place = head->values != NULL && (head->type == SOTTO_KV_F32 || head->type == SOTTO_KV_F16);
  guint first;
  guint end;

  if (find_seen (head, queries, n_queries, &first, &end))
    for (guint k = first / SOTTO_ATTEND_TILE * SOTTO_ATTEND_TILE; k < end; k += SOTTO_ATTEND_TILE)
      {
        AttendTile tile = tile_at (head, k);

        if (!in_place)
          unpack_tile (head, room.floats, &tile);
        pack_keys (&room, &tile, head->n_key, k);
        pack_values (&room, &tile, k);
      }
  shape_tiles ();
  for (guint i = 0; i < n_queries; i += ATTEND_ROWS)
    attend_rows (&room, head, MIN (n_queries - i, ATTEND_ROWS), queries + i, partials + i);
  _tile_release ();
}
