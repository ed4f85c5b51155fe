#include "config.h"

#include "model/model-vision.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "problem.h"

#define KEY "model-visions"

/* --- Whether it fits --- */

GArray *
sotto_model_vision_fits (const char *path, GPtrArray *visions)
{
  GArray *fits = g_array_sized_new (FALSE, TRUE, sizeof (gboolean), visions->len);
  g_autoptr (SottoModel) model = sotto_model_open (path, NULL, NULL, NULL, NULL);

  for (guint i = 0; i < visions->len; i++)
    {
      const SottoModelFacts *facts = g_ptr_array_index (visions, i);
      g_autoptr (SottoVision) vision = model != NULL ? sotto_vision_open (facts->path, NULL, NULL) : NULL;
      const gboolean it_fits = vision != NULL && sotto_vision_fits (vision, model);

      g_array_append_val (fits, it_fits);
    }
  return fits;
}

/* --- Names --- */

/* Words that say nothing about which model it is */
static const char *const plain_words[] = {
  "mmproj", "projector", "model", "gguf", "ggml", "vision", "clip", "encoder", "adapter", "instruct", "chat", "base", "text",
  "preview", "video", "image", "unknown", "unnamed", "test", NULL
};

/* Returns: (transfer full): a set of words: letters, numbers, and numbers with a letter behind ("4b"), so that "gemma3" and
 * "gemma-3" are the same */
static GHashTable *
split (const char *name)
{
  g_autofree char *folded = g_ascii_strdown (name, -1);
  GHashTable *words = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (const char *p = folded; *p != '\0';)
    {
      const char *begin = p;

      if (g_ascii_isdigit (*p))
        {
          while (g_ascii_isdigit (*p) || (*p == '.' && g_ascii_isdigit (p[1])))
            p++;
          if ((*p == 'b' || *p == 'm') && !g_ascii_isalnum (p[1]))
            p++;
        }
      else
        {
          while (g_ascii_isalpha (*p))
            p++;
        }
      if (p > begin)
        g_hash_table_add (words, g_strndup (begin, (gsize) (p - begin)));
      else
        p++;
    }
  return words;
}

typedef enum { LETTERS, VERSION, SIZE } Kind;

static Kind
get_kind (const char *word)
{
  if (!g_ascii_isdigit (word[0]))
    return LETTERS;
  return g_ascii_isalpha (word[strlen (word) - 1]) ? SIZE : VERSION;
}

static gboolean
says_something (const char *word)
{
  return strlen (word) >= 3 && !g_strv_contains (plain_words, word);
}

/* "gemma 3 4b it" has three in common with "gemma 3 4b", but none with "gemma 2" or "gemma 3 12b". */
static guint
count_common (const char *name, const char *other_name)
{
  g_autoptr (GHashTable) words = split (name);
  g_autoptr (GHashTable) others = split (other_name);
  guint n_common = 0, n_versions = 0, n_other_versions = 0, n_common_versions = 0;
  gboolean has_size = FALSE, has_other_size = FALSE, has_common_size = FALSE, has_word = FALSE;
  GHashTableIter iter;
  gpointer word;

  g_hash_table_iter_init (&iter, others);
  while (g_hash_table_iter_next (&iter, &word, NULL))
    {
      n_other_versions += get_kind (word) == VERSION;
      has_other_size |= get_kind (word) == SIZE;
    }

  g_hash_table_iter_init (&iter, words);
  while (g_hash_table_iter_next (&iter, &word, NULL))
    {
      const gboolean is_common = g_hash_table_contains (others, word);
      const Kind kind = get_kind (word);

      n_common += is_common;
      n_versions += kind == VERSION;
      n_common_versions += is_common && kind == VERSION;
      has_size |= kind == SIZE;
      has_common_size |= is_common && kind == SIZE;
      has_word |= is_common && kind == LETTERS && says_something (word);
    }

  if (!has_word || n_common_versions != n_versions || n_common_versions != n_other_versions
      || (has_size && has_other_size && !has_common_size))
    return 0;
  return n_common;
}

guint
sotto_model_vision_rate (const SottoModelFacts *model, const SottoModelFacts *vision)
{
  const char *const names[] = { model->name, model->own_name };
  const char *const visions[] = { vision->name, vision->own_name };
  guint most = 0;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    for (guint k = 0; k < G_N_ELEMENTS (visions); k++)
      if (names[i] != NULL && visions[k] != NULL)
        most = MAX (most, count_common (names[i], visions[k]));
  return most;
}

/* --- Which one --- */

static gboolean
is_in_folder_of (const SottoModelFacts *facts, const SottoModelFacts *other)
{
  g_autofree char *folder = g_path_get_dirname (facts->path);
  g_autofree char *other_folder = g_path_get_dirname (other->path);

  return g_str_equal (folder, other_folder);
}

/* LM Studio gives each model a folder, in which it may lie in several quantisations. */
static gboolean
is_alone (const SottoModelFacts *model, GPtrArray *models)
{
  for (guint i = 0; i < models->len; i++)
    {
      const SottoModelFacts *other = g_ptr_array_index (models, i);

      if (!g_str_equal (other->name, model->name) && is_in_folder_of (other, model))
        return FALSE;
    }
  return TRUE;
}

gboolean
sotto_model_vision_is_beside (const SottoModelFacts *model, const SottoModelFacts *vision, GPtrArray *models)
{
  return is_in_folder_of (vision, model) && (sotto_model_vision_rate (model, vision) > 0 || is_alone (model, models));
}

/* Of the same, the larger one is the more exact. */
static gboolean
is_better (const SottoModelFacts *vision, const SottoModelFacts *than)
{
  return vision->size != than->size ? vision->size > than->size : strcmp (vision->path, than->path) < 0;
}

const SottoModelFacts *
sotto_model_vision_choose (const SottoModelFacts *model, GPtrArray *visions, GPtrArray *models)
{
  const SottoModelFacts *best = NULL;
  guint best_rate = 0;

  for (guint i = 0; i < visions->len; i++)
    {
      const SottoModelFacts *vision = g_ptr_array_index (visions, i);
      guint rate = sotto_model_vision_rate (model, vision);

      if (sotto_model_vision_is_beside (model, vision, models))
        rate += 1000;
      if (rate > best_rate || (rate > 0 && rate == best_rate && is_better (vision, best)))
        {
          best = vision;
          best_rate = rate;
        }
    }
  return best;
}

char *
sotto_model_vision_describe_refusal (const SottoModelFacts *vision)
{
  g_autofree char *name = g_filename_display_basename (vision->path);
  g_autoptr (SottoProblem) problem = NULL;

  if (vision->error == NULL)
    /* Translators: a file with which a model would see pictures */
    return g_strdup_printf (_("“%s” was made for another model."), name);
  if (g_error_matches (vision->error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_FAMILY))
    /* Translators: a file with which a model would see pictures */
    return g_strdup_printf (_("“%s” is of a kind that Sotto cannot use yet."), name);
  problem = sotto_problem_new (vision->error);
  return g_strdup (sotto_problem_get_text (problem));
}

/* --- What a person has chosen --- */

/* Whether @kept is the choice for @path. @length: (out): of what was chosen */
static gboolean
match (const char *kept, const char *path, gsize *length)
{
  const char *line = strchr (kept, '\n');

  if (line == NULL || !g_str_equal (line + 1, path))
    return FALSE;
  *length = (gsize) (line - kept);
  return TRUE;
}

char *
sotto_model_vision_get (SottoSettings *settings, const char *path)
{
  g_auto (GStrv) kept = sotto_settings_dup_strv (settings, KEY);
  gsize length;

  for (guint i = 0; kept[i] != NULL; i++)
    if (match (kept[i], path, &length))
      return g_strndup (kept[i], length);
  return NULL;
}

static gboolean
can_keep (const char *path)
{
  return g_utf8_validate (path, -1, NULL) && strchr (path, '\n') == NULL;
}

void
sotto_model_vision_set (SottoSettings *settings, const char *path, const char *vision)
{
  g_auto (GStrv) kept = sotto_settings_dup_strv (settings, KEY);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) all = NULL;
  gsize length;

  if (!can_keep (path) || (vision != NULL && !can_keep (vision)))
    return;

  for (guint i = 0; kept[i] != NULL; i++)
    if (!match (kept[i], path, &length))
      g_strv_builder_add (builder, kept[i]);
  if (vision != NULL)
    g_strv_builder_take (builder, g_strconcat (vision, "\n", path, NULL));
  all = g_strv_builder_end (builder);
  if (!g_strv_equal ((const char *const *) all, (const char *const *) kept))
    g_object_set (settings, KEY, all, NULL);
}
