/* Products by four warps (wgmma), which are begun and done when they are waited for: as late as may be.
 *
 * Each warp makes 16 of the 64 rows, and goes by itself. What is multiplied is read when it is begun and when it is done, and has
 * to be the same: a device may read it at any time between. Sums that are under way hold no numbers.
 *
 * Where matrices lie is told by 64 bits (PTX ISA, matrix descriptor format of wgmma): 0 … 13 the first byte's address, 16 … 29 and
 * 32 … 45 how far it is to the next columns and to the next eight rows, all in 16 bytes; 49 … 51 where the turned order begins, if
 * that is not at its own multiple, in 128 bytes; 62, 63 the order. Of columns that follow each other (K-major), in chunks of 16
 * bytes, eight rows are
 *
 *     0  a chunk each, one below the other; the next chunks are where the first distance says
 *     1  128 bytes each; bits 4 … 6 of an address are turned by bits 7 … 9
 *     2  64 bytes each; bits 4, 5 by bits 7, 8
 *     3  32 bytes each; bit 4 by bit 7
 *
 * and the next eight are where the second distance says.
 */

#include "cuda/device.h"
#include "grid.h"
#include "races.h"

#define MOST_PRODUCTS 64
#define DEPTH 16            /* columns */
#define N_CHUNKS 2          /* of them */
#define QUAD_WARPS 4
#define ROWS 16             /* of a warp */
#define MOST_SUMS 128       /* of a lane */
#define NO_SUM 0xffffffffu
/* Addresses have 18 bits: those of dynamic memory here end where they do. */
#define WINDOW_BYTES (256 * 1024)
#define WINDOW_BEGIN (EMULATION_DYNAMIC_END - WINDOW_BYTES)

typedef struct {
  guint64 a, b;
  gboolean adds;
  guint group;
  guint64 seen;             /* of what is multiplied, when it was begun */
} Product;

struct EmulationQuad {
  EmulationQuad *next;      /* of the unused ones */
  gboolean has_begun;       /* quad_begin() since there was nothing under way */
  guint first;
  guint n;
  guint group;              /* that is being begun */
  guint n_sums;             /* of a lane, those under way */
  float *sums[N_LANES];     /* the kernel's */
  float own[N_LANES][MOST_SUMS];
  Product products[MOST_PRODUCTS]; /* a ring */
};

/* --- Where matrices lie --- */

guint64
emulation_quad_matrix (const void *first, guint leading, guint stride, guint mode, EmulationSite site)
{
  const guint8 *window = emulation_thread->block->worker->shared + WINDOW_BEGIN;
  const gsize at = (gsize) (static_cast<const guint8 *> (first) - window);

  emulation_need_hopper ("quad_matrix", site);
  if (!emulation_is_shared (first) || at >= WINDOW_BYTES)
    emulation_fail (site, "quad_matrix of what is not dynamic shared memory");
  if ((at | leading | stride) % 16 != 0 || (leading | stride) >= WINDOW_BYTES || mode > 3)
    emulation_fail (site, "quad_matrix: addresses and distances of 16 bytes, and modes up to 3");
  return (guint64) (at >> 4) | (guint64) (leading >> 4) << 16 | (guint64) (stride >> 4) << 32 | (guint64) mode << 62;
}

static guint
bits_of (guint64 matrix, guint first, guint n)
{
  return (guint) (matrix >> first & ((1u << n) - 1));
}

/* A matrix as its 64 bits say. */
typedef struct {
  guint first, base, mode;
  guint width;              /* of a row, in bytes */
  guint leading, stride;
} Layout;

static Layout
read_layout (guint64 matrix, EmulationSite site)
{
  Layout self = {bits_of (matrix, 0, 14) << 4, bits_of (matrix, 49, 3), bits_of (matrix, 62, 2), 16, 16, bits_of (matrix, 32, 14) << 4};

  if ((matrix & G_GUINT64_CONSTANT (0x3ff1c000c000c000)) != 0)
    emulation_fail (site, "bits of a matrix that have no meaning are not 0");
  if (self.mode == 0)
    self.leading = bits_of (matrix, 16, 14) << 4;
  else
    self.width = 256 >> self.mode;
  if (self.mode != 0 && self.first % self.width + N_CHUNKS * 16 > self.width)
    emulation_fail (site, "columns of a matrix go on behind its row of %u bytes", self.width);
  return self;
}

/* Chunk @i of a row, which the block has to have. */
static inline const guint8 *
find_chunk (const Layout *self, const EmulationBlock *block, guint row, guint i, EmulationSite site)
{
  guint at = self->first + row % 8 * self->width + row / 8 * self->stride + i * self->leading;
  const guint8 *p;

  if (self->mode != 0)
    at ^= (((at >> 7) - self->base) & (self->width / 16 - 1)) << 4;
  p = block->worker->shared + WINDOW_BEGIN + at;
  if (at >= WINDOW_BYTES || p < block->dynamic || p + 16 > block->dynamic + block->n_dynamic)
    emulation_fail (site, "row %u of a matrix lies beside the block's shared memory", row);
  return p;
}

/* --- What is multiplied --- */

static guint64
fold (guint64 seen, const guint8 *chunk)
{
  guint64 words[2];

  memcpy (words, chunk, sizeof words);
  seen = (seen ^ words[0]) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
  seen ^= seen >> 29;
  return (seen ^ words[1]) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
}

/* Rows of a matrix, of which element k of row r goes to floats[k * n_rows + r]. Returns: @seen, and them */
static guint64
read_rows (guint64 matrix, guint first, guint n_rows, float *floats, guint64 seen, EmulationSite site)
{
  const EmulationBlock *block = emulation_thread->block;
  const Layout layout = read_layout (matrix, site);

  for (guint row = 0; row < n_rows; row++)
    for (guint i = 0; i < N_CHUNKS; i++)
      {
        const guint8 *chunk = find_chunk (&layout, block, first + row, i, site);
        Half halves[8];

        if (emulation_races.touch_by_proxy != NULL)
          emulation_races.touch_by_proxy (chunk, 16, FALSE, site);
        seen = fold (seen, chunk);
        memcpy (halves, chunk, sizeof halves);
        for (guint k = 0; floats != NULL && k < 8; k++)
          floats[(i * 8 + k) * n_rows + row] = half_to_float (halves[k]);
      }
  return seen;
}

static guint
first_row (void)
{
  return emulation_thread->index / N_LANES % QUAD_WARPS * ROWS;
}

static guint64
see (const EmulationQuad *self, const Product *product, EmulationSite site)
{
  const guint64 seen = read_rows (product->a, first_row (), ROWS, NULL, 1, site);

  return read_rows (product->b, 0, 2 * self->n_sums, NULL, seen, site);
}

static void
multiply (EmulationQuad *self, const Product *product, EmulationSite site)
{
  const guint n = 2 * self->n_sums;
  float a[DEPTH][ROWS], b[DEPTH * 2 * MOST_SUMS];
  guint64 seen = read_rows (product->a, first_row (), ROWS, &a[0][0], 1, site);

  seen = read_rows (product->b, 0, n, b, seen, site);
  if (seen != product->seen)
    emulation_fail (site, "what is multiplied was written before it was waited for, or after it was begun");
  for (guint row = 0; row < ROWS; row++)
    for (guint first = 0; first < n; first += 8)
      {
        float sums[8] = {};

        for (guint k = 0; k < DEPTH; k++)
          for (guint i = 0; i < 8; i++)
            sums[i] += a[k][row] * b[k * n + first + i];
        for (guint i = 0; i < 8; i++)
          {
            float *sum = &self->own[row % 8 * 4 + i / 2][first / 2 + row / 8 * 2 + i % 2];

            *sum = product->adds ? *sum + sums[i] : sums[i];
          }
      }
}

/* --- What a warp does --- */

static EmulationQuad *
find_quad (EmulationSite site)
{
  EmulationWarp *warp = emulation_thread->warp;
  EmulationWorker *worker = emulation_thread->block->worker;

  emulation_need_hopper ("products by four warps", site);
  if (emulation_thread->block->n_threads % (QUAD_WARPS * N_LANES) != 0)
    emulation_fail (site, "a block whose warps are not four by four");
  if (warp->quad == NULL)
    {
      warp->quad = worker->free_quads;
      if (warp->quad == NULL)
        warp->quad = g_new (EmulationQuad, 1);
      else
        worker->free_quads = warp->quad->next;
      warp->quad->has_begun = FALSE;
      warp->quad->first = warp->quad->n = warp->quad->group = 0;
    }
  return warp->quad;
}

void
emulation_quad_begin (EmulationSite site)
{
  find_quad (site)->has_begun = TRUE;
}

static void
take_sums (EmulationQuad *self, float *const *sums, guint n_sums)
{
  self->n_sums = n_sums;
  for (guint lane = 0; lane < N_LANES; lane++)
    {
      self->sums[lane] = sums[lane];
      memcpy (self->own[lane], sums[lane], n_sums * sizeof (float));
      memset (sums[lane], 0xff, n_sums * sizeof (float));
    }
}

static void
give_sums (EmulationQuad *self, EmulationSite site)
{
  for (guint lane = 0; lane < N_LANES; lane++)
    {
      for (guint i = 0; i < self->n_sums; i++)
        if (to_bits (self->sums[lane][i]) != NO_SUM)
          emulation_fail (site, "sums are written before they are waited for");
      memcpy (self->sums[lane], self->own[lane], self->n_sums * sizeof (float));
    }
  self->has_begun = FALSE;
}

void
emulation_quad_multiply (float *const *sums, guint n_sums, guint64 a, guint64 b, gboolean adds, EmulationSite site)
{
  EmulationQuad *self = find_quad (site);
  Product product = {a, b, adds, self->group, 0};

  if (!self->has_begun)
    emulation_fail (site, "quad_multiply without quad_begin");
  if (self->n == 0)
    take_sums (self, sums, n_sums);
  else if (n_sums != self->n_sums || memcmp (sums, self->sums, sizeof self->sums) != 0)
    emulation_fail (site, "other sums, while products are under way");
  if (self->n == MOST_PRODUCTS)
    emulation_fail (site, "more than %d products under way", MOST_PRODUCTS);
  product.seen = see (self, &product, site);
  self->products[(self->first + self->n++) % MOST_PRODUCTS] = product;
}

void
emulation_quad_commit (EmulationSite site)
{
  find_quad (site)->group++;
}

void
emulation_quad_wait (guint n_left, EmulationSite site)
{
  EmulationQuad *self = find_quad (site);
  const gboolean are_under_way = self->n > 0;

  while (self->n > 0 && self->products[self->first].group + n_left < self->group)
    {
      multiply (self, &self->products[self->first], site);
      self->first = (self->first + 1) % MOST_PRODUCTS;
      self->n--;
    }
  if (are_under_way && self->n == 0)
    give_sums (self, site);
}

void
emulation_proxy_fence (void)
{
  if (emulation_races.fence != NULL)
    emulation_races.fence ();
}

gboolean
emulation_quad_drop (EmulationWorker *worker, EmulationWarp *warp)
{
  EmulationQuad *self = warp->quad;

  if (self == NULL)
    return FALSE;
  warp->quad = NULL;
  self->next = worker->free_quads;
  worker->free_quads = self;
  return self->n > 0;
}

void
emulation_quads_free (EmulationWorker *worker)
{
  while (worker->free_quads != NULL)
    {
      EmulationQuad *next = worker->free_quads->next;

      g_free (worker->free_quads);
      worker->free_quads = next;
    }
}
