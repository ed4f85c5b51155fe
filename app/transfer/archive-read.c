#include "transfer/archive-private.h"

#include <errno.h>
#include <string.h>
#include <yyjson.h>

#include "conversation/conversation-private.h"

/* Reading what archive-write.c describes, from whoever wrote it. What is found wrong first ends it,
 * and is told with its place. */

/* Names, types and hashes are no place for books. */
#define MAX_SHORT 4096
#define TITLE_CHARACTERS 200
#define MAX_TOOLS 64
#define MAX_TOOL_NAME 64

/* Where the reader is */
typedef struct {
  gsize conversation;
  gsize message;
  GError **error;
} Reader;

static gboolean
fail (Reader *reader, const char *key, const char *what)
{
  g_set_error (reader->error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_ARCHIVE_DAMAGED,
               "conversations[%" G_GSIZE_FORMAT "].messages[%" G_GSIZE_FORMAT "]: %s %s",
               reader->conversation, reader->message, key, what);
  return FALSE;
}

/* --- Values --- */

/* @text: (out) (transfer none): %NULL if the member is not there */
static gboolean
get_text (Reader *reader, yyjson_val *object, const char *key, gsize max, const char **text)
{
  yyjson_val *value = yyjson_obj_get (object, key);

  *text = NULL;
  if (value == NULL || yyjson_is_null (value))
    return TRUE;
  if (!yyjson_is_str (value))
    return fail (reader, key, "is not a text");
  /* "\u0000" is a character in JSON, and the end of a text in C. */
  if (strlen (yyjson_get_str (value)) != yyjson_get_len (value))
    return fail (reader, key, "holds a zero");
  if (yyjson_get_len (value) > max)
    return fail (reader, key, "is too long");
  *text = yyjson_get_str (value);
  return TRUE;
}

static gboolean
dup_text (Reader *reader, yyjson_val *object, const char *key, gsize max, char **copy)
{
  const char *text;

  if (!get_text (reader, object, key, max, &text))
    return FALSE;
  *copy = g_strdup (text);
  return TRUE;
}

static gboolean
get_id (Reader *reader, yyjson_val *object, const char *key, gboolean is_needed, char **id)
{
  if (!dup_text (reader, object, key, MAX_SHORT, id))
    return FALSE;
  if (*id == NULL ? is_needed : !g_uuid_string_is_valid (*id))
    return fail (reader, key, "is not a UUID");
  return TRUE;
}

/* @words: of the enumeration's values from 0 on, some of them %NULL */
static gboolean
get_word (Reader             *reader,
          yyjson_val         *object,
          const char         *key,
          const char *const  *words,
          guint               n_words,
          guint              *value)
{
  const char *text;

  if (!get_text (reader, object, key, MAX_SHORT, &text))
    return FALSE;
  for (*value = 0; *value < n_words; (*value)++)
    if (text != NULL && g_strcmp0 (words[*value], text) == 0)
      return TRUE;
  return fail (reader, key, "is none of the known words");
}

static gint
digits (const char *text, guint n)
{
  gint number = 0;

  for (guint i = 0; i < n; i++)
    {
      if (!g_ascii_isdigit (text[i]))
        return -1;
      number = number * 10 + (text[i] - '0');
    }
  return number;
}

/* "2026-11-21T20:45:02.018000Z" in microseconds, or -1. In whole numbers: a fraction that has been
 * through a double is not always the same. */
static gint64
parse_time (const char *text)
{
  static const char pattern[] = "dddd-dd-ddTdd:dd:dd";
  g_autoptr (GDateTime) date = NULL;
  const char *p = text + strlen (pattern);
  gint64 fraction = 0;
  gint64 unit = G_USEC_PER_SEC;

  if (strlen (text) <= strlen (pattern))
    return -1;
  for (guint i = 0; pattern[i] != '\0'; i++)
    if (pattern[i] == 'd' ? !g_ascii_isdigit (text[i]) : text[i] != pattern[i])
      return -1;

  if (*p == '.' && g_ascii_isdigit (p[1]))
    for (p++; g_ascii_isdigit (*p) && unit > 1; p++)
      {
        unit /= 10;
        fraction += unit * (*p - '0');
      }
  if (strcmp (p, "Z") != 0)
    return -1;

  date = g_date_time_new_utc (digits (text, 4), digits (text + 5, 2), digits (text + 8, 2),
                              digits (text + 11, 2), digits (text + 14, 2), digits (text + 17, 2));
  return date != NULL ? g_date_time_to_unix_usec (date) + fraction : -1;
}

static gboolean
get_time (Reader *reader, yyjson_val *object, const char *key, gint64 *time)
{
  const char *text;

  if (!get_text (reader, object, key, MAX_SHORT, &text))
    return FALSE;
  *time = text != NULL ? parse_time (text) : -1;
  return *time >= 0 || fail (reader, key, "is not a time");
}

static gboolean
get_model (Reader *reader, yyjson_val *object, SottoHistoryModel **model)
{
  yyjson_val *value = yyjson_obj_get (object, "model");
  const char *name;
  const char *file;
  const char *hash;

  if (value == NULL || yyjson_is_null (value))
    return TRUE;
  if (!yyjson_is_obj (value))
    return fail (reader, "model", "is not an object");
  if (!get_text (reader, value, "name", MAX_SHORT, &name) ||
      !get_text (reader, value, "file", MAX_SHORT, &file) ||
      !get_text (reader, value, "hash", MAX_SHORT, &hash))
    return FALSE;
  /* It is looked for by this name: it may not lead anywhere. */
  if (file == NULL || *file == '\0' || strchr (file, G_DIR_SEPARATOR) != NULL ||
      g_str_equal (file, ".") || g_str_equal (file, ".."))
    return fail (reader, "file", "is not the name of a file");
  *model = sotto_history_model_new (file, name, hash);
  return TRUE;
}

/* --- Parts --- */

static gboolean
get_data (Reader *reader, yyjson_val *object, GBytes **data)
{
  static const char alphabet[] = G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "+/";
  const char *text;
  guchar *bytes;
  gsize length;
  gsize size;

  if (!get_text (reader, object, "data", G_MAXSIZE, &text))
    return FALSE;
  if (text == NULL)
    return TRUE;

  length = strlen (text);
  size = strspn (text, alphabet);
  if (length % 4 != 0 || length - size > 2 || strspn (text + size, "=") != length - size)
    return fail (reader, "data", "is not base64");
  bytes = g_base64_decode (text, &size);
  *data = g_bytes_new_take (bytes, size);
  return TRUE;
}

static gboolean
get_page (Reader *reader, yyjson_val *object, const char *key, guint *page)
{
  yyjson_val *value = yyjson_obj_get (object, key);

  if (value == NULL || yyjson_is_null (value))
    return TRUE;
  if (!yyjson_is_uint (value) || yyjson_get_uint (value) > G_MAXINT32)
    return fail (reader, key, "is not the number of a page");
  *page = (guint) yyjson_get_uint (value);
  return TRUE;
}

static gboolean
read_part (Reader *reader, yyjson_val *value, GPtrArray *parts)
{
  g_autoptr (SottoHistoryPart) part = NULL;
  const char *text;
  guint kind;

  if (!yyjson_is_obj (value))
    return fail (reader, "parts", "holds what is not an object");
  if (!get_word (reader, value, "kind", sotto_archive_kinds, G_N_ELEMENTS (sotto_archive_kinds),
                 &kind) ||
      !get_text (reader, value, "text", G_MAXSIZE, &text))
    return FALSE;

  part = sotto_history_part_new ((SottoHistoryPartKind) kind, text);
  if (!dup_text (reader, value, "name", MAX_SHORT, &part->name) ||
      !dup_text (reader, value, "media_type", MAX_SHORT, &part->media_type) ||
      !get_page (reader, value, "first_page", &part->first_page) ||
      !get_page (reader, value, "last_page", &part->last_page) ||
      !get_data (reader, value, &part->data))
    return FALSE;
  if (part->name == NULL &&
      (kind == SOTTO_HISTORY_PART_TOOL_CALL || kind == SOTTO_HISTORY_PART_TOOL_RESULT))
    return fail (reader, "name", "of a tool is missing");
  if (part->last_page == 0)
    part->last_page = part->first_page;
  if (part->last_page < part->first_page)
    return fail (reader, "last_page", "stands before the first");
  g_ptr_array_add (parts, g_steal_pointer (&part));
  return TRUE;
}

/* --- Messages --- */

/* Others search in it, and rely on its being JSON. */
static gboolean
get_receipt (Reader *reader, yyjson_val *object, char **receipt)
{
  yyjson_doc *doc;
  gboolean is_object;

  if (!dup_text (reader, object, "receipt", G_MAXSIZE, receipt))
    return FALSE;
  if (*receipt == NULL)
    return TRUE;
  doc = yyjson_read (*receipt, strlen (*receipt), YYJSON_READ_NUMBER_AS_RAW);
  is_object = yyjson_is_obj (yyjson_doc_get_root (doc));
  yyjson_doc_free (doc);
  return is_object || fail (reader, "receipt", "is not a JSON object");
}

static gboolean
read_message (Reader *reader, yyjson_val *value, GHashTable *ids, SottoHistoryTree *tree)
{
  g_autoptr (SottoHistoryMessage) message = g_new0 (SottoHistoryMessage, 1);
  yyjson_val *parts = yyjson_obj_get (value, "parts");
  yyjson_val *shown = yyjson_obj_get (value, "shown");
  yyjson_val *part;
  size_t i, n;
  guint role;
  guint status;

  if (!get_id (reader, value, "id", TRUE, &message->id) ||
      !get_id (reader, value, "parent", FALSE, &message->parent) ||
      !get_word (reader, value, "role", sotto_archive_roles, G_N_ELEMENTS (sotto_archive_roles),
                 &role) ||
      !get_word (reader, value, "status", sotto_archive_statuses,
                 G_N_ELEMENTS (sotto_archive_statuses), &status) ||
      !get_time (reader, value, "created", &message->created) ||
      !get_model (reader, value, &message->model) ||
      !get_receipt (reader, value, &message->receipt))
    return FALSE;

  message->conversation = g_strdup (tree->conversation->id);
  message->role = (SottoHistoryRole) role;
  message->status = (SottoHistoryStatus) status;
  message->is_active = yyjson_get_bool (shown);
  if (shown != NULL && !yyjson_is_bool (shown))
    return fail (reader, "shown", "is neither true nor false");
  if (message->parent != NULL && !g_hash_table_contains (ids, message->parent))
    return fail (reader, "parent", "does not stand before its answer");

  if (!yyjson_is_arr (parts))
    return fail (reader, "parts", "is not an array");
  message->parts = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_part_free);
  yyjson_arr_foreach (parts, i, n, part)
    if (!read_part (reader, part, message->parts))
      return FALSE;

  if (!g_hash_table_add (ids, message->id))
    return fail (reader, "id", "is that of another message");
  g_ptr_array_add (tree->messages, g_steal_pointer (&message));
  return TRUE;
}

/* Names of tools, of which there may be some that this Sotto does not have */
static gboolean
get_tools (Reader *reader, yyjson_val *object, char ***tools)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  yyjson_val *list = yyjson_obj_get (object, "tools");
  yyjson_val *name;
  size_t i, n;

  if (list != NULL && !yyjson_is_null (list) && !yyjson_is_arr (list))
    return fail (reader, "tools", "is not an array");
  if (yyjson_arr_size (list) > MAX_TOOLS)
    return fail (reader, "tools", "has too many names");

  yyjson_arr_foreach (list, i, n, name)
    {
      const char *text = yyjson_get_str (name);

      if (text == NULL || *text == '\0' || yyjson_get_len (name) > MAX_TOOL_NAME
          || strspn (text, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_-.") != yyjson_get_len (name))
        return fail (reader, "tools", "has what is no name of a tool");
      g_strv_builder_add (builder, text);
    }
  g_strfreev (*tools);
  *tools = g_strv_builder_end (builder);
  return TRUE;
}

/* A word of a later Sotto's is one for what this one cannot do: text. */
static gboolean
get_answer_form (Reader *reader, yyjson_val *object, SottoHistoryConversation *conversation)
{
  const char *format;

  if (!get_text (reader, object, "answer_format", MAX_SHORT, &format) ||
      !dup_text (reader, object, "answer_schema", SOTTO_ANSWER_SCHEMA_MOST, &conversation->answer_schema))
    return FALSE;
  for (guint i = 0; format != NULL && i < G_N_ELEMENTS (sotto_archive_answers); i++)
    if (g_strcmp0 (sotto_archive_answers[i], format) == 0)
      conversation->answer_format = (SottoHistoryAnswerFormat) i;
  return TRUE;
}

static gboolean
read_conversation (Reader *reader, yyjson_val *value, GPtrArray *trees)
{
  g_autoptr (SottoHistoryTree) tree = sotto_history_tree_new ();
  g_autoptr (GHashTable) ids = g_hash_table_new (g_str_hash, g_str_equal);
  SottoHistoryConversation *conversation = tree->conversation;
  yyjson_val *messages = yyjson_obj_get (value, "messages");
  yyjson_val *pinned = yyjson_obj_get (value, "pinned");
  yyjson_val *message;
  size_t n;
  const char *title;
  const char *group;

  if (!get_id (reader, value, "id", TRUE, &conversation->id) ||
      !get_text (reader, value, "title", G_MAXSIZE, &title) ||
      !get_text (reader, value, "group", G_MAXSIZE, &group) ||
      !get_time (reader, value, "created", &conversation->created) ||
      !get_time (reader, value, "updated", &conversation->updated) ||
      !get_model (reader, value, &conversation->model) ||
      !get_tools (reader, value, &conversation->tools) ||
      !get_answer_form (reader, value, conversation))
    return FALSE;

  conversation->title = sotto_conversation_shorten (title != NULL ? title : "", TITLE_CHARACTERS,
                                                    FALSE);
  if (group != NULL)
    conversation->group_name = sotto_conversation_shorten (group, TITLE_CHARACTERS, FALSE);
  if (pinned != NULL && !yyjson_is_bool (pinned))
    return fail (reader, "pinned", "is neither true nor false");
  conversation->is_pinned = yyjson_get_bool (pinned);
  if (!yyjson_is_arr (messages))
    return fail (reader, "messages", "is not an array");
  yyjson_arr_foreach (messages, reader->message, n, message)
    if (!read_message (reader, message, ids, tree))
      return FALSE;

  conversation->n_messages = tree->messages->len;
  g_ptr_array_add (trees, g_steal_pointer (&tree));
  return TRUE;
}

static gboolean
read_root (yyjson_val *root, GPtrArray *trees, GError **error)
{
  Reader reader = { 0, 0, error };
  yyjson_val *format = yyjson_obj_get (root, "format");
  yyjson_val *version = yyjson_obj_get (root, "version");
  yyjson_val *conversations = yyjson_obj_get (root, "conversations");
  yyjson_val *conversation;
  size_t n;

  if (!yyjson_equals_str (format, "sotto-conversations"))
    {
      g_set_error_literal (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_ARCHIVE_FOREIGN,
                           "JSON of another kind");
      return FALSE;
    }
  if (yyjson_is_uint (version) && yyjson_get_uint (version) > 1)
    {
      g_set_error (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_ARCHIVE_NEWER,
                   "version %" G_GUINT64_FORMAT, (guint64) yyjson_get_uint (version));
      return FALSE;
    }
  if (yyjson_get_uint (version) != 1 || !yyjson_is_arr (conversations))
    {
      g_set_error_literal (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_ARCHIVE_DAMAGED,
                           "neither version nor conversations");
      return FALSE;
    }

  yyjson_arr_foreach (conversations, reader.conversation, n, conversation)
    {
      reader.message = 0;
      if (!read_conversation (&reader, conversation, trees))
        return FALSE;
    }
  return TRUE;
}

GPtrArray *
sotto_archive_read (char *text, gsize length, GError **error)
{
  g_autoptr (GPtrArray) trees =
    g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_tree_free);
  /* One that was cut off is ours nevertheless. */
  const gboolean is_ours =
    g_strstr_len (text, (gssize) MIN (length, 256), "\"sotto-conversations\"") != NULL;
  yyjson_read_err problem = { 0 };
  yyjson_doc *doc;
  gboolean ok;

  G_STATIC_ASSERT (SOTTO_ARCHIVE_PADDING >= YYJSON_PADDING_SIZE);
  memset (text + length, 0, SOTTO_ARCHIVE_PADDING);
  doc = yyjson_read_opts (text, length, YYJSON_READ_INSITU, NULL, &problem);
  if (problem.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, g_strerror (ENOMEM));
      return NULL;
    }
  if (doc == NULL)
    {
      g_set_error (error, SOTTO_APP_ERROR,
                   is_ours ? SOTTO_APP_ERROR_ARCHIVE_DAMAGED : SOTTO_APP_ERROR_ARCHIVE_FOREIGN,
                   "byte %" G_GSIZE_FORMAT ": %s", problem.pos,
                   problem.msg != NULL ? problem.msg : "empty");
      return NULL;
    }
  ok = read_root (yyjson_doc_get_root (doc), trees, error);
  yyjson_doc_free (doc);
  return ok ? g_steal_pointer (&trees) : NULL;
}
