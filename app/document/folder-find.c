#include "document/document-folders-private.h"

#include <string.h>

#include "document/document-folder-private.h"
#include "document/folder-walk.h"
#include "document/meaning-private.h"

/* Passages for a question: by its words, and by what it is about where that is known (meaning.h). One that is but a few words may
 * go on with what was said before ("and when does it end?"), and may not ("what is a deposit?"): it is asked as it is and behind
 * what was said before, and both answers take turns. */

enum { BEHIND, ALONE, N_WAYS };

typedef struct {
  char **folders;
  char *asked[N_WAYS];      /* NULL: not that way */
  char *embedder;           /* of the vectors; NULL: there are none */
  GBytes *vectors[N_WAYS];
  GPtrArray *found[N_WAYS]; /* of SottoHistoryPassage; NULL: not found yet, or not asked */
  guint n_asked;
  guint n_answered;
  guint limit;
  gsize max_bytes;
  guint timeout;
  GError *error; /* of one of them */
} Find;

static void
find_free (Find *find)
{
  for (guint i = 0; i < N_WAYS; i++)
    {
      g_free (find->asked[i]);
      g_clear_pointer (&find->vectors[i], g_bytes_unref);
      g_clear_pointer (&find->found[i], g_ptr_array_unref);
    }
  g_strfreev (find->folders);
  g_free (find->embedder);
  g_clear_handle_id (&find->timeout, g_source_remove);
  g_clear_error (&find->error);
  g_free (find);
}

static SottoHistoryPart *
create_part (SottoDocumentFolder *folder, const SottoHistoryPassage *passage)
{
  SottoHistoryPart *part = sotto_history_part_new (SOTTO_HISTORY_PART_DOCUMENT, passage->text);
  g_autoptr (GFile) file = sotto_folder_resolve (sotto_document_folder_get_file (folder), passage->path);

  part->name = sotto_folder_display_name (passage->path);
  part->uri = g_file_get_uri (file);
  part->first_page = passage->first_page;
  part->last_page = passage->last_page;
  part->found = passage->found;
  return part;
}

static gboolean
has (GPtrArray *parts, const char *text)
{
  for (guint i = 0; i < parts->len; i++)
    if (g_str_equal (((const SottoHistoryPart *) g_ptr_array_index (parts, i))->text, text))
      return TRUE;
  return FALSE;
}

static GPtrArray *
take_turns (SottoDocumentFolders *self, const Find *find)
{
  GPtrArray *parts = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_part_free);
  gsize n_bytes = 0;

  for (guint i = 0; i < find->limit; i++)
    for (guint j = 0; j < N_WAYS; j++)
      {
        const SottoHistoryPassage *passage =
          find->found[j] != NULL && i < find->found[j]->len ? g_ptr_array_index (find->found[j], i) : NULL;
        SottoDocumentFolder *folder = passage != NULL ? sotto_document_folders_lookup (self, passage->folder) : NULL;

        if (folder == NULL || has (parts, passage->text) || parts->len >= find->limit
            || n_bytes + strlen (passage->text) > find->max_bytes)
          continue;
        n_bytes += strlen (passage->text);
        g_ptr_array_add (parts, create_part (folder, passage));
      }
  return parts;
}

static void
take_answer (GTask *task, GObject *store, GAsyncResult *result, guint position)
{
  SottoDocumentFolders *self = g_task_get_source_object (task);
  Find *find = g_task_get_task_data (task);

  /* One answer is better than none. */
  find->found[position] = sotto_store_find_passages_finish (SOTTO_STORE (store), result,
                                                            find->error == NULL ? &find->error : NULL);
  if (++find->n_answered < find->n_asked)
    return;

  g_clear_handle_id (&find->timeout, g_source_remove);
  g_ptr_array_remove_fast (self->finds, g_task_get_cancellable (task));
  if (find->found[BEHIND] == NULL && find->found[ALONE] == NULL)
    g_task_return_error (task, g_steal_pointer (&find->error));
  else
    g_task_return_pointer (task, take_turns (self, find), (GDestroyNotify) g_ptr_array_unref);
}

static void
on_found_behind (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;

  take_answer (task, source, result, BEHIND);
}

static void
on_found_alone (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;

  take_answer (task, source, result, ALONE);
}

static void
ask (GTask *task, SottoStore *store)
{
  static const GAsyncReadyCallback on_found[N_WAYS] = { on_found_behind, on_found_alone };
  const Find *find = g_task_get_task_data (task);

  for (guint i = 0; i < N_WAYS; i++)
    if (find->asked[i] != NULL)
      sotto_store_find_passages_async (store, (const char *const *) find->folders, find->asked[i], find->embedder,
                                       find->vectors[i], find->limit, find->max_bytes, g_task_get_cancellable (task),
                                       on_found[i], g_object_ref (task));
}

static void
on_vectors (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SottoDocumentFolders *self = g_task_get_source_object (task);
  Find *find = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) vectors = sotto_meaning_ask_finish (SOTTO_MEANING (source), result, &find->embedder, &error);
  guint n = 0;

  if (vectors == NULL)
    g_debug ("Words alone count: %s", error->message);
  for (guint i = 0; vectors != NULL && i < N_WAYS; i++)
    if (find->asked[i] != NULL)
      find->vectors[i] = g_bytes_ref (g_ptr_array_index (vectors, n++));

  /* It was closed meanwhile. */
  if (self->store == NULL)
    {
      g_clear_handle_id (&find->timeout, g_source_remove);
      g_ptr_array_remove_fast (self->finds, g_task_get_cancellable (task));
      g_task_return_new_error_literal (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "The history was closed");
      return;
    }
  ask (task, self->store);
}

static void
ask_by_meaning (SottoDocumentFolders *self, GTask *task)
{
  const Find *find = g_task_get_task_data (task);
  const char *questions[N_WAYS + 1] = { NULL };
  guint n = 0;

  for (guint i = 0; i < N_WAYS; i++)
    if (find->asked[i] != NULL)
      questions[n++] = find->asked[i];
  sotto_meaning_ask_async (self->meaning, questions, NULL, on_vectors, g_object_ref (task));
}

static gboolean
on_late (gpointer user_data)
{
  GTask *task = user_data;
  Find *find = g_task_get_task_data (task);

  find->timeout = 0;
  g_cancellable_cancel (g_task_get_cancellable (task));
  return G_SOURCE_REMOVE;
}

static char **
choose_folders (SottoDocumentFolders *self, const char *const *ids)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (; *ids != NULL; ids++)
    if (sotto_document_folders_lookup (self, *ids) != NULL)
      g_strv_builder_add (builder, *ids);
  return g_strv_builder_end (builder);
}

void
sotto_document_folders_find_async (SottoDocumentFolders *self,
                                   const char *const    *ids,
                                   const char           *question,
                                   const char           *before,
                                   guint                 limit,
                                   gsize                 max_bytes,
                                   GAsyncReadyCallback   callback,
                                   gpointer              user_data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_auto (GStrv) folders = choose_folders (self, ids);
  Find *find;

  g_task_set_check_cancellable (task, FALSE);
  if (self->store == NULL || folders[0] == NULL || max_bytes == 0)
    {
      g_task_return_pointer (task, g_ptr_array_new (), (GDestroyNotify) g_ptr_array_unref);
      return;
    }

  find = g_new0 (Find, 1);
  find->limit = limit;
  find->max_bytes = max_bytes;
  find->folders = g_steal_pointer (&folders);
  find->asked[BEHIND] = before != NULL ? g_strconcat (before, "\n", question, NULL) : NULL;
  find->asked[ALONE] = g_strdup (question);
  find->n_asked = before != NULL ? 2 : 1;
  find->timeout = g_timeout_add (SOTTO_FOLDERS_PATIENCE_MS, on_late, task);
  g_task_set_task_data (task, find, (GDestroyNotify) find_free);
  g_ptr_array_add (self->finds, cancellable);
  if (self->meaning != NULL && sotto_meaning_can_ask (self->meaning))
    ask_by_meaning (self, task);
  else
    ask (task, self->store);
}

GPtrArray *
sotto_document_folders_find_finish (SottoDocumentFolders *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
