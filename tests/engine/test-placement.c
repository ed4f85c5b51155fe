/* Where a worker computes a model, asked for and told, with the module of kernels that is named among the arguments. */
#include "sotto-engine.h"

#include <string.h>

#include "tiny-model.h"

#define PATIENCE (60 * G_USEC_PER_SEC)

static char *module_path;

/* Until the request's last event. */
static SottoEvent *
wait_for_end (SottoWorker *worker,
              guint64      id)
{
  while (TRUE)
    {
      SottoEvent *event = sotto_worker_wait_event (worker, PATIENCE);

      g_assert_nonnull (event);
      if (event->request == id && (event->kind == SOTTO_EVENT_LOADED || event->kind == SOTTO_EVENT_FAILED))
        return event;
      sotto_event_free (event);
    }
}

static SottoWorker *
make_worker (const char *modules)
{
  SottoWorkerOptions options = { .n_threads = 2 };
  g_autoptr (GError) error = NULL;
  SottoWorker *worker;

  g_setenv ("SOTTO_CUDA_MODULE", modules, TRUE);
  worker = sotto_worker_new (&options, &error);
  g_assert_no_error (error);

  return worker;
}

static char *
write_model (void)
{
  TinyModel model = TINY_MODEL_DEFAULTS;

  return tiny_model_write_temporary (&model);
}

typedef struct {
  SottoGpuUse gpu;
  guint n_asked;
  guint n_gpu_layers;
} Case;

/* One model, first this way and then that, in one worker. */
static void
test_moved (void)
{
  static const Case cases[] = {
    { SOTTO_GPU_AUTOMATIC, 0, 2 },
    { SOTTO_GPU_NEVER, 0, 0 },
    { SOTTO_GPU_ALWAYS, 0, 2 },
    { SOTTO_GPU_ALWAYS, 1, 1 }, /* the last */
  };
  g_autoptr (SottoWorker) worker = make_worker (module_path);
  g_autofree char *path = write_model ();

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (SottoEvent) event = NULL;
      const SottoPlacement *placement;

      g_test_message ("case %u", i);
      sotto_worker_place (worker, path, cases[i].gpu, cases[i].n_asked);
      event = wait_for_end (worker, sotto_worker_load (worker, path, 0));
      g_assert_cmpint (event->kind, ==, SOTTO_EVENT_LOADED);
      placement = event->placement;
      g_assert_cmpuint (placement->n_layers, ==, 2);
      g_assert_cmpuint (placement->n_gpu_layers, ==, cases[i].n_gpu_layers);
      g_assert_cmpuint (placement->n_threads, ==, 2);
      g_assert_cmpuint (placement->memory.kv_cache, >, 0);
      g_assert_no_error (placement->reason);
      if (cases[i].n_gpu_layers > 0)
        {
          g_assert_cmpstr (placement->gpus, ==, "Emulated device 0");
          g_assert_cmpuint (placement->gpu_memory, ==, (guint64) 4 << 30);
          g_assert_cmpuint (placement->gpu_memory_free, <, placement->gpu_memory);
        }
      else
        g_assert_null (placement->gpus);
    }

  tiny_model_remove (path);
}

/* Without a module the processor serves, says why, and is no substitute where a GPU is demanded. */
static void
test_without (void)
{
  g_autoptr (SottoWorker) worker = make_worker ("");
  g_autofree char *path = write_model ();
  g_autoptr (SottoEvent) served = wait_for_end (worker, sotto_worker_load (worker, path, 0));
  g_autoptr (SottoEvent) refused = NULL;
  g_autoptr (SottoEvent) again = NULL;

  g_assert_cmpint (served->kind, ==, SOTTO_EVENT_LOADED);
  g_assert_null (served->placement->gpus);
  g_assert_cmpuint (served->placement->n_gpu_layers, ==, 0);
  g_assert_error (served->placement->reason, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_GPU);

  sotto_worker_place (worker, path, SOTTO_GPU_ALWAYS, 0);
  refused = wait_for_end (worker, sotto_worker_load (worker, path, 0));
  g_assert_cmpint (refused->kind, ==, SOTTO_EVENT_FAILED);
  g_assert_error (refused->error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_GPU);
  g_assert_cmpstr (sotto_engine_error_get_arguments (refused->error)->subject, ==, "module");

  sotto_worker_place (worker, path, SOTTO_GPU_NEVER, 0);
  again = wait_for_end (worker, sotto_worker_load (worker, path, 0));
  g_assert_cmpint (again->kind, ==, SOTTO_EVENT_LOADED);

  tiny_model_remove (path);
}

/* More layers than the model has, or than fit. */
static void
test_too_many (void)
{
  g_autoptr (SottoWorker) worker = NULL;
  g_autofree char *path = write_model ();
  g_autoptr (SottoEvent) refused = NULL;

  g_setenv ("SOTTO_CUDA_EMULATION_MEMORY", "1000000", TRUE);
  worker = make_worker (module_path);
  sotto_worker_place (worker, path, SOTTO_GPU_ALWAYS, 2);
  refused = wait_for_end (worker, sotto_worker_load (worker, path, 0));
  g_unsetenv ("SOTTO_CUDA_EMULATION_MEMORY");
  g_assert_cmpint (refused->kind, ==, SOTTO_EVENT_FAILED);
  g_assert_error (refused->error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_MEMORY);

  tiny_model_remove (path);
}

/* Bytes of the emulated device with which room for @n_bytes is left, what is kept for others aside. */
static void
set_memory (guint64 n_bytes)
{
  g_autofree char *text = g_strdup_printf ("%" G_GUINT64_FORMAT, (((guint64) 192 << 20) + n_bytes) * 50 / 49);

  g_setenv ("SOTTO_CUDA_EMULATION_MEMORY", text, TRUE);
}

/* The memory of a GPU is the model's that is used: one that is kept open is closed for it, if it has some of it. */
static void
test_room (void)
{
  SottoWorkerOptions options = { .n_threads = 2, .keep_previous = TRUE };
  g_autofree char *path = write_model ();
  g_autofree char *other = write_model ();
  guint64 n_bytes = 0;

  g_setenv ("SOTTO_CUDA_MODULE", module_path, TRUE);
  for (guint i = 0; i < 4; i++)
    {
      g_autoptr (SottoWorker) worker = NULL;
      g_autoptr (SottoEvent) first = NULL;
      g_autoptr (SottoEvent) second = NULL;
      g_autoptr (GError) error = NULL;

      g_test_message ("case %u", i);
      /* Room for a hundred; for one and a half; the same, with one that needs none; too little for one. */
      if (i > 0)
        set_memory (i < 3 ? n_bytes / 2 * 3 : n_bytes / 2);
      worker = sotto_worker_new (&options, &error);
      g_assert_no_error (error);
      if (i == 2)
        sotto_worker_place (worker, path, SOTTO_GPU_NEVER, 0);
      first = wait_for_end (worker, sotto_worker_load (worker, path, 0));
      g_assert_cmpint (first->kind, ==, SOTTO_EVENT_LOADED);
      g_assert_cmpuint (first->placement->n_gpu_layers, ==, i == 2 || i == 3 ? 0 : 2);
      second = wait_for_end (worker, sotto_worker_load (worker, other, 0));
      g_assert_cmpint (second->kind, ==, SOTTO_EVENT_LOADED);
      g_assert_cmpuint (second->placement->n_gpu_layers, ==, i == 3 ? 0 : 2);
      g_assert_cmpuint (second->memory.weights, ==, (i == 1 ? 1 : 2) * first->memory.weights);
      if (i == 0)
        n_bytes = first->placement->gpu_memory - first->placement->gpu_memory_free;
    }

  g_unsetenv ("SOTTO_CUDA_EMULATION_MEMORY");
  tiny_model_remove (path);
  tiny_model_remove (other);
}

/* A GPU that does not open is left out, of the list as of what models run on; it says why where it is the only one. */
static void
test_shut (void)
{
  g_autofree char *path = write_model ();

  g_setenv ("SOTTO_CUDA_MODULE", module_path, TRUE);
  g_setenv ("SOTTO_CUDA_EMULATION_SHUT", "0", TRUE);
  for (guint n = 1; n <= 2; n++)
    {
      g_autofree char *number = g_strdup_printf ("%u", n);
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) gpus = NULL;
      g_autoptr (SottoWorker) worker = NULL;
      g_autoptr (SottoEvent) event = NULL;

      g_setenv ("SOTTO_CUDA_EMULATION_DEVICES", number, TRUE);
      gpus = sotto_gpus_list (&error);
      worker = make_worker (module_path);
      event = wait_for_end (worker, sotto_worker_load (worker, path, 0));
      g_assert_cmpint (event->kind, ==, SOTTO_EVENT_LOADED);
      if (n == 1)
        {
          g_assert_null (gpus);
          g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_BACKEND);
          g_assert_error (event->placement->reason, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_BACKEND);
          continue;
        }
      g_assert_no_error (error);
      g_assert_cmpuint (gpus->len, ==, 1);
      g_assert_cmpstr (((const SottoGpu *) g_ptr_array_index (gpus, 0))->name, ==, "Emulated device 1");
      g_assert_cmpstr (event->placement->gpus, ==, "Emulated device 1");
    }

  g_unsetenv ("SOTTO_CUDA_EMULATION_DEVICES");
  g_unsetenv ("SOTTO_CUDA_EMULATION_SHUT");
  tiny_model_remove (path);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (argc, ==, 2);
  module_path = argv[1];
  g_test_add_func ("/placement/moved", test_moved);
  g_test_add_func ("/placement/without", test_without);
  g_test_add_func ("/placement/too-many", test_too_many);
  g_test_add_func ("/placement/room", test_room);
  g_test_add_func ("/placement/shut", test_shut);

  return g_test_run ();
}
