/* How a history comes to be, and how it is opened
 *
 * There is, in one folder:
 *   history.lock     the lock (history-file.c); stays
 *   history.key      the envelope (envelope.c)
 *   history.db       the database (schema.c); history.db-wal beside it while it is open
 *   history.db.new   a database that is being made
 *
 * Making one, so that a power cut leaves either nothing or all of it:
 *   1 lock   2 nothing is there   3 key   4 history.db.new, flushed   5 the keyring's secret
 *   6 history.key, flushed: from here on it exists   7 history.db.new becomes history.db
 * Cut off before 6, the rest of it is no history, and is overwritten by the next making; nothing
 * was ever written into it. Cut off between 6 and 7, opening does step 7.
 *
 * What stands there        probe, open                        create
 *   nothing                NONE                               makes it
 *   key, db                opens                              EXISTS
 *   key, db.new            opens: step 7 was missing          EXISTS
 *   key                    MISSING_DATABASE                   EXISTS
 *   db                     MISSING_ENVELOPE                   EXISTS
 *   db.new                 NONE                               makes it
 *   replacing/new          the one in there                   EXISTS
 * No path leads from "something is there" to a new key or a new database. What "replacing/new" is,
 * says store-replace.c; opening and making end it first, under the lock. */

#include "store-private.h"

#include "audit.h"
#include "history-error.h"
#include "keyring.h"
#include "schema.h"
#include "sealed-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sodium.h>
#include <unistd.h>

/* --- What is there --- */

static gboolean
database_exists (const char *path)
{
  g_autofree char *log = g_strconcat (path, "-wal", NULL);

  return sotto_file_exists (path) || sotto_file_exists (log);
}

static void
set_path_error (GError **error, SottoHistoryError code, const char *path, const char *said)
{
  SottoHistoryErrorArguments arguments = { .path = path };

  sotto_history_set_error (error, code, &arguments, "\"%s\": %s", path, said);
}

/* Returns the envelope; or NULL with @none set if there is nothing, else with an error. */
static SottoEnvelope *
examine (const char *folder, gboolean *none, GError **error)
{
  g_autofree char *envelope_path = g_build_filename (folder, "history.key", NULL);
  g_autofree char *database_path = g_build_filename (folder, "history.db", NULL);
  g_autofree char *beginning = g_strconcat (database_path, ".new", NULL);
  g_autofree char *replacing_path = sotto_replacing_find_key (folder);
  g_autoptr (SottoEnvelope) envelope = NULL;
  gboolean missing;

  *none = FALSE;
  envelope = sotto_envelope_read (replacing_path != NULL ? replacing_path : envelope_path, &missing,
                                  error);
  if (missing)
    {
      *none = replacing_path == NULL && !database_exists (database_path);
      if (!*none)
        set_path_error (error, SOTTO_HISTORY_ERROR_MISSING_ENVELOPE, database_path,
                        "a database without its envelope");
      return NULL;
    }
  if (envelope == NULL)
    return NULL;

  if (replacing_path == NULL && !database_exists (database_path) &&
      !sotto_file_exists (beginning))
    {
      set_path_error (error, SOTTO_HISTORY_ERROR_MISSING_DATABASE, envelope_path,
                      "an envelope without its database");
      return NULL;
    }
  return g_steal_pointer (&envelope);
}

gboolean
sotto_history_probe (const char         *folder,
                     SottoHistoryState  *state,
                     GPtrArray         **slots,
                     GError            **error)
{
  g_autoptr (SottoEnvelope) envelope = NULL;
  gboolean none;

  g_return_val_if_fail (folder != NULL && state != NULL, FALSE);

  if (slots != NULL)
    *slots = NULL;
  envelope = examine (folder, &none, error);
  if (envelope == NULL && !none)
    return FALSE;

  *state = none ? SOTTO_HISTORY_STATE_NONE : SOTTO_HISTORY_STATE_PRESENT;
  if (slots != NULL)
    *slots = none ? g_ptr_array_new_with_free_func (g_free) : sotto_envelope_list (envelope);
  return TRUE;
}

/* --- In the thread: the database --- */

static gboolean
finish_making (SottoVault *vault, GError **error)
{
  g_autoptr (SottoDatabase) made = NULL;

  if (database_exists (vault->database_path) || !sotto_file_exists (vault->database_new_path))
    return TRUE;

  made = sotto_database_open (vault->database_new_path, vault->key, SOTTO_DATABASE_OPEN, error);
  return made != NULL && sotto_database_close (made, error) &&
         sotto_file_rename (vault->database_new_path, vault->database_path, error);
}

static gboolean
audit_opening (SottoVault *vault, const char *action, GError **error)
{
  gboolean ok;

  if (!sotto_database_begin (vault->database, error))
    return FALSE;
  ok = sotto_audit_add (vault->database, action, NULL, error);
  return sotto_database_end (vault->database, ok, error);
}

static gboolean
open_database (SottoVault *vault, const char *action, GError **error)
{
  guint n_steps;
  const SottoSchemaStep *steps = sotto_schema_get_steps (&n_steps);

  if (!finish_making (vault, error))
    return FALSE;

  vault->database = sotto_database_open (vault->database_path, vault->key, SOTTO_DATABASE_OPEN,
                                         error);
  return vault->database != NULL &&
         sotto_schema_prepare (vault->database, steps, n_steps, FALSE, error) &&
         sotto_journal_recover (vault->database, error) &&
         sotto_vault_look_for_erasing (vault, error) &&
         sotto_sealed_unlock (vault->sealed, vault->key, error) &&
         sotto_vault_settle_sealed (vault, TRUE, error) &&
         audit_opening (vault, action, error);
}

static gboolean
make_database (SottoVault *vault, GError **error)
{
  g_autoptr (SottoDatabase) database = NULL;
  g_autofree char *log = g_strconcat (vault->database_new_path, "-wal", NULL);
  guint n_steps;
  const SottoSchemaStep *steps = sotto_schema_get_steps (&n_steps);
  int fd;

  /* Of a making that was cut off before there was an envelope: nothing can be in them. */
  g_unlink (vault->database_new_path);
  g_unlink (log);

  /* SQLite would make it readable for others. */
  fd = open (vault->database_new_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0)
    {
      sotto_history_set_io_error (error, vault->database_new_path, "create", errno);
      return FALSE;
    }
  close (fd);

  database = sotto_database_open (vault->database_new_path, vault->key, SOTTO_DATABASE_CREATE,
                                  error);
  return database != NULL &&
         sotto_schema_prepare (database, steps, n_steps, TRUE, error) &&
         sotto_database_close (database, error) &&
         sotto_file_flush (vault->database_new_path, error) &&
         sotto_file_flush_folder_of (vault->database_new_path, error);
}

/* --- In the thread: the steps of opening --- */

static gpointer
do_prepare (SottoVault *vault, SottoCall *call, GError **error)
{
  gboolean none;

  /* Looked at before the lock is taken: where there is no folder none is made. */
  vault->envelope = examine (vault->folder, &none, error);
  if (none)
    set_path_error (error, SOTTO_HISTORY_ERROR_NONE, vault->folder, "there is no history");
  if (vault->envelope == NULL)
    return NULL;

  vault->lock = sotto_lock_take (vault->folder, error);
  if (vault->lock == NULL || !sotto_replacing_settle (vault->folder, error))
    return NULL;

  /* And once more under it: who held it may have changed the slots. */
  g_clear_pointer (&vault->envelope, sotto_envelope_free);
  vault->envelope = examine (vault->folder, &none, error);
  if (none)
    set_path_error (error, SOTTO_HISTORY_ERROR_NONE, vault->folder, "there is no history");
  return vault->envelope != NULL ? sotto_envelope_copy (vault->envelope) : NULL;
}

static gpointer
do_open (SottoVault *vault, SottoCall *call, GError **error)
{
  vault->key = sotto_envelope_unwrap (vault->envelope, vault->envelope_path, call->unlock, error);
  if (vault->key == NULL || !open_database (vault, "open", error))
    {
      sotto_vault_close (vault, NULL);
      return NULL;
    }
  sotto_vault_publish_slots (vault);
  return SOTTO_DONE;
}

/* --- In the thread: the steps of making --- */

static gpointer
do_begin (SottoVault *vault, SottoCall *call, GError **error)
{
  g_autoptr (SottoEnvelope) there = NULL;
  g_autoptr (GError) local = NULL;
  gboolean none;

  if (!sotto_file_make_folder (vault->folder, error))
    return NULL;
  vault->lock = sotto_lock_take (vault->folder, error);
  if (vault->lock == NULL || !sotto_replacing_settle (vault->folder, error))
    return NULL;

  /* Whatever stands there, healthy or not, is not ours to replace. */
  there = examine (vault->folder, &none, &local);
  if (!none)
    {
      set_path_error (error, SOTTO_HISTORY_ERROR_EXISTS, vault->folder,
                      local != NULL ? local->message : "there is a history already");
      return NULL;
    }

  vault->key = sotto_secret_new (SOTTO_KEY_BYTES, error);
  if (vault->key == NULL)
    return NULL;
  randombytes_buf (vault->key, SOTTO_KEY_BYTES);
  vault->envelope = sotto_envelope_new ();
  return make_database (vault, error) ? sotto_envelope_copy (vault->envelope) : NULL;
}

static gpointer
do_complete (SottoVault *vault, SottoCall *call, GError **error)
{
  if (!sotto_envelope_set_slot (vault->envelope, call->unlock, call->kind, vault->key, error) ||
      !sotto_envelope_write (vault->envelope, vault->envelope_path, vault->key, error) ||
      !open_database (vault, "create", error))
    {
      sotto_vault_close (vault, NULL);
      return NULL;
    }
  sotto_vault_publish_slots (vault);
  return SOTTO_DONE;
}

/* --- In the caller's context: one step after the other --- */

typedef struct {
  SottoStore *store;
  SottoUnlock *unlock;
  gboolean create;
  char *stored_name; /* the keyring's secret that is to be forgotten if this fails */
  guint32 stored_slot;
} Opening;

static void
opening_free (gpointer data)
{
  Opening *self = data;

  g_clear_object (&self->store);
  sotto_unlock_unref (self->unlock);
  g_free (self->stored_name);
  g_free (self);
}

static void
on_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Opening *self = g_task_get_task_data (task);
  GError *error = NULL;

  if (sotto_store_take (self->store, result, &error) != NULL)
    {
      g_task_return_pointer (task, g_steal_pointer (&self->store), g_object_unref);
      return;
    }

  /* If the envelope was written, its slot still needs the secret. */
  if (self->stored_name != NULL &&
      !sotto_file_exists (sotto_store_get_vault (self->store)->envelope_path))
    sotto_keyring_forget (self->stored_name, self->stored_slot);
  g_task_return_error (task, error);
}

static void
unwrap (GTask *task, SottoUnlock *unlock, SottoKeyringBackend backend)
{
  Opening *self = g_task_get_task_data (task);
  SottoCall *call = sotto_call_new ();

  call->unlock = sotto_unlock_ref (unlock);
  call->kind = backend;
  sotto_store_push (self->store, SOTTO_WORK_BARE, self->create ? do_complete : do_open, call, NULL,
                    g_task_get_cancellable (task), on_done, g_object_ref (task));
}

static void
on_looked_up (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (SottoUnlock) unlock = sotto_keyring_lookup_finish (result, &error);

  if (unlock != NULL)
    unwrap (task, unlock, 0);
  else
    g_task_return_error (task, error);
}

static void
on_stored (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SottoKeyringBackend backend;
  GError *error = NULL;
  g_autoptr (SottoUnlock) unlock = sotto_keyring_store_finish (result, &backend, &error);

  if (unlock != NULL)
    unwrap (task, unlock, backend);
  else
    g_task_return_error (task, error);
}

static void
on_prepared (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Opening *self = g_task_get_task_data (task);
  GCancellable *cancellable = g_task_get_cancellable (task);
  GError *error = NULL;
  g_autoptr (SottoEnvelope) envelope = sotto_store_take (self->store, result, &error);
  g_autofree char *name = NULL;
  const SottoSlot *slot;

  if (envelope == NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  slot = sotto_envelope_find (envelope, SOTTO_SLOT_KEYRING);
  name = sotto_envelope_dup_name (envelope);
  if (self->unlock->kind != SOTTO_SLOT_KEYRING)
    {
      unwrap (task, self->unlock, 0);
    }
  else if (self->create)
    {
      self->stored_name = g_strdup (name);
      self->stored_slot = envelope->next_slot;
      sotto_keyring_store_async (name, envelope->next_slot, self->unlock->interactive, cancellable,
                                 on_stored, g_object_ref (task));
    }
  else if (slot != NULL)
    {
      sotto_keyring_lookup_async (name, slot->id, slot->backend, self->unlock->interactive,
                                  cancellable, on_looked_up, g_object_ref (task));
    }
  else
    {
      set_path_error (&error, SOTTO_HISTORY_ERROR_NO_SLOT,
                      sotto_store_get_folder (self->store), "nothing of it is in the keyring");
      g_task_return_error (task, error);
    }
}

static void
start (const char          *folder,
       SottoUnlock         *unlock,
       gboolean             create,
       GCancellable        *cancellable,
       GAsyncReadyCallback  callback,
       gpointer             user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Opening *self = g_new0 (Opening, 1);

  self->store = sotto_store_new (folder);
  self->unlock = sotto_unlock_ref (unlock);
  self->create = create;
  g_task_set_task_data (task, self, opening_free);
  g_task_set_check_cancellable (task, FALSE);
  sotto_store_push (self->store, SOTTO_WORK_BARE, create ? do_begin : do_prepare, NULL,
                    (GDestroyNotify) sotto_envelope_free, cancellable, on_prepared,
                    g_object_ref (task));
}

void
sotto_store_create_async (const char          *folder,
                          SottoUnlock         *unlock,
                          GCancellable        *cancellable,
                          GAsyncReadyCallback  callback,
                          gpointer             user_data)
{
  g_return_if_fail (folder != NULL && unlock != NULL);
  g_return_if_fail (unlock->kind != SOTTO_SLOT_RECOVERY);

  start (folder, unlock, TRUE, cancellable, callback, user_data);
}

SottoStore *
sotto_store_create_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
sotto_store_open_async (const char          *folder,
                        SottoUnlock         *unlock,
                        GCancellable        *cancellable,
                        GAsyncReadyCallback  callback,
                        gpointer             user_data)
{
  g_return_if_fail (folder != NULL && unlock != NULL);

  start (folder, unlock, FALSE, cancellable, callback, user_data);
}

SottoStore *
sotto_store_open_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
