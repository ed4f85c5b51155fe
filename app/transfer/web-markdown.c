#include "transfer/web-markdown.h"

#include <cmark-gfm.h>
#include <stdlib.h>
#include <string.h>

#include "markdown/markdown.h"
#include "transfer/web-math.h"
#include "transfer/web-text.h"

/* CommonMark's own renderer writes the HTML. Before it does, all in the tree that it would write as it stands, or leave out, is made
 * something else: HTML becomes text, and links, formulas and breaks become HTML of ours, which cells of tables take as no other node that
 * is written as it stands. So all HTML that the renderer finds was written here. */

/* What is nested deeper than this is text. */
#define MAX_DEPTH 32

/* A page and its speakers have the first two. */
#define TOP_HEADING 3

static cmark_node *
new_text (const char *text)
{
  g_autofree char *clean = sotto_web_text_clean (text);
  cmark_node *node = cmark_node_new (CMARK_NODE_TEXT);

  cmark_node_set_literal (node, clean);
  return node;
}

/* @by: (transfer full) */
static void
replace (cmark_node *node, cmark_node *by)
{
  if (!cmark_node_replace (node, by))
    cmark_node_free (by);
  cmark_node_free (node);
}

static cmark_node *
new_lines (const char *text)
{
  g_auto (GStrv) lines = NULL;
  g_autofree char *stripped = g_strchomp (g_strdup (text));
  cmark_node *paragraph = cmark_node_new (CMARK_NODE_PARAGRAPH);

  lines = g_strsplit (stripped, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      if (i > 0)
        cmark_node_append_child (paragraph, cmark_node_new (CMARK_NODE_LINEBREAK));
      cmark_node_append_child (paragraph, new_text (lines[i]));
    }
  return paragraph;
}

/* --- Depth --- */

/* A block quote, a list, emphasis, a link … that stands where words could stand as well */
static gboolean
may_be_cut (cmark_node *node)
{
  const cmark_node_type type = cmark_node_get_type (node);

  return type == CMARK_NODE_BLOCK_QUOTE || type == CMARK_NODE_LIST || type == CMARK_NODE_EMPH || type == CMARK_NODE_STRONG
         || type == CMARK_NODE_LINK || type == CMARK_NODE_IMAGE
         || g_str_equal (cmark_node_get_type_string (node), "strikethrough");
}

static void
cut (cmark_node *document)
{
  g_autoptr (GPtrArray) deep = g_ptr_array_new ();
  cmark_iter *iter = cmark_iter_new (document);
  cmark_event_type event;
  guint depth = 0;

  while ((event = cmark_iter_next (iter)) != CMARK_EVENT_DONE)
    {
      cmark_node *node = cmark_iter_get_node (iter);

      if (cmark_node_first_child (node) == NULL)
        continue;
      if (event == CMARK_EVENT_EXIT)
        depth--;
      else if (++depth > MAX_DEPTH && may_be_cut (node))
        {
          g_ptr_array_add (deep, node);
          cmark_iter_reset (iter, node, CMARK_EVENT_EXIT);
          depth--;
        }
    }
  cmark_iter_free (iter);

  for (guint i = 0; i < deep->len; i++)
    {
      cmark_node *node = deep->pdata[i];
      const gboolean is_block = cmark_node_get_type (node) == CMARK_NODE_BLOCK_QUOTE || cmark_node_get_type (node) == CMARK_NODE_LIST;
      char *plain = cmark_render_plaintext (node, CMARK_OPT_DEFAULT, 0);

      replace (node, is_block ? new_lines (plain) : new_text (g_strchomp (plain)));
      free (plain);
    }
}

/* --- Links --- */

static cmark_node *
new_html (const char *html)
{
  cmark_node *node = cmark_node_new (CMARK_NODE_HTML_INLINE);

  cmark_node_set_literal (node, html);
  return node;
}

static gboolean
is_in_link (cmark_node *node)
{
  while ((node = cmark_node_parent (node)) != NULL)
    if (cmark_node_get_type (node) == CMARK_NODE_LINK || cmark_node_get_type (node) == CMARK_NODE_IMAGE)
      return TRUE;
  return FALSE;
}

/* What begins a link to @address */
static cmark_node *
new_link (const char *address, gboolean is_picture)
{
  g_autoptr (GString) begin = g_string_new ("<a href=\"");

  /* The title is the whole address, whatever the text claims. */
  sotto_web_text_append_address (begin, address);
  g_string_append (begin, "\" title=\"");
  sotto_web_text_append_address (begin, address);
  g_string_append (begin, "\" rel=\"noreferrer\">");
  if (is_picture)
    g_string_append (begin, "🖼 ");
  return new_html (begin->str);
}

static void
mend_link (cmark_node *node)
{
  const char *address = cmark_node_get_url (node);
  const gboolean is_shown = address != NULL && *address != '\0' && !is_in_link (node);
  const gboolean is_link = is_shown && sotto_markdown_is_followed (address);
  cmark_node *child;

  if (is_link)
    cmark_node_insert_before (node, new_link (address, cmark_node_get_type (node) == CMARK_NODE_IMAGE));
  if (is_link && cmark_node_first_child (node) == NULL)
    cmark_node_insert_before (node, new_text (address));
  while ((child = cmark_node_first_child (node)) != NULL)
    {
      cmark_node_unlink (child);
      cmark_node_insert_before (node, child);
    }
  if (is_link)
    cmark_node_insert_before (node, new_html ("</a>"));
  else if (is_shown)
    {
      g_autofree char *words = g_strdup_printf (" (%s)", address);

      cmark_node_insert_before (node, new_text (words));
    }
  cmark_node_free (node);
}

/* --- Formulas --- */

/* What cannot be read stands as it was written. */
static void
mend_formula (cmark_node *node, const char *formula, const char *source)
{
  const gboolean is_block = cmark_node_get_type (node) == CMARK_NODE_CODE_BLOCK;
  g_autoptr (GString) html = g_string_new (is_block ? "<div class=\"formula\" tabindex=\"0\">" : NULL);
  cmark_node *block;

  if (!sotto_web_math_append (html, formula, source, is_block))
    {
      g_string_append (html, "<code class=\"math\">");
      sotto_web_text_append (html, source);
      g_string_append (html, "</code>");
    }
  if (is_block)
    g_string_append (html, "</div>");
  if (!is_block)
    {
      replace (node, new_html (html->str));
      return;
    }
  block = cmark_node_new (CMARK_NODE_CUSTOM_BLOCK);
  cmark_node_set_on_enter (block, html->str);
  replace (node, block);
}

/* --- Everything else --- */

static void
clean_literal (cmark_node *node)
{
  g_autofree char *clean = sotto_web_text_clean (cmark_node_get_literal (node));

  cmark_node_set_literal (node, clean);
}

/* Only the first word of an info string names the language. */
static void
mend_code (cmark_node *node)
{
  const char *info = cmark_node_get_fence_info (node);
  g_autofree char *word = g_strndup (info != NULL ? info : "", info != NULL ? strcspn (info, " \t{,") : 0);
  g_autofree char *clean = sotto_web_text_clean (word);

  cmark_node_set_fence_info (node, clean);
  clean_literal (node);
}

/* What is wider than the page is scrolled for itself, by keys as well. */
static void
mend_table (cmark_node *node)
{
  cmark_node *box = cmark_node_new (CMARK_NODE_CUSTOM_BLOCK);

  cmark_node_set_on_enter (box, "<div class=\"wide\" tabindex=\"0\">");
  cmark_node_set_on_exit (box, "</div>");
  cmark_node_insert_before (node, box);
  cmark_node_unlink (node);
  cmark_node_append_child (box, node);
}

static void
mend (cmark_node *node)
{
  const char *source = NULL;
  const char *formula = sotto_markdown_math_get_formula (node, &source);

  if (formula != NULL)
    {
      mend_formula (node, formula, source);
      return;
    }

  switch ((guint) cmark_node_get_type (node))
    {
    case CMARK_NODE_TEXT:
    case CMARK_NODE_CODE:
      clean_literal (node);
      break;
    case CMARK_NODE_CODE_BLOCK:
      mend_code (node);
      break;
    case CMARK_NODE_HTML_BLOCK:
      replace (node, new_lines (cmark_node_get_literal (node)));
      break;
    case CMARK_NODE_HTML_INLINE:
      replace (node, sotto_markdown_is_break (cmark_node_get_literal (node)) ? new_html ("<br />")
                                                                             : new_text (cmark_node_get_literal (node)));
      break;
    case CMARK_NODE_HEADING:
      cmark_node_set_heading_level (node, MIN (cmark_node_get_heading_level (node) + TOP_HEADING - 1, 6));
      break;
    case CMARK_NODE_LINK:
    case CMARK_NODE_IMAGE:
      mend_link (node);
      break;
    default:
      if (g_str_equal (cmark_node_get_type_string (node), "table"))
        mend_table (node);
    }
}

void
sotto_web_markdown_append (GString *out, const char *markdown)
{
  cmark_node *document = sotto_markdown_parse (markdown, strlen (markdown));
  g_autoptr (GPtrArray) nodes = g_ptr_array_new ();
  cmark_iter *iter;
  cmark_event_type event;
  char *html;

  cut (document);
  iter = cmark_iter_new (document);
  while ((event = cmark_iter_next (iter)) != CMARK_EVENT_DONE)
    if (event == CMARK_EVENT_ENTER)
      g_ptr_array_add (nodes, cmark_iter_get_node (iter));
  cmark_iter_free (iter);

  /* A node stands before its children here: they come first, while they are still within a link. */
  for (guint i = nodes->len; i > 0; i--)
    mend (nodes->pdata[i - 1]);

  html = cmark_render_html (document, CMARK_OPT_UNSAFE, NULL);
  g_string_append (out, html);
  free (html);
  cmark_node_free (document);
}
