#include "cuda/place.h"

/* A token's time is reckoned in bytes that a GPU reads meanwhile: whole numbers, so that ties are ties. Memory gives a
 * GPU of the middle 400e9 a second (a GTX 1070 256e9, an RTX 4070 504e9), and a desktop's CPU, with two channels of DDR4
 * or DDR5, 40e9; of a faster pair nothing is decided otherwise, since it is their ratio and the crossings that decide. A
 * crossing is what it takes until rows that one side has left are at work on the other: a copy of a few KB over the
 * bus with a wait for it (10 to 15 microseconds), and threads that are woken up or kernels that are launched (as much
 * again): 30 microseconds. */
#define CPU_BYTE 10.0
#define CROSSING 12e6

typedef struct {
  const SottoPlaceWish *wish;
  guint *where;
  guint end_staying;       /* experts before this piece stay on the CPU */
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

static gboolean
stays (const Placing *self, guint piece)
{
  return self->wish->pieces[piece].is_experts && piece < self->end_staying;
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

/* What a device has for pieces. */
static guint64
room_of (const SottoPlaceWish *wish, guint64 room)
{
  return room > wish->scratch ? room - wish->scratch : 0;
}

/* Puts the layers before the next piece on @device as long as they fit. Returns: bytes that are left */
static guint64
fill_device (Placing *self, guint device, guint64 room)
{
  guint64 left = room_of (self->wish, room);

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

/* Where everything has a place, what comes before the layers may have one, too. @is_beside: the last piece is where the
 * first layer is */
static gboolean
table_fits (const SottoPlaceWish *wish, gboolean is_beside, guint64 left)
{
  return bytes_of (&wish->pieces[0]) - (is_beside ? wish->shared : 0) <= left;
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
  if (self->next == 1 && table_fits (wish, self->where[1] == self->where[wish->n_pieces - 1], left))
    self->where[0] = self->where[1];
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

/* What comes behind the layers is not worth a crossing alone. */
static void
drop_end (Placing *self)
{
  for (guint i = 0; self->n_layers == 0 && i < self->wish->n_pieces; i++)
    self->where[i] = SOTTO_PLACE_CPU;
}

/* --- How many experts stay --- */

/* Of the pieces before each. */
typedef struct {
  guint64 bytes;
  guint64 expert_bytes;
  guint64 read;
  guint64 expert_read;
  guint n_layers;
  guint n_changes;         /* pieces that are experts where the one before is not, or the other way */
} Sums;

/* What is asked again and again: a file may have thousands of layers, of whose experts each number may stay. */
typedef struct {
  const SottoPlaceWish *wish;
  Sums *sums;              /* (n_pieces + 1) */
  guint *layers;           /* (n_layers + 1): first pieces; behind the last, the end of all */
  guint n_layers;          /* what comes before and behind them too */
} Choice;

static void
choice_init (Choice *self, const SottoPlaceWish *wish)
{
  *self = (Choice) { .wish = wish, .sums = g_new0 (Sums, wish->n_pieces + 1),
                     .layers = g_new (guint, wish->n_pieces + 1) };
  for (guint i = 0; i < wish->n_pieces; i++)
    {
      const SottoPlacePiece *piece = &wish->pieces[i];
      const Sums *sums = &self->sums[i];

      self->sums[i + 1] = (Sums) { sums->bytes + bytes_of (piece),
                                   sums->expert_bytes + (piece->is_experts ? bytes_of (piece) : 0),
                                   sums->read + piece->read,
                                   sums->expert_read + (piece->is_experts ? piece->read : 0),
                                   sums->n_layers + piece->n_layers,
                                   sums->n_changes + (i > 0 && piece->is_experts != piece[-1].is_experts) };
      if (!piece->continues)
        self->layers[self->n_layers++] = i;
    }
  self->layers[self->n_layers] = wish->n_pieces;
}

static void
choice_clear (Choice *self)
{
  g_free (self->sums);
  g_free (self->layers);
}

/* Of the pieces from @first to before @end, on a device. */
static guint64
sum_between (const Choice *self, guint first, guint end, guint end_staying)
{
  const Sums *sums = self->sums;

  return sums[end].bytes - sums[first].bytes
         - (sums[CLAMP (end_staying, first, end)].expert_bytes - sums[first].expert_bytes);
}

/* The lowest layer from which on all before layer @end fit into what is left. */
static guint
find_lowest (const Choice *self, guint end, guint end_staying, guint64 left)
{
  guint low = 1, high = end;

  while (low < high)
    {
      guint middle = (low + high) / 2;

      if (sum_between (self, self->layers[middle], self->layers[end], end_staying) <= left)
        high = middle;
      else
        low = middle + 1;
    }
  return low;
}

/* What of a token's time is not the same wherever pieces are, if these experts stay: what place_into() and drop_end() make of
 * it, without a look at each piece. */
static double
reckon (const Choice *self, guint end_staying)
{
  const Placing placing = { .wish = self->wish, .end_staying = end_staying };
  const SottoPlaceWish *wish = self->wish;
  const Sums *sums = self->sums, *all = &sums[wish->n_pieces];
  const gboolean first_stays = stays (&placing, 1), last_stays = stays (&placing, wish->n_pieces - 1);
  guint next = self->n_layers, first, n_used = 0, n_crossings = 0;
  guint64 left = 0, on_cpu;
  gboolean has_table;

  for (guint device = wish->n_devices; device > 0 && next > 1; device--)
    {
      guint end = next, border = self->layers[end];

      left = room_of (wish, wish->rooms[device - 1]);
      next = find_lowest (self, end, end_staying, left);
      left -= sum_between (self, self->layers[next], border, end_staying);
      /* From this device to the later one, unless that is by way of the CPU. */
      if (next < end && n_used++ > 0)
        n_crossings += !stays (&placing, border - 1) && !stays (&placing, border);
    }
  first = self->layers[next];
  if (all->n_layers == sums[first].n_layers)
    return (CPU_BYTE - 1) * (double) all->read;

  has_table = next == 1 && !first_stays
              && table_fits (wish, n_used == 1 && !last_stays, left);
  on_cpu = sums[first].read - (has_table ? wish->pieces[0].read : 0);
  n_crossings += !has_table && !stays (&placing, first);
  if (end_staying > first)
    {
      on_cpu += sums[end_staying].expert_read - sums[first].expert_read;
      n_crossings += sums[end_staying].n_changes - sums[first + 1].n_changes + (end_staying < wish->n_pieces);
    }
  return (CPU_BYTE - 1) * (double) on_cpu + CROSSING * n_crossings;
}

/* With so many layers' experts on the CPU as a token is soonest through with; all that is there, if that is as soon. */
static void
place_best (Placing *self)
{
  const SottoPlaceWish *wish = self->wish;
  Choice choice;
  double least;

  choice_init (&choice, wish);
  least = reckon (&choice, 0);
  for (guint i = 0; i < wish->n_pieces; i++)
    if (wish->pieces[i].is_experts)
      {
        double time = reckon (&choice, i + 1);

        if (time < least)
          {
            least = time;
            self->end_staying = i + 1;
          }
      }
  choice_clear (&choice);
  place_into (self, wish->rooms);
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
