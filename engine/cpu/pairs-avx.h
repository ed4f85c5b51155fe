#pragma once

/* Products of pairs of 16 bits for template-attend-steps.h, behind a tier's vectors-*.h. Two registers of columns by
 * STEPS_TOGETHER rows are as many sums as hide how long a product takes, and as registers hold. */

#define STEPS_WIDTH (2 * VECTOR_ROWS)
#if VECTOR_ROWS == 16
#define STEPS_TOGETHER 8
#elif defined __AVXVNNI__
#define STEPS_TOGETHER 6
#else
#define STEPS_TOGETHER 4
#endif

/* sums[i] = n_pairs pairs of row i of a times those of STEPS_WIDTH columns of b. Unrolled, for sums are in registers. */
static inline void
multiply_steps (const gint32 *a,
                gsize         a_stride,
                const gint32 *b,
                gsize         b_stride,
                guint         n_pairs,
                gint32        sums[STEPS_TOGETHER][STEPS_WIDTH])
{
  IntVector own[STEPS_TOGETHER][2];

#pragma GCC unroll 8
  for (guint i = 0; i < STEPS_TOGETHER; i++)
    own[i][0] = own[i][1] = (IntVector) { 0 };
  for (guint p = 0; p < n_pairs; p++)
    {
      IntVector left = vector_load_int (b + p * b_stride);
      IntVector right = vector_load_int (b + p * b_stride + VECTOR_ROWS);

#pragma GCC unroll 8
      for (guint i = 0; i < STEPS_TOGETHER; i++)
        {
          IntVector both = vector_all_pair ((const gint16 *) (a + i * a_stride + p));

          own[i][0] = vector_multiply_pairs (own[i][0], left, both);
          own[i][1] = vector_multiply_pairs (own[i][1], right, both);
        }
    }
#pragma GCC unroll 8
  for (guint i = 0; i < STEPS_TOGETHER; i++)
    {
      __builtin_memcpy (sums[i], &own[i][0], sizeof own[i][0]);
      __builtin_memcpy (sums[i] + VECTOR_ROWS, &own[i][1], sizeof own[i][1]);
    }
}
