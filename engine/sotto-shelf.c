/* The shelf: timelines that were left.
 *
 * A model has one session, and who goes to another conversation leaves what that had computed. Kept here, it is
 * copied back when a prompt comes that begins with it: megabytes in place of thousands of tokens.
 */

#include "sotto-shelf.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* A timeline is kept for the tokens that would be lost with it: for so many, and for so large a part of it that a reply
 * asked for again does not fill the shelf with copies of one conversation. */
#define LEAST_LOST 128u
#define LOST_PART 4u

/* One is taken up for so many tokens more than the session has, and for one in so many of all that have to be copied. */
#define LEAST_GAIN 64u
#define GAIN_PART 32u

/* Of the machine's memory one in so many bytes is left for others, besides weights. */
#define SPARE_PART 8

struct _SottoShelf {
  GPtrArray *list;         /* (element-type SottoKept): that used longest ago first */
};

void
sotto_kept_free (SottoKept *self)
{
  sotto_aside_free (self->aside);
  g_array_unref (self->stretches);
  g_free (self->conversation);
  g_free (self);
}

SottoShelf *
sotto_shelf_new (void)
{
  SottoShelf *self = g_new0 (SottoShelf, 1);

  self->list = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_kept_free);

  return self;
}

void
sotto_shelf_free (SottoShelf *self)
{
  g_ptr_array_unref (self->list);
  g_free (self);
}

void
sotto_shelf_add (SottoShelf *self,
                 SottoKept  *kept)
{
  kept->used = g_get_monotonic_time ();
  g_ptr_array_add (self->list, kept);
}

gboolean
sotto_shelf_is_worth (guint length,
                      guint n_common)
{
  guint n_lost = length - n_common;

  return n_lost >= LEAST_LOST && n_lost >= length / LOST_PART;
}

SottoKept *
sotto_shelf_take (SottoShelf         *self,
                  const SottoSession *session,
                  const gint32       *tokens,
                  guint               n_tokens)
{
  guint there = sotto_session_count_reusable (session, tokens, n_tokens);
  guint most = 0;
  guint best = 0;

  for (guint i = 0; i < self->list->len; i++)
    {
      const SottoKept *kept = g_ptr_array_index (self->list, i);
      guint n = sotto_aside_count_reusable (kept->aside, session, tokens, n_tokens);

      if (n > most && n >= there + MAX (LEAST_GAIN, kept->aside->tokens->len / GAIN_PART))
        {
          most = n;
          best = i;
        }
    }

  return most > 0 ? g_ptr_array_steal_index (self->list, best) : NULL;
}

gsize
sotto_shelf_drop_oldest (SottoShelf *self)
{
  gsize n_bytes;

  if (self->list->len == 0)
    return 0;

  n_bytes = sotto_aside_measure (((const SottoKept *) g_ptr_array_index (self->list, 0))->aside);
  g_ptr_array_remove_index (self->list, 0);

  return n_bytes;
}

gint64
sotto_shelf_get_oldest (const SottoShelf *self)
{
  return self->list->len > 0 ? ((const SottoKept *) g_ptr_array_index (self->list, 0))->used : G_MAXINT64;
}

gsize
sotto_shelf_measure (const SottoShelf *self)
{
  gsize n_bytes = 0;

  for (guint i = 0; i < self->list->len; i++)
    n_bytes += sotto_aside_measure (((const SottoKept *) g_ptr_array_index (self->list, i))->aside);

  return n_bytes;
}

const SottoKept *
sotto_shelf_peek (const SottoShelf *self,
                  guint             index)
{
  return index < self->list->len ? g_ptr_array_index (self->list, self->list->len - 1 - index) : NULL;
}

gboolean
sotto_shelf_is_of (const char *kept,
                   const char *conversation)
{
  return conversation == NULL || kept == NULL || g_str_equal (kept, conversation);
}

void
sotto_shelf_forget (SottoShelf *self,
                    const char *conversation)
{
  for (guint i = self->list->len; i > 0; i--)
    if (sotto_shelf_is_of (((const SottoKept *) g_ptr_array_index (self->list, i - 1))->conversation, conversation))
      g_ptr_array_remove_index (self->list, i - 1);
}

void
sotto_shelf_let_go (SottoShelf *self,
                    const char *conversation)
{
  for (guint i = 0; i < self->list->len; i++)
    {
      SottoKept *kept = g_ptr_array_index (self->list, i);

      if (g_strcmp0 (kept->conversation, conversation) == 0)
        kept->lasts = FALSE;
    }
}

/* Bytes of a line "NAME:   N kB"; -1: there is none. */
static gint64
find_bytes (const char *meminfo,
            const char *name)
{
  const char *line = meminfo != NULL ? strstr (meminfo, name) : NULL;

  return line != NULL ? (gint64) g_ascii_strtoull (line + strlen (name), NULL, 10) * 1024 : -1;
}

gint64
sotto_shelf_find_spare (const char *meminfo,
                        guint64     weights)
{
  gint64 all = find_bytes (meminfo, "MemTotal:");
  gint64 available = find_bytes (meminfo, "MemAvailable:");

  if (all < 0 || available < 0)
    return G_MAXINT64 / 2;

  return available - all / SPARE_PART - (gint64) MIN (weights, (guint64) G_MAXINT64 / 2);
}

gint64
sotto_shelf_measure_spare (guint64 weights)
{
  char text[512]; /* the lines looked for are the first and the third */
  int file = open ("/proc/meminfo", O_RDONLY | O_CLOEXEC);
  gssize n = file >= 0 ? read (file, text, sizeof text - 1) : 0;

  if (file >= 0)
    close (file);
  text[MAX (n, 0)] = '\0';

  return sotto_shelf_find_spare (text, weights);
}
