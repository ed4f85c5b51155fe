#include "document/document-private.h"

#include <string.h>

/* What the helper sends, when it is no longer itself. */

#define COUNT(n) "n\4\0\0\0" n "\0\0\0"
#define TWO_PAGES COUNT ("\2") "p\3\0\0\0one" "p\0\0\0\0"
#define WHOLE "w\3\0\0\0all"
#define END "z\0\0\0\0"

static gboolean
feed (SottoDocumentPages *pages, const char *data, gsize length, gsize piece, GError **error)
{
  for (gsize at = 0; at < length; at += piece)
    if (!sotto_document_pages_feed (pages, data + at, MIN (piece, length - at), error))
      return FALSE;
  return TRUE;
}

static void
test_pieces (void)
{
  const char data[] = TWO_PAGES END;

  for (gsize piece = 1; piece < sizeof data; piece++)
    {
      g_autoptr (SottoDocumentPages) pages = sotto_document_pages_new (3, 2);
      g_autoptr (GError) error = NULL;

      g_assert_true (feed (pages, data, sizeof data - 1, piece, &error));
      g_assert_no_error (error);
      g_assert_true (sotto_document_pages_are_complete (pages));
      g_assert_cmpuint (sotto_document_pages_get_n_expected (pages), ==, 2);
      g_assert_cmpuint (sotto_document_pages_get_n (pages), ==, 2);
      g_assert_cmpstr (sotto_document_pages_get_text (pages, 0), ==, "one");
      g_assert_cmpstr (sotto_document_pages_get_text (pages, 1), ==, "");
    }
}

/* The text of a document that has no pages comes in one. */
static void
test_whole (void)
{
  const char data[] = WHOLE END;

  for (gsize piece = 1; piece < sizeof data; piece++)
    {
      g_autoptr (SottoDocumentPages) pages = sotto_document_pages_new (3, 2);
      g_autoptr (GError) error = NULL;

      g_assert_true (feed (pages, data, sizeof data - 1, piece, &error));
      g_assert_no_error (error);
      g_assert_true (sotto_document_pages_are_complete (pages));
      g_assert_false (sotto_document_pages_are_numbered (pages));
      g_assert_cmpuint (sotto_document_pages_get_n (pages), ==, 1);
      g_assert_cmpstr (sotto_document_pages_get_text (pages, 0), ==, "all");
    }
}

static void
assert_error (const char *data, gsize length, int code)
{
  for (gsize piece = 1; piece <= length; piece++)
    {
      g_autoptr (SottoDocumentPages) pages = sotto_document_pages_new (100, 10);
      g_autoptr (GError) error = NULL;

      g_assert_false (feed (pages, data, length, piece, &error));
      g_assert_error (error, SOTTO_DOCUMENT_ERROR, code);
      g_assert_false (sotto_document_pages_are_complete (pages));
      g_clear_error (&error);
      g_assert_false (sotto_document_pages_feed (pages, END, 5, &error));
      g_assert_nonnull (error);
    }
}

#define ASSERT_ERROR(data, code) assert_error (data, sizeof data - 1, SOTTO_DOCUMENT_ERROR_ ## code)

static void
test_errors (void)
{
  ASSERT_ERROR ("x\1\0\0\0\2", LOCKED);
  ASSERT_ERROR ("x\1\0\0\0\3", TOO_LONG);
  ASSERT_ERROR ("x\1\0\0\0\4", UNSAFE);
  ASSERT_ERROR ("x\1\0\0\0\1", DAMAGED);
  ASSERT_ERROR ("x\1\0\0\0\5", FOREIGN);
  ASSERT_ERROR ("x\1\0\0\0\6", OLD_FORMAT);
  ASSERT_ERROR ("x\1\0\0\0\7", DAMAGED);
  ASSERT_ERROR ("x\1\0\0\0\0", DAMAGED);
  ASSERT_ERROR (WHOLE "x\1\0\0\0\2", LOCKED);
  ASSERT_ERROR (WHOLE WHOLE, DAMAGED);
  ASSERT_ERROR (WHOLE COUNT ("\1"), DAMAGED);
  ASSERT_ERROR (WHOLE "p\1\0\0\0a", DAMAGED);
  ASSERT_ERROR (COUNT ("\1") WHOLE, DAMAGED);
  ASSERT_ERROR (WHOLE END END, DAMAGED);
  ASSERT_ERROR ("w\145\0\0\0", TOO_LONG);
  ASSERT_ERROR ("w\1\0\0\0\377", DAMAGED);
  ASSERT_ERROR (COUNT ("\2") "x\1\0\0\0\2", LOCKED);
  ASSERT_ERROR ("x\2\0\0\0\2\2", DAMAGED);
  ASSERT_ERROR (COUNT ("\0"), DAMAGED);
  ASSERT_ERROR (COUNT ("\13"), TOO_LONG);
  ASSERT_ERROR (COUNT ("\2") COUNT ("\2"), DAMAGED);
  ASSERT_ERROR ("p\1\0\0\0a", DAMAGED);
  ASSERT_ERROR (COUNT ("\1") "p\1\0\0\0\377", DAMAGED);
  ASSERT_ERROR (COUNT ("\1") "p\2\0\0\0a\0", DAMAGED);
  ASSERT_ERROR (COUNT ("\1") "p\377\377\377\377", TOO_LONG);
  ASSERT_ERROR (COUNT ("\1") "p\145\0\0\0", TOO_LONG);
  ASSERT_ERROR (COUNT ("\2") "p\1\0\0\0a" END, DAMAGED);
  ASSERT_ERROR (END, DAMAGED);
  ASSERT_ERROR (TWO_PAGES "p\1\0\0\0a", DAMAGED);
  ASSERT_ERROR (TWO_PAGES END "p", DAMAGED);
  ASSERT_ERROR ("Not at all\n", DAMAGED);
}

static void
test_broken_off (void)
{
  const char data[] = TWO_PAGES END;

  for (gsize length = 0; length < sizeof data - 1; length++)
    {
      g_autoptr (SottoDocumentPages) pages = sotto_document_pages_new (100, 10);

      g_assert_true (sotto_document_pages_feed (pages, data, length, NULL));
      g_assert_false (sotto_document_pages_are_complete (pages));
    }
}

static char *
tidy (const char *text)
{
  g_autoptr (SottoDocumentPages) pages = sotto_document_pages_new (1000, 1);
  const guint8 head[] = { 'p', (guint8) strlen (text), 0, 0, 0 };

  g_assert_true (sotto_document_pages_feed (pages, COUNT ("\1"), 9, NULL));
  g_assert_true (sotto_document_pages_feed (pages, head, sizeof head, NULL));
  g_assert_true (sotto_document_pages_feed (pages, text, strlen (text), NULL));
  sotto_document_pages_tidy (pages);
  return g_strdup (sotto_document_pages_get_text (pages, 0));
}

static void
assert_tidy (const char *text, const char *expected)
{
  g_autofree char *tidied = tidy (text);

  g_assert_cmpstr (tidied, ==, expected);
}

static void
test_tidy (void)
{
  assert_tidy ("", "");
  assert_tidy (" \n\n", "");
  assert_tidy ("\n\na  \n\n\nb\t\n\n", "a\n\n\nb");
  assert_tidy ("  indented\r\nline\r\n", "  indented\nline");
  assert_tidy ("a\033[0mb\007\f", "a[0mb");
}

static void
test_hyphens (void)
{
  /* What the text does not tell stays. */
  assert_tidy ("docu-\nment", "docu-\nment");
  assert_tidy ("Document. docu-\nment here", "Document. document\nhere");
  assert_tidy ("document, docu-\nment, here", "document, document,\nhere");
  assert_tidy ("document docu-\nment", "document document");
  assert_tidy ("document docu-ment docu-\nment x", "document docu-ment docu-\nment x");
  assert_tidy ("well-known wellknown well-\nknown", "well-known wellknown well-\nknown");
  /* Not a word's end, not its beginning */
  assert_tidy ("document docu -\nment", "document docu -\nment");
  assert_tidy ("Document Docu-\nMent", "Document Docu-\nMent");
  assert_tidy ("a-\n", "a-");
  assert_tidy ("straße stra-\nße x", "straße straße\nx");
  assert_tidy ("überfluss Über\302\255\nfluss x", "überfluss Überfluss\nx");
  assert_tidy ("abc ab-\nc-\nd", "abc abc-\nd");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/document-pages/pieces", test_pieces);
  g_test_add_func ("/document-pages/whole", test_whole);
  g_test_add_func ("/document-pages/errors", test_errors);
  g_test_add_func ("/document-pages/broken-off", test_broken_off);
  g_test_add_func ("/document-pages/tidy", test_tidy);
  g_test_add_func ("/document-pages/hyphens", test_hyphens);

  return g_test_run ();
}
