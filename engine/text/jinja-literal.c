#include "jinja-literal.h"

#include <string.h>

static gboolean
read_escape (JinjaRun    *run,
             const char **at,
             const char  *end,
             GString     *text)
{
  char c = **at;
  gunichar value = 0;
  guint digits = 0, base = 16;

  if (c & 0x80)
    {
      /* Python goes through ASCII here: a backslash before "é" leaves "\xe9", six signs. */
      gunichar u = g_utf8_get_char (*at);

      if (u < 0x100)
        g_string_append_printf (text, "\\x%02x", u);
      else if (u < 0x10000)
        g_string_append_printf (text, "\\u%04x", u);
      else
        g_string_append_printf (text, "\\U%08x", u);
      *at = g_utf8_next_char (*at);
      return TRUE;
    }

  (*at)++;
  switch (c)
    {
    case '\n': return TRUE;
    case '\\': case '\'': case '"': g_string_append_c (text, c); return TRUE;
    case 'a': g_string_append_c (text, '\a'); return TRUE;
    case 'b': g_string_append_c (text, '\b'); return TRUE;
    case 'f': g_string_append_c (text, '\f'); return TRUE;
    case 'n': g_string_append_c (text, '\n'); return TRUE;
    case 'r': g_string_append_c (text, '\r'); return TRUE;
    case 't': g_string_append_c (text, '\t'); return TRUE;
    case 'v': g_string_append_c (text, '\v'); return TRUE;
    case 'x': digits = 2; break;
    case 'u': digits = 4; break;
    case 'U': digits = 8; break;
    case 'N': return jinja_fail (run, "characters by name are not supported in strings");
    default:
      if (c < '0' || c > '7')
        {
          g_string_append_c (text, '\\');
          g_string_append_c (text, c);
          return TRUE;
        }
      (*at)--;
      digits = 3;
      base = 8;
      break;
    }

  for (guint i = 0; i < digits; i++)
    {
      gint digit = *at < end ? g_ascii_xdigit_value (**at) : -1;

      if (digit < 0 || digit >= (gint) base)
        {
          if (base == 8 && i > 0)
            break;
          return jinja_fail (run, "truncated escape in a string");
        }
      value = value * base + (gunichar) digit;
      (*at)++;
    }
  if (value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
    return jinja_fail (run, "illegal Unicode character in a string");
  g_string_append_unichar (text, value);

  return TRUE;
}

gboolean
jinja_read_string (JinjaRun           *run,
                   const char        **at,
                   const char         *end,
                   const JinjaString **result)
{
  g_autoptr (GString) text = g_string_new (NULL);
  char quote = *(*at)++;
  char *copy;

  while (*at < end && **at != quote)
    {
      if (**at != '\\')
        g_string_append_c (text, *(*at)++);
      else if (++*at == end || !read_escape (run, at, end, text))
        break;
    }
  if (run->error != NULL)
    return FALSE;
  if (*at == end)
    return jinja_fail (run, "a string without an end");
  (*at)++;

  copy = jinja_alloc (run, text->len);
  if (copy == NULL)
    return FALSE;
  memcpy (copy, text->str, text->len);
  *result = jinja_string_new (run, copy, text->len, TRUE);

  return *result != NULL;
}

static gsize
digits_length (const char *p,
               const char *end)
{
  const char *begin = p;

  while (p < end
         && (g_ascii_isdigit (*p)
             || (*p == '_' && p > begin && p + 1 < end && g_ascii_isdigit (p[1])
                 && g_ascii_isdigit (p[-1]))))
    p++;

  return (gsize) (p - begin);
}

static gboolean
convert_number (JinjaRun    *run,
                const char **at,
                const char  *end,
                gboolean     is_float,
                JinjaValue  *number)
{
  g_autoptr (GString) digits = g_string_new (NULL);
  guint64 value = 0;
  guint base = 10;

  for (; *at < end; (*at)++)
    if (**at != '_')
      g_string_append_c (digits, **at);

  if (is_float)
    {
      *number = jinja_float (g_ascii_strtod (digits->str, NULL));
      return TRUE;
    }

  if (digits->len > 2 && digits->str[0] == '0' && g_ascii_isalpha (digits->str[1]))
    {
      char kind = g_ascii_tolower (digits->str[1]);

      base = kind == 'x' ? 16 : kind == 'o' ? 8 : 2;
      g_string_erase (digits, 0, 2);
    }
  for (const char *p = digits->str; *p != 0; p++)
    {
      guint64 digit = (guint64) g_ascii_xdigit_value (*p);

      if (value > ((guint64) G_MAXINT64 - digit) / base)
        return jinja_fail (run, "an integer beyond 64 bits");
      value = value * base + digit;
    }
  *number = jinja_integer ((gint64) value);

  return TRUE;
}

gboolean
jinja_read_number (JinjaRun    *run,
                   const char **at,
                   const char  *end,
                   gboolean     after_dot,
                   JinjaValue  *number)
{
  const char *p = *at;
  gboolean is_float = FALSE;
  gsize length;

  if (*p == '0' && end - p > 2 && strchr ("xXoObB", p[1]) != NULL)
    {
      gint base = g_ascii_tolower (p[1]) == 'x' ? 16 : g_ascii_tolower (p[1]) == 'o' ? 8 : 2;
      const char *q = p + 2;

      while (q < end
             && ((g_ascii_isxdigit (*q) && g_ascii_xdigit_value (*q) < base)
                 || (*q == '_' && q + 1 < end && g_ascii_isxdigit (q[1])
                     && g_ascii_xdigit_value (q[1]) < base)))
        q++;
      if (q > p + 2)
        return convert_number (run, at, q, FALSE, number);
    }

  p += digits_length (p, end);
  if (!after_dot && end - p >= 2 && *p == '.' && g_ascii_isdigit (p[1]))
    {
      is_float = TRUE;
      p++;
      p += digits_length (p, end);
    }
  if (!after_dot && p < end && (*p == 'e' || *p == 'E'))
    {
      const char *q = p + 1;

      if (q < end && (*q == '+' || *q == '-'))
        q++;
      length = digits_length (q, end);
      if (length > 0)
        {
          is_float = TRUE;
          p = q + length;
        }
    }
  /* An integer begins with 0 only where it is 0. */
  if (!is_float && **at == '0')
    for (p = *at; p < end && *p == '0'; p++)
      ;

  return convert_number (run, at, p, is_float, number);
}
