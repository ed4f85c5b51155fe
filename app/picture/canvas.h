#pragma once

#include "picture.h"

/**
 * SottoCanvas:
 *
 * Rows of a picture come in, one after another from the top, and go on to a smaller one: a large picture is never there as a whole,
 * unless its format wants it so.
 */
typedef struct _SottoCanvas SottoCanvas;

/* Where more pixels are claimed, nothing of it is read. */
#define SOTTO_CANVAS_MAX_SIDE 65535
#define SOTTO_CANVAS_MAX_PIXELS (128 * 1024 * 1024)

/**
 * sotto_canvas_new:
 *
 * Returns: (transfer full) (nullable): %NULL with @why: the sides are 0 or too long
 */
SottoCanvas *sotto_canvas_new (guint64 width, guint64 height, SottoPageStreamRefusal *why);
void sotto_canvas_free (SottoCanvas *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoCanvas, sotto_canvas_free)

/* @row: (width, 4) of RGBA, not multiplied; more rows than there are is nothing */
void sotto_canvas_take_row (SottoCanvas *self, const guint8 *row);

/**
 * sotto_canvas_finish:
 * @orientation: as EXIF has it, from 1 to 8; others are 1
 * @picture: (out)
 *
 * Returns: %SOTTO_PAGE_STREAM_NONE; %SOTTO_PAGE_STREAM_DAMAGED: rows are missing
 */
SottoPageStreamRefusal sotto_canvas_finish (SottoCanvas *self, guint orientation, SottoPicture *picture);
