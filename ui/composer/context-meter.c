#include "composer/context-meter.h"

#include <glib/gi18n.h>

/* The part of the context from which on it is said that it is nearly full */
#define NARROW_FROM 0.75

struct _SottoContextMeter {
  GtkBox parent_instance;

  /* Template Widgets */
  GtkLabel *status;
  GtkLevelBar *bar;

  /* Owned */
  SottoConversation *conversation;
};

G_DEFINE_FINAL_TYPE (SottoContextMeter, sotto_context_meter, GTK_TYPE_BOX)

/* "Loading the model… 40 %", "Writing… 16 tokens per second"; how fast a finished reply came is in its details. What the
 * colour of the bar beside it says is said in words, too, before a reply is cut off. */
static void
update_status (SottoContextMeter *self)
{
  const char *text = self->conversation != NULL ? sotto_conversation_get_status_text (self->conversation) : "";
  guint used = self->conversation != NULL ? sotto_conversation_get_context_used (self->conversation) : 0;
  guint limit = self->conversation != NULL ? sotto_conversation_get_context_limit (self->conversation) : 0;

  /* Translators: beside a bar that shows how much of what the model can keep in mind is taken; keep it short */
  if (*text == '\0' && limit > 0 && used >= limit)
    text = _("Context full");
  /* Translators: beside the same bar */
  else if (*text == '\0' && limit > 0 && used >= limit * NARROW_FROM)
    text = _("Context nearly full");

  if (!g_str_equal (gtk_label_get_label (self->status), text))
    gtk_label_set_label (self->status, text);
}

static void
update_bar (SottoContextMeter *self)
{
  guint used = self->conversation != NULL ? sotto_conversation_get_context_used (self->conversation) : 0;
  guint limit = self->conversation != NULL ? sotto_conversation_get_context_limit (self->conversation) : 0;
  g_autofree char *used_text = sotto_number_describe (used);
  g_autofree char *limit_text = sotto_number_describe (limit);
  g_autofree char *tooltip = NULL;

  gtk_widget_set_visible (GTK_WIDGET (self->bar), limit > 0);
  update_status (self);
  if (limit == 0)
    return;

  gtk_level_bar_set_value (self->bar, MIN ((double) used / limit, 1));
  /* Translators: how much of what the model can keep in mind this conversation takes, and how much that is (the number
   * that the plural is for); a token is a piece of a word */
  tooltip = g_strdup_printf (ngettext ("%s of %s token of context used", "%s of %s tokens of context used", limit),
                             used_text, limit_text);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->bar), tooltip);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->bar), GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT, tooltip, -1);
}

void
sotto_context_meter_set_conversation (SottoContextMeter *self,
                                      SottoConversation *conversation)
{
  g_return_if_fail (SOTTO_IS_CONTEXT_METER (self));

  if (self->conversation != NULL)
    g_signal_handlers_disconnect_by_data (self->conversation, self);
  g_set_object (&self->conversation, conversation);
  if (conversation != NULL)
    {
      g_signal_connect_object (conversation, "notify::status-text", G_CALLBACK (update_status), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (conversation, "notify::context-used", G_CALLBACK (update_bar), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (conversation, "notify::context-limit", G_CALLBACK (update_bar), self, G_CONNECT_SWAPPED);
    }
  update_bar (self);
}

static void
sotto_context_meter_dispose (GObject *object)
{
  SottoContextMeter *self = SOTTO_CONTEXT_METER (object);

  if (self->conversation != NULL)
    g_signal_handlers_disconnect_by_data (self->conversation, self);
  g_clear_object (&self->conversation);
  gtk_widget_dispose_template (GTK_WIDGET (self), SOTTO_TYPE_CONTEXT_METER);

  G_OBJECT_CLASS (sotto_context_meter_parent_class)->dispose (object);
}

static void
sotto_context_meter_class_init (SottoContextMeterClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sotto_context_meter_dispose;

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/sotto_chat/Sotto/ui/composer/context-meter.ui");
  gtk_widget_class_bind_template_child (widget_class, SottoContextMeter, status);
  gtk_widget_class_bind_template_child (widget_class, SottoContextMeter, bar);
}

static void
sotto_context_meter_init (SottoContextMeter *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  /* A level bar's own levels say that full is good; here it is the other way round. */
  gtk_level_bar_remove_offset_value (self->bar, GTK_LEVEL_BAR_OFFSET_LOW);
  gtk_level_bar_remove_offset_value (self->bar, GTK_LEVEL_BAR_OFFSET_HIGH);
  gtk_level_bar_remove_offset_value (self->bar, GTK_LEVEL_BAR_OFFSET_FULL);
  gtk_level_bar_add_offset_value (self->bar, "roomy", NARROW_FROM);
  gtk_level_bar_add_offset_value (self->bar, "narrow", 1);
}
