#include "harness.h"

#include <glib/gstdio.h>
#include <unistd.h>

void
harness_prepare (void)
{
  /* Before the test's own folders take the place of the person's */
  const char *data = g_getenv ("XDG_DATA_HOME");
  g_autofree char *folder = data != NULL && data[0] != '\0'
                              ? g_build_filename (data, "sotto", "models", NULL)
                              : g_build_filename (g_getenv ("HOME"), ".local", "share", "sotto",
                                                  "models", NULL);

  g_setenv ("SOTTO_TEST_MODELS", folder, FALSE);
  g_unsetenv ("DISPLAY");
  g_unsetenv ("WAYLAND_DISPLAY");
  g_setenv ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus", TRUE);
  g_setenv ("GSETTINGS_BACKEND", "memory", TRUE);
}

void
harness_on_ready (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

gboolean
harness_has_result (gpointer data)
{
  return *(GAsyncResult **) data != NULL;
}

static gboolean
has_recovery_code (gpointer app)
{
  return sotto_app_get_recovery_code (app) != NULL;
}

static gboolean
wait_until_open (SottoApp *app, GAsyncResult **result, GError **error)
{
  gboolean is_ready;

  harness_wait_for (harness_has_result, result, 20);
  is_ready = sotto_app_open_finish (app, *result, error);
  g_clear_object (result);
  return is_ready;
}

gboolean
harness_try_open (SottoApp *app, GError **error)
{
  GAsyncResult *result = NULL;

  sotto_app_set_passphrase_cost (app, 1, 8192);
  sotto_app_open_async (app, NULL, harness_on_ready, &result);
  return wait_until_open (app, &result, error);
}

gboolean
harness_unlock (SottoApp *app, const char *passphrase)
{
  GAsyncResult *result = NULL;

  sotto_app_unlock_async (app, passphrase, NULL, harness_on_ready, &result);
  return wait_until_open (app, &result, NULL);
}

gboolean
harness_recover (SottoApp *app, const char *code)
{
  GAsyncResult *result = NULL;

  sotto_app_recover_async (app, code, NULL, harness_on_ready, &result);
  return wait_until_open (app, &result, NULL);
}

static void
begin_history (SottoApp *app)
{
  g_autoptr (GError) error = NULL;
  GAsyncResult *created = NULL;

  sotto_app_create_async (app, HARNESS_PASSPHRASE, NULL, harness_on_ready, &created);
  wait_until_open (app, &created, &error);
  g_assert_no_error (error);
  harness_wait_for (has_recovery_code, app, 20);
}

SottoApp *
harness_open (void)
{
  SottoApp *app = sotto_app_new (NULL);

  g_assert_false (harness_try_open (app, NULL));
  if (sotto_app_get_state (app) == SOTTO_APP_STATE_FIRST_START)
    begin_history (app);
  else
    g_assert_true (harness_unlock (app, HARNESS_PASSPHRASE));
  g_assert_cmpint (sotto_app_get_state (app), ==, SOTTO_APP_STATE_READY);
  return app;
}

void
harness_close (SottoApp *app)
{
  g_autoptr (GAsyncResult) closed = NULL;

  sotto_app_close_async (app, harness_on_ready, &closed);
  harness_wait_for (harness_has_result, &closed, 20);
  sotto_app_close_finish (app, closed);
  g_assert_cmpint (sotto_app_get_state (app), ==, SOTTO_APP_STATE_CLOSED);
  g_object_unref (app);
}

void
harness_flush (SottoApp *app)
{
  g_autoptr (GAsyncResult) result = NULL;

  sotto_store_flush_async (app->services->store, NULL, harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 20);
  sotto_store_flush_finish (app->services->store, result, NULL);
}

static char *
find_model (const char *name)
{
  const char *folder = g_getenv ("SOTTO_TEST_MODELS");
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *file;

  while (dir != NULL && (file = g_dir_read_name (dir)) != NULL)
    if (strstr (file, name) != NULL && g_str_has_suffix (file, ".gguf"))
      return g_build_filename (folder, file, NULL);
  return NULL;
}

char *
harness_link_model (const char *name)
{
  g_autofree char *target = find_model (name);
  g_autofree char *folder = g_build_filename (g_get_user_data_dir (), "sotto", "models", NULL);
  g_autofree char *base = NULL;
  g_autofree char *link = NULL;

  if (target == NULL)
    {
      g_autofree char *reason = g_strdup_printf ("the model %s is not on this machine (app/run "
                                                 "fetches it)", name);

      g_test_skip (reason);
      return NULL;
    }

  base = g_path_get_basename (target);
  link = g_build_filename (folder, base, NULL);
  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  if (!g_file_test (link, G_FILE_TEST_EXISTS))
    g_assert_cmpint (symlink (target, link), ==, 0);
  return g_steal_pointer (&link);
}

void
harness_send (SottoConversation *conversation, const char *text)
{
  g_autoptr (GAsyncResult) sent = NULL;
  g_autoptr (GError) error = NULL;

  sotto_conversation_send_async (conversation, text, NULL, harness_on_ready, &sent);
  harness_wait_for (harness_has_result, &sent, 20);
  sotto_conversation_send_finish (conversation, sent, &error);
  g_assert_no_error (error);
}

gboolean
harness_is_idle (gpointer conversation)
{
  return !sotto_conversation_is_busy (conversation);
}

void
harness_wait_idle (SottoConversation *conversation)
{
  harness_wait_for (harness_is_idle, conversation, 120);
}

gboolean
harness_is_streaming (gpointer conversation)
{
  SottoMessage *reply = sotto_conversation_get_reply (conversation);

  return reply != NULL && sotto_message_get_status (reply) == SOTTO_MESSAGE_STATUS_STREAMING
         && sotto_message_get_length (reply) > 20;
}

gboolean
harness_is_loaded (gpointer conversation)
{
  return sotto_conversation_is_loaded (conversation);
}

gboolean
harness_has_model (gpointer app)
{
  SottoModelLibrary *models = sotto_app_get_models (app);

  return !sotto_model_library_is_looking (models)
         && sotto_model_library_get_default (models) != NULL;
}

SottoMessage *
harness_message (SottoConversation *conversation, guint position)
{
  g_autoptr (SottoMessage) message = g_list_model_get_item (G_LIST_MODEL (conversation), position);

  g_assert_nonnull (message);
  return message;
}

guint
harness_length (gpointer model)
{
  return g_list_model_get_n_items (model);
}

/* --- With a model --- */

SottoApp *
harness_open_with_model (const char *name, int max_tokens)
{
  g_autofree char *link = harness_link_model (name);
  SottoApp *app;

  if (link == NULL)
    return NULL;

  app = harness_open ();
  g_object_set (sotto_app_get_settings (app), "temperature", 0.0, "seed", G_GINT64_CONSTANT (7),
                "context-length", 1024, "max-tokens", max_tokens, "default-model", "", NULL);
  harness_wait_for (harness_has_model, app, 30);
  return app;
}

SottoConversation *
harness_begin (SottoApp *app, const char *text)
{
  SottoConversation *conversation =
    sotto_conversation_list_create (sotto_app_get_conversations (app));

  harness_send (conversation, text);
  return conversation;
}

SottoConversation *
harness_get_first (SottoApp *app)
{
  g_autoptr (SottoConversation) conversation =
    g_list_model_get_item (G_LIST_MODEL (sotto_app_get_conversations (app)), 0);

  g_assert_nonnull (conversation);
  sotto_conversation_load (conversation);
  harness_wait_for (harness_is_loaded, conversation, 20);
  return conversation;
}

void
harness_assert_reply (SottoConversation *conversation, guint position, SottoMessageStatus status)
{
  SottoMessage *reply = harness_message (conversation, position);

  g_assert_cmpint (sotto_message_get_role (reply), ==, SOTTO_ROLE_ASSISTANT);
  g_assert_cmpint (sotto_message_get_status (reply), ==, status);
  g_assert_cmpuint (sotto_message_get_length (reply), >, 0);
  g_assert_true (g_utf8_validate (sotto_message_get_text (reply), -1, NULL));
}

SottoTransfer *
harness_transfer (SottoTransfer *transfer)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  sotto_transfer_run_async (transfer, harness_on_ready, &result);
  harness_wait_for (harness_has_result, &result, 30);
  g_assert_true (sotto_transfer_run_finish (transfer, result, &error));
  g_assert_no_error (error);
  return transfer;
}
