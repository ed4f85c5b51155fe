/* logits, perplexity: what a model makes of given tokens. */

#include "tool.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- logits --- */

typedef struct {
  FILE *file;
  const char *path;
  guint n_vocabulary;
} Output;

static gboolean
set_file_error (GError     **error,
                const char  *path)
{
  int saved = errno;

  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (saved), "%s: %s", path,
               g_strerror (saved));

  return FALSE;
}

static gboolean
write_logits (guint         first,
              guint         n_tokens,
              const float  *logits,
              gpointer      user_data,
              GError      **error)
{
  Output *output = user_data;
  gsize n = (gsize) n_tokens * output->n_vocabulary;

#if G_BYTE_ORDER != G_LITTLE_ENDIAN
  for (gsize i = 0; i < n; i++)
    {
      guint32 bits;

      memcpy (&bits, &logits[i], sizeof bits);
      bits = GUINT32_TO_LE (bits);
      if (fwrite (&bits, sizeof bits, 1, output->file) != 1)
        return set_file_error (error, output->path);
    }
#else
  if (fwrite (logits, sizeof (float), n, output->file) != n)
    return set_file_error (error, output->path);
#endif

  return TRUE;
}

static gboolean
write_all_logits (SottoSession  *session,
                  const GArray  *tokens,
                  const char    *path,
                  GError       **error)
{
  Output output = {
    .file = fopen (path, "wb"),
    .path = path,
    .n_vocabulary = sotto_model_get_info (sotto_session_get_model (session))->n_vocabulary,
  };
  gboolean done;

  if (output.file == NULL)
    return set_file_error (error, path);

  done = sotto_session_evaluate (session, (const gint32 *) (gpointer) tokens->data, tokens->len,
                                 write_logits, &output, NULL, error);
  if (fclose (output.file) != 0 && done)
    done = set_file_error (error, path);

  return done;
}

gboolean
tool_logits (char   **arguments,
             GError **error)
{
  g_auto (ToolCompute) compute = { 0 };
  g_autofree char *list = NULL;
  g_autofree char *path = NULL;
  const GOptionEntry entries[] = {
    { "tokens", 0, 0, G_OPTION_ARG_STRING, &list, "Token ids", "1,2,3" },
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &path, "Where to write", "FILE" },
    TOOL_COMPUTE_ENTRIES (compute),
    G_OPTION_ENTRY_NULL
  };
  const ToolUsage usage = {
    "MODEL",
    "Writes the logits behind each token: little-endian float32, tokens × vocabulary.",
    entries, 1, 1,
  };
  g_auto (GStrv) rest = tool_parse (&usage, arguments, error);
  g_autoptr (SottoModel) model = NULL;
  g_autoptr (SottoBackend) backend = NULL;
  g_autoptr (SottoSession) session = NULL;
  g_autoptr (GArray) tokens = NULL;
  SottoKvType kv_type;

  if (rest == NULL || !tool_get_kv_type (&compute, &kv_type, error))
    return FALSE;
  if (list == NULL || path == NULL)
    return tool_misuse (error, "logits needs --tokens 1,2,3 and --output FILE");

  model = tool_open_model (rest[0], error);
  tokens = model != NULL ? tool_read_tokens (model, list, error) : NULL;
  if (tokens == NULL)
    return FALSE;
  if (tokens->len == 0)
    return tool_misuse (error, "--tokens holds no token");

  backend = tool_open_backend (&compute, error);
  if (backend == NULL)
    return FALSE;
  session = sotto_session_new (model, backend, tokens->len, kv_type, error);

  return session != NULL && write_all_logits (session, tokens, path, error);
}

/* --- perplexity --- */

/* The mean of -ln p over the tokens that are predicted, and of its square. As llama.cpp has it:
 * the text is cut into chunks of as many tokens as the context, each evaluated by itself, and
 * the second half of each counts, so that every prediction had half a context to go by. */
typedef struct {
  const gint32 *tokens;      /* of this chunk */
  guint n_context;
  guint n_vocabulary;
  guint64 n_counted;
  double sum;
  double sum_of_squares;
} Perplexity;

static double
minus_log_probability (const float *logits,
                       guint        n,
                       gint32       token)
{
  float best = logits[0];
  double sum = 0.0;

  for (guint i = 1; i < n; i++)
    best = MAX (best, logits[i]);
  for (guint i = 0; i < n; i++)
    sum += exp ((double) logits[i] - best);

  return log (sum) + best - logits[token];
}

static gboolean
count_chunk (guint         first,
             guint         n_tokens,
             const float  *logits,
             gpointer      user_data,
             GError      **error)
{
  Perplexity *self = user_data;

  for (guint i = 0; i < n_tokens; i++)
    {
      guint position = first + i;
      double surprise;

      if (position < self->n_context / 2 || position + 1 >= self->n_context)
        continue;

      surprise = minus_log_probability (logits + (gsize) i * self->n_vocabulary, self->n_vocabulary,
                                        self->tokens[position + 1]);
      self->sum += surprise;
      self->sum_of_squares += surprise * surprise;
      self->n_counted++;
    }

  return TRUE;
}

/* exp of the mean, and how far chance may move it (one standard deviation). */
static double
get_perplexity (const Perplexity *self,
                double           *deviation)
{
  double mean = self->sum / self->n_counted;
  double variance = self->sum_of_squares / self->n_counted - mean * mean;

  *deviation = self->n_counted > 1 && variance > 0.0
                 ? exp (mean) * sqrt (variance / (self->n_counted - 1)) : 0.0;

  return exp (mean);
}

static gboolean
run_chunks (Perplexity    *self,
            SottoSession  *session,
            GArray        *tokens,
            GError       **error)
{
  gint32 bos = sotto_model_get_bos_token (sotto_session_get_model (session));
  guint n_chunks = tokens->len / self->n_context;

  for (guint i = 0; i < n_chunks; i++)
    {
      gint32 *chunk = &g_array_index (tokens, gint32, (gsize) i * self->n_context);
      double deviation;

      /* Each chunk begins as a text does. */
      if (bos >= 0)
        chunk[0] = bos;
      self->tokens = chunk;
      if (!sotto_session_evaluate (session, chunk, self->n_context, count_chunk, self, NULL, error))
        return FALSE;

      fprintf (stderr, "[%u/%u] %.4f\n", i + 1, n_chunks, get_perplexity (self, &deviation));
    }

  return TRUE;
}

gboolean
tool_perplexity (char   **arguments,
                 GError **error)
{
  g_auto (ToolCompute) compute = { 0 };
  int n_context = 512;
  const GOptionEntry entries[] = {
    { "context", 'c', 0, G_OPTION_ARG_INT, &n_context, "Tokens a chunk (512)", "N" },
    TOOL_COMPUTE_ENTRIES (compute),
    G_OPTION_ENTRY_NULL
  };
  const ToolUsage usage = {
    "MODEL FILE",
    "Prints the perplexity of a text, as llama.cpp defines it: chunks of N tokens, of which the\n"
    "second half counts. The running value goes to standard error.",
    entries, 2, 2,
  };
  g_auto (GStrv) rest = tool_parse (&usage, arguments, error);
  g_autoptr (SottoModel) model = NULL;
  g_autoptr (SottoBackend) backend = NULL;
  g_autoptr (SottoSession) session = NULL;
  g_autoptr (GArray) tokens = NULL;
  g_autofree char *text = NULL;
  g_autofree char *line = NULL;
  Perplexity self = { 0 };
  SottoKvType kv_type;
  gint32 bos;
  gsize length;
  double perplexity;
  double deviation;

  if (rest == NULL || !tool_get_kv_type (&compute, &kv_type, error))
    return FALSE;
  if (n_context < 4)
    return tool_misuse (error, "a context of %d tokens is too short", n_context);

  model = tool_open_model (rest[0], error);
  if (model == NULL || !g_file_get_contents (rest[1], &text, &length, error))
    return FALSE;

  tokens = sotto_model_tokenize (model, text, length, FALSE);
  bos = sotto_model_get_bos_token (model);
  if (bos >= 0)
    g_array_prepend_val (tokens, bos);
  if (tokens->len < (guint) n_context)
    {
      g_set_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_REQUEST,
                   "%s has %u tokens, fewer than the context of %d", rest[1], tokens->len,
                   n_context);
      return FALSE;
    }

  backend = tool_open_backend (&compute, error);
  if (backend == NULL)
    return FALSE;
  session = sotto_session_new (model, backend, n_context, kv_type, error);
  if (session == NULL)
    return FALSE;

  self.n_context = n_context;
  self.n_vocabulary = sotto_model_get_info (model)->n_vocabulary;
  if (!run_chunks (&self, session, tokens, error))
    return FALSE;

  perplexity = get_perplexity (&self, &deviation);
  line = g_strdup_printf ("perplexity %.4f +/- %.4f (%" G_GUINT64_FORMAT
                          " tokens counted, context %d)\n",
                          perplexity, deviation, self.n_counted, n_context);

  return tool_write (line, strlen (line), error);
}
