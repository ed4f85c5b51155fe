#pragma once

#include "sotto-error.h"

G_BEGIN_DECLS

/* Which pieces of a plan (plan-cut.h) go to which device. Numbers in, numbers out: nothing here asks a device.
 *
 * The end of a plan is on devices, its beginning on the CPU if not all of it fits: so rows cross once, and what comes
 * behind the layers, the widest matrix of all, is read by a device. The embedding table is hardly read and goes last;
 * where the output is the same tensor it costs nothing beside it. Of several devices the later ones have
 * the later layers; all have shares as large as their memory where all fits, so that none is full while another is empty.
 */

typedef struct {
  guint64 weights;         /* bytes on a device */
  guint64 kept;            /* of its caches and recurrent states */
  guint n_layers;          /* 0 of the first piece and the last */
} SottoPlacePiece;

/* On no device. */
#define SOTTO_PLACE_CPU G_MAXUINT

/* As many layers as fit. */
#define SOTTO_PLACE_AS_FITS -1

typedef struct {
  const SottoPlacePiece *pieces;
  guint n_pieces;
  guint64 shared;          /* bytes of the first piece that the last one has as well */
  const guint64 *rooms;    /* (n_devices): bytes that may be taken of each device */
  guint n_devices;
  guint64 scratch;         /* bytes of working memory on each device that does something */
  gint n_layers;           /* SOTTO_PLACE_AS_FITS, or: at least so many of the last must be on devices */
} SottoPlaceWish;

/**
 * sotto_place:
 * @where: (n_pieces): the device of each, or %SOTTO_PLACE_CPU; never decreasing where it is a device
 *
 * Returns: %FALSE with %SOTTO_ENGINE_ERROR_MEMORY (wanted, available: bytes on devices) where a demand does not fit
 */
gboolean sotto_place (const SottoPlaceWish *wish, guint *where, GError **error);

G_END_DECLS
