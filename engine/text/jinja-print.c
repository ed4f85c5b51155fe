#include "jinja-string.h"

#include <math.h>
#include <string.h>

/* How values look in text: str() and repr() of Python, json.dumps() as transformers calls it. */

/* The shortest digits that read back as the same number, in Python's layout. */
void
jinja_add_float (JinjaBuilder *self,
                 double        value)
{
  char digits[40];
  char *e;
  int exponent, n = 0;

  if (isnan (value) || isinf (value))
    {
      jinja_builder_add_text (self, isnan (value) ? "nan" : value < 0 ? "-inf" : "inf");
      return;
    }

  for (int precision = 0; precision <= 16; precision++)
    {
      char format[8];

      g_snprintf (format, sizeof format, "%%.%de", precision);
      g_ascii_formatd (digits, sizeof digits, format, value);
      if (g_ascii_strtod (digits, NULL) == value)
        break;
    }

  /* [-]d.ddde±xx → sign, digits without the point, exponent */
  e = strchr (digits, 'e');
  exponent = (int) g_ascii_strtoll (e + 1, NULL, 10);
  *e = 0;
  if (digits[0] == '-')
    {
      jinja_builder_add_text (self, "-");
      memmove (digits, digits + 1, strlen (digits));
    }
  if (digits[1] == '.')
    memmove (digits + 1, digits + 2, strlen (digits + 2) + 1);
  n = (int) strlen (digits);

  if (exponent < -4 || exponent >= 16)
    {
      char tail[8];

      g_snprintf (tail, sizeof tail, "e%c%02d", exponent < 0 ? '-' : '+', ABS (exponent));
      jinja_builder_add (self, digits, 1, FALSE);
      if (n > 1)
        {
          jinja_builder_add_text (self, ".");
          jinja_builder_add_text (self, digits + 1);
        }
      jinja_builder_add_text (self, tail);
    }
  else if (exponent < 0)
    {
      jinja_builder_add_text (self, "0.");
      for (int i = -1; i > exponent; i--)
        jinja_builder_add_text (self, "0");
      jinja_builder_add_text (self, digits);
    }
  else
    {
      for (int i = 0; i <= exponent; i++)
        jinja_builder_add (self, i < n ? &digits[i] : "0", 1, FALSE);
      jinja_builder_add_text (self, ".");
      jinja_builder_add_text (self, n > exponent + 1 ? digits + exponent + 1 : "0");
    }
}

static void
add_integer (JinjaBuilder *self,
             gint64        integer)
{
  char digits[24];

  g_snprintf (digits, sizeof digits, "%" G_GINT64_FORMAT, integer);
  jinja_builder_add_text (self, digits);
}

static void
add_string_repr (JinjaBuilder      *self,
                 const JinjaString *string)
{
  gboolean single = memchr (string->bytes, '\'', string->length) != NULL;
  gboolean twice = memchr (string->bytes, '"', string->length) != NULL;
  char quote = single && !twice ? '"' : '\'';

  jinja_builder_add (self, &quote, 1, FALSE);
  for (gsize at = 0; at < string->length && !self->failed;)
    {
      gunichar c = g_utf8_get_char (string->bytes + at);
      gsize length = (gsize) (g_utf8_next_char (string->bytes + at) - (string->bytes + at));
      char escape[16] = "";

      if (c == '\\' || c == (guchar) quote)
        g_snprintf (escape, sizeof escape, "\\%c", (char) c);
      else if (c == '\n' || c == '\r' || c == '\t')
        g_snprintf (escape, sizeof escape, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
      else if (c < 0x20 || c == 0x7f || (c >= 0x80 && (!g_unichar_isprint (c) || jinja_is_space (c))))
        g_snprintf (escape, sizeof escape, c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x",
                    c);

      if (escape[0] != 0)
        jinja_builder_add_text (self, escape);
      else
        jinja_builder_add_slice (self, string, at, length);
      at += length;
    }
  jinja_builder_add (self, &quote, 1, FALSE);
}

static void
add_items_repr (JinjaBuilder     *self,
                const JinjaItems *items,
                const char       *begin,
                const char       *end)
{
  jinja_builder_add_text (self, begin);
  for (gsize i = 0; i < items->n && !self->failed; i++)
    {
      if (i > 0)
        jinja_builder_add_text (self, ", ");
      jinja_add_repr (self, items->values[i]);
    }
  jinja_builder_add_text (self, end);
}

static void
add_dict_repr (JinjaBuilder    *self,
               const JinjaDict *dict)
{
  jinja_builder_add_text (self, "{");
  for (gsize i = 0; i < dict->n && !self->failed; i++)
    {
      if (i > 0)
        jinja_builder_add_text (self, ", ");
      jinja_add_repr (self, dict->entries[i].key);
      jinja_builder_add_text (self, ": ");
      jinja_add_repr (self, dict->entries[i].value);
    }
  jinja_builder_add_text (self, "}");
}

static void
add_view_repr (JinjaBuilder    *self,
               const JinjaView *view)
{
  jinja_builder_add_text (self, view->kind == JINJA_VIEW_ITEMS  ? "dict_items(["
                                : view->kind == JINJA_VIEW_KEYS ? "dict_keys(["
                                                                : "dict_values([");
  for (gsize i = 0; i < view->dict->n && !self->failed; i++)
    {
      const JinjaEntry *entry = &view->dict->entries[i];

      if (i > 0)
        jinja_builder_add_text (self, ", ");
      if (view->kind == JINJA_VIEW_ITEMS)
        jinja_builder_add_text (self, "(");
      if (view->kind != JINJA_VIEW_VALUES)
        jinja_add_repr (self, entry->key);
      if (view->kind == JINJA_VIEW_ITEMS)
        jinja_builder_add_text (self, ", ");
      if (view->kind != JINJA_VIEW_KEYS)
        jinja_add_repr (self, entry->value);
      if (view->kind == JINJA_VIEW_ITEMS)
        jinja_builder_add_text (self, ")");
    }
  jinja_builder_add_text (self, "])");
}

static void
add_range_repr (JinjaBuilder     *self,
                const JinjaItems *range)
{
  jinja_builder_add_text (self, "range(");
  add_integer (self, range->start);
  jinja_builder_add_text (self, ", ");
  add_integer (self, range->start + (gint64) range->n * range->step);
  if (range->step != 1)
    {
      jinja_builder_add_text (self, ", ");
      add_integer (self, range->step);
    }
  jinja_builder_add_text (self, ")");
}

void
jinja_add_repr (JinjaBuilder *self,
                JinjaValue    value)
{
  if (self->failed || !jinja_step (self->run, 1) || !jinja_enter (self->run))
    {
      self->failed = TRUE;
      return;
    }

  switch (value.kind)
    {
    case JINJA_ABSENT:
    case JINJA_UNDEFINED:
      jinja_builder_add_text (self, "Undefined");
      break;
    case JINJA_NONE:
      jinja_builder_add_text (self, "None");
      break;
    case JINJA_BOOLEAN:
      jinja_builder_add_text (self, value.as.boolean ? "True" : "False");
      break;
    case JINJA_INTEGER:
      add_integer (self, value.as.integer);
      break;
    case JINJA_HUGE:
      jinja_builder_add_string (self, value.as.string);
      break;
    case JINJA_FLOAT:
      jinja_add_float (self, value.as.real);
      break;
    case JINJA_STRING:
      if (value.as.string->markup)
        jinja_builder_add_text (self, "Markup(");
      add_string_repr (self, value.as.string);
      if (value.as.string->markup)
        jinja_builder_add_text (self, ")");
      break;
    case JINJA_LIST:
      add_items_repr (self, value.as.items, "[", "]");
      break;
    case JINJA_TUPLE:
      add_items_repr (self, value.as.items, "(", value.as.items->n == 1 ? ",)" : ")");
      break;
    case JINJA_DICT:
      add_dict_repr (self, value.as.dict);
      break;
    case JINJA_VIEW:
      add_view_repr (self, value.as.view);
      break;
    case JINJA_RANGE:
      add_range_repr (self, value.as.items);
      break;
    case JINJA_NAMESPACE:
      jinja_builder_add_text (self, "<Namespace ");
      add_dict_repr (self, value.as.names);
      jinja_builder_add_text (self, ">");
      break;
    default:
      jinja_builder_add_text (self, "<");
      jinja_builder_add_text (self, jinja_type_name (value));
      jinja_builder_add_text (self, ">");
      break;
    }

  jinja_leave (self->run);
}

void
jinja_add_str (JinjaBuilder *self,
               JinjaValue    value)
{
  if (jinja_is (value, JINJA_STRING))
    jinja_builder_add_string (self, value.as.string);
  else if (!jinja_is (value, JINJA_UNDEFINED))
    jinja_add_repr (self, value);
}

const JinjaString *
jinja_str (JinjaRun  *run,
           JinjaValue value)
{
  JinjaBuilder builder;

  if (jinja_is (value, JINJA_STRING))
    return value.as.string;

  jinja_builder_init (&builder, run);
  jinja_add_str (&builder, value);

  return jinja_builder_finish (&builder);
}

const char *
jinja_cstr (JinjaRun          *run,
            const JinjaString *string)
{
  char *copy = jinja_alloc (run, string->length + 1);

  if (copy != NULL && string->length > 0)
    memcpy (copy, string->bytes, string->length);

  return copy;
}
