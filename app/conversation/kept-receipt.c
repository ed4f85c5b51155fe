#include "conversation/kept-receipt.h"

#include <string.h>

#define EARLIER "\"earlier\":["

/* Returns: what stands behind '"name":' in @text, or NULL */
static const char *
find_anywhere (const char *text, const char *name)
{
  g_autofree char *key = g_strconcat ("\"", name, "\":", NULL);
  const char *found = text != NULL ? strstr (text, key) : NULL;

  return found != NULL ? found + strlen (key) : NULL;
}

/* The same, but not in what it says of earlier parts. */
static const char *
find_member (const char *receipt, const char *name)
{
  const char *found = find_anywhere (receipt, name);
  const char *earlier = found != NULL ? strstr (receipt, EARLIER) : NULL;

  return earlier == NULL || found < earlier ? found : NULL;
}

guint64
sotto_kept_receipt_get_number (const char *receipt, const char *name)
{
  const char *value = find_member (receipt, name);

  return value != NULL ? g_ascii_strtoull (value, NULL, 10) : 0;
}

guint64
sotto_kept_receipt_add_up (const char *receipt, const char *name, guint *n_parts)
{
  guint64 sum = 0;
  guint n = 0;

  for (const char *value = receipt; (value = find_anywhere (value, name)) != NULL; n++)
    {
      const guint64 number = g_ascii_strtoull (value, NULL, 10);

      /* A receipt may come from elsewhere. */
      sum = number <= G_MAXUINT64 - sum ? sum + number : G_MAXUINT64;
    }
  if (n_parts != NULL)
    *n_parts = n;
  return sum;
}

gboolean
sotto_kept_receipt_ended_by (const char *receipt, const char *how)
{
  const char *value = find_member (receipt, "ended");
  g_autofree char *wanted = g_strconcat ("\"", how, "\"", NULL);

  return value != NULL && g_str_has_prefix (value, wanted);
}

gboolean
sotto_kept_receipt_is_held (const char *receipt)
{
  const char *value = find_member (receipt, "grammar_sha256");

  return value != NULL && *value == '"';
}

/* As the engine writes it; the file's name has its quotation marks escaped. */
static char *
dup_unhashed (const char *receipt)
{
  const char *model = find_member (receipt, "model");
  const char *end = find_member (receipt, "model_sha256");

  if (model == NULL || end == NULL || model > end || !g_str_has_prefix (end, "null"))
    return NULL;
  return g_strdup_printf ("\"model\":%.*snull", (int) (end - model), model);
}

char *
sotto_kept_receipt_add_hash (const char *receipt, const char *hash)
{
  g_autofree char *unhashed = dup_unhashed (receipt);
  g_autofree char *hashed = NULL;
  g_auto (GStrv) pieces = NULL;

  if (unhashed == NULL)
    return NULL;

  hashed = g_strdup_printf ("%.*s\"%s\"", (int) (strlen (unhashed) - strlen ("null")), unhashed, hash);
  pieces = g_strsplit (receipt, unhashed, -1);
  return g_strjoinv (hashed, pieces);
}
