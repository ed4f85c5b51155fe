#include "cuda-modules.h"
#include "cuda/backend-device.h"
#include "cuda/check.h"
#include "sotto-error.h"

#include <string.h>

/* What drives devices (engine/cuda/module.cu), carried out over a runtime that does everything as late as it may
 * (cuda-emulation/runtime.cc). */

/* A device opened and tried out by a small model, which comes out right or for the reason that is given. */
static void
try_device (CudaModule *self, guint index, const char *problem)
{
  SottoCudaDeviceInfo infos[2] = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoBackend) device = NULL;
  char message[256];
  guint n;

  g_assert_true (self->module->list (infos, 2, &n, message));
  g_assert_cmpuint (index, <, n);
  device = sotto_backend_new_device_checked (self->module, index, &infos[index], &error);
  if (problem == NULL)
    {
      g_assert_no_error (error);
      g_assert_nonnull (device);
      return;
    }
  g_assert_null (device);
  g_assert_nonnull (error);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, problem));
}

static guint
count_left (CudaModule *self)
{
  guint (*get_left) (void) = (guint (*) (void)) cuda_module_function (self, "sotto_cuda_runtime_left");

  return get_left ();
}

/* Nothing is kept, and no error is left for whoever asks next. */
static void
check_left (CudaModule *self, guint n_before)
{
  int (*get_error) (void) = (int (*) (void)) cuda_module_function (self, "sotto_cuda_runtime_error");

  g_assert_cmpuint (count_left (self), ==, n_before);
  g_assert_cmpint (get_error (), ==, 0);
}

static void
test_devices (CudaModule *self)
{
  static const char *const architectures[] = { "61", "70", "75", "80", "90", "120" };
  const guint n_left = count_left (self);

  /* The fixture's own is of 9.0. */
  self->module->close (self->device);
  for (guint i = 0; i < G_N_ELEMENTS (architectures); i++)
    for (guint order = 0; order < 2; order++)
      {
        g_setenv ("SOTTO_CUDA_EMULATION_ARCHITECTURE", architectures[i], TRUE);
        g_setenv ("SOTTO_CUDA_EMULATION_ORDER", order == 1 ? "reverse" : "forward", TRUE);
        g_setenv ("SOTTO_CUDA_RUNTIME_PAGEABLE", order == 1 ? "1" : "0", TRUE);
        g_setenv ("SOTTO_CUDA_EARLY", order == 1 ? "0" : "1", TRUE);
        g_setenv ("SOTTO_CUDA_SLEEP", order == 1 ? "0" : "1", TRUE);
        try_device (self, 0, NULL);
      }
  g_unsetenv ("SOTTO_CUDA_EMULATION_ARCHITECTURE");
  g_unsetenv ("SOTTO_CUDA_EMULATION_ORDER");
  g_unsetenv ("SOTTO_CUDA_RUNTIME_PAGEABLE");
  g_unsetenv ("SOTTO_CUDA_EARLY");
  g_unsetenv ("SOTTO_CUDA_SLEEP");
  self->device = self->module->open (0, (char[256]) { 0 });
  check_left (self, n_left);
}

/* What can do without something does, and what can't says so; nothing of it is left. */
static void
test_failures (CudaModule *self)
{
  static const struct {
    const char *function;
    const char *problem;    /* (nullable): it is done without */
  } cases[] = {
    { "cudaMallocHost", NULL },
    { "cudaMallocHost:2", NULL },
    { "cudaEventCreateWithFlags", NULL },
    { "cudaStreamBeginCapture", NULL },
    { "cudaStreamEndCapture", NULL },
    { "cudaGraphInstantiate", NULL },
    { "cudaMalloc", NULL },           /* nothing is known then */
    { "cudaMalloc:3", NULL },
    { "cudaStreamCreateWithFlags", "out of memory" },
    { "cudaSetDevice:4", "invalid argument" },
    { "cudaDeviceGetAttribute:5", "invalid argument" },
    { "cudaMemcpyAsync:5", "invalid argument" },
    { "cudaMemsetAsync:1", "invalid argument" },
    { "cudaLaunchKernelExC:9", "invalid argument" },
    { "cudaEventQuery:2", "" },
    { "cudaEventSynchronize:2", "" },
    { "cudaGraphLaunch", NULL },
    { "cudaGraphLaunch:2", NULL },
  };

  for (guint late = 0; late < 2; late++)
    for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
      {
        const guint n_left = count_left (self);

        g_test_message ("%s", cases[i].function);
        g_setenv ("SOTTO_CUDA_RUNTIME_PAGEABLE", late == 1 ? "1" : "0", TRUE);
        g_setenv ("SOTTO_CUDA_RUNTIME_FAILS", cases[i].function, TRUE);
        try_device (self, 0, cases[i].problem);
        g_unsetenv ("SOTTO_CUDA_RUNTIME_FAILS");
        check_left (self, n_left);
      }
  g_unsetenv ("SOTTO_CUDA_RUNTIME_PAGEABLE");
}

/* Bytes by a rule, so that what comes from elsewhere is noticed. */
static void
fill (guint8 *bytes, gsize n, guint seed)
{
  for (gsize i = 0; i < n; i++)
    bytes[i] = (guint8) ((i >> 12) * 31 + i * 7 + seed);
}

/* Of any size, out of memory that changes at once. */
static void
test_uploads (CudaModule *self)
{
  static const gsize sizes[] = { 0, 1, 64 << 10, (64 << 10) + 1, 1 << 20, (16 << 20) - 1, (48 << 20) + 5 };

  for (guint late = 0; late < 3; late++)
    {
      g_setenv ("SOTTO_CUDA_RUNTIME_PAGEABLE", late > 0 ? "1" : "0", TRUE);
      if (late == 2)
        g_setenv ("SOTTO_CUDA_RUNTIME_FAILS", "cudaMallocHost", TRUE);
      cuda_reopen (self);
      for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
        {
          g_autofree guint8 *source = g_malloc (sizes[i] + 1);
          g_autofree guint8 *got = g_malloc (sizes[i] + 1);
          g_autofree guint8 *right = g_malloc (sizes[i] + 1);
          guint8 *targets[3];

          for (guint k = 0; k < G_N_ELEMENTS (targets); k++)
            targets[k] = cuda_put (self, NULL, sizes[i]);
          for (guint k = 0; k < G_N_ELEMENTS (targets); k++)
            {
              fill (source, sizes[i], k);
              cuda_check (self, self->module->upload (self->device, targets[k], source, sizes[i]));
            }
          memset (source, 0, sizes[i]);
          for (guint k = 0; k < G_N_ELEMENTS (targets); k++)
            {
              cuda_check (self, self->module->download (self->device, got, targets[k], sizes[i]));
              fill (right, sizes[i], k);
              g_assert_cmpmem (got, sizes[i], right, sizes[i]);
            }
        }
      g_unsetenv ("SOTTO_CUDA_RUNTIME_FAILS");
    }
  g_unsetenv ("SOTTO_CUDA_RUNTIME_PAGEABLE");
  cuda_reopen (self);
}

/* Threads change, and devices: each call finds its own. */
static gpointer
use_elsewhere (gpointer data)
{
  CudaModule *self = data;
  float x[4] = { 1.0f, 2.0f, 3.0f, 4.0f }, y[4];
  float *memory = cuda_put (self, x, sizeof x);
  SottoCudaCap cap = { .y = memory, .n = 4, .scale = 2.0f };
  guint64 n_free, n_all;

  cuda_check (self, self->module->measure (self->device, &n_free, &n_all));
  cuda_check (self, self->module->cap (self->device, &cap));
  cuda_check (self, self->module->wait (self->device));
  cuda_check (self, self->module->download (self->device, y, memory, sizeof y));
  for (guint i = 0; i < 4; i++)
    g_assert_cmpfloat (y[i], ==, 2.0f * x[i]);
  return NULL;
}

static void
test_threads (CudaModule *self)
{
  CudaModule other = *self;
  char message[256];

  g_setenv ("SOTTO_CUDA_EMULATION_DEVICES", "2", TRUE);
  other.device = self->module->open (1, message);
  other.memory = g_ptr_array_new ();
  g_assert_nonnull (other.device);
  g_thread_join (g_thread_new ("elsewhere", use_elsewhere, self));
  g_thread_join (g_thread_new ("elsewhere", use_elsewhere, &other));
  use_elsewhere (self);
  use_elsewhere (&other);
  use_elsewhere (self);
  for (guint i = 0; i < other.memory->len; i++)
    self->module->release (other.device, g_ptr_array_index (other.memory, i));
  g_ptr_array_unref (other.memory);
  self->module->close (other.device);
  try_device (self, 1, NULL);
  g_unsetenv ("SOTTO_CUDA_EMULATION_DEVICES");
}

/* More shared memory than a block has unasked. */
static void
test_large (CudaModule *self)
{
  enum { N = 16384 };
  g_autofree float *x = g_new (float, N);
  SottoCudaNorm norm = { .norm = { SOTTO_NORM_RMS, NULL, NULL, 0.0f }, .x_stride = N, .y_stride = N, .n_rows = 1, .n_pieces = 1,
                         .n_columns = N };
  float *y;

  for (guint i = 0; i < N; i++)
    x[i] = i % 2 == 0 ? 3.0f : -3.0f;
  norm.x = y = cuda_put (self, x, N * sizeof *x);
  norm.y = y;
  norm.operand = (SottoCudaOperand) { .n_rows = 1, .n_columns = N, .n_columns_padded = N, .values_stride = N, .values = y };
  norm.operand.high = cuda_put (self, NULL, N);
  norm.operand.low = cuda_put (self, NULL, N);
  norm.operand.scales = cuda_put (self, NULL, N / 32 * sizeof (float));
  norm.operand.sums = cuda_put (self, NULL, N / 32 * sizeof (float));
  cuda_check (self, self->module->norm (self->device, &norm));
  cuda_check (self, self->module->download (self->device, x, y, N * sizeof *x));
  for (guint i = 0; i < N; i++)
    g_assert_cmpfloat (x[i], ==, i % 2 == 0 ? 1.0f : -1.0f);
}

/* Kernels are chosen for as many multiprocessors as are asked for: of very many the way of 9.0 alone would fill too few to be
 * taken. That is seen where the way is shut, since no other kernel of the small model asks for its shared memory. */
static void
test_multiprocessors (CudaModule *self)
{
  static const struct {
    const char *asked;      /* (nullable) */
    gboolean is_taken;
  } cases[] = { { NULL, TRUE }, { "4", TRUE }, { "1000", FALSE }, { "0", TRUE }, { "many", TRUE } };

  g_setenv ("SOTTO_CUDA_RUNTIME_FAILS", "cudaFuncSetAttribute", TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (SottoBackend) device = NULL;
      SottoCudaDeviceInfo info;
      char message[256];
      guint n;

      if (cases[i].asked != NULL)
        g_setenv ("SOTTO_CUDA_MULTIPROCESSORS", cases[i].asked, TRUE);
      else
        g_unsetenv ("SOTTO_CUDA_MULTIPROCESSORS");
      g_assert_true (self->module->list (&info, 1, &n, message));
      device = sotto_backend_new_device_checked (self->module, 0, &info, &error);
      g_assert_no_error (error);
      g_assert_true (g_str_has_suffix (sotto_backend_get_name (device), "(without wgmma)") == cases[i].is_taken);
    }
  g_unsetenv ("SOTTO_CUDA_MULTIPROCESSORS");
  g_unsetenv ("SOTTO_CUDA_RUNTIME_FAILS");
}

/* What may not be recorded is refused and leaves the device, and its recording, as they were. */
static void
test_recordings (CudaModule *self)
{
  float x[4] = { 1.0f, 2.0f, 3.0f, 4.0f };
  float *memory = cuda_put (self, x, sizeof x);
  SottoCudaCap cap = { .y = memory, .n = 4, .scale = 3.0f };
  SottoCudaCap none = { .y = memory, .n = 0, .scale = 3.0f };
  void *recording;

  g_assert_null (self->module->recorded (self->device));
  cuda_check (self, self->module->record (self->device));
  g_assert_false (self->module->record (self->device));
  g_assert_false (self->module->upload (self->device, memory, x, sizeof x));
  g_assert_false (self->module->download (self->device, x, memory, sizeof x));
  g_assert_false (self->module->wait (self->device));
  cuda_check (self, self->module->cap (self->device, &cap));
  cuda_check (self, self->module->cap (self->device, &none));
  recording = self->module->recorded (self->device);
  g_assert_nonnull (recording);
  cuda_check (self, self->module->download (self->device, x, memory, sizeof x));
  g_assert_cmpfloat (x[3], ==, 4.0f);
  for (guint i = 0; i < 2; i++)
    cuda_check (self, self->module->repeat (self->device, recording));
  self->module->forget (self->device, recording);
  cuda_check (self, self->module->download (self->device, x, memory, sizeof x));
  g_assert_cmpfloat (x[3], ==, 36.0f);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  cuda_test_add (argc, argv, "/devices", test_devices);
  cuda_test_add (argc, argv, "/failures", test_failures);
  cuda_test_add (argc, argv, "/uploads", test_uploads);
  cuda_test_add (argc, argv, "/threads", test_threads);
  cuda_test_add (argc, argv, "/large", test_large);
  cuda_test_add (argc, argv, "/multiprocessors", test_multiprocessors);
  cuda_test_add (argc, argv, "/recordings", test_recordings);
  return g_test_run ();
}
