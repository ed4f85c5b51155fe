/* Rows of tables: tokens' embeddings, and those of positions.
 *
 * Roof: memory, and of that hardly any: a row of 4,096 columns of Q4_K is 2.3 KB in and 16 KB out. It is the launch that
 * costs.
 *
 * A column is what multiply*.cu take it for, scale * code - offset, rounded as format/ rounds it; then times the table's
 * scale, times that of the step, plus position, plus addend, in this order, as on the CPU. Where others have written the rows
 * that stand in for the table's, positions alone are added.
 */

#include "cuda/codes.h"
#include "cuda/multiply.h"

#define N_THREADS 128

typedef struct {
  SottoCudaWeight table;
  guint n_blocks;           /* of a row */
  const gint32 *tokens;     /* NULL: the row is that of the position */
  const guint32 *position;
  const float *addend;
  float scale;
  float *y;
  bool add;                 /* to what is there */
} EmbedArguments;

template <SottoBlockType T>
struct Unquantised {
  static constexpr SottoBlockType TYPE = T;
};

typedef Unquantised<SOTTO_BLOCK_F32> F32;
typedef Unquantised<SOTTO_BLOCK_F16> F16;
typedef Unquantised<SOTTO_BLOCK_BF16> BF16;

/* Columns that a thread makes of a type. */
template <typename T> struct ColumnsOf { static constexpr guint N = UNIT; };
template <SottoBlockType T> struct ColumnsOf<Unquantised<T>> { static constexpr guint N = 1; };

DEVICE void
read_columns (F32, const Row &row, guint column, float *x)
{
  x[0] = load (reinterpret_cast<const float *> (row.data) + column);
}

DEVICE void
read_columns (F16, const Row &row, guint column, float *x)
{
  x[0] = half_to_float (load (reinterpret_cast<const Half *> (row.data) + column));
}

DEVICE void
read_columns (BF16, const Row &row, guint column, float *x)
{
  x[0] = bfloat_to_float (load (reinterpret_cast<const guint16 *> (row.data) + column));
}

template <typename T>
DEVICE void
read_columns (T, const Row &row, guint unit, float *x)
{
  Codes codes;

  load_codes (T (), row, unit, &codes);
UNROLL
  for (guint i = 0; i < UNIT; i++)
    {
      x[i] = codes.scales[i / 16] * (float) (gint8) (codes.words[i / 4] >> 8 * (i % 4));
      if constexpr (T::HAS_OFFSETS)
        x[i] -= codes.offsets[i / 16];
    }
}

/* Tokens that the table lacks have its last row. */
template <typename T>
KERNEL (N_THREADS)
embed_kernel (const EmbedArguments a)
{
  previous_wait ();

  constexpr guint N = ColumnsOf<T>::N;
  const guint row = block_index_y ();
  const guint first = block_index () * N_THREADS + thread_index ();
  const guint wanted = a.tokens != NULL ? (guint) load (&a.tokens[row]) : load (a.position) + row;
  const guint there = wanted < a.table.n_rows ? wanted : a.table.n_rows - 1;
  const Row source = {static_cast<const guint8 *> (a.table.data) + there * a.table.row_bytes, a.n_blocks};
  float *y = a.y + (gsize) row * a.table.n_columns;
  float x[N];

  if (first * N >= a.table.n_columns)
    return;
  read_columns (T (), source, first, x);
UNROLL
  for (guint i = 0; i < N; i++)
    {
      const guint column = first * N + i;
      float value = x[i];

      if (a.table.scales != NULL)
        value *= load (a.table.scales);
      value *= a.scale;
      if (a.add)
        value = y[column] + value;
      if (a.addend != NULL)
        value += load (&a.addend[column]);
      y[column] = value;
    }
}

template <typename T>
static gboolean
embed_of (SottoCudaDevice *self, const EmbedArguments *arguments, guint n_rows)
{
  Shape shape = {};

  shape.n_blocks = ceil_divide (arguments->table.n_columns, N_THREADS * ColumnsOf<T>::N);
  shape.n_blocks_y = n_rows;
  shape.n_threads = N_THREADS;
  return launch (self, "embed", shape, embed_kernel<T>, *arguments);
}

static gboolean
embed (SottoCudaDevice *self, EmbedArguments *arguments, guint n_rows)
{
  arguments->n_blocks = arguments->table.n_columns / block_columns (arguments->table.type);
  switch (arguments->table.type)
    {
#define CASE(T)  \
    case T::TYPE: \
      return embed_of<T> (self, arguments, n_rows);
      CASE (F32)
      CASE (F16)
      CASE (BF16)
      FOR_EACH_QUANTISED (CASE)
#undef CASE
    default:
      return device_refuse (self, "no table of that type");
    }
}

gboolean
sotto_cuda_embed (SottoCudaDevice *self, const SottoCudaEmbed *arguments)
{
  const gboolean has_positions = sotto_weight_is_there (&arguments->positions);
  EmbedArguments a = {};

  a.table = arguments->table;
  a.tokens = arguments->tokens;
  a.position = arguments->position;
  a.addend = has_positions ? NULL : arguments->addend;
  a.scale = arguments->scale;
  a.y = arguments->y;
  if (arguments->is_written && !has_positions && arguments->addend != NULL)
    return device_refuse (self, "no rows beside an addend");
  if (!arguments->is_written && !embed (self, &a, arguments->n_rows))
    return FALSE;
  if (!has_positions)
    return TRUE;

  a.table = arguments->positions;
  a.tokens = NULL;
  a.addend = arguments->addend;
  a.scale = 1.0f;
  a.add = true;
  return embed (self, &a, arguments->n_rows);
}
