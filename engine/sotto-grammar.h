#pragma once

#include "sotto-cancel.h"

G_BEGIN_DECLS

/**
 * SottoGrammar:
 *
 * What a reply must look like, made from a JSON Schema or a GBNF grammar. Immutable,
 * reference-counted (atomically), usable from any thread and with any model.
 */
typedef struct _SottoGrammar SottoGrammar;

/**
 * sotto_grammar_new_gbnf:
 * @text: a grammar as llama.cpp's .gbnf files have it; UTF-8
 * @length: bytes, or -1
 * @root: (nullable): the rule that a reply has to fit; %NULL: "root"
 * @cancel: (nullable)
 *
 * Returns: (transfer full): or %NULL with %SOTTO_ENGINE_ERROR_GRAMMAR: it is not well formed, a
 *   rule begins with itself, no finite text fits it, or it is too large; or with
 *   %SOTTO_ENGINE_ERROR_CANCELLED
 */
SottoGrammar *sotto_grammar_new_gbnf (const char   *text,
                                      gssize        length,
                                      const char   *root,
                                      SottoCancel  *cancel,
                                      GError      **error);

/**
 * sotto_grammar_new_json_schema:
 * @schema: JSON Schema, draft 2020-12; UTF-8
 * @length: bytes, or -1
 * @cancel: (nullable)
 *
 * A reply will be one JSON value for which @schema holds. Properties come in the schema's order;
 * white space is at most one space behind each colon and comma; an object whose schema lists
 * properties and does not say additionalProperties has only those. What cannot be kept by a grammar
 * is refused, naming the keyword and its place; engine/grammar/README.md lists what can.
 *
 * Returns: (transfer full): or %NULL with %SOTTO_ENGINE_ERROR_GRAMMAR or %SOTTO_ENGINE_ERROR_CANCELLED
 */
SottoGrammar *sotto_grammar_new_json_schema (const char   *schema,
                                             gssize        length,
                                             SottoCancel  *cancel,
                                             GError      **error);

SottoGrammar *sotto_grammar_ref (SottoGrammar *self);
void sotto_grammar_unref (SottoGrammar *self);

/**
 * sotto_grammar_get_hash:
 *
 * Returns: (transfer none): SHA-256 of the text it was made from, for receipts; 64 lower-case hex
 *   digits
 */
const char *sotto_grammar_get_hash (const SottoGrammar *self);

typedef enum {
  SOTTO_GRAMMAR_REFUSES,     /* nothing that begins like this fits */
  SOTTO_GRAMMAR_BEGINS,      /* a text that fits can begin like this */
  SOTTO_GRAMMAR_FITS,        /* it fits (more may follow) */
} SottoGrammarMatch;

/**
 * sotto_grammar_match:
 * @text: bytes
 * @length: of them, or -1
 *
 * Whether a text is what a reply would be allowed to be.
 */
SottoGrammarMatch sotto_grammar_match (const SottoGrammar *self, const char *text, gssize length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoGrammar, sotto_grammar_unref)

G_END_DECLS
