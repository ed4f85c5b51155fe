#include "expression-private.h"

#include <math.h>
#include <string.h>

/* What an expression may call by name. What can be exact is; angles are in radians. */

#define MAX_FACTORIAL 500

typedef enum {
  ABSOLUTE,
  CEILING,
  CUBE_ROOT,
  FACTORIAL,
  FLOOR,
  GCD,
  LCM,
  LOG,
  LOG_2,
  LOG_10,
  MAXIMUM,
  MEAN,
  MINIMUM,
  POWER,
  REAL, /* a function of doubles */
  REMAINDER,
  ROOT,
  ROUND,
  SIGN,
  SUM,
  TRUNCATE,
} Kind;

struct _SottoFunction
{
  const char *name;
  guint n_least;
  guint n_most;
  Kind kind;
  double (*real) (double);
};

/* A zero of a sine that floating point has missed by a hair is one. */
static double
snap (double value)
{
  return fabs (value) < 1e-15 ? 0 : value;
}

static double
sine (double x)
{
  return snap (sin (x));
}

static double
cosine (double x)
{
  return snap (cos (x));
}

static double
tangent (double x)
{
  return cosine (x) == 0 ? (double) NAN : snap (tan (x));
}

static double
logarithm (double x)
{
  return x > 0 ? log (x) : (double) NAN;
}

static const SottoFunction functions[] = {
  { "abs", 1, 1, ABSOLUTE, NULL },
  { "acos", 1, 1, REAL, acos },
  { "arccos", 1, 1, REAL, acos },
  { "arcsin", 1, 1, REAL, asin },
  { "arctan", 1, 1, REAL, atan },
  { "asin", 1, 1, REAL, asin },
  { "atan", 1, 1, REAL, atan },
  { "average", 1, SOTTO_FUNCTION_MAX_ARGUMENTS, MEAN, NULL },
  { "cbrt", 1, 1, CUBE_ROOT, NULL },
  { "ceil", 1, 1, CEILING, NULL },
  { "cos", 1, 1, REAL, cosine },
  { "cosh", 1, 1, REAL, cosh },
  { "exp", 1, 1, REAL, exp },
  { "fact", 1, 1, FACTORIAL, NULL },
  { "factorial", 1, 1, FACTORIAL, NULL },
  { "floor", 1, 1, FLOOR, NULL },
  { "gcd", 1, SOTTO_FUNCTION_MAX_ARGUMENTS, GCD, NULL },
  { "lcm", 1, SOTTO_FUNCTION_MAX_ARGUMENTS, LCM, NULL },
  { "ln", 1, 1, REAL, logarithm },
  { "log", 1, 2, LOG, NULL },
  { "log10", 1, 1, LOG_10, NULL },
  { "log2", 1, 1, LOG_2, NULL },
  { "max", 1, SOTTO_FUNCTION_MAX_ARGUMENTS, MAXIMUM, NULL },
  { "mean", 1, SOTTO_FUNCTION_MAX_ARGUMENTS, MEAN, NULL },
  { "min", 1, SOTTO_FUNCTION_MAX_ARGUMENTS, MINIMUM, NULL },
  { "mod", 2, 2, REMAINDER, NULL },
  { "pow", 2, 2, POWER, NULL },
  { "round", 1, 2, ROUND, NULL },
  { "sign", 1, 1, SIGN, NULL },
  { "sin", 1, 1, REAL, sine },
  { "sinh", 1, 1, REAL, sinh },
  { "sqrt", 1, 1, ROOT, NULL },
  { "sum", 1, SOTTO_FUNCTION_MAX_ARGUMENTS, SUM, NULL },
  { "tan", 1, 1, REAL, tangent },
  { "tanh", 1, 1, REAL, tanh },
  { "trunc", 1, 1, TRUNCATE, NULL },
};

const SottoFunction *
sotto_function_lookup (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (functions); i++)
    if (g_str_equal (functions[i].name, name))
      return &functions[i];
  return NULL;
}

gboolean
sotto_constant_lookup (const char *name, SottoNumber *out)
{
  static const struct {
    const char *name;
    double value;
  } constants[] = {
    { "pi", G_PI }, { "π", G_PI }, { "e", G_E }, { "tau", 2 * G_PI }, { "τ", 2 * G_PI }, { "phi", 1.6180339887498949 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (constants); i++)
    if (g_str_equal (constants[i].name, name))
      return sotto_number_set_double (out, constants[i].value) == SOTTO_NUMBER_OK;
  return FALSE;
}

char *
sotto_number_problem_to_words (SottoNumberProblem problem)
{
  switch (problem)
    {
    case SOTTO_NUMBER_TOO_LARGE:
      return g_strdup ("A number is too large.");
    case SOTTO_NUMBER_DIVIDED_BY_ZERO:
      return g_strdup ("Division by zero.");
    case SOTTO_NUMBER_NOT_REAL:
      return g_strdup ("There is no such real number.");
    case SOTTO_NUMBER_OK:
    default:
      return NULL;
    }
}

/* --- Each of them --- */

char *
sotto_number_factorial (SottoNumber *out, const SottoNumber *n)
{
  gboolean negative;
  guint64 most;
  mpz_t product;
  SottoNumberProblem problem;

  if (!sotto_number_get_whole (n, &negative, &most) || negative || most > MAX_FACTORIAL)
    return g_strdup_printf ("A factorial is of a whole number from 0 to %d.", MAX_FACTORIAL);

  mpz_init (product);
  mpz_fac_ui (product, most);
  problem = sotto_number_set_large (out, product);
  mpz_clear (product);
  return sotto_number_problem_to_words (problem);
}

SottoNumberProblem
sotto_number_remainder (SottoNumber *out, const SottoNumber *a, const SottoNumber *b)
{
  g_auto (SottoNumber) quotient;
  SottoNumberProblem problem;

  sotto_number_init (&quotient, 0);
  problem = sotto_number_divide (&quotient, a, b);
  if (problem == SOTTO_NUMBER_OK)
    problem = sotto_number_round (&quotient, &quotient, 0, SOTTO_ROUND_DOWN);
  if (problem == SOTTO_NUMBER_OK)
    problem = sotto_number_multiply (&quotient, &quotient, b);
  if (problem == SOTTO_NUMBER_OK)
    problem = sotto_number_subtract (out, a, &quotient);
  return problem;
}

/* Whether @base to the power of the whole number next to @guess is @value: then that is @out. */
static gboolean
is_power (SottoNumber *out, const SottoNumber *base, double guess, const SottoNumber *value)
{
  g_auto (SottoNumber) exponent;
  g_auto (SottoNumber) power;

  sotto_number_init (&exponent, fabs (guess) < 5000 ? lround (guess) : 0);
  sotto_number_init (&power, 0);
  if (!base->is_exact || !value->is_exact || !(fabs (guess) < 5000)
      || sotto_number_power (&power, base, &exponent) != SOTTO_NUMBER_OK || !power.is_exact
      || sotto_number_compare (&power, value) != 0)
    return FALSE;

  sotto_number_set (out, &exponent);
  return TRUE;
}

static SottoNumberProblem
take_logarithm (SottoNumber *out, const SottoNumber *value, const SottoNumber *base, double (*real) (double))
{
  const double x = sotto_number_get_double (value);
  const double b = sotto_number_get_double (base);
  const double power = real != NULL ? real (x) : log (x) / log (b);

  if (!(x > 0) || !(b > 0) || b == 1)
    return SOTTO_NUMBER_NOT_REAL;
  return is_power (out, base, power, value) ? SOTTO_NUMBER_OK : sotto_number_set_double (out, power);
}

static SottoNumberProblem
take_plain_logarithm (SottoNumber *out, const SottoNumber *value, gint64 base, double (*real) (double))
{
  g_auto (SottoNumber) number;

  sotto_number_init (&number, base);
  return take_logarithm (out, value, &number, real);
}

static SottoNumberProblem
take_cube_root (SottoNumber *out, const SottoNumber *value)
{
  const double real = cbrt (sotto_number_get_double (value));
  SottoNumberProblem problem = SOTTO_NUMBER_OK;
  mpz_t root;

  mpz_init (root);
  if (sotto_number_is_whole (value) && mpz_root (root, mpq_numref (value->fraction), 3))
    problem = sotto_number_set_large (out, root);
  else
    problem = sotto_number_set_double (out, real);
  mpz_clear (root);
  return problem;
}

static char *
find_divisor (SottoNumber *out, const SottoNumber *arguments, guint n, gboolean least_multiple)
{
  SottoNumberProblem problem;
  mpz_t result;

  for (guint i = 0; i < n; i++)
    if (!sotto_number_is_whole (&arguments[i]))
      return g_strdup ("Only whole numbers have a greatest common divisor and a least common multiple.");

  mpz_init (result);
  mpz_abs (result, mpq_numref (arguments[0].fraction));
  for (guint i = 1; i < n; i++)
    (least_multiple ? mpz_lcm : mpz_gcd) (result, result, mpq_numref (arguments[i].fraction));
  problem = sotto_number_set_large (out, result);
  mpz_clear (result);
  return sotto_number_problem_to_words (problem);
}

static SottoNumberProblem
add_up (SottoNumber *out, const SottoNumber *arguments, guint n, gboolean is_mean)
{
  g_auto (SottoNumber) sum;
  g_auto (SottoNumber) count;
  SottoNumberProblem problem = SOTTO_NUMBER_OK;

  sotto_number_init (&sum, 0);
  sotto_number_init (&count, is_mean ? n : 1);
  for (guint i = 0; i < n && problem == SOTTO_NUMBER_OK; i++)
    problem = sotto_number_add (&sum, &sum, &arguments[i]);
  return problem == SOTTO_NUMBER_OK ? sotto_number_divide (out, &sum, &count) : problem;
}

static void
choose_extreme (SottoNumber *out, const SottoNumber *arguments, guint n, int sign)
{
  guint best = 0;

  for (guint i = 1; i < n; i++)
    if (sotto_number_compare (&arguments[i], &arguments[best]) * sign > 0)
      best = i;
  sotto_number_set (out, &arguments[best]);
}

static char *
round_to (SottoNumber *out, const SottoNumber *arguments, guint n)
{
  gboolean negative = FALSE;
  guint64 places = 0;

  if (n > 1 && (!sotto_number_get_whole (&arguments[1], &negative, &places) || places > 1000))
    return g_strdup ("The second argument of round is a number of decimals.");
  return sotto_number_problem_to_words (sotto_number_round (out, &arguments[0], negative ? -(int) places : (int) places,
                                                            SOTTO_ROUND_NEAREST));
}

static SottoNumberProblem
call_simple (const SottoFunction *self, const SottoNumber *arguments, guint n, SottoNumber *out)
{
  switch (self->kind)
    {
    case ABSOLUTE:
      sotto_number_set (out, &arguments[0]);
      if (sotto_number_get_sign (out) < 0)
        sotto_number_negate (out);
      return SOTTO_NUMBER_OK;
    case SIGN:
      sotto_number_set_whole (out, sotto_number_get_sign (&arguments[0]));
      return SOTTO_NUMBER_OK;
    case CEILING:
      return sotto_number_round (out, arguments, 0, SOTTO_ROUND_UP);
    case FLOOR:
      return sotto_number_round (out, arguments, 0, SOTTO_ROUND_DOWN);
    case TRUNCATE:
      return sotto_number_round (out, arguments, 0, SOTTO_ROUND_TO_ZERO);
    case CUBE_ROOT:
      return take_cube_root (out, arguments);
    case ROOT:
      return sotto_number_root (out, arguments);
    case POWER:
      return sotto_number_power (out, &arguments[0], &arguments[1]);
    case REMAINDER:
      return sotto_number_remainder (out, &arguments[0], &arguments[1]);
    case LOG:
      return n > 1 ? take_logarithm (out, &arguments[0], &arguments[1], NULL) : take_plain_logarithm (out, arguments, 10, log10);
    case LOG_2:
      return take_plain_logarithm (out, arguments, 2, log2);
    case LOG_10:
      return take_plain_logarithm (out, arguments, 10, log10);
    case MEAN:
    case SUM:
      return add_up (out, arguments, n, self->kind == MEAN);
    case MAXIMUM:
    case MINIMUM:
      choose_extreme (out, arguments, n, self->kind == MAXIMUM ? 1 : -1);
      return SOTTO_NUMBER_OK;
    case REAL:
    case FACTORIAL:
    case GCD:
    case LCM:
    case ROUND:
    default:
      return sotto_number_set_double (out, self->real (sotto_number_get_double (&arguments[0])));
    }
}

char *
sotto_function_call (const SottoFunction *self, const SottoNumber *arguments, guint n, SottoNumber *out)
{
  if (n < self->n_least || n > self->n_most)
    return self->n_least == self->n_most
             ? g_strdup_printf ("%s takes %u argument%s, and not %u.", self->name, self->n_most, self->n_most > 1 ? "s" : "", n)
             : g_strdup_printf ("%s takes %u to %u arguments, and not %u.", self->name, self->n_least, self->n_most, n);

  switch (self->kind)
    {
    case FACTORIAL:
      return sotto_number_factorial (out, arguments);
    case GCD:
    case LCM:
      return find_divisor (out, arguments, n, self->kind == LCM);
    case ROUND:
      return round_to (out, arguments, n);
    default:
      return sotto_number_problem_to_words (call_simple (self, arguments, n, out));
    }
}
