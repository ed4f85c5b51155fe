#include "conversation-row.h"

#include <adwaita.h>

#include "hint.h"
#include "rename-dialog.h"

struct _SottoConversationRow {
  GtkWidget parent_instance;

  /* Template Widgets */
  GtkLabel *title;
  GtkWidget *spinner;
  GtkMenuButton *menu_button;

  /* Owned */
  SottoConversation *conversation;
};

G_DEFINE_FINAL_TYPE (SottoConversationRow, sotto_conversation_row, GTK_TYPE_WIDGET)

static void
update (SottoConversationRow *self)
{
  gtk_label_set_label (self->title, sotto_conversation_get_name (self->conversation));
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "row.pin", !sotto_conversation_is_pinned (self->conversation) &&
                                                               !sotto_conversation_is_temporary (self->conversation));
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "row.unpin", sotto_conversation_is_pinned (self->conversation));
  gtk_widget_set_visible (self->spinner, sotto_conversation_is_busy (self->conversation));
}

void
sotto_conversation_row_set_conversation (SottoConversationRow *self,
                                         SottoConversation    *conversation)
{
  g_return_if_fail (SOTTO_IS_CONVERSATION_ROW (self));

  if (self->conversation != NULL)
    g_signal_handlers_disconnect_by_data (self->conversation, self);
  g_set_object (&self->conversation, conversation);
  if (conversation == NULL)
    return;

  g_signal_connect_object (conversation, "notify::title", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (conversation, "notify::pinned", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (conversation, "notify::temporary", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (conversation, "notify::busy", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update (self);
}

static void
open_menu (SottoConversationRow *self)
{
  gtk_menu_button_popup (self->menu_button);
}

static void
pin_conversation (GtkWidget  *widget,
                  const char *action,
                  GVariant   *parameter)
{
  sotto_conversation_set_pinned (SOTTO_CONVERSATION_ROW (widget)->conversation, g_str_equal (action, "row.pin"));
}

static void
rename_conversation (GtkWidget  *widget,
                     const char *action,
                     GVariant   *parameter)
{
  sotto_rename_dialog_present (widget, SOTTO_CONVERSATION_ROW (widget)->conversation);
}

static void
export_conversation (GtkWidget  *widget,
                     const char *action,
                     GVariant   *parameter)
{
  SottoConversationRow *self = SOTTO_CONVERSATION_ROW (widget);

  gtk_widget_activate_action (widget, "win.export-listed", "s", sotto_conversation_get_id (self->conversation));
}

static void
delete_conversation (GtkWidget  *widget,
                     const char *action,
                     GVariant   *parameter)
{
  SottoConversationRow *self = SOTTO_CONVERSATION_ROW (widget);

  gtk_widget_activate_action (widget, "win.delete-listed", "s", sotto_conversation_get_id (self->conversation));
}

static void
sotto_conversation_row_dispose (GObject *object)
{
  SottoConversationRow *self = SOTTO_CONVERSATION_ROW (object);
  GtkWidget *child;

  sotto_conversation_row_set_conversation (self, NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), SOTTO_TYPE_CONVERSATION_ROW);
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))) != NULL)
    gtk_widget_unparent (child);

  G_OBJECT_CLASS (sotto_conversation_row_parent_class)->dispose (object);
}

static void
sotto_conversation_row_class_init (SottoConversationRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sotto_conversation_row_dispose;

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/sotto_chat/Sotto/ui/conversation-row.ui");
  gtk_widget_class_bind_template_child (widget_class, SottoConversationRow, title);
  gtk_widget_class_bind_template_child (widget_class, SottoConversationRow, spinner);
  gtk_widget_class_bind_template_child (widget_class, SottoConversationRow, menu_button);
  gtk_widget_class_bind_template_callback (widget_class, open_menu);
  gtk_widget_class_install_action (widget_class, "row.pin", NULL, pin_conversation);
  gtk_widget_class_install_action (widget_class, "row.unpin", NULL, pin_conversation);
  gtk_widget_class_install_action (widget_class, "row.rename", NULL, rename_conversation);
  gtk_widget_class_install_action (widget_class, "row.export", NULL, export_conversation);
  gtk_widget_class_install_action (widget_class, "row.delete", NULL, delete_conversation);
  gtk_widget_class_set_css_name (widget_class, "conversationrow");
}

static void
sotto_conversation_row_init (SottoConversationRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  sotto_hint_show_whole (self->title);
}

GtkWidget *
sotto_conversation_row_new (void)
{
  return g_object_new (SOTTO_TYPE_CONVERSATION_ROW, NULL);
}
