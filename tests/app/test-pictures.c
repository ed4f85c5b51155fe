#include "harness-pictures.h"

#include <string.h>

#include "document/document-private.h"
#include "document/picture-helper.h"

/* Pictures that are attached to a message: taken, decoded, refused. What decoding makes of them is test-picture.py's. */

/* --- One --- */

static void
test_object (void)
{
  g_autoptr (GBytes) file = create_file ();
  g_autoptr (SottoAttachment) picture = sotto_attachment_new_picture ("my\ncat.bmp", NULL, file);
  g_autoptr (SottoHistoryPart) part = sotto_attachment_to_part (picture);
  g_autoptr (SottoAttachment) again = NULL;
  g_autoptr (GString) block = g_string_new ("> ");
  g_autoptr (SottoImage) image = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *size = sotto_attachment_describe (picture);

  assert_picture (picture, "my cat.bmp");
  g_assert_nonnull (strstr (size, "62"));
  g_assert_cmpuint (sotto_attachment_get_size (picture), ==, 62);
  g_assert_false (sotto_attachment_was_formatted (picture));
  sotto_attachment_write (picture, block);
  g_assert_cmpstr (block->str, ==, "> [Picture “my cat.bmp”: not shown to you]\n");

  g_assert_cmpint (part->kind, ==, SOTTO_HISTORY_PART_IMAGE);
  g_assert_cmpstr (part->text, ==, "");
  g_assert_true (sotto_attachment_is_part (part));
  again = sotto_attachment_new_from_part (part, NULL);
  assert_picture (again, "my cat.bmp");

  g_assert_null (sotto_attachment_peek_image (picture));
  image = load (picture, &error);
  g_assert_no_error (error);
  assert_image (image);
  g_assert_true (sotto_attachment_peek_image (picture) == image);

  /* One that came without its bytes is nothing that could be shown. */
  g_clear_pointer (&part->data, g_bytes_unref);
  g_assert_false (sotto_attachment_is_part (part));
}

/* Several who ask at once get the same; one who does not wait any more takes nothing from the others. */
static void
test_at_once (void)
{
  g_autoptr (GBytes) file = create_file ();
  g_autoptr (SottoAttachment) picture = sotto_attachment_new_picture ("a.bmp", NULL, file);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) first = NULL;
  g_autoptr (GAsyncResult) second = NULL;
  g_autoptr (SottoImage) image = NULL;
  g_autoptr (GError) error = NULL;

  sotto_attachment_load_image_async (picture, cancellable, harness_on_ready, &first);
  sotto_attachment_load_image_async (picture, NULL, harness_on_ready, &second);
  g_cancellable_cancel (cancellable);
  harness_wait_for (harness_has_result, &second, 60);
  image = sotto_attachment_load_image_finish (picture, second, &error);
  g_assert_no_error (error);
  assert_image (image);
  harness_wait_for (harness_has_result, &first, 60);
  g_assert_null (sotto_attachment_load_image_finish (picture, first, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* More than may run at the same time: each has its turn. */
static void
test_many (void)
{
  g_autoptr (GBytes) file = create_file ();
  SottoAttachment *pictures[12];
  GAsyncResult *results[12] = { NULL };

  for (guint i = 0; i < G_N_ELEMENTS (pictures); i++)
    {
      pictures[i] = sotto_attachment_new_picture ("a.bmp", NULL, file);
      sotto_attachment_load_image_async (pictures[i], NULL, harness_on_ready, &results[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (pictures); i++)
    {
      g_autoptr (SottoImage) image = NULL;

      harness_wait_for (harness_has_result, &results[i], 60);
      image = sotto_attachment_load_image_finish (pictures[i], results[i], NULL);
      assert_image (image);
      g_object_unref (results[i]);
      g_object_unref (pictures[i]);
    }
}

/* --- What a helper sends --- */

static int
take_apart (const guint8 *stream, gsize length)
{
  g_autoptr (GBytes) bytes = g_bytes_new (stream, length);
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoImage) image = sotto_picture_take_apart (bytes, &error);

  if (image != NULL)
    {
      assert_image (image);
      return -1;
    }
  g_assert_cmpuint (error->domain, ==, SOTTO_DOCUMENT_ERROR);
  return error->code;
}

static void
test_stream (void)
{
  static const guint8 good[] = { 'i', 14, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 255, 0, 0, 0, 0, 255, 'z', 0, 0, 0, 0 };
  static const struct { guint8 why; SottoDocumentError code; } refusals[] = {
    { 1, SOTTO_DOCUMENT_ERROR_PICTURE_DAMAGED }, { 2, SOTTO_DOCUMENT_ERROR_PICTURE_DAMAGED },
    { 3, SOTTO_DOCUMENT_ERROR_PICTURE_LARGE }, { 4, SOTTO_DOCUMENT_ERROR_PICTURE_UNSAFE },
    { 5, SOTTO_DOCUMENT_ERROR_PICTURE_FORMAT }, { 77, SOTTO_DOCUMENT_ERROR_PICTURE_DAMAGED },
  };
  guint8 changed[sizeof good + 1] = { 0 };

  g_assert_cmpint (take_apart (good, sizeof good), ==, -1);
  /* Cut off anywhere, too long by a byte, and with any byte of its frame changed, it is none. */
  for (gsize i = 0; i < sizeof good; i++)
    g_assert_cmpint (take_apart (good, i), ==, SOTTO_DOCUMENT_ERROR_PICTURE_DAMAGED);
  memcpy (changed, good, sizeof good);
  g_assert_cmpint (take_apart (changed, sizeof changed), ==, SOTTO_DOCUMENT_ERROR_PICTURE_DAMAGED);
  for (gsize i = 0; i < sizeof good; i++)
    if (i < 13 || i > 18)
      {
        memcpy (changed, good, sizeof good);
        changed[i] ^= 0x81;
        g_assert_cmpint (take_apart (changed, sizeof good), ==, SOTTO_DOCUMENT_ERROR_PICTURE_DAMAGED);
      }
  for (gsize i = 0; i < G_N_ELEMENTS (refusals); i++)
    {
      const guint8 refusal[] = { 'x', 1, 0, 0, 0, refusals[i].why };

      g_assert_cmpint (take_apart (refusal, sizeof refusal), ==, refusals[i].code);
    }
}

/* --- Refused --- */

static void
assert_refused (SottoConversation *conversation, GBytes *bytes, int code)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *words = NULL;

  g_assert_false (try_attach (conversation, bytes, "Pasted", &error));
  g_assert_error (error, SOTTO_DOCUMENT_ERROR, code);
  words = sotto_document_describe_error_of ("Pasted", error);
  g_assert_nonnull (strstr (words, "“Pasted”"));
  g_assert_cmpuint (harness_length (sotto_conversation_get_attachments (conversation)), ==, 0);
}

static void
test_refused (void)
{
  SottoApp *app = harness_open ();
  SottoConversation *conversation = sotto_conversation_list_create (sotto_app_get_conversations (app));
  g_autoptr (GBytes) words = g_bytes_new_static ("Only words, and none of them a picture", 30);
  g_autoptr (GBytes) cut = create_bytes (sizeof two_pixels - 3);
  g_autoptr (GBytes) file = create_file ();
  const gsize length = SOTTO_ATTACHMENT_MAX_PICTURE_BYTES + 1;
  guint8 *much = g_malloc0 (length);
  g_autoptr (GBytes) large = g_bytes_new_take (much, length);
  g_autofree char *before = g_strdup (g_getenv ("SOTTO_PICTURE"));

  memcpy (much, two_pixels, sizeof two_pixels);
  assert_refused (conversation, words, SOTTO_DOCUMENT_ERROR_PICTURE_FORMAT);
  assert_refused (conversation, cut, SOTTO_DOCUMENT_ERROR_PICTURE_DAMAGED);
  assert_refused (conversation, large, SOTTO_DOCUMENT_ERROR_PICTURE_LARGE);
  g_setenv ("SOTTO_PICTURE", "/nowhere/sotto-picture", TRUE);
  g_assert_false (sotto_document_can_read_pictures ());
  assert_refused (conversation, file, SOTTO_DOCUMENT_ERROR_PICTURE_NO_READER);
  /* A program that sends something else, or nothing, and one that never ends by itself */
  g_setenv ("SOTTO_PICTURE", "/bin/echo", TRUE);
  assert_refused (conversation, file, SOTTO_DOCUMENT_ERROR_PICTURE_DAMAGED);
  g_setenv ("SOTTO_PICTURE", "/bin/true", TRUE);
  assert_refused (conversation, file, SOTTO_DOCUMENT_ERROR_PICTURE_DAMAGED);
  g_setenv ("SOTTO_PICTURE", "/usr/bin/yes", TRUE);
  assert_refused (conversation, file, SOTTO_DOCUMENT_ERROR_PICTURE_DAMAGED);
  g_setenv ("SOTTO_PICTURE", before, TRUE);
  attach (conversation, "Pasted");
  harness_close (app);
}

static void
test_too_many (void)
{
  SottoApp *app = harness_open ();
  SottoConversation *conversation = sotto_conversation_list_create_temporary (sotto_app_get_conversations (app));
  g_autoptr (GBytes) file = create_file ();
  g_autoptr (SottoAttachment) text = sotto_attachment_new ("a.txt", NULL, g_strdup ("a"), 0);
  g_autoptr (SottoProblem) problem = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 16; i++)
    {
      g_autoptr (SottoAttachment) picture = sotto_attachment_new_picture ("a.bmp", NULL, file);

      g_assert_true (sotto_conversation_attach (conversation, picture, NULL));
    }
  g_assert_false (try_attach (conversation, file, "a.bmp", &error));
  g_assert_error (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_TOO_MANY_PICTURES);
  problem = sotto_problem_new (error);
  g_assert_nonnull (strstr (sotto_problem_get_text (problem), "pictures"));
  g_assert_true (sotto_conversation_attach (conversation, text, NULL));
  harness_close (app);
}

/* --- Files --- */

static SottoAttachment *
read_file (const char *name, const void *data, gsize length, GError **error)
{
  g_autofree char *path = g_build_filename (g_get_home_dir (), name, NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (SottoDocument) document = sotto_document_new (file);
  g_autoptr (GAsyncResult) result = NULL;

  g_mkdir_with_parents (g_get_home_dir (), 0700);
  g_assert_true (g_file_set_contents (path, data, (gssize) length, NULL));
  sotto_document_read_async (document, harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 60);
  return sotto_document_read_finish (document, result, error);
}

/* What a file is its bytes say, whatever its name does. */
static void
test_files (void)
{
  static const char heic[] = "\0\0\0\x18" "ftypheic\0\0\0\0mif1heic\xff\xff";
  g_autoptr (SottoAttachment) picture = read_file ("cat.bmp", two_pixels, sizeof two_pixels, NULL);
  g_autoptr (SottoAttachment) misnamed = read_file ("cat.txt", two_pixels, sizeof two_pixels, NULL);
  g_autoptr (SottoAttachment) text = read_file ("car.bmp", "BMW is no picture, nor is this", 30, NULL);
  g_autoptr (GError) error = NULL;

  assert_picture (picture, "cat.bmp");
  assert_image (sotto_attachment_peek_image (picture));
  assert_picture (misnamed, "cat.txt");
  g_assert_false (sotto_attachment_is_picture (text));
  g_assert_null (read_file ("cut.bmp", two_pixels, sizeof two_pixels - 4, &error));
  g_assert_error (error, SOTTO_DOCUMENT_ERROR, SOTTO_DOCUMENT_ERROR_PICTURE_DAMAGED);
  g_clear_error (&error);
  g_assert_null (read_file ("cat.heic", heic, sizeof heic - 1, &error));
  g_assert_error (error, SOTTO_DOCUMENT_ERROR, SOTTO_DOCUMENT_ERROR_PICTURE_FORMAT);
}

/* In a folder of documents a picture is nothing that can be asked. */
static void
test_folder (void)
{
  g_autofree char *path = g_build_filename (g_get_home_dir (), "cat.txt", NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (SottoDocument) document = sotto_document_new (file);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  g_mkdir_with_parents (g_get_home_dir (), 0700);
  g_assert_true (g_file_set_contents (path, (const char *) two_pixels, sizeof two_pixels, NULL));
  sotto_document_read_pages_async (document, harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 60);
  g_assert_null (sotto_document_read_pages_finish (document, result, &error));
  g_assert_error (error, SOTTO_DOCUMENT_ERROR, SOTTO_DOCUMENT_ERROR_FOREIGN);
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
  g_test_add_func ("/pictures/object", test_object);
  g_test_add_func ("/pictures/at-once", test_at_once);
  g_test_add_func ("/pictures/many", test_many);
  g_test_add_func ("/pictures/stream", test_stream);
  g_test_add_func ("/pictures/refused", test_refused);
  g_test_add_func ("/pictures/too-many", test_too_many);
  g_test_add_func ("/pictures/files", test_files);
  g_test_add_func ("/pictures/folder", test_folder);
  return g_test_run ();
}
