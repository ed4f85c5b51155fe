/* A model's tokens by their bytes, for constrained replies: sorted once, by whoever needs them first. */

#include "sotto-model-private.h"

static void
append_text (gpointer  user_data,
             gint32    token,
             GString  *out)
{
  sotto_tokenizer_append_text (user_data, token, FALSE, out);
}

static gboolean
is_end (gpointer user_data,
        gint32   token)
{
  return sotto_tokenizer_is_end (user_data, token);
}

SottoTokenTrie *
sotto_model_get_token_trie (SottoModel   *self,
                            SottoCancel  *cancel,
                            GError      **error)
{
  SottoTokenSource source = {
    sotto_tokenizer_get_n_tokens (self->tokenizer), append_text, is_end, self->tokenizer,
  };
  SottoTokenTrie *trie;

  g_mutex_lock (&self->hash_mutex);
  trie = self->token_trie;
  g_mutex_unlock (&self->hash_mutex);
  if (trie != NULL)
    return trie;

  trie = sotto_token_trie_new (&source, cancel, error);
  if (trie == NULL)
    return NULL;

  g_mutex_lock (&self->hash_mutex);
  if (self->token_trie == NULL)
    self->token_trie = g_steal_pointer (&trie);
  g_mutex_unlock (&self->hash_mutex);
  g_clear_pointer (&trie, sotto_token_trie_unref);

  return self->token_trie;
}
