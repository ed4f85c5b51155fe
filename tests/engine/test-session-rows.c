/* Rows in a session's timeline: of every family's fixture, rows that are the embedding table's own give what their tokens give, to
 * the bit; what is kept of a timeline, gone back to, checkpointed and saved is not cut where rows see each other, and rows are
 * asked for only where they are evaluated. */

#include "family-fixture.h"
#include "sotto-engine.h"
#include "sotto-error.h"
#include "sotto-model-private.h"
#include "sotto-session-private.h"

#include <math.h>
#include <string.h>

#define SHORT 16

/* Whatever is reused. */
#define ANY G_MAXUINT

/* A prompt that has rows in place of some of its tokens. */
typedef struct {
  SottoModel *model;
  SottoBackend *backend;
  SottoSession *session;
  FamilyFixture fixture;
  guint n;
  guint first, end;        /* of the rows */
  gint32 *tokens;          /* (n): the fixture's */
  gint32 *wanted;          /* (n): the same with negative numbers */
  float *floats;           /* (end - first, n_embedding) */
  SottoRowSpan span;
  SottoRows rows;
  guint n_asked;
} Prompt;

static const float *
get_rows (gpointer      user_data,
          guint         span,
          SottoCancel  *cancel G_GNUC_UNUSED,
          GError      **error G_GNUC_UNUSED)
{
  Prompt *self = user_data;

  g_assert_cmpuint (span, ==, 0);
  self->n_asked++;
  return self->floats;
}

/* As the table has them and the step scales them. */
static void
fill_rows (Prompt *self)
{
  const SottoPlan *plan = &sotto_model_get_program (self->model)->plan;
  const SottoEmbedStep *embed = &plan->steps[0].embed;
  const SottoWeight *table = &embed->table;

  g_assert_cmpint (plan->steps[0].kind, ==, SOTTO_STEP_EMBED);
  /* Nothing for further layers. */
  self->floats = g_new0 (float, (gsize) (self->end - self->first) * plan->n_embedding * (1 + plan->n_deep));
  for (guint t = self->first; t < self->end; t++)
    {
      float *row = self->floats + (gsize) (t - self->first) * plan->n_embedding;

      sotto_block_info (table->type)
        ->dequantise ((const guint8 *) table->data + (gsize) self->tokens[t] * table->row_bytes, row, table->n_columns);
      for (guint i = 0; i < plan->n_embedding; i++)
        row[i] = (table->scales != NULL ? row[i] * table->scales[0] : row[i]) * embed->scale;
    }
}

/* FALSE: the model takes no rows. @name: of a fixture of families/ */
static gboolean
open_prompt (Prompt *self, const char *path, const char *logits, gboolean together)
{
  g_autoptr (GError) error = NULL;

  *self = (Prompt) { 0 };
  self->model = sotto_model_open (path, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  if (sotto_model_get_info (self->model)->is_embedding)
    return FALSE;

  self->backend = sotto_backend_new_cpu (2, NULL, &error);
  g_assert_no_error (error);
  family_fixture_read (&self->fixture, logits);
  /* Stretches so short that no checkpoint cuts them. */
  self->first = MIN (self->fixture.n_tokens / 4, SHORT);
  self->end = self->first + MIN (self->fixture.n_tokens / 2, SHORT);
  self->n = MIN (self->fixture.n_tokens, self->end + SHORT);
  self->tokens = self->fixture.tokens;
  self->wanted = g_memdup2 (self->tokens, self->n * sizeof (gint32));
  for (guint i = self->first; i < self->end; i++)
    self->wanted[i] = -1000 - (gint32) i;
  fill_rows (self);
  self->session = sotto_session_new (self->model, self->backend, 2 * self->n, SOTTO_KV_F16, &error);
  g_assert_no_error (error);
  self->span = (SottoRowSpan) { self->first, self->end - self->first, together };
  self->rows = (SottoRows) { &self->span, 1, get_rows, self };
  return TRUE;
}

static void
close_prompt (Prompt *self)
{
  g_clear_pointer (&self->session, sotto_session_free);
  g_clear_pointer (&self->backend, sotto_backend_free);
  g_clear_pointer (&self->model, sotto_model_unref);
  family_fixture_clear (&self->fixture);
  g_free (self->wanted);
  g_free (self->floats);
}

static char *
find (const char *name, const char *ending)
{
  g_autofree char *file = g_strconcat (name, ending, NULL);

  return g_test_build_filename (G_TEST_DIST, "engine", "families", file, NULL);
}

static void
open_family (Prompt *self, const char *name, gboolean together)
{
  g_autofree char *path = find (name, ".gguf");
  g_autofree char *logits = find (name, ".logits");

  g_assert_true (open_prompt (self, path, logits, together));
}

static void
sync_to (Prompt *self, const gint32 *tokens, guint n, gboolean has_rows, guint reused)
{
  g_autoptr (GError) error = NULL;
  guint found;

  sotto_session_sync_rows (self->session, tokens, n, has_rows ? &self->rows : NULL, NULL, NULL, NULL, &found, &error);
  g_assert_no_error (error);
  if (reused != ANY)
    g_assert_cmpuint (found, ==, reused);
}

static float *
copy_logits (Prompt *self)
{
  return g_memdup2 (sotto_session_get_logits (self->session),
                    sotto_model_get_info (self->model)->n_vocabulary * sizeof (float));
}

static void
assert_logits (Prompt *self, const float *expected)
{
  gsize n_bytes = sotto_model_get_info (self->model)->n_vocabulary * sizeof (float);

  g_assert_cmpmem (sotto_session_get_logits (self->session), n_bytes, expected, n_bytes);
}

/* --- Every family --- */

static void
test_family (gconstpointer data)
{
  const char *logits = data;
  g_auto (GStrv) parts = g_strsplit (logits, ".", 2);
  g_autofree char *path = g_strconcat (parts[0], ".gguf", NULL);
  g_autofree float *expected = NULL;
  g_autoptr (GError) error = NULL;
  Prompt prompt;

  if (!open_prompt (&prompt, path, logits, FALSE))
    {
      close_prompt (&prompt);
      return;
    }
  if (!sotto_plan_takes_rows (&sotto_model_get_program (prompt.model)->plan))
    {
      g_assert_false (sotto_session_sync_rows (prompt.session, prompt.wanted, prompt.n, &prompt.rows, NULL, NULL, NULL, NULL, &error));
      g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_REQUEST);
      close_prompt (&prompt);
      return;
    }

  /* Of long sequences the beginning would be evaluated again, once there is more of it. */
  if (sotto_session_is_long (prompt.session, prompt.n))
    {
      close_prompt (&prompt);
      return;
    }
  sync_to (&prompt, prompt.tokens, prompt.first, FALSE, 0);
  sync_to (&prompt, prompt.tokens, prompt.end, FALSE, prompt.first);
  sync_to (&prompt, prompt.tokens, prompt.n, FALSE, prompt.end);
  expected = copy_logits (&prompt);
  g_clear_pointer (&prompt.session, sotto_session_free);
  prompt.session = sotto_session_new (prompt.model, prompt.backend, 2 * prompt.n, SOTTO_KV_F16, NULL);

  sync_to (&prompt, prompt.wanted, prompt.n, TRUE, 0);
  assert_logits (&prompt, expected);
  g_assert_cmpuint (prompt.n_asked, ==, 1);
  close_prompt (&prompt);
}

/* --- What is kept --- */

/* Rows that see each other are kept as one, and asked for when they are to be evaluated again. */
static void
test_together (void)
{
  g_autofree float *whole = NULL;
  g_autofree float *ended = NULL;
  Prompt prompt;

  open_family (&prompt, "llama", TRUE);
  sync_to (&prompt, prompt.wanted, prompt.n, TRUE, 0);
  whole = copy_logits (&prompt);
  g_assert_cmpuint (prompt.n_asked, ==, 1);

  /* The text behind them: they stay. */
  sync_to (&prompt, prompt.wanted, prompt.n - 1, TRUE, prompt.n - 2);
  sync_to (&prompt, prompt.wanted, prompt.end + 1, TRUE, prompt.end);
  g_assert_cmpuint (prompt.n_asked, ==, 1);

  /* At least one token is evaluated, and that takes all of them. */
  sync_to (&prompt, prompt.wanted, prompt.end, TRUE, prompt.first);
  ended = copy_logits (&prompt);
  g_assert_cmpuint (prompt.n_asked, ==, 2);
  sync_to (&prompt, prompt.wanted, prompt.end, TRUE, prompt.first);
  assert_logits (&prompt, ended);

  /* Another picture: what came before it stays. */
  prompt.wanted[prompt.end - 1]--;
  sync_to (&prompt, prompt.wanted, prompt.n, TRUE, prompt.first);
  assert_logits (&prompt, whole);
  close_prompt (&prompt);
}

/* Those that do not are kept one by one. */
static void
test_apart (void)
{
  Prompt prompt;

  open_family (&prompt, "llama", FALSE);
  sync_to (&prompt, prompt.wanted, prompt.n, TRUE, 0);
  sync_to (&prompt, prompt.wanted, prompt.end, TRUE, prompt.end - 1);
  g_assert_cmpuint (prompt.n_asked, ==, 2);
  close_prompt (&prompt);
}

/* What forgets has its checkpoints behind rows, and goes back to there; a ring that is long enough, further. */
static void
test_checkpoints (gconstpointer name)
{
  g_autofree float *expected = NULL;
  g_autofree gint32 *longer = NULL;
  Prompt prompt;
  guint n;

  open_family (&prompt, name, TRUE);
  n = prompt.end + 5;      /* fewer than what a checkpoint is taken before the end */
  sync_to (&prompt, prompt.wanted, n, TRUE, 0);
  g_assert_cmpuint (prompt.session->checkpoints->len, >, 0);
  for (guint i = 0; i < prompt.session->checkpoints->len; i++)
    {
      guint position = g_array_index (prompt.session->checkpoints, SottoCheckpoint, i).position;

      g_assert_true (position <= prompt.first || position >= prompt.end);
    }
  expected = copy_logits (&prompt);

  /* A reply, and another one in its place. */
  for (guint i = 0; i < 3; i++)
    g_assert_true (sotto_session_append (prompt.session, 7, NULL, NULL));
  sync_to (&prompt, prompt.wanted, n, TRUE,
           sotto_model_get_program (prompt.model)->plan.n_recurrents > 0 ? prompt.end : n - 1);
  g_assert_cmpuint (prompt.n_asked, ==, 1);
  g_clear_pointer (&prompt.session, sotto_session_free);
  prompt.session = sotto_session_new (prompt.model, prompt.backend, 2 * prompt.n, SOTTO_KV_F16, NULL);
  sync_to (&prompt, prompt.wanted, n, TRUE, 0);
  assert_logits (&prompt, expected);
  close_prompt (&prompt);
}

static void
test_saved (void)
{
  g_autofree float *expected = NULL;
  g_autoptr (GBytes) state = NULL;
  g_autoptr (SottoAside) aside = NULL;
  g_autoptr (GError) error = NULL;
  Prompt prompt;
  guint n;

  open_family (&prompt, "gemma3", TRUE);
  g_assert_nonnull (sotto_model_hash (prompt.model, NULL, NULL, NULL, NULL));
  sync_to (&prompt, prompt.wanted, prompt.n, TRUE, 0);
  expected = copy_logits (&prompt);
  state = sotto_session_save (prompt.session, &error);
  g_assert_no_error (error);
  aside = sotto_session_put_aside (prompt.session, NULL);
  g_assert_nonnull (aside);

  sync_to (&prompt, prompt.tokens, prompt.n, FALSE, prompt.first);
  g_assert_true (sotto_session_restore (prompt.session, state, &error));
  g_assert_no_error (error);
  g_assert_cmpmem (sotto_session_get_tokens (prompt.session, &n), prompt.n * 4, prompt.wanted, prompt.n * 4);
  assert_logits (&prompt, expected);

  sync_to (&prompt, prompt.tokens, prompt.n, FALSE, ANY);
  g_assert_true (sotto_session_take_up (prompt.session, aside, NULL));
  g_assert_cmpuint (sotto_session_count_reusable (prompt.session, prompt.wanted, prompt.n), ==, prompt.n - 1);
  g_assert_cmpuint (prompt.n_asked, ==, 1);
  close_prompt (&prompt);
}

/* --- What is refused --- */

static const float *
fail (gpointer      user_data G_GNUC_UNUSED,
      guint         span G_GNUC_UNUSED,
      SottoCancel  *cancel G_GNUC_UNUSED,
      GError      **error)
{
  sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_CHANGED, NULL, "gone");
  return NULL;
}

static void
assert_refused (Prompt *self, const gint32 *tokens, guint n, const SottoRows *rows, gint code)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (sotto_session_sync_rows (self->session, tokens, n, rows, NULL, NULL, NULL, NULL, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, code);
  g_assert_null (sotto_session_get_logits (self->session));
}

static void
test_refusals (void)
{
  SottoRowSpan spans[2];
  SottoRows rows = { spans, 1, fail, NULL };
  SottoRows two = { spans, 2, fail, NULL };
  Prompt prompt;
  guint n;

  open_family (&prompt, "llama", TRUE);
  spans[0] = spans[1] = prompt.span;

  /* Negative numbers without rows, and the other way round; a span that is not there, and two in one place. */
  assert_refused (&prompt, prompt.wanted, prompt.n, NULL, SOTTO_ENGINE_ERROR_REQUEST);
  assert_refused (&prompt, prompt.tokens, prompt.n, &rows, SOTTO_ENGINE_ERROR_REQUEST);
  assert_refused (&prompt, prompt.wanted, prompt.end - 1, &rows, SOTTO_ENGINE_ERROR_REQUEST);
  assert_refused (&prompt, prompt.wanted, prompt.n, &two, SOTTO_ENGINE_ERROR_REQUEST);
  sotto_session_get_tokens (prompt.session, &n);
  g_assert_cmpuint (n, ==, 0);

  /* Rows that cannot be had leave what came before them. */
  assert_refused (&prompt, prompt.wanted, prompt.n, &rows, SOTTO_ENGINE_ERROR_CHANGED);
  sotto_session_get_tokens (prompt.session, &n);
  g_assert_cmpuint (n, ==, prompt.first);
  sync_to (&prompt, prompt.wanted, prompt.n, TRUE, prompt.first);
  close_prompt (&prompt);
}

/* Where a sequence gets so long that all of it is to be evaluated again, the rows are gone: that is said, and nothing is lost. */
static void
test_long (void)
{
  g_autofree char *path = find ("phi3-longrope", ".gguf");
  g_autofree char *logits = find ("phi3-longrope", ".short.logits");
  g_autoptr (GError) error = NULL;
  Prompt prompt;
  guint n, before;

  g_assert_true (open_prompt (&prompt, path, logits, FALSE));
  sync_to (&prompt, prompt.wanted, prompt.n, TRUE, 0);
  while (sotto_session_append (prompt.session, 7, NULL, &error))
    sotto_session_get_tokens (prompt.session, &before);
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_REQUEST);
  g_assert_cmpmem (sotto_session_get_tokens (prompt.session, &n), prompt.n * 4, prompt.wanted, prompt.n * 4);
  g_assert_cmpuint (n, ==, before);
  g_assert_cmpuint (n, ==, 32);

  /* Who has them goes on. */
  prompt.wanted = g_realloc (prompt.wanted, 33 * sizeof (gint32));
  for (guint i = prompt.n; i < 33; i++)
    prompt.wanted[i] = 7;
  sync_to (&prompt, prompt.wanted, 33, TRUE, 0);
  g_assert_cmpuint (prompt.n_asked, ==, 2);
  close_prompt (&prompt);
}

static void
add_families (void)
{
  g_autofree char *folder = g_test_build_filename (G_TEST_DIST, "engine", "families", NULL);
  g_autoptr (GDir) files = g_dir_open (folder, 0, NULL);
  const char *name;

  g_assert_nonnull (files);
  while ((name = g_dir_read_name (files)) != NULL)
    if (g_str_has_suffix (name, ".logits"))
      {
        g_autofree char *path = g_strconcat ("/session-rows/family/", name, NULL);

        g_test_add_data_func_full (path, g_build_filename (folder, name, NULL), test_family, g_free);
      }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  add_families ();
  g_test_add_func ("/session-rows/together", test_together);
  g_test_add_func ("/session-rows/apart", test_apart);
  g_test_add_data_func ("/session-rows/checkpoints/windows", "gemma3", test_checkpoints);
  g_test_add_data_func ("/session-rows/checkpoints/recurrent", "qwen35", test_checkpoints);
  g_test_add_func ("/session-rows/saved", test_saved);
  g_test_add_func ("/session-rows/refusals", test_refusals);
  g_test_add_func ("/session-rows/long", test_long);

  return g_test_run ();
}
