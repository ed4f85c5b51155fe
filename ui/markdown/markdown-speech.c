#include "markdown/markdown-speech.h"

#include <string.h>

#include "markdown/markdown-text.h"

#define FENCE "```\n"

/* Whether a line opens or closes code. */
static gboolean
is_fence (const char *line,
          gsize       length)
{
  while (length > 0 && *line == ' ')
    line++, length--;
  return length >= 3 && (strncmp (line, "```", 3) == 0 || strncmp (line, "~~~", 3) == 0);
}

static gboolean
ends_in_code (gboolean    is_code,
              const char *text,
              gsize       length)
{
  for (const char *line = text, *end; line < text + length; line = end)
    {
      const char *newline = memchr (line, '\n', text + length - line);

      end = newline != NULL ? newline + 1 : text + length;
      if (is_fence (line, end - line))
        is_code = !is_code;
    }

  return is_code;
}

static void
end_line (GString *speech)
{
  if (speech->len > 0 && speech->str[speech->len - 1] != '\n')
    g_string_append_c (speech, '\n');
}

static gboolean
is_block (cmark_node *node)
{
  return (cmark_node_get_type (node) & CMARK_NODE_TYPE_MASK) == CMARK_NODE_TYPE_BLOCK;
}

void
sotto_speech_say (GString    *speech,
                  cmark_node *node)
{
  const char *formula = sotto_markdown_math_get_formula (node, NULL);
  const char *literal = cmark_node_get_literal (node);

  if (formula != NULL)
    {
      g_autoptr (SottoMath) math = sotto_math_parse (formula, strlen (formula));
      g_autofree char *text = math != NULL ? sotto_math_to_text (sotto_math_get_root (math)->first, NULL) : NULL;

      g_string_append (speech, text != NULL ? text : formula);
    }
  else if (literal != NULL)
    {
      g_string_append (speech, literal);
    }
  else if (cmark_node_get_type (node) == CMARK_NODE_SOFTBREAK || cmark_node_get_type (node) == CMARK_NODE_LINEBREAK)
    {
      end_line (speech);
    }
}

static gboolean
is_cell (cmark_node *node)
{
  return g_str_equal (cmark_node_get_type_string (node), "table_cell");
}

static void
separate_cells (GString          *speech,
                cmark_node       *cell,
                cmark_event_type  event)
{
  if (event == CMARK_EVENT_EXIT && cmark_node_next (cell) != NULL)
    g_string_append (speech, ", ");
}

/* A number that a list begins with is said, for it may be all there is yet. */
void
sotto_speech_say_number (GString    *speech,
                         cmark_node *item)
{
  cmark_node *list = cmark_node_parent (item);
  int number = cmark_node_get_list_start (list);

  if (cmark_node_get_list_type (list) != CMARK_ORDERED_LIST)
    return;
  for (cmark_node *before = cmark_node_previous (item); before != NULL; before = cmark_node_previous (before))
    number++;
  g_string_append_printf (speech, "%d. ", number);
}

char *
sotto_speech_take (SottoSpeech *self,
                   const char  *text,
                   gsize        length)
{
  g_autoptr (GString) whole = g_string_new (self->is_code ? FENCE : "");
  GString *speech = g_string_new (NULL);
  cmark_event_type event;
  cmark_node *document;
  cmark_iter *iter;

  g_string_append_len (whole, text, length);
  self->is_code = ends_in_code (self->is_code, text, length);
  document = sotto_markdown_parse (whole->str, whole->len);
  iter = cmark_iter_new (document);
  while ((event = cmark_iter_next (iter)) != CMARK_EVENT_DONE)
    {
      cmark_node *node = cmark_iter_get_node (iter);

      if (event == CMARK_EVENT_ENTER)
        sotto_speech_say (speech, node);
      if (is_cell (node))
        separate_cells (speech, node, event);
      else if (event == CMARK_EVENT_ENTER && cmark_node_get_type (node) == CMARK_NODE_ITEM)
        sotto_speech_say_number (speech, node);
      else if (is_block (node) && (event == CMARK_EVENT_EXIT || cmark_node_get_type (node) != CMARK_NODE_PARAGRAPH))
        end_line (speech); /* A paragraph begins on the line of its number. */
    }
  cmark_iter_free (iter);
  cmark_node_free (document);

  g_strstrip (speech->str);
  return g_string_free (speech, FALSE);
}
