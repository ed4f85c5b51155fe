#include "sidebar/conversation-row.h"

#include <adwaita.h>

#include "hint.h"
#include "menu-focus.h"
#include "sidebar/group-dialog.h"
#include "sidebar/group-menu.h"
#include "sidebar/rename-dialog.h"
#include "window.h"

struct _SottoConversationRow {
  GtkWidget parent_instance;

  /* Template Widgets */
  GtkLabel *title;
  GtkWidget *spinner;
  GtkMenuButton *menu_button;
  GMenu *group_menu;

  /* Owned */
  SottoConversation *conversation;
};

G_DEFINE_FINAL_TYPE (SottoConversationRow, sotto_conversation_row, GTK_TYPE_WIDGET)

static void
update (SottoConversationRow *self)
{
  gboolean is_pinned = sotto_conversation_is_pinned (self->conversation);
  gboolean is_temporary = sotto_conversation_is_temporary (self->conversation);
  gboolean is_grouped = sotto_conversation_get_group (self->conversation) != NULL;

  gtk_label_set_label (self->title, sotto_conversation_get_name (self->conversation));
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "row.pin", !is_pinned && !is_temporary);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "row.unpin", is_pinned);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "row.leave-group", is_grouped);
  /* What is pinned stands above its group. */
  if (is_grouped && !is_pinned)
    gtk_widget_add_css_class (GTK_WIDGET (self), "in-group");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self), "in-group");
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
  g_signal_connect_object (conversation, "notify::group", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (conversation, "notify::temporary", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (conversation, "notify::busy", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update (self);
}

void
sotto_conversation_row_open_menu (SottoConversationRow *self)
{
  g_return_if_fail (SOTTO_IS_CONVERSATION_ROW (self));

  gtk_menu_button_popup (self->menu_button);
}

static void
pin_conversation (GtkWidget  *widget,
                  const char *action,
                  GVariant   *parameter)
{
  sotto_conversation_set_pinned (SOTTO_CONVERSATION_ROW (widget)->conversation, g_str_equal (action, "row.pin"));
}

/* --- Groups --- */

static SottoGroupList *
get_groups (SottoConversationRow *self)
{
  SottoApp *app = sotto_window_get_app (SOTTO_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))));

  return sotto_conversation_list_get_groups (sotto_app_get_conversations (app));
}

/* Which groups there are is known when it is asked for. */
static void
on_menu (SottoConversationRow *self)
{
  if (gtk_menu_button_get_active (self->menu_button))
    sotto_group_menu_fill (self->group_menu, get_groups (self), self->conversation, "row");
}

static void
move_to_group (GtkWidget  *widget,
               const char *action,
               GVariant   *parameter)
{
  SottoConversationRow *self = SOTTO_CONVERSATION_ROW (widget);
  SottoGroup *group = sotto_group_list_lookup (get_groups (self), g_variant_get_string (parameter, NULL));

  if (group != NULL)
    sotto_conversation_set_group (self->conversation, group);
}

static void
move_to_new_group (GtkWidget  *widget,
                   const char *action,
                   GVariant   *parameter)
{
  SottoConversationRow *self = SOTTO_CONVERSATION_ROW (widget);

  sotto_group_dialog_present_new (widget, get_groups (self), self->conversation);
}

static void
leave_group (GtkWidget  *widget,
             const char *action,
             GVariant   *parameter)
{
  sotto_conversation_set_group (SOTTO_CONVERSATION_ROW (widget)->conversation, NULL);
}

static GdkContentProvider *
on_drag_prepare (SottoConversationRow *self)
{
  return sotto_conversation_is_temporary (self->conversation)
         ? NULL : gdk_content_provider_new_typed (SOTTO_TYPE_CONVERSATION, self->conversation);
}

static void
on_drag_begin (SottoConversationRow *self,
               GdkDrag              *drag,
               GtkDragSource        *source)
{
  g_autoptr (GdkPaintable) picture = gtk_widget_paintable_new (GTK_WIDGET (self->title));

  gtk_drag_source_set_icon (source, picture, 0, 0);
}

static gboolean
on_drop (SottoConversationRow *self,
         const GValue         *value)
{
  SottoConversation *conversation = g_value_get_object (value);

  if (self->conversation == NULL || conversation == self->conversation || sotto_conversation_is_temporary (conversation) ||
      sotto_conversation_is_temporary (self->conversation) || sotto_conversation_is_pinned (self->conversation))
    return FALSE;

  sotto_conversation_set_group (conversation, sotto_conversation_get_group (self->conversation));

  return TRUE;
}

/* --- What else is in the menu --- */

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

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/sotto_chat/Sotto/ui/sidebar/conversation-row.ui");
  gtk_widget_class_bind_template_child (widget_class, SottoConversationRow, title);
  gtk_widget_class_bind_template_child (widget_class, SottoConversationRow, spinner);
  gtk_widget_class_bind_template_child (widget_class, SottoConversationRow, menu_button);
  gtk_widget_class_bind_template_child (widget_class, SottoConversationRow, group_menu);
  gtk_widget_class_bind_template_callback (widget_class, on_drag_prepare);
  gtk_widget_class_bind_template_callback (widget_class, on_drag_begin);
  gtk_widget_class_bind_template_callback (widget_class, on_menu);
  gtk_widget_class_bind_template_callback (widget_class, sotto_conversation_row_open_menu);
  gtk_widget_class_install_action (widget_class, "row.pin", NULL, pin_conversation);
  gtk_widget_class_install_action (widget_class, "row.unpin", NULL, pin_conversation);
  gtk_widget_class_install_action (widget_class, "row.move-to-group", "s", move_to_group);
  gtk_widget_class_install_action (widget_class, "row.move-to-new-group", NULL, move_to_new_group);
  gtk_widget_class_install_action (widget_class, "row.leave-group", NULL, leave_group);
  gtk_widget_class_install_action (widget_class, "row.rename", NULL, rename_conversation);
  gtk_widget_class_install_action (widget_class, "row.export", NULL, export_conversation);
  gtk_widget_class_install_action (widget_class, "row.delete", NULL, delete_conversation);
  gtk_widget_class_set_css_name (widget_class, "conversationrow");
}

static void
sotto_conversation_row_init (SottoConversationRow *self)
{
  GtkDropTarget *target = gtk_drop_target_new (SOTTO_TYPE_CONVERSATION, GDK_ACTION_MOVE);

  gtk_widget_init_template (GTK_WIDGET (self));
  sotto_menu_focus_returns (self->menu_button);
  g_signal_connect_object (target, "drop", G_CALLBACK (on_drop), self, G_CONNECT_SWAPPED);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (target));
  sotto_hint_show_whole (self->title);
}
