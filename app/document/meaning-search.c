#include "document/meaning-private.h"

/* What was said in conversations, found by what a query is about: its vector, and then the history's answer. */

typedef struct {
  char **except;
  guint limit;
} Search;

static void
search_free (gpointer data)
{
  Search *search = data;

  g_strfreev (search->except);
  g_free (search);
}

static void
return_nothing (GTask *task)
{
  g_task_return_pointer (task, g_ptr_array_new (), (GDestroyNotify) g_ptr_array_unref);
}

static void
on_found (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  GPtrArray *hits = sotto_store_search_meaning_finish (SOTTO_STORE (source), result, &error);

  if (hits == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, hits, (GDestroyNotify) g_ptr_array_unref);
}

static void
on_vector (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SottoMeaning *self = SOTTO_MEANING (source);
  const Search *search = g_task_get_task_data (task);
  g_autofree char *embedder = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) vectors = sotto_meaning_ask_finish (self, result, &embedder, &error);

  if (g_task_return_error_if_cancelled (task))
    return;
  if (vectors == NULL || self->store == NULL)
    {
      if (error != NULL)
        g_debug ("Words alone count: %s", error->message);
      return_nothing (task);
      return;
    }
  sotto_store_search_meaning_async (self->store, embedder, g_ptr_array_index (vectors, 0), (const char *const *) search->except,
                                    search->limit, g_task_get_cancellable (task), on_found, g_object_ref (task));
}

void
sotto_meaning_search_async (SottoMeaning        *self,
                            const char          *query,
                            const char *const   *except,
                            guint                limit,
                            GCancellable        *cancellable,
                            GAsyncReadyCallback  callback,
                            gpointer             user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  const char *const questions[] = { query, NULL };
  Search *search = g_new0 (Search, 1);

  search->except = g_strdupv ((char **) except);
  search->limit = limit;
  g_task_set_task_data (task, search, search_free);
  if (!sotto_meaning_can_ask (self))
    return_nothing (task);
  else
    sotto_meaning_ask_async (self, questions, cancellable, on_vector, g_steal_pointer (&task));
}

GPtrArray *
sotto_meaning_search_finish (SottoMeaning *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
