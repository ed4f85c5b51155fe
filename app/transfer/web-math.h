#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * sotto_web_math_append:
 * @formula: the mathematics of TeX, without its delimiters
 * @source: the same as it was written, which goes along for whoever copies it
 * @is_display: whether it stands for itself
 *
 * Appends a formula as MathML Core, which browsers draw. Any thread.
 *
 * Returns: %FALSE if it cannot be read; then nothing was appended
 */
gboolean sotto_web_math_append (GString *out, const char *formula, const char *source, gboolean is_display);

G_END_DECLS
