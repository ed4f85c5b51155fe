/* Every family, as transformers computes it: tiny random models and the logits they must give, made by
 * families/make.py. Each file is evaluated whole, in stretches of prefill and decode, and after going
 * back, by every tier that this machine has. */

#include "family-fixture.h"
#include "kernel-tier.h"
#include "sotto-engine.h"

#include <math.h>
#include <string.h>

/* Mean and worst Kullback-Leibler divergence of a prompt from transformers, in nats. What is promised is
 * 1e-6; single precision is far nearer (the delta rule is the worst, at 2e-9), and the erf and tanh forms
 * of GELU lie 4e-7 apart. F32 weights are not rounded by any tier; those of MXFP4 meet 8-bit activations
 * in the fast ones. */
#define EXACT_MEAN 2e-8
#define EXACT_WORST 2e-6
#define ROUNDED_MEAN 1e-2

/* Elements of a vector of unit length. */
#define EXACT_ELEMENT 2e-6

typedef struct {
  char *model; /* path of the GGUF file */
  char *rows;  /* path of what it must give */
  const char *tier;
  gboolean rounded;
  guint first; /* shorter sequences give something else */
} Case;

static void
case_free (gpointer data)
{
  Case *self = data;

  g_free (self->model);
  g_free (self->rows);
  g_free (self);
}

typedef struct {
  const FamilyFixture *expected;
  double sum, worst;
  guint n, worst_at;
} Distance;

static gboolean
measure (guint         first,
         guint         n_tokens,
         const float  *logits,
         gpointer      user_data,
         GError      **error G_GNUC_UNUSED)
{
  Distance *self = user_data;
  guint n = self->expected->n_columns;
  g_autofree double *row = g_new (double, n);

  for (guint i = 0; i < n_tokens; i++)
    {
      double found;

      for (guint k = 0; k < n; k++)
        row[k] = (double) logits[(gsize) i * n + k];
      found = family_divergence (self->expected->rows + (gsize) (first + i) * n, row, n);
      self->sum += found;
      self->n++;
      if (!(found <= self->worst)) /* what is not a number is the worst of all */
        {
          self->worst = found;
          self->worst_at = first + i;
        }
    }

  return TRUE;
}

static void
assert_near (const Case *test, const char *how, const Distance *distance)
{
  double mean = distance->sum / MAX (distance->n, 1);
  double limit = test->rounded ? ROUNDED_MEAN : EXACT_MEAN;
  double worst = test->rounded ? 50.0 * ROUNDED_MEAN : EXACT_WORST;

  g_test_message ("%s: KL %.2e, worst %.2e at token %u of %u", how, mean, distance->worst,
                  distance->worst_at, distance->n);
  if (!(mean <= limit && distance->worst <= worst))
    g_test_fail_printf ("%s: KL %.2e above %.0e, or its worst %.2e (token %u) above %.0e", how, mean,
                        limit, distance->worst, distance->worst_at, worst);
}

/* The logits of the last token, or NULL and a failed test. */
static const float *
sync_to (SottoSession *session, const gint32 *tokens, guint n)
{
  g_autoptr (GError) error = NULL;

  if (sotto_session_sync (session, tokens, n, NULL, NULL, NULL, NULL, &error))
    return sotto_session_get_logits (session);
  g_test_fail_printf ("%u tokens: %s", n, error->message);

  return NULL;
}

static const float *
append (SottoSession *session, gint32 token)
{
  g_autoptr (GError) error = NULL;

  if (sotto_session_append (session, token, NULL, &error))
    return sotto_session_get_logits (session);
  g_test_fail_printf ("append: %s", error->message);

  return NULL;
}

/* Prefill of a part, the rest token by token. */
static void
check_decode (const Case *test, const FamilyFixture *expected, SottoSession *session)
{
  Distance distance = { .expected = expected };
  guint i = MAX (expected->n_tokens / 3, test->first);
  const float *logits = sync_to (session, expected->tokens, i);

  for (; logits != NULL; i++)
    {
      measure (i - 1, 1, logits, &distance, NULL);
      if (i == expected->n_tokens)
        {
          assert_near (test, "decode", &distance);
          return;
        }
      logits = append (session, expected->tokens[i]);
    }
}

/* Prefill in pieces of uneven length, so that windows, chunks and states are cut in odd places. */
static void
check_pieces (const Case *test, const FamilyFixture *expected, SottoSession *session)
{
  Distance distance = { .expected = expected };

  for (guint end = MAX (1, test->first), step = 1; end < expected->n_tokens; end += step, step = step % 11 + 2)
    {
      const float *logits = sync_to (session, expected->tokens, end);

      if (logits == NULL)
        return;
      measure (end - 1, 1, logits, &distance, NULL);
    }
  assert_near (test, "pieces", &distance);
}

/* The timeline turns off after a while, and then comes back: what the wrong turn left must not show. */
static void
check_return (const Case *test, const FamilyFixture *expected, SottoSession *session)
{
  guint n = expected->n_tokens;

  for (guint keep = 5; keep < n; keep += 13)
    {
      g_autofree gint32 *turned = g_memdup2 (expected->tokens, n * sizeof (gint32));
      g_autofree char *how = g_strdup_printf ("return to %u", keep);
      Distance distance = { .expected = expected };
      guint n_turned = MIN (keep + 9, n);
      const float *logits;

      for (guint i = keep; i < n_turned; i++)
        turned[i] = (turned[i] + 17) % (gint32) expected->n_columns;
      if (sync_to (session, turned, n_turned) == NULL)
        return;
      logits = sync_to (session, expected->tokens, n);
      if (logits == NULL)
        return;
      measure (n - 1, 1, logits, &distance, NULL);
      assert_near (test, how, &distance);
    }
}

static SottoSession *
new_session (SottoModel *model, SottoBackend *backend, guint n_tokens)
{
  g_autoptr (GError) error = NULL;
  SottoSession *session = sotto_session_new (model, backend, n_tokens, SOTTO_KV_F32, &error);

  if (session == NULL)
    g_test_fail_printf ("session: %s", error->message);

  return session;
}

static void
check_whole (const Case *test, const FamilyFixture *expected, SottoSession *session)
{
  g_autoptr (GError) error = NULL;
  Distance distance = { .expected = expected };

  if (!sotto_session_evaluate (session, expected->tokens, expected->n_tokens, measure, &distance, NULL,
                               &error))
    {
      g_test_fail_printf ("evaluate: %s", error->message);
      return;
    }
  g_assert_cmpuint (distance.n, ==, expected->n_tokens);
  assert_near (test, "whole", &distance);
}

/* --- Embedders --- */

static void
embed (const FamilyFixture *expected, const gint32 *tokens, guint n_tokens, SottoSession *session)
{
  g_autoptr (GError) error = NULL;
  const float *vector = NULL;
  double theirs = 0, ours = 0, worst = 0;
  guint n = 0;

  if (!sotto_session_embed (session, tokens, n_tokens, &vector, &n, NULL, &error))
    {
      g_test_fail_printf ("embed: %s", error->message);
      return;
    }
  g_assert_cmpuint (n, ==, expected->n_columns);
  for (guint i = 0; i < n; i++)
    {
      theirs += (double) expected->rows[i] * (double) expected->rows[i];
      ours += (double) vector[i] * (double) vector[i];
    }
  g_assert_cmpfloat_with_epsilon (ours, 1, 1e-6);
  for (guint i = 0; i < n; i++)
    worst = MAX (worst, fabs ((double) vector[i] - (double) expected->rows[i] / sqrt (theirs)));

  if (tokens != expected->tokens) /* another text is to be far from it, so that this says something */
    g_assert_cmpfloat (worst, >, 0.01);
  else if (!(worst <= EXACT_ELEMENT))
    g_test_fail_printf ("off by %.2e", worst);
  else
    g_test_message ("off by %.2e", worst);
}

/* The pooled vector of a text, and again after others, shorter and longer, were in its place. */
static void
check_embedding (const Case *test G_GNUC_UNUSED, const FamilyFixture *expected, SottoSession *session)
{
  guint n = expected->n_tokens;
  g_autofree gint32 *longer = g_new (gint32, 2 * (gsize) n);

  for (guint i = 0; i < 2 * n; i++)
    longer[i] = expected->tokens[(i * 7 + 3) % n];
  embed (expected, expected->tokens, n, session);
  embed (expected, longer, 2 * n, session);
  embed (expected, expected->tokens, n, session);
  embed (expected, longer, n / 3, session);
  embed (expected, expected->tokens, n, session);
}

static void
test_family (gconstpointer data)
{
  const Case *test = data;
  g_auto (FamilyFixture) expected = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoModel) model = NULL;
  g_autoptr (SottoBackend) backend = NULL;
  /* Embedding and text models are asked for different things. */
  static void (*const generating[]) (const Case *, const FamilyFixture *, SottoSession *) = {
    check_whole, check_decode, check_pieces, check_return, NULL,
  };
  static void (*const embedding[]) (const Case *, const FamilyFixture *, SottoSession *) = {
    check_embedding, NULL,
  };
  void (*const *checks) (const Case *, const FamilyFixture *, SottoSession *);

  backend = sotto_backend_new_cpu (2, test->tier, &error);
  if (g_error_matches (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_BACKEND))
    {
      g_test_skip (error->message);
      return;
    }
  g_assert_no_error (error);

  family_fixture_read (&expected, test->rows);
  model = sotto_model_open (test->model, NULL, NULL, NULL, &error);
  if (model == NULL)
    {
      g_test_fail_printf ("%s", error->message);
      return;
    }
  checks = sotto_model_get_info (model)->is_embedding ? embedding : generating;
  if (checks == generating)
    g_assert_cmpuint (sotto_model_get_info (model)->n_vocabulary, ==, expected.n_columns);
  else
    g_assert_null (sotto_model_get_info (model)->default_template);

  for (guint i = 0; checks[i] != NULL; i++)
    {
      g_autoptr (SottoSession) session = new_session (model, backend, 2 * expected.n_tokens);

      if (session == NULL)
        return;
      checks[i](test, &expected, session);
    }
}

/* NAME.gguf beside NAME.logits or NAME.CASE.logits. */
static char *
model_of (const char *folder, const char *logits)
{
  g_auto (GStrv) parts = g_strsplit (logits, ".", 2);
  g_autofree char *name = g_strconcat (parts[0], ".gguf", NULL);

  return g_build_filename (folder, name, NULL);
}

static void
add_cases (const char *folder)
{
  static const char *const tiers[] = { KERNEL_TIERS };
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) files = g_dir_open (folder, 0, &error);
  const char *name;

  g_assert_no_error (error);
  while ((name = g_dir_read_name (files)) != NULL)
    for (guint i = 0; i < G_N_ELEMENTS (tiers); i++)
      {
        const char *kind = g_str_has_suffix (name, ".logits")   ? ".logits"
                           : g_str_has_suffix (name, ".pooled") ? ".pooled"
                                                                : NULL;
        g_autofree char *path = NULL;
        Case *test;

        if (kind == NULL)
          break;
        test = g_new (Case, 1);

        *test = (Case) {
          .model = model_of (folder, name),
          .rows = g_build_filename (folder, name, NULL),
          .tier = tiers[i],
          .rounded = i > 0 && strstr (name, "mxfp4") != NULL,
          .first = strstr (name, "longrope.long") != NULL ? 33 : 0,
        };
        path = g_strdup_printf ("/families/%.*s/%s", (int) (strlen (name) - strlen (kind)), name,
                                tiers[i]);
        g_test_add_data_func_full (path, test, test_family, case_free);
      }
}

int
main (int argc, char **argv)
{
  g_autofree char *folder = NULL;

  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_set_nonfatal_assertions (); /* one family that fails hides no other */
  folder = g_test_build_filename (G_TEST_DIST, "engine", "families", NULL);
  add_cases (folder);

  return g_test_run ();
}
