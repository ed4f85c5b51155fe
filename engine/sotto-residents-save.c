/* Timelines that outlive their worker: which are saved, and which are taken up again.
 *
 * Bringing one back must never take longer than reading it anew would. What reading takes is known by the speed of the last
 * prefill; what bringing back takes, by its bytes, as from a disk of which little is expected. Who takes one up for a part of it
 * only has to read all of it, so both have to be apart by as much.
 */

#include "sotto-residents-private.h"

#include "sotto-kept-file.h"
#include "sotto-model-private.h"

/* What is saved: tokens, or seconds of reading anew. */
#define LEAST_TOKENS 512u
#define LEAST_SECONDS 1.0

/* What is there already is saved again for so many tokens more. */
#define LEAST_NEW 128u

/* Taken up is what has so many tokens more, and one in so many of all. */
#define LEAST_GAIN 256u
#define GAIN_PART 4u

/* Of a disk, with deciphering. */
#define BYTES_PER_SECOND 600e6

static char *
make_name (const SottoResident *resident,
           const char          *conversation)
{
  return g_strconcat (conversation, "\n", sotto_model_peek_hash (resident->model), NULL);
}

static guint
count_common (const GArray *one,
              const gint32 *other,
              guint         n_other)
{
  guint most = MIN (one->len, n_other);
  guint n = 0;

  while (n < most && g_array_index (one, gint32, n) == other[n])
    n++;

  return n;
}

/* --- Saving --- */

typedef struct {
  SottoResidents *residents;
  gint64 until;            /* monotonic */
  SottoCancel *cancel;
  GHashTable *names;       /* of which something newer was looked at */
} Saving;

static gboolean
is_worth (const SottoResident *resident,
          guint                n_tokens,
          guint64              n_bytes)
{
  double seconds = resident->speed > 0 ? n_tokens / resident->speed : 0;

  if (resident->speed <= 0)
    return n_tokens >= LEAST_TOKENS;

  return (n_tokens >= LEAST_TOKENS || seconds >= LEAST_SECONDS) && n_bytes / BYTES_PER_SECOND * GAIN_PART <= seconds;
}

/* Whether a timeline is to be saved that may be. */
static gboolean
is_wanted (const Saving        *self,
           const SottoResident *resident,
           const char          *conversation,
           const gint32        *tokens,
           guint                n_tokens,
           guint64              n_bytes)
{
  g_autofree char *name = make_name (resident, conversation);
  const GArray *saved = g_hash_table_lookup (self->residents->saved, name);
  gint64 time_left = self->until - g_get_monotonic_time ();

  if (!g_hash_table_add (self->names, g_steal_pointer (&name)))
    return FALSE;
  if (saved != NULL && n_tokens < count_common (saved, tokens, n_tokens) + LEAST_NEW)
    return FALSE;

  return is_worth (resident, n_tokens, n_bytes)
         && n_bytes / BYTES_PER_SECOND * G_USEC_PER_SEC <= (double) time_left;
}

static void
save (const Saving        *self,
      const SottoResident *resident,
      const SottoKept     *kept)
{
  SottoResidents *residents = self->residents;
  const GArray *stretches = kept->stretches;
  const SottoStretch *last = stretches->len > 0 ? &g_array_index (stretches, SottoStretch, stretches->len - 1) : NULL;

  /* A timeline of which it is not known how it came about is none to go on from. */
  if (last == NULL || last->first + last->length != kept->aside->tokens->len)
    return;
  if (sotto_kept_file_save (kept, resident->session, &residents->timelines, self->until, self->cancel))
    g_hash_table_insert (residents->saved, make_name (resident, kept->conversation), g_array_copy (kept->aside->tokens));
}

static void
save_session (const Saving  *self,
              SottoResident *resident)
{
  guint64 n_bytes = sotto_session_measure_aside (resident->session);
  g_autoptr (SottoKept) kept = NULL;
  const gint32 *tokens;
  guint length;

  tokens = sotto_session_get_tokens (resident->session, &length);
  if (!resident->lasts || resident->conversation == NULL
      || !is_wanted (self, resident, resident->conversation, tokens, length, n_bytes)
      || sotto_shelf_measure_spare (0) < (gint64) n_bytes)
    return;

  kept = sotto_resident_copy (resident, self->cancel);
  if (kept != NULL)
    save (self, resident, kept);
}

static void
save_shelf (const Saving        *self,
            const SottoResident *resident)
{
  const SottoKept *kept;

  for (guint i = 0; (kept = sotto_shelf_peek (resident->shelf, i)) != NULL; i++)
    if (kept->lasts && kept->conversation != NULL
        && is_wanted (self, resident, kept->conversation, (const gint32 *) kept->aside->tokens->data,
                      kept->aside->tokens->len, sotto_kept_file_measure (kept, resident->session)))
      save (self, resident, kept);
}

void
sotto_residents_save (SottoResidents *self,
                      SottoResident  *resident,
                      gint64          time_us,
                      SottoCancel    *cancel)
{
  g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Saving saving = { self, g_get_monotonic_time () + time_us, cancel, names };

  if (!self->has_timelines)
    return;

  for (guint pass = 0; pass < 2; pass++)
    for (guint i = 0; i < self->list->len; i++)
      {
        SottoResident *other = g_ptr_array_index (self->list, i);

        if ((resident != NULL && other != resident) || sotto_model_peek_hash (other->model) == NULL
            || !sotto_model_check_unchanged (other->model, NULL))
          continue;
        if (pass == 0)
          save_session (&saving, other);
        else
          save_shelf (&saving, other);
      }
}

void
sotto_residents_remove_saved (SottoResidents *self,
                              const char     *conversation)
{
  GHashTableIter iter;
  gpointer name;

  if (!self->has_timelines)
    return;

  self->timelines.remove (conversation, NULL, self->timelines.user_data);
  g_hash_table_iter_init (&iter, self->saved);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    if (conversation == NULL || g_str_has_prefix (name, conversation))
      g_hash_table_iter_remove (&iter);
}

void
sotto_residents_forget_saved (SottoResidents *self,
                              const char     *conversation)
{
  for (guint i = 0; i < self->list->len; i++)
    {
      SottoResident *resident = g_ptr_array_index (self->list, i);

      if (g_strcmp0 (resident->conversation, conversation) == 0)
        resident->lasts = FALSE;
      sotto_shelf_let_go (resident->shelf, conversation);
    }
  sotto_residents_remove_saved (self, conversation);
}

/* --- Loading --- */

typedef struct {
  const SottoResuming *resuming;
  guint n_tokens;
} Telling;

static void
tell (guint64  done,
      guint64  total,
      gpointer user_data)
{
  const Telling *self = user_data;

  self->resuming->progress (total > 0 ? done * self->n_tokens / total : 0, self->n_tokens, self->resuming->user_data);
}

SottoKept *
sotto_residents_load (SottoResidents      *self,
                      SottoResident       *resident,
                      const gint32        *tokens,
                      guint                n_tokens,
                      guint                there,
                      const SottoResuming *resuming)
{
  Telling telling = { resuming, 0 };
  g_autoptr (SottoKeptFile) file = NULL;
  const SottoAside *aside;
  SottoKept *kept;
  guint n;

  if (!self->has_timelines || !resuming->lasts || resuming->conversation == NULL || n_tokens < there + LEAST_GAIN)
    return NULL;
  file = sotto_kept_file_open (&self->timelines, resident->session, resuming->conversation);
  if (file == NULL)
    return NULL;

  aside = sotto_kept_file_peek (file);
  n = sotto_aside_count_reusable (aside, resident->session, tokens, n_tokens);
  if (n < there + MAX (LEAST_GAIN, aside->tokens->len / GAIN_PART)
      || sotto_shelf_measure_spare (0) < (gint64) sotto_aside_measure (aside))
    return NULL;

  telling.n_tokens = n - there;
  kept = sotto_kept_file_load (file, resuming->progress != NULL ? tell : NULL, &telling, resuming->cancel);
  if (kept != NULL)
    g_hash_table_insert (self->saved, make_name (resident, kept->conversation), g_array_copy (kept->aside->tokens));

  return kept;
}
