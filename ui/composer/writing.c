#include "composer/writing.h"

#include <libspelling.h>

#include "markdown/source-style.h"

/* Frames until a view that grows has its height */
#define FRAMES_TO_GROW 3

static const char spelling_key[] = "sotto-spelling";

static gboolean
on_frame (GtkWidget     *widget,
          GdkFrameClock *clock,
          gpointer       user_data)
{
  GtkTextView *view = GTK_TEXT_VIEW (widget);
  guint *n_frames = user_data;

  if ((*n_frames)++ < FRAMES_TO_GROW)
    return G_SOURCE_CONTINUE;

  gtk_text_view_scroll_mark_onscreen (view, gtk_text_buffer_get_insert (gtk_text_view_get_buffer (view)));

  return G_SOURCE_REMOVE;
}

/* What was pasted is scrolled to once the view has grown: before, it would be to what is in sight anyway. */
static void
follow_cursor (GtkTextView *view)
{
  gtk_widget_add_tick_callback (GTK_WIDGET (view), on_frame, g_new0 (guint, 1), g_free);
}

void
sotto_writing_begin (GtkSourceView *view)
{
  GtkSourceBuffer *buffer = GTK_SOURCE_BUFFER (gtk_text_view_get_buffer (GTK_TEXT_VIEW (view)));
  SpellingTextBufferAdapter *spelling = spelling_text_buffer_adapter_new (buffer, spelling_checker_get_default ());

  g_object_set_data_full (G_OBJECT (view), spelling_key, spelling, g_object_unref);
  gtk_text_view_set_extra_menu (GTK_TEXT_VIEW (view), spelling_text_buffer_adapter_get_menu_model (spelling));
  gtk_widget_insert_action_group (GTK_WIDGET (view), "spelling", G_ACTION_GROUP (spelling));
  spelling_text_buffer_adapter_set_enabled (spelling, TRUE);
  sotto_source_style_follow (buffer);
  g_signal_connect_object (buffer, "paste-done", G_CALLBACK (follow_cursor), view, G_CONNECT_SWAPPED);
}

void
sotto_writing_end (GtkSourceView *view)
{
  SpellingTextBufferAdapter *spelling = g_object_get_data (G_OBJECT (view), spelling_key);

  /* What it still has to check would be asked for after the buffer has gone. */
  if (spelling != NULL)
    spelling_text_buffer_adapter_set_enabled (spelling, FALSE);
  g_object_set_data (G_OBJECT (view), spelling_key, NULL);
}
