#pragma once

#include "backend.h"
#include "plan-cut.h"

G_BEGIN_DECLS

/* A plan's state that is shared out among backends: parts one after the other, each with the steps of its layers. What one
 * part leaves the next one takes, through the host's memory. */

typedef struct {
  SottoBackend *backend;   /* (transfer none) */
  SottoPlanPart *part;
  SottoState *state;
  guint n_layers;
  gboolean is_device;
} SottoSplitPart;

typedef struct {
  SottoSplitPart *parts;   /* (n_parts) */
  guint n_parts;
  char *description;       /* "NVIDIA H100 (layers 1-32)" */
  guint form;
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
gsize sotto_split_state_checkpoint_bytes (const SottoSplitState *self);
void sotto_split_state_checkpoint_store (const SottoSplitState *self, guint8 *target);
void sotto_split_state_checkpoint_load (SottoSplitState *self, guint position, const guint8 *source);
gsize sotto_split_state_bytes (const SottoSplitState *self, guint position);
void sotto_split_state_store (const SottoSplitState *self, guint position, guint8 *target);
void sotto_split_state_load (SottoSplitState *self, guint position, const guint8 *source);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoSplitState, sotto_split_state_free)

G_END_DECLS
