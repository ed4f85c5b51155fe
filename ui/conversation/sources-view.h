#pragma once

#include <adwaita.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/**
 * SottoSourcesView:
 *
 * The passages of documents that a reply was given: a row of buttons, each with its number, its document and its page, which
 * open the passage. What would take more than two lines is one line that opens.
 */
#define SOTTO_TYPE_SOURCES_VIEW (sotto_sources_view_get_type ())
G_DECLARE_FINAL_TYPE (SottoSourcesView, sotto_sources_view, SOTTO, SOURCES_VIEW, GtkWidget)

/* @message: with the sources that it has now */
GtkWidget *sotto_sources_view_new (SottoMessage *message);

/* Opens one of the passages, with @words marked in it. @position: from 0 */
void sotto_sources_view_show (SottoSourcesView *self, guint position, const char *words);

G_END_DECLS
