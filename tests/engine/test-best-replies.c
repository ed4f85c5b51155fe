/* Replies drawn from the highest logits that a GPU has found are those drawn from all of them, token by token: of models with
 * every kind of state, with guesses and without, whole on the GPU and shared with the CPU; what a helper guesses from
 * the highest is what it would from all. The GPU is the plain one (cuda-plain.c). */

#include "cuda-plain.h"
#include "cuda/backend-cuda.h"
#include "family-fixture.h"
#include "sotto-draft.h"
#include "sotto-engine.h"
#include "sotto-helper.h"
#include "sotto-session-private.h"

#include <math.h>
#include <string.h>

#define N_PROMPT 24u
#define N_REPLY 60u

/* How often highest logits were looked for. */
static struct {
  const SottoCudaModule *module;
  guint n;
} looks;

static gboolean
count_look (SottoCudaDevice *device, const SottoCudaBest *arguments)
{
  looks.n++;
  return looks.module->best (device, arguments);
}

static SottoBackend *
open_plain (gint n_layers)
{
  static SottoCudaModule counting;
  g_autoptr (GError) error = NULL;
  SottoCudaLibrary *library = g_new0 (SottoCudaLibrary, 1);
  SottoBackend *cpu = sotto_backend_new_cpu (2, "reference", &error);
  SottoBackend *backend;

  g_assert_no_error (error);
  looks.module = cuda_plain_module ();
  counting = *looks.module;
  counting.best = count_look;
  library->module = &counting;
  library->devices = g_new0 (SottoCudaUsable, 1);
  library->n_devices = 1;
  g_strlcpy (library->devices[0].info.name, "plain", sizeof library->devices[0].info.name);
  backend = sotto_backend_new_cuda_of (cpu, library, n_layers, &error);
  g_assert_no_error (error);

  return backend;
}

static char *
find_family (const char *name)
{
  return g_build_filename (g_test_get_dir (G_TEST_DIST), "engine", "families", name, NULL);
}

typedef struct {
  SottoModel *model;
  FamilyFixture prompt;
  guint n_vocabulary;
} Family;

static void
family_open (Family *self, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *file = g_strconcat (name, ".gguf", NULL);
  g_autofree char *rows = g_strconcat (name, ".logits", NULL);
  g_autofree char *model_path = find_family (file);
  g_autofree char *rows_path = find_family (rows);

  family_fixture_read (&self->prompt, rows_path);
  self->model = sotto_model_open (model_path, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  self->n_vocabulary = sotto_model_get_info (self->model)->n_vocabulary;
}

static void
family_close (Family *self)
{
  sotto_model_unref (self->model);
  family_fixture_clear (&self->prompt);
}

static SottoSession *
new_session (const Family *family, SottoBackend *backend)
{
  g_autoptr (GError) error = NULL;
  SottoSession *session = sotto_session_new (family->model, backend, N_PROMPT + N_REPLY, SOTTO_KV_F32, &error);

  g_assert_no_error (error);
  sotto_session_sync (session, family->prompt.tokens, MIN (N_PROMPT, family->prompt.n_tokens), NULL, NULL, NULL, NULL,
                      &error);
  g_assert_no_error (error);
  return session;
}

/* Mostly three tokens may come, so that replies repeat themselves; now and then half of all, or all. */
static gboolean
make_mask (GRand *random, guint step, guint n_vocabulary, guint64 *mask)
{
  guint n_words = (n_vocabulary + 63) / 64;
  gboolean is_half = step % 8 == 6;

  for (guint i = 0; i < n_words; i++)
    mask[i] = is_half ? (guint64) g_rand_int (random) << 32 | g_rand_int (random) : i == 0 ? 7 << 5 : 0;
  return step % 8 != 7;
}

static gint32
draw_from_all (SottoDraft *draft, SottoSampler *sampler, const guint64 *mask, guint n_vocabulary)
{
  g_autoptr (GError) error = NULL;
  guint n_tokens;
  const gint32 *tokens = sotto_draft_get_tokens (draft, &n_tokens);
  const float *all = sotto_draft_get_logits (draft, &error);
  g_autofree float *logits = g_new (float, n_vocabulary);

  g_assert_no_error (error);
  for (guint i = 0; i < n_vocabulary; i++)
    logits[i] = mask == NULL || (mask[i / 64] >> i % 64 & 1) != 0 ? all[i] : -INFINITY;
  return sotto_sampler_draw (sampler, logits, tokens, n_tokens);
}

static gint32
draw_from_best (SottoDraft *draft, SottoSampler *sampler, const guint64 *mask, guint n_vocabulary)
{
  g_autoptr (GError) error = NULL;
  guint n_tokens;
  const gint32 *tokens = sotto_draft_get_tokens (draft, &n_tokens);
  SottoBestWish wish = { sotto_sampler_count_best (sampler, n_tokens), mask, (n_vocabulary + 63) / 64 };
  SottoBest best;

  g_assert_cmpuint (wish.n_best, >, 0);
  g_assert_true (sotto_draft_select (draft, &wish, &best, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (best.n, >, 0);
  g_assert_cmpuint (best.n, <=, wish.n_best);
  return sotto_sampler_draw_best (sampler, &best, tokens, n_tokens);
}

/* Returns: how many guesses came true */
static guint
check_reply (const Family *family, SottoBackend *backend, const SottoSamplerSettings *settings, SottoSpeculation speculation)
{
  g_autoptr (SottoSession) steps = new_session (family, backend);
  g_autoptr (SottoSession) leaps = new_session (family, backend);
  g_autoptr (SottoSampler) from_all = sotto_sampler_new (settings, family->n_vocabulary, NULL, NULL);
  g_autoptr (SottoSampler) from_best = sotto_sampler_new (settings, family->n_vocabulary, NULL, NULL);
  g_autoptr (GRand) random = g_rand_new_with_seed (3);
  g_autofree guint64 *bits = g_new (guint64, family->n_vocabulary / 64 + 1);
  gsize n_bytes = family->n_vocabulary * sizeof (float);
  SottoPace pace;
  g_autoptr (SottoDraft) plain = NULL;
  g_autoptr (SottoDraft) draft = NULL;
  g_autoptr (GError) error = NULL;

  sotto_pace_init (&pace);
  plain = sotto_draft_new (steps, NULL, NULL, &pace, SOTTO_SPECULATION_NEVER);
  draft = sotto_draft_new (leaps, NULL, NULL, &pace, speculation);
  for (guint i = 0; i + 1 < N_REPLY; i++)
    {
      guint64 *mask = make_mask (random, i, family->n_vocabulary, bits) ? bits : NULL;
      gint32 token = draw_from_all (plain, from_all, mask, family->n_vocabulary);

      g_assert_cmpint (draw_from_best (draft, from_best, mask, family->n_vocabulary), ==, token);
      /* All of them can still be had. */
      if (i % 5 == 0)
        g_assert_cmpmem (sotto_draft_get_logits (draft, NULL), n_bytes, sotto_draft_get_logits (plain, NULL), n_bytes);
      sotto_draft_append (plain, token, NULL, &error);
      g_assert_no_error (error);
      sotto_draft_append (draft, token, NULL, &error);
      g_assert_no_error (error);
    }
  g_assert_true (sotto_draft_finish (draft, &error));
  g_assert_true (sotto_draft_finish (plain, &error));
  g_assert_cmpmem (sotto_session_get_logits (leaps), n_bytes, sotto_session_get_logits (steps), n_bytes);

  return sotto_draft_get_n_accepted (draft);
}

static void
test_same (gconstpointer name)
{
  static const SottoSamplerSettings settings[] = {
    { .top_p = 1.0f },
    { .temperature = 0.5f, .top_k = 10, .top_p = 0.95f, .min_p = 0.05f, .seed = 4 },
    { .temperature = 1.0f, .top_k = 5, .top_p = 1.0f, .repetition_penalty = 1.2f, .repetition_window = 16, .seed = 5 },
  };
  Family family;
  guint n_accepted = 0;

  family_open (&family, name);
  for (gint n_layers = -1; n_layers <= 1; n_layers += 2)
    {
      g_autoptr (SottoBackend) backend = open_plain (n_layers);

      for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
        {
          check_reply (&family, backend, &settings[i], SOTTO_SPECULATION_NEVER);
          n_accepted += check_reply (&family, backend, &settings[i], SOTTO_SPECULATION_ALWAYS);
        }
    }
  g_assert_cmpuint (n_accepted, >, 0);
  family_close (&family);
}

/* Of a model that the larger one shares so many tokens with; of few of them the highest are mostly others. */
static void
test_helper (gconstpointer name)
{
  enum { N_TIMELINE = 10, MOST = 6 };
  Family family;

  family_open (&family, name);
  for (guint part = 1; part <= 16; part *= 16)
    {
      g_autoptr (SottoBackend) backend = open_plain (-1);
      g_autoptr (GError) error = NULL;
      g_autoptr (SottoSession) steps = sotto_session_new (family.model, backend, 64, SOTTO_KV_F16, &error);
      guint n = family.n_vocabulary / part;
      SottoHelper *helper = sotto_helper_new (family.model, n, backend, NULL, &error);
      gint32 tokens[MOST + 1] = { family.prompt.tokens[N_TIMELINE] };
      guint kinds[MOST + 1];
      double microseconds;
      SottoPace pace;

      g_assert_no_error (error);
      sotto_pace_init (&pace);
      looks.n = 0;
      g_assert_cmpuint (sotto_helper_guess (helper, family.prompt.tokens, N_TIMELINE, tokens, kinds, MOST, &pace, TRUE,
                                            &microseconds, NULL), ==, MOST);
      /* The first guess is behind a prompt's many rows, which do not stay. */
      g_assert_cmpuint (looks.n, >=, MOST - 1);

      g_assert_true (sotto_session_sync (steps, family.prompt.tokens, N_TIMELINE, NULL, NULL, NULL, NULL, &error));
      for (guint i = 0; i < MOST; i++)
        {
          const float *logits;
          gint32 highest = 0;

          g_assert_true (sotto_session_append (steps, tokens[i], NULL, &error));
          logits = sotto_session_get_logits (steps);
          for (guint k = 0; k < n; k++)
            highest = logits[k] > logits[highest] ? (gint32) k : highest;
          g_assert_cmpint (tokens[i + 1], ==, highest);
        }
      sotto_helper_free (helper);
    }
  family_close (&family);
}

/* Logits stay where they are until somebody looks; where the GPU is lost meanwhile, that is said then, and the timeline
 * is as it was. */
static void
test_lost (void)
{
  Family family;
  g_autoptr (SottoBackend) backend = open_plain (-1);
  g_autoptr (SottoSession) session = NULL;
  g_autoptr (SottoDraft) draft = NULL;
  g_autoptr (GError) error = NULL;
  SottoBestWish wish = { .n_best = 3 };
  SottoBest best;
  SottoPace pace;
  guint n_before, n_after;

  family_open (&family, "llama");
  session = new_session (&family, backend);
  sotto_pace_init (&pace);
  draft = sotto_draft_new (session, NULL, NULL, &pace, SOTTO_SPECULATION_NEVER);
  sotto_draft_append (draft, 5, NULL, &error);
  g_assert_no_error (error);
  sotto_session_get_tokens (session, &n_before);
  sotto_draft_append (draft, 6, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (session->is_away);

  cuda_plain.fail_at = cuda_plain.n_operations + 1;
  g_assert_false (sotto_draft_select (draft, &wish, &best, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_BACKEND);
  g_clear_error (&error);
  g_assert_null (sotto_draft_get_logits (draft, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_BACKEND);
  g_clear_error (&error);
  sotto_session_get_tokens (session, &n_after);
  g_assert_cmpuint (n_after, ==, n_before);
  g_assert_null (sotto_session_get_logits (session));

  g_clear_pointer (&draft, sotto_draft_free);
  g_clear_pointer (&session, sotto_session_free);
  family_close (&family);
}

/* What nobody draws from comes as before. */
static void
test_beside (void)
{
  Family family;
  g_autoptr (SottoBackend) gpu = open_plain (-1);
  g_autoptr (SottoSession) session = NULL;
  g_autoptr (GError) error = NULL;
  SottoBestWish wish = { .n_best = 3 };
  SottoBest best;

  family_open (&family, "llama");
  session = new_session (&family, gpu);
  sotto_session_append (session, 5, NULL, &error);
  g_assert_no_error (error);
  g_assert_false (session->is_away);

  /* Nor are they looked for where there are none. */
  sotto_session_rewind (session, 3);
  session->logits = NULL;
  g_assert_false (sotto_session_select (session, 3, &wish, &best, &error));
  g_assert_no_error (error);

  g_clear_pointer (&session, sotto_session_free);
  family_close (&family);
}

int
main (int argc, char **argv)
{
  static const char *const families[] = { "llama", "gemma3", "qwen35moe", "deepseek2-v3" };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (families); i++)
    {
      g_autofree char *path = g_strconcat ("/best-replies/same/", families[i], NULL);

      g_test_add_data_func (path, families[i], test_same);
    }
  g_test_add_data_func ("/best-replies/helper/llama", "llama", test_helper);
  g_test_add_data_func ("/best-replies/helper/gemma3", "gemma3", test_helper);
  g_test_add_func ("/best-replies/lost", test_lost);
  g_test_add_func ("/best-replies/beside", test_beside);
  return g_test_run ();
}
