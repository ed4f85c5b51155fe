#include "config.h"

#include "document/document-private.h"

#include <string.h>

/* What a file is. Reading it goes by its first bytes, since a name may say anything; its name says whether it is looked at in a
 * folder of documents, where what is not one is never opened, and whether a text is a page of the web. */

static gboolean
begins_with (const char *data, gsize length, const char *what)
{
  return length >= strlen (what) && memcmp (data, what, strlen (what)) == 0;
}

/* Readers take a PDF for one if it begins somewhere in its first kilobyte. */
gboolean
sotto_document_begins_later_as_pdf (const char *data, gsize length)
{
  return memmem (data, MIN (length, 1024), "%PDF-", 5) != NULL;
}

static gboolean
begins_as_page (const char *data, gsize length)
{
  static const char *const beginnings[] = { "<!doctype html", "<html" };
  gsize at = length >= 3 && memcmp (data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

  while (at < length && g_ascii_isspace (data[at]))
    at++;
  for (gsize i = 0; i < G_N_ELEMENTS (beginnings); i++)
    if (length - at > strlen (beginnings[i]) && g_ascii_strncasecmp (data + at, beginnings[i], strlen (beginnings[i])) == 0)
      return TRUE;
  return FALSE;
}

/* --- Pictures --- */

/* A text may begin with the two letters of one: its header's length, and two numbers that are always 0, tell them apart. */
static gboolean
begins_as_bmp (const char *data, gsize length)
{
  static const guint8 nothing[4];

  return begins_with (data, length, "BM") && length >= 18 && memcmp (data + 6, nothing, 4) == 0
         && (guint8) data[14] >= 12 && (guint8) data[14] <= 124 && memcmp (data + 15, nothing, 3) == 0;
}

const char *
sotto_document_find_picture_type (const char *data, gsize length)
{
  if (begins_with (data, length, "\x89PNG\r\n\x1a\n"))
    return "image/png";
  if (begins_with (data, length, "\xff\xd8\xff"))
    return "image/jpeg";
  if (begins_with (data, length, "GIF87a") || begins_with (data, length, "GIF89a"))
    return "image/gif";
  if (begins_with (data, length, "RIFF") && length >= 12 && memcmp (data + 8, "WEBP", 4) == 0)
    return "image/webp";
  if (length >= 4 && (memcmp (data, "II*\0", 4) == 0 || memcmp (data, "MM\0*", 4) == 0))
    return "image/tiff";
  return begins_as_bmp (data, length) ? "image/bmp" : NULL;
}

/* HEIF and AVIF are kept in the boxes of films: behind the first one's length its kind, and then what it is. */
gboolean
sotto_document_is_other_picture (const char *data, gsize length)
{
  static const char *const brands[] = { "avif", "avis", "heic", "heix", "hevc", "heim", "heis", "mif1", "msf1" };

  if (begins_with (data, length, "\xff\x0a") || begins_with (data, length, "8BPS"))
    return TRUE;
  if (length < 12)
    return FALSE;
  if (memcmp (data, "\0\0\0\x0cJXL ", 8) == 0 || memcmp (data, "\0\0\0\x0cjP  ", 8) == 0)
    return TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (brands); i++)
    if (memcmp (data + 4, "ftyp", 4) == 0 && memcmp (data + 8, brands[i], 4) == 0)
      return TRUE;
  return FALSE;
}

/* --- Names --- */

/* Texts that people write for people. Programs are not among them: asking those is another thing, and one folder of sources
 * would drown all else. */
static const char *const text_endings[] = {
  "txt", "text", "md", "markdown", "mdown", "rst", "org", "adoc", "asciidoc", "tex", "csv", "tsv", "json", "log", "srt", "vtt", NULL,
};

/* What the helper reads: office/. The old ones it does not, and says so, which is better than keeping silent about them. */
static const char *const office_endings[] = {
  "docx", "docm", "dotx", "dotm", "xlsx", "xlsm", "xltx", "xltm", "pptx", "pptm", "potx", "potm", "ppsx", "ppsm",
  "odt", "ott", "ods", "ots", "odp", "otp", "odg", "otg", "epub", "rtf", "doc", "dot", "xls", "xlt", "ppt", "pps", NULL,
};

static const char *const page_endings[] = { "html", "htm", "xhtml", NULL };

static gboolean
is_among (const char *ending, const char *const *endings)
{
  for (; *endings != NULL; endings++)
    if (g_ascii_strcasecmp (ending, *endings) == 0)
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
sotto_document_is_named_office (const char *name)
{
  return is_among (get_ending (name), office_endings);
}

const char *const *
sotto_document_get_office_endings (void)
{
  return office_endings;
}

gboolean
sotto_document_knows_name (const char *name)
{
  const char *ending = get_ending (name);

  if (sotto_document_is_named_pdf (name))
    return sotto_document_can_read_pdf ();
  if (sotto_document_is_named_office (name) || is_among (ending, page_endings))
    return sotto_document_can_read_office ();
  return is_among (ending, text_endings);
}

/* --- Both --- */

SottoDocumentKind
sotto_document_find_kind (const char *name, const char *data, gsize length)
{
  if (begins_with (data, length, "%PDF-"))
    return SOTTO_DOCUMENT_KIND_PDF;
  /* An archive, an empty one, and what the old formats are kept in */
  if (begins_with (data, length, "PK\003\004") || begins_with (data, length, "PK\005\006")
      || begins_with (data, length, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") || begins_with (data, length, "{\\rtf"))
    return SOTTO_DOCUMENT_KIND_OFFICE;
  if (sotto_document_find_picture_type (data, length) != NULL)
    return SOTTO_DOCUMENT_KIND_PICTURE;
  if (begins_as_page (data, length) || is_among (get_ending (name), page_endings))
    return SOTTO_DOCUMENT_KIND_PAGE;
  return SOTTO_DOCUMENT_KIND_TEXT;
}
