/* Plans whose weights are arranged (cpu/arranged.h): what is arranged and how often, and that cancelling, too little memory
 * and a file that changes meanwhile are survived. */

#include "cpu/arranged.h"
#include "cpu/lane.h"
#include "cpu/strips.h"
#include "format/map.h"
#include "random-plan.h"
#include "sotto-error.h"
#include "sotto-helper.h"
#include "tiny-model.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { COLUMNS = 256, ROWS = 60000 + 7 };

#define TYPE SOTTO_BLOCK_Q4_0

/* One product, of some MB, so that it is arranged in several units. */
typedef struct {
  SottoKernels kernels;
  SottoPool *pool;
  SottoStep step;
  SottoPlan plan;
  guint8 *data;             /* of the weight */
  gsize n_bytes;
} Fixture;

/* %FALSE, and the test is skipped, where no tier has strips. The first thread is the one that tells of progress; of several
 * it may find nothing left to do. */
static gboolean
set_up (Fixture *self, guint n_threads)
{
  const SottoBlockInfo *info = sotto_block_info (TYPE);
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  SottoWeight weight = { .type = TYPE, .n_matrices = 1, .n_rows = ROWS, .n_columns = COLUMNS };

  *self = (Fixture) { 0 };
  g_assert_true (sotto_kernels_init (&self->kernels, NULL, NULL));
  if (self->kernels.multiply_strips[SOTTO_FORM_FEW][TYPE] == NULL)
    {
      g_test_skip ("this CPU multiplies no strips");
      return FALSE;
    }
  weight.row_bytes = COLUMNS / info->n_elements * info->n_bytes;
  weight.matrix_bytes = self->n_bytes = ROWS * weight.row_bytes;
  weight.data = self->data = g_malloc (self->n_bytes);
  for (gsize i = 0; i < self->n_bytes; i++)
    self->data[i] = (guint8) g_rand_int (rand);
  self->pool = sotto_pool_new (n_threads);
  self->step.kind = SOTTO_STEP_PROJECT;
  self->step.project = (SottoProjectStep) { .weight = weight, .scale = 1.0f };
  self->plan = (SottoPlan) { .n_embedding = ROWS, .steps = &self->step, .n_steps = 1 };
  return TRUE;
}

static void
tear_down (Fixture *self)
{
  g_clear_pointer (&self->pool, sotto_pool_free);
  g_free (self->data);
}

static SottoArranged *
arrange (Fixture *self, const SottoLoading *loading, GError **error)
{
  return sotto_arranged_new (&self->plan, &self->kernels, self->pool, loading, error);
}

static void
check_whole (Fixture *self, const SottoArranged *arranged)
{
  const SottoWeight *weight = &arranged->plan.steps[0].project.weight;
  guint n_strips = (ROWS + SOTTO_STRIP_ROWS - 1) / SOTTO_STRIP_ROWS;
  gsize strip_bytes = sotto_strip_bytes (*sotto_strip_kind (TYPE), COLUMNS);
  guint8 *expected = g_aligned_alloc (n_strips, strip_bytes, 64);

  sotto_strips_arrange (&self->step.project.weight, 0, n_strips, expected);
  g_assert_cmpuint (arranged->n_bytes, ==, n_strips * strip_bytes);
  g_assert_true (weight->strips == arranged->strips);
  g_assert_cmpmem (weight->strips, n_strips * strip_bytes, expected, n_strips * strip_bytes);
  g_aligned_free (expected);
}

static void
test_whole (void)
{
  Fixture self;
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoArranged) arranged = NULL;

  if (!set_up (&self, 2))
    return;
  arranged = arrange (&self, NULL, &error);
  g_assert_no_error (error);
  check_whole (&self, arranged);
  g_assert_null (self.step.project.weight.strips);
  tear_down (&self);
}

/* --- Cancelling --- */

static void
raise_at_once (guint64 done, guint64 all, gpointer cancel)
{
  g_assert_cmpuint (done, >, 0);
  g_assert_cmpuint (done, <=, all);
  sotto_cancel_raise (cancel);
}

/* In the middle, and then again as if nothing had been. */
static void
test_cancel (void)
{
  Fixture self;
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoArranged) arranged = NULL;
  g_autoptr (SottoCancel) cancel = sotto_cancel_new ();
  const SottoLoading loading = { raise_at_once, cancel, cancel };

  if (!set_up (&self, 1))
    return;
  for (guint i = 0; i < 2; i++)
    {
      g_assert_null (arrange (&self, &loading, &error));
      g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_CANCELLED);
      g_clear_error (&error);
    }
  arranged = arrange (&self, NULL, &error);
  g_assert_no_error (error);
  check_whole (&self, arranged);
  tear_down (&self);
}

/* A model that would guess for another is arranged, too, while somebody may be waiting. */
static void
test_cancel_helper (void)
{
  TinyModel tiny = TINY_MODEL_DEFAULTS;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  g_autoptr (SottoModel) model = NULL;
  g_autoptr (SottoCancel) cancel = sotto_cancel_new ();
  SottoBackend *backend = sotto_backend_new_cpu (1, NULL, NULL);
  SottoKernels kernels;

  g_assert_true (sotto_kernels_init (&kernels, NULL, NULL));
  tiny.type = TYPE;
  path = tiny_model_write_temporary (&tiny);
  model = sotto_model_open (path, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  sotto_cancel_raise (cancel);
  if (kernels.multiply_strips[SOTTO_FORM_FEW][TYPE] == NULL)
    g_test_skip ("this CPU multiplies no strips");
  else
    {
      g_assert_null (sotto_helper_new (model, TINY_MODEL_VOCABULARY, backend, cancel, &error));
      g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_CANCELLED);
    }
  sotto_backend_free (backend);
  tiny_model_remove (path);
}

/* --- Memory --- */

/* More than SOTTO_ARRANGE_MOST stays as it is, and takes nothing. Its rows are never read. */
static void
test_too_large (void)
{
  Fixture self;
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoArranged) arranged = NULL;

  if (!set_up (&self, 2))
    return;
  self.step.project.weight.n_rows
    = (guint) (SOTTO_ARRANGE_MOST / sotto_strip_bytes (*sotto_strip_kind (TYPE), COLUMNS) + 1) * SOTTO_STRIP_ROWS;
  arranged = arrange (&self, NULL, &error);
  g_assert_no_error (error);
  g_assert_null (arranged->strips);
  g_assert_null (arranged->plan.steps[0].project.weight.strips);
  tear_down (&self);
}

#ifdef __SANITIZE_ADDRESS__
#define MAY_LIMIT_MEMORY FALSE
#else
#define MAY_LIMIT_MEMORY TRUE
#endif

static guint64
read_address_space (void)
{
  g_autofree char *text = NULL;

  return g_file_get_contents ("/proc/self/statm", &text, NULL, NULL)
           ? g_ascii_strtoull (text, NULL, 10) * (guint64) sysconf (_SC_PAGESIZE)
           : 0;
}

static void
test_no_memory (void)
{
  Fixture self;
  g_autoptr (GError) error = NULL;
  struct rlimit limit;
  struct rlimit less;

  if (!MAY_LIMIT_MEMORY || read_address_space () == 0)
    {
      g_test_skip ("a sanitizer has memory of its own, or the system does not say how much is taken");
      return;
    }
  if (!set_up (&self, 2))
    return;
  self.step.project.weight.n_rows
    = (guint) (SOTTO_ARRANGE_MOST / sotto_strip_bytes (*sotto_strip_kind (TYPE), COLUMNS)) * SOTTO_STRIP_ROWS;
  g_assert_cmpint (getrlimit (RLIMIT_AS, &limit), ==, 0);
  less = limit;
  less.rlim_cur = MIN (limit.rlim_cur, read_address_space () + SOTTO_ARRANGE_MOST / 2);
  g_assert_cmpint (setrlimit (RLIMIT_AS, &less), ==, 0);
  g_assert_null (arrange (&self, NULL, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_MEMORY);
  g_assert_cmpint (setrlimit (RLIMIT_AS, &limit), ==, 0);
  tear_down (&self);
}

/* --- A file that changes --- */

static void
cut_file (guint64 done G_GNUC_UNUSED, guint64 all G_GNUC_UNUSED, gpointer path)
{
  g_assert_cmpint (truncate (path, 4096), ==, 0);
}

/* Cut while it is arranged: it ends as if it had been whole, and is known to have changed. Pages that were given back
 * before are read again from the file as long as it is whole. */
static void
test_changed_file (void)
{
  Fixture self;
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("sotto-arranged-XXXXXX", &error);
  g_autofree char *path = g_build_filename (folder, "weights", NULL);
  SottoLoading loading = { cut_file, path, NULL };

  if (!set_up (&self, 1))
    return;
  g_assert_true (g_file_set_contents (path, (const char *) self.data, (gssize) self.n_bytes, &error));
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (SottoMap) map = sotto_map_open (path, &error);
      g_autoptr (SottoArranged) arranged = NULL;
      gsize n_bytes;

      g_assert_no_error (error);
      self.step.project.weight.data = sotto_map_get_data (map, &n_bytes);
      arranged = arrange (&self, i == 0 ? NULL : &loading, &error);
      g_assert_no_error (error);
      g_assert_nonnull (arranged->strips);
      if (i == 0)
        {
          g_assert_true (sotto_map_check_unchanged (map, &error));
          check_whole (&self, arranged);
          continue;
        }
      g_assert_false (sotto_map_check_unchanged (map, &error));
      g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_CHANGED);
    }
  g_assert_cmpint (g_remove (path), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
  tear_down (&self);
}

/* --- States --- */

static SottoState *
state_of (SottoBackend *backend, const RandomPlan *plan)
{
  g_autoptr (GError) error = NULL;
  SottoState *state = backend->klass->state_new (backend, &plan->program.plan, 64, SOTTO_KV_F16, NULL, &error);

  g_assert_no_error (error);
  return state;
}

static void
run_one (SottoBackend *backend, SottoState *state, float *logits)
{
  const gint32 token = 7;
  SottoBatch batch = { .tokens = &token, .n_tokens = 1 };
  g_autoptr (GError) error = NULL;

  g_assert_true (backend->klass->run (backend, state, &batch, NULL, &error));
  g_assert_no_error (error);
  memcpy (logits, backend->klass->get_output (backend, state), RANDOM_PLAN_VOCABULARY * sizeof *logits);
}

/* States of one plan share what is arranged, whichever goes first; those of another plan have their own. */
static void
test_shared (void)
{
  float expected[RANDOM_PLAN_VOCABULARY], logits[RANDOM_PLAN_VOCABULARY];
  SottoBackend *backend = sotto_backend_new_cpu (2, NULL, NULL);
  g_autoptr (RandomPlan) plan = random_plan_new ("grouped", TYPE);
  g_autoptr (RandomPlan) another = random_plan_new ("heads", TYPE);
  SottoState *states[3] = { state_of (backend, plan), state_of (backend, plan), state_of (backend, another) };

  g_assert_true (states[0]->arranged == states[1]->arranged);
  g_assert_true (states[0]->arranged != states[2]->arranged);
  g_assert_cmpuint (states[0]->arranged->n_users, ==, 2);
  run_one (backend, states[0], expected);
  backend->klass->state_free (backend, states[0]);
  backend->klass->state_free (backend, states[2]);
  g_assert_cmpuint (states[1]->arranged->n_users, ==, 1);
  for (guint i = 0; i < 2; i++)
    {
      run_one (backend, states[1], logits);
      g_assert_cmpmem (logits, sizeof logits, expected, sizeof expected);
      backend->klass->state_free (backend, states[1]);
      states[1] = i == 0 ? state_of (backend, plan) : NULL;
    }
  sotto_backend_free (backend);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/arranged/whole", test_whole);
  g_test_add_func ("/arranged/cancel", test_cancel);
  g_test_add_func ("/arranged/cancel-helper", test_cancel_helper);
  g_test_add_func ("/arranged/too-large", test_too_large);
  g_test_add_func ("/arranged/no-memory", test_no_memory);
  g_test_add_func ("/arranged/changed-file", test_changed_file);
  g_test_add_func ("/arranged/shared", test_shared);
  return g_test_run ();
}
