#include "composer/folder-picker.h"

#include <glib/gi18n.h>

#include "composer/tool-list.h"
#include "folder/folder-choose.h"
#include "folder/folder-row.h"

/* So wide a list has room on a narrow screen with large letters, too. */
#define MAX_CHARS 26

struct _SottoFolderPicker {
  AdwBin parent_instance;

  /* Template Widgets */
  GtkMenuButton *button;
  GtkImage *icon;
  GtkLabel *count;
  GtkPopover *popover;
  GtkLabel *words;
  GtkBox *checks;
  GtkWidget *add_button;
  SottoToolList *tools;

  /* Owned */
  SottoDocumentFolders *folders;
  SottoConversation *conversation;

  gboolean is_filling;    /* the checks say what is, and choose nothing */
  GtkWidget *came_from;     /* (weak): had the focus when a key opened it */
  GtkWidget *before_dialog; /* (weak): gets it when the dialog is closed */
};

G_DEFINE_FINAL_TYPE (SottoFolderPicker, sotto_folder_picker, ADW_TYPE_BIN)

/* --- The button --- */

static gboolean
asks (SottoFolderPicker   *self,
      SottoDocumentFolder *folder)
{
  return self->conversation != NULL && sotto_conversation_asks_folder (self->conversation, folder);
}

static void
add_name (GString    *names,
          const char *name)
{
  if (names->len > 0)
    /* Translators: between the names of folders, and of tools */
    g_string_append (names, C_("list", ", "));
  g_string_append (names, name);
}

/* Returns: (transfer full): the names of the folders that are asked, and of the tools that may be used */
static char *
describe_chosen (SottoFolderPicker *self)
{
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; self->folders != NULL && i < g_list_model_get_n_items (G_LIST_MODEL (self->folders)); i++)
    {
      g_autoptr (SottoDocumentFolder) folder = g_list_model_get_item (G_LIST_MODEL (self->folders), i);

      if (asks (self, folder))
        add_name (names, sotto_document_folder_get_name (folder));
    }
  for (guint i = 0; self->conversation != NULL && i < sotto_tools_get_n (); i++)
    {
      const SottoTool *tool = sotto_tools_get (i);

      if (sotto_conversation_uses_tool (self->conversation, tool) && sotto_conversation_can_use_tool (self->conversation, tool))
        add_name (names, sotto_tool_get_title (tool));
    }

  return g_string_free (g_steal_pointer (&names), FALSE);
}

/* A number says it besides the colour. */
static void
update_button (SottoFolderPicker *self)
{
  guint n_folders = self->conversation != NULL ? sotto_conversation_get_n_folders (self->conversation) : 0;
  guint n = n_folders + (self->conversation != NULL ? sotto_conversation_get_n_tools (self->conversation) : 0);
  g_autofree char *names = describe_chosen (self);
  g_autofree char *number = sotto_number_describe (n);
  /* Translators: %s is the names of folders of documents that a conversation asks, and of tools that its model may use */
  g_autofree char *label = *names != '\0' ? g_strdup_printf (_("Documents and Tools: %s"), names) : g_strdup (_("Documents and Tools"));

  /* Tools alone are no folders. */
  gtk_image_set_from_icon_name (self->icon, n > n_folders && n_folders == 0 ? "applications-engineering-symbolic" : "folder-symbolic");
  gtk_label_set_label (self->count, number);
  gtk_widget_set_visible (GTK_WIDGET (self->count), n > 0);
  if (n > 0)
    gtk_widget_add_css_class (GTK_WIDGET (self), "asks");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self), "asks");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->button), label);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->button), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
}

/* --- The list --- */

static SottoDocumentFolder *
get_folder (GtkWidget *check)
{
  return g_object_get_data (G_OBJECT (check), "folder");
}

static void
on_toggled (SottoFolderPicker *self,
            GtkCheckButton    *check)
{
  if (self->conversation != NULL && !self->is_filling)
    sotto_conversation_set_asks_folder (self->conversation, get_folder (GTK_WIDGET (check)), gtk_check_button_get_active (check));
}

/* Which are asked may be known only when the conversation has been read. */
static void
update_checks (SottoFolderPicker *self)
{
  self->is_filling = TRUE;
  for (GtkWidget *check = gtk_widget_get_first_child (GTK_WIDGET (self->checks)); check != NULL; check = gtk_widget_get_next_sibling (check))
    gtk_check_button_set_active (GTK_CHECK_BUTTON (check), asks (self, get_folder (check)));
  self->is_filling = FALSE;
  update_button (self);
}

static void
update_status (GtkWidget           *check,
               GParamSpec          *pspec,
               SottoDocumentFolder *folder)
{
  GtkLabel *status = g_object_get_data (G_OBJECT (check), "status");
  const char *words = sotto_folder_get_words (folder);

  gtk_label_set_label (status, words);
  gtk_widget_set_visible (GTK_WIDGET (status), *words != '\0');
  gtk_accessible_update_property (GTK_ACCESSIBLE (check),
                                  GTK_ACCESSIBLE_PROPERTY_LABEL, sotto_document_folder_get_name (folder),
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, words,
                                  -1);
}

static GtkWidget *
create_check (SottoFolderPicker   *self,
              SottoDocumentFolder *folder)
{
  GtkWidget *check = gtk_check_button_new ();
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 1);
  GtkWidget *name = gtk_label_new (sotto_document_folder_get_name (folder));
  GtkWidget *status = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (name), 0);
  gtk_label_set_ellipsize (GTK_LABEL (name), PANGO_ELLIPSIZE_MIDDLE);
  gtk_label_set_max_width_chars (GTK_LABEL (name), MAX_CHARS);
  gtk_label_set_xalign (GTK_LABEL (status), 0);
  gtk_label_set_ellipsize (GTK_LABEL (status), PANGO_ELLIPSIZE_END);
  gtk_label_set_wrap (GTK_LABEL (status), TRUE);
  gtk_label_set_natural_wrap_mode (GTK_LABEL (status), GTK_NATURAL_WRAP_NONE);
  gtk_label_set_lines (GTK_LABEL (status), 2);
  gtk_label_set_max_width_chars (GTK_LABEL (status), MAX_CHARS);
  gtk_widget_add_css_class (status, "caption");
  gtk_widget_add_css_class (status, "dimmed");
  gtk_widget_add_css_class (status, "numeric");
  gtk_box_append (GTK_BOX (box), name);
  gtk_box_append (GTK_BOX (box), status);
  gtk_check_button_set_child (GTK_CHECK_BUTTON (check), box);
  gtk_check_button_set_active (GTK_CHECK_BUTTON (check), asks (self, folder));
  g_object_set_data_full (G_OBJECT (check), "folder", g_object_ref (folder), g_object_unref);
  g_object_set_data (G_OBJECT (check), "status", status);
  g_signal_connect_object (check, "toggled", G_CALLBACK (on_toggled), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (folder, "notify", G_CALLBACK (update_status), check, G_CONNECT_SWAPPED);
  update_status (check, NULL, folder);

  return check;
}

static void
update_list (SottoFolderPicker *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->folders));
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->checks))) != NULL)
    gtk_box_remove (self->checks, child);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (SottoDocumentFolder) folder = g_list_model_get_item (G_LIST_MODEL (self->folders), i);

      gtk_box_append (self->checks, create_check (self, folder));
    }
  gtk_widget_set_visible (GTK_WIDGET (self->checks), n > 0);
  gtk_label_set_label (self->words, n > 0
    ? _("What fits your question in these folders is given to the model with it.")
    : _("Name a folder of documents: what fits your question in it is given to the model with it."));
  update_button (self);
}

/* --- Opening and closing --- */

static void
on_popover_shown (SottoFolderPicker *self)
{
  GtkWidget *first = gtk_widget_get_first_child (GTK_WIDGET (self->checks));

  gtk_widget_grab_focus (first != NULL ? first : self->add_button);
}

static void
return_focus (gpointer data)
{
  g_autoptr (SottoFolderPicker) self = data;

  if (self->came_from != NULL)
    gtk_widget_grab_focus (self->came_from);
  g_clear_weak_pointer (&self->came_from);
}

/* Who was writing goes on writing; GTK gives the button the focus once the event that closed it is over. */
static void
on_popover_closed (SottoFolderPicker *self)
{
  if (self->came_from != NULL)
    g_idle_add_once (return_focus, g_object_ref (self));
}

void
sotto_folder_picker_open (SottoFolderPicker *self)
{
  g_return_if_fail (SOTTO_IS_FOLDER_PICKER (self));

  g_set_weak_pointer (&self->came_from, gtk_root_get_focus (gtk_widget_get_root (GTK_WIDGET (self))));
  gtk_menu_button_popup (self->button);
}

static void
add (GtkWidget  *widget,
     const char *action,
     GVariant   *parameter)
{
  SottoFolderPicker *self = SOTTO_FOLDER_PICKER (widget);

  gtk_popover_popdown (self->popover);
  sotto_folder_choose (widget, self->folders, self->conversation);
}

static void
on_dialog_closed (SottoFolderPicker *self)
{
  g_set_weak_pointer (&self->came_from, self->before_dialog);
  g_idle_add_once (return_focus, g_object_ref (self));
}

/* The dialog would go back to its button in the popover, which is closed by then. */
static void
manage (GtkWidget  *widget,
        const char *action,
        GVariant   *parameter)
{
  SottoFolderPicker *self = SOTTO_FOLDER_PICKER (widget);
  AdwDialog *dialog;

  g_set_weak_pointer (&self->before_dialog, self->came_from != NULL ? self->came_from : GTK_WIDGET (self->button));
  g_clear_weak_pointer (&self->came_from);
  gtk_popover_popdown (self->popover);
  gtk_widget_activate_action (widget, "win.folders", NULL);
  dialog = adw_application_window_get_visible_dialog (ADW_APPLICATION_WINDOW (gtk_widget_get_root (widget)));
  if (dialog != NULL)
    g_signal_connect_object (dialog, "closed", G_CALLBACK (on_dialog_closed), self, G_CONNECT_SWAPPED);
}

/* --- The widget --- */

void
sotto_folder_picker_set_folders (SottoFolderPicker    *self,
                                 SottoDocumentFolders *folders)
{
  g_return_if_fail (SOTTO_IS_FOLDER_PICKER (self));

  if (!g_set_object (&self->folders, folders))
    return;

  g_signal_connect_object (folders, "items-changed", G_CALLBACK (update_list), self, G_CONNECT_SWAPPED);
  update_list (self);
}

void
sotto_folder_picker_set_conversation (SottoFolderPicker *self,
                                      SottoConversation *conversation)
{
  g_return_if_fail (SOTTO_IS_FOLDER_PICKER (self));

  if (self->conversation == conversation)
    return;

  if (self->conversation != NULL)
    g_signal_handlers_disconnect_by_data (self->conversation, self);
  g_set_object (&self->conversation, conversation);
  if (conversation != NULL)
    {
      g_signal_connect_object (conversation, "notify::n-folders", G_CALLBACK (update_checks), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (conversation, "notify::n-tools", G_CALLBACK (update_button), self, G_CONNECT_SWAPPED);
    }
  sotto_tool_list_set_conversation (self->tools, conversation);
  gtk_widget_set_sensitive (GTK_WIDGET (self->button), conversation != NULL);
  update_checks (self);
}

static void
sotto_folder_picker_dispose (GObject *object)
{
  SottoFolderPicker *self = SOTTO_FOLDER_PICKER (object);

  if (self->conversation != NULL)
    g_signal_handlers_disconnect_by_data (self->conversation, self);
  g_clear_weak_pointer (&self->came_from);
  g_clear_weak_pointer (&self->before_dialog);
  g_clear_object (&self->conversation);
  g_clear_object (&self->folders);
  /* The template would let go of the child, which is bound, without the bin knowing. */
  adw_bin_set_child (ADW_BIN (self), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), SOTTO_TYPE_FOLDER_PICKER);

  G_OBJECT_CLASS (sotto_folder_picker_parent_class)->dispose (object);
}

static void
sotto_folder_picker_class_init (SottoFolderPickerClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sotto_folder_picker_dispose;

  g_type_ensure (SOTTO_TYPE_TOOL_LIST);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/sotto_chat/Sotto/ui/composer/folder-picker.ui");
  gtk_widget_class_bind_template_child (widget_class, SottoFolderPicker, button);
  gtk_widget_class_bind_template_child (widget_class, SottoFolderPicker, icon);
  gtk_widget_class_bind_template_child (widget_class, SottoFolderPicker, count);
  gtk_widget_class_bind_template_child (widget_class, SottoFolderPicker, popover);
  gtk_widget_class_bind_template_child (widget_class, SottoFolderPicker, words);
  gtk_widget_class_bind_template_child (widget_class, SottoFolderPicker, checks);
  gtk_widget_class_bind_template_child (widget_class, SottoFolderPicker, add_button);
  gtk_widget_class_bind_template_child (widget_class, SottoFolderPicker, tools);
  gtk_widget_class_bind_template_callback (widget_class, on_popover_closed);
  gtk_widget_class_bind_template_callback (widget_class, on_popover_shown);
  gtk_widget_class_install_action (widget_class, "folders.add", NULL, add);
  gtk_widget_class_install_action (widget_class, "folders.manage", NULL, manage);
}

static void
sotto_folder_picker_init (SottoFolderPicker *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  update_button (self);
}
