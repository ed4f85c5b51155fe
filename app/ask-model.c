#include "config.h"

#include "ask-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "model/model-vision.h"
#include "problem.h"

/* Which model a person means on the command line. In this order, the first that finds one:
 *
 *   a path; a model's whole name; a beginning that only one name has; a part that only one has
 *
 * This file and ask.c are the only ones in this folder that print. */

void
sotto_ask_complain (const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_printerr ("sotto: %s\n", text);
}

void
sotto_ask_complain_about (const GError *error)
{
  g_autoptr (SottoProblem) problem = sotto_problem_new (error);

  sotto_ask_complain ("%s", sotto_problem_get_text (problem));
}

static int
compare_facts (gconstpointer a, gconstpointer b)
{
  const SottoModelFacts *facts_a = *(SottoModelFacts **) a;
  const SottoModelFacts *facts_b = *(SottoModelFacts **) b;

  return sotto_model_files_compare (facts_a->name, sotto_model_facts_rank (facts_a), facts_b->name,
                                    sotto_model_facts_rank (facts_b));
}

/* @visions: (out) (transfer full): what models see with */
static GPtrArray *
look_at_all (GPtrArray *paths, GPtrArray **visions)
{
  GPtrArray *all = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_model_facts_free);

  *visions = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_model_facts_free);
  for (guint i = 0; i < paths->len; i++)
    {
      SottoModelFacts *facts = sotto_model_files_look (g_ptr_array_index (paths, i));

      g_ptr_array_add (facts->is_vision ? *visions : all, facts);
    }
  g_ptr_array_sort (all, compare_facts);
  return all;
}

/* What @model sees with, of @visions; @all: the models */
static const SottoModelFacts *
find_vision (const SottoModelFacts *model, GPtrArray *visions, GPtrArray *all)
{
  g_autoptr (GPtrArray) wide = g_ptr_array_new ();
  g_autoptr (GPtrArray) fitting = g_ptr_array_new ();
  g_autoptr (GArray) fits = NULL;

  for (guint i = 0; i < visions->len; i++)
    if (model->n_embedding > 0 && ((SottoModelFacts *) visions->pdata[i])->n_embedding == model->n_embedding)
      g_ptr_array_add (wide, visions->pdata[i]);
  if (wide->len == 0)
    return NULL;

  fits = sotto_model_vision_fits (model->path, wide);
  for (guint i = 0; i < wide->len; i++)
    if (g_array_index (fits, gboolean, i))
      g_ptr_array_add (fitting, wide->pdata[i]);
  return sotto_model_vision_choose (model, fitting, all);
}

char *
sotto_ask_find_vision (const SottoModelFacts *model)
{
  const char *const beside[] = { model->path, NULL };
  g_autoptr (GPtrArray) paths = sotto_model_files_list (beside);
  g_autoptr (GPtrArray) visions = NULL;
  g_autoptr (GPtrArray) all = look_at_all (paths, &visions);
  const SottoModelFacts *vision = find_vision (model, visions, all);

  return vision != NULL ? g_strdup (vision->path) : NULL;
}

/* Letters without their case; whatever parts words is a space. */
static char *
fold (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  char *folded = g_utf8_casefold (valid, -1);

  g_strdelimit (folded, "-_. ", ' ');
  return g_strstrip (folded);
}

typedef gboolean (*Fits) (const SottoModelFacts *facts, const char *wanted);

static gboolean
is_called (const SottoModelFacts *facts, const char *wanted)
{
  return sotto_model_files_matches (facts->path, facts->name, wanted);
}

static gboolean
begins_with (const SottoModelFacts *facts, const char *wanted)
{
  g_autofree char *base = g_path_get_basename (facts->path);
  g_autofree char *file = fold (base);
  g_autofree char *name = fold (facts->name);
  g_autofree char *beginning = fold (wanted);

  return g_str_has_prefix (file, beginning) || g_str_has_prefix (name, beginning);
}

static gboolean
contains (const SottoModelFacts *facts, const char *wanted)
{
  g_autofree char *base = g_path_get_basename (facts->path);
  g_autofree char *file = fold (base);
  g_autofree char *name = fold (facts->name);
  g_autofree char *part = fold (wanted);

  return strstr (file, part) != NULL || strstr (name, part) != NULL;
}

/* Returns: (transfer container) (element-type SottoModelFacts): all of @all for which @fits holds */
static GPtrArray *
filter (GPtrArray *all, Fits fits, const char *wanted)
{
  GPtrArray *found = g_ptr_array_new ();

  for (guint i = 0; i < all->len; i++)
    if (fits (g_ptr_array_index (all, i), wanted))
      g_ptr_array_add (found, g_ptr_array_index (all, i));
  return found;
}

/* @models: of @all; those that see with one of @visions say so */
static void
list (GPtrArray *models, GPtrArray *visions, GPtrArray *all)
{
  for (guint i = 0; i < models->len; i++)
    {
      const SottoModelFacts *facts = g_ptr_array_index (models, i);
      g_autofree char *file = g_filename_display_basename (facts->path);

      g_printerr ("  %s (%s)", facts->name, file);
      if (find_vision (facts, visions, all) != NULL)
        /* Translators: behind the name of a model, in a list */
        g_printerr (", %s", _("sees pictures"));
      g_printerr ("\n");
    }
}

static gboolean
is_usable (const SottoModelFacts *facts, const char *unused)
{
  return sotto_model_facts_rank (facts) != SOTTO_MODEL_RANK_UNUSABLE;
}

static void
complain_about_none (const char *wanted, GPtrArray *visions, GPtrArray *all)
{
  g_autoptr (GPtrArray) usable = filter (all, is_usable, NULL);
  g_auto (GStrv) folders = sotto_model_files_folders ();

  if (wanted != NULL)
    sotto_ask_complain (_("There is no model “%s”."), wanted);
  else
    sotto_ask_complain (_("There is no model."));

  if (usable->len > 0)
    {
      g_printerr ("%s\n", _("These are there:"));
      list (usable, visions, all);
      return;
    }
  /* Translators: %s is a folder */
  g_printerr (_("Put a model file (GGUF) into %s, or name one with --model."), folders[0]);
  g_printerr ("\n");
}

/* Of the first way that fits any: the only one, or, where a name is whole, the best of those called so. */
static SottoModelFacts *
choose (GPtrArray *visions, GPtrArray *all, const char *wanted)
{
  static const Fits ways[] = { is_called, begins_with, contains };

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      g_autoptr (GPtrArray) found = filter (all, ways[i], wanted);

      if (found->len == 0)
        continue;
      if (found->len == 1 || ways[i] == is_called)
        return g_ptr_array_index (found, 0);

      sotto_ask_complain (_("“%s” may be one of several models:"), wanted);
      list (found, visions, all);
      return NULL;
    }

  complain_about_none (wanted, visions, all);
  return NULL;
}

/* @facts: (transfer full) */
static SottoModelFacts *
check (SottoModelFacts *facts)
{
  if (facts->is_embedding)
    g_set_error (&facts->error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_EMBEDDING_MODEL,
                 "%s gives embeddings and writes no text", facts->path);
  if (facts->error == NULL && !facts->is_vision)
    return facts;

  if (facts->is_vision)
    {
      g_autofree char *file = g_filename_display_basename (facts->path);

      /* Translators: %s is the name of a file */
      sotto_ask_complain (_("“%s” is no model, but what a model sees pictures with."), file);
    }
  else
    {
      sotto_ask_complain_about (facts->error);
    }
  sotto_model_facts_free (facts);
  return NULL;
}

SottoModelFacts *
sotto_ask_find_model (const char *wanted)
{
  g_autoptr (GPtrArray) paths = NULL;
  g_autoptr (GPtrArray) visions = NULL;
  g_autoptr (GPtrArray) all = NULL;
  SottoModelFacts *chosen;
  guint position;

  if (wanted != NULL && (strchr (wanted, '/') != NULL || g_file_test (wanted, G_FILE_TEST_EXISTS)))
    return check (sotto_model_files_look (wanted));

  /* A file's whole name is known without opening all the others. */
  paths = sotto_model_files_list (NULL);
  for (guint i = 0; wanted != NULL && i < paths->len; i++)
    if (sotto_model_files_matches (g_ptr_array_index (paths, i), NULL, wanted))
      return check (sotto_model_files_look (g_ptr_array_index (paths, i)));

  all = look_at_all (paths, &visions);
  if (wanted != NULL)
    {
      chosen = choose (visions, all, wanted);
      if (chosen == NULL)
        return NULL;
    }
  else if (all->len > 0 && is_usable (g_ptr_array_index (all, 0), NULL))
    {
      chosen = g_ptr_array_index (all, 0);
    }
  else
    {
      complain_about_none (NULL, visions, all);
      return NULL;
    }

  g_ptr_array_find (all, chosen, &position);
  return check (g_ptr_array_steal_index (all, position));
}
