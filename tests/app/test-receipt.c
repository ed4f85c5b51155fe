/* What a person reads of a receipt, and what others do. */

#include "kept-receipt.h"

#include <string.h>

static const char receipt[] =
  "{\"version\":1,\"model\":\"/home/anna/models/small.gguf\",\"model_sha256\":null,\"backend\":\"avx2\",\"build\":\"0.1.0\","
  "\"context\":1024,\"sampler\":{\"temperature\":0.7,\"top_k\":0,\"top_p\":0.95,\"min_p\":0,\"repetition_penalty\":1,"
  "\"seed\":\"18446744073709551615\"},\"prompt_tokens\":31,\"ended\":\"end\"}";

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
  g_assert_null (strstr (shared, "anna"));
  g_assert_nonnull (strstr (shared, "\"seed\":\"18446744073709551615\""));
  g_assert_nonnull (strstr (shared, "\"temperature\":0.7,"));
}

/* One that has come with an import may say anything. */
static void
test_strange (void)
{
  static const char *const strange[] = { "", "{", "[]", "7", "{}", "{\"model\":7,\"sampler\":[],\"context\":\"much\",\"build\":{}}",
                                         "{\"model\":\"\",\"sampler\":{\"seed\":[1],\"top_p\":\"x\"}}" };
  g_auto (GStrv) none = sotto_kept_receipt_describe (NULL);

  g_assert_cmpuint (g_strv_length (none), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (strange); i++)
    {
      g_auto (GStrv) lines = sotto_kept_receipt_describe (strange[i]);
      g_autofree char *shared = sotto_kept_receipt_dup_for_others (strange[i]);

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
  g_test_add_func ("/app/receipt/strange", test_strange);
  return g_test_run ();
}
