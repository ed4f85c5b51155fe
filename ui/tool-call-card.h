#pragma once

#include <gtk/gtk.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/**
 * SottoToolCallCard:
 *
 * A tool that a model wanted to use: its name and what it would have been given. Sotto has none to run, and says so.
 */
#define SOTTO_TYPE_TOOL_CALL_CARD (sotto_tool_call_card_get_type ())
G_DECLARE_FINAL_TYPE (SottoToolCallCard, sotto_tool_call_card, SOTTO, TOOL_CALL_CARD, GtkWidget)

GtkWidget *sotto_tool_call_card_new (void);
void sotto_tool_call_card_set_call (SottoToolCallCard *self, const SottoToolCall *call);

G_END_DECLS
