#include "config.h"

#include "document/picture-helper.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "document/document-private.h"
#include "reader/page-stream.h"

/* The parent's side of sotto-picture.
 *
 * What was attached is in memory alone, and so is the file that the helper gets: it has no name and lies on no disk. */

#define SECONDS 60
#define MAX_RUNNING 2

/* A picture of the longest sides, and what stands around it; one byte more is one too many. */
#define SIDES_BYTES 8
#define MAX_PIXELS_BYTES ((gsize) SOTTO_PAGE_STREAM_MAX_SIDE * SOTTO_PAGE_STREAM_MAX_SIDE * 3)
#define MAX_STREAM_BYTES (2 * SOTTO_PAGE_STREAM_HEAD + SIDES_BYTES + MAX_PIXELS_BYTES + 1)

typedef struct {
  GBytes *file;
  GSubprocess *helper;
  guint deadline;
  guint8 *stream;  /* MAX_STREAM_BYTES */
  gsize length;
  gboolean is_slow;
  GError *error;   /* what the task will end with */
} Decoding;

/* Those that run, and those that wait for their turn: the limit is the computer's, and not one conversation's. */
static guint n_running;
static GQueue waiting = G_QUEUE_INIT;

static void
decoding_free (Decoding *decoding)
{
  g_clear_handle_id (&decoding->deadline, g_source_remove);
  g_bytes_unref (decoding->file);
  g_clear_object (&decoding->helper);
  g_clear_error (&decoding->error);
  g_free (decoding->stream);
  g_free (decoding);
}

/* --- What it has sent --- */

static guint32
read_number (const guint8 *at)
{
  guint32 little;

  memcpy (&little, at, sizeof little);
  return GUINT32_FROM_LE (little);
}

static GError *
new_refusal (guint8 why)
{
  switch (why)
    {
    case SOTTO_PAGE_STREAM_LARGE:
      return g_error_new_literal (SOTTO_DOCUMENT_ERROR, SOTTO_DOCUMENT_ERROR_PICTURE_LARGE, "The helper has no room for it");
    case SOTTO_PAGE_STREAM_UNSAFE:
      return g_error_new_literal (SOTTO_DOCUMENT_ERROR, SOTTO_DOCUMENT_ERROR_PICTURE_UNSAFE, "The helper keeps its rights");
    case SOTTO_PAGE_STREAM_FOREIGN:
      return g_error_new_literal (SOTTO_DOCUMENT_ERROR, SOTTO_DOCUMENT_ERROR_PICTURE_FORMAT, "The helper does not know it");
    default:
      return g_error_new_literal (SOTTO_DOCUMENT_ERROR, SOTTO_DOCUMENT_ERROR_PICTURE_DAMAGED, "The helper could not read it");
    }
}

SottoImage *
sotto_picture_take_apart (GBytes *stream, GError **error)
{
  static const guint8 end[SOTTO_PAGE_STREAM_HEAD] = { SOTTO_PAGE_STREAM_END };
  gsize length;
  const guint8 *data = g_bytes_get_data (stream, &length);
  const gsize before = SOTTO_PAGE_STREAM_HEAD + SIDES_BYTES;
  gsize content, n_pixels_bytes;
  guint32 width, height;
  g_autoptr (GBytes) pixels = NULL;

  if (length == SOTTO_PAGE_STREAM_HEAD + 1 && data[0] == SOTTO_PAGE_STREAM_REFUSAL && read_number (data + 1) == 1)
    {
      g_propagate_error (error, new_refusal (data[SOTTO_PAGE_STREAM_HEAD]));
      return NULL;
    }
  if (length < before + sizeof end || data[0] != SOTTO_PAGE_STREAM_PICTURE)
    goto damaged;

  content = read_number (data + 1);
  width = read_number (data + SOTTO_PAGE_STREAM_HEAD);
  height = read_number (data + SOTTO_PAGE_STREAM_HEAD + 4);
  if (width == 0 || height == 0 || width > SOTTO_PAGE_STREAM_MAX_SIDE || height > SOTTO_PAGE_STREAM_MAX_SIDE)
    goto damaged;
  n_pixels_bytes = (gsize) width * height * 3;
  if (content != SIDES_BYTES + n_pixels_bytes || length != before + n_pixels_bytes + sizeof end
      || memcmp (data + before + n_pixels_bytes, end, sizeof end) != 0)
    goto damaged;

  pixels = g_bytes_new_from_bytes (stream, before, n_pixels_bytes);
  return sotto_image_new (pixels, width, height, error);

damaged:
  g_set_error_literal (error, SOTTO_DOCUMENT_ERROR, SOTTO_DOCUMENT_ERROR_PICTURE_DAMAGED, "The helper sent no picture");
  return NULL;
}

/* In a thread, as an image takes the hash of its pixels */
static void
take_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Decoding *decoding = task_data;
  guint8 *stream = g_realloc (g_steal_pointer (&decoding->stream), decoding->length);
  g_autoptr (GBytes) bytes = g_bytes_new_take (stream, decoding->length);
  GError *error = NULL;
  SottoImage *image = sotto_picture_take_apart (bytes, &error);

  if (image != NULL)
    g_task_return_pointer (task, image, (GDestroyNotify) sotto_image_unref);
  else
    g_task_return_error (task, error);
}

/* --- The end --- */

static void begin_next (void);

static void
on_helper_ended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Decoding *decoding = g_task_get_task_data (task);

  g_subprocess_wait_finish (G_SUBPROCESS (source), result, NULL);
  g_clear_handle_id (&decoding->deadline, g_source_remove);
  n_running--;
  begin_next ();

  if (decoding->error != NULL)
    g_task_return_error (task, g_steal_pointer (&decoding->error));
  else if (decoding->is_slow || (decoding->length == 0 && sotto_document_helper_was_limited (decoding->helper)))
    g_task_return_new_error_literal (task, SOTTO_DOCUMENT_ERROR, SOTTO_DOCUMENT_ERROR_PICTURE_LARGE, "The helper came to its limits");
  else
    g_task_run_in_thread (task, take_in_thread);
}

static gboolean
on_deadline (gpointer user_data)
{
  Decoding *decoding = user_data;

  decoding->deadline = 0;
  decoding->is_slow = TRUE;
  g_subprocess_force_exit (decoding->helper);
  return G_SOURCE_REMOVE;
}

/* Nothing more is read: it ends, or is ended. Not cancellable, so that it is never left behind. */
static void
on_stream_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Decoding *decoding = g_task_get_task_data (task);
  const gboolean done = g_input_stream_read_all_finish (G_INPUT_STREAM (source), result, &decoding->length, &decoding->error);

  if (!done || decoding->length == MAX_STREAM_BYTES)
    g_subprocess_force_exit (decoding->helper);
  g_subprocess_wait_async (decoding->helper, NULL, on_helper_ended, task);
}

/* --- The beginning --- */

/* Returns: a file in memory that only its descriptor leads to; -1: there is none to be had */
static int
create_file (GBytes *bytes)
{
  gsize left;
  const guint8 *at = g_bytes_get_data (bytes, &left);
  int fd = memfd_create ("picture", MFD_CLOEXEC);

  while (fd >= 0 && left > 0)
    {
      const gssize n = write (fd, at, left);

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        {
          close (fd);
          return -1;
        }
      at += n;
      left -= (gsize) n;
    }
  return fd;
}

/* @task: (transfer full) */
static void
begin (GTask *task)
{
  Decoding *decoding = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  const int fd = create_file (decoding->file);

  decoding->stream = g_try_malloc (MAX_STREAM_BYTES);
  if (fd >= 0 && decoding->stream != NULL)
    decoding->helper = sotto_document_helper_start (SOTTO_DOCUMENT_HELPER_PICTURE, fd, SECONDS, &error);
  else if (fd >= 0)
    close (fd);
  if (decoding->helper == NULL)
    {
      g_task_return_new_error (task, SOTTO_DOCUMENT_ERROR, SOTTO_DOCUMENT_ERROR_PICTURE_NO_READER, "%s",
                               error != NULL ? error->message : "There is no room for its file");
      g_object_unref (task);
      return;
    }
  n_running++;
  decoding->deadline = g_timeout_add_seconds (SECONDS, on_deadline, decoding);
  g_input_stream_read_all_async (g_subprocess_get_stdout_pipe (decoding->helper), decoding->stream, MAX_STREAM_BYTES,
                                 G_PRIORITY_DEFAULT, g_task_get_cancellable (task), on_stream_read, task);
}

static void
begin_next (void)
{
  while (n_running < MAX_RUNNING && !g_queue_is_empty (&waiting))
    {
      GTask *task = g_queue_pop_head (&waiting);

      if (g_task_return_error_if_cancelled (task))
        g_object_unref (task);
      else
        begin (task);
    }
}

void
sotto_picture_decode_async (GBytes *file, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Decoding *decoding = g_new0 (Decoding, 1);

  g_task_set_static_name (task, "sotto decode a picture");
  g_task_set_task_data (task, decoding, (GDestroyNotify) decoding_free);
  decoding->file = g_bytes_ref (file);
  if (!sotto_document_helper_is_there (SOTTO_DOCUMENT_HELPER_PICTURE))
    {
      g_task_return_new_error_literal (task, SOTTO_DOCUMENT_ERROR, SOTTO_DOCUMENT_ERROR_PICTURE_NO_READER, "There is no helper");
      return;
    }
  g_queue_push_tail (&waiting, g_steal_pointer (&task));
  begin_next ();
}

SottoImage *
sotto_picture_decode_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}
