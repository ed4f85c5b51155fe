#include "composer/composer.h"

#include <glib/gi18n.h>
#include <gtksourceview/gtksource.h>

#include "attachment/attachments-view.h"
#include "attachment/document-tray.h"
#include "composer/answer-notice.h"
#include "composer/context-meter.h"
#include "composer/folder-picker.h"
#include "composer/model-picker.h"
#include "composer/paste.h"
#include "composer/picture-notice.h"
#include "composer/writing.h"

struct _SottoComposer {
  AdwBin parent_instance;

  /* Template Widgets */
  GtkSourceView *view;
  GtkSourceBuffer *buffer;
  GtkLabel *placeholder;
  SottoModelPicker *model_picker;
  SottoFolderPicker *folder_picker;
  GtkScrolledWindow *attachments_scroller;
  SottoAttachmentsView *attachments;
  SottoDocumentTray *tray;
  SottoPictureNotice *picture_notice;
  SottoAnswerNotice *answer_notice;
  GtkLabel *failure;
  SottoContextMeter *context_meter;
  GtkButton *button;

  /* Owned */
  SottoConversation *conversation;
  SottoModelEntry *model;   /* the conversation's */

  gboolean sending;     /* until what was written is safe on the disk */
  gboolean refilling;   /* the text comes from the draft, not from a person */
  gboolean pasting_text; /* what is pasted has been looked into, and is text */
};

enum {
  RECALL,
  SENT,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SottoComposer, sotto_composer, ADW_TYPE_BIN)

static char *
get_text (SottoComposer *self)
{
  GtkTextIter start, end;

  gtk_text_buffer_get_bounds (GTK_TEXT_BUFFER (self->buffer), &start, &end);

  return gtk_text_buffer_get_text (GTK_TEXT_BUFFER (self->buffer), &start, &end, FALSE);
}

static gboolean
is_blank (const char *text)
{
  for (; *text != '\0'; text = g_utf8_next_char (text))
    if (!g_unichar_isspace (g_utf8_get_char (text)))
      return FALSE;

  return TRUE;
}

/* --- What the bar says --- */

/* A question that names a file would go without it. */
static gboolean
is_reading (SottoComposer *self)
{
  return sotto_document_tray_is_reading (self->tray, self->conversation);
}

static gboolean
has_attachments (SottoComposer *self)
{
  return sotto_attachments_view_get_n (self->attachments) > 0;
}

/* Whether what is to be sent is nothing, which a base model takes for "go on". */
static gboolean
is_continuing (SottoComposer *self)
{
  return self->conversation != NULL && !self->sending && !is_reading (self) && !has_attachments (self) &&
         gtk_text_buffer_get_char_count (GTK_TEXT_BUFFER (self->buffer)) == 0 &&
         sotto_conversation_can_continue (self->conversation);
}

static void
update_button (SottoComposer *self)
{
  gboolean is_busy = self->conversation != NULL && sotto_conversation_is_busy (self->conversation);
  gboolean continues = is_continuing (self);
  g_autofree char *text = get_text (self);
  const char *icon = is_busy ? "media-playback-stop-symbolic" : continues ? "go-next-symbolic" : "go-up-symbolic";
  const char *tooltip = is_busy ? _("Stop (Escape)")
                        : is_reading (self) ? _("A File Is Still Being Read")
                        : continues ? _("Continue (Enter)") : _("Send (Enter)");
  const char *label = is_busy ? C_("button", "Stop") : continues ? C_("button", "Continue") : C_("button", "Send");

  gtk_button_set_icon_name (self->button, icon);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->button), tooltip);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->button), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  gtk_widget_set_sensitive (GTK_WIDGET (self->button),
                            self->conversation != NULL &&
                            (is_busy || continues ||
                             (!self->sending && !is_reading (self) && (!is_blank (text) || has_attachments (self)))));

  if (is_busy)
    gtk_widget_remove_css_class (GTK_WIDGET (self->button), "suggested-action");
  else
    gtk_widget_add_css_class (GTK_WIDGET (self->button), "suggested-action");
}

/* A base model answers nobody: who writes to it should know what will come. */
static void
update_placeholder (SottoComposer *self)
{
  SottoModelEntry *model = self->conversation != NULL ? sotto_conversation_get_model (self->conversation) : NULL;
  gboolean is_base = model != NULL && sotto_model_entry_is_base (model);
  gboolean has_begun = self->conversation != NULL && g_list_model_get_n_items (G_LIST_MODEL (self->conversation)) > 0;
  const char *text = !is_base ? _("Write a message…")
                     : has_begun ? _("Write on, or press Enter to continue…")
                     : _("This is a base model: it continues your text…");

  gtk_label_set_label (self->placeholder, text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->view), GTK_ACCESSIBLE_PROPERTY_PLACEHOLDER, text, -1);
}

static void
update_kind (SottoComposer *self)
{
  update_placeholder (self);
  update_button (self);
}

/* What kind of model it is may become known only when its file has been looked at. */
static void
on_model_changed (SottoComposer *self)
{
  SottoModelEntry *model = self->conversation != NULL ? sotto_conversation_get_model (self->conversation) : NULL;

  if (self->model != NULL)
    g_signal_handlers_disconnect_by_data (self->model, self);
  g_set_object (&self->model, model);
  if (model != NULL)
    {
      g_signal_connect_object (model, "notify::is-base", G_CALLBACK (update_kind), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (model, "notify::usable", G_CALLBACK (update_kind), self, G_CONNECT_SWAPPED);
    }
  update_kind (self);
}

static void
on_text_changed (SottoComposer *self)
{
  GtkTextBuffer *buffer = GTK_TEXT_BUFFER (self->buffer);

  gtk_widget_set_visible (GTK_WIDGET (self->placeholder), gtk_text_buffer_get_char_count (buffer) == 0);
  update_button (self);

  if (self->conversation != NULL && !self->refilling && !self->sending)
    {
      g_autofree char *text = get_text (self);

      sotto_conversation_set_draft (self->conversation, text);
    }
}

/* --- Sending --- */

static void
fill (SottoComposer *self,
      const char    *text)
{
  g_autofree char *shown = get_text (self);

  if (g_str_equal (shown, text))
    return;

  self->refilling = TRUE;
  gtk_text_buffer_set_text (GTK_TEXT_BUFFER (self->buffer), text, -1);
  self->refilling = FALSE;
}

static void
set_sending (SottoComposer *self,
             gboolean       sending)
{
  self->sending = sending;
  gtk_text_view_set_editable (GTK_TEXT_VIEW (self->view), !sending);
  gtk_widget_set_sensitive (GTK_WIDGET (self->attachments), !sending);
}

static void
on_sent (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  SottoConversation *conversation = SOTTO_CONVERSATION (source);
  g_autoptr (SottoComposer) self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean sent = sotto_conversation_send_finish (conversation, result, &error);

  set_sending (self, FALSE);
  if (conversation == self->conversation)
    {
      if (sent)
        {
          fill (self, sotto_conversation_get_draft (conversation));
          g_signal_emit (self, signals[SENT], 0);
        }
      else
        {
          g_autoptr (SottoProblem) problem = sotto_problem_new (error);

          /* What was written stays where it is, and why is there whole, whatever the width. */
          gtk_label_set_label (self->failure, sotto_problem_get_text (problem));
          gtk_widget_set_visible (GTK_WIDGET (self->failure), TRUE);
          gtk_accessible_announce (GTK_ACCESSIBLE (self), sotto_problem_get_text (problem),
                                   GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_HIGH);
        }
    }
  update_button (self);
}

static void
send (SottoComposer *self)
{
  g_autofree char *text = get_text (self);

  if (self->conversation == NULL || self->sending || sotto_conversation_is_busy (self->conversation) ||
      is_reading (self) || (is_blank (text) && !has_attachments (self) && !is_continuing (self)))
    return;

  if (is_continuing (self))
    {
      sotto_conversation_continue (self->conversation);
      g_signal_emit (self, signals[SENT], 0);
      return;
    }

  set_sending (self, TRUE);
  gtk_widget_set_visible (GTK_WIDGET (self->failure), FALSE);
  sotto_conversation_send_async (self->conversation, text, NULL, on_sent, g_object_ref (self));
  update_button (self);
}

static void
on_button_clicked (SottoComposer *self)
{
  if (sotto_conversation_is_busy (self->conversation))
    sotto_conversation_stop (self->conversation);
  else
    send (self);

  gtk_widget_grab_focus (GTK_WIDGET (self->view));
}

static gboolean
on_key_pressed (GtkEventControllerKey *controller,
                guint                  key,
                guint                  code,
                GdkModifierType        state,
                SottoComposer         *self)
{
  gboolean is_enter = key == GDK_KEY_Return || key == GDK_KEY_KP_Enter || key == GDK_KEY_ISO_Enter;

  if (is_enter && (state & GDK_SHIFT_MASK) == 0)
    {
      /* An input method that is composing has the first word: Enter accepts what it offers. */
      if (!gtk_text_view_im_context_filter_keypress (GTK_TEXT_VIEW (self->view),
                                                     gtk_event_controller_get_current_event (GTK_EVENT_CONTROLLER (controller))))
        send (self);
      return GDK_EVENT_STOP;
    }

  if (key == GDK_KEY_Up && (state & gtk_accelerator_get_default_mod_mask ()) == 0 &&
      gtk_text_buffer_get_char_count (GTK_TEXT_BUFFER (self->buffer)) == 0)
    {
      g_signal_emit (self, signals[RECALL], 0);
      return GDK_EVENT_STOP;
    }

  return GDK_EVENT_PROPAGATE;
}

/* --- Files --- */

static void
on_pasted (SottoComposer     *self,
           SottoConversation *conversation,
           const char        *name)
{
  /* Translators: %s is the name of a file */
  g_autofree char *words = g_strdup_printf (_("“%s” is attached"), name);

  if (conversation != self->conversation)
    return;

  gtk_widget_grab_focus (GTK_WIDGET (self->view));
  gtk_accessible_announce (GTK_ACCESSIBLE (self), words, GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_MEDIUM);
}

static void
on_document_read (SottoComposer     *self,
                  SottoDocument     *document,
                  SottoConversation *conversation,
                  SottoAttachment   *attachment)
{
  g_autoptr (GError) error = NULL;

  if (!sotto_conversation_attach (conversation, attachment, &error))
    {
      g_autoptr (SottoProblem) problem = sotto_problem_new (error);

      sotto_document_tray_refuse (self->tray, sotto_problem_get_text (problem));
      return;
    }
  on_pasted (self, conversation, sotto_document_get_name (document));
}

static void
on_document_refused (SottoComposer *self,
                     SottoDocument *document,
                     const GError  *error,
                     gboolean       may_be_model)
{
  g_autofree char *words = sotto_document_describe_error (document, error);

  /* The window may have gone meanwhile. */
  if (gtk_widget_get_root (GTK_WIDGET (self)) == NULL)
    return;

  gtk_widget_grab_focus (GTK_WIDGET (self->view));
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  if (may_be_model && (error->domain != SOTTO_DOCUMENT_ERROR ||
                       g_error_matches (error, SOTTO_DOCUMENT_ERROR, SOTTO_DOCUMENT_ERROR_FOREIGN)))
    sotto_model_picker_add_file (self->model_picker, sotto_document_get_file (document));
  else
    sotto_document_tray_refuse (self->tray, words);
}

static void
on_attachments_changed (SottoComposer *self)
{
  sotto_attachments_view_fit (self->attachments, self->attachments_scroller);
  update_button (self);
}

/* Text is the view's own to paste. */
static void
on_paste (SottoComposer *self)
{
  GdkClipboard *clipboard = gtk_widget_get_clipboard (GTK_WIDGET (self));

  if (self->pasting_text || self->conversation == NULL || self->sending ||
      !sotto_paste_has_more (gdk_clipboard_get_formats (clipboard)))
    return;

  g_signal_stop_emission_by_name (self->view, "paste-clipboard");
  sotto_document_tray_paste (self->tray, G_OBJECT (clipboard), self->conversation);
}

static void
on_text_pasted (SottoComposer *self)
{
  self->pasting_text = TRUE;
  g_signal_emit_by_name (self->view, "paste-clipboard");
  self->pasting_text = FALSE;
}

void
sotto_composer_take_drop (SottoComposer *self,
                          GdkDrop       *drop)
{
  g_return_if_fail (SOTTO_IS_COMPOSER (self));

  if (gtk_widget_get_mapped (GTK_WIDGET (self)) && self->conversation != NULL && !self->sending)
    sotto_document_tray_paste (self->tray, G_OBJECT (drop), self->conversation);
  else
    gdk_drop_finish (drop, 0);
}

static void
attach_file (GtkWidget  *widget,
             const char *action,
             GVariant   *parameter)
{
  SottoComposer *self = SOTTO_COMPOSER (widget);

  if (self->conversation != NULL)
    sotto_document_tray_choose (self->tray, self->conversation);
}

void
sotto_composer_attach_file (SottoComposer *self,
                            GFile         *file)
{
  g_return_if_fail (SOTTO_IS_COMPOSER (self));

  /* Where nobody can write, a text would go out of sight. */
  if (gtk_widget_get_mapped (GTK_WIDGET (self)) && self->conversation != NULL)
    sotto_document_tray_add (self->tray, file, self->conversation, TRUE);
  else
    sotto_model_picker_add_file (self->model_picker, file);
}

/* --- The conversation --- */

static void
on_draft_changed (SottoComposer *self)
{
  if (!self->sending)
    fill (self, sotto_conversation_get_draft (self->conversation));
}

void
sotto_composer_set_conversation (SottoComposer     *self,
                                 SottoConversation *conversation)
{
  g_return_if_fail (SOTTO_IS_COMPOSER (self));

  if (self->conversation == conversation)
    return;

  if (self->conversation != NULL)
    g_signal_handlers_disconnect_by_data (self->conversation, self);
  g_set_object (&self->conversation, conversation);
  gtk_widget_set_visible (GTK_WIDGET (self->failure), FALSE);
  sotto_attachments_view_set_conversation (self->attachments, conversation);
  sotto_document_tray_set_conversation (self->tray, conversation);
  sotto_picture_notice_set_conversation (self->picture_notice, conversation);
  sotto_answer_notice_set_conversation (self->answer_notice, conversation);
  sotto_context_meter_set_conversation (self->context_meter, conversation);
  sotto_model_picker_set_conversation (self->model_picker, conversation);
  sotto_folder_picker_set_conversation (self->folder_picker, conversation);

  if (conversation != NULL)
    {
      g_signal_connect_object (conversation, "notify::draft", G_CALLBACK (on_draft_changed), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (conversation, "notify::model", G_CALLBACK (on_model_changed), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (conversation, "notify::busy", G_CALLBACK (update_button), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (conversation, "notify::loaded", G_CALLBACK (update_button), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (conversation, "items-changed", G_CALLBACK (update_kind), self, G_CONNECT_SWAPPED);
      fill (self, sotto_conversation_get_draft (conversation));
    }

  on_model_changed (self);
  update_button (self);
}

void
sotto_composer_set_app (SottoComposer *self,
                        SottoApp      *app)
{
  sotto_model_picker_set_library (self->model_picker, sotto_app_get_models (app));
  sotto_picture_notice_set_library (self->picture_notice, sotto_app_get_models (app));
  sotto_folder_picker_set_folders (self->folder_picker, sotto_app_get_folders (app));
}

void
sotto_composer_suggest (SottoComposer *self,
                        const char    *text)
{
  g_return_if_fail (SOTTO_IS_COMPOSER (self));

  if (gtk_text_buffer_get_char_count (GTK_TEXT_BUFFER (self->buffer)) == 0)
    gtk_text_buffer_set_text (GTK_TEXT_BUFFER (self->buffer), text, -1);
  gtk_widget_grab_focus (GTK_WIDGET (self->view));
}

void
sotto_composer_choose_model (SottoComposer *self)
{
  g_return_if_fail (SOTTO_IS_COMPOSER (self));

  sotto_model_picker_open (self->model_picker);
}

void
sotto_composer_choose_folders (SottoComposer *self)
{
  g_return_if_fail (SOTTO_IS_COMPOSER (self));

  sotto_folder_picker_open (self->folder_picker);
}

void
sotto_composer_add_model (SottoComposer *self,
                          GFile         *file)
{
  g_return_if_fail (SOTTO_IS_COMPOSER (self));

  if (file != NULL)
    sotto_model_picker_add_file (self->model_picker, file);
  else
    gtk_widget_activate_action (GTK_WIDGET (self->model_picker), "picker.add-model", NULL);
}

void
sotto_composer_add_folder (SottoComposer *self)
{
  g_return_if_fail (SOTTO_IS_COMPOSER (self));

  gtk_widget_activate_action (GTK_WIDGET (self->model_picker), "picker.add-folder", NULL);
}

/* --- The widget --- */

static gboolean
sotto_composer_grab_focus (GtkWidget *widget)
{
  return gtk_widget_grab_focus (GTK_WIDGET (SOTTO_COMPOSER (widget)->view));
}

static void
sotto_composer_dispose (GObject *object)
{
  SottoComposer *self = SOTTO_COMPOSER (object);

  if (self->conversation != NULL)
    g_signal_handlers_disconnect_by_data (self->conversation, self);
  g_clear_object (&self->conversation);
  if (self->model != NULL)
    g_signal_handlers_disconnect_by_data (self->model, self);
  g_clear_object (&self->model);
  if (self->view != NULL)
    sotto_writing_end (self->view);
  gtk_widget_dispose_template (GTK_WIDGET (self), SOTTO_TYPE_COMPOSER);

  G_OBJECT_CLASS (sotto_composer_parent_class)->dispose (object);
}

static void
sotto_composer_class_init (SottoComposerClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sotto_composer_dispose;
  widget_class->grab_focus = sotto_composer_grab_focus;

  signals[SENT] = g_signal_new ("sent", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                G_TYPE_NONE, 0);
  signals[RECALL] = g_signal_new ("recall", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 0);

  g_type_ensure (SOTTO_TYPE_ATTACHMENTS_VIEW);
  g_type_ensure (SOTTO_TYPE_CONTEXT_METER);
  g_type_ensure (SOTTO_TYPE_DOCUMENT_TRAY);
  g_type_ensure (SOTTO_TYPE_FOLDER_PICKER);
  g_type_ensure (SOTTO_TYPE_MODEL_PICKER);
  g_type_ensure (SOTTO_TYPE_PICTURE_NOTICE);
  g_type_ensure (SOTTO_TYPE_ANSWER_NOTICE);
  g_type_ensure (GTK_SOURCE_TYPE_VIEW);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/sotto_chat/Sotto/ui/composer/composer.ui");
  gtk_widget_class_bind_template_child (widget_class, SottoComposer, view);
  gtk_widget_class_bind_template_child (widget_class, SottoComposer, buffer);
  gtk_widget_class_bind_template_child (widget_class, SottoComposer, placeholder);
  gtk_widget_class_bind_template_child (widget_class, SottoComposer, model_picker);
  gtk_widget_class_bind_template_child (widget_class, SottoComposer, folder_picker);
  gtk_widget_class_bind_template_child (widget_class, SottoComposer, attachments_scroller);
  gtk_widget_class_bind_template_child (widget_class, SottoComposer, attachments);
  gtk_widget_class_bind_template_child (widget_class, SottoComposer, tray);
  gtk_widget_class_bind_template_child (widget_class, SottoComposer, picture_notice);
  gtk_widget_class_bind_template_child (widget_class, SottoComposer, answer_notice);
  gtk_widget_class_bind_template_child (widget_class, SottoComposer, failure);
  gtk_widget_class_bind_template_child (widget_class, SottoComposer, context_meter);
  gtk_widget_class_bind_template_child (widget_class, SottoComposer, button);
  gtk_widget_class_install_action (widget_class, "composer.attach-file", NULL, attach_file);
  gtk_widget_class_bind_template_callback (widget_class, on_text_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_button_clicked);
  gtk_widget_class_bind_template_callback (widget_class, on_key_pressed);
  gtk_widget_class_bind_template_callback (widget_class, on_attachments_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_paste);
  gtk_widget_class_bind_template_callback (widget_class, on_pasted);
  gtk_widget_class_bind_template_callback (widget_class, on_text_pasted);
  gtk_widget_class_bind_template_callback (widget_class, on_document_read);
  gtk_widget_class_bind_template_callback (widget_class, on_document_refused);
  gtk_widget_class_bind_template_callback (widget_class, update_button);
}

static void
sotto_composer_init (SottoComposer *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  sotto_writing_begin (self->view);
  update_button (self);
}
