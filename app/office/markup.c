#include "markup.h"

#include "encodings.h"
#include "entities.h"

#include <string.h>

#define MAX_NAME 64      /* longer ones are none that is asked for */
#define N_VALUES 8       /* attributes of a tag that are asked for at once */

struct _SottoMarkup {
  char *data;
  const char *at;
  const char *end;
  gboolean is_html;

  char name[MAX_NAME];
  const char *attributes;       /* of the present tag */
  const char *attributes_end;
  gboolean closes_itself;       /* a CLOSE of the same name is next */
  GString *text;
  GString *values[N_VALUES];
  guint next_value;
};

/* --- Encodings --- */

static char *
convert_bytes (const SottoEncoding *encoding, const char *data, gsize length)
{
  GString *text = g_string_sized_new (length + length / 4);

  for (gsize i = 0; i < length; i++)
    g_string_append_unichar (text, sotto_encoding_get (encoding, (guint8) data[i]));
  return g_string_free (text, FALSE);
}

static char *
convert_wide (const char *data, gsize length, gboolean big_first)
{
  const guint8 *bytes = (const guint8 *) data;
  GString *text = g_string_sized_new (length);

  for (gsize i = 0; i + 1 < length; i += 2)
    {
      gunichar c = big_first ? bytes[i] << 8 | bytes[i + 1] : bytes[i + 1] << 8 | bytes[i];

      if (c >= 0xd800 && c < 0xdc00 && i + 3 < length)
        {
          const gunichar low = big_first ? bytes[i + 2] << 8 | bytes[i + 3] : bytes[i + 3] << 8 | bytes[i + 2];

          if (low >= 0xdc00 && low < 0xe000)
            {
              c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
              i += 2;
            }
        }
      g_string_append_unichar (text, c != 0 && g_unichar_validate (c) ? c : 0xfffd);
    }
  return g_string_free (text, FALSE);
}

/* What it says that it is in: "charset=" of a page, "encoding=" of XML, in its beginning; where it says nothing, what most are in */
static const SottoEncoding *
find_encoding (const char *data, gsize length)
{
  g_autofree char *beginning = g_ascii_strdown (data, (gssize) MIN (length, 1024));
  const char *said = strstr (beginning, "charset=");

  if (said == NULL)
    said = strstr (beginning, "encoding=");
  if (said == NULL)
    return sotto_encoding_find_windows (1252);
  said = strchr (said, '=') + 1;
  return sotto_encoding_find (said + strspn (said, "\"' "));
}

static char *
convert (char *data, gsize *length)
{
  const SottoEncoding *encoding;
  char *text = NULL;

  if (*length >= 2 && ((data[0] == '\xff' && data[1] == '\xfe') || (data[0] == '\xfe' && data[1] == '\xff')))
    text = convert_wide (data + 2, *length - 2, data[0] == '\xfe');
  else if (g_utf8_validate_len (data, *length, NULL))
    return data;
  else if ((encoding = find_encoding (data, *length)) != NULL)
    text = convert_bytes (encoding, data, *length);
  g_free (data);
  *length = text != NULL ? strlen (text) : 0;
  return text;
}

SottoMarkup *
sotto_markup_new (char *data, gsize length, gboolean is_html)
{
  char *text = convert (data, &length);
  SottoMarkup *self;

  if (text == NULL)
    return NULL;
  self = g_new0 (SottoMarkup, 1);
  self->data = text;
  self->at = text;
  self->end = text + length;
  self->is_html = is_html;
  self->text = g_string_new (NULL);
  for (guint i = 0; i < N_VALUES; i++)
    self->values[i] = g_string_new (NULL);
  return self;
}

void
sotto_markup_free (SottoMarkup *self)
{
  for (guint i = 0; i < N_VALUES; i++)
    g_string_free (self->values[i], TRUE);
  g_string_free (self->text, TRUE);
  g_free (self->data);
  g_free (self);
}

/* --- Characters --- */

static gunichar
read_number (const char *at, const char *end)
{
  const guint base = at < end && (*at == 'x' || *at == 'X') ? 16 : 10;
  gunichar c = 0;

  if (base == 16)
    at++;
  if (at == end)
    return 0;
  for (; at < end; at++)
    {
      const int digit = base == 16 ? g_ascii_xdigit_value (*at) : g_ascii_digit_value (*at);

      if (digit < 0)
        return 0;
      c = MIN (c * base + (guint) digit, 0x110000);
    }
  if (c >= 128 && c < 160)
    c = sotto_encoding_get (sotto_encoding_find_windows (1252), (guint8) c);
  return c != 0 && g_unichar_validate (c) ? c : 0xfffd;
}

/* What @at ("&…") stands for, and where it ends; 0: only for itself */
static gunichar
read_entity (const char *at, const char *end, const char **after)
{
  const char *stop = memchr (at, ';', MIN ((gsize) (end - at), 16));
  gunichar c;

  if (stop == NULL)
    return 0;
  *after = stop + 1;
  c = at + 1 < end && at[1] == '#' ? read_number (at + 2, stop) : sotto_entity_find (at + 1, (gsize) (stop - at - 1));
  return c;
}

static void
append_decoded (GString *text, const char *at, const char *end)
{
  while (at < end)
    {
      const char *next = memchr (at, '&', (gsize) (end - at));
      const char *after;
      gunichar c;

      if (next == NULL)
        next = end;
      g_string_append_len (text, at, next - at);
      if (next == end)
        break;
      c = read_entity (next, end, &after);
      if (c != 0)
        g_string_append_unichar (text, c);
      else
        {
          g_string_append_c (text, '&');
          after = next + 1;
        }
      at = after;
    }
}

/* --- Tags --- */

static gboolean
is_blank (char c)
{
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static const char *
find (const char *at, const char *end, const char *what)
{
  const char *found = memmem (at, (gsize) (end - at), what, strlen (what));

  return found != NULL ? found : end;
}

/* What begins with "<!" or "<?" and is no tag: where it ends. A document type may have declarations in it, of which nothing is
 * wanted. */
static const char *
skip_declaration (const char *at, const char *end)
{
  guint depth = 0;

  if (end - at >= 4 && memcmp (at, "<!--", 4) == 0)
    return MIN (end, find (at + 4, end, "-->") + 3);
  if (at[1] == '?')
    return MIN (end, find (at, end, ">") + 1);
  for (char quote = 0; at < end; at++)
    {
      if (quote != 0)
        quote = *at == quote ? 0 : quote;
      else if (depth > 0 && (*at == '"' || *at == '\''))
        quote = *at;
      else if (*at == '[')
        depth++;
      else if (*at == ']' && depth > 0)
        depth--;
      else if (*at == '>' && depth == 0)
        return at + 1;
    }
  return end;
}

/* A '>' in a quoted value does not end the tag. */
static const char *
find_tag_end (const char *at, const char *end)
{
  for (char quote = 0; at < end; at++)
    if (quote != 0)
      quote = *at == quote ? 0 : quote;
    else if ((*at == '"' || *at == '\'') && at[-1] == '=')
      quote = *at;
    else if (*at == '>')
      break;
  return at;
}

static void
take_name (SottoMarkup *self, const char *at, const char *end)
{
  const char *colon = memchr (at, ':', (gsize) (end - at));
  gsize length;

  if (colon != NULL)
    at = colon + 1;
  length = MIN ((gsize) (end - at), MAX_NAME - 1);
  memcpy (self->name, at, length);
  self->name[length] = '\0';
  for (char *p = self->name; self->is_html && *p != '\0'; p++)
    *p = g_ascii_tolower (*p);
}

static gboolean
is_void (const char *name)
{
  static const char *const names[] = { "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param",
                                       "source", "track", "wbr" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (strcmp (name, names[i]) == 0)
      return TRUE;
  return FALSE;
}

/* What is no text although it stands where text does: it ends with its own closing tag, and nothing else. */
static void
skip_raw (SottoMarkup *self)
{
  const gsize length = strlen (self->name);
  const char *at = self->at;

  if (strcmp (self->name, "script") != 0 && strcmp (self->name, "style") != 0)
    return;
  while ((at = find (at, self->end, "</")) < self->end)
    {
      at += 2;
      if ((gsize) (self->end - at) >= length && g_ascii_strncasecmp (at, self->name, length) == 0)
        {
          self->at = at - 2;
          return;
        }
    }
  self->at = self->end;
}

/* @at: behind "<" */
static SottoMarkupToken
take_tag (SottoMarkup *self, const char *at)
{
  const gboolean closes = *at == '/';
  const char *end = find_tag_end (at + closes, self->end);
  const char *name_end = at + closes;

  while (name_end < end && !is_blank (*name_end) && *name_end != '/')
    name_end++;
  take_name (self, at + closes, name_end);
  self->attributes = name_end;
  self->attributes_end = end;
  self->at = end < self->end ? end + 1 : end;
  if (closes)
    return SOTTO_MARKUP_CLOSE;
  self->closes_itself = end > name_end && end[-1] == '/';
  /* Books are in XHTML, where "<script/>" has no end of its own, though a browser would look for one. */
  if (self->is_html && !self->closes_itself)
    {
      self->closes_itself = is_void (self->name);
      skip_raw (self);
    }
  return SOTTO_MARKUP_OPEN;
}

static gboolean
begins_tag (const char *at, const char *end)
{
  const char *next = at + 1;

  if (next < end && *next == '/')
    next++;
  return next < end && (g_ascii_isalpha (*next) || *next == '_' || (guint8) *next >= 0x80);
}

/* @at: "<" or text. Where that ends */
static const char *
find_text_end (const char *at, const char *end)
{
  while (at < end)
    {
      at = find (at, end, "<");
      if (at == end || begins_tag (at, end) || (at + 1 < end && (at[1] == '!' || at[1] == '?')))
        break;
      at++; /* it stands for itself */
    }
  return at;
}

SottoMarkupToken
sotto_markup_next (SottoMarkup *self)
{
  if (self->closes_itself)
    {
      self->closes_itself = FALSE;
      return SOTTO_MARKUP_CLOSE;
    }
  while (self->at < self->end)
    {
      const char *at = self->at;

      if (*at != '<' || !(begins_tag (at, self->end) || (at + 1 < self->end && (at[1] == '!' || at[1] == '?'))))
        {
          self->at = find_text_end (at, self->end);
          g_string_truncate (self->text, 0);
          append_decoded (self->text, at, self->at);
          return SOTTO_MARKUP_TEXT;
        }
      if (self->end - at >= 9 && memcmp (at, "<![CDATA[", 9) == 0)
        {
          const char *stop = find (at + 9, self->end, "]]>");

          self->at = MIN (self->end, stop + 3);
          g_string_truncate (self->text, 0);
          g_string_append_len (self->text, at + 9, stop - at - 9);
          return SOTTO_MARKUP_TEXT;
        }
      if (at[1] != '!' && at[1] != '?')
        return take_tag (self, at + 1);
      self->at = skip_declaration (at, self->end);
    }
  return SOTTO_MARKUP_END;
}

void
sotto_markup_skip (SottoMarkup *self)
{
  char name[MAX_NAME];
  gsize depth = 1;

  /* By its own name alone, as a page need not close what is in it. */
  memcpy (name, self->name, sizeof name);
  while (depth > 0)
    switch (sotto_markup_next (self))
      {
      case SOTTO_MARKUP_OPEN:
        depth += strcmp (self->name, name) == 0;
        break;
      case SOTTO_MARKUP_CLOSE:
        depth -= strcmp (self->name, name) == 0;
        break;
      case SOTTO_MARKUP_TEXT:
        break;
      case SOTTO_MARKUP_END:
      default:
        return;
      }
}

/* --- What is known of the present one --- */

const char *
sotto_markup_get_name (SottoMarkup *self)
{
  return self->name;
}

gboolean
sotto_markup_is (SottoMarkup *self, const char *name)
{
  return strcmp (self->name, name) == 0;
}

const char *
sotto_markup_get_text (SottoMarkup *self)
{
  return self->text->str;
}

gsize
sotto_markup_get_text_length (SottoMarkup *self)
{
  return self->text->len;
}

static gboolean
is_asked_for (SottoMarkup *self, const char *at, const char *end, const char *name)
{
  const char *colon = memchr (at, ':', (gsize) (end - at));
  const gboolean has_rule = *name == ':' || *name == '=';

  if (has_rule && (colon != NULL) != (*name == ':'))
    return FALSE;
  name += has_rule;
  if (colon != NULL)
    at = colon + 1;
  if ((gsize) (end - at) != strlen (name))
    return FALSE;
  return self->is_html ? g_ascii_strncasecmp (at, name, (gsize) (end - at)) == 0 : memcmp (at, name, (gsize) (end - at)) == 0;
}

/* Its value: where it begins, and in @end where it does end */
static const char *
find_value (const char *at, const char *limit, const char **end)
{
  while (at < limit && is_blank (*at))
    at++;
  if (at == limit || *at != '=')
    {
      *end = NULL;
      return at;
    }
  for (at++; at < limit && is_blank (*at); at++)
    continue;
  if (at < limit && (*at == '"' || *at == '\''))
    {
      *end = memchr (at + 1, *at, (gsize) (limit - at - 1));
      if (*end == NULL)
        *end = limit;
      return at + 1;
    }
  for (*end = at; *end < limit && !is_blank (**end); (*end)++)
    continue;
  return at;
}

const char *
sotto_markup_get (SottoMarkup *self, const char *name)
{
  const char *at = self->attributes;
  const char *const limit = self->attributes_end;

  while (at < limit)
    {
      const char *name_end;
      const char *value;
      const char *value_end;
      GString *kept;

      while (at < limit && (is_blank (*at) || *at == '/'))
        at++;
      for (name_end = at; name_end < limit && !is_blank (*name_end) && *name_end != '=' && *name_end != '/'; name_end++)
        continue;
      value = find_value (name_end, limit, &value_end);
      if (name_end > at && is_asked_for (self, at, name_end, name))
        {
          kept = self->values[self->next_value++ % N_VALUES];
          g_string_truncate (kept, 0);
          if (value_end != NULL)
            append_decoded (kept, value, value_end);
          return kept->str;
        }
      if (value_end == NULL)
        at = MAX (value, name_end + (name_end == at));
      else
        at = value_end < limit && (*value_end == '"' || *value_end == '\'') ? value_end + 1 : MAX (value_end, at + 1);
    }
  return NULL;
}

int
sotto_markup_get_int (SottoMarkup *self, const char *name, int otherwise)
{
  const char *value = sotto_markup_get (self, name);
  gint64 number;

  if (value == NULL || !g_ascii_string_to_signed (value, 10, G_MININT, G_MAXINT, &number, NULL))
    return otherwise;
  return (int) number;
}
