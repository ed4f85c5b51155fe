#pragma once

#include "sotto-worker.h"

G_BEGIN_DECLS

/* The way of events from the worker's thread to whoever reads them. Thread-safe.
 *
 * It stays short however slow the reader is: text joins the text before it, progress replaces the progress
 * before it. What remains is a handful of events a request. */
typedef struct _SottoEventQueue SottoEventQueue;

SottoEventQueue *sotto_event_queue_new (void (*wake) (gpointer user_data), gpointer user_data);
void sotto_event_queue_free (SottoEventQueue *self);

/* @event: (transfer full). Wakes the reader if the queue was empty. */
void sotto_event_queue_push (SottoEventQueue *self, SottoEvent *event);

/* @timeout_us: 0: do not wait; -1: wait for ever. Returns: (transfer full) (nullable) */
SottoEvent *sotto_event_queue_pop (SottoEventQueue *self, gint64 timeout_us);

gboolean sotto_event_queue_is_empty (SottoEventQueue *self);

SottoEvent *sotto_event_new (guint64 request, SottoEventKind kind);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoEventQueue, sotto_event_queue_free)

G_END_DECLS
