#include "composer/picture-notice.h"

#include <glib/gi18n.h>

struct _SottoPictureNotice {
  AdwBin parent_instance;

  /* Template Widgets */
  GtkLabel *label;
  GtkWidget *choose_button;

  /* Owned */
  SottoModelLibrary *library;
  SottoConversation *conversation;
  GListModel *attachments;          /* of what is written in it */
  SottoModelEntry *model;           /* the conversation's */
};

G_DEFINE_FINAL_TYPE (SottoPictureNotice, sotto_picture_notice, ADW_TYPE_BIN)

static gboolean
has_picture (SottoPictureNotice *self)
{
  GListModel *messages = G_LIST_MODEL (self->conversation);

  for (guint i = 0; i < g_list_model_get_n_items (self->attachments); i++)
    {
      g_autoptr (SottoAttachment) attachment = g_list_model_get_item (self->attachments, i);

      if (sotto_attachment_is_picture (attachment))
        return TRUE;
    }
  for (guint i = g_list_model_get_n_items (messages); i-- > 0;)
    {
      g_autoptr (SottoMessage) message = g_list_model_get_item (messages, i);

      for (guint j = 0; j < sotto_message_get_n_attachments (message); j++)
        if (sotto_attachment_is_picture (sotto_message_get_attachment (message, j)))
          return TRUE;
    }

  return FALSE;
}

static gboolean
any_sees (SottoPictureNotice *self)
{
  for (guint i = 0; self->library != NULL && i < g_list_model_get_n_items (G_LIST_MODEL (self->library)); i++)
    {
      g_autoptr (SottoModelEntry) entry = g_list_model_get_item (G_LIST_MODEL (self->library), i);

      if (sotto_model_entry_sees (entry))
        return TRUE;
    }

  return FALSE;
}

static void
update (SottoPictureNotice *self)
{
  gboolean is_needed = self->conversation != NULL && self->model != NULL && !sotto_model_entry_sees (self->model) &&
                       has_picture (self);
  gboolean any = is_needed && any_sees (self);

  gtk_widget_set_visible (GTK_WIDGET (self), is_needed);
  if (!is_needed)
    return;

  gtk_widget_set_visible (self->choose_button, any);
  gtk_label_set_label (self->label,
                       any ? _("This model cannot see pictures.")
                       /* Translators: “mmproj” stands in the names of such files */
                       : _("This model cannot see pictures. A model that can has a second file beside it, with “mmproj” in its name."));
}

/* --- What it depends on --- */

static void
on_model_changed (SottoPictureNotice *self)
{
  SottoModelEntry *model = self->conversation != NULL ? sotto_conversation_get_model (self->conversation) : NULL;

  if (self->model != NULL)
    g_signal_handlers_disconnect_by_data (self->model, self);
  g_set_object (&self->model, model);
  if (model != NULL)
    g_signal_connect_object (model, "notify::sees", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update (self);
}

void
sotto_picture_notice_set_library (SottoPictureNotice *self,
                                  SottoModelLibrary  *library)
{
  g_return_if_fail (SOTTO_IS_PICTURE_NOTICE (self));

  g_set_object (&self->library, library);
  g_signal_connect_object (library, "items-changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  /* Another model may see by then. */
  g_signal_connect_object (library, "notify::looking", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
}

void
sotto_picture_notice_set_conversation (SottoPictureNotice *self,
                                       SottoConversation  *conversation)
{
  GListModel *attachments = conversation != NULL ? sotto_conversation_get_attachments (conversation) : NULL;

  g_return_if_fail (SOTTO_IS_PICTURE_NOTICE (self));

  if (self->conversation != NULL)
    g_signal_handlers_disconnect_by_data (self->conversation, self);
  if (self->attachments != NULL)
    g_signal_handlers_disconnect_by_data (self->attachments, self);
  g_set_object (&self->conversation, conversation);
  g_set_object (&self->attachments, attachments);
  if (conversation != NULL)
    {
      g_signal_connect_object (self->attachments, "items-changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (conversation, "items-changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (conversation, "notify::model", G_CALLBACK (on_model_changed), self, G_CONNECT_SWAPPED);
    }
  on_model_changed (self);
}

/* --- The widget --- */

static void
sotto_picture_notice_dispose (GObject *object)
{
  SottoPictureNotice *self = SOTTO_PICTURE_NOTICE (object);

  if (self->library != NULL)
    g_signal_handlers_disconnect_by_data (self->library, self);
  g_clear_object (&self->library);
  sotto_picture_notice_set_conversation (self, NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), SOTTO_TYPE_PICTURE_NOTICE);

  G_OBJECT_CLASS (sotto_picture_notice_parent_class)->dispose (object);
}

static void
sotto_picture_notice_class_init (SottoPictureNoticeClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sotto_picture_notice_dispose;

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/sotto_chat/Sotto/ui/composer/picture-notice.ui");
  gtk_widget_class_bind_template_child (widget_class, SottoPictureNotice, label);
  gtk_widget_class_bind_template_child (widget_class, SottoPictureNotice, choose_button);
}

static void
sotto_picture_notice_init (SottoPictureNotice *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
