#pragma once

#include "harness.h"

#include "conversation/attachment-private.h"

/* A picture of two pixels, red and blue, as it is attached and found again. */

extern const guint8 two_pixels[62];

GBytes *create_file (void);

/* Its first @length bytes */
GBytes *create_bytes (gsize length);

gboolean try_attach (SottoConversation *conversation, GBytes *bytes, const char *name, GError **error);
void attach (SottoConversation *conversation, const char *name);
SottoImage *load (SottoAttachment *picture, GError **error);

/* That it is that one */
void assert_image (SottoImage *image);
void assert_picture (SottoAttachment *picture, const char *name);
