#include "transfer/web-text.h"

#include <string.h>

#include "markdown/markdown.h"

/* What no document may have (HTML, section 13.1): noncharacters, and controls beyond ASCII */
static gboolean
is_forbidden (gunichar c)
{
  return (c >= 0x80 && c <= 0x9f) || (c >= 0xfdd0 && c <= 0xfdef) || (c & 0xfffe) == 0xfffe;
}

char *
sotto_web_text_clean (const char *text)
{
  g_autofree char *valid = g_utf8_validate (text, -1, NULL) ? NULL : g_utf8_make_valid (text, -1);
  GString *clean = g_string_sized_new (strlen (text));

  for (const char *p = valid != NULL ? valid : text; *p != '\0'; p = g_utf8_next_char (p))
    {
      const gunichar c = g_utf8_get_char (p);

      if (c == '\r')
        {
          if (p[1] != '\n')
            g_string_append_c (clean, '\n');
        }
      else if (c < 0x20 && c != '\n' && c != '\t')
        g_string_append_unichar (clean, 0x2400 + c); /* the picture of a control character */
      else if (c == 0x7f)
        g_string_append_unichar (clean, 0x2421);
      else if (is_forbidden (c) || sotto_markdown_is_treacherous (c))
        g_string_append_printf (clean, "⟨U+%04X⟩", c);
      else
        g_string_append_unichar (clean, c);
    }
  return g_string_free_and_steal (clean);
}

static void
append_escaped (GString *out, const char *text)
{
  for (const char *p = text; *p != '\0'; p++)
    switch (*p)
      {
      case '&':
        g_string_append (out, "&amp;");
        break;
      case '<':
        g_string_append (out, "&lt;");
        break;
      case '>':
        g_string_append (out, "&gt;");
        break;
      case '"':
        g_string_append (out, "&quot;");
        break;
      case '\'':
        g_string_append (out, "&#39;");
        break;
      default:
        g_string_append_c (out, *p);
      }
}

void
sotto_web_text_append (GString *out, const char *text)
{
  g_autofree char *clean = sotto_web_text_clean (text);

  append_escaped (out, clean);
}

void
sotto_web_text_append_address (GString *out, const char *address)
{
  g_autoptr (GString) plain = g_string_new (NULL);
  g_autofree char *valid = g_utf8_make_valid (address, -1);

  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    {
      const gunichar c = g_utf8_get_char (p);

      if (c <= 0x20 || c == 0x7f || is_forbidden (c) || sotto_markdown_is_treacherous (c))
        for (const char *byte = p; byte < g_utf8_next_char (p); byte++)
          g_string_append_printf (plain, "%%%02X", (guchar) *byte);
      else
        g_string_append_unichar (plain, c);
    }
  append_escaped (out, plain->str);
}
