#include "reply-value.h"

#include <string.h>

#define MAX_DEPTH 64
#define QUOTE "<|\"|>" /* Gemma's */

void
sotto_json_append_string (GString    *out,
                          const char *text,
                          gsize       length)
{
  g_string_append_c (out, '"');
  for (gsize i = 0; i < length; i++)
    {
      const guchar c = (guchar) text[i];

      if (c == '"' || c == '\\')
        g_string_append_printf (out, "\\%c", c);
      else if (c == '\n')
        g_string_append (out, "\\n");
      else if (c < 0x20)
        g_string_append_printf (out, "\\u%04x", c);
      else
        g_string_append_c (out, (char) c);
    }
  g_string_append_c (out, '"');
}

static void
skip_space (const char **at,
            const char  *end)
{
  while (*at < end && g_ascii_isspace (**at))
    (*at)++;
}

static gboolean
take (const char **at,
      const char  *end,
      const char  *word)
{
  const gsize length = strlen (word);

  if ((gsize) (end - *at) < length || memcmp (*at, word, length) != 0)
    return FALSE;
  *at += length;

  return TRUE;
}

static gboolean
is_word (char c)
{
  return g_ascii_isalnum (c) || c == '_' || c == '-' || c == '.' || c == '$' || (c & 0x80) != 0;
}

/* --- Strings --- */

static gboolean
read_escape (const char **at,
             const char  *end,
             GString     *out)
{
  const char c = *(*at)++;
  const guint n_digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
  gunichar code = 0;

  if (n_digits > 0)
    {
      for (guint i = 0; i < n_digits; i++, (*at)++)
        {
          if (*at == end || !g_ascii_isxdigit (**at))
            return FALSE;
          code = code << 4 | (gunichar) g_ascii_xdigit_value (**at);
        }
      g_string_append_unichar (out, g_unichar_validate (code) && code != 0 ? code : 0xfffd);
      return TRUE;
    }

  switch (c)
    {
    case 'n': g_string_append_c (out, '\n'); break;
    case 't': g_string_append_c (out, '\t'); break;
    case 'r': g_string_append_c (out, '\r'); break;
    case '\n': break;
    case '\\':
    case '\'':
    case '"':
    case '/': g_string_append_c (out, c); break;
    default: /* Python keeps both */
      g_string_append_c (out, '\\');
      g_string_append_c (out, c);
    }

  return TRUE;
}

static gboolean
read_quoted (const char **at,
             const char  *end,
             GString     *out)
{
  g_autoptr (GString) text = g_string_new (NULL);
  const char quote = *(*at)++;

  while (*at < end && **at != quote)
    {
      const char c = *(*at)++;

      if (c != '\\')
        g_string_append_c (text, c);
      else if (*at == end || !read_escape (at, end, text))
        return FALSE;
    }
  if (*at == end)
    return FALSE;
  (*at)++;
  sotto_json_append_string (out, text->str, text->len);

  return TRUE;
}

static gboolean
read_marked (const char **at,
             const char  *end,
             GString     *out)
{
  const char *close = memmem (*at, (gsize) (end - *at), QUOTE, strlen (QUOTE));

  if (close == NULL)
    return FALSE;
  sotto_json_append_string (out, *at, (gsize) (close - *at));
  *at = close + strlen (QUOTE);

  return TRUE;
}

/* --- Values --- */

static gboolean
read_word (const char **at,
           const char  *end,
           GString     *out)
{
  static const char *const words[][2] = {
    { "True", "true" }, { "False", "false" }, { "None", "null" },
    { "true", "true" }, { "false", "false" }, { "null", "null" },
  };
  const char *begin = *at;
  gsize length;
  yyjson_doc *number;

  while (*at < end && (is_word (**at) || **at == '+'))
    (*at)++;
  length = (gsize) (*at - begin);

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (strlen (words[i][0]) == length && memcmp (words[i][0], begin, length) == 0)
      {
        g_string_append (out, words[i][1]);
        return TRUE;
      }

  number = length > 0 ? yyjson_read (begin, length, YYJSON_READ_BIGNUM_AS_RAW) : NULL;
  if (number == NULL)
    return FALSE;
  yyjson_doc_free (number);
  g_string_append_len (out, begin, (gssize) length);

  return TRUE;
}

static gboolean
read_key (const char **at,
          const char  *end,
          GString     *out)
{
  const char *begin;

  skip_space (at, end);
  if (take (at, end, QUOTE))
    return read_marked (at, end, out);
  if (*at < end && (**at == '"' || **at == '\''))
    return read_quoted (at, end, out);

  for (begin = *at; *at < end && is_word (**at);)
    (*at)++;
  sotto_json_append_string (out, begin, (gsize) (*at - begin));

  return *at > begin;
}

/* From behind the opening bracket to behind @close. @between: what stands between key and value, 0: no keys */
static gboolean
read_items (const char **at,
            const char  *end,
            guint        depth,
            char         close,
            char         between,
            GString     *out)
{
  gboolean is_first = TRUE;

  for (;;)
    {
      skip_space (at, end);
      if (*at < end && **at == close)
        {
          (*at)++;
          return TRUE;
        }
      if (!is_first)
        {
          if (*at == end || *(*at)++ != ',')
            return FALSE;
          skip_space (at, end);
          if (*at < end && **at == close)
            continue;
          g_string_append (out, ", ");
        }
      is_first = FALSE;

      if (between != 0)
        {
          if (!read_key (at, end, out))
            return FALSE;
          skip_space (at, end);
          if (*at == end || *(*at)++ != between)
            return FALSE;
          g_string_append (out, ": ");
        }
      if (!sotto_loose_read_value (at, end, depth + 1, out))
        return FALSE;
    }
}

gboolean
sotto_loose_read_value (const char **at,
                        const char  *end,
                        guint        depth,
                        GString     *out)
{
  const char opening = (skip_space (at, end), *at < end ? **at : '\0');
  gboolean done;

  if (depth > MAX_DEPTH)
    return FALSE;
  if (opening == '"' || opening == '\'')
    return read_quoted (at, end, out);
  if (take (at, end, QUOTE))
    return read_marked (at, end, out);
  if (opening != '[' && opening != '(' && opening != '{')
    return read_word (at, end, out);

  (*at)++;
  g_string_append_c (out, opening == '{' ? '{' : '[');
  done = opening == '{' ? read_items (at, end, depth, '}', ':', out)
                        : read_items (at, end, depth, opening == '[' ? ']' : ')', 0, out);
  g_string_append_c (out, opening == '{' ? '}' : ']');

  return done;
}

gboolean
sotto_loose_read_call (const char **at,
                       const char  *end,
                       GString     *name,
                       GString     *arguments)
{
  gboolean is_gemma;
  const char *begin;

  skip_space (at, end);
  is_gemma = take (at, end, "call:");
  for (begin = *at; *at < end && is_word (**at);)
    (*at)++;
  g_string_truncate (name, 0);
  g_string_append_len (name, begin, *at - begin);
  if (g_str_has_suffix (name->str, ".call"))
    g_string_truncate (name, name->len - strlen (".call"));
  if (name->len == 0 || *at == end || *(*at)++ != (is_gemma ? '{' : '('))
    return FALSE;

  g_string_assign (arguments, "{");
  if (!read_items (at, end, 0, is_gemma ? '}' : ')', is_gemma ? ':' : '=', arguments))
    return FALSE;
  g_string_append_c (arguments, '}');

  return TRUE;
}

void
sotto_json_append_guess (GString    *out,
                         const char *text,
                         gsize       length,
                         gboolean    is_string)
{
  const char *at = text;
  const char *end = text + length;
  const gsize before = out->len;
  yyjson_doc *json;

  /* A value on lines of its own */
  if (length > 0 && text[0] == '\n')
    text++, length--;
  if (length > 0 && text[length - 1] == '\n')
    length--;
  if (is_string)
    {
      sotto_json_append_string (out, text, length);
      return;
    }

  json = length > 0 ? yyjson_read (text, length, YYJSON_READ_BIGNUM_AS_RAW) : NULL;
  if (json != NULL)
    {
      yyjson_doc_free (json);
      g_string_append_len (out, text, (gssize) length);
      return;
    }

  if (sotto_loose_read_value (&at, end, 0, out) && (skip_space (&at, end), at == end))
    return;
  g_string_truncate (out, before);
  sotto_json_append_string (out, text, length);
}

/* --- Elements --- */

/* At an opening tag: moves behind it and gives its name. */
static gboolean
take_tag (const char **at,
          const char  *end,
          const char  *space,
          const char **name,
          gsize       *length)
{
  const char *here = *at;
  const char *close;

  if (!take (&here, end, space) || !take (&here, end, "<") || here == end || *here == '/')
    return FALSE;
  close = memchr (here, '>', (gsize) (end - here));
  if (close == NULL || close == here)
    return FALSE;

  *name = here;
  *length = (gsize) (close - here);
  *at = close + 1;

  return TRUE;
}

static gboolean
take_end_tag (const char **at,
              const char  *end,
              const char  *space,
              const char  *name,
              gsize        length)
{
  if (!take (at, end, space) || !take (at, end, "</") || (gsize) (end - *at) <= length
      || memcmp (*at, name, length) != 0 || (*at)[length] != '>')
    return FALSE;
  *at += length + 1;

  return TRUE;
}

static gboolean read_element (const char **at, const char *end, const char *space, guint depth, GString *out);

/* Elements up to the end, or to a closing tag. @is_list: (out) (nullable) */
static gboolean
read_elements (const char **at,
               const char  *end,
               const char  *space,
               guint        depth,
               GString     *out)
{
  const gsize begin = out->len;
  gboolean is_list = FALSE;
  guint n = 0;

  g_string_append_c (out, '{');
  for (;; n++)
    {
      const char *name, *here;
      gsize length;

      skip_space (at, end);
      here = *at;
      if (!take_tag (at, end, space, &name, &length))
        break;
      if (n == 0)
        is_list = depth > 0 && length == 4 && memcmp (name, "item", 4) == 0;
      else
        g_string_append (out, ", ");
      if (is_list && (length != 4 || memcmp (name, "item", 4) != 0))
        return FALSE;
      if (!is_list)
        {
          sotto_json_append_string (out, name, length);
          g_string_append (out, ": ");
        }
      *at = here;
      if (!read_element (at, end, space, depth + 1, out))
        return FALSE;
    }
  if (is_list)
    out->str[begin] = '[';
  g_string_append_c (out, is_list ? ']' : '}');

  return TRUE;
}

static gboolean
read_element (const char **at,
              const char  *end,
              const char  *space,
              guint        depth,
              GString     *out)
{
  g_autofree char *closing = g_strconcat (space, "</", NULL);
  const char *name, *inner, *close, *child;
  gsize length, child_length;

  if (depth > MAX_DEPTH || !take_tag (at, end, space, &name, &length))
    return FALSE;

  inner = *at;
  skip_space (&inner, end);
  if (child = inner, take_tag (&child, end, space, &name, &child_length))
    {
      const char *mine = *at - 1 - length;

      *at = inner;
      return read_elements (at, end, space, depth, out)
             && take_end_tag (at, end, space, mine, length);
    }

  close = memmem (*at, (gsize) (end - *at), closing, strlen (closing));
  if (close == NULL)
    return FALSE;
  sotto_json_append_guess (out, *at, (gsize) (close - *at), FALSE);
  *at = close;

  return take_end_tag (at, end, space, name, length);
}

gboolean
sotto_nested_read_object (const char *text,
                          gsize       length,
                          const char *space,
                          GString    *out)
{
  const char *at = text;
  const char *end = text + length;

  return read_elements (&at, end, space, 0, out) && (skip_space (&at, end), at == end);
}

/* --- Schemas --- */

gboolean
sotto_tools_want_string (yyjson_val *tools,
                         const char *name,
                         const char *key)
{
  yyjson_val *tool, *function, *type;
  size_t i, n;

  yyjson_arr_foreach (tools, i, n, tool)
    {
      function = yyjson_obj_get (tool, "function");
      if (function == NULL)
        function = tool;
      if (!yyjson_equals_str (yyjson_obj_get (function, "name"), name))
        continue;
      type = yyjson_obj_get (yyjson_obj_get (yyjson_obj_get (function, "parameters"), "properties"), key);
      return yyjson_equals_str (yyjson_obj_get (type, "type"), "string");
    }

  return FALSE;
}
