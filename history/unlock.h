#pragma once

#include "history-secret.h"

G_BEGIN_DECLS

struct _SottoUnlock {
  gatomicrefcount refs;
  SottoSlotKind kind;
  gboolean interactive; /* keyring */

  /* Locked memory: the passphrase in NFC without its end, or the bytes of the recovery code */
  guint8 *secret;
  gsize size;

  /* Argon2id, for new slots */
  guint operations;
  gsize memory;
};

/* What an envelope may ask for, so that a forged one cannot exhaust the machine. */
#define SOTTO_ARGON_OPERATIONS_MAX 16
#define SOTTO_ARGON_MEMORY_MIN (8 * 1024)
#define SOTTO_ARGON_MEMORY_MAX (1024 * 1024 * 1024)

/**
 * sotto_unlock_new_secret:
 * @secret: copied
 */
SottoUnlock *sotto_unlock_new_secret (SottoSlotKind  kind,
                                      const guint8  *secret,
                                      gsize          size,
                                      GError       **error);

G_END_DECLS
