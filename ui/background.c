#include "background.h"

#include <glib/gi18n.h>

#define NOTIFICATION "reply"

struct _SottoBackground {
  GtkApplication *application;        /* owns this */
  SottoConversationList *conversations;

  GtkWindow *hidden;                  /* closed by a person while a reply was made; NULL: none */
  guint cookie;                       /* of the inhibition; 0: none */
};

/* --- Staying awake --- */

static void
update_inhibition (SottoBackground *self)
{
  gboolean is_busy = sotto_conversation_list_is_busy (self->conversations);

  if (is_busy && self->cookie == 0)
    /* Translators: why the computer does not go to sleep now */
    self->cookie = gtk_application_inhibit (self->application, gtk_application_get_active_window (self->application),
                                            GTK_APPLICATION_INHIBIT_SUSPEND, _("A reply is being written"));
  else if (!is_busy && self->cookie != 0)
    {
      gtk_application_uninhibit (self->application, self->cookie);
      self->cookie = 0;
    }
}

/* --- Saying that it is done --- */

static gboolean
is_looked_at (SottoBackground *self)
{
  GtkWindow *window = gtk_application_get_active_window (self->application);

  return window != NULL && gtk_widget_get_visible (GTK_WIDGET (window)) && gtk_window_is_active (window);
}

/* Not a word of what was asked or answered, nor the title: desktops keep notifications on the disk, in plain text. */
static void
notify (SottoBackground   *self,
        SottoConversation *conversation)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (conversation));
  g_autoptr (SottoMessage) last = n > 0 ? g_list_model_get_item (G_LIST_MODEL (conversation), n - 1) : NULL;
  g_autoptr (GNotification) notification = NULL;
  gboolean has_failed = sotto_conversation_get_problem (conversation) != NULL;
  gboolean was_stopped = last == NULL || sotto_message_get_role (last) == SOTTO_ROLE_USER ||
                         sotto_message_get_status (last) == SOTTO_MESSAGE_STATUS_STOPPED;

  /* Who stopped it knows that it has ended. */
  if (was_stopped && !has_failed)
    return;

  notification = g_notification_new (has_failed ? _("A Reply Could Not Be Finished") : _("Your Reply Is Ready"));
  g_notification_set_default_action_and_target (notification, "app.open-conversation", "s",
                                                sotto_conversation_get_id (conversation));
  g_application_send_notification (G_APPLICATION (self->application), NOTIFICATION, notification);
}

static void
on_reply_ended (SottoBackground   *self,
                SottoConversation *conversation)
{
  if (!is_looked_at (self))
    notify (self, conversation);
}

static void
on_busy_changed (SottoBackground *self)
{
  update_inhibition (self);

  if (self->hidden != NULL && !sotto_conversation_list_is_busy_keeping (self->conversations))
    gtk_window_destroy (g_steal_pointer (&self->hidden));
}

/* --- The window --- */

gboolean
sotto_background_take_window (SottoBackground *self,
                              GtkWindow       *window)
{
  /* What is not kept nobody would read. */
  if (!sotto_conversation_list_is_busy_keeping (self->conversations))
    return FALSE;

  self->hidden = window;
  gtk_widget_set_visible (GTK_WIDGET (window), FALSE);

  return TRUE;
}

void
sotto_background_give_window (SottoBackground *self,
                              GtkWindow       *window)
{
  if (self->hidden == window)
    self->hidden = NULL;
  g_application_withdraw_notification (G_APPLICATION (self->application), NOTIFICATION);
}

SottoBackground *
sotto_background_new (GtkApplication *application,
                      SottoApp       *app)
{
  SottoBackground *self = g_new0 (SottoBackground, 1);

  self->application = application;
  self->conversations = g_object_ref (sotto_app_get_conversations (app));
  g_signal_connect_swapped (self->conversations, "reply-ended", G_CALLBACK (on_reply_ended), self);
  g_signal_connect_swapped (self->conversations, "notify::busy", G_CALLBACK (on_busy_changed), self);

  return self;
}

void
sotto_background_free (SottoBackground *self)
{
  g_signal_handlers_disconnect_by_data (self->conversations, self);
  g_object_unref (self->conversations);
  g_free (self);
}
