#pragma once

#include "sotto-engine.h"

G_BEGIN_DECLS

/* A way to ask for a reply. */
typedef struct {
  const char *name;
  SottoSamplerSettings sampler;
  guint max_tokens;
  guint n_context;         /* 0: the default */
  const char *stop;        /* (nullable) */
  const char *schema;      /* (nullable): JSON schema of the answer */
  const char *ended;       /* (nullable): how it has to end, in the receipt's words */
} SpeculationWay;

/* Greedy, and drawn with each of the methods; with stop texts, a grammar, a context that gets full. */
extern const SpeculationWay speculation_ways[];
extern const guint n_speculation_ways;

/**
 * speculation_check:
 * @plain, @other: workers that have been asked for the same so far
 * @messages: (nullable): what is said; else @text is completed
 *
 * Has @way's reply from both, guessing nothing ahead in one and all that can be in the other: they must not differ in
 * events, receipt, or what the session holds then.
 *
 * Returns: how many guesses came true
 */
guint speculation_check (SottoWorker          *plain,
                         SottoWorker          *other,
                         const char           *path,
                         SottoMessages        *messages,
                         const char           *text,
                         const SpeculationWay *way);

/* The same where the other is cancelled in the middle: what it has said by then is a beginning of the reply, and had
 * again, it is the whole. */
void speculation_check_cancel (SottoWorker   *plain,
                               SottoWorker   *other,
                               const char    *path,
                               SottoMessages *messages,
                               const char    *text,
                               guint          max_tokens);

G_END_DECLS
