#include "markdown/markdown-formula.h"

#include <string.h>

void
sotto_markdown_formula_clear (SottoMarkdownFormula *formula)
{
  g_free (formula->source);
  g_free (formula->inner);
}

/* --- The node --- */

static void
free_formula (cmark_mem *memory,
              void      *formula)
{
  sotto_markdown_formula_clear (formula);
  g_free (formula);
}

cmark_node *
sotto_markdown_formula_to_node (cmark_node_type             type,
                                const SottoMarkdownFormula *formula)
{
  cmark_node *node = cmark_node_new (type);
  SottoMarkdownFormula *copy = g_new0 (SottoMarkdownFormula, 1);

  copy->source = g_strdup (formula->source);
  copy->inner = g_strdup (formula->inner);
  copy->is_display = formula->is_display;
  cmark_node_set_literal (node, copy->source);
  if (type == CMARK_NODE_CODE_BLOCK)
    cmark_node_set_fence_info (node, "latex");
  cmark_node_set_user_data (node, copy);
  cmark_node_set_user_data_free_func (node, free_formula);

  return node;
}

const SottoMarkdownFormula *
sotto_markdown_formula_of_node (cmark_node *node)
{
  cmark_node_type type = cmark_node_get_type (node);

  return type == CMARK_NODE_CODE || type == CMARK_NODE_CODE_BLOCK ? cmark_node_get_user_data (node) : NULL;
}

/* --- Its paragraph --- */

static gboolean
is_space (cmark_node *node)
{
  cmark_node_type type = cmark_node_get_type (node);

  return type == CMARK_NODE_SOFTBREAK || type == CMARK_NODE_LINEBREAK ||
         (type == CMARK_NODE_TEXT && strspn (cmark_node_get_literal (node), " \t") == strlen (cmark_node_get_literal (node)));
}

/* Takes the whitespace off at which a line was broken. */
static void
strip_text (cmark_node *node,
            gboolean    at_begin)
{
  g_autofree char *text = NULL;

  if (node == NULL || cmark_node_get_type (node) != CMARK_NODE_TEXT)
    return;

  text = g_strdup (cmark_node_get_literal (node));
  if (at_begin)
    g_strchug (text);
  else
    g_strchomp (text);
  cmark_node_set_literal (node, text);
}

/* The full stop behind a formula belongs to it. */
static void
take_stop (cmark_node *block,
           cmark_node *next)
{
  const char *text = next != NULL && cmark_node_get_type (next) == CMARK_NODE_TEXT ? cmark_node_get_literal (next) : "";
  SottoMarkdownFormula *formula = cmark_node_get_user_data (block);
  g_autofree char *rest = NULL;
  char *inner;
  char *source;

  if (*text == '\0' || strchr (".,;:", *text) == NULL || (text[1] != '\0' && !g_ascii_isspace (text[1])))
    return;

  inner = g_strdup_printf ("%s%c", formula->inner, *text);
  source = g_strdup_printf ("%s%c", formula->source, *text);
  g_free (formula->inner);
  g_free (formula->source);
  formula->inner = inner;
  formula->source = source;
  cmark_node_set_literal (block, source);
  rest = g_strdup (text + 1);
  cmark_node_set_literal (next, rest);
}

/* Moves what stands before @formula in @paragraph into a paragraph of its own. */
static void
move_before (cmark_node *paragraph,
             cmark_node *formula)
{
  cmark_node *before = NULL;
  cmark_node *child;

  while ((child = cmark_node_first_child (paragraph)) != formula)
    {
      cmark_node_unlink (child);
      if (before == NULL && is_space (child))
        {
          cmark_node_free (child);
          continue;
        }
      if (before == NULL)
        {
          before = cmark_node_new (CMARK_NODE_PARAGRAPH);
          cmark_node_insert_before (paragraph, before);
          strip_text (child, TRUE);
        }
      cmark_node_append_child (before, child);
    }

  while (before != NULL && is_space (cmark_node_last_child (before)))
    cmark_node_free (cmark_node_last_child (before));
  if (before != NULL)
    strip_text (cmark_node_last_child (before), FALSE);
}

void
sotto_markdown_formula_divide (cmark_node *paragraph)
{
  gboolean is_split = FALSE;
  cmark_node *next;

  for (cmark_node *child = cmark_node_first_child (paragraph); child != NULL; child = next)
    {
      const SottoMarkdownFormula *formula = sotto_markdown_formula_of_node (child);
      cmark_node *block;

      next = cmark_node_next (child);
      if (formula == NULL || !formula->is_display)
        continue;

      move_before (paragraph, child);
      block = sotto_markdown_formula_to_node (CMARK_NODE_CODE_BLOCK, formula);
      cmark_node_insert_before (paragraph, block);
      cmark_node_free (child);
      take_stop (block, next);
      is_split = TRUE;
    }

  while (is_split && cmark_node_first_child (paragraph) != NULL && is_space (cmark_node_first_child (paragraph)))
    cmark_node_free (cmark_node_first_child (paragraph));
  if (is_split)
    strip_text (cmark_node_first_child (paragraph), TRUE);
  /* All of it was formulas, or lines of one. */
  if (cmark_node_first_child (paragraph) == NULL)
    cmark_node_free (paragraph);
}
