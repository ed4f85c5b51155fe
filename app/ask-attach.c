#include "config.h"

#include "ask-private.h"

#include <glib/gi18n-lib.h>

#include "conversation/attachment-private.h"
#include "document/document.h"

/* What a question on the command line is about: files, read as the window reads them. There is no loop that runs, so the default context
 * is turned here until each is read, and looks now and then whether somebody has pressed Ctrl+C. */

#define POLL_MS 50

typedef struct {
  const sigset_t *stopping;
  SottoDocument *document;
  GAsyncResult *result;
  gboolean is_stopped;
} Reading;

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ((Reading *) user_data)->result = g_object_ref (result);
}

static gboolean
look_for_signals (gpointer user_data)
{
  const struct timespec at_once = { 0, 0 };
  Reading *reading = user_data;

  if (!reading->is_stopped && sigtimedwait (reading->stopping, NULL, &at_once) > 0)
    {
      reading->is_stopped = TRUE;
      sotto_document_cancel (reading->document);
    }
  return G_SOURCE_CONTINUE;
}

/* Returns: (transfer full) (nullable): %NULL: why not has been said, or it was stopped */
static SottoAttachment *
read_file (const char *path, const sigset_t *stopping, gboolean *is_stopped)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (SottoDocument) document = sotto_document_new (file);
  g_autoptr (GError) error = NULL;
  Reading reading = { stopping, document, NULL, FALSE };
  const guint poll = g_timeout_add (POLL_MS, look_for_signals, &reading);
  SottoAttachment *attachment;

  sotto_document_read_async (document, on_read, &reading);
  while (reading.result == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (poll);
  attachment = sotto_document_read_finish (document, reading.result, &error);
  g_object_unref (reading.result);
  *is_stopped = reading.is_stopped;
  if (attachment == NULL && !reading.is_stopped)
    {
      g_autofree char *words = sotto_document_describe_error (document, error);

      sotto_ask_complain ("%s", words);
    }
  return attachment;
}

GPtrArray *
sotto_ask_read_attachments (const char *const *paths, const sigset_t *stopping, gboolean *is_stopped)
{
  g_autoptr (GPtrArray) attachments = g_ptr_array_new_with_free_func (g_object_unref);

  *is_stopped = FALSE;
  for (; paths != NULL && *paths != NULL; paths++)
    {
      SottoAttachment *attachment = read_file (*paths, stopping, is_stopped);

      if (attachment == NULL)
        return NULL;
      g_ptr_array_add (attachments, attachment);
    }
  return g_steal_pointer (&attachments);
}

gboolean
sotto_ask_append_question (SottoMessages         *messages,
                           const char            *question,
                           GPtrArray             *attachments,
                           const SottoModelFacts *model,
                           char                 **vision)
{
  g_autoptr (GString) text = g_string_new (NULL);
  guint n_pictures = 0;

  *vision = NULL;
  for (guint i = 0; i < attachments->len; i++)
    {
      SottoAttachment *attachment = g_ptr_array_index (attachments, i);

      n_pictures += sotto_attachment_is_picture (attachment) ? 1 : 0;
      if (sotto_attachment_is_picture (attachment))
        continue;
      sotto_attachment_write (attachment, text);
      g_string_append_c (text, '\n');
    }
  g_string_append (text, question);
  if (n_pictures > 0 && (*vision = sotto_ask_find_vision (model)) == NULL)
    {
      /* Translators: %s is the name of a model */
      sotto_ask_complain (_("“%s” cannot see pictures. Name a model that can with --model."), model->name);
      return FALSE;
    }

  sotto_messages_append (messages, "user", text->str);
  for (guint i = 0; i < attachments->len; i++)
    if (sotto_attachment_is_picture (g_ptr_array_index (attachments, i)))
      sotto_messages_append_image (messages, sotto_attachment_peek_image (g_ptr_array_index (attachments, i)));
  return TRUE;
}
