/* Pre-tokenizers: every rule against the tokenizers library with the expressions that models' makers
 * publish (fixtures/bpe.json), and every name that llama.cpp reads: known, and cut by the rule that
 * llama.cpp cuts it by (fixtures/pre-tokenizers.txt). */

#include "gguf-writer.h"
#include "text/tokenizer.h"

#include <string.h>
#include <yyjson.h>

static char *
get_fixture_path (const char *name)
{
  return g_test_build_filename (G_TEST_DIST, "engine", "fixtures", name, NULL);
}

static yyjson_doc *
read_fixture (void)
{
  g_autofree char *path = get_fixture_path ("bpe.json");
  yyjson_read_err error = { 0 };
  yyjson_doc *document = yyjson_read_file (path, 0, NULL, &error);

  g_assert_cmpstr (error.msg, ==, document != NULL ? error.msg : "a document");

  return document;
}

/* The fixture's vocabulary, cut as @pre says. */
static SottoTokenizer *
make_tokenizer (yyjson_val *root, const char *pre)
{
  g_autoptr (GgufWriter) writer = gguf_writer_new ();
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (SottoGguf) gguf = NULL;
  g_autoptr (GError) error = NULL;
  SottoTokenizer *tokenizer;

  gguf_writer_add_string (writer, "tokenizer.ggml.model", "gpt2");
  gguf_writer_add_string (writer, "tokenizer.ggml.pre", pre);
  gguf_writer_add_json_strings (writer, "tokenizer.ggml.tokens", yyjson_obj_get (root, "vocabulary"));
  gguf_writer_add_json_strings (writer, "tokenizer.ggml.merges", yyjson_obj_get (root, "merges"));
  bytes = gguf_writer_finish (writer);
  gguf = sotto_gguf_parse (bytes, pre, &error);
  g_assert_no_error (error);
  tokenizer = sotto_tokenizer_new (gguf, &error);
  g_assert_no_error (error);

  return tokenizer;
}

static GArray *
encode (SottoTokenizer *tokenizer, yyjson_val *text)
{
  SottoSpan span = { yyjson_get_str (text), yyjson_get_len (text), FALSE };
  GArray *ids = g_array_new (FALSE, FALSE, sizeof (gint32));

  sotto_tokenizer_encode (tokenizer, &span, 1, ids);

  return ids;
}

static void
assert_ids (const char *pre, yyjson_val *text, GArray *ids, yyjson_val *wanted)
{
  g_autoptr (GString) got = g_string_new (NULL);
  g_autoptr (GString) expected = g_string_new (NULL);

  for (guint i = 0; i < ids->len; i++)
    g_string_append_printf (got, "%d ", g_array_index (ids, gint32, i));
  for (gsize i = 0; i < yyjson_arr_size (wanted); i++)
    g_string_append_printf (expected, "%d ", yyjson_get_int (yyjson_arr_get (wanted, i)));
  if (!g_string_equal (got, expected))
    g_test_message ("%s: \"%s\"", pre, yyjson_get_str (text));
  g_assert_cmpstr (got->str, ==, expected->str);
}

static void
assert_comes_back (SottoTokenizer *tokenizer, GArray *ids, yyjson_val *text)
{
  g_autoptr (GString) out = g_string_new (NULL);
  gboolean is_first = TRUE;

  for (guint i = 0; i < ids->len; i++)
    sotto_tokenizer_decode (tokenizer, g_array_index (ids, gint32, i), TRUE, &is_first, out);
  g_assert_cmpmem (out->str, out->len, yyjson_get_str (text), yyjson_get_len (text));
}

static void
test_rules (void)
{
  yyjson_doc *document = read_fixture ();
  yyjson_val *root = yyjson_doc_get_root (document);
  yyjson_val *texts = yyjson_obj_get (root, "texts");
  yyjson_val *cases = yyjson_obj_get (root, "cases");
  guint n_compared = 0;

  for (gsize i = 0; i < yyjson_arr_size (cases); i++)
    {
      yyjson_val *one = yyjson_arr_get (cases, i);
      const char *pre = yyjson_get_str (yyjson_obj_get (one, "pre"));
      g_autoptr (SottoTokenizer) tokenizer = make_tokenizer (root, pre);

      for (gsize j = 0; j < yyjson_arr_size (texts); j++, n_compared++)
        {
          yyjson_val *text = yyjson_arr_get (texts, j);
          g_autoptr (GArray) ids = encode (tokenizer, text);

          assert_ids (pre, text, ids, yyjson_arr_get (yyjson_obj_get (one, "ids"), j));
          /* What normal form C changes stays changed. */
          if (!yyjson_get_bool (yyjson_obj_get (one, "composes")))
            assert_comes_back (tokenizer, ids, text);
        }
    }

  g_assert_cmpuint (n_compared, >, 1000);
  yyjson_doc_free (document);
}

static yyjson_val *
find_rule (yyjson_val *root, const char *pre)
{
  yyjson_val *cases = yyjson_obj_get (root, "cases");

  for (gsize i = 0; i < yyjson_arr_size (cases); i++)
    if (yyjson_equals_str (yyjson_obj_get (yyjson_arr_get (cases, i), "pre"), pre))
      return yyjson_obj_get (yyjson_arr_get (cases, i), "ids");

  g_error ("bpe.json has no rule \"%s\"", pre);
}

/* Names of one rule may still differ in whether text is composed before, which llama.cpp never does. */
static gboolean
is_composed (yyjson_val *text)
{
  gsize length = yyjson_get_len (text);
  g_autofree char *composed = g_utf8_normalize (yyjson_get_str (text), (gssize) length, G_NORMALIZE_NFC);

  return composed != NULL && strlen (composed) == length
         && memcmp (composed, yyjson_get_str (text), length) == 0;
}

static void
test_names (void)
{
  yyjson_doc *document = read_fixture ();
  yyjson_val *root = yyjson_doc_get_root (document);
  yyjson_val *texts = yyjson_obj_get (root, "texts");
  g_autofree char *path = get_fixture_path ("pre-tokenizers.txt");
  g_autofree char *contents = NULL;
  g_auto (GStrv) lines = NULL;
  guint n_names = 0, n_skipped = 0;

  g_assert_true (g_file_get_contents (path, &contents, NULL, NULL));
  lines = g_strsplit (contents, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) pair = g_strsplit (lines[i], " ", 2);
      g_autoptr (SottoTokenizer) tokenizer = NULL;
      yyjson_val *rule;

      if (*lines[i] == '#' || *lines[i] == '\0')
        continue;
      g_assert_cmpuint (g_strv_length (pair), ==, 2);
      tokenizer = make_tokenizer (root, pair[0]);
      n_names++;
      rule = strcmp (pair[1], "-") != 0 ? find_rule (root, pair[1]) : NULL;
      for (gsize j = 0; rule != NULL && j < yyjson_arr_size (texts); j++)
        {
          yyjson_val *text = yyjson_arr_get (texts, j);
          g_autoptr (GArray) ids = encode (tokenizer, text);

          if (is_composed (text))
            assert_ids (pair[0], text, ids, yyjson_arr_get (rule, j));
          else
            n_skipped++;
        }
    }

  g_test_message ("%u names; %u texts left out, since composing changes them", n_names, n_skipped);
  g_assert_cmpuint (n_names, ==, 90);
  g_assert_cmpuint (n_skipped, <, n_names * yyjson_arr_size (texts) / 10);
  yyjson_doc_free (document);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/pre-tokenizers/rules", test_rules);
  g_test_add_func ("/pre-tokenizers/names", test_names);

  return g_test_run ();
}
