#include "model/model-library-private.h"

#include "model/model-entry-private.h"
#include "model/model-place.h"

/* Looking is one task at a time: a thread lists the folders and opens what is new or has changed,
 * the main context merges the result. A refresh that is asked for meanwhile follows it. */

/* Files arrive in pieces; look when they have been quiet for so long. */
#define QUIET_MS 500

enum {
  PROP_0,
  PROP_N_ITEMS,
  PROP_LOOKING,
  PROP_DEFAULT_MODEL,
  N_PROPS
};

static void list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (SottoModelLibrary, sotto_model_library, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

static GParamSpec *properties[N_PROPS];

static GType
library_get_item_type (GListModel *model)
{
  return SOTTO_TYPE_MODEL_ENTRY;
}

static guint
library_get_n_items (GListModel *model)
{
  return SOTTO_MODEL_LIBRARY (model)->entries->len;
}

static gpointer
library_get_item (GListModel *model, guint position)
{
  SottoModelLibrary *self = SOTTO_MODEL_LIBRARY (model);

  return position < self->entries->len
         ? g_object_ref (g_ptr_array_index (self->entries, position)) : NULL;
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = library_get_item_type;
  iface->get_n_items = library_get_n_items;
  iface->get_item = library_get_item;
}

/* --- The list --- */

SottoModelEntry *
sotto_model_library_find_path (SottoModelLibrary *self, const char *path)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      SottoModelEntry *entry = g_ptr_array_index (self->entries, i);

      if (g_str_equal (sotto_model_entry_get_path (entry), path))
        return entry;
    }
  return NULL;
}

static const char *
get_path (SottoModelLibrary *self, guint position)
{
  return sotto_model_entry_get_path (g_ptr_array_index (self->entries, position));
}

static int
compare_entries (gconstpointer a, gconstpointer b)
{
  SottoModelEntry *entry_a = *(SottoModelEntry **) a;
  SottoModelEntry *entry_b = *(SottoModelEntry **) b;

  return sotto_model_files_compare (sotto_model_entry_get_name (entry_a),
                                    sotto_model_entry_get_rank (entry_a),
                                    sotto_model_entry_get_name (entry_b),
                                    sotto_model_entry_get_rank (entry_b));
}

void
sotto_model_library_update_default (SottoModelLibrary *self)
{
  SottoModelEntry *entry = sotto_model_library_get_default (self);

  if (entry == self->shown_default)
    return;

  if (self->shown_default != NULL)
    sotto_model_entry_set_default (self->shown_default, FALSE);
  g_set_object (&self->shown_default, entry);
  if (entry != NULL)
    sotto_model_entry_set_default (entry, TRUE);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_DEFAULT_MODEL]);
}

void
sotto_model_library_remove (SottoModelLibrary *self, guint position)
{
  g_ptr_array_remove_index (self->entries, position);
  g_list_model_items_changed (G_LIST_MODEL (self), position, 1, 0);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_ITEMS]);
}

/* @entry: (transfer full) */
static void
insert_entry (SottoModelLibrary *self, SottoModelEntry *entry)
{
  guint position = 0;

  while (position < self->entries->len
         && compare_entries (&self->entries->pdata[position], &entry) <= 0)
    position++;

  g_ptr_array_insert (self->entries, (int) position, entry);
  g_list_model_items_changed (G_LIST_MODEL (self), position, 0, 1);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_ITEMS]);
}

SottoModelEntry *
sotto_model_library_merge (SottoModelLibrary *self, SottoModelFacts *facts)
{
  g_autoptr (SottoModelEntry) entry = NULL;
  SottoModelEntry *known = sotto_model_library_find_path (self, facts->path);

  sotto_model_library_drop_vision (self, facts->path);
  sotto_model_library_drop_embedder (self, facts->path);
  sotto_model_library_forget_pairs (self, facts->path);
  if (known != NULL)
    {
      g_autofree char *old_name = g_strdup (sotto_model_entry_get_name (known));
      const SottoModelRank old_rank = sotto_model_entry_get_rank (known);

      sotto_model_entry_take_facts (known, facts);
      if (!g_str_equal (old_name, sotto_model_entry_get_name (known))
          || old_rank != sotto_model_entry_get_rank (known))
        {
          guint position;

          g_ptr_array_find (self->entries, known, &position);
          g_object_ref (known);
          sotto_model_library_remove (self, position);
          insert_entry (self, known);
        }
      return known;
    }

  if (!g_hash_table_steal_extended (self->outside, facts->path, NULL, (gpointer *) &entry))
    entry = sotto_model_entry_new (facts->path);
  sotto_model_entry_take_facts (entry, facts);
  known = entry;
  insert_entry (self, g_steal_pointer (&entry));
  return known;
}

/* --- Looking --- */

static void
on_looked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SottoModelLibrary *self = SOTTO_MODEL_LIBRARY (source);
  g_autoptr (SottoModelLook) look = sotto_model_look_finish (result, NULL);

  if (look == NULL)
    return;

  /* What was in a folder and is gone leaves the list; what was added stays there, as missing. */
  for (guint i = self->entries->len; i > 0; i--)
    if (!sotto_model_look_has_path (look, get_path (self, i - 1)))
      sotto_model_library_remove (self, i - 1);

  while (look->facts->len > 0)
    {
      SottoModelFacts *facts = g_ptr_array_steal_index (look->facts, 0);
      const gboolean is_there = sotto_model_look_has_path (look, facts->path);

      /* A conversation may hold on to a model that is not on the list. */
      if (facts->is_vision)
        {
          sotto_model_library_take_vision (self, facts);
        }
      else if (is_there && sotto_model_library_is_embedder (self, facts))
        {
          sotto_model_library_take_embedder (self, facts);
        }
      else if (is_there)
        {
          sotto_model_library_merge (self, facts);
        }
      else if (facts->is_embedding)
        {
          sotto_model_library_refuse_embedder (self, facts);
          sotto_model_facts_free (facts);
        }
      else
        {
          sotto_model_entry_take_facts (g_hash_table_lookup (self->outside, facts->path), facts);
        }
    }

  sotto_model_library_merge_embedders (self, look);
  sotto_model_library_merge_visions (self, look);
  sotto_model_library_pair (self);

  self->is_looking = FALSE;
  sotto_model_library_update_default (self);
  if (self->look_again)
    {
      sotto_model_library_refresh (self);
      return;
    }
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LOOKING]);
  sotto_model_library_end_adding (self);
}

static void
add_known (GHashTable *known, const SottoModelFacts *facts)
{
  SottoModelFacts *copy = g_new0 (SottoModelFacts, 1);

  copy->path = g_strdup (facts->path);
  copy->size = facts->size;
  copy->modified = facts->modified;
  copy->is_vision = facts->is_vision;
  copy->is_embedding = facts->is_embedding;
  copy->n_embedding = facts->n_embedding;
  g_hash_table_insert (known, copy->path, copy);
}

static GHashTable *
collect_known (SottoModelLibrary *self)
{
  GHashTable *known = g_hash_table_new_full (g_str_hash, g_str_equal, NULL,
                                             (GDestroyNotify) sotto_model_facts_free);

  for (guint i = 0; i < self->entries->len; i++)
    {
      const SottoModelFacts *facts = sotto_model_entry_peek_facts (g_ptr_array_index (self->entries, i));

      if (facts != NULL)
        add_known (known, facts);
    }
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->embedders)); i++)
    {
      g_autoptr (SottoModelEntry) entry = g_list_model_get_item (G_LIST_MODEL (self->embedders), i);

      add_known (known, sotto_model_entry_peek_facts (entry));
    }
  for (guint i = 0; i < self->visions->len; i++)
    add_known (known, g_ptr_array_index (self->visions, i));
  return known;
}

static GHashTable *
collect_pairs (SottoModelLibrary *self)
{
  GHashTable *pairs = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GHashTableIter iter;
  gpointer pair;

  g_hash_table_iter_init (&iter, self->pairs);
  while (g_hash_table_iter_next (&iter, &pair, NULL))
    g_hash_table_add (pairs, g_strdup (pair));
  return pairs;
}

static char **
collect_outside (SottoModelLibrary *self)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  GHashTableIter iter;
  gpointer path;

  g_hash_table_iter_init (&iter, self->outside);
  while (g_hash_table_iter_next (&iter, &path, NULL))
    g_strv_builder_add (builder, path);
  return g_strv_builder_end (builder);
}

void
sotto_model_library_refresh (SottoModelLibrary *self)
{
  g_return_if_fail (SOTTO_IS_MODEL_LIBRARY (self));

  self->look_again = self->is_looking;
  if (self->is_looking)
    return;

  self->is_looking = TRUE;
  sotto_model_look_async (self, sotto_settings_dup_strv (self->settings, "added-models"),
                          collect_outside (self), collect_known (self), collect_pairs (self),
                          self->cancellable, on_looked, NULL);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LOOKING]);
}

static gboolean
on_quiet (gpointer user_data)
{
  SottoModelLibrary *self = user_data;

  self->quiet_source = 0;
  sotto_model_library_refresh (self);
  return G_SOURCE_REMOVE;
}

static void
on_folder_changed (SottoModelLibrary *self)
{
  g_clear_handle_id (&self->quiet_source, g_source_remove);
  self->quiet_source = g_timeout_add (QUIET_MS, on_quiet, self);
}

static void
watch_folders (SottoModelLibrary *self)
{
  g_auto (GStrv) folders = sotto_model_files_folders ();

  for (guint i = 0; folders[i] != NULL; i++)
    {
      g_autoptr (GFile) folder = g_file_new_for_path (folders[i]);
      g_autoptr (GFileMonitor) monitor = g_file_monitor_directory (folder,
                                                                   G_FILE_MONITOR_WATCH_MOVES, NULL,
                                                                     NULL);

      if (monitor == NULL)
        continue;
      g_signal_connect_object (monitor, "changed", G_CALLBACK (on_folder_changed), self,
                               G_CONNECT_SWAPPED);
      g_ptr_array_add (self->monitors, g_steal_pointer (&monitor));
    }
}

/* --- The object --- */

static void
sotto_model_library_dispose (GObject *object)
{
  SottoModelLibrary *self = SOTTO_MODEL_LIBRARY (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->quiet_source, g_source_remove);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->settings);
  g_clear_object (&self->shown_default);
  g_clear_pointer (&self->entries, g_ptr_array_unref);
  g_clear_pointer (&self->outside, g_hash_table_unref);
  g_clear_object (&self->embedders);
  g_clear_pointer (&self->visions, g_ptr_array_unref);
  g_clear_pointer (&self->pairs, g_hash_table_unref);
  g_clear_pointer (&self->adding, g_ptr_array_unref);
  g_clear_pointer (&self->gone_along, g_hash_table_unref);
  g_clear_pointer (&self->monitors, g_ptr_array_unref);
  G_OBJECT_CLASS (sotto_model_library_parent_class)->dispose (object);
}

static void
sotto_model_library_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  SottoModelLibrary *self = SOTTO_MODEL_LIBRARY (object);

  switch (prop_id)
    {
    case PROP_N_ITEMS:
      g_value_set_uint (value, self->entries->len);
      break;
    case PROP_LOOKING:
      g_value_set_boolean (value, self->is_looking);
      break;
    case PROP_DEFAULT_MODEL:
      g_value_set_object (value, sotto_model_library_get_default (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sotto_model_library_set_property (GObject      *object,
                                  guint         prop_id,
                                  const GValue *value,
                                  GParamSpec   *pspec)
{
  if (prop_id == PROP_DEFAULT_MODEL)
    sotto_model_library_set_default (SOTTO_MODEL_LIBRARY (object), g_value_get_object (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
sotto_model_library_class_init (SottoModelLibraryClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->dispose = sotto_model_library_dispose;
  object_class->get_property = sotto_model_library_get_property;
  object_class->set_property = sotto_model_library_set_property;

  properties[PROP_N_ITEMS] = g_param_spec_uint ("n-items", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_LOOKING] = g_param_spec_boolean ("looking", NULL, NULL, FALSE, flags);
  properties[PROP_DEFAULT_MODEL] = g_param_spec_object ("default-model", NULL, NULL,
                                                        SOTTO_TYPE_MODEL_ENTRY,
                                                        flags | G_PARAM_WRITABLE);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
sotto_model_library_init (SottoModelLibrary *self)
{
  self->entries = g_ptr_array_new_with_free_func (g_object_unref);
  self->outside = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_object_unref);
  self->embedders = g_list_store_new (SOTTO_TYPE_MODEL_ENTRY);
  self->visions = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_model_facts_free);
  self->pairs = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->adding = g_ptr_array_new_with_free_func (g_object_unref);
  self->gone_along = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_strfreev);
  self->monitors = g_ptr_array_new_with_free_func (g_object_unref);
  self->cancellable = g_cancellable_new ();
}

SottoModelLibrary *
sotto_model_library_new (SottoSettings *settings)
{
  SottoModelLibrary *self = g_object_new (SOTTO_TYPE_MODEL_LIBRARY, NULL);

  self->settings = g_object_ref (settings);
  g_signal_connect_object (settings, "notify::default-model",
                           G_CALLBACK (sotto_model_library_update_default), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (settings, "notify::model-visions", G_CALLBACK (sotto_model_library_pair), self,
                           G_CONNECT_SWAPPED);
  watch_folders (self);
  return self;
}

gboolean
sotto_model_library_is_looking (SottoModelLibrary *self)
{
  g_return_val_if_fail (SOTTO_IS_MODEL_LIBRARY (self), FALSE);
  return self->is_looking;
}

/* --- Finding --- */

SottoModelEntry *
sotto_model_library_lookup (SottoModelLibrary *self, const char *path_or_name)
{
  SottoModelEntry *entry;

  g_return_val_if_fail (SOTTO_IS_MODEL_LIBRARY (self), NULL);
  g_return_val_if_fail (path_or_name != NULL, NULL);

  entry = sotto_model_library_find_path (self, path_or_name);
  if (entry == NULL)
    entry = g_hash_table_lookup (self->outside, path_or_name);

  for (guint i = 0; entry == NULL && i < self->entries->len; i++)
    {
      SottoModelEntry *candidate = g_ptr_array_index (self->entries, i);

      if (sotto_model_files_matches (sotto_model_entry_get_path (candidate),
                                     sotto_model_entry_get_name (candidate), path_or_name))
        entry = candidate;
    }
  return entry;
}

SottoModelEntry *
sotto_model_library_remember (SottoModelLibrary *self, const char *path, const char *name)
{
  SottoModelEntry *entry;

  g_return_val_if_fail (SOTTO_IS_MODEL_LIBRARY (self), NULL);

  entry = sotto_model_library_find_path (self, path);
  if (entry == NULL)
    entry = g_hash_table_lookup (self->outside, path);
  if (entry != NULL)
    return g_object_ref (entry);

  entry = sotto_model_entry_new (path);
  sotto_model_entry_set_remembered_name (entry, name);
  g_hash_table_insert (self->outside, (char *) sotto_model_entry_get_path (entry), entry);
  if (!self->is_looking)
    sotto_model_library_refresh (self);
  return g_object_ref (entry);
}

SottoModelEntry *
sotto_model_library_get_default (SottoModelLibrary *self)
{
  g_autofree char *path = NULL;
  SottoModelEntry *chosen;
  SottoModelEntry *first_usable = NULL;

  g_return_val_if_fail (SOTTO_IS_MODEL_LIBRARY (self), NULL);

  path = sotto_settings_dup_string (self->settings, "default-model");
  chosen = path != NULL && path[0] != '\0' ? sotto_model_library_find_path (self, path) : NULL;
  if (chosen != NULL && sotto_model_entry_is_usable (chosen))
    return chosen;

  /* Nobody has chosen: the first answer should not be that there is too little memory for the largest. */
  for (guint i = 0; i < self->entries->len; i++)
    {
      SottoModelEntry *entry = g_ptr_array_index (self->entries, i);

      if (!sotto_model_entry_is_usable (entry))
        continue;
      if (sotto_model_entry_fits (entry))
        return entry;
      if (first_usable == NULL)
        first_usable = entry;
    }
  return first_usable;
}

void
sotto_model_library_set_default (SottoModelLibrary *self, SottoModelEntry *entry)
{
  g_return_if_fail (SOTTO_IS_MODEL_LIBRARY (self));

  g_object_set (self->settings, "default-model", entry != NULL
                ? sotto_model_entry_get_path (entry) : "", NULL);
  sotto_model_library_update_default (self);
}

SottoModelPlace
sotto_model_library_get_place (SottoModelLibrary *self, SottoModelEntry *entry, guint *n_layers)
{
  g_return_val_if_fail (SOTTO_IS_MODEL_LIBRARY (self), SOTTO_MODEL_PLACE_AUTOMATIC);

  return sotto_model_place_get (self->settings, sotto_model_entry_get_path (entry), n_layers);
}

void
sotto_model_library_set_place (SottoModelLibrary *self,
                               SottoModelEntry   *entry,
                               SottoModelPlace    place,
                               guint              n_layers)
{
  g_return_if_fail (SOTTO_IS_MODEL_LIBRARY (self));
  g_return_if_fail (SOTTO_IS_MODEL_ENTRY (entry));

  sotto_model_place_set (self->settings, sotto_model_entry_get_path (entry), place, n_layers);
}

char **
sotto_model_library_get_folders (void)
{
  return sotto_model_files_folders ();
}
