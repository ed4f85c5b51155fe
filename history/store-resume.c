#include "store-private.h"

#include "conversation-rows.h"
#include "search-index.h"

/* A reply that goes on. What it says goes back into the journal, all in one transaction: a message that streams has
 * nothing but that, and a crash settles it as it settles any other. */

/* Calls and attachments do not come back out of a journal to the bit. */
static gboolean
check (SottoDatabase *database, gint64 row, GError **error)
{
  GError *local = NULL;
  gint64 n = sotto_database_get_int (database, NULL, &local,
                                     "SELECT count(*) FROM message WHERE id = ?1"
                                     " AND role = 3 AND status != 1 AND NOT EXISTS (SELECT 1 FROM part"
                                     "  WHERE part.message = message.id"
                                     "  AND (kind NOT IN (1, 2) OR attachment IS NOT NULL))", "i", row);

  if (local != NULL)
    g_propagate_error (error, local);
  else if (n != 1)
    sotto_rows_set_invalid (error, "reply: cannot go on");
  return n == 1;
}

static gpointer
do_resume (SottoVault *vault, SottoCall *call, GError **error)
{
  SottoDatabase *database = vault->database;
  gint64 row = sotto_rows_find_message (database, call->id, error);
  gint64 model;

  if (row == 0 || !check (database, row, error) ||
      !sotto_rows_put_model (database, call->model, &model, error) ||
      !sotto_search_index_remove_message (database, row, error) ||
      !sotto_database_run (database, error,
                           "INSERT INTO journal (message, kind, text)"
                           " SELECT message, kind, text FROM part WHERE message = ?1 ORDER BY place", "i", row) ||
      !sotto_database_run (database, error, "DELETE FROM part WHERE message = ?1", "i", row) ||
      !sotto_database_run (database, error, "DELETE FROM receipt WHERE message = ?1", "i", row) ||
      (call->text != NULL &&
       !sotto_database_run (database, error, "INSERT INTO receipt (message, json) VALUES (?1, ?2)", "iu", row,
                            call->text)) ||
      !sotto_database_run (database, error,
                           "UPDATE message SET status = 1, model = ifnull (nullif (?2, 0), model) WHERE id = ?1",
                           "ii", row, model))
    return NULL;
  return SOTTO_DONE;
}

void
sotto_store_resume_reply_async (SottoStore              *self,
                                const char              *reply,
                                const SottoHistoryModel *model,
                                const char              *receipt,
                                GCancellable            *cancellable,
                                GAsyncReadyCallback      callback,
                                gpointer                 user_data)
{
  SottoCall *call;

  g_return_if_fail (SOTTO_IS_STORE (self) && reply != NULL);

  call = sotto_call_new ();
  call->id = g_strdup (reply);
  call->model = sotto_history_model_copy (model);
  call->text = receipt != NULL ? g_utf8_make_valid (receipt, -1) : NULL;
  sotto_store_push (self, SOTTO_WORK_WRITE, do_resume, call, NULL, cancellable, callback, user_data);
}

gboolean
sotto_store_resume_reply_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error) != NULL;
}
