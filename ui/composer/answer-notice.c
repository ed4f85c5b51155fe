#include "composer/answer-notice.h"

#include <glib/gi18n.h>

struct _SottoAnswerNotice {
  AdwBin parent_instance;

  /* Template Widgets */
  GtkLabel *label;

  /* Owned */
  SottoAnswerForm *form; /* the conversation's */
};

G_DEFINE_FINAL_TYPE (SottoAnswerNotice, sotto_answer_notice, ADW_TYPE_BIN)

static const char *
get_words (SottoAnswerNotice *self)
{
  if (sotto_answer_form_get_problem (self->form) != NULL)
    return _("Replies should follow a schema that they cannot follow.");

  return sotto_answer_form_get_format (self->form) == SOTTO_ANSWER_FORMAT_JSON ? _("Replies will be JSON.")
                                                                              : _("Replies will be JSON by a schema.");
}

static void
update (SottoAnswerNotice *self)
{
  gboolean is_needed = self->form != NULL && sotto_answer_form_get_format (self->form) != SOTTO_ANSWER_FORMAT_TEXT;

  gtk_widget_set_visible (GTK_WIDGET (self), is_needed);
  if (is_needed)
    gtk_label_set_label (self->label, get_words (self));
}

void
sotto_answer_notice_set_conversation (SottoAnswerNotice *self,
                                      SottoConversation *conversation)
{
  SottoAnswerForm *form = conversation != NULL ? sotto_conversation_get_answer_form (conversation) : NULL;

  g_return_if_fail (SOTTO_IS_ANSWER_NOTICE (self));

  if (self->form != NULL)
    g_signal_handlers_disconnect_by_data (self->form, self);
  g_set_object (&self->form, form);
  if (self->form != NULL)
    {
      g_signal_connect_object (self->form, "notify::format", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (self->form, "notify::problem", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
      sotto_answer_form_check (self->form);
    }
  update (self);
}

static void
sotto_answer_notice_dispose (GObject *object)
{
  SottoAnswerNotice *self = SOTTO_ANSWER_NOTICE (object);

  sotto_answer_notice_set_conversation (self, NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), SOTTO_TYPE_ANSWER_NOTICE);

  G_OBJECT_CLASS (sotto_answer_notice_parent_class)->dispose (object);
}

static void
sotto_answer_notice_class_init (SottoAnswerNoticeClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sotto_answer_notice_dispose;

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/sotto_chat/Sotto/ui/composer/answer-notice.ui");
  gtk_widget_class_bind_template_child (widget_class, SottoAnswerNotice, label);
}

static void
sotto_answer_notice_init (SottoAnswerNotice *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
