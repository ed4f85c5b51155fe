#pragma once

#include "sotto-cancel.h"

G_BEGIN_DECLS

/* A grammar as an automaton over bytes, whose edges may call rules.
 *
 * Each rule is a small automaton with one start and one end; an edge reads a byte out of a range,
 * reads nothing, or calls a rule and goes on at its target when that rule has reached its end.
 * Whoever reads a grammar (gbnf.c, schema*.c) builds one of these; sotto_machine_finish() checks
 * and prepares it, after which it never changes and any thread may use it.
 *
 * Its size is bounded: beyond that, adding does nothing but note it, and finishing tells. */

#define SOTTO_MACHINE_MOST_STATES (1u << 19)
#define SOTTO_MACHINE_MOST_EDGES (1u << 21)
#define SOTTO_MACHINE_MOST_RULES (1u << 15)

/* How many characters of SottoMachineEdge::run stand for "any number". */
#define SOTTO_RUN_ENDLESS 255

/* For how many bytes states that are alike are so. One token in a hundred is longer. */
#define SOTTO_MACHINE_HORIZON 16u

typedef enum {
  SOTTO_EDGE_EMPTY,
  SOTTO_EDGE_BYTES,
  SOTTO_EDGE_CALL,
} SottoMachineEdgeKind;

typedef struct {
  guint32 target;
  guint16 rule;              /* CALL */
  guint8 low;                /* BYTES: the range, both ends included */
  guint8 high;
} SottoMachineEdge;

/* Rules that every machine has. */
enum {
  SOTTO_RULE_NON_ASCII,      /* one character from U+0080 on, as UTF-8 */
  SOTTO_RULE_ESCAPE,         /* one character as JSON escapes it, any way JSON knows */
  SOTTO_RULE_FIRST           /* what the reader's own rules begin with */
};

typedef struct {
  guint32 start;
  guint32 end;
  guint16 order;             /* callers stand before what they begin with */
  gboolean nullable;
  char *name;                /* (nullable) */
} SottoMachineRule;

typedef struct {
  guint32 first_edge;        /* up to the next state's first: EMPTY, then BYTES, then CALL */
  guint32 first_bytes;
  guint32 first_call;
  guint8 run;                /* so many safe characters (see token-trie.h) can follow, whichever */
  guint8 is_end;             /* of a rule */
  guint8 is_tail;            /* nothing but the rule's end can follow */
} SottoMachineState;

typedef struct _SottoMachine SottoMachine;

struct _SottoMachine {
  /* Finished */
  SottoMachineRule *rules;
  SottoMachineState *states;        /* (n_states + 2): one that ends the whole, and a guard */
  SottoMachineEdge *edges;
  guint n_rules;
  guint n_states;
  guint n_edges;
  guint root;
  guint64 *alike;            /* (n_states + 1) (nullable): see sotto_machine_find_alike() */
  guint n_classes;           /* bytes that no edge tells apart are one class */
  guint8 class_of[256];

  /* While it is built */
  const SottoCancel *cancel; /* (nullable): not owned */
  GArray *new_rules;
  GArray *new_edges;         /* (element-type NewEdge) */
  guint n_new_states;
  gboolean is_full;
  guint32 tails[3];          /* states that wait for 1, 2, 3 more bytes of a character … */
  guint32 tails_target;      /* … before this one */
};

/* The state behind all: an item there means that the text may end. */
static inline guint32
sotto_machine_final (const SottoMachine *self)
{
  return self->n_states;
}

/* @cancel: (nullable): looked at until it is finished, and has to live as long */
SottoMachine *sotto_machine_new (const SottoCancel *cancel);
void sotto_machine_free (SottoMachine *self);

/* --- Building --- */

/* A state of no rule yet. */
guint32 sotto_machine_add_state (SottoMachine *self);

/* A rule with a start and an end; @name: (nullable): for errors. */
guint sotto_machine_add_rule (SottoMachine *self, const char *name);
guint32 sotto_machine_get_start (const SottoMachine *self, guint rule);
guint32 sotto_machine_get_end (const SottoMachine *self, guint rule);

void sotto_machine_add_empty (SottoMachine *self, guint32 from, guint32 to);
void sotto_machine_add_bytes (SottoMachine *self,
                              guint32       from,
                              guint8        low,
                              guint8        high,
                              guint32       to);
void sotto_machine_add_call (SottoMachine *self, guint32 from, guint rule, guint32 to);

/* Adds the bytes of @text. Returns: the state behind them */
guint32 sotto_machine_add_text (SottoMachine *self, guint32 from, const char *text, gsize length);

/* Whether nothing more is to be built, because there is no room left or because it was cancelled: loops that build
 * look at it. */
static inline gboolean
sotto_machine_is_stopped (const SottoMachine *self)
{
  return self->is_full || sotto_cancel_is_raised (self->cancel);
}

/**
 * sotto_machine_finish:
 * @root: the rule that a whole text is
 *
 * Drops what no text can pass through, refuses left recursion, and prepares the rest for walking.
 *
 * Returns: %FALSE with %SOTTO_ENGINE_ERROR_GRAMMAR or, if it was cancelled, %SOTTO_ENGINE_ERROR_CANCELLED
 */
gboolean sotto_machine_finish (SottoMachine *self, guint root, GError **error);

/* machine-alike.c: a hash of two numbers, in their order. */
guint64 sotto_machine_mix (guint64 a, guint64 b);

/* machine-text.c: characters as bytes */

typedef struct {
  gunichar low;
  gunichar high;             /* included */
} SottoCharRange;

/* Sorts @ranges, joins what touches, and takes out the surrogates, which are no characters. */
void sotto_char_ranges_tidy (GArray *ranges);

/* Tidy ranges to those of all other characters. */
void sotto_char_ranges_invert (GArray *ranges);

/* One character of @ranges (tidy) as UTF-8. */
void sotto_machine_add_chars (SottoMachine         *self,
                              guint32               from,
                              const SottoCharRange *ranges,
                              guint                 n_ranges,
                              guint32               to);

/* One character of @ranges (tidy) as it stands within a JSON string: itself, or escaped where it
 * has to be; all characters together may be escaped in any way. */
void sotto_machine_add_json_chars (SottoMachine         *self,
                                   guint32               from,
                                   const SottoCharRange *ranges,
                                   guint                 n_ranges,
                                   guint32               to);

/* machine-text.c: fills the rules that every machine has. */
void sotto_machine_add_common_rules (SottoMachine *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoMachine, sotto_machine_free)

G_END_DECLS
