/* Tokenizers: exact against llama.cpp's ids for eight vocabularies (where ../shared lies beside
 * the source). Text that a person typed never becomes a control token. (Pre-tokenizers:
 * test-pre-tokenizers.c; kinds beside BPE: test-tokenizer-kinds.c.) */

#include <string.h>

#include "gguf-writer.h"
#include "sotto-error.h"
#include "token-ids.h"

static GArray *
encode_spans (SottoTokenizer  *tokenizer,
              const SottoSpan *spans,
              gsize            n_spans)
{
  GArray *ids = g_array_new (FALSE, FALSE, sizeof (gint32));

  sotto_tokenizer_encode (tokenizer, spans, n_spans, ids);

  return ids;
}

static void
assert_decodes_to (SottoTokenizer *tokenizer,
                   GArray         *ids,
                   const char     *text,
                   gsize           length)
{
  g_autoptr (GString) out = g_string_new (NULL);
  gboolean is_first = TRUE;

  for (guint i = 0; i < ids->len; i++)
    sotto_tokenizer_decode (tokenizer, g_array_index (ids, gint32, i), TRUE, &is_first, out);

  g_assert_cmpmem (out->str, out->len, text, length);
}

static void
assert_ids (SottoTokenizer *tokenizer,
            const char     *text,
            gboolean        trusted,
            const char     *expected)
{
  g_autoptr (GArray) ids = token_ids_encode (tokenizer, text, strlen (text), trusted);
  g_autofree char *got = token_ids_to_text (ids);

  g_assert_cmpstr (got, ==, expected);
}

/* --- Files of ../shared/tokenizers --- */

#define SEPARATOR "\n__ggml_vocab_test__\n"

static void
test_shared (gconstpointer data)
{
  const char *name = data;
  g_autofree char *folder =
      g_build_filename (g_getenv ("SOTTO_SOURCE_DIR"), "..", "shared", "tokenizers", NULL);
  g_autofree char *path = g_strdup_printf ("%s/%s.gguf", folder, name);
  g_autofree char *input_path = g_strconcat (path, ".inp", NULL);
  g_autofree char *output_path = g_strconcat (path, ".out", NULL);
  g_autofree char *input = NULL;
  g_autofree char *output = NULL;
  g_autoptr (SottoGguf) gguf = NULL;
  g_autoptr (SottoTokenizer) tokenizer = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) texts = NULL;
  g_auto (GStrv) lines = NULL;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_test_skip_printf ("%s is not there", path);
      return;
    }

  gguf = sotto_gguf_open (path, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  tokenizer = sotto_tokenizer_new (gguf, &error);
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (input_path, &input, NULL, NULL));
  g_assert_true (g_file_get_contents (output_path, &output, NULL, NULL));

  /* The texts are followed, not parted, by the separator. */
  g_assert_true (g_str_has_suffix (input, SEPARATOR));
  input[strlen (input) - strlen (SEPARATOR)] = '\0';
  texts = g_strsplit (input, SEPARATOR, -1);
  lines = g_strsplit (output, "\n", -1);
  /* The last of the lines is empty. */
  g_assert_cmpuint (g_strv_length (texts), >, 40);
  g_assert_cmpuint (g_strv_length (texts), ==, g_strv_length (lines) - 1);

  for (guint i = 0; texts[i] != NULL; i++)
    {
      g_autoptr (GArray) ids = token_ids_encode (tokenizer, texts[i], strlen (texts[i]), FALSE);
      g_autofree char *got = token_ids_to_text (ids);

      g_assert_cmpstr (got, ==, g_strstrip (lines[i]));
      /* WordPiece loses case, accents and white space for good. */
      if (strcmp (name, "bert-bge") != 0)
        assert_decodes_to (tokenizer, ids, texts[i], strlen (texts[i]));
    }
}

static const char *const shared[] = {
  "gpt-2", "llama-bpe", "qwen2", "deepseek-coder", "command-r", "llama-spm", "phi-3", "bert-bge",
};

/* That none is left out which lies there. */
static void
test_all_shared (void)
{
  g_autofree char *folder =
      g_build_filename (g_getenv ("SOTTO_SOURCE_DIR"), "..", "shared", "tokenizers", NULL);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;
  guint n_there = 0;

  if (dir == NULL)
    {
      g_test_skip_printf ("%s is not there: %u vocabularies are left out", folder,
                          (guint) G_N_ELEMENTS (shared));
      return;
    }

  while ((name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_suffix (name, ".gguf"))
      {
        g_autofree char *stem = g_strndup (name, strlen (name) - strlen (".gguf"));
        gboolean is_known = FALSE;

        for (guint i = 0; i < G_N_ELEMENTS (shared); i++)
          is_known = is_known || g_str_equal (shared[i], stem);
        if (!is_known)
          g_error ("%s/%s is compared with nothing", folder, name);
        n_there++;
      }
  g_test_message ("%u of %u vocabularies are there", n_there, (guint) G_N_ELEMENTS (shared));
}

/* --- A vocabulary of our own, with special tokens --- */

typedef struct {
  const char *text;
  gint32 type;
} Extra;

enum { NORMAL = 1, UNKNOWN = 2, CONTROL = 3, USER_DEFINED = 4, UNUSED = 5 };

/* From 256 on; the bytes come before, in the order of their values. */
static const Extra extras[] = {
  { "<|im_start|>", CONTROL },          /* 256 */
  { "<|im_end|>", CONTROL },            /* 257 */
  { "<think>", USER_DEFINED },          /* 258 */
  { "<think>deep", USER_DEFINED },      /* 259 */
  { "<|im_start|>deep", CONTROL },      /* 260 */
  { "ab", NORMAL },                     /* 261 */
  { "abc", CONTROL },                   /* 262: merges would lead to it, were it not control */
  { "<|endoftext|>", NORMAL },          /* 263: control, though the file does not say so */
  { "[PAD264]", UNUSED },               /* 264 */
  { "<unk>", UNKNOWN },                 /* 265 */
  { "<|im_", USER_DEFINED },            /* 266: a part of a control token */
};

#define N_TOKENS (256 + G_N_ELEMENTS (extras))

static const char *const merges[] = { "a b", "ab c", "< |" };

/* How GPT-2 writes a byte; from the paper's code, by its words. */
static char *
write_byte (guint byte)
{
  gunichar c = byte;
  char text[7] = { 0 };

  if (byte <= 0x20)
    c = 0x100 + byte;
  else if (byte >= 0x7f && byte <= 0xa0)
    c = 0x121 + byte - 0x7f;
  else if (byte == 0xad)
    c = 0x143;
  g_unichar_to_utf8 (c, text);

  return g_strdup (text);
}

static SottoTokenizer *
make_tokenizer (const char  *model,
                const char  *pre,
                gboolean     with_merges,
                gint64       eos,
                GError     **error)
{
  g_autoptr (GgufWriter) writer = gguf_writer_new ();
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (SottoGguf) gguf = NULL;
  char *tokens[N_TOKENS];
  gint32 types[N_TOKENS];
  SottoTokenizer *tokenizer;

  for (guint i = 0; i < N_TOKENS; i++)
    {
      tokens[i] = i < 256 ? write_byte (i) : g_strdup (extras[i - 256].text);
      types[i] = i < 256 ? NORMAL : extras[i - 256].type;
    }

  if (model != NULL)
    gguf_writer_add_string (writer, "tokenizer.ggml.model", model);
  if (pre != NULL)
    gguf_writer_add_string (writer, "tokenizer.ggml.pre", pre);
  gguf_writer_add_strings (writer, "tokenizer.ggml.tokens", (const char *const *) tokens, N_TOKENS);
  gguf_writer_add_int32s (writer, "tokenizer.ggml.token_type", types, N_TOKENS);
  if (with_merges)
    gguf_writer_add_strings (writer, "tokenizer.ggml.merges", merges, G_N_ELEMENTS (merges));
  gguf_writer_add_uint32 (writer, "tokenizer.ggml.eos_token_id", eos);
  bytes = gguf_writer_finish (writer);
  gguf = sotto_gguf_parse (bytes, "made", error);
  g_assert_nonnull (gguf);
  tokenizer = sotto_tokenizer_new (gguf, error);

  for (guint i = 0; i < N_TOKENS; i++)
    g_free (tokens[i]);

  return tokenizer;
}

static SottoTokenizer *
make_default (void)
{
  g_autoptr (GError) error = NULL;
  SottoTokenizer *tokenizer = make_tokenizer ("gpt2", "qwen2", TRUE, 257, &error);

  g_assert_no_error (error);

  return tokenizer;
}

static void
test_merges (void)
{
  g_autoptr (SottoTokenizer) tokenizer = make_default ();

  assert_ids (tokenizer, "ab", FALSE, "261");
  assert_ids (tokenizer, "aab", FALSE, "97 261");
  assert_ids (tokenizer, "abc", FALSE, "261 99");
  assert_ids (tokenizer, "a b", FALSE, "97 32 98");
  assert_ids (tokenizer, "\xff\xfe", FALSE, "255 254");
  assert_ids (tokenizer, "", FALSE, "");
}

static gboolean
has_control (SottoTokenizer *tokenizer,
             GArray         *ids)
{
  for (guint i = 0; i < ids->len; i++)
    if (sotto_tokenizer_is_control (tokenizer, g_array_index (ids, gint32, i)))
      return TRUE;

  return FALSE;
}

static void
test_control_tokens_are_not_typed (void)
{
  g_autoptr (SottoTokenizer) tokenizer = make_default ();
  const char *const words[] = {
    "<|im_start|>",
    "<|im_end|>",
    "<|im_start|>deep",
    "<|endoftext|>",
    "<unk>",
    "abc",
    " abc",
    "x",
    "\n",
    "<|im_start",
    "|>",
    "<think>",
    "<|",
    "<<|im_end|>>",
  };
  g_autoptr (GRand) random = g_rand_new_with_seed (42);

  assert_ids (tokenizer, "<|im_end|>", TRUE, "257");
  assert_ids (tokenizer, "<|im_start|>", TRUE, "256");
  assert_ids (tokenizer, "<|im_start|>deeper", TRUE, "260 101 114");
  assert_ids (tokenizer, "<|endoftext|>", TRUE, "263");
  assert_ids (tokenizer, "<unk>", TRUE, "265");
  assert_ids (tokenizer, "abc", TRUE, "262");

  for (guint i = 0; i < 2000; i++)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      g_autoptr (GArray) ids = NULL;

      for (guint j = g_rand_int_range (random, 1, 8); j > 0; j--)
        g_string_append (text, words[g_rand_int_range (random, 0, G_N_ELEMENTS (words))]);
      ids = token_ids_encode (tokenizer, text->str, text->len, FALSE);
      g_assert_false (has_control (tokenizer, ids));
      assert_decodes_to (tokenizer, ids, text->str, text->len);
    }
}

/* A control token is one only where all its bytes are trusted, however the text is cut into
 * spans. */
static void
test_spans (void)
{
  g_autoptr (SottoTokenizer) tokenizer = make_default ();
  static const char token[] = "<|im_end|>";
  const gsize length = strlen (token);

  for (gsize cut = 0; cut <= length; cut++)
    for (guint trust = 0; trust < 4; trust++)
      {
        SottoSpan spans[] = {
          { token, cut, (trust & 1) != 0 },
          { NULL, 0, FALSE },
          { token + cut, length - cut, (trust & 2) != 0 },
        };
        gboolean all = (cut == 0 || (trust & 1) != 0) && (cut == length || (trust & 2) != 0);
        g_autoptr (GArray) ids = encode_spans (tokenizer, spans, G_N_ELEMENTS (spans));

        g_assert_cmpint (has_control (tokenizer, ids), ==, all);
        g_assert_cmpint (ids->len == 1, ==, all);
        assert_decodes_to (tokenizer, ids, token, length);
      }

  {
    /* What is typed between the template's tokens is one text with it: "a" and "b" merge. */
    SottoSpan spans[] = {
      { "<|im_start|>a", 13, TRUE }, { "b<|im_end|>", 11, FALSE }, { "<|im_end|>", 10, TRUE },
    };
    g_autoptr (GArray) ids = encode_spans (tokenizer, spans, G_N_ELEMENTS (spans));

    g_assert_cmpint (g_array_index (ids, gint32, 0), ==, 256);
    g_assert_cmpint (g_array_index (ids, gint32, 1), ==, 261);
    g_assert_cmpint (g_array_index (ids, gint32, 2), ==, 266);
    g_assert_cmpint (g_array_index (ids, gint32, ids->len - 1), ==, 257);
    g_assert_cmpuint (ids->len, ==, 3 + strlen ("end|>") + 1);
  }
}

static void
test_user_defined (void)
{
  g_autoptr (SottoTokenizer) tokenizer = make_default ();

  assert_ids (tokenizer, "<think>", FALSE, "258");
  assert_ids (tokenizer, "<think>dee", FALSE, "258 100 101 101");
  assert_ids (tokenizer, "<think>deep", FALSE, "259");
  assert_ids (tokenizer, "a<think>b", FALSE, "97 258 98");
  /* Untrusted, the longer control token does not hide the user-defined one that it begins with. */
  assert_ids (tokenizer, "<|im_x", FALSE, "266 120");
  assert_ids (tokenizer, "<|im_end|>", TRUE, "257");
}

static void
test_kinds (void)
{
  g_autoptr (SottoTokenizer) tokenizer = make_default ();
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *piece = sotto_tokenizer_dup_piece (tokenizer, 257);
  g_autofree char *space = sotto_tokenizer_dup_piece (tokenizer, 32);

  g_assert_cmpuint (sotto_tokenizer_get_n_tokens (tokenizer), ==, N_TOKENS);
  g_assert_cmpint (sotto_tokenizer_get_bos (tokenizer), ==, -1);
  g_assert_cmpint (sotto_tokenizer_get_eos (tokenizer), ==, 257);
  g_assert_false (sotto_tokenizer_get_add_bos (tokenizer));
  g_assert_true (sotto_tokenizer_has_chat_tokens (tokenizer));
  g_assert_cmpstr (piece, ==, "<|im_end|>");
  g_assert_cmpstr (space, ==, "Ġ");

  g_assert_true (sotto_tokenizer_is_end (tokenizer, 257));
  g_assert_true (sotto_tokenizer_is_end (tokenizer, 263));
  g_assert_false (sotto_tokenizer_is_end (tokenizer, 256));
  g_assert_false (sotto_tokenizer_is_end (tokenizer, -1));
  g_assert_false (sotto_tokenizer_is_end (tokenizer, N_TOKENS));
  g_assert_true (sotto_tokenizer_is_control (tokenizer, 263));
  g_assert_false (sotto_tokenizer_is_control (tokenizer, 258));
  g_assert_false (sotto_tokenizer_is_control (tokenizer, 97));

  sotto_tokenizer_append_text (tokenizer, 257, FALSE, text);
  sotto_tokenizer_append_text (tokenizer, 264, FALSE, text);
  sotto_tokenizer_append_text (tokenizer, -1, TRUE, text);
  sotto_tokenizer_append_text (tokenizer, G_MAXINT32, TRUE, text);
  g_assert_cmpstr (text->str, ==, "");
  sotto_tokenizer_append_text (tokenizer, 257, TRUE, text);
  sotto_tokenizer_append_text (tokenizer, 258, FALSE, text);
  g_assert_cmpstr (text->str, ==, "<|im_end|><think>");
}

static void
test_errors (void)
{
  static const struct {
    const char *model;
    const char *pre;
    gboolean with_merges;
    gint64 eos;
    SottoEngineError code;
    const char *subject;
  } cases[] = {
    { "sorcery", "qwen2", TRUE, 257, SOTTO_ENGINE_ERROR_TOKENIZER, "sorcery" },
    { NULL, "qwen2", TRUE, 257, SOTTO_ENGINE_ERROR_TOKENIZER, "" },
    { "gpt2", "qwen", TRUE, 257, SOTTO_ENGINE_ERROR_TOKENIZER, "qwen" },
    { "gpt2", "", TRUE, 257, SOTTO_ENGINE_ERROR_TOKENIZER, "" },
    { "gpt2", "gpt-2 mpt", TRUE, 257, SOTTO_ENGINE_ERROR_TOKENIZER, "gpt-2 mpt" },
    { "gpt2", "qwen2", FALSE, 257, SOTTO_ENGINE_ERROR_MALFORMED, "tokenizer.ggml.merges" },
    { "gpt2",
      "qwen2",
      TRUE,
      N_TOKENS,
      SOTTO_ENGINE_ERROR_MALFORMED,
      "tokenizer.ggml.eos_token_id" },
  };
  g_autoptr (GError) none = NULL;
  g_autoptr (SottoTokenizer) without_pre = make_tokenizer ("gpt2", NULL, TRUE, 257, &none);

  g_assert_no_error (none);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (SottoTokenizer) tokenizer = make_tokenizer (cases[i].model, cases[i].pre,
                                                             cases[i].with_merges, cases[i].eos,
                                                             &error);

      g_assert_null (tokenizer);
      g_assert_error (error, SOTTO_ENGINE_ERROR, (int) cases[i].code);
      g_assert_cmpstr (sotto_engine_error_get_arguments (error)->subject, ==, cases[i].subject);
      g_assert_cmpstr (sotto_engine_error_get_arguments (error)->path, ==, "made");
    }
}

/* Where text is brought into a normal form it comes back in that, and stays so. */
static void
assert_settled (SottoTokenizer *tokenizer,
                GArray         *ids)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GArray) again = NULL;
  g_autofree char *before = token_ids_to_text (ids);
  g_autofree char *after = NULL;

  for (guint i = 0; i < ids->len; i++)
    sotto_tokenizer_append_text (tokenizer, g_array_index (ids, gint32, i), TRUE, text);
  again = token_ids_encode (tokenizer, text->str, text->len, FALSE);
  after = token_ids_to_text (again);
  g_assert_cmpstr (before, ==, after);
}

/* Any bytes come back as they were. */
static void
test_any_bytes (void)
{
  static const char *const pres[] = {
    "gpt-2", "smollm", "default", "falcon", "llama-bpe", "qwen2", "qwen35", "gpt-4o", "tekken",
    "deepseek-coder", "deepseek-v3", "bloom", "viking", "minicpm5", "deepseek-llm", "youtu",
    "chameleon", "tiny_aya", "superbpe", "afmoe", "laguna", "exaone-moe", "jais-2", "kimi-k2",
    "spark2_5", "seed-coder",
  };
  g_autoptr (GRand) random = g_rand_new_with_seed (3);

  for (guint p = 0; p < G_N_ELEMENTS (pres); p++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (SottoTokenizer) tokenizer = make_tokenizer ("gpt2", pres[p], TRUE, 257, &error);

      g_assert_no_error (error);
      for (guint i = 0; i < 500; i++)
        {
          char bytes[200];
          gsize length = g_rand_int_range (random, 0, sizeof bytes);
          g_autoptr (GArray) ids = NULL;

          for (gsize j = 0; j < length; j++)
            bytes[j] = g_rand_boolean (random)
                           ? g_rand_int_range (random, 0, 256)
                           : " \n'sab1<\xe2\x80\xf0\x9f"[g_rand_int_range (random, 0, 12)];
          ids = token_ids_encode (tokenizer, bytes, length, FALSE);
          if (g_str_has_prefix (pres[p], "qwen"))
            assert_settled (tokenizer, ids);
          else
            assert_decodes_to (tokenizer, ids, bytes, length);
          g_assert_false (has_control (tokenizer, ids));
        }
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (shared); i++)
    {
      g_autofree char *path = g_strdup_printf ("/tokenizer/shared/%s", shared[i]);

      g_test_add_data_func (path, shared[i], test_shared);
    }
  g_test_add_func ("/tokenizer/all-shared", test_all_shared);
  g_test_add_func ("/tokenizer/merges", test_merges);
  g_test_add_func ("/tokenizer/control-tokens-are-not-typed", test_control_tokens_are_not_typed);
  g_test_add_func ("/tokenizer/spans", test_spans);
  g_test_add_func ("/tokenizer/user-defined", test_user_defined);
  g_test_add_func ("/tokenizer/kinds", test_kinds);
  g_test_add_func ("/tokenizer/errors", test_errors);
  g_test_add_func ("/tokenizer/any-bytes", test_any_bytes);

  return g_test_run ();
}
