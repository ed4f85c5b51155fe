#pragma once

#include <adwaita.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/**
 * SottoReasoningView:
 *
 * What a model thought before it answered: a line that opens and closes. It stands open while the model thinks, and closes when
 * the answer begins, unless a person has opened or closed it. The text is laid out when it is first seen.
 */
#define SOTTO_TYPE_REASONING_VIEW (sotto_reasoning_view_get_type ())
G_DECLARE_FINAL_TYPE (SottoReasoningView, sotto_reasoning_view, SOTTO, REASONING_VIEW, GtkWidget)

GtkWidget *sotto_reasoning_view_new (SottoMessage *message);

G_END_DECLS
