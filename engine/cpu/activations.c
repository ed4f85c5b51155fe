#include "cpu/kernels.h"

#define ROW_ALIGNMENT 32 /* floats */

static gsize
round_up (gsize n, gsize to)
{
  return (n + to - 1) / to * to;
}

static gsize
count_sets (gsize n, guint set_rows)
{
  return (n + set_rows - 1) / set_rows;
}

gsize
sotto_activations_layout (SottoActivations   *self,
                          const SottoKernels *kernels,
                          SottoPacks          packs,
                          guint               n_columns,
                          gsize               n_tokens,
                          gsize               n_few,
                          guint8             *base)
{
  gsize n_groups = round_up (n_columns, SOTTO_PACK_COLUMNS) / SOTTO_PACK_COLUMNS;
  gsize n_codes = packs & SOTTO_PACK_CODES ? n_groups : 0;
  gsize n_floats = packs & SOTTO_PACK_FLOATS ? n_groups : 0;
  SottoActivations layout = {
    .n_columns = n_columns,
    .column_stride = round_up (n_columns, ROW_ALIGNMENT),
    .packs = packs,
    .form = sotto_form_of (n_tokens),
    .float_bytes = round_up (n_floats * kernels->float_packing.bytes, 64),
  };
  gsize values_bytes = round_up (n_tokens * layout.column_stride * sizeof (float), 64);
  gsize codes_bytes[SOTTO_N_FORMS];
  gsize many_place;
  gsize floats_place;

  for (guint form = 0; form < SOTTO_N_FORMS; form++)
    {
      const SottoPacking *packing = &kernels->packings[form];
      gsize n = form == SOTTO_FORM_FEW ? n_few : n_tokens > SOTTO_FORM_FEW_ROWS ? n_tokens : 0;

      layout.set_rows[form] = MAX (packing->set_rows, 1);
      layout.set_bytes[form] = round_up (n_codes * packing->bytes, 64);
      codes_bytes[form] = count_sets (n, layout.set_rows[form]) * layout.set_bytes[form];
    }
  many_place = n_few == n_tokens ? values_bytes + codes_bytes[SOTTO_FORM_FEW] : values_bytes;
  floats_place = MAX (values_bytes + codes_bytes[SOTTO_FORM_FEW],
                      many_place + codes_bytes[SOTTO_FORM_MANY]);
  if (base != NULL)
    {
      layout.values = (float *) base;
      layout.packed[SOTTO_FORM_FEW] = base + values_bytes;
      layout.packed[SOTTO_FORM_MANY] = base + many_place;
      layout.floats = base + floats_place;
      *self = layout;
    }
  if (n_tokens <= SOTTO_FORM_FEW_ROWS)
    return floats_place;
  return floats_place + round_up (n_tokens, SOTTO_FLOAT_SET) * layout.float_bytes;
}

static gboolean
has_floats (const SottoActivations *x)
{
  return x->float_bytes > 0 && x->form != SOTTO_FORM_FEW;
}

void
sotto_activations_pack (const SottoActivations *x, const SottoKernels *kernels, gsize t)
{
  const float *values = x->values + t * x->column_stride;

  if (x->packs & SOTTO_PACK_CODES)
    kernels->packings[x->form].pack (values, x->n_columns, 0, x->n_columns, sotto_activations_packed (x, t));
  if (has_floats (x))
    kernels->float_packing.pack (values, x->n_columns, 0, x->n_columns, sotto_activations_floats (x, t));
}

void
sotto_activations_pack_set (
  const SottoActivations *x, const SottoKernels *kernels, gsize t, guint n_rows, guint first, guint n)
{
  const SottoPacking *packing = &kernels->packings[x->form];
  const float *values = x->values + t * x->column_stride;

  if ((x->packs & SOTTO_PACK_CODES) && packing->pack_set != NULL)
    packing->pack_set (values, x->column_stride, n_rows, x->n_columns, first, n, sotto_activations_packed (x, t));
  else if (x->packs & SOTTO_PACK_CODES)
    for (guint i = 0; i < n_rows; i++)
      packing->pack (values + i * x->column_stride, x->n_columns, first, n, sotto_activations_packed (x, t + i));
  for (guint i = 0; has_floats (x) && i < n_rows; i++)
    kernels->float_packing.pack (values + i * x->column_stride, x->n_columns, first, n,
                                 sotto_activations_floats (x, t + i));
}

/* --- What kernels work in --- */

/* Floats that attention works in, of heads of n elements: the most of its forms, which each begin with a tile of keys and of
 * values as floats, and room for what is added to SOTTO_KEY_TILE keys; one has no more. Another has pairs of 16 bits behind
 * it: that tile, the queries of a call, and their scales (template-attend-steps.h). The one for a matrix unit takes most,
 * whatever n: a chunk of keys and of values and 32 queries, of two numbers of 16 bits an element, and of these queries
 * results, scores and weights (template-attend-tiles.h). */
static gsize
count_attention (gsize n)
{
  gsize floats = (2 * SOTTO_ATTEND_TILE + SOTTO_KEY_TILE) * n;
  gsize n_queries = SOTTO_ATTEND_QUERIES + SOTTO_ATTEND_TOGETHER;
  gsize steps = SOTTO_ATTEND_TILE * n + n_queries * (n / 2 + 1) + 2 * SOTTO_ATTEND_TILE;
  gsize tiles = (2 * SOTTO_ATTEND_CHUNK + 2 * 32) * n + 32 * (2 * SOTTO_ATTEND_CHUNK + 16);

  return floats + MAX (steps, tiles);
}

/* Panels of weights are at most as wide as those of 16 bits on a matrix unit (template-float-tiles.h): ones of integers,
 * with all that stands beside these (template-multiply.h), and of floats take no more than half. The reference tier wants a
 * row of floats. */
gsize
sotto_kernels_scratch (guint n_columns, guint n_head)
{
  gsize panel = round_up (n_columns, SOTTO_PACK_COLUMNS) * SOTTO_PANEL_BYTES;
  gsize attention = count_attention (round_up (n_head, 32)) * sizeof (float);

  return round_up (MAX (MAX (panel, attention), SOTTO_TILE_SCRATCH), 64);
}
