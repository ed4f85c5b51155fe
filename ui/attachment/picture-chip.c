#include "attachment/picture-chip.h"

#include <glib/gi18n.h>

#include "attachment/picture-actions.h"
#include "attachment/picture-frame.h"

/* Two lines of other chips; three across the narrowest window; what a message gives to one picture */
#define DRAFT_SIDE 64
#define TILE_SIDE 108
#define LARGE_WIDTH 320
#define LARGE_HEIGHT 240

struct _SottoPictureChip {
  AdwBin parent_instance;

  /* Template Widgets */
  GtkWidget *open_button;
  GtkWidget *remove_button;
  GMenuModel *menu;
  GtkWidget *popover;   /* NULL: it has not been asked for */

  /* Owned */
  SottoAttachment *attachment;
};

enum {
  OPENED,
  REMOVED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SottoPictureChip, sotto_picture_chip, ADW_TYPE_BIN)

/* --- Actions --- */

static void
open_picture (GtkWidget  *widget,
              const char *action,
              GVariant   *parameter)
{
  g_signal_emit (widget, signals[OPENED], 0);
}

static void
copy (GtkWidget  *widget,
      const char *action,
      GVariant   *parameter)
{
  sotto_picture_copy (widget, SOTTO_PICTURE_CHIP (widget)->attachment);
}

static void
save (GtkWidget  *widget,
      const char *action,
      GVariant   *parameter)
{
  sotto_picture_save (widget, SOTTO_PICTURE_CHIP (widget)->attachment);
}

static void
take_off (GtkWidget  *widget,
          const char *action,
          GVariant   *parameter)
{
  g_signal_emit (widget, signals[REMOVED], 0);
}

/* --- The menu --- */

static void
pop_up (SottoPictureChip *self,
        int               x,
        int               y)
{
  if (self->popover == NULL)
    {
      self->popover = gtk_popover_menu_new_from_model (self->menu);
      gtk_popover_set_has_arrow (GTK_POPOVER (self->popover), FALSE);
      gtk_widget_set_parent (self->popover, GTK_WIDGET (self));
    }
  gtk_popover_set_pointing_to (GTK_POPOVER (self->popover), &(GdkRectangle) { x, y, 1, 1 });
  gtk_popover_popup (GTK_POPOVER (self->popover));
}

static void
on_menu_pressed (GtkGestureClick  *gesture,
                 int               n_press,
                 double            x,
                 double            y,
                 SottoPictureChip *self)
{
  gtk_gesture_set_state (GTK_GESTURE (gesture), GTK_EVENT_SEQUENCE_CLAIMED);
  pop_up (self, (int) x, (int) y);
}

static void
on_long_press (GtkGestureLongPress *gesture,
               double               x,
               double               y,
               SottoPictureChip    *self)
{
  gtk_gesture_set_state (GTK_GESTURE (gesture), GTK_EVENT_SEQUENCE_CLAIMED);
  pop_up (self, (int) x, (int) y);
}

static void
show_menu (GtkWidget  *widget,
           const char *action,
           GVariant   *parameter)
{
  pop_up (SOTTO_PICTURE_CHIP (widget), gtk_widget_get_width (widget) / 2, gtk_widget_get_height (widget) / 2);
}

/* --- The widget --- */

static gboolean
on_key_pressed (GtkEventControllerKey *controller,
                guint                  key,
                guint                  code,
                GdkModifierType        state,
                SottoPictureChip      *self)
{
  gboolean is_delete = key == GDK_KEY_Delete || key == GDK_KEY_KP_Delete || key == GDK_KEY_BackSpace;

  if (!is_delete || (state & gtk_accelerator_get_default_mod_mask ()) != 0 || !gtk_widget_get_visible (self->remove_button))
    return GDK_EVENT_PROPAGATE;

  g_signal_emit (self, signals[REMOVED], 0);

  return GDK_EVENT_STOP;
}

static gboolean
sotto_picture_chip_grab_focus (GtkWidget *widget)
{
  return gtk_widget_grab_focus (SOTTO_PICTURE_CHIP (widget)->open_button);
}

static void
sotto_picture_chip_dispose (GObject *object)
{
  SottoPictureChip *self = SOTTO_PICTURE_CHIP (object);

  g_clear_object (&self->attachment);
  g_clear_pointer (&self->popover, gtk_widget_unparent);
  gtk_widget_dispose_template (GTK_WIDGET (self), SOTTO_TYPE_PICTURE_CHIP);

  G_OBJECT_CLASS (sotto_picture_chip_parent_class)->dispose (object);
}

static void
sotto_picture_chip_class_init (SottoPictureChipClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sotto_picture_chip_dispose;
  widget_class->grab_focus = sotto_picture_chip_grab_focus;

  signals[OPENED] = g_signal_new ("opened", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 0);
  signals[REMOVED] = g_signal_new ("removed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 0);

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/sotto_chat/Sotto/ui/attachment/picture-chip.ui");
  gtk_widget_class_bind_template_child (widget_class, SottoPictureChip, open_button);
  gtk_widget_class_bind_template_child (widget_class, SottoPictureChip, remove_button);
  gtk_widget_class_bind_template_child (widget_class, SottoPictureChip, menu);
  gtk_widget_class_bind_template_callback (widget_class, on_key_pressed);
  gtk_widget_class_bind_template_callback (widget_class, on_menu_pressed);
  gtk_widget_class_bind_template_callback (widget_class, on_long_press);
  gtk_widget_class_install_action (widget_class, "picture.open", NULL, open_picture);
  gtk_widget_class_install_action (widget_class, "picture.copy", NULL, copy);
  gtk_widget_class_install_action (widget_class, "picture.save", NULL, save);
  gtk_widget_class_install_action (widget_class, "picture.remove", NULL, take_off);
  gtk_widget_class_install_action (widget_class, "picture.menu", NULL, show_menu);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Menu, 0, "picture.menu", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_F10, GDK_SHIFT_MASK, "picture.menu", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_c, GDK_CONTROL_MASK, "picture.copy", NULL);
}

static void
sotto_picture_chip_init (SottoPictureChip *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
sotto_picture_chip_new (SottoAttachment  *attachment,
                        SottoPictureSize  size,
                        gboolean          can_be_removed)
{
  SottoPictureChip *self = g_object_new (SOTTO_TYPE_PICTURE_CHIP, NULL);
  const char *name = sotto_attachment_get_name (attachment);
  const int side = size == SOTTO_PICTURE_SIZE_DRAFT ? DRAFT_SIDE : TILE_SIDE;
  /* Translators: what a picture is called to those who do not see it; %s is the name of its file */
  g_autofree char *label = g_strdup_printf (_("Picture: %s"), name);
  /* Translators: %s is the name of a file that is attached to a message */
  g_autofree char *removal = g_strdup_printf (_("Remove “%s”"), name);

  self->attachment = g_object_ref (attachment);
  gtk_button_set_child (GTK_BUTTON (self->open_button),
                        size == SOTTO_PICTURE_SIZE_LARGE
                        ? sotto_picture_frame_new (attachment, LARGE_WIDTH, LARGE_HEIGHT, FALSE)
                        : sotto_picture_frame_new (attachment, side, side, TRUE));
  gtk_widget_set_tooltip_text (self->open_button, name);
  gtk_widget_set_tooltip_text (self->remove_button, removal);
  gtk_widget_set_visible (self->remove_button, can_be_removed);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "picture.remove", can_be_removed);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->open_button), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->remove_button), GTK_ACCESSIBLE_PROPERTY_LABEL, removal, -1);

  return GTK_WIDGET (self);
}

SottoAttachment *
sotto_picture_chip_get_attachment (SottoPictureChip *self)
{
  g_return_val_if_fail (SOTTO_IS_PICTURE_CHIP (self), NULL);

  return self->attachment;
}
