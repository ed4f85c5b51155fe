/* PCG32, XSH-RR, on its default stream (O'Neill 2014: "PCG: A family of simple fast space-efficient
 * statistically good algorithms for random number generation"), seeded as its reference
 * implementation does. */

#include "sampler/sampler-private.h"

#define PCG_MULTIPLIER G_GUINT64_CONSTANT (6364136223846793005)
#define PCG_INCREMENT G_GUINT64_CONSTANT (1442695040888963407)

static guint32
pcg_next (guint64 *state)
{
  guint64 old = *state;
  guint32 shifted = (guint32) (((old >> 18) ^ old) >> 27);
  guint32 turn = old >> 59;

  *state = old * PCG_MULTIPLIER + PCG_INCREMENT;

  return shifted >> turn | shifted << (-turn & 31);
}

void
sotto_sampler_seed (guint64 *state,
                    guint64  seed)
{
  *state = 0;
  pcg_next (state);
  *state += seed;
  pcg_next (state);
}

double
sotto_sampler_random (guint64 *state)
{
  return pcg_next (state) * 0x1p-32;
}
