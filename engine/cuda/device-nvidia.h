#pragma once

/* The names of device.h for nvcc. What newer devices only have is compiled for them only: elsewhere
 * it traps, since no launcher leads there. */

#include <cuda_runtime.h>

#ifdef __CUDA_ARCH__
#define AT_LEAST(capability) (__CUDA_ARCH__ >= (capability))
#else
#define AT_LEAST(capability) true
#endif
#define KERNEL(n_most) static __global__ void __launch_bounds__ (n_most, 1)
#define DEVICE static __device__ __forceinline__
#define TABLE static __device__ const
#define SHARED(type, name, dims) __shared__ type name dims
#define SHARED_DYNAMIC(type, name)                            \
  extern __shared__ __align__ (16) unsigned char sotto_dynamic[]; \
  type *name = reinterpret_cast<type *> (sotto_dynamic)
#define UNROLL _Pragma ("unroll")

typedef uint2 Words2;
typedef uint4 Words4;
typedef float2 Floats2;
typedef float4 Floats4;
typedef struct { guint16 bits; } Half;

template <typename T>
static inline void (*device_invoker ()) (const void *, const void *)
{
  return NULL;
}

/* --- Where a thread stands --- */

DEVICE guint thread_index () { return threadIdx.x; }
DEVICE guint lane_index () { return threadIdx.x % 32; }
DEVICE guint warp_index () { return threadIdx.x / 32; }
DEVICE guint n_threads () { return blockDim.x; }
DEVICE guint block_index () { return blockIdx.x; }
DEVICE guint block_index_y () { return blockIdx.y; }
DEVICE guint block_index_z () { return blockIdx.z; }
DEVICE guint n_blocks () { return gridDim.x; }
DEVICE guint n_blocks_y () { return gridDim.y; }

/* --- Warps and blocks --- */

#define ALL_LANES 0xffffffffu

DEVICE void warp_barrier () { __syncwarp (); }
DEVICE void block_barrier () { __syncthreads (); }

DEVICE void
block_barrier_some (int id, int n)
{
  asm volatile ("bar.sync %0, %1;" : : "r"(id), "r"(n) : "memory");
}

template <typename T> DEVICE T warp_shuffle (T x, guint lane) { return __shfl_sync (ALL_LANES, x, lane); }
template <typename T> DEVICE T warp_shuffle_xor (T x, guint mask) { return __shfl_xor_sync (ALL_LANES, x, mask); }
DEVICE bool warp_any (bool condition) { return __any_sync (ALL_LANES, condition); }
DEVICE bool warp_all (bool condition) { return __all_sync (ALL_LANES, condition); }
DEVICE guint32 warp_ballot (bool condition) { return __ballot_sync (ALL_LANES, condition); }

/* Of integers, whose sums have no order, the whole warp's in one instruction: a butterfly waits ten times. */
template <typename T> constexpr bool IS_INTEGER = false;
template <> constexpr bool IS_INTEGER<int> = true;
template <> constexpr bool IS_INTEGER<guint> = true;
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
#define IN_ONE(reduce)                       \
  if constexpr (N == 32 && IS_INTEGER<T>) \
    return reduce (ALL_LANES, x)
#else
#define IN_ONE(reduce)
#endif

template <int N = 32, typename T>
DEVICE T
warp_sum (T x)
{
  IN_ONE (__reduce_add_sync);
UNROLL
  for (int mask = N / 2; mask > 0; mask /= 2)
    x += __shfl_xor_sync (ALL_LANES, x, mask);
  return x;
}

DEVICE float greater_of (float a, float b) { return fmaxf (a, b); }
DEVICE int greater_of (int a, int b) { return max (a, b); }
DEVICE guint greater_of (guint a, guint b) { return max (a, b); }
DEVICE float lesser_of (float a, float b) { return fminf (a, b); }
DEVICE int lesser_of (int a, int b) { return min (a, b); }
DEVICE guint lesser_of (guint a, guint b) { return min (a, b); }

template <int N = 32, typename T>
DEVICE T
warp_max (T x)
{
  IN_ONE (__reduce_max_sync);
UNROLL
  for (int mask = N / 2; mask > 0; mask /= 2)
    x = greater_of (x, __shfl_xor_sync (ALL_LANES, x, mask));
  return x;
}

template <int N = 32, typename T>
DEVICE T
warp_min (T x)
{
  IN_ONE (__reduce_min_sync);
UNROLL
  for (int mask = N / 2; mask > 0; mask /= 2)
    x = lesser_of (x, __shfl_xor_sync (ALL_LANES, x, mask));
  return x;
}

/* --- Numbers --- */

DEVICE float fused (float a, float b, float c) { return __fmaf_rn (a, b, c); }
DEVICE int round_to_int (float x) { return __float2int_rn (x); }
DEVICE guint32 to_bits (float x) { return __float_as_uint (x); }
template <typename T> DEVICE T from_bits (guint32 bits);
template <> __device__ __forceinline__ float from_bits<float> (guint32 bits) { return __uint_as_float (bits); }
template <> __device__ __forceinline__ int from_bits<int> (guint32 bits) { return (int) bits; }
DEVICE guint32 select_bytes (guint32 a, guint32 b, guint32 s) { return __byte_perm (a, b, s); }
DEVICE float bfloat_to_float (guint16 bits) { return __uint_as_float ((guint32) bits << 16); }
DEVICE gint64 device_clock () { return clock64 (); }

DEVICE float
fast_exp2 (float x)
{
  float y;

  asm ("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

DEVICE float
half_to_float (Half h)
{
  float x;

  asm ("cvt.f32.f16 %0, %1;" : "=f"(x) : "h"(h.bits));
  return x;
}

DEVICE Half
float_to_half (float x)
{
  Half h;

  asm ("cvt.rn.f16.f32 %0, %1;" : "=h"(h.bits) : "f"(x));
  return h;
}

DEVICE guint32
halves_pack (float low, float high)
{
  return (guint32) float_to_half (low).bits | ((guint32) float_to_half (high).bits << 16);
}

DEVICE float
halves_low (guint32 word)
{
  Half h = {(guint16) word};

  return half_to_float (h);
}

DEVICE float
halves_high (guint32 word)
{
  Half h = {(guint16) (word >> 16)};

  return half_to_float (h);
}

DEVICE guint32
halves_fused (guint32 a, guint32 b, guint32 c)
{
  guint32 d;

  asm ("fma.rn.f16x2 %0, %1, %2, %3;" : "=r"(d) : "r"(a), "r"(b), "r"(c));
  return d;
}

/* A product is the sum with -0, a sum the product with 1: older PTX has no mul.f16x2 that can't be
 * contracted. */
DEVICE guint32 halves_multiply (guint32 a, guint32 b) { return halves_fused (a, b, 0x80008000u); }
DEVICE guint32 halves_add (guint32 a, guint32 b) { return halves_fused (a, 0x3c003c00u, b); }

DEVICE int
dot4 (int a, int b, int c)
{
  int d;

  asm ("dp4a.s32.s32 %0, %1, %2, %3;" : "=r"(d) : "r"(a), "r"(b), "r"(c));
  return d;
}

DEVICE int
dot4_mixed (guint32 a, int b, int c)
{
  int d;

  asm ("dp4a.u32.s32 %0, %1, %2, %3;" : "=r"(d) : "r"(a), "r"(b), "r"(c));
  return d;
}

/* --- Memory --- */

template <int SIZE> struct WordOf;
template <> struct WordOf<1> { typedef unsigned char T; };
template <> struct WordOf<2> { typedef unsigned short T; };
template <> struct WordOf<4> { typedef unsigned int T; };
template <> struct WordOf<8> { typedef uint2 T; };
template <> struct WordOf<16> { typedef uint4 T; };

/* What __ldg() reads is taken for the same from the kernel's beginning on, and may be read before previous_wait(). */
template <typename T>
DEVICE T
load (const T *p)
{
  const typename WordOf<sizeof (T)>::T *there = reinterpret_cast<const typename WordOf<sizeof (T)>::T *> (p);
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  typename WordOf<sizeof (T)>::T word = *there;
#else
  typename WordOf<sizeof (T)>::T word = __ldg (there);
#endif
  T value;

  memcpy (&value, &word, sizeof value);
  return value;
}

template <typename T>
DEVICE T
load_coherent (const T *p)
{
  typename WordOf<sizeof (T)>::T word = __ldcg (reinterpret_cast<const typename WordOf<sizeof (T)>::T *> (p));
  T value;

  memcpy (&value, &word, sizeof value);
  return value;
}

/* First to leave L1, but there for a moment: lanes that take halves of 32 bytes by two loads would bring all of it twice,
 * were it not kept at all. */
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 700
DEVICE void
load_passing (uint4 *to, const void *p)
{
  asm volatile ("ld.global.nc.L1::evict_first.v4.u32 {%0, %1, %2, %3}, [%4];"
                : "=r"(to->x), "=r"(to->y), "=r"(to->z), "=r"(to->w) : "l"(p));
}

DEVICE void
load_passing (uint2 *to, const void *p)
{
  asm volatile ("ld.global.nc.L1::evict_first.v2.u32 {%0, %1}, [%2];" : "=r"(to->x), "=r"(to->y) : "l"(p));
}

DEVICE void
load_passing (unsigned int *to, const void *p)
{
  asm volatile ("ld.global.nc.L1::evict_first.u32 %0, [%1];" : "=r"(*to) : "l"(p));
}

DEVICE void
load_passing (unsigned short *to, const void *p)
{
  asm volatile ("ld.global.nc.L1::evict_first.u16 %0, [%1];" : "=h"(*to) : "l"(p));
}

template <typename T>
DEVICE T
load_once (const T *p)
{
  typename WordOf<sizeof (T)>::T word;
  T value;

  load_passing (&word, p);
  memcpy (&value, &word, sizeof value);
  return value;
}
#else
template <typename T> DEVICE T load_once (const T *p) { return load (p); }
#endif

DEVICE void prefetch (const void *p) { asm volatile ("prefetch.global.L2 [%0];" : : "l"(p)); }
DEVICE void memory_fence () { __threadfence (); }
DEVICE guint32 atomic_add (guint32 *p, guint32 x) { return atomicAdd (p, x); }
DEVICE guint32 atomic_max (guint32 *p, guint32 x) { return atomicMax (p, x); }
DEVICE guint32 atomic_exchange (guint32 *p, guint32 x) { return atomicExch (p, x); }

DEVICE guint32 shared_address (const void *p) { return (guint32) __cvta_generic_to_shared (p); }

DEVICE void
async_copy_16 (void *shared, const void *global, bool valid = true)
{
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  asm volatile ("cp.async.cg.shared.global [%0], [%1], 16, %2;"
                : : "r"(shared_address (shared)), "l"(global), "r"(valid ? 16 : 0) : "memory");
#else
  *(uint4 *) shared = valid ? *(const uint4 *) global : make_uint4 (0, 0, 0, 0);
#endif
}

DEVICE void
async_copy_4 (void *shared, const void *global, bool valid = true)
{
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  asm volatile ("cp.async.ca.shared.global [%0], [%1], 4, %2;"
                : : "r"(shared_address (shared)), "l"(global), "r"(valid ? 4 : 0) : "memory");
#else
  *(guint32 *) shared = valid ? *(const guint32 *) global : 0;
#endif
}

DEVICE void
async_commit ()
{
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  asm volatile ("cp.async.commit_group;" : : : "memory");
#endif
}

template <int N>
DEVICE void
async_wait ()
{
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  asm volatile ("cp.async.wait_group %0;" : : "n"(N) : "memory");
#endif
}

DEVICE void
previous_wait ()
{
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  asm volatile ("griddepcontrol.wait;" : : : "memory");
  /* The next one may take what places this one leaves. */
  asm volatile ("griddepcontrol.launch_dependents;" : : : "memory");
#endif
}

#include "cuda/device-matrix.h"
#include "cuda/device-hopper.h"
