/* The tokenizer "sotto"
 *
 * SQLite's tokenizers fold case and take off the diacritics of Latin letters that Unicode can take
 * apart (ó, č, ş). They leave letters that are one piece for Unicode and a variant for the person
 * who searches: a Pole types "lodz" for Łódź, a Serb "dak" for đak; and they leave Greek and
 * Cyrillic letters with marks. This tokenizer stands around another,
 *
 *   tokenize = 'sotto unicode61 remove_diacritics 2'
 *
 * and changes such letters in what that one gives out. Positions stay, so snippets mark the text as
 * it was written. Letters change one to one, so that the trigrams stay trigrams. */

#include "search-tokenizer.h"

#include "outer-tokenizer.h"

typedef struct {
  gpointer context;
  SottoOnToken token;
} Callback;

/* The inner tokenizers have made these small letters already, and have folded Latin ones. Returns
 * a letter of at most two bytes. */
static gunichar
fold_letter (gunichar c)
{
  gunichar parts[4];

  switch (c)
    {
    case 0x0142: return 'l'; /* ł Polish */
    case 0x0111: return 'd'; /* đ Serbian, Croatian, Vietnamese */
    case 0x00f0: return 'd'; /* ð Icelandic */
    case 0x00f8: return 'o'; /* ø Danish, Norwegian */
    case 0x0131: return 'i'; /* ı Turkish */
    case 0x0127: return 'h'; /* ħ Maltese */
    case 0x0167: return 't'; /* ŧ Northern Sami */
    case 0x017f: return 's'; /* ſ old German */
    case 0x03c2: return 0x03c3; /* ς, a σ at the end of a Greek word */
    case 0x0439: return c; /* й is no и */
    default: break;
    }

  /* Greek and Cyrillic letters with marks: ό, ё, ї */
  if (c >= 0x0370 && c < 0x0530 &&
      g_unichar_fully_decompose (c, FALSE, parts, G_N_ELEMENTS (parts)) > 1)
    return parts[0];
  return c;
}

static int
on_token (void *data, int flags, const char *token, int size, int start, int end)
{
  Callback *callback = data;
  char short_text[64];
  char *long_text = NULL;
  char *folded = short_text;
  int out = 0;
  int result;

  if (sotto_token_is_ascii (token, size))
    return callback->token (callback->context, flags, token, size, start, end);

  if ((gsize) size > sizeof short_text)
    {
      folded = long_text = g_try_malloc ((gsize) size);
      if (folded == NULL)
        return SQLITE_NOMEM;
    }

  /* Letters only become shorter, so the result fits where the token fits. */
  for (int i = 0; i < size; )
    {
      guint8 first = (guint8) token[i];

      if ((first & 0xe0) == 0xc0 && i + 1 < size)
        {
          gunichar c = ((gunichar) (first & 0x1f) << 6) | ((guint8) token[i + 1] & 0x3f);

          out += g_unichar_to_utf8 (MIN (fold_letter (c), 0x7ff), folded + out);
          i += 2;
        }
      else
        folded[out++] = token[i++];
    }

  result = callback->token (callback->context, flags, folded, out, start, end);
  g_free (long_text);
  return result;
}

static int
tokenize (Fts5Tokenizer *tokenizer, void *context, int flags, const char *text, int size, SottoOnToken token)
{
  Callback callback = { context, token };

  return sotto_outer_tokenizer_pass (tokenizer, &callback, flags, text, size, on_token);
}

gboolean
sotto_search_tokenizer_register (SottoDatabase *database, GError **error)
{
  return sotto_outer_tokenizer_register (database, "sotto", tokenize, error);
}
