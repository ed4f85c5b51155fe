#include "formats.h"

#include <math.h>
#include <string.h>

/* Spreadsheets of Office Open XML: ECMA-376, part 1, 18 (SpreadsheetML).
 *
 * A heading for each sheet, then its rows, cells with tabs between. What a cell shows is not in the file, only its value and how
 * it is to be shown: dates, times and percentages are written as such, other numbers as they are. Left out: hidden sheets,
 * comments, charts, formulas (their values are kept). */

#define MAX_GAP 64              /* empty cells in a row; a wider one is drawn narrower */
#define MAX_CELL 32768          /* bytes of a value that is looked at; what is longer is no number */

typedef enum { NUMBER, DATE = 1, TIME = 2, MOMENT = 3, PERCENTAGE = 4 } Look;

typedef struct {
  GPtrArray *strings;           /* shared by all sheets */
  GArray *looks;                /* Look, one a cell format */
  gboolean begins_in_1904;
} Book;

/* --- How numbers look --- */

/* The numbers below 164 have a meaning that stands nowhere in the file. */
static Look
get_known_look (int id)
{
  if (id == 9 || id == 10)
    return PERCENTAGE;
  if ((id >= 14 && id <= 17) || (id >= 27 && id <= 31) || id == 36 || (id >= 50 && id <= 58))
    return DATE;
  if ((id >= 18 && id <= 21) || (id >= 32 && id <= 35) || (id >= 45 && id <= 47))
    return TIME;
  return id == 22 ? MOMENT : NUMBER;
}

/* "yyyy-mm-dd", "0.0 %", "[$-407]d. mmm" …: letters outside of quotes say what it is. */
static Look
read_look (const char *code)
{
  gboolean has_day = FALSE;
  gboolean has_time = FALSE;
  gboolean has_month = FALSE;
  gboolean has_percent = FALSE;

  for (; *code != '\0' && *code != ';'; code++)
    if (*code == '"' || (*code == '[' && strchr ("hms", g_ascii_tolower (code[1])) == NULL))
      {
        const char *end = strchr (code + 1, *code == '"' ? '"' : ']');

        if (end == NULL)
          break;
        code = end;
      }
    else if ((*code == '\\' || *code == '_') && code[1] != '\0')
      code++;
    else
      {
        has_day = has_day || strchr ("yd", g_ascii_tolower (*code)) != NULL;
        has_time = has_time || strchr ("hs", g_ascii_tolower (*code)) != NULL;
        has_month = has_month || g_ascii_tolower (*code) == 'm';
        has_percent = has_percent || *code == '%';
      }
  if (has_day || (has_month && !has_time))
    return has_time ? MOMENT : DATE;
  if (has_time)
    return TIME;
  return has_percent ? PERCENTAGE : NUMBER;
}

static GArray *
read_looks (SottoZip *zip, const char *part)
{
  GArray *looks = g_array_new (FALSE, TRUE, sizeof (Look));
  g_autoptr (GHashTable) named = g_hash_table_new (NULL, NULL);
  g_autoptr (SottoMarkup) markup = part != NULL ? sotto_package_open (zip, part) : NULL;
  SottoMarkupToken token;
  gboolean is_inside = FALSE;

  while (markup != NULL && (token = sotto_markup_next (markup)) != SOTTO_MARKUP_END)
    {
      if (sotto_markup_is (markup, "cellXfs") && token != SOTTO_MARKUP_TEXT)
        is_inside = token == SOTTO_MARKUP_OPEN;
      if (token != SOTTO_MARKUP_OPEN)
        continue;
      if (sotto_markup_is (markup, "numFmt"))
        {
          const char *code = sotto_markup_get (markup, "formatCode");

          if (code != NULL)
            g_hash_table_insert (named, GINT_TO_POINTER (sotto_markup_get_int (markup, "numFmtId", -1)),
                                 GINT_TO_POINTER (read_look (code) + 1));
        }
      else if (sotto_markup_is (markup, "xf") && is_inside)
        {
          const int id = sotto_markup_get_int (markup, "numFmtId", 0);
          gpointer own = g_hash_table_lookup (named, GINT_TO_POINTER (id));
          const Look look = own != NULL ? (Look) (GPOINTER_TO_INT (own) - 1) : get_known_look (id);

          g_array_append_val (looks, look);
        }
    }
  return looks;
}

static void
append_moment (GString *text, double value, Look look, gboolean begins_in_1904)
{
  const double day = floor (value);
  int seconds = (int) floor ((value - day) * 86400 + 0.5);
  /* The calendar of the first of these programs had a 29 February 1900; counting from the day before sets all later ones right. */
  const double julian = day + (begins_in_1904 ? 1462 : 0) + 693594;
  GDate date;

  if (look & DATE && !(look == MOMENT && value < 1))
    {
      if (julian < 1 || julian > 3652059) /* the year 9999 */
        {
          g_string_append_printf (text, "%g", value);
          return;
        }
      g_date_clear (&date, 1);
      g_date_set_julian (&date, (guint32) julian);
      g_string_append_printf (text, "%04u-%02d-%02u", g_date_get_year (&date), (int) g_date_get_month (&date), g_date_get_day (&date));
      if (look == DATE || seconds == 0)
        return;
      g_string_append_c (text, ' ');
    }
  seconds = MIN (seconds, 86399);
  g_string_append_printf (text, "%02d:%02d", seconds / 3600, seconds / 60 % 60);
  if (seconds % 60 != 0)
    g_string_append_printf (text, ":%02d", seconds % 60);
}

static void
append_number (GString *text, const char *said, Look look, gboolean begins_in_1904)
{
  char *end;
  const double value = g_ascii_strtod (said, &end);
  char digits[G_ASCII_DTOSTR_BUF_SIZE];

  if (end == said || *end != '\0' || !isfinite (value) || (look == NUMBER && said[strspn (said, "-0123456789")] == '\0'))
    g_string_append (text, said);
  else if (look == PERCENTAGE)
    g_string_append_printf (text, "%s%%", g_ascii_formatd (digits, sizeof digits, "%.10g", value * 100));
  else if (look != NUMBER && value >= 0 && value < 1e7)
    append_moment (text, value, look, begins_in_1904);
  else
    /* What the person typed, and not what it is between two binary numbers */
    g_string_append (text, g_ascii_formatd (digits, sizeof digits, "%.15g", value));
}

/* --- Texts --- */

/* All that stands in the present OPEN, without pronunciations */
static void
take_string (SottoMarkup *markup, const char *element, GString *text)
{
  SottoMarkupToken token;
  gboolean is_text = FALSE;

  while ((token = sotto_markup_next (markup)) != SOTTO_MARKUP_END
         && !(token == SOTTO_MARKUP_CLOSE && sotto_markup_is (markup, element)))
    {
      if (token == SOTTO_MARKUP_OPEN && sotto_markup_is (markup, "rPh"))
        sotto_markup_skip (markup);
      else if (token == SOTTO_MARKUP_TEXT && is_text)
        g_string_append_len (text, sotto_markup_get_text (markup), (gssize) sotto_markup_get_text_length (markup));
      else if (token != SOTTO_MARKUP_TEXT)
        is_text = token == SOTTO_MARKUP_OPEN && sotto_markup_is (markup, "t");
    }
}

static GPtrArray *
read_strings (SottoZip *zip, const char *part)
{
  GPtrArray *strings = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (SottoMarkup) markup = part != NULL ? sotto_package_open (zip, part) : NULL;
  SottoMarkupToken token;

  while (markup != NULL && (token = sotto_markup_next (markup)) != SOTTO_MARKUP_END)
    if (token == SOTTO_MARKUP_OPEN && sotto_markup_is (markup, "si"))
      {
        GString *text = g_string_new (NULL);

        take_string (markup, "si", text);
        g_ptr_array_add (strings, g_string_free (text, FALSE));
      }
  return strings;
}

/* --- Sheets --- */

static void
append_value (const Book *book, GString *text, const char *type, int format, const char *said)
{
  guint64 number;

  if (type != NULL && strcmp (type, "s") == 0)
    {
      if (g_ascii_string_to_unsigned (said, 10, 0, G_MAXUINT, &number, NULL) && number < book->strings->len)
        g_string_append (text, g_ptr_array_index (book->strings, number));
    }
  else if (type != NULL && strcmp (type, "b") == 0)
    g_string_append (text, *said == '1' ? "TRUE" : "FALSE");
  else if ((type == NULL || strcmp (type, "n") == 0) && strlen (said) < MAX_CELL)
    append_number (text, said, format >= 0 && (guint) format < book->looks->len ? g_array_index (book->looks, Look, format) : NUMBER,
                   book->begins_in_1904);
  else
    g_string_append (text, said);
}

/* "BC12": 54, counted from 0; -1: not said */
static int
read_column (const char *place)
{
  int column = 0;

  for (int i = 0; place != NULL && i < 3 && g_ascii_isupper (place[i]); i++)
    column = column * 26 + (place[i] - 'A' + 1);
  return column - 1;
}

static void
take_cell (const Book *book, SottoMarkup *markup, int *column, SottoText *text)
{
  const int place = read_column (sotto_markup_get (markup, "=r"));
  const int format = sotto_markup_get_int (markup, "=s", 0);
  g_autofree char *type = g_strdup (sotto_markup_get (markup, "=t"));
  g_autoptr (GString) said = g_string_new (NULL);
  g_autoptr (GString) shown = g_string_new (NULL);
  SottoMarkupToken token;
  gboolean is_value = FALSE;

  while ((token = sotto_markup_next (markup)) != SOTTO_MARKUP_END
         && !(token == SOTTO_MARKUP_CLOSE && sotto_markup_is (markup, "c")))
    {
      if (token == SOTTO_MARKUP_OPEN && sotto_markup_is (markup, "is"))
        take_string (markup, "is", shown);
      else if (token == SOTTO_MARKUP_TEXT && is_value)
        g_string_append_len (said, sotto_markup_get_text (markup), (gssize) sotto_markup_get_text_length (markup));
      else if (token != SOTTO_MARKUP_TEXT)
        is_value = token == SOTTO_MARKUP_OPEN && sotto_markup_is (markup, "v");
    }
  if (shown->len == 0 && said->len > 0)
    append_value (book, shown, type, format, said->str);
  if (shown->len == 0)
    return;
  for (int i = 0; *column < place && i < MAX_GAP; i++, (*column)++)
    sotto_text_begin_cell (text);
  sotto_text_begin_cell (text);
  sotto_text_add (text, shown->str, shown->len);
  sotto_text_end_cell (text, 1);
  *column = MAX (*column, place) + 1;
}

static void
read_sheet (const Book *book, SottoZip *zip, const char *part, SottoText *text)
{
  g_autoptr (SottoMarkup) markup = sotto_package_open (zip, part);
  SottoMarkupToken token;
  int column = 0;

  sotto_text_begin_table (text, "\t");
  while (markup != NULL && (token = sotto_markup_next (markup)) != SOTTO_MARKUP_END)
    {
      if (token == SOTTO_MARKUP_CLOSE && sotto_markup_is (markup, "sheetData"))
        break;
      if (token != SOTTO_MARKUP_OPEN)
        continue;
      if (sotto_markup_is (markup, "row"))
        {
          sotto_text_begin_row (text);
          column = 0;
        }
      else if (sotto_markup_is (markup, "c"))
        take_cell (book, markup, &column, text);
    }
  sotto_text_end_table (text);
}

static void
take_sheet (const Book *book, SottoZip *zip, SottoMarkup *markup, SottoRelations *relations, SottoText *text)
{
  const char *name = sotto_markup_get (markup, "=name");
  const char *state = sotto_markup_get (markup, "=state");
  const char *part = sotto_relations_get (relations, sotto_markup_get (markup, ":id"));
  g_autoptr (SottoText) sheet = NULL;

  if (part == NULL || (state != NULL && strcmp (state, "visible") != 0) || sotto_text_is_too_long (text))
    return;
  sheet = sotto_text_new ();
  read_sheet (book, zip, part, sheet);
  if (sotto_text_is_empty (sheet))
    return;
  if (name != NULL)
    sotto_text_add (text, name, strlen (name));
  sotto_text_set_heading (text, 1);
  sotto_text_put_behind (text, NULL, sheet);
  sotto_text_end_paragraph (text);
}

gboolean
sotto_sheets_read (SottoZip *zip, const char *part, SottoText *text)
{
  g_autoptr (SottoMarkup) markup = sotto_package_open (zip, part);
  g_autoptr (SottoRelations) relations = NULL;
  g_autoptr (GPtrArray) strings = NULL;
  g_autoptr (GArray) looks = NULL;
  Book book = { NULL };
  SottoMarkupToken token;
  int n = 0;

  if (markup == NULL)
    return FALSE;
  relations = sotto_relations_new (zip, part);
  book.strings = strings = read_strings (zip, sotto_relations_find (relations, "sharedStrings"));
  book.looks = looks = read_looks (zip, sotto_relations_find (relations, "styles"));
  while ((token = sotto_markup_next (markup)) != SOTTO_MARKUP_END)
    if (token == SOTTO_MARKUP_OPEN && sotto_markup_is (markup, "workbookPr"))
      {
        const char *said = sotto_markup_get (markup, "date1904");

        book.begins_in_1904 = said != NULL && (strcmp (said, "1") == 0 || strcmp (said, "true") == 0);
      }
    else if (token == SOTTO_MARKUP_OPEN && sotto_markup_is (markup, "sheet") && n++ < SOTTO_MAX_PAGES)
      take_sheet (&book, zip, markup, relations, text);
  return TRUE;
}
