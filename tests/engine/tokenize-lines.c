/* Drives a tokenizer from other languages.
 *
 * Usage: tokenize-lines MODEL.gguf. Reads texts, one a line as hexadecimal digits, and answers each
 * with the ids, a bar and what comes back out of them, in hexadecimal again. A text is untrusted;
 * behind a "+" it is trusted. What comes back through the stream of characters must be the same. */

#include "token-ids.h"

#include <stdio.h>
#include <string.h>

static void
answer (SottoTokenizer *tokenizer,
        const char     *line)
{
  g_autoptr (GArray) ids = NULL;
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GString) decoded = g_string_new (NULL);
  gboolean is_first = TRUE;
  gboolean trusted = *line == '+';

  for (line += trusted ? 1 : 0; g_ascii_isxdigit (line[0]) && g_ascii_isxdigit (line[1]); line += 2)
    g_string_append_c (text, g_ascii_xdigit_value (line[0]) << 4 | g_ascii_xdigit_value (line[1]));
  ids = token_ids_encode (tokenizer, text->str, text->len, trusted);

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
  printf (token_ids_stream_well (tokenizer, ids, decoded) ? "\n" : " STREAM\n");
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
