#pragma once

#if !defined(SOTTO_APP_INSIDE) && !defined(SOTTO_APP_COMPILATION)
#error "Include sotto-app.h only."
#endif

#include <gio/gio.h>

#include "conversation/conversation-list.h"
#include "document/document-folders.h"
#include "document/meaning.h"
#include "model/model-library.h"
#include "settings.h"

G_BEGIN_DECLS

/**
 * SottoApp:
 *
 * Owns all there is: settings, model library, history and engine worker. One a process.
 *
 * Properties (read-only unless said otherwise, notifying):
 * - "state" (#SottoAppState)
 * - "problem" (#SottoProblem, nullable): why it is not ready
 * - "settings" (#SottoSettings, constant)
 * - "models" (#SottoModelLibrary, constant)
 * - "conversations" (#SottoConversationList, constant): empty until ready
 * - "folders" (#SottoDocumentFolders, constant): empty until ready
 * - "meaning" (#SottoMeaning, constant)
 * - "recovery-code" (string, nullable): after the history was made, the code to show once;
 *   sotto_app_dismiss_recovery_code() wipes it
 * - "temporary" (boolean): nothing is kept
 * - "protection" (#SottoProtection): what opens the history
 * - "instructions" (string, read-write): what a new conversation tells the model before all else
 */
#define SOTTO_TYPE_APP (sotto_app_get_type ())
G_DECLARE_FINAL_TYPE (SottoApp, sotto_app, SOTTO, APP, GObject)

/**
 * sotto_app_new:
 * @folder: (nullable): where the history lives; %NULL: sotto in the user's data folder
 *
 * Starts nothing and touches no file.
 */
SottoApp *sotto_app_new (const char *folder);

SottoAppState sotto_app_get_state (SottoApp *self);
SottoProblem *sotto_app_get_problem (SottoApp *self);
SottoSettings *sotto_app_get_settings (SottoApp *self);
SottoModelLibrary *sotto_app_get_models (SottoApp *self);
SottoConversationList *sotto_app_get_conversations (SottoApp *self);
SottoDocumentFolders *sotto_app_get_folders (SottoApp *self);
SottoMeaning *sotto_app_get_meaning (SottoApp *self);

/**
 * sotto_app_close_model:
 *
 * Gives back what memory a model takes, here and on a GPU, once the replies that are under way are written. The next reply
 * opens it again.
 */
void sotto_app_close_model (SottoApp *self, SottoModelEntry *model);

/**
 * sotto_app_get_folder:
 *
 * Returns: where the history is kept, also while nothing is kept or there is none yet
 */
const char *sotto_app_get_folder (SottoApp *self);
const char *sotto_app_get_recovery_code (SottoApp *self);
gboolean sotto_app_is_temporary (SottoApp *self);
SottoProtection sotto_app_get_protection (SottoApp *self);

/**
 * sotto_app_measure_timelines:
 *
 * Returns: bytes on the disk of what models have read of conversations (the preference "keep-timelines"); 0 while the history
 *   is not open
 */
guint64 sotto_app_measure_timelines (SottoApp *self);

/**
 * sotto_app_open_async:
 *
 * Opens the history, or makes one at the first start where a keyring can hold its key. Also the way
 * to try again. Where it ends is #SottoApp:state; the callback may be %NULL.
 */
void sotto_app_open_async (SottoApp             *self,
                           GCancellable         *cancellable,
                           GAsyncReadyCallback   callback,
                           gpointer              user_data);

/**
 * sotto_app_open_finish:
 *
 * Finishes open, create, unlock and recover.
 *
 * Returns: whether the application is READY
 */
gboolean sotto_app_open_finish (SottoApp *self, GAsyncResult *result, GError **error);

/**
 * sotto_app_stop_waiting:
 *
 * In OPENING: gives up waiting for a keyring that does not answer. The state becomes KEYRING_LOCKED, or
 * FIRST_START where there is no history yet; nothing on the disk has changed.
 */
void sotto_app_stop_waiting (SottoApp *self);

/**
 * sotto_app_create_async:
 * @passphrase: not empty
 *
 * In FIRST_START: makes the history, protected by @passphrase.
 */
void sotto_app_create_async (SottoApp             *self,
                             const char           *passphrase,
                             GCancellable         *cancellable,
                             GAsyncReadyCallback   callback,
                             gpointer              user_data);

/**
 * sotto_app_unlock_async:
 *
 * In NEEDS_PASSPHRASE: opens the history with its passphrase.
 */
void sotto_app_unlock_async (SottoApp             *self,
                             const char           *passphrase,
                             GCancellable         *cancellable,
                             GAsyncReadyCallback   callback,
                             gpointer              user_data);

/**
 * sotto_app_recover_async:
 *
 * Opens the history with its recovery code; spaces, dashes and case do not matter.
 */
void sotto_app_recover_async (SottoApp             *self,
                              const char           *code,
                              GCancellable         *cancellable,
                              GAsyncReadyCallback   callback,
                              gpointer              user_data);

/**
 * sotto_app_start_temporary:
 *
 * The explicit choice to keep nothing: becomes READY with an empty history that is encrypted with a
 * key nobody has, lies in the runtime folder (memory) and is removed when closing. The person's
 * history is not touched.
 */
void sotto_app_start_temporary (SottoApp *self);

/**
 * sotto_app_set_passphrase_async:
 * @passphrase: not empty
 *
 * In READY: from now on @passphrase opens the history, and neither an older one nor the keyring
 * does, which forgets its secret. The recovery code stays. Takes as long as Argon2id does, in the
 * history's thread. After an error everything is as it was.
 */
void sotto_app_set_passphrase_async (SottoApp             *self,
                                     const char           *passphrase,
                                     GCancellable         *cancellable,
                                     GAsyncReadyCallback   callback,
                                     gpointer              user_data);

/**
 * sotto_app_set_passphrase_finish:
 *
 * Returns: %FALSE with %SOTTO_APP_ERROR_PASSPHRASE (empty), _NOT_READY, _TEMPORARY or _PROTECTING,
 *   or an error of the history
 */
gboolean sotto_app_set_passphrase_finish (SottoApp *self, GAsyncResult *result, GError **error);

/**
 * sotto_app_use_keyring_async:
 *
 * In READY: moves the key into the keyring, which may ask the person to unlock it; then the
 * passphrase goes. The recovery code stays. After an error everything is as it was.
 */
void sotto_app_use_keyring_async (SottoApp             *self,
                                  GCancellable         *cancellable,
                                  GAsyncReadyCallback   callback,
                                  gpointer              user_data);

/**
 * sotto_app_use_keyring_finish:
 *
 * Returns: %FALSE with %SOTTO_APP_ERROR_NO_KEYRING, _KEYRING_REFUSED, _NOT_READY, _TEMPORARY or
 *   _PROTECTING, or an error of the history
 */
gboolean sotto_app_use_keyring_finish (SottoApp *self, GAsyncResult *result, GError **error);

/**
 * SottoOpeners:
 * @SOTTO_OPENS_KEYRING: the keyring of the computer where it was set up
 * @SOTTO_OPENS_PASSPHRASE: a passphrase
 * @SOTTO_OPENS_RECOVERY: the recovery code
 *
 * Each of what opens a history, or a backup of it as it was then.
 */
typedef enum {
  SOTTO_OPENS_KEYRING = 1 << 0,
  SOTTO_OPENS_PASSPHRASE = 1 << 1,
  SOTTO_OPENS_RECOVERY = 1 << 2,
} SottoOpeners;

/* Of the history that is open, and so of a backup that is made now; 0: none is open, or nothing is kept */
SottoOpeners sotto_app_get_openers (SottoApp *self);

/* Whether a backup could take the place of what is there: in READY and in the states that wait for somebody,
 * but while nothing is kept or another Sotto has the history open. */
gboolean sotto_app_can_restore (SottoApp *self);

/**
 * sotto_app_read_backup_async:
 * @file: a backup (sotto_transfer_new_backup()) on this computer
 *
 * Checks it, and keeps a copy for sotto_app_restore_async() until that has succeeded or
 * sotto_app_drop_backup() is called. The history is not touched.
 */
void sotto_app_read_backup_async (SottoApp             *self,
                                  GFile                *file,
                                  GCancellable         *cancellable,
                                  GAsyncReadyCallback   callback,
                                  gpointer              user_data);

/**
 * sotto_app_read_backup_finish:
 * @openers: (out): what it can be opened with
 *
 * Returns: %FALSE with %SOTTO_APP_ERROR_BACKUP_FOREIGN, _BACKUP_NEWER, _BACKUP_DAMAGED or _NOT_READY,
 *   or an error of the history or of GIO
 */
gboolean sotto_app_read_backup_finish (SottoApp      *self,
                                       GAsyncResult  *result,
                                       SottoOpeners  *openers,
                                       GError       **error);

/* Forgets a backup that was read and is not to be restored. */
void sotto_app_drop_backup (SottoApp *self);

/**
 * sotto_app_restore_async:
 * @typed: (nullable): a passphrase or the recovery code; %NULL: asks the keyring
 *
 * If that opens the backup that was read, puts it in the place of the history, which is closed for it, and opens
 * it. What was there goes into a folder of its own beside it, and stays as it is. If not, nothing changes, and it
 * can be tried again.
 */
void sotto_app_restore_async (SottoApp             *self,
                              const char           *typed,
                              GCancellable         *cancellable,
                              GAsyncReadyCallback   callback,
                              gpointer              user_data);

/**
 * sotto_app_restore_finish:
 * @kept: (out) (transfer full) (nullable): the name of the folder in sotto_app_get_folder() with what was there
 *
 * Returns: whether the application is READY with the backup; %FALSE with %SOTTO_APP_ERROR_BACKUP_WRONG,
 *   _BACKUP_DAMAGED or _NOT_READY, or an error of the history or of GIO
 */
gboolean sotto_app_restore_finish (SottoApp      *self,
                                   GAsyncResult  *result,
                                   char         **kept,
                                   GError       **error);

/**
 * sotto_app_find_kept:
 *
 * In READY: sotto_app_restore_async() may have been cut off, and ended by a later start, so that nobody could be told
 * what sotto_app_restore_finish() tells.
 *
 * Returns: (transfer full) (nullable): the name of that folder in sotto_app_get_folder()
 */
char *sotto_app_find_kept (SottoApp *self);

/* Once the person has been told of it: it is not found any more. */
void sotto_app_mark_told (SottoApp *self, const char *kept);

/**
 * sotto_app_set_instructions:
 * @text: (nullable): what conversations begin with that are begun from now on
 *
 * In READY; kept in the history.
 */
void sotto_app_set_instructions (SottoApp *self, const char *text);
const char *sotto_app_get_instructions (SottoApp *self);

/**
 * sotto_app_renew_recovery_code:
 *
 * Makes a new recovery code, which replaces the one there was; it appears as "recovery-code".
 */
void sotto_app_renew_recovery_code (SottoApp *self);
void sotto_app_dismiss_recovery_code (SottoApp *self);

/* Whether it can be locked: in READY, but while nothing is kept or a backup takes its place */
gboolean sotto_app_can_lock (SottoApp *self);

/* Whether that is under way */
gboolean sotto_app_is_locking (SottoApp *self);

/**
 * sotto_app_lock_async:
 *
 * Shows nothing any more, at once (the state is CLOSED), and keeps nothing of the conversations in memory: replies are
 * stopped and keep their text, what is temporary ends, the model and the history are closed, and the key is wiped. Then the
 * state is LOCKED or NEEDS_PASSPHRASE.
 */
void sotto_app_lock_async (SottoApp             *self,
                           GAsyncReadyCallback   callback,
                           gpointer              user_data);

/**
 * sotto_app_lock_finish:
 *
 * Returns: %FALSE if sotto_app_can_lock() did not hold
 */
gboolean sotto_app_lock_finish (SottoApp *self, GAsyncResult *result);

/**
 * sotto_app_is_unsaved:
 *
 * Returns: whether something that was written or chosen is not in the history: it waits for a moment, or there is no room for it
 */
gboolean sotto_app_is_unsaved (SottoApp *self);

/**
 * sotto_app_cannot_save:
 *
 * Returns: whether that is so, and was tried in vain
 */
gboolean sotto_app_cannot_save (SottoApp *self);

/**
 * sotto_app_save_async:
 *
 * Saves all of that. Nothing is closed.
 */
void sotto_app_save_async (SottoApp *self, GAsyncReadyCallback callback, gpointer user_data);

/**
 * sotto_app_save_finish:
 *
 * Returns: (transfer full) (nullable): why something could not be saved, and would be lost with sotto_app_close_async() or
 * sotto_app_lock_async() now; %NULL: nothing would
 */
SottoProblem *sotto_app_save_finish (SottoApp *self, GAsyncResult *result);

/**
 * sotto_app_close_async:
 *
 * Quits cleanly: stops replies and keeps their text, saves drafts, purges what was deleted, frees
 * the worker, closes the history. Afterwards the state is CLOSED. Never fails.
 */
void sotto_app_close_async (SottoApp             *self,
                            GAsyncReadyCallback   callback,
                            gpointer              user_data);
void sotto_app_close_finish (SottoApp *self, GAsyncResult *result);

G_END_DECLS
