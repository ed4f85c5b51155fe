#include "sotto-message-private.h"

#include "sotto-error.h"

#include <string.h>

typedef struct {
  guint message;
  SottoImage *image;
} Picture;

/* Messages stay the JSON they came as: a template sees every key that was given, in its order. */
struct _SottoMessages
{
  gatomicrefcount ref_count;
  GPtrArray *documents; /* (element-type yyjson_doc): owned */
  GPtrArray *messages;  /* (element-type yyjson_val): inside the documents */
  GArray *pictures;     /* (element-type Picture): by message */
  yyjson_val *tools;    /* (nullable): inside the documents */
  guint n_calls;        /* in all replies, of which those of the last one begin at */
  guint first_call;
  char *begun_reasoning; /* (nullable): of the reply that comes next, as is its content */
  char *begun_content;
};

static void
document_free (gpointer data)
{
  yyjson_doc_free (data);
}

static void
picture_clear (gpointer data)
{
  sotto_image_unref (((Picture *) data)->image);
}

SottoMessages *
sotto_messages_new (void)
{
  SottoMessages *self = g_new0 (SottoMessages, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->documents = g_ptr_array_new_with_free_func (document_free);
  self->messages = g_ptr_array_new ();
  self->pictures = g_array_new (FALSE, FALSE, sizeof (Picture));
  g_array_set_clear_func (self->pictures, picture_clear);

  return self;
}

SottoMessages *
sotto_messages_ref (SottoMessages *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
sotto_messages_unref (SottoMessages *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_ptr_array_unref (self->messages);
  g_array_unref (self->pictures);
  g_ptr_array_unref (self->documents);
  g_free (self->begun_reasoning);
  g_free (self->begun_content);
  g_free (self);
}

static void *
glib_malloc (void  *context,
             size_t size)
{
  return g_malloc (size);
}

static void *
glib_realloc (void  *context,
              void  *memory,
              size_t old_size,
              size_t size)
{
  return g_realloc (memory, size);
}

static void
glib_free (void *context,
           void *memory)
{
  g_free (memory);
}

/* Small blocks and one copy of the text, as g_strdup() would take them: none of this fails. */
static const yyjson_alc allocator = { glib_malloc, glib_realloc, glib_free, NULL };

static void
add_text (yyjson_mut_doc *draft,
          yyjson_mut_val *object,
          const char     *key,
          const char     *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);

  yyjson_mut_obj_add_strcpy (draft, object, key, valid);
}

/* Takes @draft: its root is the next message. */
static void
append_draft (SottoMessages  *self,
              yyjson_mut_doc *draft)
{
  yyjson_doc *document = yyjson_mut_val_imut_copy (yyjson_mut_doc_get_root (draft), &allocator);

  yyjson_mut_doc_free (draft);
  g_ptr_array_add (self->documents, document);
  g_ptr_array_add (self->messages, yyjson_doc_get_root (document));
}

static yyjson_mut_doc *
begin_draft (const char *role,
             const char *content)
{
  yyjson_mut_doc *draft = yyjson_mut_doc_new (&allocator);
  yyjson_mut_val *message = yyjson_mut_obj (draft);

  yyjson_mut_doc_set_root (draft, message);
  add_text (draft, message, "role", role);
  add_text (draft, message, "content", content);

  return draft;
}

void
sotto_messages_append (SottoMessages *self,
                       const char    *role,
                       const char    *content)
{
  append_draft (self, begin_draft (role, content));
}

void
sotto_messages_append_image (SottoMessages *self,
                             SottoImage    *image)
{
  Picture picture = { self->messages->len - 1, image };

  if (self->messages->len == 0)
    return;

  sotto_image_ref (image);
  g_array_append_val (self->pictures, picture);
}

guint
sotto_messages_count_images (const SottoMessages *self)
{
  return self->pictures->len;
}

SottoImage *
sotto_messages_get_image (const SottoMessages *self,
                          guint                i,
                          guint               *message)
{
  const Picture *picture = &g_array_index (self->pictures, Picture, i);

  *message = picture->message;

  return picture->image;
}

/* Nine characters are what the strictest of the templates ask for. */
static void
add_call_id (yyjson_mut_doc *draft,
             yyjson_mut_val *object,
             const char     *key,
             guint           call)
{
  char id[16];

  g_snprintf (id, sizeof id, "call%05u", MIN (call + 1, 99999));
  yyjson_mut_obj_add_strcpy (draft, object, key, id);
}

static void
add_call (yyjson_mut_doc *draft,
          yyjson_mut_val *calls,
          guint           number,
          const char     *name,
          const char     *arguments)
{
  yyjson_mut_val *call = yyjson_mut_arr_add_obj (draft, calls);
  yyjson_mut_val *function;
  yyjson_doc *parsed = sotto_messages_read_json (arguments, -1, "arguments", NULL);

  add_call_id (draft, call, "id", number);
  yyjson_mut_obj_add_str (draft, call, "type", "function");
  function = yyjson_mut_obj_add_obj (draft, call, "function");
  add_text (draft, function, "name", name);
  if (yyjson_is_obj (yyjson_doc_get_root (parsed)))
    yyjson_mut_obj_add_val (draft, function, "arguments",
                            yyjson_val_mut_copy (draft, yyjson_doc_get_root (parsed)));
  else
    add_text (draft, function, "arguments", arguments);
  yyjson_doc_free (parsed);
}

void
sotto_messages_append_reply (SottoMessages      *self,
                             const char         *content,
                             const char         *reasoning,
                             const char *const  *names,
                             const char *const  *arguments)
{
  yyjson_mut_doc *draft = begin_draft ("assistant", content);
  yyjson_mut_val *message = yyjson_mut_doc_get_root (draft);

  if (reasoning != NULL && reasoning[0] != '\0')
    add_text (draft, message, "reasoning_content", reasoning);
  if (names != NULL && names[0] != NULL)
    {
      yyjson_mut_val *calls = yyjson_mut_obj_add_arr (draft, message, "tool_calls");

      self->first_call = self->n_calls;
      for (guint i = 0; names[i] != NULL; i++)
        add_call (draft, calls, self->n_calls++, names[i], arguments[i]);
    }
  append_draft (self, draft);
}

void
sotto_messages_append_result (SottoMessages *self,
                              guint          call,
                              const char    *name,
                              const char    *content)
{
  yyjson_mut_doc *draft = begin_draft ("tool", content);
  yyjson_mut_val *message = yyjson_mut_doc_get_root (draft);

  add_text (draft, message, "name", name);
  add_call_id (draft, message, "tool_call_id", self->first_call + call);
  append_draft (self, draft);
}

G_GNUC_PRINTF (2, 3)
static gboolean
refuse (GError    **error,
        const char *format,
        ...)
{
  g_autofree char *subject = NULL;
  SottoErrorArguments arguments = { 0 };
  va_list args;

  va_start (args, format);
  subject = g_strdup_vprintf (format, args);
  va_end (args);
  arguments.subject = subject;
  sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_MESSAGES, &arguments, "Messages: %s", subject);

  return FALSE;
}

static gboolean
is_shallow (yyjson_val *value,
            guint       depth)
{
  yyjson_val *key, *item;
  size_t i, n;

  if (!yyjson_is_ctn (value))
    return TRUE;
  if (depth == 0)
    return FALSE;

  if (yyjson_is_arr (value))
    {
      yyjson_arr_foreach (value, i, n, item)
        if (!is_shallow (item, depth - 1))
          return FALSE;
    }
  else
    {
      yyjson_obj_foreach (value, i, n, key, item)
        if (!is_shallow (item, depth - 1))
          return FALSE;
    }

  return TRUE;
}

/* The code unit of "\\uxxxx" at @at, or -1. */
static gint
escaped_unit (const char *at,
              const char *end)
{
  gint unit = 0;

  if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
    return -1;
  for (guint i = 2; i < 6; i++)
    {
      if (!g_ascii_isxdigit (at[i]))
        return -1;
      unit = unit << 4 | g_ascii_xdigit_value (at[i]);
    }

  return unit;
}

/* JSON can write half of a surrogate pair, which is no character: each becomes U+FFFD. */
static void
replace_lone_surrogates (char *json,
                         gsize length)
{
  const char *end = json + length;

  for (char *at = json; at < end; at++)
    {
      gint unit, next;

      if (*at != '\\')
        continue;
      unit = escaped_unit (at, end);
      if (unit < 0xd800 || unit > 0xdfff)
        {
          at++; /* whatever is escaped, a second backslash too */
          continue;
        }
      next = escaped_unit (at + 6, end);
      if (unit < 0xdc00 && next >= 0xdc00 && next <= 0xdfff)
        at += 11;
      else
        {
          memcpy (at + 2, "fffd", 4);
          at += 5;
        }
    }
}

yyjson_doc *
sotto_messages_read_json (const char  *json,
                          gssize       length,
                          const char  *what,
                          GError     **error)
{
  g_autofree char *valid = NULL;
  gsize size = length < 0 ? strlen (json) : (gsize) length;
  yyjson_read_err problem;
  yyjson_doc *document;

  if (!g_utf8_validate_len (json, size, NULL))
    {
      valid = g_utf8_make_valid (json, (gssize) size);
      json = valid;
      size = strlen (valid);
    }
  if (memmem (json, size, "\\ud", 3) != NULL || memmem (json, size, "\\uD", 3) != NULL)
    {
      if (valid == NULL)
        valid = g_strndup (json, size);
      replace_lone_surrogates (valid, size);
      json = valid;
    }

  /* Not in situ: the text is not changed. Numbers beyond 64 bits stay text. */
  document = yyjson_read_opts ((char *) json, size, YYJSON_READ_BIGNUM_AS_RAW, NULL, &problem);
  if (document == NULL)
    {
      refuse (error, "%s: %s at byte %" G_GSIZE_FORMAT, what, problem.msg, (gsize) problem.pos);
      return NULL;
    }
  if (!is_shallow (yyjson_doc_get_root (document), SOTTO_MESSAGES_MAX_DEPTH))
    {
      yyjson_doc_free (document);
      refuse (error, "%s: nested deeper than %d", what, SOTTO_MESSAGES_MAX_DEPTH);
      return NULL;
    }

  return document;
}

static gboolean
take_messages (SottoMessages *self,
               yyjson_val    *root,
               GError       **error)
{
  yyjson_val *message, *content;
  size_t i, n;

  if (!yyjson_is_arr (root))
    return refuse (error, "not a list of messages");

  yyjson_arr_foreach (root, i, n, message)
    {
      if (!yyjson_is_obj (message))
        return refuse (error, "message %zu is not an object", i);
      if (!yyjson_is_str (yyjson_obj_get (message, "role")))
        return refuse (error, "message %zu has no role", i);
      content = yyjson_obj_get (message, "content");
      if (content != NULL && !yyjson_is_str (content) && !yyjson_is_null (content)
          && !yyjson_is_arr (content))
        return refuse (error, "the content of message %zu is neither text nor a list of parts", i);
      g_ptr_array_add (self->messages, message);
    }

  return TRUE;
}

gboolean
sotto_messages_set_tools (SottoMessages *self,
                          const char    *json,
                          gssize         length,
                          GError       **error)
{
  yyjson_doc *document = sotto_messages_read_json (json, length, "tools", error);
  yyjson_val *tools = yyjson_doc_get_root (document);

  if (document == NULL)
    return FALSE;
  if (!yyjson_is_arr (tools) && !yyjson_is_null (tools))
    {
      yyjson_doc_free (document);
      return refuse (error, "the tools are not a list");
    }

  g_ptr_array_add (self->documents, document);
  self->tools = yyjson_is_arr (tools) ? tools : NULL;

  return TRUE;
}

char **
sotto_messages_dup_tool_names (const SottoMessages *self)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  yyjson_val *tool;
  size_t i, n;

  if (yyjson_arr_size (self->tools) == 0)
    return NULL;

  yyjson_arr_foreach (self->tools, i, n, tool)
    {
      yyjson_val *function = yyjson_obj_get (tool, "function");
      const char *name = yyjson_get_str (yyjson_obj_get (function != NULL ? function : tool, "name"));

      g_strv_builder_add (names, name != NULL ? name : "");
    }

  return g_strv_builder_end (names);
}

SottoMessages *
sotto_messages_new_from_json (const char  *json,
                              gssize       length,
                              const char  *tools_json,
                              gssize       tools_length,
                              GError     **error)
{
  g_autoptr (SottoMessages) self = sotto_messages_new ();
  yyjson_doc *document = sotto_messages_read_json (json, length, "messages", error);

  if (document == NULL)
    return NULL;
  g_ptr_array_add (self->documents, document);
  if (!take_messages (self, yyjson_doc_get_root (document), error))
    return NULL;

  if (tools_json != NULL && !sotto_messages_set_tools (self, tools_json, tools_length, error))
    return NULL;

  return g_steal_pointer (&self);
}

void
sotto_messages_begin_reply (SottoMessages *self,
                            const char    *reasoning,
                            const char    *content)
{
  g_free (self->begun_reasoning);
  g_free (self->begun_content);
  self->begun_reasoning = g_utf8_make_valid (reasoning != NULL ? reasoning : "", -1);
  self->begun_content = g_utf8_make_valid (content, -1);
}

gboolean
sotto_messages_get_begun (const SottoMessages  *self,
                          const char          **reasoning,
                          const char          **content)
{
  *reasoning = self->begun_reasoning;
  *content = self->begun_content;

  return self->begun_content != NULL && (*self->begun_content != '\0' || *self->begun_reasoning != '\0');
}

guint
sotto_messages_get_length (const SottoMessages *self)
{
  return self->messages->len;
}

yyjson_val *
sotto_messages_get_message (const SottoMessages *self,
                            guint                i)
{
  return g_ptr_array_index (self->messages, i);
}

yyjson_val *
sotto_messages_get_tools (const SottoMessages *self)
{
  return self->tools;
}
