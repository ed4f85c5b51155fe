#pragma once

/* What 9.0 alone has: copies in bulk (bulk.cc) and products by four warps (quad.cc). */

DEVICE void
proxy_fence (AT_SITE)
{
  emulation_need_hopper ("proxy_fence", site);
  emulation_proxy_fence ();
}

DEVICE void bulk_init (guint64 *arrival, guint n, AT_SITE) { emulation_bulk_init (arrival, n, site); }
DEVICE void bulk_expect (guint64 *arrival, guint n_bytes, AT_SITE) { emulation_bulk_expect (arrival, n_bytes, site); }

DEVICE void
bulk_copy (void *shared, const void *global, guint n_bytes, guint64 *arrival, AT_SITE)
{
  emulation_late (site);
  emulation_bulk_copy (shared, global, n_bytes, arrival, site);
}

DEVICE void
bulk_wait (guint64 *arrival, guint parity, AT_SITE)
{
  emulation_arrive ("bulk_wait", site);
  if (emulation_is_last ())
    emulation_bulk_wait (arrival, parity, site);
  else
    emulation_meet ();
}

DEVICE guint64
quad_matrix (const void *first, guint leading, guint stride, guint mode, AT_SITE)
{
  return emulation_quad_matrix (first, leading, stride, mode, site);
}

template <int N_SUMS> DEVICE void quad_clear (float (&sums)[N_SUMS]) { memset (sums, 0, sizeof sums); }

DEVICE void
quad_begin (AT_SITE)
{
  emulation_arrive ("quad_begin", site);
  if (emulation_is_last ())
    emulation_quad_begin (site);
  emulation_meet ();
}

DEVICE void
quad_commit (AT_SITE)
{
  emulation_arrive ("quad_commit", site);
  if (emulation_is_last ())
    emulation_quad_commit (site);
  emulation_meet ();
}

template <int N, int N_SUMS>
DEVICE void
quad_wait (float (&)[N_SUMS], AT_SITE)
{
  emulation_arrive ("quad_wait", site);
  if (emulation_is_last ())
    emulation_quad_wait (N, site);
  emulation_meet ();
}

typedef struct {
  float *sums;
  guint64 a, b;
  guint64 adds;
} EmulationQuadLane;

template <int N_SUMS>
DEVICE void
quad_multiply (float (&sums)[N_SUMS], guint64 a, guint64 b, bool adds, AT_SITE)
{
  static_assert (N_SUMS == 64 || N_SUMS == 128, "those that device-hopper.h has");
  static_assert (sizeof (EmulationQuadLane) <= EMULATION_SLOT_WORDS * sizeof (guint32), "it has room");
  EmulationSlots *slots = emulation_arrive ("quad_multiply", site);
  const EmulationQuadLane mine = {sums, a, b, adds};

  memcpy (slots->many[emulation_thread->lane], &mine, sizeof mine);
  if (emulation_is_last ())
    {
      float *all[N_LANES];

      for (guint lane = 0; lane < N_LANES; lane++)
        {
          EmulationQuadLane theirs;

          memcpy (&theirs, slots->many[lane], sizeof theirs);
          if (theirs.a != a || theirs.b != b || theirs.adds != mine.adds)
            emulation_fail (site, "quad_multiply: lane %u has other matrices", lane);
          all[lane] = theirs.sums;
        }
      emulation_quad_multiply (all, N_SUMS, a, b, adds, site);
    }
  emulation_meet ();
}
