/* Models that see, as transformers computes them: tiny random ones, the squares that its image processors cut pictures into, the
 * rows that they give, and what stands around them in a prompt, made by vision/make. */

#include "kernel-tier.h"
#include "sotto-engine.h"
#include "sotto-vision-private.h"
#include "vision-fixture.h"

#include <math.h>
#include <string.h>

/* Of the largest element of all rows. Every tier lies at 1e-6 or nearer; the erf and tanh forms of GELU lie 1e-4 apart. */
#define EXACT 1e-5

typedef struct {
  char *name;               /* of the case: gemma3.wide */
  const char *tier;         /* (nullable) */
} Case;

static void
case_free (gpointer data)
{
  Case *self = data;

  g_free (self->name);
  g_free (self);
}

static SottoVision *
open_vision (const char *name)
{
  g_autofree char *stem = g_strndup (name, strcspn (name, "."));
  g_autofree char *file = g_strconcat (stem, ".gguf", NULL);
  g_autofree char *path = vision_fixture_path (file);
  g_autoptr (GError) error = NULL;
  SottoVision *vision = sotto_vision_open (path, NULL, &error);
  g_autoptr (GString) kind = NULL;

  g_assert_no_error (error);
  kind = g_string_new (sotto_vision_get_info (vision)->kind);
  g_assert_cmpstr (sotto_vision_get_info (vision)->path, ==, path);
  /* "internvl-6b" is an "internvl", and "qwen25vl" a "qwen2.5vl_merger". */
  g_string_replace (kind, ".", "", 0);
  g_assert_true (g_str_has_prefix (stem, kind->str) || g_str_has_prefix (kind->str, stem));
  return vision;
}

static void
read_case (VisionFixture *expected, const char *name)
{
  g_autofree char *file = g_strconcat (name, ".rows", NULL);
  g_autofree char *path = vision_fixture_path (file);

  vision_fixture_read (expected, path);
}

/* --- Rows --- */

static void
test_rows (gconstpointer data)
{
  const Case *test = data;
  g_auto (VisionFixture) expected = { 0 };
  g_autoptr (SottoVision) vision = NULL;
  g_autoptr (SottoBackend) backend = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree float *rows = NULL;
  double largest = 0, worst = 0;
  guint n_rows;

  backend = sotto_backend_new_cpu (2, test->tier, &error);
  if (g_error_matches (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_BACKEND))
    {
      g_test_skip (error->message);
      return;
    }
  g_assert_no_error (error);
  read_case (&expected, test->name);
  vision = open_vision (test->name);
  g_assert_cmpuint (sotto_vision_get_info (vision)->n_embedding, ==, expected.n_columns);

  rows = sotto_vision_encode (vision, backend, expected.image, NULL, NULL, NULL, &n_rows, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (n_rows * (1 + vision->plans.deep->len), ==, expected.n_rows);
  for (guint i = 0; i < expected.n_rows * expected.n_columns; i++)
    {
      largest = MAX (largest, fabs ((double) expected.rows[i]));
      worst = MAX (worst, fabs ((double) (rows[i] - expected.rows[i])));
      if (!isfinite (rows[i]))
        worst = INFINITY;
    }
  g_test_message ("off by %.2e of %.2e", worst, largest);
  g_assert_cmpfloat (worst, <=, EXACT * largest);
}

/* --- Squares --- */

/* To the bit, but for sines: an integer of 22 bits may be rounded otherwise, and a pixel with it. */
static void
test_squares (gconstpointer data)
{
  const Case *test = data;
  g_auto (VisionFixture) expected = { 0 };
  g_autoptr (SottoVision) vision = open_vision (test->name);
  g_autoptr (GError) error = NULL;
  g_autofree guint8 *squares = NULL;
  SottoGrid grid;

  read_case (&expected, test->name);
  grid = sotto_grid_find (&vision->sizes, vision->kind, sotto_image_get_width (expected.image),
                          sotto_image_get_height (expected.image));
  if (sotto_vision_kind_is_whole (vision->kind))
    {
      /* The file has no squares, but how many rows are side by side; the pixels are Pillow's, as the others', and the rows say so. */
      g_assert_cmpuint (grid.frame.n_across / vision->sizes.scale, ==, expected.side);
      return;
    }
  g_assert_cmpuint (grid.n_squares, ==, expected.n_squares);
  g_assert_cmpuint (vision->sizes.image_size, ==, expected.side);
  squares = sotto_grid_cut (&grid, &vision->sizes, vision->kind, expected.image, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (squares, (gsize) grid.n_squares * expected.side * expected.side * 3, expected.squares,
                   (gsize) expected.n_squares * expected.side * expected.side * 3);
}

/* --- Prompts --- */

static char *
write_layout (const SottoVision *vision, guint width, guint height, guint *n_rows)
{
  g_autoptr (GArray) pieces = sotto_vision_lay_out (vision, width, height);
  GString *text = g_string_new (NULL);
  guint next = 0;

  for (guint i = 0; i < pieces->len; i++)
    {
      const SottoVisionPiece *piece = &g_array_index (pieces, SottoVisionPiece, i);

      if (piece->text != NULL)
        {
          g_assert_cmpuint (piece->n_rows, ==, 0);
          g_string_append (text, piece->text);
          continue;
        }
      g_assert_cmpuint (piece->first_row, ==, next);
      g_assert_cmpuint (piece->n_rows, >, 0);
      next += piece->n_rows;
      g_string_append_printf (text, piece->together ? "(%u" : "[%u", piece->n_rows);
      if (piece->n_columns > 0)
        g_string_append_printf (text, " by %u", piece->n_columns);
      g_string_append (text, piece->together ? ")" : "]");
    }
  *n_rows = next;
  return g_string_free (text, FALSE);
}

/* As transformers' PixtralProcessor does: a mark behind every line, and behind the last another one in its place. */
static char *
write_lines (guint n_rows, guint n_across)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < n_rows / n_across; i++)
    g_string_append_printf (text, "[%u][IMG_BREAK]", n_across);
  g_string_truncate (text, text->len - strlen ("[IMG_BREAK]"));
  g_string_append (text, "[IMG_END]");
  return g_string_free (text, FALSE);
}

static void
test_layout (gconstpointer data)
{
  const Case *test = data;
  g_auto (VisionFixture) expected = { 0 };
  g_autoptr (SottoVision) vision = open_vision (test->name);
  g_autofree char *file = g_strconcat (test->name, ".layout", NULL);
  g_autofree char *path = vision_fixture_path (file);
  g_autofree char *wanted = NULL;
  g_autofree char *found = NULL;
  guint n_rows;

  read_case (&expected, test->name);
  found = write_layout (vision, sotto_image_get_width (expected.image), sotto_image_get_height (expected.image), &n_rows);
  g_assert_cmpuint (n_rows * (1 + vision->plans.deep->len), ==, expected.n_rows);

  /* Processors that take no tokenizer but a real one: what stands in their code. */
  if (g_str_has_prefix (test->name, "gemma3."))
    wanted = g_strdup ("\n\n<start_of_image>(4)<end_of_image>\n\n");
  else if (g_str_has_prefix (test->name, "mlp."))
    wanted = g_strdup ("[16]\n");
  else if (g_str_has_prefix (test->name, "internvl"))
    wanted = g_strdup_printf ("<img>[%u]</img>\n", expected.n_rows);
  else if (vision->kind->is_grid)
    wanted = g_strdup_printf ("<|vision_start|>[%u by %u]<|vision_end|>", n_rows, expected.side);
  else if (vision->kind->writing == SOTTO_WRITE_LINES)
    wanted = write_lines (n_rows, expected.side);
  else
    g_assert_true (g_file_get_contents (path, &wanted, NULL, NULL));
  g_assert_cmpstr (found, ==, wanted);
}

/* --- One picture, again and otherwise --- */

typedef struct {
  guint64 last;
  guint64 total;
  guint64 stop_at;
  SottoCancel *cancel;
} Watch;

static void
watch (guint64 done, guint64 total, gpointer user_data)
{
  Watch *self = user_data;

  g_assert_cmpuint (done, ==, self->last + 1);
  g_assert_cmpuint (done, <=, total);
  self->last = done;
  self->total = total;
  if (done == self->stop_at)
    sotto_cancel_raise (self->cancel);
}

static void
test_threads (void)
{
  g_autoptr (SottoVision) vision = open_vision ("idefics3");
  g_autoptr (SottoImage) image = vision_fixture_make_image (70, 50);
  g_autofree float *first = NULL;
  guint n_first = 0;

  for (guint n_threads = 1; n_threads <= 3; n_threads++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (SottoBackend) backend = sotto_backend_new_cpu (n_threads, NULL, &error);
      g_autofree float *rows = NULL;
      Watch progress = { 0 };
      guint n_rows;

      g_assert_no_error (error);
      rows = sotto_vision_encode (vision, backend, image, watch, &progress, NULL, &n_rows, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (progress.last, ==, progress.total);
      if (first == NULL)
        {
          first = g_steal_pointer (&rows);
          n_first = n_rows;
          continue;
        }
      g_assert_cmpmem (rows, n_rows * sizeof (float), first, n_first * sizeof (float));
    }
}

static void
test_cancel (void)
{
  g_autoptr (SottoVision) vision = open_vision ("idefics3");
  g_autoptr (SottoImage) image = vision_fixture_make_image (70, 50);
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoBackend) backend = sotto_backend_new_cpu (2, NULL, &error);

  g_assert_no_error (error);
  for (guint64 stop_at = 0; stop_at <= 7; stop_at += 7)
    {
      g_autoptr (SottoCancel) cancel = sotto_cancel_new ();
      Watch progress = { .stop_at = stop_at, .cancel = cancel };
      guint n_rows = 77;
      float *rows;

      if (stop_at == 0)
        sotto_cancel_raise (cancel);
      rows = sotto_vision_encode (vision, backend, image, watch, &progress, cancel, &n_rows, &error);
      g_assert_null (rows);
      g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_CANCELLED);
      g_assert_cmpuint (progress.last, ==, stop_at);
      g_assert_cmpuint (n_rows, ==, 77);
      g_clear_error (&error);
    }
}

/* Sides that nobody would draw have a layout, and rows as it says. */
static void
test_strips (void)
{
  static const guint sides[][2] = { { 1, 1 }, { 1, SOTTO_IMAGE_MAX_SIDE }, { SOTTO_IMAGE_MAX_SIDE, 1 }, { 3, 4096 } };
  static const char *const names[] = { "gemma3", "idefics3", "mlp", "qwen25vl", "qwen3vl", "pixtral" };
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoBackend) backend = sotto_backend_new_cpu (2, NULL, &error);

  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    for (guint j = 0; j < G_N_ELEMENTS (sides); j++)
      {
        g_autoptr (SottoVision) vision = open_vision (names[i]);
        g_autoptr (SottoImage) image = vision_fixture_make_image (sides[j][0], sides[j][1]);
        g_autofree char *layout = NULL;
        g_autofree float *rows = NULL;
        guint n_laid;
        guint n_rows;

        layout = write_layout (vision, sides[j][0], sides[j][1], &n_laid);
        if (sotto_vision_kind_is_whole (vision->kind))
          g_assert_cmpuint (n_laid, <=, vision->kind->most_rows);
        if (i >= 2 && MAX (sides[j][0], sides[j][1]) > 4096)
          continue; /* a square of it takes a second */
        rows = sotto_vision_encode (vision, backend, image, NULL, NULL, NULL, &n_rows, &error);
        g_assert_no_error (error);
        g_assert_cmpuint (n_rows, ==, n_laid);
      }
}

/* What a picture that is not cut becomes, as transformers' smart_resize () says it of 256 or 4,096 to 81,920 pixels in multiples of 8. */
static void
test_sides (void)
{
  static const struct {
    const char *name;
    guint width, height;
    guint n_across, n_down;
  } cases[] = {
    { "qwen2vl", 1, 1, 2, 2 },        { "qwen2vl", 12, 12, 2, 2 },       { "qwen2vl", 36, 28, 4, 4 },
    { "qwen2vl", 100, 60, 12, 8 },    { "qwen2vl", 640, 480, 41, 30 },   { "qwen2vl", 1920, 1080, 47, 26 },
    { "qwen2vl", 283, 289, 35, 36 },  { "qwen25vl", 3000, 4000, 30, 41 }, { "qwen25vl", 16000, 9000, 47, 26 },
    { "qwen25vl", 90, 8999, 3, 357 }, { "qwen25vl", 2000, 10, 250, 1 },  { "qwen3vl", 1, 1, 8, 8 },
    { "qwen3vl", 20, 12, 11, 7 },     { "qwen3vl", 36, 28, 10, 8 },      { "qwen3vl", 640, 480, 41, 30 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (SottoVision) vision = open_vision (cases[i].name);
      SottoGrid grid = sotto_grid_find (&vision->sizes, vision->kind, cases[i].width, cases[i].height);

      g_assert_cmpuint (grid.frame.n_across, ==, 2 * cases[i].n_across);
      g_assert_cmpuint (grid.frame.n_down, ==, 2 * cases[i].n_down);
      g_assert_cmpuint (grid.frame.n_rows, ==, cases[i].n_across * cases[i].n_down);
      g_assert_cmpuint (grid.width, ==, 8 * cases[i].n_across);
      g_assert_cmpuint (grid.height, ==, 8 * cases[i].n_down);
    }
}

/* --- All --- */

static void
add_case (const char *what, const char *name, const char *tier, GTestDataFunc func)
{
  g_autofree char *path = g_strconcat ("/vision/", what, "/", name, tier != NULL ? "/" : NULL, tier, NULL);
  Case *test = g_new (Case, 1);

  *test = (Case) { g_strdup (name), tier };
  g_test_add_data_func_full (path, test, func, case_free);
}

static void
add_cases (void)
{
  static const char *const tiers[] = { KERNEL_TIERS };
  g_autofree char *folder = vision_fixture_path ("");
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) files = g_dir_open (folder, 0, &error);
  const char *file;

  g_assert_no_error (error);
  while ((file = g_dir_read_name (files)) != NULL)
    {
      g_autofree char *name = g_strndup (file, strlen (file) - MIN (strlen (file), strlen (".rows")));

      if (!g_str_has_suffix (file, ".rows"))
        continue;
      for (guint i = 0; i < G_N_ELEMENTS (tiers); i++)
        add_case ("rows", name, tiers[i], test_rows);
      add_case ("squares", name, NULL, test_squares);
      add_case ("layout", name, NULL, test_layout);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_set_nonfatal_assertions (); /* one model that fails hides no other */
  add_cases ();
  g_test_add_func ("/vision/threads", test_threads);
  g_test_add_func ("/vision/cancel", test_cancel);
  g_test_add_func ("/vision/strips", test_strips);
  g_test_add_func ("/vision/sides", test_sides);

  return g_test_run ();
}
