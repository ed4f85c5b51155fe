/* Merging against a naive transcription of the algorithm, on words short and long, and on a
 * megabyte without a seam. */

#include <string.h>
#include <time.h>
#include <yyjson.h>

#include "gguf-writer.h"
#include "token-ids.h"

static void
assert_ids (SottoTokenizer *tokenizer,
            const char     *text,
            const char     *expected)
{
  g_autoptr (GArray) ids = token_ids_encode (tokenizer, text, strlen (text), FALSE);
  g_autofree char *got = token_ids_to_text (ids);

  g_assert_cmpstr (got, ==, expected);
}

/* The definition, word by word: merge the leftmost pair of the lowest rank until none is left. */
static void
encode_naively (yyjson_val *vocabulary,
                yyjson_val *merge_list,
                const char *word,
                GArray     *ids)
{
  g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func (g_free);

  for (gsize i = 0; word[i] != '\0'; i++)
    g_ptr_array_add (parts, g_strndup (word + i, 1));

  while (parts->len > 1)
    {
      gsize best = G_MAXSIZE;
      guint best_at = 0;

      for (guint i = 0; i + 1 < parts->len; i++)
        {
          g_autofree char *pair = g_strjoin (" ", g_ptr_array_index (parts, i),
                                             g_ptr_array_index (parts, i + 1), NULL);

          for (gsize rank = 0; rank < yyjson_arr_size (merge_list) && rank < best; rank++)
            if (yyjson_equals_str (yyjson_arr_get (merge_list, rank), pair))
              {
                best = rank;
                best_at = i;
              }
        }
      if (best == G_MAXSIZE)
        break;

      {
        char *joined = g_strconcat (g_ptr_array_index (parts, best_at),
                                    g_ptr_array_index (parts, best_at + 1), NULL);

        g_ptr_array_remove_index (parts, best_at + 1);
        g_free (g_ptr_array_index (parts, best_at));
        g_ptr_array_index (parts, best_at) = joined;
      }
    }

  for (guint i = 0; i < parts->len; i++)
    for (gsize id = 0; id < yyjson_arr_size (vocabulary); id++)
      if (yyjson_equals_str (yyjson_arr_get (vocabulary, id), g_ptr_array_index (parts, i)))
        {
          gint32 value = id;

          g_array_append_val (ids, value);
          break;
        }
}

/* A vocabulary of few letters and many merges: two ways to the same token ("aba", "abc"), one way twice, and ways that no
 * text takes, because a part or the result is no token. */
static const char letters_json[] = "{\"tokens\":[\"a\",\"b\",\"c\",\"ab\",\"aa\",\"ba\",\"aba\","
                                   "\"abab\",\"cc\",\"aaaa\",\"cab\",\"bc\","
                                   "\"abc\",\"ccc\"],\"merges\":[\"a a\",\"a b\",\"c c\",\"ab "
                                   "a\",\"b a\",\"ab ab\",\"aa aa\",\"c ab\",\"b c\","
                                   "\"ab c\",\"cc c\",\"a ba\",\"a bc\",\"ab c\","
                                   "\"ca b\",\"ac b\"]}";

static SottoTokenizer *
make_letters (yyjson_val *root)
{
  g_autoptr (GgufWriter) writer = gguf_writer_new ();
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (SottoGguf) gguf = NULL;
  g_autoptr (GError) error = NULL;
  SottoTokenizer *tokenizer;

  gguf_writer_add_string (writer, "tokenizer.ggml.model", "gpt2");
  gguf_writer_add_string (writer, "tokenizer.ggml.pre", "gpt-2");
  gguf_writer_add_uint32 (writer, "tokenizer.ggml.unknown_token_id", 0);
  gguf_writer_add_json_strings (writer, "tokenizer.ggml.tokens", yyjson_obj_get (root, "tokens"));
  gguf_writer_add_json_strings (writer, "tokenizer.ggml.merges", yyjson_obj_get (root, "merges"));
  bytes = gguf_writer_finish (writer);
  gguf = sotto_gguf_parse (bytes, "letters", &error);
  g_assert_no_error (error);
  tokenizer = sotto_tokenizer_new (gguf, &error);
  g_assert_no_error (error);

  return tokenizer;
}

static void
test_words (void)
{
  yyjson_doc *document = yyjson_read (letters_json, strlen (letters_json), 0);
  yyjson_val *root = yyjson_doc_get_root (document);
  g_autoptr (SottoTokenizer) tokenizer = make_letters (root);
  g_autoptr (GRand) random = g_rand_new_with_seed (7);

  /* Short words, long ones, and those where the one way ends and the other begins. */
  for (guint i = 0; i < 300; i++)
    {
      guint length = i < 130 ? i + 1 : (guint) g_rand_int_range (random, 40, 160);
      g_autofree char *word = g_malloc0 (length + 1);
      g_autoptr (GArray) expected = g_array_new (FALSE, FALSE, sizeof (gint32));
      g_autofree char *expected_text = NULL;

      for (guint j = 0; j < length; j++)
        word[j] = "aaaabbbccc"[g_rand_int_range (random, 0, 10)];
      encode_naively (
          yyjson_obj_get (root, "tokens"), yyjson_obj_get (root, "merges"), word, expected);
      expected_text = token_ids_to_text (expected);
      assert_ids (tokenizer, word, expected_text);
    }

  yyjson_doc_free (document);
}

/* Bytes that the vocabulary lacks are left out. SmolLM2 lacks some, and its unknown token is
 * <|endoftext|>: typed text must not become that. */
static void
test_missing_bytes (void)
{
  yyjson_doc *document = yyjson_read (letters_json, strlen (letters_json), 0);
  g_autoptr (SottoTokenizer) tokenizer = make_letters (yyjson_doc_get_root (document));

  assert_ids (tokenizer, "cxc", "2 2");
  assert_ids (tokenizer, "x", "");
  assert_ids (tokenizer, "x\xf0\x9f", "");
  yyjson_doc_free (document);
}

/* A megabyte without a seam: quadratic time would take a quarter of an hour. */
static void
test_pathological (void)
{
  yyjson_doc *document = yyjson_read (letters_json, strlen (letters_json), 0);
  g_autoptr (SottoTokenizer) tokenizer = make_letters (yyjson_doc_get_root (document));
  const gsize length = 1 << 20;
  g_autofree char *text = g_malloc (length);
  clock_t started = clock ();

  memset (text, 'a', length);
  {
    g_autoptr (GArray) ids = token_ids_encode (tokenizer, text, length, FALSE);

    g_assert_cmpuint (ids->len, ==, length / 4);
  }
  for (gsize i = 0; i < length; i++)
    text[i] = "abc"[(i * i / 7) % 3];
  {
    g_autoptr (GArray) ids = token_ids_encode (tokenizer, text, length, FALSE);
    g_autoptr (GString) decoded = g_string_new (NULL);

    for (guint i = 0; i < ids->len; i++)
      sotto_tokenizer_append_text (tokenizer, g_array_index (ids, gint32, i), FALSE, decoded);
    g_assert_cmpmem (decoded->str, decoded->len, text, length);
  }
  g_assert_cmpfloat ((double) (clock () - started) / CLOCKS_PER_SEC, <, 20.0);

  yyjson_doc_free (document);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/bpe/words", test_words);
  g_test_add_func ("/bpe/missing-bytes", test_missing_bytes);
  g_test_add_func ("/bpe/pathological", test_pathological);

  return g_test_run ();
}
