/* What opening a model costs: its memory always, with -m perf also its time, for every model that is there. */

#include "sotto-engine.h"

#include <string.h>
#include <unistd.h>

#include "family/program.h"
#include "text/tokenizer.h"

static const char *const files[] = {
  "SmolLM2-135M-Instruct.Q4_1.gguf",
  "gemma-3-270m-q4_k_m.gguf",
  "Qwen2.5-Coder-0.5B-Instruct.Q4_K_M.gguf",
  "Qwen2.5-Coder-1.5B-Instruct.Q4_K_M.gguf",
};

/* So many take seconds. */
#define N_QUICK 3

/* The product's starters: the first of them is switched to and from. */
#define STARTER 0
#define OTHER 2

#ifdef __SANITIZE_ADDRESS__
#define WATCHES_MEMORY TRUE
#else
#define WATCHES_MEMORY FALSE
#endif

#define N_CONTEXT 4096
#define N_PROMPT 20
#define N_LONG_PROMPT 600  /* a whole piece of prefill and more */
#define N_LONG_CONTEXT 640 /* which it fills */
#define N_REPLY 32
#define N_RUNS 9

/* Memory beyond the file's mapping and the KV cache: so much, or a twentieth of the file. And what may be left of it
 * behind a reply. */
#define BOUND (32u << 20)
#define KEPT (24u << 20)

static char *
find_model (const char *file)
{
  g_autofree char *path = g_build_filename (g_get_user_data_dir (), "sotto", "models", file, NULL);

  if (g_file_test (path, G_FILE_TEST_EXISTS))
    return g_steal_pointer (&path);

  g_test_skip ("the model is not there");
  return NULL;
}

/* --- Memory --- */

typedef struct {
  const char *file;
  guint n_threads;
  const char *schema;      /* (nullable): of the reply */
} Case;

#define SCHEMA                                                                                     \
  "{\"type\": \"object\", \"properties\": {\"title\": {\"type\": \"string\", \"minLength\": 400}, "       \
  "\"year\": {\"type\": \"integer\"}}, \"required\": [\"title\", \"year\"]}"

/* Bytes that are resident and belong to no file; 0: the system does not say. */
static guint64
read_memory (void)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) fields = NULL;

  if (!g_file_get_contents ("/proc/self/statm", &text, NULL, NULL))
    return 0;
  fields = g_strsplit (text, " ", -1);
  g_assert_cmpuint (g_strv_length (fields), >=, 3);

  /* All that is resident, and what of it is of files, in pages. */
  return (g_ascii_strtoull (fields[1], NULL, 10) - g_ascii_strtoull (fields[2], NULL, 10))
         * (guint64) sysconf (_SC_PAGESIZE);
}

/* The most that is seen while somebody looks every millisecond. */
typedef struct {
  GThread *thread;
  gint ended;
  guint64 most;
} Watch;

static gpointer
watch (gpointer data)
{
  Watch *self = data;

  while (!g_atomic_int_get (&self->ended))
    {
      self->most = MAX (self->most, read_memory ());
      g_usleep (1000);
    }

  return NULL;
}

/* Bytes of weights that lie in memory of their own, of which the file's pages were given back: the only memory that is
 * asked for in large pages. @of_file: (out): resident pages of the file */
static guint64
measure_copies (const char *path, guint64 *of_file)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  gboolean is_file = FALSE;
  guint64 resident = 0;
  guint64 copies = 0;

  *of_file = 0;
  g_assert_true (g_file_get_contents ("/proc/self/smaps", &text, NULL, NULL));
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    if (g_str_has_prefix (lines[i], "Size:"))
      is_file = strstr (lines[i - 1], path) != NULL;
    else if (g_str_has_prefix (lines[i], "Rss:"))
      resident = g_ascii_strtoull (lines[i] + strlen ("Rss:"), NULL, 10) * 1024;
    else if (g_str_has_prefix (lines[i], "VmFlags:") && is_file)
      *of_file += resident;
    else if (g_str_has_prefix (lines[i], "VmFlags:") && strstr (lines[i], " hg") != NULL)
      copies += resident;

  return copies;
}

/* How often the file is mapped. */
static guint
count_mappings (const char *path)
{
  g_autofree char *text = NULL;
  guint n = 0;

  g_assert_true (g_file_get_contents ("/proc/self/maps", &text, NULL, NULL));
  for (const char *at = text; (at = strstr (at, path)) != NULL; at++)
    n++;

  return n;
}

/* Has a reply to a prompt of so many times @word, guessing ahead as much as there can be, for that takes most. Returns: the
 * most memory that was anonymous meanwhile */
static guint64
reply (SottoWorker *worker, const char *path, const char *schema, const char *word, guint n_words)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (SottoGrammar) grammar = schema != NULL ? sotto_grammar_new_json_schema (schema, -1, NULL, NULL) : NULL;
  SottoGenerate request = { .path = path, .n_context = N_LONG_CONTEXT, .max_tokens = N_REPLY, .grammar = grammar,
                            .speculation = SOTTO_SPECULATION_ALWAYS };
  Watch observer = { 0 };
  guint64 id;

  observer.thread = g_thread_new ("watch", watch, &observer);
  for (guint i = 0; i < n_words; i++)
    g_string_append (text, word);
  request.text = text->str;
  id = sotto_worker_generate (worker, &request);
  for (gboolean done = FALSE; !done;)
    {
      g_autoptr (SottoEvent) event = sotto_worker_wait_event (worker, -1);

      g_assert_cmpint (event->kind, !=, SOTTO_EVENT_FAILED);
      done = event->request == id && event->kind == SOTTO_EVENT_FINISHED;
    }

  g_atomic_int_set (&observer.ended, 1);
  g_thread_join (observer.thread);
  return observer.most;
}

/* Bytes of KV cache, with the copies of it that a session keeps to go back to. */
static guint64
measure_cache (SottoWorker *worker, const char *path)
{
  guint64 id = sotto_worker_load (worker, path, N_LONG_CONTEXT);

  for (;;)
    {
      g_autoptr (SottoEvent) event = sotto_worker_wait_event (worker, -1);

      if (event->request == id && event->kind == SOTTO_EVENT_LOADED)
        return event->memory.kv_cache;
    }
}

/* In a process of its own, which nothing else has grown. The last reply finds what the ones before it have left. */
static void
test_memory_alone (gconstpointer data)
{
  const Case *what = data;
  g_autofree char *path = find_model (what->file);
  SottoWorkerOptions options = { .n_threads = what->n_threads };
  guint64 before = read_memory ();
  g_autoptr (SottoWorker) worker = sotto_worker_new (&options, NULL);
  g_autoptr (SottoModel) model = sotto_model_open (path, NULL, NULL, NULL, NULL);
  guint64 most = MAX (BOUND, sotto_model_get_info (model)->file_bytes / 20);
  guint64 opened = read_memory () - before;
  guint64 file_bytes = sotto_model_get_info (model)->file_bytes;
  guint64 used, used_long, used_again, cache, kept, copies, of_file;

  g_clear_pointer (&model, sotto_model_unref);
  used = reply (worker, path, what->schema, " word", N_PROMPT) - before;
  g_assert_cmpuint (count_mappings (path), ==, 1);
  used_long = reply (worker, path, what->schema, " word", N_LONG_PROMPT) - before;
  used_again = reply (worker, path, what->schema, " more", N_LONG_PROMPT) - before;
  cache = measure_cache (worker, path);
  kept = read_memory () - before;
  copies = measure_copies (path, &of_file);

  g_printerr ("%s, %u threads%s: MB opened %.1f, with a reply %.1f, with %u tokens %.1f, again %.1f, then %.1f; of "
              "these %.1f KV cache, %.1f weights in place of the file's, whose pages are %.1f; at most %.1f without\n",
              what->file, what->n_threads, what->schema != NULL ? ", JSON" : "", (double) opened / 1e6,
              (double) used / 1e6, N_LONG_PROMPT, (double) used_long / 1e6, (double) used_again / 1e6,
              (double) kept / 1e6, (double) cache / 1e6, (double) copies / 1e6, (double) of_file / 1e6,
              (double) most / 1e6);
  g_assert_cmpuint (opened, <, most);
  g_assert_cmpuint (used, <, most + copies + cache);
  g_assert_cmpuint (used_long, <, most + copies + cache);
  g_assert_cmpuint (used_again, <, most + copies + cache);
  g_assert_cmpuint (kept, <, KEPT + copies + cache);
  g_assert_cmpuint (copies + of_file, <, file_bytes + file_bytes / 4);
}

static void
test_memory (gconstpointer data)
{
  const Case *what = data;
  g_autofree char *path = find_model (what->file);
  g_autofree char *alone = g_strdup_printf ("%s/subprocess/alone", g_test_get_path ());

  if (path == NULL)
    return;
  if (WATCHES_MEMORY || read_memory () == 0)
    {
      g_test_skip ("a sanitizer takes memory of its own, or the system does not say how much is resident");
      return;
    }

  /* Meson's: it writes to memory that would not be resident otherwise. */
  g_unsetenv ("MALLOC_PERTURB_");
  g_test_trap_subprocess (alone, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
  g_test_trap_assert_passed ();
}

/* What takes most: many threads, and a grammar. All of it with -m perf. */
static void
add_memory (const char *file, guint index)
{
  static const guint threads[] = { 8, 2 };

  for (guint i = 0; i < (g_test_perf () ? 2 * G_N_ELEMENTS (threads) : 1); i++)
    {
      Case what = { file, threads[i / 2], i % 2 == 0 ? SCHEMA : NULL };
      g_autofree char *name = g_strdup_printf ("/opening/memory/%.8s-%u/%u-threads%s", file, index, what.n_threads,
                                               what.schema != NULL ? "-json" : "");
      g_autofree char *alone = g_strdup_printf ("%s/subprocess/alone", name);

      g_test_add_data_func_full (name, g_memdup2 (&what, sizeof what), test_memory, g_free);
      g_test_add_data_func_full (alone, g_memdup2 (&what, sizeof what), test_memory_alone, g_free);
    }
}

/* --- Time --- */

static int
compare_doubles (const void *a, const void *b)
{
  double x = *(const double *) a;
  double y = *(const double *) b;

  return (x > y) - (x < y);
}

static void
tell (const char *file, const char *what, double *runs)
{
  qsort (runs, N_RUNS, sizeof *runs, compare_doubles);
  g_test_message ("%-40s %-28s %7.1f ms, median %7.1f", file, what, runs[0], runs[N_RUNS / 2]);
}

static double
since (gint64 *begin)
{
  gint64 now = g_get_monotonic_time ();
  double ms = (double) (now - *begin) / 1e3;

  *begin = now;
  return ms;
}

enum { FILE_READ, TOKENIZER, PLAN, OPENED, SESSION, FIRST, SECOND, CLOSED, N_TIMINGS };

static void
time_opening (const char *path, SottoBackend *backend, double (*runs)[N_RUNS], guint i)
{
  g_autoptr (GError) error = NULL;
  gint64 begin = g_get_monotonic_time ();
  SottoGguf *gguf;
  SottoTokenizer *tokenizer;
  SottoProgram *program;
  SottoModel *model;
  SottoSession *session;
  gint32 tokens[N_PROMPT];

  gguf = sotto_gguf_open (path, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  runs[FILE_READ][i] = since (&begin);
  tokenizer = sotto_tokenizer_new (gguf, &error);
  g_assert_no_error (error);
  runs[TOKENIZER][i] = since (&begin);
  program = sotto_program_new (gguf, &error);
  g_assert_no_error (error);
  runs[PLAN][i] = since (&begin);
  sotto_program_free (program);
  sotto_tokenizer_free (tokenizer);
  sotto_gguf_unref (gguf);

  begin = g_get_monotonic_time ();
  model = sotto_model_open (path, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  runs[OPENED][i] = since (&begin);
  session = sotto_session_new (model, backend, N_CONTEXT, SOTTO_KV_F16, &error);
  g_assert_no_error (error);
  runs[SESSION][i] = since (&begin);
  for (guint t = 0; t < N_PROMPT; t++)
    tokens[t] = 1000 + 7 * (gint32) t;
  sotto_session_sync (session, tokens, N_PROMPT, NULL, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  runs[FIRST][i] = since (&begin);
  tokens[0] = 2000;
  sotto_session_sync (session, tokens, N_PROMPT, NULL, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  runs[SECOND][i] = since (&begin);
  sotto_session_free (session);
  sotto_model_unref (model);
  runs[CLOSED][i] = since (&begin);
}

static void
test_time (gconstpointer data)
{
  static const char *const names[] = { "file", "tokenizer", "plan", "whole model", "session",
                                       "20 tokens", "20 others", "closing" };
  g_autofree char *path = find_model (data);
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoBackend) backend = sotto_backend_new_cpu (0, NULL, &error);
  double runs[N_TIMINGS][N_RUNS];

  g_assert_no_error (error);
  if (path == NULL)
    return;

  for (guint i = 0; i < N_RUNS; i++)
    time_opening (path, backend, runs, i);
  for (guint t = 0; t < N_TIMINGS; t++)
    tell (data, names[t], runs[t]);
}

/* From the request to the first text of the reply. */
static double
time_worker (SottoWorker *worker, const char *path)
{
  g_autoptr (GString) text = g_string_new (NULL);
  SottoGenerate request = { .path = path, .n_context = N_CONTEXT, .max_tokens = 1,
                            .speculation = SOTTO_SPECULATION_NEVER };
  gint64 begin = g_get_monotonic_time ();
  double ms = 0;
  guint64 id;

  for (guint i = 0; i < N_PROMPT; i++)
    g_string_append_printf (text, " %c", 'a' + g_random_int_range (0, 26));
  request.text = text->str;
  id = sotto_worker_generate (worker, &request);
  for (gboolean done = FALSE; !done;)
    {
      g_autoptr (SottoEvent) event = sotto_worker_wait_event (worker, -1);

      g_assert_cmpint (event->kind, !=, SOTTO_EVENT_FAILED);
      if (event->kind == SOTTO_EVENT_TEXT && ms <= 0)
        ms = since (&begin);
      done = event->request == id && event->kind == SOTTO_EVENT_FINISHED;
    }

  return ms > 0 ? ms : since (&begin);
}

static void
test_worker_time (gconstpointer data)
{
  g_autofree char *path = find_model (data);
  SottoWorkerOptions options = { 0 };
  double runs[N_RUNS];

  if (path == NULL)
    return;

  for (guint i = 0; i < N_RUNS; i++)
    {
      g_autoptr (SottoWorker) worker = sotto_worker_new (&options, NULL);

      runs[i] = time_worker (worker, path);
    }
  tell (data, "worker, first text", runs);
}

static void
test_switch_time (gconstpointer data)
{
  gboolean keeps = GPOINTER_TO_INT (data);
  g_autofree char *path = find_model (files[STARTER]);
  g_autofree char *other = path != NULL ? find_model (files[OTHER]) : NULL;
  SottoWorkerOptions options = { .keep_previous = keeps };
  g_autoptr (SottoWorker) worker = NULL;
  double to[N_RUNS];
  double back[N_RUNS];

  if (other == NULL)
    return;

  worker = sotto_worker_new (&options, NULL);
  time_worker (worker, path);
  for (guint i = 0; i < N_RUNS; i++)
    {
      to[i] = time_worker (worker, other);
      back[i] = time_worker (worker, path);
    }
  tell (files[OTHER], keeps ? "back to it, kept" : "back to it", to);
  tell (files[STARTER], keeps ? "back to it, kept" : "back to it", back);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < (g_test_perf () ? G_N_ELEMENTS (files) : N_QUICK); i++)
    {
      g_autofree char *opening = g_strdup_printf ("/opening/time/%.8s-%u", files[i], i);
      g_autofree char *worker = g_strdup_printf ("/opening/worker/%.8s-%u", files[i], i);

      add_memory (files[i], i);
      if (!g_test_perf ())
        continue;
      g_test_add_data_func (opening, files[i], test_time);
      g_test_add_data_func (worker, files[i], test_worker_time);
    }
  if (g_test_perf ())
    {
      g_test_add_data_func ("/opening/switch/one", GINT_TO_POINTER (FALSE), test_switch_time);
      g_test_add_data_func ("/opening/switch/kept", GINT_TO_POINTER (TRUE), test_switch_time);
    }
  return g_test_run ();
}
