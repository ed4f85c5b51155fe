#include "sotto-residents.h"

#include "sotto-error.h"
#include "sotto-session-private.h"
#include "sotto-worker.h"

#include <glib/gstdio.h>

struct _SottoResidents {
  SottoBackend *backend;  /* borrowed */
  SottoKvType kv_type;
  GPtrArray *list;        /* (element-type SottoResident) */
  guint64 memory_budget;
  gboolean keep_previous;
};

static void
resident_free (SottoResident *self)
{
  g_clear_pointer (&self->shelf, sotto_shelf_free);
  g_clear_pointer (&self->helper, sotto_helper_free);
  g_clear_pointer (&self->session, sotto_session_free);
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

  return self;
}

void
sotto_residents_free (SottoResidents *self)
{
  g_ptr_array_unref (self->list);
  g_free (self);
}

static guint64
total (SottoMemory memory)
{
  return memory.weights + memory.kv_cache + memory.scratch;
}

static SottoMemory
resident_measure (const SottoResident *self)
{
  SottoMemory sum = sotto_session_get_memory (self->session);

  sum.kv_cache += sotto_shelf_measure (self->shelf);
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
  SottoMemory sum = { 0, 0, 0 };

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

static gboolean
fits (const SottoResidents *self,
      guint64               wanted)
{
  return self->memory_budget == 0 || total (sotto_residents_measure (self)) + wanted <= self->memory_budget;
}

/* --- What is kept of timelines that were left --- */

/* What of the budget it may have in all. */
#define KEPT_PART 8

static guint64
measure_kept (const SottoResidents *self)
{
  guint64 n_bytes = 0;

  for (guint i = 0; i < self->list->len; i++)
    n_bytes += sotto_shelf_measure (((const SottoResident *) g_ptr_array_index (self->list, i))->shelf);

  return n_bytes;
}

/* Drops what was used longest ago, whichever model's it is. Returns: its bytes; 0: there is nothing */
static gsize
drop_oldest (SottoResidents *self)
{
  SottoShelf *oldest = NULL;
  gint64 time = G_MAXINT64;

  for (guint i = 0; i < self->list->len; i++)
    {
      SottoShelf *shelf = ((const SottoResident *) g_ptr_array_index (self->list, i))->shelf;

      if (sotto_shelf_get_oldest (shelf) < time)
        {
          time = sotto_shelf_get_oldest (shelf);
          oldest = shelf;
        }
    }

  return oldest != NULL ? sotto_shelf_drop_oldest (oldest) : 0;
}

/* Models, helpers and scratch come first. */
static gboolean
make_room_of_kept (SottoResidents *self,
                   guint64         wanted)
{
  while (!fits (self, wanted))
    if (drop_oldest (self) == 0)
      return FALSE;

  return TRUE;
}

/* Drops what was kept longest until there is room for @wanted bytes more of it: in its share of the budget, beside all
 * that is open, and in memory that the machine has to spare. FALSE: there is none; then what would not help has stayed. */
static gboolean
make_room_to_keep (SottoResidents *self,
                   guint64         wanted)
{
  guint64 share = self->memory_budget == 0 ? G_MAXUINT64 : self->memory_budget / KEPT_PART;
  SottoMemory memory = sotto_residents_measure (self);
  guint64 kept = measure_kept (self);
  gint64 spare = sotto_shelf_measure_spare (memory.weights);

  if (wanted > 0
      && (wanted > share || spare + (gint64) kept < (gint64) wanted
          || (self->memory_budget != 0 && total (memory) - kept + wanted > self->memory_budget)))
    return FALSE;

  while (!fits (self, wanted) || kept + wanted > share || spare < (gint64) wanted)
    {
      gsize n_bytes = drop_oldest (self);

      if (n_bytes == 0)
        return FALSE;
      kept -= n_bytes;
      spare += (gint64) n_bytes;
    }

  return TRUE;
}

/* (nullable): cancelled, or there is no room. Either way the record of stretches is that of the session's timeline. */
static SottoKept *
keep (SottoResidents *self,
      SottoResident  *resident,
      SottoCancel    *cancel)
{
  SottoAside *aside;
  SottoKept *kept;
  guint length;

  if (!make_room_to_keep (self, sotto_session_measure_aside (resident->session)))
    return NULL;
  aside = sotto_session_put_aside (resident->session, cancel);
  sotto_session_get_tokens (resident->session, &length);
  sotto_resident_record (resident, length, length, FALSE);
  if (aside == NULL)
    return NULL;

  kept = g_new0 (SottoKept, 1);
  kept->aside = aside;
  kept->stretches = g_array_copy (resident->stretches);
  kept->conversation = g_strdup (resident->conversation);

  return kept;
}

/* Whose words are in the session from now on. */
static void
set_conversation (SottoResident *resident,
                  const char    *conversation)
{
  g_set_str (&resident->conversation, conversation);
  g_hash_table_add (resident->traces, g_strdup (conversation != NULL ? conversation : ""));
}

/* FALSE: cancelled, or a device failed; the session is empty then. */
static gboolean
take_up (SottoResident   *resident,
         const SottoKept *kept,
         SottoCancel     *cancel)
{
  g_array_set_size (resident->stretches, 0);
  set_conversation (resident, kept->conversation);
  if (!sotto_session_take_up (resident->session, kept->aside, cancel))
    return FALSE;

  if (kept->stretches->len > 0)
    g_array_append_vals (resident->stretches, kept->stretches->data, kept->stretches->len);

  return TRUE;
}

gboolean
sotto_residents_resume (SottoResidents  *self,
                        SottoResident   *resident,
                        const gint32    *tokens,
                        guint            n_tokens,
                        const char      *conversation,
                        SottoCancel     *cancel,
                        GError         **error)
{
  g_autoptr (SottoKept) taken = NULL;
  SottoKept *left;
  guint length;

  make_room_to_keep (self, 0);
  if (n_tokens > sotto_session_get_context (resident->session))
    return TRUE;

  sotto_session_get_tokens (resident->session, &length);
  taken = sotto_shelf_take (resident->shelf, resident->session, tokens, n_tokens);
  if (sotto_shelf_is_worth (length, sotto_session_count_common (resident->session, tokens, n_tokens))
      && (left = keep (self, resident, cancel)) != NULL)
    sotto_shelf_add (resident->shelf, left);

  if (taken != NULL && !sotto_cancel_is_raised (cancel))
    {
      guint n_common = sotto_aside_count_common (taken->aside, tokens, n_tokens);
      gboolean is_up = take_up (resident, taken, cancel);

      if (is_up && !sotto_shelf_is_worth (taken->aside->tokens->len, n_common))
        g_clear_pointer (&taken, sotto_kept_free);
    }
  if (taken != NULL)
    sotto_shelf_add (resident->shelf, g_steal_pointer (&taken));
  if (!sotto_cancel_check (cancel, error))
    return FALSE;
  set_conversation (resident, conversation);

  return TRUE;
}

/* Wipes the session, and brings back what it has of another conversation. */
static void
clean (SottoResidents *self,
       SottoResident  *resident,
       const char     *conversation)
{
  g_autoptr (SottoKept) kept = NULL;

  if (!sotto_shelf_is_of (resident->conversation, conversation))
    kept = keep (self, resident, NULL);
  sotto_session_wipe (resident->session);
  if (resident->helper != NULL)
    sotto_helper_wipe (resident->helper);
  g_array_set_size (resident->stretches, 0);
  g_hash_table_remove_all (resident->traces);
  g_clear_pointer (&resident->conversation, g_free);
  if (kept != NULL)
    take_up (resident, kept, NULL);
}

void
sotto_residents_forget (SottoResidents *self,
                        const char     *conversation)
{
  for (guint i = 0; i < self->list->len; i++)
    {
      SottoResident *resident = g_ptr_array_index (self->list, i);

      sotto_shelf_forget (resident->shelf, conversation);
      if (conversation == NULL || g_hash_table_contains (resident->traces, conversation)
          || g_hash_table_contains (resident->traces, ""))
        clean (self, resident, conversation);
    }
}

/* --- Room for models --- */

/* Closes helpers and then the models used longest ago until @wanted more bytes fit, or all where only one may stay. */
static gboolean
make_room (SottoResidents *self,
           guint64         wanted,
           const char     *path,
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

  make_room_of_kept (self, wanted);
  for (guint i = self->list->len; i > 0 && !fits (self, wanted); i--)
    {
      SottoResident *resident = g_ptr_array_index (self->list, i - 1);

      g_clear_pointer (&resident->helper, sotto_helper_free);
    }
  while (self->list->len > 0 && (!self->keep_previous || !fits (self, wanted)))
    g_ptr_array_remove_index (self->list, self->list->len - 1);

  return TRUE;
}

static gboolean
uses_gpu (const SottoResident *self)
{
  g_autoptr (SottoPlacement) placement = sotto_session_get_placement (self->session);

  return placement->gpus != NULL;
}

/* The memory of GPUs is the model's that is used next: others that have some of it are closed, helpers first and then
 * those used longest ago, until all of it has room there that can, or nothing more is to be had. */
static void
make_room_on_gpus (SottoResidents *self,
                   SottoModel     *model,
                   guint           n_context)
{
  for (guint i = self->list->len; i > 0; i--)
    {
      SottoResident *resident = g_ptr_array_index (self->list, i - 1);

      if (sotto_session_would_have_room (model, self->backend, n_context, self->kv_type))
        return;
      g_clear_pointer (&resident->helper, sotto_helper_free);
    }
  for (guint i = self->list->len; i > 0; i--)
    {
      if (!uses_gpu (g_ptr_array_index (self->list, i - 1)))
        continue;
      if (sotto_session_would_have_room (model, self->backend, n_context, self->kv_type))
        return;
      g_ptr_array_remove_index (self->list, i - 1);
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
    g_ptr_array_remove_index (self->list, index);

  if (!make_room (self, total (sotto_model_estimate_memory (model, n_context)), path, error))
    return NULL;

  sotto_backend_set_gpu (self->backend, place.gpu, place.n_gpu_layers);
  make_room_on_gpus (self, model, n_context);
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
  if (model == NULL || !make_room_of_kept (self, sotto_helper_estimate (model)))
    return;

  sotto_backend_set_gpu (self->backend, resident->place.gpu, resident->place.n_gpu_layers);
  resident->helper = sotto_helper_new (model, sotto_model_get_info (resident->model)->n_vocabulary, self->backend, cancel,
                                       NULL);
}

void
sotto_residents_close (SottoResidents *self,
                       const char     *path)
{
  guint index;

  if (path == NULL)
    g_ptr_array_set_size (self->list, 0);
  else if (find (self, path, &index) != NULL)
    g_ptr_array_remove_index (self->list, index);

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
