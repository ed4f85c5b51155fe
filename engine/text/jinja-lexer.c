#include "jinja-lexer.h"
#include "jinja-literal.h"

#include <string.h>

/* The lexer of jinja2 3.1 with trim_blocks, lstrip_blocks and without keep_trailing_newline.
 *
 *   text {{ expression }} text {% statement %} text {# comment #} text {% raw %} text {% endraw %}
 *
 * "-" inside a tag's border takes away the white space next to it, "+" keeps what would be taken away
 * by default: the line break behind a block or comment (trim_blocks), and the blanks before one where
 * they begin the line (lstrip_blocks). */

typedef struct {
  JinjaRun *run;
  const char *at;
  const char *end;
  guint line;
  gboolean line_starting; /* the last tag ended a line, or nothing came before */
  GArray *tokens;         /* (element-type JinjaToken) */
  GString *brackets;      /* what must close before a tag can end */
} Lexer;

static gboolean
fail_at (Lexer      *self,
         const char *message)
{
  self->run->line = self->line;
  return jinja_fail (self->run, "%s", message);
}

static gsize
space_length (const char *at,
              const char *end)
{
  const char *p = at;

  while (p < end && jinja_is_space (g_utf8_get_char (p)))
    p = g_utf8_next_char (p);

  return (gsize) (p - at);
}

static void
count_lines (Lexer      *self,
             const char *from,
             const char *to)
{
  for (; from < to; from++)
    self->line += *from == '\n';
}

/* Passes over white space, counting lines. */
static void
skip_space (Lexer *self)
{
  gsize length = space_length (self->at, self->end);

  count_lines (self, self->at, self->at + length);
  self->at += length;
}

static gboolean
looking_at (Lexer      *self,
            const char *text)
{
  gsize length = strlen (text);

  return (gsize) (self->end - self->at) >= length && memcmp (self->at, text, length) == 0;
}

static JinjaToken *
push (Lexer          *self,
      JinjaTokenType  type,
      guint           line)
{
  JinjaToken token = { .type = type, .line = line };

  g_array_append_val (self->tokens, token);

  return &g_array_index (self->tokens, JinjaToken, self->tokens->len - 1);
}

static gboolean
push_text (Lexer          *self,
           JinjaTokenType  type,
           guint           line,
           const char     *bytes,
           gsize           length)
{
  JinjaToken *token = push (self, type, line);

  token->text = jinja_string_new (self->run, bytes, length, TRUE);

  return token->text != NULL;
}

/* The text before a tag, less what its sign and lstrip_blocks take away. */
static gboolean
push_data (Lexer      *self,
           const char *begin,
           const char *end,
           char        sign,
           gboolean    lstrip)
{
  if (sign == '-')
    {
      while (end > begin)
        {
          const char *before = end;

          do
            before--;
          while ((*before & 0xc0) == 0x80);
          if (!jinja_is_space (g_utf8_get_char (before)))
            break;
          end = before;
        }
    }
  else if (sign != '+' && lstrip)
    {
      const char *line = end;

      while (line > begin && line[-1] != '\n')
        line--;
      if ((line > begin || self->line_starting) && line + space_length (line, end) == end)
        end = line;
    }

  return begin == end || push_text (self, JINJA_TOKEN_DATA, self->line, begin, (gsize) (end - begin));
}

/* Behind "%}" or "#}": trim_blocks takes one line break. */
static void
trim_line_break (Lexer *self)
{
  self->line_starting = FALSE;
  if (self->at < self->end && *self->at == '\n')
    {
      self->at++;
      self->line++;
      self->line_starting = TRUE;
    }
}

/* The end of a block or comment, "+%}" "-%}" "%}": FALSE if it isn't one here. */
static gboolean
take_end (Lexer      *self,
          const char *mark)
{
  char sign = 0;

  if (self->end - self->at >= 3 && (*self->at == '-' || *self->at == '+')
      && memcmp (self->at + 1, mark, 2) == 0)
    sign = *self->at++;
  else if (!looking_at (self, mark))
    return FALSE;

  self->at += 2;
  self->line_starting = FALSE;
  if (sign == '-')
    {
      skip_space (self);
      self->line_starting = self->at[-1] == '\n';
    }
  else if (sign != '+')
    trim_line_break (self);

  return TRUE;
}

static gboolean
take_name_end (Lexer *self)
{
  while (self->at < self->end
         && (g_unichar_isalnum (g_utf8_get_char (self->at)) || *self->at == '_'
             || g_unichar_ismark (g_utf8_get_char (self->at))))
    self->at = g_utf8_next_char (self->at);

  return TRUE;
}

static gboolean
take_comment (Lexer *self)
{
  const char *begin = self->at;

  for (; self->at < self->end; self->at++)
    {
      const char *here = self->at;

      if (*here != '#' && *here != '-' && *here != '+')
        continue;
      count_lines (self, begin, here);
      begin = here;
      if (take_end (self, "#}"))
        return TRUE;
    }

  return fail_at (self, "Missing end of comment tag");
}

/* From "raw" in "{% raw %}" on. FALSE without an error: it is another tag, nothing was taken. */
static gboolean
take_raw (Lexer    *self,
          gboolean *is_raw)
{
  const char *p = self->at + space_length (self->at, self->end);
  const char *begin;

  *is_raw = FALSE;
  if (self->end - p < 3 || memcmp (p, "raw", 3) != 0)
    return TRUE;
  p += 3;
  p += space_length (p, self->end);
  if (self->end - p >= 3 && memcmp (p, "-%}", 3) == 0)
    {
      p += 3;
      p += space_length (p, self->end);
    }
  else if (self->end - p >= 2 && memcmp (p, "%}", 2) == 0)
    p += 2;
  else
    return TRUE;

  *is_raw = TRUE;
  count_lines (self, self->at, p);
  self->line_starting = p[-1] == '\n';
  self->at = begin = p;
  for (; self->at < self->end; self->at++)
    {
      const char *tag = self->at;
      char sign = 0;

      if (!looking_at (self, "{%"))
        continue;
      self->at += 2;
      if (self->at < self->end && (*self->at == '-' || *self->at == '+'))
        sign = *self->at++;
      self->at += space_length (self->at, self->end);
      if (looking_at (self, "endraw"))
        {
          guint line = self->line;

          self->at += 6;
          self->at += space_length (self->at, self->end);
          count_lines (self, begin, self->at);
          {
            guint behind = self->line;
            gboolean starting = self->line_starting;

            self->line = line;
            if (self->end - self->at >= 2
                && (memcmp (self->at, "%}", 2) == 0
                    || (self->end - self->at >= 3 && (*self->at == '-' || *self->at == '+')
                        && memcmp (self->at + 1, "%}", 2) == 0)))
              {
                self->line_starting = starting;
                if (!push_data (self, begin, tag, sign, TRUE))
                  return FALSE;
                self->line = behind;
                return take_end (self, "%}");
              }
          }
        }
      self->at = tag;
    }

  return fail_at (self, "Missing end of raw directive");
}

static gboolean
take_string (Lexer *self)
{
  const char *begin = self->at;
  const JinjaString *text;

  self->run->line = self->line;
  if (!jinja_read_string (self->run, &self->at, self->end, &text))
    return FALSE;
  push (self, JINJA_TOKEN_STRING, self->line)->text = text;
  count_lines (self, begin, self->at);

  return TRUE;
}

static gboolean
take_number (Lexer *self)
{
  gboolean after_dot = self->tokens->len > 0 && self->at[-1] == '.';
  JinjaValue number;

  self->run->line = self->line;
  if (!jinja_read_number (self->run, &self->at, self->end, after_dot, &number))
    return FALSE;
  push (self, jinja_is (number, JINJA_FLOAT) ? JINJA_TOKEN_FLOAT : JINJA_TOKEN_INTEGER, self->line)
      ->number = number;

  return TRUE;
}

static gboolean
take_operator (Lexer *self)
{
  static const char *const two[] = { "//", "**", "==", "!=", ">=", "<=" };
  JinjaToken *token;
  char c = *self->at;
  guint op = JINJA_OPERATOR (c, 0);

  if (c == 0 || strchr ("+-*/%~[](){}><=.:|,;!", c) == NULL)
    return fail_at (self, "an unexpected character");
  for (guint i = 0; i < G_N_ELEMENTS (two); i++)
    if (looking_at (self, two[i]))
      op = JINJA_OPERATOR (two[i][0], two[i][1]);
  if (op == JINJA_OPERATOR ('!', 0))
    return fail_at (self, "an unexpected character");

  if (c == '(' || c == '[' || c == '{')
    g_string_append_c (self->brackets, c == '(' ? ')' : c == '[' ? ']' : '}');
  else if (c == ')' || c == ']' || c == '}')
    {
      gsize n = self->brackets->len;

      if (n == 0 || self->brackets->str[n - 1] != c)
        return fail_at (self, "brackets that do not match");
      g_string_truncate (self->brackets, n - 1);
    }

  token = push (self, JINJA_TOKEN_OPERATOR, self->line);
  token->op = op;
  self->at += (op & 0xff) != 0 ? 2 : 1;

  return TRUE;
}

/* Inside "{{ }}" or "{% %}". */
static gboolean
take_tag (Lexer    *self,
          gboolean  block)
{
  while (self->at < self->end)
    {
      gunichar c;

      if (self->brackets->len == 0)
        {
          guint line = self->line;

          if (block && take_end (self, "%}"))
            {
              push (self, JINJA_TOKEN_BLOCK_END, line);
              return TRUE;
            }
          if (!block && (looking_at (self, "}}") || looking_at (self, "-}}")))
            {
              gboolean strip = *self->at == '-';

              push (self, JINJA_TOKEN_VARIABLE_END, line);
              self->at += strip ? 3 : 2;
              self->line_starting = FALSE;
              if (strip)
                {
                  skip_space (self);
                  self->line_starting = self->at[-1] == '\n';
                }
              return TRUE;
            }
        }

      c = g_utf8_get_char (self->at);
      if (jinja_is_space (c))
        skip_space (self);
      else if (g_ascii_isdigit (*self->at))
        {
          if (!take_number (self))
            return FALSE;
        }
      else if (g_unichar_isalpha (c) || c == '_')
        {
          const char *begin = self->at;

          take_name_end (self);
          if (!push_text (self, JINJA_TOKEN_NAME, self->line, begin, (gsize) (self->at - begin)))
            return FALSE;
        }
      else if (c == '"' || c == '\'')
        {
          if (!take_string (self))
            return FALSE;
        }
      else if (!take_operator (self))
        return FALSE;
      if (!jinja_step (self->run, 1))
        return FALSE;
    }

  return TRUE; /* the parser says what is missing */
}

static gboolean
take_all (Lexer *self)
{
  const char *begin = self->at;

  while (self->at < self->end)
    {
      const char *tag = self->at;
      char kind = self->end - tag >= 2 && tag[0] == '{' ? tag[1] : 0;
      char sign = 0;
      gboolean is_raw = FALSE;
      guint data_tokens;

      if (kind != '{' && kind != '%' && kind != '#')
        {
          self->at++;
          continue;
        }

      self->at += 2;
      if (self->at < self->end && (*self->at == '-' || *self->at == '+'))
        sign = *self->at++;
      data_tokens = self->tokens->len;
      if (!push_data (self, begin, tag, sign, kind != '{'))
        return FALSE;
      count_lines (self, begin, tag);

      if (kind == '#')
        {
          if (!take_comment (self))
            return FALSE;
        }
      else
        {
          if (kind == '%' && !take_raw (self, &is_raw))
            return FALSE;
          if (!is_raw)
            {
              push (self, kind == '%' ? JINJA_TOKEN_BLOCK_BEGIN : JINJA_TOKEN_VARIABLE_BEGIN,
                    self->line);
              self->line_starting = FALSE;
              g_string_truncate (self->brackets, 0);
              if (!take_tag (self, kind == '%'))
                return FALSE;
            }
        }
      begin = self->at;
      if (!jinja_step (self->run, 1 + self->tokens->len - data_tokens))
        return FALSE;
    }

  return begin == self->end
         || push_text (self, JINJA_TOKEN_DATA, self->line, begin, (gsize) (self->end - begin));
}

/* Every line break as "\n", and none at the end. */
static char *
normalize (JinjaRun   *run,
           const char *source,
           gsize      *length)
{
  char *copy = jinja_alloc (run, *length + 1);
  gsize n = 0;

  if (copy == NULL)
    return NULL;
  for (gsize i = 0; i < *length; i++)
    {
      if (source[i] == '\r' && i + 1 < *length && source[i + 1] == '\n')
        continue;
      copy[n++] = source[i] == '\r' ? '\n' : source[i];
    }
  if (n > 0 && copy[n - 1] == '\n')
    n--;
  *length = n;

  return copy;
}

gboolean
jinja_lex (JinjaRun    *run,
           const char  *source,
           gsize        length,
           JinjaToken **tokens)
{
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (JinjaToken));
  Lexer lexer = { .run = run, .line = 1, .line_starting = TRUE, .tokens = found };
  const char *text = normalize (run, source, &length);
  gboolean ok;

  if (text == NULL)
    return FALSE;
  lexer.at = text;
  lexer.end = text + length;
  lexer.brackets = g_string_new (NULL);
  ok = take_all (&lexer);
  g_string_free (lexer.brackets, TRUE);
  if (!ok)
    return FALSE;

  push (&lexer, JINJA_TOKEN_END, lexer.line);
  *tokens = jinja_new_n (run, JinjaToken, found->len);
  if (*tokens == NULL)
    return FALSE;
  memcpy (*tokens, found->data, found->len * sizeof (JinjaToken));

  return TRUE;
}
