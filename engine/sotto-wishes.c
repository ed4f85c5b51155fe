#include "sotto-wishes.h"

struct _SottoWishes {
  GMutex mutex;
  GHashTable *places;       /* under mutex: path → SottoResidentPlace */
  GHashTable *visions;      /* under mutex: path → path of what the model sees with */
  SottoResidentPlace place; /* of the others */
};

SottoWishes *
sotto_wishes_new (SottoResidentPlace place)
{
  SottoWishes *self = g_new0 (SottoWishes, 1);

  g_mutex_init (&self->mutex);
  self->places = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->visions = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->place = place;

  return self;
}

void
sotto_wishes_free (SottoWishes *self)
{
  g_hash_table_unref (self->places);
  g_hash_table_unref (self->visions);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

void
sotto_wishes_set_place (SottoWishes        *self,
                        const char         *path,
                        SottoResidentPlace  place)
{
  g_mutex_lock (&self->mutex);
  g_hash_table_insert (self->places, g_strdup (path), g_memdup2 (&place, sizeof place));
  g_mutex_unlock (&self->mutex);
}

SottoResidentPlace
sotto_wishes_get_place (SottoWishes *self,
                        const char  *path)
{
  const SottoResidentPlace *known;
  SottoResidentPlace place;

  g_mutex_lock (&self->mutex);
  known = path != NULL ? g_hash_table_lookup (self->places, path) : NULL;
  place = known != NULL ? *known : self->place;
  g_mutex_unlock (&self->mutex);

  return place;
}

void
sotto_wishes_set_vision (SottoWishes *self,
                         const char  *path,
                         const char  *vision)
{
  g_mutex_lock (&self->mutex);
  if (vision != NULL)
    g_hash_table_insert (self->visions, g_strdup (path), g_strdup (vision));
  else
    g_hash_table_remove (self->visions, path);
  g_mutex_unlock (&self->mutex);
}

char *
sotto_wishes_dup_vision (SottoWishes *self,
                         const char  *path)
{
  char *vision;

  g_mutex_lock (&self->mutex);
  vision = path != NULL ? g_strdup (g_hash_table_lookup (self->visions, path)) : NULL;
  g_mutex_unlock (&self->mutex);

  return vision;
}
