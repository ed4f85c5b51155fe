#include "markdown/markdown-plain.h"

#include <string.h>

#include "markdown/code-block.h"
#include "markdown/markdown-sources.h"
#include "markdown/markdown-text.h"
#include "math/label.h"

/* A label longer than this costs more than a frame to lay out: it is shown in pieces, without emphasis. */
#define MAX_LABEL_BYTES 16384

/* A word that is wrapped anywhere is shaped again for each of its lines, and to learn how narrow it can be it is tried with a
 * character a line: the square of its length. */
#define MAX_WORD_BYTES 400

/* A formula in a line takes as long as so much text at least. */
#define FORMULA_BYTES 60

/* Text longer than this goes into a text view of bounded height, which lays out only what is in sight. */
#define MAX_LABELS_BYTES 65536
#define VIEW_HEIGHT 480

/* So a piece of a longer one is not asked how narrow it can be. */
#define PIECE_WIDTH_CHARS 20

/* --- Labels --- */

static gboolean
on_activate_link (GtkLabel   *label,
                  const char *address,
                  gpointer    user_data)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (label));
  guint source = sotto_markdown_parse_source (address);
  g_autoptr (GtkUriLauncher) launcher = NULL;

  if (source > 0)
    {
      sotto_markdown_activate_source (GTK_WIDGET (label), source);
      return GDK_EVENT_STOP;
    }

  launcher = gtk_uri_launcher_new (address);
  gtk_uri_launcher_launch (launcher, GTK_IS_WINDOW (root) ? GTK_WINDOW (root) : NULL, NULL, NULL, NULL);

  return GDK_EVENT_STOP;
}

GtkWidget *
sotto_markdown_label_new_with_role (GtkAccessibleRole role)
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
  return sotto_markdown_label_new_with_role (GTK_ACCESSIBLE_ROLE_PARAGRAPH);
}

void
sotto_markdown_label_set_markup (GtkWidget  *label,
                                 const char *markup)
{
  if (!g_str_equal (gtk_label_get_label (GTK_LABEL (label)), markup))
    gtk_label_set_markup (GTK_LABEL (label), markup);
}

/* --- Length --- */

/* Returns: how long the word that @p belongs to has become. Scripts that write no spaces may be broken after any character. */
static gsize
grow_word (gsize       word,
           const char *p)
{
  gunichar c = g_utf8_get_char (p);

  return g_unichar_isspace (c) || c >= 0x0e00 ? 0 : word + (g_utf8_next_char (p) - p);
}

gboolean
sotto_markdown_is_long (cmark_node *node)
{
  cmark_iter *iter = cmark_iter_new (node);
  cmark_event_type event;
  gsize length = 0;
  gsize word = 0;

  while (length <= MAX_LABEL_BYTES && word <= MAX_WORD_BYTES && (event = cmark_iter_next (iter)) != CMARK_EVENT_DONE)
    {
      const char *literal = cmark_node_get_literal (cmark_iter_get_node (iter));

      if (event != CMARK_EVENT_ENTER)
        continue;
      if (sotto_markdown_math_get_formula (cmark_iter_get_node (iter), &literal) != NULL)
        {
          length += MAX (strlen (literal), FORMULA_BYTES);
          word = 0;
          continue;
        }
      if (literal == NULL)
        {
          cmark_node_type type = cmark_node_get_type (cmark_iter_get_node (iter));

          if (type == CMARK_NODE_SOFTBREAK || type == CMARK_NODE_LINEBREAK)
            word = 0;
          continue;
        }
      length += strlen (literal);
      for (const char *p = literal; length <= MAX_LABEL_BYTES && word <= MAX_WORD_BYTES && *p != '\0'; p = g_utf8_next_char (p))
        word = grow_word (word, p);
    }
  cmark_iter_free (iter);

  return length > MAX_LABEL_BYTES || word > MAX_WORD_BYTES;
}

/* --- Direction --- */

/* Returns: the way in which a text goes that begins with @letter */
static GtkTextDirection
get_direction (gunichar letter)
{
  switch (g_unichar_get_script (letter))
    {
    case G_UNICODE_SCRIPT_ARABIC:
    case G_UNICODE_SCRIPT_HEBREW:
    case G_UNICODE_SCRIPT_SYRIAC:
    case G_UNICODE_SCRIPT_THAANA:
    case G_UNICODE_SCRIPT_NKO:
    case G_UNICODE_SCRIPT_ADLAM:
    case G_UNICODE_SCRIPT_HANIFI_ROHINGYA:
    case G_UNICODE_SCRIPT_MANDAIC:
    case G_UNICODE_SCRIPT_SAMARITAN:
      return GTK_TEXT_DIR_RTL;
    default:
      return GTK_TEXT_DIR_LTR;
    }
}

/* Returns: that of the first letter in a label; none where there is no letter */
static GtkTextDirection
find_direction (GtkWidget *widget)
{
  GtkTextDirection direction = GTK_TEXT_DIR_NONE;

  if (SOTTO_IS_CODE_BLOCK (widget) || sotto_math_is_block (widget))
    return direction;
  if (GTK_IS_LABEL (widget))
    {
      const char *text = gtk_label_get_text (GTK_LABEL (widget));

      for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
        {
          gsize begin = p - text;
          gsize end = begin + 1;

          /* A formula goes from left to right whatever stands around it. */
          sotto_math_label_widen (widget, &begin, &end);
          if (end > begin + 1 || begin < (gsize) (p - text))
            p = text + end - 1;
          else if (g_unichar_isalpha (g_utf8_get_char (p)))
            return get_direction (g_utf8_get_char (p));
        }
      return direction;
    }

  for (GtkWidget *child = gtk_widget_get_first_child (widget);
       child != NULL && direction == GTK_TEXT_DIR_NONE;
       child = gtk_widget_get_next_sibling (child))
    direction = find_direction (child);

  return direction;
}

/* A widget does not take it from the one that it lies in. */
static void
set_direction (GtkWidget        *widget,
               GtkTextDirection  direction)
{
  if (SOTTO_IS_CODE_BLOCK (widget) || sotto_math_is_block (widget))
    return;

  gtk_widget_set_direction (widget, direction);
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    set_direction (child, direction);
}

void
sotto_markdown_direct (GtkWidget *block)
{
  set_direction (block, find_direction (block));
}

/* --- Text without structure --- */

char *
sotto_markdown_get_plain (cmark_node *node)
{
  cmark_iter *iter = cmark_iter_new (node);
  GString *text = g_string_new (NULL);
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

  while (text->len > 0 && text->str[text->len - 1] == '\n')
    g_string_truncate (text, text->len - 1);

  return g_string_free (text, FALSE);
}

/* Where the piece of text that begins at @text ends, best behind a space. */
static const char *
find_piece (const char *text)
{
  const char *after_space = NULL;
  const char *p = text;
  gsize word = 0;

  while (*p != '\0' && p - text < MAX_LABEL_BYTES && word <= MAX_WORD_BYTES)
    {
      word = grow_word (word, p);
      p = g_utf8_next_char (p);
      if (word == 0)
        after_space = p;
    }

  if (*p == '\0' && word <= MAX_WORD_BYTES)
    return p;
  /* A word that is too long stands apart. */
  if (after_space != NULL)
    return after_space;

  return p;
}

static gboolean
is_piece_of_word (const char *start,
                  const char *end)
{
  gsize word = 0;

  for (const char *p = start; p < end && word <= MAX_WORD_BYTES; p = g_utf8_next_char (p))
    word = grow_word (word, p);

  return word > MAX_WORD_BYTES;
}

GtkWidget *
sotto_markdown_plain_new (void)
{
  return g_object_new (GTK_TYPE_BOX,
                       "accessible-role", GTK_ACCESSIBLE_ROLE_GENERIC,
                       "orientation", GTK_ORIENTATION_VERTICAL,
                       NULL);
}

static void
remove_from (GtkWidget *plain,
             GtkWidget *child)
{
  while (child != NULL)
    {
      GtkWidget *next = gtk_widget_get_next_sibling (child);

      gtk_box_remove (GTK_BOX (plain), child);
      child = next;
    }
}

/* A line of a text view is laid out as a whole, so a piece is a line. */
void
sotto_markdown_plain_append_to_buffer (GtkTextBuffer *buffer,
                                       const char    *text)
{
  for (const char *p = text; *p != '\0';)
    {
      const char *end = find_piece (p);
      g_autoptr (GString) markup = g_string_new (NULL);
      GtkTextIter iter;

      sotto_markdown_append_escaped (markup, p, end - p);
      if (*end != '\0' && end[-1] != '\n')
        g_string_append_c (markup, '\n');
      gtk_text_buffer_get_end_iter (buffer, &iter);
      gtk_text_buffer_insert_markup (buffer, &iter, markup->str, -1);
      p = end;
    }
}

/* A text that grows at its end, as a reply does, is appended to. */
static void
show_in_view (GtkWidget  *plain,
              const char *text)
{
  GtkWidget *scroller = gtk_widget_get_first_child (plain);
  const char *shown = scroller != NULL ? g_object_get_data (G_OBJECT (scroller), "text") : NULL;
  GtkTextBuffer *buffer;
  const char *from = text;

  if (!GTK_IS_SCROLLED_WINDOW (scroller))
    {
      remove_from (plain, scroller);
      scroller = g_object_new (GTK_TYPE_SCROLLED_WINDOW,
                               "hscrollbar-policy", GTK_POLICY_NEVER,
                               "min-content-height", VIEW_HEIGHT,
                               "child", g_object_new (GTK_TYPE_TEXT_VIEW,
                                                      "editable", FALSE,
                                                      "cursor-visible", FALSE,
                                                      "wrap-mode", GTK_WRAP_WORD_CHAR,
                                                      NULL),
                               NULL);
      gtk_widget_add_css_class (scroller, "long-text");
      gtk_widget_set_hexpand (scroller, TRUE);
      gtk_box_append (GTK_BOX (plain), scroller);
      shown = NULL;
    }

  buffer = gtk_text_view_get_buffer (GTK_TEXT_VIEW (gtk_scrolled_window_get_child (GTK_SCROLLED_WINDOW (scroller))));
  if (shown != NULL && g_str_has_prefix (text, shown))
    from += strlen (shown);
  else
    gtk_text_buffer_set_text (buffer, "", 0);
  sotto_markdown_plain_append_to_buffer (buffer, from);
  g_object_set_data_full (G_OBJECT (scroller), "text", g_strdup (text), g_free);
}

void
sotto_markdown_plain_set_text (GtkWidget  *plain,
                               const char *text)
{
  GtkWidget *label = gtk_widget_get_first_child (plain);
  const char *p = text;

  if (strlen (text) > MAX_LABELS_BYTES)
    {
      show_in_view (plain, text);
      return;
    }

  if (GTK_IS_SCROLLED_WINDOW (label))
    {
      remove_from (plain, label);
      label = NULL;
    }

  do
    {
      const char *end = find_piece (p);
      const char *shown = end;
      g_autoptr (GString) markup = g_string_new (NULL);

      if (label == NULL)
        {
          label = sotto_markdown_label_new ();
          gtk_box_append (GTK_BOX (plain), label);
        }

      /* The next label begins a line anyway. */
      if (*end != '\0' && end > p && end[-1] == '\n')
        shown--;
      gtk_label_set_width_chars (GTK_LABEL (label), is_piece_of_word (p, end) ? PIECE_WIDTH_CHARS : -1);
      sotto_markdown_append_escaped (markup, p, shown - p);
      sotto_markdown_label_set_markup (label, markup->str);
      p = end;
      label = gtk_widget_get_next_sibling (label);
    }
  while (*p != '\0');

  remove_from (plain, label);
  /* The box itself stays on the side on which its owner has it. */
  for (label = gtk_widget_get_first_child (plain); label != NULL; label = gtk_widget_get_next_sibling (label))
    sotto_markdown_direct (label);
}

gboolean
sotto_markdown_plain_is_view (GtkWidget *plain)
{
  return GTK_IS_SCROLLED_WINDOW (gtk_widget_get_first_child (plain));
}
