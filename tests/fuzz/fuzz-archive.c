/* Exports that nobody can trust.
 *
 * Asked for: no crash; what is read can be written, and what was written is read as the same bytes; and it can be
 * made Markdown. */

#include "transfer/archive.h"
#include "transfer/transcript.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static GPtrArray *
read_archive (gconstpointer data,
              gsize         size,
              GError      **error)
{
  g_autofree char *room = g_malloc (size + SOTTO_ARCHIVE_PADDING);

  memcpy (room, data, size);

  return sotto_archive_read (room, size, error);
}

static GString *
write_archive (GPtrArray *trees)
{
  GString *text = g_string_new (SOTTO_ARCHIVE_HEAD);

  for (guint i = 0; i < trees->len; i++)
    {
      gsize length = 0;
      char *one = sotto_archive_write (g_ptr_array_index (trees, i), &length, NULL);

      g_assert_nonnull (one);
      if (i > 0)
        g_string_append (text, SOTTO_ARCHIVE_SEPARATOR);
      g_string_append_len (text, one, (gssize) length);
      free (one);
    }
  g_string_append (text, SOTTO_ARCHIVE_TAIL);

  return text;
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) trees = size > 0 ? read_archive (data, size, &error) : NULL;
  g_autoptr (GPtrArray) again = NULL;
  g_autoptr (GString) once = NULL;
  g_autoptr (GString) twice = NULL;

  if (trees == NULL)
    {
      g_assert_true (size == 0 || error != NULL);
      return 0;
    }

  once = write_archive (trees);
  again = read_archive (once->str, once->len, &error);
  g_assert_no_error (error);
  twice = write_archive (again);
  g_assert_cmpstr (once->str, ==, twice->str);

  for (guint i = 0; i < trees->len; i++)
    {
      g_autofree char *markdown = sotto_transcript_write (g_ptr_array_index (trees, i));

      g_assert_true (g_utf8_validate (markdown, -1, NULL));
    }

  return 0;
}
