/* The hash of a model's file: what a receipt names it by. Of a split model it is the hash of the parts'
 * bytes one behind the other, so `cat NAME-*-of-*.gguf | sha256sum` says the same. */

#include "format/guard.h"
#include "sotto-model-private.h"

/* Small enough that a cancel is seen at once, and that a token waits less than a millisecond for the core. */
#define PIECE (1u << 18)

static char *
take_hash (const SottoGguf *gguf,
           SottoProgress    progress,
           gpointer         user_data,
           SottoCancel     *cancel,
           GError         **error)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  guint64 total = sotto_gguf_get_file_bytes (gguf);
  guint64 before = 0;

  for (guint part = 0; part < sotto_gguf_get_n_parts (gguf); part++)
    {
      gsize length;
      const guint8 *data = sotto_gguf_get_data (gguf, part, &length);

      for (gsize done = 0; done < length; done += PIECE)
        {
          if (!sotto_cancel_check (cancel, error))
            return NULL;
          g_checksum_update (checksum, data + done, (gssize) MIN (PIECE, length - done));
          /* Weights may lie elsewhere by now, and their pages would stay for nobody. Who reads them gets them again. */
          sotto_guard_give_back (data + done, MIN (PIECE, length - done));
          if (progress != NULL)
            progress (before + MIN (done + PIECE, length), total, user_data);
        }
      before += length;
    }

  /* A file that changed meanwhile has no hash. */
  if (!sotto_gguf_check_unchanged (gguf, error))
    return NULL;

  return g_strdup (g_checksum_get_string (checksum));
}

const char *
sotto_model_hash (SottoModel     *self,
                  SottoProgress   progress,
                  gpointer        user_data,
                  SottoCancel    *cancel,
                  GError        **error)
{
  const char *known = sotto_model_peek_hash (self);
  g_autofree char *hash = NULL;

  if (known != NULL)
    return known;

  hash = take_hash (self->gguf, progress, user_data, cancel, error);
  if (hash == NULL)
    return NULL;

  sotto_model_set_hash (self, hash);
  return self->hash;
}

void
sotto_model_set_hash (SottoModel *self, const char *hash)
{
  g_mutex_lock (&self->hash_mutex);
  if (self->hash == NULL)
    self->hash = g_strdup (hash);
  g_mutex_unlock (&self->hash_mutex);
}

const char *
sotto_model_peek_hash (const SottoModel *self)
{
  GMutex *mutex = (GMutex *) &self->hash_mutex;
  const char *hash;

  g_mutex_lock (mutex);
  hash = self->hash;
  g_mutex_unlock (mutex);

  return hash;
}

char *
sotto_model_dup_stamp (const SottoModel *self)
{
  g_autoptr (GString) version = g_string_new (NULL);

  sotto_gguf_append_version (self->gguf, version);
  return g_compute_checksum_for_string (G_CHECKSUM_SHA256, version->str, (gssize) version->len);
}
