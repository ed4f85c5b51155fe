#pragma once

#include <sotto-history.h>

#include "conversation/attachment.h"

G_BEGIN_DECLS

/* Of a picture, and of how many a message may have */
#define SOTTO_ATTACHMENT_MAX_PICTURE_BYTES (32 * 1024 * 1024)
#define SOTTO_ATTACHMENT_MAX_PICTURES 16

/* What a picture takes of a prompt: some 700 tokens, as most models have it */
#define SOTTO_ATTACHMENT_PICTURE_PROMPT_BYTES 2048

struct _SottoAttachment {
  GObject parent_instance;

  char *name;
  char *media_type;
  char *text;        /* NULL: it is a picture */
  gsize size;
  guint n_pages;

  /* A picture's (attachment-picture.c) */
  gboolean is_picture;
  GBytes *data;      /* its file; NULL: it is in the history alone */
  GBytes *hash;      /* what it is found by there; NULL: not known yet, and data is there */
  GWeakRef store;    /* where that is */
  gboolean is_settling;
  SottoImage *image; /* NULL: not decoded yet */
  GPtrArray *loads;  /* of GTask: who waits for it; NULL: it is not being decoded */

  char *draft_id; /* what is not the file's but its place's (conversation-attachments.c) */
};

/**
 * sotto_attachment_new:
 * @name: made one line
 * @media_type: (nullable): %NULL: as the name says
 * @text: (transfer full): UTF-8
 */
SottoAttachment *sotto_attachment_new (const char *name, const char *media_type, char *text, guint n_pages);

/**
 * sotto_attachment_new_picture:
 * @name: made one line
 * @media_type: (nullable): %NULL: as its bytes say
 * @data: its file; referenced
 */
SottoAttachment *sotto_attachment_new_picture (const char *name, const char *media_type, GBytes *data);

/* Whether @part is an attached file, and no passage of one */
gboolean sotto_attachment_is_part (const SottoHistoryPart *part);

/* As it was read from the history. @part: one that is. @store: (nullable): where the file of a picture is that @part comes without */
SottoAttachment *sotto_attachment_new_from_part (const SottoHistoryPart *part, SottoStore *store);

/* Returns: (transfer full): as it is kept there */
SottoHistoryPart *sotto_attachment_to_part (SottoAttachment *self);

/* Returns: (transfer full) (element-type SottoAttachment) (nullable): those among @parts; %NULL: there are none */
GPtrArray *sotto_attachments_new_from_parts (const GPtrArray *parts, SottoStore *store);

/* It is part of a message that @store has: the file of a picture is read from there from now on, and let go here. */
void sotto_attachment_settle (SottoAttachment *self, SottoStore *store);

/**
 * sotto_attachment_decode_async:
 * @self: a picture
 *
 * As sotto_attachment_load_image_async(), but for the caller alone, who lets it go. Two are read and decoded at once at most, so that
 * as many files are in memory.
 */
void sotto_attachment_decode_async (SottoAttachment     *self,
                                    GCancellable        *cancellable,
                                    GAsyncReadyCallback  callback,
                                    gpointer             user_data);
SottoImage *sotto_attachment_decode_finish (SottoAttachment *self, GAsyncResult *result, GError **error);

/* The model's view of it: a block of code under its name, behind which the next text begins on a line of its own; of a picture
 * that it is not shown, a line that says so. */
void sotto_attachment_write (SottoAttachment *self, GString *out);

/* How many bytes of a prompt it takes, about: a picture's rows are no text, but take as much room as some. */
gsize sotto_attachment_get_prompt_size (SottoAttachment *self);

/* Under which id it stands in a draft in the history; (nullable): it does not */
const char *sotto_attachment_get_draft_id (SottoAttachment *self);
void sotto_attachment_set_draft_id (SottoAttachment *self, const char *id);

G_END_DECLS
