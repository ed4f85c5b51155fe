/* Merging neighbours by rank, with a heap and a linked list, so that a megabyte without a space
 * takes no longer than a megabyte of prose. */

#include "text/merge.h"

/* A binary heap of rank << 32 | position: lowest rank first, of equals the leftmost. An entry is
 * out of date when the symbol at its position has another rank by now; it is then passed over. */
typedef struct {
  guint64 *entries;
  gsize n;
} Heap;

typedef struct {
  SottoSymbol *symbols;
  SottoPairFunc func;
  gconstpointer self;
  Heap heap;
} Merging;

static void
heap_push (Heap    *heap,
           guint64  entry)
{
  gsize i = heap->n++;

  while (i > 0 && heap->entries[(i - 1) / 2] > entry)
    {
      heap->entries[i] = heap->entries[(i - 1) / 2];
      i = (i - 1) / 2;
    }
  heap->entries[i] = entry;
}

static guint64
heap_pop (Heap *heap)
{
  guint64 first = heap->entries[0];
  guint64 last = heap->entries[--heap->n];
  gsize i = 0;

  for (;;)
    {
      gsize child = 2 * i + 1;

      if (child >= heap->n)
        break;
      if (child + 1 < heap->n && heap->entries[child + 1] < heap->entries[child])
        child++;
      if (heap->entries[child] >= last)
        break;
      heap->entries[i] = heap->entries[child];
      i = child;
    }
  heap->entries[i] = last;

  return first;
}

static void
rank_symbol (Merging *merging,
             guint32  position)
{
  SottoSymbol *symbol = &merging->symbols[position];

  symbol->rank = SOTTO_NO_RANK;
  if (symbol->next == SOTTO_NO_SYMBOL)
    return;

  symbol->rank = merging->func (merging->self, symbol, &merging->symbols[symbol->next],
                                &symbol->merged);
  if (symbol->rank != SOTTO_NO_RANK)
    heap_push (&merging->heap, (guint64) symbol->rank << 32 | position);
}

static void
merge_all (Merging *merging)
{
  SottoSymbol *symbols = merging->symbols;

  while (merging->heap.n > 0)
    {
      guint64 entry = heap_pop (&merging->heap);
      guint32 position = entry & G_MAXUINT32;
      SottoSymbol *symbol = &symbols[position];
      SottoSymbol *taken;

      if (symbol->rank != entry >> 32)
        continue;

      taken = &symbols[symbol->next];
      taken->rank = SOTTO_NO_RANK;
      symbol->id = symbol->merged;
      symbol->length += taken->length;
      symbol->next = taken->next;
      if (symbol->next != SOTTO_NO_SYMBOL)
        symbols[symbol->next].previous = position;

      rank_symbol (merging, position);
      if (symbol->previous != SOTTO_NO_SYMBOL)
        rank_symbol (merging, symbol->previous);
    }
}

gboolean
sotto_merge_symbols (SottoSymbol   *symbols,
                     guint32        n,
                     SottoPairFunc  func,
                     gconstpointer  self)
{
  /* One entry a pair at first, and at most two more with each merge. */
  g_autofree guint64 *entries = g_try_malloc_n (MAX (n, 1), 3 * sizeof (guint64));
  Merging merging = { symbols, func, self, { entries, 0 } };

  for (guint32 i = 0; i < n; i++)
    {
      symbols[i].previous = i > 0 ? i - 1 : SOTTO_NO_SYMBOL;
      symbols[i].next = i + 1 < n ? i + 1 : SOTTO_NO_SYMBOL;
    }
  if (entries == NULL)
    return FALSE;

  for (guint32 i = 0; i < n; i++)
    rank_symbol (&merging, i);
  merge_all (&merging);

  return TRUE;
}
