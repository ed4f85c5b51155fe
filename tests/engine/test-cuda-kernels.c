#include "cuda-kernels.h"

/* Every kernel against double precision, through the table of the module alone. */

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  cuda_kernels_add_attend (argc, argv);
  cuda_kernels_add_best (argc, argv);
  cuda_kernels_add_delta (argc, argv);
  cuda_kernels_add_embed (argc, argv);
  cuda_kernels_add_heads (argc, argv);
  cuda_kernels_add_output (argc, argv);
  cuda_kernels_add_route (argc, argv);
  cuda_kernels_add_norm (argc, argv);
  cuda_kernels_add_gate (argc, argv);
  cuda_kernels_add_multiply (argc, argv);
  return g_test_run ();
}
