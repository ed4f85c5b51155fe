#include "sotto-event-queue.h"

struct _SottoEventQueue {
  GMutex mutex;
  GCond filled;
  GQueue events;
  void (*wake) (gpointer user_data);
  gpointer user_data;
};

SottoEvent *
sotto_event_new (guint64        request,
                 SottoEventKind kind)
{
  SottoEvent *self = g_new0 (SottoEvent, 1);

  self->request = request;
  self->kind = kind;

  return self;
}

void
sotto_event_free (SottoEvent *self)
{
  if (self == NULL)
    return;

  g_free (self->text);
  g_free (self->call_id);
  g_free (self->path);
  g_free (self->hash);
  g_free (self->stamp);
  g_clear_pointer (&self->model, sotto_model_unref);
  g_clear_pointer (&self->receipt, sotto_receipt_free);
  g_clear_pointer (&self->placement, sotto_placement_free);
  g_clear_pointer (&self->vectors, g_bytes_unref);
  g_clear_error (&self->error);
  g_free (self);
}

SottoEventQueue *
sotto_event_queue_new (void     (*wake) (gpointer user_data),
                       gpointer   user_data)
{
  SottoEventQueue *self = g_new0 (SottoEventQueue, 1);

  g_mutex_init (&self->mutex);
  g_cond_init (&self->filled);
  g_queue_init (&self->events);
  self->wake = wake;
  self->user_data = user_data;

  return self;
}

void
sotto_event_queue_free (SottoEventQueue *self)
{
  g_queue_clear_full (&self->events, (GDestroyNotify) sotto_event_free);
  g_cond_clear (&self->filled);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

/* Joins @event to the newest one if the two say one thing; then @event has been used up. */
static gboolean
join (SottoEventQueue *self,
      SottoEvent      *event)
{
  SottoEvent *last = g_queue_peek_tail (&self->events);

  if (last == NULL || last->request != event->request || last->kind != event->kind)
    return FALSE;

  switch (event->kind)
    {
    case SOTTO_EVENT_TOOL_CALL:
      if (last->call_step != SOTTO_CALL_ARGUMENTS || event->call_step != SOTTO_CALL_ARGUMENTS)
        return FALSE;
      G_GNUC_FALLTHROUGH;
    case SOTTO_EVENT_TEXT:
    case SOTTO_EVENT_REASONING:
      {
        char *joined = g_strconcat (last->text, event->text, NULL);

        g_free (last->text);
        last->text = joined;
        last->tokens_per_second = event->tokens_per_second;
      }
      break;

    case SOTTO_EVENT_LOADING:
    case SOTTO_EVENT_LOOKING:
    case SOTTO_EVENT_PREFILL:
      last->reused = event->reused;
      break;

    case SOTTO_EVENT_LOADED:
    case SOTTO_EVENT_UNLOADED:
    case SOTTO_EVENT_FORGOTTEN:
    case SOTTO_EVENT_SAVED:
    case SOTTO_EVENT_HASHED:
    case SOTTO_EVENT_EMBEDDED:
    case SOTTO_EVENT_FINISHED:
    case SOTTO_EVENT_CANCELLED:
    case SOTTO_EVENT_FAILED:
    default:
      return FALSE;
    }

  last->done = event->done;
  last->total = event->total;
  sotto_event_free (event);

  return TRUE;
}

void
sotto_event_queue_push (SottoEventQueue *self,
                        SottoEvent      *event)
{
  gboolean was_empty;

  g_mutex_lock (&self->mutex);
  was_empty = g_queue_is_empty (&self->events);
  if (!join (self, event))
    g_queue_push_tail (&self->events, event);
  g_cond_signal (&self->filled);
  g_mutex_unlock (&self->mutex);

  if (was_empty && self->wake != NULL)
    self->wake (self->user_data);
}

SottoEvent *
sotto_event_queue_pop (SottoEventQueue *self,
                       gint64           timeout_us)
{
  gint64 deadline = timeout_us > 0 ? g_get_monotonic_time () + timeout_us : 0;
  SottoEvent *event;

  g_mutex_lock (&self->mutex);
  while ((event = g_queue_pop_head (&self->events)) == NULL && timeout_us != 0)
    {
      if (timeout_us < 0)
        g_cond_wait (&self->filled, &self->mutex);
      else if (!g_cond_wait_until (&self->filled, &self->mutex, deadline))
        {
          event = g_queue_pop_head (&self->events);
          break;
        }
    }
  g_mutex_unlock (&self->mutex);

  return event;
}

gboolean
sotto_event_queue_is_empty (SottoEventQueue *self)
{
  gboolean is_empty;

  g_mutex_lock (&self->mutex);
  is_empty = g_queue_is_empty (&self->events);
  g_mutex_unlock (&self->mutex);

  return is_empty;
}
