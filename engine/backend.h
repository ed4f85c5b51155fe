#pragma once

#include "plan.h"
#include "sotto-best.h"
#include "sotto-placement.h"
#include "sotto-session.h"

G_BEGIN_DECLS

/* The border between sessions and arithmetic: a backend carries out plans (plan.h).
 *
 * A state is what a sequence keeps: its KV caches and recurrent states, and the scratch of a batch. What
 * a state holds serves the batch that continues it; whether it also serves one that begins earlier is
 * asked with state_serves(): caches of a window forget, and recurrent states only ever stand at their last token.
 * A checkpoint is a copy of what forgets, and with it a state can be set back.
 */

/* Tokens that are evaluated together, but for plans of whole sequences. */
#define SOTTO_MAX_BATCH 512

/* A batch of at most so many gives what single steps give, to the bit, whichever backend computes it. */
#define SOTTO_FEW_TOKENS 8

typedef struct {
  const gint32 *tokens;    /* (n_tokens); or */
  const float *rows;       /* (n_tokens, n_embedding): what stands in place of the embedding table's rows, scaled already */
  gsize part_step;         /* floats of rows from part to part, of which there are 1 + SottoPlan.n_deep */
  guint n_tokens;
  guint position;          /* of the first in the caches; 0 begins a new sequence */
  const SottoSpot *spots;  /* (nullable) (n_tokens): by what each turns where ropes have axes; NULL: by its position, on all */
  gboolean all_logits;     /* FALSE: of the last token only */
  gboolean is_long;        /* take SottoRope.long_frequencies; the same for a whole sequence */
  gboolean together;       /* every token sees all others of the batch, where attention is causal */
  gboolean stays;          /* logits may stay where they are computed until fetch() or select() asks for them */
  guint first_step;        /* of a plan that was cut, the stretch to carry out (plan-cut.h), one after the other; */
  guint end_step;          /* 0: to the end of the plan */
  const float *handed;     /* (nullable): what a stretch that begins with TAKE takes; what HAND leaves is the output */
} SottoBatch;

/* Behind the last step that is to be carried out. */
static inline guint
sotto_batch_end (const SottoBatch *batch, const SottoPlan *plan)
{
  return batch->end_step > 0 ? batch->end_step : plan->n_steps;
}

typedef struct _SottoState SottoState;

/* Who wants to know how a state comes about, and may stop it: a backend with memory of its own brings the weights there. */
typedef struct {
  SottoProgress progress;  /* (nullable): bytes of all */
  gpointer user_data;
  SottoCancel *cancel;     /* (nullable) */
} SottoLoading;

typedef struct {
  void (*free) (SottoBackend *self);
  void (*set_threads) (SottoBackend *self, guint n_threads);
  guint (*get_threads) (const SottoBackend *self);
  const char *(*get_name) (const SottoBackend *self);

  /* NULL with MEMORY, BACKEND, CANCELLED or GPU (none can do what a demand asks of it). n_context: positions of the
   * caches. plan outlives it and does not change. loading: (nullable) */
  SottoState *(*state_new) (SottoBackend     *self,
                            const SottoPlan  *plan,
                            guint             n_context,
                            SottoKvType       kv_type,
                            const SottoLoading *loading,
                            GError          **error);
  void (*state_free) (SottoBackend *self, SottoState *state);
  void (*state_measure) (SottoBackend *self, const SottoState *state, guint64 *kv_cache, guint64 *scratch);

  /* Carries out the plan for the batch; afterwards the output is there. FALSE: CANCELLED, BACKEND or
   * MEMORY; then nothing from batch->position on is held, and what forgets may hold nothing at all:
   * ask state_serves(). */
  gboolean (*run) (SottoBackend      *self,
                   SottoState        *state,
                   const SottoBatch  *batch,
                   SottoCancel       *cancel,
                   GError           **error);

  /* (n_output), or (n_tokens, n_output) after all_logits; host memory; valid until the next run. After a batch that
   * stays they are there only when they were fetched. */
  float *(*get_output) (SottoBackend *self, SottoState *state);

  /* (nullable): brings what stayed to where get_output() says; nothing is done where it is there. FALSE: BACKEND; a batch
   * that stays may fail here only. */
  gboolean (*fetch) (SottoBackend *self, SottoState *state, GError **error);

  /* (nullable): the highest logits of a row of the output; best is valid until the next call. FALSE without an error:
   * not of this state, or too many are alike; then all of them have to be looked at. */
  gboolean (*select) (SottoBackend         *self,
                      SottoState           *state,
                      guint                 row,
                      const SottoBestWish  *wish,
                      SottoBest            *best,
                      GError              **error);

  /* Whether a batch may begin at position: always at 0. */
  gboolean (*state_serves) (SottoBackend *self, const SottoState *state, guint position);

  /* What forgets, as it is at the position where the state stands. Restoring needs the positions before it to be in
   * the caches that do not forget, as they were. 0 bytes: nothing forgets. */
  gsize (*checkpoint_bytes) (SottoBackend *self, const SottoState *state, guint position);
  void (*checkpoint_store) (SottoBackend *self, const SottoState *state, guint position, guint8 *target);
  void (*checkpoint_load) (SottoBackend *self, SottoState *state, guint position, const guint8 *source);

  /* Everything that the state holds at a position that it serves, in an order of the backend's own that depends only on
   * plan, KV type and position, and of no other sequence; load is its inverse. cancel: (nullable). FALSE: it was raised,
   * or a device failed; then what was stored is worth nothing, and a state that was loaded serves 0 only. */
  gsize (*state_bytes) (SottoBackend *self, const SottoState *state, guint position);
  gboolean (*state_store) (SottoBackend     *self,
                           const SottoState *state,
                           guint             position,
                           guint8           *target,
                           SottoCancel      *cancel);
  gboolean (*state_load) (SottoBackend *self,
                          SottoState   *state,
                          guint         position,
                          const guint8 *source,
                          SottoCancel  *cancel);

  /* Leaves nothing of any sequence in the state's memory: zeros, or it goes back to the system. It serves 0 only. */
  void (*state_wipe) (SottoBackend *self, SottoState *state);

  /* (nullable): where the state's layers are computed, for the receipt; without it the backend's name says all */
  const char *(*state_describe) (SottoBackend *self, const SottoState *state);

  /* (nullable): a number that differs where the order of state_store does, below 2^24; without it 0 */
  guint (*state_form) (SottoBackend *self, const SottoState *state);

  /* (nullable): whether a state made now would have all the memory of GPUs that it can use; TRUE where it is to use none */
  gboolean (*has_room) (SottoBackend *self, const SottoPlan *plan, guint n_context, SottoKvType kv_type);

  /* (nullable): fills in what is said of GPUs, where some compute the state, or why none does */
  void (*state_place) (SottoBackend *self, const SottoState *state, SottoPlacement *placement);
} SottoBackendClass;

/* The first member of every backend's struct. */
struct _SottoBackend {
  const SottoBackendClass *klass;
};

/* Whether rows can stand in place of tokens: a plan that looks tokens up for every layer has nothing to look up for them. */
gboolean sotto_plan_takes_rows (const SottoPlan *plan);

/* Who computes on the CPU: @self, or what it has for that. (transfer none) */
SottoBackend *sotto_backend_get_cpu (SottoBackend *self);

/* Whether @plan can be carried out for @batch in caches of @n_context; FALSE with BACKEND. */
gboolean sotto_batch_check (const SottoBatch  *batch,
                            const SottoPlan   *plan,
                            guint              n_context,
                            GError           **error);

/* Bytes a state of the CPU's would take, without making it. */
void sotto_backend_estimate (const SottoPlan  *plan,
                             guint             n_context,
                             SottoKvType       kv_type,
                             guint64          *kv_cache,
                             guint64          *scratch);

G_END_DECLS
