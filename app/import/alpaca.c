/* Alpaca's alpaca.db, and what it exports of one chat: an SQLite file, not encrypted
 *
 *   chat        id, name; folder, is_template (of newer ones)
 *   chat_folder id, name, parent (of newer ones)
 *   message     id, chat_id, role ("user", "assistant", "system"), model, date_time ("2026/03/05 12:00:00", by the clock of
 *               the computer), content; in their order
 *   attachment  id, message_id, type, name, content: "thought" is what the model thought, "metadata" how long it took, "image" and
 *               "audio" are not text, "tool" is what one has answered; others (plain_text, code, pdf, website…) are texts
 *
 * From Jeffser/Alpaca: src/sql_manager.py, src/widgets/attachments.py (version 9). */

#include "formats.h"

#include "problem.h"
#include "values.h"

static const char *const chat_columns[] = { "id", "name", NULL };
static const char *const place_columns[] = { "id", "folder", NULL };
static const char *const folder_columns[] = { "id", "name", NULL };
static const char *const message_columns[] = { "id", "chat_id", "role", "model", "date_time", "content", NULL };
static const char *const attachment_columns[] = { "message_id", "type", "name", "content", NULL };

typedef struct {
  SottoImport *import;
  GPtrArray *order;     /* of SottoTurns */
  GHashTable *chats;    /* id → SottoTurns */
  GHashTable *messages; /* id → SottoTurn */
  GHashTable *folders;  /* id → name */
} Reader;

static gboolean
take_chat (const char *const *values, gpointer data)
{
  Reader *self = data;
  SottoTurns *turns;

  if (values[0] == NULL || g_hash_table_contains (self->chats, values[0]))
    return TRUE;
  turns = sotto_turns_new (SOTTO_IMPORT_ALPACA);
  turns->id = g_strdup (values[0]);
  turns->title = g_strdup (values[1]);
  g_hash_table_insert (self->chats, turns->id, turns);
  g_ptr_array_add (self->order, turns);
  return TRUE;
}

static gboolean
take_folder (const char *const *values, gpointer data)
{
  Reader *self = data;

  if (values[0] != NULL && values[1] != NULL)
    g_hash_table_insert (self->folders, g_strdup (values[0]), g_strdup (values[1]));
  return TRUE;
}

static gboolean
take_place (const char *const *values, gpointer data)
{
  Reader *self = data;
  SottoTurns *turns = values[0] != NULL ? g_hash_table_lookup (self->chats, values[0]) : NULL;

  if (turns != NULL && values[1] != NULL)
    g_set_str (&turns->group, g_hash_table_lookup (self->folders, values[1]));
  return TRUE;
}

static gint64
parse_time (const char *text)
{
  g_autofree char *date = text != NULL ? g_strdelimit (g_strdup (text), "/", '-') : NULL;

  return date != NULL ? sotto_value_parse_time (date, TRUE) : 0;
}

static gboolean
take_message (const char *const *values, gpointer data)
{
  Reader *self = data;
  SottoTurns *turns = values[1] != NULL ? g_hash_table_lookup (self->chats, values[1]) : NULL;
  SottoTurn *turn;

  if (turns == NULL || turns->is_broken)
    return TRUE;
  turn = sotto_turns_append (turns, values[0]);
  if (turns->is_broken)
    {
      /* Its turns are gone, and the table has them. */
      g_hash_table_remove_all (self->messages);
      return TRUE;
    }
  turn->role = sotto_turn_role_of (values[2]);
  turn->model = g_strdup (values[3]);
  turn->created = parse_time (values[4]);
  if (turn->role == SOTTO_HISTORY_ROLE_ASSISTANT)
    sotto_turn_add_thinking_text (turn, values[5]);
  else
    sotto_turn_add_text (turn, values[5]);
  g_hash_table_insert (self->messages, turn->id, turn);
  return TRUE;
}

static gboolean
take_attachment (const char *const *values, gpointer data)
{
  Reader *self = data;
  SottoTurn *turn = values[0] != NULL ? g_hash_table_lookup (self->messages, values[0]) : NULL;
  const char *type = values[1];

  if (turn == NULL || g_strcmp0 (type, "metadata") == 0 || g_strcmp0 (type, "link") == 0)
    return TRUE;
  if (g_strcmp0 (type, "thought") == 0)
    sotto_turn_add_reasoning (turn, values[3]);
  else if (g_strcmp0 (type, "image") == 0)
    sotto_import_leave_out (self->import, SOTTO_LEFT_OUT_IMAGES, 1);
  else if (g_strcmp0 (type, "tool") == 0)
    sotto_import_leave_out (self->import, SOTTO_LEFT_OUT_TOOLS, 1);
  else if (g_strcmp0 (type, "audio") == 0 || !sotto_turn_add_document (turn, values[2], values[3]))
    sotto_import_leave_out (self->import, SOTTO_LEFT_OUT_FILES, 1);
  return TRUE;
}

/* What the history's reader says is wrong with a file is wrong with this one. */
static gboolean
check (gboolean ok, GError *local, GError **error)
{
  if (ok)
    return TRUE;
  if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_INVALID_DATA))
    {
      g_set_error (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_ARCHIVE_DAMAGED, "%s", local->message);
      g_error_free (local);
    }
  else
    {
      g_propagate_error (error, local);
    }
  return FALSE;
}

static gboolean
read_tables (Reader *self, SottoForeignDatabase *database, GError **error)
{
  GError *local = NULL;
  gboolean ok = sotto_foreign_database_read (database, "chat", chat_columns, take_chat, self, &local)
                && sotto_foreign_database_read (database, "message", message_columns, take_message, self, &local);

  if (ok && sotto_foreign_database_has (database, "chat", place_columns)
      && sotto_foreign_database_has (database, "chat_folder", folder_columns))
    ok = sotto_foreign_database_read (database, "chat_folder", folder_columns, take_folder, self, &local)
         && sotto_foreign_database_read (database, "chat", place_columns, take_place, self, &local);
  if (ok && sotto_foreign_database_has (database, "attachment", attachment_columns))
    ok = sotto_foreign_database_read (database, "attachment", attachment_columns, take_attachment, self, &local);
  return check (ok, local, error);
}

gboolean
sotto_import_alpaca (SottoImport   *import,
                     guint8        *data,
                     gsize          length,
                     GCancellable  *cancellable,
                     GError       **error)
{
  g_autoptr (SottoForeignDatabase) database = NULL;
  g_autoptr (GPtrArray) order = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_turns_free);
  g_autoptr (GHashTable) chats = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GHashTable) messages = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GHashTable) folders = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  Reader reader = { import, order, chats, messages, folders };
  GError *local = NULL;

  database = sotto_foreign_database_new (data, length, cancellable, &local);
  if (!check (database != NULL, local, error))
    return FALSE;
  if (!sotto_foreign_database_has (database, "chat", chat_columns)
      || !sotto_foreign_database_has (database, "message", message_columns))
    {
      g_set_error_literal (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_ARCHIVE_FOREIGN, "a database of something else");
      return FALSE;
    }
  if (!read_tables (&reader, database, error))
    return FALSE;

  g_ptr_array_set_free_func (order, NULL);
  for (guint i = 0; i < order->len; i++)
    sotto_import_take_turns (import, g_ptr_array_index (order, i));
  return TRUE;
}
