#include "window-private.h"

#include <glib/gi18n.h>

#include "toast.h"

/* What can be done with a message, and going on with a conversation in another one. */

/* --- A message --- */

SottoMessage *
sotto_window_find_message (SottoWindow *self,
                           GVariant    *id)
{
  GListModel *messages = G_LIST_MODEL (self->conversation);

  for (guint i = 0; i < g_list_model_get_n_items (messages); i++)
    {
      g_autoptr (SottoMessage) message = g_list_model_get_item (messages, i);

      if (g_str_equal (sotto_message_get_id (message), g_variant_get_string (id, NULL)))
        return g_steal_pointer (&message);
    }

  return NULL;
}

/* A message that was deleted, with its toast */
typedef struct {
  SottoWindow *window;
  SottoConversation *conversation;
  char *id;
  gboolean is_reply;
  gint64 deletion;
  gboolean is_undone;
  gboolean is_over;     /* its toast slides away, and what it had is gone */
} Deleted;

static void
deleted_free (gpointer data)
{
  Deleted *deleted = data;

  g_object_unref (deleted->window);
  g_object_unref (deleted->conversation);
  g_free (deleted->id);
  g_free (deleted);
}

static void
on_message_undone (GObject      *source,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  g_autoptr (AdwToast) toast = user_data;
  Deleted *deleted = g_object_get_data (G_OBJECT (toast), "deleted");

  /* What went wrong, the conversation says. */
  if (sotto_conversation_undo_delete_finish (SOTTO_CONVERSATION (source), result, NULL) &&
      deleted->window->conversation == deleted->conversation)
    sotto_conversation_page_scroll_to_message (deleted->window->page, deleted->id, NULL);
}

static void
on_undo_message (AdwToast *toast)
{
  Deleted *deleted = g_object_get_data (G_OBJECT (toast), "deleted");

  if (deleted->is_over)
    return;

  deleted->is_undone = TRUE;
  sotto_window_show_conversation (deleted->window, deleted->conversation);
  sotto_conversation_undo_delete_async (deleted->conversation, deleted->deletion, on_message_undone,
                                        g_object_ref (toast));
}

/* Whoever goes on in the conversation does not go back. */
static void
on_busy_changed (AdwToast          *toast,
                 GParamSpec        *pspec,
                 SottoConversation *conversation)
{
  if (sotto_conversation_is_busy (conversation))
    adw_toast_dismiss (toast);
}

static void
on_message_dismissed (AdwToast *toast)
{
  Deleted *deleted = g_object_get_data (G_OBJECT (toast), "deleted");

  deleted->is_over = TRUE;
  if (!deleted->is_undone && deleted->window->app != NULL)
    sotto_conversation_forget_deleted (deleted->conversation, deleted->deletion);
}

static void
on_message_deleted (GObject      *source,
                    GAsyncResult *result,
                    gpointer      user_data)
{
  Deleted *deleted = user_data;
  const char *title;
  gboolean is_kept;
  AdwToast *toast;

  deleted->deletion = sotto_conversation_delete_message_finish (SOTTO_CONVERSATION (source), result, &is_kept, NULL);
  if (deleted->deletion == 0 || deleted->window->app == NULL)
    {
      deleted_free (deleted);
      return;
    }

  if (is_kept)
    title = _("Deleted here; other versions keep it");
  else
    title = deleted->is_reply ? _("Reply deleted") : _("Message deleted");
  toast = adw_toast_new (title);
  adw_toast_set_button_label (toast, _("_Undo"));
  adw_toast_set_timeout (toast, 10);
  adw_toast_set_priority (toast, ADW_TOAST_PRIORITY_HIGH);
  g_object_set_data_full (G_OBJECT (toast), "deleted", deleted, deleted_free);
  g_signal_connect (toast, "button-clicked", G_CALLBACK (on_undo_message), NULL);
  g_signal_connect (toast, "dismissed", G_CALLBACK (on_message_dismissed), NULL);
  g_signal_connect_object (deleted->conversation, "notify::busy", G_CALLBACK (on_busy_changed), toast, G_CONNECT_SWAPPED);
  sotto_window_add_toast (deleted->window, toast);
}

/* @parameter: id of a message that is shown */
static void
delete_message (GtkWidget  *widget,
                const char *action,
                GVariant   *parameter)
{
  SottoWindow *self = SOTTO_WINDOW (widget);
  g_autoptr (SottoMessage) message = sotto_window_find_message (self, parameter);
  Deleted *deleted;

  if (message == NULL)
    return;

  deleted = g_new0 (Deleted, 1);
  deleted->window = g_object_ref (self);
  deleted->conversation = g_object_ref (self->conversation);
  deleted->id = g_strdup (sotto_message_get_id (message));
  deleted->is_reply = sotto_message_get_role (message) == SOTTO_ROLE_ASSISTANT;
  sotto_conversation_delete_message_async (self->conversation, message, on_message_deleted, deleted);
}

/* --- Documents --- */

/* Returns: (transfer full) (nullable): the name of the folder that the conversation asks, if it is one */
static char *
dup_asked_folder (SottoWindow *self)
{
  GListModel *folders = G_LIST_MODEL (sotto_app_get_folders (self->app));

  for (guint i = 0; sotto_conversation_get_n_folders (self->conversation) == 1 && i < g_list_model_get_n_items (folders); i++)
    {
      g_autoptr (SottoDocumentFolder) folder = g_list_model_get_item (folders, i);

      if (sotto_conversation_asks_folder (self->conversation, folder))
        return g_strdup (sotto_document_folder_get_name (folder));
    }

  return NULL;
}

void
sotto_window_say (SottoWindow *self,
                  const char  *words)
{
  sotto_window_add_toast (self, sotto_toast_new (words));
  gtk_accessible_announce (GTK_ACCESSIBLE (self->page), words, GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_MEDIUM);
}

/* A question went without what it was meant to go with. */
void
sotto_window_say_nothing_found (SottoWindow *self)
{
  g_autofree char *name = dup_asked_folder (self);
  /* Translators: %s is the name of a folder of documents */
  g_autofree char *words = name != NULL ? g_strdup_printf (_("Nothing in “%s” fits this question. It was sent without documents."), name)
                           : g_strdup (_("Nothing in your folders fits this question. It was sent without documents."));

  sotto_window_say (self, words);
}

/* --- In another conversation --- */

/* @conversation: (nullable): what went wrong, the one says that it was to come from */
static void
go_on_in (SottoWindow       *self,
          SottoConversation *conversation)
{
  if (conversation == NULL || self->app == NULL)
    return;

  sotto_window_show_conversation (self, conversation);
  sotto_conversation_page_focus_composer (self->page);
}

static void
on_branched (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr (SottoWindow) self = user_data;
  g_autoptr (SottoConversation) conversation =
    sotto_conversation_list_branch_finish (SOTTO_CONVERSATION_LIST (source), result, NULL);

  go_on_in (self, conversation);
}

/* @parameter: id of a message that is shown */
static void
branch (GtkWidget  *widget,
        const char *action,
        GVariant   *parameter)
{
  SottoWindow *self = SOTTO_WINDOW (widget);
  g_autoptr (SottoMessage) message = sotto_window_find_message (self, parameter);

  if (message != NULL)
    sotto_conversation_list_branch_async (sotto_app_get_conversations (self->app), self->conversation, message,
                                          on_branched, g_object_ref (self));
}

static void
on_summarised (GObject      *source,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autoptr (SottoWindow) self = user_data;
  g_autoptr (SottoConversation) conversation =
    sotto_conversation_list_summarise_finish (SOTTO_CONVERSATION_LIST (source), result, NULL);

  go_on_in (self, conversation);
}

static void
summarise (GtkWidget  *widget,
           const char *action,
           GVariant   *parameter)
{
  SottoWindow *self = SOTTO_WINDOW (widget);

  sotto_conversation_list_summarise_async (sotto_app_get_conversations (self->app), self->conversation, on_summarised,
                                           g_object_ref (self));
}

void
sotto_window_install_message_actions (GtkWidgetClass *widget_class)
{
  gtk_widget_class_install_action (widget_class, "win.delete-message", "s", delete_message);
  gtk_widget_class_install_action (widget_class, "win.branch", "s", branch);
  gtk_widget_class_install_action (widget_class, "win.summarise", NULL, summarise);
}
