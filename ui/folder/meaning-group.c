#include "folder/meaning-group.h"

#include <glib/gi18n.h>

#include "composer/model-choose.h"
#include "model-details.h"
#include "toast.h"

struct _SottoMeaningGroup {
  AdwPreferencesGroup parent_instance;

  /* Template Widgets */
  AdwActionRow *switch_row;
  AdwComboRow *choice_row;
  GtkWidget *choice_details;
  AdwActionRow *model_row;
  GtkWidget *model_details;
  AdwPreferencesRow *problem_row;
  GtkWidget *again_row;
  GtkWidget *needs_row;
  GtkWidget *add_row;
  GtkProgressBar *progress;

  /* Owned */
  SottoMeaning *meaning;
  SottoModelLibrary *library;
  GPtrArray *entries;  /* of SottoModelEntry, as the choice has them */

  gboolean showing;    /* what is used is shown, not chosen */
};

G_DEFINE_FINAL_TYPE (SottoMeaningGroup, sotto_meaning_group, ADW_TYPE_PREFERENCES_GROUP)

/* --- How far it is --- */

static void
update_progress (SottoMeaningGroup *self)
{
  const SottoMeaningState state = sotto_meaning_get_state (self->meaning);
  const guint64 n_all = sotto_meaning_get_n_all (self->meaning);
  gboolean is_under_way = state == SOTTO_MEANING_STATE_WORKING || state == SOTTO_MEANING_STATE_WAITING;

  adw_action_row_set_subtitle (self->switch_row, is_under_way ? sotto_meaning_get_status_text (self->meaning)
                               /* Translators: what “Find by Meaning” does */
                               : _("In chats and documents, what says the same in other words is found, too"));
  gtk_widget_set_visible (GTK_WIDGET (self->progress), is_under_way && n_all > 0);
  if (n_all > 0)
    gtk_progress_bar_set_fraction (self->progress, (double) sotto_meaning_get_n_done (self->meaning) / (double) n_all);
}

static void
update_problem (SottoMeaningGroup *self)
{
  SottoProblem *problem = sotto_meaning_get_problem (self->meaning);
  const char *text = problem != NULL ? sotto_problem_get_text (problem) : "";
  gboolean is_new = problem != NULL && g_strcmp0 (text, adw_preferences_row_get_title (self->problem_row)) != 0;

  adw_preferences_row_set_title (self->problem_row, text);
  gtk_widget_set_visible (GTK_WIDGET (self->problem_row), problem != NULL);
  gtk_widget_set_visible (self->again_row, problem != NULL);
  if (is_new)
    gtk_accessible_announce (GTK_ACCESSIBLE (self), text, GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_MEDIUM);
}

static void
on_try_again (SottoMeaningGroup *self)
{
  sotto_meaning_try_again (self->meaning);
}

/* --- Its model --- */

static gboolean
is_filled (SottoMeaningGroup *self)
{
  GListModel *models = sotto_meaning_get_models (self->meaning);
  GListModel *names = adw_combo_row_get_model (self->choice_row);
  const guint n = g_list_model_get_n_items (models);

  if (names == NULL || self->entries->len != n)
    return FALSE;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (SottoModelEntry) entry = g_list_model_get_item (models, i);

      if (entry != g_ptr_array_index (self->entries, i) ||
          g_strcmp0 (sotto_model_entry_get_name (entry), gtk_string_list_get_string (GTK_STRING_LIST (names), i)) != 0)
        return FALSE;
    }

  return TRUE;
}

/* A list of its own: that of the models may be in the midst of changing. */
static void
fill (SottoMeaningGroup *self)
{
  GListModel *models = sotto_meaning_get_models (self->meaning);
  g_autoptr (GtkStringList) names = gtk_string_list_new (NULL);

  g_ptr_array_set_size (self->entries, 0);
  for (guint i = 0; i < g_list_model_get_n_items (models); i++)
    {
      SottoModelEntry *entry = g_list_model_get_item (models, i);

      g_ptr_array_add (self->entries, entry);
      gtk_string_list_append (names, sotto_model_entry_get_name (entry));
    }
  adw_combo_row_set_model (self->choice_row, G_LIST_MODEL (names));
}

/* The one that is used may be none of the list: its file is on a disk that is not there. */
static void
show_model (SottoMeaningGroup *self)
{
  SottoModelEntry *model = sotto_meaning_get_model (self->meaning);
  guint selected;

  self->showing = TRUE;
  if (!is_filled (self))
    fill (self);
  if (!g_ptr_array_find (self->entries, model, &selected))
    selected = GTK_INVALID_LIST_POSITION;
  adw_combo_row_set_selected (self->choice_row, selected);
  self->showing = FALSE;

  adw_action_row_set_subtitle (self->model_row, model != NULL ? sotto_model_entry_get_name (model) : "");
}

static void
on_selected (SottoMeaningGroup *self)
{
  guint selected = adw_combo_row_get_selected (self->choice_row);

  if (!self->showing && selected < self->entries->len)
    sotto_meaning_set_model (self->meaning, g_ptr_array_index (self->entries, selected));
}

static void
on_details (SottoMeaningGroup *self)
{
  SottoModelEntry *model = sotto_meaning_get_model (self->meaning);

  if (model != NULL)
    adw_dialog_present (sotto_model_details_new (self->library, model), GTK_WIDGET (self));
}

/* Where it is switched off there is nothing to choose. */
static void
update_model (SottoMeaningGroup *self)
{
  const SottoMeaningState state = sotto_meaning_get_state (self->meaning);
  const guint n_models = g_list_model_get_n_items (sotto_meaning_get_models (self->meaning));
  gboolean has_model = sotto_meaning_get_model (self->meaning) != NULL;
  gboolean is_off = state == SOTTO_MEANING_STATE_OFF;
  gboolean is_choice = n_models > 1 || (n_models == 1 && !has_model);

  show_model (self);
  gtk_widget_set_visible (GTK_WIDGET (self->choice_row), !is_off && is_choice);
  gtk_widget_set_visible (self->choice_details, has_model);
  gtk_widget_set_visible (GTK_WIDGET (self->model_row), !is_off && !is_choice && has_model);
  gtk_widget_set_visible (self->needs_row, state == SOTTO_MEANING_STATE_NO_MODEL);
  gtk_widget_set_visible (self->add_row, state == SOTTO_MEANING_STATE_NO_MODEL);
}

static void
update (SottoMeaningGroup *self)
{
  update_progress (self);
  update_problem (self);
  update_model (self);
}

/* --- Adding one --- */

static void
say (SottoMeaningGroup *self,
     const char        *text)
{
  GtkWidget *toasts = gtk_widget_get_ancestor (GTK_WIDGET (self), ADW_TYPE_TOAST_OVERLAY);
  AdwToast *toast;

  if (toasts == NULL)
    return;

  toast = sotto_toast_new (text);
  sotto_toast_wrap (toast, toasts);
  adw_toast_overlay_add_toast (ADW_TOAST_OVERLAY (toasts), toast);
}

static void
on_added (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr (SottoMeaningGroup) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  g_autoptr (SottoModelEntry) entry = sotto_model_library_add_file_finish (SOTTO_MODEL_LIBRARY (source), result, &text, &error);

  if (gtk_widget_get_root (GTK_WIDGET (self)) == NULL)
    return;

  if (text == NULL && entry != NULL)
    /* Translators: %s is the name of a model that writes replies, where one that compares texts was asked for */
    text = g_strdup_printf (_("“%s” writes replies, and is on the list of models. Finding by meaning takes another kind."),
                            sotto_model_entry_get_name (entry));
  if (text != NULL)
    say (self, text);
  else
    sotto_model_refuse (GTK_WIDGET (self), error);
}

static void
on_chosen (GtkWidget *widget,
           GFile     *file)
{
  SottoMeaningGroup *self = SOTTO_MEANING_GROUP (widget);

  sotto_model_library_add_file_async (self->library, file, NULL, on_added, g_object_ref (self));
}

static void
on_add (SottoMeaningGroup *self)
{
  sotto_model_choose (GTK_WIDGET (self), FALSE, on_chosen);
}

/* --- The widget --- */

static void
sotto_meaning_group_dispose (GObject *object)
{
  SottoMeaningGroup *self = SOTTO_MEANING_GROUP (object);

  if (self->meaning != NULL)
    {
      g_signal_handlers_disconnect_by_data (sotto_meaning_get_models (self->meaning), self);
      g_signal_handlers_disconnect_by_data (self->meaning, self);
    }
  g_clear_object (&self->meaning);
  g_clear_object (&self->library);
  gtk_widget_dispose_template (GTK_WIDGET (self), SOTTO_TYPE_MEANING_GROUP);

  G_OBJECT_CLASS (sotto_meaning_group_parent_class)->dispose (object);
}

static void
sotto_meaning_group_finalize (GObject *object)
{
  g_ptr_array_unref (SOTTO_MEANING_GROUP (object)->entries);

  G_OBJECT_CLASS (sotto_meaning_group_parent_class)->finalize (object);
}

static void
sotto_meaning_group_class_init (SottoMeaningGroupClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sotto_meaning_group_dispose;
  G_OBJECT_CLASS (klass)->finalize = sotto_meaning_group_finalize;

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/sotto_chat/Sotto/ui/folder/meaning-group.ui");
  gtk_widget_class_bind_template_child (widget_class, SottoMeaningGroup, switch_row);
  gtk_widget_class_bind_template_child (widget_class, SottoMeaningGroup, choice_row);
  gtk_widget_class_bind_template_child (widget_class, SottoMeaningGroup, choice_details);
  gtk_widget_class_bind_template_child (widget_class, SottoMeaningGroup, model_row);
  gtk_widget_class_bind_template_child (widget_class, SottoMeaningGroup, model_details);
  gtk_widget_class_bind_template_child (widget_class, SottoMeaningGroup, problem_row);
  gtk_widget_class_bind_template_child (widget_class, SottoMeaningGroup, again_row);
  gtk_widget_class_bind_template_child (widget_class, SottoMeaningGroup, needs_row);
  gtk_widget_class_bind_template_child (widget_class, SottoMeaningGroup, add_row);
  gtk_widget_class_bind_template_child (widget_class, SottoMeaningGroup, progress);
  gtk_widget_class_bind_template_callback (widget_class, on_selected);
  gtk_widget_class_bind_template_callback (widget_class, on_details);
  gtk_widget_class_bind_template_callback (widget_class, on_try_again);
  gtk_widget_class_bind_template_callback (widget_class, on_add);
}

static void
sotto_meaning_group_init (SottoMeaningGroup *self)
{
  self->entries = g_ptr_array_new_with_free_func (g_object_unref);
  gtk_widget_init_template (GTK_WIDGET (self));
}

void
sotto_meaning_group_set_app (SottoMeaningGroup *self,
                             SottoApp          *app)
{
  g_return_if_fail (SOTTO_IS_MEANING_GROUP (self));
  g_return_if_fail (self->meaning == NULL);

  self->meaning = g_object_ref (sotto_app_get_meaning (app));
  self->library = g_object_ref (sotto_app_get_models (app));
  g_object_bind_property (sotto_app_get_settings (app), "find-by-meaning", self->switch_row, "active",
                          G_BINDING_BIDIRECTIONAL | G_BINDING_SYNC_CREATE);
  g_signal_connect_object (sotto_meaning_get_models (self->meaning), "items-changed", G_CALLBACK (update_model), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->meaning, "notify", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update (self);
}
