/* roof BYTES THREADS: what this machine can do at most, as JSON.
 *
 * read_gb_per_s: reading a buffer of BYTES again and again, the threads sharing it, as decoding reads
 * a model's weights (so a buffer that fits the cache is as fast as a model that fits it).
 * int8_tops: multiplying bytes into 32-bit sums with the widest vector instruction (vpdpbusd; a matrix
 * unit such as AMX is not counted), 2 operations each, from registers. 0 where it is missing.
 *
 * float_tflops: fused multiply-adds of floats in the widest vectors, 2 operations each.
 *
 * The best of several rounds counts: a roof is what was possible, not what was usual. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

#define ROUNDS 12
#define KINDS 3
#define STEPS 20000000

static unsigned char *buffer;
static size_t slice;
static pthread_barrier_t gate;
static volatile uint64_t sink; /* so that the compiler can't leave the work out */

/* When a thread began and ended a round. Its own clock counts: the main thread may wake up late. */
static double (*began)[KINDS * ROUNDS], (*ended)[KINDS * ROUNDS];

static double now (void)
{
  struct timespec t;
  clock_gettime (CLOCK_MONOTONIC, &t);
  return (double) t.tv_sec + 1e-9 * (double) t.tv_nsec;
}

static uint64_t read_slice (const unsigned char *start)
{
  uint64_t sums[32] = { 0 };
  const uint64_t *words = (const uint64_t *) (const void *) start;
  for (size_t i = 0; i + 32 <= slice / 8; i += 32)
    for (int j = 0; j < 32; j++)
      sums[j] ^= words[i + j];
  for (int j = 1; j < 32; j++)
    sums[0] ^= sums[j];
  return sums[0];
}

#if defined __AVX512VNNI__
#define LANES 64
typedef __m512i Vector;
#define MULTIPLY(sum, a, b) _mm512_dpbusd_epi32 (sum, a, b)
#define FILL(byte) _mm512_set1_epi8 (byte)
#elif defined __AVXVNNI__
#define LANES 32
typedef __m256i Vector;
#define MULTIPLY(sum, a, b) _mm256_dpbusd_avx_epi32 (sum, a, b)
#define FILL(byte) _mm256_set1_epi8 (byte)
#else
#define LANES 0
#endif

/* A function that takes STEPS of @step with one kind of vector. Twelve independent sums hide the latency; the
 * empty asm keeps the loop as it is written. */
#define DEFINE_ROUND(name, Type, fill, step)                                                      \
  static uint64_t name (void)                                                                     \
  {                                                                                               \
    Type a = fill (3), b = fill (5), sums[12];                                                    \
    uint64_t result;                                                                              \
    for (int j = 0; j < 12; j++)                                                                  \
      sums[j] = fill (0);                                                                         \
    for (int i = 0; i < STEPS / 12; i++)                                                          \
      {                                                                                           \
        _Pragma ("GCC unroll 12")                                                                 \
        for (int j = 0; j < 12; j++)                                                              \
          sums[j] = step (sums[j], a, b);                                                         \
        __asm__ volatile ("" : "+v" (a), "+v" (b));                                               \
      }                                                                                           \
    for (int j = 1; j < 12; j++)                                                                  \
      sums[0] += sums[j];                                                                         \
    memcpy (&result, &sums[0], sizeof result);                                                    \
    return result;                                                                                \
  }
#define DEFINE_NOTHING(name) static uint64_t name (void) { return 0; }

#if LANES
DEFINE_ROUND (multiply, Vector, FILL, MULTIPLY)
#else
DEFINE_NOTHING (multiply)
#endif

#if defined __AVX512F__
#define FLOATS 16
typedef __m512 Floats;
#define MULTIPLY_ADD(sum, a, b) _mm512_fmadd_ps (a, b, sum)
#define ALL(value) _mm512_set1_ps (value)
#elif defined __FMA__
#define FLOATS 8
typedef __m256 Floats;
#define MULTIPLY_ADD(sum, a, b) _mm256_fmadd_ps (a, b, sum)
#define ALL(value) _mm256_set1_ps (value)
#else
#define FLOATS 0
#endif

#if FLOATS
DEFINE_ROUND (multiply_floats, Floats, ALL, MULTIPLY_ADD)
#else
DEFINE_NOTHING (multiply_floats)
#endif

static void *work (void *argument)
{
  size_t self = (uintptr_t) argument;
  for (int round = 0; round < KINDS * ROUNDS; round++)
    {
      pthread_barrier_wait (&gate);
      began[self][round] = now ();
      sink ^= round < ROUNDS       ? read_slice (buffer + self * slice)
              : round < 2 * ROUNDS ? multiply ()
                                   : multiply_floats ();
      ended[self][round] = now ();
    }
  return NULL;
}

int main (int argc, char **argv)
{
  if (argc != 3)
    return 2;
  size_t bytes = strtoull (argv[1], NULL, 10);
  unsigned threads = (unsigned) atoi (argv[2]);
  slice = bytes / threads / 256 * 256;
  buffer = aligned_alloc (1 << 21, slice * threads);
  if (buffer == NULL)
    return 1;
  madvise (buffer, slice * threads, MADV_HUGEPAGE);
  memset (buffer, 1, slice * threads);
  began = calloc (threads, sizeof *began);
  ended = calloc (threads, sizeof *ended);
  pthread_t *pool = calloc (threads, sizeof *pool);
  pthread_barrier_init (&gate, NULL, threads);
  for (size_t i = 0; i < threads; i++)
    if (pthread_create (&pool[i], NULL, work, (void *) (uintptr_t) i) != 0)
      return 1;
  for (size_t i = 0; i < threads; i++)
    pthread_join (pool[i], NULL);

  double best[KINDS] = { 1e9, 1e9, 1e9 };
  for (int round = 0; round < KINDS * ROUNDS; round++)
    {
      double first = began[0][round], last = ended[0][round];
      for (size_t i = 1; i < threads; i++)
        {
          first = began[i][round] < first ? began[i][round] : first;
          last = ended[i][round] > last ? ended[i][round] : last;
        }
      if (last - first < best[round / ROUNDS])
        best[round / ROUNDS] = last - first;
    }
  double steps = 2.0 * (STEPS / 12 * 12) * threads;
  printf ("{\"read_gb_per_s\": %.1f, \"int8_tops\": %.3f, \"float_tflops\": %.3f}\n",
          1e-9 * (double) (slice * threads) / best[0], 1e-12 * LANES * steps / best[1],
          1e-12 * FLOATS * steps / best[2]);
  return 0;
}
