/* A question, taken apart
 *
 * Words change their ends: who asks for "umowy" means "umowa", too, and "contracts" means "contract". Which ends a language
 * has is not known here; a long word is therefore also asked for without its last letters, whatever comes in their place.
 * Numbers and pairs of characters (passage-tokenizer.c) are what they are.
 *
 * In languages with words the shortest ones are articles, prepositions and the like, and in a folder of few passages or of
 * many languages they are not frequent enough to be known by that. So short words count less. */

#include "passage-query.h"

#include "passage-tokenizer.h"

#include <string.h>

#define WORDS_MAX 64

static void
word_free (gpointer data)
{
  SottoPassageWord *word = data;

  g_free (word->text);
  g_free (word->exact);
  g_free (word->forms);
  g_free (word);
}

/* In double quotes FTS5 takes everything as text. A word has no quotes, as they are no letters. */
static char *
quote (const char *text, gsize length, const char *after)
{
  return g_strdup_printf ("\"%.*s\"%s", (int) length, text, after);
}

/* How many of so many letters may be an ending */
static glong
ending_of (glong n_letters)
{
  if (n_letters < 5)
    return 0;
  return n_letters < 7 ? 1 : n_letters < 10 ? 2 : 3;
}

static gboolean
has_digit (const char *text)
{
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    if (g_unichar_isdigit (g_utf8_get_char (p)))
      return TRUE;
  return FALSE;
}

static double
value_of (const char *text, glong n_letters)
{
  static const double values[] = { 0, 0.25, 0.4, 0.6, 0.8 };

  if (n_letters >= (glong) G_N_ELEMENTS (values) || has_digit (text) || sotto_passage_is_pair (text))
    return 1;
  return values[n_letters];
}

static SottoPassageWord *
word_new (const char *text)
{
  SottoPassageWord *word = g_new0 (SottoPassageWord, 1);
  const glong n = g_utf8_strlen (text, -1);

  word->text = g_strdup (text);
  word->value = value_of (text, n);
  /* Alone, a character begins what is found. */
  word->exact = quote (text, strlen (text), sotto_passage_is_pair (text) && n == 1 ? " *" : "");
  if (!sotto_passage_is_pair (text) && n >= 4 && !has_digit (text))
    word->forms = quote (text, (gsize) (g_utf8_offset_to_pointer (text, n - ending_of (n)) - text), " *");
  return word;
}

GPtrArray *
sotto_passage_query_parse (SottoDatabase *database, const char *question, GError **error)
{
  g_autoptr (GPtrArray) all = sotto_passage_tokenize (database, question, error);
  g_autoptr (GPtrArray) words = NULL;
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  if (all == NULL)
    return NULL;

  words = g_ptr_array_new_with_free_func (word_free);
  for (guint i = 0; i < all->len && words->len < WORDS_MAX / 2; i++)
    if (g_hash_table_add (seen, g_ptr_array_index (all, i)))
      g_ptr_array_add (words, word_new (g_ptr_array_index (all, i)));
  /* Those in front are seen. */
  for (guint i = all->len; i > 0 && words->len < WORDS_MAX; i--)
    if (g_hash_table_add (seen, g_ptr_array_index (all, i - 1)))
      g_ptr_array_add (words, word_new (g_ptr_array_index (all, i - 1)));
  return g_steal_pointer (&words);
}
