#include "conversation/conversation-list-private.h"

#include "conversation/conversation-private.h"

#include <string.h>

/* Going on with a conversation in another one: what leads to a message becomes a conversation of
 * its own; or the last messages do, with a summary of those before (conversation-summary.c). */

/* The longest title that is told apart by a number behind it */
#define TITLE_CHARACTERS 190

typedef struct {
  SottoConversation *from; /* which also says what went wrong */
  char *id;                /* of the new one */
  gboolean wants_reply;    /* its last message has none */
} Branch;

static void
branch_free (Branch *branch)
{
  g_object_unref (branch->from);
  g_free (branch->id);
  g_free (branch);
}

/* Where " (12)" begins at the end of @title, or its end */
static gsize
find_number (const char *title)
{
  gsize end = strlen (title);
  gsize i = end;

  if (end == 0 || title[end - 1] != ')')
    return end;
  for (i = end - 1; i > 0 && g_ascii_isdigit (title[i - 1]);)
    i--;
  return i + 1 < end && i > 2 && title[i - 1] == '(' && title[i - 2] == ' ' ? i - 2 : end;
}

static gboolean
is_taken (SottoConversationList *self, const char *title)
{
  const guint n = g_list_model_get_n_items (G_LIST_MODEL (self));

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (SottoConversation) other = g_list_model_get_item (G_LIST_MODEL (self), i);

      if (g_str_equal (sotto_conversation_get_title (other), title))
        return TRUE;
    }
  return FALSE;
}

/* The old one's title with the next number behind it, as a list shows titles and no more. */
static char *
create_title (SottoConversationList *self, const char *title)
{
  g_autofree char *short_title = sotto_conversation_shorten (title, TITLE_CHARACTERS, FALSE);
  const int length = (int) find_number (short_title);

  for (guint number = 2;; number++)
    {
      g_autofree char *candidate = g_strdup_printf ("%.*s (%u)", length, short_title, number);

      if (!is_taken (self, candidate))
        return g_steal_pointer (&candidate);
    }
}

static void
fail (GTask *task, GError *error)
{
  const Branch *branch = g_task_get_task_data (task);

  sotto_conversation_set_error (branch->from, error);
  g_task_return_error (task, error);
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SottoConversationList *self = g_task_get_source_object (task);
  const Branch *branch = g_task_get_task_data (task);
  GError *error = NULL;
  SottoHistoryConversation *record =
    sotto_store_get_conversation_finish (SOTTO_STORE (source), result, &error);
  g_autoptr (GPtrArray) records = NULL;
  g_autoptr (GPtrArray) conversations = NULL;

  if (record == NULL)
    {
      fail (task, error);
      return;
    }

  records = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_conversation_free);
  conversations = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_add (records, record);
  /* The history was closed meanwhile: the list is not this one's any more. */
  if (branch->from->services->store != SOTTO_STORE (source))
    {
      g_task_return_new_error_literal (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "Closed meanwhile");
      return;
    }
  sotto_conversation_list_take_records (self, branch->from->services, records, conversations);
  if (branch->wants_reply)
    sotto_conversation_retry (g_ptr_array_index (conversations, 0));
  g_task_return_pointer (task, g_ptr_array_steal_index (conversations, 0), g_object_unref);
}

static void
on_branched (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  const Branch *branch = g_task_get_task_data (task);
  GError *error = NULL;

  if (!sotto_store_branch_finish (SOTTO_STORE (source), result, &error))
    {
      fail (task, error);
      return;
    }
  sotto_store_get_conversation_async (SOTTO_STORE (source), branch->id, NULL, on_read,
                                      g_steal_pointer (&task));
}

static GTask *
create_task (SottoConversationList *self, SottoConversation *conversation, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, NULL, callback, user_data);
  Branch *branch = g_new0 (Branch, 1);

  branch->from = g_object_ref (conversation);
  branch->id = sotto_history_new_id ();
  g_task_set_task_data (task, branch, (GDestroyNotify) branch_free);
  return task;
}

/* @task: (transfer full); @first, @instructions: (nullable) */
static void
begin (GTask *task, const char *first, const char *last, const char *instructions)
{
  SottoConversationList *self = g_task_get_source_object (task);
  const Branch *branch = g_task_get_task_data (task);
  SottoServices *services = branch->from->services;
  g_autofree char *title = create_title (self, sotto_conversation_get_title (branch->from));
  const SottoHistoryBranch wanted = { .id = branch->id, .title = title, .first = first, .last = last,
                                      .instructions = instructions };
  GError *error = NULL;

  if (!sotto_services_check_store (services, &error))
    {
      fail (task, error);
      g_object_unref (task);
      return;
    }
  sotto_store_branch_async (services->store, &wanted, NULL, on_branched, task);
}

void
sotto_conversation_list_branch_async (SottoConversationList *self,
                                      SottoConversation     *conversation,
                                      SottoMessage          *message,
                                      GAsyncReadyCallback    callback,
                                      gpointer               user_data)
{
  g_return_if_fail (SOTTO_IS_CONVERSATION_LIST (self));
  g_return_if_fail (SOTTO_IS_CONVERSATION (conversation));
  g_return_if_fail (SOTTO_IS_MESSAGE (message));

  /* What was typed last, the new one begins with, too. */
  sotto_conversation_flush_instructions (conversation);
  sotto_conversation_flush_answer_form (conversation);
  begin (create_task (self, conversation, callback, user_data), NULL, sotto_message_get_id (message), NULL);
}

SottoConversation *
sotto_conversation_list_branch_finish (SottoConversationList  *self,
                                       GAsyncResult           *result,
                                       GError                **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* --- With a summary --- */

static void
on_summarised (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SottoConversation *conversation = SOTTO_CONVERSATION (source);
  Branch *branch = g_task_get_task_data (task);
  GError *error = NULL;
  g_autofree char *first = NULL;
  g_autofree char *instructions = sotto_conversation_summarise_finish (conversation, result, &first, &error);
  guint last;

  if (instructions == NULL)
    {
      /* The conversation has said it. */
      g_task_return_error (task, error);
      return;
    }

  last = conversation->rows->len - 1;
  branch->wants_reply = sotto_conversation_path_is_prompt (conversation, last);
  begin (g_steal_pointer (&task), first, sotto_message_get_id (sotto_conversation_path_get (conversation, last)),
         instructions);
}

void
sotto_conversation_list_summarise_async (SottoConversationList *self,
                                         SottoConversation     *conversation,
                                         GAsyncReadyCallback    callback,
                                         gpointer               user_data)
{
  g_return_if_fail (SOTTO_IS_CONVERSATION_LIST (self));
  g_return_if_fail (SOTTO_IS_CONVERSATION (conversation));

  sotto_conversation_summarise_async (conversation, on_summarised,
                                      create_task (self, conversation, callback, user_data));
}

SottoConversation *
sotto_conversation_list_summarise_finish (SottoConversationList *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}
