/* Which module of kernels is taken for which driver and GPUs, and what is said where none is. */

#include "cuda/loader.h"
#include "sotto-error.h"

#include <glib/gstdio.h>
#include <string.h>

/* What the machine has that the modules below are asked about. */
static guint machine_driver;
static guint machine_n_gpus;
static struct {
  guint major, minor;
} machine_gpus[4];

static guint
driver (void)
{
  return machine_driver;
}

static gboolean
list (SottoCudaDeviceInfo *devices, guint n_most, guint *n, char *message)
{
  for (*n = 0; *n < n_most && *n < machine_n_gpus; ++*n)
    {
      devices[*n].major = machine_gpus[*n].major;
      devices[*n].minor = machine_gpus[*n].minor;
      g_snprintf (devices[*n].name, sizeof devices[*n].name, "GPU %u", *n);
    }
  g_strlcpy (message, "nothing there", 256);
  return *n > 0;
}

static const SottoCudaModule twelve = { .abi = SOTTO_CUDA_ABI, .toolkit = 12040, .architectures = "61 70 75 80 86 89 90",
                                        .newest_virtual = 900, .driver = driver, .list = list };
static const SottoCudaModule thirteen = { .abi = SOTTO_CUDA_ABI, .toolkit = 13000, .architectures = "75 80 86 89 90 100 120",
                                          .newest_virtual = 1200, .driver = driver, .list = list };

static const SottoCudaModule *const both[] = { &twelve, &thirteen };

static void
set_machine (guint its_driver, guint first, guint second)
{
  machine_driver = its_driver;
  memset (machine_gpus, 0, sizeof machine_gpus);
  machine_gpus[0].major = first / 10;
  machine_gpus[0].minor = first % 10;
  machine_gpus[1].major = second / 10;
  machine_gpus[1].minor = second % 10;
  machine_n_gpus = second > 0 ? 2 : first > 0;
}

typedef struct {
  guint driver;
  guint gpus[2];
  guint toolkit;           /* that is taken */
  guint n_devices;
} Case;

static void
test_taken (void)
{
  static const Case cases[] = {
    { 12040, { 61 }, 12040, 1 },      /* a GTX 1070 */
    { 13000, { 90 }, 13000, 1 },      /* both could: the newer one */
    { 12040, { 90 }, 12040, 1 },      /* the driver is too old for the newer */
    { 12000, { 89 }, 12040, 1 },      /* the same first number is enough for machine code */
    { 13000, { 61 }, 12040, 1 },      /* a new driver that still knows it */
    { 13000, { 61, 90 }, 12040, 2 },  /* more of them count more */
    { 13000, { 87 }, 13000, 1 },      /* code for 8.6 serves */
    { 13000, { 103 }, 13000, 1 },
    { 14000, { 130 }, 13000, 1 },     /* compiled when it is opened, from 12.0 */
    { 12080, { 100 }, 12040, 1 },     /* the same, from 9.0 */
    { 13000, { 90, 52 }, 13000, 1 },  /* one that is too old is left out */
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (SottoCudaLibrary) library = NULL;

      g_test_message ("case %u", i);
      set_machine (cases[i].driver, cases[i].gpus[0], cases[i].gpus[1]);
      library = sotto_cuda_choose (both, NULL, G_N_ELEMENTS (both), &error);
      g_assert_no_error (error);
      g_assert_cmpuint (library->module->toolkit, ==, cases[i].toolkit);
      g_assert_cmpuint (library->n_devices, ==, cases[i].n_devices);
    }
}

/* One that does not answer is left out, and others keep their numbers; alone it is as if there were none, and says why. */
static void
test_silent (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoCudaLibrary) library = NULL;

  set_machine (13000, 0, 90);
  library = sotto_cuda_choose (both, NULL, G_N_ELEMENTS (both), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (library->n_devices, ==, 1);
  g_assert_cmpuint (library->devices[0].index, ==, 1);

  machine_n_gpus = 1;
  g_assert_null (sotto_cuda_choose (both, NULL, G_N_ELEMENTS (both), &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_GPU);
  g_assert_cmpstr (sotto_engine_error_get_arguments (error)->subject, ==, "device");
  g_assert_nonnull (strstr (error->message, "nothing there"));
}

typedef struct {
  guint driver;
  guint gpu;
  guint first, n;          /* of both */
  const char *subject;
  guint wanted, available;
} Refusal;

static void
test_refused (void)
{
  static const Refusal cases[] = {
    { 13000, 90, 0, 0, "module", 0, 0 },
    { 0, 0, 0, 2, "driver", 12000, 0 },
    { 11080, 86, 0, 2, "driver", 12000, 11080 },
    { 12040, 86, 1, 1, "driver", 13000, 12040 },
    { 13000, 0, 0, 2, "device", 12000, 13000 },
    { 13000, 52, 0, 2, "architecture", 12000, 13000 },
    { 13000, 61, 1, 1, "architecture", 13000, 13000 },
    { 12000, 100, 0, 1, "architecture", 12000, 12000 }, /* nor can this driver compile for it */
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      const SottoErrorArguments *arguments;

      g_test_message ("case %u", i);
      set_machine (cases[i].driver, cases[i].gpu, 0);
      g_assert_null (sotto_cuda_choose (both + cases[i].first, NULL, cases[i].n, &error));
      g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_GPU);
      arguments = sotto_engine_error_get_arguments (error);
      g_assert_cmpstr (arguments->subject, ==, cases[i].subject);
      g_assert_cmpuint (arguments->wanted, ==, cases[i].wanted);
      g_assert_cmpuint (arguments->available, ==, cases[i].available);
      g_assert_cmpstr (arguments->path, ==, g_str_equal (cases[i].subject, "architecture") ? "GPU 0" : NULL);
    }
}

/* A driver whose memory manager nobody has loaded, which the process may not do, says no more than that something failed. */
static void
test_half_loaded (void)
{
  g_autofree char *folder = g_dir_make_tmp ("sotto-test-XXXXXX", NULL);
  g_autofree char *driver_node = g_build_filename (folder, "nvidiactl", NULL);
  g_autofree char *memory_node = g_build_filename (folder, "nvidia-uvm", NULL);
  static const char *const subjects[] = { "device", "loading", "device" };

  g_setenv ("SOTTO_CUDA_DEV", folder, TRUE);
  set_machine (13000, 0, 0);
  for (guint i = 0; i < G_N_ELEMENTS (subjects); i++)
    {
      g_autoptr (GError) error = NULL;

      if (i == 1)
        g_assert_true (g_file_set_contents (driver_node, "", 0, NULL));
      if (i == 2)
        g_assert_true (g_file_set_contents (memory_node, "", 0, NULL));
      g_assert_null (sotto_cuda_choose (both, NULL, G_N_ELEMENTS (both), &error));
      g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_GPU);
      g_assert_cmpstr (sotto_engine_error_get_arguments (error)->subject, ==, subjects[i]);
      g_assert_nonnull (strstr (error->message, "nothing there"));
    }
  g_setenv ("SOTTO_CUDA_DEV", "/nowhere", TRUE);
  g_assert_cmpint (g_unlink (driver_node), ==, 0);
  g_assert_cmpint (g_unlink (memory_node), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

/* What is no module of ours, and none at all. */
static void
test_files (void)
{
  g_autofree char *folder = g_dir_make_tmp ("sotto-test-XXXXXX", NULL);
  g_autofree char *text = g_build_filename (folder, "sotto-cuda-99.so", NULL);
  g_autofree char *named = g_strdup_printf ("%s:%s/missing.so:libm.so.6", text, folder);
  const char *values[] = { "", named };

  g_assert_true (g_file_set_contents (text, "no library", -1, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    {
      g_autoptr (GError) error = NULL;

      g_setenv ("SOTTO_CUDA_MODULE", values[i], TRUE);
      g_assert_null (sotto_cuda_library_open (&error));
      g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_GPU);
      g_assert_cmpstr (sotto_engine_error_get_arguments (error)->subject, ==, "module");
    }
  g_assert_cmpint (g_unlink (text), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_setenv ("SOTTO_CUDA_DEV", "/nowhere", TRUE);
  g_test_add_func ("/cuda/loader/taken", test_taken);
  g_test_add_func ("/cuda/loader/silent", test_silent);
  g_test_add_func ("/cuda/loader/refused", test_refused);
  g_test_add_func ("/cuda/loader/half-loaded", test_half_loaded);
  g_test_add_func ("/cuda/loader/files", test_files);
  return g_test_run ();
}
