#include "attachment/attachment-chip.h"

#include <glib/gi18n.h>

#include "attachment/attachment-dialog.h"

struct _SottoAttachmentChip {
  GtkBox parent_instance;

  /* Template Widgets */
  GtkWidget *open_button;
  GtkLabel *name;
  GtkLabel *length;
  GtkWidget *remove_button;

  /* Owned */
  SottoAttachment *attachment;
};

enum {
  REMOVED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SottoAttachmentChip, sotto_attachment_chip, GTK_TYPE_BOX)

static void
on_open (SottoAttachmentChip *self)
{
  sotto_attachment_dialog_present (GTK_WIDGET (self), self->attachment, NULL);
}

static void
on_remove (SottoAttachmentChip *self)
{
  g_signal_emit (self, signals[REMOVED], 0);
}

static gboolean
on_key_pressed (GtkEventControllerKey *controller,
                guint                  key,
                guint                  code,
                GdkModifierType        state,
                SottoAttachmentChip   *self)
{
  gboolean is_delete = key == GDK_KEY_Delete || key == GDK_KEY_KP_Delete || key == GDK_KEY_BackSpace;

  if (!is_delete || (state & gtk_accelerator_get_default_mod_mask ()) != 0 || !gtk_widget_get_visible (self->remove_button))
    return GDK_EVENT_PROPAGATE;

  on_remove (self);

  return GDK_EVENT_STOP;
}

static gboolean
sotto_attachment_chip_grab_focus (GtkWidget *widget)
{
  return gtk_widget_grab_focus (SOTTO_ATTACHMENT_CHIP (widget)->open_button);
}

static void
sotto_attachment_chip_dispose (GObject *object)
{
  SottoAttachmentChip *self = SOTTO_ATTACHMENT_CHIP (object);

  g_clear_object (&self->attachment);
  gtk_widget_dispose_template (GTK_WIDGET (self), SOTTO_TYPE_ATTACHMENT_CHIP);

  G_OBJECT_CLASS (sotto_attachment_chip_parent_class)->dispose (object);
}

static void
sotto_attachment_chip_class_init (SottoAttachmentChipClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sotto_attachment_chip_dispose;
  widget_class->grab_focus = sotto_attachment_chip_grab_focus;

  signals[REMOVED] = g_signal_new ("removed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 0);

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/sotto_chat/Sotto/ui/attachment/attachment-chip.ui");
  gtk_widget_class_bind_template_child (widget_class, SottoAttachmentChip, open_button);
  gtk_widget_class_bind_template_child (widget_class, SottoAttachmentChip, name);
  gtk_widget_class_bind_template_child (widget_class, SottoAttachmentChip, length);
  gtk_widget_class_bind_template_child (widget_class, SottoAttachmentChip, remove_button);
  gtk_widget_class_bind_template_callback (widget_class, on_open);
  gtk_widget_class_bind_template_callback (widget_class, on_remove);
  gtk_widget_class_bind_template_callback (widget_class, on_key_pressed);
}

static void
sotto_attachment_chip_init (SottoAttachmentChip *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
sotto_attachment_chip_new (SottoAttachment *attachment,
                           gboolean         can_be_removed)
{
  SottoAttachmentChip *self = g_object_new (SOTTO_TYPE_ATTACHMENT_CHIP, NULL);
  const char *name = sotto_attachment_get_name (attachment);
  g_autofree char *length = sotto_attachment_describe (attachment);
  /* Translators: an attached file: its name, and how long it is (“12 pages”, “3 kB”); read out by screen readers */
  g_autofree char *label = g_strdup_printf (_("%s, %s"), name, length);
  /* Translators: %s is the name of a file that is attached to a message */
  g_autofree char *removal = g_strdup_printf (_("Remove “%s”"), name);

  self->attachment = g_object_ref (attachment);
  gtk_label_set_label (self->name, name);
  gtk_label_set_label (self->length, length);
  gtk_widget_set_tooltip_text (self->open_button, name);
  gtk_widget_set_tooltip_text (self->remove_button, removal);
  gtk_widget_set_visible (self->remove_button, can_be_removed);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->open_button), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->remove_button), GTK_ACCESSIBLE_PROPERTY_LABEL, removal, -1);

  return GTK_WIDGET (self);
}

SottoAttachment *
sotto_attachment_chip_get_attachment (SottoAttachmentChip *self)
{
  g_return_val_if_fail (SOTTO_IS_ATTACHMENT_CHIP (self), NULL);

  return self->attachment;
}
