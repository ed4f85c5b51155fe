#include "document-harness.h"
#include "document/document-private.h"

#include <string.h>

/* Documents of offices, books and pages of the web, read by the real helper. What others wrote lies in documents/, with what is
 * read from it beside it; the rest is made by office_files.py. */

static gboolean
has_files (void)
{
  static int made = -1;

  if (!sotto_document_can_read_office ())
    {
      g_test_skip ("the helper that reads documents of offices is not built");
      return FALSE;
    }
  if (made < 0)
    made = make_files ("office_files.py");
  g_assert_true (made);
  return TRUE;
}

/* All pages, as the files beside the documents have them */
static char *
join (GPtrArray *pages)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < pages->len; i++)
    {
      const SottoDocumentPage *page = g_ptr_array_index (pages, i);

      g_string_append_printf (text, "%s%s", i > 0 ? "\n\f\n" : "", page->text);
    }
  return g_string_free (text, FALSE);
}

static void
assert_text (const char *name, const char *expected)
{
  g_autoptr (GPtrArray) pages = read_pages (name);
  g_autofree char *text = join (pages);

  g_test_message ("%s", name);
  g_assert_cmpstr (text, ==, expected);
}

static void
assert_pages_refused (const char *name, SottoDocumentError code)
{
  g_autoptr (SottoDocument) document = create (name);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) pages = finish_pages (document, &error);

  g_test_message ("%s: %s", name, pages != NULL ? "read" : error->message);
  g_assert_null (pages);
  g_assert_error (error, SOTTO_DOCUMENT_ERROR, (int) code);
}

/* --- What others wrote --- */

static void
test_others (void)
{
  static const char *const names[] = { "ebooklib.epub", "libreoffice.docx", "libreoffice.odp", "libreoffice.ods", "libreoffice.odt",
                                       "libreoffice.rtf", "openpyxl.xlsx", "python-docx.docx", "python-pptx.pptx" };

  if (!has_files ())
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_test_build_filename (G_TEST_DIST, "app", "documents", names[i], NULL);
      g_autofree char *beside = g_strconcat (path, ".txt", NULL);
      g_autofree char *expected = NULL;

      g_assert_true (g_file_get_contents (beside, &expected, NULL, NULL));
      assert_text (path, g_strchomp (expected));
    }
}

static void
test_others_refused (void)
{
  g_autofree char *old = g_test_build_filename (G_TEST_DIST, "app", "documents", "libreoffice.doc", NULL);
  g_autofree char *locked = g_test_build_filename (G_TEST_DIST, "app", "documents", "locked.docx", NULL);

  if (!has_files ())
    return;
  assert_pages_refused (old, SOTTO_DOCUMENT_ERROR_OLD_FORMAT);
  assert_pages_refused (locked, SOTTO_DOCUMENT_ERROR_LOCKED);
}

/* --- In a message, and in a folder --- */

static void
test_message (void)
{
  g_autofree char *text = NULL;
  g_autofree char *pages = NULL;
  g_autofree char *source = NULL;
  g_autofree char *rich = NULL;

  if (!has_files ())
    return;
  text = read_text ("stored.docx");
  g_assert_cmpstr (text, ==, "stored.docx:\n\n```\nnot packed\n```\n");
  /* A hidden slide has its number, and no more. */
  pages = read_text ("slides.pptx");
  g_assert_cmpstr (pages, ==, "slides.pptx:\n\n```\n[Page 1]\n# first\n\n[Page 2: no text]\n\n[Page 3]\n# last\n```\n");
  source = read_text ("page.html");
  g_assert_nonnull (strstr (source, "<h2>Caf&eacute;</h2>"));
  rich = read_text ("rich.rtf");
  g_assert_cmpstr (rich, ==, "rich.rtf:\n\n```\nCafé €5\n{brace}\n\nlink\n```\n");
}

static void
test_web (void)
{
  static const char page[] = "## Café\n\nOne <two> “three” €5 &nosuch; 1 < 2\n\nnext\nline\n\n- a\n- b\n  3. c\n\nx\n    y\n\nh | i\n1 | 2\n\nx^2 漢";

  if (!has_files ())
    return;
  assert_text ("page.html", page);
  assert_text ("page", page);
  assert_text ("western.htm", "Straße – naïve");
  assert_text ("cyrillic.htm", "Смотритель маяка");
  assert_text ("koi8.htm", "Смотритель маяка");
  assert_text ("hebrew.rtf", "שלΑą");
  assert_text ("unclosed.html", "begun");
  assert_pages_refused ("eastern.htm", SOTTO_DOCUMENT_ERROR_FOREIGN);
}

static void
test_words (void)
{
  if (!has_files ())
    return;
  assert_text ("words.docx", "### A heading\n\nkept\n\nx inserted\n\nshown-a\nb\n\nnew\n\na/bx^2\n\nout in 1 in 2 | a | b c\n\n"
                             "controls [0m \xef\xbf\xbe &unknown; <tag>");
  assert_text ("prefix.docx", "another prefix");
  assert_text ("latin.docx", "Straße, naïve");
  assert_text ("wide.docx", "𝄞 Łódź");
  assert_text ("zip64.docx", "large numbers");
  assert_text ("book.epub", "# Begin\n\nfirst here");
  assert_text ("slides.odp", "# first\n\f\n# last");
  assert_text ("repeated.ods", "# Few\n\nx\tx\tx\nx\tx\tx");
}

/* --- What is not well --- */

static void
test_refused (void)
{
  static const struct { const char *name; SottoDocumentError code; } files[] = {
    { "empty.docx", SOTTO_DOCUMENT_ERROR_EMPTY }, { "plain.zip", SOTTO_DOCUMENT_ERROR_FOREIGN },
    { "plain.docx", SOTTO_DOCUMENT_ERROR_MISNAMED }, { "inner.docx", SOTTO_DOCUMENT_ERROR_MISNAMED },
    { "nothing.docx", SOTTO_DOCUMENT_ERROR_MISNAMED }, { "eastern.rtf", SOTTO_DOCUMENT_ERROR_DAMAGED },
    { "locked.epub", SOTTO_DOCUMENT_ERROR_LOCKED }, { "locked.odt", SOTTO_DOCUMENT_ERROR_LOCKED },
    { "locked-part.docx", SOTTO_DOCUMENT_ERROR_LOCKED }, { "truncated.docx", SOTTO_DOCUMENT_ERROR_DAMAGED },
    { "half.docx", SOTTO_DOCUMENT_ERROR_DAMAGED }, { "sum.docx", SOTTO_DOCUMENT_ERROR_DAMAGED },
    { "huge.docx", SOTTO_DOCUMENT_ERROR_DAMAGED }, { "elsewhere.docx", SOTTO_DOCUMENT_ERROR_DAMAGED },
    { "method.docx", SOTTO_DOCUMENT_ERROR_DAMAGED }, { "larger.docx", SOTTO_DOCUMENT_ERROR_DAMAGED },
    { "name.docx", SOTTO_DOCUMENT_ERROR_DAMAGED }, { "list.docx", SOTTO_DOCUMENT_ERROR_DAMAGED },
    { "twice.docx", SOTTO_DOCUMENT_ERROR_DAMAGED }, { "crowd.docx", SOTTO_DOCUMENT_ERROR_DAMAGED },
  };

  if (!has_files ())
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    assert_pages_refused (files[i].name, files[i].code);
}

/* More than there is room for is refused, and soon. */
static void
test_bombs (void)
{
  static const char *const names[] = { "bomb.docx", "bombs.pptx", "words.odt", "millions.ods" };
  g_autoptr (GPtrArray) many = NULL;
  g_autofree char *text = NULL;

  if (!has_files ())
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      const gint64 before = g_get_monotonic_time ();

      assert_pages_refused (names[i], SOTTO_DOCUMENT_ERROR_TOO_LONG);
      g_test_message ("after %.2f s", (double) (g_get_monotonic_time () - before) / G_USEC_PER_SEC);
    }
  /* A folder takes what a message does not. */
  assert_refused ("many.docx", SOTTO_DOCUMENT_ERROR_TOO_LONG);
  many = read_pages ("many.docx");
  text = join (many);
  g_assert_true (g_str_has_suffix (text, "\n\nParagraph number 99999."));
}

static void
test_deep (void)
{
  g_autoptr (GPtrArray) notes = NULL;

  if (!has_files ())
    return;
  assert_text ("deep.docx", "deep");
  assert_text ("boxes.docx", "in a box");
  assert_text ("deep.odt", "deep");
  assert_text ("tables.odt", "deep");
  assert_text ("attributes.docx", "behind");
  assert_text ("deep.rtf", "before  behind");
  notes = read_pages ("notes.odt");
  g_assert_cmpuint (notes->len, ==, 1);
}

/* Nothing that a document declares is expanded, and nothing that it names is opened; test-reader-door.py looks at the calls. */
static void
test_outside (void)
{
  if (!has_files ())
    return;
  assert_text ("laughs.docx", "&l11; behind");
  assert_text ("outside.docx", "&f; behind");
  assert_text ("outside.odt", "&f; behind");
  assert_text ("paths.docx", "paths");
  g_assert_false (g_file_test ("/tmp/sotto-was-here", G_FILE_TEST_EXISTS));
}

static void
test_no_helper (void)
{
  g_autofree char *before = g_strdup (g_getenv ("SOTTO_OFFICE_TEXT"));

  g_setenv ("SOTTO_OFFICE_TEXT", "/nowhere/sotto-office-text", TRUE);
  g_assert_false (sotto_document_can_read_office ());
  g_assert_false (sotto_document_knows_name ("letter.docx"));
  g_assert_false (sotto_document_knows_name ("page.html"));
  write_file ("letter.docx", "PK\3\4", -1);
  assert_refused ("letter.docx", SOTTO_DOCUMENT_ERROR_NO_READER);
  g_setenv ("SOTTO_OFFICE_TEXT", "/bin/echo", TRUE);
  assert_refused ("letter.docx", SOTTO_DOCUMENT_ERROR_DAMAGED);
  g_assert_true (sotto_document_knows_name ("letter.docx"));
  g_assert_true (sotto_document_knows_name ("Old letter.DOC"));
  g_assert_true (sotto_document_knows_name ("page.html"));
  g_assert_false (sotto_document_knows_name ("archive.zip"));
  if (before != NULL)
    g_setenv ("SOTTO_OFFICE_TEXT", before, TRUE);
  else
    g_unsetenv ("SOTTO_OFFICE_TEXT");
}

int
main (int argc, char **argv)
{
  int failed;

  g_setenv ("LC_ALL", "C.UTF-8", TRUE);
  g_test_init (&argc, &argv, NULL);
  make_folder ();

  g_test_add_func ("/office/others", test_others);
  g_test_add_func ("/office/others-refused", test_others_refused);
  g_test_add_func ("/office/message", test_message);
  g_test_add_func ("/office/web", test_web);
  g_test_add_func ("/office/words", test_words);
  g_test_add_func ("/office/refused", test_refused);
  g_test_add_func ("/office/bombs", test_bombs);
  g_test_add_func ("/office/deep", test_deep);
  g_test_add_func ("/office/outside", test_outside);
  g_test_add_func ("/office/no-helper", test_no_helper);

  failed = g_test_run ();
  remove_folder ();
  return failed;
}
