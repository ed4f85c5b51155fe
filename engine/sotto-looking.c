/* A prompt's pictures, looked at while it is read.
 *
 * What an encoder makes of a picture is kept until the next one is asked for, since a picture may stand in the prompt in several
 * spans. No longer: the timeline keeps what became of it, and coming back to a conversation finds it there.
 */

#include "sotto-looking.h"

#include "sotto-error.h"

struct _SottoLooking {
  SottoVision *vision;
  const SottoPrompt *prompt; /* borrowed, as are these */
  SottoResidents *residents;
  SottoResident *resident;
  SottoBackend *backend;
  SottoEventQueue *events;
  guint64 id;

  SottoRowSpan *spans;
  SottoRows rows;

  /* The picture that was looked at last */
  const SottoImage *image;   /* belongs to the prompt; NULL: none was */
  float *encoded;            /* (n_encoded, n_embedding) */
  guint n_encoded;
  gint64 took_us;
};

static void
on_progress (guint64  done,
             guint64  total,
             gpointer user_data)
{
  SottoLooking *self = user_data;
  SottoEvent *event = sotto_event_new (self->id, SOTTO_EVENT_LOOKING);

  event->done = done;
  event->total = total;
  sotto_event_queue_push (self->events, event);
}

static gboolean
look (SottoLooking  *self,
      SottoImage    *image,
      SottoCancel   *cancel,
      GError       **error)
{
  gint64 begin = g_get_monotonic_time ();
  guint64 wanted;

  if (self->image == image)
    return TRUE;

  self->image = NULL;
  g_clear_pointer (&self->encoded, g_free);
  wanted = sotto_vision_estimate_memory (self->vision, sotto_image_get_width (image), sotto_image_get_height (image));
  if (!sotto_residents_make_room_to_look (self->residents, self->resident, wanted, cancel, error))
    return FALSE;
  self->encoded = sotto_vision_encode (self->vision, self->backend, image, on_progress, self, cancel, &self->n_encoded, error);
  self->took_us += g_get_monotonic_time () - begin;
  if (self->encoded == NULL)
    return FALSE;

  self->image = image;

  return TRUE;
}

static const float *
get_span (gpointer      user_data,
          guint         span,
          SottoCancel  *cancel,
          GError      **error)
{
  SottoLooking *self = user_data;
  const SottoPromptRows *rows = &g_array_index (self->prompt->rows, SottoPromptRows, span);

  if (!look (self, rows->image, cancel, error))
    return NULL;
  if (rows->first_row > self->n_encoded || rows->n_rows > self->n_encoded - rows->first_row)
    {
      SottoErrorArguments arguments = { .subject = "image" };

      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_BACKEND, &arguments, "%u rows are fewer than the image was laid out as",
                              self->n_encoded);
      return NULL;
    }

  return self->encoded + (gsize) rows->first_row * sotto_vision_get_info (self->vision)->n_embedding;
}

SottoLooking *
sotto_looking_new (const SottoPrompt *prompt,
                   SottoResidents    *residents,
                   SottoResident     *resident,
                   SottoBackend      *backend,
                   guint64            id,
                   SottoEventQueue   *events)
{
  SottoLooking *self = g_new0 (SottoLooking, 1);

  self->prompt = prompt;
  self->residents = residents;
  self->resident = resident;
  self->vision = sotto_vision_ref (resident->vision);
  self->backend = backend;
  self->id = id;
  self->events = events;
  self->spans = g_new (SottoRowSpan, prompt->rows->len);
  for (guint i = 0; i < prompt->rows->len; i++)
    {
      const SottoPromptRows *rows = &g_array_index (prompt->rows, SottoPromptRows, i);

      self->spans[i] = (SottoRowSpan) { rows->first, rows->n_rows, rows->together, rows->n_columns };
    }
  self->rows = (SottoRows) { self->spans, prompt->rows->len, get_span, self };

  return self;
}

void
sotto_looking_free (SottoLooking *self)
{
  sotto_vision_unref (self->vision);
  g_free (self->spans);
  g_free (self->encoded);
  g_free (self);
}

const SottoRows *
sotto_looking_get_rows (const SottoLooking *self)
{
  return &self->rows;
}

gint64
sotto_looking_get_us (const SottoLooking *self)
{
  return self->took_us;
}
