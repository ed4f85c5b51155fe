#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* What really stands on the screen, whoever drew it, and pictures to be there. */

/* Returns: (transfer full): a file of a picture, half and half: @left and @right are 0xRRGGBB */
GBytes *look_pixels_create (int width, int height, guint left, guint right);

/* Returns: (transfer full): a file of a picture as a person might have taken it: a tower in a landscape, another one for each @seed */
GBytes *look_pixels_draw (int width, int height, guint seed);

/* Returns: 0xRRGGBB of the pixel of @widget's window at (@x, @y), parts of @widget's sides */
guint look_pixels_at (GtkWidget *widget, double x, double y);

/* Whether @seen is @wanted, as far as a picture that was made smaller can be */
gboolean look_pixels_are_near (guint seen, guint wanted);

G_END_DECLS
