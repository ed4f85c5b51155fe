/* Drives a tokenizer from other languages.
 *
 * Usage: tokenize-lines MODEL.gguf. Reads texts, one a line as hexadecimal digits, and answers each
 * with the ids, a bar and what comes back out of them, in hexadecimal again. A text is untrusted;
 * behind a "+" it is trusted. What comes back through the stream of characters must be the same. */

#include "text/tokenizer.h"

#include <stdio.h>
#include <string.h>

/* The stream must hand out whole characters only, and in the end what a single push hands out. */
static gboolean
check_stream (SottoTokenizer *tokenizer,
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

      sotto_tokenizer_decode (tokenizer, g_array_index (ids, gint32, i), TRUE, &is_first, bytes);
      sotto_utf8_stream_push (&stream, bytes->str, bytes->len, streamed);
      if (!g_utf8_validate_len (streamed->str + before, streamed->len - before, NULL) &&
          memchr (streamed->str + before, 0, streamed->len - before) == NULL)
        return FALSE;
    }
  sotto_utf8_stream_finish (&stream, streamed);
  sotto_utf8_stream_push (&other, whole->str, whole->len, at_once);
  sotto_utf8_stream_finish (&other, at_once);

  return g_string_equal (streamed, at_once);
}

static void
answer (SottoTokenizer *tokenizer,
        const char     *line)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint32));
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GString) decoded = g_string_new (NULL);
  gboolean is_first = TRUE;
  gboolean trusted = *line == '+';
  SottoSpan span;

  for (line += trusted ? 1 : 0; g_ascii_isxdigit (line[0]) && g_ascii_isxdigit (line[1]); line += 2)
    g_string_append_c (text, g_ascii_xdigit_value (line[0]) << 4 | g_ascii_xdigit_value (line[1]));
  span = (SottoSpan) { text->str, text->len, trusted };
  sotto_tokenizer_encode (tokenizer, &span, 1, ids);

  for (guint i = 0; i < ids->len; i++)
    {
      gint32 id = g_array_index (ids, gint32, i);

      printf ("%s%d", i > 0 ? " " : "", id);
      if (!trusted && sotto_tokenizer_is_control (tokenizer, id) &&
          id != sotto_tokenizer_get_unknown (tokenizer))
        printf (" CONTROL");
      sotto_tokenizer_decode (tokenizer, id, TRUE, &is_first, decoded);
    }
  printf ("|");
  for (gsize i = 0; i < decoded->len; i++)
    printf ("%02x", (guint8) decoded->str[i]);
  printf (check_stream (tokenizer, ids, decoded) ? "\n" : " STREAM\n");
  fflush (stdout);
}

int
main (int    argc,
      char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SottoGguf) gguf = NULL;
  g_autoptr (SottoTokenizer) tokenizer = NULL;
  char *line = NULL;
  size_t size = 0;

  if (argc == 2)
    gguf = sotto_gguf_open (argv[1], NULL, NULL, NULL, &error);
  if (gguf != NULL)
    tokenizer = sotto_tokenizer_new (gguf, &error);
  if (tokenizer == NULL)
    {
      fprintf (stderr, "tokenize-lines: %s\n", error != NULL ? error->message : "takes MODEL.gguf");
      return 2;
    }

  while (getline (&line, &size, stdin) >= 0)
    answer (tokenizer, line);
  free (line);

  return 0;
}
