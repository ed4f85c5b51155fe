#include "sotto-answer.h"

#include "grammar/constraint.h"
#include "sotto-model-private.h"

/* Line ends between reasoning and answer. */
#define MOST_LINE_ENDS 2u

struct _SottoAnswer {
  SottoConstraint *constraint;
  const SottoTokenTrie *trie; /* the model's */
  SottoModel *model;
  SottoOutlet *outlet;
  gboolean is_begun;
  GArray *openers;           /* (element-type gint32): what may come next instead of the answer */
  guint n_openers;           /* so many have come */
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

  return self;
}

void
sotto_answer_free (SottoAnswer *self)
{
  sotto_constraint_free (self->constraint);
  g_array_unref (self->openers);
  g_free (self);
}

const float *
sotto_answer_apply (SottoAnswer  *self,
                    const float  *logits,
                    GError      **error)
{
  SottoReplyStage stage = sotto_outlet_get_stage (self->outlet);

  g_array_set_size (self->openers, 0);
  if (!self->is_begun && stage == SOTTO_REPLY_IN_PART)
    {
      self->n_openers = 0;
      return logits;
    }
  if (!self->is_begun && self->n_openers < MOST_LINE_ENDS)
    sotto_outlet_list_openers (self->outlet, self->trie, self->openers);

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

  return sotto_constraint_accept (self->constraint, token, error);
}

gboolean
sotto_answer_is_finished (const SottoAnswer *self)
{
  return self->is_begun && sotto_constraint_is_finished (self->constraint);
}
