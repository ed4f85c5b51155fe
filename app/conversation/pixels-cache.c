#include "conversation/pixels-cache.h"

/* Last used last: what was used longest ago goes first. There are some hundred of them at most, so that a walk finds one. An entry goes
 * with its attachment, so that a locked history leaves none. */

typedef struct {
  SottoAttachment *attachment; /* weakly */
  guint width;
  guint height;
  gboolean covers;
  SottoPixels pixels;
} Entry;

static GQueue entries = G_QUEUE_INIT;
static gsize size;

static void on_attachment_gone (gpointer user_data, GObject *where);

static void
remove_link (GList *link)
{
  Entry *entry = link->data;

  if (entry->attachment != NULL)
    g_object_weak_unref (G_OBJECT (entry->attachment), on_attachment_gone, entry);
  g_queue_delete_link (&entries, link);
  size -= g_bytes_get_size (entry->pixels.bytes);
  g_bytes_unref (entry->pixels.bytes);
  g_free (entry);
}

static void
on_attachment_gone (gpointer user_data, GObject *where)
{
  Entry *entry = user_data;

  entry->attachment = NULL;
  remove_link (g_queue_find (&entries, entry));
}

static GList *
find (SottoAttachment *attachment, guint width, guint height, gboolean covers)
{
  for (GList *link = entries.tail; link != NULL; link = link->prev)
    {
      const Entry *entry = link->data;

      if (entry->attachment == attachment && entry->width == width && entry->height == height && entry->covers == covers)
        return link;
    }
  return NULL;
}

void
sotto_pixels_cache_put (SottoAttachment *attachment, guint width, guint height, gboolean covers, const SottoPixels *pixels)
{
  const gsize added = g_bytes_get_size (pixels->bytes);
  GList *before = find (attachment, width, height, covers);
  Entry *entry;

  if (before != NULL)
    remove_link (before);
  if (added > SOTTO_PIXELS_CACHE_BYTES / 8)
    return;
  while (size + added > SOTTO_PIXELS_CACHE_BYTES)
    remove_link (entries.head);

  entry = g_new (Entry, 1);
  *entry = (Entry) { attachment, width, height, covers, *pixels };
  g_bytes_ref (entry->pixels.bytes);
  size += added;
  g_object_weak_ref (G_OBJECT (attachment), on_attachment_gone, entry);
  g_queue_push_tail (&entries, entry);
}

SottoPixels *
sotto_pixels_cache_get (SottoAttachment *attachment, guint width, guint height, gboolean covers)
{
  GList *link = find (attachment, width, height, covers);
  SottoPixels *pixels;

  if (link == NULL)
    return NULL;
  g_queue_unlink (&entries, link);
  g_queue_push_tail_link (&entries, link);
  pixels = g_memdup2 (&((Entry *) link->data)->pixels, sizeof *pixels);
  g_bytes_ref (pixels->bytes);
  return pixels;
}

gsize
sotto_pixels_cache_get_size (void)
{
  return size;
}
