/* GPT4All's chats that nobody can trust, behind the number at their beginning.
 *
 * Asked for: no crash, and that a chat is read to its end or refused. */

#include "sotto-app.h"

#include "import/formats.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  g_autoptr (SottoImport) import = sotto_import_new ();
  g_autoptr (GError) error = NULL;

  /* Of the very size, so that a sanitizer sees what is read beyond. */
  g_autofree guint8 *copy = size > 0 ? g_memdup2 (data, size) : g_malloc (1);

  if (!sotto_import_gpt4all (import, copy, size, &error))
    {
      g_assert_nonnull (error);
      g_assert_cmpuint (import->trees->len, ==, 0);
      return 0;
    }

  g_assert_cmpuint (import->trees->len, <=, 1);
  for (guint i = 0; i < import->trees->len; i++)
    {
      const SottoHistoryTree *tree = g_ptr_array_index (import->trees, i);

      g_assert_true (g_utf8_validate (tree->conversation->title, -1, NULL));
      for (guint j = 0; j < tree->messages->len; j++)
        {
          g_autofree char *text = sotto_history_message_dup_text (g_ptr_array_index (tree->messages, j));

          g_assert_true (g_utf8_validate (text, -1, NULL));
        }
    }

  return 0;
}
