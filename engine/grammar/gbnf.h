#pragma once

#include "machine.h"

G_BEGIN_DECLS

/**
 * sotto_gbnf_parse:
 * @text: a grammar as llama.cpp's .gbnf files have it
 * @length: bytes
 * @root: the rule that a whole text is
 * @cancel: (nullable)
 *
 * Returns: (transfer full): a finished machine, or %NULL with %SOTTO_ENGINE_ERROR_GRAMMAR or
 *   %SOTTO_ENGINE_ERROR_CANCELLED
 */
SottoMachine *sotto_gbnf_parse (const char         *text,
                                gsize               length,
                                const char         *root,
                                const SottoCancel  *cancel,
                                GError            **error);

G_END_DECLS
