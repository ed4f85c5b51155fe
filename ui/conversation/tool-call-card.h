#pragma once

#include <gtk/gtk.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/**
 * SottoToolCallCard:
 *
 * A tool that a model has called: its name, what it was given, and what it gave. Where it was not run, it says so.
 */
#define SOTTO_TYPE_TOOL_CALL_CARD (sotto_tool_call_card_get_type ())
G_DECLARE_FINAL_TYPE (SottoToolCallCard, sotto_tool_call_card, SOTTO, TOOL_CALL_CARD, GtkWidget)

GtkWidget *sotto_tool_call_card_new (void);

/* @is_live: the reply goes on, so that what was not run may be yet */
void sotto_tool_call_card_set_call (SottoToolCallCard *self, const SottoToolCall *call, gboolean is_live);

/**
 * sotto_tool_call_card_describe:
 *
 * Returns: (transfer full): what is seen of a call in a reply that is over as long as nobody opens it, line by line: what was used, what
 *   it was given, and what it gave, if that is short
 */
char *sotto_tool_call_card_describe (const SottoToolCall *call);

G_END_DECLS
