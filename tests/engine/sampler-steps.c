/* Drives the sampler from other languages: reads one request a line, writes one answer a line.
 *
 *   {"settings": {…}, "texts": […], "steps": [{"logits": [number or null, …], "recent": […]}, …]}
 *     settings have the names of SottoSamplerSettings' fields, the seed is a string; logits may be
 *     left out of a step to have those of the step before; null is -infinity
 *   {"steps": [{"ids": […], "probabilities": […], "token"}, …]}
 *     what was left to draw from, and what was drawn. A greedy choice leaves no ids. */

#include "sampler/sampler-private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

static double
get (yyjson_val *object,
     const char *key)
{
  return yyjson_get_num (yyjson_obj_get (object, key));
}

static const char *const *
read_strings (yyjson_val *array)
{
  char **strings;
  yyjson_arr_iter iterator;
  yyjson_val *value;
  guint n = 0;

  if (!yyjson_is_arr (array))
    return NULL;

  strings = g_new0 (char *, yyjson_arr_size (array) + 1);
  yyjson_arr_iter_init (array, &iterator);
  while ((value = yyjson_arr_iter_next (&iterator)) != NULL)
    strings[n++] = g_strdup (yyjson_get_str (value));

  return (const char *const *) strings;
}

static SottoLogitBias *
read_bias (yyjson_val *array,
           guint      *n)
{
  SottoLogitBias *bias = g_new0 (SottoLogitBias, yyjson_arr_size (array) + 1);
  yyjson_arr_iter iterator;
  yyjson_val *pair;

  yyjson_arr_iter_init (array, &iterator);
  while ((pair = yyjson_arr_iter_next (&iterator)) != NULL)
    {
      yyjson_val *number = yyjson_arr_get (pair, 1);

      bias[*n].token = yyjson_get_int (yyjson_arr_get (pair, 0));
      bias[(*n)++].bias = yyjson_is_null (number) ? -INFINITY : (float) yyjson_get_num (number);
    }

  return bias;
}

static void
read_settings (yyjson_val           *object,
               SottoSamplerSettings *settings)
{
  settings->temperature = get (object, "temperature");
  settings->top_k = get (object, "top_k");
  settings->top_p = get (object, "top_p");
  settings->min_p = get (object, "min_p");
  settings->repetition_penalty = get (object, "repetition_penalty");
  settings->repetition_window = get (object, "repetition_window");
  settings->seed = g_ascii_strtoull (yyjson_get_str (yyjson_obj_get (object, "seed")), NULL, 10);
  settings->frequency_penalty = get (object, "frequency_penalty");
  settings->presence_penalty = get (object, "presence_penalty");
  settings->typical_p = get (object, "typical_p");
  settings->xtc_probability = get (object, "xtc_probability");
  settings->xtc_threshold = get (object, "xtc_threshold");
  settings->dry_multiplier = get (object, "dry_multiplier");
  settings->dry_base = get (object, "dry_base");
  settings->dry_allowed_length = get (object, "dry_allowed_length");
  settings->dry_window = get (object, "dry_window");
  settings->dry_breakers = read_strings (yyjson_obj_get (object, "dry_breakers"));
  settings->mirostat_tau = get (object, "mirostat_tau");
  settings->mirostat_eta = get (object, "mirostat_eta");
  settings->logit_bias = read_bias (yyjson_obj_get (object, "logit_bias"), &settings->n_logit_bias);
}

static void
append_token_text (gint32    token,
                   GString  *text,
                   gpointer  user_data)
{
  const char *const *texts = user_data;

  g_string_append (text, texts[token]);
}

static float *
read_logits (yyjson_val *array)
{
  float *logits = g_new (float, yyjson_arr_size (array) + 1);
  yyjson_arr_iter iterator;
  yyjson_val *number;
  guint n = 0;

  yyjson_arr_iter_init (array, &iterator);
  while ((number = yyjson_arr_iter_next (&iterator)) != NULL)
    logits[n++] = yyjson_is_null (number) ? -INFINITY : (float) yyjson_get_num (number);

  return logits;
}

static gint32 *
read_tokens (yyjson_val *array,
             guint      *n)
{
  gint32 *tokens = g_new (gint32, yyjson_arr_size (array) + 1);
  yyjson_arr_iter iterator;
  yyjson_val *number;

  *n = 0;
  yyjson_arr_iter_init (array, &iterator);
  while ((number = yyjson_arr_iter_next (&iterator)) != NULL)
    tokens[(*n)++] = yyjson_get_int (number);

  return tokens;
}

/* What a draw is about to choose from, seen on a second sampler in the same state. */
static void
describe (SottoSampler *sampler,
          const float  *logits,
          const gint32 *recent,
          guint         n_recent)
{
  const SottoCandidates *candidates = &sampler->candidates;
  gint32 only;
  double total = sotto_sampler_prepare (sampler, logits, recent, n_recent, &only);
  guint n = total > 0.0 ? candidates->n : 0;

  printf ("{\"ids\": [");
  for (guint i = 0; i < n; i++)
    printf ("%s%u", i > 0 ? ", " : "", candidates->ids[i]);
  printf ("], \"probabilities\": [");
  for (guint i = 0; i < n; i++)
    printf ("%s%.9g", i > 0 ? ", " : "", candidates->weights[i] / total);
  printf ("], ");
}

static void
answer (yyjson_val *request)
{
  SottoSamplerSettings settings = { 0 };
  const char *const *texts = read_strings (yyjson_obj_get (request, "texts"));
  g_autofree float *logits = NULL;
  g_autoptr (SottoSampler) drawn = NULL;
  g_autoptr (SottoSampler) seen = NULL;
  yyjson_arr_iter iterator;
  yyjson_val *step;
  gboolean first = TRUE;

  read_settings (yyjson_obj_get (request, "settings"), &settings);
  yyjson_arr_iter_init (yyjson_obj_get (request, "steps"), &iterator);
  printf ("{\"steps\": [");
  while ((step = yyjson_arr_iter_next (&iterator)) != NULL)
    {
      yyjson_val *array = yyjson_obj_get (step, "logits");
      guint n_recent;
      g_autofree gint32 *recent = read_tokens (yyjson_obj_get (step, "recent"), &n_recent);

      if (array != NULL)
        {
          g_free (logits);
          logits = read_logits (array);
        }
      if (drawn == NULL)
        {
          SottoTokenTextFunc func = texts != NULL ? append_token_text : NULL;

          drawn = sotto_sampler_new (&settings, yyjson_arr_size (array), func, (gpointer) texts);
          seen = sotto_sampler_new (&settings, yyjson_arr_size (array), func, (gpointer) texts);
        }

      printf ("%s", first ? "" : ", ");
      first = FALSE;
      seen->state = drawn->state;
      seen->mirostat_limit = drawn->mirostat_limit;
      describe (seen, logits, recent, n_recent);
      printf ("\"token\": %d}", sotto_sampler_draw (drawn, logits, recent, n_recent));
    }
  printf ("]}\n");
  fflush (stdout);

  g_strfreev ((char **) texts);
  sotto_sampler_settings_clear (&settings);
}

int
main (void)
{
  char *line = NULL;
  size_t size = 0;
  ssize_t length;

  while ((length = getline (&line, &size, stdin)) > 0)
    {
      yyjson_doc *request = yyjson_read (line, (gsize) length, 0);

      answer (yyjson_doc_get_root (request));
      yyjson_doc_free (request);
    }
  free (line);

  return 0;
}
