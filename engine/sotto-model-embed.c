/* What embedding models were trained to read before a text, as their authors publish it on their models' pages: a question and what
 * answers it are not alike, and most are told which of the two a text is.
 *
 * No key of the file has it. A model is known by its family where that is of one model only, and else by its names: the file's own
 * for it, and what the file is called. One that is not known reads the text alone. */

#include "sotto-model-private.h"

#include <string.h>

/* What is published for many that were trained on questions to the web. */
#define FIND_PASSAGES "Represent this sentence for searching relevant passages: "
#define FIND_ON_WEB "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:"

typedef struct {
  const char *family;      /* (nullable): of any */
  const char *names[2];    /* (nullable): both are part of its names, in words with a hyphen around each */
  const char *question;
  const char *passage;
} Prefixes;

/* The first that fits counts. */
static const Prefixes known[] = {
  /* EmbeddingGemma (Schechter Vera et al. 2025), prompts of retrieval; passages have no title */
  { "gemma-embedding", { NULL, NULL }, "task: search result | query: ", "title: none | text: " },
  /* Qwen3 Embedding (Zhang et al. 2025): no space behind the colon; passages as they are */
  { "qwen3", { "-qwen3-embedding-", NULL }, FIND_ON_WEB, "" },
  /* Arctic Embed (Merrick et al. 2024; of the second version Yu et al. 2024) */
  { NULL, { "-arctic-embed-", "-v2-" }, "query: ", "" },
  { NULL, { "-arctic-embed-", NULL }, FIND_PASSAGES, "" },
  /* Nomic Embed (Nussbaum et al. 2024), the second version, a mixture, too */
  { NULL, { "-nomic-embed-text-", NULL }, "search_query: ", "search_document: " },
  /* E5 (Wang et al. 2022) and its multilingual models; those that follow instructions */
  { NULL, { "-e5-", "-instruct-" }, FIND_ON_WEB " ", "" },
  { NULL, { "-e5-", NULL }, "query: ", "passage: " },
  /* BGE (Xiao et al. 2023) for English; not M3, which needs nothing */
  { NULL, { "-bge-", "-en-" }, FIND_PASSAGES, "" },
  /* mxbai-embed (Lee et al. 2024) */
  { NULL, { "-mxbai-embed-", NULL }, FIND_PASSAGES, "" },
};

/* @name as words with a hyphen around each: "BGE small_en v1.5" and "bge-small-en-v1.5.gguf" begin alike. */
static void
append_words (GString    *words,
              const char *name)
{
  for (const char *c = name; c != NULL && *c != '\0'; c++)
    if (g_ascii_isalnum (*c))
      g_string_append_c (words, g_ascii_tolower (*c));
    else if (words->str[words->len - 1] != '-')
      g_string_append_c (words, '-');
  if (words->str[words->len - 1] != '-')
    g_string_append_c (words, '-');
}

static gboolean
fits (const Prefixes *self,
      const char     *family,
      const char     *words)
{
  if (self->family != NULL && !g_str_equal (self->family, family))
    return FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (self->names); i++)
    if (self->names[i] != NULL && strstr (words, self->names[i]) == NULL)
      return FALSE;

  return TRUE;
}

const char *
sotto_model_get_embed_prefix (const SottoModel *self,
                              gboolean          is_question)
{
  g_autoptr (GString) words = g_string_new ("-");
  g_autofree char *base = NULL;
  g_autofree char *file = NULL;

  if (!self->info.is_embedding)
    return "";

  base = sotto_gguf_dup_string (self->gguf, "general.basename");
  file = g_path_get_basename (self->info.path);
  append_words (words, self->info.name);
  append_words (words, base);
  append_words (words, file);
  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (fits (&known[i], self->info.family, words->str))
      return is_question ? known[i].question : known[i].passage;

  return "";
}
