#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * SottoMessageList:
 *
 * A vertical list of rows of any height, of which only those in sight exist, for conversations of ten thousand messages.
 * A #GtkScrollable: put it into a #GtkScrolledWindow.
 *
 * Why not #GtkListView: it keeps about 200 rows whatever their height, and a row is a whole message here (see README.md for
 * the measurement).
 *
 * Properties:
 * - "model" (#GListModel, nullable, read-write)
 * - "at-end" (boolean): whether the end is in sight; while it is, growing rows and new ones keep it there
 */
#define SOTTO_TYPE_MESSAGE_LIST (sotto_message_list_get_type ())
G_DECLARE_FINAL_TYPE (SottoMessageList, sotto_message_list, SOTTO, MESSAGE_LIST, GtkWidget)

/**
 * SottoMessageListCreate:
 * @item: (transfer none): an item of the model
 *
 * Returns: (transfer floating): the row for @item. It is destroyed when it goes out of sight.
 */
typedef GtkWidget *(*SottoMessageListCreate) (gpointer item, gpointer user_data);

GtkWidget *sotto_message_list_new (void);
void sotto_message_list_set_create (SottoMessageList *self, SottoMessageListCreate create, gpointer user_data);
void sotto_message_list_set_model (SottoMessageList *self, GListModel *model);
GListModel *sotto_message_list_get_model (SottoMessageList *self);
gboolean sotto_message_list_is_at_end (SottoMessageList *self);
void sotto_message_list_scroll_to_end (SottoMessageList *self);

/**
 * sotto_message_list_scroll_to:
 * @position: a position of the model
 *
 * Brings the beginning of that row to the top of the view.
 */
void sotto_message_list_scroll_to (SottoMessageList *self, guint position);

/**
 * sotto_message_list_get_row:
 *
 * Returns: (transfer none) (nullable): the row at @position if it exists at the moment
 */
GtkWidget *sotto_message_list_get_row (SottoMessageList *self, guint position);

G_END_DECLS
