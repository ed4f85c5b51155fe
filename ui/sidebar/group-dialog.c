#include "sidebar/group-dialog.h"

#include <adwaita.h>
#include <glib/gi18n.h>

#include "dialog-height.h"
#include "folder/folder-row.h"

/* --- A new one --- */

/* What the dialog for a name is about */
typedef struct {
  SottoGroupList *groups;
  SottoConversation *conversation;
  GtkEditable *row;
} Naming;

static void
naming_free (gpointer  data,
             GClosure *closure)
{
  Naming *naming = data;

  g_object_unref (naming->groups);
  g_clear_object (&naming->conversation);
  g_free (naming);
}

static void
on_named (AdwAlertDialog *dialog,
          const char     *response,
          gpointer        user_data)
{
  Naming *naming = user_data;
  SottoGroup *group = sotto_group_list_create (naming->groups, gtk_editable_get_text (naming->row));

  if (group != NULL && naming->conversation != NULL)
    sotto_conversation_set_group (naming->conversation, group);
}

static void
on_name_typed (AdwAlertDialog *dialog,
               GtkEditable    *row)
{
  g_autofree char *name = g_strstrip (g_strdup (gtk_editable_get_text (row)));

  adw_alert_dialog_set_response_enabled (dialog, "create", *name != '\0');
}

void
sotto_group_dialog_present_new (GtkWidget         *parent,
                                SottoGroupList    *groups,
                                SottoConversation *conversation)
{
  AdwDialog *dialog = adw_alert_dialog_new (_("New Group"), NULL);
  GtkWidget *list = adw_preferences_group_new ();
  GtkWidget *row = adw_entry_row_new ();
  Naming *naming = g_new0 (Naming, 1);

  naming->groups = g_object_ref (groups);
  naming->conversation = conversation != NULL ? g_object_ref (conversation) : NULL;
  naming->row = GTK_EDITABLE (row);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), C_("of a group", "Name"));
  adw_entry_row_set_activates_default (ADW_ENTRY_ROW (row), TRUE);
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (list), row);

  adw_alert_dialog_add_responses (ADW_ALERT_DIALOG (dialog),
                                  "cancel", _("_Cancel"),
                                  "create", C_("group", "C_reate"),
                                  NULL);
  adw_alert_dialog_set_response_appearance (ADW_ALERT_DIALOG (dialog), "create", ADW_RESPONSE_SUGGESTED);
  adw_alert_dialog_set_default_response (ADW_ALERT_DIALOG (dialog), "create");
  adw_alert_dialog_set_close_response (ADW_ALERT_DIALOG (dialog), "cancel");
  adw_alert_dialog_set_response_enabled (ADW_ALERT_DIALOG (dialog), "create", FALSE);
  adw_alert_dialog_set_extra_child (ADW_ALERT_DIALOG (dialog), list);
  g_signal_connect_object (row, "changed", G_CALLBACK (on_name_typed), dialog, G_CONNECT_SWAPPED);
  g_signal_connect_data (dialog, "response::create", G_CALLBACK (on_named), naming, naming_free, 0);
  adw_dialog_set_focus (dialog, row);
  adw_dialog_present (dialog, parent);
}

/* --- Its details --- */

#define SOTTO_TYPE_GROUP_DIALOG (sotto_group_dialog_get_type ())
G_DECLARE_FINAL_TYPE (SottoGroupDialog, sotto_group_dialog, SOTTO, GROUP_DIALOG, AdwDialog)

struct _SottoGroupDialog {
  AdwDialog parent_instance;

  /* Template Widgets */
  AdwEntryRow *name_row;
  GtkTextBuffer *buffer;
  AdwPreferencesGroup *folder_list;

  /* Owned */
  SottoGroup *group;
};

G_DEFINE_FINAL_TYPE (SottoGroupDialog, sotto_group_dialog, ADW_TYPE_DIALOG)

/* Not the other way: the name of a group has no blank at its end, but one that is being typed does. */
static void
on_name_changed (SottoGroupDialog *self)
{
  if (self->group != NULL)
    sotto_group_set_name (self->group, gtk_editable_get_text (GTK_EDITABLE (self->name_row)));
}

static void
on_folder_toggled (SottoGroupDialog *self,
                   GParamSpec       *pspec,
                   AdwSwitchRow     *row)
{
  sotto_group_set_asks_folder (self->group, g_object_get_data (G_OBJECT (row), "folder"), adw_switch_row_get_active (row));
}

static void
add_folder (SottoGroupDialog    *self,
            SottoDocumentFolder *folder)
{
  GtkWidget *row = adw_switch_row_new ();

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), sotto_document_folder_get_name (folder));
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), sotto_folder_get_words (folder));
  adw_switch_row_set_active (ADW_SWITCH_ROW (row), sotto_group_asks_folder (self->group, folder));
  g_object_set_data_full (G_OBJECT (row), "folder", g_object_ref (folder), g_object_unref);
  g_signal_connect_object (row, "notify::active", G_CALLBACK (on_folder_toggled), self, G_CONNECT_SWAPPED);
  adw_preferences_group_add (self->folder_list, row);
}

static void
sotto_group_dialog_dispose (GObject *object)
{
  SottoGroupDialog *self = SOTTO_GROUP_DIALOG (object);

  g_clear_object (&self->group);
  gtk_widget_dispose_template (GTK_WIDGET (self), SOTTO_TYPE_GROUP_DIALOG);
  G_OBJECT_CLASS (sotto_group_dialog_parent_class)->dispose (object);
}

static void
sotto_group_dialog_class_init (SottoGroupDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sotto_group_dialog_dispose;

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/sotto_chat/Sotto/ui/sidebar/group-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, SottoGroupDialog, name_row);
  gtk_widget_class_bind_template_child (widget_class, SottoGroupDialog, buffer);
  gtk_widget_class_bind_template_child (widget_class, SottoGroupDialog, folder_list);
  gtk_widget_class_bind_template_callback (widget_class, on_name_changed);
}

static void
sotto_group_dialog_init (SottoGroupDialog *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  sotto_dialog_fit_height (ADW_DIALOG (self));
}

void
sotto_group_dialog_present (GtkWidget  *parent,
                            SottoApp   *app,
                            SottoGroup *group)
{
  SottoGroupDialog *self = g_object_new (SOTTO_TYPE_GROUP_DIALOG, NULL);
  GListModel *folders = G_LIST_MODEL (sotto_app_get_folders (app));

  gtk_editable_set_text (GTK_EDITABLE (self->name_row), sotto_group_get_name (group));
  self->group = g_object_ref (group);
  g_object_bind_property (group, "instructions", self->buffer, "text", G_BINDING_BIDIRECTIONAL | G_BINDING_SYNC_CREATE);
  for (guint i = 0; i < g_list_model_get_n_items (folders); i++)
    {
      g_autoptr (SottoDocumentFolder) folder = g_list_model_get_item (folders, i);

      add_folder (self, folder);
    }
  gtk_widget_set_visible (GTK_WIDGET (self->folder_list), g_list_model_get_n_items (folders) > 0);
  adw_dialog_present (ADW_DIALOG (self), parent);
}
