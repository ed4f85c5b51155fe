#include "preferences.h"

#include <glib/gi18n.h>

struct _SottoPreferences {
  AdwPreferencesDialog parent_instance;

  /* Template Widgets */
  GtkWidget *not_kept_group;
  GtkWidget *privacy_group;
  GtkAdjustment *temperature;
  GtkAdjustment *top_p;
  GtkAdjustment *top_k;
  GtkAdjustment *min_p;
  GtkAdjustment *repetition_penalty;
  GtkAdjustment *max_tokens;
  GtkAdjustment *context_length;
  GtkAdjustment *threads;
  AdwSwitchRow *keep_row;

  /* Owned */
  SottoApp *app;
};

G_DEFINE_FINAL_TYPE (SottoPreferences, sotto_preferences, ADW_TYPE_PREFERENCES_DIALOG)

/* What the group "Replies" sets, and "Reset" puts back. */
static const char *const reply_settings[] = {
  "temperature", "top-p", "top-k", "min-p", "repetition-penalty", "max-tokens",
};

static void
reset (SottoPreferences *self)
{
  SottoSettings *settings = sotto_app_get_settings (self->app);
  GObjectClass *klass = G_OBJECT_GET_CLASS (settings);

  for (guint i = 0; i < G_N_ELEMENTS (reply_settings); i++)
    g_object_set_property (G_OBJECT (settings), reply_settings[i],
                           g_param_spec_get_default_value (g_object_class_find_property (klass, reply_settings[i])));
}

/* The code is shown by the window, as the first one was. */
static void
renew_code (SottoPreferences *self)
{
  sotto_app_renew_recovery_code (self->app);
  adw_dialog_close (ADW_DIALOG (self));
}

/* --- The widget --- */

static void
bind (SottoPreferences *self,
      const char       *setting,
      gpointer          target,
      const char       *property)
{
  g_object_bind_property (sotto_app_get_settings (self->app), setting, target, property,
                          G_BINDING_BIDIRECTIONAL | G_BINDING_SYNC_CREATE);
}

static void
sotto_preferences_dispose (GObject *object)
{
  SottoPreferences *self = SOTTO_PREFERENCES (object);

  g_clear_object (&self->app);
  gtk_widget_dispose_template (GTK_WIDGET (self), SOTTO_TYPE_PREFERENCES);

  G_OBJECT_CLASS (sotto_preferences_parent_class)->dispose (object);
}

static void
sotto_preferences_class_init (SottoPreferencesClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sotto_preferences_dispose;

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/sotto_chat/Sotto/ui/preferences.ui");
  gtk_widget_class_bind_template_child (widget_class, SottoPreferences, not_kept_group);
  gtk_widget_class_bind_template_child (widget_class, SottoPreferences, privacy_group);
  gtk_widget_class_bind_template_child (widget_class, SottoPreferences, temperature);
  gtk_widget_class_bind_template_child (widget_class, SottoPreferences, top_p);
  gtk_widget_class_bind_template_child (widget_class, SottoPreferences, top_k);
  gtk_widget_class_bind_template_child (widget_class, SottoPreferences, min_p);
  gtk_widget_class_bind_template_child (widget_class, SottoPreferences, repetition_penalty);
  gtk_widget_class_bind_template_child (widget_class, SottoPreferences, max_tokens);
  gtk_widget_class_bind_template_child (widget_class, SottoPreferences, context_length);
  gtk_widget_class_bind_template_child (widget_class, SottoPreferences, threads);
  gtk_widget_class_bind_template_child (widget_class, SottoPreferences, keep_row);
  gtk_widget_class_bind_template_callback (widget_class, renew_code);
  gtk_widget_class_bind_template_callback (widget_class, reset);
}

static void
sotto_preferences_init (SottoPreferences *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

AdwDialog *
sotto_preferences_new (SottoApp *app)
{
  SottoPreferences *self = g_object_new (SOTTO_TYPE_PREFERENCES, NULL);

  self->app = g_object_ref (app);
  bind (self, "temperature", self->temperature, "value");
  bind (self, "top-p", self->top_p, "value");
  bind (self, "top-k", self->top_k, "value");
  bind (self, "min-p", self->min_p, "value");
  bind (self, "repetition-penalty", self->repetition_penalty, "value");
  bind (self, "max-tokens", self->max_tokens, "value");
  bind (self, "context-length", self->context_length, "value");
  bind (self, "threads", self->threads, "value");
  bind (self, "keep-previous-model", self->keep_row, "active");
  gtk_widget_set_visible (self->not_kept_group, !sotto_settings_is_kept (sotto_app_get_settings (app)));
  gtk_widget_set_visible (self->privacy_group, sotto_app_get_state (app) == SOTTO_APP_STATE_READY &&
                                               !sotto_app_is_temporary (app));

  return ADW_DIALOG (self);
}
