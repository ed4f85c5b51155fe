#pragma once

#include "reader/page-stream.h"

#include <glib.h>

/* An archive in memory, whose parts are asked for by name. Names are words to look up and no paths: nothing is ever written
 * under them. */

typedef struct _SottoZip SottoZip;

/**
 * sotto_zip_new:
 * @data: (transfer none): must outlive it
 * @check_sums: whether a part's checksum has to be right; what makes archives at random cannot have that
 * @why: (out): where %NULL is returned
 */
SottoZip *sotto_zip_new (const guint8 *data, gsize length, gboolean check_sums, SottoPageStreamRefusal *why);
void sotto_zip_free (SottoZip *self);

gboolean sotto_zip_has (SottoZip *self, const char *name);

/**
 * sotto_zip_read:
 * @length: (out)
 *
 * Returns: (transfer full) (nullable): the part's bytes, and a zero behind them; %NULL: there is none, or
 *   sotto_zip_get_problem()
 */
char *sotto_zip_read (SottoZip *self, const char *name, gsize *length);

/* The first thing that was wrong with a part that was read, or that its reader found */
void sotto_zip_set_problem (SottoZip *self, SottoPageStreamRefusal why);
SottoPageStreamRefusal sotto_zip_get_problem (SottoZip *self);
