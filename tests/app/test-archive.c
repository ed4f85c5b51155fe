/* Conversations as files: Sotto's own format, read and written, and Markdown. */

#include "sotto-app.h"

#include "transfer/archive.h"
#include "transfer/transcript.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#define A "00000000-0000-4000-8000-00000000000a"
#define B "00000000-0000-4000-8000-00000000000b"
#define C "00000000-0000-4000-8000-00000000000c"
#define D "00000000-0000-4000-8000-00000000000d"
#define E "00000000-0000-4000-8000-00000000000e"

/* Written by hand after the description at the top of archive-write.c */
static const char sample[] =
  "{\"format\": \"sotto-conversations\", \"version\": 1, \"later\": [1.5e300, {}], \"conversations\": [\n"
  "{\"id\": \"" A "\", \"title\": \"Rain in *Ni\\u0161*\", \"created\": \"2026-03-05T12:00:00Z\","
  " \"updated\": \"2026-03-05T12:00:07.25Z\", \"pinned\": true, \"tools\": [\"sky\", \"a.b-c_1\"],\n"
  " \"model\": {\"name\": \"Qwen2.5\", \"file\": \"qwen.gguf\", \"hash\": \"ab12\"}, \"messages\": [\n"
  "  {\"id\": \"" B "\", \"shown\": true, \"role\": \"user\", \"status\": \"complete\","
  "   \"created\": \"2026-03-05T12:00:01.000001Z\", \"parts\": [{\"kind\": \"text\", \"text\": \"Will it rain?\\n\"},"
  "    {\"kind\": \"image\", \"name\": \"a_b.png\", \"media_type\": \"image/png\", \"data\": \"AAEC/w==\"},"
  "    {\"kind\": \"document\", \"name\": \"all.pdf\", \"media_type\": \"application/pdf\", \"text\": \"All\","
  "     \"first_page\": 1, \"last_page\": 9},"
  "    {\"kind\": \"document\", \"name\": \"sky_1.pdf\", \"text\": \"Clouds came.\", \"first_page\": 3, \"last_page\": 4},"
  "    {\"kind\": \"document\", \"name\": \"notes.md\", \"text\": \"Rain, perhaps.\"}]},\n"
  "  {\"id\": \"" C "\", \"parent\": \"" B "\", \"shown\": false, \"role\": \"assistant\", \"status\": \"complete\","
  "   \"created\": \"2026-03-05T12:00:02Z\", \"parts\": [{\"kind\": \"text\", \"text\": \"No.\"}]},\n"
  "  {\"id\": \"" D "\", \"parent\": \"" B "\", \"shown\": true, \"role\": \"assistant\", \"status\": \"stopped\","
  "   \"created\": \"2026-03-05T12:00:03Z\", \"model\": {\"file\": \"smol.gguf\"}, \"receipt\": \"{\\\"seed\\\":7}\","
  "   \"parts\": [{\"kind\": \"reasoning\", \"text\": \"Clouds?\"},"
  "    {\"kind\": \"tool_call\", \"name\": \"sky\", \"text\": \"{\\\"a\\\":\\\"```\\\"}\"},"
  "    {\"kind\": \"text\", \"text\": \"Yes:\\n\\n```c\\nint rain = 1;\\n\"}]}\n"
  "]}]}\n";

static const char markdown[] =
  "# Rain in \\*Niš\\*\n"
  "\n"
  "*5 March 2026 · Qwen2.5*\n"
  "\n"
  "## You\n"
  "\n"
  "Will it rain?\n"
  "\n"
  "*Attached: a\\_b.png*\n"
  "\n"
  "*Attached: all.pdf*\n"
  "\n"
  "*Found in documents:*\n"
  "\n"
  "1. sky\\_1.pdf, pages 3–4\n"
  "2. notes.md\n"
  "\n"
  "## smol.gguf\n"
  "\n"
  "*Tool call: sky*\n"
  "\n"
  "````\n"
  "{\"a\":\"```\"}\n"
  "````\n"
  "\n"
  "Yes:\n"
  "\n"
  "```c\n"
  "int rain = 1;\n"
  "```\n"
  "\n"
  "*Stopped*\n";

static GPtrArray *
try_read (const char *text, gsize length, GError **error)
{
  /* Of the very size, so that a sanitizer sees what is read beyond. */
  g_autofree char *room = g_malloc (length + SOTTO_ARCHIVE_PADDING);

  memcpy (room, text, length);
  return sotto_archive_read (room, length, error);
}

static GPtrArray *
read_text (const char *text)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *trees = try_read (text, strlen (text), &error);

  g_assert_no_error (error);
  return trees;
}

static SottoHistoryMessage *
message_at (GPtrArray *trees, guint i)
{
  const SottoHistoryTree *tree = g_ptr_array_index (trees, 0);

  return g_ptr_array_index (tree->messages, i);
}

static const SottoHistoryPart *
part_at (GPtrArray *trees, guint message, guint i)
{
  g_assert_cmpuint (i, <, message_at (trees, message)->parts->len);
  return g_ptr_array_index (message_at (trees, message)->parts, i);
}

static void
test_read (void)
{
  g_autoptr (GPtrArray) trees = read_text (sample);
  const SottoHistoryTree *tree;
  const char *const tools[] = { "sky", "a.b-c_1", NULL };
  const gint64 noon = G_GINT64_CONSTANT (1772712000000000); /* date -ud '2026-03-05 12:00' +%s */

  g_assert_cmpuint (trees->len, ==, 1);
  tree = g_ptr_array_index (trees, 0);
  g_assert_cmpstr (tree->conversation->id, ==, A);
  g_assert_cmpstr (tree->conversation->title, ==, "Rain in *Niš*");
  g_assert_cmpint (tree->conversation->created, ==, noon);
  g_assert_cmpint (tree->conversation->updated, ==, noon + 7250000);
  g_assert_true (tree->conversation->is_pinned);
  g_assert_cmpstrv (tree->conversation->tools, tools);
  g_assert_cmpstr (tree->conversation->model->path, ==, "qwen.gguf");
  g_assert_cmpstr (tree->conversation->model->name, ==, "Qwen2.5");
  g_assert_cmpstr (tree->conversation->model->hash, ==, "ab12");
  g_assert_cmpuint (tree->messages->len, ==, 3);
  g_assert_cmpint (message_at (trees, 0)->role, ==, SOTTO_HISTORY_ROLE_USER);
  g_assert_cmpint (message_at (trees, 0)->created, ==, noon + 1000001);
  g_assert_null (message_at (trees, 0)->parent);
  g_assert_true (message_at (trees, 2)->is_active && !message_at (trees, 1)->is_active);
  g_assert_cmpint (message_at (trees, 2)->status, ==, SOTTO_HISTORY_STATUS_STOPPED);
  g_assert_cmpstr (message_at (trees, 2)->parent, ==, B);
  g_assert_cmpstr (message_at (trees, 2)->receipt, ==, "{\"seed\":7}");
  g_assert_cmpstr (part_at (trees, 0, 1)->media_type, ==, "image/png");
  g_assert_cmpuint (g_bytes_get_size (part_at (trees, 0, 1)->data), ==, 4);
  g_assert_cmpmem (g_bytes_get_data (part_at (trees, 0, 1)->data, NULL), 4, "\0\1\2\xff", 4);
  g_assert_cmpuint (part_at (trees, 0, 1)->first_page, ==, 0);
  g_assert_cmpuint (part_at (trees, 0, 3)->first_page, ==, 3);
  g_assert_cmpuint (part_at (trees, 0, 3)->last_page, ==, 4);
  g_assert_null (part_at (trees, 0, 3)->media_type);
  g_assert_null (part_at (trees, 0, 3)->uri);
  g_assert_cmpint (part_at (trees, 2, 1)->kind, ==, SOTTO_HISTORY_PART_TOOL_CALL);
  g_assert_cmpstr (part_at (trees, 2, 1)->name, ==, "sky");
}

static char *
write_all (GPtrArray *trees)
{
  GString *text = g_string_new (SOTTO_ARCHIVE_HEAD);

  for (guint i = 0; i < trees->len; i++)
    {
      g_autoptr (GError) error = NULL;
      gsize length;
      char *one = sotto_archive_write (g_ptr_array_index (trees, i), &length, &error);

      g_assert_no_error (error);
      if (i > 0)
        g_string_append (text, SOTTO_ARCHIVE_SEPARATOR);
      g_string_append_len (text, one, (gssize) length);
      free (one);
    }
  g_string_append (text, SOTTO_ARCHIVE_TAIL);
  return g_string_free_and_steal (text);
}

static void
test_write (void)
{
  g_autoptr (GPtrArray) trees = read_text (sample);
  g_autoptr (GPtrArray) more = NULL;
  g_autofree char *once = NULL;
  g_autofree char *twice = NULL;
  g_autoptr (GPtrArray) again = NULL;

  more = read_text (sample);
  g_ptr_array_add (trees, g_ptr_array_steal_index (more, 0));
  once = write_all (trees);
  again = read_text (once);
  g_assert_cmpuint (again->len, ==, 2);
  twice = write_all (again);
  g_assert_cmpstr (once, ==, twice);

  /* Times keep their last digit, bytes their values, and a model loses its folder. */
  g_assert_nonnull (strstr (once, "\"created\": \"2026-03-05T12:00:01.000001Z\""));
  g_assert_nonnull (strstr (once, "\"data\": \"AAEC/w==\""));
  g_assert_nonnull (strstr (once, "\"receipt\": \"{\\\"seed\\\":7}\""));
  g_set_str (&message_at (again, 2)->model->path, "/home/anna/secret/smol.gguf");
  g_free (twice);
  g_set_str (&message_at (again, 2)->receipt, "{\"model\":\"/home/anna/smol.gguf\",\"t\":0.10,\"n\":1e999}");
  twice = write_all (again);
  g_assert_nonnull (strstr (twice, "{\\\"model\\\":\\\"smol.gguf\\\",\\\"t\\\":0.10,\\\"n\\\":1e999}"));
  g_set_str (&message_at (again, 2)->receipt, "{\"seed\":7}");
  g_free (twice);
  /* Nor where a document lies, or which folders are asked. */
  g_free (((SottoHistoryPart *) part_at (again, 0, 3))->uri);
  ((SottoHistoryPart *) part_at (again, 0, 3))->uri = g_strdup ("file:///home/anna/secret/sky_1.pdf");
  g_strfreev (((SottoHistoryTree *) g_ptr_array_index (again, 0))->conversation->folders);
  ((SottoHistoryTree *) g_ptr_array_index (again, 0))->conversation->folders = g_strsplit (E, " ", -1);
  twice = write_all (again);
  g_assert_cmpstr (once, ==, twice);
}

/* A reader of a day that nobody has thought of finds a microsecond where it was. */
static void
test_times (void)
{
  for (guint i = 0; i < 2000; i++)
    {
      g_autoptr (GPtrArray) trees = read_text (sample);
      g_autoptr (GPtrArray) again = NULL;
      g_autofree char *text = NULL;
      gint64 time = g_test_rand_int_range (0, G_MAXINT32) * G_GINT64_CONSTANT (1000000)
                    + g_test_rand_int_range (0, 1000000);

      message_at (trees, 0)->created = time;
      text = write_all (trees);
      again = read_text (text);
      g_assert_cmpint (message_at (again, 0)->created, ==, time);
    }
}

static const struct {
  const char *what;
  const char *from; /* a piece of the sample, the first of its kind, and what it is replaced by */
  const char *to;
  gint code;        /* -1: is read */
} changes[] = {
  { "another format", "sotto-conversations", "other-conversations", SOTTO_APP_ERROR_ARCHIVE_FOREIGN },
  { "no object", "{\"format\": ", "[{\"format\": ", SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
  { "a newer version", "\"version\": 1", "\"version\": 2", SOTTO_APP_ERROR_ARCHIVE_NEWER },
  { "no version", "\"version\": 1", "\"version\": \"1\"", SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
  { "no array", "\"conversations\": [", "\"conversations\": 5, \"c\": [", SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
  { "a comma too many", "]}]}\n", "],}]}\n", SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
  { "an id that is none", A, "1", SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
  { "an id that is a number", "\"" B "\", \"shown\"", "7, \"shown\"", SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
  { "an id twice", C, B, SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
  { "a parent that is not there", "\"parent\": \"" B, "\"parent\": \"" E, SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
  { "a parent that comes later", "\"parent\": \"" B, "\"parent\": \"" D, SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
  { "its own parent", "\"parent\": \"" B, "\"parent\": \"" C, SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
  { "an unknown role", "\"user\"", "\"emperor\"", SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
  { "no role", "\"role\": \"user\",", "", SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
  { "a reply without an end", "\"stopped\"", "\"streaming\"", SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
  { "an unknown part", "\"reasoning\"", "\"smell\"", SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
  { "a part that is none", "{\"kind\": \"reasoning\", \"text\": \"Clouds?\"}", "null", SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
  { "a tool without a name", "\"name\": \"sky\", ", "", SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
  { "a day that is none", "2026-03-05T12:00:00Z", "2026-02-30T12:00:00Z", SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
  { "a time before 1970", "2026-03-05T12:00:00Z", "1969-12-31T23:59:59Z", SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
  { "a time of the clock on the wall", "2026-03-05T12:00:00Z", "2026-03-05T12:00:00", SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
  { "a fraction without digits", "12:00:07.25Z", "12:00:07.Z", SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
  { "finer than microseconds", "12:00:07.25Z", "12:00:07.1234567Z", SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
  { "no time", "\"created\": \"2026-03-05T12:00:00Z\",", "", SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
  { "a zero in a text", "Will it rain?", "Will\\u0000 it rain?", SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
  { "half a character", "Will it rain?", "Will it \xc5", SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
  { "half a pair", "Will it rain?", "\\ud83d", SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
  { "no base64", "AAEC/w==", "AAEC/w=", SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
  { "base64 with a hole", "AAEC/w==", "AA=C/w==", SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
  { "a model elsewhere", "smol.gguf", "../smol.gguf", SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
  { "a model that is a folder", "smol.gguf", "..", SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
  { "a model without a file", "\"file\": \"smol.gguf\"", "\"name\": \"smol\"", SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
  { "a receipt that is none", "{\\\"seed\\\":7}", "{\\\"seed\\\":", SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
  { "shown as a word", "\"shown\": true", "\"shown\": \"yes\"", SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
  { "no messages", "\"messages\": [", "\"letters\": [", SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
  { "a page before the first", "\"first_page\": 3", "\"first_page\": -3", SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
  { "a page that is a word", "\"first_page\": 3", "\"first_page\": \"iii\"", SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
  { "half a page", "\"first_page\": 3", "\"first_page\": 3.5", SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
  { "more pages than can be", "\"last_page\": 4", "\"last_page\": 4294967296", SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
  { "an end before the beginning", "\"last_page\": 4", "\"last_page\": 2", SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
  { "a message without parts", "\"parts\": [", "\"pieces\": [", SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
  { "tools that are no list", "\"tools\": [\"sky\", \"a.b-c_1\"]", "\"tools\": \"sky\"", SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
  { "a tool that is none", "[\"sky\", ", "[7, ", SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
  { "a tool with a blank", "[\"sky\", ", "[\"s ky\", ", SOTTO_APP_ERROR_ARCHIVE_DAMAGED },
  { "a tool without letters", "[\"sky\", ", "[\"\", ", SOTTO_APP_ERROR_ARCHIVE_DAMAGED },

  { "no tools", "\"tools\": [\"sky\", \"a.b-c_1\"]", "\"tools\": null", -1 },
  { "members nobody knows", "\"shown\": false", "\"shown\": false, \"mood\": {\"a\": [[[1]]]}", -1 },
  { "no page", "\"first_page\": 3, \"last_page\": 4", "\"first_page\": null, \"last_page\": 0", -1 },
  { "no last page", ", \"last_page\": 4", "", -1 },
  { "where a document lay", "\"name\": \"notes.md\"", "\"name\": \"notes.md\", \"uri\": \"file:///etc/passwd\"", -1 },
  { "without what may be absent", "\"shown\": false, ", "", -1 },
  { "null for absent", "\"model\": {\"file\": \"smol.gguf\"}", "\"model\": null", -1 },
  { "a title over lines", "Rain in", "Rain\\n\\n\\tin", -1 },
  { "a part without a text", ", \"text\": \"Clouds?\"", "", -1 },
};

static char *
replace (const char *from, const char *to)
{
  const char *found = strstr (sample, from);
  g_autofree char *head = NULL;

  g_assert_nonnull (found);
  head = g_strndup (sample, (gsize) (found - sample));
  return g_strconcat (head, to, found + strlen (from), NULL);
}

static void
test_changed (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      g_autofree char *text = replace (changes[i].from, changes[i].to);
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) trees = try_read (text, strlen (text), &error);

      g_test_message ("%s: %s", changes[i].what, error != NULL ? error->message : "read");
      if (changes[i].code < 0)
        {
          g_assert_no_error (error);
          g_assert_cmpuint (trees->len, ==, 1);
          g_assert_cmpstr (((SottoHistoryTree *) g_ptr_array_index (trees, 0))->conversation->title, ==, "Rain in *Niš*");
          continue;
        }
      g_assert_null (trees);
      g_assert_error (error, SOTTO_APP_ERROR, changes[i].code);
    }
}

/* Wherever it is cut off, it is said to be damaged; or foreign, as long as it says nothing yet. */
static void
test_cut (void)
{
  for (gsize length = 0; length < strlen (sample) - 2; length++)
    {
      const gboolean says_nothing = length < strlen ("{\"format\": \"sotto-conversations\"");
      const gint code = says_nothing ? SOTTO_APP_ERROR_ARCHIVE_FOREIGN : SOTTO_APP_ERROR_ARCHIVE_DAMAGED;
      g_autoptr (GError) error = NULL;

      g_assert_null (try_read (sample, length, &error));
      g_assert_error (error, SOTTO_APP_ERROR, code);
    }
}

static void
test_foreign (void)
{
  static const char *const texts[] = {
    "", " ", "{}", "[]", "null", "hello", "{\"conversations\": []}", "GGUF\3", "\xff\xfe{\0}\0",
    "<html><body>sotto-conversations</body></html>",
  };
  g_autofree char *deep = g_strnfill (200000, '[');

  for (guint i = 0; i <= G_N_ELEMENTS (texts); i++)
    {
      const char *text = i < G_N_ELEMENTS (texts) ? texts[i] : deep;
      g_autoptr (GError) error = NULL;

      g_assert_null (try_read (text, strlen (text), &error));
      g_assert_error (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_ARCHIVE_FOREIGN);
    }
}

static void
test_long_words (void)
{
  g_autofree char *words = g_strnfill (100000, 'x');
  g_autofree char *title = replace ("Rain in", words);
  g_autofree char *name = replace ("Qwen2.5", words);
  g_autoptr (GPtrArray) trees = read_text (title);
  g_autoptr (GError) error = NULL;

  /* What stands in the list is a line, whatever the file says. */
  g_assert_cmpint (g_utf8_strlen (((SottoHistoryTree *) g_ptr_array_index (trees, 0))->conversation->title, -1), ==, 201);
  g_assert_null (try_read (name, strlen (name), &error));
  g_assert_error (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_ARCHIVE_DAMAGED);
}

/* --- Markdown --- */

static void
test_markdown (void)
{
  g_autoptr (GPtrArray) trees = read_text (sample);
  g_autofree char *text = sotto_transcript_write (g_ptr_array_index (trees, 0));

  g_assert_cmpstr (text, ==, markdown);
}

/* What a message says, and what has to stand before the next heading */
static const struct {
  const char *says;
  const char *becomes;
} fences[] = {
  { "plain", "plain" },
  { "```\ncode\n```", "```\ncode\n```" },
  { "```\ncode", "```\ncode\n```" },
  { "~~~~ c\n~~~\n```", "~~~~ c\n~~~\n```\n~~~~" },
  { "   ````\n```\n", "   ````\n```\n````" },
  { "    ```\nindented", "    ```\nindented" },
  { "```\nx\n``` no end", "```\nx\n``` no end\n```" },
  { "``` `not code`\n", "``` `not code`" },
  { "a\n```\nb\n```  \nc\n```py\nd\n\n", "a\n```\nb\n```  \nc\n```py\nd\n```" },
};

static void
test_fences (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (fences); i++)
    {
      g_autoptr (GPtrArray) trees = read_text (sample);
      g_autofree char *expected = g_strdup_printf ("## You\n\n%s\n\n*Attached", fences[i].becomes);
      g_autofree char *text = NULL;

      g_set_str (&((SottoHistoryPart *) part_at (trees, 0, 0))->text, fences[i].says);
      text = sotto_transcript_write (g_ptr_array_index (trees, 0));
      g_test_message ("%s", text);
      g_assert_nonnull (strstr (text, expected));
    }
}

int
main (int argc, char **argv)
{
  /* A conversation of noon has the same day wherever the test runs. */
  g_setenv ("LC_ALL", "C.UTF-8", TRUE);
  setlocale (LC_ALL, "");
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/archive/read", test_read);
  g_test_add_func ("/archive/write", test_write);
  g_test_add_func ("/archive/times", test_times);
  g_test_add_func ("/archive/changed", test_changed);
  g_test_add_func ("/archive/cut", test_cut);
  g_test_add_func ("/archive/foreign", test_foreign);
  g_test_add_func ("/archive/long-words", test_long_words);
  g_test_add_func ("/transcript/markdown", test_markdown);
  g_test_add_func ("/transcript/fences", test_fences);
  return g_test_run ();
}
