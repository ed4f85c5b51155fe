/* From a JSON Schema to a machine.
 *
 *   conjunction ── facts (schema-facts.c) ──► cases without alternatives ──► states and edges
 *        ▲                                        schema-string, -number, -object, -array
 *        └────────── of each property and item ───────────┘
 *
 * A conjunction is a set of schemas of the document that have to hold together: what $ref and allOf
 * lead to is taken in, alternatives are multiplied out, and what comes out is facts that can be
 * built. Since there are only so many schemas in a document there are only so many conjunctions,
 * and each is built once in place and once as a rule at most: recursion ends, and so does the
 * compiler. Rules wait in a list for their bodies, so that no schema leads this code deeper than
 * the document itself is deep.
 *
 * Whatever it does not keep to the letter is an error; annotations are passed over. */

#include "schema.h"

#include <string.h>

#include "schema-private.h"
#include "sotto-error.h"

#define MOST_DEPTH_IN_PLACE 32u

/* A conjunction that was met. */
typedef struct {
  SottoConjunction *conjunction;
  guint rule;                /* 0: none so far */
} SottoUse;

static void
use_free (gpointer data)
{
  SottoUse *self = data;

  g_ptr_array_unref (self->conjunction);
  g_free (self);
}

/* --- Errors and their places --- */

/* Looks for @wanted below @value; @path: grows by the way to it; @name: the last one on it. */
static gboolean
find_place (yyjson_val  *value,
            yyjson_val  *wanted,
            GString     *path,
            yyjson_val **name)
{
  gsize length = path->len;
  gsize i, n;
  yyjson_val *key, *child;

  if (value == wanted)
    return TRUE;

  yyjson_obj_foreach (value, i, n, key, child)
    {
      g_string_append_printf (path, "/%s", yyjson_get_str (key));
      if (find_place (child, wanted, path, name))
        {
          *name = *name != NULL ? *name : key;
          return TRUE;
        }
      g_string_truncate (path, length);
    }
  yyjson_arr_foreach (value, i, n, child)
    {
      g_string_append_printf (path, "/%" G_GSIZE_FORMAT, i);
      if (find_place (child, wanted, path, name))
        return TRUE;
      g_string_truncate (path, length);
    }

  return FALSE;
}

/* Counted from 1 */
static guint
count_lines (const SottoSchema *self,
             gsize              offset)
{
  guint line = 1;

  for (gsize i = 0; i < offset && i < self->length; i++)
    line += self->text[i] == '\n';

  return line;
}

/* The line on which @name stands, a string of the document; 0: not known. It was read in place: a string begins where it did
 * in the text. */
static guint
find_line (const SottoSchema *self,
           yyjson_val        *name)
{
  return name != NULL ? count_lines (self, (gsize) (yyjson_get_str (name) - self->read)) : 0;
}

/* Where @schema says @keyword; where it does not, or says it in other words, what it is itself. */
static yyjson_val *
find_name (yyjson_val *schema,
           const char *keyword,
           yyjson_val *otherwise)
{
  gsize i, n;
  yyjson_val *key, *child;

  yyjson_obj_foreach (schema, i, n, key, child)
    if (yyjson_equals_str (key, keyword))
      return key;

  return otherwise;
}

/* @line: 0: not known */
static void
set_error (GError     **error,
           guint        line,
           const char  *subject)
{
  SottoErrorArguments arguments = { NULL, subject, line, 0 };

  sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_GRAMMAR, &arguments, "JSON Schema: %s",
                          subject);
}

gboolean
sotto_schema_fail (SottoSchema *self,
                   yyjson_val  *schema,
                   const char  *keyword,
                   const char  *what)
{
  g_autoptr (GString) path = g_string_new ("#");
  g_autofree char *subject = NULL;
  g_autofree char *valid = NULL;
  yyjson_val *name = NULL;

  if (self->error != NULL)
    return FALSE;

  find_place (self->root, schema, path, &name);
  valid = g_utf8_make_valid (keyword, -1);
  subject = g_strdup_printf ("%s at %s: %s", valid, path->str, what);
  set_error (&self->error, find_line (self, find_name (schema, keyword, name)), subject);

  return FALSE;
}

gboolean
sotto_schema_is_fine (const SottoSchema *self)
{
  return self->error == NULL && !sotto_machine_is_stopped (self->machine);
}

gboolean
sotto_schema_step (SottoSchema *self)
{
  if (++self->work > SOTTO_SCHEMA_MOST_WORK && self->error == NULL)
    set_error (&self->error, 0, "it is too complex");

  return sotto_schema_is_fine (self);
}

/* --- References --- */

static yyjson_val *
find_anchor (yyjson_val *value,
             const char *name)
{
  gsize i, n;
  yyjson_val *key, *child, *found;

  if (yyjson_equals_str (yyjson_obj_get (value, "$anchor"), name))
    return value;

  yyjson_obj_foreach (value, i, n, key, child)
    if ((found = find_anchor (child, name)) != NULL)
      return found;
  yyjson_arr_foreach (value, i, n, child)
    if ((found = find_anchor (child, name)) != NULL)
      return found;

  return NULL;
}

yyjson_val *
sotto_schema_resolve (SottoSchema *self,
                      yyjson_val  *schema,
                      yyjson_val  *reference)
{
  const char *text = yyjson_get_str (reference);
  const char *id = yyjson_get_str (yyjson_obj_get (self->root, "$id"));
  g_autofree char *pointer = NULL;
  yyjson_val *target = NULL;

  if (text != NULL && id != NULL && g_str_has_prefix (text, id))
    text += strlen (id);
  if (text == NULL || (*text != '#' && *text != '\0'))
    {
      sotto_schema_fail (self, schema, "$ref", "only places within the schema can be referred to");
      return NULL;
    }

  text += *text == '#';
  pointer = g_uri_unescape_string (text, NULL);
  if (pointer != NULL && *pointer == '\0')
    target = self->root;
  else if (pointer != NULL && *pointer == '/')
    target = yyjson_doc_ptr_get (self->document, pointer);
  else if (pointer != NULL)
    {
      target = find_anchor (self->root, pointer);
      self->work += (guint) (yyjson_doc_get_val_count (self->document) / 128);
    }
  if (!yyjson_is_obj (target) && !yyjson_is_bool (target))
    {
      sotto_schema_fail (self, schema, "$ref", "there is no schema at that place");
      return NULL;
    }

  return target;
}

/* --- Values --- */

guint32
sotto_schema_add_separator (SottoSchema *self,
                            guint32      from,
                            char         separator)
{
  guint32 behind = sotto_machine_add_state (self->machine);
  guint32 to = sotto_machine_add_state (self->machine);

  sotto_machine_add_bytes (self->machine, from, separator, separator, behind);
  sotto_machine_add_bytes (self->machine, behind, ' ', ' ', to);
  sotto_machine_add_empty (self->machine, behind, to);

  return to;
}

guint
sotto_schema_get_string_rule (SottoSchema *self)
{
  if (self->string_rule == 0)
    {
      g_autoptr (SottoLetters) letters = sotto_letters_new_length (0, G_MAXUINT);
      guint32 inside = sotto_machine_add_state (self->machine);
      guint32 behind = sotto_machine_add_state (self->machine);

      self->string_rule = sotto_machine_add_rule (self->machine, "string");
      sotto_machine_add_bytes (self->machine,
                               sotto_machine_get_start (self->machine, self->string_rule), '"', '"',
                               inside);
      sotto_letters_build (letters, self->machine, inside, behind);
      sotto_machine_add_bytes (self->machine, behind, '"', '"',
                               sotto_machine_get_end (self->machine, self->string_rule));
    }

  return self->string_rule;
}

guint
sotto_schema_get_any_rule (SottoSchema *self)
{
  if (self->any_rule == 0)
    {
      g_autoptr (SottoFacts) facts = sotto_facts_new ();
      SottoMachine *machine = self->machine;
      guint32 start, end;

      self->any_rule = sotto_machine_add_rule (machine, "any");
      start = sotto_machine_get_start (machine, self->any_rule);
      end = sotto_machine_get_end (machine, self->any_rule);
      sotto_machine_add_call (machine, start, sotto_schema_get_string_rule (self), end);
      sotto_machine_add_empty (machine, sotto_machine_add_text (machine, start, "null", 4), end);
      sotto_machine_add_empty (machine, sotto_machine_add_text (machine, start, "true", 4), end);
      sotto_machine_add_empty (machine, sotto_machine_add_text (machine, start, "false", 5), end);
      sotto_schema_add_number (self, facts, start, end);
      sotto_schema_add_object (self, facts, start, end);
      sotto_schema_add_array (self, facts, start, end);
    }

  return self->any_rule;
}

static void
add_case (SottoSchema      *self,
          const SottoFacts *facts,
          guint32           from,
          guint32           to)
{
  SottoMachine *machine = self->machine;

  if (facts->unique != NULL && facts->most_items > 1 && (facts->types & SOTTO_TYPE_ARRAY) != 0 &&
      facts->values == NULL)
    {
      sotto_schema_fail (self, facts->unique, "uniqueItems", "a grammar cannot compare items");
      return;
    }

  if (facts->values != NULL)
    {
      for (guint i = 0; i < facts->values->len && sotto_schema_step (self); i++)
        if (sotto_facts_hold (self, facts, g_ptr_array_index (facts->values, i)))
          sotto_schema_add_constant (self, g_ptr_array_index (facts->values, i), from, to);
      return;
    }

  if ((facts->types & SOTTO_TYPE_NULL) != 0)
    sotto_machine_add_empty (machine, sotto_machine_add_text (machine, from, "null", 4), to);
  if ((facts->types & SOTTO_TYPE_BOOLEAN) != 0)
    {
      sotto_machine_add_empty (machine, sotto_machine_add_text (machine, from, "true", 4), to);
      sotto_machine_add_empty (machine, sotto_machine_add_text (machine, from, "false", 5), to);
    }
  if ((facts->types & SOTTO_TYPE_NUMBER) != 0)
    sotto_schema_add_number (self, facts, from, to);
  if ((facts->types & SOTTO_TYPE_STRING) != 0)
    sotto_schema_add_string (self, facts, from, to);
  if ((facts->types & SOTTO_TYPE_ARRAY) != 0)
    sotto_schema_add_array (self, facts, from, to);
  if ((facts->types & SOTTO_TYPE_OBJECT) != 0)
    sotto_schema_add_object (self, facts, from, to);
}

/* Builds all cases of a conjunction in place. */
static void
add_cases (SottoSchema            *self,
           const SottoConjunction *conjunction,
           guint32                 from,
           guint32                 to)
{
  g_autoptr (GPtrArray) cases = sotto_facts_list (self, conjunction);

  for (guint i = 0; cases != NULL && i < cases->len && sotto_schema_step (self); i++)
    add_case (self, g_ptr_array_index (cases, i), from, to);
}

static gint
compare_pointers (gconstpointer a,
                  gconstpointer b)
{
  gconstpointer x = *(gconstpointer const *) a;
  gconstpointer y = *(gconstpointer const *) b;

  return (x > y) - (x < y);
}

/* Which rule a conjunction is, or 0 if it is to be built in place. */
static guint
choose_rule (SottoSchema            *self,
             const SottoConjunction *conjunction,
             gboolean                again)
{
  g_autoptr (GPtrArray) sorted = g_ptr_array_copy ((GPtrArray *) conjunction, NULL, NULL);
  g_autoptr (GBytes) key = NULL;
  SottoUse *use;

  g_ptr_array_sort (sorted, compare_pointers);
  key = g_bytes_new (sorted->pdata, sorted->len * sizeof (gpointer));
  use = g_hash_table_lookup (self->uses, key);
  if (use == NULL)
    {
      use = g_new0 (SottoUse, 1);
      use->conjunction = g_steal_pointer (&sorted);
      g_hash_table_insert (self->uses, g_steal_pointer (&key), use);
      if (!again && self->depth < MOST_DEPTH_IN_PLACE)
        return 0;
    }
  if (use->rule == 0)
    {
      use->rule = sotto_machine_add_rule (self->machine, NULL);
      g_ptr_array_add (self->todo, use);
    }

  return use->rule;
}

void
sotto_schema_add_value (SottoSchema            *self,
                        const SottoConjunction *conjunction,
                        gboolean                again,
                        guint32                 from,
                        guint32                 to)
{
  guint rule;

  if (!sotto_schema_step (self))
    return;

  rule = conjunction->len == 0 ? sotto_schema_get_any_rule (self)
                               : choose_rule (self, conjunction, again);
  if (rule != 0)
    {
      sotto_machine_add_call (self->machine, from, rule, to);
      return;
    }

  self->depth++;
  add_cases (self, conjunction, from, to);
  self->depth--;
}

/* --- The document --- */

/* Refuses what is nested too deeply, names that stand twice, and what is not UTF-8 or holds NUL. */
static gboolean
check_document (const SottoSchema *self,
                yyjson_val        *value,
                guint              depth,
                GError           **error)
{
  gsize i, n;
  yyjson_val *key, *child;

  if (depth > SOTTO_SCHEMA_MOST_DEPTH)
    {
      set_error (error, 0, "it is nested too deeply");
      return FALSE;
    }
  if (yyjson_is_str (value) && strlen (yyjson_get_str (value)) != yyjson_get_len (value))
    {
      set_error (error, find_line (self, value), "U+0000 stands in a text");
      return FALSE;
    }

  if (yyjson_is_obj (value))
    {
      g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);

      yyjson_obj_foreach (value, i, n, key, child)
        {
          if (!g_hash_table_add (names, (gpointer) yyjson_get_str (key)))
            {
              g_autofree char *subject = g_strdup_printf ("the name \"%s\" stands twice",
                                                          yyjson_get_str (key));

              set_error (error, find_line (self, key), subject);
              return FALSE;
            }
          if (!check_document (self, key, depth, error) || !check_document (self, child, depth + 1, error))
            return FALSE;
        }
    }
  yyjson_arr_foreach (value, i, n, child)
    if (!check_document (self, child, depth + 1, error))
      return FALSE;

  return TRUE;
}

static gboolean
compile (SottoSchema *self,
         GError     **error)
{
  g_autoptr (GPtrArray) conjunction = g_ptr_array_new ();
  guint root = sotto_machine_add_rule (self->machine, "schema");

  g_ptr_array_add (conjunction, self->root);
  add_cases (self, conjunction, sotto_machine_get_start (self->machine, root),
             sotto_machine_get_end (self->machine, root));
  for (guint i = 0; i < self->todo->len && sotto_schema_is_fine (self); i++)
    {
      const SottoUse *use = g_ptr_array_index (self->todo, i);

      add_cases (self, use->conjunction, sotto_machine_get_start (self->machine, use->rule),
                 sotto_machine_get_end (self->machine, use->rule));
    }
  if (!sotto_cancel_check (self->machine->cancel, error))
    return FALSE;
  if (self->error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&self->error));
      return FALSE;
    }

  return sotto_machine_finish (self->machine, root, error);
}

SottoMachine *
sotto_schema_compile (const char         *text,
                      gsize               length,
                      const SottoCancel  *cancel,
                      GError            **error)
{
  g_autoptr (SottoMachine) machine = sotto_machine_new (cancel);
  g_autoptr (GHashTable) uses = g_hash_table_new_full (g_bytes_hash, g_bytes_equal,
                                                       (GDestroyNotify) g_bytes_unref, use_free);
  g_autoptr (GPtrArray) todo = g_ptr_array_new ();
  g_autoptr (GPtrArray) decimals = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GHashTable) patterns = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                                           (GDestroyNotify) sotto_letters_free);
  SottoSchema self = {
    .text = text, .length = length,
    .machine = machine, .uses = uses, .todo = todo, .decimals = decimals, .patterns = patterns,
  };
  g_autofree char *read = length < G_MAXSIZE - YYJSON_PADDING_SIZE ? g_try_malloc (length + YYJSON_PADDING_SIZE) : NULL;
  yyjson_read_err problem;
  gboolean done;

  if (read == NULL)
    {
      set_error (error, 0, "there is no memory for it");
      return NULL;
    }
  memcpy (read, text, length);
  memset (read + length, 0, YYJSON_PADDING_SIZE);
  self.read = read;
  self.document = yyjson_read_opts (read, length, YYJSON_READ_NUMBER_AS_RAW | YYJSON_READ_INSITU, NULL, &problem);
  if (self.document == NULL)
    {
      g_autofree char *subject = g_strdup_printf ("it is no JSON: %s at byte %" G_GSIZE_FORMAT,
                                                  problem.msg, problem.pos);

      set_error (error, count_lines (&self, problem.pos), subject);
      return NULL;
    }
  self.root = yyjson_doc_get_root (self.document);

  done = check_document (&self, self.root, 0, error);
  if (done && !yyjson_is_obj (self.root) && !yyjson_is_bool (self.root))
    {
      set_error (error, 1, "it is neither an object nor true or false");
      done = FALSE;
    }
  done = done && compile (&self, error);
  g_clear_error (&self.error);
  yyjson_doc_free (self.document);

  return done ? g_steal_pointer (&machine) : NULL;
}
