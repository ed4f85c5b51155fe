/* Timelines that are left and taken up again: what follows is what would have followed, to the bit; nothing of another
 * timeline goes along, and nothing stays of what is forgotten. */

#include "cpu/lane.h"
#include "sotto-engine.h"
#include "sotto-session-private.h"
#include "sotto-shelf.h"

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define N_CONTEXT 2048

static const char *const models[] = {
  "llama",         /* nothing forgets */
  "gemma3",        /* rings beside a full cache */
  "gpt-oss",       /* rings with sinks */
  "qwen35",        /* recurrent states beside a full cache */
  "granitehybrid", /* Mamba-2 beside one */
  "deepseek2-lite", /* latent keys that are the values, too */
};

typedef struct {
  SottoModel *model;
  SottoBackend *backend;
  guint n_vocabulary;
  gint32 tokens[N_CONTEXT];
  gint32 others[N_CONTEXT];
} Fixture;

static void
open_model (Fixture *self, const char *path)
{
  g_autoptr (GError) error = NULL;

  self->model = sotto_model_open (path, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  self->backend = sotto_backend_new_cpu (2, NULL, &error);
  g_assert_no_error (error);
  self->n_vocabulary = sotto_model_get_info (self->model)->n_vocabulary;
  for (guint i = 0; i < N_CONTEXT; i++)
    {
      self->tokens[i] = (gint32) ((i * 31 + i / 7 + i * i % 13) % self->n_vocabulary);
      self->others[i] = (gint32) ((i * 17 + i / 5 + 3) % self->n_vocabulary);
    }
}

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autofree char *name = g_strconcat (data, ".gguf", NULL);
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "engine", "families", name, NULL);

  open_model (self, path);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_clear_pointer (&self->backend, sotto_backend_free);
  g_clear_pointer (&self->model, sotto_model_unref);
}

static SottoSession *
new_session (Fixture *self, SottoKvType type)
{
  g_autoptr (GError) error = NULL;
  SottoSession *session = sotto_session_new (self->model, self->backend, N_CONTEXT, type, &error);

  g_assert_no_error (error);
  return session;
}

static guint
sync_to (SottoSession *session, const gint32 *tokens, guint n)
{
  g_autoptr (GError) error = NULL;
  guint reused;

  sotto_session_sync (session, tokens, n, NULL, NULL, NULL, &reused, &error);
  g_assert_no_error (error);
  return reused;
}

static void
append (SottoSession *session, const gint32 *tokens, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GError) error = NULL;

      sotto_session_append (session, tokens[i], NULL, &error);
      g_assert_no_error (error);
    }
}

static void
assert_same (Fixture *self, SottoSession *one, SottoSession *other)
{
  guint n_one, n_other;
  const gint32 *tokens = sotto_session_get_tokens (one, &n_one);
  const gint32 *others = sotto_session_get_tokens (other, &n_other);

  g_assert_cmpmem (tokens, n_one * sizeof *tokens, others, n_other * sizeof *others);
  g_assert_cmpmem (sotto_session_get_logits (one), self->n_vocabulary * sizeof (float),
                   sotto_session_get_logits (other), self->n_vocabulary * sizeof (float));
}

static SottoAside *
put_aside (SottoSession *session)
{
  gsize measured = sotto_session_measure_aside (session);
  SottoAside *aside = sotto_session_put_aside (session, NULL);

  g_assert_nonnull (aside);
  g_assert_cmpuint (sotto_aside_measure (aside), ==, measured);
  return aside;
}

/* A conversation of @n tokens and a reply, left for another and come back to: it goes on like one that never left. */
static void
check_return (Fixture *self, SottoKvType type, guint n)
{
  g_autoptr (SottoSession) stayed = new_session (self, type);
  g_autoptr (SottoSession) left = new_session (self, type);
  SottoSession *const both[] = { stayed, left };
  g_autoptr (SottoAside) aside = NULL;

  for (guint i = 0; i < 2; i++)
    {
      sync_to (both[i], self->tokens, n);
      append (both[i], self->tokens + n, 40);
    }
  aside = put_aside (left);
  sync_to (left, self->others, n - n / 3);
  append (left, self->others + n, 5);
  g_assert_true (sotto_session_take_up (left, aside, NULL));
  g_assert_null (sotto_session_get_logits (left));

  /* The next turn, and another reply */
  for (guint i = 0; i < 2; i++)
    {
      g_assert_cmpuint (sync_to (both[i], self->tokens, n + 90), ==, n + 40);
      append (both[i], self->tokens + n + 90, 20);
    }
  assert_same (self, left, stayed);

  /* That reply once more, and the one before it: the way back has come along. */
  g_assert_cmpuint (sync_to (left, self->tokens, n + 90), >=, n + 90 - 40);
  g_assert_true (sotto_session_take_up (left, aside, NULL));
  g_assert_cmpuint (sync_to (left, self->tokens, n), >=, n - 20);

  /* Nothing came of it that was not there before: it comes back as often as one likes. */
  g_assert_true (sotto_session_take_up (left, aside, NULL));
  g_assert_cmpuint (sync_to (left, self->tokens, n + 90), ==, n + 40);
  append (left, self->tokens + n + 90, 20);
  assert_same (self, left, stayed);
}

static void
test_return (Fixture *self, gconstpointer data)
{
  static const SottoKvType types[] = { SOTTO_KV_F16, SOTTO_KV_F32, SOTTO_KV_Q8_0, SOTTO_KV_Q4_0 };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    check_return (self, types[i], i == 0 ? 1000 : 333);
}

/* What is counted beforehand is what there is then, wherever a prompt turns off. */
static void
test_count (Fixture *self, gconstpointer data)
{
  g_autoptr (SottoSession) session = new_session (self, SOTTO_KV_F16);
  g_autoptr (SottoAside) aside = NULL;

  sync_to (session, self->tokens, 700);
  append (session, self->tokens + 700, 30);
  aside = put_aside (session);
  for (guint at = 0; at < 800; at += at % 3 == 0 ? 37 : 11)
    {
      gint32 wanted[900];
      guint n, there;

      memcpy (wanted, self->tokens, sizeof wanted);
      for (guint i = at; i < 900; i++)
        wanted[i] = (self->tokens[i] + 1) % (gint32) self->n_vocabulary;
      n = sotto_aside_count_reusable (aside, session, wanted, 900);
      g_assert_cmpuint (n, <=, MIN (at, 730));
      g_assert_true (sotto_session_take_up (session, aside, NULL));
      there = sotto_session_count_reusable (session, wanted, 900);
      g_assert_cmpuint (there, ==, n);
      g_assert_cmpuint (sync_to (session, wanted, 900), ==, n);
    }
}

/* A timeline's bytes are its own: what another has left in the session is not among them. */
static void
test_own (Fixture *self, gconstpointer data)
{
  static const SottoKvType types[] = { SOTTO_KV_F16, SOTTO_KV_F32, SOTTO_KV_Q8_0, SOTTO_KV_Q4_0 };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autoptr (SottoSession) used = new_session (self, types[i]);
      g_autoptr (SottoSession) fresh = new_session (self, types[i]);
      g_autoptr (SottoAside) one = NULL;
      g_autoptr (SottoAside) other = NULL;

      sync_to (used, self->others, 900);
      sync_to (used, self->tokens, 333);
      sync_to (fresh, self->tokens, 333);
      one = put_aside (used);
      other = put_aside (fresh);
      g_assert_cmpmem (one->bytes, one->n_bytes, other->bytes, other->n_bytes);
    }
}

static gboolean
is_zero (const void *bytes, gsize n)
{
  for (gsize i = 0; i < n; i++)
    if (((const guint8 *) bytes)[i] != 0)
      return FALSE;
  return TRUE;
}

static void
test_wipe (Fixture *self, gconstpointer data)
{
  g_autoptr (SottoSession) session = new_session (self, SOTTO_KV_F16);
  g_autoptr (SottoSession) fresh = new_session (self, SOTTO_KV_F16);
  const SottoCaches *caches = &session->state->caches;

  sync_to (session, self->others, 900);
  append (session, self->others + 900, 10);
  sotto_session_wipe (session);
  for (guint i = 0; i < caches->plan->n_caches; i++)
    {
      const SottoCache *cache = &caches->caches[i];
      gsize n_rows = (gsize) cache->shape->n_heads * cache->capacity;

      g_assert_true (is_zero (cache->keys, n_rows / SOTTO_KEY_TILE * cache->key_tile_bytes));
      g_assert_true (is_zero (cache->values, n_rows * cache->value_bytes));
    }
  for (guint i = 0; i < caches->plan->n_recurrents; i++)
    g_assert_true (is_zero (caches->recurrents[i], caches->plan->recurrents[i].n_floats * sizeof (float)));
  g_assert_null (session->state->scratch.block);
  g_assert_cmpuint (session->checkpoints->len, ==, 0);
  g_assert_null (sotto_session_get_logits (session));

  g_assert_cmpuint (sync_to (session, self->tokens, 600), ==, 0);
  append (session, self->tokens + 600, 10);
  sync_to (fresh, self->tokens, 600);
  append (fresh, self->tokens + 600, 10);
  assert_same (self, session, fresh);
}

/* Cancelled, nothing is lost but what was on its way. */
static void
test_cancelled (Fixture *self, gconstpointer data)
{
  g_autoptr (SottoSession) session = new_session (self, SOTTO_KV_F16);
  g_autoptr (SottoSession) stayed = new_session (self, SOTTO_KV_F16);
  g_autoptr (SottoCancel) cancel = sotto_cancel_new ();
  g_autoptr (SottoAside) aside = NULL;
  guint n;

  sotto_cancel_raise (cancel);
  sync_to (session, self->tokens, 600);
  sync_to (stayed, self->tokens, 600);
  g_assert_null (sotto_session_put_aside (session, cancel));
  append (session, self->tokens + 600, 3);
  append (stayed, self->tokens + 600, 3);
  assert_same (self, session, stayed);

  aside = put_aside (session);
  sync_to (session, self->others, 900);
  g_assert_false (sotto_session_take_up (session, aside, cancel));
  sotto_session_get_tokens (session, &n);
  g_assert_cmpuint (n, ==, 0);
  g_assert_cmpuint (sync_to (session, self->others, 300), ==, 0);
  g_assert_true (sotto_session_take_up (session, aside, NULL));
  append (session, self->tokens + 603, 3);
  append (stayed, self->tokens + 603, 3);
  assert_same (self, session, stayed);
}

static void
stop_late (guint64 done, guint64 total, gpointer user_data)
{
  if (done >= 500)
    sotto_cancel_raise (user_data);
}

/* A timeline whose last step failed is kept as far as it can be gone on from. */
static void
test_failed (Fixture *self, gconstpointer data)
{
  g_autoptr (SottoSession) session = new_session (self, SOTTO_KV_F16);
  g_autoptr (SottoSession) stayed = new_session (self, SOTTO_KV_F16);
  g_autoptr (SottoCancel) cancel = sotto_cancel_new ();
  g_autoptr (SottoAside) aside = NULL;
  guint n;

  sync_to (session, self->tokens, 400);
  g_assert_false (sotto_session_sync (session, self->tokens, 1500, stop_late, cancel, cancel, NULL, NULL));
  aside = put_aside (session);
  n = aside->tokens->len;
  g_assert_cmpuint (n, >=, 380);
  sync_to (session, self->others, 900);
  g_assert_true (sotto_session_take_up (session, aside, NULL));
  append (session, self->tokens + n, 3);

  sync_to (stayed, self->tokens, 400);
  if (n > 400)
    sync_to (stayed, self->tokens, n);
  if (n >= 400)
    {
      append (stayed, self->tokens + n, 3);
      assert_same (self, session, stayed);
    }
}

#ifdef __SANITIZE_ADDRESS__
#define MAY_LIMIT_MEMORY FALSE
#else
#define MAY_LIMIT_MEMORY TRUE
#endif

static void
test_no_memory (Fixture *self, gconstpointer data)
{
  g_autoptr (SottoSession) session = new_session (self, SOTTO_KV_F32);
  g_autofree char *text = NULL;
  struct rlimit limit, less;

  if (!MAY_LIMIT_MEMORY || !g_file_get_contents ("/proc/self/statm", &text, NULL, NULL))
    {
      g_test_skip ("a sanitizer has memory of its own, or the system does not say how much is taken");
      return;
    }
  sync_to (session, self->tokens, 2000);
  g_assert_cmpuint (sotto_session_measure_aside (session), >, 900000);
  g_assert_cmpint (getrlimit (RLIMIT_AS, &limit), ==, 0);
  less = limit;
  less.rlim_cur = MIN (limit.rlim_cur, g_ascii_strtoull (text, NULL, 10) * (guint64) sysconf (_SC_PAGESIZE) + (1 << 19));
  g_assert_cmpint (setrlimit (RLIMIT_AS, &less), ==, 0);
  g_assert_null (sotto_session_put_aside (session, NULL));
  g_assert_cmpint (setrlimit (RLIMIT_AS, &limit), ==, 0);
  append (session, self->tokens + 2000, 3);
}

/* --- A real model --- */

static void
set_up_real (Fixture *self, gconstpointer data)
{
  g_autofree char *path = g_build_filename (g_get_user_data_dir (), "sotto", "models", data, NULL);

  if (g_file_test (path, G_FILE_TEST_EXISTS))
    open_model (self, path);
}

static void
test_real (Fixture *self, gconstpointer data)
{
  if (self->model == NULL)
    {
      g_test_skip ("the model is not there: data/models/fetch");
      return;
    }
  check_return (self, SOTTO_KV_F16, 300);
  check_return (self, SOTTO_KV_Q8_0, 200);
}

/* tests/run --bench shelf: what reading, leaving and coming back take */
static void
test_speed (Fixture *self, gconstpointer data)
{
  static const SottoKvType types[] = { SOTTO_KV_F16, SOTTO_KV_Q8_0 };
  static const guint lengths[] = { 500, 2000, 4000 };
  g_autofree gint32 *tokens = g_new (gint32, 4096);

  if (self->model == NULL)
    {
      g_test_skip ("the model is not there: data/models/fetch");
      return;
    }
  for (guint i = 0; i < 4096; i++)
    tokens[i] = self->tokens[i * 7 % N_CONTEXT];
  for (guint t = 0; t < G_N_ELEMENTS (types); t++)
    {
      g_autoptr (SottoSession) session = sotto_session_new (self->model, self->backend, 4096, types[t], NULL);
      gint64 read = 0;

      for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
        {
          gint64 begin = g_get_monotonic_time (), left = G_MAXINT64, taken = G_MAXINT64;
          gsize n_bytes = 0;

          sync_to (session, tokens, lengths[i]);
          read += g_get_monotonic_time () - begin;
          for (guint k = 0; k < 9; k++)
            {
              g_autoptr (SottoAside) aside = NULL;

              begin = g_get_monotonic_time ();
              aside = put_aside (session);
              left = MIN (left, g_get_monotonic_time () - begin);
              n_bytes = sotto_aside_measure (aside);
              begin = g_get_monotonic_time ();
              g_assert_true (sotto_session_take_up (session, aside, NULL));
              taken = MIN (taken, g_get_monotonic_time () - begin);
            }
          g_test_message ("%s, %s, %u tokens, %.1f MB: read in %.0f ms, left in %.1f, taken up in %.1f",
                          (const char *) data, sotto_kv_type_get_name (types[t]), lengths[i], (double) n_bytes / 1e6,
                          (double) read / 1e3, (double) left / 1e3, (double) taken / 1e3);
        }
    }
}

static void
test_spare (void)
{
  static const char text[] = "MemTotal:        8000000 kB\nMemFree:          100000 kB\nMemAvailable:    3000000 kB\n";

  g_assert_cmpint (sotto_shelf_find_spare (text, 0), ==, G_GINT64_CONSTANT (2000000) * 1024);
  g_assert_cmpint (sotto_shelf_find_spare (text, G_GUINT64_CONSTANT (1000000) * 1024), ==, G_GINT64_CONSTANT (1000000) * 1024);
  g_assert_cmpint (sotto_shelf_find_spare (text, G_GUINT64_CONSTANT (2500000) * 1024), <, 0);
  g_assert_cmpint (sotto_shelf_find_spare (text, G_MAXUINT64), <, 0);
  g_assert_cmpint (sotto_shelf_find_spare ("MemTotal: 8 kB\n", 5), >, G_MAXINT64 / 4);
  g_assert_cmpint (sotto_shelf_find_spare ("", 5), >, G_MAXINT64 / 4);
  g_assert_cmpint (sotto_shelf_find_spare (NULL, 5), >, G_MAXINT64 / 4);
}

int
main (int argc, char *argv[])
{
  static const struct {
    const char *name;
    void (*func) (Fixture *, gconstpointer);
  } tests[] = {
    { "return", test_return }, { "count", test_count },         { "own", test_own },
    { "wipe", test_wipe },     { "cancelled", test_cancelled }, { "failed", test_failed },
  };
  static const char *const real[] = {
    "SmolLM2-135M-Instruct.Q4_1.gguf",
    "Qwen2.5-Coder-0.5B-Instruct.Q4_K_M.gguf",
    "Qwen2.5-Coder-1.5B-Instruct.Q4_K_M.gguf",
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (models); i++)
    for (guint t = 0; t < G_N_ELEMENTS (tests); t++)
      {
        g_autofree char *path = g_strdup_printf ("/shelf/%s/%s", models[i], tests[t].name);

        g_test_add (path, Fixture, models[i], set_up, tests[t].func, tear_down);
      }
  g_test_add ("/shelf/no-memory", Fixture, "gpt-oss", set_up, test_no_memory, tear_down);
  g_test_add ("/shelf/smollm2", Fixture, real[0], set_up_real, test_real, tear_down);
  for (guint i = 0; g_test_perf () && i < G_N_ELEMENTS (real); i++)
    {
      g_autofree char *path = g_strdup_printf ("/shelf/speed/%u", i);

      g_test_add (path, Fixture, real[i], set_up_real, test_speed, tear_down);
    }
  g_test_add_func ("/shelf/spare", test_spare);

  return g_test_run ();
}
