#pragma once

#include "machine.h"

G_BEGIN_DECLS

/**
 * sotto_schema_compile:
 * @text: a JSON Schema, draft 2020-12
 * @length: bytes
 * @cancel: (nullable)
 *
 * Returns: (transfer full): a finished machine that accepts JSON texts for which the schema holds,
 *   or %NULL with %SOTTO_ENGINE_ERROR_GRAMMAR or %SOTTO_ENGINE_ERROR_CANCELLED
 */
SottoMachine *sotto_schema_compile (const char         *text,
                                    gsize               length,
                                    const SottoCancel  *cancel,
                                    GError            **error);

G_END_DECLS
