/* What the backend decides and what the kernels compute, together: plans of every kind of step, and some families. */

#include "cuda-models.h"

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  cuda_models_add (argc, argv, FALSE);
  return g_test_run ();
}
