#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Classes of characters, from tables of our own: GLib's change with its version, and the same
 * text has to become the same tokens everywhere. The data is in unicode-data.c, which
 * make-unicode-data.py writes. */

typedef enum {
  SOTTO_UNICODE_LU, SOTTO_UNICODE_LL, SOTTO_UNICODE_LT, SOTTO_UNICODE_LM, SOTTO_UNICODE_LO,
  SOTTO_UNICODE_MN, SOTTO_UNICODE_MC, SOTTO_UNICODE_ME,
  SOTTO_UNICODE_ND, SOTTO_UNICODE_NL, SOTTO_UNICODE_NO,
  SOTTO_UNICODE_PC, SOTTO_UNICODE_PD, SOTTO_UNICODE_PS, SOTTO_UNICODE_PE, SOTTO_UNICODE_PI,
  SOTTO_UNICODE_PF, SOTTO_UNICODE_PO,
  SOTTO_UNICODE_SM, SOTTO_UNICODE_SC, SOTTO_UNICODE_SK, SOTTO_UNICODE_SO,
  SOTTO_UNICODE_ZS, SOTTO_UNICODE_ZL, SOTTO_UNICODE_ZP,
  SOTTO_UNICODE_CC, SOTTO_UNICODE_CF, SOTTO_UNICODE_CS, SOTTO_UNICODE_CO, SOTTO_UNICODE_CN,
} SottoUnicodeCategory;

/* A class of characters is a set of categories: a character is in it when their masks share a bit.
 * White space (the property, \s) has a bit of its own beside its category's. */
#define SOTTO_UNICODE_BIT(category) (1u << SOTTO_UNICODE_##category)

#define SOTTO_UNICODE_UPPER SOTTO_UNICODE_BIT (LU)
#define SOTTO_UNICODE_LOWER SOTTO_UNICODE_BIT (LL)
#define SOTTO_UNICODE_TITLE SOTTO_UNICODE_BIT (LT)
#define SOTTO_UNICODE_CASELESS (SOTTO_UNICODE_BIT (LM) | SOTTO_UNICODE_BIT (LO))
#define SOTTO_UNICODE_LETTER \
  (SOTTO_UNICODE_UPPER | SOTTO_UNICODE_LOWER | SOTTO_UNICODE_TITLE | SOTTO_UNICODE_CASELESS)
#define SOTTO_UNICODE_MARK \
  (SOTTO_UNICODE_BIT (MN) | SOTTO_UNICODE_BIT (MC) | SOTTO_UNICODE_BIT (ME))
#define SOTTO_UNICODE_NUMBER \
  (SOTTO_UNICODE_BIT (ND) | SOTTO_UNICODE_BIT (NL) | SOTTO_UNICODE_BIT (NO))
#define SOTTO_UNICODE_PUNCTUATION                                                               \
  (SOTTO_UNICODE_BIT (PC) | SOTTO_UNICODE_BIT (PD) | SOTTO_UNICODE_BIT (PS) |                   \
   SOTTO_UNICODE_BIT (PE) | SOTTO_UNICODE_BIT (PI) | SOTTO_UNICODE_BIT (PF) |                   \
   SOTTO_UNICODE_BIT (PO))
#define SOTTO_UNICODE_SYMBOL                                                                    \
  (SOTTO_UNICODE_BIT (SM) | SOTTO_UNICODE_BIT (SC) | SOTTO_UNICODE_BIT (SK) |                   \
   SOTTO_UNICODE_BIT (SO))
#define SOTTO_UNICODE_SEPARATOR \
  (SOTTO_UNICODE_BIT (ZS) | SOTTO_UNICODE_BIT (ZL) | SOTTO_UNICODE_BIT (ZP))
#define SOTTO_UNICODE_SPACE (1u << 31)

extern const guint8 sotto_unicode_index[0x110000 / 256];
extern const guint8 sotto_unicode_blocks[][256];

/* @c: at most U+10FFFF */
static inline guint32
sotto_unicode_mask (gunichar c)
{
  guint8 value = sotto_unicode_blocks[sotto_unicode_index[c >> 8]][c & 0xff];

  return (1u << (value & 0x1f)) | ((guint32) (value & 0x20) << 26);
}

/* What sotto_utf8_decode() says instead of a code point. */
#define SOTTO_UTF8_BROKEN ((gunichar) -1)
#define SOTTO_UTF8_INCOMPLETE ((gunichar) -2)

/**
 * sotto_utf8_decode:
 * @at: the first byte
 * @end: behind the last; greater than @at
 * @c: (out): the code point; %SOTTO_UTF8_BROKEN: these bytes are no character;
 *   %SOTTO_UTF8_INCOMPLETE: the text ends within a character that is well-formed so far
 *
 * Broken bytes come as maximal subparts (The Unicode Standard 15, section 3.9, table 3-7): as many
 * as could have begun a character, at least one.
 *
 * Returns: how many bytes, at least 1
 */
static inline guint
sotto_utf8_decode (const guint8 *at,
                   const guint8 *end,
                   gunichar     *c)
{
  guint8 lead = at[0];
  guint8 lowest = 0x80;
  guint8 highest = 0xbf;
  guint length;
  gunichar value;

  if (lead < 0x80)
    {
      *c = lead;
      return 1;
    }

  if (lead >= 0xc2 && lead <= 0xdf)
    {
      length = 2;
      value = lead & 0x1f;
    }
  else if (lead >= 0xe0 && lead <= 0xef)
    {
      length = 3;
      value = lead & 0x0f;
      /* overlong forms; surrogates */
      if (lead == 0xe0)
        lowest = 0xa0;
      else if (lead == 0xed)
        highest = 0x9f;
    }
  else if (lead >= 0xf0 && lead <= 0xf4)
    {
      length = 4;
      value = lead & 0x07;
      /* overlong forms; beyond U+10FFFF */
      if (lead == 0xf0)
        lowest = 0x90;
      else if (lead == 0xf4)
        highest = 0x8f;
    }
  else
    {
      *c = SOTTO_UTF8_BROKEN;
      return 1;
    }

  for (guint i = 1; i < length; i++)
    {
      if (at + i == end)
        {
          *c = SOTTO_UTF8_INCOMPLETE;
          return i;
        }
      if (at[i] < lowest || at[i] > highest)
        {
          *c = SOTTO_UTF8_BROKEN;
          return i;
        }
      value = value << 6 | (at[i] & 0x3f);
      lowest = 0x80;
      highest = 0xbf;
    }

  *c = value;
  return length;
}

G_END_DECLS
