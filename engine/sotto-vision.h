#pragma once

#include "sotto-image.h"
#include "sotto-model.h"
#include "sotto-session.h"

G_BEGIN_DECLS

/**
 * SottoVision:
 *
 * What some models see with: a file beside the model's ("mmproj") that holds an encoder of pictures and a projector into the
 * model's embedding. Immutable and reference-counted; any thread. It keeps its file mapped; nothing is computed before a
 * picture is there.
 */
typedef struct _SottoVision SottoVision;

/**
 * SottoVisionInfo:
 * @path: the file
 * @kind: the projector, as the file calls it: "gemma3", "idefics3" …
 * @name: (nullable): of the model that the file says it was made for
 * @n_embedding: elements of a row, which the model's embedding has to have, too
 * @weight_bytes: of all tensors
 * @stamp: what tells this file from any other, as sotto_model_dup_stamp() does
 */
typedef struct {
  char *path;
  char *kind;
  char *name;
  guint n_embedding;
  guint64 weight_bytes;
  char *stamp;
} SottoVisionInfo;

/**
 * sotto_vision_open:
 * @cancel: (nullable)
 *
 * Returns: (transfer full): or %NULL with the errors of sotto_model_open(); FAMILY for a projector that is not known, and for
 *   a file that is none (a model, or an encoder of sounds)
 */
SottoVision *sotto_vision_open (const char *path, SottoCancel *cancel, GError **error);
SottoVision *sotto_vision_ref (SottoVision *self);
void sotto_vision_unref (SottoVision *self);

const SottoVisionInfo *sotto_vision_get_info (const SottoVision *self);

/**
 * sotto_vision_fits:
 *
 * Whether @model can see with it: the sizes agree, the family is one that such projectors are made for, and the control tokens that go around a
 * picture are in the vocabulary.
 */
gboolean sotto_vision_fits (const SottoVision *self, const SottoModel *model);

/**
 * SottoVisionPiece:
 * @text: (nullable): written by the protocol, control tokens among it; or
 * @first_row, @n_rows: rows of the encoded picture
 * @together: these rows see each other, earlier and later
 * @n_columns: 0, or: they are a grid (#SottoRowSpan)
 *
 * What stands in a prompt in place of a picture, one behind the other.
 */
typedef struct {
  char *text;
  guint first_row;
  guint n_rows;
  gboolean together;
  guint n_columns;
} SottoVisionPiece;

/**
 * sotto_vision_lay_out:
 *
 * Quick: nothing is computed of the picture.
 *
 * Returns: (transfer full) (element-type SottoVisionPiece): for a picture of these sides
 */
GArray *sotto_vision_lay_out (const SottoVision *self, guint width, guint height);

/**
 * sotto_vision_estimate_memory:
 *
 * Returns: about how many bytes looking at a picture of these sides takes until it has been seen, beside the weights
 */
guint64 sotto_vision_estimate_memory (const SottoVision *self, guint width, guint height);

/**
 * sotto_vision_encode:
 * @backend: the CPU's; used by one thread at a time
 * @progress: (nullable): work done of all
 * @n_rows: (out): as many as the layout has
 *
 * Returns: (transfer full): (n_rows, n_embedding) floats, behind them as many for each of the model's layers that take more of a
 * picture (#SottoRows), for g_free(); or %NULL with CANCELLED, MEMORY, BACKEND or CHANGED
 */
float *sotto_vision_encode (SottoVision    *self,
                            SottoBackend   *backend,
                            SottoImage     *image,
                            SottoProgress   progress,
                            gpointer        user_data,
                            SottoCancel    *cancel,
                            guint          *n_rows,
                            GError        **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoVision, sotto_vision_unref)

G_END_DECLS
