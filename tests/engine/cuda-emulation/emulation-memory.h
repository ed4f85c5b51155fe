#pragma once

/* Loads, which must be aligned as on a device; atomics, for blocks run side by side; copies that
 * land when waited for. None comes before previous_wait(). */

static inline void
emulation_late (EmulationSite site)
{
  if (!emulation_thread->waited)
    emulation_fail (site, "accesses memory before previous_wait");
}

static inline void
emulation_align (const void *p, gsize n_bytes, EmulationSite site)
{
  if (((guintptr) p & (n_bytes - 1)) != 0)
    emulation_fail (site, "%" G_GSIZE_FORMAT " bytes at %p, which is not aligned to them", n_bytes, p);
}

template <typename T>
DEVICE T
load (const T *p, AT_SITE)
{
  static_assert (sizeof (T) <= 16 && (sizeof (T) & (sizeof (T) - 1)) == 0, "1, 2, 4, 8 or 16 bytes");
  T value;

  emulation_late (site);
  emulation_align (p, sizeof (T), site);
#ifdef __SANITIZE_THREAD__
  emulation_constant (p, sizeof (T));
#endif
  memcpy (&value, p, sizeof value);
  return value;
}

template <typename T> DEVICE T load_once (const T *p, AT_SITE) { return load (p, site); }

/* Others may be writing there. */
template <typename T>
#ifdef __SANITIZE_THREAD__
__attribute__ ((noinline, no_sanitize ("thread")))
#endif
static T
load_coherent (const T *p, AT_SITE)
{
  T value;

  emulation_late (site);
  emulation_align (p, sizeof (T), site);
  memcpy (&value, p, sizeof value);
  return value;
}


DEVICE void
prefetch (const void *p, AT_SITE)
{
#ifdef __SANITIZE_THREAD__
  emulation_prefetch (p, site);
#endif
}

DEVICE void memory_fence () { __atomic_thread_fence (__ATOMIC_SEQ_CST); }

DEVICE guint32
atomic_add (guint32 *p, guint32 x, AT_SITE)
{
  emulation_late (site);
  return __atomic_fetch_add (p, x, __ATOMIC_SEQ_CST);
}

DEVICE guint32
atomic_exchange (guint32 *p, guint32 x, AT_SITE)
{
  emulation_late (site);
  return __atomic_exchange_n (p, x, __ATOMIC_SEQ_CST);
}

DEVICE guint32
atomic_max (guint32 *p, guint32 x, AT_SITE)
{
  guint32 before = __atomic_load_n (p, __ATOMIC_SEQ_CST);

  emulation_late (site);
  while (before < x && !__atomic_compare_exchange_n (p, &before, x, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
    ;
  return before;
}

DEVICE void
async_copy_16 (void *shared, const void *global, bool valid = true, AT_SITE)
{
  emulation_late (site);
  emulation_copy_begin (shared, valid ? global : NULL, 16, site);
}

DEVICE void
async_copy_4 (void *shared, const void *global, bool valid = true, AT_SITE)
{
  emulation_late (site);
  emulation_copy_begin (shared, valid ? global : NULL, 4, site);
}

DEVICE void async_commit () { emulation_copy_commit (); }
template <int N> DEVICE void async_wait () { emulation_copy_wait (N); }

DEVICE void previous_wait () { emulation_previous_wait (); }
