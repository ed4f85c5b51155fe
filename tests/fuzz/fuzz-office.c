/* A document of an office, a book or a web page, as anybody may have made it.
 *
 * The input is such a file as it is; or, since a changed archive is rarely one any more, its parts as text, from which the
 * archive is made here:
 *
 *   @name of a part
 *   its content
 *   @…
 *
 * Asked for: no crash, no end of memory, and UTF-8 within its bounds. */

#include "office.h"

#include <string.h>

#define LONGEST_INPUT (256 * 1024)
#define LONGEST_OUTPUT (40 * 1024 * 1024)

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
append_numbers (GByteArray *array, const guint32 *numbers, const guint *widths, gsize n)
{
  for (gsize i = 0; i < n; i++)
    {
      const guint32 little = GUINT32_TO_LE (numbers[i]);

      g_byte_array_append (array, (const guint8 *) &little, widths[i]);
    }
}

/* What the part's own header and the list say alike, from the version on */
static void
append_head (GByteArray *array, gsize name_length, gsize size)
{
  const guint32 numbers[] = { 20, 0, 0, 0, 0, (guint32) size, (guint32) size, (guint32) name_length, 0 };
  const guint widths[] = { 2, 2, 2, 4, 4, 4, 4, 2, 2 };

  append_numbers (array, numbers, widths, G_N_ELEMENTS (numbers));
}

static void
append_part (GByteArray *archive, GByteArray *list, const guint8 *name, gsize name_length, const guint8 *content, gsize size)
{
  const guint32 place[] = { 0, 0, 0, 0, archive->len };
  const guint widths[] = { 2, 2, 2, 4, 4 };

  g_byte_array_append (list, (const guint8 *) "PK\1\2\24", 6);
  append_head (list, name_length, size);
  append_numbers (list, place, widths, G_N_ELEMENTS (place));
  g_byte_array_append (list, name, (guint) name_length);
  g_byte_array_append (archive, (const guint8 *) "PK\3\4", 4);
  append_head (archive, name_length, size);
  g_byte_array_append (archive, name, (guint) name_length);
  g_byte_array_append (archive, content, (guint) size);
}

static const guint8 *
find_next (const guint8 *at, const guint8 *end)
{
  const guint8 *found = at != NULL && at < end ? memmem (at, (gsize) (end - at), "\n@", 2) : NULL;

  return found != NULL ? found + 1 : end;
}

static GByteArray *
make_archive (const guint8 *data, gsize size)
{
  GByteArray *archive = g_byte_array_new ();
  g_autoptr (GByteArray) list = g_byte_array_new ();
  const guint8 *const end = data + size;
  guint n = 0;

  for (const guint8 *at = data; at < end && n < 64; n++)
    {
      const guint8 *next = find_next (at, end);
      const guint8 *line = memchr (at, '\n', (gsize) (next - at));
      const gsize name_length = MIN ((gsize) ((line != NULL ? line : next) - at - 1), 200);
      const guint8 *content = line != NULL ? line + 1 : next;

      append_part (archive, list, at + 1, name_length, content, (gsize) (next - content));
      at = next;
    }
  {
    const guint32 numbers[] = { 0, 0, n, n, list->len, archive->len, 0 };
    const guint widths[] = { 2, 2, 2, 2, 4, 4, 2 };

    g_byte_array_append (archive, list->data, list->len);
    g_byte_array_append (archive, (const guint8 *) "PK\5\6", 4);
    append_numbers (archive, numbers, widths, G_N_ELEMENTS (numbers));
  }
  return archive;
}

static void
check (SottoText *text)
{
  GPtrArray *pages = sotto_text_finish (text);
  gsize n_bytes = 0;

  for (guint i = 0; i < pages->len; i++)
    {
      const char *page = g_ptr_array_index (pages, i);

      g_assert_true (g_utf8_validate (page, -1, NULL));
      n_bytes += strlen (page);
    }
  g_assert_cmpuint (n_bytes, <=, LONGEST_OUTPUT);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GByteArray) archive = size > 0 && *data == '@' && size < LONGEST_INPUT ? make_archive (data, size) : NULL;
  g_autoptr (SottoText) text = NULL;
  SottoPageStreamRefusal why;

  if (size >= LONGEST_INPUT)
    return 0;
  why = sotto_office_read (archive != NULL ? archive->data : data, archive != NULL ? archive->len : size, FALSE, &text);
  g_assert_true ((why == SOTTO_PAGE_STREAM_NONE) == (text != NULL));
  if (text != NULL)
    check (text);
  return 0;
}
