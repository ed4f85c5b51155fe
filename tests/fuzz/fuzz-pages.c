/* What a helper sends that has read a hostile document.
 *
 * Asked for: no crash; the same in whatever pieces it comes; what is complete is UTF-8, within its bounds, and stays both
 * when it is tidied. */

#include "document/document-private.h"

#include <string.h>

#define MAX_BYTES 4096
#define MAX_PAGES 64

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static SottoDocumentPages *
take (const guint8 *data, gsize size, gsize piece)
{
  g_autoptr (SottoDocumentPages) pages = sotto_document_pages_new (MAX_BYTES, MAX_PAGES);

  for (gsize at = 0; at < size; at += piece)
    {
      g_autoptr (GError) error = NULL;

      if (!sotto_document_pages_feed (pages, data + at, MIN (piece, size - at), &error))
        {
          g_assert_cmpuint (error->domain, ==, SOTTO_DOCUMENT_ERROR);
          g_assert_false (sotto_document_pages_are_complete (pages));
          return NULL;
        }
    }
  return g_steal_pointer (&pages);
}

static void
check (SottoDocumentPages *pages, gsize max_bytes)
{
  const guint n = sotto_document_pages_get_n (pages);
  gsize n_bytes = 0;

  g_assert_cmpuint (n, <=, MAX_PAGES);
  g_assert_cmpuint (n, <=, MAX (sotto_document_pages_get_n_expected (pages), 1));
  for (guint i = 0; i < n; i++)
    {
      const char *text = sotto_document_pages_get_text (pages, i);

      g_assert_true (g_utf8_validate (text, -1, NULL));
      n_bytes += strlen (text);
    }
  g_assert_cmpuint (n_bytes, <=, max_bytes);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (SottoDocumentPages) whole = take (data, size, MAX (size, 1));
  g_autoptr (SottoDocumentPages) pieces = take (data, size, size % 7 + 1);

  g_assert_true ((whole == NULL) == (pieces == NULL));
  if (whole == NULL)
    return 0;

  g_assert_cmpuint (sotto_document_pages_get_n (whole), ==, sotto_document_pages_get_n (pieces));
  for (guint i = 0; i < sotto_document_pages_get_n (whole); i++)
    g_assert_cmpstr (sotto_document_pages_get_text (whole, i), ==, sotto_document_pages_get_text (pieces, i));
  check (whole, MAX_BYTES);
  sotto_document_pages_tidy (whole);
  check (whole, MAX_BYTES);
  return 0;
}
