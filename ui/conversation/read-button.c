#include "conversation/read-button.h"

#include <glib/gi18n.h>

#include "conversation/find-marks.h"

struct _SottoReadButton {
  AdwBin parent_instance;

  GtkButton *button;

  /* Borrowed: as long as the row is there */
  SottoMessage *message;
  GtkWidget *body;

  gboolean is_marked;
};

G_DEFINE_FINAL_TYPE (SottoReadButton, sotto_read_button, ADW_TYPE_BIN)

static void
update (SottoReadButton *self,
        GParamSpec      *pspec,
        SottoReadAloud  *reader)
{
  gboolean is_read = sotto_read_aloud_get_message (reader) == self->message;
  const char *name = is_read ? _("Stop Reading") : _("Read Aloud");

  gtk_button_set_icon_name (self->button, is_read ? "media-playback-stop-symbolic" : "audio-speakers-symbolic");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->button), name);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->button), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
}

static void
on_sentence (SottoReadButton *self,
             const char      *words,
             guint            place,
             SottoReadAloud  *reader)
{
  gboolean is_read = words != NULL && *words != '\0' && sotto_read_aloud_get_message (reader) == self->message;

  if (!is_read && !self->is_marked)
    return;

  self->is_marked = is_read;
  sotto_find_mark_one (self->body, is_read ? words : NULL, place);
}

static void
sotto_read_button_class_init (SottoReadButtonClass *klass)
{
}

static void
sotto_read_button_init (SottoReadButton *self)
{
  self->button = GTK_BUTTON (gtk_button_new ());
  gtk_widget_add_css_class (GTK_WIDGET (self->button), "flat");
  adw_bin_set_child (ADW_BIN (self), GTK_WIDGET (self->button));
}

void
sotto_read_button_set (SottoReadButton *self,
                       SottoReadAloud  *reader,
                       SottoMessage    *message,
                       GtkWidget       *body)
{
  g_return_if_fail (SOTTO_IS_READ_BUTTON (self));

  self->message = message;
  self->body = body;
  gtk_actionable_set_action_target (GTK_ACTIONABLE (self->button), "s", sotto_message_get_id (message));
  gtk_actionable_set_action_name (GTK_ACTIONABLE (self->button), "win.read-message");
  g_signal_connect_object (reader, "notify::message", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (reader, "sentence", G_CALLBACK (on_sentence), self, G_CONNECT_SWAPPED);
  update (self, NULL, reader);
}
