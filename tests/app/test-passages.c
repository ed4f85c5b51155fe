#include "sotto-app.h"

#include "document/passages.h"

#include <string.h>

/* Documents cut into passages. */

static void
page_free (gpointer data)
{
  SottoDocumentPage *page = data;

  g_free (page->text);
  g_free (page);
}

static void
add_page (GPtrArray *pages, guint number, const char *text)
{
  SottoDocumentPage *page = g_new0 (SottoDocumentPage, 1);

  page->number = number;
  page->text = g_strdup (text);
  g_ptr_array_add (pages, page);
}

static GPtrArray *
cut (const char *text)
{
  g_autoptr (GPtrArray) pages = g_ptr_array_new_with_free_func (page_free);

  add_page (pages, 0, text);
  return sotto_passages_cut (pages);
}

static const char *
get_text (GPtrArray *passages, guint position)
{
  g_assert_cmpuint (position, <, passages->len);
  return ((const SottoHistoryPassage *) g_ptr_array_index (passages, position))->text;
}

static void
assert_lengths (GPtrArray *passages)
{
  for (guint i = 0; i < passages->len; i++)
    {
      g_assert_true (g_utf8_validate (get_text (passages, i), -1, NULL));
      g_assert_cmpuint (strlen (get_text (passages, i)), <=, SOTTO_PASSAGE_MOST_BYTES);
    }
}

/* @n sentences, each with its number, so that none can be lost unseen */
static char *
create_sentences (const char *subject, guint n)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < n; i++)
    g_string_append_printf (text, "%s number %u was read aloud in the market, as the law wanted it. ", subject, i);
  return g_string_free_and_steal (g_steal_pointer (&text));
}

static void
assert_sentences (GPtrArray *passages, const char *subject, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *sentence = g_strdup_printf ("%s number %u was read aloud in the market, as the law wanted it.",
                                                   subject, i);
      gboolean found = FALSE;

      for (guint j = 0; !found && j < passages->len; j++)
        found = strstr (get_text (passages, j), sentence) != NULL;
      if (!found)
        g_test_message ("lost, or cut in two: %s", sentence);
      g_assert_true (found);
    }
}

static void
test_nothing (void)
{
  const char *none[] = { "", "\n\n \t\n", "---\n***\n…", NULL };

  for (guint i = 0; none[i] != NULL; i++)
    {
      g_autoptr (GPtrArray) passages = cut (none[i]);

      g_assert_cmpuint (passages->len, ==, 0);
    }
}

static void
test_short (void)
{
  g_autoptr (GPtrArray) passages = cut ("A single line.\n");

  g_assert_cmpuint (passages->len, ==, 1);
  g_assert_cmpstr (get_text (passages, 0), ==, "A single line.");
}

static void
test_sentences (void)
{
  g_autofree char *text = create_sentences ("Law", 200);
  g_autoptr (GPtrArray) passages = cut (text);
  g_autofree char *again = NULL;

  g_assert_cmpuint (passages->len, >, 10);
  g_assert_cmpuint (passages->len, <, 20);
  assert_lengths (passages);
  assert_sentences (passages, "Law", 200);
  /* One sentence stands in two of them. */
  g_assert_true (g_str_has_prefix (get_text (passages, 1), "Law number "));
  again = g_strndup (get_text (passages, 1), 20);
  g_assert_nonnull (strstr (get_text (passages, 0), again));
}

static void
test_paragraphs (void)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GPtrArray) passages = NULL;

  for (guint i = 0; i < 30; i++)
    {
      g_autofree char *paragraph = create_sentences ("Rule", 4);

      g_string_append_printf (text, "Paragraph %u. %s\n\n", i, paragraph);
    }
  passages = cut (text->str);
  assert_lengths (passages);
  for (guint i = 0; i < passages->len; i++)
    {
      g_assert_true (g_str_has_prefix (get_text (passages, i), "Paragraph "));
      g_assert_cmpuint (strlen (get_text (passages, i)), >, 400);
    }
}

static void
test_headings (void)
{
  g_autofree char *long_text = create_sentences ("Tax", 30);
  g_autofree char *text = g_strdup_printf ("# Statutes\n\nA word before.\n\n## Taxes\n\n%s\n\n## Feasts\n\n%s", long_text,
                                           "There are three feasts.");
  g_autoptr (GPtrArray) passages = cut (text);
  const char *last;

  assert_lengths (passages);
  assert_sentences (passages, "Tax", 30);
  g_assert_true (g_str_has_prefix (get_text (passages, 0), "# Statutes\nA word before.\n\n## Taxes\nTax number 0"));
  for (guint i = 1; i + 1 < passages->len; i++)
    g_assert_true (g_str_has_prefix (get_text (passages, i), "# Statutes\n## Taxes\n\nTax number"));
  /* No heading stands alone, or at an end. */
  last = get_text (passages, passages->len - 1);
  g_assert_true (g_str_has_suffix (last, "## Feasts\nThere are three feasts."));
}

static void
test_underlined (void)
{
  g_autofree char *text = create_sentences ("Fish", 20);
  g_autofree char *document = g_strdup_printf ("Rivers\n======\n\n%s\n\nLakes\n-----\n\nThe lakes are %s", text, "deep.");
  g_autoptr (GPtrArray) passages = cut (document);

  g_assert_true (g_str_has_prefix (get_text (passages, 0), "Rivers\nFish number 0"));
  g_assert_true (g_str_has_prefix (get_text (passages, 1), "Rivers\n"));
  g_assert_nonnull (strstr (get_text (passages, passages->len - 1), "Lakes\nThe lakes are deep."));
}

static void
test_table (void)
{
  g_autoptr (GString) text = g_string_new ("Before.\n\n| name | born | what for |\n|---|---|---|\n");
  g_autoptr (GPtrArray) passages = NULL;

  for (guint i = 0; i < 80; i++)
    g_string_append_printf (text, "| person %u | %u | a quality that is told in some words |\n", i, 1800 + i);
  passages = cut (text->str);

  assert_lengths (passages);
  g_assert_cmpuint (passages->len, >, 3);
  for (guint i = 0; i < passages->len; i++)
    {
      g_auto (GStrv) lines = g_strsplit (get_text (passages, i), "\n", -1);

      g_assert_nonnull (strstr (get_text (passages, i), "| name | born | what for |\n|---|---|---|"));
      for (guint j = 0; lines[j] != NULL; j++)
        if (g_str_has_prefix (lines[j], "| person"))
          g_assert_true (g_str_has_suffix (lines[j], "words |"));
    }
}

static void
test_values (void)
{
  g_autoptr (GString) text = g_string_new ("name,town,year\n");
  g_autoptr (GPtrArray) passages = NULL;

  for (guint i = 0; i < 200; i++)
    g_string_append_printf (text, "somebody %u,Trondheim. Old town,%u\n", i, 1900 + i);
  passages = cut (text->str);
  assert_lengths (passages);
  for (guint i = 0; i < passages->len; i++)
    {
      g_auto (GStrv) lines = g_strsplit (get_text (passages, i), "\n", -1);

      g_assert_cmpstr (lines[0], ==, "name,town,year");
      for (guint j = 1; lines[j] != NULL; j++)
        if (*lines[j] != '\0')
          g_assert_true (g_str_has_prefix (lines[j], "somebody "));
    }
}

static void
test_list (void)
{
  g_autoptr (GString) text = g_string_new ("What to bring:\n\n");
  g_autoptr (GPtrArray) passages = NULL;

  for (guint i = 0; i < 60; i++)
    g_string_append_printf (text, "- thing %u, which is wrapped\n  over two lines, the second one indented\n", i);
  passages = cut (text->str);
  assert_lengths (passages);
  for (guint i = 0; i < passages->len; i++)
    g_assert_true (g_str_has_suffix (get_text (passages, i), "indented"));
}

static void
test_pages (void)
{
  g_autoptr (GPtrArray) pages = g_ptr_array_new_with_free_func (page_free);
  g_autoptr (GPtrArray) passages = NULL;

  for (guint i = 1; i <= 12; i++)
    {
      g_autofree char *subject = g_strdup_printf ("Clause %u.", i);
      g_autofree char *sentences = create_sentences (subject, 9);
      g_autofree char *text = g_strdup_printf ("Annual Report of the Lighthouses\n%s\nPage %u of 12", sentences, i);

      add_page (pages, i, text);
    }
  passages = sotto_passages_cut (pages);
  assert_lengths (passages);
  for (guint i = 0; i < passages->len; i++)
    {
      const SottoHistoryPassage *passage = g_ptr_array_index (passages, i);

      /* It heads those of the next pages, and stands in the midst of none. */
      if (passage->first_page < 6)
        g_assert_true (g_str_has_prefix (passage->text, "Annual Report"));
      g_assert_null (strstr (passage->text + 1, "Annual Report"));
      g_assert_null (strstr (passage->text, "of 12"));
      g_assert_cmpuint (passage->first_page, >=, 1);
      g_assert_cmpuint (passage->last_page, >=, passage->first_page);
      g_assert_cmpuint (passage->last_page, <=, 12);
      for (guint page = passage->first_page; page <= passage->last_page; page++)
        {
          g_autofree char *subject = g_strdup_printf ("Clause %u. number", page);

          g_assert_nonnull (strstr (passage->text, subject));
        }
    }
}

/* A paragraph that the end of a page cuts */
static void
test_across_pages (void)
{
  g_autoptr (GPtrArray) pages = g_ptr_array_new_with_free_func (page_free);
  g_autoptr (GPtrArray) passages = NULL;
  const SottoHistoryPassage *passage;

  add_page (pages, 3, "The rent is due on the first day of each month, and has to be paid without\nbeing asked for by");
  add_page (pages, 4, "the tenant, who may choose in which way it is paid as long as it arrives.");
  passages = sotto_passages_cut (pages);
  g_assert_cmpuint (passages->len, ==, 1);
  passage = g_ptr_array_index (passages, 0);
  g_assert_cmpuint (passage->first_page, ==, 3);
  g_assert_cmpuint (passage->last_page, ==, 4);
  g_assert_nonnull (strstr (passage->text, "asked for by the tenant"));
}

/* Sentences of other scripts, and none at all */
static void
test_scripts (void)
{
  const struct {
    const char *sentence;
    const char *end;
  } scripts[] = {
    { "灯台守は毎時の天気を帳面に書いた。", "。" },
    { "यह एक वाक्य है जो बाज़ार में पढ़ा गया। ", "।" },
    { "هل قرأ الحارس كل ساعة حالة الطقس؟ ", "؟" },
    { "Смотритель маяка записывал погоду каждый час. ", "." },
    { "ภาษาไทยเขียนโดยไม่มีช่องว่างระหว่างคำและไม่มีจุด", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (scripts); i++)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      g_autoptr (GPtrArray) passages = NULL;

      for (guint j = 0; j < 100; j++)
        g_string_append (text, scripts[i].sentence);
      passages = cut (text->str);
      g_assert_cmpuint (passages->len, >, 3);
      assert_lengths (passages);
      for (guint j = 0; scripts[i].end != NULL && j < passages->len; j++)
        g_assert_true (g_str_has_suffix (get_text (passages, j), scripts[i].end));
    }
}

/* What shortens a word ends no sentence. */
static void
test_shortened (void)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GPtrArray) passages = NULL;

  for (guint i = 0; i < 100; i++)
    g_string_append (text, "In 1723 J. S. Bach moved, e.g. with all his scores, to the 3. Floor of a house in Leipzig. ");
  passages = cut (text->str);
  for (guint i = 0; i < passages->len; i++)
    g_assert_true (g_str_has_suffix (get_text (passages, i), "Leipzig."));
}

/* Whatever it is, it takes no longer than its length lets one expect. */
static void
test_large (void)
{
  const char *pieces[] = { "word ", "!", "a\xcc\x81", "- ", "| a ", "# x\n", "A\n\n", "1. ", "```\n", "\t", "\n", NULL };

  for (guint i = 0; pieces[i] != NULL; i++)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      g_autoptr (GPtrArray) passages = NULL;
      gint64 begin;

      while (text->len < 2 * 1024 * 1024)
        g_string_append (text, pieces[i]);
      g_string_append (text, " The end");
      begin = g_get_monotonic_time ();
      passages = cut (text->str);
      g_test_message ("2 MiB of “%s”: %u passages, %" G_GINT64_FORMAT " ms", pieces[i], passages->len,
                      (g_get_monotonic_time () - begin) / 1000);
      assert_lengths (passages);
      g_assert_cmpint (g_get_monotonic_time () - begin, <, 20 * G_USEC_PER_SEC);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/passages/nothing", test_nothing);
  g_test_add_func ("/passages/short", test_short);
  g_test_add_func ("/passages/sentences", test_sentences);
  g_test_add_func ("/passages/paragraphs", test_paragraphs);
  g_test_add_func ("/passages/headings", test_headings);
  g_test_add_func ("/passages/underlined", test_underlined);
  g_test_add_func ("/passages/table", test_table);
  g_test_add_func ("/passages/values", test_values);
  g_test_add_func ("/passages/list", test_list);
  g_test_add_func ("/passages/pages", test_pages);
  g_test_add_func ("/passages/across-pages", test_across_pages);
  g_test_add_func ("/passages/scripts", test_scripts);
  g_test_add_func ("/passages/shortened", test_shortened);
  g_test_add_func ("/passages/large", test_large);

  return g_test_run ();
}
