#include "conversation/source-popover.h"

#include <glib/gi18n.h>

#include "conversation/find-marks.h"
#include "markdown/markdown-plain.h"

#define MIN_WIDTH 240
#define MAX_WIDTH 420
#define MARGIN 24

/* Of what stands before a marked place so much is in sight, of the height there is */
#define CONTEXT 0.3

struct _SottoSourcePopover {
  GtkPopover parent_instance;

  /* Template Widgets */
  GtkWidget *box;
  GtkLabel *title;
  GtkLabel *found;
  GtkScrolledWindow *scroller;
  GtkLabel *failure;
  GtkWidget *open_button;

  /* Owned */
  GFile *file;    /* (nullable) */
};

G_DEFINE_FINAL_TYPE (SottoSourcePopover, sotto_source_popover, GTK_TYPE_POPOVER)

static void
fail (SottoSourcePopover *self,
      const char         *words)
{
  gtk_label_set_label (self->failure, words);
  gtk_widget_set_visible (GTK_WIDGET (self->failure), TRUE);
  gtk_accessible_announce (GTK_ACCESSIBLE (self), words, GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_HIGH);
}

/* Who is to open it may be asked first, for however long, and nobody's text waits for that. */
static GWeakRef *
weak_ref_new (SottoSourcePopover *self)
{
  GWeakRef *ref = g_new0 (GWeakRef, 1);

  g_weak_ref_init (ref, self);

  return ref;
}

/* Returns: (transfer full) (nullable): unless it has gone */
static SottoSourcePopover *
weak_ref_take (GWeakRef *ref)
{
  g_autoptr (SottoSourcePopover) self = g_weak_ref_get (ref);

  g_weak_ref_clear (ref);
  g_free (ref);

  return self != NULL && self->file != NULL ? g_steal_pointer (&self) : NULL;
}

static void
on_launched (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr (SottoSourcePopover) self = weak_ref_take (user_data);
  g_autoptr (GError) error = NULL;

  if (self == NULL)
    return;

  if (gtk_file_launcher_launch_finish (GTK_FILE_LAUNCHER (source), result, &error))
    gtk_popover_popdown (GTK_POPOVER (self));
  else if (!g_error_matches (error, GTK_DIALOG_ERROR, GTK_DIALOG_ERROR_DISMISSED))
    fail (self, _("The document could not be opened."));
}

/* Whoever opens a file that is not there would say so in words of their own, or in none. */
static void
on_looked (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (SottoSourcePopover) self = weak_ref_take (user_data);
  g_autoptr (GError) error = NULL;
  g_autoptr (GFileInfo) info = g_file_query_info_finish (G_FILE (source), result, &error);
  g_autoptr (GtkFileLauncher) launcher = NULL;

  if (self == NULL)
    return;
  if (info == NULL)
    {
      fail (self, g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND) ? _("The document is not there any more.")
                                                                            : _("The document could not be opened."));
      return;
    }

  launcher = gtk_file_launcher_new (self->file);
  gtk_file_launcher_launch (launcher, GTK_WINDOW (gtk_widget_get_ancestor (GTK_WIDGET (self), GTK_TYPE_WINDOW)), NULL,
                            on_launched, weak_ref_new (self));
}

static void
on_open (SottoSourcePopover *self)
{
  gtk_widget_set_visible (GTK_WIDGET (self->failure), FALSE);
  g_file_query_info_async (self->file, G_FILE_ATTRIBUTE_STANDARD_TYPE, G_FILE_QUERY_INFO_NONE, G_PRIORITY_DEFAULT, NULL,
                           on_looked, weak_ref_new (self));
}

/* As wide as one reads well, if the window is. A label that one can select would be selected whole: it does not begin with the
 * keyboard. */
static void
sotto_source_popover_show (GtkWidget *widget)
{
  SottoSourcePopover *self = SOTTO_SOURCE_POPOVER (widget);
  GtkWidget *window = gtk_widget_get_ancestor (widget, GTK_TYPE_WINDOW);

  gtk_widget_set_size_request (self->box, CLAMP (gtk_widget_get_width (window) - 2 * MARGIN, MIN_WIDTH, MAX_WIDTH), -1);
  GTK_WIDGET_CLASS (sotto_source_popover_parent_class)->show (widget);
  gtk_widget_grab_focus (self->file != NULL ? self->open_button : GTK_WIDGET (self->scroller));
}

static void
sotto_source_popover_dispose (GObject *object)
{
  SottoSourcePopover *self = SOTTO_SOURCE_POPOVER (object);

  g_clear_object (&self->file);
  gtk_widget_dispose_template (GTK_WIDGET (self), SOTTO_TYPE_SOURCE_POPOVER);

  G_OBJECT_CLASS (sotto_source_popover_parent_class)->dispose (object);
}

static void
sotto_source_popover_class_init (SottoSourcePopoverClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sotto_source_popover_dispose;
  widget_class->show = sotto_source_popover_show;

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/sotto_chat/Sotto/ui/conversation/source-popover.ui");
  gtk_widget_class_bind_template_child (widget_class, SottoSourcePopover, box);
  gtk_widget_class_bind_template_child (widget_class, SottoSourcePopover, title);
  gtk_widget_class_bind_template_child (widget_class, SottoSourcePopover, found);
  gtk_widget_class_bind_template_child (widget_class, SottoSourcePopover, scroller);
  gtk_widget_class_bind_template_child (widget_class, SottoSourcePopover, failure);
  gtk_widget_class_bind_template_child (widget_class, SottoSourcePopover, open_button);
  gtk_widget_class_bind_template_callback (widget_class, on_open);
}

static void
sotto_source_popover_init (SottoSourcePopover *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
sotto_source_popover_new (const SottoSource *source)
{
  SottoSourcePopover *self = g_object_new (SOTTO_TYPE_SOURCE_POPOVER, NULL);
  GtkWidget *text = sotto_markdown_plain_new ();
  g_autofree char *title = sotto_source_dup_title (source);
  g_autofree char *found = sotto_source_dup_found (source);

  g_set_object (&self->file, source->file);
  gtk_label_set_label (self->title, title);
  gtk_label_set_label (self->found, found != NULL ? found : "");
  gtk_widget_set_visible (GTK_WIDGET (self->found), found != NULL);
  sotto_markdown_plain_set_text (text, source->text);
  gtk_scrolled_window_set_child (self->scroller, text);
  gtk_widget_set_visible (self->open_button, source->file != NULL);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);

  return GTK_WIDGET (self);
}

/* --- Marking --- */

/* The words have their places once they are laid out. */
static gboolean
on_frame (GtkWidget     *widget,
          GdkFrameClock *clock,
          gpointer       user_data)
{
  SottoSourcePopover *self = SOTTO_SOURCE_POPOVER (widget);
  GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment (self->scroller);
  double height = gtk_widget_get_height (GTK_WIDGET (self->scroller));
  SottoFoundPlace place;
  graphene_rect_t bounds;

  if (height <= 0)
    return G_SOURCE_CONTINUE;

  if (sotto_find_mark (GTK_WIDGET (self->scroller), user_data, 0, &place) > 0 &&
      sotto_found_place_get_bounds (&place, GTK_WIDGET (self->scroller), &bounds) &&
      (bounds.origin.y < 0 || bounds.origin.y + bounds.size.height > height))
    gtk_adjustment_set_value (adjustment, gtk_adjustment_get_value (adjustment) + bounds.origin.y - height * CONTEXT);

  return G_SOURCE_REMOVE;
}

void
sotto_source_popover_mark (SottoSourcePopover *self,
                           const char         *words)
{
  g_return_if_fail (SOTTO_IS_SOURCE_POPOVER (self));

  gtk_widget_add_tick_callback (GTK_WIDGET (self), on_frame, g_strdup (words), g_free);
}

/* --- Where it is named --- */

static void
on_idle (gpointer popover)
{
  if (gtk_widget_get_parent (popover) != NULL)
    gtk_widget_unparent (popover);
  g_object_unref (popover);
}

/* Not while GTK still closes it. */
static void
on_closed (GtkWidget *popover)
{
  g_idle_add_once (on_idle, g_object_ref (popover));
}

void
sotto_source_popover_present (GtkWidget          *parent,
                              const SottoSource  *source,
                              const GdkRectangle *place)
{
  GtkWidget *popover = sotto_source_popover_new (source);

  gtk_widget_set_parent (popover, parent);
  gtk_popover_set_pointing_to (GTK_POPOVER (popover), place);
  g_signal_connect (popover, "closed", G_CALLBACK (on_closed), NULL);
  gtk_popover_popup (GTK_POPOVER (popover));
}
