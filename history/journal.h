#pragma once

#include "database.h"

G_BEGIN_DECLS

/**
 * SottoJournal:
 *
 * Text of running replies on its way to the disk. The thread's.
 *
 *   add ─► pending, in memory ─► flush (at the deadline, before any other call, at closing) ─►
 *   rows of the table journal, durable ─► settle (finished, or recovered at opening) ─► parts
 *
 * What a flush fails to write stays pending and is tried again.
 */
typedef struct {
  GPtrArray *pending; /* Entry, journal.c */
  gint64 deadline;    /* monotonic time of the next flush, if something is pending */
  GError *failure;    /* (nullable): why the last flush failed */
} SottoJournal;

void sotto_journal_init (SottoJournal *self);
void sotto_journal_clear (SottoJournal *self);

void sotto_journal_add (SottoJournal         *self,
                        const char           *reply,
                        SottoHistoryPartKind  kind,
                        const char           *text);
/* Whether a part of this kind is one row, and its neighbours no more of it: a tool call, a result. */
gboolean sotto_journal_is_whole (SottoHistoryPartKind kind);

/* A tool call, or a result, as the journal keeps it, in one row: the tool's name on a line, then the arguments, or what it
 * gave. (transfer full) */
char *sotto_journal_join_call (const char *name, const char *text);

gboolean sotto_journal_is_pending (const SottoJournal *self);

/**
 * sotto_journal_flush:
 *
 * Writes what is pending in one transaction. Text for a message that is not streaming is dropped,
 * and that is an error too (_NOT_FOUND), told once.
 */
gboolean sotto_journal_flush (SottoJournal *self, SottoDatabase *database, GError **error);

/**
 * sotto_journal_settle:
 * @message: row of a streaming message
 * @receipt: (nullable)
 *
 * Turns its journal into parts and gives it its last status, within the caller's transaction.
 */
gboolean sotto_journal_settle (SottoDatabase       *database,
                               gint64               message,
                               SottoHistoryStatus   status,
                               const char          *receipt,
                               GError             **error);

/**
 * sotto_journal_recover:
 *
 * Settles every message that was streaming when the program ended, as interrupted.
 */
gboolean sotto_journal_recover (SottoDatabase *database, GError **error);

G_END_DECLS
