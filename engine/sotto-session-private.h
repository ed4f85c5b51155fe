#pragma once

#include "backend.h"
#include "sotto-session.h"

G_BEGIN_DECLS

struct _SottoSession {
  SottoModel *model;
  SottoBackend *backend;   /* (transfer none): outlives the session */
  SottoState *state;       /* the backend's: KV cache and scratch */
  guint n_context;
  SottoKvType kv_type;

  /* The timeline: the cache holds keys and values of exactly these. */
  GArray *tokens;          /* (element-type gint32) */

  /* Logits of the last token: in the backend's memory, or in our own after restoring. NULL: none. */
  float *logits;
  float *restored_logits;  /* (n_vocabulary); NULL until something is restored */
};

G_END_DECLS
