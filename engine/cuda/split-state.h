#pragma once

#include "backend.h"
#include "plan-cut.h"

G_BEGIN_DECLS

/* A plan's state that is shared out among backends. Each has one part, of all stretches of steps that are its own, and the
 * stretches are carried out in their order, wherever they are: what one leaves the next one takes, through the host's
 * memory. */

typedef struct {
  SottoBackend *backend;   /* (transfer none) */
  SottoPlanPart *part;     /* NULL: all of the plan, as it is, so that what a backend keeps for it serves other states too */
  const SottoPlan *plan;
  SottoState *state;
  guint n_layers;          /* whose experts may be another's */
  guint n_experts;         /* layers of others whose experts are here */
  gboolean is_device;
} SottoSplitPart;

/* A stretch's part, and its steps there. */
typedef struct {
  guint part;
  guint first_step;
  guint end_step;
} SottoSplitTurn;

typedef struct {
  SottoSplitPart *parts;   /* (n_parts): in the order in which they come first */
  guint n_parts;
  SottoSplitTurn *turns;   /* (n_turns): the plan from its first step to its last */
  guint n_turns;
  char *description;       /* "cpu-avx2 (experts of layers 1-20), NVIDIA H100 (layers 1-32)" */
  guint form;
  GError *reason;          /* (nullable): why no GPU computes any of it */
} SottoSplitState;

/* Who carries out the pieces of a plan. */
typedef struct {
  const SottoPlan *plan;
  GArray *pieces;          /* (element-type SottoPlanPiece) */
  const guint *where;      /* a number of backends each, or G_MAXUINT: the CPU */
  SottoBackend *cpu;
  SottoBackend **devices;
} SottoSplit;

/* Returns: (nullable): %NULL with what a part failed with */
SottoSplitState *sotto_split_state_new (const SottoSplit    *split,
                                        guint                n_context,
                                        SottoKvType          kv_type,
                                        const SottoLoading  *loading,
                                        GError             **error);
void sotto_split_state_free (SottoSplitState *self);

/* The class's functions of that name. */
gboolean sotto_split_state_run (SottoSplitState   *self,
                                const SottoBatch  *batch,
                                SottoCancel       *cancel,
                                GError           **error);
gboolean sotto_split_state_serves (const SottoSplitState *self, guint position);
void sotto_split_state_measure (const SottoSplitState *self, guint64 *kv_cache, guint64 *scratch);
void sotto_split_state_place (const SottoSplitState *self, SottoPlacement *placement);
float *sotto_split_state_get_output (SottoSplitState *self);
gboolean sotto_split_state_fetch (SottoSplitState *self, GError **error);
gboolean sotto_split_state_select (SottoSplitState      *self,
                                   guint                 row,
                                   const SottoBestWish  *wish,
                                   SottoBest            *best,
                                   GError              **error);

/* One after the other. */
gsize sotto_split_state_checkpoint_bytes (const SottoSplitState *self, guint position);
void sotto_split_state_checkpoint_store (const SottoSplitState *self, guint position, guint8 *target);
void sotto_split_state_checkpoint_load (SottoSplitState *self, guint position, const guint8 *source);
gsize sotto_split_state_bytes (const SottoSplitState *self, guint position);
gboolean sotto_split_state_store (const SottoSplitState *self, guint position, guint8 *target, SottoCancel *cancel);
gboolean sotto_split_state_load (SottoSplitState *self, guint position, const guint8 *source, SottoCancel *cancel);
void sotto_split_state_wipe (SottoSplitState *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoSplitState, sotto_split_state_free)

G_END_DECLS
