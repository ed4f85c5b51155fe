#pragma once

#include <glib.h>

/* Encodings of one byte a character, of the time before Unicode. Windows-1252 is always known; the others as far as the C
 * library has them, and only once they were loaded, for which it reads files. */
typedef struct _SottoEncoding SottoEncoding;

/* Before the door is closed */
void sotto_encodings_load (void);

/* By the name that a page of the web gives, which ends where its letters, digits and signs do; %NULL: not known */
const SottoEncoding *sotto_encoding_find (const char *name);

/* By its number on Windows: 1250 to 1258, 874 */
const SottoEncoding *sotto_encoding_find_windows (int number);

/* What a byte stands for */
gunichar sotto_encoding_get (const SottoEncoding *self, guint8 byte);
