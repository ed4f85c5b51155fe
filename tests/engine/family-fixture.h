#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What a tiny model of families/ must give: the rows behind the last of its tokens, or one pooled vector.
 * The format stands in families/README.md. */
typedef struct {
  guint n_tokens;
  guint n_rows;
  guint n_columns;
  gint32 *tokens;
  float *rows; /* (n_rows, n_columns) */
} FamilyFixture;

void family_fixture_read (FamilyFixture *self, const char *path);
void family_fixture_clear (FamilyFixture *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (FamilyFixture, family_fixture_clear)

/* Kullback and Leibler's divergence, in nats, of what we say from what they say. */
double family_divergence (const float *theirs, const double *ours, guint n);

G_END_DECLS
