#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Sums of a row that no kernel has: few, and of one token. Sixteen of them side by side, put together at the end, so that every
 * compiler may use vectors and all give the same bits. */

enum { SOTTO_ROW_SUMS = 16 };

static inline float
sotto_row_join (const float *sums)
{
  float sum = 0.0f;

  for (guint k = 0; k < SOTTO_ROW_SUMS; k++)
    sum += sums[k];
  return sum;
}

static inline float
sotto_row_dot (const float *x, const float *y, guint n)
{
  float sums[SOTTO_ROW_SUMS] = { 0 };
  guint whole = n / SOTTO_ROW_SUMS * SOTTO_ROW_SUMS;

  for (guint i = 0; i < whole; i += SOTTO_ROW_SUMS)
    for (guint k = 0; k < SOTTO_ROW_SUMS; k++)
      sums[k] += x[i + k] * y[i + k];
  for (guint k = 0; whole + k < n; k++)
    sums[k] += x[whole + k] * y[whole + k];
  return sotto_row_join (sums);
}

static inline float
sotto_row_mean (const float *x, guint n)
{
  float sums[SOTTO_ROW_SUMS] = { 0 };
  guint whole = n / SOTTO_ROW_SUMS * SOTTO_ROW_SUMS;

  for (guint i = 0; i < whole; i += SOTTO_ROW_SUMS)
    for (guint k = 0; k < SOTTO_ROW_SUMS; k++)
      sums[k] += x[i + k];
  for (guint k = 0; whole + k < n; k++)
    sums[k] += x[whole + k];
  return sotto_row_join (sums) / (float) n;
}

/* The mean square of what is left without @mean. */
static inline float
sotto_row_variance (const float *x, float mean, guint n)
{
  float sums[SOTTO_ROW_SUMS] = { 0 };
  guint whole = n / SOTTO_ROW_SUMS * SOTTO_ROW_SUMS;

  for (guint i = 0; i < whole; i += SOTTO_ROW_SUMS)
    for (guint k = 0; k < SOTTO_ROW_SUMS; k++)
      sums[k] += (x[i + k] - mean) * (x[i + k] - mean);
  for (guint k = 0; whole + k < n; k++)
    sums[k] += (x[whole + k] - mean) * (x[whole + k] - mean);
  return sotto_row_join (sums) / (float) n;
}

G_END_DECLS
