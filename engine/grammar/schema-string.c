/* Strings: lengths, patterns, formats; and texts as they stand in the schema. */

#include "schema-private.h"

#include <string.h>

#define YEAR "(?:000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})"
#define LEAP_YEAR \
  "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)"
#define DATE \
  "(?:" YEAR "-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])" \
  "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))" \
  "|" LEAP_YEAR "-02-29)"
#define HOUR "(?:[01][0-9]|2[0-3])"
#define TIME HOUR ":[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,6})?(?:Z|[+-]" HOUR ":[0-5][0-9])"
#define CLOCK /* of a duration */ \
  "T(?:[0-9]{1,4}H(?:[0-9]{1,4}M(?:[0-9]{1,4}S)?)?|[0-9]{1,4}M(?:[0-9]{1,4}S)?|[0-9]{1,4}S)"
#define LABEL "[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?"
#define BYTE "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
#define GROUP "[0-9a-fA-F]{1,4}"
/* How often the characters of a part come, the parts of a path, and the characters of a query */
#define URI(part, parts, query) \
  "^(?:https?|ftp)://" LABEL "(?:\\." LABEL "){0,4}(?::[1-9][0-9]{0,3})?" \
  "(?:/[A-Za-z0-9._~+-]" part ")" parts \
  "(?:\\?[A-Za-z0-9._~=&+-]" query ")?(?:#[A-Za-z0-9._~+-]" part ")?$"

/* RFC 3339, 4122, 5321 (without quotation), 1123, 2673, 4291 (written out, or with one gap at
 * either end), 3986 (with an authority). What is written within these is always valid; not all that
 * is valid can be written. */
static const struct {
  const char *name;
  const char *pattern;
  const char *uncounted;     /* (nullable): for a schema with a maxLength below what the other can reach: what that
                              * counts need not be counted within */
} formats[] = {
  { "date", "^" DATE "$" },
  { "time", "^" TIME "$" },
  { "date-time", "^" DATE "T" TIME "$" },
  { "duration",
    "^P(?:[0-9]{1,4}W"
    "|(?:[0-9]{1,4}Y(?:[0-9]{1,4}M(?:[0-9]{1,4}D)?)?|[0-9]{1,4}M(?:[0-9]{1,4}D)?|[0-9]{1,4}D)"
    "(?:" CLOCK ")?"
    "|" CLOCK ")$" },
  { "uuid", "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$" },
  { "email",
    "^[A-Za-z0-9_+-]{1,30}(?:\\.[A-Za-z0-9_+-]{1,15}){0,2}@" LABEL "(?:\\." LABEL "){1,3}$" },
  { "hostname", "^" LABEL "(?:\\." LABEL "){0,4}$" },
  { "ipv4", "^" BYTE "(?:\\." BYTE "){3}$" },
  { "ipv6",
    "^(?:" GROUP "(?::" GROUP "){7}|::(?:" GROUP "(?::" GROUP "){0,6})?"
    "|" GROUP "(?::" GROUP "){0,6}::)$" },
  { "uri", URI ("{0,60}", "{0,8}", "{0,120}"), URI ("*", "*", "*") },
};

/* Its number, or how many there are. */
static guint
find_format (const char *name)
{
  guint i = 0;

  while (i < G_N_ELEMENTS (formats) && strcmp (formats[i].name, name) != 0)
    i++;

  return i;
}

gboolean
sotto_schema_knows_format (const char *name)
{
  return find_format (name) < G_N_ELEMENTS (formats);
}

/* Each pattern is read once; one that was large on the way counts for many small ones. */
static SottoLetters *
read_pattern (SottoSchema *self,
              const char  *pattern,
              gsize        length,
              const char **problem)
{
  const SottoLetters *known = g_hash_table_lookup (self->patterns, pattern);
  SottoLetters *letters;
  guint work;

  if (known != NULL)
    return sotto_letters_share (known);

  letters = sotto_letters_new_pattern (pattern, length, self->machine->cancel, problem, &work);
  self->work += work / 8;
  if (letters != NULL)
    g_hash_table_insert (self->patterns, g_strdup (pattern), sotto_letters_share (letters));

  return letters;
}

SottoLetters *
sotto_schema_read_pattern (SottoSchema *self,
                           yyjson_val  *schema,
                           yyjson_val  *pattern)
{
  const char *problem = NULL;
  SottoLetters *letters;
  g_autofree char *what = NULL;

  if (!sotto_schema_step (self))
    return NULL;

  letters = read_pattern (self, yyjson_get_str (pattern), yyjson_get_len (pattern), &problem);
  if (letters != NULL)
    return letters;

  what = g_strdup_printf ("\"%s\": %s", yyjson_get_str (pattern), problem);
  sotto_schema_fail (self, schema, "pattern", what);

  return NULL;
}

/* The strings of a format, of which no longer ones than @most will count; NULL: with error */
static SottoLetters *
read_format (SottoSchema *self,
             guint        format,
             guint        most)
{
  const char *uncounted = formats[format].uncounted;
  const char *problem;
  g_autoptr (SottoLetters) letters = NULL;

  if (!sotto_schema_step (self))
    return NULL;

  letters = read_pattern (self, formats[format].pattern, strlen (formats[format].pattern), &problem);
  if (letters == NULL || uncounted == NULL || sotto_letters_get_longest (letters) <= most)
    return g_steal_pointer (&letters);

  return read_pattern (self, uncounted, strlen (uncounted), &problem);
}

/* @letters and @more (both transfer full), @letters being NULL for any. %FALSE: with error */
static gboolean
narrow (SottoSchema   *self,
        SottoLetters **letters,
        SottoLetters  *more)
{
  g_autoptr (SottoLetters) owned = more;
  SottoLetters *both;

  if (owned == NULL)
    {
      return self->error != NULL ||
             sotto_schema_fail (self, self->root, "pattern", "together they are too complex");
    }
  if (*letters == NULL)
    {
      *letters = g_steal_pointer (&owned);
      return TRUE;
    }

  both = sotto_letters_intersect (*letters, owned, self->machine->cancel);
  sotto_schema_count_letters (self, both);
  g_clear_pointer (letters, sotto_letters_free);
  *letters = both;

  return both != NULL ||
         sotto_schema_fail (self, self->root, "pattern", "together they are too complex");
}

gboolean
sotto_facts_get_letters (SottoSchema       *schema,
                         const SottoFacts  *self,
                         SottoLetters     **letters)
{
  g_autoptr (SottoLetters) out = NULL;
  guint most = self->most_length;

  *letters = NULL;
  for (guint i = 0; i < self->formats->len; i++)
    {
      guint format = find_format (yyjson_get_str (g_ptr_array_index (self->formats, i)));

      if (!narrow (schema, &out, read_format (schema, format, most)))
        return FALSE;
    }
  for (guint i = 0; i < self->patterns->len; i++)
    {
      yyjson_val *pattern = g_ptr_array_index (self->patterns, i);
      SottoLetters *more = sotto_schema_read_pattern (schema, pattern, pattern);

      if (more == NULL || !narrow (schema, &out, more))
        return FALSE;
    }

  /* What cannot be longer need not be counted. */
  if (out != NULL && sotto_letters_get_longest (out) <= most)
    most = G_MAXUINT;
  if (self->least_length > SOTTO_SCHEMA_MOST_LENGTH ||
      (most != G_MAXUINT && most > SOTTO_SCHEMA_MOST_LENGTH))
    return sotto_schema_fail (schema, schema->root,
                              most != G_MAXUINT ? "maxLength" : "minLength",
                              "more than 65535 characters cannot be counted");
  if (self->least_length > 0 || most != G_MAXUINT)
    {
      SottoLetters *length;

      if (self->least_length > most)
        most = self->least_length;
      length = sotto_letters_new_length (self->least_length, most);
      schema->work += MIN (most, SOTTO_SCHEMA_MOST_LENGTH) / 64;
      if (!narrow (schema, &out, length))
        return FALSE;
    }
  *letters = g_steal_pointer (&out);

  return TRUE;
}

void
sotto_schema_add_string (SottoSchema      *self,
                         const SottoFacts *facts,
                         guint32           from,
                         guint32           to)
{
  g_autoptr (SottoLetters) letters = NULL;
  guint32 inside, behind;

  if (facts->least_length > facts->most_length || !sotto_facts_get_letters (self, facts, &letters))
    return;
  if (letters == NULL)
    {
      sotto_machine_add_call (self->machine, from, sotto_schema_get_string_rule (self), to);
      return;
    }

  inside = sotto_machine_add_state (self->machine);
  behind = sotto_machine_add_state (self->machine);
  sotto_machine_add_bytes (self->machine, from, '"', '"', inside);
  sotto_letters_build (letters, self->machine, inside, behind);
  sotto_machine_add_bytes (self->machine, behind, '"', '"', to);
}

guint32
sotto_schema_add_json_text (SottoSchema *self,
                            guint32      from,
                            const char  *text,
                            gsize        length)
{
  const char *end = text + length;

  from = sotto_machine_add_text (self->machine, from, "\"", 1);
  for (; text < end && !sotto_machine_is_stopped (self->machine); text++)
    {
      guint8 c = *text;

      if (c >= 0x20 && c != '"' && c != '\\')
        {
          from = sotto_machine_add_text (self->machine, from, text, 1);
        }
      else
        {
          SottoCharRange range = { c, c };
          guint32 next = sotto_machine_add_state (self->machine);

          sotto_machine_add_json_chars (self->machine, from, &range, 1, next);
          from = next;
        }
    }

  return sotto_machine_add_text (self->machine, from, "\"", 1);
}

static guint32
add_constant (SottoSchema *self,
              yyjson_val  *value,
              guint32      from)
{
  gsize i, n;
  yyjson_val *key, *child;

  if (!sotto_schema_step (self))
    return from;

  switch (yyjson_get_type (value))
    {
    case YYJSON_TYPE_NULL:
      return sotto_machine_add_text (self->machine, from, "null", 4);
    case YYJSON_TYPE_BOOL:
      return sotto_machine_add_text (self->machine, from,
                                     yyjson_get_bool (value) ? "true" : "false",
                                     yyjson_get_bool (value) ? 4 : 5);
    case YYJSON_TYPE_STR:
      return sotto_schema_add_json_text (self, from, yyjson_get_str (value),
                                         yyjson_get_len (value));
    case YYJSON_TYPE_ARR:
      from = sotto_machine_add_text (self->machine, from, "[", 1);
      yyjson_arr_foreach (value, i, n, child)
        {
          if (i > 0)
            from = sotto_schema_add_separator (self, from, ',');
          from = add_constant (self, child, from);
        }
      return sotto_machine_add_text (self->machine, from, "]", 1);
    case YYJSON_TYPE_OBJ:
      from = sotto_machine_add_text (self->machine, from, "{", 1);
      yyjson_obj_foreach (value, i, n, key, child)
        {
          if (i > 0)
            from = sotto_schema_add_separator (self, from, ',');
          from = sotto_schema_add_json_text (self, from, yyjson_get_str (key),
                                             yyjson_get_len (key));
          from = sotto_schema_add_separator (self, from, ':');
          from = add_constant (self, child, from);
        }
      return sotto_machine_add_text (self->machine, from, "}", 1);
    default:
      return sotto_machine_add_text (self->machine, from, yyjson_get_raw (value),
                                     yyjson_get_len (value));
    }
}

void
sotto_schema_add_constant (SottoSchema *self,
                           yyjson_val  *value,
                           guint32      from,
                           guint32      to)
{
  sotto_machine_add_empty (self->machine, add_constant (self, value, from), to);
}
