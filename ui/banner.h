#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* What makes of a template's AdwBanner one that is for nobody while it is hidden, and says all of what it says: before anything
 * else is done with it. */
void sotto_banner_prepare (AdwBanner *banner);

/* In the place of adw_banner_set_revealed() */
void sotto_banner_set_revealed (AdwBanner *banner, gboolean revealed);

G_END_DECLS
