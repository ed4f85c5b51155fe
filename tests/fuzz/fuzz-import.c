/* Files of other programs that nobody can trust: which program one is of, and all their formats but databases, whose reader is SQLite.
 *
 * Asked for: no crash; and what is read is a tree that the history takes: ids that are UUIDs and different, each parent before
 * its answers, texts that are UTF-8, times that are some. */

#include "sotto-app.h"

#include "import/import.h"
#include "transfer/archive.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
check_message (const SottoHistoryMessage *message,
               GHashTable                *ids)
{
  g_assert_true (g_uuid_string_is_valid (message->id));
  g_assert_true (message->parent == NULL || g_hash_table_contains (ids, message->parent));
  g_assert_true (g_hash_table_add (ids, message->id));
  g_assert_cmpint (message->created, >, 0);
  for (guint i = 0; i < message->parts->len; i++)
    {
      const SottoHistoryPart *part = g_ptr_array_index (message->parts, i);

      g_assert_true (g_utf8_validate (part->text, -1, NULL));
      g_assert_true (part->name == NULL || g_utf8_validate (part->name, -1, NULL));
    }
  g_assert_true (message->model == NULL || strchr (message->model->path, '/') == NULL);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  g_autoptr (SottoImport) import = sotto_import_new ();
  g_autofree char *room = g_malloc (size + SOTTO_ARCHIVE_PADDING);
  g_autoptr (GError) error = NULL;
  g_autofree char *origin = NULL;

  if (size > 0)
    memcpy (room, data, size);
  /* Of our own archive its own target asks more. */
  if (g_strstr_len (room, (gssize) MIN (size, 256), "\"sotto-conversations\"") != NULL)
    return 0;

  if (!sotto_import_add (import, room, size, G_USEC_PER_SEC, NULL, &error))
    {
      g_assert_nonnull (error);
      g_assert_cmpuint (import->trees->len, ==, 0);
      g_assert_cmpuint (import->n_left_out[SOTTO_LEFT_OUT_IMAGES], ==, 0);
    }
  sotto_import_finish (import);
  origin = sotto_import_describe (import);

  for (guint i = 0; i < import->trees->len; i++)
    {
      const SottoHistoryTree *tree = g_ptr_array_index (import->trees, i);
      g_autoptr (GHashTable) ids = g_hash_table_new (g_str_hash, g_str_equal);

      g_assert_true (g_uuid_string_is_valid (tree->conversation->id));
      g_assert_true (g_utf8_validate (tree->conversation->title, -1, NULL));
      g_assert_cmpuint (tree->messages->len, >, 0);
      for (guint j = 0; j < tree->messages->len; j++)
        check_message (g_ptr_array_index (tree->messages, j), ids);
    }

  return 0;
}
