#pragma once

#include <gtk/gtk.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/**
 * SottoAttachmentChip:
 *
 * A file that is attached: its name, and how long it is. A click shows its text. Where it may be taken off it has a button for
 * that, and the keys Delete and Backspace.
 *
 * Signals:
 * - "removed" (): the person takes it off
 */
#define SOTTO_TYPE_ATTACHMENT_CHIP (sotto_attachment_chip_get_type ())
G_DECLARE_FINAL_TYPE (SottoAttachmentChip, sotto_attachment_chip, SOTTO, ATTACHMENT_CHIP, GtkBox)

GtkWidget *sotto_attachment_chip_new (SottoAttachment *attachment, gboolean can_be_removed);

/* Returns: (transfer none) */
SottoAttachment *sotto_attachment_chip_get_attachment (SottoAttachmentChip *self);

G_END_DECLS
