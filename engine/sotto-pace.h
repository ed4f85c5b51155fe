#pragma once

#include "backend.h"
#include "sotto-answer.h"
#include "sotto-lookup.h"

G_BEGIN_DECLS

/* How many tokens to draft, so that it pays: by what batches have cost and how often guesses have come true, in this
 * process, on this machine. It decides how fast a reply comes, never what it says.
 *
 * Guesses are of kinds, likelier and less likely ones (sotto_pace_find_kind). Where those of a batch come true with
 * a1, a2, …, a batch with d of them gives 1 + a1 + a1 a2 + … + a1 a2 … ad tokens, a single step one (Y. Leviathan and
 * others 2023). What was lost on guesses that did not come true is kept below a hundredth of all, whatever is
 * expected. */

/* Behind matches of 1, 2, 3, 4, 5 to 6, 7 to 9, 10 to 15, 16 to 31 and more tokens, of each by what came of guesses
 * at that place before; of a model that is less or more sure of them; and of what a grammar forces. */
#define SOTTO_PACE_MATCHES 9
#define SOTTO_PACE_MODEL (SOTTO_PACE_MATCHES * SOTTO_LOOKUP_RECORDS)
#define SOTTO_PACE_FORCED (SOTTO_PACE_MODEL + 5)
#define SOTTO_PACE_KINDS (SOTTO_PACE_FORCED + SOTTO_FORCED_KINDS)

typedef struct {
  /* (SOTTO_FEW_TOKENS + 1): microseconds that a batch of so many takes, how often that was seen, 0: not of late, and
   * after how many batches last */
  double times[SOTTO_FEW_TOKENS + 1];
  guint n_times[SOTTO_FEW_TOKENS + 1];
  guint64 last_times[SOTTO_FEW_TOKENS + 1];
  guint64 n_batches;

  /* Of each kind: what share of late came true, and of how many */
  double shares[SOTTO_PACE_KINDS];
  double weights[SOTTO_PACE_KINDS];

  double credit;           /* what may be lost, in single steps */

  /* Of a model's guesses: microseconds of each; of late the tokens that batches of them gave, and what those cost, in
   * single steps; what it cost last to read what was missed, likewise; batches that are tried whatever they cost; how
   * many tokens they are left alone, and how many next time */
  double each;
  guint n_each;
  double given;
  double cost;
  double catch_up;
  guint n_trials;
  guint wait;
  guint next_wait;
} SottoPace;

void sotto_pace_init (SottoPace *self);

/* A guess behind a match of @n_match tokens, 1 or more. */
guint sotto_pace_find_kind (guint n_match, SottoLookupRecord record);

/* A guess of a model whose best token is @ahead of the second by so many nats. */
guint sotto_pace_find_model_kind (double ahead);

/* A guess because a grammar leaves nothing else. */
guint sotto_pace_find_forced_kind (SottoForcedKind kind);

/* A guess of @kind was right or not, whether it had been evaluated or not. */
void sotto_pace_tell_guess (SottoPace *self, guint kind, gboolean is_right);

/* A batch of @n_tokens took @microseconds, and @n_kept of them stayed. @to_guess: microseconds that a model took for
 * the guesses; 0: they are none of a model's */
void sotto_pace_tell_batch (SottoPace *self, guint n_tokens, guint n_kept, double microseconds, double to_guess);

/* A model took @microseconds to read what it had missed: that has to be earned, so it is tried for a while. */
void sotto_pace_tell_catch_up (SottoPace *self, double microseconds);

/**
 * sotto_pace_choose:
 * @kinds: (array length=most): of the guesses
 * @most: as many as there can be
 *
 * Returns: how many tokens to draft, guesses being free; 0: a single step is better
 */
guint sotto_pace_choose (const SottoPace *self, const guint *kinds, guint most);

/**
 * sotto_pace_tries_model:
 *
 * Asked before every batch for which nothing else is guessed. Returns: whether a model is to guess
 */
gboolean sotto_pace_tries_model (SottoPace *self);

/**
 * sotto_pace_goes_on:
 * @n: guesses that a model has made for this batch
 * @chance: that all of them come true
 * @expected: tokens that the batch will give
 *
 * Returns: whether it is to make another one
 */
gboolean sotto_pace_goes_on (const SottoPace *self, guint n, double chance, double expected);

G_END_DECLS
