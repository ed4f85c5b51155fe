#include "cuda-kernels.h"

#include <math.h>

typedef enum {
  GATE_AND_UP,
  UP_ALONE,
  GATE_AND_INPUTS,
} Operands;

typedef struct {
  SottoActivation activation;
  Operands operands;
  gboolean switched;
  guint n_rows;
  guint n_columns;
  const float *gate, *up, *switches;
} Input;

static const guint columns[] = {1, 31, 256, 1023, 1024, 1025, 1536, 4900};

/* Inputs lie in longer rows. */
#define GAP 5

static float *
run_gate (CudaModule *self, gconstpointer data)
{
  const Input *in = data;
  const gsize n = (gsize) in->n_rows * in->n_columns;
  const gsize n_inputs = (gsize) in->n_rows * (in->n_columns + GAP);
  SottoCudaGate arguments = { .activation = in->activation, .xielu = { 0.8f, 1.3f, 0.5f, -1e-6f },
                              .n_rows = in->n_rows, .n_columns = in->n_columns };

  if (in->operands != UP_ALONE)
    arguments.gate = cuda_put (self, in->gate, n * sizeof (float));
  if (in->operands == GATE_AND_INPUTS)
    {
      arguments.inputs = cuda_put (self, in->up, n_inputs * sizeof (float));
      arguments.inputs_stride = in->n_columns + GAP;
    }
  else
    arguments.up = cuda_put (self, in->up, n * sizeof (float));
  if (in->switched)
    arguments.switches = cuda_put (self, in->switches, in->n_rows * sizeof (float));
  arguments.y = cuda_put (self, NULL, n * sizeof (float));
  cuda_check (self, self->module->gate (self->device, &arguments));
  return cuda_get (self, arguments.y, n * sizeof (float));
}

static double
sigmoid (double x)
{
  return 1.0 / (1.0 + exp (-x));
}

static double
activate (SottoActivation activation, double x, double up)
{
  switch (activation)
    {
    case SOTTO_ACTIVATION_SILU:
      return x * sigmoid (x) * up;
    case SOTTO_ACTIVATION_GELU:
      return 0.5 * x * (1.0 + tanh (sqrt (2.0 / G_PI) * (x + 0.044715 * x * x * x))) * up;
    case SOTTO_ACTIVATION_GELU_ERF:
      return 0.5 * x * (1.0 + erf (x / sqrt (2.0))) * up;
    case SOTTO_ACTIVATION_RELU_SQUARED:
      return x > 0.0 ? x * x * up : 0.0;
    case SOTTO_ACTIVATION_CLAMPED:
      x = MIN (x, 7.0);
      return x * sigmoid (1.702 * x) * (CLAMP (up, -7.0, 7.0) + 1.0);
    case SOTTO_ACTIVATION_XIELU:
      return x > 0.0 ? 0.8 * x * x + 0.5 * x : 1.3 * (expm1 (MIN (x, -1e-6)) - x) + 0.5 * x;
    case SOTTO_ACTIVATION_NONE:
    default:
      return x * up;
    }
}

static void
test_one (CudaModule *self, const Input *in)
{
  const gsize n = (gsize) in->n_rows * in->n_columns;
  const guint stride = in->n_columns + (in->operands == GATE_AND_INPUTS ? GAP : 0);
  g_autofree double *right = g_new (double, n);
  g_autofree float *got = cuda_run_both (self, run_gate, in, n);
  g_autofree char *what = g_strdup_printf ("activation %u, operands %u, %u by %u", in->activation, in->operands,
                                           in->n_rows, in->n_columns);

  for (gsize row = 0; row < in->n_rows; row++)
    for (guint i = 0; i < in->n_columns; i++)
      {
        double up = (double) in->up[row * stride + i];
        double gate = (double) in->gate[row * in->n_columns + i];
        double y = in->operands == UP_ALONE ? activate (in->activation, up, 1.0) : activate (in->activation, gate, up);

        if (in->switched)
          y *= sigmoid ((double) in->switches[row]);
        right[row * in->n_columns + i] = y;
      }
  /* 1 + erf (x) has the rounding of 1, of which x * up, up to 120, is made. */
  cuda_assert_near (what, got, right, n, 3e-6, 2e-5);
}

static void
test_gate (CudaModule *self)
{
  guint n_run = 0;

  for (guint activation = SOTTO_ACTIVATION_NONE; activation <= SOTTO_ACTIVATION_XIELU; activation++)
    for (guint operands = GATE_AND_UP; operands <= GATE_AND_INPUTS; operands++)
      {
        const guint n_rows = 1 + n_run % 3;
        const guint n_columns = columns[n_run % G_N_ELEMENTS (columns)];
        const gsize n = (gsize) n_rows * (n_columns + GAP);
        g_autofree float *gate = cuda_random_floats (n);
        g_autofree float *up = cuda_random_floats (n);
        g_autofree float *switches = cuda_random_floats (n_rows);
        Input in = {activation, operands, n_run % 2 == 1, n_rows, n_columns, gate, up, switches};

        n_run++;
        if ((activation == SOTTO_ACTIVATION_CLAMPED && operands != GATE_AND_UP)
            || (activation == SOTTO_ACTIVATION_XIELU && operands != UP_ALONE))
          continue;
        for (gsize i = 0; i < n; i++)
          {
            gate[i] *= 12.0f;
            up[i] *= 10.0f;
          }
        test_one (self, &in);
      }
}

/* --- What products read of it, in the same launch --- */

/* y, then the operand's pieces, as floats: bits are compared. */
static float *
run_quantised (CudaModule *self, const Input *in, gboolean together)
{
  const guint padded = (in->n_columns + 255) / 256 * 256;
  const gsize n = (gsize) in->n_rows * in->n_columns, n_padded = (gsize) in->n_rows * padded;
  const gsize sizes[] = { n * sizeof (float), n_padded, n_padded, n_padded / 8, n_padded / 8 };
  SottoCudaGate arguments = { .activation = in->activation, .xielu = { 0.8f, 1.3f, 0.5f, -1e-6f },
                              .n_rows = in->n_rows, .n_columns = in->n_columns };
  SottoCudaOperand operand = { .n_rows = in->n_rows, .n_columns = in->n_columns, .n_columns_padded = padded,
                               .values_stride = in->n_columns };
  g_autoptr (GByteArray) all = g_byte_array_new ();
  const void *pieces[G_N_ELEMENTS (sizes)];

  arguments.gate = cuda_put (self, in->gate, sizes[0]);
  arguments.up = cuda_put (self, in->up, sizes[0]);
  arguments.switches = cuda_put (self, in->switches, in->n_rows * sizeof (float));
  pieces[0] = operand.values = arguments.y = cuda_put (self, NULL, sizes[0]);
  pieces[1] = operand.high = cuda_put (self, NULL, sizes[1]);
  pieces[2] = operand.low = cuda_put (self, NULL, sizes[2]);
  pieces[3] = operand.scales = cuda_put (self, NULL, sizes[3]);
  pieces[4] = operand.sums = cuda_put (self, NULL, sizes[4]);
  if (together)
    arguments.operand = operand;
  cuda_check (self, self->module->gate (self->device, &arguments));
  if (!together)
    cuda_check (self, self->module->quantise (self->device, &operand));
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree guint8 *piece = cuda_get (self, pieces[i], sizes[i]);

      g_byte_array_append (all, piece, sizes[i]);
    }
  return (float *) (gpointer) g_byte_array_free (g_steal_pointer (&all), FALSE);
}

static float *
run_together (CudaModule *self, gconstpointer data)
{
  return run_quantised (self, data, TRUE);
}

static void
test_together (CudaModule *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    {
      Input in = { .activation = SOTTO_ACTIVATION_SILU, .n_rows = 1 + i % 3 * 3, .n_columns = columns[i] };
      const gsize n = (gsize) in.n_rows * in.n_columns;
      const gsize n_padded = (gsize) in.n_rows * ((in.n_columns + 255) / 256 * 256);
      const gsize n_floats = n + n_padded / 2 + n_padded / 16;
      g_autofree float *gate = cuda_random_floats (n);
      g_autofree float *up = cuda_random_floats (n);
      g_autofree float *switches = cuda_random_floats (in.n_rows);
      g_autofree float *one = NULL;
      g_autofree float *two = NULL;

      in.gate = gate;
      in.up = up;
      in.switches = switches;
      one = cuda_run_both (self, run_together, &in, n_floats);
      two = run_quantised (self, &in, FALSE);
      g_assert_cmpmem (one, n_floats * sizeof (float), two, n_floats * sizeof (float));
    }
}

void
cuda_kernels_add_gate (int argc, char **argv)
{
  cuda_test_add (argc, argv, "/gate", test_gate);
  cuda_test_add (argc, argv, "/gate/together", test_together);
}
