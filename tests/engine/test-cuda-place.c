/* Where the pieces of a plan go, by their sizes. */

#include "cuda/place.h"

enum { CPU = -1, MOST = 12 };

typedef struct {
  guint64 table, layer, output, shared;
  guint n_layers;
  guint64 rooms[3];
  guint n_devices;
  gint wanted;
  gint expected[MOST]; /* table, layers, output */
} Case;

static gboolean
place (const Case *self, guint *where, GError **error)
{
  SottoPlacePiece pieces[MOST] = { { .weights = self->table } };
  SottoPlaceWish wish = { .pieces = pieces, .n_pieces = self->n_layers + 2, .shared = self->shared,
                          .rooms = self->rooms, .n_devices = self->n_devices, .scratch = 10,
                          .n_layers = self->wanted };

  for (guint i = 0; i < self->n_layers; i++)
    pieces[i + 1] = (SottoPlacePiece) { self->layer - 5, 5, 1 };
  pieces[self->n_layers + 1] = (SottoPlacePiece) { .weights = self->output };
  return sotto_place (&wish, where, error);
}

static void
check (const Case *self)
{
  g_autoptr (GError) error = NULL;
  guint where[MOST];

  g_assert_true (place (self, where, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < self->n_layers + 2; i++)
    g_assert_cmpint (where[i] == SOTTO_PLACE_CPU ? CPU : (gint) where[i], ==, self->expected[i]);
}

static void
test_one_device (void)
{
  static const Case cases[] = {
    /* All: 30 + 4 * 100 + 50 + 10 of scratch. */
    { 30, 100, 50, 0, 4, { 490 }, 1, -1, { 0, 0, 0, 0, 0, 0 } },
    /* A byte less: the table stays. */
    { 30, 100, 50, 0, 4, { 489 }, 1, -1, { CPU, 0, 0, 0, 0, 0 } },
    /* It is the output as well. */
    { 50, 100, 50, 50, 4, { 460 }, 1, -1, { 0, 0, 0, 0, 0, 0 } },
    /* The last layers. */
    { 30, 100, 50, 0, 4, { 459 }, 1, -1, { CPU, CPU, 0, 0, 0, 0 } },
    { 30, 100, 50, 0, 4, { 260 }, 1, -1, { CPU, CPU, CPU, 0, 0, 0 } },
    /* None: then not the output either. */
    { 30, 100, 50, 0, 4, { 159 }, 1, -1, { CPU, CPU, CPU, CPU, CPU, CPU } },
    { 30, 100, 50, 0, 4, { 5 }, 1, -1, { CPU, CPU, CPU, CPU, CPU, CPU } },
    { 30, 100, 50, 0, 4, { 0 }, 0, -1, { CPU, CPU, CPU, CPU, CPU, CPU } },
    /* As many as are asked for. */
    { 30, 100, 50, 0, 4, { 999 }, 1, 0, { CPU, CPU, CPU, CPU, CPU, CPU } },
    { 30, 100, 50, 0, 4, { 999 }, 1, 2, { CPU, CPU, CPU, 0, 0, 0 } },
    { 30, 100, 50, 0, 4, { 260 }, 1, 2, { CPU, CPU, CPU, 0, 0, 0 } },
    { 30, 100, 50, 0, 4, { 999 }, 1, 4, { 0, 0, 0, 0, 0, 0 } },
    { 30, 100, 50, 0, 4, { 999 }, 1, 99, { 0, 0, 0, 0, 0, 0 } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    check (&cases[i]);
}

static void
test_several_devices (void)
{
  static const Case cases[] = {
    /* Halves, though one had the room for all. */
    { 10, 100, 10, 0, 6, { 1000, 1000 }, 2, -1, { 0, 0, 0, 0, 1, 1, 1, 1 } },
    /* By their memory: 1 to 3. */
    { 10, 100, 10, 0, 6, { 500, 1500 }, 2, -1, { 0, 0, 1, 1, 1, 1, 1, 1 } },
    /* Nearly full. */
    { 10, 100, 10, 0, 6, { 330, 330 }, 2, -1, { 0, 0, 0, 0, 1, 1, 1, 1 } },
    /* Too little for all: the CPU begins. */
    { 10, 100, 10, 0, 6, { 230, 230 }, 2, -1, { CPU, CPU, CPU, 0, 0, 1, 1, 1 } },
    /* One that has no room is left out. */
    { 10, 100, 10, 0, 6, { 50, 1500 }, 2, -1, { 1, 1, 1, 1, 1, 1, 1, 1 } },
    { 10, 100, 10, 0, 6, { 330, 20, 330 }, 3, -1, { 0, 0, 0, 0, 2, 2, 2, 2 } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("case %u", i);
      check (&cases[i]);
    }
}

static void
test_demand (void)
{
  static const Case cases[] = {
    { 30, 100, 50, 0, 4, { 400 }, 1, 4, { 0 } },
    { 30, 100, 50, 0, 4, { 259 }, 1, 2, { 0 } },
    /* Not the sum is too much. */
    { 30, 100, 50, 0, 4, { 90, 90, 90 }, 3, 1, { 0 } },
    { 30, 100, 50, 0, 4, { 0 }, 0, 1, { 0 } },
  };
  static const guint64 wanted[] = { 460, 260, 370, 160 };
  guint where[MOST];

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      const SottoErrorArguments *arguments;

      g_assert_false (place (&cases[i], where, &error));
      g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_MEMORY);
      arguments = sotto_engine_error_get_arguments (error);
      g_assert_cmpuint (arguments->wanted, ==, wanted[i]);
      g_assert_cmpuint (arguments->available, <, arguments->wanted);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cuda/place/one-device", test_one_device);
  g_test_add_func ("/cuda/place/several-devices", test_several_devices);
  g_test_add_func ("/cuda/place/demand", test_demand);
  return g_test_run ();
}
