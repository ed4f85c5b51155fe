/* Drives grammars from other languages: reads one request a line, writes one answer a line.
 *
 *   grammar-say [MODEL]: with the vocabulary of that file, or with a small one of its own
 *
 *   {"schema" or "gbnf", "texts": […], "say": how often, "seed", "most": tokens}
 *   {"matches": [0 refused, 1 begins, 2 fits …], "said": [{"text", "whole", "tokens"}],
 *   "compile_us",
 *    "masks_us": [of each mask that was made]}, processor time
 *   or {"error": message}
 *
 * What is said is drawn as a model with random weights would: the highest of random logits, after
 * the mask. Once half of the tokens are used it takes what closes something, wherever that is
 * allowed. What was foreseen as certain has to come. */

#include "grammar/constraint.h"
#include "sotto-engine.h"
#include "sotto-model-private.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <yyjson.h>

/* --- A small vocabulary: every byte, an end, and tokens that cross borders of JSON --- */

static const char *const pieces[] = {
  "\",\"", "\": ", "{\"",      "\"}",      "},{",   "]}",       "true",     "fals",  "null",
  "00",    "123",  "-1",       "a\"",      "e\xc5", "\x82\x61", "\xc3\xb3", "\\u00", "\\n",
  ", ",    "  ",   "\n",       "ab",       "abc",   "Hello",    " the",     "0.",    "e+",
  "[]",    "[[",   "\xf0\x9f", "\x98\x80", "\",",   "1,",       "-0",       "]]",    "id",
  "name",  "\"a",  "2024-",    "::",       "@",     "http",
};

#define SMALL_END (256 + (gint) G_N_ELEMENTS (pieces))

static void
append_small (gpointer  user_data,
              gint32    token,
              GString  *out)
{
  if (token < 256)
    g_string_append_c (out, token);
  else if (token < SMALL_END)
    g_string_append (out, pieces[token - 256]);
}

static gboolean
is_small_end (gpointer user_data,
              gint32   token)
{
  return token == SMALL_END;
}

/* UTF-8, in which U+0000 may stand. */
static gboolean
is_utf8 (const char *text,
         gsize       length)
{
  const char *end;

  while (!g_utf8_validate_len (text, length, &end))
    {
      if ((gsize) (end - text) >= length || *end != '\0')
        return FALSE;
      length -= end + 1 - text;
      text = end + 1;
    }

  return TRUE;
}

/* --- Saying --- */

#define MOST_FORESEEN 40

/* Of this thread's own work: what else the machine does is left out. */
static gint64
now_us (void)
{
  struct timespec time;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &time);

  return time.tv_sec * G_USEC_PER_SEC + time.tv_nsec / 1000;
}

typedef struct {
  SottoTokenTrie *trie;
  GPtrArray *texts;          /* (element-type GString): of each token */
  guint n_logits;
  float *noise;              /* (2 * n_logits) */
  GArray *masks_us;          /* (element-type gint64) */
} Speaker;

/* A single byte that closes something, if one is allowed; else -1. */
static gint32
find_closer (const Speaker *self,
             const guint64 *mask)
{
  static const char closers[] = "\"]}";
  gint32 best = -1;
  guint best_rank = G_MAXUINT;

  for (guint i = 0; i < self->trie->n_tokens; i++)
    {
      const GString *text = g_ptr_array_index (self->texts, i);
      const char *found;

      if ((mask[i / 64] >> i % 64 & 1) == 0 || text->len != 1)
        continue;
      found = strchr (closers, text->str[0]);
      if (found != NULL && *found != '\0' && found - closers < (gssize) best_rank)
        {
          best = i;
          best_rank = found - closers;
        }
    }

  return best;
}

static gint32
draw (Speaker         *self,
      SottoConstraint *constraint,
      GRand           *rand,
      gboolean         hurry,
      GError         **error)
{
  gint64 begin = now_us ();
  const guint64 *mask = sotto_constraint_get_mask (constraint, error);
  gint64 took = now_us () - begin;
  const float *logits;
  gint32 best = -1;

  if (mask == NULL)
    return -1;
  g_array_append_val (self->masks_us, took);

  if (self->trie->ends->len > 0 && sotto_constraint_may_end (constraint) &&
      (hurry || g_rand_int_range (rand, 0, 3) == 0))
    return g_array_index (self->trie->ends, gint32, 0);
  if (hurry && (best = find_closer (self, mask)) >= 0)
    return best;

  logits = sotto_constraint_apply (
      constraint, self->noise + g_rand_int_range (rand, 0, self->n_logits), error);
  best = 0;
  for (guint i = 1; i < self->n_logits; i++)
    if (logits[i] > logits[best])
      best = i;

  return best;
}

/* @certain: what has to come behind @token, out of what had to come with it. Returns: FALSE: it did not come */
static gboolean
foresee (Speaker          *self,
         SottoConstraint  *constraint,
         gint32            token,
         GString          *certain,
         GError          **error)
{
  const GString *came = g_ptr_array_index (self->texts, token);
  g_autoptr (GString) text = g_string_new (NULL);
  gsize n = MIN (certain->len, came->len);
  gsize n_certain;

  if (memcmp (certain->str, came->str, n) != 0)
    {
      g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "“%s” was foreseen, “%s” came", certain->str, came->str);
      return FALSE;
    }

  g_string_erase (certain, 0, (gssize) n);
  n_certain = sotto_constraint_foresee (constraint, MOST_FORESEEN, text);
  g_string_truncate (text, n_certain);
  n = MIN (certain->len, text->len);
  if (memcmp (certain->str, text->str, n) != 0)
    {
      g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "“%s” was foreseen, “%s” later", certain->str, text->str);
      return FALSE;
    }
  if (text->len > certain->len)
    g_string_assign (certain, text->str);

  return TRUE;
}

static gboolean
say (Speaker        *self,
     SottoGrammar   *grammar,
     guint           seed,
     guint           most,
     yyjson_mut_doc *document,
     yyjson_mut_val *list,
     GError        **error)
{
  g_autoptr (SottoConstraint) constraint =
    sotto_constraint_new (grammar, self->trie, self->n_logits, error);
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GString) certain = g_string_new (NULL);
  yyjson_mut_val *said = yyjson_mut_obj (document);
  gboolean whole = FALSE;
  guint n = 0;

  if (constraint == NULL)
    return FALSE;
  for (; n < most && !whole; n++)
    {
      gint32 token = draw (self, constraint, rand, n >= most / 2, error);

      if (token < 0 || !sotto_constraint_accept (constraint, token, error)
          || !foresee (self, constraint, token, certain, error))
        return FALSE;
      self->trie->source.append_text (self->trie->source.user_data, token, text);
      whole = sotto_constraint_is_finished (constraint);
    }

  /* Bytes that are no UTF-8 (a character that was begun) are shown as what they are not. */
  if (is_utf8 (text->str, text->len))
    yyjson_mut_obj_add_strncpy (document, said, "text", text->str, text->len);
  else
    yyjson_mut_obj_add_null (document, said, "text");
  yyjson_mut_obj_add_bool (document, said, "whole", whole);
  yyjson_mut_obj_add_uint (document, said, "tokens", n);
  yyjson_mut_arr_append (list, said);

  return TRUE;
}

static gboolean
answer (Speaker        *self,
        yyjson_val     *request,
        yyjson_mut_doc *document,
        yyjson_mut_val *root,
        GError        **error)
{
  yyjson_val *schema = yyjson_obj_get (request, "schema");
  yyjson_val *gbnf = yyjson_obj_get (request, "gbnf");
  yyjson_mut_val *matches = yyjson_mut_arr (document);
  yyjson_mut_val *said = yyjson_mut_arr (document);
  yyjson_mut_val *times = yyjson_mut_arr (document);
  gint64 begin = now_us ();
  g_autoptr (SottoGrammar) grammar = schema != NULL
    ? sotto_grammar_new_json_schema (yyjson_get_str (schema), yyjson_get_len (schema), NULL, error)
    : sotto_grammar_new_gbnf (yyjson_get_str (gbnf), yyjson_get_len (gbnf), NULL, NULL, error);
  gint64 compiled = now_us ();
  guint seed = yyjson_get_uint (yyjson_obj_get (request, "seed"));
  gsize i, n;
  yyjson_val *text;

  if (grammar == NULL)
    return FALSE;

  yyjson_arr_foreach (yyjson_obj_get (request, "texts"), i, n, text) yyjson_mut_arr_add_int (
      document,
      matches,
      sotto_grammar_match (grammar, yyjson_get_str (text), yyjson_get_len (text)));

  g_array_set_size (self->masks_us, 0);
  for (guint k = 0; k < yyjson_get_uint (yyjson_obj_get (request, "say")); k++)
    if (!say (self,
              grammar,
              seed + k,
              yyjson_get_uint (yyjson_obj_get (request, "most")),
              document,
              said,
              error))
      return FALSE;

  yyjson_mut_obj_add_val (document, root, "matches", matches);
  yyjson_mut_obj_add_val (document, root, "said", said);
  yyjson_mut_obj_add_sint (document, root, "compile_us", compiled - begin);
  for (guint k = 0; k < self->masks_us->len; k++)
    yyjson_mut_arr_add_sint (document, times, g_array_index (self->masks_us, gint64, k));
  yyjson_mut_obj_add_val (document, root, "masks_us", times);

  return TRUE;
}

static void
handle (Speaker    *self,
        const char *line,
        gsize       length)
{
  yyjson_doc *request = yyjson_read (line, length, 0);
  yyjson_mut_doc *document = yyjson_mut_doc_new (NULL);
  yyjson_mut_val *root = yyjson_mut_obj (document);
  g_autoptr (GError) error = NULL;
  char *json;

  if (!answer (self, yyjson_doc_get_root (request), document, root, &error))
    {
      root = yyjson_mut_obj (document);
      yyjson_mut_obj_add_strcpy (document, root, "error", error->message);
    }
  yyjson_mut_doc_set_root (document, root);
  json = yyjson_mut_write (document, 0, NULL);
  puts (json);
  fflush (stdout);

  free (json);
  yyjson_mut_doc_free (document);
  yyjson_doc_free (request);
}

static void
free_text (gpointer text)
{
  g_string_free (text, TRUE);
}

static GPtrArray *
list_texts (const SottoTokenTrie *trie)
{
  GPtrArray *texts = g_ptr_array_new_with_free_func (free_text);

  for (guint i = 0; i < trie->n_tokens; i++)
    {
      g_ptr_array_add (texts, g_string_new (NULL));
      trie->source.append_text (trie->source.user_data, i, g_ptr_array_index (texts, i));
    }

  return texts;
}

int
main (int    argc,
      char **argv)
{
  SottoTokenSource source = { SMALL_END + 1, append_small, is_small_end, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoModel) model = NULL;
  g_autoptr (SottoTokenTrie) trie = NULL;
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  g_autofree float *noise = NULL;
  g_autoptr (GPtrArray) texts = NULL;
  g_autoptr (GArray) masks_us = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autofree char *line = NULL;
  Speaker self = { 0 };
  size_t room = 0;
  ssize_t length;

  setlocale (LC_ALL, "");
  if (argc > 1)
    {
      model = sotto_model_open (argv[1], NULL, NULL, NULL, &error);
      if (model != NULL)
        trie = sotto_token_trie_ref (sotto_model_get_token_trie (model, NULL, &error));
    }
  else
    {
      trie = sotto_token_trie_new (&source, NULL, &error);
    }
  if (trie == NULL)
    {
      fprintf (stderr, "grammar-say: %s\n", error->message);
      return 1;
    }

  self.trie = trie;
  self.texts = texts = list_texts (trie);
  self.masks_us = masks_us;
  self.n_logits = model != NULL ? sotto_model_get_info (model)->n_vocabulary : trie->n_tokens;
  noise = g_new (float, 2 * (gsize) self.n_logits);
  for (guint i = 0; i < 2 * self.n_logits; i++)
    noise[i] = g_rand_double (rand);
  self.noise = noise;

  while ((length = getline (&line, &room, stdin)) > 0)
    handle (&self, line, length);

  return 0;
}
