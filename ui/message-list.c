/* How rows stand.
 *
 *            ┌ row 0 ┐            heights of rows never seen are guessed from those that were
 *            │  ...  │
 *   ┌────────┼ row a ┼────────┐ ─ anchor: row a begins @offset above the view's top
 *   │ view   │ row b │        │   or: the end of the last row stands at the view's bottom (at_end)
 *   └────────┼ row c ┼────────┘
 *            │  ...  │            rows exist for the view and MARGIN around it
 *
 * Everything is laid out from the anchor, so a guess that turns out wrong moves the scroll bar and never what is being read.
 */
#include "message-list.h"

#include <math.h>

/* Pixels around the view in which rows exist as well, so that small movements make no rows. */
#define MARGIN 400

/* The guess for a row before any has been seen. */
#define FIRST_GUESS 120

typedef struct {
  GtkWidget *widget;  /* borrowed (our child); NULL: out of sight */
  int height;         /* 0: not known */
} Row;

struct _SottoMessageList {
  GtkWidget parent_instance;

  GListModel *model;
  SottoMessageListCreate create;
  gpointer create_data;

  GArray *rows;         /* (element-type Row): one an item */
  guint first;          /* the rows that exist: [first, end) */
  guint end;
  guint focused;        /* the row that holds the focus exists as well; G_MAXUINT: none */
  int width;            /* the heights are those at this width */
  gint64 known_height;  /* sum of the known heights */
  guint n_known;

  guint anchor;
  double offset;
  gboolean at_end;

  GtkAdjustment *adjustments[2];
  GtkScrollablePolicy policies[2];
  gboolean configuring; /* our own change of the adjustment is not a person's */
};

enum {
  PROP_0,
  PROP_MODEL,
  PROP_AT_END,
  PROP_HADJUSTMENT,
  PROP_VADJUSTMENT,
  PROP_HSCROLL_POLICY,
  PROP_VSCROLL_POLICY,
};

G_DEFINE_FINAL_TYPE_WITH_CODE (SottoMessageList, sotto_message_list, GTK_TYPE_WIDGET,
                               G_IMPLEMENT_INTERFACE (GTK_TYPE_SCROLLABLE, NULL))

static Row *
get_row (SottoMessageList *self,
         guint             position)
{
  return &g_array_index (self->rows, Row, position);
}

/* --- Heights --- */

static double
guess_height (SottoMessageList *self)
{
  return self->n_known > 0 ? (double) self->known_height / self->n_known : FIRST_GUESS;
}

static double
get_height (SottoMessageList *self,
            guint             position)
{
  int height = get_row (self, position)->height;

  return height > 0 ? height : guess_height (self);
}

static void
set_height (SottoMessageList *self,
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

/* The height of all rows before @position. */
static double
get_top (SottoMessageList *self,
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

/* --- Rows --- */

static GtkWidget *
ensure_row (SottoMessageList *self,
            guint             position)
{
  Row *row = get_row (self, position);

  if (row->widget == NULL)
    {
      g_autoptr (GObject) item = g_list_model_get_item (self->model, position);
      GtkWidget *after = NULL;

      row->widget = self->create (item, self->create_data);

      /* The order of children is the order of the focus and of the screen reader. */
      for (guint i = position; i-- > 0 && after == NULL;)
        after = get_row (self, i)->widget;
      gtk_widget_insert_after (row->widget, GTK_WIDGET (self), after);
      gtk_accessible_update_relation (GTK_ACCESSIBLE (row->widget),
                                      GTK_ACCESSIBLE_RELATION_POS_IN_SET, (int) position + 1,
                                      GTK_ACCESSIBLE_RELATION_SET_SIZE, (int) self->rows->len,
                                      -1);
    }

  return row->widget;
}

static void
drop_row (SottoMessageList *self,
          guint             position)
{
  Row *row = get_row (self, position);

  if (row->widget != NULL && position != self->focused)
    g_clear_pointer (&row->widget, gtk_widget_unparent);
}

static int
measure_row (SottoMessageList *self,
             guint             position)
{
  GtkWidget *widget = ensure_row (self, position);
  int height;

  gtk_widget_measure (widget, GTK_ORIENTATION_VERTICAL, self->width, NULL, &height, NULL, NULL);
  set_height (self, position, MAX (height, 1));

  return get_row (self, position)->height;
}

/* --- Layout --- */

/* Moves the anchor to the row that holds the view's top. */
static void
normalise (SottoMessageList *self)
{
  while (self->offset < 0 && self->anchor > 0)
    {
      self->anchor--;
      self->offset += measure_row (self, self->anchor);
    }
  while (self->anchor + 1 < self->rows->len && self->offset >= get_height (self, self->anchor))
    {
      self->offset -= measure_row (self, self->anchor);
      self->anchor++;
    }
  if (self->anchor == 0)
    self->offset = MAX (self->offset, 0);
}

/* Sets the anchor so that the last row ends at the view's bottom. */
static void
anchor_end (SottoMessageList *self,
            int               height)
{
  double left = height;
  guint position = self->rows->len;

  while (position > 0 && left > 0)
    left -= measure_row (self, --position);

  self->anchor = position;
  self->offset = MAX (-left, 0);
}

static void
set_at_end (SottoMessageList *self,
            gboolean          at_end)
{
  if (self->at_end == at_end)
    return;

  self->at_end = at_end;
  g_object_notify (G_OBJECT (self), "at-end");
}

static void
configure_adjustment (SottoMessageList *self,
                      int               height)
{
  GtkAdjustment *adjustment = self->adjustments[GTK_ORIENTATION_VERTICAL];
  double total = get_top (self, self->rows->len);
  double value = self->rows->len > 0 ? get_top (self, self->anchor) + self->offset : 0;

  self->configuring = TRUE;
  if (adjustment != NULL)
    gtk_adjustment_configure (adjustment, MIN (value, MAX (total - height, 0)), 0, MAX (total, height),
                              height * 0.1, height * 0.9, height);
  adjustment = self->adjustments[GTK_ORIENTATION_HORIZONTAL];
  if (adjustment != NULL)
    gtk_adjustment_configure (adjustment, 0, 0, self->width, self->width * 0.1, self->width * 0.9, self->width);
  self->configuring = FALSE;
}

static void
sotto_message_list_size_allocate (GtkWidget *widget,
                                  int        width,
                                  int        height,
                                  int        baseline)
{
  SottoMessageList *self = SOTTO_MESSAGE_LIST (widget);
  guint first, end;
  double top, y;

  if (self->width != width)
    {
      /* The heights of another width serve as guesses no longer: what is in sight is measured again. */
      self->width = width;
      for (guint i = 0; i < self->rows->len; i++)
        set_height (self, i, 0);
    }

  if (self->rows->len == 0)
    {
      configure_adjustment (self, height);
      return;
    }

  self->anchor = MIN (self->anchor, self->rows->len - 1);
  if (self->at_end)
    anchor_end (self, height);
  else
    normalise (self);

  /* Downwards from the anchor */
  y = -self->offset;
  end = self->anchor;
  while (end < self->rows->len && y < height + MARGIN)
    y += measure_row (self, end++);

  /* The end may not stand above the view's bottom while there is something above. */
  if (y < height && !self->at_end)
    {
      anchor_end (self, height);
      end = self->rows->len;
    }

  /* Upwards */
  first = self->anchor;
  top = -self->offset;
  while (first > 0 && top > -MARGIN)
    top -= measure_row (self, --first);

  for (guint i = self->first; i < MIN (self->end, self->rows->len); i++)
    if (i < first || i >= end)
      drop_row (self, i);
  /* Rows that only finding the anchor needed */
  for (guint i = first; i-- > 0 && get_row (self, i)->widget != NULL;)
    drop_row (self, i);
  self->first = first;
  self->end = end;

  for (guint i = first; i < end; i++)
    {
      Row *row = get_row (self, i);
      GskTransform *transform = gsk_transform_translate (NULL, &GRAPHENE_POINT_INIT (0, roundf ((float) top)));

      gtk_widget_allocate (row->widget, width, row->height, -1, transform);
      top += row->height;
    }

  /* The focused row out of sight keeps its place among the children, and nothing of it is seen. */
  if (self->focused < self->rows->len && (self->focused < first || self->focused >= end))
    {
      GtkWidget *focused = get_row (self, self->focused)->widget;
      double away = self->focused < first ? -2.0 * height - get_height (self, self->focused) : 3.0 * height;

      gtk_widget_allocate (focused, width, measure_row (self, self->focused), -1,
                           gsk_transform_translate (NULL, &GRAPHENE_POINT_INIT (0, (float) away)));
    }

  set_at_end (self, end == self->rows->len && top <= height + 2);
  configure_adjustment (self, height);
}

static void
sotto_message_list_measure (GtkWidget      *widget,
                            GtkOrientation  orientation,
                            int             for_size,
                            int            *minimum,
                            int            *natural,
                            int            *minimum_baseline,
                            int            *natural_baseline)
{
  *minimum = 0;
  *natural = 0;

  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
      {
        int child_minimum, child_natural;

        gtk_widget_measure (child, orientation, -1, &child_minimum, &child_natural, NULL, NULL);
        *minimum = MAX (*minimum, child_minimum);
        *natural = MAX (*natural, child_natural);
      }
}

static GtkSizeRequestMode
sotto_message_list_get_request_mode (GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

/* --- Scrolling --- */

static void
on_value_changed (SottoMessageList *self)
{
  GtkAdjustment *adjustment = self->adjustments[GTK_ORIENTATION_VERTICAL];
  double page = gtk_adjustment_get_page_size (adjustment);
  double value = gtk_adjustment_get_value (adjustment);
  double moved;

  if (self->configuring || self->rows->len == 0)
    return;

  moved = value - (get_top (self, self->anchor) + self->offset);
  if (fabs (moved) < 0.5)
    return;

  if (value >= gtk_adjustment_get_upper (adjustment) - page - 1)
    set_at_end (self, TRUE);
  else
    {
      set_at_end (self, FALSE);
      if (fabs (moved) > 4 * page)
        {
          /* Far away the heights are guesses: land on a row rather than measure all between. */
          double top = 0;

          for (self->anchor = 0; self->anchor + 1 < self->rows->len; self->anchor++)
            {
              double height = get_height (self, self->anchor);

              if (top + height > value)
                break;
              top += height;
            }
          self->offset = CLAMP (value - top, 0, get_height (self, self->anchor) - 1);
        }
      else
        self->offset += moved;
    }

  gtk_widget_queue_allocate (GTK_WIDGET (self));
}

static void
set_adjustment (SottoMessageList *self,
                GtkOrientation    orientation,
                GtkAdjustment    *adjustment)
{
  if (self->adjustments[orientation] == adjustment)
    return;

  if (self->adjustments[orientation] != NULL)
    g_signal_handlers_disconnect_by_data (self->adjustments[orientation], self);
  g_set_object (&self->adjustments[orientation], adjustment);
  if (adjustment != NULL && orientation == GTK_ORIENTATION_VERTICAL)
    g_signal_connect_swapped (adjustment, "value-changed", G_CALLBACK (on_value_changed), self);

  gtk_widget_queue_allocate (GTK_WIDGET (self));
}

gboolean
sotto_message_list_is_at_end (SottoMessageList *self)
{
  g_return_val_if_fail (SOTTO_IS_MESSAGE_LIST (self), FALSE);

  return self->at_end;
}

void
sotto_message_list_scroll_to_end (SottoMessageList *self)
{
  g_return_if_fail (SOTTO_IS_MESSAGE_LIST (self));

  set_at_end (self, TRUE);
  gtk_widget_queue_allocate (GTK_WIDGET (self));
}

void
sotto_message_list_scroll_to (SottoMessageList *self,
                              guint             position)
{
  g_return_if_fail (SOTTO_IS_MESSAGE_LIST (self));
  g_return_if_fail (position < self->rows->len);

  set_at_end (self, FALSE);
  self->anchor = position;
  self->offset = 0;
  gtk_widget_queue_allocate (GTK_WIDGET (self));
}

GtkWidget *
sotto_message_list_get_row (SottoMessageList *self,
                            guint             position)
{
  g_return_val_if_fail (SOTTO_IS_MESSAGE_LIST (self), NULL);

  return position < self->rows->len ? get_row (self, position)->widget : NULL;
}

/* The row that holds the focus stays, also out of sight. */
static void
sotto_message_list_set_focus_child (GtkWidget *widget,
                                    GtkWidget *child)
{
  SottoMessageList *self = SOTTO_MESSAGE_LIST (widget);
  guint before = self->focused;

  GTK_WIDGET_CLASS (sotto_message_list_parent_class)->set_focus_child (widget, child);

  self->focused = G_MAXUINT;
  for (guint i = 0; child != NULL && i < self->rows->len; i++)
    if (get_row (self, i)->widget == child)
      self->focused = i;

  if (before < self->rows->len && before != self->focused && (before < self->first || before >= self->end))
    drop_row (self, before);
}

/* What the focus comes to comes into sight, as in a GtkViewport. */
static void
on_focus_changed (SottoMessageList *self,
                  GParamSpec       *pspec,
                  GtkRoot          *root)
{
  GtkWidget *widget = GTK_WIDGET (self);
  GtkWidget *focus = gtk_root_get_focus (root);
  int height = gtk_widget_get_height (widget);
  graphene_rect_t bounds;

  /* One thing at a time: what is higher than the view stays where it is. */
  if (focus == NULL || focus == widget || !gtk_widget_is_ancestor (focus, widget) ||
      !gtk_widget_compute_bounds (focus, widget, &bounds) || bounds.size.height > height)
    return;

  if (bounds.origin.y < 0)
    self->offset += bounds.origin.y;
  else if (bounds.origin.y + bounds.size.height > height)
    self->offset += bounds.origin.y + bounds.size.height - height;
  else
    return;

  set_at_end (self, FALSE);
  gtk_widget_queue_allocate (widget);
}

static void
sotto_message_list_root (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (sotto_message_list_parent_class)->root (widget);

  g_signal_connect_swapped (gtk_widget_get_root (widget), "notify::focus-widget", G_CALLBACK (on_focus_changed), widget);
}

static void
sotto_message_list_unroot (GtkWidget *widget)
{
  g_signal_handlers_disconnect_by_data (gtk_widget_get_root (widget), widget);

  GTK_WIDGET_CLASS (sotto_message_list_parent_class)->unroot (widget);
}

/* --- The model --- */

/* A row that goes with the focus in it would leave a chain of focus children that ends nowhere. */
static void
let_go_of_focus (SottoMessageList *self)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));

  if (self->focused != G_MAXUINT && root != NULL)
    gtk_root_set_focus (root, NULL);
  self->focused = G_MAXUINT;
}

static void
on_items_changed (SottoMessageList *self,
                  guint             position,
                  guint             removed,
                  guint             added,
                  GListModel       *model)
{
  for (guint i = position; i < position + removed; i++)
    {
      if (self->focused == i)
        let_go_of_focus (self);
      drop_row (self, i);
      set_height (self, i, 0);
    }

  if (removed > 0)
    g_array_remove_range (self->rows, position, removed);
  if (added > 0)
    {
      g_autofree Row *empty = g_new0 (Row, added);

      g_array_insert_vals (self->rows, position, empty, added);
    }

  if (self->focused != G_MAXUINT && self->focused >= position)
    self->focused += added - removed;
  if (self->anchor >= position + removed)
    self->anchor += added - removed;
  else if (self->anchor >= position)
    {
      self->anchor = position;
      self->offset = 0;
    }

  /* The rows that exist lie in a range that is wide enough; those that are not needed go at the next layout. */
  if (self->first >= position + removed)
    self->first += added - removed;
  else
    self->first = MIN (self->first, position);
  if (self->end >= position)
    self->end = MAX (self->end, position + removed) + added - removed;
  self->end = MIN (self->end, self->rows->len);

  gtk_widget_queue_resize (GTK_WIDGET (self));
}

static void
forget_rows (SottoMessageList *self)
{
  let_go_of_focus (self);
  for (guint i = 0; i < self->rows->len; i++)
    drop_row (self, i);
  g_array_set_size (self->rows, 0);
  self->known_height = 0;
  self->n_known = 0;
  self->first = self->end = self->anchor = 0;
  self->offset = 0;
}

void
sotto_message_list_set_model (SottoMessageList *self,
                              GListModel       *model)
{
  g_return_if_fail (SOTTO_IS_MESSAGE_LIST (self));

  if (self->model == model)
    return;

  if (self->model != NULL)
    g_signal_handlers_disconnect_by_data (self->model, self);
  forget_rows (self);
  g_set_object (&self->model, model);
  if (model != NULL)
    {
      g_array_set_size (self->rows, g_list_model_get_n_items (model));
      g_signal_connect_swapped (model, "items-changed", G_CALLBACK (on_items_changed), self);
    }

  set_at_end (self, TRUE);
  gtk_widget_queue_resize (GTK_WIDGET (self));
  g_object_notify (G_OBJECT (self), "model");
}

GListModel *
sotto_message_list_get_model (SottoMessageList *self)
{
  g_return_val_if_fail (SOTTO_IS_MESSAGE_LIST (self), NULL);

  return self->model;
}

void
sotto_message_list_set_create (SottoMessageList       *self,
                               SottoMessageListCreate  create,
                               gpointer                user_data)
{
  g_return_if_fail (SOTTO_IS_MESSAGE_LIST (self));

  self->create = create;
  self->create_data = user_data;
}

/* --- The object --- */

static void
sotto_message_list_get_property (GObject    *object,
                                 guint       id,
                                 GValue     *value,
                                 GParamSpec *pspec)
{
  SottoMessageList *self = SOTTO_MESSAGE_LIST (object);

  switch (id)
    {
    case PROP_MODEL:
      g_value_set_object (value, self->model);
      break;
    case PROP_AT_END:
      g_value_set_boolean (value, self->at_end);
      break;
    case PROP_HADJUSTMENT:
      g_value_set_object (value, self->adjustments[GTK_ORIENTATION_HORIZONTAL]);
      break;
    case PROP_VADJUSTMENT:
      g_value_set_object (value, self->adjustments[GTK_ORIENTATION_VERTICAL]);
      break;
    case PROP_HSCROLL_POLICY:
      g_value_set_enum (value, self->policies[GTK_ORIENTATION_HORIZONTAL]);
      break;
    case PROP_VSCROLL_POLICY:
      g_value_set_enum (value, self->policies[GTK_ORIENTATION_VERTICAL]);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
sotto_message_list_set_property (GObject      *object,
                                 guint         id,
                                 const GValue *value,
                                 GParamSpec   *pspec)
{
  SottoMessageList *self = SOTTO_MESSAGE_LIST (object);

  switch (id)
    {
    case PROP_MODEL:
      sotto_message_list_set_model (self, g_value_get_object (value));
      break;
    case PROP_HADJUSTMENT:
      set_adjustment (self, GTK_ORIENTATION_HORIZONTAL, g_value_get_object (value));
      break;
    case PROP_VADJUSTMENT:
      set_adjustment (self, GTK_ORIENTATION_VERTICAL, g_value_get_object (value));
      break;
    case PROP_HSCROLL_POLICY:
      self->policies[GTK_ORIENTATION_HORIZONTAL] = g_value_get_enum (value);
      break;
    case PROP_VSCROLL_POLICY:
      self->policies[GTK_ORIENTATION_VERTICAL] = g_value_get_enum (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
sotto_message_list_dispose (GObject *object)
{
  SottoMessageList *self = SOTTO_MESSAGE_LIST (object);

  if (self->model != NULL)
    g_signal_handlers_disconnect_by_data (self->model, self);
  g_clear_object (&self->model);
  forget_rows (self);
  set_adjustment (self, GTK_ORIENTATION_HORIZONTAL, NULL);
  set_adjustment (self, GTK_ORIENTATION_VERTICAL, NULL);

  G_OBJECT_CLASS (sotto_message_list_parent_class)->dispose (object);
}

static void
sotto_message_list_finalize (GObject *object)
{
  SottoMessageList *self = SOTTO_MESSAGE_LIST (object);

  g_array_unref (self->rows);

  G_OBJECT_CLASS (sotto_message_list_parent_class)->finalize (object);
}

static void
sotto_message_list_class_init (SottoMessageListClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = sotto_message_list_get_property;
  object_class->set_property = sotto_message_list_set_property;
  object_class->dispose = sotto_message_list_dispose;
  object_class->finalize = sotto_message_list_finalize;
  widget_class->measure = sotto_message_list_measure;
  widget_class->size_allocate = sotto_message_list_size_allocate;
  widget_class->get_request_mode = sotto_message_list_get_request_mode;
  widget_class->set_focus_child = sotto_message_list_set_focus_child;
  widget_class->root = sotto_message_list_root;
  widget_class->unroot = sotto_message_list_unroot;

  g_object_class_install_property (object_class, PROP_MODEL,
    g_param_spec_object ("model", NULL, NULL, G_TYPE_LIST_MODEL,
                         G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS));
  g_object_class_install_property (object_class, PROP_AT_END,
    g_param_spec_boolean ("at-end", NULL, NULL, TRUE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
  g_object_class_override_property (object_class, PROP_HADJUSTMENT, "hadjustment");
  g_object_class_override_property (object_class, PROP_VADJUSTMENT, "vadjustment");
  g_object_class_override_property (object_class, PROP_HSCROLL_POLICY, "hscroll-policy");
  g_object_class_override_property (object_class, PROP_VSCROLL_POLICY, "vscroll-policy");

  gtk_widget_class_set_css_name (widget_class, "messagelist");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_LIST);
}

static void
sotto_message_list_init (SottoMessageList *self)
{
  self->rows = g_array_new (FALSE, TRUE, sizeof (Row));
  self->focused = G_MAXUINT;
  self->at_end = TRUE;
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
}

GtkWidget *
sotto_message_list_new (void)
{
  return g_object_new (SOTTO_TYPE_MESSAGE_LIST, NULL);
}
