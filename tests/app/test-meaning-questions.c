#include "harness-meaning.h"

#include <glib/gstdio.h>
#include <string.h>

/* What documents are asked, by meaning. What a question in other words finds is tried with a real model, where it is. */

/* All at once: what is asked while passages are being made comes first, and locking in the midst ends both. */
static void
test_question (void)
{
  const char *const questions[] = { "Who winds the clockwork?", "ferries", NULL };
  g_autofree char *path = NULL;
  g_autofree char *embedder = NULL;
  SottoDocumentFolder *folder;
  SottoApp *app = harness_open_with_documents ("question", &path, &folder);
  SottoMeaning *meaning = sotto_app_get_meaning (app);
  g_autoptr (GAsyncResult) asked = NULL;
  g_autoptr (GAsyncResult) late = NULL;
  g_autoptr (GPtrArray) vectors = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (sotto_meaning_can_ask (meaning));
  sotto_meaning_ask_async (meaning, questions, NULL, harness_on_ready, &asked);
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

  sotto_meaning_ask_async (meaning, questions, NULL, harness_on_ready, &late);
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
  harness_remove_model ("Tiny-Searcher.gguf");
}

/* --- With a model that knows what words mean --- */

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
  g_autofree char *link = harness_link_model (HARNESS_REAL_EMBEDDER);
  g_autofree char *path = NULL;
  SottoDocumentFolder *folder;
  SottoApp *app;

  if (link == NULL)
    return;

  app = harness_open ();
  g_object_set (sotto_app_get_settings (app), "find-by-meaning", FALSE, "meaning-model", "", NULL);
  path = harness_create_folder ("other-words");
  harness_write_documents (path);
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      g_autofree char *name = g_strdup_printf ("other-%u.txt", i);

      harness_write (path, name, others[i]);
    }
  harness_look (app);
  folder = harness_add_folder (app, path);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpuint (find_place (app, cases[i].question, cases[i].text), ==, 0);

  g_object_set (sotto_app_get_settings (app), "find-by-meaning", TRUE, NULL);
  harness_wait_for (harness_is_ready, app, 60);
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
  link = harness_link_model (HARNESS_REAL_EMBEDDER);
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
        g_string_append_printf (text, "%s%s%u barrels of herring were counted that day.\n\n", HARNESS_LIGHTHOUSE + 18, HARNESS_HARBOUR, i * 150 + j);
      harness_write (path, name, text->str);
    }
  harness_look (app);
  folder = harness_add_folder (app, path);
  g_test_timer_start ();
  g_object_set (sotto_app_get_settings (app), "find-by-meaning", TRUE, NULL);
  harness_wait_for (harness_is_ready, app, 600);
  seconds = g_test_timer_elapsed ();
  g_test_message ("%" G_GUINT64_FORMAT " passages in %.2f s, %u at a time", sotto_meaning_get_n_all (meaning), seconds,
                  meaning->n_texts);

  for (guint i = 0; i < 4; i++)
    {
      g_autoptr (GAsyncResult) asked = NULL;
      g_autoptr (GPtrArray) vectors = NULL;

      if (i == 0)
        sotto_meaning_set_opened (meaning, NULL);
      g_test_timer_start ();
      sotto_meaning_ask_async (meaning, questions, NULL, harness_on_ready, &asked);
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
  g_test_add_func ("/app/meaning-questions/question", test_question);
  g_test_add_func ("/app/meaning-questions/other-words", test_other_words);
  g_test_add_func ("/app/meaning-questions/speed", test_speed);
  return g_test_run ();
}
