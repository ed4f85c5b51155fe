#include "find-marks.h"

#include <string.h>

/* Dark on yellow, which can be read and told apart in light and dark alike */
#define MARK_BACKGROUND "#f8e45c"
#define MARK_TEXT "#241f31"

#define TAG "sotto-found"

/* --- Finding --- */

static void
append_folded (GString *folded, GArray *offsets, const char *character, gsize offset)
{
  g_autofree char *one = g_strndup (character, (gsize) (g_utf8_next_char (character) - character));
  g_autofree char *decomposed = g_utf8_normalize (one, -1, G_NORMALIZE_ALL);
  g_autofree char *lower = g_utf8_casefold (decomposed != NULL ? decomposed : "", -1);
  const gsize before = folded->len;

  for (const char *p = lower; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (c == 0x142) /* ł does not decompose */
        g_string_append_c (folded, 'l');
      else if (!g_unichar_ismark (c))
        g_string_append_unichar (folded, c);
    }
  for (gsize i = before; i < folded->len; i++)
    g_array_append_val (offsets, offset);
}

char *
sotto_find_fold (const char *text, GArray **offsets)
{
  GString *folded = g_string_sized_new (strlen (text));
  g_autoptr (GArray) places = g_array_new (FALSE, FALSE, sizeof (gsize));
  gsize end;

  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    if ((guchar) *p < 0x80)
      {
        gsize offset = (gsize) (p - text);

        g_string_append_c (folded, g_ascii_tolower (*p));
        g_array_append_val (places, offset);
      }
    else
      append_folded (folded, places, p, (gsize) (p - text));

  end = strlen (text);
  g_array_append_val (places, end);
  if (offsets != NULL)
    *offsets = g_steal_pointer (&places);
  return g_string_free (folded, FALSE);
}

/* Calls @func with each place of @needle (folded) in @text. Returns: how many there are */
typedef void (*PlaceFunc) (gpointer target, gsize begin, gsize end);

static guint
for_each_place (const char *text, const char *needle, PlaceFunc func, gpointer target)
{
  g_autoptr (GArray) offsets = NULL;
  g_autofree char *folded = sotto_find_fold (text, &offsets);
  const gsize length = strlen (needle);
  guint n = 0;

  for (const char *found = folded; (found = strstr (found, needle)) != NULL; found += length)
    {
      const gsize at = (gsize) (found - folded);

      func (target, g_array_index (offsets, gsize, at), g_array_index (offsets, gsize, at + length));
      n++;
    }
  return n;
}

/* --- Marking --- */

static void
add_attribute (PangoAttrList *list, PangoAttribute *attribute, gsize begin, gsize end)
{
  attribute->start_index = (guint) begin;
  attribute->end_index = (guint) end;
  pango_attr_list_insert (list, attribute);
}

static void
mark_in_label (gpointer target, gsize begin, gsize end)
{
  PangoColor background, text;

  pango_color_parse (&background, MARK_BACKGROUND);
  pango_color_parse (&text, MARK_TEXT);
  add_attribute (target, pango_attr_background_new (background.red, background.green, background.blue), begin, end);
  add_attribute (target, pango_attr_foreground_new (text.red, text.green, text.blue), begin, end);
}

static guint
mark_label (GtkLabel *label, const char *needle)
{
  g_autoptr (PangoAttrList) list = NULL;
  guint n = 0;

  if (needle != NULL)
    {
      list = pango_attr_list_new ();
      n = for_each_place (gtk_label_get_text (label), needle, mark_in_label, list);
    }
  if (n > 0 || gtk_label_get_attributes (label) != NULL)
    gtk_label_set_attributes (label, n > 0 ? list : NULL);
  return n;
}

typedef struct {
  GtkTextBuffer *buffer;
  GtkTextTag *tag;
  const char *text;
} View;

static void
mark_in_view (gpointer target, gsize begin, gsize end)
{
  const View *view = target;
  GtkTextIter first, last;

  gtk_text_buffer_get_iter_at_offset (view->buffer, &first,
                                      (int) g_utf8_pointer_to_offset (view->text, view->text + begin));
  gtk_text_buffer_get_iter_at_offset (view->buffer, &last,
                                      (int) g_utf8_pointer_to_offset (view->text, view->text + end));
  gtk_text_buffer_apply_tag (view->buffer, view->tag, &first, &last);
}

static guint
mark_view (GtkTextView *view, const char *needle)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (view);
  GtkTextTag *tag = gtk_text_tag_table_lookup (gtk_text_buffer_get_tag_table (buffer), TAG);
  g_autofree char *text = NULL;
  GtkTextIter begin, end;
  View target;

  gtk_text_buffer_get_bounds (buffer, &begin, &end);
  if (tag != NULL)
    gtk_text_buffer_remove_tag (buffer, tag, &begin, &end);
  if (needle == NULL)
    return 0;

  if (tag == NULL)
    tag = gtk_text_buffer_create_tag (buffer, TAG, "background", MARK_BACKGROUND, "foreground", MARK_TEXT, NULL);
  /* Above what colours code */
  gtk_text_tag_set_priority (tag, gtk_text_tag_table_get_size (gtk_text_buffer_get_tag_table (buffer)) - 1);
  text = gtk_text_buffer_get_slice (buffer, &begin, &end, TRUE);
  target = (View) { buffer, tag, text };
  return for_each_place (text, needle, mark_in_view, &target);
}

/* @needle: (nullable): folded */
static GtkWidget *
mark (GtkWidget *widget, const char *needle)
{
  GtkWidget *first = NULL;
  guint n = 0;

  if (GTK_IS_LABEL (widget))
    n = mark_label (GTK_LABEL (widget), needle);
  else if (GTK_IS_TEXT_VIEW (widget))
    n = mark_view (GTK_TEXT_VIEW (widget), needle);
  if (n > 0 && gtk_widget_get_mapped (widget))
    first = widget;

  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = mark (child, needle);

      if (first == NULL)
        first = found;
    }
  return first;
}

GtkWidget *
sotto_find_mark (GtkWidget *widget, const char *words)
{
  g_autofree char *needle = words != NULL ? sotto_find_fold (words, NULL) : NULL;

  return mark (widget, needle != NULL && *needle != '\0' ? needle : NULL);
}
