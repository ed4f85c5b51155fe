#include "store-private.h"

#include "conversation-rows.h"
#include "schema.h"

/* A history of this process's memory. It is the same database with the same tables and calls, so that nobody above has a
 * second way through anything; what it lacks is a folder, and with it lock, envelope and key. SQLite writes nothing of a
 * database in memory to any file: its journal is in memory, too, and so are the temporary tables (database.c). It is not
 * encrypted: the key would lie beside it. */

static gpointer
do_make (SottoVault *vault, SottoCall *call, GError **error)
{
  guint n_steps;
  const SottoSchemaStep *steps = sotto_schema_get_steps (&n_steps);

  vault->database = sotto_database_open ("in memory", NULL, SOTTO_DATABASE_MEMORY, error);
  if (vault->database != NULL && sotto_schema_prepare (vault->database, steps, n_steps, TRUE, error))
    return SOTTO_DONE;

  sotto_vault_close (vault, NULL);
  return NULL;
}

SottoStore *
sotto_store_new_in_memory (void)
{
  SottoStore *self = sotto_store_new (NULL);

  /* Calls that are made from now on come behind it. */
  sotto_store_push (self, SOTTO_WORK_BARE, do_make, NULL, NULL, NULL, NULL, NULL);
  return self;
}

gboolean
sotto_vault_check_files (SottoVault *vault, GError **error)
{
  if (vault->folder != NULL)
    return TRUE;

  sotto_rows_set_invalid (error, "a history in memory");
  return FALSE;
}
