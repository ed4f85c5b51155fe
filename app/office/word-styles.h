#pragma once

#include "package.h"

/* What the styles of a text document say of its paragraphs and words, as far as it changes what is read. */

typedef struct _SottoWordStyles SottoWordStyles;

typedef struct {
  int heading;      /* level from 1; 0: it is none */
  int list;         /* number of its list; 0: it is in none; -1: not said */
  int depth;        /* in the list, from 0; -1: not said */
  int is_hidden;    /* -1: not said */
} SottoWordStyle;

/* @name: (nullable) */
SottoWordStyles *sotto_word_styles_new (SottoZip *zip, const char *name);
void sotto_word_styles_free (SottoWordStyles *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoWordStyles, sotto_word_styles_free)

/* With what it takes over from those that it is based on. @id: (nullable) */
SottoWordStyle sotto_word_styles_get (SottoWordStyles *self, const char *id);

/* The present OPEN is a property that is on, unless it says otherwise. */
gboolean sotto_word_is_on (SottoMarkup *markup);
