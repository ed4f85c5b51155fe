#include "cpu/state.h"

#include "sotto-error.h"

#include <string.h>

#define ALIGNMENT 64

/* More than any processor can address: refused without asking the system. */
#define BYTES_HIGHEST ((gsize) 1 << 47)

static gsize
round_up (gsize n, gsize to)
{
  return (n + to - 1) / to * to;
}

static guint8 *
align (void *memory)
{
  return (guint8 *) round_up ((gsize) memory, ALIGNMENT);
}

static gboolean
fail_memory (gsize bytes, const char *what, GError **error)
{
  SottoErrorArguments arguments = { .wanted = bytes };

  sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_MEMORY, &arguments,
                          "no memory for the %s: %" G_GSIZE_FORMAT " bytes", what, bytes);
  return FALSE;
}

/* FALSE where the product does not fit */
static gboolean
product (gsize *result, guint n, ...)
{
  va_list factors;
  gboolean fits = TRUE;

  *result = 1;
  va_start (factors, n);
  for (guint i = 0; i < n; i++)
    fits = fits && g_size_checked_mul (result, *result, va_arg (factors, gsize));
  va_end (factors);
  return fits;
}

static guint
rounded_context (guint n_context)
{
  return (guint) MIN (round_up (n_context, SOTTO_ATTEND_CHUNK),
                      G_MAXUINT / SOTTO_ATTEND_CHUNK * SOTTO_ATTEND_CHUNK);
}

static guint
padded_value (const SottoShape *shape)
{
  return (guint) round_up (shape->n_head_value, 16);
}

/* --- The cache --- */

gsize
sotto_state_cache_bytes (const SottoShape *shape, guint n_context, SottoKvType kv_type)
{
  gsize elements = (gsize) shape->n_head_key + padded_value (shape);
  gsize bytes;

  if (!product (&bytes, 5, (gsize) shape->n_layers, (gsize) shape->n_kv_heads,
                (gsize) rounded_context (n_context), elements,
                (gsize) (kv_type == SOTTO_KV_F16 ? 2 : 4))
      || bytes > BYTES_HIGHEST)
    return G_MAXSIZE;
  return bytes + 2 * ALIGNMENT;
}

guint8 *
sotto_state_keys (const SottoState *self, guint layer, guint kv_head)
{
  gsize head = (gsize) layer * self->shape->n_kv_heads + kv_head;

  return self->keys + head * self->n_context * self->shape->n_head_key * self->element_bytes;
}

guint8 *
sotto_state_values (const SottoState *self, guint layer, guint kv_head)
{
  gsize head = (gsize) layer * self->shape->n_kv_heads + kv_head;

  return self->values + head * self->n_context * self->value_stride * self->element_bytes;
}

SottoState *
sotto_state_new (const SottoShape *shape, guint n_context, SottoKvType kv_type, GError **error)
{
  SottoState *self = g_new0 (SottoState, 1);

  self->shape = shape;
  self->kv_type = kv_type;
  self->n_context = rounded_context (n_context);
  self->value_stride = padded_value (shape);
  self->element_bytes = kv_type == SOTTO_KV_F16 ? 2 : 4;
  self->cache_bytes = sotto_state_cache_bytes (shape, n_context, kv_type);
  /* Zeros, so that what lies behind the last position is a number; the system gives them page by
   * page. */
  self->cache = self->cache_bytes == G_MAXSIZE ? NULL : g_try_malloc0 (self->cache_bytes);
  if (self->cache == NULL)
    {
      fail_memory (self->cache_bytes, "KV cache", error);
      sotto_state_free (self);
      return NULL;
    }
  self->keys = align (self->cache);
  self->values = align (sotto_state_keys (self, shape->n_layers, 0));
  return self;
}

void
sotto_state_free (SottoState *self)
{
  g_free (self->cache);
  g_free (self->block);
  g_free (self);
}

/* --- Scratch --- */

typedef struct {
  guint8 *base;             /* NULL: only measure */
  gsize used;
} Cut;

static void *
cut (Cut *self, gsize bytes)
{
  void *piece = self->base == NULL ? NULL : self->base + self->used;

  self->used += round_up (bytes, ALIGNMENT);
  return piece;
}

static void
cut_activations (Cut *self, SottoActivations *activations, guint n_columns, guint n_tokens)
{
  gsize bytes = sotto_activations_layout (activations, n_columns, n_tokens, NULL);

  sotto_activations_layout (activations, n_columns, n_tokens, cut (self, bytes));
}

static guint
widest_input (const SottoShape *shape)
{
  return MAX (shape->n_embedding, shape->n_heads * shape->n_head_value);
}

static void
cut_lane (Cut *self, const SottoState *state, SottoLaneMemory *lane, guint n_tokens)
{
  const SottoShape *shape = state->shape;
  guint tile_columns = MAX (MAX (shape->n_head_key, state->value_stride), SOTTO_UNIT_ROWS);
  guint n_head = MAX (shape->n_head_key, state->value_stride);

  cut_activations (self, &lane->own, widest_input (shape), 1);
  for (guint i = 0; i < 2; i++)
    lane->tiles[i] = cut (self, (gsize) n_tokens * tile_columns * sizeof (float));
  lane->partial_values = cut (self, (gsize) 2 * SOTTO_ATTEND_QUERIES * state->value_stride
                                      * sizeof (float));
  lane->scratch = cut (
    self, sotto_kernels_scratch (MAX (widest_input (shape), shape->n_feed_forward), n_head));
  if (self->base != NULL)
    for (guint i = 0; i < G_N_ELEMENTS (lane->partials); i++)
      lane->partials[i].value = lane->partial_values + (gsize) i * state->value_stride;
}

/* Sets the pointers of self when base is given; returns the bytes they need. */
static gsize
cut_up (SottoState *self, guint8 *base, guint n_tokens, guint n_lanes, guint n_logits)
{
  const SottoShape *shape = self->shape;
  Cut pieces = { .base = base };
  gsize n_chunks = self->n_context / SOTTO_ATTEND_CHUNK;
  gsize rope_bytes = (gsize) n_tokens * (shape->n_rope / 2) * sizeof (float);
  SottoLaneMemory measured;

  self->residual = cut (&pieces, (gsize) n_tokens * shape->n_embedding * sizeof (float));
  self->queries = cut (&pieces,
                       (gsize) n_tokens * shape->n_heads * shape->n_head_key * sizeof (float));
  self->cosines = cut (&pieces, rope_bytes);
  self->sines = cut (&pieces, rope_bytes);
  cut_activations (&pieces, &self->normed, shape->n_embedding, n_tokens);
  cut_activations (&pieces, &self->attended, shape->n_heads * shape->n_head_value, n_tokens);
  cut_activations (&pieces, &self->hidden, shape->n_feed_forward, n_tokens);
  self->partials = cut (&pieces, SOTTO_SPLIT_TOKENS * shape->n_heads * n_chunks
                                   * (2 + (gsize) self->value_stride) * sizeof (float));
  self->logits = cut (&pieces, (gsize) n_logits * shape->n_vocabulary * sizeof (float));
  self->lanes = cut (&pieces, n_lanes * sizeof (SottoLaneMemory));
  for (guint i = 0; i < n_lanes; i++)
    cut_lane (&pieces, self, base == NULL ? &measured : &self->lanes[i], n_tokens);
  return pieces.used + ALIGNMENT;
}

gboolean
sotto_state_reserve (SottoState *self,
                     guint n_tokens,
                     guint n_lanes,
                     guint n_logits,
                     GError **error)
{
  SottoState measured = *self;
  gsize bytes;
  void *block;

  if (n_tokens <= self->n_tokens && n_lanes <= self->n_lanes && n_logits <= self->n_logits)
    return TRUE;
  n_tokens = MAX (n_tokens, self->n_tokens);
  n_lanes = MAX (n_lanes, self->n_lanes);
  n_logits = MAX (n_logits, self->n_logits);
  bytes = cut_up (&measured, NULL, n_tokens, n_lanes, n_logits);
  block = g_try_malloc (bytes);
  if (block == NULL)
    return fail_memory (bytes, "scratch", error);
  g_free (self->block);
  self->block = block;
  self->block_bytes = bytes;
  self->n_tokens = n_tokens;
  self->n_lanes = n_lanes;
  self->n_logits = n_logits;
  cut_up (self, align (block), n_tokens, n_lanes, n_logits);
  return TRUE;
}

gsize
sotto_state_scratch_bytes (const SottoShape *shape, guint n_context, guint n_tokens, guint n_lanes)
{
  SottoState measured = { .shape = shape };

  measured.n_context = rounded_context (n_context);
  measured.value_stride = padded_value (shape);
  return cut_up (&measured, NULL, n_tokens, n_lanes, 1);
}

/* --- The cache as bytes --- */

gsize
sotto_state_kv_bytes (const SottoState *self, guint n_positions)
{
  const SottoShape *shape = self->shape;
  gsize per_position = ((gsize) shape->n_head_key + shape->n_head_value) * self->element_bytes;

  return (gsize) shape->n_layers * shape->n_kv_heads * n_positions * per_position;
}

/* Where element d of a position's key lies, in bytes from the head's first. */
static gsize
key_offset (const SottoState *self, guint position, guint d)
{
  gsize tile = position / SOTTO_KEY_TILE;

  return ((tile * self->shape->n_head_key + d) * SOTTO_KEY_TILE + position % SOTTO_KEY_TILE)
         * self->element_bytes;
}

typedef enum { STORE, LOAD } Direction;

static void
move (guint8 *cache, guint8 *bytes, gsize n, Direction direction)
{
  memcpy (direction == STORE ? bytes : cache, direction == STORE ? cache : bytes, n);
}

static void
move_all (const SottoState *self, guint n_positions, guint8 *bytes, Direction direction)
{
  const SottoShape *shape = self->shape;
  gsize element = self->element_bytes;
  gsize value_bytes = shape->n_head_value * element;

  for (guint layer = 0; layer < shape->n_layers; layer++)
    for (guint head = 0; head < shape->n_kv_heads; head++)
      {
        guint8 *keys = sotto_state_keys (self, layer, head);
        guint8 *values = sotto_state_values (self, layer, head);

        for (guint position = 0; position < n_positions; position++)
          for (guint d = 0; d < shape->n_head_key; d++, bytes += element)
            move (keys + key_offset (self, position, d), bytes, element, direction);
        for (guint position = 0; position < n_positions; position++, bytes += value_bytes)
          move (values + (gsize) position * self->value_stride * element, bytes, value_bytes,
                direction);
      }
}

void
sotto_state_kv_store (const SottoState *self, guint n_positions, guint8 *target)
{
  move_all (self, n_positions, target, STORE);
}

void
sotto_state_kv_load (SottoState *self, guint n_positions, const guint8 *source)
{
  move_all (self, n_positions, (guint8 *) source, LOAD);
}
