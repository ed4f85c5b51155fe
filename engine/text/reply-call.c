#include "reply-private.h"

#include "reply-value.h"

#include <string.h>

/* Tool calls, out of the fields of a section. What is told of a call as it comes is taken back if it turns out not
 * to be one; its JSON is read as a whole once it is complete. */

#define MAX_NAME SOTTO_REPLY_MAX_WORD

/* --- Telling --- */

/* "functions.NAME:NUMBER" */
static void
name_from_id (SottoReply *self)
{
  const char *name = self->id->str;
  const char *colon = strrchr (name, ':');

  if (self->name->len > 0 || colon == NULL)
    return;
  if (g_str_has_prefix (name, "functions."))
    name += strlen ("functions.");
  if (colon > name)
    g_string_append_len (self->name, name, colon - name);
}

static gboolean
is_name (const GString *name)
{
  if (name->len == 0 || name->len > MAX_NAME)
    return FALSE;
  for (gsize i = 0; i < name->len; i++)
    if (strchr ("\n\t{}[]()<>\"", name->str[i]) != NULL)
      return FALSE;

  return TRUE;
}

gboolean
sotto_reply_tell_call (SottoReply *self)
{
  if (self->is_told)
    return TRUE;

  name_from_id (self);
  if (!is_name (self->name))
    return FALSE;

  sotto_reply_flush (self);
  self->sink (SOTTO_REPLY_CALL, self->name->str, self->name->len,
              self->id->len > 0 ? self->id->str : NULL, self->user_data);
  self->is_told = TRUE;

  return TRUE;
}

static void
forget_call (SottoReply *self)
{
  self->in_call = FALSE;
  self->is_told = FALSE;
  self->has_arguments = FALSE;
  self->is_streaming = FALSE;
  self->in_arguments = FALSE;
  self->json_begin = SOTTO_REPLY_NOWHERE;
  self->item_begin = SOTTO_REPLY_NOWHERE;
  g_string_truncate (self->name, 0);
  g_string_truncate (self->id, 0);
  g_string_truncate (self->key, 0);
}

/* The call is complete: what it was made of is given out as such. */
void
sotto_reply_end_call (SottoReply *self)
{
  sotto_reply_flush (self);
  self->sink (SOTTO_REPLY_CALL_END, "", 0, self->id->len > 0 ? self->id->str : NULL, self->user_data);
  sotto_reply_put (self, SOTTO_REPLY_MARK, self->section->str, self->section->len);
  g_string_truncate (self->section, 0);
  self->n_calls++;
  forget_call (self);
}

void
sotto_reply_call_drop (SottoReply *self)
{
  if (self->is_told)
    {
      sotto_reply_flush (self);
      self->sink (SOTTO_REPLY_CALL_BACK, "", 0, NULL, self->user_data);
    }
  forget_call (self);
}

/* A whole call at once. @arguments: JSON; empty: none */
gboolean
sotto_reply_tell_whole (SottoReply *self,
                        const char *arguments,
                        gsize       length)
{
  if (!sotto_reply_tell_call (self))
    return FALSE;
  if (length > 0)
    sotto_reply_put (self, SOTTO_REPLY_ARGUMENTS, arguments, length);
  else
    sotto_reply_put (self, SOTTO_REPLY_ARGUMENTS, "{}", 2);
  sotto_reply_end_call (self);

  return TRUE;
}

/* --- The other fields --- */

static gboolean
push_arguments (SottoReply *self,
                char        c)
{
  if (self->json_begin == SOTTO_REPLY_NOWHERE)
    {
      if (g_ascii_isspace (c))
        return TRUE;
      if (c != '{' || !sotto_reply_tell_call (self))
        return FALSE;
      self->json_begin = self->section->len - 1;
    }
  if (!sotto_json_place_push (&self->place, c))
    return FALSE;
  if (self->place.state != SOTTO_JSON_DONE || c == '}')
    sotto_reply_put (self, SOTTO_REPLY_ARGUMENTS, &c, 1);

  return TRUE;
}

/* Strings hide what looks like a marker in them. */
static void
follow_quotes (SottoReply *self,
               char        c)
{
  static const char mark[] = "<|\"|>";

  if (self->field == SOTTO_FIELD_LOOSE)
    {
      const gsize n = strlen (mark);

      if (c == '>' && self->word->len >= n && memcmp (self->word->str + self->word->len - n, mark, n) == 0)
        self->quote = self->quote == 0 ? '"' : 0;
    }
  else if (self->is_escaped)
    self->is_escaped = FALSE;
  else if (self->quote != 0 && c == '\\')
    self->is_escaped = TRUE;
  else if (self->quote == c)
    self->quote = 0;
  else if (self->quote == 0 && (c == '"' || c == '\''))
    self->quote = c;
}

gboolean
sotto_reply_call_push (SottoReply *self,
                       char        c)
{
  switch (self->field)
    {
    case SOTTO_FIELD_CALLS:
      return sotto_reply_push_calls (self, c);

    case SOTTO_FIELD_ARGUMENTS:
      return push_arguments (self, c);

    case SOTTO_FIELD_BETWEEN:
      return g_ascii_isspace (c) || strchr ("[],;", c) != NULL;

    case SOTTO_FIELD_NAME:
      if ((c == '{' || c == '[') && strspn (self->word->str, " \t\r\n") == self->word->len)
        {
          self->field = SOTTO_FIELD_CALLS;
          self->in_call = FALSE;
          sotto_reply_call_begin_json (self);
          return sotto_reply_push_calls (self, c);
        }
      G_GNUC_FALLTHROUGH;
    case SOTTO_FIELD_ID:
    case SOTTO_FIELD_KEY:
    case SOTTO_FIELD_SKIP:
      g_string_append_c (self->word, c);
      return self->word->len <= MAX_NAME;

    case SOTTO_FIELD_PYTHON:
    case SOTTO_FIELD_LOOSE:
      g_string_append_c (self->word, c);
      follow_quotes (self, c);
      return TRUE;

    case SOTTO_FIELD_VALUE:
    case SOTTO_FIELD_STRING:
    case SOTTO_FIELD_CODE:
    case SOTTO_FIELD_NESTED:
    case SOTTO_FIELD_TEXT:
    case SOTTO_FIELD_REASONING:
    case SOTTO_FIELD_HEADER:
    case SOTTO_N_FIELDS:
    default:
      g_string_append_c (self->word, c);
      return TRUE;
    }
}

static gboolean
put_argument (SottoReply *self,
              gboolean    is_string)
{
  g_autoptr (GString) json = g_string_new (NULL);

  if (self->key->len == 0 || !sotto_reply_tell_call (self))
    return FALSE;

  g_string_append (json, self->has_arguments ? ", " : "{");
  sotto_json_append_string (json, self->key->str, self->key->len);
  g_string_append (json, ": ");
  sotto_json_append_guess (json, self->word->str, self->word->len,
                           is_string || sotto_tools_want_string (self->tools, self->name->str, self->key->str));
  sotto_reply_put (self, SOTTO_REPLY_ARGUMENTS, json->str, json->len);
  self->has_arguments = TRUE;
  g_string_truncate (self->key, 0);

  return TRUE;
}

/* Calls of a whole field; none is told before all of them have been read. */
static gboolean
read_loose (SottoReply *self)
{
  const char *end = self->word->str + self->word->len;
  g_autoptr (GString) arguments = g_string_new (NULL);

  for (guint pass = 0; pass < 2; pass++)
    {
      const char *at = self->word->str;
      guint n = 0;

      for (;; n++)
        {
          while (at < end && (g_ascii_isspace (*at) || strchr ("[],;", *at) != NULL))
            at++;
          if (at == end)
            break;
          if (!sotto_loose_read_call (&at, end, self->name, arguments) || !is_name (self->name))
            return FALSE;
          if (pass == 1 && !sotto_reply_tell_whole (self, arguments->str, arguments->len))
            return FALSE;
        }
      if (n == 0)
        return FALSE;
    }

  return TRUE;
}

/* Calls as JSON where another form was expected */
static gboolean
read_json_calls (SottoReply *self)
{
  yyjson_doc *document = yyjson_read (self->word->str, self->word->len, YYJSON_READ_BIGNUM_AS_RAW);
  yyjson_val *root = yyjson_doc_get_root (document);
  yyjson_val *call;
  size_t i, n;
  gboolean done = yyjson_is_obj (root) || yyjson_arr_size (root) > 0;

  if (yyjson_is_obj (root))
    done = sotto_reply_read_call (self, root, NULL, 0);
  else
    yyjson_arr_foreach (root, i, n, call)
      done = done && yyjson_is_obj (call) && sotto_reply_read_call (self, call, NULL, 0);
  yyjson_doc_free (document);

  return done;
}

static gboolean
read_code (SottoReply *self)
{
  g_autoptr (GString) code = NULL;

  if (read_json_calls (self))
    return TRUE;
  if (strstr (self->word->str, ".call(") != NULL && read_loose (self))
    return TRUE;
  if (strspn (self->word->str, " \t\r\n") == self->word->len)
    return FALSE;

  code = g_string_new ("{\"code\": ");
  sotto_json_append_string (code, self->word->str, self->word->len);
  g_string_append_c (code, '}');
  g_string_assign (self->name, "python");

  return sotto_reply_tell_whole (self, code->str, code->len);
}

static void
strip (GString *text)
{
  g_strstrip (text->str);
  text->len = strlen (text->str);
}

gboolean
sotto_reply_call_leave (SottoReply *self)
{
  switch (self->field)
    {
    case SOTTO_FIELD_NAME:
      strip (self->word);
      g_string_assign (self->name, self->word->str);
      return is_name (self->name);

    case SOTTO_FIELD_ID:
      strip (self->word);
      g_string_assign (self->id, self->word->str);
      return self->id->len > 0;

    case SOTTO_FIELD_KEY:
      strip (self->word);
      g_string_assign (self->key, self->word->str);
      return self->key->len > 0;

    case SOTTO_FIELD_VALUE:
    case SOTTO_FIELD_STRING:
      return put_argument (self, self->field == SOTTO_FIELD_STRING);

    case SOTTO_FIELD_NESTED:
      {
        g_autoptr (GString) arguments = g_string_new (NULL);

        if (!sotto_nested_read_object (self->word->str, self->word->len, "]<]minimax[>[", arguments)
            || !sotto_reply_tell_call (self))
          return FALSE;
        sotto_reply_put (self, SOTTO_REPLY_ARGUMENTS, arguments->str, arguments->len);
        sotto_reply_end_call (self);
        return TRUE;
      }

    case SOTTO_FIELD_PYTHON:
    case SOTTO_FIELD_LOOSE:
      return read_loose (self) || read_json_calls (self);

    case SOTTO_FIELD_CODE:
      return read_code (self);

    case SOTTO_FIELD_CALLS:
      return self->item_begin == SOTTO_REPLY_NOWHERE;

    case SOTTO_FIELD_ARGUMENTS:
    case SOTTO_FIELD_BETWEEN:
    case SOTTO_FIELD_SKIP:
    case SOTTO_FIELD_TEXT:
    case SOTTO_FIELD_REASONING:
    case SOTTO_FIELD_HEADER:
    case SOTTO_N_FIELDS:
    default:
      return TRUE;
    }
}

gboolean
sotto_reply_call_finish (SottoReply *self)
{
  yyjson_doc *document;

  if (!self->in_call)
    return TRUE;

  if (self->json_begin != SOTTO_REPLY_NOWHERE)
    {
      /* Whatever stands behind them was white space, or it would have failed. */
      document = sotto_reply_read_object (self->section->str + self->json_begin, self->section->len - self->json_begin);
      if (document == NULL)
        return FALSE;
      yyjson_doc_free (document);
      sotto_reply_end_call (self);
      return TRUE;
    }

  if (!sotto_reply_tell_call (self))
    return FALSE;
  sotto_reply_put (self, SOTTO_REPLY_ARGUMENTS, self->has_arguments ? "}" : "{}",
                   self->has_arguments ? 1 : 2);
  sotto_reply_end_call (self);

  return TRUE;
}

void
sotto_reply_call_begin_json (SottoReply *self)
{
  sotto_json_place_init (&self->place);
  self->json_begin = SOTTO_REPLY_NOWHERE;
  self->item_begin = SOTTO_REPLY_NOWHERE;
}
