#include "cache-rules.h"

/* Positions that a cache keeps: all, or in a ring the window and the batch that moves it. */
static guint
count_positions (const SottoCacheShape *shape, gboolean is_ring, guint n_context)
{
  gsize wanted = is_ring ? MIN ((gsize) n_context, (gsize) shape->window + SOTTO_MAX_BATCH) : n_context;
  gsize chunks = (wanted + SOTTO_CACHE_CHUNK - 1) / SOTTO_CACHE_CHUNK;

  return (guint) MIN (chunks, G_MAXUINT / SOTTO_CACHE_CHUNK) * SOTTO_CACHE_CHUNK;
}

SottoHeldCache
sotto_held_cache (const SottoPlan *plan, guint index, guint n_context)
{
  SottoHeldCache self = { .shape = &plan->caches[index] };

  self.is_ring = self.shape->window > 0 && !plan->whole_sequence;
  self.capacity = count_positions (self.shape, self.is_ring, n_context);
  return self;
}

void
sotto_held_init (SottoHeld *self, const SottoPlan *plan, guint n_context)
{
  *self = (SottoHeld) { .plan = plan, .caches = g_new0 (SottoHeldCache, plan->n_caches) };
  for (guint i = 0; i < plan->n_caches; i++)
    self->caches[i] = sotto_held_cache (plan, i, n_context);
}

void
sotto_held_clear (SottoHeld *self)
{
  g_clear_pointer (&self->caches, g_free);
}

void
sotto_held_begin (SottoHeld *self, guint position, guint n_tokens)
{
  if (position == 0)
    {
      for (guint i = 0; i < self->plan->n_caches; i++)
        self->caches[i].oldest = 0;
      self->highest = 0;
    }
  self->position = position;
  self->highest = MAX (self->highest, position + n_tokens);
  self->is_lost = self->plan->n_recurrents > 0;
}

void
sotto_held_advance (SottoHeld *self, guint position, guint n_tokens)
{
  self->position = position + n_tokens;
  self->is_lost = FALSE;
}

gboolean
sotto_held_serves (const SottoHeld *self, guint position)
{
  if (position == 0)
    return TRUE;
  if (position > self->position
      || (self->plan->n_recurrents > 0 && (self->is_lost || position != self->position)))
    return FALSE;

  for (guint i = 0; i < self->plan->n_caches; i++)
    {
      const SottoHeldCache *cache = &self->caches[i];
      guint needed = position > cache->shape->window ? position - cache->shape->window : 0;
      guint held = self->highest > cache->capacity ? self->highest - cache->capacity : 0;

      if (cache->is_ring && needed < MAX (held, cache->oldest))
        return FALSE;
    }
  return TRUE;
}

guint
sotto_held_first (const SottoHeldCache *self, guint position)
{
  guint window = self->shape->window;

  return self->is_ring && position > window ? (position - window) / SOTTO_CACHE_TILE * SOTTO_CACHE_TILE
                                            : 0;
}

gboolean
sotto_held_would_serve (const SottoPlan *plan, guint stored, guint position)
{
  if (position == 0 || position == stored)
    return TRUE;
  if (position > stored || plan->n_recurrents > 0)
    return FALSE;

  for (guint i = 0; i < plan->n_caches; i++)
    {
      SottoHeldCache cache = sotto_held_cache (plan, i, stored);
      guint needed = position > cache.shape->window ? position - cache.shape->window : 0;

      if (cache.is_ring && needed < sotto_held_first (&cache, stored))
        return FALSE;
    }
  return TRUE;
}

void
sotto_held_restore (SottoHeld *self, guint position)
{
  self->position = self->highest = position;
  for (guint i = 0; i < self->plan->n_caches; i++)
    self->caches[i].oldest = sotto_held_first (&self->caches[i], position);
  self->is_lost = FALSE;
}
