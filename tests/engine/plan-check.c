#include "plan-check.h"

#include <math.h>

typedef struct {
  const SottoProgram *program;
  const SottoPlan *plan;
  guint widths[SOTTO_N_BUFFERS];   /* what the last step that wrote it left; 0: nothing yet */
  guint n_attended;                /* what the QKV or LATENT_QKV step before promises */
  guint n_inputs;
  gboolean *filled;                /* by cache */
} Check;

/* Weights lie inside a tensor of the file, or were copied; then only their pointer can be seen. */
static void
check_place (const Check *self, const guint8 *data, gsize n_bytes)
{
  const SottoGguf *gguf = self->program->gguf;

  g_assert_nonnull (data);
  for (guint i = 0; i < sotto_gguf_get_n_tensors (gguf); i++)
    {
      const SottoGgufTensor *tensor = sotto_gguf_get_tensor (gguf, i);
      const guint8 *start = tensor->data;

      if (data >= start && data < start + tensor->n_bytes)
        g_assert_cmpuint (n_bytes, <=, (gsize) (start + tensor->n_bytes - data));
    }
}

static void
check_weight (const Check *self,
              const SottoWeight *weight,
              guint n_columns,
              guint n_rows,
              guint n_matrices)
{
  const SottoBlockInfo *block = sotto_block_info (weight->type);

  g_assert_nonnull (block);
  g_assert_cmpuint (weight->n_columns, ==, n_columns);
  g_assert_cmpuint (weight->n_rows, ==, n_rows);
  g_assert_cmpuint (weight->n_matrices, ==, n_matrices);
  g_assert_cmpuint (weight->n_columns % block->n_elements, ==, 0);
  g_assert_cmpuint (weight->row_bytes, ==, (gsize) n_columns / block->n_elements * block->n_bytes);
  if (weight->matrices != NULL)
    {
      for (guint i = 0; i < n_matrices; i++)
        check_place (self, weight->matrices[i], n_rows * weight->row_bytes);
      return;
    }
  g_assert_cmpuint (weight->matrix_bytes, >=, n_matrices > 1 ? weight->row_bytes * n_rows : 0);
  check_place (
      self, weight->data, (n_matrices - 1) * weight->matrix_bytes + n_rows * weight->row_bytes);
}

static void
check_norm (const SottoNorm *norm)
{
  g_assert_true (norm->kind == SOTTO_NORM_NONE || (isfinite (norm->epsilon) && norm->epsilon >= 0));
}

static guint
read_width (const Check *self, SottoBuffer buffer)
{
  g_assert_cmpuint (buffer, <, SOTTO_N_BUFFERS);
  g_assert_cmpuint (self->widths[buffer], >, 0);
  return self->widths[buffer];
}

static void
check_rope (const SottoRope *rope, guint n_key)
{
  g_assert_cmpuint (rope->n_pairs, >, 0);
  g_assert_cmpuint (rope->first + 2 * rope->n_pairs, <=, n_key);
  g_assert_true (isfinite (rope->scale) && rope->scale > 0);
  for (guint i = 0; i < rope->n_pairs; i++)
    {
      g_assert_true (isfinite (rope->frequencies[i]) && rope->frequencies[i] >= 0);
      if (rope->axes != NULL)
        g_assert_cmpuint (rope->axes[i], <, SOTTO_N_AXES);
      if (rope->long_frequencies != NULL)
        g_assert_true (isfinite (rope->long_frequencies[i]) && rope->long_frequencies[i] >= 0);
    }
}

static const SottoCacheShape *
get_cache (const Check *self, guint cache)
{
  g_assert_cmpuint (cache, <, self->plan->n_caches);
  return &self->plan->caches[cache];
}

static void
check_qkv (Check *self, const SottoQkvStep *step)
{
  const SottoCacheShape *cache = get_cache (self, step->cache);
  guint n_columns = read_width (self, step->from);
  guint n_rows = (step->n_heads - 1) * step->query_stride + step->n_key;

  g_assert_cmpuint (step->query_stride, >=, step->n_key);
  g_assert_cmpuint (cache->n_key, ==, step->n_key);
  g_assert_cmpuint (step->n_heads % cache->n_heads, ==, 0);
  check_weight (self, &step->query, n_columns, n_rows, 1);
  if (sotto_weight_is_there (&step->gate))
    {
      g_assert_cmpuint (cache->n_value, ==, step->n_key);
      check_weight (self, &step->gate, n_columns, n_rows, 1);
    }
  if (sotto_weight_is_there (&step->key))
    {
      g_assert_false (self->filled[step->cache]);
      self->filled[step->cache] = TRUE;
      check_weight (self, &step->key, n_columns, cache->n_heads * cache->n_key, 1);
      if (sotto_weight_is_there (&step->value))
        check_weight (self, &step->value, n_columns, cache->n_heads * cache->n_value, 1);
      else
        g_assert_cmpuint (cache->n_key, ==, cache->n_value);
    }
  check_norm (&step->query_norm);
  check_norm (&step->key_norm);
  check_norm (&step->value_norm);
  if (step->rope != NULL)
    check_rope (step->rope, step->n_key);
  self->n_attended = step->n_heads * cache->n_value;
}

static void
check_latent_qkv (Check *self, const SottoLatentQkvStep *step)
{
  const SottoCacheShape *cache = get_cache (self, step->cache);
  guint n_columns = read_width (self, step->from);
  guint n_key = step->n_plain + step->n_turned;

  if (sotto_weight_is_there (&step->query_down))
    {
      check_weight (self, &step->query_down, n_columns, step->query_up.n_columns, 1);
      g_assert_nonnull (step->query_norm.weight);
    }
  check_weight (self, &step->query_up,
                sotto_weight_is_there (&step->query_down) ? step->query_down.n_rows : n_columns,
                step->n_heads * n_key, 1);
  check_weight (self, &step->latent, n_columns, step->n_latent + step->n_turned, 1);
  g_assert_nonnull (step->latent_norm.weight);
  check_rope (step->rope, step->n_turned);
  g_assert_false (self->filled[step->cache]);
  self->filled[step->cache] = TRUE;

  if (sotto_weight_is_there (&step->key_up))
    {
      check_weight (self, &step->key_up, step->n_plain, step->n_latent, step->n_heads);
      g_assert_cmpuint (cache->n_heads, ==, 1);
      g_assert_cmpuint (cache->n_key, ==, step->n_latent + step->n_turned);
      g_assert_cmpuint (cache->n_value, ==, 0);
      g_assert_cmpuint (cache->n_latent, ==, step->n_latent);
    }
  else
    {
      check_weight (self,
                    &step->key_value_up,
                    step->n_latent,
                    step->n_heads * (step->n_plain + step->n_value),
                    1);
      g_assert_cmpuint (cache->n_heads, ==, step->n_heads);
      g_assert_cmpuint (cache->n_key, ==, n_key);
      g_assert_cmpuint (cache->n_value, ==, step->n_value);
    }
  self->n_attended = step->n_heads * step->n_value;
}

static void
check_attend (Check *self, const SottoAttendStep *step)
{
  const SottoCacheShape *cache = get_cache (self, step->cache);

  g_assert_true (self->filled[step->cache]);
  g_assert_cmpuint (step->n_heads % cache->n_heads, ==, 0);
  g_assert_cmpuint (step->window, ==, cache->window);
  g_assert_true (isfinite (step->scale) && step->scale > 0);
  g_assert_true (isfinite (step->soft_cap) && step->soft_cap >= 0);
  g_assert_cmpuint (step->temperature_span, >, 0);
  g_assert_true (step->mask != SOTTO_MASK_ALL || self->plan->whole_sequence);
  if (sotto_weight_is_there (&step->value_up))
    check_weight (
        self, &step->value_up, cache->n_latent, self->n_attended / step->n_heads, step->n_heads);
  else
    g_assert_cmpuint (cache->n_value, >, 0);
  self->widths[SOTTO_BUFFER_ATTENDED] = self->n_attended;
}

static void
check_delta (Check *self, const SottoDeltaStep *step)
{
  guint n_columns = read_width (self, step->from);
  guint n_channels = 2 * step->n_key_heads * step->n_key + step->n_value_heads * step->n_value;

  g_assert_cmpuint (step->n_conv, >=, 2);
  g_assert_cmpuint (step->n_value_heads % step->n_key_heads, ==, 0);
  check_weight (self, &step->mixed, n_columns, n_channels, 1);
  check_weight (self, &step->gate, n_columns, step->n_value_heads * step->n_value, 1);
  check_weight (self, &step->alpha, n_columns, step->n_value_heads, 1);
  check_weight (self, &step->beta, n_columns, step->n_value_heads, 1);
  g_assert_nonnull (step->convolution);
  g_assert_nonnull (step->rates);
  g_assert_nonnull (step->step_bias);
  g_assert_nonnull (step->norm.weight);
  g_assert_cmpuint (step->recurrent, <, self->plan->n_recurrents);
  g_assert_cmpuint (self->plan->recurrents[step->recurrent].n_floats, ==,
                    (gsize) (step->n_conv - 1) * n_channels
                    + (gsize) step->n_value_heads * step->n_key * step->n_value);
  self->widths[SOTTO_BUFFER_ATTENDED] = step->n_value_heads * step->n_value;
}

static void
check_convolve (Check *self, const SottoConvolveStep *step)
{
  g_assert_cmpuint (step->n_conv, >=, 2);
  check_weight (self, &step->mixed, read_width (self, step->from), 3 * step->n_channels, 1);
  g_assert_nonnull (step->convolution);
  g_assert_cmpuint (step->recurrent, <, self->plan->n_recurrents);
  g_assert_cmpuint (self->plan->recurrents[step->recurrent].n_floats, ==,
                    (gsize) (step->n_conv - 1) * step->n_channels);
  self->widths[SOTTO_BUFFER_ATTENDED] = step->n_channels;
}

static void
check_scan (Check *self, const SottoScanStep *step)
{
  guint n_values = step->n_heads * step->n_value, n_channels = sotto_scan_channels (step);

  g_assert_cmpuint (step->n_conv, >=, 2);
  g_assert_cmpuint (step->n_heads % step->n_groups, ==, 0);
  check_weight (self, &step->mixed, read_width (self, step->from), n_values + n_channels + step->n_heads, 1);
  g_assert_nonnull (step->convolution);
  g_assert_nonnull (step->rates);
  g_assert_nonnull (step->step_bias);
  g_assert_nonnull (step->skips);
  g_assert_true (step->norm.kind == SOTTO_NORM_NONE || step->norm.weight != NULL);
  g_assert_cmpuint (step->recurrent, <, self->plan->n_recurrents);
  g_assert_cmpuint (self->plan->recurrents[step->recurrent].n_floats, ==,
                    (gsize) (step->n_conv - 1) * n_channels + (gsize) n_values * step->n_key);
  self->widths[SOTTO_BUFFER_ATTENDED] = n_values;
}

static void
check_streams (Check *self, const SottoStep *of)
{
  const SottoStreamsStep *step = &of->streams;
  guint n = self->plan->n_embedding;

  g_assert_cmpuint (step->n_streams, >=, 2);
  g_assert_cmpuint (step->n_streams, <=, SOTTO_MAX_STREAMS);
  for (guint i = 1; i < step->n_streams; i++)
    g_assert_cmpuint (read_width (self, SOTTO_BUFFER_STREAM + i - 1), ==, n);
  g_assert_cmpuint (read_width (self, SOTTO_BUFFER_RESIDUAL), ==, n);
  check_norm (&step->norm);
  g_assert_nonnull (step->router);
  g_assert_nonnull (step->coefficients);
  g_assert_true (isfinite (step->scale));
  if (of->kind == SOTTO_STEP_CORRECT)
    g_assert_cmpuint (read_width (self, step->kept), ==, n);
  self->widths[step->kept] = n;
}

static void
check_feed (Check *self, const SottoFeedStep *step)
{
  guint n_columns = read_width (self, step->from);
  const SottoWeight *first = sotto_weight_is_there (&step->up) ? &step->up : &step->gate;

  g_assert_true (sotto_weight_is_there (first));
  g_assert_true (step->activation != SOTTO_ACTIVATION_XIELU || !sotto_weight_is_there (&step->gate));
  g_assert_true (!step->sparse
                 || (isfinite (step->cutoff) && sotto_weight_is_there (&step->gate) && sotto_weight_is_there (&step->up)
                     && !sotto_weight_is_there (&step->switch_)));
  check_weight (self, first, n_columns, first->n_rows, 1);
  if (sotto_weight_is_there (&step->gate))
    check_weight (self, &step->gate, n_columns, first->n_rows, 1);
  if (!sotto_weight_is_there (&step->up))
    g_assert_cmpuint (step->first_input + first->n_rows, <=, self->n_inputs);
  if (sotto_weight_is_there (&step->switch_))
    check_weight (self, &step->switch_, n_columns, 1, 1);
  self->widths[SOTTO_BUFFER_HIDDEN] = first->n_rows;
}

static void
check_experts (Check *self, const SottoExpertsStep *step)
{
  guint n_columns = read_width (self, step->from);

  g_assert_cmpuint (step->n_used, >=, 1);
  g_assert_cmpuint (step->n_used, <=, step->n_experts);
  g_assert_cmpuint (step->n_groups, >=, 1);
  g_assert_cmpuint (step->n_experts % step->n_groups, ==, 0);
  g_assert_cmpuint (step->n_groups_used, >=, 1);
  g_assert_cmpuint (step->n_groups_used, <=, step->n_groups);
  g_assert_cmpuint (step->n_group_best, >=, 1);
  g_assert_cmpuint (step->n_group_best, <=, step->n_experts / step->n_groups);
  g_assert_cmpuint (step->n_used, <=, step->n_experts / step->n_groups * step->n_groups_used);
  check_weight (self, &step->router, read_width (self, step->router_from), step->n_experts, 1);
  check_weight (self, &step->up, n_columns, step->up.n_rows, step->n_experts);
  if (sotto_weight_is_there (&step->gate))
    check_weight (self, &step->gate, n_columns, step->up.n_rows, step->n_experts);
  check_weight (self, &step->down, step->up.n_rows, self->plan->n_embedding, step->n_experts);
  if (step->add)
    read_width (self, step->to);
  self->widths[step->to] = self->plan->n_embedding;
}

static void
check_pool (const Check *self, const SottoPoolStep *step)
{
  guint width = self->plan->n_embedding;

  check_norm (&step->norm);
  for (guint i = 0; i < G_N_ELEMENTS (step->dense); i++)
    if (sotto_weight_is_there (&step->dense[i]))
      {
        check_weight (self, &step->dense[i], width, step->dense[i].n_rows, 1);
        width = step->dense[i].n_rows;
      }
  g_assert_cmpuint (width, ==, self->plan->n_output);
}

static void
check_step (Check *self, const SottoStep *step)
{
  const SottoPlan *plan = self->plan;
  guint n = plan->n_embedding;

  switch (step->kind)
    {
    case SOTTO_STEP_EMBED:
      check_weight (self, &step->embed.table, n, plan->n_vocabulary, 1);
      if (sotto_weight_is_there (&step->embed.positions))
        check_weight (self, &step->embed.positions, n, self->program->n_context_most, 1);
      self->widths[SOTTO_BUFFER_RESIDUAL] = n;
      break;
    case SOTTO_STEP_INPUTS:
      self->n_inputs = plan->n_layers * step->inputs.n_input;
      check_weight (self, &step->inputs.table, self->n_inputs, step->inputs.table.n_rows, 1);
      check_weight (self,
                    &step->inputs.projection,
                    read_width (self, SOTTO_BUFFER_RESIDUAL),
                    self->n_inputs,
                    1);
      break;
    case SOTTO_STEP_NORM:
      check_norm (&step->norm.norm);
      g_assert_cmpuint (read_width (self, step->norm.from), ==, n);
      self->widths[step->norm.to] = n;
      break;
    case SOTTO_STEP_ADD:
      check_norm (&step->add.norm);
      g_assert_cmpuint (read_width (self, step->add.from), ==, n);
      g_assert_cmpuint (read_width (self, step->add.to), ==, n);
      break;
    case SOTTO_STEP_DEEPEN:
      g_assert_cmpuint (step->deepen.part, >=, 1);
      g_assert_cmpuint (step->deepen.part, <=, plan->n_deep);
      g_assert_cmpuint (read_width (self, SOTTO_BUFFER_RESIDUAL), ==, n);
      break;
    case SOTTO_STEP_MATCH:
      g_assert_cmpuint (read_width (self, step->match.from), ==, n);
      g_assert_cmpuint (read_width (self, step->match.like), ==, n);
      g_assert_true (isfinite (step->match.least) && step->match.least > 0);
      self->widths[step->match.to] = n;
      break;
    case SOTTO_STEP_PREDICT:
    case SOTTO_STEP_CORRECT:
      check_streams (self, step);
      break;
    case SOTTO_STEP_QKV:
      check_qkv (self, &step->qkv);
      break;
    case SOTTO_STEP_LATENT_QKV:
      check_latent_qkv (self, &step->latent_qkv);
      break;
    case SOTTO_STEP_ATTEND:
      check_attend (self, &step->attend);
      break;
    case SOTTO_STEP_DELTA:
      check_delta (self, &step->delta);
      break;
    case SOTTO_STEP_CONVOLVE:
      check_convolve (self, &step->convolve);
      break;
    case SOTTO_STEP_SCAN:
      check_scan (self, &step->scan);
      break;
    case SOTTO_STEP_FEED:
      check_feed (self, &step->feed);
      break;
    case SOTTO_STEP_PROJECT:
      check_weight (self, &step->project.weight, read_width (self, step->project.from), n, 1);
      if (step->project.add)
        g_assert_cmpuint (read_width (self, step->project.to), ==, n);
      self->widths[step->project.to] = n;
      break;
    case SOTTO_STEP_EXPERTS:
      check_experts (self, &step->experts);
      break;
    case SOTTO_STEP_LOGITS:
      check_norm (&step->logits.norm);
      check_weight (
          self, &step->logits.weight, read_width (self, SOTTO_BUFFER_RESIDUAL), plan->n_output, 1);
      break;
    case SOTTO_STEP_POOL:
      check_pool (self, &step->pool);
      break;
    case SOTTO_N_STEP_KINDS:
    default:
      g_assert_not_reached ();
    }
}

void
plan_check (const SottoProgram *program)
{
  const SottoPlan *plan = &program->plan;
  g_autofree gboolean *filled = g_new0 (gboolean, plan->n_caches + 1);
  Check check = { .program = program, .plan = plan, .filled = filled };

  g_assert_cmpuint (plan->n_steps, >=, 2);
  g_assert_cmpint (plan->steps[0].kind, ==, SOTTO_STEP_EMBED);
  g_assert_cmpint (plan->steps[plan->n_steps - 1].kind, ==,
                   program->is_embedding ? SOTTO_STEP_POOL : SOTTO_STEP_LOGITS);
  for (guint i = 0; i < plan->n_steps; i++)
    check_step (&check, &plan->steps[i]);
  for (guint i = 0; i < plan->n_caches; i++)
    g_assert_true (filled[i]);
}

/* --- To look at --- */

static const char *const kinds[SOTTO_N_STEP_KINDS] = { "embed", "inputs",     "norm",    "add",
                                                       "match", "predict", "correct",
                                                       "qkv",   "latent-qkv", "attend",  "delta",
                                                       "convolve", "scan", "feed", "project", "experts", "logits",
                                                       "pool" };
static const char *const buffers[SOTTO_N_BUFFERS] = { "residual", "normed",   "normed-2", "branch",
                                                      "branch-2", "attended", "hidden",
                                                      "stream", "stream-2", "stream-3" };

char *
plan_describe (const SottoPlan *plan)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < plan->n_steps; i++)
    {
      const SottoStep *step = &plan->steps[i];

      g_string_append_printf (text, "%3u %s", step->layer, kinds[step->kind]);
      if (step->kind == SOTTO_STEP_NORM)
        g_string_append_printf (
            text, " %s to %s", buffers[step->norm.from], buffers[step->norm.to]);
      if (step->kind == SOTTO_STEP_ADD)
        g_string_append_printf (text,
                                " %g * %s to %s, times %g",
                                (double) step->add.scale,
                                buffers[step->add.from],
                                buffers[step->add.to],
                                (double) step->add.scale_after);
      if (step->kind == SOTTO_STEP_QKV)
        g_string_append_printf (text,
                                " %s, %u heads of %u, cache %u%s%s",
                                buffers[step->qkv.from],
                                step->qkv.n_heads,
                                step->qkv.n_key,
                                step->qkv.cache,
                                step->qkv.rope == NULL ? ", not turned" : "",
                                sotto_weight_is_there (&step->qkv.key) ? ""
                                                                       : ", of an earlier layer");
      if (step->kind == SOTTO_STEP_ATTEND)
        g_string_append_printf (text,
                                " cache %u, window %u, scale %g",
                                step->attend.cache,
                                step->attend.window,
                                (double) step->attend.scale);
      if (step->kind == SOTTO_STEP_FEED)
        g_string_append_printf (text, " %s", buffers[step->feed.from]);
      if (step->kind == SOTTO_STEP_PROJECT)
        g_string_append_printf (text, " %s %s %s, times %g", buffers[step->project.from],
                                step->project.add ? "added to" : "to", buffers[step->project.to],
                                (double) step->project.scale);
      if (step->kind == SOTTO_STEP_EXPERTS)
        g_string_append_printf (text,
                                " %s, by %s, %s %s",
                                buffers[step->experts.from],
                                buffers[step->experts.router_from],
                                step->experts.add ? "added to" : "to",
                                buffers[step->experts.to]);
      g_string_append_c (text, '\n');
    }
  return g_string_free (text, FALSE);
}
