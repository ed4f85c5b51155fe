/* As cuda-models, for every family and a real model. */

#include "cuda-models.h"

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  cuda_models_add (argc, argv, TRUE);
  return g_test_run ();
}
