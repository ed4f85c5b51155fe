#include <sotto-history.h>

#include <stdlib.h>
#include <unistd.h>

/* fill-history FOLDER PASSPHRASE SPOKEN TOTAL [PICTURE…]: makes a history with one conversation of TOTAL messages
 * through the same calls as the application, under a passphrase that costs next to nothing to try. Behind them each PICTURE is a
 * prompt of its own.
 *
 * The last SPOKEN messages have words; those before are replies without text, such as a reply that
 * was stopped before its first word. They are rows like all others, but a model is not asked to read
 * them: ten thousand messages with words in them fit into no model of this machine. */

typedef struct {
  GMainLoop *loop;
  SottoStore *store;
  char *id;
  guint n_left;
} Filling;

/* What an interrupted filling leaves behind is thrown away, so nothing has to reach the disk: these
 * take the place of the C library's, and save ten thousand flushes. */
int fsync (int fd);
int fdatasync (int fd);

int
fsync (int fd)
{
  return 0;
}

int
fdatasync (int fd)
{
  return 0;
}

static void
fail_on (const GError *error)
{
  if (error == NULL)
    return;

  g_printerr ("fill-history: %s\n", error->message);
  exit (1);
}

static void
on_created (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  Filling *filling = user_data;

  filling->store = sotto_store_create_finish (result, &error);
  fail_on (error);
  g_main_loop_quit (filling->loop);
}

static void
on_begun (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  Filling *filling = user_data;

  filling->id = sotto_store_create_conversation_finish (SOTTO_STORE (source), result, &error);
  fail_on (error);
  g_main_loop_quit (filling->loop);
}

static void
on_added (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *id = sotto_store_add_message_finish (SOTTO_STORE (source), result, &error);
  Filling *filling = user_data;

  fail_on (error);
  if (--filling->n_left == 0)
    g_main_loop_quit (filling->loop);
}

static void
on_closed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  Filling *filling = user_data;

  sotto_store_close_finish (SOTTO_STORE (source), result, &error);
  fail_on (error);
  g_main_loop_quit (filling->loop);
}

static char *
words_of (guint i)
{
  if (i % 2 == 0)
    return g_strdup_printf ("Question %u: what of it?", i);
  if (i % 8 == 7)
    return g_strdup_printf ("Answer %u:\n\n```c\nint n = %u;\n```\n\n- **one**\n- two\n", i, i);
  return g_strdup_printf ("Answer %u: *this* and `that`.", i);
}

/* One at a time, so that no more of them are in memory. Returns: (transfer full): its id */
static char *
add_picture (Filling *filling, const char *parent, const char *path)
{
  g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_part_free);
  SottoHistoryPart *part = sotto_history_part_new (SOTTO_HISTORY_PART_IMAGE, NULL);
  char *id = sotto_history_new_id ();
  g_autoptr (GError) error = NULL;
  char *data;
  gsize length;

  g_file_get_contents (path, &data, &length, &error);
  fail_on (error);
  part->name = g_path_get_basename (path);
  part->media_type = g_strdup ("image/jpeg");
  part->data = g_bytes_new_take (data, length);
  g_ptr_array_add (parts, part);
  filling->n_left = 1;
  sotto_store_add_message_async (filling->store, filling->id, id, parent, SOTTO_HISTORY_ROLE_USER, parts, FALSE, NULL, on_added,
                                 filling);
  g_main_loop_run (filling->loop);
  return id;
}

int
main (int argc, char **argv)
{
  Filling filling = { NULL, NULL, NULL, 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *parent = NULL;
  SottoUnlock *unlock;
  guint n_spoken, n_total;

  if (argc < 5)
    {
      g_printerr ("fill-history FOLDER PASSPHRASE SPOKEN TOTAL [PICTURE…]\n");
      return 2;
    }
  n_spoken = (guint) g_ascii_strtoull (argv[3], NULL, 10);
  n_total = (guint) g_ascii_strtoull (argv[4], NULL, 10);
  filling.loop = g_main_loop_new (NULL, FALSE);

  unlock = sotto_unlock_new_passphrase (argv[2], &error);
  fail_on (error);
  sotto_unlock_set_cost (unlock, 1, 8192);
  sotto_store_create_async (argv[1], unlock, NULL, on_created, &filling);
  g_main_loop_run (filling.loop);
  sotto_unlock_unref (unlock);

  sotto_store_create_conversation_async (filling.store, NULL, "Ten thousand", NULL, NULL, on_begun,
                                         &filling);
  g_main_loop_run (filling.loop);

  filling.n_left = n_total;
  for (guint i = 0; i < n_total; i++)
    {
      const gboolean is_spoken = i + n_spoken >= n_total;
      g_autofree char *text = is_spoken ? words_of (i) : g_strdup ("");
      g_autoptr (GPtrArray) parts = sotto_history_parts_new_text (text);
      char *id = sotto_history_new_id ();

      sotto_store_add_message_async (filling.store, filling.id, id, parent,
                                     is_spoken && i % 2 == 0 ? SOTTO_HISTORY_ROLE_USER
                                                             : SOTTO_HISTORY_ROLE_ASSISTANT,
                                     parts, FALSE, NULL, on_added, &filling);
      g_free (parent);
      parent = id;
    }
  if (n_total > 0)
    g_main_loop_run (filling.loop);
  for (int i = 5; i < argc; i++)
    {
      char *id = add_picture (&filling, parent, argv[i]);

      g_free (parent);
      parent = id;
    }

  sotto_store_close_async (filling.store, NULL, on_closed, &filling);
  g_main_loop_run (filling.loop);
  g_object_unref (filling.store);
  g_main_loop_unref (filling.loop);
  g_free (filling.id);
  return 0;
}
