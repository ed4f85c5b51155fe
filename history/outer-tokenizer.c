#include "outer-tokenizer.h"

fts5_api *
sotto_fts5_get_api (SottoDatabase *database, GError **error)
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

int
sotto_outer_tokenizer_create (void *context, const char **words, int n_words, Fts5Tokenizer **made)
{
  fts5_api *api = context;
  SottoOuterTokenizer *self;
  void *inner_context;
  int code;

  if (n_words < 1)
    return SQLITE_ERROR;

  self = g_new0 (SottoOuterTokenizer, 1);
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

void
sotto_outer_tokenizer_delete (Fts5Tokenizer *tokenizer)
{
  SottoOuterTokenizer *self = (SottoOuterTokenizer *) tokenizer;

  if (self->tokenizer != NULL)
    self->inner.xDelete (self->tokenizer);
  g_free (self);
}

int
sotto_outer_tokenizer_pass (Fts5Tokenizer *tokenizer, void *context, int flags, const char *text, int size,
                            SottoOnToken on_token)
{
  SottoOuterTokenizer *self = (SottoOuterTokenizer *) tokenizer;

  return self->inner.xTokenize (self->tokenizer, context, flags, text, size, on_token);
}

gboolean
sotto_outer_tokenizer_register (SottoDatabase *database, const char *name, SottoTokenize tokenize, GError **error)
{
  fts5_api *api = sotto_fts5_get_api (database, error);
  fts5_tokenizer ours = { sotto_outer_tokenizer_create, sotto_outer_tokenizer_delete, tokenize };

  if (api == NULL)
    return FALSE;
  if (api->xCreateTokenizer (api, name, api, &ours, NULL) != SQLITE_OK)
    {
      sotto_database_fail (database, "fts5", error);
      return FALSE;
    }
  return TRUE;
}

gboolean
sotto_token_is_ascii (const char *token, int size)
{
  for (int i = 0; i < size; i++)
    if ((token[i] & 0x80) != 0)
      return FALSE;
  return TRUE;
}
