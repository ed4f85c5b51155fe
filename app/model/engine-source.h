#pragma once

#include <glib.h>
#include <sotto-engine.h>

G_BEGIN_DECLS

/**
 * SottoEngineSource:
 *
 * The one GSource that takes events from a worker in the main context. It is dispatched at once for
 * the first event and then at most once a frame; the texts of a frame arrive joined.
 */
typedef struct _SottoEngineSource SottoEngineSource;

/**
 * SottoEngineSourceFunc:
 * @event: (transfer none): valid during the call
 */
typedef void (*SottoEngineSourceFunc) (const SottoEvent *event, gpointer user_data);

/* How often events are looked at, at most: about a frame of 60 Hz. */
#define SOTTO_ENGINE_SOURCE_INTERVAL (16 * G_TIME_SPAN_MILLISECOND)

/**
 * sotto_engine_source_new:
 * @context: where it will be attached; woken by sotto_engine_source_wake()
 *
 * Gets no events until sotto_engine_source_set_worker() is called.
 */
SottoEngineSource *sotto_engine_source_new (GMainContext          *context,
                                            SottoEngineSourceFunc  func,
                                            gpointer               user_data);

/**
 * sotto_engine_source_wake:
 * @context: (type GMainContext)
 *
 * What a worker calls, from its thread, when there is something to take.
 */
void sotto_engine_source_wake (gpointer context);

/**
 * sotto_engine_source_set_worker:
 * @worker: (nullable) (transfer none): must outlive the source, or be taken away first
 */
void sotto_engine_source_set_worker (SottoEngineSource *self, SottoWorker *worker);

/**
 * sotto_engine_source_free:
 *
 * Detaches it. Nothing is called afterwards.
 */
void sotto_engine_source_free (SottoEngineSource *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoEngineSource, sotto_engine_source_free)

G_END_DECLS
