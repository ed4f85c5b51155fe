#include "cuda/weights.h"

#include "cuda/layout.h"
#include "plan-operands.h"
#include "sotto-error.h"

#include <string.h>

/* Bytes that are rearranged and sent at once: what a core's cache holds, and little enough that a cancel is soon seen. */
#define PIECE_BYTES ((gsize) 4 << 20)

/* A tensor, told apart by where it lies on the host and what it takes on the device. */
typedef struct {
  const void *source;
  gsize n_bytes;
  guint type;              /* SottoBlockType, or one of those below */
  void *memory;            /* on the device */
  guint n_users;
} Tensor;

/* What is as it is on the host. */
#define PLAIN G_MAXUINT

struct _SottoCudaWeights {
  const SottoCudaModule *module;
  SottoCudaDevice *device;
  GHashTable *tensors;     /* (element-type Tensor Tensor) */
};

static guint
tensor_hash (gconstpointer data)
{
  const Tensor *self = data;

  return g_direct_hash (self->source) ^ (guint) self->n_bytes ^ self->type;
}

static gboolean
tensor_equal (gconstpointer a, gconstpointer b)
{
  const Tensor *one = a, *other = b;

  return one->source == other->source && one->n_bytes == other->n_bytes && one->type == other->type;
}

SottoCudaWeights *
sotto_cuda_weights_new (const SottoCudaModule *module, SottoCudaDevice *device)
{
  SottoCudaWeights *self = g_new0 (SottoCudaWeights, 1);

  self->module = module;
  self->device = device;
  self->tensors = g_hash_table_new_full (tensor_hash, tensor_equal, g_free, NULL);
  return self;
}

void
sotto_cuda_weights_free (SottoCudaWeights *self)
{
  g_hash_table_unref (self->tensors);
  g_free (self);
}

static void
drop (SottoCudaWeights *self, Tensor *tensor)
{
  if (--tensor->n_users > 0)
    return;
  self->module->release (self->device, tensor->memory);
  g_hash_table_remove (self->tensors, tensor);
}

/* Rows of heads, other rows between them. */
static void
stack_heads (SottoWeight *weight, guint n_heads, guint n_key, guint stride)
{
  if (!sotto_weight_is_there (weight) || weight->bias != NULL || weight->scales != NULL)
    return;
  weight->n_matrices = n_heads;
  weight->n_rows = n_key;
  weight->matrix_bytes = stride * weight->row_bytes;
}

void
sotto_cuda_step_stack (SottoStep *step)
{
  SottoQkvStep *qkv = &step->qkv;

  if (step->kind != SOTTO_STEP_QKV || qkv->query_stride <= qkv->n_key)
    return;
  stack_heads (&qkv->query, qkv->n_heads, qkv->n_key, qkv->query_stride);
  stack_heads (&qkv->gate, qkv->n_heads, qkv->n_key, qkv->query_stride);
}

/* --- Sizes --- */

static gsize
matrix_bytes (const SottoWeight *weight)
{
  return weight->n_rows * sotto_cuda_layout_row_bytes (weight->type, weight->n_columns);
}

guint64
sotto_cuda_weight_measure (const SottoWeight *weight)
{
  return sotto_weight_is_there (weight) ? (guint64) weight->n_matrices * matrix_bytes (weight) : 0;
}

static void
add_weight (gpointer data, SottoWeight *weight)
{
  *(guint64 *) data += sotto_cuda_weight_measure (weight);
}

static void
add_floats (gpointer data, const float **floats G_GNUC_UNUSED, gsize n)
{
  *(guint64 *) data += n * sizeof (float);
}

static gsize
rope_bytes (const SottoRope *rope)
{
  return (rope->long_frequencies != NULL ? 2 : 1) * rope->n_pairs * sizeof (double) + (rope->axes != NULL ? rope->n_pairs : 0);
}

static void
add_rope (gpointer data, const SottoRope **rope)
{
  *(guint64 *) data += rope_bytes (*rope);
}

guint64
sotto_cuda_plan_measure (const SottoPlan *plan, guint first, guint end)
{
  guint64 n_bytes = 0;
  SottoOperandVisitor visitor = { add_weight, add_floats, add_rope, &n_bytes };

  for (guint i = first; i < end; i++)
    {
      SottoStep step = plan->steps[i];

      sotto_cuda_step_stack (&step);
      sotto_operands_visit (plan, &step, &visitor);
    }
  return n_bytes;
}

/* --- Uploading --- */

typedef struct {
  SottoCudaPlan *plan;
  const SottoLoading *loading;
  guint8 *piece;           /* (PIECE_BYTES or a row) */
  gsize piece_bytes;
  guint64 done, all;
  GError **error;
  gboolean failed;
} Upload;

static void
fail_device (Upload *self)
{
  SottoCudaWeights *weights = self->plan->weights;
  const char *problem = sotto_cuda_module_explain (weights->module, weights->device);

  self->failed = TRUE;
  sotto_engine_set_error (self->error, SOTTO_ENGINE_ERROR_BACKEND,
                          &(SottoErrorArguments) { .subject = problem }, "%s", problem);
}

static void
fail_memory (Upload *self, gsize n_bytes)
{
  SottoCudaWeights *weights = self->plan->weights;
  SottoErrorArguments arguments = { .wanted = n_bytes };
  guint64 all;

  self->failed = TRUE;
  weights->module->measure (weights->device, &arguments.available, &all);
  sotto_engine_set_error (self->error, SOTTO_ENGINE_ERROR_MEMORY, &arguments,
                          "no memory for weights on the GPU: %" G_GSIZE_FORMAT " bytes", n_bytes);
}

/* Looks at the cancel flag, and tells how much is done. */
static gboolean
go_on (Upload *self, gsize n_bytes)
{
  const SottoLoading *loading = self->loading;

  self->done += n_bytes;
  if (loading == NULL)
    return TRUE;
  if (!sotto_cancel_check (loading->cancel, self->error))
    {
      self->failed = TRUE;
      return FALSE;
    }
  if (loading->progress != NULL)
    loading->progress (self->done, self->all, loading->user_data);
  return TRUE;
}

/* The tensor's place on the device, which @is_new has still to be filled. NULL: failed */
static Tensor *
hold (Upload *self, const void *source, gsize n_bytes, guint type, gboolean *is_new)
{
  SottoCudaWeights *weights = self->plan->weights;
  Tensor wanted = { .source = source, .n_bytes = n_bytes, .type = type };
  Tensor *tensor = g_hash_table_lookup (weights->tensors, &wanted);

  *is_new = tensor == NULL;
  if (tensor == NULL)
    {
      wanted.memory = weights->module->allocate (weights->device, n_bytes);
      if (wanted.memory == NULL)
        {
          if (weights->module->problem (weights->device) != NULL)
            fail_device (self);
          else
            fail_memory (self, n_bytes);
          return NULL;
        }
      tensor = g_memdup2 (&wanted, sizeof wanted);
      g_hash_table_add (weights->tensors, tensor);
    }
  tensor->n_users++;
  g_ptr_array_add (self->plan->held, tensor);
  return tensor;
}

static gboolean
send (Upload *self, void *target, const void *source, gsize n_bytes)
{
  SottoCudaWeights *weights = self->plan->weights;

  if (!weights->module->upload (weights->device, target, source, n_bytes))
    {
      fail_device (self);
      return FALSE;
    }
  return go_on (self, n_bytes);
}

static const void *
send_plain (Upload *self, const void *source, gsize n_bytes)
{
  gboolean is_new;
  Tensor *tensor = hold (self, source, n_bytes, PLAIN, &is_new);

  if (tensor == NULL || (is_new ? !send (self, tensor->memory, source, n_bytes) : !go_on (self, n_bytes)))
    return NULL;
  return tensor->memory;
}

/* Rows of one matrix, as many at once as fit a piece. */
static gboolean
send_matrix (Upload *self, const SottoWeight *matrix, guint8 *target)
{
  gsize row_bytes = sotto_cuda_layout_row_bytes (matrix->type, matrix->n_columns);
  gsize at_once = MAX (PIECE_BYTES / row_bytes, 1);

  if (self->piece_bytes < at_once * row_bytes)
    {
      g_free (self->piece);
      self->piece_bytes = 0;
      self->piece = g_try_malloc (at_once * row_bytes);
      if (self->piece == NULL)
        {
          fail_memory (self, at_once * row_bytes);
          return FALSE;
        }
      self->piece_bytes = at_once * row_bytes;
    }
  for (gsize row = 0; row < matrix->n_rows; row += at_once)
    {
      gsize n = MIN (at_once, matrix->n_rows - row);

      sotto_cuda_layout_rows (matrix->type, matrix->n_columns,
                              (const guint8 *) matrix->data + row * matrix->row_bytes,
                              matrix->row_bytes, self->piece, n);
      if (!send (self, target + row * row_bytes, self->piece, n * row_bytes))
        return FALSE;
    }
  return TRUE;
}

static void
upload_weight (gpointer data, SottoWeight *weight)
{
  Upload *self = data;
  const void *source = weight->matrices != NULL ? weight->matrices[0] : weight->data;
  gsize each = matrix_bytes (weight);
  gboolean is_new;
  Tensor *tensor;

  if (self->failed)
    return;
  tensor = hold (self, source, weight->n_matrices * each, weight->type, &is_new);
  if (tensor == NULL || (!is_new && !go_on (self, tensor->n_bytes)))
    return;
  for (guint i = 0; is_new && i < weight->n_matrices; i++)
    {
      SottoWeight matrix = sotto_weight_at (weight, i);

      if (!send_matrix (self, &matrix, (guint8 *) tensor->memory + i * each))
        return;
    }
  weight->data = tensor->memory;
  weight->matrices = NULL;
  weight->row_bytes = sotto_cuda_layout_row_bytes (weight->type, weight->n_columns);
  weight->matrix_bytes = each;
}

static void
upload_floats (gpointer data, const float **floats, gsize n)
{
  Upload *self = data;

  if (!self->failed)
    *floats = send_plain (self, *floats, n * sizeof (float));
}

static void
upload_rope (gpointer data, const SottoRope **rope)
{
  Upload *self = data;
  SottoRope *own = g_hash_table_lookup (self->plan->ropes, *rope);
  gsize n_bytes = (*rope)->n_pairs * sizeof (double);

  if (self->failed || (own != NULL && !go_on (self, rope_bytes (own))))
    return;
  if (own == NULL)
    {
      own = g_memdup2 (*rope, sizeof *own);
      g_hash_table_insert (self->plan->ropes, (gpointer) *rope, own);
      own->frequencies = send_plain (self, own->frequencies, n_bytes);
      if (own->long_frequencies != NULL && !self->failed)
        own->long_frequencies = send_plain (self, own->long_frequencies, n_bytes);
      if (own->axes != NULL && !self->failed)
        own->axes = send_plain (self, own->axes, own->n_pairs);
    }
  *rope = own;
}

/* --- Plans --- */

SottoCudaPlan *
sotto_cuda_plan_new (SottoCudaWeights    *weights,
                     const SottoPlan     *plan,
                     const SottoLoading  *loading,
                     GError             **error)
{
  g_autoptr (SottoCudaPlan) self = g_new0 (SottoCudaPlan, 1);
  Upload upload = { .plan = self, .loading = loading, .error = error,
                    .all = sotto_cuda_plan_measure (plan, 0, plan->n_steps) };
  SottoOperandVisitor visitor = { upload_weight, upload_floats, upload_rope, &upload };

  self->plan = plan;
  self->weights = weights;
  self->steps = g_memdup2 (plan->steps, plan->n_steps * sizeof *self->steps);
  self->held = g_ptr_array_new ();
  self->ropes = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  for (guint i = 0; i < plan->n_steps && !upload.failed; i++)
    {
      sotto_cuda_step_stack (&self->steps[i]);
      sotto_operands_visit (plan, &self->steps[i], &visitor);
    }
  g_free (upload.piece);

  return upload.failed ? NULL : g_steal_pointer (&self);
}

void
sotto_cuda_plan_free (SottoCudaPlan *self)
{
  for (guint i = 0; i < self->held->len; i++)
    drop (self->weights, g_ptr_array_index (self->held, i));
  g_ptr_array_unref (self->held);
  g_hash_table_unref (self->ropes);
  g_free (self->steps);
  g_free (self);
}
