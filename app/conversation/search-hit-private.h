#pragma once

#include <sotto-history.h>

#include "conversation/search-hit.h"

G_BEGIN_DECLS

SottoSearchHit *sotto_search_hit_new (SottoConversation *conversation, const SottoHistoryHit *hit);

G_END_DECLS
