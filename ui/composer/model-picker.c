#include "composer/model-picker.h"

#include <glib/gi18n.h>

#include "composer/model-choose.h"
#include "composer/model-row.h"
#include "model-details.h"
#include "toast.h"
#include "window.h"

struct _SottoModelPicker {
  AdwBin parent_instance;

  /* Template Widgets */
  GtkMenuButton *button;
  GtkLabel *name;
  GtkWidget *sees;
  GtkLabel *runs_on;
  GtkPopover *popover;
  GtkListBox *list;

  /* Owned */
  SottoModelLibrary *library;
  SottoConversation *conversation;
  SottoModelEntry *model;   /* the conversation's */

  GtkWidget *came_from;      /* (weak): had the focus when a key opened the list */
  GtkWidget *before_details; /* (weak): gets it when the details are closed */
};

G_DEFINE_FINAL_TYPE (SottoModelPicker, sotto_model_picker, ADW_TYPE_BIN)

/* --- The button --- */

/* The window says so. */
static gboolean
is_narrow (SottoModelPicker *self)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));

  return root != NULL && gtk_widget_has_css_class (GTK_WIDGET (root), "narrow");
}

static void
update_name (SottoModelPicker *self)
{
  SottoModelEntry *model = self->conversation != NULL ? sotto_conversation_get_model (self->conversation) : NULL;
  const char *name = model != NULL ? sotto_model_entry_get_name (model) : _("No Model");
  const char *runs_on = model != NULL ? sotto_model_entry_get_runs_on (model) : NULL;
  gboolean sees = model != NULL && sotto_model_entry_sees (model);
  g_autofree char *label = NULL;
  g_autofree char *tooltip = NULL;

  gtk_label_set_label (self->name, name);
  /* So much of it is seen however narrow the window is. */
  gtk_label_set_width_chars (self->name, (int) MIN (g_utf8_strlen (name, -1), 8));
  gtk_widget_set_visible (self->sees, sees);
  gtk_label_set_label (self->runs_on, runs_on != NULL ? runs_on : "");
  /* On a narrow window what is being done stands beside it, too, and the name needs the room. */
  gtk_widget_set_visible (GTK_WIDGET (self->runs_on), runs_on != NULL && !is_narrow (self));
  if (runs_on != NULL)
    /* Translators: the name of a model, and where it runs: “CPU” or the name of a GPU; read out by screen readers */
    label = g_strdup_printf (_("Model: %s, on %s"), name, runs_on);
  else
    /* Translators: %s is the name of a model; read out by screen readers */
    label = g_strdup_printf (_("Model: %s"), name);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->button), GTK_ACCESSIBLE_PROPERTY_LABEL, label,
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, sees ? _("Sees pictures") : "", -1);
  if (sees)
    tooltip = g_strdup_printf ("%s\n%s", label, _("Sees pictures"));
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->button), sees ? tooltip : label);
}

/* --- The list --- */

/* The rows say which is the conversation's, and the keyboard begins there. */
static void
update_chosen (SottoModelPicker *self)
{
  SottoModelEntry *model = self->conversation != NULL ? sotto_conversation_get_model (self->conversation) : NULL;
  GtkListBoxRow *row;

  for (int i = 0; (row = gtk_list_box_get_row_at_index (self->list, i)) != NULL; i++)
    sotto_model_row_set_chosen (SOTTO_MODEL_ROW (row), sotto_model_row_get_entry (SOTTO_MODEL_ROW (row)) == model);
}

static GtkWidget *
create_row (gpointer item,
            gpointer user_data)
{
  SottoModelPicker *self = user_data;
  GtkWidget *row = sotto_model_row_new (item);

  sotto_model_row_set_chosen (SOTTO_MODEL_ROW (row), self->conversation != NULL &&
                              sotto_conversation_get_model (self->conversation) == item);

  return row;
}

static gboolean
is_unusable (GtkListBoxRow *row)
{
  return sotto_model_entry_get_problem (sotto_model_row_get_entry (SOTTO_MODEL_ROW (row))) != NULL;
}

/* What cannot be used stands last, under words of its own. */
static void
update_header (GtkListBoxRow *row,
               GtkListBoxRow *before,
               gpointer       user_data)
{
  GtkWidget *header = NULL;

  if (is_unusable (row) && (before == NULL || !is_unusable (before)))
    {
      header = gtk_label_new (_("Cannot Be Used"));
      gtk_label_set_xalign (GTK_LABEL (header), 0);
      gtk_widget_add_css_class (header, "caption-heading");
      gtk_widget_add_css_class (header, "dimmed");
      gtk_widget_add_css_class (header, "model-header");
    }
  gtk_list_box_row_set_header (row, header);
}

static void
on_popover_shown (SottoModelPicker *self)
{
  SottoModelEntry *model = self->conversation != NULL ? sotto_conversation_get_model (self->conversation) : NULL;
  GtkListBoxRow *row;

  for (int i = 0; (row = gtk_list_box_get_row_at_index (self->list, i)) != NULL; i++)
    if (sotto_model_row_get_entry (SOTTO_MODEL_ROW (row)) == model)
      gtk_widget_grab_focus (GTK_WIDGET (row));
}

static void
on_row_activated (SottoModelPicker *self,
                  GtkListBoxRow    *row)
{
  SottoModelEntry *entry = sotto_model_row_get_entry (SOTTO_MODEL_ROW (row));

  gtk_popover_popdown (self->popover);
  if (self->conversation == NULL)
    return;

  sotto_conversation_set_model (self->conversation, entry);
  /* What was chosen last is what the next conversation begins with. */
  sotto_model_library_set_default (self->library, entry);
}

static void
update_model (SottoModelPicker *self)
{
  SottoModelEntry *model = self->conversation != NULL ? sotto_conversation_get_model (self->conversation) : NULL;

  if (self->model != model)
    {
      if (self->model != NULL)
        g_signal_handlers_disconnect_by_data (self->model, self);
      g_set_object (&self->model, model);
      if (model != NULL)
        {
          g_signal_connect_object (model, "notify::runs-on", G_CALLBACK (update_name), self, G_CONNECT_SWAPPED);
          g_signal_connect_object (model, "notify::sees", G_CALLBACK (update_name), self, G_CONNECT_SWAPPED);
        }
    }
  update_name (self);
  update_chosen (self);
}

static void
return_focus (gpointer data)
{
  g_autoptr (SottoModelPicker) self = data;

  if (self->came_from != NULL)
    gtk_widget_grab_focus (self->came_from);
  g_clear_weak_pointer (&self->came_from);
}

static void
on_details_closed (SottoModelPicker *self)
{
  g_set_weak_pointer (&self->came_from, self->before_details);
  g_idle_add_once (return_focus, g_object_ref (self));
}

/* The dialog would go back to its button in the list, which is closed by then.
 * @parameter: the model's path */
static void
show_details (GtkWidget  *widget,
              const char *action,
              GVariant   *parameter)
{
  SottoModelPicker *self = SOTTO_MODEL_PICKER (widget);
  SottoModelEntry *entry = sotto_model_library_lookup (self->library, g_variant_get_bytestring (parameter));
  AdwDialog *dialog;

  if (entry != NULL)
    {
      g_set_weak_pointer (&self->before_details, self->came_from != NULL ? self->came_from : GTK_WIDGET (self->button));
      g_clear_weak_pointer (&self->came_from);
    }
  gtk_popover_popdown (self->popover);
  if (entry == NULL)
    return;

  dialog = sotto_model_details_new (self->library, entry);
  g_signal_connect_object (dialog, "closed", G_CALLBACK (on_details_closed), self, G_CONNECT_SWAPPED);
  adw_dialog_present (dialog, widget);
}

/* --- Adding a file --- */

/* The window may have gone meanwhile. */
static void
add_toast (SottoModelPicker *self,
           const char       *text)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));

  if (!SOTTO_IS_WINDOW (root))
    return;

  sotto_window_add_toast (SOTTO_WINDOW (root), sotto_toast_new (text));
}

static void
on_added (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr (SottoModelPicker) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  g_autoptr (SottoModelEntry) entry = sotto_model_library_add_file_finish (SOTTO_MODEL_LIBRARY (source), result, &text, &error);

  if (text != NULL)
    {
      add_toast (self, text);
    }
  else if (entry != NULL)
    {
      if (self->conversation != NULL)
        sotto_conversation_set_model (self->conversation, entry);
      sotto_model_library_set_default (self->library, entry);
    }
  else
    sotto_model_refuse (GTK_WIDGET (self), error);
}

void
sotto_model_picker_add_file (SottoModelPicker *self,
                             GFile            *file)
{
  g_return_if_fail (SOTTO_IS_MODEL_PICKER (self));

  sotto_model_library_add_file_async (self->library, file, NULL, on_added, g_object_ref (self));
}

static void
on_chosen (GtkWidget *widget,
           GFile     *file)
{
  sotto_model_picker_add_file (SOTTO_MODEL_PICKER (widget), file);
}

static void
choose_files (GtkWidget  *widget,
              const char *action,
              GVariant   *parameter)
{
  gtk_popover_popdown (SOTTO_MODEL_PICKER (widget)->popover);
  sotto_model_choose (widget, g_str_equal (action, "picker.add-folder"), on_chosen);
}

/* Who was writing goes on writing; who had come to the button stays there. GTK gives the button the focus once the event that
 * closed the list is over. */
static void
on_popover_closed (SottoModelPicker *self)
{
  if (self->came_from != NULL)
    g_idle_add_once (return_focus, g_object_ref (self));
}

/* --- The widget --- */

static void
fill (SottoModelPicker *self)
{
  gtk_list_box_bind_model (self->list, G_LIST_MODEL (self->library), create_row, self, NULL);
  gtk_list_box_set_header_func (self->list, update_header, NULL, NULL);
}

void
sotto_model_picker_set_library (SottoModelPicker  *self,
                                SottoModelLibrary *library)
{
  g_return_if_fail (SOTTO_IS_MODEL_PICKER (self));

  if (!g_set_object (&self->library, library))
    return;

  fill (self);
  /* What a file calls its model is known when it has been looked at. */
  g_signal_connect_object (library, "notify::looking", G_CALLBACK (update_model), self, G_CONNECT_SWAPPED);
}

void
sotto_model_picker_set_conversation (SottoModelPicker  *self,
                                     SottoConversation *conversation)
{
  g_return_if_fail (SOTTO_IS_MODEL_PICKER (self));

  if (self->conversation == conversation)
    return;

  if (self->conversation != NULL)
    g_signal_handlers_disconnect_by_data (self->conversation, self);
  g_set_object (&self->conversation, conversation);
  if (conversation != NULL)
    g_signal_connect_object (conversation, "notify::model", G_CALLBACK (update_model), self, G_CONNECT_SWAPPED);

  update_model (self);
}

void
sotto_model_picker_open (SottoModelPicker *self)
{
  g_return_if_fail (SOTTO_IS_MODEL_PICKER (self));

  g_set_weak_pointer (&self->came_from, gtk_root_get_focus (gtk_widget_get_root (GTK_WIDGET (self))));
  gtk_menu_button_popup (self->button);
}

static void
sotto_model_picker_dispose (GObject *object)
{
  SottoModelPicker *self = SOTTO_MODEL_PICKER (object);

  if (self->conversation != NULL)
    g_signal_handlers_disconnect_by_data (self->conversation, self);
  if (self->model != NULL)
    g_signal_handlers_disconnect_by_data (self->model, self);
  g_clear_weak_pointer (&self->came_from);
  g_clear_weak_pointer (&self->before_details);
  g_clear_object (&self->model);
  g_clear_object (&self->conversation);
  g_clear_object (&self->library);
  /* The template would let go of the child, which is bound, without the bin knowing. */
  adw_bin_set_child (ADW_BIN (self), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), SOTTO_TYPE_MODEL_PICKER);

  G_OBJECT_CLASS (sotto_model_picker_parent_class)->dispose (object);
}

static void
sotto_model_picker_root (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (sotto_model_picker_parent_class)->root (widget);

  g_signal_connect_object (gtk_widget_get_root (widget), "notify::css-classes", G_CALLBACK (update_name), widget, G_CONNECT_SWAPPED);
  update_name (SOTTO_MODEL_PICKER (widget));
}

static void
sotto_model_picker_unroot (GtkWidget *widget)
{
  g_signal_handlers_disconnect_by_data (gtk_widget_get_root (widget), widget);

  GTK_WIDGET_CLASS (sotto_model_picker_parent_class)->unroot (widget);
}

static void
sotto_model_picker_class_init (SottoModelPickerClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sotto_model_picker_dispose;

  widget_class->root = sotto_model_picker_root;
  widget_class->unroot = sotto_model_picker_unroot;

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/sotto_chat/Sotto/ui/composer/model-picker.ui");
  gtk_widget_class_bind_template_child (widget_class, SottoModelPicker, button);
  gtk_widget_class_bind_template_child (widget_class, SottoModelPicker, name);
  gtk_widget_class_bind_template_child (widget_class, SottoModelPicker, sees);
  gtk_widget_class_bind_template_child (widget_class, SottoModelPicker, runs_on);
  gtk_widget_class_bind_template_child (widget_class, SottoModelPicker, popover);
  gtk_widget_class_bind_template_child (widget_class, SottoModelPicker, list);
  gtk_widget_class_bind_template_callback (widget_class, on_popover_closed);
  gtk_widget_class_bind_template_callback (widget_class, on_popover_shown);
  gtk_widget_class_bind_template_callback (widget_class, on_row_activated);
  gtk_widget_class_install_action (widget_class, "picker.add-model", NULL, choose_files);
  gtk_widget_class_install_action (widget_class, "picker.add-folder", NULL, choose_files);
  gtk_widget_class_install_action (widget_class, "picker.details", "ay", show_details);
}

static void
sotto_model_picker_init (SottoModelPicker *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  update_name (self);
}
