/* Heads normed and turned by their positions, in place or on the way into the KV cache.
 *
 * Roof: memory, 8 bytes an element in place, 4 and what the cache takes otherwise; of one token the launch. Angles are
 * products in double, as on the CPU, which some GPUs do at a 64th of their speed: so a block makes those of a row once, for
 * all its heads; for 4,096 tokens of 32 heads of 128 that is 8 million sines, 3 ms a layer at worst (GTX 1070).
 *
 * A warp has a head in shared memory: norms it as norm.cu does, turns it, spreads it (spread.h), and writes it in the cache's
 * form. What is written is to the bit what the CPU tiers write of the same floats. Queries, keys and values of a row share a
 * grid.
 */

#include "cuda/norm.h"
#include "cuda/operations.h"
#include "cuda/spread.h"

#define N_WARPS 4
#define BLOCK 32 /* elements that share a scale */
#define Q8_BYTES (2 + BLOCK)
#define Q4_BYTES (2 + BLOCK / 2)
/* The largest half. */
#define HALF_HIGHEST 65504.0f

/* What a launcher knows of SottoCudaHeads' host memory. */
typedef struct {
  SottoCudaHeads h;
  bool is_normed;
  SottoRopeKind kind;
  guint n_pairs;            /* 0: not turned */
  guint first;
  const double *frequencies;
  const guint8 *axes;       /* NULL: all turn by the position */
  float scale;
  bool keeps;
  SottoKvType type;
  guint8 *rows;             /* of the cache */
  gsize row_bytes;
  guint capacity;
  guint spread;
  guint n_padded;           /* floats of a head in shared memory: whole blocks */
  guint heads_per_warp;
} HeadsArguments;

/* Of the same rows: one takes the blocks of a row from its first on. */
#define MOST_TOGETHER 3

typedef struct {
  HeadsArguments of[MOST_TOGETHER];
  guint first[MOST_TOGETHER]; /* behind all blocks where there are no such heads */
} HeadsTogether;

/* --- Norming and turning --- */

/* Whole warps, each over its own. */
DEVICE void
norm_head (const HeadsArguments &a, guint index, float *head)
{
  const guint n = a.h.n_head, weight = index * a.h.weight_step;
  float mean, factor;

  norm_measure (a.h.norm, head, n, lane_index (), n, N_LANES, [] (float sum) { return warp_sum (sum); }, &mean, &factor);
  for (guint i = lane_index (); i < n; i += N_LANES)
    head[i] = norm_element (a.h.norm, head[i], mean, factor, norm_weight (a.h.norm, weight + i), weight + i);
  warp_barrier ();
}

/* What no kernel writes. */
DEVICE void
prefetch_constants (const HeadsArguments &a)
{
  const guint i = thread_index () * N_LANES;

  if (!AT_LEAST (900))
    return;
  if (a.h.norm.weight != NULL && i < a.h.n_head)
    prefetch (a.h.norm.weight + i);
  if (i / 2 < a.n_pairs)
    prefetch (a.frequencies + i / 2);
}

DEVICE void
make_angles (const HeadsArguments &a, guint position, float *cosines, float *sines)
{
  const guint32 *spot = a.axes != NULL ? a.h.spots[block_index ()].at : NULL;

  for (guint i = thread_index (); i < a.n_pairs; i += n_threads ())
    {
      const guint at = spot != NULL ? load (&spot[load (&a.axes[i])]) : position;
      double sine, cosine;

      sotto_sincos ((double) at * load (&a.frequencies[i]), &sine, &cosine);
      cosines[i] = (float) (cosine * (double) a.scale);
      sines[i] = (float) (sine * (double) a.scale);
    }
}

DEVICE void
turn (const HeadsArguments &a, const float *cosines, const float *sines, float *head)
{
  const bool is_neox = a.kind == SOTTO_ROPE_NEOX;

  for (guint i = lane_index (); i < a.n_pairs; i += N_LANES)
    {
      float *left = head + a.first + (is_neox ? i : 2 * i);
      float *right = left + (is_neox ? a.n_pairs : 1);
      const float x = *left, y = *right;

      *left = x * cosines[i] - y * sines[i];
      *right = x * sines[i] + y * cosines[i];
    }
  warp_barrier ();
}

/* --- Integers --- */

DEVICE float
between (float x, float lowest, float highest)
{
  return fminf (fmaxf (x, lowest), highest);
}

/* Bytes from -127 to 127 of a scale that is the highest magnitude's. */
DEVICE void
put_q8 (float x, guint8 *block)
{
  const float highest = warp_max (fabsf (x));
  const Half scale = float_to_half (fminf (highest / 127.0f, HALF_HIGHEST));
  const float step = half_to_float (scale);

  if (lane_index () == 0)
    *reinterpret_cast<guint16 *> (block) = scale.bits;
  block[2 + lane_index ()] = step > 0.0f ? (guint8) (gint8) round_to_int (between (x / step, -127.0f, 127.0f)) : 0;
}

/* A block by one scale, and by how much it is off: the sum of squares, in the elements' order. */
typedef struct {
  Half scale;
  int rounded;              /* the lane's element */
  float square;
  float off;
} Rounded4;

DEVICE void
round_4 (float x, float scale, Rounded4 *r)
{
  float step, difference;

  r->scale = float_to_half (between (scale, -HALF_HIGHEST, HALF_HIGHEST));
  step = half_to_float (r->scale);
  r->rounded = step != 0.0f ? round_to_int (between (x / step, -8.0f, 7.0f)) : 0;
  difference = x - (float) r->rounded * step;
  r->square = difference * difference;
  r->off = 0.0f;
}

/* The first of the elements that are as far from zero as any. */
DEVICE float
find_highest (float x)
{
  const float most = warp_max (fabsf (x));
  const guint first = warp_min (fabsf (x) == most ? lane_index () : (guint) (N_LANES - 1));
  const float highest = warp_shuffle (x, first);

  return most > 0.0f ? highest : 0.0f;
}

/* 0 to 15, of which 8 is zero; that of the largest magnitude becomes 0, or is cut to it where that serves the others better. */
DEVICE void
put_q4 (float x, guint8 *block)
{
  const float parts[3] = {-8.0f, -8.5f, -9.0f};
  const float highest = find_highest (x);
  Rounded4 rounded[3];
  Rounded4 best;
  guint own, other;

UNROLL
  for (guint k = 0; k < 3; k++)
    round_4 (x, highest / parts[k], &rounded[k]);
  for (guint i = 0; i < N_LANES; i++)
UNROLL
    for (guint k = 0; k < 3; k++)
      rounded[k].off += warp_shuffle (rounded[k].square, i);
  best = rounded[0];
UNROLL
  for (guint k = 1; k < 3; k++)
    if (rounded[k].off < best.off)
      best = rounded[k];

  own = (guint) (8 + best.rounded);
  other = warp_shuffle (own, (lane_index () + BLOCK / 2) % N_LANES);
  if (lane_index () == 0)
    *reinterpret_cast<guint16 *> (block) = best.scale.bits;
  if (lane_index () < BLOCK / 2)
    block[2 + lane_index ()] = (guint8) (own | other << 4);
}

/* --- Heads --- */

/* A padded head into its row of the cache. */
DEVICE void
keep (const HeadsArguments &a, const float *head, guint8 *row)
{
  for (guint i = 0; i < a.n_padded / BLOCK; i++)
    {
      const guint at = i * BLOCK + lane_index ();
      const float x = head[at];

      switch (a.type)
        {
        case SOTTO_KV_F32:
          reinterpret_cast<float *> (row)[at] = x;
          break;
        case SOTTO_KV_F16:
          reinterpret_cast<guint16 *> (row)[at] = float_to_half (x).bits;
          break;
        case SOTTO_KV_Q8_0:
          put_q8 (x, row + i * Q8_BYTES);
          break;
        default:
          put_q4 (x, row + i * Q4_BYTES);
          break;
        }
    }
}

DEVICE float *
find_head (const HeadsArguments &a, guint index)
{
  return a.h.heads + block_index () * a.h.stride + index * a.h.step;
}

DEVICE void
bring_head (const HeadsArguments &a, guint index, float *head)
{
  const float *source = find_head (a, index);

  for (guint i = lane_index (); i < a.n_padded; i += N_LANES)
    head[i] = i < a.h.n_head ? source[i] : 0.0f;
  warp_barrier ();
  if (a.is_normed && !a.h.turns_first)
    norm_head (a, index, head);
}

DEVICE void
leave_head (const HeadsArguments &a, guint position, guint index, const float *cosines, const float *sines, float *head)
{
  float *source = find_head (a, index);

  if (a.n_pairs > 0)
    turn (a, cosines, sines, head);
  if (a.is_normed && a.h.turns_first)
    norm_head (a, index, head);
  if (a.keeps)
    {
      warp_spread (head, a.h.n_head, a.spread);
      keep (a, head, a.rows + ((gsize) index * a.capacity + position % a.capacity) * a.row_bytes);
    }
  else
    for (guint i = lane_index (); i < a.h.n_head; i += N_LANES)
      source[i] = head[i];
  /* The next head comes where this one was. */
  warp_barrier ();
}

/* Blocks: a row, and some of its heads, of queries, keys or values. */
KERNEL (N_WARPS * N_LANES)
heads_kernel (const HeadsTogether together)
{
  const guint which = (block_index_y () >= together.first[1]) + (block_index_y () >= together.first[2]);
  const HeadsArguments &a = together.of[which];

  prefetch_constants (a);
  previous_wait ();

  SHARED_DYNAMIC (float, memory);
  float *cosines = memory;
  float *sines = memory + a.n_pairs;
  float *head = memory + 2 * a.n_pairs + warp_index () * a.n_padded;
  const guint position = load (a.h.position) + block_index ();
  const guint first = (block_index_y () - together.first[which]) * a.heads_per_warp * N_WARPS + warp_index ();

  /* The first head comes while the angles are made. */
  if (first < a.h.n_heads)
    bring_head (a, first, head);
  make_angles (a, position, cosines, sines);
  block_barrier ();
  for (guint i = 0; i < a.heads_per_warp; i++)
    {
      const guint index = first + i * N_WARPS;

      if (index >= a.h.n_heads)
        break;
      if (i > 0)
        bring_head (a, index, head);
      leave_head (a, position, index, cosines, sines, head);
    }
}

static void
take_rope (const SottoRope *rope, gboolean is_long, HeadsArguments *a)
{
  const gboolean takes_long = is_long && rope->long_frequencies != NULL;

  a->kind = rope->kind;
  a->n_pairs = rope->n_pairs;
  a->first = rope->first;
  a->frequencies = takes_long ? rope->long_frequencies : rope->frequencies;
  a->scale = takes_long ? rope->long_scale : rope->scale;
}

static void
take_cache (const SottoCudaCache *cache, gboolean is_value, HeadsArguments *a)
{
  a->keeps = true;
  a->type = cache->type;
  a->rows = is_value ? cache->values : cache->keys;
  a->row_bytes = is_value ? cache->value_bytes : cache->key_bytes;
  a->capacity = cache->capacity;
  a->spread = is_value ? spread_of_values (cache) : spread_of_keys (cache);
}

static HeadsArguments
prepare (const SottoCudaHeads *heads)
{
  HeadsArguments a = {};

  a.h = *heads;
  a.is_normed = norm_is_there (heads->norm);
  if (heads->rope != NULL)
    take_rope (heads->rope, heads->is_long, &a);
  if (heads->rope != NULL && heads->spots != NULL)
    a.axes = heads->rope->axes;
  if (heads->cache != NULL)
    take_cache (heads->cache, heads->is_value, &a);
  a.n_padded = ceil_divide (heads->n_head, BLOCK) * BLOCK;
  a.heads_per_warp = heads->n_rows > SOTTO_CUDA_FEW ? 4 : 1;
  return a;
}

/* As many as share a grid. Returns: those behind */
static const SottoCudaHeads *
prepare_some (const SottoCudaHeads *heads, HeadsTogether *together, Shape *shape)
{
  shape->n_blocks = heads->n_rows;
  shape->n_threads = N_WARPS * N_LANES;
  for (guint i = 0; i < MOST_TOGETHER; i++)
    {
      const HeadsArguments &a = together->of[i];
      gsize n_bytes;

      together->first[i] = heads != NULL ? shape->n_blocks_y : G_MAXUINT32;
      if (heads == NULL)
        continue;
      together->of[i] = prepare (heads);
      n_bytes = ((gsize) 2 * a.n_pairs + (gsize) N_WARPS * a.n_padded) * sizeof (float);
      shape->n_blocks_y += ceil_divide (heads->n_heads, N_WARPS * a.heads_per_warp);
      shape->shared_bytes = n_bytes > shape->shared_bytes ? n_bytes : shape->shared_bytes;
      heads = heads->next;
    }
  return heads;
}

gboolean
sotto_cuda_heads (SottoCudaDevice *self, const SottoCudaHeads *arguments)
{
  while (arguments != NULL)
    {
      HeadsTogether together = {};
      Shape shape = {};

      arguments = prepare_some (arguments, &together, &shape);
      if (shape.shared_bytes > device_facts (self)->shared_bytes)
        return device_refuse (self, "heads are too long");
      if (!launch (self, "heads", shape, heads_kernel, together))
        return FALSE;
    }
  return TRUE;
}
