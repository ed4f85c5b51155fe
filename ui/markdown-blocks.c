#include "markdown-blocks.h"

#include <cmark-gfm-core-extensions.h>
#include <glib/gi18n.h>
#include <string.h>

#include "code-block.h"
#include "markdown-table.h"
#include "markdown-text.h"

/* Blocks within blocks deeper than this are shown as plain text. */
#define MAX_DEPTH 12

/* A label longer than this costs more than a frame to lay out: it is shown in pieces, without emphasis. */
#define MAX_LABEL_BYTES 16384

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
} Kind;

static const char kind_key[] = "sotto-markdown-kind";

static Kind
get_kind (GtkWidget *widget)
{
  return GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (widget), kind_key));
}

/* --- Labels --- */

static gboolean
on_activate_link (GtkLabel   *label,
                  const char *address,
                  gpointer    user_data)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (label));
  g_autoptr (GtkUriLauncher) launcher = gtk_uri_launcher_new (address);

  gtk_uri_launcher_launch (launcher, GTK_IS_WINDOW (root) ? GTK_WINDOW (root) : NULL, NULL, NULL, NULL);

  return GDK_EVENT_STOP;
}

static GtkWidget *
label_new (GtkAccessibleRole role)
{
  GtkWidget *label = g_object_new (GTK_TYPE_LABEL,
                                   "accessible-role", role,
                                   "xalign", 0.0f,
                                   "wrap", TRUE,
                                   "wrap-mode", PANGO_WRAP_WORD_CHAR,
                                   "natural-wrap-mode", GTK_NATURAL_WRAP_WORD,
                                   "selectable", TRUE,
                                   NULL);

  g_signal_connect (label, "activate-link", G_CALLBACK (on_activate_link), NULL);

  return label;
}

GtkWidget *
sotto_markdown_label_new (void)
{
  return label_new (GTK_ACCESSIBLE_ROLE_PARAGRAPH);
}

static void
update_label (GtkWidget  *label,
              const char *markup)
{
  if (!g_str_equal (gtk_label_get_label (GTK_LABEL (label)), markup))
    gtk_label_set_markup (GTK_LABEL (label), markup);
}

/* --- Text without structure: what is too long, too deep, or HTML --- */

static void
append_plain (GString    *text,
              cmark_node *node)
{
  cmark_iter *iter = cmark_iter_new (node);
  cmark_event_type event;

  while ((event = cmark_iter_next (iter)) != CMARK_EVENT_DONE)
    {
      cmark_node *at = cmark_iter_get_node (iter);
      const char *literal = cmark_node_get_literal (at);

      if (event == CMARK_EVENT_ENTER && literal != NULL)
        g_string_append (text, literal);
      else if (event == CMARK_EVENT_ENTER && (cmark_node_get_type (at) == CMARK_NODE_SOFTBREAK ||
                                              cmark_node_get_type (at) == CMARK_NODE_LINEBREAK))
        g_string_append_c (text, '\n');
      else if (event == CMARK_EVENT_EXIT && cmark_node_get_type (at) == CMARK_NODE_PARAGRAPH)
        g_string_append_c (text, '\n');
    }

  cmark_iter_free (iter);
}

static char *
get_plain (cmark_node *node)
{
  GString *text = g_string_new (NULL);

  append_plain (text, node);
  while (text->len > 0 && text->str[text->len - 1] == '\n')
    g_string_truncate (text, text->len - 1);

  return g_string_free (text, FALSE);
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

/* @box: shows @text in labels of bounded length. */
static void
update_long_text (GtkWidget  *box,
                  const char *text)
{
  GtkWidget *label = gtk_widget_get_first_child (box);
  const char *p = text;

  while (*p != '\0' || label == gtk_widget_get_first_child (box))
    {
      const char *end = p + strlen (p);
      g_autoptr (GString) markup = g_string_new (NULL);

      if (end - p > MAX_LABEL_BYTES)
        {
          end = p + MAX_LABEL_BYTES;
          while (end > p && *end != ' ' && *end != '\n')
            end--;
          if (end == p)
            end = g_utf8_find_prev_char (p, p + MAX_LABEL_BYTES);
        }

      if (label == NULL)
        {
          label = sotto_markdown_label_new ();
          gtk_box_append (GTK_BOX (box), label);
        }
      sotto_markdown_append_escaped (markup, p, end - p);
      update_label (label, markup->str);

      p = end;
      label = gtk_widget_get_next_sibling (label);
      if (*p == '\0')
        break;
    }

  while (label != NULL)
    {
      GtkWidget *next = gtk_widget_get_next_sibling (label);

      gtk_box_remove (GTK_BOX (box), label);
      label = next;
    }
}

/* --- Kinds --- */

/* How many bytes of text stand in @node, counted up to a limit. */
static gboolean
is_long (cmark_node *node)
{
  cmark_iter *iter = cmark_iter_new (node);
  cmark_event_type event;
  gsize length = 0;

  while (length <= MAX_LABEL_BYTES && (event = cmark_iter_next (iter)) != CMARK_EVENT_DONE)
    {
      const char *literal = cmark_node_get_literal (cmark_iter_get_node (iter));

      if (event == CMARK_EVENT_ENTER && literal != NULL)
        length += strlen (literal);
    }
  cmark_iter_free (iter);

  return length > MAX_LABEL_BYTES;
}

static Kind
choose_kind (cmark_node          *node,
             guint                depth,
             SottoMarkdownBudget *budget)
{
  cmark_node_type type = cmark_node_get_type (node);

  if (type == CMARK_NODE_CODE_BLOCK)
    return KIND_CODE;
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
  if (is_long (node))
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
  GtkWidget *label = label_new (GTK_ACCESSIBLE_ROLE_HEADING);

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
  else if (kind == KIND_RULE)
    widget = gtk_separator_new (GTK_ORIENTATION_HORIZONTAL);
  else if (kind == KIND_LONG_TEXT)
    widget = box_new (GTK_ACCESSIBLE_ROLE_GENERIC, 0);
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
  if (kind == KIND_CODE)
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
      g_autofree char *text = get_plain (node);

      update_long_text (widget, text);
    }
  else if (kind != KIND_RULE)
    {
      g_autofree char *markup = sotto_markdown_inlines_to_markup (node);

      update_label (widget, markup);
    }
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
          GtkWidget *box;

          for (cmark_node *left = cmark_node_next (node); left != NULL; left = cmark_node_next (left))
            append_plain (rest, left);

          box = widget_new (KIND_LONG_TEXT);
          update_long_text (box, rest->str);
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
