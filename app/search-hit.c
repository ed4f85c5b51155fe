#include "search-hit-private.h"

#include <string.h>

struct _SottoSearchHit
{
  GObject parent_instance;

  SottoConversation *conversation;
  char *message_id;
  char *snippet;
  char *markup;
};

enum {
  PROP_0,
  PROP_CONVERSATION,
  PROP_MESSAGE_ID,
  PROP_SNIPPET,
  PROP_MARKUP,
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
}

static void
sotto_search_hit_init (SottoSearchHit *self)
{
}

/* --- Plain text --- */

/* Whether the @length equal characters at @mark are there to make something of what stands between
 * two of them: asterisks and such do where they lean on something (CommonMark 0.31, section 6.2),
 * and here not within a word, which a*b and snake_case are. */
static gboolean
is_markup (const char *text, const char *mark, gsize length)
{
  const char *before = g_utf8_find_prev_char (text, mark);
  const gunichar left = before != NULL ? g_utf8_get_char (before) : ' ';
  const gunichar right = mark[length] != '\0' ? g_utf8_get_char (mark + length) : ' ';
  const gboolean left_space = g_unichar_isspace (left);
  const gboolean right_space = g_unichar_isspace (right);
  const gboolean left_word = !left_space && !g_unichar_ispunct (left);
  const gboolean right_word = !right_space && !g_unichar_ispunct (right);

  if (*mark == '`')
    return TRUE;
  /* A heading, if the text begins here or is said to have begun before. */
  if (*mark == '#')
    return length <= 6 && right_space && (before == NULL || left == 0x2026);
  if (*mark == '~' && length != 2)
    return FALSE;
  return !(left_word && right_word) && ((!right_space && (right_word || !left_word))
                                        || (!left_space && (left_word || !right_word)));
}

/* Returns: (transfer full): for each byte of @hit's snippet whether it is left out; a title is no
 * Markdown */
static gboolean *
find_markup (const SottoHistoryHit *hit)
{
  const char *text = hit->snippet;
  gboolean *is_out = g_new0 (gboolean, strlen (text) + 1);

  for (const char *p = text; hit->message != NULL && *p != '\0';)
    {
      gsize length = 1;

      if (strchr ("*_`~#", *p) == NULL)
        {
          p++;
          continue;
        }
      while (p[length] == *p)
        length++;
      if (is_markup (text, p, length))
        for (gsize i = 0; i < length; i++)
          is_out[p - text + (gssize) i] = TRUE;
      p += length;
      /* What a heading begins with has a space behind it. */
      if (p[-1] == '#' && is_out[p - text - 1] && *p == ' ')
        is_out[p++ - text] = TRUE;
    }
  return is_out;
}

static char *
dup_plain (const char *text, gsize start, gsize end, const gboolean *is_out)
{
  GString *plain = g_string_new (NULL);

  for (gsize i = start; i < end; i++)
    if (!is_out[i])
      g_string_append_c (plain, text[i]);
  return g_string_free_and_steal (plain);
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
create_markup (const SottoHistoryHit *hit, const gboolean *is_out)
{
  g_autoptr (GString) markup = g_string_new (NULL);
  const gsize length = strlen (hit->snippet);
  gsize position = 0;

  for (guint i = 0; i < hit->n_ranges; i++)
    {
      const gsize start = hit->ranges[i].start;
      const gsize end = start + hit->ranges[i].length;

      if (start < position || end > length)
        continue;
      append_escaped (markup, hit->snippet, position, start, is_out);
      g_string_append (markup, "<b>");
      append_escaped (markup, hit->snippet, start, end, is_out);
      g_string_append (markup, "</b>");
      position = end;
    }

  append_escaped (markup, hit->snippet, position, length, is_out);
  return g_string_free_and_steal (g_steal_pointer (&markup));
}

SottoSearchHit *
sotto_search_hit_new (SottoConversation *conversation, const SottoHistoryHit *hit)
{
  SottoSearchHit *self = g_object_new (SOTTO_TYPE_SEARCH_HIT, NULL);
  g_autofree gboolean *is_out = find_markup (hit);

  self->conversation = g_object_ref (conversation);
  self->message_id = g_strdup (hit->message);
  self->snippet = dup_plain (hit->snippet, 0, strlen (hit->snippet), is_out);
  self->markup = create_markup (hit, is_out);
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
