#include "file-write.h"

/* g_file_replace_contents() is not for this: what it could not write all of, for want of room, it closes like anything else, and so
 * puts the beginning of the new file into the place of the old one. Only a stream whose close is cancelled leaves that alone. */

gboolean
sotto_file_write (GFile            *file,
                  GFileCreateFlags  flags,
                  SottoFileWriter   writer,
                  gpointer          user_data,
                  GCancellable     *cancellable,
                  GError          **error)
{
  const gboolean existed = g_file_query_exists (file, NULL);
  g_autoptr (GFileOutputStream) stream = g_file_replace (file, NULL, FALSE, flags, cancellable, error);
  g_autoptr (GCancellable) discard = g_cancellable_new ();
  gboolean ok;

  if (stream == NULL)
    {
      /* Where a file is to be made, what is not there is its folder. */
      if (error != NULL && g_error_matches (*error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
        (*error)->code = G_IO_ERROR_NOT_DIRECTORY;
      return FALSE;
    }

  ok = writer (user_data, G_OUTPUT_STREAM (stream), error);
  if (ok)
    ok = g_output_stream_close (G_OUTPUT_STREAM (stream), cancellable, error);
  else
    {
      g_cancellable_cancel (discard);
      g_output_stream_close (G_OUTPUT_STREAM (stream), discard, NULL);
    }

  if (!ok && !existed)
    g_file_delete (file, NULL, NULL);
  return ok;
}

/* --- Bytes --- */

typedef struct {
  GBytes *bytes;
  GFileCreateFlags flags;
} Writing;

static void
writing_free (gpointer data)
{
  Writing *writing = data;

  g_bytes_unref (writing->bytes);
  g_free (writing);
}

static gboolean
write_bytes (gpointer user_data, GOutputStream *stream, GError **error)
{
  gsize length;
  gconstpointer begin = g_bytes_get_data (user_data, &length);

  return g_output_stream_write_all (stream, begin, length, NULL, NULL, error);
}

static void
write_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Writing *writing = data;
  GError *error = NULL;

  if (sotto_file_write (source, writing->flags, write_bytes, writing->bytes, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
sotto_file_write_bytes_async (GFile               *file,
                              GFileCreateFlags     flags,
                              GBytes              *bytes,
                              GAsyncReadyCallback  callback,
                              gpointer             user_data)
{
  g_autoptr (GTask) task = g_task_new (file, NULL, callback, user_data);
  Writing *writing = g_new (Writing, 1);

  writing->bytes = g_bytes_ref (bytes);
  writing->flags = flags;
  g_task_set_task_data (task, writing, writing_free);
  g_task_run_in_thread (task, write_in_thread);
}

gboolean
sotto_file_write_bytes_finish (GFile *file, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, file), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}
