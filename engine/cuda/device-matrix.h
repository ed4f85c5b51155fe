#pragma once

/* Products of small matrices by a warp: the rest of device-nvidia.h. Devices of 7.5 have smaller
 * ones, of which those of 8.0 are put together. */

#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 750

DEVICE void
mma_half (float *d, const guint32 *a, const guint32 *b)
{
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  asm volatile ("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
                "{%0, %1, %2, %3};"
                : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  for (int half = 0; half < 2; half++)
    asm volatile ("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5}, {%6}, "
                  "{%0, %1, %2, %3};"
                  : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                  : "r"(a[2 * half]), "r"(a[2 * half + 1]), "r"(b[half]));
#endif
}

DEVICE void
mma_int8 (int *d, const guint32 *a, const guint32 *b)
{
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  asm volatile ("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
                "{%0, %1, %2, %3};"
                : "+r"(d[0]), "+r"(d[1]), "+r"(d[2]), "+r"(d[3])
                : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  for (int i = 0; i < 4; i++)
    asm volatile ("mma.sync.aligned.m8n8k16.row.col.s32.s8.s8.s32 {%0, %1}, {%2}, {%3}, {%0, %1};"
                  : "+r"(d[2 * (i % 2)]), "+r"(d[2 * (i % 2) + 1]) : "r"(a[i]), "r"(b[i / 2]));
#endif
}

DEVICE void
matrix_load_4 (guint32 *r, const void *row)
{
  asm volatile ("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(shared_address (row)) : "memory");
}

DEVICE void
matrix_load_2 (guint32 *r, const void *row)
{
  asm volatile ("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0, %1}, [%2];"
                : "=r"(r[0]), "=r"(r[1]) : "r"(shared_address (row)) : "memory");
}

DEVICE void
matrix_load_4_turned (guint32 *r, const void *row)
{
  asm volatile ("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(shared_address (row)) : "memory");
}

#else

DEVICE void mma_half (float *, const guint32 *, const guint32 *) { __trap (); }
DEVICE void mma_int8 (int *, const guint32 *, const guint32 *) { __trap (); }
DEVICE void matrix_load_4 (guint32 *, const void *) { __trap (); }
DEVICE void matrix_load_2 (guint32 *, const void *) { __trap (); }
DEVICE void matrix_load_4_turned (guint32 *, const void *) { __trap (); }

#endif

DEVICE void
mma_bfloat (float *d, const guint32 *a, const guint32 *b)
{
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  asm volatile ("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
                "{%0, %1, %2, %3};"
                : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  __trap ();
#endif
}
