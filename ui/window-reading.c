#include "window-private.h"

/* Reading aloud: what begins, pauses and stops it, and why it cannot be. */

static SottoReadAloud *
get_reader (SottoWindow *self)
{
  return sotto_conversation_page_get_reader (self->page);
}

/* Returns: (transfer full) (nullable): the last reply that is shown */
static SottoMessage *
find_last_reply (SottoWindow *self)
{
  GListModel *messages = G_LIST_MODEL (self->conversation);

  for (guint i = messages != NULL ? g_list_model_get_n_items (messages) : 0; i-- > 0;)
    {
      g_autoptr (SottoMessage) message = g_list_model_get_item (messages, i);

      if (sotto_message_get_role (message) == SOTTO_ROLE_ASSISTANT)
        return g_steal_pointer (&message);
    }

  return NULL;
}

/* One key for all of it: begins, pauses, goes on. */
static void
read_aloud (GtkWidget  *widget,
            const char *action,
            GVariant   *parameter)
{
  SottoWindow *self = SOTTO_WINDOW (widget);
  SottoReadAloud *reader = get_reader (self);
  g_autoptr (SottoMessage) reply = NULL;

  if (sotto_read_aloud_get_message (reader) != NULL)
    {
      sotto_read_aloud_set_paused (reader, !sotto_read_aloud_is_paused (reader));
      return;
    }

  reply = find_last_reply (self);
  if (reply != NULL)
    sotto_read_aloud_begin (reader, reply);
}

/* @parameter: id of a reply that is shown */
static void
read_message (GtkWidget  *widget,
              const char *action,
              GVariant   *parameter)
{
  SottoWindow *self = SOTTO_WINDOW (widget);
  SottoReadAloud *reader = get_reader (self);
  g_autoptr (SottoMessage) message = sotto_window_find_message (self, parameter);

  if (message == NULL || sotto_read_aloud_get_message (reader) == message)
    sotto_read_aloud_stop (reader);
  else
    sotto_read_aloud_begin (reader, message);
}

static void
stop_reading (GtkWidget  *widget,
              const char *action,
              GVariant   *parameter)
{
  sotto_read_aloud_stop (get_reader (SOTTO_WINDOW (widget)));
}

/* What is heard is to end first: whoever wants the reply to end as well says so again. */
static void
escape (GtkWidget  *widget,
        const char *action,
        GVariant   *parameter)
{
  SottoWindow *self = SOTTO_WINDOW (widget);

  if (sotto_read_aloud_get_message (get_reader (self)) != NULL)
    sotto_read_aloud_stop (get_reader (self));
  else if (self->conversation != NULL)
    sotto_conversation_stop (self->conversation);
}

static void
on_failed (SottoWindow  *self,
           SottoProblem *problem)
{
  sotto_window_say (self, sotto_problem_get_text (problem));
}

void
sotto_window_update_reading (SottoWindow *self)
{
  gboolean is_reading = sotto_read_aloud_get_message (get_reader (self)) != NULL;
  gboolean is_stored = self->conversation != NULL && sotto_conversation_is_stored (self->conversation);
  gboolean is_busy = self->conversation != NULL && sotto_conversation_is_busy (self->conversation);

  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.read-aloud", is_reading || is_stored);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.read-message", is_stored);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.stop-reading", is_reading);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.escape", is_reading || is_busy);
}

void
sotto_window_watch_reading (SottoWindow *self)
{
  g_signal_connect_object (get_reader (self), "notify::message", G_CALLBACK (sotto_window_update_reading), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (get_reader (self), "failed", G_CALLBACK (on_failed), self, G_CONNECT_SWAPPED);
}

void
sotto_window_install_reading_actions (GtkWidgetClass *widget_class)
{
  gtk_widget_class_install_action (widget_class, "win.read-aloud", NULL, read_aloud);
  gtk_widget_class_install_action (widget_class, "win.read-message", "s", read_message);
  gtk_widget_class_install_action (widget_class, "win.stop-reading", NULL, stop_reading);
  gtk_widget_class_install_action (widget_class, "win.escape", NULL, escape);

  /* Not an accelerator: those come before everything else, and this comes after dialogs, menus and search bars. */
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "win.escape", NULL);
}
