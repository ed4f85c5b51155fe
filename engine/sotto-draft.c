#include "sotto-draft.h"

#include "sotto-session-private.h"

struct _SottoDraft {
  SottoSession *session;   /* borrowed */
  SottoHelper *helper;     /* borrowed; NULL: there is none, or nothing is guessed */
  SottoAnswer *answer;     /* borrowed; NULL: there is none, or nothing is guessed */
  SottoPace *pace;         /* borrowed */
  SottoSpeculation speculation;
  SottoLookup *lookup;     /* NULL: nothing is guessed, or there is no memory for it */
  guint n_tokens;          /* of the timeline: those that count */

  /* The batch that the timeline ends with */
  guint n_batch;           /* tokens; 0: the timeline ends with none of ours */
  guint first;             /* where it begins */
  gint64 batch_us;         /* what it took */
  double guess_us;         /* what the helper took for it; 0: the guesses are not its */
  guint kinds[SOTTO_FEW_TOKENS]; /* of the guesses, from index 1 on */

  guint n_drafted;
  guint n_accepted;
};

SottoDraft *
sotto_draft_new (SottoSession     *session,
                 SottoHelper      *helper,
                 SottoAnswer      *answer,
                 SottoPace        *pace,
                 SottoSpeculation  speculation)
{
  SottoDraft *self = g_new0 (SottoDraft, 1);
  const gint32 *tokens = sotto_session_get_tokens (session, &self->n_tokens);

  self->session = session;
  session->lets_stay = TRUE;
  self->helper = speculation != SOTTO_SPECULATION_NEVER ? helper : NULL;
  self->answer = speculation != SOTTO_SPECULATION_NEVER ? answer : NULL;
  self->pace = pace;
  self->speculation = speculation;
  if (speculation != SOTTO_SPECULATION_NEVER)
    self->lookup = sotto_lookup_new (sotto_session_get_context (session));
  for (guint i = 0; self->lookup != NULL && i < self->n_tokens; i++)
    sotto_lookup_append (self->lookup, tokens[i]);
  if (self->lookup != NULL)
    sotto_lookup_begin_copy (self->lookup);

  return self;
}

void
sotto_draft_free (SottoDraft *self)
{
  self->session->lets_stay = FALSE;
  g_clear_pointer (&self->lookup, sotto_lookup_free);
  g_free (self);
}

const gint32 *
sotto_draft_get_tokens (const SottoDraft *self,
                        guint            *n_tokens)
{
  guint n_held;

  *n_tokens = self->n_tokens;
  return sotto_session_get_tokens (self->session, &n_held);
}

/* What a batch left is waited for when it is looked at: that belongs to what the batch took. */
static void
count_wait (SottoDraft *self, gint64 begin)
{
  if (self->n_batch > 0)
    self->batch_us += g_get_monotonic_time () - begin;
}

float *
sotto_draft_get_logits (SottoDraft *self, GError **error)
{
  gint64 begin = g_get_monotonic_time ();
  gboolean is_there = sotto_session_fetch (self->session, error);

  count_wait (self, begin);
  return is_there ? sotto_session_get_draft_logits (self->session, self->n_tokens) : NULL;
}

gboolean
sotto_draft_select (SottoDraft           *self,
                    const SottoBestWish  *wish,
                    SottoBest            *best,
                    GError              **error)
{
  gint64 begin = g_get_monotonic_time ();
  gboolean is_selected = sotto_session_select (self->session, self->n_tokens, wish, best, error);

  count_wait (self, begin);
  return is_selected;
}

/* Sets the timeline to what counts, and learns from the batch that it ended with. */
static gboolean
end_batch (SottoDraft   *self,
           SottoCancel  *cancel,
           GError      **error)
{
  gint64 begin = g_get_monotonic_time ();
  guint n_held;
  gboolean is_kept;

  sotto_session_get_tokens (self->session, &n_held);
  is_kept = sotto_session_keep (self->session, self->n_tokens, cancel, error);
  if (self->n_batch > 0)
    {
      guint n_kept = self->n_batch - (n_held - MIN (self->n_tokens, n_held));

      self->batch_us += g_get_monotonic_time () - begin;
      sotto_pace_tell_batch (self->pace, self->n_batch, n_kept, self->batch_us, self->guess_us);
    }
  self->n_batch = 0;

  return is_kept;
}

/* What came before may say next, at most @n tokens, and their kinds. Returns how many. */
static guint
look_up (const SottoDraft *self,
         gint32           *tokens,
         guint            *kinds,
         guint             n)
{
  guint n_match = self->lookup != NULL ? sotto_lookup_get_match (self->lookup) : 0;
  SottoLookupRecord records[SOTTO_FEW_TOKENS];

  if (n_match == 0)
    return 0;

  n = sotto_lookup_propose (self->lookup, tokens, records, n);
  for (guint i = 0; i < n; i++)
    kinds[i] = sotto_pace_find_kind (n_match + i, records[i]);

  return n;
}

/* What a grammar leaves comes first; behind what is certain goes on what came before if it says the same so far.
 * @tokens, @kinds: @n looked up, of @most. Returns how many. */
static guint
mind_grammar (const SottoDraft *self,
              gint32           *tokens,
              guint            *kinds,
              guint             n,
              guint             most)
{
  gint32 forced[SOTTO_FEW_TOKENS];
  SottoForcedKind sure[SOTTO_FEW_TOKENS];
  guint n_same = 0;
  guint n_forced;

  if (self->answer == NULL)
    return n;
  n = sotto_answer_count_possible (self->answer, tokens, n);
  n_forced = sotto_answer_foresee (self->answer, forced, sure, most);
  while (n_same < n && n_same < n_forced && sure[n_same] == SOTTO_FORCED_CERTAIN && tokens[n_same] == forced[n_same])
    {
      kinds[n_same] = sotto_pace_find_forced_kind (SOTTO_FORCED_CERTAIN);
      n_same++;
    }
  if (n_forced == 0 || (n > 0 && (n_same == n_forced || sure[n_same] != SOTTO_FORCED_CERTAIN)))
    return n;

  for (guint i = 0; i < n_forced; i++)
    {
      tokens[i] = forced[i];
      kinds[i] = sotto_pace_find_forced_kind (sure[i]);
    }

  return n_forced;
}

/* @token is the reply's next: what was guessed, or would have been, is known now to be right or not. */
static void
follow (SottoDraft *self,
        gint32      token)
{
  gint32 guess;
  guint kind;

  if (look_up (self, &guess, &kind, 1) > 0)
    sotto_pace_tell_guess (self->pace, kind, guess == token);
  if (self->lookup != NULL)
    sotto_lookup_append (self->lookup, token);
}

/* Puts guesses behind the first of @tokens: from what a grammar leaves and what came before or, where these say nothing,
 * the helper's. Returns how many. */
static guint
guess (SottoDraft  *self,
       gint32      *tokens,
       SottoCancel *cancel)
{
  gboolean is_eager = self->speculation == SOTTO_SPECULATION_ALWAYS;
  guint room = sotto_session_count_draft (self->session);
  guint *kinds = self->kinds + 1;
  const gint32 *timeline;
  guint n_timeline, n;

  self->guess_us = 0;
  if (room < 2)
    return 0;
  n = look_up (self, tokens + 1, kinds, room - 1);
  n = mind_grammar (self, tokens + 1, kinds, n, room - 1);
  if (n > 0 && !is_eager)
    n = sotto_pace_choose (self->pace, kinds, n);
  if (n > 0)
    return n;
  if (self->helper == NULL || (!is_eager && !sotto_pace_tries_model (self->pace)))
    return 0;

  timeline = sotto_session_get_tokens (self->session, &n_timeline);

  return sotto_helper_guess (self->helper, timeline, n_timeline, tokens, self->kinds, room - 1, self->pace, is_eager,
                             &self->guess_us, cancel);
}

gboolean
sotto_draft_append (SottoDraft   *self,
                    gint32        token,
                    SottoCancel  *cancel,
                    GError      **error)
{
  gint32 tokens[SOTTO_FEW_TOKENS] = { token };
  guint n_held;
  const gint32 *held = sotto_session_get_tokens (self->session, &n_held);
  gint64 begin;
  guint n = 1;

  if (!sotto_cancel_check (cancel, error))
    return FALSE;
  if (self->n_tokens < n_held)
    {
      gboolean is_right = held[self->n_tokens] == token;

      /* What came before is told of each token, guessed or not: follow(). */
      if (self->kinds[self->n_tokens - self->first] >= SOTTO_PACE_MODEL)
        sotto_pace_tell_guess (self->pace, self->kinds[self->n_tokens - self->first], is_right);
      if (is_right)
        {
          follow (self, token);
          self->n_tokens++;
          self->n_accepted++;
          return TRUE;
        }
    }

  if (!end_batch (self, cancel, error))
    return FALSE;
  follow (self, token);
  n += guess (self, tokens, cancel);
  begin = g_get_monotonic_time ();
  sotto_session_get_tokens (self->session, &n_held);
  if (!sotto_session_append_draft (self->session, tokens, &n, cancel, error))
    return FALSE;

  self->batch_us = g_get_monotonic_time () - begin;
  self->n_batch = n;
  self->first = n_held;
  self->n_drafted += n - 1;
  self->n_tokens++;

  return TRUE;
}

gboolean
sotto_draft_finish (SottoDraft  *self,
                    GError     **error)
{
  self->session->lets_stay = FALSE;

  return end_batch (self, NULL, error) && sotto_session_fetch (self->session, error);
}

guint
sotto_draft_get_n_drafted (const SottoDraft *self)
{
  return self->n_drafted;
}

guint
sotto_draft_get_n_accepted (const SottoDraft *self)
{
  return self->n_accepted;
}
