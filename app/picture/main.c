#include "picture.h"

#include "reader/door.h"
#include "reader/stream.h"

#include <string.h>
#include <unistd.h>

/* sotto-picture: a picture's file on standard input, its pixels on standard output (../reader/page-stream.h).
 *
 * The file is read as bytes, the door is closed, and only then the first byte is looked at. */

static gboolean
read_picture (GBytes *bytes)
{
  SottoPicture picture;
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);
  const SottoPageStreamRefusal why = sotto_picture_read (data, length, &picture);

  if (why != SOTTO_PAGE_STREAM_NONE)
    return sotto_stream_refuse (why);
  return sotto_stream_write_picture (picture.width, picture.height, picture.pixels) && sotto_stream_write_end ();
}

int
main (int argc, char **argv)
{
  const gboolean is_trial = argc == 2 && strcmp (argv[1], "--try-the-door") == 0;
  const gboolean is_prepared = sotto_door_prepare ();
  SottoPageStreamRefusal why = SOTTO_PAGE_STREAM_UNSAFE;
  GBytes *bytes = NULL;
  gboolean done;

  if (is_prepared && !is_trial && (bytes = sotto_stream_take_file (&why)) == NULL)
    return sotto_stream_refuse (why) ? 0 : 1;
  if (!is_prepared || !sotto_door_close (NULL, sotto_stream_get_seconds (argc, argv)))
    return sotto_stream_refuse (SOTTO_PAGE_STREAM_UNSAFE) ? 0 : 1;

  done = is_trial ? sotto_door_try (NULL) : read_picture (bytes);
  /* There is nothing to tidy up that the kernel does not. */
  _exit (done ? 0 : 1);
}
