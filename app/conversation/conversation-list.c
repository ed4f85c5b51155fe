#include "conversation/conversation-list-private.h"

#include "conversation/conversation-private.h"
#include "conversation/group-list-private.h"

/* How late headings may follow midnight */
#define SECONDS_BETWEEN_LOOKS 60

enum {
  PROP_0,
  PROP_N_ITEMS,
  PROP_BUSY,
  N_PROPS
};

enum {
  REGROUPED,
  REPLY_ENDED,
  N_SIGNALS
};

static void list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (SottoConversationList, sotto_conversation_list, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

static GType
list_get_item_type (GListModel *model)
{
  return SOTTO_TYPE_CONVERSATION;
}

static guint
list_get_n_items (GListModel *model)
{
  return SOTTO_CONVERSATION_LIST (model)->items->len;
}

static gpointer
list_get_item (GListModel *model, guint position)
{
  SottoConversationList *self = SOTTO_CONVERSATION_LIST (model);

  return position < self->items->len
         ? g_object_ref (g_ptr_array_index (self->items, position)) : NULL;
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = list_get_item_type;
  iface->get_n_items = list_get_n_items;
  iface->get_item = list_get_item;
}

/* --- Changes --- */

void
sotto_conversation_list_changed (SottoConversationList *self,
                                 guint                  position,
                                 guint                  removed,
                                 guint                  added)
{
  g_list_model_items_changed (G_LIST_MODEL (self), position, removed, added);
  sotto_outline_update (self->outline);
  if (removed != added)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_ITEMS]);
}

static void
on_busy_changed (SottoConversationList *self, GParamSpec *pspec, SottoConversation *conversation)
{
  if (!sotto_conversation_is_busy (conversation))
    g_signal_emit (self, signals[REPLY_ENDED], 0, conversation);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_BUSY]);
}

static void
on_group_changed (SottoConversationList *self)
{
  sotto_outline_update (self->outline);
}

static void
watch (SottoConversationList *self, SottoConversation *conversation)
{
  g_signal_connect_object (conversation, "notify::busy", G_CALLBACK (on_busy_changed), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (conversation, "notify::last-used", G_CALLBACK (sotto_conversation_list_move), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (conversation, "notify::pinned", G_CALLBACK (sotto_conversation_list_move_pinned), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (conversation, "notify::group", G_CALLBACK (on_group_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (conversation, "notify::temporary", G_CALLBACK (sotto_conversation_list_move_pinned), self,
                           G_CONNECT_SWAPPED);
}

/* --- Headings --- */

static int
get_today (void)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();

  return g_date_time_get_year (now) * 1000 + g_date_time_get_day_of_year (now);
}

/* Looks now and then instead of sleeping until midnight: a timeout does not count the time that a
 * computer is suspended. */
static gboolean
on_look_at_date (gpointer user_data)
{
  SottoConversationList *self = user_data;
  const int today = get_today ();

  if (today == self->today)
    return G_SOURCE_CONTINUE;

  self->today = today;
  for (guint i = 0; i < self->items->len; i++)
    {
      SottoConversation *conversation = g_ptr_array_index (self->items, i);

      sotto_conversation_notify (conversation, SOTTO_CONVERSATION_PROP_DATE_GROUP);
      sotto_conversation_notify (conversation, SOTTO_CONVERSATION_PROP_GROUP_TITLE);
    }
  g_signal_emit (self, signals[REGROUPED], 0);
  return G_SOURCE_CONTINUE;
}

/* --- The object --- */

static void
deleted_group_free (DeletedGroup *deleted)
{
  g_object_unref (deleted->group);
  g_ptr_array_unref (deleted->conversations);
  g_free (deleted);
}

static void
sotto_conversation_list_dispose (GObject *object)
{
  SottoConversationList *self = SOTTO_CONVERSATION_LIST (object);

  g_clear_handle_id (&self->date_source, g_source_remove);
  if (self->outline != NULL)
    sotto_outline_end (self->outline);
  g_clear_object (&self->outline);
  g_clear_pointer (&self->items, g_ptr_array_unref);
  g_clear_pointer (&self->deleted, g_ptr_array_unref);
  g_clear_pointer (&self->deleted_groups, g_ptr_array_unref);
  g_clear_object (&self->fresh);
  g_clear_object (&self->fresh_temporary);
  g_clear_pointer (&self->temporary, sotto_services_unref);
  g_clear_pointer (&self->fresh_draft, g_free);
  g_clear_pointer (&self->fresh_instructions, g_free);
  g_clear_pointer (&self->transfers, g_ptr_array_unref);
  g_clear_pointer (&self->services, sotto_services_unref);
  G_OBJECT_CLASS (sotto_conversation_list_parent_class)->dispose (object);
}

static void
sotto_conversation_list_get_property (GObject    *object,
                                      guint       prop_id,
                                      GValue     *value,
                                      GParamSpec *pspec)
{
  SottoConversationList *self = SOTTO_CONVERSATION_LIST (object);

  if (prop_id == PROP_N_ITEMS)
    g_value_set_uint (value, self->items->len);
  else if (prop_id == PROP_BUSY)
    g_value_set_boolean (value, sotto_conversation_list_is_busy (self));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
sotto_conversation_list_class_init (SottoConversationListClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = sotto_conversation_list_dispose;
  object_class->get_property = sotto_conversation_list_get_property;

  properties[PROP_N_ITEMS] = g_param_spec_uint ("n-items", NULL, NULL, 0, G_MAXUINT, 0,
                                                G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  properties[PROP_BUSY] = g_param_spec_boolean ("busy", NULL, NULL, FALSE,
                                                G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  signals[REGROUPED] = g_signal_new ("regrouped", SOTTO_TYPE_CONVERSATION_LIST, G_SIGNAL_RUN_LAST,
                                     0,
                                     NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[REPLY_ENDED] = g_signal_new ("reply-ended", SOTTO_TYPE_CONVERSATION_LIST,
                                       G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                       SOTTO_TYPE_CONVERSATION);
}

static void
sotto_conversation_list_init (SottoConversationList *self)
{
  self->items = g_ptr_array_new_with_free_func (g_object_unref);
  self->transfers = g_ptr_array_new_with_free_func (g_object_unref);
  self->deleted = g_ptr_array_new_with_free_func (g_object_unref);
  self->deleted_groups = g_ptr_array_new_with_free_func ((GDestroyNotify) deleted_group_free);
  self->today = get_today ();
  self->date_source = g_timeout_add_seconds (SECONDS_BETWEEN_LOOKS, on_look_at_date, self);
}

SottoConversationList *
sotto_conversation_list_new (SottoServices *services)
{
  SottoConversationList *self = g_object_new (SOTTO_TYPE_CONVERSATION_LIST, NULL);

  self->services = sotto_services_ref (services);
  self->outline = sotto_outline_new (self->items, services->groups);
  return self;
}

void
sotto_conversation_list_clear (SottoConversationList *self)
{
  const guint n_items = self->items->len;

  g_ptr_array_set_size (self->items, 0);
  g_ptr_array_set_size (self->deleted, 0);
  g_ptr_array_set_size (self->deleted_groups, 0);
  g_clear_object (&self->fresh);
  g_clear_object (&self->fresh_temporary);
  g_clear_pointer (&self->fresh_draft, g_free);
  g_clear_pointer (&self->fresh_instructions, g_free);
  if (n_items > 0)
    sotto_conversation_list_changed (self, 0, n_items, 0);
  sotto_group_list_clear (self->services->groups);
}

void
sotto_conversation_list_fill (SottoConversationList *self,
                              GPtrArray             *records,
                              const char            *draft,
                              const char            *instructions,
                              GPtrArray             *groups)
{
  sotto_conversation_list_clear (self);
  sotto_group_list_open (self->services->groups, self->services->store, groups);
  g_set_str (&self->fresh_draft, draft);
  g_set_str (&self->fresh_instructions, instructions);
  for (guint i = 0; i < records->len; i++)
    {
      SottoConversation *conversation =
        sotto_conversation_new_from_record (self->services, g_ptr_array_index (records, i));

      watch (self, conversation);
      g_ptr_array_add (self->items, conversation);
    }
  if (self->items->len > 0)
    sotto_conversation_list_changed (self, 0, 0, self->items->len);
}

SottoOutline *
sotto_conversation_list_get_outline (SottoConversationList *self)
{
  g_return_val_if_fail (SOTTO_IS_CONVERSATION_LIST (self), NULL);
  return self->outline;
}

SottoServices *
sotto_conversation_list_get_services (SottoConversationList *self)
{
  return self->services;
}

/* --- New --- */

static void
on_fresh_stored (SottoConversationList *self, GParamSpec *pspec, SottoConversation *conversation)
{
  if (self->fresh_temporary == conversation)
    {
      sotto_conversation_list_insert (self, conversation);
      g_clear_object (&self->fresh_temporary);
    }
  if (self->fresh != conversation)
    return;

  g_clear_pointer (&self->fresh_draft, g_free);
  g_clear_pointer (&self->fresh_instructions, g_free);
  sotto_conversation_list_insert (self, conversation);
  g_clear_object (&self->fresh);
}

SottoConversation *
sotto_conversation_list_create (SottoConversationList *self)
{
  g_return_val_if_fail (SOTTO_IS_CONVERSATION_LIST (self), NULL);

  if (self->fresh != NULL)
    return self->fresh;

  self->fresh = sotto_conversation_new (self->services);
  if (self->fresh_draft != NULL)
    sotto_conversation_take_draft (self->fresh, self->fresh_draft);
  if (self->fresh_instructions != NULL)
    sotto_conversation_take_kept_instructions (self->fresh, self->fresh_instructions);
  sotto_conversation_read_kept_folders (self->fresh);
  sotto_conversation_read_kept_group (self->fresh);
  sotto_conversation_read_kept_answer_form (self->fresh);
  sotto_conversation_begin_with_tools (self->fresh);
  watch (self, self->fresh);
  g_signal_connect_object (self->fresh, "notify::stored", G_CALLBACK (on_fresh_stored), self,
                           G_CONNECT_SWAPPED);
  return self->fresh;
}

SottoConversation *
sotto_conversation_list_create_temporary (SottoConversationList *self)
{
  g_return_val_if_fail (SOTTO_IS_CONVERSATION_LIST (self), NULL);

  if (self->temporary == NULL)
    self->temporary = sotto_services_new_temporary (self->services);
  if (self->fresh_temporary != NULL)
    return self->fresh_temporary;

  g_set_str (&self->temporary->instructions, self->services->instructions);
  g_set_str (&self->temporary->tools, self->services->tools);
  self->fresh_temporary = sotto_conversation_new (self->temporary);
  sotto_conversation_begin_with_tools (self->fresh_temporary);
  watch (self, self->fresh_temporary);
  g_signal_connect_object (self->fresh_temporary, "notify::stored", G_CALLBACK (on_fresh_stored), self,
                           G_CONNECT_SWAPPED);
  return self->fresh_temporary;
}

SottoConversation *
sotto_conversation_list_lookup (SottoConversationList *self, const char *id)
{
  g_return_val_if_fail (SOTTO_IS_CONVERSATION_LIST (self), NULL);
  g_return_val_if_fail (id != NULL, NULL);

  for (guint i = 0; i < self->items->len; i++)
    {
      SottoConversation *conversation = g_ptr_array_index (self->items, i);

      if (g_str_equal (sotto_conversation_get_id (conversation), id))
        return conversation;
    }
  return NULL;
}

/* --- Transfers --- */

void
sotto_conversation_list_add_transfer (SottoConversationList *self, SottoTransfer *transfer)
{
  g_ptr_array_add (self->transfers, g_object_ref (transfer));
}

void
sotto_conversation_list_remove_transfer (SottoConversationList *self, SottoTransfer *transfer)
{
  if (self->transfers != NULL)
    g_ptr_array_remove (self->transfers, transfer);
}

gboolean
sotto_conversation_list_has_transfers (SottoConversationList *self)
{
  return self->transfers->len > 0;
}

/* One that was deleted and stands in the history again is the object it was. */
static SottoConversation *
create_for_record (SottoConversationList          *self,
                   SottoServices                  *services,
                   const SottoHistoryConversation *record)
{
  SottoConversation *conversation;

  for (guint i = 0; i < self->deleted->len; i++)
    {
      conversation = g_ptr_array_index (self->deleted, i);
      if (conversation->services == services && g_str_equal (sotto_conversation_get_id (conversation), record->id))
        {
          g_object_ref (conversation);
          g_ptr_array_remove_index (self->deleted, i);
          sotto_conversation_set_deleted (conversation, FALSE);
          return conversation;
        }
    }

  conversation = sotto_conversation_new_from_record (services, record);
  watch (self, conversation);
  return conversation;
}

void
sotto_conversation_list_take_records (SottoConversationList *self,
                                      SottoServices         *services,
                                      GPtrArray             *records,
                                      GPtrArray             *conversations)
{
  const guint n_before = self->items->len;

  for (guint i = 0; i < records->len; i++)
    {
      SottoConversation *conversation = create_for_record (self, services, g_ptr_array_index (records, i));

      g_ptr_array_add (conversations, conversation);
      if (records->len == 1)
        sotto_conversation_list_insert (self, conversation);
      else
        g_ptr_array_add (self->items, g_object_ref (conversation));
    }

  /* Many at once are one change: each of them would have a view look for its selection. */
  if (records->len > 1)
    {
      g_ptr_array_sort_values (self->items, sotto_conversation_list_compare);
      sotto_conversation_list_changed (self, 0, n_before, self->items->len);
    }
}

/* --- Closing --- */

typedef void (*ConversationFunc) (SottoConversation *conversation);

static void
for_each (SottoConversationList *self, ConversationFunc func)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < self->items->len; i++)
    g_ptr_array_add (all, g_object_ref (g_ptr_array_index (self->items, i)));
  for (guint i = 0; i < self->deleted->len; i++)
    g_ptr_array_add (all, g_object_ref (g_ptr_array_index (self->deleted, i)));
  if (self->fresh != NULL)
    g_ptr_array_add (all, g_object_ref (self->fresh));
  if (self->fresh_temporary != NULL)
    g_ptr_array_add (all, g_object_ref (self->fresh_temporary));
  for (guint i = 0; i < all->len; i++)
    func (g_ptr_array_index (all, i));
}

void
sotto_conversation_list_stop_all (SottoConversationList *self)
{
  for_each (self, sotto_conversation_stop);
  for (guint i = 0; i < self->transfers->len; i++)
    sotto_transfer_cancel (g_ptr_array_index (self->transfers, i));
}

void
sotto_conversation_list_abandon_all (SottoConversationList *self)
{
  for_each (self, sotto_conversation_abandon_reply);
}

void
sotto_conversation_list_flush_drafts (SottoConversationList *self)
{
  for_each (self, sotto_conversation_flush_draft);
  sotto_group_list_flush (self->services->groups);
}

gboolean
sotto_conversation_list_is_unsaved (SottoConversationList *self)
{
  for (guint i = 0; i < self->deleted->len; i++)
    if (sotto_conversation_is_unsaved (g_ptr_array_index (self->deleted, i)))
      return TRUE;
  for (guint i = 0; i < self->items->len; i++)
    if (sotto_conversation_is_unsaved (g_ptr_array_index (self->items, i)))
      return TRUE;
  return self->fresh != NULL && sotto_conversation_is_unsaved (self->fresh);
}

static SottoProblem *
find_save_problem (GPtrArray *conversations)
{
  for (guint i = 0; i < conversations->len; i++)
    {
      SottoConversation *conversation = g_ptr_array_index (conversations, i);

      if (sotto_conversation_is_unsaved (conversation) && conversation->save_problem != NULL)
        return conversation->save_problem;
    }
  return NULL;
}

SottoProblem *
sotto_conversation_list_find_save_problem (SottoConversationList *self)
{
  SottoProblem *problem = find_save_problem (self->items);

  if (problem == NULL)
    problem = find_save_problem (self->deleted);
  if (problem == NULL && self->fresh != NULL && sotto_conversation_is_unsaved (self->fresh))
    problem = self->fresh->save_problem;
  return problem;
}

void
sotto_conversation_list_end_temporary (SottoConversationList *self)
{
  g_clear_object (&self->fresh_temporary);
  for (guint i = self->items->len; i-- > 0;)
    if (sotto_conversation_is_temporary (g_ptr_array_index (self->items, i)))
      {
        g_ptr_array_remove_index (self->items, i);
        sotto_conversation_list_changed (self, i, 1, 0);
      }
  for (guint i = self->deleted->len; i-- > 0;)
    if (sotto_conversation_is_temporary (g_ptr_array_index (self->deleted, i)))
      g_ptr_array_remove_index (self->deleted, i);

  /* Who still holds one of them has no history any more. */
  if (self->temporary != NULL)
    g_clear_object (&self->temporary->store);
  g_clear_pointer (&self->temporary, sotto_services_unref);
}

gboolean
sotto_conversation_list_is_busy (SottoConversationList *self)
{
  g_return_val_if_fail (SOTTO_IS_CONVERSATION_LIST (self), FALSE);

  for (guint i = 0; i < self->items->len; i++)
    if (sotto_conversation_is_busy (g_ptr_array_index (self->items, i)))
      return TRUE;
  for (guint i = 0; i < self->deleted->len; i++)
    if (sotto_conversation_is_busy (g_ptr_array_index (self->deleted, i)))
      return TRUE;
  return (self->fresh != NULL && sotto_conversation_is_busy (self->fresh))
         || (self->fresh_temporary != NULL && sotto_conversation_is_busy (self->fresh_temporary));
}

gboolean
sotto_conversation_list_is_busy_keeping (SottoConversationList *self)
{
  g_return_val_if_fail (SOTTO_IS_CONVERSATION_LIST (self), FALSE);

  for (guint i = 0; i < self->items->len; i++)
    {
      SottoConversation *conversation = g_ptr_array_index (self->items, i);

      if (sotto_conversation_is_busy (conversation) && !sotto_conversation_is_temporary (conversation))
        return TRUE;
    }
  return self->fresh != NULL && sotto_conversation_is_busy (self->fresh);
}

void
sotto_conversation_list_set_journal_error (SottoConversationList *self, const GError *error)
{
  for (guint i = 0; i < self->items->len; i++)
    if (sotto_conversation_is_busy (g_ptr_array_index (self->items, i)))
      sotto_conversation_set_error (g_ptr_array_index (self->items, i), error);
}
