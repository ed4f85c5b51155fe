#include "conversation/announcer.h"

#include <glib/gi18n.h>
#include <string.h>

#include "markdown/markdown-speech.h"

struct _SottoAnnouncer {
  GtkWidget *widget;       /* borrowed */
  SottoReadAloud *reader;  /* borrowed */
  SottoMessage *reply;
  gsize announced;      /* bytes of the reply that have been read out */
  SottoSpeech speech;
};

/* The end of the last whole sentence of @text, or 0. A sentence ends where its mark is followed by space,
 * or at once in scripts that write no spaces. */
static gsize
find_sentence_end (const char *text)
{
  gsize end = 0;

  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);
      const char *next = g_utf8_next_char (p);

      if (c == '\n' || c == 0x3002 || c == 0xff01 || c == 0xff1f ||
          ((c == '.' || c == '!' || c == '?' || c == 0x061f || c == 0x0964) &&
           *next != '\0' && g_unichar_isspace (g_utf8_get_char (next))))
        end = next - text;
    }

  return end;
}

static void
announce (SottoAnnouncer *self,
          gsize           length)
{
  const char *text = sotto_message_get_text (self->reply) + self->announced;
  g_autofree char *sentence = sotto_speech_take (&self->speech, text, length);

  self->announced += length;
  /* A voice says it, or is paused in the midst of it. */
  if (*sentence != '\0' && sotto_read_aloud_get_message (self->reader) != self->reply)
    gtk_accessible_announce (GTK_ACCESSIBLE (self->widget), sentence, GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_LOW);
}

static void
on_text_changed (SottoAnnouncer *self)
{
  gsize end;

  if (self->announced > sotto_message_get_length (self->reply))
    {
      self->announced = 0;
      self->speech = (SottoSpeech) { FALSE };
    }
  if (self->announced == 0)
    self->speech.is_code = sotto_message_is_json (self->reply);

  end = find_sentence_end (sotto_message_get_text (self->reply) + self->announced);
  if (end > 0)
    announce (self, end);
}

void
sotto_announcer_set_reply (SottoAnnouncer *self,
                           SottoMessage   *reply)
{
  if (self->reply == reply)
    return;

  if (self->reply != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->reply, self);
      announce (self, strlen (sotto_message_get_text (self->reply) + self->announced));
    }

  g_set_object (&self->reply, reply);
  self->speech = (SottoSpeech) { FALSE };
  self->announced = reply != NULL ? sotto_message_get_length (reply) : 0;
  if (reply != NULL)
    g_signal_connect_swapped (reply, "notify::text", G_CALLBACK (on_text_changed), self);
}

SottoAnnouncer *
sotto_announcer_new (GtkWidget      *widget,
                     SottoReadAloud *reader)
{
  SottoAnnouncer *self = g_new0 (SottoAnnouncer, 1);

  self->widget = widget;
  self->reader = reader;

  return self;
}

void
sotto_announcer_free (SottoAnnouncer *self)
{
  if (self->reply != NULL)
    g_signal_handlers_disconnect_by_data (self->reply, self);
  g_clear_object (&self->reply);
  g_free (self);
}
