#include "conversation/print.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "attachment/attachments-view.h"
#include "conversation/print-pages.h"
#include "conversation/sources-text.h"
#include "conversation/tool-call-card.h"

/* How long laying out may keep the window waiting at a time */
#define SLICE_US 6000

/* Of a picture's pixels no more than paper shows of them */
#define MAX_ACROSS 1200
#define MAX_DOWN 900

typedef struct {
  SottoWindow *window;
  SottoConversation *conversation;
  GtkPrintDialog *dialog;
  GtkPrintSetup *setup;
  SottoPrintPages *pages;
  GPtrArray *messages; /* of SottoMessage: as they stood when it was begun */
  guint n_added;       /* of those */
  guint n_attached;    /* how many files of the last of these have been looked at */
  int fd; /* what is printed, or -1 */
} Job;

static void
job_free (Job *self)
{
  g_clear_fd (&self->fd, NULL);
  g_clear_pointer (&self->messages, g_ptr_array_unref);
  g_clear_pointer (&self->pages, sotto_print_pages_free);
  g_clear_pointer (&self->setup, gtk_print_setup_unref);
  g_object_unref (self->dialog);
  g_object_unref (self->conversation);
  g_object_unref (self->window);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Job, job_free)

/* Whoever closes the dialog knows that nothing is printed. */
static void
say_failed (Job          *self,
            const GError *error)
{
  g_autoptr (SottoProblem) problem = NULL;
  AdwDialog *dialog;

  if (g_error_matches (error, GTK_DIALOG_ERROR, GTK_DIALOG_ERROR_DISMISSED) ||
      g_error_matches (error, GTK_DIALOG_ERROR, GTK_DIALOG_ERROR_CANCELLED))
    return;

  problem = sotto_problem_new (error);
  dialog = adw_alert_dialog_new (_("Printing Failed"), sotto_problem_get_text (problem));
  adw_alert_dialog_add_response (ADW_ALERT_DIALOG (dialog), "close", _("_Close"));
  adw_dialog_present (dialog, GTK_WIDGET (self->window));
}

/* A file of these pages that is in memory and nowhere else, so that nothing of a conversation is left on the disk; it is there until
 * @fd is closed. GTK would also give a pipe, but reads that to its end in this thread, which could then not write it, and runs the main
 * loop where it is closed, so that no other thread may close it either. */
static GFile *
file_in_memory (GBytes  *pages,
                int     *fd,
                GError **error)
{
  g_autofree char *path = NULL;
  gsize size;
  const char *data = g_bytes_get_data (pages, &size);
  gssize n = 0;

  *fd = memfd_create ("Sotto.pdf", MFD_CLOEXEC);
  for (gsize at = 0; *fd >= 0 && at < size && n >= 0; at += MAX (n, 0))
    n = write (*fd, data + at, size - at);
  if (*fd < 0 || n < 0)
    {
      g_set_error_literal (error, G_IO_ERROR, g_io_error_from_errno (errno), g_strerror (errno));
      return NULL;
    }
  path = g_strdup_printf ("/proc/self/fd/%d", *fd);

  return g_file_new_for_path (path);
}

static void
on_printed (GObject      *source,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr (Job) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!gtk_print_dialog_print_file_finish (GTK_PRINT_DIALOG (source), result, &error))
    say_failed (self, error);
}

static void
print_pages (Job *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) pdf = sotto_print_pages_finish (self->pages);
  g_autoptr (GFile) file = file_in_memory (pdf, &self->fd, &error);

  if (file != NULL)
    {
      gtk_print_dialog_print_file (self->dialog, GTK_WINDOW (self->window), self->setup, file, NULL, on_printed, self);
      return;
    }
  say_failed (self, error);
  job_free (self);
}

/* --- Message by message --- */

static gboolean on_idle (gpointer user_data);

static void add_pictures (Job *self);

static void
on_picture_loaded (GObject      *source,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  Job *self = user_data;
  g_autoptr (SottoPixels) pixels = sotto_pixels_load_finish (SOTTO_ATTACHMENT (source), result, NULL);

  /* Its name stands below, whatever became of it. */
  if (pixels != NULL)
    sotto_print_pages_add_picture (self->pages, pixels);
  add_pictures (self);
}

/* Those of the message that was added last, one after another, and then it is laid out: no more than one message's are in memory. */
static void
add_pictures (Job *self)
{
  SottoMessage *message = g_ptr_array_index (self->messages, self->n_added - 1);

  while (self->n_attached < sotto_message_get_n_attachments (message))
    {
      SottoAttachment *attachment = sotto_message_get_attachment (message, self->n_attached++);

      if (sotto_attachment_is_picture (attachment))
        {
          sotto_pixels_load_async (attachment, MAX_ACROSS, MAX_DOWN, FALSE, NULL, on_picture_loaded, self);
          return;
        }
    }
  g_idle_add (on_idle, self);
}

/* What it used stands where it did, between its words. */
static void
add_reply (Job          *self,
           SottoMessage *reply,
           const char   *author,
           const char   *below)
{
  const char *text = sotto_message_get_text (reply);
  gsize length = sotto_message_get_length (reply), begin = 0;

  for (guint i = 0; i < sotto_message_get_n_calls (reply); i++)
    {
      const SottoToolCall *call = sotto_message_get_call (reply, i);
      gsize end = CLAMP (call->offset, begin, length);
      g_autofree char *stretch = g_strndup (text + begin, end - begin);
      g_autofree char *used = sotto_tool_call_card_describe (call);

      sotto_print_pages_add (self->pages, author, stretch, used);
      author = NULL;
      begin = end;
    }
  if (sotto_message_is_json (reply))
    {
      g_autofree char *json = sotto_message_dup_markdown (reply);

      sotto_print_pages_add (self->pages, author, json, below);
      return;
    }
  sotto_print_pages_add (self->pages, author, text + begin, below);
}

static void
add_message (Job *self)
{
  SottoMessage *message = g_ptr_array_index (self->messages, self->n_added++);
  const char *model = sotto_message_get_model_name (message);
  gboolean is_reply = sotto_message_get_role (message) == SOTTO_ROLE_ASSISTANT;
  g_autofree char *below = is_reply ? sotto_sources_describe (message, FALSE) : sotto_attachments_list_names (message);
  const char *words = below != NULL && *below != '\0' ? below : NULL;

  if (is_reply)
    add_reply (self, message, model != NULL ? model : C_("who speaks", "Reply"), words);
  else
    sotto_print_pages_add (self->pages, C_("who speaks", "You"), sotto_message_get_text (message), words);
  self->n_attached = 0;
}

static gboolean
on_idle (gpointer user_data)
{
  Job *self = user_data;
  gint64 end = g_get_monotonic_time () + SLICE_US;

  while (g_get_monotonic_time () < end)
    {
      if (sotto_print_pages_step (self->pages))
        continue;

      if (self->n_added == self->messages->len)
        {
          print_pages (self);
        }
      else
        {
          add_message (self);
          add_pictures (self);
        }

      return G_SOURCE_REMOVE;
    }

  return G_SOURCE_CONTINUE;
}

static void
list_messages (Job *self)
{
  GListModel *messages = G_LIST_MODEL (self->conversation);

  self->messages = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < g_list_model_get_n_items (messages); i++)
    g_ptr_array_add (self->messages, g_list_model_get_item (messages, i));
}

static void
on_set_up (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (Job) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GtkPageSetup) usual = gtk_page_setup_new ();
  GtkPageSetup *page_setup;

  self->setup = gtk_print_dialog_setup_finish (GTK_PRINT_DIALOG (source), result, &error);
  if (self->setup == NULL)
    {
      say_failed (self, error);
      return;
    }

  page_setup = gtk_print_setup_get_page_setup (self->setup);
  self->pages = sotto_print_pages_new (sotto_conversation_get_name (self->conversation),
                                       page_setup != NULL ? page_setup : usual);
  list_messages (self);
  g_idle_add (on_idle, g_steal_pointer (&self));
}

void
sotto_print_conversation (SottoWindow       *window,
                          SottoConversation *conversation)
{
  Job *self = g_new0 (Job, 1);

  self->fd = -1;
  self->window = g_object_ref (window);
  self->conversation = g_object_ref (conversation);
  self->dialog = gtk_print_dialog_new ();
  /* Printers and their queues remember this title, so it does not tell what the conversation is about. */
  gtk_print_dialog_set_title (self->dialog, "Sotto");
  gtk_print_dialog_setup (self->dialog, GTK_WINDOW (window), NULL, on_set_up, self);
}
