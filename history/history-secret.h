#pragma once

#include "sotto-history.h"

G_BEGIN_DECLS

/* Memory for keys: locked, between guard pages, never in a core, wiped when freed. */

#define SOTTO_KEY_BYTES 32

/**
 * sotto_secret_new:
 *
 * Also starts libsodium, so everything that handles keys begins here.
 *
 * Returns: (transfer full): zeros, or %NULL with _MEMORY; sotto_secret_free()
 */
guint8 *sotto_secret_new (gsize size, GError **error);

/**
 * sotto_secret_dup:
 *
 * Returns: (transfer full): a copy in locked memory
 */
guint8 *sotto_secret_dup (gconstpointer data, gsize size, GError **error);

/**
 * sotto_secret_new_text:
 * @text: copied with its end
 */
char *sotto_secret_new_text (const char *text, gsize length, GError **error);

void sotto_secret_free (gpointer secret);

typedef guint8 SottoSecret;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoSecret, sotto_secret_free)

G_END_DECLS
