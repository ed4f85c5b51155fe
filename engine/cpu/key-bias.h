#pragma once

#include "cpu/cache.h"

G_BEGIN_DECLS

/* The bias of keys, kept out of a quantised cache.
 *
 * Some families add a bias to their keys that is a hundred times larger than what tokens differ
 * by (Qwen 2.5 0.5B: up to 211 in a few elements, beside a root mean square of 1.5). Turned by RoPE
 * it is neither constant, so that softmax would ignore it, nor worth storing: the key at position p
 * is R(p) (W x + b) = R(p) W x + R(p) b, where the second part depends on nothing but the position.
 * So the cache is given the first part alone, whose blocks then have small steps, and the second
 * is added where keys become floats again (template-attention.h).
 *
 * R(p) b comes of three turns: to a chunk's first position, to the tile's within the chunk, to the
 * key's within the tile. For the last two a cache has small tables.
 */

/* (transfer container) (array length=plan->n_caches): for each cache the step whose bias of keys one of @type does
 * without; NULL: there is none, or it is no better apart. Floats hold it well enough, and before a norm or a clamp it is
 * no addend. */
const SottoQkvStep **sotto_key_bias_find (const SottoPlan *plan, SottoKvType type);

/* Bytes of the two tables of turns. */
gsize sotto_key_bias_bytes (const SottoQkvStep *step);
void sotto_key_bias_init (const SottoQkvStep *step, float *tables);

/**
 * sotto_key_bias_describe:
 * @position: of the chunk's first key
 * @start: (n_key): room
 *
 * What attention is to add to the keys of @head in that chunk.
 */
SottoKeyBias
sotto_key_bias_describe (const SottoCache *cache, guint head, guint position, float *start);

/**
 * sotto_key_bias_take:
 * @position: of the key in the cache
 * @key: (n_key): turned, with the bias
 *
 * Takes off what attention adds there, from a key that turned by another position than that: so what is stored has a bias in it again,
 * the difference of two turns, and is no worse than without all this.
 */
void sotto_key_bias_take (const SottoQkvStep *step, guint head, guint position, float *key);

G_END_DECLS
