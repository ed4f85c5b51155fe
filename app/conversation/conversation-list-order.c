#include "conversation/conversation-list-private.h"

#include "conversation/conversation-private.h"

/* The order of the list: temporary ones first, then pinned ones, then the last used. */

int
sotto_conversation_list_compare (gconstpointer a, gconstpointer b)
{
  SottoConversation *first = (gpointer) a;
  SottoConversation *second = (gpointer) b;
  const gint64 time_a = sotto_conversation_get_last_used_us (first);
  const gint64 time_b = sotto_conversation_get_last_used_us (second);

  if (first->services->is_temporary != second->services->is_temporary)
    return first->services->is_temporary ? -1 : 1;
  if (first->is_pinned != second->is_pinned)
    return first->is_pinned ? -1 : 1;
  return (time_a < time_b) - (time_a > time_b);
}

static guint
find_place (SottoConversationList *self, SottoConversation *conversation)
{
  guint position = 0;

  while (position < self->items->len &&
         sotto_conversation_list_compare (g_ptr_array_index (self->items, position), conversation) < 0)
    position++;
  return position;
}

void
sotto_conversation_list_insert (SottoConversationList *self, SottoConversation *conversation)
{
  const guint position = find_place (self, conversation);

  g_ptr_array_insert (self->items, (int) position, g_object_ref (conversation));
  sotto_conversation_list_changed (self, position, 0, 1);
}

/* @also_there: says that it has changed also where it stays, since its heading has */
static void
move (SottoConversationList *self, SottoConversation *conversation, gboolean also_there)
{
  guint old_position;
  guint position;

  if (!g_ptr_array_find (self->items, conversation, &old_position))
    return;

  g_object_ref (conversation);
  g_ptr_array_remove_index (self->items, old_position);
  position = find_place (self, conversation);
  if (position == old_position && !also_there)
    {
      g_ptr_array_insert (self->items, (int) position, conversation);
      return;
    }

  /* One change over everything in between would make a view forget its place in all of it. */
  sotto_conversation_list_changed (self, old_position, 1, 0);
  g_ptr_array_insert (self->items, (int) position, conversation);
  sotto_conversation_list_changed (self, position, 0, 1);
}

void
sotto_conversation_list_move (SottoConversationList *self,
                              GParamSpec            *pspec,
                              SottoConversation     *conversation)
{
  move (self, conversation, FALSE);
}

void
sotto_conversation_list_move_pinned (SottoConversationList *self,
                                     GParamSpec            *pspec,
                                     SottoConversation     *conversation)
{
  move (self, conversation, TRUE);
}
