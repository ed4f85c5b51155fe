#include "jinja-string.h"

#include <string.h>

/* Upper and lower case as Python does it, in every locale the same: GLib's functions on strings follow
 * the user's language for Turkish, Azeri and Lithuanian, its tables of single characters do not. */

static gboolean
is_cased (gunichar c)
{
  return g_unichar_isupper (c) || g_unichar_islower (c) || g_unichar_istitle (c);
}

/* Characters that a word's shape is seen through (Case_Ignorable, roughly). */
static gboolean
is_ignorable (gunichar c)
{
  switch (g_unichar_type (c))
    {
    case G_UNICODE_NON_SPACING_MARK:
    case G_UNICODE_ENCLOSING_MARK:
    case G_UNICODE_FORMAT:
    case G_UNICODE_MODIFIER_LETTER:
    case G_UNICODE_MODIFIER_SYMBOL:
      return TRUE;
    default:
      return c == '\'' || c == '.' || c == ':' || c == 0xb7 || c == 0x2019 || c == 0x2018;
    }
}

/* The Greek sigma at the end of a word (The Unicode Standard 15, table 3-17, Final_Sigma). */
static gboolean
is_final_sigma (const JinjaString *self,
                gsize              at)
{
  const char *end = self->bytes + self->length;
  const char *p = self->bytes + at;
  gboolean before = FALSE;

  while (p > self->bytes)
    {
      gunichar c;

      do
        p--;
      while ((*p & 0xc0) == 0x80);
      c = g_utf8_get_char (p);
      if (is_ignorable (c))
        continue;
      before = is_cased (c);
      break;
    }
  if (!before)
    return FALSE;

  for (p = g_utf8_next_char (self->bytes + at); p < end; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (!is_ignorable (c))
        return !is_cased (c);
    }

  return TRUE;
}

static void
add_lower (JinjaBuilder      *builder,
           const JinjaString *self,
           gsize              at,
           gunichar           c,
           gboolean           trusted)
{
  if (c == 0x130)
    {
      jinja_builder_add_char (builder, 'i', trusted);
      jinja_builder_add_char (builder, 0x307, trusted);
    }
  else if (c == 0x3a3)
    jinja_builder_add_char (builder, is_final_sigma (self, at) ? 0x3c2 : 0x3c3, trusted);
  else
    jinja_builder_add_char (builder, g_unichar_tolower (c), trusted);
}

static void
add_upper (JinjaBuilder *builder,
           gunichar      c,
           gboolean      title,
           gboolean      trusted)
{
  char bytes[6];
  g_autofree char *upper = NULL;
  gunichar one = title ? g_unichar_totitle (c) : g_unichar_toupper (c);

  /* One character alone, not ASCII: the language plays no part, and "ß" becomes "SS". */
  if (c < 0x80 || one != c)
    {
      jinja_builder_add_char (builder, one, trusted);
      return;
    }

  upper = g_utf8_strup (bytes, g_unichar_to_utf8 (c, bytes));
  for (const char *p = upper; *p != 0; p = g_utf8_next_char (p))
    {
      gunichar u = g_utf8_get_char (p);

      jinja_builder_add_char (builder, title && p != upper ? g_unichar_tolower (u) : u, trusted);
    }
}

/* The filter title splits at white space and - ( { [ <; the method wherever letters end. */
static gboolean
begins_word (JinjaCase to,
             gunichar  before)
{
  if (to == JINJA_TITLE_FILTER)
    return jinja_is_space (before) || (before < 0x80 && strchr ("-({[<", (int) before) != NULL);

  return !is_cased (before);
}

const JinjaString *
jinja_string_to_case (JinjaRun          *run,
                      const JinjaString *self,
                      JinjaCase          to)
{
  JinjaBuilder builder;
  gunichar before = ' ';
  const JinjaString *result;

  jinja_builder_init (&builder, run);
  for (gsize at = 0; at < self->length;)
    {
      gunichar c = g_utf8_get_char (self->bytes + at);
      gsize length = (gsize) (g_utf8_next_char (self->bytes + at) - (self->bytes + at));
      gboolean trusted = jinja_string_is_trusted (self, at, length);
      gboolean first = FALSE;

      if (to == JINJA_CAPITALIZE)
        first = at == 0;
      else if (to == JINJA_TITLE || to == JINJA_TITLE_FILTER)
        first = begins_word (to, before);

      if (to == JINJA_UPPER || (first && to == JINJA_TITLE_FILTER)
          || (to == JINJA_SWAPCASE && g_unichar_islower (c)))
        add_upper (&builder, c, FALSE, trusted);
      else if (first)
        add_upper (&builder, c, TRUE, trusted);
      else if (to == JINJA_SWAPCASE && !g_unichar_isupper (c))
        jinja_builder_add_char (&builder, c, trusted);
      else
        add_lower (&builder, self, at, c, trusted);

      before = c;
      at += length;
      if (builder.failed)
        return NULL;
    }
  result = jinja_builder_finish (&builder);

  return result != NULL && self->markup ? jinja_string_with_markup (run, result, TRUE) : result;
}
