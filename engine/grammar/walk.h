#pragma once

#include "machine.h"

G_BEGIN_DECLS

/* A machine read byte by byte: every place at which a text may be, found when it is first needed
 * and remembered. One thread at a time. */

/* Where a text may stand: in @state, with @context to return to. */
typedef struct {
  guint32 state;
  guint32 context;
} SottoItem;

/* All items at once: what the text read so far leaves open. */
typedef struct {
  SottoItem *items;          /* sorted; only states that read bytes, or the final one */
  guint n_items;
  guint8 run;                /* as SottoMachineState::run, the best of its items' */
  guint8 accepts;            /* the text may end here */
  guint32 *next;             /* (n_classes): places; SOTTO_PLACE_UNKNOWN: not asked yet */
  gpointer mask;             /* (nullable) (owned): for whoever walks; freed by g_free() */
} SottoPlace;

#define SOTTO_PLACE_DEAD 0u
#define SOTTO_PLACE_UNKNOWN G_MAXUINT32

typedef struct _SottoGrammarWalk SottoGrammarWalk;

struct _SottoGrammarWalk {
  const SottoMachine *machine;   /* not owned */
  SottoPlace *places;            /* by number; 0 is dead */
  guint n_places;
  gsize bytes;                   /* that all this takes, masks included */
  guint64 work;                  /* items and edges looked at so far */
  gboolean is_overfull;          /* a place was too ambiguous to be followed; it counts as dead */
  struct _SottoWalkTables *tables;
};

SottoGrammarWalk *sotto_walk_new (const SottoMachine *machine);
void sotto_walk_free (SottoGrammarWalk *self);

/* The place where a text begins. */
guint32 sotto_walk_start (SottoGrammarWalk *self);

/* Finds out where @class leads; use sotto_walk_step(). */
guint32 sotto_walk_explore (SottoGrammarWalk *self, guint32 place, guint class);

/* The place behind @byte, or %SOTTO_PLACE_DEAD. May move places in memory. */
static inline guint32
sotto_walk_step (SottoGrammarWalk *self,
                 guint32    place,
                 guint8     byte)
{
  guint class = self->machine->class_of[byte];
  guint32 next = place != SOTTO_PLACE_DEAD ? self->places[place].next[class] : SOTTO_PLACE_DEAD;

  return next != SOTTO_PLACE_UNKNOWN ? next : sotto_walk_explore (self, place, class);
}

/**
 * sotto_walk_get_likeness:
 *
 * Places with the same one lead on by the same texts of up to %SOTTO_MACHINE_HORIZON bytes, and
 * either both or neither accept.
 *
 * Returns: 0: nothing is known
 */
guint64 sotto_walk_get_likeness (SottoGrammarWalk *self, guint32 place);

/* What is in front of a place, as far as white space depends on it: the last byte, and whether a string ended
 * before it. In a text's first place 0. */
#define SOTTO_WALK_BEHIND 512u

static inline guint
sotto_walk_behind (guint  before,
                   guint8 byte)
{
  return byte | ((before & 0xff) == '"' ? 256u : 0u);
}

/**
 * sotto_walk_foresee:
 * @behind: what is in front of @place: sotto_walk_behind()
 * @habits: (array fixed-size=SOTTO_WALK_BEHIND): which byte is usual behind each; 0: none
 * @text: empty
 *
 * Appends to @text, up to @most bytes, what comes next where nothing else can, and where only the white space may differ what is
 * usual. Stops where the text may end. Finds places, as any step does.
 *
 * Returns: how many bytes nothing else can come for
 */
gsize sotto_walk_foresee (SottoGrammarWalk *self,
                          guint32           place,
                          guint             behind,
                          const guint8     *habits,
                          gsize             most,
                          GString          *text);

/**
 * sotto_walk_forget:
 * @keep: places still needed; gets their new numbers
 *
 * Forgets everything but @keep, masks too.
 */
void sotto_walk_forget (SottoGrammarWalk *self, guint32 *keep, guint n_keep);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoGrammarWalk, sotto_walk_free)

G_END_DECLS
