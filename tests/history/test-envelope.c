/* The envelope, its slots, the recovery code: without a database. */

#include "common.h"

#include "envelope.h"
#include "recovery-code.h"

#include <string.h>

typedef struct {
  guint8 *key;
  SottoEnvelope *envelope;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (SottoUnlock) unlock = test_unlock ("żółć");
  g_autoptr (GError) error = NULL;

  f->key = sotto_secret_new (SOTTO_KEY_BYTES, &error);
  g_assert_no_error (error);
  memset (f->key, 0x5a, SOTTO_KEY_BYTES);
  f->envelope = sotto_envelope_new ();
  g_assert_true (sotto_envelope_set_slot (f->envelope, unlock, 0, f->key, &error));
  g_assert_no_error (error);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  sotto_envelope_free (f->envelope);
  sotto_secret_free (f->key);
}

static gboolean
opens (Fixture *f, GBytes *bytes, SottoUnlock *unlock, GError **error)
{
  g_autoptr (SottoEnvelope) envelope = sotto_envelope_parse ("test", bytes, error);
  g_autoptr (SottoSecret) key = NULL;

  if (envelope == NULL)
    return FALSE;
  key = sotto_envelope_unwrap (envelope, "test", unlock, error);
  if (key == NULL)
    return FALSE;
  g_assert_cmpmem (key, SOTTO_KEY_BYTES, f->key, SOTTO_KEY_BYTES);
  return TRUE;
}

static void
test_passphrase (Fixture *f, gconstpointer data)
{
  g_autoptr (GBytes) bytes = sotto_envelope_serialize (f->envelope, f->key);
  g_autoptr (SottoUnlock) right = test_unlock ("żółć");
  /* The same letters, taken apart: z + dot above, o + acute, c + acute. */
  g_autoptr (SottoUnlock) decomposed = test_unlock ("z\xcc\x87o\xcc\x81łc\xcc\x81");
  g_autoptr (SottoUnlock) wrong = test_unlock ("zolc");
  g_autoptr (SottoUnlock) keyring = sotto_unlock_new_keyring (FALSE);
  g_autoptr (GError) error = NULL;

  g_assert_true (opens (f, bytes, right, &error));
  g_assert_true (opens (f, bytes, decomposed, &error));
  g_assert_no_error (error);
  g_assert_false (opens (f, bytes, wrong, &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_WRONG_SECRET);
  g_clear_error (&error);
  g_assert_false (opens (f, bytes, keyring, &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_NO_SLOT);
  g_clear_error (&error);
  g_assert_null (sotto_unlock_new_passphrase ("", &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_INVALID);
  g_clear_error (&error);
  g_assert_null (sotto_unlock_new_passphrase ("\xff", &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_INVALID);
}

/* What the file does not show is the key, nor the passphrase. */
static void
test_wrapped (Fixture *f, gconstpointer data)
{
  g_autoptr (GBytes) bytes = sotto_envelope_serialize (f->envelope, f->key);
  gsize size;
  const char *p = g_bytes_get_data (bytes, &size);

  g_assert_cmpuint (size, ==, 48 + 120 + 64);
  g_assert_cmpmem (p, 8, "SottoKey", 8);
  g_assert_null (memmem (p, size, f->key, 4));
  g_assert_null (memmem (p, size, "żó", strlen ("żó")));
}

static void
test_every_byte (Fixture *f, gconstpointer data)
{
  g_autoptr (GBytes) bytes = sotto_envelope_serialize (f->envelope, f->key);
  g_autoptr (SottoUnlock) right = test_unlock ("żółć");
  gsize size;
  const guint8 *good = g_bytes_get_data (bytes, &size);

  for (gsize at = 0; at < size; at++)
    for (guint bit = 0; bit < 8; bit++)
      {
        guint8 *bad = g_memdup2 (good, size);
        g_autoptr (GBytes) flipped = g_bytes_new_take (bad, size);
        g_autoptr (GError) error = NULL;

        bad[at] ^= (guint8) (1u << bit);
        g_assert_false (opens (f, flipped, right, &error));
        g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_CORRUPT_ENVELOPE);
        g_assert_cmpstr (sotto_history_error_get_arguments (error)->path, ==, "test");
        g_assert_nonnull (sotto_history_error_get_arguments (error)->subject);
      }

  for (gsize length = 0; length < size; length++)
    {
      g_autoptr (GBytes) cut = g_bytes_new (good, length);
      g_autoptr (GError) error = NULL;

      g_assert_false (opens (f, cut, right, &error));
      g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_CORRUPT_ENVELOPE);
    }
}

/* Somebody who can write files but has no key mends the checksum: the authentication fails. */
static void
test_forged (Fixture *f, gconstpointer data)
{
  g_autoptr (SottoSecret) other_key = sotto_secret_new (SOTTO_KEY_BYTES, NULL);
  g_autoptr (GBytes) forged = NULL;
  g_autoptr (SottoUnlock) right = test_unlock ("żółć");
  g_autoptr (GError) error = NULL;

  /* Checksum right, slots right, authentication made with a key that is not the database's. */
  memset (other_key, 1, SOTTO_KEY_BYTES);
  forged = sotto_envelope_serialize (f->envelope, other_key);
  g_assert_false (opens (f, forged, right, &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_CORRUPT_ENVELOPE);
  g_assert_nonnull (strstr (sotto_history_error_get_arguments (error)->subject, "authentication"));
}

/* A slot that asks for more memory than any we write would stop the machine. */
static void
test_bounds (Fixture *f, gconstpointer data)
{
  SottoSlot *slot = &g_array_index (f->envelope->slots, SottoSlot, 0);
  const SottoSlot good = *slot;
  g_autoptr (SottoUnlock) right = test_unlock ("żółć");

  for (guint i = 0; i < 8; i++)
    {
      g_autoptr (GBytes) bytes = NULL;
      g_autoptr (GError) error = NULL;

      *slot = good;
      switch (i)
        {
        case 0: slot->memory = G_GUINT64_CONSTANT (1) << 40; break;
        case 1: slot->memory = 0; break;
        case 2: slot->operations = 1000000; break;
        case 3: slot->operations = 0; break;
        case 4: slot->kind = 4; break;
        case 5: slot->id = 0; break;
        case 6: slot->id = f->envelope->next_slot; break;
        default: slot->backend = SOTTO_KEYRING_FILE; break;
        }
      bytes = sotto_envelope_serialize (f->envelope, f->key);
      g_assert_false (opens (f, bytes, right, &error));
      g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_CORRUPT_ENVELOPE);
    }
}

static void
test_slots (Fixture *f, gconstpointer data)
{
  g_autoptr (SottoUnlock) changed = test_unlock ("new words");
  g_autoptr (SottoUnlock) old = test_unlock ("żółć");
  g_autoptr (SottoUnlock) recovery = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  guint8 secret[SOTTO_RECOVERY_BYTES];
  guint32 first = g_array_index (f->envelope->slots, SottoSlot, 0).id;
  char *code;

  for (guint i = 0; i < sizeof secret; i++)
    secret[i] = (guint8) (i * 13);
  code = sotto_recovery_code_encode (secret);
  recovery = sotto_unlock_new_recovery_code (code, &error);
  g_assert_no_error (error);
  sotto_history_free_secret (code);

  g_assert_true (sotto_envelope_set_slot (f->envelope, recovery, 0, f->key, &error));
  g_assert_true (sotto_envelope_set_slot (f->envelope, changed, 0, f->key, &error));
  g_assert_cmpuint (f->envelope->slots->len, ==, 2);

  bytes = sotto_envelope_serialize (f->envelope, f->key);
  g_assert_true (opens (f, bytes, recovery, &error));
  g_assert_true (opens (f, bytes, changed, &error));
  g_assert_no_error (error);
  g_assert_false (opens (f, bytes, old, &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_WRONG_SECRET);
  g_clear_error (&error);

  /* An id is never used twice, and the last slot for every day stays. */
  for (guint i = 0; i < 2; i++)
    g_assert_cmpuint (g_array_index (f->envelope->slots, SottoSlot, i).id, >, first);
  g_assert_false (sotto_envelope_remove_slot (f->envelope, first, &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_false (sotto_envelope_remove_slot (f->envelope, first + 2, &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_LAST_SLOT);
  g_clear_error (&error);
  g_assert_true (sotto_envelope_remove_slot (f->envelope, first + 1, &error));
  g_assert_no_error (error);
}

static void
assert_malformed (const char *code, guint group)
{
  guint8 secret[SOTTO_RECOVERY_BYTES];
  g_autoptr (GError) error = NULL;

  g_assert_false (sotto_recovery_code_decode (code, secret, &error));
  g_assert_error (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_MALFORMED_CODE);
  if (group != G_MAXUINT)
    g_assert_cmpuint (sotto_history_error_get_arguments (error)->wanted, ==, group);
}

static void
test_code (void)
{
  guint8 secret[SOTTO_RECOVERY_BYTES];
  guint8 back[SOTTO_RECOVERY_BYTES];
  static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

  for (guint round = 0; round < 50; round++)
    {
      g_autofree char *code = NULL;
      g_autofree char *sloppy = NULL;

      for (guint i = 0; i < sizeof secret; i++)
        secret[i] = (guint8) g_test_rand_int ();
      code = sotto_recovery_code_encode (secret);
      g_assert_cmpuint (strlen (code), ==, 8 * 6 - 1);
      g_assert_true (sotto_recovery_code_decode (code, back, NULL));
      g_assert_cmpmem (secret, sizeof secret, back, sizeof back);

      /* As a person types it. */
      sloppy = g_ascii_strdown (code, -1);
      for (char *p = sloppy; *p != '\0'; p++)
        *p = *p == '-' ? ' ' : *p == '0' ? 'o' : *p == '1' ? 'l' : *p;
      g_assert_true (sotto_recovery_code_decode (sloppy, back, NULL));
      g_assert_cmpmem (secret, sizeof secret, back, sizeof back);

      /* Every wrong character, and every two neighbours exchanged. */
      for (guint i = 0; code[i] != '\0'; i++)
        {
          char right = code[i];

          if (right == '-')
            continue;
          for (guint c = 0; c < 32; c++)
            if (alphabet[c] != right)
              {
                code[i] = alphabet[c];
                assert_malformed (code, i / 6 + 1);
              }
          code[i] = right;
          if (code[i + 1] != '\0' && code[i + 1] != '-' && code[i + 1] != right)
            {
              code[i] = code[i + 1];
              code[i + 1] = right;
              assert_malformed (code, i / 6 + 1);
              code[i + 1] = code[i];
              code[i] = right;
            }
        }
    }
}

/* Worked out by hand from the rule at the top of recovery-code.c: 160 zero bits have the check
 * values 3g = 0, 3, 6 … 21. */
static void
test_code_by_hand (void)
{
  static const guint8 zeros[SOTTO_RECOVERY_BYTES];
  g_autofree char *code = sotto_recovery_code_encode (zeros);

  g_assert_cmpstr (code, ==, "00000-00003-00006-00009-0000C-0000F-0000J-0000N");
  assert_malformed ("", 0);
  assert_malformed ("00000", 0);
  assert_malformed ("00000-00003-00006-00009-0000C-0000F-0000J-0000N0", 0);
  assert_malformed ("00000-00006-00003-00009-0000C-0000F-0000J-0000N", 2);
  assert_malformed ("00000-0000U-00006-00009-0000C-0000F-0000J-0000N", 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, test) \
  g_test_add ("/history/envelope/" name, Fixture, NULL, set_up, test, tear_down)
  ADD ("passphrase", test_passphrase);
  ADD ("wrapped", test_wrapped);
  ADD ("every-byte", test_every_byte);
  ADD ("forged", test_forged);
  ADD ("bounds", test_bounds);
  ADD ("slots", test_slots);
  g_test_add_func ("/history/envelope/code", test_code);
  g_test_add_func ("/history/envelope/code-by-hand", test_code_by_hand);
  return g_test_run ();
}
