#include "window-private.h"

#include <glib/gi18n.h>

#include "sidebar/group-dialog.h"
#include "sidebar/group-menu.h"

/* What can be done with groups of conversations; undo for what is deleted. */

static SottoGroupList *
get_groups (SottoWindow *self)
{
  return sotto_conversation_list_get_groups (sotto_app_get_conversations (self->app));
}

/* @id: of a group that was there when it was asked */
static SottoGroup *
find_group (SottoWindow *self,
            GVariant    *id)
{
  return sotto_group_list_lookup (get_groups (self), g_variant_get_string (id, NULL));
}

void
sotto_window_fill_group_menu (GtkMenuButton *button,
                              GParamSpec    *pspec,
                              GMenu         *menu)
{
  SottoWindow *self = SOTTO_WINDOW (gtk_widget_get_root (GTK_WIDGET (button)));

  /* Which groups there are is known when it is asked for. */
  if (gtk_menu_button_get_active (button))
    sotto_group_menu_fill (menu, get_groups (self), self->conversation, "win");
}

/* --- Making, changing --- */

static void
new_group (GtkWidget  *widget,
           const char *action,
           GVariant   *parameter)
{
  sotto_group_dialog_present_new (widget, get_groups (SOTTO_WINDOW (widget)), NULL);
}

static void
new_in_group (GtkWidget  *widget,
              const char *action,
              GVariant   *parameter)
{
  SottoWindow *self = SOTTO_WINDOW (widget);
  SottoGroup *group = find_group (self, parameter);

  if (group == NULL)
    return;

  sotto_window_show_conversation (self, sotto_conversation_list_create_in (sotto_app_get_conversations (self->app), group));
  sotto_window_reveal_conversation (self);
  sotto_conversation_page_focus_composer (self->page);
}

static void
show_details (GtkWidget  *widget,
              const char *action,
              GVariant   *parameter)
{
  SottoWindow *self = SOTTO_WINDOW (widget);
  SottoGroup *group = find_group (self, parameter);

  if (group != NULL)
    sotto_group_dialog_present (widget, self->app, group);
}

/* --- The conversation that is shown --- */

static void
move_to_group (GtkWidget  *widget,
               const char *action,
               GVariant   *parameter)
{
  SottoWindow *self = SOTTO_WINDOW (widget);
  SottoGroup *group = find_group (self, parameter);

  if (group != NULL && self->conversation != NULL)
    sotto_conversation_set_group (self->conversation, group);
}

static void
move_to_new_group (GtkWidget  *widget,
                   const char *action,
                   GVariant   *parameter)
{
  SottoWindow *self = SOTTO_WINDOW (widget);

  sotto_group_dialog_present_new (widget, get_groups (self), self->conversation);
}

static void
leave_group (GtkWidget  *widget,
             const char *action,
             GVariant   *parameter)
{
  SottoWindow *self = SOTTO_WINDOW (widget);

  if (self->conversation != NULL)
    sotto_conversation_set_group (self->conversation, NULL);
}

/* --- Deleting --- */

static void
on_undo (SottoWindow *self,
         AdwToast    *toast)
{
  g_object_set_data (G_OBJECT (toast), "undone", GINT_TO_POINTER (TRUE));
  sotto_conversation_list_undo_delete_group (sotto_app_get_conversations (self->app),
                                             g_object_get_data (G_OBJECT (toast), "group"));
}

/* The toast goes: so does what it could have brought back. */
static void
on_dismissed (SottoWindow *self,
              AdwToast    *toast)
{
  /* When the window goes, the application is closed, which purges as well. */
  if (self->app != NULL && g_object_get_data (G_OBJECT (toast), "undone") == NULL)
    sotto_conversation_list_purge_group (sotto_app_get_conversations (self->app),
                                         g_object_get_data (G_OBJECT (toast), "group"));
}

static void
delete_group (GtkWidget  *widget,
              const char *action,
              GVariant   *parameter)
{
  SottoWindow *self = SOTTO_WINDOW (widget);
  SottoGroup *group = find_group (self, parameter);
  g_autofree char *title = NULL;
  gboolean with_all = g_str_equal (action, "win.delete-group-with-all");
  AdwToast *toast;

  if (group == NULL)
    return;

  /* Translators: %s is the name of a group of conversations */
  title = g_strdup_printf (with_all ? _("“%s” and its conversations deleted") : _("Group “%s” deleted"),
                           sotto_group_get_name (group));
  toast = adw_toast_new (title);
  adw_toast_set_use_markup (toast, FALSE);
  adw_toast_set_button_label (toast, _("_Undo"));
  adw_toast_set_timeout (toast, 10);
  adw_toast_set_priority (toast, ADW_TOAST_PRIORITY_HIGH);
  g_object_set_data_full (G_OBJECT (toast), "group", g_object_ref (group), g_object_unref);
  g_signal_connect_object (toast, "button-clicked", G_CALLBACK (on_undo), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (toast, "dismissed", G_CALLBACK (on_dismissed), self, G_CONNECT_SWAPPED);

  sotto_conversation_list_delete_group (sotto_app_get_conversations (self->app), group, with_all);
  sotto_window_leave_deleted (self);
  sotto_window_add_toast (self, toast);
}

/* --- What could not be kept --- */

static void
on_problem (SottoWindow *self)
{
  SottoProblem *problem = sotto_group_list_get_problem (get_groups (self));

  if (problem != NULL)
    sotto_window_add_problem (self, problem);
}

void
sotto_window_watch_groups (SottoWindow *self)
{
  g_signal_connect_object (get_groups (self), "notify::problem", G_CALLBACK (on_problem), self, G_CONNECT_SWAPPED);
}

void
sotto_window_install_group_actions (GtkWidgetClass *widget_class)
{
  gtk_widget_class_install_action (widget_class, "win.new-group", NULL, new_group);
  gtk_widget_class_install_action (widget_class, "win.new-in-group", "s", new_in_group);
  gtk_widget_class_install_action (widget_class, "win.group-details", "s", show_details);
  gtk_widget_class_install_action (widget_class, "win.move-to-group", "s", move_to_group);
  gtk_widget_class_install_action (widget_class, "win.move-to-new-group", NULL, move_to_new_group);
  gtk_widget_class_install_action (widget_class, "win.leave-group", NULL, leave_group);
  gtk_widget_class_install_action (widget_class, "win.delete-group", "s", delete_group);
  gtk_widget_class_install_action (widget_class, "win.delete-group-with-all", "s", delete_group);
}
