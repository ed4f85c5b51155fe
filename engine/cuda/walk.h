#pragma once

#include "backend.h"
#include "cuda/caches.h"
#include "cuda/weights.h"

G_BEGIN_DECLS

/* A plan's steps turned into a module's operations.
 *
 * A walk does one of two things: it puts the operations on the device, or, where it measures, it does all the same but for
 * them, and leaves how much working memory they would have used. So there is one place that says what a step needs. A walk
 * that measures may also rehearse: of each operation the module says whether the device would take it.
 *
 * Working memory is rows of every token that outlive their step (buffers, queries, gates, inputs, output), an operand in the form
 * that products read, and what a step takes for itself, which is free again behind it.
 */

typedef enum {
  SOTTO_ROWS_BUFFERS,                                  /* SOTTO_N_BUFFERS of them */
  SOTTO_ROWS_QUERIES = SOTTO_ROWS_BUFFERS + SOTTO_N_BUFFERS, /* (n_tokens, n_heads, n_key) */
  SOTTO_ROWS_GATES,                                    /* the same form */
  SOTTO_ROWS_INPUTS,
  SOTTO_ROWS_OUTPUT,                                   /* what the plan leaves */
  SOTTO_ROWS_OPERAND,                                  /* bytes of all its pieces */
  SOTTO_ROWS_STEP,                                     /* what a step takes for itself */
  SOTTO_N_ROWS,
} SottoCudaRows;

/* Rows of which attention may be cut into multiples, where a sequence is so long that all at once would take too long. */
#define SOTTO_WALK_ATTEND_ROWS 64

/* Bytes of each; pieces of one allocation. */
typedef struct {
  gsize bytes[SOTTO_N_ROWS];
  guint8 *base[SOTTO_N_ROWS];
} SottoCudaScratch;

typedef struct {
  /* Set by who walks */
  const SottoCudaModule *module;
  SottoCudaDevice *device;       /* not touched when only measuring */
  gboolean measures;
  gboolean rehearses;            /* while it measures: the device is asked whether it takes each operation */
  const SottoPlan *plan;
  const SottoStep *steps;        /* (plan->n_steps), their operands on the device */
  guint first_step;              /* to be done: up to before end_step */
  guint end_step;
  const SottoCudaCache *caches;
  float *const *recurrents;
  SottoCudaScratch *scratch;
  const gint32 *tokens;          /* (n_rows), on the device */
  const guint32 *position;       /* on the device */
  const SottoSpot *spots;        /* (nullable) (n_rows), there too: where ropes have axes */
  const float *rows;             /* (nullable): of SottoBatch, on the host, for DEEPEN */
  gsize part_step;
  const guint32 *later;          /* of rows SOTTO_WALK_ATTEND_ROWS, twice that and so on, there too */
  guint64 attend_most;           /* products of one operation of attention; 0: any number */
  guint n_rows;
  guint n_positions_most;        /* no row sees a position behind it */
  gboolean has_rows;             /* the residual begins as others have written it, in place of tokens */
  gboolean together;             /* of SottoBatch */
  gboolean all_logits;
  gboolean is_long;
  SottoCancel *cancel;           /* (nullable) looked at between steps of many rows */
  guint *steps_per_look;         /* so many of them; kept from walk to walk, since it follows how long they take */

  /* The walk's own */
  guint step;                    /* what is being done */
  guint n_since;                 /* steps since the device was last waited for, */
  gint64 looked;                 /* which was then */
  gsize taken;                   /* of STEP */
  const float *operand_of;       /* whose rows are in OPERAND */
  SottoCudaOperand operand;
  guint n_inputs;                /* elements of a row of INPUTS */
  SottoCudaMultiply put_off[2];  /* products that the next one takes along */
  guint n_put_off;
} SottoCudaWalk;

/**
 * sotto_cuda_walk:
 *
 * Carries out the steps, but for TAKE and HAND, which are copies that the state makes.
 *
 * Returns: %FALSE where an operation failed, or it was cancelled
 */
gboolean sotto_cuda_walk (SottoCudaWalk *self);

/* How many steps may pass until the device is waited for, where @n_steps took so many microseconds. */
guint sotto_cuda_walk_pace (guint n_steps, gint64 took);

/* --- For the kinds of steps --- */

G_STATIC_ASSERT (SOTTO_FEW_TOKENS <= SOTTO_CUDA_FEW);

/* Whether products read few rows or many: SottoCudaOperand's two forms. */
static inline gboolean
sotto_walk_is_few (const SottoCudaWalk *self)
{
  return self->n_rows <= SOTTO_CUDA_FEW;
}

/* Waits for the device, and looks at the cancel flag. */
gboolean sotto_walk_look (SottoCudaWalk *self);

/* Puts an operation on the device; TRUE when only measuring. */
#define SOTTO_WALK_DO(self, operation, ...) \
  (((self)->measures && !(self)->rehearses) || (self)->module->operation ((self)->device, __VA_ARGS__))

/* Rows of @n floats for every token of the batch. */
float *sotto_walk_rows (SottoCudaWalk *self, SottoCudaRows rows, gsize n);

/* @n floats of output in all. */
float *sotto_walk_output (SottoCudaWalk *self, gsize n);

static inline float *
sotto_walk_buffer (SottoCudaWalk *self, SottoBuffer buffer, guint n)
{
  return sotto_walk_rows (self, SOTTO_ROWS_BUFFERS + buffer, n);
}

/* Memory for this step alone, on the device. */
void *sotto_walk_take (SottoCudaWalk *self, gsize n_bytes);
float *sotto_walk_take_floats (SottoCudaWalk *self, gsize n_rows, gsize n_columns);

/* Makes @x what the next products read, unless it is already. */
gboolean sotto_walk_quantise (SottoCudaWalk *self, const float *x, gsize stride, guint n_rows, guint n_columns);

/* Makes @x, which is written next, and its form for few rows with it, what the next products read. Returns: what is to be made */
SottoCudaOperand sotto_walk_announce (SottoCudaWalk *self, const float *x, guint n_rows, guint n_columns);

/* Of few rows whoever writes @to takes its norm along where that is the next step, which is done then, and makes what products
 * read of it. Else @normed is NULL. */
void sotto_walk_take_norm (
  SottoCudaWalk *self, SottoBuffer to, SottoNorm *after, float **normed, SottoCudaOperand *operand);

/* Whether products of the next step read that buffer first: then who writes it may make what they read. */
gboolean sotto_walk_is_read_next (const SottoCudaWalk *self, SottoBuffer buffer);

/* What lies at @y is written anew: if it was the operand, it is none any more. */
void sotto_walk_touch (SottoCudaWalk *self, const float *y);

/* y = scale * weight x (+ what is there), of the operand; rows of y are the weight's. */
typedef struct {
  float scale;
  gboolean add;
  gboolean exact;                /* as SottoCudaMultiply's */
  gboolean with_next;            /* put off until the next product, which is of the same operand */
  guint rows_per_x;              /* 0: 1 */
  const guint32 *matrices;       /* as SottoCudaMultiply's, likewise the next */
  const guint32 *order;
  const guint32 *starts;
} SottoWalkProduct;

gboolean sotto_walk_multiply (SottoCudaWalk          *self,
                              const SottoWeight      *weight,
                              float                  *y,
                              gsize                   y_stride,
                              const SottoWalkProduct *product);

/* y = norm (x), of rows of one piece side by side. @is_read: by the next products, all of it */
gboolean sotto_walk_norm (
  SottoCudaWalk *self, const SottoNorm *norm, const float *x, float *y, guint n_rows, guint n_columns, gboolean is_read);

/* Pieces of @n floats from x to y. */
typedef struct {
  const float *x;
  float *y;
  gsize x_stride, y_stride;      /* from token to token */
  gsize x_step, y_step;          /* from piece to piece */
  guint n_pieces;
  guint n;
} SottoWalkCopy;

gboolean sotto_walk_copy (SottoCudaWalk *self, const SottoWalkCopy *copy);

/* walk-attention.c */
gboolean sotto_walk_qkv (SottoCudaWalk *self, const SottoQkvStep *step);
gboolean sotto_walk_attend (SottoCudaWalk *self, const SottoAttendStep *step);
/* walk-latent.c */
gboolean sotto_walk_latent_qkv (SottoCudaWalk *self, const SottoLatentQkvStep *step);
/* walk-feed.c */
gboolean sotto_walk_feed (SottoCudaWalk *self, const SottoFeedStep *step);
gboolean sotto_walk_project (SottoCudaWalk *self, const SottoProjectStep *step);
gboolean sotto_walk_experts (SottoCudaWalk *self, const SottoExpertsStep *step);
gboolean sotto_walk_delta (SottoCudaWalk *self, const SottoDeltaStep *step);
gboolean sotto_walk_convolve (SottoCudaWalk *self, const SottoConvolveStep *step);
gboolean sotto_walk_scan (SottoCudaWalk *self, const SottoScanStep *step);
/* walk-streams.c */
gboolean sotto_walk_match (SottoCudaWalk *self, const SottoMatchStep *step);
gboolean sotto_walk_mix (SottoCudaWalk *self, const SottoStreamsStep *step, gboolean corrects);
/* walk-ends.c */
gboolean sotto_walk_embed (SottoCudaWalk *self, const SottoEmbedStep *step);
gboolean sotto_walk_inputs (SottoCudaWalk *self, const SottoInputsStep *step);
gboolean sotto_walk_logits (SottoCudaWalk *self, const SottoLogitsStep *step);
gboolean sotto_walk_pool (SottoCudaWalk *self, const SottoPoolStep *step);

G_END_DECLS
