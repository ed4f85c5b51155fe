#pragma once

/* What products of many rows share, whatever multiplies them (multiply-many.cu, multiply-hopper.cu): weights that become halves, which
 * rows are a block's, and how its sums become rows of y. */

#include "cuda/codes.h"
#include "cuda/halves.h"
#include "cuda/multiply.h"

#define N_TOGETHER 8      /* rows of y that are read before they are written */

/* --- Weights as halves: a thread makes one unit --- */

/* 32 columns, two in a word. */
typedef struct {
  guint32 words[UNIT / 2];
} Halves;

/* Bytes of a word as floats: what is put under the exponent of 2^23 is that much more, and exactly so. To turn integers into
 * floats takes four times as long, and there are more of them than anything else. */
DEVICE void
floats_of_bytes (guint32 word, float x[4])
{
  const guint32 raised = word ^ 0x80808080u;

UNROLL
  for (guint i = 0; i < 4; i++)
    x[i] = from_bits<float> (select_bytes (raised, 0x4b000000u, 0x7440u | i)) - (8388608.0f + 128.0f);
}

/* Floats as a type. */
template <SottoBlockType T>
struct Plain {
  static constexpr SottoBlockType TYPE = T;
};

/* Behind the last column are zeros. */
template <typename T>
DEVICE Codes
bring_weights (T type, const Row &row, guint unit, guint n_columns)
{
  const bool is_there = unit * UNIT < n_columns;
  Codes codes;

  load_codes (type, row, is_there ? unit : 0, &codes);
UNROLL
  for (guint i = 0; i < 2; i++)
    {
      codes.scales[i] = is_there ? codes.scales[i] : 0.0f;
      codes.offsets[i] = is_there ? codes.offsets[i] : 0.0f;
    }
  return codes;
}

/* Rows are filled up to 16 bytes with zeros. */
template <SottoBlockType T>
DEVICE Halves
bring_weights (Plain<T>, const Row &row, guint unit, guint n_columns)
{
  constexpr guint N = T == SOTTO_BLOCK_F32 ? 4 : 8; /* columns of 16 bytes */
  Halves halves;

UNROLL
  for (guint i = 0; i < UNIT / N; i++)
    {
      guint32 *to = halves.words + i * N / 2;
      guint32 four[4] = {};

      if (unit * UNIT + i * N < n_columns)
        words_at (row.data + (unit * (UNIT / N) + i) * 16, four);
UNROLL
      for (guint j = 0; j < 4; j++)
        {
          if constexpr (T == SOTTO_BLOCK_F16)
            to[j] = four[j];
          else if constexpr (T == SOTTO_BLOCK_BF16)
            to[j] = halves_pack (bfloat_to_float ((guint16) four[j]), bfloat_to_float ((guint16) (four[j] >> 16)));
          else if (j % 2 == 0)
            to[j / 2] = halves_pack (from_bits<float> (four[j]), from_bits<float> (four[j + 1]));
        }
    }
  return halves;
}

/* Columns 8 i … 8 i + 7 of a unit */
DEVICE Words4
chunk_of (const Codes &codes, guint i)
{
  const float scale = codes.scales[i / 2], offset = codes.offsets[i / 2];
  float x[CHUNK];

  floats_of_bytes (codes.words[2 * i], x);
  floats_of_bytes (codes.words[2 * i + 1], x + 4);
UNROLL
  for (guint j = 0; j < CHUNK; j++)
    x[j] = fused (scale, x[j], -offset);
  return {halves_pack (x[0], x[1]), halves_pack (x[2], x[3]), halves_pack (x[4], x[5]), halves_pack (x[6], x[7])};
}

DEVICE Words4
chunk_of (const Halves &halves, guint i)
{
  return {halves.words[4 * i], halves.words[4 * i + 1], halves.words[4 * i + 2], halves.words[4 * i + 3]};
}

/* --- The block's rows of y --- */

typedef struct {
  guint matrix;
  guint first;              /* of the rows of this matrix */
  guint n;                  /* of this matrix in all */
} Group;

/* Of sorted rows: a grid of as many blocks for each matrix as all rows would need is mostly blocks that do nothing: of 512
 * rows with eight of 128 experts each, sixty for one that does. So blocks are numbered matrix after matrix, and each looks where it
 * is. */
DEVICE Group
find_sorted_group (const SottoCudaMultiply &m, guint n_rows)
{
  guint block = block_index_y ();

  for (guint first = 0; first < m.weight.n_matrices; first += N_LANES)
    {
      const guint matrix = first + lane_index ();
      const guint n = matrix < m.weight.n_matrices ? load (&m.starts[matrix + 1]) - load (&m.starts[matrix]) : 0;
      const guint n_blocks = (n + n_rows - 1) / n_rows;
      guint end = n_blocks; /* of this lane's blocks and those before */
      guint lane;

UNROLL
      for (guint distance = 1; distance < N_LANES; distance *= 2)
        {
          const guint before = warp_shuffle (end, (lane_index () - distance) % N_LANES);

          end += lane_index () >= distance ? before : 0;
        }
      lane = warp_min (block < end ? lane_index () : (guint) N_LANES);
      if (lane < N_LANES)
        return {first + lane, (block - warp_shuffle (end - n_blocks, lane)) * n_rows, warp_shuffle (n, lane)};
      block -= warp_shuffle (end, N_LANES - 1);
    }
  return {};
}

/* Nothing where first is no less than n. */
DEVICE Group
find_group (const SottoCudaMultiply &m, guint n_rows)
{
  if (m.order != NULL)
    return find_sorted_group (m, n_rows);

  const guint matrix = block_index_z ();

  return {matrix, block_index_y () * n_rows, (m.n_rows + m.weight.n_matrices - 1 - matrix) / m.weight.n_matrices};
}

/* Row of y that is the group's row i; the last one again behind its end. */
DEVICE guint
row_of_group (const SottoCudaMultiply &m, const Group &group, guint i)
{
  i = group.first + i < group.n ? group.first + i : group.n - 1;
  return m.order != NULL ? m.order[m.starts[group.matrix] + i] : i * m.weight.n_matrices + group.matrix;
}

/* --- What a warp leaves --- */

/* What becomes of a lane's sums, of every N_LANES-th row of the weight from its own on. */
template <guint N_OWN>
struct Finish {
  float factor;
  float bias[N_OWN];
};

template <guint N_OWN>
DEVICE Finish<N_OWN>
find_finish (const SottoCudaMultiply &m, const Group &group, guint first_w)
{
  Finish<N_OWN> finish;

  finish.factor = m.weight.scales != NULL ? load (&m.weight.scales[group.matrix]) : 1.0f;
UNROLL
  for (guint i = 0; i < N_OWN; i++)
    {
      const guint w = first_w + i * N_LANES + lane_index ();

      finish.bias[i] = 0.0f;
      if (m.weight.bias != NULL && w < m.weight.n_rows)
        finish.bias[i] = load (&m.weight.bias[(gsize) group.matrix * m.weight.n_rows + w]);
    }
  return finish;
}

/* As many rows of y as there are lanes, from the group's row first on, whose sums lie in shared memory, PITCH floats from row to
 * row. */
template <guint N_OWN, guint PITCH>
DEVICE void
leave_rows (const SottoCudaMultiply &m,
            const Group             &group,
            const Finish<N_OWN>     &finish,
            guint                    first_w,
            guint                    first,
            const float             *own)
{
  const guint lane = lane_index ();
  const guint n = group.first + first < group.n ? group.n - group.first - first : 0;
  const guint lane_row = row_of_group (m, group, first + lane);
  const float lane_scale = load (&m.x.row_scales[lane_row / m.rows_per_x]);
  const auto is_there = [&] (guint t, guint i) { return t < n && first_w + i * N_LANES + lane < m.weight.n_rows; };

  for (guint r = 0; r < N_LANES; r += N_TOGETHER)
    {
      float before[N_TOGETHER][N_OWN];
      float *y[N_TOGETHER];
      float scale[N_TOGETHER];

UNROLL
      for (guint t = 0; t < N_TOGETHER; t++)
        {
          y[t] = m.y + (gsize) warp_shuffle (lane_row, r + t) * m.y_stride + first_w + lane;
          scale[t] = warp_shuffle (lane_scale, r + t);
UNROLL
          for (guint i = 0; i < N_OWN; i++)
            before[t][i] = m.add && is_there (r + t, i) ? y[t][i * N_LANES] : 0.0f;
        }
UNROLL
      for (guint t = 0; t < N_TOGETHER; t++)
UNROLL
        for (guint i = 0; i < N_OWN; i++)
          {
            float sum = own[(r + t) * PITCH + i * N_LANES + lane] * scale[t];

            if (m.weight.scales != NULL)
              sum *= finish.factor;
            if (m.weight.bias != NULL)
              sum += finish.bias[i];
            sum *= m.scale;
            if (is_there (r + t, i))
              y[t][i * N_LANES] = m.add ? before[t][i] + sum : sum;
          }
    }
}

/* --- Launches --- */

/* Once for each type of weights. */
#define FOR_EACH_OF_MANY(each) \
  FOR_EACH_QUANTISED (each) each (Plain<SOTTO_BLOCK_F32>) each (Plain<SOTTO_BLOCK_F16>) each (Plain<SOTTO_BLOCK_BF16>)

/* @n_weights: rows of the weight that a block takes; @n: and of y */
static inline void
share_many (const SottoCudaMultiply *m, guint n_weights, guint n, Shape *shape)
{
  const guint n_matrices = m->weight.n_matrices;

  shape->n_blocks = ceil_divide (m->weight.n_rows, n_weights);
  /* Of sorted rows each matrix that is chosen has one block at most that is not full. */
  if (m->order != NULL)
    {
      shape->n_blocks_y = m->n_rows / n + (n_matrices < m->n_rows ? n_matrices : m->n_rows);
      return;
    }
  shape->n_blocks_y = ceil_divide (ceil_divide (m->n_rows, n_matrices), n);
  shape->n_blocks_z = n_matrices;
}
