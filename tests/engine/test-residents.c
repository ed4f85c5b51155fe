/* Models held open, and the timelines that were left: which are kept, which go, and what a prompt finds again. */

#include "cpu/lane.h"
#include "sotto-engine.h"
#include "sotto-residents.h"
#include "sotto-session-private.h"

#include <string.h>

#include "tiny-model.h"

#define N_CONTEXT 2048
#define N_PROMPTS 6
#define N_TOKENS 1000

typedef struct {
  char *path;
  char *other;
  SottoBackend *backend;
  SottoResidents *residents;
  SottoResident *resident;   /* of path */
  gint32 prompts[N_PROMPTS][N_CONTEXT]; /* that have nothing in common but the first few */
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  TinyModel model = TINY_MODEL_DEFAULTS;
  g_autoptr (GError) error = NULL;

  model.n_context = N_CONTEXT;
  model.n_layers = 8;
  self->path = tiny_model_write_temporary (&model);
  model.seed = 2;
  self->other = tiny_model_write_temporary (&model);
  self->backend = sotto_backend_new_cpu (2, NULL, &error);
  g_assert_no_error (error);
  for (guint p = 0; p < N_PROMPTS; p++)
    for (guint i = 0; i < N_CONTEXT; i++)
      self->prompts[p][i] = i < 10 ? (gint32) i : (gint32) ((i * (31 + 2 * p) + i / 7 + 5 * p) % TINY_MODEL_VOCABULARY);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_clear_pointer (&self->residents, sotto_residents_free);
  sotto_backend_free (self->backend);
  tiny_model_remove (self->path);
  tiny_model_remove (self->other);
  g_free (self->path);
  g_free (self->other);
}

static SottoResident *
open_path (Fixture *self, const char *path, guint n_context, gboolean expected)
{
  g_autoptr (GError) error = NULL;
  gboolean opened;
  SottoResident *resident = sotto_residents_open (self->residents, path, n_context, (SottoResidentPlace) { 0 }, NULL, NULL,
                                                  NULL, &opened, &error);

  g_assert_no_error (error);
  g_assert_cmpint (opened, ==, expected);
  return resident;
}

static void
begin (Fixture *self, guint64 budget)
{
  self->residents = sotto_residents_new (self->backend, SOTTO_KV_F16, budget, TRUE);
  self->resident = open_path (self, self->path, N_CONTEXT, TRUE);
}

/* A request with a prompt that is the first @n tokens of one, and a reply of the next three. Returns: tokens that were there */
static guint
go (Fixture *self, const gint32 *prompt, guint n, const char *conversation)
{
  SottoResident *resident = self->resident;
  SottoResuming resuming = { .conversation = conversation };
  g_autoptr (GError) error = NULL;
  guint n_reused;

  sotto_residents_resume (self->residents, resident, prompt, n, &resuming, &error);
  g_assert_no_error (error);
  sotto_session_sync (resident->session, prompt, n, NULL, NULL, NULL, &n_reused, &error);
  g_assert_no_error (error);
  sotto_resident_record (resident, n_reused, n, FALSE);
  for (guint i = 0; i < 3; i++)
    {
      sotto_session_append (resident->session, prompt[n + i], NULL, &error);
      g_assert_no_error (error);
      sotto_resident_record (resident, n + i, n + i + 1, TRUE);
    }
  return n_reused;
}

static guint64
measure_total (Fixture *self)
{
  SottoMemory memory = sotto_residents_measure (self->residents);

  return memory.weights + memory.kv_cache + memory.scratch;
}

static void
assert_stretches (Fixture *self, const SottoStretch *expected, guint n)
{
  const GArray *stretches = self->resident->stretches;

  g_assert_cmpuint (stretches->len, ==, n);
  for (guint i = 0; i < n; i++)
    {
      const SottoStretch *stretch = &g_array_index (stretches, SottoStretch, i);

      g_assert_cmpuint (stretch->first, ==, expected[i].first);
      g_assert_cmpuint (stretch->length, ==, expected[i].length);
      g_assert_cmpint (stretch->decoded, ==, expected[i].decoded);
    }
}

/* Back and forth, everything is there each time, with the record of how it came about, and the same bits follow. */
static void
test_back_and_forth (Fixture *self, gconstpointer data)
{
  static const SottoStretch first[] = { { 0, 1000, FALSE }, { 1000, 3, TRUE }, { 1003, 57, FALSE }, { 1060, 3, TRUE } };
  static const SottoStretch second[] = {
    { 0, 10, FALSE }, { 10, 790, FALSE }, { 800, 3, TRUE }, { 803, 97, FALSE }, { 900, 3, TRUE },
  };
  g_autofree float *logits = NULL;
  gsize n_bytes = TINY_MODEL_VOCABULARY * sizeof (float);
  guint64 alone;

  begin (self, 0);
  alone = measure_total (self);
  g_assert_cmpuint (go (self, self->prompts[0], 1000, NULL), ==, 0);
  g_assert_cmpuint (go (self, self->prompts[1], 800, NULL), ==, 10);
  g_assert_cmpuint (measure_total (self), >, alone);
  g_assert_cmpuint (go (self, self->prompts[0], 1060, NULL), ==, 1003);
  assert_stretches (self, first, G_N_ELEMENTS (first));
  logits = g_memdup2 (sotto_session_get_logits (self->resident->session), n_bytes);
  g_assert_cmpuint (go (self, self->prompts[1], 900, NULL), ==, 803);
  assert_stretches (self, second, G_N_ELEMENTS (second));

  g_clear_pointer (&self->residents, sotto_residents_free);
  begin (self, 0);
  go (self, self->prompts[0], 1000, NULL);
  go (self, self->prompts[0], 1060, NULL);
  g_assert_cmpmem (logits, n_bytes, sotto_session_get_logits (self->resident->session), n_bytes);
}

/* What is soon made anew is not kept, nor what the prompt has most of; one that others begin with, too, stays for itself. */
static void
test_worth (Fixture *self, gconstpointer data)
{
  guint64 before;

  begin (self, 0);
  go (self, self->prompts[0], 60, NULL);
  before = sotto_shelf_measure (self->resident->shelf);
  g_assert_cmpuint (before, ==, 0);
  go (self, self->prompts[1], 1000, NULL);
  g_assert_cmpuint (sotto_shelf_measure (self->resident->shelf), ==, 0);

  /* Another reply to nearly the same */
  go (self, self->prompts[1], 900, NULL);
  g_assert_cmpuint (sotto_shelf_measure (self->resident->shelf), ==, 0);
  go (self, self->prompts[1], 1000, NULL);

  /* Two that begin alike: both are there afterwards. */
  memcpy (self->prompts[2], self->prompts[1], 600 * sizeof (gint32));
  go (self, self->prompts[0], 1000, NULL);
  g_assert_cmpuint (go (self, self->prompts[2], 1000, NULL), ==, 600);
  g_assert_cmpuint (go (self, self->prompts[1], 1020, NULL), ==, 1003);
  g_assert_cmpuint (go (self, self->prompts[2], 1020, NULL), ==, 1003);
  g_assert_cmpuint (go (self, self->prompts[0], 1020, NULL), ==, 1003);

  /* One too long for the context changes nothing. */
  {
    SottoResuming resuming = { 0 };
    g_autoptr (GError) error = NULL;

    g_assert_true (sotto_residents_resume (self->residents, self->resident, self->prompts[1], N_CONTEXT + 1, &resuming,
                                           &error));
    g_assert_cmpuint (go (self, self->prompts[0], 1040, NULL), ==, 1023);
  }
}

/* What was used longest ago goes, when its share of the budget is full, and all of it before a model. */
static void
test_budget (Fixture *self, gconstpointer data)
{
  guint64 one, budget;

  begin (self, 0);
  go (self, self->prompts[0], N_TOKENS, NULL);
  one = sotto_session_measure_aside (self->resident->session);
  budget = 8 * (2 * one + one / 2);
  g_assert_cmpuint (measure_total (self) + 2 * one, <, budget);
  g_clear_pointer (&self->residents, sotto_residents_free);

  begin (self, budget);
  for (guint i = 0; i < 4; i++)
    g_assert_cmpuint (go (self, self->prompts[i], N_TOKENS, NULL), <=, 10);
  g_assert_cmpuint (sotto_shelf_measure (self->resident->shelf), ==, 2 * one);
  g_assert_cmpuint (go (self, self->prompts[1], N_TOKENS + 3, NULL), ==, N_TOKENS + 2);
  g_assert_cmpuint (go (self, self->prompts[0], N_TOKENS, NULL), <=, 10);
  g_assert_cmpuint (go (self, self->prompts[2], N_TOKENS, NULL), <=, 10);
  g_assert_cmpuint (go (self, self->prompts[1], N_TOKENS + 3, NULL), ==, N_TOKENS + 2);
  g_assert_cmpuint (measure_total (self), <=, budget);
}

/* Of two models' it is the oldest that goes, too. */
static void
test_across (Fixture *self, gconstpointer data)
{
  SottoResident *first, *second;
  guint64 one;

  begin (self, 0);
  go (self, self->prompts[0], N_TOKENS, NULL);
  one = sotto_session_measure_aside (self->resident->session);
  g_clear_pointer (&self->residents, sotto_residents_free);

  begin (self, 8 * (2 * one + one / 2));
  first = self->resident;
  go (self, self->prompts[0], N_TOKENS, NULL);
  go (self, self->prompts[1], N_TOKENS, NULL);
  second = self->resident = open_path (self, self->other, N_CONTEXT, TRUE);
  go (self, self->prompts[0], N_TOKENS, NULL);
  go (self, self->prompts[1], N_TOKENS, NULL);
  self->resident = open_path (self, self->path, N_CONTEXT, FALSE);
  g_assert_true (self->resident == first);
  g_assert_cmpuint (sotto_shelf_measure (first->shelf), ==, one);
  go (self, self->prompts[2], N_TOKENS, NULL);
  g_assert_cmpuint (sotto_shelf_measure (first->shelf), ==, one);
  g_assert_cmpuint (sotto_shelf_measure (second->shelf), ==, one);
  self->resident = open_path (self, self->other, N_CONTEXT, FALSE);
  go (self, self->prompts[2], N_TOKENS, NULL);
  go (self, self->prompts[3], N_TOKENS, NULL);
  g_assert_cmpuint (sotto_shelf_measure (first->shelf), ==, 0);
  g_assert_cmpuint (sotto_shelf_measure (second->shelf), ==, 2 * one);
}

static void
test_model_first (Fixture *self, gconstpointer data)
{
  g_autoptr (SottoModel) model = sotto_model_open (self->other, NULL, NULL, NULL, NULL);
  SottoMemory estimate = sotto_model_estimate_memory (model, N_CONTEXT);
  guint64 wanted = estimate.weights + estimate.kv_cache + estimate.scratch;
  guint64 alone;

  /* Both models fit, and beside them next to nothing. */
  begin (self, 0);
  go (self, self->prompts[0], 400, NULL);
  go (self, self->prompts[1], 400, NULL);
  alone = measure_total (self) - sotto_shelf_measure (self->resident->shelf);
  g_clear_pointer (&self->residents, sotto_residents_free);

  begin (self, alone + wanted + 1000);
  go (self, self->prompts[0], 400, NULL);
  go (self, self->prompts[1], 400, NULL);
  g_assert_cmpuint (sotto_shelf_measure (self->resident->shelf), >, 0);
  open_path (self, self->other, N_CONTEXT, TRUE);
  self->resident = open_path (self, self->path, N_CONTEXT, FALSE);
  g_assert_cmpuint (sotto_shelf_measure (self->resident->shelf), ==, 0);
  g_assert_cmpuint (go (self, self->prompts[1], 403, NULL), ==, 402);
  g_assert_cmpuint (go (self, self->prompts[0], 403, NULL), <=, 10);
}

/* Another context, or closing: all of it goes. */
static void
test_closed (Fixture *self, gconstpointer data)
{
  begin (self, 0);
  go (self, self->prompts[0], N_TOKENS, NULL);
  go (self, self->prompts[1], N_TOKENS, NULL);
  self->resident = open_path (self, self->path, N_CONTEXT - 256, TRUE);
  g_assert_cmpuint (sotto_shelf_measure (self->resident->shelf), ==, 0);
  g_assert_cmpuint (go (self, self->prompts[0], N_TOKENS, NULL), ==, 0);
  go (self, self->prompts[1], N_TOKENS, NULL);
  sotto_residents_close (self->residents, self->path, NULL);
  g_assert_cmpuint (measure_total (self), ==, 0);
}

static void
test_cancelled (Fixture *self, gconstpointer data)
{
  g_autoptr (SottoCancel) cancel = sotto_cancel_new ();
  SottoResuming resuming = { .conversation = "a", .cancel = cancel };
  g_autoptr (GError) error = NULL;

  begin (self, 0);
  go (self, self->prompts[0], N_TOKENS, "a");
  go (self, self->prompts[1], N_TOKENS, "b");
  sotto_cancel_raise (cancel);
  g_assert_false (sotto_residents_resume (self->residents, self->resident, self->prompts[0], N_TOKENS, &resuming, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_CANCELLED);

  /* Nothing was lost, and it is known whose the timeline is. */
  g_assert_cmpstr (self->resident->conversation, ==, "b");
  g_assert_cmpuint (go (self, self->prompts[1], N_TOKENS + 20, "b"), ==, N_TOKENS + 3);
  g_assert_cmpuint (go (self, self->prompts[0], N_TOKENS + 20, "a"), ==, N_TOKENS + 3);
}

/* Whether the session's caches are, to the last byte, those of one that never had anything but @prompt. */
static void
assert_own (Fixture *self, const gint32 *prompt, guint n)
{
  g_autoptr (SottoSession) fresh = sotto_session_new (self->resident->model, self->backend, N_CONTEXT, SOTTO_KV_F16, NULL);
  const SottoCaches *held = &self->resident->session->state->caches;

  g_assert_true (sotto_session_sync (fresh, prompt, n, NULL, NULL, NULL, NULL, NULL));
  for (guint i = 0; i < 3; i++)
    g_assert_true (sotto_session_append (fresh, prompt[n + i], NULL, NULL));
  for (guint i = 0; i < held->plan->n_caches; i++)
    {
      const SottoCache *cache = &held->caches[i];
      const SottoCache *other = &fresh->state->caches.caches[i];
      gsize n_rows = (gsize) cache->shape->n_heads * cache->capacity;
      gsize n_keys = n_rows / SOTTO_KEY_TILE * cache->key_tile_bytes;

      g_assert_cmpmem (cache->keys, n_keys, other->keys, n_keys);
      g_assert_cmpmem (cache->values, n_rows * cache->value_bytes, other->values, n_rows * cache->value_bytes);
    }
}

static void
test_forget (Fixture *self, gconstpointer data)
{
  begin (self, 0);
  go (self, self->prompts[0], N_TOKENS, "temporary");
  memmove (self->prompts[1] + 10, self->prompts[1] + 11, (N_CONTEXT - 11) * sizeof (gint32));
  self->prompts[1][0] = 77; /* nothing in common */
  go (self, self->prompts[1], 500, "b");

  /* Behind the end of what the session has now is what it had before. */
  sotto_residents_forget (self->residents, "nobody's");
  g_assert_cmpuint (sotto_shelf_measure (self->resident->shelf), >, 0);
  sotto_residents_forget (self->residents, "temporary");
  g_assert_cmpuint (sotto_shelf_measure (self->resident->shelf), ==, 0);
  assert_own (self, self->prompts[1], 500);
  g_assert_cmpuint (go (self, self->prompts[1], 520, "b"), ==, 503);

  /* What goes on is forgotten, too; what is kept of another stays. */
  go (self, self->prompts[2], N_TOKENS, "temporary");
  sotto_residents_forget (self->residents, "temporary");
  g_assert_cmpuint (self->resident->stretches->len, ==, 0);
  g_assert_null (self->resident->conversation);
  g_assert_cmpuint (go (self, self->prompts[1], 540, "b"), ==, 523);
  g_assert_cmpuint (go (self, self->prompts[2], N_TOKENS, "temporary"), ==, 0);

  /* All of it; and of whom it is not known goes with any. */
  sotto_residents_forget (self->residents, NULL);
  g_assert_cmpuint (sotto_shelf_measure (self->resident->shelf), ==, 0);
  g_assert_cmpuint (go (self, self->prompts[1], 500, NULL), ==, 0);
  go (self, self->prompts[2], N_TOKENS, "c");
  sotto_residents_forget (self->residents, "temporary");
  g_assert_cmpuint (sotto_shelf_measure (self->resident->shelf), ==, 0);
  assert_own (self, self->prompts[2], N_TOKENS);
}

/* As little as is kept here is kept nowhere where others need all there is. */
static void
test_nothing (void)
{
  g_test_skip ("this machine has no memory to spare");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  if (sotto_shelf_measure_spare (0) < (64 << 20))
    {
      g_test_add_func ("/residents/nothing-kept", test_nothing);
      return g_test_run ();
    }

#define ADD(name, func) g_test_add ("/residents/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("back-and-forth", test_back_and_forth);
  ADD ("worth", test_worth);
  ADD ("budget", test_budget);
  ADD ("across", test_across);
  ADD ("model-first", test_model_first);
  ADD ("closed", test_closed);
  ADD ("cancelled", test_cancelled);
  ADD ("forget", test_forget);
#undef ADD

  return g_test_run ();
}
