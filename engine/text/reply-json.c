#include "reply-json.h"

#include <string.h>

void
sotto_json_place_init (SottoJsonPlace *self)
{
  memset (self, 0, sizeof *self);
}

static gboolean
open_container (SottoJsonPlace *self,
                gboolean        is_object)
{
  guint8 *byte = &self->objects[self->depth / 8];
  const guint8 bit = (guint8) (1u << self->depth % 8);

  if (self->depth == SOTTO_JSON_MAX_DEPTH)
    return FALSE;

  *byte = is_object ? *byte | bit : *byte & ~bit;
  self->depth++;
  self->state = is_object ? SOTTO_JSON_FIRST_KEY : SOTTO_JSON_FIRST_VALUE;

  return TRUE;
}

static gboolean
is_in_object (const SottoJsonPlace *self)
{
  const guint place = self->depth - 1;

  return self->depth > 0 && (self->objects[place / 8] >> place % 8 & 1) != 0;
}

static gboolean
close_container (SottoJsonPlace *self,
                 char            c)
{
  if (self->depth == 0 || is_in_object (self) != (c == '}'))
    return FALSE;

  self->depth--;
  self->state = self->depth == 0 ? SOTTO_JSON_DONE : SOTTO_JSON_AFTER;

  return TRUE;
}

static gboolean
begin_string (SottoJsonPlace *self,
              gboolean        is_key)
{
  self->state = SOTTO_JSON_STRING;
  self->is_key = is_key;

  return TRUE;
}

static gboolean
begin_value (SottoJsonPlace *self,
             char            c)
{
  if (c == '{' || c == '[')
    return open_container (self, c == '{');
  if (self->depth == 0)
    return FALSE;
  if (c == '"')
    return begin_string (self, FALSE);
  if (c != '-' && !g_ascii_isdigit (c) && c != 't' && c != 'f' && c != 'n')
    return FALSE;

  self->state = SOTTO_JSON_WORD;

  return TRUE;
}

static gboolean
go_on (SottoJsonPlace *self,
       char            c)
{
  if (c == '}' || c == ']')
    return close_container (self, c);
  if (c != ',')
    return FALSE;

  self->state = is_in_object (self) ? SOTTO_JSON_KEY : SOTTO_JSON_VALUE;

  return TRUE;
}

gboolean
sotto_json_place_push (SottoJsonPlace *self,
                       char            c)
{
  const gboolean is_space = c == ' ' || c == '\n' || c == '\r' || c == '\t';

  switch (self->state)
    {
    case SOTTO_JSON_STRING:
      if (c == '\\')
        self->state = SOTTO_JSON_ESCAPE;
      else if (c == '"')
        self->state = self->is_key ? SOTTO_JSON_COLON : SOTTO_JSON_AFTER;
      return (guchar) c >= 0x20;

    case SOTTO_JSON_ESCAPE:
      self->state = SOTTO_JSON_STRING;
      return strchr ("\"\\/bfnrtu", c) != NULL && c != '\0';

    case SOTTO_JSON_WORD:
      if (g_ascii_isalnum (c) || c == '.' || c == '+' || c == '-')
        return TRUE;
      self->state = SOTTO_JSON_AFTER;
      return is_space || go_on (self, c);

    case SOTTO_JSON_VALUE:
      return is_space || begin_value (self, c);

    case SOTTO_JSON_FIRST_VALUE:
      return is_space || (c == ']' ? close_container (self, c) : begin_value (self, c));

    case SOTTO_JSON_FIRST_KEY:
      return is_space || (c == '}' ? close_container (self, c) : c == '"' && begin_string (self, TRUE));

    case SOTTO_JSON_KEY:
      return is_space || (c == '"' && begin_string (self, TRUE));

    case SOTTO_JSON_COLON:
      if (c == ':')
        self->state = SOTTO_JSON_VALUE;
      return is_space || c == ':';

    case SOTTO_JSON_AFTER:
      return is_space || go_on (self, c);

    case SOTTO_JSON_DONE:
    default:
      return is_space;
    }
}
