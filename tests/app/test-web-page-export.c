/* A conversation as a page of the web, as the window has it written: out of a history, with pictures, cancelled and in the way. */

#include "harness-pictures.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

static const char prefix[] = "src=\"data:image/png;base64,";

/* What no page shall have of a picture's file */
static const char secret[] = "GPS 48.8584 N 2.2945 E";

static GFile *
file_of (const char *name)
{
  return g_file_new_build_filename (g_get_user_data_dir (), name, NULL);
}

static gboolean
run (SottoTransfer *transfer, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  sotto_transfer_run_async (transfer, harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 120);
  return sotto_transfer_run_finish (transfer, result, error);
}

static SottoTransfer *
new_export (SottoApp *app, SottoConversation *conversation, const char *name)
{
  g_autoptr (GFile) file = file_of (name);

  return sotto_transfer_new_export (sotto_app_get_conversations (app), conversation, SOTTO_EXPORT_WEB_PAGE, file);
}

static char *
contents_of (const char *name)
{
  g_autoptr (GFile) file = file_of (name);
  char *text = NULL;

  g_assert_true (g_file_load_contents (file, NULL, &text, NULL, NULL, NULL));
  return text;
}

static char *
export (SottoApp *app, SottoConversation *conversation)
{
  g_autoptr (SottoTransfer) transfer = new_export (app, conversation, "talk.html");
  g_autoptr (GError) error = NULL;
  GStatBuf info;

  run (transfer, &error);
  g_assert_no_error (error);
  g_assert_cmpfloat (sotto_transfer_get_fraction (transfer), >, 0.99);
  g_assert_cmpint (g_stat (g_file_peek_path (sotto_transfer_get_file (transfer)), &info), ==, 0);
  g_assert_cmpuint (info.st_mode & 07777, ==, 0600);
  return contents_of ("talk.html");
}

/* Two pixels, and behind them what a camera might have written */
static GBytes *
create_photograph (void)
{
  GByteArray *file = g_byte_array_new ();

  g_byte_array_append (file, two_pixels, sizeof two_pixels);
  g_byte_array_append (file, (const guint8 *) secret, sizeof secret);
  return g_byte_array_free_to_bytes (file);
}

static SottoConversation *
begin (SottoApp *app, const char *text)
{
  SottoConversation *conversation = sotto_conversation_list_create (sotto_app_get_conversations (app));
  g_autoptr (GBytes) photograph = create_photograph ();
  g_autoptr (GError) error = NULL;

  g_assert_true (try_attach (conversation, photograph, "tower.bmp", &error));
  g_assert_no_error (error);
  g_assert_true (try_attach (conversation, photograph, "again.bmp", &error));
  harness_send (conversation, text);
  harness_wait_idle (conversation);
  return conversation;
}

/* Returns: the picture that begins behind @at, read by another hand than wrote it, and what stands behind it */
static const char *
assert_picture_at (const char *at)
{
  const char *found = strstr (at, prefix);
  const char *end;
  g_autofree char *base64 = NULL;
  g_autofree guchar *data = NULL;
  g_autoptr (GBytes) file = NULL;
  g_autoptr (SottoAttachment) picture = NULL;
  g_autoptr (SottoImage) image = NULL;
  g_autoptr (GError) error = NULL;
  gsize length;

  g_assert_nonnull (found);
  found += strlen (prefix);
  end = strchr (found, '"');
  base64 = g_strndup (found, (gsize) (end - found));
  data = g_base64_decode (base64, &length);
  g_assert_null (memmem (data, length, "GPS", 3));
  file = g_bytes_new_take (g_steal_pointer (&data), length);
  picture = sotto_attachment_new_picture ("read.png", "image/png", file);
  image = load (picture, &error);
  g_assert_no_error (error);
  assert_image (image);
  return end;
}

static void
test_pictures (void)
{
  SottoApp *app = harness_open ();
  SottoConversation *conversation = begin (app, "Which <tower> is this?");
  g_autofree char *base64 = g_base64_encode ((const guchar *) secret, sizeof secret);
  g_autofree char *page = export (app, conversation);
  const char *at;

  g_assert_true (g_str_has_prefix (page, "<!DOCTYPE html>\n"));
  g_assert_true (g_str_has_suffix (page, "</html>\n"));
  g_assert_nonnull (strstr (page, ">Which &lt;tower&gt; is this?<"));
  g_assert_nonnull (strstr (page, "alt=\"tower.bmp\""));
  at = assert_picture_at (page);
  at = assert_picture_at (at);
  g_assert_null (strstr (at, prefix));
  g_assert_null (strstr (page, secret));
  g_assert_null (strstr (page, base64));
  harness_close (app);
}

/* What is not kept can be taken along all the same. */
static void
test_temporary (void)
{
  SottoApp *app = harness_open ();
  SottoConversation *conversation = sotto_conversation_list_create_temporary (sotto_app_get_conversations (app));
  g_autofree char *page = NULL;

  attach (conversation, "tower.bmp");
  harness_send (conversation, "Not for long");
  harness_wait_idle (conversation);
  page = export (app, conversation);
  g_assert_nonnull (strstr (page, ">Not for long<"));
  assert_picture_at (page);
  harness_close (app);
}

/* Whole or not at all: what was there stays, and where nothing was nothing is. */
static void
test_cancelled (void)
{
  SottoApp *app = harness_open ();
  SottoConversation *conversation = begin (app, "Which tower is this?");

  for (guint i = 0; i < 2; i++)
    {
      const char *name = i == 0 ? "none.html" : "former.html";
      g_autoptr (GFile) file = file_of (name);
      g_autoptr (SottoTransfer) transfer = new_export (app, conversation, name);
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (GError) error = NULL;

      if (i == 1)
        g_assert_true (g_file_replace_contents (file, "former", 6, NULL, FALSE, 0, NULL, NULL, NULL));
      sotto_transfer_run_async (transfer, harness_on_ready, &result);
      sotto_transfer_cancel (transfer);
      harness_wait_for (harness_has_result, &result, 60);
      g_assert_false (sotto_transfer_run_finish (transfer, result, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      if (i == 0)
        g_assert_false (g_file_query_exists (file, NULL));
      else
        {
          g_autofree char *former = contents_of (name);

          g_assert_cmpstr (former, ==, "former");
        }
    }
  harness_close (app);
}

/* Who closes does not wait for a picture for ever, and it does not wait for who closes. */
static void
test_closing (void)
{
  SottoApp *app = harness_open ();
  SottoConversation *conversation = begin (app, "Which tower is this?");
  g_autoptr (SottoTransfer) transfer = new_export (app, conversation, "closed.html");
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  sotto_transfer_run_async (transfer, harness_on_ready, &result);
  harness_close (app);
  harness_wait_for (harness_has_result, &result, 60);
  if (!sotto_transfer_run_finish (transfer, result, &error))
    {
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_assert_false (g_file_query_exists (sotto_transfer_get_file (transfer), NULL));
    }
}

int
main (int argc, char **argv)
{
  harness_prepare ();
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  if (!sotto_document_can_read_pictures ())
    {
      g_print ("1..0 # SKIP the helper is not built\n");
      return 0;
    }
  g_test_add_func ("/web-page-export/pictures", test_pictures);
  g_test_add_func ("/web-page-export/temporary", test_temporary);
  g_test_add_func ("/web-page-export/cancelled", test_cancelled);
  g_test_add_func ("/web-page-export/closing", test_closing);
  return g_test_run ();
}
