#include "sotto-worker.h"

#include <math.h>
#include <yyjson.h>

SottoReceipt *
sotto_receipt_copy (const SottoReceipt *self)
{
  SottoReceipt *copy = g_memdup2 (self, sizeof *self);

  copy->model_path = g_strdup (self->model_path);
  copy->model_hash = g_strdup (self->model_hash);
  copy->template_hash = g_strdup (self->template_hash);
  copy->grammar_hash = g_strdup (self->grammar_hash);
  copy->prompt_hash = g_strdup (self->prompt_hash);
  copy->vision_path = g_strdup (self->vision_path);
  copy->vision_stamp = g_strdup (self->vision_stamp);
  copy->date = g_strdup (self->date);
  copy->tools = g_strdupv (self->tools);
  copy->backend = g_strdup (self->backend);
  copy->build = g_strdup (self->build);
  sotto_sampler_settings_copy (&self->sampler, &copy->sampler);
  copy->stretches = self->stretches != NULL ? g_array_copy (self->stretches) : NULL;

  return copy;
}

void
sotto_receipt_free (SottoReceipt *self)
{
  if (self == NULL)
    return;

  g_free (self->model_path);
  g_free (self->model_hash);
  g_free (self->template_hash);
  g_free (self->grammar_hash);
  g_free (self->prompt_hash);
  g_free (self->vision_path);
  g_free (self->vision_stamp);
  g_free (self->date);
  g_strfreev (self->tools);
  g_free (self->backend);
  g_free (self->build);
  sotto_sampler_settings_clear (&self->sampler);
  g_clear_pointer (&self->stretches, g_array_unref);
  g_free (self);
}

static void
add_string (yyjson_mut_doc *document,
            yyjson_mut_val *object,
            const char     *key,
            const char     *value)
{
  if (value != NULL)
    yyjson_mut_obj_add_str (document, object, key, value);
  else
    yyjson_mut_obj_add_null (document, object, key);
}

/* A float as the shortest decimal that reads back as that float, not as the double beside it. */
static void
add_float (yyjson_mut_doc *document,
           yyjson_mut_val *object,
           const char     *key,
           float           value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  /* JSON has no such number. */
  if (!isfinite (value))
    {
      yyjson_mut_obj_add_str (document, object, key,
                              isnan (value) ? "NaN" : value > 0.0f ? "Infinity" : "-Infinity");
      return;
    }

  for (int digits = 6; digits <= 9; digits++)
    {
      char format[8];

      g_snprintf (format, sizeof format, "%%.%dg", digits);
      g_ascii_formatd (text, sizeof text, format, value);
      if ((float) g_ascii_strtod (text, NULL) == value)
        break;
    }

  yyjson_mut_obj_add_val (document, object, key, yyjson_mut_rawcpy (document, text));
}

static void
describe_dry (yyjson_mut_doc             *document,
              yyjson_mut_val             *object,
              const SottoSamplerSettings *settings)
{
  const char *const *breakers = sotto_sampler_settings_get_breakers (settings);
  yyjson_mut_val *array;

  add_float (document, object, "dry_base", settings->dry_base);
  yyjson_mut_obj_add_uint (document, object, "dry_allowed_length", settings->dry_allowed_length);
  yyjson_mut_obj_add_uint (document, object, "dry_window", settings->dry_window);
  array = yyjson_mut_obj_add_arr (document, object, "dry_breakers");
  for (guint i = 0; breakers[i] != NULL; i++)
    {
      g_autofree char *text = g_utf8_make_valid (breakers[i], -1);

      yyjson_mut_arr_add_strcpy (document, array, text);
    }
}

/* As pairs of token and bias. */
static void
describe_bias (yyjson_mut_doc             *document,
               yyjson_mut_val             *object,
               const SottoSamplerSettings *settings)
{
  yyjson_mut_val *array = yyjson_mut_obj_add_arr (document, object, "logit_bias");

  for (guint i = 0; i < settings->n_logit_bias; i++)
    {
      yyjson_mut_val *pair = yyjson_mut_arr_add_obj (document, array);

      yyjson_mut_obj_add_int (document, pair, "token", settings->logit_bias[i].token);
      add_float (document, pair, "bias", settings->logit_bias[i].bias);
    }
}

static yyjson_mut_val *
describe_sampler (yyjson_mut_doc             *document,
                  const SottoSamplerSettings *settings)
{
  yyjson_mut_val *object = yyjson_mut_obj (document);
  char seed[24];

  /* As text: a 64-bit number does not survive readers that know only doubles. */
  g_snprintf (seed, sizeof seed, "%" G_GUINT64_FORMAT, settings->seed);

  add_float (document, object, "temperature", settings->temperature);
  yyjson_mut_obj_add_uint (document, object, "top_k", settings->top_k);
  add_float (document, object, "top_p", settings->top_p);
  add_float (document, object, "min_p", settings->min_p);
  add_float (document, object, "repetition_penalty", settings->repetition_penalty);
  yyjson_mut_obj_add_uint (document, object, "repetition_window", settings->repetition_window);
  yyjson_mut_obj_add_strcpy (document, object, "seed", seed);
  add_float (document, object, "frequency_penalty", settings->frequency_penalty);
  add_float (document, object, "presence_penalty", settings->presence_penalty);
  add_float (document, object, "typical_p", settings->typical_p);
  add_float (document, object, "xtc_probability", settings->xtc_probability);
  add_float (document, object, "xtc_threshold", settings->xtc_threshold);
  add_float (document, object, "dry_multiplier", settings->dry_multiplier);
  if (settings->dry_multiplier != 0.0f)
    describe_dry (document, object, settings);
  add_float (document, object, "mirostat_tau", settings->mirostat_tau);
  add_float (document, object, "mirostat_eta", settings->mirostat_eta);
  if (settings->n_logit_bias > 0)
    describe_bias (document, object, settings);

  return object;
}

static yyjson_mut_val *
describe_tools (yyjson_mut_doc    *document,
                const char *const *tools)
{
  yyjson_mut_val *array = yyjson_mut_arr (document);

  for (; *tools != NULL; tools++)
    yyjson_mut_arr_add_str (document, array, *tools);

  return array;
}

static yyjson_mut_val *
describe_stretches (yyjson_mut_doc *document,
                    const GArray   *stretches)
{
  yyjson_mut_val *array = yyjson_mut_arr (document);

  for (guint i = 0; stretches != NULL && i < stretches->len; i++)
    {
      const SottoStretch *stretch = &g_array_index (stretches, SottoStretch, i);
      yyjson_mut_val *object = yyjson_mut_arr_add_obj (document, array);

      yyjson_mut_obj_add_uint (document, object, "first", stretch->first);
      yyjson_mut_obj_add_uint (document, object, "length", stretch->length);
      yyjson_mut_obj_add_str (document, object, "computed", stretch->decoded ? "decoded" : "prefilled");
    }

  return array;
}

/* What it saw with, where there were pictures. */
static void
describe_vision (yyjson_mut_doc     *document,
                 yyjson_mut_val     *root,
                 const SottoReceipt *self)
{
  g_autofree char *path = NULL;

  if (self->vision_path == NULL)
    return;

  path = g_filename_display_name (self->vision_path);
  yyjson_mut_obj_add_strcpy (document, root, "vision", path);
  add_string (document, root, "vision_stamp", self->vision_stamp);
  yyjson_mut_obj_add_uint (document, root, "image_tokens", self->n_image_rows);
  yyjson_mut_obj_add_int (document, root, "looking_us", self->looking_us);
}

/**
 * sotto_receipt_to_json:
 *
 * Returns: (transfer full): a JSON object on one line
 */
char *
sotto_receipt_to_json (const SottoReceipt *self)
{
  yyjson_mut_doc *document = yyjson_mut_doc_new (NULL);
  yyjson_mut_val *root = yyjson_mut_obj (document);
  g_autofree char *path = g_filename_display_name (self->model_path != NULL ? self->model_path : "");
  char *text;
  char *result;

  yyjson_mut_doc_set_root (document, root);
  yyjson_mut_obj_add_uint (document, root, "version", 1);
  add_string (document, root, "model", path);
  add_string (document, root, "model_sha256", self->model_hash);
  add_string (document, root, "template_sha256", self->template_hash);
  if (self->grammar_hash != NULL)
    add_string (document, root, "grammar_sha256", self->grammar_hash);
  add_string (document, root, "prompt_sha256", self->prompt_hash);
  describe_vision (document, root, self);
  add_string (document, root, "date", self->date);
  if (self->tools != NULL)
    yyjson_mut_obj_add_val (document, root, "tools", describe_tools (document, (const char *const *) self->tools));
  add_string (document, root, "backend", self->backend);
  add_string (document, root, "build", self->build);
  yyjson_mut_obj_add_uint (document, root, "numerics", self->numerics_version);
  yyjson_mut_obj_add_str (document, root, "kv_cache", sotto_kv_type_get_name (self->kv_type));
  yyjson_mut_obj_add_uint (document, root, "context", self->n_context);
  yyjson_mut_obj_add_val (document, root, "sampler", describe_sampler (document, &self->sampler));
  yyjson_mut_obj_add_uint (document, root, "prompt_tokens", self->n_prompt);
  if (self->n_continued > 0)
    yyjson_mut_obj_add_uint (document, root, "continued_tokens", self->n_continued);
  yyjson_mut_obj_add_uint (document, root, "reused_tokens", self->n_reused);
  yyjson_mut_obj_add_uint (document, root, "generated_tokens", self->n_generated);
  if (self->n_reasoning > 0)
    yyjson_mut_obj_add_uint (document, root, "reasoning_tokens", self->n_reasoning);
  if (self->n_drafted > 0)
    {
      yyjson_mut_obj_add_uint (document, root, "drafted_tokens", self->n_drafted);
      yyjson_mut_obj_add_uint (document, root, "accepted_tokens", self->n_accepted);
    }
  yyjson_mut_obj_add_val (document, root, "stretches", describe_stretches (document, self->stretches));
  yyjson_mut_obj_add_int (document, root, "load_us", self->load_us);
  yyjson_mut_obj_add_int (document, root, "prefill_us", self->prefill_us);
  yyjson_mut_obj_add_int (document, root, "decode_us", self->decode_us);
  if (self->n_reasoning > 0)
    yyjson_mut_obj_add_int (document, root, "reasoning_us", self->reasoning_us);
  add_string (document, root, "ended", self->ended);

  text = yyjson_mut_write (document, 0, NULL);
  result = g_strdup (text != NULL ? text : "{}");
  free (text);
  yyjson_mut_doc_free (document);

  return result;
}
