#include "sotto-app.h"

#include <string.h>

#include "document-harness.h"
#include "document/document-private.h"
#include "harness-wait.h"

/* Files on their way into a message. The PDFs are others' (pdf_files.py), and so is what reads them: the real helper. */

static gboolean
has_pdfs (void)
{
  static int made = -1;

  if (!sotto_document_can_read_pdf ())
    {
      g_test_skip ("the helper that reads PDFs is not built (poppler is missing)");
      return FALSE;
    }
  if (made < 0)
    made = make_files ("pdf_files.py");
  if (!made)
    g_test_skip ("PDFs cannot be made here (pdf_files.py needs cairo, reportlab and qpdf)");
  return made;
}

/* --- Text --- */


static void
test_text (void)
{
  g_autofree char *much = g_strnfill (1024 * 1024 + 1, 'x');
  g_autofree char *fenced = NULL;

  write_file ("notes.md", "with ```` in it", -1);
  fenced = read_text ("notes.md");
  g_assert_cmpstr (fenced, ==, "notes.md:\n\n`````\nwith ```` in it\n`````\n");
  write_file ("much.txt", much, -1);
  assert_refused ("much.txt", SOTTO_DOCUMENT_ERROR_TOO_LARGE);
  write_file ("binary", "\x7f" "ELF\xff\0x", 7);
  assert_refused ("binary", SOTTO_DOCUMENT_ERROR_FOREIGN);
  write_file ("binary.PDF", "\x7f" "ELF\xff\0x", 7);
  assert_refused ("binary.PDF", SOTTO_DOCUMENT_ERROR_MISNAMED);
}

/* --- Pages, for a folder of documents --- */

static void
test_pages_of_text (void)
{
  g_autofree char *much = g_strnfill (2 * 1024 * 1024, 'x');
  g_autofree char *too_much = g_strnfill (8 * 1024 * 1024 + 1, 'x');
  g_autoptr (SottoDocument) empty = create ("empty.md");
  g_autoptr (SottoDocument) large = create ("large.md");
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) pages = NULL;
  g_autoptr (GPtrArray) many = NULL;

  write_file ("notes.md", "\357\273\277\n\n# Keeper  \r\n\r\nA document of a docu-\nment.\033\n\n", -1);
  pages = read_pages ("notes.md");
  g_assert_cmpuint (pages->len, ==, 1);
  assert_page (pages, 0, 0, "# Keeper\n\nA document of a document.");
  write_file ("much.txt", much, -1);
  many = read_pages ("much.txt");
  assert_page (many, 0, 0, much);

  write_file ("empty.md", " \n\n", -1);
  g_assert_null (finish_pages (empty, &error));
  g_assert_error (error, SOTTO_DOCUMENT_ERROR, SOTTO_DOCUMENT_ERROR_EMPTY);
  g_clear_error (&error);
  write_file ("large.md", too_much, -1);
  g_assert_null (finish_pages (large, &error));
  g_assert_error (error, SOTTO_DOCUMENT_ERROR, SOTTO_DOCUMENT_ERROR_TOO_LARGE);
}

static void
test_pages_of_pdf (void)
{
  g_autoptr (GPtrArray) pages = NULL;
  g_autoptr (SottoDocument) scanned = create ("scanned.pdf");
  g_autoptr (SottoDocument) locked = create ("locked.pdf");
  g_autoptr (GError) error = NULL;

  if (!has_pdfs ())
    return;
  pages = read_pages ("blank.pdf");
  g_assert_cmpuint (pages->len, ==, 2);
  assert_page (pages, 0, 1, "Only the first has words.");
  assert_page (pages, 1, 3, "And the third: ``` fences ```.");
  g_assert_null (finish_pages (scanned, &error));
  g_assert_error (error, SOTTO_DOCUMENT_ERROR, SOTTO_DOCUMENT_ERROR_NO_TEXT);
  g_clear_error (&error);
  g_assert_null (finish_pages (locked, &error));
  g_assert_error (error, SOTTO_DOCUMENT_ERROR, SOTTO_DOCUMENT_ERROR_LOCKED);
}

static gpointer
read_elsewhere (gpointer data)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (SottoDocument) document = create ("plain.pdf");
  g_autoptr (GAsyncResult) result = NULL;
  GPtrArray *pages;

  g_main_context_push_thread_default (context);
  sotto_document_read_pages_async (document, on_ready, &result);
  while (result == NULL)
    g_main_context_iteration (context, TRUE);
  pages = sotto_document_read_pages_finish (document, result, NULL);
  g_main_context_pop_thread_default (context);
  return pages;
}

/* Folders may read in a thread of their own. */
static void
test_pages_in_thread (void)
{
  g_autoptr (GPtrArray) pages = NULL;

  if (!has_pdfs ())
    return;
  pages = g_thread_join (g_thread_new ("reader", read_elsewhere, NULL));
  g_assert_cmpuint (pages->len, ==, 3);
  assert_page (pages, 2, 3, "The third page is the last.");
}

static void
test_names (void)
{
  const char *const known[] = { "notes.txt", "READ.ME.MD", "a b.Csv", ".hidden.org" };
  const char *const others[] = { "", "txt", ".txt", "Makefile", "main.c", "picture.png", "notes.txt~", "archive.tar.gz", "a.", "." };

  for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
    g_assert_true (sotto_document_knows_name (known[i]));
  for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
    g_assert_false (sotto_document_knows_name (others[i]));
  g_assert_true (sotto_document_knows_name ("Report.PDF") == sotto_document_can_read_pdf ());
}

static void
test_gone (void)
{
  g_autoptr (SottoDocument) document = create ("never was");
  g_autoptr (GError) error = NULL;

  g_assert_null (finish (document, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

/* --- PDFs --- */

static void
test_pages (void)
{
  g_autofree char *text = NULL;
  g_autofree char *blank = NULL;
  g_autofree char *about = NULL;

  if (!has_pdfs ())
    return;
  text = read_text ("plain.pdf");
  g_assert_cmpstr (text, ==, "plain.pdf:\n\n```\n[Page 1]\nThe first page speaks of a lighthouse.\n\n"
                             "[Page 2]\nThe second page: its keeper is called Ottilie Brandt.\n\n"
                             "[Page 3]\nThe third page is the last.\n```\n");
  blank = read_text ("blank.pdf");
  g_assert_cmpstr (blank, ==, "blank.pdf:\n\n````\n[Page 1]\nOnly the first has words.\n\n[Page 2: no text]\n\n"
                              "[Page 3]\nAnd the third: ``` fences ```.\n````\n");
  about = read_text ("about.txt");
  g_assert_cmpstr (about, ==, "about.txt:\n\n```\nA file that begins with %PDF- is a PDF.\n```\n");
}

static void
test_letters (void)
{
  g_autofree char *text = NULL;
  g_autofree char *eastern = NULL;

  if (!has_pdfs ())
    return;
  text = read_text ("letters.pdf");
  g_test_message ("%s", text);
  g_assert_nonnull (strstr (text, "affluent officer’s baffling flight: “fjord”, naïve, Straße, Łódź."));
  eastern = read_text ("eastern.pdf");
  g_assert_nonnull (strstr (eastern, "灯台守の名前はオットーです。"));
  g_assert_nonnull (strstr (eastern, "他的名字叫奥托。"));
  g_assert_nonnull (strstr (eastern, "등대지기의 이름은 오토입니다."));
}

/* An encoding that the document only names is in poppler's tables, the one thing that may still be opened. */
static void
test_named_encoding (void)
{
  g_autofree char *text = NULL;

  if (!has_pdfs ())
    return;
  text = read_text ("named_encoding.pdf");
  g_test_message ("%s", text);
  if (strstr (text, "灯台守の名前") == NULL)
    g_test_skip ("poppler's tables are not installed, or the kernel has no Landlock");
}

static void
test_columns (void)
{
  g_autofree char *text = NULL;

  if (!has_pdfs ())
    return;
  text = read_text ("columns.pdf");
  g_assert_true (strstr (text, "left column, line 20") < strstr (text, "right column, line 1 "));
}

static void
test_hyphens (void)
{
  g_autofree char *text = NULL;

  if (!has_pdfs ())
    return;
  text = read_text ("hyphens.pdf");
  g_assert_cmpstr (text, ==, "hyphens.pdf:\n\n```\n[Page 1]\nA document may be cut: this document,\nis cut, and a well-\n"
                             "known word is, and wonder-\nful.\nHe is well-known.\n```\n");
}

/* What was filled in stands behind the page. */
static void
test_form (void)
{
  g_autofree char *text = NULL;

  if (!has_pdfs ())
    return;
  text = read_text ("form.pdf");
  g_assert_cmpstr (text, ==, "form.pdf:\n\n```\n[Page 1]\nAn application\nkeeper: Ottilie Brandt\nlamp: x\n```\n");
}

static void
test_shapes (void)
{
  const char *const names[] = { "restricted.pdf", "linearized.pdf" };
  g_autofree char *later = NULL;
  g_autofree char *steering = NULL;
  g_autofree char *cut = NULL;

  if (!has_pdfs ())
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *text = read_text (names[i]);

      g_assert_nonnull (strstr (text, "[Page 2]\nThe second page: its keeper is called Ottilie Brandt."));
    }
  later = read_text ("later.pdf");
  g_assert_nonnull (strstr (later, "behind junk"));
  steering = read_text ("steering.pdf");
  g_assert_null (strpbrk (steering, "\033\007"));
  /* What is left of it is read, as far as its pages can be found. */
  cut = read_text ("shortened.pdf");
  g_assert_nonnull (strstr (cut, "The first page speaks of a lighthouse."));
  assert_refused ("truncated.pdf", SOTTO_DOCUMENT_ERROR_DAMAGED);
}

static void
on_page (SottoDocument *document, GParamSpec *pspec, guint *n)
{
  g_assert_cmpuint (sotto_document_get_page (document), <=, sotto_document_get_n_pages (document));
  g_assert_cmpuint (sotto_document_get_n_pages (document), ==, 3000);
  (*n)++;
}

static void
test_many (void)
{
  g_autoptr (SottoDocument) document = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  gint64 before;
  guint n = 0;

  if (!has_pdfs ())
    return;
  document = create ("many.pdf");
  g_signal_connect (document, "notify::page", G_CALLBACK (on_page), &n);
  before = g_get_monotonic_time ();
  text = finish (document, &error);
  g_test_message ("3,000 pages in %.2f s, told of %u times", (double) (g_get_monotonic_time () - before) / G_USEC_PER_SEC, n);
  g_assert_no_error (error);
  g_assert_nonnull (strstr (text, "[Page 3000]\nThis is page number 3000."));
  g_assert_cmpuint (n, >, 1);
  g_assert_cmpuint (sotto_document_get_page (document), ==, 3000);
}

static void
test_refused (void)
{
  if (!has_pdfs ())
    return;
  assert_refused ("locked.pdf", SOTTO_DOCUMENT_ERROR_LOCKED);
  assert_refused ("scanned.pdf", SOTTO_DOCUMENT_ERROR_NO_TEXT);
  assert_refused ("beginning.pdf", SOTTO_DOCUMENT_ERROR_DAMAGED);
  assert_refused ("zip.pdf", SOTTO_DOCUMENT_ERROR_MISNAMED);
  assert_refused ("long.pdf", SOTTO_DOCUMENT_ERROR_TOO_LONG);
}

/* It ends, soon, and Sotto is there. */
static void
assert_survived (const char *name, guint seconds)
{
  SottoDocumentBounds bounds = sotto_document_bounds;
  g_autoptr (SottoDocument) document = create (name);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  const gint64 before = g_get_monotonic_time ();

  bounds.seconds = seconds;
  sotto_document_set_bounds (document, &bounds);
  text = finish (document, &error);
  g_test_message ("%s: %s after %.1f s", name, text != NULL ? "read" : error->message,
                  (double) (g_get_monotonic_time () - before) / G_USEC_PER_SEC);
  g_assert_true (text != NULL || error->domain == SOTTO_DOCUMENT_ERROR);
}

static void
test_hostile (void)
{
  if (!has_pdfs ())
    return;
  assert_survived ("bomb.pdf", 4);
  assert_survived ("twice.pdf", 4);
  assert_survived ("circle.pdf", 10);
  assert_survived ("promises.pdf", 10);
  assert_survived ("nested.pdf", 10);
}

/* More time than a person has is not given to a document. */
static void
test_slow (void)
{
  SottoDocumentBounds bounds = sotto_document_bounds;
  g_autoptr (SottoDocument) document = NULL;
  g_autoptr (GError) error = NULL;

  if (!has_pdfs ())
    return;
  document = create ("bomb.pdf");
  bounds.seconds = 1;
  sotto_document_set_bounds (document, &bounds);
  g_assert_null (finish (document, &error));
  g_assert_error (error, SOTTO_DOCUMENT_ERROR, SOTTO_DOCUMENT_ERROR_TOO_SLOW);
}

static gboolean
has_pages (gpointer data)
{
  return sotto_document_get_n_pages (data) > 0;
}

static void
test_cancel (void)
{
  g_autoptr (SottoDocument) document = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  if (!has_pdfs ())
    return;
  document = create ("many.pdf");
  sotto_document_read_async (document, on_ready, &result);
  harness_wait_for (has_pages, document, 20);
  sotto_document_cancel (document);
  harness_wait_for (has_result, &result, 2);
  g_assert_null (sotto_document_read_finish (document, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* --- The helper --- */

static void
test_no_helper (void)
{
  g_autofree char *before = g_strdup (g_getenv ("SOTTO_PDF_TEXT"));

  write_file ("small.pdf", "%PDF-1.4\n", -1);
  g_setenv ("SOTTO_PDF_TEXT", "/nowhere/sotto-pdf-text", TRUE);
  g_assert_false (sotto_document_can_read_pdf ());
  assert_refused ("small.pdf", SOTTO_DOCUMENT_ERROR_NO_READER);
  /* One that says nothing, and one that cannot be trusted */
  g_setenv ("SOTTO_PDF_TEXT", "/bin/true", TRUE);
  assert_refused ("small.pdf", SOTTO_DOCUMENT_ERROR_DAMAGED);
  g_setenv ("SOTTO_PDF_TEXT", "/bin/echo", TRUE);
  assert_refused ("small.pdf", SOTTO_DOCUMENT_ERROR_DAMAGED);
  if (before != NULL)
    g_setenv ("SOTTO_PDF_TEXT", before, TRUE);
  else
    g_unsetenv ("SOTTO_PDF_TEXT");
}

static void
test_words (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (int code = SOTTO_DOCUMENT_ERROR_FOREIGN; code <= SOTTO_DOCUMENT_ERROR_PICTURE_UNSAFE; code++)
    {
      g_autoptr (SottoDocument) document = create ("a %s.pdf");
      g_autoptr (GError) error = g_error_new_literal (SOTTO_DOCUMENT_ERROR, code, "technical");
      char *words = sotto_document_describe_error (document, error);

      g_assert_nonnull (strstr (words, "“a %s.pdf”"));
      g_assert_true (g_str_has_suffix (words, "."));
      g_assert_true (g_hash_table_add (seen, words));
    }
}

int
main (int argc, char **argv)
{
  int failed;

  g_setenv ("LC_ALL", "C.UTF-8", TRUE);
  g_test_init (&argc, &argv, NULL);
  make_folder ();

  g_test_add_func ("/document/text", test_text);
  g_test_add_func ("/document/pages-of-text", test_pages_of_text);
  g_test_add_func ("/document/pages-of-pdf", test_pages_of_pdf);
  g_test_add_func ("/document/pages-in-thread", test_pages_in_thread);
  g_test_add_func ("/document/names", test_names);
  g_test_add_func ("/document/gone", test_gone);
  g_test_add_func ("/document/pages", test_pages);
  g_test_add_func ("/document/letters", test_letters);
  g_test_add_func ("/document/named-encoding", test_named_encoding);
  g_test_add_func ("/document/columns", test_columns);
  g_test_add_func ("/document/hyphens", test_hyphens);
  g_test_add_func ("/document/form", test_form);
  g_test_add_func ("/document/shapes", test_shapes);
  g_test_add_func ("/document/many", test_many);
  g_test_add_func ("/document/refused", test_refused);
  g_test_add_func ("/document/hostile", test_hostile);
  g_test_add_func ("/document/slow", test_slow);
  g_test_add_func ("/document/cancel", test_cancel);
  g_test_add_func ("/document/no-helper", test_no_helper);
  g_test_add_func ("/document/words", test_words);

  failed = g_test_run ();
  remove_folder ();
  return failed;
}
