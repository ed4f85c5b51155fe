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

#include "history-error.h"

typedef struct {
  fts5_tokenizer inner;
  Fts5Tokenizer *tokenizer;
} Tokenizer;

typedef struct {
  gpointer context;
  int (*token) (void *, int, const char *, int, int, int);
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

static gboolean
is_ascii (const char *text, int size)
{
  for (int i = 0; i < size; i++)
    if ((text[i] & 0x80) != 0)
      return FALSE;
  return TRUE;
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

  if (is_ascii (token, size))
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
tokenize (Fts5Tokenizer *tokenizer,
          void          *context,
          int            flags,
          const char    *text,
          int            size,
          int          (*token) (void *, int, const char *, int, int, int))
{
  Tokenizer *self = (Tokenizer *) tokenizer;
  Callback callback = { context, token };

  return self->inner.xTokenize (self->tokenizer, &callback, flags, text, size, on_token);
}

static void
delete (Fts5Tokenizer *tokenizer)
{
  Tokenizer *self = (Tokenizer *) tokenizer;

  if (self->tokenizer != NULL)
    self->inner.xDelete (self->tokenizer);
  g_free (self);
}

static int
create (void *context, const char **words, int n_words, Fts5Tokenizer **made)
{
  fts5_api *api = context;
  Tokenizer *self;
  void *inner_context;
  int code;

  if (n_words < 1)
    return SQLITE_ERROR;

  self = g_new0 (Tokenizer, 1);
  code = api->xFindTokenizer (api, words[0], &inner_context, &self->inner);
  if (code == SQLITE_OK)
    code = self->inner.xCreate (inner_context, words + 1, n_words - 1, &self->tokenizer);
  if (code != SQLITE_OK)
    {
      g_free (self);
      return code;
    }

  *made = (Fts5Tokenizer *) self;
  return SQLITE_OK;
}

fts5_api *
sotto_search_get_api (SottoDatabase *database, GError **error)
{
  sqlite3 *handle = sotto_database_get_handle (database);
  sqlite3_stmt *statement = NULL;
  fts5_api *api = NULL;

  if (sqlite3_prepare_v2 (handle, "SELECT fts5(?1)", -1, &statement, NULL) == SQLITE_OK &&
      sqlite3_bind_pointer (statement, 1, &api, "fts5_api_ptr", NULL) == SQLITE_OK)
    sqlite3_step (statement);
  sqlite3_finalize (statement);

  if (api == NULL)
    sotto_database_fail (database, "fts5", error);
  return api;
}

gboolean
sotto_search_tokenizer_register (SottoDatabase *database, GError **error)
{
  fts5_api *api = sotto_search_get_api (database, error);
  fts5_tokenizer ours = { create, delete, tokenize };

  if (api == NULL)
    return FALSE;
  if (api->xCreateTokenizer (api, "sotto", api, &ours, NULL) != SQLITE_OK)
    {
      sotto_database_fail (database, "fts5", error);
      return FALSE;
    }
  return TRUE;
}
