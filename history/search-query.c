#include "search-query.h"

#include <string.h>

#define WORDS_MAX 32
#define SNIPPET_CHARACTERS 200
#define BEFORE_CHARACTERS 60

/* --- Taking apart --- */

gboolean
sotto_search_is_unspaced (gunichar c)
{
  switch (g_unichar_get_script (c))
    {
    case G_UNICODE_SCRIPT_HAN:
    case G_UNICODE_SCRIPT_HIRAGANA:
    case G_UNICODE_SCRIPT_KATAKANA:
    case G_UNICODE_SCRIPT_HANGUL:
    case G_UNICODE_SCRIPT_BOPOMOFO:
    case G_UNICODE_SCRIPT_THAI:
    case G_UNICODE_SCRIPT_LAO:
    case G_UNICODE_SCRIPT_KHMER:
    case G_UNICODE_SCRIPT_MYANMAR:
      return TRUE;
    default:
      return FALSE;
    }
}

static gboolean
has_unspaced (const char *word)
{
  for (const char *p = word; *p != '\0'; p = g_utf8_next_char (p))
    if (sotto_search_is_unspaced (g_utf8_get_char (p)))
      return TRUE;
  return FALSE;
}

static gboolean
has_letter (const char *word)
{
  for (const char *p = word; *p != '\0'; p = g_utf8_next_char (p))
    if (g_unichar_isalnum (g_utf8_get_char (p)))
      return TRUE;
  return FALSE;
}

/* "c++" is the word c, and not all words that begin with it. */
static gboolean
ends_in_letter (const char *word)
{
  gunichar last = g_utf8_get_char (g_utf8_find_prev_char (word, word + strlen (word)));

  return g_unichar_isalnum (last) || g_unichar_ismark (last);
}

/* In double quotes FTS5 takes everything as text; a quote itself is doubled. */
static void
append_quoted (GString *expression, const char *word, const char *after)
{
  if (expression->len > 0)
    g_string_append_c (expression, ' ');
  g_string_append_c (expression, '"');
  for (const char *p = word; *p != '\0'; p++)
    {
      if (*p == '"')
        g_string_append_c (expression, '"');
      g_string_append_c (expression, *p);
    }
  g_string_append_c (expression, '"');
  g_string_append (expression, after);
}

static char *
take_expression (GString *expression)
{
  char *text = g_string_free_and_steal (expression);

  if (*text == '\0')
    g_clear_pointer (&text, g_free);
  return text;
}

SottoSearchQuery *
sotto_search_query_parse (const char *text)
{
  SottoSearchQuery *self = g_new0 (SottoSearchQuery, 1);
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString *words = g_string_new (NULL);
  GString *trigrams = g_string_new (NULL);
  const char *p = valid;

  self->short_words = g_ptr_array_new_with_free_func (g_free);
  self->all = g_ptr_array_new_with_free_func (g_free);

  while (*p != '\0' && self->all->len < WORDS_MAX)
    {
      const char *begin;
      char *word;

      while (*p != '\0' && g_unichar_isspace (g_utf8_get_char (p)))
        p = g_utf8_next_char (p);
      begin = p;
      while (*p != '\0' && !g_unichar_isspace (g_utf8_get_char (p)))
        p = g_utf8_next_char (p);
      if (p == begin)
        break;

      word = g_strndup (begin, (gsize) (p - begin));
      g_ptr_array_add (self->all, word);
      /* Marks alone have no token; they are found by trigrams if they are long enough. */
      if (has_letter (word))
        append_quoted (words, word, ends_in_letter (word) ? " *" : "");
      if (g_utf8_strlen (word, -1) >= 3)
        {
          append_quoted (trigrams, word, "");
        }
      else
        {
          g_ptr_array_add (self->short_words, g_strdup (word));
          self->scan = self->scan || has_unspaced (word);
        }
    }

  self->words = take_expression (words);
  self->trigrams = take_expression (trigrams);
  return self;
}

void
sotto_search_query_free (SottoSearchQuery *self)
{
  if (self == NULL)
    return;

  g_free (self->words);
  g_free (self->trigrams);
  g_ptr_array_unref (self->short_words);
  g_ptr_array_unref (self->all);
  g_free (self);
}

/* --- Marking --- */

static gsize
match_length (const char *text, GPtrArray *words)
{
  gsize longest = 0;

  for (guint i = 0; i < words->len; i++)
    {
      const char *word = g_ptr_array_index (words, i);
      gsize length = strlen (word);

      if (length > longest && g_ascii_strncasecmp (text, word, length) == 0)
        longest = length;
    }
  return longest;
}

static gboolean
contains (const char *text, const char *word)
{
  gsize length = strlen (word);

  for (const char *p = text; *p != '\0'; p++)
    if (g_ascii_strncasecmp (p, word, length) == 0)
      return TRUE;
  return FALSE;
}

char *
sotto_search_mark (const char *text, GPtrArray *words)
{
  GString *marked;

  for (guint i = 0; i < words->len; i++)
    if (!contains (text, g_ptr_array_index (words, i)))
      return NULL;

  marked = g_string_new (NULL);
  while (*text != '\0')
    {
      gsize length = match_length (text, words);

      if (length > 0)
        g_string_append (marked, SOTTO_SEARCH_BEGIN);
      if (length == 0)
        length = (gsize) (g_utf8_next_char (text) - text);
      else
        {
          g_string_append_len (marked, text, (gssize) length);
          g_string_append (marked, SOTTO_SEARCH_END);
          text += length;
          continue;
        }
      g_string_append_len (marked, text, (gssize) length);
      text += length;
    }
  return g_string_free_and_steal (marked);
}

/* --- Cutting out --- */

/* Takes the marks out into ranges, and makes one line of it. */
static char *
strip (const char *marked, GArray *ranges)
{
  GString *plain = g_string_new (NULL);
  gboolean space = FALSE;
  gsize open = G_MAXSIZE;

  for (const char *p = marked; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (c == 0xfdd1 && open != G_MAXSIZE && plain->len > open)
        {
          SottoHistoryRange range = { (guint) open, (guint) (plain->len - open) };

          g_array_append_val (ranges, range);
          open = G_MAXSIZE;
        }
      if (c == 0xfdd1)
        continue;
      if (c != 0xfdd0 && (g_unichar_isspace (c) || g_unichar_iscntrl (c)))
        {
          space = plain->len > 0;
          continue;
        }
      if (space)
        g_string_append_c (plain, ' ');
      space = FALSE;
      if (c == 0xfdd0)
        open = plain->len;
      else
        g_string_append_unichar (plain, c);
    }
  return g_string_free_and_steal (plain);
}

void
sotto_search_set_snippet (SottoHistoryHit *hit, const char *marked)
{
  g_autoptr (GArray) ranges = g_array_new (FALSE, FALSE, sizeof (SottoHistoryRange));
  g_autofree char *plain = strip (marked, ranges);
  GString *snippet = g_string_new (NULL);
  const char *begin = plain;
  const char *end = plain + strlen (plain);
  gsize shift;

  if (g_utf8_strlen (plain, -1) > SNIPPET_CHARACTERS)
    {
      if (ranges->len > 0)
        begin = plain + g_array_index (ranges, SottoHistoryRange, 0).start;
      for (guint i = 0; i < BEFORE_CHARACTERS && begin > plain; i++)
        begin = g_utf8_prev_char (begin);
      end = begin;
      for (guint i = 0; i < SNIPPET_CHARACTERS && *end != '\0'; i++)
        end = g_utf8_next_char (end);
    }

  if (begin > plain)
    g_string_append (snippet, "…");
  shift = snippet->len;
  g_string_append_len (snippet, begin, end - begin);
  if (*end != '\0')
    g_string_append (snippet, "…");

  hit->ranges = g_new0 (SottoHistoryRange, ranges->len + 1);
  for (guint i = 0; i < ranges->len; i++)
    {
      SottoHistoryRange range = g_array_index (ranges, SottoHistoryRange, i);
      gsize from = (gsize) (begin - plain);
      gsize to = (gsize) (end - plain);

      if (range.start < from || range.start >= to)
        continue;
      range.length = (guint) MIN (range.length, to - range.start);
      range.start = (guint) (range.start - from + shift);
      hit->ranges[hit->n_ranges++] = range;
    }
  hit->snippet = g_string_free_and_steal (snippet);
}
