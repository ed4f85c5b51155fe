#include "sotto-helper.h"

#include "sotto-model-private.h"
#include "sotto-session-private.h"

#include <math.h>
#include <string.h>

/* Tokens that it begins with, besides the timeline's first, on which many models lean (G. Xiao and others 2023,
 * "attention sinks"); and how many it may have missed before it begins anew. */
#define WINDOW 14u
#define MOST_MISSED 32u

/* Of the highest logits on a GPU so many are looked at: two, and some that the larger model may not know. */
#define N_BEST 8u

/* It begins anew, too, where its own timeline is full: a short one is quick. */
#define CONTEXT 1024u

struct _SottoHelper {
  SottoModel *model;
  SottoSession *session;
  guint n_vocabulary;
  guint first;             /* where in the larger model's timeline its own goes on behind the first token */
  GArray *wanted;          /* (element-type gint32): its own, as it is to be */
  gboolean is_broken;
};

/* --- Choosing --- */

/* Whether all tokens of @small are those of @large with the same ids. */
static gboolean
has_same_tokens (const SottoGguf *small,
                 const SottoGguf *large)
{
  const SottoGgufValue *a = sotto_gguf_lookup (small, "tokenizer.ggml.tokens");
  const SottoGgufValue *b = sotto_gguf_lookup (large, "tokenizer.ggml.tokens");

  if (a == NULL || b == NULL || a->type != SOTTO_GGUF_ARRAY || b->type != SOTTO_GGUF_ARRAY
      || a->element_type != SOTTO_GGUF_STRING || b->element_type != SOTTO_GGUF_STRING)
    return FALSE;
  if (a->n_elements == 0 || a->n_elements > b->n_elements || a->n_bytes != b->offsets[a->n_elements])
    return FALSE;

  return memcmp (a->data, b->data, a->n_bytes) == 0;
}

gboolean
sotto_helper_suits (const SottoModel *model,
                    const char       *path,
                    SottoCancel      *cancel)
{
  g_autoptr (SottoGguf) gguf = sotto_gguf_open (path, NULL, NULL, cancel, NULL);

  return gguf != NULL && sotto_gguf_get_file_bytes (gguf) <= sotto_gguf_get_file_bytes (model->gguf) / 2
         && has_same_tokens (gguf, model->gguf);
}

/* --- Life --- */

SottoHelper *
sotto_helper_new (SottoModel    *model,
                  guint          n_vocabulary,
                  SottoBackend  *backend,
                  SottoCancel   *cancel,
                  GError       **error)
{
  SottoSession *session = sotto_session_open (model, backend, CONTEXT, SOTTO_KV_F16, NULL, NULL, cancel, error);
  SottoHelper *self;

  if (session == NULL)
    return NULL;

  self = g_new0 (SottoHelper, 1);
  self->model = sotto_model_ref (model);
  self->session = session;
  session->lets_stay = TRUE;
  self->wanted = g_array_new (FALSE, FALSE, sizeof (gint32));
  self->n_vocabulary = MIN (n_vocabulary, sotto_model_get_info (model)->n_vocabulary);
  /* A recurrent state would have to go back with every guess. */
  self->is_broken = sotto_model_get_info (model)->is_embedding
                    || sotto_model_get_program (model)->plan.n_recurrents > 0
                    || sotto_session_get_context (session) < 4 * WINDOW;

  return self;
}

void
sotto_helper_free (SottoHelper *self)
{
  sotto_session_free (self->session);
  sotto_model_unref (self->model);
  g_array_unref (self->wanted);
  g_free (self);
}

void
sotto_helper_wipe (SottoHelper *self)
{
  sotto_session_wipe (self->session);
  g_array_unref (self->wanted);
  self->wanted = g_array_new (FALSE, FALSE, sizeof (gint32));
  self->first = 0;
}

SottoModel *
sotto_helper_get_model (SottoHelper *self)
{
  return self->model;
}

SottoMemory
sotto_helper_get_memory (const SottoHelper *self)
{
  return sotto_session_get_memory (self->session);
}

guint64
sotto_helper_estimate (SottoModel *model)
{
  SottoMemory memory = sotto_model_estimate_memory (model, CONTEXT);

  return memory.weights + memory.kv_cache + memory.scratch;
}

/* --- Guessing --- */

/* How many tokens of what is wanted are not there yet. */
static guint
count_missed (const SottoHelper *self)
{
  const gint32 *wanted = (const gint32 *) (gconstpointer) self->wanted->data;
  guint n_held, n = 0;
  const gint32 *held = sotto_session_get_tokens (self->session, &n_held);

  while (n < MIN (n_held, self->wanted->len) && held[n] == wanted[n])
    n++;

  return self->wanted->len - n;
}

/* Rows in place of tokens are the larger model's alone: it goes on as if they were not there. */
static void
want_tokens (SottoHelper  *self,
             const gint32 *tokens,
             guint         n_tokens)
{
  for (guint i = 0; i < n_tokens; i++)
    if (tokens[i] >= 0)
      g_array_append_val (self->wanted, tokens[i]);
}

static void
want (SottoHelper  *self,
      const gint32 *timeline,
      guint         n_timeline,
      gint32        next)
{
  g_array_set_size (self->wanted, 0);
  want_tokens (self, timeline, MIN (n_timeline, 1));
  if (n_timeline > self->first)
    want_tokens (self, timeline + self->first, n_timeline - self->first);
  g_array_append_val (self->wanted, next);
}

/* Brings the session to the larger model's timeline, or to its end. The token that came, and maybe the last one that it
 * guessed itself, are read for every guess; what it had missed besides is told to @pace.
 * @begin: (out): when reading for the guess began */
static gboolean
catch_up (SottoHelper  *self,
          const gint32 *timeline,
          guint         n_timeline,
          gint32        next,
          guint         most,
          SottoPace    *pace,
          gint64       *begin,
          SottoCancel  *cancel)
{
  const gint32 *wanted;
  guint room = sotto_session_get_context (self->session) - MIN (most, CONTEXT / 2);

  if (self->first > 0 && self->first <= n_timeline && n_timeline - self->first + 2 <= room)
    want (self, timeline, n_timeline, next);
  else
    g_array_set_size (self->wanted, 0);

  if (self->wanted->len == 0 || count_missed (self) > MOST_MISSED)
    {
      self->first = MAX (n_timeline - MIN (n_timeline, MIN (WINDOW, room / 2)), 1);
      want (self, timeline, n_timeline, next);
    }

  wanted = (const gint32 *) (gconstpointer) self->wanted->data;
  *begin = g_get_monotonic_time ();
  if (count_missed (self) > 2)
    {
      gint64 before = *begin;

      if (!sotto_session_sync (self->session, wanted, self->wanted->len - 1, NULL, NULL, cancel, NULL, NULL))
        return FALSE;
      *begin = g_get_monotonic_time ();
      sotto_pace_tell_catch_up (pace, *begin - before);
    }

  return sotto_session_sync (self->session, wanted, self->wanted->len, NULL, NULL, cancel, NULL, NULL);
}

/* The two likeliest of those that were looked at. */
typedef struct {
  gint32 token;
  float best;
  float second;
} Likeliest;

static void
look_at (Likeliest *self,
         guint      id,
         float      logit)
{
  if (!(logit > self->second))
    return;
  self->second = logit > self->best ? self->best : logit;
  if (logit > self->best)
    {
      self->best = logit;
      self->token = (gint32) id;
    }
}

/* The likeliest token, and how far it is ahead, in nats. Where logits are on a GPU a few of them are enough, unless it has
 * none of tokens that the larger model does not know. FALSE: they cannot be had. */
static gboolean
find_best (SottoHelper *self,
           gint32      *token,
           double      *ahead)
{
  const SottoBestWish wish = { .n_best = N_BEST };
  Likeliest found = { 0, -INFINITY, -INFINITY };
  SottoBest best;
  guint n_held;

  sotto_session_get_tokens (self->session, &n_held);
  if (sotto_session_select (self->session, n_held, &wish, &best, NULL))
    for (guint i = 0; i < best.n; i++)
      if (best.ids[i] < self->n_vocabulary)
        look_at (&found, best.ids[i], best.logits[i]);
  if (found.second <= -INFINITY)
    {
      const float *logits = sotto_session_get_logits (self->session);

      if (logits == NULL)
        return FALSE;
      found = (Likeliest) { 0, -INFINITY, -INFINITY };
      for (guint i = 0; i < self->n_vocabulary; i++)
        look_at (&found, i, logits[i]);
    }
  *token = found.token;
  *ahead = (double) found.best - (double) found.second;

  return TRUE;
}

guint
sotto_helper_guess (SottoHelper     *self,
                    const gint32    *timeline,
                    guint            n_timeline,
                    gint32          *tokens,
                    guint           *kinds,
                    guint            most,
                    SottoPace       *pace,
                    gboolean         is_eager,
                    double          *microseconds,
                    SottoCancel     *cancel)
{
  double chance = 1.0;
  double expected = 1.0;
  double ahead;
  gint64 begin;
  guint n = 0;

  *microseconds = 1;
  if (self->is_broken)
    return 0;
  if (!catch_up (self, timeline, n_timeline, tokens[0], most, pace, &begin, cancel))
    {
      self->is_broken = !sotto_cancel_is_raised (cancel);
      return 0;
    }

  while (find_best (self, &tokens[n + 1], &ahead))
    {
      n++;
      kinds[n] = sotto_pace_find_model_kind (ahead);
      chance *= pace->shares[kinds[n]];
      expected += chance;
      if (n == most || (!is_eager && !sotto_pace_goes_on (pace, n, chance, expected)))
        break;
      if (!sotto_session_append (self->session, tokens[n], cancel, NULL))
        {
          self->is_broken = !sotto_cancel_is_raised (cancel);
          break;
        }
    }
  self->is_broken |= n == 0;
  *microseconds = MAX (g_get_monotonic_time () - begin, 1);

  return n;
}
