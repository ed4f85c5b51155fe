#include "conversation/answer-json.h"

#include <string.h>

/* A model writes its JSON on one line, since its grammar has no others. What a person sees, copies and saves is laid out: byte by
 * byte, with a stack of brackets, and without reading numbers, which would lose digits. What separates two values is written
 * with the second one, so that what is cut off ends behind a value. */

/* Levels beyond these have the same room: depth has no bound, and lines should not grow with it. */
#define MOST_INDENTED 32u

typedef enum {
  BEFORE_VALUE,
  BEFORE_NAME,  /* or the end of its object */
  BEFORE_COLON,
  BEHIND_VALUE,
} Place;

typedef struct {
  const char *p;
  GString *out;
  GString *open;   /* the brackets that are, by those that close them */
  Place place;
  gsize item;      /* where the newest member or item began in @out, with what separates it */
  gboolean comes;  /* a comma was read: another one has to come */
  gboolean is_wrong; /* a string holds what it may not */
} Layout;

static gboolean
is_in (const Layout *self, char bracket)
{
  return self->open->len > 0 && self->open->str[self->open->len - 1] == bracket;
}

static void
break_line (Layout *self)
{
  const gsize depth = MIN (self->open->len, MOST_INDENTED);

  g_string_append_c (self->out, '\n');
  for (gsize i = 0; i < depth; i++)
    g_string_append (self->out, "  ");
}

/* A member or an item, or the whole */
static void
begin_item (Layout *self)
{
  self->item = self->out->len;
  if (self->comes)
    g_string_append_c (self->out, ',');
  self->comes = FALSE;
  if (self->open->len > 0)
    break_line (self);
}

static void
open_bracket (Layout *self)
{
  g_string_append_c (self->out, *self->p);
  g_string_append_c (self->open, *self->p == '{' ? '}' : ']');
  self->place = *self->p++ == '{' ? BEFORE_NAME : BEFORE_VALUE;
}

/* What holds nothing stays on its line. */
static void
close_bracket (Layout *self)
{
  const char bracket = self->open->str[self->open->len - 1];
  const char last = self->out->str[self->out->len - 1];

  g_string_truncate (self->open, self->open->len - 1);
  if (last != '{' && last != '[')
    break_line (self);
  g_string_append_c (self->out, bracket);
  self->place = BEHIND_VALUE;
}

/* Whether all of "\u0000" is there */
static gboolean
is_whole_escape (const char *p)
{
  static const char pattern[] = "\\uxxxx";

  for (gsize i = 0; pattern[i] != '\0'; i++)
    if (pattern[i] == 'x' ? !g_ascii_isxdigit (p[i]) : p[i] != pattern[i])
      return FALSE;
  return TRUE;
}

/* Half of a character beyond U+FFFF: the other one is to follow. */
static gboolean
is_first_half (const char *escape)
{
  return (escape[2] == 'd' || escape[2] == 'D') && strchr ("89abAB", escape[3]) != NULL;
}

/* Bytes of the character at @p of a string: an escape, a pair of them, a letter; 0: not all of it is there. */
static gsize
measure_character (const char *p)
{
  if (*p != '\\')
    return (gsize) (g_utf8_next_char (p) - p);
  if (p[1] != 'u')
    return p[1] != '\0' ? 2 : 0;
  if (!is_whole_escape (p))
    return 0;
  if (!is_first_half (p))
    return 6;
  if (is_whole_escape (p + 6))
    return 12;
  /* One that stands alone is nobody's, but it is what was written. */
  return p[6] == '\0' || (p[6] == '\\' && (p[7] == '\0' || p[7] == 'u')) ? 0 : 6;
}

/* Returns: whether it ends; a half character at the end of the text is not written. */
static gboolean
take_string (Layout *self)
{
  g_string_append_c (self->out, *self->p++);
  while (*self->p != '\0' && *self->p != '"')
    {
      const gsize length = measure_character (self->p);

      /* A line feed would end the block of code that this is shown in. */
      self->is_wrong = self->is_wrong || (guchar) *self->p < 0x20;
      if (length == 0)
        return FALSE;
      g_string_append_len (self->out, self->p, (gssize) length);
      self->p += length;
    }
  if (*self->p == '\0')
    return FALSE;
  g_string_append_c (self->out, *self->p++);
  return TRUE;
}

static gboolean
is_scalar (char c)
{
  return g_ascii_isalnum (c) || c == '-' || c == '+' || c == '.';
}

/* Returns: whether something stands behind it, so that all of it is there */
static gboolean
take_scalar (Layout *self)
{
  while (is_scalar (*self->p))
    g_string_append_c (self->out, *self->p++);
  self->place = BEHIND_VALUE;
  return *self->p != '\0';
}

/* Takes what comes next. Returns: FALSE: it was the end of the text, in the midst of something; @is_string: of a string that is a
 * value */
static gboolean
take_value (Layout *self, gboolean *is_string)
{
  if (!is_in (self, '}'))
    begin_item (self);
  if (*self->p == '{' || *self->p == '[')
    {
      open_bracket (self);
      return TRUE;
    }
  *is_string = *self->p == '"';
  if (!*is_string)
    return take_scalar (self);
  self->place = BEHIND_VALUE;
  return take_string (self);
}

static gboolean
is_closing (const Layout *self)
{
  return self->open->len > 0 && !self->comes && is_in (self, *self->p)
         && (self->place == BEHIND_VALUE || self->place == BEFORE_NAME || (self->place == BEFORE_VALUE && *self->p == ']'));
}

static gboolean
begins_value (char c)
{
  return c == '{' || c == '[' || c == '"' || c == '-' || c == 't' || c == 'f' || c == 'n' || g_ascii_isdigit (c);
}

typedef enum {
  STEP_ON,
  STEP_END,    /* the text ends within a value or a name, or right behind a number, which may have gone on */
  STEP_STRING, /* it ends within a string that is a value */
  STEP_WRONG,
} Step;

static Step
take (Layout *self)
{
  gboolean is_string = FALSE;

  if (is_closing (self))
    {
      close_bracket (self);
      self->p++;
      return STEP_ON;
    }
  switch (self->place)
    {
    case BEFORE_VALUE:
      if (!begins_value (*self->p))
        return STEP_WRONG;
      return take_value (self, &is_string) ? STEP_ON : is_string ? STEP_STRING : STEP_END;
    case BEFORE_NAME:
      if (*self->p != '"')
        return STEP_WRONG;
      begin_item (self);
      self->place = BEFORE_COLON;
      return take_string (self) ? STEP_ON : STEP_END;
    case BEFORE_COLON:
      if (*self->p != ':')
        return STEP_WRONG;
      g_string_append (self->out, ": ");
      self->p++;
      self->place = BEFORE_VALUE;
      return STEP_ON;
    case BEHIND_VALUE:
    default:
      if (*self->p != ',' || self->open->len == 0 || self->comes)
        return STEP_WRONG;
      self->p++;
      self->comes = TRUE;
      self->place = is_in (self, '}') ? BEFORE_NAME : BEFORE_VALUE;
      return STEP_ON;
    }
}

/* Behind the last whole value */
static void
close_all (Layout *self, Step step)
{
  const gboolean awaits_value = is_in (self, '}') && (self->place == BEFORE_COLON || self->place == BEFORE_VALUE);

  if (step == STEP_STRING)
    g_string_append_c (self->out, '"');
  else if (step == STEP_END || awaits_value)
    g_string_truncate (self->out, self->item);
  while (self->open->len > 0)
    close_bracket (self);
  if (self->out->len == 0)
    g_string_append (self->out, "null");
}

char *
sotto_answer_json_lay_out (const char *text, gboolean is_cut)
{
  g_autoptr (GString) out = g_string_new (NULL);
  g_autoptr (GString) open = g_string_new (NULL);
  Layout layout = { .p = text, .out = out, .open = open, .place = BEFORE_VALUE };
  Step step = STEP_ON;

  g_return_val_if_fail (text != NULL, NULL);

  while (step == STEP_ON)
    {
      layout.p += strspn (layout.p, " \t\r\n");
      if (*layout.p == '\0')
        break;
      step = take (&layout);
    }
  if (step == STEP_WRONG || layout.is_wrong)
    return NULL;
  if (is_cut)
    close_all (&layout, step);
  return g_string_free (g_steal_pointer (&out), FALSE);
}
