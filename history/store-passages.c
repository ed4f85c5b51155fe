/* A question to folders, answered with passages
 *
 * passage-query.c takes the question apart; passage-rank.c says how well each passage fits by its words, passage-meaning.c by
 * what it is about, as far as there are vectors; passage-join.c puts both in one order. Here the best are taken, one after the
 * other: of one document the fourth and those behind it only where they fit much better than others; and passages that
 * overlap become one, so that what was cut is whole again. */

#include "store-private.h"

#include "folder-rows.h"
#include "passage-join.h"
#include "passage-meaning.h"
#include "passage-query.h"
#include "passage-rank.h"

#include <math.h>
#include <string.h>

#define LOOKED_AT 100       /* of the best candidates */
#define FULL_VALUE 3        /* passages of one document */
#define LATER_VALUE 0.75    /* what each behind them loses */
#define LEAST_VALUE 0.3     /* of the best one's: what fits less is left out */
#define JOINED_MAX 3000     /* bytes of passages that have become one */
#define OVERLAP_MIN 16

typedef struct {
  gint64 row;
  gint64 last_row; /* of those that it has become one with */
  gint64 document;
  SottoHistoryPassage *passage;
} Found;

typedef struct {
  SottoDatabase *database;
  GArray *found; /* Found */
  gsize size;    /* of all texts */
  double best;   /* score */
} Finding;

static void
clear_found (gpointer data)
{
  Found *found = data;

  sotto_history_passage_free (found->passage);
}

/* --- Joining --- */

/* How much of the beginning of @next stands at the end of @text */
static gsize
overlap_of (const char *text, const char *next)
{
  const gsize length = strlen (text);
  const gsize longest = MIN (length, strlen (next));

  for (gsize n = longest; n >= OVERLAP_MIN; n--)
    if (memcmp (text + length - n, next, n) == 0)
      return n;
  return 0;
}

/* The lines that both begin with: who cuts a section says its headings again. */
static gsize
headings_of (const char *text, const char *next)
{
  gsize length = 0;
  const char *end;

  while ((end = strchr (text + length, '\n')) != NULL &&
         strncmp (text + length, next + length, (gsize) (end - text) + 1 - length) == 0)
    length = (gsize) (end - text) + 1;
  return length;
}

/* Returns: (transfer full) (nullable): both, with what they share once; %NULL: they share nothing */
static char *
join (const char *text, const char *next)
{
  gsize overlap;

  next += headings_of (text, next);
  overlap = overlap_of (text, next);
  return overlap > 0 ? g_strconcat (text, next + overlap, NULL) : NULL;
}

/* Whether @found became part of one that is there */
static gboolean
join_found (Finding *self, Found *found, gsize max_bytes)
{
  for (guint i = 0; i < self->found->len; i++)
    {
      Found *other = &g_array_index (self->found, Found, i);
      const gboolean is_behind = other->last_row + 1 == found->row;
      SottoHistoryPassage *first = is_behind ? other->passage : found->passage;
      SottoHistoryPassage *second = is_behind ? found->passage : other->passage;
      g_autofree char *joined = NULL;
      gsize before = strlen (other->passage->text);

      if (other->document != found->document || !(is_behind || found->row + 1 == other->row))
        continue;
      joined = join (first->text, second->text);
      if (joined == NULL || strlen (joined) > JOINED_MAX || self->size - before + strlen (joined) > max_bytes)
        continue;

      self->size += strlen (joined) - before;
      other->passage->found |= found->passage->found;
      other->row = MIN (other->row, found->row);
      other->last_row = MAX (other->last_row, found->row);
      other->passage->first_page = first->first_page;
      other->passage->last_page = MAX (first->last_page, second->last_page);
      g_free (other->passage->text);
      other->passage->text = g_steal_pointer (&joined);
      return TRUE;
    }
  return FALSE;
}

/* --- Choosing --- */

/* What was put in the place of something else, or removed, may be in the index still. Returns: whether there is one */
static gboolean
read_found (SottoDatabase *database, gint64 row, Found *found, gboolean *failed, GError **error)
{
  sqlite3_stmt *rows =
    sotto_database_query (database, error,
                          "SELECT passage.text, first_page, last_page, folder.uuid, path, document.id FROM passage"
                          " JOIN document ON document.id = passage.document JOIN folder ON folder.id = document.folder"
                          " WHERE passage.id = ?1 AND document.gone = 0", "i", row);

  *failed = rows == NULL;
  if (rows == NULL || !sotto_database_next (database, rows, failed, error))
    return FALSE;

  found->row = found->last_row = row;
  found->passage = sotto_history_passage_new ((const char *) sqlite3_column_text (rows, 0),
                                              (guint) sqlite3_column_int64 (rows, 1),
                                              (guint) sqlite3_column_int64 (rows, 2));
  found->passage->folder = sotto_column_dup_text (rows, 3);
  found->passage->path = sotto_column_dup_text (rows, 4);
  found->document = sqlite3_column_int64 (rows, 5);
  sqlite3_reset (rows);
  return TRUE;
}

static guint
count_of (const Finding *self, gint64 document)
{
  guint n = 0;

  for (guint i = 0; i < self->found->len; i++)
    n += g_array_index (self->found, Found, i).document == document;
  return n;
}

/* The same file may lie in two places. */
static gboolean
is_said (const Finding *self, const char *text)
{
  for (guint i = 0; i < self->found->len; i++)
    if (g_str_equal (g_array_index (self->found, Found, i).passage->text, text))
      return TRUE;
  return FALSE;
}

/* A candidate whose document has enough places already loses some of its value, and comes again when it is its turn. */
static gboolean
choose (Finding *self, GArray *candidates, guint limit, gsize max_bytes, GError **error)
{
  const guint n = MIN (candidates->len, LOOKED_AT);
  g_autoptr (GArray) places = g_array_new (FALSE, TRUE, sizeof (guint)); /* of its document, when it was looked at */

  g_array_set_size (places, n);
  while (self->found->len < limit)
    {
      SottoCandidate *best = NULL;
      Found found = { 0 };
      gboolean failed;
      guint *place;
      guint same;

      for (guint i = 0; i < n; i++)
        {
          SottoCandidate *candidate = &g_array_index (candidates, SottoCandidate, i);

          if (candidate->score > 0 && (best == NULL || candidate->score > best->score))
            best = candidate;
        }
      if (best == NULL || best->score < self->best * LEAST_VALUE)
        break;

      if (!read_found (self->database, best->row, &found, &failed, error))
        {
          if (failed)
            return FALSE;
          best->score = 0;
          continue;
        }

      found.passage->found = best->found_by;
      self->best = MAX (self->best, best->score);
      same = count_of (self, found.document);
      place = &g_array_index (places, guint, best - &g_array_index (candidates, SottoCandidate, 0));
      if (same >= FULL_VALUE && same > *place)
        {
          best->score *= pow (LATER_VALUE, same - MAX (*place, FULL_VALUE - 1));
          *place = same;
        }
      else
        {
          best->score = 0;
          if (!is_said (self, found.passage->text) && !join_found (self, &found, max_bytes) &&
              self->size + strlen (found.passage->text) <= max_bytes)
            {
              self->size += strlen (found.passage->text);
              g_array_append_val (self->found, found);
              continue;
            }
        }
      clear_found (&found);
    }
  return TRUE;
}

/* --- In the thread --- */

static gboolean
find_folders (SottoDatabase *database, char **ids, GArray *folders, gint64 *n_passages, GError **error)
{
  *n_passages = 0;
  for (guint i = 0; ids[i] != NULL; i++)
    {
      GError *local = NULL;
      gboolean found;
      gint64 row = sotto_database_get_int (database, &found, &local,
                                           "SELECT id FROM folder WHERE uuid = ?1 AND gone = 0", "u", ids[i]);

      for (guint j = 0; found && j < folders->len; j++)
        found = g_array_index (folders, gint64, j) != row;
      if (found && local == NULL)
        {
          g_array_append_val (folders, row);
          *n_passages += sotto_database_get_int (database, NULL, &local,
                                                 "SELECT ifnull (sum (n_passages), 0) FROM document"
                                                 " WHERE folder = ?1 AND gone = 0", "i", row);
        }
      if (local != NULL)
        {
          g_propagate_error (error, local);
          return FALSE;
        }
    }
  return TRUE;
}

static gpointer
do_find (SottoVault *vault, SottoCall *call, GError **error)
{
  g_autoptr (GArray) folders = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (Found));
  g_autoptr (GPtrArray) words = NULL;
  g_autoptr (GArray) candidates = NULL;
  g_autoptr (GArray) near = NULL;
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_passage_free);
  Finding self = { vault->database, found, 0, 0 };
  gint64 n_passages;
  double asked;

  g_array_set_clear_func (found, clear_found);
  if (!find_folders (vault->database, call->folders, folders, &n_passages, error))
    return NULL;
  words = sotto_passage_query_parse (vault->database, call->text, error);
  if (words == NULL)
    return NULL;
  candidates = sotto_passage_rank (vault->database, folders, words, n_passages, &asked, error);
  if (candidates == NULL)
    return NULL;
  near = sotto_passage_rank_by_meaning (vault->database, folders, n_passages, call->id, call->vectors, error);
  if (near == NULL)
    return NULL;
  sotto_passage_join (candidates, asked, near);
  if (!choose (&self, candidates, call->kind, (gsize) call->number, error))
    return NULL;

  for (guint i = 0; i < found->len; i++)
    g_ptr_array_add (list, g_steal_pointer (&g_array_index (found, Found, i).passage));
  return g_steal_pointer (&list);
}

/* --- The call --- */

void
sotto_store_find_passages_async (SottoStore          *self,
                                 const char *const   *folders,
                                 const char          *question,
                                 const char          *embedder,
                                 GBytes              *vector,
                                 guint                limit,
                                 gsize                max_bytes,
                                 GCancellable        *cancellable,
                                 GAsyncReadyCallback  callback,
                                 gpointer             user_data)
{
  SottoCall *call;

  g_return_if_fail (SOTTO_IS_STORE (self) && folders != NULL && question != NULL);

  call = sotto_call_new ();
  call->folders = g_strdupv ((char **) folders);
  call->text = g_utf8_make_valid (question, -1);
  call->id = embedder != NULL ? g_utf8_make_valid (embedder, -1) : NULL;
  call->vectors = vector != NULL ? g_bytes_ref (vector) : NULL;
  call->kind = CLAMP (limit, 1, 100);
  call->number = (gint64) MIN (max_bytes, G_MAXINT32);
  sotto_store_push (self, SOTTO_WORK_READ, do_find, call, (GDestroyNotify) g_ptr_array_unref, cancellable, callback,
                    user_data);
}

GPtrArray *
sotto_store_find_passages_finish (SottoStore *self, GAsyncResult *result, GError **error)
{
  return sotto_store_take (self, result, error);
}
