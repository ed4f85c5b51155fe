/* Every family's plan, computed plainly, against its authors' code: the tiny random models in families/
 * with the float32 logits that transformers gives (families/make.py). */

#include "family-fixture.h"
#include "plan-check.h"
#include "plan-run.h"

#include <math.h>
#include <string.h>

static void
compare (const SottoProgram *program, const FamilyFixture *fixture)
{
  g_autofree double *ours = plan_run (program, fixture->tokens, fixture->n_tokens);
  guint first = fixture->n_tokens - fixture->n_rows;
  double worst = 0;

  g_assert_cmpuint (fixture->n_columns, ==, program->plan.n_output);
  for (guint i = 0; i < fixture->n_rows; i++)
    {
      const float *theirs = fixture->rows + (gsize) i * fixture->n_columns;

      if (program->is_embedding)
        for (guint k = 0; k < fixture->n_columns; k++)
          worst = MAX (worst, fabs (ours[k] - (double) theirs[k]));
      else
        worst = MAX (worst, family_divergence (theirs,
                                               ours + (gsize) (first + i) * fixture->n_columns,
                                               fixture->n_columns));
    }
  g_test_message ("%s: %.2g", program->is_embedding ? "largest difference" : "divergence", worst);
  g_assert_cmpfloat (worst, <=, program->is_embedding ? 1e-5 : 1e-6);
}

static void
test_family (gconstpointer data)
{
  const char *path = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoGguf) gguf = sotto_gguf_open (path, NULL, NULL, NULL, &error);
  g_autoptr (SottoProgram) program = NULL;
  g_autofree char *stem = g_strndup (path, strlen (path) - strlen (".gguf"));
  static const char *const endings[] = { ".logits", ".short.logits", ".long.logits", ".pooled" };
  guint n_compared = 0;

  g_assert_no_error (error);
  program = sotto_program_new (gguf, &error);
  g_assert_no_error (error);
  plan_check (program);

  for (guint i = 0; i < G_N_ELEMENTS (endings); i++)
    {
      g_autofree char *name = g_strconcat (stem, endings[i], NULL);
      g_auto (FamilyFixture) fixture = { 0 };

      if (!g_file_test (name, G_FILE_TEST_EXISTS))
        continue;
      family_fixture_read (&fixture, name);
      compare (program, &fixture);
      n_compared++;
    }
  g_assert_cmpuint (n_compared, >, 0);
}

int
main (int argc, char **argv)
{
  g_autofree char *folder = NULL;
  g_autoptr (GDir) dir = NULL;
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  g_test_init (&argc, &argv, NULL);

  folder = g_build_filename (g_getenv ("SOTTO_SOURCE_DIR"), "tests", "engine", "families", NULL);
  dir = g_dir_open (folder, 0, NULL);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_suffix (name, ".gguf"))
      {
        g_autofree char *path = g_strndup (name, strlen (name) - strlen (".gguf"));
        g_autofree char *test = g_strconcat ("/plans/", path, NULL);

        g_ptr_array_add (paths, g_build_filename (folder, name, NULL));
        g_test_add_data_func (test, g_ptr_array_index (paths, paths->len - 1), test_family);
      }

  return g_test_run ();
}
