#include "cuda/caches.h"

#include "cpu/key-bias.h"
#include "sotto-error.h"

#include <string.h>

#define ALIGNMENT 256
#define BLOCK 32

/* More than any device has: refused without asking it. */
#define BYTES_HIGHEST ((gsize) 1 << 47)
/* Up to so many are counted, so that a refusal has its number; two such sums do not wrap. */
#define BYTES_COUNTED ((gsize) 1 << 62)

static gsize
round_up (gsize n)
{
  return (n + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* --- Memory --- */

/* A head's row: blocks of 32 elements, the last one padded. */
static gsize
row_bytes (SottoKvType type, guint n)
{
  gsize block = type == SOTTO_KV_Q8_0   ? 2 + BLOCK
                : type == SOTTO_KV_Q4_0 ? 2 + BLOCK / 2
                : type == SOTTO_KV_F16  ? 2 * BLOCK
                                        : 4 * BLOCK;

  return ((gsize) n + BLOCK - 1) / BLOCK * block;
}

static SottoCudaCache
describe (const SottoPlan *plan, guint index, guint n_context, SottoKvType type)
{
  const SottoCacheShape *shape = &plan->caches[index];

  return (SottoCudaCache) { .type = type,
                            .n_heads = shape->n_heads,
                            .n_key = shape->n_key,
                            .n_value = shape->n_value,
                            .n_latent = shape->n_latent,
                            .capacity = sotto_held_cache (plan, index, n_context).capacity,
                            .key_bytes = row_bytes (type, shape->n_key),
                            .value_bytes = row_bytes (type, shape->n_value) };
}

SottoCudaCache *
sotto_cuda_caches_describe (const SottoPlan *plan, guint n_context, SottoKvType type)
{
  SottoCudaCache *caches = g_new0 (SottoCudaCache, plan->n_caches + 1);
  g_autofree const SottoQkvStep **lifted = sotto_key_bias_find (plan, type);

  /* A bias of keys can be so large that integers tell nothing else apart (../cpu/key-bias.h). The CPU leaves it out of
   * its caches and adds it in attention; here such a cache has halves. */
  for (guint i = 0; i < plan->n_caches; i++)
    caches[i] = describe (plan, i, n_context, lifted[i] != NULL ? SOTTO_KV_F16 : type);
  return caches;
}

/* Sets the cache's pointers behind *used, which grows by what it takes, when there is a base. FALSE: too much. */
static gboolean
place (SottoCudaCache *self, guint8 *base, gsize *used)
{
  gsize n_rows = (gsize) self->n_heads * self->capacity;
  gsize keys, values;

  if (!g_size_checked_mul (&keys, n_rows, self->key_bytes)
      || !g_size_checked_mul (&values, n_rows, self->value_bytes) || keys > BYTES_COUNTED
      || values > BYTES_COUNTED)
    return FALSE;
  if (base != NULL)
    {
      self->keys = base + *used;
      self->values = values > 0 ? self->keys + round_up (keys) : NULL;
    }
  *used += round_up (keys) + round_up (values);
  return *used <= BYTES_COUNTED;
}

gsize
sotto_cuda_caches_measure (const SottoPlan *plan, guint n_context, SottoKvType type)
{
  g_autofree SottoCudaCache *caches = sotto_cuda_caches_describe (plan, n_context, type);
  gsize used = 0;

  for (guint i = 0; i < plan->n_caches; i++)
    if (!place (&caches[i], NULL, &used))
      return BYTES_COUNTED;
  for (guint i = 0; i < plan->n_recurrents; i++)
    {
      if (plan->recurrents[i].n_floats > BYTES_COUNTED / sizeof (float))
        return BYTES_COUNTED;
      used += round_up (plan->recurrents[i].n_floats * sizeof (float));
      if (used > BYTES_COUNTED)
        return BYTES_COUNTED;
    }
  return used;
}

static gboolean
refuse (const SottoCudaCaches *self, GError **error)
{
  const char *problem = self->module->problem (self->device);
  SottoErrorArguments arguments = { .wanted = self->n_bytes };
  guint64 all;

  if (problem != NULL)
    {
      arguments.subject = problem;
      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_BACKEND, &arguments, "%s", problem);
      return FALSE;
    }
  self->module->measure (self->device, &arguments.available, &all);
  sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_MEMORY, &arguments,
                          "no memory for the KV cache on the GPU: %" G_GSIZE_FORMAT " bytes", self->n_bytes);
  return FALSE;
}

gboolean
sotto_cuda_caches_init (SottoCudaCaches        *self,
                        const SottoCudaModule  *module,
                        SottoCudaDevice        *device,
                        const SottoPlan        *plan,
                        guint                   n_context,
                        SottoKvType             type,
                        GError                **error)
{
  gsize used = 0;

  *self = (SottoCudaCaches) { .plan = plan, .module = module, .device = device,
                              .n_bytes = sotto_cuda_caches_measure (plan, n_context, type) };
  if (self->n_bytes > BYTES_HIGHEST
      || (self->n_bytes > 0
          && ((self->memory = module->allocate (device, self->n_bytes)) == NULL
              || !module->clear (device, self->memory, self->n_bytes))))
    {
      refuse (self, error);
      sotto_cuda_caches_clear (self);
      return FALSE;
    }

  sotto_held_init (&self->held, plan, n_context);
  self->caches = sotto_cuda_caches_describe (plan, n_context, type);
  self->recurrents = g_new0 (float *, plan->n_recurrents);
  for (guint i = 0; i < plan->n_caches; i++)
    place (&self->caches[i], self->memory, &used);
  for (guint i = 0; i < plan->n_recurrents; i++)
    {
      self->recurrents[i] = (float *) (void *) ((guint8 *) self->memory + used);
      used += round_up (plan->recurrents[i].n_floats * sizeof (float));
    }
  return TRUE;
}

void
sotto_cuda_caches_clear (SottoCudaCaches *self)
{
  if (self->memory != NULL)
    self->module->release (self->device, self->memory);
  self->memory = NULL;
  sotto_held_clear (&self->held);
  g_clear_pointer (&self->caches, g_free);
  g_clear_pointer (&self->recurrents, g_free);
}

gboolean
sotto_cuda_caches_begin (SottoCudaCaches *self, guint position, guint n_tokens)
{
  for (guint i = 0; position == 0 && i < self->plan->n_recurrents; i++)
    if (!self->module->clear (self->device, self->recurrents[i],
                              self->plan->recurrents[i].n_floats * sizeof (float)))
      return FALSE;
  sotto_held_begin (&self->held, position, n_tokens);
  return TRUE;
}

void
sotto_cuda_caches_wipe (SottoCudaCaches *self)
{
  if (self->memory != NULL)
    self->module->clear (self->device, self->memory, self->n_bytes);
  sotto_held_restore (&self->held, 0);
}

/* --- As bytes --- */

typedef struct {
  SottoCudaMove move;
  guint8 *bytes;           /* NULL: they are only counted */
  gsize n;                 /* so far */
  SottoCancel *cancel;     /* (nullable) */
  gboolean is_broken;      /* cancelled, or the device failed: nothing more is moved */
} Moving;

static void
move_bytes (const SottoCudaCaches *self, void *place, gsize n, Moving *moving)
{
  guint8 *bytes = moving->bytes != NULL ? moving->bytes + moving->n : NULL;

  moving->n += n;
  if (n == 0 || moving->move == SOTTO_CUDA_MEASURE)
    return;
  moving->is_broken |= sotto_cancel_is_raised (moving->cancel);
  if (moving->move == SOTTO_CUDA_LOAD)
    moving->is_broken |= !moving->is_broken && !self->module->upload (self->device, place, bytes, n);
  else if (moving->is_broken || !self->module->download (self->device, bytes, place, n))
    {
      moving->is_broken = TRUE;
      memset (bytes, 0, n);
    }
}

/* Positions first … end - 1 of one head's rows: of a ring at most two stretches. */
static void
move_rows (const SottoCudaCaches *self,
           guint8                *rows,
           gsize                  n_bytes,
           guint                  capacity,
           guint                  first,
           guint                  end,
           Moving                *moving)
{
  for (guint at = first, n; at < end && n_bytes > 0; at += n)
    {
      guint slot = at % capacity;

      n = MIN (end - at, capacity - slot);
      move_bytes (self, rows + slot * n_bytes, n * n_bytes, moving);
    }
}

static void
move_cache (const SottoCudaCaches *self, guint index, guint position, Moving *moving)
{
  const SottoCudaCache *cache = &self->caches[index];
  guint first = sotto_held_first (&self->held.caches[index], position);

  for (guint head = 0; head < cache->n_heads; head++)
    {
      gsize row = (gsize) head * cache->capacity;

      move_rows (self, cache->keys + row * cache->key_bytes, cache->key_bytes, cache->capacity, first, position,
                 moving);
      if (cache->value_bytes > 0)
        move_rows (self, cache->values + row * cache->value_bytes, cache->value_bytes, cache->capacity, first,
                   position, moving);
    }
}

static void
move_all (const SottoCudaCaches *self, guint position, gboolean only_forgetting, Moving *moving)
{
  for (guint i = 0; i < self->plan->n_caches; i++)
    if (!only_forgetting || self->held.caches[i].is_ring)
      move_cache (self, i, position, moving);
  for (guint i = 0; i < self->plan->n_recurrents; i++)
    move_bytes (self, self->recurrents[i], self->plan->recurrents[i].n_floats * sizeof (float), moving);
}

gsize
sotto_cuda_caches_move_bytes (const SottoCudaCaches *self, guint position, gboolean only_forgetting)
{
  Moving measuring = { .move = SOTTO_CUDA_MEASURE };

  move_all (self, position, only_forgetting, &measuring);
  return measuring.n;
}

gboolean
sotto_cuda_caches_move (const SottoCudaCaches *self,
                        guint                  position,
                        gboolean               only_forgetting,
                        guint8                *bytes,
                        SottoCudaMove          move,
                        SottoCancel           *cancel)
{
  Moving moving = { .move = move, .bytes = bytes, .cancel = cancel };

  move_all (self, position, only_forgetting, &moving);
  return !moving.is_broken;
}
