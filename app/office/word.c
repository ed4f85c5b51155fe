#include "formats.h"
#include "word-numbers.h"
#include "word-styles.h"

#include <string.h>

/* Text documents of Office Open XML: ECMA-376, part 1, 17 (WordprocessingML).
 *
 * Left out: what was deleted while changes were tracked, hidden words, comments, headers and footers, instructions of fields
 * (their results are kept), pronunciations (ruby), and what only older programs would show. */

/* Boxes within boxes; deeper ones are read as part of the last. */
#define MAX_BOXES 8

typedef struct {
  SottoText *text;
  /* The paragraph that is being read */
  SottoWordStyle style;
  SottoWordStyle own;     /* what it says itself */
  gboolean is_hidden;     /* its present words are */
} Flow;

typedef struct {
  SottoMarkup *markup;
  SottoWordStyles *styles;
  SottoWordNumbers *numbers;
  GHashTable *footnotes;  /* id to SottoText */
  GHashTable *endnotes;
  guint n_footnotes;      /* that have come: their numbers are not in the file */
  guint n_endnotes;
  Flow flows[MAX_BOXES];  /* the document's, that of a box in it, … */
  guint depth;            /* may be more than there are flows */
} Reader;

static Flow *
get_flow (Reader *reader)
{
  return &reader->flows[MIN (reader->depth, MAX_BOXES - 1)];
}

static const SottoWordStyle nothing = { 0, -1, -1, -1 };

/* --- What paragraphs and words say of themselves --- */

static void
take_paragraph_properties (Reader *reader)
{
  SottoMarkup *markup = reader->markup;
  Flow *flow = get_flow (reader);
  SottoMarkupToken token;
  int level;

  while ((token = sotto_markup_next (markup)) != SOTTO_MARKUP_END
         && !(token == SOTTO_MARKUP_CLOSE && sotto_markup_is (markup, "pPr")))
    {
      if (token != SOTTO_MARKUP_OPEN)
        continue;
      if (sotto_markup_is (markup, "rPr") || sotto_markup_is (markup, "pPrChange") || sotto_markup_is (markup, "sectPr"))
        sotto_markup_skip (markup);
      else if (sotto_markup_is (markup, "pStyle"))
        flow->style = sotto_word_styles_get (reader->styles, sotto_markup_get (markup, "val"));
      else if (sotto_markup_is (markup, "numId"))
        flow->own.list = MAX (sotto_markup_get_int (markup, "val", 0), 0);
      else if (sotto_markup_is (markup, "ilvl"))
        flow->own.depth = CLAMP (sotto_markup_get_int (markup, "val", 0), 0, 8);
      else if (sotto_markup_is (markup, "outlineLvl"))
        {
          level = sotto_markup_get_int (markup, "val", 9);
          flow->own.heading = level >= 0 && level < 9 ? level + 1 : 0;
        }
    }
}

static void
take_run_properties (Reader *reader)
{
  SottoMarkup *markup = reader->markup;
  Flow *flow = get_flow (reader);
  SottoMarkupToken token;
  int is_hidden = -1;

  while ((token = sotto_markup_next (markup)) != SOTTO_MARKUP_END
         && !(token == SOTTO_MARKUP_CLOSE && sotto_markup_is (markup, "rPr")))
    {
      if (token != SOTTO_MARKUP_OPEN)
        continue;
      if (sotto_markup_is (markup, "rPrChange"))
        sotto_markup_skip (markup);
      else if (sotto_markup_is (markup, "rStyle") && is_hidden < 0)
        is_hidden = sotto_word_styles_get (reader->styles, sotto_markup_get (markup, "val")).is_hidden;
      else if (sotto_markup_is (markup, "vanish"))
        is_hidden = sotto_word_is_on (markup);
    }
  if (is_hidden >= 0)
    flow->is_hidden = is_hidden;
}

static void
begin_paragraph (Reader *reader)
{
  Flow *flow = get_flow (reader);

  sotto_text_end_paragraph (flow->text);
  flow->style = sotto_word_styles_get (reader->styles, NULL);
  flow->own = nothing;
  flow->is_hidden = FALSE;
}

static void
end_paragraph (Reader *reader)
{
  Flow *flow = get_flow (reader);
  const int heading = flow->own.heading > 0 ? flow->own.heading : flow->style.heading;
  const int list = flow->own.list >= 0 ? flow->own.list : flow->style.list;
  int depth = flow->own.depth >= 0 ? flow->own.depth : flow->style.depth;

  if (sotto_text_has_paragraph (flow->text))
    {
      /* A heading's style says its place in a list by its level. */
      if (depth < 0)
        depth = heading > 0 && list > 0 ? heading - 1 : 0;
      if (heading > 0)
        sotto_text_set_heading (flow->text, heading);
      if (list > 0)
        {
          g_autofree char *marker = sotto_word_numbers_next (reader->numbers, list, depth);

          sotto_text_set_item (flow->text, depth, marker);
        }
    }
  sotto_text_end_paragraph (flow->text);
}

/* --- Words --- */

static void
add (Reader *reader, const char *text)
{
  Flow *flow = get_flow (reader);

  if (!flow->is_hidden)
    sotto_text_add (flow->text, text, strlen (text));
}

static void
take_words (Reader *reader)
{
  Flow *flow = get_flow (reader);
  SottoMarkupToken token;

  while ((token = sotto_markup_next (reader->markup)) == SOTTO_MARKUP_TEXT)
    if (!flow->is_hidden)
      sotto_text_add (flow->text, sotto_markup_get_text (reader->markup), sotto_markup_get_text_length (reader->markup));
}

static void
take_note (Reader *reader, GHashTable *notes, const char *sign, guint *n)
{
  const char *id = sotto_markup_get (reader->markup, "id");
  SottoText *note = notes != NULL && id != NULL ? g_hash_table_lookup (notes, id) : NULL;
  g_autofree char *mark = NULL;
  g_autofree char *label = NULL;

  if (note == NULL || get_flow (reader)->is_hidden)
    return;
  mark = g_strdup_printf ("[^%s%u]", sign, ++*n);
  label = g_strdup_printf ("%s: ", mark);
  add (reader, mark);
  sotto_text_put_behind (get_flow (reader)->text, label, note);
}

/* --- Boxes --- */

static void
begin_box (Reader *reader)
{
  if (++reader->depth < MAX_BOXES)
    *get_flow (reader) = (Flow) { sotto_text_new (), nothing, nothing, FALSE };
}

static void
end_box (Reader *reader)
{
  Flow *flow = get_flow (reader);

  if (reader->depth == 0 || reader->depth-- >= MAX_BOXES)
    return;
  sotto_text_put_behind (get_flow (reader)->text, NULL, flow->text);
  g_clear_pointer (&flow->text, sotto_text_free);
}

/* --- The document --- */

static gboolean
is_left_out (SottoMarkup *markup)
{
  static const char *const names[] = { "del", "moveFrom", "delText", "instrText", "delInstrText", "Fallback", "sdtPr", "sectPr", "rt",
                                       "tblPr", "tblGrid", "trPr", "tcPr", "tblPrEx", "object" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (sotto_markup_is (markup, names[i]))
      return TRUE;
  return FALSE;
}

static void
take_character (Reader *reader)
{
  static const struct { const char *name; const char *text; } characters[] = {
    { "tab", "\t" }, { "ptab", "\t" }, { "br", "\n" }, { "cr", "\n" }, { "noBreakHyphen", "-" },
    /* of formulas */
    { "sup", "^" }, { "sub", "_" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (characters); i++)
    if (sotto_markup_is (reader->markup, characters[i].name))
      add (reader, characters[i].text);
}

static void
take_open (Reader *reader)
{
  SottoMarkup *markup = reader->markup;
  SottoText *text = get_flow (reader)->text;

  if (is_left_out (markup))
    sotto_markup_skip (markup);
  else if (sotto_markup_is (markup, "p"))
    begin_paragraph (reader);
  else if (sotto_markup_is (markup, "pPr"))
    take_paragraph_properties (reader);
  else if (sotto_markup_is (markup, "r"))
    get_flow (reader)->is_hidden = get_flow (reader)->style.is_hidden > 0;
  else if (sotto_markup_is (markup, "rPr"))
    take_run_properties (reader);
  else if (sotto_markup_is (markup, "t"))
    take_words (reader);
  else if (sotto_markup_is (markup, "footnoteReference"))
    take_note (reader, reader->footnotes, "", &reader->n_footnotes);
  else if (sotto_markup_is (markup, "endnoteReference"))
    take_note (reader, reader->endnotes, "e", &reader->n_endnotes);
  else if (sotto_markup_is (markup, "txbxContent"))
    begin_box (reader);
  else if (sotto_markup_is (markup, "tbl"))
    sotto_text_begin_table (text, " | ");
  else if (sotto_markup_is (markup, "tr"))
    sotto_text_begin_row (text);
  else if (sotto_markup_is (markup, "tc"))
    sotto_text_begin_cell (text);
  else
    take_character (reader);
}

static void
take_close (Reader *reader)
{
  SottoMarkup *markup = reader->markup;

  if (sotto_markup_is (markup, "p"))
    end_paragraph (reader);
  else if (sotto_markup_is (markup, "txbxContent"))
    end_box (reader);
  else if (sotto_markup_is (markup, "tr"))
    sotto_text_end_row (get_flow (reader)->text, 1);
  else if (sotto_markup_is (markup, "tbl"))
    sotto_text_end_table (get_flow (reader)->text);
  else if (sotto_markup_is (markup, "num"))
    add (reader, "/"); /* of a fraction */
}

/* Until the part ends, or what is called @end does */
static void
read_flow (Reader *reader, const char *end)
{
  SottoMarkupToken token;

  while ((token = sotto_markup_next (reader->markup)) != SOTTO_MARKUP_END)
    {
      if (token == SOTTO_MARKUP_OPEN)
        take_open (reader);
      else if (token == SOTTO_MARKUP_CLOSE && end != NULL && sotto_markup_is (reader->markup, end))
        break;
      else if (token == SOTTO_MARKUP_CLOSE)
        take_close (reader);
    }
  while (reader->depth > 0)
    end_box (reader);
}

/* @element: "footnote" or "endnote"; those that only say how notes are parted from the page have a type. */
static GHashTable *
read_notes (Reader *reader, SottoZip *zip, const char *part, const char *element)
{
  g_autoptr (SottoMarkup) markup = part != NULL ? sotto_package_open (zip, part) : NULL;
  GHashTable *notes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) sotto_text_free);
  SottoMarkupToken token;

  reader->markup = markup;
  while (markup != NULL && (token = sotto_markup_next (markup)) != SOTTO_MARKUP_END)
    if (token == SOTTO_MARKUP_OPEN && sotto_markup_is (markup, element))
      {
        const char *type = sotto_markup_get (markup, "type");
        const char *id = sotto_markup_get (markup, "id");
        char *key;

        if (id == NULL || (type != NULL && strcmp (type, "normal") != 0))
          continue;
        key = g_strdup (id);
        reader->flows[0] = (Flow) { sotto_text_new (), nothing, nothing, FALSE };
        read_flow (reader, element);
        g_hash_table_insert (notes, key, reader->flows[0].text);
      }
  reader->markup = NULL;
  return notes;
}

gboolean
sotto_word_read (SottoZip *zip, const char *part, SottoText *text)
{
  g_autoptr (SottoMarkup) markup = sotto_package_open (zip, part);
  g_autoptr (SottoRelations) relations = NULL;
  g_autoptr (SottoWordStyles) styles = NULL;
  g_autoptr (SottoWordNumbers) numbers = NULL;
  g_autoptr (GHashTable) footnotes = NULL;
  g_autoptr (GHashTable) endnotes = NULL;
  Reader reader = { NULL };

  if (markup == NULL)
    return FALSE;
  relations = sotto_relations_new (zip, part);
  reader.styles = styles = sotto_word_styles_new (zip, sotto_relations_find (relations, "styles"));
  reader.numbers = numbers = sotto_word_numbers_new (zip, sotto_relations_find (relations, "numbering"));
  footnotes = read_notes (&reader, zip, sotto_relations_find (relations, "footnotes"), "footnote");
  endnotes = read_notes (&reader, zip, sotto_relations_find (relations, "endnotes"), "endnote");
  reader.footnotes = footnotes;
  reader.endnotes = endnotes;
  reader.markup = markup;
  reader.flows[0] = (Flow) { text, nothing, nothing, FALSE };
  read_flow (&reader, NULL);
  return TRUE;
}
