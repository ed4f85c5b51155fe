#include "worker-outcome.h"

void
outcome_clear (Outcome *self)
{
  g_string_free (self->text, TRUE);
  sotto_event_free (self->last);
}

static gboolean
is_last (SottoEventKind kind,
         gboolean       is_load)
{
  return kind == SOTTO_EVENT_FINISHED || kind == SOTTO_EVENT_FAILED || kind == SOTTO_EVENT_CANCELLED ||
         kind == SOTTO_EVENT_UNLOADED || kind == SOTTO_EVENT_FORGOTTEN ||
         kind == SOTTO_EVENT_SAVED || kind == SOTTO_EVENT_EMBEDDED || (is_load && kind == SOTTO_EVENT_LOADED);
}

Outcome
outcome_wait (SottoWorker *worker,
              guint64      id,
              gboolean     is_load)
{
  Outcome outcome = { g_string_new (NULL), NULL, 0, 0, { 0, 0, 0 } };

  while (outcome.last == NULL)
    {
      SottoEvent *event = sotto_worker_wait_event (worker, OUTCOME_PATIENCE);

      g_assert_nonnull (event);
      if (event->request == id && is_last (event->kind, is_load))
        {
          outcome.memory = event->memory;
          outcome.last = event;
          break;
        }

      if (event->request == id && event->kind == SOTTO_EVENT_TEXT)
        {
          g_assert_true (g_utf8_validate (event->text, -1, NULL));
          g_string_append (outcome.text, event->text);
        }
      outcome.n_prefill += event->request == id && event->kind == SOTTO_EVENT_PREFILL;
      outcome.n_loaded += event->request == id && event->kind == SOTTO_EVENT_LOADED;
      sotto_event_free (event);
    }

  return outcome;
}

SottoGenerate
outcome_greedy (const char *path,
                const char *text,
                guint       max_tokens)
{
  SottoGenerate generate = { .path = path, .text = text, .sampler = SOTTO_SAMPLER_DEFAULTS, .max_tokens = max_tokens };

  generate.sampler.temperature = 0;

  return generate;
}

Outcome
outcome_of (SottoWorker         *worker,
            const SottoGenerate *generate)
{
  return outcome_wait (worker, sotto_worker_generate (worker, generate), FALSE);
}
