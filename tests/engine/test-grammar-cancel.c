/* Grammars that take long to be compiled, each in another part of the compiler, cancelled at several moments. What is
 * measured is the compiling thread's own processor time, so that other processes do not count. */

#include <pthread.h>
#include <time.h>

#include "sotto-engine.h"

/* Cancel takes effect within this, microseconds. */
#ifdef __SANITIZE_ADDRESS__
#define MOST_WAIT (10 * 100 * 1000)
#else
#define MOST_WAIT (100 * 1000)
#endif

#define N_MOMENTS 5

typedef struct {
  char *text;
  gboolean is_gbnf;
} Source;

typedef struct {
  const Source *source;
  SottoCancel *cancel;
  SottoGrammar *grammar;
  GError *error;
  gint64 end;               /* of the thread's processor time */
  clockid_t clock;
  gint is_running;          /* atomic */
  gint has_ended;           /* atomic */
} Compiling;

/* Microseconds; -1: the thread whose it is has just ended. */
static gint64
read_clock (clockid_t clock)
{
  struct timespec time;

  return clock_gettime (clock, &time) == 0 ? time.tv_sec * G_USEC_PER_SEC + time.tv_nsec / 1000 : -1;
}

static gpointer
compile (gpointer data)
{
  Compiling *self = data;
  const Source *source = self->source;

  g_assert_cmpint (pthread_getcpuclockid (pthread_self (), &self->clock), ==, 0);
  g_atomic_int_set (&self->is_running, TRUE);
  self->grammar = source->is_gbnf ? sotto_grammar_new_gbnf (source->text, -1, NULL, self->cancel, &self->error)
                                  : sotto_grammar_new_json_schema (source->text, -1, self->cancel, &self->error);
  self->end = read_clock (CLOCK_THREAD_CPUTIME_ID);
  g_atomic_int_set (&self->has_ended, TRUE);

  return NULL;
}

/* Compiles, and raises the flag after @moment of the thread's time; a negative one: never.
 * Returns: how long the thread went on, -1: it had ended before */
static gint64
compile_until (const Source *source,
               gint64        moment,
               gint64       *taken)
{
  g_autoptr (SottoCancel) cancel = sotto_cancel_new ();
  Compiling self = { .source = source, .cancel = cancel };
  GThread *thread = g_thread_new ("compile", compile, &self);
  gint64 raised = -1;

  while (!g_atomic_int_get (&self.is_running))
    g_thread_yield ();
  while (moment >= 0 && raised < 0 && !g_atomic_int_get (&self.has_ended))
    {
      gint64 now = read_clock (self.clock);

      if (now >= moment)
        {
          sotto_cancel_raise (cancel);
          raised = now;
        }
      else
        g_usleep (200);
    }
  g_thread_join (thread);

  if (raised >= 0 && self.grammar == NULL && g_error_matches (self.error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_CANCELLED))
    raised = self.end - raised;
  else
    {
      g_assert_false (g_error_matches (self.error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_CANCELLED));
      raised = -1;
    }
  if (taken != NULL)
    *taken = self.end;
  g_clear_pointer (&self.grammar, sotto_grammar_unref);
  g_clear_error (&self.error);

  return raised;
}

/* --- What takes long --- */

static char *
write_list (const char *begin,
            const char *item, /* with one %u */
            guint       n,
            const char *end)
{
  GString *text = g_string_new (begin);
  g_auto (GStrv) parts = g_strsplit (item, "%u", -1);

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *number = g_strdup_printf ("%u", i);
      g_autofree char *one = g_strjoinv (number, parts);

      g_string_append_printf (text, "%s%s", i > 0 ? "," : "", one);
    }
  g_string_append (text, end);

  return g_string_free (text, FALSE);
}

/* Many values, each held against the others. */
static char *
write_values (void)
{
  return write_list ("{\"enum\":[", "\"w%u\"", 12000, "]}");
}

/* A pattern of which the sets are many. */
static char *
write_pattern (void)
{
  return g_strdup ("{\"type\":\"string\",\"pattern\":\"(a|b)*a(a|b){13}\"}");
}

/* Patterns that have to be held together. */
static char *
write_patterns (void)
{
  return write_list ("{\"type\":\"string\",\"allOf\":[", "{\"pattern\":\"^[a-z]{%u,9%u}$\"}", 60, "]}");
}

/* Much to be built. */
static char *
write_lengths (void)
{
  return g_strdup ("{\"type\":\"array\",\"prefixItems\":[{\"type\":\"string\",\"maxLength\":65535},"
                   "{\"type\":\"string\",\"maxLength\":65534},{\"type\":\"string\",\"maxLength\":65533},"
                   "{\"type\":\"string\",\"maxLength\":65532}]}");
}

/* Rules that refer to each other. */
static char *
write_rules (void)
{
  GString *text = g_string_new ("root ::= r0\n");

  for (guint i = 0; i < 15000; i++)
    g_string_append_printf (text, "r%u ::= \"ab\" (r%u | \"x\")\n", i, (i + 1) % 15000);

  return g_string_free (text, FALSE);
}

typedef struct {
  const char *path;
  char *(*write) (void);
} Case;

static const Case cases[] = {
  { "/grammar-cancel/values", write_values },
  { "/grammar-cancel/pattern", write_pattern },
  { "/grammar-cancel/patterns", write_patterns },
  { "/grammar-cancel/lengths", write_lengths },
  { "/grammar-cancel/rules", write_rules },
};

static void
test_within_time (gconstpointer data)
{
  const Case *self = data;
  g_autofree char *text = self->write ();
  Source source = { text, *text != '{' };
  guint n_cancelled = 0;
  gint64 worst = 0;
  gint64 taken;

  g_assert_cmpint (compile_until (&source, -1, &taken), ==, -1);
  for (guint i = 0; i < N_MOMENTS; i++)
    {
      gint64 wait = compile_until (&source, taken * i / N_MOMENTS, NULL);

      n_cancelled += wait >= 0;
      worst = MAX (worst, wait);
    }
  g_test_message ("whole %" G_GINT64_FORMAT " us; cancelled %u of %u times, after %" G_GINT64_FORMAT " us at the most",
                  taken, n_cancelled, N_MOMENTS, worst);
  g_assert_cmpuint (n_cancelled, >, 0);
  g_assert_cmpint (worst, <=, MOST_WAIT);
}

/* Before anything was done. */
static void
test_at_once (void)
{
  g_autoptr (SottoCancel) cancel = sotto_cancel_new ();
  g_autoptr (GError) schema_error = NULL;
  g_autoptr (GError) gbnf_error = NULL;

  sotto_cancel_raise (cancel);
  g_assert_null (sotto_grammar_new_json_schema ("{\"type\":\"null\"}", -1, cancel, &schema_error));
  g_assert_error (schema_error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_CANCELLED);
  g_assert_null (sotto_grammar_new_gbnf ("root ::= \"a\"\n", -1, NULL, cancel, &gbnf_error));
  g_assert_error (gbnf_error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_CANCELLED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/grammar-cancel/at-once", test_at_once);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_test_add_data_func (cases[i].path, &cases[i], test_within_time);
  return g_test_run ();
}
