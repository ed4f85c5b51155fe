/* Conversations out of one history and into another, as the window has it done. */

#include "harness.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

static char *
path_of (const char *name)
{
  g_autofree char *folder = g_build_filename (g_get_user_data_dir (), "files", NULL);

  g_mkdir_with_parents (folder, 0700);
  return g_build_filename (folder, name, NULL);
}

static GFile *
file_of (const char *name)
{
  g_autofree char *path = path_of (name);

  return g_file_new_for_path (path);
}

static char *
contents_of (const char *name)
{
  g_autofree char *path = path_of (name);
  char *text = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  return text;
}

static void
write_file (const char *name, const char *text)
{
  g_autofree char *path = path_of (name);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static gboolean
run (SottoTransfer *transfer, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  sotto_transfer_run_async (transfer, harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 30);
  return sotto_transfer_run_finish (transfer, result, error);
}

static void
export (SottoApp *app, SottoConversation *conversation, SottoExportFormat format, const char *name)
{
  g_autoptr (GFile) file = file_of (name);
  g_autoptr (SottoTransfer) transfer =
    sotto_transfer_new_export (sotto_app_get_conversations (app), conversation, format, file);
  g_autoptr (GError) error = NULL;

  run (transfer, &error);
  g_assert_no_error (error);
  g_assert_cmpfloat (sotto_transfer_get_fraction (transfer), >, format == SOTTO_EXPORT_ARCHIVE ? 0.99 : -1);
}

static SottoTransfer *
import (SottoApp *app, const char *name)
{
  g_autoptr (GFile) file = file_of (name);
  SottoTransfer *transfer = sotto_transfer_new_import (sotto_app_get_conversations (app), file);
  g_autoptr (GError) error = NULL;

  run (transfer, &error);
  g_assert_no_error (error);
  return transfer;
}

static SottoConversation *
begin (SottoApp *app, const char *text)
{
  SottoConversation *conversation = sotto_conversation_list_create (sotto_app_get_conversations (app));

  harness_send (conversation, text);
  harness_wait_idle (conversation);
  return conversation;
}

/* The next application has another history. */
static void
forget_history (void)
{
  g_autofree char *folder = g_build_filename (g_get_user_data_dir (), "sotto", NULL);

  for (guint i = 0; i < 3; i++)
    {
      static const char *const names[] = { "history.db", "history.key", "history.lock" };
      g_autofree char *path = g_build_filename (folder, names[i], NULL);

      g_unlink (path);
    }
}

static void
test_round_trip (void)
{
  SottoApp *app = harness_open ();
  SottoConversationList *list = sotto_app_get_conversations (app);
  SottoConversation *first = begin (app, "Where is Wurzelbrumm?");
  SottoConversation *second = begin (app, "Who is “Fennwurz”?\nTell me.");
  g_autoptr (SottoTransfer) again = NULL;
  g_autoptr (SottoTransfer) once_more = NULL;
  g_autofree char *one = NULL;
  g_autofree char *all = NULL;
  g_autofree char *copy = NULL;
  g_autofree char *path = path_of ("all.sotto");
  GStatBuf info;

  harness_send (first, "And where is he now?");
  harness_wait_idle (first);
  export (app, second, SOTTO_EXPORT_ARCHIVE, "one.sotto");
  export (app, NULL, SOTTO_EXPORT_ARCHIVE, "all.sotto");
  one = contents_of ("one.sotto");
  all = contents_of ("all.sotto");
  g_assert_null (strstr (one, "Wurzelbrumm"));
  g_assert_nonnull (strstr (all, "\"text\": \"Where is Wurzelbrumm?\""));
  g_assert_nonnull (strstr (all, "\"text\": \"And where is he now?\""));
  g_assert_nonnull (strstr (all, "\"title\": \"Who is “Fennwurz”?\""));

  /* Plain text, and nobody else's to read. */
  g_assert_cmpint (g_stat (path, &info), ==, 0);
  g_assert_cmpuint (info.st_mode & 0077, ==, 0);

  /* Here it is known; nothing is doubled. */
  again = import (app, "all.sotto");
  g_assert_cmpuint (sotto_transfer_get_n_added (again), ==, 0);
  g_assert_cmpuint (sotto_transfer_get_n_known (again), ==, 2);
  g_assert_true (sotto_transfer_get_first (again) == first);
  g_assert_cmpuint (harness_length (list), ==, 2);
  harness_close (app);

  forget_history ();
  app = harness_open ();
  list = sotto_app_get_conversations (app);
  g_assert_cmpuint (harness_length (list), ==, 0);
  once_more = import (app, "all.sotto");
  g_assert_cmpuint (sotto_transfer_get_n_added (once_more), ==, 2);
  g_assert_cmpuint (sotto_transfer_get_n_known (once_more), ==, 0);
  g_assert_cmpuint (harness_length (list), ==, 2);
  first = sotto_transfer_get_first (once_more);
  g_assert_cmpstr (sotto_conversation_get_title (first), ==, "Where is Wurzelbrumm?");
  sotto_conversation_load (first);
  harness_wait_for (harness_is_loaded, first, 20);
  g_assert_cmpuint (harness_length (first), ==, 2);
  g_assert_cmpstr (sotto_message_get_text (harness_message (first, 1)), ==, "And where is he now?");

  /* The same bytes, from the list, from the next start and from a list that is one by one. */
  export (app, NULL, SOTTO_EXPORT_ARCHIVE, "copy.sotto");
  copy = contents_of ("copy.sotto");
  g_assert_cmpstr (copy, ==, all);
  harness_close (app);
  app = harness_open ();
  g_clear_pointer (&copy, g_free);
  export (app, NULL, SOTTO_EXPORT_ARCHIVE, "copy.sotto");
  copy = contents_of ("copy.sotto");
  g_assert_cmpstr (copy, ==, all);
  harness_close (app);
}

static void
test_markdown (void)
{
  SottoApp *app = harness_open ();
  SottoConversation *conversation = begin (app, "What is `a*b`?\n\n```c\nint x;");
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *date = g_date_time_format (now, "%-d %B %Y");
  g_autofree char *expected =
    g_strdup_printf ("# What is \\`a\\*b\\`?\n\n*%s*\n\n## You\n\nWhat is `a*b`?\n\n```c\nint x;\n```\n", date);
  g_autofree char *text = NULL;

  export (app, conversation, SOTTO_EXPORT_MARKDOWN, "talk.md");
  text = contents_of ("talk.md");
  g_assert_cmpstr (text, ==, expected);
  harness_close (app);
}

static void
test_undo (void)
{
  SottoApp *app = harness_open ();
  SottoConversationList *list = sotto_app_get_conversations (app);
  g_autoptr (SottoTransfer) transfer = NULL;
  g_autoptr (SottoTransfer) again = NULL;
  g_autoptr (SottoConversation) first = g_object_ref (begin (app, "First"));
  SottoConversation *used;

  begin (app, "Second");
  export (app, NULL, SOTTO_EXPORT_ARCHIVE, "two.sotto");

  /* One that was deleted, and could come back still, is brought back; the other is there. */
  sotto_conversation_list_delete (list, first);
  transfer = import (app, "two.sotto");
  g_assert_cmpuint (sotto_transfer_get_n_added (transfer), ==, 1);
  g_assert_cmpuint (sotto_transfer_get_n_known (transfer), ==, 1);
  g_assert_true (sotto_conversation_list_lookup (list, sotto_conversation_get_id (first)) == first);
  sotto_conversation_list_undo_delete (list, first);
  sotto_conversation_list_purge (list, first);
  g_assert_cmpuint (harness_length (list), ==, 2);
  sotto_transfer_undo (transfer);
  g_assert_cmpuint (harness_length (list), ==, 1);
  g_assert_cmpstr (sotto_conversation_get_title (sotto_transfer_get_first (transfer)), ==, "Second");
  harness_close (app);

  forget_history ();
  app = harness_open ();
  list = sotto_app_get_conversations (app);
  again = import (app, "two.sotto");
  g_assert_cmpuint (harness_length (list), ==, 2);
  used = sotto_transfer_get_first (again);
  harness_send (used, "What I said since");
  harness_wait_idle (used);
  sotto_transfer_undo (again);
  g_assert_cmpuint (harness_length (list), ==, 1);
  g_assert_true (sotto_conversation_list_lookup (list, sotto_conversation_get_id (used)) == used);
  harness_close (app);
}

/* A model keeps its name, and is the one of that name here. */
static void
test_models (void)
{
  SottoApp *app = harness_open ();
  g_autoptr (SottoTransfer) transfer = NULL;
  g_autofree char *wanted = g_build_filename (g_get_user_data_dir (), "sotto", "models", "far.gguf", NULL);
  SottoModelEntry *model;

  write_file ("far.sotto",
              "{\"format\": \"sotto-conversations\", \"version\": 1, \"conversations\": [{\"id\":"
              " \"00000000-0000-4000-8000-00000000000a\", \"title\": \"Far\", \"created\": \"2026-03-05T12:00:00Z\","
              " \"updated\": \"2026-03-05T12:00:00Z\", \"model\": {\"name\": \"Far Away\", \"file\": \"far.gguf\"},"
              " \"messages\": []}]}");
  transfer = import (app, "far.sotto");
  model = sotto_conversation_get_model (sotto_transfer_get_first (transfer));
  g_assert_cmpstr (sotto_model_entry_get_path (model), ==, wanted);
  g_assert_cmpstr (sotto_model_entry_get_name (model), ==, "Far Away");
  sotto_conversation_load (sotto_transfer_get_first (transfer));
  harness_wait_for (harness_is_loaded, sotto_transfer_get_first (transfer), 20);
  harness_close (app);
}

/* What answers look like goes with a conversation, into another history, too: JSON, and a schema to the letter. */
static void
test_answer_format (void)
{
  static const char schema[] = "{\n  \"type\": \"object\",\n\t\"required\": [\"größe\"]\n}\n";
  SottoApp *app = harness_open ();
  SottoConversation *held = begin (app, "How tall is it?");
  SottoConversation *loose = begin (app, "Which towers are there?");
  g_autofree char *held_id = g_strdup (sotto_conversation_get_id (held));
  g_autofree char *loose_id = g_strdup (sotto_conversation_get_id (loose));
  g_autoptr (SottoTransfer) transfer = NULL;
  SottoAnswerForm *form;

  form = sotto_conversation_get_answer_form (held);
  sotto_answer_form_set_schema (form, schema);
  sotto_answer_form_set_format (form, SOTTO_ANSWER_FORMAT_SCHEMA);
  sotto_answer_form_set_format (sotto_conversation_get_answer_form (loose), SOTTO_ANSWER_FORMAT_JSON);
  begin (app, "What is a tower?");
  sotto_conversation_flush_draft (held);
  sotto_conversation_flush_draft (loose);
  export (app, NULL, SOTTO_EXPORT_ARCHIVE, "formats.sotto");
  harness_close (app);

  forget_history ();
  app = harness_open ();
  g_assert_cmpuint (harness_length (sotto_app_get_conversations (app)), ==, 0);
  transfer = import (app, "formats.sotto");
  g_assert_cmpuint (sotto_transfer_get_n_added (transfer), ==, 3);
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (SottoConversation) conversation = g_list_model_get_item (G_LIST_MODEL (sotto_app_get_conversations (app)), i);
      const char *id = sotto_conversation_get_id (conversation);
      const gboolean is_held = g_str_equal (id, held_id);

      form = sotto_conversation_get_answer_form (conversation);
      g_assert_cmpint (sotto_answer_form_get_format (form), ==, is_held ? SOTTO_ANSWER_FORMAT_SCHEMA
                                                                : g_str_equal (id, loose_id) ? SOTTO_ANSWER_FORMAT_JSON
                                                                : SOTTO_ANSWER_FORMAT_TEXT);
      g_assert_cmpstr (sotto_answer_form_get_schema (form), ==, is_held ? schema : "");
    }
  harness_close (app);
}

static void
test_refused (void)
{
  static const struct {
    const char *name;
    const char *text; /* NULL: is not there */
    GQuark (*domain) (void);
    gint code;
  } files[] = {
    { "none.sotto", NULL, g_io_error_quark, G_IO_ERROR_NOT_FOUND },
    { "empty.sotto", "", sotto_app_error_quark, SOTTO_APP_ERROR_ARCHIVE_FOREIGN },
    { "words.sotto", "Dear diary", sotto_app_error_quark, SOTTO_APP_ERROR_ARCHIVE_FOREIGN },
    { "cut.sotto", "{\"format\": \"sotto-conversations\", \"version\": 1, \"conv", sotto_app_error_quark,
      SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
    { "new.sotto", "{\"format\": \"sotto-conversations\", \"version\": 3}", sotto_app_error_quark,
      SOTTO_APP_ERROR_ARCHIVE_NEWER },
    { "folder", NULL, sotto_app_error_quark, SOTTO_APP_ERROR_ARCHIVE_FOREIGN },
    { "pipe", NULL, sotto_app_error_quark, SOTTO_APP_ERROR_ARCHIVE_FOREIGN },
    { "large.sotto", NULL, sotto_app_error_quark, SOTTO_APP_ERROR_ARCHIVE_LARGE },
  };
  SottoApp *app = harness_open ();
  SottoConversationList *list = sotto_app_get_conversations (app);
  g_autofree char *folder = path_of ("folder");
  g_autofree char *pipe = path_of ("pipe");
  g_autofree char *large = path_of ("large.sotto");

  begin (app, "Here I stand");
  g_mkdir (folder, 0700);
  g_assert_cmpint (mkfifo (pipe, 0600), ==, 0);
  write_file ("large.sotto", "");
  g_assert_cmpint (truncate (large, (off_t) 600 * 1024 * 1024), ==, 0);

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autoptr (GFile) file = file_of (files[i].name);
      g_autoptr (SottoTransfer) transfer = sotto_transfer_new_import (list, file);
      g_autoptr (SottoProblem) problem = NULL;
      g_autoptr (GError) error = NULL;

      if (files[i].text != NULL)
        write_file (files[i].name, files[i].text);
      g_assert_false (run (transfer, &error));
      g_assert_error (error, files[i].domain (), files[i].code);
      problem = sotto_problem_new (error);
      g_test_message ("%s: %s", files[i].name, sotto_problem_get_text (problem));
      g_assert_null (strstr (sotto_problem_get_text (problem), "went wrong"));
      g_assert_cmpuint (harness_length (list), ==, 1);
      g_assert_null (sotto_transfer_get_first (transfer));
    }
  g_unlink (large);
  harness_close (app);
}

/* What other programs have written comes once, however often it is imported and whatever time its file tells. */
static void
test_foreign (void)
{
  SottoApp *app = harness_open ();
  SottoConversationList *list = sotto_app_get_conversations (app);
  g_autofree char *samples = g_build_filename (g_getenv ("SOTTO_SOURCE_DIR"), "tests", "app", "imports", NULL);
  g_autofree char *path = path_of ("row.json");
  struct utimbuf earlier = { 1000000000, 1000000000 };
  guint n_all = 0;

  write_file ("row.json", "[{\"role\": \"user\", \"content\": \"When was this?\"}, {\"role\": \"assistant\", \"content\": \"Once.\"}]");
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (SottoTransfer) row = import (app, "row.json");

      g_assert_cmpuint (sotto_transfer_get_n_added (row), ==, i == 0 ? 1 : 0);
      g_assert_cmpuint (sotto_transfer_get_n_known (row), ==, i == 0 ? 0 : 1);
      g_assert_null (sotto_transfer_get_origin (row));
      g_assert_cmpint (utime (path, &earlier), ==, 0);
    }

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GFile) folder = g_file_new_for_path (samples);
      g_autoptr (SottoTransfer) all = sotto_transfer_new_import (list, folder);
      g_autoptr (GError) error = NULL;

      run (all, &error);
      g_assert_no_error (error);
      n_all = i == 0 ? sotto_transfer_get_n_added (all) + sotto_transfer_get_n_known (all) : n_all;
      /* One of them is there in two files. */
      g_assert_cmpuint (n_all, ==, 14);
      g_assert_cmpuint (sotto_transfer_get_n_known (all), ==, i == 0 ? 1 : n_all);
      g_assert_cmpuint (sotto_transfer_get_n_left_out (all, SOTTO_LEFT_OUT_IMAGES), ==, 9);
      g_assert_cmpuint (sotto_transfer_get_n_left_out (all, SOTTO_LEFT_OUT_UNREAD), ==, 0);
      g_assert_cmpstr (sotto_transfer_get_origin (all), ==, "ChatGPT, Claude, Open WebUI, LM Studio, Jan, GPT4All, Alpaca");
      g_assert_cmpuint (harness_length (list), ==, 14);
    }
  harness_close (app);

  /* The next start has them, with what was told first. */
  app = harness_open ();
  list = sotto_app_get_conversations (app);
  g_assert_cmpuint (harness_length (list), ==, 14);
  for (guint i = 0; i < harness_length (list); i++)
    {
      g_autoptr (SottoConversation) conversation = g_list_model_get_item (G_LIST_MODEL (list), i);

      if (!g_str_equal (sotto_conversation_get_title (conversation), "Rain in Niš"))
        continue;
      sotto_conversation_load (conversation);
      harness_wait_for (harness_is_loaded, conversation, 20);
      g_assert_cmpuint (harness_length (conversation), ==, 2);
      g_assert_cmpstr (sotto_conversation_get_instructions (conversation), ==, "I live in Niš.\n\nBe brief.");
      g_assert_cmpstr (sotto_message_get_text (harness_message (conversation, 1)), ==, "Yes.");
      g_assert_cmpstr (sotto_message_get_reasoning (harness_message (conversation, 1)), ==, "**Clouds**\n\nThere are clouds.");
      g_assert_cmpstr (sotto_message_get_model_name (harness_message (conversation, 1)), ==, "gpt-5");
    }
  harness_close (app);
}

static guint
count_files (void)
{
  g_autofree char *folder = g_build_filename (g_get_user_data_dir (), "files", NULL);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  guint n = 0;

  while (dir != NULL && g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

/* What could not be written leaves nothing, and what was there as it was. */
static void
test_not_written (void)
{
  SottoApp *app = harness_open ();
  SottoConversationList *list = sotto_app_get_conversations (app);
  SottoConversation *conversation = begin (app, "Secret");
  g_autoptr (GFile) nowhere = file_of ("no-such-folder/talk.md");
  g_autoptr (GFile) far = g_file_new_for_uri ("sftp://example.org/talk.md");
  g_autoptr (SottoTransfer) lost = sotto_transfer_new_export (list, conversation, SOTTO_EXPORT_MARKDOWN, nowhere);
  g_autoptr (SottoTransfer) remote = sotto_transfer_new_export (list, conversation, SOTTO_EXPORT_MARKDOWN, far);
  g_autoptr (GError) error = NULL;
  g_autofree char *kept = NULL;
  guint n_before;

  g_assert_false (run (lost, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY);
  g_clear_error (&error);
  g_assert_false (run (remote, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);

  write_file ("kept.md", "what was there");
  n_before = count_files ();
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GFile) file = file_of (i == 0 ? "kept.md" : "new.md");
      g_autoptr (SottoTransfer) transfer = sotto_transfer_new_export (list, conversation, SOTTO_EXPORT_MARKDOWN, file);

      g_clear_error (&error);
      sotto_transfer_cancel (transfer);
      g_assert_false (run (transfer, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_assert_cmpuint (count_files (), ==, n_before);
    }
  kept = contents_of ("kept.md");
  g_assert_cmpstr (kept, ==, "what was there");
  harness_close (app);
}

#define N_MANY 500
#define N_MESSAGES 20

static void
write_many (const char *name)
{
  g_autoptr (GString) text = g_string_new ("{\"format\": \"sotto-conversations\", \"version\": 1, \"conversations\": [");

  for (guint i = 0; i < N_MANY; i++)
    {
      g_string_append_printf (text, "%s{\"id\": \"00000000-0000-4000-8000-0000000%05x\", \"title\": \"Talk %u\","
                              " \"created\": \"2026-03-05T12:00:00Z\", \"updated\": \"2026-03-05T12:%02u:%02uZ\","
                              " \"messages\": [", i > 0 ? "," : "", i, i, i / 60, i % 60);
      for (guint j = 0; j < N_MESSAGES; j++)
        g_string_append_printf (text, "%s{\"id\": \"00000000-0000-4000-8000-%06x%06x\", \"role\": \"user\","
                                " \"status\": \"complete\", \"created\": \"2026-03-05T12:00:00Z\", \"parts\":"
                                " [{\"kind\": \"text\", \"text\": \"Some words that are looked for, %u and %u\"}]}",
                                j > 0 ? "," : "", i + 1, j, i, j);
      g_string_append (text, "]}");
    }
  g_string_append (text, "]}");
  write_file (name, text->str);
}

typedef struct {
  SottoTransfer *transfer;
  gint64 last;
  gint64 longest;
  guint n_ticks;
  double fraction; /* the last one between nothing and all that was seen */
  gboolean cancels;
} Watch;

static gboolean
on_tick (gpointer data)
{
  Watch *watch = data;
  const gint64 now = g_get_monotonic_time ();
  const double fraction = sotto_transfer_get_fraction (watch->transfer);

  watch->longest = MAX (watch->longest, now - watch->last);
  watch->last = now;
  watch->n_ticks++;
  if (fraction > 0 && fraction < 1)
    watch->fraction = fraction;
  if (fraction > 0 && watch->cancels)
    sotto_transfer_cancel (watch->transfer);
  return G_SOURCE_CONTINUE;
}

/* While thousands of messages come in, the window could draw; and it can be thought better of. */
static void
test_many (void)
{
  SottoApp *app = harness_open ();
  SottoConversationList *list = sotto_app_get_conversations (app);
  g_autoptr (GFile) file = file_of ("many.sotto");

  write_many ("many.sotto");
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (SottoTransfer) transfer = sotto_transfer_new_import (list, file);
      g_autoptr (GError) error = NULL;
      Watch watch = { transfer, g_get_monotonic_time (), 0, 0, 0, i == 0 };
      const gint64 begin = g_get_monotonic_time ();
      guint source = g_timeout_add (2, on_tick, &watch);
      gboolean ok = run (transfer, &error);

      g_source_remove (source);
      g_test_message ("%s after %.0f ms, %u ticks, the longest wait %.1f ms, seen at %.2f", ok ? "done" : "cancelled",
                      (double) (g_get_monotonic_time () - begin) / 1000, watch.n_ticks, (double) watch.longest / 1000,
                      watch.fraction);
      g_assert_cmpfloat (watch.fraction, >, 0);
      g_assert_cmpfloat (watch.fraction, <, 1);
      if (i == 0)
        {
          g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
          g_assert_cmpuint (harness_length (list), ==, 0);
          continue;
        }
      g_assert_no_error (error);
      g_assert_cmpuint (watch.n_ticks, >, 10);
      g_assert_cmpuint (harness_length (list), ==, N_MANY);
      g_assert_cmpstr (sotto_conversation_get_title (sotto_transfer_get_first (transfer)), ==, "Talk 0");
    }
  harness_close (app);
}

/* Closing ends what runs, and nothing of it is there afterwards. */
static void
test_closing (void)
{
  SottoApp *app = harness_open ();
  g_autoptr (GFile) file = file_of ("closing.sotto");
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoTransfer) transfer = NULL;
  gboolean ok;

  for (guint i = 0; i < 20; i++)
    begin (app, "Many");
  transfer = sotto_transfer_new_export (sotto_app_get_conversations (app), NULL, SOTTO_EXPORT_ARCHIVE, file);
  sotto_transfer_run_async (transfer, harness_on_ready, &result);
  harness_close (app);
  harness_wait_for (harness_has_result, &result, 20);
  ok = sotto_transfer_run_finish (transfer, result, &error);
  g_assert_cmpint (g_file_query_exists (file, NULL), ==, ok);
}

int
main (int argc, char **argv)
{
  harness_prepare ();
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/transfer/round-trip", test_round_trip);
  g_test_add_func ("/transfer/markdown", test_markdown);
  g_test_add_func ("/transfer/undo", test_undo);
  g_test_add_func ("/transfer/models", test_models);
  g_test_add_func ("/transfer/answer-format", test_answer_format);
  g_test_add_func ("/transfer/refused", test_refused);
  g_test_add_func ("/transfer/foreign", test_foreign);
  g_test_add_func ("/transfer/not-written", test_not_written);
  g_test_add_func ("/transfer/many", test_many);
  g_test_add_func ("/transfer/closing", test_closing);
  return g_test_run ();
}
