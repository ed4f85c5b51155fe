#pragma once

#include "unlock.h"

G_BEGIN_DECLS

/* The newest version of the envelope that we read and write. */
#define SOTTO_ENVELOPE_VERSION 1
#define SOTTO_ENVELOPE_SLOTS_MAX 8

/* Which of libsecret's back ends took a keyring slot's secret. The values stand in the file. */
typedef enum {
  SOTTO_KEYRING_SERVICE = 1, /* the Secret Service on the session bus */
  SOTTO_KEYRING_FILE = 2,    /* libsecret's own file, whose key comes from the Secret portal */
} SottoKeyringBackend;

typedef struct {
  guint32 id;
  SottoSlotKind kind;
  gint64 created;
  guint32 operations;          /* Argon2id; 0 unless a passphrase */
  SottoKeyringBackend backend; /* 0 unless the keyring */
  guint64 memory;              /* Argon2id, bytes; 0 unless a passphrase */
  guint8 salt[16];
  guint8 nonce[24];
  guint8 wrapped[48];
} SottoSlot;

/**
 * SottoEnvelope:
 *
 * The database key wrapped by each slot, as envelope.c lays it out in a file. Not shared between
 * threads.
 */
typedef struct {
  guint8 history[16];
  gint64 created;
  guint32 next_slot;
  GArray *slots; /* SottoSlot, in order of age */
  GBytes *source; /* (nullable): the bytes it was read from */
} SottoEnvelope;

SottoEnvelope *sotto_envelope_new (void);
SottoEnvelope *sotto_envelope_copy (const SottoEnvelope *self);
void sotto_envelope_free (SottoEnvelope *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoEnvelope, sotto_envelope_free)

/**
 * sotto_envelope_parse:
 * @path: for the error
 *
 * Returns: (transfer full): or %NULL with _CORRUPT_ENVELOPE or _NEWER
 */
SottoEnvelope *sotto_envelope_parse (const char *path, GBytes *bytes, GError **error);

/**
 * sotto_envelope_read:
 * @missing: (out): whether there is no such file; no error is set then
 */
SottoEnvelope *sotto_envelope_read (const char *path, gboolean *missing, GError **error);

/**
 * sotto_envelope_serialize:
 * @key: (array fixed-size=32): the database key, which the envelope's authentication needs
 */
GBytes *sotto_envelope_serialize (const SottoEnvelope *self, const guint8 *key);

/**
 * sotto_envelope_write:
 *
 * Replaces the file atomically and durably.
 */
gboolean sotto_envelope_write (SottoEnvelope *self,
                               const char    *path,
                               const guint8  *key,
                               GError       **error);

/**
 * sotto_envelope_unwrap:
 * @path: for the error
 * @unlock: with its secret: one of the keyring has been looked up
 *
 * Tries the slots of @unlock's kind; Argon2id takes its time here.
 *
 * Returns: (transfer full): the database key in locked memory, or %NULL with _NO_SLOT,
 *   _WRONG_SECRET, _CORRUPT_ENVELOPE (what was unwrapped does not authenticate the file) or _MEMORY
 */
guint8 *sotto_envelope_unwrap (const SottoEnvelope *self,
                               const char          *path,
                               const SottoUnlock   *unlock,
                               GError             **error);

/**
 * sotto_envelope_set_slot:
 * @backend: who keeps the secret, if @unlock is the keyring's
 *
 * Adds a slot and removes the others of its kind.
 */
gboolean sotto_envelope_set_slot (SottoEnvelope        *self,
                                  const SottoUnlock    *unlock,
                                  SottoKeyringBackend   backend,
                                  const guint8         *key,
                                  GError              **error);

/**
 * sotto_envelope_remove_slot:
 *
 * Returns: %FALSE with _NOT_FOUND or _LAST_SLOT
 */
gboolean sotto_envelope_remove_slot (SottoEnvelope *self, guint32 id, GError **error);

/**
 * sotto_envelope_find:
 *
 * Returns: (transfer none) (nullable): the first slot of @kind
 */
const SottoSlot *sotto_envelope_find (const SottoEnvelope *self, SottoSlotKind kind);

/**
 * sotto_envelope_list:
 *
 * Returns: (transfer full) (element-type SottoHistorySlot)
 */
GPtrArray *sotto_envelope_list (const SottoEnvelope *self);

/**
 * sotto_envelope_dup_name:
 *
 * Returns: (transfer full): the history's random name, under which the keyring knows its secret
 */
char *sotto_envelope_dup_name (const SottoEnvelope *self);

G_END_DECLS
