#pragma once

/* History's only header for others: conversations kept encrypted on the disk.
 *
 * Start with sotto_history_probe(), which says what stands in a folder; then
 * sotto_store_open_async() or, where there is nothing, sotto_store_create_async(). Nothing here
 * prints, exits or aborts,
 * nothing blocks the calling thread, and nothing here knows what a language model is. */

#define SOTTO_HISTORY_INSIDE

#include "sotto-history-error.h"
#include "sotto-history-unlock.h"
#include "sotto-history-records.h"
#include "sotto-store.h"
#include "sotto-store-slots.h"
#include "sotto-store-conversations.h"
#include "sotto-store-drafts.h"
#include "sotto-store-messages.h"
#include "sotto-store-data.h"
#include "sotto-store-trees.h"
#include "sotto-store-search.h"
#include "sotto-store-folders.h"
#include "sotto-store-embeddings.h"
#include "sotto-store-groups.h"
#include "sotto-store-settings.h"
#include "sotto-sealed.h"
#include "sotto-store-upkeep.h"
#include "sotto-foreign-database.h"

#undef SOTTO_HISTORY_INSIDE
