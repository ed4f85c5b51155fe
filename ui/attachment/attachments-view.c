#include "attachment/attachments-view.h"

#include <glib/gi18n.h>

#include "attachment/attachment-chip.h"
#include "attachment/picture-chip.h"
#include "attachment/picture-dialog.h"
#include "window.h"

#define SPACING 6

/* So many lines of files are in sight at once where one writes; a picture takes two. */
#define MAX_LINES 3
#define LINE_HEIGHT 32

struct _SottoAttachmentsView {
  AdwBin parent_instance;

  GtkWidget *pictures;              /* those of pictures stand above those of other files */
  GtkWidget *files;

  /* Owned */
  GPtrArray *chips;                 /* all of them, in the order of what they are of; not owned */
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

static SottoAttachment *
get_attachment (gpointer chip)
{
  return SOTTO_IS_PICTURE_CHIP (chip) ? sotto_picture_chip_get_attachment (chip) : sotto_attachment_chip_get_attachment (chip);
}

/* Whoever took one off by its keys goes on with the next one, or the last. */
static void
on_removed (SottoAttachmentsView *self,
            GtkWidget            *chip)
{
  g_autoptr (SottoAttachment) attachment = g_object_ref (get_attachment (chip));
  GtkWidget *next = gtk_widget_get_next_sibling (chip);
  GtkWidget *others = gtk_widget_get_parent (chip) == self->pictures ? self->files : self->pictures;

  if (next == NULL)
    next = gtk_widget_get_prev_sibling (chip);
  if (next == NULL)
    next = gtk_widget_get_first_child (others);
  if (next != NULL && gtk_widget_get_focus_child (chip) != NULL)
    gtk_widget_grab_focus (next);
  sotto_conversation_detach (self->conversation, attachment);
  offer_undo (self, attachment);
}

/* --- Looking at one --- */

static void
on_opened (SottoAttachmentsView *self,
           GtkWidget            *chip)
{
  g_autoptr (GListStore) pictures = g_list_store_new (SOTTO_TYPE_ATTACHMENT);
  guint position = 0;

  for (guint i = 0; i < self->chips->len; i++)
    {
      gpointer other = g_ptr_array_index (self->chips, i);

      if (other == chip)
        position = g_list_model_get_n_items (G_LIST_MODEL (pictures));
      if (SOTTO_IS_PICTURE_CHIP (other))
        g_list_store_append (pictures, get_attachment (other));
    }
  sotto_picture_dialog_present (GTK_WIDGET (self), G_LIST_MODEL (pictures), position);
}

/* --- The rows of them --- */

static GtkWidget *
create_chip (SottoAttachmentsView *self,
             SottoAttachment      *attachment,
             SottoPictureSize      size,
             gboolean              can_be_removed)
{
  gboolean is_picture = sotto_attachment_is_picture (attachment);
  GtkWidget *chip = is_picture ? sotto_picture_chip_new (attachment, size, can_be_removed)
                               : sotto_attachment_chip_new (attachment, can_be_removed);

  g_signal_connect_object (chip, "removed", G_CALLBACK (on_removed), self, G_CONNECT_SWAPPED);
  if (is_picture)
    g_signal_connect_object (chip, "opened", G_CALLBACK (on_opened), self, G_CONNECT_SWAPPED);

  return chip;
}

/* Behind the one of its kind that is the last before @position */
static void
insert_chip (SottoAttachmentsView *self,
             GtkWidget            *chip,
             guint                 position)
{
  GtkWidget *box = SOTTO_IS_PICTURE_CHIP (chip) ? self->pictures : self->files;
  GtkWidget *after = NULL;

  for (guint i = position; i-- > 0 && after == NULL;)
    if (gtk_widget_get_parent (g_ptr_array_index (self->chips, i)) == box)
      after = g_ptr_array_index (self->chips, i);
  adw_wrap_box_insert_child_after (ADW_WRAP_BOX (box), chip, after);
  g_ptr_array_insert (self->chips, (int) position, chip);
}

static void
update_visible (SottoAttachmentsView *self)
{
  gtk_widget_set_visible (self->pictures, gtk_widget_get_first_child (self->pictures) != NULL);
  gtk_widget_set_visible (self->files, gtk_widget_get_first_child (self->files) != NULL);
  gtk_widget_set_visible (GTK_WIDGET (self), self->chips->len > 0);
}

static void
on_items_changed (SottoAttachmentsView *self,
                  guint                 position,
                  guint                 n_removed,
                  guint                 n_added)
{
  for (guint i = 0; i < n_removed; i++)
    {
      GtkWidget *chip = g_ptr_array_steal_index (self->chips, position);

      adw_wrap_box_remove (ADW_WRAP_BOX (gtk_widget_get_parent (chip)), chip);
    }
  for (guint i = 0; i < n_added; i++)
    {
      g_autoptr (SottoAttachment) attachment = g_list_model_get_item (self->model, position + i);

      insert_chip (self, create_chip (self, attachment, SOTTO_PICTURE_SIZE_DRAFT, TRUE), position + i);
    }
  update_visible (self);
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

  n_before = self->chips->len;
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

/* How many lines they take, as far as they are shown at once */
static int
count_lines (SottoAttachmentsView *self,
             GtkScrolledWindow    *scroller,
             gboolean             *are_all)
{
  int width = gtk_widget_get_width (GTK_WIDGET (scroller));
  int height, n_lines;

  *are_all = TRUE;
  if (sotto_attachments_view_get_n (self) == 0)
    return 0;

  gtk_widget_measure (GTK_WIDGET (self), GTK_ORIENTATION_VERTICAL, width > 0 ? width : -1, NULL, &height, NULL, NULL);
  n_lines = (height + SPACING + LINE_HEIGHT) / (LINE_HEIGHT + SPACING);
  *are_all = n_lines <= MAX_LINES;

  return CLAMP (n_lines, 1, MAX_LINES);
}

/* A toast stands above where one writes, which is some lines higher then. */
void
sotto_attachments_view_fit (SottoAttachmentsView *self,
                            GtkScrolledWindow    *scroller)
{
  static const char *const classes[MAX_LINES + 1] = { NULL, "attached-1", "attached-2", "attached-3" };
  GtkWidget *toasts = gtk_widget_get_ancestor (GTK_WIDGET (self), ADW_TYPE_TOAST_OVERLAY);
  gboolean are_all;
  int n_lines = count_lines (self, scroller, &are_all);

  for (int i = 1; toasts != NULL && i <= MAX_LINES; i++)
    {
      if (i == n_lines)
        gtk_widget_add_css_class (toasts, classes[i]);
      else
        gtk_widget_remove_css_class (toasts, classes[i]);
    }
  /* A scroll bar needs more room than a line has. */
  gtk_scrolled_window_set_policy (scroller, GTK_POLICY_NEVER, are_all ? GTK_POLICY_NEVER : GTK_POLICY_AUTOMATIC);
}

void
sotto_attachments_view_set_message (SottoAttachmentsView *self,
                                    SottoMessage         *message)
{
  guint n = sotto_message_get_n_attachments (message);
  guint n_pictures = 0;

  g_return_if_fail (SOTTO_IS_ATTACHMENTS_VIEW (self));

  for (guint i = 0; i < n; i++)
    n_pictures += sotto_attachment_is_picture (sotto_message_get_attachment (message, i)) ? 1 : 0;
  adw_wrap_box_set_align (ADW_WRAP_BOX (self->pictures), 1);
  adw_wrap_box_set_align (ADW_WRAP_BOX (self->files), 1);
  for (guint i = 0; i < n; i++)
    insert_chip (self, create_chip (self, sotto_message_get_attachment (message, i),
                                    n_pictures == 1 ? SOTTO_PICTURE_SIZE_LARGE : SOTTO_PICTURE_SIZE_TILE, FALSE), i);
  update_visible (self);
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
  g_clear_pointer (&self->chips, g_ptr_array_unref);

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

static GtkWidget *
create_line (void)
{
  GtkWidget *line = adw_wrap_box_new ();

  adw_wrap_box_set_child_spacing (ADW_WRAP_BOX (line), SPACING);
  adw_wrap_box_set_line_spacing (ADW_WRAP_BOX (line), SPACING);
  gtk_widget_set_visible (line, FALSE);

  return line;
}

static void
sotto_attachments_view_init (SottoAttachmentsView *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, SPACING);

  self->chips = g_ptr_array_new ();
  self->pictures = create_line ();
  self->files = create_line ();
  gtk_box_append (GTK_BOX (box), self->pictures);
  gtk_box_append (GTK_BOX (box), self->files);
  adw_bin_set_child (ADW_BIN (self), box);
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Attached Files"), -1);
}
