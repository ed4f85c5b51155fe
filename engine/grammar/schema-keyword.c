/* Keywords of a schema, each checked and taken into the facts. What is not known here is refused,
 * so that nothing that a schema asks for is passed over in silence. */

#include "schema-private.h"

#include <string.h>

/* A keyword as it is met: @value of @name in @schema. */
typedef struct {
  SottoSchema *compiler;
  SottoFacts *facts;
  GPtrArray *todo;           /* schemas still to be taken in */
  yyjson_val *schema;
  const char *name;
  yyjson_val *value;
} Keyword;

static gboolean
refuse (const Keyword *self,
        const char    *what)
{
  return sotto_schema_fail (self->compiler, self->schema, self->name, what);
}

static gboolean
get_count (const Keyword *self,
           guint         *count)
{
  g_autofree SottoDecimal *decimal = NULL;

  if (!yyjson_is_raw (self->value))
    return refuse (self, "it is not a number");
  decimal = sotto_decimal_parse (yyjson_get_raw (self->value), yyjson_get_len (self->value));

  return sotto_decimal_get_count (decimal, count) || refuse (self, "it is not a count");
}

static gboolean
raise_least (const Keyword *self,
             guint         *least)
{
  guint count;

  if (!get_count (self, &count))
    return FALSE;
  *least = MAX (*least, count);

  return TRUE;
}

static gboolean
lower_most (const Keyword *self,
            guint         *most)
{
  guint count;

  if (!get_count (self, &count))
    return FALSE;
  *most = MIN (*most, count);

  return TRUE;
}

static gboolean
set_bound (const Keyword *self,
           SottoBound    *bound,
           gboolean       exclusive,
           gboolean       is_low)
{
  SottoDecimal *value;
  gint order = 1;

  if (!yyjson_is_raw (self->value))
    return refuse (self, "it is not a number");
  value = sotto_decimal_parse (yyjson_get_raw (self->value), yyjson_get_len (self->value));
  g_ptr_array_add (self->compiler->decimals, value);

  if (bound->value != NULL)
    order = sotto_decimal_compare (value, bound->value) * (is_low ? 1 : -1);
  if (order > 0 || (order == 0 && exclusive))
    *bound = (SottoBound) { value, exclusive };

  return TRUE;
}

static guint
type_by_name (const char *name)
{
  static const struct { const char *name; guint type; } types[] = {
    { "null", SOTTO_TYPE_NULL }, { "boolean", SOTTO_TYPE_BOOLEAN },
    { "integer", SOTTO_TYPE_INTEGER }, { "number", SOTTO_TYPE_NUMBER },
    { "string", SOTTO_TYPE_STRING }, { "array", SOTTO_TYPE_ARRAY },
    { "object", SOTTO_TYPE_OBJECT },
  };

  for (guint i = 0; name != NULL && i < G_N_ELEMENTS (types); i++)
    if (strcmp (types[i].name, name) == 0)
      return types[i].type;

  return 0;
}

static gboolean
take_type (const Keyword *self)
{
  guint types = 0;
  gsize i, n;
  yyjson_val *name;

  if (yyjson_is_str (self->value))
    types = type_by_name (yyjson_get_str (self->value));
  yyjson_arr_foreach (self->value, i, n, name)
    {
      guint type = type_by_name (yyjson_get_str (name));

      if (type == 0)
        return refuse (self, "there is no such type");
      types |= type;
    }
  if (types == 0)
    return refuse (self, "there is no such type");
  self->facts->types &= types;

  return TRUE;
}

static gboolean
contains (GPtrArray  *values,
          yyjson_val *value)
{
  for (guint i = 0; i < values->len; i++)
    if (sotto_schema_equal (g_ptr_array_index (values, i), value))
      return TRUE;

  return FALSE;
}

/* Of enum: the values it lists; of const: its one. What was allowed before has to be among them. */
static gboolean
take_values (const Keyword *self,
             gboolean       is_list)
{
  g_autoptr (GPtrArray) values = g_ptr_array_new ();
  SottoFacts *facts = self->facts;
  gsize i, n;
  yyjson_val *value;

  if (is_list && !yyjson_is_arr (self->value))
    return refuse (self, "it is not a list");
  if (!is_list)
    g_ptr_array_add (values, self->value);
  else
    yyjson_arr_foreach (self->value, i, n, value)
      g_ptr_array_add (values, value);

  if (facts->values == NULL)
    {
      facts->values = g_steal_pointer (&values);
      return TRUE;
    }

  for (guint k = facts->values->len; k-- > 0;)
    {
      if (!sotto_schema_step (self->compiler))
        return FALSE;
      if (!contains (values, g_ptr_array_index (facts->values, k)))
        g_ptr_array_remove_index (facts->values, k);
    }

  return TRUE;
}

static gboolean
take_text (const Keyword *self,
           GPtrArray     *list)
{
  if (!yyjson_is_str (self->value))
    return refuse (self, "it is not a text");
  g_ptr_array_add (list, self->value);

  return TRUE;
}

static gboolean
take_format (const Keyword *self)
{
  if (yyjson_is_str (self->value) && !sotto_schema_knows_format (yyjson_get_str (self->value)))
    return refuse (self, "this format is not supported");

  return take_text (self, self->facts->formats);
}

static gboolean
is_schema (yyjson_val *value)
{
  return yyjson_is_obj (value) || yyjson_is_bool (value);
}

/* Schemas as the values of an object, or the items of a list. */
static gboolean
check_schemas (const Keyword *self,
               gboolean       is_list)
{
  gsize i, n;
  yyjson_val *key, *child;

  if (is_list ? !yyjson_is_arr (self->value) : !yyjson_is_obj (self->value))
    return refuse (self, is_list ? "it is not a list" : "it is not an object");
  yyjson_obj_foreach (self->value, i, n, key, child)
    if (!is_schema (child))
      return refuse (self, "a part of it is not a schema");
  yyjson_arr_foreach (self->value, i, n, child)
    if (!is_schema (child))
      return refuse (self, "a part of it is not a schema");

  return TRUE;
}

static gboolean
take_property_word (const Keyword *self)
{
  gsize i, n;
  yyjson_val *name;

  if (strcmp (self->name, "required") == 0)
    {
      if (!yyjson_is_arr (self->value))
        return refuse (self, "it is not a list");
      yyjson_arr_foreach (self->value, i, n, name)
        if (!yyjson_is_str (name))
          return refuse (self, "a part of it is not a name");
    }
  else if (strcmp (self->name, "additionalProperties") == 0)
    {
      if (!is_schema (self->value))
        return refuse (self, "it is not a schema");
    }
  else if (!check_schemas (self, FALSE))
    {
      return FALSE;
    }

  if (self->facts->objects->len == 0 ||
      g_ptr_array_index (self->facts->objects, self->facts->objects->len - 1) != self->schema)
    g_ptr_array_add (self->facts->objects, self->schema);

  return TRUE;
}

static gboolean
take_item_word (const Keyword *self)
{
  if (strcmp (self->name, "prefixItems") == 0)
    {
      if (!check_schemas (self, TRUE))
        return FALSE;
    }
  else if (!is_schema (self->value))
    {
      return refuse (self, yyjson_is_arr (self->value) ? "a list of schemas is called prefixItems"
                                                       : "it is not a schema");
    }

  if (self->facts->arrays->len == 0 ||
      g_ptr_array_index (self->facts->arrays, self->facts->arrays->len - 1) != self->schema)
    g_ptr_array_add (self->facts->arrays, self->schema);

  return TRUE;
}

static gboolean
take_choice (const Keyword *self,
             gboolean       exactly_one)
{
  SottoChoice choice = { self->schema, self->value, exactly_one };

  if (!check_schemas (self, TRUE))
    return FALSE;
  g_ptr_array_add (self->facts->choices, g_memdup2 (&choice, sizeof choice));

  return TRUE;
}

static gboolean
take_all (const Keyword *self)
{
  gsize i, n;
  yyjson_val *child;

  if (!check_schemas (self, TRUE))
    return FALSE;
  yyjson_arr_foreach (self->value, i, n, child)
    g_ptr_array_add (self->todo, child);

  return TRUE;
}

static gboolean
take_multiple (const Keyword *self)
{
  g_autofree SottoDecimal *value = NULL;
  g_autofree SottoDecimal *one = sotto_decimal_parse ("1", 1);

  if (yyjson_is_raw (self->value))
    value = sotto_decimal_parse (yyjson_get_raw (self->value), yyjson_get_len (self->value));
  if (value == NULL || sotto_decimal_compare (value, one) != 0)
    return refuse (self, "a grammar cannot divide");
  self->facts->types &= ~(guint) SOTTO_TYPE_FRACTION;

  return TRUE;
}

static gboolean
take_unique (const Keyword *self)
{
  if (!yyjson_is_bool (self->value))
    return refuse (self, "it is neither true nor false");
  if (yyjson_get_bool (self->value))
    self->facts->unique = self->schema;

  return TRUE;
}

static gboolean
is_annotation (const Keyword *self)
{
  static const char *const names[] = {
    "$anchor", "$comment", "$defs", "$schema", "$vocabulary", "contentEncoding", "contentMediaType",
    "contentSchema", "default", "definitions", "deprecated", "description", "example", "examples",
    "readOnly", "title", "writeOnly", NULL,
  };

  return g_strv_contains (names, self->name) || g_str_has_prefix (self->name, "x-") ||
         (strcmp (self->name, "$id") == 0 && self->schema == self->compiler->root);
}

static gboolean
take_keyword (const Keyword *self)
{
  SottoFacts *facts = self->facts;
  yyjson_val *target;

#define IS(word) (strcmp (self->name, word) == 0)
  if (IS ("type"))
    return take_type (self);
  if (IS ("enum") || IS ("const"))
    return take_values (self, IS ("enum"));
  if (IS ("minimum") || IS ("exclusiveMinimum"))
    return set_bound (self, &facts->low, IS ("exclusiveMinimum"), TRUE);
  if (IS ("maximum") || IS ("exclusiveMaximum"))
    return set_bound (self, &facts->high, IS ("exclusiveMaximum"), FALSE);
  if (IS ("minLength"))
    return raise_least (self, &facts->least_length);
  if (IS ("maxLength"))
    return lower_most (self, &facts->most_length);
  if (IS ("pattern"))
    return take_text (self, facts->patterns);
  if (IS ("format"))
    return take_format (self);
  if (IS ("properties") || IS ("patternProperties") || IS ("additionalProperties")
      || IS ("required"))
    return take_property_word (self);
  if (IS ("minProperties"))
    return raise_least (self, &facts->least_properties);
  if (IS ("maxProperties"))
    return lower_most (self, &facts->most_properties);
  if (IS ("items") || IS ("prefixItems"))
    return take_item_word (self);
  if (IS ("minItems"))
    return raise_least (self, &facts->least_items);
  if (IS ("maxItems"))
    return lower_most (self, &facts->most_items);
  if (IS ("uniqueItems"))
    return take_unique (self);
  if (IS ("multipleOf"))
    return take_multiple (self);
  if (IS ("anyOf") || IS ("oneOf"))
    return take_choice (self, IS ("oneOf"));
  if (IS ("allOf"))
    return take_all (self);
  if (IS ("$ref"))
    {
      target = sotto_schema_resolve (self->compiler, self->schema, self->value);
      if (target != NULL)
        g_ptr_array_add (self->todo, target);
      return target != NULL;
    }
#undef IS

  return is_annotation (self) || refuse (self, "this keyword is not supported");
}

gboolean
sotto_facts_take_in (SottoFacts  *facts,
                     SottoSchema *compiler,
                     yyjson_val  *schema)
{
  g_autoptr (GPtrArray) todo = g_ptr_array_new ();
  gsize i, n;
  yyjson_val *key, *value;

  g_ptr_array_add (todo, schema);
  for (guint k = 0; k < todo->len; k++)
    {
      schema = g_ptr_array_index (todo, k);
      if (!sotto_schema_step (compiler))
        return FALSE;
      if (yyjson_is_false (schema))
        facts->types = 0;
      /* Twice the same says nothing new. */
      if (yyjson_is_bool (schema) || !g_hash_table_add (facts->seen, schema))
        continue;
      yyjson_obj_foreach (schema, i, n, key, value)
        {
          Keyword keyword = { compiler, facts, todo, schema, yyjson_get_str (key), value };

          if (!take_keyword (&keyword))
            return FALSE;
        }
    }

  return TRUE;
}
