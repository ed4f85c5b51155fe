#pragma once

#include "sotto-app.h"

#include "app-private.h"
#include "harness-wait.h"

G_BEGIN_DECLS

/* What the tests of this folder share: an application with a history of its own in the test's data
 * folder (G_TEST_OPTION_ISOLATE_DIRS), without keyring, bus and display. */

#define HARNESS_PASSPHRASE "correct horse battery staple"

/* Call before g_test_init(): takes display, bus and preferences of the person away. */
void harness_prepare (void);

/* A GAsyncReadyCallback that keeps the result: @user_data is a GAsyncResult ** */
void harness_on_ready (GObject *source, GAsyncResult *result, gpointer user_data);
gboolean harness_has_result (gpointer data);

/* sotto_app_open_async() and its like, waited for. Return: whether @app is ready. A passphrase that it sets later costs little. */
gboolean harness_try_open (SottoApp *app, GError **error);
gboolean harness_unlock (SottoApp *app, const char *passphrase);
gboolean harness_recover (SottoApp *app, const char *code);

/* An application whose history is open: made at the first time, unlocked afterwards. */
SottoApp *harness_open (void);
void harness_close (SottoApp *app);

/* Until the history has done what it was asked for so far, whether that went well or not */
void harness_flush (SottoApp *app);

/* Links a model of this machine into the test's library. @name: a part of the file's name.
 * Returns: (transfer full) (nullable): the link; NULL: the test was skipped */
char *harness_link_model (const char *name);

void harness_send (SottoConversation *conversation, const char *text);
void harness_wait_idle (SottoConversation *conversation);
gboolean harness_is_idle (gpointer conversation);
gboolean harness_is_streaming (gpointer conversation);
gboolean harness_is_loaded (gpointer conversation);
gboolean harness_has_model (gpointer app);

/* Runs it to its end, which has to be a good one. Returns: @transfer */
SottoTransfer *harness_transfer (SottoTransfer *transfer);

/* Returns: (transfer none): valid as long as the conversation holds it */
SottoMessage *harness_message (SottoConversation *conversation, guint position);
guint harness_length (gpointer model);

/* --- With a model --- */

/* It need not say anything sensible: that it speaks, is heard, kept and found again is what is tested. */
#define HARNESS_TINY "SmolLM2-135M"

/* Greedy, so that the same question has the same answer. @max_tokens: 0: until it ends
 * Returns: (nullable): NULL: the test was skipped */
SottoApp *harness_open_with_model (const char *name, int max_tokens);

/* Returns: (transfer none): a new conversation whose reply has been asked for */
SottoConversation *harness_begin (SottoApp *app, const char *text);

/* Returns: (transfer none): the one that stands first, loaded */
SottoConversation *harness_get_first (SottoApp *app);
void harness_assert_reply (SottoConversation *conversation, guint position, SottoMessageStatus status);

G_END_DECLS
