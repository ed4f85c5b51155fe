#pragma once

#include <sotto-history.h>

#include "conversation/pixels.h"

G_BEGIN_DECLS

/* A conversation as a page of the web: one file that any browser shows, and that has all that it shows in it. It is written piece by
 * piece, a message each. Any thread. */

/* No picture is larger in it. */
#define SOTTO_WEB_PAGE_PICTURE_WIDTH 640
#define SOTTO_WEB_PAGE_PICTURE_HEIGHT 480

/**
 * SottoWebPictureFunc:
 * @part: an _IMAGE
 * @pixels: (out) (transfer full) (nullable): no larger than the page has them; %NULL: the picture is not to be had, and is named alone
 *
 * Returns: %FALSE with an error: nothing more is to be written
 */
typedef gboolean (*SottoWebPictureFunc) (const SottoHistoryPart *part, SottoPixels **pixels, gpointer user_data, GError **error);

/* What stands before the first message: title, date, model, and what it looks like */
void sotto_web_page_begin (GString *out, const SottoHistoryConversation *conversation);

/**
 * sotto_web_page_add_message:
 *
 * Appends what a person sees of @message, and what can be opened there: reasoning, tool calls, attached texts and passages of
 * documents, with their pages. Where a file was is not told.
 */
gboolean sotto_web_page_add_message (GString                    *out,
                                     const SottoHistoryMessage  *message,
                                     SottoWebPictureFunc         load_picture,
                                     gpointer                    user_data,
                                     GError                    **error);
void sotto_web_page_end (GString *out);

G_END_DECLS
