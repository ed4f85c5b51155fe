#include "conversation/receipt-dialog.h"

#include <adwaita.h>
#include <glib/gi18n.h>

static void
on_copy (GtkButton    *button,
         SottoMessage *message)
{
  g_autofree char *receipt = sotto_message_dup_receipt_for_others (message);

  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (button)), receipt != NULL ? receipt : "");
  gtk_button_set_icon_name (button, "object-select-symbolic");
}

static void
add_row (GtkWidget  *group,
         const char *title,
         const char *value)
{
  GtkWidget *row;

  if (value == NULL || *value == '\0')
    return;

  row = adw_action_row_new ();
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), value);
  adw_action_row_set_subtitle_selectable (ADW_ACTION_ROW (row), TRUE);
  gtk_widget_add_css_class (row, "property");
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (group), row);
}

/* Anew where it changes while it is read: the fingerprint may be known only later. */
static void
show_receipt (GtkWidget    *page,
              GParamSpec   *pspec,
              SottoMessage *message)
{
  AdwPreferencesGroup *old = g_object_get_data (G_OBJECT (page), "receipt");
  GtkWidget *group = adw_preferences_group_new ();
  g_auto (GStrv) lines = sotto_message_describe_receipt (message);

  adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (group), _("Receipt"));
  adw_preferences_group_set_description (ADW_PREFERENCES_GROUP (group),
    _("The same receipt gives the same answer, word for word."));
  gtk_widget_set_visible (group, lines[0] != NULL);
  for (guint i = 0; lines[i] != NULL; i += 2)
    add_row (group, lines[i], lines[i + 1]);

  if (old != NULL)
    adw_preferences_page_remove (ADW_PREFERENCES_PAGE (page), old);
  adw_preferences_page_add (ADW_PREFERENCES_PAGE (page), ADW_PREFERENCES_GROUP (group));
  g_object_set_data (G_OBJECT (page), "receipt", group);
}

void
sotto_receipt_dialog_present (GtkWidget    *parent,
                              SottoMessage *message)
{
  AdwDialog *dialog = adw_dialog_new ();
  GtkWidget *view = adw_toolbar_view_new ();
  GtkWidget *bar = adw_header_bar_new ();
  GtkWidget *copy = gtk_button_new_from_icon_name ("edit-copy-symbolic");
  GtkWidget *page = adw_preferences_page_new ();
  GtkWidget *group = adw_preferences_group_new ();
  g_autofree char *created = g_date_time_format (sotto_message_get_created (message), "%c");
  g_autofree char *n_tokens = sotto_message_dup_n_tokens (message);
  g_autofree char *speed = sotto_message_dup_speed (message);

  add_row (group, _("Model"), sotto_message_get_model_name (message));
  add_row (group, C_("when a reply was", "Written"), created);
  add_row (group, C_("of a reply", "Length"), n_tokens);
  add_row (group, C_("of a reply", "Speed"), speed);
  adw_preferences_page_add (ADW_PREFERENCES_PAGE (page), ADW_PREFERENCES_GROUP (group));

  show_receipt (page, NULL, message);
  g_signal_connect_object (message, "notify::receipt", G_CALLBACK (show_receipt), page, G_CONNECT_SWAPPED);
  gtk_widget_set_sensitive (copy, sotto_message_get_receipt (message) != NULL);

  gtk_widget_set_tooltip_text (copy, _("Copy Receipt"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (copy), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Copy Receipt"), -1);
  g_signal_connect_object (copy, "clicked", G_CALLBACK (on_copy), message, 0);
  adw_header_bar_pack_start (ADW_HEADER_BAR (bar), copy);
  adw_toolbar_view_add_top_bar (ADW_TOOLBAR_VIEW (view), bar);
  adw_toolbar_view_set_content (ADW_TOOLBAR_VIEW (view), page);
  adw_dialog_set_title (dialog, _("Details"));
  adw_dialog_set_content_width (dialog, 480);
  gtk_widget_set_size_request (GTK_WIDGET (dialog), 320, -1);
  adw_dialog_set_child (dialog, view);
  adw_dialog_present (dialog, parent);
}
