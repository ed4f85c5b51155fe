/* A reply that was closed goes on: with what it says, out of the search meanwhile, and cut off again as any other. */

#include "common.h"

#include <string.h>

#define FIRST "{\"part\":1}"
#define BOTH "{\"part\":2}"

static void
append (SottoStore *store, const char *reply, SottoHistoryPartKind kind, const char *text)
{
  sotto_store_append_reply (store, reply, kind, text);
}

static gboolean
try_resume (SottoStore *store, const char *reply, GError **error)
{
  g_autoptr (SottoHistoryModel) model = sotto_history_model_new ("/models/b.gguf", "B", NULL);
  g_autoptr (GAsyncResult) result = NULL;

  sotto_store_resume_reply_async (store, reply, model, FIRST, NULL, test_ready, &result);
  return sotto_store_resume_reply_finish (store, test_wait (&result), error);
}

static void
finish (SottoStore *store, const char *reply, SottoHistoryStatus status, const char *receipt)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  sotto_store_finish_reply_async (store, reply, status, receipt, NULL, test_ready, &result);
  sotto_store_finish_reply_finish (store, test_wait (&result), &error);
  g_assert_no_error (error);
}

/* Returns: (transfer full): a stopped reply with a thought and the beginning of an answer */
static char *
make_reply (SottoStore *store, char **conversation)
{
  g_autofree char *question = NULL;
  char *reply;

  *conversation = test_add_conversation (store, "Weather");
  question = test_add_message (store, *conversation, NULL, SOTTO_HISTORY_ROLE_USER, "Will it rain?");
  reply = test_begin (store, *conversation, question);
  append (store, reply, SOTTO_HISTORY_PART_REASONING, "Clouds.");
  append (store, reply, SOTTO_HISTORY_PART_TEXT, "It will thun");
  finish (store, reply, SOTTO_HISTORY_STATUS_STOPPED, "{\"part\":0}");
  return reply;
}

static void
assert_found (SottoStore *store, const char *words, guint n)
{
  g_autoptr (GPtrArray) hits = test_search (store, words);

  g_assert_cmpuint (hits->len, ==, n);
}

static void
assert_reply (SottoStore *store, const char *conversation, SottoHistoryStatus status, const char *text, const char *receipt)
{
  g_autoptr (GPtrArray) path = test_load (store, conversation);
  const SottoHistoryMessage *reply = test_message_at (path, 1);

  g_assert_cmpuint (path->len, ==, 2);
  g_assert_cmpint (reply->status, ==, status);
  g_assert_cmpuint (reply->parts->len, ==, 2);
  g_assert_cmpstr (((SottoHistoryPart *) g_ptr_array_index (reply->parts, 0))->text, ==, "Clouds.");
  g_assert_cmpint (((SottoHistoryPart *) g_ptr_array_index (reply->parts, 0))->kind, ==, SOTTO_HISTORY_PART_REASONING);
  test_assert_text (path, 1, text);
  g_assert_cmpstr (reply->receipt, ==, receipt);
  g_assert_cmpstr (reply->model->path, ==, "/models/b.gguf");
}

static void
test_goes_on (TestStore *f, gconstpointer data)
{
  g_autofree char *conversation = NULL;
  g_autofree char *reply = make_reply (f->store, &conversation);
  g_autoptr (GError) error = NULL;

  assert_found (f->store, "thun", 1);
  g_assert_true (try_resume (f->store, reply, &error));
  g_assert_no_error (error);
  assert_reply (f->store, conversation, SOTTO_HISTORY_STATUS_STREAMING, "It will thun", FIRST);
  assert_found (f->store, "thun", 0);
  test_check (f->store);

  append (f->store, reply, SOTTO_HISTORY_PART_TEXT, "der tonight.");
  finish (f->store, reply, SOTTO_HISTORY_STATUS_COMPLETE, BOTH);
  assert_reply (f->store, conversation, SOTTO_HISTORY_STATUS_COMPLETE, "It will thunder tonight.", BOTH);
  assert_found (f->store, "thunder", 1);

  /* As often as one likes */
  g_assert_true (try_resume (f->store, reply, &error));
  finish (f->store, reply, SOTTO_HISTORY_STATUS_STOPPED, NULL);
  assert_reply (f->store, conversation, SOTTO_HISTORY_STATUS_STOPPED, "It will thunder tonight.", FIRST);
  assert_found (f->store, "thunder", 1);
}

/* The store goes without closing the reply, as in a crash. */
static void
test_cut_off (TestStore *f, gconstpointer data)
{
  g_autofree char *conversation = NULL;
  g_autofree char *reply = make_reply (f->store, &conversation);
  g_autoptr (GError) error = NULL;

  g_assert_true (try_resume (f->store, reply, &error));
  append (f->store, reply, SOTTO_HISTORY_PART_TEXT, "der");
  test_flush (f->store);
  test_close (f->store);

  f->store = test_open (f->folder);
  assert_reply (f->store, conversation, SOTTO_HISTORY_STATUS_INTERRUPTED, "It will thunder", FIRST);
  assert_found (f->store, "thunder", 1);
  g_assert_true (try_resume (f->store, reply, &error));
  finish (f->store, reply, SOTTO_HISTORY_STATUS_COMPLETE, BOTH);
}

static void
test_refused (TestStore *f, gconstpointer data)
{
  g_autofree char *conversation = test_add_conversation (f->store, "Weather");
  g_autofree char *question = test_add_message (f->store, conversation, NULL, SOTTO_HISTORY_ROLE_USER, "Rain?");
  g_autofree char *streaming = test_begin (f->store, conversation, question);
  g_autofree char *calling = test_begin (f->store, conversation, question);
  const char *const refused[] = { question, streaming, calling };

  sotto_store_append_call (f->store, calling, "look", "{}");
  finish (f->store, calling, SOTTO_HISTORY_STATUS_STOPPED, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (try_resume (f->store, refused[i], &error));
      g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_INVALID);
    }
  {
    g_autoptr (GError) error = NULL;

    g_assert_false (try_resume (f->store, "a7e8b3a0-0000-4000-8000-000000000000", &error));
    g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_NOT_FOUND);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  test_store_add ("/history/resume/goes-on", test_goes_on);
  test_store_add ("/history/resume/cut-off", test_cut_off);
  test_store_add ("/history/resume/refused", test_refused);
  return g_test_run ();
}
