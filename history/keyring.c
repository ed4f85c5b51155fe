/* The keyring's slot, step by step
 *
 * look up:  which ─► Secret Service: search ─► nothing found ─► is the default keyring locked?
 *               │                       │            yes, may ask: unlock, search once more
 *               │                       │            yes, may not: LOCKED;   no: NO_SECRET
 *               │                       ├► locked item ─► may ask: unlock (dismissed: DENIED)
 *               │                       │                 may not: LOCKED
 *               │                       └► open item ─► load its secret
 *               └► libsecret's file (inside a sandbox): look up
 * store:    which ─► Secret Service, may not ask: is the default keyring locked? ─► store
 *
 * libsecret's own "look up and unlock" would open a prompt without being asked and answers
 * "nothing" for a locked, an absent and an empty keyring alike; hence the single steps. */

#include "keyring.h"

#include "history-error.h"

#include <libsecret/secret.h>
#include <sodium.h>
#include <string.h>

#define SECRET_BYTES 32

static const SecretSchema schema = {
  "io.github.sotto_chat.Sotto.History", SECRET_SCHEMA_NONE,
  {
    { "history", SECRET_SCHEMA_ATTRIBUTE_STRING },
    { "slot", SECRET_SCHEMA_ATTRIBUTE_INTEGER },
    { NULL, 0 },
  },
  0, NULL, NULL, NULL, NULL, NULL, NULL, NULL
};

typedef struct {
  GHashTable *attributes;
  SottoKeyringBackend wanted; /* looking up: who took it */
  SottoKeyringBackend backend; /* who is there */
  gboolean interactive;
  gboolean unlocked; /* asked once already */
  gboolean gave_up; /* while the keyring was asking */
  gulong waiting; /* handler of the cancellable meanwhile */
  SecretService *service;
  SecretItem *item;
  SottoUnlock *secret; /* storing: what is to be stored */
} Request;

static void
request_free (Request *self)
{
  g_hash_table_unref (self->attributes);
  g_clear_object (&self->service);
  g_clear_object (&self->item);
  g_clear_pointer (&self->secret, sotto_unlock_unref);
  g_free (self);
}

static GHashTable *
make_attributes (const char *name, guint32 slot)
{
  GHashTable *attributes = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);

  g_hash_table_insert (attributes, (gpointer) "history", g_strdup (name));
  g_hash_table_insert (attributes, (gpointer) "slot", g_strdup_printf ("%u", slot));
  return attributes;
}

/* As libsecret chooses, whose own function for this has no public header: its file in a sandbox,
 * where the Secret portal gives the key, else the Secret Service. */
static SottoKeyringBackend
choose_backend (void)
{
  const char *asked = g_getenv ("SECRET_BACKEND");
  gboolean sandbox;

  if (asked != NULL)
    return g_str_equal (asked, "file") ? SOTTO_KEYRING_FILE : SOTTO_KEYRING_SERVICE;
  sandbox = g_file_test ("/.flatpak-info", G_FILE_TEST_EXISTS) || g_getenv ("SNAP_NAME") != NULL;
  return sandbox ? SOTTO_KEYRING_FILE : SOTTO_KEYRING_SERVICE;
}

/* --- Errors --- */

static void
return_code (GTask *task, SottoHistoryError code, const char *subject, const char *message)
{
  SottoHistoryErrorArguments arguments = { .subject = subject };
  g_autoptr (GError) error = NULL;

  sotto_history_set_error (&error, code, &arguments, "%s", message);
  g_task_return_error (task, g_steal_pointer (&error));
}

/* What libsecret and D-Bus said, in our words. */
static void
return_foreign (GTask *task, GError *error)
{
  g_autoptr (GError) foreign = error;
  Request *request = g_task_get_task_data (task);
  GCancellable *cancellable = g_task_get_cancellable (task);
  gboolean cancelled = g_error_matches (foreign, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  if (cancelled && cancellable != NULL && g_cancellable_is_cancelled (cancellable))
    g_task_return_error (task, g_steal_pointer (&foreign));
  else if (cancelled || (request->interactive &&
                         g_error_matches (foreign, SECRET_ERROR, SECRET_ERROR_IS_LOCKED)))
    return_code (task, SOTTO_HISTORY_ERROR_DENIED, NULL, "the keyring's question was dismissed");
  else if (g_error_matches (foreign, SECRET_ERROR, SECRET_ERROR_IS_LOCKED))
    return_code (task, SOTTO_HISTORY_ERROR_LOCKED, NULL, "the keyring is locked");
  else
    return_code (task, SOTTO_HISTORY_ERROR_NO_KEYRING, foreign->message, foreign->message);
}

static const char *
backend_word (SottoKeyringBackend backend)
{
  return backend == SOTTO_KEYRING_FILE ? "file" : "service";
}

static void
return_no_secret (GTask *task)
{
  Request *request = g_task_get_task_data (task);

  return_code (task, SOTTO_HISTORY_ERROR_NO_SECRET, backend_word (request->wanted),
               request->wanted == request->backend
               ? "the keyring is open and has no secret for this history"
               : "this history's secret was put into another kind of keyring");
}

/* --- Secrets as text: 64 hexadecimal digits --- */

static void
return_secret (GTask *task, const char *text)
{
  guint8 bytes[SECRET_BYTES];
  gsize size = 0;
  SottoUnlock *secret = NULL;
  GError *error = NULL;

  if (text != NULL &&
      sodium_hex2bin (bytes, sizeof bytes, text, strlen (text), NULL, &size, NULL) == 0 &&
      size == sizeof bytes)
    {
      secret = sotto_unlock_new_secret (SOTTO_SLOT_KEYRING, bytes, sizeof bytes, &error);
      sodium_memzero (bytes, sizeof bytes);
      if (secret != NULL)
        g_task_return_pointer (task, secret, (GDestroyNotify) sotto_unlock_unref);
      else
        g_task_return_error (task, error);
      return;
    }

  return_code (task, SOTTO_HISTORY_ERROR_WRONG_SECRET, NULL,
               "the keyring's secret for this history is not one of ours");
}

static char *
dup_secret_text (const SottoUnlock *secret)
{
  char *text = g_malloc (2 * SECRET_BYTES + 1);

  return sodium_bin2hex (text, 2 * SECRET_BYTES + 1, secret->secret, SECRET_BYTES);
}

/* --- Looking up --- */

static void search (GTask *task);

static void
on_looked_up (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  char *text = secret_password_lookup_finish (result, &error);

  if (error != NULL)
    return_foreign (task, error);
  else if (text == NULL)
    return_no_secret (task);
  else
    return_secret (task, text);
  secret_password_free (text);
}

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Request *request = g_task_get_task_data (task);
  GError *error = NULL;
  SecretValue *value = NULL;

  if (!secret_item_load_secret_finish (request->item, result, &error))
    {
      return_foreign (task, error);
      return;
    }

  value = secret_item_get_secret (request->item);
  if (value == NULL)
    {
      return_no_secret (task);
      return;
    }
  return_secret (task, secret_value_get_text (value));
  secret_value_unref (value);
}

static void
load_item (GTask *task)
{
  Request *request = g_task_get_task_data (task);

  secret_item_load_secret (request->item, g_task_get_cancellable (task), on_loaded,
                           g_object_ref (task));
}

static void
on_unlocked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Request *request = g_task_get_task_data (task);
  GError *error = NULL;
  GList *unlocked = NULL;
  gint n = secret_service_unlock_finish (request->service, result, &unlocked, &error);

  g_list_free_full (unlocked, g_object_unref);
  if (request->gave_up)
    {
      g_clear_error (&error);
      return;
    }
  if (request->waiting != 0)
    g_cancellable_disconnect (g_task_get_cancellable (task), request->waiting);

  request->unlocked = TRUE;
  if (error != NULL)
    return_foreign (task, error);
  else if (n <= 0)
    return_code (task, SOTTO_HISTORY_ERROR_DENIED, NULL, "the keyring's question was dismissed");
  else if (request->item != NULL)
    load_item (task);
  else
    search (task);
}

/* In the thread that cancels, which is the caller's own. */
static void
on_gave_up (GCancellable *cancellable, GTask *task)
{
  Request *request = g_task_get_task_data (task);

  request->gave_up = TRUE;
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED,
                           "The keyring was not waited for any longer");
}

/* libsecret 0.21 never comes back when it is cancelled while a prompt is being made, so giving up is
 * ours, and its answer is thrown away whenever it comes. */
static void
unlock (GTask *task, gpointer object)
{
  Request *request = g_task_get_task_data (task);
  GCancellable *cancellable = g_task_get_cancellable (task);
  GList objects = { .data = object };

  if (!request->interactive)
    {
      return_code (task, SOTTO_HISTORY_ERROR_LOCKED, NULL, "the keyring is locked");
      return;
    }

  if (cancellable != NULL)
    request->waiting = g_cancellable_connect (cancellable, G_CALLBACK (on_gave_up),
                                              g_object_ref (task), g_object_unref);
  if (!request->gave_up)
    secret_service_unlock (request->service, &objects, NULL, on_unlocked, g_object_ref (task));
}

static void
on_default_keyring (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (SecretCollection) keyring = secret_collection_for_alias_finish (result, &error);

  if (error != NULL)
    return_foreign (task, error);
  else if (keyring != NULL && secret_collection_get_locked (keyring))
    unlock (task, keyring);
  else
    return_no_secret (task);
}

static void
on_searched (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Request *request = g_task_get_task_data (task);
  GError *error = NULL;
  GList *items = secret_service_search_finish (request->service, result, &error);

  if (error != NULL)
    {
      return_foreign (task, error);
      return;
    }

  /* An open item first: there may be an old copy in a keyring that is closed. */
  for (GList *l = items; l != NULL; l = l->next)
    if (request->item == NULL || !secret_item_get_locked (l->data))
      g_set_object (&request->item, l->data);
  g_list_free_full (items, g_object_unref);

  if (request->item == NULL && request->unlocked)
    return_no_secret (task);
  else if (request->item == NULL)
    secret_collection_for_alias (request->service, SECRET_COLLECTION_DEFAULT,
                                 SECRET_COLLECTION_NONE, g_task_get_cancellable (task),
                                 on_default_keyring, g_object_ref (task));
  else if (secret_item_get_locked (request->item))
    unlock (task, request->item);
  else
    load_item (task);
}

static void
search (GTask *task)
{
  Request *request = g_task_get_task_data (task);

  secret_service_search (request->service, &schema, request->attributes, SECRET_SEARCH_ALL,
                         g_task_get_cancellable (task), on_searched, g_object_ref (task));
}

static void
on_lookup_service (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Request *request = g_task_get_task_data (task);
  GError *error = NULL;

  request->service = secret_service_get_finish (result, &error);
  if (request->service != NULL)
    search (task);
  else
    return_foreign (task, error);
}

void
sotto_keyring_lookup_async (const char          *name,
                            guint32              slot,
                            SottoKeyringBackend  backend,
                            gboolean             interactive,
                            GCancellable        *cancellable,
                            GAsyncReadyCallback  callback,
                            gpointer             user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Request *request = g_new0 (Request, 1);

  request->attributes = make_attributes (name, slot);
  request->wanted = backend;
  request->backend = choose_backend ();
  request->interactive = interactive;
  g_task_set_task_data (task, request, (GDestroyNotify) request_free);

  if (request->backend == SOTTO_KEYRING_SERVICE)
    secret_service_get (SECRET_SERVICE_OPEN_SESSION, cancellable, on_lookup_service,
                        g_steal_pointer (&task));
  else
    secret_password_lookupv (&schema, request->attributes, cancellable, on_looked_up,
                             g_steal_pointer (&task));
}

SottoUnlock *
sotto_keyring_lookup_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* --- Storing --- */

static void
on_stored (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Request *request = g_task_get_task_data (task);
  GError *error = NULL;

  if (secret_password_store_finish (result, &error))
    g_task_return_pointer (task, g_steal_pointer (&request->secret),
                           (GDestroyNotify) sotto_unlock_unref);
  else if (error != NULL)
    return_foreign (task, error);
  else
    return_code (task, SOTTO_HISTORY_ERROR_DENIED, NULL, "the keyring's question was dismissed");
}

static void
store (GTask *task)
{
  Request *request = g_task_get_task_data (task);
  char *text = dup_secret_text (request->secret);

  secret_password_storev (&schema, request->attributes, SECRET_COLLECTION_DEFAULT, "Sotto", text,
                          g_task_get_cancellable (task), on_stored, g_object_ref (task));
  sotto_history_free_secret (text);
}

static void
on_keyring_to_store (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (SecretCollection) keyring = secret_collection_for_alias_finish (result, &error);

  /* Without a default keyring, storing would ask the person to make one. */
  if (error != NULL)
    return_foreign (task, error);
  else if (keyring == NULL || secret_collection_get_locked (keyring))
    return_code (task, SOTTO_HISTORY_ERROR_LOCKED, NULL, "the keyring is locked");
  else
    store (task);
}

static void
on_store_service (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Request *request = g_task_get_task_data (task);
  GError *error = NULL;

  request->service = secret_service_get_finish (result, &error);
  if (request->service == NULL)
    return_foreign (task, error);
  else
    secret_collection_for_alias (request->service, SECRET_COLLECTION_DEFAULT,
                                 SECRET_COLLECTION_NONE, g_task_get_cancellable (task),
                                 on_keyring_to_store, g_object_ref (task));
}

void
sotto_keyring_store_async (const char          *name,
                           guint32              slot,
                           gboolean             interactive,
                           GCancellable        *cancellable,
                           GAsyncReadyCallback  callback,
                           gpointer             user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Request *request = g_new0 (Request, 1);
  g_autoptr (SottoSecret) bytes = NULL;
  GError *error = NULL;

  request->attributes = make_attributes (name, slot);
  request->interactive = interactive;
  request->backend = choose_backend ();
  g_task_set_task_data (task, request, (GDestroyNotify) request_free);

  bytes = sotto_secret_new (SECRET_BYTES, &error);
  if (bytes != NULL)
    {
      randombytes_buf (bytes, SECRET_BYTES);
      request->secret = sotto_unlock_new_secret (SOTTO_SLOT_KEYRING, bytes, SECRET_BYTES, &error);
    }
  if (request->secret == NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  if (request->backend == SOTTO_KEYRING_SERVICE && !interactive)
    secret_service_get (SECRET_SERVICE_OPEN_SESSION, cancellable, on_store_service,
                        g_steal_pointer (&task));
  else
    store (task);
}

SottoUnlock *
sotto_keyring_store_finish (GAsyncResult         *result,
                            SottoKeyringBackend  *backend,
                            GError              **error)
{
  Request *request = g_task_get_task_data (G_TASK (result));

  *backend = request->backend;
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
sotto_keyring_forget (const char *name, guint32 slot)
{
  g_autoptr (GHashTable) attributes = make_attributes (name, slot);

  secret_password_clearv (&schema, attributes, NULL, NULL, NULL);
}
