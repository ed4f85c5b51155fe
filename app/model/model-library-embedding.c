#include "config.h"

#include "model/model-library-private.h"

#include <glib/gi18n-lib.h>

#include "model/model-entry-private.h"
#include "problem.h"

/* Embedding models write nothing, so that they are not on the list: they have one of their own, from which finding by meaning takes
 * what it works with (meaning.c). A file that is not there does not say what it was: it stays what it was known as, or chosen for. */

static GListModel *
get_list (SottoModelLibrary *self)
{
  return G_LIST_MODEL (self->embedders);
}

SottoModelEntry *
sotto_model_library_find_embedder (SottoModelLibrary *self, const char *path)
{
  for (guint i = 0; i < g_list_model_get_n_items (get_list (self)); i++)
    {
      g_autoptr (SottoModelEntry) entry = g_list_model_get_item (get_list (self), i);

      if (g_str_equal (sotto_model_entry_get_path (entry), path))
        return entry;
    }
  return NULL;
}

static char *
dup_chosen (SottoModelLibrary *self)
{
  g_autofree char *path = sotto_settings_dup_string (self->settings, "meaning-model");

  return path != NULL && path[0] != '\0' ? g_steal_pointer (&path) : NULL;
}

gboolean
sotto_model_library_is_embedder (SottoModelLibrary *self, const SottoModelFacts *facts)
{
  g_autofree char *chosen = dup_chosen (self);

  if (facts->error == NULL)
    return facts->is_embedding;
  return sotto_model_library_find_embedder (self, facts->path) != NULL || g_strcmp0 (facts->path, chosen) == 0;
}

/* --- The list --- */

static int
compare_names (gconstpointer a, gconstpointer b, gpointer unused)
{
  return sotto_model_files_compare (sotto_model_entry_get_name ((SottoModelEntry *) a), SOTTO_MODEL_RANK_UNUSABLE,
                                    sotto_model_entry_get_name ((SottoModelEntry *) b), SOTTO_MODEL_RANK_UNUSABLE);
}

/* Who holds on to a model as one that writes is told that it does not. */
void
sotto_model_library_refuse_embedder (SottoModelLibrary *self, const SottoModelFacts *facts)
{
  SottoModelEntry *entry = g_hash_table_lookup (self->outside, facts->path);
  SottoModelFacts *refused;

  if (entry == NULL)
    return;

  refused = g_new0 (SottoModelFacts, 1);
  refused->path = g_strdup (facts->path);
  refused->name = g_strdup (facts->name);
  refused->size = facts->size;
  refused->modified = facts->modified;
  g_set_error (&refused->error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_EMBEDDING_MODEL, "%s gives embeddings and writes no text",
               facts->path);
  sotto_model_entry_take_facts (entry, refused);
}

SottoModelEntry *
sotto_model_library_take_embedder (SottoModelLibrary *self, SottoModelFacts *facts)
{
  SottoModelEntry *entry = sotto_model_library_find_embedder (self, facts->path);
  SottoModelEntry *item = sotto_model_library_find_path (self, facts->path);
  g_autoptr (SottoModelEntry) fresh = NULL;
  guint position;

  /* What was not whole before, say, has become one. */
  if (item != NULL && g_ptr_array_find (self->entries, item, &position))
    sotto_model_library_remove (self, position);
  sotto_model_library_drop_vision (self, facts->path);
  sotto_model_library_forget_pairs (self, facts->path);
  sotto_model_library_refuse_embedder (self, facts);

  if (entry != NULL)
    {
      sotto_model_entry_take_facts (entry, facts);
      g_list_store_sort (self->embedders, compare_names, NULL);
      return entry;
    }
  fresh = sotto_model_entry_new (facts->path);
  sotto_model_entry_take_facts (fresh, facts);
  g_list_store_insert_sorted (self->embedders, fresh, compare_names, NULL);
  return fresh;
}

void
sotto_model_library_drop_embedder (SottoModelLibrary *self, const char *path)
{
  SottoModelEntry *entry = sotto_model_library_find_embedder (self, path);
  guint position;

  if (entry != NULL && g_list_store_find (self->embedders, entry, &position))
    g_list_store_remove (self->embedders, position);
}

void
sotto_model_library_merge_embedders (SottoModelLibrary *self, const SottoModelLook *look)
{
  for (guint i = g_list_model_get_n_items (get_list (self)); i > 0; i--)
    {
      g_autoptr (SottoModelEntry) entry = g_list_model_get_item (get_list (self), i - 1);

      if (!sotto_model_look_has_path (look, sotto_model_entry_get_path (entry)))
        g_list_store_remove (self->embedders, i - 1);
    }
}

void
sotto_model_library_forget_embedders (SottoModelLibrary *self, const char *added)
{
  for (guint i = g_list_model_get_n_items (get_list (self)); i > 0; i--)
    {
      g_autoptr (SottoModelEntry) entry = g_list_model_get_item (get_list (self), i - 1);

      if (sotto_model_library_is_at_or_in (sotto_model_entry_get_path (entry), added))
        g_list_store_remove (self->embedders, i - 1);
    }
}

/* --- What others ask --- */

GListModel *
sotto_model_library_get_embedders (SottoModelLibrary *self)
{
  g_return_val_if_fail (SOTTO_IS_MODEL_LIBRARY (self), NULL);
  return get_list (self);
}

SottoModelEntry *
sotto_model_library_get_embedder (SottoModelLibrary *self)
{
  g_autofree char *chosen = NULL;
  SottoModelEntry *entry;

  g_return_val_if_fail (SOTTO_IS_MODEL_LIBRARY (self), NULL);

  chosen = dup_chosen (self);
  entry = chosen != NULL ? sotto_model_library_find_embedder (self, chosen) : NULL;
  if (entry != NULL)
    return entry;

  for (guint i = 0; i < g_list_model_get_n_items (get_list (self)); i++)
    {
      g_autoptr (SottoModelEntry) candidate = g_list_model_get_item (get_list (self), i);

      if (sotto_model_entry_is_usable (candidate))
        return candidate;
    }
  return NULL;
}

char *
sotto_model_library_describe_embedder (SottoModelLibrary *self, const char *path)
{
  SottoModelEntry *entry = sotto_model_library_find_embedder (self, path);
  const char *name = entry != NULL ? sotto_model_entry_get_name (entry) : path;

  if (!sotto_settings_get_boolean (self->settings, "find-by-meaning"))
    /* Translators: %s is the name of an embedding model */
    return g_strdup_printf (_("“%s” can find passages by meaning, which is switched off"), name);
  if (sotto_model_library_get_embedder (self) != entry)
    /* Translators: %s is the name of an embedding model; it is chosen where the folders of documents are */
    return g_strdup_printf (_("“%s” can find passages by meaning: choose it among your folders"), name);
  /* Translators: %s is the name of an embedding model */
  return g_strdup_printf (_("“%s” is used to find passages by meaning"), name);
}
