#include "stream.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Above it is a book of pictures, which are of no use here. */
#define MAX_FILE (256L * 1024 * 1024)
#define DEFAULT_SECONDS 60

/* --- What is written --- */

static gboolean
write_all (const void *data, gsize length)
{
  const char *at = data;

  while (length > 0)
    {
      const gssize n = write (STDOUT_FILENO, at, length);

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return FALSE;
      at += n;
      length -= (gsize) n;
    }
  return TRUE;
}

static gboolean
write_head (char kind, gsize length)
{
  guint8 head[SOTTO_PAGE_STREAM_HEAD] = { (guint8) kind };
  const guint32 little = GUINT32_TO_LE ((guint32) length);

  if (length > G_MAXUINT32)
    return FALSE;
  memcpy (head + 1, &little, sizeof little);
  return write_all (head, sizeof head);
}

static gboolean
write_record (char kind, const void *content, gsize length)
{
  return write_head (kind, length) && write_all (content, length);
}

gboolean
sotto_stream_refuse (SottoPageStreamRefusal why)
{
  const guint8 byte = (guint8) why;

  return write_record (SOTTO_PAGE_STREAM_REFUSAL, &byte, 1);
}

gboolean
sotto_stream_write_count (guint32 n_pages)
{
  const guint32 little = GUINT32_TO_LE (n_pages);

  return write_record (SOTTO_PAGE_STREAM_COUNT, &little, sizeof little);
}

gboolean
sotto_stream_write_page (const char *text, gsize length)
{
  return write_record (SOTTO_PAGE_STREAM_PAGE, text, length);
}

gboolean
sotto_stream_write_whole (const char *text, gsize length)
{
  return write_record (SOTTO_PAGE_STREAM_WHOLE, text, length);
}

gboolean
sotto_stream_write_end (void)
{
  return write_record (SOTTO_PAGE_STREAM_END, NULL, 0);
}

gboolean
sotto_stream_write_picture (guint32 width, guint32 height, const guint8 *pixels)
{
  const guint32 sides[] = { GUINT32_TO_LE (width), GUINT32_TO_LE (height) };
  const gsize n = (gsize) width * height * 3;

  return write_head (SOTTO_PAGE_STREAM_PICTURE, sizeof sides + n) && write_all (sides, sizeof sides) && write_all (pixels, n);
}

/* --- What is read --- */

static void
unmap_file (gpointer data)
{
}

GBytes *
sotto_stream_take_file (SottoPageStreamRefusal *why)
{
  struct stat status;
  char *data;
  gsize length = 0;

  *why = SOTTO_PAGE_STREAM_DAMAGED;
  if (fstat (STDIN_FILENO, &status) != 0 || !S_ISREG (status.st_mode) || status.st_size <= 0)
    return NULL;
  if (status.st_size > MAX_FILE)
    {
      *why = SOTTO_PAGE_STREAM_LARGE;
      return NULL;
    }
  data = mmap (NULL, (gsize) status.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED)
    return NULL;
  while (length < (gsize) status.st_size)
    {
      const gssize n = pread (STDIN_FILENO, data + length, (gsize) status.st_size - length, (off_t) length);

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        break;
      length += (gsize) n;
    }
  close (STDIN_FILENO);
  return g_bytes_new_with_free_func (data, length, unmap_file, NULL);
}

guint
sotto_stream_get_seconds (int argc, char **argv)
{
  guint64 seconds;

  if (argc == 2 && g_ascii_string_to_unsigned (argv[1], 10, 1, 3600, &seconds, NULL))
    return (guint) seconds;
  return DEFAULT_SECONDS;
}
