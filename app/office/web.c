#include "formats.h"

#include <string.h>

/* Pages of the web, and the chapters of books: what their tags say about the text, in the way of a browser that has no styles and
 * runs no programs.
 *
 * Left out: scripts, styles, what is marked as hidden or deleted, pictures, pronunciations (ruby), forms' choices, the page's title, which is
 * that of a tab. */

#define MAX_LISTS 9

typedef struct {
  SottoMarkup *markup;
  SottoText *text;
  int counts[MAX_LISTS];    /* -1: a list with bullets */
  int n_lists;              /* may be more than are counted */
  gboolean is_new_item;
  int heading;
  guint preformatted;
} Reader;

static void
end_paragraph (Reader *reader)
{
  if (sotto_text_has_paragraph (reader->text))
    {
      const int depth = CLAMP (reader->n_lists, 1, MAX_LISTS) - 1;

      if (reader->heading > 0)
        sotto_text_set_heading (reader->text, reader->heading);
      else if (reader->is_new_item)
        {
          g_autofree char *number = reader->n_lists > 0 && reader->counts[depth] >= 0
                                    ? g_strdup_printf ("%d.", reader->counts[depth]) : NULL;

          sotto_text_set_item (reader->text, depth, number != NULL ? number : "-");
        }
      reader->is_new_item = FALSE;
    }
  sotto_text_end_paragraph (reader->text);
}

static gboolean
is_among (SottoMarkup *markup, const char *const *names)
{
  for (; *names != NULL; names++)
    if (sotto_markup_is (markup, *names))
      return TRUE;
  return FALSE;
}

static gboolean
is_left_out (SottoMarkup *markup)
{
  static const char *const always[] = { "head", "script", "style", "template", "noscript", "iframe", "object", "svg", "select", "rt", "rp",
                                        "textarea", "audio", "video", "canvas", "del", NULL };
  /* Others may be left open, and would hide the rest. */
  static const char *const if_hidden[] = { "div", "span", "section", "article", "aside", "nav", "form", "table", "ul", "ol", NULL };

  return is_among (markup, always) || (is_among (markup, if_hidden) && sotto_markup_get (markup, "hidden") != NULL);
}

static gboolean
is_block (SottoMarkup *markup)
{
  static const char *const names[] = { "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog",
                                       "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "header", "hr", "legend",
                                       "main", "menu", "nav", "p", "pre", "section", "summary", "hgroup", NULL };

  return is_among (markup, names);
}

static int
get_heading (SottoMarkup *markup)
{
  const char *name = sotto_markup_get_name (markup);

  return name[0] == 'h' && name[1] >= '1' && name[1] <= '6' && name[2] == '\0' ? name[1] - '0' : 0;
}

static void
begin_list (Reader *reader, gboolean is_counted)
{
  end_paragraph (reader);
  if (reader->n_lists < MAX_LISTS)
    reader->counts[reader->n_lists] = is_counted ? CLAMP (sotto_markup_get_int (reader->markup, "start", 1), 0, 1000000) - 1 : -1;
  reader->n_lists++;
}

static void
begin_item (Reader *reader)
{
  end_paragraph (reader);
  reader->is_new_item = TRUE;
  if (reader->n_lists > 0 && reader->n_lists <= MAX_LISTS && reader->counts[reader->n_lists - 1] >= 0)
    reader->counts[reader->n_lists - 1]++;
}

static void
take_open (Reader *reader)
{
  SottoMarkup *markup = reader->markup;
  const int heading = get_heading (markup);

  if (is_left_out (markup))
    sotto_markup_skip (markup);
  else if (heading > 0)
    {
      end_paragraph (reader);
      reader->heading = heading;
    }
  else if (is_block (markup))
    {
      end_paragraph (reader);
      reader->preformatted += sotto_markup_is (markup, "pre");
    }
  else if (sotto_markup_is (markup, "br"))
    sotto_text_break_line (reader->text);
  else if (sotto_markup_is (markup, "sup") || sotto_markup_is (markup, "sub"))
    sotto_text_add (reader->text, sotto_markup_is (markup, "sup") ? "^" : "_", 1);
  else if (sotto_markup_is (markup, "ul") || sotto_markup_is (markup, "ol"))
    begin_list (reader, sotto_markup_is (markup, "ol"));
  else if (sotto_markup_is (markup, "li"))
    begin_item (reader);
  else if (sotto_markup_is (markup, "table"))
    {
      end_paragraph (reader);
      sotto_text_begin_table (reader->text, " | ");
    }
  else if (sotto_markup_is (markup, "tr"))
    sotto_text_begin_row (reader->text);
  else if (sotto_markup_is (markup, "td") || sotto_markup_is (markup, "th"))
    sotto_text_begin_cell (reader->text);
}

static void
take_close (Reader *reader)
{
  SottoMarkup *markup = reader->markup;

  if (get_heading (markup) > 0 || is_block (markup) || sotto_markup_is (markup, "li"))
    {
      end_paragraph (reader);
      reader->heading = 0;
      if (sotto_markup_is (markup, "pre") && reader->preformatted > 0)
        reader->preformatted--;
      if (sotto_markup_is (markup, "li"))
        reader->is_new_item = FALSE;
    }
  else if (sotto_markup_is (markup, "ul") || sotto_markup_is (markup, "ol"))
    {
      end_paragraph (reader);
      reader->n_lists = MAX (reader->n_lists - 1, 0);
    }
  else if (sotto_markup_is (markup, "td") || sotto_markup_is (markup, "th"))
    sotto_text_end_cell (reader->text, 1);
  else if (sotto_markup_is (markup, "tr"))
    sotto_text_end_row (reader->text, 1);
  else if (sotto_markup_is (markup, "table"))
    sotto_text_end_table (reader->text);
}

gboolean
sotto_web_read (char *data, gsize length, SottoText *text)
{
  g_autoptr (SottoMarkup) markup = sotto_markup_new (data, length, TRUE);
  Reader reader = { .markup = markup, .text = text };
  SottoMarkupToken token;

  if (markup == NULL)
    return FALSE;
  while ((token = sotto_markup_next (markup)) != SOTTO_MARKUP_END)
    if (token == SOTTO_MARKUP_OPEN)
      take_open (&reader);
    else if (token == SOTTO_MARKUP_CLOSE)
      take_close (&reader);
    else if (reader.preformatted > 0)
      sotto_text_add (text, sotto_markup_get_text (markup), sotto_markup_get_text_length (markup));
    else
      sotto_text_add_folded (text, sotto_markup_get_text (markup), sotto_markup_get_text_length (markup));
  end_paragraph (&reader);
  while (sotto_text_is_in_table (text))
    sotto_text_end_table (text);
  return TRUE;
}
