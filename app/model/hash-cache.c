/* $XDG_CACHE_HOME/sotto/hashes: a line a file, newest last: its stamp and its hash (64 hexadecimal digits each), with a
 * space between them. What is no such line is passed over. */

#include "model/hash-cache.h"

#include <string.h>

#define DIGITS 64
#define LINE (2 * DIGITS + 1)

/* More models than anybody uses. */
#define MOST_LINES 200

static char *
dup_path (void)
{
  return g_build_filename (g_get_user_cache_dir (), "sotto", "hashes", NULL);
}

/* Splits @line where it is one. Returns: whether it is */
static gboolean
read_line (char *line, const char **stamp, const char **hash)
{
  if (strlen (line) != LINE || line[DIGITS] != ' ')
    return FALSE;
  for (guint i = 0; i < LINE; i++)
    if (i != DIGITS && !g_ascii_isxdigit (line[i]))
      return FALSE;

  line[DIGITS] = '\0';
  *stamp = line;
  *hash = line + DIGITS + 1;
  return TRUE;
}

/* Returns: (transfer full): the file's lines, whatever they are; none where there is no file */
static char **
read_lines (void)
{
  g_autofree char *path = dup_path ();
  g_autofree char *text = NULL;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return g_new0 (char *, 1);
  return g_strsplit (text, "\n", -1);
}

void
sotto_hash_cache_tell (SottoWorker *worker)
{
  g_auto (GStrv) lines = read_lines ();
  const char *stamp, *hash;

  for (guint i = 0; lines[i] != NULL; i++)
    if (read_line (lines[i], &stamp, &hash))
      sotto_worker_tell_hash (worker, stamp, hash);
}

void
sotto_hash_cache_keep (const char *stamp, const char *hash)
{
  g_auto (GStrv) lines = read_lines ();
  g_autofree char *path = dup_path ();
  g_autofree char *folder = g_path_get_dirname (path);
  g_autoptr (GString) text = g_string_new (NULL);
  const guint n_lines = g_strv_length (lines);
  const char *known, *known_hash;

  for (guint i = n_lines > MOST_LINES ? n_lines - MOST_LINES : 0; i < n_lines; i++)
    {
      if (!read_line (lines[i], &known, &known_hash))
        continue;
      if (g_str_equal (known, stamp) && g_str_equal (known_hash, hash))
        return;
      if (!g_str_equal (known, stamp))
        g_string_append_printf (text, "%s %s\n", known, known_hash);
    }
  g_string_append_printf (text, "%s %s\n", stamp, hash);

  /* A line that a crash has torn is none, so it need not reach the disk at once. */
  if (g_mkdir_with_parents (folder, 0700) == 0)
    g_file_set_contents_full (path, text->str, (gssize) text->len, G_FILE_SET_CONTENTS_NONE, 0600, NULL);
}
