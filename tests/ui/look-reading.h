#pragma once

#include "look.h"

G_BEGIN_DECLS

/* A reply that is read aloud, and what is said where there is no voice. The newest conversation is shown. */
void look_at_reading (Look *look);

G_END_DECLS
