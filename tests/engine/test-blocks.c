/* Block types: what they stand for, against the values that another implementation gave
 * (fixtures/make-blocks.py), to the bit; and conversions of halves, all of them. */

#include "format/gguf.h"

#include <math.h>
#include <string.h>

static SottoGguf *
open_fixture (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "engine", "fixtures", "blocks.gguf", NULL);
  g_autoptr (GError) error = NULL;
  SottoGguf *gguf = sotto_gguf_open (path, NULL, NULL, NULL, &error);

  g_assert_no_error (error);
  return gguf;
}

static void
test_dequantise (gconstpointer data)
{
  const char *name = data;
  g_autoptr (SottoGguf) gguf = open_fixture ();
  g_autofree char *values_name = g_strconcat (name, ".values", NULL);
  const SottoGgufTensor *blocks = sotto_gguf_lookup_tensor (gguf, name);
  const SottoGgufTensor *values = sotto_gguf_lookup_tensor (gguf, values_name);
  const SottoBlockInfo *info;
  const float *expected;
  g_autofree float *actual = NULL;
  g_autofree guint8 *shifted = NULL;
  gsize n;

  g_assert_nonnull (blocks);
  g_assert_nonnull (values);
  expected = values->data;
  n = values->shape[0];
  g_assert_cmpuint (blocks->shape[0], ==, n);

  info = sotto_block_info (blocks->type);
  g_assert_nonnull (info);
  g_assert_cmpstr (info->name, ==, name);
  g_assert_cmpstr (sotto_block_name (blocks->type), ==, name);
  g_assert_cmpuint (blocks->n_bytes, ==, n / info->n_elements * info->n_bytes);

  /* From an odd address, since blocks have any alignment. */
  shifted = g_malloc (blocks->n_bytes + 1);
  memcpy (shifted + 1, blocks->data, blocks->n_bytes);
  actual = g_new (float, n);
  info->dequantise (shifted + 1, actual, n);

  for (gsize i = 0; i < n; i++)
    if (memcmp (&actual[i], &expected[i], sizeof (float)) != 0 && actual[i] != expected[i])
      g_error ("element %" G_GSIZE_FORMAT " of %s is %.9g, not %.9g", i, name, (double) actual[i],
               (double) expected[i]);
}

static void
test_table (void)
{
  /* Names and sizes that the format's own documents give. */
  static const struct {
    guint32 type;
    const char *name;
    guint n_elements;
    guint n_bytes;
    gboolean computable;
  } types[] = {
    { 0, "F32", 1, 4, TRUE }, { 2, "Q4_0", 32, 18, TRUE }, { 10, "Q2_K", 256, 84, TRUE },
    { 14, "Q6_K", 256, 210, TRUE }, { 17, "IQ2_XS", 256, 74, TRUE }, { 26, "I32", 1, 4, FALSE },
    { 30, "BF16", 1, 2, TRUE }, { 39, "MXFP4", 32, 17, TRUE }, { 9, "Q8_1", 32, 36, FALSE },
    { 40, "NVFP4", 64, 36, TRUE },
  };
  guint n_elements, n_bytes;

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_assert_true (sotto_block_measure (types[i].type, &n_elements, &n_bytes));
      g_assert_cmpuint (n_elements, ==, types[i].n_elements);
      g_assert_cmpuint (n_bytes, ==, types[i].n_bytes);
      g_assert_cmpstr (sotto_block_name (types[i].type), ==, types[i].name);
      g_assert_cmpint (sotto_block_info (types[i].type) != NULL, ==, types[i].computable);
    }

  /* What the engine computes with has the size that the format says. */
  for (guint32 type = 0; type < 64; type++)
    if (sotto_block_info (type) != NULL)
      {
        g_assert_cmpuint (type, <, SOTTO_BLOCK_TYPES);
        g_assert_true (sotto_block_measure (type, &n_elements, &n_bytes));
        g_assert_cmpuint (sotto_block_info (type)->n_elements, ==, n_elements);
        g_assert_cmpuint (sotto_block_info (type)->n_bytes, ==, n_bytes);
        g_assert_cmpstr (sotto_block_info (type)->name, ==, sotto_block_name (type));
      }

  g_assert_false (sotto_block_measure (4, &n_elements, &n_bytes));
  g_assert_false (sotto_block_measure (G_MAXUINT32, &n_elements, &n_bytes));
  g_assert_null (sotto_block_info (77));
  g_assert_cmpstr (sotto_block_name (77), ==, "type 77");
  g_assert_cmpstr (sotto_block_file_type_name (15), ==, "Q4_K_M");
  g_assert_null (sotto_block_file_type_name (5));
  g_assert_null (sotto_block_file_type_name (G_MAXUINT64));
}

/* The value of a half by the definition of binary16. */
static double
half_value (guint half)
{
  int exponent = (int) (half >> 10) & 31;
  int mantissa = (int) half & 1023;
  double magnitude = exponent == 0 ? ldexp (mantissa, -24) : ldexp (1024 + mantissa, exponent - 25);

  return half & 0x8000 ? -magnitude : magnitude;
}

static void
test_halves (void)
{
  for (guint half = 0; half < 0x10000; half++)
    {
      float value = sotto_half_to_float ((guint16) half);

      if ((half & 0x7fff) > 0x7c00)
        {
          g_assert_true (isnan (value));
          g_assert_true (isnan (sotto_half_to_float (sotto_float_to_half (value))));
          continue;
        }
      if ((half & 0x7fff) == 0x7c00)
        g_assert_cmpfloat (value, ==, half & 0x8000 ? -INFINITY : INFINITY);
      else
        g_assert_cmpfloat (value, ==, half_value (half));
      g_assert_cmpint (signbit (value) != 0, ==, half >> 15);
      g_assert_cmphex (sotto_float_to_half (value), ==, half);
    }
}

/* Between each half and the next: the middle goes to the even one, what is nearer to one goes there. */
static void
test_rounding (void)
{
  for (guint half = 0; half < 0x7c00; half++)
    {
      double low = half_value (half);
      double high = half == 0x7bff ? 65536.0 : half_value (half + 1);
      float middle = (float) ((low + high) / 2);
      guint even = half & 1 ? half + 1 : half;

      g_assert_cmphex (sotto_float_to_half (middle), ==, even);
      g_assert_cmphex (sotto_float_to_half (-middle), ==, even | 0x8000);
      g_assert_cmphex (sotto_float_to_half (nextafterf (middle, 0.0f)), ==, half);
      g_assert_cmphex (sotto_float_to_half (nextafterf (middle, INFINITY)), ==, half + 1);
    }

  g_assert_cmphex (sotto_float_to_half (1e30f), ==, 0x7c00);
  g_assert_cmphex (sotto_float_to_half (-1e-30f), ==, 0x8000);
}

int
main (int argc, char **argv)
{
  static const char *const names[] = { "F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0",
                                       "Q4_K", "Q5_K", "Q6_K", "Q2_K", "Q3_K", "Q8_K",
                                       "IQ1_S", "IQ1_M", "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ3_XXS",
                                       "IQ3_S", "IQ4_NL", "IQ4_XS", "TQ1_0", "TQ2_0", "MXFP4",
                                       "NVFP4" };

  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_strconcat ("/blocks/dequantise/", names[i], NULL);

      g_test_add_data_func (path, names[i], test_dequantise);
    }
  g_test_add_func ("/blocks/table", test_table);
  g_test_add_func ("/blocks/halves", test_halves);
  g_test_add_func ("/blocks/rounding", test_rounding);

  return g_test_run ();
}
