#include "cuda/loader.h"

#include "sotto-error.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#define MOST_DEVICES 16

void
sotto_cuda_library_free (SottoCudaLibrary *self)
{
  g_free (self->path);
  g_free (self->devices);
  g_free (self);
}

/* --- What runs where --- */

/* A driver runs programs of its own and of older toolkits, and of newer ones with the same first number. */
static gboolean
driver_runs (const SottoCudaModule *module, guint driver)
{
  return driver / 1000 >= module->toolkit / 1000;
}

/* Code for 8.6 runs on 8.9, and on nothing else but 8.x from 8.6 on. What is compiled only when it is opened needs a
 * driver as new as the toolkit. */
static gboolean
has_code_for (const SottoCudaModule *module, const SottoCudaDeviceInfo *info, guint driver)
{
  const char *text = module->architectures;
  char *end;

  for (;; text = end)
    {
      unsigned long architecture = strtoul (text, &end, 10);

      if (end == text)
        break;
      if (architecture / 10 == info->major && architecture % 10 <= info->minor)
        return TRUE;
    }
  return module->newest_virtual > 0 && module->newest_virtual <= 100 * info->major + 10 * info->minor
         && driver >= module->toolkit;
}

/* --- Choosing --- */

/* What speaks against modules, the nearer to working the later. */
typedef enum { NO_MODULE, NO_DRIVER, NO_DEVICE, NO_CODE } Hindrance;

typedef struct {
  Hindrance hindrance;
  guint needed;            /* the oldest driver that some module runs with */
  guint driver;
  char device[128];        /* that no module has code for */
  char message[256];       /* what the driver said */
} Reasons;

static void
note (Reasons *self, Hindrance hindrance)
{
  self->hindrance = MAX (self->hindrance, hindrance);
}

static SottoCudaLibrary *
try_module (const SottoCudaModule *module, const char *path, Reasons *reasons)
{
  SottoCudaDeviceInfo infos[MOST_DEVICES] = { 0 };
  g_autofree SottoCudaUsable *usable = g_new0 (SottoCudaUsable, MOST_DEVICES);
  guint driver = module->driver ();
  guint oldest = module->toolkit / 1000 * 1000;
  SottoCudaLibrary *self;
  guint n = 0, n_usable = 0;

  reasons->driver = MAX (reasons->driver, driver);
  reasons->needed = reasons->needed == 0 ? oldest : MIN (reasons->needed, oldest);
  note (reasons, NO_DRIVER);
  if (!driver_runs (module, driver))
    return NULL;
  note (reasons, NO_DEVICE);
  if (!module->list (infos, MOST_DEVICES, &n, reasons->message))
    return NULL;
  for (guint i = 0; i < n; i++)
    if (infos[i].major == 0)
      continue;
    else if (has_code_for (module, &infos[i], driver))
      usable[n_usable++] = (SottoCudaUsable) { i, infos[i] };
    else
      {
        note (reasons, NO_CODE);
        g_strlcpy (reasons->device, infos[i].name, sizeof reasons->device);
      }
  if (n_usable == 0)
    return NULL;

  self = g_new0 (SottoCudaLibrary, 1);
  self->module = module;
  self->path = g_strdup (path);
  self->devices = g_steal_pointer (&usable);
  self->n_devices = n_usable;
  return self;
}

/* Whether a driver is there but for the part that CUDA needs, which nobody has loaded yet. A driver does that by a helper with
 * root's rights, which our processes (app/guard.c), and those of a Flatpak, cannot have: then it is for somebody else to do. */
static gboolean
is_half_loaded (void)
{
  const char *folder = g_getenv ("SOTTO_CUDA_DEV");
  g_autofree char *driver = g_build_filename (folder != NULL ? folder : "/dev", "nvidiactl", NULL);
  g_autofree char *memory = g_build_filename (folder != NULL ? folder : "/dev", "nvidia-uvm", NULL);

  return g_file_test (driver, G_FILE_TEST_EXISTS) && !g_file_test (memory, G_FILE_TEST_EXISTS);
}

static void
explain (const Reasons *self, GError **error)
{
  SottoErrorArguments arguments = { .wanted = self->needed, .available = self->driver };

  switch (self->hindrance)
    {
    case NO_MODULE:
      arguments.subject = "module";
      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_GPU, &arguments, "no CUDA module is installed");
      break;
    case NO_DRIVER:
      arguments.subject = "driver";
      if (self->driver == 0)
        sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_GPU, &arguments,
                                "there is no driver for a GPU; the installed modules need one of CUDA %u.%u",
                                self->needed / 1000, self->needed % 1000 / 10);
      else
        sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_GPU, &arguments,
                                "the driver runs CUDA %u.%u, the installed modules need %u.%u",
                                self->driver / 1000, self->driver % 1000 / 10, self->needed / 1000,
                                self->needed % 1000 / 10);
      break;
    case NO_CODE:
      arguments.subject = "architecture";
      arguments.path = self->device;
      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_GPU, &arguments,
                              "no installed CUDA module has code for %s", self->device);
      break;
    case NO_DEVICE:
    default:
      if (is_half_loaded ())
        {
          arguments.subject = "loading";
          sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_GPU, &arguments,
                                  "the part of the GPU's driver that CUDA needs is not loaded (nvidia-uvm; \"nvidia-modprobe -c 0 -u\" "
                                  "loads it)%s%s", self->message[0] != '\0' ? ": " : "", self->message);
          break;
        }
      arguments.subject = "device";
      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_GPU, &arguments, "there is no GPU%s%s",
                              self->message[0] != '\0' ? ": " : "", self->message);
      break;
    }
}

static gboolean
is_better (const SottoCudaLibrary *a, const SottoCudaLibrary *b)
{
  return a->n_devices > b->n_devices
         || (a->n_devices == b->n_devices && a->module->toolkit > b->module->toolkit);
}

SottoCudaLibrary *
sotto_cuda_choose (const SottoCudaModule *const *modules,
                   const char *const            *paths,
                   guint                         n_modules,
                   GError                      **error)
{
  g_autoptr (SottoCudaLibrary) best = NULL;
  Reasons reasons = { 0 };

  for (guint i = 0; i < n_modules; i++)
    {
      g_autoptr (SottoCudaLibrary) next = try_module (modules[i], paths != NULL ? paths[i] : NULL,
                                                      &reasons);

      if (next != NULL && (best == NULL || is_better (next, best)))
        {
          g_clear_pointer (&best, sotto_cuda_library_free);
          best = g_steal_pointer (&next);
        }
    }
  if (best == NULL)
    explain (&reasons, error);
  return g_steal_pointer (&best);
}

/* --- Finding --- */

static void
add_folder (GPtrArray *paths, const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_prefix (name, "sotto-cuda-") && g_str_has_suffix (name, ".so"))
      g_ptr_array_add (paths, g_build_filename (folder, name, NULL));
}

/* Where this program lies in a build, not in an installation, its modules do, too. */
static void
add_build_folder (GPtrArray *paths)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *root = program != NULL ? g_path_get_dirname (program) : NULL;

  for (guint i = 0; i < 2 && root != NULL; i++)
    {
      g_autofree char *own = g_steal_pointer (&root);
      g_autofree char *mark = NULL;

      root = g_path_get_dirname (own);
      mark = g_build_filename (root, "meson-private", NULL);
      if (g_file_test (mark, G_FILE_TEST_IS_DIR))
        {
          g_autofree char *folder = g_build_filename (root, "engine", "cuda", NULL);

          add_folder (paths, folder);
          return;
        }
    }
}

static GPtrArray *
find_modules (void)
{
  GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);
  const char *named = g_getenv ("SOTTO_CUDA_MODULE");

  if (named != NULL)
    {
      g_auto (GStrv) parts = g_strsplit (named, G_SEARCHPATH_SEPARATOR_S, -1);

      for (guint i = 0; parts[i] != NULL; i++)
        if (parts[i][0] != '\0')
          g_ptr_array_add (paths, g_strdup (parts[i]));
      return paths;
    }
  add_build_folder (paths);
  add_folder (paths, SOTTO_LIBDIR "/sotto");
  return paths;
}

/* Whether every function is there: a module may be older than an operation. */
static gboolean
is_complete (const SottoCudaModule *self)
{
  return self->architectures != NULL && self->driver != NULL && self->list != NULL && self->open != NULL
         && self->close != NULL && self->problem != NULL && self->refusal != NULL
         && self->rehearse != NULL && self->forgo != NULL && self->measure != NULL
         && self->allocate != NULL && self->release != NULL && self->clear != NULL
         && self->upload != NULL && self->download != NULL && self->copy != NULL && self->wait != NULL
         && self->record != NULL && self->recorded != NULL && self->repeat != NULL
         && self->forget != NULL && self->embed != NULL && self->norm != NULL && self->add != NULL
         && self->quantise != NULL && self->multiply != NULL && self->heads != NULL
         && self->attend_partial_floats != NULL && self->attend != NULL && self->gate != NULL
         && self->route != NULL && self->combine != NULL && self->delta != NULL && self->convolve != NULL
         && self->scan != NULL && self->match != NULL && self->mix != NULL && self->cut != NULL && self->cap != NULL && self->pool != NULL && self->best != NULL;
}

/* (nullable): not a module, or of another time */
static const SottoCudaModule *
open_module (const char *path)
{
  void *library = dlopen (path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  SottoCudaModuleGet get = NULL;
  const SottoCudaModule *module = NULL;
  void *symbol = library != NULL ? dlsym (library, SOTTO_CUDA_MODULE_GET) : NULL;

  /* ISO C knows no pointer that is of data and of a function; POSIX does. */
  memcpy (&get, &symbol, sizeof get);
  if (get != NULL)
    module = get ();
  return module != NULL && module->abi == SOTTO_CUDA_ABI && is_complete (module) ? module : NULL;
}

SottoCudaLibrary *
sotto_cuda_library_open (GError **error)
{
  g_autoptr (GPtrArray) paths = find_modules ();
  g_autoptr (GPtrArray) modules = g_ptr_array_new ();

  for (guint i = 0; i < paths->len;)
    {
      const SottoCudaModule *module = open_module (g_ptr_array_index (paths, i));

      if (module == NULL)
        {
          g_ptr_array_remove_index (paths, i);
          continue;
        }
      g_ptr_array_add (modules, (gpointer) module);
      i++;
    }
  return sotto_cuda_choose ((const SottoCudaModule *const *) modules->pdata,
                            (const char *const *) paths->pdata, modules->len, error);
}
