#include "config.h"

#include "document/document-private.h"

#include <fcntl.h>
#include <gio/gfiledescriptorbased.h>
#include <signal.h>
#include <unistd.h>

/* The parent's side of sotto-pdf-text and sotto-office-text; that of sotto-picture, which sends no text, is in picture-helper.c.
 *
 * A helper gets the open file as its standard input, an empty environment, and a pipe for what it has read. It ends
 * by itself; it is killed when it is no longer wanted, sends what it should not, or takes too long. */

/* What comes in one piece at most */
#define PIECE (64 * 1024)

typedef struct {
  SottoDocumentHelper kind;
  SottoDocumentBounds bounds;
  SottoDocumentProgress progress;
  gpointer progress_data;
  SottoDocumentPages *pages;
  GSubprocess *helper;
  GSource *deadline;
  GError *error;    /* what the task will end with */
} Reading;

static void
forget_deadline (Reading *reading)
{
  if (reading->deadline != NULL)
    g_source_destroy (reading->deadline);
  g_clear_pointer (&reading->deadline, g_source_unref);
}

static void
reading_free (Reading *reading)
{
  forget_deadline (reading);
  g_clear_pointer (&reading->pages, sotto_document_pages_unref);
  g_clear_object (&reading->helper);
  g_clear_error (&reading->error);
  g_free (reading);
}

/* app/run and the tests name those of the build, since nothing is installed there. */
static const char *
find_helper (SottoDocumentHelper helper)
{
  static const struct { const char *variable; const char *installed; } places[] = {
    [SOTTO_DOCUMENT_HELPER_PDF] = { "SOTTO_PDF_TEXT",
#ifdef SOTTO_PDF_TEXT
                                    SOTTO_PDF_TEXT
#endif
    },
    [SOTTO_DOCUMENT_HELPER_OFFICE] = { "SOTTO_OFFICE_TEXT",
#ifdef SOTTO_OFFICE_TEXT
                                       SOTTO_OFFICE_TEXT
#endif
    },
    [SOTTO_DOCUMENT_HELPER_PICTURE] = { "SOTTO_PICTURE",
#ifdef SOTTO_PICTURE
                                        SOTTO_PICTURE
#endif
    },
  };
  const char *named = g_getenv (places[helper].variable);

  return named != NULL ? named : places[helper].installed;
}

gboolean
sotto_document_helper_is_there (SottoDocumentHelper helper)
{
  const char *path = find_helper (helper);

  return path != NULL && g_file_test (path, G_FILE_TEST_IS_EXECUTABLE);
}

gboolean
sotto_document_can_read_pdf (void)
{
  return sotto_document_helper_is_there (SOTTO_DOCUMENT_HELPER_PDF);
}

gboolean
sotto_document_can_read_office (void)
{
  return sotto_document_helper_is_there (SOTTO_DOCUMENT_HELPER_OFFICE);
}

gboolean
sotto_document_can_read_pictures (void)
{
  return sotto_document_helper_is_there (SOTTO_DOCUMENT_HELPER_PICTURE);
}

static void
fail (Reading *reading, SottoDocumentError code, const char *technical)
{
  if (reading->error == NULL)
    g_set_error_literal (&reading->error, SOTTO_DOCUMENT_ERROR, code, technical);
}

/* --- The end --- */

/* A signal says why there was no more: its limits are the kernel's to hold. */
gboolean
sotto_document_helper_was_limited (GSubprocess *helper)
{
  return g_subprocess_get_if_signaled (helper)
         && (g_subprocess_get_term_sig (helper) == SIGXCPU || g_subprocess_get_term_sig (helper) == SIGKILL);
}

static void
judge_end (Reading *reading)
{
  if (reading->error != NULL || sotto_document_pages_are_complete (reading->pages))
    return;
  if (sotto_document_helper_was_limited (reading->helper))
    fail (reading, SOTTO_DOCUMENT_ERROR_TOO_SLOW, "The helper came to its limits");
  else
    fail (reading, SOTTO_DOCUMENT_ERROR_DAMAGED, "The helper broke off");
}

static void
on_helper_ended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Reading *reading = g_task_get_task_data (task);

  g_subprocess_wait_finish (G_SUBPROCESS (source), result, NULL);
  judge_end (reading);
  forget_deadline (reading);
  if (reading->error != NULL)
    g_task_return_error (task, g_steal_pointer (&reading->error));
  else
    g_task_return_pointer (task, g_steal_pointer (&reading->pages), (GDestroyNotify) sotto_document_pages_unref);
}

/* Nothing more is read: it ends, or is ended. Not cancellable, so that it is never left behind. */
static void
end_helper (GTask *task)
{
  Reading *reading = g_task_get_task_data (task);

  if (reading->error != NULL)
    g_subprocess_force_exit (reading->helper);
  g_subprocess_wait_async (reading->helper, NULL, on_helper_ended, task);
}

static gboolean
on_deadline (gpointer user_data)
{
  Reading *reading = user_data;

  fail (reading, SOTTO_DOCUMENT_ERROR_TOO_SLOW, "The helper took too long");
  g_subprocess_force_exit (reading->helper);
  return G_SOURCE_REMOVE;
}

/* --- Its pages --- */

static void read_piece (GTask *task);

static void
on_piece (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Reading *reading = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) piece = g_input_stream_read_bytes_finish (G_INPUT_STREAM (source), result, &error);

  if (piece == NULL && reading->error == NULL)
    g_propagate_error (&reading->error, g_steal_pointer (&error));
  if (reading->error == NULL && g_bytes_get_size (piece) > 0)
    sotto_document_pages_feed (reading->pages, g_bytes_get_data (piece, NULL), g_bytes_get_size (piece), &reading->error);
  if (reading->error != NULL || g_bytes_get_size (piece) == 0)
    {
      end_helper (task);
      return;
    }
  reading->progress (sotto_document_pages_get_n (reading->pages), sotto_document_pages_get_n_expected (reading->pages),
                     reading->progress_data);
  read_piece (task);
}

static void
read_piece (GTask *task)
{
  Reading *reading = g_task_get_task_data (task);

  g_input_stream_read_bytes_async (g_subprocess_get_stdout_pipe (reading->helper), PIECE, G_PRIORITY_DEFAULT,
                                   g_task_get_cancellable (task), on_piece, task);
}

/* --- The beginning --- */

GSubprocess *
sotto_document_helper_start (SottoDocumentHelper helper, int fd, guint seconds, GError **error)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE
                                                                        | G_SUBPROCESS_FLAGS_STDERR_SILENCE);
  g_autofree char *time = g_strdup_printf ("%u", MAX (seconds / 2, 1));
  const char *environment[] = { "LC_ALL=C.UTF-8", NULL };
  const char *command[] = { find_helper (helper), time, NULL };

  g_subprocess_launcher_take_stdin_fd (launcher, fd);
  g_subprocess_launcher_set_environ (launcher, (char **) environment);
  return g_subprocess_launcher_spawnv (launcher, command, error);
}

static void
on_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Reading *reading = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GFileInputStream) stream = g_file_read_finish (G_FILE (source), result, &error);
  int fd;

  if (stream == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  if (!G_IS_FILE_DESCRIPTOR_BASED (stream))
    {
      g_task_return_new_error (task, SOTTO_DOCUMENT_ERROR, SOTTO_DOCUMENT_ERROR_ELSEWHERE, "Not a file of this computer");
      return;
    }

  fd = fcntl (g_file_descriptor_based_get_fd (G_FILE_DESCRIPTOR_BASED (stream)), F_DUPFD_CLOEXEC, 3);
  reading->helper = fd >= 0 ? sotto_document_helper_start (reading->kind, fd, reading->bounds.seconds, &error) : NULL;
  if (reading->helper == NULL)
    {
      g_task_return_new_error (task, SOTTO_DOCUMENT_ERROR, SOTTO_DOCUMENT_ERROR_NO_READER, "%s",
                               error != NULL ? error->message : "No file descriptor is left");
      return;
    }
  /* In the context of whoever asked, which need not be the main one */
  reading->deadline = g_timeout_source_new_seconds (reading->bounds.seconds);
  g_source_set_callback (reading->deadline, on_deadline, reading, NULL);
  g_source_attach (reading->deadline, g_main_context_get_thread_default ());
  read_piece (g_steal_pointer (&task));
}

void
sotto_document_helper_read_async (SottoDocumentHelper        helper,
                                  GFile                     *file,
                                  const SottoDocumentBounds *bounds,
                                  SottoDocumentProgress      progress,
                                  gpointer                   progress_data,
                                  GCancellable              *cancellable,
                                  GAsyncReadyCallback        callback,
                                  gpointer                   user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Reading *reading = g_new0 (Reading, 1);

  g_task_set_static_name (task, "sotto read by a helper");
  g_task_set_task_data (task, reading, (GDestroyNotify) reading_free);
  reading->kind = helper;
  reading->bounds = *bounds;
  reading->progress = progress;
  reading->progress_data = progress_data;
  reading->pages = sotto_document_pages_new (bounds->max_bytes, bounds->max_pages);
  if (!sotto_document_helper_is_there (helper))
    {
      g_task_return_new_error (task, SOTTO_DOCUMENT_ERROR, SOTTO_DOCUMENT_ERROR_NO_READER, "There is no helper");
      return;
    }
  g_file_read_async (file, G_PRIORITY_DEFAULT, cancellable, on_opened, g_steal_pointer (&task));
}

SottoDocumentPages *
sotto_document_helper_read_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}
