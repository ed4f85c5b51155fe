#include "cuda-kernels.h"

#include <math.h>
#include <string.h>

typedef struct {
  SottoNormKind kind;
  guint n_rows;
  guint n_pieces;
  guint n_columns;
  gboolean by_piece;        /* each has a weight of its own */
  gboolean has_weight;
  gboolean has_bias;
  guint gap;                /* floats between rows, and behind each piece of y */
  gboolean same;            /* all pieces read the first */
} Case;

static const Case cases[] = {
  {SOTTO_NORM_RMS, 1, 1, 4096, FALSE, TRUE, FALSE, 0},
  {SOTTO_NORM_RMS, 3, 1, 576, FALSE, TRUE, FALSE, 0},
  {SOTTO_NORM_RMS, 2, 9, 64, FALSE, TRUE, FALSE, 17},
  {SOTTO_NORM_RMS, 2, 3, 128, TRUE, TRUE, TRUE, 4},
  {SOTTO_NORM_RMS, 2, 5, 96, TRUE, TRUE, FALSE, 3, TRUE},
  {SOTTO_NORM_NONE, 3, 4, 24, FALSE, FALSE, FALSE, 1},
  {SOTTO_NORM_RMS, 5, 1, 1, FALSE, TRUE, FALSE, 0},
  {SOTTO_NORM_RMS, 7, 1, 33, FALSE, FALSE, FALSE, 0},
  {SOTTO_NORM_RMS, 2, 1, 1025, FALSE, TRUE, FALSE, 3},
  {SOTTO_NORM_LAYER, 3, 1, 768, FALSE, TRUE, TRUE, 0},
  {SOTTO_NORM_LAYER, 2, 1, 2051, FALSE, TRUE, TRUE, 1},
  {SOTTO_NORM_LAYER, 1, 2, 31, FALSE, FALSE, FALSE, 0},
  {SOTTO_NORM_NONE, 2, 1, 100, FALSE, FALSE, FALSE, 0},
  {SOTTO_NORM_NONE, 2, 1, 1500, FALSE, TRUE, FALSE, 0},
};

typedef struct {
  const Case *shape;
  const float *x, *weight, *bias, *to;
  gboolean in_place;
} Input;

static const float epsilon = 1e-5f;
static const float scale = 0.75f, scale_after = 1.25f;

/* From piece to piece of y, and of x where it has several. */
static gsize
n_step (const Case *c)
{
  return c->n_columns + c->gap;
}

static gsize
n_stride (const Case *c)
{
  return c->n_pieces * n_step (c);
}

static gsize
n_floats (const Case *c)
{
  return c->n_rows * n_stride (c);
}

static guint
n_weights (const Case *c)
{
  return c->by_piece ? c->n_pieces * c->n_columns : c->n_columns;
}

static SottoNorm
put_norm (CudaModule *self, const Input *in)
{
  const Case *c = in->shape;
  SottoNorm norm = {c->kind, NULL, NULL, epsilon};

  if (c->has_weight)
    norm.weight = cuda_put (self, in->weight, n_weights (c) * sizeof (float));
  if (c->has_bias)
    norm.bias = cuda_put (self, in->bias, n_weights (c) * sizeof (float));
  return norm;
}

static float *
run_norm (CudaModule *self, gconstpointer data)
{
  const Input *in = data;
  const Case *c = in->shape;
  SottoCudaNorm arguments = {
    .norm = put_norm (self, in), .n_rows = c->n_rows, .n_pieces = c->n_pieces, .n_columns = c->n_columns,
  };
  float *y;

  arguments.x_stride = arguments.y_stride = n_stride (c);
  arguments.x_step = c->same ? 0 : n_step (c);
  arguments.y_step = n_step (c);
  arguments.weight_step = c->by_piece ? c->n_columns : 0;
  arguments.x = y = cuda_put (self, in->x, n_floats (c) * sizeof (float));
  if (!in->in_place)
    {
      y = cuda_put (self, NULL, n_floats (c) * sizeof (float));
      cuda_check (self, self->module->clear (self->device, y, n_floats (c) * sizeof (float)));
    }
  arguments.y = y;
  cuda_check (self, self->module->norm (self->device, &arguments));
  return cuda_get (self, y, n_floats (c) * sizeof (float));
}

static float *
run_add (CudaModule *self, gconstpointer data)
{
  const Input *in = data;
  const Case *c = in->shape;
  SottoCudaAdd arguments = {.norm = put_norm (self, in), .n_rows = c->n_rows, .n_columns = c->n_columns,
                            .scale = scale, .scale_after = scale_after};

  arguments.from = cuda_put (self, in->x, n_floats (c) * sizeof (float));
  arguments.to = cuda_put (self, in->to, n_floats (c) * sizeof (float));
  cuda_check (self, self->module->add (self->device, &arguments));
  return cuda_get (self, arguments.to, n_floats (c) * sizeof (float));
}

/* One piece by the definition. */
static void
norm_piece (const Input *in, guint piece, const float *x, double *y)
{
  const Case *c = in->shape;
  const guint at = c->by_piece ? piece * c->n_columns : 0;
  double mean = 0.0, squares = 0.0;

  for (guint i = 0; i < c->n_columns && c->kind == SOTTO_NORM_LAYER; i++)
    mean += (double) x[i] / c->n_columns;
  for (guint i = 0; i < c->n_columns; i++)
    squares += ((double) x[i] - mean) * ((double) x[i] - mean) / c->n_columns;
  for (guint i = 0; i < c->n_columns; i++)
    {
      y[i] = c->kind == SOTTO_NORM_NONE ? (double) x[i] : ((double) x[i] - mean) / sqrt (squares + (double) epsilon);
      if (c->has_weight)
        y[i] *= (double) in->weight[at + i];
      if (c->has_bias)
        y[i] += (double) in->bias[at + i];
    }
}

static double *
expect (const Input *in, gboolean is_add)
{
  const Case *c = in->shape;
  double *y = g_new0 (double, n_floats (c));

  for (gsize row = 0; row < c->n_rows; row++)
    for (guint piece = 0; piece < c->n_pieces; piece++)
      {
        gsize at = row * n_stride (c) + piece * n_step (c);

        norm_piece (in, piece, in->x + (c->same ? row * n_stride (c) : at), y + at);
        for (guint i = 0; i < c->n_columns && is_add; i++)
          y[at + i] = ((double) in->to[at + i] + (double) scale * y[at + i]) * (double) scale_after;
      }
  return y;
}

static void
test_norm (CudaModule *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    for (guint in_place = 0; in_place < 2; in_place++)
      {
        const Case *c = &cases[i];
        const gsize n = n_floats (c);
        g_autofree float *x = cuda_random_floats (n);
        g_autofree float *weight = cuda_random_floats (n_weights (c));
        g_autofree float *bias = cuda_random_floats (n_weights (c));
        Input in = {c, x, weight, bias, NULL, in_place == 1};
        g_autofree double *right = expect (&in, FALSE);
        g_autofree float *got = NULL;
        g_autofree char *what = g_strdup_printf ("norm %u", i);

        if (c->same && in_place == 1)
          continue;
        /* What lies between pieces stays. */
        for (gsize j = 0; j < n && in_place == 1; j++)
          if (j % n_step (c) >= c->n_columns)
            right[j] = (double) x[j];
        got = cuda_run_both (self, run_norm, &in, n);
        cuda_assert_near (what, got, right, n, 2e-6, 1e-6);
      }
}

static void
test_add (CudaModule *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const Case *c = &cases[i];
      g_autofree float *x = cuda_random_floats (n_floats (c));
      g_autofree float *to = cuda_random_floats (n_floats (c));
      g_autofree float *weight = cuda_random_floats (n_weights (c));
      g_autofree float *bias = cuda_random_floats (n_weights (c));
      Input in = {c, x, weight, bias, to, FALSE};
      g_autofree double *right = NULL;
      g_autofree float *got = NULL;
      g_autofree char *what = g_strdup_printf ("add %u", i);

      if (c->n_pieces > 1 || c->gap > 0)
        continue;
      right = expect (&in, TRUE);
      got = cuda_run_both (self, run_add, &in, n_floats (c));
      cuda_assert_near (what, got, right, n_floats (c), 2e-6, 1e-6);
    }
}

/* --- With what products read of it, in the same launch --- */

typedef struct {
  SottoNormKind kind;       /* of the norm; a sum's branch has another */
  guint n_rows;
  guint n_columns;
  enum { OF_ROWS, OF_SUMS, OF_EXPERTS } what;
  const float *x, *to, *weight, *bias;
} Row;

enum { N_USED = 9 };

/* Both kernels, rows of more columns than a block has threads, than registers hold, than any device has room for. */
static const struct {
  SottoNormKind kind;
  guint n_rows;
  guint n_columns;
} rows[] = {
  {SOTTO_NORM_RMS, 1, 4096}, {SOTTO_NORM_RMS, 3, 576}, {SOTTO_NORM_RMS, 2, 1024}, {SOTTO_NORM_LAYER, 2, 768},
  {SOTTO_NORM_LAYER, 1, 1025}, {SOTTO_NORM_RMS, 8, 33}, {SOTTO_NORM_NONE, 2, 1500}, {SOTTO_NORM_NONE, 2, 100},
  {SOTTO_NORM_LAYER, 1, 5003}, {SOTTO_NORM_RMS, 2, 8192}, {SOTTO_NORM_RMS, 1, 60000},
};

static void
append (CudaModule *self, GByteArray *all, const void *piece, gsize n_bytes)
{
  g_autofree guint8 *bytes = cuda_get (self, piece, n_bytes);

  g_byte_array_append (all, bytes, n_bytes);
}

static SottoCudaOperand
put_operand (CudaModule *self, const Row *in, const float *values)
{
  const guint padded = (in->n_columns + 255) / 256 * 256;
  const gsize n = (gsize) in->n_rows * padded;

  return (SottoCudaOperand) { .n_rows = in->n_rows, .n_columns = in->n_columns, .n_columns_padded = padded,
                              .values_stride = in->n_columns, .values = values, .high = cuda_put (self, NULL, n),
                              .low = cuda_put (self, NULL, n), .scales = cuda_put (self, NULL, n / 8),
                              .sums = cuda_put (self, NULL, n / 8) };
}

static gsize
count_row_floats (const Row *in)
{
  const gsize n_padded = (gsize) in->n_rows * ((in->n_columns + 255) / 256 * 256);

  return 2 * (gsize) in->n_rows * in->n_columns + n_padded / 2 + n_padded / 16;
}

/* The sum (of rows alone what was there), the norm, the operand's pieces, as floats: bits are compared. */
static float *
run_rows (CudaModule *self, const Row *in, gboolean together)
{
  const gsize n = (gsize) in->n_rows * in->n_columns * sizeof (float);
  const float *weight = cuda_put (self, in->weight, in->n_columns * sizeof (float));
  const float *bias = cuda_put (self, in->bias, in->n_columns * sizeof (float));
  float *y = cuda_put (self, NULL, n), *to = cuda_put (self, in->to, n);
  SottoCudaOperand operand = put_operand (self, in, y);
  SottoCudaNorm norm = { .norm = { in->kind, weight, in->kind == SOTTO_NORM_LAYER ? bias : NULL, epsilon },
                         .x = to, .y = y, .x_stride = in->n_columns, .y_stride = in->n_columns, .n_rows = in->n_rows,
                         .n_pieces = 1, .n_columns = in->n_columns };
  SottoCudaAdd add = { .norm = { SOTTO_NORM_RMS, bias, NULL, epsilon }, .from = cuda_put (self, in->x, n), .to = to,
                       .n_rows = in->n_rows, .n_columns = in->n_columns, .scale = scale, .scale_after = scale_after };
  SottoCudaCombine combine = { .rows = cuda_put (self, in->x, N_USED * n), .to = to, .n_rows = in->n_rows,
                               .weights = cuda_put (self, in->x, in->n_rows * N_USED * sizeof (float)),
                               .n_used = N_USED, .n_columns = in->n_columns, .add = in->n_rows % 2 == 0 };
  g_autoptr (GByteArray) all = g_byte_array_new ();

  if (together)
    {
      norm.operand = add.operand = combine.operand = operand;
      add.after = combine.after = norm.norm;
      add.normed = combine.normed = y;
    }
  if (in->what == OF_SUMS)
    cuda_check (self, self->module->add (self->device, &add));
  else if (in->what == OF_EXPERTS)
    cuda_check (self, self->module->combine (self->device, &combine));
  if (in->what == OF_ROWS || !together)
    cuda_check (self, self->module->norm (self->device, &norm));
  if (!together)
    cuda_check (self, self->module->quantise (self->device, &operand));
  append (self, all, to, n);
  append (self, all, y, n);
  append (self, all, operand.high, (gsize) in->n_rows * operand.n_columns_padded);
  append (self, all, operand.low, (gsize) in->n_rows * operand.n_columns_padded);
  append (self, all, operand.scales, (gsize) in->n_rows * operand.n_columns_padded / 8);
  append (self, all, operand.sums, (gsize) in->n_rows * operand.n_columns_padded / 8);
  return (float *) (gpointer) g_byte_array_free (g_steal_pointer (&all), FALSE);
}

static float *
run_together (CudaModule *self, gconstpointer data)
{
  return run_rows (self, data, TRUE);
}

static void
test_together (CudaModule *self)
{
  for (guint i = 0; i < 3 * G_N_ELEMENTS (rows); i++)
    {
      Row in = { rows[i / 3].kind, rows[i / 3].n_rows, rows[i / 3].n_columns, i % 3, NULL, NULL, NULL, NULL };
      const gsize n = (gsize) in.n_rows * in.n_columns;
      g_autofree float *x = cuda_random_floats (N_USED * n);
      g_autofree float *to = cuda_random_floats (n);
      g_autofree float *weight = cuda_random_floats (in.n_columns);
      g_autofree float *bias = cuda_random_floats (in.n_columns);
      g_autofree float *one = NULL;
      g_autofree float *two = NULL;

      in.x = x;
      in.to = to;
      in.weight = weight;
      in.bias = bias;
      one = cuda_run_both (self, run_together, &in, count_row_floats (&in));
      two = run_rows (self, &in, FALSE);
      g_assert_cmpmem (one, count_row_floats (&in) * sizeof (float), two, count_row_floats (&in) * sizeof (float));
    }
}

void
cuda_kernels_add_norm (int argc, char **argv)
{
  cuda_test_add (argc, argv, "/norm", test_norm);
  cuda_test_add (argc, argv, "/add", test_add);
  cuda_test_add (argc, argv, "/norm/together", test_together);
}
