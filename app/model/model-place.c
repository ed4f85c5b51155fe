#include "config.h"

#include "model/model-place.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define KEY "model-places"

/* --- As it is kept --- */

/* Returns: (nullable): what stands before " PATH" in @kept, as long as @length */
static const char *
match (const char *kept, const char *path, gsize *length)
{
  const char *space = strchr (kept, ' ');

  if (space == NULL || !g_str_equal (space + 1, path))
    return NULL;
  *length = (gsize) (space - kept);
  return kept;
}

static SottoModelPlace
parse (const char *word, gsize length, guint *n_layers)
{
  g_autofree char *text = g_strndup (word, length);
  guint64 number;

  if (g_str_equal (text, "cpu"))
    return SOTTO_MODEL_PLACE_CPU;
  if (g_str_equal (text, "gpu"))
    return SOTTO_MODEL_PLACE_GPU;
  if (!g_ascii_string_to_unsigned (text, 10, 1, G_MAXINT, &number, NULL))
    return SOTTO_MODEL_PLACE_AUTOMATIC;
  *n_layers = (guint) number;
  return SOTTO_MODEL_PLACE_LAYERS;
}

SottoModelPlace
sotto_model_place_get (SottoSettings *settings, const char *path, guint *n_layers)
{
  g_auto (GStrv) kept = sotto_settings_dup_strv (settings, KEY);

  *n_layers = 0;
  for (guint i = 0; kept[i] != NULL; i++)
    {
      gsize length;
      const char *word = match (kept[i], path, &length);

      if (word != NULL)
        return parse (word, length, n_layers);
    }
  return SOTTO_MODEL_PLACE_AUTOMATIC;
}

void
sotto_model_place_set (SottoSettings   *settings,
                       const char      *path,
                       SottoModelPlace  place,
                       guint            n_layers)
{
  g_auto (GStrv) kept = sotto_settings_dup_strv (settings, KEY);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) all = NULL;

  if (!g_utf8_validate (path, -1, NULL))
    return;

  for (guint i = 0; kept[i] != NULL; i++)
    {
      gsize length;

      if (match (kept[i], path, &length) == NULL)
        g_strv_builder_add (builder, kept[i]);
    }
  if (place == SOTTO_MODEL_PLACE_LAYERS)
    g_strv_builder_take (builder, g_strdup_printf ("%u %s", MAX (n_layers, 1), path));
  else if (place != SOTTO_MODEL_PLACE_AUTOMATIC)
    g_strv_builder_take (builder, g_strconcat (place == SOTTO_MODEL_PLACE_GPU ? "gpu " : "cpu ", path, NULL));
  all = g_strv_builder_end (builder);
  if (!g_strv_equal ((const char *const *) all, (const char *const *) kept))
    g_object_set (settings, KEY, all, NULL);
}

void
sotto_model_place_apply (SottoSettings *settings, SottoWorker *worker, const char *path)
{
  guint n_layers;

  switch (sotto_model_place_get (settings, path, &n_layers))
    {
    case SOTTO_MODEL_PLACE_CPU:
      sotto_worker_place (worker, path, SOTTO_GPU_NEVER, 0);
      break;
    case SOTTO_MODEL_PLACE_GPU:
    case SOTTO_MODEL_PLACE_LAYERS:
      sotto_worker_place (worker, path, SOTTO_GPU_ALWAYS, n_layers);
      break;
    case SOTTO_MODEL_PLACE_AUTOMATIC:
    default:
      sotto_worker_place (worker, path, SOTTO_GPU_AUTOMATIC, 0);
      break;
    }
}

/* --- In words --- */

char *
sotto_model_place_shorten (const char *gpus)
{
  static const char *const makes[] = { "NVIDIA ", "GeForce " };
  g_autoptr (GString) text = g_string_new (gpus);

  for (guint i = 0; i < G_N_ELEMENTS (makes); i++)
    g_string_replace (text, makes[i], "", 0);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

char *
sotto_model_place_describe (const SottoPlacement *placement)
{
  g_autofree char *cpu = NULL;

  /* Translators: where a model is computed: the processor, and with how many of its threads */
  cpu = g_strdup_printf (ngettext ("CPU, %u thread", "CPU, %u threads", placement->n_threads),
                         placement->n_threads);
  if (placement->gpus == NULL)
    return g_steal_pointer (&cpu);
  if (placement->n_expert_layers > 0)
    /* Translators: the name of a GPU; how many layers of a model it computes, of how many (the number that the plural is
     * for); of how many of them it leaves out the experts, which are the larger part of models that are called a mixture
     * of experts; “CPU, 8 threads” */
    return g_strdup_printf (ngettext ("%s: %u of %u layer, without the experts of %u; %s: the rest",
                                      "%s: %u of %u layers, without the experts of %u; %s: the rest",
                                      placement->n_layers),
                            placement->gpus, placement->n_gpu_layers, placement->n_layers,
                            placement->n_expert_layers, cpu);
  if (placement->n_gpu_layers >= placement->n_layers)
    return g_strdup (placement->gpus);
  /* Translators: the name of a GPU; how many layers of a model it computes, of how many (the number that the plural is
   * for); “CPU, 8 threads” */
  return g_strdup_printf (ngettext ("%s: %u of %u layer; %s: the others", "%s: %u of %u layers; %s: the others",
                                    placement->n_layers),
                          placement->gpus, placement->n_gpu_layers, placement->n_layers, cpu);
}

/* Bytes that programs may still take, or 0. */
static guint64
measure_free_memory (void)
{
  g_autofree char *text = NULL;
  const char *line;

  if (!g_file_get_contents ("/proc/meminfo", &text, NULL, NULL))
    return 0;
  line = strstr (text, "MemAvailable:");
  return line != NULL ? g_ascii_strtoull (line + strlen ("MemAvailable:"), NULL, 10) * 1024 : 0;
}

char *
sotto_model_place_describe_memory (const SottoPlacement *placement)
{
  const SottoMemory *memory = &placement->memory;
  const gboolean is_on_gpu = placement->gpus != NULL && placement->gpu_memory > 0;
  const guint64 left = is_on_gpu ? placement->gpu_memory_free : measure_free_memory ();
  g_autofree char *used = g_format_size (memory->weights + memory->kv_cache + memory->scratch);
  g_autofree char *left_text = g_format_size (left);

  if (!is_on_gpu && left == 0)
    /* Translators: a size such as “612 MB” */
    return g_strdup_printf (_("%s used"), used);
  if (is_on_gpu)
    /* Translators: two sizes such as “612 MB” */
    return g_strdup_printf (_("%s used, %s free on the GPU"), used, left_text);
  /* Translators: two sizes such as “612 MB” */
  return g_strdup_printf (_("%s used, %s free"), used, left_text);
}
