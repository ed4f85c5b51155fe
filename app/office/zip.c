#include "zip.h"

#include <string.h>
#include <zlib.h>

/* The list of parts stands at the end of the file:
 *
 *   part's header, part, part's header, part, …
 *   list of parts    a record each: name, sizes, place
 *   (64 bits)        where the list is, for archives that need larger numbers, and where that record is
 *   end              where the list is
 *
 * Only the list is believed, and only as far as the bytes are there. A name that stands in it twice is refused: one program
 * would show the one, and another the other. Nothing is unpacked that is not asked for.
 *
 * Source: APPNOTE.TXT of the format, versions 4.3.x to 6.3.x. */

#define MAX_PARTS 20000
#define MAX_PART (96 * 1024 * 1024)    /* bytes of one, unpacked */
#define MAX_ALL (256 * 1024 * 1024)    /* bytes of all that are read */
#define MAX_RATIO 1032                 /* more the packing cannot do */

#define END_SIZE 22
#define LOCATOR_SIZE 20
#define END_64_SIZE 56
#define ENTRY_SIZE 46
#define HEADER_SIZE 30

typedef struct {
  guint64 offset;
  guint64 packed;
  guint64 size;
  guint32 sum;
  guint16 method;
  gboolean is_locked;
} Part;

struct _SottoZip {
  const guint8 *data;
  gsize length;
  gsize begins;          /* where what the numbers count from is: behind whatever was put in front */
  gboolean check_sums;
  GHashTable *parts;     /* name to Part */
  gsize n_unpacked;
  SottoPageStreamRefusal problem;
};

/* --- Numbers --- */

static guint16
get_16 (const guint8 *at)
{
  return (guint16) (at[0] | at[1] << 8);
}

static guint32
get_32 (const guint8 *at)
{
  return get_16 (at) | (guint32) get_16 (at + 2) << 16;
}

static guint64
get_64 (const guint8 *at)
{
  return get_32 (at) | (guint64) get_32 (at + 4) << 32;
}

static gboolean
is_here (SottoZip *self, guint64 offset, guint64 size)
{
  return offset <= self->length && size <= self->length - offset;
}

/* --- The list --- */

/* The end may be followed by a comment, in which it could seem to be, too. */
static const guint8 *
find_end (SottoZip *self)
{
  for (gsize comment = 0; comment <= G_MAXUINT16 && comment + END_SIZE <= self->length; comment++)
    {
      const guint8 *at = self->data + self->length - END_SIZE - comment;

      if (get_32 (at) == 0x06054b50 && get_16 (at + 20) == comment)
        return at;
    }
  return NULL;
}

typedef struct {
  guint64 n;
  guint64 size;
  guint64 offset;
  gsize end;      /* where the list ends, in the file */
} List;

static gboolean
find_list (SottoZip *self, List *list)
{
  const guint8 *end = find_end (self);
  const guint8 *locator;

  if (end == NULL)
    return FALSE;
  *list = (List) { get_16 (end + 10), get_32 (end + 12), get_32 (end + 16), (gsize) (end - self->data) };
  locator = list->end >= LOCATOR_SIZE ? end - LOCATOR_SIZE : NULL;
  if (locator != NULL && get_32 (locator) == 0x07064b50)
    {
      const guint64 place = get_64 (locator + 8);
      const guint8 *end_64;

      if (!is_here (self, place, END_64_SIZE) || get_32 (self->data + place) != 0x06064b50)
        return FALSE;
      end_64 = self->data + place;
      *list = (List) { get_64 (end_64 + 32), get_64 (end_64 + 40), get_64 (end_64 + 48), (gsize) place };
    }
  if (list->size > list->end || list->offset > list->end - list->size)
    return FALSE;
  self->begins = (gsize) (list->end - list->size - list->offset);
  return TRUE;
}

/* Numbers that do not fit stand behind the name, in the order of the fields that they replace. */
static gboolean
take_large_numbers (Part *part, const guint8 *extra, gsize length)
{
  guint64 *const fields[] = { &part->size, &part->packed, &part->offset };

  while (length >= 4)
    {
      const gsize size = get_16 (extra + 2);
      gsize at = 4;

      if (size > length - 4)
        return TRUE; /* what others put there need not be well made */
      for (gsize i = 0; get_16 (extra) == 1 && i < G_N_ELEMENTS (fields); i++)
        if (*fields[i] == G_MAXUINT32)
          {
            if (at + 8 > size + 4)
              return FALSE;
            *fields[i] = get_64 (extra + at);
            at += 8;
          }
      extra += 4 + size;
      length -= 4 + size;
    }
  return TRUE;
}

static gboolean
take_list (SottoZip *self)
{
  List list;
  gsize at;

  if (!find_list (self, &list) || list.n > MAX_PARTS)
    return FALSE;
  at = (gsize) (list.end - list.size);
  for (guint64 i = 0; i < list.n; i++)
    {
      const guint8 *entry = self->data + at;
      Part part;
      gsize name_length;
      gsize extra_length;
      gsize whole;

      if (list.end - at < ENTRY_SIZE || get_32 (entry) != 0x02014b50)
        return FALSE;
      name_length = get_16 (entry + 28);
      extra_length = get_16 (entry + 30);
      whole = ENTRY_SIZE + name_length + extra_length + get_16 (entry + 32);
      if (list.end - at < whole)
        return FALSE;
      part = (Part) { get_32 (entry + 42), get_32 (entry + 20), get_32 (entry + 24), get_32 (entry + 16),
                      get_16 (entry + 10), get_16 (entry + 8) & 1 };
      if (!take_large_numbers (&part, entry + ENTRY_SIZE + name_length, extra_length)
          || !g_hash_table_insert (self->parts, g_strndup ((const char *) entry + ENTRY_SIZE, name_length),
                                   g_memdup2 (&part, sizeof part)))
        return FALSE;
      at += whole;
    }
  return TRUE;
}

SottoZip *
sotto_zip_new (const guint8 *data, gsize length, gboolean check_sums, SottoPageStreamRefusal *why)
{
  SottoZip *self = g_new0 (SottoZip, 1);

  self->data = data;
  self->length = length;
  self->check_sums = check_sums;
  self->parts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  if (!take_list (self))
    {
      *why = SOTTO_PAGE_STREAM_DAMAGED;
      g_clear_pointer (&self, sotto_zip_free);
    }
  return self;
}

void
sotto_zip_free (SottoZip *self)
{
  g_hash_table_unref (self->parts);
  g_free (self);
}

/* --- Parts --- */

void
sotto_zip_set_problem (SottoZip *self, SottoPageStreamRefusal why)
{
  if (self->problem == SOTTO_PAGE_STREAM_NONE)
    self->problem = why;
}

static char *
give_up (SottoZip *self, SottoPageStreamRefusal why)
{
  sotto_zip_set_problem (self, why);
  return NULL;
}

/* Where its bytes begin: its own header has a name and an extra field of its own. */
static const guint8 *
find_part (SottoZip *self, const Part *part, const char *name)
{
  const gsize name_length = strlen (name);
  const guint8 *header;
  guint64 place;

  if (part->offset > self->length - self->begins || !is_here (self, self->begins + part->offset, HEADER_SIZE))
    return NULL;
  place = self->begins + part->offset;
  header = self->data + place;
  if (get_32 (header) != 0x04034b50 || get_16 (header + 26) != name_length)
    return NULL;
  place += HEADER_SIZE + name_length + get_16 (header + 28);
  if (!is_here (self, place, part->packed) || memcmp (header + HEADER_SIZE, name, name_length) != 0)
    return NULL;
  return self->data + place;
}

static gboolean
unpack (const Part *part, const guint8 *packed, char *data)
{
  z_stream stream = { .next_in = (Bytef *) packed, .avail_in = (uInt) part->packed,
                      .next_out = (Bytef *) data, .avail_out = (uInt) part->size };
  int result;

  if (part->method == 0)
    {
      if (part->packed != part->size)
        return FALSE;
      memcpy (data, packed, (gsize) part->size);
      return TRUE;
    }
  if (part->method != 8 || inflateInit2 (&stream, -MAX_WBITS) != Z_OK)
    return FALSE;
  result = inflate (&stream, Z_FINISH);
  inflateEnd (&stream);
  return result == Z_STREAM_END && stream.total_out == part->size;
}

gboolean
sotto_zip_has (SottoZip *self, const char *name)
{
  return g_hash_table_contains (self->parts, name);
}

char *
sotto_zip_read (SottoZip *self, const char *name, gsize *length)
{
  const Part *part = g_hash_table_lookup (self->parts, name);
  g_autofree char *data = NULL;
  const guint8 *packed;

  *length = 0;
  if (part == NULL)
    return NULL;
  if (part->is_locked)
    return give_up (self, SOTTO_PAGE_STREAM_LOCKED);
  packed = find_part (self, part, name);
  if (packed == NULL || part->size / MAX_RATIO > part->packed)
    return give_up (self, SOTTO_PAGE_STREAM_DAMAGED);
  if (part->size > MAX_PART || part->size > MAX_ALL - self->n_unpacked)
    return give_up (self, SOTTO_PAGE_STREAM_LARGE);
  data = g_try_malloc ((gsize) part->size + 1);
  if (data == NULL)
    return give_up (self, SOTTO_PAGE_STREAM_LARGE);
  if (!unpack (part, packed, data)
      || (self->check_sums && crc32_z (0, (const Bytef *) data, (z_size_t) part->size) != part->sum))
    return give_up (self, SOTTO_PAGE_STREAM_DAMAGED);
  data[part->size] = '\0';
  *length = (gsize) part->size;
  self->n_unpacked += *length;
  return g_steal_pointer (&data);
}

SottoPageStreamRefusal
sotto_zip_get_problem (SottoZip *self)
{
  return self->problem;
}
