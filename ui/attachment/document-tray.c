#include "attachment/document-tray.h"

#include <adwaita.h>
#include <glib/gi18n.h>

#include "attachment/document-row.h"
#include "attachment/picture-actions.h"
#include "composer/paste.h"
#include "recent-files.h"

/* What is read at once needs no row, which would only flicker. */
#define SHOW_AFTER_MS 200

typedef struct {
  SottoDocumentTray *tray;          /* (unowned), NULL: it has gone */
  SottoDocument *document;
  SottoConversation *conversation;
  gboolean may_be_model;
  GtkWidget *row;                   /* (unowned) (nullable) */
  guint timeout;
} Entry;

struct _SottoDocumentTray {
  GtkBox parent_instance;

  /* Owned */
  GQueue entries;                   /* Entry *; the first is being read */
  GPtrArray *pastes;                /* of SottoConversation: one for each that is on its way to it */
  GCancellable *cancellable;        /* of those */
  SottoConversation *conversation;
};

enum {
  READ,
  REFUSED,
  PASTED,
  TEXT_PASTED,
  CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SottoDocumentTray, sotto_document_tray, GTK_TYPE_BOX)

static void read_next (SottoDocumentTray *self);

static void
entry_free (Entry *entry)
{
  g_clear_handle_id (&entry->timeout, g_source_remove);
  g_object_unref (entry->document);
  g_object_unref (entry->conversation);
  g_free (entry);
}

static void
update_rows (SottoDocumentTray *self)
{
  gboolean any = FALSE;

  for (GList *link = self->entries.head; link != NULL; link = link->next)
    {
      Entry *entry = link->data;
      gboolean shown = entry->row != NULL && entry->conversation == self->conversation;

      if (entry->row != NULL)
        gtk_widget_set_visible (entry->row, shown);
      any = any || shown;
    }
  gtk_widget_set_visible (GTK_WIDGET (self), any);
}

static gboolean
show_row (gpointer user_data)
{
  Entry *entry = user_data;
  SottoDocumentTray *self = entry->tray;
  /* Translators: %s is the name of a file */
  g_autofree char *words = g_strdup_printf (_("Reading “%s”"), sotto_document_get_name (entry->document));

  entry->timeout = 0;
  entry->row = sotto_document_row_new (entry->document);
  gtk_box_append (GTK_BOX (self), entry->row);
  update_rows (self);
  gtk_accessible_announce (GTK_ACCESSIBLE (self), words, GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_MEDIUM);

  return G_SOURCE_REMOVE;
}

static void
on_has_pages (SottoDocument *document,
              GParamSpec    *pspec,
              Entry         *entry)
{
  if (entry->tray != NULL && entry->timeout == 0 && entry->row == NULL)
    entry->timeout = g_timeout_add (SHOW_AFTER_MS, show_row, entry);
}

static void
on_read (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  Entry *entry = user_data;
  SottoDocumentTray *self = entry->tray;
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoAttachment) attachment = sotto_document_read_finish (SOTTO_DOCUMENT (source), result, &error);

  g_signal_handlers_disconnect_by_data (entry->document, entry);
  if (self != NULL)
    {
      g_object_ref (self);
      g_queue_remove (&self->entries, entry);
      if (entry->row != NULL)
        gtk_box_remove (GTK_BOX (self), entry->row);
      update_rows (self);
      g_signal_emit (self, signals[CHANGED], 0);
      if (attachment != NULL)
        g_signal_emit (self, signals[READ], 0, entry->document, entry->conversation, attachment);
      else
        g_signal_emit (self, signals[REFUSED], 0, entry->document, error, entry->may_be_model);
      read_next (self);
      g_object_unref (self);
    }
  entry_free (entry);
}

static void
read_next (SottoDocumentTray *self)
{
  Entry *entry = g_queue_peek_head (&self->entries);

  if (entry == NULL)
    return;

  g_signal_connect (entry->document, "notify::has-pages", G_CALLBACK (on_has_pages), entry);
  sotto_document_read_async (entry->document, on_read, entry);
}

void
sotto_document_tray_add (SottoDocumentTray *self,
                         GFile             *file,
                         SottoConversation *conversation,
                         gboolean           may_be_model)
{
  Entry *entry;

  g_return_if_fail (SOTTO_IS_DOCUMENT_TRAY (self));
  g_return_if_fail (SOTTO_IS_CONVERSATION (conversation));

  entry = g_new0 (Entry, 1);
  entry->tray = self;
  entry->document = sotto_document_new (file);
  entry->conversation = g_object_ref (conversation);
  entry->may_be_model = may_be_model;
  g_queue_push_tail (&self->entries, entry);
  if (self->entries.length == 1)
    read_next (self);
  g_signal_emit (self, signals[CHANGED], 0);
}

void
sotto_document_tray_set_conversation (SottoDocumentTray *self,
                                      SottoConversation *conversation)
{
  g_return_if_fail (SOTTO_IS_DOCUMENT_TRAY (self));

  g_set_object (&self->conversation, conversation);
  update_rows (self);
}

gboolean
sotto_document_tray_is_reading (SottoDocumentTray *self,
                                SottoConversation *conversation)
{
  g_return_val_if_fail (SOTTO_IS_DOCUMENT_TRAY (self), FALSE);

  for (GList *link = self->entries.head; link != NULL; link = link->next)
    if (((Entry *) link->data)->conversation == conversation)
      return TRUE;

  return g_ptr_array_find (self->pastes, conversation, NULL);
}

void
sotto_document_tray_refuse (SottoDocumentTray *self,
                            const char        *words)
{
  AdwDialog *dialog;

  g_return_if_fail (SOTTO_IS_DOCUMENT_TRAY (self));

  /* The window may have gone meanwhile. */
  if (gtk_widget_get_root (GTK_WIDGET (self)) == NULL)
    return;

  dialog = adw_alert_dialog_new (_("This File Cannot Be Used"), words);
  adw_alert_dialog_add_response (ADW_ALERT_DIALOG (dialog), "close", _("_Close"));
  adw_dialog_present (dialog, GTK_WIDGET (self));
}

/* --- Pasting --- */

typedef struct {
  SottoDocumentTray *tray;
  SottoConversation *conversation;
  char *name;
} Paste;

static void
paste_free (Paste *paste)
{
  g_object_unref (paste->tray);
  g_object_unref (paste->conversation);
  g_free (paste->name);
  g_free (paste);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Paste, paste_free)

/* Returns: whether somebody still waits for it */
static gboolean
end_paste (Paste *paste)
{
  gboolean is_there = gtk_widget_get_root (GTK_WIDGET (paste->tray)) != NULL;

  g_ptr_array_remove (paste->tray->pastes, paste->conversation);
  if (is_there)
    g_signal_emit (paste->tray, signals[CHANGED], 0);

  return is_there;
}

static void
say_not_pasted (Paste        *paste,
                const GError *error)
{
  g_autofree char *words = NULL;

  if (error->domain == SOTTO_DOCUMENT_ERROR)
    {
      words = sotto_document_describe_error_of (paste->name, error);
    }
  else
    {
      g_autoptr (SottoProblem) problem = sotto_problem_new (error);

      words = g_strdup (sotto_problem_get_text (problem));
    }
  sotto_picture_say (GTK_WIDGET (paste->tray), words);
}

static void
on_attached (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr (Paste) paste = user_data;
  g_autoptr (GError) error = NULL;
  gboolean is_attached = sotto_conversation_attach_bytes_finish (SOTTO_CONVERSATION (source), result, &error);

  if (!end_paste (paste))
    return;

  if (is_attached)
    g_signal_emit (paste->tray, signals[PASTED], 0, paste->conversation, paste->name);
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    say_not_pasted (paste, error);
}

static void
on_paste_read (GObject      *source,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autoptr (Paste) paste = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoPasted) pasted = sotto_paste_read_finish (source, result, &error);

  if (GDK_IS_DROP (source))
    gdk_drop_finish (GDK_DROP (source), pasted != NULL ? GDK_ACTION_COPY : 0);
  if (pasted != NULL && pasted->picture != NULL)
    {
      SottoConversation *conversation = paste->conversation;
      GCancellable *cancellable = paste->tray->cancellable;

      paste->name = g_strdup (pasted->name);
      sotto_conversation_attach_bytes_async (conversation, pasted->picture, pasted->name, cancellable, on_attached,
                                             g_steal_pointer (&paste));
      return;
    }
  if (!end_paste (paste))
    return;

  for (guint i = 0; pasted != NULL && i < pasted->files->len; i++)
    sotto_document_tray_add (paste->tray, g_ptr_array_index (pasted->files, i), paste->conversation, FALSE);
  if (pasted == NULL && error == NULL)
    g_signal_emit (paste->tray, signals[TEXT_PASTED], 0);
  else if (error != NULL && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    sotto_picture_say (GTK_WIDGET (paste->tray), _("What was copied cannot be read"));
}

void
sotto_document_tray_paste (SottoDocumentTray *self,
                           GObject           *source,
                           SottoConversation *conversation)
{
  Paste *paste;

  g_return_if_fail (SOTTO_IS_DOCUMENT_TRAY (self));
  g_return_if_fail (SOTTO_IS_CONVERSATION (conversation));

  paste = g_new0 (Paste, 1);
  paste->tray = g_object_ref (self);
  paste->conversation = g_object_ref (conversation);
  g_ptr_array_add (self->pastes, g_object_ref (conversation));
  g_signal_emit (self, signals[CHANGED], 0);
  sotto_paste_read_async (source, self->cancellable, on_paste_read, paste);
}

/* --- The paper clip --- */

typedef struct {
  SottoDocumentTray *tray;
  SottoConversation *conversation;
} Choice;

static void
on_files_chosen (GObject      *source,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autofree Choice *choice = user_data;
  g_autoptr (SottoDocumentTray) self = choice->tray;
  g_autoptr (SottoConversation) conversation = choice->conversation;
  g_autoptr (GListModel) files = gtk_file_dialog_open_multiple_finish (GTK_FILE_DIALOG (source), result, NULL);

  /* The window may have gone meanwhile. */
  for (guint i = 0; files != NULL && gtk_widget_get_root (GTK_WIDGET (self)) != NULL && i < g_list_model_get_n_items (files); i++)
    {
      g_autoptr (GFile) file = g_list_model_get_item (files, i);

      sotto_recent_files_forget (file);
      sotto_document_tray_add (self, file, conversation, FALSE);
    }
}

static void
add_pictures (GtkFileFilter *filter)
{
  g_autoptr (GdkContentFormats) formats = sotto_paste_create_formats ();
  gsize n;
  const char *const *types = gdk_content_formats_get_mime_types (formats, &n);

  for (gsize i = 0; i < n; i++)
    gtk_file_filter_add_mime_type (filter, types[i]);
}

static GListModel *
create_filters (void)
{
  GListStore *filters = g_list_store_new (GTK_TYPE_FILE_FILTER);
  g_autoptr (GtkFileFilter) readable = gtk_file_filter_new ();
  g_autoptr (GtkFileFilter) all = gtk_file_filter_new ();
  const char *const *office = sotto_document_can_read_office () ? sotto_document_get_office_endings () : NULL;
  gboolean pictures = sotto_document_can_read_pictures ();

  gtk_file_filter_set_name (readable, pictures ? _("Documents and Pictures")
                                      : sotto_document_can_read_pdf () || office != NULL ? _("Documents") : _("Text Files"));
  gtk_file_filter_add_mime_type (readable, "text/*");
  /* Programs, tables and settings are text as well, though their types do not begin so. */
  gtk_file_filter_add_mime_type (readable, "text/plain");
  gtk_file_filter_add_mime_type (readable, "application/json");
  gtk_file_filter_add_mime_type (readable, "application/xml");
  if (sotto_document_can_read_pdf ())
    gtk_file_filter_add_mime_type (readable, "application/pdf");
  for (; office != NULL && *office != NULL; office++)
    gtk_file_filter_add_suffix (readable, *office);
  if (pictures)
    add_pictures (readable);
  gtk_file_filter_set_name (all, _("All Files"));
  gtk_file_filter_add_pattern (all, "*");
  g_list_store_append (filters, readable);
  g_list_store_append (filters, all);

  return G_LIST_MODEL (filters);
}

void
sotto_document_tray_choose (SottoDocumentTray *self,
                            SottoConversation *conversation)
{
  g_autoptr (GtkFileDialog) dialog = NULL;
  g_autoptr (GListModel) filters = NULL;
  Choice *choice;

  g_return_if_fail (SOTTO_IS_DOCUMENT_TRAY (self));
  g_return_if_fail (SOTTO_IS_CONVERSATION (conversation));

  dialog = gtk_file_dialog_new ();
  filters = create_filters ();
  choice = g_new (Choice, 1);
  choice->tray = g_object_ref (self);
  choice->conversation = g_object_ref (conversation);
  gtk_file_dialog_set_title (dialog, _("Attach Files"));
  gtk_file_dialog_set_accept_label (dialog, _("_Attach"));
  gtk_file_dialog_set_filters (dialog, filters);
  gtk_file_dialog_open_multiple (dialog, GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), NULL, on_files_chosen, choice);
}

/* --- The widget --- */

/* What is being read is given up, and frees itself; what waited never begins. */
static void
leave_entries (SottoDocumentTray *self)
{
  Entry *first = g_queue_pop_head (&self->entries);

  if (first != NULL)
    {
      first->tray = NULL;
      first->row = NULL;
      g_clear_handle_id (&first->timeout, g_source_remove);
      sotto_document_cancel (first->document);
    }
  g_queue_clear_full (&self->entries, (GDestroyNotify) entry_free);
}

static void
sotto_document_tray_dispose (GObject *object)
{
  SottoDocumentTray *self = SOTTO_DOCUMENT_TRAY (object);
  GtkWidget *child;

  leave_entries (self);
  g_cancellable_cancel (self->cancellable);
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))) != NULL)
    gtk_box_remove (GTK_BOX (self), child);
  g_clear_object (&self->conversation);

  G_OBJECT_CLASS (sotto_document_tray_parent_class)->dispose (object);
}

static void
sotto_document_tray_finalize (GObject *object)
{
  SottoDocumentTray *self = SOTTO_DOCUMENT_TRAY (object);

  g_ptr_array_unref (self->pastes);
  g_object_unref (self->cancellable);

  G_OBJECT_CLASS (sotto_document_tray_parent_class)->finalize (object);
}

static void
sotto_document_tray_class_init (SottoDocumentTrayClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sotto_document_tray_dispose;
  G_OBJECT_CLASS (klass)->finalize = sotto_document_tray_finalize;

  signals[READ] = g_signal_new ("read", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 3,
                                SOTTO_TYPE_DOCUMENT, SOTTO_TYPE_CONVERSATION, SOTTO_TYPE_ATTACHMENT);
  signals[REFUSED] = g_signal_new ("refused", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                                   3, SOTTO_TYPE_DOCUMENT, G_TYPE_ERROR, G_TYPE_BOOLEAN);
  signals[PASTED] = g_signal_new ("pasted", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                                  SOTTO_TYPE_CONVERSATION, G_TYPE_STRING);
  signals[TEXT_PASTED] = g_signal_new ("text-pasted", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                       G_TYPE_NONE, 0);
  signals[CHANGED] = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 0);
}

static void
sotto_document_tray_init (SottoDocumentTray *self)
{
  g_queue_init (&self->entries);
  self->pastes = g_ptr_array_new_with_free_func (g_object_unref);
  self->cancellable = g_cancellable_new ();
  gtk_orientable_set_orientation (GTK_ORIENTABLE (self), GTK_ORIENTATION_VERTICAL);
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}
