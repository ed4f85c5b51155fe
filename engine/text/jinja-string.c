#include "jinja-string.h"

#include <string.h>

static JinjaString *
string_alloc (JinjaRun   *run,
              const char *bytes,
              gsize       length)
{
  JinjaString *self = jinja_new (run, JinjaString);

  if (self != NULL)
    {
      self->bytes = bytes;
      self->length = length;
    }

  return self;
}

static gsize
count_chars (const char *bytes,
             gsize       length)
{
  gsize n = 0;

  for (gsize i = 0; i < length; i++)
    n += (bytes[i] & 0xc0) != 0x80;

  return n;
}

/* g_utf8_validate() refuses NUL, which a string of JSON may hold. */
static gboolean
is_valid (const char *bytes,
          gsize       length)
{
  while (length > 0)
    {
      const char *end;

      if (g_utf8_validate_len (bytes, length, &end))
        return TRUE;
      if (*end != 0)
        return FALSE;
      length -= (gsize) (end - bytes) + 1;
      bytes = end + 1;
    }

  return TRUE;
}

const JinjaString *
jinja_string_new (JinjaRun   *run,
                  const char *bytes,
                  gsize       length,
                  gboolean    trusted)
{
  JinjaString *self;

  if (!is_valid (bytes, length))
    {
      g_autofree char *valid = g_utf8_make_valid (bytes, (gssize) MIN (length, G_MAXSSIZE));
      gsize valid_length = strlen (valid);
      char *copy = jinja_alloc (run, valid_length);

      if (copy == NULL)
        return NULL;
      memcpy (copy, valid, valid_length);
      bytes = copy;
      length = valid_length;
    }

  self = string_alloc (run, bytes, length);
  if (self == NULL)
    return NULL;
  self->n_chars = count_chars (bytes, length);
  self->trusted = !!trusted;

  return self;
}

const JinjaString *
jinja_string_copy (JinjaRun   *run,
                   const char *text)
{
  gsize length = strlen (text);
  char *copy = jinja_alloc (run, length);

  if (copy == NULL)
    return NULL;
  memcpy (copy, text, length);

  return jinja_string_new (run, copy, length, FALSE);
}

const JinjaString *
jinja_string_slice (JinjaRun          *run,
                    const JinjaString *self,
                    gsize              start,
                    gsize              length)
{
  JinjaString *slice;

  if (start == 0 && length == self->length)
    return self;

  slice = string_alloc (run, self->bytes + start, length);
  if (slice == NULL)
    return NULL;

  slice->trusted = self->trusted;
  slice->markup = self->markup;
  slice->mask = self->mask != NULL ? self->mask + start : NULL;
  slice->buffer = self->buffer;
  if (self->n_chars == self->length)
    slice->n_chars = length;
  else if (jinja_step (run, length / 64))
    slice->n_chars = count_chars (slice->bytes, length);
  else
    return NULL;

  return slice;
}

const JinjaString *
jinja_string_with_markup (JinjaRun          *run,
                          const JinjaString *self,
                          gboolean           markup)
{
  JinjaString *copy;

  if (self->markup == !!markup)
    return self;
  copy = jinja_new (run, JinjaString);
  if (copy == NULL)
    return NULL;
  *copy = *self;
  copy->markup = !!markup;

  return copy;
}

static gboolean
same_origin (const JinjaString *left,
             const JinjaString *right)
{
  return left->mask == NULL && right->mask == NULL
         && (left->trusted == right->trusted || left->length == 0 || right->length == 0);
}

static void
copy_mask (guint8            *mask,
           const JinjaString *from)
{
  if (from->mask != NULL)
    memcpy (mask, from->mask, from->length);
  else
    memset (mask, from->trusted, from->length);
}

/* A string that ends where its buffer is filled grows there; else both go into a new buffer. */
const JinjaString *
jinja_string_concat (JinjaRun          *run,
                     const JinjaString *left,
                     const JinjaString *right)
{
  JinjaBuffer *buffer = left->buffer;
  gsize length = left->length + right->length;
  gboolean mixed = !same_origin (left, right);
  JinjaString *self;

  if (right->length == 0)
    return left;
  if (left->length == 0)
    return right;
  if (length < left->length || length > JINJA_MAX_OUTPUT)
    {
      jinja_fail_limit (run, "output");
      return NULL;
    }
  if (!jinja_step (run, right->length / 64))
    return NULL;

  if (buffer == NULL || left->bytes + left->length != (char *) buffer->data + buffer->used
      || right->length > buffer->capacity - buffer->used || (mixed && buffer->mask == NULL))
    {
      buffer = jinja_new (run, JinjaBuffer);
      if (buffer == NULL || !jinja_step (run, left->length / 64))
        return NULL;
      buffer->capacity = length < 48 ? length + 16 : length * 2;
      buffer->data = jinja_alloc (run, buffer->capacity);
      if (mixed)
        buffer->mask = jinja_alloc (run, buffer->capacity);
      if (buffer->data == NULL || (mixed && buffer->mask == NULL))
        return NULL;
      memcpy (buffer->data, left->bytes, left->length);
      if (mixed)
        copy_mask (buffer->mask, left);
      buffer->used = left->length;
    }

  memcpy ((char *) buffer->data + buffer->used, right->bytes, right->length);
  if (buffer->mask != NULL)
    copy_mask (buffer->mask + buffer->used, right);
  buffer->used += right->length;

  self = string_alloc (run, (char *) buffer->data + buffer->used - length, length);
  if (self == NULL)
    return NULL;
  self->mask = buffer->mask != NULL ? buffer->mask + buffer->used - length : NULL;
  self->trusted = left->trusted;
  self->n_chars = left->n_chars + right->n_chars;
  self->buffer = buffer;

  return self;
}

const JinjaString *
jinja_string_escape (JinjaRun          *run,
                     const JinjaString *self)
{
  JinjaBuilder builder;
  const JinjaString *escaped;
  gsize done = 0;

  if (self->markup)
    return self;

  jinja_builder_init (&builder, run);
  for (gsize i = 0; i < self->length; i++)
    {
      const char *by = NULL;

      switch (self->bytes[i])
        {
        case '&': by = "&amp;"; break;
        case '<': by = "&lt;"; break;
        case '>': by = "&gt;"; break;
        case '"': by = "&#34;"; break;
        case '\'': by = "&#39;"; break;
        default: continue;
        }
      jinja_builder_add_slice (&builder, self, done, i - done);
      jinja_builder_add_text (&builder, by);
      done = i + 1;
    }
  jinja_builder_add_slice (&builder, self, done, self->length - done);
  escaped = jinja_builder_finish (&builder);

  return escaped != NULL ? jinja_string_with_markup (run, escaped, TRUE) : NULL;
}

gboolean
jinja_string_equal (const JinjaString *left,
                    const JinjaString *right)
{
  return left->length == right->length
         && (left->length == 0 || memcmp (left->bytes, right->bytes, left->length) == 0);
}

gboolean
jinja_string_is (const JinjaString *self,
                 const char        *text)
{
  gsize length = strlen (text);

  return self->length == length && (length == 0 || memcmp (self->bytes, text, length) == 0);
}

/* By bytes, which for UTF-8 is by code points. */
int
jinja_string_compare (const JinjaString *left,
                      const JinjaString *right)
{
  gsize length = MIN (left->length, right->length);
  int order = length > 0 ? memcmp (left->bytes, right->bytes, length) : 0;

  return order != 0 ? order : (left->length > right->length) - (left->length < right->length);
}

/* FNV-1a */
guint
jinja_string_hash (const JinjaString *self)
{
  guint32 hash = 2166136261u;

  for (gsize i = 0; i < self->length; i++)
    hash = (hash ^ (guint8) self->bytes[i]) * 16777619u;

  return hash ^ hash >> 15;
}

gboolean
jinja_string_is_trusted (const JinjaString *self,
                         gsize              start,
                         gsize              length)
{
  if (self->mask == NULL)
    return self->trusted;

  return length == 0 || memchr (self->mask + start, 0, length) == NULL;
}

gsize
jinja_string_offset (JinjaRun          *run,
                     const JinjaString *self,
                     gsize              index)
{
  gsize at = 0;

  if (self->n_chars == self->length)
    return index;
  if (index == self->n_chars)
    return self->length;

  /* The error, if there is one, is found by whoever makes the slice. */
  jinja_step (run, index / 64);
  for (; index > 0; index--)
    at += (gsize) (g_utf8_next_char (self->bytes + at) - (self->bytes + at));

  return at;
}

gssize
jinja_string_find (JinjaRun          *run,
                   const JinjaString *self,
                   const JinjaString *needle,
                   gsize              start)
{
  const char *found;

  if (start > self->length || needle->length > self->length - start)
    return -1;
  if (needle->length == 0)
    return (gssize) start;
  if (!jinja_step (run, (self->length - start) / 256))
    return -1;

  found = memmem (self->bytes + start, self->length - start, needle->bytes, needle->length);

  return found != NULL ? found - self->bytes : -1;
}

gssize
jinja_string_find_last (JinjaRun          *run,
                        const JinjaString *self,
                        const JinjaString *needle,
                        gsize              end)
{
  if (needle->length > end)
    return -1;

  for (gsize at = end - needle->length;; at--)
    {
      if (needle->length == 0
          || (self->bytes[at] == needle->bytes[0]
              && jinja_step (run, 1 + needle->length / 64)
              && memcmp (self->bytes + at, needle->bytes, needle->length) == 0))
        return (gssize) at;
      if (at == 0 || run->error != NULL)
        return -1;
    }
}

gboolean
jinja_is_space (gunichar c)
{
  if (c < 0x80)
    return (c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x20);

  return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028
         || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

static gboolean
is_stripped (const JinjaString *chars,
             const char        *at,
             gsize              length)
{
  if (chars == NULL)
    return jinja_is_space (g_utf8_get_char (at));

  return length > 0 && memmem (chars->bytes, chars->length, at, length) != NULL;
}

const JinjaString *
jinja_string_strip (JinjaRun          *run,
                    const JinjaString *self,
                    const JinjaString *chars,
                    JinjaStrip         sides)
{
  gsize start = 0, end = self->length;

  while (sides & JINJA_STRIP_LEFT && start < end)
    {
      gsize length = (gsize) (g_utf8_next_char (self->bytes + start) - (self->bytes + start));

      if (!is_stripped (chars, self->bytes + start, length))
        break;
      start += length;
    }
  while (sides & JINJA_STRIP_RIGHT && start < end)
    {
      gsize length = 1;

      while ((self->bytes[end - length] & 0xc0) == 0x80)
        length++;
      if (!is_stripped (chars, self->bytes + end - length, length))
        break;
      end -= length;
    }
  if (!jinja_step (run, (self->length - (end - start)) / 16))
    return NULL;

  return jinja_string_slice (run, self, start, end - start);
}

/* Whether what stands at @at for @length bytes is the template's own; of nothing at all, what stands
 * around it. */
static gboolean
is_own (const JinjaString *self,
        gsize              at,
        gsize              length)
{
  if (length > 0 || self->length == 0)
    return jinja_string_is_trusted (self, at, length);

  return (at == 0 || jinja_string_is_trusted (self, at - 1, 1))
         && (at == self->length || jinja_string_is_trusted (self, at, 1));
}

/* What replaces text is text: otherwise typing what a template looks for would be typing what it puts
 * there. */
const JinjaString *
jinja_string_replace (JinjaRun          *run,
                      const JinjaString *self,
                      const JinjaString *old,
                      const JinjaString *by,
                      gint64             count)
{
  JinjaBuilder builder;
  JinjaString text = *by;
  gsize done = 0, at = 0;

  text.trusted = FALSE;
  text.mask = NULL;

  jinja_builder_init (&builder, run);
  while (count != 0 && at <= self->length)
    {
      gssize found = jinja_string_find (run, self, old, at);

      if (found < 0)
        break;
      jinja_builder_add_slice (&builder, self, done, (gsize) found - done);
      jinja_builder_add_string (&builder, is_own (self, (gsize) found, old->length) ? by : &text);
      done = (gsize) found + old->length;
      at = done;
      /* Between all characters: one is passed over each time. */
      if (old->length == 0)
        at = done < self->length
               ? done + (gsize) (g_utf8_next_char (self->bytes + done) - (self->bytes + done))
               : done + 1;
      if (count > 0)
        count--;
      if (!jinja_step (run, 1) || builder.failed)
        return NULL;
    }
  if (run->error != NULL)
    return NULL;
  jinja_builder_add_slice (&builder, self, done, self->length - done);

  return jinja_builder_finish (&builder);
}
