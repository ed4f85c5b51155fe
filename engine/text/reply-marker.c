#include "reply-private.h"

#include <string.h>

/* Whether what has come is a marker, where it stands and from where it came. */

/* Whether markers count at all where the held bytes stand: in a string they are what it says. A string that
 * does not end makes the section text. */
static gboolean
may_hold_marker (const SottoReply *self)
{
  switch (self->field)
    {
    case SOTTO_FIELD_CALLS:
    case SOTTO_FIELD_ARGUMENTS:
      return !sotto_json_place_in_string (&self->place);
    case SOTTO_FIELD_PYTHON:
    case SOTTO_FIELD_LOOSE:
      return self->quote == 0;
    default:
      return TRUE;
    }
}

static gboolean
may_stand (const SottoReply       *self,
           const SottoReplyMarker *marker,
           SottoReplySource        source)
{
  if ((marker->from & 1u << self->field) != 0)
    return TRUE;

  /* Some models end their reasoning with a call: only tokens are believed there. */
  return self->field == SOTTO_FIELD_REASONING && source != SOTTO_REPLY_FROM_TEXT
         && (marker->from & SOTTO_IN (TEXT)) != 0 && !sotto_reply_is_text (marker->to);
}

/* Whether a marker is meant here, and not talked of. */
static gboolean
counts (const SottoReply       *self,
        const SottoReplyMarker *marker,
        SottoReplySource        source)
{
  if ((marker->flags & SOTTO_MARKER_TOOLS) != 0 && self->tools == NULL)
    return FALSE;
  if (source != SOTTO_REPLY_FROM_TEXT)
    return TRUE;

  if (self->field == SOTTO_FIELD_TEXT
      && (self->in_fence || (self->last == '`' && marker->text[0] != '`')))
    return FALSE;
  if ((marker->flags & SOTTO_MARKER_LINE) != 0 && sotto_reply_is_text (self->field) && !self->line_begins)
    return FALSE;
  if ((marker->flags & SOTTO_MARKER_FIRST) != 0 && self->is_begun)
    return FALSE;

  /* Brackets and quotes may belong to the JSON. */
  if ((self->field == SOTTO_FIELD_CALLS || self->field == SOTTO_FIELD_ARGUMENTS)
      && strchr ("[{\"", marker->text[0]) != NULL)
    return self->place.depth == 0;

  return TRUE;
}

static SottoReplySource
held_source (const SottoReply *self,
             gsize             length)
{
  SottoReplySource source = SOTTO_REPLY_FROM_TEXT;

  for (gsize i = 0; i < length; i++)
    source = MAX (source, (SottoReplySource) self->held_sources->str[i]);

  return source;
}

const SottoReplyMarker *
sotto_reply_find_marker (const SottoReply *self,
                         gboolean         *undecided)
{
  const gsize n_held = self->held->len;

  *undecided = FALSE;
  if (!may_hold_marker (self))
    return NULL;

  for (guint i = 0; i < self->n_markers; i++)
    {
      const SottoReplyMarker *marker = &self->markers[i];
      const gsize length = strlen (marker->text);
      const SottoReplySource source = held_source (self, MIN (length, n_held));

      if (!may_stand (self, marker, source) || memcmp (marker->text, self->held->str, MIN (length, n_held)) != 0)
        continue;
      if (length > n_held)
        *undecided = TRUE;
      else if (counts (self, marker, source))
        return marker;
    }

  return NULL;
}
