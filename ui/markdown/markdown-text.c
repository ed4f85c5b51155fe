#include "markdown/markdown-text.h"

#include <string.h>

#include "markdown/markdown-sources.h"

/* Inlines nested deeper than this are shown as plain text. */
#define MAX_DEPTH 24

void
sotto_markdown_append_escaped (GString    *markup,
                               const char *text,
                               gssize      length)
{
  const char *end;

  if (text == NULL)
    return;

  end = text + (length < 0 ? (gssize) strlen (text) : length);

  for (const char *p = text; p < end; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (c == '<')
        g_string_append (markup, "&lt;");
      else if (c == '>')
        g_string_append (markup, "&gt;");
      else if (c == '&')
        g_string_append (markup, "&amp;");
      else if (c < 0x20 && c != '\n' && c != '\t')
        g_string_append_unichar (markup, 0x2400 + c); /* the picture of a control character */
      else if (sotto_markdown_is_treacherous (c))
        g_string_append_printf (markup, "<span alpha=\"60%%\">⟨U+%04X⟩</span>", c);
      else
        g_string_append_len (markup, p, g_utf8_next_char (p) - p);
    }
}

void
sotto_markdown_append_code (GString    *markup,
                            const char *text)
{
  g_string_append (markup, "<span font_family=\"monospace\" background=\"#80808028\">");
  sotto_markdown_append_escaped (markup, text, -1);
  g_string_append (markup, "</span>");
}

/* What is asked for a formula */
typedef struct {
  SottoMarkdownFormulaFunc formula;
  gpointer user_data;
} Formulas;

static void append_children (GString *markup, cmark_node *node, const Formulas *formulas, guint depth);

static void
append_within (GString        *markup,
               const char     *tag,
               cmark_node     *node,
               const Formulas *formulas,
               guint           depth)
{
  g_string_append_printf (markup, "<%s>", tag);
  append_children (markup, node, formulas, depth);
  g_string_append_printf (markup, "</%s>", tag);
}

/* A quotation mark would end the attribute; nothing else in an escaped address can. */
static char *
escape_attribute (const char *text)
{
  g_autoptr (GString) escaped = g_string_new (NULL);

  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (c == '"')
        g_string_append (escaped, "&quot;");
      else if (c == '\'')
        g_string_append (escaped, "&#39;");
      else if (c == '<')
        g_string_append (escaped, "&lt;");
      else if (c == '>')
        g_string_append (escaped, "&gt;");
      else if (c == '&')
        g_string_append (escaped, "&amp;");
      else if (c < 0x20 || sotto_markdown_is_treacherous (c))
        for (const char *byte = p; byte < g_utf8_next_char (p); byte++)
          g_string_append_printf (escaped, "%%%02X", (guchar) *byte);
      else
        g_string_append_unichar (escaped, c);
    }

  return g_string_free (g_steal_pointer (&escaped), FALSE);
}

static void
append_link (GString        *markup,
             cmark_node     *node,
             const Formulas *formulas,
             guint           depth)
{
  const char *address = cmark_node_get_url (node);
  gboolean is_image = cmark_node_get_type (node) == CMARK_NODE_IMAGE;
  gboolean within_link = FALSE;

  if (sotto_markdown_is_source (node))
    {
      g_autofree char *title = escape_attribute (cmark_node_get_title (node));

      g_string_append_printf (markup, "<a href=\"%s\" title=\"%s\">", address, title);
      append_children (markup, node, formulas, depth);
      g_string_append (markup, "</a>");
      return;
    }

  for (cmark_node *up = cmark_node_parent (node); up != NULL; up = cmark_node_parent (up))
    within_link |= cmark_node_get_type (up) == CMARK_NODE_LINK;

  if (address == NULL || !sotto_markdown_is_followed (address) || within_link)
    {
      append_children (markup, node, formulas, depth);
      if (address != NULL && *address != '\0' && !within_link)
        {
          g_string_append (markup, " (");
          sotto_markdown_append_escaped (markup, address, -1);
          g_string_append_c (markup, ')');
        }
      return;
    }

  {
    g_autofree char *attribute = escape_attribute (address);

    /* The title is the whole address, whatever the text claims. */
    g_string_append_printf (markup, "<a href=\"%s\" title=\"%s\">", attribute, attribute);
    if (is_image)
      g_string_append (markup, "🖼 ");
    if (cmark_node_first_child (node) != NULL)
      append_children (markup, node, formulas, depth);
    else
      sotto_markdown_append_escaped (markup, address, -1);
    g_string_append (markup, "</a>");
  }
}

static void
append_code (GString        *markup,
             cmark_node     *node,
             const Formulas *formulas)
{
  const char *source = NULL;
  const char *inner = sotto_markdown_math_get_formula (node, &source);

  if (inner != NULL && formulas->formula != NULL)
    formulas->formula (markup, inner, source, formulas->user_data);
  else
    sotto_markdown_append_code (markup, cmark_node_get_literal (node));
}

static void
append_inline (GString        *markup,
               cmark_node     *node,
               const Formulas *formulas,
               guint           depth)
{
  const char *literal = cmark_node_get_literal (node);
  cmark_node_type type = cmark_node_get_type (node);

  if (type == CMARK_NODE_HTML_INLINE && sotto_markdown_is_break (literal))
    g_string_append_c (markup, '\n');
  else if (type == CMARK_NODE_TEXT || type == CMARK_NODE_HTML_INLINE)
    sotto_markdown_append_escaped (markup, literal, -1);
  else if (type == CMARK_NODE_SOFTBREAK)
    g_string_append_c (markup, ' ');
  else if (type == CMARK_NODE_LINEBREAK)
    g_string_append_c (markup, '\n');
  else if (type == CMARK_NODE_CODE)
    append_code (markup, node, formulas);
  else if (type == CMARK_NODE_EMPH)
    append_within (markup, "i", node, formulas, depth);
  else if (type == CMARK_NODE_STRONG)
    append_within (markup, "b", node, formulas, depth);
  else if (g_str_equal (cmark_node_get_type_string (node), "strikethrough"))
    append_within (markup, "s", node, formulas, depth);
  else if (type == CMARK_NODE_LINK || type == CMARK_NODE_IMAGE)
    append_link (markup, node, formulas, depth);
  else
    append_children (markup, node, formulas, depth);
}

/* Deep nesting costs stack here and in Pango; what lies deeper is shown without its emphasis. */
static void
append_flat (GString    *markup,
             cmark_node *node)
{
  cmark_iter *iter = cmark_iter_new (node);
  cmark_event_type event;

  while ((event = cmark_iter_next (iter)) != CMARK_EVENT_DONE)
    if (event == CMARK_EVENT_ENTER)
      {
        cmark_node_type type = cmark_node_get_type (cmark_iter_get_node (iter));

        if (type == CMARK_NODE_SOFTBREAK || type == CMARK_NODE_LINEBREAK)
          g_string_append_c (markup, ' ');
        else
          sotto_markdown_append_escaped (markup, cmark_node_get_literal (cmark_iter_get_node (iter)), -1);
      }

  cmark_iter_free (iter);
}

static void
append_children (GString        *markup,
                 cmark_node     *node,
                 const Formulas *formulas,
                 guint           depth)
{
  if (depth >= MAX_DEPTH)
    {
      append_flat (markup, node);
      return;
    }

  for (cmark_node *child = cmark_node_first_child (node); child != NULL; child = cmark_node_next (child))
    append_inline (markup, child, formulas, depth + 1);
}

char *
sotto_markdown_inlines_to_markup (cmark_node               *block,
                                  SottoMarkdownFormulaFunc  formula,
                                  gpointer                  user_data)
{
  const Formulas formulas = { formula, user_data };
  GString *markup = g_string_new (NULL);

  append_children (markup, block, &formulas, 0);

  return g_string_free (markup, FALSE);
}
