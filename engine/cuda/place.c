#include "cuda/place.h"

/* What a token's time is reckoned with: bytes a second that memory gives, and what it takes until rows that one side has
 * left are at work on the other. The CPU's is a desktop's with two channels of DDR4 or DDR5, the GPU's one of the middle
 * (a GTX 1070's is 256e9, an RTX 4070's 504e9); of a faster pair nothing is decided otherwise, since it is their ratio
 * and the crossings that decide. A crossing is a copy of a few KB over the bus with a wait for it (10 to 15 microseconds),
 * and threads that are woken up or kernels that are launched (as much again). */
#define CPU_BYTES_A_SECOND 40e9
#define GPU_BYTES_A_SECOND 400e9
#define CROSSING_SECONDS 30e-6

typedef struct {
  const SottoPlaceWish *wish;
  guint *where;
  guint n_staying;         /* so many of the plan's pieces that are experts are on the CPU, the first ones */
  guint n_layers;          /* placed */
  guint next;              /* pieces before it are still to be placed */
} Placing;

static guint64
bytes_of (const SottoPlacePiece *piece)
{
  return piece->weights + piece->kept;
}

/* Of all pieces that have layers or come behind them. */
static guint64
sum_bytes (const SottoPlaceWish *wish)
{
  guint64 sum = 0;

  for (guint i = 1; i < wish->n_pieces; i++)
    sum += bytes_of (&wish->pieces[i]);
  return sum;
}

static gboolean
is_done (const Placing *self)
{
  return self->next == 1
         || (self->wish->n_layers >= 0 && self->n_layers >= (guint) self->wish->n_layers);
}

/* Experts of the pieces before @end. */
static guint
count_experts (const SottoPlaceWish *wish, guint end)
{
  guint n = 0;

  for (guint i = 0; i < end; i++)
    n += wish->pieces[i].is_experts;
  return n;
}

static gboolean
stays (const Placing *self, guint piece)
{
  return self->wish->pieces[piece].is_experts && count_experts (self->wish, piece) < self->n_staying;
}

/* The first piece of the layer that ends before @end. */
static guint
find_layer (const SottoPlaceWish *wish, guint end)
{
  guint first = end - 1;

  while (wish->pieces[first].continues)
    first--;
  return first;
}

/* Puts the layers before the next piece on @device as long as they fit. Returns: bytes that are left */
static guint64
fill_device (Placing *self, guint device, guint64 room)
{
  guint64 left = room > self->wish->scratch ? room - self->wish->scratch : 0;

  while (!is_done (self))
    {
      guint first = find_layer (self->wish, self->next);
      guint64 n_bytes = 0;

      for (guint i = first; i < self->next; i++)
        n_bytes += stays (self, i) ? 0 : bytes_of (&self->wish->pieces[i]);
      if (n_bytes > left)
        break;
      left -= n_bytes;
      for (guint i = first; i < self->next; i++)
        self->where[i] = stays (self, i) ? SOTTO_PLACE_CPU : device;
      self->n_layers += self->wish->pieces[first].n_layers;
      self->next = first;
    }
  return left;
}

/* Where everything has a place, what comes before the layers may have one, too. */
static void
place_table (Placing *self, guint64 left)
{
  const SottoPlaceWish *wish = self->wish;
  guint64 shared = self->where[1] == self->where[wish->n_pieces - 1] ? wish->shared : 0;

  if (bytes_of (&wish->pieces[0]) - shared <= left)
    self->where[0] = self->where[1];
}

/* @rooms: (n_devices) */
static gboolean
place_into (Placing *self, const guint64 *rooms)
{
  const SottoPlaceWish *wish = self->wish;
  guint64 left = 0;

  self->n_layers = 0;
  self->next = wish->n_pieces;
  for (guint i = 0; i < wish->n_pieces; i++)
    self->where[i] = SOTTO_PLACE_CPU;
  for (guint device = wish->n_devices; device > 0 && !is_done (self); device--)
    left = fill_device (self, device - 1, rooms[device - 1]);
  if (self->next == 1)
    place_table (self, left);
  return is_done (self);
}

/* Shares of all bytes by the devices' rooms, each with half a layer more, since layers cannot be divided. */
static gboolean
place_in_shares (Placing *self)
{
  const SottoPlaceWish *wish = self->wish;
  g_autofree guint64 *shares = g_new (guint64, wish->n_devices);
  guint64 all = sum_bytes (wish) + bytes_of (&wish->pieces[0]);
  guint64 sum = 0, largest = 0;

  for (guint i = 0; i < wish->n_devices; i++)
    sum += wish->rooms[i];
  for (guint end = wish->n_pieces, first; end > 1; end = first)
    {
      guint64 n_bytes = 0;

      first = find_layer (wish, end);
      for (guint i = first; i < end; i++)
        n_bytes += bytes_of (&wish->pieces[i]);
      largest = MAX (largest, n_bytes);
    }
  if (sum == 0 || all > sum)
    return FALSE;
  for (guint i = 0; i < wish->n_devices; i++)
    {
      double share = (double) wish->rooms[i] / (double) sum;

      shares[i] = MIN (wish->rooms[i], wish->scratch + largest / 2 + (guint64) (share * (double) all));
    }
  return place_into (self, shares) && self->next == 1;
}

/* Seconds that one token takes where the pieces are now. */
static double
reckon (const Placing *self)
{
  const SottoPlaceWish *wish = self->wish;
  double seconds = 0;

  for (guint i = 0; i < wish->n_pieces; i++)
    {
      seconds += (double) wish->pieces[i].read
                 / (self->where[i] == SOTTO_PLACE_CPU ? CPU_BYTES_A_SECOND : GPU_BYTES_A_SECOND);
      if (i > 0 && self->where[i] != self->where[i - 1])
        seconds += CROSSING_SECONDS;
    }
  return seconds;
}

/* What comes behind the layers is not worth a crossing alone. */
static void
drop_end (Placing *self)
{
  for (guint i = 0; self->n_layers == 0 && i < self->wish->n_pieces; i++)
    self->where[i] = SOTTO_PLACE_CPU;
}

/* With so many layers' experts on the CPU as a token is soonest through with; all that is there, if that is as soon. */
static void
place_best (Placing *self)
{
  guint n_experts = count_experts (self->wish, self->wish->n_pieces);
  guint best = 0;
  double least = G_MAXDOUBLE;

  for (self->n_staying = 0; self->n_staying <= n_experts; self->n_staying++)
    {
      double seconds;

      place_into (self, self->wish->rooms);
      drop_end (self);
      seconds = reckon (self);
      if (seconds < least)
        {
          least = seconds;
          best = self->n_staying;
        }
    }
  self->n_staying = best;
  place_into (self, self->wish->rooms);
  drop_end (self);
}

static gboolean
refuse (const Placing *self, GError **error)
{
  const SottoPlaceWish *wish = self->wish;
  guint64 wanted = wish->scratch, unplaced = 0, available = 0;
  guint n_layers = 0;

  for (guint i = 0; i < wish->n_devices; i++)
    available += wish->rooms[i];
  for (guint end = wish->n_pieces, first; end > 1 && n_layers < (guint) wish->n_layers; end = first)
    {
      first = find_layer (wish, end);
      for (guint i = first; i < end; i++)
        {
          wanted += bytes_of (&wish->pieces[i]);
          unplaced += end <= self->next ? bytes_of (&wish->pieces[i]) : 0;
        }
      n_layers += wish->pieces[first].n_layers;
    }
  /* Where it is not the sum that is too much, but no device has the room for one layer. */
  if (wanted <= available)
    wanted = available + unplaced;
  sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_MEMORY,
                          &(SottoErrorArguments) { .wanted = wanted, .available = available },
                          "%d layers on the GPU need %" G_GUINT64_FORMAT " bytes there, %" G_GUINT64_FORMAT
                          " are free", wish->n_layers, wanted, available);
  return FALSE;
}

gboolean
sotto_place (const SottoPlaceWish *wish, guint *where, GError **error)
{
  Placing self = { .wish = wish, .where = where };
  guint n_layers = 0;

  for (guint i = 0; i < wish->n_pieces; i++)
    n_layers += wish->pieces[i].n_layers;
  if (wish->n_devices > 1 && (wish->n_layers < 0 || (guint) wish->n_layers >= n_layers)
      && place_in_shares (&self))
    return TRUE;
  if (wish->n_layers == SOTTO_PLACE_AS_FITS)
    {
      place_best (&self);
      return TRUE;
    }
  if (!place_into (&self, wish->rooms) && self.n_layers < MIN ((guint) wish->n_layers, n_layers))
    return refuse (&self, error);
  drop_end (&self);
  return TRUE;
}
