#include "model/embedder-name.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

/* SHA-256 of what vectors depend on: the file, the engine's numerics and what is put before texts.
 *
 * The whole file would take seconds to read, and a stamp of it (device, inode, times) is another one when a disk is plugged in again,
 * which would throw hours of work away. So its size, its beginning, which has the names and types of all weights, and pieces from all
 * over it stand for it: of two that differ in their weights these do as well. */

#define BEGINNING (64 * 1024)
#define PIECE 4096
#define N_PIECES 32

static gboolean
add_piece (GChecksum *checksum, int fd, guint64 offset, gsize size)
{
  g_autofree guchar *piece = g_malloc (size);
  const gssize n = pread (fd, piece, size, (off_t) offset);

  if (n < 0)
    return FALSE;
  g_checksum_update (checksum, piece, n);
  return TRUE;
}

static gboolean
add_file (GChecksum *checksum, const char *path, guint64 size)
{
  const int fd = g_open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
  gboolean is_read;

  if (fd < 0)
    return FALSE;
  is_read = add_piece (checksum, fd, 0, BEGINNING);
  for (guint i = 1; is_read && i <= N_PIECES; i++)
    is_read = add_piece (checksum, fd, size / (N_PIECES + 1) * i, PIECE);
  close (fd);
  return is_read;
}

char *
sotto_embedder_name_create (const SottoModel *model, guint64 size)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree char *rest = g_strdup_printf ("\n%" G_GUINT64_FORMAT "\n%d\n%s\n%s", size, SOTTO_NUMERICS_VERSION,
                                           sotto_model_get_embed_prefix (model, FALSE),
                                           sotto_model_get_embed_prefix (model, TRUE));

  if (!add_file (checksum, sotto_model_get_info (model)->path, size))
    {
      g_autofree char *stamp = sotto_model_dup_stamp (model);

      g_checksum_update (checksum, (const guchar *) stamp, -1);
    }
  g_checksum_update (checksum, (const guchar *) rest, -1);
  return g_strdup (g_checksum_get_string (checksum));
}
