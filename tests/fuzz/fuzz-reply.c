/* Replies that nobody can trust, in the format of a template that nobody can trust.
 *
 * An input is the template, a NUL, the prompt, a NUL, the reply. In the reply, a byte 1 to 3 ends a piece and says
 * where the next one comes from: text, a token, a control token. Asked for: no crash, nothing lost, events in their
 * order, arguments that are JSON objects, and the same however the pieces are cut. */

#include "text/reply.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

typedef struct {
  GString *whole;
  GString *meaning;   /* of each part that counts */
  GString *arguments; /* NULL: outside of a call */
  gsize call_begin;
} Result;

static void
take (SottoReplyKind  kind,
      const char     *text,
      gsize           length,
      const char     *id,
      gpointer        user_data)
{
  Result *self = user_data;
  yyjson_doc *document;

  switch (kind)
    {
    case SOTTO_REPLY_TEXT:
    case SOTTO_REPLY_REASONING:
    case SOTTO_REPLY_MARK:
      g_assert_null (self->arguments);
      g_assert_cmpuint (length, >, 0);
      g_string_append_len (self->whole, text, (gssize) length);
      for (gsize i = 0; i < length; i++)
        g_string_append_printf (self->meaning, "%d%02x", kind, (guchar) text[i]);
      break;
    case SOTTO_REPLY_CALL:
      g_assert_null (self->arguments);
      g_assert_cmpuint (length, >, 0);
      self->arguments = g_string_new (NULL);
      self->call_begin = self->meaning->len;
      g_string_append_printf (self->meaning, "call %.*s ", (int) length, text);
      break;
    case SOTTO_REPLY_ARGUMENTS:
      g_assert_nonnull (self->arguments);
      g_string_append_len (self->arguments, text, (gssize) length);
      break;
    case SOTTO_REPLY_CALL_END:
      g_assert_nonnull (self->arguments);
      document = yyjson_read (self->arguments->str, self->arguments->len, YYJSON_READ_BIGNUM_AS_RAW);
      g_assert_true (yyjson_is_obj (yyjson_doc_get_root (document)));
      yyjson_doc_free (document);
      g_string_append_printf (self->meaning, "%s %s\n", self->arguments->str, id != NULL ? id : "");
      g_string_free (g_steal_pointer (&self->arguments), TRUE);
      break;
    case SOTTO_REPLY_CALL_BACK:
    default:
      g_assert_nonnull (self->arguments);
      g_string_free (g_steal_pointer (&self->arguments), TRUE);
      g_string_truncate (self->meaning, self->call_begin);
    }
}

static char *
take_part (const guint8 **data,
           gsize         *size)
{
  const guint8 *end = *size > 0 ? memchr (*data, 0, *size) : NULL;
  gsize length = end != NULL ? (gsize) (end - *data) : *size;
  char *part = g_strndup ((const char *) *data, length);

  *data += length + (end != NULL);
  *size -= length + (end != NULL);

  return part;
}

static char *
read_reply (const SottoReplyStyle *style,
            const char            *prompt,
            yyjson_val            *tools,
            const char            *reply,
            gsize                  step)
{
  Result result = { g_string_new (NULL), g_string_new (NULL), NULL, 0 };
  g_autoptr (SottoReply) parser = sotto_reply_new (style, prompt, tools, take, &result);
  g_autoptr (GString) expected = g_string_new (NULL);
  SottoReplySource source = SOTTO_REPLY_FROM_TEXT;

  for (const char *at = reply; *at != '\0';)
    {
      const gsize length = MIN (step, strcspn (at, "\1\2\3"));

      if (length == 0)
        {
          source = (SottoReplySource) (*at++ - 1);
          continue;
        }
      sotto_reply_feed (parser, at, length, source);
      g_string_append_len (expected, at, (gssize) length);
      at += length;
    }
  sotto_reply_finish (parser);

  g_assert_null (result.arguments);
  g_assert_cmpstr (result.whole->str, ==, expected->str);
  g_string_free (result.whole, TRUE);

  return g_string_free (result.meaning, FALSE);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  static const char tools_json[] = "[{\"function\": {\"name\": \"f\", \"parameters\": {\"properties\": {\"a\":"
                                   " {\"type\": \"string\"}}}}}]";
  g_autofree char *source = take_part (&data, &size);
  g_autofree char *prompt = take_part (&data, &size);
  g_autofree char *bytes = take_part (&data, &size);
  g_autofree char *reply = g_utf8_make_valid (bytes, -1);
  g_autofree char *byte_wise = NULL, *whole = NULL;
  yyjson_doc *tools = strlen (source) % 2 == 0 ? yyjson_read (tools_json, strlen (tools_json), 0) : NULL;
  SottoReplyStyle style;

  sotto_reply_style_choose (&style, source, NULL, NULL);
  sotto_reply_style_has_marker (&style, reply, strlen (reply));
  byte_wise = read_reply (&style, prompt, yyjson_doc_get_root (tools), reply, 1);
  whole = read_reply (&style, prompt, yyjson_doc_get_root (tools), reply, G_MAXSIZE);
  g_assert_cmpstr (byte_wise, ==, whole);
  yyjson_doc_free (tools);

  return 0;
}
