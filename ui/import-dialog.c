#include "import-dialog.h"

#include <glib/gi18n.h>

#include "dialog-height.h"
#include "recent-files.h"
#include "transfers.h"

#define SOTTO_TYPE_IMPORT_DIALOG (sotto_import_dialog_get_type ())
G_DECLARE_FINAL_TYPE (SottoImportDialog, sotto_import_dialog, SOTTO, IMPORT_DIALOG, AdwDialog)

struct _SottoImportDialog {
  AdwDialog parent_instance;

  /* Template Widgets */
  AdwPreferencesGroup *group;

  /* Owned */
  SottoWindow *window;
};

G_DEFINE_FINAL_TYPE (SottoImportDialog, sotto_import_dialog, ADW_TYPE_DIALOG)

/* Where a program keeps them: in the person's home, unless it is told to be elsewhere */
typedef struct {
  const char *name;         /* as the program calls itself; NULL: any other */
  const char *what;         /* is to be chosen */
  gboolean is_folder;
  const char *place;        /* below the home; NULL: wherever an export was saved */
} Origin;

static const Origin origins[] = {
  { "Sotto", N_("A file that Sotto has exported"), FALSE, NULL },
  { "ChatGPT", N_("The folder of an export, extracted"), TRUE, NULL },
  { "Claude", N_("The folder of an export, extracted"), TRUE, NULL },
  { "Open WebUI", N_("A file of exported chats"), FALSE, NULL },
  { "LM Studio", N_("Its folder “conversations”"), TRUE, ".lmstudio/conversations" },
  { "Jan", N_("Its folder “threads”"), TRUE, ".config/Jan/data/threads" },
  { "GPT4All", N_("Its folder of chats and models"), TRUE, ".local/share/nomic.ai/GPT4All" },
  { "Alpaca", N_("An exported chat, or its file “alpaca.db”"), FALSE, ".var/app/com.jeffser.Alpaca/data/com.jeffser.Alpaca" },
  { NULL, N_("A file with messages as JSON"), FALSE, NULL },
};

/* What a file of conversations may end with; Sotto's own is the first. */
static const char *const endings[] = { "sotto", "json", "jsonl", "ndjson", "chat", "db" };

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
  sotto_transfers_import_file (window, file);
}

static void
on_folder_chosen (GObject      *source,
                  GAsyncResult *result,
                  gpointer      user_data)
{
  g_autoptr (SottoWindow) window = user_data;
  g_autoptr (GFile) folder = gtk_file_dialog_select_folder_finish (GTK_FILE_DIALOG (source), result, NULL);

  if (folder == NULL)
    return;

  sotto_recent_files_forget (folder);
  sotto_transfers_import_file (window, folder);
}

static void
set_filter (GtkFileDialog *dialog,
            const Origin  *origin)
{
  g_autoptr (GtkFileFilter) filter = NULL;
  g_autoptr (GListStore) filters = NULL;

  if (g_strcmp0 (origin->name, "Sotto") == 0)
    {
      sotto_transfers_set_filter (dialog, _("Conversations of Sotto"), endings[0]);
      return;
    }

  filter = gtk_file_filter_new ();
  filters = g_list_store_new (GTK_TYPE_FILE_FILTER);
  gtk_file_filter_set_name (filter, _("Conversations"));
  for (guint i = 0; i < G_N_ELEMENTS (endings); i++)
    gtk_file_filter_add_suffix (filter, endings[i]);
  g_list_store_append (filters, filter);
  gtk_file_dialog_set_filters (dialog, G_LIST_MODEL (filters));
}

/* Most of these are hidden, and would have to be typed. In a sandbox there is none. */
static void
set_place (GtkFileDialog *dialog,
           const Origin  *origin)
{
  g_autofree char *path = origin->place != NULL ? g_build_filename (g_get_home_dir (), origin->place, NULL) : NULL;
  g_autoptr (GFile) place = path != NULL && g_file_test (path, G_FILE_TEST_IS_DIR) ? g_file_new_for_path (path) : NULL;

  if (place != NULL && origin->is_folder)
    gtk_file_dialog_set_initial_file (dialog, place);
  else if (place != NULL)
    gtk_file_dialog_set_initial_folder (dialog, place);
}

static void
on_row_activated (SottoImportDialog *self,
                  GtkWidget         *row)
{
  const Origin *origin = g_object_get_data (G_OBJECT (row), "origin");
  g_autoptr (GtkFileDialog) dialog = gtk_file_dialog_new ();
  g_autoptr (SottoWindow) window = g_object_ref (self->window);

  adw_dialog_close (ADW_DIALOG (self));
  gtk_file_dialog_set_title (dialog, _("Import"));
  gtk_file_dialog_set_accept_label (dialog, _("_Import"));
  set_place (dialog, origin);
  if (origin->is_folder)
    {
      gtk_file_dialog_select_folder (dialog, GTK_WINDOW (window), NULL, on_folder_chosen, g_object_ref (window));
      return;
    }

  set_filter (dialog, origin);
  gtk_file_dialog_open (dialog, GTK_WINDOW (window), NULL, on_file_chosen, g_object_ref (window));
}

/* Returns: (transfer none) */
static GtkWidget *
add_row (SottoImportDialog *self,
         const Origin      *origin)
{
  GtkWidget *row = adw_action_row_new ();

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  /* Translators: a program that is none of those named before it */
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), origin->name != NULL ? origin->name : _("Another Program"));
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), _(origin->what));
  adw_action_row_add_suffix (ADW_ACTION_ROW (row),
                             gtk_image_new_from_icon_name (origin->is_folder ? "folder-symbolic" : "text-x-generic-symbolic"));
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), TRUE);
  g_object_set_data (G_OBJECT (row), "origin", (gpointer) origin);
  g_signal_connect_object (row, "activated", G_CALLBACK (on_row_activated), self, G_CONNECT_SWAPPED);
  adw_preferences_group_add (self->group, row);

  return row;
}

static void
sotto_import_dialog_dispose (GObject *object)
{
  SottoImportDialog *self = SOTTO_IMPORT_DIALOG (object);

  g_clear_object (&self->window);
  gtk_widget_dispose_template (GTK_WIDGET (self), SOTTO_TYPE_IMPORT_DIALOG);
  G_OBJECT_CLASS (sotto_import_dialog_parent_class)->dispose (object);
}

static void
sotto_import_dialog_class_init (SottoImportDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sotto_import_dialog_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/sotto_chat/Sotto/ui/import-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, SottoImportDialog, group);
}

static void
sotto_import_dialog_init (SottoImportDialog *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  sotto_dialog_fit_height (ADW_DIALOG (self));
  adw_dialog_set_focus (ADW_DIALOG (self), add_row (self, &origins[0]));
  for (guint i = 1; i < G_N_ELEMENTS (origins); i++)
    add_row (self, &origins[i]);
}

void
sotto_import_dialog_present (SottoWindow *window)
{
  SottoImportDialog *self;

  g_return_if_fail (SOTTO_IS_WINDOW (window));

  self = g_object_new (SOTTO_TYPE_IMPORT_DIALOG, NULL);
  self->window = g_object_ref (window);
  adw_dialog_present (ADW_DIALOG (self), GTK_WIDGET (window));
}
