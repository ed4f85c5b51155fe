/* The tokenizer "pairs": words, and pairs of characters where a script doesn't separate words
 *
 *   tokenize = 'pairs sotto unicode61 …'
 *
 * For the tokenizer inside, a line of Chinese is one word. This one cuts what comes from it into stretches of such
 * scripts and of others. Of the others it makes words; of 東京都 it makes 東京, 京都 and, so that each character begins
 * something, 都. A question for 東京都 asks for the two pairs alone. Korean separates words, but what a word ends with
 * changes, as in Japanese: pairs find it all the same.
 *
 * Vowel signs are parts of words in Indian scripts, so that the tokenizer inside is told to keep marks; those of Arabic
 * and Hebrew, which few people write, are left out here. */

#include "passage-tokenizer.h"

#include "outer-tokenizer.h"
#include "search-query.h"

#include <string.h>

/* As in schema.c, where it must not change without the index being made anew */
static const char *const arguments[] = {
  "sotto", "unicode61", "remove_diacritics", "2", "categories", "L* N* Co Mn Mc",
};

typedef struct {
  gpointer context;
  SottoOnToken token;
  gboolean is_question;
} Callback;

/* --- Cutting --- */

/* Invalid text comes from nowhere, but must not be read past its end. */
static const char *
next_character (const char *p, const char *end, gunichar *c)
{
  const gunichar got = g_utf8_get_char_validated (p, end - p);

  if (got >= (gunichar) -2)
    {
      *c = 0xfffd;
      return p + 1;
    }
  *c = got;
  return g_utf8_next_char (p);
}

static gboolean
is_left_out (gunichar c)
{
  return (c >= 0x0591 && c <= 0x05c7) || c == 0x0640 || c == 0x0670 || (c >= 0x064b && c <= 0x065f);
}

static int
give_word (Callback *self, const char *begin, const char *end, int from, int to)
{
  g_autofree char *word = NULL;
  char *out;
  gunichar c;

  for (const char *p = begin; p < end; )
    {
      const char *next = next_character (p, end, &c);

      if (is_left_out (c))
        {
          word = g_try_malloc ((gsize) (end - begin));
          if (word == NULL)
            return SQLITE_NOMEM;
          break;
        }
      p = next;
    }
  if (word == NULL)
    return self->token (self->context, 0, begin, (int) (end - begin), from, to);

  out = word;
  for (const char *p = begin; p < end; )
    {
      const char *next = next_character (p, end, &c);

      if (!is_left_out (c))
        out = (char *) memcpy (out, p, (gsize) (next - p)) + (next - p);
      p = next;
    }
  return out > word ? self->token (self->context, 0, word, (int) (out - word), from, to) : SQLITE_OK;
}

static int
give_pairs (Callback *self, const char *begin, const char *end, int from, int to)
{
  const char *p = begin;
  gunichar c;

  while (p < end)
    {
      const char *second = next_character (p, end, &c);
      const char *behind = second < end ? next_character (second, end, &c) : second;
      int code;

      if (second == end && p > begin && self->is_question)
        break;
      code = self->token (self->context, 0, p, (int) (behind - p), from, to);
      if (code != SQLITE_OK)
        return code;
      p = second;
    }
  return SQLITE_OK;
}

static int
on_token (void *data, int flags, const char *token, int size, int from, int to)
{
  Callback *self = data;
  const char *end = token + size;

  if (sotto_token_is_ascii (token, size))
    return self->token (self->context, flags, token, size, from, to);

  for (const char *p = token; p < end; )
    {
      const char *begin = p;
      gboolean pairs = FALSE;
      gunichar c;
      int code;

      for (const char *next; p < end; p = next)
        {
          gboolean unspaced;

          /* A mark belongs to what it stands behind. */
          next = next_character (p, end, &c);
          unspaced = g_unichar_ismark (c) && p > begin ? pairs : sotto_search_is_unspaced (c);
          if (p == begin)
            pairs = unspaced;
          else if (unspaced != pairs)
            break;
        }
      code = pairs ? give_pairs (self, begin, p, from, to) : give_word (self, begin, p, from, to);
      if (code != SQLITE_OK)
        return code;
    }
  return SQLITE_OK;
}

static int
tokenize (Fts5Tokenizer *tokenizer, void *context, int flags, const char *text, int size, SottoOnToken token)
{
  Callback callback = { context, token, (flags & FTS5_TOKENIZE_QUERY) != 0 };

  return sotto_outer_tokenizer_pass (tokenizer, &callback, flags, text, size, on_token);
}

gboolean
sotto_passage_tokenizer_register (SottoDatabase *database, GError **error)
{
  return sotto_outer_tokenizer_register (database, "pairs", tokenize, error);
}

/* --- Questions --- */

static int
collect (void *data, int flags, const char *token, int size, int from, int to)
{
  g_ptr_array_add (data, g_strndup (token, (gsize) size));
  return SQLITE_OK;
}

GPtrArray *
sotto_passage_tokenize (SottoDatabase *database, const char *text, GError **error)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new_with_free_func (g_free);
  fts5_api *api = sotto_fts5_get_api (database, error);
  Fts5Tokenizer *tokenizer = NULL;
  int code;

  if (api == NULL)
    return NULL;
  code = sotto_outer_tokenizer_create (api, (const char **) arguments, G_N_ELEMENTS (arguments), &tokenizer);
  if (code == SQLITE_OK)
    code = tokenize (tokenizer, words, FTS5_TOKENIZE_QUERY, text, (int) strlen (text), collect);
  if (tokenizer != NULL)
    sotto_outer_tokenizer_delete (tokenizer);
  if (code != SQLITE_OK)
    {
      sotto_database_fail (database, "tokenize", error);
      return NULL;
    }
  return g_steal_pointer (&words);
}

gboolean
sotto_passage_is_pair (const char *word)
{
  return sotto_search_is_unspaced (g_utf8_get_char (word));
}
