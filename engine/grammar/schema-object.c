/* Objects: properties in the schema's order, those that need not be there left out at will, then
 * further ones.
 *
 *   { ─► first[0] ··► first[1] ··►          ··►: past a property that may be left out
 *           │            │
 *          name:value   name:value
 *           ▼            ▼
 *        behind[1] ──, ──► next[1] ··► next[2] …      behind ──} ──► end, where nothing is needed
 *
 * Where the number of properties is limited, there is one such row for each number there can be so
 * far. Further names are told from the known ones, and by the patterns that they match; a name that
 * comes twice is one property, so that further ones count but once towards the least number. */

#include "schema-private.h"

#include <string.h>

#define MOST_PATTERNS 4u

typedef struct {
  const char *name;
  SottoConjunction *value;
  gboolean required;
} Property;

static void
property_free (gpointer data)
{
  Property *self = data;

  g_ptr_array_unref (self->value);
  g_free (self);
}

/* Names that match the same patterns, and what holds for their values. */
typedef struct {
  SottoLetters *names;
  SottoConjunction *value;
} Further;

static void
further_free (gpointer data)
{
  Further *self = data;

  sotto_letters_free (self->names);
  g_ptr_array_unref (self->value);
  g_free (self);
}

typedef struct {
  SottoSchema *schema;
  const SottoFacts *facts;
  GPtrArray *properties;     /* (element-type Property) */
  GPtrArray *further;        /* (element-type Further) */
  guint least;
  guint most;                /* G_MAXUINT: any number */
  guint n_counts;            /* rows */
  gboolean exact;            /* the last row is that number and not more */
  guint32 end;
  guint32 *first;            /* (n_counts): before property i, nothing written yet (only row 0) */
  guint32 *next;             /* (n_counts): before property i, behind a comma */
  guint32 *behind;           /* (n_counts): behind a value, property i being the next */
} Object;

/* --- What there is --- */

static void
add_property (Object     *self,
              GHashTable *known,
              const char *name)
{
  Property *property;

  if (!g_hash_table_add (known, (gpointer) name))
    return;

  property = g_new0 (Property, 1);
  property->name = name;
  property->value = sotto_facts_get_property (self->schema, self->facts, name);
  property->required = sotto_facts_requires (self->facts, name);
  g_ptr_array_add (self->properties, property);
}

static void
list_properties (Object     *self,
                 GHashTable *known)
{
  GPtrArray *objects = self->facts->objects;
  gsize i, n;
  yyjson_val *key, *child;

  for (guint k = 0; k < objects->len; k++)
    {
      yyjson_val *properties = yyjson_obj_get (g_ptr_array_index (objects, k), "properties");

      /* Not of NULL: the macro adds to it. */
      if (properties == NULL)
        continue;
      yyjson_obj_foreach (properties, i, n, key, child)
        if (sotto_schema_step (self->schema))
          add_property (self, known, yyjson_get_str (key));
    }
  for (guint k = 0; k < objects->len; k++)
    yyjson_arr_foreach (yyjson_obj_get (g_ptr_array_index (objects, k), "required"), i, n, key)
      if (sotto_schema_step (self->schema))
        add_property (self, known, yyjson_get_str (key));
}

/* Whether names that nobody mentions may be written. */
static gboolean
is_open (const SottoFacts *facts)
{
  gboolean mentions = FALSE;

  for (guint k = 0; k < facts->objects->len; k++)
    {
      yyjson_val *object = g_ptr_array_index (facts->objects, k);
      yyjson_val *additional = yyjson_obj_get (object, "additionalProperties");

      if (additional != NULL && !yyjson_is_false (additional))
        return TRUE;
      mentions |= additional != NULL || yyjson_obj_get (object, "properties") != NULL ||
                  yyjson_obj_get (object, "patternProperties") != NULL;
    }

  return !mentions;
}

typedef struct {
  yyjson_val *object;
  yyjson_val *pattern;
  yyjson_val *value;
  SottoLetters *letters;
} Pattern;

static void
pattern_clear (gpointer data)
{
  Pattern *self = data;

  g_clear_pointer (&self->letters, sotto_letters_free);
}

static gboolean
list_patterns (Object *self,
               GArray *patterns)
{
  for (guint k = 0; k < self->facts->objects->len; k++)
    {
      yyjson_val *object = g_ptr_array_index (self->facts->objects, k);
      yyjson_val *all = yyjson_obj_get (object, "patternProperties");
      gsize i, n;
      yyjson_val *key, *child;

      if (all == NULL)
        continue;
      yyjson_obj_foreach (all, i, n, key, child)
        {
          Pattern pattern = {
            object, key, child, sotto_schema_read_pattern (self->schema, object, key),
          };

          if (pattern.letters == NULL)
            return FALSE;
          g_array_append_val (patterns, pattern);
        }
    }

  return patterns->len <= MOST_PATTERNS ||
         sotto_schema_fail (self->schema, self->schema->root, "patternProperties",
                            "there are too many patterns");
}

/* What holds for a further name that matches the patterns in @set (one bit each). */
static SottoConjunction *
get_further_value (const Object *self,
                   const GArray *patterns,
                   guint         set)
{
  SottoConjunction *value = g_ptr_array_new ();

  for (guint k = 0; k < self->facts->objects->len; k++)
    {
      yyjson_val *object = g_ptr_array_index (self->facts->objects, k);
      yyjson_val *additional = yyjson_obj_get (object, "additionalProperties");
      gboolean matched = FALSE;

      for (guint i = 0; i < patterns->len; i++)
        {
          const Pattern *pattern = &g_array_index (patterns, Pattern, i);

          if ((set >> i & 1) == 0 || pattern->object != object)
            continue;
          matched = TRUE;
          if (!yyjson_is_true (pattern->value) && !g_ptr_array_find (value, pattern->value, NULL))
            g_ptr_array_add (value, pattern->value);
        }
      if (!matched && additional != NULL && !yyjson_is_true (additional) &&
          !g_ptr_array_find (value, additional, NULL))
        g_ptr_array_add (value, additional);
    }

  return value;
}

static gboolean
list_further (Object *self)
{
  g_autoptr (GArray) patterns = g_array_new (FALSE, FALSE, sizeof (Pattern));
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  g_autoptr (SottoLetters) known = NULL;
  g_autoptr (SottoLetters) any = sotto_letters_new_length (0, G_MAXUINT);
  const SottoCancel *cancel = self->schema->machine->cancel;
  gboolean open = is_open (self->facts);

  g_array_set_clear_func (patterns, pattern_clear);
  if (!list_patterns (self, patterns))
    return FALSE;
  for (guint i = 0; i < self->properties->len; i++)
    g_ptr_array_add (names,
                     (gpointer) ((Property *) g_ptr_array_index (self->properties, i))->name);
  known = sotto_letters_new_words ((const char *const *) names->pdata, names->len);

  for (guint set = open ? 0 : 1; set < 1u << patterns->len && sotto_schema_step (self->schema);
       set++)
    {
      g_autoptr (SottoLetters) letters = known != NULL ? sotto_letters_subtract (any, known, cancel) : NULL;
      Further *further;

      for (guint i = 0; i < patterns->len && letters != NULL; i++)
        {
          const Pattern *pattern = &g_array_index (patterns, Pattern, i);
          SottoLetters *part = (set >> i & 1) != 0
            ? sotto_letters_intersect (letters, pattern->letters, cancel)
            : sotto_letters_subtract (letters, pattern->letters, cancel);

          sotto_letters_free (letters);
          letters = part;
          sotto_schema_count_letters (self->schema, letters);
        }
      if (letters == NULL)
        return sotto_schema_fail (self->schema, self->schema->root, "patternProperties",
                                  "together they are too complex");
      if (sotto_letters_is_empty (letters))
        continue;
      further = g_new0 (Further, 1);
      further->names = g_steal_pointer (&letters);
      further->value = get_further_value (self, patterns, set);
      g_ptr_array_add (self->further, further);
    }

  return TRUE;
}

/* --- Building --- */

static guint
count_up (const Object *self,
          guint         count)
{
  return MIN (count + 1, self->n_counts - 1);
}

/* Whether there may be one more property. */
static gboolean
has_room (const Object *self,
          guint         count)
{
  return !self->exact || count + 1 < self->n_counts;
}

static void
add_close (Object  *self,
           guint32  from)
{
  sotto_machine_add_bytes (self->schema->machine, from, '}', '}', self->end);
}

/* Property @i out of each row, and past it. */
static void
add_step (Object *self,
          guint   i,
          gboolean may_close)
{
  SottoMachine *machine = self->schema->machine;
  const Property *property = g_ptr_array_index (self->properties, i);
  g_autofree guint32 *behind = g_new (guint32, self->n_counts);
  gboolean again = self->n_counts > 1;

  for (guint c = 0; c < self->n_counts; c++)
    behind[c] = sotto_machine_add_state (machine);

  for (guint c = 0; c < self->n_counts && sotto_schema_step (self->schema); c++)
    {
      guint32 value = sotto_machine_add_state (machine);
      guint32 name = sotto_machine_add_state (machine);
      guint32 first = sotto_machine_add_state (machine);
      guint32 next = sotto_machine_add_state (machine);
      guint32 colon;

      sotto_machine_add_empty (machine, self->first[c], name);
      sotto_machine_add_empty (machine, self->next[c], name);
      if (has_room (self, c))
        {
          colon = sotto_schema_add_json_text (self->schema, name, property->name,
                                              strlen (property->name));
          sotto_machine_add_empty (machine, sotto_schema_add_separator (self->schema, colon, ':'),
                                   value);
          sotto_schema_add_value (self->schema, property->value, again, value,
                                  behind[count_up (self, c)]);
        }

      /* What is behind a value is before a comma, unless the rest is left out. */
      sotto_machine_add_empty (machine,
                               sotto_schema_add_separator (self->schema, self->behind[c], ','),
                               self->next[c]);
      if (may_close && c >= self->least)
        add_close (self, self->behind[c]);
      if (!property->required)
        {
          sotto_machine_add_empty (machine, self->first[c], first);
          sotto_machine_add_empty (machine, self->next[c], next);
        }
      self->first[c] = first;
      self->next[c] = next;
    }

  memcpy (self->behind, behind, self->n_counts * sizeof *behind);
}

/* One further property from @from on, which leads to @to. */
static void
add_further (Object   *self,
             gboolean  again,
             guint32   from,
             guint32   to)
{
  SottoMachine *machine = self->schema->machine;

  for (guint i = 0; i < self->further->len && sotto_schema_step (self->schema); i++)
    {
      const Further *further = g_ptr_array_index (self->further, i);
      guint32 inside = sotto_machine_add_text (machine, from, "\"", 1);
      guint32 behind = sotto_machine_add_state (machine);
      guint32 quoted = sotto_machine_add_state (machine);

      sotto_letters_build (further->names, machine, inside, behind);
      sotto_machine_add_bytes (machine, behind, '"', '"', quoted);
      sotto_schema_add_value (self->schema, further->value, again,
                              sotto_schema_add_separator (self->schema, quoted, ':'), to);
    }
}

/* The end of the rows: further properties, and the brace. */
static void
add_end (Object *self)
{
  SottoMachine *machine = self->schema->machine;
  /* Behind further properties only the greatest number counts. */
  guint n_rows = self->exact ? self->n_counts : 1;
  g_autofree guint32 *before = g_new (guint32, n_rows + 1);

  for (guint c = 0; c < n_rows; c++)
    before[c] = sotto_machine_add_state (machine);

  for (guint c = 0; c < self->n_counts; c++)
    {
      if (c >= self->least)
        {
          add_close (self, self->behind[c]);
          add_close (self, self->first[c]);
        }
      sotto_machine_add_empty (machine,
                               sotto_schema_add_separator (self->schema, self->behind[c], ','),
                               self->next[c]);
      if (c + 1 >= self->least && has_room (self, c))
        {
          sotto_machine_add_empty (machine, self->first[c], before[MIN (c, n_rows - 1)]);
          sotto_machine_add_empty (machine, self->next[c], before[MIN (c, n_rows - 1)]);
        }
    }

  for (guint c = 0; self->further->len > 0 && c < n_rows && sotto_schema_step (self->schema); c++)
    {
      guint32 behind;

      if (!has_room (self, c))
        continue;
      behind = sotto_machine_add_state (machine);
      add_further (self, n_rows > 1, before[c], behind);
      add_close (self, behind);
      sotto_machine_add_empty (machine, sotto_schema_add_separator (self->schema, behind, ','),
                               before[MIN (c + 1, n_rows - 1)]);
    }
}

static void
build (Object  *self,
       guint32  from)
{
  SottoMachine *machine = self->schema->machine;
  guint32 open = sotto_machine_add_text (machine, from, "{", 1);
  guint n_required = 0;
  guint last_required = 0;

  for (guint i = 0; i < self->properties->len; i++)
    if (((Property *) g_ptr_array_index (self->properties, i))->required)
      {
        n_required++;
        last_required = i + 1;
      }

  if (self->least <= n_required)
    self->least = 0;
  if (self->further->len == 0 && self->most != G_MAXUINT && self->most >= self->properties->len)
    self->most = G_MAXUINT;
  self->exact = self->most != G_MAXUINT;
  self->n_counts = (self->exact ? self->most : self->least) + 1;

  self->first = g_new (guint32, self->n_counts);
  self->next = g_new (guint32, self->n_counts);
  self->behind = g_new (guint32, self->n_counts);
  for (guint c = 0; c < self->n_counts; c++)
    {
      self->first[c] = sotto_machine_add_state (machine);
      self->next[c] = sotto_machine_add_state (machine);
      self->behind[c] = sotto_machine_add_state (machine);
    }
  sotto_machine_add_empty (machine, open, self->first[0]);

  for (guint i = 0; i < self->properties->len && sotto_schema_is_fine (self->schema); i++)
    add_step (self, i, i >= last_required);
  add_end (self);

  g_free (self->first);
  g_free (self->next);
  g_free (self->behind);
}

void
sotto_schema_add_object (SottoSchema      *self,
                         const SottoFacts *facts,
                         guint32           from,
                         guint32           to)
{
  g_autoptr (GHashTable) known = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) properties = g_ptr_array_new_with_free_func (property_free);
  g_autoptr (GPtrArray) further = g_ptr_array_new_with_free_func (further_free);
  Object object = {
    .schema = self, .facts = facts, .properties = properties, .further = further,
    .least = facts->least_properties, .most = facts->most_properties,
  };

  if (facts->least_properties > facts->most_properties)
    return;

  list_properties (&object, known);
  if (!list_further (&object))
    return;
  if (further->len > 0 && facts->least_properties > properties->len + 1)
    {
      sotto_schema_fail (self, self->root, "minProperties",
                         "a grammar cannot see to it that several names that are not listed differ");
      return;
    }
  if (further->len == 0 && facts->least_properties > properties->len)
    return;
  if (further->len > 0 && object.most != G_MAXUINT && object.most > SOTTO_SCHEMA_MOST_LENGTH)
    {
      sotto_schema_fail (self, self->root, "maxProperties", "more than 65535 cannot be counted");
      return;
    }

  object.end = sotto_machine_add_state (self->machine);
  build (&object, from);
  sotto_machine_add_empty (self->machine, object.end, to);
}
