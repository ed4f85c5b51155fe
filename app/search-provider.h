#pragma once

#if !defined(SOTTO_APP_INSIDE) && !defined(SOTTO_APP_COMPILATION)
#error "Include sotto-app.h only."
#endif

#include "app.h"

G_BEGIN_DECLS

/**
 * SottoSearchProvider:
 *
 * Conversations for the search of GNOME Shell (org.gnome.Shell.SearchProvider2): a result is a
 * conversation, named by its id. It looks only into a history that is open: before, and whenever it
 * is locked, it finds nothing, opens nothing and asks nobody.
 *
 * Signals:
 * - "activate" (string id, uint timestamp): a person chose this conversation
 * - "launch" (string words, uint timestamp): a person wants to see all results in Sotto
 */
#define SOTTO_TYPE_SEARCH_PROVIDER (sotto_search_provider_get_type ())
G_DECLARE_FINAL_TYPE (SottoSearchProvider, sotto_search_provider, SOTTO, SEARCH_PROVIDER, GObject)

SottoSearchProvider *sotto_search_provider_new (SottoApp *app);

/**
 * sotto_search_provider_export:
 * @path: the object's path
 *
 * Answers on @connection until sotto_search_provider_unexport(), in the main context of the caller.
 */
gboolean sotto_search_provider_export (SottoSearchProvider  *self,
                                       GDBusConnection      *connection,
                                       const char           *path,
                                       GError              **error);
void sotto_search_provider_unexport (SottoSearchProvider *self);

G_END_DECLS
