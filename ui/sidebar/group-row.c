#include "sidebar/group-row.h"

#include <adwaita.h>
#include <glib/gi18n.h>

#include "hint.h"
#include "menu-focus.h"

struct _SottoGroupRow {
  GtkWidget parent_instance;

  /* Template Widgets */
  GtkImage *arrow;
  GtkLabel *name;
  GtkLabel *count;
  GtkMenuButton *menu_button;

  /* Owned */
  SottoGroup *group;
};

G_DEFINE_FINAL_TYPE (SottoGroupRow, sotto_group_row, GTK_TYPE_WIDGET)

char *
sotto_group_row_describe (SottoGroup *group)
{
  guint n = sotto_group_get_n_conversations (group);

  /* Translators: %s is the name of a group of conversations, %u how many are in it */
  return g_strdup_printf (ngettext ("%s, %u conversation", "%s, %u conversations", n), sotto_group_get_name (group), n);
}

static void
update (SottoGroupRow *self)
{
  gboolean is_open = sotto_group_is_open (self->group);
  guint n = sotto_group_get_n_conversations (self->group);
  g_autofree char *number = sotto_number_describe (n);
  GtkWidget *row = gtk_widget_get_parent (GTK_WIDGET (self));

  gtk_label_set_label (self->name, sotto_group_get_name (self->group));
  gtk_label_set_label (self->count, number);
  gtk_widget_set_visible (GTK_WIDGET (self->count), n > 0);
  if (is_open)
    gtk_widget_set_state_flags (GTK_WIDGET (self->arrow), GTK_STATE_FLAG_CHECKED, FALSE);
  else
    gtk_widget_unset_state_flags (GTK_WIDGET (self->arrow), GTK_STATE_FLAG_CHECKED);
  /* What has the keyboard is the list's own row. */
  if (row != NULL)
    gtk_accessible_update_state (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_STATE_EXPANDED, is_open, -1);
}

void
sotto_group_row_set_group (SottoGroupRow *self,
                           SottoGroup    *group)
{
  g_return_if_fail (SOTTO_IS_GROUP_ROW (self));

  if (self->group != NULL)
    g_signal_handlers_disconnect_by_data (self->group, self);
  g_set_object (&self->group, group);
  if (group == NULL)
    return;

  g_signal_connect_object (group, "notify", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update (self);
}

SottoGroup *
sotto_group_row_get_group (SottoGroupRow *self)
{
  g_return_val_if_fail (SOTTO_IS_GROUP_ROW (self), NULL);

  return self->group;
}

void
sotto_group_row_open_menu (SottoGroupRow *self)
{
  g_return_if_fail (SOTTO_IS_GROUP_ROW (self));

  gtk_menu_button_popup (self->menu_button);
}

static gboolean
on_drop (SottoGroupRow *self,
         const GValue  *value)
{
  SottoConversation *conversation = g_value_get_object (value);

  if (self->group == NULL || sotto_conversation_is_temporary (conversation))
    return FALSE;

  sotto_conversation_set_group (conversation, self->group);

  return TRUE;
}

/* "group.new-in-group" is "win.new-in-group" for this group, and so are the others. */
static void
activate (GtkWidget  *widget,
          const char *action,
          GVariant   *parameter)
{
  g_autofree char *name = g_strconcat ("win.", strchr (action, '.') + 1, NULL);

  gtk_widget_activate_action (widget, name, "s", sotto_group_get_id (SOTTO_GROUP_ROW (widget)->group));
}

static void
sotto_group_row_dispose (GObject *object)
{
  SottoGroupRow *self = SOTTO_GROUP_ROW (object);
  GtkWidget *child;

  sotto_group_row_set_group (self, NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), SOTTO_TYPE_GROUP_ROW);
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))) != NULL)
    gtk_widget_unparent (child);

  G_OBJECT_CLASS (sotto_group_row_parent_class)->dispose (object);
}

static void
sotto_group_row_class_init (SottoGroupRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sotto_group_row_dispose;

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/sotto_chat/Sotto/ui/sidebar/group-row.ui");
  gtk_widget_class_bind_template_child (widget_class, SottoGroupRow, arrow);
  gtk_widget_class_bind_template_child (widget_class, SottoGroupRow, name);
  gtk_widget_class_bind_template_child (widget_class, SottoGroupRow, count);
  gtk_widget_class_bind_template_child (widget_class, SottoGroupRow, menu_button);
  gtk_widget_class_bind_template_callback (widget_class, sotto_group_row_open_menu);
  gtk_widget_class_install_action (widget_class, "group.new-in-group", NULL, activate);
  gtk_widget_class_install_action (widget_class, "group.group-details", NULL, activate);
  gtk_widget_class_install_action (widget_class, "group.delete-group", NULL, activate);
  gtk_widget_class_install_action (widget_class, "group.delete-group-with-all", NULL, activate);
  gtk_widget_class_set_css_name (widget_class, "grouprow");
}

static void
sotto_group_row_init (SottoGroupRow *self)
{
  GtkDropTarget *target = gtk_drop_target_new (SOTTO_TYPE_CONVERSATION, GDK_ACTION_MOVE);

  gtk_widget_init_template (GTK_WIDGET (self));
  sotto_menu_focus_returns (self->menu_button);
  sotto_hint_show_whole (self->name);
  g_signal_connect_object (target, "drop", G_CALLBACK (on_drop), self, G_CONNECT_SWAPPED);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (target));
}
