#pragma once

#include "sotto-session-private.h"

G_BEGIN_DECLS

/* What stands at the beginning of a session's bytes (sotto-session-state.c). */
typedef struct {
  guint n_tokens;
  guint n_stretches;
  guint n_logits;
  guint n_checkpoints;
  guint n_grids;
  gboolean is_long;
} SottoStateHead;

#define SOTTO_STATE_HEAD_BYTES 172
#define SOTTO_STATE_GRID_BYTES 12

/* FALSE with STATE: the model's hash is not known. @bytes: (out) (array fixed-size=172) */
gboolean sotto_state_head_put (const SottoStateHead *self, const SottoSession *session, guint8 *bytes, GError **error);

/* Whether what begins with @bytes may be a state that @session can take; FALSE with STATE. */
gboolean sotto_state_head_get (SottoStateHead *self, const SottoSession *session, const guint8 *bytes, GError **error);

/* Bytes of everything. @checkpoints: (element-type SottoCheckpoint): of which only the positions count */
guint64 sotto_state_head_measure (const SottoStateHead *self, const SottoSession *session, const GArray *checkpoints);

/* Bytes of a checkpoint; 0: nothing forgets. */
gsize sotto_state_measure_checkpoint (const SottoSession *session, guint position);

/* Where pictures are. @grids: (element-type SottoRowGrid). Returns: behind the bytes that were put */
guint8 *sotto_state_put_grids (const GArray *grids, guint8 *next);

/* (transfer full) (element-type SottoRowGrid); NULL with STATE. @tokens: (head->n_tokens) */
GArray *sotto_state_get_grids (const SottoStateHead  *head,
                               const SottoSession    *session,
                               const gint32          *tokens,
                               const guint8          *next,
                               GError               **error);

/* Where checkpoints are. Returns: behind the bytes that were put */
guint8 *sotto_state_put_positions (const GArray *checkpoints, guint8 *next);

/* (transfer full) (element-type SottoCheckpoint): without what forgets, but for sotto_state_set_checkpoint(); NULL with STATE */
GArray *sotto_state_get_positions (const SottoStateHead *head, const guint8 *next, GError **error);

/* @bytes: (transfer full) */
void sotto_state_set_checkpoint (GArray *checkpoints, guint index, GBytes *bytes);

/* Numbers of four bytes each, from and to what the processor takes. */
void sotto_state_copy_words (guint8 *target, const guint8 *source, gsize n);

/* Whether the timeline is one of the vocabulary; FALSE with STATE. @tokens: as copied */
gboolean sotto_state_check_tokens (const SottoSession *session, const gint32 *tokens, guint n, GError **error);

G_END_DECLS
