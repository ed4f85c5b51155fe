#include "reply-private.h"

#include <string.h>

/* Calls that are JSON objects, one, a list of them or several in a row. A name and its arguments are told as they
 * come where the name stands first; everything else is read once the object is complete. */

yyjson_doc *
sotto_reply_read_object (const char *text,
                         gsize       length)
{
  yyjson_doc *document = yyjson_read (text, length, YYJSON_READ_BIGNUM_AS_RAW);

  if (document != NULL && yyjson_is_obj (yyjson_doc_get_root (document)))
    return document;
  yyjson_doc_free (document);

  return NULL;
}

static const char *const name_keys[] = { "name", "tool_name", "tool", NULL };
static const char *const id_keys[] = { "id", "tool_call_id", "call_id", NULL };
static const char *const argument_keys[] = { "arguments", "parameters", "args", "input", NULL };

static yyjson_val *
get_any (yyjson_val        *object,
         const char *const *keys)
{
  yyjson_val *value = NULL;

  for (guint i = 0; keys[i] != NULL && value == NULL; i++)
    value = yyjson_obj_get (object, keys[i]);

  return value;
}

static gboolean
is_any (const char        *text,
        gsize              length,
        const char *const *keys)
{
  for (guint i = 0; keys[i] != NULL; i++)
    if (strlen (keys[i]) == length && memcmp (keys[i], text, length) == 0)
      return TRUE;

  return FALSE;
}

/* Arguments as the model wrote them, where they stand by themselves; from a string, what it says. */
static gboolean
tell_arguments (SottoReply *self,
                yyjson_val *arguments,
                const char *written,
                gsize       length)
{
  g_autofree char *text = NULL;
  yyjson_doc *inner;

  if (arguments == NULL || yyjson_is_null (arguments))
    return sotto_reply_tell_whole (self, "", 0);
  if (yyjson_is_str (arguments))
    {
      inner = sotto_reply_read_object (yyjson_get_str (arguments), yyjson_get_len (arguments));
      if (inner == NULL)
        return FALSE;
      yyjson_doc_free (inner);
      return sotto_reply_tell_whole (self, yyjson_get_str (arguments), yyjson_get_len (arguments));
    }
  if (!yyjson_is_obj (arguments))
    return FALSE;
  if (written != NULL)
    return sotto_reply_tell_whole (self, written, length);

  text = yyjson_val_write (arguments, 0, NULL);

  return text != NULL && sotto_reply_tell_whole (self, text, strlen (text));
}

gboolean
sotto_reply_read_call (SottoReply *self,
                       yyjson_val *call,
                       const char *written,
                       gsize       length)
{
  yyjson_val *function = yyjson_obj_get (call, "function");
  yyjson_val *name, *id = get_any (call, id_keys);

  if (yyjson_is_obj (function))
    {
      call = function;
      written = NULL;
    }
  name = get_any (call, name_keys);
  if (name == NULL && yyjson_is_str (function))
    name = function;

  if (self->format->key_is_name && yyjson_obj_size (call) == 1 && name == NULL)
    {
      yyjson_obj_iter iter = yyjson_obj_iter_with (call);

      name = yyjson_obj_iter_next (&iter);
      g_string_assign (self->name, yyjson_get_str (name));
      return tell_arguments (self, yyjson_obj_iter_get_val (name), NULL, 0);
    }

  if (!yyjson_is_str (name) || (self->is_bare && get_any (call, argument_keys) == NULL))
    return FALSE;

  g_string_assign (self->name, yyjson_get_str (name));
  if (yyjson_is_str (id))
    g_string_assign (self->id, yyjson_get_str (id));
  else if (yyjson_is_int (id))
    g_string_printf (self->id, "%" G_GINT64_FORMAT, yyjson_get_sint (id));

  return tell_arguments (self, get_any (call, argument_keys), written, length);
}

/* The object from item_begin to the section's end. */
static gboolean
end_item (SottoReply *self)
{
  const char *item = self->section->str + self->item_begin;
  yyjson_doc *document = sotto_reply_read_object (item, self->section->len - self->item_begin);
  const gboolean has_written = self->arguments_begin != SOTTO_REPLY_NOWHERE;
  gboolean done = document != NULL;

  if (done && self->is_streaming)
    sotto_reply_end_call (self);
  else if (done)
    done = sotto_reply_read_call (self, yyjson_doc_get_root (document),
                      has_written ? self->section->str + self->arguments_begin : NULL,
                      has_written ? self->arguments_end - self->arguments_begin : 0);
  yyjson_doc_free (document);
  self->item_begin = SOTTO_REPLY_NOWHERE;

  return done;
}

static void
begin_item (SottoReply *self)
{
  self->item_begin = self->section->len - 1;
  self->key_begin = self->key_end = self->value_begin = SOTTO_REPLY_NOWHERE;
  self->arguments_begin = self->arguments_end = SOTTO_REPLY_NOWHERE;
}

/* A value of a call is complete; it ends before @end. */
static void
end_value (SottoReply *self,
           gsize       end)
{
  const char *text = self->section->str;
  const char *key = text + self->key_begin;
  const gsize key_length = self->key_end - self->key_begin;
  const char *value = text + self->value_begin;
  const gsize length = end - self->value_begin;

  if (is_any (key, key_length, argument_keys) && value[0] == '{')
    {
      self->arguments_begin = self->value_begin;
      self->arguments_end = end;
    }
  /* A name with escapes is read later, with the whole. */
  else if (is_any (key, key_length, name_keys) && length > 2 && value[0] == '"'
           && memchr (value, '\\', length) == NULL)
    {
      g_string_truncate (self->name, 0);
      g_string_append_len (self->name, value + 1, (gssize) length - 2);
    }
  else if (is_any (key, key_length, id_keys) && length > 2 && value[0] == '"'
           && memchr (value, '\\', length) == NULL)
    {
      g_string_truncate (self->id, 0);
      g_string_append_len (self->id, value + 1, (gssize) length - 2);
    }
  self->value_begin = SOTTO_REPLY_NOWHERE;
  self->in_arguments = FALSE;
}

/* A value of a call begins. Arguments are told as they come if the tool is known by then. */
static void
begin_value (SottoReply *self,
             char        c)
{
  self->value_begin = self->section->len - 1;
  if (c == '{' && self->name->len > 0 && self->item_begin != SOTTO_REPLY_NOWHERE && !self->is_told
      && is_any (self->section->str + self->key_begin, self->key_end - self->key_begin, argument_keys))
    self->is_streaming = self->in_arguments = sotto_reply_tell_call (self);
}

gboolean
sotto_reply_push_calls (SottoReply *self,
                        char        c)
{
  const SottoJsonState before = self->place.state;
  const guint depth = self->place.depth;
  const gsize here = self->section->len - 1;

  if (before == SOTTO_JSON_DONE || (before == SOTTO_JSON_VALUE && depth == 0))
    {
      if (g_ascii_isspace (c) || ((c == ',' || c == ';') && self->n_calls > 0) || (c == '}' && self->is_bare && self->n_calls > 0))
        return TRUE;
      sotto_json_place_init (&self->place);
      self->item_depth = c == '[' ? 2 : 1;
    }
  /* "{{", as some templates show them: the object is the inner one, and braces too many behind it are of the outer one. */
  if (self->is_bare && c == '{' && before == SOTTO_JSON_FIRST_KEY && depth == 1 && self->item_begin + 1 == here)
    {
      self->item_begin = here;
      return TRUE;
    }
  if (!sotto_json_place_push (&self->place, c))
    return FALSE;

  /* Lists of anything but objects are no calls. */
  if (self->item_begin == SOTTO_REPLY_NOWHERE)
    {
      if (self->place.depth == self->item_depth && depth == self->item_depth - 1)
        {
          if (c != '{')
            return FALSE;
          begin_item (self);
        }
      return sotto_json_place_in_string (&self->place) || before != SOTTO_JSON_WORD;
    }

  if (depth == self->item_depth && self->place.is_key && before == SOTTO_JSON_STRING
      && self->place.state == SOTTO_JSON_COLON)
    self->key_end = here;
  else if (depth == self->item_depth && sotto_json_place_in_string (&self->place) && self->place.is_key
           && (before == SOTTO_JSON_FIRST_KEY || before == SOTTO_JSON_KEY))
    self->key_begin = here + 1;
  else if (depth == self->item_depth && before == SOTTO_JSON_VALUE && self->place.state != before)
    begin_value (self, c);

  if (self->in_arguments)
    sotto_reply_put (self, SOTTO_REPLY_ARGUMENTS, &c, 1);

  if (self->value_begin != SOTTO_REPLY_NOWHERE)
    {
      if (before == SOTTO_JSON_WORD && depth == self->item_depth && self->place.state != SOTTO_JSON_WORD)
        end_value (self, here);
      else if (self->place.depth == self->item_depth && self->place.state == SOTTO_JSON_AFTER)
        end_value (self, here + 1);
    }
  if (self->place.depth == self->item_depth - 1)
    return end_item (self);

  return TRUE;
}
