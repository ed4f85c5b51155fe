#pragma once

#include "backend.h"

G_BEGIN_DECLS

/* What a state's caches hold, by position: the rules that all backends share, whatever form their keys and values
 * have. A cache of a window is a ring, large enough that a batch never overwrites what its own queries still see;
 * recurrent states stand at their last token. */

/* A cache's capacity is a multiple of it: keys that one partial result of attention covers. */
#define SOTTO_CACHE_CHUNK 256

/* What is stored begins at a multiple of it. */
#define SOTTO_CACHE_TILE 16

typedef struct {
  const SottoCacheShape *shape;
  gboolean is_ring;        /* forgets */
  guint oldest;            /* the first position that was restored */
  guint capacity;          /* positions: position p lies in slot p % capacity */
} SottoHeldCache;

typedef struct {
  const SottoPlan *plan;
  SottoHeldCache *caches;  /* (plan->n_caches) */

  /* What is in them: positions below position; of rings only those from its oldest on and not more than
   * its capacity below highest. */
  guint position;
  guint highest;
  gboolean is_lost;        /* a batch that failed has changed the recurrent states */
} SottoHeld;

/* A cache of @plan, empty, for @n_context positions. */
SottoHeldCache sotto_held_cache (const SottoPlan *plan, guint index, guint n_context);

void sotto_held_init (SottoHeld *self, const SottoPlan *plan, guint n_context);
void sotto_held_clear (SottoHeld *self);

/* Around a batch of @n_tokens from @position on; without advance the batch has failed. A batch at position 0 begins
 * with recurrent states of zeros, which the caller makes. */
void sotto_held_begin (SottoHeld *self, guint position, guint n_tokens);
void sotto_held_advance (SottoHeld *self, guint position, guint n_tokens);

/* What was stored at @position has come back. */
void sotto_held_restore (SottoHeld *self, guint position);

/* Whether a batch may begin at @position. */
gboolean sotto_held_serves (const SottoHeld *self, guint position);

/* Whether a batch could begin at @position once what was stored at @stored had come back. */
gboolean sotto_held_would_serve (const SottoPlan *plan, guint stored, guint position);

/* The first position that is stored of a cache when the state stands at @position. */
guint sotto_held_first (const SottoHeldCache *self, guint position);

G_END_DECLS
