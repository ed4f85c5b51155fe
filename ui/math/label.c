#include "math/label.h"

#include <string.h>

#include "markdown/markdown-plain.h"
#include "markdown/markdown-text.h"
#include "math/inline.h"

/* In a line, what is wider in one piece than this (in em) stays text: a narrow window could not show it. */
#define MAX_PIECE 15

static const char state_key[] = "sotto-math-label";
static const char block_class[] = "formula";

/* What a label with formulas knows */
typedef struct {
  GtkWidget *label;        /* unowned */
  SottoMathInlines *inlines;
  char *key;               /* all that it shows */
  guint idle;
} State;

static void
state_free (State *self)
{
  g_clear_handle_id (&self->idle, g_source_remove);
  g_clear_pointer (&self->inlines, sotto_math_inlines_free);
  g_free (self->key);
  g_free (self);
}

static State *
find_state (GtkWidget *label)
{
  return g_object_get_data (G_OBJECT (label), state_key);
}

/* --- Fonts --- */

static SottoMathFont *
get_font (GtkWidget *label)
{
  PangoContext *context = gtk_widget_get_pango_context (label);

  return sotto_math_font_get (context, pango_context_get_font_description (context));
}

static void
set_shapes (State *self)
{
  g_autoptr (PangoAttrList) list = pango_attr_list_new ();

  sotto_math_inlines_add_shapes (self->inlines, list);
  gtk_label_set_attributes (GTK_LABEL (self->label), list);
}

static gboolean
on_idle (gpointer user_data)
{
  State *self = user_data;
  g_autoptr (SottoMathFont) font = get_font (self->label);

  self->idle = 0;
  if (self->inlines != NULL && font != sotto_math_inlines_get_font (self->inlines))
    {
      sotto_math_inlines_set_font (self->inlines, font);
      set_shapes (self);
    }

  return G_SOURCE_REMOVE;
}

/* What is seen of it is not yet what its style will be. */
static void
on_style_may_change (GtkWidget *label)
{
  State *self = find_state (label);

  if (self != NULL && self->inlines != NULL && sotto_math_inlines_get_n (self->inlines) > 0 && self->idle == 0)
    self->idle = g_idle_add (on_idle, self);
}

/* --- Copying --- */

char *
sotto_math_label_copy (GtkWidget *label,
                       gsize      begin,
                       gsize      end)
{
  State *self = find_state (label);
  const char *text = gtk_label_get_text (GTK_LABEL (label));
  GString *copy = g_string_new (NULL);
  guint n = self != NULL && self->inlines != NULL ? sotto_math_inlines_get_n (self->inlines) : 0;

  for (guint i = 0; i < n; i++)
    {
      gsize formula_begin, formula_end;
      const char *source = sotto_math_inlines_get (self->inlines, i, &formula_begin, &formula_end);

      if (formula_end <= begin)
        continue;
      if (formula_begin >= end)
        break;
      if (formula_begin > begin)
        g_string_append_len (copy, text + begin, formula_begin - begin);
      g_string_append (copy, source);
      begin = formula_end;
    }
  if (begin < end)
    g_string_append_len (copy, text + begin, end - begin);

  return g_string_free (copy, FALSE);
}

static void
on_copy (GtkWidget *label)
{
  State *self = find_state (label);
  const char *text = gtk_label_get_text (GTK_LABEL (label));
  g_autofree char *copy = NULL;
  int begin, end;

  if (self == NULL || self->inlines == NULL || sotto_math_inlines_get_n (self->inlines) == 0 ||
      !gtk_label_get_selection_bounds (GTK_LABEL (label), &begin, &end))
    return;

  copy = sotto_math_label_copy (label, g_utf8_offset_to_pointer (text, begin) - text, g_utf8_offset_to_pointer (text, end) - text);
  gdk_clipboard_set_text (gtk_widget_get_clipboard (label), copy);
  g_signal_stop_emission_by_name (label, "copy-clipboard");
}

void
sotto_math_label_widen (GtkWidget *label,
                        gsize     *begin,
                        gsize     *end)
{
  State *self = find_state (label);

  for (guint i = 0; self != NULL && self->inlines != NULL && i < sotto_math_inlines_get_n (self->inlines); i++)
    {
      gsize formula_begin, formula_end;

      sotto_math_inlines_get (self->inlines, i, &formula_begin, &formula_end);
      if (*begin < formula_end && *end > formula_begin)
        {
          *begin = MIN (*begin, formula_begin);
          *end = MAX (*end, formula_end);
        }
    }
}

/* --- Labels --- */

static State *
ensure_state (GtkWidget *label)
{
  State *self = find_state (label);

  if (self != NULL)
    return self;

  self = g_new0 (State, 1);
  self->label = label;
  g_object_set_data_full (G_OBJECT (label), state_key, self, (GDestroyNotify) state_free);
  g_signal_connect (label, "copy-clipboard", G_CALLBACK (on_copy), NULL);
  g_signal_connect (label, "notify::root", G_CALLBACK (on_style_may_change), NULL);
  g_signal_connect_object (gtk_widget_get_settings (label), "notify::gtk-xft-dpi", G_CALLBACK (on_style_may_change), label,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (gtk_widget_get_settings (label), "notify::gtk-font-name", G_CALLBACK (on_style_may_change), label,
                           G_CONNECT_SWAPPED);
  sotto_math_inlines_prepare_context (gtk_widget_get_pango_context (label), TRUE);

  return self;
}

/* What two formulas of one reading differ in */
static char *
make_key (SottoMathInlines *inlines,
          const char       *markup)
{
  GString *key = g_string_new (markup);

  for (guint i = 0; i < sotto_math_inlines_get_n (inlines); i++)
    {
      gsize begin, end;

      g_string_append_c (key, '\n');
      g_string_append (key, sotto_math_inlines_get (inlines, i, &begin, &end));
    }

  return g_string_free (key, FALSE);
}

/* @inlines: (transfer full) */
static void
set_markup (GtkWidget        *label,
            SottoMathInlines *inlines,
            const char       *markup)
{
  State *self = find_state (label);
  gboolean has_formulas = sotto_math_inlines_get_n (inlines) > 0;
  gboolean had_formulas = self != NULL && self->inlines != NULL;
  g_autofree char *key = NULL;

  if (!has_formulas)
    {
      sotto_math_inlines_free (inlines);
      if (had_formulas)
        {
          g_clear_pointer (&self->inlines, sotto_math_inlines_free);
          g_clear_pointer (&self->key, g_free);
          gtk_label_set_attributes (GTK_LABEL (label), NULL);
        }
      sotto_markdown_label_set_markup (label, markup);
      return;
    }

  self = ensure_state (label);
  key = make_key (inlines, markup);
  if (had_formulas && g_strcmp0 (self->key, key) == 0 &&
      sotto_math_inlines_get_font (self->inlines) == sotto_math_inlines_get_font (inlines))
    {
      sotto_math_inlines_free (inlines);
      return;
    }

  g_clear_pointer (&self->inlines, sotto_math_inlines_free);
  self->inlines = inlines;
  g_free (self->key);
  self->key = g_steal_pointer (&key);
  gtk_label_set_attributes (GTK_LABEL (label), NULL);
  sotto_markdown_label_set_markup (label, markup);
  set_shapes (self);
}

/* Whether any of its words go from right to left: the blocks of Unicode that do */
static gboolean
is_mixed (cmark_node *block)
{
  g_autofree char *plain = sotto_markdown_get_plain (block);

  for (const char *p = plain; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if ((c >= 0x590 && c <= 0x8ff) || (c >= 0xfb1d && c <= 0xfdff) || (c >= 0xfe70 && c <= 0xfefc) ||
          (c >= 0x10800 && c <= 0x10fff) || (c >= 0x1e800 && c <= 0x1efff))
        return TRUE;
    }

  return FALSE;
}

void
sotto_math_label_set_inlines (GtkWidget  *label,
                              cmark_node *block)
{
  g_autoptr (SottoMathFont) font = get_font (label);
  SottoMathInlines *inlines = sotto_math_inlines_new (font, MAX_PIECE * sotto_math_font_get_em (font));
  g_autofree char *markup = NULL;

  if (is_mixed (block))
    sotto_math_inlines_isolate (inlines);
  markup = sotto_markdown_inlines_to_markup (block, sotto_math_inlines_append, inlines);
  set_markup (label, inlines, markup);
}

/* --- Formulas of their own --- */

GtkWidget *
sotto_math_block_new (void)
{
  GtkWidget *scroller = gtk_scrolled_window_new ();
  GtkWidget *label = sotto_markdown_label_new ();

  gtk_label_set_wrap (GTK_LABEL (label), FALSE);
  gtk_widget_set_halign (label, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (scroller, block_class);
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scroller), GTK_POLICY_AUTOMATIC, GTK_POLICY_NEVER);
  gtk_scrolled_window_set_propagate_natural_height (GTK_SCROLLED_WINDOW (scroller), TRUE);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), label);

  return scroller;
}

gboolean
sotto_math_is_block (GtkWidget *widget)
{
  return GTK_IS_SCROLLED_WINDOW (widget) && gtk_widget_has_css_class (widget, block_class);
}

static GtkWidget *
get_block_label (GtkWidget *block)
{
  GtkWidget *viewport = gtk_scrolled_window_get_child (GTK_SCROLLED_WINDOW (block));

  return gtk_viewport_get_child (GTK_VIEWPORT (viewport));
}

void
sotto_math_block_set_formula (GtkWidget  *block,
                              const char *inner,
                              const char *source)
{
  GtkWidget *label = get_block_label (block);
  g_autoptr (SottoMathFont) font = get_font (label);
  SottoMathInlines *inlines = sotto_math_inlines_new (font, G_MAXDOUBLE);
  g_autoptr (GString) markup = g_string_new (NULL);

  if (!sotto_math_inlines_append_display (inlines, markup, inner, source))
    sotto_markdown_append_code (markup, source);
  set_markup (label, inlines, markup->str);
  gtk_accessible_update_property (GTK_ACCESSIBLE (label), GTK_ACCESSIBLE_PROPERTY_LABEL, gtk_label_get_text (GTK_LABEL (label)), -1);
}

gboolean
sotto_math_is_known (const char *inner)
{
  g_autoptr (SottoMath) math = sotto_math_parse (inner, strlen (inner));

  return math != NULL;
}
