#pragma once

/* What kernels are written in: the one header that the .cu files include.
 *
 * Each name here exists twice: for nvcc (device-nvidia.h, the only place with inline PTX and raw
 * intrinsics), and for a C++ compiler of the host, on an emulation of the execution model
 * (tests/engine/cuda-emulation). Both give the same bits, but for mma and quad_multiply (sums in an order of
 * their own) and fast_exp2 (2 units in the last place). Files are compiled without contraction:
 * a * b + c rounds twice, fused (a, b, c) once.
 *
 * What keeps a kernel emulatable, and right:
 *  - it takes one argument, a struct, by value; blocks have one dimension, of whole warps;
 *  - every thread begins with previous_wait ();
 *  - whole warps meet at each collective, at the same line: predicate, don't return early;
 *  - shared memory is declared with SHARED or SHARED_DYNAMIC; it is not zero at the beginning;
 *  - what an async_copy brings is there after async_commit, async_wait and block_barrier (or
 *    warp_barrier), and each is waited for before its thread ends;
 *  - what only newer devices have stands under if (AT_LEAST (750)), and is launched only there;
 *  - blocks don't wait for each other.
 *
 * KERNEL (n)              before a kernel's name; n: most threads of a block
 * DEVICE                  before a function that kernels call
 * TABLE                   before a constant array in device memory
 * SHARED (T, name, dims)  of a block: SHARED (float, tile, [16][33]); aligned to no more than a T is
 * SHARED_DYNAMIC (T, name)  what Shape.shared_bytes asked for, as T *name, aligned to 16 bytes
 * UNROLL                  before a loop of constant length
 * AT_LEAST (750)          the device has compute capability 7.5; a constant for nvcc only
 *
 * thread_index, lane_index, warp_index, n_threads, block_index, block_index_y, block_index_z,
 * n_blocks, n_blocks_y
 *
 * warp_barrier ()
 * warp_shuffle (x, lane), warp_shuffle_xor (x, mask): of 4 or 8 bytes
 * warp_sum (x), warp_max (x), warp_min (x): over the warp, in every lane, as a butterfly:
 *     x = x (lane) + x (lane ^ n / 2), then n / 4 …; warp_sum<8> (x): over each 8 neighbours
 * warp_any (c), warp_all (c), warp_ballot (c)
 * block_barrier ()
 * block_barrier_some (id, n): id 1 … 15; only n threads (whole warps) meet
 * block_sum (x), block_max (x): in every thread; the sum of the warps' sums in their order
 *
 * async_copy_16 (shared, global, valid): 16 bytes, aligned; where not valid zeros, and global isn't
 *     read. async_copy_4: of 4 bytes
 * async_commit (): what was begun since the last one is a group
 * async_wait<N> (): all groups but the last N are there
 *
 * load (p): T of 1, 2, 4, 8, 16 bytes, aligned, that the kernel does not write
 * load_once (p): the same of weights, which no kernel writes, and which are read once: first to leave L1
 * load_coherent (p): what other blocks wrote before a memory_fence ()
 * prefetch (p): to L2
 * memory_fence (): what this thread wrote is seen by all blocks before what it writes next
 * atomic_add, atomic_max, atomic_exchange (p, x): guint32; they return what was there. (None for
 *     floats: their order would change results.)
 *
 * Half {bits}, half_to_float, float_to_half (to nearest even). Two halves in a word, the first low:
 * halves_pack (low, high), halves_low (w), halves_high (w), halves_multiply (a, b),
 * halves_add (a, b), halves_fused (a, b, c)
 * bfloat_to_float (bits)
 * fused (a, b, c); round_to_int (x): half to even; fast_exp2 (x)
 * from_bits<float> (u), to_bits (f); select_bytes (a, b, s): prmt
 * dot4 (a, b, c): c + sum of four products of int8 (6.1); dot4_mixed (a, b, c): a is unsigned
 * Words2, Words4, Floats2, Floats4: x, y, z, w; aligned to their size
 *
 * mma_half (d, a, b): d (16, 8) F32 += a (16, 16) half * b (16, 8) half      7.5
 * mma_bfloat (d, a, b): the same of bfloat16                                 8.0
 * mma_int8 (d, a, b): d (16, 8) int32 += a (16, 32) int8 * b (32, 8) int8    7.5
 *     d: 4, a: 4 words, b: 2 words a lane. With group = lane / 4 and i = lane % 4:
 *       d[0], d[1]: row group, columns 2 i, 2 i + 1; d[2], d[3]: row group + 8
 *     halves:
 *       a[0]: row group, columns 2 i, 2 i + 1; a[1]: row group + 8;
 *       a[2], a[3]: the same rows, columns + 8;
 *       b[0]: column group, rows 2 i, 2 i + 1; b[1]: rows + 8
 *     int8:
 *       a[0]: row group, columns 4 i … 4 i + 3; a[1]: row group + 8;
 *       a[2], a[3]: the same rows, columns + 16;
 *       b[0]: column group, rows 4 i … 4 i + 3; b[1]: rows + 16
 * matrix_load_4 (r, p): ldmatrix: four matrices of 8 rows of 16 bytes; lane l gives the address of
 *     row l % 8 of matrix l / 8 and gets word l % 4 of row l / 4 of each                 7.5
 * matrix_load_2: of two; addresses of lanes 0 … 15 count, the others must be some, too
 * matrix_load_4_turned: halves, each matrix transposed
 *
 * Of 9.0 alone, in files that are compiled for 9.0a (meson.build):
 *
 * SHARED_TILES (T, name)  as SHARED_DYNAMIC, aligned to 1,024 bytes, of which shared_bytes is a multiple
 * proxy_fence (): what this thread wrote to shared memory (async copies that it waited for, too) is seen by products behind the
 *     next barrier
 * bulk_init (arrival, n): guint64 in shared memory; n threads come in each of its phases. Others see it behind a barrier
 * bulk_expect (arrival, n_bytes): this thread comes, and so many bytes are expected before the phase ends
 * bulk_copy (shared, global, n_bytes, arrival): one thread; addresses and bytes are multiples of 16
 * bulk_wait (arrival, parity): whole warps; the phase of that parity, which is 0 first and changes with each, has ended. Nobody
 *     may be two phases behind
 * quad_matrix (first, leading, stride, mode): where a matrix of halves lies in shared memory, as 64 bits: columns one after the
 *     other, @stride bytes from eight rows to the next eight. mode 0: in chunks of 8 rows of 16 bytes, @leading bytes from a chunk to
 *     the next columns'; 1: rows of 128 bytes, whose 16 bytes i lie at i ^ row % 8; 2: of 64, at i ^ row / 2 % 4; 3: of 32, at
 *     i ^ row / 4 % 2. They begin at a multiple of eight rows; columns 16 i begin 2 i later, counted in the 64 bits
 * quad_clear (d): zeros; before all products of d, also where the first write them
 * quad_begin (), quad_multiply (d, a, b, adds), quad_commit (), quad_wait<N> (d): four warps together, from a multiple of four on.
 *     d (64, n) F32 = or += a (64, 16) half * b (n, 16)ᵀ half; d: n / 2 a lane, n is 128 or 256. Products are begun; those since the
 *     last commit are a group, of which all but the last N are done behind the wait. Until then nobody touches d, nor writes what is
 *     multiplied; begin stands before the first of them. With group and i as above, row 16 * (warp % 4) + group:
 *       d[4 j], d[4 j + 1]: columns 8 j + 2 i, 8 j + 2 i + 1; d[4 j + 2], d[4 j + 3]: row + 8
 *
 * previous_wait (): from 9.0 on a kernel begins while the one before it ends. Here that one is done, and with it, since
 *     it waited too, all before it. Only prefetch (p), which changes nothing, may stand before it
 * device_clock ()
 */

#ifdef __CUDACC__
/* GLib's format attributes are not known to nvcc; and up to 12.4 it has a macro of the name of one that GLib asks for. */
#pragma nv_diag_suppress 1217
#undef __noinline__
#define SOTTO_EXACT static inline __host__ __device__
#else
#define SOTTO_EXACT static inline
#endif

#include "cuda/module.h"
#include "cpu/exact-math.h"

#define N_LANES 32

/* What a launcher may ask. */
typedef struct {
  guint architecture;       /* 61, 75, 90: compute capability */
  guint n_multiprocessors;
  gsize shared_bytes;       /* of a block, at most */
  gboolean has_hopper;      /* device-hopper.h, and it may be used */
} DeviceFacts;

typedef struct {
  guint n_blocks;
  guint n_blocks_y;         /* 0: 1 */
  guint n_blocks_z;
  guint n_threads;          /* of a block */
  gsize shared_bytes;       /* of SHARED_DYNAMIC */
} Shape;

extern "C" {
const DeviceFacts *device_facts (SottoCudaDevice *self);

/* For launchers: what is asked can't be done. Returns: FALSE */
gboolean device_refuse (SottoCudaDevice *self, const char *message);

/* Of the functions below. */
gboolean device_launch (SottoCudaDevice *self,
                        const char      *name,
                        const Shape     *shape,
                        const void      *kernel,
                        void           (*invoke) (const void *kernel, const void *arguments),
                        const void      *arguments,
                        gsize            n_bytes);
}

#ifdef __CUDACC__
#include "cuda/device-nvidia.h"
#else
#include <emulation.h> /* of tests/engine/cuda-emulation */
#endif

/* Puts a kernel on the device's stream; arguments are copied. @name: for messages */
template <typename T>
static inline gboolean
launch (SottoCudaDevice *self, const char *name, const Shape &shape, void (*kernel) (T), const T &arguments)
{
  return device_launch (self, name, &shape, (const void *) kernel, device_invoker<T> (), &arguments,
                        sizeof arguments);
}

static inline guint
ceil_divide (gsize n, gsize by)
{
  return (guint) ((n + by - 1) / by);
}

/* --- Of a block, made of the above --- */

template <typename T>
DEVICE T
block_sum (T x)
{
  SHARED (T, sums, [N_LANES]);
  T sum = warp_sum (x);

  block_barrier ();
  if (lane_index () == 0)
    sums[warp_index ()] = sum;
  block_barrier ();
  sum = sums[0];
  for (guint i = 1; i < n_threads () / N_LANES; i++)
    sum += sums[i];
  return sum;
}

template <typename T>
DEVICE T
block_max (T x)
{
  SHARED (T, highest, [N_LANES]);
  T most = warp_max (x);

  block_barrier ();
  if (lane_index () == 0)
    highest[warp_index ()] = most;
  block_barrier ();
  most = highest[0];
  for (guint i = 1; i < n_threads () / N_LANES; i++)
    most = highest[i] > most ? highest[i] : most;
  return most;
}
