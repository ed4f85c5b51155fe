#include "conversation/reasoning-view.h"

#include <glib/gi18n.h>

#include "markdown/markdown-view.h"

struct _SottoReasoningView {
  GtkWidget parent_instance;

  /* Template Widgets */
  GtkWidget *button;
  GtkStack *sign;
  GtkImage *arrow;
  GtkWidget *spinner;
  GtkLabel *label;
  GtkRevealer *revealer;
  AdwBin *place;

  /* Owned */
  SottoMessage *message;

  gboolean is_chosen; /* a person has opened or closed it */
};

G_DEFINE_FINAL_TYPE (SottoReasoningView, sotto_reasoning_view, GTK_TYPE_WIDGET)

static char *
describe_time (GTimeSpan time)
{
  const int seconds = (int) MAX (1, (time + G_TIME_SPAN_SECOND / 2) / G_TIME_SPAN_SECOND);

  if (time == 0)
    /* Translators: what a model thought before it answered */
    return g_strdup (_("Thoughts"));
  if (seconds < 60)
    /* Translators: how long a model thought before it answered, in seconds */
    return g_strdup_printf (_("Thought for %d s"), seconds);
  /* Translators: how long a model thought before it answered, in minutes and seconds */
  return g_strdup_printf (_("Thought for %d min %d s"), seconds / 60, seconds % 60);
}

static void
update_text (SottoReasoningView *self)
{
  GtkWidget *text = adw_bin_get_child (self->place);

  if (!gtk_revealer_get_reveal_child (self->revealer))
    return;

  if (text == NULL)
    {
      text = sotto_markdown_view_new ();
      adw_bin_set_child (self->place, text);
    }
  sotto_markdown_view_set_text (SOTTO_MARKDOWN_VIEW (text), sotto_message_get_reasoning (self->message));
}

static void
set_open (SottoReasoningView *self,
          gboolean            is_open)
{
  gtk_revealer_set_reveal_child (self->revealer, is_open);
  gtk_image_set_from_icon_name (self->arrow, is_open ? "pan-down-symbolic" : "pan-end-symbolic");
  gtk_accessible_update_state (GTK_ACCESSIBLE (self->button), GTK_ACCESSIBLE_STATE_EXPANDED, is_open, -1);
  update_text (self);
}

static void
on_clicked (SottoReasoningView *self)
{
  self->is_chosen = TRUE;
  set_open (self, !gtk_revealer_get_reveal_child (self->revealer));
}

static void
update (SottoReasoningView *self)
{
  gboolean thinks = sotto_message_get_thinking (self->message);
  g_autofree char *words = thinks ? g_strdup (_("Thinking…"))
                                  : describe_time (sotto_message_get_thinking_time (self->message));

  gtk_label_set_label (self->label, words);
  gtk_stack_set_visible_child (self->sign, thinks ? self->spinner : GTK_WIDGET (self->arrow));
}

static void
on_thinking_changed (SottoReasoningView *self)
{
  gboolean thinks = sotto_message_get_thinking (self->message);

  update (self);
  if (!self->is_chosen)
    set_open (self, thinks);
  if (thinks)
    gtk_accessible_announce (GTK_ACCESSIBLE (self), _("Thinking…"), GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_LOW);
}

static void
sotto_reasoning_view_dispose (GObject *object)
{
  SottoReasoningView *self = SOTTO_REASONING_VIEW (object);
  GtkWidget *child;

  gtk_widget_dispose_template (GTK_WIDGET (self), SOTTO_TYPE_REASONING_VIEW);
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))) != NULL)
    gtk_widget_unparent (child);
  if (self->message != NULL)
    g_signal_handlers_disconnect_by_data (self->message, self);
  g_clear_object (&self->message);

  G_OBJECT_CLASS (sotto_reasoning_view_parent_class)->dispose (object);
}

static void
sotto_reasoning_view_class_init (SottoReasoningViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sotto_reasoning_view_dispose;

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/sotto_chat/Sotto/ui/conversation/reasoning-view.ui");
  gtk_widget_class_bind_template_child (widget_class, SottoReasoningView, button);
  gtk_widget_class_bind_template_child (widget_class, SottoReasoningView, sign);
  gtk_widget_class_bind_template_child (widget_class, SottoReasoningView, arrow);
  gtk_widget_class_bind_template_child (widget_class, SottoReasoningView, spinner);
  gtk_widget_class_bind_template_child (widget_class, SottoReasoningView, label);
  gtk_widget_class_bind_template_child (widget_class, SottoReasoningView, revealer);
  gtk_widget_class_bind_template_child (widget_class, SottoReasoningView, place);
  gtk_widget_class_bind_template_callback (widget_class, on_clicked);
  gtk_widget_class_set_css_name (widget_class, "reasoningview");
}

static void
sotto_reasoning_view_init (SottoReasoningView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_accessible_update_relation (GTK_ACCESSIBLE (self->button), GTK_ACCESSIBLE_RELATION_CONTROLS, self->place,
                                  NULL, -1);
}

GtkWidget *
sotto_reasoning_view_new (SottoMessage *message)
{
  SottoReasoningView *self = g_object_new (SOTTO_TYPE_REASONING_VIEW, NULL);

  self->message = g_object_ref (message);
  g_signal_connect_object (message, "notify::reasoning", G_CALLBACK (update_text), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (message, "notify::thinking", G_CALLBACK (on_thinking_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (message, "notify::thinking-time", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update (self);
  set_open (self, sotto_message_get_thinking (message));

  return GTK_WIDGET (self);
}
