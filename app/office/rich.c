#include "formats.h"

#include "encodings.h"

#include <string.h>

/* Rich Text Format 1.9: groups in braces, control words that hold until their group ends.
 *
 * Bytes above 127 are in the encoding of their font. Those of one byte a character are known here, beside Unicode, which newer
 * programs write for all others; a text in one of several (of East Asia) is refused rather than misread. Left out: what is hidden or deleted, headers
 * and footers, comments, boxes, fields' instructions. */

#define MAX_GROUPS 256    /* within each other; what is deeper is left out */
#define MAX_WORD 32

typedef struct {
  gboolean is_skipped;
  gboolean is_hidden;
  gboolean is_deleted;
  gboolean is_fonts;      /* the table of fonts */
  gboolean is_styles;     /* the table of styles */
  gboolean is_marker;     /* what stands before an item */
  gboolean is_optional;   /* only for who knows its first word */
  int font;
  int n_replaced;         /* characters behind one in Unicode, for older programs */
  SottoText *before;      /* this group is a footnote in that */
} Group;

typedef struct {
  const char *at;
  const char *end;
  SottoText *text;
  Group groups[MAX_GROUPS];
  guint depth;            /* may be more than there are groups */
  int page;               /* of codes: the number of the encoding on Windows */
  GHashTable *pages;      /* of fonts that have another */
  int font;               /* the one that the table describes */
  int n_left;             /* of n_replaced */
  GHashTable *headings;   /* styles that are, by their level + 1 */
  int style;              /* the one that the table describes */
  int heading;
  int depth_of_item;
  GString *marker;
  gboolean is_row_over;   /* what comes may be the next one, or stand behind the table */
  guint n_notes;
  gunichar high;          /* the first half of a character */
  gboolean is_foreign;
} Reader;

static Group *
get_group (Reader *reader)
{
  return &reader->groups[MIN (reader->depth, MAX_GROUPS - 1)];
}

static void
add (Reader *reader, gunichar c)
{
  const Group *group = get_group (reader);
  char utf8[6];

  if (reader->n_left > 0)
    {
      reader->n_left--;
      return;
    }
  if (group->is_skipped || group->is_hidden || group->is_deleted || reader->depth >= MAX_GROUPS)
    return;
  if (group->is_marker)
    {
      if (c != '\t' && reader->marker->len < 32)
        g_string_append_unichar (reader->marker, c);
      return;
    }
  if (reader->is_row_over)
    sotto_text_end_table (reader->text);
  reader->is_row_over = FALSE;
  sotto_text_add (reader->text, utf8, (gsize) g_unichar_to_utf8 (c, utf8));
}

static void
add_byte (Reader *reader, guint8 byte)
{
  const Group *group = get_group (reader);
  const int own = GPOINTER_TO_INT (g_hash_table_lookup (reader->pages, GINT_TO_POINTER (group->font)));
  const SottoEncoding *encoding = sotto_encoding_find_windows (own != 0 ? own : reader->page);

  if (byte >= 128 && !group->is_skipped && reader->n_left == 0 && encoding == NULL)
    reader->is_foreign = TRUE;
  add (reader, encoding != NULL ? sotto_encoding_get (encoding, byte) : byte);
}

static void
add_unicode (Reader *reader, int number)
{
  const gunichar c = (gunichar) (number < 0 ? number + 65536 : number);

  reader->n_left = 0;
  if (c >= 0xd800 && c < 0xdc00)
    reader->high = c;
  else if (c >= 0xdc00 && c < 0xe000)
    {
      add (reader, reader->high != 0 ? 0x10000 + ((reader->high - 0xd800) << 10) + (c - 0xdc00) : 0xfffd);
      reader->high = 0;
    }
  else
    add (reader, c != 0 && g_unichar_validate (c) ? c : 0xfffd);
  reader->n_left = get_group (reader)->n_replaced;
}

/* --- Groups --- */

static void
begin_group (Reader *reader)
{
  const Group *around = get_group (reader);

  reader->n_left = 0;
  if (++reader->depth < MAX_GROUPS)
    {
      *get_group (reader) = *around;
      get_group (reader)->before = NULL;
    }
}

static void
end_group (Reader *reader)
{
  SottoText *before = get_group (reader)->before;

  reader->n_left = 0;
  if (reader->depth == 0)
    return;
  if (reader->depth-- >= MAX_GROUPS || before == NULL)
    return;
  {
    g_autoptr (SottoText) note = reader->text;
    g_autofree char *mark = g_strdup_printf ("[^%u]", ++reader->n_notes);
    g_autofree char *label = g_strdup_printf ("%s: ", mark);

    reader->text = before;
    sotto_text_add (before, mark, strlen (mark));
    sotto_text_put_behind (before, label, note);
  }
}

static void
begin_note (Reader *reader)
{
  Group *group = get_group (reader);

  if (group->is_optional)
    group->is_optional = group->is_skipped = FALSE;
  if (reader->depth == 0 || reader->depth >= MAX_GROUPS || group->before != NULL || group->is_skipped || group->is_marker)
    return;
  group->before = reader->text;
  reader->text = sotto_text_new ();
}

/* --- Control words --- */

static void
end_paragraph (Reader *reader)
{
  const char *marker = reader->marker->str;

  if (sotto_text_has_paragraph (reader->text))
    {
      if (reader->heading > 0)
        sotto_text_set_heading (reader->text, reader->heading);
      g_strstrip (reader->marker->str);
      /* A bullet is any sign. */
      if (*marker != '\0')
        sotto_text_set_item (reader->text, reader->depth_of_item,
                             *g_utf8_next_char (marker) == '\0' && !g_ascii_isalnum (*marker) ? "-" : marker);
    }
  g_string_truncate (reader->marker, 0);
  sotto_text_end_paragraph (reader->text);
}

static gboolean
is_left_out (const char *word)
{
  static const char *const words[] = { "colortbl", "info", "pict", "object", "header", "headerl", "headerr", "headerf",
                                       "footer", "footerl", "footerr", "footerf", "fldinst", "nonshppict", "annotation", "atnid",
                                       "atnauthor", "xe", "tc", "listtable", "filetbl", "revtbl", "ftnsep", "ftnsepc" };

  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    if (strcmp (word, words[i]) == 0)
      return TRUE;
  return FALSE;
}

static gunichar
get_character (const char *word)
{
  static const struct { const char *word; gunichar c; } characters[] = {
    { "tab", '\t' }, { "line", '\n' }, { "emdash", 0x2014 }, { "endash", 0x2013 }, { "lquote", 0x2018 }, { "rquote", 0x2019 },
    { "ldblquote", 0x201c }, { "rdblquote", 0x201d }, { "bullet", 0x2022 }, { "emspace", ' ' }, { "enspace", ' ' },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (characters); i++)
    if (strcmp (word, characters[i].word) == 0)
      return characters[i].c;
  return 0;
}

/* What fonts say of themselves, as a number on Windows; 0: nothing; -1: of several bytes a character, or of another system */
static int
get_page (int charset)
{
  static const struct { int charset; int page; } pages[] = {
    { 0, 1252 }, { 1, 0 }, { 2, 1252 }, { 161, 1253 }, { 162, 1254 }, { 163, 1258 }, { 177, 1255 }, { 178, 1256 }, { 186, 1257 },
    { 204, 1251 }, { 222, 874 }, { 238, 1250 }, { 255, 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (pages); i++)
    if (pages[i].charset == charset)
      return pages[i].page;
  return -1;
}

static void
take_table_word (Reader *reader, const char *word)
{
  if (get_group (reader)->is_skipped || get_group (reader)->is_marker)
    return;
  if (strcmp (word, "trowd") == 0 || strcmp (word, "intbl") == 0)
    {
      if (!sotto_text_is_in_table (reader->text))
        sotto_text_begin_table (reader->text, " | ");
      reader->is_row_over = FALSE;
    }
  else if (strcmp (word, "cell") == 0 && sotto_text_is_in_table (reader->text))
    {
      /* The word stands behind what the cell has. */
      sotto_text_begin_cell (reader->text);
      sotto_text_end_cell (reader->text, 1);
    }
  else if (strcmp (word, "row") == 0)
    {
      sotto_text_end_row (reader->text, 1);
      reader->is_row_over = TRUE;
    }
  else if (strcmp (word, "pard") == 0)
    {
      reader->heading = 0;
      reader->depth_of_item = 0;
    }
}

static void
take_word (Reader *reader, const char *word, gboolean has_number, int number)
{
  Group *group = get_group (reader);
  const gunichar c = get_character (word);
  const gboolean is_on = !has_number || number != 0;

  if (c != 0)
    add (reader, c);
  else if (strcmp (word, "u") == 0)
    add_unicode (reader, number);
  else if (strcmp (word, "uc") == 0)
    group->n_replaced = CLAMP (number, 0, 16);
  else if (strcmp (word, "par") == 0 || strcmp (word, "sect") == 0 || strcmp (word, "page") == 0)
    {
      if (!group->is_skipped)
        end_paragraph (reader);
    }
  else if (strcmp (word, "v") == 0)
    group->is_hidden = is_on;
  else if (strcmp (word, "deleted") == 0)
    group->is_deleted = is_on;
  else if (strcmp (word, "plain") == 0)
    group->is_hidden = group->is_deleted = FALSE;
  else if (strcmp (word, "f") == 0)
    {
      group->font = number;
      reader->font = number;
    }
  else if (strcmp (word, "fcharset") == 0 && group->is_fonts)
    g_hash_table_insert (reader->pages, GINT_TO_POINTER (reader->font), GINT_TO_POINTER (get_page (number)));
  else if (strcmp (word, "ansicpg") == 0)
    reader->page = number;
  else if (strcmp (word, "s") == 0)
    {
      if (group->is_styles)
        reader->style = number;
      else if (!group->is_skipped && !group->is_marker)
        reader->heading = GPOINTER_TO_INT (g_hash_table_lookup (reader->headings, GINT_TO_POINTER (number)));
    }
  else if (strcmp (word, "outlinelevel") == 0)
    {
      if (group->is_styles && number >= 0 && number < 9)
        g_hash_table_insert (reader->headings, GINT_TO_POINTER (reader->style), GINT_TO_POINTER (number + 1));
      else if (!group->is_skipped && !group->is_marker)
        reader->heading = number >= 0 && number < 9 ? number + 1 : 0;
    }
  else if (strcmp (word, "ilvl") == 0)
    reader->depth_of_item = CLAMP (number, 0, 8);
  else if (strcmp (word, "listtext") == 0 || strcmp (word, "pntext") == 0)
    group->is_marker = TRUE;
  else if (strcmp (word, "stylesheet") == 0)
    group->is_styles = group->is_skipped = TRUE;
  else if (strcmp (word, "fonttbl") == 0)
    group->is_fonts = group->is_skipped = TRUE;
  else if (strcmp (word, "footnote") == 0)
    begin_note (reader);
  else if (is_left_out (word))
    group->is_skipped = TRUE;
  else if (strcmp (word, "bin") == 0)
    reader->at += CLAMP (number, 0, reader->end - reader->at);
  else
    take_table_word (reader, word);
}

/* Behind the backslash */
static void
take_control (Reader *reader)
{
  char word[MAX_WORD + 1];
  gsize length = 0;
  gint64 number = 0;
  gboolean is_negative = FALSE;
  gboolean has_number = FALSE;

  if (reader->at == reader->end)
    return;
  if (!g_ascii_isalpha (*reader->at))
    {
      const char sign = *reader->at++;

      if (sign == '\'' && reader->end - reader->at >= 2)
        {
          const int high = g_ascii_xdigit_value (reader->at[0]);
          const int low = g_ascii_xdigit_value (reader->at[1]);

          if (high >= 0 && low >= 0)
            add_byte (reader, (guint8) (high << 4 | low));
          reader->at += 2;
        }
      else if (sign == '*' && !get_group (reader)->is_skipped)
        get_group (reader)->is_optional = get_group (reader)->is_skipped = TRUE;
      else if (sign == '~')
        add (reader, ' ');
      else if (sign == '_')
        add (reader, '-');
      else if (sign == '\\' || sign == '{' || sign == '}')
        add (reader, (gunichar) sign);
      else if ((sign == '\n' || sign == '\r') && !get_group (reader)->is_skipped)
        end_paragraph (reader);
      return;
    }
  for (; reader->at < reader->end && g_ascii_isalpha (*reader->at); reader->at++)
    if (length < MAX_WORD)
      word[length++] = *reader->at;
  word[length] = '\0';
  if (reader->at < reader->end && *reader->at == '-')
    {
      is_negative = TRUE;
      reader->at++;
    }
  for (; reader->at < reader->end && g_ascii_isdigit (*reader->at); reader->at++)
    {
      number = MIN (number * 10 + (*reader->at - '0'), G_MAXINT);
      has_number = TRUE;
    }
  if (reader->at < reader->end && *reader->at == ' ')
    reader->at++;
  take_word (reader, word, has_number, (int) (is_negative ? -number : number));
}

gboolean
sotto_rich_read (const char *data, gsize length, SottoText *text)
{
  g_autofree Reader *reader = g_new0 (Reader, 1);

  reader->at = data;
  reader->end = data + length;
  reader->text = text;
  reader->groups[0].n_replaced = 1;
  reader->page = 1252;
  reader->pages = g_hash_table_new (NULL, NULL);
  reader->headings = g_hash_table_new (NULL, NULL);
  reader->marker = g_string_new (NULL);
  while (reader->at < reader->end)
    {
      const char c = *reader->at++;

      if (c == '{')
        begin_group (reader);
      else if (c == '}')
        end_group (reader);
      else if (c == '\\')
        take_control (reader);
      else if (c != '\r' && c != '\n' && c != '\0')
        add_byte (reader, (guint8) c);
    }
  while (reader->depth > 0)
    end_group (reader);
  end_paragraph (reader);
  g_hash_table_unref (reader->pages);
  g_hash_table_unref (reader->headings);
  g_string_free (reader->marker, TRUE);
  return !reader->is_foreign;
}
