#include "conversation/version-switch.h"

#include "conversation/message-list.h"

/* What is read from the disk has come by then, or is not waited for any longer. */
#define PATIENCE_SECONDS 10

typedef struct {
  SottoConversation *conversation;
  SottoMessage *message;   /* that gives way */
  guint position;
  int step;
  gint64 end;
} Switch;

static void
switch_free (gpointer data)
{
  Switch *self = data;

  g_object_unref (self->conversation);
  g_object_unref (self->message);
  g_free (self);
}

/* With the row its focus has gone to where one writes; who has gone elsewhere meanwhile stays there. */
static gboolean
has_stayed (GtkWidget *list)
{
  GtkWidget *focus = gtk_root_get_focus (gtk_widget_get_root (list));

  return focus == NULL || GTK_IS_TEXT_VIEW (focus) || gtk_widget_is_ancestor (focus, list);
}

static gboolean
on_frame (GtkWidget     *list,
          GdkFrameClock *clock,
          gpointer       user_data)
{
  Switch *self = user_data;
  g_autoptr (SottoMessage) message = g_list_model_get_item (G_LIST_MODEL (self->conversation), self->position);
  GtkWidget *row;

  if (gdk_frame_clock_get_frame_time (clock) > self->end || !has_stayed (list) ||
      sotto_message_list_get_model (SOTTO_MESSAGE_LIST (list)) != G_LIST_MODEL (self->conversation))
    return G_SOURCE_REMOVE;
  if (message == NULL || message == self->message)
    return G_SOURCE_CONTINUE;

  row = sotto_message_list_get_row (SOTTO_MESSAGE_LIST (list), self->position);
  if (row == NULL || sotto_message_row_get_message (SOTTO_MESSAGE_ROW (row)) != message)
    return G_SOURCE_CONTINUE;

  return sotto_message_row_focus_version (SOTTO_MESSAGE_ROW (row), self->step) ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

static gboolean
find (SottoConversation *conversation,
      SottoMessage      *message,
      guint             *position)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (conversation)); i++)
    {
      g_autoptr (SottoMessage) item = g_list_model_get_item (G_LIST_MODEL (conversation), i);

      if (item == message)
        {
          *position = i;
          return TRUE;
        }
    }

  return FALSE;
}

void
sotto_version_switch (SottoMessageRow   *row,
                      SottoConversation *conversation,
                      int                step)
{
  GtkWidget *list = gtk_widget_get_ancestor (GTK_WIDGET (row), SOTTO_TYPE_MESSAGE_LIST);
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (row));
  GtkWidget *focus = gtk_root_get_focus (root);
  SottoMessage *message = sotto_message_row_get_message (row);
  Switch *self;
  guint position;

  if (list != NULL && focus != NULL && gtk_widget_is_ancestor (focus, GTK_WIDGET (row)) &&
      gtk_window_get_focus_visible (GTK_WINDOW (root)) && find (conversation, message, &position))
    {
      self = g_new0 (Switch, 1);
      self->conversation = g_object_ref (conversation);
      self->message = g_object_ref (message);
      self->position = position;
      self->step = step;
      self->end = g_get_monotonic_time () + PATIENCE_SECONDS * G_USEC_PER_SEC;
      gtk_widget_add_tick_callback (list, on_frame, self, switch_free);
    }
  sotto_conversation_switch_version (conversation, message, step);
}
