#include "conversation/read-aloud.h"

#include <string.h>

#include "conversation/find-marks.h"
#include "markdown/markdown-sentences.h"
#include "markdown/text-language.h"

/* A language is guessed anew as long as a reply that grows has less to guess by, in bytes. */
#define CERTAIN 1000

struct _SottoReadAloud {
  GObject parent_instance;

  /* Owned */
  SottoSpeaker *speaker;
  SottoMessage *message;
  GPtrArray *sentences;   /* of it, as far as it was written when they were listed */

  gsize listed;           /* bytes of the text that they are from */
  gboolean is_whole;      /* there will be no others */
  guint next;             /* the first that has not been said; while one is said, that one */
  gboolean is_saying;
  gboolean is_paused;
  const char *language;   /* of the whole; static */
};

enum { PROP_0, PROP_MESSAGE, PROP_PAUSED, N_PROPS };
enum { SENTENCE, FAILED, N_SIGNALS };

G_DEFINE_FINAL_TYPE (SottoReadAloud, sotto_read_aloud, G_TYPE_OBJECT)

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

/* --- What is said --- */

static gboolean
is_written (SottoMessage *message)
{
  SottoMessageStatus status = sotto_message_get_status (message);

  return status != SOTTO_MESSAGE_STATUS_WAITING && status != SOTTO_MESSAGE_STATUS_STREAMING;
}

static void
list_sentences (SottoReadAloud *self)
{
  g_autofree char *json = sotto_message_is_json (self->message) ? sotto_message_dup_markdown (self->message) : NULL;
  const char *text = json != NULL ? json : sotto_message_get_text (self->message);
  gsize length = strlen (text);
  gboolean is_whole = is_written (self->message);

  if (self->sentences != NULL && length == self->listed && is_whole == self->is_whole)
    return;

  if (self->language == NULL || self->listed < CERTAIN)
    self->language = sotto_text_language (text, length);
  g_clear_pointer (&self->sentences, g_ptr_array_unref);
  self->sentences = sotto_sentences_list (text, length, is_whole);
  self->listed = length;
  self->is_whole = is_whole;
}

/* A sentence in another script has a voice of its own. */
static const char *
choose_language (SottoReadAloud *self,
                 const char     *sentence)
{
  const char *own = sotto_text_language (sentence, strlen (sentence));
  gboolean is_latin = TRUE;

  for (const char *p = sentence; *p != '\0' && is_latin; p = g_utf8_next_char (p))
    is_latin = !g_unichar_isalpha (g_utf8_get_char (p)) || g_unichar_get_script (g_utf8_get_char (p)) == G_UNICODE_SCRIPT_LATIN;

  return is_latin || own == NULL ? self->language : own;
}

/* How often the same words come before, as whoever looks for them in the text will find them */
static guint
count_before (SottoReadAloud *self)
{
  const SottoSentence *sentence = g_ptr_array_index (self->sentences, self->next);
  g_autofree char *needle = sotto_find_fold (sentence->text + sentence->shown, NULL);
  const gsize length = strlen (needle);
  guint n = 0;

  for (guint i = 0; i < self->next && length > 0; i++)
    {
      const SottoSentence *before = g_ptr_array_index (self->sentences, i);
      g_autofree char *folded = NULL;

      /* What is shorter cannot have it in itself. */
      if (strlen (before->text) < length / 2)
        continue;
      folded = sotto_find_fold (before->text + before->shown, NULL);
      for (const char *found = folded; (found = strstr (found, needle)) != NULL; found += length)
        n++;
    }

  return n;
}

static void
go_on (SottoReadAloud *self)
{
  const SottoSentence *sentence;

  if (self->message == NULL || self->is_paused || self->is_saying)
    return;

  list_sentences (self);
  if (self->next >= self->sentences->len)
    {
      g_signal_emit (self, signals[SENTENCE], 0, NULL, 0);
      if (self->is_whole)
        sotto_read_aloud_stop (self);
      return;
    }

  sentence = g_ptr_array_index (self->sentences, self->next);
  self->is_saying = TRUE;
  g_signal_emit (self, signals[SENTENCE], 0, sentence->text + sentence->shown, count_before (self));
  sotto_speaker_say (self->speaker, sentence->text, choose_language (self, sentence->text));
}

static void
hush (SottoReadAloud *self)
{
  self->is_saying = FALSE;
  sotto_speaker_hush (self->speaker);
}

/* --- What becomes of it --- */

static void
on_ended (SottoReadAloud *self)
{
  if (!self->is_saying)
    return;

  self->is_saying = FALSE;
  self->next++;
  go_on (self);
}

/* Whoever has silenced the desktop wants to hear no more for now. */
static void
on_interrupted (SottoReadAloud *self)
{
  self->is_saying = FALSE;
  sotto_read_aloud_set_paused (self, TRUE);
}

static void
on_failed (SottoReadAloud *self,
           SottoProblem   *problem)
{
  g_autoptr (SottoProblem) kept = g_object_ref (problem);

  sotto_read_aloud_stop (self);
  g_signal_emit (self, signals[FAILED], 0, kept);
}

/* A reply that is replaced by a shorter one is another. */
static void
on_text_changed (SottoReadAloud *self)
{
  if (sotto_message_get_length (self->message) < self->listed)
    sotto_read_aloud_stop (self);
  else
    go_on (self);
}

/* --- What a person does --- */

void
sotto_read_aloud_stop (SottoReadAloud *self)
{
  g_return_if_fail (SOTTO_IS_READ_ALOUD (self));

  if (self->message == NULL)
    return;

  hush (self);
  sotto_speaker_close (self->speaker);
  g_signal_handlers_disconnect_by_data (self->message, self);
  g_clear_object (&self->message);
  g_clear_pointer (&self->sentences, g_ptr_array_unref);
  self->is_paused = FALSE;
  g_signal_emit (self, signals[SENTENCE], 0, NULL, 0);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MESSAGE]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PAUSED]);
}

void
sotto_read_aloud_begin (SottoReadAloud *self,
                        SottoMessage   *message)
{
  g_return_if_fail (SOTTO_IS_READ_ALOUD (self));
  g_return_if_fail (SOTTO_IS_MESSAGE (message));

  sotto_read_aloud_stop (self);
  self->message = g_object_ref (message);
  self->listed = 0;
  self->next = 0;
  self->language = NULL;
  g_signal_connect_object (message, "notify::text", G_CALLBACK (on_text_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (message, "notify::status", G_CALLBACK (go_on), self, G_CONNECT_SWAPPED);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MESSAGE]);
  go_on (self);
}

void
sotto_read_aloud_set_paused (SottoReadAloud *self,
                             gboolean        is_paused)
{
  g_return_if_fail (SOTTO_IS_READ_ALOUD (self));

  if (self->message == NULL || self->is_paused == is_paused)
    return;

  self->is_paused = is_paused;
  if (is_paused)
    hush (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PAUSED]);
  go_on (self);
}

gboolean
sotto_read_aloud_is_paused (SottoReadAloud *self)
{
  g_return_val_if_fail (SOTTO_IS_READ_ALOUD (self), FALSE);

  return self->is_paused;
}

SottoMessage *
sotto_read_aloud_get_message (SottoReadAloud *self)
{
  g_return_val_if_fail (SOTTO_IS_READ_ALOUD (self), NULL);

  return self->message;
}

/* --- The object --- */

static void
sotto_read_aloud_get_property (GObject    *object,
                               guint       prop_id,
                               GValue     *value,
                               GParamSpec *pspec)
{
  SottoReadAloud *self = SOTTO_READ_ALOUD (object);

  if (prop_id == PROP_MESSAGE)
    g_value_set_object (value, self->message);
  else if (prop_id == PROP_PAUSED)
    g_value_set_boolean (value, self->is_paused);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
sotto_read_aloud_dispose (GObject *object)
{
  SottoReadAloud *self = SOTTO_READ_ALOUD (object);

  sotto_read_aloud_stop (self);
  if (self->speaker != NULL)
    sotto_speaker_close (self->speaker);
  g_clear_object (&self->speaker);

  G_OBJECT_CLASS (sotto_read_aloud_parent_class)->dispose (object);
}

static void
sotto_read_aloud_class_init (SottoReadAloudClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = sotto_read_aloud_get_property;
  object_class->dispose = sotto_read_aloud_dispose;

  properties[PROP_MESSAGE] = g_param_spec_object ("message", NULL, NULL, SOTTO_TYPE_MESSAGE, flags);
  properties[PROP_PAUSED] = g_param_spec_boolean ("paused", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  signals[SENTENCE] = g_signal_new ("sentence", SOTTO_TYPE_READ_ALOUD, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                                    G_TYPE_STRING, G_TYPE_UINT);
  signals[FAILED] = g_signal_new ("failed", SOTTO_TYPE_READ_ALOUD, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                  SOTTO_TYPE_PROBLEM);
}

static void
sotto_read_aloud_init (SottoReadAloud *self)
{
  self->speaker = sotto_speaker_new ();
  g_signal_connect_object (self->speaker, "ended", G_CALLBACK (on_ended), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->speaker, "interrupted", G_CALLBACK (on_interrupted), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->speaker, "failed", G_CALLBACK (on_failed), self, G_CONNECT_SWAPPED);
}

SottoReadAloud *
sotto_read_aloud_new (void)
{
  return g_object_new (SOTTO_TYPE_READ_ALOUD, NULL);
}
