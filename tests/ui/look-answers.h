#pragma once

#include "look.h"

G_BEGIN_DECLS

/* Where one chooses what replies look like, with a schema that is wrong and one that is right; a conversation whose replies are JSON. */
void look_at_answers (Look *look);

G_END_DECLS
