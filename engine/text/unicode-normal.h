#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Normal forms, case and scripts (The Unicode Standard 15, section 3.11 and Annex 15), from tables
 * of our own like unicode.h. The data is in unicode-normal-data.c, which make-unicode-data.py
 * writes. Bytes that are no UTF-8 stay as they are, and nothing composes across them. */

/**
 * sotto_unicode_is_composed:
 *
 * Returns: whether @text is surely in normal form C; a text that is may still be told not to be
 */
gboolean sotto_unicode_is_composed (const guint8 *text, gsize length);

/**
 * sotto_unicode_compose:
 *
 * Returns: (transfer full): @text in normal form C
 */
GByteArray *sotto_unicode_compose (const guint8 *text, gsize length);

/**
 * sotto_unicode_decompose:
 * @characters: (element-type gunichar): appended to
 *
 * Appends the characters of @text in normal form D; U+FFFD for each broken part.
 */
void sotto_unicode_decompose (const guint8 *text, gsize length, GArray *characters);

/* The simple lower case of a character; itself where it has none. */
gunichar sotto_unicode_to_lower (gunichar c);

/* Whether the script of a character is Han. */
gboolean sotto_unicode_is_han (gunichar c);

/* --- The data; sorted by code point --- */

typedef struct {
  guint32 code;
  guint16 offset;            /* into sotto_unicode_decomposed */
  guint8 length;             /* characters */
} SottoUnicodeDecomposition;

typedef struct {
  guint32 first;
  guint32 last;
  guint32 value;
} SottoUnicodeRange;

/* The range of @ranges, which are in order and apart, that @c is in; (nullable) */
const SottoUnicodeRange *sotto_unicode_find_range (const SottoUnicodeRange *ranges, guint n, gunichar c);

extern const SottoUnicodeDecomposition sotto_unicode_decompositions[];
extern const guint sotto_unicode_n_decompositions;
extern const guint32 sotto_unicode_decomposed[];
/* first < last; by first, then last: both compose to value */
extern const SottoUnicodeRange sotto_unicode_compositions[];
extern const guint sotto_unicode_n_compositions;
/* value: the canonical combining class, in the low byte, and 0x100 where NFC may change it */
extern const SottoUnicodeRange sotto_unicode_combining[];
extern const guint sotto_unicode_n_combining;
extern const SottoUnicodeRange sotto_unicode_han[];
extern const guint sotto_unicode_n_han;
/* value: the lower-case letter of the one character */
extern const SottoUnicodeRange sotto_unicode_lower[];
extern const guint sotto_unicode_n_lower;

G_END_DECLS
