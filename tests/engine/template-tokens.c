/* Drives what comes behind a chat template from other languages: the control tokens that a rendered prompt
 * becomes. Reads one request a line, writes one answer a line.
 *
 *   {"controls": [text, …], "files": [path, …]}
 *     the tokenizers from here on: one of each kind with these control tokens (every-tokenizer.h), and
 *     those of GGUF files
 *   {}
 *   {"text", "spans": [[bytes, trusted], …]}, as template-render answers
 *   {"names": [name, …], "tokens": [[number, …], …]}: by tokenizer, the control tokens in their order
 */

#include "every-tokenizer.h"
#include "format/gguf.h"

#include <stdio.h>
#include <yyjson.h>

typedef struct {
  GPtrArray *names;
  GPtrArray *tokenizers; /* those of files are kept in opened */
  GHashTable *opened;    /* path to tokenizer: opening one takes as long as a hundred prompts */
} Tokenizers;

static SottoTokenizer *
open_file (Tokenizers *self, const char *path)
{
  SottoTokenizer *tokenizer = g_hash_table_lookup (self->opened, path);
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoGguf) gguf = NULL;

  if (tokenizer != NULL)
    return tokenizer;

  gguf = sotto_gguf_open (path, NULL, NULL, NULL, &error);
  tokenizer = gguf != NULL ? sotto_tokenizer_new (gguf, &error) : NULL;
  if (tokenizer == NULL)
    fprintf (stderr, "template-tokens: %s\n", error->message);
  else
    g_hash_table_insert (self->opened, g_strdup (path), tokenizer);

  return tokenizer;
}

static void
clear (Tokenizers *self)
{
  for (guint i = 0; i < self->tokenizers->len && i < EVERY_TOKENIZER_KINDS; i++)
    sotto_tokenizer_free (g_ptr_array_index (self->tokenizers, i));
  g_ptr_array_set_size (self->names, 0);
  g_ptr_array_set_size (self->tokenizers, 0);
}

static gboolean
load (Tokenizers *self, yyjson_val *controls, yyjson_val *files)
{
  g_autoptr (GPtrArray) texts = g_ptr_array_new ();
  SottoTokenizer *made[EVERY_TOKENIZER_KINDS];

  clear (self);
  for (gsize i = 0; i < yyjson_arr_size (controls); i++)
    g_ptr_array_add (texts, (char *) yyjson_get_str (yyjson_arr_get (controls, i)));
  every_tokenizer_new ((const char *const *) texts->pdata, texts->len, made);
  for (guint i = 0; i < EVERY_TOKENIZER_KINDS; i++)
    {
      g_ptr_array_add (self->names, g_strdup (every_tokenizer_names[i]));
      g_ptr_array_add (self->tokenizers, made[i]);
    }

  for (gsize i = 0; i < yyjson_arr_size (files); i++)
    {
      const char *path = yyjson_get_str (yyjson_arr_get (files, i));
      SottoTokenizer *tokenizer = open_file (self, path);

      if (tokenizer == NULL)
        return FALSE;
      g_ptr_array_add (self->names, g_path_get_basename (path));
      g_ptr_array_add (self->tokenizers, tokenizer);
    }

  return TRUE;
}

static void
add_tokens (const SottoTokenizer *tokenizer,
            const GArray         *spans,
            yyjson_mut_doc       *document,
            yyjson_mut_val       *list)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint32));
  yyjson_mut_val *numbers = yyjson_mut_arr_add_arr (document, list);

  sotto_tokenizer_encode (tokenizer, (const SottoSpan *) (gpointer) spans->data, spans->len, ids);
  for (guint i = 0; i < ids->len; i++)
    {
      gint32 id = g_array_index (ids, gint32, i);

      if (sotto_tokenizer_is_control (tokenizer, id) && id != sotto_tokenizer_get_unknown (tokenizer))
        yyjson_mut_arr_add_int (document, numbers, id);
    }
}

static void
encode (const Tokenizers *self, yyjson_val *request, yyjson_mut_doc *document, yyjson_mut_val *root)
{
  g_autoptr (GArray) spans = g_array_new (FALSE, FALSE, sizeof (SottoSpan));
  yyjson_val *lengths = yyjson_obj_get (request, "spans");
  yyjson_mut_val *names = yyjson_mut_obj_add_arr (document, root, "names");
  yyjson_mut_val *tokens = yyjson_mut_obj_add_arr (document, root, "tokens");
  const char *text = yyjson_get_str (yyjson_obj_get (request, "text"));

  for (gsize i = 0; i < yyjson_arr_size (lengths); i++)
    {
      yyjson_val *pair = yyjson_arr_get (lengths, i);
      SottoSpan span = { text, yyjson_get_uint (yyjson_arr_get_first (pair)),
                         yyjson_get_bool (yyjson_arr_get_last (pair)) };

      g_array_append_val (spans, span);
      text += span.length;
    }
  for (guint i = 0; i < self->tokenizers->len; i++)
    {
      yyjson_mut_arr_add_strcpy (document, names, g_ptr_array_index (self->names, i));
      add_tokens (g_ptr_array_index (self->tokenizers, i), spans, document, tokens);
    }
}

static gboolean
answer (Tokenizers *self, yyjson_val *request)
{
  yyjson_val *controls = yyjson_obj_get (request, "controls");
  yyjson_mut_doc *document = yyjson_mut_doc_new (NULL);
  yyjson_mut_val *root = yyjson_mut_obj (document);
  gboolean done = TRUE;
  char *line;

  yyjson_mut_doc_set_root (document, root);
  if (controls != NULL)
    done = load (self, controls, yyjson_obj_get (request, "files"));
  else
    encode (self, request, document, root);

  line = yyjson_mut_write (document, 0, NULL);
  puts (line);
  fflush (stdout);
  free (line);
  yyjson_mut_doc_free (document);

  return done;
}

int
main (void)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) tokenizers = g_ptr_array_new ();
  g_autoptr (GHashTable) opened =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) sotto_tokenizer_free);
  Tokenizers self = { names, tokenizers, opened };
  char *line = NULL;
  size_t capacity = 0;
  ssize_t length;
  gboolean done = TRUE;

  while (done && (length = getline (&line, &capacity, stdin)) > 0)
    {
      yyjson_doc *document = yyjson_read (line, (size_t) length, 0);

      done = document != NULL && answer (&self, yyjson_doc_get_root (document));
      yyjson_doc_free (document);
    }
  free (line);
  clear (&self);

  return done ? 0 : 1;
}
