#include "model/kept-timelines.h"

#include "model/model-entry-private.h"

/* The worker calls from its thread, while the history may be opened or locked in the main context: it takes a reference of the
 * sealed files for each of its steps, and what is closed meanwhile fails by itself. */

struct _SottoKeptTimelines
{
  GHashTable *hashes; /* path → hash, of the models at the last look */

  GMutex mutex;
  SottoSealed *sealed; /* under mutex; NULL: none */
  gboolean is_wanted;  /* under mutex */
};

SottoKeptTimelines *
sotto_kept_timelines_new (void)
{
  SottoKeptTimelines *self = g_new0 (SottoKeptTimelines, 1);

  self->hashes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->is_wanted = TRUE;
  g_mutex_init (&self->mutex);
  return self;
}

void
sotto_kept_timelines_free (SottoKeptTimelines *self)
{
  g_hash_table_unref (self->hashes);
  g_clear_pointer (&self->sealed, sotto_sealed_unref);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

/* @always: also where none are wanted. Returns: (transfer full) (nullable) */
static SottoSealed *
ref_sealed (SottoKeptTimelines *self, gboolean always)
{
  SottoSealed *sealed = NULL;

  g_mutex_lock (&self->mutex);
  if (self->sealed != NULL && (self->is_wanted || always))
    sealed = sotto_sealed_ref (self->sealed);
  g_mutex_unlock (&self->mutex);
  return sealed;
}

/* --- In the worker's thread --- */

static gpointer
create (const char *conversation, const char *model, guint64 n_bytes, gpointer user_data)
{
  g_autoptr (SottoSealed) sealed = ref_sealed (user_data, FALSE);

  return sealed != NULL ? sotto_sealed_create (sealed, conversation, model, n_bytes, NULL) : NULL;
}

static gpointer
open_kept (const char *conversation, const char *model, gpointer user_data)
{
  g_autoptr (SottoSealed) sealed = ref_sealed (user_data, FALSE);
  g_autoptr (GError) error = NULL;
  SottoSealedFile *file;

  if (sealed == NULL)
    return NULL;

  file = sotto_sealed_open (sealed, conversation, model, &error);
  if (g_error_matches (error, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_INVALID))
    sotto_sealed_remove (sealed, conversation, model);
  return file;
}

static gboolean
write_kept (gpointer file, gconstpointer bytes, gsize n_bytes)
{
  return sotto_sealed_file_write (file, bytes, n_bytes, NULL);
}

static gboolean
read_kept (gpointer file, gpointer bytes, gsize n_bytes)
{
  return sotto_sealed_file_read (file, bytes, n_bytes, NULL);
}

static gboolean
finish (gpointer file)
{
  return sotto_sealed_file_finish (file, NULL);
}

static void
close_kept (gpointer file)
{
  sotto_sealed_file_free (file);
}

static void
remove_kept (const char *conversation, const char *model, gpointer user_data)
{
  g_autoptr (SottoSealed) sealed = ref_sealed (user_data, TRUE);

  if (sealed != NULL)
    sotto_sealed_remove (sealed, conversation, model);
}

void
sotto_kept_timelines_fill (SottoKeptTimelines *self, SottoTimelines *timelines)
{
  *timelines = (SottoTimelines) { create, write_kept, finish, open_kept, read_kept, close_kept, remove_kept, self };
}

/* --- In the main context --- */

static void
set (SottoKeptTimelines *self, SottoSealed *sealed, gboolean is_wanted)
{
  g_autoptr (SottoSealed) old = NULL;

  g_mutex_lock (&self->mutex);
  old = g_steal_pointer (&self->sealed);
  self->sealed = sealed != NULL ? sotto_sealed_ref (sealed) : NULL;
  self->is_wanted = is_wanted;
  g_mutex_unlock (&self->mutex);
  if (!is_wanted)
    remove_kept (NULL, NULL, self);
}

void
sotto_kept_timelines_set_sealed (SottoKeptTimelines *self, SottoSealed *sealed)
{
  set (self, sealed, self->is_wanted);
}

void
sotto_kept_timelines_set_wanted (SottoKeptTimelines *self, gboolean is_wanted)
{
  g_autoptr (SottoSealed) sealed = ref_sealed (self, TRUE);

  set (self, sealed, is_wanted);
}

gboolean
sotto_kept_timelines_can_keep (SottoKeptTimelines *self)
{
  g_autoptr (SottoSealed) sealed = ref_sealed (self, FALSE);

  return sealed != NULL;
}

void
sotto_kept_timelines_remove (SottoKeptTimelines *self, const char *conversation)
{
  remove_kept (conversation, NULL, self);
}

guint64
sotto_kept_timelines_measure (SottoKeptTimelines *self)
{
  g_autoptr (SottoSealed) sealed = ref_sealed (self, TRUE);

  return sealed != NULL ? sotto_sealed_measure (sealed) : 0;
}

static gboolean
has_value (gpointer key, gpointer value, gpointer wanted)
{
  return g_str_equal (value, wanted);
}

void
sotto_kept_timelines_look (SottoKeptTimelines *self, GListModel *models)
{
  g_autoptr (GHashTable) old = g_steal_pointer (&self->hashes);
  GHashTableIter iter;
  gpointer path, hash;

  self->hashes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  for (guint i = 0; i < g_list_model_get_n_items (models); i++)
    {
      g_autoptr (SottoModelEntry) entry = g_list_model_get_item (models, i);
      const char *known = sotto_model_entry_get_hash (entry);

      if (known != NULL)
        g_hash_table_insert (self->hashes, g_strdup (sotto_model_entry_get_path (entry)), g_strdup (known));
    }

  g_hash_table_iter_init (&iter, old);
  while (g_hash_table_iter_next (&iter, &path, &hash))
    if (!g_file_test (path, G_FILE_TEST_EXISTS) && g_hash_table_find (self->hashes, has_value, hash) == NULL)
      remove_kept (NULL, hash, self);
}
