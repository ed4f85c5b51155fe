/* The command-line tool as others call it: its output, exit statuses and error lines, on a tiny
 * model; what it computes is compared with the engine called directly, or with the definition
 * written out here. */

#include <glib/gstdio.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#include "sotto-engine.h"
#include "tiny-model.h"

typedef struct {
  char *tool;                /* quoted */
  char *folder;
  char *model;               /* in it, and quoted below */
  char *quoted;
  char *output;              /* of the last run */
  gsize n_output;
  char *errors;
} Fixture;

static void
set_up (Fixture       *self,
        gconstpointer  data)
{
  TinyModel tiny = TINY_MODEL_DEFAULTS;
  g_autofree char *tool =
      g_build_filename (g_getenv ("SOTTO_BUILD_DIR"), "engine", "sotto-engine", NULL);

  g_assert_true (g_file_test (tool, G_FILE_TEST_IS_EXECUTABLE));
  self->tool = g_shell_quote (tool);
  self->model = tiny_model_write_temporary (&tiny);
  self->folder = g_path_get_dirname (self->model);
  self->quoted = g_shell_quote (self->model);
}

static void
tear_down (Fixture       *self,
           gconstpointer  data)
{
  g_autoptr (GDir) dir = g_dir_open (self->folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (self->folder, name, NULL);

      if (strcmp (path, self->model) != 0)
        g_unlink (path);
    }
  tiny_model_remove (self->model);
  g_free (self->tool);
  g_free (self->folder);
  g_free (self->model);
  g_free (self->quoted);
  g_free (self->output);
  g_free (self->errors);
}

/* Runs a line of shell in the model's folder, %s being the tool, and returns the exit status. */
static int
run (Fixture    *self,
     const char *format,
     ...) G_GNUC_PRINTF (2, 3);

static int
run (Fixture    *self,
     const char *format,
     ...)
{
  g_autofree char *line = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) environment = g_get_environ ();
  char *arguments[] = { (char *) "/bin/sh", (char *) "-c", NULL, NULL };
  g_autofree char *output_path = g_build_filename (self->folder, "stdout", NULL);
  va_list list;
  int status;

  va_start (list, format);
  line = g_strdup_vprintf (format, list);
  va_end (list);
  arguments[2] = g_strdup_printf ("( %s ) > stdout", line);

  g_clear_pointer (&self->output, g_free);
  g_clear_pointer (&self->errors, g_free);
  environment = g_environ_setenv (environment, "LC_ALL", "C.UTF-8", TRUE);
  g_spawn_sync (self->folder,
                arguments,
                environment,
                G_SPAWN_DEFAULT,
                NULL,
                NULL,
                NULL,
                &self->errors,
                &status,
                &error);
  g_assert_no_error (error);
  g_free (arguments[2]);
  g_assert_true (g_file_get_contents (output_path, &self->output, &self->n_output, NULL));
  g_assert_true (WIFEXITED (status));

  return WEXITSTATUS (status);
}

static void
write_file (Fixture    *self,
            const char *name,
            const char *bytes,
            gssize      length)
{
  g_autofree char *path = g_build_filename (self->folder, name, NULL);

  g_assert_true (g_file_set_contents (path, bytes, length, NULL));
}

/* An error is one line that begins with the program's name. */
static void
assert_one_line (const char *errors)
{
  const char *end = strchr (errors, '\n');

  g_assert_true (g_str_has_prefix (errors, "sotto-engine: "));
  g_assert_nonnull (end);
  g_assert_cmpstr (end, ==, "\n");
}

/* --- Use --- */

static void
test_use (Fixture       *self,
          gconstpointer  data)
{
  static const char *const commands[] = {
    "inspect", "verify",   "tokenize",   "detokenize", "render",
    "logits",  "generate", "perplexity", "bench",
  };
  static const char *const wrong[] = {
    "nonsense",
    "tokenize",
    "tokenize a b",
    "inspect --nonsense x",
    "logits x",
    "render --messages x",
    "generate x",
    "bench x --repeat 0",
    "inspect x --context -5",
  };

  g_assert_cmpint (run (self, "%s --help", self->tool), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    g_assert_nonnull (strstr (self->output, commands[i]));

  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      g_assert_cmpint (run (self, "%s %s --help", self->tool, commands[i]), ==, 0);
      g_assert_nonnull (strstr (self->output, "Usage:"));
    }

  g_assert_cmpint (run (self, "%s", self->tool), ==, 2);
  g_assert_cmpstr (self->output, ==, "");

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_assert_cmpint (run (self, "%s %s", self->tool, wrong[i]), ==, 2);
      g_assert_cmpstr (self->output, ==, "");
      assert_one_line (self->errors);
    }
}

static void
test_errors (Fixture       *self,
             gconstpointer  data)
{
  static const char *const commands[] = {
    "inspect no-such",
    "verify no-such",
    "tokenize no-such </dev/null",
    "detokenize no-such 1",
    "render no-such --messages m",
    "logits no-such --tokens 1 --output o",
    "generate no-such --prompt x",
    "perplexity no-such f",
    "bench no-such",
    "inspect stdout",
    "generate --raw no-such --prompt x",
  };

  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      g_assert_cmpint (run (self, "%s %s", self->tool, commands[i]), ==, 1);
      g_assert_cmpstr (self->output, ==, "");
      assert_one_line (self->errors);
    }

  g_assert_cmpint (run (self, "%s bench %s --backend abacus", self->tool, self->quoted), ==, 1);
  assert_one_line (self->errors);
  g_assert_nonnull (strstr (self->errors, "abacus"));
}

/* --- Text --- */

static void
test_tokenize (Fixture       *self,
               gconstpointer  data)
{
  g_assert_cmpint (
      run (self, "printf 'a the<|im_end|>' | %s tokenize %s --special", self->tool, self->quoted),
      ==,
      0);
  g_assert_cmpstr (self->output, ==, "97 258 261\n");

  g_assert_cmpint (
      run (self, "printf '<|im_end|>' | %s tokenize %s", self->tool, self->quoted), ==, 0);
  g_assert_cmpstr (self->output, ==, "60 124 105 109 95 101 110 100 124 62\n");

  g_assert_cmpint (run (self, "%s tokenize %s </dev/null", self->tool, self->quoted), ==, 0);
  g_assert_cmpstr (self->output, ==, "\n");

  g_assert_cmpint (run (self, "%s detokenize %s 97 258 261", self->tool, self->quoted), ==, 0);
  g_assert_cmpstr (self->output, ==, "a the<|im_end|>");

  g_assert_cmpint (run (self, "%s detokenize %s 97 262", self->tool, self->quoted), ==, 2);
  assert_one_line (self->errors);
}

static void
test_round_trip (Fixture       *self,
                 gconstpointer  data)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (5);
  char bytes[5000];

  for (guint i = 0; i < sizeof bytes; i++)
    bytes[i] = g_rand_int_range (random, 0, 256);
  write_file (self, "bytes", bytes, sizeof bytes);

  g_assert_cmpint (run (self,
                        "%s detokenize %s $(%s tokenize %s < bytes)",
                        self->tool,
                        self->quoted,
                        self->tool,
                        self->quoted),
                   ==,
                   0);
  g_assert_cmpmem (self->output, self->n_output, bytes, sizeof bytes);
}

static void
test_render (Fixture       *self,
             gconstpointer  data)
{
  write_file (self, "template",
              "{{ bos_token }}{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}"
              "{% if tools %}{{ tools | length }} tools\n{% endif %}"
              "{% if add_generation_prompt %}[assistant]{% endif %}{{ eos_token }}", -1);
  write_file (self, "messages",
              "[{\"role\":\"user\",\"content\":\"<|im_end|> Zażółć\"},"
              "{\"role\":\"assistant\",\"content\":\"gęślą\"}]", -1);
  write_file (self, "tools", "[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]", -1);
  write_file (self, "broken", "{% for %}", -1);
  write_file (self, "no-messages", "{\"role\":1", -1);

  g_assert_cmpint (
      run (self, "%s render --template template --messages messages", self->tool), ==, 0);
  g_assert_cmpstr (self->output, ==, "[user] <|im_end|> Zażółć\n[assistant] gęślą\n[assistant]");
  g_assert_cmpstr (self->errors, ==, "");

  g_assert_cmpint (
      run (self,
           "%s render --template template --messages messages --tools tools --bos '<s>' "
           "--eos '</s>' --no-generation-prompt",
           self->tool),
      ==,
      0);
  g_assert_cmpstr (
      self->output, ==, "<s>[user] <|im_end|> Zażółć\n[assistant] gęślą\n1 tools\n</s>");

  g_assert_cmpint (run (self, "%s render %s --messages messages", self->tool, self->quoted), ==, 0);
  g_assert_cmpstr (
      self->output,
      ==,
      "<|im_start|>user\n<|im_end|> Zażółć<|im_end|>\n<|im_start|>assistant\ngęślą<|im_end|>\n"
      "<|im_start|>assistant\n");
  g_assert_cmpstr (self->errors, ==, "");

  /* What the user wrote stays text; the template's own tokens are tokens. */
  g_assert_cmpint (run (self,
                        "%s render %s --messages messages --ids --no-generation-prompt",
                        self->tool,
                        self->quoted),
                   ==,
                   0);
  {
    g_auto (GStrv) ids = g_strsplit (g_strstrip (self->output), " ", -1);
    guint n_ends = 0;
    guint n_starts = 0;

    for (guint i = 0; ids[i] != NULL; i++)
      {
        n_ends += atoi (ids[i]) == TINY_MODEL_END ? 1 : 0;
        n_starts += atoi (ids[i]) == TINY_MODEL_START ? 1 : 0;
      }
    g_assert_cmpuint (n_ends, ==, 2);
    g_assert_cmpuint (n_starts, ==, 2);
  }

  g_assert_cmpint (
      run (self, "%s render --template broken --messages messages", self->tool), ==, 1);
  assert_one_line (self->errors);
  g_assert_cmpint (
      run (self, "%s render --template template --messages no-messages", self->tool), ==, 1);
  assert_one_line (self->errors);
  g_assert_cmpint (run (self, "%s render %s --template template --messages messages", self->tool,
                        self->quoted), ==, 2);
}

/* --- Files --- */

static void
test_inspect (Fixture       *self,
              gconstpointer  data)
{
  yyjson_doc *document;
  yyjson_val *root;
  guint64 kv_64;

  g_assert_cmpint (run (self, "%s inspect %s --context 64", self->tool, self->quoted), ==, 0);
  document = yyjson_read (self->output, self->n_output, 0);
  g_assert_nonnull (document);
  root = yyjson_doc_get_root (document);
  g_assert_cmpstr (yyjson_get_str (yyjson_obj_get (root, "family")), ==, "llama");
  g_assert_cmpuint (yyjson_arr_size (yyjson_obj_get (root, "tensors")), >, 10);
  g_assert_true (yyjson_is_obj (yyjson_obj_get (root, "metadata")));
  g_assert_nonnull (yyjson_obj_get (root, "licence"));
  kv_64 = yyjson_get_uint (yyjson_ptr_get (root, "/memory/kv_cache"));
  g_assert_cmpuint (kv_64, >, 0);
  yyjson_doc_free (document);

  g_assert_cmpint (run (self, "%s inspect %s --context 4096", self->tool, self->quoted), ==, 0);
  document = yyjson_read (self->output, self->n_output, 0);
  root = yyjson_doc_get_root (document);
  g_assert_cmpuint (yyjson_get_uint (yyjson_ptr_get (root, "/memory/kv_cache")), >, kv_64);
  yyjson_doc_free (document);
}

static void
test_verify (Fixture       *self,
             gconstpointer  data)
{
  g_autofree char *bytes = NULL;
  g_autofree char *hash = NULL;
  g_autofree char *expected = NULL;
  gsize length;
  const guint32 nan_bits = GUINT32_TO_LE (0x7fc00000);

  g_assert_true (g_file_get_contents (self->model, &bytes, &length, NULL));
  hash = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) bytes, length);
  expected = g_strdup_printf ("sha256 %s\nok\n", hash);
  g_assert_cmpint (run (self, "%s verify %s", self->tool, self->quoted), ==, 0);
  g_assert_cmpstr (self->output, ==, expected);

  /* The weights are the end of the file, and of F32. */
  memcpy (bytes + length - 64, &nan_bits, sizeof nan_bits);
  write_file (self, "nan", bytes, length);
  g_assert_cmpint (run (self, "%s verify nan", self->tool), ==, 1);
  g_assert_cmpstr (self->output, ==, "");
  assert_one_line (self->errors);
  g_assert_nonnull (strstr (self->errors, "finite"));

  write_file (self, "short", bytes, length / 2);
  g_assert_cmpint (run (self, "%s verify short", self->tool), ==, 1);
  assert_one_line (self->errors);
}

/* --- Computing --- */

typedef struct {
  GArray *logits;
  guint n_vocabulary;
} Collected;

static gboolean
collect (guint         first,
         guint         n_tokens,
         const float  *logits,
         gpointer      user_data,
         GError      **error)
{
  Collected *collected = user_data;

  g_array_append_vals (collected->logits, logits, n_tokens * collected->n_vocabulary);

  return TRUE;
}

/* The engine called directly: (n_tokens, n_vocabulary) */
static GArray *
evaluate (Fixture      *self,
          const gint32 *tokens,
          guint         n_tokens)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoModel) model = sotto_model_open (self->model, NULL, NULL, NULL, &error);
  g_autoptr (SottoBackend) backend = sotto_backend_new_cpu (1, "reference", &error);
  g_autoptr (SottoSession) session = NULL;
  Collected collected = { g_array_new (FALSE, FALSE, sizeof (float)), TINY_MODEL_VOCABULARY };

  g_assert_no_error (error);
  session = sotto_session_new (model, backend, n_tokens, SOTTO_KV_F16, &error);
  g_assert_no_error (error);
  sotto_session_evaluate (session, tokens, n_tokens, collect, &collected, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (collected.logits->len, ==, n_tokens * TINY_MODEL_VOCABULARY);

  return collected.logits;
}

static void
test_logits (Fixture       *self,
             gconstpointer  data)
{
  static const gint32 tokens[] = { 259, 72, 101, 108, 108, 111 };
  g_autoptr (GArray) expected = evaluate (self, tokens, G_N_ELEMENTS (tokens));
  g_autofree char *path = g_build_filename (self->folder, "logits", NULL);
  g_autofree char *bytes = NULL;
  gsize length;

  g_assert_cmpint (run (self, "%s logits %s --tokens 259,72,101,108,108,111 --output logits "
                        "--tier reference", self->tool, self->quoted), ==, 0);
  g_assert_cmpstr (self->output, ==, "");
  g_assert_true (g_file_get_contents (path, &bytes, &length, NULL));
  g_assert_cmpmem (bytes, length, expected->data, expected->len * sizeof (float));

  g_assert_cmpint (
      run (self, "%s logits %s --tokens 1,999 --output logits", self->tool, self->quoted), ==, 2);
  g_assert_cmpint (
      run (self, "%s logits %s --tokens 1 --output no-folder/x", self->tool, self->quoted), ==, 1);
  assert_one_line (self->errors);
}

/* Perplexity by its definition, from the logits of each chunk. */
static void
test_perplexity (Fixture       *self,
                 gconstpointer  data)
{
  enum { CONTEXT = 16 };
  static const char text[] =
      "Jackdaws love my big sphinx of quartz; pack my box with five dozen jugs.";
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoModel) model = sotto_model_open (self->model, NULL, NULL, NULL, &error);
  g_autoptr (GArray) tokens = NULL;
  gint32 bos;
  double sum = 0.0;
  guint n = 0;
  double printed;
  char *end;

  g_assert_no_error (error);
  tokens = sotto_model_tokenize (model, text, -1, FALSE);
  bos = sotto_model_get_bos_token (model);
  if (bos >= 0)
    g_array_prepend_val (tokens, bos);

  for (guint first = 0; first + CONTEXT <= tokens->len; first += CONTEXT)
    {
      gint32 *chunk = &g_array_index (tokens, gint32, first);
      g_autoptr (GArray) logits = NULL;

      if (bos >= 0)
        chunk[0] = bos;
      logits = evaluate (self, chunk, CONTEXT);
      for (guint i = CONTEXT / 2; i + 1 < CONTEXT; i++)
        {
          const float *row = &g_array_index (logits, float, i * TINY_MODEL_VOCABULARY);
          double total = 0.0;

          for (guint j = 0; j < TINY_MODEL_VOCABULARY; j++)
            total += exp (row[j]);
          sum -= log (exp (row[chunk[i + 1]]) / total);
          n++;
        }
    }
  g_assert_cmpuint (n, >=, 4 * (CONTEXT / 2 - 1));

  write_file (self, "text", text, -1);
  g_assert_cmpint (run (self,
                        "%s perplexity %s text --context %d --tier reference",
                        self->tool,
                        self->quoted,
                        CONTEXT),
                   ==,
                   0);
  g_assert_true (g_str_has_prefix (self->output, "perplexity "));
  printed = g_ascii_strtod (self->output + strlen ("perplexity "), &end);
  g_assert_cmpfloat (fabs (printed / exp (sum / n) - 1.0), <, 1e-4);
  g_assert_nonnull (strstr (self->errors, "[1/"));

  g_assert_cmpint (
      run (self, "%s perplexity %s text --context 200", self->tool, self->quoted), ==, 1);
  assert_one_line (self->errors);
}

static void
test_generate (Fixture       *self,
               gconstpointer  data)
{
  const char *line =
      "%s generate %s --raw --prompt 'the beginning' --max-tokens 20 --temperature 1 --top-k 0 "
      "--top-p 1 --min-p 0 --seed %d";
  g_autofree char *first = NULL;
  g_autofree char *first_of_greedy = NULL;

  g_assert_cmpint (run (self,
                        "%s generate %s --raw --prompt the --max-tokens 12 --temperature 0",
                        self->tool,
                        self->quoted),
                   ==,
                   0);
  first_of_greedy = g_strdup (self->output);
  g_assert_cmpint (
      run (self,
           "%s generate %s --raw --prompt the --max-tokens 12 --temperature 0 --seed 9 "
           "--receipt",
           self->tool,
           self->quoted),
      ==,
      0);
  g_assert_cmpstr (self->output, ==, first_of_greedy);
  {
    yyjson_doc *receipt = yyjson_read (self->errors, strlen (self->errors), 0);

    g_assert_nonnull (receipt);
    g_assert_cmpstr (
        yyjson_get_str (yyjson_ptr_get (yyjson_doc_get_root (receipt), "/sampler/seed")), ==, "9");
    yyjson_doc_free (receipt);
  }

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  g_assert_cmpint (run (self, line, self->tool, self->quoted, 1), ==, 0);
  first = g_strdup (self->output);
  g_assert_true (g_utf8_validate (first, -1, NULL));
  g_assert_cmpuint (strlen (first), >, 0);
  g_assert_cmpint (run (self, line, self->tool, self->quoted, 1), ==, 0);
  g_assert_cmpstr (self->output, ==, first);
  g_assert_cmpint (run (self, line, self->tool, self->quoted, 2), ==, 0);
  g_assert_cmpstr (self->output, !=, first);
#pragma GCC diagnostic pop
}

/* Every option of the sampler reaches it: the receipt says so, and the answer shows it. */
static void
test_sampling (Fixture       *self,
               gconstpointer  data)
{
  static const char *const expected[][2] = {
    { "/sampler/typical_p", "0.9" }, { "/sampler/xtc_probability", "0.5" },
    { "/sampler/xtc_threshold", "0.05" }, { "/sampler/dry_multiplier", "0.8" },
    { "/sampler/dry_base", "1.5" }, { "/sampler/dry_allowed_length", "3" },
    { "/sampler/dry_window", "100" }, { "/sampler/dry_breakers", "[\"the\",\";\"]" },
    { "/sampler/frequency_penalty", "0.25" }, { "/sampler/presence_penalty", "-0.5" },
    { "/sampler/repetition_window", "32" }, { "/sampler/mirostat_tau", "4" },
    { "/sampler/mirostat_eta", "0.2" },
    { "/sampler/logit_bias", "[{\"token\":3,\"bias\":1.5},{\"token\":7,\"bias\":\"-Infinity\"}]" },
  };
  yyjson_doc *receipt;
  g_autofree char *free_choice = NULL;

  g_assert_cmpint (
      run (self,
           "%s generate %s --raw --prompt the --max-tokens 6 --receipt --typical-p 0.9 "
           "--xtc-probability 0.5 --xtc-threshold 0.05 --dry-multiplier 0.8 --dry-base 1.5 "
           "--dry-allowed-length 3 --dry-window 100 --dry-breaker the --dry-breaker ';' "
           "--frequency-penalty 0.25 --presence-penalty -0.5 --repetition-window 32 "
           "--mirostat-tau 4 --mirostat-eta 0.2 --logit-bias 3=1.5 --logit-bias 7=-inf",
           self->tool, self->quoted),
      ==, 0);
  receipt = yyjson_read (self->errors, strlen (self->errors), 0);
  g_assert_nonnull (receipt);
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      yyjson_val *value = yyjson_ptr_get (yyjson_doc_get_root (receipt), expected[i][0]);
      char *text = yyjson_val_write (value, 0, NULL);
      /* A whole float may end in ".0". */
      g_autofree char *bare = g_str_has_suffix (text, ".0") ? g_strndup (text, strlen (text) - 2)
                                                            : g_strdup (text);

      g_assert_cmpstr (bare, ==, expected[i][1]);
      free (text);
    }
  yyjson_doc_free (receipt);

  /* What is asked for by force comes. */
  g_assert_cmpint (run (self, "%s generate %s --raw --prompt the --max-tokens 4 --temperature 0",
                        self->tool, self->quoted),
                   ==, 0);
  free_choice = g_strdup (self->output);
  g_assert_cmpint (run (self,
                        "%s generate %s --raw --prompt the --max-tokens 4 --temperature 0 "
                        "--logit-bias 5=1000",
                        self->tool, self->quoted),
                   ==, 0);
  g_assert_cmpstr (self->output, !=, free_choice);

  g_assert_cmpint (run (self, "%s generate %s --raw --prompt the --logit-bias 5", self->tool,
                        self->quoted),
                   ==, 2);
}

static void
test_bench (Fixture       *self,
            gconstpointer  data)
{
  yyjson_doc *document;
  yyjson_val *root;

  g_assert_cmpint (
      run (self,
           "%s bench %s --prompt 32 --generate 8 --depth 16 --repeat 2 --threads 1 --json",
           self->tool,
           self->quoted),
      ==,
      0);
  document = yyjson_read (self->output, self->n_output, 0);
  g_assert_nonnull (document);
  root = yyjson_doc_get_root (document);
  g_assert_cmpfloat (yyjson_get_real (yyjson_obj_get (root, "prefill_tokens_per_second")), >, 0.0);
  g_assert_cmpfloat (yyjson_get_real (yyjson_obj_get (root, "decode_tokens_per_second")), >, 0.0);
  g_assert_cmpuint (yyjson_arr_size (yyjson_obj_get (root, "prefill_seconds")), ==, 2);
  g_assert_cmpuint (yyjson_get_uint (yyjson_obj_get (root, "threads")), ==, 1);
  yyjson_doc_free (document);

  g_assert_cmpint (
      run (self, "%s bench %s --prompt 0 --generate 4 --repeat 1 --json", self->tool, self->quoted),
      ==,
      0);
  document = yyjson_read (self->output, self->n_output, 0);
  root = yyjson_doc_get_root (document);
  g_assert_true (yyjson_is_null (yyjson_obj_get (root, "prefill_tokens_per_second")));
  g_assert_cmpfloat (yyjson_get_real (yyjson_obj_get (root, "decode_tokens_per_second")), >, 0.0);
  yyjson_doc_free (document);

  g_assert_cmpint (
      run (self, "%s bench %s --prompt 16 --generate 4 --repeat 1", self->tool, self->quoted),
      ==,
      0);
  g_assert_nonnull (strstr (self->output, "prefill"));
  g_assert_nonnull (strstr (self->output, "decode"));
}

int
main (int    argc,
      char **argv)
{
  static const struct {
    const char *path;
    void (*test) (Fixture *self, gconstpointer data);
  } tests[] = {
    { "/tool/use", test_use },
    { "/tool/errors", test_errors },
    { "/tool/tokenize", test_tokenize },
    { "/tool/round-trip", test_round_trip },
    { "/tool/render", test_render },
    { "/tool/inspect", test_inspect },
    { "/tool/verify", test_verify },
    { "/tool/logits", test_logits },
    { "/tool/perplexity", test_perplexity },
    { "/tool/generate", test_generate },
    { "/tool/sampling", test_sampling },
    { "/tool/bench", test_bench },
  };

  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, Fixture, NULL, set_up, tests[i].test, tear_down);

  return g_test_run ();
}
