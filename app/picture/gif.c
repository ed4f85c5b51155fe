#include "formats.h"

#include <string.h>

/* GIF, as CompuServe describes it (GIF89a), least significant byte first; its first picture.
 *
 *   0   "GIF87a" or "GIF89a"; 6 width, 8 height of the screen; 10 flags, 13 colours of three bytes, if there are any
 *   then blocks: 0x21 an extension (0xf9: which colour is transparent), 0x2c a picture, 0x3b the end
 *   a picture: 2 bytes each of left, top, width, height; flags; colours of its own; the bits of its first codes; pieces of codes
 *
 * Codes are those of T. Welch (1984): a code is what another one is, and a byte more. */

#define MAX_CODES 4096

typedef struct {
  const guint8 *data;
  gsize length;
  gsize at;
  guint width, height;        /* of the screen */
  guint left, top, n_across, n_down; /* of the picture on it */
  guint8 colours[256][3];
  guint n_colours;
  int transparent;            /* -1: none is */
  gboolean is_interlaced;
} Gif;

static guint
get_byte (Gif *gif)
{
  return gif->at < gif->length ? gif->data[gif->at++] : 0;
}

static guint
get_number (Gif *gif)
{
  const guint low = get_byte (gif);

  return low | get_byte (gif) << 8;
}

static void
read_colours (Gif *gif, guint flags)
{
  if ((flags & 0x80) == 0)
    return;
  gif->n_colours = 2u << (flags & 7);
  for (guint i = 0; i < gif->n_colours; i++)
    for (guint c = 0; c < 3; c++)
      gif->colours[i][c] = (guint8) get_byte (gif);
}

/* Pieces of a block, each behind its length, up to one of none. Returns: (transfer full): what they are together */
static GByteArray *
read_pieces (Gif *gif)
{
  GByteArray *bytes = g_byte_array_new ();

  for (;;)
    {
      const guint n = get_byte (gif);
      const gsize there = MIN (n, gif->length - gif->at);

      if (n == 0)
        return bytes;
      g_byte_array_append (bytes, gif->data + gif->at, (guint) there);
      gif->at += there;
    }
}

static void
read_extension (Gif *gif)
{
  const guint kind = get_byte (gif);
  g_autoptr (GByteArray) bytes = read_pieces (gif);

  if (kind == 0xf9 && bytes->len >= 4)
    gif->transparent = (bytes->data[0] & 1) != 0 ? bytes->data[3] : -1;
}

/* Up to the pixels of the first picture */
static gboolean
read_head (Gif *gif)
{
  guint flags;

  gif->at = 6;
  gif->transparent = -1;
  gif->width = get_number (gif);
  gif->height = get_number (gif);
  flags = get_byte (gif);
  gif->at += 2;
  if (gif->length < 13)
    return FALSE;
  read_colours (gif, flags);
  while (gif->at < gif->length)
    switch (get_byte (gif))
      {
      case 0x21:
        read_extension (gif);
        break;
      case 0x2c:
        gif->left = get_number (gif);
        gif->top = get_number (gif);
        gif->n_across = get_number (gif);
        gif->n_down = get_number (gif);
        flags = get_byte (gif);
        gif->is_interlaced = (flags & 0x40) != 0;
        read_colours (gif, flags);
        return gif->n_across > 0 && gif->n_down > 0;
      default:
        return FALSE;
      }
  return FALSE;
}

/* --- Codes --- */

typedef struct {
  const guint8 *data;
  gsize n_bits_left;
  gsize at;           /* in bits */
  guint16 before[MAX_CODES];
  guint8 last[MAX_CODES];
  guint16 n_bytes[MAX_CODES]; /* what it is, in bytes */
} Codes;

static int
get_code (Codes *codes, guint n_bits)
{
  guint code = 0;

  if (codes->n_bits_left < n_bits)
    return -1;
  for (guint i = 0; i < n_bits; i++, codes->at++)
    code |= (guint) (codes->data[codes->at / 8] >> codes->at % 8 & 1) << i;
  codes->n_bits_left -= n_bits;
  return (int) code;
}

/* Writes what @code is from @to on, as far as there is room. */
static void
write_code (const Codes *codes, guint code, guint8 *to, gsize room)
{
  for (gsize i = codes->n_bytes[code]; i > 1; i--, code = codes->before[code])
    if (i - 1 < room)
      to[i - 1] = codes->last[code];
  if (room > 0)
    to[0] = codes->last[code];
}

/* Returns: whether there were as many pixels as wanted */
static gboolean
unpack (Gif *gif, guint8 *pixels, gsize n)
{
  const guint n_first_bits = get_byte (gif);
  g_autoptr (GByteArray) bytes = read_pieces (gif);
  g_autofree Codes *codes = NULL;
  guint clear, n_bits, n_codes;
  int before = -1;
  gsize at = 0;

  if (n_first_bits < 1 || n_first_bits > 11)
    return FALSE;
  clear = 1u << n_first_bits;
  n_bits = n_first_bits + 1;
  n_codes = clear + 2;
  codes = g_new0 (Codes, 1);
  codes->data = bytes->data;
  codes->n_bits_left = (gsize) bytes->len * 8;
  for (guint i = 0; i < clear; i++)
    {
      codes->last[i] = (guint8) i;
      codes->n_bytes[i] = 1;
    }

  while (at < n)
    {
      const int code = get_code (codes, n_bits);

      if (code < 0 || (guint) code == clear + 1)
        return FALSE;
      if ((guint) code == clear)
        {
          n_bits = n_first_bits + 1;
          n_codes = clear + 2;
          before = -1;
          continue;
        }
      if (before < 0 ? (guint) code >= clear : (guint) code > n_codes || ((guint) code == n_codes && n_codes == MAX_CODES))
        return FALSE;
      if (before >= 0 && n_codes < MAX_CODES)
        {
          /* A code that is just being made begins and ends with what the one before begins with. */
          guint begin = (guint) code == n_codes ? (guint) before : (guint) code;

          while (codes->n_bytes[begin] > 1)
            begin = codes->before[begin];
          codes->before[n_codes] = (guint16) before;
          codes->last[n_codes] = codes->last[begin];
          codes->n_bytes[n_codes] = (guint16) (codes->n_bytes[before] + 1);
          n_codes++;
          if (n_codes == 1u << n_bits && n_bits < 12)
            n_bits++;
        }
      write_code (codes, (guint) code, pixels + at, n - at);
      at += codes->n_bytes[code];
      before = code;
    }
  return TRUE;
}

/* --- The picture --- */

/* Where the @number-th row of an interlaced picture comes to stand: every eighth, those between, … */
static guint
find_row (const Gif *gif, guint number)
{
  static const guint begins[] = { 0, 4, 2, 1 };
  static const guint steps[] = { 8, 8, 4, 2 };

  if (!gif->is_interlaced)
    return number;
  for (guint pass = 0; pass < 4; pass++)
    {
      const guint n = gif->n_down > begins[pass] ? (gif->n_down - begins[pass] + steps[pass] - 1) / steps[pass] : 0;

      if (number < n)
        return begins[pass] + number * steps[pass];
      number -= n;
    }
  return number;
}

static void
take_row (const Gif *gif, const guint8 *pixels, guint8 *line)
{
  for (guint x = 0; x < gif->n_across && gif->left + x < gif->width; x++)
    {
      const guint colour = pixels[x];
      guint8 *to = line + (gsize) (gif->left + x) * 4;

      if ((int) colour == gif->transparent)
        continue;
      memset (to, 0, 3);
      if (colour < gif->n_colours)
        memcpy (to, gif->colours[colour], 3);
      to[3] = 255;
    }
}

SottoPageStreamRefusal
sotto_gif_read (const guint8 *data, gsize length, SottoPicture *picture)
{
  Gif gif = { data, length, 0 };
  SottoPageStreamRefusal why = SOTTO_PAGE_STREAM_DAMAGED;
  g_autoptr (SottoCanvas) canvas = NULL;
  g_autofree guint8 *pixels = NULL;
  g_autofree guint8 *line = NULL;
  g_autofree guint *rows = NULL;

  if (!read_head (&gif))
    return why;
  /* Some leave the screen out. */
  if (gif.width == 0 || gif.height == 0)
    {
      gif.width = gif.left + gif.n_across;
      gif.height = gif.top + gif.n_down;
    }
  canvas = sotto_canvas_new (gif.width, gif.height, &why);
  if (canvas == NULL)
    return why;
  if ((guint64) gif.n_across * gif.n_down > SOTTO_CANVAS_MAX_PIXELS)
    return SOTTO_PAGE_STREAM_LARGE;
  pixels = g_try_malloc0 ((gsize) gif.n_across * gif.n_down);
  if (pixels == NULL)
    return SOTTO_PAGE_STREAM_LARGE;
  if (!unpack (&gif, pixels, (gsize) gif.n_across * gif.n_down))
    return SOTTO_PAGE_STREAM_DAMAGED;

  rows = g_new (guint, gif.n_down);
  for (guint i = 0; i < gif.n_down; i++)
    rows[find_row (&gif, i)] = i;
  line = g_malloc ((gsize) gif.width * 4);
  for (guint y = 0; y < gif.height; y++)
    {
      memset (line, 0, (gsize) gif.width * 4);
      if (y >= gif.top && y - gif.top < gif.n_down)
        take_row (&gif, pixels + (gsize) rows[y - gif.top] * gif.n_across, line);
      sotto_canvas_take_row (canvas, line);
    }
  return sotto_canvas_finish (canvas, 1, picture);
}
