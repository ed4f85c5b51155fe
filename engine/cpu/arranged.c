#include "cpu/arranged.h"

#include "cpu/pages.h"
#include "cpu/strips.h"
#include "format/guard.h"
#include "plan-operands.h"
#include "sotto-error.h"

#include <string.h>

/* Bytes that a thread arranges between two looks at the cancel flag. */
#define UNIT_BYTES ((gsize) 1 << 20)

/* --- Which weights --- */

typedef struct {
  const SottoKernels *kernels;
  void (*func) (gpointer data, SottoWeight *weight);
  gpointer data;
} Visitor;

static void
show (const Visitor *self, SottoWeight *weight)
{
  if (weight->n_matrices == 1 && weight->n_rows > 0 && weight->n_columns % 32 == 0
      && self->kernels->multiply_strips[SOTTO_FORM_FEW][weight->type] != NULL)
    self->func (self->data, weight);
}

/* Products begin with a head of these. */
static gboolean
starts_strips (guint n)
{
  return n % SOTTO_STRIP_ROWS == 0;
}

/* Queries whose heads alternate with their gates stay, for their rows would be arranged twice. */
static void
show_qkv (const Visitor *self, const SottoPlan *plan, SottoQkvStep *step)
{
  if (starts_strips (step->n_key) && step->query_stride == step->n_key)
    {
      show (self, &step->query);
      show (self, &step->gate);
    }
  if (starts_strips (step->n_key))
    show (self, &step->key);
  if (starts_strips (plan->caches[step->cache].n_value))
    show (self, &step->value);
}

/* The weights that are most of a model. Experts stay: of their many a token reads few. */
static void
visit (const Visitor *self, const SottoPlan *plan, SottoStep *step)
{
  switch (step->kind)
    {
    case SOTTO_STEP_QKV:
      show_qkv (self, plan, &step->qkv);
      break;
    case SOTTO_STEP_DELTA:
      show (self, &step->delta.mixed);
      show (self, &step->delta.gate);
      break;
    case SOTTO_STEP_CONVOLVE:
      if (starts_strips (step->convolve.n_channels))
        show (self, &step->convolve.mixed);
      break;
    case SOTTO_STEP_SCAN:
      show (self, &step->scan.mixed);
      break;
    case SOTTO_STEP_FEED:
      show (self, &step->feed.gate);
      show (self, &step->feed.up);
      break;
    case SOTTO_STEP_PROJECT:
      show (self, &step->project.weight);
      break;
    case SOTTO_STEP_LOGITS:
      show (self, &step->logits.weight);
      break;
    default:
      break;
    }
}

static gsize
count_strips (const SottoWeight *weight)
{
  return (weight->n_rows + SOTTO_STRIP_ROWS - 1) / SOTTO_STRIP_ROWS;
}

static gsize
strip_bytes (const SottoWeight *weight)
{
  return sotto_strip_bytes (*sotto_strip_kind (weight->type), weight->n_columns);
}

static void
add_bytes (gpointer data, SottoWeight *weight)
{
  *(gsize *) data += count_strips (weight) * strip_bytes (weight);
}

/* --- Floats: norms and biases, copied behind the strips --- */

static gsize
floats_bytes (gsize n)
{
  return (n * sizeof (float) + 63) / 64 * 64;
}

static void
add_floats (gpointer data, const float **floats G_GNUC_UNUSED, gsize n)
{
  *(gsize *) data += floats_bytes (n);
}

static void
copy_floats (gpointer data, const float **floats, gsize n)
{
  guint8 **next = data;

  memcpy (*next, *floats, n * sizeof (float));
  *floats = (const float *) (gconstpointer) *next;
  *next += floats_bytes (n);
}

/* --- Arranging --- */

/* Some strips of a weight. */
typedef struct {
  SottoWeight weight;       /* as the file has it */
  guint first;
  guint n;
  guint8 *strips;
} Unit;

typedef struct {
  GArray *units;            /* (element-type Unit) */
  guint8 *next;             /* where the next weight's strips go */
} Layout;

static void
lay_out (gpointer data, SottoWeight *weight)
{
  Layout *self = data;
  gsize n_strips = count_strips (weight);
  gsize n_bytes = strip_bytes (weight);
  guint at_once = (guint) MAX (UNIT_BYTES / n_bytes, 1);

  for (gsize first = 0; first < n_strips; first += at_once)
    {
      Unit unit = { *weight, (guint) first, (guint) MIN (n_strips - first, at_once), self->next + first * n_bytes };

      g_array_append_val (self->units, unit);
    }
  weight->strips = self->next;
  self->next += n_strips * n_bytes;
}

typedef struct {
  GArray *units;
  const SottoLoading *loading;
  guint64 all;
  guint n_done;             /* atomic; units */
} Run;

static void
give_back (const Unit *unit)
{
  gsize row_bytes = unit->weight.row_bytes;
  guint first_row = unit->first * SOTTO_STRIP_ROWS;
  guint n_rows = MIN (unit->n * SOTTO_STRIP_ROWS, unit->weight.n_rows - first_row);

  sotto_guard_give_back ((const guint8 *) unit->weight.data + first_row * row_bytes, n_rows * row_bytes);
}

static void
arrange_units (SottoPool *pool, guint lane, gpointer data)
{
  Run *self = data;
  guint i;

  while (sotto_pool_take (pool, lane, self->units->len, &i))
    {
      const Unit *unit = &g_array_index (self->units, Unit, i);
      guint n_done;

      sotto_strips_arrange (&unit->weight, unit->first, unit->n, unit->strips);
      give_back (unit);
      n_done = (guint) g_atomic_int_add (&self->n_done, 1) + 1;
      if (lane == 0 && self->loading != NULL && self->loading->progress != NULL)
        self->loading->progress (self->all * n_done / self->units->len, self->all, self->loading->user_data);
    }
}

static gboolean
arrange (SottoArranged *self, const Visitor *with, SottoPool *pool, const SottoLoading *loading, GError **error)
{
  g_autoptr (GArray) units = g_array_new (FALSE, FALSE, sizeof (Unit));
  Layout layout = { units, self->strips };
  Visitor visitor = { with->kernels, lay_out, &layout };
  Run run = { units, loading, self->n_bytes, 0 };

  for (guint i = 0; i < self->plan.n_steps; i++)
    visit (&visitor, &self->plan, &self->steps[i]);
  for (guint i = 0; i < self->plan.n_steps; i++)
    sotto_operands_visit (&self->plan, &self->steps[i],
                          &(SottoOperandVisitor) { .floats = copy_floats, .data = &layout.next });
  sotto_pool_prepare (pool);
  if (!sotto_pool_run (pool, loading != NULL ? loading->cancel : NULL, arrange_units, &run))
    {
      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_CANCELLED, NULL, "cancelled");
      return FALSE;
    }

  /* What was given back came again with its neighbours, for the system may map two megabytes at once. */
  for (guint i = 0; i < units->len; i++)
    give_back (&g_array_index (units, Unit, i));
  return TRUE;
}

SottoArranged *
sotto_arranged_new (const SottoPlan    *plan,
                    const SottoKernels *kernels,
                    SottoPool          *pool,
                    const SottoLoading *loading,
                    GError            **error)
{
  g_autoptr (SottoArranged) self = g_new0 (SottoArranged, 1);
  gsize n_bytes = 0;
  Visitor visitor = { kernels, add_bytes, &n_bytes };

  self->source = plan;
  self->plan = *plan;
  self->plan.steps = self->steps = g_memdup2 (plan->steps, plan->n_steps * sizeof *self->steps);
  for (guint i = 0; i < plan->n_steps; i++)
    visit (&visitor, plan, &self->steps[i]);
  if (n_bytes == 0 || n_bytes > SOTTO_ARRANGE_MOST)
    return g_steal_pointer (&self);

  for (guint i = 0; i < plan->n_steps; i++)
    sotto_operands_visit (plan, &self->steps[i], &(SottoOperandVisitor) { .floats = add_floats, .data = &n_bytes });
  self->strips = sotto_pages_take_large (n_bytes);
  if (self->strips == NULL)
    {
      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_MEMORY, &(SottoErrorArguments) { .wanted = n_bytes },
                              "no memory for weights: %" G_GSIZE_FORMAT " bytes", n_bytes);
      return NULL;
    }
  self->n_bytes = n_bytes;
  if (!arrange (self, &visitor, pool, loading, error))
    return NULL;

  return g_steal_pointer (&self);
}

void
sotto_arranged_free (SottoArranged *self)
{
  sotto_pages_give_back (self->strips, self->n_bytes);
  g_free (self->steps);
  g_free (self);
}
