#include "cuda-plain-private.h"

#include <string.h>

/* The device: memory that is counted, recordings as lists, failing on demand. */

CudaPlain cuda_plain;

struct _SottoCudaDevice {
  const char *problem;
  gboolean rehearses;
  GPtrArray *recording;    /* (nullable) (element-type Operation) */
  GHashTable *sizes;       /* of what is allocated */
  guint64 used;
};

typedef gboolean (*Func) (const void *arguments);

typedef struct {
  Func func;
  void *arguments;
} Operation;

static void
operation_free (gpointer data)
{
  Operation *self = data;

  g_free (self->arguments);
  g_free (self);
}

static gboolean
carry_out (SottoCudaDevice *self, Func func, const void *arguments)
{
  if (self->problem != NULL)
    return FALSE;
  cuda_plain.n_operations++;
  if (cuda_plain.n_operations == cuda_plain.fail_at)
    self->problem = "planted";
  return self->problem == NULL && func (arguments);
}

/* What they point to on the host belongs to the state, as its recording does. */
static gboolean
put (SottoCudaDevice *self, Func func, const void *arguments, gsize n_bytes)
{
  Operation *operation;

  if (self->rehearses)
    return cuda_plain.refuses == NULL;
  if (self->recording == NULL)
    return carry_out (self, func, arguments);
  operation = g_new (Operation, 1);
  operation->func = func;
  operation->arguments = g_memdup2 (arguments, n_bytes);
  g_ptr_array_add (self->recording, operation);
  return TRUE;
}

/* --- Devices --- */

static guint
driver (void)
{
  return 13000;
}

static gboolean
list (SottoCudaDeviceInfo *devices, guint n_most, guint *n, char *message G_GNUC_UNUSED)
{
  *n = MIN (n_most, MAX (cuda_plain.n_listed, 1));
  for (guint i = 0; i < *n; i++)
    devices[i] = (SottoCudaDeviceInfo) { .name = "plain", .major = 9, .n_multiprocessors = 1,
                                         .memory = cuda_plain.memory };
  return TRUE;
}

static SottoCudaDevice *
open_device (guint index G_GNUC_UNUSED, char *message G_GNUC_UNUSED)
{
  SottoCudaDevice *self = g_new0 (SottoCudaDevice, 1);

  self->sizes = g_hash_table_new (NULL, NULL);
  cuda_plain.n_devices++;
  return self;
}

static void
close_device (SottoCudaDevice *self)
{
  /* Nothing may be left there. */
  g_assert_cmpuint (g_hash_table_size (self->sizes), ==, 0);
  g_assert_null (self->recording);
  g_hash_table_unref (self->sizes);
  g_free (self);
  cuda_plain.n_devices--;
}

static const char *
problem (SottoCudaDevice *self)
{
  return self->problem;
}

static const char *
refusal (SottoCudaDevice *self G_GNUC_UNUSED)
{
  return cuda_plain.refuses;
}

static void
rehearse (SottoCudaDevice *self, gboolean begins)
{
  self->rehearses = begins;
}

static gboolean
forgo (SottoCudaDevice *self)
{
  return FALSE;
}

/* --- Memory --- */

static gboolean
measure (SottoCudaDevice *self, guint64 *n_free, guint64 *all)
{
  *all = cuda_plain.memory > 0 ? cuda_plain.memory : (guint64) 1 << 40;
  *n_free = *all - MIN (*all, self->used);
  return self->problem == NULL;
}

static void *
allocate (SottoCudaDevice *self, gsize n_bytes)
{
  void *memory;

  g_assert_cmpuint (n_bytes, >, 0);
  if (self->problem != NULL
      || (cuda_plain.memory > 0 && n_bytes > cuda_plain.memory - MIN (cuda_plain.memory, self->used)))
    return NULL;
  memory = g_aligned_alloc (1, n_bytes, 256);
  /* NaN, as in F32 so in halves. */
  memset (memory, 0xff, n_bytes);
  g_hash_table_insert (self->sizes, memory, GSIZE_TO_POINTER (n_bytes));
  cuda_plain.used += n_bytes;
  self->used += n_bytes;
  return memory;
}

static void
release (SottoCudaDevice *self, void *memory)
{
  gpointer size;

  g_assert_true (g_hash_table_steal_extended (self->sizes, memory, NULL, &size));
  cuda_plain.used -= GPOINTER_TO_SIZE (size);
  self->used -= GPOINTER_TO_SIZE (size);
  g_aligned_free (memory);
}

static gboolean
may_copy (SottoCudaDevice *self)
{
  g_assert_null (self->recording);
  return self->problem == NULL;
}

static gboolean
clear (SottoCudaDevice *self, void *target, gsize n_bytes)
{
  if (may_copy (self))
    memset (target, 0, n_bytes);
  return self->problem == NULL;
}

static gboolean
copy (SottoCudaDevice *self, void *target, const void *source, gsize n_bytes)
{
  if (may_copy (self))
    memcpy (target, source, n_bytes);
  return self->problem == NULL;
}

static gboolean
wait_for (SottoCudaDevice *self)
{
  return may_copy (self);
}

/* --- Recordings --- */

static gboolean
record (SottoCudaDevice *self)
{
  if (cuda_plain.cannot_record || self->problem != NULL)
    return FALSE;
  g_assert_null (self->recording);
  self->recording = g_ptr_array_new_with_free_func (operation_free);
  return TRUE;
}

static void *
recorded (SottoCudaDevice *self)
{
  cuda_plain.n_recordings++;
  if (cuda_plain.tears_recordings)
    g_clear_pointer (&self->recording, g_ptr_array_unref);
  return g_steal_pointer (&self->recording);
}

static gboolean
repeat (SottoCudaDevice *self, void *recording)
{
  GPtrArray *operations = recording;

  cuda_plain.n_repetitions++;
  for (guint i = 0; i < operations->len; i++)
    {
      const Operation *operation = g_ptr_array_index (operations, i);

      if (!carry_out (self, operation->func, operation->arguments))
        return FALSE;
    }
  return TRUE;
}

static void
forget (SottoCudaDevice *self G_GNUC_UNUSED, void *recording)
{
  g_ptr_array_unref (recording);
}

/* --- Operations --- */

#define OPERATION(name, Arguments)                              \
  static gboolean                                               \
  name##_now (const void *arguments)                            \
  {                                                             \
    cuda_plain_##name (arguments);                                   \
    return TRUE;                                                \
  }                                                             \
  static gboolean                                               \
  name (SottoCudaDevice *self, const Arguments *arguments)      \
  {                                                             \
    return put (self, name##_now, arguments, sizeof *arguments); \
  }

OPERATION (embed, SottoCudaEmbed)
OPERATION (norm, SottoCudaNorm)
OPERATION (add, SottoCudaAdd)
OPERATION (quantise, SottoCudaOperand)
OPERATION (multiply, SottoCudaMultiply)

/* One by one: a recording keeps what it is given, and not what that points to. */
static gboolean
multiply_all (SottoCudaDevice *self, const SottoCudaMultiply *arguments)
{
  for (; arguments != NULL; arguments = arguments->next)
    if (!multiply (self, arguments))
      return FALSE;
  return TRUE;
}

OPERATION (heads, SottoCudaHeads)

static gboolean
heads_all (SottoCudaDevice *self, const SottoCudaHeads *arguments)
{
  for (; arguments != NULL; arguments = arguments->next)
    if (!heads (self, arguments))
      return FALSE;
  return TRUE;
}

OPERATION (attend, SottoCudaAttend)
OPERATION (gate, SottoCudaGate)
OPERATION (route, SottoCudaRoute)
OPERATION (combine, SottoCudaCombine)
OPERATION (delta, SottoCudaDelta)
OPERATION (convolve, SottoCudaConvolve)
OPERATION (scan, SottoCudaScan)
OPERATION (match, SottoCudaMatch)
OPERATION (mix, SottoCudaMix)
OPERATION (cut, SottoCudaCut)
OPERATION (cap, SottoCudaCap)
OPERATION (pool, SottoCudaPool)
OPERATION (best, SottoCudaBest)

/* One score a position that may be seen, of every row's heads. */
static gsize
attend_partial_floats (const SottoCudaAttend *arguments)
{
  return arguments->n_positions_most;
}

static const SottoCudaModule module = {
  .abi = SOTTO_CUDA_ABI,
  .toolkit = 13000,
  .architectures = "90",
  .driver = driver,
  .list = list,
  .open = open_device,
  .close = close_device,
  .problem = problem,
  .refusal = refusal,
  .rehearse = rehearse,
  .forgo = forgo,
  .measure = measure,
  .allocate = allocate,
  .release = release,
  .clear = clear,
  .upload = copy,
  .download = copy,
  .copy = copy,
  .wait = wait_for,
  .record = record,
  .recorded = recorded,
  .repeat = repeat,
  .forget = forget,
  .embed = embed,
  .norm = norm,
  .add = add,
  .quantise = quantise,
  .multiply = multiply_all,
  .heads = heads_all,
  .attend_partial_floats = attend_partial_floats,
  .attend = attend,
  .gate = gate,
  .route = route,
  .combine = combine,
  .delta = delta,
  .convolve = convolve,
  .scan = scan,
  .match = match,
  .mix = mix,
  .cut = cut,
  .cap = cap,
  .pool = pool,
  .best = best,
};

const SottoCudaModule *
cuda_plain_module (void)
{
  memset (&cuda_plain, 0, sizeof cuda_plain);
  return &module;
}
