#pragma once

#include "walk.h"

G_BEGIN_DECLS

/* Sets of items, each kept once and known by a number. */

typedef struct {
  guint32 first;             /* in items */
  guint32 n;
  guint32 hash;
} SottoItemSet;

typedef struct {
  GArray *items;             /* (element-type SottoItem) */
  GArray *sets;              /* (element-type SottoItemSet) */
  guint32 *slots;            /* number of a set plus one; 0: free */
  guint n_slot_bits;
} SottoItemSets;

void sotto_item_sets_init (SottoItemSets *self);
void sotto_item_sets_clear (SottoItemSets *self);

/* The items of the set @number, valid until the next one is added. */
const SottoItem *sotto_item_sets_get (const SottoItemSets *self, guint32 number, guint *n);

/* The number of the set with these items (sorted), which becomes one if it is none yet. */
guint32 sotto_item_sets_intern (SottoItemSets *self, const SottoItem *items, guint n);

guint32 sotto_item_hash (const SottoItem *items, guint n);

G_END_DECLS
