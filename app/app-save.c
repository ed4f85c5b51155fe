#include "app-private.h"

#include "conversation/conversation-list-private.h"
#include "conversation/group-list-private.h"

/* Whether anything would be lost now: what waits to be saved is saved, and what came of it is waited for. Nothing is closed, so
 * that a person who hears of it can go on. */

/* How long a message that is on its way into the history is waited for, and how often that is looked at */
#define SENDING_PATIENCE 200
#define SENDING_MS 10

gboolean
sotto_app_is_unsaved (SottoApp *self)
{
  g_return_val_if_fail (SOTTO_IS_APP (self), FALSE);

  return self->services->store != NULL
         && (self->instructions_source != 0 || self->instructions_saving > 0 || sotto_group_list_is_unsaved (self->services->groups)
             || sotto_conversation_list_is_unsaved (self->conversations));
}

/* Returns: (transfer none) (nullable): why something of it could not be saved */
static SottoProblem *
find_problem (SottoApp *self)
{
  SottoProblem *problem = sotto_conversation_list_find_save_problem (self->conversations);

  if (problem == NULL && sotto_group_list_is_unsaved (self->services->groups))
    problem = sotto_group_list_get_problem (self->services->groups);
  if (problem == NULL && self->instructions_failed)
    problem = self->problem;
  return problem;
}

gboolean
sotto_app_cannot_save (SottoApp *self)
{
  g_return_val_if_fail (SOTTO_IS_APP (self), FALSE);

  return sotto_app_is_unsaved (self) && find_problem (self) != NULL;
}

static void save (GTask *task);

static gboolean
on_tick (gpointer user_data)
{
  save (user_data);
  return G_SOURCE_REMOVE;
}

static void
on_flushed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SottoApp *self = g_task_get_source_object (task);
  int *patience = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  SottoProblem *problem;

  /* What was handed to the history before has its result by now. */
  if (!sotto_store_flush_finish (SOTTO_STORE (source), result, &error) && self->services->store == SOTTO_STORE (source))
    g_task_return_pointer (task, sotto_problem_new (error), g_object_unref);
  else if (!sotto_app_is_unsaved (self) || (*patience)-- == 0)
    g_task_return_pointer (task, NULL, NULL);
  else if ((problem = find_problem (self)) != NULL)
    g_task_return_pointer (task, g_object_ref (problem), g_object_unref);
  else
    g_timeout_add_full (G_PRIORITY_DEFAULT, SENDING_MS, on_tick, g_object_ref (task), g_object_unref);
}

static void
save (GTask *task)
{
  SottoApp *self = g_task_get_source_object (task);

  if (self->services->store == NULL)
    {
      g_task_return_pointer (task, NULL, NULL);
      return;
    }
  sotto_conversation_list_flush_drafts (self->conversations);
  sotto_app_flush_instructions (self);
  sotto_store_flush_async (self->services->store, NULL, on_flushed, g_object_ref (task));
}

void
sotto_app_save_async (SottoApp *self, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  int *patience;

  g_return_if_fail (SOTTO_IS_APP (self));

  task = g_task_new (self, NULL, callback, user_data);
  patience = g_new (int, 1);
  *patience = SENDING_PATIENCE;
  g_task_set_task_data (task, patience, g_free);
  save (task);
}

SottoProblem *
sotto_app_save_finish (SottoApp *self, GAsyncResult *result)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), NULL);
}
