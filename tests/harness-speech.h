#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A real Speech Dispatcher, for tests of app and ui: with a configuration, a runtime folder and a sound card of its own, and a
 * voice that writes what it is to say. Whoever wants to speak starts it, as on a desktop without a socket for it. */

/* Call before anything is to be said. @voice: "paper", which writes; "espeak-ng", which speaks into a file.
 * Returns: whether there is one; if not, the test was skipped */
gboolean harness_speech_prepare (const char *voice);

/* Returns: (transfer full): what was said so far: "LANGUAGE|SENTENCE|" for each */
char *harness_speech_get_said (void);

/* Forgets that. */
void harness_speech_clear (void);

/* Whether what was said ends, or begins, with @words (a string) */
gboolean harness_speech_has_said (gpointer words);

/* How long the sound is that came out of it, in bytes */
gsize harness_speech_get_sound (void);

/* Whether its runtime folder, where its log is, has @text in a file */
gboolean harness_speech_keeps (const char *text);

/* Takes the daemon away, as if it had crashed. */
void harness_speech_kill (void);

/* Ends it, and removes all of it. */
void harness_speech_end (void);

G_END_DECLS
