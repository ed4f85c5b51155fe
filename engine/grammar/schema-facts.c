/* What schemas say together: facts (of schema-keyword.c) with their alternatives multiplied out,
 * and what they ask of a property or an item. */

#include "schema-private.h"

#include <string.h>

/* --- Making and freeing --- */

SottoFacts *
sotto_facts_new (void)
{
  SottoFacts *self = g_new0 (SottoFacts, 1);

  self->types = SOTTO_TYPE_ANY;
  self->most_length = self->most_properties = self->most_items = G_MAXUINT;
  self->patterns = g_ptr_array_new ();
  self->formats = g_ptr_array_new ();
  self->objects = g_ptr_array_new ();
  self->arrays = g_ptr_array_new ();
  self->choices = g_ptr_array_new_with_free_func (g_free);
  self->seen = g_hash_table_new (NULL, NULL);

  return self;
}

void
sotto_facts_free (SottoFacts *self)
{
  g_clear_pointer (&self->values, g_ptr_array_unref);
  g_ptr_array_unref (self->patterns);
  g_ptr_array_unref (self->formats);
  g_ptr_array_unref (self->objects);
  g_ptr_array_unref (self->arrays);
  g_ptr_array_unref (self->choices);
  g_hash_table_unref (self->seen);
  g_free (self);
}

static gpointer
copy_choice (gconstpointer choice,
             gpointer      user_data)
{
  return g_memdup2 (choice, sizeof (SottoChoice));
}

static SottoFacts *
facts_copy (const SottoFacts *self)
{
  SottoFacts *copy = g_memdup2 (self, sizeof *self);
  GHashTableIter iter;
  gpointer schema;

  copy->values = self->values != NULL ? g_ptr_array_copy (self->values, NULL, NULL) : NULL;
  copy->patterns = g_ptr_array_copy (self->patterns, NULL, NULL);
  copy->formats = g_ptr_array_copy (self->formats, NULL, NULL);
  copy->objects = g_ptr_array_copy (self->objects, NULL, NULL);
  copy->arrays = g_ptr_array_copy (self->arrays, NULL, NULL);
  copy->choices = g_ptr_array_copy (self->choices, copy_choice, NULL);
  copy->seen = g_hash_table_new (NULL, NULL);
  g_hash_table_iter_init (&iter, self->seen);
  while (g_hash_table_iter_next (&iter, &schema, NULL))
    g_hash_table_add (copy->seen, schema);

  return copy;
}

/* --- Cases --- */

static const char too_many[] = "there are too many combinations";

static gboolean check_apart (SottoSchema       *compiler,
                             const SottoChoice *choice,
                             GPtrArray         *cases,
                             const GArray      *branch_of);

/* Multiplies out the choices of @facts (transfer full), and adds what comes out to @cases. */
static gboolean
add_cases (SottoSchema *compiler,
           SottoFacts  *facts,
           guint        depth,
           GPtrArray   *cases)
{
  g_autoptr (SottoFacts) owned = facts;
  g_autofree SottoChoice *choice = NULL;
  g_autoptr (GPtrArray) branches = NULL;
  g_autoptr (GArray) branch_of = NULL;
  gsize i, n;
  yyjson_val *branch;

  if (!sotto_schema_step (compiler))
    return FALSE;
  if (facts->types == 0)
    return TRUE;
  if (facts->choices->len == 0)
    {
      if (cases->len >= SOTTO_SCHEMA_MOST_CASES)
        return sotto_schema_fail (compiler, compiler->root, "anyOf", too_many);
      g_ptr_array_add (cases, g_steal_pointer (&owned));
      return TRUE;
    }
  if (depth > SOTTO_SCHEMA_MOST_DEPTH)
    return sotto_schema_fail (compiler, compiler->root, "anyOf", too_many);

  choice = g_memdup2 (g_ptr_array_index (facts->choices, facts->choices->len - 1), sizeof *choice);
  g_ptr_array_remove_index (facts->choices, facts->choices->len - 1);
  branches = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_facts_free);
  branch_of = g_array_new (FALSE, FALSE, sizeof (guint));
  yyjson_arr_foreach (choice->branches, i, n, branch)
    {
      SottoFacts *copy = facts_copy (facts);
      guint number = i;

      if (!sotto_facts_take_in (copy, compiler, branch))
        {
          sotto_facts_free (copy);
          return FALSE;
        }
      if (!add_cases (compiler, copy, depth + 1, branches))
        return FALSE;
      while (branch_of->len < branches->len)
        g_array_append_val (branch_of, number);
    }

  if (choice->exactly_one && compiler->asking == 0 &&
      !check_apart (compiler, choice, branches, branch_of))
    return FALSE;
  while (branches->len > 0)
    {
      if (cases->len >= SOTTO_SCHEMA_MOST_CASES)
        return sotto_schema_fail (compiler, compiler->root, "anyOf", too_many);
      g_ptr_array_add (cases, g_ptr_array_steal_index (branches, 0));
    }

  return TRUE;
}

/* Whether no value can fit two branches of a oneOf: a grammar can say "or", not "either … or". */
static gboolean
check_apart (SottoSchema       *compiler,
             const SottoChoice *choice,
             GPtrArray         *cases,
             const GArray      *branch_of)
{
  for (guint i = 0; i < cases->len; i++)
    for (guint k = i + 1; k < cases->len; k++)
      {
        gboolean apart;

        if (!sotto_schema_step (compiler))
          return FALSE;
        if (g_array_index (branch_of, guint, i) == g_array_index (branch_of, guint, k))
          continue;
        compiler->asking++;
        apart = sotto_facts_are_apart (compiler, g_ptr_array_index (cases, i),
                                       g_ptr_array_index (cases, k), 0);
        compiler->asking--;
        if (!apart)
          {
            g_autofree char *what =
              g_strdup_printf ("branches %u and %u may hold for the same value; anyOf allows that",
                               g_array_index (branch_of, guint, i),
                               g_array_index (branch_of, guint, k));

            return sotto_schema_fail (compiler, choice->schema, "oneOf", what);
          }
      }

  return TRUE;
}

GPtrArray *
sotto_facts_list (SottoSchema            *schema,
                  const SottoConjunction *conjunction)
{
  g_autoptr (GPtrArray) cases = g_ptr_array_new_with_free_func ((GDestroyNotify) sotto_facts_free);
  SottoFacts *facts = sotto_facts_new ();

  for (guint i = 0; i < conjunction->len; i++)
    if (!sotto_facts_take_in (facts, schema, g_ptr_array_index (conjunction, i)))
      {
        sotto_facts_free (facts);
        return NULL;
      }

  return add_cases (schema, facts, 0, cases) ? g_steal_pointer (&cases) : NULL;
}

/* --- What holds below --- */

/* Adds a schema once; true says nothing. */
static void
conjunction_add (SottoConjunction *self,
                 yyjson_val       *schema)
{
  if (schema != NULL && !yyjson_is_true (schema) && !g_ptr_array_find (self, schema, NULL))
    g_ptr_array_add (self, schema);
}

SottoConjunction *
sotto_facts_get_property (SottoSchema      *schema,
                          const SottoFacts *self,
                          const char       *name)
{
  SottoConjunction *out = g_ptr_array_new ();

  for (guint k = 0; k < self->objects->len; k++)
    {
      yyjson_val *object = g_ptr_array_index (self->objects, k);
      yyjson_val *patterns = yyjson_obj_get (object, "patternProperties");
      yyjson_val *properties = yyjson_obj_get (object, "properties");
      yyjson_val *property = yyjson_obj_get (properties, name);
      gboolean matched = property != NULL;
      gsize i, n;
      yyjson_val *pattern, *child;

      conjunction_add (out, property);
      /* A list of names is gone through for each of them. */
      schema->work += (guint) (yyjson_obj_size (properties) / 128);
      if (patterns != NULL)
        yyjson_obj_foreach (patterns, i, n, pattern, child)
          {
            g_autoptr (SottoLetters) letters = sotto_schema_read_pattern (schema, object, pattern);

            if (letters == NULL || !sotto_letters_accept (letters, name, strlen (name)))
              continue;
            matched = TRUE;
            conjunction_add (out, child);
          }
      if (!matched)
        conjunction_add (out, yyjson_obj_get (object, "additionalProperties"));
    }

  return out;
}

SottoConjunction *
sotto_facts_get_item (SottoSchema      *schema,
                      const SottoFacts *self,
                      guint             index)
{
  SottoConjunction *out = g_ptr_array_new ();

  for (guint k = 0; k < self->arrays->len; k++)
    {
      yyjson_val *array = g_ptr_array_index (self->arrays, k);
      yyjson_val *prefix = yyjson_obj_get (array, "prefixItems");

      if (index < yyjson_arr_size (prefix))
        conjunction_add (out, yyjson_arr_get (prefix, index));
      else
        conjunction_add (out, yyjson_obj_get (array, "items"));
    }

  return out;
}

guint
sotto_facts_count_prefix (const SottoFacts *self)
{
  gsize count = 0;

  for (guint k = 0; k < self->arrays->len; k++)
    count = MAX (count, yyjson_arr_size (yyjson_obj_get (g_ptr_array_index (self->arrays, k),
                                                         "prefixItems")));

  return count;
}

gboolean
sotto_facts_requires (const SottoFacts *self,
                      const char       *name)
{
  for (guint k = 0; k < self->objects->len; k++)
    {
      gsize i, n;
      yyjson_val *required = yyjson_obj_get (g_ptr_array_index (self->objects, k), "required");
      yyjson_val *one;

      yyjson_arr_foreach (required, i, n, one)
        if (yyjson_equals_str (one, name))
          return TRUE;
    }

  return FALSE;
}
