#pragma once

#include "conversation/message-list.h"

G_BEGIN_DECLS

/**
 * SottoMessageRows:
 *
 * The rows of a message list, one an item: their widgets, as far as they exist, which are children of the list in the order
 * of the model; and their heights, measured or guessed. Heights are pixels at one width. Where rows stand, and which ones
 * are needed, is the list's to know.
 */
typedef struct _SottoMessageRows SottoMessageRows;

/* @list: (transfer none): the parent of the widgets. It frees the rows. */
SottoMessageRows *sotto_message_rows_new (GtkWidget *list);
void sotto_message_rows_free (SottoMessageRows *self);

/* Drops all rows; those of @model do not exist yet. @model: (nullable) */
void sotto_message_rows_set_model (SottoMessageRows *self, GListModel *model);
void sotto_message_rows_set_create (SottoMessageRows *self, SottoMessageListCreate create, gpointer user_data);

/* What the model's "items-changed" says. Rows that are removed are dropped. */
void sotto_message_rows_splice (SottoMessageRows *self, guint position, guint removed, guint added);
guint sotto_message_rows_get_length (SottoMessageRows *self);

/* Heights of another width are forgotten. */
void sotto_message_rows_set_width (SottoMessageRows *self, int width);

/* Makes the row if it does not exist, and measures it; its height, at least 1. */
int sotto_message_rows_measure (SottoMessageRows *self, guint position);
void sotto_message_rows_drop (SottoMessageRows *self, guint position);

/* Returns: (transfer none) (nullable): the row if it exists */
GtkWidget *sotto_message_rows_get_widget (SottoMessageRows *self, guint position);

/* The height that was measured, else a guess. */
double sotto_message_rows_get_height (SottoMessageRows *self, guint position);

/* The height of all rows before @position; of all, where it is their number. */
double sotto_message_rows_get_top (SottoMessageRows *self, guint position);

/* The row that holds @y, counted from the top of the first; the last one below that. There must be a row. */
guint sotto_message_rows_find (SottoMessageRows *self, double y);

G_END_DECLS
