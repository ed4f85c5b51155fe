#pragma once

#include "app.h"

G_BEGIN_DECLS

/**
 * sotto_app_set_passphrase_cost:
 * @operations: 0: what history thinks right
 * @memory: bytes
 *
 * What trying a passphrase costs in histories made from now on. For tests, which make many.
 */
void sotto_app_set_passphrase_cost (SottoApp *self, guint operations, gsize memory);

G_END_DECLS
