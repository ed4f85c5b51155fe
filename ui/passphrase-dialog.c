#include "passphrase-dialog.h"

#include <adwaita.h>
#include <glib/gi18n.h>

#include "status-line.h"

/* A response of an alert closes it at once, but this one has to stay until Argon2id is done, and longer if it was in vain: so what
 * sets the passphrase is a button among its contents, and the only response is to cancel. */

typedef struct {
  SottoApp *app;
  AdwDialog *dialog;   /* which owns this; the widgets are kept, as it may be closed while the history works */
  GtkEditable *entered;
  GtkEditable *again;
  SottoStatusLine *status;
  GtkWidget *button;
  GClosure *on_set;
  gboolean is_working;
} Asking;

static void
asking_free (gpointer data)
{
  Asking *self = data;

  g_clear_object (&self->app);
  g_clear_object (&self->entered);
  g_clear_object (&self->again);
  g_clear_object (&self->status);
  g_clear_object (&self->button);
  g_clear_pointer (&self->on_set, g_closure_unref);
  g_free (self);
}

static gboolean
is_complete (Asking *self)
{
  const char *entered = gtk_editable_get_text (self->entered);

  return entered[0] != '\0' && g_str_equal (entered, gtk_editable_get_text (self->again));
}

static void
set_working (Asking   *self,
             gboolean  is_working)
{
  self->is_working = is_working;
  adw_dialog_set_can_close (self->dialog, !is_working);
  adw_alert_dialog_set_response_enabled (ADW_ALERT_DIALOG (self->dialog), "cancel", !is_working);
  /* Not insensitive: the focus shall stay where it is. */
  gtk_editable_set_editable (self->entered, !is_working);
  gtk_editable_set_editable (self->again, !is_working);
  sotto_status_line_set_working (self->status, is_working);
  gtk_widget_set_sensitive (self->button, !is_working && is_complete (self));
}

static void
on_changed (Asking *self)
{
  const char *entered = gtk_editable_get_text (self->entered);
  const char *again = gtk_editable_get_text (self->again);

  if (self->is_working)
    return;

  /* Not before the second one can no longer become the first */
  sotto_status_line_say (self->status, g_str_has_prefix (entered, again) ? "" : _("The two passphrases are not the same."));
  gtk_widget_set_sensitive (self->button, is_complete (self));
}

static void
on_done (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_autoptr (AdwDialog) dialog = user_data;
  Asking *self = g_object_get_data (G_OBJECT (dialog), "asking");
  g_autoptr (GError) error = NULL;

  set_working (self, FALSE);
  if (sotto_app_set_passphrase_finish (SOTTO_APP (source), result, &error))
    {
      if (self->on_set != NULL)
        {
          g_auto (GValue) set = G_VALUE_INIT;

          g_value_init (&set, SOTTO_TYPE_APP);
          g_value_set_object (&set, self->app);
          g_closure_invoke (self->on_set, NULL, 1, &set, NULL);
        }
      adw_dialog_close (dialog);
      return;
    }

  sotto_status_line_say_error (self->status, error);
  gtk_widget_grab_focus (GTK_WIDGET (self->entered));
}

static void
accept (Asking *self)
{
  if (self->is_working || !is_complete (self))
    return;

  set_working (self, TRUE);
  sotto_status_line_say (self->status, _("Making a key of it…"));
  sotto_app_set_passphrase_async (self->app, gtk_editable_get_text (self->entered), NULL, on_done, g_object_ref (self->dialog));
}

static GtkEditable *
add_entry (Asking     *self,
           GtkWidget  *group,
           const char *title)
{
  GtkWidget *row = adw_password_entry_row_new ();

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  g_signal_connect_swapped (row, "changed", G_CALLBACK (on_changed), self);
  g_signal_connect_swapped (row, "entry-activated", G_CALLBACK (accept), self);
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (group), row);

  return GTK_EDITABLE (g_object_ref (row));
}

static GtkWidget *
create_contents (Asking *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 12);
  GtkWidget *group = adw_preferences_group_new ();

  self->status = SOTTO_STATUS_LINE (g_object_ref (sotto_status_line_new ()));

  self->button = g_object_ref (gtk_button_new_with_mnemonic (_("_Set Passphrase")));
  gtk_widget_add_css_class (self->button, "suggested-action");
  gtk_widget_add_css_class (self->button, "response");
  gtk_widget_set_sensitive (self->button, FALSE);
  g_signal_connect_swapped (self->button, "clicked", G_CALLBACK (accept), self);

  self->entered = add_entry (self, group, _("New Passphrase"));
  self->again = add_entry (self, group, _("The Same Again"));
  gtk_box_append (GTK_BOX (box), group);
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->status));
  gtk_box_append (GTK_BOX (box), self->button);

  return box;
}

void
sotto_passphrase_dialog_present (GtkWidget *parent,
                                 SottoApp  *app,
                                 GCallback  on_set,
                                 GObject   *user_data)
{
  AdwDialog *dialog = adw_alert_dialog_new (NULL, NULL);
  Asking *self = g_new0 (Asking, 1);

  self->app = g_object_ref (app);
  self->dialog = dialog;
  g_object_set_data_full (G_OBJECT (dialog), "asking", self, asking_free);
  if (on_set != NULL)
    {
      self->on_set = g_closure_ref (g_cclosure_new_object_swap (on_set, user_data));
      g_closure_sink (self->on_set);
      g_closure_set_marshal (self->on_set, g_cclosure_marshal_VOID__VOID);
    }

  adw_alert_dialog_set_heading (ADW_ALERT_DIALOG (dialog),
    sotto_app_get_protection (app) == SOTTO_PROTECTION_PASSPHRASE ? _("Change Passphrase") : _("Set a Passphrase"));
  adw_alert_dialog_set_body (ADW_ALERT_DIALOG (dialog),
    _("It is asked whenever Sotto starts. Without it, only the recovery code opens your conversations."));
  adw_alert_dialog_set_extra_child (ADW_ALERT_DIALOG (dialog), create_contents (self));
  adw_alert_dialog_add_response (ADW_ALERT_DIALOG (dialog), "cancel", _("_Cancel"));
  adw_alert_dialog_set_close_response (ADW_ALERT_DIALOG (dialog), "cancel");
  adw_dialog_set_focus (dialog, GTK_WIDGET (self->entered));
  adw_dialog_present (dialog, parent);
}
