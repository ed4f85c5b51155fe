#include "document-harness.h"

#include <glib/gstdio.h>
#include <string.h>

#include "conversation/attachment-private.h"
#include "harness-wait.h"

static char *folder;

void
make_folder (void)
{
  folder = g_dir_make_tmp ("sotto-document-XXXXXX", NULL);
}

gboolean
make_files (const char *script_name)
{
  g_autofree char *script = g_test_build_filename (G_TEST_DIST, "app", script_name, NULL);
  const char *command[] = { "python3", script, folder, NULL };
  g_autoptr (GSubprocess) maker = g_subprocess_newv (command, G_SUBPROCESS_FLAGS_NONE, NULL);

  return maker != NULL && g_subprocess_wait_check (maker, NULL, NULL);
}

void
on_ready (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

gboolean
has_result (gpointer data)
{
  return *(GAsyncResult **) data != NULL;
}

SottoDocument *
create (const char *name)
{
  g_autofree char *path = g_path_is_absolute (name) ? g_strdup (name) : g_build_filename (folder, name, NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);

  return sotto_document_new (file);
}

char *
finish (SottoDocument *document, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (SottoAttachment) attachment = NULL;
  g_autoptr (GString) block = NULL;

  sotto_document_read_async (document, on_ready, &result);
  harness_wait_for (has_result, &result, 60);
  attachment = sotto_document_read_finish (document, result, error);
  if (attachment == NULL)
    return NULL;
  block = g_string_new (NULL);
  sotto_attachment_write (attachment, block);
  return g_string_free_and_steal (g_steal_pointer (&block));
}

char *
read_text (const char *name)
{
  g_autoptr (SottoDocument) document = create (name);
  g_autoptr (GError) error = NULL;
  char *text = finish (document, &error);

  g_assert_no_error (error);
  g_assert_true (g_utf8_validate (text, -1, NULL));
  return text;
}

void
assert_refused (const char *name, SottoDocumentError code)
{
  g_autoptr (SottoDocument) document = create (name);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = finish (document, &error);
  g_autofree char *words = NULL;

  g_test_message ("%s: %s", name, text != NULL ? "read" : error->message);
  g_assert_null (text);
  g_assert_error (error, SOTTO_DOCUMENT_ERROR, (int) code);
  words = sotto_document_describe_error (document, error);
  g_assert_nonnull (strstr (words, name));
}

void
write_file (const char *name, const char *data, gssize length)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  g_assert_true (g_file_set_contents (path, data, length, NULL));
}

GPtrArray *
finish_pages (SottoDocument *document, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  sotto_document_read_pages_async (document, on_ready, &result);
  harness_wait_for (has_result, &result, 60);
  return sotto_document_read_pages_finish (document, result, error);
}

GPtrArray *
read_pages (const char *name)
{
  g_autoptr (SottoDocument) document = create (name);
  g_autoptr (GError) error = NULL;
  GPtrArray *pages = finish_pages (document, &error);

  g_assert_no_error (error);
  return pages;
}

void
assert_page (GPtrArray *pages, guint position, guint number, const char *text)
{
  const SottoDocumentPage *page = g_ptr_array_index (pages, position);

  g_assert_cmpuint (page->number, ==, number);
  g_assert_cmpstr (page->text, ==, text);
}

void
remove_folder (void)
{
  g_autoptr (GDir) there = g_dir_open (folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (there)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      g_unlink (path);
    }
  g_rmdir (folder);
  g_free (folder);
}
