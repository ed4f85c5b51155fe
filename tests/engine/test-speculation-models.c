/* Real models, in every way of drawing, on texts that repeat themselves: the same replies with tokens guessed ahead as
 * without. The largest is helped by the middle one. */

#include "speculation.h"

typedef struct {
  const char *file;
  const char *helper;      /* (nullable) */
} Case;

static const Case cases[] = {
  { "SmolLM2-135M-Instruct.Q4_1.gguf", NULL },
  { "gemma-3-270m-q4_k_m.gguf", NULL },
  { "Qwen2.5-Coder-0.5B-Instruct.Q4_K_M.gguf", NULL },
  { "Qwen2.5-Coder-1.5B-Instruct.Q4_K_M.gguf", "Qwen2.5-Coder-0.5B-Instruct.Q4_K_M.gguf" },
};

static const char *const prompts[] = {
  "Rename the function `load` to `read` and give back the whole file.\n\n```python\ndef load(path):\n    with open(path) as "
  "stream:\n        return stream.read()\n\n\ndef main():\n    print(load(\"a.txt\"))\n    print(load(\"b.txt\"))\n```",
  "Write this as indented JSON: [{\"name\": \"Gdynia harbour\", \"berths\": 38}, {\"name\": \"Rotterdam Europoort\", "
  "\"berths\": 91}, {\"name\": \"Trieste Molo VII\", \"berths\": 12}]",
  "Summarise, quoting word for word: The harbour was built between 1921 and 1926 on the site of a fishing village. The "
  "engineer chose the place because \"the bay is deep, the bottom is sandy and the peninsula breaks the waves\".",
  "Tell me something new.",
};

static char *
find_model (const char *file)
{
  return g_build_filename (g_get_user_data_dir (), "sotto", "models", file, NULL);
}

static void
test_model (gconstpointer data)
{
  const Case *test = data;
  g_autofree char *path = find_model (test->file);
  SottoWorkerOptions options = { 0 };
  g_autoptr (SottoWorker) plain = NULL;
  g_autoptr (SottoWorker) other = NULL;
  g_autoptr (GError) error = NULL;
  guint n_accepted = 0;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_test_skip ("the model is not there");
      return;
    }

  plain = sotto_worker_new (&options, &error);
  g_assert_no_error (error);
  other = sotto_worker_new (&options, &error);
  g_assert_no_error (error);
  if (test->helper != NULL)
    {
      g_autofree char *helper = find_model (test->helper);

      sotto_worker_set_library (other, (const char *const[]) { helper, NULL });
    }

  for (guint i = 0; i < G_N_ELEMENTS (prompts); i++)
    {
      g_autoptr (SottoMessages) messages = sotto_messages_new ();

      sotto_messages_append (messages, "user", prompts[i]);
      for (guint k = 0; k < n_speculation_ways; k++)
        n_accepted += speculation_check (plain, other, path, messages, NULL, &speculation_ways[k]);
      speculation_check_cancel (plain, other, path, messages, NULL, 40);
    }
  g_assert_cmpuint (n_accepted, >, 200);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *name = g_strconcat ("/speculation-models/", cases[i].file, NULL);

      g_test_add_data_func (name, &cases[i], test_model);
    }

  return g_test_run ();
}
