#include "conversation/search-hit-private.h"

#include "conversation/search-plain.h"
#include "document/passages-units.h"

#include <string.h>

/* How long a phrase is that is longer than one may be, about, and how long it may be */
#define PHRASE_BYTES 120
#define PHRASE_MOST_BYTES 300

struct _SottoSearchHit
{
  GObject parent_instance;

  SottoConversation *conversation;
  char *message_id;
  char *snippet;
  char *markup;
  char *phrase;
};

enum {
  PROP_0,
  PROP_CONVERSATION,
  PROP_MESSAGE_ID,
  PROP_SNIPPET,
  PROP_MARKUP,
  PROP_PHRASE,
  N_PROPS
};

G_DEFINE_FINAL_TYPE (SottoSearchHit, sotto_search_hit, G_TYPE_OBJECT)

static void
sotto_search_hit_finalize (GObject *object)
{
  SottoSearchHit *self = SOTTO_SEARCH_HIT (object);

  g_clear_object (&self->conversation);
  g_free (self->message_id);
  g_free (self->snippet);
  g_free (self->markup);
  g_free (self->phrase);
  G_OBJECT_CLASS (sotto_search_hit_parent_class)->finalize (object);
}

static void
sotto_search_hit_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  SottoSearchHit *self = SOTTO_SEARCH_HIT (object);

  switch (prop_id)
    {
    case PROP_CONVERSATION:
      g_value_set_object (value, self->conversation);
      break;
    case PROP_MESSAGE_ID:
      g_value_set_string (value, self->message_id);
      break;
    case PROP_SNIPPET:
      g_value_set_string (value, self->snippet);
      break;
    case PROP_MARKUP:
      g_value_set_string (value, self->markup);
      break;
    case PROP_PHRASE:
      g_value_set_string (value, self->phrase);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sotto_search_hit_class_init (SottoSearchHitClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->finalize = sotto_search_hit_finalize;
  object_class->get_property = sotto_search_hit_get_property;

  g_object_class_install_property (object_class, PROP_CONVERSATION,
                                   g_param_spec_object ("conversation", NULL, NULL,
                                                        SOTTO_TYPE_CONVERSATION, flags));
  g_object_class_install_property (object_class, PROP_MESSAGE_ID,
                                   g_param_spec_string ("message-id", NULL, NULL, NULL, flags));
  g_object_class_install_property (object_class, PROP_SNIPPET,
                                   g_param_spec_string ("snippet", NULL, NULL, NULL, flags));
  g_object_class_install_property (object_class, PROP_MARKUP,
                                   g_param_spec_string ("markup", NULL, NULL, NULL, flags));
  g_object_class_install_property (object_class, PROP_PHRASE,
                                   g_param_spec_string ("phrase", NULL, NULL, NULL, flags));
}

static void
sotto_search_hit_init (SottoSearchHit *self)
{
}

/* --- Plain text --- */

static char *
dup_plain (const char *text, gsize start, gsize end, const gboolean *is_out)
{
  GString *plain = g_string_new (NULL);

  for (gsize i = start; i < end; i++)
    if (!is_out[i])
      g_string_append_c (plain, text[i]);
  return g_string_free_and_steal (plain);
}

/* The first line that has words, or its first sentences: a paragraph is one text where a message is shown, and what stands in two is
 * nowhere as a whole. */
static char *
create_phrase (const char *piece)
{
  g_auto (GStrv) lines = g_strsplit (piece, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      char *line = g_strstrip (lines[i]);
      g_autofree gboolean *is_out = NULL;
      g_autofree char *plain = NULL;
      gsize length = strlen (line);

      if (length > PHRASE_MOST_BYTES)
        length = sotto_passages_find_cut (line, length, PHRASE_BYTES, PHRASE_MOST_BYTES);
      line[length] = '\0';
      g_strchomp (line);
      is_out = sotto_search_find_marks (line, NULL, 0);
      plain = dup_plain (line, 0, strlen (line), is_out);
      for (const char *p = plain; *p != '\0'; p = g_utf8_next_char (p))
        if (g_unichar_isalnum (g_utf8_get_char (p)))
          return g_steal_pointer (&plain);
    }
  return NULL;
}

static void
append_escaped (GString        *markup,
                const char     *text,
                gsize           start,
                gsize           end,
                const gboolean *is_out)
{
  g_autofree char *plain = dup_plain (text, start, end, is_out);
  g_autofree char *escaped = g_markup_escape_text (plain, -1);

  g_string_append (markup, escaped);
}

static char *
create_markup (const SottoHistoryHit *hit, const char *text, const gboolean *is_out)
{
  g_autoptr (GString) markup = g_string_new (NULL);
  const gsize length = strlen (text);
  gsize position = 0;

  for (guint i = 0; i < hit->n_ranges; i++)
    {
      const gsize start = hit->ranges[i].start;
      const gsize end = start + hit->ranges[i].length;

      if (start < position || end > length)
        continue;
      append_escaped (markup, text, position, start, is_out);
      g_string_append (markup, "<b>");
      append_escaped (markup, text, start, end, is_out);
      g_string_append (markup, "</b>");
      position = end;
    }

  append_escaped (markup, text, position, length, is_out);
  return g_string_free_and_steal (g_steal_pointer (&markup));
}

SottoSearchHit *
sotto_search_hit_new (SottoConversation *conversation, const SottoHistoryHit *hit)
{
  SottoSearchHit *self = g_object_new (SOTTO_TYPE_SEARCH_HIT, NULL);
  g_autofree char *text = g_strdup (hit->snippet);
  g_autofree gboolean *is_out = NULL;

  /* A title is no Markdown. */
  is_out = hit->message != NULL ? sotto_search_find_marks (text, hit->ranges, hit->n_ranges)
                                : g_new0 (gboolean, strlen (text) + 1);
  self->conversation = g_object_ref (conversation);
  self->message_id = g_strdup (hit->message);
  self->snippet = dup_plain (text, 0, strlen (text), is_out);
  self->markup = create_markup (hit, text, is_out);
  self->phrase = hit->piece != NULL ? create_phrase (hit->piece) : NULL;
  return self;
}

SottoConversation *
sotto_search_hit_get_conversation (SottoSearchHit *self)
{
  g_return_val_if_fail (SOTTO_IS_SEARCH_HIT (self), NULL);
  return self->conversation;
}

const char *
sotto_search_hit_get_message_id (SottoSearchHit *self)
{
  g_return_val_if_fail (SOTTO_IS_SEARCH_HIT (self), NULL);
  return self->message_id;
}

const char *
sotto_search_hit_get_snippet (SottoSearchHit *self)
{
  g_return_val_if_fail (SOTTO_IS_SEARCH_HIT (self), NULL);
  return self->snippet;
}

const char *
sotto_search_hit_get_markup (SottoSearchHit *self)
{
  g_return_val_if_fail (SOTTO_IS_SEARCH_HIT (self), NULL);
  return self->markup;
}

const char *
sotto_search_hit_get_phrase (SottoSearchHit *self)
{
  g_return_val_if_fail (SOTTO_IS_SEARCH_HIT (self), NULL);
  return self->phrase;
}
