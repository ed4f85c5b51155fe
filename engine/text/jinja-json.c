#include "jinja-string.h"

#include <math.h>
#include <string.h>

/* json.dumps() with the arguments that transformers' tojson hands on. The strings of the value keep
 * where they come from; everything that is written around them counts as text. */

static void
add_json_string (JinjaBuilder      *self,
                 const JinjaString *string,
                 gboolean           ensure_ascii)
{
  gsize done = 0;

  jinja_builder_add_text (self, "\"");
  for (gsize at = 0; at < string->length && !self->failed;)
    {
      guchar c = (guchar) string->bytes[at];
      gsize length = 1;
      char escape[16] = "";

      if (c == '"' || c == '\\')
        g_snprintf (escape, sizeof escape, "\\%c", c);
      else if (c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == '\b')
        g_snprintf (escape, sizeof escape, "\\%c",
                    c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : c == '\f' ? 'f' : 'b');
      else if (c < 0x20)
        g_snprintf (escape, sizeof escape, "\\u%04x", c);
      else if (ensure_ascii && c >= 0x80)
        {
          gunichar u = g_utf8_get_char (string->bytes + at);

          length = (gsize) (g_utf8_next_char (string->bytes + at) - (string->bytes + at));
          if (u < 0x10000)
            g_snprintf (escape, sizeof escape, "\\u%04x", u);
          else
            g_snprintf (escape, sizeof escape, "\\u%04x\\u%04x", 0xd800 + ((u - 0x10000) >> 10),
                        0xdc00 + ((u - 0x10000) & 0x3ff));
        }

      if (escape[0] != 0)
        {
          jinja_builder_add_slice (self, string, done, at - done);
          jinja_builder_add_text (self, escape);
          done = at + length;
        }
      at += length;
    }
  jinja_builder_add_slice (self, string, done, string->length - done);
  jinja_builder_add_text (self, "\"");
}

static void
add_line (JinjaBuilder         *self,
          const JinjaJsonStyle *style,
          guint                 level)
{
  if (style->indent == NULL)
    return;

  jinja_builder_add_text (self, "\n");
  jinja_builder_add_repeated (self, style->indent, level);
}

static void add_json (JinjaBuilder *self, JinjaValue value, const JinjaJsonStyle *style, guint level);

static void
add_json_items (JinjaBuilder         *self,
                const JinjaItems     *items,
                const JinjaJsonStyle *style,
                guint                 level)
{
  jinja_builder_add_text (self, "[");
  for (gsize i = 0; i < items->n && !self->failed; i++)
    {
      if (i > 0)
        jinja_builder_add_string (self, style->item_separator);
      add_line (self, style, level + 1);
      add_json (self, items->values[i], style, level + 1);
    }
  if (items->n > 0)
    add_line (self, style, level);
  jinja_builder_add_text (self, "]");
}

static void
add_json_key (JinjaBuilder         *self,
              JinjaValue            key,
              const JinjaJsonStyle *style)
{
  const JinjaString *text;
  JinjaBuilder builder;

  switch (key.kind)
    {
    case JINJA_STRING:
      add_json_string (self, key.as.string, style->ensure_ascii);
      return;
    case JINJA_NONE:
      jinja_builder_add_text (self, "\"null\"");
      return;
    case JINJA_BOOLEAN:
      jinja_builder_add_text (self, key.as.boolean ? "\"true\"" : "\"false\"");
      return;
    case JINJA_INTEGER:
    case JINJA_HUGE:
    case JINJA_FLOAT:
      jinja_builder_init (&builder, self->run);
      jinja_add_repr (&builder, key);
      text = jinja_builder_finish (&builder);
      if (text != NULL)
        add_json_string (self, text, FALSE);
      else
        self->failed = TRUE;
      return;
    default:
      jinja_fail (self->run, "keys must be str, int, float, bool or None, not %s",
                  jinja_type_name (key));
      self->failed = TRUE;
      return;
    }
}

static void
add_json_dict (JinjaBuilder         *self,
               const JinjaDict      *dict,
               const JinjaJsonStyle *style,
               guint                 level)
{
  JinjaValue *order = jinja_new_n (self->run, JinjaValue, dict->n);
  JinjaValue *keys = jinja_new_n (self->run, JinjaValue, dict->n);

  if (order == NULL || keys == NULL)
    {
      self->failed = TRUE;
      return;
    }
  for (gsize i = 0; i < dict->n; i++)
    {
      order[i] = jinja_integer ((gint64) i);
      keys[i] = dict->entries[i].key;
    }
  if (style->sort_keys && !jinja_sort (self->run, order, keys, dict->n, FALSE))
    {
      self->failed = TRUE;
      return;
    }

  jinja_builder_add_text (self, "{");
  for (gsize i = 0; i < dict->n && !self->failed; i++)
    {
      const JinjaEntry *entry = &dict->entries[order[i].as.integer];

      if (i > 0)
        jinja_builder_add_string (self, style->item_separator);
      add_line (self, style, level + 1);
      add_json_key (self, entry->key, style);
      jinja_builder_add_string (self, style->key_separator);
      add_json (self, entry->value, style, level + 1);
    }
  if (dict->n > 0)
    add_line (self, style, level);
  jinja_builder_add_text (self, "}");
}

static void
add_json (JinjaBuilder         *self,
          JinjaValue            value,
          const JinjaJsonStyle *style,
          guint                 level)
{
  if (self->failed || !jinja_step (self->run, 1) || !jinja_enter (self->run))
    {
      self->failed = TRUE;
      return;
    }

  switch (value.kind)
    {
    case JINJA_NONE:
      jinja_builder_add_text (self, "null");
      break;
    case JINJA_BOOLEAN:
      jinja_builder_add_text (self, value.as.boolean ? "true" : "false");
      break;
    case JINJA_INTEGER:
    case JINJA_HUGE:
      jinja_add_repr (self, value);
      break;
    case JINJA_FLOAT:
      if (isnan (value.as.real))
        jinja_builder_add_text (self, "NaN");
      else if (isinf (value.as.real))
        jinja_builder_add_text (self, value.as.real < 0 ? "-Infinity" : "Infinity");
      else
        jinja_add_float (self, value.as.real);
      break;
    case JINJA_STRING:
      add_json_string (self, value.as.string, style->ensure_ascii);
      break;
    case JINJA_LIST:
    case JINJA_TUPLE:
      add_json_items (self, value.as.items, style, level);
      break;
    case JINJA_DICT:
      add_json_dict (self, value.as.dict, style, level);
      break;
    default:
      jinja_fail (self->run, "Object of type %s is not JSON serializable", jinja_type_name (value));
      self->failed = TRUE;
      break;
    }

  jinja_leave (self->run);
}

gboolean
jinja_add_json (JinjaBuilder         *self,
                JinjaValue            value,
                const JinjaJsonStyle *style)
{
  add_json (self, value, style, 0);

  return !self->failed;
}
