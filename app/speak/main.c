#include "config.h"

#include "guard.h"

#include <glib.h>
#include <libspeechd.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* sotto-speak: sentences on standard input, what has become of them on standard output. Lines of UTF-8:
 *
 *   in   S SERIAL LANGUAGE TEXT    says TEXT; what was being said ends. LANGUAGE: "de"; "-": as the person has set
 *        C                         silence
 *   out  E SERIAL                  that one has been said
 *        I SERIAL                  somebody else has cut it off
 *        X WHY                     the end: "daemon" (there is none), "voice" (it has none), "sound" (it does not begin),
 *                                  "lost" (it is gone)
 *
 * Where the input ends, it is silent and ends, too. */

/* Seconds. Each call of the library waits for the daemon's answer: who waits longer is ended by the alarm. */
#define ANSWER 10
#define START 30

/* Where it is being started by somebody else at this moment one's own start is in vain: how often one tries, in milliseconds between. */
#define TRIES 5
#define PAUSE 500

/* Seconds after which one looks whether the daemon is still there, while it says something */
#define LOOK 1

/* Seconds until it has to begin: others may be speaking, and where no sound comes out nobody is told. */
#define BEGINNING 20

/* What the library's own thread tells, and when: the answer to a call may come behind the event it is about. */
typedef struct {
  GMutex mutex;
  guint serial;       /* of what is being said; 0: nothing */
  gsize message;      /* the daemon's number for it; 0: not known yet */
  gint64 since;       /* in microseconds; 0: it has begun to be said */
  gsize ended;        /* the last one that has ended */
  char how;           /* E or I */
} Saying;

static Saying saying;

static void
tell (const char *line)
{
  const size_t length = strlen (line);

  /* Who listened is gone: the input ends, too. */
  if (write (STDOUT_FILENO, line, length) != (ssize_t) length)
    close (STDOUT_FILENO);
}

/* With the mutex */
static void
tell_ended (void)
{
  g_autofree char *line = g_strdup_printf ("%c %u\n", saying.how, saying.serial);

  tell (line);
  saying.serial = 0;
}

static void
note_end (size_t message, char how)
{
  g_mutex_lock (&saying.mutex);
  saying.ended = message;
  saying.how = how;
  if (saying.serial != 0 && saying.message == message)
    tell_ended ();
  g_mutex_unlock (&saying.mutex);
}

/* In the library's thread, as what follows. There is one at a time, so it matters little which begins. */
static void
on_begin (size_t message, size_t client, SPDNotificationType type)
{
  g_mutex_lock (&saying.mutex);
  saying.since = 0;
  g_mutex_unlock (&saying.mutex);
}

static void
on_end (size_t message, size_t client, SPDNotificationType type)
{
  note_end (message, 'E');
}

static void
on_cancel (size_t message, size_t client, SPDNotificationType type)
{
  note_end (message, 'I');
}

static void
expect (guint serial)
{
  g_mutex_lock (&saying.mutex);
  saying.serial = serial;
  saying.message = 0;
  saying.since = g_get_monotonic_time ();
  saying.ended = 0;
  g_mutex_unlock (&saying.mutex);
}

static void
note_message (gsize message)
{
  g_mutex_lock (&saying.mutex);
  saying.message = message;
  if (saying.serial != 0 && saying.ended == message)
    tell_ended ();
  g_mutex_unlock (&saying.mutex);
}

static gboolean
is_saying (void)
{
  gboolean is;

  g_mutex_lock (&saying.mutex);
  is = saying.serial != 0;
  g_mutex_unlock (&saying.mutex);
  return is;
}

static gboolean
does_not_begin (void)
{
  gboolean does_not;

  g_mutex_lock (&saying.mutex);
  does_not = saying.serial != 0 && saying.since != 0 && g_get_monotonic_time () - saying.since > BEGINNING * G_USEC_PER_SEC;
  g_mutex_unlock (&saying.mutex);
  return does_not;
}

/* --- The daemon --- */

typedef struct {
  SPDConnection *connection;
  char *language;         /* that is set; "-": the daemon's own */
  char *own_language;     /* (nullable): which that is */
  GHashTable *languages;  /* of which it is known whether there is a voice */
} Daemon;

/* A socket of the network is refused by the guard, and not asked for. */
static SPDConnection *
connect_locally (void)
{
  char *error = NULL;
  SPDConnectionAddress *address = spd_get_default_address (&error);
  SPDConnection *connection;

  if (address == NULL || address->method != SPD_METHOD_UNIX_SOCKET)
    {
      if (address != NULL)
        SPDConnectionAddress__free (address);
      g_unsetenv ("SPEECHD_ADDRESS");
      address = spd_get_default_address (&error);
    }
  connection = address != NULL ? spd_open2 ("sotto", "read-aloud", NULL, SPD_MODE_THREADED, address, 1, &error) : NULL;
  if (address != NULL)
    SPDConnectionAddress__free (address);
  free (error);
  return connection;
}

/* The module that stands in where there is no other only says that there is none; those that the daemon falls back to are not listed. */
static gboolean
has_voice (SPDConnection *connection)
{
  char **modules = spd_list_modules (connection);
  char *module = spd_get_output_module (connection);
  const gboolean has = (modules != NULL && modules[0] != NULL) || (module != NULL && !g_str_equal (module, "dummy"));

  if (modules != NULL)
    free_spd_modules (modules);
  free (module);
  return has;
}

static gboolean
has_voice_of (Daemon *self, const char *language)
{
  gpointer known;
  SPDVoice **voices;
  gboolean has;

  if (g_hash_table_lookup_extended (self->languages, language, NULL, &known))
    return GPOINTER_TO_INT (known);

  voices = spd_list_synthesis_voices2 (self->connection, language, NULL);
  has = voices != NULL && voices[0] != NULL;
  if (voices != NULL)
    free_spd_voices (voices);
  g_hash_table_insert (self->languages, g_strdup (language), GINT_TO_POINTER (has));
  return has;
}

static void
set_language (Daemon *self, const char *language)
{
  const char *wanted = !g_str_equal (language, "-") && has_voice_of (self, language) ? language : "-";

  if (g_str_equal (wanted, self->language))
    return;
  if (!g_str_equal (wanted, "-"))
    spd_set_language (self->connection, wanted);
  else if (self->own_language != NULL)
    spd_set_language (self->connection, self->own_language);
  g_set_str (&self->language, wanted);
}

/* Whether nobody listens any more, after at most so many milliseconds */
static gboolean
is_left (int milliseconds)
{
  struct pollfd fd = { STDIN_FILENO, 0, 0 };

  return poll (&fd, 1, milliseconds) > 0;
}

/* Returns: (nullable): what went wrong */
static const char *
open_daemon (Daemon *self)
{
  alarm (START);
  for (guint i = 0; self->connection == NULL && i < TRIES && !(i > 0 && is_left (PAUSE)); i++)
    self->connection = connect_locally ();
  if (self->connection == NULL)
    return "daemon";
  if (!has_voice (self->connection))
    return "voice";

  self->connection->callback_begin = on_begin;
  self->connection->callback_end = on_end;
  self->connection->callback_cancel = on_cancel;
  spd_set_data_mode (self->connection, SPD_DATA_TEXT);
  self->own_language = spd_get_language (self->connection);
  if (spd_set_notification_on (self->connection, SPD_BEGIN) != 0 || spd_set_notification_on (self->connection, SPD_END) != 0
      || spd_set_notification_on (self->connection, SPD_CANCEL) != 0)
    return "lost";
  alarm (0);
  return NULL;
}

static void
be_silent (Daemon *self)
{
  expect (0);
  alarm (ANSWER);
  spd_cancel (self->connection);
  alarm (0);
}

/* @line: what follows "S ". Returns: whether the daemon is there */
static gboolean
say (Daemon *self, char *line)
{
  g_auto (GStrv) parts = g_strsplit (line, " ", 3);
  int message;

  if (g_strv_length (parts) != 3)
    return TRUE;
  if (is_saying ())
    be_silent (self);

  alarm (ANSWER);
  set_language (self, parts[1]);
  expect ((guint) g_ascii_strtoull (parts[0], NULL, 10));
  message = spd_say (self->connection, SPD_MESSAGE, parts[2]);
  alarm (0);
  if (message < 0)
    return FALSE;
  note_message ((gsize) message);
  return TRUE;
}

/* A daemon that has gone sends nothing: a question finds it. */
static gboolean
is_there (Daemon *self)
{
  int id;

  alarm (ANSWER);
  id = spd_get_client_id (self->connection);
  alarm (0);
  return id >= 0;
}

/* --- What is asked --- */

static gboolean
obey (Daemon *self, char *line)
{
  if (g_str_has_prefix (line, "S "))
    return say (self, line + 2);
  if (g_str_equal (line, "C"))
    be_silent (self);
  return TRUE;
}

/* Takes what has come into @input, all of it. Returns: FALSE: that was the end */
static gboolean
read_all (GString *input)
{
  struct pollfd fd = { STDIN_FILENO, POLLIN, 0 };
  char piece[4096];

  do
    {
      const ssize_t n = read (STDIN_FILENO, piece, sizeof piece);

      if (n <= 0)
        return FALSE;
      g_string_append_len (input, piece, n);
    }
  while (poll (&fd, 1, 0) > 0);

  return TRUE;
}

/* Of what has come at once only the last counts: it would have silenced all before it. */
static gboolean
obey_last (Daemon *self, GString *input)
{
  char *end = strrchr (input->str, '\n');
  char *begin;

  if (end == NULL)
    return TRUE;

  *end = '\0';
  begin = strrchr (input->str, '\n');
  if (!obey (self, begin != NULL ? begin + 1 : input->str))
    return FALSE;
  g_string_erase (input, 0, end - input->str + 1);
  return TRUE;
}

/* Returns: (nullable): why the end came before that of the input */
static const char *
serve (Daemon *self)
{
  g_autoptr (GString) input = g_string_new (NULL);

  for (;;)
    {
      struct pollfd fd = { STDIN_FILENO, POLLIN, 0 };
      const int n_ready = poll (&fd, 1, is_saying () ? LOOK * 1000 : -1);

      if (n_ready == 0 && !is_there (self))
        return "lost";
      if (n_ready == 0 && does_not_begin ())
        return "sound";
      if (n_ready <= 0)
        continue;
      if (!read_all (input))
        return NULL;
      if (!obey_last (self, input))
        return "lost";
    }
}

int
main (void)
{
  Daemon daemon = { NULL, g_strdup ("-"), NULL, g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL) };
  const char *problem;

  sotto_guard_engage ();
  sotto_guard_seal ();
  signal (SIGPIPE, SIG_IGN);

  problem = open_daemon (&daemon);
  if (problem == NULL)
    problem = serve (&daemon);
  if (problem != NULL)
    {
      g_autofree char *line = g_strdup_printf ("X %s\n", problem);

      tell (line);
    }
  if (daemon.connection != NULL)
    be_silent (&daemon);
  if (daemon.connection != NULL)
    {
      alarm (ANSWER);
      spd_close (daemon.connection);
    }
  g_hash_table_unref (daemon.languages);
  g_free (daemon.language);
  free (daemon.own_language);
  return problem != NULL;
}
