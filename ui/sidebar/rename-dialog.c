#include "sidebar/rename-dialog.h"

#include <adwaita.h>
#include <glib/gi18n.h>

static void
on_renamed (AdwAlertDialog *dialog,
            const char     *response,
            gpointer        user_data)
{
  AdwEntryRow *row = g_object_get_data (G_OBJECT (dialog), "row");

  sotto_conversation_set_title (user_data, gtk_editable_get_text (GTK_EDITABLE (row)));
}

void
sotto_rename_dialog_present (GtkWidget         *parent,
                             SottoConversation *conversation)
{
  AdwDialog *dialog = adw_alert_dialog_new (_("Rename Conversation"), NULL);
  GtkWidget *group = adw_preferences_group_new ();
  GtkWidget *row = adw_entry_row_new ();

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), C_("of a conversation", "Title"));
  gtk_editable_set_text (GTK_EDITABLE (row), sotto_conversation_get_title (conversation));
  adw_entry_row_set_activates_default (ADW_ENTRY_ROW (row), TRUE);
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (group), row);

  adw_alert_dialog_add_responses (ADW_ALERT_DIALOG (dialog),
                                  "cancel", _("_Cancel"),
                                  "rename", _("_Rename"),
                                  NULL);
  adw_alert_dialog_set_response_appearance (ADW_ALERT_DIALOG (dialog), "rename", ADW_RESPONSE_SUGGESTED);
  adw_alert_dialog_set_default_response (ADW_ALERT_DIALOG (dialog), "rename");
  adw_alert_dialog_set_close_response (ADW_ALERT_DIALOG (dialog), "cancel");
  adw_alert_dialog_set_extra_child (ADW_ALERT_DIALOG (dialog), group);
  g_object_set_data (G_OBJECT (dialog), "row", row);
  g_signal_connect_object (dialog, "response::rename", G_CALLBACK (on_renamed), conversation, 0);
  adw_dialog_set_focus (dialog, row);
  adw_dialog_present (dialog, parent);
}
