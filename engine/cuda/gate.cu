/* Activations: gated, of one operand, or times the inputs of a layer.
 *
 * Roof: memory, 12 bytes an element. Twice 14,336 columns are read and as many written in 60 ns of
 * an H100's bandwidth: for one row it is the launch that costs, and the product before it should do
 * this instead. Elements do not know each other, so that a grid of them in any order gives the
 * same.
 */

#include "cuda/device.h"
#include "cuda/operations.h"

#define N_THREADS 256
/* Of a thread. */
#define N_ELEMENTS 4

DEVICE float
activate (SottoActivation activation, float gate, float up)
{
  switch (activation)
    {
    case SOTTO_ACTIVATION_SILU:
      return sotto_silu (gate) * up;
    case SOTTO_ACTIVATION_GELU:
      return sotto_gelu (gate) * up;
    case SOTTO_ACTIVATION_GELU_ERF:
      return sotto_gelu_erf (gate) * up;
    case SOTTO_ACTIVATION_RELU_SQUARED:
      return sotto_relu_squared (gate) * up;
    case SOTTO_ACTIVATION_CLAMPED:
      return sotto_clamped (gate, up);
    default:
      return gate * up;
    }
}

KERNEL (N_THREADS)
gate_kernel (const SottoCudaGate a)
{
  const guint row = block_index_y ();
  const gsize at = (gsize) row * a.n_columns;
  const float times = a.switches != NULL ? sotto_sigmoid (load (&a.switches[row])) : 1.0f;

UNROLL
  for (guint j = 0; j < N_ELEMENTS; j++)
    {
      const guint i = (block_index () * N_ELEMENTS + j) * N_THREADS + thread_index ();
      float gate, up;

      if (i >= a.n_columns)
        break;
      /* Without gate the activation is of up. */
      gate = a.gate != NULL ? a.gate[at + i] : a.up[at + i];
      up = a.gate == NULL ? 1.0f : a.up != NULL ? a.up[at + i] : a.inputs[row * a.inputs_stride + i];
      a.y[at + i] = activate (a.activation, gate, up) * times;
    }
}

gboolean
sotto_cuda_gate (SottoCudaDevice *self, const SottoCudaGate *arguments)
{
  Shape shape = {};

  shape.n_blocks = ceil_divide (arguments->n_columns, N_THREADS * N_ELEMENTS);
  shape.n_blocks_y = arguments->n_rows;
  shape.n_threads = N_THREADS;
  return launch (self, "gate", shape, gate_kernel, *arguments);
}
