#include "document/meaning-private.h"

#include "document/document-folders-private.h"
#include "model/model-entry-private.h"

/* Which model finds by meaning, and whether there is something to do for it:
 *
 *   OFF       the person does not want it, or no history is open
 *   NO_MODEL  ─ one comes ─►
 *   the history is told whose vectors count, and looked through for messages and passages without one (meaning-work.c):
 *     READY     there are none
 *     WAITING   there are some, and a reply is being written, folders are being read or power is saved
 *     WORKING   ─ a few at a time ─► READY
 *   FAILED    until the model, its file, the documents or the setting change, or the person tries again
 *
 * All that changes leads to sotto_meaning_update(). Nothing ticks: who is READY, or waits, is woken by what it waits for.
 *
 * What was made of passages and messages is hours of work on a large folder. It is kept when the model's file is not there, which may be on a disk
 * that comes back, and while finding by meaning is switched off; only when the history is opened and it still is, what is there
 * goes. Therefore a model that has been used is also written down as chosen: a new one whose name comes first must not take its place. */

/* How long the model stays open when nobody has needed it */
#define UNLOAD_SECONDS 30

enum {
  PROP_0,
  PROP_STATE,
  PROP_MODELS,
  PROP_MODEL,
  PROP_N_DONE,
  PROP_N_ALL,
  PROP_STATUS_TEXT,
  PROP_PROBLEM,
  N_PROPS
};

G_DEFINE_FINAL_TYPE (SottoMeaning, sotto_meaning, G_TYPE_OBJECT)

G_DEFINE_ENUM_TYPE (SottoMeaningState, sotto_meaning_state,
  G_DEFINE_ENUM_VALUE (SOTTO_MEANING_STATE_OFF, "off"),
  G_DEFINE_ENUM_VALUE (SOTTO_MEANING_STATE_NO_MODEL, "no-model"),
  G_DEFINE_ENUM_VALUE (SOTTO_MEANING_STATE_WAITING, "waiting"),
  G_DEFINE_ENUM_VALUE (SOTTO_MEANING_STATE_WORKING, "working"),
  G_DEFINE_ENUM_VALUE (SOTTO_MEANING_STATE_READY, "ready"),
  G_DEFINE_ENUM_VALUE (SOTTO_MEANING_STATE_FAILED, "failed"))

static GParamSpec *properties[N_PROPS];

static void
sotto_meaning_dispose (GObject *object)
{
  SottoMeaning *self = SOTTO_MEANING (object);

  sotto_meaning_close (self);
  if (self->folders != NULL)
    sotto_document_folders_set_meaning (self->folders, NULL);
  g_clear_object (&self->settings);
  g_clear_object (&self->library);
  g_clear_object (&self->inference);
  g_clear_object (&self->folders);
  g_clear_object (&self->power);
  g_clear_object (&self->model);
  g_clear_object (&self->problem);
  g_clear_pointer (&self->questions, g_ptr_array_unref);
  g_clear_pointer (&self->status_text, g_free);
  G_OBJECT_CLASS (sotto_meaning_parent_class)->dispose (object);
}

static void
sotto_meaning_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  SottoMeaning *self = SOTTO_MEANING (object);

  switch (prop_id)
    {
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_MODELS:
      g_value_set_object (value, sotto_meaning_get_models (self));
      break;
    case PROP_MODEL:
      g_value_set_object (value, self->model);
      break;
    case PROP_N_DONE:
      g_value_set_uint64 (value, sotto_meaning_get_n_done (self));
      break;
    case PROP_N_ALL:
      g_value_set_uint64 (value, self->n_all);
      break;
    case PROP_STATUS_TEXT:
      g_value_set_string (value, self->status_text);
      break;
    case PROP_PROBLEM:
      g_value_set_object (value, self->problem);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sotto_meaning_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  if (prop_id == PROP_MODEL)
    sotto_meaning_set_model (SOTTO_MEANING (object), g_value_get_object (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
sotto_meaning_class_init (SottoMeaningClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->dispose = sotto_meaning_dispose;
  object_class->get_property = sotto_meaning_get_property;
  object_class->set_property = sotto_meaning_set_property;

  properties[PROP_STATE] = g_param_spec_enum ("state", NULL, NULL, SOTTO_TYPE_MEANING_STATE, SOTTO_MEANING_STATE_OFF, flags);
  properties[PROP_MODELS] = g_param_spec_object ("models", NULL, NULL, G_TYPE_LIST_MODEL, flags);
  properties[PROP_MODEL] = g_param_spec_object ("model", NULL, NULL, SOTTO_TYPE_MODEL_ENTRY, flags | G_PARAM_WRITABLE);
  properties[PROP_N_DONE] = g_param_spec_uint64 ("n-done", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  properties[PROP_N_ALL] = g_param_spec_uint64 ("n-all", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  properties[PROP_STATUS_TEXT] = g_param_spec_string ("status-text", NULL, NULL, NULL, flags);
  properties[PROP_PROBLEM] = g_param_spec_object ("problem", NULL, NULL, SOTTO_TYPE_PROBLEM, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
sotto_meaning_init (SottoMeaning *self)
{
  self->questions = g_ptr_array_new ();
  self->n_texts = 1;
  self->status_text = g_strdup ("");
}

/* --- What is said --- */

static void
set_problem (SottoMeaning *self, SottoProblem *problem)
{
  if (g_set_object (&self->problem, problem))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PROBLEM]);
}

/* The numbers may have changed as well. */
static void
set_state (SottoMeaning *self, SottoMeaningState state)
{
  GObject *object = G_OBJECT (self);
  g_autofree char *text = NULL;

  g_object_freeze_notify (object);
  if (state != SOTTO_MEANING_STATE_FAILED)
    set_problem (self, NULL);
  if (self->state != state)
    {
      self->state = state;
      g_object_notify_by_pspec (object, properties[PROP_STATE]);
    }
  text = sotto_meaning_describe (self);
  if (g_set_str (&self->status_text, text))
    g_object_notify_by_pspec (object, properties[PROP_STATUS_TEXT]);
  g_object_notify_by_pspec (object, properties[PROP_N_DONE]);
  g_object_notify_by_pspec (object, properties[PROP_N_ALL]);
  g_object_thaw_notify (object);
}

void
sotto_meaning_set_error (SottoMeaning *self, const GError *error)
{
  g_autoptr (SottoProblem) problem =
    sotto_meaning_create_problem (self->model != NULL ? sotto_model_entry_get_name (self->model) : "", error);

  sotto_meaning_end_work (self);
  g_object_freeze_notify (G_OBJECT (self));
  set_problem (self, problem);
  set_state (self, SOTTO_MEANING_STATE_FAILED);
  g_object_thaw_notify (G_OBJECT (self));
}

/* --- The model is open --- */

static gboolean
on_unneeded (gpointer user_data)
{
  SottoMeaning *self = user_data;

  self->unload_source = 0;
  sotto_meaning_set_opened (self, NULL);
  return G_SOURCE_REMOVE;
}

void
sotto_meaning_set_opened (SottoMeaning *self, const char *path)
{
  g_clear_handle_id (&self->unload_source, g_source_remove);
  if (self->opened != NULL && g_strcmp0 (self->opened, path) != 0)
    sotto_inference_unload (self->inference, self->opened);
  g_set_str (&self->opened, path);
  if (path != NULL)
    self->unload_source = g_timeout_add_seconds (UNLOAD_SECONDS, on_unneeded, self);
}

void
sotto_meaning_release_memory (SottoMeaning *self)
{
  if (self->questions->len == 0 && !sotto_meaning_is_computing (self))
    sotto_meaning_set_opened (self, NULL);
}

/* --- What is to be done --- */

gboolean
sotto_meaning_must_rest (SottoMeaning *self)
{
  if (self->power == NULL)
    {
      /* The first question to the monitor starts it. */
      self->power = g_power_profile_monitor_dup_default ();
      g_signal_connect_object (self->power, "notify::power-saver-enabled", G_CALLBACK (sotto_meaning_update), self,
                               G_CONNECT_SWAPPED);
    }
  return self->is_resting || self->questions->len > 0 || sotto_document_folders_is_reading (self->folders)
         || g_power_profile_monitor_get_power_saver_enabled (self->power);
}

static void
on_told (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SottoMeaning) self = user_data;
  g_autoptr (GError) error = NULL;
  const gboolean is_done = sotto_store_set_embedder_finish (SOTTO_STORE (source), result, &error);

  if (self->store != SOTTO_STORE (source) || self->embedder == NULL)
    return;
  if (!is_done)
    {
      g_clear_pointer (&self->embedder, g_free);
      sotto_meaning_set_error (self, error);
      return;
    }
  self->is_told = TRUE;
  sotto_meaning_update (self);
}

/* Forgets whose vectors count, here, and ends what is done for it. */
static void
forget_embedder (SottoMeaning *self)
{
  sotto_meaning_end_work (self);
  sotto_meaning_end_questions (self);
  sotto_meaning_set_opened (self, NULL);
  g_clear_pointer (&self->embedder, g_free);
  self->is_told = FALSE;
  self->n_left = 0;
  self->n_all = 0;
}

static void
set_embedder (SottoMeaning *self, const char *embedder)
{
  if (g_strcmp0 (self->embedder, embedder) == 0)
    return;

  forget_embedder (self);
  set_problem (self, NULL);
  self->embedder = g_strdup (embedder);
  self->is_stale = TRUE;
  self->n_texts = 1;
  sotto_store_set_embedder_async (self->store, embedder, NULL, on_told, g_object_ref (self));
}

static void
take_model (SottoMeaning *self)
{
  if (!g_set_object (&self->model, sotto_model_library_get_embedder (self->library)))
    return;
  set_problem (self, NULL);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MODEL]);
}

/* Returns: whether there is one that can be used now */
static gboolean
has_usable_model (SottoMeaning *self)
{
  SottoModelEntry *model = self->model;

  if (model != NULL && sotto_model_entry_is_usable (model))
    return TRUE;

  forget_embedder (self);
  if (model == NULL && !sotto_model_library_is_looking (self->library))
    {
      set_state (self, SOTTO_MEANING_STATE_NO_MODEL);
    }
  else if (model != NULL && sotto_model_entry_get_problem (model) != NULL)
    {
      const SottoModelFacts *facts = sotto_model_entry_peek_facts (model);
      const gboolean is_missing = sotto_model_entry_get_state (model) == SOTTO_MODEL_STATE_MISSING;
      g_autoptr (GError) missing = g_error_new_literal (SOTTO_APP_ERROR, SOTTO_APP_ERROR_MODEL_MISSING, "The file is not there");

      sotto_meaning_set_error (self, is_missing ? missing : facts->error);
    }
  return FALSE;
}

static void
go_on (SottoMeaning *self)
{
  const gboolean must_rest = self->n_left > 0 && sotto_meaning_must_rest (self);

  if (must_rest && sotto_meaning_is_computing (self))
    sotto_meaning_end_work (self);
  if (self->work == NULL && (self->is_stale || (self->n_left > 0 && !must_rest)))
    sotto_meaning_begin_work (self);
  /* How things stand is being looked up, which leads here again. */
  if (self->work != NULL && !sotto_meaning_is_computing (self))
    return;

  if (self->n_left == 0)
    set_state (self, SOTTO_MEANING_STATE_READY);
  else
    set_state (self, must_rest ? SOTTO_MEANING_STATE_WAITING : SOTTO_MEANING_STATE_WORKING);
}

void
sotto_meaning_update (SottoMeaning *self)
{
  if (self->library == NULL)
    return;
  take_model (self);
  if (self->store == NULL || !sotto_settings_get_boolean (self->settings, "find-by-meaning"))
    {
      forget_embedder (self);
      set_state (self, SOTTO_MEANING_STATE_OFF);
      return;
    }
  if (!has_usable_model (self))
    return;

  set_embedder (self, sotto_model_entry_peek_facts (self->model)->embedder);
  if (self->is_told && self->problem == NULL)
    go_on (self);
}

/* --- What changes --- */

/* Something is another way than when it failed. */
static void
on_changed (SottoMeaning *self)
{
  set_problem (self, NULL);
  sotto_meaning_update (self);
}

void
sotto_meaning_look_again (SottoMeaning *self)
{
  self->is_stale = TRUE;
  sotto_meaning_update (self);
}

static void
on_documents_changed (SottoMeaning *self)
{
  if (!sotto_document_folders_is_reading (self->folders))
    {
      set_problem (self, NULL);
      self->is_stale = TRUE;
    }
  sotto_meaning_update (self);
}

SottoMeaning *
sotto_meaning_new (SottoSettings        *settings,
                   SottoModelLibrary    *library,
                   SottoInference       *inference,
                   SottoDocumentFolders *folders)
{
  SottoMeaning *self = g_object_new (SOTTO_TYPE_MEANING, NULL);

  self->settings = g_object_ref (settings);
  self->library = g_object_ref (library);
  self->inference = g_object_ref (inference);
  self->folders = g_object_ref (folders);
  sotto_document_folders_set_meaning (folders, self);
  g_signal_connect_object (settings, "notify::find-by-meaning", G_CALLBACK (on_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (settings, "notify::meaning-model", G_CALLBACK (on_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (sotto_model_library_get_embedders (library), "items-changed", G_CALLBACK (sotto_meaning_update), self,
                           G_CONNECT_SWAPPED);
  /* What was there may have changed, or have come back. */
  g_signal_connect_object (library, "notify::looking", G_CALLBACK (sotto_meaning_update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (folders, "notify::reading", G_CALLBACK (on_documents_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (folders, "items-changed", G_CALLBACK (on_documents_changed), self, G_CONNECT_SWAPPED);
  sotto_meaning_update (self);
  return self;
}

static void
on_forgotten (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  /* The next opening tries again. */
  if (!sotto_store_set_embedder_finish (SOTTO_STORE (source), result, &error))
    g_debug ("Vectors that nobody wants are still there: %s", error->message);
}

void
sotto_meaning_open (SottoMeaning *self, SottoStore *store)
{
  g_return_if_fail (self->store == NULL);

  self->store = g_object_ref (store);
  if (!sotto_settings_get_boolean (self->settings, "find-by-meaning"))
    sotto_store_set_embedder_async (store, NULL, NULL, on_forgotten, NULL);
  on_changed (self);
}

void
sotto_meaning_close (SottoMeaning *self)
{
  if (self->store == NULL)
    return;

  forget_embedder (self);
  g_clear_object (&self->store);
  on_changed (self);
}

void
sotto_meaning_set_resting (SottoMeaning *self, gboolean is_resting)
{
  if (self->is_resting == is_resting)
    return;
  self->is_resting = is_resting;
  /* The reply that has ended is a message now. */
  self->is_stale |= !is_resting;
  sotto_meaning_update (self);
}

void
sotto_meaning_try_again (SottoMeaning *self)
{
  g_return_if_fail (SOTTO_IS_MEANING (self));

  self->is_stale = TRUE;
  on_changed (self);
  /* Its file may have been put back where no folder is watched. */
  if (self->state == SOTTO_MEANING_STATE_FAILED)
    sotto_model_library_refresh (self->library);
}

/* --- Getters --- */

SottoMeaningState
sotto_meaning_get_state (SottoMeaning *self)
{
  g_return_val_if_fail (SOTTO_IS_MEANING (self), SOTTO_MEANING_STATE_OFF);
  return self->state;
}

GListModel *
sotto_meaning_get_models (SottoMeaning *self)
{
  g_return_val_if_fail (SOTTO_IS_MEANING (self), NULL);
  return sotto_model_library_get_embedders (self->library);
}

SottoModelEntry *
sotto_meaning_get_model (SottoMeaning *self)
{
  g_return_val_if_fail (SOTTO_IS_MEANING (self), NULL);
  return self->model;
}

void
sotto_meaning_set_model (SottoMeaning *self, SottoModelEntry *model)
{
  g_return_if_fail (SOTTO_IS_MEANING (self));
  g_return_if_fail (model == NULL || SOTTO_IS_MODEL_ENTRY (model));

  g_object_set (self->settings, "meaning-model", model != NULL ? sotto_model_entry_get_path (model) : "", NULL);
}

guint64
sotto_meaning_get_n_done (SottoMeaning *self)
{
  g_return_val_if_fail (SOTTO_IS_MEANING (self), 0);
  return self->n_all - MIN (self->n_left, self->n_all);
}

guint64
sotto_meaning_get_n_all (SottoMeaning *self)
{
  g_return_val_if_fail (SOTTO_IS_MEANING (self), 0);
  return self->n_all;
}

const char *
sotto_meaning_get_status_text (SottoMeaning *self)
{
  g_return_val_if_fail (SOTTO_IS_MEANING (self), NULL);
  return self->status_text;
}

SottoProblem *
sotto_meaning_get_problem (SottoMeaning *self)
{
  g_return_val_if_fail (SOTTO_IS_MEANING (self), NULL);
  return self->problem;
}
