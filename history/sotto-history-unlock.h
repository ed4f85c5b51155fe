#pragma once

#if !defined (SOTTO_HISTORY_INSIDE)
# error "Only <sotto-history.h> may be included."
#endif

#include <glib.h>

G_BEGIN_DECLS

/**
 * SottoSlotKind:
 * @SOTTO_SLOT_KEYRING: a secret in the desktop's keyring (Secret Service, or the Secret portal)
 * @SOTTO_SLOT_PASSPHRASE: something the person knows, through Argon2id
 * @SOTTO_SLOT_RECOVERY: a long code that the person wrote down
 *
 * What a slot of the envelope asks for. The values stand in the file.
 */
typedef enum {
  SOTTO_SLOT_KEYRING = 1,
  SOTTO_SLOT_PASSPHRASE = 2,
  SOTTO_SLOT_RECOVERY = 3,
} SottoSlotKind;

/**
 * SottoUnlock:
 *
 * With what a history shall be opened, or a new one be locked. Secrets are copied into locked
 * memory and wiped with the last reference. Reference-counted (atomically), immutable once used.
 */
typedef struct _SottoUnlock SottoUnlock;

/**
 * sotto_unlock_new_keyring:
 * @interactive: whether the keyring may ask the person to unlock it. If not, a locked keyring is
 *   %SOTTO_HISTORY_ERROR_LOCKED at once.
 */
SottoUnlock *sotto_unlock_new_keyring (gboolean interactive);

/**
 * sotto_unlock_new_passphrase:
 * @passphrase: UTF-8, compared in Unicode's form NFC; not empty
 *
 * Returns: (transfer full): or %NULL with %SOTTO_HISTORY_ERROR_INVALID or _MEMORY
 */
SottoUnlock *sotto_unlock_new_passphrase (const char *passphrase, GError **error);

/**
 * sotto_unlock_new_recovery_code:
 * @code: as it was shown; case, spaces and hyphens don't matter, and O, I, L are read as 0, 1, 1
 *
 * Returns: (transfer full): or %NULL with %SOTTO_HISTORY_ERROR_MALFORMED_CODE or _MEMORY
 */
SottoUnlock *sotto_unlock_new_recovery_code (const char *code, GError **error);

/**
 * sotto_unlock_set_cost:
 * @operations: Argon2id passes over the memory, 1 to 16
 * @memory: bytes, 8 KiB to 1 GiB
 *
 * What a *new* passphrase slot costs to try; the slot keeps the figures. The default is libsodium's
 * MODERATE: 3 passes over 256 MiB, about half a second. Has no effect on opening.
 */
void sotto_unlock_set_cost (SottoUnlock *self, guint operations, gsize memory);

SottoSlotKind sotto_unlock_get_kind (const SottoUnlock *self);
SottoUnlock *sotto_unlock_ref (SottoUnlock *self);
void sotto_unlock_unref (SottoUnlock *self);

/**
 * sotto_history_free_secret:
 * @secret: (nullable): a recovery code or another secret text from this library; wiped, then freed
 */
void sotto_history_free_secret (char *secret);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoUnlock, sotto_unlock_unref)

G_END_DECLS
