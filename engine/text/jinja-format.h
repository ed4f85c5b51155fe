#pragma once

#include "jinja-evaluate.h"

G_BEGIN_DECLS

/* What "{:>8}" (jinja-format.c) and "%8d" (jinja-format-percent.c) share: how a value is to be written. */

typedef struct {
  char fill[8];      /* one character */
  char align;        /* < > ^ = or 0 */
  char sign;         /* + - blank or 0 */
  gboolean alternate;
  gboolean zero;
  gboolean thousands;
  gsize width;
  gint precision;    /* -1: none */
  char type;         /* 0: none */
} JinjaFormatSpec;

#define JINJA_FORMAT_MAX_WIDTH 100000

/* Writes @value as @spec says. */
gboolean jinja_format_value (JinjaBuilder *out, JinjaValue value, const JinjaFormatSpec *spec);

/* Digits at @at, which moves behind them; what is too large becomes a little more than the largest width.
 * FALSE: there is none. */
gboolean jinja_format_read_number (const char **at, const char *end, gsize *number);

G_END_DECLS
