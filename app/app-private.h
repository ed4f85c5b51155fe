#pragma once

#include "app.h"
#include "low-memory.h"
#include "services.h"

G_BEGIN_DECLS

struct _SottoApp
{
  GObject parent_instance;

  char *folder;
  SottoServices *services;
  SottoConversationList *conversations;
  SottoLowMemory *low_memory; /* NULL: nothing was open yet */

  SottoAppState state;
  SottoProblem *problem;
  char *recovery_code;
  char *temporary_folder; /* NULL: what is said is kept */
  gboolean has_passphrase_slot;
  gboolean has_keyring_slot;
  guint cost_operations;
  gsize cost_memory;
  gboolean is_protecting; /* the protection is being changed */
  gboolean is_restoring;  /* a backup is being tried, or put in its place */
  gboolean has_read_backup; /* what lies beside the history is this Sotto's */

  GCancellable *opening; /* of the attempt that is running; NULL: none */
  gboolean is_closing;   /* from then on no attempt may succeed */
  gboolean is_locking;
  GPtrArray *waiting_to_close; /* of GTask: until it is locked; NULL: nobody */
  guint instructions_source; /* saves them a little later */
  guint instructions_saving; /* results that are waited for */
  gboolean instructions_failed; /* to be saved, as was said */
  guint stop_source;     /* while closing */
  guint stop_ticks;
  gboolean has_saved;    /* what models have read is kept, or on its way */
};

/**
 * SottoAppMeans:
 *
 * What an attempt to open the history works with.
 */
typedef enum {
  SOTTO_APP_MEANS_KEYRING,
  SOTTO_APP_MEANS_PASSPHRASE,
  SOTTO_APP_MEANS_RECOVERY,
  SOTTO_APP_MEANS_TEMPORARY,
} SottoAppMeans;

/* --- app.c --- */

/**
 * sotto_app_set_passphrase_cost:
 * @operations: 0: what history thinks right
 * @memory: bytes
 *
 * What trying a passphrase costs in histories made from now on. For tests, which make many.
 */
void sotto_app_set_passphrase_cost (SottoApp *self, guint operations, gsize memory);

void sotto_app_set_state (SottoApp *self, SottoAppState state, const GError *error);

/* @code: (transfer full) (nullable) */
void sotto_app_set_recovery_code (SottoApp *self, char *code);
void sotto_app_notify_temporary (SottoApp *self);
void sotto_app_notify_protection (SottoApp *self);
void sotto_app_notify_instructions (SottoApp *self);

/* --- app-errors.c --- */

/**
 * SottoErrorName:
 *
 * What an error of the history is called where its own words would not be true: they are about the
 * history that is open, or to be opened.
 */
typedef struct {
  SottoHistoryError history;
  SottoAppError app;
} SottoErrorName;

/* @error: (transfer full)
 * Returns: (transfer full): @error by its name in @names, or as it is if it has none there */
GError *sotto_app_rename_error (GError *error, const SottoErrorName *names, gsize n_names);

/* --- app-instructions.c --- */

/* As they are in the history that has been opened */
void sotto_app_read_instructions_async (SottoApp            *self,
                                        SottoStore          *store,
                                        GAsyncReadyCallback  callback,
                                        gpointer             user_data);

/* Returns: (transfer full): or %NULL with an error of the history */
char *sotto_app_read_instructions_finish (SottoApp *self, GAsyncResult *result, GError **error);
void sotto_app_take_instructions (SottoApp *self, const char *text);

/* Saves what waits to be saved. */
void sotto_app_flush_instructions (SottoApp *self);

/* --- app-close.c --- */

/* Closes what is open. @task: (transfer full): returns once it is */
void sotto_app_shut (SottoApp *self, GTask *task);

/* --- app-open.c --- */

/**
 * sotto_app_can_begin:
 *
 * Returns: whether an attempt may begin; if not, @task has returned
 */
gboolean sotto_app_can_begin (SottoApp *self, GTask *task);

/**
 * sotto_app_begin_attempt:
 * @creating: whether to make a history; else open the one there is
 * @unlock: (transfer full) (nullable): with @error why there is none
 * @error: (transfer full) (nullable)
 */
void sotto_app_begin_attempt (SottoApp       *self,
                              GTask          *task,
                              SottoAppMeans   means,
                              gboolean        creating,
                              SottoUnlock    *unlock,
                              GError         *error);

/* What opens the history that is there now, for opening it without sotto_app_open_async() */
void sotto_app_note_slots (SottoApp *self);

/**
 * sotto_app_create_passphrase:
 *
 * Returns: (transfer full): of a new or an old history, or %NULL with %SOTTO_APP_ERROR_PASSPHRASE
 *   if @passphrase is empty, or an error of the history
 */
SottoUnlock *sotto_app_create_passphrase (SottoApp    *self,
                                          const char  *passphrase,
                                          GError     **error);

/* --- app-restore.c --- */

/* Once the history is open: what an earlier Sotto left of a backup that it had not put in its place */
void sotto_app_drop_stale_backup (SottoApp *self);

/* --- app-temporary.c --- */

void sotto_app_remove_temporary_folder (SottoApp *self);

G_END_DECLS
