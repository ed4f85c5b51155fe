#pragma once

#include "sotto-error.h"

G_BEGIN_DECLS

/* Which pieces of a plan (plan-cut.h) go to which device. Numbers in, numbers out: nothing here asks a device.
 *
 * The end of a plan is on devices, its beginning on the CPU if not all of it fits: so rows cross once, and what comes
 * behind the layers, the widest matrix of all, is read by a device. The embedding table is hardly read and goes last;
 * where the output is the same tensor it costs nothing beside it. Of several devices the later ones have
 * the later layers; all have shares as large as their memory where all fits, so that none is full while another is empty.
 *
 * Experts may stay on the CPU though their layer is on a device: they are most of a model's bytes and of its bytes a token
 * reads few, so that they are what a device can best do without. As many of the first layers' experts stay as a
 * token is soonest through with: it takes the bytes that it reads at what memory gives there, and every crossing its time.
 */

typedef struct {
  guint64 weights;         /* bytes on a device */
  guint64 kept;            /* of its caches and recurrent states */
  guint64 read;            /* bytes that one token reads of all these */
  guint n_layers;          /* as the plan's pieces */
  gboolean is_experts;
  gboolean continues;
} SottoPlacePiece;

/* On no device. */
#define SOTTO_PLACE_CPU G_MAXUINT

/* Whatever is best of what fits. */
#define SOTTO_PLACE_AS_FITS -1

typedef struct {
  const SottoPlacePiece *pieces;
  guint n_pieces;
  guint64 shared;          /* bytes of the first piece that the last one has as well */
  const guint64 *rooms;    /* (n_devices): bytes that may be taken of each device */
  guint n_devices;
  guint64 scratch;         /* bytes of working memory on each device that does something */
  gint n_layers;           /* SOTTO_PLACE_AS_FITS, or: at least so many of the last must be on devices, whole */
} SottoPlaceWish;

/**
 * sotto_place:
 * @where: (n_pieces): the device of each, or %SOTTO_PLACE_CPU; never decreasing where it is a device, and of the
 *   pieces of a layer the same, experts aside
 *
 * Returns: %FALSE with %SOTTO_ENGINE_ERROR_MEMORY (wanted, available: bytes on devices) where a demand does not fit
 */
gboolean sotto_place (const SottoPlaceWish *wish, guint *where, GError **error);

G_END_DECLS
