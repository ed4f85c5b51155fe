#include "config.h"

#include "kept-receipt.h"

#include <glib/gi18n-lib.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#include "numbers.h"

/* Numbers stay the digits they are: a receipt tells them to the last. */
static yyjson_doc *
read_receipt (const char *receipt)
{
  return receipt != NULL ? yyjson_read (receipt, strlen (receipt), YYJSON_READ_NUMBER_AS_RAW) : NULL;
}

char *
sotto_kept_receipt_dup_for_others (const char *receipt)
{
  yyjson_doc *doc = read_receipt (receipt);
  yyjson_val *model = yyjson_obj_get (yyjson_doc_get_root (doc), "model");
  yyjson_mut_doc *copy = NULL;
  char *text = NULL;
  char *result;

  if (yyjson_is_str (model))
    {
      g_autofree char *file = g_path_get_basename (yyjson_get_str (model));

      copy = yyjson_doc_mut_copy (doc, NULL);
      yyjson_mut_set_strn (yyjson_mut_obj_get (yyjson_mut_doc_get_root (copy), "model"), file, strlen (file));
      text = yyjson_mut_write (copy, YYJSON_WRITE_NOFLAG, NULL);
    }
  result = g_strdup (text);
  free (text);
  yyjson_mut_doc_free (copy);
  yyjson_doc_free (doc);
  return result;
}

/* --- In words --- */

static void
add_line (GStrvBuilder *lines, const char *title, const char *value)
{
  if (value == NULL || *value == '\0')
    return;

  g_strv_builder_add (lines, title);
  g_strv_builder_add (lines, value);
}

/* Returns: (transfer none) (nullable): text, or the digits of a number */
static const char *
get_text (yyjson_val *object, const char *name)
{
  yyjson_val *value = yyjson_obj_get (object, name);

  return yyjson_is_str (value) ? yyjson_get_str (value) : yyjson_get_raw (value);
}

static guint64
get_number (yyjson_val *object, const char *name)
{
  const char *text = get_text (object, name);

  return text != NULL ? g_ascii_strtoull (text, NULL, 10) : 0;
}

/* In pieces that a line can be broken between, and an eye compare */
static char *
space_out (const char *hash)
{
  GString *spaced = g_string_new (NULL);

  for (gsize i = 0; hash != NULL && hash[i] != '\0'; i++)
    {
      if (i > 0 && i % 8 == 0)
        g_string_append_c (spaced, ' ');
      g_string_append_c (spaced, hash[i]);
    }
  return g_string_free (spaced, FALSE);
}

static char *
count_tokens (guint64 n)
{
  g_autofree char *number = sotto_number_describe (n);

  /* Translators: a token is a piece of a word */
  return n > 0 ? g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%s token", "%s tokens", (gulong) n), number) : NULL;
}

/* What of it was not at the value at which it does nothing */
static char *
describe_sampling (yyjson_val *sampler)
{
  const struct {
    const char *name;
    const char *title;
    double nothing;
  } settings[] = {
    { "top_p", _("Top-p"), 1 },
    { "top_k", _("Top-k"), 0 },
    { "min_p", _("Min-p"), 0 },
    { "repetition_penalty", _("Repetition Penalty"), 1 },
  };
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    {
      const char *value = get_text (sampler, settings[i].name);

      if (value != NULL && !G_APPROX_VALUE (g_ascii_strtod (value, NULL), settings[i].nothing, 1e-6))
        g_string_append_printf (text, "%s%s %s", text->len > 0 ? " · " : "", settings[i].title, value);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

char **
sotto_kept_receipt_describe (const char *receipt)
{
  g_autoptr (GStrvBuilder) lines = g_strv_builder_new ();
  yyjson_doc *doc = read_receipt (receipt);
  yyjson_val *root = yyjson_doc_get_root (doc);
  yyjson_val *sampler = yyjson_obj_get (root, "sampler");
  const char *model = get_text (root, "model");
  const char *temperature = get_text (sampler, "temperature");
  const gboolean is_greedy = temperature != NULL && g_ascii_strtod (temperature, NULL) <= 0;
  g_autofree char *file = model != NULL && *model != '\0' ? g_path_get_basename (model) : NULL;
  g_autofree char *hash = space_out (get_text (root, "model_sha256"));
  g_autofree char *sampling = is_greedy ? NULL : describe_sampling (sampler);
  g_autofree char *context = count_tokens (get_number (root, "context"));
  g_autofree char *prompt = count_tokens (get_number (root, "prompt_tokens"));

  add_line (lines, _("Model File"), file);
  /* Translators: of the model’s file; the digits by which one tells whether it is the same */
  add_line (lines, _("Fingerprint of the File (SHA-256)"), hash);
  /* Translators: what the model was given to read before it answered */
  add_line (lines, _("Read Before"), prompt);
  add_line (lines, _("Context Length"), context);
  add_line (lines, _("Temperature"), temperature);
  /* Where the likeliest word is always taken there is nothing to choose. */
  add_line (lines, _("Sampling"), sampling);
  /* Translators: the number that chance starts from: the same number gives the same answer */
  add_line (lines, _("Seed"), is_greedy ? NULL : get_text (sampler, "seed"));
  /* Translators: by which part of the computer, such as “avx2” or the name of a GPU */
  add_line (lines, _("Computed On"), get_text (root, "backend"));
  /* Translators: which Sotto has made the reply */
  add_line (lines, _("Version of Sotto"), get_text (root, "build"));
  yyjson_doc_free (doc);
  return g_strv_builder_end (lines);
}
