#include "find-bar.h"

#include <glib/gi18n.h>

#include "find-marks.h"
#include "sotto-app.h"

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
  GArray *matches;  /* (element-type guint): positions, ascending */
  guint current;    /* index into matches */
};

enum {
  CLOSED,
  FOUND,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SottoFindBar, sotto_find_bar, ADW_TYPE_BIN)

static void
show_current (SottoFindBar *self)
{
  g_autofree char *text = NULL;
  gboolean has_text = *gtk_editable_get_text (GTK_EDITABLE (self->entry)) != '\0';

  if (self->matches->len > 0)
    /* Translators: which of the messages found is shown, as in "2 of 7" */
    text = g_strdup_printf (_("%u of %u"), self->current + 1, self->matches->len);
  gtk_label_set_label (self->count, text != NULL ? text : has_text ? _("Nothing found") : "");
  gtk_widget_set_sensitive (self->previous_button, self->matches->len > 0);
  gtk_widget_set_sensitive (self->next_button, self->matches->len > 0);

  g_signal_emit (self, signals[FOUND], 0,
                 self->matches->len > 0 ? g_array_index (self->matches, guint, self->current) : G_MAXUINT);
}

static void
on_changed (SottoFindBar *self)
{
  g_autofree char *needle = sotto_find_fold (gtk_editable_get_text (GTK_EDITABLE (self->entry)), NULL);
  guint n = self->messages != NULL && *needle != '\0' ? g_list_model_get_n_items (self->messages) : 0;

  g_array_set_size (self->matches, 0);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (SottoMessage) message = g_list_model_get_item (self->messages, i);
      g_autofree char *text = sotto_find_fold (sotto_message_get_text (message), NULL);

      if (strstr (text, needle) != NULL)
        g_array_append_val (self->matches, i);
    }

  /* The newest first, as it is nearest to what is read. */
  self->current = self->matches->len > 0 ? self->matches->len - 1 : 0;
  show_current (self);
}

static void
find_previous (SottoFindBar *self)
{
  if (self->matches->len == 0)
    return;

  self->current = self->current > 0 ? self->current - 1 : self->matches->len - 1;
  show_current (self);
}

static void
find_next (SottoFindBar *self)
{
  if (self->matches->len == 0)
    return;

  self->current = (self->current + 1) % self->matches->len;
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

  if (g_set_object (&self->messages, messages))
    gtk_search_bar_set_search_mode (self->bar, FALSE);
}

void
sotto_find_bar_begin (SottoFindBar *self)
{
  g_return_if_fail (SOTTO_IS_FIND_BAR (self));

  gtk_search_bar_set_search_mode (self->bar, TRUE);
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
                                 G_TYPE_NONE, 1, G_TYPE_UINT);

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/sotto_chat/Sotto/ui/find-bar.ui");
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
  self->matches = g_array_new (FALSE, FALSE, sizeof (guint));
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_search_bar_connect_entry (self->bar, GTK_EDITABLE (self->entry));
  show_current (self);
}
