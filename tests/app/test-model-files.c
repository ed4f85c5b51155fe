#include "sotto-app.h"

#include "model-files.h"

static void
test_names (void)
{
  static const struct {
    const char *path;
    const char *own_name;
    const char *name;
  } cases[] = {
    { "/m/Qwen2.5-Coder-0.5B-Instruct.Q4_K_M.gguf", "Qwen2.5 Coder 0.5B Instruct AWQ", "Qwen2.5 "
                                                                                       "Coder "
                                                                                       "0.5B "
                                                                                       "Instruct" },
    { "/m/SmolLM2-135M-Instruct.Q4_1.gguf", "Smollm2 135M 8k Lc100K Mix1 Ep2", "SmolLM2 135M "
                                                                               "Instruct" },
    { "/m/gemma-3-270m-q4_k_m.gguf", NULL, "gemma 3 270m" },
    { "/m/llama-3.2-1b-instruct-bf16.gguf", "x", "llama 3.2 1b instruct" },
    { "/m/tiny-IQ3_XXS.gguf", NULL, "tiny" },
    { "/m/ggml-model-q4_0.gguf", "My Model", "My Model" },
    { "/m/model.gguf", NULL, "model" },
    { "/m/Q4_K_M.gguf", NULL, "Q4 K M" },
    { "/m/no suffix", "x", "no suffix" },
    { "/m/.gguf", "Named", "Named" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *name = sotto_model_files_create_name (cases[i].path, cases[i].own_name);

      g_assert_cmpstr (name, ==, cases[i].name);
    }
}

static void
test_matches (void)
{
  const char *path = "/m/SmolLM2-135M-Instruct.Q4_1.gguf";

  g_assert_true (sotto_model_files_matches (path, NULL, path));
  g_assert_true (sotto_model_files_matches (path, NULL, "SmolLM2-135M-Instruct.Q4_1.gguf"));
  g_assert_true (sotto_model_files_matches (path, NULL, "smollm2-135m-instruct.q4_1"));
  g_assert_true (sotto_model_files_matches (path, "SmolLM2 135M Instruct",
                                            "smollm2 135m instruct"));
  g_assert_false (sotto_model_files_matches (path, "SmolLM2 135M Instruct", "SmolLM2"));
  g_assert_false (sotto_model_files_matches (path, NULL, "\xff"));
}

/* Those that answer first, then by name with numbers as numbers. */
static void
test_order (void)
{
  g_assert_cmpint (sotto_model_files_compare ("Qwen 0.5B", FALSE, "qwen 1.5B", FALSE), <, 0);
  g_assert_cmpint (sotto_model_files_compare ("gemma", TRUE, "Qwen", FALSE), >, 0);
  g_assert_cmpint (sotto_model_files_compare ("a 9", FALSE, "a 10", FALSE), <, 0);
}

static void
test_unreadable (void)
{
  g_autoptr (SottoModelFacts) folder = sotto_model_files_look ("/tmp");
  g_autoptr (SottoModelFacts) device = sotto_model_files_look ("/dev/zero");
  g_autoptr (SottoModelFacts) missing = sotto_model_files_look ("/nonexistent.gguf");

  g_assert_nonnull (folder->error);
  g_assert_nonnull (device->error);
  g_assert_nonnull (missing->error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/app/model-files/names", test_names);
  g_test_add_func ("/app/model-files/matches", test_matches);
  g_test_add_func ("/app/model-files/order", test_order);
  g_test_add_func ("/app/model-files/unreadable", test_unreadable);
  return g_test_run ();
}
