#include "formats.h"

#include <string.h>

/* Which way up a picture is, out of what its camera has written: EXIF 2.32, which is a TIFF 6.0 without a picture.
 *
 *   0   "II" or "MM": the order of bytes;  2   42;  4   where the first directory is
 *   directory: 2 bytes of how many entries, and of each 12: tag, type, how many values, and the value, if it is short */

#define TAG_ORIENTATION 0x0112
#define TYPE_SHORT 3

typedef struct {
  const guint8 *data;
  gsize length;
  gboolean is_big; /* most significant byte first */
} Exif;

static guint32
get_number (const Exif *exif, gsize at, guint n_bytes)
{
  guint32 number = 0;

  if (at > exif->length || exif->length - at < n_bytes)
    return 0;
  for (guint i = 0; i < n_bytes; i++)
    number |= (guint32) exif->data[at + i] << 8 * (exif->is_big ? n_bytes - 1 - i : i);
  return number;
}

guint
sotto_exif_find_orientation (const guint8 *data, gsize length)
{
  Exif exif = { data, length, FALSE };
  gsize directory;
  guint n;

  if (length >= 6 && memcmp (data, "Exif\0\0", 6) == 0)
    exif = (Exif) { data + 6, length - 6, FALSE };
  if (exif.length < 8 || (memcmp (exif.data, "II", 2) != 0 && memcmp (exif.data, "MM", 2) != 0))
    return 1;
  exif.is_big = exif.data[0] == 'M';
  directory = get_number (&exif, 4, 4);
  n = get_number (&exif, directory, 2);
  for (guint i = 0; i < n; i++)
    {
      const gsize entry = directory + 2 + (gsize) i * 12;

      if (get_number (&exif, entry, 2) == TAG_ORIENTATION && get_number (&exif, entry + 2, 2) == TYPE_SHORT)
        {
          const guint32 orientation = get_number (&exif, entry + 8, 2);

          return orientation >= 1 && orientation <= 8 ? orientation : 1;
        }
    }
  return 1;
}
