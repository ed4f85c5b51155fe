/* Bytes of tokens to whole characters.
 *
 * A token may hold a part of a character; the rest comes with the next ones. What is complete
 * goes out at once, what could still become a character waits (at most three bytes), and what
 * can't any more becomes one U+FFFD per maximal subpart (The Unicode Standard 15, section 3.9):
 * the same characters come out however the bytes are cut. */

#include "text/tokenizer.h"

#include <string.h>

#include "text/unicode.h"

#define REPLACEMENT "\xef\xbf\xbd"

/* Hands out the characters of @bytes; returns how many bytes at its end are a begun character. */
static gsize
push_characters (const guint8 *bytes,
                 gsize         length,
                 GString      *out)
{
  const guint8 *end = bytes + length;
  const guint8 *run = bytes;     /* whole characters that are not handed out yet */
  const guint8 *at = bytes;

  while (at < end)
    {
      gunichar c;
      guint n = sotto_utf8_decode (at, end, &c);

      if (c == SOTTO_UTF8_INCOMPLETE)
        break;

      if (c == SOTTO_UTF8_BROKEN)
        {
          g_string_append_len (out, (const char *) run, at - run);
          g_string_append (out, REPLACEMENT);
          run = at + n;
        }
      at += n;
    }

  g_string_append_len (out, (const char *) run, at - run);

  return end - at;
}

/**
 * sotto_utf8_stream_push:
 * @self: zeroed at first
 * @bytes: what comes next
 * @length: how many
 * @out: whole characters are appended to it; stays valid UTF-8
 */
void
sotto_utf8_stream_push (SottoUtf8Stream *self,
                        const char      *bytes,
                        gsize            length,
                        GString         *out)
{
  const guint8 *at = (const guint8 *) bytes;
  const guint8 *end = at + length;
  gsize n_left;

  /* A begun character is joined with one byte after another until it is settled: then nothing of
   * it is pending but, at most, the byte that broke it. */
  while (self->n_pending > 0 && at < end)
    {
      guint8 joined[sizeof self->pending + 1];
      gsize n_joined = self->n_pending + 1;

      memcpy (joined, self->pending, self->n_pending);
      joined[self->n_pending] = *at++;
      n_left = push_characters (joined, n_joined, out);
      memcpy (self->pending, joined + n_joined - n_left, n_left);
      self->n_pending = n_left;
    }

  n_left = push_characters (at, end - at, out);
  if (n_left > 0)
    {
      memcpy (self->pending, end - n_left, n_left);
      self->n_pending = n_left;
    }
}

/**
 * sotto_utf8_stream_finish:
 *
 * Nothing more comes: a begun character becomes U+FFFD. Afterwards @self is as new.
 */
void
sotto_utf8_stream_finish (SottoUtf8Stream *self,
                          GString         *out)
{
  if (self->n_pending > 0)
    g_string_append (out, REPLACEMENT);
  self->n_pending = 0;
}
