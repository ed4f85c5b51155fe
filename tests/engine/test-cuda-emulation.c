#include "cuda-emulation/probe.h"
#include "cuda-modules.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* That the emulation finds what is wrong with a kernel, and says where. */

#define N 64

typedef struct {
  ProbeFault fault;
  const char *name;
  const char *words;        /* that the problem holds; NULL: it is seen in the results */
} Fault;

static const Fault faults[] = {
  {PROBE_DIVERGENT_COLLECTIVE, "divergent collective", "16 lanes of the warp are at warp_"},
  {PROBE_EARLY_RETURN, "early return", "lanes of "},
  {PROBE_LATE_RETURN, "late return", "lanes of "},
  {PROBE_LONELY_BARRIER, "lonely barrier", "waits for 64 threads, and only 32 come"},
  {PROBE_TWO_BARRIERS, "two barriers", "other warps are at the same barrier in line"},
  {PROBE_UNWRITTEN_SHARED, "unwritten shared memory", NULL},
  {PROBE_NO_WAIT, "no async wait", "ends without having waited"},
  {PROBE_WAIT_TOO_SHORT, "async wait too short", "ends without having waited"},
  {PROBE_NO_COMMIT, "no async commit", "ends without having waited"},
  {PROBE_NO_BARRIER, "no barrier", NULL},
  {PROBE_READ_BEHIND, "read behind", "0 bytes behind an allocation of 256"},
  {PROBE_WRITE_BEHIND, "write behind", "0 bytes behind an allocation of 256"},
  {PROBE_WRITE_BEFORE, "write before", "4 bytes before an allocation of 256"},
  {PROBE_READ_FAR, "read far away", "accesses 0x"},
  {PROBE_SHARED_BEHIND, "behind a shared array", "behind the end of shared tile"},
  {PROBE_DYNAMIC_BEHIND, "behind dynamic shared memory", "accesses shared memory 0 bytes behind its end"},
  {PROBE_MISALIGNED, "misaligned load", "not aligned"},
  {PROBE_FULL_STACK, "full stack", "its stack is full"},
  {PROBE_NO_PREVIOUS_WAIT, "no previous_wait", "without previous_wait"},
  {PROBE_READ_BEFORE_WAIT, "read before previous_wait", "before previous_wait"},
  {PROBE_WRITE_BEFORE_WAIT, "write before previous_wait", "before previous_wait"},
  {PROBE_LOAD_BEFORE_WAIT, "one thread's load before previous_wait", "before previous_wait"},
  {PROBE_TOO_MUCH_SHARED, "too much shared memory", "no launch has"},
  {PROBE_MORE_THAN_UNASKED, "more shared memory than was asked for", "20480 bytes of shared arrays and 32768 of the launch"},
  {PROBE_MATRIX_ELSEWHERE, "ldmatrix elsewhere", "is not shared memory"},
  {PROBE_ODD_BLOCK, "odd block", "no launch has"},
};

/* AddressSanitizer finds these itself, and ends the program. */
static gboolean
is_left_out (ProbeFault fault)
{
#ifdef __SANITIZE_ADDRESS__
  return fault == PROBE_READ_BEHIND || fault == PROBE_WRITE_BEHIND || fault == PROBE_READ_FAR || fault == PROBE_SHARED_BEHIND
         || fault == PROBE_DYNAMIC_BEHIND || fault == PROBE_FULL_STACK || fault == PROBE_READ_BEFORE_WAIT
         || fault == PROBE_WRITE_BEFORE_WAIT;
#else
  return FALSE;
#endif
}

/* Returns: what the device says, or "" */
static char *
run_fault (CudaModule *self, ProbeFault fault, float *y)
{
  ProbeFaultyFunc probe = (ProbeFaultyFunc) cuda_module_function (self, "probe_fault");
  ProbeFaulty arguments = {fault, N, NULL, NULL};
  float x[N];
  gboolean done;
  const char *refusal;
  char *problem;

  g_assert_nonnull (probe);
  for (guint i = 0; i < N; i++)
    x[i] = (float) i + 0.5f;
  arguments.x = cuda_put (self, x, sizeof x);
  arguments.y = cuda_put (self, NULL, sizeof x);
  done = probe (self->device, &arguments) && self->module->wait (self->device)
         && self->module->download (self->device, y, arguments.y, sizeof x);
  problem = g_strdup (self->module->problem (self->device));
  refusal = self->module->refusal (self->device);
  g_assert_true (done == (problem == NULL && refusal == NULL));
  if (problem == NULL)
    problem = g_strdup (refusal);
  cuda_reopen (self);
  return problem != NULL ? problem : g_strdup ("");
}

static void
test_faults (CudaModule *self)
{
  float y[N] = {0};

  for (guint order = 0; order < 2; order++)
    {
      g_autofree char *right = NULL;

      g_setenv ("SOTTO_CUDA_EMULATION_ORDER", order == 1 ? "reverse" : "forward", TRUE);
      cuda_reopen (self);
      right = run_fault (self, PROBE_RIGHT, y);
      g_assert_cmpstr (right, ==, "");
      for (guint i = 0; i < N; i++)
        g_assert_cmpfloat (y[i], ==, (float) i + 0.5f);
      for (guint i = 0; i < G_N_ELEMENTS (faults); i++)
        {
          g_autofree char *problem = NULL;
          guint n_nan = 0;

          if (is_left_out (faults[i].fault))
            continue;
          problem = run_fault (self, faults[i].fault, y);
          g_test_message ("%s: %s", faults[i].name, problem);
          for (guint j = 0; j < N; j++)
            n_nan += isnan (y[j]) != 0;
          if (faults[i].words != NULL)
            g_assert_nonnull (strstr (problem, faults[i].words));
          else
            g_assert_cmpuint (n_nan, >, 0);
        }
    }
  g_unsetenv ("SOTTO_CUDA_EMULATION_ORDER");
  cuda_reopen (self);
}

/* A problem stays, and says kernel, block, thread and line. */
static void
test_words (CudaModule *self)
{
  ProbeFaultyFunc probe = (ProbeFaultyFunc) cuda_module_function (self, "probe_fault");
  ProbeFaulty arguments = {PROBE_MISALIGNED, N, NULL, NULL};
  const char *problem;

  arguments.x = cuda_put (self, (float[N]) {0}, N * sizeof (float));
  arguments.y = cuda_put (self, NULL, N * sizeof (float));
  g_assert_false (probe (self->device, &arguments));
  problem = self->module->problem (self->device);
  g_assert_true (g_str_has_prefix (problem, "kernel probe_fault, block ("));
  g_assert_nonnull (strstr (problem, "), thread 33: probe-faults.cu:"));
  arguments.fault = PROBE_RIGHT;
  g_assert_false (probe (self->device, &arguments));
  g_assert_false (self->module->wait (self->device));
  g_assert_null (self->module->allocate (self->device, 16));
  g_assert_true (g_str_has_prefix (self->module->problem (self->device), "kernel probe_fault, block ("));
}

/* Memory is counted, ends where it is said to end, and belongs to the device. */
static void
test_memory (CudaModule *self)
{
  guint64 left, all;
  gpointer memory;
  char bytes[100] = {0};

  g_setenv ("SOTTO_CUDA_EMULATION_MEMORY", "10000", TRUE);
  cuda_reopen (self);
  g_assert_null (self->module->allocate (self->device, 10001));
  memory = self->module->allocate (self->device, 9000);
  g_assert_nonnull (memory);
  g_assert_null (self->module->allocate (self->device, 1001));
  g_assert_true (self->module->measure (self->device, &left, &all));
  g_assert_cmpuint (left, ==, 1000);
  g_assert_cmpuint (all, ==, 10000);
  self->module->release (self->device, memory);
  g_assert_true (self->module->measure (self->device, &left, &all));
  g_assert_cmpuint (left, ==, 10000);
  g_assert_null (self->module->problem (self->device));
  g_unsetenv ("SOTTO_CUDA_EMULATION_MEMORY");
  cuda_reopen (self);

  memory = cuda_put (self, NULL, 64);
  g_assert_false (self->module->upload (self->device, (char *) memory + 10, bytes, 55));
  g_assert_nonnull (strstr (self->module->problem (self->device), "not in one allocation"));
  cuda_reopen (self);
  memory = cuda_put (self, NULL, 64);
  g_assert_false (self->module->download (self->device, bytes, (char *) memory - 1, 2));
  cuda_reopen (self);
}

/* A child dies of it; it must not write the ends of tests, nor a core. */
static void
test_asleep (CudaModule *self)
{
  float *memory = cuda_put (self, (float[4]) {1.0f}, 16);
  pid_t child;
  int status;

  cuda_check (self, self->module->wait (self->device));
  child = fork ();
  g_assert_cmpint (child, >=, 0);
  if (child == 0)
    {
      const struct rlimit none = {0, 0};

      setrlimit (RLIMIT_CORE, &none);
      if (!freopen ("/dev/null", "w", stderr))
        _exit (0);
      _exit (*(volatile float *) memory == 1.0f ? 0 : 1);
    }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_false (WIFEXITED (status) && WEXITSTATUS (status) == 0);
}

/* What an older device does not have is asked of it in vain. */
static void
test_older (CudaModule *self)
{
  ProbeMatrixFunc probe = (ProbeMatrixFunc) cuda_module_function (self, "probe_matrix");
  static const struct {
    const char *architecture;
    ProbeMma kind;
    const char *words;      /* nullable: it can */
  } cases[] = {
    {"61", PROBE_MMA_HALF, "mma_half is of 7.5, and the device of 6.1"},
    {"70", PROBE_MMA_INT8, "mma_int8 is of 7.5, and the device of 7.0"},
    {"75", PROBE_MMA_INT8, NULL},
    {"75", PROBE_MMA_BFLOAT, "mma_bfloat is of 8.0, and the device of 7.5"},
    {"80", PROBE_MMA_BFLOAT, NULL},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      ProbeMatrix p = {cases[i].kind, TRUE, NULL, NULL, NULL};

      g_setenv ("SOTTO_CUDA_EMULATION_ARCHITECTURE", cases[i].architecture, TRUE);
      cuda_reopen (self);
      p.a = cuda_put (self, NULL, 512);
      p.b = cuda_put (self, NULL, 256);
      p.d = cuda_put (self, NULL, 512);
      g_assert_true (probe (self->device, &p) == (cases[i].words == NULL));
      if (cases[i].words != NULL)
        g_assert_nonnull (strstr (self->module->problem (self->device), cases[i].words));
    }
  g_unsetenv ("SOTTO_CUDA_EMULATION_ARCHITECTURE");
  cuda_reopen (self);
}

/* The launch that is asked to fail does, and none before. */
static void
test_failure (CudaModule *self)
{
  ProbeFaultyFunc probe = (ProbeFaultyFunc) cuda_module_function (self, "probe_fault");
  ProbeFaulty arguments = {PROBE_RIGHT, N, NULL, NULL};

  g_setenv ("SOTTO_CUDA_EMULATION_FAIL", "3", TRUE);
  cuda_reopen (self);
  arguments.x = cuda_put (self, (float[N]) {0}, N * sizeof (float));
  arguments.y = cuda_put (self, NULL, N * sizeof (float));
  for (guint i = 0; i < 4; i++)
    g_assert_true (probe (self->device, &arguments) == (i < 2));
  g_assert_nonnull (self->module->problem (self->device));
  g_unsetenv ("SOTTO_CUDA_EMULATION_FAIL");
  cuda_reopen (self);
}

/* What a thread and a collective cost: kept in README.md. */
static void
test_speed (CudaModule *self)
{
  ProbeSpeedFunc probe = (ProbeSpeedFunc) cuda_module_function (self, "probe_speed");
  static const guint n_threads[] = {32, 128, 256, 1024};

  if (!g_test_perf ())
    {
      g_test_skip ("measured with -m perf");
      return;
    }
  /* One thread of the host, and its own time: others may be busy. */
  g_setenv ("SOTTO_CUDA_EMULATION_THREADS", "1", TRUE);
  cuda_reopen (self);
  for (guint i = 0; i < G_N_ELEMENTS (n_threads); i++)
    {
      double seconds[3];
      static const guint n_collectives[] = {0, 1, 201};
      guint n_blocks = (1 << 18) / n_threads[i];
      ProbeSpeed arguments = {n_blocks, n_threads[i], 0, NULL};

      arguments.y = cuda_put (self, NULL, n_threads[i] * sizeof (float));
      for (guint j = 0; j < 3; j++)
        {
          clock_t begin;

          arguments.n_collectives = n_collectives[j];
          cuda_check (self, probe (self->device, &arguments));
          begin = clock ();
          cuda_check (self, probe (self->device, &arguments) && self->module->wait (self->device));
          seconds[j] = (double) (clock () - begin) / CLOCKS_PER_SEC;
        }
      g_test_message ("%u threads: a thread that meets nobody %.1f ns, one that does %.1f ns more, "
                      "each further collective %.1f ns", n_threads[i], seconds[0] / (1 << 18) * 1e9,
                      (seconds[1] - seconds[0]) / (1 << 18) * 1e9,
                      (seconds[2] - seconds[1]) / (1 << 18) / 200 * 1e9);
    }
  g_unsetenv ("SOTTO_CUDA_EMULATION_THREADS");
  cuda_reopen (self);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  cuda_test_add (argc, argv, "/faults", test_faults);
  cuda_test_add (argc, argv, "/words", test_words);
  cuda_test_add (argc, argv, "/memory", test_memory);
  cuda_test_add (argc, argv, "/asleep", test_asleep);
  cuda_test_add (argc, argv, "/older", test_older);
  cuda_test_add (argc, argv, "/failure", test_failure);
  cuda_test_add (argc, argv, "/speed", test_speed);
  return g_test_run ();
}
