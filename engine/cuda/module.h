#pragma once

#include "plan.h"
#include "sotto-session.h"

G_BEGIN_DECLS

/* What a module of kernels does for the CUDA backend.
 *
 * The backend (C, in the engine) thinks: it places layers, lays out memory and turns a plan into calls of
 * these functions. A module (CUDA C++, opened at run time) computes: it is the only part that knows a
 * toolkit. There is one a toolkit, and one that tests make by compiling the same kernels for the host.
 * A module allocates nothing by itself, keeps no state but a device's stream, and uses of GLib its types alone.
 *
 * All operations are put on the device's one stream in the order of the calls and return at once; what they
 * leave is there for the next. Pointers are to device memory unless said otherwise. Rows are one a token,
 * F32, row-major. A function that returns gboolean returns FALSE when the device failed; problem() says why, and
 * from then on all fail: such a device is lost. An operation also returns FALSE when it is asked for what its kernel doesn't
 * do; then refusal() says so, nothing was put on the device, and it is as well as before.
 */

#define SOTTO_CUDA_ABI 14

typedef struct _SottoCudaDevice SottoCudaDevice;

typedef struct {
  char name[128];
  guint major, minor;       /* compute capability; 0: it does not answer, and message says why */
  guint n_multiprocessors;
  guint64 memory;           /* bytes */
} SottoCudaDeviceInfo;

/* --- Operands --- */

/* A weight as it lies on the device: rows that the layout (layout.h) has taken apart, each beginning at a multiple
 * of 16 bytes. weight.data, .bias and .scales are on the device; row_bytes and matrix_bytes are those there. */
typedef SottoWeight SottoCudaWeight;

/* Rows of halves lie by so many (halves.h): memory is for a multiple of them. */
#define SOTTO_CUDA_HALVES_ROWS 8

/* Rows that products read, in the form that fits the number of rows; made by quantise() of floats.
 *
 * Which form it is says which of high and halves is there; few rows and many rows of a batch differ, not of the
 * operand (a batch of eight has more rows of experts).
 *
 * A few rows: blocks of 32 elements, element = scale * (256 * high + low), high and low int8; sums holds for
 * each block scale * sum (256 * high + low), for what is subtracted from all weights of a block. Many rows:
 * halves, element = row_scale * half. */
typedef struct {
  guint n_rows;
  guint n_columns;
  guint n_columns_padded;   /* to a multiple of 256; zeros behind n_columns */
  gsize values_stride;      /* floats from row to row of values */
  const float *values;      /* (n_rows, n_columns): for weights that are floats */
  gint8 *high;              /* (n_rows, n_columns_padded) */
  gint8 *low;
  float *scales;            /* (n_rows, n_columns_padded / 32) */
  float *sums;              /* (n_rows, n_columns_padded / 32) */
  guint16 *halves;          /* (n_rows, n_columns_padded), as halves.h says */
  float *row_scales;        /* (n_rows) */
} SottoCudaOperand;

/* Up to so many rows are few. */
#define SOTTO_CUDA_FEW 8

/* y = scale * (weight scale * (W x) + bias), or is added to what is there. Row r of y belongs to row r / rows_per_x of x.
 * Of a stack of matrices it takes matrices[r], or without them r % n_matrices, with that matrix' bias and scale: so
 * experts are multiplied (matrices chosen), and heads (in turns). */
typedef struct _SottoCudaMultiply SottoCudaMultiply;

struct _SottoCudaMultiply {
  SottoCudaWeight weight;
  SottoCudaOperand x;       /* x.n_rows = n_rows / rows_per_x */
  float *y;
  gsize y_stride;           /* floats from row to row */
  guint n_rows;             /* of y */
  guint rows_per_x;         /* 1 */
  float scale;
  gboolean add;
  gboolean exact;           /* of weights that are floats: as of few rows, without halves (multiply.cu says why) */
  const guint32 *matrices;  /* (nullable) (n_rows) */
  /* Where matrices are given and the rows are many: the rows of y, sorted by matrix, and where each matrix's begin. */
  const guint32 *order;     /* (nullable) (n_rows) */
  const guint32 *starts;    /* (n_matrices + 1) */
  /* (nullable): another product of the same x, whose y is its own: as if it were asked for next, but it may share a grid
   * with this one, so that small products fill the device together. */
  const SottoCudaMultiply *next;
};

/* y = norm (x), piece by piece of n_columns; weights differ from piece to piece where weight_step is n_columns. x and
 * y may be the same. Without norm, weight and bias it copies, which is how pieces of rows are moved. */
typedef struct {
  SottoNorm norm;           /* weight and bias on the device */
  const float *x;
  float *y;
  gsize x_stride, y_stride; /* floats from row to row */
  gsize x_step, y_step;     /* from piece to piece; x_step 0: all read the same */
  guint n_rows;
  guint n_pieces;
  guint n_columns;
  guint weight_step;        /* 0 or n_columns */
  SottoCudaOperand operand; /* of y, where there is one piece: as SottoCudaGate's */
} SottoCudaNorm;

/* to = (to + scale * norm (from)) * scale_after; and normed = after (to), if that is asked for */
typedef struct {
  SottoNorm norm;
  const float *from;
  float *to;
  guint n_rows;
  guint n_columns;
  float scale;
  float scale_after;
  SottoNorm after;
  float *normed;            /* (nullable) (n_rows, n_columns) */
  SottoCudaOperand operand; /* of normed: as SottoCudaGate's */
} SottoCudaAdd;

typedef struct {
  SottoCudaWeight table;
  SottoCudaWeight positions;
  const float *addend;
  float scale;
  const gint32 *tokens;     /* (n_rows) */
  const guint32 *position;  /* of the first row: read on the device, so that a graph can be used again */
  float *y;
  guint n_rows;
  gboolean is_written;      /* y is there, in place of the table's rows: positions are added to it. With an addend it is refused
                             * where there are none */
} SottoCudaEmbed;

/* A KV cache: head by head, position p in slot p % capacity, rows of blocks of 32 elements in the form of
 * type (F32, F16: numbers; Q8_0: a half and 32 int8; Q4_0: a half and 16 bytes, element i low, i + 16 high). Behind a
 * head's elements stand zeros.
 *
 * Integers are of spread elements (spread.h): heads() spreads keys and values before it puts them there, attend() its
 * queries and, once more, what it attended. */
typedef struct {
  SottoKvType type;
  guint n_heads;
  guint n_key, n_value;
  guint n_latent;           /* values are the first of the keys where n_value is 0 */
  guint capacity;           /* positions */
  gsize key_bytes;          /* of one head's row */
  gsize value_bytes;
  guint8 *keys;             /* (n_heads, capacity, key_bytes) */
  guint8 *values;
} SottoCudaCache;

/* Heads of rows normed, each by itself, and turned by their positions (or turned first), in place; or, where cache is given, put there (as keys
 * or as values), which leaves heads as they are; of that what is there. */
typedef struct _SottoCudaHeads SottoCudaHeads;

struct _SottoCudaHeads {
  float *heads;             /* row r's head h at r * stride + h * step */
  gsize stride;
  gsize step;
  guint n_rows;
  guint n_heads;
  guint n_head;
  SottoNorm norm;           /* weights on the device; */
  guint weight_step;        /* from head to head: 0 or n_head */
  const SottoRope *rope;    /* (nullable); host memory, its frequencies and axes on the device */
  gboolean turns_first;
  gboolean is_long;
  const guint32 *position;
  const SottoSpot *spots;   /* (nullable) (n_rows): by what pairs turn where the rope has axes, in place of the position */
  const SottoCudaCache *cache; /* (nullable); host memory */
  gboolean is_value;
  /* (nullable): other heads of the same rows: as if they were asked for next, but they may share a grid with these. */
  const SottoCudaHeads *next;
};

/* See SottoAttendStep. */
typedef struct {
  const float *queries;     /* (n_rows, n_heads, n_key) */
  const float *gates;       /* (nullable) (n_rows, n_heads, n_value): attended is multiplied with their sigmoid */
  float *attended;          /* (n_rows, n_heads, n_value) */
  guint n_rows;
  const guint32 *position;
  guint n_positions_most;   /* the grid's size: no row sees a position behind it; what the rows see is read off position */
  const SottoCudaCache *cache;
  const SottoAttendStep *step; /* host memory, its arrays on the device */
  float *partials;          /* attend_partial_floats() */
  /* Of attended: as SottoCudaGate's. A row of it is a row's heads side by side, or, where it has n_value columns, a head. */
  SottoCudaOperand operand;
} SottoCudaAttend;

typedef struct {
  SottoActivation activation;
  SottoXielu xielu;
  const float *gate;        /* (nullable) (n_rows, n_columns) */
  const float *up;          /* (nullable) */
  const float *inputs;      /* (nullable): instead of up */
  gsize inputs_stride;
  const float *switches;    /* (nullable) (n_rows): times their sigmoid */
  float *y;                 /* may be gate or up */
  guint n_rows;
  guint n_columns;
  SottoCudaOperand operand; /* of y: its few rows are made at once, as quantise() makes them; without high: they are not */
} SottoCudaGate;

/* Rows' experts, best first, and their weights. */
typedef struct {
  const SottoExpertsStep *step; /* host memory, its arrays on the device */
  const float *logits;      /* (n_rows, n_experts) */
  guint n_rows;
  guint32 *experts;         /* (n_rows, n_used) */
  float *weights;           /* (n_rows, n_used) */
  /* Of many rows also what SottoCudaMultiply wants to know; sorted by expert, then by place. NULL of few. */
  guint32 *order;           /* (n_rows * n_used) */
  guint32 *starts;          /* (n_experts + 1) */
} SottoCudaRoute;

/* to = or += sum over the used experts, in the order of their choice, of weight * row; and normed as SottoCudaAdd's */
typedef struct {
  const float *rows;        /* (n_rows, n_used, n_columns) */
  const float *weights;     /* (n_rows, n_used) */
  float *to;
  guint n_rows;
  guint n_used;
  guint n_columns;
  gboolean add;
  SottoNorm after;
  float *normed;            /* (nullable) (n_rows, n_columns) */
  SottoCudaOperand operand;
} SottoCudaCombine;

/* See SottoDeltaStep; mixed, alpha, beta and gate are the projections. */
typedef struct {
  const SottoDeltaStep *step; /* host memory, its arrays on the device */
  const float *mixed;
  const float *gate;
  const float *alpha;
  const float *beta;
  float *recurrent;         /* step->recurrent's floats */
  float *convolved;         /* scratch, like mixed */
  float *attended;          /* (n_rows, n_value_heads * n_value) */
  guint n_rows;
} SottoCudaDelta;

/* See SottoConvolveStep; mixed is the projection. */
typedef struct {
  const SottoConvolveStep *step; /* host memory, its arrays on the device */
  const float *mixed;
  float *recurrent;         /* step->recurrent's floats */
  float *attended;          /* (n_rows, n_channels) */
  guint n_rows;
} SottoCudaConvolve;

/* See SottoScanStep, but for its norm; mixed is the projection. */
typedef struct {
  const SottoScanStep *step; /* host memory, its arrays on the device */
  const float *mixed;
  float *recurrent;         /* step->recurrent's floats */
  float *convolved;         /* scratch, (n_rows, channels of x, B and C) */
  float *attended;          /* (n_rows, n_heads * n_value) */
  guint n_rows;
} SottoCudaScan;

/* See SottoMatchStep. */
typedef struct {
  const float *from;
  float *to;                /* may be from */
  const float *like;
  float least;
  guint n_rows;
  guint n_columns;
} SottoCudaMatch;

/* See SottoStreamsStep. */
typedef struct {
  const SottoStreamsStep *step; /* host memory, its arrays on the device */
  gboolean corrects;        /* else it predicts */
  float *streams[SOTTO_MAX_STREAMS]; /* (n_rows, n_columns) of each of them */
  float *kept;
  guint n_rows;
  guint n_columns;
} SottoCudaMix;

/* Each row less its mean and cutoff times its deviation, and not below 0: SottoFeedStep's sparse gates, in place */
typedef struct {
  float *rows;
  float cutoff;
  guint n_rows;
  guint n_columns;
} SottoCudaCut;

/* y = cap * tanh (scale * y / cap), or scale * y where cap is 0, in place; then brought within ± limit where that is
 * not 0 */
typedef struct {
  float *y;
  gsize n;
  float scale;
  float soft_cap;
  float limit;
} SottoCudaCap;

/* The n_best highest logits, and others no lower than sixteen steps to a power of two tell apart; of those that may come,
 * and without -infinity and NaN. Fewer where there are no more. */
typedef struct {
  const float *logits;      /* (n) */
  guint n;
  guint n_best;             /* at least 1 */
  const guint32 *mask;      /* (nullable) (n_mask_words): a bit for each that may come; what is behind may not */
  guint n_mask_words;
  guint32 *counts;          /* (SOTTO_CUDA_BEST_COUNTS): scratch */
  guint32 *found;           /* (1 + 2 * n_most): how many; then their ids and the bits of their values in turns, in no
                             * order. More than n_most: only so many of them are there */
  guint n_most;
} SottoCudaBest;

#define SOTTO_CUDA_BEST_COUNTS 8192

/* y (n_columns) = the rows' mean, first or last */
typedef struct {
  SottoPooling pooling;
  const float *x;
  float *y;
  guint n_rows;
  guint n_columns;
} SottoCudaPool;

/* --- The table --- */

typedef struct {
  guint abi;                /* SOTTO_CUDA_ABI */
  guint toolkit;            /* 12040 */
  const char *architectures; /* "61 70 75": what its code was compiled for */
  guint newest_virtual;     /* 900: code that later devices compile when they open it; 0: none */

  /* Devices. Any thread. message: at least 256 bytes, set where FALSE is returned. */
  guint (*driver) (void);   /* the newest CUDA that the driver runs: 12040; 0: there is no driver */
  gboolean (*list) (SottoCudaDeviceInfo *devices, guint n_most, guint *n, char *message);
  SottoCudaDevice *(*open) (guint index, char *message);
  void (*close) (SottoCudaDevice *self);
  const char *(*problem) (SottoCudaDevice *self);

  /* Why the last operation that was refused was: (nullable): none was */
  const char *(*refusal) (SottoCudaDevice *self);
  /* From TRUE to FALSE operations are not carried out: they say whether the device would take them, by host memory alone.
   * Either forgets the refusal. The limits of kernels stand nowhere but where they are launched. */
  void (*rehearse) (SottoCudaDevice *self, gboolean begins);
  /* From now on operations do without what no other kind of device has (device-hopper.h). Returns: whether they did with it */
  gboolean (*forgo) (SottoCudaDevice *self);

  /* Memory */
  gboolean (*measure) (SottoCudaDevice *self, guint64 *free, guint64 *all);
  void *(*allocate) (SottoCudaDevice *self, gsize n_bytes); /* NULL: not so much; the device lives on */
  void (*release) (SottoCudaDevice *self, void *memory);
  gboolean (*clear) (SottoCudaDevice *self, void *target, gsize n_bytes);
  /* source may change once it returns */
  gboolean (*upload) (SottoCudaDevice *self, void *target, const void *source, gsize n_bytes);
  /* waits for all before it: target is there when it returns */
  gboolean (*download) (SottoCudaDevice *self, void *target, const void *source, gsize n_bytes);
  gboolean (*copy) (SottoCudaDevice *self, void *target, const void *source, gsize n_bytes);
  gboolean (*wait) (SottoCudaDevice *self);

  /* A stretch of operations recorded once and repeated: what they read at fixed addresses may change. From record to
   * recorded operations (no memory functions) are only noted. record FALSE: this device can't, and works as
   * before, unless it has a problem. */
  gboolean (*record) (SottoCudaDevice *self);
  void *(*recorded) (SottoCudaDevice *self); /* NULL: it can't be repeated: as record FALSE, and nothing was done */
  gboolean (*repeat) (SottoCudaDevice *self, void *recording);
  void (*forget) (SottoCudaDevice *self, void *recording);

  /* Operations */
  gboolean (*embed) (SottoCudaDevice *self, const SottoCudaEmbed *arguments);
  gboolean (*norm) (SottoCudaDevice *self, const SottoCudaNorm *arguments);
  gboolean (*add) (SottoCudaDevice *self, const SottoCudaAdd *arguments);
  gboolean (*quantise) (SottoCudaDevice *self, const SottoCudaOperand *operand);
  gboolean (*multiply) (SottoCudaDevice *self, const SottoCudaMultiply *arguments);
  gboolean (*heads) (SottoCudaDevice *self, const SottoCudaHeads *arguments);
  gsize (*attend_partial_floats) (const SottoCudaAttend *arguments); /* enough for fewer rows and positions, too */
  gboolean (*attend) (SottoCudaDevice *self, const SottoCudaAttend *arguments);
  gboolean (*gate) (SottoCudaDevice *self, const SottoCudaGate *arguments);
  gboolean (*route) (SottoCudaDevice *self, const SottoCudaRoute *arguments);
  gboolean (*combine) (SottoCudaDevice *self, const SottoCudaCombine *arguments);
  gboolean (*delta) (SottoCudaDevice *self, const SottoCudaDelta *arguments);
  gboolean (*convolve) (SottoCudaDevice *self, const SottoCudaConvolve *arguments);
  gboolean (*scan) (SottoCudaDevice *self, const SottoCudaScan *arguments);
  gboolean (*match) (SottoCudaDevice *self, const SottoCudaMatch *arguments);
  gboolean (*mix) (SottoCudaDevice *self, const SottoCudaMix *arguments);
  gboolean (*cut) (SottoCudaDevice *self, const SottoCudaCut *arguments);
  gboolean (*cap) (SottoCudaDevice *self, const SottoCudaCap *arguments);
  gboolean (*pool) (SottoCudaDevice *self, const SottoCudaPool *arguments);
  gboolean (*best) (SottoCudaDevice *self, const SottoCudaBest *arguments); /* not to be recorded */
} SottoCudaModule;

/* Why a function of @module returned FALSE. */
static inline const char *
sotto_cuda_module_explain (const SottoCudaModule *module, SottoCudaDevice *device)
{
  const char *words = module->problem (device);

  if (words == NULL)
    words = module->refusal (device);
  return words != NULL ? words : "the GPU cannot carry out a step";
}

/* What a module exports, under this name. */
typedef const SottoCudaModule *(*SottoCudaModuleGet) (void);
#define SOTTO_CUDA_MODULE_GET "sotto_cuda_module_get"

G_END_DECLS
