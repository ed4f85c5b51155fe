#include "jinja-string.h"

#include <string.h>

/* Strings under construction. The memory is the arena's and doubles: what is left behind is at most as
 * much as what is kept. */

void
jinja_builder_init (JinjaBuilder *self,
                    JinjaRun     *run)
{
  *self = (JinjaBuilder) { .run = run, .trusted = TRUE };
}

static gboolean
make_room (JinjaBuilder *self,
           gsize         length)
{
  gsize capacity;
  char *bytes;
  guint8 *mask = NULL;

  if (length <= self->capacity - self->length)
    return TRUE;
  if (length > JINJA_MAX_OUTPUT - self->length)
    return jinja_fail_limit (self->run, "output");

  capacity = MAX (self->length + length, self->capacity * 2);
  capacity = CLAMP (capacity, 64, JINJA_MAX_OUTPUT);
  bytes = jinja_alloc (self->run, capacity);
  if (self->mask != NULL)
    mask = jinja_alloc (self->run, capacity);
  if (bytes == NULL || (self->mask != NULL && mask == NULL))
    return FALSE;

  if (self->length > 0)
    memcpy (bytes, self->bytes, self->length);
  if (mask != NULL)
    memcpy (mask, self->mask, self->length);
  self->bytes = bytes;
  self->mask = mask;
  self->capacity = capacity;

  return jinja_step (self->run, capacity / 128);
}

/* From here on every byte says for itself where it comes from. */
static gboolean
make_mask (JinjaBuilder *self)
{
  self->mask = jinja_alloc (self->run, self->capacity);
  if (self->mask == NULL)
    return FALSE;
  memset (self->mask, self->trusted, self->length);

  return TRUE;
}

static void
add (JinjaBuilder *self,
     const char   *bytes,
     gsize         length,
     const guint8 *mask,
     gboolean      trusted)
{
  trusted = !!trusted;
  if (length == 0 || self->failed)
    return;
  if (!make_room (self, length) || !jinja_step (self->run, length / 128))
    {
      self->failed = TRUE;
      return;
    }

  if (self->mask == NULL)
    {
      if (mask == NULL && self->length == 0)
        self->trusted = trusted;
      else if ((mask != NULL || trusted != self->trusted) && !make_mask (self))
        {
          self->failed = TRUE;
          return;
        }
    }
  memcpy (self->bytes + self->length, bytes, length);
  if (self->mask != NULL && mask != NULL)
    memcpy (self->mask + self->length, mask, length);
  else if (self->mask != NULL)
    memset (self->mask + self->length, trusted, length);
  self->length += length;
}

void
jinja_builder_add (JinjaBuilder *self,
                   const char   *bytes,
                   gsize         length,
                   gboolean      trusted)
{
  add (self, bytes, length, NULL, trusted);
}

void
jinja_builder_add_text (JinjaBuilder *self,
                        const char   *text)
{
  add (self, text, strlen (text), NULL, FALSE);
}

void
jinja_builder_add_char (JinjaBuilder *self,
                        gunichar      c,
                        gboolean      trusted)
{
  char bytes[6];
  int length = g_unichar_to_utf8 (c, bytes);

  add (self, bytes, (gsize) length, NULL, trusted);
}

void
jinja_builder_add_string (JinjaBuilder      *self,
                          const JinjaString *string)
{
  if (string == NULL)
    self->failed = TRUE;
  else
    add (self, string->bytes, string->length, string->mask, string->trusted);
}

void
jinja_builder_add_slice (JinjaBuilder      *self,
                         const JinjaString *string,
                         gsize              start,
                         gsize              length)
{
  add (self, string->bytes + start, length, string->mask != NULL ? string->mask + start : NULL,
       string->trusted);
}

void
jinja_builder_add_repeated (JinjaBuilder      *self,
                            const JinjaString *string,
                            gsize              n)
{
  const JinjaString *block = string;
  gsize in_block = 1;

  if (string == NULL || (string->length > 0 && n > JINJA_MAX_OUTPUT / string->length))
    {
      if (string != NULL)
        jinja_fail_limit (self->run, "output");
      self->failed = TRUE;
    }
  if (self->failed || string->length == 0)
    return;

  /* Short texts are added in blocks. */
  for (; block->length < 1024 && in_block * 2 <= n; in_block *= 2)
    {
      block = jinja_string_concat (self->run, block, block);
      if (block == NULL)
        {
          self->failed = TRUE;
          return;
        }
    }
  for (; n >= in_block && !self->failed; n -= in_block)
    jinja_builder_add_string (self, block);
  for (; n > 0 && !self->failed; n--)
    jinja_builder_add_string (self, string);
}

const JinjaString *
jinja_builder_finish (JinjaBuilder *self)
{
  JinjaString *string;

  if (self->failed || self->run->error != NULL)
    return NULL;

  string = (JinjaString *) jinja_string_new (self->run, self->bytes != NULL ? self->bytes : "",
                                             self->length, self->trusted);
  if (string != NULL)
    string->mask = self->mask;

  return string;
}
