/* What a person reads of a receipt, and what others do. */

#include "conversation/kept-receipt.h"

#include <string.h>

static const char receipt[] =
  "{\"version\":1,\"model\":\"/home/anna/models/small.gguf\",\"model_sha256\":null,\"backend\":\"avx2\",\"build\":\"0.1.0\","
  "\"context\":1024,\"sampler\":{\"temperature\":0.7,\"top_k\":0,\"top_p\":0.95,\"min_p\":0,\"repetition_penalty\":1,"
  "\"seed\":\"18446744073709551615\"},\"prompt_tokens\":31,\"ended\":\"end\","
  "\"vision\":\"/home/anna/models/mmproj-small.gguf\"}";

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* Returns: (transfer none) (nullable) */
static const char *
find (char **lines, const char *title)
{
  for (guint i = 0; lines[i] != NULL; i += 2)
    if (g_str_equal (lines[i], title))
      return lines[i + 1];
  return NULL;
}

static void
test_words (void)
{
  g_auto (GStrv) lines = sotto_kept_receipt_describe (receipt);
  g_autofree char *all = g_strjoinv ("\n", lines);

  g_assert_null (strstr (all, "anna"));
  g_assert_null (strstr (all, "{"));
  g_assert_cmpstr (find (lines, "Model File"), ==, "small.gguf");
  g_assert_cmpstr (find (lines, "Pictures Seen With"), ==, "mmproj-small.gguf");
  g_assert_cmpstr (find (lines, "Seed"), ==, "18446744073709551615");
  g_assert_cmpstr (find (lines, "Temperature"), ==, "0.7");
  g_assert_cmpstr (find (lines, "Sampling"), ==, "Top-p 0.95");
  g_assert_cmpstr (find (lines, "Read Before"), ==, "31 tokens");
  g_assert_cmpstr (find (lines, "Computed On"), ==, "avx2");
  /* What is not known is not there. */
  g_assert_null (find (lines, "Fingerprint of the File (SHA-256)"));
}

static void
test_hash (void)
{
  g_autofree char *complete = sotto_kept_receipt_add_hash (receipt, HASH);
  g_auto (GStrv) lines = sotto_kept_receipt_describe (complete);

  g_assert_nonnull (strstr (complete, "small.gguf\",\"model_sha256\":\"" HASH "\",\"backend\""));
  g_assert_true (g_str_has_prefix (find (lines, "Fingerprint of the File (SHA-256)"), "01234567 89abcdef 0123"));
  /* Not where there is one */
  g_assert_null (sotto_kept_receipt_add_hash (complete, HASH));
  g_assert_null (sotto_kept_receipt_add_hash ("{}", HASH));
}

/* The likeliest word leaves chance nothing to do. */
static void
test_greedy (void)
{
  g_auto (GStrv) lines = sotto_kept_receipt_describe ("{\"sampler\":{\"temperature\":0,\"top_p\":0.9,\"seed\":\"7\"}}");

  g_assert_cmpstr (find (lines, "Temperature"), ==, "0");
  g_assert_null (find (lines, "Seed"));
  g_assert_null (find (lines, "Sampling"));
}

static void
test_for_others (void)
{
  g_autofree char *shared = sotto_kept_receipt_dup_for_others (receipt);

  g_assert_nonnull (strstr (shared, "\"model\":\"small.gguf\""));
  g_assert_nonnull (strstr (shared, "\"vision\":\"mmproj-small.gguf\""));
  g_assert_null (strstr (shared, "anna"));
  g_assert_nonnull (strstr (shared, "\"seed\":\"18446744073709551615\""));
  g_assert_nonnull (strstr (shared, "\"temperature\":0.7,"));
}

#define EARLIER "{\"version\":1,\"model\":\"/home/anna/models/small.gguf\",\"model_sha256\":null,\"sampler\":{\"seed\":\"9\"}," \
  "\"generated_tokens\":20,\"decode_us\":1900000,\"reasoning_us\":5,\"ended\":\"max-tokens\"}"
#define LAST "{\"version\":1,\"model\":\"/home/anna/models/small.gguf\",\"model_sha256\":null,\"prompt_tokens\":50," \
  "\"continued_tokens\":20,\"generated_tokens\":11,\"decode_us\":1000000,\"ended\":\"end\"}"

/* A reply that went on keeps what is true of each part. */
static void
test_parts (void)
{
  g_autofree char *cut_off = sotto_kept_receipt_join (NULL, EARLIER);
  g_autofree char *two = sotto_kept_receipt_join (LAST, EARLIER);
  g_autofree char *three = sotto_kept_receipt_join (LAST, two);
  g_autofree char *after_crash = sotto_kept_receipt_join (LAST, cut_off);
  g_autofree char *first_lost = sotto_kept_receipt_join (LAST, NULL);
  g_autofree char *hashed = sotto_kept_receipt_add_hash (three, HASH);
  g_autofree char *others = sotto_kept_receipt_dup_for_others (three);
  g_autofree char *known = sotto_kept_receipt_add_hash (LAST, HASH);
  g_autofree char *filled = sotto_kept_receipt_join (known, EARLIER);
  g_auto (GStrv) lines = sotto_kept_receipt_describe (three);
  guint n_parts;

  g_assert_null (sotto_kept_receipt_join (NULL, NULL));
  g_assert_cmpstr (first_lost, ==, LAST);
  g_assert_cmpstr (after_crash, ==, two);
  g_assert_true (g_str_has_suffix (two, ",\"earlier\":[" EARLIER "]}"));
  g_assert_cmpuint (sotto_kept_receipt_get_number (cut_off, "generated_tokens"), ==, 0);
  g_assert_cmpuint (sotto_kept_receipt_get_number (two, "prompt_tokens"), ==, 50);
  g_assert_cmpuint (sotto_kept_receipt_get_number (two, "reasoning_us"), ==, 0);
  g_assert_cmpuint (sotto_kept_receipt_add_up (two, "generated_tokens", &n_parts), ==, 31);
  g_assert_cmpuint (n_parts, ==, 2);
  g_assert_cmpuint (sotto_kept_receipt_add_up (three, "generated_tokens", &n_parts), ==, 42);
  g_assert_cmpuint (n_parts, ==, 3);
  g_assert_true (sotto_kept_receipt_ended_by (two, "end"));
  g_assert_false (sotto_kept_receipt_ended_by (cut_off, "max-tokens"));

  g_assert_cmpstr (find (lines, "Continued Behind"), ==, "20 tokens");
  g_assert_cmpstr (find (lines, "Part 1"), ==, "small.gguf · 20 tokens · Seed 9");
  g_assert_cmpstr (find (lines, "Part 2"), ==, "small.gguf · 11 tokens");

  g_assert_null (strstr (hashed, "null"));
  g_assert_null (strstr (filled, "null"));
  g_assert_null (strstr (others, "anna"));
}

/* One that has come with an import may say anything. */
static void
test_strange (void)
{
  static const char *const strange[] = { "", "{", "[]", "7", "{}", "{\"model\":7,\"sampler\":[],\"context\":\"much\",\"build\":{}}",
                                         "{\"model\":\"\",\"sampler\":{\"seed\":[1],\"top_p\":\"x\"}}",
                                         "{\"earlier\":7}", "{\"earlier\":[7,null,[],{\"model\":{}}]}" };
  g_auto (GStrv) none = sotto_kept_receipt_describe (NULL);

  g_assert_cmpuint (g_strv_length (none), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (strange); i++)
    {
      g_auto (GStrv) lines = sotto_kept_receipt_describe (strange[i]);
      g_autofree char *shared = sotto_kept_receipt_dup_for_others (strange[i]);
      g_autofree char *joined = sotto_kept_receipt_join (LAST, strange[i]);

      g_assert_cmpuint (sotto_kept_receipt_get_number (joined, "generated_tokens"), ==, 11);
      g_assert_cmpuint (g_strv_length (lines) % 2, ==, 0);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/app/receipt/words", test_words);
  g_test_add_func ("/app/receipt/hash", test_hash);
  g_test_add_func ("/app/receipt/greedy", test_greedy);
  g_test_add_func ("/app/receipt/for-others", test_for_others);
  g_test_add_func ("/app/receipt/parts", test_parts);
  g_test_add_func ("/app/receipt/strange", test_strange);
  return g_test_run ();
}
