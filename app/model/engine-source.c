#include "model/engine-source.h"

/* A turn of the main loop must not become long because the worker is fast: what is left after this
 * many events waits for the next frame. */
#define EVENTS_PER_FRAME 256

struct _SottoEngineSource
{
  GSource source;

  SottoWorker *worker;
  SottoEngineSourceFunc func;
  gpointer user_data;
  gint64 due; /* monotonic time before which it is not dispatched again */
};

static gboolean
is_ready (SottoEngineSource *self, int *timeout)
{
  gint64 wait;

  *timeout = -1;
  if (self->worker == NULL || !sotto_worker_has_event (self->worker))
    return FALSE;

  wait = self->due - g_source_get_time (&self->source);
  if (wait <= 0)
    return TRUE;

  *timeout = (int) (wait / G_TIME_SPAN_MILLISECOND) + 1;
  return FALSE;
}

static gboolean
engine_source_prepare (GSource *source, int *timeout)
{
  return is_ready ((SottoEngineSource *) source, timeout);
}

static gboolean
engine_source_check (GSource *source)
{
  int timeout;

  return is_ready ((SottoEngineSource *) source, &timeout);
}

static void
join_text (SottoEvent *event, SottoEvent *next)
{
  char *joined = g_strconcat (event->text, next->text, NULL);

  g_free (event->text);
  event->text = joined;
  event->done = next->done;
  event->tokens_per_second = next->tokens_per_second;
}

/* Whether @event says more of what @pending says. */
static gboolean
joins (const SottoEvent *pending, const SottoEvent *event)
{
  if (pending->request != event->request || pending->kind != event->kind)
    return FALSE;

  return event->kind == SOTTO_EVENT_TEXT || event->kind == SOTTO_EVENT_REASONING
         || (event->kind == SOTTO_EVENT_TOOL_CALL && pending->call_step == SOTTO_CALL_ARGUMENTS
             && event->call_step == SOTTO_CALL_ARGUMENTS);
}

/* Hands out @event, unless its text may still grow. */
static gboolean
engine_source_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  SottoEngineSource *self = (SottoEngineSource *) source;
  g_autoptr (SottoEvent) pending = NULL;

  self->due = g_source_get_time (source) + SOTTO_ENGINE_SOURCE_INTERVAL;
  for (guint i = 0; i < EVENTS_PER_FRAME && self->worker != NULL; i++)
    {
      g_autoptr (SottoEvent) event = sotto_worker_next_event (self->worker);

      if (event == NULL)
        break;

      if (pending != NULL && joins (pending, event))
        {
          join_text (pending, event);
          continue;
        }

      if (pending != NULL)
        self->func (pending, self->user_data);
      g_clear_pointer (&pending, sotto_event_free);
      pending = g_steal_pointer (&event);
    }

  if (pending != NULL)
    self->func (pending, self->user_data);

  return G_SOURCE_CONTINUE;
}

static GSourceFuncs engine_source_funcs = {
  engine_source_prepare,
  engine_source_check,
  engine_source_dispatch,
  NULL,
  NULL,
  NULL,
};

SottoEngineSource *
sotto_engine_source_new (GMainContext *context, SottoEngineSourceFunc func, gpointer user_data)
{
  GSource *source = g_source_new (&engine_source_funcs, sizeof (SottoEngineSource));
  SottoEngineSource *self = (SottoEngineSource *) source;

  self->func = func;
  self->user_data = user_data;
  g_source_set_static_name (source, "sotto engine events");
  g_source_attach (source, context);
  return self;
}

void
sotto_engine_source_wake (gpointer context)
{
  g_main_context_wakeup (context);
}

void
sotto_engine_source_set_worker (SottoEngineSource *self, SottoWorker *worker)
{
  self->worker = worker;
}

void
sotto_engine_source_free (SottoEngineSource *self)
{
  self->worker = NULL;
  g_source_destroy (&self->source);
  g_source_unref (&self->source);
}
