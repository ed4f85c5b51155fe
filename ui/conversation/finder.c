#include "conversation/finder.h"

#include "attachment/attachment-dialog.h"
#include "conversation/find-marks.h"
#include "conversation/found-file.h"
#include "conversation/message-row.h"

/* A line that is brought into the view has so much of what stands before it there, of the view's height */
#define CONTEXT 0.3

/* The row is there, and laid out where it belongs, so many frames after the list was told to show it. */
#define FRAMES 2

struct _SottoFinder {
  /* Unowned */
  GtkScrolledWindow *scroller;
  SottoMessageList *list;

  GtkWidget *marked;  /* weak: the row in which words are marked */
  guint marked_at;

  /* What is to be shown */
  guint position;
  guint place;
  char *words;
  SottoFinderShown shown;
  gpointer user_data;
  guint tick;
  guint n_frames;
  gboolean is_phrase; /* the words are one sentence */
  guint source;       /* of a reply that is on its way: the passage that is opened under it */
};

SottoFinder *
sotto_finder_new (GtkScrolledWindow *scroller,
                  SottoMessageList  *list)
{
  SottoFinder *self = g_new0 (SottoFinder, 1);

  self->scroller = scroller;
  self->list = list;

  return self;
}

static void
bring_into_sight (SottoFinder           *self,
                  const SottoFoundPlace *place)
{
  GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment (self->scroller);
  double height = gtk_widget_get_height (GTK_WIDGET (self->scroller));
  graphene_rect_t bounds;

  if (!sotto_found_place_get_bounds (place, GTK_WIDGET (self->scroller), &bounds) ||
      (bounds.origin.y >= 0 && bounds.origin.y + bounds.size.height <= height))
    return;

  gtk_adjustment_set_value (adjustment, gtk_adjustment_get_value (adjustment) + bounds.origin.y - height * CONTEXT);
}

/* What was asked for as several words need not stand together. */
static guint
mark_any (GtkWidget       *row,
          const char      *words,
          guint            wanted,
          SottoFoundPlace *place)
{
  g_auto (GStrv) needles = sotto_find_list_needles (words);
  guint n = sotto_find_mark (row, words, wanted, place);

  for (guint i = 0; n == 0 && needles[i] != NULL; i++)
    n = sotto_find_mark (row, needles[i], wanted, place);

  return n;
}

static void
mark (SottoFinder *self)
{
  GtkWidget *row = sotto_message_list_get_row (self->list, self->position);
  SottoFoundPlace place;
  guint n;

  if (row == NULL)
    return;

  g_set_weak_pointer (&self->marked, row);
  self->marked_at = self->position;
  n = self->is_phrase ? sotto_find_mark (row, self->words, 0, &place) : mark_any (row, self->words, self->place, &place);
  if (n > 0)
    bring_into_sight (self, &place);
  if (self->is_phrase)
    sotto_find_mark_one (row, self->words, 0);
  if (self->shown != NULL)
    self->shown (self->user_data, n);
}

static gboolean
on_frame (GtkWidget     *widget,
          GdkFrameClock *clock,
          gpointer       user_data)
{
  SottoFinder *self = user_data;

  if (self->n_frames++ < FRAMES)
    return G_SOURCE_CONTINUE;

  self->tick = 0;
  mark (self);

  return G_SOURCE_REMOVE;
}

static void
show (SottoFinder      *self,
      guint             position,
      const char       *words,
      gboolean          is_phrase,
      guint             place,
      SottoFinderShown  shown,
      gpointer          user_data)
{
  gboolean is_there = self->marked != NULL && self->marked_at == position &&
                      sotto_message_list_get_row (self->list, position) == self->marked;

  if (!is_there)
    sotto_finder_clear (self);
  self->position = position;
  self->is_phrase = is_phrase;
  self->place = place;
  g_set_str (&self->words, words);
  self->shown = shown;
  self->user_data = user_data;

  /* From place to place in one message nothing has to be laid out, and nothing jumps to its beginning first. */
  if (is_there && self->tick == 0)
    {
      mark (self);
      return;
    }

  sotto_message_list_scroll_to (self->list, position);
  self->n_frames = 0;
  if (self->tick == 0)
    self->tick = gtk_widget_add_tick_callback (GTK_WIDGET (self->list), on_frame, self, NULL);
}

void
sotto_finder_show (SottoFinder      *self,
                   guint             position,
                   const char       *words,
                   guint             place,
                   SottoFinderShown  shown,
                   gpointer          user_data)
{
  show (self, position, words, FALSE, place, shown, user_data);
}

void
sotto_finder_show_phrase (SottoFinder *self,
                          guint        position,
                          const char  *phrase)
{
  show (self, position, phrase, TRUE, 0, NULL, NULL);
}

/* --- In files --- */

/* The reply stands there, and below it what it was given. */
static void
on_reply_shown (gpointer user_data,
                guint    n_places)
{
  SottoFinder *self = user_data;
  GtkWidget *row = sotto_message_list_get_row (self->list, self->position);

  if (row != NULL)
    sotto_message_row_show_source (SOTTO_MESSAGE_ROW (row), self->source, self->words);
}

static void
on_hit_shown (gpointer user_data,
              guint    n_places)
{
  SottoFinder *self = user_data;
  g_auto (SottoFoundFile) found = { NULL };

  if (!sotto_found_file_look (sotto_message_list_get_model (self->list), self->position, self->words, n_places > 0, &found))
    return;

  if (found.attachment != NULL)
    {
      sotto_attachment_dialog_present (GTK_WIDGET (self->list), found.attachment, found.words);
      return;
    }
  self->source = found.source;
  sotto_finder_show (self, self->position + 1, found.words, 0, on_reply_shown, self);
}

void
sotto_finder_show_hit (SottoFinder *self,
                       guint        position,
                       const char  *words)
{
  sotto_finder_show (self, position, words, 0, on_hit_shown, self);
}

void
sotto_finder_clear (SottoFinder *self)
{
  if (self->tick != 0)
    gtk_widget_remove_tick_callback (GTK_WIDGET (self->list), self->tick);
  self->tick = 0;
  if (self->marked != NULL)
    sotto_find_mark (self->marked, NULL, 0, NULL);
  g_clear_weak_pointer (&self->marked);
}

void
sotto_finder_free (SottoFinder *self)
{
  sotto_finder_clear (self);
  g_free (self->words);
  g_free (self);
}
