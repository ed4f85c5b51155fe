#pragma once

/* What lanes do together. */

template <typename T>
static inline T
emulation_exchange (const char *what, T x, guint lane, EmulationSite site)
{
  static_assert (sizeof (T) == 4 || sizeof (T) == 8, "4 or 8 bytes");
  EmulationSlots *slots = emulation_arrive (what, site);
  T result;

  memcpy (&slots->doubles[emulation_thread->lane], &x, sizeof x);
  emulation_is_last ();
  emulation_meet ();
  memcpy (&result, &slots->doubles[lane % N_LANES], sizeof result);
  return result;
}

template <typename T>
DEVICE T
warp_shuffle (T x, guint lane, AT_SITE)
{
  return emulation_exchange ("warp_shuffle", x, lane, site);
}

template <typename T>
DEVICE T
warp_shuffle_xor (T x, guint mask, AT_SITE)
{
  return emulation_exchange ("warp_shuffle_xor", x, lane_index () ^ mask, site);
}

DEVICE void
warp_barrier (AT_SITE)
{
  emulation_arrive ("warp_barrier", site);
  if (emulation_is_last ())
    emulation_order ();
  emulation_meet ();
}

DEVICE guint32
emulation_ballot (const char *what, bool condition, EmulationSite site)
{
  EmulationSlots *slots = emulation_arrive (what, site);

  if (emulation_thread->warp->n_arrived == 0)
    slots->words[0] = 0;
  slots->words[0] |= (guint32) condition << emulation_thread->lane;
  emulation_is_last ();
  emulation_meet ();
  return slots->words[0];
}

DEVICE bool warp_any (bool condition, AT_SITE) { return emulation_ballot ("warp_any", condition, site) != 0; }
DEVICE bool warp_all (bool condition, AT_SITE) { return emulation_ballot ("warp_all", condition, site) == ~0u; }
DEVICE guint32 warp_ballot (bool condition, AT_SITE) { return emulation_ballot ("warp_ballot", condition, site); }

struct EmulationSum { template <typename T> static T of (T a, T b) { return a + b; } };
/* As fmax and fmin: a number is preferred to none. */
struct EmulationMax { template <typename T> static T of (T a, T b) { return b > a || a != a ? b : a; } };
struct EmulationMin { template <typename T> static T of (T a, T b) { return b < a || a != a ? b : a; } };

template <typename Op, int N, typename T>
static inline T
emulation_reduce (const char *what, T x, EmulationSite site)
{
  static_assert (sizeof (T) == 4 || sizeof (T) == 8, "4 or 8 bytes");
  static_assert (N > 0 && N <= N_LANES && (N & (N - 1)) == 0, "a power of two");
  EmulationSlots *slots = emulation_arrive (what, site);
  T *values = reinterpret_cast<T *> (slots);

  values[emulation_thread->lane] = x;
  if (emulation_is_last ())
    for (int mask = N / 2; mask > 0; mask /= 2)
      {
        T before[N_LANES];

        memcpy (before, values, sizeof before);
        for (int i = 0; i < N_LANES; i++)
          values[i] = Op::template of<T> (before[i], before[i ^ mask]);
      }
  emulation_meet ();
  return values[emulation_thread->lane];
}

template <int N = 32, typename T>
DEVICE T
warp_sum (T x, AT_SITE)
{
  return emulation_reduce<EmulationSum, N> ("warp_sum", x, site);
}

template <int N = 32, typename T>
DEVICE T
warp_max (T x, AT_SITE)
{
  return emulation_reduce<EmulationMax, N> ("warp_max", x, site);
}

template <int N = 32, typename T>
DEVICE T
warp_min (T x, AT_SITE)
{
  return emulation_reduce<EmulationMin, N> ("warp_min", x, site);
}

DEVICE void
emulation_barrier (const char *what, guint id, guint n, EmulationSite site)
{
  emulation_arrive (what, site);
  if (emulation_is_last ())
    emulation_wait (id, n, site);
  else
    emulation_meet ();
}

DEVICE void
block_barrier (AT_SITE)
{
  emulation_barrier ("block_barrier", 0, n_threads (), site);
}

DEVICE void
block_barrier_some (guint id, guint n, AT_SITE)
{
  emulation_barrier ("block_barrier_some", id, n, site);
}
