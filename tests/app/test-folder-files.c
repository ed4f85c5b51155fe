#include "harness-folders.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "document/folder-walk.h"

/* What may lie in a folder of documents: pipes, links, names that are no text, what may not be read, and documents with pages. */

#define LIGHTHOUSE "# The lighthouse\n\nThe keeper of Skomvær is called Ingeborg. She winds the clockwork every four hours.\n"
#define HARBOUR "The harbour is closed from November to March, as the ice is too thick for ferries.\n"

static void
test_strange (void)
{
  SottoApp *app = harness_open ();
  g_autofree char *path = harness_create_folder ("strange");
  g_autofree char *fifo = g_build_filename (path, "fifo.txt", NULL);
  g_autofree char *link = g_build_filename (path, "link.txt", NULL);
  g_autofree char *loop = g_build_filename (path, "loop", NULL);
  g_autofree char *bytes = g_build_filename (path, "caf\xe9 %41.txt", NULL);
  g_autofree char *lines = g_build_filename (path, "two\nlines.txt", NULL);
  g_autoptr (GString) deep = g_string_new (path);
  g_autoptr (GPtrArray) parts = NULL;
  const SottoHistoryPart *part;
  g_autoptr (GFile) file = NULL;
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  SottoDocumentFolder *folder;
  int door = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  harness_write (path, "lighthouse.md", LIGHTHOUSE);
  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  g_assert_cmpint (symlink ("/etc/passwd", link), ==, 0);
  g_assert_cmpint (symlink (".", loop), ==, 0);
  /* The name of a socket must not be long. */
  g_assert_cmpint (g_chdir (path), ==, 0);
  g_strlcpy (address.sun_path, "door.txt", sizeof address.sun_path);
  g_assert_cmpint (bind (door, (const struct sockaddr *) &address, sizeof address), ==, 0);
  g_assert_cmpint (g_chdir ("/"), ==, 0);
  g_assert_true (g_file_set_contents (bytes, "Coffee is served in the tower.", -1, NULL));
  g_assert_true (g_file_set_contents (lines, "Umbrellas are lent downstairs.", -1, NULL));
  for (guint i = 0; i < 40; i++)
    g_string_append (deep, "/d");
  harness_write (deep->str, "deep.txt", "Far too deep for anybody.");

  folder = harness_add_folder (app, path);
  g_assert_cmpint (sotto_document_folder_get_state (folder), ==, SOTTO_FOLDER_STATE_READY);
  harness_assert_documents (folder, 3, 0);
  g_assert_nonnull (strstr (sotto_document_folder_get_status_text (folder), "more than Sotto reads"));
  parts = harness_find (app, "coffee");
  g_assert_cmpuint (parts->len, ==, 1);
  part = g_ptr_array_index (parts, 0);
  g_assert_true (g_utf8_validate (part->name, -1, NULL));
  g_assert_true (g_str_has_suffix (part->name, " %41.txt"));
  file = g_file_new_for_uri (part->uri);
  g_assert_cmpstr (g_file_peek_path (file), ==, bytes);
  g_clear_pointer (&parts, g_ptr_array_unref);
  parts = harness_find (app, "umbrellas");
  g_assert_cmpstr (((const SottoHistoryPart *) g_ptr_array_index (parts, 0))->name, ==, "two lines.txt");

  harness_forget_folder (app, folder);
  harness_close (app);
  close (door);
  harness_remove_folder (path);
}

static void
test_names (void)
{
  const char *names[] = { "plain", "50%", "50%25", "caf\xc3\xa9", "caf\xe9", "%e9%E9", "\xff\xfe%", NULL };

  for (guint i = 0; names[i] != NULL; i++)
    {
      g_autofree char *encoded = sotto_folder_encode_name (names[i]);
      g_autofree char *decoded = sotto_folder_decode_path (encoded);

      g_assert_true (g_utf8_validate (encoded, -1, NULL));
      g_assert_cmpstr (decoded, ==, names[i]);
      for (guint j = 0; j < i; j++)
        {
          g_autofree char *other = sotto_folder_encode_name (names[j]);

          g_assert_cmpstr (encoded, !=, other);
        }
    }
}

/* A root's own tests may read everything. */
static gboolean
skip_as_root (const char *path)
{
  if (access (path, R_OK) != 0)
    return FALSE;
  g_test_skip ("who runs the tests may read what nobody may");
  return TRUE;
}

static void
test_rights (void)
{
  SottoApp *app = harness_open ();
  g_autofree char *path = harness_create_folder ("rights");
  g_autofree char *file = g_build_filename (path, "lighthouse.md", NULL);
  g_autofree char *inner = g_build_filename (path, "inner", NULL);
  SottoDocumentFolder *folder;

  harness_write (path, "lighthouse.md", LIGHTHOUSE);
  harness_write (inner, "harbour.txt", HARBOUR);
  folder = harness_add_folder (app, path);
  harness_assert_documents (folder, 2, 0);

  /* What may not be looked into is not gone. */
  g_assert_cmpint (g_chmod (inner, 0), ==, 0);
  if (!skip_as_root (inner))
    {
      harness_look_again (app, folder);
      harness_assert_documents (folder, 2, 0);
      g_assert_true (harness_finds (app, "ferries", "ice"));

      /* What has changed and may not be read is not found as it was; once it may be, it is read. */
      harness_write (path, "lighthouse.md", "The keeper may not be told.\n");
      g_assert_cmpint (g_chmod (file, 0), ==, 0);
      harness_look_again (app, folder);
      harness_assert_documents (folder, 1, 1);
      g_assert_false (harness_finds (app, "keeper", "Ingeborg"));
      g_assert_cmpint (g_chmod (file, 0600), ==, 0);
      harness_look_again (app, folder);
      harness_assert_documents (folder, 2, 0);
      g_assert_true (harness_finds (app, "keeper", "told"));

      g_assert_cmpint (g_chmod (path, 0), ==, 0);
      harness_look_again (app, folder);
      g_assert_cmpint (sotto_document_folder_get_state (folder), ==, SOTTO_FOLDER_STATE_FAILED);
      g_assert_nonnull (sotto_document_folder_get_problem (folder));
      g_assert_true (harness_finds (app, "keeper", "told"));
      g_assert_cmpint (g_chmod (path, 0700), ==, 0);
      harness_look_again (app, folder);
      g_assert_null (sotto_document_folder_get_problem (folder));
      harness_assert_documents (folder, 2, 0);
    }
  g_assert_cmpint (g_chmod (inner, 0700), ==, 0);

  harness_forget_folder (app, folder);
  harness_close (app);
  harness_remove_folder (path);
}

/* A PDF of two pages, as short as one may be */
static void
write_pdf (const char *folder, const char *name)
{
  const char *texts[] = { "The lamp burns rapeseed oil.", "The fog bell is rung by hand." };
  g_autoptr (GString) pdf = g_string_new ("%PDF-1.4\n1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj\n"
                                          "2 0 obj <</Type /Pages /Count 2 /Kids [3 0 R 5 0 R]>> endobj\n");

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autofree char *content = g_strdup_printf ("BT /F 12 Tf 72 700 Td (%s) Tj ET", texts[i]);

      g_string_append_printf (pdf, "%u 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %u 0 R /Resources "
                                   "<</Font <</F <</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>>>>>>> endobj\n"
                                   "%u 0 obj <</Length %u>> stream\n%s\nendstream endobj\n",
                              3 + 2 * i, 4 + 2 * i, 4 + 2 * i, (guint) strlen (content), content);
    }
  g_string_append (pdf, "trailer <</Root 1 0 R>>\n%%EOF\n");
  harness_write (folder, name, pdf->str);
}

static void
test_pages (void)
{
  SottoApp *app;
  g_autofree char *path = NULL;
  g_autoptr (GPtrArray) parts = NULL;
  const SottoHistoryPart *part;
  SottoDocumentFolder *folder;

  if (!sotto_document_can_read_pdf ())
    {
      g_test_skip ("the helper that reads PDFs is not here");
      return;
    }
  app = harness_open ();
  path = harness_create_folder ("pages");
  write_pdf (path, "lamp.PDF");
  harness_write (path, "broken.pdf", "%PDF-1.4\nand nothing behind it");
  folder = harness_add_folder (app, path);
  harness_assert_documents (folder, 1, 1);
  parts = harness_find (app, "rapeseed oil");
  g_assert_cmpuint (parts->len, ==, 1);
  part = g_ptr_array_index (parts, 0);
  g_assert_cmpstr (part->name, ==, "lamp.PDF");
  g_assert_cmpuint (part->first_page, ==, 1);
  g_assert_cmpuint (part->last_page, ==, 2);
  g_assert_nonnull (strstr (part->text, "fog bell"));

  harness_forget_folder (app, folder);
  harness_close (app);
  harness_remove_folder (path);
}

int
main (int argc, char **argv)
{
  harness_prepare ();
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/folder-files/strange", test_strange);
  g_test_add_func ("/folder-files/names", test_names);
  g_test_add_func ("/folder-files/rights", test_rights);
  g_test_add_func ("/folder-files/pages", test_pages);

  return g_test_run ();
}
