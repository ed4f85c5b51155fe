#include "conversation/message-pieces.h"

#include <string.h>

#include "document/passages-units.h"
#include "document/passages.h"

static gboolean
has_words (const char *text, gsize length)
{
  for (const char *p = text; p < text + length; p = g_utf8_next_char (p))
    if (g_unichar_isalnum (g_utf8_get_char (p)))
      return TRUE;
  return FALSE;
}

static gsize
skip_blanks (const char *text, gsize from)
{
  const char *p = text + from;

  while (*p != '\0' && g_unichar_isspace (g_utf8_get_char (p)))
    p = g_utf8_next_char (p);
  return (gsize) (p - text);
}

static gsize
chomp (const char *text, gsize length)
{
  while (length > 0)
    {
      const char *last = g_utf8_prev_char (text + length);

      if (!g_unichar_isspace (g_utf8_get_char (last)))
        break;
      length = (gsize) (last - text);
    }
  return length;
}

gboolean
sotto_message_pieces_find (const char *text, gsize from, gsize *start, gsize *length)
{
  const gsize whole = strlen (text);

  for (from = skip_blanks (text, MIN (from, whole)); from < whole; from = skip_blanks (text, from))
    {
      const gsize left = whole - from;
      const gsize cut = left <= SOTTO_PASSAGE_MOST_BYTES
                          ? left
                          : sotto_passages_find_cut (text + from, left, SOTTO_PASSAGE_BYTES, SOTTO_PASSAGE_MOST_BYTES);

      if (has_words (text + from, cut))
        {
          *start = from;
          *length = chomp (text + from, cut);
          return TRUE;
        }
      from += cut;
    }
  return FALSE;
}
