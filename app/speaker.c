#include "config.h"

#include "speaker.h"

#include <gio/gunixoutputstream.h>
#include <string.h>

/* The parent's side of sotto-speak, whose lines are described at the top of speak/main.c. */

/* How long one that was left alone may take to end, in milliseconds, before it is ended */
#define PATIENCE 3000

struct _SottoSpeaker {
  GObject parent_instance;

  /* Owned: NULL while nothing is to be said */
  GSubprocess *helper;
  GDataInputStream *from;
  GCancellable *listening;

  guint serial;         /* of the last sentence */
  gboolean is_saying;   /* nobody has told yet what has become of it */
};

enum { ENDED, INTERRUPTED, FAILED, N_SIGNALS };

G_DEFINE_FINAL_TYPE (SottoSpeaker, sotto_speaker, G_TYPE_OBJECT)

static guint signals[N_SIGNALS];

/* app/run and the tests name that of the build, since nothing is installed there. */
static const char *
find_helper (void)
{
  const char *named = g_getenv ("SOTTO_SPEAK");

#ifdef SOTTO_SPEAK
  if (named == NULL)
    named = SOTTO_SPEAK;
#endif
  return named != NULL && g_file_test (named, G_FILE_TEST_IS_EXECUTABLE) ? named : NULL;
}

/* --- The end --- */

/* A helper that was left alone, and when it is no longer waited for */
typedef struct {
  GSubprocess *helper;
  guint source;
} Leaving;

static gboolean
on_patience_over (gpointer user_data)
{
  Leaving *leaving = user_data;

  leaving->source = 0;
  g_subprocess_force_exit (leaving->helper);
  return G_SOURCE_REMOVE;
}

static void
on_left (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Leaving *leaving = user_data;

  g_subprocess_wait_finish (G_SUBPROCESS (source), result, NULL);
  g_clear_handle_id (&leaving->source, g_source_remove);
  g_object_unref (leaving->helper);
}

/* It is silent when its input ends, and ends. */
static void
leave_helper (SottoSpeaker *self)
{
  Leaving *leaving;

  if (self->helper == NULL)
    return;

  self->is_saying = FALSE;
  g_cancellable_cancel (self->listening);
  g_clear_object (&self->listening);
  g_clear_object (&self->from);
  g_output_stream_close (g_subprocess_get_stdin_pipe (self->helper), NULL, NULL);

  leaving = g_new0 (Leaving, 1);
  leaving->helper = g_steal_pointer (&self->helper);
  leaving->source = g_timeout_add (PATIENCE, on_patience_over, leaving);
  g_subprocess_wait_async (leaving->helper, NULL, on_left, leaving);
}

static void
fail (SottoSpeaker *self, SottoAppError code, const char *technical)
{
  g_autoptr (GError) error = g_error_new_literal (SOTTO_APP_ERROR, (int) code, technical);
  g_autoptr (SottoProblem) problem = sotto_problem_new (error);

  leave_helper (self);
  g_signal_emit (self, signals[FAILED], 0, problem);
}

/* --- What it tells --- */

static void
take_line (SottoSpeaker *self, const char *line)
{
  if (g_str_equal (line, "X daemon"))
    fail (self, SOTTO_APP_ERROR_NO_SPEECH_SERVICE, "There is no Speech Dispatcher");
  else if (g_str_equal (line, "X voice"))
    fail (self, SOTTO_APP_ERROR_NO_VOICE, "Speech Dispatcher has no module with a voice");
  else if (g_str_equal (line, "X sound"))
    fail (self, SOTTO_APP_ERROR_NO_SOUND, "Speech Dispatcher does not begin to speak");
  else if (g_str_has_prefix (line, "X "))
    fail (self, SOTTO_APP_ERROR_SPEECH_LOST, "Speech Dispatcher is gone");
  else if (self->is_saying && (line[0] == 'E' || line[0] == 'I') && line[1] == ' ' &&
           g_ascii_strtoull (line + 2, NULL, 10) == self->serial)
    {
      self->is_saying = FALSE;
      g_signal_emit (self, signals[line[0] == 'E' ? ENDED : INTERRUPTED], 0);
    }
}

static void listen (SottoSpeaker *self);

static void
on_line (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SottoSpeaker) self = user_data;
  g_autofree char *line = g_data_input_stream_read_line_finish (G_DATA_INPUT_STREAM (source), result, NULL, NULL);

  /* Not of the one that speaks now */
  if (self->from != G_DATA_INPUT_STREAM (source))
    return;
  if (line == NULL)
    {
      fail (self, SOTTO_APP_ERROR_SPEECH_LOST, "The helper broke off");
      return;
    }

  take_line (self, line);
  if (self->from == G_DATA_INPUT_STREAM (source))
    listen (self);
}

static void
listen (SottoSpeaker *self)
{
  g_data_input_stream_read_line_async (self->from, G_PRIORITY_DEFAULT, self->listening, on_line, g_object_ref (self));
}

/* --- What it is told --- */

static gboolean
start_helper (SottoSpeaker *self)
{
  const char *path = find_helper ();
  g_autoptr (GError) error = NULL;

  if (self->helper != NULL)
    return TRUE;
  if (path != NULL)
    self->helper = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE
                                     | G_SUBPROCESS_FLAGS_STDERR_SILENCE, &error, path, NULL);
  if (self->helper == NULL)
    {
      fail (self, SOTTO_APP_ERROR_NO_SPEECH_HELPER, error != NULL ? error->message : "There is no helper");
      return FALSE;
    }

  self->from = g_data_input_stream_new (g_subprocess_get_stdout_pipe (self->helper));
  self->listening = g_cancellable_new ();
  listen (self);
  return TRUE;
}

/* Without waiting: a pipe has room for more than is ever said ahead, or the helper is stuck. One that has ended has told why. */
static void
tell (SottoSpeaker *self, const char *line)
{
  GPollableOutputStream *to = G_POLLABLE_OUTPUT_STREAM (g_subprocess_get_stdin_pipe (self->helper));
  g_autoptr (GError) error = NULL;

  g_pollable_output_stream_write_nonblocking (to, line, strlen (line), NULL, &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    fail (self, SOTTO_APP_ERROR_SPEECH_LOST, "The helper takes nothing any more");
}

static char *
cut (const char *text)
{
  g_autofree char *part = g_strndup (text, SOTTO_SPEAKER_MAX_LENGTH);
  const char *end;

  g_utf8_validate (part, -1, &end);
  return g_strndup (part, (gsize) (end - part));
}

void
sotto_speaker_say (SottoSpeaker *self, const char *text, const char *language)
{
  g_autofree char *words = NULL;
  g_autofree char *line = NULL;

  g_return_if_fail (SOTTO_IS_SPEAKER (self));
  g_return_if_fail (text != NULL && *text != '\0');

  if (!start_helper (self))
    return;

  self->is_saying = TRUE;
  words = strlen (text) > SOTTO_SPEAKER_MAX_LENGTH ? cut (text) : g_strdup (text);
  g_strdelimit (words, "\n\r", ' ');
  line = g_strdup_printf ("S %u %s %s\n", ++self->serial, language != NULL ? language : "-", words);
  tell (self, line);
}

void
sotto_speaker_hush (SottoSpeaker *self)
{
  g_return_if_fail (SOTTO_IS_SPEAKER (self));

  if (!self->is_saying)
    return;
  self->is_saying = FALSE;
  tell (self, "C\n");
}

void
sotto_speaker_close (SottoSpeaker *self)
{
  g_return_if_fail (SOTTO_IS_SPEAKER (self));

  leave_helper (self);
}

/* --- The object --- */

static void
sotto_speaker_dispose (GObject *object)
{
  leave_helper (SOTTO_SPEAKER (object));
  G_OBJECT_CLASS (sotto_speaker_parent_class)->dispose (object);
}

static void
sotto_speaker_class_init (SottoSpeakerClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sotto_speaker_dispose;

  signals[ENDED] = g_signal_new ("ended", SOTTO_TYPE_SPEAKER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[INTERRUPTED] = g_signal_new ("interrupted", SOTTO_TYPE_SPEAKER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                       G_TYPE_NONE, 0);
  signals[FAILED] = g_signal_new ("failed", SOTTO_TYPE_SPEAKER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                  SOTTO_TYPE_PROBLEM);
}

static void
sotto_speaker_init (SottoSpeaker *self)
{
}

SottoSpeaker *
sotto_speaker_new (void)
{
  return g_object_new (SOTTO_TYPE_SPEAKER, NULL);
}
