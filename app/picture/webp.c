#include "formats.h"

#include <string.h>
#include <webp/decode.h>
#include <webp/demux.h>

/* WebP, by libwebp; of one that moves, its first picture. */

static guint
find_orientation (const WebPData *file)
{
  WebPDemuxer *demuxer = WebPDemux (file);
  WebPChunkIterator chunk;
  guint orientation = 1;

  if (demuxer != NULL && WebPDemuxGetChunk (demuxer, "EXIF", 1, &chunk) != 0)
    {
      orientation = sotto_exif_find_orientation (chunk.chunk.bytes, chunk.chunk.size);
      WebPDemuxReleaseChunkIterator (&chunk);
    }
  WebPDemuxDelete (demuxer);
  return orientation;
}

/* The first picture of several need not fill the canvas that all of them are drawn on. */
static gboolean
read_first (const WebPData *file, guint8 *pixels, gsize length)
{
  WebPAnimDecoderOptions options;
  WebPAnimDecoder *decoder;
  uint8_t *first = NULL;
  int time;
  gboolean done;

  if (WebPAnimDecoderOptionsInit (&options) == 0)
    return FALSE;
  options.color_mode = MODE_RGBA;
  decoder = WebPAnimDecoderNew (file, &options);
  done = decoder != NULL && WebPAnimDecoderGetNext (decoder, &first, &time) != 0;
  if (done)
    memcpy (pixels, first, length);
  WebPAnimDecoderDelete (decoder);
  return done;
}

SottoPageStreamRefusal
sotto_webp_read (const guint8 *data, gsize length, SottoPicture *picture)
{
  const WebPData file = { data, length };
  WebPBitstreamFeatures features;
  SottoPageStreamRefusal why = SOTTO_PAGE_STREAM_DAMAGED;
  g_autoptr (SottoCanvas) canvas = NULL;
  g_autofree guint8 *pixels = NULL;
  gsize row, n;

  if (WebPGetFeatures (data, length, &features) != VP8_STATUS_OK || features.width <= 0 || features.height <= 0)
    return why;
  canvas = sotto_canvas_new ((guint64) features.width, (guint64) features.height, &why);
  if (canvas == NULL)
    return why;
  row = (gsize) features.width * 4;
  n = row * (gsize) features.height;
  pixels = g_try_malloc (n);
  if (pixels == NULL)
    return SOTTO_PAGE_STREAM_LARGE;
  if (features.has_animation ? !read_first (&file, pixels, n)
                             : WebPDecodeRGBAInto (data, length, pixels, n, (int) row) == NULL)
    return SOTTO_PAGE_STREAM_DAMAGED;
  for (int y = 0; y < features.height; y++)
    sotto_canvas_take_row (canvas, pixels + row * (gsize) y);
  return sotto_canvas_finish (canvas, find_orientation (&file), picture);
}
