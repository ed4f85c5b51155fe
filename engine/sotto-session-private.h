#pragma once

#include "backend.h"
#include "sotto-session.h"

G_BEGIN_DECLS

/* What the caches forget, as it was when the timeline was position tokens long. */
typedef struct {
  guint position;
  GBytes *bytes;
} SottoCheckpoint;

/* Rows of the timeline that are a picture's grid, row of it by row. What is behind the timeline's end is not there (yet). */
typedef struct {
  guint first;
  guint n_rows;
  guint n_columns;
} SottoRowGrid;

/* Recurrent states as they were before a draft; the bytes are kept from draft to draft. */
typedef struct {
  guint position;
  guint8 *bytes;
  gsize n_bytes;
} SottoBeforeDraft;

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
  GArray *grids;           /* (element-type SottoRowGrid), by position; some may lie behind the end (sotto-session-spots.c) */
  GArray *checkpoints;     /* (element-type SottoCheckpoint), by position */

  GArray *spots;           /* (element-type SottoSpot): of the batch that is run */

  /* Logits of the last token: in the backend's memory, or in our own after restoring. NULL: none. */
  float *logits;
  float *restored_logits;  /* (n_vocabulary); NULL until something is restored */

  gboolean lets_stay;      /* logits of few tokens may stay where they are computed; a reply sets it */
  gboolean is_away;        /* they did: they are to be fetched before they are read */
  guint n_before;          /* the timeline's length before the batch that left them */

  /* sotto-session-draft.c */
  SottoBeforeDraft before_draft;
  guint n_certain;         /* the timeline's length without what was drafted */
  float *rows;             /* the backend's: logits from the last certain token on. NULL: of the last token only */
};

/* Whether a session opened now would have all the memory of GPUs that it can use. */
gboolean sotto_session_would_have_room (SottoModel *model, SottoBackend *backend, guint n_context, SottoKvType kv_type);

/* How many of the timeline's first tokens are @tokens' too. */
guint sotto_session_count_common (const SottoSession *self, const gint32 *tokens, guint n_tokens);

/* Of how many tokens sotto_session_sync() would keep what there is. */
guint sotto_session_count_reusable (const SottoSession *self, const gint32 *tokens, guint n_tokens);

/* Leaves nothing of any timeline in the session's memory; it is as a new one then. */
void sotto_session_wipe (SottoSession *self);

/* Evaluates @tokens behind the timeline; they join it when all went well. */
gboolean sotto_session_run_piece (SottoSession  *self,
                                  const gint32  *tokens,
                                  guint          n_tokens,
                                  gboolean       all_logits,
                                  SottoCancel   *cancel,
                                  GError       **error);

/* The same of any batch, of which only what the session knows better is set here: @tokens, (batch->n_tokens), join the timeline. */
gboolean sotto_session_run_batch (SottoSession      *self,
                                  const SottoBatch  *batch,
                                  const gint32      *tokens,
                                  SottoCancel       *cancel,
                                  GError           **error);

/* --- sotto-session-rows.c --- */

/* Whether @tokens, which are to be evaluated, are the vocabulary's but for where @rows (nullable) stand. FALSE with REQUEST. */
gboolean sotto_session_check_tokens (const SottoSession  *self,
                                     const gint32        *tokens,
                                     guint                n_tokens,
                                     const SottoRows     *rows,
                                     GError             **error);

/* The span that @position is in, or the next one; @rows (nullable) has no more: n_spans. */
guint sotto_rows_find (const SottoRows *rows, guint position);

/* Where what is kept of the timeline may end, at most at @n: not within rows that see each other or are a grid, and before the first
 * grid that @rows (nullable) has otherwise. */
guint sotto_session_cut (const SottoSession *self, const SottoRows *rows, guint n);

/* Evaluates @tokens behind the timeline up to at most @end, or to where tokens end or rows begin. */
gboolean sotto_session_run_some (SottoSession     *self,
                                 const gint32     *tokens,
                                 guint             end,
                                 const SottoRows  *rows,
                                 SottoCancel      *cancel,
                                 GError          **error);

/* --- sotto-session-spots.c --- */

/* (element-type SottoRowGrid): of the first @n_tokens; (transfer none) */
const GArray *sotto_session_get_grids (SottoSession *self);

/* (nullable) (@n_tokens): where what comes behind the timeline is along the axes; NULL: at its positions on all. @span: (nullable):
 * whose rows these are. Good until asked again. */
const SottoSpot *sotto_session_find_spots (SottoSession *self, const SottoRowSpan *span, guint n_tokens);

/* Rows of @span were evaluated, the first of them where the timeline ended at @first. */
void sotto_session_keep_grid (SottoSession *self, const SottoRowSpan *span, guint first);

/* Where the timeline may be cut, at most at @n, so that what stays has no part of a grid and the same grids as @rows (nullable). */
guint sotto_session_cut_grids (const SottoSession *self, const SottoRows *rows, guint n);

/* Brings logits that stayed where they were computed. FALSE with BACKEND; then there are none, and the timeline is
 * as it was before them. */
gboolean sotto_session_fetch (SottoSession *self, GError **error);

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

/* (element-type SottoCheckpoint), which clears its own. */
GArray *sotto_checkpoints_new (void);

/* (transfer full): of the same bytes, those up to @n_tokens. */
GArray *sotto_checkpoints_share (const GArray *self, guint n_tokens);
gsize sotto_checkpoints_measure (const GArray *self);

/* The last that is not behind @n_tokens; 0: there is none. */
guint sotto_checkpoints_find (const GArray *self, guint n_tokens);

/* --- sotto-session-aside.c --- */

/* A timeline apart from its session, with all that the session knew of it but logits. */
typedef struct {
  GArray *tokens;          /* (element-type gint32) */
  gboolean is_long;
  GArray *grids;           /* (element-type SottoRowGrid) */
  GArray *checkpoints;     /* (element-type SottoCheckpoint) */
  guint8 *bytes;           /* what the state held */
  gsize n_bytes;
} SottoAside;

/* Bytes that the session's timeline would take aside. */
gsize sotto_session_measure_aside (const SottoSession *self);

/* Copies the timeline, or where the last step failed the beginning of it that can be gone on from, which is then the
 * session's, too. (nullable): cancelled, there is no memory, nothing to copy, or a device failed. */
SottoAside *sotto_session_put_aside (SottoSession *self, SottoCancel *cancel);

/* Makes @aside, which is left as it is, the session's timeline. FALSE: cancelled, or a device failed; the timeline is
 * empty then. */
gboolean sotto_session_take_up (SottoSession *self, const SottoAside *aside, SottoCancel *cancel);

guint sotto_aside_count_common (const SottoAside *self, const gint32 *tokens, guint n_tokens);

/* Of how many tokens sotto_session_sync() would keep what there is, if @session took it up. */
guint sotto_aside_count_reusable (const SottoAside   *self,
                                  const SottoSession *session,
                                  const gint32       *tokens,
                                  guint               n_tokens);
gsize sotto_aside_measure (const SottoAside *self);
void sotto_aside_free (SottoAside *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoAside, sotto_aside_free)

/* --- sotto-session-draft.c --- */

/* Tokens that one batch may append now and give the same bits as steps: 1 where nothing can be drafted, 0 where
 * the context is full. */
guint sotto_session_count_draft (const SottoSession *self);

/* Like sotto_session_append() of the first of @tokens, with others behind it that are only a guess. @n_tokens:
 * (inout): at least 1; so many have joined the timeline, of all of which there are logits. */
gboolean sotto_session_append_draft (SottoSession  *self,
                                     const gint32  *tokens,
                                     guint         *n_tokens,
                                     SottoCancel   *cancel,
                                     GError       **error);

/* The logits of the last of the timeline's first @n_tokens, at least those that are certain; where they are away, they
 * are not there before sotto_session_fetch(). */
float *sotto_session_get_draft_logits (SottoSession *self, guint n_tokens);

/* The highest of those logits, in place of all: as SottoBackendClass.select(). */
gboolean sotto_session_select (SottoSession         *self,
                               guint                 n_tokens,
                               const SottoBestWish  *wish,
                               SottoBest            *best,
                               GError              **error);

/* Sets the timeline back to @n_tokens, at least those that are certain; the logits of the last one are there. After
 * an error it is where the draft began or further. */
gboolean sotto_session_keep (SottoSession *self, guint n_tokens, SottoCancel *cancel, GError **error);

void sotto_session_drop_draft (SottoSession *self);

G_END_DECLS
