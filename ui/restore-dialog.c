#include "restore-dialog.h"

#include <glib/gi18n.h>

#include "recent-files.h"
#include "status-line.h"
#include "transfers.h"

/* One dialog from the chosen file to the end, as in passphrase-dialog.c: reading, the keyring where one may have the key, then the
 * entry, which stays until something fits. Who closes it has changed nothing, unless the backup is on its way into its place. */

typedef struct {
  SottoWindow *window;
  SottoApp *app;
  GCancellable *cancellable;
  AdwDialog *dialog;   /* which owns this; the widgets are kept, as it may be closed while the history works */
  GtkWidget *group;
  GtkWidget *entry;
  SottoStatusLine *status;
  GtkWidget *button;
  SottoOpeners openers;
  gboolean is_working;
  gboolean is_closed;
  gboolean was_empty;  /* nothing was there that anybody would look for */
  gboolean has_asked;  /* the person, not the keyring */
} Restoring;

static void
restoring_free (gpointer data)
{
  Restoring *self = data;

  g_clear_object (&self->window);
  g_clear_object (&self->app);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->group);
  g_clear_object (&self->entry);
  g_clear_object (&self->status);
  g_clear_object (&self->button);
  g_free (self);
}

static gboolean
is_complete (Restoring *self)
{
  return gtk_editable_get_text (GTK_EDITABLE (self->entry))[0] != '\0';
}

static void
set_working (Restoring *self,
             gboolean   is_working)
{
  self->is_working = is_working;
  /* Not insensitive: the focus shall stay where it is. */
  gtk_editable_set_editable (GTK_EDITABLE (self->entry), !is_working);
  sotto_status_line_set_working (self->status, is_working);
  gtk_widget_set_sensitive (self->button, !is_working && is_complete (self));
}

static void
on_changed (Restoring *self)
{
  if (self->is_working)
    return;

  sotto_status_line_say (self->status, "");
  gtk_widget_set_sensitive (self->button, is_complete (self));
}

/* --- What came of it --- */

/* @kept: the name of the folder with what was there
 * Returns: (transfer none) */
static AdwDialog *
present_kept (SottoWindow *window,
              const char  *kept)
{
  g_autofree char *path = g_build_filename (sotto_app_get_folder (sotto_window_get_app (window)), kept, NULL);
  g_autofree char *name = g_filename_display_name (path);
  g_autofree char *words = NULL;
  AdwDialog *dialog;

  /* Translators: %s is a folder */
  words = g_strdup_printf (_("What was here before is in this folder, encrypted as it was:\n\n%s\n\nTo have it back, quit Sotto and "
                             "move its files one folder up."), name);
  dialog = adw_alert_dialog_new (_("The Backup Is Restored"), words);
  adw_alert_dialog_add_response (ADW_ALERT_DIALOG (dialog), "close", _("_Close"));
  adw_dialog_present (dialog, GTK_WIDGET (window));

  return dialog;
}

static void
tell (Restoring  *self,
      const char *kept)
{
  if (kept == NULL || self->was_empty)
    sotto_window_add_toast (self->window, adw_toast_new (_("The backup is restored")));
  else
    present_kept (self->window, kept);
}

static void
on_told (AdwDialog *dialog,
         SottoApp  *app)
{
  sotto_app_mark_told (app, g_object_get_data (G_OBJECT (dialog), "kept"));
}

void
sotto_restore_dialog_present_untold (SottoWindow *window)
{
  SottoApp *app;
  g_autofree char *kept = NULL;
  AdwDialog *dialog;

  g_return_if_fail (SOTTO_IS_WINDOW (window));

  app = sotto_window_get_app (window);
  kept = sotto_app_find_kept (app);
  if (kept == NULL)
    return;

  dialog = present_kept (window, kept);
  g_object_set_data_full (G_OBJECT (dialog), "kept", g_steal_pointer (&kept), g_free);
  g_signal_connect_object (dialog, "closed", G_CALLBACK (on_told), app, 0);
}

static void
ask (Restoring    *self,
     const GError *error)
{
  gboolean has_passphrase = (self->openers & SOTTO_OPENS_PASSPHRASE) != 0;
  gboolean has_code = (self->openers & SOTTO_OPENS_RECOVERY) != 0;

  set_working (self, FALSE);
  if (!has_passphrase && !has_code)
    {
      sotto_status_line_say_error (self->status, error);
      return;
    }

  self->has_asked = TRUE;
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->entry),
                                 !has_code ? _("Passphrase") : !has_passphrase ? _("Recovery Code") : _("Passphrase or Code"));
  gtk_widget_set_visible (self->group, TRUE);
  gtk_widget_set_visible (self->button, TRUE);
  sotto_status_line_say (self->status, "");
  gtk_widget_grab_focus (self->entry);
}

static void
on_restored (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr (AdwDialog) dialog = user_data;
  Restoring *self = g_object_get_data (G_OBJECT (dialog), "restoring");
  g_autoptr (GError) error = NULL;
  g_autofree char *kept = NULL;

  if (sotto_app_restore_finish (SOTTO_APP (source), result, &kept, &error))
    {
      self->is_working = FALSE;
      if (!self->is_closed)
        adw_dialog_force_close (dialog);
      tell (self, kept);
      return;
    }

  if (self->is_closed)
    {
      self->is_working = FALSE;
      sotto_app_drop_backup (self->app);
      return;
    }

  /* What a keyring says is no answer to a question that nobody has been asked yet. */
  if (!self->has_asked)
    {
      ask (self, error);
      return;
    }
  set_working (self, FALSE);
  sotto_status_line_say_error (self->status, error);
  gtk_widget_grab_focus (self->entry);
}

static void
begin (Restoring  *self,
       const char *typed)
{
  set_working (self, TRUE);
  sotto_status_line_say (self->status, typed != NULL ? _("Opening the backup…") : _("Asking the keyring…"));
  sotto_app_restore_async (self->app, typed, self->cancellable, on_restored, g_object_ref (self->dialog));
}

static void
accept (Restoring *self)
{
  if (!self->is_working && is_complete (self))
    begin (self, gtk_editable_get_text (GTK_EDITABLE (self->entry)));
}

static void
on_read (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_autoptr (AdwDialog) dialog = user_data;
  Restoring *self = g_object_get_data (G_OBJECT (dialog), "restoring");
  g_autoptr (GError) error = NULL;
  gboolean ok = sotto_app_read_backup_finish (SOTTO_APP (source), result, &self->openers, &error);

  self->is_working = FALSE;
  if (self->is_closed)
    {
      if (ok)
        sotto_app_drop_backup (self->app);
      return;
    }

  set_working (self, FALSE);
  if (!ok)
    {
      adw_alert_dialog_set_response_label (ADW_ALERT_DIALOG (dialog), "cancel", _("_Close"));
      sotto_status_line_say_error (self->status, error);
    }
  else if ((self->openers & SOTTO_OPENS_KEYRING) != 0)
    {
      begin (self, NULL);
    }
  else
    {
      ask (self, NULL);
    }
}

static void
on_closed (Restoring *self)
{
  self->is_closed = TRUE;
  g_cancellable_cancel (self->cancellable);
  gtk_editable_set_text (GTK_EDITABLE (self->entry), "");
  if (!self->is_working)
    sotto_app_drop_backup (self->app);
}

static GtkWidget *
create_contents (Restoring *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 12);

  self->status = SOTTO_STATUS_LINE (g_object_ref (sotto_status_line_new ()));

  self->button = g_object_ref (gtk_button_new_with_mnemonic (_("_Restore")));
  gtk_widget_add_css_class (self->button, "suggested-action");
  gtk_widget_add_css_class (self->button, "response");
  gtk_widget_set_visible (self->button, FALSE);
  g_signal_connect_swapped (self->button, "clicked", G_CALLBACK (accept), self);

  self->group = g_object_ref (adw_preferences_group_new ());
  gtk_widget_set_visible (self->group, FALSE);
  self->entry = g_object_ref (adw_password_entry_row_new ());
  g_signal_connect_swapped (self->entry, "changed", G_CALLBACK (on_changed), self);
  g_signal_connect_swapped (self->entry, "entry-activated", G_CALLBACK (accept), self);
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (self->group), self->entry);
  gtk_box_append (GTK_BOX (box), self->group);
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->status));
  gtk_box_append (GTK_BOX (box), self->button);

  return box;
}

/* --- What is asked before --- */

static gboolean
is_empty (SottoApp *app)
{
  SottoAppState state = sotto_app_get_state (app);

  return state == SOTTO_APP_STATE_FIRST_START ||
         (state == SOTTO_APP_STATE_READY && g_list_model_get_n_items (G_LIST_MODEL (sotto_app_get_conversations (app))) == 0);
}

void
sotto_restore_dialog_present_file (SottoWindow *window,
                                   GFile       *file)
{
  AdwDialog *dialog;
  Restoring *self;
  g_autofree char *base = NULL;
  g_autofree char *name = NULL;

  g_return_if_fail (SOTTO_IS_WINDOW (window));
  g_return_if_fail (G_IS_FILE (file));

  base = g_file_get_basename (file);
  name = g_filename_display_name (base);
  dialog = adw_alert_dialog_new (_("Restore From a Backup"), name);
  self = g_new0 (Restoring, 1);
  self->window = g_object_ref (window);
  self->app = g_object_ref (sotto_window_get_app (window));
  self->cancellable = g_cancellable_new ();
  self->dialog = dialog;
  self->was_empty = is_empty (self->app);
  g_object_set_data_full (G_OBJECT (dialog), "restoring", self, restoring_free);

  adw_alert_dialog_set_extra_child (ADW_ALERT_DIALOG (dialog), create_contents (self));
  adw_alert_dialog_add_response (ADW_ALERT_DIALOG (dialog), "cancel", _("_Cancel"));
  adw_alert_dialog_set_close_response (ADW_ALERT_DIALOG (dialog), "cancel");
  g_signal_connect_swapped (dialog, "closed", G_CALLBACK (on_closed), self);
  adw_dialog_present (dialog, GTK_WIDGET (window));

  set_working (self, TRUE);
  sotto_status_line_say (self->status, _("Reading the backup…"));
  sotto_app_read_backup_async (self->app, file, self->cancellable, on_read, g_object_ref (dialog));
}

static void
on_file_chosen (GObject      *source,
                GAsyncResult *result,
                gpointer      user_data)
{
  g_autoptr (SottoWindow) window = user_data;
  g_autoptr (GFile) file = gtk_file_dialog_open_finish (GTK_FILE_DIALOG (source), result, NULL);

  if (file == NULL)
    return;

  sotto_recent_files_forget (file);
  sotto_restore_dialog_present_file (window, file);
}

static void
choose_file (SottoWindow *window)
{
  g_autoptr (GtkFileDialog) dialog = gtk_file_dialog_new ();

  sotto_transfers_set_filter (dialog, _("Backups of Sotto"), "sotto-backup");
  gtk_file_dialog_set_title (dialog, _("Restore From a Backup"));
  gtk_file_dialog_open (dialog, GTK_WINDOW (window), NULL, on_file_chosen, g_object_ref (window));
}

static void
on_response (SottoWindow *window,
             const char  *response,
             AdwDialog   *dialog)
{
  GFile *file = g_object_get_data (G_OBJECT (dialog), "file");

  if (g_str_equal (response, "cancel"))
    return;

  if (file != NULL)
    sotto_restore_dialog_present_file (window, file);
  else
    choose_file (window);
}

static const char *
say_what_becomes_of_it (SottoApp *app)
{
  switch (is_empty (app) ? SOTTO_APP_STATE_FIRST_START : sotto_app_get_state (app))
    {
    case SOTTO_APP_STATE_FIRST_START:
      return _("The conversations come back as they were when the backup was made.");
    case SOTTO_APP_STATE_READY:
    case SOTTO_APP_STATE_LOCKED:
    case SOTTO_APP_STATE_NEEDS_PASSPHRASE:
    case SOTTO_APP_STATE_KEYRING_LOCKED:
      return _("The backup takes the place of all conversations that are here now. Nothing is deleted: they go into a folder of their "
               "own, encrypted as they are.");
    default:
      return _("The backup takes the place of the conversations that could not be opened. Nothing is deleted: their files go into a "
               "folder of their own, as they are.");
    }
}

/* @file: (nullable): the backup; NULL: which one is asked afterwards */
static void
present_question (SottoWindow *window,
                  GFile       *file)
{
  const char *words = say_what_becomes_of_it (sotto_window_get_app (window));
  g_autofree char *base = file != NULL ? g_file_get_basename (file) : NULL;
  g_autofree char *name = base != NULL ? g_filename_display_name (base) : NULL;
  g_autofree char *body = name != NULL ? g_strdup_printf ("%s\n\n%s", name, words) : g_strdup (words);
  AdwDialog *dialog = adw_alert_dialog_new (_("Restore From a Backup"), body);

  adw_alert_dialog_add_responses (ADW_ALERT_DIALOG (dialog),
                                  "cancel", _("_Cancel"),
                                  "go-on", file != NULL ? _("_Restore") : _("_Choose a Backup…"),
                                  NULL);
  adw_alert_dialog_set_response_appearance (ADW_ALERT_DIALOG (dialog), "go-on", ADW_RESPONSE_SUGGESTED);
  adw_alert_dialog_set_default_response (ADW_ALERT_DIALOG (dialog), "go-on");
  adw_alert_dialog_set_close_response (ADW_ALERT_DIALOG (dialog), "cancel");
  if (file != NULL)
    g_object_set_data_full (G_OBJECT (dialog), "file", g_object_ref (file), g_object_unref);
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_response), window, G_CONNECT_SWAPPED);
  adw_dialog_present (dialog, GTK_WIDGET (window));
}

void
sotto_restore_dialog_present (SottoWindow *window)
{
  g_return_if_fail (SOTTO_IS_WINDOW (window));

  present_question (window, NULL);
}

void
sotto_restore_dialog_ask (SottoWindow *window,
                          GFile       *file)
{
  g_return_if_fail (SOTTO_IS_WINDOW (window));
  g_return_if_fail (G_IS_FILE (file));

  /* Where it cannot be, that says so. */
  if (sotto_app_can_restore (sotto_window_get_app (window)))
    present_question (window, file);
  else
    sotto_restore_dialog_present_file (window, file);
}
