/* Rotary positions (Su et al. 2021): pair i of n turns at position p by p * base^(-i / n). Keys:
 *
 *   rope.freq_base (10,000, or what the family says), rope.freq_base_swa
 *   rope.scaling.type "none", "linear", "yarn" or "longrope" (else linear, with a factor of 1)
 *   rope.scaling.factor (older: rope.scale_linear), rope.scaling.original_context_length
 *   rope.scaling.yarn_beta_fast (32), rope.scaling.yarn_beta_slow (1),
 *   rope.scaling.yarn_attn_factor, rope.scaling.yarn_log_multiplier; rope.scaling.attn_factor
 *   rope.dimension_sections (none)
 *
 * Linear (Chen et al. 2023) divides all frequencies by the factor. YaRN (Peng et al. 2023) divides
 * those that turn less than beta_slow times within the original context, leaves those that turn
 * more than beta_fast times, blends in between, and multiplies what it turns by a magnitude m (1) /
 * m (log_multiplier), m (x) = 1 + 0.1 x ln factor. Longrope (Ding et al. 2024) has a divisor for
 * each pair, one list for sequences up to the original context and another for longer ones.
 *
 * Sections say how many pairs turn by time, height and width (Wang et al. 2024): the first so many, the next and the rest, or
 * (Qwen 3-VL) every third pair from the second on by height and from the third on by width, as long as there are some. A list that
 * does not come to all pairs gives none of them an axis: such a model reads text as ever, and no pictures.
 */

#include "family/rope.h"

#include <math.h>
#include <string.h>

typedef struct {
  gboolean yarn;
  double factor;
  double first;            /* pairs before it keep their frequency, */
  double last;             /* from here on it is divided */
  double scale;
} Scaling;

static double
magnitude (double multiplier, double factor)
{
  return factor > 1 ? 1 + 0.1 * multiplier * log (factor) : 1;
}

/* The pair, as a number, that turns so many times within the context. */
static double
find_pair (double turns, double base, guint n_pairs, guint context)
{
  return n_pairs * log (context / (turns * 2 * G_PI)) / log (base);
}

static gboolean
read_yarn (SottoRopes *self, Scaling *scaling, double base, guint n_pairs, const SottoKeys *keys)
{
  gboolean smooth = keys->family->yarn_smooth;
  gboolean in_scores = keys->family->yarn_in_scores;
  double fast, slow, multiplier, given;

  if (base <= 1)
    return sotto_keys_refuse (keys, "rope.freq_base", "is too small for YaRN");
  if (!sotto_keys_read_positive (keys, "rope.scaling.yarn_beta_fast", 32, &fast)
      || !sotto_keys_read_positive (keys, "rope.scaling.yarn_beta_slow", 1, &slow)
      || !sotto_keys_read_number (keys, "rope.scaling.yarn_log_multiplier", 0, &multiplier))
    return FALSE;

  scaling->yarn = TRUE;
  scaling->first = find_pair (fast, base, n_pairs, self->original_context);
  scaling->last = find_pair (slow, base, n_pairs, self->original_context);
  if (!smooth)
    {
      scaling->first = floor (scaling->first);
      scaling->last = ceil (scaling->last);
    }
  scaling->first = MAX (scaling->first, 0);
  scaling->last = MIN (scaling->last, 2.0 * n_pairs - 1);
  if (scaling->last <= scaling->first)
    scaling->last = scaling->first + 0.001;

  /* Files of DeepSeek have a tenth of the multiplier, and what it does to the scores only: on the
   * turned elements it cancels out. */
  if (in_scores)
    {
      self->score_scale = pow (magnitude (10 * multiplier, scaling->factor), 2);
      return sotto_keys_read_positive (keys, "rope.scaling.yarn_attn_factor", 1, &scaling->scale);
    }

  given = magnitude (1, scaling->factor) / magnitude (multiplier, scaling->factor);
  return sotto_keys_read_positive (keys, "rope.scaling.yarn_attn_factor", given, &scaling->scale);
}

static gboolean
read_scaling (SottoRopes       *self,
              Scaling          *scaling,
              double            base,
              const SottoSizes *sizes,
              const SottoKeys  *keys)
{
  guint n_pairs = MAX (self->rope.n_pairs, 1);
  g_autofree char *kind = sotto_keys_dup_string (keys, "rope.scaling.type");
  g_autofree char *form = NULL;
  gboolean stretched = keys->family->stretched_from > 0
                       && sizes->n_context >= keys->family->stretched_from;
  double older;

  *scaling = (Scaling) { .factor = 1, .scale = 1 };
  if (g_strcmp0 (kind, "none") == 0 || g_strcmp0 (kind, "longrope") == 0)
    return TRUE;
  if (!sotto_keys_read_positive (
          keys, "rope.scale_linear", stretched ? keys->family->stretched_by : 1, &older)
      || !sotto_keys_read_positive (keys, "rope.scaling.factor", older, &scaling->factor))
    return FALSE;
  if (kind == NULL || g_str_equal (kind, "linear"))
    return TRUE;
  if (g_str_equal (kind, "yarn"))
    return read_yarn (self, scaling, base, n_pairs, keys);

  form = g_strconcat ("RoPE: ", kind, NULL);
  return sotto_keys_refuse_form (keys, form);
}

/* @factors: (nullable) */
static const double *
make_frequencies (double base,
                  guint n_pairs,
                  const Scaling *scaling,
                  const float *factors,
                  GPtrArray *owner)
{
  double *frequencies = g_new (double, n_pairs);

  g_ptr_array_add (owner, frequencies);
  for (guint i = 0; i < n_pairs; i++)
    {
      double frequency = pow (base, -(double) i / n_pairs);
      double kept = 0;

      if (scaling->yarn)
        kept = 1 - CLAMP ((i - scaling->first) / (scaling->last - scaling->first), 0, 1);
      frequencies[i] = frequency * kept + frequency / scaling->factor * (1 - kept);
      if (factors != NULL)
        frequencies[i] /= (double) factors[i];
    }
  return frequencies;
}

static gboolean
stretch (SottoRopes *self, SottoRope *rope, double base, const SottoRopeFactors *factors,
         const SottoSizes *sizes, const SottoKeys *keys, GPtrArray *owner)
{
  const Scaling plain = { .factor = 1 };
  double ratio = (double) sizes->n_context / self->original_context;
  double given = ratio > 1 ? sqrt (1 + log (ratio) / log (MAX (self->original_context, 2))) : 1;
  double scale;

  if (!sotto_keys_read_positive (keys, "rope.scaling.attn_factor", given, &scale))
    return FALSE;

  rope->frequencies = make_frequencies (base, rope->n_pairs, &plain, factors->short_factors, owner);
  rope->long_frequencies =
      make_frequencies (base, rope->n_pairs, &plain, factors->long_factors, owner);
  rope->scale = rope->long_scale = (float) scale;
  self->long_from = self->original_context;
  return TRUE;
}

static SottoAxis
find_axis (SottoSections form, const guint *sections, guint pair)
{
  if (form == SOTTO_SECTIONS_IN_TURNS)
    return pair % 3 > 0 && pair < 3 * sections[pair % 3] ? pair % 3 : SOTTO_AXIS_TIME;
  return pair < sections[0] ? SOTTO_AXIS_TIME : pair < sections[0] + sections[1] ? SOTTO_AXIS_HEIGHT : SOTTO_AXIS_WIDTH;
}

static gboolean
read_axes (SottoRope *rope, const SottoKeys *keys, GPtrArray *owner)
{
  const char *key = "rope.dimension_sections";
  guint sections[SOTTO_N_AXES + 1] = { 0 };
  guint8 *axes;

  if (keys->family->sections == SOTTO_SECTIONS_NONE || !sotto_keys_has (keys, key))
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (sections); i++)
    if (!sotto_keys_read_layer_size (keys, key, i, 0, 0, 1u << 16, &sections[i]))
      return FALSE;
  if (sections[0] + sections[1] + sections[2] != rope->n_pairs || sections[3] != 0)
    return TRUE;

  axes = g_new (guint8, rope->n_pairs);
  g_ptr_array_add (owner, axes);
  for (guint i = 0; i < rope->n_pairs; i++)
    axes[i] = (guint8) find_axis (keys->family->sections, sections, i);
  rope->axes = axes;
  return TRUE;
}

gboolean
sotto_ropes_read (SottoRopes             *self,
                  const SottoSizes       *sizes,
                  const SottoRopeFactors *factors,
                  const SottoKeys        *keys,
                  GPtrArray              *owner)
{
  const SottoFamily *family = keys->family;
  const Scaling plain = { .factor = 1 };
  double base, window_base;
  Scaling scaling;

  memset (self, 0, sizeof *self);
  self->score_scale = 1;
  if (!sotto_keys_read_positive (keys, "rope.freq_base", family->rope_base > 0 ? family->rope_base : 10000, &base)
      || !sotto_keys_read_positive (keys,
                                    "rope.freq_base_swa",
                                    family->window_rope_base > 0 ? family->window_rope_base : base,
                                    &window_base)
      || !sotto_keys_read_size (keys,
                                "rope.scaling.original_context_length",
                                sizes->n_context,
                                1,
                                G_MAXINT32,
                                &self->original_context))
    return FALSE;
  if (base < 1 || window_base < 1)
    return sotto_keys_refuse (
        keys, base < 1 ? "rope.freq_base" : "rope.freq_base_swa", "is too small");

  self->rope = (SottoRope) { .kind = family->rope_kind, .n_pairs = sizes->n_turned / 2 };
  self->window_rope =
      (SottoRope){ .kind = family->rope_kind, .n_pairs = sizes->n_window_turned / 2 };

  if (factors->short_factors != NULL && factors->long_factors != NULL)
    {
      if (!stretch (self, &self->rope, base, factors, sizes, keys, owner))
        return FALSE;
      self->window_rope = self->rope;
      return TRUE;
    }

  if (!read_scaling (self, &scaling, base, sizes, keys) || !read_axes (&self->rope, keys, owner))
    return FALSE;
  self->rope.frequencies =
      make_frequencies (base, self->rope.n_pairs, &scaling, factors->factors, owner);
  self->rope.scale = self->rope.long_scale = (float) scaling.scale;

  if (family->window_rope_plain)
    scaling = plain;
  else if (scaling.yarn
           && !read_yarn (self, &scaling, window_base, MAX (self->window_rope.n_pairs, 1), keys))
    return FALSE;
  self->window_rope.frequencies
    = make_frequencies (window_base, self->window_rope.n_pairs, &scaling,
                        family->window_rope_plain ? NULL : factors->factors, owner);
  self->window_rope.scale = self->window_rope.long_scale =
      family->window_rope_plain ? 1 : (float) scaling.scale;
  return TRUE;
}
