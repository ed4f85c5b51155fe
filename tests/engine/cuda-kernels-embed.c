#include "cuda-kernels.h"
#include "cuda/layout.h"
#include "random-weight.h"

/* Rows of tables against format/, which says what their blocks mean. */

#define N_TABLE 7
#define N_POSITIONS 12
#define N_ROWS 5
#define FIRST_POSITION 6

typedef struct {
  const SottoWeight *table;
  const SottoWeight *positions; /* nullable */
  const float *table_scale;     /* nullable */
  const float *addend;          /* nullable */
  float scale;
  const float *written;         /* nullable: (N_ROWS, columns) in the table's place */
} Input;

/* The last one is behind the table's end, which is to be its last row. */
static const gint32 tokens[N_ROWS] = { 3, 0, 6, 3, 99 };

static SottoCudaWeight
put_table (CudaModule *self, const SottoWeight *table, const float *scale)
{
  SottoCudaWeight put = *table;
  g_autofree guint8 *rows = NULL;

  put.row_bytes = sotto_cuda_layout_row_bytes (table->type, table->n_columns);
  put.matrix_bytes = put.row_bytes * table->n_rows;
  rows = g_malloc (put.matrix_bytes);
  sotto_cuda_layout_rows (table->type, table->n_columns, table->data, table->row_bytes, rows, table->n_rows);
  put.data = cuda_put (self, rows, put.matrix_bytes);
  put.scales = scale != NULL ? cuda_put (self, scale, sizeof *scale) : NULL;
  return put;
}

static float *
run (CudaModule *self, gconstpointer data)
{
  const Input *in = data;
  const guint n = in->table->n_columns;
  const guint32 position = FIRST_POSITION;
  SottoCudaEmbed arguments = { .table = put_table (self, in->table, in->table_scale), .scale = in->scale,
                               .n_rows = N_ROWS };

  if (in->positions != NULL)
    arguments.positions = put_table (self, in->positions, NULL);
  if (in->addend != NULL)
    arguments.addend = cuda_put (self, in->addend, n * sizeof (float));
  arguments.tokens = cuda_put (self, tokens, sizeof tokens);
  arguments.position = cuda_put (self, &position, sizeof position);
  arguments.is_written = in->written != NULL;
  arguments.y = cuda_put (self, in->written, (gsize) N_ROWS * n * sizeof (float));
  cuda_check (self, self->module->embed (self->device, &arguments));
  return cuda_get (self, arguments.y, (gsize) N_ROWS * n * sizeof (float));
}

static void
add_row (const SottoWeight *table, guint row, double scale, double *y)
{
  g_autofree float *x = g_new (float, table->n_columns);

  sotto_block_info (table->type)
    ->dequantise ((const guint8 *) table->data + row * table->row_bytes, x, table->n_columns);
  for (guint i = 0; i < table->n_columns; i++)
    y[i] += scale * (double) x[i];
}

static void
check (CudaModule *self, const Input *in)
{
  const guint n = in->table->n_columns;
  const double table_scale = in->table_scale != NULL ? (double) *in->table_scale : 1.0;
  g_autofree double *right = g_new0 (double, (gsize) N_ROWS * n);
  g_autofree float *got = NULL;

  for (guint r = 0; r < N_ROWS; r++)
    {
      for (guint i = 0; in->written != NULL && i < n; i++)
        right[r * n + i] = (double) in->written[r * n + i];
      if (in->written == NULL)
        add_row (in->table, MIN ((guint) tokens[r], N_TABLE - 1), table_scale * (double) in->scale, right + r * n);
      if (in->positions != NULL)
        add_row (in->positions, FIRST_POSITION + r, 1.0, right + r * n);
      for (guint i = 0; in->addend != NULL && i < n; i++)
        right[r * n + i] += (double) in->addend[i];
    }
  got = cuda_run_both (self, run, in, (gsize) N_ROWS * n);
  cuda_assert_near (sotto_block_name (in->table->type), got, right, (gsize) N_ROWS * n, 1e-6, 1e-6);
}

static void
check_type (CudaModule *self, SottoBlockType type, SottoBlockType position_type, guint n_columns)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (g_test_rand_int ());
  SottoWeight table = random_weight_new (type, N_TABLE, n_columns, rand);
  SottoWeight positions = random_weight_new (position_type, N_POSITIONS, n_columns, rand);
  g_autofree float *addend = cuda_random_floats (n_columns);
  g_autofree float *written = cuda_random_floats ((gsize) N_ROWS * n_columns);
  const float table_scale = 1.75f;

  check (self, &(Input) { .table = &table, .scale = 1.0f });
  check (self, &(Input) { &table, &positions, &table_scale, addend, 22.627417f });
  check (self, &(Input) { .table = &table, .addend = addend, .scale = 0.3f });
  check (self, &(Input) { &table, &positions, &table_scale, addend, 22.627417f, written });
  check (self, &(Input) { .table = &table, .scale = 0.3f, .written = written });
  random_weight_clear (&table);
  random_weight_clear (&positions);
}

static void
test_types (CudaModule *self)
{
  for (guint i = 0; i < RANDOM_WEIGHT_TYPES; i++)
    check_type (self, random_weight_types[i], SOTTO_BLOCK_F32, 512);
  check_type (self, SOTTO_BLOCK_F32, SOTTO_BLOCK_Q5_1, 96);
}

/* Floats have any number of columns, and more than a block takes. */
static void
test_floats (CudaModule *self)
{
  check_type (self, SOTTO_BLOCK_F32, SOTTO_BLOCK_F16, 33);
  check_type (self, SOTTO_BLOCK_F16, SOTTO_BLOCK_BF16, 131);
  check_type (self, SOTTO_BLOCK_BF16, SOTTO_BLOCK_F32, 1);
  check_type (self, SOTTO_BLOCK_Q8_0, SOTTO_BLOCK_F16, 4128);
}

void
cuda_kernels_add_embed (int argc, char **argv)
{
  cuda_test_add (argc, argv, "/embed/types", test_types);
  cuda_test_add (argc, argv, "/embed/floats", test_floats);
}
