#pragma once

#if !defined (SOTTO_HISTORY_INSIDE)
# error "Only <sotto-history.h> may be included."
#endif

#include "sotto-store.h"

G_BEGIN_DECLS

/**
 * sotto_store_add_audit_async:
 * @action: what happened: 1 to 32 lower-case letters and hyphens, such as "export"
 * @subject: (nullable): the id of what it happened to. Never content
 *
 * Adds an entry to the audit log, in which each entry carries the hash of the one before. Creating,
 * opening, deleting, undeleting, purging, backups and changes of slots enter themselves.
 */
void sotto_store_add_audit_async (SottoStore          *self,
                                  const char          *action,
                                  const char          *subject,
                                  GCancellable        *cancellable,
                                  GAsyncReadyCallback  callback,
                                  gpointer             user_data);
gboolean sotto_store_add_audit_finish (SottoStore *self, GAsyncResult *result, GError **error);

/**
 * sotto_store_check_async:
 *
 * Reads the whole database: every page's authentication, SQLite's own check, the trees of messages
 * and the chain of the audit log. Fails with _CORRUPT_DATABASE, naming the first thing found.
 */
void sotto_store_check_async (SottoStore          *self,
                              GCancellable        *cancellable,
                              GAsyncReadyCallback  callback,
                              gpointer             user_data);
gboolean sotto_store_check_finish (SottoStore *self, GAsyncResult *result, GError **error);

/**
 * sotto_store_release_memory:
 *
 * Gives back the pages that were read and stay decrypted, behind the calls that were made before; what asks for them next decrypts
 * them anew. A history in memory only has nothing else, and keeps it.
 */
void sotto_store_release_memory (SottoStore *self);

/**
 * sotto_store_backup_async:
 * @path: a file that does not exist yet
 *
 * Writes envelope and database, encrypted as they are, into one file that opens with the same
 * passphrase, recovery code or keyring; sotto_history_restore_async() makes a history of it again.
 */
void sotto_store_backup_async (SottoStore          *self,
                               const char          *path,
                               GCancellable        *cancellable,
                               GAsyncReadyCallback  callback,
                               gpointer             user_data);
gboolean sotto_store_backup_finish (SottoStore *self, GAsyncResult *result, GError **error);

/**
 * sotto_history_restore_async:
 * @path: a backup
 * @folder: where there is no history (_EXISTS)
 *
 * Fails with _NOT_A_BACKUP where @path is something else, with _CORRUPT_ENVELOPE or _NEWER, and with
 * an error of GIO where @path cannot be opened. Cancelled, it leaves no history in @folder.
 */
void sotto_history_restore_async (const char          *path,
                                  const char          *folder,
                                  GCancellable        *cancellable,
                                  GAsyncReadyCallback  callback,
                                  gpointer             user_data);
gboolean sotto_history_restore_finish (GAsyncResult *result, GError **error);

/**
 * sotto_history_replace_async:
 * @folder: where a history lives, healthy or not, or none does
 * @beside: a closed history in another folder of the same disk, which ceases to be
 *
 * Puts the history in @beside into @folder. What was there goes into a new folder in @folder,
 * "replaced-" and the date, and is a history there like any other. After an error, such as _IN_USE,
 * both are as they were; after a power cut either that, or all of it has been done by the time
 * somebody has opened @folder. It can be cancelled, as long as what is beside has not begun to move.
 */
void sotto_history_replace_async (const char          *folder,
                                  const char          *beside,
                                  GCancellable        *cancellable,
                                  GAsyncReadyCallback  callback,
                                  gpointer             user_data);

/**
 * sotto_history_replace_finish:
 * @kept: (out) (optional) (transfer full) (nullable): the name, within @folder, of the folder with
 *   what was there; %NULL if nothing was
 */
gboolean sotto_history_replace_finish (GAsyncResult *result, char **kept, GError **error);

/**
 * sotto_history_find_untold:
 * @folder: where a history lives
 *
 * After a replacement that was cut off, and ended by whoever opened @folder next, nobody has been
 * told what became of the history that was there before.
 *
 * Returns: (transfer full) (nullable): the name, within @folder, of the folder that holds it
 */
char *sotto_history_find_untold (const char *folder);

/**
 * sotto_history_mark_told:
 * @kept: as sotto_history_find_untold() has found it
 */
void sotto_history_mark_told (const char *folder, const char *kept);

G_END_DECLS
