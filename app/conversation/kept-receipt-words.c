#include "config.h"

#include "conversation/kept-receipt.h"

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

/* The receipt and those of its earlier parts. Returns: %FALSE if there is no such one */
static gboolean
has_part (yyjson_mut_val *root, guint n, yyjson_mut_val **part)
{
  yyjson_mut_val *earlier = yyjson_mut_obj_get (root, "earlier");

  *part = n == 0 ? root : yyjson_mut_arr_get (earlier, n - 1);
  return *part != NULL;
}

static char *
write_receipt (yyjson_mut_doc *doc)
{
  char *text = yyjson_mut_write (doc, YYJSON_WRITE_NOFLAG, NULL);
  char *copy = g_strdup (text);

  free (text);
  return copy;
}

/* Leaves the file's name of the path that @part has under @name. */
static void
take_folder (yyjson_mut_doc *doc, yyjson_mut_val *part, const char *name)
{
  const char *path = yyjson_mut_get_str (yyjson_mut_obj_get (part, name));
  g_autofree char *file = path != NULL ? g_path_get_basename (path) : NULL;

  if (file != NULL)
    yyjson_mut_obj_put (part, yyjson_mut_str (doc, name), yyjson_mut_strcpy (doc, file));
}

/* Where a model lies, and what it saw with, in every part */
static void
take_folders (yyjson_mut_doc *doc)
{
  yyjson_mut_val *root = yyjson_mut_doc_get_root (doc);
  yyjson_mut_val *part;

  for (guint i = 0; has_part (root, i, &part); i++)
    {
      take_folder (doc, part, "model");
      take_folder (doc, part, "vision");
    }
}

char *
sotto_kept_receipt_dup_for_others (const char *receipt)
{
  yyjson_doc *doc = read_receipt (receipt);
  yyjson_val *root = yyjson_doc_get_root (doc);
  yyjson_mut_doc *copy = NULL;
  char *result = NULL;

  if (yyjson_is_str (yyjson_obj_get (root, "model")) || yyjson_arr_size (yyjson_obj_get (root, "earlier")) > 0)
    {
      copy = yyjson_doc_mut_copy (doc, NULL);
      take_folders (copy);
      result = write_receipt (copy);
    }
  yyjson_mut_doc_free (copy);
  yyjson_doc_free (doc);
  return result;
}

/* --- Parts --- */

/* The list of @earlier's own earlier parts, and itself behind them */
static yyjson_mut_val *
list_earlier (yyjson_mut_doc *doc, yyjson_doc *earlier)
{
  yyjson_mut_val *last = yyjson_val_mut_copy (doc, yyjson_doc_get_root (earlier));
  yyjson_mut_val *list = yyjson_mut_obj_remove_key (last, "earlier");

  if (!yyjson_mut_is_arr (list))
    list = yyjson_mut_arr (doc);
  /* What stood for a part of which nothing is known says nothing beside those before it. */
  if (yyjson_mut_obj_get (last, "model") != NULL || yyjson_mut_arr_size (list) == 0)
    yyjson_mut_arr_append (list, last);
  return list;
}

/* Known by now, for a part that ended before it was. */
static void
fill_hashes (yyjson_mut_doc *doc, yyjson_mut_val *root, yyjson_mut_val *list)
{
  yyjson_mut_val *hash = yyjson_mut_obj_get (root, "model_sha256");
  yyjson_mut_val *part;
  size_t i, n;

  if (!yyjson_mut_is_str (hash))
    return;

  yyjson_mut_arr_foreach (list, i, n, part)
    if (yyjson_mut_is_null (yyjson_mut_obj_get (part, "model_sha256"))
        && yyjson_mut_equals (yyjson_mut_obj_get (part, "model"), yyjson_mut_obj_get (root, "model")))
      {
        const char *text = yyjson_mut_get_str (hash);

        yyjson_mut_obj_replace (part, yyjson_mut_str (doc, "model_sha256"), yyjson_mut_strcpy (doc, text));
      }
}

char *
sotto_kept_receipt_join (const char *receipt, const char *earlier)
{
  yyjson_doc *old = read_receipt (earlier);
  yyjson_doc *added = read_receipt (receipt != NULL ? receipt : "{\"version\":1}");
  yyjson_mut_doc *doc;
  yyjson_mut_val *root;
  char *result = g_strdup (receipt);

  if (yyjson_is_obj (yyjson_doc_get_root (old)) && yyjson_is_obj (yyjson_doc_get_root (added)))
    {
      yyjson_mut_val *list;

      doc = yyjson_doc_mut_copy (added, NULL);
      root = yyjson_mut_doc_get_root (doc);
      list = list_earlier (doc, old);
      fill_hashes (doc, root, list);
      yyjson_mut_obj_add_val (doc, root, "earlier", list);
      g_free (result);
      result = write_receipt (doc);
      yyjson_mut_doc_free (doc);
    }
  yyjson_doc_free (old);
  yyjson_doc_free (added);
  return result;
}

char *
sotto_kept_receipt_add_schema (const char *receipt, const char *schema)
{
  yyjson_doc *doc = read_receipt (receipt);
  yyjson_mut_doc *copy = NULL;
  char *result = NULL;

  if (yyjson_is_obj (yyjson_doc_get_root (doc)))
    {
      copy = yyjson_doc_mut_copy (doc, NULL);
      yyjson_mut_obj_add_str (copy, yyjson_mut_doc_get_root (copy), "answer_schema", schema);
      result = write_receipt (copy);
    }
  yyjson_mut_doc_free (copy);
  yyjson_doc_free (doc);
  return result != NULL ? result : g_strdup (receipt);
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

#define MAX_PARTS 50 /* that are told: who has a receipt from elsewhere is not to wait */

/* An earlier part in a line: what made it, how much of it, from which number */
static char *
describe_part (yyjson_val *part)
{
  const char *model = get_text (part, "model");
  const char *seed = get_text (yyjson_obj_get (part, "sampler"), "seed");
  g_autofree char *file = model != NULL && *model != '\0' ? g_path_get_basename (model) : NULL;
  g_autofree char *n_tokens = count_tokens (get_number (part, "generated_tokens"));
  g_autofree char *chance = seed != NULL ? g_strdup_printf ("%s %s", _("Seed"), seed) : NULL;
  const char *const all[] = { file, n_tokens, chance };
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    if (all[i] != NULL)
      g_string_append_printf (text, "%s%s", text->len > 0 ? " · " : "", all[i]);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* A reply that went on: what it found, and of what that was made */
static void
describe_earlier (GStrvBuilder *lines, yyjson_val *root)
{
  g_autofree char *continued = count_tokens (get_number (root, "continued_tokens"));
  yyjson_val *part;
  size_t i, n;

  /* Translators: of a reply that was cut off and went on: how much of it was there by then */
  add_line (lines, _("Continued Behind"), continued);
  yyjson_arr_foreach (yyjson_obj_get (root, "earlier"), i, n, part)
    {
      /* Translators: of a reply that was cut off and went on: its first part, its second … */
      g_autofree char *title = g_strdup_printf (_("Part %u"), (guint) i + 1);
      g_autofree char *text = describe_part (part);

      add_line (lines, title, text);
      if (i + 1 == MAX_PARTS)
        break;
    }
}

char **
sotto_kept_receipt_describe (const char *receipt)
{
  g_autoptr (GStrvBuilder) lines = g_strv_builder_new ();
  yyjson_doc *doc = read_receipt (receipt);
  yyjson_val *root = yyjson_doc_get_root (doc);
  yyjson_val *sampler = yyjson_obj_get (root, "sampler");
  const char *model = get_text (root, "model");
  const char *vision = get_text (root, "vision");
  const char *temperature = get_text (sampler, "temperature");
  const gboolean is_greedy = temperature != NULL && g_ascii_strtod (temperature, NULL) <= 0;
  g_autofree char *file = model != NULL && *model != '\0' ? g_path_get_basename (model) : NULL;
  g_autofree char *eyes = vision != NULL && *vision != '\0' ? g_path_get_basename (vision) : NULL;
  g_autofree char *hash = space_out (get_text (root, "model_sha256"));
  g_autofree char *form = space_out (get_text (root, "grammar_sha256"));
  g_autofree char *sampling = is_greedy ? NULL : describe_sampling (sampler);
  g_autofree char *context = count_tokens (get_number (root, "context"));
  g_autofree char *prompt = count_tokens (get_number (root, "prompt_tokens"));

  add_line (lines, _("Model File"), file);
  /* Translators: of the model’s file; the digits by which one tells whether it is the same */
  add_line (lines, _("Fingerprint of the File (SHA-256)"), hash);
  /* Translators: the file with which the model saw pictures */
  add_line (lines, _("Pictures Seen With"), eyes);
  /* Translators: what the model was given to read before it answered */
  add_line (lines, _("Read Before"), prompt);
  add_line (lines, _("Context Length"), context);
  add_line (lines, _("Temperature"), temperature);
  /* Where the likeliest word is always taken there is nothing to choose. */
  add_line (lines, _("Sampling"), sampling);
  /* Translators: the number that chance starts from: the same number gives the same answer */
  add_line (lines, _("Seed"), is_greedy ? NULL : get_text (sampler, "seed"));
  /* Translators: of the form (a JSON Schema) that an answer had to have; the digits by which one tells whether it is the same */
  add_line (lines, _("Fingerprint of the Answer’s Form (SHA-256)"), form);
  /* Translators: by which part of the computer, such as “avx2” or the name of a GPU */
  add_line (lines, _("Computed On"), get_text (root, "backend"));
  /* Translators: which Sotto has made the reply */
  add_line (lines, _("Version of Sotto"), get_text (root, "build"));
  describe_earlier (lines, root);
  yyjson_doc_free (doc);
  return g_strv_builder_end (lines);
}
