/* Rows of floats in a timeline, in place of tokens: what a model makes of a picture.
 *
 * The timeline has negative numbers there, so that prefixes are compared, kept and saved as ever; the rows themselves come from
 * whoever has the prompt, when they are to be evaluated. A batch has either tokens or rows. Rows that see each other are
 * one batch, and are kept or evaluated again as one; so are those of a grid (sotto-session-spots.c), if in several batches.
 */

#include "sotto-session-private.h"

#include "sotto-error.h"
#include "sotto-model-private.h"

static gboolean
refuse (GError **error, const char *subject, const char *message)
{
  sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_REQUEST, &(SottoErrorArguments) { .subject = subject }, "%s", message);
  return FALSE;
}

static guint
end_of (const SottoRowSpan *span)
{
  return span->first + span->n_rows;
}

static gboolean
check_spans (const SottoSession *self, guint n_tokens, const SottoRows *rows, GError **error)
{
  const SottoPlan *plan = &sotto_model_get_program (self->model)->plan;
  guint before = 0;

  for (guint i = 0; i < rows->n_spans; i++)
    {
      const SottoRowSpan *span = &rows->spans[i];

      if (span->n_rows == 0 || span->first < before || span->first > n_tokens || span->n_rows > n_tokens - span->first)
        return refuse (error, "image", "a span of rows is not in the timeline");
      if (span->together && span->n_rows > SOTTO_MAX_BATCH)
        return refuse (error, "image", "more rows see each other than are evaluated together");
      if (span->n_columns > 0 && !plan->has_axes)
        return refuse (error, "image", "the model's positions have one axis, and the rows two");
      if (span->n_columns > 0 && span->n_rows % span->n_columns != 0)
        return refuse (error, "image", "a span of rows is no grid");
      before = end_of (span);
    }
  if (rows->n_spans > 0 && !sotto_plan_takes_rows (plan))
    return refuse (error, "image", "the model looks tokens up for every layer, which rows have nothing for");
  return TRUE;
}

gboolean
sotto_session_check_tokens (const SottoSession  *self,
                            const gint32        *tokens,
                            guint                n_tokens,
                            const SottoRows     *rows,
                            GError             **error)
{
  guint n_vocabulary = sotto_model_get_info (self->model)->n_vocabulary;
  guint next = 0;

  if (n_tokens == 0)
    return refuse (error, "no tokens", "there are no tokens to evaluate");
  if (rows != NULL && !check_spans (self, n_tokens, rows, error))
    return FALSE;

  for (guint i = 0; i < n_tokens; i++)
    {
      gboolean is_row;

      while (rows != NULL && next < rows->n_spans && i >= end_of (&rows->spans[next]))
        next++;
      is_row = rows != NULL && next < rows->n_spans && i >= rows->spans[next].first;
      if (is_row ? tokens[i] < 0 : tokens[i] >= 0 && (guint) tokens[i] < n_vocabulary)
        continue;
      if (is_row)
        return refuse (error, "token", "a token stands where there are rows");
      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_REQUEST, &(SottoErrorArguments) { .subject = "token" },
                              "token %d is not one of the %u of the vocabulary", tokens[i], n_vocabulary);
      return FALSE;
    }
  return TRUE;
}

guint
sotto_rows_find (const SottoRows *rows, guint position)
{
  guint i = 0;

  while (rows != NULL && i < rows->n_spans && position >= end_of (&rows->spans[i]))
    i++;
  return i;
}

guint
sotto_session_cut (const SottoSession *self, const SottoRows *rows, guint n)
{
  guint found;

  n = sotto_session_cut_grids (self, rows, n);
  found = sotto_rows_find (rows, n);
  if (rows == NULL || found == rows->n_spans || !rows->spans[found].together)
    return n;
  return MIN (n, rows->spans[found].first);
}

gboolean
sotto_session_run_some (SottoSession     *self,
                        const gint32     *tokens,
                        guint             end,
                        const SottoRows  *rows,
                        SottoCancel      *cancel,
                        GError          **error)
{
  const guint first = self->tokens->len;
  const guint found = sotto_rows_find (rows, first);
  const guint n_embedding = sotto_model_get_program (self->model)->plan.n_embedding;
  const SottoRowSpan *span = rows != NULL && found < rows->n_spans ? &rows->spans[found] : NULL;
  SottoBatch batch = { 0 };
  const float *of_span;

  if (span == NULL || first < span->first)
    {
      end = span != NULL ? MIN (end, span->first) : end;
      return sotto_session_run_piece (self, tokens + first, end - first, FALSE, cancel, error);
    }

  of_span = sotto_cancel_check (cancel, error) ? rows->get (rows->user_data, found, cancel, error) : NULL;
  if (of_span == NULL)
    return FALSE;
  end = span->together ? end_of (span) : MIN (end, end_of (span));
  batch.rows = of_span + (gsize) (first - span->first) * n_embedding;
  batch.part_step = (gsize) span->n_rows * n_embedding;
  batch.n_tokens = end - first;
  batch.together = span->together;
  batch.spots = sotto_session_find_spots (self, span, batch.n_tokens);
  if (!sotto_session_run_batch (self, &batch, tokens + first, cancel, error))
    return FALSE;
  sotto_session_keep_grid (self, span, first);
  return TRUE;
}
