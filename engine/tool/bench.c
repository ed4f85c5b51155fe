/* bench: tokens a second.
 *
 * Prefill: --prompt tokens onto a timeline of --depth tokens, in one go. Decode: --generate
 * tokens, one after another, onto a timeline of --depth tokens. Tokens are random (speed does
 * not depend on them), and sampling is left out, as llama.cpp's own benchmark does, so that the
 * two compare. The median of --repeat runs counts, after one run that warms up. */

#include "tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  int n_prompt;
  int n_generate;
  int depth;
  int n_repeat;
  gboolean json;
} Options;

typedef struct {
  SottoSession *session;
  GRand *random;
  guint n_vocabulary;
  gint32 *tokens;            /* the timeline: depth and prompt */
} Bench;

static void
fill_random (Bench *self,
             guint  first,
             guint  n)
{
  for (guint i = first; i < first + n; i++)
    self->tokens[i] = g_rand_int_range (self->random, 0, self->n_vocabulary);
}

/* Brings the session to the first @depth tokens. */
static gboolean
go_to_depth (Bench   *self,
             guint    depth,
             GError **error)
{
  return depth == 0 ||
         sotto_session_sync (self->session, self->tokens, depth, NULL, NULL, NULL, NULL, error);
}

static gboolean
run_prefill (Bench   *self,
             guint    depth,
             guint    n,
             double  *seconds,
             GError **error)
{
  const gint32 *held;
  guint n_held;
  gint64 started;

  if (!go_to_depth (self, depth, error))
    return FALSE;

  /* Nothing of the run before may be used again. */
  held = sotto_session_get_tokens (self->session, &n_held);
  fill_random (self, depth, n);
  if (n_held > depth && held[depth] == self->tokens[depth])
    self->tokens[depth] = (self->tokens[depth] + 1) % self->n_vocabulary;

  started = g_get_monotonic_time ();
  if (!sotto_session_sync (self->session, self->tokens, depth + n, NULL, NULL, NULL, NULL, error))
    return FALSE;
  *seconds = (g_get_monotonic_time () - started) / 1e6;

  return TRUE;
}

static gboolean
run_decode (Bench   *self,
            guint    depth,
            guint    n,
            double  *seconds,
            GError **error)
{
  gint64 started;

  /* One token has to be there to decode behind. */
  if (depth == 0)
    fill_random (self, 0, 1);
  if (!go_to_depth (self, MAX (depth, 1), error))
    return FALSE;

  started = g_get_monotonic_time ();
  for (guint i = 0; i < n; i++)
    if (!sotto_session_append (self->session,
                               g_rand_int_range (self->random, 0, self->n_vocabulary), NULL, error))
      return FALSE;
  *seconds = (g_get_monotonic_time () - started) / 1e6;

  return TRUE;
}

static int
compare_doubles (const void *a,
                 const void *b)
{
  double x = *(const double *) a;
  double y = *(const double *) b;

  return (x > y) - (x < y);
}

static double
get_median (const double *values,
            guint         n)
{
  g_autofree double *sorted = g_memdup2 (values, n * sizeof values[0]);

  qsort (sorted, n, sizeof sorted[0], compare_doubles);

  return n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2.0;
}

static gboolean
run_all (const Options  *options,
         Bench          *bench,
         double         *prefill,
         double         *decode,
         GError        **error)
{
  double ignored;

  fill_random (bench, 0, options->depth);
  if ((options->n_prompt > 0 &&
       !run_prefill (bench, options->depth, MIN (options->n_prompt, 64), &ignored, error)) ||
      (options->n_generate > 0 &&
       !run_decode (bench, options->depth, MIN (options->n_generate, 4), &ignored, error)))
    return FALSE;

  for (int i = 0; i < options->n_repeat; i++)
    {
      if (options->n_prompt > 0 &&
          !run_prefill (bench, options->depth, options->n_prompt, &prefill[i], error))
        return FALSE;
      if (options->n_generate > 0 &&
          !run_decode (bench, options->depth, options->n_generate, &decode[i], error))
        return FALSE;
    }

  return TRUE;
}

/* --- Telling --- */

static void
append_json_string (GString    *json,
                    const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);

  g_string_append_c (json, '"');
  for (const char *at = valid; *at != '\0'; at++)
    {
      if (*at == '"' || *at == '\\')
        g_string_append_c (json, '\\');
      if ((guchar) *at < 0x20)
        g_string_append_printf (json, "\\u%04x", (guchar) *at);
      else
        g_string_append_c (json, *at);
    }
  g_string_append_c (json, '"');
}

/* "prefill_tokens_per_second": 1.0, "prefill_seconds": [1.0], or null where nothing was measured */
static void
append_json_speed (GString      *json,
                   const char   *name,
                   int           n_tokens,
                   const double *seconds,
                   int           n_repeat)
{
  if (n_tokens == 0)
    {
      g_string_append_printf (json, ",\n  \"%s_tokens_per_second\": null,\n  \"%s_seconds\": []",
                              name, name);
      return;
    }

  g_string_append_printf (json, ",\n  \"%s_tokens_per_second\": %.3f,\n  \"%s_seconds\": [", name,
                          n_tokens / get_median (seconds, n_repeat), name);
  for (int i = 0; i < n_repeat; i++)
    g_string_append_printf (json, "%s%.6f", i > 0 ? ", " : "", seconds[i]);
  g_string_append_c (json, ']');
}

static GString *
describe_json (const Options      *options,
               SottoModel         *model,
               const SottoBackend *backend,
               SottoSession       *session,
               double              open_seconds,
               const double       *prefill,
               const double       *decode)
{
  const SottoModelInfo *info = sotto_model_get_info (model);
  SottoMemory memory = sotto_session_get_memory (session);
  GString *json = g_string_new ("{\n  \"model\": ");

  append_json_string (json, info->path);
  g_string_append (json, ",\n  \"name\": ");
  append_json_string (json, info->name);
  g_string_append (json, ",\n  \"quantisation\": ");
  append_json_string (json, info->quantisation);
  g_string_append (json, ",\n  \"backend\": ");
  append_json_string (json, sotto_session_describe_backend (session));
  g_string_append_printf (
      json,
      ",\n  \"threads\": %u,\n  \"prompt\": %d,\n  \"generate\": %d,\n"
      "  \"depth\": %d,\n  \"repeat\": %d,\n  \"weight_bytes\": %" G_GUINT64_FORMAT
      ",\n  \"kv_cache_bytes\": %" G_GUINT64_FORMAT ",\n  \"scratch_bytes\": %" G_GUINT64_FORMAT
      ",\n  \"open_seconds\": %.6f",
      sotto_backend_get_threads (backend), options->n_prompt, options->n_generate, options->depth,
      options->n_repeat, memory.weights, memory.kv_cache, memory.scratch, open_seconds);
  append_json_speed (json, "prefill", options->n_prompt, prefill, options->n_repeat);
  append_json_speed (json, "decode", options->n_generate, decode, options->n_repeat);

  return g_string_append (json, "\n}\n");
}

static GString *
describe_plain (const Options      *options,
                SottoModel         *model,
                const SottoBackend *backend,
                const SottoSession *session,
                const double       *prefill,
                const double       *decode)
{
  const SottoModelInfo *info = sotto_model_get_info (model);
  GString *text = g_string_new (NULL);

  g_string_append_printf (text, "%s, %s, %u threads, depth %d\n", info->name,
                          sotto_session_describe_backend (session), sotto_backend_get_threads (backend),
                          options->depth);
  if (options->n_prompt > 0)
    g_string_append_printf (text, "prefill %5d tokens %10.2f tokens/s\n", options->n_prompt,
                            options->n_prompt / get_median (prefill, options->n_repeat));
  if (options->n_generate > 0)
    {
      double speed = options->n_generate / get_median (decode, options->n_repeat);

      g_string_append_printf (text, "decode  %5d tokens %10.2f tokens/s (%.1f GB/s of weights)\n",
                              options->n_generate, speed, speed * info->weight_bytes / 1e9);
    }

  return text;
}

static gboolean
bench (const Options      *options,
       const ToolCompute  *compute,
       const char         *path,
       GError            **error)
{
  g_autoptr (SottoBackend) backend = tool_open_backend (compute, error);
  gint64 started = g_get_monotonic_time ();
  g_autoptr (SottoModel) model = backend != NULL ? tool_open_model (path, error) : NULL;
  g_autoptr (SottoSession) session = NULL;
  g_autoptr (GString) text = NULL;
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  g_autofree gint32 *tokens = NULL;
  g_autofree double *prefill = g_new0 (double, options->n_repeat);
  g_autofree double *decode = g_new0 (double, options->n_repeat);
  guint n_context = options->depth + MAX (options->n_prompt, options->n_generate) + 1;
  SottoKvType kv_type;
  double open_seconds;
  Bench self;

  if (model == NULL || !tool_get_kv_type (compute, &kv_type, error))
    return FALSE;

  /* Until a token can be computed: weights are on a device then. */
  session = sotto_session_new (model, backend, n_context, kv_type, error);
  if (session == NULL)
    return FALSE;
  open_seconds = (g_get_monotonic_time () - started) / 1e6;

  tokens = g_new0 (gint32, n_context);
  self = (Bench) { session, random, sotto_model_get_info (model)->n_vocabulary, tokens };
  if (!run_all (options, &self, prefill, decode, error))
    return FALSE;

  text = options->json ? describe_json (options, model, backend, session, open_seconds, prefill, decode)
                       : describe_plain (options, model, backend, session, prefill, decode);

  return tool_write (text->str, text->len, error);
}

gboolean
tool_bench (char   **arguments,
            GError **error)
{
  g_auto (ToolCompute) compute = { 0 };
  Options options = { .n_prompt = 512, .n_generate = 128, .n_repeat = 3 };
  const GOptionEntry entries[] = {
    { "prompt", 'p', 0, G_OPTION_ARG_INT, &options.n_prompt, "Tokens to prefill; 0: none (512)",
      "N" },
    { "generate", 'n', 0, G_OPTION_ARG_INT, &options.n_generate, "Tokens to decode; 0: none (128)",
      "N" },
    { "depth", 'd', 0, G_OPTION_ARG_INT, &options.depth, "Tokens that are there before (0)", "N" },
    { "repeat", 'r', 0, G_OPTION_ARG_INT, &options.n_repeat, "Runs, of which the median counts (3)",
      "R" },
    { "json", 'j', 0, G_OPTION_ARG_NONE, &options.json, "Print a JSON object", NULL },
    TOOL_COMPUTE_ENTRIES (compute),
    G_OPTION_ENTRY_NULL
  };
  const ToolUsage usage = {
    "MODEL", "Measures how many tokens a second are prefilled and decoded.", entries, 1, 1,
  };
  g_auto (GStrv) rest = tool_parse (&usage, arguments, error);

  if (rest == NULL)
    return FALSE;
  if (options.n_prompt < 0 || options.n_generate < 0 || options.depth < 0 || options.n_repeat < 1 ||
      options.n_prompt > 1 << 24 || options.n_generate > 1 << 24 || options.depth > 1 << 24 ||
      options.n_repeat > 10000)
    return tool_misuse (error,
                        "--prompt, --generate, --depth, --repeat: numbers of tokens, of runs");

  return bench (&options, &compute, rest[0], error);
}
