#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What the tests of app and ui share: a main context that is turned until something holds. */

typedef gboolean (*HarnessCondition) (gpointer data);

/* All seconds are longer with sanitizers, under which everything takes longer. */

/* Turns the main context until @condition holds; fails the test after @seconds. */
void harness_wait (HarnessCondition condition, gpointer data, double seconds, const char *what);
#define harness_wait_for(condition, data, seconds) harness_wait ((condition), (data), (seconds), #condition)

/* Turns it for so long. */
void harness_run (double seconds);

G_END_DECLS
