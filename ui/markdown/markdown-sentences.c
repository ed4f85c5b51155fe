#include "markdown/markdown-sentences.h"

#include <glib/gi18n.h>
#include <string.h>

#include "markdown/markdown-speech.h"
#include "markdown/markdown-text.h"

/* What takes longer than a breath goes in pieces, in bytes. */
#define LONG 600

static void
sentence_free (gpointer data)
{
  SottoSentence *sentence = data;

  g_free (sentence->text);
  g_free (sentence);
}

/* --- Where sentences end --- */

static gboolean
ends_at_once (gunichar c)
{
  return c == 0x3002 || c == 0xff01 || c == 0xff1f;
}

static gboolean
ends_before_space (gunichar c)
{
  return c == '.' || c == '!' || c == '?' || c == 0x2026 || c == 0x061f || c == 0x0964;
}

/* What may stand between the mark and the space: »…« (She said: “So it is.”) */
static gboolean
closes (gunichar c)
{
  return c == '"' || c == '\'' || c == ')' || c == ']' || c == 0x201d || c == 0x2019 || c == 0xbb || c == 0xab || c == 0x201c ||
         c == 0x300d || c == 0x300f;
}

/* "e.g.", "Dr.", "A." and "3." do not end a sentence as a rule. */
static gboolean
is_short_word (const char *begin,
               const char *mark)
{
  static const char known[] = " bzw ca Dr Fig Mr Mrs Ms Nr Prof St usw vs ";
  const char *word = mark;
  g_autofree char *whole = NULL;

  while (word > begin && (g_unichar_isalnum (g_utf8_get_char (g_utf8_prev_char (word))) || word[-1] == '.'))
    word = g_utf8_prev_char (word);
  if (word == mark)
    return FALSE;

  whole = g_strdup_printf (" %.*s ", (int) (mark - word), word);
  return memchr (word, '.', mark - word) != NULL ||                               /* e.g. */
         (g_utf8_next_char (word) == mark && g_unichar_isalpha (g_utf8_get_char (word))) ||
         (word == begin && strspn (word, "0123456789") == (gsize) (mark - word)) ||  /* a number that begins it is one of a list */
         strstr (known, whole) != NULL;
}

/* Returns: (nullable): behind the sentence with which @text begins; %NULL: it has no end yet */
static const char *
find_end (const char *text)
{
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);
      const char *end = g_utf8_next_char (p);

      if (!ends_at_once (c) && !ends_before_space (c))
        continue;
      while (*end != '\0' && closes (g_utf8_get_char (end)))
        end = g_utf8_next_char (end);
      if (ends_at_once (c))
        return end;
      if (*end == ' ' && !(c == '.' && is_short_word (text, p)) &&
          !g_unichar_islower (g_utf8_get_char (end + 1)))
        return end;
    }

  return NULL;
}

/* --- Sentences --- */

typedef struct {
  GPtrArray *sentences;
  char *number;   /* (nullable): of the item whose first block comes */
} Listing;

static gboolean
says_something (const char *text)
{
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    if (g_unichar_isalnum (g_utf8_get_char (p)))
      return TRUE;
  return FALSE;
}

static void
add (Listing    *listing,
     const char *text,
     gsize       length)
{
  g_autofree char *part = g_strstrip (g_strndup (text, length));
  SottoSentence *sentence;

  if (!says_something (part))
    return;

  sentence = g_new0 (SottoSentence, 1);
  sentence->shown = listing->number != NULL ? strlen (listing->number) : 0;
  sentence->text = g_strconcat (listing->number != NULL ? listing->number : "", part, NULL);
  g_clear_pointer (&listing->number, g_free);
  g_ptr_array_add (listing->sentences, sentence);
}

/* Where a person would take a breath, if there is such a place */
static gsize
find_breath (const char *text,
             gsize       length)
{
  gsize space = 0, comma = 0;

  for (gsize i = 0; i < MIN (length, LONG); i++)
    if (text[i] == ' ')
      {
        space = i;
        if (i > 0 && strchr (",;:", text[i - 1]) != NULL)
          comma = i;
      }
  if (comma > LONG / 3)
    return comma;
  if (space > 0)
    return space;
  return g_utf8_find_prev_char (text, text + LONG + 1) - text;
}

static void
add_in_breaths (Listing    *listing,
                const char *text,
                gsize       length)
{
  while (length > LONG)
    {
      gsize part = find_breath (text, length);

      add (listing, text, part);
      text += part;
      length -= part;
    }
  add (listing, text, length);
}

/* @text: of a block, in one line */
static void
add_block (Listing    *listing,
           const char *text,
           gboolean    is_whole)
{
  const char *end;

  while ((end = find_end (text)) != NULL)
    {
      add_in_breaths (listing, text, end - text);
      text = end;
      while (*text == ' ')
        text++;
    }
  if (is_whole)
    add_in_breaths (listing, text, strlen (text));
}

/* --- Blocks --- */

static char *
say_inlines (cmark_node *block)
{
  GString *speech = g_string_new (NULL);
  cmark_iter *iter = cmark_iter_new (block);
  cmark_event_type event;

  while ((event = cmark_iter_next (iter)) != CMARK_EVENT_DONE)
    {
      cmark_node *node = cmark_iter_get_node (iter);

      if (event == CMARK_EVENT_ENTER)
        sotto_speech_say (speech, node);
      else if (node != block && g_str_equal (cmark_node_get_type_string (node), "table_cell") && cmark_node_next (node) != NULL)
        g_string_append (speech, ", ");
    }
  cmark_iter_free (iter);
  g_strdelimit (speech->str, "\n\r\t", ' ');

  return g_string_free (speech, FALSE);
}

/* What is read as a whole: nothing in it is a block of its own. */
static gboolean
is_leaf (cmark_node *node)
{
  cmark_node_type type = cmark_node_get_type (node);

  return type == CMARK_NODE_PARAGRAPH || type == CMARK_NODE_HEADING || type == CMARK_NODE_CODE_BLOCK ||
         g_str_equal (cmark_node_get_type_string (node), "table_row") ||
         g_str_equal (cmark_node_get_type_string (node), "table_header");
}

static GPtrArray *
list_leaves (cmark_node *document)
{
  GPtrArray *leaves = g_ptr_array_new ();
  cmark_iter *iter = cmark_iter_new (document);
  cmark_event_type event;

  while ((event = cmark_iter_next (iter)) != CMARK_EVENT_DONE)
    if (event == CMARK_EVENT_ENTER && is_leaf (cmark_iter_get_node (iter)))
      g_ptr_array_add (leaves, cmark_iter_get_node (iter));
  cmark_iter_free (iter);

  return leaves;
}

/* A formula that stands alone is no node of code, though it was written as one. */
static gboolean
is_code (cmark_node *leaf)
{
  return cmark_node_get_type (leaf) == CMARK_NODE_CODE_BLOCK && sotto_markdown_math_get_formula (leaf, NULL) == NULL;
}

static char *
find_number (cmark_node *leaf)
{
  cmark_node *item = cmark_node_parent (leaf);
  GString *number;

  if (item == NULL || cmark_node_get_type (item) != CMARK_NODE_ITEM || cmark_node_first_child (item) != leaf)
    return NULL;

  number = g_string_new (NULL);
  sotto_speech_say_number (number, item);
  return g_string_free (number, FALSE);
}

/* Whether nothing has begun behind it yet */
static gboolean
is_last (cmark_node *leaf)
{
  for (cmark_node *node = leaf; node != NULL; node = cmark_node_parent (node))
    if (cmark_node_next (node) != NULL)
      return FALSE;
  return TRUE;
}

/* @may_grow: it is the last, and more may come */
static void
add_leaf (Listing    *listing,
          cmark_node *leaf,
          gboolean    may_grow)
{
  g_autofree char *text = NULL;

  g_clear_pointer (&listing->number, g_free);
  listing->number = find_number (leaf);
  if (is_code (leaf))
    {
      /* Translators: read aloud by a voice in the place of lines of code */
      const char *word = C_("read aloud", "Code.");
      SottoSentence *sentence;

      if (may_grow)
        return;
      add (listing, word, strlen (word));
      sentence = g_ptr_array_index (listing->sentences, listing->sentences->len - 1);
      sentence->shown = strlen (sentence->text);
      return;
    }

  text = say_inlines (leaf);
  add_block (listing, text, !may_grow);
}

GPtrArray *
sotto_sentences_list (const char *text,
                      gsize       length,
                      gboolean    is_whole)
{
  cmark_node *document = sotto_markdown_parse (text, length);
  g_autoptr (GPtrArray) leaves = list_leaves (document);
  Listing listing = { g_ptr_array_new_with_free_func (sentence_free), NULL };

  for (guint i = 0; i < leaves->len; i++)
    add_leaf (&listing, g_ptr_array_index (leaves, i), !is_whole && is_last (g_ptr_array_index (leaves, i)));
  cmark_node_free (document);
  g_free (listing.number);

  return listing.sentences;
}
