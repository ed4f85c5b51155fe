#pragma once

#include "sotto-engine.h"
#include "tiny-model.h"

G_BEGIN_DECLS

#define N_CONTEXT 1024
#define N_LONG 700 /* more than one piece of prefill */

/* A tiny model with a session of N_CONTEXT tokens, and a timeline for it. */
typedef struct {
  char *path;
  SottoModel *model;
  SottoBackend *backend;
  SottoSession *session;
  gint32 tokens[N_CONTEXT];
} Fixture;

/* Adds a test with that fixture. @info: (nullable): a tied qwen2 of that block type instead of a llama in F32 */
void fixture_add (const char *path, const SottoBlockInfo *info, void (*test) (Fixture *self, gconstpointer data));

SottoSession *fixture_new_session (Fixture *self, SottoKvType kv_type);
void fixture_sync_to (SottoSession *session, const gint32 *tokens, guint n, guint expected_reuse);
void fixture_append (SottoSession *session, gint32 token);
float *fixture_copy_logits (SottoSession *session);
void fixture_assert_logits (SottoSession *session, const float *expected);

/* What other stretches give: the same but for a thousandth. */
void fixture_assert_near (SottoSession *session, const float *expected);
void fixture_assert_timeline (SottoSession *session, const gint32 *tokens, guint n);

G_END_DECLS
