#include "conversation/message-rows.h"

/* The guess for a row before any has been seen. */
#define FIRST_GUESS 120

typedef struct {
  GtkWidget *widget;  /* borrowed (the list's child); NULL: it does not exist */
  int height;         /* 0: not known */
} Row;

struct _SottoMessageRows {
  GtkWidget *list;      /* borrowed: it owns us */
  GListModel *model;
  SottoMessageListCreate create;
  gpointer create_data;

  GArray *rows;         /* (element-type Row): one an item */
  int width;            /* the heights are those at this width */
  gint64 known_height;  /* sum of the known heights */
  guint n_known;
};

static Row *
get_row (SottoMessageRows *self,
         guint             position)
{
  return &g_array_index (self->rows, Row, position);
}

/* --- Heights --- */

static double
guess_height (SottoMessageRows *self)
{
  return self->n_known > 0 ? (double) self->known_height / self->n_known : FIRST_GUESS;
}

static void
set_height (SottoMessageRows *self,
            guint             position,
            int               height)
{
  Row *row = get_row (self, position);

  if (row->height > 0)
    {
      self->known_height -= row->height;
      self->n_known--;
    }
  row->height = height;
  if (height > 0)
    {
      self->known_height += height;
      self->n_known++;
    }
}

double
sotto_message_rows_get_height (SottoMessageRows *self,
                               guint             position)
{
  int height = get_row (self, position)->height;

  return height > 0 ? height : guess_height (self);
}

double
sotto_message_rows_get_top (SottoMessageRows *self,
                            guint             position)
{
  double guess = guess_height (self);
  double top = 0;

  for (guint i = 0; i < position; i++)
    {
      int height = get_row (self, i)->height;

      top += height > 0 ? height : guess;
    }

  return top;
}

guint
sotto_message_rows_find (SottoMessageRows *self,
                         double            y)
{
  guint position;
  double top = 0;

  for (position = 0; position + 1 < self->rows->len; position++)
    {
      top += sotto_message_rows_get_height (self, position);
      if (top > y)
        break;
    }

  return position;
}

void
sotto_message_rows_set_width (SottoMessageRows *self,
                              int               width)
{
  if (self->width == width)
    return;

  /* What is in sight is measured again; the rest is guessed from that. */
  self->width = width;
  for (guint i = 0; i < self->rows->len; i++)
    set_height (self, i, 0);
}

int
sotto_message_rows_measure (SottoMessageRows *self,
                            guint             position)
{
  Row *row = get_row (self, position);
  int height;

  if (row->widget == NULL)
    {
      g_autoptr (GObject) item = g_list_model_get_item (self->model, position);
      GtkWidget *after = NULL;

      row->widget = self->create (item, self->create_data);

      /* The order of children is the order of the focus and of the screen reader. */
      for (guint i = position; i-- > 0 && after == NULL;)
        after = get_row (self, i)->widget;
      gtk_widget_insert_after (row->widget, self->list, after);
      gtk_accessible_update_relation (GTK_ACCESSIBLE (row->widget),
                                      GTK_ACCESSIBLE_RELATION_POS_IN_SET, (int) position + 1,
                                      GTK_ACCESSIBLE_RELATION_SET_SIZE, (int) self->rows->len,
                                      -1);
    }

  gtk_widget_measure (row->widget, GTK_ORIENTATION_VERTICAL, self->width, NULL, &height, NULL, NULL);
  set_height (self, position, MAX (height, 1));

  return get_row (self, position)->height;
}

/* --- Widgets --- */

void
sotto_message_rows_drop (SottoMessageRows *self,
                         guint             position)
{
  g_clear_pointer (&get_row (self, position)->widget, gtk_widget_unparent);
}

GtkWidget *
sotto_message_rows_get_widget (SottoMessageRows *self,
                               guint             position)
{
  return get_row (self, position)->widget;
}

/* --- Items --- */

void
sotto_message_rows_splice (SottoMessageRows *self,
                           guint             position,
                           guint             removed,
                           guint             added)
{
  for (guint i = position; i < position + removed; i++)
    {
      sotto_message_rows_drop (self, i);
      set_height (self, i, 0);
    }

  if (removed > 0)
    g_array_remove_range (self->rows, position, removed);
  if (added > 0)
    {
      g_autofree Row *empty = g_new0 (Row, added);

      g_array_insert_vals (self->rows, position, empty, added);
    }
}

guint
sotto_message_rows_get_length (SottoMessageRows *self)
{
  return self->rows->len;
}

void
sotto_message_rows_set_model (SottoMessageRows *self,
                              GListModel       *model)
{
  sotto_message_rows_splice (self, 0, self->rows->len, model != NULL ? g_list_model_get_n_items (model) : 0);
  g_set_object (&self->model, model);
}

void
sotto_message_rows_set_create (SottoMessageRows       *self,
                               SottoMessageListCreate  create,
                               gpointer                user_data)
{
  self->create = create;
  self->create_data = user_data;
}

SottoMessageRows *
sotto_message_rows_new (GtkWidget *list)
{
  SottoMessageRows *self = g_new0 (SottoMessageRows, 1);

  self->list = list;
  self->rows = g_array_new (FALSE, TRUE, sizeof (Row));

  return self;
}

void
sotto_message_rows_free (SottoMessageRows *self)
{
  g_clear_object (&self->model);
  g_array_unref (self->rows);
  g_free (self);
}
