#include "conversation/sources-view.h"

#include <glib/gi18n.h>

#include "conversation/source-popover.h"

/* More lines than this are one that opens. */
#define MAX_LINES 2
#define SPACING 6

struct _SottoSourcesView {
  GtkWidget parent_instance;

  GtkWidget *caption;   /* before the buttons */
  GtkWidget *header;    /* above them, where there are too many for the room */
  GtkImage *arrow;
  GtkWidget *chips;

  /* Owned */
  SottoMessage *message;

  gboolean is_open;
};

G_DEFINE_FINAL_TYPE (SottoSourcesView, sotto_sources_view, GTK_TYPE_WIDGET)

/* --- The buttons --- */

static void
create_popover (GtkMenuButton *chip,
                gpointer       user_data)
{
  SottoSourcesView *self = user_data;
  guint position = GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (chip), "position"));

  if (position < sotto_message_get_n_sources (self->message))
    gtk_menu_button_set_popover (chip, sotto_source_popover_new (sotto_message_get_source (self->message, position)));
}

static GtkWidget *
create_chip (SottoSourcesView  *self,
             const SottoSource *source,
             guint              position)
{
  GtkWidget *chip = gtk_menu_button_new ();
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  g_autofree char *title = sotto_source_dup_title (source);
  g_autofree char *number = sotto_number_describe (source->number);
  GtkWidget *number_label = gtk_label_new (number);
  GtkWidget *title_label = gtk_label_new (title);
  /* Translators: a passage that a model was given: its number, and its document and page; read out by screen readers */
  g_autofree char *label = g_strdup_printf (_("Source %s: %s"), number, title);

  gtk_widget_add_css_class (number_label, "number");
  /* The page is at the end of it. */
  gtk_label_set_ellipsize (GTK_LABEL (title_label), PANGO_ELLIPSIZE_MIDDLE);
  gtk_label_set_max_width_chars (GTK_LABEL (title_label), 30);
  gtk_box_append (GTK_BOX (box), number_label);
  gtk_box_append (GTK_BOX (box), title_label);
  gtk_menu_button_set_child (GTK_MENU_BUTTON (chip), box);
  gtk_widget_add_css_class (chip, "source-chip");
  gtk_widget_set_tooltip_text (chip, title);
  gtk_accessible_update_property (GTK_ACCESSIBLE (chip), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  g_object_set_data (G_OBJECT (chip), "position", GUINT_TO_POINTER (position));
  gtk_menu_button_set_create_popup_func (GTK_MENU_BUTTON (chip), create_popover, self, NULL);

  return chip;
}

static void
fill (SottoSourcesView *self)
{
  for (guint i = 0; i < sotto_message_get_n_sources (self->message); i++)
    adw_wrap_box_append (ADW_WRAP_BOX (self->chips), create_chip (self, sotto_message_get_source (self->message, i), i));
}

/* --- The line that opens --- */

static void
set_open (SottoSourcesView *self,
          gboolean          is_open)
{
  self->is_open = is_open;
  gtk_image_set_from_icon_name (self->arrow, is_open ? "pan-down-symbolic" : "pan-end-symbolic");
  gtk_accessible_update_state (GTK_ACCESSIBLE (self->header), GTK_ACCESSIBLE_STATE_EXPANDED, is_open, -1);
  gtk_widget_queue_resize (GTK_WIDGET (self));
}

static void
on_clicked (SottoSourcesView *self)
{
  set_open (self, !self->is_open);
}

static void
create_header (SottoSourcesView *self)
{
  guint n = sotto_message_get_n_sources (self->message);
  g_autofree char *number = sotto_number_describe (n);
  /* Translators: how many passages of documents a model was given for a reply */
  g_autofree char *words = g_strdup_printf (ngettext ("%s source", "%s sources", n), number);
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);

  self->header = gtk_button_new ();
  self->arrow = GTK_IMAGE (gtk_image_new ());
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->arrow));
  gtk_box_append (GTK_BOX (box), gtk_label_new (words));
  gtk_button_set_child (GTK_BUTTON (self->header), box);
  gtk_widget_add_css_class (self->header, "flat");
  gtk_widget_add_css_class (self->header, "reasoning-header");
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->header), GTK_ACCESSIBLE_PROPERTY_LABEL, words, -1);
  g_signal_connect_object (self->header, "clicked", G_CALLBACK (on_clicked), self, G_CONNECT_SWAPPED);
  gtk_widget_set_parent (self->header, GTK_WIDGET (self));
  set_open (self, FALSE);
}

/* --- One of them --- */

/* A line that was closed has to be laid out before something can come into sight in it, and that before something can point to it. */
#define FRAMES 2

typedef struct {
  guint position;
  char *words;
  guint n_frames;
} Showing;

static void
showing_free (gpointer data)
{
  Showing *self = data;

  g_free (self->words);
  g_free (self);
}

static gboolean
on_frame (GtkWidget     *widget,
          GdkFrameClock *clock,
          gpointer       user_data)
{
  SottoSourcesView *self = SOTTO_SOURCES_VIEW (widget);
  Showing *showing = user_data;
  GtkWidget *chip = gtk_widget_get_first_child (self->chips);
  GtkPopover *popover;

  for (guint i = 0; i < showing->position && chip != NULL; i++)
    chip = gtk_widget_get_next_sibling (chip);
  if (chip == NULL)
    return G_SOURCE_REMOVE;

  /* What has the focus is brought into sight. */
  if (++showing->n_frames == FRAMES)
    gtk_widget_grab_focus (chip);
  if (showing->n_frames < 2 * FRAMES)
    return G_SOURCE_CONTINUE;

  gtk_menu_button_popup (GTK_MENU_BUTTON (chip));
  popover = gtk_menu_button_get_popover (GTK_MENU_BUTTON (chip));
  if (popover != NULL)
    sotto_source_popover_mark (SOTTO_SOURCE_POPOVER (popover), showing->words);

  return G_SOURCE_REMOVE;
}

void
sotto_sources_view_show (SottoSourcesView *self,
                         guint             position,
                         const char       *words)
{
  Showing *showing;

  g_return_if_fail (SOTTO_IS_SOURCES_VIEW (self));

  showing = g_new0 (Showing, 1);
  showing->position = position;
  showing->words = g_strdup (words);
  set_open (self, TRUE);
  gtk_widget_add_tick_callback (GTK_WIDGET (self), on_frame, showing, showing_free);
}

/* --- Room --- */

static int
get_natural (GtkWidget      *widget,
             GtkOrientation  orientation)
{
  int natural;

  gtk_widget_measure (widget, orientation, -1, NULL, &natural, NULL, NULL);

  return natural;
}

/* Where what goes */
typedef struct {
  gboolean folds;
  int x;            /* of the buttons, from where one begins to read */
  int y;
  int height;       /* of the buttons */
} Places;

static Places
find_places (SottoSourcesView *self,
             int               width)
{
  Places places = { .x = get_natural (self->caption, GTK_ORIENTATION_HORIZONTAL) + SPACING };
  int narrowest;
  int line = 0;

  for (GtkWidget *chip = gtk_widget_get_first_child (self->chips); chip != NULL; chip = gtk_widget_get_next_sibling (chip))
    line = MAX (line, get_natural (chip, GTK_ORIENTATION_VERTICAL));
  gtk_widget_measure (self->chips, GTK_ORIENTATION_HORIZONTAL, -1, &narrowest, NULL, NULL, NULL);

  if (width < 0)
    places.height = line;
  else if (width >= places.x + narrowest)
    gtk_widget_measure (self->chips, GTK_ORIENTATION_VERTICAL, width - places.x, NULL, &places.height, NULL, NULL);
  else
    places.folds = TRUE;
  if (places.height > MAX_LINES * line + (MAX_LINES - 1) * SPACING)
    places.folds = TRUE;

  if (places.folds)
    {
      places.x = 0;
      places.y = get_natural (self->header, GTK_ORIENTATION_VERTICAL) + SPACING;
      gtk_widget_measure (self->chips, GTK_ORIENTATION_VERTICAL, MAX (width, narrowest), NULL, &places.height, NULL, NULL);
    }

  return places;
}

static GtkSizeRequestMode
sotto_sources_view_get_request_mode (GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
sotto_sources_view_measure (GtkWidget      *widget,
                            GtkOrientation  orientation,
                            int             for_size,
                            int            *minimum,
                            int            *natural,
                            int            *minimum_baseline,
                            int            *natural_baseline)
{
  SottoSourcesView *self = SOTTO_SOURCES_VIEW (widget);

  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    {
      int header_minimum;

      gtk_widget_measure (self->header, orientation, -1, &header_minimum, NULL, NULL, NULL);
      gtk_widget_measure (self->chips, orientation, -1, minimum, natural, NULL, NULL);
      *minimum = MAX (*minimum, header_minimum);
      *natural = MAX (*natural + SPACING + get_natural (self->caption, orientation), header_minimum);
    }
  else
    {
      Places places = find_places (self, for_size);

      *minimum = *natural = !places.folds || self->is_open ? places.y + places.height : places.y - SPACING;
    }
}

/* @x: from where one begins to read */
static void
place (SottoSourcesView *self,
       GtkWidget        *child,
       gboolean          is_shown,
       GtkAllocation     at)
{
  if (gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL)
    at.x = gtk_widget_get_width (GTK_WIDGET (self)) - at.x - at.width;
  gtk_widget_set_child_visible (child, is_shown);
  if (is_shown)
    gtk_widget_size_allocate (child, &at, -1);
}

static void
sotto_sources_view_size_allocate (GtkWidget *widget,
                                  int        width,
                                  int        height,
                                  int        baseline)
{
  SottoSourcesView *self = SOTTO_SOURCES_VIEW (widget);
  Places places = find_places (self, width);
  GtkWidget *chip = gtk_widget_get_first_child (self->chips);
  int line = chip != NULL ? get_natural (chip, GTK_ORIENTATION_VERTICAL) : 0;

  place (self, self->caption, !places.folds, (GtkAllocation) { 0, 0, places.x - SPACING, line });
  place (self, self->header, places.folds,
         (GtkAllocation) { 0, 0, MIN (width, get_natural (self->header, GTK_ORIENTATION_HORIZONTAL)), places.y - SPACING });
  place (self, self->chips, !places.folds || self->is_open,
         (GtkAllocation) { places.x, places.y, width - places.x, places.height });
}

/* --- The widget --- */

static void
sotto_sources_view_dispose (GObject *object)
{
  SottoSourcesView *self = SOTTO_SOURCES_VIEW (object);

  g_clear_pointer (&self->caption, gtk_widget_unparent);
  g_clear_pointer (&self->header, gtk_widget_unparent);
  g_clear_pointer (&self->chips, gtk_widget_unparent);
  g_clear_object (&self->message);

  G_OBJECT_CLASS (sotto_sources_view_parent_class)->dispose (object);
}

static void
sotto_sources_view_class_init (SottoSourcesViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sotto_sources_view_dispose;
  widget_class->get_request_mode = sotto_sources_view_get_request_mode;
  widget_class->measure = sotto_sources_view_measure;
  widget_class->size_allocate = sotto_sources_view_size_allocate;
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_GROUP);
  gtk_widget_class_set_css_name (widget_class, "sources");
}

static void
sotto_sources_view_init (SottoSourcesView *self)
{
  /* Translators: what a reply is from: passages of documents */
  const char *words = C_("of a reply", "Sources");

  self->caption = gtk_label_new (words);
  gtk_widget_add_css_class (self->caption, "caption");
  gtk_widget_add_css_class (self->caption, "dimmed");
  gtk_widget_set_parent (self->caption, GTK_WIDGET (self));
  self->chips = adw_wrap_box_new ();
  adw_wrap_box_set_child_spacing (ADW_WRAP_BOX (self->chips), SPACING);
  adw_wrap_box_set_line_spacing (ADW_WRAP_BOX (self->chips), SPACING);
  gtk_widget_set_parent (self->chips, GTK_WIDGET (self));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, words, -1);
}

GtkWidget *
sotto_sources_view_new (SottoMessage *message)
{
  SottoSourcesView *self = g_object_new (SOTTO_TYPE_SOURCES_VIEW, NULL);

  self->message = g_object_ref (message);
  create_header (self);
  gtk_widget_insert_before (self->header, GTK_WIDGET (self), self->chips);
  fill (self);

  return GTK_WIDGET (self);
}
