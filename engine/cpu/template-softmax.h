#pragma once

/* From the scores of a tile of keys to their weights, over Lanes, behind template-math.h and template-keys.h: the
 * same for attention with floats and with integers. */

static void
cap_scores (float *scores, float cap)
{
  for (guint i = 0; i < SOTTO_ATTEND_TILE; i += LANES)
    lanes_store (scores + i, lanes_cap_scores (lanes_load (scores + i), cap));
}

static void
slope_scores (float *scores, const SottoQuery *query, guint first_key)
{
  for (guint i = 0; i < SOTTO_ATTEND_TILE; i++)
    scores[i] += query->slope * (float) ((gint) (first_key + i) - (gint) query->position);
}

/* What a model does to scores beside their scale. */
static inline void
bend_scores (const SottoAttendKeys *head, const AttendTile *tile, const SottoQuery *query, float *scores)
{
  if (head->soft_cap > 0.0f)
    cap_scores (scores, head->soft_cap);
  if (query->slope != 0.0f)
    slope_scores (scores, query, tile->first);
}

/* What one query sees of a tile: keys from begin to end - 1. */
typedef struct {
  guint begin;
  guint end;
} SeenKeys;

static inline SeenKeys
seen_keys (const AttendTile *tile, const SottoQuery *query)
{
  guint first = MAX (query->first, tile->first);
  guint end = MIN (query->end, tile->end);

  return first < end ? (SeenKeys) { first - tile->first, end - tile->first } : (SeenKeys) { 0, 0 };
}

/* Keys that are not seen are held to be infinitely far; returns the highest score, or so_far where that is higher. */
static inline float
hide_scores (SeenKeys seen, float so_far, float *scores)
{
  Lanes highest = lanes_all (so_far);

  for (guint k = 0; k < seen.begin; k++)
    scores[k] = -INFINITY;
  for (guint k = seen.end; k < SOTTO_ATTEND_TILE; k++)
    scores[k] = -INFINITY;
  for (guint k = 0; k < SOTTO_ATTEND_TILE; k += LANES)
    highest = lanes_maximum (highest, lanes_load (scores + k));
  return lanes_highest (highest);
}

static gboolean
is_seen (const SottoQuery *queries, guint n_queries, guint first, guint end)
{
  for (guint i = 0; i < n_queries; i++)
    if (queries[i].first < end && queries[i].end > first)
      return TRUE;
  return FALSE;
}

/* Brings the queries' highest scores up to date; corrections: what their sums so far are to be multiplied with. */
static void
raise_highest (guint           n_queries,
               const SeenKeys *seen,
               float         (*scores)[SOTTO_ATTEND_TILE],
               float           corrections[LANES],
               SottoPartial   *partials)
{
  float rises[LANES] = { 0 };

  for (guint i = 0; i < n_queries; i++)
    if (seen[i].end > 0)
      {
        float highest = hide_scores (seen[i], partials[i].highest, scores[i]);

        rises[i] = partials[i].highest - highest;
        partials[i].highest = highest;
      }
  lanes_store (corrections, lanes_weigh (lanes_load (rises)));
}
