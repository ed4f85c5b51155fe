#pragma once

#if !defined(SOTTO_APP_INSIDE) && !defined(SOTTO_APP_COMPILATION)
#error "Include sotto-app.h only."
#endif

#include <glib.h>

G_BEGIN_DECLS

/**
 * SottoAsk:
 * @question: what to ask
 * @system: (nullable): system prompt
 * @model: (nullable): path, name or a part of one that no other has; %NULL: the first in the library
 * @attachments: (nullable) (array zero-terminated=1): paths of documents and pictures that it is about
 * @json_schema: (nullable): path of a JSON Schema that the answer has to fit
 * @seed: -1: another one each time
 * @temperature: negative: the engine's default
 * @max_tokens: 0: until the context is full, or of a base model some sentences
 *
 * A question on the command line.
 */
typedef struct {
  const char *question;
  const char *system;
  const char *model;
  const char *json_schema;
  const char *const *attachments;
  gint64 seed;
  double temperature;
  int max_tokens;
} SottoAsk;

/**
 * sotto_ask_run:
 *
 * Answers on standard output as the answer is generated; further text is read from standard input
 * where that is piped. Needs no display, keyring or session bus, and writes nothing to the disk;
 * nor are the window's preferences looked at, so that an answer depends on the command line alone.
 * Blocks; Ctrl+C stops it. Call it before any other thread is started: SIGINT, SIGTERM and SIGPIPE
 * are blocked for those that follow.
 *
 * Returns: an exit status: 0; 1: something was wrong and said on standard error; 130: stopped
 */
int sotto_ask_run (const SottoAsk *ask);

G_END_DECLS
