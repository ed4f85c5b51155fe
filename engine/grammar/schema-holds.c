/* Whether a value that stands in the schema (of enum or const) fits the rest of it. */

#include "schema-private.h"

#include <string.h>

#include "text/unicode.h"

static SottoDecimal *
parse_number (yyjson_val *value)
{
  return sotto_decimal_parse (yyjson_get_raw (value), yyjson_get_len (value));
}

gboolean
sotto_schema_equal (yyjson_val *a,
                    yyjson_val *b)
{
  gsize i, n;
  yyjson_val *key, *child;

  if (yyjson_is_raw (a) && yyjson_is_raw (b))
    {
      g_autofree SottoDecimal *x = parse_number (a);
      g_autofree SottoDecimal *y = parse_number (b);

      return sotto_decimal_compare (x, y) == 0;
    }
  if (yyjson_get_type (a) != yyjson_get_type (b))
    return FALSE;

  switch (yyjson_get_type (a))
    {
    case YYJSON_TYPE_BOOL:
      return yyjson_get_bool (a) == yyjson_get_bool (b);
    case YYJSON_TYPE_STR:
      return strcmp (yyjson_get_str (a), yyjson_get_str (b)) == 0;
    case YYJSON_TYPE_ARR:
      if (yyjson_arr_size (a) != yyjson_arr_size (b))
        return FALSE;
      yyjson_arr_foreach (a, i, n, child)
        if (!sotto_schema_equal (child, yyjson_arr_get (b, i)))
          return FALSE;
      return TRUE;
    case YYJSON_TYPE_OBJ:
      if (yyjson_obj_size (a) != yyjson_obj_size (b))
        return FALSE;
      yyjson_obj_foreach (a, i, n, key, child)
        {
          yyjson_val *other = yyjson_obj_get (b, yyjson_get_str (key));

          if (other == NULL || !sotto_schema_equal (child, other))
            return FALSE;
        }
      return TRUE;
    default:
      return TRUE;
    }
}

static guint
type_of (yyjson_val *value)
{
  g_autofree SottoDecimal *number = NULL;

  switch (yyjson_get_type (value))
    {
    case YYJSON_TYPE_NULL:
      return SOTTO_TYPE_NULL;
    case YYJSON_TYPE_BOOL:
      return SOTTO_TYPE_BOOLEAN;
    case YYJSON_TYPE_STR:
      return SOTTO_TYPE_STRING;
    case YYJSON_TYPE_ARR:
      return SOTTO_TYPE_ARRAY;
    case YYJSON_TYPE_OBJ:
      return SOTTO_TYPE_OBJECT;
    default:
      number = parse_number (value);
      return sotto_decimal_is_integer (number) ? SOTTO_TYPE_INTEGER : SOTTO_TYPE_FRACTION;
    }
}

static gboolean
number_holds (const SottoFacts *facts,
              yyjson_val       *value)
{
  g_autofree SottoDecimal *number = parse_number (value);
  gint order;

  if (facts->low.value != NULL)
    {
      order = sotto_decimal_compare (number, facts->low.value);
      if (order < 0 || (order == 0 && facts->low.exclusive))
        return FALSE;
    }
  if (facts->high.value != NULL)
    {
      order = sotto_decimal_compare (number, facts->high.value);
      if (order > 0 || (order == 0 && facts->high.exclusive))
        return FALSE;
    }

  return TRUE;
}

static gboolean
string_holds (SottoSchema      *schema,
              const SottoFacts *facts,
              yyjson_val       *value)
{
  g_autoptr (SottoLetters) letters = NULL;

  return sotto_facts_get_letters (schema, facts, &letters) &&
         (letters == NULL ||
          sotto_letters_accept (letters, yyjson_get_str (value), yyjson_get_len (value)));
}

static gboolean
array_holds (SottoSchema      *schema,
             const SottoFacts *facts,
             yyjson_val       *value)
{
  gsize i, n;
  yyjson_val *item;

  if (yyjson_arr_size (value) < facts->least_items || yyjson_arr_size (value) > facts->most_items)
    return FALSE;

  yyjson_arr_foreach (value, i, n, item)
    {
      g_autoptr (GPtrArray) conjunction = sotto_facts_get_item (schema, facts, i);

      if (!sotto_schema_holds (schema, conjunction, item))
        return FALSE;
      for (gsize k = 0; facts->unique != NULL && k < i; k++)
        if (sotto_schema_equal (yyjson_arr_get (value, k), item))
          return FALSE;
    }

  return TRUE;
}

static gboolean
object_holds (SottoSchema      *schema,
              const SottoFacts *facts,
              yyjson_val       *value)
{
  gsize i, n;
  yyjson_val *key, *child;

  if (yyjson_obj_size (value) < facts->least_properties ||
      yyjson_obj_size (value) > facts->most_properties)
    return FALSE;

  for (guint k = 0; k < facts->objects->len; k++)
    {
      yyjson_val *required = yyjson_obj_get (g_ptr_array_index (facts->objects, k), "required");

      yyjson_arr_foreach (required, i, n, key)
        if (yyjson_obj_get (value, yyjson_get_str (key)) == NULL)
          return FALSE;
    }
  yyjson_obj_foreach (value, i, n, key, child)
    {
      g_autoptr (GPtrArray) conjunction =
        sotto_facts_get_property (schema, facts, yyjson_get_str (key));

      if (!sotto_schema_holds (schema, conjunction, child))
        return FALSE;
    }

  return TRUE;
}

gboolean
sotto_facts_hold (SottoSchema      *schema,
                  const SottoFacts *self,
                  yyjson_val       *value)
{
  guint type = type_of (value);
  gboolean listed = self->values == NULL;

  if (!sotto_schema_step (schema) || (self->types & type) == 0)
    return FALSE;
  for (guint i = 0; !listed && i < self->values->len; i++)
    listed = sotto_schema_equal (g_ptr_array_index (self->values, i), value);
  if (!listed)
    return FALSE;

  switch (type)
    {
    case SOTTO_TYPE_INTEGER:
    case SOTTO_TYPE_FRACTION:
      return number_holds (self, value);
    case SOTTO_TYPE_STRING:
      return string_holds (schema, self, value);
    case SOTTO_TYPE_ARRAY:
      return array_holds (schema, self, value);
    case SOTTO_TYPE_OBJECT:
      return object_holds (schema, self, value);
    default:
      return TRUE;
    }
}

gboolean
sotto_schema_holds (SottoSchema            *self,
                    const SottoConjunction *conjunction,
                    yyjson_val             *value)
{
  g_autoptr (GPtrArray) cases = NULL;

  if (conjunction->len == 0)
    return TRUE;

  cases = sotto_facts_list (self, conjunction);
  for (guint i = 0; cases != NULL && i < cases->len; i++)
    if (sotto_facts_hold (self, g_ptr_array_index (cases, i), value))
      return TRUE;

  return FALSE;
}
