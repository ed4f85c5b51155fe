#include "conversation/conversation-list-private.h"

#include "conversation/search-hit-private.h"
#include "document/meaning-private.h"

/* The most that a search shows: more is a sign to type another letter. */
#define MAX_HITS 200

/* The same of what says it in other words, of which only the first few are worth reading */
#define MAX_HITS_BY_MEANING 20

static GListModel *
create_hits (SottoConversationList *self, GPtrArray *hits)
{
  GListStore *store = g_list_store_new (SOTTO_TYPE_SEARCH_HIT);
  g_autoptr (GPtrArray) objects = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < hits->len; i++)
    {
      const SottoHistoryHit *hit = g_ptr_array_index (hits, i);
      SottoConversation *conversation = sotto_conversation_list_lookup (self, hit->conversation);

      if (conversation != NULL)
        g_ptr_array_add (objects, sotto_search_hit_new (conversation, hit));
    }
  g_list_store_splice (store, 0, 0, objects->pdata, objects->len);
  return G_LIST_MODEL (store);
}

static void
on_found (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (GPtrArray) hits = sotto_store_search_finish (SOTTO_STORE (source), result, &error);

  if (hits == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, create_hits (g_task_get_source_object (task), hits),
                           g_object_unref);
}

void
sotto_conversation_list_search_async (SottoConversationList *self,
                                      const char            *query,
                                      GCancellable          *cancellable,
                                      GAsyncReadyCallback    callback,
                                      gpointer               user_data)
{
  g_autoptr (GTask) task = NULL;
  SottoServices *services;
  GError *error = NULL;

  g_return_if_fail (SOTTO_IS_CONVERSATION_LIST (self));
  g_return_if_fail (query != NULL);

  services = sotto_conversation_list_get_services (self);
  task = g_task_new (self, cancellable, callback, user_data);
  if (!sotto_services_check_store (services, &error))
    g_task_return_error (task, error);
  else
    sotto_store_search_async (services->store, query, MAX_HITS, cancellable, on_found,
                              g_steal_pointer (&task));
}

GListModel *
sotto_conversation_list_search_finish (SottoConversationList  *self,
                                       GAsyncResult           *result,
                                       GError                **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* --- By meaning --- */

static void
on_found_by_meaning (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (GPtrArray) hits = sotto_meaning_search_finish (SOTTO_MEANING (source), result, &error);

  if (hits == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, create_hits (g_task_get_source_object (task), hits), g_object_unref);
}

/* Returns: (transfer full): ids of the messages of @hits */
static char **
list_messages (GListModel *hits)
{
  g_autoptr (GStrvBuilder) ids = g_strv_builder_new ();

  for (guint i = 0; hits != NULL && i < g_list_model_get_n_items (hits); i++)
    {
      g_autoptr (SottoSearchHit) hit = g_list_model_get_item (hits, i);

      if (sotto_search_hit_get_message_id (hit) != NULL)
        g_strv_builder_add (ids, sotto_search_hit_get_message_id (hit));
    }
  return g_strv_builder_end (ids);
}

void
sotto_conversation_list_search_meaning_async (SottoConversationList *self,
                                              const char            *query,
                                              GListModel            *found,
                                              GCancellable          *cancellable,
                                              GAsyncReadyCallback    callback,
                                              gpointer               user_data)
{
  g_autoptr (GTask) task = NULL;
  g_auto (GStrv) except = NULL;

  g_return_if_fail (SOTTO_IS_CONVERSATION_LIST (self));
  g_return_if_fail (query != NULL);
  g_return_if_fail (found == NULL || G_IS_LIST_MODEL (found));

  task = g_task_new (self, cancellable, callback, user_data);
  except = list_messages (found);
  sotto_meaning_search_async (sotto_conversation_list_get_services (self)->meaning, query, (const char *const *) except,
                              MAX_HITS_BY_MEANING, cancellable, on_found_by_meaning, g_steal_pointer (&task));
}

GListModel *
sotto_conversation_list_search_meaning_finish (SottoConversationList  *self,
                                               GAsyncResult           *result,
                                               GError                **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}
