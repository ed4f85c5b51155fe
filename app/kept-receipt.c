#include "kept-receipt.h"

#include <string.h>

/* Returns: what stands behind '"name":', or NULL */
static const char *
find_member (const char *receipt, const char *name)
{
  g_autofree char *key = g_strconcat ("\"", name, "\":", NULL);
  const char *found = receipt != NULL ? strstr (receipt, key) : NULL;

  return found != NULL ? found + strlen (key) : NULL;
}

guint64
sotto_kept_receipt_get_number (const char *receipt, const char *name)
{
  const char *value = find_member (receipt, name);

  return value != NULL ? g_ascii_strtoull (value, NULL, 10) : 0;
}

gboolean
sotto_kept_receipt_ended_by (const char *receipt, const char *how)
{
  const char *value = find_member (receipt, "ended");
  g_autofree char *wanted = g_strconcat ("\"", how, "\"", NULL);

  return value != NULL && g_str_has_prefix (value, wanted);
}

char *
sotto_kept_receipt_add_hash (const char *receipt, const char *hash)
{
  const char *value = find_member (receipt, "model_sha256");

  if (value == NULL || !g_str_has_prefix (value, "null"))
    return NULL;
  return g_strdup_printf ("%.*s\"%s\"%s", (int) (value - receipt), receipt, hash, value + strlen ("null"));
}
