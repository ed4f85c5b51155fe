/* Runs a fuzz target over its corpus, as an ordinary test: for compilers without libFuzzer, and so
 * that an input which once broke something is tried in every run.
 *
 * Usage: fuzz-NAME FOLDER. One test case a file; a folder that is missing or empty is a skip. */

#include <glib.h>
#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
replay_one (gconstpointer user_data)
{
  const char *path = user_data;
  g_autofree char *contents = NULL;
  g_autofree guint8 *exact = NULL;
  gsize size = 0;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &contents, &size, &error);
  g_assert_no_error (error);

  /* Not the buffer that GLib made: that one has a NUL behind its end, which hides an overrun. */
  exact = g_memdup2 (contents, size);
  LLVMFuzzerTestOneInput (exact, size);
}

static void
no_corpus (void)
{
  g_test_skip ("no corpus yet");
}

int
main (int argc, char **argv)
{
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  const char *folder = argc > 1 ? argv[argc - 1] : ".";
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;
  int test_argc = 2;
  char *test_args[] = { argv[0], (char *) "--tap", NULL };
  char **test_argv = test_args;

  g_test_init (&test_argc, &test_argv, NULL);
  while (dir && (name = g_dir_read_name (dir)))
    {
      g_autofree char *test_path = g_strdup_printf ("/fuzz/%s", name);
      char *path = g_build_filename (folder, name, NULL);

      g_ptr_array_add (paths, path);
      g_test_add_data_func (test_path, path, replay_one);
    }
  if (paths->len == 0)
    g_test_add_func ("/fuzz/corpus", no_corpus);
  return g_test_run ();
}
