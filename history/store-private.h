#pragma once

#include "database.h"
#include "envelope.h"
#include "history-file.h"
#include "journal.h"

G_BEGIN_DECLS

/**
 * SottoErasing:
 * @is_left: whether there is something to erase; atomic, so that others may look
 * @pages: of a step of a merge that has begun; 0: none has
 * @embedding: the row up to which embeddings were looked at
 * @table: those of passages, 0, or of messages, 1
 * @due: when the next step is
 * @merge_due: when the index may be merged
 *
 * Times are monotonic.
 */
typedef struct {
  gint is_left;
  gint64 pages;
  gint64 embedding;
  guint table;
  gint64 due;
  gint64 merge_due;
} SottoErasing;

/**
 * SottoListed:
 * @embedder, @document: rows; 0: none yet
 * @from: the first passage of @document that lacked a vector of @embedder: those before it have one as long as they are there
 *
 * Where the next list of passages without vectors begins, so that none looks again at all that have one.
 */
typedef struct {
  gint64 embedder;
  gint64 document;
  gint64 from;
} SottoListed;

/**
 * SottoVault:
 *
 * What the store's thread owns; nobody else touches it, but for the fields said to be shared.
 */
typedef struct {
  /* Set before the thread starts, never changed */
  GAsyncQueue *jobs;
  GThread *thread;
  char *folder;
  char *envelope_path;
  char *database_path;
  char *database_new_path; /* while it is being made */
  SottoSealed *sealed;     /* of any thread; NULL: in memory */

  /* The thread's */
  SottoLock *lock;
  SottoEnvelope *envelope;
  guint8 *key;
  SottoDatabase *database; /* NULL before opening and after closing */
  SottoJournal journal;
  gint64 leaf;             /* the message added last: the end of an active path; 0: not known */
  SottoErasing erasing;
  SottoListed listed;
  gboolean detached; /* the thread frees the vault itself */

  /* Shared, under mutex */
  GMutex mutex;
  GPtrArray *slots;

  GWeakRef store; /* for ::journal-failed */
} SottoVault;

/**
 * SottoCall:
 *
 * The arguments of a call on their way to the thread; each call uses those it needs.
 */
typedef struct {
  char *conversation;
  char *id;
  char *parent;
  char *text;
  SottoHistoryModel *model;
  GPtrArray *parts;
  GPtrArray *trees;
  GPtrArray *passages;
  GArray *rows;
  GBytes *vectors;
  GBytes *hash;
  SottoHistoryDocument *document;
  char **folders;
  SottoHistoryGroup *group;
  char **names;
  GCancellable *cancellable; /* of a long write that can be given up and rolled back */
  gint *n_done;              /* the caller's: atomic */
  SottoUnlock *unlock;
  gint64 number;
  guint kind;
  gboolean flag;
} SottoCall;

SottoCall *sotto_call_new (void);
void sotto_call_free (SottoCall *call);

/**
 * SottoWork:
 *
 * Does a call in the thread.
 *
 * Returns: what the finish function gives out, or %NULL with an error. %SOTTO_DONE if it is only
 *   whether it worked.
 */
typedef gpointer (*SottoWork) (SottoVault *vault, SottoCall *call, GError **error);
#define SOTTO_DONE GINT_TO_POINTER (TRUE)

typedef enum {
  SOTTO_WORK_READ,  /* cancelling interrupts it */
  SOTTO_WORK_WRITE, /* in a transaction; once begun it ends */
  SOTTO_WORK_OTHER, /* no transaction; needs an open database */
  SOTTO_WORK_BARE,  /* no transaction, no database */
} SottoWorkMode;

/**
 * sotto_store_push:
 * @call: (transfer full)
 * @free_result: (nullable): how to free what @work returns, if nobody takes it
 *
 * Queues a call. It is done after those before it, and returns to the caller's main context.
 */
void sotto_store_push (SottoStore          *self,
                       SottoWorkMode        mode,
                       SottoWork            work,
                       SottoCall           *call,
                       GDestroyNotify       free_result,
                       GCancellable        *cancellable,
                       GAsyncReadyCallback  callback,
                       gpointer             user_data);

/* What came of a running reply, for its journal (journal.h). @text: (transfer full): as the journal has it */
void sotto_store_push_part (SottoStore *self, const char *reply, SottoHistoryPartKind kind, char *text);

/* The other end of sotto_store_push(), for every finish function */
gpointer sotto_store_take (SottoStore *self, GAsyncResult *result, GError **error);

/**
 * sotto_store_new:
 *
 * @folder: (nullable): %NULL: it will have no files
 *
 * Returns: (transfer full): a store with a thread and nothing open
 */
SottoStore *sotto_store_new (const char *folder);
SottoVault *sotto_store_get_vault (SottoStore *self);

/**
 * sotto_vault_check_files:
 *
 * Returns: %FALSE with _INVALID if it is in memory, where there is neither key nor file
 */
gboolean sotto_vault_check_files (SottoVault *vault, GError **error);

/**
 * sotto_vault_publish_slots:
 *
 * Makes the envelope's slots known to sotto_store_list_slots().
 */
void sotto_vault_publish_slots (SottoVault *vault);

/**
 * sotto_vault_close:
 *
 * Closes the database, wipes the key, releases the lock. In the thread.
 */
gboolean sotto_vault_close (SottoVault *vault, GError **error);

/**
 * sotto_vault_erase_later:
 *
 * Has the thread erase what is gone of folders (store-erase.c), once no call waits.
 */
void sotto_vault_erase_later (SottoVault *vault);

/**
 * sotto_vault_look_for_erasing:
 *
 * As sotto_vault_erase_later(), if something is gone.
 */
gboolean sotto_vault_look_for_erasing (SottoVault *vault, GError **error);

/**
 * sotto_vault_erase:
 *
 * Does the next step of it.
 */
void sotto_vault_erase (SottoVault *vault);

/**
 * sotto_vault_settle_sealed:
 *
 * Removes sealed files of conversations that are gone.
 */
gboolean sotto_vault_settle_sealed (SottoVault *vault, gboolean is_opening, GError **error);

/**
 * sotto_replacing_find_key:
 *
 * Returns: (transfer full) (nullable): where the envelope is of a history that was cut off on its
 *   way into @folder (store-replace.c) and has its database there or on the way; %NULL: none was
 */
char *sotto_replacing_find_key (const char *folder);

/**
 * sotto_replacing_settle:
 * @folder: whose lock is held
 *
 * Ends what was cut off, if anything was.
 */
gboolean sotto_replacing_settle (const char *folder, GError **error);

G_END_DECLS
