#include "print.h"

#include <gio/gio.h>
#include <glib/gi18n.h>

#include "print-pages.h"

/* How long laying out may keep the window waiting at a time */
#define SLICE_US 6000

typedef struct {
  SottoWindow *window;
  SottoConversation *conversation;
  GtkPrintDialog *dialog;
  GtkPrintSetup *setup;
  SottoPrintPages *pages;
  GBytes *pdf;
} Job;

static void
job_free (Job *self)
{
  g_clear_pointer (&self->pdf, g_bytes_unref);
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

static void
on_written (GObject      *source,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr (Job) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), &error))
    say_failed (self, error);
}

/* In a thread of its own. The pages are not changed any more. */
static void
write_in_thread (GTask        *task,
                 gpointer      printer,
                 gpointer      pages,
                 GCancellable *cancellable)
{
  gsize size;
  const void *data = g_bytes_get_data (pages, &size);
  g_autoptr (GError) error = NULL;
  gboolean is_written = g_output_stream_write_all (printer, data, size, NULL, cancellable, &error);

  if (g_output_stream_close (printer, NULL, is_written ? &error : NULL) && is_written)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/* Outside of a sandbox GTK reads the other end of the pipe in this very thread, a whole block at a time, and would wait for ever for
 * what is to be written or closed by it. So another one does both: GIO's asynchronous calls would leave a pipe to the main loop. */
static void
write_pages (Job           *self,
             GOutputStream *printer)
{
  g_autoptr (GTask) task = g_task_new (printer, NULL, on_written, self);

  g_task_set_task_data (task, g_bytes_ref (self->pdf), (GDestroyNotify) g_bytes_unref);
  g_task_run_in_thread (task, write_in_thread);
}

static void
on_printing (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr (Job) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GOutputStream) printer = gtk_print_dialog_print_finish (GTK_PRINT_DIALOG (source), result, &error);

  if (printer == NULL)
    say_failed (self, error);
  else
    write_pages (g_steal_pointer (&self), printer);
}

static gboolean
on_idle (gpointer user_data)
{
  Job *self = user_data;
  gint64 end = g_get_monotonic_time () + SLICE_US;

  while (g_get_monotonic_time () < end)
    if (!sotto_print_pages_step (self->pages))
      {
        self->pdf = sotto_print_pages_finish (self->pages);
        gtk_print_dialog_print (self->dialog, GTK_WINDOW (self->window), self->setup, NULL, on_printing, self);

        return G_SOURCE_REMOVE;
      }

  return G_SOURCE_CONTINUE;
}

static void
add_messages (Job *self)
{
  GListModel *messages = G_LIST_MODEL (self->conversation);

  for (guint i = 0; i < g_list_model_get_n_items (messages); i++)
    {
      g_autoptr (SottoMessage) message = g_list_model_get_item (messages, i);
      const char *model = sotto_message_get_model_name (message);
      const char *author;

      if (sotto_message_get_role (message) == SOTTO_ROLE_USER)
        author = C_("who speaks", "You");
      else
        author = model != NULL ? model : C_("who speaks", "Reply");
      sotto_print_pages_add (self->pages, author, sotto_message_get_text (message));
    }
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
  self->pages = sotto_print_pages_new (sotto_conversation_get_title (self->conversation),
                                       page_setup != NULL ? page_setup : usual);
  add_messages (self);
  g_idle_add (on_idle, g_steal_pointer (&self));
}

void
sotto_print_conversation (SottoWindow       *window,
                          SottoConversation *conversation)
{
  Job *self = g_new0 (Job, 1);

  self->window = g_object_ref (window);
  self->conversation = g_object_ref (conversation);
  self->dialog = gtk_print_dialog_new ();
  /* Printers and their queues remember this title, so it does not tell what the conversation is about. */
  gtk_print_dialog_set_title (self->dialog, "Sotto");
  gtk_print_dialog_setup (self->dialog, GTK_WINDOW (window), NULL, on_set_up, self);
}
