#pragma once

#include "harness.h"

#include "sotto-app.h"

G_BEGIN_DECLS

/* The whole application with its window, in one process with the test: a script does what a person would. */
typedef void (*LifeScript) (SottoApp *app, GtkWindow *window);

/* Runs the application as the executable does, over a folder of the history (NULL: a new one); when the script is over its
 * window is closed, and it has to end by itself and leave nothing that holds on to it. The script begins when the history waits
 * for somebody. */
void life_run (const char *history, LifeScript script);

/* What a script may begin with: nothing is kept, and the window is ready. */
void life_start_temporary (SottoApp *app);

/* Conditions for harness_wait_for(), of a SottoApp */
gboolean life_is_waiting_for_person (gpointer app);
gboolean life_is_ready (gpointer app);
gboolean life_has_conversation (gpointer app);
gboolean life_has_no_conversations (gpointer app);

/* A button is as sensitive as its action is enabled. */
gboolean life_is_enabled (GtkWindow *window, const char *action);

/* Of the window's actions, which has to be enabled. */
void life_activate (GtkWindow *window, const char *action);

/* The button in sight with that label, action or tooltip; there has to be one. */
void life_click (GtkWidget *from, const char *name);

/* Returns: (transfer none): the alert that comes; one that is on its way out would be taken for it */
GtkWidget *life_wait_for_dialog (GtkWindow *window);

/* A condition for harness_wait_for(), of a window: no dialog is there, nor on its way out. */
gboolean life_has_no_dialog (gpointer window);

/* What a control is called is said to those who cannot see it: fails the test for each below @widget that has no name. */
void life_assert_named (GtkWidget *widget);

G_END_DECLS
