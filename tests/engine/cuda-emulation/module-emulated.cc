/* What engine/cuda/module.cu is for a device, for an emulated one. Everything happens at once;
 * kernels may not write beside what was allocated, and the host may not touch it after it has
 * waited.
 *
 * SOTTO_CUDA_EMULATION_ORDER=reverse        last threads, warps and blocks first
 * SOTTO_CUDA_EMULATION_FILL=0x7f            what shared memory holds at the beginning (0xff)
 * SOTTO_CUDA_EMULATION_MEMORY=BYTES         of the device (4 GiB)
 * SOTTO_CUDA_EMULATION_ARCHITECTURE=61      what it says it is (90)
 * SOTTO_CUDA_EMULATION_DEVICES=2            how many there are (1)
 * SOTTO_CUDA_EMULATION_SHUT=0              this one does not open
 * SOTTO_CUDA_EMULATION_DRIVER=12040        what it says its driver runs (13000)
 * SOTTO_CUDA_EMULATION_THREADS=1            of the host (those that there are, at most 4)
 * SOTTO_CUDA_EMULATION_FAIL=N               the N-th launch of a device fails
 * SOTTO_CUDA_HOPPER=0                       as in module.cu
 * SOTTO_CUDA_MULTIPROCESSORS=132            likewise (4)
 */

#include "cuda/launch.h"
#include "cuda/operations.h"
#include "faults.h"
#include "memory.h"
#include "races.h"

#include <stdio.h>
#include <stdlib.h>

/* One thing on the stream. */
typedef struct {
  EmulationLaunch launch;   /* name NULL: a copy, or zeros */
  void *target;
  const void *source;       /* NULL: zeros */
  gsize n_bytes;
} Operation;

struct _SottoCudaDevice {
  DeviceFacts facts;
  EmulationPool *pool;
  EmulationMemory *memory;
  GHashTable *begun;        /* kernels that have run */
  GPtrArray *recording;     /* nullable: being made */
  GString *rehearsed;       /* what the last rehearsal would have launched, a line each */
  gint64 fails_after;       /* launches; -1: never */
  gboolean rehearses;
  gboolean failed;
  char problem[EMULATION_PROBLEM_BYTES];
  char refusal[EMULATION_PROBLEM_BYTES];
};

const guint sotto_cuda_toolkit = 0;
const char sotto_cuda_architectures[] = "61 70 75 80 86 89 90 100 120";
const guint sotto_cuda_newest_virtual = 0;

static guint64
setting (const char *name, guint64 otherwise)
{
  g_autofree char *variable = g_strconcat ("SOTTO_CUDA_EMULATION_", name, NULL);
  const char *value = g_getenv (variable);

  return value != NULL ? g_ascii_strtoull (value, NULL, 0) : otherwise;
}

/* --- What goes wrong --- */

static gboolean
fail (SottoCudaDevice *self, const char *message)
{
  if (!self->failed)
    g_strlcpy (self->problem, message, sizeof self->problem);
  self->failed = TRUE;
  return FALSE;
}

gboolean
device_refuse (SottoCudaDevice *self, const char *message)
{
  g_strlcpy (self->refusal, message, sizeof self->refusal);
  return FALSE;
}

gboolean
sotto_cuda_forgo (SottoCudaDevice *self)
{
  const gboolean had = self->facts.has_hopper;

  self->facts.has_hopper = FALSE;
  return had;
}

const char *
sotto_cuda_refusal (SottoCudaDevice *self)
{
  return self->refusal[0] != '\0' ? self->refusal : NULL;
}

void
sotto_cuda_rehearse (SottoCudaDevice *self, gboolean begins)
{
  self->rehearses = begins;
  self->refusal[0] = '\0';
  if (begins)
    g_string_truncate (self->rehearsed, 0);
}

/* For tests that count: the names of what the last rehearsal would have launched, each with a newline behind it. */
extern "C" __attribute__ ((visibility ("default"))) const char *sotto_cuda_emulation_rehearsed (SottoCudaDevice *self);

const char *
sotto_cuda_emulation_rehearsed (SottoCudaDevice *self)
{
  return self->rehearsed->str;
}

const char *
sotto_cuda_problem (SottoCudaDevice *self)
{
  return self->failed ? self->problem : NULL;
}

const DeviceFacts *
device_facts (SottoCudaDevice *self)
{
  return &self->facts;
}

/* --- Devices --- */

guint
sotto_cuda_driver (void)
{
  return (guint) setting ("DRIVER", 13000);
}

gboolean
sotto_cuda_list (SottoCudaDeviceInfo *devices, guint n_most, guint *n, char *message)
{
  guint architecture = (guint) setting ("ARCHITECTURE", 90);

  *n = MIN ((guint) setting ("DEVICES", 1), n_most);
  for (guint i = 0; i < *n; i++)
    {
      memset (&devices[i], 0, sizeof devices[i]);
      g_snprintf (devices[i].name, sizeof devices[i].name, "Emulated device %u", i);
      devices[i].major = architecture / 10;
      devices[i].minor = architecture % 10;
      devices[i].n_multiprocessors = 4;
      devices[i].memory = setting ("MEMORY", G_GUINT64_CONSTANT (4) << 30);
    }
  return TRUE;
}

SottoCudaDevice *
sotto_cuda_open (guint index, char *message)
{
  SottoCudaDevice *self;

  if (setting ("SHUT", G_MAXUINT64) == index)
    {
      g_strlcpy (message, "it was asked to stay shut", 256);
      return NULL;
    }
  self = g_new0 (SottoCudaDevice, 1);
  self->facts.architecture = (guint) setting ("ARCHITECTURE", 90);
  self->facts.n_multiprocessors
    = g_getenv ("SOTTO_CUDA_MULTIPROCESSORS") != NULL ? (guint) atoi (g_getenv ("SOTTO_CUDA_MULTIPROCESSORS")) : 4;
  self->facts.shared_bytes = emulation_shared_limit (self->facts.architecture);
  self->facts.has_hopper = self->facts.architecture == 90 && g_strcmp0 (g_getenv ("SOTTO_CUDA_HOPPER"), "0") != 0;
  self->begun = g_hash_table_new (NULL, NULL);
  self->rehearsed = g_string_new (NULL);
  self->memory = emulation_memory_new (setting ("MEMORY", G_GUINT64_CONSTANT (4) << 30));
  /* Who looks for races sees one thread of the host. */
  self->pool = emulation_pool_new (emulation_races.touch != NULL ? 1
                                   : (guint) setting ("THREADS", MIN (g_get_num_processors (), 4)));
  self->pool->reverse = g_strcmp0 (g_getenv ("SOTTO_CUDA_EMULATION_ORDER"), "reverse") == 0;
  self->pool->fill = (guint8) setting ("FILL", 0xff);
  self->pool->architecture = self->facts.architecture;
  self->pool->shared_bytes = self->facts.shared_bytes;
  self->fails_after = (gint64) setting ("FAIL", 0) - 1;
  emulation_faults_install ();
  return self;
}

static void
operation_free (void *data)
{
  Operation *self = static_cast<Operation *> (data);

  g_free (self->launch.name);
  g_free (self->launch.arguments);
  g_free (self);
}

void
sotto_cuda_close (SottoCudaDevice *self)
{
  emulation_faults_remove ();
  g_clear_pointer (&self->recording, g_ptr_array_unref);
  g_hash_table_unref (self->begun);
  g_string_free (self->rehearsed, TRUE);
  emulation_pool_free (self->pool);
  emulation_memory_free (self->memory);
  g_free (self);
}

/* --- The stream --- */

static gboolean
carry_out (SottoCudaDevice *self, Operation *operation)
{
  if (self->failed)
    return FALSE;
  emulation_memory_open (self->memory);
  if (operation->launch.name == NULL)
    {
      if (operation->source != NULL)
        memmove (operation->target, operation->source, operation->n_bytes);
      else
        memset (operation->target, 0, operation->n_bytes);
      return TRUE;
    }
  if (self->fails_after == 0)
    return fail (self, "the launch that was asked to fail did");
  if (self->fails_after > 0)
    self->fails_after--;
  /* Once for each kernel: opening takes long. */
  self->pool->shut = g_hash_table_add (self->begun, (gpointer) operation->launch.kernel) ? self->memory : NULL;
  if (self->pool->shut != NULL)
    emulation_memory_shut (self->memory);
  return emulation_pool_run (self->pool, &operation->launch) || fail (self, self->pool->problem);
}

/* Takes it over. */
static gboolean
put (SottoCudaDevice *self, Operation *operation)
{
  gboolean done;

  if (self->recording != NULL)
    {
      g_ptr_array_add (self->recording, operation);
      return !self->failed;
    }
  done = carry_out (self, operation);
  operation_free (operation);
  return done;
}

gboolean
device_launch (SottoCudaDevice *self,
               const char      *name,
               const Shape     *shape,
               const void      *kernel,
               void           (*invoke) (const void *, const void *),
               const void      *arguments,
               gsize            n_bytes)
{
  Operation *operation;
  EmulationLaunch *launch;

  if (self->failed)
    return FALSE;
  if (shape->n_blocks == 0)
    return TRUE;
  if (!launch_is_possible (name, shape, &self->facts, 0, n_bytes, self->refusal, sizeof self->refusal))
    return FALSE;
  if (self->rehearses)
    {
      g_string_append_printf (self->rehearsed, "%s\n", name);
      return TRUE;
    }
  operation = g_new0 (Operation, 1);
  launch = &operation->launch;
  launch->name = g_strdup (name);
  launch->n_blocks[0] = shape->n_blocks;
  launch->n_blocks[1] = MAX (shape->n_blocks_y, 1);
  launch->n_blocks[2] = MAX (shape->n_blocks_z, 1);
  launch->n_threads = shape->n_threads;
  launch->shared_bytes = shape->shared_bytes;
  launch->kernel = kernel;
  launch->invoke = invoke;
  launch->arguments = static_cast<guint8 *> (g_memdup2 (arguments, n_bytes));
  return put (self, operation);
}

/* --- Memory --- */

gboolean
sotto_cuda_measure (SottoCudaDevice *self, guint64 *free_bytes, guint64 *all)
{
  *free_bytes = emulation_memory_left (self->memory);
  *all = emulation_memory_all (self->memory);
  return !self->failed;
}

void *
sotto_cuda_allocate (SottoCudaDevice *self, gsize n_bytes)
{
  return self->failed ? NULL : emulation_memory_allocate (self->memory, n_bytes);
}

void
sotto_cuda_release (SottoCudaDevice *self, void *memory)
{
  char problem[EMULATION_PROBLEM_BYTES];

  if (memory != NULL && !emulation_memory_release (self->memory, memory, problem))
    fail (self, problem);
}

static gboolean
holds (SottoCudaDevice *self, const char *what, const void *memory, gsize n_bytes)
{
  if (self->failed)
    return FALSE;
  if (n_bytes == 0 || emulation_memory_holds (self->memory, memory, n_bytes))
    return TRUE;
  g_snprintf (self->problem, sizeof self->problem, "%s: %" G_GSIZE_FORMAT " bytes at %p are not in one allocation",
              what, n_bytes, memory);
  self->failed = TRUE;
  return FALSE;
}

gboolean
sotto_cuda_clear (SottoCudaDevice *self, void *target, gsize n_bytes)
{
  Operation *operation;

  if (!holds (self, "clear", target, n_bytes))
    return FALSE;
  operation = g_new0 (Operation, 1);
  operation->target = target;
  operation->n_bytes = n_bytes;
  return put (self, operation);
}

gboolean
sotto_cuda_copy (SottoCudaDevice *self, void *target, const void *source, gsize n_bytes)
{
  Operation *operation;

  if (!holds (self, "copy", target, n_bytes) || !holds (self, "copy", source, n_bytes))
    return FALSE;
  operation = g_new0 (Operation, 1);
  operation->target = target;
  operation->source = source;
  operation->n_bytes = n_bytes;
  return put (self, operation);
}

gboolean
sotto_cuda_upload (SottoCudaDevice *self, void *target, const void *source, gsize n_bytes)
{
  if (self->recording != NULL)
    return fail (self, "an upload can't be recorded");
  if (!holds (self, "upload", target, n_bytes))
    return FALSE;
  emulation_memory_open (self->memory);
  if (n_bytes > 0)
    memcpy (target, source, n_bytes);
  return TRUE;
}

/* Waiting ends the device's work: what was written beside allocations shows, and the host is kept
 * out. */
static gboolean
finish (SottoCudaDevice *self)
{
  char problem[EMULATION_PROBLEM_BYTES];

  if (!self->failed && !emulation_memory_check (self->memory, problem))
    fail (self, problem);
  emulation_memory_shut (self->memory);
  return !self->failed;
}

gboolean
sotto_cuda_download (SottoCudaDevice *self, void *target, const void *source, gsize n_bytes)
{
  if (self->recording != NULL)
    return fail (self, "a download can't be recorded");
  if (!holds (self, "download", source, n_bytes))
    return FALSE;
  emulation_memory_open (self->memory);
  if (n_bytes > 0)
    memcpy (target, source, n_bytes);
  return finish (self);
}

gboolean
sotto_cuda_wait (SottoCudaDevice *self)
{
  if (self->recording != NULL)
    return fail (self, "a recording can't be waited for");
  return finish (self);
}

/* --- Recordings --- */

gboolean
sotto_cuda_record (SottoCudaDevice *self)
{
  if (self->recording != NULL)
    return fail (self, "a recording is being made already");
  self->recording = g_ptr_array_new_with_free_func (operation_free);
  return !self->failed;
}

void *
sotto_cuda_recorded (SottoCudaDevice *self)
{
  GPtrArray *recording = static_cast<GPtrArray *> (g_steal_pointer (&self->recording));

  if (self->failed && recording != NULL)
    g_clear_pointer (&recording, g_ptr_array_unref);
  return recording;
}

gboolean
sotto_cuda_repeat (SottoCudaDevice *self, void *recording)
{
  GPtrArray *operations = static_cast<GPtrArray *> (recording);

  for (guint i = 0; i < operations->len; i++)
    if (!carry_out (self, static_cast<Operation *> (g_ptr_array_index (operations, i))))
      return FALSE;
  return !self->failed;
}

void
sotto_cuda_forget (SottoCudaDevice *self, void *recording)
{
  g_ptr_array_unref (static_cast<GPtrArray *> (recording));
}
