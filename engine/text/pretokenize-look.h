#pragma once

#include <string.h>

#include "text/unicode.h"

G_BEGIN_DECLS

/* Looking at a text by classes of characters: what the matchers of pre-tokenizers are made of. */

/* The categories of the character at @at; 0 at the end and for broken bytes, which are in no
 * class. */
static inline guint32
sotto_look (const guint8 *at,
            const guint8 *end,
            guint        *n_bytes)
{
  gunichar c;

  if (at == end)
    {
      *n_bytes = 0;
      return 0;
    }

  *n_bytes = sotto_utf8_decode (at, end, &c);

  return c <= 0x10ffff ? sotto_unicode_mask (c) : 0;
}

/* Behind the run of characters of @mask. */
static inline const guint8 *
sotto_skip (const guint8 *at,
            const guint8 *end,
            guint32       mask)
{
  guint n;

  while (at < end && (sotto_look (at, end, &n) & mask) != 0)
    at += n;

  return at;
}

/* Behind the run of characters that are not of @mask. */
static inline const guint8 *
sotto_skip_other (const guint8 *at,
                  const guint8 *end,
                  guint32       mask)
{
  guint n;

  while (at < end && (sotto_look (at, end, &n) & mask) == 0)
    at += n;

  return at;
}

/* Behind the run of characters of @set, which are ASCII. */
static inline const guint8 *
sotto_skip_ascii (const guint8 *at,
                  const guint8 *end,
                  const char   *set)
{
  while (at < end && *at != 0 && strchr (set, *at) != NULL)
    at++;

  return at;
}

G_END_DECLS
