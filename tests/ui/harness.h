#pragma once

#include <adwaita.h>

#include "harness-wait.h"

G_BEGIN_DECLS

/* What the tests of this folder share: GTK on the display that ../desktop gives, and a main context that is turned until
 * something holds. GTK's warnings are fatal, as in every test of GLib's framework. */

/* Instead of g_test_init(); outside of ../desktop the whole test is skipped and the process ends here. */
void harness_init (int *argc, char ***argv);

/* Turns the main context until @widget has been laid out and drawn anew. */
void harness_settle (GtkWidget *widget);

/* Turns it until @widget's window has been drawn anew and is at rest: no thread of the process computes or draws. After @seconds it
 * is not waited for any longer: for pictures, not for what a test asserts. */
void harness_rest (GtkWidget *widget, double seconds);

/* A window with @child, in sight and drawn. */
GtkWindow *harness_show (GtkWidget *child, int width, int height);

/* Returns: (transfer none) (nullable): the first widget of @type in or below @from that is in sight */
GtkWidget *harness_find (GtkWidget *from, GType type);

/* Returns: (transfer none) (nullable): the button in sight below @from with that label, or that action, or that tooltip */
GtkWidget *harness_find_button (GtkWidget *from, const char *name);

/* Presses keys as a person would, with xdotool: "Return", "shift+Return". Returns: whether xdotool is there */
gboolean harness_keys (GtkWidget *window, const char *keys);
gboolean harness_type (GtkWidget *window, const char *text);

/* For harness_wait_for(): an application whose history is open, or closed; a conversation that is stored, and of which nothing is
 * being written */
gboolean harness_is_ready (gpointer app);
gboolean harness_is_closed (gpointer app);
gboolean harness_is_kept (gpointer conversation);

/* Puts the model whose file's name holds @name into the library. Returns: whether it is on this machine */
gboolean harness_link_model (const char *name);

G_END_DECLS
