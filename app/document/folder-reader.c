#include "document/folder-reader.h"

#include "document/document-folder-private.h"
#include "document/document.h"
#include "document/folder-problem.h"
#include "document/folder-walk.h"
#include "document/passages.h"

/* One folder at a time:
 *
 *   look         what lies there (folder-walk.c) beside what the history has: by size and time
 *   forget       what is gone, unless it may only be hidden
 *   read         new and changed ones: text (document.c), passages in a thread, into the history; or why not
 *
 * Between two documents it rests if it is to. All is done in the main context but what takes time, and what comes back after a
 * job was given up finds that it has no reader any more. */

#define FILE_ATTRIBUTES G_FILE_ATTRIBUTE_STANDARD_TYPE "," G_FILE_ATTRIBUTE_STANDARD_SIZE "," \
                        G_FILE_ATTRIBUTE_TIME_MODIFIED "," G_FILE_ATTRIBUTE_TIME_MODIFIED_USEC

typedef enum {
  WAS_NEW,
  WAS_READ,
  WAS_UNREAD,
} Was;

typedef struct {
  const SottoFolderFile *file;
  Was was;
} Todo;

/* Counts references: one is the reader's, one each call's that is under way. */
typedef struct {
  SottoFolderReader *reader; /* NULL: it was given up */
  SottoDocumentFolder *folder;
  SottoStore *store;
  GCancellable *cancellable;
  SottoFolderWalk *walk;
  GPtrArray *gone;  /* of utf8: paths */
  GArray *todo;     /* of Todo */
  guint n_done;
  guint n_documents;
  guint n_unread;
  SottoDocument *document; /* being read */
  SottoFolderFile now;     /* as it was when it was opened */
  gboolean is_resting;     /* it waits for going on */
  gboolean again;          /* something has changed meanwhile */
} Job;

struct _SottoFolderReader
{
  SottoStore *store;
  SottoFolderReaderFunc on_ended;
  GFunc on_changed;
  gpointer user_data;
  GQueue waiting; /* of SottoDocumentFolder */
  Job *job;       /* NULL: nothing is done */
  gboolean is_resting;
};

static void
job_clear (gpointer data)
{
  Job *job = data;

  g_clear_object (&job->folder);
  g_clear_object (&job->store);
  g_clear_object (&job->cancellable);
  g_clear_object (&job->document);
  g_clear_pointer (&job->walk, sotto_folder_walk_free);
  g_clear_pointer (&job->gone, g_ptr_array_unref);
  g_clear_pointer (&job->todo, g_array_unref);
}

static void
job_unref (Job *job)
{
  g_rc_box_release_full (job, job_clear);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Job, job_unref)

/* --- The end --- */

static void begin_next (SottoFolderReader *self);

/* Gives the job up; whatever is under way comes to nothing. */
static void
give_up (SottoFolderReader *self)
{
  Job *job = g_steal_pointer (&self->job);

  if (job == NULL)
    return;
  job->reader = NULL;
  g_cancellable_cancel (job->cancellable);
  if (job->document != NULL)
    sotto_document_cancel (job->document);
  sotto_document_folder_set_state (job->folder, SOTTO_FOLDER_STATE_WAITING);
  job_unref (job);
}

/* @error: (nullable): why it came to nothing */
static void
end_job (Job *job, const GError *error)
{
  SottoFolderReader *self = job->reader;
  const gboolean again = job->again;

  self->job = NULL;
  job->reader = NULL;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND) || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_MOUNTED))
    sotto_document_folder_set_state (job->folder, SOTTO_FOLDER_STATE_MISSING);
  else if (error != NULL)
    sotto_document_folder_set_error (job->folder, error);
  else
    sotto_document_folder_set_state (job->folder, SOTTO_FOLDER_STATE_READY);
  self->on_ended (job->folder, job->walk != NULL ? job->walk->inside : NULL, self->user_data);
  if (again)
    sotto_folder_reader_look (self, job->folder);
  job_unref (job);
  begin_next (self);
  self->on_changed (self, self->user_data);
}

/* --- Reading --- */

static void go_on (Job *job);

static void
note_put (Job *job, gboolean is_read)
{
  const Todo *todo = &g_array_index (job->todo, Todo, job->n_done);

  job->n_documents -= todo->was == WAS_READ ? 1 : 0;
  job->n_unread -= todo->was == WAS_UNREAD ? 1 : 0;
  if (is_read)
    job->n_documents++;
  else
    job->n_unread++;
  sotto_document_folder_set_counts (job->folder, job->n_documents, job->n_unread);
}

static void
on_put (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Job) job = user_data;
  g_autoptr (GError) error = NULL;
  const gboolean is_put = sotto_store_put_document_finish (SOTTO_STORE (source), result, &error);

  if (job->reader == NULL)
    return;
  if (!is_put)
    {
      end_job (job, error);
      return;
    }
  job->n_done++;
  go_on (job);
}

/* @passages: (nullable); @problem: (nullable) */
static void
put (Job *job, GPtrArray *passages, const char *problem)
{
  const SottoHistoryDocument document = { job->now.path, job->now.size, job->now.modified, (char *) problem };

  note_put (job, problem == NULL);
  g_clear_object (&job->document);
  sotto_store_put_document_async (job->store, sotto_document_folder_get_id (job->folder), &document, passages,
                                  job->cancellable, on_put, g_rc_box_acquire (job));
}

static void
cut (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_task_return_pointer (task, sotto_passages_cut (data), (GDestroyNotify) g_ptr_array_unref);
}

static void
on_cut (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Job) job = user_data;
  g_autoptr (GPtrArray) passages = g_task_propagate_pointer (G_TASK (result), NULL);

  if (job->reader == NULL)
    return;
  if (passages != NULL && passages->len > 0)
    put (job, passages, NULL);
  else
    put (job, NULL, SOTTO_FOLDER_PROBLEM_EMPTY);
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Job) job = user_data;
  g_autoptr (GError) error = NULL;
  GPtrArray *pages = sotto_document_read_pages_finish (SOTTO_DOCUMENT (source), result, &error);
  g_autoptr (GTask) task = NULL;

  if (job->reader == NULL)
    {
      g_clear_pointer (&pages, g_ptr_array_unref);
      return;
    }
  if (pages == NULL)
    {
      put (job, NULL, sotto_folder_problem_of_error (error));
      return;
    }
  task = g_task_new (NULL, NULL, on_cut, g_rc_box_acquire (job));
  g_task_set_static_name (task, "sotto cut a document into passages");
  g_task_set_priority (task, G_PRIORITY_LOW);
  g_task_set_task_data (task, pages, (GDestroyNotify) g_ptr_array_unref);
  g_task_run_in_thread (task, cut);
}

static void
begin_document (Job *job, GFile *file)
{
  job->document = sotto_document_new (file);
  sotto_document_read_pages_async (job->document, on_read, g_rc_box_acquire (job));
}

/* As it is now, which is not what it was when the folder was looked through */
static void
on_file_info (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Job) job = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GFileInfo) info = g_file_query_info_finish (G_FILE (source), result, &error);

  if (job->reader == NULL)
    return;
  if (info == NULL)
    {
      put (job, NULL, sotto_folder_problem_of_error (error));
      return;
    }
  job->now.size = (guint64) g_file_info_get_size (info);
  job->now.modified = (gint64) g_file_info_get_attribute_uint64 (info, G_FILE_ATTRIBUTE_TIME_MODIFIED) * G_USEC_PER_SEC
                      + g_file_info_get_attribute_uint32 (info, G_FILE_ATTRIBUTE_TIME_MODIFIED_USEC);
  if (g_file_info_get_file_type (info) != G_FILE_TYPE_REGULAR)
    put (job, NULL, SOTTO_FOLDER_PROBLEM_GONE);
  else if (job->now.size > SOTTO_FOLDER_MOST_BYTES)
    put (job, NULL, SOTTO_FOLDER_PROBLEM_TOO_LARGE);
  else
    begin_document (job, G_FILE (source));
}

static void
read_next (Job *job)
{
  const SottoFolderFile *before = g_array_index (job->todo, Todo, job->n_done).file;
  g_autoptr (GFile) file = sotto_folder_resolve (sotto_document_folder_get_file (job->folder), before->path);
  g_autofree char *name = sotto_folder_display_name (before->path);

  job->now = *before;
  sotto_document_folder_set_progress (job->folder, name, job->n_done + 1, job->todo->len);
  g_file_query_info_async (file, FILE_ATTRIBUTES, G_FILE_QUERY_INFO_NOFOLLOW_SYMLINKS, G_PRIORITY_LOW, job->cancellable,
                           on_file_info, g_rc_box_acquire (job));
}

/* --- Forgetting --- */

static void
on_removed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Job) job = user_data;
  g_autoptr (GError) error = NULL;
  const gboolean is_removed = sotto_store_remove_document_finish (SOTTO_STORE (source), result, &error);

  if (job->reader == NULL)
    return;
  if (is_removed)
    go_on (job);
  else
    end_job (job, error);
}

static void
forget_next (Job *job)
{
  const char *path = g_ptr_array_index (job->gone, job->gone->len - 1);

  sotto_store_remove_document_async (job->store, sotto_document_folder_get_id (job->folder), path, job->cancellable,
                                     on_removed, g_rc_box_acquire (job));
  g_ptr_array_set_size (job->gone, (int) job->gone->len - 1);
}

static void
go_on (Job *job)
{
  job->is_resting = job->reader->is_resting;
  if (job->is_resting)
    return;
  if (job->gone->len > 0)
    forget_next (job);
  else if (job->n_done < job->todo->len)
    read_next (job);
  else
    end_job (job, NULL);
}

/* --- Looking --- */

static void
take_known (Job *job, const SottoHistoryDocument *known)
{
  if (known->problem != NULL)
    job->n_unread++;
  else
    job->n_documents++;
}

/* @known: (nullable): the same file as the history has it */
static gboolean
is_to_be_read (const SottoFolderFile *file, const SottoHistoryDocument *known)
{
  if (known == NULL || known->size != file->size || known->modified != file->modified)
    return TRUE;
  return known->problem != NULL && sotto_folder_problem_may_pass (known->problem, file->is_readable);
}

/* Both are by path. */
static void
compare (Job *job, GPtrArray *documents)
{
  GPtrArray *files = job->walk->files;
  guint at = 0;

  for (guint i = 0; i < documents->len; i++)
    {
      const SottoHistoryDocument *known = g_ptr_array_index (documents, i);
      gboolean is_there = FALSE;

      for (; at < files->len; at++)
        {
          const SottoFolderFile *file = g_ptr_array_index (files, at);
          const int order = g_strcmp0 (file->path, known->path);
          const Todo todo = { file, order < 0 ? WAS_NEW : known->problem != NULL ? WAS_UNREAD : WAS_READ };

          if (order > 0)
            break;
          if (is_to_be_read (file, order < 0 ? NULL : known))
            g_array_append_val (job->todo, todo);
          is_there = order == 0;
          if (is_there)
            {
              at++;
              break;
            }
        }
      if (is_there || sotto_folder_walk_may_hide (job->walk, known->path))
        take_known (job, known);
      else
        g_ptr_array_add (job->gone, g_strdup (known->path));
    }
  for (; at < files->len; at++)
    {
      const Todo todo = { g_ptr_array_index (files, at), WAS_NEW };

      g_array_append_val (job->todo, todo);
    }
}

static void
on_documents (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Job) job = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) documents = sotto_store_list_documents_finish (SOTTO_STORE (source), result, &error);

  if (job->reader == NULL)
    return;
  if (documents == NULL)
    {
      end_job (job, error);
      return;
    }
  compare (job, documents);
  sotto_document_folder_set_counts (job->folder, job->n_documents, job->n_unread);
  go_on (job);
}

static void
on_walked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Job) job = user_data;
  g_autoptr (GError) error = NULL;
  SottoFolderWalk *found = sotto_folder_walk_finish (result, &error);

  if (job->reader == NULL)
    {
      g_clear_pointer (&found, sotto_folder_walk_free);
      return;
    }
  if (found == NULL)
    {
      end_job (job, error);
      return;
    }
  job->walk = found;
  sotto_document_folder_set_is_cut (job->folder, found->is_cut);
  sotto_store_list_documents_async (job->store, sotto_document_folder_get_id (job->folder), job->cancellable, on_documents,
                                    g_rc_box_acquire (job));
}

static void
begin_next (SottoFolderReader *self)
{
  Job *job;

  if (self->job != NULL || self->is_resting || g_queue_is_empty (&self->waiting))
    return;

  job = g_rc_box_new0 (Job);
  job->reader = self;
  job->folder = g_queue_pop_head (&self->waiting);
  job->store = g_object_ref (self->store);
  job->cancellable = g_cancellable_new ();
  job->gone = g_ptr_array_new_with_free_func (g_free);
  job->todo = g_array_new (FALSE, FALSE, sizeof (Todo));
  self->job = job;
  sotto_document_folder_set_state (job->folder, SOTTO_FOLDER_STATE_LOOKING);
  sotto_folder_walk_async (sotto_document_folder_get_file (job->folder), job->cancellable, on_walked,
                           g_rc_box_acquire (job));
}

/* --- What others ask for --- */

SottoFolderReader *
sotto_folder_reader_new (SottoStore *store, SottoFolderReaderFunc on_ended, GFunc on_changed, gpointer user_data)
{
  SottoFolderReader *self = g_new0 (SottoFolderReader, 1);

  self->store = g_object_ref (store);
  self->on_ended = on_ended;
  self->on_changed = on_changed;
  self->user_data = user_data;
  g_queue_init (&self->waiting);
  return self;
}

void
sotto_folder_reader_free (SottoFolderReader *self)
{
  give_up (self);
  g_queue_clear_full (&self->waiting, g_object_unref);
  g_object_unref (self->store);
  g_free (self);
}

void
sotto_folder_reader_look (SottoFolderReader *self, SottoDocumentFolder *folder)
{
  if (self->job != NULL && self->job->folder == folder)
    {
      self->job->again = TRUE;
      return;
    }
  if (g_queue_find (&self->waiting, folder) != NULL)
    return;
  g_queue_push_tail (&self->waiting, g_object_ref (folder));
  sotto_document_folder_set_state (folder, SOTTO_FOLDER_STATE_WAITING);
  begin_next (self);
  self->on_changed (self, self->user_data);
}

void
sotto_folder_reader_stop (SottoFolderReader *self, SottoDocumentFolder *folder)
{
  GList *link = folder != NULL ? g_queue_find (&self->waiting, folder) : NULL;

  if (folder == NULL)
    {
      g_queue_clear_full (&self->waiting, g_object_unref);
    }
  else if (link != NULL)
    {
      g_object_unref (link->data);
      g_queue_delete_link (&self->waiting, link);
    }
  if (folder == NULL || (self->job != NULL && self->job->folder == folder))
    give_up (self);
  begin_next (self);
  self->on_changed (self, self->user_data);
}

void
sotto_folder_reader_set_resting (SottoFolderReader *self, gboolean is_resting)
{
  self->is_resting = is_resting;
  if (is_resting)
    return;
  if (self->job != NULL && self->job->is_resting)
    go_on (self->job);
  begin_next (self);
  self->on_changed (self, self->user_data);
}

gboolean
sotto_folder_reader_is_reading (SottoFolderReader *self)
{
  return self->job != NULL;
}
