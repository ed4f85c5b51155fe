#include "composer/paste.h"

#include <glib/gi18n.h>

/* Looking into what was copied or dropped:
 *
 *   read_text ──► read_files ──► read_picture ──► take_bytes ⟲
 *
 * each goes on to the next where there is nothing of its kind; what was dropped begins with the files. */

#define CHUNK (256 * 1024)
/* One byte more than a picture may have is enough to be told so. */
#define MAX_BYTES (32 * 1024 * 1024 + 1)

static const struct {
  const char *type;
  const char *ending;
} kinds[] = {
  { "image/png", ".png" },   { "image/jpeg", ".jpg" },  { "image/webp", ".webp" },
  { "image/gif", ".gif" },   { "image/tiff", ".tiff" }, { "image/bmp", ".bmp" },
};

typedef struct {
  SottoPasted *pasted;
  GByteArray *bytes;
  GInputStream *stream;
} Reading;

void
sotto_pasted_free (SottoPasted *self)
{
  g_clear_pointer (&self->picture, g_bytes_unref);
  g_clear_pointer (&self->files, g_ptr_array_unref);
  g_free (self->name);
  g_free (self);
}

static void
reading_free (gpointer data)
{
  Reading *reading = data;

  g_clear_pointer (&reading->pasted, sotto_pasted_free);
  g_clear_pointer (&reading->bytes, g_byte_array_unref);
  g_clear_object (&reading->stream);
  g_free (reading);
}

static gboolean
is_clipboard (GTask *task)
{
  return GDK_IS_CLIPBOARD (g_task_get_source_object (task));
}

static GdkContentFormats *
get_formats (GTask *task)
{
  gpointer source = g_task_get_source_object (task);

  return is_clipboard (task) ? gdk_clipboard_get_formats (source) : gdk_drop_get_formats (source);
}

/* --- What there is --- */

GdkContentFormats *
sotto_paste_create_formats (void)
{
  GdkContentFormatsBuilder *builder = gdk_content_formats_builder_new ();

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    gdk_content_formats_builder_add_mime_type (builder, kinds[i].type);

  return gdk_content_formats_builder_free_to_formats (builder);
}

gboolean
sotto_paste_has_picture (GdkContentFormats *formats)
{
  g_autoptr (GdkContentFormats) wanted = sotto_paste_create_formats ();
  g_autoptr (GdkContentFormats) all = gdk_content_formats_union_serialize_mime_types (gdk_content_formats_ref (formats));

  return gdk_content_formats_match (all, wanted);
}

gboolean
sotto_paste_has_more (GdkContentFormats *formats)
{
  return sotto_paste_has_picture (formats) || gdk_content_formats_contain_gtype (formats, GDK_TYPE_FILE_LIST);
}

/* Whether @text says no more than where something lies, line by line. */
static gboolean
is_address (const char *text)
{
  static const char *const beginnings[] = { "http://", "https://", "file://", "data:image/", "/" };
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *line = g_strstrip (lines[i]);
      gboolean is_one = *line == '\0';

      for (guint j = 0; j < G_N_ELEMENTS (beginnings) && !is_one; j++)
        is_one = g_str_has_prefix (line, beginnings[j]);
      if (!is_one)
        return FALSE;
    }

  return TRUE;
}

/* --- A picture --- */

static void
on_chunk (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Reading *reading = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (GBytes) chunk = g_input_stream_read_bytes_finish (G_INPUT_STREAM (source), result, &error);
  gsize size;
  const guint8 *data;

  if (chunk == NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  data = g_bytes_get_data (chunk, &size);
  g_byte_array_append (reading->bytes, data, (guint) size);
  if (size > 0 && reading->bytes->len < MAX_BYTES)
    {
      g_input_stream_read_bytes_async (reading->stream, CHUNK, G_PRIORITY_DEFAULT, g_task_get_cancellable (task), on_chunk,
                                       g_object_ref (task));
      return;
    }

  reading->pasted->picture = g_byte_array_free_to_bytes (g_steal_pointer (&reading->bytes));
  g_task_return_pointer (task, g_steal_pointer (&reading->pasted), (GDestroyNotify) sotto_pasted_free);
}

static void
on_stream (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  Reading *reading = g_task_get_task_data (task);
  const char *type = NULL;
  const char *ending = "";
  GError *error = NULL;

  reading->stream = is_clipboard (task) ? gdk_clipboard_read_finish (GDK_CLIPBOARD (source), result, &type, &error)
                                        : gdk_drop_read_finish (GDK_DROP (source), result, &type, &error);
  if (reading->stream == NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (g_strcmp0 (kinds[i].type, type) == 0)
      ending = kinds[i].ending;
  reading->pasted = g_new0 (SottoPasted, 1);
  /* Translators: what a picture is called that has no name, as the name of a file */
  reading->pasted->name = g_strconcat (_("Pasted picture"), ending, NULL);
  reading->bytes = g_byte_array_new ();
  g_input_stream_read_bytes_async (reading->stream, CHUNK, G_PRIORITY_DEFAULT, g_task_get_cancellable (task), on_chunk,
                                   g_object_ref (task));
}

static void
read_picture (GTask *task)
{
  const char *types[G_N_ELEMENTS (kinds) + 1] = { NULL };
  GCancellable *cancellable = g_task_get_cancellable (task);

  if (!sotto_paste_has_picture (get_formats (task)))
    {
      g_task_return_pointer (task, NULL, NULL);
      return;
    }

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    types[i] = kinds[i].type;
  if (is_clipboard (task))
    gdk_clipboard_read_async (g_task_get_source_object (task), types, G_PRIORITY_DEFAULT, cancellable, on_stream,
                              g_object_ref (task));
  else
    gdk_drop_read_async (g_task_get_source_object (task), types, G_PRIORITY_DEFAULT, cancellable, on_stream, g_object_ref (task));
}

/* --- Files --- */

static void
on_files (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  const GValue *value = is_clipboard (task) ? gdk_clipboard_read_value_finish (GDK_CLIPBOARD (source), result, NULL)
                                            : gdk_drop_read_value_finish (GDK_DROP (source), result, NULL);
  g_autoptr (GSList) list = value != NULL ? gdk_file_list_get_files (g_value_get_boxed (value)) : NULL;
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_object_unref);
  SottoPasted *pasted;

  for (GSList *file = list; file != NULL; file = file->next)
    if (g_file_peek_path (file->data) != NULL)
      g_ptr_array_add (files, g_object_ref (file->data));
  if (files->len == 0)
    {
      read_picture (task);
      return;
    }

  pasted = g_new0 (SottoPasted, 1);
  pasted->files = g_steal_pointer (&files);
  g_task_return_pointer (task, pasted, (GDestroyNotify) sotto_pasted_free);
}

static void
read_files (GTask *task)
{
  GCancellable *cancellable = g_task_get_cancellable (task);

  if (!gdk_content_formats_contain_gtype (get_formats (task), GDK_TYPE_FILE_LIST))
    read_picture (task);
  else if (is_clipboard (task))
    gdk_clipboard_read_value_async (g_task_get_source_object (task), GDK_TYPE_FILE_LIST, G_PRIORITY_DEFAULT, cancellable, on_files,
                                    g_object_ref (task));
  else
    gdk_drop_read_value_async (g_task_get_source_object (task), GDK_TYPE_FILE_LIST, G_PRIORITY_DEFAULT, cancellable, on_files,
                               g_object_ref (task));
}

/* --- Text --- */

static void
on_text (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autofree char *text = gdk_clipboard_read_text_finish (GDK_CLIPBOARD (source), result, NULL);

  if (text == NULL || is_address (text))
    read_files (task);
  else
    g_task_return_pointer (task, NULL, NULL);
}

void
sotto_paste_read_async (GObject             *source,
                        GCancellable        *cancellable,
                        GAsyncReadyCallback  callback,
                        gpointer             user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (GDK_IS_CLIPBOARD (source) || GDK_IS_DROP (source));

  task = g_task_new (source, cancellable, callback, user_data);
  g_task_set_task_data (task, g_new0 (Reading, 1), reading_free);
  if (is_clipboard (task) && gdk_content_formats_contain_gtype (get_formats (task), G_TYPE_STRING))
    gdk_clipboard_read_text_async (GDK_CLIPBOARD (source), cancellable, on_text, g_object_ref (task));
  else
    read_files (task);
}

SottoPasted *
sotto_paste_read_finish (GObject       *source,
                         GAsyncResult  *result,
                         GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, source), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
