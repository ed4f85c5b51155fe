#pragma once

#include <adwaita.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/**
 * SottoAttachmentsView:
 *
 * The files that are attached to a message, or to what will be one, side by side and in as many lines as they take: pictures
 * above other files. It is not to be seen while there are none.
 *
 * Signals:
 * - "changed" (): there are others, or more, or fewer
 */
#define SOTTO_TYPE_ATTACHMENTS_VIEW (sotto_attachments_view_get_type ())
G_DECLARE_FINAL_TYPE (SottoAttachmentsView, sotto_attachments_view, SOTTO, ATTACHMENTS_VIEW, AdwBin)

/* @conversation: (nullable): those of its draft; they can be taken off, with a way back */
void sotto_attachments_view_set_conversation (SottoAttachmentsView *self, SottoConversation *conversation);
guint sotto_attachments_view_get_n (SottoAttachmentsView *self);

/* After "changed", where one writes: no more than some lines of them are in sight at once, in @scroller (which holds them), and a toast
 * stands above them. */
void sotto_attachments_view_fit (SottoAttachmentsView *self, GtkScrolledWindow *scroller);

/* Those of a message, which stand where what a person wrote does: at the end of the line. */
void sotto_attachments_view_set_message (SottoAttachmentsView *self, SottoMessage *message);

/* Returns: (transfer full): the names of those, a line each; "": there are none */
char *sotto_attachments_list_names (SottoMessage *message);

G_END_DECLS
