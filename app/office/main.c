#include "encodings.h"
#include "office.h"

#include "reader/door.h"
#include "reader/stream.h"

#include <string.h>
#include <unistd.h>

/* sotto-office-text: a document on standard input, its text on standard output (../reader/page-stream.h).
 *
 * The file is read as bytes, the C library loads its encodings, the door is closed, and only then the first byte is looked at. */

static gboolean
write_text (SottoText *text)
{
  const gboolean has_pages = sotto_office_has_pages (text);
  GPtrArray *pages = sotto_text_finish (text);

  if (has_pages && !sotto_stream_write_count (pages->len))
    return FALSE;
  for (guint i = 0; i < pages->len; i++)
    {
      g_autofree char *page = g_utf8_make_valid (g_ptr_array_index (pages, i), -1);

      if (!(has_pages ? sotto_stream_write_page : sotto_stream_write_whole) (page, strlen (page)))
        return FALSE;
    }
  return sotto_stream_write_end ();
}

static gboolean
read_document (GBytes *bytes)
{
  SottoText *text = NULL;
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);
  const SottoPageStreamRefusal why = sotto_office_read (data, length, TRUE, &text);

  return why != SOTTO_PAGE_STREAM_NONE ? sotto_stream_refuse (why) : write_text (text);
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
  sotto_encodings_load ();
  if (!is_prepared || !sotto_door_close (NULL, sotto_stream_get_seconds (argc, argv)))
    return sotto_stream_refuse (SOTTO_PAGE_STREAM_UNSAFE) ? 0 : 1;

  done = is_trial ? sotto_door_try (NULL) : read_document (bytes);
  /* There is nothing to tidy up that the kernel does not. */
  _exit (done ? 0 : 1);
}
