#include "cpu/exact-math.h"

/* Our own exponential and its kin against the C library in double, whose error is far below the
 * bounds here. */

static double
relative_error (double value, double exact)
{
  return exact == 0 ? fabs (value) : fabs (value - exact) / fabs (exact);
}

static void
test_exp (void)
{
  double worst = 0;

  for (double x = -87.0; x <= 88.0; x += 0.00037)
    worst = MAX (worst, relative_error ((double) sotto_exp ((float) x), exp ((double) (float) x)));
  g_assert_cmpfloat (worst, <=, 2.5e-7);
  g_assert_cmpfloat (sotto_exp (0.0f), ==, 1.0f);
  g_assert_cmpfloat (sotto_exp (-0.0f), ==, 1.0f);
  g_assert_cmpfloat (sotto_exp (-87.1f), ==, 0.0f);
  g_assert_cmpfloat (sotto_exp (-INFINITY), ==, 0.0f);
  g_assert_cmpfloat (sotto_exp (1e30f), ==, sotto_exp (88.0f));
  g_assert_cmpfloat (sotto_exp (INFINITY), ==, sotto_exp (88.0f));
  g_assert_true (isnan (sotto_exp (NAN)));
}

/* Softmax leans on this: a larger argument never gives a smaller result. */
static void
test_exp_rises (void)
{
  float last = 0.0f;

  for (float x = -2.0f; x < 2.0f; x += 1.0f / 16384)
    {
      float y = sotto_exp (x);

      g_assert_cmpfloat (y, >=, last * (1.0f - 1.2e-7f));
      last = y;
    }
}

static void
test_activations (void)
{
  for (double x = -40.0; x <= 40.0; x += 0.0113)
    {
      double at = (double) (float) x;
      double inner = sqrt (2 / G_PI) * (at + 0.044715 * at * at * at);
      double silu = at / (1 + exp (-at));
      double gelu = 0.5 * at * (1 + tanh (inner));

      g_assert_cmpfloat (relative_error ((double) sotto_silu ((float) x), silu), <=, 5e-7);
      g_assert_cmpfloat (fabs ((double) sotto_gelu ((float) x) - gelu), <=, 1e-6 * fabs (at));
    }
  g_assert_cmpfloat (sotto_silu (0.0f), ==, 0.0f);
  g_assert_cmpfloat (sotto_gelu (0.0f), ==, 0.0f);
  g_assert_true (isnan (sotto_silu (NAN)));
}

static void
test_saturating (void)
{
  for (double x = -30.0; x <= 30.0; x += 0.00071)
    {
      double at = (double) (float) x;
      double sum = log1p (exp (-fabs (at))) + MAX (at, 0);

      g_assert_cmpfloat (relative_error ((double) sotto_tanh ((float) x), tanh (at)), <=, 3e-7);
      g_assert_cmpfloat (relative_error ((double) sotto_erf ((float) x), erf (at)), <=, 6e-7);
      g_assert_cmpfloat (relative_error ((double) sotto_sigmoid ((float) x), 1 / (1 + exp (-at))), <=, 5e-7);
      g_assert_cmpfloat (relative_error ((double) sotto_softplus ((float) x), sum), <=, 5e-7);
      g_assert_cmpfloat (fabs ((double) sotto_gelu_erf ((float) x) - 0.5 * at * (1 + erf (at / sqrt (2)))),
                         <=, 3e-7 * fabs (at));
    }
  g_assert_cmpfloat (sotto_tanh (0.0f), ==, 0.0f);
  g_assert_cmpfloat (sotto_tanh (1e30f), ==, 1.0f);
  g_assert_cmpfloat (sotto_tanh (-INFINITY), ==, -1.0f);
  g_assert_cmpfloat (sotto_softplus (1000.0f), ==, 1000.0f);
  g_assert_cmpfloat (sotto_softplus (-1000.0f), ==, 0.0f);
  g_assert_cmpfloat (sotto_relu_squared (-2.0f), ==, 0.0f);
  g_assert_cmpfloat (sotto_relu_squared (3.0f), ==, 9.0f);
  g_assert_true (isnan (sotto_tanh (NAN)));
  g_assert_true (isnan (sotto_sigmoid (NAN)));
}

static void
test_clamped (void)
{
  for (double gate = -20; gate < 12; gate += 0.37)
    for (double up = -12; up < 12; up += 0.41)
      {
        double g = MIN (gate, 7);
        double exact = g / (1 + exp (-1.702 * g)) * (CLAMP (up, -7, 7) + 1);

        g_assert_cmpfloat (fabs ((double) sotto_clamped ((float) gate, (float) up) - exact), <=,
                           2e-6 * (1 + fabs (exact)));
      }
}

static void
test_sincos (void)
{
  double worst = 0;

  for (double size = 0.0; size < 1.6e6; size = size * 1.0007 + 0.0131)
    for (int sign = -1; sign <= 1; sign += 2)
      {
        double angle = sign * size;
        double sine;
        double cosine;

        sotto_sincos (angle, &sine, &cosine);
        worst = MAX (worst, MAX (fabs (sine - sin (angle)), fabs (cosine - cos (angle))));
      }
  g_assert_cmpfloat (worst, <=, 1e-15);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/exact-math/exp", test_exp);
  g_test_add_func ("/exact-math/exp-rises", test_exp_rises);
  g_test_add_func ("/exact-math/activations", test_activations);
  g_test_add_func ("/exact-math/saturating", test_saturating);
  g_test_add_func ("/exact-math/clamped", test_clamped);
  g_test_add_func ("/exact-math/sincos", test_sincos);
  return g_test_run ();
}
