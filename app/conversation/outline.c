#include "config.h"

#include "conversation/outline-private.h"

#include <glib/gi18n-lib.h>

#include "conversation/conversation-private.h"
#include "conversation/group-private.h"

/* The rows are made anew with each change, and told as the one stretch in which they are others than before. Their number is that of
 * the conversations, of which a thousand take some ten microseconds. */

/* An item, and where it stood: an item that stays at its place under another heading has changed. */
typedef enum {
  PLACE_TEMPORARY,
  PLACE_PINNED,
  PLACE_GROUP,
  PLACE_DAY,
} Place;

typedef struct {
  GObject *item;
  Place place;
} Row;

struct _SottoOutline
{
  GObject parent_instance;

  GPtrArray *conversations; /* borrowed; NULL: they are gone */
  SottoGroupList *groups;
  GArray *rows; /* of Row */
};

static void list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (SottoOutline, sotto_outline, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

static GType
outline_get_item_type (GListModel *model)
{
  return G_TYPE_OBJECT;
}

static guint
outline_get_n_items (GListModel *model)
{
  return SOTTO_OUTLINE (model)->rows->len;
}

static gpointer
outline_get_item (GListModel *model, guint position)
{
  SottoOutline *self = SOTTO_OUTLINE (model);

  return position < self->rows->len ? g_object_ref (g_array_index (self->rows, Row, position).item) : NULL;
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = outline_get_item_type;
  iface->get_n_items = outline_get_n_items;
  iface->get_item = outline_get_item;
}

static void
sotto_outline_finalize (GObject *object)
{
  SottoOutline *self = SOTTO_OUTLINE (object);

  g_array_unref (self->rows);
  g_clear_object (&self->groups);
  G_OBJECT_CLASS (sotto_outline_parent_class)->finalize (object);
}

static void
sotto_outline_class_init (SottoOutlineClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sotto_outline_finalize;
}

static void
row_clear (Row *row)
{
  g_clear_object (&row->item);
}

static GArray *
create_rows (void)
{
  GArray *rows = g_array_new (FALSE, FALSE, sizeof (Row));

  g_array_set_clear_func (rows, (GDestroyNotify) row_clear);
  return rows;
}

static void
sotto_outline_init (SottoOutline *self)
{
  self->rows = create_rows ();
}

/* --- The rows --- */

static Place
find_place (SottoConversation *conversation)
{
  if (sotto_conversation_is_temporary (conversation))
    return PLACE_TEMPORARY;
  if (sotto_conversation_is_pinned (conversation))
    return PLACE_PINNED;
  return sotto_conversation_get_group (conversation) != NULL ? PLACE_GROUP : PLACE_DAY;
}

static void
add_row (GArray *rows, gpointer item, Place place)
{
  Row row = { g_object_ref (item), place };

  g_array_append_val (rows, row);
}

static void
add_conversations (SottoOutline *self, GArray *rows, Place place)
{
  for (guint i = 0; i < self->conversations->len; i++)
    if (find_place (g_ptr_array_index (self->conversations, i)) == place)
      add_row (rows, g_ptr_array_index (self->conversations, i), place);
}

/* Pinned ones are in it, too, but stand above, and do not count. */
static void
add_group (SottoOutline *self, GArray *rows, SottoGroup *group)
{
  guint n = 0;

  add_row (rows, group, PLACE_GROUP);
  for (guint i = 0; i < self->conversations->len; i++)
    {
      SottoConversation *conversation = g_ptr_array_index (self->conversations, i);

      if (sotto_conversation_get_group (conversation) != group || find_place (conversation) != PLACE_GROUP)
        continue;
      n++;
      if (group->is_open)
        add_row (rows, conversation, PLACE_GROUP);
    }
  sotto_group_set_n_conversations (group, n);
}

static gboolean
are_equal (GArray *first, guint i, GArray *second, guint j)
{
  const Row *a = &g_array_index (first, Row, i);
  const Row *b = &g_array_index (second, Row, j);

  return a->item == b->item && a->place == b->place;
}

void
sotto_outline_update (SottoOutline *self)
{
  g_autoptr (GArray) before = self->rows;
  GArray *rows = create_rows ();
  guint first = 0;
  guint last = 0; /* rows at the end that are the same */

  if (self->conversations != NULL)
    {
      const guint n_groups = g_list_model_get_n_items (G_LIST_MODEL (self->groups));

      add_conversations (self, rows, PLACE_TEMPORARY);
      add_conversations (self, rows, PLACE_PINNED);
      for (guint i = 0; i < n_groups; i++)
        {
          g_autoptr (SottoGroup) group = g_list_model_get_item (G_LIST_MODEL (self->groups), i);

          add_group (self, rows, group);
        }
      add_conversations (self, rows, PLACE_DAY);
    }

  while (first < MIN (before->len, rows->len) && are_equal (before, first, rows, first))
    first++;
  while (last < MIN (before->len, rows->len) - first &&
         are_equal (before, before->len - last - 1, rows, rows->len - last - 1))
    last++;

  self->rows = rows;
  if (before->len - first - last > 0 || rows->len - first - last > 0)
    g_list_model_items_changed (G_LIST_MODEL (self), first, before->len - first - last, rows->len - first - last);
}

static void
on_open_changed (SottoOutline *self)
{
  sotto_outline_update (self);
}

static void
on_groups_changed (SottoOutline *self, guint position, guint removed, guint added)
{
  for (guint i = position; i < position + added; i++)
    {
      g_autoptr (SottoGroup) group = g_list_model_get_item (G_LIST_MODEL (self->groups), i);

      g_signal_handlers_disconnect_by_data (group, self);
      g_signal_connect_object (group, "notify::open", G_CALLBACK (on_open_changed), self, G_CONNECT_SWAPPED);
    }
  sotto_outline_update (self);
}

SottoOutline *
sotto_outline_new (GPtrArray *conversations, SottoGroupList *groups)
{
  SottoOutline *self = g_object_new (SOTTO_TYPE_OUTLINE, NULL);

  self->conversations = conversations;
  self->groups = g_object_ref (groups);
  g_signal_connect_object (groups, "items-changed", G_CALLBACK (on_groups_changed), self, G_CONNECT_SWAPPED);
  return self;
}

void
sotto_outline_end (SottoOutline *self)
{
  self->conversations = NULL;
  sotto_outline_update (self);
}

/* --- Headings --- */

SottoDateGroup
sotto_outline_get_section (gpointer item)
{
  return SOTTO_IS_GROUP (item) ? SOTTO_DATE_GROUP_GROUPED : sotto_conversation_get_date_group (item);
}

const char *
sotto_outline_get_heading (gpointer item)
{
  return SOTTO_IS_GROUP (item) ? _("Groups") : sotto_conversation_get_group_title (item);
}
