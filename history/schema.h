#pragma once

#include "database.h"

G_BEGIN_DECLS

/**
 * SottoSchemaStep:
 * @sql: what brings the schema from the version before to this one; a step stands in the array at
 *   the place of the version it starts from (0: an empty file)
 */
typedef struct {
  const char *sql;
} SottoSchemaStep;

/**
 * sotto_schema_get_steps:
 * @n_steps: (out): how many: the version we know
 */
const SottoSchemaStep *sotto_schema_get_steps (guint *n_steps);

/**
 * sotto_schema_prepare:
 * @steps: (array length=n_steps)
 * @is_new: whether the file was just made, and holds nothing yet
 *
 * Brings the schema up to date, each step in a transaction of its own that ends with the new
 * version number. Before the first step of a file that holds something, it is copied, encrypted as
 * it is, to its path with ".version-N" behind, and kept; a copy that is there already is the better
 * one.
 *
 * Returns: %FALSE with _NEWER, _CORRUPT_DATABASE or another
 */
gboolean sotto_schema_prepare (SottoDatabase          *database,
                               const SottoSchemaStep  *steps,
                               guint                   n_steps,
                               gboolean                is_new,
                               GError                **error);

G_END_DECLS
