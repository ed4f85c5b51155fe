/* How a formula gets past CommonMark.
 *
 *   a \[ x_1        a M0        M: U+FDD0 and five of U+FDE0 to U+FDEF, the number of the fragment.
 *   + y \] b        M1 b        A fragment is what one line has of a formula.
 *
 * These are noncharacters, which no text has; one that stands in it all the same is a fragment, too. To CommonMark they are
 * letters. Where it leaves them in text, the first fragment becomes the formula and the others go; where it takes them for code,
 * an address or HTML, they become what they were.
 */
#include "markdown/markdown-math.h"

#include <string.h>

#include "markdown/markdown-formula.h"
#include "markdown/markdown-math-scan.h"

#define MARK 0xfdd0
#define FIRST_DIGIT 0xfde0
#define N_DIGITS 5
#define MARK_BYTES (3 * (1 + N_DIGITS))
#define MAX_FRAGMENTS (1 << (4 * N_DIGITS))

typedef struct {
  SottoMarkdownFormula formula;   /* without marks of quotes */
  gboolean is_shown;
} Hidden;

typedef struct {
  char *bytes;                /* as they stand in the text */
  Hidden *hidden;             /* (nullable): the formula of which this is a line */
  gboolean is_first;
} Fragment;

struct _SottoMarkdownMath {
  GArray *fragments;
  GPtrArray *formulas;
  gboolean in_fence;   /* the text ends in a block of code that is not closed */
};

static void
hidden_free (Hidden *hidden)
{
  sotto_markdown_formula_clear (&hidden->formula);
  g_free (hidden);
}

static void
fragment_clear (Fragment *fragment)
{
  g_free (fragment->bytes);
}

/* --- Hiding --- */

static void
append_mark (SottoMarkdownMath *self,
             GString           *hidden,
             const char        *bytes,
             gsize              length,
             Hidden            *of,
             gboolean           is_first)
{
  Fragment fragment = { g_strndup (bytes, length), of, is_first };
  guint n = self->fragments->len;

  g_array_append_val (self->fragments, fragment);
  g_string_append_unichar (hidden, MARK);
  for (int digit = N_DIGITS - 1; digit >= 0; digit--)
    g_string_append_unichar (hidden, FIRST_DIGIT + ((n >> (4 * digit)) & 15));
}

/* Text that is no formula. A noncharacter in it must not be taken for one of ours. */
static void
append_text (SottoMarkdownMath *self,
             GString           *hidden,
             const char        *text,
             gsize              length)
{
  const char *end = text + length;

  while (text < end)
    {
      const char *found = memchr (text, 0xef, end - text);

      if (found == NULL || end - found < 3)
        break;
      g_string_append_len (hidden, text, found - text);
      if ((guchar) found[1] == 0xb7 && (guchar) found[2] >= 0x90 && (guchar) found[2] <= 0xaf && self->fragments->len < MAX_FRAGMENTS)
        append_mark (self, hidden, found, 3, NULL, FALSE);
      else
        g_string_append_len (hidden, found, 3);
      text = found + 3;
    }
  g_string_append_len (hidden, text, end - text);
}

/* Copies from @begin on, without what begins the lines of a quote. */
static char *
copy_lines (const char *begin,
            const char *end,
            guint       n_quotes)
{
  GString *copy = g_string_new (NULL);

  for (const char *p = begin; p < end;)
    {
      const char *line_end = memchr (p, '\n', end - p);
      guint n = n_quotes;

      g_string_append_len (copy, p, (line_end != NULL ? line_end : end) - p);
      if (line_end == NULL)
        break;
      g_string_append_c (copy, '\n');
      p = sotto_math_scan_skip_prefix (line_end + 1, end, &n);
    }

  return g_string_free (copy, FALSE);
}

/* @line: where that begins in which @span does */
static void
hide_span (SottoMarkdownMath   *self,
           GString             *hidden,
           const char          *text,
           const char          *line,
           const SottoMathSpan *span)
{
  const char *end = text + span->end;
  const char *p = text + span->begin;
  Hidden *of = span->is_open ? NULL : g_new0 (Hidden, 1);
  guint n_quotes = G_MAXUINT;
  gboolean is_first = TRUE;

  sotto_math_scan_skip_prefix (line, p, &n_quotes);
  if (of != NULL)
    {
      of->formula.source = copy_lines (p, end, n_quotes);
      of->formula.inner = copy_lines (text + span->inner_begin, text + span->inner_end, n_quotes);
      of->formula.is_display = span->is_display;
      g_ptr_array_add (self->formulas, of);
    }

  for (;;)
    {
      const char *line_end = memchr (p, '\n', end - p);
      const char *next;
      guint n = n_quotes;

      append_mark (self, hidden, p, (line_end != NULL ? line_end : end) - p, of, is_first);
      is_first = FALSE;
      if (line_end == NULL)
        break;
      next = sotto_math_scan_skip_prefix (line_end + 1, end, &n);
      g_string_append_len (hidden, line_end, next - line_end);
      p = next;
    }
}

SottoMarkdownMath *
sotto_markdown_math_hide (const char  *text,
                          gsize        length,
                          char       **hidden)
{
  SottoMarkdownMath *self = g_new0 (SottoMarkdownMath, 1);
  g_autoptr (GArray) spans = sotto_math_scan (text, length, NULL, &self->in_fence);
  GString *result = g_string_sized_new (length + 64);
  const char *line = text;
  gsize at = 0;

  self->fragments = g_array_new (FALSE, FALSE, sizeof (Fragment));
  g_array_set_clear_func (self->fragments, (GDestroyNotify) fragment_clear);
  self->formulas = g_ptr_array_new_with_free_func ((GDestroyNotify) hidden_free);

  for (guint i = 0; i < spans->len; i++)
    {
      const SottoMathSpan *span = &g_array_index (spans, SottoMathSpan, i);
      const char *line_end = memrchr (text + at, '\n', span->begin - at);

      if (self->fragments->len + (span->end - span->begin) >= MAX_FRAGMENTS)
        break;
      if (line_end != NULL)
        line = line_end + 1;
      append_text (self, result, text + at, span->begin - at);
      hide_span (self, result, text, line, span);
      at = span->end;
    }
  append_text (self, result, text + at, length - at);
  *hidden = g_string_free (result, FALSE);

  return self;
}

void
sotto_markdown_math_free (SottoMarkdownMath *self)
{
  g_array_unref (self->fragments);
  g_ptr_array_unref (self->formulas);
  g_free (self);
}

gsize
sotto_markdown_math_find_open (const char *text,
                               gsize       length)
{
  gsize open;
  g_autoptr (GArray) spans = sotto_math_scan (text, length, &open, NULL);

  return open;
}

/* --- Showing --- */

/* Returns: (nullable): the fragment whose mark is at @p */
static Fragment *
get_fragment (SottoMarkdownMath *self,
              const char        *p)
{
  guint n = 0;

  for (int i = 0; i <= N_DIGITS; i++, p += 3)
    {
      gunichar c = (guchar) p[0] == 0xef && p[1] != '\0' && p[2] != '\0' ? g_utf8_get_char (p) : 0;

      if (i == 0 ? c != MARK : c < FIRST_DIGIT || c > FIRST_DIGIT + 15)
        return NULL;
      n = i == 0 ? 0 : n * 16 + (c - FIRST_DIGIT);
    }

  return n < self->fragments->len ? &g_array_index (self->fragments, Fragment, n) : NULL;
}

/* Returns: (nullable): the first mark from @text on */
static const char *
find_mark (SottoMarkdownMath  *self,
           const char         *text,
           Fragment          **fragment)
{
  for (const char *p = text; (p = strchr (p, '\xef')) != NULL; p++)
    if ((*fragment = get_fragment (self, p)) != NULL)
      return p;

  return NULL;
}

/* Returns: (nullable) (transfer full): @text as it was, if there are marks in it */
static char *
restore (SottoMarkdownMath *self,
         const char        *text)
{
  Fragment *fragment;
  const char *mark = text != NULL ? find_mark (self, text, &fragment) : NULL;
  GString *restored;

  if (mark == NULL)
    return NULL;

  restored = g_string_new (NULL);
  for (; mark != NULL; mark = find_mark (self, text, &fragment))
    {
      g_string_append_len (restored, text, mark - text);
      g_string_append (restored, fragment->bytes);
      text = mark + MARK_BYTES;
    }
  g_string_append (restored, text);

  return g_string_free (restored, FALSE);
}

static void
restore_literal (SottoMarkdownMath *self,
                 cmark_node        *node)
{
  g_autofree char *literal = restore (self, cmark_node_get_literal (node));

  if (literal != NULL)
    cmark_node_set_literal (node, literal);
}

static void
insert_text (cmark_node *before,
             const char *text,
             gsize       length)
{
  g_autofree char *copy = g_strndup (text, length);
  cmark_node *node;

  if (length == 0)
    return;

  node = cmark_node_new (CMARK_NODE_TEXT);
  cmark_node_set_literal (node, copy);
  cmark_node_insert_before (before, node);
}

static gboolean
is_within_link (cmark_node *node)
{
  for (; node != NULL; node = cmark_node_parent (node))
    if (cmark_node_get_type (node) == CMARK_NODE_LINK || cmark_node_get_type (node) == CMARK_NODE_IMAGE)
      return TRUE;

  return FALSE;
}

/* Puts what text and formulas there are in @node before it, and takes it away. */
static void
show_in_text (SottoMarkdownMath *self,
              cmark_node        *node)
{
  g_autofree char *literal = g_strdup (cmark_node_get_literal (node));
  const char *text = literal;
  gboolean within_link = is_within_link (node);
  Fragment *fragment;
  const char *mark;

  if (find_mark (self, text, &fragment) == NULL)
    return;

  while ((mark = find_mark (self, text, &fragment)) != NULL)
    {
      Hidden *of = fragment->hidden;

      insert_text (node, text, mark - text);
      if (of == NULL || within_link || (!fragment->is_first && !of->is_shown))
        insert_text (node, fragment->bytes, strlen (fragment->bytes));
      else if (fragment->is_first)
        {
          /* Between paragraphs or in a line: that is seen when all of the paragraph is there. */
          cmark_node_insert_before (node, sotto_markdown_formula_to_node (CMARK_NODE_CODE, &of->formula));
          of->is_shown = TRUE;
        }
      else
        {
          cmark_node *line_end = cmark_node_previous (node);

          /* The end of the line before, which was one of the formula's */
          if (line_end != NULL && mark == literal && (cmark_node_get_type (line_end) == CMARK_NODE_SOFTBREAK ||
                                                      cmark_node_get_type (line_end) == CMARK_NODE_LINEBREAK))
            cmark_node_free (line_end);
        }
      text = mark + MARK_BYTES;
    }
  insert_text (node, text, strlen (text));
  cmark_node_free (node);
}

/* ```math, and a formula that is indented as only code is */
static void
show_in_code (SottoMarkdownMath *self,
              cmark_node        *node,
              gboolean           is_open)
{
  const char *info = cmark_node_get_fence_info (node);
  const char *literal = cmark_node_get_literal (node);
  SottoMarkdownFormula formula = { 0 };
  const Hidden *found = NULL;
  Fragment *fragment;
  gsize at = literal != NULL ? strspn (literal, " ") : 0;

  if (info != NULL && (g_str_equal (info, "math") || g_str_has_prefix (info, "math ")) && !is_open)
    {
      g_autofree char *inner = restore (self, literal);
      g_autofree char *source = g_strdup_printf ("```math\n%s```", inner != NULL ? inner : literal);

      formula.inner = inner != NULL ? inner : (char *) literal;
      formula.source = source;
      cmark_node_insert_before (node, sotto_markdown_formula_to_node (CMARK_NODE_CODE_BLOCK, &formula));
      cmark_node_free (node);
      return;
    }

  if ((info == NULL || *info == '\0') && literal != NULL && (fragment = get_fragment (self, literal + at)) != NULL &&
      fragment->is_first && fragment->hidden != NULL && fragment->hidden->formula.is_display)
    {
      const char *p = literal + at;

      found = fragment->hidden;
      while ((fragment = get_fragment (self, p)) != NULL && fragment->hidden == found)
        {
          p += MARK_BYTES;
          p += strspn (p, " \t\n");
        }
      if (*p != '\0')
        found = NULL;
    }
  if (found != NULL)
    {
      cmark_node_insert_before (node, sotto_markdown_formula_to_node (CMARK_NODE_CODE_BLOCK, &found->formula));
      cmark_node_free (node);
    }
  else
    restore_literal (self, node);
}

static void
show_in_node (SottoMarkdownMath *self,
              cmark_node        *node,
              gboolean           is_open)
{
  cmark_node_type type = cmark_node_get_type (node);

  if (type == CMARK_NODE_TEXT)
    show_in_text (self, node);
  else if (type == CMARK_NODE_CODE_BLOCK)
    show_in_code (self, node, is_open);
  else if (type == CMARK_NODE_CODE || type == CMARK_NODE_HTML_INLINE || type == CMARK_NODE_HTML_BLOCK)
    restore_literal (self, node);
  else if (type == CMARK_NODE_LINK || type == CMARK_NODE_IMAGE)
    {
      g_autofree char *url = restore (self, cmark_node_get_url (node));
      g_autofree char *title = restore (self, cmark_node_get_title (node));

      if (url != NULL)
        cmark_node_set_url (node, url);
      if (title != NULL)
        cmark_node_set_title (node, title);
    }
}

void
sotto_markdown_math_show (SottoMarkdownMath *self,
                          cmark_node        *document)
{
  g_autoptr (GPtrArray) nodes = g_ptr_array_new ();
  cmark_iter *iter;
  cmark_event_type event;

  iter = cmark_iter_new (document);
  while ((event = cmark_iter_next (iter)) != CMARK_EVENT_DONE)
    if (event == CMARK_EVENT_ENTER)
      g_ptr_array_add (nodes, cmark_iter_get_node (iter));
  cmark_iter_free (iter);

  /* In the order of the text, in which a formula's first line comes first. Line ends are freed with the text behind them, and are
   * never looked at again. */
  for (guint i = 0; i < nodes->len; i++)
    show_in_node (self, nodes->pdata[i], self->in_fence && i + 1 == nodes->len);

  g_ptr_array_set_size (nodes, 0);
  iter = cmark_iter_new (document);
  while ((event = cmark_iter_next (iter)) != CMARK_EVENT_DONE)
    if (event == CMARK_EVENT_ENTER && cmark_node_get_type (cmark_iter_get_node (iter)) == CMARK_NODE_PARAGRAPH)
      g_ptr_array_add (nodes, cmark_iter_get_node (iter));
  cmark_iter_free (iter);
  for (guint i = 0; i < nodes->len; i++)
    sotto_markdown_formula_divide (nodes->pdata[i]);
}

const char *
sotto_markdown_math_get_formula (cmark_node  *node,
                                 const char **source)
{
  const SottoMarkdownFormula *formula = sotto_markdown_formula_of_node (node);

  if (formula == NULL)
    return NULL;
  if (source != NULL)
    *source = formula->source;

  return formula->inner;
}
