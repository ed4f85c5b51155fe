/* Conversations of other programs: what of their files becomes ours. What the expected ones are stands in imports/README.md. */

#include "sotto-app.h"

#include "import/import.h"
#include "import/turns.h"
#include "transfer/archive.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <locale.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The time of a file that tells none: 2001-09-09T01:46:40Z */
#define MODIFIED ((gint64) 1000000000 * G_USEC_PER_SEC)

static char *
path_of (const char *name)
{
  return g_build_filename (g_getenv ("SOTTO_SOURCE_DIR"), "tests", "app", "imports", name, NULL);
}

static gboolean
add_bytes (SottoImport *import, gconstpointer bytes, gsize length, GError **error)
{
  /* Of the very size, so that a sanitizer sees what is read beyond. */
  g_autofree char *room = g_malloc (length + SOTTO_ARCHIVE_PADDING);

  memcpy (room, bytes, length);
  return sotto_import_add (import, room, length, MODIFIED, NULL, error);
}

static gboolean
add_text (SottoImport *import, const char *text, GError **error)
{
  return add_bytes (import, text, strlen (text), error);
}

static SottoImport *
read_text (const char *text)
{
  SottoImport *import = sotto_import_new ();
  g_autoptr (GError) error = NULL;

  add_text (import, text, &error);
  g_assert_no_error (error);
  sotto_import_finish (import);
  return import;
}

static SottoHistoryTree *
tree_at (SottoImport *import, guint place)
{
  g_assert_cmpuint (place, <, import->trees->len);
  return g_ptr_array_index (import->trees, place);
}

static SottoHistoryMessage *
message_at (SottoHistoryTree *tree, guint place)
{
  g_assert_cmpuint (place, <, tree->messages->len);
  return g_ptr_array_index (tree->messages, place);
}

/* --- In words --- */

static void
write_time (GString *out, gint64 time)
{
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc_usec (time);
  g_autofree char *text = g_date_time_format (date, "%Y-%m-%dT%H:%M:%S");

  g_string_append_printf (out, "%s.%06dZ", text, g_date_time_get_microsecond (date));
}

static guint
depth_of (SottoHistoryTree *tree, const SottoHistoryMessage *message)
{
  guint depth = 0;

  for (guint i = tree->messages->len; i > 0; i--)
    if (g_strcmp0 (message_at (tree, i - 1)->id, message->parent) == 0)
      {
        message = message_at (tree, i - 1);
        depth++;
      }
  return depth;
}

static void
write_part (GString *out, int indent, const SottoHistoryPart *part)
{
  static const char *const kinds[] = { NULL, "text", "reasoning", NULL, NULL, NULL, "document" };
  g_autofree char *line = NULL;

  if (part->kind == SOTTO_HISTORY_PART_IMAGE)
    {
      g_string_append_printf (out, "%*spicture %s %s of %" G_GSIZE_FORMAT " bytes\n", indent, "", part->name, part->media_type,
                              g_bytes_get_size (part->data));
      return;
    }
  line = g_strdelimit (g_strdup (part->text), "\n", '|');
  g_assert_cmpuint (part->kind, <, G_N_ELEMENTS (kinds));
  g_assert_true (g_utf8_validate (part->text, -1, NULL));
  g_string_append_printf (out, "%*s%s", indent, "", kinds[part->kind]);
  if (part->kind == SOTTO_HISTORY_PART_DOCUMENT)
    g_string_append_printf (out, " %s %s", part->name, part->media_type);
  g_string_append_printf (out, ": %s\n", line);
}

static void
write_message (GString *out, SottoHistoryTree *tree, const SottoHistoryMessage *message)
{
  static const char *const roles[] = { NULL, "system", "user", "assistant", NULL };
  static const char *const statuses[] = { NULL, NULL, "", " stopped", " failed", NULL };
  const int indent = 2 * (int) depth_of (tree, message);

  g_assert_true (g_uuid_string_is_valid (message->id));
  g_string_append_printf (out, "%*s%s%s ", indent, "", message->is_active ? "* " : "  ", roles[message->role]);
  write_time (out, message->created);
  g_string_append (out, statuses[message->status]);
  if (message->model != NULL)
    g_string_append_printf (out, " %s", message->model->name);
  g_string_append_c (out, '\n');
  for (guint i = 0; i < message->parts->len; i++)
    write_part (out, indent + 2, g_ptr_array_index (message->parts, i));
}

static char *
describe (SottoImport *import)
{
  GString *out = g_string_new (NULL);
  g_autofree char *origin = sotto_import_describe (import);

  for (guint i = 0; i < import->trees->len; i++)
    {
      SottoHistoryTree *tree = tree_at (import, i);

      g_assert_true (g_uuid_string_is_valid (tree->conversation->id));
      g_assert_cmpuint (tree->conversation->n_messages, ==, tree->messages->len);
      g_string_append_printf (out, "%s: %s%s%s%s\n", origin != NULL ? origin : "messages", tree->conversation->title,
                              tree->conversation->is_pinned ? ", pinned" : "",
                              tree->conversation->group_name != NULL ? ", in " : "",
                              tree->conversation->group_name != NULL ? tree->conversation->group_name : "");
      write_time (out, tree->conversation->created);
      g_string_append_c (out, ' ');
      write_time (out, tree->conversation->updated);
      g_string_append_c (out, '\n');
      for (guint j = 0; j < tree->messages->len; j++)
        write_message (out, tree, message_at (tree, j));
    }
  g_string_append_printf (out, "left out: %u images, %u files, %u tools, %u broken\n", import->n_left_out[SOTTO_LEFT_OUT_IMAGES],
                          import->n_left_out[SOTTO_LEFT_OUT_FILES], import->n_left_out[SOTTO_LEFT_OUT_TOOLS],
                          import->n_left_out[SOTTO_LEFT_OUT_BROKEN]);
  return g_string_free (out, FALSE);
}

/* --- The programs --- */

static const struct {
  const char *name; /* of the file, and of the expected one */
  const char *expected;
} samples[] = {
  { "chatgpt.json", "chatgpt" },
  { "claude.json", "claude" },
  { "open-webui.json", "open-webui" },
  { "lm-studio", "lm-studio" },
  { "jan", "jan" },
  { "gpt4all-12.chat", "gpt4all-12" },
  { "gpt4all-10.chat", "gpt4all-10" },
  { "gpt4all-5.chat", "gpt4all-5" },
  { "alpaca.db", "alpaca" },
  { "alpaca-chat.db", "alpaca-chat" },
  { "messages.jsonl", "messages" },
  { "array.json", "array" },
};

static SottoImport *
read_sample (const char *name)
{
  g_autofree char *path = path_of (name);
  SottoImport *import = sotto_import_new ();
  g_autoptr (GError) error = NULL;

  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    {
      sotto_import_add_path (import, path, NULL, &error);
    }
  else
    {
      g_autofree char *bytes = NULL;
      gsize length;

      g_assert_true (g_file_get_contents (path, &bytes, &length, NULL));
      add_bytes (import, bytes, length, &error);
    }
  g_assert_no_error (error);
  sotto_import_finish (import);
  return import;
}

static void
test_sample (gconstpointer data)
{
  const guint i = GPOINTER_TO_UINT (data);
  g_autoptr (SottoImport) import = read_sample (samples[i].name);
  g_autoptr (SottoImport) again = read_sample (samples[i].name);
  g_autofree char *name = g_strconcat (samples[i].expected, ".expected", NULL);
  g_autofree char *path = path_of (name);
  g_autofree char *expected = NULL;
  g_autofree char *found = describe (import);

  g_assert_true (g_file_get_contents (path, &expected, NULL, NULL));
  g_assert_cmpstr (found, ==, expected);

  /* The same is known again by its ids. */
  for (guint j = 0; j < import->trees->len; j++)
    {
      g_assert_cmpstr (tree_at (import, j)->conversation->id, ==, tree_at (again, j)->conversation->id);
      for (guint k = 0; k < tree_at (import, j)->messages->len; k++)
        g_assert_cmpstr (message_at (tree_at (import, j), k)->id, ==, message_at (tree_at (again, j), k)->id);
    }
}

/* By another program that makes such ids: Python's uuid.uuid5 */
static void
test_ids (void)
{
  g_autofree char *id = sotto_turns_make_id ("chatgpt\n67e0a1b2-0000-8000-a000-000000000001");

  g_assert_cmpstr (id, ==, "a4e9621c-a2c5-58b8-8b58-2eec528ab8ac");
}

/* --- What is found nowhere but in bad files --- */

#define CHATGPT(nodes, current) \
  "{\"id\": \"c\", \"title\": \"T\", \"create_time\": 1, \"current_node\": " current ", \"mapping\": {" nodes "}}"
#define NODE(id, parent, role, text) \
  "\"" id "\": {\"parent\": " parent ", \"message\": {\"author\": {\"role\": \"" role "\"}, \"content\":" \
  " {\"content_type\": \"text\", \"parts\": [\"" text "\"]}}}"

static void
test_circles (void)
{
  /* a answers c, which answers b, which answers a; d answers itself, e nobody who is there */
  g_autoptr (SottoImport) import =
    read_text (CHATGPT (NODE ("a", "\"c\"", "user", "A") "," NODE ("b", "\"a\"", "assistant", "B") ","
                        NODE ("c", "\"b\"", "user", "C") "," NODE ("d", "\"d\"", "user", "D") ","
                        NODE ("e", "\"x\"", "user", "E"), "\"c\""));
  g_autofree char *found = describe (import);

  g_assert_cmpstr (found, ==,
                   "ChatGPT: T\n"
                   "1970-01-01T00:00:01.000000Z 1970-01-01T00:00:01.000000Z\n"
                   "  user 1970-01-01T00:00:01.000000Z\n"
                   "  text: D\n"
                   "  user 1970-01-01T00:00:01.000000Z\n"
                   "  text: E\n"
                   "* user 1970-01-01T00:00:01.000000Z\n"
                   "  text: A\n"
                   "  * assistant 1970-01-01T00:00:01.000000Z\n"
                   "    text: B\n"
                   "    * user 1970-01-01T00:00:01.000000Z\n"
                   "      text: C\n"
                   "left out: 0 images, 0 files, 0 tools, 0 broken\n");
}

/* A hundred thousand answers below each other, and as many beside each other */
static void
test_depths (void)
{
  for (guint kind = 0; kind < 2; kind++)
    {
      g_autoptr (GString) nodes = g_string_new (NULL);
      g_autoptr (SottoImport) import = NULL;
      g_autofree char *text = NULL;

      for (guint i = 0; i < 100000; i++)
        g_string_append_printf (nodes, "%s\"%u\": {\"parent\": \"%u\", \"message\": {\"author\": {\"role\": \"assistant\"}, \"content\":"
                                " {\"content_type\": \"%s\", \"parts\": [\"t\"], \"thoughts\": [{\"content\": \"hm\"}]}}}",
                                i > 0 ? "," : "", i + 1, kind == 0 ? i : 1, i % 2 == 0 ? "thoughts" : "text");
      text = g_strdup_printf ("{\"id\": \"c\", \"mapping\": {%s}}", nodes->str);
      import = read_text (text);
      g_assert_cmpuint (tree_at (import, 0)->messages->len, ==, 50000);
    }
}

static void
test_times (void)
{
  static const struct {
    const char *time;
    gint64 expected; /* 0: unknown, so that the file's counts */
  } times[] = {
    { "1772712000", 1772712000000000 },       { "1772712000.25", 1772712000250000 },
    { "1772712000123", 1772712000123000 },    { "1772712000123456", 1772712000123456 },
    { "1772712000123456789", 1772712000123456 }, { "\"2026-03-05T13:00:00+01:00\"", 1772712000000000 },
    { "0", 0 },     { "-5", 0 },   { "1e300", 0 },      { "99999999999", 0 },
    { "\"\"", 0 },  { "null", 0 }, { "\"soon\"", 0 },   { "\"9999-12-31T00:00:00Z\"", 0 },
    { "true", 0 },  { "[]", 0 },   { "NaN", 0 },        { "18446744073709551615", 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (times); i++)
    {
      g_autofree char *text =
        g_strdup_printf ("{\"created_at\": %s, \"messages\": [{\"role\": \"user\", \"content\": \"a\"}]}", times[i].time);
      g_autoptr (SottoImport) import = read_text (text);
      SottoHistoryTree *tree = tree_at (import, 0);

      g_test_message ("%s", times[i].time);
      g_assert_cmpint (tree->conversation->created, ==, times[i].expected != 0 ? times[i].expected : MODIFIED);
      g_assert_cmpint (g_hash_table_contains (import->undated, tree), ==, times[i].expected == 0);
      sotto_import_date (tree, 7);
      g_assert_cmpint (tree->conversation->created, ==, 7);
      g_assert_cmpint (message_at (tree, 0)->created, ==, 7);
    }
}

static void
test_refused (void)
{
  static const struct {
    const char *text;
    gsize length; /* 0: all of it */
    gint code;
  } files[] = {
    { "", 0, SOTTO_APP_ERROR_ARCHIVE_FOREIGN },
    { "Dear diary", 0, SOTTO_APP_ERROR_ARCHIVE_FOREIGN },
    { "{}", 0, SOTTO_APP_ERROR_ARCHIVE_FOREIGN },
    { "[]", 0, SOTTO_APP_ERROR_ARCHIVE_FOREIGN },
    { "[[[[[[]]]]]]", 0, SOTTO_APP_ERROR_ARCHIVE_FOREIGN },
    { "{\"messages\": 5}", 0, SOTTO_APP_ERROR_ARCHIVE_FOREIGN },
    { "{\"a\": 1}\n{\"b\": 2}\n", 0, SOTTO_APP_ERROR_ARCHIVE_FOREIGN },
    { "[{\"title\": \"cut o", 0, SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
    { "PK\003\004\024", 0, SOTTO_APP_ERROR_ARCHIVE_PACKED },
    { "\xf5\xd5\x53\xcc\0\0\0\14\0", 9, SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
    { "\xf5\xd5\x53\xcc\0\0\0\15\0", 9, SOTTO_APP_ERROR_ARCHIVE_FOREIGN },
    { "SQLite format 3\0 and so on", 26, SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
    { "{\"format\": \"sotto-conversations\", \"version\": 3}", 0, SOTTO_APP_ERROR_ARCHIVE_NEWER },
  };
  g_autoptr (SottoImport) import = read_text ("[{\"role\": \"user\", \"content\": \"Here I stand\"}]");

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", files[i].text);
      g_assert_false (add_bytes (import, files[i].text, files[i].length > 0 ? files[i].length : strlen (files[i].text), &error));
      g_assert_error (error, SOTTO_APP_ERROR, files[i].code);
      g_assert_cmpuint (import->trees->len, ==, 1);
      g_assert_cmpuint (import->n_left_out[SOTTO_LEFT_OUT_BROKEN], ==, 0);
    }
}

/* Every file that is cut off anywhere, and every byte of it that is another, is read or refused. */
static void
test_damaged (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (samples); i++)
    {
      g_autofree char *path = path_of (samples[i].name);
      g_autofree char *bytes = NULL;
      gsize length;

      if (!g_file_get_contents (path, &bytes, &length, NULL))
        continue;
      for (gsize n = 0; n < length; n += MAX (length / 300, 1))
        {
          g_autoptr (SottoImport) cut = sotto_import_new ();
          g_autoptr (SottoImport) changed = sotto_import_new ();
          const char byte = bytes[n];

          add_bytes (cut, bytes, n, NULL);
          sotto_import_finish (cut);
          bytes[n] = (char) (byte ^ (1 << n % 8));
          add_bytes (changed, bytes, length, NULL);
          sotto_import_finish (changed);
          bytes[n] = byte;
        }
    }
}

/* Bytes that are no UTF-8, a zero, a mark at the beginning, halves of pairs, and names that lead elsewhere */
static void
test_texts (void)
{
  g_autoptr (SottoImport) import =
    read_text ("\xef\xbb\xbf \n{\"messages\": [{\"role\": \"user\", \"content\": \"a\\u0000b \\uD83D\\ude42 \\ude42 \\ud83d\xff\"},"
               " {\"role\": \"assistant\", \"content\": \"\\\\ud83d\", \"model\": \"../../etc/passwd\"}]}");
  SottoHistoryTree *tree = tree_at (import, 0);
  g_autofree char *first = sotto_history_message_dup_text (message_at (tree, 0));
  g_autofree char *second = sotto_history_message_dup_text (message_at (tree, 1));

  g_assert_cmpstr (first, ==, "a\xef\xbf\xbd" "b \xf0\x9f\x99\x82 \xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd");
  g_assert_cmpstr (second, ==, "\\ud83d");
  g_assert_cmpstr (message_at (tree, 1)->model->name, ==, "../../etc/passwd");
  g_assert_null (strchr (message_at (tree, 1)->model->path, '/'));
}

/* --- A folder --- */

static void
put (const char *folder, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *above = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (above, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static void
test_folder (void)
{
  g_autofree char *folder = g_build_filename (g_get_user_data_dir (), "chats", NULL);
  g_autofree char *nothing = g_build_filename (folder, "empty", NULL);
  g_autofree char *bad = g_build_filename (folder, "bad", NULL);
  g_autofree char *link = g_build_filename (folder, "link.json", NULL);
  g_autofree char *pipe = g_build_filename (folder, "pipe.json", NULL);
  g_autofree char *origin = NULL;
  g_autofree char *gpt4all = path_of ("gpt4all-12.chat");
  g_autofree char *chat = g_build_filename (folder, "gpt4all.chat", NULL);
  g_autofree char *bytes = NULL;
  gsize length;
  g_autoptr (SottoImport) import = sotto_import_new ();
  g_autoptr (SottoImport) none = sotto_import_new ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GError *error = NULL;

  put (folder, "one.json", "[{\"role\": \"user\", \"content\": \"One\"}]");
  put (folder, "deep/er/two.JSONL", "{\"messages\": [{\"role\": \"user\", \"content\": \"Two\"}]}\n\n{\"messages\": []}");
  put (folder, "package.json", "{\"name\": \"nothing of ours\"}");
  put (folder, "notes.txt", "[{\"role\": \"user\", \"content\": \"Not asked for\"}]");
  put (folder, ".hidden/three.json", "[{\"role\": \"user\", \"content\": \"Hidden\"}]");
  put (folder, "bad/cut.json", "[{\"role\": \"us");
  g_assert_cmpint (symlink (gpt4all, link), ==, 0);
  g_assert_cmpint (mkfifo (pipe, 0600), ==, 0);
  g_assert_cmpint (g_mkdir (nothing, 0700), ==, 0);
  g_assert_true (g_file_get_contents (gpt4all, &bytes, &length, NULL));
  g_assert_true (g_file_set_contents (chat, bytes, (gssize) length, NULL));

  sotto_import_add_path (import, folder, NULL, &error);
  g_assert_no_error (error);
  sotto_import_finish (import);
  origin = sotto_import_describe (import);
  g_assert_cmpstr (origin, ==, "GPT4All");
  g_assert_cmpuint (import->trees->len, ==, 3);
  g_assert_cmpuint (import->n_from[SOTTO_IMPORT_MESSAGES], ==, 2);
  g_assert_cmpuint (import->n_left_out[SOTTO_LEFT_OUT_UNREAD], ==, 1);

  g_assert_false (sotto_import_add_path (none, nothing, NULL, &error));
  g_assert_error (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_ARCHIVE_FOREIGN);
  g_clear_error (&error);
  g_assert_false (sotto_import_add_path (none, bad, NULL, &error));
  g_assert_error (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_ARCHIVE_DAMAGED);
  g_clear_error (&error);
  g_cancellable_cancel (cancellable);
  g_assert_false (sotto_import_add_path (none, folder, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_cmpuint (none->trees->len, ==, 0);
}

int
main (int argc, char **argv)
{
  /* Alpaca writes times by the clock of the computer. */
  g_setenv ("TZ", "UTC", TRUE);
  setlocale (LC_ALL, "");
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (samples); i++)
    {
      g_autofree char *path = g_strconcat ("/import/", samples[i].name, NULL);

      g_test_add_data_func (path, GUINT_TO_POINTER (i), test_sample);
    }
  g_test_add_func ("/import/ids", test_ids);
  g_test_add_func ("/import/circles", test_circles);
  g_test_add_func ("/import/depths", test_depths);
  g_test_add_func ("/import/times", test_times);
  g_test_add_func ("/import/refused", test_refused);
  g_test_add_func ("/import/damaged", test_damaged);
  g_test_add_func ("/import/texts", test_texts);
  g_test_add_func ("/import/folder", test_folder);
  return g_test_run ();
}
