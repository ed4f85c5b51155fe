#include "sotto-answer.h"

#include "grammar/constraint.h"
#include "sotto-model-private.h"

#include <string.h>

/* Line ends between reasoning and answer. */
#define MOST_LINE_ENDS 2u

/* How far is looked ahead for each token that may be guessed. */
#define BYTES_A_TOKEN 12u

struct _SottoAnswer {
  SottoConstraint *constraint;
  const SottoTokenTrie *trie; /* the model's */
  SottoModel *model;
  SottoOutlet *outlet;
  gboolean is_begun;
  GArray *openers;           /* (element-type gint32): what may come next instead of the answer */
  guint n_openers;           /* so many have come */
  GString *last;             /* the answer's last token as text */
  guint64 *mask;             /* (nullable) (the trie's n_words): the grammar's and the openers */
};

SottoAnswer *
sotto_answer_new (SottoGrammar  *grammar,
                  SottoModel    *model,
                  SottoOutlet   *outlet,
                  SottoCancel   *cancel,
                  GError       **error)
{
  SottoTokenTrie *trie = sotto_model_get_token_trie (model, cancel, error);
  SottoConstraint *constraint;
  SottoAnswer *self;

  if (trie == NULL)
    return NULL;
  constraint =
    sotto_constraint_new (grammar, trie, sotto_model_get_info (model)->n_vocabulary, error);
  if (constraint == NULL)
    return NULL;

  self = g_new0 (SottoAnswer, 1);
  self->constraint = constraint;
  self->trie = trie;
  self->model = model;
  self->outlet = outlet;
  self->openers = g_array_new (FALSE, FALSE, sizeof (gint32));
  self->last = g_string_new (NULL);

  return self;
}

void
sotto_answer_free (SottoAnswer *self)
{
  sotto_constraint_free (self->constraint);
  g_array_unref (self->openers);
  g_string_free (self->last, TRUE);
  g_free (self->mask);
  g_free (self);
}

static void
append_text (const SottoAnswer *self,
             gint32             token,
             GString           *text)
{
  self->trie->source.append_text (self->trie->source.user_data, token, text);
}

/* Lists what may come beside the answer. Returns: FALSE: anything may */
static gboolean
list_openers (SottoAnswer *self)
{
  SottoReplyStage stage = sotto_outlet_get_stage (self->outlet);

  g_array_set_size (self->openers, 0);
  if (!self->is_begun && stage == SOTTO_REPLY_IN_PART)
    {
      self->n_openers = 0;
      return FALSE;
    }
  if (!self->is_begun && self->n_openers < MOST_LINE_ENDS)
    sotto_outlet_list_openers (self->outlet, self->trie, self->openers);

  return TRUE;
}

gboolean
sotto_answer_get_mask (SottoAnswer    *self,
                       SottoBestWish  *wish,
                       GError        **error)
{
  guint n_words = self->trie->n_words;
  const guint64 *mask;

  wish->mask = NULL;
  if (!list_openers (self))
    return TRUE;

  mask = sotto_constraint_get_mask (self->constraint, error);
  if (mask == NULL)
    return FALSE;
  wish->mask = mask;
  wish->n_mask_words = n_words;
  if (self->openers->len == 0)
    return TRUE;

  if (self->mask == NULL)
    self->mask = g_try_new (guint64, n_words);
  if (self->mask == NULL)
    {
      wish->n_best = 0;
      return TRUE;
    }
  memcpy (self->mask, mask, n_words * sizeof *mask);
  for (guint i = 0; i < self->openers->len; i++)
    {
      guint token = (guint) g_array_index (self->openers, gint32, i);

      if (token / 64 < n_words)
        self->mask[token / 64] |= (guint64) 1 << token % 64;
    }
  wish->mask = self->mask;

  return TRUE;
}

const float *
sotto_answer_apply (SottoAnswer  *self,
                    const float  *logits,
                    GError      **error)
{
  if (!list_openers (self))
    return logits;

  return sotto_constraint_apply_or (self->constraint, logits,
                                    (const gint32 *) (gconstpointer) self->openers->data,
                                    self->openers->len, error);
}

static void
begin (SottoAnswer *self)
{
  self->is_begun = TRUE;
  sotto_outlet_begin_answer (self->outlet);
}

gboolean
sotto_answer_accept (SottoAnswer  *self,
                     gint32        token,
                     gboolean     *again,
                     GError      **error)
{
  *again = FALSE;
  if (!self->is_begun)
    {
      for (guint i = 0; i < self->openers->len; i++)
        if (g_array_index (self->openers, gint32, i) == token)
          {
            self->n_openers++;
            return TRUE;
          }

      if (sotto_outlet_get_stage (self->outlet) == SOTTO_REPLY_IN_PART)
        {
          *again = sotto_model_is_end_token (self->model, token) &&
                   !sotto_outlet_goes_on (self->outlet, token);
          if (*again)
            begin (self);
          return TRUE;
        }
      begin (self);
    }

  g_string_truncate (self->last, 0);
  append_text (self, token, self->last);

  return sotto_constraint_accept (self->constraint, token, error);
}

guint
sotto_answer_count_possible (SottoAnswer  *self,
                             const gint32 *tokens,
                             guint         n_tokens)
{
  return self->is_begun ? sotto_constraint_count_possible (self->constraint, tokens, n_tokens) : n_tokens;
}

guint
sotto_answer_foresee (SottoAnswer     *self,
                      gint32          *tokens,
                      SottoForcedKind *kinds,
                      guint            most)
{
  gsize most_bytes = (gsize) most * BYTES_A_TOKEN;
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GString) read = g_string_new (NULL);
  g_autoptr (GArray) all = NULL;
  gsize n_certain, n_before;
  guint n = 0;

  if (!self->is_begun)
    return 0;
  n_certain = sotto_constraint_foresee (self->constraint, most_bytes, text);
  if (text->len == 0)
    return 0;

  /* Behind the last token, for how a text is divided depends on what is before it; some tokenizers begin with a space
   * of their own. */
  g_string_prepend_len (text, self->last->str, (gssize) self->last->len);
  n_certain += self->last->len;
  all = sotto_model_tokenize (self->model, text->str, (gssize) text->len, FALSE);
  for (guint i = 0; i < all->len; i++)
    append_text (self, g_array_index (all, gint32, i), read);
  n_before = self->last->len + (read->len - MIN (read->len, text->len));
  n_certain += n_before - self->last->len;

  g_string_truncate (read, 0);
  for (guint i = 0; i < all->len && n < most; i++)
    {
      gint32 token = g_array_index (all, gint32, i);
      gsize begin = read->len;

      append_text (self, token, read);
      if (begin < n_before && read->len > n_before)
        return 0;
      if (begin < n_before)
        continue;
      tokens[n] = token;
      kinds[n++] = i + 1 == all->len        ? SOTTO_FORCED_LAST
                   : read->len <= n_certain ? SOTTO_FORCED_CERTAIN
                                            : SOTTO_FORCED_SPACE;
    }

  return n;
}

gboolean
sotto_answer_is_finished (const SottoAnswer *self)
{
  return self->is_begun && sotto_constraint_is_finished (self->constraint);
}
