#include "insert-text.h"

/* Frames until a view that grows has its height. */
#define FRAMES 3

static gboolean
on_frame (GtkWidget     *widget,
          GdkFrameClock *clock,
          gpointer       user_data)
{
  GtkTextView *view = GTK_TEXT_VIEW (widget);
  guint *n_frames = user_data;

  if ((*n_frames)++ < FRAMES)
    return G_SOURCE_CONTINUE;

  gtk_text_view_scroll_mark_onscreen (view, gtk_text_buffer_get_insert (gtk_text_view_get_buffer (view)));

  return G_SOURCE_REMOVE;
}

void
sotto_insert_text_follow (GtkTextView *view)
{
  gtk_widget_add_tick_callback (GTK_WIDGET (view), on_frame, g_new0 (guint, 1), g_free);
}

void
sotto_insert_text (GtkTextView *view,
                   const char  *text)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (view);
  GtkTextIter at;

  gtk_text_buffer_begin_user_action (buffer);
  gtk_text_buffer_delete_selection (buffer, TRUE, TRUE);
  gtk_text_buffer_get_iter_at_mark (buffer, &at, gtk_text_buffer_get_insert (buffer));
  if (!gtk_text_iter_starts_line (&at))
    gtk_text_buffer_insert_at_cursor (buffer, "\n\n", -1);
  gtk_text_buffer_insert_at_cursor (buffer, text, -1);
  gtk_text_buffer_end_user_action (buffer);
  sotto_insert_text_follow (view);
}
