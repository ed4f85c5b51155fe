#include "cuda-emulation/probe.h"
#include "cuda-kernels.h"

#include <string.h>

/* That no two threads of a kernel meet in memory without a barrier between, that what is read and written as a whole is aligned
 * (cuda-emulation/races.cc), and that the emulation would see it. */

#define N 64

typedef struct {
  ProbeRace race;
  const char *words;        /* (nullable): nothing is wrong */
} Race;

static const Race races[] = {
  {PROBE_RACE_NONE, NULL},
  {PROBE_RACE_NO_WARP_BARRIER, "of shared words, which thread"},
  {PROBE_RACE_SHUFFLE_FOR_BARRIER, "of shared words, which thread"},
  {PROBE_RACE_WARP_FOR_BLOCK, "of shared words, which thread"},
  {PROBE_RACE_READ_AND_OVERWRITTEN, "of shared words, which thread"},
  {PROBE_RACE_SOME_OF_THEM, "of shared words, which thread"},
  {PROBE_RACE_COPY_OVER_READ, "of shared words, which thread"},
  {PROBE_RACE_COPY_NOT_MET, "of shared words, which thread"},
  {PROBE_RACE_MATRIX, "of shared words, which thread"},
  {PROBE_RACE_BLOCKS, "of another block"},
  {PROBE_RACE_BLOCKS_PLAINLY, "of another block"},
  {PROBE_RACE_CONSTANT_READ, "takes for constant"},
  {PROBE_RACE_CONSTANT_WRITTEN, "takes for constant"},
  {PROBE_RACE_PREFETCH, "prefetch of"},
  {PROBE_RACE_BEFORE_WAIT, "before previous_wait"},
  {PROBE_RACE_ASKEW, "is not aligned as what it is taken for"},
  {PROBE_RACE_SHARED_ASKEW, "of shared words is not aligned as what it is taken for"},
};

static void
test_planted (CudaModule *self)
{
  ProbeRacingFunc probe = (ProbeRacingFunc) cuda_module_function (self, "probe_race");

  g_assert_nonnull (probe);
  for (guint order = 0; order < 2; order++)
    for (guint i = 0; i < G_N_ELEMENTS (races); i++)
      {
        ProbeRacing arguments = {races[i].race, NULL, NULL, NULL};
        float x[N] = {0};
        const char *problem;
        gboolean done;

        g_setenv ("SOTTO_CUDA_EMULATION_ORDER", order == 1 ? "reverse" : "forward", TRUE);
        cuda_reopen (self);
        arguments.x = cuda_put (self, x, sizeof x);
        arguments.y = cuda_put (self, NULL, 3 * sizeof x);
        arguments.counter = cuda_put (self, (guint32[4]) {0}, 16);
        done = probe (self->device, &arguments);
        problem = self->module->problem (self->device);
        g_test_message ("%u: %s", races[i].race, problem != NULL ? problem : "");
        g_assert_true (done == (races[i].words == NULL));
        if (races[i].words != NULL)
          g_assert_nonnull (strstr (problem, races[i].words));
      }
  g_unsetenv ("SOTTO_CUDA_EMULATION_ORDER");
  cuda_reopen (self);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  cuda_test_add (argc, argv, "/planted", test_planted);
  cuda_kernels_add (argc, argv);
  return g_test_run ();
}
