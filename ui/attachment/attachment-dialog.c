#include "attachment/attachment-dialog.h"

#include <adwaita.h>

#include "conversation/find-marks.h"
#include "markdown/markdown-plain.h"

#define MARGIN 18

/* A text is code or a table as often as not, and stands as it was written. */
static GtkWidget *
create_view (SottoAttachment *attachment)
{
  GtkWidget *view = gtk_text_view_new ();
  GtkTextIter start;

  gtk_text_view_set_editable (GTK_TEXT_VIEW (view), FALSE);
  gtk_text_view_set_wrap_mode (GTK_TEXT_VIEW (view), GTK_WRAP_WORD_CHAR);
  gtk_text_view_set_monospace (GTK_TEXT_VIEW (view), !sotto_attachment_was_formatted (attachment));
  gtk_text_view_set_top_margin (GTK_TEXT_VIEW (view), MARGIN / 2);
  gtk_text_view_set_bottom_margin (GTK_TEXT_VIEW (view), MARGIN);
  gtk_text_view_set_left_margin (GTK_TEXT_VIEW (view), MARGIN);
  gtk_text_view_set_right_margin (GTK_TEXT_VIEW (view), MARGIN);
  gtk_accessible_update_property (GTK_ACCESSIBLE (view), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  sotto_attachment_get_name (attachment), -1);
  sotto_markdown_plain_append_to_buffer (gtk_text_view_get_buffer (GTK_TEXT_VIEW (view)),
                                         sotto_attachment_get_text (attachment));
  gtk_text_buffer_get_start_iter (gtk_text_view_get_buffer (GTK_TEXT_VIEW (view)), &start);
  gtk_text_buffer_place_cursor (gtk_text_view_get_buffer (GTK_TEXT_VIEW (view)), &start);

  return view;
}

/* What is not in sight yet has no places. GTK scrolls to a mark once the lines above it have been measured. */
static void
on_map (GtkTextView *view,
        const char  *words)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (view);
  SottoFoundPlace place;
  GtkTextIter iter;

  if (sotto_find_mark (GTK_WIDGET (view), words, 0, &place) == 0)
    return;

  gtk_text_buffer_get_iter_at_offset (buffer, &iter, (int) place.offset);
  gtk_text_buffer_place_cursor (buffer, &iter);
  gtk_text_view_scroll_to_mark (view, gtk_text_buffer_get_insert (buffer), 0, TRUE, 0, 0.3);
}

static void
free_words (gpointer  words,
            GClosure *closure)
{
  g_free (words);
}

void
sotto_attachment_dialog_present (GtkWidget       *parent,
                                 SottoAttachment *attachment,
                                 const char      *words)
{
  AdwDialog *dialog = adw_dialog_new ();
  GtkWidget *toolbar_view = adw_toolbar_view_new ();
  GtkWidget *bar = adw_header_bar_new ();
  GtkWidget *scroller = gtk_scrolled_window_new ();
  GtkWidget *view = create_view (attachment);
  g_autofree char *length = sotto_attachment_describe (attachment);

  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scroller), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), view);
  gtk_widget_set_vexpand (scroller, TRUE);
  gtk_widget_add_css_class (scroller, "attachment-text");
  adw_header_bar_set_title_widget (ADW_HEADER_BAR (bar), adw_window_title_new (sotto_attachment_get_name (attachment), length));
  adw_toolbar_view_add_top_bar (ADW_TOOLBAR_VIEW (toolbar_view), bar);
  adw_toolbar_view_set_content (ADW_TOOLBAR_VIEW (toolbar_view), scroller);

  adw_dialog_set_title (dialog, sotto_attachment_get_name (attachment));
  adw_dialog_set_content_width (dialog, 720);
  adw_dialog_set_content_height (dialog, 800);
  gtk_widget_set_size_request (GTK_WIDGET (dialog), 320, 240);
  adw_dialog_set_child (dialog, toolbar_view);
  adw_dialog_set_focus (dialog, view);
  if (words != NULL)
    g_signal_connect_data (view, "map", G_CALLBACK (on_map), g_strdup (words), free_words, G_CONNECT_AFTER);
  adw_dialog_present (dialog, parent);
}
