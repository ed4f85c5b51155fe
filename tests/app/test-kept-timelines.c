#include "harness.h"

#include <glib/gstdio.h>
#include <sys/resource.h>

#include "conversation/kept-receipt.h"
#include "model/model-entry-private.h"

/* What a model has read of a long conversation is there after a restart and after locking, and goes with the conversation;
 * nothing is kept of what is temporary, or of anybody who does not want it. */

static char *
make_long (const char *what)
{
  GString *text = g_string_new (NULL);

  for (int i = 0; i < 150; i++)
    g_string_append_printf (text, "%d %s and ", i, what);
  return g_string_free_and_steal (text);
}

static guint
count_files (void)
{
  g_autofree char *folder = g_build_filename (g_get_user_data_dir (), "sotto", "timelines", NULL);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  guint n = 0;

  while (dir != NULL && g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static SottoApp *
open_app (void)
{
  SottoApp *app = harness_open_with_model (HARNESS_TINY, 8);

  if (app != NULL)
    g_object_set (sotto_app_get_settings (app), "context-length", 4096, "keep-timelines", TRUE, NULL);
  return app;
}

static gboolean
has_hash (gpointer app)
{
  return sotto_model_entry_get_hash (sotto_model_library_get_default (sotto_app_get_models (app))) != NULL;
}

/* Returns: (transfer none): one with a reply */
static SottoConversation *
talk (SottoApp *app, SottoConversation *conversation, const char *what)
{
  g_autofree char *text = make_long (what);

  harness_send (conversation, text);
  harness_wait_idle (conversation);
  harness_assert_reply (conversation, 1, SOTTO_MESSAGE_STATUS_COMPLETE);
  /* To which what is kept is bound */
  harness_wait_for (has_hash, app, 60);
  return conversation;
}

static guint
read_number (SottoConversation *conversation, guint position, const char *name)
{
  return sotto_kept_receipt_get_number (sotto_message_get_receipt (harness_message (conversation, position)), name);
}

static SottoConversation *
create (SottoApp *app)
{
  return sotto_conversation_list_create (sotto_app_get_conversations (app));
}

static void
assert_reused (SottoConversation *conversation)
{
  const guint last = harness_length (conversation) - 1;
  guint before;

  harness_send (conversation, "And then?");
  harness_wait_idle (conversation);
  before = read_number (conversation, last, "prompt_tokens");
  g_assert_cmpuint (before, >, 500);
  g_assert_cmpuint (read_number (conversation, last + 2, "reused_tokens"), >=, before);
}

static void
test_restart (void)
{
  SottoApp *app = open_app ();
  g_autofree char *id = NULL;
  SottoConversation *conversation;

  if (app == NULL)
    return;

  g_assert_cmpuint (sotto_app_measure_timelines (app), ==, 0);
  conversation = talk (app, create (app), "apples");
  id = g_strdup (sotto_conversation_get_id (conversation));
  harness_close (app);
  g_assert_cmpuint (count_files (), ==, 1);

  app = open_app ();
  g_assert_cmpuint (sotto_app_measure_timelines (app), >, 1000000);
  conversation = harness_get_first (app);
  g_assert_cmpstr (sotto_conversation_get_id (conversation), ==, id);
  assert_reused (conversation);

  /* Deleted it may come back; for good it does not, and nothing of it does. */
  sotto_conversation_list_delete (sotto_app_get_conversations (app), conversation);
  g_assert_cmpuint (count_files (), ==, 1);
  sotto_conversation_list_purge (sotto_app_get_conversations (app), conversation);
  harness_close (app);
  g_assert_cmpuint (count_files (), ==, 0);
}

static gboolean
is_locked (gpointer app)
{
  return sotto_app_get_state (app) == SOTTO_APP_STATE_NEEDS_PASSPHRASE;
}

static void
test_locked (void)
{
  SottoApp *app = open_app ();
  gint64 begin;

  if (app == NULL)
    return;

  talk (app, create (app), "pears");
  begin = g_get_monotonic_time ();
  sotto_app_lock_async (app, NULL, NULL);
  g_assert_cmpint (sotto_app_get_state (app), ==, SOTTO_APP_STATE_CLOSED);
  harness_wait_for (is_locked, app, 20);
  g_test_message ("locked in %.0f ms", (double) (g_get_monotonic_time () - begin) / 1e3);
  g_assert_cmpuint (count_files (), ==, 1);
  g_assert_cmpuint (sotto_app_measure_timelines (app), ==, 0);

  g_assert_true (harness_unlock (app, HARNESS_PASSPHRASE));
  assert_reused (harness_get_first (app));
  sotto_conversation_list_delete (sotto_app_get_conversations (app), harness_get_first (app));
  harness_close (app);
  g_assert_cmpuint (count_files (), ==, 0);
}

/* Neither of a temporary conversation, nor of one that was temporary when it was read. */
static void
test_temporary (void)
{
  SottoApp *app = open_app ();
  SottoConversationList *list;

  if (app == NULL)
    return;

  list = sotto_app_get_conversations (app);
  talk (app, sotto_conversation_list_create_temporary (list), "plums");
  harness_close (app);
  g_assert_cmpuint (count_files (), ==, 0);
}

/* Nor of one of which a message was deleted, as far as the model has read it with that. */
static void
test_message_deleted (void)
{
  SottoApp *app = open_app ();
  SottoConversation *conversation;
  g_autoptr (GAsyncResult) result = NULL;

  if (app == NULL)
    return;

  conversation = talk (app, create (app), "limes");
  harness_send (conversation, "And then?");
  harness_wait_idle (conversation);
  sotto_conversation_delete_message_async (conversation, harness_message (conversation, 2), harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 20);
  g_assert_cmpint (sotto_conversation_delete_message_finish (conversation, result, NULL, NULL), !=, 0);
  harness_close (app);
  g_assert_cmpuint (count_files (), ==, 0);
}

/* Where nobody wants it there is nothing, and what was there goes. */
static void
test_unwanted (void)
{
  SottoApp *app = open_app ();
  SottoConversation *conversation;

  if (app == NULL)
    return;

  talk (app, create (app), "figs");
  harness_close (app);
  g_assert_cmpuint (count_files (), ==, 1);

  app = open_app ();
  g_object_set (sotto_app_get_settings (app), "keep-timelines", FALSE, NULL);
  g_assert_cmpuint (count_files (), ==, 0);
  conversation = harness_get_first (app);
  harness_send (conversation, "And then?");
  harness_wait_idle (conversation);
  g_assert_cmpuint (read_number (conversation, 3, "reused_tokens"), ==, 0);
  harness_close (app);
  g_assert_cmpuint (count_files (), ==, 0);
}

/* A damaged one is none, and nobody hears of it. */
static void
test_damaged (void)
{
  SottoApp *app = open_app ();
  g_autofree char *folder = g_build_filename (g_get_user_data_dir (), "sotto", "timelines", NULL);
  g_autoptr (GDir) dir = NULL;
  g_autofree char *path = NULL;
  g_autofree char *bytes = NULL;
  SottoConversation *conversation;
  gsize length;

  if (app == NULL)
    return;

  talk (app, create (app), "dates");
  harness_close (app);
  dir = g_dir_open (folder, 0, NULL);
  path = g_build_filename (folder, g_dir_read_name (dir), NULL);
  g_assert_true (g_file_get_contents (path, &bytes, &length, NULL));
  bytes[length / 2] ^= 1;
  g_assert_true (g_file_set_contents (path, bytes, (gssize) length, NULL));

  app = open_app ();
  conversation = harness_get_first (app);
  harness_send (conversation, "And then?");
  harness_wait_idle (conversation);
  harness_assert_reply (conversation, 3, SOTTO_MESSAGE_STATUS_COMPLETE);
  g_assert_null (sotto_conversation_get_problem (conversation));
  g_assert_cmpuint (read_number (conversation, 3, "reused_tokens"), ==, 0);
  g_assert_cmpuint (count_files (), ==, 0);
  harness_close (app);
}

/* Processor time of all threads, milliseconds: what a busy machine does not make longer */
static double
get_work (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3
         + (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

/* Returns: the work of a reply of four tokens */
static double
measure_reply (SottoConversation *conversation, const char *text)
{
  const double begin = get_work ();

  harness_send (conversation, text);
  harness_wait_for (harness_is_idle, conversation, 900);
  g_assert_null (sotto_conversation_get_problem (conversation));
  return get_work () - begin;
}

/* tests/run --bench kept-timelines: the reply after a restart, and what closing takes */
static void
test_speed (gconstpointer model)
{
  g_autoptr (GString) text = g_string_new (NULL);

  /* Some 4,000 tokens */
  for (guint i = 0; i < 500; i++)
    g_string_append_printf (text, "%u pears and ", 1000 + i);
  for (guint wanted = 0; wanted < 2; wanted++)
    {
      double first, second, closing;
      gint64 begin, closed;
      SottoConversation *conversation;
      SottoApp *app;
      guint64 n_bytes;

      app = harness_open_with_model (model, 4);
      if (app == NULL)
        return;

      g_object_set (sotto_app_get_settings (app), "context-length", 5120, "keep-timelines", wanted == 1, NULL);
      conversation = create (app);
      first = measure_reply (conversation, text->str);
      harness_wait_for (has_hash, app, 120);
      begin = g_get_monotonic_time ();
      closing = get_work ();
      harness_close (app);
      closing = get_work () - closing;
      closed = g_get_monotonic_time () - begin;

      app = harness_open_with_model (model, 4);
      g_object_set (sotto_app_get_settings (app), "context-length", 5120, "keep-timelines", wanted == 1, NULL);
      n_bytes = sotto_app_measure_timelines (app);
      conversation = harness_get_first (app);
      second = measure_reply (conversation, "And then?");
      g_test_message ("%s, %s: %u tokens, first %.0f ms of work (%u by the clock); closed in %.0f (%.0f); %.1f MB; after a restart, "
                      "%u of %u there, %.0f (%u)", (const char *) model, wanted == 1 ? "kept" : "not kept",
                      read_number (conversation, 1, "prompt_tokens"), first, read_number (conversation, 1, "prefill_us") / 1000,
                      closing, (double) closed / 1e3, (double) n_bytes / 1e6, read_number (conversation, 3, "reused_tokens"),
                      read_number (conversation, 3, "prompt_tokens"), second,
                      read_number (conversation, 3, "prefill_us") / 1000);
      sotto_conversation_list_delete (sotto_app_get_conversations (app), conversation);
      harness_close (app);
    }
}

int
main (int argc, char *argv[])
{
  harness_prepare ();
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/kept-timelines/restart", test_restart);
  g_test_add_func ("/kept-timelines/locked", test_locked);
  g_test_add_func ("/kept-timelines/temporary", test_temporary);
  g_test_add_func ("/kept-timelines/message-deleted", test_message_deleted);
  g_test_add_func ("/kept-timelines/unwanted", test_unwanted);
  g_test_add_func ("/kept-timelines/damaged", test_damaged);

  if (g_test_perf ())
    {
      g_test_add_data_func ("/kept-timelines/speed/SmolLM2-135M", HARNESS_TINY, test_speed);
      g_test_add_data_func ("/kept-timelines/speed/Qwen2.5-Coder-1.5B", "Qwen2.5-Coder-1.5B", test_speed);
    }

  return g_test_run ();
}
