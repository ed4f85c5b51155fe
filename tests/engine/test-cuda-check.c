#include "cuda-modules.h"
#include "cuda/backend-cuda.h"
#include "cuda/backend-device.h"
#include "cuda/check.h"
#include "cuda/loader.h"
#include "cuda/place.h"
#include "sotto-error.h"

#include <string.h>

/* That a device which computes what is wrong is not used, whichever of its ways it is, and says why. */

typedef enum {
  NOTHING,
  EMBEDDING,
  PROMPTS_PRODUCTS,
  FEW_PRODUCTS,
  ONE_PRODUCTS,
  FLOATS_PRODUCTS,
  LAST_ROWS,               /* of a product that is large */
  NORMS,
  ANGLES,
  CACHED_KEYS,
  ATTENTION,
  FEW_ATTENTION,
  ACTIVATIONS,
  HALVES,
  REPETITIONS,
  BEST,
  UPLOADS,
  NO_NUMBER,
  N_FAULTS,
} Fault;

static const SottoCudaModule *right;
static Fault planted;
static guint32 *elsewhere; /* on the device: another position */

/* What is wrong with products of so many rows as one kind of device has a way of its own for, until it does without. */
typedef enum { OWN_RIGHT, OWN_WRONG, OWN_LAST_ROW, OWN_REFUSED } Own;

#define OWN_ROWS 128

static Own own_way;
static guint n_own, n_forgone;

/* --- Operations that are wrong in one way --- */

static gboolean
embed (SottoCudaDevice *device, const SottoCudaEmbed *arguments)
{
  SottoCudaEmbed own = *arguments;

  own.scale *= planted == EMBEDDING ? 1.2f : 1.0f;
  return right->embed (device, &own);
}

static gboolean
is_float (const SottoCudaMultiply *m)
{
  return m->weight.type == SOTTO_BLOCK_F16;
}

static gboolean
multiply (SottoCudaDevice *device, const SottoCudaMultiply *arguments)
{
  for (const SottoCudaMultiply *m = arguments; m != NULL; m = m->next)
    {
      const gboolean is_many = m->x.halves != NULL;
      const gboolean is_wrong = (planted == PROMPTS_PRODUCTS && is_many && !is_float (m))
                                || (planted == FEW_PRODUCTS && !is_many && m->n_rows > 1 && !is_float (m))
                                || (planted == ONE_PRODUCTS && m->n_rows == 1 && !is_float (m))
                                || (planted == FLOATS_PRODUCTS && is_float (m));
      SottoCudaMultiply own = *m;

      own.next = NULL;
      own.scale *= is_wrong ? 0.8f : 1.0f;
      /* As if a square were left out. */
      if (planted == LAST_ROWS && is_many && m->weight.n_rows > 128)
        own.weight.n_rows -= 1;
      if (is_many && m->n_rows >= OWN_ROWS && n_forgone == 0)
        {
          n_own++;
          if (own_way == OWN_REFUSED)
            return FALSE;
          own.scale *= own_way == OWN_WRONG ? 0.8f : 1.0f;
          own.n_rows -= own_way == OWN_LAST_ROW ? 1 : 0;
        }
      if (!right->multiply (device, &own))
        return FALSE;
    }
  return TRUE;
}

static gboolean
forgo (SottoCudaDevice *device)
{
  n_forgone++;
  return right->forgo (device);
}

static gboolean
norm (SottoCudaDevice *device, const SottoCudaNorm *arguments)
{
  SottoCudaNorm own = *arguments;

  own.norm.epsilon += planted == NORMS ? 0.5f : 0.0f;
  return right->norm (device, &own);
}

static gboolean
heads (SottoCudaDevice *device, const SottoCudaHeads *arguments)
{
  for (const SottoCudaHeads *h = arguments; h != NULL; h = h->next)
    {
      SottoCudaHeads own = *h;

      own.next = NULL;
      if ((planted == ANGLES && h->cache == NULL) || (planted == CACHED_KEYS && h->cache != NULL && !h->is_value))
        own.position = elsewhere;
      if (!right->heads (device, &own))
        return FALSE;
    }
  return TRUE;
}

static gboolean
attend (SottoCudaDevice *device, const SottoCudaAttend *arguments)
{
  SottoCudaAttend own = *arguments;
  SottoAttendStep step = *arguments->step;

  step.scale *= planted == ATTENTION || (planted == FEW_ATTENTION && arguments->n_rows == 1) ? 0.2f : 1.0f;
  own.step = &step;
  return right->attend (device, &own);
}

static gboolean
gate (SottoCudaDevice *device, const SottoCudaGate *arguments)
{
  SottoCudaGate own = *arguments;

  own.activation = planted == ACTIVATIONS ? SOTTO_ACTIVATION_RELU_SQUARED : own.activation;
  return right->gate (device, &own);
}

static gboolean
quantise (SottoCudaDevice *device, const SottoCudaOperand *operand)
{
  SottoCudaOperand own = *operand;

  own.n_columns -= planted == HALVES ? 32 : 0;
  return right->quantise (device, &own);
}

static gboolean
repeat (SottoCudaDevice *device, void *recording)
{
  return planted == REPETITIONS || right->repeat (device, recording);
}

static gboolean
best (SottoCudaDevice *device, const SottoCudaBest *arguments)
{
  SottoCudaBest own = *arguments;

  own.logits += planted == BEST ? 64 : 0;
  return right->best (device, &own);
}

static gboolean
upload (SottoCudaDevice *device, void *target, const void *source, gsize n_bytes)
{
  g_autofree guint8 *own = g_memdup2 (source, n_bytes);

  if (planted == UPLOADS && n_bytes > 1000)
    memset (own + n_bytes / 2, 0, n_bytes / 2);
  return right->upload (device, target, own, n_bytes);
}

static gboolean
download (SottoCudaDevice *device, void *target, const void *source, gsize n_bytes)
{
  const gboolean done = right->download (device, target, source, n_bytes);

  if (planted == NO_NUMBER && done)
    memset (target, 0xff, 4);
  return done;
}

static SottoCudaModule
make_wrong (const SottoCudaModule *module)
{
  SottoCudaModule wrong = *module;

  right = module;
  wrong.embed = embed;
  wrong.multiply = multiply;
  wrong.forgo = forgo;
  wrong.norm = norm;
  wrong.heads = heads;
  wrong.attend = attend;
  wrong.gate = gate;
  wrong.quantise = quantise;
  wrong.repeat = repeat;
  wrong.best = best;
  wrong.upload = upload;
  wrong.download = download;
  return wrong;
}

/* --- Tests --- */

static SottoCudaDeviceInfo
get_info (const SottoCudaModule *module)
{
  SottoCudaDeviceInfo info = { 0 };
  char message[256];
  guint n = 0;

  g_assert_true (module->list (&info, 1, &n, message));
  return info;
}

/* Every way that is wrong is noticed; and none is where nothing is. */
static void
test_wrong (CudaModule *self)
{
  const SottoCudaModule wrong = make_wrong (self->module);
  const SottoCudaDeviceInfo info = get_info (self->module);

  elsewhere = cuda_put (self, (guint32[]) { 5 }, sizeof *elsewhere);
  for (planted = NOTHING; planted < N_FAULTS; planted++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (SottoBackend) device = sotto_backend_new_device_checked (&wrong, 0, &info, &error);

      g_test_message ("%u: %s", planted, error != NULL ? error->message : "");
      if (planted == NOTHING)
        {
          g_assert_no_error (error);
          g_assert_nonnull (device);
          continue;
        }
      g_assert_null (device);
      g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_GPU);
      g_assert_cmpstr (sotto_engine_error_get_arguments (error)->subject, ==, "wrong");
      g_assert_cmpstr (sotto_engine_error_get_arguments (error)->path, ==, info.name);
    }
  planted = NOTHING;
}

/* What is wrong on a way that this kind of device alone has is done another way; and that is said by its name. */
static void
test_own_way (CudaModule *self)
{
  const SottoCudaModule wrong = make_wrong (self->module);
  const SottoCudaDeviceInfo info = get_info (self->module);

  if (info.major != 9 || info.minor != 0)
    {
      g_test_skip ("this kind of device has no way of its own");
      return;
    }
  for (own_way = OWN_RIGHT; own_way <= OWN_REFUSED; own_way++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (SottoBackend) device = NULL;

      n_own = n_forgone = 0;
      device = sotto_backend_new_device_checked (&wrong, 0, &info, &error);
      g_assert_no_error (error);
      g_assert_nonnull (device);
      g_assert_cmpuint (n_own, >, 0);
      g_assert_cmpuint (n_forgone, ==, own_way == OWN_RIGHT ? 0 : 1);
      g_assert_true (g_str_has_prefix (sotto_backend_get_name (device), info.name));
      g_assert_cmpint (g_str_has_suffix (sotto_backend_get_name (device), "(without wgmma)"), ==, own_way != OWN_RIGHT);
    }
  own_way = OWN_RIGHT;
}

/* Every kind of device that modules are for. */
static void
test_architectures (CudaModule *self)
{
  static const char *const architectures[] = { "61", "70", "75", "80", "86", "90", "120" };

  for (guint i = 0; i < (self->is_emulated ? G_N_ELEMENTS (architectures) : 1); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (SottoBackend) device = NULL;
      SottoCudaDeviceInfo info;

      g_setenv ("SOTTO_CUDA_EMULATION_ARCHITECTURE", architectures[i], TRUE);
      info = get_info (self->module);
      device = sotto_backend_new_device_checked (self->module, 0, &info, &error);
      g_assert_no_error (error);
      g_assert_nonnull (device);
    }
  g_unsetenv ("SOTTO_CUDA_EMULATION_ARCHITECTURE");
}

/* Unless somebody wants to see how wrong it is. */
static void
test_untried (CudaModule *self)
{
  const SottoCudaModule wrong = make_wrong (self->module);
  const SottoCudaDeviceInfo info = get_info (self->module);
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoBackend) device = NULL;

  planted = PROMPTS_PRODUCTS;
  g_setenv ("SOTTO_CUDA_CHECK", "0", TRUE);
  device = sotto_backend_new_device_checked (&wrong, 0, &info, &error);
  g_unsetenv ("SOTTO_CUDA_CHECK");
  planted = NOTHING;
  g_assert_no_error (error);
  g_assert_nonnull (device);
}

/* No device of a module that is wrong is used, and that is said as where there is none. */
static void
test_refused (CudaModule *self)
{
  const SottoCudaModule wrong = make_wrong (self->module);
  const SottoCudaModule *modules[] = { &wrong };
  g_autoptr (GError) error = NULL;
  SottoCudaLibrary *library = sotto_cuda_choose (modules, NULL, 1, &error);
  SottoBackend *backend;

  g_assert_no_error (error);
  planted = PROMPTS_PRODUCTS;
  backend = sotto_backend_new_cuda_of (sotto_backend_new_cpu (1, NULL, NULL), library, SOTTO_PLACE_AS_FITS, &error);
  planted = NOTHING;
  g_assert_null (backend);
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_GPU);
  g_assert_nonnull (strstr (error->message, "is wrong: a prompt"));
}

/* Without memory nothing is known, and a device that fails has failed. */
static void
test_unknown (CudaModule *self)
{
  const SottoCudaDeviceInfo info = get_info (self->module);
  g_autoptr (GError) error = NULL;
  SottoBackend *device;

  if (!self->is_emulated)
    {
      g_test_skip ("of an emulated device alone");
      return;
    }
  g_setenv ("SOTTO_CUDA_EMULATION_MEMORY", "100000", TRUE);
  device = sotto_backend_new_device_checked (self->module, 0, &info, &error);
  g_unsetenv ("SOTTO_CUDA_EMULATION_MEMORY");
  g_assert_no_error (error);
  g_assert_nonnull (device);
  sotto_backend_free (device);

  g_setenv ("SOTTO_CUDA_EMULATION_FAIL", "7", TRUE);
  device = sotto_backend_new_device_checked (self->module, 0, &info, &error);
  g_unsetenv ("SOTTO_CUDA_EMULATION_FAIL");
  g_assert_null (device);
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_BACKEND);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_unsetenv ("SOTTO_CUDA_CHECK");
  cuda_test_add (argc, argv, "/wrong", test_wrong);
  cuda_test_add (argc, argv, "/own-way", test_own_way);
  cuda_test_add (argc, argv, "/architectures", test_architectures);
  cuda_test_add (argc, argv, "/untried", test_untried);
  cuda_test_add (argc, argv, "/refused", test_refused);
  cuda_test_add (argc, argv, "/unknown", test_unknown);
  return g_test_run ();
}
