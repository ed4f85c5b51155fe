#include "conversation/find-marks.h"

#include <string.h>

#include "math/label.h"

/* Dark on yellow, which can be read and told apart in light and dark alike */
#define MARK_BACKGROUND "#f8e45c"
#define MARK_TEXT "#241f31"
/* The one that is shown of many */
#define CURRENT_BACKGROUND "#ff9d4d"

/* How much of it there is in a sentence, of 65535 */
#define SHADE 23000

#define TAG "sotto-found"
#define CURRENT_TAG "sotto-found-current"

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

char **
sotto_find_list_needles (const char *words)
{
  g_autoptr (GStrvBuilder) needles = g_strv_builder_new ();
  g_auto (GStrv) parts = g_strsplit_set (words, " \t\"", -1);
  g_autofree char *whole = g_strstrip (g_strdelimit (g_strdup (words), "\"", ' '));

  if (*whole != '\0')
    g_strv_builder_add (needles, whole);
  for (guint i = 0; parts[i] != NULL; i++)
    if (*parts[i] != '\0' && !g_str_equal (parts[i], whole))
      g_strv_builder_add (needles, parts[i]);

  return g_strv_builder_end (needles);
}

/* A walk over what shows the words */
typedef struct {
  const char *needle;   /* (nullable): folded */
  guint wanted;         /* the place that is marked as the one shown */
  guint n;              /* places in sight so far */
  gboolean is_alone;    /* only that one is marked */
  SottoFoundPlace *place;
} Walk;

/* Calls @func with each place of @needle (folded) in @text. */
typedef void (*PlaceFunc) (gpointer target, gsize begin, gsize end);

static void
for_each_place (const char *text, const char *needle, PlaceFunc func, gpointer target)
{
  g_autoptr (GArray) offsets = NULL;
  g_autofree char *folded = sotto_find_fold (text, &offsets);
  const gsize length = strlen (needle);

  for (const char *found = folded; (found = strstr (found, needle)) != NULL; found += length)
    {
      const gsize at = (gsize) (found - folded);

      func (target, g_array_index (offsets, gsize, at), g_array_index (offsets, gsize, at + length));
    }
}

/* Returns: whether the place that comes now is the one that is wanted */
static gboolean
pass_place (Walk *walk, GtkWidget *widget, gsize begin)
{
  if (!gtk_widget_get_mapped (widget))
    return FALSE;
  if (walk->n++ != walk->wanted)
    return FALSE;

  walk->place->widget = widget;
  walk->place->offset = begin;
  return TRUE;
}

/* --- Marking --- */

typedef struct {
  Walk *walk;
  GtkWidget *label;
  PangoAttrList *list;
  guint n_marks;
} Label;

static void
add_attribute (PangoAttrList *list, PangoAttribute *attribute, gsize begin, gsize end)
{
  attribute->start_index = (guint) begin;
  attribute->end_index = (guint) end;
  pango_attr_list_insert (list, attribute);
}

/* A whole sentence is marked more quietly: what is read in it is read on its own ground. */
static void
shade (Label *label, gsize begin, gsize end)
{
  PangoColor background;

  pango_color_parse (&background, MARK_BACKGROUND);
  add_attribute (label->list, pango_attr_background_new (background.red, background.green, background.blue), begin, end);
  add_attribute (label->list, pango_attr_background_alpha_new (SHADE), begin, end);
  label->n_marks++;
}

static void
mark_in_label (gpointer target, gsize begin, gsize end)
{
  Label *label = target;
  PangoColor background, text;
  gboolean is_wanted;

  /* A formula is marked as a whole. */
  sotto_math_label_widen (label->label, &begin, &end);
  is_wanted = pass_place (label->walk, label->label, begin);
  if (label->walk->is_alone)
    {
      if (is_wanted)
        shade (label, begin, end);
      return;
    }
  pango_color_parse (&background, is_wanted ? CURRENT_BACKGROUND : MARK_BACKGROUND);
  pango_color_parse (&text, MARK_TEXT);
  add_attribute (label->list, pango_attr_background_new (background.red, background.green, background.blue), begin, end);
  add_attribute (label->list, pango_attr_foreground_new (text.red, text.green, text.blue), begin, end);
  label->n_marks++;
}

static gboolean
is_colour (PangoAttribute *attribute, gpointer unused)
{
  return attribute->klass->type == PANGO_ATTR_BACKGROUND || attribute->klass->type == PANGO_ATTR_BACKGROUND_ALPHA ||
         attribute->klass->type == PANGO_ATTR_FOREGROUND;
}

/* What else a label has, such as its formulas, it keeps. */
static void
mark_label (GtkLabel *label, Walk *walk)
{
  PangoAttrList *own = gtk_label_get_attributes (label);
  g_autoptr (PangoAttrList) list = own != NULL ? pango_attr_list_copy (own) : pango_attr_list_new ();
  g_autoptr (PangoAttrList) marks = pango_attr_list_filter (list, is_colour, NULL);
  g_autoptr (PangoAttrIterator) iterator = pango_attr_list_get_iterator (list);
  const gboolean has_others = pango_attr_iterator_next (iterator);
  Label target = { walk, GTK_WIDGET (label), list, 0 };

  if (walk->needle != NULL)
    for_each_place (gtk_label_get_text (label), walk->needle, mark_in_label, &target);
  if (target.n_marks > 0 || marks != NULL)
    gtk_label_set_attributes (label, target.n_marks > 0 || has_others ? list : NULL);
}

typedef struct {
  Walk *walk;
  GtkWidget *view;
  GtkTextTag *tag;
  GtkTextTag *current_tag;
  const char *text;
} View;

static void
mark_in_view (gpointer target, gsize begin, gsize end)
{
  const View *view = target;
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (GTK_TEXT_VIEW (view->view));
  const gsize at = (gsize) g_utf8_pointer_to_offset (view->text, view->text + begin);
  const gboolean is_wanted = pass_place (view->walk, view->view, at);
  GtkTextIter first, last;

  gtk_text_buffer_get_iter_at_offset (buffer, &first, (int) at);
  gtk_text_buffer_get_iter_at_offset (buffer, &last, (int) g_utf8_pointer_to_offset (view->text, view->text + end));
  if (is_wanted || !view->walk->is_alone)
    gtk_text_buffer_apply_tag (buffer, is_wanted ? view->current_tag : view->tag, &first, &last);
}

/* Above what colours code */
static GtkTextTag *
raise_tag (GtkTextBuffer *buffer, const char *name, const char *background)
{
  GtkTextTagTable *table = gtk_text_buffer_get_tag_table (buffer);
  GtkTextTag *tag = gtk_text_tag_table_lookup (table, name);

  if (tag == NULL)
    tag = gtk_text_buffer_create_tag (buffer, name, "background", background, "foreground", MARK_TEXT, NULL);
  gtk_text_tag_set_priority (tag, gtk_text_tag_table_get_size (table) - 1);
  return tag;
}

static void
mark_view (GtkTextView *view, Walk *walk)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (view);
  g_autofree char *text = NULL;
  GtkTextIter begin, end;
  View target;

  gtk_text_buffer_get_bounds (buffer, &begin, &end);
  if (gtk_text_tag_table_lookup (gtk_text_buffer_get_tag_table (buffer), TAG) != NULL)
    {
      gtk_text_buffer_remove_tag_by_name (buffer, TAG, &begin, &end);
      gtk_text_buffer_remove_tag_by_name (buffer, CURRENT_TAG, &begin, &end);
    }
  if (walk->needle == NULL)
    return;

  text = gtk_text_buffer_get_slice (buffer, &begin, &end, TRUE);
  target = (View) { walk, GTK_WIDGET (view), raise_tag (buffer, TAG, MARK_BACKGROUND),
                    raise_tag (buffer, CURRENT_TAG, CURRENT_BACKGROUND), text };
  for_each_place (text, walk->needle, mark_in_view, &target);
}

static void
mark (GtkWidget *widget, Walk *walk)
{
  if (GTK_IS_LABEL (widget))
    mark_label (GTK_LABEL (widget), walk);
  else if (GTK_IS_TEXT_VIEW (widget))
    mark_view (GTK_TEXT_VIEW (widget), walk);

  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    mark (child, walk);
}

guint
sotto_find_mark (GtkWidget *widget, const char *words, guint wanted, SottoFoundPlace *place)
{
  g_autofree char *needle = words != NULL ? sotto_find_fold (words, NULL) : NULL;
  SottoFoundPlace ignored;
  Walk walk = { needle != NULL && *needle != '\0' ? needle : NULL, wanted, 0, FALSE,
                place != NULL ? place : &ignored };

  mark (widget, &walk);
  /* Which one is the last is known only now. */
  if (walk.n > 0 && wanted >= walk.n)
    {
      walk.wanted = walk.n - 1;
      walk.n = 0;
      mark (widget, &walk);
    }

  return walk.n;
}

void
sotto_find_mark_one (GtkWidget *widget, const char *words, guint wanted)
{
  g_autofree char *needle = words != NULL ? sotto_find_fold (words, NULL) : NULL;
  SottoFoundPlace ignored;
  Walk walk = { needle != NULL && *needle != '\0' ? needle : NULL, wanted, 0, TRUE, &ignored };

  mark (widget, &walk);
}

/* --- Where it is --- */

static gboolean
get_view_bounds (const SottoFoundPlace *place, GtkWidget *ancestor, graphene_rect_t *bounds)
{
  GtkTextView *view = GTK_TEXT_VIEW (place->widget);
  GtkTextIter iter;
  GdkRectangle area;
  int x, y;

  gtk_text_buffer_get_iter_at_offset (gtk_text_view_get_buffer (view), &iter, (int) place->offset);
  /* Of text of bounded height, and of lines that are wider than the window, it shows the part */
  gtk_text_view_scroll_to_iter (view, &iter, 0, FALSE, 0, 0);
  gtk_text_view_get_iter_location (view, &iter, &area);
  gtk_text_view_buffer_to_window_coords (view, GTK_TEXT_WINDOW_WIDGET, area.x, area.y, &x, &y);
  if (!gtk_widget_compute_bounds (place->widget, ancestor, bounds))
    return FALSE;

  if (y >= 0 && y + area.height <= gtk_widget_get_height (place->widget))
    {
      bounds->origin.y += y;
      bounds->size.height = area.height;
    }
  return TRUE;
}

gboolean
sotto_found_place_get_bounds (const SottoFoundPlace *place, GtkWidget *ancestor, graphene_rect_t *bounds)
{
  PangoRectangle area;
  int x, y;

  if (GTK_IS_TEXT_VIEW (place->widget))
    return get_view_bounds (place, ancestor, bounds);
  if (!gtk_widget_compute_bounds (place->widget, ancestor, bounds))
    return FALSE;

  gtk_label_get_layout_offsets (GTK_LABEL (place->widget), &x, &y);
  pango_layout_index_to_pos (gtk_label_get_layout (GTK_LABEL (place->widget)), (int) place->offset, &area);
  bounds->origin.y += y + PANGO_PIXELS (area.y);
  bounds->size.height = PANGO_PIXELS (area.height);
  return TRUE;
}
