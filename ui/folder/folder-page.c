#include "folder/folder-page.h"

#include <glib/gi18n.h>

#include "folder/folder-row.h"

/* More rows than this nobody reads, and they would take a while to make. */
#define MAX_ROWS 200

struct _SottoFolderPage {
  AdwNavigationPage parent_instance;

  /* Template Widgets */
  AdwActionRow *location_row;
  GtkWidget *open_button;
  AdwActionRow *status_row;
  GtkButton *look_button;
  GtkProgressBar *progress;
  AdwPreferencesGroup *unread_group;

  /* Owned */
  SottoDocumentFolders *folders;
  SottoDocumentFolder *folder;
  GCancellable *listing;    /* what could not be read */
  GPtrArray *rows;          /* that say it; the group's */
};

enum {
  REMOVE,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SottoFolderPage, sotto_folder_page, ADW_TYPE_NAVIGATION_PAGE)

/* --- What could not be read --- */

static void
add_row (SottoFolderPage *self,
         const char      *title,
         const char      *subtitle)
{
  GtkWidget *row = adw_action_row_new ();

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), subtitle);
  adw_preferences_group_add (self->unread_group, row);
  g_ptr_array_add (self->rows, row);
}

static void
on_listed (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (SottoFolderPage) self = user_data;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) unread = sotto_document_folder_list_unread_finish (SOTTO_DOCUMENT_FOLDER (source), result, &error);
  guint n = unread != NULL ? g_strv_length (unread) / 2 : 0;

  if (self->listing == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  g_clear_object (&self->listing);
  for (guint i = 0; i < self->rows->len; i++)
    adw_preferences_group_remove (self->unread_group, g_ptr_array_index (self->rows, i));
  g_ptr_array_set_size (self->rows, 0);
  for (guint i = 0; i < MIN (n, MAX_ROWS); i++)
    add_row (self, unread[2 * i], unread[2 * i + 1]);
  if (n > MAX_ROWS)
    {
      g_autofree char *more = sotto_number_describe (n - MAX_ROWS);
      /* Translators: below a list of documents that could not be read: how many there are that it does not show */
      g_autofree char *words = g_strdup_printf (ngettext ("And %s more", "And %s more", n - MAX_ROWS), more);

      add_row (self, words, "");
    }
  gtk_widget_set_visible (GTK_WIDGET (self->unread_group), n > 0);
}

static void
update_unread (SottoFolderPage *self)
{
  g_cancellable_cancel (self->listing);
  g_clear_object (&self->listing);
  self->listing = g_cancellable_new ();
  sotto_document_folder_list_unread_async (self->folder, self->listing, on_listed, g_object_ref (self));
}

/* --- What is shown --- */

static char *
describe_location (SottoDocumentFolder *folder)
{
  g_autofree char *name = g_file_get_parse_name (sotto_document_folder_get_file (folder));
  const char *home = g_get_home_dir ();

  if (g_str_has_prefix (name, home) && name[strlen (home)] == G_DIR_SEPARATOR)
    return g_strconcat ("~", name + strlen (home), NULL);

  return g_steal_pointer (&name);
}

static void
update (SottoFolderPage *self)
{
  SottoFolderState state = sotto_document_folder_get_state (self->folder);
  gboolean is_at_work = sotto_folder_is_at_work (self->folder);
  const char *label = is_at_work ? _("Stop Reading") : _("Look Again");

  adw_action_row_set_subtitle (self->status_row, sotto_folder_get_words (self->folder));
  gtk_widget_set_sensitive (self->open_button, state != SOTTO_FOLDER_STATE_MISSING);
  gtk_button_set_icon_name (self->look_button, is_at_work ? "media-playback-stop-symbolic" : "view-refresh-symbolic");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->look_button), label);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->look_button), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  gtk_widget_set_visible (GTK_WIDGET (self->progress), state == SOTTO_FOLDER_STATE_READING);
  gtk_progress_bar_set_fraction (self->progress, sotto_document_folder_get_fraction (self->folder));
}

/* --- What can be done --- */

static void
on_opened (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (SottoFolderPage) self = user_data;
  g_autoptr (GError) error = NULL;

  if (gtk_file_launcher_launch_finish (GTK_FILE_LAUNCHER (source), result, &error) || self->folder == NULL)
    return;

  gtk_accessible_announce (GTK_ACCESSIBLE (self), _("The folder could not be opened."), GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_HIGH);
  adw_action_row_set_subtitle (self->status_row, _("The folder could not be opened."));
}

static void
on_open (SottoFolderPage *self)
{
  g_autoptr (GtkFileLauncher) launcher = gtk_file_launcher_new (sotto_document_folder_get_file (self->folder));

  gtk_file_launcher_launch (launcher, GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), NULL, on_opened, g_object_ref (self));
}

static void
on_look (SottoFolderPage *self)
{
  if (sotto_folder_is_at_work (self->folder))
    sotto_document_folders_stop (self->folders);
  else
    sotto_document_folders_look_again (self->folders, self->folder);
}

static void
on_remove (SottoFolderPage *self)
{
  g_signal_emit (self, signals[REMOVE], 0, self->folder);
}

/* --- The page --- */

static void
sotto_folder_page_dispose (GObject *object)
{
  SottoFolderPage *self = SOTTO_FOLDER_PAGE (object);

  g_cancellable_cancel (self->listing);
  g_clear_object (&self->listing);
  if (self->folder != NULL)
    g_signal_handlers_disconnect_by_data (self->folder, self);
  g_clear_object (&self->folder);
  g_clear_object (&self->folders);
  g_clear_pointer (&self->rows, g_ptr_array_unref);
  gtk_widget_dispose_template (GTK_WIDGET (self), SOTTO_TYPE_FOLDER_PAGE);

  G_OBJECT_CLASS (sotto_folder_page_parent_class)->dispose (object);
}

static void
sotto_folder_page_class_init (SottoFolderPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sotto_folder_page_dispose;

  signals[REMOVE] = g_signal_new ("remove", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 1, SOTTO_TYPE_DOCUMENT_FOLDER);

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/sotto_chat/Sotto/ui/folder/folder-page.ui");
  gtk_widget_class_bind_template_child (widget_class, SottoFolderPage, location_row);
  gtk_widget_class_bind_template_child (widget_class, SottoFolderPage, open_button);
  gtk_widget_class_bind_template_child (widget_class, SottoFolderPage, status_row);
  gtk_widget_class_bind_template_child (widget_class, SottoFolderPage, look_button);
  gtk_widget_class_bind_template_child (widget_class, SottoFolderPage, progress);
  gtk_widget_class_bind_template_child (widget_class, SottoFolderPage, unread_group);
  gtk_widget_class_bind_template_callback (widget_class, on_look);
  gtk_widget_class_bind_template_callback (widget_class, on_open);
  gtk_widget_class_bind_template_callback (widget_class, on_remove);
}

static void
sotto_folder_page_init (SottoFolderPage *self)
{
  self->rows = g_ptr_array_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
}

AdwNavigationPage *
sotto_folder_page_new (SottoDocumentFolders *folders,
                       SottoDocumentFolder  *folder)
{
  SottoFolderPage *self = g_object_new (SOTTO_TYPE_FOLDER_PAGE, "title", sotto_document_folder_get_name (folder), NULL);
  g_autofree char *location = describe_location (folder);

  self->folders = g_object_ref (folders);
  self->folder = g_object_ref (folder);
  adw_action_row_set_subtitle (self->location_row, location);
  g_signal_connect_object (folder, "notify", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (folder, "notify::n-unread", G_CALLBACK (update_unread), self, G_CONNECT_SWAPPED);
  update (self);
  update_unread (self);

  return ADW_NAVIGATION_PAGE (self);
}
