#pragma once

#include "package.h"

/* What stands before the items of a text document's lists, which the document itself does not say: they are counted. */

typedef struct _SottoWordNumbers SottoWordNumbers;

/* @name: (nullable) */
SottoWordNumbers *sotto_word_numbers_new (SottoZip *zip, const char *name);
void sotto_word_numbers_free (SottoWordNumbers *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoWordNumbers, sotto_word_numbers_free)

/* The next item of that list and depth: (transfer full): "-", "2.", "§ 3.1"; "": nothing stands there */
char *sotto_word_numbers_next (SottoWordNumbers *self, int list, int depth);
