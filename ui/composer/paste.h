#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * SottoPasted:
 * @picture: (nullable): the bytes of a picture's file
 * @name: what that is called, for want of a name
 * @files: (nullable) (element-type GFile): on this computer
 *
 * What was copied or dropped, if it is more than text: one of them.
 */
typedef struct {
  GBytes *picture;
  char *name;
  GPtrArray *files;
} SottoPasted;

void sotto_pasted_free (SottoPasted *self);

/* Returns: (transfer full): the types of pictures that can be taken, best first */
GdkContentFormats *sotto_paste_create_formats (void);

/* Whether there may be a picture in it */
gboolean sotto_paste_has_picture (GdkContentFormats *formats);

/* Whether there may be more in it than text */
gboolean sotto_paste_has_more (GdkContentFormats *formats);

/**
 * sotto_paste_read_async:
 * @source: a #GdkClipboard or a #GdkDrop
 *
 * Looks what there is. Who copies a picture in a browser or a file copies its address along: such a text counts for nothing, and
 * any other is what was meant. The picture is not looked into.
 */
void sotto_paste_read_async (GObject *source, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);

/**
 * sotto_paste_read_finish:
 *
 * Returns: (transfer full) (nullable): %NULL with @error, or without: it is text
 */
SottoPasted *sotto_paste_read_finish (GObject *source, GAsyncResult *result, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoPasted, sotto_pasted_free)

G_END_DECLS
