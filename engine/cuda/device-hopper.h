#pragma once

/* What compute capability 9.0 alone has, products by four warps together and copies in bulk: the rest of device-nvidia.h. It is in
 * code for 9.0a, which multiply-hopper.cu alone is compiled to; elsewhere it traps, since no launcher leads there. */

/* Memory that is aligned to the 1,024 bytes over which products turn the order of what they read. */
#define SHARED_TILES(type, name)                              \
  extern __shared__ __align__ (1024) unsigned char sotto_tiles[]; \
  type *name = reinterpret_cast<type *> (sotto_tiles)

#if !defined(__CUDA_ARCH__) || defined(__CUDA_ARCH_FEAT_SM90_ALL)

DEVICE void proxy_fence () { asm volatile ("fence.proxy.async.shared::cta;" : : : "memory"); }

/* --- Copies in bulk --- */

/* Two fences: for what threads do with it, and for copies, which count their bytes by another way to memory. */
DEVICE void
bulk_init (guint64 *arrival, guint n)
{
  asm volatile ("mbarrier.init.shared::cta.b64 [%0], %1;\n\t"
                "fence.mbarrier_init.release.cluster;\n\t"
                "fence.proxy.async.shared::cta;" : : "r"(shared_address (arrival)), "r"(n) : "memory");
}

DEVICE void
bulk_expect (guint64 *arrival, guint n_bytes)
{
  asm volatile ("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;"
                : : "r"(shared_address (arrival)), "r"(n_bytes) : "memory");
}

DEVICE void
bulk_copy (void *shared, const void *global, guint n_bytes, guint64 *arrival)
{
  asm volatile ("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];"
                : : "r"(shared_address (shared)), "l"(global), "r"(n_bytes), "r"(shared_address (arrival)) : "memory");
}

DEVICE void
bulk_wait (guint64 *arrival, guint parity)
{
  guint32 is_there;

  do
    asm volatile ("{\n\t"
                  ".reg .pred p;\n\t"
                  "mbarrier.try_wait.parity.shared::cta.b64 p, [%1], %2;\n\t"
                  "selp.u32 %0, 1, 0, p;\n\t"
                  "}" : "=r"(is_there) : "r"(shared_address (arrival)), "r"(parity) : "memory");
  while (is_there == 0);
}

/* --- Products by four warps --- */

DEVICE guint64
quad_matrix (const void *first, guint leading, guint stride, guint mode)
{
  return (guint64) (shared_address (first) >> 4 & 0x3fff) | (guint64) (leading >> 4 & 0x3fff) << 16
         | (guint64) (stride >> 4 & 0x3fff) << 32 | (guint64) mode << 62;
}

/* Written here, and not where compilers would rather: those of 12.x wait for each product where they find registers of sums that
 * others write between the first and the last. */
template <int N_SUMS>
DEVICE void
quad_clear (float (&d)[N_SUMS])
{
UNROLL
  for (int i = 0; i < N_SUMS; i++)
    {
      d[i] = 0.0f;
      asm volatile ("" : "+f"(d[i]) : : "memory");
    }
}

DEVICE void quad_begin () { asm volatile ("wgmma.fence.sync.aligned;" : : : "memory"); }
DEVICE void quad_commit () { asm volatile ("wgmma.commit_group.sync.aligned;" : : : "memory"); }

/* Who reads d behind this reads it behind the wait, as compilers see it. */
template <int N, int N_SUMS>
DEVICE void
quad_wait (float (&d)[N_SUMS])
{
  asm volatile ("wgmma.wait_group.sync.aligned %0;" : : "n"(N) : "memory");
  if (N == 0)
UNROLL
    for (int i = 0; i < N_SUMS; i++)
      asm volatile ("" : "+f"(d[i]) : : "memory");
}

#define TEN(t) "%" #t "0, %" #t "1, %" #t "2, %" #t "3, %" #t "4, %" #t "5, %" #t "6, %" #t "7, %" #t "8, %" #t "9, "
#define IN_4(i) "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3])
#define IN_16(i) IN_4 (i), IN_4 (i + 4), IN_4 (i + 8), IN_4 (i + 12)
#define IN_64(i) IN_16 (i), IN_16 (i + 16), IN_16 (i + 32), IN_16 (i + 48)

DEVICE void
quad_multiply (float (&d)[64], guint64 a, guint64 b, bool adds)
{
  asm volatile ("{\n\t.reg .pred p;\n\tsetp.ne.b32 p, %66, 0;\n\t"
                "wgmma.mma_async.sync.aligned.m64n128k16.f32.f16.f16 {"
                TEN () TEN (1) TEN (2) TEN (3) TEN (4) TEN (5) "%60, %61, %62, %63}, %64, %65, p, 1, 1, 0, 0;\n\t}"
                : IN_64 (0) : "l"(a), "l"(b), "r"((int) adds) : "memory");
}

DEVICE void
quad_multiply (float (&d)[128], guint64 a, guint64 b, bool adds)
{
  asm volatile ("{\n\t.reg .pred p;\n\tsetp.ne.b32 p, %130, 0;\n\t"
                "wgmma.mma_async.sync.aligned.m64n256k16.f32.f16.f16 {"
                TEN () TEN (1) TEN (2) TEN (3) TEN (4) TEN (5) TEN (6) TEN (7) TEN (8) TEN (9) TEN (10) TEN (11)
                "%120, %121, %122, %123, %124, %125, %126, %127}, %128, %129, p, 1, 1, 0, 0;\n\t}"
                : IN_64 (0), IN_64 (64) : "l"(a), "l"(b), "r"((int) adds) : "memory");
}

#undef TEN
#undef IN_4
#undef IN_16
#undef IN_64

#else

DEVICE void proxy_fence () { __trap (); }
DEVICE void bulk_init (guint64 *, guint) { __trap (); }
DEVICE void bulk_expect (guint64 *, guint) { __trap (); }
DEVICE void bulk_copy (void *, const void *, guint, guint64 *) { __trap (); }
DEVICE void bulk_wait (guint64 *, guint) { __trap (); }
DEVICE guint64 quad_matrix (const void *, guint, guint, guint) { __trap (); return 0; }
template <int N_SUMS> DEVICE void quad_clear (float (&)[N_SUMS]) { __trap (); }
DEVICE void quad_begin () { __trap (); }
DEVICE void quad_commit () { __trap (); }
template <int N, int N_SUMS> DEVICE void quad_wait (float (&)[N_SUMS]) { __trap (); }
template <int N_SUMS> DEVICE void quad_multiply (float (&)[N_SUMS], guint64, guint64, bool) { __trap (); }

#endif
