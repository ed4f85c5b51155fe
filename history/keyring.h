#pragma once

#include "envelope.h"

G_BEGIN_DECLS

/* The desktop's keyring, through libsecret's asynchronous functions only: the others wait for a
 * person. All of this runs in, and returns to, the caller's thread-default main context. */

/**
 * sotto_keyring_lookup_async:
 * @name: the history's name
 * @slot: the id of its slot
 * @backend: who took the secret when it was stored
 * @interactive: whether the keyring may ask the person
 */
void sotto_keyring_lookup_async (const char          *name,
                                 guint32              slot,
                                 SottoKeyringBackend  backend,
                                 gboolean             interactive,
                                 GCancellable        *cancellable,
                                 GAsyncReadyCallback  callback,
                                 gpointer             user_data);

/**
 * sotto_keyring_lookup_finish:
 *
 * Returns: (transfer full): the secret, as an unlock of the kind keyring; or %NULL with
 *   _NO_KEYRING, _LOCKED, _DENIED, _NO_SECRET, _WRONG_SECRET or %G_IO_ERROR_CANCELLED
 */
SottoUnlock *sotto_keyring_lookup_finish (GAsyncResult *result, GError **error);

/**
 * sotto_keyring_store_async:
 * @name: the history's name
 * @slot: the id that its slot will have: never that of a slot in use, so that nothing is lost if
 *   the envelope is not written after all
 *
 * Makes a random secret and stores it.
 */
void sotto_keyring_store_async (const char          *name,
                                guint32              slot,
                                gboolean             interactive,
                                GCancellable        *cancellable,
                                GAsyncReadyCallback  callback,
                                gpointer             user_data);

/**
 * sotto_keyring_store_finish:
 * @backend: (out): who took it
 *
 * Returns: (transfer full): the secret, as an unlock of the kind keyring, or %NULL
 */
SottoUnlock *sotto_keyring_store_finish (GAsyncResult         *result,
                                         SottoKeyringBackend  *backend,
                                         GError              **error);

/**
 * sotto_keyring_forget:
 *
 * Removes a secret whose slot is not in the envelope, or no more. Returns at once; that it may fail
 * is of no matter: a secret without its slot opens nothing.
 */
void sotto_keyring_forget (const char *name, guint32 slot);

G_END_DECLS
