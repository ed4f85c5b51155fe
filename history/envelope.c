/* The envelope: history.key
 *
 * Holds the random 256-bit key of the database, once for each slot, wrapped by what that slot asks
 * for. All numbers are little-endian.
 *
 *   offset  size
 *        0     8  "SottoKey"
 *        8     4  version, 1
 *       12     4  length of the whole file in bytes
 *       16    16  the history's name: random, not secret; the keyring's item carries it
 *       32     4  id of the next slot, so that none is used twice
 *       36     4  n, number of slots, 1 to 8
 *       40     8  when the history was made, microseconds since 1970
 *       48 120×n  slots, in order of age:
 *                    0   4  id
 *                    4   4  kind: 1 keyring, 2 passphrase, 3 recovery code
 *                    8   8  when it was made, microseconds since 1970
 *                   16   4  passphrase: Argon2id passes; else 0
 *                   20   4  keyring: 1 Secret Service, 2 file of the portal; else 0
 *                   24   8  passphrase: Argon2id memory in bytes; else 0
 *                   32  16  salt
 *                   48  24  nonce
 *                   72  48  the database key, wrapped
 *  48+120n    32  authentication: BLAKE2b-256 of all before it, keyed with a key made from the
 *                 database key (KDF below)
 *  80+120n    32  checksum: BLAKE2b-256 of all before it
 *
 * Every later version keeps offsets 0 to 15 and the checksum at the end, so that a newer file and a
 * damaged one can be told apart.
 *
 * Wrapping is XChaCha20-Poly1305 (IETF, as in libsodium) under the slot's key, with the first 12
 * bytes of the file, the history's name and the slot's bytes 0 to 47 as associated data. The slot's
 * key is
 *   passphrase   Argon2id 1.3 (RFC 9106) of the passphrase in NFC; salt, passes, memory as stored
 *   otherwise    BLAKE2b-256 of the salt, keyed with the secret (keyring 32 bytes, recovery code
 *                20): these are random already and need no slow function
 * The KDF for the authentication's key is BLAKE2b-256 of "Sotto envelope authentication", keyed
 * with the database key. */

#include "envelope.h"

#include "bytes.h"
#include "history-error.h"
#include "history-file.h"

#include <sodium.h>
#include <string.h>

#define HEADER 48
#define SLOT 120
#define SLOT_BOUND 48 /* how much of a slot is associated data */
#define TAIL 64
#define SIZE(n) (HEADER + SLOT * (gsize) (n) + TAIL)

static const char magic[8] = { 'S', 'o', 't', 't', 'o', 'K', 'e', 'y' };

G_STATIC_ASSERT (crypto_aead_xchacha20poly1305_ietf_NPUBBYTES == 24);
G_STATIC_ASSERT (crypto_aead_xchacha20poly1305_ietf_ABYTES == 16);
G_STATIC_ASSERT (crypto_aead_xchacha20poly1305_ietf_KEYBYTES == SOTTO_KEY_BYTES);
G_STATIC_ASSERT (crypto_pwhash_SALTBYTES == 16);

/* --- Bytes --- */

static void
write_slot (const SottoSlot *slot, guint8 *p)
{
  put32 (p, slot->id);
  put32 (p + 4, slot->kind);
  put64 (p + 8, (guint64) slot->created);
  put32 (p + 16, slot->operations);
  put32 (p + 20, slot->backend);
  put64 (p + 24, slot->memory);
  memcpy (p + 32, slot->salt, sizeof slot->salt);
  memcpy (p + 48, slot->nonce, sizeof slot->nonce);
  memcpy (p + 72, slot->wrapped, sizeof slot->wrapped);
}

static void
read_slot (SottoSlot *slot, const guint8 *p)
{
  slot->id = get32 (p);
  slot->kind = get32 (p + 4);
  slot->created = (gint64) get64 (p + 8);
  slot->operations = get32 (p + 16);
  slot->backend = get32 (p + 20);
  slot->memory = get64 (p + 24);
  memcpy (slot->salt, p + 32, sizeof slot->salt);
  memcpy (slot->nonce, p + 48, sizeof slot->nonce);
  memcpy (slot->wrapped, p + 72, sizeof slot->wrapped);
}

static gboolean
slot_is_valid (const SottoSlot *slot, guint32 next)
{
  gboolean passphrase = slot->kind == SOTTO_SLOT_PASSPHRASE;
  gboolean keyring = slot->kind == SOTTO_SLOT_KEYRING;

  if (!passphrase && !keyring && slot->kind != SOTTO_SLOT_RECOVERY)
    return FALSE;
  if (slot->id == 0 || slot->id >= next)
    return FALSE;
  if (keyring
      ? slot->backend != SOTTO_KEYRING_SERVICE && slot->backend != SOTTO_KEYRING_FILE
      : slot->backend != 0)
    return FALSE;
  if (passphrase)
    return slot->operations >= 1 && slot->operations <= SOTTO_ARGON_OPERATIONS_MAX &&
           slot->memory >= SOTTO_ARGON_MEMORY_MIN && slot->memory <= SOTTO_ARGON_MEMORY_MAX;
  return slot->operations == 0 && slot->memory == 0;
}

/* --- Reading --- */

static SottoEnvelope *
corrupt (const char *path, const char *part, GError **error)
{
  SottoHistoryErrorArguments arguments = { .path = path, .subject = part };

  sotto_history_set_error (error, SOTTO_HISTORY_ERROR_CORRUPT_ENVELOPE, &arguments,
                           "the envelope \"%s\" is damaged: %s", path, part);
  return NULL;
}

SottoEnvelope *
sotto_envelope_new (void)
{
  SottoEnvelope *self = g_new0 (SottoEnvelope, 1);

  self->slots = g_array_new (FALSE, TRUE, sizeof (SottoSlot));
  self->next_slot = 1;
  self->created = g_get_real_time ();
  randombytes_buf (self->history, sizeof self->history);
  return self;
}

SottoEnvelope *
sotto_envelope_copy (const SottoEnvelope *self)
{
  SottoEnvelope *copy = g_new0 (SottoEnvelope, 1);

  *copy = *self;
  copy->slots = g_array_copy (self->slots);
  copy->source = self->source != NULL ? g_bytes_ref (self->source) : NULL;
  return copy;
}

void
sotto_envelope_free (SottoEnvelope *self)
{
  if (self == NULL)
    return;

  g_array_unref (self->slots);
  g_clear_pointer (&self->source, g_bytes_unref);
  g_free (self);
}

SottoEnvelope *
sotto_envelope_parse (const char *path, GBytes *bytes, GError **error)
{
  g_autoptr (SottoEnvelope) self = NULL;
  guint8 sum[32];
  gsize size;
  const guint8 *p = g_bytes_get_data (bytes, &size);
  guint32 n;

  if (size < SIZE (0))
    return corrupt (path, size == 0 ? "it is empty" : "it is too short", error);
  if (memcmp (p, magic, sizeof magic) != 0)
    return corrupt (path, "its first bytes", error);
  if (get32 (p + 12) != size)
    return corrupt (path, "its length", error);
  crypto_generichash (sum, sizeof sum, p, size - 32, NULL, 0);
  if (sodium_memcmp (sum, p + size - 32, sizeof sum) != 0)
    return corrupt (path, "its checksum", error);

  if (get32 (p + 8) != SOTTO_ENVELOPE_VERSION)
    {
      SottoHistoryErrorArguments arguments = {
        .path = path, .wanted = get32 (p + 8), .available = SOTTO_ENVELOPE_VERSION,
      };

      sotto_history_set_error (error, SOTTO_HISTORY_ERROR_NEWER, &arguments,
                               "the envelope \"%s\" has version %" G_GUINT64_FORMAT ", we know %d",
                               path, arguments.wanted, SOTTO_ENVELOPE_VERSION);
      return NULL;
    }

  n = get32 (p + 36);
  if (n < 1 || n > SOTTO_ENVELOPE_SLOTS_MAX || size != SIZE (n))
    return corrupt (path, "its number of slots", error);

  self = sotto_envelope_new ();
  memcpy (self->history, p + 16, sizeof self->history);
  self->next_slot = get32 (p + 32);
  self->created = (gint64) get64 (p + 40);
  self->source = g_bytes_ref (bytes);
  for (guint32 i = 0; i < n; i++)
    {
      SottoSlot slot = { 0 };

      read_slot (&slot, p + HEADER + SLOT * i);
      if (!slot_is_valid (&slot, self->next_slot))
        return corrupt (path, "a slot", error);
      g_array_append_val (self->slots, slot);
    }

  return g_steal_pointer (&self);
}

SottoEnvelope *
sotto_envelope_read (const char *path, gboolean *missing, GError **error)
{
  g_autoptr (GBytes) bytes = sotto_file_read (path, SIZE (64), missing, error);

  return bytes != NULL ? sotto_envelope_parse (path, bytes, error) : NULL;
}

/* --- Writing --- */

static void
authenticate (const guint8 *p, gsize size, const guint8 *key, guint8 mac[32])
{
  static const char purpose[] = "Sotto envelope authentication";
  guint8 own[SOTTO_KEY_BYTES];

  crypto_generichash (own, sizeof own, (const guint8 *) purpose, strlen (purpose),
                      key, SOTTO_KEY_BYTES);
  crypto_generichash (mac, 32, p, size, own, sizeof own);
  sodium_memzero (own, sizeof own);
}

static void
write_header (const SottoEnvelope *self, guint32 n_slots, guint8 *p)
{
  memcpy (p, magic, sizeof magic);
  put32 (p + 8, SOTTO_ENVELOPE_VERSION);
  put32 (p + 12, (guint32) SIZE (n_slots));
  memcpy (p + 16, self->history, sizeof self->history);
  put32 (p + 32, self->next_slot);
  put32 (p + 36, n_slots);
  put64 (p + 40, (guint64) self->created);
}

GBytes *
sotto_envelope_serialize (const SottoEnvelope *self, const guint8 *key)
{
  gsize size = SIZE (self->slots->len);
  guint8 *p = g_malloc0 (size);

  write_header (self, self->slots->len, p);
  for (guint i = 0; i < self->slots->len; i++)
    write_slot (&g_array_index (self->slots, SottoSlot, i), p + HEADER + SLOT * i);
  authenticate (p, size - TAIL, key, p + size - TAIL);
  crypto_generichash (p + size - 32, 32, p, size - 32, NULL, 0);
  return g_bytes_new_take (p, size);
}

gboolean
sotto_envelope_write (SottoEnvelope *self, const char *path, const guint8 *key, GError **error)
{
  g_autoptr (GBytes) bytes = sotto_envelope_serialize (self, key);
  gsize size;
  gconstpointer data = g_bytes_get_data (bytes, &size);

  if (!sotto_file_replace (path, data, size, error))
    return FALSE;

  g_clear_pointer (&self->source, g_bytes_unref);
  self->source = g_steal_pointer (&bytes);
  return TRUE;
}

/* --- Slots --- */

/* The length in the header changes with the number of slots and is therefore left out. */
static void
bind_slot (const SottoEnvelope *self, const SottoSlot *slot, guint8 bound[28 + SLOT_BOUND])
{
  guint8 whole[SLOT];

  memcpy (bound, magic, sizeof magic);
  put32 (bound + 8, SOTTO_ENVELOPE_VERSION);
  memcpy (bound + 12, self->history, sizeof self->history);
  write_slot (slot, whole);
  memcpy (bound + 28, whole, SLOT_BOUND);
}

static guint8 *
make_slot_key (const SottoSlot *slot, const SottoUnlock *unlock, GError **error)
{
  g_autoptr (SottoSecret) key = sotto_secret_new (SOTTO_KEY_BYTES, error);

  if (key == NULL)
    return NULL;

  if (slot->kind != SOTTO_SLOT_PASSPHRASE)
    {
      crypto_generichash (key, SOTTO_KEY_BYTES, slot->salt, sizeof slot->salt,
                          unlock->secret, unlock->size);
    }
  else if (crypto_pwhash (key, SOTTO_KEY_BYTES, (const char *) unlock->secret, unlock->size,
                          slot->salt, slot->operations, (gsize) slot->memory,
                          crypto_pwhash_ALG_ARGON2ID13) != 0)
    {
      SottoHistoryErrorArguments arguments = { .wanted = slot->memory };

      sotto_history_set_error (error, SOTTO_HISTORY_ERROR_MEMORY, &arguments,
                               "Argon2id needs %" G_GUINT64_FORMAT " bytes", slot->memory);
      return NULL;
    }

  return g_steal_pointer (&key);
}

guint8 *
sotto_envelope_unwrap (const SottoEnvelope  *self,
                       const char           *path,
                       const SottoUnlock    *unlock,
                       GError              **error)
{
  g_autoptr (SottoSecret) key = sotto_secret_new (SOTTO_KEY_BYTES, error);
  SottoHistoryErrorArguments arguments = { .path = path };
  gboolean tried = FALSE;

  if (key == NULL)
    return NULL;

  for (guint i = 0; i < self->slots->len; i++)
    {
      const SottoSlot *slot = &g_array_index (self->slots, SottoSlot, i);
      g_autoptr (SottoSecret) slot_key = NULL;
      guint8 bound[28 + SLOT_BOUND];
      guint8 mac[32];
      gsize size;
      const guint8 *p;

      if (slot->kind != unlock->kind)
        continue;

      tried = TRUE;
      slot_key = make_slot_key (slot, unlock, error);
      if (slot_key == NULL)
        return NULL;
      bind_slot (self, slot, bound);
      if (crypto_aead_xchacha20poly1305_ietf_decrypt (key, NULL, NULL,
                                                      slot->wrapped, sizeof slot->wrapped,
                                                      bound, sizeof bound,
                                                      slot->nonce, slot_key) != 0)
        continue;

      p = g_bytes_get_data (self->source, &size);
      authenticate (p, size - TAIL, key, mac);
      if (sodium_memcmp (mac, p + size - TAIL, sizeof mac) != 0)
        {
          corrupt (path, "its authentication", error);
          return NULL;
        }
      return g_steal_pointer (&key);
    }

  if (!tried)
    sotto_history_set_error (error, SOTTO_HISTORY_ERROR_NO_SLOT, &arguments,
                             "the envelope \"%s\" has no slot of kind %d", path, unlock->kind);
  else
    sotto_history_set_error (error, SOTTO_HISTORY_ERROR_WRONG_SECRET, &arguments,
                             "this secret does not open the envelope \"%s\"", path);
  return NULL;
}

gboolean
sotto_envelope_set_slot (SottoEnvelope        *self,
                         const SottoUnlock    *unlock,
                         SottoKeyringBackend   backend,
                         const guint8         *key,
                         GError              **error)
{
  SottoSlot slot = { .id = self->next_slot, .kind = unlock->kind, .created = g_get_real_time () };
  g_autoptr (SottoSecret) slot_key = NULL;
  guint8 bound[28 + SLOT_BOUND];

  if (unlock->kind == SOTTO_SLOT_PASSPHRASE)
    {
      slot.operations = unlock->operations;
      slot.memory = unlock->memory;
    }
  if (unlock->kind == SOTTO_SLOT_KEYRING)
    slot.backend = backend;
  randombytes_buf (slot.salt, sizeof slot.salt);
  randombytes_buf (slot.nonce, sizeof slot.nonce);

  slot_key = make_slot_key (&slot, unlock, error);
  if (slot_key == NULL)
    return FALSE;
  bind_slot (self, &slot, bound);
  crypto_aead_xchacha20poly1305_ietf_encrypt (slot.wrapped, NULL, key, SOTTO_KEY_BYTES,
                                              bound, sizeof bound, NULL, slot.nonce, slot_key);

  for (guint i = self->slots->len; i > 0; i--)
    if (g_array_index (self->slots, SottoSlot, i - 1).kind == unlock->kind)
      g_array_remove_index (self->slots, i - 1);
  g_array_append_val (self->slots, slot);
  self->next_slot++;
  return TRUE;
}

gboolean
sotto_envelope_remove_slot (SottoEnvelope *self, guint32 id, GError **error)
{
  guint found = G_MAXUINT;
  guint others = 0;

  for (guint i = 0; i < self->slots->len; i++)
    {
      const SottoSlot *slot = &g_array_index (self->slots, SottoSlot, i);

      if (slot->id == id)
        found = i;
      else if (slot->kind != SOTTO_SLOT_RECOVERY)
        others++;
    }

  if (found == G_MAXUINT)
    {
      sotto_history_set_error (error, SOTTO_HISTORY_ERROR_NOT_FOUND, NULL,
                               "there is no slot %u", id);
      return FALSE;
    }
  if (others == 0)
    {
      sotto_history_set_error (error, SOTTO_HISTORY_ERROR_LAST_SLOT, NULL,
                               "slot %u is the last that opens this history day by day", id);
      return FALSE;
    }

  g_array_remove_index (self->slots, found);
  return TRUE;
}

const SottoSlot *
sotto_envelope_find (const SottoEnvelope *self, SottoSlotKind kind)
{
  for (guint i = 0; i < self->slots->len; i++)
    if (g_array_index (self->slots, SottoSlot, i).kind == kind)
      return &g_array_index (self->slots, SottoSlot, i);
  return NULL;
}

GPtrArray *
sotto_envelope_list (const SottoEnvelope *self)
{
  GPtrArray *list = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < self->slots->len; i++)
    {
      const SottoSlot *slot = &g_array_index (self->slots, SottoSlot, i);
      SottoHistorySlot *record = g_new0 (SottoHistorySlot, 1);

      record->id = slot->id;
      record->kind = slot->kind;
      record->created = slot->created;
      g_ptr_array_add (list, record);
    }
  return list;
}

char *
sotto_envelope_dup_name (const SottoEnvelope *self)
{
  char *name = g_malloc (2 * sizeof self->history + 1);

  sodium_bin2hex (name, 2 * sizeof self->history + 1, self->history, sizeof self->history);
  return name;
}
