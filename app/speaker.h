#pragma once

#if !defined(SOTTO_APP_INSIDE) && !defined(SOTTO_APP_COMPILATION)
#error "Include sotto-app.h only."
#endif

#include "problem.h"

G_BEGIN_DECLS

/* What a sentence may have in bytes: a pipe takes so much in one piece. */
#define SOTTO_SPEAKER_MAX_LENGTH 3000

/**
 * SottoSpeaker:
 *
 * A voice: says one sentence at a time by the desktop's speech service. The service is asked by a program of its own
 * (speak/README.md), so that no call here waits for it. In the main context.
 *
 * Signals:
 * - "ended": the sentence has been said
 * - "interrupted": somebody else on the desktop has cut it off
 * - "failed" (#SottoProblem): there is no voice, or there is none any more
 */
#define SOTTO_TYPE_SPEAKER (sotto_speaker_get_type ())
G_DECLARE_FINAL_TYPE (SottoSpeaker, sotto_speaker, SOTTO, SPEAKER, GObject)

/* Starts nothing yet. */
SottoSpeaker *sotto_speaker_new (void);

/**
 * sotto_speaker_say:
 * @text: not empty; what is longer than %SOTTO_SPEAKER_MAX_LENGTH is cut
 * @language: (nullable): such as "de", used where there is a voice for it; %NULL: the person's own voice
 *
 * Says it, instead of what is being said. One of the signals follows, unless sotto_speaker_hush() or another sentence is first.
 */
void sotto_speaker_say (SottoSpeaker *self, const char *text, const char *language);

/* Silence, at once. */
void sotto_speaker_hush (SottoSpeaker *self);

/* The same, and the service is left alone until something is to be said again. */
void sotto_speaker_close (SottoSpeaker *self);

G_END_DECLS
