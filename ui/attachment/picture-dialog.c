#include "attachment/picture-dialog.h"

#include <glib/gi18n.h>

#include "attachment/picture-actions.h"

/* How much one step of the wheel or of a key is, and where it ends */
#define STEP 1.25
#define MAX_ZOOM 8

struct _SottoPictureDialog {
  AdwDialog parent_instance;

  /* Template Widgets */
  AdwWindowTitle *title;
  GtkWidget *steps;
  GtkButton *copy_button;
  GtkStack *stack;
  GtkScrolledWindow *scroller;
  GtkPicture *picture;

  /* Owned */
  GListModel *pictures;
  SottoAttachment *attachment;  /* that is shown */
  GCancellable *cancellable;

  guint position;
  double zoom;                  /* pixels to a pixel; 0: as fits */
  double center_x, center_y;    /* what is in the middle, of all */
  guint source;                 /* brings it there */
};

G_DEFINE_FINAL_TYPE (SottoPictureDialog, sotto_picture_dialog, ADW_TYPE_DIALOG)

/* --- Zoom --- */

static void
center (GtkAdjustment *adjustment,
        double         place)
{
  gtk_adjustment_set_value (adjustment, place * gtk_adjustment_get_upper (adjustment) - gtk_adjustment_get_page_size (adjustment) / 2);
}

/* What is in the middle stays there. */
static gboolean
on_idle (gpointer user_data)
{
  SottoPictureDialog *self = user_data;

  self->source = 0;
  center (gtk_scrolled_window_get_hadjustment (self->scroller), self->center_x);
  center (gtk_scrolled_window_get_vadjustment (self->scroller), self->center_y);

  return G_SOURCE_REMOVE;
}

/* Who tells the adjustments of a new extent sets their values behind that. */
static void
on_extent_changed (SottoPictureDialog *self)
{
  if (self->source == 0)
    self->source = g_idle_add_full (G_PRIORITY_HIGH_IDLE, on_idle, self, NULL);
}

static void
remember_center (SottoPictureDialog *self)
{
  GtkAdjustment *across = gtk_scrolled_window_get_hadjustment (self->scroller);
  GtkAdjustment *down = gtk_scrolled_window_get_vadjustment (self->scroller);

  self->center_x = (gtk_adjustment_get_value (across) + gtk_adjustment_get_page_size (across) / 2) / MAX (gtk_adjustment_get_upper (across), 1);
  self->center_y = (gtk_adjustment_get_value (down) + gtk_adjustment_get_page_size (down) / 2) / MAX (gtk_adjustment_get_upper (down), 1);
}

static double
get_fitting_zoom (SottoPictureDialog *self)
{
  GdkPaintable *paintable = gtk_picture_get_paintable (self->picture);
  double across, down;

  if (paintable == NULL)
    return 1;

  across = (double) gtk_widget_get_width (GTK_WIDGET (self->scroller)) / gdk_paintable_get_intrinsic_width (paintable);
  down = (double) gtk_widget_get_height (GTK_WIDGET (self->scroller)) / gdk_paintable_get_intrinsic_height (paintable);

  return MIN (MIN (across, down), 1);
}

/* @zoom: 0: as fits */
static void
set_zoom (SottoPictureDialog *self,
          double              zoom)
{
  GdkPaintable *paintable = gtk_picture_get_paintable (self->picture);
  gboolean fits = zoom <= get_fitting_zoom (self);

  if (paintable == NULL)
    return;

  if (self->zoom > 0)
    remember_center (self);
  else
    self->center_x = self->center_y = 0.5;
  self->zoom = fits ? 0 : MIN (zoom, MAX_ZOOM);
  gtk_picture_set_content_fit (self->picture, fits ? GTK_CONTENT_FIT_SCALE_DOWN : GTK_CONTENT_FIT_CONTAIN);
  gtk_widget_set_halign (GTK_WIDGET (self->picture), fits ? GTK_ALIGN_FILL : GTK_ALIGN_CENTER);
  gtk_widget_set_valign (GTK_WIDGET (self->picture), fits ? GTK_ALIGN_FILL : GTK_ALIGN_CENTER);
  gtk_widget_set_size_request (GTK_WIDGET (self->picture),
                               fits ? -1 : (int) (gdk_paintable_get_intrinsic_width (paintable) * self->zoom),
                               fits ? -1 : (int) (gdk_paintable_get_intrinsic_height (paintable) * self->zoom));
}

static void
change_zoom (GtkWidget  *widget,
             const char *action,
             GVariant   *parameter)
{
  SottoPictureDialog *self = SOTTO_PICTURE_DIALOG (widget);
  double zoom = self->zoom > 0 ? self->zoom : get_fitting_zoom (self);

  if (g_str_equal (action, "viewer.zoom-in"))
    set_zoom (self, zoom * STEP);
  else if (g_str_equal (action, "viewer.zoom-out"))
    set_zoom (self, zoom / STEP);
  else
    set_zoom (self, g_str_equal (action, "viewer.zoom-one") ? 1 : 0);
}

static gboolean
on_scroll (GtkEventControllerScroll *controller,
           double                    dx,
           double                    dy,
           SottoPictureDialog       *self)
{
  if ((gtk_event_controller_get_current_event_state (GTK_EVENT_CONTROLLER (controller)) & GDK_CONTROL_MASK) == 0)
    return GDK_EVENT_PROPAGATE;

  if (dy != 0)
    gtk_widget_activate_action (GTK_WIDGET (self), dy < 0 ? "viewer.zoom-in" : "viewer.zoom-out", NULL);

  return GDK_EVENT_STOP;
}

static void
on_pressed (GtkGestureClick    *gesture,
            int                 n_press,
            double              x,
            double              y,
            SottoPictureDialog *self)
{
  if (n_press == 2)
    set_zoom (self, self->zoom > 0 ? 0 : 1);
}

/* --- The picture --- */

static void
on_loaded (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (SottoPictureDialog) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoPixels) pixels = sotto_pixels_load_finish (SOTTO_ATTACHMENT (source), result, &error);
  g_autoptr (GdkTexture) texture = pixels != NULL ? sotto_picture_create_texture (pixels) : NULL;

  if (self->stack == NULL || self->attachment != SOTTO_ATTACHMENT (source) ||
      g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  gtk_picture_set_paintable (self->picture, GDK_PAINTABLE (texture));
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "viewer.copy", texture != NULL);
  gtk_stack_set_visible_child_name (self->stack, texture != NULL ? "picture" : "failed");
  if (texture != NULL)
    gtk_widget_grab_focus (GTK_WIDGET (self->scroller));
}

static void
update_title (SottoPictureDialog *self)
{
  const char *name = sotto_attachment_get_name (self->attachment);
  guint n = g_list_model_get_n_items (self->pictures);
  /* Translators: which picture of how many is shown */
  g_autofree char *place = n > 1 ? g_strdup_printf (_("%u of %u"), self->position + 1, n) : g_strdup ("");
  g_autofree char *label = g_strdup_printf (_("Picture: %s"), name);

  adw_window_title_set_title (self->title, name);
  adw_window_title_set_subtitle (self->title, place);
  adw_dialog_set_title (ADW_DIALOG (self), name);
  gtk_picture_set_alternative_text (self->picture, label);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->scroller), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  gtk_widget_set_visible (self->steps, n > 1);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "viewer.previous", self->position > 0);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "viewer.next", self->position + 1 < n);
}

static void
show_picture (SottoPictureDialog *self,
              guint               position)
{
  g_autoptr (SottoAttachment) attachment = g_list_model_get_item (self->pictures, position);

  set_zoom (self, 0);
  g_set_object (&self->attachment, attachment);
  self->position = position;
  update_title (self);
  gtk_stack_set_visible_child_name (self->stack, "loading");
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "viewer.copy", FALSE);
  gtk_button_set_icon_name (self->copy_button, "edit-copy-symbolic");
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  self->cancellable = g_cancellable_new ();
  sotto_pixels_load_async (attachment, 0, 0, FALSE, self->cancellable, on_loaded, g_object_ref (self));
}

/* --- Actions --- */

static void
step (GtkWidget  *widget,
      const char *action,
      GVariant   *parameter)
{
  SottoPictureDialog *self = SOTTO_PICTURE_DIALOG (widget);

  show_picture (self, g_str_equal (action, "viewer.next") ? self->position + 1 : self->position - 1);
  gtk_accessible_announce (GTK_ACCESSIBLE (self), sotto_attachment_get_name (self->attachment),
                           GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_MEDIUM);
}

/* An arrow leads to where it points, which is to what comes before in a script that goes to the left. */
static gboolean
on_key_pressed (GtkEventControllerKey *controller,
                guint                  key,
                guint                  code,
                GdkModifierType        state,
                SottoPictureDialog    *self)
{
  gboolean is_left = key == GDK_KEY_Left || key == GDK_KEY_KP_Left;
  gboolean is_right = key == GDK_KEY_Right || key == GDK_KEY_KP_Right;
  gboolean goes_left = gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL;

  if ((!is_left && !is_right) || (state & gtk_accelerator_get_default_mod_mask ()) != 0)
    return GDK_EVENT_PROPAGATE;

  gtk_widget_activate_action (GTK_WIDGET (self), is_left == goes_left ? "viewer.next" : "viewer.previous", NULL);

  return GDK_EVENT_STOP;
}

static void
copy (GtkWidget  *widget,
      const char *action,
      GVariant   *parameter)
{
  SottoPictureDialog *self = SOTTO_PICTURE_DIALOG (widget);

  sotto_picture_copy (widget, self->attachment);
  gtk_button_set_icon_name (self->copy_button, "object-select-symbolic");
}

static void
save (GtkWidget  *widget,
      const char *action,
      GVariant   *parameter)
{
  sotto_picture_save (widget, SOTTO_PICTURE_DIALOG (widget)->attachment);
}

/* --- The widget --- */

static void
sotto_picture_dialog_dispose (GObject *object)
{
  SottoPictureDialog *self = SOTTO_PICTURE_DIALOG (object);

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_handle_id (&self->source, g_source_remove);
  g_clear_object (&self->attachment);
  g_clear_object (&self->pictures);
  gtk_widget_dispose_template (GTK_WIDGET (self), SOTTO_TYPE_PICTURE_DIALOG);

  G_OBJECT_CLASS (sotto_picture_dialog_parent_class)->dispose (object);
}

static void
add_keys (GtkWidgetClass *widget_class)
{
  static const struct {
    guint key;
    const char *action;
  } keys[] = {
    { GDK_KEY_plus, "viewer.zoom-in" }, { GDK_KEY_equal, "viewer.zoom-in" }, { GDK_KEY_KP_Add, "viewer.zoom-in" },
    { GDK_KEY_minus, "viewer.zoom-out" }, { GDK_KEY_KP_Subtract, "viewer.zoom-out" },
    { GDK_KEY_0, "viewer.zoom-fit" }, { GDK_KEY_KP_0, "viewer.zoom-fit" },
    { GDK_KEY_1, "viewer.zoom-one" }, { GDK_KEY_KP_1, "viewer.zoom-one" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      gtk_widget_class_add_binding_action (widget_class, keys[i].key, 0, keys[i].action, NULL);
      gtk_widget_class_add_binding_action (widget_class, keys[i].key, GDK_CONTROL_MASK, keys[i].action, NULL);
    }
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_c, GDK_CONTROL_MASK, "viewer.copy", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_s, GDK_CONTROL_MASK, "viewer.save", NULL);
}

static void
sotto_picture_dialog_class_init (SottoPictureDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sotto_picture_dialog_dispose;

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/sotto_chat/Sotto/ui/attachment/picture-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, SottoPictureDialog, title);
  gtk_widget_class_bind_template_child (widget_class, SottoPictureDialog, steps);
  gtk_widget_class_bind_template_child (widget_class, SottoPictureDialog, copy_button);
  gtk_widget_class_bind_template_child (widget_class, SottoPictureDialog, stack);
  gtk_widget_class_bind_template_child (widget_class, SottoPictureDialog, scroller);
  gtk_widget_class_bind_template_child (widget_class, SottoPictureDialog, picture);
  gtk_widget_class_bind_template_callback (widget_class, on_key_pressed);
  gtk_widget_class_bind_template_callback (widget_class, on_scroll);
  gtk_widget_class_bind_template_callback (widget_class, on_pressed);
  gtk_widget_class_install_action (widget_class, "viewer.zoom-in", NULL, change_zoom);
  gtk_widget_class_install_action (widget_class, "viewer.zoom-out", NULL, change_zoom);
  gtk_widget_class_install_action (widget_class, "viewer.zoom-fit", NULL, change_zoom);
  gtk_widget_class_install_action (widget_class, "viewer.zoom-one", NULL, change_zoom);
  gtk_widget_class_install_action (widget_class, "viewer.previous", NULL, step);
  gtk_widget_class_install_action (widget_class, "viewer.next", NULL, step);
  gtk_widget_class_install_action (widget_class, "viewer.copy", NULL, copy);
  gtk_widget_class_install_action (widget_class, "viewer.save", NULL, save);
  add_keys (widget_class);
}

static void
sotto_picture_dialog_init (SottoPictureDialog *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->center_x = self->center_y = 0.5;
  g_signal_connect_object (gtk_scrolled_window_get_hadjustment (self->scroller), "changed", G_CALLBACK (on_extent_changed), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (gtk_scrolled_window_get_vadjustment (self->scroller), "changed", G_CALLBACK (on_extent_changed), self,
                           G_CONNECT_SWAPPED);
}

void
sotto_picture_dialog_present (GtkWidget  *parent,
                              GListModel *pictures,
                              guint       position)
{
  SottoPictureDialog *self;

  g_return_if_fail (position < g_list_model_get_n_items (pictures));

  self = g_object_new (SOTTO_TYPE_PICTURE_DIALOG, NULL);
  self->pictures = g_object_ref (pictures);
  show_picture (self, position);
  adw_dialog_present (ADW_DIALOG (self), parent);
}
