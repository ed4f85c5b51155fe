#include "model-details.h"

#include <glib/gi18n.h>

#include "dialog-height.h"
#include "window.h"

struct _SottoModelDetails {
  AdwDialog parent_instance;

  /* Template Widgets */
  AdwPreferencesGroup *run_group;
  AdwComboRow *place_row;
  GtkWidget *layers_row;
  GtkWidget *layers_button;
  GtkAdjustment *layers;
  AdwActionRow *runs_on_row;
  AdwActionRow *memory_row;
  AdwActionRow *speed_row;
  GtkWidget *close_row;
  AdwPreferencesGroup *vision_group;
  AdwComboRow *vision_row;
  AdwActionRow *file_row;
  AdwActionRow *size_row;
  AdwActionRow *parameters_row;
  AdwActionRow *family_row;
  AdwActionRow *quantisation_row;
  AdwActionRow *context_row;
  AdwActionRow *licence_row;
  AdwPreferencesGroup *remove_group;
  AdwPreferencesRow *remove_row;

  /* Owned */
  SottoModelLibrary *library;
  SottoModelEntry *entry;
  GCancellable *cancellable;
  char *gpus;          /* NULL: none, or not known yet */
  char *no_gpu;        /* why there is none */
  char **visions;      /* paths, as the choice has them behind its first */

  gboolean showing;    /* what is kept is shown, not chosen */
};

G_DEFINE_FINAL_TYPE (SottoModelDetails, sotto_model_details, ADW_TYPE_DIALOG)

static void
set_row (AdwActionRow *row,
         const char   *text)
{
  adw_action_row_set_subtitle (row, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (row), text != NULL && *text != '\0');
}

/* --- The file --- */

/* Returns: (transfer full) (nullable): "494 million", "8.03 billion" */
static char *
describe_parameters (guint64 n_parameters)
{
  double n = (double) n_parameters;

  if (n_parameters == 0)
    return NULL;
  if (n >= 1e9)
    /* Translators: how many numbers a model is made of */
    return g_strdup_printf (_("%.2f billion"), n / 1e9);
  /* Translators: how many numbers a model is made of */
  return g_strdup_printf (_("%.0f million"), n / 1e6);
}

static void
show_file (SottoModelDetails *self)
{
  guint n_context = sotto_model_entry_get_context_trained (self->entry);
  const char *vision = sotto_model_entry_get_vision_path (self->entry);
  g_autofree char *path = g_filename_display_name (sotto_model_entry_get_path (self->entry));
  g_autofree char *vision_path = vision != NULL ? g_filename_display_name (vision) : NULL;
  g_autofree char *paths = g_strjoin (vision != NULL ? "\n" : "", path, vision_path, NULL);
  g_autofree char *size = g_format_size (sotto_model_entry_get_size (self->entry));
  g_autofree char *parameters = describe_parameters (sotto_model_entry_get_parameters (self->entry));
  g_autofree char *number = sotto_number_describe (n_context);
  g_autofree char *context = NULL;

  if (n_context > 0)
    /* Translators: a token is a piece of a word */
    context = g_strdup_printf (ngettext ("%s token", "%s tokens", n_context), number);

  adw_dialog_set_title (ADW_DIALOG (self), sotto_model_entry_get_name (self->entry));
  set_row (self->file_row, paths);
  set_row (self->size_row, sotto_model_entry_get_size (self->entry) > 0 ? size : NULL);
  set_row (self->parameters_row, parameters);
  set_row (self->family_row, sotto_model_entry_get_family (self->entry));
  set_row (self->quantisation_row, sotto_model_entry_get_quantisation (self->entry));
  set_row (self->context_row, context);
  set_row (self->licence_row, sotto_model_entry_get_licence (self->entry));
}

/* --- What it is for --- */

/* Of what does not write there is one thing to say, and where it is computed is not chosen. */
static gboolean
is_embedder (SottoModelDetails *self)
{
  GListModel *embedders = sotto_model_library_get_embedders (self->library);

  for (guint i = 0; i < g_list_model_get_n_items (embedders); i++)
    {
      g_autoptr (SottoModelEntry) entry = g_list_model_get_item (embedders, i);

      if (entry == self->entry)
        return TRUE;
    }

  return FALSE;
}

/* --- Where it runs --- */

static void
show_run (SottoModelDetails *self)
{
  g_autofree char *placement = sotto_model_entry_dup_placement (self->entry);
  g_autofree char *memory = sotto_model_entry_dup_memory (self->entry);
  g_autofree char *speed = sotto_model_entry_dup_speed (self->entry);
  SottoProblem *problem = sotto_model_entry_get_problem (self->entry);
  const char *text = sotto_model_entry_get_place_text (self->entry);

  /* Of a file that cannot be used there is no more to say than why. */
  if (problem != NULL)
    {
      adw_preferences_group_set_description (self->run_group, sotto_problem_get_text (problem));
      return;
    }

  if (is_embedder (self))
    text = _("An embedding model compares texts, so that passages of documents are found by what they say. It does not write.");
  else if (text == NULL && self->gpus == NULL)
    text = self->no_gpu;
  /* A model that is not open runs nowhere yet; without a GPU it is plain where it will. */
  if (placement == NULL && self->no_gpu != NULL)
    placement = g_strdup (_("CPU"));

  set_row (self->runs_on_row, placement);
  set_row (self->memory_row, memory);
  set_row (self->speed_row, speed);
  gtk_widget_set_visible (self->close_row, sotto_model_entry_get_state (self->entry) == SOTTO_MODEL_STATE_LOADED);
  adw_preferences_group_set_description (self->run_group, text);
}

/* Who waits for a reply gets it first; the row goes when the memory is free. */
static void
on_close_model (SottoModelDetails *self)
{
  SottoWindow *window = SOTTO_WINDOW (gtk_widget_get_root (GTK_WIDGET (self)));

  sotto_app_close_model (sotto_window_get_app (window), self->entry);
}

/* The choice is there for who has a GPU, or has chosen when there was one. */
static void
show_place (SottoModelDetails *self)
{
  guint n_layers;
  guint n_most = sotto_model_entry_get_n_layers (self->entry);
  SottoModelPlace place = sotto_model_library_get_place (self->library, self->entry, &n_layers);

  self->showing = TRUE;
  gtk_adjustment_set_upper (self->layers, MAX (n_most, 1));
  if (n_layers > 0)
    gtk_adjustment_set_value (self->layers, n_layers);
  adw_combo_row_set_selected (self->place_row, place);
  self->showing = FALSE;

  adw_action_row_set_subtitle (ADW_ACTION_ROW (self->place_row), self->gpus != NULL ? self->gpus : "");
  gtk_widget_set_visible (GTK_WIDGET (self->place_row), sotto_model_entry_get_problem (self->entry) == NULL && !is_embedder (self) &&
                                                        (self->gpus != NULL || place != SOTTO_MODEL_PLACE_AUTOMATIC));
  gtk_widget_set_visible (self->layers_row, place == SOTTO_MODEL_PLACE_LAYERS);
}

static void
on_place_chosen (SottoModelDetails *self)
{
  if (self->showing || self->entry == NULL)
    return;

  sotto_model_library_set_place (self->library, self->entry, adw_combo_row_get_selected (self->place_row),
                                 (guint) gtk_adjustment_get_value (self->layers));
  show_place (self);
}

static void
on_gpus_known (GObject      *source,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autoptr (SottoModelDetails) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *gpus = sotto_gpu_look_finish (result, &error);

  if (g_cancellable_is_cancelled (self->cancellable))
    return;

  g_free (self->gpus);
  self->gpus = g_steal_pointer (&gpus);
  if (self->gpus == NULL)
    {
      g_autoptr (SottoProblem) problem = sotto_problem_new (error);

      self->no_gpu = g_strdup (sotto_problem_get_text (problem));
    }
  show_place (self);
  show_run (self);
}

/* --- What it sees with --- */

static void
fill_visions (SottoModelDetails *self)
{
  g_autoptr (GtkStringList) names = gtk_string_list_new (NULL);

  /* Translators: what a model sees with: none of the files */
  gtk_string_list_append (names, C_("what a model sees with", "Nothing"));
  for (guint i = 0; self->visions[i] != NULL; i++)
    gtk_string_list_take (names, g_filename_display_basename (self->visions[i]));
  adw_combo_row_set_model (self->vision_row, G_LIST_MODEL (names));
}

/* The choice is there for what can see; why the others cannot, though there is a file for it, stands there. */
static void
show_vision (SottoModelDetails *self)
{
  const char *chosen = sotto_model_entry_get_vision_path (self->entry);
  const char *text = sotto_model_entry_get_vision_text (self->entry);
  g_auto (GStrv) visions = sotto_model_library_dup_visions (self->library, self->entry);
  guint selected = 0;

  self->showing = TRUE;
  if (self->visions == NULL || !g_strv_equal ((const char *const *) visions, (const char *const *) self->visions))
    {
      g_strfreev (self->visions);
      self->visions = g_steal_pointer (&visions);
      fill_visions (self);
    }
  for (guint i = 0; self->visions[i] != NULL; i++)
    if (g_strcmp0 (self->visions[i], chosen) == 0)
      selected = i + 1;
  adw_combo_row_set_selected (self->vision_row, selected);
  self->showing = FALSE;

  gtk_widget_set_visible (GTK_WIDGET (self->vision_row), self->visions[0] != NULL);
  adw_preferences_group_set_description (self->vision_group, text);
  gtk_widget_set_visible (GTK_WIDGET (self->vision_group), self->visions[0] != NULL || text != NULL);
}

static void
on_vision_chosen (SottoModelDetails *self)
{
  guint selected = adw_combo_row_get_selected (self->vision_row);

  if (self->showing || self->entry == NULL || selected == GTK_INVALID_LIST_POSITION)
    return;

  sotto_model_library_set_vision (self->library, self->entry, selected > 0 ? self->visions[selected - 1] : NULL);
}

/* --- Off the list --- */

/* There is something to take off only where a person has put it there. */
static void
show_remove (SottoModelDetails *self)
{
  g_autofree char *added = sotto_model_library_dup_added (self->library, self->entry);
  g_autofree char *folder = NULL;
  g_autofree char *text = NULL;

  gtk_widget_set_visible (GTK_WIDGET (self->remove_group), added != NULL);
  if (added == NULL)
    return;

  if (g_str_equal (added, sotto_model_entry_get_path (self->entry)))
    {
      adw_preferences_row_set_title (self->remove_row, _("_Remove From the List"));
      if (sotto_model_entry_get_state (self->entry) != SOTTO_MODEL_STATE_MISSING)
        text = g_strdup (_("The file stays where it is."));
    }
  else
    {
      folder = g_filename_display_name (added);
      /* Translators: a button: a folder whose models are on the list */
      adw_preferences_row_set_title (self->remove_row, _("_Remove Its Folder From the List"));
      /* Translators: %s is the path of a folder */
      text = g_strdup_printf (_("All models in %s leave the list. The files stay where they are."), folder);
    }
  adw_preferences_group_set_description (self->remove_group, text);
}

static void
on_undo (AdwToast          *toast,
         SottoModelLibrary *library)
{
  sotto_model_library_undo_forget (library, g_object_get_data (G_OBJECT (toast), "added"));
}

static void
on_remove (SottoModelDetails *self)
{
  SottoWindow *window = SOTTO_WINDOW (gtk_widget_get_root (GTK_WIDGET (self)));
  g_autofree char *added = sotto_model_library_dup_added (self->library, self->entry);
  g_autofree char *name = NULL;
  g_autofree char *title = NULL;
  AdwToast *toast;

  if (added == NULL)
    return;

  name = g_str_equal (added, sotto_model_entry_get_path (self->entry)) ? g_strdup (sotto_model_entry_get_name (self->entry))
                                                                       : g_filename_display_basename (added);
  /* Translators: %s is the name of a model, or of a folder with models */
  title = g_strdup_printf (_("“%s” removed from the list"), name);
  toast = adw_toast_new (title);
  adw_toast_set_use_markup (toast, FALSE);
  adw_toast_set_button_label (toast, _("_Undo"));
  adw_toast_set_timeout (toast, 10);
  g_object_set_data_full (G_OBJECT (toast), "added", g_strdup (added), g_free);
  g_signal_connect_object (toast, "button-clicked", G_CALLBACK (on_undo), self->library, 0);

  /* Nobody would find where to free its memory afterwards. */
  if (sotto_model_entry_get_state (self->entry) == SOTTO_MODEL_STATE_LOADED)
    on_close_model (self);
  sotto_model_library_forget (self->library, added);
  sotto_window_add_toast (window, toast);
  adw_dialog_close (ADW_DIALOG (self));
}

/* --- The widget --- */

static void
on_closed (SottoModelDetails *self)
{
  g_cancellable_cancel (self->cancellable);
}

static void
sotto_model_details_dispose (GObject *object)
{
  SottoModelDetails *self = SOTTO_MODEL_DETAILS (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->library);
  g_clear_object (&self->entry);
  gtk_widget_dispose_template (GTK_WIDGET (self), SOTTO_TYPE_MODEL_DETAILS);

  G_OBJECT_CLASS (sotto_model_details_parent_class)->dispose (object);
}

static void
sotto_model_details_finalize (GObject *object)
{
  SottoModelDetails *self = SOTTO_MODEL_DETAILS (object);

  g_object_unref (self->cancellable);
  g_free (self->gpus);
  g_free (self->no_gpu);
  g_strfreev (self->visions);

  G_OBJECT_CLASS (sotto_model_details_parent_class)->finalize (object);
}

static void
sotto_model_details_class_init (SottoModelDetailsClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sotto_model_details_dispose;
  G_OBJECT_CLASS (klass)->finalize = sotto_model_details_finalize;

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/sotto_chat/Sotto/ui/model-details.ui");
  gtk_widget_class_bind_template_child (widget_class, SottoModelDetails, run_group);
  gtk_widget_class_bind_template_child (widget_class, SottoModelDetails, place_row);
  gtk_widget_class_bind_template_child (widget_class, SottoModelDetails, layers_row);
  gtk_widget_class_bind_template_child (widget_class, SottoModelDetails, layers_button);
  gtk_widget_class_bind_template_child (widget_class, SottoModelDetails, layers);
  gtk_widget_class_bind_template_child (widget_class, SottoModelDetails, runs_on_row);
  gtk_widget_class_bind_template_child (widget_class, SottoModelDetails, memory_row);
  gtk_widget_class_bind_template_child (widget_class, SottoModelDetails, speed_row);
  gtk_widget_class_bind_template_child (widget_class, SottoModelDetails, close_row);
  gtk_widget_class_bind_template_child (widget_class, SottoModelDetails, file_row);
  gtk_widget_class_bind_template_child (widget_class, SottoModelDetails, vision_group);
  gtk_widget_class_bind_template_child (widget_class, SottoModelDetails, vision_row);
  gtk_widget_class_bind_template_child (widget_class, SottoModelDetails, size_row);
  gtk_widget_class_bind_template_child (widget_class, SottoModelDetails, parameters_row);
  gtk_widget_class_bind_template_child (widget_class, SottoModelDetails, family_row);
  gtk_widget_class_bind_template_child (widget_class, SottoModelDetails, quantisation_row);
  gtk_widget_class_bind_template_child (widget_class, SottoModelDetails, context_row);
  gtk_widget_class_bind_template_child (widget_class, SottoModelDetails, licence_row);
  gtk_widget_class_bind_template_child (widget_class, SottoModelDetails, remove_group);
  gtk_widget_class_bind_template_child (widget_class, SottoModelDetails, remove_row);
  gtk_widget_class_bind_template_callback (widget_class, on_place_chosen);
  gtk_widget_class_bind_template_callback (widget_class, on_vision_chosen);
  gtk_widget_class_bind_template_callback (widget_class, on_close_model);
  gtk_widget_class_bind_template_callback (widget_class, on_closed);
  gtk_widget_class_bind_template_callback (widget_class, on_remove);
}

static void
sotto_model_details_init (SottoModelDetails *self)
{
  self->cancellable = g_cancellable_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  sotto_dialog_fit_height (ADW_DIALOG (self));
}

AdwDialog *
sotto_model_details_new (SottoModelLibrary *library,
                         SottoModelEntry   *entry)
{
  SottoModelDetails *self = g_object_new (SOTTO_TYPE_MODEL_DETAILS, NULL);

  self->library = g_object_ref (library);
  /* Half of them, until somebody says otherwise */
  self->showing = TRUE;
  gtk_adjustment_set_upper (self->layers, MAX (sotto_model_entry_get_n_layers (entry), 1));
  gtk_adjustment_set_value (self->layers, MAX (sotto_model_entry_get_n_layers (entry) / 2, 1));
  self->showing = FALSE;
  self->entry = g_object_ref (entry);
  g_signal_connect_object (entry, "notify::runs-on", G_CALLBACK (show_run), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (entry, "notify::state", G_CALLBACK (show_run), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (entry, "notify::sees", G_CALLBACK (show_vision), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (entry, "notify::sees", G_CALLBACK (show_file), self, G_CONNECT_SWAPPED);
  /* Looking for GPUs takes a while: the choice would come behind the focus. */
  self->gpus = g_strdup (sotto_model_entry_get_gpus (entry));
  show_file (self);
  show_place (self);
  show_run (self);
  show_vision (self);
  show_remove (self);
  sotto_gpu_look_async (self->cancellable, on_gpus_known, g_object_ref (self));

  return ADW_DIALOG (self);
}
