#include "sotto-generation.h"

#include "sotto-answer.h"
#include "sotto-build.h"
#include "sotto-draft.h"
#include "sotto-error.h"
#include "sotto-looking.h"
#include "sotto-model-private.h"
#include "sotto-outlet.h"

/* How often a running reply makes sure that the file it reads has not changed. */
#define TOKENS_PER_CHECK 32

/* Fewer in a prefill say little of how fast it is. */
#define TOKENS_PER_SPEED 16

/* --- Events --- */

static void
push_progress (const SottoGeneration *self,
               SottoEventKind         kind,
               guint64                done,
               guint64                total)
{
  SottoEvent *event = sotto_event_new (self->id, kind);

  event->done = done;
  event->total = total;
  sotto_event_queue_push (self->events, event);
}

static void
on_loading (guint64  done,
            guint64  total,
            gpointer user_data)
{
  push_progress (user_data, SOTTO_EVENT_LOADING, done, total);
}

static void
on_prefill (guint64  done,
            guint64  total,
            gpointer user_data)
{
  push_progress (user_data, SOTTO_EVENT_PREFILL, done, total);
}

void
sotto_generation_fail (const SottoGeneration *self,
                       SottoReceipt          *receipt,
                       GError                *error)
{
  gboolean cancelled = g_error_matches (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_CANCELLED);
  SottoEvent *event = sotto_event_new (self->id, cancelled ? SOTTO_EVENT_CANCELLED : SOTTO_EVENT_FAILED);

  if (receipt != NULL)
    receipt->ended = cancelled ? "cancelled" : "failed";
  event->receipt = receipt;
  if (cancelled)
    g_error_free (error);
  else
    event->error = error;
  sotto_event_queue_push (self->events, event);
}

static void
push_finished (const SottoGeneration *self,
               SottoReceipt          *receipt,
               SottoFinishReason      reason,
               SottoSession          *session)
{
  static const char *const names[] = { "end", "stop", "max-tokens", "context-full" };
  SottoEvent *event = sotto_event_new (self->id, SOTTO_EVENT_FINISHED);
  guint n_tokens;

  sotto_session_get_tokens (session, &n_tokens);
  receipt->ended = names[reason];
  event->reason = reason;
  event->receipt = receipt;
  event->done = n_tokens;
  event->total = sotto_session_get_context (session);
  sotto_event_queue_push (self->events, event);
}

void
sotto_generation_tell_loaded (const SottoGeneration *self,
                              const SottoResident   *resident)
{
  SottoEvent *event = sotto_event_new (self->id, SOTTO_EVENT_LOADED);

  event->path = g_strdup (self->request->path);
  event->model = sotto_model_ref (resident->model);
  event->memory = sotto_residents_measure (self->residents);
  event->placement = sotto_session_get_placement (resident->session);
  event->total = sotto_session_get_context (resident->session);
  sotto_event_queue_push (self->events, event);
}

SottoResident *
sotto_generation_open (const SottoGeneration  *self,
                       const char             *path,
                       guint                   n_context,
                       gboolean               *opened,
                       GError                **error)
{
  SottoResident *resident = sotto_residents_open (self->residents, path, n_context, self->place,
                                                  on_loading, (gpointer) self, self->cancel, opened,
                                                  error);

  if (resident != NULL && *opened)
    sotto_generation_tell_loaded (self, resident);

  return resident;
}

/* --- The prompt --- */

/* What the model is given. */
typedef struct {
  GArray *tokens;          /* (element-type gint32) */
  char *text;              /* (nullable): as a template has rendered it, without a reply that goes on */
  SottoPrompt *prompt;     /* (nullable): it has pictures, */
  SottoLooking *looking;   /* which are looked at so */
} Given;

static void
given_clear (Given *self)
{
  g_clear_pointer (&self->looking, sotto_looking_free);
  g_clear_pointer (&self->prompt, sotto_prompt_free);
  g_clear_pointer (&self->tokens, g_array_unref);
  g_free (self->text);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Given, given_clear)

/* Of pictures themselves, wherever the file lies that they are seen with. */
static char *
hash_tokens (const Given *given)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autoptr (GArray) tokens = g_array_copy (given->tokens);

  for (guint i = 0; given->prompt != NULL && i < given->prompt->rows->len; i++)
    {
      const SottoPromptRows *rows = &g_array_index (given->prompt->rows, SottoPromptRows, i);

      sotto_image_fill_tokens (rows->image, "", rows->first_row, &g_array_index (tokens, gint32, rows->first), rows->n_rows);
    }
  for (guint i = 0; i < tokens->len; i++)
    {
      gint32 token = GINT32_TO_LE (g_array_index (tokens, gint32, i));

      g_checksum_update (checksum, (const guchar *) &token, sizeof token);
    }

  return g_strdup (g_checksum_get_string (checksum));
}

/* An answer that has to fit a grammar cannot go on in the middle of one. */
static gboolean
refuse_begun (GError **error)
{
  SottoErrorArguments arguments = { NULL, "begun", 0, 0 };

  sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_REQUEST, &arguments,
                          "A reply that has been begun cannot be held to a grammar");

  return FALSE;
}

/* Pictures are to be looked at: nothing is, yet. */
static void
take_pictures (const SottoGeneration *self,
               SottoResident         *resident,
               Given                 *given,
               SottoReceipt          *receipt)
{
  SottoVision *vision = resident->vision;

  given->looking = sotto_looking_new (given->prompt, self->residents, resident, sotto_backend_get_cpu (self->backend), self->id,
                                      self->events);
  receipt->vision_path = g_strdup (sotto_vision_get_info (vision)->path);
  receipt->vision_stamp = g_strdup (sotto_vision_get_info (vision)->stamp);
  for (guint i = 0; i < given->prompt->rows->len; i++)
    receipt->n_image_rows += g_array_index (given->prompt->rows, SottoPromptRows, i).n_rows;
}

static gboolean
render (const SottoGeneration  *self,
        SottoResident          *resident,
        Given                  *given,
        SottoReceipt           *receipt,
        GError                **error)
{
  const SottoGenerate *request = self->request;
  g_autoptr (SottoPrompt) prompt = NULL;
  SottoVision *vision = NULL;

  if (self->vision != NULL && sotto_messages_count_images (request->messages) > 0
      && (vision = sotto_residents_open_vision (self->residents, resident, self->vision, self->cancel, error)) == NULL)
    return FALSE;

  prompt = sotto_model_render (resident->model, request->messages, vision, request->date, TRUE, error);
  if (prompt == NULL || (prompt->n_begun_text > 0 && request->grammar != NULL && !refuse_begun (error)))
    return FALSE;

  given->tokens = g_array_ref (prompt->tokens);
  given->text = g_strndup (prompt->text->str, prompt->text->len - prompt->n_begun_text);
  receipt->n_continued = prompt->n_begun_tokens;
  receipt->template_hash = g_steal_pointer (&prompt->template_hash);
  receipt->date = g_steal_pointer (&prompt->date);
  receipt->tools = sotto_messages_dup_tool_names (request->messages);
  if (prompt->rows != NULL)
    {
      given->prompt = g_steal_pointer (&prompt);
      take_pictures (self, resident, given, receipt);
    }

  return TRUE;
}

/* What the model is given, and what the receipt says of it. */
static gboolean
make_prompt (const SottoGeneration  *self,
             SottoResident          *resident,
             Given                  *given,
             SottoReceipt           *receipt,
             GError                **error)
{
  if (self->request->messages != NULL)
    {
      if (!render (self, resident, given, receipt, error))
        return FALSE;
    }
  else
    {
      gint32 bos = sotto_model_get_bos_token (resident->model);

      given->tokens = sotto_model_tokenize (resident->model, self->request->text, -1, FALSE);
      if (bos >= 0)
        g_array_prepend_val (given->tokens, bos);
    }

  if (given->tokens->len == 0)
    {
      SottoErrorArguments arguments = { NULL, "empty", 0, 0 };

      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_REQUEST, &arguments, "The prompt is empty");
      return FALSE;
    }

  receipt->n_prompt = given->tokens->len;
  receipt->prompt_hash = hash_tokens (given);

  return TRUE;
}

/* --- The reply --- */

static SottoReceipt *
begin_receipt (const SottoGeneration *self,
               SottoResident         *resident)
{
  SottoReceipt *receipt = g_new0 (SottoReceipt, 1);

  receipt->model_path = g_strdup (self->request->path);
  receipt->backend = g_strdup (sotto_session_describe_backend (resident->session));
  receipt->build = g_strdup (SOTTO_BUILD);
  receipt->numerics_version = SOTTO_NUMERICS_VERSION;
  receipt->kv_type = sotto_session_get_kv_type (resident->session);
  receipt->n_context = sotto_session_get_context (resident->session);
  sotto_sampler_settings_copy (&self->request->sampler, &receipt->sampler);
  receipt->load_us = resident->load_us;

  return receipt;
}

/* Prefills what is given; the session's timeline and the record of it agree afterwards, also after an error. */
static gboolean
prefill (const SottoGeneration  *self,
         SottoResident          *resident,
         const Given            *given,
         SottoReceipt           *receipt,
         GError                **error)
{
  const gint32 *tokens = (const gint32 *) given->tokens->data;
  const guint n_tokens = given->tokens->len;
  const SottoRows *rows = given->looking != NULL ? sotto_looking_get_rows (given->looking) : NULL;
  SottoResuming resuming = { self->request->conversation, self->request->lasts, on_prefill, (gpointer) self, self->cancel };
  gint64 begin = g_get_monotonic_time ();
  gint64 resumed;
  guint n_reused = 0;
  guint length;
  gboolean done;

  if (!sotto_residents_resume (self->residents, resident, tokens, n_tokens, &resuming, error))
    return FALSE;

  resumed = g_get_monotonic_time ();
  done = sotto_session_sync_rows (resident->session, tokens, n_tokens, rows, on_prefill, (gpointer) self, self->cancel,
                                  &n_reused, error);
  sotto_session_get_tokens (resident->session, &length);
  sotto_resident_record (resident, MIN (n_reused, length), length, FALSE);
  receipt->n_reused = n_reused;
  receipt->prefill_us = g_get_monotonic_time () - begin;
  receipt->looking_us = given->looking != NULL ? sotto_looking_get_us (given->looking) : 0;
  resumed += receipt->looking_us;
  if (done && length >= n_reused + TOKENS_PER_SPEED)
    resident->speed = (length - n_reused) * (double) G_USEC_PER_SEC / (double) (g_get_monotonic_time () - resumed + 1);

  return done;
}

/* What masks are made from is sorted before the prompt takes its memory. */
static gboolean
prepare_grammar (const SottoGeneration  *self,
                 SottoModel             *model,
                 GError                **error)
{
  return self->request->grammar == NULL || sotto_model_get_token_trie (model, self->cancel, error) != NULL;
}

static void
append_text (gint32    token,
             GString  *text,
             gpointer  user_data)
{
  sotto_model_append_token_text (user_data, token, TRUE, text);
}

/* What the request's grammar holds; (nullable): it has none, or with @error. */
static SottoAnswer *
begin_answer (const SottoGeneration  *self,
              SottoModel             *model,
              SottoOutlet            *outlet,
              SottoReceipt           *receipt,
              GError                **error)
{
  SottoGrammar *grammar = self->request->grammar;

  if (grammar == NULL)
    return NULL;

  receipt->grammar_hash = g_strdup (sotto_grammar_get_hash (grammar));

  return sotto_answer_new (grammar, model, outlet, self->cancel, error);
}

/* Draws the next token: from the highest logits where they are enough and the backend can find them, else from all.
 * @token: (out): -1 where none is possible */
static gboolean
draw_any (SottoDraft    *draft,
      SottoAnswer   *answer,
      SottoSampler  *sampler,
      gint32        *token,
      GError       **error)
{
  g_autoptr (GError) own = NULL;
  const float *logits;
  guint length;
  const gint32 *timeline = sotto_draft_get_tokens (draft, &length);
  SottoBestWish wish = { .n_best = sotto_sampler_count_best (sampler, length) };
  SottoBest best;

  if (wish.n_best > 0 && answer != NULL && !sotto_answer_get_mask (answer, &wish, error))
    return FALSE;
  if (wish.n_best > 0 && sotto_draft_select (draft, &wish, &best, &own) && best.n > 0)
    {
      *token = sotto_sampler_draw_best (sampler, &best, timeline, length);
      return TRUE;
    }
  if (own != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&own));
      return FALSE;
    }

  logits = sotto_draft_get_logits (draft, error);
  if (logits != NULL && answer != NULL)
    logits = sotto_answer_apply (answer, logits, error);
  if (logits == NULL)
    return FALSE;
  *token = sotto_sampler_draw (sampler, logits, timeline, length);

  return TRUE;
}

static gboolean
draw (SottoDraft    *draft,
      SottoAnswer   *answer,
      SottoSampler  *sampler,
      gint32        *token,
      GError       **error)
{
  SottoErrorArguments arguments = { NULL, "logits", 0, 0 };
  guint length;

  if (!draw_any (draft, answer, sampler, token, error))
    return FALSE;
  if (*token >= 0)
    return TRUE;

  sotto_draft_get_tokens (draft, &length);
  arguments.wanted = length;
  sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_REQUEST, &arguments, "After %u tokens no next one is possible",
                          length);

  return FALSE;
}

static SottoSampler *
make_sampler (const SottoGeneration  *self,
              SottoModel             *model,
              GError                **error)
{
  guint n_vocabulary = sotto_model_get_info (model)->n_vocabulary;
  SottoSampler *sampler = sotto_sampler_new (&self->request->sampler, n_vocabulary, append_text, model);

  if (sampler == NULL)
    {
      guint64 wanted = n_vocabulary * sizeof (float);
      SottoErrorArguments arguments = { NULL, NULL, wanted, 0 };

      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_MEMORY, &arguments,
                              "No memory to draw tokens with: %" G_GUINT64_FORMAT " bytes", wanted);
    }

  return sampler;
}

/* The reader gets a token that ends nothing by itself. Returns: whether the reply is over with it, and so why */
static gboolean
put_token (const SottoGeneration  *self,
           SottoReceipt           *receipt,
           SottoOutlet            *outlet,
           SottoAnswer            *answer,
           gint32                  token,
           gboolean                is_full,
           SottoFinishReason      *reason)
{
  guint max_tokens = self->request->max_tokens;

  receipt->n_generated++;
  if (!sotto_outlet_put (outlet, token))
    *reason = SOTTO_FINISH_STOP;
  else if (answer != NULL && sotto_answer_is_finished (answer))
    *reason = SOTTO_FINISH_END;
  else if (max_tokens != 0 && receipt->n_generated >= max_tokens)
    *reason = SOTTO_FINISH_MAX_TOKENS;
  else if (is_full)
    *reason = SOTTO_FINISH_CONTEXT_FULL;
  else
    return FALSE;

  return TRUE;
}

/* Draws tokens until something ends the reply. */
static gboolean
decode (const SottoGeneration  *self,
        SottoResident          *resident,
        SottoReceipt           *receipt,
        SottoOutlet            *outlet,
        SottoFinishReason      *reason,
        GError                **error)
{
  const SottoGenerate *request = self->request;
  SottoModel *model = resident->model;
  guint n_context = sotto_session_get_context (resident->session);
  g_autoptr (SottoAnswer) answer = begin_answer (self, model, outlet, receipt, error);
  g_autoptr (SottoDraft) draft =
    sotto_draft_new (resident->session, resident->helper, answer, &resident->pace, request->speculation);
  g_autoptr (SottoSampler) sampler = NULL;
  gint64 begin = g_get_monotonic_time ();
  gboolean ok = FALSE;

  if ((answer == NULL && request->grammar != NULL) || (sampler = make_sampler (self, model, error)) == NULL)
    return FALSE;

  while (!ok)
    {
      gboolean again = FALSE;
      guint length;
      gint32 token;

      sotto_draft_get_tokens (draft, &length);
      if (!draw (draft, answer, sampler, &token, error)
          || (answer != NULL && !sotto_answer_accept (answer, token, &again, error)))
        break;
      if (again)
        continue;
      if (sotto_model_is_end_token (model, token) && !sotto_outlet_goes_on (outlet, token))
        {
          *reason = SOTTO_FINISH_END;
          ok = TRUE;
          continue;
        }

      ok = put_token (self, receipt, outlet, answer, token, length >= n_context, reason);
      if (ok)
        continue;
      if (receipt->n_generated % TOKENS_PER_CHECK == 0 && !sotto_model_check_unchanged (model, error))
        break;
      if (!sotto_draft_append (draft, token, self->cancel, error))
        break;
      sotto_resident_record (resident, length, length + 1, TRUE);
    }

  sotto_outlet_finish (outlet);
  ok = sotto_draft_finish (draft, ok ? error : NULL) && ok;
  receipt->decode_us = g_get_monotonic_time () - begin;
  receipt->n_drafted = sotto_draft_get_n_drafted (draft);
  receipt->n_accepted = sotto_draft_get_n_accepted (draft);

  return ok;
}

void
sotto_generation_run (const SottoGeneration *self,
                      SottoResident         *resident)
{
  g_autoptr (SottoReceipt) receipt = begin_receipt (self, resident);
  g_auto (Given) given = { 0 };
  g_autoptr (SottoOutlet) outlet = NULL;
  g_autoptr (GError) error = NULL;
  SottoFinishReason reason = SOTTO_FINISH_END;
  gboolean done;

  if (resident->vision != NULL && g_strcmp0 (sotto_vision_get_info (resident->vision)->path, self->vision) != 0)
    g_clear_pointer (&resident->vision, sotto_vision_unref);
  done = make_prompt (self, resident, &given, receipt, &error) &&
         prepare_grammar (self, resident->model, &error) &&
         prefill (self, resident, &given, receipt, &error) &&
         (outlet = sotto_outlet_new (self->id, resident->model, self->request, given.text, self->events,
                                     receipt)) != NULL &&
         decode (self, resident, receipt, outlet, &reason, &error) &&
         sotto_model_check_unchanged (resident->model, &error);

  /* Perhaps it was the file that it sees with: the next one opens what is there then. */
  if (g_error_matches (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_CHANGED))
    g_clear_pointer (&resident->vision, sotto_vision_unref);
  receipt->stretches = g_array_copy (resident->stretches);
  receipt->model_hash = g_strdup (sotto_model_peek_hash (resident->model));

  if (done)
    push_finished (self, g_steal_pointer (&receipt), reason, resident->session);
  else
    sotto_generation_fail (self, g_steal_pointer (&receipt), g_steal_pointer (&error));
}
