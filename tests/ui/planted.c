#include "planted.h"

#include "harness.h"

#include <sotto-history.h>

static const char question[] = "How do I count the words of a text in Python, and what should I watch out for?";

static const char answer[] =
  "# Counting words\n\n"
  "The simplest way is to **split** the text where it has *white space* and to count the pieces, as `str.split()` does:\n\n"
  "```python\n"
  "def count_words(text: str) -> int:\n"
  "    \"\"\"How many words stand in the text.\"\"\"\n"
  "    return len(text.split())  # any white space\n"
  "```\n\n"
  "## What to watch out for\n\n"
  "1. Punctuation stays with its word: `end.` and `end` are two words.\n"
  "2. Some scripts write no spaces:\n"
  "   - Chinese and Japanese\n"
  "   - Thai\n"
  "3. A hyphen may join two words, or not.\n\n"
  "| Text | Words | Right? |\n"
  "|---|--:|:-:|\n"
  "| To be or not to be | 6 | yes |\n"
  "| well-known facts | 2 | perhaps |\n"
  "| 東京タワー | 1 | **no** |\n\n"
  "> Simple things should be simple.\n\n"
  "More about it stands in [the documentation](https://docs.python.org/3/library/stdtypes.html#str.split).\n";

/* A reply that was stopped, with formulas of their own and among words. */
static const char formulas[] =
  "The solutions of \\(ax^2 + bx + c = 0\\) with \\(a \\neq 0\\) are\n\n"
  "\\[ x = \\frac{-b \\pm \\sqrt{b^2 - 4ac}}{2a} \\]\n\n"
  "If \\(b^2 \\geq 4ac\\) they are real. Written out:\n\n"
  "\\begin{aligned}\n"
  "x^2 + \\tfrac{b}{a} x &= -\\tfrac{c}{a} \\\\\n"
  "\\left(x + \\frac{b}{2a}\\right)^2 &= \\frac{b^2 - 4ac}{4a^2}\n"
  "\\end{aligned}\n\n"
  "The sum of both is \\(\\sum_{i=1}^{2} x_i = -\\frac{b}{a}\\), and";

const char planted_archive[] =
  "{\"format\": \"sotto-conversations\", \"version\": 1, \"conversations\": [{\"id\": \"00000000-0000-4000-8000-00000000000a\","
  " \"title\": \"A letter from elsewhere\", \"created\": \"2026-03-05T12:00:00Z\", \"updated\": \"2026-03-05T12:00:00Z\","
  " \"messages\": [{\"id\": \"00000000-0000-4000-8000-00000000000b\", \"shown\": true, \"role\": \"user\","
  " \"status\": \"complete\", \"created\": \"2026-03-05T12:00:00Z\", \"parts\": [{\"kind\": \"text\","
  " \"text\": \"Dear me, is it you?\"}]}]}]}";


typedef struct {
  GAsyncResult *result;
} Call;

static void
on_done (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_set_object (&((Call *) user_data)->result, result);
}

static gboolean
is_done (gpointer call)
{
  return ((Call *) call)->result != NULL;
}

static char *
add_message (SottoStore       *store,
             const char       *conversation,
             const char       *parent,
             SottoHistoryRole  role,
             const char       *text)
{
  g_autoptr (GPtrArray) parts = sotto_history_parts_new_text (text);
  g_autoptr (GError) error = NULL;
  Call call = { NULL };
  char *id;

  sotto_store_add_message_async (store, conversation, NULL, parent, role, parts, FALSE, NULL, on_done, &call);
  harness_wait_for (is_done, &call, 20);
  id = sotto_store_add_message_finish (store, call.result, &error);
  g_assert_no_error (error);
  g_object_unref (call.result);

  return id;
}

/* A reply that a person has stopped */
static void
add_stopped (SottoStore *store,
             const char *conversation,
             const char *parent,
             const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *reply = NULL;
  Call call = { NULL };

  sotto_store_begin_reply_async (store, conversation, NULL, parent, NULL, NULL, on_done, &call);
  harness_wait_for (is_done, &call, 20);
  reply = sotto_store_begin_reply_finish (store, call.result, &error);
  g_assert_no_error (error);
  g_clear_object (&call.result);

  sotto_store_append_reply (store, reply, SOTTO_HISTORY_PART_TEXT, text);
  sotto_store_finish_reply_async (store, reply, SOTTO_HISTORY_STATUS_STOPPED, NULL, NULL, on_done, &call);
  harness_wait_for (is_done, &call, 20);
  g_assert_true (sotto_store_finish_reply_finish (store, call.result, &error));
  g_object_unref (call.result);
}

/* What is pinned is complete. */
static void
add_conversation (SottoStore *store,
                  const char *title,
                  const char *asked,
                  const char *answered,
                  gboolean    is_pinned)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *id = NULL;
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  Call call = { NULL };

  sotto_store_create_conversation_async (store, NULL, title, NULL, NULL, on_done, &call);
  harness_wait_for (is_done, &call, 20);
  id = sotto_store_create_conversation_finish (store, call.result, &error);
  g_assert_no_error (error);
  g_clear_object (&call.result);

  first = add_message (store, id, NULL, SOTTO_HISTORY_ROLE_USER, asked);
  if (is_pinned)
    second = add_message (store, id, first, SOTTO_HISTORY_ROLE_ASSISTANT, answered);
  else
    add_stopped (store, id, first, answered);
  sotto_store_pin_conversation_async (store, id, is_pinned, NULL, on_done, &call);
  harness_wait_for (is_done, &call, 20);
  g_assert_true (sotto_store_pin_conversation_finish (store, call.result, NULL));
  g_object_unref (call.result);
}

void
planted_history_create (const char *folder)
{
  g_autoptr (SottoUnlock) unlock = sotto_unlock_new_passphrase (PLANTED_PASSPHRASE, NULL);
  g_autoptr (GError) error = NULL;
  SottoStore *store;
  Call call = { NULL };

  sotto_store_create_async (folder, unlock, NULL, on_done, &call);
  harness_wait_for (is_done, &call, 30);
  store = sotto_store_create_finish (call.result, &error);
  g_assert_no_error (error);
  g_clear_object (&call.result);

  add_conversation (store, "A letter to the neighbours", "Write a short letter to the neighbours.", "Dear neighbours,\n\nthe coming weekend", FALSE);
  add_conversation (store, "Quadratic equations", "How do I solve a quadratic equation?", formulas, FALSE);
  add_conversation (store, "Counting words in Python", question, answer, TRUE);

  sotto_store_close_async (store, NULL, on_done, &call);
  harness_wait_for (is_done, &call, 20);
  g_object_unref (call.result);
  g_object_unref (store);
}
