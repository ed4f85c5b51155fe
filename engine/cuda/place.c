#include "cuda/place.h"

typedef struct {
  const SottoPlaceWish *wish;
  guint *where;
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

/* Puts the pieces before the next on @device as long as they fit. Returns: bytes that are left */
static guint64
fill_device (Placing *self, guint device, guint64 room)
{
  guint64 left = room > self->wish->scratch ? room - self->wish->scratch : 0;

  while (!is_done (self))
    {
      const SottoPlacePiece *piece = &self->wish->pieces[self->next - 1];

      if (bytes_of (piece) > left)
        break;
      left -= bytes_of (piece);
      self->n_layers += piece->n_layers;
      self->where[--self->next] = device;
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

/* Shares of all bytes by the devices' rooms, each with half a piece more, since pieces cannot be divided. */
static gboolean
place_in_shares (Placing *self)
{
  const SottoPlaceWish *wish = self->wish;
  g_autofree guint64 *shares = g_new (guint64, wish->n_devices);
  guint64 all = sum_bytes (wish) + bytes_of (&wish->pieces[0]);
  guint64 sum = 0, largest = 0;

  for (guint i = 0; i < wish->n_devices; i++)
    sum += wish->rooms[i];
  for (guint i = 1; i < wish->n_pieces; i++)
    largest = MAX (largest, bytes_of (&wish->pieces[i]));
  if (sum == 0 || all > sum)
    return FALSE;
  for (guint i = 0; i < wish->n_devices; i++)
    {
      double share = (double) wish->rooms[i] / (double) sum;

      shares[i] = MIN (wish->rooms[i], wish->scratch + largest / 2 + (guint64) (share * (double) all));
    }
  return place_into (self, shares) && self->next == 1;
}

static gboolean
refuse (const Placing *self, GError **error)
{
  const SottoPlaceWish *wish = self->wish;
  guint64 wanted = wish->scratch, unplaced = 0, available = 0;
  guint n_layers = 0;

  for (guint i = 0; i < wish->n_devices; i++)
    available += wish->rooms[i];
  for (guint i = wish->n_pieces; i > 1 && n_layers < (guint) wish->n_layers; i--)
    {
      wanted += bytes_of (&wish->pieces[i - 1]);
      unplaced += i <= self->next ? bytes_of (&wish->pieces[i - 1]) : 0;
      n_layers += wish->pieces[i - 1].n_layers;
    }
  /* Where it is not the sum that is too much, but no device has the room for one piece. */
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
  if (!place_into (&self, wish->rooms) && wish->n_layers >= 0
      && self.n_layers < MIN ((guint) wish->n_layers, n_layers))
    return refuse (&self, error);

  /* What comes behind the layers is not worth a crossing alone. */
  for (guint i = 0; self.n_layers == 0 && i < wish->n_pieces; i++)
    where[i] = SOTTO_PLACE_CPU;
  return TRUE;
}
