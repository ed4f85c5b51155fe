#include "composer/recall.h"

#include "conversation/message-row.h"

/* A message whose row is to come */
typedef struct {
  SottoMessage *message;
  guint position;
  guint n_frames; /* that have passed since the list was told to show it */
} Recall;

static void
recall_free (gpointer data)
{
  Recall *recall = data;

  g_object_unref (recall->message);
  g_free (recall);
}

/* A frame after the list was told to show it the row is there, unless another conversation is shown by then. */
static gboolean
on_frame (GtkWidget     *list,
          GdkFrameClock *clock,
          gpointer       user_data)
{
  Recall *recall = user_data;
  GtkWidget *row;

  if (recall->n_frames++ < 2)
    return G_SOURCE_CONTINUE;

  row = sotto_message_list_get_row (SOTTO_MESSAGE_LIST (list), recall->position);
  if (row != NULL && sotto_message_row_get_message (SOTTO_MESSAGE_ROW (row)) == recall->message)
    sotto_message_row_edit (SOTTO_MESSAGE_ROW (row));

  return G_SOURCE_REMOVE;
}

static void
recall_later (SottoMessageList *list,
              SottoMessage     *message,
              guint             position)
{
  Recall *recall = g_new0 (Recall, 1);

  recall->message = g_object_ref (message);
  recall->position = position;
  sotto_message_list_scroll_to (list, position);
  gtk_widget_add_tick_callback (GTK_WIDGET (list), on_frame, recall, recall_free);
}

void
sotto_recall (SottoMessageList  *list,
              GtkWidget         *scroller,
              SottoConversation *conversation)
{
  for (guint i = g_list_model_get_n_items (G_LIST_MODEL (conversation)); i-- > 0;)
    {
      g_autoptr (SottoMessage) message = g_list_model_get_item (G_LIST_MODEL (conversation), i);
      graphene_rect_t bounds;
      GtkWidget *row;

      if (sotto_message_get_role (message) != SOTTO_ROLE_USER)
        continue;

      /* Under a long reply it is out of sight, and may not be there at all. */
      row = sotto_message_list_get_row (list, i);
      if (row != NULL && gtk_widget_compute_bounds (row, scroller, &bounds) && bounds.origin.y >= 0)
        sotto_message_row_edit (SOTTO_MESSAGE_ROW (row));
      else
        recall_later (list, message, i);
      return;
    }
}
