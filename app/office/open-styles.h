#pragma once

#include "package.h"

/* What the styles of an OpenDocument file say, as far as it changes what is read: what is hidden, and how lists count. */

#define SOTTO_OPEN_LEVELS 10

typedef struct {
  char how;         /* '1', 'a', 'A', 'i', 'I'; '-': a bullet; ' ': nothing */
  int start;
  int shown;        /* levels whose numbers are shown, its own the last */
  char *before;
  char *after;
} SottoOpenLevel;

typedef struct {
  SottoOpenLevel levels[SOTTO_OPEN_LEVELS];
  int counts[SOTTO_OPEN_LEVELS];
} SottoOpenList;

typedef struct _SottoOpenStyles SottoOpenStyles;

/* Of both parts that have styles */
SottoOpenStyles *sotto_open_styles_new (SottoZip *zip);
void sotto_open_styles_free (SottoOpenStyles *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoOpenStyles, sotto_open_styles_free)

/* @family: "paragraph", "text", "section", "table", "drawing-page"; @name: (nullable) */
gboolean sotto_open_styles_hide (SottoOpenStyles *self, const char *family, const char *name);

/* Whether a paragraph of that style is the title of it all */
gboolean sotto_open_styles_is_title (SottoOpenStyles *self, const char *name);

/* Returns: (transfer none) (nullable): ""; that of headings */
SottoOpenList *sotto_open_styles_get_list (SottoOpenStyles *self, const char *name);

/* The next number of that level, with its levels above: (transfer full); "": nothing stands there */
char *sotto_open_list_next (SottoOpenList *self, int level, int number_or_next);
void sotto_open_list_restart (SottoOpenList *self, int level);
