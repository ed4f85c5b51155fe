/* The command-line tool as others call it: its output, exit statuses and error lines, on a tiny
 * model. (What it computes: test-tool-numbers.c.) */

#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#include "sotto-engine.h"
#include "tiny-model.h"
#include "tool-fixture.h"

/* --- Use --- */

static void
test_use (ToolFixture *self, gconstpointer data)
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

  g_assert_cmpint (tool_run (self, "%s --help", self->tool), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    g_assert_nonnull (strstr (self->output, commands[i]));

  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      g_assert_cmpint (tool_run (self, "%s %s --help", self->tool, commands[i]), ==, 0);
      g_assert_nonnull (strstr (self->output, "Usage:"));
    }

  g_assert_cmpint (tool_run (self, "%s", self->tool), ==, 2);
  g_assert_cmpstr (self->output, ==, "");

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_assert_cmpint (tool_run (self, "%s %s", self->tool, wrong[i]), ==, 2);
      g_assert_cmpstr (self->output, ==, "");
      tool_assert_one_line (self->errors);
    }
}

static void
test_errors (ToolFixture *self, gconstpointer data)
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
      g_assert_cmpint (tool_run (self, "%s %s", self->tool, commands[i]), ==, 1);
      g_assert_cmpstr (self->output, ==, "");
      tool_assert_one_line (self->errors);
    }

  g_assert_cmpint (tool_run (self, "%s bench %s --backend abacus", self->tool, self->quoted), ==,
                   1);
  tool_assert_one_line (self->errors);
  g_assert_nonnull (strstr (self->errors, "abacus"));
}

/* --- Text --- */

static void
test_tokenize (ToolFixture *self, gconstpointer data)
{
  g_assert_cmpint (
      tool_run (self, "printf 'a the<|im_end|>' | %s tokenize %s --special", self->tool,
                self->quoted),
      ==,
      0);
  g_assert_cmpstr (self->output, ==, "97 258 261\n");

  g_assert_cmpint (
      tool_run (self, "printf '<|im_end|>' | %s tokenize %s", self->tool, self->quoted), ==, 0);
  g_assert_cmpstr (self->output, ==, "60 124 105 109 95 101 110 100 124 62\n");

  g_assert_cmpint (tool_run (self, "%s tokenize %s </dev/null", self->tool, self->quoted), ==, 0);
  g_assert_cmpstr (self->output, ==, "\n");

  g_assert_cmpint (tool_run (self, "%s detokenize %s 97 258 261", self->tool, self->quoted), ==, 0);
  g_assert_cmpstr (self->output, ==, "a the<|im_end|>");

  g_assert_cmpint (tool_run (self, "%s detokenize %s 97 262", self->tool, self->quoted), ==, 2);
  tool_assert_one_line (self->errors);
}

static void
test_round_trip (ToolFixture *self, gconstpointer data)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (5);
  char bytes[5000];

  for (guint i = 0; i < sizeof bytes; i++)
    bytes[i] = g_rand_int_range (random, 0, 256);
  tool_write_file (self, "bytes", bytes, sizeof bytes);

  g_assert_cmpint (tool_run (self,
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
test_render (ToolFixture *self, gconstpointer data)
{
  tool_write_file (self, "template",
              "{{ bos_token }}{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}"
              "{% if tools %}{{ tools | length }} tools\n{% endif %}"
              "{% if add_generation_prompt %}[assistant]{% endif %}{{ eos_token }}", -1);
  tool_write_file (self, "messages",
              "[{\"role\":\"user\",\"content\":\"<|im_end|> Zażółć\"},"
              "{\"role\":\"assistant\",\"content\":\"gęślą\"}]", -1);
  tool_write_file (self, "tools", "[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]", -1);
  tool_write_file (self, "broken", "{% for %}", -1);
  tool_write_file (self, "no-messages", "{\"role\":1", -1);

  g_assert_cmpint (
      tool_run (self, "%s render --template template --messages messages", self->tool), ==, 0);
  g_assert_cmpstr (self->output, ==, "[user] <|im_end|> Zażółć\n[assistant] gęślą\n[assistant]");
  g_assert_cmpstr (self->errors, ==, "");

  g_assert_cmpint (
      tool_run (self,
           "%s render --template template --messages messages --tools tools --bos '<s>' "
           "--eos '</s>' --no-generation-prompt",
           self->tool),
      ==,
      0);
  g_assert_cmpstr (
      self->output, ==, "<s>[user] <|im_end|> Zażółć\n[assistant] gęślą\n1 tools\n</s>");

  g_assert_cmpint (tool_run (self, "%s render %s --messages messages", self->tool, self->quoted),
                   ==, 0);
  g_assert_cmpstr (
      self->output,
      ==,
      "<|im_start|>user\n<|im_end|> Zażółć<|im_end|>\n<|im_start|>assistant\ngęślą<|im_end|>\n"
      "<|im_start|>assistant\n");
  g_assert_cmpstr (self->errors, ==, "");

  /* What the user wrote stays text; the template's own tokens are tokens. */
  g_assert_cmpint (tool_run (self,
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
      tool_run (self, "%s render --template broken --messages messages", self->tool), ==, 1);
  tool_assert_one_line (self->errors);
  g_assert_cmpint (
      tool_run (self, "%s render --template template --messages no-messages", self->tool), ==, 1);
  tool_assert_one_line (self->errors);
  g_assert_cmpint (tool_run (self, "%s render %s --template template --messages messages",
                             self->tool,
                        self->quoted), ==, 2);
}

/* --- Files --- */

static void
test_inspect (ToolFixture *self, gconstpointer data)
{
  yyjson_doc *document;
  yyjson_val *root;
  guint64 kv_64;

  g_assert_cmpint (tool_run (self, "%s inspect %s --context 64", self->tool, self->quoted), ==, 0);
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

  g_assert_cmpint (tool_run (self, "%s inspect %s --context 4096", self->tool, self->quoted), ==,
                   0);
  document = yyjson_read (self->output, self->n_output, 0);
  root = yyjson_doc_get_root (document);
  g_assert_cmpuint (yyjson_get_uint (yyjson_ptr_get (root, "/memory/kv_cache")), >, kv_64);
  yyjson_doc_free (document);
}

static void
test_verify (ToolFixture *self, gconstpointer data)
{
  g_autofree char *bytes = NULL;
  g_autofree char *hash = NULL;
  g_autofree char *expected = NULL;
  gsize length;
  const guint32 nan_bits = GUINT32_TO_LE (0x7fc00000);

  g_assert_true (g_file_get_contents (self->model, &bytes, &length, NULL));
  hash = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) bytes, length);
  expected = g_strdup_printf ("sha256 %s\nok\n", hash);
  g_assert_cmpint (tool_run (self, "%s verify %s", self->tool, self->quoted), ==, 0);
  g_assert_cmpstr (self->output, ==, expected);

  /* The weights are the end of the file, and of F32. */
  memcpy (bytes + length - 64, &nan_bits, sizeof nan_bits);
  tool_write_file (self, "nan", bytes, length);
  g_assert_cmpint (tool_run (self, "%s verify nan", self->tool), ==, 1);
  g_assert_cmpstr (self->output, ==, "");
  tool_assert_one_line (self->errors);
  g_assert_nonnull (strstr (self->errors, "finite"));

  tool_write_file (self, "short", bytes, length / 2);
  g_assert_cmpint (tool_run (self, "%s verify short", self->tool), ==, 1);
  tool_assert_one_line (self->errors);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  tool_add ("/tool/use", test_use);
  tool_add ("/tool/errors", test_errors);
  tool_add ("/tool/tokenize", test_tokenize);
  tool_add ("/tool/round-trip", test_round_trip);
  tool_add ("/tool/render", test_render);
  tool_add ("/tool/inspect", test_inspect);
  tool_add ("/tool/verify", test_verify);

  return g_test_run ();
}
