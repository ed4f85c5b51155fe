#pragma once

#include "sotto-engine.h"

/* What a worker's requests come to, for the tests that make them. */

/* How long an event is waited for, microseconds. */
#define OUTCOME_PATIENCE (60 * G_USEC_PER_SEC)

typedef struct {
  GString *text;
  SottoEvent *last;
  guint n_prefill;
  guint n_loaded;
  SottoMemory memory;
} Outcome;

void outcome_clear (Outcome *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Outcome, outcome_clear)

/* Waits for the last event of a request; of one to load, for LOADED. */
Outcome outcome_wait (SottoWorker *worker, guint64 id, gboolean is_load);

/* A request without chance in it. */
SottoGenerate outcome_greedy (const char *path, const char *text, guint max_tokens);

/* Makes the request and waits for its end. */
Outcome outcome_of (SottoWorker *worker, const SottoGenerate *generate);
