/* The kinds of tokenizers beside BPE, against the libraries that the models were made with
 * (fixtures/tokenizers.json): the same ids, whole or as a stream the same text again, and no way
 * from text to control tokens. */

#include <string.h>
#include <yyjson.h>

#include "gguf-writer.h"
#include "sotto-error.h"
#include "token-ids.h"

static yyjson_doc *
read_fixture (void)
{
  g_autofree char *path =
      g_test_build_filename (G_TEST_DIST, "engine", "fixtures", "tokenizers.json", NULL);
  yyjson_read_err error = { 0 };
  yyjson_doc *document = yyjson_read_file (path, 0, NULL, &error);

  g_assert_cmpstr (error.msg, ==, document != NULL ? error.msg : "a document");

  return document;
}

static GString *
decode (SottoTokenizer *tokenizer,
        GArray         *ids)
{
  GString *text = g_string_new (NULL);
  gboolean is_first = TRUE;

  for (guint i = 0; i < ids->len; i++)
    sotto_tokenizer_decode (tokenizer, g_array_index (ids, gint32, i), TRUE, &is_first, text);

  return text;
}

/* --- A case as a file --- */

/* An array of 4-byte elements as GGUF writes it: type, length, values. */
static void
add_array (GgufWriter   *writer,
           const char   *key,
           guint32       type,
           gconstpointer values,
           guint64       n,
           gsize         element_size)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  g_byte_array_append (bytes, (const guint8 *) &type, sizeof type);
  g_byte_array_append (bytes, (const guint8 *) &n, sizeof n);
  g_byte_array_append (bytes, values, n * element_size);
  gguf_writer_add_raw (writer, key, SOTTO_GGUF_ARRAY, bytes->data, bytes->len);
}

static void
add_scalars (GgufWriter *writer,
             yyjson_val *one)
{
  yyjson_obj_iter uints = yyjson_obj_iter_with (yyjson_obj_get (one, "uint32"));
  yyjson_obj_iter bools = yyjson_obj_iter_with (yyjson_obj_get (one, "bool"));
  yyjson_val *key;

  while ((key = yyjson_obj_iter_next (&uints)) != NULL)
    {
      g_autofree char *name = g_strconcat ("tokenizer.ggml.", yyjson_get_str (key), NULL);

      gguf_writer_add_uint32 (writer, name, yyjson_get_uint (yyjson_obj_iter_get_val (key)));
    }
  while ((key = yyjson_obj_iter_next (&bools)) != NULL)
    {
      g_autofree char *name = g_strconcat ("tokenizer.ggml.", yyjson_get_str (key), NULL);

      gguf_writer_add_bool (writer, name, yyjson_get_bool (yyjson_obj_iter_get_val (key)));
    }
}

static GBytes *
make_file (yyjson_val *one)
{
  g_autoptr (GgufWriter) writer = gguf_writer_new ();
  g_autoptr (GArray) scores = g_array_new (FALSE, FALSE, sizeof (float));
  g_autoptr (GArray) types = g_array_new (FALSE, FALSE, sizeof (gint32));
  const char *charsmap = yyjson_get_str (yyjson_obj_get (one, "charsmap"));
  yyjson_val *merges = yyjson_obj_get (one, "merges");
  yyjson_val *value;
  yyjson_arr_iter iter = yyjson_arr_iter_with (yyjson_obj_get (one, "scores"));

  while ((value = yyjson_arr_iter_next (&iter)) != NULL)
    g_array_append_val (scores, (float) { yyjson_get_num (value) });
  iter = yyjson_arr_iter_with (yyjson_obj_get (one, "types"));
  while ((value = yyjson_arr_iter_next (&iter)) != NULL)
    g_array_append_val (types, (gint32) { yyjson_get_int (value) });

  gguf_writer_add_string (writer, "tokenizer.ggml.model",
                          yyjson_get_str (yyjson_obj_get (one, "model")));
  gguf_writer_add_json_strings (writer, "tokenizer.ggml.tokens", yyjson_obj_get (one, "tokens"));
  gguf_writer_add_int32s (writer, "tokenizer.ggml.token_type", (const gint32 *) (gpointer) types->data,
                          types->len);
  if (scores->len > 0)
    add_array (writer, "tokenizer.ggml.scores", SOTTO_GGUF_FLOAT32, scores->data, scores->len,
               sizeof (float));
  if (merges != NULL)
    gguf_writer_add_json_strings (writer, "tokenizer.ggml.merges", merges);
  if (*charsmap != '\0')
    {
      gsize length;
      g_autofree guint8 *blob = g_base64_decode (charsmap, &length);

      add_array (writer, "tokenizer.ggml.precompiled_charsmap", SOTTO_GGUF_UINT8, blob, length, 1);
    }
  add_scalars (writer, one);

  return gguf_writer_finish (writer);
}

static SottoTokenizer *
make_tokenizer (yyjson_val *one)
{
  g_autoptr (GBytes) bytes = make_file (one);
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoGguf) gguf = sotto_gguf_parse (bytes, "fixture", &error);
  SottoTokenizer *tokenizer;

  g_assert_no_error (error);
  tokenizer = sotto_tokenizer_new (gguf, &error);
  g_assert_no_error (error);

  return tokenizer;
}

/* --- The tests --- */

/* U+2581 is a space to SentencePiece and its kin. */
static char *
dup_expected (const char *model,
              const char *text,
              gsize      *length)
{
  GString *expected = g_string_new_len (text, *length);

  if (strcmp (model, "rwkv") != 0)
    g_string_replace (expected, "▁", " ", 0);
  *length = expected->len;

  return g_string_free (expected, FALSE);
}

static void
test_case (gconstpointer data)
{
  yyjson_doc *document = read_fixture ();
  yyjson_val *root = yyjson_doc_get_root (document);
  yyjson_val *texts = yyjson_obj_get (root, "texts");
  yyjson_val *one = yyjson_arr_get (yyjson_obj_get (root, "cases"), GPOINTER_TO_SIZE (data));
  yyjson_val *all_ids = yyjson_obj_get (one, "ids");
  gboolean comes_back = yyjson_get_bool (yyjson_obj_get (one, "comes_back"));
  const char *model = yyjson_get_str (yyjson_obj_get (one, "model"));
  g_autoptr (SottoTokenizer) tokenizer = make_tokenizer (one);

  g_test_message ("%s", yyjson_get_str (yyjson_obj_get (one, "name")));
  for (gsize i = 0; i < yyjson_arr_size (texts); i++)
    {
      const char *text = yyjson_get_str (yyjson_arr_get (texts, i));
      gsize length = yyjson_get_len (yyjson_arr_get (texts, i));
      yyjson_arr_iter iter = yyjson_arr_iter_with (yyjson_arr_get (all_ids, i));
      g_autoptr (GArray) wanted = g_array_new (FALSE, FALSE, sizeof (gint32));
      g_autoptr (GArray) ids = token_ids_encode (tokenizer, text, length, FALSE);
      g_autoptr (GString) decoded = decode (tokenizer, ids);
      g_autofree char *expected = NULL;
      g_autofree char *got = token_ids_to_text (ids);
      yyjson_val *id;

      while ((id = yyjson_arr_iter_next (&iter)) != NULL)
        g_array_append_val (wanted, (gint32) { yyjson_get_int (id) });
      expected = token_ids_to_text (wanted);
      if (strcmp (got, expected) != 0)
        g_test_message ("text %zu: \"%s\"", i, text);
      g_assert_cmpstr (got, ==, expected);

      g_assert_true (token_ids_stream_well (tokenizer, ids, decoded));
      if (comes_back)
        {
          g_autofree char *same = dup_expected (model, text, &length);

          g_assert_cmpmem (decoded->str, decoded->len, same, length);
        }
      for (guint j = 0; j < ids->len; j++)
        g_assert_true (g_array_index (ids, gint32, j) == sotto_tokenizer_get_unknown (tokenizer) ||
                       !sotto_tokenizer_is_control (tokenizer, g_array_index (ids, gint32, j)));
    }
  yyjson_doc_free (document);
}

/* Any bytes go in, whole characters come out, and control tokens stay out. */
static void
test_any_bytes (void)
{
  yyjson_doc *document = read_fixture ();
  yyjson_val *cases = yyjson_obj_get (yyjson_doc_get_root (document), "cases");
  g_autoptr (GRand) random = g_rand_new_with_seed (5);

  for (gsize i = 0; i < yyjson_arr_size (cases); i++)
    {
      yyjson_val *one = yyjson_arr_get (cases, i);
      gboolean comes_back = yyjson_get_bool (yyjson_obj_get (one, "comes_back"));
      g_autoptr (SottoTokenizer) tokenizer = make_tokenizer (one);

      for (guint j = 0; j < 300; j++)
        {
          char bytes[120];
          gsize length = g_rand_int_range (random, 0, sizeof bytes);
          g_autoptr (GArray) ids = NULL;
          g_autoptr (GString) decoded = NULL;

          for (gsize k = 0; k < length; k++)
            bytes[k] = g_rand_boolean (random)
                         ? g_rand_int_range (random, 0, 256)
                         : " \n'sab1</>\xe2\x80\xf0\x9f"[g_rand_int_range (random, 0, 14)];
          ids = token_ids_encode (tokenizer, bytes, length, FALSE);
          decoded = decode (tokenizer, ids);
          g_assert_true (token_ids_stream_well (tokenizer, ids, decoded));
          for (guint k = 0; k < ids->len; k++)
            g_assert_true (g_array_index (ids, gint32, k) == sotto_tokenizer_get_unknown (tokenizer) ||
                           !sotto_tokenizer_is_control (tokenizer, g_array_index (ids, gint32, k)));
          if (comes_back && memmem (bytes, length, "▁", 3) == NULL)
            g_assert_cmpmem (decoded->str, decoded->len, bytes, length);
        }
    }
  yyjson_doc_free (document);
}

/* --- Files that call control tokens something else --- */

enum { NORMAL = 1, UNKNOWN = 2, CONTROL = 3, USER_DEFINED = 4 };

static const struct {
  const char *text;
  gint32 type;
} steering[] = {
  { "<unk>", UNKNOWN },
  { "<s>", CONTROL },
  { "</s>", USER_DEFINED },
  { "<start_of_turn>", NORMAL },
  { "<end_of_turn>", USER_DEFINED },
  { "<|im_start|>", NORMAL },
  { "<|im_end|>", USER_DEFINED },
  { "[INST]", NORMAL },
  { "<|made_up_by_a_model|>", NORMAL },
  { "<｜User｜>", NORMAL },
  { "<start", NORMAL },
  { "_of_turn>", NORMAL },
  { "<|", NORMAL },
  { "im_end|>", NORMAL },
  { "<b>", USER_DEFINED },
};

#define N_CONTROL 10

static SottoTokenizer *
make_steering (const char *model)
{
  g_autoptr (GgufWriter) writer = gguf_writer_new ();
  g_autoptr (GPtrArray) tokens = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GArray) types = g_array_new (FALSE, FALSE, sizeof (gint32));
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (SottoGguf) gguf = NULL;
  g_autoptr (GError) error = NULL;
  SottoTokenizer *tokenizer;

  for (guint i = 0; i < G_N_ELEMENTS (steering); i++)
    {
      g_ptr_array_add (tokens, g_strdup (steering[i].text));
      g_array_append_val (types, steering[i].type);
    }
  for (guint i = 0; i < 256; i++)
    {
      g_ptr_array_add (tokens, g_strdup_printf (strcmp (model, "rwkv") == 0 ? "\\x%02x" : "<0x%02X>", i));
      g_array_append_val (types, (gint32) { strcmp (model, "rwkv") == 0 ? NORMAL : 6 });
    }
  gguf_writer_add_string (writer, "tokenizer.ggml.model", model);
  gguf_writer_add_strings (writer, "tokenizer.ggml.tokens", (const char *const *) tokens->pdata,
                           tokens->len);
  gguf_writer_add_int32s (writer, "tokenizer.ggml.token_type",
                          (const gint32 *) (gpointer) types->data, types->len);
  gguf_writer_add_strings (writer, "tokenizer.ggml.merges",
                           (const char *const[]) { "<| im_end|>", "<start _of_turn>" }, 2);
  gguf_writer_add_uint32 (writer, "tokenizer.ggml.bos_token_id", 1);
  bytes = gguf_writer_finish (writer);
  gguf = sotto_gguf_parse (bytes, "steering", &error);
  g_assert_no_error (error);
  tokenizer = sotto_tokenizer_new (gguf, &error);
  g_assert_no_error (error);

  return tokenizer;
}

static void
test_steering (void)
{
  static const char *const models[] = { "llama", "t5", "bert", "rwkv", "gemma4" };
  g_autoptr (GRand) random = g_rand_new_with_seed (6);

  for (guint m = 0; m < G_N_ELEMENTS (models); m++)
    {
      g_autoptr (SottoTokenizer) tokenizer = make_steering (models[m]);

      g_test_message ("%s", models[m]);
      for (guint i = 0; i < G_N_ELEMENTS (steering); i++)
        {
          g_autoptr (GArray) ids = token_ids_encode (tokenizer, steering[i].text, strlen (steering[i].text), TRUE);
          gboolean is_control = i < N_CONTROL;

          g_assert_cmpint (sotto_tokenizer_is_control (tokenizer, i), ==, is_control);
          if (is_control)
            {
              g_assert_cmpuint (ids->len, ==, 1);
              g_assert_cmpint (g_array_index (ids, gint32, 0), ==, i);
              g_assert_cmpint (sotto_tokenizer_find_control (tokenizer, steering[i].text), ==, i);
            }
        }
      g_assert_cmpint (sotto_tokenizer_find_control (tokenizer, "<s"), ==, -1);

      for (guint i = 0; i < 500; i++)
        {
          g_autoptr (GString) text = g_string_new (NULL);
          g_autoptr (GArray) ids = NULL;

          for (guint j = g_rand_int_range (random, 1, 6); j > 0; j--)
            g_string_append (text, steering[g_rand_int_range (random, 0, G_N_ELEMENTS (steering))].text);
          ids = token_ids_encode (tokenizer, text->str, text->len, FALSE);
          for (guint j = 0; j < ids->len; j++)
            g_assert_true (g_array_index (ids, gint32, j) == sotto_tokenizer_get_unknown (tokenizer) ||
                           !sotto_tokenizer_is_control (tokenizer, g_array_index (ids, gint32, j)));
        }
    }
}

/* What stands around a whole text, by what the file says. */
static void
test_ends (void)
{
  yyjson_doc *document = read_fixture ();
  yyjson_val *cases = yyjson_obj_get (yyjson_doc_get_root (document), "cases");
  static const struct {
    const char *name;
    const char *ids;
  } expected[] = {
    { "sentencepiece", "1 7" },      /* BOS, and no EOS */
    { "unigram", "7 2" },            /* EOS, and no BOS */
    { "wordpiece", "2 7 3" },        /* [CLS] … [SEP] */
    { "rwkv", "7" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    for (gsize j = 0; j < yyjson_arr_size (cases); j++)
      if (yyjson_equals_str (yyjson_obj_get (yyjson_arr_get (cases, j), "name"), expected[i].name))
        {
          g_autoptr (SottoTokenizer) tokenizer = make_tokenizer (yyjson_arr_get (cases, j));
          g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint32));
          g_autofree char *got = NULL;

          g_array_append_val (ids, (gint32) { 7 });
          sotto_tokenizer_add_ends (tokenizer, ids);
          got = token_ids_to_text (ids);
          g_assert_cmpstr (got, ==, expected[i].ids);
        }
  yyjson_doc_free (document);
}

static void
test_none (void)
{
  g_autoptr (GgufWriter) writer = gguf_writer_new ();
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (SottoGguf) gguf = NULL;
  g_autoptr (SottoTokenizer) tokenizer = NULL;
  g_autoptr (GArray) ids = NULL;
  g_autoptr (GError) error = NULL;

  gguf_writer_add_string (writer, "tokenizer.ggml.model", "none");
  bytes = gguf_writer_finish (writer);
  gguf = sotto_gguf_parse (bytes, "none", &error);
  tokenizer = sotto_tokenizer_new (gguf, &error);
  g_assert_no_error (error);
  ids = token_ids_encode (tokenizer, "text", 4, TRUE);
  g_assert_cmpuint (ids->len, ==, 0);
  g_assert_cmpuint (sotto_tokenizer_get_n_tokens (tokenizer), ==, 0);
  g_assert_cmpint (sotto_tokenizer_get_bos (tokenizer), ==, -1);
  g_assert_cmpint (sotto_tokenizer_find_control (tokenizer, "<s>"), ==, -1);
}

/* A megabyte without a seam takes no longer than one of prose. */
static void
test_pathological (void)
{
  yyjson_doc *document = read_fixture ();
  yyjson_val *cases = yyjson_obj_get (yyjson_doc_get_root (document), "cases");
  const gsize length = 1 << 19;
  g_autofree char *text = g_malloc (length);

  for (gsize i = 0; i < yyjson_arr_size (cases); i++)
    {
      g_autoptr (SottoTokenizer) tokenizer = make_tokenizer (yyjson_arr_get (cases, i));

      for (guint form = 0; form < 3; form++)
        {
          g_autoptr (GArray) ids = NULL;

          for (gsize j = 0; j < length; j++)
            text[j] = form == 0 ? 'a' : form == 1 ? ' ' : "aeinotrs "[(j * j / 7) % 9];
          ids = token_ids_encode (tokenizer, text, length, FALSE);
          g_assert_cmpuint (ids->len, <=, length + 1);
        }
    }
  yyjson_doc_free (document);
}

/* A normaliser that points out of itself is refused, or leads nowhere. */
static void
test_charsmap_errors (void)
{
  static const guint8 blobs[][16] = {
    { 8, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0 },            /* fits */
    { 9, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0 },            /* no multiple of four */
    { 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0 },            /* nothing */
    { 12, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0 },           /* longer than the rest */
    { 0xfc, 0xff, 0xff, 0xff, 1, 2, 3, 4, 5, 6, 7, 8, 0 },
    { 8, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 'x' },          /* no NUL at the end */
  };

  for (guint i = 0; i < G_N_ELEMENTS (blobs); i++)
    {
      g_autoptr (GgufWriter) writer = gguf_writer_new ();
      g_autoptr (GBytes) bytes = NULL;
      g_autoptr (SottoGguf) gguf = NULL;
      g_autoptr (SottoTokenizer) tokenizer = NULL;
      g_autoptr (GError) error = NULL;

      gguf_writer_add_string (writer, "tokenizer.ggml.model", "t5");
      gguf_writer_add_strings (writer, "tokenizer.ggml.tokens",
                               (const char *const[]) { "<pad>", "</s>", "<unk>", "a" }, 4);
      add_array (writer, "tokenizer.ggml.precompiled_charsmap", SOTTO_GGUF_UINT8, blobs[i], 13, 1);
      bytes = gguf_writer_finish (writer);
      gguf = sotto_gguf_parse (bytes, "charsmap", &error);
      g_assert_no_error (error);
      tokenizer = sotto_tokenizer_new (gguf, &error);
      if (i == 0)
        {
          g_assert_no_error (error);
          g_array_unref (token_ids_encode (tokenizer, "a\x01\xffz", 4, FALSE));
        }
      else
        {
          g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_MALFORMED);
        }
    }
}

int
main (int    argc,
      char **argv)
{
  yyjson_doc *document;
  yyjson_val *cases;

  g_test_init (&argc, &argv, NULL);

  document = read_fixture ();
  cases = yyjson_obj_get (yyjson_doc_get_root (document), "cases");
  g_assert_cmpuint (yyjson_arr_size (cases), >=, 10);
  for (gsize i = 0; i < yyjson_arr_size (cases); i++)
    {
      g_autofree char *name = g_strdelimit (
          g_strdup (yyjson_get_str (yyjson_obj_get (yyjson_arr_get (cases, i), "name"))), " ", '-');
      g_autofree char *path = g_strconcat ("/tokenizer-kinds/", name, NULL);

      g_test_add_data_func (path, GSIZE_TO_POINTER (i), test_case);
    }
  yyjson_doc_free (document);
  g_test_add_func ("/tokenizer-kinds/any-bytes", test_any_bytes);
  g_test_add_func ("/tokenizer-kinds/steering", test_steering);
  g_test_add_func ("/tokenizer-kinds/ends", test_ends);
  g_test_add_func ("/tokenizer-kinds/none", test_none);
  g_test_add_func ("/tokenizer-kinds/pathological", test_pathological);
  g_test_add_func ("/tokenizer-kinds/charsmap-errors", test_charsmap_errors);

  return g_test_run ();
}
