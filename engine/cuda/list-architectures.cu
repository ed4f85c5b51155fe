/* For -Dcuda-architectures=native: prints the compute capability of every GPU, "75 90". */

#include <cuda_runtime.h>
#include <stdio.h>

int
main (void)
{
  int n = 0;

  if (cudaGetDeviceCount (&n) != cudaSuccess || n == 0)
    return 1;
  for (int i = 0; i < n; i++)
    {
      int major = 0, minor = 0;

      if (cudaDeviceGetAttribute (&major, cudaDevAttrComputeCapabilityMajor, i) != cudaSuccess
          || cudaDeviceGetAttribute (&minor, cudaDevAttrComputeCapabilityMinor, i) != cudaSuccess)
        return 1;
      printf ("%d%d ", major, minor);
    }
  return 0;
}
