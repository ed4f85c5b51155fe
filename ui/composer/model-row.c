#include "composer/model-row.h"

#include <glib/gi18n.h>


struct _SottoModelRow {
  GtkListBoxRow parent_instance;

  /* Template Widgets */
  GtkLabel *name;
  GtkLabel *summary;
  GtkWidget *sees;
  GtkLabel *note;
  GtkWidget *details_button;
  GtkWidget *check;

  /* Owned */
  SottoModelEntry *entry;
};

G_DEFINE_FINAL_TYPE (SottoModelRow, sotto_model_row, GTK_TYPE_LIST_BOX_ROW)

static void
set_text (GtkLabel   *label,
          const char *text)
{
  gtk_label_set_label (label, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (label), text != NULL && *text != '\0');
}

/* Returns: (transfer full): what stands below the name, for those who do not see it */
static char *
describe (SottoModelRow *self,
          const char    *summary,
          const char    *note)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) parts = NULL;

  if (*summary != '\0')
    g_strv_builder_add (builder, summary);
  if (sotto_model_entry_sees (self->entry))
    g_strv_builder_add (builder, _("Sees pictures"));
  if (note != NULL)
    g_strv_builder_add (builder, note);
  parts = g_strv_builder_end (builder);

  return g_strjoinv (". ", parts);
}

static void
update (SottoModelRow *self)
{
  SottoProblem *problem = sotto_model_entry_get_problem (self->entry);
  const gboolean is_usable = problem == NULL;
  const char *name = sotto_model_entry_get_name (self->entry);
  const char *summary = is_usable ? sotto_model_entry_get_summary (self->entry) : "";
  const char *note = is_usable ? sotto_model_entry_get_note (self->entry) : sotto_problem_get_text (problem);
  g_autofree char *details = NULL;
  g_autofree char *path = g_filename_display_name (sotto_model_entry_get_path (self->entry));
  g_autofree char *description = describe (self, summary, note);

  set_text (self->name, name);
  set_text (self->summary, summary);
  set_text (self->note, note);
  gtk_widget_set_visible (self->sees, sotto_model_entry_sees (self->entry));
  /* Two files may be called alike. */
  gtk_widget_set_tooltip_text (GTK_WIDGET (self), path);

  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (self), sotto_model_entry_is_usable (self->entry));
  /* Why not, one should be able to read; what there is to know of the others may be quiet. */
  if (is_usable)
    {
      gtk_widget_remove_css_class (GTK_WIDGET (self), "unusable");
      gtk_widget_add_css_class (GTK_WIDGET (self->note), "dimmed");
    }
  else
    {
      gtk_widget_add_css_class (GTK_WIDGET (self), "unusable");
      gtk_widget_remove_css_class (GTK_WIDGET (self->note), "dimmed");
    }
  gtk_accessible_update_property (GTK_ACCESSIBLE (self),
                                  GTK_ACCESSIBLE_PROPERTY_LABEL, name,
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, description,
                                  -1);
  gtk_accessible_update_state (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_STATE_DISABLED, !is_usable, -1);

  /* Translators: %s is the name of a model; read out by screen readers */
  details = g_strdup_printf (_("Details of %s"), name);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->details_button), GTK_ACCESSIBLE_PROPERTY_LABEL, details, -1);
}

void
sotto_model_row_set_chosen (SottoModelRow *self,
                            gboolean       is_chosen)
{
  g_return_if_fail (SOTTO_IS_MODEL_ROW (self));

  /* It keeps its place, so that no name moves. */
  gtk_widget_set_opacity (self->check, is_chosen ? 1 : 0);
  gtk_accessible_update_state (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_STATE_SELECTED, is_chosen, -1);
}

SottoModelEntry *
sotto_model_row_get_entry (SottoModelRow *self)
{
  g_return_val_if_fail (SOTTO_IS_MODEL_ROW (self), NULL);

  return self->entry;
}

static void
sotto_model_row_dispose (GObject *object)
{
  SottoModelRow *self = SOTTO_MODEL_ROW (object);

  if (self->entry != NULL)
    g_signal_handlers_disconnect_by_data (self->entry, self);
  g_clear_object (&self->entry);
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (self), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), SOTTO_TYPE_MODEL_ROW);

  G_OBJECT_CLASS (sotto_model_row_parent_class)->dispose (object);
}

static void
sotto_model_row_class_init (SottoModelRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sotto_model_row_dispose;

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/sotto_chat/Sotto/ui/composer/model-row.ui");
  gtk_widget_class_bind_template_child (widget_class, SottoModelRow, name);
  gtk_widget_class_bind_template_child (widget_class, SottoModelRow, summary);
  gtk_widget_class_bind_template_child (widget_class, SottoModelRow, sees);
  gtk_widget_class_bind_template_child (widget_class, SottoModelRow, note);
  gtk_widget_class_bind_template_child (widget_class, SottoModelRow, details_button);
  gtk_widget_class_bind_template_child (widget_class, SottoModelRow, check);
}

static void
sotto_model_row_init (SottoModelRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
sotto_model_row_new (SottoModelEntry *entry)
{
  SottoModelRow *self = g_object_new (SOTTO_TYPE_MODEL_ROW, NULL);

  self->entry = g_object_ref (entry);
  gtk_actionable_set_action_target_value (GTK_ACTIONABLE (self->details_button),
                                          g_variant_new_bytestring (sotto_model_entry_get_path (entry)));
  g_signal_connect_object (entry, "notify", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update (self);

  return GTK_WIDGET (self);
}
