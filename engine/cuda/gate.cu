/* Activations: gated, of one operand, or times the inputs of a layer.
 *
 * Roof: memory, 12 bytes an element. Twice 14,336 columns are read and as many written in 60 ns of
 * an H100's bandwidth: for one row it is the launch that costs, so that what a product reads next, the same
 * as pairs of int8, is made in it. Elements do not know each other, so that a grid of them in any order gives
 * the same.
 */

#include "cuda/quantise.h"
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

/* @times: the row's switch */
DEVICE float
gate_element (const SottoCudaGate &a, guint row, guint i, float times)
{
  const gsize at = (gsize) row * a.n_columns + i;
  /* Without gate the activation is of up. */
  const float gate = a.gate != NULL ? a.gate[at] : a.up[at];
  const float up = a.gate == NULL ? 1.0f : a.up != NULL ? a.up[at] : a.inputs[row * a.inputs_stride + i];

  if (a.activation == SOTTO_ACTIVATION_XIELU)
    return sotto_xielu (gate, a.xielu.positive, a.xielu.negative, a.xielu.beta, a.xielu.least) * times;
  return activate (a.activation, gate, up) * times;
}

DEVICE float
get_switch (const SottoCudaGate &a, guint row)
{
  return a.switches != NULL ? sotto_sigmoid (load (&a.switches[row])) : 1.0f;
}

KERNEL (N_THREADS)
gate_kernel (const SottoCudaGate a)
{
  previous_wait ();

  const guint row = block_index_y ();
  const gsize at = (gsize) row * a.n_columns;
  const float times = get_switch (a, row);

UNROLL
  for (guint j = 0; j < N_ELEMENTS; j++)
    {
      const guint i = (block_index () * N_ELEMENTS + j) * N_THREADS + thread_index ();

      if (i >= a.n_columns)
        break;
      a.y[at + i] = gate_element (a, row, i, times);
    }
}

/* A warp makes a block of 32 columns, and of them what products read. */
KERNEL (N_THREADS)
gate_and_quantise_kernel (const SottoCudaGate a)
{
  previous_wait ();

  const guint n_blocks = a.operand.n_columns_padded / QUANTISE_BLOCK;
  const guint index = block_index () * (N_THREADS / N_LANES) + warp_index ();
  const bool is_there = index < a.n_rows * n_blocks;
  const guint row = index / n_blocks;
  const guint column = index % n_blocks * QUANTISE_BLOCK + lane_index ();
  float y = 0.0f;

  if (is_there && column < a.n_columns)
    {
      y = gate_element (a, row, column, get_switch (a, row));
      a.y[(gsize) row * a.n_columns + column] = y;
    }
  quantise_block (a.operand, index, is_there, y);
}

gboolean
sotto_cuda_gate (SottoCudaDevice *self, const SottoCudaGate *arguments)
{
  Shape shape = {};

  shape.n_threads = N_THREADS;
  if (arguments->operand.high != NULL)
    {
      shape.n_blocks = ceil_divide ((gsize) arguments->n_rows * arguments->operand.n_columns_padded,
                                    (N_THREADS / N_LANES) * QUANTISE_BLOCK);
      return launch (self, "gate and quantise", shape, gate_and_quantise_kernel, *arguments);
    }
  shape.n_blocks = ceil_divide (arguments->n_columns, N_THREADS * N_ELEMENTS);
  shape.n_blocks_y = arguments->n_rows;
  return launch (self, "gate", shape, gate_kernel, *arguments);
}
