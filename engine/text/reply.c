#include "reply-private.h"

#include <string.h>

/* Bytes, fields, markers:
 *
 *   feed ─► held ─┬─ a marker that may stand here ─► transition: the field's end, then the next field
 *                 └─ no marker ─► consume: TEXT and REASONING are given out, other fields are gathered in
 *                                 section and read by reply-call.c
 *
 * A section that does not parse is given out as the text it stood in, and reading goes on behind it. */

/* --- Giving out --- */

void
sotto_reply_flush (SottoReply *self)
{
  if (self->out->len == 0)
    return;

  self->sink (self->out_kind, self->out->str, self->out->len, NULL, self->user_data);
  g_string_truncate (self->out, 0);
}

void
sotto_reply_put (SottoReply     *self,
                 SottoReplyKind  kind,
                 const char     *text,
                 gsize           length)
{
  if (length == 0)
    return;
  if (kind != self->out_kind)
    sotto_reply_flush (self);

  self->out_kind = kind;
  g_string_append_len (self->out, text, (gssize) length);
}

static SottoReplyKind
kind_of (SottoReplyField field)
{
  return field == SOTTO_FIELD_REASONING ? SOTTO_REPLY_REASONING : SOTTO_REPLY_TEXT;
}

/* What a marker that is written out in text depends on: fences of code, and where a line begins */
static void
note (SottoReply *self,
      char        c)
{
  self->last = c;
  if (c == '\n')
    {
      self->line_begins = TRUE;
      self->n_ticks = 0;
    }
  else if (self->line_begins && c == '`')
    {
      if (++self->n_ticks == 3)
        {
          self->in_fence = !self->in_fence;
          self->line_begins = FALSE;
        }
    }
  else if (!g_ascii_isspace (c) || self->n_ticks > 0)
    self->line_begins = FALSE;
}

static void
put_blank (SottoReply     *self,
           SottoReplyKind  kind)
{
  sotto_reply_put (self, kind, self->blank->str, self->blank->len);
  g_string_truncate (self->blank, 0);
}

static void
put_text (SottoReply *self,
          char        c)
{
  note (self, c);
  if (!g_ascii_isspace (c))
    {
      put_blank (self, kind_of (self->field));
      sotto_reply_put (self, kind_of (self->field), &c, 1);
      self->after_marker = FALSE;
      self->is_begun = TRUE;
    }
  else if (self->after_marker)
    sotto_reply_put (self, SOTTO_REPLY_MARK, &c, 1);
  else
    g_string_append_c (self->blank, c);
}

/* --- Sections --- */

static void
begin_section (SottoReply *self)
{
  self->origin = self->field;
  self->wants_call = FALSE;
  self->n_calls = 0;
  g_string_append_len (self->section, self->blank->str, (gssize) self->blank->len);
  g_string_truncate (self->blank, 0);
}

static void
end_section (SottoReply      *self,
             SottoReplyField  field)
{
  sotto_reply_put (self, SOTTO_REPLY_MARK, self->section->str, self->section->len);
  g_string_truncate (self->section, 0);
  self->field = field;
  self->after_marker = TRUE;
  self->line_begins = TRUE;
}

/* What was gathered is text after all. */
static void
fail (SottoReply *self)
{
  g_autoptr (GString) section = self->section;

  sotto_reply_call_drop (self);
  self->section = g_string_new (NULL);
  self->field = self->origin;
  self->after_marker = FALSE;
  for (gsize i = 0; i < section->len; i++)
    put_text (self, section->str[i]);
}

static void
begin_field (SottoReply      *self,
             SottoReplyField  field)
{
  self->field = field;
  g_string_truncate (self->word, 0);
  self->quote = 0;
  self->is_escaped = FALSE;
  if (field != SOTTO_FIELD_HEADER)
    self->wants_call = TRUE;
  if (field == SOTTO_FIELD_CALLS || field == SOTTO_FIELD_ARGUMENTS)
    sotto_reply_call_begin_json (self);
}

/* Where @words stand in @header as words of their own; those that end with a sign are the beginning of one. */
static const char *
find_words (const char *header,
            const char *words)
{
  const gsize length = strlen (words);

  for (const char *at = header; (at = strstr (at, words)) != NULL; at++)
    if (length == 0
        || ((at == header || g_ascii_isspace (at[-1]))
            && (!g_ascii_isalpha (words[length - 1]) || at[length] == '\0' || g_ascii_isspace (at[length]))))
      return at;

  return NULL;
}

/* What a header announces; the name of a tool is taken from it. */
static gboolean
read_header (SottoReply      *self,
             SottoReplyField *to)
{
  const SottoReplyHead *heads = self->format->heads;

  g_strstrip (self->word->str);
  self->word->len = strlen (self->word->str);
  for (guint i = 0; i < G_N_ELEMENTS (self->format->heads) && heads[i].words != NULL; i++)
    {
      const char *found = find_words (self->word->str, heads[i].words);

      if (found == NULL)
        continue;
      *to = heads[i].to;
      self->goes_on = heads[i].goes_on;
      if (heads[i].named)
        {
          found += strlen (heads[i].words);
          g_string_truncate (self->name, 0);
          g_string_append_len (self->name, found, (gssize) strcspn (found, " \t\n<"));
          self->in_call = TRUE;
          /* A line that is not only a name was no header. */
          return self->name->len > 0
                 && (heads[i].words[0] != '\0' || self->name->len == self->word->len);
        }
      return TRUE;
    }

  self->goes_on = FALSE;

  return TRUE;
}

/* FALSE: the section does not parse; nothing of the marker has been taken. */
static gboolean
transition (SottoReply             *self,
            const SottoReplyMarker *marker)
{
  const gsize length = strlen (marker->text);
  const SottoReplyField from = self->field;
  SottoReplyField to = marker->to;

  self->is_begun = TRUE;
  self->is_announced = FALSE;
  self->has_reasoned |= from == SOTTO_FIELD_REASONING;
  if (sotto_reply_is_text (from))
    {
      if (sotto_reply_is_text (to))
        {
          put_blank (self, SOTTO_REPLY_MARK);
          sotto_reply_put (self, SOTTO_REPLY_MARK, marker->text, length);
          end_section (self, to);
          return TRUE;
        }
      begin_section (self);
    }
  else if (from == SOTTO_FIELD_HEADER && to == SOTTO_FIELD_HEADER)
    {
      g_string_append_c (self->word, ' ');
      g_string_append (self->section, marker->text);
      return TRUE;
    }
  else if (from == SOTTO_FIELD_HEADER)
    {
      if (to == SOTTO_FIELD_TEXT && self->format->heads[0].words != NULL && !read_header (self, &to))
        return FALSE;
    }
  else if (!sotto_reply_call_leave (self))
    {
      return FALSE;
    }

  if (((marker->flags & (SOTTO_MARKER_NEW | SOTTO_MARKER_ENDS)) != 0 || sotto_reply_is_text (to)
       || to == SOTTO_FIELD_HEADER) && !(sotto_reply_is_text (to) && from == SOTTO_FIELD_HEADER)
      && !sotto_reply_call_finish (self))
    return FALSE;

  if (sotto_reply_is_text (to) || to == SOTTO_FIELD_HEADER)
    {
      if (self->wants_call && self->n_calls == 0)
        return FALSE;
      if (sotto_reply_is_text (to))
        {
          g_string_append (self->section, marker->text);
          end_section (self, to);
          self->is_announced = from == SOTTO_FIELD_HEADER && to == SOTTO_FIELD_TEXT;
          return TRUE;
        }
      /* What came before is a section of its own. */
      if (!sotto_reply_is_text (from))
        {
          end_section (self, SOTTO_FIELD_TEXT);
          begin_section (self);
        }
    }

  if ((marker->flags & SOTTO_MARKER_NEW) != 0)
    self->in_call = TRUE;
  if ((marker->flags & SOTTO_MARKER_KEEP) == 0)
    g_string_append (self->section, marker->text);
  begin_field (self, to);
  self->is_bare = (marker->flags & (SOTTO_MARKER_KEEP | SOTTO_MARKER_TOOLS)) != 0;

  return TRUE;
}

/* --- Bytes --- */

/* A byte of the text; those of control tokens are not shown. */
static void
put_shown (SottoReply       *self,
           char              c,
           SottoReplySource  source)
{
  if (source != SOTTO_REPLY_FROM_CONTROL)
    {
      put_text (self, c);
      return;
    }
  put_blank (self, kind_of (self->field));
  sotto_reply_put (self, SOTTO_REPLY_MARK, &c, 1);
}

/* Returns: FALSE: the section that it was to belong to did not parse; it is the next byte of the text now. */
static gboolean
consume (SottoReply       *self,
         char              c,
         SottoReplySource  source)
{
  gboolean fits;

  if (sotto_reply_is_text (self->field))
    {
      put_shown (self, c, source);
      return TRUE;
    }

  g_string_append_c (self->section, c);
  if (self->field == SOTTO_FIELD_HEADER)
    {
      g_string_append_c (self->word, c);
      fits = self->word->len <= SOTTO_REPLY_MAX_WORD
             && (c != '\n' || strspn (self->word->str, " \n") == self->word->len);
    }
  else
    {
      fits = self->section->len <= SOTTO_REPLY_MAX_SECTION && sotto_reply_call_push (self, c);
    }
  if (fits)
    return TRUE;

  g_string_truncate (self->section, self->section->len - 1);
  fail (self);

  return FALSE;
}

static void
drop_held (SottoReply *self,
           gsize       n)
{
  g_string_erase (self->held, 0, (gssize) n);
  g_string_erase (self->held_sources, 0, (gssize) n);
}

static void
settle (SottoReply *self)
{
  while (self->held->len > 0)
    {
      gboolean undecided;
      const SottoReplyMarker *marker = sotto_reply_find_marker (self, &undecided);
      gsize n_taken;

      if (marker == NULL && undecided)
        return;

      if (marker == NULL)
        {
          if (consume (self, self->held->str[0], (SottoReplySource) self->held_sources->str[0]))
            drop_held (self, 1);
          continue;
        }

      n_taken = strlen (marker->text);
      if (!transition (self, marker))
        {
          fail (self);
          continue;
        }
      if ((marker->flags & SOTTO_MARKER_KEEP) != 0)
        for (gsize i = 0; i < n_taken; i++)
          consume (self, marker->text[i], SOTTO_REPLY_FROM_TEXT);
      drop_held (self, n_taken);
    }
}

void
sotto_reply_feed (SottoReply       *self,
                  const char       *text,
                  gsize             length,
                  SottoReplySource  source)
{
  for (gsize i = 0; i < length; i++)
    {
      guint32 fields = 1u << self->field;

      if (self->field == SOTTO_FIELD_REASONING && source != SOTTO_REPLY_FROM_TEXT)
        fields |= SOTTO_IN (TEXT);
      if (self->held->len == 0 && (self->starts[(guchar) text[i]] & fields) == 0
          && consume (self, text[i], source))
        continue;

      g_string_append_c (self->held, text[i]);
      g_string_append_c (self->held_sources, (char) source);
      settle (self);
    }

  /* Arguments may yet prove to be none, but they are told as they come. */
  sotto_reply_flush (self);
}

void
sotto_reply_finish (SottoReply *self)
{
  for (gsize i = 0; i < self->held->len; i++)
    if (!consume (self, self->held->str[i], (SottoReplySource) self->held_sources->str[i]))
      consume (self, self->held->str[i], (SottoReplySource) self->held_sources->str[i]);
  drop_held (self, self->held->len);

  if (!sotto_reply_is_text (self->field))
    {
      gboolean done = self->wants_call && self->field != SOTTO_FIELD_HEADER
                      && !(self->in_call && self->field == SOTTO_FIELD_BETWEEN)
                      && sotto_reply_call_leave (self) && sotto_reply_call_finish (self)
                      && self->n_calls > 0;

      if (done)
        end_section (self, SOTTO_FIELD_TEXT);
      else
        fail (self);
    }
  put_blank (self, kind_of (self->field));
  sotto_reply_flush (self);
}

/* --- Beginning --- */

void
sotto_reply_stand_in (SottoReply      *self,
                      SottoReplyField  field,
                      const char      *text)
{
  g_string_truncate (self->section, 0);
  g_string_truncate (self->word, 0);
  self->field = field;
  self->is_begun = TRUE;
  self->after_marker = FALSE;
  self->line_begins = TRUE;
  self->in_fence = FALSE;
  self->n_ticks = 0;
  for (; *text != '\0'; text++)
    note (self, *text);
}

static void
add_marker (SottoReply       *self,
            SottoReplyMarker  marker)
{
  self->starts[(guchar) marker.text[0]] |= marker.from;
  self->markers[self->n_markers++] = marker;
}

static gboolean
ends_with (const char *prompt,
           gsize       length,
           const char *text)
{
  gsize n = strlen (text);

  return n <= length && memcmp (prompt + length - n, text, n) == 0;
}

/* What the end of the prompt leaves the reply to begin with. */
static void
take_prompt (SottoReply *self,
             const char *prompt,
             const char *open)
{
  gsize length = strlen (prompt);

  self->prompt_end = length > 0 ? prompt[length - 1] : 0;
  while (length > 0 && g_ascii_isspace (prompt[length - 1]))
    length--;

  if (self->format->begins != NULL && ends_with (prompt, length, self->format->begins))
    {
      begin_section (self);
      begin_field (self, SOTTO_FIELD_HEADER);
      return;
    }

  self->after_marker = ends_with (prompt, length, open);
  for (guint i = 0; i < self->n_markers && !self->after_marker; i++)
    self->after_marker = self->markers[i].to == SOTTO_FIELD_REASONING
                         && ends_with (prompt, length, self->markers[i].text);
  if (self->after_marker)
    self->field = SOTTO_FIELD_REASONING;
  for (guint i = 0; i < self->n_markers; i++)
    self->has_reasoned |= (self->markers[i].from & SOTTO_IN (REASONING)) != 0
                          && self->markers[i].to == SOTTO_FIELD_TEXT
                          && ends_with (prompt, length, self->markers[i].text);
}

SottoReply *
sotto_reply_new (const SottoReplyStyle *style,
                 const char            *prompt,
                 yyjson_val            *tools,
                 SottoReplySink         sink,
                 gpointer               user_data)
{
  const SottoReasoningFormat *reasoning = style->reasoning;
  SottoReply *self = g_new0 (SottoReply, 1);

  self->format = style->calls;
  self->tools = tools;
  self->sink = sink;
  self->user_data = user_data;
  self->held = g_string_new (NULL);
  self->held_sources = g_string_new (NULL);
  self->out = g_string_new (NULL);
  self->blank = g_string_new (NULL);
  self->section = g_string_new (NULL);
  self->word = g_string_new (NULL);
  self->name = g_string_new (NULL);
  self->id = g_string_new (NULL);
  self->key = g_string_new (NULL);
  self->line_begins = TRUE;
  self->json_begin = G_MAXSIZE;
  self->item_begin = G_MAXSIZE;

  for (guint i = 0; i < G_N_ELEMENTS (self->format->markers) && self->format->markers[i].text != NULL; i++)
    add_marker (self, self->format->markers[i]);
  if (!reasoning->prompted)
    add_marker (self, (SottoReplyMarker) { reasoning->open, SOTTO_IN (TEXT), SOTTO_FIELD_REASONING,
                                           SOTTO_MARKER_LINE });
  add_marker (self, (SottoReplyMarker) { reasoning->close, SOTTO_IN (REASONING), SOTTO_FIELD_TEXT, 0 });
  add_marker (self, (SottoReplyMarker) { reasoning->close, SOTTO_IN (TEXT), SOTTO_FIELD_TEXT,
                                         SOTTO_MARKER_FIRST });
  if (prompt != NULL)
    take_prompt (self, prompt, reasoning->open);

  return self;
}

void
sotto_reply_free (SottoReply *self)
{
  if (self == NULL)
    return;

  g_string_free (self->held, TRUE);
  g_string_free (self->held_sources, TRUE);
  g_string_free (self->out, TRUE);
  g_string_free (self->blank, TRUE);
  g_string_free (self->section, TRUE);
  g_string_free (self->word, TRUE);
  g_string_free (self->name, TRUE);
  g_string_free (self->id, TRUE);
  g_string_free (self->key, TRUE);
  g_free (self);
}

gboolean
sotto_reply_goes_on (const SottoReply *self,
                     const char       *text)
{
  return self->format->goes_on != NULL && g_str_equal (self->format->goes_on, text)
         && (self->field == SOTTO_FIELD_REASONING || self->goes_on);
}

gboolean
sotto_reply_is_reasoning (const SottoReply *self)
{
  return self->field == SOTTO_FIELD_REASONING;
}

SottoReplyStage
sotto_reply_get_stage (const SottoReply *self)
{
  if (self->field != SOTTO_FIELD_TEXT)
    return SOTTO_REPLY_IN_PART;
  if (self->is_announced)
    return SOTTO_REPLY_AT_ANSWER;

  /* Where parts have headers, the answer has one too. */
  return self->format->begins != NULL || !self->has_reasoned ? SOTTO_REPLY_BETWEEN
                                                             : SOTTO_REPLY_AT_ANSWER;
}

gboolean
sotto_reply_has_reasoned (const SottoReply *self)
{
  return self->has_reasoned;
}

const char *
sotto_reply_get_opener (const SottoReply *self,
                        guint             n)
{
  for (guint i = 0; i < self->n_markers; i++)
    {
      const SottoReplyMarker *marker = &self->markers[i];

      if ((marker->from & SOTTO_IN (TEXT)) != 0
          && (marker->to == SOTTO_FIELD_REASONING || marker->to == SOTTO_FIELD_HEADER)
          && n-- == 0)
        return marker->text;
    }

  return NULL;
}
