#include "markdown/markdown-blocks.h"

#include <cmark-gfm-core-extensions.h>
#include <glib/gi18n.h>
#include <string.h>

#include "markdown/code-block.h"
#include "markdown/markdown-plain.h"
#include "markdown/markdown-table.h"
#include "markdown/markdown-text.h"
#include "math/label.h"

/* Blocks within blocks deeper than this are shown as plain text. */
#define MAX_DEPTH 12

typedef enum {
  KIND_PARAGRAPH,
  KIND_LONG_TEXT,
  KIND_HEADING,   /* + level - 1 */
  KIND_CODE = KIND_HEADING + 6,
  KIND_LIST,
  KIND_ITEM,
  KIND_QUOTE,
  KIND_TABLE,
  KIND_RULE,
  KIND_FORMULA,
} Kind;

static const char kind_key[] = "sotto-markdown-kind";

static Kind
get_kind (GtkWidget *widget)
{
  return GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (widget), kind_key));
}

static GtkWidget *
get_nth_child (GtkWidget *parent,
               guint      n)
{
  GtkWidget *child = gtk_widget_get_first_child (parent);

  while (child != NULL && n-- > 0)
    child = gtk_widget_get_next_sibling (child);

  return child;
}

/* --- Kinds --- */

static Kind
choose_kind (cmark_node          *node,
             guint                depth,
             SottoMarkdownBudget *budget)
{
  cmark_node_type type = cmark_node_get_type (node);
  const char *formula = sotto_markdown_math_get_formula (node, NULL);

  if (type == CMARK_NODE_CODE_BLOCK)
    return formula != NULL && sotto_math_is_known (formula) ? KIND_FORMULA : KIND_CODE;
  if (type == CMARK_NODE_THEMATIC_BREAK)
    return KIND_RULE;
  if (depth >= MAX_DEPTH || budget->n_widgets == 0 || type == CMARK_NODE_HTML_BLOCK)
    return KIND_LONG_TEXT;
  if (type == CMARK_NODE_LIST)
    return KIND_LIST;
  if (type == CMARK_NODE_ITEM || g_str_equal (cmark_node_get_type_string (node), "tasklist"))
    return KIND_ITEM;
  if (type == CMARK_NODE_BLOCK_QUOTE)
    return KIND_QUOTE;
  if (g_str_equal (cmark_node_get_type_string (node), "table"))
    return KIND_TABLE;
  if (sotto_markdown_is_long (node))
    return KIND_LONG_TEXT;
  if (type == CMARK_NODE_HEADING)
    return KIND_HEADING + CLAMP (cmark_node_get_heading_level (node), 1, 6) - 1;

  return KIND_PARAGRAPH;
}

static GtkWidget *
box_new (GtkAccessibleRole role,
         int               spacing)
{
  return g_object_new (GTK_TYPE_BOX,
                       "accessible-role", role,
                       "orientation", GTK_ORIENTATION_VERTICAL,
                       "spacing", spacing,
                       NULL);
}

static GtkWidget *
heading_new (guint level)
{
  static const char *const classes[] = { "title-2", "title-3", "title-4", "heading", "heading", "heading" };
  GtkWidget *label = sotto_markdown_label_new_with_role (GTK_ACCESSIBLE_ROLE_HEADING);

  gtk_widget_add_css_class (label, classes[level - 1]);
  gtk_accessible_update_property (GTK_ACCESSIBLE (label), GTK_ACCESSIBLE_PROPERTY_LEVEL, (int) level, -1);

  return label;
}

/* A list item is its marker beside its blocks. */
static GtkWidget *
item_new (void)
{
  GtkWidget *item = g_object_new (GTK_TYPE_BOX,
                                  "accessible-role", GTK_ACCESSIBLE_ROLE_LIST_ITEM,
                                  "spacing", 8,
                                  NULL);
  GtkWidget *marker = gtk_label_new (NULL);
  GtkWidget *body = box_new (GTK_ACCESSIBLE_ROLE_GENERIC, 6);

  gtk_label_set_xalign (GTK_LABEL (marker), 1.0f);
  gtk_label_set_yalign (GTK_LABEL (marker), 0.0f);
  gtk_label_set_width_chars (GTK_LABEL (marker), 2);
  gtk_widget_add_css_class (marker, "numeric");
  gtk_widget_add_css_class (marker, "dimmed");
  gtk_widget_set_hexpand (body, TRUE);
  gtk_box_append (GTK_BOX (item), marker);
  gtk_box_append (GTK_BOX (item), body);

  return item;
}

static GtkWidget *
widget_new (Kind kind)
{
  GtkWidget *widget;

  if (kind >= KIND_HEADING && kind < KIND_CODE)
    widget = heading_new (kind - KIND_HEADING + 1);
  else if (kind == KIND_CODE)
    widget = sotto_code_block_new ();
  else if (kind == KIND_LIST)
    widget = box_new (GTK_ACCESSIBLE_ROLE_LIST, 6);
  else if (kind == KIND_ITEM)
    widget = item_new ();
  else if (kind == KIND_QUOTE)
    {
      widget = box_new (GTK_ACCESSIBLE_ROLE_BLOCK_QUOTE, 6);
      gtk_widget_add_css_class (widget, "block-quote");
    }
  else if (kind == KIND_TABLE)
    widget = sotto_markdown_table_new ();
  else if (kind == KIND_FORMULA)
    widget = sotto_math_block_new ();
  else if (kind == KIND_RULE)
    widget = gtk_separator_new (GTK_ORIENTATION_HORIZONTAL);
  else if (kind == KIND_LONG_TEXT)
    widget = sotto_markdown_plain_new ();
  else
    widget = sotto_markdown_label_new ();

  g_object_set_data (G_OBJECT (widget), kind_key, GUINT_TO_POINTER (kind));

  return widget;
}

/* @index: the item's place in its list, from 0 */
static char *
make_marker (cmark_node *item,
             guint       index)
{
  cmark_node *list = cmark_node_parent (item);
  guint number;

  if (g_str_equal (cmark_node_get_type_string (item), "tasklist"))
    return g_strdup (cmark_gfm_extensions_get_tasklist_item_checked (item) ? "☑" : "☐");

  if (cmark_node_get_list_type (list) != CMARK_ORDERED_LIST)
    return g_strdup ("•");

  number = (guint) cmark_node_get_list_start (list) + index;
  if (cmark_node_get_list_delim (list) == CMARK_PAREN_DELIM)
    return g_strdup_printf ("%u)", number);

  return g_strdup_printf ("%u.", number);
}

static void
widget_update (GtkWidget           *widget,
               Kind                 kind,
               cmark_node          *node,
               guint                index,
               guint                depth,
               SottoMarkdownBudget *budget)
{
  const char *source = NULL;
  const char *formula = sotto_markdown_math_get_formula (node, &source);

  if (kind == KIND_FORMULA)
    sotto_math_block_set_formula (widget, formula, source);
  else if (kind == KIND_CODE)
    {
      /* Only the first word of an info string names the language. */
      const char *info = cmark_node_get_fence_info (node);
      g_autofree char *language = g_strndup (info != NULL ? info : "", info != NULL ? strcspn (info, " \t{,") : 0);

      sotto_code_block_set_code (SOTTO_CODE_BLOCK (widget), cmark_node_get_literal (node), language);
    }
  else if (kind == KIND_LIST || kind == KIND_QUOTE)
    sotto_markdown_blocks_sync (widget, NULL, cmark_node_first_child (node), depth + 1, budget);
  else if (kind == KIND_ITEM)
    {
      g_autofree char *marker = make_marker (node, index);

      gtk_label_set_label (GTK_LABEL (get_nth_child (widget, 0)), marker);
      sotto_markdown_blocks_sync (get_nth_child (widget, 1), NULL, cmark_node_first_child (node), depth + 1, budget);
    }
  else if (kind == KIND_TABLE)
    sotto_markdown_table_update (widget, node);
  else if (kind == KIND_LONG_TEXT)
    {
      g_autofree char *text = sotto_markdown_get_plain (node);

      sotto_markdown_plain_set_text (widget, text);
    }
  else if (kind != KIND_RULE)
    sotto_math_label_set_inlines (widget, node);
}

void
sotto_markdown_blocks_sync (GtkWidget           *parent,
                            GtkWidget           *after,
                            cmark_node          *first,
                            guint                depth,
                            SottoMarkdownBudget *budget)
{
  GtkWidget *widget = after != NULL ? gtk_widget_get_next_sibling (after) : gtk_widget_get_first_child (parent);
  guint index = 0;

  for (cmark_node *node = first; node != NULL; node = cmark_node_next (node))
    {
      Kind kind = choose_kind (node, depth, budget);

      if (widget == NULL || get_kind (widget) != kind)
        {
          GtkWidget *made = widget_new (kind);

          gtk_widget_insert_after (made, parent, after);
          if (widget != NULL)
            gtk_widget_unparent (widget);
          widget = made;
        }

      if (budget->n_widgets > 0)
        budget->n_widgets--;
      widget_update (widget, kind, node, index++, depth, budget);
      after = widget;
      widget = gtk_widget_get_next_sibling (widget);

      /* Nothing is left to spend: the rest is one plain text. */
      if (budget->n_widgets == 0 && cmark_node_next (node) != NULL)
        {
          g_autoptr (GString) rest = g_string_new (NULL);
          GtkWidget *box = widget_new (KIND_LONG_TEXT);

          for (cmark_node *left = cmark_node_next (node); left != NULL; left = cmark_node_next (left))
            {
              g_autofree char *text = sotto_markdown_get_plain (left);

              g_string_append_printf (rest, "%s\n", text);
            }
          sotto_markdown_plain_set_text (box, rest->str);
          gtk_widget_insert_after (box, parent, after);
          after = box;
          break;
        }
    }

  while (widget != NULL)
    {
      GtkWidget *next = gtk_widget_get_next_sibling (widget);

      gtk_widget_unparent (widget);
      widget = next;
    }
}
