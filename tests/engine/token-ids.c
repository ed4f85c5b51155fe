#include "token-ids.h"

#include <string.h>

GArray *
token_ids_encode (SottoTokenizer *tokenizer,
                  const char     *text,
                  gsize           length,
                  gboolean        trusted)
{
  SottoSpan span = { text, length, trusted };
  GArray *ids = g_array_new (FALSE, FALSE, sizeof (gint32));

  sotto_tokenizer_encode (tokenizer, &span, 1, ids);

  return ids;
}

char *
token_ids_to_text (GArray *ids)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < ids->len; i++)
    g_string_append_printf (text, "%s%d", i > 0 ? " " : "", g_array_index (ids, gint32, i));

  return g_string_free (text, FALSE);
}

gboolean
token_ids_stream_well (SottoTokenizer *tokenizer,
                       GArray         *ids,
                       GString        *whole)
{
  g_autoptr (GString) streamed = g_string_new (NULL);
  g_autoptr (GString) at_once = g_string_new (NULL);
  SottoUtf8Stream stream = { 0 };
  SottoUtf8Stream other = { 0 };
  gboolean is_first = TRUE;

  for (guint i = 0; i < ids->len; i++)
    {
      g_autoptr (GString) bytes = g_string_new (NULL);
      gsize before = streamed->len;
      const char *end;

      sotto_tokenizer_decode (tokenizer, g_array_index (ids, gint32, i), TRUE, &is_first, bytes);
      sotto_utf8_stream_push (&stream, bytes->str, bytes->len, streamed);
      /* NUL is a character here. */
      if (!g_utf8_validate (streamed->str + before, streamed->len - before, &end) && *end != '\0')
        return FALSE;
    }
  sotto_utf8_stream_finish (&stream, streamed);
  sotto_utf8_stream_push (&other, whole->str, whole->len, at_once);
  sotto_utf8_stream_finish (&other, at_once);

  return g_string_equal (streamed, at_once);
}
