#include "composer/instructions-dialog.h"

#include <adwaita.h>
#include <glib/gi18n.h>
#include <string.h>

#include "dialog-height.h"
#include "toast.h"

/* What is typed holds at once, as in the preferences: there is nothing to confirm, and Ctrl+Z takes it back, as it does what
 * was chosen of those that are saved. */

#define SOTTO_TYPE_INSTRUCTIONS_DIALOG (sotto_instructions_dialog_get_type ())
G_DECLARE_FINAL_TYPE (SottoInstructionsDialog, sotto_instructions_dialog, SOTTO, INSTRUCTIONS_DIALOG, AdwDialog)

struct _SottoInstructionsDialog {
  AdwDialog parent_instance;

  /* Template widgets */
  AdwToastOverlay *toasts;
  GtkTextView *view;
  GtkTextBuffer *buffer;
  AdwPreferencesGroup *saved_group;
  AdwEntryRow *name_row;

  /* Owned references */
  SottoSavedInstructions *saved;
  GPtrArray *rows;          /* of those that are saved; the group's */
};

G_DEFINE_FINAL_TYPE (SottoInstructionsDialog, sotto_instructions_dialog, ADW_TYPE_DIALOG)

static char *
dup_text (SottoInstructionsDialog *self)
{
  char *text;

  g_object_get (self->buffer, "text", &text, NULL);
  return g_strstrip (text);
}

static void
update_name_row (SottoInstructionsDialog *self)
{
  g_autofree char *text = dup_text (self);

  gtk_widget_set_sensitive (GTK_WIDGET (self->name_row), *text != '\0');
}

/* --- Toasts --- */

/* What was under a name, to be put back */
static void
on_undo (SottoInstructionsDialog *self,
         AdwToast                *toast)
{
  SottoInstructions *before = g_object_get_data (G_OBJECT (toast), "before");

  sotto_saved_instructions_add (self->saved, sotto_instructions_get_name (before), sotto_instructions_get_text (before));
}

static void
offer_undo (SottoInstructionsDialog *self,
            const char              *title,
            SottoInstructions       *before)
{
  AdwToast *toast = adw_toast_new (title);

  adw_toast_set_use_markup (toast, FALSE);
  adw_toast_set_button_label (toast, _("_Undo"));
  g_object_set_data_full (G_OBJECT (toast), "before", g_object_ref (before), g_object_unref);
  g_signal_connect_object (toast, "button-clicked", G_CALLBACK (on_undo), self, G_CONNECT_SWAPPED);
  sotto_toast_wrap (toast, GTK_WIDGET (self->toasts));
  adw_toast_overlay_add_toast (self->toasts, toast);
}

static void
on_problem (SottoInstructionsDialog *self)
{
  AdwToast *toast = sotto_toast_new (sotto_problem_get_text (sotto_saved_instructions_get_problem (self->saved)));

  sotto_toast_wrap (toast, GTK_WIDGET (self->toasts));
  adw_toast_overlay_add_toast (self->toasts, toast);
}

/* --- What is saved --- */

static SottoInstructions *
get_instructions (GtkWidget *row)
{
  return g_object_get_data (G_OBJECT (row), "instructions");
}

static void
on_chosen (SottoInstructionsDialog *self,
           GtkWidget               *row)
{
  const char *text = sotto_instructions_get_text (get_instructions (row));
  GtkTextIter start, end;

  gtk_text_buffer_begin_user_action (self->buffer);
  gtk_text_buffer_get_bounds (self->buffer, &start, &end);
  gtk_text_buffer_delete (self->buffer, &start, &end);
  gtk_text_buffer_insert (self->buffer, &start, text, -1);
  gtk_text_buffer_end_user_action (self->buffer);
  gtk_widget_grab_focus (GTK_WIDGET (self->view));
}

static void
on_delete (SottoInstructionsDialog *self,
           GtkWidget               *button)
{
  g_autoptr (SottoInstructions) instructions =
    g_object_ref (get_instructions (gtk_widget_get_ancestor (button, ADW_TYPE_ACTION_ROW)));
  /* Translators: %s is the name of saved instructions */
  g_autofree char *title = g_strdup_printf (C_("instructions", "“%s” deleted"), sotto_instructions_get_name (instructions));

  sotto_saved_instructions_remove (self->saved, sotto_instructions_get_name (instructions));
  gtk_widget_grab_focus (GTK_WIDGET (self->view));
  offer_undo (self, title, instructions);
}

/* Returns: (transfer full) (nullable): what has that name */
static SottoInstructions *
find_saved (SottoInstructionsDialog *self,
            const char              *name)
{
  GListModel *list = sotto_saved_instructions_get_list (self->saved);

  for (guint i = 0; i < g_list_model_get_n_items (list); i++)
    {
      g_autoptr (SottoInstructions) instructions = g_list_model_get_item (list, i);

      if (g_str_equal (sotto_instructions_get_name (instructions), name))
        return g_steal_pointer (&instructions);
    }

  return NULL;
}

static void
on_save (SottoInstructionsDialog *self)
{
  g_autofree char *name = g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->name_row))));
  g_autofree char *text = dup_text (self);
  g_autoptr (SottoInstructions) before = find_saved (self, name);

  if (!sotto_saved_instructions_add (self->saved, name, text))
    return;

  gtk_editable_set_text (GTK_EDITABLE (self->name_row), "");
  if (before != NULL && !g_str_equal (sotto_instructions_get_text (before), text))
    {
      /* Translators: %s is the name of saved instructions */
      g_autofree char *title = g_strdup_printf (C_("instructions", "“%s” changed"), name);

      offer_undo (self, title, before);
    }
}

static GtkWidget *
create_row (SottoInstructionsDialog *self,
            SottoInstructions       *instructions)
{
  GtkWidget *row = adw_action_row_new ();
  GtkWidget *button = gtk_button_new_from_icon_name ("user-trash-symbolic");
  g_autofree char *line = g_strdup (sotto_instructions_get_text (instructions));

  line[strcspn (line, "\n")] = '\0';
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), sotto_instructions_get_name (instructions));
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), line);
  adw_action_row_set_subtitle_lines (ADW_ACTION_ROW (row), 1);
  adw_action_row_set_title_lines (ADW_ACTION_ROW (row), 1);
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), TRUE);
  g_object_set_data_full (G_OBJECT (row), "instructions", g_object_ref (instructions), g_object_unref);
  g_signal_connect_object (row, "activated", G_CALLBACK (on_chosen), self, G_CONNECT_SWAPPED);

  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_widget_set_tooltip_text (button, _("Delete"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Delete"), -1);
  gtk_widget_add_css_class (button, "flat");
  g_signal_connect_object (button, "clicked", G_CALLBACK (on_delete), self, G_CONNECT_SWAPPED);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), button);

  return row;
}

static void
on_items_changed (SottoInstructionsDialog *self)
{
  GListModel *list = sotto_saved_instructions_get_list (self->saved);

  for (guint i = 0; i < self->rows->len; i++)
    adw_preferences_group_remove (self->saved_group, g_ptr_array_index (self->rows, i));
  g_ptr_array_set_size (self->rows, 0);
  for (guint i = 0; i < g_list_model_get_n_items (list); i++)
    {
      g_autoptr (SottoInstructions) instructions = g_list_model_get_item (list, i);
      GtkWidget *row = create_row (self, instructions);

      adw_preferences_group_add (self->saved_group, row);
      g_ptr_array_add (self->rows, row);
    }
}

/* --- The dialog --- */

static void
sotto_instructions_dialog_dispose (GObject *object)
{
  SottoInstructionsDialog *self = SOTTO_INSTRUCTIONS_DIALOG (object);

  g_clear_object (&self->saved);
  g_clear_pointer (&self->rows, g_ptr_array_unref);
  gtk_widget_dispose_template (GTK_WIDGET (self), SOTTO_TYPE_INSTRUCTIONS_DIALOG);
  G_OBJECT_CLASS (sotto_instructions_dialog_parent_class)->dispose (object);
}

static void
sotto_instructions_dialog_class_init (SottoInstructionsDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sotto_instructions_dialog_dispose;

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/sotto_chat/Sotto/ui/composer/instructions-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, SottoInstructionsDialog, toasts);
  gtk_widget_class_bind_template_child (widget_class, SottoInstructionsDialog, view);
  gtk_widget_class_bind_template_child (widget_class, SottoInstructionsDialog, buffer);
  gtk_widget_class_bind_template_child (widget_class, SottoInstructionsDialog, saved_group);
  gtk_widget_class_bind_template_child (widget_class, SottoInstructionsDialog, name_row);
  gtk_widget_class_bind_template_callback (widget_class, update_name_row);
  gtk_widget_class_bind_template_callback (widget_class, on_save);
}

static void
sotto_instructions_dialog_init (SottoInstructionsDialog *self)
{
  self->rows = g_ptr_array_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  sotto_dialog_fit_height (ADW_DIALOG (self));
}

void
sotto_instructions_dialog_present (GtkWidget         *parent,
                                   SottoApp          *app,
                                   SottoConversation *conversation)
{
  SottoInstructionsDialog *self = g_object_new (SOTTO_TYPE_INSTRUCTIONS_DIALOG, NULL);

  self->saved = sotto_saved_instructions_new (app);
  g_signal_connect_object (sotto_saved_instructions_get_list (self->saved), "items-changed", G_CALLBACK (on_items_changed), self,
                           G_CONNECT_SWAPPED);
  /* What is not written yet is there at once. */
  on_items_changed (self);
  g_signal_connect_object (self->saved, "notify::problem", G_CALLBACK (on_problem), self, G_CONNECT_SWAPPED);
  g_object_bind_property (conversation, "instructions", self->buffer, "text", G_BINDING_BIDIRECTIONAL | G_BINDING_SYNC_CREATE);
  update_name_row (self);
  adw_dialog_present (ADW_DIALOG (self), parent);
}
