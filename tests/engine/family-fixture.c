#include "family-fixture.h"

#include <math.h>
#include <string.h>

void
family_fixture_read (FamilyFixture *self, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *data = NULL;
  g_autofree guint32 *words = NULL;
  gsize size, n_rows;

  g_file_get_contents (path, &data, &size, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (size, >, 12);
  g_assert_cmpuint (size % 4, ==, 0);
  words = g_new (guint32, size / 4);
  memcpy (words, data, size);
  for (gsize i = 0; i < size / 4; i++)
    words[i] = GUINT32_FROM_LE (words[i]);

  self->n_tokens = words[0];
  self->n_rows = words[1];
  self->n_columns = words[2];
  n_rows = (gsize) self->n_rows * self->n_columns;
  g_assert_cmpuint (size, ==, 4 * (3 + self->n_tokens + n_rows));
  self->tokens = g_new (gint32, self->n_tokens);
  self->rows = g_new (float, n_rows);
  memcpy (self->tokens, words + 3, self->n_tokens * sizeof *self->tokens);
  memcpy (self->rows, words + 3 + self->n_tokens, n_rows * sizeof *self->rows);
}

void
family_fixture_clear (FamilyFixture *self)
{
  g_clear_pointer (&self->tokens, g_free);
  g_clear_pointer (&self->rows, g_free);
}

static double
log_sum (const double *x, guint n)
{
  double highest = x[0], sum = 0;

  for (guint i = 1; i < n; i++)
    highest = MAX (highest, x[i]);
  for (guint i = 0; i < n; i++)
    sum += exp (x[i] - highest);
  return highest + log (sum);
}

double
family_divergence (const float *theirs, const double *ours, guint n)
{
  g_autofree double *x = g_new (double, n);
  double kl = 0, a, b;

  for (guint i = 0; i < n; i++)
    x[i] = (double) theirs[i];
  a = log_sum (x, n);
  b = log_sum (ours, n);
  for (guint i = 0; i < n; i++)
    kl += exp (x[i] - a) * ((x[i] - a) - (ours[i] - b));
  return kl;
}
