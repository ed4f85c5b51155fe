#include "cpu/lane.h"
#include "cpu/row-sums.h"

#include "cpu/exact-math.h"

#include <math.h>
#include <string.h>

/* MATCH, PREDICT and CORRECT: rows of several residuals, token by token. The few numbers that mix them are sums of a token's
 * own, in an order of their own, so that a tier, a batch and the number of threads change no bit of them. */

enum { N_MOST = SOTTO_MAX_STREAMS };

/* --- What they are as large as --- */

static void
match_token (SottoLane *lane, const SottoStep *step, guint t)
{
  const SottoMatchStep *match = &step->match;
  guint n = lane->state->caches.plan->n_embedding;
  SottoActivations from = sotto_lane_buffer (lane, match->from, n);
  SottoActivations to = sotto_lane_buffer (lane, match->to, n);
  SottoActivations like = sotto_lane_buffer (lane, match->like, n);
  const float *x = from.values + t * from.column_stride;
  const float *model = like.values + t * like.column_stride;
  float *y = to.values + t * to.column_stride;
  float wanted = sqrtf (sotto_row_dot (model, model, n) / (float) n);
  float found = sqrtf (MAX (sotto_row_dot (x, x, n) / (float) n, match->least));

  memmove (y, x, n * sizeof *y);
  lane->kernels->scale (wanted / found, n, y);
}

void
sotto_step_match (SottoLane *lane, const SottoStep *step)
{
  sotto_lane_do_tokens (lane, step, match_token);
  if (!sotto_pool_is_stopped (lane->pool))
    sotto_lane_leave (lane, step->match.to, lane->state->caches.plan->n_embedding);
}

/* --- One token's residuals --- */

typedef struct {
  guint n;                  /* elements of each */
  float *streams[N_MOST];
  float *kept;
  float mixed[N_MOST];      /* m */
} Token;

static float *
row_of (SottoLane *lane, SottoBuffer buffer, guint n, guint t)
{
  SottoActivations x = sotto_lane_buffer (lane, buffer, n);

  return x.values + t * x.column_stride;
}

static Token
begin_token (SottoLane *lane, const SottoStreamsStep *step, guint t)
{
  Token self = { .n = lane->state->caches.plan->n_embedding };
  float *normed = lane->memory->row;

  for (guint i = 0; i < step->n_streams; i++)
    self.streams[i] = row_of (lane, i == 0 ? SOTTO_BUFFER_RESIDUAL : SOTTO_BUFFER_STREAM + i - 1, self.n, t);
  self.kept = row_of (lane, step->kept, self.n, t);
  sotto_lane_norm (lane, &step->norm, self.streams[0], self.n, normed);
  for (guint i = 0; i < step->n_streams; i++)
    self.mixed[i] = sotto_tanh (step->scale * sotto_row_dot (step->router + (gsize) i * self.n, normed, self.n));
  return self;
}

static float
get_coefficient (const Token *self, const SottoStreamsStep *step, guint row)
{
  const float *coefficients = step->coefficients + (gsize) row * step->n_streams;
  float sum = 0.0f;

  for (guint i = 0; i < step->n_streams; i++)
    sum += coefficients[i] * self->mixed[i];
  return sum;
}

/* All at once: piece by piece, of which the predictions stand aside until the last is made. */
static void
predict_token (SottoLane *lane, const SottoStep *of, guint t)
{
  enum { N_PIECE = 256 };
  const SottoStreamsStep *step = &of->streams;
  Token self = begin_token (lane, step, t);
  guint n_streams = step->n_streams;
  float coefficients[N_MOST * N_MOST];
  float made[N_MOST][N_PIECE];

  for (guint i = 0; i < n_streams * n_streams; i++)
    coefficients[i] = get_coefficient (&self, step, i);
  for (guint first = 0; first < self.n; first += N_PIECE)
    {
      guint n = MIN (self.n - first, N_PIECE);

      for (guint i = 0; i < n_streams; i++)
        {
          memcpy (made[i], self.streams[i] + first, n * sizeof (float));
          for (guint k = 0; k < n_streams; k++)
            lane->kernels->add (self.streams[k] + first, coefficients[i * n_streams + k], n, made[i]);
        }
      for (guint i = 0; i < n_streams; i++)
        memcpy (self.streams[i] + first, made[i], n * sizeof (float));
    }
  memcpy (self.kept, self.streams[0], self.n * sizeof (float));
}

static void
correct_token (SottoLane *lane, const SottoStep *of, guint t)
{
  const SottoStreamsStep *step = &of->streams;
  Token self = begin_token (lane, step, t);
  float *change = lane->memory->row;

  memcpy (change, self.streams[0], self.n * sizeof (float));
  lane->kernels->add (self.kept, -1.0f, self.n, change);
  memcpy (self.streams[0], self.kept, self.n * sizeof (float));
  for (guint i = 0; i < step->n_streams; i++)
    lane->kernels->add (change, 1.0f + get_coefficient (&self, step, i), self.n, self.streams[i]);
}

void
sotto_step_predict (SottoLane *lane, const SottoStep *step)
{
  sotto_lane_do_tokens (lane, step, predict_token);
}

void
sotto_step_correct (SottoLane *lane, const SottoStep *step)
{
  sotto_lane_do_tokens (lane, step, correct_token);
}
