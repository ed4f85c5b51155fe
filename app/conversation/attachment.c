#include "config.h"

#include "conversation/attachment-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "document/document-private.h"
#include "numbers.h"

enum {
  PROP_NAME = 1,
  PROP_N_PAGES,
  PROP_SIZE,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

G_DEFINE_FINAL_TYPE (SottoAttachment, sotto_attachment, G_TYPE_OBJECT)

/* --- From and to the history --- */

/* Those that begin lines or turn the direction of writing around would make another name of it. */
static char *
make_line (const char *name)
{
  g_autofree char *valid = g_utf8_make_valid (name, -1);
  GString *line = g_string_new (NULL);

  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    {
      const gunichar c = g_utf8_get_char (p);

      g_string_append_unichar (line, g_unichar_isprint (c) ? c : ' ');
    }
  return g_string_free_and_steal (line);
}

/* Which are kept of a file's type, whatever the desktop it is read on knows of types */
typedef struct {
  const char *ending;
  const char *media_type;
  gboolean was_formatted;
} Kind;

static const Kind kinds[] = {
  { ".pdf", "application/pdf", TRUE },
  { ".docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", TRUE },
  { ".odt", "application/vnd.oasis.opendocument.text", TRUE },
  { ".pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation", TRUE },
  { ".odp", "application/vnd.oasis.opendocument.presentation", TRUE },
  { ".rtf", "application/rtf", TRUE },
  { ".epub", "application/epub+zip", TRUE },
  { ".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", FALSE },
  { ".ods", "application/vnd.oasis.opendocument.spreadsheet", FALSE },
  { ".html", "text/html", FALSE },
  { ".md", "text/markdown", FALSE },
  { ".csv", "text/csv", FALSE },
  { ".json", "application/json", FALSE },
};

static const char *
guess_media_type (const char *name, guint n_pages)
{
  g_autofree char *folded = g_ascii_strdown (name, -1);

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (g_str_has_suffix (folded, kinds[i].ending))
      return kinds[i].media_type;
  return n_pages > 0 ? "application/pdf" : "text/plain";
}

SottoAttachment *
sotto_attachment_new (const char *name, const char *media_type, char *text, guint n_pages)
{
  SottoAttachment *self = g_object_new (SOTTO_TYPE_ATTACHMENT, NULL);

  self->name = make_line (name);
  self->media_type = g_strdup (media_type != NULL ? media_type : guess_media_type (self->name, n_pages));
  self->text = text;
  self->size = strlen (text);
  self->n_pages = n_pages;
  return self;
}

SottoAttachment *
sotto_attachment_new_picture (const char *name, const char *media_type, GBytes *data)
{
  SottoAttachment *self = g_object_new (SOTTO_TYPE_ATTACHMENT, NULL);
  gsize length;
  const char *begin = g_bytes_get_data (data, &length);

  self->name = make_line (name);
  if (media_type == NULL)
    media_type = sotto_document_find_picture_type (begin, length);
  self->media_type = g_strdup (media_type != NULL ? media_type : "application/octet-stream");
  self->size = length;
  self->is_picture = TRUE;
  self->data = g_bytes_ref (data);
  return self;
}

/* One whose file stays where it is */
static SottoAttachment *
new_kept_picture (const char *name, const SottoHistoryPart *part, SottoStore *store)
{
  SottoAttachment *self = g_object_new (SOTTO_TYPE_ATTACHMENT, NULL);

  self->name = make_line (name);
  self->media_type = g_strdup (part->media_type != NULL ? part->media_type : "application/octet-stream");
  self->size = part->size;
  self->is_picture = TRUE;
  self->hash = g_bytes_ref (part->hash);
  g_weak_ref_set (&self->store, store);
  return self;
}

gboolean
sotto_attachment_is_part (const SottoHistoryPart *part)
{
  if (part->kind == SOTTO_HISTORY_PART_IMAGE)
    return part->data != NULL || part->hash != NULL;
  return part->kind == SOTTO_HISTORY_PART_DOCUMENT && part->media_type != NULL && part->uri == NULL;
}

SottoAttachment *
sotto_attachment_new_from_part (const SottoHistoryPart *part, SottoStore *store)
{
  const char *name = part->name != NULL ? part->name : "";

  if (part->kind == SOTTO_HISTORY_PART_IMAGE && part->data != NULL)
    return sotto_attachment_new_picture (name, part->media_type, part->data);
  if (part->kind == SOTTO_HISTORY_PART_IMAGE)
    return new_kept_picture (name, part, store);
  return sotto_attachment_new (name, part->media_type, g_strdup (part->text), part->last_page);
}

SottoHistoryPart *
sotto_attachment_to_part (SottoAttachment *self)
{
  SottoHistoryPart *part = sotto_history_part_new (self->is_picture ? SOTTO_HISTORY_PART_IMAGE : SOTTO_HISTORY_PART_DOCUMENT,
                                                   self->text);

  part->name = g_strdup (self->name);
  part->media_type = g_strdup (self->media_type);
  part->data = self->data != NULL ? g_bytes_ref (self->data) : NULL;
  part->hash = self->hash != NULL ? g_bytes_ref (self->hash) : NULL;
  part->first_page = self->n_pages > 0 ? 1 : 0;
  part->last_page = self->n_pages;
  return part;
}

GPtrArray *
sotto_attachments_new_from_parts (const GPtrArray *parts, SottoStore *store)
{
  g_autoptr (GPtrArray) attachments = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; parts != NULL && i < parts->len; i++)
    if (sotto_attachment_is_part (g_ptr_array_index (parts, i)))
      g_ptr_array_add (attachments, sotto_attachment_new_from_part (g_ptr_array_index (parts, i), store));
  return attachments->len > 0 ? g_steal_pointer (&attachments) : NULL;
}

const char *
sotto_attachment_get_draft_id (SottoAttachment *self)
{
  return self->draft_id;
}

void
sotto_attachment_set_draft_id (SottoAttachment *self, const char *id)
{
  g_set_str (&self->draft_id, id);
}

/* --- For the model --- */

/* Whatever the file holds, the block ends behind it. */
static char *
create_fence (const char *text)
{
  gsize longest = 2;
  gsize run = 0;

  for (const char *p = text; *p != '\0'; p++)
    {
      run = *p == '`' ? run + 1 : 0;
      longest = MAX (longest, run);
    }
  return g_strnfill (longest + 1, '`');
}

void
sotto_attachment_write (SottoAttachment *self, GString *out)
{
  g_autofree char *fence = NULL;

  if (self->is_picture)
    {
      g_string_append_printf (out, "[Picture “%s”: not shown to you]\n", self->name);
      return;
    }
  fence = create_fence (self->text);
  g_string_append_printf (out, "%s:\n\n%s\n", self->name, fence);
  g_string_append_len (out, self->text, (gssize) self->size);
  g_string_append_printf (out, "%s%s\n", self->size > 0 && self->text[self->size - 1] != '\n' ? "\n" : "", fence);
}

gsize
sotto_attachment_get_prompt_size (SottoAttachment *self)
{
  return self->is_picture ? SOTTO_ATTACHMENT_PICTURE_PROMPT_BYTES : self->size;
}

/* --- For people --- */

const char *
sotto_attachment_get_name (SottoAttachment *self)
{
  g_return_val_if_fail (SOTTO_IS_ATTACHMENT (self), NULL);
  return self->name;
}

guint
sotto_attachment_get_n_pages (SottoAttachment *self)
{
  g_return_val_if_fail (SOTTO_IS_ATTACHMENT (self), 0);
  return self->n_pages;
}

gsize
sotto_attachment_get_size (SottoAttachment *self)
{
  g_return_val_if_fail (SOTTO_IS_ATTACHMENT (self), 0);
  return self->size;
}

const char *
sotto_attachment_get_text (SottoAttachment *self)
{
  g_return_val_if_fail (SOTTO_IS_ATTACHMENT (self), NULL);
  return self->text;
}

const char *
sotto_attachment_get_media_type (SottoAttachment *self)
{
  g_return_val_if_fail (SOTTO_IS_ATTACHMENT (self), NULL);
  return self->media_type;
}

gboolean
sotto_attachment_was_formatted (SottoAttachment *self)
{
  g_return_val_if_fail (SOTTO_IS_ATTACHMENT (self), FALSE);

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (g_str_equal (self->media_type, kinds[i].media_type))
      return kinds[i].was_formatted;
  return self->n_pages > 0;
}

char *
sotto_attachment_describe (SottoAttachment *self)
{
  g_autofree char *number = NULL;

  g_return_val_if_fail (SOTTO_IS_ATTACHMENT (self), NULL);

  if (self->n_pages == 0)
    return g_format_size (self->size);
  number = sotto_number_describe (self->n_pages);
  /* Translators: how long a document is */
  return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%s page", "%s pages", self->n_pages), number);
}

/* --- The object --- */

static void
sotto_attachment_finalize (GObject *object)
{
  SottoAttachment *self = SOTTO_ATTACHMENT (object);

  g_free (self->name);
  g_free (self->media_type);
  g_free (self->text);
  g_free (self->draft_id);
  g_clear_pointer (&self->data, g_bytes_unref);
  g_clear_pointer (&self->hash, g_bytes_unref);
  g_weak_ref_clear (&self->store);
  g_clear_pointer (&self->image, sotto_image_unref);
  g_clear_pointer (&self->loads, g_ptr_array_unref);
  G_OBJECT_CLASS (sotto_attachment_parent_class)->finalize (object);
}

static void
sotto_attachment_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  SottoAttachment *self = SOTTO_ATTACHMENT (object);

  switch (prop_id)
    {
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    case PROP_N_PAGES:
      g_value_set_uint (value, self->n_pages);
      break;
    case PROP_SIZE:
      g_value_set_uint64 (value, self->size);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sotto_attachment_class_init (SottoAttachmentClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->finalize = sotto_attachment_finalize;
  object_class->get_property = sotto_attachment_get_property;
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);
  properties[PROP_N_PAGES] = g_param_spec_uint ("n-pages", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_SIZE] = g_param_spec_uint64 ("size", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
sotto_attachment_init (SottoAttachment *self)
{
  g_weak_ref_init (&self->store, NULL);
}
