#pragma once

#if !defined(SOTTO_APP_INSIDE) && !defined(SOTTO_APP_COMPILATION)
#error "Include sotto-app.h only."
#endif

#include "conversation/conversation.h"

G_BEGIN_DECLS

/**
 * SottoSearchHit:
 *
 * A place that a search has found. Immutable.
 *
 * Properties (read-only, constant):
 * - "conversation" (#SottoConversation)
 * - "message-id" (string, nullable): %NULL: the title matches
 * - "snippet" (string): text around the match, without what is Markdown in it
 * - "markup" (string): the same as Pango markup, escaped, the match in bold
 * - "phrase" (string, nullable): of what was found by its meaning: what it begins with, as it is shown; %NULL: words were found
 */
#define SOTTO_TYPE_SEARCH_HIT (sotto_search_hit_get_type ())
G_DECLARE_FINAL_TYPE (SottoSearchHit, sotto_search_hit, SOTTO, SEARCH_HIT, GObject)

SottoConversation *sotto_search_hit_get_conversation (SottoSearchHit *self);
const char *sotto_search_hit_get_message_id (SottoSearchHit *self);
const char *sotto_search_hit_get_snippet (SottoSearchHit *self);
const char *sotto_search_hit_get_markup (SottoSearchHit *self);
const char *sotto_search_hit_get_phrase (SottoSearchHit *self);

G_END_DECLS
