#pragma once

#include <gtk/gtk.h>

#include <sotto-app.h>

G_BEGIN_DECLS

/* What a search over all conversations has found: the rows of the sidebar's list, and the heading over those that say it in other
 * words. */

/**
 * sotto_sidebar_results_attach:
 *
 * Gives @view its rows and headings. It is empty.
 */
void sotto_sidebar_results_attach (GtkListView *view);

/**
 * sotto_sidebar_results_show:
 * @found: (element-type SottoSearchHit): by words; they take the place of all that is there
 */
void sotto_sidebar_results_show (GtkListView *view, GListModel *found);

/**
 * sotto_sidebar_results_add:
 * @found: (element-type SottoSearchHit): by meaning; they come behind what is there, of which nothing moves
 */
void sotto_sidebar_results_add (GtkListView *view, GListModel *found);

guint sotto_sidebar_results_get_n (GtkListView *view);

/* Returns: (transfer full) (nullable) */
SottoSearchHit *sotto_sidebar_results_get (GtkListView *view, guint position);

G_END_DECLS
