#include "markdown/markdown-table.h"

#include <adwaita.h>
#include <cmark-gfm-core-extensions.h>
#include <glib/gi18n.h>
#include <sotto-app.h>
#include <string.h>

#include "markdown/markdown-plain.h"
#include "markdown/markdown-text.h"
#include "math/label.h"

/* A table larger than this is cut, and says so. */
#define MAX_ROWS 300
#define MAX_COLUMNS 30

/* A scroller that goes sideways asks its child for the height at the smallest width, at which every cell would be a column of
 * single words. So the frame around the grid is never narrower than the grid would like to be. */

static GtkSizeRequestMode
get_request_mode (GtkWidget *frame)
{
  return GTK_SIZE_REQUEST_CONSTANT_SIZE;
}

static void
measure (GtkWidget      *frame,
         GtkOrientation  orientation,
         int             for_size,
         int            *minimum,
         int            *natural,
         int            *minimum_baseline,
         int            *natural_baseline)
{
  GtkWidget *grid = gtk_widget_get_first_child (frame);
  int width;

  gtk_widget_measure (grid, GTK_ORIENTATION_HORIZONTAL, -1, NULL, &width, NULL, NULL);
  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    *minimum = *natural = width;
  else
    {
      gtk_widget_measure (grid, GTK_ORIENTATION_VERTICAL, width, minimum, NULL, NULL, NULL);
      *natural = *minimum;
    }
}

static void
allocate (GtkWidget *frame,
          int        width,
          int        height,
          int        baseline)
{
  GtkWidget *grid = gtk_widget_get_first_child (frame);
  gboolean is_rtl = gtk_widget_get_direction (frame) == GTK_TEXT_DIR_RTL;
  int natural;

  gtk_widget_measure (grid, GTK_ORIENTATION_HORIZONTAL, -1, NULL, &natural, NULL, NULL);
  gtk_widget_allocate (grid, natural, height, -1,
                       gsk_transform_translate (NULL, &GRAPHENE_POINT_INIT (is_rtl ? width - natural : 0, 0)));
}

GtkWidget *
sotto_markdown_table_new (void)
{
  GtkWidget *scroller = gtk_scrolled_window_new ();
  GtkWidget *frame = adw_bin_new ();
  GtkWidget *grid = g_object_new (GTK_TYPE_GRID, "accessible-role", GTK_ACCESSIBLE_ROLE_TABLE, NULL);

  adw_bin_set_child (ADW_BIN (frame), grid);
  gtk_widget_set_layout_manager (frame, gtk_custom_layout_new (get_request_mode, measure, allocate));
  gtk_widget_add_css_class (scroller, "markdown-table");
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scroller), GTK_POLICY_AUTOMATIC, GTK_POLICY_NEVER);
  gtk_scrolled_window_set_propagate_natural_height (GTK_SCROLLED_WINDOW (scroller), TRUE);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), frame);

  return scroller;
}

static GtkWidget *
get_grid (GtkWidget *table)
{
  GtkWidget *viewport = gtk_scrolled_window_get_child (GTK_SCROLLED_WINDOW (table));

  return adw_bin_get_child (ADW_BIN (gtk_viewport_get_child (GTK_VIEWPORT (viewport))));
}

static GtkWidget *
ensure_cell (GtkWidget *grid,
             int        column,
             int        row)
{
  GtkWidget *label = gtk_grid_get_child_at (GTK_GRID (grid), column, row);

  if (label == NULL)
    {
      label = sotto_markdown_label_new ();
      /* Wide enough to read, narrow enough for several columns on a small screen. */
      gtk_label_set_max_width_chars (GTK_LABEL (label), 40);
      /* As high as its row, for the line between rows, with its text at the top. */
      gtk_label_set_yalign (GTK_LABEL (label), 0);
      gtk_widget_add_css_class (label, "cell");
      gtk_grid_attach (GTK_GRID (grid), label, column, row, 1, 1);
    }

  return label;
}

/* @cell: (nullable): there is none in a row that is too short */
static void
update_cell (GtkWidget  *label,
             cmark_node *cell)
{
  g_autofree char *plain = NULL;
  g_autoptr (GString) markup = g_string_new (NULL);

  if (cell == NULL)
    {
      sotto_markdown_label_set_markup (label, "");
      return;
    }
  if (!sotto_markdown_is_long (cell))
    {
      sotto_math_label_set_inlines (label, cell);
      return;
    }

  /* No table is read in such a cell; the whole is what copying the message gives. */
  plain = sotto_markdown_get_plain (cell);
  sotto_markdown_append_escaped (markup, plain, g_utf8_find_prev_char (plain, plain + MIN (strlen (plain), 1000)) - plain);
  g_string_append (markup, "…");
  sotto_markdown_label_set_markup (label, markup->str);
}

static void
update_row (GtkWidget  *grid,
            cmark_node *node,
            int         row,
            guint       n_columns,
            guint8     *alignments)
{
  cmark_node *cell = cmark_node_first_child (node);
  gboolean is_header = cmark_gfm_extensions_get_table_row_is_header (node);

  for (guint column = 0; column < n_columns; column++)
    {
      GtkWidget *label = ensure_cell (grid, column, row);
      float xalign = alignments[column] == 'r' ? 1.0f : alignments[column] == 'c' ? 0.5f : 0.0f;

      if (is_header)
        gtk_widget_add_css_class (label, "heading");
      gtk_label_set_xalign (GTK_LABEL (label), xalign);
      update_cell (label, cell);

      if (cell != NULL)
        cell = cmark_node_next (cell);
    }
}

void
sotto_markdown_table_update (GtkWidget  *table,
                             cmark_node *node)
{
  GtkWidget *grid = get_grid (table);
  guint n_columns = MIN (cmark_gfm_extensions_get_table_columns (node), MAX_COLUMNS);
  guint8 *alignments = cmark_gfm_extensions_get_table_alignments (node);
  int row = 0;
  guint n_left = 0;

  for (cmark_node *child = cmark_node_first_child (node); child != NULL; child = cmark_node_next (child))
    if (row < MAX_ROWS)
      update_row (grid, child, row++, n_columns, alignments);
    else
      n_left++;

  /* A streaming table only grows; one that shrank lost rows or columns at its ends. */
  while (gtk_grid_get_child_at (GTK_GRID (grid), 0, row) != NULL)
    gtk_grid_remove_row (GTK_GRID (grid), row);
  while (gtk_grid_get_child_at (GTK_GRID (grid), n_columns, 0) != NULL)
    gtk_grid_remove_column (GTK_GRID (grid), n_columns);

  if (n_left > 0)
    {
      GtkWidget *label = ensure_cell (grid, 0, row);
      g_autofree char *number = sotto_number_describe (n_left);
      /* Translators: rows of a table that are not shown */
      g_autofree char *more = g_strdup_printf (ngettext ("… and %s more row", "… and %s more rows", n_left), number);

      gtk_label_set_text (GTK_LABEL (label), more);
      gtk_widget_add_css_class (label, "dimmed");
    }
}
