#include "history-secret.h"

#include "history-error.h"

#include <sodium.h>
#include <string.h>

guint8 *
sotto_secret_new (gsize size, GError **error)
{
  guint8 *secret = NULL;

  /* Safe to call again and from any thread. */
  if (sodium_init () >= 0)
    secret = sodium_malloc (size);

  if (secret == NULL)
    {
      SottoHistoryErrorArguments arguments = { .wanted = size };

      sotto_history_set_error (error, SOTTO_HISTORY_ERROR_MEMORY, &arguments,
                               "no locked memory for a secret of %" G_GSIZE_FORMAT " bytes", size);
      return NULL;
    }

  sodium_memzero (secret, size);
  return secret;
}

guint8 *
sotto_secret_dup (gconstpointer data, gsize size, GError **error)
{
  guint8 *secret = sotto_secret_new (size, error);

  if (secret != NULL)
    memcpy (secret, data, size);
  return secret;
}

char *
sotto_secret_new_text (const char *text, gsize length, GError **error)
{
  guint8 *secret = sotto_secret_new (length + 1, error);

  if (secret != NULL)
    memcpy (secret, text, length);
  return (char *) secret;
}

void
sotto_secret_free (gpointer secret)
{
  if (secret != NULL)
    sodium_free (secret);
}

void
sotto_history_free_secret (char *secret)
{
  if (secret == NULL)
    return;

  sodium_memzero (secret, strlen (secret));
  g_free (secret);
}
