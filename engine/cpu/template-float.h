/* The kernels on floats, written over Lanes: a tier's file includes its lanes-*.h, then this.
 *
 * Sums keep sixteen partial sums, by column modulo 16, added in lanes_sum()'s order. */

static inline Lanes
lanes_load_part (const float *source, guint n)
{
  float part[LANES] = { 0 };

  memcpy (part, source, n * sizeof *part);
  return lanes_load (part);
}

static inline Lanes
lanes_exp (Lanes x)
{
  Lanes bounded = lanes_minimum (lanes_all (SOTTO_EXP_HIGHEST), x);
  Lanes rounder = lanes_all (SOTTO_ROUNDER);
  Lanes shifted = lanes_add (lanes_multiply (bounded, lanes_all (SOTTO_EXP_LOG2E)), rounder);
  Lanes k = lanes_subtract (shifted, rounder);
  Lanes r = lanes_subtract (bounded, lanes_multiply (k, lanes_all (SOTTO_EXP_LN2_HIGH)));
  Lanes sum = lanes_all (SOTTO_EXP_C7);

  r = lanes_subtract (r, lanes_multiply (k, lanes_all (SOTTO_EXP_LN2_LOW)));
  sum = lanes_add (lanes_multiply (sum, r), lanes_all (SOTTO_EXP_C6));
  sum = lanes_add (lanes_multiply (sum, r), lanes_all (SOTTO_EXP_C5));
  sum = lanes_add (lanes_multiply (sum, r), lanes_all (SOTTO_EXP_C4));
  sum = lanes_add (lanes_multiply (sum, r), lanes_all (SOTTO_EXP_C3));
  sum = lanes_add (lanes_multiply (sum, r), lanes_all (0.5f));
  sum = lanes_add (lanes_multiply (sum, r), lanes_all (1.0f));
  sum = lanes_add (lanes_multiply (sum, r), lanes_all (1.0f));
  return lanes_zero_below (lanes_multiply (sum, lanes_power (shifted)), x, SOTTO_EXP_LOWEST);
}

static inline Lanes
lanes_activate (SottoActivation activation, Lanes x)
{
  Lanes inner = x;

  if (activation == SOTTO_ACTIVATION_GELU)
    {
      Lanes cube = lanes_multiply (
        lanes_multiply (lanes_multiply (lanes_all (SOTTO_GELU_CUBIC), x), x), x);

      inner = lanes_multiply (lanes_add (x, cube), lanes_all (SOTTO_GELU_LINEAR));
    }
  return lanes_divide (
    x, lanes_add (lanes_all (1.0f), lanes_exp (lanes_subtract (lanes_all (-0.0f), inner))));
}

static void
kernel_norm (const float *x, const float *weight, float epsilon, guint n, float *y)
{
  Lanes squares = lanes_all (0.0f);
  Lanes scale;
  guint i;

  for (i = 0; i + LANES <= n; i += LANES)
    squares = lanes_add (squares, lanes_multiply (lanes_load (x + i), lanes_load (x + i)));
  if (i < n)
    {
      Lanes part = lanes_load_part (x + i, n - i);

      squares = lanes_add (squares, lanes_multiply (part, part));
    }
  scale = lanes_all (1.0f / sqrtf (lanes_sum (squares) / (float) n + epsilon));
  for (i = 0; i + LANES <= n; i += LANES)
    lanes_store (
      y + i, lanes_multiply (lanes_multiply (lanes_load (x + i), scale), lanes_load (weight + i)));
  if (i < n)
    {
      float part[LANES];

      lanes_store (part, lanes_multiply (lanes_multiply (lanes_load_part (x + i, n - i), scale),
                                         lanes_load_part (weight + i, n - i)));
      memcpy (y + i, part, (n - i) * sizeof *part);
    }
}

/* A block whose highest magnitude is below this is taken as zeros: the inverse of its scale would
 * not be finite. */
#define STEPS_SMALLEST 1e-30f

static inline void
quantise_block (Lanes low, Lanes high, gint16 *steps, float *scale, gint32 *total, float *sum)
{
  float highest = lanes_highest (lanes_maximum (lanes_absolute (low), lanes_absolute (high)));
  Lanes inverse = lanes_all (highest < STEPS_SMALLEST ? 0.0f : SOTTO_STEPS_HIGHEST / highest);
  Lanes rounder = lanes_all (SOTTO_ROUNDER);

  *scale = highest < STEPS_SMALLEST ? 0.0f : highest / SOTTO_STEPS_HIGHEST;
  low = lanes_subtract (lanes_add (lanes_multiply (low, inverse), rounder), rounder);
  high = lanes_subtract (lanes_add (lanes_multiply (high, inverse), rounder), rounder);
  lanes_store_steps (steps, low);
  lanes_store_steps (steps + LANES, high);
  *total = (gint32) lanes_sum (lanes_add (low, high)); /* integers below 2^24: exact */
  *sum = *scale * (float) *total;
}

static void
kernel_quantise (const float *x, guint n, gint16 *steps, float *scales, gint32 *totals, float *sums)
{
  guint n_blocks = n / SOTTO_STEPS_BLOCK;
  guint b;

  for (b = 0; b < n_blocks; b++)
    quantise_block (lanes_load (x + b * 32), lanes_load (x + b * 32 + LANES), steps + b * 32,
                    scales + b, totals + b, sums + b);
  if (n % SOTTO_STEPS_BLOCK > 0)
    {
      float part[SOTTO_STEPS_BLOCK] = { 0 };

      memcpy (part, x + b * 32, (n % SOTTO_STEPS_BLOCK) * sizeof *part);
      quantise_block (lanes_load (part), lanes_load (part + LANES), steps + b * 32, scales + b,
                      totals + b, sums + b);
    }
}

static void
kernel_gate (SottoActivation activation, const float *gate, const float *up, guint n, float *y)
{
  guint i;

  for (i = 0; i + LANES <= n; i += LANES)
    lanes_store (y + i, lanes_multiply (lanes_activate (activation, lanes_load (gate + i)),
                                        lanes_load (up + i)));
  if (i < n)
    {
      float part[LANES];

      lanes_store (part,
                   lanes_multiply (lanes_activate (activation, lanes_load_part (gate + i, n - i)),
                                   lanes_load_part (up + i, n - i)));
      memcpy (y + i, part, (n - i) * sizeof *part);
    }
}

static void
kernel_add (const float *x, guint n, float *y)
{
  for (guint i = 0; i < n; i++)
    y[i] += x[i];
}

/* Su et al. 2021: each pair is turned by its angle. */
static void
kernel_rope (SottoRopeKind kind, const float *cosines, const float *sines, guint n_pairs, float *x)
{
  if (kind == SOTTO_ROPE_NEOX)
    {
      for (guint i = 0; i < n_pairs; i++)
        {
          float a = x[i];
          float b = x[i + n_pairs];

          x[i] = a * cosines[i] - b * sines[i];
          x[i + n_pairs] = a * sines[i] + b * cosines[i];
        }
      return;
    }
  for (guint i = 0; i < n_pairs; i++)
    {
      float a = x[2 * i];
      float b = x[2 * i + 1];

      x[2 * i] = a * cosines[i] - b * sines[i];
      x[2 * i + 1] = a * sines[i] + b * cosines[i];
    }
}

static void
kernel_to_half (const float *x, guint n, guint16 *y)
{
  guint i;

  for (i = 0; i + LANES <= n; i += LANES)
    lanes_store_half (y + i, lanes_load (x + i));
  if (i < n)
    {
      guint16 part[LANES];

      lanes_store_half (part, lanes_load_part (x + i, n - i));
      memcpy (y + i, part, (n - i) * sizeof *part);
    }
}

static void
kernel_from_half (const guint16 *x, guint n, float *y)
{
  guint i;

  for (i = 0; i + LANES <= n; i += LANES)
    lanes_store (y + i, lanes_load_half (x + i));
  if (i < n)
    {
      guint16 half[LANES] = { 0 };
      float part[LANES];

      memcpy (half, x + i, (n - i) * sizeof *half);
      lanes_store (part, lanes_load_half (half));
      memcpy (y + i, part, (n - i) * sizeof *part);
    }
}

/* --- Products with weights that are floats themselves --- */

typedef Lanes (*LoadWeights) (const void *source);

static inline Lanes
load_f32 (const void *source)
{
  return lanes_load (source);
}

static inline Lanes
load_f16 (const void *source)
{
  return lanes_load_half (source);
}

static inline Lanes
load_bf16 (const void *source)
{
  return lanes_load_bfloat (source);
}

/* A tile of rows times a tile of tokens, so that each load serves several products. The constants
 * are known where this is inlined. */
static inline __attribute__ ((always_inline)) void
multiply_tile (LoadWeights   load,
               gsize         element_bytes,
               const guint8 *rows,
               gsize         row_bytes,
               guint         n_rows,
               const float  *x,
               gsize         x_stride,
               guint         n_tokens,
               guint         n_columns,
               float        *y,
               gsize         y_stride)
{
  Lanes sums[LANES_TILE_ROWS][LANES_TILE_TOKENS];
  guint rest = n_columns % LANES;

  for (guint r = 0; r < n_rows; r++)
    for (guint t = 0; t < n_tokens; t++)
      sums[r][t] = lanes_all (0.0f);

  for (guint i = 0; i + LANES <= n_columns; i += LANES)
    {
      Lanes weights[LANES_TILE_ROWS];

      for (guint r = 0; r < n_rows; r++)
        weights[r] = load (rows + r * row_bytes + i * element_bytes);
      for (guint t = 0; t < n_tokens; t++)
        {
          Lanes value = lanes_load (x + t * x_stride + i);

          for (guint r = 0; r < n_rows; r++)
            sums[r][t] = lanes_fma (weights[r], value, sums[r][t]);
        }
    }
  if (rest > 0)
    {
      guint i = n_columns - rest;

      for (guint r = 0; r < n_rows; r++)
        {
          guint8 part[LANES * sizeof (float)] = { 0 };
          Lanes weights;

          memcpy (part, rows + r * row_bytes + i * element_bytes, rest * element_bytes);
          weights = load (part);
          for (guint t = 0; t < n_tokens; t++)
            sums[r][t] = lanes_fma (weights, lanes_load_part (x + t * x_stride + i, rest),
                                    sums[r][t]);
        }
    }
  for (guint t = 0; t < n_tokens; t++)
    for (guint r = 0; r < n_rows; r++)
      y[t * y_stride + r] = lanes_sum (sums[r][t]);
}

static inline __attribute__ ((always_inline)) void
multiply_floats (LoadWeights             load,
                 gsize                   element_bytes,
                 const guint8           *rows,
                 gsize                   row_bytes,
                 guint                   n_rows,
                 const SottoActivations *x,
                 guint                   first_token,
                 guint                   n_tokens,
                 float                  *y,
                 gsize                   y_stride)
{
  guint whole_rows = n_rows - n_rows % LANES_TILE_ROWS;
  guint whole_tokens = n_tokens - n_tokens % LANES_TILE_TOKENS;

  for (guint r = 0; r < n_rows; r += r < whole_rows ? LANES_TILE_ROWS : 1)
    for (guint t = 0; t < n_tokens; t += t < whole_tokens ? LANES_TILE_TOKENS : 1)
      {
        const guint8 *tile_rows = rows + r * row_bytes;
        const float *tile_x = x->values + (first_token + t) * x->column_stride;
        float *tile_y = y + t * y_stride + r;

        if (r < whole_rows && t < whole_tokens)
          multiply_tile (load, element_bytes, tile_rows, row_bytes, LANES_TILE_ROWS, tile_x,
                         x->column_stride, LANES_TILE_TOKENS, x->n_columns, tile_y, y_stride);
        else if (r < whole_rows)
          multiply_tile (load, element_bytes, tile_rows, row_bytes, LANES_TILE_ROWS, tile_x,
                         x->column_stride, 1, x->n_columns, tile_y, y_stride);
        else if (t < whole_tokens)
          multiply_tile (load, element_bytes, tile_rows, row_bytes, 1, tile_x, x->column_stride,
                         LANES_TILE_TOKENS, x->n_columns, tile_y, y_stride);
        else
          multiply_tile (load, element_bytes, tile_rows, row_bytes, 1, tile_x, x->column_stride, 1,
                         x->n_columns, tile_y, y_stride);
      }
}

static void
kernel_multiply_f32 (const SottoWeight      *weight,
                     guint                   first_row,
                     guint                   n_rows,
                     const SottoActivations *x,
                     guint                   first_token,
                     guint                   n_tokens,
                     float                  *y,
                     gsize                   y_stride,
                     void                   *scratch G_GNUC_UNUSED)
{
  multiply_floats (load_f32, 4, (const guint8 *) weight->data + first_row * weight->row_bytes,
                   weight->row_bytes, n_rows, x, first_token, n_tokens, y, y_stride);
}

static void
kernel_multiply_f16 (const SottoWeight      *weight,
                     guint                   first_row,
                     guint                   n_rows,
                     const SottoActivations *x,
                     guint                   first_token,
                     guint                   n_tokens,
                     float                  *y,
                     gsize                   y_stride,
                     void                   *scratch G_GNUC_UNUSED)
{
  multiply_floats (load_f16, 2, (const guint8 *) weight->data + first_row * weight->row_bytes,
                   weight->row_bytes, n_rows, x, first_token, n_tokens, y, y_stride);
}

static void
kernel_multiply_bf16 (const SottoWeight      *weight,
                      guint                   first_row,
                      guint                   n_rows,
                      const SottoActivations *x,
                      guint                   first_token,
                      guint                   n_tokens,
                      float                  *y,
                      gsize                   y_stride,
                      void                   *scratch G_GNUC_UNUSED)
{
  multiply_floats (load_bf16, 2, (const guint8 *) weight->data + first_row * weight->row_bytes,
                   weight->row_bytes, n_rows, x, first_token, n_tokens, y, y_stride);
}

static void
fill_float_kernels (SottoKernels *kernels)
{
  kernels->multiply[SOTTO_BLOCK_F32] = kernel_multiply_f32;
  kernels->multiply[SOTTO_BLOCK_F16] = kernel_multiply_f16;
  kernels->multiply[SOTTO_BLOCK_BF16] = kernel_multiply_bf16;
  kernels->norm = kernel_norm;
  kernels->quantise = kernel_quantise;
  kernels->gate = kernel_gate;
  kernels->add = kernel_add;
  kernels->rope = kernel_rope;
  kernels->to_half = kernel_to_half;
  kernels->from_half = kernel_from_half;
}
