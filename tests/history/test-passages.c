/* Passages that answer a question: how well they are found in seven languages, and that a question is text. */

#include "folders.h"
#include "passage-texts.h"

#include <string.h>

static SottoHistoryPassage *
passage_at (GPtrArray *list, guint i)
{
  g_assert_cmpuint (i, <, list->len);
  return g_ptr_array_index (list, i);
}

/* --- How well --- */

static const TestDocument *
find_document (const char *path)
{
  for (guint i = 0; i < test_n_passage_documents; i++)
    if (g_str_equal (test_passage_documents[i].path, path))
      return &test_passage_documents[i];
  g_assert_not_reached ();
}

static char *
put_documents (SottoStore *store)
{
  char *folder = test_add_folder (store, "file:///documents");

  for (guint i = 0; i < test_n_passage_documents; i++)
    {
      const TestDocument *document = &test_passage_documents[i];
      g_autoptr (GPtrArray) passages = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_passage_free);

      for (guint j = 0; document->passages[j] != NULL; j++)
        g_ptr_array_add (passages, sotto_history_passage_new (document->passages[j], j + 1, j + 1));
      test_put_array (store, folder, document->path, passages);
    }
  return folder;
}

/* Its place among what was found, from 1; 0: it was not */
static guint
rank_of (SottoStore *store, const char *folder, const TestQuestion *question)
{
  g_autoptr (GPtrArray) list = test_find (store, folder, question->question);
  const char *wanted = find_document (question->path)->passages[question->passage];

  for (guint i = 0; i < list->len; i++)
    if (strstr (passage_at (list, i)->text, wanted) != NULL)
      {
        g_assert_cmpstr (passage_at (list, i)->path, ==, question->path);
        g_assert_cmpstr (passage_at (list, i)->folder, ==, folder);
        g_assert_cmpuint (passage_at (list, i)->first_page, <=, question->passage + 1);
        g_assert_cmpuint (passage_at (list, i)->last_page, >=, question->passage + 1);
        return i + 1;
      }
  return 0;
}

/* The bounds are what was measured: a ranking that finds less is worse. */
static void
test_quality (TestStore *f, gconstpointer data)
{
  g_autofree char *folder = put_documents (f->store);
  guint n_first = 0;
  guint n_five = 0;

  for (guint i = 0; i < test_n_passage_questions; i++)
    {
      const guint rank = rank_of (f->store, folder, &test_passage_questions[i]);

      n_first += rank == 1;
      n_five += rank >= 1 && rank <= 5;
      if (rank != 1)
        g_test_message ("%u: %s: %s", rank, test_passage_questions[i].language, test_passage_questions[i].question);
    }
  g_test_message ("of %u: %u first, %u among the first five", test_n_passage_questions, n_first, n_five);
  g_assert_cmpuint (n_first, >=, 43);
  g_assert_cmpuint (n_five, >=, 46);
}

/* What other questions have in common with the documents are the small words. */
static void
test_other_questions (TestStore *f, gconstpointer data)
{
  const char *const others[] = { "Wer hat die Zauberflöte komponiert?", "Write a poem about the sea in autumn.",
                                 "Explain quantum entanglement to me in simple words.", "Кто написал «Войну и мир»?",
                                 "¿Quién ganó el mundial de 1998?", "Kto napisał Pana Tadeusza?", "珠穆朗玛峰有多高？" };
  g_autofree char *folder = put_documents (f->store);

  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      g_autoptr (GPtrArray) list = test_find (f->store, folder, others[i]);

      if (list->len > 0)
        g_test_message ("%s: %s", others[i], passage_at (list, 0)->text);
      g_assert_cmpuint (list->len, ==, 0);
    }
}

/* --- What is found --- */

/* Asserts that of the passages "0", "1" … of document "d", which are the texts, these are found, the best first. */
static void
expect (SottoStore *store, const char *folder, const char *question, const char *expected)
{
  g_autoptr (GPtrArray) list = test_find (store, folder, question);
  g_autoptr (GString) found = g_string_new (NULL);

  for (guint i = 0; i < list->len; i++)
    g_string_append_printf (found, "%u", passage_at (list, i)->first_page);
  if (!g_str_equal (found->str, expected))
    g_test_message ("question: %s", question);
  g_assert_cmpstr (found->str, ==, expected);
}

static void
test_forms (TestStore *f, gconstpointer data)
{
  g_autofree char *folder = test_add_folder (f->store, "file:///a");

  test_put (f->store, folder, "d",
            /* 1 */ "The contract was signed in May.",
            /* 2 */ "Wypowiedzenie umowy najmu.",
            /* 3 */ "Die Verträge liegen im Schrank.",
            /* 4 */ "Договором установлен срок.",
            /* 5 */ "Nothing but a cat.",
            /* 6 */ "A category is a kind of things.",
            /* 7 */ "Straße, Łódź and Ёлка",
            NULL);
  expect (f->store, folder, "contracts", "1");
  expect (f->store, folder, "CONTRACT?", "1");
  expect (f->store, folder, "umowa", "2");
  expect (f->store, folder, "wypowiedzenia", "2");
  expect (f->store, folder, "Vertrag", "3");
  expect (f->store, folder, "договоры", "4");
  /* A short word has no other forms. */
  expect (f->store, folder, "cat", "5");
  expect (f->store, folder, "lodz", "7");
  expect (f->store, folder, "елка", "7");
  expect (f->store, folder, "nobody", "");
}

/* The form that was asked for is the better one. */
static void
test_exact_form (TestStore *f, gconstpointer data)
{
  g_autofree char *folder = test_add_folder (f->store, "file:///a");

  test_put (f->store, folder, "d", "The printers of money", "The printer of money", "A loan of money", NULL);
  expect (f->store, folder, "printer", "21");
  expect (f->store, folder, "printers", "12");
}

static void
test_scripts (TestStore *f, gconstpointer data)
{
  g_autofree char *folder = test_add_folder (f->store, "file:///a");

  test_put (f->store, folder, "d",
            /* 1 */ "東京都の天気は晴れです。",
            /* 2 */ "北京的天气很好，我们去公园。",
            /* 3 */ "오늘 서울의 날씨는 맑습니다.",
            /* 4 */ "วันนี้อากาศดีมาก เราไปสวนสาธารณะ",
            /* 5 */ "किराया हर महीने की पाँच तारीख तक देना होगा।",
            /* 6 */ "يُدفَعُ الإيجار في أول كل شهر",
            /* 7 */ "שְׂכַר הַדִּירָה משולם בכל חודש",
            /* 8 */ "Das Ümläut und der Öltank",
            NULL);
  expect (f->store, folder, "東京", "1");
  expect (f->store, folder, "京都の", "1");
  expect (f->store, folder, "晴", "1");
  expect (f->store, folder, "公园在哪里", "2");
  expect (f->store, folder, "서울에", "3");
  expect (f->store, folder, "สวนสาธารณะ", "4");
  expect (f->store, folder, "किराया", "5");
  expect (f->store, folder, "يدفع", "6");
  expect (f->store, folder, "שכר", "7");
  expect (f->store, folder, "oltank", "8");
}

/* What stands nearly everywhere says nothing, unless it is all that was asked. */
static void
test_frequent (TestStore *f, gconstpointer data)
{
  g_autofree char *folder = test_add_folder (f->store, "file:///a");
  g_autoptr (GPtrArray) passages = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_history_passage_free);
  g_autoptr (GPtrArray) all = NULL;

  for (guint i = 1; i <= 200; i++)
    {
      g_autofree char *text = g_strdup_printf ("The everywhere of the %s number x%u", i == 77 ? "otter" : "stone", i);

      g_ptr_array_add (passages, sotto_history_passage_new (text, i, i));
    }
  test_put_array (f->store, folder, "d", passages);
  {
    g_autoptr (GPtrArray) list = test_find (f->store, folder, "everywhere the stone of otter");

    g_assert_cmpuint (list->len, ==, 1);
    g_assert_cmpuint (passage_at (list, 0)->first_page, ==, 77);
  }
  all = test_find (f->store, folder, "everywhere");
  g_assert_cmpuint (all->len, >, 0);
}

/* No character means anything, and nothing is too long. */
static void
test_text (TestStore *f, gconstpointer data)
{
  static const char *const odd[] = {
    "\"", "\"\"", "'", "*", "^", "(", ")", "NEAR(", "AND", "OR NOT", "a AND", "col:", "text:word", "-", "--", "+", "{a b}",
    "\\", "%", "_", "\xff\xfe", " ", "", "\t\n", "\"a", "a\"b\"c", "😀", "\xef\xb7\x90", "a*b*", "SELECT",
    "'; DROP TABLE passage; --", "🇵🇱 ł", "\u200b", "()()((", "rowid:1", "\xe0\xa5\x8d", "\xcc\x81", "京", "\xd9\xb0",
  };
  g_autofree char *folder = test_add_folder (f->store, "file:///a");
  g_autofree char *word = g_strnfill (1024 * 1024, 'a');
  g_autofree char *words = g_strnfill (1024 * 1024, 'b');
  g_autofree char *pairs = NULL;
  GString *many = g_string_new (NULL);

  test_put (f->store, folder, "d", "A \"quoted\" NEAR(word) AND OR NOT * ^ col:umn -dash", "DROP TABLE passage", NULL);
  for (guint i = 0; i < G_N_ELEMENTS (odd); i++)
    {
      g_autoptr (GPtrArray) list = test_find (f->store, folder, odd[i]);

      g_assert_nonnull (list);
    }
  expect (f->store, folder, "\"quoted\"", "1");
  expect (f->store, folder, "near(", "1");
  expect (f->store, folder, "'; DROP TABLE passage; --", "2");

  for (gsize i = 5; i < 1024 * 1024; i += 6)
    words[i] = ' ';
  for (guint i = 0; many->len < 1024 * 1024; i++)
    g_string_append_printf (many, "word%u ", i);
  g_string_append (many, "quoted umn dash near");
  pairs = g_strdup ("東京都");
  for (guint i = 0; i < 16; i++)
    {
      char *twice = g_strconcat (pairs, pairs, NULL);

      g_free (pairs);
      pairs = twice;
    }
  expect (f->store, folder, word, "");
  expect (f->store, folder, words, "");
  expect (f->store, folder, pairs, "");
  /* Its end is looked at, too. */
  expect (f->store, folder, many->str, "1");
  g_string_free (many, TRUE);
}

/* --- What is chosen --- */

static void
test_folders_asked (TestStore *f, gconstpointer data)
{
  g_autofree char *one = test_add_folder (f->store, "file:///1");
  g_autofree char *two = test_add_folder (f->store, "file:///2");
  g_autofree char *three = test_add_folder (f->store, "file:///3");
  g_autoptr (GPtrArray) both = NULL;
  g_autoptr (GPtrArray) none = NULL;

  test_put (f->store, one, "a", "An otter of one", NULL);
  test_put (f->store, two, "a", "An otter of two", NULL);
  test_put (f->store, three, "a", "An otter of three", NULL);
  both = test_find_in (f->store, (const char *[]) { three, one, three, "no id", NULL }, "otter", 10, 1000);
  g_assert_cmpuint (both->len, ==, 2);
  for (guint i = 0; i < both->len; i++)
    g_assert_cmpstr (passage_at (both, i)->folder, !=, two);
  none = test_find_in (f->store, (const char *[]) { NULL }, "otter", 10, 1000);
  g_assert_cmpuint (none->len, ==, 0);
}

static void
test_limits (TestStore *f, gconstpointer data)
{
  g_autofree char *folder = test_add_folder (f->store, "file:///a");
  const char *const folders[] = { folder, NULL };
  gsize size = 0;

  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *path = g_strdup_printf ("%u", i);
      g_autofree char *text = g_strdup_printf ("otter %u %s", i, i == 7 ? "otter otter and a very long text about it" : "");

      test_put (f->store, folder, path, text, NULL);
    }
  {
    g_autoptr (GPtrArray) few = test_find_in (f->store, folders, "otter", 3, 1000);
    g_autoptr (GPtrArray) least = test_find_in (f->store, folders, "otter", 0, 1000);
    g_autoptr (GPtrArray) small = test_find_in (f->store, folders, "otter", 20, 40);
    g_autoptr (GPtrArray) nothing = test_find_in (f->store, folders, "otter", 20, 0);

    g_assert_cmpuint (few->len, ==, 3);
    g_assert_cmpstr (passage_at (few, 0)->path, ==, "7");
    g_assert_cmpuint (least->len, ==, 1);
    g_assert_cmpuint (nothing->len, ==, 0);
    /* What is too long is left out, and what is short enough is not. */
    for (guint i = 0; i < small->len; i++)
      size += strlen (passage_at (small, i)->text);
    g_assert_cmpuint (small->len, >=, 3);
    g_assert_cmpuint (size, <=, 40);
  }
}

/* One document with many passages that fit does not take all places. */
static void
test_variety (TestStore *f, gconstpointer data)
{
  g_autofree char *folder = test_add_folder (f->store, "file:///a");
  const char *const folders[] = { folder, NULL };
  g_autoptr (GPtrArray) list = NULL;
  guint n_main = 0;

  test_put (f->store, folder, "main", "otter otter 1", "otter otter 2", "otter otter 3", "otter otter 4", "otter otter 5",
            "otter otter 6", NULL);
  test_put (f->store, folder, "other", "otter 7", NULL);
  test_put (f->store, folder, "third", "otter 8", NULL);
  list = test_find_in (f->store, folders, "otter", 5, 1000);
  g_assert_cmpuint (list->len, ==, 5);
  for (guint i = 0; i < list->len; i++)
    n_main += g_str_equal (passage_at (list, i)->path, "main");
  g_assert_cmpuint (n_main, ==, 3);
}

static void
test_overlap (TestStore *f, gconstpointer data)
{
  g_autofree char *folder = test_add_folder (f->store, "file:///a");
  g_autoptr (GPtrArray) list = NULL;

  test_put (f->store, folder, "d",
            "Animals\n\nThe otter swims. It eats fish in the morning,",
            "Animals\n\nIt eats fish in the morning, and the otter sleeps at noon.",
            "Animals\n\nAn otter does not overlap with what stands before.", NULL);
  test_put (f->store, folder, "copy", "Animals\n\nAn otter does not overlap with what stands before.", NULL);
  list = test_find (f->store, folder, "otter");
  g_assert_cmpuint (list->len, ==, 2);
  for (guint i = 0; i < list->len; i++)
    if (passage_at (list, i)->first_page == 1 && g_str_equal (passage_at (list, i)->path, "d"))
      {
        g_assert_cmpstr (passage_at (list, i)->text, ==,
                         "Animals\n\nThe otter swims. It eats fish in the morning, and the otter sleeps at noon.");
        g_assert_cmpuint (passage_at (list, i)->last_page, ==, 2);
      }
}

static void
test_cancelled (TestStore *f, gconstpointer data)
{
  g_autofree char *folder = test_add_folder (f->store, "file:///a");
  const char *const folders[] = { folder, NULL };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  sotto_store_find_passages_async (f->store, folders, "a", NULL, NULL, 10, 10, cancellable, test_ready, &result);
  g_assert_null (sotto_store_find_passages_finish (f->store, test_wait (&result), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  test_store_add ("/history/passages/quality", test_quality);
  test_store_add ("/history/passages/other-questions", test_other_questions);
  test_store_add ("/history/passages/forms", test_forms);
  test_store_add ("/history/passages/exact-form", test_exact_form);
  test_store_add ("/history/passages/scripts", test_scripts);
  test_store_add ("/history/passages/frequent", test_frequent);
  test_store_add ("/history/passages/text", test_text);
  test_store_add ("/history/passages/folders", test_folders_asked);
  test_store_add ("/history/passages/limits", test_limits);
  test_store_add ("/history/passages/variety", test_variety);
  test_store_add ("/history/passages/overlap", test_overlap);
  test_store_add ("/history/passages/cancelled", test_cancelled);
  return g_test_run ();
}
