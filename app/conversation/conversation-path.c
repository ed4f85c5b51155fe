#include "conversation/conversation-private.h"

#include <string.h>

#include "conversation/attachment-private.h"
#include "conversation/kept-receipt.h"

/* The current path through the tree of messages: a list that a view shows. What lies off the path
 * stays in the history and is read when a version is switched. */

static void
row_clear (SottoPathRow *row)
{
  g_clear_pointer (&row->record, sotto_history_message_free);
  g_clear_object (&row->message);
}

static GArray *
rows_new (void)
{
  GArray *rows = g_array_new (FALSE, TRUE, sizeof (SottoPathRow));

  g_array_set_clear_func (rows, (GDestroyNotify) row_clear);
  return rows;
}

void
sotto_conversation_path_init (SottoConversation *self)
{
  self->rows = rows_new ();
  self->deletions = g_array_new (FALSE, FALSE, sizeof (gint64));
}

void
sotto_conversation_path_clear (SottoConversation *self)
{
  g_clear_pointer (&self->rows, g_array_unref);
  g_clear_pointer (&self->deletions, g_array_unref);
  g_clear_pointer (&self->replaced, g_array_unref);
  g_clear_pointer (&self->loads, g_ptr_array_unref);
  g_clear_pointer (&self->root, g_free);
  g_clear_pointer (&self->system, g_free);
  g_clear_pointer (&self->instructions, g_free);
}

static SottoPathRow *
get_row (SottoConversation *self, guint position)
{
  return &g_array_index (self->rows, SottoPathRow, position);
}

static const char *
row_id (const SottoPathRow *row)
{
  return row->message != NULL ? sotto_message_get_id (row->message) : row->record->id;
}

SottoMessage *
sotto_conversation_path_get (SottoConversation *self, guint position)
{
  SottoPathRow *row = get_row (self, position);

  if (row->message == NULL)
    {
      row->message = sotto_message_new_from_record (row->record, self->services->store);
      g_clear_pointer (&row->record, sotto_history_message_free);
      if (sotto_message_get_role (row->message) == SOTTO_ROLE_ASSISTANT)
        sotto_message_set_sources (row->message, sotto_conversation_find_sources (self, position));
    }
  return row->message;
}

gboolean
sotto_conversation_path_is_prompt (SottoConversation *self, guint position)
{
  const SottoPathRow *row = get_row (self, position);

  return row->message != NULL ? sotto_message_get_role (row->message) == SOTTO_ROLE_USER
                              : row->record->role == SOTTO_HISTORY_ROLE_USER;
}

gsize
sotto_conversation_path_get_length (SottoConversation *self, guint position)
{
  const SottoPathRow *row = get_row (self, position);
  gsize length = 0;

  if (row->message != NULL)
    {
      length = sotto_message_get_length (row->message);
      for (guint i = 0; i < sotto_message_get_n_attachments (row->message); i++)
        length += sotto_attachment_get_prompt_size (sotto_message_get_attachment (row->message, i));
      if (sotto_message_get_role (row->message) == SOTTO_ROLE_USER && sotto_message_get_sources (row->message) != NULL)
        length += sotto_sources_get_length (sotto_message_get_sources (row->message));
      return length;
    }
  for (guint i = 0; row->record->parts != NULL && i < row->record->parts->len; i++)
    {
      const SottoHistoryPart *part = g_ptr_array_index (row->record->parts, i);

      if (part->kind == SOTTO_HISTORY_PART_TEXT || part->kind == SOTTO_HISTORY_PART_DOCUMENT)
        length += strlen (part->text);
      else if (part->kind == SOTTO_HISTORY_PART_IMAGE)
        length += SOTTO_ATTACHMENT_PICTURE_PROMPT_BYTES;
    }
  return length;
}

int
sotto_conversation_path_find (SottoConversation *self, const char *id)
{
  for (guint i = self->rows->len; i > 0; i--)
    if (g_str_equal (row_id (get_row (self, i - 1)), id))
      return (int) i - 1;
  return -1;
}

const char *
sotto_conversation_path_end (SottoConversation *self)
{
  return self->rows->len > 0 ? row_id (get_row (self, self->rows->len - 1)) : self->root;
}

void
sotto_conversation_path_set_root (SottoConversation *self, const char *id)
{
  SottoPathRow *first = self->rows->len > 0 ? get_row (self, 0) : NULL;

  g_set_str (&self->root, id);
  if (first != NULL && first->message != NULL)
    sotto_message_set_parent (first->message, id);
  else if (first != NULL)
    g_set_str (&first->record->parent, id);
}

static void
items_changed (SottoConversation *self, guint position, guint removed, guint added)
{
  if (removed == 0 && added == 0)
    return;

  g_list_model_items_changed (G_LIST_MODEL (self), position, removed, added);
  if (removed != added)
    sotto_conversation_notify (self, SOTTO_CONVERSATION_PROP_N_ITEMS);
}

void
sotto_conversation_path_append (SottoConversation *self, SottoMessage *message)
{
  SottoPathRow row = { NULL, message };

  g_array_append_val (self->rows, row);
  items_changed (self, self->rows->len - 1, 0, 1);
}

/* Moves the rows from @position on into an array of their own. */
static GArray *
steal_rows (GArray *rows, guint position)
{
  GArray *tail = rows_new ();

  if (position < rows->len)
    {
      g_array_append_vals (tail, &g_array_index (rows, SottoPathRow, position),
                           rows->len - position);
      g_array_set_clear_func (rows, NULL);
      g_array_set_size (rows, position);
      g_array_set_clear_func (rows, (GDestroyNotify) row_clear);
    }
  return tail;
}

GArray *
sotto_conversation_path_cut (SottoConversation *self, guint position)
{
  GArray *tail = steal_rows (self->rows, position);

  items_changed (self, position, tail->len, 0);
  return tail;
}

void
sotto_conversation_path_restore (SottoConversation *self, GArray *rows)
{
  const guint position = self->rows->len;
  GArray *moved = steal_rows (rows, 0);

  g_array_append_vals (self->rows, moved->data, moved->len);
  items_changed (self, position, 0, moved->len);

  g_array_set_clear_func (moved, NULL);
  g_array_unref (moved);
  g_array_unref (rows);
}

/* --- Reading --- */

static void
row_refresh (SottoPathRow *row, SottoHistoryMessage *record)
{
  if (row->message != NULL)
    {
      sotto_message_set_siblings (row->message, (const char *const *) record->siblings);
      sotto_message_set_parent (row->message, record->parent);
      sotto_history_message_free (record);
    }
  else
    {
      sotto_history_message_free (row->record);
      row->record = record;
    }
}

/* A system message at the beginning is not shown, but given to the model. */
static gboolean
take_system (SottoConversation *self, SottoHistoryMessage *record)
{
  g_autofree char *text = NULL;

  if (record->role == SOTTO_HISTORY_ROLE_USER || record->role == SOTTO_HISTORY_ROLE_ASSISTANT)
    return FALSE;

  text = sotto_history_message_dup_text (record);
  g_set_str (&self->root, record->id);
  if (record->role == SOTTO_HISTORY_ROLE_SYSTEM)
    g_set_str (&self->system, text);
  sotto_history_message_free (record);
  return TRUE;
}

static const char *
row_receipt (const SottoPathRow *row)
{
  return row->message != NULL ? sotto_message_get_receipt (row->message) : row->record->receipt;
}

/* How full the context was after the last reply, from its receipt */
static void
restore_context (SottoConversation *self)
{
  const char *receipt = NULL;

  for (guint i = self->rows->len; sotto_kept_receipt_get_number (receipt, "context") == 0 && i > 0; i--)
    receipt = row_receipt (get_row (self, i - 1));
  if (receipt != NULL)
    sotto_conversation_set_context (self,
                                    (guint) (sotto_kept_receipt_get_number (receipt,
                                                                            "prompt_tokens")
                                             + sotto_kept_receipt_get_number (receipt,
                                                                              "generated_tokens")),
                                    (guint) sotto_kept_receipt_get_number (receipt, "context"));
}

/* The rows at the end of the path that are the last of @list, beyond those at its beginning that were kept */
static guint
count_common_end (SottoConversation *self, SottoHistoryMessage **list, gsize n_list, guint n_kept)
{
  guint n = 0;

  while (n < n_list && n < self->rows->len - n_kept
         && g_str_equal (row_id (get_row (self, self->rows->len - 1 - n)), list[n_list - 1 - n]->id))
    n++;
  return n;
}

/* Its pictures are read from where it is kept now. */
void
sotto_conversation_path_settle (SottoConversation *self)
{
  for (guint i = 0; i < self->rows->len; i++)
    {
      SottoMessage *message = get_row (self, i)->message;

      for (guint j = 0; message != NULL && j < sotto_message_get_n_attachments (message); j++)
        sotto_attachment_settle (sotto_message_get_attachment (message, j), self->services->store);
    }
}

/* @records: (transfer full). Rows that stay keep their objects, so that a view keeps its place. */
static void
merge_records (SottoConversation *self, GPtrArray *records)
{
  gsize n_records;
  SottoHistoryMessage **list = (SottoHistoryMessage **) g_ptr_array_steal (records, &n_records);
  gsize next = 0;
  guint n_kept = 0;
  guint n_end;
  guint n_removed;
  guint n_added;

  while (next < n_records && take_system (self, list[next]))
    next++;

  while (next < n_records && n_kept < self->rows->len
         && g_str_equal (row_id (get_row (self, n_kept)), list[next]->id))
    row_refresh (get_row (self, n_kept++), list[next++]);

  n_end = count_common_end (self, list + next, n_records - next, n_kept);
  n_removed = self->rows->len - n_kept - n_end;
  n_added = (guint) (n_records - next) - n_end;
  if (n_removed > 0)
    g_array_remove_range (self->rows, n_kept, n_removed);
  for (guint i = 0; i < n_added; i++)
    {
      SottoPathRow row = { list[next++], NULL };

      g_array_insert_val (self->rows, n_kept + i, row);
    }
  for (guint i = n_kept + n_added; i < self->rows->len; i++)
    row_refresh (get_row (self, i), list[next++]);

  items_changed (self, n_kept, n_removed, n_added);
  restore_context (self);
  g_free (list);
  g_ptr_array_unref (records);
}

static void
on_path_loaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SottoConversation) self = user_data;
  g_autoptr (GError) error = NULL;
  GPtrArray *records = sotto_store_load_path_finish (SOTTO_STORE (source), result, &error);
  g_autoptr (GPtrArray) tasks = g_steal_pointer (&self->loads);

  if (records != NULL)
    {
      merge_records (self, records);
      if (!self->is_loaded)
        {
          self->is_loaded = TRUE;
          sotto_conversation_notify (self, SOTTO_CONVERSATION_PROP_LOADED);
        }
    }
  else
    {
      sotto_conversation_set_error (self, error);
    }

  for (guint i = 0; tasks != NULL && i < tasks->len; i++)
    {
      GTask *task = g_ptr_array_index (tasks, i);

      if (error != NULL)
        g_task_return_error (task, g_error_copy (error));
      else
        g_task_return_boolean (task, TRUE);
    }
}

/* Reads the path, again if it has been read before. */
void
sotto_conversation_path_read_async (SottoConversation   *self,
                                    GAsyncReadyCallback  callback,
                                    gpointer             user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);
  GError *error = NULL;

  if (!sotto_services_check_store (self->services, &error))
    {
      g_task_return_error (task, error);
      return;
    }

  sotto_conversation_flush_instructions (self);
  if (self->loads == NULL)
    {
      self->loads = g_ptr_array_new_with_free_func (g_object_unref);
      sotto_store_load_path_async (self->services->store, self->id, NULL, on_path_loaded,
                                   g_object_ref (self));
    }
  g_ptr_array_add (self->loads, g_steal_pointer (&task));
}

gboolean
sotto_conversation_path_read_finish (SottoConversation *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
sotto_conversation_load (SottoConversation *self)
{
  g_return_if_fail (SOTTO_IS_CONVERSATION (self));

  if (self->is_loaded || self->loads != NULL || self->services->store == NULL)
    return;
  sotto_conversation_path_read_async (self, NULL, NULL);
}

/* --- Versions --- */

static void
on_switch_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SottoConversation *self = SOTTO_CONVERSATION (source);

  self->is_switching = FALSE;
  sotto_conversation_path_read_finish (self, result, NULL);
}

static void
on_switched (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SottoConversation) self = user_data;
  g_autoptr (GError) error = NULL;

  if (sotto_store_activate_message_finish (SOTTO_STORE (source), result, &error))
    {
      sotto_conversation_path_read_async (self, on_switch_read, NULL);
      return;
    }
  self->is_switching = FALSE;
  sotto_conversation_set_error (self, error);
}

void
sotto_conversation_switch_version (SottoConversation *self, SottoMessage *message, int step)
{
  const char *const *siblings;
  int target;

  g_return_if_fail (SOTTO_IS_CONVERSATION (self));
  g_return_if_fail (SOTTO_IS_MESSAGE (message));

  if (sotto_conversation_is_busy (self) || self->is_switching || self->services->store == NULL)
    return;

  siblings = sotto_message_get_siblings (message);
  target = (int) sotto_message_get_version (message) - 1 + step;
  if (siblings == NULL || target < 0 || target >= (int) sotto_message_get_n_versions (message))
    return;

  self->is_switching = TRUE;
  sotto_store_activate_message_async (self->services->store, siblings[target], NULL, on_switched,
                                      g_object_ref (self));
}

/* --- Revealing a message --- */

static void
return_position (GTask *task, SottoConversation *self)
{
  const int position = sotto_conversation_path_find (self, g_task_get_task_data (task));

  if (position >= 0)
    g_task_return_int (task, position);
  else
    g_task_return_new_error_literal (task, SOTTO_APP_ERROR, SOTTO_APP_ERROR_NOT_FOUND,
                                     "The message is not on the current path");
}

static void
on_reveal_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SottoConversation *self = SOTTO_CONVERSATION (source);
  GError *error = NULL;

  if (sotto_conversation_path_read_finish (self, result, &error))
    return_position (task, self);
  else
    g_task_return_error (task, error);
}

static void
on_reveal_activated (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SottoConversation *self = g_task_get_source_object (task);
  GError *error = NULL;

  if (sotto_store_activate_message_finish (SOTTO_STORE (source), result, &error))
    sotto_conversation_path_read_async (self, on_reveal_read, g_steal_pointer (&task));
  else
    g_task_return_error (task, error);
}

void
sotto_conversation_reveal_async (SottoConversation   *self,
                                 const char          *message_id,
                                 GCancellable        *cancellable,
                                 GAsyncReadyCallback  callback,
                                 gpointer             user_data)
{
  g_autoptr (GTask) task = NULL;
  GError *error = NULL;

  g_return_if_fail (SOTTO_IS_CONVERSATION (self));
  g_return_if_fail (message_id != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_task_data (task, g_strdup (message_id), g_free);

  if (self->is_loaded && sotto_conversation_path_find (self, message_id) >= 0)
    return_position (task, self);
  else if (!sotto_services_check_store (self->services, &error))
    g_task_return_error (task, error);
  else if (sotto_conversation_is_busy (self))
    return_position (task, self); /* switching would take the reply's place away */
  else
    sotto_store_activate_message_async (self->services->store, message_id, cancellable,
                                        on_reveal_activated, g_steal_pointer (&task));
}

int
sotto_conversation_reveal_finish (SottoConversation *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), -1);
  return (int) g_task_propagate_int (G_TASK (result), error);
}
