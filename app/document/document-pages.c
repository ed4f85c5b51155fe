#include "document/document-pages.h"

#include "document/document-private.h"
#include "document/document-tidy.h"
#include "reader/page-stream.h"

#include <string.h>

struct _SottoDocumentPages {
  gatomicrefcount n_references;
  gsize max_bytes;
  guint max_pages;

  /* The record that is being taken */
  guint8 head[SOTTO_PAGE_STREAM_HEAD];
  guint n_head;           /* bytes of it that are here */
  GByteArray *content;
  guint32 length;

  GPtrArray *texts;       /* char *, one a page, or one in all */
  gsize n_bytes;          /* of them */
  guint n_expected;
  gboolean is_over;       /* the last record has come */
  gboolean is_broken;     /* after an error */
};

SottoDocumentPages *
sotto_document_pages_new (gsize max_bytes, guint max_pages)
{
  SottoDocumentPages *self = g_new0 (SottoDocumentPages, 1);

  g_atomic_ref_count_init (&self->n_references);
  self->max_bytes = max_bytes;
  self->max_pages = max_pages;
  self->content = g_byte_array_new ();
  self->texts = g_ptr_array_new_with_free_func (g_free);
  return self;
}

SottoDocumentPages *
sotto_document_pages_new_whole (char *text)
{
  SottoDocumentPages *self = sotto_document_pages_new (0, 0);

  g_ptr_array_add (self->texts, text);
  self->is_over = TRUE;
  return self;
}

SottoDocumentPages *
sotto_document_pages_ref (SottoDocumentPages *self)
{
  g_atomic_ref_count_inc (&self->n_references);
  return self;
}

void
sotto_document_pages_unref (SottoDocumentPages *self)
{
  if (!g_atomic_ref_count_dec (&self->n_references))
    return;
  g_byte_array_unref (self->content);
  g_ptr_array_unref (self->texts);
  g_free (self);
}

/* --- Records --- */

static guint32
read_little (const guint8 *bytes)
{
  guint32 little;

  memcpy (&little, bytes, sizeof little);
  return GUINT32_FROM_LE (little);
}

static gboolean
refuse (GError **error, SottoDocumentError code)
{
  g_set_error (error, SOTTO_DOCUMENT_ERROR, code, "The helper's stream ends with %d", code);
  return FALSE;
}

/* Before its content is waited for, which may be 4 GB of nothing. */
static gboolean
check_head (SottoDocumentPages *self, GError **error)
{
  switch (self->head[0])
    {
    case SOTTO_PAGE_STREAM_COUNT:
      if (self->length == 4 && self->n_expected == 0 && self->texts->len == 0)
        return TRUE;
      break;
    case SOTTO_PAGE_STREAM_PAGE:
      if (self->texts->len >= self->n_expected)
        break;
      if (self->length > self->max_bytes - self->n_bytes)
        return refuse (error, SOTTO_DOCUMENT_ERROR_TOO_LONG);
      return TRUE;
    case SOTTO_PAGE_STREAM_WHOLE:
      if (self->n_expected > 0 || self->texts->len > 0)
        break;
      if (self->length > self->max_bytes)
        return refuse (error, SOTTO_DOCUMENT_ERROR_TOO_LONG);
      return TRUE;
    case SOTTO_PAGE_STREAM_REFUSAL:
      if (self->length == 1)
        return TRUE;
      break;
    case SOTTO_PAGE_STREAM_END:
      if (self->length == 0 && self->texts->len > 0 && self->texts->len == MAX (self->n_expected, 1))
        return TRUE;
      break;
    default:
      break;
    }
  return refuse (error, SOTTO_DOCUMENT_ERROR_DAMAGED);
}

static gboolean
take_count (SottoDocumentPages *self, GError **error)
{
  const guint32 n = read_little (self->content->data);

  if (n == 0)
    return refuse (error, SOTTO_DOCUMENT_ERROR_DAMAGED);
  if (n > self->max_pages)
    return refuse (error, SOTTO_DOCUMENT_ERROR_TOO_LONG);
  self->n_expected = n;
  return TRUE;
}

static gboolean
take_page (SottoDocumentPages *self, GError **error)
{
  const char *text = (const char *) self->content->data;

  /* Which refuses zeros within, too. */
  if (self->length > 0 && !g_utf8_validate_len (text, self->length, NULL))
    return refuse (error, SOTTO_DOCUMENT_ERROR_DAMAGED);
  g_ptr_array_add (self->texts, g_strndup (self->length > 0 ? text : "", self->length));
  self->n_bytes += self->length;
  return TRUE;
}

static gboolean
take_refusal (SottoDocumentPages *self, GError **error)
{
  switch ((SottoPageStreamRefusal) self->content->data[0])
    {
    case SOTTO_PAGE_STREAM_LOCKED:
      return refuse (error, SOTTO_DOCUMENT_ERROR_LOCKED);
    case SOTTO_PAGE_STREAM_LARGE:
      return refuse (error, SOTTO_DOCUMENT_ERROR_TOO_LONG);
    case SOTTO_PAGE_STREAM_UNSAFE:
      return refuse (error, SOTTO_DOCUMENT_ERROR_UNSAFE);
    case SOTTO_PAGE_STREAM_FOREIGN:
      return refuse (error, SOTTO_DOCUMENT_ERROR_FOREIGN);
    case SOTTO_PAGE_STREAM_OLD:
      return refuse (error, SOTTO_DOCUMENT_ERROR_OLD_FORMAT);
    case SOTTO_PAGE_STREAM_NONE:
    case SOTTO_PAGE_STREAM_DAMAGED:
    default:
      return refuse (error, SOTTO_DOCUMENT_ERROR_DAMAGED);
    }
}

static gboolean
take_record (SottoDocumentPages *self, GError **error)
{
  switch (self->head[0])
    {
    case SOTTO_PAGE_STREAM_COUNT:
      return take_count (self, error);
    case SOTTO_PAGE_STREAM_PAGE:
    case SOTTO_PAGE_STREAM_WHOLE:
      return take_page (self, error);
    case SOTTO_PAGE_STREAM_REFUSAL:
      return take_refusal (self, error);
    case SOTTO_PAGE_STREAM_END:
    default:
      self->is_over = TRUE;
      return TRUE;
    }
}

/* How many bytes of @data belong to the record that is being taken; FALSE: it is none. */
static gboolean
take_some (SottoDocumentPages *self, const guint8 *data, gsize length, gsize *taken, GError **error)
{
  *taken = 0;
  if (self->n_head < SOTTO_PAGE_STREAM_HEAD)
    {
      *taken = MIN (length, SOTTO_PAGE_STREAM_HEAD - self->n_head);
      memcpy (self->head + self->n_head, data, *taken);
      self->n_head += (guint) *taken;
      if (self->n_head < SOTTO_PAGE_STREAM_HEAD)
        return TRUE;
      self->length = read_little (self->head + 1);
      if (!check_head (self, error))
        return FALSE;
    }
  else
    {
      *taken = MIN (length, self->length - self->content->len);
      g_byte_array_append (self->content, data, (guint) *taken);
    }

  if (self->content->len < self->length)
    return TRUE;
  if (!take_record (self, error))
    return FALSE;
  g_byte_array_set_size (self->content, 0);
  self->n_head = 0;
  return TRUE;
}

gboolean
sotto_document_pages_feed (SottoDocumentPages *self, gconstpointer data, gsize length, GError **error)
{
  const guint8 *at = data;

  while (length > 0 && !self->is_broken)
    {
      gsize taken;

      if (self->is_over)
        {
          self->is_broken = TRUE;
          return refuse (error, SOTTO_DOCUMENT_ERROR_DAMAGED);
        }
      if (!take_some (self, at, length, &taken, error))
        {
          self->is_broken = TRUE;
          return FALSE;
        }
      at += taken;
      length -= taken;
    }
  return self->is_broken ? refuse (error, SOTTO_DOCUMENT_ERROR_DAMAGED) : TRUE;
}

/* --- What has come --- */

gboolean
sotto_document_pages_are_complete (SottoDocumentPages *self)
{
  return self->is_over && !self->is_broken;
}

gboolean
sotto_document_pages_are_numbered (SottoDocumentPages *self)
{
  return self->n_expected > 0;
}

guint
sotto_document_pages_get_n_expected (SottoDocumentPages *self)
{
  return self->n_expected;
}

guint
sotto_document_pages_get_n (SottoDocumentPages *self)
{
  return self->texts->len;
}

const char *
sotto_document_pages_get_text (SottoDocumentPages *self, guint page)
{
  g_return_val_if_fail (page < self->texts->len, NULL);
  return g_ptr_array_index (self->texts, page);
}

void
sotto_document_pages_tidy (SottoDocumentPages *self)
{
  sotto_document_tidy ((char **) self->texts->pdata, self->texts->len);
}
