#include "formats.h"

#include <string.h>

/* EPUB 3.3: what is packed says where its list is (META-INF/container.xml), which says what there is (manifest) and in which order
 * it is read (spine): chapters in XHTML.
 *
 * A book that is locked says so in encryption.xml; fonts are often mangled, which that says as well, and does not matter. */

static char *
find_list (SottoZip *zip)
{
  g_autoptr (SottoMarkup) markup = sotto_package_open (zip, "META-INF/container.xml");
  SottoMarkupToken token;

  while (markup != NULL && (token = sotto_markup_next (markup)) != SOTTO_MARKUP_END)
    if (token == SOTTO_MARKUP_OPEN && sotto_markup_is (markup, "rootfile"))
      return g_strdup (sotto_markup_get (markup, "full-path"));
  return NULL;
}

/* Parts that are encrypted: (element-type utf8) */
static GHashTable *
find_locked (SottoZip *zip)
{
  GHashTable *locked = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (SottoMarkup) markup = sotto_package_open (zip, "META-INF/encryption.xml");
  SottoMarkupToken token;

  while (markup != NULL && (token = sotto_markup_next (markup)) != SOTTO_MARKUP_END)
    if (token == SOTTO_MARKUP_OPEN && sotto_markup_is (markup, "CipherReference"))
      {
        const char *part = sotto_markup_get (markup, "URI");

        if (part != NULL)
          g_hash_table_add (locked, g_uri_unescape_string (part, NULL));
      }
  return locked;
}

/* What the list calls each thing: id to part */
static void
take_thing (GHashTable *things, SottoMarkup *markup, const char *list)
{
  const char *id = sotto_markup_get (markup, "=id");
  const char *target = sotto_markup_get (markup, "=href");
  g_autofree char *plain = target != NULL ? g_uri_unescape_string (target, NULL) : NULL;

  if (id != NULL && plain != NULL)
    g_hash_table_insert (things, g_strdup (id), sotto_package_resolve (list, plain));
}

gboolean
sotto_book_read (SottoZip *zip, SottoText *text)
{
  g_autofree char *list = find_list (zip);
  g_autoptr (SottoMarkup) markup = list != NULL ? sotto_package_open (zip, list) : NULL;
  g_autoptr (GHashTable) things = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (GHashTable) locked = find_locked (zip);
  SottoMarkupToken token;
  gboolean is_locked = FALSE;
  int n = 0;

  if (markup == NULL)
    return FALSE;
  while ((token = sotto_markup_next (markup)) != SOTTO_MARKUP_END)
    if (token == SOTTO_MARKUP_OPEN && sotto_markup_is (markup, "item"))
      take_thing (things, markup, list);
    else if (token == SOTTO_MARKUP_OPEN && sotto_markup_is (markup, "itemref"))
      {
        const char *id = sotto_markup_get (markup, "idref");
        const char *part = id != NULL ? g_hash_table_lookup (things, id) : NULL;
        gsize length;
        char *chapter;

        if (part == NULL || n++ >= SOTTO_MAX_PAGES)
          continue;
        is_locked = is_locked || g_hash_table_contains (locked, part);
        chapter = is_locked ? NULL : sotto_zip_read (zip, part, &length);
        if (chapter != NULL)
          sotto_web_read (chapter, length, text);
      }
  if (is_locked)
    sotto_zip_set_problem (zip, SOTTO_PAGE_STREAM_LOCKED);
  return TRUE;
}
