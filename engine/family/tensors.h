#pragma once

#include "family/sizes.h"

G_BEGIN_DECLS

/* What was found for a slot: a matrix (or a stack of them), or a vector. */
typedef struct {
  SottoWeight weight;      /* n_matrices 0: none */
  const float *vector;     /* (nullable) */
  const float *bias;       /* (nullable) of a vector; a matrix's is in weight */
} SottoTensor;

/* Finds the tensors of a file by the slots of its family. A tensor that is used is marked, and at
 * the end what is left over is refused, because a tensor that nobody uses means that the model
 * computes something else than we would. */
typedef struct {
  SottoKeys keys;
  const SottoSizes *sizes;
  gboolean *used;          /* by tensor of the file */
  GPtrArray *owner;        /* of vectors that the file does not hold as F32 */
} SottoTensors;

/**
 * sotto_tensors_load_model:
 * @out: (SOTTO_N_SLOTS): the slots of SOTTO_PART_MODEL are filled
 */
gboolean sotto_tensors_load_model (SottoTensors *self, SottoTensor *out);

/**
 * sotto_tensors_load_layer:
 * @out: (SOTTO_N_SLOTS): the slots of the other parts are filled; those that the layer does not
 *   have, with nothing
 */
gboolean sotto_tensors_load_layer (SottoTensors *self, guint layer, SottoTensor *out);

gboolean sotto_tensors_check_leftovers (const SottoTensors *self);

/* The vocabulary has as many tokens as the embedding has rows. */
gboolean sotto_tensors_read_vocabulary (const SottoTensors *self, guint *out);

/* A tensor of the file as a matrix, or a stack of them. FALSE with an error. */
gboolean sotto_tensors_get_matrix (SottoTensors          *self,
                                   const SottoGgufTensor *tensor,
                                   guint                  columns,
                                   guint                  rows,
                                   guint                  matrices,
                                   SottoWeight           *out);

/* As @n floats, whatever dimensions its elements lie in: in the mapping where the file has F32, else a copy, the owner's.
 * FALSE with an error. */
gboolean sotto_tensors_get_vector (SottoTensors *self, const SottoGgufTensor *tensor, guint n, const float **out);

/* A row of a table as floats; NULL with an error. (transfer none): the owner's */
const float *sotto_tensors_get_row (SottoTensors *self, const SottoWeight *table, guint row);

/* New room for floats; NULL with an error. (transfer none): the owner's */
float *sotto_tensors_allocate (SottoTensors *self, const char *name, gsize n);

/* Rows of @weight in another order, copied: block rows are never divided. FALSE with an error. */
gboolean sotto_tensors_copy_rows (SottoTensors      *self,
                                  const SottoWeight *weight,
                                  const guint       *rows,
                                  guint              n_rows,
                                  SottoWeight       *out);

/* FALSE with TENSOR: "FILE: tensor @tensor …" */
gboolean
sotto_tensors_refuse (const SottoTensors *self, const char *tensor, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

G_END_DECLS
