/* How rows stand.
 *
 *            ┌ row 0 ┐            heights of rows never seen are guessed from those that were
 *            │  ...  │
 *   ┌────────┼ row a ┼────────┐ ─ anchor: row a begins @offset above the view's top
 *   │ view   │ row b │        │   or: the end of the last row stands at the view's bottom (at_end)
 *   └────────┼ row c ┼────────┘
 *            │  ...  │            rows exist for the view and MARGIN around it
 *
 * Everything is laid out from the anchor: message-anchor.h says why.
 */
#include "conversation/message-list.h"

#include <math.h>

#include "conversation/message-anchor.h"

/* Pixels around the view in which rows exist as well, so that small movements make no rows. */
#define MARGIN 400

struct _SottoMessageList {
  GtkWidget parent_instance;

  GListModel *model;
  SottoMessageRows *rows;
  guint first;          /* the rows that exist: [first, end) */
  guint end;
  guint focused;        /* the row that holds the focus exists as well; G_MAXUINT: none */

  SottoMessageAnchor anchor;
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

static guint
get_n_rows (SottoMessageList *self)
{
  return sotto_message_rows_get_length (self->rows);
}

static void
drop_row (SottoMessageList *self,
          guint             position)
{
  if (position != self->focused)
    sotto_message_rows_drop (self->rows, position);
}

/* --- Layout --- */

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
configure_adjustments (SottoMessageList *self,
                       int               width,
                       int               height)
{
  GtkAdjustment *adjustment = self->adjustments[GTK_ORIENTATION_VERTICAL];
  double total = sotto_message_rows_get_top (self->rows, get_n_rows (self));
  double value = get_n_rows (self) > 0 ? sotto_message_anchor_get_value (&self->anchor, self->rows) : 0;

  self->configuring = TRUE;
  if (adjustment != NULL)
    gtk_adjustment_configure (adjustment, MIN (value, MAX (total - height, 0)), 0, MAX (total, height),
                              height * 0.1, height * 0.9, height);
  adjustment = self->adjustments[GTK_ORIENTATION_HORIZONTAL];
  if (adjustment != NULL)
    gtk_adjustment_configure (adjustment, 0, 0, width, width * 0.1, width * 0.9, width);
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

  sotto_message_rows_set_width (self->rows, width);
  if (get_n_rows (self) == 0)
    {
      configure_adjustments (self, width, height);
      return;
    }

  self->anchor.row = MIN (self->anchor.row, get_n_rows (self) - 1);
  if (self->at_end)
    sotto_message_anchor_set_end (&self->anchor, self->rows, height);
  else
    sotto_message_anchor_normalise (&self->anchor, self->rows);

  /* Downwards from the anchor */
  y = -self->anchor.offset;
  end = self->anchor.row;
  while (end < get_n_rows (self) && y < height + MARGIN)
    y += sotto_message_rows_measure (self->rows, end++);

  /* The end may not stand above the view's bottom while there is something above. */
  if (y < height && !self->at_end)
    {
      sotto_message_anchor_set_end (&self->anchor, self->rows, height);
      end = get_n_rows (self);
    }

  /* Upwards */
  first = self->anchor.row;
  top = -self->anchor.offset;
  while (first > 0 && top > -MARGIN)
    top -= sotto_message_rows_measure (self->rows, --first);

  for (guint i = self->first; i < MIN (self->end, get_n_rows (self)); i++)
    if (i < first || i >= end)
      drop_row (self, i);
  /* Rows that only finding the anchor needed */
  for (guint i = first; i-- > 0 && sotto_message_rows_get_widget (self->rows, i) != NULL;)
    drop_row (self, i);
  self->first = first;
  self->end = end;

  for (guint i = first; i < end; i++)
    {
      GskTransform *transform = gsk_transform_translate (NULL, &GRAPHENE_POINT_INIT (0, roundf ((float) top)));
      int row_height = (int) sotto_message_rows_get_height (self->rows, i);

      gtk_widget_allocate (sotto_message_rows_get_widget (self->rows, i), width, row_height, -1, transform);
      top += row_height;
    }

  /* The focused row out of sight keeps its place among the children, and nothing of it is seen. */
  if (self->focused < get_n_rows (self) && (self->focused < first || self->focused >= end))
    {
      GtkWidget *focused = sotto_message_rows_get_widget (self->rows, self->focused);
      double away = self->focused < first ? -2.0 * height - sotto_message_rows_get_height (self->rows, self->focused) : 3.0 * height;

      gtk_widget_allocate (focused, width, sotto_message_rows_measure (self->rows, self->focused), -1,
                           gsk_transform_translate (NULL, &GRAPHENE_POINT_INIT (0, (float) away)));
    }

  set_at_end (self, end == get_n_rows (self) && top <= height + 2);
  configure_adjustments (self, width, height);
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

  if (self->configuring || get_n_rows (self) == 0)
    return;
  if (fabs (value - sotto_message_anchor_get_value (&self->anchor, self->rows)) < 0.5)
    return;

  set_at_end (self, value >= gtk_adjustment_get_upper (adjustment) - page - 1);
  if (!self->at_end)
    sotto_message_anchor_set_value (&self->anchor, self->rows, value, page);

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
  g_return_if_fail (position < get_n_rows (self));

  set_at_end (self, FALSE);
  sotto_message_anchor_set_row (&self->anchor, position);
  gtk_widget_queue_allocate (GTK_WIDGET (self));
}

GtkWidget *
sotto_message_list_get_row (SottoMessageList *self,
                            guint             position)
{
  g_return_val_if_fail (SOTTO_IS_MESSAGE_LIST (self), NULL);

  return position < get_n_rows (self) ? sotto_message_rows_get_widget (self->rows, position) : NULL;
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
  for (guint i = 0; child != NULL && i < get_n_rows (self); i++)
    if (sotto_message_rows_get_widget (self->rows, i) == child)
      self->focused = i;

  if (before < get_n_rows (self) && before != self->focused && (before < self->first || before >= self->end))
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
    self->anchor.offset += bounds.origin.y;
  else if (bounds.origin.y + bounds.size.height > height)
    self->anchor.offset += bounds.origin.y + bounds.size.height - height;
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
  if (self->focused >= position && self->focused < position + removed)
    let_go_of_focus (self);
  sotto_message_rows_splice (self->rows, position, removed, added);

  if (self->focused != G_MAXUINT && self->focused >= position)
    self->focused += added - removed;
  sotto_message_anchor_splice (&self->anchor, position, removed, added);

  /* The rows that exist lie in a range that is wide enough; those that are not needed go at the next layout. */
  if (self->first >= position + removed)
    self->first += added - removed;
  else
    self->first = MIN (self->first, position);
  if (self->end >= position)
    self->end = MAX (self->end, position + removed) + added - removed;
  self->end = MIN (self->end, get_n_rows (self));

  gtk_widget_queue_resize (GTK_WIDGET (self));
}

static void
forget_rows (SottoMessageList *self)
{
  let_go_of_focus (self);
  sotto_message_rows_set_model (self->rows, NULL);
  sotto_message_anchor_set_row (&self->anchor, 0);
  self->first = self->end = 0;
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
      sotto_message_rows_set_model (self->rows, model);
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

  sotto_message_rows_set_create (self->rows, create, user_data);
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

  sotto_message_rows_free (self->rows);

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
  self->rows = sotto_message_rows_new (GTK_WIDGET (self));
  self->focused = G_MAXUINT;
  self->at_end = TRUE;
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
}

GtkWidget *
sotto_message_list_new (void)
{
  return g_object_new (SOTTO_TYPE_MESSAGE_LIST, NULL);
}
