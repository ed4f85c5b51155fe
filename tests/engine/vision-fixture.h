#pragma once

#include "sotto-image.h"

G_BEGIN_DECLS

/* A picture, what a model that sees is given of it, and the rows that it must give. The format stands in vision/README.md. */
typedef struct {
  SottoImage *image;
  guint n_squares;
  guint side;
  guint n_rows;
  guint n_columns;
  guint8 *squares;          /* (n_squares, side, side, 3) */
  float *rows;              /* (n_rows, n_columns) */
} VisionFixture;

void vision_fixture_read (VisionFixture *self, const char *path);
void vision_fixture_clear (VisionFixture *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VisionFixture, vision_fixture_clear)

/* Returns: (transfer full): a file of vision/ */
char *vision_fixture_path (const char *name);

/* Returns: (transfer full): noise of these sides */
SottoImage *vision_fixture_make_image (guint width, guint height);

G_END_DECLS
