#include "conversation/find-bar.h"

#include <glib/gi18n.h>
#include <string.h>

#include "conversation/find-marks.h"
#include "entry-ready.h"
#include "sotto-app.h"

/* A message. How many places it has is counted in its Markdown until it is shown; then it is known. */
typedef struct {
  guint position;
  guint n_places;
} Match;

struct _SottoFindBar {
  AdwBin parent_instance;

  /* Template Widgets */
  GtkSearchBar *bar;
  GtkSearchEntry *entry;
  GtkLabel *count;
  GtkWidget *previous_button;
  GtkWidget *next_button;

  /* Owned */
  GListModel *messages;
  GArray *matches;  /* (element-type Match): ascending */
  guint current;    /* index into matches */
  guint place;      /* that is shown in it; G_MAXUINT: the last */
  int step;         /* the way in which a person goes: 1 or -1 */
};

enum {
  CLOSED,
  FOUND,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SottoFindBar, sotto_find_bar, ADW_TYPE_BIN)

static Match *
get_match (SottoFindBar *self,
           guint         index)
{
  return &g_array_index (self->matches, Match, index);
}

static void
update_count (SottoFindBar *self)
{
  g_autofree char *text = NULL;
  gboolean has_text = *gtk_editable_get_text (GTK_EDITABLE (self->entry)) != '\0';
  guint before = 0;
  guint n = 0;

  for (guint i = 0; i < self->matches->len; i++)
    {
      if (i == self->current)
        before = n + MIN (self->place, get_match (self, i)->n_places - 1);
      n += get_match (self, i)->n_places;
    }

  if (n > 0)
    /* Translators: which of the places found is shown, as in "2 of 7" */
    text = g_strdup_printf (_("%u of %u"), before + 1, n);
  gtk_label_set_label (self->count, text != NULL ? text : has_text ? _("Nothing found") : "");
  gtk_widget_set_sensitive (self->previous_button, n > 0);
  gtk_widget_set_sensitive (self->next_button, n > 0);
}

static void
show_current (SottoFindBar *self)
{
  update_count (self);
  g_signal_emit (self, signals[FOUND], 0,
                 self->matches->len > 0 ? get_match (self, self->current)->position : G_MAXUINT, self->place);
}

static guint
count_places (const char *text,
              const char *needle)
{
  guint n = 0;

  for (const char *found = text; (found = strstr (found, needle)) != NULL; found += strlen (needle))
    n++;

  return n;
}

static void
count_matches (SottoFindBar *self)
{
  g_autofree char *needle = sotto_find_fold (gtk_editable_get_text (GTK_EDITABLE (self->entry)), NULL);
  guint n = self->messages != NULL && *needle != '\0' ? g_list_model_get_n_items (self->messages) : 0;

  g_array_set_size (self->matches, 0);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (SottoMessage) message = g_list_model_get_item (self->messages, i);
      g_autofree char *json = sotto_message_dup_json (message);
      g_autofree char *text = sotto_find_fold (json != NULL ? json : sotto_message_get_text (message), NULL);
      Match match = { i, count_places (text, needle) };

      if (match.n_places > 0)
        g_array_append_val (self->matches, match);
    }
}

static void
on_changed (SottoFindBar *self)
{
  count_matches (self);

  /* The newest first, as it is nearest to what is read. */
  self->current = self->matches->len > 0 ? self->matches->len - 1 : 0;
  self->place = G_MAXUINT;
  self->step = -1;
  show_current (self);
}

/* Messages have gone, or have come back: what is shown stays what is shown, if it is there. */
static void
on_items_changed (SottoFindBar *self,
                  guint         position,
                  guint         removed,
                  guint         added,
                  GListModel   *messages)
{
  guint was, now, n_places;

  /* What is new at the end is found when one asks again. */
  if (self->matches->len == 0 || (removed == 0 && position + added == g_list_model_get_n_items (messages)))
    return;

  was = now = get_match (self, self->current)->position;
  n_places = get_match (self, self->current)->n_places;
  if (was >= position + removed)
    now = was - removed + added;
  else if (was >= position)
    now = position;
  count_matches (self);
  self->current = self->matches->len > 0 ? self->matches->len - 1 : 0;
  while (self->current > 0 && get_match (self, self->current)->position > now)
    self->current--;
  if (was >= position)
    {
      show_current (self);
      return;
    }

  /* It has not moved, and how many places it has was seen. */
  get_match (self, self->current)->n_places = n_places;
  update_count (self);
}

static void
go_to_message (SottoFindBar *self,
               int           step)
{
  const guint n = self->matches->len;

  self->current = (self->current + (step > 0 ? 1 : n - 1)) % n;
  self->place = step > 0 ? 0 : G_MAXUINT;
}

static void
go (SottoFindBar *self,
    int           step)
{
  guint n_places;

  if (self->matches->len == 0)
    return;

  self->step = step;
  n_places = get_match (self, self->current)->n_places;
  self->place = MIN (self->place, n_places - 1);
  if (step > 0 ? self->place + 1 < n_places : self->place > 0)
    self->place += step;
  else
    go_to_message (self, step);
  show_current (self);
}

static void
find_previous (SottoFindBar *self)
{
  go (self, -1);
}

static void
find_next (SottoFindBar *self)
{
  go (self, 1);
}

void
sotto_find_bar_set_n_places (SottoFindBar *self,
                             guint         n_places)
{
  g_return_if_fail (SOTTO_IS_FIND_BAR (self));

  if (self->current >= self->matches->len)
    return;

  if (n_places > 0)
    {
      get_match (self, self->current)->n_places = n_places;
      update_count (self);
      return;
    }

  /* Nothing of it can be seen there: on to the next, which takes its index where one goes down. */
  g_array_remove_index (self->matches, self->current);
  if (self->matches->len > 0)
    {
      self->current = (self->current + (self->step > 0 ? 0 : self->matches->len - 1)) % self->matches->len;
      self->place = self->step > 0 ? 0 : G_MAXUINT;
    }
  show_current (self);
}

static void
on_mode_changed (SottoFindBar *self)
{
  if (gtk_search_bar_get_search_mode (self->bar))
    return;

  gtk_editable_set_text (GTK_EDITABLE (self->entry), "");
  g_signal_emit (self, signals[CLOSED], 0);
}

void
sotto_find_bar_set_messages (SottoFindBar *self,
                             GListModel   *messages)
{
  g_return_if_fail (SOTTO_IS_FIND_BAR (self));

  if (self->messages == messages)
    return;

  if (self->messages != NULL)
    g_signal_handlers_disconnect_by_data (self->messages, self);
  g_set_object (&self->messages, messages);
  /* Behind the list, which is asked to show a row. */
  if (messages != NULL)
    g_signal_connect_object (messages, "items-changed", G_CALLBACK (on_items_changed), self,
                             G_CONNECT_SWAPPED | G_CONNECT_AFTER);
  gtk_search_bar_set_search_mode (self->bar, FALSE);
}

void
sotto_find_bar_begin (SottoFindBar *self)
{
  g_return_if_fail (SOTTO_IS_FIND_BAR (self));

  gtk_search_bar_set_search_mode (self->bar, TRUE);
  sotto_entry_make_ready (GTK_EDITABLE (self->entry));
  gtk_widget_grab_focus (GTK_WIDGET (self->entry));
}

const char *
sotto_find_bar_get_words (SottoFindBar *self)
{
  g_return_val_if_fail (SOTTO_IS_FIND_BAR (self), "");

  return gtk_editable_get_text (GTK_EDITABLE (self->entry));
}

static void
sotto_find_bar_dispose (GObject *object)
{
  SottoFindBar *self = SOTTO_FIND_BAR (object);

  if (self->messages != NULL)
    g_signal_handlers_disconnect_by_data (self->messages, self);
  g_clear_object (&self->messages);
  /* The template would let go of the child, which is bound, without the bin knowing. */
  adw_bin_set_child (ADW_BIN (self), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), SOTTO_TYPE_FIND_BAR);

  G_OBJECT_CLASS (sotto_find_bar_parent_class)->dispose (object);
}

static void
sotto_find_bar_finalize (GObject *object)
{
  g_array_unref (SOTTO_FIND_BAR (object)->matches);

  G_OBJECT_CLASS (sotto_find_bar_parent_class)->finalize (object);
}

static void
sotto_find_bar_class_init (SottoFindBarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sotto_find_bar_dispose;
  G_OBJECT_CLASS (klass)->finalize = sotto_find_bar_finalize;

  signals[CLOSED] = g_signal_new ("closed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 0);
  signals[FOUND] = g_signal_new ("found", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                 G_TYPE_NONE, 2, G_TYPE_UINT, G_TYPE_UINT);

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/sotto_chat/Sotto/ui/conversation/find-bar.ui");
  gtk_widget_class_bind_template_child (widget_class, SottoFindBar, bar);
  gtk_widget_class_bind_template_child (widget_class, SottoFindBar, entry);
  gtk_widget_class_bind_template_child (widget_class, SottoFindBar, count);
  gtk_widget_class_bind_template_child (widget_class, SottoFindBar, previous_button);
  gtk_widget_class_bind_template_child (widget_class, SottoFindBar, next_button);
  gtk_widget_class_bind_template_callback (widget_class, on_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_mode_changed);
  gtk_widget_class_bind_template_callback (widget_class, find_next);
  gtk_widget_class_bind_template_callback (widget_class, find_previous);
}

static void
sotto_find_bar_init (SottoFindBar *self)
{
  self->matches = g_array_new (FALSE, FALSE, sizeof (Match));
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_search_bar_connect_entry (self->bar, GTK_EDITABLE (self->entry));
  show_current (self);
}
