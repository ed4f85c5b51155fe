#include "preferences.h"

#include <glib/gi18n.h>

#include "auto-lock.h"
#include "banner.h"
#include "folder/meaning-group.h"
#include "passphrase-dialog.h"
#include "toast.h"

struct _SottoPreferences {
  AdwPreferencesDialog parent_instance;

  /* Template Widgets */
  GtkWidget *not_kept_group;
  AdwBanner *failing_banner;
  GtkWidget *instructions_group;
  GtkTextBuffer *instructions;
  GtkWidget *privacy_group;
  GtkWidget *protection_row;
  GtkWidget *passphrase_row;
  GtkWidget *keyring_row;
  GtkWidget *code_row;
  GtkWidget *locking_group;
  AdwComboRow *lock_after_row;
  AdwSwitchRow *lock_screen_row;
  GtkAdjustment *temperature;
  GtkAdjustment *top_p;
  GtkAdjustment *top_k;
  GtkAdjustment *min_p;
  GtkAdjustment *repetition_penalty;
  GtkAdjustment *max_tokens;
  GtkAdjustment *context_length;
  GtkAdjustment *threads;
  AdwSwitchRow *keep_row;
  AdwSwitchRow *ready_row;
  GtkWidget *shortcut_group;
  GtkWidget *shortcut_row;
  SottoMeaningGroup *meaning_group;

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

/* --- Locking by itself --- */

/* As the row has them, in minutes */
static const int lock_times[] = { 0, 5, 15, 60 };

/* A time that was set elsewhere is shown as the one below it, and stays as it is. */
static void
show_locking (SottoPreferences *self)
{
  int minutes = sotto_settings_get_int (sotto_app_get_settings (self->app), "lock-after");
  guint selected = 0;

  for (guint i = 0; i < G_N_ELEMENTS (lock_times); i++)
    if (minutes >= lock_times[i])
      selected = i;
  g_signal_handlers_block_matched (self->lock_after_row, G_SIGNAL_MATCH_DATA, 0, 0, NULL, NULL, self);
  g_signal_handlers_block_matched (self->lock_screen_row, G_SIGNAL_MATCH_DATA, 0, 0, NULL, NULL, self);
  adw_combo_row_set_selected (self->lock_after_row, selected);
  adw_switch_row_set_active (self->lock_screen_row, sotto_auto_lock_goes_with_screen (self->app));
  g_signal_handlers_unblock_matched (self->lock_after_row, G_SIGNAL_MATCH_DATA, 0, 0, NULL, NULL, self);
  g_signal_handlers_unblock_matched (self->lock_screen_row, G_SIGNAL_MATCH_DATA, 0, 0, NULL, NULL, self);
}

static void
on_lock_after_chosen (SottoPreferences *self)
{
  guint selected = adw_combo_row_get_selected (self->lock_after_row);

  if (self->app != NULL && selected < G_N_ELEMENTS (lock_times))
    g_object_set (sotto_app_get_settings (self->app), "lock-after", lock_times[selected], NULL);
}

static void
on_lock_screen_chosen (SottoPreferences *self)
{
  if (self->app != NULL)
    g_object_set (sotto_app_get_settings (self->app), "lock-with-screen", adw_switch_row_get_active (self->lock_screen_row) ? 1 : 0,
                  NULL);
}

/* --- What protects the conversations --- */

static void
show_failing (SottoPreferences *self)
{
  sotto_banner_set_revealed (self->failing_banner, sotto_settings_is_failing (sotto_app_get_settings (self->app)));
}

static void
show_protection (SottoPreferences *self)
{
  SottoProtection protection = sotto_app_get_protection (self->app);
  const char *words = "";

  switch (protection)
    {
    case SOTTO_PROTECTION_KEYRING:
      words = _("The keyring holds their key and opens them without asking.");
      break;
    case SOTTO_PROTECTION_PASSPHRASE:
      words = _("Your passphrase opens them. It is asked whenever Sotto starts.");
      break;
    case SOTTO_PROTECTION_TEMPORARY:
      words = _("Nobody has their key, and nothing is kept.");
      break;
    case SOTTO_PROTECTION_NONE:
    default:
      break;
    }

  /* They are kept with the conversations. */
  gtk_widget_set_visible (self->instructions_group, protection != SOTTO_PROTECTION_NONE);
  gtk_widget_set_visible (self->privacy_group, protection != SOTTO_PROTECTION_NONE);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (self->protection_row), words);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->passphrase_row),
                                 protection == SOTTO_PROTECTION_PASSPHRASE ? _("Change _Passphrase…") : _("Set a _Passphrase…"));
  gtk_widget_set_visible (self->passphrase_row, protection != SOTTO_PROTECTION_TEMPORARY);
  gtk_widget_set_visible (self->keyring_row, protection == SOTTO_PROTECTION_PASSPHRASE);
  gtk_widget_set_visible (self->code_row, protection != SOTTO_PROTECTION_TEMPORARY);
  gtk_widget_set_visible (self->locking_group, protection != SOTTO_PROTECTION_NONE && protection != SOTTO_PROTECTION_TEMPORARY);
  show_locking (self);
}

static void
add_toast (SottoPreferences *self,
           const char       *text)
{
  AdwToast *toast = sotto_toast_new (text);

  sotto_toast_wrap (toast, GTK_WIDGET (self));
  adw_preferences_dialog_add_toast (ADW_PREFERENCES_DIALOG (self), toast);
}

static void
on_passphrase_set (SottoPreferences *self,
                   SottoApp         *app)
{
  add_toast (self, _("The passphrase protects your conversations now"));
}

static void
set_passphrase (SottoPreferences *self)
{
  sotto_passphrase_dialog_present (GTK_WIDGET (self), self->app, G_CALLBACK (on_passphrase_set), G_OBJECT (self));
}

static void
on_keyring_used (GObject      *source,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr (SottoPreferences) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoProblem) problem = NULL;
  gboolean ok = sotto_app_use_keyring_finish (SOTTO_APP (source), result, &error);

  /* The dialog was closed meanwhile. */
  if (self->app == NULL)
    return;

  gtk_widget_set_sensitive (self->keyring_row, TRUE);
  gtk_widget_set_sensitive (self->passphrase_row, TRUE);
  if (ok)
    {
      add_toast (self, _("The keyring protects your conversations now"));
      return;
    }

  /* Where the button is, and not gone after a few seconds */
  problem = sotto_problem_new (error);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (self->protection_row), sotto_problem_get_text (problem));
  gtk_accessible_announce (GTK_ACCESSIBLE (self), sotto_problem_get_text (problem), GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_HIGH);
}

static void
use_keyring (SottoPreferences *self)
{
  gtk_widget_set_sensitive (self->keyring_row, FALSE);
  gtk_widget_set_sensitive (self->passphrase_row, FALSE);
  sotto_app_use_keyring_async (self->app, NULL, on_keyring_used, g_object_ref (self));
}

/* --- What is kept of long conversations --- */

static void
show_ready (SottoPreferences *self)
{
  guint64 n_bytes = sotto_app_measure_timelines (self->app);
  g_autofree char *size = g_format_size (n_bytes);
  /* Translators: %s is an amount, as in “230 MB” */
  g_autofree char *text = g_strdup_printf (_("After a restart, replies begin without reading them again. Takes %s of the disk, encrypted."),
                                           size);

  adw_action_row_set_subtitle (ADW_ACTION_ROW (self->ready_row),
                               n_bytes > 0 ? text : _("After a restart, replies begin without reading them again"));
}

/* --- The key that brings Sotto up --- */

static void
show_shortcut (SottoPreferences    *self,
               SottoGlobalShortcut *shortcut)
{
  const char *trigger = sotto_global_shortcut_get_trigger (shortcut);
  const char *words = "";

  switch (sotto_global_shortcut_get_state (shortcut))
    {
    case SOTTO_GLOBAL_SHORTCUT_ASKING:
      words = _("The desktop is being asked for a key…");
      break;
    case SOTTO_GLOBAL_SHORTCUT_ON:
      words = trigger != NULL && *trigger != '\0' ? trigger : _("The settings of the desktop say by which key");
      break;
    case SOTTO_GLOBAL_SHORTCUT_REFUSED:
      words = _("The desktop gave no key");
      break;
    case SOTTO_GLOBAL_SHORTCUT_OFF:
    default:
      words = _("While it runs, by a key that the desktop lets you choose");
      break;
    }

  gtk_widget_set_visible (self->shortcut_group, sotto_global_shortcut_is_available (shortcut));
  adw_action_row_set_subtitle (ADW_ACTION_ROW (self->shortcut_row), words);
}

static void
on_shortcut_changed (SottoPreferences    *self,
                     SottoGlobalShortcut *shortcut)
{
  show_shortcut (self, shortcut);
  if (sotto_global_shortcut_get_state (shortcut) == SOTTO_GLOBAL_SHORTCUT_REFUSED)
    gtk_accessible_announce (GTK_ACCESSIBLE (self), adw_action_row_get_subtitle (ADW_ACTION_ROW (self->shortcut_row)),
                             GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_HIGH);
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

  g_type_ensure (SOTTO_TYPE_MEANING_GROUP);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/sotto_chat/Sotto/ui/preferences.ui");
  gtk_widget_class_bind_template_child (widget_class, SottoPreferences, not_kept_group);
  gtk_widget_class_bind_template_child (widget_class, SottoPreferences, failing_banner);
  gtk_widget_class_bind_template_child (widget_class, SottoPreferences, instructions_group);
  gtk_widget_class_bind_template_child (widget_class, SottoPreferences, instructions);
  gtk_widget_class_bind_template_child (widget_class, SottoPreferences, privacy_group);
  gtk_widget_class_bind_template_child (widget_class, SottoPreferences, protection_row);
  gtk_widget_class_bind_template_child (widget_class, SottoPreferences, passphrase_row);
  gtk_widget_class_bind_template_child (widget_class, SottoPreferences, keyring_row);
  gtk_widget_class_bind_template_child (widget_class, SottoPreferences, code_row);
  gtk_widget_class_bind_template_child (widget_class, SottoPreferences, locking_group);
  gtk_widget_class_bind_template_child (widget_class, SottoPreferences, lock_after_row);
  gtk_widget_class_bind_template_child (widget_class, SottoPreferences, lock_screen_row);
  gtk_widget_class_bind_template_child (widget_class, SottoPreferences, temperature);
  gtk_widget_class_bind_template_child (widget_class, SottoPreferences, top_p);
  gtk_widget_class_bind_template_child (widget_class, SottoPreferences, top_k);
  gtk_widget_class_bind_template_child (widget_class, SottoPreferences, min_p);
  gtk_widget_class_bind_template_child (widget_class, SottoPreferences, repetition_penalty);
  gtk_widget_class_bind_template_child (widget_class, SottoPreferences, max_tokens);
  gtk_widget_class_bind_template_child (widget_class, SottoPreferences, context_length);
  gtk_widget_class_bind_template_child (widget_class, SottoPreferences, threads);
  gtk_widget_class_bind_template_child (widget_class, SottoPreferences, keep_row);
  gtk_widget_class_bind_template_child (widget_class, SottoPreferences, ready_row);
  gtk_widget_class_bind_template_child (widget_class, SottoPreferences, shortcut_group);
  gtk_widget_class_bind_template_child (widget_class, SottoPreferences, shortcut_row);
  gtk_widget_class_bind_template_child (widget_class, SottoPreferences, meaning_group);
  gtk_widget_class_bind_template_callback (widget_class, on_lock_after_chosen);
  gtk_widget_class_bind_template_callback (widget_class, on_lock_screen_chosen);
  gtk_widget_class_bind_template_callback (widget_class, renew_code);
  gtk_widget_class_bind_template_callback (widget_class, reset);
  gtk_widget_class_bind_template_callback (widget_class, set_passphrase);
  gtk_widget_class_bind_template_callback (widget_class, use_keyring);
}

static void
sotto_preferences_init (SottoPreferences *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  sotto_banner_prepare (self->failing_banner);
}

AdwDialog *
sotto_preferences_new (SottoApp            *app,
                       SottoGlobalShortcut *shortcut)
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
  bind (self, "keep-timelines", self->ready_row, "active");
  show_ready (self);
  g_signal_connect_object (self->ready_row, "notify::active", G_CALLBACK (show_ready), self, G_CONNECT_SWAPPED);
  bind (self, "global-shortcut", self->shortcut_row, "active");
  sotto_meaning_group_set_app (self->meaning_group, app);
  g_object_bind_property (app, "instructions", self->instructions, "text",
                          G_BINDING_BIDIRECTIONAL | G_BINDING_SYNC_CREATE);
  gtk_widget_set_visible (self->not_kept_group, !sotto_settings_is_kept (sotto_app_get_settings (app)));
  show_failing (self);
  g_signal_connect_object (sotto_app_get_settings (app), "failing-changed", G_CALLBACK (show_failing), self, G_CONNECT_SWAPPED);
  show_shortcut (self, shortcut);
  g_signal_connect_object (shortcut, "changed", G_CALLBACK (on_shortcut_changed), self, G_CONNECT_SWAPPED);
  sotto_global_shortcut_look (shortcut);
  show_protection (self);
  g_signal_connect_object (app, "notify::protection", G_CALLBACK (show_protection), self, G_CONNECT_SWAPPED);

  return ADW_DIALOG (self);
}
