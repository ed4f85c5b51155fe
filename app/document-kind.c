#include "config.h"

#include "document-private.h"

#include <string.h>

/* What a file is. Reading it goes by its first bytes, since a name may say anything; its name only says whether it is looked
 * at in a folder of documents, where what is not one is never opened. */

#define PDF_BEGINS "%PDF-"

gboolean
sotto_document_begins_as_pdf (const char *data, gsize length)
{
  return length >= strlen (PDF_BEGINS) && memcmp (data, PDF_BEGINS, strlen (PDF_BEGINS)) == 0;
}

/* Readers take a PDF for one if it begins somewhere in its first kilobyte. */
gboolean
sotto_document_begins_later_as_pdf (const char *data, gsize length)
{
  return memmem (data, MIN (length, 1024), PDF_BEGINS, strlen (PDF_BEGINS)) != NULL;
}

/* --- Names --- */

/* Texts that people write for people. Programs are not among them: asking those is another thing, and one folder of sources
 * would drown all else. */
static const char *const text_endings[] = {
  "txt", "text", "md", "markdown", "mdown", "rst", "org", "adoc", "asciidoc", "tex", "csv", "tsv", "json", "log", "srt", "vtt",
};

static gboolean
is_among (const char *ending, const char *const *endings, gsize n)
{
  for (gsize i = 0; i < n; i++)
    if (g_ascii_strcasecmp (ending, endings[i]) == 0)
      return TRUE;
  return FALSE;
}

/* Behind its last full stop; "": it has none, or begins with it */
static const char *
get_ending (const char *name)
{
  const char *stop = strrchr (name, '.');

  return stop != NULL && stop != name ? stop + 1 : "";
}

gboolean
sotto_document_is_named_pdf (const char *name)
{
  return g_ascii_strcasecmp (get_ending (name), "pdf") == 0;
}

gboolean
sotto_document_knows_name (const char *name)
{
  const char *ending = get_ending (name);

  if (sotto_document_is_named_pdf (name))
    return sotto_document_can_read_pdf ();
  return is_among (ending, text_endings, G_N_ELEMENTS (text_endings));
}
