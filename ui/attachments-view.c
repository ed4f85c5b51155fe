#include "attachments-view.h"

#include <glib/gi18n.h>

#include "attachment-chip.h"
#include "window.h"

#define SPACING 6

struct _SottoAttachmentsView {
  AdwBin parent_instance;

  GtkWidget *chips;

  /* Owned */
  SottoConversation *conversation;  /* (nullable): whose draft's they are */
  GListModel *model;                /* (nullable): they */
};

enum {
  CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SottoAttachmentsView, sotto_attachments_view, ADW_TYPE_BIN)

/* --- Taking one off --- */

static void
on_undo (AdwToast          *toast,
         SottoConversation *conversation)
{
  /* There was room for it. */
  sotto_conversation_attach (conversation, g_object_get_data (G_OBJECT (toast), "attachment"), NULL);
}

static void
offer_undo (SottoAttachmentsView *self,
            SottoAttachment      *attachment)
{
  GtkWidget *window = gtk_widget_get_ancestor (GTK_WIDGET (self), SOTTO_TYPE_WINDOW);
  /* Translators: %s is the name of a file that was attached to a message */
  g_autofree char *title = g_strdup_printf (_("“%s” removed"), sotto_attachment_get_name (attachment));
  AdwToast *toast;

  if (window == NULL)
    return;

  toast = adw_toast_new (title);
  adw_toast_set_use_markup (toast, FALSE);
  adw_toast_set_button_label (toast, _("_Undo"));
  adw_toast_set_timeout (toast, 10);
  g_object_set_data_full (G_OBJECT (toast), "attachment", g_object_ref (attachment), g_object_unref);
  g_signal_connect_object (toast, "button-clicked", G_CALLBACK (on_undo), self->conversation, 0);
  sotto_window_add_toast (SOTTO_WINDOW (window), toast);
}

/* Whoever took one off by its keys goes on with the next one, or the last. */
static void
on_removed (SottoAttachmentsView *self,
            SottoAttachmentChip  *chip)
{
  g_autoptr (SottoAttachment) attachment = g_object_ref (sotto_attachment_chip_get_attachment (chip));
  GtkWidget *next = gtk_widget_get_next_sibling (GTK_WIDGET (chip));

  if (next == NULL)
    next = gtk_widget_get_prev_sibling (GTK_WIDGET (chip));
  if (next != NULL && gtk_widget_get_focus_child (GTK_WIDGET (chip)) != NULL)
    gtk_widget_grab_focus (next);
  sotto_conversation_detach (self->conversation, attachment);
  offer_undo (self, attachment);
}

/* --- The row of them --- */

static void
append_chip (SottoAttachmentsView *self,
             SottoAttachment      *attachment,
             gboolean              can_be_removed)
{
  GtkWidget *chip = sotto_attachment_chip_new (attachment, can_be_removed);

  g_signal_connect_object (chip, "removed", G_CALLBACK (on_removed), self, G_CONNECT_SWAPPED);
  adw_wrap_box_append (ADW_WRAP_BOX (self->chips), chip);
}

static GtkWidget *
get_chip (SottoAttachmentsView *self,
          guint                 position)
{
  GtkWidget *chip = gtk_widget_get_first_child (self->chips);

  for (; position > 0 && chip != NULL; position--)
    chip = gtk_widget_get_next_sibling (chip);

  return chip;
}

static void
on_items_changed (SottoAttachmentsView *self,
                  guint                 position,
                  guint                 n_removed,
                  guint                 n_added)
{
  for (guint i = 0; i < n_removed; i++)
    adw_wrap_box_remove (ADW_WRAP_BOX (self->chips), get_chip (self, position));
  for (guint i = 0; i < n_added; i++)
    {
      g_autoptr (SottoAttachment) attachment = g_list_model_get_item (self->model, position + i);

      append_chip (self, attachment, TRUE);
      adw_wrap_box_reorder_child_after (ADW_WRAP_BOX (self->chips), gtk_widget_get_last_child (self->chips),
                                        position + i > 0 ? get_chip (self, position + i - 1) : NULL);
    }
  gtk_widget_set_visible (GTK_WIDGET (self), gtk_widget_get_first_child (self->chips) != NULL);
  g_signal_emit (self, signals[CHANGED], 0);
}

void
sotto_attachments_view_set_conversation (SottoAttachmentsView *self,
                                         SottoConversation    *conversation)
{
  GListModel *model = conversation != NULL ? sotto_conversation_get_attachments (conversation) : NULL;
  guint n_before;

  g_return_if_fail (SOTTO_IS_ATTACHMENTS_VIEW (self));

  if (self->conversation == conversation)
    return;

  n_before = sotto_attachments_view_get_n (self);
  if (self->model != NULL)
    g_signal_handlers_disconnect_by_data (self->model, self);
  g_set_object (&self->conversation, conversation);
  g_set_object (&self->model, model);
  if (model != NULL)
    g_signal_connect_object (model, "items-changed", G_CALLBACK (on_items_changed), self, G_CONNECT_SWAPPED);
  on_items_changed (self, 0, n_before, sotto_attachments_view_get_n (self));
}

guint
sotto_attachments_view_get_n (SottoAttachmentsView *self)
{
  g_return_val_if_fail (SOTTO_IS_ATTACHMENTS_VIEW (self), 0);

  return self->model != NULL ? g_list_model_get_n_items (self->model) : 0;
}

void
sotto_attachments_view_set_message (SottoAttachmentsView *self,
                                    SottoMessage         *message)
{
  guint n = sotto_message_get_n_attachments (message);

  g_return_if_fail (SOTTO_IS_ATTACHMENTS_VIEW (self));

  adw_wrap_box_set_align (ADW_WRAP_BOX (self->chips), 1);
  for (guint i = 0; i < n; i++)
    append_chip (self, sotto_message_get_attachment (message, i), FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self), n > 0);
}

char *
sotto_attachments_list_names (SottoMessage *message)
{
  GString *names = g_string_new (NULL);

  for (guint i = 0; i < sotto_message_get_n_attachments (message); i++)
    g_string_append_printf (names, "%s%s", i > 0 ? "\n" : "",
                            sotto_attachment_get_name (sotto_message_get_attachment (message, i)));

  return g_string_free (names, FALSE);
}

static void
sotto_attachments_view_dispose (GObject *object)
{
  SottoAttachmentsView *self = SOTTO_ATTACHMENTS_VIEW (object);

  if (self->model != NULL)
    g_signal_handlers_disconnect_by_data (self->model, self);
  g_clear_object (&self->model);
  g_clear_object (&self->conversation);

  G_OBJECT_CLASS (sotto_attachments_view_parent_class)->dispose (object);
}

static void
sotto_attachments_view_class_init (SottoAttachmentsViewClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sotto_attachments_view_dispose;

  signals[CHANGED] = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 0);
  gtk_widget_class_set_accessible_role (GTK_WIDGET_CLASS (klass), GTK_ACCESSIBLE_ROLE_GROUP);
}

static void
sotto_attachments_view_init (SottoAttachmentsView *self)
{
  self->chips = adw_wrap_box_new ();
  adw_wrap_box_set_child_spacing (ADW_WRAP_BOX (self->chips), SPACING);
  adw_wrap_box_set_line_spacing (ADW_WRAP_BOX (self->chips), SPACING);
  adw_bin_set_child (ADW_BIN (self), self->chips);
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Attached Files"), -1);
}
