#include "receipt-dialog.h"

#include <adwaita.h>
#include <glib/gi18n.h>

static void
on_copy (GtkButton    *button,
         SottoMessage *message)
{
  const char *receipt = sotto_message_get_receipt (message);

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

/* A value a line: white space is nothing to who reads JSON. */
static char *
break_lines (const char *json)
{
  GString *lines = g_string_new (NULL);
  gboolean is_string = FALSE;

  for (const char *p = json; *p != '\0'; p++)
    {
      g_string_append_c (lines, *p);
      if (is_string && *p == '\\' && p[1] != '\0')
        g_string_append_c (lines, *++p);
      else if (*p == '"')
        is_string = !is_string;
      else if (*p == ',' && !is_string)
        g_string_append_c (lines, '\n');
    }

  return g_string_free (lines, FALSE);
}

static void
add_receipt (GtkWidget  *group,
             const char *receipt)
{
  PangoAttrList *attributes;
  GtkWidget *row;
  GtkWidget *label;
  g_autofree char *lines = NULL;

  if (receipt == NULL)
    return;

  lines = break_lines (receipt);
  label = gtk_label_new (lines);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_selectable (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  /* Where a hash is broken there is no hyphen in it. */
  attributes = pango_attr_list_new ();
  pango_attr_list_insert (attributes, pango_attr_insert_hyphens_new (FALSE));
  gtk_label_set_attributes (GTK_LABEL (label), attributes);
  pango_attr_list_unref (attributes);
  gtk_widget_add_css_class (label, "monospace");
  gtk_widget_add_css_class (label, "caption");
  gtk_widget_add_css_class (label, "receipt");
  gtk_accessible_update_property (GTK_ACCESSIBLE (label), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Model, settings and counts"), -1);

  row = adw_preferences_row_new ();
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), _("Model, settings and counts"));
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), FALSE);
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), label);
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (group), row);
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
  GtkWidget *receipt_group = adw_preferences_group_new ();
  g_autofree char *created = g_date_time_format (sotto_message_get_created (message), "%c");
  g_autofree char *n_tokens = sotto_message_dup_n_tokens (message);
  g_autofree char *speed = sotto_message_dup_speed (message);

  add_row (group, _("Model"), sotto_message_get_model_name (message));
  add_row (group, C_("when a reply was", "Written"), created);
  add_row (group, C_("of a reply", "Length"), n_tokens);
  add_row (group, C_("of a reply", "Speed"), speed);
  adw_preferences_page_add (ADW_PREFERENCES_PAGE (page), ADW_PREFERENCES_GROUP (group));

  adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (receipt_group), _("Receipt"));
  adw_preferences_group_set_description (ADW_PREFERENCES_GROUP (receipt_group),
    _("The same receipt gives the same answer, word for word."));
  add_receipt (receipt_group, sotto_message_get_receipt (message));
  adw_preferences_page_add (ADW_PREFERENCES_PAGE (page), ADW_PREFERENCES_GROUP (receipt_group));

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
