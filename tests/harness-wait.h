#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What the tests of app and ui share: a main context that is turned until something holds. */

typedef gboolean (*HarnessCondition) (gpointer data);

/* All seconds are longer with sanitizers, under which everything takes longer, and those in which the machine has others run do
 * not count. */

/* Turns the main context until @condition holds; fails the test after @seconds. */
void harness_wait (HarnessCondition condition, gpointer data, double seconds, const char *what);
#define harness_wait_for(condition, data, seconds) harness_wait ((condition), (data), (seconds), #condition)

/* Turns it for so long, and up to as long again while other threads are at work: for what nothing can be asked about. What a test
 * asserts next it waits for, where that is to come: other programs, such as helpers and the X server, take their own time. */
void harness_run (double seconds);

G_END_DECLS
