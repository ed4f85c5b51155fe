#include "harness-folders.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "meaning-private.h"

/* Finding by meaning. What vectors are worth does not matter for how they are kept: a tiny model with random weights, of the engine's
 * tests, makes them. What a question in other words finds is tried with a real one, where it is. */

#define TINY "bert.gguf"
#define OTHER "nomic-bert.gguf"

#define LIGHTHOUSE "# The lighthouse\n\nThe keeper of Skomvær is called Ingeborg. She winds the clockwork every four hours.\n"
#define HARBOUR "The harbour is closed from November to March, as the ice is too thick for ferries.\n"
#define BREAD "Knead the dough for ten minutes, let it rise under a cloth, and bake it in a hot oven until the crust is brown.\n"

static char *
build_model_path (const char *name)
{
  return g_build_filename (g_get_user_data_dir (), "sotto", "models", name, NULL);
}

static void
copy_model (const char *fixture, const char *name)
{
  g_autofree char *source = g_test_build_filename (G_TEST_DIST, "engine", "families", fixture, NULL);
  g_autofree char *path = build_model_path (name);
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *bytes = NULL;
  g_autoptr (GError) error = NULL;
  gsize length;

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_file_get_contents (source, &bytes, &length, &error);
  g_assert_no_error (error);
  g_file_set_contents (path, bytes, (gssize) length, &error);
  g_assert_no_error (error);
}

static void
remove_model (const char *name)
{
  g_autofree char *path = build_model_path (name);

  g_assert_cmpint (g_unlink (path), ==, 0);
}

static gboolean
has_looked (gpointer app)
{
  return !sotto_model_library_is_looking (sotto_app_get_models (app));
}

static void
look (SottoApp *app)
{
  sotto_model_library_refresh (sotto_app_get_models (app));
  harness_wait_for (has_looked, app, 30);
}

/* --- What is seen of it --- */

typedef struct {
  SottoMeaning *meaning;
  GArray *states; /* all that there were */
} Watch;

static void
on_state (Watch *watch)
{
  const SottoMeaningState state = sotto_meaning_get_state (watch->meaning);

  g_assert_cmpuint (sotto_meaning_get_n_done (watch->meaning), <=, sotto_meaning_get_n_all (watch->meaning));
  g_array_append_val (watch->states, state);
}

static Watch *
begin_watch (SottoApp *app)
{
  Watch *watch = g_new0 (Watch, 1);

  watch->meaning = sotto_app_get_meaning (app);
  watch->states = g_array_new (FALSE, FALSE, sizeof (SottoMeaningState));
  g_signal_connect_swapped (watch->meaning, "notify::state", G_CALLBACK (on_state), watch);
  return watch;
}

static gboolean
has_seen (const Watch *watch, SottoMeaningState state)
{
  for (guint i = 0; i < watch->states->len; i++)
    if (g_array_index (watch->states, SottoMeaningState, i) == state)
      return TRUE;
  return FALSE;
}

static gboolean
has_worked (gpointer watch)
{
  return has_seen (watch, SOTTO_MEANING_STATE_WORKING);
}

static void
end_watch (Watch *watch)
{
  g_signal_handlers_disconnect_by_data (watch->meaning, watch);
  g_array_unref (watch->states);
  g_free (watch);
}

static gboolean
is_ready (gpointer app)
{
  SottoMeaning *meaning = sotto_app_get_meaning (app);

  return sotto_meaning_get_state (meaning) == SOTTO_MEANING_STATE_READY && sotto_meaning_get_n_all (meaning) > 0
         && sotto_meaning_get_n_done (meaning) == sotto_meaning_get_n_all (meaning);
}

static gboolean
is_without_model (gpointer app)
{
  return sotto_meaning_get_state (sotto_app_get_meaning (app)) == SOTTO_MEANING_STATE_NO_MODEL;
}

static gboolean
has_failed (gpointer app)
{
  return sotto_meaning_get_state (sotto_app_get_meaning (app)) == SOTTO_MEANING_STATE_FAILED;
}

/* How many passages the history itself knows to lack a vector */
static guint64
count_left (SottoApp *app)
{
  SottoStore *store = app->services->store;
  g_autoptr (GAsyncResult) listed = NULL;
  g_autoptr (GPtrArray) passages = NULL;
  g_autoptr (GError) error = NULL;
  guint64 n_left;

  sotto_store_list_unembedded_async (store, 100, NULL, harness_on_ready, &listed);
  harness_wait_for (harness_has_result, &listed, 20);
  passages = sotto_store_list_unembedded_finish (store, listed, &n_left, NULL, &error);
  g_assert_no_error (error);
  return n_left;
}

static void
write_documents (const char *path)
{
  harness_write (path, "lighthouse.md", LIGHTHOUSE);
  harness_write (path, "harbour.txt", HARBOUR);
  harness_write (path, "bread.txt", BREAD);
}

/* An application with a model and a folder whose passages are READY. @path: (out) (transfer full): of the folder */
static SottoApp *
open_with_documents (const char *name, char **path, SottoDocumentFolder **folder)
{
  SottoApp *app;

  copy_model (TINY, "Tiny-Searcher.gguf");
  app = harness_open ();
  g_object_set (sotto_app_get_settings (app), "find-by-meaning", TRUE, "meaning-model", "", NULL);
  *path = harness_create_folder (name);
  write_documents (*path);
  look (app);
  *folder = harness_add_folder (app, *path);
  harness_wait_for (is_ready, app, 60);
  return app;
}

static void
close_with_documents (SottoApp *app, const char *path, SottoDocumentFolder *folder)
{
  harness_forget_folder (app, folder);
  harness_close (app);
  harness_remove_folder (path);
  remove_model ("Tiny-Searcher.gguf");
}

/* --- Passages --- */

static void
test_passages (void)
{
  g_autofree char *path = NULL;
  g_autofree char *chosen = NULL;
  g_autofree char *file = build_model_path ("Tiny-Searcher.gguf");
  SottoDocumentFolder *folder;
  SottoApp *app = open_with_documents ("passages", &path, &folder);
  SottoMeaning *meaning = sotto_app_get_meaning (app);
  Watch *watch;

  g_assert_cmpuint (sotto_meaning_get_n_all (meaning), ==, 3);
  g_assert_cmpuint (count_left (app), ==, 0);
  g_assert_cmpstr (sotto_meaning_get_status_text (meaning), ==, "Ready");
  g_assert_cmpstr (sotto_model_entry_get_name (sotto_meaning_get_model (meaning)), ==, "Tiny Searcher");
  g_assert_cmpuint (harness_length (sotto_meaning_get_models (meaning)), ==, 1);
  chosen = sotto_settings_dup_string (sotto_app_get_settings (app), "meaning-model");
  g_assert_cmpstr (chosen, ==, file);

  /* What changes is made anew, and nothing else. */
  watch = begin_watch (app);
  harness_write (path, "bread.txt", BREAD BREAD);
  harness_look_again (app, folder);
  harness_wait_for (has_worked, watch, 60);
  harness_wait_for (is_ready, app, 60);
  g_assert_cmpuint (sotto_meaning_get_n_all (meaning), ==, 3);
  g_assert_cmpuint (count_left (app), ==, 0);
  end_watch (watch);

  close_with_documents (app, path, folder);
}

/* After another start, and after it was switched off and on, nothing is made again. */
static void
test_kept (void)
{
  g_autofree char *path = NULL;
  SottoDocumentFolder *folder;
  SottoApp *app = open_with_documents ("kept", &path, &folder);
  SottoMeaning *meaning = sotto_app_get_meaning (app);
  g_autofree char *id = g_strdup (sotto_document_folder_get_id (folder));
  Watch *watch = begin_watch (app);

  g_object_set (sotto_app_get_settings (app), "find-by-meaning", FALSE, NULL);
  g_assert_cmpint (sotto_meaning_get_state (meaning), ==, SOTTO_MEANING_STATE_OFF);
  g_object_set (sotto_app_get_settings (app), "find-by-meaning", TRUE, NULL);
  harness_wait_for (is_ready, app, 60);
  g_assert_false (has_worked (watch));
  end_watch (watch);
  harness_close (app);

  app = harness_open ();
  watch = begin_watch (app);
  look (app);
  harness_wait_for (is_ready, app, 60);
  g_assert_false (has_worked (watch));
  g_assert_cmpuint (count_left (app), ==, 0);
  end_watch (watch);

  /* Off over a start, nothing is left of it. */
  g_object_set (sotto_app_get_settings (app), "find-by-meaning", FALSE, NULL);
  harness_close (app);
  app = harness_open ();
  look (app);
  g_assert_cmpint (sotto_meaning_get_state (sotto_app_get_meaning (app)), ==, SOTTO_MEANING_STATE_OFF);
  g_assert_cmpuint (count_left (app), ==, 3);
  g_object_set (sotto_app_get_settings (app), "find-by-meaning", TRUE, NULL);
  harness_wait_for (is_ready, app, 60);

  close_with_documents (app, path, sotto_document_folders_lookup (sotto_app_get_folders (app), id));
}

/* A file that is away for a moment costs nothing, and another model does not take its place by its name. */
static void
test_missing (void)
{
  g_autofree char *path = NULL;
  SottoDocumentFolder *folder;
  SottoApp *app = open_with_documents ("missing", &path, &folder);
  SottoMeaning *meaning = sotto_app_get_meaning (app);
  Watch *watch = begin_watch (app);

  remove_model ("Tiny-Searcher.gguf");
  look (app);
  harness_wait_for (is_without_model, app, 30);
  g_assert_null (sotto_meaning_get_model (meaning));
  copy_model (TINY, "Tiny-Searcher.gguf");
  look (app);
  harness_wait_for (is_ready, app, 60);
  g_assert_false (has_worked (watch));

  copy_model (OTHER, "A-Searcher.gguf");
  look (app);
  g_assert_cmpuint (harness_length (sotto_meaning_get_models (meaning)), ==, 2);
  g_assert_cmpstr (sotto_model_entry_get_name (sotto_meaning_get_model (meaning)), ==, "Tiny Searcher");
  g_assert_false (has_worked (watch));
  end_watch (watch);

  remove_model ("A-Searcher.gguf");
  close_with_documents (app, path, folder);
}

static SottoModelEntry *
find_embedder (SottoApp *app, const char *name)
{
  GListModel *models = sotto_meaning_get_models (sotto_app_get_meaning (app));

  for (guint i = 0; i < g_list_model_get_n_items (models); i++)
    {
      g_autoptr (SottoModelEntry) entry = g_list_model_get_item (models, i);

      if (g_str_equal (sotto_model_entry_get_name (entry), name))
        return entry;
    }
  return NULL;
}

/* Another model begins anew. */
static void
test_choice (void)
{
  g_autofree char *path = NULL;
  SottoDocumentFolder *folder;
  SottoApp *app = open_with_documents ("choice", &path, &folder);
  SottoMeaning *meaning = sotto_app_get_meaning (app);
  Watch *watch = begin_watch (app);

  copy_model (OTHER, "A-Searcher.gguf");
  look (app);
  sotto_meaning_set_model (meaning, find_embedder (app, "A Searcher"));
  g_assert_cmpstr (sotto_model_entry_get_name (sotto_meaning_get_model (meaning)), ==, "A Searcher");
  harness_wait_for (has_worked, watch, 60);
  harness_wait_for (is_ready, app, 60);
  g_assert_cmpuint (count_left (app), ==, 0);
  end_watch (watch);

  remove_model ("A-Searcher.gguf");
  close_with_documents (app, path, folder);
}

static gboolean
is_working (gpointer meaning)
{
  return sotto_meaning_get_state (meaning) == SOTTO_MEANING_STATE_WORKING;
}

/* A reply has the processor for itself: what is under way is given up, and goes on behind it. */
static void
test_rest (void)
{
  g_autofree char *path = NULL;
  SottoDocumentFolder *folder;
  SottoApp *app = open_with_documents ("rest", &path, &folder);
  SottoMeaning *meaning = sotto_app_get_meaning (app);

  sotto_meaning_set_resting (meaning, TRUE);
  g_assert_cmpint (sotto_meaning_get_state (meaning), ==, SOTTO_MEANING_STATE_READY);
  harness_write (path, "more.txt", HARBOUR LIGHTHOUSE);
  harness_look_again (app, folder);
  harness_run (0.5);
  g_assert_cmpint (sotto_meaning_get_state (meaning), ==, SOTTO_MEANING_STATE_WAITING);
  g_assert_cmpstr (sotto_meaning_get_status_text (meaning), ==, "Waits until the reply is written");
  g_assert_cmpuint (sotto_meaning_get_n_done (meaning), ==, 3);
  g_assert_cmpuint (count_left (app), ==, sotto_meaning_get_n_all (meaning) - 3);
  sotto_meaning_set_resting (meaning, FALSE);
  harness_wait_for (is_working, meaning, 30);
  sotto_meaning_set_resting (meaning, TRUE);
  g_assert_cmpint (sotto_meaning_get_state (meaning), ==, SOTTO_MEANING_STATE_WAITING);
  g_assert_null (meaning->work);
  sotto_meaning_set_resting (meaning, FALSE);
  harness_wait_for (is_ready, app, 60);
  g_assert_cmpuint (count_left (app), ==, 0);

  close_with_documents (app, path, folder);
}

/* A file that has become another one under the engine's hands is a problem with words, and its end is the end of that. */
static void
test_failed (void)
{
  g_autofree char *path = NULL;
  g_autofree char *file = build_model_path ("Tiny-Searcher.gguf");
  SottoDocumentFolder *folder;
  SottoApp *app = open_with_documents ("failed", &path, &folder);
  SottoMeaning *meaning = sotto_app_get_meaning (app);

  /* Nobody has looked, as no folder is watched while the main context does not turn. */
  sotto_meaning_set_resting (meaning, TRUE);
  harness_write (path, "more.txt", HARBOUR LIGHTHOUSE);
  harness_look_again (app, folder);
  sotto_meaning_set_opened (meaning, NULL);
  g_assert_true (g_file_set_contents (file, "no model", -1, NULL));
  sotto_meaning_set_resting (meaning, FALSE);
  harness_wait_for (has_failed, app, 30);
  g_assert_nonnull (strstr (sotto_problem_get_text (sotto_meaning_get_problem (meaning)), "Tiny Searcher"));
  g_assert_cmpint (sotto_problem_get_remedy (sotto_meaning_get_problem (meaning)), ==, SOTTO_REMEDY_RETRY);
  g_assert_cmpstr (sotto_meaning_get_status_text (meaning), ==, sotto_problem_get_text (sotto_meaning_get_problem (meaning)));
  /* Words are not to suffer. */
  g_assert_true (harness_finds (app, "ferries", "November"));

  copy_model (TINY, "Tiny-Searcher.gguf");
  sotto_meaning_try_again (meaning);
  harness_wait_for (is_ready, app, 60);
  g_assert_null (sotto_meaning_get_problem (meaning));
  g_assert_cmpuint (count_left (app), ==, 0);

  close_with_documents (app, path, folder);
}

/* --- Questions --- */

/* All at once: what is asked while passages are being made comes first, and locking in the midst ends both. */
static void
test_question (void)
{
  const char *const questions[] = { "Who winds the clockwork?", "ferries", NULL };
  g_autofree char *path = NULL;
  g_autofree char *embedder = NULL;
  SottoDocumentFolder *folder;
  SottoApp *app = open_with_documents ("question", &path, &folder);
  SottoMeaning *meaning = sotto_app_get_meaning (app);
  g_autoptr (GAsyncResult) asked = NULL;
  g_autoptr (GAsyncResult) late = NULL;
  g_autoptr (GPtrArray) vectors = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (sotto_meaning_can_ask (meaning));
  sotto_meaning_ask_async (meaning, questions, harness_on_ready, &asked);
  harness_wait_for (harness_has_result, &asked, 20);
  vectors = sotto_meaning_ask_finish (meaning, asked, &embedder, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (vectors->len, ==, 2);
  g_assert_cmpstr (embedder, ==, meaning->embedder);
  for (guint i = 0; i < vectors->len; i++)
    {
      gsize size;
      const float *vector = g_bytes_get_data (g_ptr_array_index (vectors, i), &size);
      double square = 0;

      for (gsize j = 0; j < size / sizeof (float); j++)
        square += (double) vector[j] * vector[j];
      g_assert_cmpfloat_with_epsilon (square, 1, 1e-4);
    }
  g_assert_false (g_bytes_equal (vectors->pdata[0], vectors->pdata[1]));
  g_assert_true (harness_finds (app, "Who winds the clockwork?", "Ingeborg"));

  sotto_meaning_ask_async (meaning, questions, harness_on_ready, &late);
  g_object_ref (meaning);
  harness_forget_folder (app, folder);
  harness_close (app);
  harness_wait_for (harness_has_result, &late, 20);
  g_clear_pointer (&vectors, g_ptr_array_unref);
  g_clear_pointer (&embedder, g_free);
  vectors = sotto_meaning_ask_finish (meaning, late, &embedder, &error);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_false (sotto_meaning_can_ask (meaning));
  g_assert_cmpint (sotto_meaning_get_state (meaning), ==, SOTTO_MEANING_STATE_OFF);
  g_object_unref (meaning);

  harness_remove_folder (path);
  remove_model ("Tiny-Searcher.gguf");
}

/* --- With a model that knows what words mean --- */

#define REAL "all-MiniLM-L6-v2"

static guint
find_place (SottoApp *app, const char *question, const char *text)
{
  g_autoptr (GPtrArray) parts = harness_find (app, question);

  for (guint i = 0; i < parts->len; i++)
    if (strstr (((const SottoHistoryPart *) g_ptr_array_index (parts, i))->text, text) != NULL)
      return i + 1;
  return 0;
}

/* Beside the others: of few passages nobody can say which stands out. */
static const char *const others[] = {
  "Forty sheep graze on the northern meadow, and their wool is spun by two sisters.",
  "Seven children learn to read and to count; their teacher plays the organ on Sundays.",
  "The chapel was built of grey stone in 1784, and its bell came from Bergen.",
  "Invoices are paid within thirty days by bank transfer; reminders cost five crowns.",
  "Replace the oil filter of the tractor every two hundred hours and tighten the bolts.",
  "The choir rehearses old hymns on Thursday evenings in the parish hall.",
  "A fox took three hens in the night, so the fence was mended with new wire.",
  "The library lends novels and atlases for four weeks; dictionaries stay in the reading room.",
  "Patients with fever drink plenty of water and rest in a dark room.",
  "Elections to the council are held every fourth spring, by secret ballot.",
  "The telescope shows the rings of Saturn on clear winter nights.",
  "Plum trees are pruned in July and their fruit is dried on wooden racks.",
  "The football team lost all of its matches but drew the last one.",
};

/* Questions that share no word with what answers them, and come first with it; by words alone they find nothing. */
static void
test_other_words (void)
{
  static const struct {
    const char *question;
    const char *text;
  } cases[] = {
    { "In which season can boats not land?", "ferries" },
    { "Who looks after a beacon at sea?", "Ingeborg" },
    { "What is a recipe of sourdough loaves?", "dough" },
  };
  g_autofree char *link = harness_link_model (REAL);
  g_autofree char *path = NULL;
  SottoDocumentFolder *folder;
  SottoApp *app;

  if (link == NULL)
    return;

  app = harness_open ();
  g_object_set (sotto_app_get_settings (app), "find-by-meaning", FALSE, "meaning-model", "", NULL);
  path = harness_create_folder ("other-words");
  write_documents (path);
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      g_autofree char *name = g_strdup_printf ("other-%u.txt", i);

      harness_write (path, name, others[i]);
    }
  look (app);
  folder = harness_add_folder (app, path);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpuint (find_place (app, cases[i].question, cases[i].text), ==, 0);

  g_object_set (sotto_app_get_settings (app), "find-by-meaning", TRUE, NULL);
  harness_wait_for (is_ready, app, 60);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("%s", cases[i].question);
      g_assert_cmpuint (find_place (app, cases[i].question, cases[i].text), ==, 1);
    }

  harness_forget_folder (app, folder);
  harness_close (app);
  harness_remove_folder (path);
  g_assert_cmpint (g_unlink (link), ==, 0);
}

/* How many passages of usual length a second, and how long a question takes with the model closed and open */
static void
test_speed (void)
{
  const char *const questions[] = { "In which season can boats not land?", NULL };
  g_autofree char *link = NULL;
  g_autofree char *path = NULL;
  g_autofree char *embedder = NULL;
  SottoDocumentFolder *folder;
  SottoMeaning *meaning;
  SottoApp *app;
  double seconds;

  if (!g_test_perf ())
    {
      g_test_skip ("a measurement: -m perf");
      return;
    }
  link = harness_link_model (REAL);
  if (link == NULL)
    return;

  app = harness_open ();
  meaning = sotto_app_get_meaning (app);
  g_object_set (sotto_app_get_settings (app), "find-by-meaning", FALSE, "meaning-model", "", NULL);
  path = harness_create_folder ("speed");
  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u.md", i);
      g_autoptr (GString) text = g_string_new (NULL);

      for (guint j = 0; j < 150; j++)
        g_string_append_printf (text, "%s%s%u barrels of herring were counted that day.\n\n", LIGHTHOUSE + 18, HARBOUR, i * 150 + j);
      harness_write (path, name, text->str);
    }
  look (app);
  folder = harness_add_folder (app, path);
  g_test_timer_start ();
  g_object_set (sotto_app_get_settings (app), "find-by-meaning", TRUE, NULL);
  harness_wait_for (is_ready, app, 600);
  seconds = g_test_timer_elapsed ();
  g_test_message ("%" G_GUINT64_FORMAT " passages in %.2f s, %u at a time", sotto_meaning_get_n_all (meaning), seconds,
                  meaning->n_passages);

  for (guint i = 0; i < 4; i++)
    {
      g_autoptr (GAsyncResult) asked = NULL;
      g_autoptr (GPtrArray) vectors = NULL;

      if (i == 0)
        sotto_meaning_set_opened (meaning, NULL);
      g_test_timer_start ();
      sotto_meaning_ask_async (meaning, questions, harness_on_ready, &asked);
      harness_wait_for (harness_has_result, &asked, 20);
      seconds = g_test_timer_elapsed ();
      vectors = sotto_meaning_ask_finish (meaning, asked, &embedder, NULL);
      g_assert_nonnull (vectors);
      g_clear_pointer (&embedder, g_free);
      g_test_message ("a question, the model %s: %.0f ms", i == 0 ? "closed" : "open", seconds * 1000);
    }

  harness_forget_folder (app, folder);
  harness_close (app);
  harness_remove_folder (path);
  g_assert_cmpint (g_unlink (link), ==, 0);
}

int
main (int argc, char **argv)
{
  harness_prepare ();
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/app/meaning/passages", test_passages);
  g_test_add_func ("/app/meaning/kept", test_kept);
  g_test_add_func ("/app/meaning/missing", test_missing);
  g_test_add_func ("/app/meaning/choice", test_choice);
  g_test_add_func ("/app/meaning/rest", test_rest);
  g_test_add_func ("/app/meaning/failed", test_failed);
  g_test_add_func ("/app/meaning/question", test_question);
  g_test_add_func ("/app/meaning/other-words", test_other_words);
  g_test_add_func ("/app/meaning/speed", test_speed);
  return g_test_run ();
}
