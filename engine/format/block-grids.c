#include "format/block-grids.h"

#include "format/block-grids-data.h"
