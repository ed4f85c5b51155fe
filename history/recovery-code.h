#pragma once

#include "sotto-history.h"

G_BEGIN_DECLS

/* The secret of a recovery slot: 160 random bits. recovery-code.c says how a code spells them. */
#define SOTTO_RECOVERY_BYTES 20

/**
 * sotto_recovery_code_encode:
 * @secret: (array fixed-size=20)
 *
 * Returns: (transfer full): the code; sotto_history_free_secret()
 */
char *sotto_recovery_code_encode (const guint8 *secret);

/**
 * sotto_recovery_code_decode:
 * @code: as a person typed it
 * @secret: (array fixed-size=20) (out caller-allocates)
 *
 * Returns: %FALSE with %SOTTO_HISTORY_ERROR_MALFORMED_CODE; @secret is undefined then
 */
gboolean sotto_recovery_code_decode (const char *code, guint8 *secret, GError **error);

G_END_DECLS
