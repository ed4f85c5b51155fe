#include "cpu/kernels.h"

static gsize
round_up (gsize n, gsize to)
{
  return (n + to - 1) / to * to;
}

gsize
sotto_activations_layout (SottoActivations   *self,
                          const SottoKernels *kernels,
                          SottoPacks          packs,
                          guint               n_columns,
                          guint               n_tokens,
                          guint               n_few,
                          guint8             *base)
{
  gsize n_groups = round_up (n_columns, SOTTO_PACK_COLUMNS) / SOTTO_PACK_COLUMNS;
  gsize column_stride = round_up (n_columns, SOTTO_PACK_PART);
  gsize values_bytes = round_up (n_tokens * column_stride * sizeof (float), 64);
  gsize n_codes = packs & SOTTO_PACK_CODES ? n_groups : 0;
  gsize n_floats = packs & SOTTO_PACK_FLOATS ? n_groups : 0;
  gsize float_bytes = round_up (n_floats * kernels->float_packing.bytes, 64);
  gsize few = round_up (n_codes * kernels->packings[SOTTO_FORM_FEW].bytes, 64);
  gsize many = round_up (n_codes * kernels->packings[SOTTO_FORM_MANY].bytes, 64) + float_bytes;

  if (n_few == n_tokens)
    few = many = MAX (few, many);
  if (base != NULL)
    *self = (SottoActivations) {
      .n_columns = n_columns,
      .column_stride = column_stride,
      .values = (float *) base,
      .form = sotto_form_of (n_tokens),
      .packed_strides = { few, many },
      .packed = base + values_bytes,
      .packs = packs,
      .float_bytes = float_bytes,
    };
  return values_bytes + MAX (n_few * few, n_tokens * many);
}

void
sotto_activations_pack (const SottoActivations *x, const SottoKernels *kernels, gsize t)
{
  const float *values = x->values + t * x->column_stride;

  if (x->packs & SOTTO_PACK_CODES)
    kernels->packings[x->form].pack (values, x->n_columns, 0, x->n_columns,
                                     sotto_activations_packed (x, t));
  if (x->float_bytes > 0 && x->form != SOTTO_FORM_FEW)
    kernels->float_packing.pack (values, x->n_columns, 0, x->n_columns,
                                 sotto_activations_floats (x, t));
}

/* The widest panel of a fast tier: 32 rows of floats. One of 16-bit weights is smaller, with two
 * scales and two offsets per block and row, and the half sums of some tokens, behind it. Attention
 * wants a tile of keys and values as floats, and room for what is added to SOTTO_KEY_TILE keys; in
 * tiles (template-attend-tiles.h) also a chunk of keys and of values and 32 queries, split, their
 * results, scores and weights. The reference tier wants a row of floats. */
gsize
sotto_kernels_scratch (guint n_columns, guint n_head)
{
  gsize columns = round_up (n_columns, SOTTO_PACK_COLUMNS);
  gsize panel = 32 * columns * sizeof (float);
  gsize head = round_up (n_head, 32);
  gsize tiles = (2 * SOTTO_ATTEND_CHUNK + 2 * 32) * head + 32 * (2 * SOTTO_ATTEND_CHUNK + 16);
  gsize attention = ((gsize) (2 * SOTTO_ATTEND_TILE + SOTTO_KEY_TILE) * head + tiles) * sizeof (float);

  return round_up (MAX (panel, attention), 64);
}
