#include "cuda/device-state.h"

#include <string.h>

/* The highest logits of a row, found on the device (best.cu). */

/* So many are brought to the host at most: where more are of one step with the last that was asked for, logits are too
 * much alike for this to pay. */
#define MOST_FOUND 2048
#define FOUND_WORDS (1 + 2 * MOST_FOUND)

/* Behind which each part begins at a multiple of 256 bytes. */
#define FOUND_ROOM ((FOUND_WORDS + 63) / 64 * 64)

G_STATIC_ASSERT (SOTTO_MOST_BEST <= MOST_FOUND);

static guint
count_mask_words (const SottoCudaState *self)
{
  return (self->plan->n_output + 63) / 64 * 2;
}

void
sotto_cuda_state_clear_best (SottoCudaState *self)
{
  if (self->counts != NULL)
    self->module->release (self->device, self->counts);
  self->counts = NULL;
  g_clear_pointer (&self->pairs, g_free);
  g_clear_pointer (&self->ids, g_free);
  g_clear_pointer (&self->logits, g_free);
}

/* FALSE: there is no memory for it. */
static gboolean
make_room (SottoCudaState *self)
{
  gsize n_words = SOTTO_CUDA_BEST_COUNTS + FOUND_ROOM + (gsize) count_mask_words (self);

  if (self->counts != NULL)
    return TRUE;
  self->pairs = g_try_new (guint32, FOUND_WORDS);
  self->ids = g_try_new (guint32, MOST_FOUND);
  self->logits = g_try_new (float, MOST_FOUND);
  if (self->pairs != NULL && self->ids != NULL && self->logits != NULL)
    self->counts = self->module->allocate (self->device, n_words * sizeof (guint32));
  if (self->counts == NULL)
    {
      sotto_cuda_state_clear_best (self);
      return FALSE;
    }
  self->found = self->counts + SOTTO_CUDA_BEST_COUNTS;
  self->mask = self->found + FOUND_ROOM;
  return TRUE;
}

static int
compare_ids (const void *a, const void *b, void *data G_GNUC_UNUSED)
{
  guint32 x = *(const guint32 *) a, y = *(const guint32 *) b;

  return (x > y) - (x < y);
}

gboolean
sotto_cuda_state_select (SottoCudaState       *self,
                         guint                 row,
                         const SottoBestWish  *wish,
                         SottoBest            *best,
                         GError              **error)
{
  guint n = self->plan->n_output;
  const float *rows = (const float *) (const void *) self->scratch.base[SOTTO_ROWS_OUTPUT];
  SottoCudaBest arguments = { .logits = rows + (gsize) row * n, .n = n, .n_best = wish->n_best,
                              .n_mask_words = MIN (2 * wish->n_mask_words, count_mask_words (self)),
                              .n_most = MOST_FOUND };

  if (row >= self->n_logits || wish->n_best == 0 || wish->n_best > SOTTO_MOST_BEST || !make_room (self))
    return FALSE;
  arguments.counts = self->counts;
  arguments.found = self->found;
  arguments.mask = wish->mask != NULL ? self->mask : NULL;
  /* Words of 64 bits are two of 32, the lower one first: a host with a GPU has its bytes in that order. */
  if ((wish->mask != NULL
       && !self->module->upload (self->device, self->mask, wish->mask, arguments.n_mask_words * sizeof (guint32)))
      || !self->module->best (self->device, &arguments)
      || !self->module->download (self->device, self->pairs, self->found, FOUND_WORDS * sizeof (guint32)))
    return sotto_cuda_state_fail (self, NULL, error);

  if (self->pairs[0] > MOST_FOUND)
    return FALSE;
  best->n = self->pairs[0];
  best->ids = self->ids;
  best->logits = self->logits;
  g_sort_array (self->pairs + 1, best->n, 2 * sizeof (guint32), compare_ids, NULL);
  for (guint i = 0; i < best->n; i++)
    {
      self->ids[i] = self->pairs[1 + 2 * i];
      memcpy (&self->logits[i], &self->pairs[2 + 2 * i], sizeof (float));
    }
  return TRUE;
}
