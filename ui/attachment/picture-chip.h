#pragma once

#include <adwaita.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/**
 * SottoPictureChip:
 *
 * A picture that is attached, small; its name is its tooltip. A menu on it copies and saves it. Where it may be taken off it has a
 * button for that in its corner, and the keys Delete and Backspace.
 *
 * Signals:
 * - "opened" (): the person wants to see it
 * - "removed" (): the person takes it off
 */
#define SOTTO_TYPE_PICTURE_CHIP (sotto_picture_chip_get_type ())
G_DECLARE_FINAL_TYPE (SottoPictureChip, sotto_picture_chip, SOTTO, PICTURE_CHIP, AdwBin)

/**
 * SottoPictureSize:
 * @SOTTO_PICTURE_SIZE_DRAFT: where one writes: two lines of chips high
 * @SOTTO_PICTURE_SIZE_TILE: one of several in a message
 * @SOTTO_PICTURE_SIZE_LARGE: the only one of a message: all of it is seen
 */
typedef enum {
  SOTTO_PICTURE_SIZE_DRAFT,
  SOTTO_PICTURE_SIZE_TILE,
  SOTTO_PICTURE_SIZE_LARGE,
} SottoPictureSize;

GtkWidget *sotto_picture_chip_new (SottoAttachment *attachment, SottoPictureSize size, gboolean can_be_removed);

/* Returns: (transfer none) */
SottoAttachment *sotto_picture_chip_get_attachment (SottoPictureChip *self);

G_END_DECLS
