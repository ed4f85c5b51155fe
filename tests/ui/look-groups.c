#include "look-groups.h"

#include "harness.h"

#include <glib/gi18n.h>

#include "sidebar/conversation-row.h"
#include "sidebar/group-row.h"

static void
show_list (Look     *look,
           gboolean  is_shown)
{
  if (look->width < 600 && (harness_find (GTK_WIDGET (look->window), GTK_TYPE_LIST_VIEW) != NULL) != is_shown)
    look_activate (look, "win.toggle-sidebar");
}

/* The menu of the first row of that type */
static void
shoot_menu (Look       *look,
            GType       type,
            const char *what)
{
  GtkWidget *row = harness_find (harness_find (GTK_WIDGET (look->window), GTK_TYPE_LIST_VIEW), type);
  GtkWidget *button = harness_find (row, GTK_TYPE_MENU_BUTTON);

  g_assert_nonnull (button);
  gtk_menu_button_popup (GTK_MENU_BUTTON (button));
  look_shoot (look, what);
  gtk_menu_button_popdown (GTK_MENU_BUTTON (button));
  harness_rest (GTK_WIDGET (look->window), 1);
}

void
look_at_groups (Look *look)
{
  SottoConversationList *list = sotto_app_get_conversations (look->app);
  SottoGroupList *groups = sotto_conversation_list_get_groups (list);
  SottoGroup *long_one = sotto_group_list_create (groups, "Minutes of the meetings of the sailing club, 1987 to 2026");
  SottoGroup *garden = sotto_group_list_create (groups, "Garden");
  SottoGroup *work = sotto_group_list_create (groups, "Work");
  SottoConversation *fresh;

  for (guint i = 1; i < 3; i++)
    {
      g_autoptr (SottoConversation) conversation = g_list_model_get_item (G_LIST_MODEL (list), i);

      sotto_conversation_set_group (conversation, i == 1 ? work : garden);
    }
  sotto_group_set_instructions (work, "Answer in short sentences. Say where a number comes from.");
  sotto_group_set_open (garden, FALSE);
  show_list (look, TRUE);
  look_shoot (look, "35-groups");
  shoot_menu (look, SOTTO_TYPE_GROUP_ROW, "35-group-menu");
  shoot_menu (look, SOTTO_TYPE_CONVERSATION_ROW, "35-group-move");
  gtk_widget_activate_action (GTK_WIDGET (look->window), "win.group-details", "s", sotto_group_get_id (work));
  look_shoot (look, "36-group-details");
  look_close_dialog (look);
  look_activate (look, "win.new-group");
  look_shoot (look, "36-group-new");
  look_close_dialog (look);

  fresh = sotto_conversation_list_create (list);
  gtk_widget_activate_action (GTK_WIDGET (look->window), "win.new-in-group", "s", sotto_group_get_id (work));
  look_shoot (look, "37-new-in-group");
  sotto_conversation_set_group (fresh, NULL);

  look_activate (look, "win.search");
  gtk_editable_set_text (GTK_EDITABLE (gtk_widget_get_ancestor (gtk_window_get_focus (look->window), GTK_TYPE_SEARCH_ENTRY)),
                         "words");
  harness_run (0.5);
  look_shoot (look, "37-group-found");
  g_signal_emit_by_name (gtk_widget_get_ancestor (gtk_window_get_focus (look->window), GTK_TYPE_SEARCH_ENTRY), "stop-search");
  harness_rest (GTK_WIDGET (look->window), 1);

  gtk_widget_activate_action (GTK_WIDGET (look->window), "win.delete-group", "s", sotto_group_get_id (work));
  look_shoot (look, "38-group-deleted");
  adw_toast_overlay_dismiss_all (ADW_TOAST_OVERLAY (harness_find (GTK_WIDGET (look->window), ADW_TYPE_TOAST_OVERLAY)));
  sotto_conversation_list_delete_group (list, garden, FALSE);
  sotto_conversation_list_purge_group (list, garden);
  sotto_conversation_list_delete_group (list, long_one, FALSE);
  sotto_conversation_list_purge_group (list, long_one);
  show_list (look, FALSE);
}
