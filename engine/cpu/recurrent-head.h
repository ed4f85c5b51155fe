#pragma once

#include "cpu/history.h"
#include "cpu/kernels.h"

G_BEGIN_DECLS

/* Weights of channels first … first + n - 1 by tap: (n_taps, n), so that a tap of all channels is a vector.
 * convolution: (channels, n_taps) */
static inline void
sotto_turn_taps (const float *convolution, guint n_taps, guint first, guint n, float *taps)
{
  for (guint tap = 0; tap < n_taps; tap++)
    for (guint i = 0; i < n; i++)
      taps[tap * n + i] = convolution[(gsize) (first + i) * n_taps + tap];
}

/* The channels of one head of a recurrent state, in three parts that are convolved: first and n are the step's, the rest lies
 * in a lane's memory. */
typedef struct {
  guint first[3];           /* among all channels */
  guint n[3];
  float *taps[3];           /* (n_taps, n): weights of the convolution */
  float *x[3];              /* (n): convolved */
  float *answer;            /* (n_value) */
} SottoRecurrentHead;

static inline void
sotto_recurrent_head_place (SottoRecurrentHead *self, const float *convolution, guint n_taps, float *memory)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->n); i++)
    {
      self->taps[i] = memory;
      memory += n_taps * self->n[i];
      sotto_turn_taps (convolution, n_taps, self->first[i], self->n[i], self->taps[i]);
      self->x[i] = memory;
      memory += self->n[i];
    }
  self->answer = memory;
}

/* Token t of the batch. bias: (channels), or NULL. rows: (n_taps), scratch */
static inline void
sotto_recurrent_head_convolve (const SottoRecurrentHead *self,
                               const SottoKernels       *kernels,
                               const SottoHistory       *history,
                               guint                     t,
                               const float              *bias,
                               guint                     n_taps,
                               const float             **rows)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->n); i++)
    {
      for (guint tap = 0; tap < n_taps; tap++)
        rows[tap] = sotto_history_row (history, t, n_taps - 1 - tap) + self->first[i];
      kernels->convolve (SOTTO_ACTIVATION_SILU, rows, self->taps[i], bias != NULL ? bias + self->first[i] : NULL, n_taps,
                         self->n[i], self->x[i]);
    }
}

G_END_DECLS
