#include "app-private.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <sys/random.h>

#include "conversation-list-private.h"
#include "services.h"

/* Opening the history:
 *
 *   CLOSED ─open─► OPENING ─► probe
 *      nothing there:   keyring ─► created ─► READY, with a recovery code to show
 *                       no keyring, or refused, or a passphrase is preferred ─► FIRST_START
 *      something there: keyring slot ─► opened ─► READY
 *                         else KEYRING_LOCKED, _DENIED, _ABSENT, WRONG, or the passphrase's turn
 *                       passphrase slot ─► NEEDS_PASSPHRASE ─unlock─► READY, or the same with a problem
 *      any:             CORRUPT, NEWER, IN_USE, FAILED
 *
 * Only sotto_store_create_async() makes anything, and it is called where the probe found nothing.
 *
 * Closing (see README.md): stop replies, wait for their last events, save drafts, free the worker,
 * close the history. */

/* How long closing waits for a reply to notice that it was stopped. The engine promises 100 ms. */
#define STOP_PATIENCE_MS 2000

struct _SottoApp
{
  GObject parent_instance;

  char *folder;
  SottoServices *services;
  SottoConversationList *conversations;

  SottoAppState state;
  SottoProblem *problem;
  char *recovery_code;
  char *temporary_folder; /* NULL: what is said is kept */
  gboolean has_passphrase_slot;
  gboolean has_keyring_slot;
  guint cost_operations;
  gsize cost_memory;

  guint stop_source; /* while closing */
  guint stop_ticks;
};

enum {
  PROP_0,
  PROP_STATE,
  PROP_PROBLEM,
  PROP_SETTINGS,
  PROP_MODELS,
  PROP_CONVERSATIONS,
  PROP_RECOVERY_CODE,
  PROP_TEMPORARY,
  N_PROPS
};

G_DEFINE_FINAL_TYPE (SottoApp, sotto_app, G_TYPE_OBJECT)

static GParamSpec *properties[N_PROPS];

static void
sotto_app_finalize (GObject *object)
{
  SottoApp *self = SOTTO_APP (object);

  g_clear_handle_id (&self->stop_source, g_source_remove);
  g_clear_object (&self->conversations);
  g_clear_object (&self->problem);
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
    case PROP_RECOVERY_CODE:
      g_value_set_string (value, self->recovery_code);
      break;
    case PROP_TEMPORARY:
      g_value_set_boolean (value, sotto_app_is_temporary (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sotto_app_class_init (SottoAppClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->finalize = sotto_app_finalize;
  object_class->get_property = sotto_app_get_property;

  properties[PROP_STATE] = g_param_spec_enum ("state", NULL, NULL, SOTTO_TYPE_APP_STATE,
                                              SOTTO_APP_STATE_CLOSED, flags);
  properties[PROP_PROBLEM] = g_param_spec_object ("problem", NULL, NULL, SOTTO_TYPE_PROBLEM, flags);
  properties[PROP_SETTINGS] = g_param_spec_object ("settings", NULL, NULL, SOTTO_TYPE_SETTINGS, flags);
  properties[PROP_MODELS] = g_param_spec_object ("models", NULL, NULL, SOTTO_TYPE_MODEL_LIBRARY, flags);
  properties[PROP_CONVERSATIONS] =
    g_param_spec_object ("conversations", NULL, NULL, SOTTO_TYPE_CONVERSATION_LIST, flags);
  properties[PROP_RECOVERY_CODE] = g_param_spec_string ("recovery-code", NULL, NULL, NULL, flags);
  properties[PROP_TEMPORARY] = g_param_spec_boolean ("temporary", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
sotto_app_init (SottoApp *self)
{
  g_autoptr (SottoSettings) settings = sotto_settings_new ();

  self->services = sotto_services_new (settings);
  self->conversations = sotto_conversation_list_new (self->services);
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

static void
set_state (SottoApp *self, SottoAppState state, const GError *error)
{
  g_autoptr (SottoProblem) problem = error != NULL ? sotto_problem_new (error) : NULL;

  g_object_freeze_notify (G_OBJECT (self));
  if (g_set_object (&self->problem, problem))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PROBLEM]);
  if (self->state != state)
    {
      self->state = state;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
    }
  g_object_thaw_notify (G_OBJECT (self));
}

/* @code: (transfer full) (nullable) */
static void
set_recovery_code (SottoApp *self, char *code)
{
  g_clear_pointer (&self->recovery_code, sotto_history_free_secret);
  self->recovery_code = code;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_RECOVERY_CODE]);
}

/* --- What an error means --- */

static SottoAppState
state_of_history_error (SottoApp *self, int code)
{
  switch ((SottoHistoryError) code)
    {
    case SOTTO_HISTORY_ERROR_IN_USE:
      return SOTTO_APP_STATE_IN_USE;
    case SOTTO_HISTORY_ERROR_LOCKED:
      return SOTTO_APP_STATE_KEYRING_LOCKED;
    case SOTTO_HISTORY_ERROR_DENIED:
      return SOTTO_APP_STATE_KEYRING_DENIED;
    case SOTTO_HISTORY_ERROR_NO_KEYRING:
    case SOTTO_HISTORY_ERROR_NO_SECRET:
    case SOTTO_HISTORY_ERROR_NO_SLOT:
      return self->has_passphrase_slot ? SOTTO_APP_STATE_NEEDS_PASSPHRASE : SOTTO_APP_STATE_KEYRING_ABSENT;
    case SOTTO_HISTORY_ERROR_WRONG_SECRET:
      return SOTTO_APP_STATE_WRONG;
    case SOTTO_HISTORY_ERROR_MISSING_DATABASE:
    case SOTTO_HISTORY_ERROR_MISSING_ENVELOPE:
    case SOTTO_HISTORY_ERROR_CORRUPT_ENVELOPE:
    case SOTTO_HISTORY_ERROR_CORRUPT_DATABASE:
      return SOTTO_APP_STATE_CORRUPT;
    case SOTTO_HISTORY_ERROR_NEWER:
      return SOTTO_APP_STATE_NEWER;
    case SOTTO_HISTORY_ERROR_NONE:
    case SOTTO_HISTORY_ERROR_EXISTS:
    case SOTTO_HISTORY_ERROR_MALFORMED_CODE:
    case SOTTO_HISTORY_ERROR_IO:
    case SOTTO_HISTORY_ERROR_DISK_FULL:
    case SOTTO_HISTORY_ERROR_MEMORY:
    case SOTTO_HISTORY_ERROR_NOT_FOUND:
    case SOTTO_HISTORY_ERROR_INVALID:
    case SOTTO_HISTORY_ERROR_LAST_SLOT:
    case SOTTO_HISTORY_ERROR_CLOSED:
    default:
      return SOTTO_APP_STATE_FAILED;
    }
}

typedef enum {
  MEANS_KEYRING,
  MEANS_PASSPHRASE,
  MEANS_RECOVERY,
  MEANS_TEMPORARY,
} Means;

/* What one attempt of opening works with */
typedef struct {
  SottoUnlock *unlock;
  Means means;
  gboolean creating;
  SottoAppState before; /* where a wrong passphrase or code leads back to */
  GPtrArray *records;
} Attempt;

static void
attempt_free (Attempt *attempt)
{
  g_clear_pointer (&attempt->unlock, sotto_unlock_unref);
  g_clear_pointer (&attempt->records, g_ptr_array_unref);
  g_free (attempt);
}

static SottoAppState
state_of_error (SottoApp *self, const Attempt *attempt, const GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
      || g_error_matches (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_PASSPHRASE))
    return attempt->before;
  if (error->domain != SOTTO_HISTORY_ERROR)
    return SOTTO_APP_STATE_FAILED;

  if (attempt->creating && attempt->means == MEANS_KEYRING)
    switch ((int) error->code)
      {
      case SOTTO_HISTORY_ERROR_LOCKED:
      case SOTTO_HISTORY_ERROR_DENIED:
      case SOTTO_HISTORY_ERROR_NO_KEYRING:
      case SOTTO_HISTORY_ERROR_NO_SECRET:
        return SOTTO_APP_STATE_FIRST_START;
      default:
        break;
      }

  if (attempt->means == MEANS_PASSPHRASE || attempt->means == MEANS_RECOVERY)
    switch ((int) error->code)
      {
      case SOTTO_HISTORY_ERROR_WRONG_SECRET:
      case SOTTO_HISTORY_ERROR_MALFORMED_CODE:
      case SOTTO_HISTORY_ERROR_NO_SLOT:
      case SOTTO_HISTORY_ERROR_INVALID:
        return attempt->before;
      default:
        break;
      }

  return state_of_history_error (self, error->code);
}

/* --- Opening --- */

/* @error: (transfer full) */
static void
fail (GTask *task, GError *error)
{
  SottoApp *self = g_task_get_source_object (task);
  const SottoAppState state = state_of_error (self, g_task_get_task_data (task), error);
  /* That there is no keyring is not a problem of a first start, only the reason for the question. */
  const gboolean silent = state == SOTTO_APP_STATE_FIRST_START
                          && g_error_matches (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_NO_KEYRING);

  g_clear_object (&self->services->store);
  set_state (self, state, silent ? NULL : error);
  g_task_return_error (task, error);
}

static void
on_journal_failed (SottoStore *store, const GError *error, SottoApp *self)
{
  sotto_conversation_list_set_journal_error (self->conversations, error);
}

static void
on_recovery_code (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SottoApp) self = user_data;
  g_autoptr (GError) error = NULL;
  char *code = sotto_store_make_recovery_code_finish (SOTTO_STORE (source), result, &error);

  if (code != NULL)
    set_recovery_code (self, code);
  else
    set_state (self, self->state, error);
}

static void
on_slot_set (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  /* The recovery code still opens the history: nothing is lost. */
  if (!sotto_store_set_slot_finish (SOTTO_STORE (source), result, &error))
    g_debug ("The key could not be put into the keyring: %s", error->message);
}

static void
on_fresh_draft (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SottoApp *self = g_task_get_source_object (task);
  Attempt *attempt = g_task_get_task_data (task);
  GError *error = NULL;
  g_autofree char *draft = sotto_store_get_draft_finish (SOTTO_STORE (source), result, &error);

  if (draft == NULL)
    {
      fail (task, error);
      return;
    }

  sotto_conversation_list_fill (self->conversations, attempt->records, draft);
  set_state (self, SOTTO_APP_STATE_READY, NULL);

  if (attempt->creating && attempt->means != MEANS_TEMPORARY)
    {
      sotto_app_renew_recovery_code (self);
    }
  else if (attempt->means == MEANS_RECOVERY && self->has_keyring_slot)
    {
      g_autoptr (SottoUnlock) keyring = sotto_unlock_new_keyring (TRUE);

      sotto_store_set_slot_async (self->services->store, keyring, NULL, on_slot_set, NULL);
    }
  g_task_return_boolean (task, TRUE);
}

static void
on_listed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Attempt *attempt = g_task_get_task_data (task);
  GError *error = NULL;

  attempt->records = sotto_store_list_conversations_finish (SOTTO_STORE (source), result, &error);
  if (attempt->records == NULL)
    fail (task, error);
  else
    sotto_store_get_draft_async (SOTTO_STORE (source), NULL, NULL, on_fresh_draft, g_object_ref (task));
}

/* @store: (transfer full) (nullable); @error: (transfer full) */
static void
take_store (GTask *task, SottoStore *store, GError *error)
{
  SottoApp *self = g_task_get_source_object (task);

  if (store == NULL)
    {
      fail (task, error);
      return;
    }

  self->services->store = store;
  g_signal_connect_object (store, "journal-failed", G_CALLBACK (on_journal_failed), self, 0);

  /* What was deleted before the last end cannot be brought back any more. */
  sotto_store_purge_async (store, G_MAXINT64, NULL, NULL, NULL);
  sotto_store_list_conversations_async (store, NULL, on_listed, g_object_ref (task));
}

static void
on_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  SottoStore *store = sotto_store_open_finish (result, &error);

  take_store (task, store, error);
}

static void
on_created (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  SottoStore *store = sotto_store_create_finish (result, &error);

  take_store (task, store, error);
}

/* @unlock: (transfer full) (nullable): with @error why there is none */
static void
attempt_begin (SottoApp    *self,
               GTask       *task,
               Means        means,
               gboolean     creating,
               SottoUnlock *unlock,
               GError      *error)
{
  Attempt *attempt = g_new0 (Attempt, 1);
  const char *folder = means == MEANS_TEMPORARY ? self->temporary_folder : self->folder;

  attempt->unlock = unlock;
  attempt->means = means;
  attempt->creating = creating;
  attempt->before = self->state == SOTTO_APP_STATE_OPENING ? SOTTO_APP_STATE_CLOSED : self->state;
  g_task_set_task_data (task, attempt, (GDestroyNotify) attempt_free);

  if (unlock == NULL)
    {
      fail (task, error);
      return;
    }

  set_state (self, SOTTO_APP_STATE_OPENING, NULL);
  if (creating)
    sotto_store_create_async (folder, unlock, g_task_get_cancellable (task), on_created, g_object_ref (task));
  else
    sotto_store_open_async (folder, unlock, g_task_get_cancellable (task), on_opened, g_object_ref (task));
}

static gboolean
begin (SottoApp *self, GTask *task)
{
  if (self->state != SOTTO_APP_STATE_READY && self->state != SOTTO_APP_STATE_OPENING)
    return TRUE;

  if (self->state == SOTTO_APP_STATE_READY)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_new_error_literal (task, SOTTO_APP_ERROR, SOTTO_APP_ERROR_BUSY, "Opening already");
  return FALSE;
}

static void
note_slots (SottoApp *self, GPtrArray *slots)
{
  self->has_passphrase_slot = FALSE;
  self->has_keyring_slot = FALSE;
  for (guint i = 0; slots != NULL && i < slots->len; i++)
    {
      const SottoHistorySlot *slot = g_ptr_array_index (slots, i);

      self->has_passphrase_slot |= slot->kind == SOTTO_SLOT_PASSPHRASE;
      self->has_keyring_slot |= slot->kind == SOTTO_SLOT_KEYRING;
    }
}

/* Ends an attempt that needs an answer from the person first. */
static void
ask_person (SottoApp *self, GTask *task, SottoAppState state)
{
  set_state (self, state, NULL);
  g_task_return_boolean (task, FALSE);
}

void
sotto_app_open_async (SottoApp            *self,
                      GCancellable        *cancellable,
                      GAsyncReadyCallback  callback,
                      gpointer             user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GPtrArray) slots = NULL;
  SottoHistoryState found;
  GError *error = NULL;

  g_return_if_fail (SOTTO_IS_APP (self));

  task = g_task_new (self, cancellable, callback, user_data);
  if (!begin (self, task))
    return;

  sotto_model_library_refresh (self->services->library);
  if (!sotto_history_probe (self->folder, &found, &slots, &error))
    {
      attempt_begin (self, task, MEANS_KEYRING, FALSE, NULL, error);
      return;
    }

  note_slots (self, slots);
  if (found == SOTTO_HISTORY_STATE_NONE && sotto_settings_get_boolean (self->services->settings, "prefer-passphrase"))
    ask_person (self, task, SOTTO_APP_STATE_FIRST_START);
  else if (found == SOTTO_HISTORY_STATE_NONE)
    attempt_begin (self, task, MEANS_KEYRING, TRUE, sotto_unlock_new_keyring (TRUE), NULL);
  else if (self->has_keyring_slot)
    attempt_begin (self, task, MEANS_KEYRING, FALSE, sotto_unlock_new_keyring (TRUE), NULL);
  else
    ask_person (self, task, self->has_passphrase_slot ? SOTTO_APP_STATE_NEEDS_PASSPHRASE
                                                      : SOTTO_APP_STATE_KEYRING_ABSENT);
}

gboolean
sotto_app_open_finish (SottoApp *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

static SottoUnlock *
create_passphrase (SottoApp *self, const char *passphrase, GError **error)
{
  SottoUnlock *unlock;

  if (passphrase[0] == '\0')
    {
      g_set_error_literal (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_PASSPHRASE, "The passphrase is empty");
      return NULL;
    }

  unlock = sotto_unlock_new_passphrase (passphrase, error);
  if (unlock != NULL && self->cost_operations > 0)
    sotto_unlock_set_cost (unlock, self->cost_operations, self->cost_memory);
  return unlock;
}

void
sotto_app_create_async (SottoApp            *self,
                        const char          *passphrase,
                        GCancellable        *cancellable,
                        GAsyncReadyCallback  callback,
                        gpointer             user_data)
{
  g_autoptr (GTask) task = NULL;
  GError *error = NULL;
  SottoUnlock *unlock;

  g_return_if_fail (SOTTO_IS_APP (self));
  g_return_if_fail (passphrase != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  if (!begin (self, task))
    return;

  unlock = create_passphrase (self, passphrase, &error);
  attempt_begin (self, task, MEANS_PASSPHRASE, TRUE, unlock, error);
}

void
sotto_app_unlock_async (SottoApp            *self,
                        const char          *passphrase,
                        GCancellable        *cancellable,
                        GAsyncReadyCallback  callback,
                        gpointer             user_data)
{
  g_autoptr (GTask) task = NULL;
  GError *error = NULL;
  SottoUnlock *unlock;

  g_return_if_fail (SOTTO_IS_APP (self));
  g_return_if_fail (passphrase != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  if (!begin (self, task))
    return;

  unlock = create_passphrase (self, passphrase, &error);
  attempt_begin (self, task, MEANS_PASSPHRASE, FALSE, unlock, error);
}

void
sotto_app_recover_async (SottoApp            *self,
                         const char          *code,
                         GCancellable        *cancellable,
                         GAsyncReadyCallback  callback,
                         gpointer             user_data)
{
  g_autoptr (GTask) task = NULL;
  GError *error = NULL;
  SottoUnlock *unlock;

  g_return_if_fail (SOTTO_IS_APP (self));
  g_return_if_fail (code != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  if (!begin (self, task))
    return;

  unlock = sotto_unlock_new_recovery_code (code, &error);
  attempt_begin (self, task, MEANS_RECOVERY, FALSE, unlock, error);
}

/* --- Keeping nothing --- */

/* A key that nobody has, not even we after this */
static SottoUnlock *
create_forgotten_secret (GError **error)
{
  guint8 random[32];
  g_autofree char *text = NULL;
  SottoUnlock *unlock;

  if (getrandom (random, sizeof random, 0) != (gssize) sizeof random)
    {
      g_set_error_literal (error, G_IO_ERROR, g_io_error_from_errno (errno), g_strerror (errno));
      return NULL;
    }

  text = g_base64_encode (random, sizeof random);
  unlock = sotto_unlock_new_passphrase (text, error);
  explicit_bzero (random, sizeof random);
  explicit_bzero (text, strlen (text));

  /* Nothing is gained by making 256 random bits expensive to guess. */
  if (unlock != NULL)
    sotto_unlock_set_cost (unlock, 1, 8 * 1024);
  return unlock;
}

void
sotto_app_start_temporary (SottoApp *self)
{
  g_autoptr (GTask) task = NULL;
  g_autofree char *template = NULL;
  GError *error = NULL;
  SottoUnlock *unlock = NULL;

  g_return_if_fail (SOTTO_IS_APP (self));

  task = g_task_new (self, NULL, NULL, NULL);
  if (!begin (self, task))
    return;

  sotto_model_library_refresh (self->services->library);
  template = g_build_filename (g_get_user_runtime_dir (), "sotto-XXXXXX", NULL);
  g_mkdir_with_parents (g_get_user_runtime_dir (), 0700);
  if (g_mkdtemp_full (template, 0700) != NULL)
    {
      g_free (self->temporary_folder);
      self->temporary_folder = g_steal_pointer (&template);
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TEMPORARY]);
      unlock = create_forgotten_secret (&error);
    }
  else
    {
      error = g_error_new_literal (G_IO_ERROR, g_io_error_from_errno (errno), g_strerror (errno));
    }
  attempt_begin (self, task, MEANS_TEMPORARY, TRUE, unlock, error);
}

static void
remove_temporary_folder (SottoApp *self)
{
  g_autoptr (GDir) dir = NULL;
  const char *name;

  if (self->temporary_folder == NULL)
    return;

  dir = g_dir_open (self->temporary_folder, 0, NULL);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (self->temporary_folder, name, NULL);

      g_unlink (path);
    }
  g_rmdir (self->temporary_folder);
  g_clear_pointer (&self->temporary_folder, g_free);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TEMPORARY]);
}

/* --- The recovery code --- */

void
sotto_app_renew_recovery_code (SottoApp *self)
{
  g_return_if_fail (SOTTO_IS_APP (self));

  if (self->services->store != NULL && self->temporary_folder == NULL)
    sotto_store_make_recovery_code_async (self->services->store, NULL, on_recovery_code, g_object_ref (self));
}

void
sotto_app_dismiss_recovery_code (SottoApp *self)
{
  g_return_if_fail (SOTTO_IS_APP (self));

  if (self->recovery_code != NULL)
    set_recovery_code (self, NULL);
}

/* --- Closing --- */

static void
on_store_closed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SottoApp *self = g_task_get_source_object (task);

  sotto_store_close_finish (SOTTO_STORE (source), result, NULL);
  remove_temporary_folder (self);
  sotto_app_dismiss_recovery_code (self);
  set_state (self, SOTTO_APP_STATE_CLOSED, NULL);
  g_task_return_boolean (task, TRUE);
}

/* Replies have ended: everything that is to be written has been handed to the history. */
static void
close_the_rest (GTask *task)
{
  SottoApp *self = g_task_get_source_object (task);
  g_autoptr (SottoStore) store = NULL;

  sotto_conversation_list_abandon_all (self->conversations);
  sotto_conversation_list_flush_drafts (self->conversations);
  sotto_inference_close (self->services->inference);

  store = g_steal_pointer (&self->services->store);
  if (store == NULL)
    {
      remove_temporary_folder (self);
      set_state (self, SOTTO_APP_STATE_CLOSED, NULL);
      g_task_return_boolean (task, TRUE);
      return;
    }

  sotto_store_purge_async (store, G_MAXINT64, NULL, NULL, NULL);
  sotto_store_close_async (store, NULL, on_store_closed, g_object_ref (task));
}

static gboolean
on_stop_tick (gpointer user_data)
{
  GTask *task = user_data;
  SottoApp *self = g_task_get_source_object (task);

  /* A message that was being saved meanwhile has begun a reply of its own. */
  sotto_conversation_list_stop_all (self->conversations);
  self->stop_ticks++;
  if (sotto_conversation_list_is_busy (self->conversations) && self->stop_ticks * 10 < STOP_PATIENCE_MS)
    return G_SOURCE_CONTINUE;

  self->stop_source = 0;
  close_the_rest (task);
  return G_SOURCE_REMOVE;
}

void
sotto_app_close_async (SottoApp *self, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (SOTTO_IS_APP (self));

  task = g_task_new (self, NULL, callback, user_data);
  if (self->stop_source != 0)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }

  sotto_conversation_list_stop_all (self->conversations);
  if (!sotto_conversation_list_is_busy (self->conversations))
    {
      close_the_rest (task);
      return;
    }
  self->stop_ticks = 0;
  self->stop_source = g_timeout_add_full (G_PRIORITY_DEFAULT, 10, on_stop_tick, g_steal_pointer (&task),
                                          g_object_unref);
}

void
sotto_app_close_finish (SottoApp *self, GAsyncResult *result)
{
  g_return_if_fail (g_task_is_valid (result, self));
  g_task_propagate_boolean (G_TASK (result), NULL);
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

SottoModelLibrary *
sotto_app_get_models (SottoApp *self)
{
  g_return_val_if_fail (SOTTO_IS_APP (self), NULL);
  return self->services->library;
}

SottoConversationList *
sotto_app_get_conversations (SottoApp *self)
{
  g_return_val_if_fail (SOTTO_IS_APP (self), NULL);
  return self->conversations;
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
