#include "kernel-product.h"

#include "cpu/strips.h"
#include "random-weight.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

KernelInput
kernel_input_new (const SottoKernels *kernels, guint n_tokens, guint n_columns, GRand *rand)
{
  KernelInput input = { 0 };
  guint n_few = MIN (n_tokens, SOTTO_FORM_FEW_ROWS);
  SottoPacks packs = SOTTO_PACK_FLOATS | (kernels->packings[0].bytes > 0 ? SOTTO_PACK_CODES : 0);
  gsize bytes = sotto_activations_layout (&input.x, kernels, packs, n_columns, n_tokens, n_few, NULL);

  input.memory = aligned_alloc (64, bytes);
  memset (input.memory, 0xff, bytes);
  sotto_activations_layout (&input.x, kernels, packs, n_columns, n_tokens, n_few, input.memory);
  for (guint t = 0; t < n_tokens; t++)
    {
      float *values = input.x.values + t * input.x.column_stride;

      for (guint i = 0; i < n_columns; i++)
        values[i] = random_float (rand) * (i % 97 == 5 ? 30.0f : 1.0f);
      if (t % 5 == 4) /* a block of zeros */
        memset (values, 0, MIN (n_columns, 32) * sizeof *values);
      sotto_activations_pack (&input.x, kernels, t);
    }
  return input;
}

void
kernel_weight_arrange (SottoWeight *weight)
{
  guint n_strips = (weight->n_rows + SOTTO_STRIP_ROWS - 1) / SOTTO_STRIP_ROWS;
  gsize strip_bytes = sotto_strip_bytes (*sotto_strip_kind (weight->type), weight->n_columns);
  guint8 *strips = aligned_alloc (64, n_strips * strip_bytes);

  memset (strips, 0xff, n_strips * strip_bytes);
  sotto_strips_arrange (weight, 0, n_strips, strips);
  weight->strips = strips;
}

void
kernel_weight_clear (SottoWeight *weight)
{
  free ((guint8 *) weight->strips);
  random_weight_clear (weight);
}

SottoMultiply
kernel_multiply_of (const SottoKernels *kernels, const SottoWeight *weight, SottoForm form)
{
  return (weight->strips != NULL ? kernels->multiply_strips : kernels->multiply)[form][weight->type];
}

void
kernel_multiply (const SottoKernels *kernels,
                 const SottoWeight  *weight,
                 guint               n_rows,
                 const KernelInput  *input,
                 guint               n_tokens,
                 float              *y,
                 gsize               y_stride,
                 void               *scratch)
{
  const SottoProduct product = { .weight = weight, .n_rows = n_rows, .x = &input->x, .n_tokens = n_tokens,
                                 .y = y, .y_stride = y_stride };

  kernel_multiply_of (kernels, weight, input->x.form) (&product, scratch);
}

/* What a tier makes of the columns of a group: integers up to highest. */
typedef struct {
  guint width;
  double highest;           /* 0: floats */
  guint halves;             /* half steps that weights may be off, too; 0: weights are exact */
  double lost;              /* what is below this in the steps of both, their product is left out */
} Steps;

static Steps
steps_of (const SottoKernels *kernels, SottoBlockType type, SottoForm form)
{
  gboolean is_amx = g_str_equal (kernels->name, "amx");

  if (kernels->packs[type] == 0 || (kernels->packs[type] == SOTTO_PACK_FLOATS && (form == SOTTO_FORM_FEW || is_amx)))
    return (Steps) { 32, 0, 0, 0 };
  /* By pack-words.h; the scale of a block of weights is up to twice as large as it could be. */
  if (kernels->packs[type] == SOTTO_PACK_FLOATS)
    return (Steps) { 32, 8191, 2, 0.5 };
  if (form == SOTTO_FORM_FEW)
    return (Steps) { 32, 16256, 0, 0 };
  /* rounded three times, and steps that are up to four times as large as they could be (TQ1_0) */
  if (is_amx)
    return (Steps) { 256, 32512, 12, 128.5 };

  return (Steps) { 32, 127, 0, 0 };
}

double
kernel_highest_of (const float *values, guint first, guint end)
{
  double highest = 0;

  for (guint i = first; i < end; i++)
    highest = MAX (highest, fabs ((double) values[i]));
  return highest;
}

/* The column of the 32 from first on that is so much larger than the others of 256 that with many tokens it is no step, the matrix
 * unit aside: by pack-many.h twice the mean. -1: there is none */
static int
find_outlier (const float *values, guint n_columns, guint first)
{
  guint group = first / 256 * 256;
  guint end = MIN (group + 256, n_columns);
  double highest = kernel_highest_of (values, first, MIN (first + 32, end));
  double sum = 0;
  guint place = first;

  for (guint i = group; i < end; i += 32)
    sum += kernel_highest_of (values, i, MIN (i + 32, end));
  if (highest <= 2.001 * sum / ((end - group + 31) / 32))
    return -1;
  while (fabs ((double) values[place]) != highest)
    place++;
  return (int) place;
}

/* What a token's columns are in the steps of a tier, group by group; the same for every row of the weight. */
typedef struct {
  double *values;           /* (n_columns) */
  double *step;             /* of a group: 0, where activations stay floats */
  int *outlier;             /* of a group: the column that is no step; -1: none */
  double *size;             /* of a group: the sum of the magnitudes */
} Columns;

static void
columns_init (Columns *self, const Steps *steps, const float *values, guint n_columns)
{
  guint n_groups = (n_columns + steps->width - 1) / steps->width;

  self->values = g_new (double, n_columns);
  self->step = g_new (double, n_groups);
  self->outlier = g_new (int, n_groups);
  self->size = g_new0 (double, n_groups);
  for (guint g = 0; g < n_groups; g++)
    {
      guint first = g * steps->width;
      guint end = MIN (first + steps->width, n_columns);
      int outlier = steps->highest == 127 ? find_outlier (values, n_columns, first) : -1;
      double others = outlier < 0 ? kernel_highest_of (values, first, end)
                                  : MAX (kernel_highest_of (values, first, (guint) outlier),
                                         kernel_highest_of (values, (guint) outlier + 1, end));

      self->outlier[g] = outlier;
      self->step[g] = steps->highest > 0 ? others / steps->highest : 0;
      for (guint i = first; i < end; i++)
        {
          self->values[i] = (double) values[i];
          self->size[g] += fabs ((double) values[i]);
        }
    }
}

static void
columns_clear (Columns *self)
{
  g_free (self->values);
  g_free (self->step);
  g_free (self->outlier);
  g_free (self->size);
}

/* A row of the weight likewise */
typedef struct {
  double *weights;          /* (n_columns) */
  double *step;             /* of a group: 0, where weights are exact */
  double *size;             /* of a group: the sum of the magnitudes */
} Row;

static void
row_read (Row *self, const Steps *steps, const SottoWeight *weight, guint index, float *row, double largest_weight)
{
  sotto_block_info (weight->type)
    ->dequantise ((const guint8 *) weight->data + index * weight->row_bytes, row, weight->n_columns);
  for (guint g = 0, first = 0; first < weight->n_columns; g++, first += steps->width)
    {
      guint end = MIN (first + steps->width, weight->n_columns);
      double largest = MAX (kernel_highest_of (row, first, end), largest_weight);

      self->step[g] = steps->halves > 0 ? steps->halves * largest / steps->highest : 0;
      self->size[g] = 0;
      for (guint i = first; i < end; i++)
        {
          self->weights[i] = (double) row[i];
          self->size[g] += fabs ((double) row[i]);
        }
    }
}

/* Sums that a compiler may lay side by side: these are most of what the tests of all shapes compute. */
#define LANES 8

static void
multiply_exactly (const double *a, const double *b, guint n, double *sum, double *magnitude)
{
  double sums[LANES] = { 0 };
  double magnitudes[LANES] = { 0 };
  guint i = 0;

  for (; i + LANES <= n; i += LANES)
    for (guint lane = 0; lane < LANES; lane++)
      {
        double product = a[i + lane] * b[i + lane];

        sums[lane] += product;
        magnitudes[lane] += fabs (product);
      }
  for (; i < n; i++)
    {
      sums[0] += a[i] * b[i];
      magnitudes[0] += fabs (a[i] * b[i]);
    }
  *sum = *magnitude = 0;
  for (guint lane = 0; lane < LANES; lane++)
    {
      *sum += sums[lane];
      *magnitude += magnitudes[lane];
    }
}

/* The error allowed: half a step of the activations on every weight where they are in steps, likewise of
 * weights, and the rounding of float sums. */
static void
check_product (const SottoKernels *kernels,
               const SottoWeight  *weight,
               const Steps        *steps,
               SottoForm           form,
               const Row          *row,
               const Columns      *columns,
               float               y)
{
  double exact;
  double magnitude;
  double allowed = 0;

  multiply_exactly (row->weights, columns->values, weight->n_columns, &exact, &magnitude);
  for (guint g = 0, first = 0; first < weight->n_columns; g++, first += steps->width)
    {
      guint end = MIN (first + steps->width, weight->n_columns);
      double in_steps = row->size[g] - (columns->outlier[g] < 0 ? 0 : fabs (row->weights[columns->outlier[g]]));

      allowed += in_steps * columns->step[g] / 2 + columns->size[g] * row->step[g] / 2
                 + (end - first) * (steps->lost * steps->lost * columns->step[g] * row->step[g] / 3);
    }
  /* on a matrix unit split in two numbers of 8 bits, of which half a step of the second is lost; of F16 the product
   * of two second ones */
  if (kernels->packs[weight->type] == SOTTO_PACK_FLOATS && form != SOTTO_FORM_FEW && steps->highest == 0)
    allowed = magnitude / 65536 * (weight->type == SOTTO_BLOCK_F16 ? 2 : 1);
  g_assert_cmpfloat (fabs ((double) y - exact), <=, 1.001 * allowed + 4e-6 * magnitude + 1e-20);
}

void
kernel_check_products (const SottoKernels *kernels,
                       const SottoWeight  *weight,
                       guint               row_step,
                       const KernelInput  *input,
                       guint               n_tokens,
                       const float        *y,
                       gsize               stride,
                       double              largest_weight)
{
  Steps steps = steps_of (kernels, weight->type, input->x.form);
  g_autofree float *floats = g_new (float, weight->n_columns);
  g_autofree double *weights = g_new (double, weight->n_columns);
  g_autofree double *step = g_new (double, weight->n_columns);
  g_autofree double *size = g_new (double, weight->n_columns);
  g_autofree Columns *columns = g_new (Columns, n_tokens);
  Row row = { weights, step, size };

  for (guint t = 0; t < n_tokens; t++)
    columns_init (&columns[t], &steps, input->x.values + t * input->x.column_stride, weight->n_columns);
  for (guint r = 0; r < weight->n_rows; r += row_step)
    {
      row_read (&row, &steps, weight, r, floats, largest_weight);
      for (guint t = 0; t < n_tokens; t++)
        check_product (kernels, weight, &steps, input->x.form, &row, &columns[t], y[t * stride + r]);
    }
  for (guint t = 0; t < n_tokens; t++)
    columns_clear (&columns[t]);
}
