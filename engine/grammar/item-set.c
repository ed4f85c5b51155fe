#include "item-set.h"

#include <string.h>

void
sotto_item_sets_init (SottoItemSets *self)
{
  self->items = g_array_new (FALSE, FALSE, sizeof (SottoItem));
  self->sets = g_array_new (FALSE, FALSE, sizeof (SottoItemSet));
  self->n_slot_bits = 8;
  self->slots = g_new0 (guint32, 1u << self->n_slot_bits);
}

void
sotto_item_sets_clear (SottoItemSets *self)
{
  g_clear_pointer (&self->items, g_array_unref);
  g_clear_pointer (&self->sets, g_array_unref);
  g_clear_pointer (&self->slots, g_free);
}

const SottoItem *
sotto_item_sets_get (const SottoItemSets *self,
                     guint32              number,
                     guint               *n)
{
  const SottoItemSet *set = &g_array_index (self->sets, SottoItemSet, number);

  *n = set->n;

  return set->n > 0 ? &g_array_index (self->items, SottoItem, set->first) : NULL;
}

guint32
sotto_item_hash (const SottoItem *items,
                 guint            n)
{
  guint64 hash = n;

  for (guint i = 0; i < n; i++)
    {
      hash = (hash ^ items[i].state) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
      hash = (hash ^ items[i].context ^ hash >> 29) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
      hash ^= hash >> 32;
    }

  return (guint32) hash;
}

static void
grow (SottoItemSets *self)
{
  guint32 mask;

  g_free (self->slots);
  self->n_slot_bits++;
  mask = (1u << self->n_slot_bits) - 1;
  self->slots = g_new0 (guint32, (gsize) mask + 1);
  for (guint i = 0; i < self->sets->len; i++)
    {
      guint32 slot = g_array_index (self->sets, SottoItemSet, i).hash & mask;

      while (self->slots[slot] != 0)
        slot = (slot + 1) & mask;
      self->slots[slot] = i + 1;
    }
}

guint32
sotto_item_sets_intern (SottoItemSets   *self,
                        const SottoItem *items,
                        guint            n)
{
  guint32 hash = sotto_item_hash (items, n);
  guint32 mask = (1u << self->n_slot_bits) - 1;
  guint32 slot = hash & mask;
  SottoItemSet set;

  for (; self->slots[slot] != 0; slot = (slot + 1) & mask)
    {
      guint32 number = self->slots[slot] - 1;
      guint n_there;
      const SottoItem *there = sotto_item_sets_get (self, number, &n_there);

      if (g_array_index (self->sets, SottoItemSet, number).hash == hash && n_there == n &&
          (n == 0 || memcmp (there, items, n * sizeof *items) == 0))
        return number;
    }

  set = (SottoItemSet) { self->items->len, n, hash };
  if (n > 0)
    g_array_append_vals (self->items, items, n);
  g_array_append_val (self->sets, set);
  self->slots[slot] = self->sets->len;
  if (self->sets->len * 2 > mask)
    grow (self);

  return self->sets->len - 1;
}
