/* Where the pieces of a plan go, by their sizes. */

#include "cuda/place.h"
#include "work.h"

#include <string.h>

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
    pieces[i + 1] = (SottoPlacePiece) { .weights = self->layer - 5, .kept = 5, .n_layers = 1 };
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

/* --- Experts --- */

enum { N_LAYERS = 4, N_PIECES = 2 + 2 * N_LAYERS };

#define MB ((guint64) 1000000)

/* In MB: a layer's own weights, of which a token reads all, and its experts', of which it reads @read. */
typedef struct {
  guint64 own, experts, read;
  guint64 rooms[2];
  guint n_devices;
  gint wanted;
  gint expected[N_PIECES]; /* table, own and experts of each layer, output */
} ExpertCase;

static gboolean
place_experts (const ExpertCase *self, guint *where, GError **error)
{
  guint64 rooms[2] = { self->rooms[0] * MB, self->rooms[1] * MB };
  SottoPlacePiece pieces[N_PIECES] = { { .weights = 100 * MB } };
  SottoPlaceWish wish = { .pieces = pieces, .n_pieces = N_PIECES, .rooms = rooms, .n_devices = self->n_devices,
                          .scratch = 10 * MB, .n_layers = self->wanted };

  for (guint i = 0; i < N_LAYERS; i++)
    {
      pieces[2 * i + 1] = (SottoPlacePiece) { .weights = self->own * MB, .read = self->own * MB, .n_layers = 1 };
      pieces[2 * i + 2] = (SottoPlacePiece) { .weights = self->experts * MB, .read = self->read * MB,
                                              .is_experts = TRUE, .continues = TRUE };
    }
  pieces[N_PIECES - 1] = (SottoPlacePiece) { .weights = 50 * MB, .read = 50 * MB };
  return sotto_place (&wish, where, error);
}

/* What a token takes is reckoned beside each: of MB that it reads, the CPU has 40 in a millisecond and a GPU 400; a crossing
 * takes 0.03 ms. Everything on GPUs takes 0.025 for a layer's own 10 and as much for its experts, on the CPU 0.25. */
static void
test_experts (void)
{
  static const ExpertCase cases[] = {
    /* All: 100 + 4 * 350 + 50 + 10 of scratch. */
    { 10, 340, 10, { 1560 }, 1, -1, { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 } },
    /* Not the table, for 0.03; experts of a layer in its place would be 0.225 + 0.06. */
    { 10, 340, 10, { 1559 }, 1, -1, { CPU, 0, 0, 0, 0, 0, 0, 0, 0, 0 } },
    /* Experts of the first layer, 0.285, and then the table has a place; of a whole layer it would be 0.48. */
    { 10, 340, 10, { 1459 }, 1, -1, { 0, 0, CPU, 0, 0, 0, 0, 0, 0, 0 } },
    /* Those of two: 10 + 50 + 40 + 2 * 340, and not enough for the table. */
    { 10, 340, 10, { 800 }, 1, -1, { CPU, 0, CPU, 0, CPU, 0, 0, 0, 0, 0 } },
    /* Nothing but what all tokens read. */
    { 10, 340, 10, { 110 }, 1, -1, { CPU, 0, CPU, 0, CPU, 0, CPU, 0, CPU, 0 } },
    /* Not even that: two layers are the CPU's. */
    { 10, 340, 10, { 85 }, 1, -1, { CPU, CPU, CPU, CPU, CPU, 0, CPU, 0, CPU, 0 } },
    /* Not one layer. */
    { 10, 340, 10, { 69 }, 1, -1, { CPU, CPU, CPU, CPU, CPU, CPU, CPU, CPU, CPU, CPU } },
    { 10, 340, 10, { 0 }, 0, -1, { CPU, CPU, CPU, CPU, CPU, CPU, CPU, CPU, CPU, CPU } },
    /* Layers that hardly read anything but experts: two whole ones on the CPU are 2 * 0.2475 + 0.03, experts of two
     * 2 * 0.225 + 5 * 0.03. */
    { 1, 40, 10, { 145 }, 1, -1, { CPU, CPU, CPU, CPU, CPU, 0, 0, 0, 0, 0 } },
    /* With four times as much beside experts the two ways are 2 * 0.315 + 0.03 and the same 0.6. */
    { 4, 40, 10, { 157 }, 1, -1, { CPU, 0, CPU, 0, CPU, 0, 0, 0, 0, 0 } },
    /* Two devices for all but the table: halves. */
    { 10, 340, 10, { 800, 800 }, 2, -1, { CPU, 0, 0, 0, 0, 1, 1, 1, 1, 1 } },
    /* The second has no room for a whole layer beside the output, the first for one, and for the others' own. */
    { 10, 340, 10, { 400, 400 }, 2, -1, { CPU, 0, CPU, 0, CPU, 0, CPU, 0, 0, 1 } },
    /* A demand is of whole layers. */
    { 10, 340, 10, { 500 }, 1, 1, { CPU, CPU, CPU, CPU, CPU, CPU, CPU, 0, 0, 0 } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      guint where[N_PIECES];

      g_test_message ("case %u", i);
      g_assert_true (place_experts (&cases[i], where, &error));
      g_assert_no_error (error);
      for (guint k = 0; k < N_PIECES; k++)
        g_assert_cmpint (where[k] == SOTTO_PLACE_CPU ? CPU : (gint) where[k], ==, cases[i].expected[k]);
    }
}

static void
test_experts_demand (void)
{
  static const ExpertCase demand = { 10, 340, 10, { 500 }, 1, 2, { 0 } };
  g_autoptr (GError) error = NULL;
  guint where[N_PIECES];

  g_assert_false (place_experts (&demand, where, &error));
  g_assert_error (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_MEMORY);
  g_assert_cmpuint (sotto_engine_error_get_arguments (error)->wanted, ==, (10 + 50 + 2 * 350) * MB);
  g_assert_cmpuint (sotto_engine_error_get_arguments (error)->available, ==, 500 * MB);
}

/* --- Beside all ways, tried one by one --- */

enum { MOST_DRAWN = 40 };

static gboolean
stays (const SottoPlaceWish *wish, guint piece, guint n_staying)
{
  guint n = 0;

  for (guint i = 0; i < piece; i++)
    n += wish->pieces[i].is_experts;
  return wish->pieces[piece].is_experts && n < n_staying;
}

/* As place.h says it, with so many experts on the CPU. */
static void
place_plainly (const SottoPlaceWish *wish, guint n_staying, guint *where)
{
  const SottoPlacePiece *pieces = wish->pieces;
  guint end = wish->n_pieces, n_layers = 0;
  guint64 left = 0;

  for (guint i = 0; i < wish->n_pieces; i++)
    where[i] = SOTTO_PLACE_CPU;
  for (guint device = wish->n_devices; device-- > 0 && end > 1;)
    for (left = wish->rooms[device] - MIN (wish->rooms[device], wish->scratch); end > 1;)
      {
        guint first = end - 1;
        guint64 n_bytes = 0;

        while (pieces[first].continues)
          first--;
        for (guint i = first; i < end; i++)
          n_bytes += stays (wish, i, n_staying) ? 0 : pieces[i].weights + pieces[i].kept;
        if (n_bytes > left)
          break;
        for (guint i = first; i < end; i++)
          where[i] = stays (wish, i, n_staying) ? SOTTO_PLACE_CPU : device;
        left -= n_bytes;
        n_layers += pieces[first].n_layers;
        end = first;
      }
  if (end == 1
      && pieces[0].weights - (where[1] == where[wish->n_pieces - 1] ? wish->shared : 0) <= left)
    where[0] = where[1];
  for (guint i = 0; i < wish->n_pieces && n_layers == 0; i++)
    where[i] = SOTTO_PLACE_CPU;
}

/* Of a token, in bytes that a GPU reads meanwhile: the CPU reads one while a GPU reads ten, a crossing is twelve million. */
static guint64
measure_time (const SottoPlaceWish *wish, const guint *where)
{
  guint64 time = 0;

  for (guint i = 0; i < wish->n_pieces; i++)
    {
      time += wish->pieces[i].read * (where[i] == SOTTO_PLACE_CPU ? 10 : 1);
      time += i > 0 && where[i] != where[i - 1] ? 12 * MB : 0;
    }
  return time;
}

/* Sizes that often make two ways equally long, and leave nothing over or a little. */
static guint
draw_pieces (GRand *rand, SottoPlacePiece *pieces)
{
  guint n_layers = (guint) g_rand_int_range (rand, 0, 1 + g_rand_int_range (rand, 1, 12));
  guint n = 0;

  pieces[n++] = (SottoPlacePiece) { .weights = g_rand_int_range (rand, 0, 5) * MB, .read = g_rand_int_range (rand, 0, 2) * MB };
  for (guint layer = 0; layer < n_layers; layer++)
    for (guint i = 0, n_parts = (guint) g_rand_int_range (rand, 1, 4); i < n_parts; i++)
      {
        guint64 size = (guint64) g_rand_int_range (rand, 0, 6);
        gboolean is_experts = i % 2 == (g_rand_int_range (rand, 0, 8) > 0);

        pieces[n++] = (SottoPlacePiece) { .weights = size * (is_experts ? 4 : 1) * MB,
                                          .kept = g_rand_int_range (rand, 0, 2) * MB,
                                          .read = size * (guint64) g_rand_int_range (rand, 0, 3) * MB / 2,
                                          .n_layers = i > 0 ? 0 : (guint) g_rand_int_range (rand, 1, 3),
                                          .is_experts = is_experts && g_rand_int_range (rand, 0, 6) > 0,
                                          .continues = i > 0 };
      }
  pieces[n++] = (SottoPlacePiece) { .weights = g_rand_int_range (rand, 0, 5) * MB, .read = g_rand_int_range (rand, 0, 5) * MB };
  return n;
}

/* As many experts stay as make the least time, and of two such numbers the lower one. */
static gboolean
check_drawn (GRand *rand)
{
  SottoPlacePiece pieces[MOST_DRAWN];
  guint n = draw_pieces (rand, pieces), n_experts = 0;
  guint64 rooms[3], all = 0, room = 0, least = G_MAXUINT64;
  SottoPlaceWish wish = { .pieces = pieces, .n_pieces = n, .rooms = rooms,
                          .n_devices = (guint) g_rand_int_range (rand, 0, 4),
                          .scratch = g_rand_int_range (rand, 0, 3) * MB, .n_layers = SOTTO_PLACE_AS_FITS };
  guint where[MOST_DRAWN], expected[MOST_DRAWN], tried[MOST_DRAWN];

  g_assert_cmpuint (n, <=, MOST_DRAWN);
  if (g_rand_boolean (rand))
    wish.shared = MIN (pieces[0].weights, pieces[n - 1].weights);
  for (guint i = 0; i < n; i++)
    {
      all += pieces[i].weights + pieces[i].kept;
      n_experts += pieces[i].is_experts;
    }
  for (guint i = 0; i < wish.n_devices; i++)
    room += rooms[i] = (guint64) g_rand_int_range (rand, 0, 2 + (gint32) (all / MB)) * MB;
  /* Shares are another matter. */
  if (wish.n_devices > 1 && room >= all)
    return FALSE;

  for (guint n_staying = 0; n_staying <= n_experts; n_staying++)
    {
      guint64 time;

      place_plainly (&wish, n_staying, tried);
      time = measure_time (&wish, tried);
      if (time >= least)
        continue;
      least = time;
      memcpy (expected, tried, sizeof expected);
    }
  g_assert_true (sotto_place (&wish, where, NULL));
  g_assert_cmpmem (where, n * sizeof *where, expected, n * sizeof *where);
  return expected[n - 1] != SOTTO_PLACE_CPU;
}

static void
test_drawn (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (11);
  guint n_placed = 0;

  for (guint i = 0; i < 20000; i++)
    n_placed += check_drawn (rand);
  g_assert_cmpuint (n_placed, >, 4000);
}

/* --- Thousands of layers --- */

/* Tiny mixtures on two devices that have no room for all experts. Returns: what placing them takes */
static guint64
work_on_mixtures (guint n_layers)
{
  g_autofree SottoPlacePiece *pieces = g_new0 (SottoPlacePiece, 3 * n_layers + 2);
  g_autofree guint *where = g_new (guint, 3 * n_layers + 2);
  guint64 rooms[2] = { n_layers * 3 * MB, n_layers * 3 * MB };
  SottoPlaceWish wish = { .pieces = pieces, .n_pieces = 3 * n_layers + 2, .rooms = rooms, .n_devices = 2,
                          .n_layers = SOTTO_PLACE_AS_FITS };
  guint64 before = work_done ();
  guint n_experts = 0;

  for (guint i = 0; i < n_layers; i++)
    {
      pieces[3 * i + 1] = (SottoPlacePiece) { .weights = MB, .read = 4 * MB, .n_layers = 1 };
      pieces[3 * i + 2] = (SottoPlacePiece) { .weights = 8 * MB, .read = MB, .is_experts = TRUE, .continues = TRUE };
      pieces[3 * i + 3] = (SottoPlacePiece) { .read = 4 * MB, .continues = TRUE };
    }
  g_assert_true (sotto_place (&wish, where, NULL));
  for (guint i = 0; i < wish.n_pieces; i++)
    {
      g_assert_true (i == 0 || pieces[i].is_experts || where[i] != SOTTO_PLACE_CPU);
      n_experts += pieces[i].is_experts && where[i] != SOTTO_PLACE_CPU;
    }
  /* 6 a layer are there, 1 is for what is not experts, 5 for experts of 8: and no device has more than a layer over. */
  g_assert_cmpuint (n_experts, >=, n_layers * 5 / 8 - 2);
  return work_done () - before;
}

/* A file says how many layers it has: four times as many must not take much more than four times as long. */
static void
test_many_layers (void)
{
  guint64 few = work_on_mixtures (1024), many = work_on_mixtures (4096);

  g_test_message ("1,024 layers: %" G_GUINT64_FORMAT ", 4,096: %" G_GUINT64_FORMAT, few, many);
  g_assert_cmpuint (few, >, 1024);
  g_assert_cmpuint (many, <, 6 * few);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cuda/place/one-device", test_one_device);
  g_test_add_func ("/cuda/place/several-devices", test_several_devices);
  g_test_add_func ("/cuda/place/demand", test_demand);
  g_test_add_func ("/cuda/place/experts", test_experts);
  g_test_add_func ("/cuda/place/experts-demand", test_experts_demand);
  g_test_add_func ("/cuda/place/drawn", test_drawn);
  g_test_add_func ("/cuda/place/many-layers", test_many_layers);
  return g_test_run ();
}
