#pragma once

#include <gtk/gtk.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/**
 * SottoContextMeter:
 *
 * What a conversation is doing, in a few words, and how much it takes of what its model can keep in mind.
 */
#define SOTTO_TYPE_CONTEXT_METER (sotto_context_meter_get_type ())
G_DECLARE_FINAL_TYPE (SottoContextMeter, sotto_context_meter, SOTTO, CONTEXT_METER, GtkBox)

/* @conversation: (nullable) */
void sotto_context_meter_set_conversation (SottoContextMeter *self, SottoConversation *conversation);

G_END_DECLS
