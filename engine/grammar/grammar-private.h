#pragma once

#include "machine.h"
#include "sotto-grammar.h"

G_BEGIN_DECLS

/* Valid as long as the grammar. */
const SottoMachine *sotto_grammar_get_machine (const SottoGrammar *self);

G_END_DECLS
