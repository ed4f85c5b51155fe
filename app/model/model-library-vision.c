#include "config.h"

#include "model/model-library-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "model/model-entry-private.h"
#include "model/model-vision.h"

/* What models see with lies in files of its own, which are not on the list: they are known here, and each model is told of the one
 * that is meant for it, or that a person has chosen. Which of them fit was found out by the look that saw them
 * (model-look.c). */

static SottoModelFacts *
find_vision (SottoModelLibrary *self, const char *path, guint *position)
{
  for (guint i = 0; i < self->visions->len; i++)
    {
      SottoModelFacts *vision = g_ptr_array_index (self->visions, i);

      if (!g_str_equal (vision->path, path))
        continue;
      if (position != NULL)
        *position = i;
      return vision;
    }
  return NULL;
}

static gboolean
names_path (gpointer pair, gpointer fits, gpointer path)
{
  const char *line = strchr (pair, '\n');
  const size_t length = strlen (path);

  return ((size_t) (line - (const char *) pair) == length && strncmp (pair, path, length) == 0)
         || g_str_equal (line + 1, path);
}

void
sotto_model_library_forget_pairs (SottoModelLibrary *self, const char *path)
{
  g_hash_table_foreach_remove (self->pairs, names_path, (gpointer) path);
}

void
sotto_model_library_drop_vision (SottoModelLibrary *self, const char *path)
{
  guint position;

  if (find_vision (self, path, &position) == NULL)
    return;

  sotto_model_library_forget_pairs (self, path);
  g_ptr_array_remove_index (self->visions, position);
}

void
sotto_model_library_take_vision (SottoModelLibrary *self, SottoModelFacts *facts)
{
  SottoModelEntry *entry = sotto_model_library_find_path (self, facts->path);
  guint position;

  /* The file of a model has become one. */
  if (entry != NULL && g_ptr_array_find (self->entries, entry, &position))
    sotto_model_library_remove (self, position);

  sotto_model_library_drop_embedder (self, facts->path);
  sotto_model_library_forget_pairs (self, facts->path);
  sotto_model_library_drop_vision (self, facts->path);
  g_ptr_array_add (self->visions, facts);
}

void
sotto_model_library_merge_visions (SottoModelLibrary *self, const SottoModelLook *look)
{
  GHashTableIter iter;
  gpointer pair, fits;

  for (guint i = self->visions->len; i > 0; i--)
    {
      const SottoModelFacts *vision = g_ptr_array_index (self->visions, i - 1);

      if (!sotto_model_look_has_path (look, vision->path))
        sotto_model_library_drop_vision (self, vision->path);
    }

  g_hash_table_iter_init (&iter, look->pairs);
  while (g_hash_table_iter_next (&iter, &pair, &fits))
    g_hash_table_replace (self->pairs, g_strdup (pair), fits);
}

/* --- Pairs --- */

static gboolean
is_pair (SottoModelLibrary *self, const SottoModelFacts *model, const SottoModelFacts *vision)
{
  g_autofree char *pair = sotto_model_look_create_pair (model->path, vision->path);

  return GPOINTER_TO_INT (g_hash_table_lookup (self->pairs, pair));
}

/* Returns: (transfer container) (element-type SottoModelFacts): those that fit @model */
static GPtrArray *
list_fitting (SottoModelLibrary *self, const SottoModelFacts *model)
{
  GPtrArray *fitting = g_ptr_array_new ();

  for (guint i = 0; i < self->visions->len; i++)
    if (is_pair (self, model, g_ptr_array_index (self->visions, i)))
      g_ptr_array_add (fitting, g_ptr_array_index (self->visions, i));
  return fitting;
}

/* Returns: (transfer container) (element-type SottoModelFacts): of all models on the list */
static GPtrArray *
list_models (SottoModelLibrary *self)
{
  GPtrArray *models = g_ptr_array_new ();

  for (guint i = 0; i < self->entries->len; i++)
    {
      const SottoModelFacts *facts = sotto_model_entry_peek_facts (g_ptr_array_index (self->entries, i));

      if (facts != NULL)
        g_ptr_array_add (models, (gpointer) facts);
    }
  return models;
}

/* Returns: (transfer full) (nullable): why @model does not see with what lies beside it for that */
static char *
explain (SottoModelLibrary *self, const SottoModelFacts *model, GPtrArray *models)
{
  for (guint i = 0; i < self->visions->len; i++)
    {
      const SottoModelFacts *vision = g_ptr_array_index (self->visions, i);

      if (!is_pair (self, model, vision) && sotto_model_vision_is_beside (model, vision, models))
        return sotto_model_vision_describe_refusal (vision);
    }
  return NULL;
}

/* @is_left_to_us: (out): no person has chosen, or what is chosen is not there */
static const SottoModelFacts *
find_for (SottoModelLibrary *self, const SottoModelFacts *model, GPtrArray *models, gboolean *is_left_to_us)
{
  g_autoptr (GPtrArray) fitting = list_fitting (self, model);
  g_autofree char *chosen = sotto_model_vision_get (self->settings, model->path);
  const SottoModelFacts *vision = chosen != NULL ? find_vision (self, chosen, NULL) : NULL;

  *is_left_to_us = chosen == NULL || (chosen[0] != '\0' && vision == NULL);
  if (*is_left_to_us)
    return sotto_model_vision_choose (model, fitting, models);
  return vision != NULL && is_pair (self, model, vision) ? vision : NULL;
}

static void
pair_entry (SottoModelLibrary *self, SottoModelEntry *entry, GPtrArray *models)
{
  const SottoModelFacts *model = sotto_model_entry_peek_facts (entry);
  const SottoModelFacts *vision;
  g_autofree char *text = NULL;
  gboolean is_left_to_us;

  if (model == NULL)
    return;

  vision = find_for (self, model, models, &is_left_to_us);
  if (vision == NULL && is_left_to_us && model->error == NULL)
    text = explain (self, model, models);
  sotto_model_entry_set_vision (entry, vision, text);
}

void
sotto_model_library_pair (SottoModelLibrary *self)
{
  g_autoptr (GPtrArray) models = list_models (self);
  GHashTableIter iter;
  gpointer entry;

  for (guint i = 0; i < self->entries->len; i++)
    pair_entry (self, g_ptr_array_index (self->entries, i), models);

  g_hash_table_iter_init (&iter, self->outside);
  while (g_hash_table_iter_next (&iter, NULL, &entry))
    pair_entry (self, entry, models);
}

/* --- The choice --- */

char **
sotto_model_library_dup_visions (SottoModelLibrary *self, SottoModelEntry *entry)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  const SottoModelFacts *model;

  g_return_val_if_fail (SOTTO_IS_MODEL_LIBRARY (self), NULL);
  g_return_val_if_fail (SOTTO_IS_MODEL_ENTRY (entry), NULL);

  model = sotto_model_entry_peek_facts (entry);
  for (guint i = 0; model != NULL && i < self->visions->len; i++)
    {
      const SottoModelFacts *vision = g_ptr_array_index (self->visions, i);

      if (is_pair (self, model, vision))
        g_strv_builder_add (builder, vision->path);
    }
  return g_strv_builder_end (builder);
}

void
sotto_model_library_set_vision (SottoModelLibrary *self, SottoModelEntry *entry, const char *path)
{
  const SottoModelFacts *model;
  const SottoModelFacts *own;
  g_autoptr (GPtrArray) models = NULL;
  g_autoptr (GPtrArray) fitting = NULL;

  g_return_if_fail (SOTTO_IS_MODEL_LIBRARY (self));
  g_return_if_fail (SOTTO_IS_MODEL_ENTRY (entry));

  model = sotto_model_entry_peek_facts (entry);
  if (model == NULL)
    return;

  /* What would be taken anyhow need not be kept. */
  models = list_models (self);
  fitting = list_fitting (self, model);
  own = sotto_model_vision_choose (model, fitting, models);
  if (g_strcmp0 (own != NULL ? own->path : NULL, path) == 0)
    sotto_model_vision_set (self->settings, model->path, NULL);
  else
    sotto_model_vision_set (self->settings, model->path, path != NULL ? path : "");
}

/* --- Adding and removing one --- */

char **
sotto_model_library_dup_lone_visions (SottoModelLibrary *self, const char *leaving, char **added)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; added[i] != NULL; i++)
    {
      const SottoModelFacts *vision = find_vision (self, added[i], NULL);
      gboolean fits_leaving = FALSE, fits_other = FALSE;

      for (guint k = 0; vision != NULL && k < self->entries->len; k++)
        {
          const SottoModelFacts *model = sotto_model_entry_peek_facts (g_ptr_array_index (self->entries, k));

          if (model == NULL || !is_pair (self, model, vision))
            continue;
          if (sotto_model_library_is_at_or_in (model->path, leaving))
            fits_leaving = TRUE;
          else
            fits_other = TRUE;
        }
      if (fits_leaving && !fits_other && !g_str_equal (vision->path, leaving))
        g_strv_builder_add (builder, vision->path);
    }
  return g_strv_builder_end (builder);
}

char *
sotto_model_library_describe_vision (SottoModelLibrary *self, const char *path)
{
  const SottoModelFacts *vision = find_vision (self, path, NULL);
  g_autofree char *file = g_filename_display_basename (path);
  const char *name = NULL;
  gboolean fits_some = FALSE;
  guint n_seeing = 0;

  for (guint i = 0; i < self->entries->len; i++)
    {
      SottoModelEntry *entry = g_ptr_array_index (self->entries, i);
      const SottoModelFacts *model = sotto_model_entry_peek_facts (entry);

      fits_some |= vision != NULL && model != NULL && is_pair (self, model, vision);
      if (g_strcmp0 (sotto_model_entry_get_vision_path (entry), path) != 0)
        continue;
      name = sotto_model_entry_get_name (entry);
      n_seeing++;
    }

  if (n_seeing == 1)
    /* Translators: %s is the name of a model */
    return g_strdup_printf (_("“%s” can see pictures now"), name);
  if (n_seeing > 1)
    return g_strdup_printf (ngettext ("%u model can see pictures now", "%u models can see pictures now", n_seeing), n_seeing);
  if (fits_some)
    /* Translators: a file with which models see pictures; the choice stands in the details of each of them */
    return g_strdup_printf (_("A model may see with “%s”: choose that in its details"), file);
  /* Translators: a file with which models see pictures */
  return g_strdup_printf (_("No model here can see with “%s”"), file);
}
