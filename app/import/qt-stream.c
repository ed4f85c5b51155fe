#include "qt-stream.h"

#include <string.h>

/* Lengths of 32 bits that mean something else: no text at all, and since Qt 6.7 one whose length follows in 64 bits */
#define NULL_LENGTH G_GUINT64_CONSTANT (0xffffffff)
#define LONG_LENGTH G_GUINT64_CONSTANT (0xfffffffe)

void
sotto_qt_stream_init (SottoQtStream *self, const guint8 *data, gsize length)
{
  *self = (SottoQtStream) { data, length, 0, TRUE };
}

gboolean
sotto_qt_stream_is_at_end (const SottoQtStream *self)
{
  return self->position == self->length;
}

/* Returns: (nullable): the next @n bytes */
static const guint8 *
take (SottoQtStream *self, guint64 n)
{
  const guint8 *bytes = self->data + self->position;

  if (!self->is_ok || n > self->length - self->position)
    {
      self->is_ok = FALSE;
      return NULL;
    }
  self->position += (gsize) n;
  return bytes;
}

static guint64
take_number (SottoQtStream *self, guint n)
{
  const guint8 *bytes = take (self, n);
  guint64 number = 0;

  for (guint i = 0; bytes != NULL && i < n; i++)
    number = number << 8 | bytes[i];
  return number;
}

gboolean
sotto_qt_stream_get_bool (SottoQtStream *self)
{
  return take_number (self, 1) != 0;
}

gint32
sotto_qt_stream_get_int (SottoQtStream *self)
{
  return (gint32) take_number (self, 4);
}

gint64
sotto_qt_stream_get_int64 (SottoQtStream *self)
{
  return (gint64) take_number (self, 8);
}

void
sotto_qt_stream_skip (SottoQtStream *self, guint64 n)
{
  take (self, n);
}

static guint64
take_length (SottoQtStream *self)
{
  const guint64 length = take_number (self, 4);

  if (length == NULL_LENGTH)
    return 0;
  return length == LONG_LENGTH ? take_number (self, 8) : length;
}

const guint8 *
sotto_qt_stream_get_bytes (SottoQtStream *self, gsize *length)
{
  const guint64 wanted = take_length (self);
  const guint8 *bytes = take (self, wanted);

  *length = bytes != NULL ? (gsize) wanted : 0;
  return bytes != NULL ? bytes : self->data;
}

/* UTF-16, of which a half of a pair that stands alone is no character */
char *
sotto_qt_stream_dup_string (SottoQtStream *self)
{
  gsize length;
  const guint8 *bytes = sotto_qt_stream_get_bytes (self, &length);
  GString *text = g_string_sized_new (length / 2);

  if (length % 2 != 0)
    self->is_ok = FALSE;
  for (gsize i = 0; i + 1 < length; i += 2)
    {
      gunichar c = (gunichar) bytes[i] << 8 | bytes[i + 1];
      const gunichar low = c >= 0xd800 && c < 0xdc00 && i + 3 < length ? (gunichar) bytes[i + 2] << 8 | bytes[i + 3] : 0;

      if (low >= 0xdc00 && low < 0xe000)
        {
          c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
          i += 2;
        }
      g_string_append_unichar (text, c == 0 || (c >= 0xd800 && c < 0xe000) ? 0xfffd : c);
    }
  return g_string_free_and_steal (text);
}

void
sotto_qt_stream_skip_string (SottoQtStream *self)
{
  gsize length;

  sotto_qt_stream_get_bytes (self, &length);
}

void
sotto_qt_stream_skip_strings (SottoQtStream *self)
{
  const guint64 n = take_length (self);

  for (guint64 i = 0; i < n && self->is_ok; i++)
    sotto_qt_stream_skip_string (self);
}

void
sotto_qt_stream_skip_variant (SottoQtStream *self)
{
  /* QMetaType's numbers */
  enum { NONE = 0, BOOL = 1, INT = 2, UINT = 3, INT64 = 4, UINT64 = 5, DOUBLE = 6, STRING = 10 };
  const guint64 type = take_number (self, 4);

  take_number (self, 1); /* whether it is null; the value is there nevertheless */
  switch (type)
    {
    case BOOL:
      take_number (self, 1);
      break;
    case INT:
    case UINT:
      take_number (self, 4);
      break;
    case INT64:
    case UINT64:
    case DOUBLE:
      take_number (self, 8);
      break;
    case NONE:
    case STRING:
      sotto_qt_stream_skip_string (self);
      break;
    default:
      self->is_ok = FALSE;
      break;
    }
}
