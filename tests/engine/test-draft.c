/* Guessing ahead changes no bit: timelines that repeat themselves, and turn off from what they repeated, are brought
 * in token by token, once in plain steps and once with as many guesses as can be. After each token the logits
 * have to be the same bits. Every family (../families), so every kind of cache and state, and two tiers. */

#include "family-fixture.h"
#include "sotto-draft.h"
#include "sotto-engine.h"

#include <string.h>

#define N_REPLY 88u

typedef struct {
  char *model;
  char *rows;
  const char *tier;
} Case;

static void
case_free (gpointer data)
{
  Case *self = data;

  g_free (self->model);
  g_free (self->rows);
  g_free (self);
}

/* A prompt, and behind it what repeats it in pieces, with slips. */
static gint32 *
write_timeline (const FamilyFixture *prompt,
                guint                n_prompt,
                guint                n_tokens)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (n_prompt);
  gint32 *tokens = g_new (gint32, n_tokens);
  guint n = n_prompt;

  memcpy (tokens, prompt->tokens, n_prompt * sizeof *tokens);
  while (n < n_tokens)
    {
      guint from = (guint) g_rand_int_range (random, 0, (gint32) n - 3);
      guint length = (guint) g_rand_int_range (random, 3, 24);

      for (guint i = 0; i < length && n < n_tokens; i++)
        tokens[n++] = tokens[from + i];
      if (n < n_tokens)
        tokens[n++] = prompt->tokens[g_rand_int_range (random, 0, (gint32) n_prompt)];
    }

  return tokens;
}

static SottoSession *
new_session (SottoModel   *model,
             SottoBackend *backend,
             const gint32 *tokens,
             guint         n_prompt)
{
  g_autoptr (GError) error = NULL;
  SottoSession *session = sotto_session_new (model, backend, n_prompt + N_REPLY, SOTTO_KV_F16, &error);

  g_assert_no_error (error);
  sotto_session_sync (session, tokens, n_prompt, NULL, NULL, NULL, NULL, &error);
  g_assert_no_error (error);

  return session;
}

static void
append (SottoDraft *draft,
        gint32      token)
{
  g_autoptr (GError) error = NULL;

  sotto_draft_append (draft, token, NULL, &error);
  g_assert_no_error (error);
}

static void
assert_logits (SottoDraft *plain,
               SottoDraft *other,
               guint       n_vocabulary,
               guint       at)
{
  guint n_plain, n_other;

  sotto_draft_get_tokens (plain, &n_plain);
  sotto_draft_get_tokens (other, &n_other);
  g_assert_cmpuint (n_plain, ==, n_other);
  if (memcmp (sotto_draft_get_logits (plain, NULL), sotto_draft_get_logits (other, NULL), n_vocabulary * sizeof (float)) != 0)
    g_error ("other logits behind token %u", at);
}

/* A reply of @n_tokens in all that ends there, in the middle of a batch or not. Returns how many guesses came true. */
static guint
check_reply (SottoModel   *model,
             SottoBackend *backend,
             const gint32 *tokens,
             guint         n_prompt,
             guint         n_tokens)
{
  guint n_vocabulary = sotto_model_get_info (model)->n_vocabulary;
  g_autoptr (SottoSession) steps = new_session (model, backend, tokens, n_prompt);
  g_autoptr (SottoSession) leaps = new_session (model, backend, tokens, n_prompt);
  SottoPace pace;
  g_autoptr (SottoDraft) plain = NULL;
  g_autoptr (SottoDraft) draft = NULL;
  g_autoptr (GError) error = NULL;
  const gint32 *held;
  guint n_held;

  sotto_pace_init (&pace);
  plain = sotto_draft_new (steps, NULL, NULL, &pace, SOTTO_SPECULATION_NEVER);
  draft = sotto_draft_new (leaps, NULL, NULL, &pace, SOTTO_SPECULATION_ALWAYS);
  assert_logits (plain, draft, n_vocabulary, n_prompt);
  for (guint i = n_prompt; i < n_tokens; i++)
    {
      append (plain, tokens[i]);
      append (draft, tokens[i]);
      assert_logits (plain, draft, n_vocabulary, i + 1);
    }
  g_assert_cmpuint (sotto_draft_get_n_drafted (plain), ==, 0);
  g_assert_cmpuint (sotto_draft_get_n_accepted (draft), <=, sotto_draft_get_n_drafted (draft));

  /* What the sessions hold afterwards is the same, too, and goes on the same. */
  sotto_draft_finish (draft, &error);
  g_assert_no_error (error);
  held = sotto_session_get_tokens (leaps, &n_held);
  g_assert_cmpmem (held, n_held * sizeof *held, tokens, n_tokens * sizeof *tokens);
  g_assert_cmpmem (sotto_session_get_logits (leaps), n_vocabulary * sizeof (float),
                   sotto_session_get_logits (steps), n_vocabulary * sizeof (float));
  if (n_tokens < n_prompt + N_REPLY)
    {
      sotto_session_append (steps, tokens[0], NULL, &error);
      g_assert_no_error (error);
      sotto_session_append (leaps, tokens[0], NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpmem (sotto_session_get_logits (leaps), n_vocabulary * sizeof (float),
                       sotto_session_get_logits (steps), n_vocabulary * sizeof (float));
    }

  return sotto_draft_get_n_accepted (draft);
}

/* Cancelled where the batch holds more than the reply: the timeline is the reply's, and can be gone on with. */
static void
check_cancel (SottoModel   *model,
              SottoBackend *backend,
              const gint32 *tokens,
              guint         n_prompt,
              guint         n_tokens)
{
  guint n_vocabulary = sotto_model_get_info (model)->n_vocabulary;
  g_autoptr (SottoSession) steps = new_session (model, backend, tokens, n_prompt);
  g_autoptr (SottoSession) leaps = new_session (model, backend, tokens, n_prompt);
  g_autoptr (SottoCancel) cancel = sotto_cancel_new ();
  SottoPace pace;
  g_autoptr (SottoDraft) draft = NULL;
  g_autoptr (GError) error = NULL;
  guint n_held;

  sotto_pace_init (&pace);
  draft = sotto_draft_new (leaps, NULL, NULL, &pace, SOTTO_SPECULATION_ALWAYS);
  for (guint i = n_prompt; i < n_tokens; i++)
    {
      sotto_session_append (steps, tokens[i], NULL, &error);
      g_assert_no_error (error);
      append (draft, tokens[i]);
    }
  sotto_cancel_raise (cancel);
  g_assert_false (sotto_draft_append (draft, tokens[n_tokens], cancel, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_CANCELLED);
  g_clear_error (&error);
  sotto_draft_finish (draft, &error);
  g_assert_no_error (error);

  sotto_session_get_tokens (leaps, &n_held);
  g_assert_cmpuint (n_held, ==, n_tokens);
  sotto_session_append (steps, tokens[n_tokens], NULL, &error);
  g_assert_no_error (error);
  sotto_session_append (leaps, tokens[n_tokens], NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (sotto_session_get_logits (leaps), n_vocabulary * sizeof (float),
                   sotto_session_get_logits (steps), n_vocabulary * sizeof (float));
}

static void
test_family (gconstpointer data)
{
  const Case *test = data;
  g_auto (FamilyFixture) prompt = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoBackend) backend = sotto_backend_new_cpu (2, test->tier, &error);
  g_autoptr (SottoModel) model = NULL;
  g_autofree gint32 *tokens = NULL;
  guint n_prompt, n_accepted = 0;

  g_assert_no_error (error);
  family_fixture_read (&prompt, test->rows);
  model = sotto_model_open (test->model, NULL, NULL, NULL, &error);
  g_assert_no_error (error);

  n_prompt = MIN (prompt.n_tokens, 40);
  tokens = write_timeline (&prompt, n_prompt, n_prompt + N_REPLY);
  for (guint n = N_REPLY - 13; n <= N_REPLY; n += 13)
    n_accepted += check_reply (model, backend, tokens, n_prompt, n_prompt + n);
  g_assert_cmpuint (n_accepted, >, N_REPLY);
  for (guint n = 20; n < 28; n += 3)
    check_cancel (model, backend, tokens, n_prompt, n_prompt + n);
}

static void
add_cases (const char *folder)
{
  static const char *const tiers[] = { "reference", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) files = g_dir_open (folder, 0, &error);
  const char *name;

  g_assert_no_error (error);
  while ((name = g_dir_read_name (files)) != NULL)
    for (guint i = 0; i < G_N_ELEMENTS (tiers) && g_str_has_suffix (name, ".logits"); i++)
      {
        g_auto (GStrv) parts = g_strsplit (name, ".", 2);
        g_autofree char *file = g_strconcat (parts[0], ".gguf", NULL);
        g_autofree char *path = g_strdup_printf ("/draft/%s/%s", name, tiers[i] != NULL ? tiers[i] : "best");
        Case *test = g_new0 (Case, 1);

        test->model = g_build_filename (folder, file, NULL);
        test->rows = g_build_filename (folder, name, NULL);
        test->tier = tiers[i];
        g_test_add_data_func_full (path, test, test_family, case_free);
      }
}

int
main (int argc, char **argv)
{
  g_autofree char *folder = NULL;

  g_test_init (&argc, &argv, NULL);
  folder = g_build_filename (g_test_get_dir (G_TEST_DIST), "engine", "families", NULL);
  add_cases (folder);

  return g_test_run ();
}
