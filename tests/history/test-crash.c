/* kill -9 in the middle of streaming, 200 times: nothing acknowledged is lost.
 *
 * The child opens the store, begins a conversation and streams; after every success of the store it
 * writes a line to its pipe. The parent kills it at a random moment, reads the lines that made it,
 * opens the store itself, and compares.
 *
 *   C conversation            made
 *   U message text            a person's message was added
 *   R message                 a reply was begun
 *   T message n               n pieces of text were flushed
 *   D message n               finished, with n pieces */

#include "common.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 200

/* --- The child --- */

static void
tell (const char *format, ...) G_GNUC_PRINTF (1, 2);

static void
tell (const char *format, ...)
{
  g_autofree char *line = NULL;
  va_list args;

  va_start (args, format);
  line = g_strdup_vprintf (format, args);
  va_end (args);
  /* Shorter than PIPE_BUF: whole or not at all. */
  if (write (STDOUT_FILENO, line, strlen (line)) < 0)
    _exit (2);
}

static void
stream (SottoStore *store, const char *conversation, char **parent, guint turn, gboolean again)
{
  g_autofree char *reply = test_begin (store, conversation, *parent);
  guint n = 2 + turn % 5;

  tell ("R %s\n", reply);
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *piece = g_strdup_printf ("piece %u; ", i);

      sotto_store_append_reply (store, reply, SOTTO_HISTORY_PART_TEXT, piece);
      if ((i + turn) % 2 == 0)
        {
          test_flush (store);
          tell ("T %s %u\n", reply, i + 1);
        }
    }
  test_finish (store, reply, SOTTO_HISTORY_STATUS_COMPLETE);
  tell ("D %s %u\n", reply, n);

  if (!again)
    {
      g_free (*parent);
      *parent = g_steal_pointer (&reply);
    }
}

static int
child (const char *folder)
{
  SottoStore *store = test_open (folder);
  g_autofree char *conversation = test_add_conversation (store, "Killed");
  g_autofree char *parent = NULL;

  tell ("C %s\n", conversation);
  for (guint turn = 0; turn < 10000; turn++)
    {
      g_autofree char *text = g_strdup_printf ("question-%u", turn);
      char *id = test_add_message (store, conversation, parent, SOTTO_HISTORY_ROLE_USER, text);

      tell ("U %s %s\n", id, text);
      g_free (parent);
      parent = id;
      if (turn % 3 == 2)
        stream (store, conversation, &parent, turn, TRUE);
      stream (store, conversation, &parent, turn, FALSE);
    }
  return 0;
}

/* --- The parent --- */

typedef struct {
  guint pieces;
  gboolean done;
  char *text;
} Promise;

static void
promise_free (gpointer data)
{
  Promise *promise = data;

  g_free (promise->text);
  g_free (promise);
}

static Promise *
promise_for (GHashTable *promises, const char *id)
{
  Promise *promise = g_hash_table_lookup (promises, id);

  if (promise == NULL)
    {
      promise = g_new0 (Promise, 1);
      g_hash_table_insert (promises, g_strdup (id), promise);
    }
  return promise;
}

static guint
count_lines (const GString *text)
{
  guint n = 0;

  for (gsize i = 0; i < text->len; i++)
    n += text->str[i] == '\n';
  return n;
}

/* Reads until there are @enough lines or the pipe ends. */
static void
read_lines (int fd, GString *text, guint enough)
{
  char buffer[4096];
  gssize n;

  while (count_lines (text) < enough && (n = read (fd, buffer, sizeof buffer)) > 0)
    g_string_append_len (text, buffer, n);
}

/* Returns the conversation, or %NULL if not even that was acknowledged. */
static char *
parse_promises (const GString *all, GHashTable *promises)
{
  g_auto (GStrv) lines = NULL;
  char *conversation = NULL;

  lines = g_strsplit (all->str, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) words = g_strsplit (lines[i], " ", 3);
      Promise *promise;

      if (g_strv_length (words) < 2)
        continue;
      if (*words[0] == 'C')
        {
          conversation = g_strdup (words[1]);
          continue;
        }
      promise = promise_for (promises, words[1]);
      if (*words[0] == 'U')
        promise->text = g_strdup (words[2]);
      else if (*words[0] == 'T' || *words[0] == 'D')
        promise->pieces = (guint) atoi (words[2]);
      promise->done = promise->done || *words[0] == 'D';
    }
  return conversation;
}

static guint
count_pieces (const char *text)
{
  guint n = 0;

  for (;;)
    {
      g_autofree char *piece = g_strdup_printf ("piece %u; ", n);

      if (!g_str_has_prefix (text, piece))
        break;
      text += strlen (piece);
      n++;
    }
  /* What came whole is whole: nothing is cut in a piece. */
  g_assert_cmpstr (text, ==, "");
  return n;
}

static void
compare_message (const SottoHistoryMessage *message, const Promise *promise)
{
  g_autofree char *text = sotto_history_message_dup_text (message);

  if (message->role == SOTTO_HISTORY_ROLE_USER)
    {
      g_assert_true (g_str_has_prefix (text, "question-"));
      if (promise != NULL)
        g_assert_cmpstr (text, ==, promise->text);
      return;
    }

  g_assert_cmpint (message->status, !=, SOTTO_HISTORY_STATUS_STREAMING);
  if (promise != NULL)
    g_assert_cmpuint (count_pieces (text), >=, promise->pieces);
  if (promise != NULL && promise->done)
    {
      g_assert_cmpint (message->status, ==, SOTTO_HISTORY_STATUS_COMPLETE);
      g_assert_cmpstr (message->receipt, ==, "{\"seed\":1}");
    }
}

static void
compare (SottoStore *store, const char *conversation, GHashTable *promises)
{
  g_autoptr (GPtrArray) path = test_load (store, conversation);
  g_autoptr (GHashTable) found = g_hash_table_new (g_str_hash, g_str_equal);
  GHashTableIter iter;
  gpointer id;

  for (guint i = 0; i < path->len; i++)
    {
      SottoHistoryMessage *message = g_ptr_array_index (path, i);
      const char *parent = i > 0 ? ((SottoHistoryMessage *) path->pdata[i - 1])->id : NULL;

      g_assert_cmpstr (message->parent, ==, parent);
      compare_message (message, g_hash_table_lookup (promises, message->id));
      for (guint s = 0; s < message->n_siblings; s++)
        g_hash_table_add (found, message->siblings[s]);
    }

  g_hash_table_iter_init (&iter, promises);
  while (g_hash_table_iter_next (&iter, &id, NULL))
    g_assert_true (g_hash_table_contains (found, id));
}

static guint
one_round (const char *folder, const char *self, guint round)
{
  const char *argv[] = { self, "--child", folder, NULL };
  g_autoptr (GHashTable) promises = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                                           promise_free);
  g_autoptr (GString) lines = g_string_new (NULL);
  g_autofree char *conversation = NULL;
  g_autoptr (GError) error = NULL;
  SottoStore *store;
  GPid pid;
  int out;
  int status;
  guint n;

  g_assert_true (g_spawn_async_with_pipes (NULL, (char **) argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD,
                                           NULL, NULL, &pid, NULL, &out, NULL, &error));
  g_assert_no_error (error);
  /* After some lines, so that a busy machine kills no earlier than an idle one, and then at any
   * moment of what comes next. */
  read_lines (out, lines, (guint) g_test_rand_int_range (0, 40));
  g_usleep ((gulong) g_test_rand_int_range (0, 6000));
  kill (pid, SIGKILL);
  waitpid (pid, &status, 0);
  g_assert_true (WIFSIGNALED (status));
  read_lines (out, lines, G_MAXUINT);
  close (out);
  conversation = parse_promises (lines, promises);

  store = test_open (folder);
  if (conversation != NULL)
    compare (store, conversation, promises);
  if (round % 20 == 19)
    test_check (store);
  n = g_hash_table_size (promises);
  test_close (store);
  return n;
}

static char *program;

static void
test_kill (void)
{
  g_autofree char *folder = test_make_folder ();
  gint64 begin = g_get_monotonic_time ();
  guint n = 0;
  guint empty = 0;

  test_close (test_create (folder));
  for (guint round = 0; round < ROUNDS; round++)
    {
      guint promised = one_round (folder, program, round);

      n += promised;
      empty += promised == 0;
    }

  g_test_message ("%d kills, %u messages promised and found, %u kills before the first; %.1f s",
                  ROUNDS, n, empty, (double) (g_get_monotonic_time () - begin) / G_USEC_PER_SEC);
  /* Else the kills came too early to prove anything. */
  g_assert_cmpuint (empty, <, ROUNDS / 2);
  g_assert_cmpuint (n, >, ROUNDS);
  test_remove_folder (folder);
}

int
main (int argc, char **argv)
{
  if (argc == 3 && g_str_equal (argv[1], "--child"))
    return child (argv[2]);

  g_test_init (&argc, &argv, NULL);
  program = argv[0];
  g_test_add_func ("/history/crash/kill", test_kill);
  return g_test_run ();
}
