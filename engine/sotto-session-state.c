/* A session as bytes, so that a conversation can go on where it was after a restart.
 *
 * All numbers are little-endian.
 *
 *   0   8 bytes  "SottoKV" and a zero
 *   8   uint32   version of this format: 2
 *  12   uint32   SOTTO_NUMERICS_VERSION of the engine that computed it, plus 256 times the form of what the state
 *               holds (SottoBackendClass.state_form; 0 on the CPU)
 *  16   uint32   type of the cache (SottoKvType)
 *  20   uint32   n: tokens of the timeline
 *  24   uint32   v: logits that follow: the size of the vocabulary, or 0 when there were none
 *  28   uint32   1 where the timeline is a long sequence (SottoPlan.long_from), else 0
 *  32  64 bytes  SHA-256 of the model's file, lower-case hex digits
 *  96   int32    × n: the timeline
 *       float    × v: the logits of its last token
 *       what the state holds at n positions, in the backend's order for this plan and type
 *
 * The bytes end there. They are restored only for the very same model, cache type and numerics, so
 * that what follows is what would have followed; they carry no checksum, since whoever stores them
 * (the encrypted history) authenticates what it stores.
 */

#include "sotto-session-private.h"

#include "sotto-error.h"
#include "sotto-model-private.h"

#include <string.h>

#define HEADER_BYTES 96
#define HASH_BYTES 64
#define FORMAT_VERSION 2

static const char magic[8] = "SottoKV";

static void
put_32 (guint8 *target, guint32 value)
{
  value = GUINT32_TO_LE (value);
  memcpy (target, &value, sizeof value);
}

static guint32
get_32 (const guint8 *source)
{
  guint32 value;

  memcpy (&value, source, sizeof value);
  return GUINT32_FROM_LE (value);
}

/* int32 and float alike: four bytes each, swapped on the few machines that need it. */
static void
copy_words (guint8 *target, const guint8 *source, gsize n)
{
  memcpy (target, source, 4 * n);
#if G_BYTE_ORDER == G_BIG_ENDIAN
  for (gsize i = 0; i < n; i++)
    put_32 (target + 4 * i, get_32 (target + 4 * i));
#endif
}

static gboolean G_GNUC_PRINTF (2, 3)
bad_state (GError **error, const char *format, ...)
{
  g_autofree char *reason = NULL;
  va_list args;

  va_start (args, format);
  reason = g_strdup_vprintf (format, args);
  va_end (args);

  sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_STATE,
                          &(SottoErrorArguments) { .subject = reason }, "saved state: %s", reason);
  return FALSE;
}

static gboolean
no_memory (gsize n_bytes, GError **error)
{
  sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_MEMORY,
                          &(SottoErrorArguments) { .wanted = n_bytes },
                          "no memory for %" G_GSIZE_FORMAT " bytes of a session's state", n_bytes);
  return FALSE;
}

static guint32
get_numerics (const SottoSession *self)
{
  const SottoBackendClass *klass = self->backend->klass;
  guint form = klass->state_form != NULL ? klass->state_form (self->backend, self->state) : 0;

  return SOTTO_NUMERICS_VERSION | form << 8;
}

GBytes *
sotto_session_save (SottoSession *self, GError **error)
{
  const SottoBackendClass *klass = self->backend->klass;
  const char *hash = sotto_model_peek_hash (self->model);
  guint n = self->tokens->len;
  guint v = self->logits != NULL ? sotto_model_get_info (self->model)->n_vocabulary : 0;
  gsize cache = klass->state_bytes (self->backend, self->state, n);
  gsize total = HEADER_BYTES + 4 * ((gsize) n + v) + cache;
  guint8 *bytes, *next;

  if (hash == NULL)
    {
      bad_state (error, "the model's hash is not known yet");
      return NULL;
    }

  if (!klass->state_serves (self->backend, self->state, n))
    {
      bad_state (error, "the last step failed");
      return NULL;
    }

  bytes = g_try_malloc0 (total);
  if (bytes == NULL)
    {
      no_memory (total, error);
      return NULL;
    }

  memcpy (bytes, magic, sizeof magic);
  put_32 (bytes + 8, FORMAT_VERSION);
  put_32 (bytes + 12, get_numerics (self));
  put_32 (bytes + 16, self->kv_type);
  put_32 (bytes + 20, n);
  put_32 (bytes + 24, v);
  put_32 (bytes + 28, self->is_long ? 1 : 0);
  memcpy (bytes + 32, hash, HASH_BYTES);

  next = bytes + HEADER_BYTES;
  if (n > 0)
    copy_words (next, (const guint8 *) self->tokens->data, n);
  next += 4 * (gsize) n;
  if (v > 0)
    copy_words (next, (const guint8 *) self->logits, v);
  next += 4 * (gsize) v;
  if (!klass->state_store (self->backend, self->state, n, next, NULL))
    {
      g_free (bytes);
      bad_state (error, "the device that holds it failed");
      return NULL;
    }

  return g_bytes_new_take (bytes, total);
}

/* Whether @bytes are a state that this session can take. */
static gboolean
check_state (const SottoSession *self, const guint8 *bytes, gsize length, GError **error)
{
  const char *hash = sotto_model_peek_hash (self->model);
  guint n_vocabulary = sotto_model_get_info (self->model)->n_vocabulary;
  guint n, v;

  if (length < HEADER_BYTES || memcmp (bytes, magic, sizeof magic) != 0)
    return bad_state (error, "not a session");
  if (get_32 (bytes + 8) != FORMAT_VERSION)
    return bad_state (error, "version %u of the format is not known", get_32 (bytes + 8));
  if (get_32 (bytes + 12) != get_numerics (self))
    return bad_state (error, "computed with numerics %u, this is %u", get_32 (bytes + 12),
                      get_numerics (self));
  if (get_32 (bytes + 16) != (guint32) self->kv_type)
    return bad_state (error, "another type of KV cache");
  if (hash == NULL)
    return bad_state (error, "the model's hash is not known yet");
  if (memcmp (bytes + 32, hash, HASH_BYTES) != 0)
    return bad_state (error, "of another model");

  n = get_32 (bytes + 20);
  v = get_32 (bytes + 24);
  if (n > self->n_context)
    return bad_state (error, "%u tokens do not fit into a context of %u", n, self->n_context);
  if ((v != 0 && v != n_vocabulary) || get_32 (bytes + 28) != (guint32) sotto_session_is_long (self, n))
    return bad_state (error, "damaged");
  if (length != HEADER_BYTES + 4 * ((gsize) n + v)
                + self->backend->klass->state_bytes (self->backend, self->state, n))
    return bad_state (error, "its length is wrong");

  for (guint i = 0; i < n; i++)
    if (get_32 (bytes + HEADER_BYTES + 4 * (gsize) i) >= n_vocabulary)
      return bad_state (error, "damaged");

  return TRUE;
}

gboolean
sotto_session_restore (SottoSession *self, GBytes *state, GError **error)
{
  gsize length;
  const guint8 *bytes = g_bytes_get_data (state, &length);
  const guint8 *next = bytes + HEADER_BYTES;
  guint n, v;

  if (!check_state (self, bytes, length, error))
    return FALSE;

  n = get_32 (bytes + 20);
  v = get_32 (bytes + 24);
  if (v > 0 && self->restored_logits == NULL)
    {
      self->restored_logits = g_try_new (float, v);
      if (self->restored_logits == NULL)
        return no_memory (v * sizeof (float), error);
    }

  g_array_set_size (self->tokens, n);
  if (n > 0)
    copy_words ((guint8 *) self->tokens->data, next, n);
  next += 4 * (gsize) n;
  if (v > 0)
    copy_words ((guint8 *) self->restored_logits, next, v);
  next += 4 * (gsize) v;
  sotto_session_drop_checkpoints (self);
  self->is_long = get_32 (bytes + 28) == 1;
  self->rows = NULL;
  self->is_away = FALSE;
  self->logits = NULL;
  if (!self->backend->klass->state_load (self->backend, self->state, n, next, NULL))
    {
      g_array_set_size (self->tokens, 0);
      return bad_state (error, "the device that is to hold it failed");
    }

  self->logits = v > 0 ? self->restored_logits : NULL;
  return TRUE;
}
