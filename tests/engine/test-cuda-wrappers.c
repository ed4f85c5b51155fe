#include "cpu/exact-math.h"
#include "cuda-emulation/probe.h"
#include "cuda-modules.h"

#include <math.h>
#include <string.h>

/* What kernels are written in means what engine/cuda/device.h says, held against plain loops: on
 * the emulation, and the same on a GPU. Halves are the compiler's own here. */

#define N PROBE_N_THREADS
#define N_LANES 32

/* As the compiler has it: not what the emulation does. */
__extension__ typedef _Float16 Float16;

typedef struct {
  guint32 a[N], b[N], c[N];
  float x[N], y[N], z[N];
} Input;

static guint32
bits_of (float x)
{
  guint32 bits;

  memcpy (&bits, &x, sizeof bits);
  return bits;
}

static float
float_of (guint32 bits)
{
  float x;

  memcpy (&x, &bits, sizeof x);
  return x;
}

static Float16
half_of (guint32 bits)
{
  guint16 low = (guint16) bits;
  Float16 half;

  memcpy (&half, &low, sizeof half);
  return half;
}

static guint32
bits_of_half (Float16 half)
{
  guint16 bits;

  memcpy (&bits, &half, sizeof bits);
  return bits;
}

/* a * b + c of two halves each, rounded once. */
static guint32
halves (guint32 a, guint32 b, guint32 c)
{
  guint32 result = 0;

  for (guint i = 0; i < 2; i++)
    {
      double sum = (double) half_of (a >> 16 * i) * (double) half_of (b >> 16 * i) + (double) half_of (c >> 16 * i);

      result |= bits_of_half ((Float16) sum) << 16 * i;
    }
  return result;
}

static gboolean
is_nan_half (guint32 bits)
{
  return (bits & 0x7fff) > 0x7c00;
}

/* The butterfly over @n neighbours. */
static float
sum_floats (const float *x, guint lane)
{
  float sums[N_LANES], before[N_LANES];

  memcpy (sums, x, sizeof sums);
  for (guint mask = 16; mask > 0; mask /= 2)
    {
      memcpy (before, sums, sizeof sums);
      for (guint i = 0; i < N_LANES; i++)
        sums[i] = before[i] + before[i ^ mask];
    }
  return sums[lane];
}

static guint32
expect_warp (const Input *in, ProbeResult which, guint thread)
{
  const guint lane = thread % N_LANES, warp = thread - lane;
  const guint32 *a = in->a + warp;
  const float *x = in->x + warp;
  guint32 ballot = 0, sum = 0, least = G_MAXUINT32;
  float highest = x[0];
  gboolean any = FALSE;

  for (guint i = 0; i < N_LANES; i++)
    {
      ballot |= (a[i] % 2) << i;
      any |= a[i] % 61 == 0;
      highest = MAX (highest, x[i]);
      if (i / 8 == lane / 8)
        sum += a[i];
      if (i / 16 == lane / 16)
        least = MIN (least, a[i]);
    }
  switch (which)
    {
    case PROBE_SHUFFLE:
      return a[(7 * lane + 3) % 32];
    case PROBE_SHUFFLE_XOR:
      return a[lane ^ 5];
    case PROBE_SHUFFLE_8:
      return a[31 - lane] ^ in->b[warp + 31 - lane];
    case PROBE_BALLOT:
      return ballot;
    case PROBE_ANY:
      return any;
    case PROBE_ALL:
      return !any;
    case PROBE_SUM_FLOAT:
      return bits_of (sum_floats (x, lane));
    case PROBE_SUM_OF_8:
      return sum;
    case PROBE_MAX_FLOAT:
      return bits_of (highest);
    case PROBE_MIN_OF_16:
      return least;
    default:
      g_assert_not_reached ();
    }
}

static guint32
expect_block (const Input *in, ProbeResult which, guint thread)
{
  float sum = sum_floats (in->x, 0);
  guint32 most = 0;

  switch (which)
    {
    case PROBE_BLOCK_SUM:
      for (guint warp = 1; warp < N / N_LANES; warp++)
        sum += sum_floats (in->x + warp * N_LANES, 0);
      return bits_of (sum);
    case PROBE_BLOCK_MAX:
      for (guint i = 0; i < N; i++)
        most = MAX (most, in->a[i]);
      return most;
    case PROBE_BARRIER_SOME:
      return thread < 64 ? in->a[(thread + 32) % 64] : 0;
    default:
      g_assert_not_reached ();
    }
}

static guint32
expect_dot (guint32 a, guint32 b, guint32 c, gboolean is_mixed)
{
  for (guint i = 0; i < 4; i++)
    {
      gint32 left = is_mixed ? (gint32) (guint8) (a >> 8 * i) : (gint32) (gint8) (a >> 8 * i);

      c += (guint32) (left * (gint8) (b >> 8 * i));
    }
  return c;
}

static guint32
expect_number (const Input *in, ProbeResult which, guint thread)
{
  guint32 a = in->a[thread], b = in->b[thread], c = in->c[thread];
  float x = in->x[thread], y = in->y[thread], z = in->z[thread];
  guint8 bytes[8];
  guint32 selected = 0;

  switch (which)
    {
    case PROBE_DOT4:
      return expect_dot (a, b, c, FALSE);
    case PROBE_DOT4_MIXED:
      return expect_dot (a, b, c, TRUE);
    case PROBE_SELECT_BYTES:
      for (guint i = 0; i < 8; i++)
        bytes[i] = (guint8) ((i < 4 ? a : b) >> 8 * (i % 4));
      for (guint i = 0; i < 4; i++)
        selected |= (guint32) bytes[c >> 4 * i & 7] << 8 * i;
      return selected;
    case PROBE_ROUND:
      return fabsf (x) < 2e9f ? (guint32) lrintf (x) : x > 0.0f ? 0x7fffffffu : 0x80000000u;
    case PROBE_TO_HALF:
      return bits_of_half ((Float16) x);
    case PROBE_FROM_HALF:
      return bits_of ((float) half_of (a));
    case PROBE_PACK:
      return bits_of_half ((Float16) x) | bits_of_half ((Float16) y) << 16;
    case PROBE_HALVES_FUSED:
      return halves (a, b, c);
    case PROBE_HALVES_MULTIPLY:
      return halves (a, b, 0x80008000u);
    case PROBE_HALVES_ADD:
      return halves (a, 0x3c003c00u, b);
    case PROBE_BFLOAT:
      return a << 16;
    case PROBE_FUSED:
      return bits_of (fmaf (x, y, z));
    case PROBE_EXP:
      return bits_of (sotto_exp (x));
    case PROBE_SILU:
      return bits_of (sotto_silu (x));
    case PROBE_TANH:
      return bits_of (sotto_tanh (x));
    case PROBE_DIVIDE:
      return bits_of (x / y);
    case PROBE_ROOT:
      return bits_of (sqrtf (fabsf (x)));
    case PROBE_MULTIPLY_ADD:
      return bits_of (x * y + z);
    default:
      g_assert_not_reached ();
    }
}

static guint32
brought (const Input *in, guint copy, guint thread)
{
  return (thread + copy) % 7 != 0 ? in->a[(5 * thread + copy) % N] : 0;
}

static guint32
expect (const Input *in, ProbeResult which, guint thread)
{
  const guint32 *a = in->a + thread / 4 * 4, *b = in->b + thread / 2 * 2, *c = in->c + thread / 4 * 4;

  if (which <= PROBE_MIN_OF_16)
    return expect_warp (in, which, thread);
  if (which <= PROBE_BARRIER_SOME)
    return expect_block (in, which, thread);
  if (which == PROBE_LOAD_16)
    return (a[0] ^ a[1] ^ a[2] ^ a[3]) + a[0] + in->a[thread] + b[0] + b[1] + (c[0] ^ c[3]);
  if (which == PROBE_ASYNC)
    return brought (in, 0, thread) + 3 * brought (in, 1, (thread + 1) % N) + 5 * brought (in, 2, thread);
  return expect_number (in, which, thread);
}

/* NaNs are all alike. */
static gboolean
is_same (ProbeResult which, guint32 got, guint32 right)
{
  gboolean is_float = which == PROBE_FROM_HALF || which == PROBE_BFLOAT || which >= PROBE_FUSED;

  if (got == right)
    return TRUE;
  if (is_float && which < PROBE_LOAD_16)
    return isnan (float_of (got)) && isnan (float_of (right));
  if (which >= PROBE_TO_HALF && which <= PROBE_HALVES_ADD && which != PROBE_FROM_HALF)
    {
      for (guint i = 0; i < 32; i += 16)
        if ((got >> i & 0xffff) != (right >> i & 0xffff) && !(is_nan_half (got >> i) && is_nan_half (right >> i)))
          return FALSE;
      return TRUE;
    }
  return FALSE;
}

static void
fill (Input *in, guint round)
{
  static const float special[] = {0.0f, -0.0f, 1.0f, 0.5f, 1.5f, 2.5f, -2.5f, 65504.0f, 65519.9f, 65520.0f, -70000.0f,
                                  6.1e-5f, 5.96e-8f, 2.98e-8f, 2.99e-8f, 3e9f, -3e9f, 1e-30f, 88.5f, -88.5f};

  for (guint i = 0; i < N; i++)
    {
      float scale = powf (2.0f, (float) g_test_rand_int_range (-18, 18));

      in->a[i] = (guint32) g_test_rand_int ();
      in->b[i] = (guint32) g_test_rand_int ();
      in->c[i] = (guint32) g_test_rand_int ();
      in->x[i] = (float) g_test_rand_double_range (-1, 1) * scale;
      in->y[i] = (float) g_test_rand_double_range (-1, 1) * scale;
      in->z[i] = (float) g_test_rand_double_range (-1, 1) * scale;
      if (round == 0)
        in->x[i] = special[i % G_N_ELEMENTS (special)];
      /* So that a warp has no odd one, and any and all differ. */
      if (round == 1 && i < N_LANES)
        in->a[i] = in->a[i] / 61 * 61 + 1 + i;
    }
}

static void
test_warp (CudaModule *self)
{
  ProbeWarpFunc probe = (ProbeWarpFunc) cuda_module_function (self, "probe_warp");
  gsize n_results = (gsize) PROBE_N_RESULTS * N;

  g_assert_nonnull (probe);
  for (guint round = 0; round < 20; round++)
    {
      Input in;
      ProbeWarp p;
      g_autofree guint32 *results = NULL;

      fill (&in, round);
      p.a = cuda_put (self, in.a, sizeof in.a);
      p.b = cuda_put (self, in.b, sizeof in.b);
      p.c = cuda_put (self, in.c, sizeof in.c);
      p.x = cuda_put (self, in.x, sizeof in.x);
      p.y = cuda_put (self, in.y, sizeof in.y);
      p.z = cuda_put (self, in.z, sizeof in.z);
      p.results = cuda_put (self, NULL, n_results * sizeof (guint32));
      cuda_check (self, probe (self->device, &p));
      results = cuda_get (self, p.results, n_results * sizeof (guint32));
      for (guint which = 0; which < PROBE_N_RESULTS; which++)
        for (guint i = 0; i < N; i++)
          if (!is_same (which, results[which * N + i], expect (&in, which, i)))
            {
              g_test_message ("round %u, result %u of thread %u: %08x, not %08x (a %08x, x %g, y %g)", round, which, i,
                              results[which * N + i], expect (&in, which, i), in.a[i], (double) in.x[i],
                              (double) in.y[i]);
              g_test_fail ();
              return;
            }
    }
}

static void
test_all_halves (CudaModule *self)
{
  ProbeWarpFunc probe = (ProbeWarpFunc) cuda_module_function (self, "probe_warp");

  /* Every half there is, to float and back. */
  for (guint first = 0; first < 65536; first += N)
    {
      Input in = {0};
      ProbeWarp p;
      g_autofree guint32 *results = NULL;

      for (guint i = 0; i < N; i++)
        {
          in.a[i] = first + i;
          in.x[i] = (float) half_of (in.a[i]);
        }
      p.a = cuda_put (self, in.a, sizeof in.a);
      p.b = p.c = p.a;
      p.x = cuda_put (self, in.x, sizeof in.x);
      p.y = p.z = p.x;
      p.results = cuda_put (self, NULL, (gsize) PROBE_N_RESULTS * N * sizeof (guint32));
      cuda_check (self, probe (self->device, &p));
      results = cuda_get (self, p.results, (gsize) PROBE_N_RESULTS * N * sizeof (guint32));
      for (guint i = 0; i < N; i++)
        {
          g_assert_true (is_same (PROBE_FROM_HALF, results[PROBE_FROM_HALF * N + i], bits_of (in.x[i])));
          g_assert_true (is_same (PROBE_TO_HALF, results[PROBE_TO_HALF * N + i], in.a[i] & 0xffff));
        }
      for (guint i = 0; i < self->memory->len; i++)
        self->module->release (self->device, g_ptr_array_index (self->memory, i));
      g_ptr_array_set_size (self->memory, 0);
    }
}

static void
test_atomics (CudaModule *self)
{
  ProbeAtomicsFunc probe = (ProbeAtomicsFunc) cuda_module_function (self, "probe_atomics");
  const guint n_blocks = 200;
  ProbeAtomics p = {n_blocks, NULL, NULL, NULL};
  guint32 zeros[2] = {0, 0};

  p.partials = cuda_put (self, NULL, n_blocks * sizeof (guint32));
  p.counter = cuda_put (self, zeros, sizeof (guint32));
  p.result = cuda_put (self, zeros, sizeof zeros);
  for (guint i = 0; i < 2; i++)
    {
      g_autofree guint32 *result = NULL;
      guint32 right = 0;

      cuda_check (self, probe (self->device, &p));
      result = cuda_get (self, p.result, sizeof zeros);
      for (guint block = 0; block < n_blocks; block++)
        right += block * (31 * 32 / 2);
      g_assert_cmpuint (result[0], ==, right);
      g_assert_cmpuint (result[1], ==, n_blocks);
    }
}

/* Small numbers, so that every product and sum is exact in whatever order. */
static void
fill_matrix (ProbeMma kind, gpointer memory, int *values, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      values[i] = g_test_rand_int_range (kind == PROBE_MMA_INT8 ? -128 : -64, kind == PROBE_MMA_INT8 ? 128 : 65);
      if (kind == PROBE_MMA_INT8)
        ((gint8 *) memory)[i] = (gint8) values[i];
      else if (kind == PROBE_MMA_BFLOAT)
        ((guint16 *) memory)[i] = (guint16) (bits_of ((float) values[i]) >> 16);
      else
        ((guint16 *) memory)[i] = (guint16) bits_of_half ((Float16) values[i]);
    }
}

static void
test_matrix (CudaModule *self, ProbeMma kind, gboolean is_direct)
{
  ProbeMatrixFunc probe = (ProbeMatrixFunc) cuda_module_function (self, "probe_matrix");
  const guint k = kind == PROBE_MMA_INT8 ? 32 : 16;
  guint16 a[16 * 16], b[8 * 16];
  int left[16 * 32], right[8 * 32], before[16 * 8];
  guint32 d[16 * 8];
  ProbeMatrix p = {kind, is_direct, NULL, NULL, NULL};
  g_autofree guint32 *results = NULL;

  fill_matrix (kind, a, left, 16 * k);
  fill_matrix (kind, b, right, 8 * k);
  for (guint i = 0; i < 128; i++)
    {
      before[i] = g_test_rand_int_range (-1000, 1000);
      d[i] = kind == PROBE_MMA_INT8 ? (guint32) before[i] : bits_of ((float) before[i]);
    }
  p.a = cuda_put (self, a, sizeof a);
  p.b = cuda_put (self, b, sizeof b);
  p.d = cuda_put (self, d, sizeof d);
  cuda_check (self, probe (self->device, &p));
  results = cuda_get (self, p.d, sizeof d);
  for (guint row = 0; row < 16; row++)
    for (guint column = 0; column < 8; column++)
      {
        int sum = before[row * 8 + column];
        guint32 got = results[row * 8 + column];

        for (guint i = 0; i < k; i++)
          sum += left[kind == PROBE_MMA_HALF_TURNED ? i * 16 + row : row * k + i] * right[column * k + i];
        g_assert_cmpint (sum, ==, kind == PROBE_MMA_INT8 ? (int) got : (int) float_of (got));
      }
}

static void
test_mma (CudaModule *self)
{
  SottoCudaDeviceInfo info;
  char message[256];
  guint n, capability;

  g_assert_true (self->module->list (&info, 1, &n, message));
  capability = 10 * info.major + info.minor;
  if (capability < 75)
    {
      g_test_skip ("this device has no such products");
      return;
    }
  for (guint round = 0; round < 5; round++)
    {
      test_matrix (self, PROBE_MMA_HALF, TRUE);
      test_matrix (self, PROBE_MMA_HALF, FALSE);
      test_matrix (self, PROBE_MMA_HALF_TURNED, FALSE);
      test_matrix (self, PROBE_MMA_INT8, TRUE);
      test_matrix (self, PROBE_MMA_INT8, FALSE);
      if (capability >= 80)
        {
          test_matrix (self, PROBE_MMA_BFLOAT, TRUE);
          test_matrix (self, PROBE_MMA_BFLOAT, FALSE);
        }
    }
}

/* What is recorded is not done, and done as often as it is repeated, with what then lies there. */
static void
test_recording (CudaModule *self)
{
  ProbeAtomicsFunc probe = (ProbeAtomicsFunc) cuda_module_function (self, "probe_atomics");
  guint32 zeros[4] = {0};
  ProbeAtomics p = {10, NULL, NULL, NULL};
  gpointer recording;
  guint32 *copied = cuda_put (self, zeros, sizeof zeros);
  g_autofree guint32 *before = NULL, *after = NULL, *again = NULL;

  p.partials = cuda_put (self, NULL, 10 * sizeof (guint32));
  p.counter = cuda_put (self, zeros, sizeof (guint32));
  p.result = cuda_put (self, zeros, 2 * sizeof (guint32));
  if (!self->module->record (self->device))
    {
      cuda_check (self, TRUE);
      g_test_skip ("this device records nothing");
      return;
    }
  cuda_check (self, probe (self->device, &p));
  p.n_blocks = 0;
  recording = self->module->recorded (self->device);
  g_assert_nonnull (recording);
  before = cuda_get (self, p.result, 8);
  g_assert_cmpuint (before[0], ==, 0);
  cuda_check (self, self->module->repeat (self->device, recording));
  after = cuda_get (self, p.result, 8);
  g_assert_cmpuint (after[0], ==, 45 * 31 * 16);
  cuda_check (self, self->module->clear (self->device, p.result, 8));
  cuda_check (self, self->module->repeat (self->device, recording));
  cuda_check (self, self->module->copy (self->device, copied, p.result, 8));
  again = cuda_get (self, copied, 16);
  g_assert_cmpuint (again[0], ==, 45 * 31 * 16);
  g_assert_cmpuint (again[1], ==, 10);
  g_assert_cmpuint (again[2], ==, 0);
  self->module->forget (self->device, recording);
}

/* More than the memory that uploads go through, to the byte. */
static void
test_transfer (CudaModule *self)
{
  gsize n = ((gsize) 40 << 20) + 12345;
  g_autofree guint8 *bytes = g_malloc (n);
  g_autofree guint8 *back = NULL;
  guint8 *memory;

  for (gsize i = 0; i < n; i++)
    bytes[i] = (guint8) (i * 2654435761u >> 13);
  memory = cuda_put (self, bytes, n);
  cuda_check (self, self->module->upload (self->device, memory + 777, bytes, 1001));
  memmove (bytes + 777, bytes, 1001);
  back = cuda_get (self, memory, n);
  g_assert_cmpmem (back, n, bytes, n);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  cuda_test_add (argc, argv, "/warp", test_warp);
  cuda_test_add (argc, argv, "/all-halves", test_all_halves);
  cuda_test_add (argc, argv, "/atomics", test_atomics);
  cuda_test_add (argc, argv, "/mma", test_mma);
  cuda_test_add (argc, argv, "/recording", test_recording);
  cuda_test_add (argc, argv, "/transfer", test_transfer);
  return g_test_run ();
}
