#include "store-private.h"

#include "sealed-private.h"

/* Sealed files belong to conversations: those of conversations that are gone go when a history is opened, and whenever
 * something is purged. */

SottoSealed *
sotto_store_ref_sealed (SottoStore *self)
{
  SottoVault *vault;

  g_return_val_if_fail (SOTTO_IS_STORE (self), NULL);

  vault = sotto_store_get_vault (self);
  return vault->sealed != NULL ? sotto_sealed_ref (vault->sealed) : NULL;
}

gboolean
sotto_vault_settle_sealed (SottoVault *vault, gboolean is_opening, GError **error)
{
  g_autoptr (GPtrArray) conversations = NULL;
  gboolean failed;
  sqlite3_stmt *rows;

  if (vault->sealed == NULL || !sotto_sealed_has_folder (vault->sealed))
    return TRUE;

  rows = sotto_database_query (vault->database, error, "SELECT uuid FROM conversation", "");
  if (rows == NULL)
    return FALSE;
  conversations = g_ptr_array_new_with_free_func (g_free);
  while (sotto_database_next (vault->database, rows, &failed, error))
    g_ptr_array_add (conversations, sotto_column_dup_text (rows, 0));
  if (failed)
    return FALSE;

  sotto_sealed_settle (vault->sealed, conversations, is_opening);
  return TRUE;
}
