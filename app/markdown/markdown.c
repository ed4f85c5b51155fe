#include "markdown/markdown.h"

#include <cmark-gfm-core-extensions.h>
#include <string.h>

static void
register_extensions (void)
{
  static gsize is_done = 0;

  /* CommonMark's own flag is not made for threads. */
  if (g_once_init_enter (&is_done))
    {
      cmark_gfm_core_extensions_ensure_registered ();
      g_once_init_leave (&is_done, 1);
    }
}

cmark_node *
sotto_markdown_parse_blocks (const char *text, gsize length, SottoMarkdownMath **math)
{
  static const char *const extensions[] = { "table", "strikethrough", "autolink", "tasklist" };
  g_autofree char *hidden = NULL;
  cmark_parser *parser;
  cmark_node *document;

  register_extensions ();
  parser = cmark_parser_new (CMARK_OPT_VALIDATE_UTF8);
  for (guint i = 0; i < G_N_ELEMENTS (extensions); i++)
    cmark_parser_attach_syntax_extension (parser, cmark_find_syntax_extension (extensions[i]));
  *math = sotto_markdown_math_hide (text, length, &hidden);
  cmark_parser_feed (parser, hidden, strlen (hidden));
  document = cmark_parser_finish (parser);
  cmark_parser_free (parser);
  return document;
}

cmark_node *
sotto_markdown_parse (const char *text, gsize length)
{
  g_autoptr (SottoMarkdownMath) math = NULL;
  cmark_node *document = sotto_markdown_parse_blocks (text, length, &math);

  sotto_markdown_math_show (math, document);
  return document;
}

/* U+200C and U+200D are left alone: Persian and emoji cannot be written without them. */
gboolean
sotto_markdown_is_treacherous (gunichar c)
{
  return c == 0x00ad || c == 0x061c || c == 0x200b || c == 0x200e || c == 0x200f
         || (c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x2069) || c == 0xfeff
         || (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe007f);
}

gboolean
sotto_markdown_is_followed (const char *address)
{
  static const char *const schemes[] = { "https://", "http://", "mailto:" };

  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++)
    if (g_ascii_strncasecmp (address, schemes[i], strlen (schemes[i])) == 0)
      return TRUE;
  return FALSE;
}

gboolean
sotto_markdown_is_break (const char *html)
{
  return g_ascii_strcasecmp (html, "<br>") == 0 || g_ascii_strcasecmp (html, "<br/>") == 0
         || g_ascii_strcasecmp (html, "<br />") == 0;
}
