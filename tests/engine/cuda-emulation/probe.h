#pragma once

#include "cuda/module.h"

G_BEGIN_DECLS

/* Kernels that try what kernels are written in, found in a module by their names. All pointers are
 * to device memory. */

/* Of threads of a block, thread by thread: what each wrapper gave for the words of that thread. */
#define PROBE_N_THREADS 96

typedef enum {
  PROBE_SHUFFLE,            /* a of lane (7 lane + 3) % 32 */
  PROBE_SHUFFLE_XOR,        /* a of lane ^ 5 */
  PROBE_SHUFFLE_8,          /* low word of a and b together, of lane 31 - lane, xor its high word */
  PROBE_BALLOT,             /* a odd */
  PROBE_ANY,                /* a % 61 == 0 */
  PROBE_ALL,                /* a % 61 != 0 */
  PROBE_SUM_FLOAT,          /* of x, as bits */
  PROBE_SUM_OF_8,           /* of a */
  PROBE_MAX_FLOAT,
  PROBE_MIN_OF_16,          /* of a */
  PROBE_BLOCK_SUM,          /* of x, as bits */
  PROBE_BLOCK_MAX,          /* of a */
  PROBE_BARRIER_SOME,       /* a of the thread 32 before, within the first 64 */
  PROBE_DOT4,               /* of a, b, c */
  PROBE_DOT4_MIXED,
  PROBE_SELECT_BYTES,       /* a, b by c & 0x7777 */
  PROBE_ROUND,              /* x */
  PROBE_TO_HALF,            /* x */
  PROBE_FROM_HALF,          /* low half of a, as bits */
  PROBE_PACK,               /* x, y */
  PROBE_HALVES_FUSED,       /* a, b, c */
  PROBE_HALVES_MULTIPLY,
  PROBE_HALVES_ADD,
  PROBE_BFLOAT,             /* low half of a */
  PROBE_FUSED,              /* x, y, z */
  PROBE_EXP,                /* sotto_exp (x) */
  PROBE_SILU,
  PROBE_TANH,
  PROBE_DIVIDE,             /* x / y */
  PROBE_ROOT,               /* sqrt (|x|) */
  PROBE_MULTIPLY_ADD,       /* x * y + z: two roundings */
  PROBE_LOAD_16,            /* words of a, 16 bytes at a time: their xor */
  PROBE_ASYNC,              /* a of thread (5 index) % n, brought by 4-byte copies of which all but one of four are there */
  PROBE_N_RESULTS,
} ProbeResult;

/* a, b, c: words; x, y, z: floats; results: (PROBE_N_RESULTS, PROBE_N_THREADS) */
typedef struct {
  const guint32 *a, *b, *c;
  const float *x, *y, *z;
  guint32 *results;
} ProbeWarp;

typedef gboolean (*ProbeWarpFunc) (SottoCudaDevice *device, const ProbeWarp *arguments);

/* d (16, 8) += a (16, k) * b (8, k)ᵀ by mma; is_direct: fragments are put together word by word,
 * else by matrix_load */
typedef enum {
  PROBE_MMA_HALF,           /* k = 16 */
  PROBE_MMA_BFLOAT,
  PROBE_MMA_INT8,           /* k = 32 */
  PROBE_MMA_HALF_TURNED,    /* a is given as its transpose */
} ProbeMma;

typedef struct {
  ProbeMma kind;
  gboolean is_direct;
  const void *a;
  const void *b;
  void *d;
} ProbeMatrix;

typedef gboolean (*ProbeMatrixFunc) (SottoCudaDevice *device, const ProbeMatrix *arguments);

/* atomics and fences: the last of n_blocks blocks to come adds up what all have left */
typedef struct {
  guint n_blocks;
  guint32 *partials;        /* (n_blocks) */
  guint32 *counter;         /* 0, and 0 again after */
  guint32 *result;
} ProbeAtomics;

typedef gboolean (*ProbeAtomicsFunc) (SottoCudaDevice *device, const ProbeAtomics *arguments);

/* Something is wrong with each but the first. */
typedef enum {
  PROBE_RIGHT,
  PROBE_DIVERGENT_COLLECTIVE,
  PROBE_EARLY_RETURN,
  PROBE_LATE_RETURN,
  PROBE_LONELY_BARRIER,
  PROBE_TWO_BARRIERS,
  PROBE_UNWRITTEN_SHARED,
  PROBE_NO_WAIT,
  PROBE_WAIT_TOO_SHORT,
  PROBE_NO_COMMIT,
  PROBE_NO_BARRIER,
  PROBE_READ_BEHIND,
  PROBE_WRITE_BEHIND,
  PROBE_WRITE_BEFORE,
  PROBE_READ_FAR,
  PROBE_SHARED_BEHIND,
  PROBE_DYNAMIC_BEHIND,
  PROBE_MISALIGNED,
  PROBE_FULL_STACK,
  PROBE_NO_PREVIOUS_WAIT,
  PROBE_READ_BEFORE_WAIT,
  PROBE_WRITE_BEFORE_WAIT,
  PROBE_LOAD_BEFORE_WAIT,
  PROBE_TOO_MUCH_SHARED,
  PROBE_MORE_THAN_UNASKED,  /* a launch's shared memory and the kernel's own are more than a block has unasked */
  PROBE_MATRIX_ELSEWHERE,   /* ldmatrix of what is not shared memory */
  PROBE_ODD_BLOCK,
  PROBE_N_FAULTS,
} ProbeFault;

typedef struct {
  ProbeFault fault;
  guint n;                  /* 64 */
  const float *x;           /* (n) */
  float *y;                 /* (n): x, where nothing is wrong */
} ProbeFaulty;

typedef gboolean (*ProbeFaultyFunc) (SottoCudaDevice *device, const ProbeFaulty *arguments);

/* Two threads meet in memory without a barrier between, in each but the first. */
typedef enum {
  PROBE_RACE_NONE,
  PROBE_RACE_NO_WARP_BARRIER,   /* a neighbour's element is read at once */
  PROBE_RACE_SHUFFLE_FOR_BARRIER, /* after a shuffle */
  PROBE_RACE_WARP_FOR_BLOCK,    /* another warp's after a warp's barrier */
  PROBE_RACE_READ_AND_OVERWRITTEN, /* by whoever goes on first */
  PROBE_RACE_SOME_OF_THEM,      /* another warp's, which was at another barrier */
  PROBE_RACE_COPY_OVER_READ,    /* a copy is begun to where others may still read */
  PROBE_RACE_COPY_NOT_MET,      /* what another thread's copy brought, which it alone has waited for */
  PROBE_RACE_MATRIX,            /* ldmatrix of what lanes have just written */
  PROBE_RACE_BLOCKS,            /* blocks write the same element */
  PROBE_RACE_BLOCKS_PLAINLY,    /* another block's element is read with no more ado */
  PROBE_RACE_CONSTANT_READ,     /* what the thread itself has written is read as if it were constant */
  PROBE_RACE_CONSTANT_WRITTEN,  /* and the other way round */
  PROBE_RACE_PREFETCH,          /* what lies behind an allocation is asked for ahead */
  PROBE_RACE_BEFORE_WAIT,       /* one thread reads before the kernels before are waited for */
  PROBE_RACE_ASKEW,             /* four floats at once from the second on */
  PROBE_RACE_SHARED_ASKEW,      /* and in shared memory */
  PROBE_N_RACES,
} ProbeRace;

/* By three blocks of 64 threads */
typedef struct {
  ProbeRace race;
  const float *x;           /* (64) */
  float *y;                 /* (3, 64) */
  guint32 *counter;         /* 0 */
} ProbeRacing;

typedef gboolean (*ProbeRacingFunc) (SottoCudaDevice *device, const ProbeRacing *arguments);

/* d (64, n) = a bᵀ by four warps, of a (64) and b (n) rows of 16 n_products halves, which lie as they have to in shared memory */
typedef struct {
  guint n;                  /* 128 or 256 */
  guint mode, leading, stride; /* quad_matrix's */
  guint n_products;
  guint offset, base;       /* where a begins there, and what its 64 bits say of that */
  guint n_a, n_b;           /* bytes; a has offset bytes more before it */
  const guint8 *a, *b;      /* to a multiple of 1,024 */
  float *d;
} ProbeQuad;

typedef gboolean (*ProbeQuadFunc) (SottoCudaDevice *device, const ProbeQuad *arguments);

/* Something is wrong with each but the first. */
typedef enum {
  PROBE_QUAD_RIGHT,
  PROBE_QUAD_NO_BEGIN,
  PROBE_QUAD_NO_COMMIT,
  PROBE_QUAD_NO_WAIT,
  PROBE_QUAD_WAIT_TOO_SHORT,
  PROBE_QUAD_READ_EARLY,      /* sums, before they are waited for */
  PROBE_QUAD_WRITTEN_EARLY,
  PROBE_QUAD_CHANGED_EARLY,   /* what is multiplied */
  PROBE_QUAD_BROUGHT_LATE,    /* it is waited for when products have begun */
  PROBE_QUAD_BROUGHT_OVER,    /* a copy over what is multiplied */
  PROBE_QUAD_NO_BULK_WAIT,
  PROBE_QUAD_OTHER_PARITY,    /* that of a phase before */
  PROBE_QUAD_NO_EXPECT,
  PROBE_QUAD_TWO_EXPECT,
  PROBE_QUAD_TOO_FEW_BYTES,
  PROBE_QUAD_TOO_MANY_BYTES,
  PROBE_QUAD_UNCOUNTED,       /* more bytes are expected than are counted */
  PROBE_QUAD_NOT_MADE,        /* an arrival */
  PROBE_QUAD_OTHER_BITS,      /* of a matrix: those without meaning */
  PROBE_QUAD_BEHIND_ROW,
  PROBE_QUAD_BEHIND_SHARED,
  PROBE_QUAD_OTHER_LANE,      /* one has another matrix */
  PROBE_QUAD_ODD_TILES,
  PROBE_QUAD_N_FAULTS,
  /* Races, which cuda-races.so finds */
  PROBE_QUAD_NO_PROXY_FENCE = PROBE_QUAD_N_FAULTS,
  PROBE_QUAD_LATE_PROXY_FENCE, /* behind the barrier */
  PROBE_QUAD_NO_BARRIER,
  PROBE_QUAD_OVERWRITTEN,     /* while other warps multiply it */
  PROBE_QUAD_COPIED_OVER,     /* a copy over what was written and not fenced */
  PROBE_QUAD_N_RACES,
} ProbeQuadFault;

typedef struct {
  ProbeQuadFault fault;
  const guint16 *halves;    /* (128, 64): ones */
  float *y;                 /* (128): 16 where nothing is wrong */
} ProbeQuadFaulty;

typedef gboolean (*ProbeQuadFaultyFunc) (SottoCudaDevice *device, const ProbeQuadFaulty *arguments);

/* For measuring: n_blocks blocks of n_threads threads; each adds n_collectives results of warp_sum
 * to y of its index. */
typedef struct {
  guint n_blocks;
  guint n_threads;
  guint n_collectives;
  float *y;                 /* (n_threads) */
} ProbeSpeed;

typedef gboolean (*ProbeSpeedFunc) (SottoCudaDevice *device, const ProbeSpeed *arguments);

G_END_DECLS
