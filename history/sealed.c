/* Sealed files, all of a history: their names and keys, how much room they have, and when they go.
 *
 *   FOLDER/timelines/CONVERSATION-NAME       two times 32 hexadecimal digits
 *   FOLDER/timelines/CONVERSATION-NAME.new   while it is written
 *
 * Both halves are BLAKE2b-128, keyed: who has not the key can tell neither, only which files are of the same conversation.
 * The keys of names and files are derived from the database's (crypto_kdf, context "SottoSea", 1 and 2).
 *
 * When a file was used last says its time on the disk. Nothing here is flushed but what is to be overwritten: what a power
 * cut leaves is a file that opens, or one that does not and is as good as none. */

#include "sealed-private.h"

#include "history-error.h"
#include "history-file.h"
#include "history-secret.h"
#include "sealed-stream.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define MOST_BYTES ((guint64) 1 << 30)
#define FREE_PART 10
#define MOST_AGE ((gint64) 30 * 24 * 60 * 60)

#define HALF (SOTTO_SEALED_NAME_BYTES / 2)
#define DIGITS (2 * HALF)
#define UNFINISHED ".new"

static const char context[crypto_kdf_CONTEXTBYTES] = { 'S', 'o', 't', 't', 'o', 'S', 'e', 'a' };

G_STATIC_ASSERT (crypto_kdf_KEYBYTES == SOTTO_KEY_BYTES);
G_STATIC_ASSERT (HALF >= crypto_generichash_BYTES_MIN);

/* In locked memory */
typedef struct {
  guint8 names[SOTTO_KEY_BYTES];
  guint8 files[SOTTO_KEY_BYTES];
} Keys;

struct _SottoSealed {
  gint n_refs;             /* atomic */
  char *folder;
  gint is_locked;          /* atomic */

  GMutex mutex;            /* held while the folder is changed */
  Keys *keys;              /* under mutex; NULL: locked */
  guint64 most_bytes;
};

struct _SottoSealedFile {
  SottoSealed *sealed;
  SottoSealedStream *stream;
  char *path;
  char *unfinished_path;   /* while it is written; else NULL */
};

typedef struct {
  char *path;
  guint64 n_bytes;
  struct timespec used;
} Entry;

/* --- Life --- */

SottoSealed *
sotto_sealed_new (const char *folder)
{
  SottoSealed *self = g_new0 (SottoSealed, 1);

  self->n_refs = 1;
  self->folder = g_strdup (folder);
  self->is_locked = TRUE;
  self->most_bytes = MOST_BYTES;
  g_mutex_init (&self->mutex);
  return self;
}

SottoSealed *
sotto_sealed_ref (SottoSealed *self)
{
  g_atomic_int_inc (&self->n_refs);
  return self;
}

void
sotto_sealed_unref (SottoSealed *self)
{
  if (self == NULL || !g_atomic_int_dec_and_test (&self->n_refs))
    return;

  sotto_secret_free (self->keys);
  g_mutex_clear (&self->mutex);
  g_free (self->folder);
  g_free (self);
}

gboolean
sotto_sealed_unlock (SottoSealed *self, const guint8 *key, GError **error)
{
  Keys *keys = (Keys *) sotto_secret_new (sizeof (Keys), error);

  if (keys == NULL)
    return FALSE;

  crypto_kdf_derive_from_key (keys->names, sizeof keys->names, 1, context, key);
  crypto_kdf_derive_from_key (keys->files, sizeof keys->files, 2, context, key);
  g_mutex_lock (&self->mutex);
  sotto_secret_free (self->keys);
  self->keys = keys;
  g_atomic_int_set (&self->is_locked, FALSE);
  g_mutex_unlock (&self->mutex);
  return TRUE;
}

void
sotto_sealed_lock (SottoSealed *self)
{
  g_mutex_lock (&self->mutex);
  g_atomic_int_set (&self->is_locked, TRUE);
  g_clear_pointer (&self->keys, sotto_secret_free);
  g_mutex_unlock (&self->mutex);
}

void
sotto_sealed_set_limit (SottoSealed *self, guint64 n_bytes)
{
  self->most_bytes = n_bytes;
}

static gboolean
check_unlocked (SottoSealed *self, GError **error)
{
  if (!g_atomic_int_get (&self->is_locked))
    return TRUE;

  sotto_history_set_error (error, SOTTO_HISTORY_ERROR_CLOSED, NULL, "the history is closed");
  return FALSE;
}

/* --- Names --- */

/* Under the mutex, with a key. @half: (out) (array fixed-size=16); @digits: (out) (array fixed-size=33) */
static void
hash (SottoSealed *self, const char *text, guint8 *half, char *digits)
{
  crypto_generichash (half, HALF, (const guint8 *) text, strlen (text), self->keys->names, sizeof self->keys->names);
  sodium_bin2hex (digits, DIGITS + 1, half, HALF);
}

/* Under the mutex, with a key. Returns: (transfer full): where it lies */
static char *
make_path (SottoSealed *self, const char *conversation, const char *name, guint8 *bytes)
{
  char digits[2][DIGITS + 1];
  g_autofree char *file = NULL;

  hash (self, conversation, bytes, digits[0]);
  hash (self, name, bytes + HALF, digits[1]);
  file = g_strconcat (digits[0], "-", digits[1], NULL);
  return g_build_filename (self->folder, file, NULL);
}

/* Whether it is one of ours. */
static gboolean
is_name (const char *name, gboolean *is_unfinished)
{
  const char *end = name + 2 * DIGITS + 1;

  if (strlen (name) < 2 * DIGITS + 1 || name[DIGITS] != '-')
    return FALSE;
  for (guint i = 0; i < 2 * DIGITS + 1; i++)
    if (i != DIGITS && !g_ascii_isxdigit (name[i]))
      return FALSE;
  *is_unfinished = g_str_equal (end, UNFINISHED);
  return *is_unfinished || *end == '\0';
}

/* --- The folder --- */

static void
entry_clear (gpointer data)
{
  g_free (((Entry *) data)->path);
}

static gint
compare_used (gconstpointer a, gconstpointer b)
{
  const struct timespec *one = &((const Entry *) a)->used;
  const struct timespec *other = &((const Entry *) b)->used;

  if (one->tv_sec != other->tv_sec)
    return one->tv_sec < other->tv_sec ? -1 : 1;
  return one->tv_nsec < other->tv_nsec ? -1 : one->tv_nsec > other->tv_nsec;
}

/* Returns: (element-type Entry): that used longest ago first */
static GArray *
list (const char *folder, gboolean with_unfinished)
{
  GArray *entries = g_array_new (FALSE, FALSE, sizeof (Entry));
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  g_array_set_clear_func (entries, entry_clear);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      gboolean is_unfinished;
      struct stat info;

      if (is_name (name, &is_unfinished) && (with_unfinished || !is_unfinished) && lstat (path, &info) == 0
          && S_ISREG (info.st_mode))
        {
          Entry entry = { g_steal_pointer (&path), (guint64) info.st_size, info.st_mtim };

          g_array_append_val (entries, entry);
        }
    }
  g_array_sort (entries, compare_used);
  return entries;
}

static guint64
sum (const GArray *entries)
{
  guint64 n_bytes = 0;

  for (guint i = 0; i < entries->len; i++)
    n_bytes += g_array_index (entries, Entry, i).n_bytes;
  return n_bytes;
}

/* Under the mutex. @path: what will be replaced, which does not count */
static gboolean
make_room (SottoSealed *self, const char *path, guint64 n_bytes, GError **error)
{
  g_autoptr (GArray) entries = list (self->folder, FALSE);
  guint64 total = sum (entries);
  guint64 most = self->most_bytes;
  struct statvfs disk;

  if (statvfs (self->folder, &disk) != 0)
    {
      sotto_history_set_io_error (error, self->folder, "look at the disk of", errno);
      return FALSE;
    }
  most = MIN (most, ((guint64) disk.f_bavail * disk.f_frsize + total) / FREE_PART);
  if (n_bytes > most)
    {
      sotto_history_set_io_error (error, path, "find room for", ENOSPC);
      return FALSE;
    }

  for (guint i = 0; i < entries->len; i++)
    if (g_str_equal (g_array_index (entries, Entry, i).path, path))
      total -= g_array_index (entries, Entry, i).n_bytes;
  for (guint i = 0; i < entries->len && total + n_bytes > most; i++)
    {
      const Entry *entry = &g_array_index (entries, Entry, i);

      if (g_str_equal (entry->path, path))
        continue;
      sotto_sealed_stream_wipe (entry->path);
      total -= entry->n_bytes;
    }
  return TRUE;
}

gboolean
sotto_sealed_has_folder (SottoSealed *self)
{
  return sotto_file_exists (self->folder);
}

void
sotto_sealed_settle (SottoSealed *self, GPtrArray *conversations, gboolean is_opening)
{
  g_autoptr (GHashTable) known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  const gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  g_autoptr (GArray) entries = NULL;

  g_mutex_lock (&self->mutex);
  entries = list (self->folder, is_opening);
  for (guint i = 0; self->keys != NULL && i < conversations->len; i++)
    {
      char *digits = g_malloc (DIGITS + 1);
      guint8 half[HALF];

      hash (self, g_ptr_array_index (conversations, i), half, digits);
      g_hash_table_add (known, digits);
    }
  for (guint i = 0; self->keys != NULL && i < entries->len; i++)
    {
      const Entry *entry = &g_array_index (entries, Entry, i);
      g_autofree char *name = g_path_get_basename (entry->path);
      g_autofree char *conversation = g_strndup (name, DIGITS);

      if (!g_hash_table_contains (known, conversation) || g_str_has_suffix (name, UNFINISHED)
          || (is_opening && now - entry->used.tv_sec > MOST_AGE))
        sotto_sealed_stream_wipe (entry->path);
    }
  g_mutex_unlock (&self->mutex);
}

void
sotto_sealed_remove_all (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, SOTTO_SEALED_FOLDER, NULL);
  g_autoptr (GArray) entries = list (path, TRUE);

  for (guint i = 0; i < entries->len; i++)
    sotto_sealed_stream_wipe (g_array_index (entries, Entry, i).path);
  if (sotto_file_exists (path))
    g_rmdir (path);
}

void
sotto_sealed_remove (SottoSealed *self, const char *conversation, const char *name)
{
  char digits[2][DIGITS + 1] = { "", "" };
  guint8 half[HALF];

  g_return_if_fail (self != NULL);

  g_mutex_lock (&self->mutex);
  if (self->keys != NULL)
    {
      g_autoptr (GArray) entries = list (self->folder, FALSE);

      if (conversation != NULL)
        hash (self, conversation, half, digits[0]);
      if (name != NULL)
        hash (self, name, half, digits[1]);
      for (guint i = 0; i < entries->len; i++)
        {
          const Entry *entry = &g_array_index (entries, Entry, i);
          g_autofree char *file = g_path_get_basename (entry->path);

          if (g_str_has_prefix (file, digits[0]) && g_str_has_suffix (file, digits[1]))
            sotto_sealed_stream_wipe (entry->path);
        }
    }
  g_mutex_unlock (&self->mutex);
}

guint64
sotto_sealed_measure (SottoSealed *self)
{
  g_autoptr (GArray) entries = NULL;

  g_return_val_if_fail (self != NULL, 0);

  g_mutex_lock (&self->mutex);
  entries = list (self->folder, FALSE);
  g_mutex_unlock (&self->mutex);
  return sum (entries);
}

/* --- Files --- */

static SottoSealedFile *
file_new (SottoSealed *self, SottoSealedStream *stream, char *path, char *unfinished_path)
{
  SottoSealedFile *file = g_new0 (SottoSealedFile, 1);

  file->sealed = sotto_sealed_ref (self);
  file->stream = stream;
  file->path = path;
  file->unfinished_path = unfinished_path;
  return file;
}

SottoSealedFile *
sotto_sealed_create (SottoSealed  *self,
                     const char   *conversation,
                     const char   *name,
                     guint64       n_bytes,
                     GError      **error)
{
  g_autofree char *path = NULL;
  g_autofree char *unfinished_path = NULL;
  guint8 bytes[SOTTO_SEALED_NAME_BYTES];
  SottoSealedStream *stream = NULL;

  g_return_val_if_fail (self != NULL && conversation != NULL && name != NULL, NULL);

  g_mutex_lock (&self->mutex);
  if (check_unlocked (self, error))
    {
      path = make_path (self, conversation, name, bytes);
      unfinished_path = g_strconcat (path, UNFINISHED, NULL);
      if (sotto_file_make_folder (self->folder, error)
          && make_room (self, path, sotto_sealed_stream_measure (n_bytes), error))
        stream = sotto_sealed_stream_create (unfinished_path, self->keys->files, bytes, n_bytes, error);
    }
  g_mutex_unlock (&self->mutex);

  return stream != NULL ? file_new (self, stream, g_steal_pointer (&path), g_steal_pointer (&unfinished_path)) : NULL;
}

SottoSealedFile *
sotto_sealed_open (SottoSealed *self, const char *conversation, const char *name, GError **error)
{
  g_autofree char *path = NULL;
  guint8 bytes[SOTTO_SEALED_NAME_BYTES];
  SottoSealedStream *stream = NULL;

  g_return_val_if_fail (self != NULL && conversation != NULL && name != NULL, NULL);

  g_mutex_lock (&self->mutex);
  if (check_unlocked (self, error))
    {
      path = make_path (self, conversation, name, bytes);
      stream = sotto_sealed_stream_open (path, self->keys->files, bytes, error);
      if (stream != NULL)
        utimensat (AT_FDCWD, path, NULL, AT_SYMLINK_NOFOLLOW);
    }
  g_mutex_unlock (&self->mutex);

  return stream != NULL ? file_new (self, stream, g_steal_pointer (&path), NULL) : NULL;
}

gboolean
sotto_sealed_file_write (SottoSealedFile *self, gconstpointer data, gsize size, GError **error)
{
  g_return_val_if_fail (self != NULL && self->unfinished_path != NULL, FALSE);

  return check_unlocked (self->sealed, error) && sotto_sealed_stream_write (self->stream, data, size, error);
}

gboolean
sotto_sealed_file_finish (SottoSealedFile *self, GError **error)
{
  gboolean ok;

  g_return_val_if_fail (self != NULL && self->unfinished_path != NULL, FALSE);

  g_mutex_lock (&self->sealed->mutex);
  ok = check_unlocked (self->sealed, error) && sotto_sealed_stream_end (self->stream, error);
  if (ok)
    {
      /* Replaced only, what it was before would still lie on the disk somewhere. */
      sotto_sealed_stream_wipe (self->path);
      ok = g_rename (self->unfinished_path, self->path) == 0;
      if (!ok)
        sotto_history_set_io_error (error, self->path, "rename into place", errno);
    }
  if (ok)
    g_clear_pointer (&self->unfinished_path, g_free);
  g_mutex_unlock (&self->sealed->mutex);
  return ok;
}

gboolean
sotto_sealed_file_read (SottoSealedFile *self, gpointer data, gsize size, GError **error)
{
  g_return_val_if_fail (self != NULL && self->unfinished_path == NULL, FALSE);

  return check_unlocked (self->sealed, error) && sotto_sealed_stream_read (self->stream, data, size, error);
}

void
sotto_sealed_file_free (SottoSealedFile *self)
{
  if (self == NULL)
    return;

  if (self->unfinished_path != NULL)
    sotto_sealed_stream_wipe (self->unfinished_path);
  sotto_sealed_stream_free (self->stream);
  sotto_sealed_unref (self->sealed);
  g_free (self->path);
  g_free (self->unfinished_path);
  g_free (self);
}
