#pragma once

#include "plan.h"
#include "vision/resize.h"

G_BEGIN_DECLS

/* Ways to see, as data: how a picture is brought into squares, what lies between the encoder's rows and the model's, and what
 * stands around them in a prompt. */

/* How a picture becomes squares of image_size. */
typedef enum {
  SOTTO_FIT_STRETCH,        /* one, whatever the sides are to each other */
  SOTTO_FIT_PAD,            /* one, with bars of the mean color */
  SOTTO_FIT_LONGEST,        /* the longer side is made preproc_image_size, both are made multiples: tiles, then the whole */
  SOTTO_FIT_ASPECT,         /* the grid whose sides are nearest to the picture's: tiles, then the whole */
  SOTTO_FIT_WHOLE,          /* no square: as it is, each side rounded to squares that are merged, within limits of these */
  SOTTO_FIT_BELOW,          /* likewise, each side rounded up, neither above image_size */
} SottoFit;

/* How squares of an encoder's rows become one. */
typedef enum {
  SOTTO_MERGE_NONE,
  SOTTO_MERGE_POOL,         /* their mean */
  SOTTO_MERGE_SHUFFLE,      /* side by side: row of the square by row, in it column by column */
  SOTTO_MERGE_UNFOLD,       /* the same, element by element */
} SottoMerge;

/* How heads turn by where a patch is: half of their pairs by its row, half by its column. */
typedef enum {
  SOTTO_TURN_NONE,
  SOTTO_TURN_ALIKE,         /* both at the same speeds; pairs (i, i + n/2) */
  SOTTO_TURN_APART,         /* each at every other speed, the rows' first; pairs (2i, 2i+1) */
} SottoTurning;

typedef enum {
  SOTTO_WRITE_PLAIN,        /* begin, rows of all squares, end */
  SOTTO_WRITE_GRID,         /* Idefics 3: each tile by its place in the grid, then the whole */
  SOTTO_WRITE_LINES,        /* begin between lines of rows, end behind the last */
} SottoWriting;

typedef struct {
  const char *name;         /* clip.projector_type */

  SottoFit fit;
  SottoFilter filter;

  SottoMerge merge;
  const char *scale_key;    /* (nullable): where the file says it, if not in vision.projector.scale_factor */
  guint scale;              /* sides of the squares that are merged, where the file does not say it; 0: it has to */
  guint least_rows;         /* WHOLE, BELOW: merged rows of a picture that is made larger to have them, */
  guint most_rows;          /* or smaller */

  /* The encoder, beyond what its tensors say */
  SottoActivation activation; /* where the file says use_gelu */
  gboolean feeds_by_tensor; /* files say another length of the feed-forward than it has */
  SottoTurning turns;
  const char *last_norm;    /* (nullable): behind the layers, if not v.post_ln */
  guint window;             /* pixels of the sides of windows that layers look into, but for every vision.n_wa_pattern-th; 0: all
                             * look at all */

  /* The projector: second (gelu (first (norm (row)))), of which only first has to be */
  const char *norm;         /* (nullable): tensor's name, without .weight */
  SottoNormKind norm_kind;
  gboolean needs_norm;
  float norm_epsilon;       /* 0: the encoder's */
  const char *before;       /* (nullable): of which the file may have none: first (before (…)) */
  const char *first;
  const char *second;       /* (nullable) */
  gboolean is_transposed;   /* first: (inputs, outputs) */

  SottoWriting writing;
  const char *begin;        /* (nullable): around all rows of a PLAIN one; of LINES as it says */
  const char *end;
  gboolean together;        /* rows of a square see each other */
  gboolean is_grid;         /* for models whose positions have axes */

  const char *families;     /* of models that are made with it, "llama qwen2" */
  const char *tokens;       /* (nullable): that have to be in their vocabulary, each one token */
} SottoVisionKind;

/* Whether a picture is not cut, nor made a square. */
static inline gboolean
sotto_vision_kind_is_whole (const SottoVisionKind *self)
{
  return self->fit == SOTTO_FIT_WHOLE || self->fit == SOTTO_FIT_BELOW;
}

/**
 * sotto_vision_kind_lookup:
 *
 * Returns: (transfer none) (nullable)
 */
const SottoVisionKind *sotto_vision_kind_lookup (const char *name);

/**
 * sotto_vision_kind_list:
 *
 * Returns: (transfer full): "gemma3, idefics3, …"
 */
char *sotto_vision_kind_list (void);

G_END_DECLS
