#include "cuda-kernels.h"

/* Every kernel against double precision, through the table of the module alone. */

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  cuda_kernels_add (argc, argv);
  return g_test_run ();
}
