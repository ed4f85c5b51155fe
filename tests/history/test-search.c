/* What a person finds, in several scripts, and that no input is a syntax error. */

#include "common.h"

#include "search-query.h"

#include <string.h>

typedef struct {
  char *folder;
  SottoStore *store;
  char *conversation;
} Fixture;

static const char *const texts[] = {
  /* 0 */ "Zażółć gęślą jaźń, a potem jedź do Łodzi przez Śródmieście.",
  /* 1 */ "Ђаци уче ћирилицу: љубав, њива, џеп и Шумадија.",
  /* 2 */ "Đaci uče latinicu: ljubav, njiva, džep i Šumadija.",
  /* 3 */ "東京都の天気は晴れです。明日は雨が降るでしょう。",
  /* 4 */ "北京的天气很好，我们去公园。",
  /* 5 */ "오늘 서울의 날씨는 맑습니다.",
  /* 6 */ "The function g_object_unref() frees what nobody wants; C++ doesn't.",
  /* 7 */ "Ελληνικά: ο ΚΌΣΜΟΣ είναι μεγάλος.",
  /* 8 */ "A \"quoted\" NEAR(word) AND OR NOT * ^ col:umn -dash",
  /* 9 */ "e\xcc\x81" "cole, écoLe and ecole are one word",
};

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autofree char *parent = NULL;

  f->folder = test_make_folder ();
  f->store = test_create (f->folder);
  f->conversation = test_add_conversation (f->store, "Wyprawa do Łodzi");
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      char *id = test_add_message (f->store, f->conversation, parent, 2, texts[i]);

      g_free (parent);
      parent = id;
    }
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  test_check (f->store);
  test_close (f->store);
  test_remove_folder (f->folder);
  g_free (f->folder);
  g_free (f->conversation);
}

/* The hits' messages as a string of digits, sorted; t: the title. */
static char *
find (Fixture *f, const char *query)
{
  g_autoptr (GPtrArray) hits = test_search (f->store, query);
  g_autoptr (GPtrArray) path = test_load (f->store, f->conversation);
  gboolean found[G_N_ELEMENTS (texts)] = { FALSE };
  GString *digits = g_string_new (NULL);

  for (guint i = 0; i < hits->len; i++)
    {
      SottoHistoryHit *hit = g_ptr_array_index (hits, i);

      g_assert_cmpstr (hit->conversation, ==, f->conversation);
      g_assert_cmpstr (hit->title, ==, "Wyprawa do Łodzi");
      g_assert_true (g_utf8_validate (hit->snippet, -1, NULL));
      g_assert_cmpuint (hit->n_ranges, >, 0);
      for (guint r = 0; r < hit->n_ranges; r++)
        {
          SottoHistoryRange range = hit->ranges[r];

          g_assert_cmpuint (range.length, >, 0);
          g_assert_cmpuint (range.start + range.length, <=, strlen (hit->snippet));
          g_assert_true (g_utf8_validate (hit->snippet + range.start, range.length, NULL));
        }
      if (hit->message == NULL)
        g_string_append_c (digits, 't');
      for (guint m = 0; m < path->len; m++)
        if (g_strcmp0 (hit->message, ((SottoHistoryMessage *) path->pdata[m])->id) == 0)
          {
            g_assert_false (found[m]);
            found[m] = TRUE;
          }
    }
  for (guint m = 0; m < G_N_ELEMENTS (texts); m++)
    if (found[m])
      g_string_append_c (digits, (char) ('0' + m));
  return g_string_free_and_steal (digits);
}

static void
expect (Fixture *f, const char *query, const char *expected)
{
  g_autofree char *found = find (f, query);

  if (g_strcmp0 (found, expected) != 0)
    g_test_message ("query: %s", query);
  g_assert_cmpstr (found, ==, expected);
}

static void
test_polish (Fixture *f, gconstpointer data)
{
  expect (f, "zażółć", "0");
  expect (f, "ZAZOLC", "0");
  expect (f, "gesla jazn", "0");
  expect (f, "lodz", "t0");
  /* The beginning of both words, once folded. */
  expect (f, "Łódź", "t0");
  expect (f, "Łodzi", "t0");
  expect (f, "srod", "0");
  expect (f, "miescie", "0");
  expect (f, "jazn lodzi", "0");
  expect (f, "jazn nirgends", "");
}

static void
test_serbian (Fixture *f, gconstpointer data)
{
  expect (f, "ћирилицу", "1");
  expect (f, "ЋИРИЛ", "1");
  expect (f, "шумадија љубав", "1");
  expect (f, "dak", "");
  expect (f, "daci", "2");
  expect (f, "Đaci", "2");
  expect (f, "dzep sumadija", "2");
}

static void
test_unspaced (Fixture *f, gconstpointer data)
{
  expect (f, "東京都", "3");
  expect (f, "天気", "3");
  expect (f, "天气", "4");
  expect (f, "天", "34");
  expect (f, "雨", "3");
  expect (f, "明日は雨が", "3");
  expect (f, "公园 北京", "4");
  expect (f, "天気 東京都", "3");
  expect (f, "天气 東京都", "");
  expect (f, "서울", "5");
  expect (f, "날씨", "5");
  expect (f, "씨", "5");
}

static void
test_parts_of_words (Fixture *f, gconstpointer data)
{
  expect (f, "g_object", "6");
  expect (f, "unref()", "6");
  expect (f, "ject_un", "6");
  expect (f, "c++", "6");
  expect (f, "doesn't", "6");
  expect (f, "κοσμος", "7");
  expect (f, "ecole", "9");
  expect (f, "école", "9");
}

/* No character means anything to the search. */
static void
test_no_syntax (Fixture *f, gconstpointer data)
{
  static const char *const odd[] = {
    "\"", "\"\"", "'", "*", "^", "(", ")", "NEAR(", "AND", "OR NOT", "a AND", "col:", "text:word",
    "-", "--", "+", "{a b}", "\\", "%", "_", "\xff\xfe", " ", "", "\t\n", "\"a", "a\"b\"c",
    "😀", "\xef\xb7\x90", "a*b*", "SELECT", "; DROP TABLE message;", "🇵🇱 ł", "\u200b",
  };
  g_autofree char *many = g_strnfill (5000, 'a');

  for (guint i = 0; i < G_N_ELEMENTS (odd); i++)
    g_free (find (f, odd[i]));
  for (gsize i = 3; i < 5000; i += 4)
    many[i] = ' ';
  g_free (find (f, many));
  expect (f, "\"quoted\"", "8");
  expect (f, "NEAR(word)", "8");
  expect (f, "col:umn", "8");
  expect (f, "", "");
}

static void
test_snippet (Fixture *f, gconstpointer data)
{
  GString *text = g_string_new (NULL);
  g_autofree char *id = NULL;
  g_autoptr (GPtrArray) hits = NULL;
  SottoHistoryHit *hit;
  g_autofree char *marked = NULL;

  for (guint i = 0; i < 400; i++)
    g_string_append_printf (text, "filler%u\n\n  ", i);
  g_string_append (text, "Gęślą needle here");
  for (guint i = 0; i < 400; i++)
    g_string_append_printf (text, " tail%u", i);
  id = test_add_message (f->store, f->conversation, NULL, 2, text->str);
  g_string_free (text, TRUE);

  hits = test_search (f->store, "needle");
  g_assert_cmpuint (hits->len, ==, 1);
  hit = g_ptr_array_index (hits, 0);
  g_assert_cmpstr (hit->message, ==, id);
  g_assert_cmpint (g_utf8_strlen (hit->snippet, -1), <=, 202);
  g_assert_null (strchr (hit->snippet, '\n'));
  g_assert_cmpuint (hit->n_ranges, ==, 1);
  marked = g_strndup (hit->snippet + hit->ranges[0].start, hit->ranges[0].length);
  g_assert_cmpstr (marked, ==, "needle");
}

static void
test_cancelled (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  sotto_store_search_async (f->store, "a", 10, cancellable, test_ready, &result);
  g_assert_null (sotto_store_search_finish (f->store, test_wait (&result), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, test) \
  g_test_add ("/history/search/" name, Fixture, NULL, set_up, test, tear_down)
  ADD ("polish", test_polish);
  ADD ("serbian", test_serbian);
  ADD ("unspaced", test_unspaced);
  ADD ("parts-of-words", test_parts_of_words);
  ADD ("no-syntax", test_no_syntax);
  ADD ("snippet", test_snippet);
  ADD ("cancelled", test_cancelled);
  return g_test_run ();
}
