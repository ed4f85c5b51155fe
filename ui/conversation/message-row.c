#include "conversation/message-row.h"

#include <glib/gi18n.h>

#include "attachment/attachments-view.h"
#include "conversation/read-button.h"
#include "conversation/reasoning-view.h"
#include "conversation/receipt-dialog.h"
#include "conversation/reply-body.h"
#include "conversation/source-popover.h"
#include "conversation/sources-text.h"
#include "conversation/sources-view.h"
#include "conversation/version-switch.h"
#include "markdown/markdown-plain.h"

struct _SottoMessageRow {
  GtkWidget parent_instance;

  /* Template Widgets */
  GtkBox *box;
  AdwBin *reasoning;
  SottoAttachmentsView *attachments;
  AdwBin *body;
  AdwBin *sources;
  GtkWidget *editor;
  GtkTextView *editor_view;
  GtkWidget *notice;
  GtkLabel *notice_label;
  GtkWidget *continue_button;
  GtkWidget *retry_button;
  GtkWidget *actions;
  GtkWidget *versions;
  GtkWidget *previous_button;
  GtkLabel *version_label;
  GtkWidget *next_button;
  GtkWidget *copy_button;
  SottoReadButton *read_button;
  GtkWidget *edit_button;
  GtkWidget *regenerate_button;
  GtkWidget *branch_button;
  GtkWidget *details_button;

  /* Owned */
  SottoConversation *conversation;
  SottoMessage *message;

  GtkWidget *came_from; /* (weak): had the focus when the editor was opened */
};

G_DEFINE_FINAL_TYPE (SottoMessageRow, sotto_message_row, GTK_TYPE_WIDGET)

/* --- What is shown --- */

static gboolean
is_reply (SottoMessageRow *self)
{
  return sotto_message_get_role (self->message) == SOTTO_ROLE_ASSISTANT;
}

static GtkWidget *
create_body (SottoMessageRow *self)
{
  GtkWidget *plain;

  if (is_reply (self))
    return sotto_reply_body_new (self->message);

  plain = sotto_markdown_plain_new ();
  gtk_widget_add_css_class (plain, "bubble");
  gtk_widget_set_halign (GTK_WIDGET (self->actions), GTK_ALIGN_END);
  gtk_widget_set_halign (self->notice, GTK_ALIGN_END);

  return plain;
}

/* A reply may be all reasoning, and a prompt all files. */
static void
update_body (SottoMessageRow *self)
{
  gboolean is_edited = gtk_widget_get_visible (self->editor);
  gboolean has_other = gtk_widget_get_visible (GTK_WIDGET (self->reasoning)) ||
                       sotto_message_get_n_attachments (self->message) > 0;

  gtk_widget_set_visible (GTK_WIDGET (self->body),
                          !is_edited && (!has_other || sotto_message_get_length (self->message) > 0 ||
                                         sotto_message_get_n_calls (self->message) > 0));
}

static void
update_text (SottoMessageRow *self)
{
  const char *text = sotto_message_get_text (self->message);
  GtkWidget *body = adw_bin_get_child (self->body);

  if (is_reply (self))
    {
      sotto_reply_body_update (SOTTO_REPLY_BODY (body));
    }
  else
    {
      sotto_markdown_plain_set_text (body, text);
      gtk_widget_set_halign (body, sotto_markdown_plain_is_view (body) ? GTK_ALIGN_FILL : GTK_ALIGN_END);
    }
  update_body (self);
}

static void
update_reasoning (SottoMessageRow *self)
{
  if (*sotto_message_get_reasoning (self->message) == '\0' || adw_bin_get_child (self->reasoning) != NULL)
    return;

  adw_bin_set_child (self->reasoning, sotto_reasoning_view_new (self->message));
  gtk_widget_set_visible (GTK_WIDGET (self->reasoning), TRUE);
  update_body (self);
}

/* What it was given stands under a reply, and not where it was asked for: there it is between the two. */
static void
update_sources (SottoMessageRow *self)
{
  guint n = is_reply (self) ? sotto_message_get_n_sources (self->message) : 0;

  if (is_reply (self))
    {
      g_auto (GStrv) titles = sotto_sources_list_titles (self->message);

      sotto_reply_body_set_sources (SOTTO_REPLY_BODY (adw_bin_get_child (self->body)), (const char *const *) titles);
    }
  adw_bin_set_child (self->sources, n > 0 ? sotto_sources_view_new (self->message) : NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->sources), n > 0);
}

/* A message of the person's at the end to which no reply could be begun, or that came just before the end. */
static gboolean
is_unanswered (SottoMessageRow *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->conversation));
  g_autoptr (SottoMessage) last = n > 0 ? g_list_model_get_item (G_LIST_MODEL (self->conversation), n - 1) : NULL;

  return !is_reply (self) && last == self->message && !sotto_conversation_is_busy (self->conversation);
}

/* A reply that was cut off in the midst of its JSON; what went wrong is said otherwise. */
static gboolean
is_unfinished_json (SottoMessageRow *self)
{
  SottoMessageStatus status = sotto_message_get_status (self->message);

  return sotto_message_is_json (self->message) && sotto_message_get_length (self->message) > 0 &&
         (status == SOTTO_MESSAGE_STATUS_STOPPED || status == SOTTO_MESSAGE_STATUS_INTERRUPTED ||
          status == SOTTO_MESSAGE_STATUS_LIMITED ||
          (status == SOTTO_MESSAGE_STATUS_COMPLETE && sotto_message_is_at_length (self->message)));
}

/* What is to be said of a reply that did not end by itself. */
static const char *
get_notice (SottoMessageRow *self)
{
  SottoMessageStatus status = sotto_message_get_status (self->message);
  SottoProblem *problem = sotto_message_get_problem (self->message);

  /* Translators: of a message that a person wrote */
  if (is_unanswered (self))
    return C_("message", "Not answered");
  if (is_unfinished_json (self))
    return _("Unfinished: closed where it was cut off, so that it is JSON nevertheless");
  /* The banner says what can be done about it. */
  if (problem != NULL && status != SOTTO_MESSAGE_STATUS_LIMITED)
    return sotto_problem_get_text (problem);

  switch (status)
    {
    case SOTTO_MESSAGE_STATUS_STOPPED:
      return C_("reply", "Stopped");
    case SOTTO_MESSAGE_STATUS_INTERRUPTED:
      return _("Cut off when Sotto ended unexpectedly");
    case SOTTO_MESSAGE_STATUS_LIMITED:
      return _("Cut off: the conversation has become too long for this model");
    case SOTTO_MESSAGE_STATUS_FAILED:
      return _("This reply could not be finished");
    case SOTTO_MESSAGE_STATUS_COMPLETE:
      /* Further up it is what was said. */
      return sotto_conversation_can_continue_reply (self->conversation, self->message)
             ? _("Cut off: the reply is as long as the preferences allow") : NULL;
    case SOTTO_MESSAGE_STATUS_WAITING:
    case SOTTO_MESSAGE_STATUS_STREAMING:
    default:
      return NULL;
    }
}

static void
update (SottoMessageRow *self)
{
  SottoMessageStatus status = sotto_message_get_status (self->message);
  gboolean runs = status == SOTTO_MESSAGE_STATUS_WAITING || status == SOTTO_MESSAGE_STATUS_STREAMING;
  gboolean is_busy = sotto_conversation_is_busy (self->conversation);
  gboolean is_edited = gtk_widget_get_visible (self->editor);
  guint version = sotto_message_get_version (self->message);
  guint n_versions = sotto_message_get_n_versions (self->message);
  const char *notice = get_notice (self);
  g_autofree char *versions = g_strdup_printf ("%u/%u", version, n_versions);

  gtk_widget_set_visible (self->notice, notice != NULL);
  /* What can be done stands behind the words; in what stands out, at its end. */
  gtk_widget_set_hexpand (GTK_WIDGET (self->notice_label), status == SOTTO_MESSAGE_STATUS_FAILED);
  /* Only what went wrong stands out; that a person stopped a reply, they know. */
  if (status == SOTTO_MESSAGE_STATUS_FAILED)
    gtk_widget_add_css_class (self->notice, "failed");
  else
    gtk_widget_remove_css_class (self->notice, "failed");
  gtk_widget_set_visible (self->retry_button, (status == SOTTO_MESSAGE_STATUS_FAILED && !is_busy) || is_unanswered (self));
  gtk_widget_set_visible (self->continue_button, sotto_conversation_can_continue_reply (self->conversation, self->message));
  if (notice != NULL)
    gtk_label_set_label (self->notice_label, notice);

  /* A reply that runs keeps the room of its buttons, so that nothing jumps when it ends. */
  gtk_widget_set_visible (self->actions, !is_edited);
  gtk_widget_set_opacity (self->actions, runs ? 0 : 1);
  gtk_widget_set_sensitive (self->actions, !runs);
  gtk_widget_set_visible (self->versions, n_versions > 1);
  gtk_label_set_label (self->version_label, versions);
  gtk_widget_set_visible (GTK_WIDGET (self->read_button), is_reply (self) && sotto_message_get_length (self->message) > 0);
  gtk_widget_set_visible (self->edit_button, !is_reply (self));
  gtk_widget_set_visible (self->regenerate_button, is_reply (self));
  gtk_widget_set_visible (self->details_button, is_reply (self) && sotto_message_get_receipt (self->message) != NULL);

  gtk_widget_action_set_enabled (GTK_WIDGET (self), "message.edit", !is_busy);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "message.regenerate", !is_busy);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "message.delete", !is_busy);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "message.previous-version", !is_busy && version > 1);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "message.next-version", !is_busy && version < n_versions);
}

/* --- Actions --- */

/* What was written; where nothing was, what stands there instead. Numbers without what they stand for would say nothing elsewhere;
 * beside JSON they would make it none. */
static void
copy (GtkWidget  *widget,
      const char *action,
      GVariant   *parameter)
{
  SottoMessageRow *self = SOTTO_MESSAGE_ROW (widget);
  g_autofree char *names = sotto_attachments_list_names (self->message);
  g_autofree char *json = sotto_message_dup_json (self->message);
  g_autofree char *sources = is_reply (self) && json == NULL ? sotto_sources_describe (self->message, TRUE) : NULL;
  const char *written = sotto_message_get_length (self->message) > 0 ? sotto_message_get_text (self->message) : names;
  g_autofree char *text = g_strconcat (json != NULL ? json : written,
                                       sources != NULL ? "\n\n" : NULL, sources, NULL);

  gdk_clipboard_set_text (gtk_widget_get_clipboard (widget), text);
  gtk_accessible_announce (GTK_ACCESSIBLE (self), _("Copied"), GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_MEDIUM);
  gtk_button_set_icon_name (GTK_BUTTON (self->copy_button), "object-select-symbolic");
}

static void
regenerate (GtkWidget  *widget,
            const char *action,
            GVariant   *parameter)
{
  SottoMessageRow *self = SOTTO_MESSAGE_ROW (widget);

  sotto_conversation_regenerate (self->conversation, self->message);
}

static void
switch_version (GtkWidget  *widget,
                const char *action,
                GVariant   *parameter)
{
  SottoMessageRow *self = SOTTO_MESSAGE_ROW (widget);

  sotto_version_switch (self, self->conversation, g_str_equal (action, "message.next-version") ? 1 : -1);
}

gboolean
sotto_message_row_focus_version (SottoMessageRow *self,
                                 int              step)
{
  GtkWidget *first = step > 0 ? self->next_button : self->previous_button;
  GtkWidget *other = step > 0 ? self->previous_button : self->next_button;

  g_return_val_if_fail (SOTTO_IS_MESSAGE_ROW (self), FALSE);

  return gtk_widget_grab_focus (first) || gtk_widget_grab_focus (other);
}

static void
show_details (GtkWidget  *widget,
              const char *action,
              GVariant   *parameter)
{
  sotto_receipt_dialog_present (widget, SOTTO_MESSAGE_ROW (widget)->message);
}

/* @parameter: its number, and where that stands in the window */
static void
show_source (GtkWidget  *widget,
             const char *action,
             GVariant   *parameter)
{
  SottoMessageRow *self = SOTTO_MESSAGE_ROW (widget);
  GdkRectangle place;
  graphene_point_t corner;
  guint number;

  g_variant_get (parameter, "(uiiii)", &number, &place.x, &place.y, &place.width, &place.height);
  if (number == 0 || number > sotto_message_get_n_sources (self->message) ||
      !gtk_widget_compute_point (GTK_WIDGET (gtk_widget_get_root (widget)), widget,
                                 &GRAPHENE_POINT_INIT ((float) place.x, (float) place.y), &corner))
    return;

  place.x = (int) corner.x;
  place.y = (int) corner.y;
  sotto_source_popover_present (widget, sotto_message_get_source (self->message, number - 1), &place);
}

void
sotto_message_row_show_source (SottoMessageRow *self,
                               guint            position,
                               const char      *words)
{
  GtkWidget *sources;

  g_return_if_fail (SOTTO_IS_MESSAGE_ROW (self));

  sources = adw_bin_get_child (self->sources);
  if (sources != NULL)
    sotto_sources_view_show (SOTTO_SOURCES_VIEW (sources), position, words);
}

/* The window says so, and has the way back. */
static void
delete (GtkWidget  *widget,
        const char *action,
        GVariant   *parameter)
{
  gtk_widget_activate_action (widget, "win.delete-message", "s",
                              sotto_message_get_id (SOTTO_MESSAGE_ROW (widget)->message));
}

static void
go_on (SottoMessageRow *self)
{
  sotto_conversation_continue_reply (self->conversation, self->message);
}

static void
retry (SottoMessageRow *self)
{
  sotto_conversation_retry (self->conversation);
}

/* --- Editing --- */

void
sotto_message_row_edit (SottoMessageRow *self)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (self->editor_view);

  g_return_if_fail (SOTTO_IS_MESSAGE_ROW (self));

  if (is_reply (self) || sotto_conversation_is_busy (self->conversation))
    return;

  g_set_weak_pointer (&self->came_from, gtk_root_get_focus (gtk_widget_get_root (GTK_WIDGET (self))));
  gtk_text_buffer_set_text (buffer, sotto_message_get_text (self->message), -1);
  gtk_widget_set_visible (GTK_WIDGET (self->body), FALSE);
  gtk_widget_set_visible (self->editor, TRUE);
  update (self);
  gtk_widget_grab_focus (GTK_WIDGET (self->editor_view));
}

static void
end_edit (SottoMessageRow *self)
{
  gtk_widget_set_visible (self->editor, FALSE);
  update_body (self);
  update (self);
  if (self->came_from == NULL || !gtk_widget_get_mapped (self->came_from) || !gtk_widget_grab_focus (self->came_from))
    gtk_widget_grab_focus (self->edit_button);
  g_clear_weak_pointer (&self->came_from);
}

static void
edit (GtkWidget  *widget,
      const char *action,
      GVariant   *parameter)
{
  sotto_message_row_edit (SOTTO_MESSAGE_ROW (widget));
}

static void
on_resent (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (SottoMessageRow) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!sotto_conversation_send_finish (SOTTO_CONVERSATION (source), result, &error))
    {
      g_autoptr (SottoProblem) problem = sotto_problem_new (error);

      /* The editor stays open with what was written in it. */
      gtk_label_set_label (self->notice_label, sotto_problem_get_text (problem));
      gtk_widget_set_visible (self->notice, TRUE);
      return;
    }

  if (self->editor != NULL)
    end_edit (self);
}

static void
resend (SottoMessageRow *self)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (self->editor_view);
  g_autofree char *text = NULL;
  GtkTextIter start, end;

  gtk_text_buffer_get_bounds (buffer, &start, &end);
  text = gtk_text_buffer_get_text (buffer, &start, &end, FALSE);
  sotto_conversation_edit_and_resend_async (self->conversation, self->message, text, NULL,
                                            on_resent, g_object_ref (self));
}

static gboolean
on_editor_key_pressed (GtkEventControllerKey *controller,
                       guint                  key,
                       guint                  code,
                       GdkModifierType        state,
                       SottoMessageRow       *self)
{
  gboolean is_enter = key == GDK_KEY_Return || key == GDK_KEY_KP_Enter || key == GDK_KEY_ISO_Enter;

  if (key != GDK_KEY_Escape && (!is_enter || (state & GDK_SHIFT_MASK) != 0))
    return GDK_EVENT_PROPAGATE;

  /* An input method that is composing has the first word: it accepts or drops what it offers. */
  if (gtk_text_view_im_context_filter_keypress (self->editor_view,
                                                gtk_event_controller_get_current_event (GTK_EVENT_CONTROLLER (controller))))
    return GDK_EVENT_STOP;

  if (is_enter)
    resend (self);
  else
    end_edit (self);

  return GDK_EVENT_STOP;
}

/* --- The widget --- */

SottoMessage *
sotto_message_row_get_message (SottoMessageRow *self)
{
  g_return_val_if_fail (SOTTO_IS_MESSAGE_ROW (self), NULL);

  return self->message;
}

static void
sotto_message_row_dispose (GObject *object)
{
  SottoMessageRow *self = SOTTO_MESSAGE_ROW (object);
  GtkWidget *child;

  if (self->message != NULL)
    g_signal_handlers_disconnect_by_data (self->message, self);
  if (self->conversation != NULL)
    g_signal_handlers_disconnect_by_data (self->conversation, self);
  g_clear_weak_pointer (&self->came_from);
  gtk_widget_dispose_template (GTK_WIDGET (self), SOTTO_TYPE_MESSAGE_ROW);
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))) != NULL)
    gtk_widget_unparent (child);

  G_OBJECT_CLASS (sotto_message_row_parent_class)->dispose (object);
}

static void
sotto_message_row_finalize (GObject *object)
{
  SottoMessageRow *self = SOTTO_MESSAGE_ROW (object);

  g_clear_object (&self->message);
  g_clear_object (&self->conversation);

  G_OBJECT_CLASS (sotto_message_row_parent_class)->finalize (object);
}

static void
sotto_message_row_class_init (SottoMessageRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sotto_message_row_dispose;
  G_OBJECT_CLASS (klass)->finalize = sotto_message_row_finalize;

  g_type_ensure (SOTTO_TYPE_ATTACHMENTS_VIEW);
  g_type_ensure (SOTTO_TYPE_READ_BUTTON);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/sotto_chat/Sotto/ui/conversation/message-row.ui");
  gtk_widget_class_bind_template_child (widget_class, SottoMessageRow, box);
  gtk_widget_class_bind_template_child (widget_class, SottoMessageRow, reasoning);
  gtk_widget_class_bind_template_child (widget_class, SottoMessageRow, attachments);
  gtk_widget_class_bind_template_child (widget_class, SottoMessageRow, body);
  gtk_widget_class_bind_template_child (widget_class, SottoMessageRow, sources);
  gtk_widget_class_bind_template_child (widget_class, SottoMessageRow, editor);
  gtk_widget_class_bind_template_child (widget_class, SottoMessageRow, editor_view);
  gtk_widget_class_bind_template_child (widget_class, SottoMessageRow, notice);
  gtk_widget_class_bind_template_child (widget_class, SottoMessageRow, notice_label);
  gtk_widget_class_bind_template_child (widget_class, SottoMessageRow, continue_button);
  gtk_widget_class_bind_template_child (widget_class, SottoMessageRow, retry_button);
  gtk_widget_class_bind_template_child (widget_class, SottoMessageRow, actions);
  gtk_widget_class_bind_template_child (widget_class, SottoMessageRow, versions);
  gtk_widget_class_bind_template_child (widget_class, SottoMessageRow, previous_button);
  gtk_widget_class_bind_template_child (widget_class, SottoMessageRow, version_label);
  gtk_widget_class_bind_template_child (widget_class, SottoMessageRow, next_button);
  gtk_widget_class_bind_template_child (widget_class, SottoMessageRow, copy_button);
  gtk_widget_class_bind_template_child (widget_class, SottoMessageRow, read_button);
  gtk_widget_class_bind_template_child (widget_class, SottoMessageRow, edit_button);
  gtk_widget_class_bind_template_child (widget_class, SottoMessageRow, regenerate_button);
  gtk_widget_class_bind_template_child (widget_class, SottoMessageRow, branch_button);
  gtk_widget_class_bind_template_child (widget_class, SottoMessageRow, details_button);
  gtk_widget_class_bind_template_callback (widget_class, on_editor_key_pressed);
  gtk_widget_class_bind_template_callback (widget_class, end_edit);
  gtk_widget_class_bind_template_callback (widget_class, resend);
  gtk_widget_class_bind_template_callback (widget_class, go_on);
  gtk_widget_class_bind_template_callback (widget_class, retry);

  gtk_widget_class_install_action (widget_class, "message.copy", NULL, copy);
  gtk_widget_class_install_action (widget_class, "message.edit", NULL, edit);
  gtk_widget_class_install_action (widget_class, "message.regenerate", NULL, regenerate);
  gtk_widget_class_install_action (widget_class, "message.previous-version", NULL, switch_version);
  gtk_widget_class_install_action (widget_class, "message.next-version", NULL, switch_version);
  gtk_widget_class_install_action (widget_class, "message.details", NULL, show_details);
  gtk_widget_class_install_action (widget_class, "message.source", "(uiiii)", show_source);
  gtk_widget_class_install_action (widget_class, "message.delete", NULL, delete);
  gtk_widget_class_set_css_name (widget_class, "messagerow");
}

static void
sotto_message_row_init (SottoMessageRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
sotto_message_row_new (SottoConversation *conversation,
                       SottoMessage      *message,
                       SottoReadAloud    *reader)
{
  SottoMessageRow *self = g_object_new (SOTTO_TYPE_MESSAGE_ROW, NULL);

  self->conversation = g_object_ref (conversation);
  self->message = g_object_ref (message);
  adw_bin_set_child (self->body, create_body (self));
  sotto_read_button_set (self->read_button, reader, message, GTK_WIDGET (self->body));
  gtk_actionable_set_action_target (GTK_ACTIONABLE (self->branch_button), "s", sotto_message_get_id (message));

  g_signal_connect_object (message, "notify::text", G_CALLBACK (update_text), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (message, "notify::reasoning", G_CALLBACK (update_reasoning), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (message, "notify::n-calls", G_CALLBACK (update_text), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (message, "notify::status", G_CALLBACK (update_text), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (message, "notify::n-sources", G_CALLBACK (update_sources), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (message, "notify", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (conversation, "notify::busy", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (conversation, "notify::n-items", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (conversation, "notify::model", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  sotto_attachments_view_set_message (self->attachments, message);
  update_sources (self);
  update_text (self);
  update_reasoning (self);
  update (self);
  /* Translators: who says what follows; read out by screen readers */
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  is_reply (self) ? C_("who speaks", "Reply") : C_("who speaks", "You"), -1);

  return GTK_WIDGET (self);
}
