#include "document/document-tidy.h"

#include <string.h>

/* Pages of a PDF know no words, only letters at places: a hyphen at the end of a line may belong to its word
 * (well-known) or not (docu-ment). It is taken away only where the document itself tells: the same word stands somewhere
 * in it within a line, and never with a hyphen there. */

typedef struct {
  GHashTable *words;      /* folded, as they stand within lines */
  GHashTable *compounds;  /* folded, with their hyphen */
} Known;

static gboolean
is_hyphen (gunichar c)
{
  return c == '-' || c == 0x00ad || c == 0x2010;
}

static gboolean
is_letter (gunichar c)
{
  return g_unichar_isalpha (c) || g_unichar_ismark (c);
}

/* Where the letters that begin at @at end */
static const char *
skip_letters (const char *at)
{
  while (*at != '\0' && is_letter (g_utf8_get_char (at)))
    at = g_utf8_next_char (at);
  return at;
}

/* Past a hyphen that ends its line, and that line's end: where the rest of the word begins; NULL where there is none */
static const char *
find_rest (const char *hyphen)
{
  const char *at = hyphen;

  if (*at == '\0' || !is_hyphen (g_utf8_get_char (at)))
    return NULL;
  at = g_utf8_next_char (at);
  if (*at != '\n')
    return NULL;
  at++;
  return *at != '\0' && g_unichar_islower (g_utf8_get_char (at)) ? at : NULL;
}

static char *
fold (const char *first, const char *first_end, const char *second, const char *second_end, const char *between)
{
  g_autofree char *a = g_utf8_casefold (first, first_end - first);
  g_autofree char *b = second != NULL ? g_utf8_casefold (second, second_end - second) : g_strdup ("");

  return g_strconcat (a, between, b, NULL);
}

static void
learn (Known *known, const char *page)
{
  const char *at = page;
  gboolean is_rest = FALSE;

  while (*at != '\0')
    {
      const char *end = skip_letters (at);
      const char *behind;

      if (end == at)
        {
          at = g_utf8_next_char (at);
          is_rest = FALSE;
          continue;
        }
      behind = find_rest (end);
      if (behind == NULL && !is_rest)
        {
          g_hash_table_add (known->words, fold (at, end, NULL, NULL, ""));
          if (*end != '\0' && is_hyphen (g_utf8_get_char (end)))
            {
              const char *second = g_utf8_next_char (end);
              const char *second_end = skip_letters (second);

              if (second_end > second)
                g_hash_table_add (known->compounds, fold (at, end, second, second_end, "-"));
            }
        }
      is_rest = behind != NULL;
      at = behind != NULL ? behind : end;
    }
}

static gboolean
is_certain (Known *known, const char *first, const char *first_end, const char *rest, const char *rest_end)
{
  g_autofree char *whole = fold (first, first_end, rest, rest_end, "");
  g_autofree char *compound = fold (first, first_end, rest, rest_end, "-");

  return g_hash_table_contains (known->words, whole) && !g_hash_table_contains (known->compounds, compound);
}

/* The word is put together at the end of its line, and what follows it begins the next. */
static char *
join (Known *known, const char *page)
{
  GString *joined = g_string_sized_new (strlen (page));
  const char *at = page;

  while (*at != '\0')
    {
      const char *end = skip_letters (at);
      const char *rest = end > at ? find_rest (end) : NULL;
      const char *rest_end = rest != NULL ? skip_letters (rest) : NULL;

      if (end == at)
        {
          end = g_utf8_next_char (at);
          g_string_append_len (joined, at, end - at);
        }
      else if (rest != NULL && is_certain (known, at, end, rest, rest_end))
        {
          g_string_append_len (joined, at, end - at);
          /* A comma belongs to the word; a word that is cut once more does, too. */
          end = rest_end;
          while (*end != '\0' && *end != '\n' && g_unichar_ispunct (g_utf8_get_char (end)) && !is_hyphen (g_utf8_get_char (end)))
            end = g_utf8_next_char (end);
          g_string_append_len (joined, rest, end - rest);
          if (*end == ' ' || *end == '\n')
            {
              g_string_append_c (joined, '\n');
              end++;
            }
        }
      else
        g_string_append_len (joined, at, end - at);
      at = end;
    }
  return g_string_free (joined, FALSE);
}

static void
cut_blanks (GString *text)
{
  while (text->len > 0 && (text->str[text->len - 1] == ' ' || text->str[text->len - 1] == '\t'))
    g_string_truncate (text, text->len - 1);
}

/* Lines without blanks at their ends, nothing that steers a terminal, no blank lines around. */
static char *
clean (const char *page)
{
  GString *text = g_string_sized_new (strlen (page));

  for (const char *at = page; *at != '\0'; at = g_utf8_next_char (at))
    {
      const gunichar c = g_utf8_get_char (at);

      if (c == '\n')
        {
          cut_blanks (text);
          if (text->len > 0)
            g_string_append_c (text, '\n');
        }
      else if (c == 0x00a0 || c == '\f' || c == '\v')
        g_string_append_c (text, ' ');
      else if (c == '\t' || (!g_unichar_iscntrl (c) && c != 0xfeff /* how some files begin */))
        g_string_append_unichar (text, c);
    }
  cut_blanks (text);
  while (text->len > 0 && text->str[text->len - 1] == '\n')
    g_string_truncate (text, text->len - 1);
  return g_string_free (text, FALSE);
}

void
sotto_document_tidy (char **pages, guint n)
{
  Known known = { g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL),
                  g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL) };

  for (guint i = 0; i < n; i++)
    {
      char *cleaned = clean (pages[i]);

      g_free (pages[i]);
      pages[i] = cleaned;
      learn (&known, cleaned);
    }
  for (guint i = 0; i < n; i++)
    {
      char *joined = join (&known, pages[i]);

      g_free (pages[i]);
      pages[i] = joined;
    }
  g_hash_table_unref (known.words);
  g_hash_table_unref (known.compounds);
}
