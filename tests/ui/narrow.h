#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* So wide is the narrowest screen that Sotto is for, in pixels. */
#define NARROW_WIDTH 360

/* Fails the test where @content, all of a window or of a dialog, asks for more, and says who in it does. */
void narrow_assert (GtkWidget *content, const char *what);

/* Fails it where words in sight below @widget are cut: not what a person has written or named, which may be as long as one likes. */
void narrow_assert_whole (GtkWidget *widget, const char *what);

G_END_DECLS
