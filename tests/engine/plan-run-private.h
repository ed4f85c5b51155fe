#pragma once

#include "plan-run.h"

G_BEGIN_DECLS

/* What the parts of plan_run() share: all of a sequence in double precision. */

typedef struct {
  guint n_heads;
  guint n_key;
  guint n_value;
  double *keys;                    /* (n_tokens, n_heads, n_key) */
  double *values;                  /* (n_tokens, n_heads, n_value) */
} PlainCache;

typedef struct {
  const SottoPlan *plan;
  const gint32 *tokens;
  PlanRows rows;                   /* none: end is 0 */
  guint n;                         /* tokens */
  gboolean is_long;
  double *buffers[SOTTO_N_BUFFERS]; /* (n, widths) */
  guint widths[SOTTO_N_BUFFERS];
  PlainCache *caches;
  double *queries;                 /* (n, n_heads, n_query) of the last QKV */
  guint n_query;
  double *gates;                   /* NULL: none */
  double *inputs;                  /* (n, n_layers * n_input) */
  guint n_inputs;
  double *output;
} PlainRun;

/* plan-run-pieces.c */
/* y[row] of one vector; the row's length is the weight's. */
double plain_multiply_row (const SottoWeight *w, guint row, const double *x);
void plain_multiply (const SottoWeight *w, const double *x, double *y);
/* (n, n_rows): the weight times every token's row of a buffer. (transfer full) */
double *plain_project (const PlainRun *self, const SottoWeight *w, SottoBuffer from);
/* y += scale * row */
void plain_add_table_row (const SottoWeight *w, guint row, double scale, double *y);
/* @offset: where the norm's weights begin for this piece */
void plain_norm (const SottoNorm *self, guint offset, guint n, double *x);
void
plain_norm_heads (const SottoNorm *self, SottoNormSpan span, guint n_heads, guint n_head, double *x);
/* One head by its position. */
void plain_turn (const PlainRun *self, const SottoRope *rope, guint position, double *head);
double plain_sigmoid (double x);
double plain_activate (SottoActivation kind, double x);
double plain_xielu (const SottoXielu *shape, double x);
/* A gate and what it opens. */
double plain_combine (SottoActivation kind, double gate, double up);
/* A buffer takes what was computed, or it is added there. (transfer full) */
void
plain_put (PlainRun *self, SottoBuffer to, double *values, guint width, double scale, gboolean add);

/* Steps: plan-run-attention.c, plan-run-delta.c, plan-run-experts.c */
void plain_run_qkv (PlainRun *self, const SottoQkvStep *step);
void plain_run_latent_qkv (PlainRun *self, const SottoLatentQkvStep *step);
void plain_run_attend (PlainRun *self, const SottoAttendStep *step);
void plain_run_delta (PlainRun *self, const SottoDeltaStep *step);
void plain_run_scan (PlainRun *self, const SottoScanStep *step);
void plain_run_convolve (PlainRun *self, const SottoConvolveStep *step);
void plain_run_experts (PlainRun *self, const SottoExpertsStep *step);

G_END_DECLS
