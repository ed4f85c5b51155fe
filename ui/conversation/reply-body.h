#pragma once

#include <gtk/gtk.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/**
 * SottoReplyBody:
 *
 * What a reply says, and between its words, where they were called, the tools that it used: text, a card, text again.
 */
#define SOTTO_TYPE_REPLY_BODY (sotto_reply_body_get_type ())
G_DECLARE_FINAL_TYPE (SottoReplyBody, sotto_reply_body, SOTTO, REPLY_BODY, GtkWidget)

GtkWidget *sotto_reply_body_new (SottoMessage *message);

/* Shows what the message says by now; call it when its text, its calls or its status change. */
void sotto_reply_body_update (SottoReplyBody *self);

/* As in sotto_markdown_view_set_sources() */
void sotto_reply_body_set_sources (SottoReplyBody *self, const char *const *titles);

G_END_DECLS
