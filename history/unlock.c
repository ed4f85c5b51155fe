#include "unlock.h"

#include "history-error.h"
#include "recovery-code.h"

#include <sodium.h>
#include <string.h>

static SottoUnlock *
unlock_new (SottoSlotKind kind)
{
  SottoUnlock *self = g_new0 (SottoUnlock, 1);

  g_atomic_ref_count_init (&self->refs);
  self->kind = kind;
  self->operations = crypto_pwhash_OPSLIMIT_MODERATE;
  self->memory = crypto_pwhash_MEMLIMIT_MODERATE;
  return self;
}

SottoUnlock *
sotto_unlock_new_keyring (gboolean interactive)
{
  SottoUnlock *self = unlock_new (SOTTO_SLOT_KEYRING);

  self->interactive = interactive;
  return self;
}

SottoUnlock *
sotto_unlock_new_secret (SottoSlotKind   kind,
                         const guint8   *secret,
                         gsize           size,
                         GError        **error)
{
  g_autoptr (SottoUnlock) self = unlock_new (kind);

  self->secret = sotto_secret_dup (secret, size, error);
  self->size = size;
  return self->secret != NULL ? g_steal_pointer (&self) : NULL;
}

SottoUnlock *
sotto_unlock_new_passphrase (const char *passphrase, GError **error)
{
  char *composed = NULL;
  SottoUnlock *self;

  /* The same letters typed on another keyboard may come decomposed. */
  if (passphrase != NULL && *passphrase != '\0')
    composed = g_utf8_normalize (passphrase, -1, G_NORMALIZE_DEFAULT_COMPOSE);
  if (composed == NULL)
    {
      SottoHistoryErrorArguments arguments = { .subject = "passphrase" };

      sotto_history_set_error (error, SOTTO_HISTORY_ERROR_INVALID, &arguments,
                               "a passphrase is UTF-8 text and not empty");
      return NULL;
    }

  self = sotto_unlock_new_secret (SOTTO_SLOT_PASSPHRASE, (const guint8 *) composed,
                                  strlen (composed), error);
  sotto_history_free_secret (composed);
  return self;
}

SottoUnlock *
sotto_unlock_new_recovery_code (const char *code, GError **error)
{
  guint8 secret[SOTTO_RECOVERY_BYTES];
  SottoUnlock *self = NULL;

  if (sotto_recovery_code_decode (code, secret, error))
    self = sotto_unlock_new_secret (SOTTO_SLOT_RECOVERY, secret, sizeof secret, error);
  sodium_memzero (secret, sizeof secret);
  return self;
}

void
sotto_unlock_set_cost (SottoUnlock *self, guint operations, gsize memory)
{
  g_return_if_fail (self != NULL);

  self->operations = CLAMP (operations, 1, SOTTO_ARGON_OPERATIONS_MAX);
  self->memory = CLAMP (memory, SOTTO_ARGON_MEMORY_MIN, SOTTO_ARGON_MEMORY_MAX);
}

SottoSlotKind
sotto_unlock_get_kind (const SottoUnlock *self)
{
  g_return_val_if_fail (self != NULL, SOTTO_SLOT_KEYRING);

  return self->kind;
}

SottoUnlock *
sotto_unlock_ref (SottoUnlock *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
sotto_unlock_unref (SottoUnlock *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->refs))
    return;

  g_clear_pointer (&self->secret, sotto_secret_free);
  g_free (self);
}
