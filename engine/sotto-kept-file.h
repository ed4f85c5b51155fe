#pragma once

#include "sotto-shelf.h"
#include "sotto-timelines.h"

G_BEGIN_DECLS

/* A timeline that was left, on its way to where it outlives the worker, and back. */
typedef struct _SottoKeptFile SottoKeptFile;

/* Bytes that it would take there. */
guint64 sotto_kept_file_measure (const SottoKept *kept, const SottoSession *session);

/* Writes @kept, whose conversation is known, as one of @session's. @until: a monotonic time at which it is given up. FALSE:
 * it is not there; what was there before is. */
gboolean sotto_kept_file_save (const SottoKept       *kept,
                               const SottoSession    *session,
                               const SottoTimelines  *timelines,
                               gint64                 until,
                               SottoCancel           *cancel);

/* What is there of @conversation for @session, as far as one needs to know it. (nullable) (transfer full): nothing, or nothing
 * that can be used; then it is not there any more. */
SottoKeptFile *sotto_kept_file_open (const SottoTimelines *timelines, const SottoSession *session, const char *conversation);

/* All but the bytes. (transfer none) */
const SottoAside *sotto_kept_file_peek (const SottoKeptFile *self);

/* The rest of it. @progress: (nullable): bytes. (nullable) (transfer full): cancelled, there is no memory, or it is damaged; then
 * it is not there any more. */
SottoKept *sotto_kept_file_load (SottoKeptFile  *self,
                                 SottoProgress   progress,
                                 gpointer        user_data,
                                 SottoCancel    *cancel);

void sotto_kept_file_free (SottoKeptFile *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoKeptFile, sotto_kept_file_free)

G_END_DECLS
