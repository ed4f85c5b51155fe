/* RWKV's tokenizer: again and again the longest token that the rest of the text begins with. */

#include "text/tokenizer-kind.h"

typedef struct {
  const SottoVocabulary *vocabulary;
  const SottoTokenizerRules *rules;
} Rwkv;

static gpointer
rwkv_open (SottoGguf            *gguf,
           SottoVocabularyForm  *form,
           SottoTokenizerRules  *rules,
           GError              **error)
{
  *form = SOTTO_VOCABULARY_QUOTED;

  return g_new0 (Rwkv, 1);
}

static gboolean
rwkv_build (gpointer                    data,
            SottoVocabulary            *vocabulary,
            const SottoTokenizerRules  *rules,
            SottoGguf                  *gguf,
            GError                    **error)
{
  Rwkv *self = data;

  self->vocabulary = vocabulary;
  self->rules = rules;

  return TRUE;
}

static void
rwkv_encode (gconstpointer        data,
             const SottoFragment *fragment,
             GArray              *ids)
{
  const Rwkv *self = data;
  const guint8 *end = fragment->text + fragment->length;
  gsize first = ids->len;

  for (const guint8 *at = fragment->text; at < end;)
    {
      gsize length;
      guint32 id = sotto_vocabulary_find_longest (self->vocabulary, at, end, &length);

      if (id != SOTTO_NO_TOKEN)
        {
          sotto_append_token (ids, id);
          at += length;
        }
      else
        {
          sotto_append_unknown (ids, first, self->rules);
          at++;
        }
    }
}

const SottoTokenizerKind sotto_tokenizer_rwkv = {
  .models = " rwkv ",
  .rules = { .bos = -1, .eos = -1, .separator = -1, .unknown = -1 },
  .open = rwkv_open,
  .build = rwkv_build,
  .encode = rwkv_encode,
  .free = g_free,
};
