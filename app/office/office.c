#include "office.h"

#include "formats.h"

#include <string.h>

/* --- What is not read --- */

/* As names stand in a file of the old kind */
static gboolean
has_name (const guint8 *data, gsize length, const char *name)
{
  char wide[64];
  gsize n = 0;

  for (; *name != '\0' && n + 2 <= sizeof wide; name++)
    {
      wide[n++] = *name;
      wide[n++] = '\0';
    }
  return memmem (data, length, wide, n) != NULL;
}

/* The container of the old formats, which a new one that is encrypted is put into, too */
static SottoPageStreamRefusal
judge_container (const guint8 *data, gsize length)
{
  if (has_name (data, length, "EncryptedPackage"))
    return SOTTO_PAGE_STREAM_LOCKED;
  if (has_name (data, length, "WordDocument") || has_name (data, length, "Workbook") || has_name (data, length, "PowerPoint Document"))
    return SOTTO_PAGE_STREAM_OLD;
  return SOTTO_PAGE_STREAM_FOREIGN;
}

/* --- Archives --- */

/* An archive of OpenDocument lists its parts, and which of them are encrypted. */
static gboolean
is_locked (SottoZip *zip)
{
  g_autoptr (SottoMarkup) markup = sotto_package_open (zip, "META-INF/manifest.xml");
  SottoMarkupToken token;

  while (markup != NULL && (token = sotto_markup_next (markup)) != SOTTO_MARKUP_END)
    if (token == SOTTO_MARKUP_OPEN && sotto_markup_is (markup, "encryption-data"))
      return TRUE;
  return FALSE;
}

/* What the main part of an archive of Office Open XML is, says its first element. */
static gboolean
read_package (SottoZip *zip, SottoText *text)
{
  g_autoptr (SottoRelations) relations = sotto_relations_new (zip, "");
  const char *part = sotto_relations_find (relations, "officeDocument");
  g_autoptr (SottoMarkup) markup = part != NULL ? sotto_package_open (zip, part) : NULL;
  SottoMarkupToken token;

  while (markup != NULL && (token = sotto_markup_next (markup)) != SOTTO_MARKUP_END)
    {
      if (token != SOTTO_MARKUP_OPEN)
        continue;
      if (sotto_markup_is (markup, "document"))
        return sotto_word_read (zip, part, text);
      if (sotto_markup_is (markup, "presentation"))
        return sotto_slides_read (zip, part, text);
      if (sotto_markup_is (markup, "workbook"))
        return sotto_sheets_read (zip, part, text);
      break;
    }
  sotto_zip_set_problem (zip, SOTTO_PAGE_STREAM_FOREIGN);
  return FALSE;
}

static gboolean
read_archive (SottoZip *zip, SottoText *text)
{
  if (sotto_zip_has (zip, "META-INF/container.xml"))
    return sotto_book_read (zip, text);
  if (sotto_zip_has (zip, "[Content_Types].xml"))
    return read_package (zip, text);
  if (sotto_zip_has (zip, "META-INF/manifest.xml") && is_locked (zip))
    sotto_zip_set_problem (zip, SOTTO_PAGE_STREAM_LOCKED);
  else if (sotto_zip_has (zip, "content.xml"))
    return sotto_open_read (zip, text);
  else
    sotto_zip_set_problem (zip, SOTTO_PAGE_STREAM_FOREIGN);
  return FALSE;
}

static SottoPageStreamRefusal
take_archive (const guint8 *data, gsize length, gboolean check_sums, SottoText *text)
{
  SottoPageStreamRefusal why = SOTTO_PAGE_STREAM_NONE;
  SottoZip *zip = sotto_zip_new (data, length, check_sums, &why);
  gboolean is_read;

  if (zip == NULL)
    return why;
  is_read = read_archive (zip, text);
  why = sotto_zip_get_problem (zip);
  if (!is_read && why == SOTTO_PAGE_STREAM_NONE)
    why = SOTTO_PAGE_STREAM_DAMAGED;
  sotto_zip_free (zip);
  return why;
}

/* --- All of it --- */

static gboolean
begins_with (const guint8 *data, gsize length, const char *what, gsize n)
{
  return length >= n && memcmp (data, what, n) == 0;
}

static SottoPageStreamRefusal
read_any (const guint8 *data, gsize length, gboolean check_sums, SottoText *text)
{
  if (begins_with (data, length, "PK", 2))
    return take_archive (data, length, check_sums, text);
  if (begins_with (data, length, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8))
    return judge_container (data, length);
  if (begins_with (data, length, "{\\rtf", 5))
    return sotto_rich_read ((const char *) data, length, text) ? SOTTO_PAGE_STREAM_NONE : SOTTO_PAGE_STREAM_DAMAGED;
  return sotto_web_read (g_memdup2 (data, length), length, text) ? SOTTO_PAGE_STREAM_NONE : SOTTO_PAGE_STREAM_FOREIGN;
}

SottoPageStreamRefusal
sotto_office_read (const guint8 *data, gsize length, gboolean check_sums, SottoText **text)
{
  g_autoptr (SottoText) own = sotto_text_new ();
  SottoPageStreamRefusal why = read_any (data, length, check_sums, own);

  if (why == SOTTO_PAGE_STREAM_NONE && sotto_text_is_too_long (own))
    why = SOTTO_PAGE_STREAM_LARGE;
  if (why == SOTTO_PAGE_STREAM_NONE)
    *text = g_steal_pointer (&own);
  return why;
}

gboolean
sotto_office_has_pages (SottoText *text)
{
  return sotto_text_get_n_pages (text) > 0;
}
