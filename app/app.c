#include "app-private.h"

#include "conversation/conversation-list-private.h"
#include "document/document-folders-private.h"
#include "document/meaning-private.h"

/* The object that owns the rest. How it opens the history stands in app-open.c, how it keeps
 * nothing in app-temporary.c, what new conversations begin with in app-instructions.c, what protects it in app-protection.c, how it closes in
 * app-close.c. */

enum {
  PROP_0,
  PROP_STATE,
  PROP_PROBLEM,
  PROP_SETTINGS,
  PROP_MODELS,
  PROP_CONVERSATIONS,
  PROP_FOLDERS,
  PROP_MEANING,
  PROP_RECOVERY_CODE,
  PROP_TEMPORARY,
  PROP_PROTECTION,
  PROP_INSTRUCTIONS,
  N_PROPS
};

G_DEFINE_FINAL_TYPE (SottoApp, sotto_app, G_TYPE_OBJECT)

static GParamSpec *properties[N_PROPS];

static void
sotto_app_finalize (GObject *object)
{
  SottoApp *self = SOTTO_APP (object);

  g_clear_handle_id (&self->stop_source, g_source_remove);
  g_clear_handle_id (&self->instructions_source, g_source_remove);
  g_clear_pointer (&self->low_memory, sotto_low_memory_free);
  g_clear_object (&self->conversations);
  g_clear_object (&self->problem);
  g_clear_object (&self->opening);
  g_clear_pointer (&self->recovery_code, sotto_history_free_secret);
  g_clear_pointer (&self->services, sotto_services_unref);
  g_free (self->temporary_folder);
  g_free (self->folder);
  G_OBJECT_CLASS (sotto_app_parent_class)->finalize (object);
}

static void
sotto_app_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  SottoApp *self = SOTTO_APP (object);

  switch (prop_id)
    {
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_PROBLEM:
      g_value_set_object (value, self->problem);
      break;
    case PROP_SETTINGS:
      g_value_set_object (value, self->services->settings);
      break;
    case PROP_MODELS:
      g_value_set_object (value, self->services->library);
      break;
    case PROP_CONVERSATIONS:
      g_value_set_object (value, self->conversations);
      break;
    case PROP_FOLDERS:
      g_value_set_object (value, self->services->folders);
      break;
    case PROP_MEANING:
      g_value_set_object (value, self->services->meaning);
      break;
    case PROP_RECOVERY_CODE:
      g_value_set_string (value, self->recovery_code);
      break;
    case PROP_TEMPORARY:
      g_value_set_boolean (value, sotto_app_is_temporary (self));
      break;
    case PROP_PROTECTION:
      g_value_set_enum (value, sotto_app_get_protection (self));
      break;
    case PROP_INSTRUCTIONS:
      g_value_set_string (value, sotto_app_get_instructions (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sotto_app_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  if (prop_id == PROP_INSTRUCTIONS)
    sotto_app_set_instructions (SOTTO_APP (object), g_value_get_string (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
sotto_app_class_init (SottoAppClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->finalize = sotto_app_finalize;
  object_class->get_property = sotto_app_get_property;
  object_class->set_property = sotto_app_set_property;

  properties[PROP_STATE] = g_param_spec_enum ("state", NULL, NULL, SOTTO_TYPE_APP_STATE,
                                              SOTTO_APP_STATE_CLOSED, flags);
  properties[PROP_PROBLEM] = g_param_spec_object ("problem", NULL, NULL, SOTTO_TYPE_PROBLEM, flags);
  properties[PROP_SETTINGS] = g_param_spec_object ("settings", NULL, NULL, SOTTO_TYPE_SETTINGS,
                                                   flags);
  properties[PROP_MODELS] = g_param_spec_object ("models", NULL, NULL, SOTTO_TYPE_MODEL_LIBRARY,
                                                 flags);
  properties[PROP_CONVERSATIONS] =
    g_param_spec_object ("conversations", NULL, NULL, SOTTO_TYPE_CONVERSATION_LIST, flags);
  properties[PROP_FOLDERS] = g_param_spec_object ("folders", NULL, NULL, SOTTO_TYPE_DOCUMENT_FOLDERS, flags);
  properties[PROP_MEANING] = g_param_spec_object ("meaning", NULL, NULL, SOTTO_TYPE_MEANING, flags);
  properties[PROP_RECOVERY_CODE] = g_param_spec_string ("recovery-code", NULL, NULL, NULL, flags);
  properties[PROP_TEMPORARY] = g_param_spec_boolean ("temporary", NULL, NULL, FALSE, flags);
  properties[PROP_PROTECTION] = g_param_spec_enum ("protection", NULL, NULL, SOTTO_TYPE_PROTECTION,
                                                   SOTTO_PROTECTION_NONE, flags);
  properties[PROP_INSTRUCTIONS] = g_param_spec_string ("instructions", NULL, NULL, "",
                                                       flags | G_PARAM_WRITABLE);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

/* A reply has the processor for itself. */
static void
on_busy_changed (SottoApp *self)
{
  const gboolean is_busy = sotto_conversation_list_is_busy (self->conversations);

  sotto_document_folders_set_resting (self->services->folders, is_busy);
  sotto_meaning_set_resting (self->services->meaning, is_busy);
}

/* What was said in them may have come from elsewhere, or back. */
static void
on_conversations_changed (SottoApp *self)
{
  sotto_meaning_look_again (self->services->meaning);
}

static void
sotto_app_init (SottoApp *self)
{
  g_autoptr (SottoSettings) settings = sotto_settings_new ();

  self->services = sotto_services_new (settings);
  self->conversations = sotto_conversation_list_new (self->services);
  g_signal_connect_object (self->conversations, "notify::busy", G_CALLBACK (on_busy_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->conversations, "items-changed", G_CALLBACK (on_conversations_changed), self, G_CONNECT_SWAPPED);
}

SottoApp *
sotto_app_new (const char *folder)
{
  SottoApp *self = g_object_new (SOTTO_TYPE_APP, NULL);

  self->folder = folder != NULL ? g_strdup (folder)
                                : g_build_filename (g_get_user_data_dir (), "sotto", NULL);
  return self;
}

void
sotto_app_set_passphrase_cost (SottoApp *self, guint operations, gsize memory)
{
  self->cost_operations = operations;
  self->cost_memory = memory;
}

void
sotto_app_set_state (SottoApp *self, SottoAppState state, const GError *error)
{
  g_autoptr (SottoProblem) problem = error != NULL ? sotto_problem_new (error) : NULL;

  if (state == SOTTO_APP_STATE_READY && self->low_memory == NULL)
    self->low_memory = sotto_low_memory_new (self);
  g_object_freeze_notify (G_OBJECT (self));
  if (g_set_object (&self->problem, problem))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PROBLEM]);
  if (self->state != state)
    {
      self->state = state;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
      sotto_app_notify_protection (self);
    }
  g_object_thaw_notify (G_OBJECT (self));
}

void
sotto_app_set_recovery_code (SottoApp *self, char *code)
{
  g_clear_pointer (&self->recovery_code, sotto_history_free_secret);
  self->recovery_code = code;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_RECOVERY_CODE]);
}

void
sotto_app_notify_temporary (SottoApp *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TEMPORARY]);
}

void
sotto_app_notify_protection (SottoApp *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PROTECTION]);
}

void
sotto_app_notify_instructions (SottoApp *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_INSTRUCTIONS]);
}

/* --- The recovery code --- */

static void
on_recovery_code (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SottoApp) self = user_data;
  g_autoptr (GError) error = NULL;
  char *code = sotto_store_make_recovery_code_finish (SOTTO_STORE (source), result, &error);

  if (code != NULL)
    sotto_app_set_recovery_code (self, code);
  else
    sotto_app_set_state (self, self->state, error);
}

void
sotto_app_renew_recovery_code (SottoApp *self)
{
  g_return_if_fail (SOTTO_IS_APP (self));

  if (self->services->store != NULL && self->temporary_folder == NULL)
    sotto_store_make_recovery_code_async (self->services->store, NULL, on_recovery_code,
                                          g_object_ref (self));
}

void
sotto_app_dismiss_recovery_code (SottoApp *self)
{
  g_return_if_fail (SOTTO_IS_APP (self));

  if (self->recovery_code != NULL)
    sotto_app_set_recovery_code (self, NULL);
}

/* --- Getters --- */

SottoAppState
sotto_app_get_state (SottoApp *self)
{
  g_return_val_if_fail (SOTTO_IS_APP (self), SOTTO_APP_STATE_CLOSED);
  return self->state;
}

SottoProblem *
sotto_app_get_problem (SottoApp *self)
{
  g_return_val_if_fail (SOTTO_IS_APP (self), NULL);
  return self->problem;
}

SottoSettings *
sotto_app_get_settings (SottoApp *self)
{
  g_return_val_if_fail (SOTTO_IS_APP (self), NULL);
  return self->services->settings;
}

guint64
sotto_app_measure_timelines (SottoApp *self)
{
  g_return_val_if_fail (SOTTO_IS_APP (self), 0);
  return sotto_inference_measure_sealed (self->services->inference);
}

SottoModelLibrary *
sotto_app_get_models (SottoApp *self)
{
  g_return_val_if_fail (SOTTO_IS_APP (self), NULL);
  return self->services->library;
}

void
sotto_app_close_model (SottoApp *self, SottoModelEntry *model)
{
  g_return_if_fail (SOTTO_IS_APP (self));
  g_return_if_fail (SOTTO_IS_MODEL_ENTRY (model));

  sotto_inference_unload (self->services->inference, sotto_model_entry_get_path (model));
}

SottoConversationList *
sotto_app_get_conversations (SottoApp *self)
{
  g_return_val_if_fail (SOTTO_IS_APP (self), NULL);
  return self->conversations;
}

SottoDocumentFolders *
sotto_app_get_folders (SottoApp *self)
{
  g_return_val_if_fail (SOTTO_IS_APP (self), NULL);
  return self->services->folders;
}

SottoMeaning *
sotto_app_get_meaning (SottoApp *self)
{
  g_return_val_if_fail (SOTTO_IS_APP (self), NULL);
  return self->services->meaning;
}

const char *
sotto_app_get_folder (SottoApp *self)
{
  g_return_val_if_fail (SOTTO_IS_APP (self), NULL);
  return self->folder;
}

const char *
sotto_app_get_recovery_code (SottoApp *self)
{
  g_return_val_if_fail (SOTTO_IS_APP (self), NULL);
  return self->recovery_code;
}

gboolean
sotto_app_is_temporary (SottoApp *self)
{
  g_return_val_if_fail (SOTTO_IS_APP (self), FALSE);
  return self->temporary_folder != NULL;
}
