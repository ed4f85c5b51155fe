#include "sidebar/sidebar-rows.h"

#include "sidebar/conversation-row.h"
#include "sidebar/group-row.h"

/* --- Rows --- */

/* Most rows that are bound again hold what they held before: a conversation. */
static void
ensure_child (GtkListItem *item,
              GType        type)
{
  GtkWidget *child = gtk_list_item_get_child (item);

  if (child == NULL || G_OBJECT_TYPE (child) != type)
    gtk_list_item_set_child (item, g_object_new (type, NULL));
}

static gboolean
name_title (GBinding     *binding,
            const GValue *title,
            GValue       *name,
            gpointer      user_data)
{
  g_autoptr (GObject) conversation = g_binding_dup_source (binding);

  g_value_set_string (name, sotto_conversation_get_name (SOTTO_CONVERSATION (conversation)));

  return TRUE;
}

static void
bind_conversation (GtkListItem       *item,
                   SottoConversation *conversation)
{
  ensure_child (item, SOTTO_TYPE_CONVERSATION_ROW);
  sotto_conversation_row_set_conversation (SOTTO_CONVERSATION_ROW (gtk_list_item_get_child (item)), conversation);
  g_object_bind_property_full (conversation, "title", item, "accessible-label", G_BINDING_SYNC_CREATE, name_title, NULL,
                               NULL, NULL);
}

static gboolean
name_group (GBinding     *binding,
            const GValue *value,
            GValue       *name,
            gpointer      user_data)
{
  g_autoptr (GObject) group = g_binding_dup_source (binding);

  g_value_take_string (name, sotto_group_row_describe (SOTTO_GROUP (group)));

  return TRUE;
}

static void
bind_group (GtkListItem *item,
            SottoGroup  *group)
{
  ensure_child (item, SOTTO_TYPE_GROUP_ROW);
  sotto_group_row_set_group (SOTTO_GROUP_ROW (gtk_list_item_get_child (item)), group);
  g_object_bind_property_full (group, "n-conversations", item, "accessible-label", G_BINDING_SYNC_CREATE, name_group, NULL,
                               NULL, NULL);
  g_object_bind_property_full (group, "name", item, "accessible-label", G_BINDING_DEFAULT, name_group, NULL, NULL, NULL);
}

static void
on_row_bind (GtkListItemFactory *factory,
             GtkListItem        *item)
{
  gpointer object = gtk_list_item_get_item (item);

  if (SOTTO_IS_GROUP (object))
    bind_group (item, object);
  else
    bind_conversation (item, object);
}

static void
on_row_unbind (GtkListItemFactory *factory,
               GtkListItem        *item)
{
  GtkWidget *child = gtk_list_item_get_child (item);
  GtkWidget *row = gtk_widget_get_parent (child);

  if (SOTTO_IS_CONVERSATION_ROW (child))
    {
      sotto_conversation_row_set_conversation (SOTTO_CONVERSATION_ROW (child), NULL);
      return;
    }

  sotto_group_row_set_group (SOTTO_GROUP_ROW (child), NULL);
  if (row != NULL)
    gtk_accessible_reset_state (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_STATE_EXPANDED);
}

/* --- Headings --- */

static void
on_header_setup (GtkListItemFactory *factory,
                 GtkListHeader      *header)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_widget_add_css_class (label, "caption-heading");
  gtk_widget_add_css_class (label, "dimmed");
  gtk_list_header_set_child (header, label);
}

static void
on_header_bind (GtkListItemFactory *factory,
                GtkListHeader      *header)
{
  gtk_label_set_label (GTK_LABEL (gtk_list_header_get_child (header)),
                       sotto_outline_get_heading (gtk_list_header_get_item (header)));
}

int
sotto_sidebar_rows_compare (gconstpointer a,
                            gconstpointer b,
                            gpointer      user_data)
{
  SottoDateGroup section_a = sotto_outline_get_section ((gpointer) a);
  SottoDateGroup section_b = sotto_outline_get_section ((gpointer) b);
  SottoConversation *first = (gpointer) a;
  SottoConversation *second = (gpointer) b;

  if (section_a != section_b || section_a != SOTTO_DATE_GROUP_MONTH)
    return (int) section_a - (int) section_b;

  if (g_str_equal (sotto_conversation_get_group_title (first), sotto_conversation_get_group_title (second)))
    return 0;

  return g_date_time_compare (sotto_conversation_get_last_used (second), sotto_conversation_get_last_used (first));
}

/* --- Keys --- */

/* Returns: whether it opens or closes @group */
static gboolean
open_or_close (SottoGroup       *group,
               guint             key,
               GtkTextDirection  direction)
{
  gboolean is_open;

  if (key != GDK_KEY_Left && key != GDK_KEY_KP_Left && key != GDK_KEY_Right && key != GDK_KEY_KP_Right)
    return FALSE;

  is_open = (key == GDK_KEY_Right || key == GDK_KEY_KP_Right) == (direction != GTK_TEXT_DIR_RTL);
  if (sotto_group_is_open (group) == is_open)
    return FALSE;
  sotto_group_set_open (group, is_open);

  return TRUE;
}

static gboolean
is_menu_key (guint           key,
             GdkModifierType modifiers)
{
  return (key == GDK_KEY_Menu && modifiers == 0) || (key == GDK_KEY_F10 && modifiers == GDK_SHIFT_MASK);
}

/* The keyboard is on the list's own row, which holds ours, and not on something in it. */
static gboolean
on_key (GtkListView     *view,
        guint            key,
        guint            code,
        GdkModifierType  state)
{
  GtkWidget *focus = gtk_root_get_focus (gtk_widget_get_root (GTK_WIDGET (view)));
  GtkWidget *row = focus != NULL ? gtk_widget_get_first_child (focus) : NULL;
  GdkModifierType modifiers = state & gtk_accelerator_get_default_mod_mask ();
  gboolean is_delete = (key == GDK_KEY_Delete || key == GDK_KEY_KP_Delete) && modifiers == 0;

  if (SOTTO_IS_CONVERSATION_ROW (row))
    {
      if (is_delete)
        gtk_widget_activate_action (row, "row.delete", NULL);
      else if (is_menu_key (key, modifiers))
        sotto_conversation_row_open_menu (SOTTO_CONVERSATION_ROW (row));
      else
        return GDK_EVENT_PROPAGATE;
    }
  else if (SOTTO_IS_GROUP_ROW (row))
    {
      if (is_delete)
        gtk_widget_activate_action (row, "group.delete-group", NULL);
      else if (is_menu_key (key, modifiers))
        sotto_group_row_open_menu (SOTTO_GROUP_ROW (row));
      else if (modifiers != 0 || !open_or_close (sotto_group_row_get_group (SOTTO_GROUP_ROW (row)), key,
                                                 gtk_widget_get_direction (row)))
        return GDK_EVENT_PROPAGATE;
    }
  else
    {
      return GDK_EVENT_PROPAGATE;
    }

  return GDK_EVENT_STOP;
}

void
sotto_sidebar_rows_attach (GtkListView *view)
{
  g_autoptr (GtkListItemFactory) rows = gtk_signal_list_item_factory_new ();
  g_autoptr (GtkListItemFactory) headers = gtk_signal_list_item_factory_new ();
  GtkEventController *keys = gtk_event_controller_key_new ();

  g_signal_connect (rows, "bind", G_CALLBACK (on_row_bind), NULL);
  g_signal_connect (rows, "unbind", G_CALLBACK (on_row_unbind), NULL);
  g_signal_connect (headers, "setup", G_CALLBACK (on_header_setup), NULL);
  g_signal_connect (headers, "bind", G_CALLBACK (on_header_bind), NULL);
  gtk_list_view_set_factory (view, rows);
  gtk_list_view_set_header_factory (view, headers);
  g_signal_connect_object (keys, "key-pressed", G_CALLBACK (on_key), view, G_CONNECT_SWAPPED);
  gtk_widget_add_controller (GTK_WIDGET (view), keys);
}
