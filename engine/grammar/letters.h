#pragma once

#include "machine.h"

G_BEGIN_DECLS

/* A set of strings as a deterministic automaton over characters: what a JSON string may hold.
 * Immutable. */
typedef struct {
  guint32 first_edge;        /* up to the next state's first */
  gboolean accepts;
} SottoLettersState;

typedef struct {
  gunichar low;
  gunichar high;             /* included */
  guint32 target;
} SottoLettersEdge;

typedef struct {
  GArray *states;            /* (element-type SottoLettersState): the start first, a guard last */
  GArray *edges;             /* (element-type SottoLettersEdge): of a state in order, apart */
} SottoLetters;

/* Larger ones are not made. */
#define SOTTO_LETTERS_MOST_STATES (1u << 17)
#define SOTTO_LETTERS_MOST_EDGES (1u << 20)

SottoLetters *sotto_letters_new (void);
void sotto_letters_free (SottoLetters *self);

/* (transfer full): the same once more; takes no room of its own. */
SottoLetters *sotto_letters_share (const SottoLetters *self);

/* Building: states one after the other, each with its edges; then the end. */
void sotto_letters_begin_state (SottoLetters *self, gboolean accepts);
void sotto_letters_add_edge (SottoLetters *self, gunichar low, gunichar high, guint32 target);
void sotto_letters_end (SottoLetters *self);

/* All strings of @least to @most characters; G_MAXUINT: any number. (nullable): too large */
SottoLetters *sotto_letters_new_length (guint least, guint most);

/* These strings (UTF-8) and no others. (nullable): too large */
SottoLetters *sotto_letters_new_words (const char *const *words, guint n_words);

/* What is in both; what is in @a and not in @b. @cancel: (nullable). (nullable): too large, or cancelled */
SottoLetters *sotto_letters_intersect (const SottoLetters *a,
                                       const SottoLetters *b,
                                       const SottoCancel  *cancel);
SottoLetters *sotto_letters_subtract (const SottoLetters *a,
                                      const SottoLetters *b,
                                      const SottoCancel  *cancel);

gboolean sotto_letters_is_empty (const SottoLetters *self);
/* How many characters the longest of them has; G_MAXUINT: there is none */
guint sotto_letters_get_longest (const SottoLetters *self);
gboolean sotto_letters_accept (const SottoLetters *self, const char *text, gsize length);

/* The contents of a JSON string that is one of these, on @machine. */
void sotto_letters_build (const SottoLetters *self,
                          SottoMachine       *machine,
                          guint32             from,
                          guint32             to);

/**
 * sotto_letters_new_pattern:
 * @pattern: a regular expression as ECMA-262 has them, UTF-8; as in JSON Schema, it may match
 *   anywhere
 * @cancel: (nullable)
 * @problem: (out): what of it is not supported, or too large
 * @work: (out): what it cost, in edges looked at: a tenth of a second is some millions
 *
 * Anchors, groups, alternatives, classes, and repetitions greedy or not; no look-around, back
 * references, word boundaries and Unicode properties. pattern.c.
 *
 * Returns: (transfer full) (nullable): with @problem, or cancelled
 */
SottoLetters *sotto_letters_new_pattern (const char         *pattern,
                                         gsize               length,
                                         const SottoCancel  *cancel,
                                         const char        **problem,
                                         guint              *work);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoLetters, sotto_letters_free)

G_END_DECLS
