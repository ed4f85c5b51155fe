/* Turns a file into a program: reads its sizes, finds its tensors, and writes the steps of its
 * plan, layer by layer. */

#include "family/builder.h"

#include "sotto-error.h"

#include <math.h>

/* Files that go with a model: what turns pictures and sound into embeddings. */
#define COMPANION "clip"

static const SottoFamily *
find_family (SottoGguf *gguf, const char *name, GError **error)
{
  const char *path = sotto_gguf_get_path (gguf);
  g_autofree char *display = g_filename_display_name (path);
  g_autofree char *known = NULL;
  const SottoFamily *family;

  if (name == NULL)
    {
      sotto_engine_set_error (
          error,
          SOTTO_ENGINE_ERROR_MALFORMED,
          &(SottoErrorArguments){ .path = path, .subject = "general.architecture" },
          "%s: malformed: general.architecture is missing",
          display);
      return NULL;
    }

  family = sotto_family_lookup (name);
  if (family == NULL)
    {
      known = sotto_family_list ();
      sotto_engine_set_error (
          error,
          SOTTO_ENGINE_ERROR_FAMILY,
          &(SottoErrorArguments){ .path = path, .subject = name },
          g_str_equal (name, COMPANION)
              ? "%s: no language model, but the eyes or ears of one (\"%s\"), which stand in a "
                "file beside it; the families of language models are: %s"
              : "%s: the family \"%s\" is not known; these are: %s",
          display,
          name,
          known);
    }
  return family;
}

/* --- Before and behind the layers --- */

static gboolean
add_beginning (SottoBuilder *self)
{
  const SottoSizes *sizes = self->sizes;
  const SottoTensor *types = &self->found[SOTTO_SLOT_TOKEN_TYPES];
  const SottoWeight *positions = &self->found[SOTTO_SLOT_POSITIONS].weight;
  SottoEmbedStep embed = { .table = self->found[SOTTO_SLOT_EMBEDDING].weight,
                           .positions = *positions,
                           .scale = (float) sizes->embedding_scale };

  if (sotto_weight_is_there (&types->weight))
    {
      embed.addend = sotto_tensors_get_row (self->tensors, &types->weight, 0);
      if (embed.addend == NULL)
        return FALSE;
    }
  if (sotto_weight_is_there (positions))
    self->program->n_context_most = positions->n_rows;

  sotto_builder_add (self, SOTTO_STEP_EMBED)->embed = embed;
  sotto_builder_norm_residual (self, SOTTO_SLOT_EMBEDDING_NORM, SOTTO_BUFFER_RESIDUAL);

  if (sizes->n_input > 0)
    sotto_builder_add (self, SOTTO_STEP_INPUTS)->inputs
      = (SottoInputsStep) { .table = self->found[SOTTO_SLOT_INPUT_TABLE].weight,
                            .projection = self->found[SOTTO_SLOT_INPUT_PROJECTION].weight,
                            .norm = sotto_builder_norm (self, SOTTO_SLOT_INPUT_NORM),
                            .n_input = sizes->n_input,
                            .table_scale = (float) sqrt (sizes->n_input),
                            .projection_scale = (float) (1.0 / sqrt (sizes->n_embedding)),
                            .scale = (float) sqrt (0.5) };
  sotto_builder_begin_streams (self);
  return TRUE;
}

static gboolean
add_pool (SottoBuilder *self)
{
  SottoPoolStep *step = &sotto_builder_add (self, SOTTO_STEP_POOL)->pool;
  guint width = self->sizes->n_embedding;

  *step = (SottoPoolStep) { .norm = sotto_builder_norm (self, SOTTO_SLOT_OUTPUT_NORM),
                            .pooling = self->sizes->pooling,
                            .dense = { self->found[SOTTO_SLOT_POOLED_1].weight,
                                       self->found[SOTTO_SLOT_POOLED_2].weight } };
  for (guint i = 0; i < G_N_ELEMENTS (step->dense); i++)
    if (sotto_weight_is_there (&step->dense[i]))
      {
        if (step->dense[i].n_columns != width)
          return sotto_tensors_refuse (self->tensors, i == 0 ? "dense_2.weight" : "dense_3.weight",
                                       "does not fit what comes before it");
        width = step->dense[i].n_rows;
      }

  self->program->plan.n_output = width;
  return TRUE;
}

static gboolean
add_end (SottoBuilder *self)
{
  const SottoSizes *sizes = self->sizes;
  gboolean tied = !sotto_builder_has (self, SOTTO_SLOT_OUTPUT);

  sotto_builder_end_streams (self);
  if (sizes->pools)
    return add_pool (self);

  sotto_builder_add (self, SOTTO_STEP_LOGITS)->logits =
      (SottoLogitsStep){ .norm = sotto_builder_norm (self, SOTTO_SLOT_OUTPUT_NORM),
                         .weight =
                             self->found[tied ? SOTTO_SLOT_EMBEDDING : SOTTO_SLOT_OUTPUT].weight,
                         .scale = (float) sizes->logit_scale,
                         .soft_cap = (float) sizes->logit_cap };
  self->program->plan.n_output = sizes->n_vocabulary;
  return TRUE;
}

/* --- Layers --- */

/* What mixes tokens, in a layer that has it, and the matrix that leads out of it. */
static const struct {
  SottoPart part;
  gboolean (*add) (SottoBuilder *self, SottoBuffer from);
  SottoSlot output;
} mixers[] = {
  { SOTTO_PART_ATTENTION, sotto_builder_add_attention, SOTTO_SLOT_ATTENTION_OUTPUT },
  { SOTTO_PART_LATENT, sotto_builder_add_latent_attention, SOTTO_SLOT_ATTENTION_OUTPUT },
  { SOTTO_PART_DELTA, sotto_builder_add_delta, SOTTO_SLOT_DELTA_OUTPUT },
  { SOTTO_PART_CONVOLUTION, sotto_builder_add_convolution, SOTTO_SLOT_CONVOLUTION_OUTPUT },
  { SOTTO_PART_SCAN, sotto_builder_add_scan, SOTTO_SLOT_SCAN_OUTPUT },
};

#define BIT(part) (1u << (part))
#define MIXERS \
  (BIT (SOTTO_PART_ATTENTION) | BIT (SOTTO_PART_DELTA) | BIT (SOTTO_PART_CONVOLUTION) | BIT (SOTTO_PART_SCAN))
#define FEEDS (BIT (SOTTO_PART_DENSE) | BIT (SOTTO_PART_EXPERTS))

static gboolean
has_some (const SottoBuilder *self, guint parts)
{
  return (self->at->parts & parts) != 0;
}

static gboolean
has_mixer (const SottoBuilder *self, guint i)
{
  return sotto_layer_has (self->at, mixers[i].part)
         && (mixers[i].part != SOTTO_PART_ATTENTION || !sotto_layer_has (self->at, SOTTO_PART_LATENT));
}

static gboolean
add_mixers (SottoBuilder *self, SottoBuffer from)
{
  SottoBuffer to = sotto_builder_get_target (self, SOTTO_SLOT_POST_ATTENTION_NORM);
  gboolean adds = FALSE;
  float scale_after = sotto_builder_has (self, SOTTO_SLOT_LOW_RANK_UP) ? (float) sqrt (0.5) : 1.0f;

  for (guint i = 0; i < G_N_ELEMENTS (mixers); i++)
    if (has_mixer (self, i))
      {
        if (!mixers[i].add (self, from))
          return FALSE;
        sotto_builder_project (self, SOTTO_BUFFER_ATTENDED, &self->found[mixers[i].output].weight, to, adds);
        adds = TRUE;
      }
  sotto_builder_end_branch (self, SOTTO_SLOT_POST_ATTENTION_NORM, SOTTO_SLOT_ATTENTION_SUM_NORM, scale_after);
  return TRUE;
}

/* Where a layer may be without a part, its norm is one that may be missing, but not where the part is there. */
static gboolean
check_norms (const SottoBuilder *self)
{
  static const struct { guint parts; SottoSlot slot; const char *name; } norms[]
    = { { MIXERS, SOTTO_SLOT_ATTENTION_NORM, "attn_norm" }, { FEEDS, SOTTO_SLOT_FEED_NORM, "ffn_norm" } };

  for (guint i = 0; self->family->leaves_out && i < G_N_ELEMENTS (norms); i++)
    if (has_some (self, norms[i].parts) && !sotto_builder_has (self, norms[i].slot))
      {
        g_autofree char *name = g_strdup_printf ("blk.%u.%s.weight", self->layer, norms[i].name);

        return sotto_tensors_refuse (self->tensors, name, "is missing");
      }
  return TRUE;
}

static gboolean
add_layer (SottoBuilder *self, guint layer)
{
  SottoBuffer from = SOTTO_BUFFER_RESIDUAL, mixer_from;

  self->layer = layer;
  self->at = &self->sizes->layers[layer];
  if (!sotto_tensors_load_layer (self->tensors, layer, self->found) || !check_norms (self))
    return FALSE;

  sotto_builder_predict_streams (self);
  if (has_some (self, MIXERS))
    {
      from = mixer_from = sotto_builder_norm_residual (self, SOTTO_SLOT_ATTENTION_NORM, SOTTO_BUFFER_NORMED);
      if (sotto_builder_has (self, SOTTO_SLOT_ATTENTION_NORM_2))
        mixer_from = sotto_builder_norm_residual (self, SOTTO_SLOT_ATTENTION_NORM_2, SOTTO_BUFFER_NORMED_2);
      if (self->sizes->parallel && sotto_builder_has (self, SOTTO_SLOT_FEED_NORM))
        from = sotto_builder_norm_residual (self, SOTTO_SLOT_FEED_NORM, SOTTO_BUFFER_NORMED_2);
      if (!sotto_builder_add_low_rank (self, mixer_from) || !add_mixers (self, mixer_from))
        return FALSE;
    }
  if (has_some (self, FEEDS) && !sotto_builder_add_feed (self, from))
    return FALSE;
  if (layer < self->sizes->n_deep)
    sotto_builder_add (self, SOTTO_STEP_DEEPEN)->deepen.part = layer + 1;
  return TRUE;
}

/* --- The whole --- */

static gboolean
check_factors (const SottoTensors *tensors, const char *name, const float *factors, guint n)
{
  for (guint i = 0; factors != NULL && i < n; i++)
    if (!isfinite (factors[i]) || factors[i] <= 0)
      return sotto_tensors_refuse (tensors, name, "holds what is not a positive number");
  return TRUE;
}

static gboolean
read_ropes (SottoBuilder *self, SottoRopes *ropes)
{
  SottoTensors *tensors = self->tensors;
  SottoRopeFactors factors = { .factors = self->found[SOTTO_SLOT_ROPE_FACTORS].vector,
                               .short_factors = self->found[SOTTO_SLOT_ROPE_SHORT].vector,
                               .long_factors = self->found[SOTTO_SLOT_ROPE_LONG].vector };
  guint n = self->sizes->n_turned / 2;

  return check_factors (tensors, "rope_freqs.weight", factors.factors, n)
         && check_factors (tensors, "rope_factors_short.weight", factors.short_factors, n)
         && check_factors (tensors, "rope_factors_long.weight", factors.long_factors, n)
         && sotto_ropes_read (ropes, self->sizes, &factors, &tensors->keys, self->program->memory);
}

static void
finish_plan (SottoProgram *self, const SottoSizes *sizes, const SottoRopes *ropes)
{
  SottoPlan *plan = &self->plan;

  plan->n_embedding = sizes->n_embedding;
  plan->n_vocabulary = sizes->n_vocabulary;
  plan->n_layers = sizes->n_layers;
  plan->whole_sequence = sizes->mask == SOTTO_MASK_ALL;
  plan->has_axes = ropes->rope.axes != NULL;
  plan->n_deep = sizes->n_deep;
  plan->long_from = ropes->long_from;
  plan->caches = (const SottoCacheShape *) self->caches->data;
  plan->n_caches = self->caches->len;
  plan->recurrents = (const SottoRecurrentShape *) self->recurrents->data;
  plan->n_recurrents = self->recurrents->len;
  plan->steps = (const SottoStep *) self->steps->data;
  plan->n_steps = self->steps->len;

  self->n_context_trained = sizes->n_context;
  self->is_embedding = sizes->pools;
  self->pooling = sizes->pooling;
}

static gboolean
build (SottoProgram *self, SottoTensors *tensors, const SottoSizes *sizes)
{
  g_autofree SottoBuilder *builder = g_new0 (SottoBuilder, 1);
  g_autofree guint *caches = g_new0 (guint, sizes->n_layers);
  SottoRopes *ropes = g_new0 (SottoRopes, 1);

  g_ptr_array_add (self->memory, ropes);
  builder->program = self;
  builder->family = self->family;
  builder->sizes = sizes;
  builder->ropes = ropes;
  builder->tensors = tensors;
  builder->caches = caches;

  if (!sotto_tensors_load_model (tensors, builder->found) || !read_ropes (builder, ropes)
      || !sotto_builder_make_slopes (builder) || !add_beginning (builder))
    return FALSE;
  for (guint i = 0; i < sizes->n_layers; i++)
    if (!add_layer (builder, i))
      return FALSE;
  if (!add_end (builder) || !sotto_tensors_check_leftovers (tensors))
    return FALSE;

  finish_plan (self, sizes, ropes);
  return TRUE;
}

SottoProgram *
sotto_program_new (SottoGguf *gguf, GError **error)
{
  g_autoptr (SottoProgram) self = g_new0 (SottoProgram, 1);
  g_autofree char *name = sotto_gguf_dup_string (gguf, "general.architecture");
  g_autofree gboolean *used = g_new0 (gboolean, sotto_gguf_get_n_tensors (gguf) + 1);
  g_auto (SottoSizes) sizes = { 0 };
  SottoTensors tensors = { .keys = { .gguf = gguf, .error = error },
                           .sizes = &sizes,
                           .used = used };

  self->gguf = sotto_gguf_ref (gguf);
  self->steps = g_array_new (FALSE, TRUE, sizeof (SottoStep));
  self->caches = g_array_new (FALSE, TRUE, sizeof (SottoCacheShape));
  self->recurrents = g_array_new (FALSE, TRUE, sizeof (SottoRecurrentShape));
  self->memory = g_ptr_array_new_with_free_func (g_free);
  tensors.owner = self->memory;

  self->family = find_family (gguf, name, error);
  if (self->family == NULL)
    return NULL;

  tensors.keys.family = self->family;
  tensors.keys.name = name;
  if (!sotto_sizes_read (&sizes, &tensors.keys)
      || !sotto_tensors_read_vocabulary (&tensors, &sizes.n_vocabulary)
      || !build (self, &tensors, &sizes))
    return NULL;

  return g_steal_pointer (&self);
}

void
sotto_program_free (SottoProgram *self)
{
  g_clear_pointer (&self->gguf, sotto_gguf_unref);
  g_clear_pointer (&self->steps, g_array_unref);
  g_clear_pointer (&self->caches, g_array_unref);
  g_clear_pointer (&self->recurrents, g_array_unref);
  g_clear_pointer (&self->memory, g_ptr_array_unref);
  g_free (self);
}
