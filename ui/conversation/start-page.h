#pragma once

#include <adwaita.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/**
 * SottoStartPage:
 *
 * What stands where the messages will be before there is one: what kind of conversation it is going to be, and how it might
 * begin.
 *
 * Signals:
 * - "suggested" (const char *text): a beginning was chosen
 * - "add-model" (): a model is to be added
 */
#define SOTTO_TYPE_START_PAGE (sotto_start_page_get_type ())
G_DECLARE_FINAL_TYPE (SottoStartPage, sotto_start_page, SOTTO, START_PAGE, AdwBin)

/**
 * sotto_start_page_show:
 * @conversation: (nullable)
 * @is_known: whether who reads it has talked to Sotto before, and so knows where to find things
 */
void sotto_start_page_show (SottoStartPage *self, SottoConversation *conversation, gboolean is_known);

G_END_DECLS
