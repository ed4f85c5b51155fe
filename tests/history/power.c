#include "power.h"

#include <glib/gstdio.h>
#include <sqlcipher/sqlite3.h>
#include <string.h>

#define SECTOR 512

/* A write since the last flush; a truncation if data is NULL. */
typedef struct {
  sqlite3_int64 offset;
  GBytes *data;
} Change;

/* What is known of one path. */
typedef struct {
  GByteArray *certain;
  gboolean certainly_there;
  GPtrArray *changes;
} Disk;

typedef struct {
  sqlite3_file base;
  Disk *disk; /* NULL: temporary, of no interest */
  /* The default VFS's file follows. */
} File;

static struct {
  sqlite3_vfs *base;
  GHashTable *disks; /* path → Disk */
  guint steps;
  guint cut_at;
  gboolean cut;
} power;

static sqlite3_file *
inner (sqlite3_file *file)
{
  return (sqlite3_file *) ((File *) file + 1);
}

static void
change_free (gpointer data)
{
  Change *change = data;

  g_clear_pointer (&change->data, g_bytes_unref);
  g_free (change);
}

static void
disk_free (gpointer data)
{
  Disk *disk = data;

  g_byte_array_unref (disk->certain);
  g_ptr_array_unref (disk->changes);
  g_free (disk);
}

static Disk *
disk_for (const char *path)
{
  Disk *disk = g_hash_table_lookup (power.disks, path);
  char *bytes;
  gsize size;

  if (disk != NULL)
    return disk;

  disk = g_new0 (Disk, 1);
  disk->certain = g_byte_array_new ();
  disk->changes = g_ptr_array_new_with_free_func (change_free);
  if (g_file_get_contents (path, &bytes, &size, NULL))
    {
      g_byte_array_append (disk->certain, (const guint8 *) bytes, (guint) size);
      disk->certainly_there = TRUE;
      g_free (bytes);
    }
  g_hash_table_insert (power.disks, g_strdup (path), disk);
  return disk;
}

/* Whether the power is still on after this step began. */
static gboolean
take_step (void)
{
  if (!power.cut && ++power.steps == power.cut_at)
    power.cut = TRUE;
  return !power.cut;
}

static void
apply (GByteArray *bytes, const Change *change, GRand *random)
{
  gsize size;
  const guint8 *data;

  if (change->data == NULL)
    {
      if (change->offset < bytes->len && (random == NULL || g_rand_boolean (random)))
        g_byte_array_set_size (bytes, (guint) change->offset);
      return;
    }

  data = g_bytes_get_data (change->data, &size);
  for (gsize at = 0; at < size; )
    {
      gsize offset = (gsize) change->offset + at;
      gsize n = MIN (size - at, SECTOR - offset % SECTOR);

      if (random == NULL || g_rand_boolean (random))
        {
          guint old = bytes->len;

          if (offset + n > old)
            {
              g_byte_array_set_size (bytes, (guint) (offset + n));
              memset (bytes->data + old, 0, offset + n - old);
            }
          memcpy (bytes->data + offset, data + at, n);
        }
      at += n;
    }
}

/* --- A file --- */

static int
file_close (sqlite3_file *file)
{
  return inner (file)->pMethods->xClose (inner (file));
}

static int
file_read (sqlite3_file *file, void *data, int n, sqlite3_int64 offset)
{
  if (power.cut)
    return SQLITE_IOERR_READ;
  return inner (file)->pMethods->xRead (inner (file), data, n, offset);
}

static void
remember (sqlite3_file *file, sqlite3_int64 offset, GBytes *data)
{
  Disk *disk = ((File *) file)->disk;
  Change *change;

  if (disk == NULL)
    {
      g_clear_pointer (&data, g_bytes_unref);
      return;
    }
  change = g_new0 (Change, 1);
  change->offset = offset;
  change->data = data;
  g_ptr_array_add (disk->changes, change);
}

/* The write during which the power goes may reach the disk in part, as any other. */
static int
file_write (sqlite3_file *file, const void *data, int n, sqlite3_int64 offset)
{
  if (power.cut)
    return SQLITE_IOERR_WRITE;
  remember (file, offset, g_bytes_new (data, (gsize) n));
  if (!take_step ())
    return SQLITE_IOERR_WRITE;
  return inner (file)->pMethods->xWrite (inner (file), data, n, offset);
}

static int
file_truncate (sqlite3_file *file, sqlite3_int64 size)
{
  if (power.cut)
    return SQLITE_IOERR_TRUNCATE;
  remember (file, size, NULL);
  if (!take_step ())
    return SQLITE_IOERR_TRUNCATE;
  return inner (file)->pMethods->xTruncate (inner (file), size);
}

/* Nothing is flushed in truth: the memory of it is what counts. */
static int
file_sync (sqlite3_file *file, int flags)
{
  Disk *disk = ((File *) file)->disk;

  if (!take_step ())
    return SQLITE_IOERR_FSYNC;
  if (disk != NULL)
    {
      for (guint i = 0; i < disk->changes->len; i++)
        apply (disk->certain, g_ptr_array_index (disk->changes, i), NULL);
      g_ptr_array_set_size (disk->changes, 0);
      disk->certainly_there = TRUE;
    }
  return SQLITE_OK;
}

static int
file_size (sqlite3_file *file, sqlite3_int64 *size)
{
  if (power.cut)
    return SQLITE_IOERR_FSTAT;
  return inner (file)->pMethods->xFileSize (inner (file), size);
}

static int
file_lock (sqlite3_file *file, int level)
{
  return inner (file)->pMethods->xLock (inner (file), level);
}

static int
file_unlock (sqlite3_file *file, int level)
{
  return inner (file)->pMethods->xUnlock (inner (file), level);
}

static int
file_check_reserved (sqlite3_file *file, int *reserved)
{
  return inner (file)->pMethods->xCheckReservedLock (inner (file), reserved);
}

static int
file_control (sqlite3_file *file, int op, void *argument)
{
  return inner (file)->pMethods->xFileControl (inner (file), op, argument);
}

static int
file_sector_size (sqlite3_file *file)
{
  return inner (file)->pMethods->xSectorSize (inner (file));
}

static int
file_characteristics (sqlite3_file *file)
{
  return inner (file)->pMethods->xDeviceCharacteristics (inner (file));
}

/* Version 1: no shared memory and no mapping, so a database that needs them fails. */
static const sqlite3_io_methods methods = {
  .iVersion = 1,
  .xClose = file_close,
  .xRead = file_read,
  .xWrite = file_write,
  .xTruncate = file_truncate,
  .xSync = file_sync,
  .xFileSize = file_size,
  .xLock = file_lock,
  .xUnlock = file_unlock,
  .xCheckReservedLock = file_check_reserved,
  .xFileControl = file_control,
  .xSectorSize = file_sector_size,
  .xDeviceCharacteristics = file_characteristics,
};

/* --- The VFS --- */

static int
vfs_open (sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *out_flags)
{
  File *self = (File *) file;
  int code;

  file->pMethods = NULL;
  if (power.cut)
    return SQLITE_CANTOPEN;
  self->disk = path != NULL ? disk_for (path) : NULL;
  code = power.base->xOpen (power.base, path, inner (file), flags, out_flags);
  if (code == SQLITE_OK)
    file->pMethods = &methods;
  return code;
}

static int
vfs_delete (sqlite3_vfs *vfs, const char *path, int sync_folder)
{
  Disk *disk = disk_for (path);

  if (!take_step ())
    return SQLITE_IOERR_DELETE;
  g_ptr_array_set_size (disk->changes, 0);
  if (sync_folder)
    {
      disk->certainly_there = FALSE;
      g_byte_array_set_size (disk->certain, 0);
    }
  return power.base->xDelete (power.base, path, 0);
}

static int
vfs_access (sqlite3_vfs *vfs, const char *path, int flags, int *answer)
{
  if (power.cut)
    return SQLITE_IOERR_ACCESS;
  return power.base->xAccess (power.base, path, flags, answer);
}

void
test_vfs_register (void)
{
  /* As long as the process: SQLite keeps it. */
  static sqlite3_vfs vfs;

  power.base = sqlite3_vfs_find (NULL);
  power.disks = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, disk_free);
  vfs = *power.base;
  vfs.iVersion = MIN (vfs.iVersion, 2);
  vfs.zName = "power";
  vfs.szOsFile = (int) sizeof (File) + power.base->szOsFile;
  vfs.xOpen = vfs_open;
  vfs.xDelete = vfs_delete;
  vfs.xAccess = vfs_access;
  g_assert_cmpint (sqlite3_vfs_register (&vfs, 1), ==, SQLITE_OK);
}

void
test_vfs_start (guint cut_at)
{
  g_hash_table_remove_all (power.disks);
  power.steps = 0;
  power.cut_at = cut_at;
  power.cut = FALSE;
}

void
test_vfs_cut (void)
{
  power.cut = TRUE;
}

gboolean
test_vfs_is_cut (void)
{
  return power.cut;
}

guint
test_vfs_get_steps (void)
{
  return power.steps;
}

void
test_vfs_materialize (GRand *random)
{
  GHashTableIter iter;
  gpointer path;
  gpointer value;

  g_hash_table_iter_init (&iter, power.disks);
  while (g_hash_table_iter_next (&iter, &path, &value))
    {
      Disk *disk = value;
      gboolean there = g_file_test (path, G_FILE_TEST_EXISTS);

      for (guint i = 0; i < disk->changes->len; i++)
        apply (disk->certain, g_ptr_array_index (disk->changes, i), random);

      /* Made and not flushed, or removed and the folder not flushed: either way. */
      if (disk->certainly_there != there)
        there = g_rand_boolean (random);
      if (there)
        g_assert_true (g_file_set_contents (path, (const char *) disk->certain->data,
                                            (gssize) disk->certain->len, NULL));
      else
        g_unlink (path);
    }
  g_hash_table_remove_all (power.disks);
}
