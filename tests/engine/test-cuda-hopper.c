#include "cuda-emulation/probe.h"
#include "cuda-modules.h"

#include <math.h>
#include <string.h>

/* What compute capability 9.0 alone has (engine/cuda/device-hopper.h), against plain loops, on a GPU of that kind too; and that the
 * emulation finds what is wrong with how it is used. */

#define ROWS 64
#define K 16

/* --- Products --- */

typedef struct {
  guint mode;
  guint width;              /* bytes of a row */
  guint leading, stride;
} Layout;

/* PTX ISA, shared memory layouts of wgmma, columns one after the other. */
static const Layout layouts[] = {
  { 0, 16, 128, 256 },      /* eight rows of 16 bytes, twice */
  { 0, 16, 4096, 128 },     /* the second half of columns far behind */
  { 1, 128, 0, 1024 },
  { 2, 64, 0, 512 },
  { 3, 32, 0, 256 },
};

/* The byte of a half. */
static gsize
locate (const Layout *layout, guint row, guint column)
{
  const guint chunk = column / 8;
  const gsize within = column % 8 * 2;

  switch (layout->mode)
    {
    case 0:
      return (gsize) row / 8 * layout->stride + row % 8 * 16 + chunk * layout->leading + within;
    case 1:
      return (gsize) row * 128 + (chunk ^ row % 8) * 16 + within;
    case 2:
      return (gsize) row * 64 + (chunk ^ row / 2 % 4) * 16 + within;
    default:
      return (gsize) row * 32 + (chunk ^ row / 4 % 2) * 16 + within;
    }
}

/* Small integers, as halves exactly: -2 … 2 */
static guint16
half_of (int x)
{
  static const guint16 halves[] = { 0xc000, 0xbc00, 0, 0x3c00, 0x4000 };

  return halves[x + 2];
}

static guint8 *
lay (const Layout *layout, const int *x, guint n_rows, guint n_columns, gsize n_bytes)
{
  guint8 *image = g_malloc0 (n_bytes);

  for (guint row = 0; row < n_rows; row++)
    for (guint i = 0; i < n_columns; i++)
      {
        const guint16 half = half_of (x[row * n_columns + i]);

        memcpy (image + locate (layout, row, i), &half, sizeof half);
      }
  return image;
}

static void
check_product (CudaModule *self, const Layout *layout, guint n, guint offset)
{
  ProbeQuadFunc probe = (ProbeQuadFunc) cuda_module_function (self, "probe_quad");
  const guint n_columns = layout->mode == 0 ? K : layout->width / 2;
  /* Behind an offset they have to be in the order that they have behind a multiple of it. */
  const gsize n_image = 64 * 1024;
  g_autofree int *a = g_new (int, ROWS * n_columns), *b = g_new (int, n * n_columns);
  g_autofree guint8 *image_a = NULL, *image_b = NULL, *image = g_malloc0 (n_image);
  g_autofree float *d = NULL;
  ProbeQuad p = { .n = n, .mode = layout->mode, .leading = layout->leading, .stride = layout->stride, .n_products = n_columns / K,
                  .offset = offset, .base = offset >> 7 & 7, .n_a = 16384, .n_b = 32768 };

  for (guint i = 0; i < ROWS * n_columns; i++)
    a[i] = g_test_rand_int_range (-2, 3);
  for (guint i = 0; i < n * n_columns; i++)
    b[i] = g_test_rand_int_range (-2, 3);
  image_a = lay (layout, a, ROWS, n_columns, n_image);
  image_b = lay (layout, b, n, n_columns, n_image);
  memcpy (image + offset, image_a, n_image - offset);
  p.a = cuda_put (self, image, n_image);
  p.b = cuda_put (self, image_b, n_image);
  p.d = cuda_put (self, NULL, ROWS * n * sizeof (float));
  g_assert_nonnull (probe);
  cuda_check (self, probe (self->device, &p));
  d = cuda_get (self, p.d, ROWS * n * sizeof (float));
  for (guint row = 0; row < ROWS; row++)
    for (guint column = 0; column < n; column++)
      {
        int sum = 0;

        for (guint i = 0; i < n_columns; i++)
          sum += a[row * n_columns + i] * b[column * n_columns + i];
        g_assert_cmpfloat (d[row * n + column], ==, (float) sum);
      }
}

static gboolean
is_of_9_0 (CudaModule *self)
{
  SottoCudaDeviceInfo info;
  char message[256];
  guint n;

  g_assert_true (self->module->list (&info, 1, &n, message));
  if (info.major == 9 && info.minor == 0)
    return TRUE;
  g_test_skip ("this device is not of 9.0");
  return FALSE;
}

static void
test_products (CudaModule *self)
{
  if (!is_of_9_0 (self))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (layouts); i++)
    for (guint n = 128; n <= 256; n += 128)
      check_product (self, &layouts[i], n, 0);
}

/* The order begins elsewhere. No kernel asks for it: by itself, so that nobody takes one for wrong that is not. */
static void
test_turned_elsewhere (CudaModule *self)
{
  if (is_of_9_0 (self))
    check_product (self, &layouts[2], 128, 384);
}

/* --- Faults --- */

typedef struct {
  ProbeQuadFault fault;
  const char *words;        /* (nullable): it is seen in the results, as no numbers */
} Fault;

static const Fault faults[] = {
  { PROBE_QUAD_NO_BEGIN, "quad_multiply without quad_begin" },
  { PROBE_QUAD_NO_COMMIT, "ends without having waited for its products" },
  { PROBE_QUAD_NO_WAIT, "ends without having waited for its products" },
  { PROBE_QUAD_WAIT_TOO_SHORT, "ends without having waited for its products" },
  { PROBE_QUAD_READ_EARLY, NULL },
  { PROBE_QUAD_WRITTEN_EARLY, "sums are written before" },
  { PROBE_QUAD_CHANGED_EARLY, "what is multiplied was written" },
  { PROBE_QUAD_BROUGHT_LATE, "what is multiplied was written" },
  { PROBE_QUAD_BROUGHT_OVER, "what is multiplied was written" },
  { PROBE_QUAD_NO_BULK_WAIT, "ends without having waited for its bulk copies" },
  { PROBE_QUAD_OTHER_PARITY, "ends without having waited for its bulk copies" },
  { PROBE_QUAD_NO_EXPECT, "bulk_wait: 1 threads have not come and 0 bytes" },
  { PROBE_QUAD_TWO_EXPECT, "more threads come" },
  { PROBE_QUAD_TOO_FEW_BYTES, "bulk_wait: 0 threads have not come and 16 bytes" },
  { PROBE_QUAD_TOO_MANY_BYTES, "16 more bytes have come" },
  { PROBE_QUAD_UNCOUNTED, "no phase counts more than" },
  { PROBE_QUAD_NOT_MADE, "an arrival that nobody has made" },
  { PROBE_QUAD_OTHER_BITS, "have no meaning" },
  { PROBE_QUAD_BEHIND_ROW, "go on behind its row of 128 bytes" },
  { PROBE_QUAD_BEHIND_SHARED, "beside the block's shared memory" },
  { PROBE_QUAD_OTHER_LANE, "lane 5 has other matrices" },
  { PROBE_QUAD_ODD_TILES, "no multiple of 1,024" },
};

static const Fault races[] = {
  { PROBE_QUAD_NO_PROXY_FENCE, "with no proxy_fence between" },
  { PROBE_QUAD_LATE_PROXY_FENCE, "with no proxy_fence between" },
  { PROBE_QUAD_NO_BARRIER, "with no barrier between" },
  { PROBE_QUAD_OVERWRITTEN, "with no barrier between" },
  { PROBE_QUAD_COPIED_OVER, "copies over" },
};

/* Returns: what the device says, or "" */
static char *
run_fault (CudaModule *self, ProbeQuadFault fault, float *y)
{
  ProbeQuadFaultyFunc probe = (ProbeQuadFaultyFunc) cuda_module_function (self, "probe_quad_fault");
  g_autofree guint16 *halves = g_new (guint16, 128 * 64);
  ProbeQuadFaulty arguments = { fault, NULL, NULL };
  char *problem;
  gboolean done;

  g_assert_nonnull (probe);
  for (guint i = 0; i < 128 * 64; i++)
    halves[i] = 0x3c00;
  arguments.halves = cuda_put (self, halves, 128 * 64 * sizeof *halves);
  arguments.y = cuda_put (self, NULL, 128 * sizeof *y);
  done = probe (self->device, &arguments) && self->module->download (self->device, y, arguments.y, 128 * sizeof *y);
  problem = g_strdup (self->module->problem (self->device));
  g_assert_true (done == (problem == NULL));
  cuda_reopen (self);
  return problem != NULL ? problem : g_strdup ("");
}

static void
check_fault (CudaModule *self, const Fault *fault, const char *order)
{
  float y[128] = { 0 };
  g_autofree char *problem = run_fault (self, fault->fault, y);

  g_test_message ("%s, %u: %s", order, fault->fault, problem);
  if (fault->words != NULL)
    g_assert_nonnull (strstr (problem, fault->words));
  else
    for (guint i = 0; i < 128; i++)
      g_assert_true (isnan (y[i]));
}

static void
test_faults (CudaModule *self)
{
  const gboolean finds_races = strstr (self->name, "races") != NULL;

  if (!self->is_emulated)
    {
      g_test_skip ("never run on a device");
      return;
    }
  for (guint order = 0; order < 2; order++)
    {
      const char *name = order == 1 ? "reverse" : "forward";
      float y[128] = { 0 };
      g_autofree char *right = NULL;

      g_setenv ("SOTTO_CUDA_EMULATION_ORDER", name, TRUE);
      cuda_reopen (self);
      right = run_fault (self, PROBE_QUAD_RIGHT, y);
      g_assert_cmpstr (right, ==, "");
      for (guint i = 0; i < 128; i++)
        g_assert_cmpfloat (y[i], ==, 16.0f);
      for (guint i = 0; i < G_N_ELEMENTS (faults) && !finds_races; i++)
        check_fault (self, &faults[i], name);
      for (guint i = 0; i < G_N_ELEMENTS (races) && finds_races; i++)
        check_fault (self, &races[i], name);
    }
  g_unsetenv ("SOTTO_CUDA_EMULATION_ORDER");
  cuda_reopen (self);
}

/* Neither what is older nor what is newer has it. */
static void
test_others (CudaModule *self)
{
  static const char *const architectures[] = { "89", "100" };

  if (!self->is_emulated)
    {
      g_test_skip ("only the emulated device can be made another");
      return;
    }
  for (guint i = 0; i < G_N_ELEMENTS (architectures); i++)
    {
      float y[128];
      g_autofree char *problem = NULL;

      g_setenv ("SOTTO_CUDA_EMULATION_ARCHITECTURE", architectures[i], TRUE);
      cuda_reopen (self);
      problem = run_fault (self, PROBE_QUAD_RIGHT, y);
      g_assert_nonnull (strstr (problem, "is of 9.0 alone"));
    }
  g_unsetenv ("SOTTO_CUDA_EMULATION_ARCHITECTURE");
  cuda_reopen (self);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  cuda_test_add (argc, argv, "/products", test_products);
  cuda_test_add (argc, argv, "/products-turned-elsewhere", test_turned_elsewhere);
  cuda_test_add (argc, argv, "/faults", test_faults);
  cuda_test_add (argc, argv, "/others", test_others);
  return g_test_run ();
}
