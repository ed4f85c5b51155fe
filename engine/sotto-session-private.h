#pragma once

#include "backend.h"
#include "sotto-session.h"

G_BEGIN_DECLS

/* What the caches forget, as it was when the timeline was position tokens long. */
typedef struct {
  guint position;
  guint8 *bytes;
  gsize n_bytes;
} SottoCheckpoint;

struct _SottoSession {
  SottoModel *model;
  SottoBackend *backend;   /* (transfer none): outlives the session */
  SottoState *state;       /* the backend's: KV cache and scratch */
  guint n_context;
  SottoKvType kv_type;

  /* The timeline: the cache holds keys and values of exactly these, but for what forgets and may have
   * been lost by a run that failed (SottoBackendClass.state_serves). */
  GArray *tokens;          /* (element-type gint32) */
  gboolean is_long;        /* computed as a long sequence (SottoPlan.long_from) */
  GArray *checkpoints;     /* (element-type SottoCheckpoint), by position */

  /* Logits of the last token: in the backend's memory, or in our own after restoring. NULL: none. */
  float *logits;
  float *restored_logits;  /* (n_vocabulary); NULL until something is restored */
};

/* Whether a sequence of so many tokens is a long one, whose positions turn otherwise from the first on. */
gboolean sotto_session_is_long (const SottoSession *self, guint n_tokens);

/* --- sotto-session-checkpoint.c --- */

/* Takes a checkpoint where the timeline ends, if anything forgets there; without memory for it, none. */
void sotto_session_mark (SottoSession *self);

/* Sets the timeline to the longest beginning of it, of at most @n_tokens, that the state can go on
 * from, and the state with it. Checkpoints behind it are forgotten. */
void sotto_session_rewind (SottoSession *self, guint n_tokens);

void sotto_session_drop_checkpoints (SottoSession *self);
gsize sotto_session_measure_checkpoints (const SottoSession *self);

G_END_DECLS
