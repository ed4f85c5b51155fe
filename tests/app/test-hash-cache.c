#include "model/hash-cache.h"

#include <glib/gstdio.h>
#include <string.h>

#include "tiny-model.h"

/* A hash that was kept is believed by the next worker; what is no line of the file harms nobody. A wrong hash shows who
 * has been asked. */

#define WRONG "00000000000000000000000000000000000000000000000000000000000000ff"

static char *
dup_path (void)
{
  return g_build_filename (g_get_user_cache_dir (), "sotto", "hashes", NULL);
}

/* What a worker that was told what is kept says of the file. */
static char *
ask_worker (const char *path)
{
  SottoWorkerOptions options = { 0 };
  g_autoptr (SottoWorker) worker = sotto_worker_new (&options, NULL);

  sotto_hash_cache_tell (worker);
  sotto_worker_load (worker, path, 0);
  for (;;)
    {
      g_autoptr (SottoEvent) event = sotto_worker_wait_event (worker, 60 * G_USEC_PER_SEC);

      g_assert_nonnull (event);
      if (event->kind == SOTTO_EVENT_HASHED)
        return g_strdup (event->hash);
    }
}

static char *
hash_file (const char *path)
{
  g_autofree char *contents = NULL;
  gsize length;

  g_assert_true (g_file_get_contents (path, &contents, &length, NULL));
  return g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) contents, length);
}

static void
test_kept (void)
{
  TinyModel tiny = TINY_MODEL_DEFAULTS;
  g_autofree char *path = tiny_model_write_temporary (&tiny);
  g_autofree char *expected = hash_file (path);
  g_autofree char *before = ask_worker (path);
  g_autofree char *file = dup_path ();
  g_autofree char *stamp = NULL;
  g_autofree char *text = NULL;
  g_autofree char *known = NULL;
  g_autofree char *torn = NULL;
  g_autofree char *after = NULL;
  g_autofree char *changed = NULL;
  g_autofree char *changed_expected = NULL;

  g_assert_cmpstr (before, ==, expected);
  {
    g_autoptr (SottoModel) model = sotto_model_open (path, NULL, NULL, NULL, NULL);

    stamp = sotto_model_dup_stamp (model);
  }

  sotto_hash_cache_keep (stamp, WRONG);
  sotto_hash_cache_keep (stamp, WRONG);
  known = ask_worker (path);
  g_assert_cmpstr (known, ==, WRONG);

  /* A line each, and nothing that names the model. */
  g_assert_true (g_file_get_contents (file, &text, NULL, NULL));
  g_assert_cmpuint (strlen (text), ==, 130);
  g_assert_true (g_str_has_prefix (text, stamp));

  text[100] = '-';
  torn = g_strconcat ("\n\377\n", text, "0123", NULL);
  g_assert_true (g_file_set_contents (file, torn, -1, NULL));
  after = ask_worker (path);
  g_assert_cmpstr (after, ==, expected);

  /* Another hash of the same stamp takes the place of the one that is there. */
  sotto_hash_cache_keep (stamp, expected);
  sotto_hash_cache_keep (stamp, WRONG);
  tiny.seed = 5;
  tiny_model_write (&tiny, path);
  changed = ask_worker (path);
  changed_expected = hash_file (path);
  g_assert_cmpstr (changed, ==, changed_expected);
  tiny_model_remove (path);
}

/* The newest 200 stay. */
static void
test_bounded (void)
{
  g_autofree char *file = dup_path ();
  g_autofree char *text = NULL;
  g_autofree char *last = g_strdup_printf ("%064x %s\n", 299, WRONG);
  g_auto (GStrv) lines = NULL;

  g_unlink (file);
  for (guint i = 0; i < 300; i++)
    {
      g_autofree char *stamp = g_strdup_printf ("%064x", i);

      sotto_hash_cache_keep (stamp, WRONG);
    }
  g_assert_true (g_file_get_contents (file, &text, NULL, NULL));
  lines = g_strsplit (text, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), <=, 201);
  g_assert_cmpuint (g_strv_length (lines), >=, 200);
  g_assert_true (g_str_has_suffix (text, last));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/hash-cache/kept", test_kept);
  g_test_add_func ("/hash-cache/bounded", test_bounded);
  return g_test_run ();
}
