#pragma once

/* A norm's parts, for every kernel that has one: the same bits wherever it is done. */

#include "cuda/device.h"

static inline bool
norm_is_there (const SottoNorm &norm)
{
  return norm.kind != SOTTO_NORM_NONE || norm.weight != NULL || norm.bias != NULL;
}

/* x is (x - mean) * factor, weighted. sum (y): of all threads that have part in it, in each of them; of those one has the columns
 * first, first + step … before end. */
template <typename Sum>
DEVICE void
norm_measure (const SottoNorm &norm, const float *x, guint n_columns, guint first, guint end, guint step, Sum sum_of,
              float *mean, float *factor)
{
  float sum = 0.0f;

  *mean = 0.0f;
  *factor = 1.0f;
  if (norm.kind == SOTTO_NORM_NONE)
    return;
  if (norm.kind == SOTTO_NORM_LAYER)
    {
      for (guint i = first; i < end; i += step)
        sum += x[i];
      *mean = sum_of (sum) / (float) n_columns;
      sum = 0.0f;
    }
  for (guint i = first; i < end; i += step)
    {
      float difference = x[i] - *mean;

      sum = fused (difference, difference, sum);
    }
  sum = sum_of (sum);
  *factor = 1.0f / sqrtf (sum / (float) n_columns + norm.epsilon);
}

/* weight: element @i of the norm's, where it has weights */
DEVICE float
norm_element (const SottoNorm &norm, float x, float mean, float factor, float weight, guint i)
{
  float value = (x - mean) * factor;

  if (norm.weight != NULL)
    value *= weight;
  if (norm.bias != NULL)
    value += load (&norm.bias[i]);
  return value;
}

DEVICE float
norm_weight (const SottoNorm &norm, guint i)
{
  return norm.weight != NULL ? load (&norm.weight[i]) : 1.0f;
}
