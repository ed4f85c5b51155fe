#pragma once

#include <cmark-gfm.h>
#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Labels in which formulas stand. Copying from them gives the formulas as they were written. */

/* Changes @label, if that changes anything, so that it shows the inlines of @block. */
void sotto_math_label_set_inlines (GtkWidget *label, cmark_node *block);

/**
 * sotto_math_label_widen:
 * @begin: (inout): a place in the label's text, in bytes
 *
 * Lets what begins or ends in a formula have all of it.
 */
void sotto_math_label_widen (GtkWidget *label, gsize *begin, gsize *end);

/* Returns: (transfer full): what copying @label from @begin to @end (in bytes) gives */
char *sotto_math_label_copy (GtkWidget *label, gsize begin, gsize end);

/* A formula of its own, which scrolls sideways where there is no room for it */
GtkWidget *sotto_math_block_new (void);
gboolean sotto_math_is_block (GtkWidget *widget);
void sotto_math_block_set_formula (GtkWidget *block, const char *inner, const char *source);

/* Whether @inner can be shown */
gboolean sotto_math_is_known (const char *inner);

G_END_DECLS
