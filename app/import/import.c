#include "import.h"

#include <errno.h>
#include <string.h>
#include <yyjson.h>

#include "formats.h"
#include "problem.h"
#include "transfer/archive.h"
#include "values.h"

/* Which program a file is of, and what the formats share. */

#define ZIP "PK\003\004"
#define SQLITE "SQLite format 3"
#define GPT4ALL "\xf5\xd5\x53\xcc"

#define READ_FLAGS YYJSON_READ_ALLOW_INF_AND_NAN

SottoImport *
sotto_import_new (void)
{
  SottoImport *self = g_new0 (SottoImport, 1);

  self->trees = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_tree_free);
  self->undated = g_hash_table_new (NULL, NULL);
  self->threads = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) sotto_turns_free);
  self->order = g_ptr_array_new ();
  return self;
}

void
sotto_import_free (SottoImport *self)
{
  g_ptr_array_unref (self->trees);
  g_hash_table_unref (self->undated);
  g_ptr_array_unref (self->order);
  g_hash_table_unref (self->threads);
  g_free (self);
}

/* --- What the formats share --- */

void
sotto_import_leave_out (SottoImport *import, SottoLeftOut what, guint n)
{
  import->n_left_out[what] += MIN (n, G_MAXINT32 - MIN (import->n_left_out[what], G_MAXINT32));
}

static void
take_tree (SottoImport *self, SottoImportProgram program, SottoHistoryTree *tree)
{
  if (self->is_full || tree->messages->len > SOTTO_IMPORT_MOST_MESSAGES - self->n_messages)
    {
      self->is_full = TRUE;
      sotto_history_tree_free (tree);
      return;
    }
  self->n_messages += tree->messages->len;
  self->n_from[program]++;
  g_ptr_array_add (self->trees, tree);
}

void
sotto_import_take_turns (SottoImport *import, SottoTurns *turns)
{
  gboolean is_undated;
  SottoHistoryTree *tree = sotto_turns_to_tree (turns, import->modified, &is_undated);

  if (tree != NULL && is_undated)
    g_hash_table_add (import->undated, tree);
  if (turns->is_broken)
    sotto_import_leave_out (import, SOTTO_LEFT_OUT_BROKEN, 1);
  if (tree != NULL)
    take_tree (import, turns->program, tree);
  sotto_turns_free (turns);
}

/* --- JSON --- */

/* One that was begun and has no message yet is of its program nevertheless. */
static gboolean
is_lm_studio (yyjson_val *value, yyjson_val *messages)
{
  return yyjson_is_arr (messages)
         && (yyjson_is_arr (yyjson_obj_get (yyjson_arr_get_first (messages), "versions"))
             || (yyjson_arr_size (messages) == 0 && yyjson_obj_get (value, "perChatPredictionConfig") != NULL));
}

static gboolean
is_open_webui (yyjson_val *value)
{
  yyjson_val *chat = yyjson_obj_get (value, "chat");

  return (yyjson_is_obj (chat) && (yyjson_is_obj (yyjson_obj_get (chat, "history")) || yyjson_is_arr (yyjson_obj_get (chat, "messages"))))
         || yyjson_is_obj (yyjson_obj_get (yyjson_obj_get (value, "history"), "messages"));
}

/* Returns: whether @value is one conversation, or a part of one, of a program that is known; it is taken */
static gboolean
take_object (SottoImport *self, yyjson_val *value)
{
  yyjson_val *messages = yyjson_obj_get (value, "messages");
  const char *object = sotto_value_peek_member (value, "object");

  if (yyjson_is_obj (yyjson_obj_get (value, "mapping")))
    sotto_import_chatgpt (self, value);
  else if (yyjson_is_arr (yyjson_obj_get (value, "chat_messages")))
    sotto_import_claude (self, value);
  else if (is_open_webui (value))
    sotto_import_open_webui (self, value);
  else if (is_lm_studio (value, messages))
    sotto_import_lm_studio (self, value);
  else if (g_strcmp0 (object, "thread.message") == 0)
    sotto_import_jan_message (self, value);
  else if (g_strcmp0 (object, "thread") == 0
           || (yyjson_is_arr (yyjson_obj_get (value, "assistants")) && yyjson_is_str (yyjson_obj_get (value, "title"))))
    sotto_import_jan_thread (self, value);
  else if (yyjson_is_arr (messages)
           && (yyjson_arr_size (messages) == 0 || sotto_import_is_message (yyjson_arr_get_first (messages))))
    sotto_import_messages (self, value);
  else
    return FALSE;
  return TRUE;
}

static gboolean
take_array (SottoImport *self, yyjson_val *array)
{
  yyjson_val *value;
  size_t i, n;
  guint n_known = 0;

  if (sotto_import_is_message (yyjson_arr_get_first (array)))
    {
      sotto_import_message_row (self, NULL, array);
      return TRUE;
    }
  yyjson_arr_foreach (array, i, n, value)
    n_known += take_object (self, value);
  if (n_known > 0)
    sotto_import_leave_out (self, SOTTO_LEFT_OUT_BROKEN, (guint) MIN (n - n_known, G_MAXINT32));
  return n_known > 0;
}

/* An object around an array of conversations, or around rows of messages, each behind its title */
static gboolean
take_members (SottoImport *self, yyjson_val *object)
{
  yyjson_val *key, *value;
  size_t i, n;
  guint n_known = 0;

  yyjson_obj_foreach (object, i, n, key, value)
    {
      g_autofree char *title = NULL;

      if (!yyjson_is_arr (value))
        continue;
      if (!sotto_import_is_message (yyjson_arr_get_first (value)))
        {
          n_known += take_array (self, value);
          continue;
        }
      title = sotto_value_dup_text (key);
      sotto_import_message_row (self, title, value);
      n_known++;
    }
  return n_known > 0;
}

static gboolean
take_root (SottoImport *self, yyjson_val *root)
{
  return yyjson_is_arr (root) ? take_array (self, root) : take_object (self, root) || take_members (self, root);
}

/* Half of a pair of UTF-16 that was escaped alone, as programs do that cut a text in the middle of a character, is no JSON:
 * it becomes the character that stands for what is none, in the same number of bytes. */
static void
mend_surrogates (char *text, gsize length)
{
  for (char *p = memchr (text, '\\', length); p != NULL; p = memchr (p, '\\', (gsize) (text + length - p)))
    {
      const gboolean is_escape = text + length - p >= 6 && p[1] == 'u' && (p[2] == 'd' || p[2] == 'D');
      const gboolean is_high = is_escape && strchr ("89abAB", p[3]) != NULL && p[3] != '\0';
      const gboolean is_low = is_escape && strchr ("cdefCDEF", p[3]) != NULL && p[3] != '\0';

      if (is_high && text + length - p >= 12 && p[6] == '\\' && p[7] == 'u' && (p[8] == 'd' || p[8] == 'D')
          && p[9] != '\0' && strchr ("cdefCDEF", p[9]) != NULL)
        {
          p += 12;
          continue;
        }
      if (is_high || is_low)
        memcpy (p + 2, "fffd", 4);
      p += MIN (2, text + length - p);
    }
}

static void
set_damaged (GError **error, const yyjson_read_err *problem)
{
  if (problem->code == YYJSON_READ_ERROR_MEMORY_ALLOCATION)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, g_strerror (ENOMEM));
  else
    g_set_error (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_ARCHIVE_DAMAGED, "byte %" G_GSIZE_FORMAT ": %s", problem->pos,
                 problem->msg != NULL ? problem->msg : "empty");
}

/* @doc: (transfer full) */
static gboolean
take_doc (SottoImport *self, yyjson_doc *doc)
{
  const gboolean is_known = take_root (self, yyjson_doc_get_root (doc));

  yyjson_doc_free (doc);
  return is_known;
}

static const char *
skip_blanks (const char *text, const char *end)
{
  while (text < end && g_ascii_isspace (*text))
    text++;
  return text;
}

/* Returns: where the line of @text ends */
static const char *
find_line_end (const char *text, const char *end)
{
  const char *p = memchr (text, '\n', (gsize) (end - text));

  return p != NULL ? p : end;
}

/* Whether each line is JSON of its own: the first one is, and does not stand alone */
static gboolean
is_lines (const char *text, const char *end)
{
  const char *line_end = find_line_end (text, end);
  yyjson_doc *doc;

  if (skip_blanks (line_end, end) == end)
    return FALSE;
  doc = yyjson_read (text, (size_t) (line_end - text), READ_FLAGS);
  yyjson_doc_free (doc);
  return doc != NULL;
}

static gboolean
take_lines (SottoImport *self, const char *text, const char *end, GCancellable *cancellable, GError **error)
{
  guint n_known = 0;

  for (; text < end && !self->is_full; text = skip_blanks (text, end))
    {
      const char *line_end = find_line_end (text, end);
      yyjson_doc *doc = yyjson_read (text, (size_t) (line_end - text), READ_FLAGS);

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        {
          yyjson_doc_free (doc);
          return FALSE;
        }
      if (doc != NULL)
        n_known += take_doc (self, doc);
      else
        sotto_import_leave_out (self, SOTTO_LEFT_OUT_BROKEN, 1);
      text = line_end;
    }
  if (n_known == 0)
    g_set_error_literal (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_ARCHIVE_FOREIGN, "lines of another kind");
  return n_known > 0;
}

/* @text: with room behind it; is changed */
static gboolean
take_json (SottoImport *self, char *text, gsize length, GCancellable *cancellable, GError **error)
{
  yyjson_read_err problem = { 0 };
  yyjson_doc *doc;

  mend_surrogates (text, length);
  if (is_lines (text, text + length))
    return take_lines (self, text, text + length, cancellable, error);

  memset (text + length, 0, SOTTO_ARCHIVE_PADDING);
  doc = yyjson_read_opts (text, length, READ_FLAGS | YYJSON_READ_INSITU, NULL, &problem);
  if (doc == NULL)
    {
      set_damaged (error, &problem);
      return FALSE;
    }
  if (!take_doc (self, doc))
    {
      g_set_error_literal (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_ARCHIVE_FOREIGN, "JSON of another kind");
      return FALSE;
    }
  return TRUE;
}

/* Bytes that are no UTF-8 cost a copy of all. */
static gboolean
take_text (SottoImport *self, char *data, gsize length, GCancellable *cancellable, GError **error)
{
  const char *start = skip_blanks (data, data + length);
  g_autofree char *valid = NULL;

  if (start == data + length || (*start != '{' && *start != '['))
    {
      g_set_error_literal (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_ARCHIVE_FOREIGN, "neither JSON nor a format that is known");
      return FALSE;
    }
  length -= (gsize) (start - data);
  data += start - data;
  if (!g_utf8_validate_len (data, length, NULL))
    {
      valid = g_utf8_make_valid (data, (gssize) length);
      length = strlen (valid);
      valid = g_realloc (valid, length + SOTTO_ARCHIVE_PADDING);
      data = valid;
    }
  return take_json (self, data, length, cancellable, error);
}

/* --- A file --- */

static gboolean
take_archive (SottoImport *self, char *data, gsize length, GError **error)
{
  g_autoptr (GPtrArray) trees = sotto_archive_read (data, length, error);

  if (trees == NULL)
    return FALSE;
  g_ptr_array_set_free_func (trees, NULL);
  for (guint i = 0; i < trees->len; i++)
    take_tree (self, SOTTO_IMPORT_SOTTO, g_ptr_array_index (trees, i));
  return TRUE;
}

static gboolean
begins_with (const char *data, gsize length, const char *bytes)
{
  return length >= strlen (bytes) && memcmp (data, bytes, strlen (bytes)) == 0;
}

static gboolean
take_file (SottoImport *self, char *data, gsize length, GCancellable *cancellable, GError **error)
{
  /* A mark that says that it is UTF-8 */
  const gsize mark = begins_with (data, length, "\xef\xbb\xbf") ? 3 : 0;

  if (begins_with (data, length, ZIP))
    {
      g_set_error_literal (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_ARCHIVE_PACKED, "a ZIP archive");
      return FALSE;
    }
  if (begins_with (data, length, SQLITE))
    return sotto_import_alpaca (self, (guint8 *) data, length, cancellable, error);
  if (begins_with (data, length, GPT4ALL))
    return sotto_import_gpt4all (self, (const guint8 *) data, length, error);
  if (g_strstr_len (data, (gssize) MIN (length, 256), "\"sotto-conversations\"") != NULL)
    return take_archive (self, data, length, error);
  return take_text (self, data + mark, length - mark, cancellable, error);
}

/* As it was before a file that turned out to be none */
static void
give_back (SottoImport *self, const SottoImport *before, guint n_trees, guint n_threads)
{
  memcpy (self->n_from, before->n_from, sizeof self->n_from);
  memcpy (self->n_left_out, before->n_left_out, sizeof self->n_left_out);
  self->n_messages = before->n_messages;
  for (guint i = n_trees; i < self->trees->len; i++)
    g_hash_table_remove (self->undated, g_ptr_array_index (self->trees, i));
  g_ptr_array_set_size (self->trees, (gint) n_trees);
  for (guint i = n_threads; i < self->order->len; i++)
    g_hash_table_remove (self->threads, ((SottoTurns *) g_ptr_array_index (self->order, i))->id);
  g_ptr_array_set_size (self->order, (gint) n_threads);
}

gboolean
sotto_import_add (SottoImport   *self,
                  char          *data,
                  gsize          length,
                  gint64         modified,
                  GCancellable  *cancellable,
                  GError       **error)
{
  const SottoImport before = *self;
  const guint n_trees = self->trees->len;
  const guint n_threads = self->order->len;
  gboolean ok;

  self->modified = modified;
  ok = take_file (self, data, length, cancellable, error);
  if (ok && self->is_full)
    {
      g_set_error (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_ARCHIVE_LARGE, "more than %d messages", SOTTO_IMPORT_MOST_MESSAGES);
      ok = FALSE;
    }
  if (!ok)
    give_back (self, &before, n_trees, n_threads);
  return ok;
}

/* --- All of it --- */

static int
compare_trees (gconstpointer a, gconstpointer b)
{
  const SottoHistoryTree *x = *(SottoHistoryTree *const *) a;
  const SottoHistoryTree *y = *(SottoHistoryTree *const *) b;
  const gint64 time_x = x->conversation->updated;
  const gint64 time_y = y->conversation->updated;

  return time_x > time_y ? -1 : time_x < time_y;
}

void
sotto_import_finish (SottoImport *self)
{
  sotto_import_jan_finish (self);
  /* Our own archive has an order already. */
  if (self->trees->len != self->n_from[SOTTO_IMPORT_SOTTO])
    g_ptr_array_sort (self->trees, compare_trees);
}

void
sotto_import_date (SottoHistoryTree *tree, gint64 time)
{
  tree->conversation->created = time;
  for (guint i = 0; i < tree->messages->len; i++)
    ((SottoHistoryMessage *) g_ptr_array_index (tree->messages, i))->created = time;
}

char *
sotto_import_describe (const SottoImport *self)
{
  static const char *const names[SOTTO_IMPORT_N_PROGRAMS] = {
    NULL, "ChatGPT", "Claude", "Open WebUI", "LM Studio", "Jan", "GPT4All", "Alpaca", NULL,
  };
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < SOTTO_IMPORT_N_PROGRAMS; i++)
    if (self->n_from[i] > 0 && names[i] != NULL)
      g_string_append_printf (text, "%s%s", text->len > 0 ? ", " : "", names[i]);
  return text->len > 0 ? g_strdup (text->str) : NULL;
}
