/* Pictures in a timeline as transformers computes them: of models whose rows see each other, and of those whose positions have axes
 * (M-RoPE), step by step, guessed ahead, gone back over, put aside and saved; grids that cannot be are refused. */

#include "family-fixture.h"
#include "sotto-engine.h"
#include "sotto-error.h"
#include "sotto-model-private.h"
#include "sotto-session-private.h"

#include <string.h>

static char *
find (const char *name, const char *ending)
{
  g_autofree char *file = g_strconcat (name, ending, NULL);

  return g_test_build_filename (G_TEST_DIST, "engine", "families", file, NULL);
}

#define N_SEEN 2

/* A fixture's prompt with pictures. */
typedef struct {
  SottoModel *model;
  SottoBackend *backend;
  SottoSession *session;
  FamilyFixture pictures;  /* first and length of each, columns where they are grids, and their rows */
  FamilyFixture expected;
  SottoRowSpan spans[N_SEEN];
  SottoRows rows;
  guint n_asked;
} Seen;

static const float *
get_seen (gpointer      user_data,
          guint         span,
          SottoCancel  *cancel G_GNUC_UNUSED,
          GError      **error G_GNUC_UNUSED)
{
  Seen *self = user_data;
  guint n_parts = 1 + sotto_model_get_program (self->model)->plan.n_deep;

  self->n_asked++;
  return self->pictures.rows + (span == 0 ? 0 : (gsize) self->spans[0].n_rows * n_parts * self->pictures.n_columns);
}

static void
open_seen (Seen *self, const char *name, const char *tier, SottoKvType kv_type)
{
  g_autofree char *model_path = find (name, ".gguf");
  g_autofree char *pictures_path = find (name, ".pictures");
  g_autofree char *seen_path = find (name, ".seen");
  g_autoptr (GError) error = NULL;

  *self = (Seen) { 0 };
  self->model = sotto_model_open (model_path, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  self->backend = sotto_backend_new_cpu (2, tier, &error);
  g_assert_no_error (error);
  family_fixture_read (&self->expected, seen_path);
  family_fixture_read (&self->pictures, pictures_path);
  for (guint i = 0; i < N_SEEN; i++)
    {
      guint n_numbers = self->pictures.n_tokens / N_SEEN;
      const gint32 *numbers = self->pictures.tokens + i * n_numbers;

      self->spans[i] = (SottoRowSpan) { (guint) numbers[0], (guint) numbers[1], n_numbers == 2, n_numbers == 3 ? (guint) numbers[2] : 0 };
    }
  self->rows = (SottoRows) { self->spans, N_SEEN, get_seen, self };
  self->session = sotto_session_new (self->model, self->backend, self->expected.n_tokens, kv_type, &error);
  g_assert_no_error (error);
}

static void
close_seen (Seen *self)
{
  sotto_session_free (self->session);
  sotto_backend_free (self->backend);
  sotto_model_unref (self->model);
  family_fixture_clear (&self->pictures);
  family_fixture_clear (&self->expected);
}

/* Brings the session to the first @n. Returns: how many were there */
static guint
see (Seen *self, guint n)
{
  g_autoptr (GError) error = NULL;
  SottoRows rows = self->rows;
  guint reused;

  for (rows.n_spans = 0; rows.n_spans < N_SEEN && self->spans[rows.n_spans].first < n;)
    rows.n_spans++;
  sotto_session_sync_rows (self->session, self->expected.tokens, n, &rows, NULL, NULL, NULL, &reused, &error);
  g_assert_no_error (error);
  return reused;
}

/* How far the session's logits are from what transformers computes behind @n. */
static double
measure_seen (Seen *self, guint n)
{
  const float *logits = sotto_session_get_logits (self->session);
  g_autofree double *ours = g_new (double, self->expected.n_columns);

  for (guint i = 0; i < self->expected.n_columns; i++)
    ours[i] = (double) logits[i];
  return family_divergence (self->expected.rows + (gsize) (n - 1) * self->expected.n_columns, ours, self->expected.n_columns);
}

static gboolean
is_within (const Seen *self, guint n)
{
  for (guint i = 0; i < N_SEEN; i++)
    if (n > self->spans[i].first && n < self->spans[i].first + self->spans[i].n_rows)
      return TRUE;
  return FALSE;
}

typedef struct {
  const char *name;
  const char *tier;
  SottoKvType kv_type;
  double most;
} SeenCase;

static const SeenCase seen_cases[] = {
  { "gemma3", "reference", SOTTO_KV_F32, 2e-6 },  { "gemma3", NULL, SOTTO_KV_F32, 2e-6 },
  { "qwen2vl", "reference", SOTTO_KV_F32, 2e-6 }, { "qwen2vl", NULL, SOTTO_KV_F32, 2e-6 },
  { "qwen3vl", "reference", SOTTO_KV_F32, 2e-6 }, { "qwen3vl", NULL, SOTTO_KV_F32, 2e-6 },
  { "qwen35", "reference", SOTTO_KV_F32, 2e-6 },  { "qwen35", NULL, SOTTO_KV_F32, 2e-6 },
  /* Whose cache is without the bias of its keys */
  { "qwen2vl", "reference", SOTTO_KV_Q8_0, 5e-3 },
};

/* Every beginning of the prompt that cuts no picture, in one go and behind what is there: on a plain and a fast tier. */
static void
test_seen (gconstpointer data)
{
  const SeenCase *c = data;
  double worst = 0;
  Seen seen;

  open_seen (&seen, c->name, c->tier, c->kv_type);
  for (guint pass = 0; pass < 2; pass++)
    for (guint n = 1; n <= seen.expected.n_tokens; n++)
      {
        if (is_within (&seen, n))
          continue;
        if (pass == 0)
          sotto_session_wipe (seen.session);
        see (&seen, n);
        worst = MAX (worst, measure_seen (&seen, n));
      }
  g_test_message ("KL %.2e at worst", worst);
  g_assert_cmpfloat (worst, <, c->most);
  close_seen (&seen);
}

/* --- Grids --- */

static void
append_rest (Seen *self)
{
  guint n;

  sotto_session_get_tokens (self->session, &n);
  for (; n < self->expected.n_tokens; n++)
    {
      g_assert_true (sotto_session_append (self->session, self->expected.tokens[n], NULL, NULL));
      g_assert_cmpfloat (measure_seen (self, n + 1), <, 2e-6);
    }
}

/* Text behind a grid goes on where it should step by step, guessed ahead, gone back over, and wherever the timeline went in between. */
static void
test_grids_go_along (gconstpointer data)
{
  g_autoptr (GBytes) state = NULL;
  g_autoptr (GBytes) again = NULL;
  g_autoptr (SottoAside) aside = NULL;
  g_autoptr (GError) error = NULL;
  guint n, n_drafted, n_kept;
  Seen seen;

  open_seen (&seen, data, NULL, SOTTO_KV_F32);
  g_assert_nonnull (sotto_model_hash (seen.model, NULL, NULL, NULL, NULL));
  n = seen.spans[1].first + seen.spans[1].n_rows + 2;
  see (&seen, n);
  state = sotto_session_save (seen.session, &error);
  g_assert_no_error (error);
  aside = sotto_session_put_aside (seen.session, NULL);
  g_assert_nonnull (aside);
  append_rest (&seen);

  see (&seen, n);
  n_drafted = 5;
  g_assert_true (sotto_session_append_draft (seen.session, seen.expected.tokens + n, &n_drafted, NULL, NULL));
  g_assert_cmpuint (n_drafted, ==, 5);
  g_assert_true (sotto_session_keep (seen.session, n + 3, NULL, NULL));
  g_assert_cmpfloat (measure_seen (&seen, n + 3), <, 2e-6);
  append_rest (&seen);

  /* Another conversation in between. */
  sotto_session_wipe (seen.session);
  g_assert_true (sotto_session_sync (seen.session, seen.expected.tokens, 4, NULL, NULL, NULL, NULL, NULL));
  g_assert_true (sotto_session_take_up (seen.session, aside, NULL));
  append_rest (&seen);
  sotto_session_wipe (seen.session);
  g_assert_true (sotto_session_restore (seen.session, state, &error));
  g_assert_no_error (error);
  again = sotto_session_save (seen.session, NULL);
  g_assert_true (g_bytes_equal (state, again));
  append_rest (&seen);
  sotto_session_get_tokens (seen.session, &n_kept);
  g_assert_cmpuint (n_kept, ==, seen.expected.n_tokens);
  g_assert_cmpuint (seen.n_asked, ==, 2);
  close_seen (&seen);
}

/* A grid is kept whole or not at all, and not where it has another form now. */
static void
test_grids_are_whole (void)
{
  guint end;
  Seen seen;

  open_seen (&seen, "qwen2vl", NULL, SOTTO_KV_F32);
  end = seen.spans[1].first + seen.spans[1].n_rows;
  see (&seen, seen.expected.n_tokens);
  g_assert_cmpuint (see (&seen, end + 1), ==, end);
  g_assert_cmpuint (see (&seen, end), ==, seen.spans[1].first);
  g_assert_cmpfloat (measure_seen (&seen, end), <, 2e-6);

  seen.spans[1].n_columns /= 2;
  g_assert_cmpuint (see (&seen, seen.expected.n_tokens), ==, seen.spans[1].first);
  seen.spans[0].n_columns = 0;
  g_assert_cmpuint (see (&seen, seen.expected.n_tokens), ==, seen.spans[0].first);
  seen.spans[0].n_columns = seen.spans[0].n_rows;
  g_assert_cmpuint (see (&seen, seen.expected.n_tokens), ==, seen.spans[0].first);
  close_seen (&seen);
}

static const float *
get_none (gpointer      user_data G_GNUC_UNUSED,
          guint         span G_GNUC_UNUSED,
          SottoCancel  *cancel G_GNUC_UNUSED,
          GError      **error)
{
  sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_CHANGED, NULL, "gone");
  return NULL;
}

/* A picture that cannot be had leaves no grid behind. */
static void
test_grids_fail (void)
{
  g_autoptr (GError) error = NULL;
  SottoRows rows;
  Seen seen;
  guint n;

  open_seen (&seen, "qwen2vl", NULL, SOTTO_KV_F32);
  rows = (SottoRows) { seen.spans, N_SEEN, get_none, NULL };
  g_assert_false (sotto_session_sync_rows (seen.session, seen.expected.tokens, seen.expected.n_tokens, &rows, NULL, NULL, NULL, NULL,
                                           &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_CHANGED);
  sotto_session_get_tokens (seen.session, &n);
  g_assert_cmpuint (n, ==, seen.spans[0].first);
  g_assert_cmpuint (sotto_session_get_grids (seen.session)->len, ==, 0);
  g_assert_cmpuint (see (&seen, seen.expected.n_tokens), ==, seen.spans[0].first);
  g_assert_cmpfloat (measure_seen (&seen, seen.expected.n_tokens), <, 2e-6);
  close_seen (&seen);
}

static GBytes *
with_grid (GBytes *state, const Seen *seen, guint index, guint word, guint32 value)
{
  gsize length;
  guint8 *copy = g_memdup2 (g_bytes_get_data (state, &length), g_bytes_get_size (state));

  value = GUINT32_TO_LE (value);
  memcpy (copy + 172 + 4 * (gsize) seen->expected.n_tokens + 12 * index + 4 * word, &value, sizeof value);
  return g_bytes_new_take (copy, length);
}

/* What is kept with grids that cannot be is refused. */
static void
test_grids_damaged (void)
{
  g_autoptr (GBytes) state = NULL;
  g_autoptr (GError) error = NULL;
  guint wrong[][3] = { { 0, 0, 4 },  { 0, 0, 1000 }, { 1, 0, 5 },          { 0, 1, 0 },         { 0, 1, 13 }, { 1, 1, 1000 },
                       { 1, 1, 14 }, { 0, 2, 0 },    { 1, 2, G_MAXUINT },  { 1, 0, G_MAXUINT }, { 1, 2, 5 } };
  Seen seen;

  open_seen (&seen, "qwen2vl", NULL, SOTTO_KV_F32);
  g_assert_nonnull (sotto_model_hash (seen.model, NULL, NULL, NULL, NULL));
  see (&seen, seen.expected.n_tokens);
  state = sotto_session_save (seen.session, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GBytes) bad = with_grid (state, &seen, wrong[i][0], wrong[i][1], wrong[i][2]);

      g_assert_false (sotto_session_restore (seen.session, bad, &error));
      g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_STATE);
      g_clear_error (&error);
    }
  g_assert_true (sotto_session_restore (seen.session, state, NULL));
  close_seen (&seen);
}

static void
test_grids_refused (void)
{
  g_autoptr (GError) error = NULL;
  Seen seen;

  /* Positions of one axis; and what is no grid */
  open_seen (&seen, "gemma3", NULL, SOTTO_KV_F32);
  seen.spans[1].n_columns = 1;
  g_assert_false (sotto_session_sync_rows (seen.session, seen.expected.tokens, seen.expected.n_tokens, &seen.rows, NULL, NULL, NULL,
                                           NULL, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_REQUEST);
  g_clear_error (&error);
  close_seen (&seen);
  open_seen (&seen, "qwen2vl", NULL, SOTTO_KV_F32);
  seen.spans[0].n_columns = 5;
  g_assert_false (sotto_session_sync_rows (seen.session, seen.expected.tokens, seen.expected.n_tokens, &seen.rows, NULL, NULL, NULL,
                                           NULL, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_REQUEST);
  close_seen (&seen);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (seen_cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/session-seen/%s/%s/%s", seen_cases[i].name,
                                               seen_cases[i].tier != NULL ? "plain" : "fast",
                                               sotto_kv_type_get_name (seen_cases[i].kv_type));

      g_test_add_data_func (path, &seen_cases[i], test_seen);
    }
  g_test_add_data_func ("/session-seen/grids/along/qwen2vl", "qwen2vl", test_grids_go_along);
  g_test_add_data_func ("/session-seen/grids/along/qwen3vl", "qwen3vl", test_grids_go_along);
  g_test_add_func ("/session-seen/grids/whole", test_grids_are_whole);
  g_test_add_func ("/session-seen/grids/failing", test_grids_fail);
  g_test_add_func ("/session-seen/grids/damaged", test_grids_damaged);
  g_test_add_func ("/session-seen/grids/refused", test_grids_refused);

  return g_test_run ();
}
