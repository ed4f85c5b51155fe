#include "recovery-dialog.h"

#include <adwaita.h>
#include <glib/gi18n.h>

static void
on_copy (GtkButton *button,
         SottoApp  *app)
{
  const char *code = sotto_app_get_recovery_code (app);

  if (code == NULL)
    return;

  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (button)), code);
  gtk_button_set_icon_name (button, "object-select-symbolic");
  gtk_accessible_announce (GTK_ACCESSIBLE (button), _("Copied"), GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_MEDIUM);
}

static void
on_kept (AdwAlertDialog *dialog,
         const char     *response,
         SottoApp       *app)
{
  sotto_app_dismiss_recovery_code (app);
}

void
sotto_recovery_dialog_present (GtkWidget *parent,
                               SottoApp  *app)
{
  AdwDialog *dialog = adw_alert_dialog_new (_("Keep Your Recovery Code"), NULL);
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GString *lines = g_string_new (sotto_app_get_recovery_code (app));
  GtkWidget *code = gtk_label_new (NULL);
  GtkWidget *copy = gtk_button_new_from_icon_name ("edit-copy-symbolic");

  adw_alert_dialog_set_body (ADW_ALERT_DIALOG (dialog),
    _("Your conversations are encrypted. If the key is ever lost, with the keyring or the passphrase, "
      "this code opens them. Write it down and keep it in a safe place; it is shown only now."));

  /* Two lines of as many groups: left to itself it would break where a group happens to begin with a letter. White space
   * is nothing to who reads it. */
  g_string_insert_c (lines, lines->len / 2 + 1, '\n');
  gtk_label_set_label (GTK_LABEL (code), lines->str);
  g_string_free (lines, TRUE);
  gtk_label_set_selectable (GTK_LABEL (code), TRUE);
  gtk_label_set_wrap (GTK_LABEL (code), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (code), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_justify (GTK_LABEL (code), GTK_JUSTIFY_CENTER);
  gtk_widget_set_hexpand (code, TRUE);
  gtk_widget_add_css_class (code, "monospace");
  gtk_accessible_update_property (GTK_ACCESSIBLE (code), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Recovery code"), -1);
  gtk_widget_set_valign (copy, GTK_ALIGN_CENTER);
  gtk_widget_set_tooltip_text (copy, C_("verb", "Copy"));
  gtk_widget_add_css_class (copy, "flat");
  gtk_accessible_update_property (GTK_ACCESSIBLE (copy), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Copy Recovery Code"), -1);
  g_signal_connect_object (copy, "clicked", G_CALLBACK (on_copy), app, 0);
  gtk_box_append (GTK_BOX (box), code);
  gtk_box_append (GTK_BOX (box), copy);
  gtk_widget_add_css_class (box, "card");
  gtk_widget_add_css_class (box, "recovery-code");

  adw_alert_dialog_set_extra_child (ADW_ALERT_DIALOG (dialog), box);
  adw_alert_dialog_add_response (ADW_ALERT_DIALOG (dialog), "kept", _("_I Have Written It Down"));
  adw_alert_dialog_set_response_appearance (ADW_ALERT_DIALOG (dialog), "kept", ADW_RESPONSE_SUGGESTED);
  adw_alert_dialog_set_close_response (ADW_ALERT_DIALOG (dialog), "kept");
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_kept), app, 0);
  /* A selectable label that has the focus first selects all; and Enter shall not send the code away unread. */
  adw_dialog_set_focus (dialog, copy);
  adw_dialog_present (dialog, parent);
}
