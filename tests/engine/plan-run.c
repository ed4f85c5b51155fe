/* The walk over a plan, and the steps that work on rows alone. */

#include "plan-run-private.h"

#include <math.h>
#include <string.h>

static void
run_embed (PlainRun *self, const SottoEmbedStep *step)
{
  guint n = step->table.n_columns;
  double *x = g_new0 (double, (gsize) self->n * n);

  for (guint t = 0; t < self->n; t++)
    {
      gboolean is_row = t >= self->rows.first && t < self->rows.end;

      for (guint i = 0; is_row && i < n; i++)
        x[(gsize) t * n + i] = (double) self->rows.rows[(gsize) (t - self->rows.first) * n + i];
      if (!is_row)
        plain_add_table_row (
            &step->table, (guint) self->tokens[t], (double) step->scale, x + (gsize) t * n);
      if (sotto_weight_is_there (&step->positions))
        plain_add_table_row (&step->positions, t, 1, x + (gsize) t * n);
      for (guint i = 0; step->addend != NULL && i < n; i++)
        x[(gsize) t * n + i] += (double) step->addend[i];
    }
  plain_put (self, SOTTO_BUFFER_RESIDUAL, x, n, 1, FALSE);
}

static void
run_deepen (PlainRun *self, const SottoDeepenStep *step)
{
  guint n = self->widths[SOTTO_BUFFER_RESIDUAL];
  guint n_rows = self->rows.end - self->rows.first;

  for (gsize i = 0; i < (gsize) n_rows * n; i++)
    self->buffers[SOTTO_BUFFER_RESIDUAL][(gsize) self->rows.first * n + i] += (double) self->rows.rows[(gsize) step->part * n_rows * n + i];
}

static void
run_inputs (PlainRun *self, const SottoInputsStep *step)
{
  guint n = step->projection.n_rows;
  double *x = plain_project (self, &step->projection, SOTTO_BUFFER_RESIDUAL);

  for (guint t = 0; t < self->n; t++)
    {
      double *row = x + (gsize) t * n;

      for (guint i = 0; i < n; i++)
        row[i] *= (double) step->projection_scale;
      for (guint i = 0; i < n; i += step->n_input)
        plain_norm (&step->norm, 0, step->n_input, row + i);
      plain_add_table_row (&step->table, (guint) self->tokens[t], (double) step->table_scale, row);
      for (guint i = 0; i < n; i++)
        row[i] *= (double) step->scale;
    }
  self->inputs = x;
  self->n_inputs = n;
}

static void
run_norm (PlainRun *self, const SottoNormStep *step)
{
  guint n = self->widths[step->from];
  double *x = g_memdup2 (self->buffers[step->from], (gsize) self->n * n * sizeof (double));

  for (guint t = 0; t < self->n; t++)
    plain_norm (&step->norm, 0, n, x + (gsize) t * n);
  plain_put (self, step->to, x, n, 1, FALSE);
}

static void
run_add (PlainRun *self, const SottoAddStep *step)
{
  guint n = self->widths[step->from];
  double *x = g_memdup2 (self->buffers[step->from], (gsize) self->n * n * sizeof (double));

  for (guint t = 0; t < self->n; t++)
    plain_norm (&step->norm, 0, n, x + (gsize) t * n);
  plain_put (self, step->to, x, n, (double) step->scale, TRUE);
  for (gsize i = 0; i < (gsize) self->n * n; i++)
    x[i] *= (double) step->scale_after;
}

/* --- Several residuals --- */

static double
mean_square (const double *x, guint n)
{
  double sum = 0;

  for (guint i = 0; i < n; i++)
    sum += x[i] * x[i];
  return sum / n;
}

static void
run_match (PlainRun *self, const SottoMatchStep *step)
{
  guint n = self->widths[step->from];
  double *x = g_memdup2 (self->buffers[step->from], (gsize) self->n * n * sizeof (double));

  for (guint t = 0; t < self->n; t++)
    {
      double *row = x + (gsize) t * n;
      double wanted = mean_square (self->buffers[step->like] + (gsize) t * n, n);
      double found = MAX (mean_square (row, n), (double) step->least);

      for (guint i = 0; i < n; i++)
        row[i] *= sqrt (wanted / found);
    }
  plain_put (self, step->to, x, n, 1, FALSE);
}

/* What a token's residuals are mixed with: of each row of the coefficients a number. */
static void
mix (const PlainRun *self, const SottoStreamsStep *step, guint t, guint n_rows, double *mixed)
{
  guint n = self->widths[SOTTO_BUFFER_RESIDUAL];
  g_autofree double *normed = g_memdup2 (self->buffers[SOTTO_BUFFER_RESIDUAL] + (gsize) t * n, n * sizeof (double));

  plain_norm (&step->norm, 0, n, normed);
  for (guint row = 0; row < n_rows; row++)
    mixed[row] = 0;
  for (guint i = 0; i < step->n_streams; i++)
    {
      double sum = 0;

      for (guint k = 0; k < n; k++)
        sum += (double) step->router[(gsize) i * n + k] * normed[k];
      for (guint row = 0; row < n_rows; row++)
        mixed[row] += (double) step->coefficients[row * step->n_streams + i] * tanh ((double) step->scale * sum);
    }
}

static double *
stream_of (PlainRun *self, guint stream, guint t)
{
  SottoBuffer buffer = stream == 0 ? SOTTO_BUFFER_RESIDUAL : SOTTO_BUFFER_STREAM + stream - 1;

  return self->buffers[buffer] + (gsize) t * self->widths[buffer];
}

static void
run_predict (PlainRun *self, const SottoStreamsStep *step)
{
  guint n = self->widths[SOTTO_BUFFER_RESIDUAL], n_streams = step->n_streams;
  double mixed[SOTTO_MAX_STREAMS * SOTTO_MAX_STREAMS], made[SOTTO_MAX_STREAMS];

  for (guint t = 0; t < self->n; t++)
    {
      mix (self, step, t, n_streams * n_streams, mixed);
      for (guint k = 0; k < n; k++)
        {
          for (guint i = 0; i < n_streams; i++)
            {
              made[i] = stream_of (self, i, t)[k];
              for (guint j = 0; j < n_streams; j++)
                made[i] += mixed[i * n_streams + j] * stream_of (self, j, t)[k];
            }
          for (guint i = 0; i < n_streams; i++)
            stream_of (self, i, t)[k] = made[i];
        }
    }
  plain_put (self, step->kept, g_memdup2 (self->buffers[SOTTO_BUFFER_RESIDUAL], (gsize) self->n * n * sizeof (double)),
             n, 1, FALSE);
}

static void
run_correct (PlainRun *self, const SottoStreamsStep *step)
{
  guint n = self->widths[SOTTO_BUFFER_RESIDUAL];
  double mixed[SOTTO_MAX_STREAMS];

  for (guint t = 0; t < self->n; t++)
    {
      const double *kept = self->buffers[step->kept] + (gsize) t * n;

      mix (self, step, t, step->n_streams, mixed);
      for (guint k = 0; k < n; k++)
        {
          double change = stream_of (self, 0, t)[k] - kept[k];

          stream_of (self, 0, t)[k] = kept[k];
          for (guint i = 0; i < step->n_streams; i++)
            stream_of (self, i, t)[k] += (1 + mixed[i]) * change;
        }
    }
}

/* --- Feed-forward --- */

static void
cut_off (const SottoFeedStep *step, guint n_tokens, double *gate)
{
  guint n = step->gate.n_rows;

  for (guint t = 0; t < n_tokens; t++)
    {
      double *row = gate + (gsize) t * n;
      double mean = 0, variance = 0;

      for (guint i = 0; i < n; i++)
        mean += row[i] / n;
      for (guint i = 0; i < n; i++)
        variance += (row[i] - mean) * (row[i] - mean) / n;
      for (guint i = 0; i < n; i++)
        row[i] = MAX (row[i] - (mean + (double) step->cutoff * sqrt (variance)), 0);
    }
}

static void
run_feed (PlainRun *self, const SottoFeedStep *step)
{
  gboolean has_gate = sotto_weight_is_there (&step->gate),
           has_up = sotto_weight_is_there (&step->up);
  guint n = has_up ? step->up.n_rows : step->gate.n_rows;
  double *hidden = plain_project (self, has_up ? &step->up : &step->gate, step->from);
  g_autofree double *gate = has_gate ? plain_project (self, &step->gate, step->from) : NULL;
  g_autofree double *switches =
      sotto_weight_is_there (&step->switch_) ? plain_project (self, &step->switch_, step->from) : NULL;

  if (step->sparse)
    cut_off (step, self->n, gate);
  for (guint t = 0; t < self->n; t++)
    for (guint i = 0; i < n; i++)
      {
        double *x = &hidden[(gsize) t * n + i];

        if (step->activation == SOTTO_ACTIVATION_XIELU)
          *x = plain_xielu (&step->xielu, *x);
        else if (!has_gate)
          *x = plain_activate (step->activation, *x);
        else
          *x = plain_combine (step->activation,
                        gate[(gsize) t * n + i],
                        has_up ? *x
                               : self->inputs[(gsize) t * self->n_inputs + step->first_input + i]);
        if (switches != NULL)
          *x *= plain_sigmoid (switches[t]);
      }
  plain_put (self, SOTTO_BUFFER_HIDDEN, hidden, n, 1, FALSE);
}

static void
run_logits (PlainRun *self, const SottoLogitsStep *step)
{
  guint n = self->plan->n_output;
  SottoNormStep normed = { step->norm, SOTTO_BUFFER_RESIDUAL, SOTTO_BUFFER_NORMED };
  double cap = (double) step->soft_cap;

  run_norm (self, &normed);
  self->output = plain_project (self, &step->weight, SOTTO_BUFFER_NORMED);
  for (gsize i = 0; i < (gsize) self->n * n; i++)
    {
      self->output[i] *= (double) step->scale;
      if (cap > 0)
        self->output[i] = cap * tanh (self->output[i] / cap);
    }
}

static void
run_pool (PlainRun *self, const SottoPoolStep *step)
{
  guint n = self->plan->n_embedding;
  SottoNormStep normed = { step->norm, SOTTO_BUFFER_RESIDUAL, SOTTO_BUFFER_NORMED };
  double *x = g_new0 (double, n);

  run_norm (self, &normed);
  for (guint t = 0; t < self->n; t++)
    for (guint i = 0; i < n; i++)
      if (step->pooling == SOTTO_POOLING_MEAN
          || t == (step->pooling == SOTTO_POOLING_FIRST ? 0 : self->n - 1))
        x[i] += self->buffers[SOTTO_BUFFER_NORMED][(gsize) t * n + i]
                / (step->pooling == SOTTO_POOLING_MEAN ? self->n : 1);
  for (guint i = 0; i < G_N_ELEMENTS (step->dense); i++)
    if (sotto_weight_is_there (&step->dense[i]))
      {
        double *y = g_new (double, step->dense[i].n_rows);

        plain_multiply (&step->dense[i], x, y);
        g_free (x);
        x = y;
      }
  self->output = x;
}

static void
run_step (PlainRun *self, const SottoStep *step)
{
  double *x;

  switch (step->kind)
    {
    case SOTTO_STEP_EMBED:
      run_embed (self, &step->embed);
      break;
    case SOTTO_STEP_INPUTS:
      run_inputs (self, &step->inputs);
      break;
    case SOTTO_STEP_NORM:
      run_norm (self, &step->norm);
      break;
    case SOTTO_STEP_ADD:
      run_add (self, &step->add);
      break;
    case SOTTO_STEP_DEEPEN:
      run_deepen (self, &step->deepen);
      break;
    case SOTTO_STEP_MATCH:
      run_match (self, &step->match);
      break;
    case SOTTO_STEP_PREDICT:
      run_predict (self, &step->streams);
      break;
    case SOTTO_STEP_CORRECT:
      run_correct (self, &step->streams);
      break;
    case SOTTO_STEP_QKV:
      plain_run_qkv (self, &step->qkv);
      break;
    case SOTTO_STEP_LATENT_QKV:
      plain_run_latent_qkv (self, &step->latent_qkv);
      break;
    case SOTTO_STEP_ATTEND:
      plain_run_attend (self, &step->attend);
      break;
    case SOTTO_STEP_DELTA:
      plain_run_delta (self, &step->delta);
      break;
    case SOTTO_STEP_CONVOLVE:
      plain_run_convolve (self, &step->convolve);
      break;
    case SOTTO_STEP_SCAN:
      plain_run_scan (self, &step->scan);
      break;
    case SOTTO_STEP_FEED:
      run_feed (self, &step->feed);
      break;
    case SOTTO_STEP_PROJECT:
      x = plain_project (self, &step->project.weight, step->project.from);
      plain_put (self,
           step->project.to,
           x,
           step->project.weight.n_rows,
           (double) step->project.scale,
           step->project.add);
      break;
    case SOTTO_STEP_EXPERTS:
      plain_run_experts (self, &step->experts);
      break;
    case SOTTO_STEP_LOGITS:
      run_logits (self, &step->logits);
      break;
    case SOTTO_STEP_POOL:
      run_pool (self, &step->pool);
      break;
    case SOTTO_N_STEP_KINDS:
    default:
      g_assert_not_reached ();
    }
}

double *
plan_run_rows (const SottoProgram *program, const gint32 *tokens, guint n_tokens, const PlanRows *rows)
{
  const SottoPlan *plan = &program->plan;
  g_autofree PlainCache *caches = g_new0 (PlainCache, plan->n_caches + 1);
  PlainRun run = { .plan = plan, .tokens = tokens, .rows = *rows, .n = n_tokens, .caches = caches,
              .is_long = plan->long_from > 0 && n_tokens > plan->long_from };

  for (guint i = 0; i < plan->n_steps; i++)
    run_step (&run, &plan->steps[i]);

  for (guint i = 0; i < plan->n_caches; i++)
    {
      g_free (caches[i].keys);
      g_free (caches[i].values);
    }
  for (guint i = 0; i < SOTTO_N_BUFFERS; i++)
    g_free (run.buffers[i]);
  g_free (run.queries);
  g_free (run.gates);
  g_free (run.inputs);
  return run.output;
}

double *
plan_run (const SottoProgram *program, const gint32 *tokens, guint n_tokens)
{
  const PlanRows none = { 0 };

  return plan_run_rows (program, tokens, n_tokens, &none);
}
