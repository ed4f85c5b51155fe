#pragma once

#if !defined (SOTTO_HISTORY_INSIDE)
# error "Only <sotto-history.h> may be included."
#endif

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * SottoStore:
 *
 * An open history. It owns one thread, and only that thread touches the database; calls are done in
 * the order they were made. Every asynchronous call returns to the thread-default main context of
 * its caller. Cancelling one that waits undoes it; one that has begun to write ends first, and
 * tells the truth about how.
 *
 * Unless a function says otherwise its finish function returns success only when the change is
 * flushed to the disk.
 *
 * ::journal-failed (SottoStore *store, const GError *error): text given to
 * sotto_store_append_reply() could not be written; emitted in the main context that opened the
 * store.
 */
#define SOTTO_TYPE_STORE (sotto_store_get_type ())
G_DECLARE_FINAL_TYPE (SottoStore, sotto_store, SOTTO, STORE, GObject)

/**
 * SottoHistoryState:
 * @SOTTO_HISTORY_STATE_NONE: there is nothing: sotto_store_create_async()
 * @SOTTO_HISTORY_STATE_PRESENT: there is something: sotto_store_open_async(), and never create
 */
typedef enum {
  SOTTO_HISTORY_STATE_NONE,
  SOTTO_HISTORY_STATE_PRESENT,
} SottoHistoryState;

/**
 * sotto_history_probe:
 * @folder: where the history lives; need not exist
 * @state: (out)
 * @slots: (out) (optional) (element-type SottoHistorySlot): the envelope's slots, in order of age,
 *   by which an application knows what it can open with; empty if none
 *
 * Looks, changes nothing, takes no lock; reads one file of a few hundred bytes.
 *
 * Returns: %FALSE with _CORRUPT_ENVELOPE, _MISSING_ENVELOPE, _MISSING_DATABASE, _NEWER or _IO
 */
gboolean sotto_history_probe (const char         *folder,
                              SottoHistoryState  *state,
                              GPtrArray         **slots,
                              GError            **error);

/**
 * sotto_store_create_async:
 * @folder: made if need be, for the person alone
 * @unlock: what the first slot asks for: the keyring or a passphrase
 *
 * Makes a new history where there is none, and only there: new random key, envelope, database.
 */
void sotto_store_create_async (const char          *folder,
                               SottoUnlock         *unlock,
                               GCancellable        *cancellable,
                               GAsyncReadyCallback  callback,
                               gpointer             user_data);

/**
 * sotto_store_create_finish:
 *
 * Returns: (transfer full): or %NULL with _EXISTS, _IN_USE, _LOCKED, _DENIED, _NO_KEYRING, …
 */
SottoStore *sotto_store_create_finish (GAsyncResult *result, GError **error);

/**
 * sotto_store_open_async:
 * @unlock: what to open with; slots of its kind are tried
 *
 * Opens what is there: takes the lock, unwraps the key, brings an older schema up to date (after a
 * backup beside the file), and marks replies that were cut off by a crash as interrupted.
 */
void sotto_store_open_async (const char          *folder,
                             SottoUnlock         *unlock,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data);

/**
 * sotto_store_open_finish:
 *
 * Returns: (transfer full): or %NULL with any error of the group "Opening"
 */
SottoStore *sotto_store_open_finish (GAsyncResult *result, GError **error);

/**
 * sotto_store_new_in_memory:
 *
 * A history that nobody finds: new, empty, and of the process's memory alone. Nothing of it is written to any file, and
 * closing it is its end. All calls work but those about slots and backups, which fail with _INVALID. Where there is no
 * memory for it, calls fail with _CLOSED.
 *
 * Returns: (transfer full)
 */
SottoStore *sotto_store_new_in_memory (void);

/**
 * sotto_store_close_async:
 *
 * In this order: refuse new calls (_CLOSED); do those that wait; flush the journal; close the
 * database; wipe the key; release the lock; end the thread. A store that is dropped without closing
 * does the same, and blocks for it (a few milliseconds).
 */
void sotto_store_close_async (SottoStore          *self,
                              GCancellable        *cancellable,
                              GAsyncReadyCallback  callback,
                              gpointer             user_data);
gboolean sotto_store_close_finish (SottoStore *self, GAsyncResult *result, GError **error);

/**
 * sotto_store_get_folder:
 *
 * Returns: (transfer none) (nullable): where it lives; %NULL: in memory
 */
const char *sotto_store_get_folder (SottoStore *self);

G_END_DECLS
