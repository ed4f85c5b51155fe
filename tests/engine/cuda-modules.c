#include "cuda-modules.h"

#include <dlfcn.h>
#include <string.h>

typedef struct {
  char *path;
  void (*run) (CudaModule *self);
} Test;

static void
test_free (gpointer data)
{
  Test *self = data;

  g_free (self->path);
  g_free (self);
}

/* POSIX promises that what dlsym finds can be called; ISO C knows no such cast. */
CudaFunction
cuda_module_function (CudaModule *self, const char *name)
{
  gpointer found = dlsym (self->handle, name);
  CudaFunction function;

  memcpy (&function, &found, sizeof function);
  return function;
}

static void
forget_memory (CudaModule *self)
{
  for (guint i = 0; i < self->memory->len; i++)
    self->module->release (self->device, g_ptr_array_index (self->memory, i));
  g_ptr_array_set_size (self->memory, 0);
}

static void
run (gconstpointer data)
{
  const Test *test = data;
  CudaModule self = {0};
  SottoCudaModuleGet get;
  SottoCudaDeviceInfo info;
  char message[256] = "";
  guint n = 0;

  self.handle = dlopen (test->path, RTLD_NOW | RTLD_LOCAL);
  if (self.handle == NULL)
    {
      g_test_message ("%s", dlerror ());
      g_test_fail ();
      return;
    }
  get = (SottoCudaModuleGet) cuda_module_function (&self, SOTTO_CUDA_MODULE_GET);
  g_assert_nonnull (get);
  self.module = get ();
  g_assert_cmpuint (self.module->abi, ==, SOTTO_CUDA_ABI);
  self.is_emulated = self.module->toolkit == 0;
  self.name = test->path;
  if (!self.module->list (&info, 1, &n, message) || n == 0)
    {
      g_test_skip (n == 0 && message[0] == '\0' ? "there is no GPU" : message);
      return;
    }
  self.memory = g_ptr_array_new ();
  self.device = self.module->open (0, message);
  g_assert_nonnull (self.device);
  test->run (&self);
  forget_memory (&self);
  g_ptr_array_unref (self.memory);
  self.module->close (self.device);
}

void
cuda_test_add (int argc, char **argv, const char *path, void (*function) (CudaModule *self))
{
  for (int i = 1; i < argc; i++)
    {
      g_autofree char *base = g_path_get_basename (argv[i]);
      g_autofree char *whole = NULL;
      Test *test;

      if (!g_str_has_suffix (base, ".so"))
        continue;
      base[strlen (base) - 3] = '\0';
      whole = g_strdup_printf ("/%s%s", base, path);
      test = g_new0 (Test, 1);
      test->path = g_strdup (argv[i]);
      test->run = function;
      g_test_add_data_func_full (whole, test, run, test_free);
    }
}

gpointer
cuda_put (CudaModule *self, const void *source, gsize n_bytes)
{
  gpointer memory = self->module->allocate (self->device, n_bytes);

  g_assert_nonnull (memory);
  g_ptr_array_add (self->memory, memory);
  if (source != NULL)
    cuda_check (self, self->module->upload (self->device, memory, source, n_bytes));
  return memory;
}

gpointer
cuda_get (CudaModule *self, const void *memory, gsize n_bytes)
{
  gpointer copy = g_malloc (n_bytes);

  cuda_check (self, self->module->download (self->device, copy, memory, n_bytes));
  return copy;
}

void
cuda_reopen (CudaModule *self)
{
  char message[256];

  forget_memory (self);
  self->module->close (self->device);
  self->device = self->module->open (0, message);
  g_assert_nonnull (self->device);
}

void
cuda_check (CudaModule *self, gboolean done)
{
  const char *problem = self->module->problem (self->device);

  if (done && problem == NULL)
    return;
  if (problem == NULL)
    problem = self->module->refusal (self->device);
  g_test_message ("%s", problem != NULL ? problem : "it failed, and says no problem");
  g_assert_not_reached ();
}
