/* What embedding models are told before a text: as their authors' pages have it, by family and by the names that files have. */
#include "sotto-engine.h"

#include <glib/gstdio.h>

#define REPRESENT "Represent this sentence for searching relevant passages: "
#define INSTRUCT "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:"

static const struct {
  const char *fixture;     /* a model of the family */
  const char *file;        /* what it is called */
  const char *question;
  const char *passage;
} cases[] = {
  { "nomic-bert", "nomic-embed-text-v1.5.Q8_0.gguf", "search_query: ", "search_document: " },
  { "nomic-bert", "snowflake-arctic-embed-m-long-F16.GGUF", REPRESENT, "" },
  { "bert", "snowflake-arctic-embed-m-v1.5.gguf", REPRESENT, "" },
  { "xlm-roberta", "snowflake-arctic-embed-l-v2.0-q8_0.gguf", "query: ", "" },
  { "bert", "e5-small-v2.gguf", "query: ", "passage: " },
  { "xlm-roberta", "multilingual-e5-large.gguf", "query: ", "passage: " },
  { "xlm-roberta", "multilingual-e5-large-instruct.gguf", INSTRUCT " ", "" },
  { "bert", "bge-small-en-v1.5-q4_k_m.gguf", REPRESENT, "" },
  { "xlm-roberta", "bge-m3.gguf", "", "" },
  { "bert", "mxbai-embed-large-v1_fp16.gguf", REPRESENT, "" },
  { "bert", "gte-base.gguf", "", "" },
  { "bert", "all-MiniLM-L6-v2-F16.gguf", "", "" },
  { "gemma-embedding", "any.gguf", "task: search result | query: ", "title: none | text: " },
  { "qwen3-embedding", "Qwen3-Embedding-0.6B-Q8_0.gguf", INSTRUCT, "" },
  { "qwen3-embedding", "another.gguf", "", "" },
  /* Of what only writes nothing is known. */
  { "qwen3", "Qwen3-Embedding-0.6B-Q8_0.gguf", "", "" },
};

static void
test_cases (void)
{
  g_autofree char *folder = g_dir_make_tmp ("sotto-prefixes-XXXXXX", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *name = g_strconcat (cases[i].fixture, ".gguf", NULL);
      g_autofree char *fixture = g_test_build_filename (G_TEST_DIST, "engine", "families", name, NULL);
      g_autofree char *path = g_build_filename (folder, cases[i].file, NULL);
      g_autofree char *contents = NULL;
      g_autoptr (SottoModel) model = NULL;
      g_autoptr (GError) error = NULL;
      gsize length;

      g_test_message ("%s", cases[i].file);
      g_assert_true (g_file_get_contents (fixture, &contents, &length, NULL));
      g_assert_true (g_file_set_contents (path, contents, (gssize) length, NULL));
      model = sotto_model_open (path, NULL, NULL, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (sotto_model_get_embed_prefix (model, TRUE), ==, cases[i].question);
      g_assert_cmpstr (sotto_model_get_embed_prefix (model, FALSE), ==, cases[i].passage);
      g_remove (path);
    }
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/embed-prefixes/cases", test_cases);
  return g_test_run ();
}
