#include "sotto-residents-private.h"

#include "sotto-error.h"
#include "sotto-session-private.h"

#include <glib/gstdio.h>

static void
resident_free (SottoResident *self)
{
  g_clear_pointer (&self->shelf, sotto_shelf_free);
  g_clear_pointer (&self->helper, sotto_helper_free);
  g_clear_pointer (&self->session, sotto_session_free);
  g_clear_pointer (&self->vision, sotto_vision_unref);
  g_clear_pointer (&self->model, sotto_model_unref);
  g_clear_pointer (&self->stretches, g_array_unref);
  g_clear_pointer (&self->traces, g_hash_table_unref);
  g_free (self->conversation);
  g_free (self);
}

SottoResidents *
sotto_residents_new (SottoBackend *backend,
                     SottoKvType   kv_type,
                     guint64       memory_budget,
                     gboolean      keep_previous)
{
  SottoResidents *self = g_new0 (SottoResidents, 1);

  self->backend = backend;
  self->kv_type = kv_type;
  self->list = g_ptr_array_new_with_free_func ((GDestroyNotify) resident_free);
  self->memory_budget = memory_budget;
  self->keep_previous = keep_previous;
  self->saved = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_array_unref);

  return self;
}

void
sotto_residents_free (SottoResidents *self)
{
  g_ptr_array_unref (self->list);
  sotto_residents_close_embedder (self);
  g_hash_table_unref (self->saved);
  g_free (self);
}

void
sotto_residents_set_timelines (SottoResidents       *self,
                               const SottoTimelines *timelines)
{
  self->timelines = *timelines;
  self->has_timelines = TRUE;
}

guint64
sotto_residents_sum (SottoMemory memory)
{
  return memory.weights + memory.kv_cache + memory.scratch;
}

static SottoMemory
resident_measure (const SottoResident *self)
{
  SottoMemory sum = sotto_session_get_memory (self->session);

  sum.kv_cache += sotto_shelf_measure (self->shelf);
  if (self->vision != NULL)
    sum.weights += sotto_vision_get_info (self->vision)->weight_bytes;
  if (self->helper != NULL)
    {
      SottoMemory memory = sotto_helper_get_memory (self->helper);

      sum.weights += memory.weights;
      sum.kv_cache += memory.kv_cache;
      sum.scratch += memory.scratch;
    }

  return sum;
}

SottoMemory
sotto_residents_measure (const SottoResidents *self)
{
  SottoMemory sum = sotto_residents_measure_embedder (self);

  for (guint i = 0; i < self->list->len; i++)
    {
      SottoMemory memory = resident_measure (g_ptr_array_index (self->list, i));

      sum.weights += memory.weights;
      sum.kv_cache += memory.kv_cache;
      sum.scratch += memory.scratch;
    }

  return sum;
}

static SottoResident *
find (SottoResidents *self,
      const char     *path,
      guint          *index)
{
  for (guint i = 0; i < self->list->len; i++)
    {
      SottoResident *resident = g_ptr_array_index (self->list, i);

      if (g_str_equal (sotto_model_get_info (resident->model)->path, path))
        {
          *index = i;
          return resident;
        }
    }

  return NULL;
}

gboolean
sotto_residents_fit (const SottoResidents *self,
                     guint64               wanted)
{
  return self->memory_budget == 0 || sotto_residents_sum (sotto_residents_measure (self)) + wanted <= self->memory_budget;
}

/* --- Room for models --- */

static void
remove_at (SottoResidents *self,
           guint           index,
           SottoCancel    *cancel)
{
  SottoResident *resident = g_ptr_array_index (self->list, index);

  sotto_residents_save (self, resident, SOTTO_RESIDENTS_SAVE_US, cancel);
  g_ptr_array_remove_index (self->list, index);
}

/* Closes what makes vectors, helpers and then the models used longest ago until @wanted more bytes fit, or all models where only one
 * may stay. */
static gboolean
make_room (SottoResidents *self,
           guint64         wanted,
           const char     *path,
           SottoCancel    *cancel,
           GError        **error)
{
  if (self->memory_budget != 0 && wanted > self->memory_budget)
    {
      SottoErrorArguments arguments = { path, NULL, wanted, self->memory_budget };

      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_MEMORY, &arguments,
                              "%s: needs %" G_GUINT64_FORMAT " bytes, the memory budget is %" G_GUINT64_FORMAT,
                              path, wanted, self->memory_budget);
      return FALSE;
    }

  /* With those that go now, what is kept of them goes, too. */
  if (!self->keep_previous)
    sotto_residents_save (self, NULL, SOTTO_RESIDENTS_SAVE_US, cancel);
  if (!sotto_residents_make_room_of_kept (self, wanted))
    sotto_residents_close_embedder (self);
  for (guint i = self->list->len; i > 0 && !sotto_residents_fit (self, wanted); i--)
    {
      SottoResident *resident = g_ptr_array_index (self->list, i - 1);

      g_clear_pointer (&resident->helper, sotto_helper_free);
    }
  while (self->list->len > 0 && (!self->keep_previous || !sotto_residents_fit (self, wanted)))
    remove_at (self, self->list->len - 1, cancel);

  return TRUE;
}

static gboolean
uses_gpu (SottoSession *session)
{
  g_autoptr (SottoPlacement) placement = sotto_session_get_placement (session);

  return placement->gpus != NULL;
}

/* The memory of GPUs is the model's that is used next: others that have some of it are closed, what makes vectors first, then helpers and
 * those used longest ago, until all of it has room there that can, or nothing more is to be had. */
static void
make_room_on_gpus (SottoResidents *self,
                   SottoModel     *model,
                   guint           n_context,
                   SottoCancel    *cancel)
{
  if (self->embedder != NULL && uses_gpu (sotto_embedder_get_session (self->embedder))
      && !sotto_session_would_have_room (model, self->backend, n_context, self->kv_type))
    sotto_residents_close_embedder (self);
  for (guint i = self->list->len; i > 0; i--)
    {
      SottoResident *resident = g_ptr_array_index (self->list, i - 1);

      if (sotto_session_would_have_room (model, self->backend, n_context, self->kv_type))
        return;
      g_clear_pointer (&resident->helper, sotto_helper_free);
    }
  for (guint i = self->list->len; i > 0; i--)
    {
      if (!uses_gpu (((const SottoResident *) g_ptr_array_index (self->list, i - 1))->session))
        continue;
      if (sotto_session_would_have_room (model, self->backend, n_context, self->kv_type))
        return;
      remove_at (self, i - 1, cancel);
    }
}

SottoResident *
sotto_residents_open (SottoResidents  *self,
                      const char      *path,
                      guint            n_context,
                      SottoResidentPlace place,
                      SottoProgress    progress,
                      gpointer         user_data,
                      SottoCancel     *cancel,
                      gboolean        *opened,
                      GError         **error)
{
  g_autoptr (SottoModel) model = NULL;
  g_autoptr (SottoSession) session = NULL;
  SottoResident *resident;
  gint64 begin = g_get_monotonic_time ();
  guint index;

  *opened = FALSE;

  resident = find (self, path, &index);
  if (resident != NULL && sotto_model_check_unchanged (resident->model, NULL))
    {
      if ((n_context == 0 || sotto_session_get_context (resident->session) == n_context)
          && resident->place.gpu == place.gpu && resident->place.n_gpu_layers == place.n_gpu_layers)
        {
          g_ptr_array_insert (self->list, 0, g_ptr_array_steal_index (self->list, index));
          return resident;
        }

      model = sotto_model_ref (resident->model);
    }
  else
    {
      model = sotto_model_open (path, progress, user_data, cancel, error);
      if (model == NULL)
        return NULL;
    }

  /* The same model with another context or elsewhere, or a file that was replaced: the old one is of no use. */
  if (resident != NULL)
    remove_at (self, index, cancel);

  if (!make_room (self, sotto_residents_sum (sotto_model_estimate_memory (model, n_context)), path, cancel, error))
    return NULL;

  sotto_backend_set_gpu (self->backend, place.gpu, place.n_gpu_layers);
  make_room_on_gpus (self, model, n_context, cancel);
  session = sotto_session_open (model, self->backend, n_context, self->kv_type, progress, user_data,
                                cancel, error);
  if (session == NULL)
    return NULL;

  resident = g_new0 (SottoResident, 1);
  resident->model = g_steal_pointer (&model);
  resident->session = g_steal_pointer (&session);
  resident->stretches = g_array_new (FALSE, FALSE, sizeof (SottoStretch));
  resident->traces = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  resident->shelf = sotto_shelf_new ();
  resident->place = place;
  resident->load_us = g_get_monotonic_time () - begin;
  sotto_pace_init (&resident->pace);
  g_ptr_array_insert (self->list, 0, resident);
  *opened = TRUE;

  return resident;
}

/* --- Helpers --- */

/* The bytes of a file that may be a model; 0: it is none. */
static guint64
measure_file (const char *path)
{
  GStatBuf status;

  return g_stat (path, &status) == 0 && S_ISREG (status.st_mode) && status.st_size > 0 ? status.st_size : 0;
}

static const char *
find_smallest (SottoModel         *model,
               const char *const  *paths,
               SottoCancel        *cancel)
{
  const char *found = NULL;
  guint64 smallest = sotto_model_get_info (model)->file_bytes / 2;

  for (guint i = 0; paths[i] != NULL; i++)
    {
      guint64 n_bytes = measure_file (paths[i]);

      if (n_bytes > 0 && n_bytes <= smallest && sotto_helper_suits (model, paths[i], cancel))
        {
          found = paths[i];
          smallest = n_bytes;
        }
    }

  return found;
}

void
sotto_residents_find_helper (SottoResidents     *self,
                             SottoResident      *resident,
                             const char *const  *paths,
                             SottoCancel        *cancel)
{
  const char *path = find_smallest (resident->model, paths, cancel);
  g_autoptr (SottoModel) model = NULL;
  SottoResident *other;
  guint index;

  if (sotto_cancel_is_raised (cancel))
    return;
  if (path != NULL && resident->helper != NULL
      && g_str_equal (sotto_model_get_info (sotto_helper_get_model (resident->helper))->path, path))
    return;
  g_clear_pointer (&resident->helper, sotto_helper_free);
  if (path == NULL)
    return;

  other = find (self, path, &index);
  model = other != NULL ? sotto_model_ref (other->model) : sotto_model_open (path, NULL, NULL, cancel, NULL);
  if (model == NULL || !sotto_residents_make_room_of_kept (self, sotto_helper_estimate (model)))
    return;

  sotto_backend_set_gpu (self->backend, resident->place.gpu, resident->place.n_gpu_layers);
  resident->helper = sotto_helper_new (model, sotto_model_get_info (resident->model)->n_vocabulary, self->backend, cancel,
                                       NULL);
}

/* --- Seeing --- */

gboolean
sotto_residents_make_room_to_look (SottoResidents  *self,
                                   SottoResident   *resident,
                                   guint64          wanted,
                                   SottoCancel     *cancel,
                                   GError         **error)
{
  SottoErrorArguments arguments = { NULL, "image", wanted, 0 };
  guint64 taken;

  if (sotto_residents_make_room_of_kept (self, wanted))
    return TRUE;

  sotto_residents_close_embedder (self);
  for (guint i = self->list->len; i > 0 && !sotto_residents_fit (self, wanted); i--)
    g_clear_pointer (&((SottoResident *) g_ptr_array_index (self->list, i - 1))->helper, sotto_helper_free);
  for (guint i = self->list->len; i > 0 && !sotto_residents_fit (self, wanted); i--)
    if (g_ptr_array_index (self->list, i - 1) != resident)
      remove_at (self, i - 1, cancel);
  if (sotto_residents_fit (self, wanted))
    return TRUE;

  taken = sotto_residents_sum (sotto_residents_measure (self));
  arguments.available = self->memory_budget > taken ? self->memory_budget - taken : 0;
  sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_MEMORY, &arguments,
                          "a picture needs %" G_GUINT64_FORMAT " bytes, the memory budget has %" G_GUINT64_FORMAT " left",
                          wanted, arguments.available);
  return FALSE;
}

SottoVision *
sotto_residents_open_vision (SottoResidents  *self,
                             SottoResident   *resident,
                             const char      *path,
                             SottoCancel     *cancel,
                             GError         **error)
{
  g_autoptr (SottoVision) vision = NULL;
  const SottoVisionInfo *info;

  if (resident->vision != NULL && g_str_equal (sotto_vision_get_info (resident->vision)->path, path))
    return resident->vision;

  g_clear_pointer (&resident->vision, sotto_vision_unref);
  vision = sotto_vision_open (path, cancel, error);
  if (vision == NULL)
    return NULL;

  info = sotto_vision_get_info (vision);
  if (!sotto_vision_fits (vision, resident->model))
    {
      SottoErrorArguments arguments = { .path = path, .subject = info->kind };

      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_FAMILY, &arguments, "%s: is not for this model to see with", path);
      return NULL;
    }
  if (!sotto_residents_make_room_to_look (self, resident, info->weight_bytes, cancel, error))
    return NULL;
  resident->vision = g_steal_pointer (&vision);

  return resident->vision;
}

/* --- Closing --- */

void
sotto_residents_close (SottoResidents *self,
                       const char     *path,
                       SottoCancel    *cancel)
{
  guint index;

  if (path == NULL || sotto_residents_has_embedder (self, path))
    sotto_residents_close_embedder (self);
  if (path == NULL)
    {
      sotto_residents_save (self, NULL, SOTTO_RESIDENTS_SAVE_US, cancel);
      g_ptr_array_set_size (self->list, 0);
    }
  else if (find (self, path, &index) != NULL)
    {
      remove_at (self, index, cancel);
    }

  for (guint i = 0; i < self->list->len; i++)
    {
      SottoResident *resident = g_ptr_array_index (self->list, i);
      SottoModel *helper = resident->helper != NULL ? sotto_helper_get_model (resident->helper) : NULL;

      if (helper != NULL && g_str_equal (sotto_model_get_info (helper)->path, path))
        g_clear_pointer (&resident->helper, sotto_helper_free);
    }
}

void
sotto_resident_record (SottoResident *self,
                       guint          n_reused,
                       guint          length,
                       gboolean       decoded)
{
  GArray *stretches = self->stretches;
  SottoStretch *last = NULL;

  while (stretches->len > 0)
    {
      last = &g_array_index (stretches, SottoStretch, stretches->len - 1);
      if (last->first < n_reused)
        break;
      g_array_set_size (stretches, stretches->len - 1);
      last = NULL;
    }

  if (last != NULL)
    last->length = MIN (last->length, n_reused - last->first);

  if (length <= n_reused)
    return;

  /* Decoding goes token by token; one prefill is not the same as two. */
  if (last != NULL && decoded && last->decoded)
    last->length += length - n_reused;
  else
    {
      SottoStretch stretch = { n_reused, length - n_reused, decoded };

      g_array_append_val (stretches, stretch);
    }
}
