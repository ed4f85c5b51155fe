#pragma once

#include "conversation/message-rows.h"

G_BEGIN_DECLS

/**
 * SottoMessageAnchor:
 * @row: the row at the view's top
 * @offset: how many pixels of it lie above the view's top
 *
 * What is being read. Rows stand where they do because of it, and not because of how high those above are, most of
 * which are guessed: a guess that turns out wrong moves the scroll bar and never the text. Outside of a layout the
 * offset may be less than 0 or more than the row is high.
 */
typedef struct {
  guint row;
  double offset;
} SottoMessageAnchor;

/* Puts it on the row that holds the view's top. Measures the rows on the way there. */
void sotto_message_anchor_normalise (SottoMessageAnchor *self, SottoMessageRows *rows);

/* Puts it where the last row ends at the bottom of a view of @height. */
void sotto_message_anchor_set_end (SottoMessageAnchor *self, SottoMessageRows *rows, int height);

/* Puts it on the top of a row. */
void sotto_message_anchor_set_row (SottoMessageAnchor *self, guint row);

/* How much lies above the view, as the scroll bar says it, and to go there; @page is the height of the view. */
double sotto_message_anchor_get_value (const SottoMessageAnchor *self, SottoMessageRows *rows);
void sotto_message_anchor_set_value (SottoMessageAnchor *self, SottoMessageRows *rows, double value, double page);

/* What the model's "items-changed" says. */
void sotto_message_anchor_splice (SottoMessageAnchor *self, guint position, guint removed, guint added);

G_END_DECLS
