/* Which dollars are money.
 *
 * A formula ends where its paragraph does, and none has a blank line in it, so that "it costs $5" never waits for long. Beyond
 * that the rules for $…$ are those that Pandoc and GitHub have: nothing but the formula next to the dollars, the first one not
 * behind a letter or digit, the last one not before one, and there is no third one. What has words in it is prose.
 */
#include "markdown/markdown-math-scan.h"

#include <string.h>

#include "math/parse.h"

/* Formulas in a line are short. */
#define MAX_INLINE 1000
/* A text that opens more environments than this and closes none is no mathematics. */
#define MAX_FAILED 64

typedef struct {
  const char *text;
  const char *end;
  const char *p;
  const char *line;       /* where that of @p begins */
  GArray *spans;
  const char *open;       /* the line of the first formula that is not closed */
  gboolean in_fence;
  guint n_failed;

  /* What was looked for last, so that each is looked for once */
  const char *blank;      /* the next line without words */
  const char *dollar;
  const char *dollars;
  const char *bracket;
  const char *parenthesis;
} Scan;

/* --- Lines --- */

const char *
sotto_math_scan_skip_prefix (const char *line,
                             const char *end,
                             guint      *n_quotes)
{
  const guint wanted = *n_quotes;

  *n_quotes = 0;
  for (; line < end; line++)
    {
      if (*line == '>' && *n_quotes < wanted)
        ++*n_quotes;
      else if (*line != ' ' && *line != '\t')
        break;
    }

  return line;
}

static const char *
find_line_end (const char *p,
               const char *end)
{
  const char *found = memchr (p, '\n', end - p);

  return found != NULL ? found : end;
}

/* Behind list markers: what an item begins with may be a fence. */
static const char *
skip_markers (const char *p,
              const char *end)
{
  for (;;)
    {
      const char *q = p;

      if (q < end && strchr ("-+*", *q) != NULL && *q != '\0')
        q++;
      else if (q < end && g_ascii_isdigit (*q))
        {
          while (q < end && g_ascii_isdigit (*q))
            q++;
          if (q >= end || (*q != '.' && *q != ')'))
            return p;
          q++;
        }
      else
        return p;
      if (q >= end || (*q != ' ' && *q != '\t'))
        return p;
      while (q < end && (*q == ' ' || *q == '\t'))
        q++;
      p = q;
    }
}

/* Returns: how long the fence at @p is, 0 if there is none */
static gsize
measure_fence (const char *p,
               const char *end)
{
  const char *q = p;

  if (p >= end || (*p != '`' && *p != '~'))
    return 0;
  while (q < end && *q == *p)
    q++;
  if (q - p < 3 || (*p == '`' && memchr (q, '`', find_line_end (q, end) - q) != NULL))
    return 0;

  return q - p;
}

/* Whether a block begins with the line at @line, so that what stands before it has ended */
static gboolean
begins_block (const char *line,
              const char *end)
{
  guint n_quotes = G_MAXUINT;
  const char *p = sotto_math_scan_skip_prefix (line, end, &n_quotes);

  if (p >= end || *p == '\n' || *p == '\r' || *p == '|' || n_quotes > 0 || skip_markers (p, end) > p || measure_fence (p, end) > 0)
    return TRUE;
  if (*p != '#')
    return FALSE;
  while (p < end && *p == '#')
    p++;

  return p >= end || *p == ' ' || *p == '\n';
}

/* Whether what begins at the place of @scan does not reach @until in its block: a heading and a row end with their lines. */
static gboolean
has_block (const Scan *scan,
           const char *until)
{
  guint n_quotes = G_MAXUINT;
  const char *first = memchr (scan->p, '\n', until - scan->p);
  const char *text = sotto_math_scan_skip_prefix (scan->line, scan->end, &n_quotes);

  if (first != NULL && (*text == '|' || (*text == '#' && begins_block (text, scan->end))))
    return TRUE;
  for (const char *p = first; p != NULL && p < until; p = memchr (p + 1, '\n', until - p - 1))
    if (begins_block (p + 1, scan->end))
      return TRUE;

  return FALSE;
}

static void
move_to (Scan       *scan,
         const char *p)
{
  const char *line_end = memrchr (scan->p, '\n', p - scan->p);

  if (line_end != NULL)
    scan->line = line_end + 1;
  scan->p = p;
}

/* The next line that has nothing but space and marks of quotes, or that opens or closes a fence */
static const char *
find_blank (Scan *scan)
{
  if (scan->blank != NULL && scan->blank >= scan->p)
    return scan->blank;

  for (const char *line = find_line_end (scan->p, scan->end); line < scan->end; line = find_line_end (line + 1, scan->end))
    {
      guint n_quotes = G_MAXUINT;
      const char *p = sotto_math_scan_skip_prefix (line + 1, scan->end, &n_quotes);

      if ((p < scan->end && (*p == '\n' || *p == '\r')) || measure_fence (p, scan->end) > 0)
        {
          scan->blank = line + 1;
          return scan->blank;
        }
    }
  scan->blank = scan->end;

  return scan->blank;
}

/* --- What closes --- */

/* The next @mark from @from on that no backslash takes away. @known: where it was found last. Returns: the end if there is none */
static const char *
find_mark (Scan        *scan,
           const char  *from,
           const char  *mark,
           const char **known)
{
  gsize length = strlen (mark);

  if (*known != NULL && *known >= from)
    return *known;

  for (const char *p = from; p < scan->end; p++)
    {
      if ((gsize) (scan->end - p) >= length && memcmp (p, mark, length) == 0)
        return *known = p;
      if (*p == '\\' && p + 1 < scan->end)
        p++;
    }

  return *known = scan->end;
}

/* Whether there is anything that prose would not have */
static gboolean
is_mathematics (const char *p,
                const char *end)
{
  guint n_letters = 0;
  gboolean has_word = FALSE;
  gboolean has_any = FALSE;

  for (; p < end; p++)
    {
      if (strchr ("\\^_=<>+*/|~", *p) != NULL || g_ascii_isdigit (*p) || (guchar) *p >= 0x80)
        return TRUE;
      n_letters = g_ascii_isalpha (*p) ? n_letters + 1 : 0;
      has_word |= n_letters >= 3;
      has_any |= !g_ascii_isspace (*p);
    }

  return has_any && !has_word;
}

/* Whether the word from @p to @end is none that stands in formulas */
static gboolean
is_foreign (const char *p,
            const char *end)
{
  static const char *const names[] = { "sin", "cos", "tan", "log", "exp", "max", "min", "lim", "mod", "det", "gcd", "sup", "inf" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (end - p == 3 && memcmp (p, names[i], 3) == 0)
      return FALSE;

  return TRUE;
}

/* Between single dollars: words between spaces, of two letters where nothing else says that it is mathematics */
static gboolean
is_prose (const char *p,
          const char *end)
{
  const char *begin = p;
  gsize least = 2;

  for (const char *q = p; q < end; q++)
    {
      if (*q == '\\')
        return FALSE;
      if (strchr ("^_=+<>", *q) != NULL)
        least = 3;
    }

  while (p < end)
    {
      const char *word = p;

      while (p < end && g_ascii_isalpha (*p))
        p++;
      if ((gsize) (p - word) >= least && word > begin && word[-1] == ' ' && (p == end || *p == ' ') && is_foreign (word, p))
        return TRUE;
      if ((gsize) (p - word) >= least && word == begin && p < end && *p == ' ' && is_foreign (word, p))
        return TRUE;
      if (p < end)
        p++;
    }

  return FALSE;
}

static void
take_span (Scan       *scan,
           const char *inner_begin,
           const char *inner_end,
           const char *end,
           gboolean    is_display)
{
  SottoMathSpan span = { scan->p - scan->text, end - scan->text, inner_begin - scan->text, inner_end - scan->text, is_display,
                         FALSE };

  g_array_append_val (scan->spans, span);
  move_to (scan, end);
}

/* What \[ begins is left as it is until it is closed: its backslashes and stars are no Markdown, whatever it becomes. */
static void
take_open (Scan *scan)
{
  const gsize begin = scan->p - scan->text;
  const gsize end = scan->end - scan->text;
  const SottoMathSpan span = { begin, end, begin, end, FALSE, TRUE };

  g_array_append_val (scan->spans, span);
  move_to (scan, scan->end);
}

static void
note_open (Scan *scan)
{
  if (scan->open == NULL)
    scan->open = scan->line;
}

/* \(…\), \[…\] and $$…$$. Returns: whether it was one; then it is behind it. */
static gboolean
take_delimited (Scan        *scan,
                const char  *close,
                const char **known,
                gboolean     is_display)
{
  const char *inner = scan->p + 2;
  const char *found = find_mark (scan, inner, close, known);
  const char *blank = find_blank (scan);

  if (found >= scan->end && blank >= scan->end)
    {
      if (scan->end - inner > SOTTO_MATH_MAX_BYTES)
        return FALSE;
      note_open (scan);
      if (*close == '\\')
        take_open (scan);
      return *close == '\\';
    }
  if (found >= blank || found - inner > SOTTO_MATH_MAX_BYTES || !is_mathematics (inner, found))
    return FALSE;
  /* \[words\](address) is a link that is none. */
  if (*close == '\\' && found + 2 < scan->end && found[2] == '(' && close[1] == ']')
    return FALSE;

  take_span (scan, inner, found, found + 2, is_display);

  return TRUE;
}

static gboolean
take_dollar (Scan *scan)
{
  const char *inner = scan->p + 1;
  const char *found;

  if (scan->p > scan->text && (g_ascii_isalnum (scan->p[-1]) || (guchar) scan->p[-1] >= 0x80))
    {
      gunichar before = g_utf8_get_char (g_utf8_find_prev_char (scan->text, scan->p));

      if (g_unichar_isalnum (before))
        return FALSE;
    }
  if (inner >= scan->end || g_ascii_isspace (*inner))
    return FALSE;

  found = find_mark (scan, inner, "$", &scan->dollar);
  if (found >= scan->end && scan->end - inner <= MAX_INLINE && !has_block (scan, scan->end))
    note_open (scan);
  if (found >= scan->end || found == inner || found - inner > MAX_INLINE || g_ascii_isspace (found[-1]) ||
      (found + 1 < scan->end && (g_ascii_isalnum (found[1]) || found[1] == '$')) || has_block (scan, found))
    return FALSE;

  if (*inner == '`' && found - inner >= 3 && found[-1] == '`')
    {
      take_span (scan, inner + 1, found - 1, found + 1, FALSE);
      return TRUE;
    }
  if (memchr (inner, '`', found - inner) != NULL || is_prose (inner, found))
    return FALSE;
  take_span (scan, inner, found, found + 1, FALSE);

  return TRUE;
}

/* \begin{align} with the \end{align} that belongs to it */
static gboolean
take_environment (Scan *scan)
{
  const char *name = scan->p + strlen ("\\begin{");
  const char *close = memchr (name, '}', MIN (scan->end - name, 20));
  const char *blank = find_blank (scan);
  g_autofree char *begin = NULL;
  g_autofree char *end = NULL;
  guint depth = 0;

  if (close == NULL || scan->n_failed >= MAX_FAILED || !sotto_math_is_environment (name, close - name))
    return FALSE;

  begin = g_strdup_printf ("\\begin{%.*s}", (int) (close - name), name);
  end = g_strdup_printf ("\\end{%.*s}", (int) (close - name), name);
  for (const char *p = scan->p; p < blank && p - scan->p < SOTTO_MATH_MAX_BYTES; p++)
    {
      if (*p != '\\')
        continue;
      if ((gsize) (blank - p) >= strlen (begin) && memcmp (p, begin, strlen (begin)) == 0)
        depth++;
      else if ((gsize) (blank - p) >= strlen (end) && memcmp (p, end, strlen (end)) == 0 && --depth == 0)
        {
          take_span (scan, scan->p, p + strlen (end), p + strlen (end), TRUE);
          return TRUE;
        }
    }
  scan->n_failed++;
  if (blank < scan->end || scan->end - scan->p >= SOTTO_MATH_MAX_BYTES)
    return FALSE;
  note_open (scan);
  take_open (scan);

  return TRUE;
}

/* --- Code --- */

/* A block within fences, to the line behind it */
static void
skip_fence (Scan       *scan,
            const char *fence,
            gsize       length,
            guint       n_quotes)
{
  const char *line = find_line_end (fence, scan->end);

  while (line < scan->end)
    {
      guint n = G_MAXUINT;
      const char *p = sotto_math_scan_skip_prefix (line + 1, scan->end, &n);
      const char *begin = line + 1;
      gsize n_marks = 0;

      /* A quote that has ended took its code with it. */
      if (n < n_quotes)
        {
          scan->p = begin;
          return;
        }
      while (p < scan->end && *p == *fence)
        {
          n_marks++;
          p++;
        }
      line = find_line_end (begin, scan->end);
      while (p < line && g_ascii_isspace (*p))
        p++;
      if (n_marks >= length && p >= line)
        {
          scan->p = line;
          return;
        }
    }
  scan->in_fence = TRUE;
  scan->p = scan->end;
}

/* A span of code, or the marks alone where nothing closes it */
static void
skip_code (Scan *scan)
{
  const char *begin = scan->p;
  const char *limit = begin + MIN (scan->end - begin, SOTTO_MATH_MAX_BYTES);
  const char *p = begin;
  gsize length;

  while (p < scan->end && *p == '`')
    p++;
  length = p - begin;

  while (p < limit)
    {
      const char *run = memchr (p, '`', limit - p);
      const char *q = run;

      if (run == NULL)
        break;
      while (q < scan->end && *q == '`')
        q++;
      if ((gsize) (q - run) == length)
        {
          if (has_block (scan, run))
            break;
          move_to (scan, q);
          return;
        }
      p = q;
    }
  scan->p = begin + length;
}

/* --- All --- */

/* Returns: whether a fence began with the line; then it is behind it. */
static gboolean
take_line_begin (Scan *scan)
{
  guint n_quotes = G_MAXUINT;
  const char *p = sotto_math_scan_skip_prefix (scan->p, scan->end, &n_quotes);
  const char *begin = skip_markers (p, scan->end);
  gsize length = measure_fence (begin, scan->end);

  if (length == 0)
    return FALSE;
  skip_fence (scan, begin, length, n_quotes);

  return TRUE;
}

/* Returns: whether there was a formula */
static gboolean
take_formula (Scan *scan)
{
  const char *p = scan->p;
  char next = p + 1 < scan->end ? p[1] : '\0';

  if (*p == '$' && next == '$')
    return (p + 2 >= scan->end || p[2] != '$') && take_delimited (scan, "$$", &scan->dollars, TRUE);
  if (*p == '$')
    return take_dollar (scan);
  if (*p == '\\' && next == '[')
    return take_delimited (scan, "\\]", &scan->bracket, TRUE);
  if (*p == '\\' && next == '(')
    return take_delimited (scan, "\\)", &scan->parenthesis, FALSE);
  if (*p == '\\' && next == 'b' && scan->end - p > 8 && memcmp (p, "\\begin{", 7) == 0)
    return take_environment (scan);

  return FALSE;
}

GArray *
sotto_math_scan (const char *text,
                 gsize       length,
                 gsize      *open,
                 gboolean   *in_fence)
{
  Scan scan = { .text = text, .end = text + length, .p = text, .line = text };

  scan.spans = g_array_new (FALSE, FALSE, sizeof (SottoMathSpan));
  while (scan.p < scan.end)
    {
      if (scan.p == scan.text || scan.p[-1] == '\n')
        {
          scan.line = scan.p;
          if (take_line_begin (&scan))
            continue;
        }

      if (*scan.p == '`')
        skip_code (&scan);
      else if (*scan.p != '$' && *scan.p != '\\')
        scan.p++;
      else if (!take_formula (&scan))
        {
          /* A backslash and what it takes away; dollars that are none */
          if (*scan.p == '\\' || (scan.p + 1 < scan.end && scan.p[1] == '$'))
            scan.p++;
          if (scan.p < scan.end && *scan.p != '\n')
            scan.p++;
        }
    }

  if (open != NULL)
    *open = scan.open != NULL ? (gsize) (scan.open - text) : length;
  if (in_fence != NULL)
    *in_fence = scan.in_fence;

  return scan.spans;
}
