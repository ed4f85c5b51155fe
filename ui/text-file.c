#include "text-file.h"

#include <glib/gi18n.h>

/* More than any model of today keeps in mind, and little enough to be shown at once */
#define MAX_BYTES (1024 * 1024)

static gboolean
is_wanted (const char *data,
           goffset     n_bytes,
           gpointer    user_data)
{
  return n_bytes <= MAX_BYTES;
}

void
sotto_text_file_read_async (GFile               *file,
                            GCancellable        *cancellable,
                            GAsyncReadyCallback  callback,
                            gpointer             user_data)
{
  g_file_load_partial_contents_async (file, cancellable, is_wanted, callback, user_data);
}

/* Where text was cut off, a character may have been. */
static gboolean
is_text (const char *data,
         gsize       length)
{
  const char *end;

  return g_utf8_validate_len (data, length, &end) || (length > MAX_BYTES && data + length - end < 4);
}

/* Whatever the file holds, the block ends behind it. */
static char *
create_fence (const char *text)
{
  gsize longest = 2;
  gsize run = 0;

  for (const char *p = text; *p != '\0'; p++)
    {
      run = *p == '`' ? run + 1 : 0;
      longest = MAX (longest, run);
    }

  return g_strnfill (longest + 1, '`');
}

char *
sotto_text_file_read_finish (GFile         *file,
                             GAsyncResult  *result,
                             GError       **error)
{
  g_autofree char *name = NULL;
  g_autofree char *text = NULL;
  g_autofree char *fence = NULL;
  gsize length;

  if (!g_file_load_partial_contents_finish (file, result, &text, &length, NULL, error))
    return NULL;

  if (!is_text (text, length))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "The file is not text");
      return NULL;
    }
  if (length > MAX_BYTES)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE, "The file is too large");
      return NULL;
    }

  name = g_file_get_basename (file);
  fence = create_fence (text);

  return g_strdup_printf ("%s:\n\n%s\n%s%s%s\n", name, fence, text, length > 0 && text[length - 1] == '\n' ? "" : "\n", fence);
}

char *
sotto_text_file_describe (GFile        *file,
                          const GError *error)
{
  g_autofree char *name = g_file_get_basename (file);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE))
    /* Translators: %s is the name of a file */
    return g_strdup_printf (_("“%s” is too large to be part of a message."), name);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA))
    /* Translators: %s is the name of a file */
    return g_strdup_printf (_("“%s” is not a text file."), name);

  return g_strdup (error->message);
}
