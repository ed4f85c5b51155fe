#include "sotto-app.h"

#include "model/model-vision.h"

/* Which file a model sees with, by folder and name. The names are those under which such files are handed around. */

static SottoModelFacts *
create_facts (const char *path, const char *own_name, gboolean is_vision, guint64 size)
{
  SottoModelFacts *facts = g_new0 (SottoModelFacts, 1);

  facts->path = g_strdup (path);
  facts->name = sotto_model_files_create_name (path, own_name);
  facts->own_name = g_strdup (own_name);
  facts->is_vision = is_vision;
  facts->size = size;
  return facts;
}

static void
test_names (void)
{
  static const struct {
    const char *model;
    const char *model_name;
    const char *vision;
    const char *vision_name;
    gboolean is_one;
  } cases[] = {
    { "SmolVLM-256M-Instruct-Q8_0.gguf", NULL, "mmproj-SmolVLM-256M-Instruct-f16.gguf", NULL, TRUE },
    { "SmolVLM-256M-Instruct-Q8_0.gguf", NULL, "mmproj-SmolVLM-500M-Instruct-f16.gguf", NULL, FALSE },
    { "SmolVLM-500M-Instruct-Q8_0.gguf", NULL, "mmproj-SmolVLM2-500M-Video-Instruct-f16.gguf", NULL, FALSE },
    { "SmolVLM2-500M-Video-Instruct-Q8_0.gguf", NULL, "mmproj-SmolVLM2-500M-Video-Instruct-f16.gguf", NULL, TRUE },
    { "google_gemma-3-4b-it-Q4_K_M.gguf", NULL, "mmproj-google_gemma-3-4b-it-f16.gguf", NULL, TRUE },
    { "gemma-3-4b-it-qat-q4_0.gguf", NULL, "mmproj-google_gemma-3-4b-it-f16.gguf", NULL, TRUE },
    { "gemma3-4b.gguf", NULL, "Gemma-3-4B-mmproj-BF16.gguf", NULL, TRUE },
    { "gemma-3-4b-it-Q4_K_M.gguf", NULL, "mmproj-model-f16-4B.gguf", NULL, FALSE },
    { "gemma-3-12b-it-Q4_K_M.gguf", NULL, "mmproj-google_gemma-3-4b-it-f16.gguf", NULL, FALSE },
    { "gemma-2-9b-it-Q4_K_M.gguf", NULL, "mmproj-google_gemma-3-4b-it-f16.gguf", NULL, FALSE },
    { "llava-v1.6-mistral-7b.Q4_K_M.gguf", NULL, "llava-1.6-mistral-7b-mmproj-f16.gguf", NULL, TRUE },
    { "llava-v1.6-mistral-7b.Q4_K_M.gguf", NULL, "llava-v1.5-7b-mmproj-Q8_0.gguf", NULL, FALSE },
    { "pixtral-12b-Q4_K_M.gguf", NULL, "mmproj-pixtral-12b-f16.gguf", NULL, TRUE },
    { "LFM2-VL-450M-Q8_0.gguf", NULL, "mmproj-LFM2-VL-450M-Q8_0.gguf", NULL, TRUE },
    /* What only says what it is for says nothing. */
    { "Llama-3.2-3B-Instruct-Q4_K_M.gguf", NULL, "mmproj-SmolVLM-Instruct-f16.gguf", NULL, FALSE },
    { "SmolVLM-256M-Instruct-Q8_0.gguf", NULL, "mmproj-model-f16.gguf", NULL, FALSE },
    { "model.gguf", NULL, "mmproj-model-f16.gguf", NULL, FALSE },
    /* What a file calls itself counts as well. */
    { "SmolVLM-256M-Instruct-Q8_0.gguf", NULL, "mmproj-model-f16.gguf", "SmolVLM 256M Instruct", TRUE },
    { "sha256-0", "Smolvlm 256M Instruct", "mmproj.gguf", "SmolVLM 256M Instruct", TRUE },
    { "model.gguf", "Gemma 3 4b It", "mmproj-google_gemma-3-4b-it-f16.gguf", NULL, TRUE },
    { "model.gguf", "Gemma 3 12b It", "mmproj-google_gemma-3-4b-it-f16.gguf", NULL, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *model_path = g_build_filename ("/m", cases[i].model, NULL);
      g_autofree char *vision_path = g_build_filename ("/v", cases[i].vision, NULL);
      g_autoptr (SottoModelFacts) model = create_facts (model_path, cases[i].model_name, FALSE, 1);
      g_autoptr (SottoModelFacts) vision = create_facts (vision_path, cases[i].vision_name, TRUE, 1);

      g_test_message ("%s (%s) and %s (%s)", cases[i].model, cases[i].model_name, cases[i].vision, cases[i].vision_name);
      g_assert_cmpint (sotto_model_vision_rate (model, vision) > 0, ==, cases[i].is_one);
    }
}

static void
add (GPtrArray *facts, const char *path, gboolean is_vision, guint64 size)
{
  g_ptr_array_add (facts, create_facts (path, NULL, is_vision, size));
}

static const char *
choose (GPtrArray *models, guint index, GPtrArray *visions)
{
  const SottoModelFacts *chosen = sotto_model_vision_choose (models->pdata[index], visions, models);

  return chosen != NULL ? chosen->path : NULL;
}

/* All of these would fit by their sizes. */
static void
test_choice (void)
{
  g_autoptr (GPtrArray) models = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_model_facts_free);
  g_autoptr (GPtrArray) visions = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_model_facts_free);

  /* LM Studio's: one model in two quantisations, and what it sees with under a name that says nothing */
  add (models, "/lm/author/tiny-eyes/tiny-eyes-Q4_K_M.gguf", FALSE, 1);
  add (models, "/lm/author/tiny-eyes/tiny-eyes-Q8_0.gguf", FALSE, 1);
  add (visions, "/lm/author/tiny-eyes/mmproj-model-f16.gguf", TRUE, 1);
  /* A folder of everything */
  add (models, "/all/pixtral-12b-Q4_K_M.gguf", FALSE, 1);
  add (models, "/all/other.gguf", FALSE, 1);
  add (visions, "/all/mmproj-model-f16.gguf", TRUE, 1);
  add (visions, "/all/mmproj-pixtral-12b-Q8_0.gguf", TRUE, 1);
  add (visions, "/all/mmproj-pixtral-12b-f16.gguf", TRUE, 2);
  /* The same elsewhere, and one in a folder with nothing to see with */
  add (models, "/some/pixtral-12b-Q8_0.gguf", FALSE, 1);
  add (visions, "/most/mmproj-pixtral-12b-f32.gguf", TRUE, 4);

  g_assert_cmpstr (choose (models, 0, visions), ==, "/lm/author/tiny-eyes/mmproj-model-f16.gguf");
  g_assert_cmpstr (choose (models, 1, visions), ==, "/lm/author/tiny-eyes/mmproj-model-f16.gguf");
  g_assert_cmpstr (choose (models, 2, visions), ==, "/all/mmproj-pixtral-12b-f16.gguf");
  g_assert_cmpstr (choose (models, 3, visions), ==, NULL);
  g_assert_cmpstr (choose (models, 4, visions), ==, "/most/mmproj-pixtral-12b-f32.gguf");

  g_assert_true (sotto_model_vision_is_beside (models->pdata[0], visions->pdata[0], models));
  g_assert_false (sotto_model_vision_is_beside (models->pdata[3], visions->pdata[1], models));
  g_assert_false (sotto_model_vision_is_beside (models->pdata[4], visions->pdata[4], models));
}

static void
test_kept (void)
{
  g_autoptr (SottoSettings) settings = sotto_settings_new ();
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  g_autofree char *none = NULL;
  g_auto (GStrv) kept = NULL;

  g_assert_null (sotto_model_vision_get (settings, "/a b.gguf"));
  sotto_model_vision_set (settings, "/a b.gguf", "/mmproj a.gguf");
  sotto_model_vision_set (settings, "/b.gguf", "");
  first = sotto_model_vision_get (settings, "/a b.gguf");
  second = sotto_model_vision_get (settings, "/b.gguf");
  g_assert_cmpstr (first, ==, "/mmproj a.gguf");
  g_assert_cmpstr (second, ==, "");
  g_assert_null (sotto_model_vision_get (settings, "b.gguf"));

  /* Nothing that would be read back as something else is kept. */
  sotto_model_vision_set (settings, "/c\n.gguf", "/mmproj.gguf");
  sotto_model_vision_set (settings, "/c\xff.gguf", "/mmproj.gguf");
  sotto_model_vision_set (settings, "/c.gguf", "/mmproj\n.gguf");
  kept = sotto_settings_dup_strv (settings, "model-visions");
  g_assert_cmpuint (g_strv_length (kept), ==, 2);

  sotto_model_vision_set (settings, "/a b.gguf", NULL);
  none = sotto_model_vision_get (settings, "/a b.gguf");
  g_assert_null (none);

  /* Whatever else stands there is nobody's. */
  g_object_set (settings, "model-visions", (const char *const[]) { "", "/mmproj.gguf", "\n", NULL }, NULL);
  g_assert_null (sotto_model_vision_get (settings, "/mmproj.gguf"));
  g_object_set (settings, "model-visions", NULL, NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_setenv ("GSETTINGS_BACKEND", "memory", TRUE);
  g_test_add_func ("/app/model-vision/names", test_names);
  g_test_add_func ("/app/model-vision/choice", test_choice);
  g_test_add_func ("/app/model-vision/kept", test_kept);
  return g_test_run ();
}
