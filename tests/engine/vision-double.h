#pragma once

#include "sotto-vision.h"

/* Something to see with that is no file, in the place of engine/sotto-vision.c: rows come out of pixels quickly, and it is known
 * how often.
 *
 * A picture has as many rows as it is wide. Of one pixel's height they are one span, and see each other; of more they are two
 * spans with "<|im_end|>\n" between, and do not. Around all of it stands "<|im_start|>" and "<|im_end|>". */
typedef struct {
  guint n_embedding;       /* 0: 64 */
  guint n_opened;
  guint n_encoded;
  gulong step_us;          /* of four steps */
  guint64 weight_bytes;    /* 0: 1,000 */
  guint64 looking_bytes;   /* that looking takes */
  const char *stamp;       /* NULL: "double" */
  gboolean is_short;       /* gives fewer rows than it lays out */
  gboolean is_changed;     /* its file has changed */
} VisionDouble;

extern VisionDouble vision_double;

/* All pixels alike. */
SottoImage *vision_double_image (guint width, guint height, guint8 value);
