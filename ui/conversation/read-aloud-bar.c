#include "conversation/read-aloud-bar.h"

#include <glib/gi18n.h>

struct _SottoReadAloudBar {
  AdwBin parent_instance;

  /* Template Widgets */
  GtkRevealer *revealer;
  GtkLabel *label;
  GtkButton *pause_button;
};

G_DEFINE_FINAL_TYPE (SottoReadAloudBar, sotto_read_aloud_bar, ADW_TYPE_BIN)

static void
update (SottoReadAloudBar *self,
        GParamSpec        *pspec,
        SottoReadAloud    *reader)
{
  gboolean is_paused = sotto_read_aloud_is_paused (reader);
  /* Translators: what the button does with reading aloud */
  const char *name = is_paused ? _("Go On Reading") : _("Pause Reading");
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));
  GtkWidget *focus = root != NULL ? gtk_root_get_focus (root) : NULL;
  gboolean is_shown = sotto_read_aloud_get_message (reader) != NULL;

  /* What slides away keeps the words that it had. */
  if (is_shown)
    {
      /* Translators: of reading a reply aloud */
      gtk_label_set_label (self->label, is_paused ? C_("reading aloud", "Paused") : _("Reading aloud"));
      gtk_button_set_icon_name (self->pause_button, is_paused ? "media-playback-start-symbolic" : "media-playback-pause-symbolic");
      gtk_widget_set_tooltip_text (GTK_WIDGET (self->pause_button), name);
      gtk_accessible_update_property (GTK_ACCESSIBLE (self->pause_button), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
    }
  else if (focus != NULL && gtk_widget_is_ancestor (focus, GTK_WIDGET (self)))
    {
      gtk_widget_activate_action (GTK_WIDGET (self), "win.focus-composer", NULL);
    }
  gtk_revealer_set_reveal_child (self->revealer, is_shown);
  gtk_widget_set_can_target (GTK_WIDGET (self->revealer), is_shown);
}

void
sotto_read_aloud_bar_set_reader (SottoReadAloudBar *self,
                                 SottoReadAloud    *reader)
{
  g_return_if_fail (SOTTO_IS_READ_ALOUD_BAR (self));

  g_signal_connect_object (reader, "notify", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update (self, NULL, reader);
}

static void
sotto_read_aloud_bar_dispose (GObject *object)
{
  /* The template would let go of the child, which is bound, without the bin knowing. */
  adw_bin_set_child (ADW_BIN (object), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (object), SOTTO_TYPE_READ_ALOUD_BAR);
  G_OBJECT_CLASS (sotto_read_aloud_bar_parent_class)->dispose (object);
}

static void
sotto_read_aloud_bar_class_init (SottoReadAloudBarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sotto_read_aloud_bar_dispose;

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/sotto_chat/Sotto/ui/conversation/read-aloud-bar.ui");
  gtk_widget_class_bind_template_child (widget_class, SottoReadAloudBar, revealer);
  gtk_widget_class_bind_template_child (widget_class, SottoReadAloudBar, label);
  gtk_widget_class_bind_template_child (widget_class, SottoReadAloudBar, pause_button);
}

static void
sotto_read_aloud_bar_init (SottoReadAloudBar *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
