/* What is kept of timelines that were left: when, for how long, and who takes it up again. */

#include "sotto-residents-private.h"

#include "sotto-session-private.h"

/* What of the budget it may have in all. */
#define KEPT_PART 8

guint64
sotto_residents_measure_kept (const SottoResidents *self)
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

gboolean
sotto_residents_make_room_of_kept (SottoResidents *self,
                                   guint64         wanted)
{
  while (!sotto_residents_fit (self, wanted))
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
  guint64 kept = sotto_residents_measure_kept (self);
  gint64 spare = sotto_shelf_measure_spare (memory.weights);

  if (wanted > 0
      && (wanted > share || spare + (gint64) kept < (gint64) wanted
          || (self->memory_budget != 0 && sotto_residents_sum (memory) - kept + wanted > self->memory_budget)))
    return FALSE;

  while (!sotto_residents_fit (self, wanted) || kept + wanted > share || spare < (gint64) wanted)
    {
      gsize n_bytes = drop_oldest (self);

      if (n_bytes == 0)
        return FALSE;
      kept -= n_bytes;
      spare += (gint64) n_bytes;
    }

  return TRUE;
}

SottoKept *
sotto_resident_copy (SottoResident *self,
                     SottoCancel   *cancel)
{
  SottoAside *aside = sotto_session_put_aside (self->session, cancel);
  SottoKept *kept;
  guint length;

  sotto_session_get_tokens (self->session, &length);
  sotto_resident_record (self, length, length, FALSE);
  if (aside == NULL)
    return NULL;

  kept = g_new0 (SottoKept, 1);
  kept->aside = aside;
  kept->stretches = g_array_copy (self->stretches);
  kept->conversation = g_strdup (self->conversation);
  kept->lasts = self->lasts;

  return kept;
}

/* (nullable): cancelled, or there is no room. */
static SottoKept *
keep (SottoResidents *self,
      SottoResident  *resident,
      SottoCancel    *cancel)
{
  if (!make_room_to_keep (self, sotto_session_measure_aside (resident->session)))
    return NULL;

  return sotto_resident_copy (resident, cancel);
}

/* Whose words are in the session from now on. */
static void
set_conversation (SottoResident *resident,
                  const char    *conversation,
                  gboolean       lasts)
{
  resident->lasts = lasts;
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
  set_conversation (resident, kept->conversation, kept->lasts);
  if (!sotto_session_take_up (resident->session, kept->aside, cancel))
    return FALSE;

  if (kept->stretches->len > 0)
    g_array_append_vals (resident->stretches, kept->stretches->data, kept->stretches->len);

  return TRUE;
}

/* (nullable): nothing is better than what the session has. */
static SottoKept *
take_best (SottoResidents      *self,
           SottoResident       *resident,
           const gint32        *tokens,
           guint                n_tokens,
           const SottoResuming *resuming)
{
  SottoKept *taken = sotto_shelf_take (resident->shelf, resident->session, tokens, n_tokens);
  guint there = taken != NULL ? sotto_aside_count_reusable (taken->aside, resident->session, tokens, n_tokens)
                              : sotto_session_count_reusable (resident->session, tokens, n_tokens);
  SottoKept *loaded = sotto_residents_load (self, resident, tokens, n_tokens, there, resuming);

  if (loaded == NULL)
    return taken;
  if (taken != NULL)
    sotto_shelf_add (resident->shelf, taken);

  return loaded;
}

gboolean
sotto_residents_resume (SottoResidents       *self,
                        SottoResident        *resident,
                        const gint32         *tokens,
                        guint                 n_tokens,
                        const SottoResuming  *resuming,
                        GError              **error)
{
  g_autoptr (SottoKept) taken = NULL;
  SottoCancel *cancel = resuming->cancel;
  SottoKept *left;
  guint length;

  make_room_to_keep (self, 0);
  if (n_tokens > sotto_session_get_context (resident->session))
    return TRUE;

  sotto_session_get_tokens (resident->session, &length);
  taken = take_best (self, resident, tokens, n_tokens, resuming);
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
  set_conversation (resident, resuming->conversation, resuming->lasts);

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
  resident->lasts = FALSE;
  if (kept != NULL)
    take_up (resident, kept, NULL);
}

void
sotto_residents_release_kept (SottoResidents *self,
                              SottoCancel    *cancel)
{
  if (sotto_residents_measure_kept (self) == 0)
    return;

  sotto_residents_save (self, NULL, SOTTO_RESIDENTS_SAVE_US, cancel);
  for (guint i = 0; i < self->list->len; i++)
    sotto_shelf_forget (((const SottoResident *) g_ptr_array_index (self->list, i))->shelf, NULL);
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
  /* Nobody says whose the texts were. */
  if (self->embedder != NULL)
    sotto_embedder_wipe (self->embedder);
  sotto_residents_remove_saved (self, conversation);
}
