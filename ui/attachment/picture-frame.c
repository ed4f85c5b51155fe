#include "attachment/picture-frame.h"

#include <adwaita.h>

#include "attachment/picture-actions.h"

/* What is smaller is shown as it is, in the middle of this: one has to be able to hit it. */
#define MIN_SIDE 48

struct _SottoPictureFrame {
  GtkWidget parent_instance;

  GtkWidget *sign;            /* that it takes a while, or that it cannot be shown; NULL: it is there */

  /* Owned */
  SottoAttachment *attachment;
  GdkTexture *texture;
  GCancellable *cancellable;  /* while it is loaded */

  int width;
  int height;
  gboolean covers;
};

G_DEFINE_FINAL_TYPE (SottoPictureFrame, sotto_picture_frame, GTK_TYPE_WIDGET)

/* --- The picture --- */

static void
set_sign (SottoPictureFrame *self,
          GtkWidget         *sign)
{
  g_clear_pointer (&self->sign, gtk_widget_unparent);
  self->sign = sign;
  if (sign == NULL)
    return;

  gtk_widget_set_halign (sign, GTK_ALIGN_CENTER);
  gtk_widget_set_valign (sign, GTK_ALIGN_CENTER);
  gtk_widget_set_parent (sign, GTK_WIDGET (self));
}

static void
on_loaded (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (SottoPictureFrame) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoPixels) pixels = sotto_pixels_load_finish (SOTTO_ATTACHMENT (source), result, &error);

  if (self->attachment == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  g_clear_object (&self->cancellable);
  if (pixels == NULL)
    {
      set_sign (self, gtk_image_new_from_icon_name ("image-missing-symbolic"));
      return;
    }

  set_sign (self, NULL);
  g_clear_object (&self->texture);
  self->texture = sotto_picture_create_texture (pixels);
  gtk_widget_queue_resize (GTK_WIDGET (self));
}

static void
load (SottoPictureFrame *self)
{
  guint scale = (guint) gtk_widget_get_scale_factor (GTK_WIDGET (self));

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  self->cancellable = g_cancellable_new ();
  if (self->texture == NULL)
    set_sign (self, adw_spinner_new ());
  sotto_pixels_load_async (self->attachment, (guint) self->width * scale, (guint) self->height * scale, self->covers,
                           self->cancellable, on_loaded, g_object_ref (self));
}

/* What it takes when there is all the room it may have */
static void
get_shown (SottoPictureFrame *self,
           int               *width,
           int               *height)
{
  guint full_width, full_height;
  double scale;

  *width = self->width;
  *height = self->height;
  if (self->covers || !sotto_pixels_get_sides (self->attachment, &full_width, &full_height))
    return;

  scale = MIN ((double) self->width / full_width, (double) self->height / full_height);
  scale = MIN (scale, 1);
  *width = MAX ((int) (full_width * scale + 0.5), MIN_SIDE);
  *height = MAX ((int) (full_height * scale + 0.5), MIN_SIDE);
}

/* --- The widget --- */

static GtkSizeRequestMode
sotto_picture_frame_get_request_mode (GtkWidget *widget)
{
  return SOTTO_PICTURE_FRAME (widget)->covers ? GTK_SIZE_REQUEST_CONSTANT_SIZE : GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
sotto_picture_frame_measure (GtkWidget      *widget,
                             GtkOrientation  orientation,
                             int             for_size,
                             int            *minimum,
                             int            *natural,
                             int            *minimum_baseline,
                             int            *natural_baseline)
{
  SottoPictureFrame *self = SOTTO_PICTURE_FRAME (widget);
  int width, height;

  get_shown (self, &width, &height);
  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    {
      *natural = width;
      *minimum = self->covers ? width : MIN (width, MIN_SIDE);
    }
  else
    {
      *minimum = *natural = height;
      if (self->covers)
        return;

      /* The narrower it is, the lower; without a width, as low as it can become. */
      if (for_size < 0)
        *minimum = MAX (height * MIN (width, MIN_SIDE) / width, 1);
      else if (for_size < width)
        *minimum = *natural = MAX ((int) ((double) height * for_size / width + 0.5), 1);
    }
}

static void
sotto_picture_frame_size_allocate (GtkWidget *widget,
                                   int        width,
                                   int        height,
                                   int        baseline)
{
  SottoPictureFrame *self = SOTTO_PICTURE_FRAME (widget);
  GtkAllocation all = { 0, 0, width, height };
  int minimum;

  if (self->sign == NULL)
    return;

  gtk_widget_measure (self->sign, GTK_ORIENTATION_HORIZONTAL, -1, &minimum, NULL, NULL, NULL);
  gtk_widget_size_allocate (self->sign, &all, -1);
}

static void
sotto_picture_frame_snapshot (GtkWidget   *widget,
                              GtkSnapshot *snapshot)
{
  SottoPictureFrame *self = SOTTO_PICTURE_FRAME (widget);
  const float width = (float) gtk_widget_get_width (widget);
  const float height = (float) gtk_widget_get_height (widget);
  float across, down, scale;

  if (self->texture == NULL)
    {
      GTK_WIDGET_CLASS (sotto_picture_frame_parent_class)->snapshot (widget, snapshot);
      return;
    }

  across = width / (float) gdk_texture_get_width (self->texture);
  down = height / (float) gdk_texture_get_height (self->texture);
  scale = self->covers ? MAX (across, down) : MIN (across, down);
  if (!self->covers)
    scale = MIN (scale, 1);
  across = (float) gdk_texture_get_width (self->texture) * scale;
  down = (float) gdk_texture_get_height (self->texture) * scale;
  gtk_snapshot_append_scaled_texture (snapshot, self->texture, GSK_SCALING_FILTER_TRILINEAR,
                                      &GRAPHENE_RECT_INIT ((width - across) / 2, (height - down) / 2, across, down));
}

/* How large it is to be kept is known only on a window. */
static void
sotto_picture_frame_root (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (sotto_picture_frame_parent_class)->root (widget);

  load (SOTTO_PICTURE_FRAME (widget));
}

static void
sotto_picture_frame_dispose (GObject *object)
{
  SottoPictureFrame *self = SOTTO_PICTURE_FRAME (object);

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->texture);
  g_clear_object (&self->attachment);
  g_clear_pointer (&self->sign, gtk_widget_unparent);

  G_OBJECT_CLASS (sotto_picture_frame_parent_class)->dispose (object);
}

static void
sotto_picture_frame_class_init (SottoPictureFrameClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sotto_picture_frame_dispose;
  widget_class->get_request_mode = sotto_picture_frame_get_request_mode;
  widget_class->measure = sotto_picture_frame_measure;
  widget_class->size_allocate = sotto_picture_frame_size_allocate;
  widget_class->snapshot = sotto_picture_frame_snapshot;
  widget_class->root = sotto_picture_frame_root;

  gtk_widget_class_set_css_name (widget_class, "pictureframe");
  /* What it is called, whoever holds it says. */
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_PRESENTATION);
}

static void
sotto_picture_frame_init (SottoPictureFrame *self)
{
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
  g_signal_connect (self, "notify::scale-factor", G_CALLBACK (load), NULL);
}

GtkWidget *
sotto_picture_frame_new (SottoAttachment *attachment,
                         int              width,
                         int              height,
                         gboolean         covers)
{
  SottoPictureFrame *self;

  g_return_val_if_fail (sotto_attachment_is_picture (attachment), NULL);

  self = g_object_new (SOTTO_TYPE_PICTURE_FRAME, NULL);
  self->attachment = g_object_ref (attachment);
  self->width = width;
  self->height = height;
  self->covers = covers;

  return GTK_WIDGET (self);
}
