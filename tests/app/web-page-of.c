/* Writes the first conversation of the archive on standard input as a page of the web to standard output. A picture's file is, for this,
 * two bytes with its width and height, and its pixels; one without pixels is one that cannot be read. */
#include <sotto-app.h>
#include <stdio.h>

#include "transfer/archive.h"
#include "transfer/transcript-words.h"
#include "transfer/web-page.h"

static gboolean
load_picture (const SottoHistoryPart *part, SottoPixels **pixels, gpointer user_data, GError **error)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (part->data, &length);

  if (length == 1)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "Cancelled");
      return FALSE;
    }
  if (length > 2)
    {
      g_assert_cmpuint (length, ==, 2 + 3u * data[0] * data[1]);
      *pixels = g_new0 (SottoPixels, 1);
      (*pixels)->width = (*pixels)->full_width = data[0];
      (*pixels)->height = (*pixels)->full_height = data[1];
      (*pixels)->bytes = g_bytes_new_from_bytes (part->data, 2, length - 2);
    }
  return TRUE;
}

int
main (void)
{
  g_autoptr (GByteArray) text = g_byte_array_new ();
  g_autoptr (GString) page = g_string_new (NULL);
  g_autoptr (GPtrArray) trees = NULL;
  g_autoptr (GPtrArray) shown = NULL;
  g_autoptr (GError) error = NULL;
  const SottoHistoryTree *tree;
  guint8 chunk[4096];
  static const guint8 padding[SOTTO_ARCHIVE_PADDING] = { 0 };
  gsize n;

  while ((n = fread (chunk, 1, sizeof chunk, stdin)) > 0)
    g_byte_array_append (text, chunk, (guint) n);
  n = text->len;
  g_byte_array_append (text, padding, sizeof padding);
  trees = sotto_archive_read ((char *) text->data, n, &error);
  g_assert_no_error (error);

  tree = g_ptr_array_index (trees, 0);
  shown = sotto_transcript_list_shown (tree);
  sotto_web_page_begin (page, tree->conversation);
  for (guint i = 0; i < shown->len; i++)
    if (!sotto_web_page_add_message (page, g_ptr_array_index (shown, i), load_picture, NULL, &error))
      {
        printf ("%s\n", error->message);
        return 1;
      }
  sotto_web_page_end (page);
  fwrite (page->str, 1, page->len, stdout);
  return 0;
}
