#include "transfer/transfer-private.h"

#include <errno.h>
#include <gio/gfiledescriptorbased.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "file-write.h"
#include "import/import.h"
#include "problem.h"
#include "transfer/archive.h"
#include "transfer/transcript-words.h"
#include "transfer/transcript.h"
#include "transfer/web-page.h"

/* The history's calls are waited for here, each in turn, in a main context of the thread's own. */

#define CHUNK ((gsize) 1024 * 1024)

static void
on_ready (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **place = user_data;

  *place = g_object_ref (result);
}

static GAsyncResult *
wait_for (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (g_main_context_get_thread_default (), TRUE);
  return *result;
}

static SottoHistoryTree *
load_tree (SottoTransfer *self, const char *id, gboolean with_data, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  sotto_store_load_tree_async (self->store, id, with_data, self->cancellable, on_ready, &result);
  return sotto_store_load_tree_finish (self->store, wait_for (&result), error);
}

static void
set_errno (GError **error, const char *path)
{
  const int number = errno;

  g_set_error (error, G_IO_ERROR, (gint) g_io_error_from_errno (number), "%s: %s", path,
               g_strerror (number));
}

/* --- Out --- */

static void
set_too_large (GError **error)
{
  g_set_error (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_ARCHIVE_LARGE,
               "more than %" G_GSIZE_FORMAT " bytes", SOTTO_ARCHIVE_MAX_BYTES);
}

static gboolean
put (SottoTransfer *self, GOutputStream *stream, gsize *size, const char *text, gsize length,
     GError **error)
{
  *size += length;
  if (*size > SOTTO_ARCHIVE_MAX_BYTES)
    {
      set_too_large (error);
      return FALSE;
    }
  return g_output_stream_write_all (stream, text, length, NULL, self->cancellable, error);
}

static gboolean
put_text (SottoTransfer *self, GOutputStream *stream, gsize *size, const char *text, GError **error)
{
  return put (self, stream, size, text, strlen (text), error);
}

/* One at a time, so that the history can serve others between them. */
static gboolean
write_archive (gpointer user_data, GOutputStream *stream, GError **error)
{
  SottoTransfer *self = user_data;
  gboolean is_first = TRUE;
  gsize size = 0;

  if (!put_text (self, stream, &size, SOTTO_ARCHIVE_HEAD, error))
    return FALSE;

  for (guint i = 0; self->ids[i] != NULL; i++)
    {
      g_autoptr (SottoHistoryTree) tree = NULL;
      GError *local = NULL;
      gsize length = 0;
      char *text;
      gboolean ok;

      tree = load_tree (self, self->ids[i], TRUE, &local);
      /* Deleted for good meanwhile */
      if (self->ids[1] != NULL
          && g_error_matches (local, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_NOT_FOUND))
        {
          g_clear_error (&local);
          continue;
        }
      if (tree == NULL)
        {
          g_propagate_error (error, local);
          return FALSE;
        }

      text = sotto_archive_write (tree, &length, error);
      ok = text != NULL
           && (is_first || put_text (self, stream, &size, SOTTO_ARCHIVE_SEPARATOR, error))
           && put (self, stream, &size, text, length, error);
      free (text);
      if (!ok)
        return FALSE;
      is_first = FALSE;
      g_atomic_int_inc (&self->n_done);
    }
  return put_text (self, stream, &size, SOTTO_ARCHIVE_TAIL, error);
}

static gboolean
write_transcript (gpointer user_data, GOutputStream *stream, GError **error)
{
  SottoTransfer *self = user_data;
  g_autoptr (SottoHistoryTree) tree = load_tree (self, self->ids[0], FALSE, error);
  g_autofree char *text = NULL;
  gsize size = 0;

  if (tree == NULL)
    return FALSE;
  text = sotto_transcript_write (tree);
  return put_text (self, stream, &size, text, error);
}

/* A message at a time, as each may have pictures. */
static gboolean
write_page (gpointer user_data, GOutputStream *stream, GError **error)
{
  SottoTransfer *self = user_data;
  g_autoptr (SottoHistoryTree) tree = load_tree (self, self->ids[0], FALSE, error);
  g_autoptr (GPtrArray) shown = tree != NULL ? sotto_transcript_list_shown (tree) : NULL;
  g_autoptr (GString) text = g_string_new (NULL);
  gsize size = 0;

  if (tree == NULL)
    return FALSE;
  g_atomic_int_set (&self->n_all, (gint) shown->len + 1);
  sotto_web_page_begin (text, tree->conversation);
  for (guint i = 0; i < shown->len; i++)
    {
      if (!sotto_web_page_add_message (text, g_ptr_array_index (shown, i), sotto_transfer_load_picture, self, error)
          || !put (self, stream, &size, text->str, text->len, error))
        return FALSE;
      g_string_truncate (text, 0);
      g_atomic_int_inc (&self->n_done);
    }
  sotto_web_page_end (text);
  if (!put (self, stream, &size, text->str, text->len, error))
    return FALSE;
  g_atomic_int_inc (&self->n_done);
  return TRUE;
}

static void
add_audit (SottoTransfer *self)
{
  g_autoptr (GAsyncResult) result = NULL;
  const char *subject = self->ids[0] != NULL && self->ids[1] == NULL ? self->ids[0] : NULL;

  sotto_store_add_audit_async (self->store, "export", subject, NULL, on_ready, &result);
  sotto_store_add_audit_finish (self->store, wait_for (&result), NULL);
}

static gboolean
export (SottoTransfer *self, GError **error)
{
  static const SottoFileWriter writers[] = {
    [SOTTO_EXPORT_MARKDOWN] = write_transcript,
    [SOTTO_EXPORT_WEB_PAGE] = write_page,
    [SOTTO_EXPORT_ARCHIVE] = write_archive,
  };

  if (!sotto_file_write (self->file, G_FILE_CREATE_PRIVATE, writers[self->format], self, self->cancellable, error))
    return FALSE;

  add_audit (self);
  return TRUE;
}

/* --- The whole, as it is --- */

/* What was left of one that was cut off */
static void
remove_made (SottoTransfer *self)
{
  static const char *const endings[] = { "", ".new", ".database.new" };

  for (guint i = 0; i < G_N_ELEMENTS (endings); i++)
    {
      g_autofree char *path = g_strconcat (self->backup, endings[i], NULL);

      g_unlink (path);
    }
}

static gboolean
make_backup (SottoTransfer *self, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  sotto_store_backup_async (self->store, self->backup, self->cancellable, on_ready, &result);
  return sotto_store_backup_finish (self->store, wait_for (&result), error)
         && !g_cancellable_set_error_if_cancelled (self->cancellable, error);
}

static gboolean
copy_made (gpointer user_data, GOutputStream *stream, GError **error)
{
  SottoTransfer *self = user_data;
  g_autoptr (GFile) made = g_file_new_for_path (self->backup);
  g_autoptr (GFileInputStream) source = g_file_read (made, self->cancellable, error);
  g_autofree char *chunk = g_malloc (CHUNK);
  GStatBuf info;
  gssize n = -1;

  if (source == NULL)
    return FALSE;
  if (g_stat (self->backup, &info) == 0)
    g_atomic_int_set (&self->n_all, (gint) ((guint64) info.st_size / CHUNK) + 1);

  while ((n = g_input_stream_read (G_INPUT_STREAM (source), chunk, CHUNK, self->cancellable, error)) > 0)
    {
      if (!g_output_stream_write_all (stream, chunk, (gsize) n, NULL, self->cancellable, error))
        return FALSE;
      g_atomic_int_inc (&self->n_done);
    }
  if (n < 0)
    return FALSE;

  /* Who has been told that there is a backup may lose the rest. */
  if (G_IS_FILE_DESCRIPTOR_BASED (stream)
      && fsync (g_file_descriptor_based_get_fd (G_FILE_DESCRIPTOR_BASED (stream))) != 0)
    {
      set_errno (error, g_file_peek_path (self->file));
      return FALSE;
    }
  return TRUE;
}

/* It is made beside the history and then copied: the place that a person has chosen may be slow, or lent by
 * the desktop for this one file, and what is there stays until all is written. */
static gboolean
back_up (SottoTransfer *self, GError **error)
{
  gboolean ok;

  remove_made (self);
  ok = make_backup (self, error)
       && sotto_file_write (self->file, G_FILE_CREATE_PRIVATE, copy_made, self, self->cancellable, error);
  remove_made (self);
  return ok;
}

/* --- In --- */

/* A model of that name here, or the place where one would be found */
static void
place_model (SottoTransfer *self, SottoHistoryModel *model)
{
  const char *path;

  if (model == NULL)
    return;

  path = g_hash_table_lookup (self->models, model->path);
  if (path != NULL)
    g_set_str (&model->path, path);
  else
    {
      char *wanted = g_build_filename (self->models_folder, model->path, NULL);

      g_free (model->path);
      model->path = wanted;
    }
}

static gboolean
keep_records (SottoTransfer *self, GPtrArray *additions, GError **error)
{
  self->records =
    g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_conversation_free);
  for (guint i = 0; i < additions->len; i++)
    {
      const SottoHistoryAddition *addition = g_ptr_array_index (additions, i);
      g_autoptr (GAsyncResult) result = NULL;
      SottoHistoryConversation *record;

      if (i == 0)
        self->first_id = g_strdup (addition->id);
      if (!addition->is_new)
        {
          self->n_known++;
          continue;
        }
      /* It is there: nobody's cancelling can change that now. */
      sotto_store_get_conversation_async (self->store, addition->id, NULL, on_ready, &result);
      record = sotto_store_get_conversation_finish (self->store, wait_for (&result), error);
      if (record == NULL)
        return FALSE;
      g_ptr_array_add (self->records, record);
    }
  return TRUE;
}

/* What has no times of its own has those of its file. It keeps the ones that it came with first: a copy of the file is
 * another day's, and it would not be found again. */
static gboolean
date_trees (SottoTransfer *self, GHashTable *undated, GError **error)
{
  GHashTableIter iter;
  gpointer tree;

  g_hash_table_iter_init (&iter, undated);
  while (g_hash_table_iter_next (&iter, &tree, NULL))
    {
      g_autoptr (SottoHistoryConversation) record = NULL;
      g_autoptr (GAsyncResult) result = NULL;
      GError *local = NULL;

      sotto_store_get_conversation_async (self->store, ((SottoHistoryTree *) tree)->conversation->id, self->cancellable,
                                          on_ready, &result);
      record = sotto_store_get_conversation_finish (self->store, wait_for (&result), &local);
      if (record != NULL)
        sotto_import_date (tree, record->created);
      else if (g_error_matches (local, SOTTO_HISTORY_ERROR, SOTTO_HISTORY_ERROR_NOT_FOUND))
        g_clear_error (&local);
      else
        {
          g_propagate_error (error, local);
          return FALSE;
        }
    }
  return TRUE;
}

static gboolean
keep_groups (SottoTransfer *self, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  sotto_store_list_groups_async (self->store, NULL, on_ready, &result);
  self->groups = sotto_store_list_groups_finish (self->store, wait_for (&result), error);
  return self->groups != NULL;
}

static gboolean
add_trees (SottoTransfer *self, GPtrArray *trees, GError **error)
{
  g_autoptr (GPtrArray) additions = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  gint n_all = 0;

  for (guint i = 0; i < trees->len; i++)
    {
      SottoHistoryTree *tree = g_ptr_array_index (trees, i);

      place_model (self, tree->conversation->model);
      for (guint j = 0; j < tree->messages->len; j++)
        place_model (self, ((SottoHistoryMessage *) g_ptr_array_index (tree->messages, j))->model);
      n_all += (gint) tree->messages->len;
    }
  g_atomic_int_set (&self->n_all, n_all);

  sotto_store_add_trees_async (self->store, trees, &self->n_done, self->cancellable, on_ready,
                               &result);
  additions = sotto_store_add_trees_finish (self->store, wait_for (&result), error);
  return additions != NULL && keep_groups (self, error) && keep_records (self, additions, error);
}

static gboolean
import (SottoTransfer *self, GError **error)
{
  g_autoptr (SottoImport) what = sotto_import_new ();

  if (!sotto_import_add_path (what, g_file_peek_path (self->file), self->cancellable, error))
    return FALSE;

  sotto_import_finish (what);
  memcpy (self->n_left_out, what->n_left_out, sizeof self->n_left_out);
  self->origin = sotto_import_describe (what);
  return date_trees (self, what->undated, error) && add_trees (self, what->trees, error);
}

void
sotto_transfer_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  SottoTransfer *self = source;
  g_autoptr (GMainContext) context = g_main_context_new ();
  GError *error = NULL;
  gboolean ok;

  g_main_context_push_thread_default (context);
  if (self->backup != NULL)
    ok = back_up (self, &error);
  else
    ok = self->is_import ? import (self, &error) : export (self, &error);
  g_main_context_pop_thread_default (context);

  if (ok)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}
