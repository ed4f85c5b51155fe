#include "sotto-pace.h"

/* So many of the latest guesses of a kind count, by and large. */
#define MEMORY 40.0

/* How much of a single step each further token of a batch is taken to cost until it is measured. An estimate goes half
 * the way to a new measurement at first, later this share of itself, so that it ends at the median and a step that
 * another program held up does no harm. */
#define COST_AT_FIRST 0.15
#define STEP 0.03

/* Batches after which a measurement is forgotten: what once did not pay is tried again. */
#define LIFE 256

/* Losses: what is allowed from the start and for each step, and as much as can be saved up. In single steps. */
#define CREDIT_AT_FIRST 1.0
#define CREDIT_PER_STEP 0.01
#define MOST_CREDIT 8.0
#define MOST_DEBT (-4.0)

/* A model's guesses: what one is taken to cost before it is measured, in single steps; what of the past counts, and
 * how much has to be spent, until they are judged; batches that are tried; and for how many tokens they are left alone
 * when they do not pay, twice as long each time. */
#define EACH_AT_FIRST 0.5
#define MODEL_MEMORY 0.93
#define MODEL_TRIAL 3.5
#define TRIALS 3
#define LEAST_WAIT 192
#define MOST_WAIT 768

/* By how much a batch has to be better than single steps. */
#define LEAST_GAIN 1.02

/* What the share of guesses that come true is taken to be by what came of others at the same place. */
static double
begin_share (double            share,
             SottoLookupRecord record)
{
  switch (record)
    {
    case SOTTO_LOOKUP_WRONG:
      return 0.5 * share;
    case SOTTO_LOOKUP_RIGHT:
      return 1.0 - 0.6 * (1.0 - share);
    case SOTTO_LOOKUP_RIGHT_AGAIN:
      return 1.0 - 0.36 * (1.0 - share);
    case SOTTO_LOOKUP_UNKNOWN:
    case SOTTO_LOOKUP_RECORDS:
    default:
      return share;
    }
}

void
sotto_pace_init (SottoPace *self)
{
  /* What was seen of edited code and summaries, and soon replaced. */
  static const double of_matches[SOTTO_PACE_MATCHES] = { 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.8, 0.85, 0.9 };
  static const double of_model[SOTTO_PACE_FORCED - SOTTO_PACE_MODEL] = { 0.45, 0.55, 0.75, 0.9, 0.97 };
  static const double of_forced[SOTTO_FORCED_KINDS] = { 0.7, 0.8, 0.97 };

  *self = (SottoPace) { .credit = CREDIT_AT_FIRST, .next_wait = LEAST_WAIT };
  for (guint i = 0; i < SOTTO_PACE_KINDS; i++)
    {
      if (i >= SOTTO_PACE_FORCED)
        self->shares[i] = of_forced[i - SOTTO_PACE_FORCED];
      else if (i >= SOTTO_PACE_MODEL)
        self->shares[i] = of_model[i - SOTTO_PACE_MODEL];
      else
        self->shares[i] = begin_share (of_matches[i / SOTTO_LOOKUP_RECORDS], i % SOTTO_LOOKUP_RECORDS);
      self->weights[i] = 3.0;
    }
}

guint
sotto_pace_find_kind (guint             n_match,
                      SottoLookupRecord record)
{
  static const guint least[SOTTO_PACE_MATCHES] = { 1, 2, 3, 4, 5, 7, 10, 16, 32 };
  guint i = 0;

  while (i + 1 < SOTTO_PACE_MATCHES && n_match >= least[i + 1])
    i++;

  return i * SOTTO_LOOKUP_RECORDS + record;
}

guint
sotto_pace_find_model_kind (double ahead)
{
  static const double least[] = { 0.0, 0.7, 1.5, 2.5, 4.0 };
  guint kind = 0;

  while (kind + 1 < G_N_ELEMENTS (least) && ahead >= least[kind + 1])
    kind++;

  return SOTTO_PACE_MODEL + kind;
}

guint
sotto_pace_find_forced_kind (SottoForcedKind kind)
{
  return SOTTO_PACE_FORCED + kind;
}

void
sotto_pace_tell_guess (SottoPace *self,
                       guint      kind,
                       gboolean   is_right)
{
  self->weights[kind] = MIN (self->weights[kind] + 1.0, MEMORY);
  self->shares[kind] += ((is_right ? 1.0 : 0.0) - self->shares[kind]) / self->weights[kind];
}

/* Microseconds of a batch of @n_tokens: as measured, or a straight line from what was. */
static double
get_time (const SottoPace *self,
          guint            n_tokens)
{
  double single = self->times[1];
  guint below = n_tokens;
  guint above = n_tokens;
  double slope = COST_AT_FIRST * single;

  while (below > 1 && self->n_times[below] == 0)
    below--;
  while (above < SOTTO_FEW_TOKENS && self->n_times[above] == 0)
    above++;
  if (self->n_times[above] > 0 && above > below)
    slope = (self->times[above] - self->times[below]) / (above - below);
  else if (below > 1)
    slope = (self->times[below] - single) / (below - 1);

  return self->times[below] + slope * (n_tokens - below);
}

static void
approach (double *time,
          guint  *n,
          double  microseconds)
{
  if ((*n)++ == 0)
    *time = microseconds;
  else if (*n <= 4)
    *time += (microseconds - *time) / 2;
  else
    *time *= microseconds > *time ? 1.0 + STEP : 1.0 - STEP;
}

/* Whatever held it up, a batch takes no longer than its tokens one by one; and the first of its size, for which memory
 * is touched that no other has, does not count in full. */
static void
measure (SottoPace *self,
         guint      n_tokens,
         double     microseconds)
{
  self->n_batches++;
  for (guint n = 2; n <= SOTTO_FEW_TOKENS; n++)
    if (self->n_batches - self->last_times[n] > LIFE)
      self->n_times[n] = 0;
  self->last_times[n_tokens] = self->n_batches;

  if (n_tokens > 1 && self->n_times[1] > 0)
    {
      microseconds = MIN (microseconds, n_tokens * self->times[1]);
      if (self->n_times[n_tokens] == 0)
        microseconds = (3 * microseconds + get_time (self, n_tokens)) / 4;
    }
  approach (&self->times[n_tokens], &self->n_times[n_tokens], microseconds);
}

/* A model's guesses pay or do not; after a few batches that is known. */
static void
judge_model (SottoPace *self,
             guint      n_kept,
             double     cost)
{
  self->given = self->given * MODEL_MEMORY + n_kept;
  self->cost = self->cost * MODEL_MEMORY + cost;
  if (self->cost < MODEL_TRIAL)
    return;
  if (self->given >= self->cost * LEAST_GAIN)
    {
      self->next_wait = LEAST_WAIT;
      return;
    }

  self->wait = self->next_wait;
  self->next_wait = MIN (2 * self->next_wait, MOST_WAIT);
  self->given = self->cost = 0;
  self->n_trials = 0;
}

void
sotto_pace_tell_batch (SottoPace *self,
                       guint      n_tokens,
                       guint      n_kept,
                       double     microseconds,
                       double     to_guess)
{
  double cost;

  measure (self, n_tokens, microseconds);
  if (to_guess > 0 && n_tokens > 1)
    {
      approach (&self->each, &self->n_each, to_guess / (n_tokens - 1));
      to_guess = self->each * (n_tokens - 1);
    }
  cost = self->times[1] > 0 ? (self->times[n_tokens] + to_guess) / self->times[1] : 1.0;
  self->credit = CLAMP (self->credit + n_kept * (1.0 + CREDIT_PER_STEP) - cost, MOST_DEBT, MOST_CREDIT);

  self->wait -= MIN (self->wait, n_kept);
  if (to_guess > 0)
    {
      self->n_trials -= MIN (self->n_trials, 1);
      judge_model (self, n_kept, cost);
    }
}

void
sotto_pace_tell_catch_up (SottoPace *self,
                          double     microseconds)
{
  if (self->times[1] > 0)
    self->catch_up = microseconds / self->times[1];
  self->credit = MAX (self->credit - self->catch_up, MOST_DEBT);
  self->n_trials = TRIALS;
}

guint
sotto_pace_choose (const SottoPace *self,
                   const guint     *kinds,
                   guint            most)
{
  double single = self->times[1];
  double best = LEAST_GAIN;
  double chance = 1.0;
  double expected = 1.0;
  guint longest = SOTTO_FEW_TOKENS;
  guint chosen = 0;

  /* Without a single step there is nothing to compare with; and what long batches cost is found out step by step. */
  if (self->n_times[1] < 2)
    return 0;
  while (longest > 1 && self->n_times[longest] == 0)
    longest--;

  for (guint n = 1; n <= MIN (most, MIN (2 * longest, SOTTO_FEW_TOKENS) - 1); n++)
    {
      double cost = get_time (self, n + 1) / single;

      chance *= self->shares[kinds[n - 1]];
      expected += chance;
      if (cost - 1.0 > self->credit)
        break;
      if (expected / cost > best)
        {
          best = expected / cost;
          chosen = n;
        }
    }

  return chosen;
}

static double
get_each (const SottoPace *self)
{
  return self->n_each > 0 ? self->each : EACH_AT_FIRST * self->times[1];
}

/* Whoever has been left alone has missed something. */
static double
get_catch_up (const SottoPace *self)
{
  return self->cost > 0 ? 0.0 : self->catch_up;
}

gboolean
sotto_pace_tries_model (SottoPace *self)
{
  return self->n_times[1] >= 2 && self->wait == 0
         && (self->n_trials > 0
             || (get_each (self) + get_time (self, 2)) / self->times[1] - 1.0 + get_catch_up (self) <= self->credit);
}

gboolean
sotto_pace_goes_on (const SottoPace *self,
                    guint            n,
                    double           chance,
                    double           expected)
{
  double each = get_each (self);
  double spent = get_time (self, n + 1) + n * each;
  double more = get_time (self, MIN (n + 2, SOTTO_FEW_TOKENS)) - get_time (self, n + 1) + each;

  /* Another guess is worth what the others are, or it is left. It is taken to be as likely as a middling one. */
  return chance * self->shares[SOTTO_PACE_MODEL + 2] / more > MAX (expected / spent, 1.0 / self->times[1]);
}
