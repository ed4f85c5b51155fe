/* Whether two schemas exclude each other, as far as that can be seen: types, listed values, ranges,
 * lengths and patterns; for objects, a property that both have to have and that differs, or that
 * one has to have and the other cannot. */

#include "schema-private.h"

#define MOST_DEPTH 8u

static gboolean
numbers_are_apart (const SottoFacts *a,
                   const SottoFacts *b)
{
  const SottoFacts *sides[2][2] = { { a, b }, { b, a } };

  for (guint i = 0; i < 2; i++)
    {
      const SottoBound *high = &sides[i][0]->high;
      const SottoBound *low = &sides[i][1]->low;

      if (high->value != NULL && low->value != NULL)
        {
          gint order = sotto_decimal_compare (high->value, low->value);

          if (order < 0 || (order == 0 && (high->exclusive || low->exclusive)))
            return TRUE;
        }
    }

  return FALSE;
}

static gboolean
strings_are_apart (SottoSchema      *schema,
                   const SottoFacts *a,
                   const SottoFacts *b)
{
  g_autoptr (SottoLetters) x = NULL;
  g_autoptr (SottoLetters) y = NULL;
  g_autoptr (SottoLetters) both = NULL;

  if (!sotto_facts_get_letters (schema, a, &x) || !sotto_facts_get_letters (schema, b, &y) ||
      x == NULL || y == NULL)
    return FALSE;
  both = sotto_letters_intersect (x, y, schema->machine->cancel);
  sotto_schema_count_letters (schema, both);

  return both != NULL && sotto_letters_is_empty (both);
}

static gboolean
conjunctions_are_apart (SottoSchema            *schema,
                        const SottoConjunction *a,
                        const SottoConjunction *b,
                        guint                   depth)
{
  g_autoptr (GPtrArray) x = sotto_facts_list (schema, a);
  g_autoptr (GPtrArray) y = sotto_facts_list (schema, b);

  if (x == NULL || y == NULL || depth > MOST_DEPTH)
    return FALSE;
  for (guint i = 0; i < x->len; i++)
    for (guint k = 0; k < y->len; k++)
      if (!sotto_schema_step (schema) ||
          !sotto_facts_are_apart (schema, g_ptr_array_index (x, i), g_ptr_array_index (y, k),
                                  depth))
        return FALSE;

  return TRUE;
}

/* Whether a property that @a has to have sets them apart. */
static gboolean
required_sets_apart (SottoSchema      *schema,
                     const SottoFacts *a,
                     const SottoFacts *b,
                     guint             depth)
{
  for (guint k = 0; k < a->objects->len; k++)
    {
      gsize i, n;
      yyjson_val *required = yyjson_obj_get (g_ptr_array_index (a->objects, k), "required");
      yyjson_val *name;

      yyjson_arr_foreach (required, i, n, name)
        {
          const char *text = yyjson_get_str (name);
          g_autoptr (GPtrArray) in_a = sotto_facts_get_property (schema, a, text);
          g_autoptr (GPtrArray) in_b = sotto_facts_get_property (schema, b, text);

          /* a has it; where b allows it only other values, or none, b fails. */
          if (conjunctions_are_apart (schema, in_a, in_b, depth + 1))
            return TRUE;
        }
    }

  return FALSE;
}

gboolean
sotto_facts_are_apart (SottoSchema      *schema,
                       const SottoFacts *a,
                       const SottoFacts *b,
                       guint             depth)
{
  guint types = a->types & b->types;

  if (types == 0)
    return TRUE;

  /* A short list can be asked one by one. */
  for (guint i = 0; i < 2; i++)
    {
      const SottoFacts *listed = i == 0 ? a : b;
      const SottoFacts *other = i == 0 ? b : a;
      gboolean any = FALSE;

      if (listed->values == NULL)
        continue;
      for (guint k = 0; k < listed->values->len && !any; k++)
        any = sotto_facts_hold (schema, listed, g_ptr_array_index (listed->values, k)) &&
              sotto_facts_hold (schema, other, g_ptr_array_index (listed->values, k));
      return !any && sotto_schema_is_fine (schema);
    }

  if ((types & (SOTTO_TYPE_NULL | SOTTO_TYPE_BOOLEAN)) != 0)
    return FALSE;
  if ((types & SOTTO_TYPE_NUMBER) != 0 && !numbers_are_apart (a, b))
    return FALSE;
  if ((types & SOTTO_TYPE_STRING) != 0 && !strings_are_apart (schema, a, b))
    return FALSE;
  if ((types & SOTTO_TYPE_ARRAY) != 0 && a->most_items >= b->least_items &&
      b->most_items >= a->least_items)
    return FALSE;
  if ((types & SOTTO_TYPE_OBJECT) != 0 && !required_sets_apart (schema, a, b, depth) &&
      !required_sets_apart (schema, b, a, depth))
    return FALSE;

  return TRUE;
}
