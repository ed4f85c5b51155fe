#include "cuda-kernels.h"
#include "cuda/layout.h"
#include "random-weight.h"

#include <string.h>

/* Products against double, of the weights as format/ dequantises them and of the floats as they were before they were
 * quantised: the bound is what that costs. */

typedef struct {
  guint n_rows;             /* of the weight */
  guint n_columns;
  guint n_tokens;           /* rows of y */
  guint n_matrices;
  guint rows_per_x;
  gboolean by_choice;       /* matrices are chosen, not taken in turns */
  gboolean is_many;
  gboolean add;
} Case;

/* Columns are of 256, so that all types have them; tails of rows and of y, odd numbers of them. */
static const Case cases[] = {
  { 19, 512, 1, 1, 1, FALSE, FALSE, FALSE },
  { 8, 2304, 1, 1, 1, FALSE, FALSE, TRUE },
  { 9, 256, 5, 1, 1, FALSE, FALSE, FALSE },
  { 5, 256, 6, 3, 1, FALSE, FALSE, FALSE },
  { 7, 256, 6, 5, 2, TRUE, FALSE, FALSE },
  { 70, 256, 11, 1, 1, FALSE, TRUE, FALSE },
  { 33, 512, 67, 1, 1, FALSE, TRUE, TRUE },
  { 5, 256, 26, 2, 1, FALSE, TRUE, FALSE },
  { 17, 256, 24, 4, 3, TRUE, TRUE, FALSE },
};

/* A case of many rows, and which of the kernels it is for, where there are few multiprocessors (CUDA_KERNELS_MULTIPROCESSORS). */
typedef struct {
  Case shape;
  const char *kernel;
} Taken;

#define NARROW "multiply many"
#define WIDE "multiply many, wide"
#define HOPPER "multiply on Hopper"
#define HOPPER_WIDE "multiply on Hopper, wide"

/* Enough rows for large squares (multiply-many.cu), with tails. */
static const Taken wide_cases[] = {
  { { 300, 256, 150, 1, 1, FALSE, TRUE, TRUE }, WIDE },
  { { 130, 256, 420, 3, 2, TRUE, TRUE, FALSE }, WIDE },
  { { 65, 256, 140, 2, 1, FALSE, TRUE, FALSE }, WIDE },
  /* Sorted, of more matrices than a warp has lanes, of which many are chosen by nobody */
  { { 9, 256, 180, 70, 2, TRUE, TRUE, FALSE }, NARROW },
  { { 70, 256, 700, 33, 1, TRUE, TRUE, FALSE }, NARROW },
  { { 70, 256, 2210, 33, 1, TRUE, TRUE, FALSE }, WIDE },
  { { 5, 256, 9, 40, 1, TRUE, TRUE, FALSE }, NARROW },
};

/* Of a device of 9.0 alone (multiply-hopper.cu): blocks of 128 rows of the weight, and of 128 and 256 of x; tails of all; rows that lie
 * together, and those that do not. */
static const Taken hopper_cases[] = {
  { { 130, 256, 140, 1, 1, FALSE, TRUE, TRUE }, HOPPER },
  { { 70, 256, 259, 1, 1, FALSE, TRUE, FALSE }, HOPPER },
  { { 300, 512, 390, 1, 1, FALSE, TRUE, FALSE }, HOPPER },
  { { 150, 512, 140, 1, 1, FALSE, TRUE, FALSE }, HOPPER },
  { { 65, 256, 280, 2, 1, FALSE, TRUE, FALSE }, HOPPER },
  { { 130, 512, 530, 4, 2, TRUE, TRUE, TRUE }, HOPPER },
  { { 200, 512, 260, 1, 1, FALSE, TRUE, FALSE }, HOPPER_WIDE },
  { { 130, 256, 500, 1, 1, FALSE, TRUE, TRUE }, HOPPER_WIDE },
};

/* Of a float: any number of columns. */
static const Case float_cases[] = {
  { 19, 576, 1, 1, 1, FALSE, FALSE, FALSE },
  { 6, 33, 7, 1, 1, FALSE, FALSE, TRUE },
  { 6, 30, 4, 2, 1, FALSE, FALSE, FALSE },
  { 65, 70, 9, 1, 1, FALSE, TRUE, FALSE },
  { 4, 96, 20, 5, 2, TRUE, TRUE, FALSE },
};

#define SCALE 0.5f
#define PADDED(n) (((n) + 255) / 256 * 256)

typedef struct {
  const Case *shape;
  const SottoWeight *weight;
  const float *x, *bias, *scales, *y;
  const guint32 *matrices;
} Input;

static gsize
y_stride (const Case *c)
{
  return c->n_rows + 3;
}

static guint
matrix_of (const Input *in, guint row)
{
  return in->shape->by_choice ? in->matrices[row] : row % in->shape->n_matrices;
}

static SottoCudaWeight
put_weight (CudaModule *self, const Input *in)
{
  const SottoWeight *w = in->weight;
  const gsize n_rows = (gsize) w->n_matrices * w->n_rows;
  SottoCudaWeight put = *w;
  g_autofree guint8 *rows = NULL;

  put.row_bytes = sotto_cuda_layout_row_bytes (w->type, w->n_columns);
  put.matrix_bytes = put.row_bytes * w->n_rows;
  rows = g_malloc (n_rows * put.row_bytes);
  sotto_cuda_layout_rows (w->type, w->n_columns, w->data, w->row_bytes, rows, n_rows);
  put.data = cuda_put (self, rows, n_rows * put.row_bytes);
  put.bias = cuda_put (self, in->bias, n_rows * sizeof (float));
  put.scales = cuda_put (self, in->scales, w->n_matrices * sizeof (float));
  return put;
}

static SottoCudaOperand
put_operand (CudaModule *self, const Input *in)
{
  const Case *c = in->shape;
  const gsize n_rows = c->n_tokens / c->rows_per_x;
  const gsize n = n_rows * PADDED (c->n_columns);
  SottoCudaOperand x = { .n_rows = n_rows, .n_columns = c->n_columns };

  x.n_columns_padded = PADDED (c->n_columns);
  x.values_stride = c->n_columns;
  x.values = cuda_put (self, in->x, n_rows * c->n_columns * sizeof (float));
  if (c->is_many)
    {
      const gsize n_halves = (n_rows + SOTTO_CUDA_HALVES_ROWS - 1) / SOTTO_CUDA_HALVES_ROWS * SOTTO_CUDA_HALVES_ROWS
                             * PADDED (c->n_columns);

      x.halves = cuda_put (self, NULL, n_halves * sizeof (guint16));
      x.row_scales = cuda_put (self, NULL, n_rows * sizeof (float));
    }
  else
    {
      x.high = cuda_put (self, NULL, n);
      x.low = cuda_put (self, NULL, n);
      x.scales = cuda_put (self, NULL, n / 32 * sizeof (float));
      x.sums = cuda_put (self, NULL, n / 32 * sizeof (float));
    }
  cuda_check (self, self->module->quantise (self->device, &x));
  return x;
}

/* The rows of y by their matrices. */
static void
put_order (CudaModule *self, const Input *in, SottoCudaMultiply *arguments)
{
  const Case *c = in->shape;
  g_autofree guint32 *order = g_new (guint32, c->n_tokens);
  g_autofree guint32 *starts = g_new0 (guint32, c->n_matrices + 1);
  guint n = 0;

  for (guint m = 0; m < c->n_matrices; m++)
    {
      for (guint row = 0; row < c->n_tokens; row++)
        if (in->matrices[row] == m)
          order[n++] = row;
      starts[m + 1] = n;
    }
  arguments->matrices = cuda_put (self, in->matrices, c->n_tokens * sizeof *order);
  arguments->order = cuda_put (self, order, c->n_tokens * sizeof *order);
  arguments->starts = cuda_put (self, starts, (c->n_matrices + 1) * sizeof *starts);
}

static float *
run (CudaModule *self, gconstpointer data)
{
  const Input *in = data;
  const Case *c = in->shape;
  const gsize n = c->n_tokens * y_stride (c);
  SottoCudaMultiply arguments = {
    .weight = put_weight (self, in), .x = put_operand (self, in), .y_stride = y_stride (c),
    .n_rows = c->n_tokens, .rows_per_x = c->rows_per_x, .scale = SCALE, .add = c->add,
  };

  arguments.y = cuda_put (self, in->y, n * sizeof (float));
  if (c->by_choice)
    put_order (self, in, &arguments);
  cuda_check (self, self->module->multiply (self->device, &arguments));
  return cuda_get (self, arguments.y, n * sizeof (float));
}

/* Also how far from right a product may be: what rounding to fifteen bits, or to halves, may make of its terms. */
static void
expect (const Input *in, double *right, double *bounds)
{
  const Case *c = in->shape;
  const SottoWeight *w = in->weight;
  g_autofree float *row = g_new (float, c->n_columns);
  /* Halves round both sides. */
  const double step = c->is_many ? 1.0 / 1024 : 1.0 / 32000;

  for (guint t = 0; t < c->n_tokens; t++)
    for (guint r = 0; r < c->n_rows; r++)
      {
        const guint m = matrix_of (in, t);
        const gsize at = t * y_stride (c) + r;
        double sum = 0.0, all = 0.0;

        sotto_block_info (w->type)->dequantise (
          (const guint8 *) w->data + m * w->matrix_bytes + r * w->row_bytes, row, c->n_columns);
        for (guint i = 0; i < c->n_columns; i++)
          {
            const double x = (double) in->x[t / c->rows_per_x * c->n_columns + i];

            sum += (double) row[i] * x;
            all += ABS ((double) row[i]) * (c->is_many ? ABS (x) : 1.0);
          }
        right[at] = (sum * (double) in->scales[m] + (double) in->bias[m * c->n_rows + r]) * (double) SCALE;
        if (c->add)
          right[at] += (double) in->y[at];
        bounds[at] = 1e-5 + all * step * (double) SCALE;
      }
}

static void
check (CudaModule *self, SottoBlockType type, const Case *c)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (g_test_rand_int ());
  SottoWeight weight = random_weight_new_stack (type, c->n_matrices, c->n_rows, c->n_columns, rand);
  const gsize n = c->n_tokens * y_stride (c);
  g_autofree float *x = cuda_random_floats ((gsize) c->n_tokens * c->n_columns);
  g_autofree float *bias = cuda_random_floats (c->n_matrices * c->n_rows);
  g_autofree float *scales = cuda_random_floats (c->n_matrices);
  g_autofree float *y = cuda_random_floats (n);
  g_autofree guint32 *matrices = g_new (guint32, c->n_tokens);
  g_autofree double *right = g_new (double, n);
  g_autofree double *bounds = g_new0 (double, n);
  g_autofree char *what = g_strdup_printf ("%s, %u x %u, %u, rows of %u", sotto_block_name (type), c->n_rows, c->n_columns,
                                           c->n_tokens, (guint) y_stride (c));
  Input in = { c, &weight, x, bias, scales, y, matrices };
  g_autofree float *got = NULL;

  /* The matrix before the last is chosen by nobody. */
  for (guint i = 0; i < c->n_tokens; i++)
    {
      matrices[i] = (guint32) g_rand_int_range (rand, 0, (gint32) c->n_matrices);
      if (c->n_matrices > 2 && matrices[i] == c->n_matrices - 2)
        matrices[i]++;
    }
  /* What lies between rows stays. */
  for (gsize i = 0; i < n; i++)
    right[i] = (double) y[i];
  expect (&in, right, bounds);
  got = cuda_run_both (self, run, &in, n);
  cuda_assert_bounded (what, got, right, bounds, n, 1e-6, 0.0);
  random_weight_clear (&weight);
}

static void
check_all (CudaModule *self, gboolean is_many)
{
  for (guint t = 0; t < RANDOM_WEIGHT_TYPES; t++)
    for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
      if (cases[i].is_many == is_many)
        check (self, random_weight_types[t], &cases[i]);
  for (guint t = 0; t < RANDOM_WEIGHT_TYPES; t++)
    for (guint i = 0; i < G_N_ELEMENTS (float_cases); i++)
      if (float_cases[i].is_many == is_many && sotto_block_info (random_weight_types[t])->n_elements == 1)
        check (self, random_weight_types[t], &float_cases[i]);
}

static void
test_few (CudaModule *self)
{
  check_all (self, FALSE);
}

static void
test_many (CudaModule *self)
{
  check_all (self, TRUE);
}

/* What takes a product: only the emulation says it. */
static void
check_taken (CudaModule *self, SottoBlockType type, const Taken *taken)
{
  const Case *c = &taken->shape;
  const char *(*rehearsed) (SottoCudaDevice *device)
    = (const char *(*) (SottoCudaDevice *)) cuda_module_function (self, "sotto_cuda_emulation_rehearsed");
  const guint32 nowhere = 0;
  const SottoCudaMultiply arguments = {
    .weight = { .type = type, .n_rows = c->n_rows, .n_columns = c->n_columns, .n_matrices = c->n_matrices },
    .x = { .n_rows = c->n_tokens / c->rows_per_x, .n_columns = c->n_columns, .n_columns_padded = PADDED (c->n_columns),
           .halves = (guint16[1]) { 0 } },
    .n_rows = c->n_tokens, .rows_per_x = c->rows_per_x, .scale = SCALE,
    .matrices = c->by_choice ? &nowhere : NULL, .order = c->by_choice ? &nowhere : NULL,
    .starts = c->by_choice ? &nowhere : NULL,
  };
  g_autofree char *line = g_strconcat (taken->kernel, "\n", NULL);

  if (rehearsed == NULL)
    return;
  self->module->rehearse (self->device, TRUE);
  cuda_check (self, self->module->multiply (self->device, &arguments));
  self->module->rehearse (self->device, FALSE);
  g_assert_cmpstr (rehearsed (self->device), ==, line);
}

static void
check_case (CudaModule *self, SottoBlockType type, const Taken *taken)
{
  check_taken (self, type, taken);
  check (self, type, &taken->shape);
}

/* Devices of 9.0 have a way of their own with what is tried. */
static void
forgo (CudaModule *self, gboolean forgoes)
{
  if (forgoes)
    g_setenv ("SOTTO_CUDA_HOPPER", "0", TRUE);
  else
    g_unsetenv ("SOTTO_CUDA_HOPPER");
  cuda_reopen (self);
}

/* Products that may share a grid, of one type, of two that go with each other, and of others between: to the bit what each gives
 * alone, whatever the numbers of their rows are, and nothing else is written. */
static void
check_together (CudaModule *self, const SottoBlockType types[5])
{
  static const guint n_rows[5] = { 19, 8, 1, 33, 5 };
  g_autoptr (GRand) rand = g_rand_new_with_seed (3);

  for (guint n_tokens = 1; n_tokens <= 11; n_tokens += 5)
    {
      const Case c = { 40, 512, n_tokens, 1, 1, FALSE, n_tokens > SOTTO_CUDA_FEW, FALSE };
      const gsize n = n_tokens * y_stride (&c);
      g_autofree float *x = cuda_random_floats ((gsize) n_tokens * c.n_columns);
      g_autofree float *ones = cuda_random_floats (MAX (n, c.n_rows));
      SottoCudaOperand operand = put_operand (self, &(Input) { .shape = &c, .x = x });
      SottoCudaMultiply alone[G_N_ELEMENTS (n_rows)], chain[G_N_ELEMENTS (n_rows)];

      for (guint i = 0; i < G_N_ELEMENTS (n_rows); i++)
        {
          SottoWeight weight = random_weight_new_stack (types[i], 1, n_rows[i], c.n_columns, rand);
          Input in = { .shape = &c, .weight = &weight, .bias = ones, .scales = ones };

          alone[i] = (SottoCudaMultiply) { .weight = put_weight (self, &in), .x = operand, .y_stride = y_stride (&c),
                                           .n_rows = n_tokens, .rows_per_x = 1, .scale = SCALE };
          chain[i] = alone[i];
          alone[i].y = cuda_put (self, ones, n * sizeof (float));
          chain[i].y = cuda_put (self, ones, n * sizeof (float));
          random_weight_clear (&weight);
        }
      for (guint i = 0; i < G_N_ELEMENTS (n_rows); i++)
        {
          chain[i].next = i + 1 < G_N_ELEMENTS (n_rows) ? &chain[i + 1] : NULL;
          cuda_check (self, self->module->multiply (self->device, &alone[i]));
        }
      cuda_check (self, self->module->multiply (self->device, chain));
      for (guint i = 0; i < G_N_ELEMENTS (n_rows); i++)
        {
          g_autofree float *right = cuda_get (self, alone[i].y, n * sizeof (float));
          g_autofree float *got = cuda_get (self, chain[i].y, n * sizeof (float));

          g_assert_cmpmem (got, n * sizeof (float), right, n * sizeof (float));
        }
    }
}

static void
test_together (CudaModule *self)
{
  static const SottoBlockType types[][5] = {
    { SOTTO_BLOCK_Q4_K, SOTTO_BLOCK_Q4_K, SOTTO_BLOCK_Q4_K, SOTTO_BLOCK_Q4_K, SOTTO_BLOCK_Q6_K },
    { SOTTO_BLOCK_Q6_K, SOTTO_BLOCK_Q4_K, SOTTO_BLOCK_Q6_K, SOTTO_BLOCK_Q5_K, SOTTO_BLOCK_Q3_K },
    { SOTTO_BLOCK_Q5_K, SOTTO_BLOCK_Q5_K, SOTTO_BLOCK_Q6_K, SOTTO_BLOCK_Q4_K, SOTTO_BLOCK_Q5_K },
    { SOTTO_BLOCK_Q4_K, SOTTO_BLOCK_Q5_K, SOTTO_BLOCK_Q6_K, SOTTO_BLOCK_Q8_0, SOTTO_BLOCK_Q4_K },
    { SOTTO_BLOCK_F16, SOTTO_BLOCK_F16, SOTTO_BLOCK_F16, SOTTO_BLOCK_F32, SOTTO_BLOCK_Q8_0 },
    { SOTTO_BLOCK_F32, SOTTO_BLOCK_F32, SOTTO_BLOCK_Q4_K, SOTTO_BLOCK_BF16, SOTTO_BLOCK_BF16 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    check_together (self, types[i]);
}

/* Each type, and one of each kind in blocks of all kinds. */
static void
test_hopper (CudaModule *self)
{
  static const SottoBlockType types[] = { SOTTO_BLOCK_Q5_K, SOTTO_BLOCK_BF16 };
  static const Taken columns = { { 100, 70, 300, 1, 1, FALSE, TRUE, FALSE }, HOPPER };

  for (guint t = 0; t < RANDOM_WEIGHT_TYPES; t++)
    check_case (self, random_weight_types[t], &hopper_cases[0]);
  for (guint i = 1; i < G_N_ELEMENTS (hopper_cases); i++)
    check_case (self, types[i % G_N_ELEMENTS (types)], &hopper_cases[i]);
  check_case (self, SOTTO_BLOCK_F32, &columns);
}

/* Of one type of each kind. */
static void
test_wide (CudaModule *self)
{
  static const SottoBlockType types[] = { SOTTO_BLOCK_Q4_K, SOTTO_BLOCK_Q6_K, SOTTO_BLOCK_Q2_K, SOTTO_BLOCK_F16,
                                          SOTTO_BLOCK_F32 };
  static const Taken columns = { { 190, 70, 129, 1, 1, FALSE, TRUE, FALSE }, WIDE };

  forgo (self, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (wide_cases); i++)
    check_case (self, types[i % G_N_ELEMENTS (types)], &wide_cases[i]);
  for (guint t = 0; t < G_N_ELEMENTS (types); t++)
    check_case (self, types[t], t < 3 ? &wide_cases[2] : &columns);
  forgo (self, FALSE);
}

/* A row is the same to the bit, however many there are beside it: in large squares and in small ones. */
static void
test_shapes (CudaModule *self)
{
  static const SottoBlockType types[] = { SOTTO_BLOCK_Q4_K, SOTTO_BLOCK_Q8_0, SOTTO_BLOCK_IQ3_S, SOTTO_BLOCK_BF16 };
  static const Taken taken[] = { { { 200, 512, 130, 1, 1, FALSE, TRUE, FALSE }, WIDE },
                                 { { 200, 512, 40, 1, 1, FALSE, TRUE, FALSE }, NARROW } };
  const Case *wide = &taken[0].shape, *narrow = &taken[1].shape;
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);

  forgo (self, TRUE);
  for (guint t = 0; t < G_N_ELEMENTS (types); t++)
    {
      SottoWeight weight = random_weight_new_stack (types[t], 1, wide->n_rows, wide->n_columns, rand);
      g_autofree float *x = cuda_random_floats (wide->n_tokens * wide->n_columns);
      g_autofree float *y = cuda_random_floats (wide->n_tokens * y_stride (wide));
      g_autofree float *all = NULL, *some = NULL;
      Input in = { .shape = wide, .weight = &weight, .x = x, .y = y, .bias = y, .scales = y };

      for (guint i = 0; i < G_N_ELEMENTS (taken); i++)
        check_taken (self, types[t], &taken[i]);
      all = run (self, &in);
      in.shape = narrow;
      some = run (self, &in);
      for (guint i = 0; i < narrow->n_tokens; i++)
        g_assert_cmpmem (all + i * y_stride (wide), wide->n_rows * sizeof (float), some + i * y_stride (wide),
                         wide->n_rows * sizeof (float));
      random_weight_clear (&weight);
    }
  forgo (self, FALSE);
}

/* Devices before 7.5 have no products of matrices. */
static void
test_many_plainly (CudaModule *self)
{
  if (!self->is_emulated)
    {
      g_test_skip ("only the emulated device can be made older");
      return;
    }
  g_setenv ("SOTTO_CUDA_EMULATION_ARCHITECTURE", "61", TRUE);
  cuda_reopen (self);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    if (cases[i].is_many)
      check (self, SOTTO_BLOCK_Q5_K, &cases[i]);
  g_unsetenv ("SOTTO_CUDA_EMULATION_ARCHITECTURE");
  cuda_reopen (self);
}

void
cuda_kernels_add_multiply (int argc, char **argv)
{
  cuda_test_add (argc, argv, "/multiply/few", test_few);
  cuda_test_add (argc, argv, "/multiply/many", test_many);
  cuda_test_add (argc, argv, "/multiply/wide", test_wide);
  cuda_test_add (argc, argv, "/multiply/hopper", test_hopper);
  cuda_test_add (argc, argv, "/multiply/shapes", test_shapes);
  cuda_test_add (argc, argv, "/multiply/together", test_together);
  cuda_test_add (argc, argv, "/multiply/many-plainly", test_many_plainly);
}
