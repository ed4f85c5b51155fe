/* A document of any text, cut into passages: with pages where it has form feeds.
 *
 * Asked for: no crash; passages of words, UTF-8, no longer than they may be, in the order of their pages; and no letter lost
 * but of what stands on page after page. */

#include "sotto-app.h"

#include "document/passages.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
page_free (gpointer data)
{
  SottoDocumentPage *page = data;

  g_free (page->text);
  g_free (page);
}

static GPtrArray *
create_pages (const char *text)
{
  g_auto (GStrv) texts = g_strsplit (text, "\f", -1);
  GPtrArray *pages = g_ptr_array_new_with_free_func (page_free);

  for (guint i = 0; texts[i] != NULL; i++)
    {
      SottoDocumentPage *page = g_new0 (SottoDocumentPage, 1);

      page->number = texts[1] != NULL ? i + 1 : 0;
      page->text = g_strdup (texts[i]);
      g_ptr_array_add (pages, page);
    }
  return pages;
}

static gsize
count_letters (const char *text)
{
  gsize n = 0;

  for (; *text != '\0'; text = g_utf8_next_char (text))
    n += g_unichar_isalnum (g_utf8_get_char (text)) ? 1 : 0;
  return n;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *bytes = g_strndup ((const char *) data, size);
  g_autofree char *text = g_utf8_make_valid (bytes, -1);
  g_autoptr (GPtrArray) pages = create_pages (text);
  g_autoptr (GPtrArray) passages = sotto_passages_cut (pages);
  gsize n_letters = 0;
  guint page = 0;

  for (guint i = 0; i < passages->len; i++)
    {
      const SottoHistoryPassage *passage = g_ptr_array_index (passages, i);
      const gsize length = strlen (passage->text);

      g_assert_true (g_utf8_validate (passage->text, -1, NULL));
      g_assert_cmpuint (length, <=, SOTTO_PASSAGE_MOST_BYTES);
      g_assert_cmpuint (count_letters (passage->text), >, 0);
      g_assert_cmpuint (passage->first_page, >=, page);
      g_assert_cmpuint (passage->last_page, >=, passage->first_page);
      g_assert_cmpuint (passage->last_page, <=, pages->len > 1 ? pages->len : 0);
      page = passage->first_page;
      n_letters += count_letters (passage->text);
    }
  if (pages->len <= 2)
    g_assert_cmpuint (n_letters, >=, count_letters (text));
  return 0;
}
