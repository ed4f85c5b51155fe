#include "transfers.h"

#include "import-dialog.h"
#include "recent-files.h"
#include "toast.h"

#include <glib/gi18n.h>

/* How long something may take before it is said that it goes on */
#define PATIENCE_MS 400
#define LOOK_MS 200

/* What a person can take of a title as a name */
#define NAME_CHARACTERS 60

/* --- While it runs --- */

typedef enum {
  KIND_EXPORT,
  KIND_IMPORT,
  KIND_BACKUP,
} Kind;

typedef struct {
  SottoWindow *window;
  SottoTransfer *transfer;
  Kind kind;
  AdwToast *toast;   /* says that it goes on; NULL: it does not take long yet */
  guint source;      /* looks how far it is */
} Run;

static void
run_free (Run *run)
{
  g_clear_handle_id (&run->source, g_source_remove);
  if (run->toast != NULL)
    adw_toast_dismiss (run->toast);
  g_clear_object (&run->toast);
  g_object_unref (run->transfer);
  g_object_unref (run->window);
  g_free (run);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Run, run_free)

/* At once: it answers what was just done. */
static AdwToast *
make_toast (const char *title)
{
  AdwToast *toast = adw_toast_new (title);

  adw_toast_set_use_markup (toast, FALSE);
  adw_toast_set_priority (toast, ADW_TOAST_PRIORITY_HIGH);

  return toast;
}

static void
show_fraction (Run *run)
{
  int percent = (int) (sotto_transfer_get_fraction (run->transfer) * 100);
  g_autofree char *title = NULL;

  if (run->kind == KIND_IMPORT)
    /* Translators: %d is how much is done, in percent */
    title = g_strdup_printf (_("Importing… %d %%"), percent);
  else if (run->kind == KIND_BACKUP)
    /* Translators: %d is how much is done, in percent */
    title = g_strdup_printf (_("Backing up… %d %%"), percent);
  else
    /* Translators: %d is how much is done, in percent */
    title = g_strdup_printf (_("Exporting… %d %%"), percent);
  sotto_toast_set_title (run->toast, title);
}

static gboolean
on_look (gpointer user_data)
{
  show_fraction (user_data);

  return G_SOURCE_CONTINUE;
}

static gboolean
on_patience_ended (gpointer user_data)
{
  Run *run = user_data;

  run->toast = make_toast ("");
  adw_toast_set_timeout (run->toast, 0);
  adw_toast_set_button_label (run->toast, _("_Cancel"));
  g_signal_connect_object (run->toast, "button-clicked", G_CALLBACK (sotto_transfer_cancel), run->transfer,
                           G_CONNECT_SWAPPED);
  show_fraction (run);
  sotto_window_add_toast (run->window, g_object_ref (run->toast));
  run->source = g_timeout_add (LOOK_MS, on_look, run);

  return G_SOURCE_REMOVE;
}

/* --- Afterwards --- */

static char *
get_name (SottoTransfer *transfer)
{
  g_autofree char *name = g_file_get_basename (sotto_transfer_get_file (transfer));

  return g_filename_display_name (name);
}

static void
say_failed (Run          *run,
            const GError *error)
{
  g_autoptr (SottoProblem) problem = sotto_problem_new (error);
  g_autofree char *name = get_name (run->transfer);
  g_autofree char *words = g_strdup_printf ("%s\n\n%s", name, sotto_problem_get_text (problem));
  AdwDialog *dialog = adw_alert_dialog_new (run->kind == KIND_IMPORT   ? _("Import Failed")
                                            : run->kind == KIND_BACKUP ? _("Backup Failed")
                                                                       : _("Export Failed"),
                                            words);

  adw_alert_dialog_add_response (ADW_ALERT_DIALOG (dialog), "close", _("_Close"));
  adw_dialog_present (dialog, GTK_WIDGET (run->window));
}

static void
on_undo (SottoWindow *window,
         AdwToast    *toast)
{
  sotto_transfer_undo (g_object_get_data (G_OBJECT (toast), "transfer"));
  sotto_window_leave_deleted (window);
}

static char *
describe_one (SottoLeftOut what,
              guint        n)
{
  g_autofree char *number = sotto_number_describe (n);

  switch (what)
    {
    case SOTTO_LEFT_OUT_IMAGES:
      /* Translators: %s is how many */
      return g_strdup_printf (ngettext ("%s picture was left out", "%s pictures were left out", n), number);
    case SOTTO_LEFT_OUT_FILES:
      /* Translators: %s is how many attached files */
      return g_strdup_printf (ngettext ("%s file without text was left out", "%s files without text were left out", n), number);
    case SOTTO_LEFT_OUT_TOOLS:
      /* Translators: %s is how often a model asked a tool, as for a search, or got its answer */
      return g_strdup_printf (ngettext ("%s step of a tool was left out", "%s steps of tools were left out", n), number);
    case SOTTO_LEFT_OUT_BROKEN:
      /* Translators: %s is how many */
      return g_strdup_printf (ngettext ("%s conversation was damaged", "%s conversations were damaged", n), number);
    case SOTTO_LEFT_OUT_UNREAD:
    default:
      /* Translators: %s is how many */
      return g_strdup_printf (ngettext ("%s file could not be read", "%s files could not be read", n), number);
    }
}

/* Returns: (transfer full) (nullable): what was not taken, a line each; %NULL: all was */
static char *
describe_left_out (SottoTransfer *transfer)
{
  g_autoptr (GString) lines = g_string_new (NULL);

  for (guint i = 0; i < SOTTO_N_LEFT_OUT; i++)
    {
      guint n = sotto_transfer_get_n_left_out (transfer, (SottoLeftOut) i);
      g_autofree char *line = n > 0 ? describe_one ((SottoLeftOut) i, n) : NULL;

      if (line != NULL)
        g_string_append_printf (lines, "%s%s", lines->len > 0 ? "\n" : "", line);
    }

  return lines->len > 0 ? g_strdup (lines->str) : NULL;
}

/* Returns: (transfer full): how many came, and from where */
static char *
describe_imported (SottoTransfer *transfer)
{
  guint n_added = sotto_transfer_get_n_added (transfer);
  const char *origin = sotto_transfer_get_origin (transfer);
  g_autofree char *number = sotto_number_describe (n_added);
  g_autofree char *name = get_name (transfer);

  if (n_added > 0 && origin != NULL)
    /* Translators: the first %s is how many, the second the name of a program, or several with commas between them */
    return g_strdup_printf (ngettext ("%s conversation imported from %s", "%s conversations imported from %s", n_added),
                            number, origin);
  if (n_added > 0)
    /* Translators: %s is how many */
    return g_strdup_printf (ngettext ("%s conversation imported", "%s conversations imported", n_added), number);
  if (sotto_transfer_get_n_known (transfer) > 0)
    return g_strdup (_("Nothing new: all of it is here already"));

  /* Translators: %s is the name of a file */
  return g_strdup_printf (_("There is no conversation in “%s”"), name);
}

static void
on_summary_answered (AdwAlertDialog *dialog,
                     const char     *response,
                     gpointer        user_data)
{
  g_autoptr (SottoWindow) window = user_data;

  if (!g_str_equal (response, "undo"))
    return;

  sotto_transfer_undo (g_object_get_data (G_OBJECT (dialog), "transfer"));
  sotto_window_leave_deleted (window);
}

/* What was left out is more than a toast can say, and has to be read. */
static void
say_left_out (Run        *run,
              const char *title,
              const char *left_out)
{
  gboolean is_new = sotto_transfer_get_n_added (run->transfer) > 0;
  g_autofree char *words = g_strdup_printf ("%s\n\n%s", title, left_out);
  AdwDialog *dialog = adw_alert_dialog_new (is_new ? _("Conversations Imported") : _("Nothing Imported"), words);

  if (is_new)
    adw_alert_dialog_add_response (ADW_ALERT_DIALOG (dialog), "undo", _("_Undo"));
  adw_alert_dialog_add_response (ADW_ALERT_DIALOG (dialog), "close", _("_Close"));
  adw_alert_dialog_set_default_response (ADW_ALERT_DIALOG (dialog), "close");
  adw_alert_dialog_set_close_response (ADW_ALERT_DIALOG (dialog), "close");
  g_object_set_data_full (G_OBJECT (dialog), "transfer", g_object_ref (run->transfer), g_object_unref);
  g_signal_connect (dialog, "response", G_CALLBACK (on_summary_answered), g_object_ref (run->window));
  adw_dialog_present (dialog, GTK_WIDGET (run->window));
}

static void
say_imported (Run *run)
{
  g_autofree char *title = describe_imported (run->transfer);
  g_autofree char *left_out = describe_left_out (run->transfer);
  AdwToast *toast;

  if (left_out != NULL)
    {
      say_left_out (run, title, left_out);
      return;
    }

  toast = make_toast (title);
  if (sotto_transfer_get_n_added (run->transfer) > 0)
    {
      adw_toast_set_button_label (toast, _("_Undo"));
      adw_toast_set_timeout (toast, 10);
      g_object_set_data_full (G_OBJECT (toast), "transfer", g_object_ref (run->transfer), g_object_unref);
      g_signal_connect_object (toast, "button-clicked", G_CALLBACK (on_undo), run->window, G_CONNECT_SWAPPED);
    }
  sotto_window_add_toast (run->window, toast);
}

static void
say_exported (Run *run)
{
  g_autofree char *name = get_name (run->transfer);
  /* Translators: %s is the name of a file */
  g_autofree char *title = g_strdup_printf (run->kind == KIND_BACKUP ? _("Backed up as “%s”, encrypted")
                                                                     : _("Exported as “%s”, not encrypted"), name);

  sotto_window_add_toast (run->window, make_toast (title));
}

static void
on_run (GObject      *source,
        GAsyncResult *result,
        gpointer      user_data)
{
  g_autoptr (Run) run = user_data;
  g_autoptr (GError) error = NULL;

  if (!sotto_transfer_run_finish (SOTTO_TRANSFER (source), result, &error))
    {
      if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        say_failed (run, error);
      return;
    }

  if (run->kind != KIND_IMPORT)
    {
      say_exported (run);
      return;
    }

  if (sotto_transfer_get_first (run->transfer) != NULL)
    sotto_window_open_conversation (run->window, sotto_conversation_get_id (sotto_transfer_get_first (run->transfer)));
  say_imported (run);
}

/* @transfer: (transfer full) */
static void
begin (SottoWindow   *window,
       SottoTransfer *transfer,
       Kind           kind)
{
  Run *run = g_new0 (Run, 1);

  run->window = g_object_ref (window);
  run->transfer = transfer;
  run->kind = kind;
  run->source = g_timeout_add (PATIENCE_MS, on_patience_ended, run);
  sotto_transfer_run_async (transfer, on_run, run);
}

/* --- Into a file --- */

typedef struct {
  SottoWindow *window;
  SottoConversation *conversation;   /* NULL: all */
  SottoExportFormat format;
} Export;

static void
export_free (Export *export)
{
  g_object_unref (export->window);
  g_clear_object (&export->conversation);
  g_free (export);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Export, export_free)

static void
on_place_chosen (GObject      *source,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (Export) export = user_data;
  g_autoptr (GFile) file = gtk_file_dialog_save_finish (GTK_FILE_DIALOG (source), result, NULL);
  SottoConversationList *list = sotto_app_get_conversations (sotto_window_get_app (export->window));

  if (file == NULL)
    return;

  sotto_recent_files_forget (file);
  begin (export->window, sotto_transfer_new_export (list, export->conversation, export->format, file), KIND_EXPORT);
}

void
sotto_transfers_set_filter (GtkFileDialog *dialog,
                            const char    *name,
                            const char    *suffix)
{
  g_autoptr (GtkFileFilter) filter = gtk_file_filter_new ();
  g_autoptr (GListStore) filters = g_list_store_new (GTK_TYPE_FILE_FILTER);

  gtk_file_filter_set_name (filter, name);
  gtk_file_filter_add_suffix (filter, suffix);
  g_list_store_append (filters, filter);
  gtk_file_dialog_set_filters (dialog, G_LIST_MODEL (filters));
}

/* A title as the name of a file: nothing that leads elsewhere, hides it, or that other systems refuse. */
static char *
make_file_name (const char *title,
                const char *suffix)
{
  g_autoptr (GString) name = g_string_new (NULL);
  guint n = 0;

  for (const char *p = title; *p != '\0' && n < NAME_CHARACTERS; p = g_utf8_next_char (p), n++)
    {
      gunichar c = g_utf8_get_char (p);

      if (g_unichar_iscntrl (c) || (c < 128 && strchr ("/\\:*?\"<>|", (int) c) != NULL))
        c = ' ';
      g_string_append_unichar (name, c);
    }
  g_strstrip (name->str);

  return g_strconcat (name->str + strspn (name->str, ". "), suffix, NULL);
}

static void
choose_place (Export *export)
{
  static const char *const suffixes[] = { "md", "html", "sotto" };
  g_autoptr (GtkFileDialog) dialog = gtk_file_dialog_new ();
  const char *title = export->conversation != NULL ? sotto_conversation_get_title (export->conversation) : NULL;
  const char *suffix = suffixes[export->format];
  g_autofree char *ending = g_strconcat (".", suffix, NULL);
  g_autofree char *name = make_file_name (title != NULL && *title != '\0' ? title : _("Conversations"), ending);

  sotto_transfers_set_filter (dialog, export->format == SOTTO_EXPORT_MARKDOWN   ? _("Markdown")
                                      : export->format == SOTTO_EXPORT_WEB_PAGE ? _("Web Page")
                                                                                : _("Conversations of Sotto"), suffix);
  gtk_file_dialog_set_title (dialog, _("Export"));
  gtk_file_dialog_set_accept_label (dialog, _("_Export"));
  gtk_file_dialog_set_initial_name (dialog, name);
  gtk_file_dialog_save (dialog, GTK_WINDOW (export->window), NULL, on_place_chosen, export);
}

static void
on_export (AdwAlertDialog *dialog,
           const char     *response,
           gpointer        user_data)
{
  g_autoptr (Export) export = user_data;
  GtkCheckButton *markdown = g_object_get_data (G_OBJECT (dialog), "markdown");
  GtkCheckButton *page = g_object_get_data (G_OBJECT (dialog), "page");

  if (!g_str_equal (response, "export"))
    return;

  if (markdown != NULL && gtk_check_button_get_active (markdown))
    export->format = SOTTO_EXPORT_MARKDOWN;
  else if (page != NULL && gtk_check_button_get_active (page))
    export->format = SOTTO_EXPORT_WEB_PAGE;
  choose_place (g_steal_pointer (&export));
}

/* @group: (nullable): the choice that it is one of */
static GtkWidget *
add_choice (GtkWidget  *box,
            GtkWidget  *group,
            const char *title,
            const char *subtitle)
{
  GtkWidget *row = adw_action_row_new ();
  GtkWidget *button = gtk_check_button_new ();

  gtk_check_button_set_group (GTK_CHECK_BUTTON (button), GTK_CHECK_BUTTON (group));
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), subtitle);
  adw_action_row_add_prefix (ADW_ACTION_ROW (row), button);
  adw_action_row_set_activatable_widget (ADW_ACTION_ROW (row), button);
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (box), row);

  return button;
}

void
sotto_transfers_export (SottoWindow       *window,
                        SottoConversation *conversation)
{
  AdwDialog *dialog;
  Export *export;

  g_return_if_fail (SOTTO_IS_WINDOW (window));

  export = g_new0 (Export, 1);
  export->window = g_object_ref (window);
  export->conversation = conversation != NULL ? g_object_ref (conversation) : NULL;
  export->format = SOTTO_EXPORT_ARCHIVE;

  dialog = adw_alert_dialog_new (conversation != NULL ? _("Export Conversation") : _("Export All"),
                                 _("The file is not encrypted: whoever has it can read it."));
  adw_alert_dialog_add_responses (ADW_ALERT_DIALOG (dialog),
                                  "cancel", _("_Cancel"),
                                  "export", _("_Export…"),
                                  NULL);
  adw_alert_dialog_set_response_appearance (ADW_ALERT_DIALOG (dialog), "export", ADW_RESPONSE_SUGGESTED);
  adw_alert_dialog_set_default_response (ADW_ALERT_DIALOG (dialog), "export");
  adw_alert_dialog_set_close_response (ADW_ALERT_DIALOG (dialog), "cancel");
  if (conversation != NULL)
    {
      GtkWidget *box = adw_preferences_group_new ();
      GtkWidget *markdown = add_choice (box, NULL, _("Markdown"), _("For people: what was said, to read and to pass on"));

      GtkWidget *page = add_choice (box, markdown, _("Web Page"), _("For any browser: the same, with pictures"));

      add_choice (box, markdown, "Sotto", _("For Sotto: all there is to it, to import it again"));
      gtk_check_button_set_active (GTK_CHECK_BUTTON (markdown), TRUE);
      adw_alert_dialog_set_extra_child (ADW_ALERT_DIALOG (dialog), box);
      g_object_set_data (G_OBJECT (dialog), "markdown", markdown);
      g_object_set_data (G_OBJECT (dialog), "page", page);
    }
  g_signal_connect (dialog, "response", G_CALLBACK (on_export), export);
  adw_dialog_present (dialog, GTK_WIDGET (window));
}

/* --- All of it, encrypted --- */

static void
on_backup_place_chosen (GObject      *source,
                        GAsyncResult *result,
                        gpointer      user_data)
{
  g_autoptr (SottoWindow) window = user_data;
  g_autoptr (GFile) file = gtk_file_dialog_save_finish (GTK_FILE_DIALOG (source), result, NULL);
  SottoApp *app = sotto_window_get_app (window);

  if (file == NULL)
    return;

  sotto_recent_files_forget (file);
  begin (window, sotto_transfer_new_backup (sotto_app_get_conversations (app), sotto_app_get_folder (app), file), KIND_BACKUP);
}

static void
on_back_up (SottoWindow *window,
            const char  *response)
{
  g_autoptr (GtkFileDialog) dialog = NULL;
  g_autoptr (GDateTime) now = NULL;
  g_autofree char *name = NULL;

  if (!g_str_equal (response, "back-up"))
    return;

  dialog = gtk_file_dialog_new ();
  now = g_date_time_new_now_local ();
  name = g_date_time_format (now, "Sotto %Y-%m-%d.sotto-backup");
  sotto_transfers_set_filter (dialog, _("Backups of Sotto"), "sotto-backup");
  gtk_file_dialog_set_title (dialog, _("Back Up"));
  gtk_file_dialog_set_accept_label (dialog, _("_Back Up"));
  gtk_file_dialog_set_initial_name (dialog, name);
  gtk_file_dialog_save (dialog, GTK_WINDOW (window), NULL, on_backup_place_chosen, g_object_ref (window));
}

/* Who does not know what opens it has no backup. */
static const char *
describe_openers (SottoOpeners openers)
{
  if ((openers & SOTTO_OPENS_RECOVERY) == 0)
    return (openers & SOTTO_OPENS_PASSPHRASE) != 0
           ? _("It opens with the passphrase that you have now.")
           : _("Only the keyring of this computer opens it. For another one, make a recovery code in the preferences first.");

  return (openers & SOTTO_OPENS_PASSPHRASE) != 0
         ? _("It opens with the passphrase or the recovery code that you have now. Without them, nobody can open it.")
         : _("It opens with the recovery code that you have now. Without it, only the keyring of this computer opens it.");
}

void
sotto_transfers_back_up (SottoWindow *window)
{
  g_autofree char *words = NULL;
  AdwDialog *dialog;

  g_return_if_fail (SOTTO_IS_WINDOW (window));

  words = g_strdup_printf ("%s\n\n%s", _("All conversations, drafts and instructions go into one encrypted file; models do not."),
                           describe_openers (sotto_app_get_openers (sotto_window_get_app (window))));
  dialog = adw_alert_dialog_new (_("Back Up"), words);
  adw_alert_dialog_add_responses (ADW_ALERT_DIALOG (dialog),
                                  "cancel", _("_Cancel"),
                                  "back-up", _("_Back Up…"),
                                  NULL);
  adw_alert_dialog_set_response_appearance (ADW_ALERT_DIALOG (dialog), "back-up", ADW_RESPONSE_SUGGESTED);
  adw_alert_dialog_set_default_response (ADW_ALERT_DIALOG (dialog), "back-up");
  adw_alert_dialog_set_close_response (ADW_ALERT_DIALOG (dialog), "cancel");
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_back_up), window, G_CONNECT_SWAPPED);
  adw_dialog_present (dialog, GTK_WIDGET (window));
}

/* --- Out of a file --- */

void
sotto_transfers_import_file (SottoWindow *window,
                             GFile       *file)
{
  SottoConversationList *list;

  g_return_if_fail (SOTTO_IS_WINDOW (window));

  list = sotto_app_get_conversations (sotto_window_get_app (window));
  begin (window, sotto_transfer_new_import (list, file), KIND_IMPORT);
}

void
sotto_transfers_import (SottoWindow *window)
{
  g_return_if_fail (SOTTO_IS_WINDOW (window));

  sotto_import_dialog_present (window);
}
