#pragma once

#include "cpu/scratch.h"

G_BEGIN_DECLS

/* What the steps of a plan need at most. */
SottoScratchSizes sotto_scratch_sizes (const SottoPlan *plan);

G_END_DECLS
