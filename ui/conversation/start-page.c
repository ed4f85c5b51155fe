#include "conversation/start-page.h"

#include <glib/gi18n.h>

struct _SottoStartPage {
  AdwBin parent_instance;

  /* Template Widgets */
  AdwStatusPage *status;
  GtkBox *suggestions;
  GtkWidget *welcome;

  gboolean shows_base;      /* that of a base model */
  gboolean shows_temporary; /* and of a conversation that is not kept */
};

enum {
  SUGGESTED,
  ADD_MODEL,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SottoStartPage, sotto_start_page, ADW_TYPE_BIN)

static void
on_suggestion_clicked (SottoStartPage *self,
                       GtkButton      *button)
{
  g_signal_emit (self, signals[SUGGESTED], 0, gtk_button_get_label (button));
}

static void
add_suggestion (SottoStartPage *self,
                const char     *text)
{
  GtkWidget *button = gtk_button_new_with_label (text);
  GtkWidget *label = gtk_button_get_child (GTK_BUTTON (button));

  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_justify (GTK_LABEL (label), GTK_JUSTIFY_CENTER);
  gtk_widget_add_css_class (button, "suggestion");
  g_signal_connect_object (button, "clicked", G_CALLBACK (on_suggestion_clicked), self, G_CONNECT_SWAPPED);
  gtk_box_append (self->suggestions, button);
}

/* A base model is not asked anything: it is given a beginning. */
static void
update (SottoStartPage *self,
        gboolean        is_base,
        gboolean        is_temporary)
{
  const char *const questions[] = {
    /* Translators: things a person might ask a language model, as a beginning */
    _("Explain how a rainbow comes about"),
    _("Write a polite reply that declines an invitation"),
    _("Write a Python function that counts the words in a text"),
  };
  const char *const beginnings[] = {
    /* Translators: beginnings of texts that a language model goes on with */
    _("Once upon a time, in a village by the sea,"),
    _("The best thing about a rainy day is"),
    _("The three most important rules of gardening are:"),
  };
  GtkWidget *child = gtk_widget_get_first_child (GTK_WIDGET (self->suggestions));

  if (child != NULL && is_base == self->shows_base && is_temporary == self->shows_temporary)
    return;

  self->shows_base = is_base;
  self->shows_temporary = is_temporary;
  adw_status_page_set_icon_name (self->status, is_temporary ? "chat-temporary-symbolic" : NULL);
  adw_status_page_set_title (self->status, is_temporary ? _("Temporary Chat")
                                           : is_base ? _("How Does It Begin?") : _("What Is on Your Mind?"));
  if (is_temporary)
    adw_status_page_set_description (self->status,
      _("It is in memory only: Sotto writes nothing of it to the disk. It is gone when you delete it, lock Sotto or quit."));
  else
    adw_status_page_set_description (self->status, is_base
      ? _("This model goes on with your text. It was not taught to answer.")
      : _("The answer is made on this computer. Nothing leaves it."));
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->suggestions))) != NULL)
    gtk_box_remove (self->suggestions, child);
  for (guint i = 0; i < G_N_ELEMENTS (questions); i++)
    add_suggestion (self, is_base ? beginnings[i] : questions[i]);
}

void
sotto_start_page_show (SottoStartPage    *self,
                       SottoConversation *conversation,
                       gboolean           is_known)
{
  SottoModelEntry *model = conversation != NULL ? sotto_conversation_get_model (conversation) : NULL;

  g_return_if_fail (SOTTO_IS_START_PAGE (self));

  update (self, model != NULL && sotto_model_entry_is_base (model),
          conversation != NULL && sotto_conversation_is_temporary (conversation));
  gtk_widget_set_visible (self->welcome, !is_known);
}

static void
on_add_model (SottoStartPage *self)
{
  g_signal_emit (self, signals[ADD_MODEL], 0);
}

static void
sotto_start_page_dispose (GObject *object)
{
  /* The template would let go of the child, which is bound, without the bin knowing. */
  adw_bin_set_child (ADW_BIN (object), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (object), SOTTO_TYPE_START_PAGE);

  G_OBJECT_CLASS (sotto_start_page_parent_class)->dispose (object);
}

static void
sotto_start_page_class_init (SottoStartPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sotto_start_page_dispose;

  signals[SUGGESTED] = g_signal_new ("suggested", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                     G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[ADD_MODEL] = g_signal_new ("add-model", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                     G_TYPE_NONE, 0);

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/sotto_chat/Sotto/ui/conversation/start-page.ui");
  gtk_widget_class_bind_template_child (widget_class, SottoStartPage, status);
  gtk_widget_class_bind_template_child (widget_class, SottoStartPage, suggestions);
  gtk_widget_class_bind_template_child (widget_class, SottoStartPage, welcome);
  gtk_widget_class_bind_template_callback (widget_class, on_add_model);
}

static void
sotto_start_page_init (SottoStartPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  update (self, FALSE, FALSE);
}
