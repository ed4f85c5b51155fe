#include "transfer/transfer-private.h"

#include "conversation/attachment-private.h"
#include "transfer/web-page.h"

/* A picture on its way out of the history. The history has its file, and a helper decodes it: both are the main context's to ask, so it
 * is asked to, and waited for in the transfer's thread. One is in memory at a time. */

typedef struct {
  SottoTransfer *transfer;
  const SottoHistoryPart *part;
  GMainContext *context; /* the thread's */

  /* The main context's until is_done */
  SottoPixels *pixels;
  GError *error;
  gint is_done; /* atomic */
} Look;

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Look *look = user_data;
  g_autoptr (GMainContext) context = g_main_context_ref (look->context);

  look->pixels = sotto_pixels_load_finish (SOTTO_ATTACHMENT (source), result, &look->error);
  g_atomic_int_set (&look->is_done, TRUE);
  g_main_context_wakeup (context);
}

static gboolean
on_asked (gpointer user_data)
{
  Look *look = user_data;
  g_autoptr (SottoAttachment) picture = sotto_attachment_new_from_part (look->part, look->transfer->store);

  sotto_pixels_load_async (picture, SOTTO_WEB_PAGE_PICTURE_WIDTH, SOTTO_WEB_PAGE_PICTURE_HEIGHT, FALSE,
                           look->transfer->cancellable, on_loaded, look);
  return G_SOURCE_REMOVE;
}

gboolean
sotto_transfer_load_picture (const SottoHistoryPart *part, SottoPixels **pixels, gpointer user_data, GError **error)
{
  SottoTransfer *self = user_data;
  Look look = { self, part, g_main_context_get_thread_default (), NULL, NULL, FALSE };
  g_autoptr (GSource) source = g_idle_source_new ();

  /* Never here, as g_main_context_invoke() would while nobody is in the main context. */
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, on_asked, &look, NULL);
  g_source_attach (source, NULL);
  while (!g_atomic_int_get (&look.is_done))
    g_main_context_iteration (look.context, TRUE);

  *pixels = look.pixels;
  if (look.error != NULL && (g_cancellable_is_cancelled (self->cancellable) || look.error->domain == SOTTO_HISTORY_ERROR))
    {
      g_propagate_error (error, look.error);
      return FALSE;
    }
  /* One that is damaged, or that nothing here can read, is named alone. */
  g_clear_error (&look.error);
  return TRUE;
}
