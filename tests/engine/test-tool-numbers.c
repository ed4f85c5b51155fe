/* What the command-line tool computes: logits, perplexity, replies, speed. Compared with the engine
 * called directly, or with the definition written out here. */

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#include "sotto-engine.h"
#include "tiny-model.h"
#include "tool-fixture.h"

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
evaluate (ToolFixture  *self,
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
test_logits (ToolFixture *self, gconstpointer data)
{
  static const gint32 tokens[] = { 259, 72, 101, 108, 108, 111 };
  g_autoptr (GArray) expected = evaluate (self, tokens, G_N_ELEMENTS (tokens));
  g_autofree char *path = g_build_filename (self->folder, "logits", NULL);
  g_autofree char *bytes = NULL;
  gsize length;

  g_assert_cmpint (tool_run (self, "%s logits %s --tokens 259,72,101,108,108,111 --output logits "
                        "--tier reference", self->tool, self->quoted), ==, 0);
  g_assert_cmpstr (self->output, ==, "");
  g_assert_true (g_file_get_contents (path, &bytes, &length, NULL));
  g_assert_cmpmem (bytes, length, expected->data, expected->len * sizeof (float));

  g_assert_cmpint (
      tool_run (self, "%s logits %s --tokens 1,999 --output logits", self->tool, self->quoted),
      ==, 2);
  g_assert_cmpint (
      tool_run (self, "%s logits %s --tokens 1 --output no-folder/x", self->tool, self->quoted),
      ==, 1);
  tool_assert_one_line (self->errors);
}

/* Perplexity by its definition, from the logits of each chunk. */
static void
test_perplexity (ToolFixture *self, gconstpointer data)
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

  tool_write_file (self, "text", text, -1);
  g_assert_cmpint (tool_run (self,
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
      tool_run (self, "%s perplexity %s text --context 200", self->tool, self->quoted), ==, 1);
  tool_assert_one_line (self->errors);
}

static void
test_generate (ToolFixture *self, gconstpointer data)
{
  const char *line =
      "%s generate %s --raw --prompt 'the beginning' --max-tokens 20 --temperature 1 --top-k 0 "
      "--top-p 1 --min-p 0 --seed %d";
  g_autofree char *first = NULL;
  g_autofree char *first_of_greedy = NULL;

  g_assert_cmpint (tool_run (self,
                        "%s generate %s --raw --prompt the --max-tokens 12 --temperature 0",
                        self->tool,
                        self->quoted),
                   ==,
                   0);
  first_of_greedy = g_strdup (self->output);
  g_assert_cmpint (
      tool_run (self,
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
  g_assert_cmpint (tool_run (self, line, self->tool, self->quoted, 1), ==, 0);
  first = g_strdup (self->output);
  g_assert_true (g_utf8_validate (first, -1, NULL));
  g_assert_cmpuint (strlen (first), >, 0);
  g_assert_cmpint (tool_run (self, line, self->tool, self->quoted, 1), ==, 0);
  g_assert_cmpstr (self->output, ==, first);
  g_assert_cmpint (tool_run (self, line, self->tool, self->quoted, 2), ==, 0);
  g_assert_cmpstr (self->output, !=, first);
#pragma GCC diagnostic pop
}

/* Every option of the sampler reaches it: the receipt says so, and the answer shows it. */
static void
test_sampling (ToolFixture *self, gconstpointer data)
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
      tool_run (self,
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
  g_assert_cmpint (tool_run (self,
                             "%s generate %s --raw --prompt the --max-tokens 4 --temperature 0",
                        self->tool, self->quoted),
                   ==, 0);
  free_choice = g_strdup (self->output);
  g_assert_cmpint (tool_run (self,
                        "%s generate %s --raw --prompt the --max-tokens 4 --temperature 0 "
                        "--logit-bias 5=1000",
                        self->tool, self->quoted),
                   ==, 0);
  g_assert_cmpstr (self->output, !=, free_choice);

  g_assert_cmpint (tool_run (self, "%s generate %s --raw --prompt the --logit-bias 5", self->tool,
                        self->quoted),
                   ==, 2);
}

static void
test_bench (ToolFixture *self, gconstpointer data)
{
  yyjson_doc *document;
  yyjson_val *root;

  g_assert_cmpint (
      tool_run (self,
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
  g_assert_cmpfloat (yyjson_get_real (yyjson_obj_get (root, "open_seconds")), >, 0.0);
  g_assert_cmpuint (yyjson_get_uint (yyjson_obj_get (root, "threads")), ==, 1);
  yyjson_doc_free (document);

  g_assert_cmpint (
      tool_run (self, "%s bench %s --prompt 0 --generate 4 --repeat 1 --json", self->tool,
                self->quoted),
      ==,
      0);
  document = yyjson_read (self->output, self->n_output, 0);
  root = yyjson_doc_get_root (document);
  g_assert_true (yyjson_is_null (yyjson_obj_get (root, "prefill_tokens_per_second")));
  g_assert_cmpfloat (yyjson_get_real (yyjson_obj_get (root, "decode_tokens_per_second")), >, 0.0);
  yyjson_doc_free (document);

  g_assert_cmpint (
      tool_run (self, "%s bench %s --prompt 16 --generate 4 --repeat 1", self->tool, self->quoted),
      ==,
      0);
  g_assert_nonnull (strstr (self->output, "prefill"));
  g_assert_nonnull (strstr (self->output, "decode"));
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  tool_add ("/tool-numbers/logits", test_logits);
  tool_add ("/tool-numbers/perplexity", test_perplexity);
  tool_add ("/tool-numbers/generate", test_generate);
  tool_add ("/tool-numbers/sampling", test_sampling);
  tool_add ("/tool-numbers/bench", test_bench);

  return g_test_run ();
}
