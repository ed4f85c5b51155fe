#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * SottoMarkdownView:
 *
 * Shows Markdown (CommonMark with tables, task lists, strikethrough and bare links) as widgets. A text that grows at its end
 * is followed at a cost that depends on its last block only.
 *
 * Properties:
 * - "text" (string, read-write)
 */
#define SOTTO_TYPE_MARKDOWN_VIEW (sotto_markdown_view_get_type ())
G_DECLARE_FINAL_TYPE (SottoMarkdownView, sotto_markdown_view, SOTTO, MARKDOWN_VIEW, GtkWidget)

GtkWidget *sotto_markdown_view_new (void);

/**
 * sotto_markdown_view_set_text:
 * @text: UTF-8
 */
void sotto_markdown_view_set_text (SottoMarkdownView *self, const char *text);

/**
 * sotto_markdown_view_set_sources:
 * @titles: (nullable): passages that the text may name by their numbers, "[1]", which are links then ("message.source")
 */
void sotto_markdown_view_set_sources (SottoMarkdownView *self, const char *const *titles);
const char *sotto_markdown_view_get_text (SottoMarkdownView *self);

G_END_DECLS
