#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Whole plans over modules of kernels: the backend and every kernel together, against double precision. */

/* Adds the tests of each module named in the arguments; they skip where there is no device. @all: every family and a real
 * model, else those that between them have every kind of step. After g_test_init() */
void cuda_models_add (int argc, char **argv, gboolean all);

G_END_DECLS
