#include "conversation/search-plain.h"

#include <string.h>

#define ELLIPSIS "…"

/* Only what is left out, or becomes a space, changes; positions stay. */
typedef struct {
  char *text;
  gboolean *is_out;
  const SottoHistoryRange *ranges;
  guint n_ranges;
} Marks;

static void
leave_out (Marks *self, const char *from, const char *to)
{
  for (; from < to; from++)
    self->is_out[from - self->text] = TRUE;
}

static gboolean
was_found (const Marks *self, const char *from, const char *to)
{
  for (guint i = 0; i < self->n_ranges; i++)
    if (self->text + self->ranges[i].start < to
        && self->text + self->ranges[i].start + self->ranges[i].length > from)
      return TRUE;
  return FALSE;
}

static gboolean
is_space_or_end (char c)
{
  return c == ' ' || c == '\0';
}

/* Whether a line may have begun at @at, which no snippet tells: where it begins itself, behind the end
 * of a sentence or another line's mark. */
static gboolean
may_begin_line (const Marks *self, const char *at)
{
  const char *text = self->text;

  while (at > text && (at[-1] == ' ' || self->is_out[at - text - 1]))
    {
      at--;
      if (strchr ("|->", *at) != NULL)
        return TRUE;
    }
  if (at == text || (at - text >= (gssize) strlen (ELLIPSIS)
                     && g_str_has_prefix (at - strlen (ELLIPSIS), ELLIPSIS)))
    return TRUE;
  return strchr (".:;!?", at[-1]) != NULL;
}

/* --- Tables --- */

/* The word at @word, which ends at @end, is all of the row below a table's head, or a part of it, or
 * a rule: |---|:-:|, ---, --: */
static gboolean
is_rule (const char *word, const char *end)
{
  gboolean has_dash = FALSE;
  gboolean has_bar = FALSE;

  for (const char *p = word; p < end; p++)
    {
      if (strchr ("|:-", *p) == NULL)
        return FALSE;
      has_dash = has_dash || *p == '-';
      has_bar = has_bar || *p == '|';
    }
  return has_dash && (has_bar || end - word >= 3);
}

/* A single | may be anything; a table's rows begin and end with one. */
static gboolean
is_table (const char *text)
{
  const char *end = text + strlen (text);

  if (g_str_has_suffix (text, ELLIPSIS))
    end -= strlen (ELLIPSIS);
  if (g_str_has_prefix (text, ELLIPSIS))
    text += strlen (ELLIPSIS);
  while (*text == ' ')
    text++;
  while (end > text && end[-1] == ' ')
    end--;
  return *text == '|' || (end > text && end[-1] == '|') || strstr (text, " | | ") != NULL
         || strstr (text, "|-") != NULL || strstr (text, "|:-") != NULL
         || strstr (text, " | --") != NULL || strstr (text, " | :-") != NULL;
}

static void
find_table (Marks *self)
{
  const gboolean table = is_table (self->text);

  for (char *p = self->text; *p != '\0';)
    {
      char *end = p + strcspn (p, " ");

      if (is_rule (p, end))
        leave_out (self, p, end);
      for (char *bar = p; table && bar < end; bar++)
        if (*bar == '|' && (bar == p || bar[-1] != '\\'))
          *bar = ' ';
      p = *end == ' ' ? end + 1 : end;
    }
}

/* --- Links --- */

/* Of [words](address) the words are left, and of ![words](address). */
static void
find_link (Marks *self, const char *bracket)
{
  const char *address = bracket + 2;
  const char *end = address + strcspn (address, "()");
  const char *begin = bracket;

  if (*end == '\0' && !(g_str_has_suffix (self->text, ELLIPSIS) && strchr (address, ' ') == NULL))
    return;
  if (*end == '(' || was_found (self, bracket, end))
    return;
  leave_out (self, bracket, *end == ')' ? end + 1 : end - strlen (ELLIPSIS));

  while (begin > self->text && *begin != '[')
    begin--;
  if (*begin != '[')
    return;
  leave_out (self, begin > self->text && begin[-1] == '!' ? begin - 1 : begin, begin + 1);
}

/* --- Characters --- */

/* Whether the @length equal characters at @mark are there to make something of what stands between
 * two of them: asterisks and such do where they lean on something (CommonMark 0.31, section 6.2),
 * and here not within a word, which a*b and snake_case are. */
static gboolean
is_emphasis (const char *text, const char *mark, gsize length)
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
  if (*mark == '~' && length != 2)
    return FALSE;
  return !(left_word && right_word) && ((!right_space && (right_word || !left_word))
                                        || (!left_space && (left_word || !right_word)));
}

/* Of a heading, a list or a quotation; a mark of these stands alone. Two # and more say little else. */
static gboolean
begins_block (const Marks *self, const char *mark, gsize length)
{
  const char *before = mark > self->text ? mark - 1 : NULL;
  gboolean is_alone = is_space_or_end (mark[length])
                      && (before == NULL || *before == ' ' || self->is_out[before - self->text]
                          || may_begin_line (self, mark));

  if (!is_alone)
    return FALSE;
  if (*mark == '#')
    return length <= 6 && (length > 1 || may_begin_line (self, mark));
  return length == 1 && strchr ("*-+>", *mark) != NULL && may_begin_line (self, mark);
}

static void
find_characters (Marks *self)
{
  for (const char *p = self->text; *p != '\0';)
    {
      gsize length = 1;

      if (*p == '\\' && g_ascii_ispunct (p[1]))
        {
          leave_out (self, p, p + 1);
          p += 2;
          continue;
        }
      if (p[0] == ']' && p[1] == '(')
        find_link (self, p);
      if (strchr ("*_`~#-+>", *p) == NULL || self->is_out[p - self->text])
        {
          p++;
          continue;
        }
      while (p[length] == *p)
        length++;
      if (begins_block (self, p, length)
          || (strchr ("*_`~", *p) != NULL && is_emphasis (self->text, p, length)))
        leave_out (self, p, p + length);
      p += length;
    }
}

/* Of the spaces around what is left out one stays. */
static void
find_spaces (Marks *self)
{
  char *last = NULL;
  gboolean begins = TRUE;

  for (char *p = self->text; *p != '\0'; p++)
    {
      if (self->is_out[p - self->text])
        continue;
      if (*p == ' ' && (begins || last != NULL))
        {
          leave_out (self, p, p + 1);
          continue;
        }
      last = *p == ' ' ? p : NULL;
      begins = FALSE;
    }
  if (last != NULL)
    leave_out (self, last, last + 1);
}

gboolean *
sotto_search_find_marks (char *text, const SottoHistoryRange *ranges, guint n_ranges)
{
  Marks self = { text, g_new0 (gboolean, strlen (text) + 1), ranges, n_ranges };

  find_table (&self);
  find_characters (&self);
  find_spaces (&self);
  return self.is_out;
}
