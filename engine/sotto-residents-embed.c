/* The model that makes vectors: opened beside those that write, and the first to go when one of them needs its room. */

#include "sotto-residents-private.h"

#include "sotto-error.h"
#include "sotto-session-private.h"

static SottoModel *
get_model (const SottoResidents *self)
{
  return sotto_session_get_model (sotto_embedder_get_session (self->embedder));
}

gboolean
sotto_residents_has_embedder (const SottoResidents *self,
                              const char           *path)
{
  return self->embedder != NULL && g_str_equal (sotto_model_get_info (get_model (self))->path, path);
}

SottoMemory
sotto_residents_measure_embedder (const SottoResidents *self)
{
  SottoMemory nothing = { 0, 0, 0 };

  return self->embedder != NULL ? sotto_session_get_memory (sotto_embedder_get_session (self->embedder)) : nothing;
}

void
sotto_residents_close_embedder (SottoResidents *self)
{
  g_clear_pointer (&self->embedder, sotto_embedder_free);
}

/* Makes room for @model beside the models that write, or leaves all as it is: timelines that were left go, and the embedder that
 * is open. */
static gboolean
make_room (SottoResidents  *self,
           SottoModel      *model,
           GError         **error)
{
  const char *path = sotto_model_get_info (model)->path;
  guint64 wanted = sotto_embedder_estimate (model);
  guint64 others = sotto_residents_sum (sotto_residents_measure (self)) - sotto_residents_measure_kept (self)
                   - sotto_residents_sum (sotto_residents_measure_embedder (self));

  if (self->memory_budget != 0 && others + wanted > self->memory_budget)
    {
      SottoErrorArguments arguments = { path, NULL, wanted, self->memory_budget - MIN (others, self->memory_budget) };
      g_autofree char *name = g_filename_display_name (path);

      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_MEMORY, &arguments,
                              "%s: needs %" G_GUINT64_FORMAT " bytes, of the memory budget %" G_GUINT64_FORMAT " are left",
                              name, wanted, arguments.available);
      return FALSE;
    }

  sotto_residents_close_embedder (self);
  sotto_residents_make_room_of_kept (self, wanted);

  return TRUE;
}

SottoEmbedder *
sotto_residents_open_embedder (SottoResidents      *self,
                               const char          *path,
                               SottoResidentPlace   place,
                               SottoProgress        progress,
                               gpointer             user_data,
                               SottoCancel         *cancel,
                               gboolean            *opened,
                               GError             **error)
{
  g_autoptr (SottoModel) model = NULL;

  *opened = FALSE;
  if (sotto_residents_has_embedder (self, path) && sotto_model_check_unchanged (get_model (self), NULL))
    {
      if (self->embedder_place.gpu == place.gpu && self->embedder_place.n_gpu_layers == place.n_gpu_layers)
        return self->embedder;
      model = sotto_model_ref (get_model (self));
    }
  else
    {
      model = sotto_model_open (path, progress, user_data, cancel, error);
    }
  if (model == NULL || !sotto_embedder_check_model (model, error) || !make_room (self, model, error))
    return NULL;

  sotto_backend_set_gpu (self->backend, place.gpu, place.n_gpu_layers);
  self->embedder = sotto_embedder_new (model, self->backend, progress, user_data, cancel, error);
  self->embedder_place = place;
  *opened = self->embedder != NULL;

  return self->embedder;
}
