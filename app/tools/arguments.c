#include "tool-private.h"

#include <string.h>

/* What a model calls a tool with: JSON by the schema that it was told, if it kept to that. A number that came as a text of
 * digits is one, and null is nothing; all else that does not fit is told, so that it may try again. */

static gboolean
is_digits (const char *text)
{
  if (*text == '-')
    text++;
  return *text != '\0' && strlen (text) < 16 && strspn (text, "0123456789") == strlen (text);
}

static char *
check_text (const SottoArgument *argument, yyjson_val *value)
{
  if (!yyjson_is_str (value))
    return g_strdup_printf ("“%s” must be a text.", argument->name);
  if (strlen (yyjson_get_str (value)) != yyjson_get_len (value))
    return g_strdup_printf ("“%s” has a character that no text has.", argument->name);
  if (g_utf8_strlen (yyjson_get_str (value), -1) > argument->most)
    return g_strdup_printf ("“%s” is longer than %" G_GINT64_FORMAT " characters.", argument->name, argument->most);
  return NULL;
}

static char *
check_whole (const SottoArgument *argument, yyjson_val *value)
{
  gint64 number;

  if (yyjson_is_str (value) && is_digits (yyjson_get_str (value)))
    number = g_ascii_strtoll (yyjson_get_str (value), NULL, 10);
  else if (yyjson_is_int (value) && !(yyjson_is_uint (value) && yyjson_get_uint (value) > G_MAXINT64))
    number = yyjson_get_sint (value);
  else
    return g_strdup_printf ("“%s” must be a whole number.", argument->name);
  if (number > argument->most || number < -argument->most)
    return g_strdup_printf ("“%s” must be between %" G_GINT64_FORMAT " and %" G_GINT64_FORMAT ".", argument->name,
                            -argument->most, argument->most);
  return NULL;
}

static const SottoArgument *
find_argument (const SottoTool *self, const char *name)
{
  for (const SottoArgument *argument = self->arguments; argument->name != NULL; argument++)
    if (g_str_equal (argument->name, name))
      return argument;
  return NULL;
}

static char *
list_names (const SottoTool *self)
{
  g_autoptr (GString) names = g_string_new (NULL);

  for (const SottoArgument *argument = self->arguments; argument->name != NULL; argument++)
    g_string_append_printf (names, "%s“%s”", names->len > 0 ? ", " : "", argument->name);
  return g_string_free_and_steal (g_steal_pointer (&names));
}

static char *
check (const SottoTool *self, yyjson_val *object)
{
  g_autofree char *names = list_names (self);
  yyjson_val *key, *value;
  size_t i, n;

  if (!yyjson_is_obj (object))
    return g_strdup_printf ("The arguments must be a JSON object with %s.", names);

  yyjson_obj_foreach (object, i, n, key, value)
    {
      const SottoArgument *argument = find_argument (self, yyjson_get_str (key));
      char *problem;

      /* What the schema does not name it does not forbid, and small models repeat pieces of it. */
      if (argument == NULL || yyjson_is_null (value))
        continue;
      problem = argument->type == SOTTO_ARGUMENT_TEXT ? check_text (argument, value) : check_whole (argument, value);
      if (problem != NULL)
        return problem;
    }
  for (const SottoArgument *argument = self->arguments; argument->name != NULL; argument++)
    if (argument->is_required && sotto_argument_get_text (object, argument->name) == NULL)
      return g_strdup_printf ("“%s” is missing.", argument->name);
  return NULL;
}

yyjson_doc *
sotto_tool_read_arguments (const SottoTool *self, const char *json, char **problem)
{
  yyjson_doc *doc = NULL;

  if (strlen (json) <= SOTTO_TOOL_MAX_ARGUMENTS)
    doc = yyjson_read (*json != '\0' ? json : "{}", *json != '\0' ? strlen (json) : 2, YYJSON_READ_NOFLAG);
  if (doc == NULL)
    {
      g_autofree char *names = list_names (self);

      *problem = g_strdup_printf ("The arguments must be a JSON object with %s.", names);
      return NULL;
    }
  *problem = check (self, yyjson_doc_get_root (doc));
  if (*problem != NULL)
    g_clear_pointer (&doc, yyjson_doc_free);
  return doc;
}

const char *
sotto_argument_get_text (yyjson_val *arguments, const char *name)
{
  const char *text = yyjson_get_str (yyjson_obj_get (arguments, name));

  return text != NULL && *text != '\0' ? text : NULL;
}

gboolean
sotto_argument_get_whole (yyjson_val *arguments, const char *name, gint64 *value)
{
  yyjson_val *given = yyjson_obj_get (arguments, name);

  if (given == NULL || yyjson_is_null (given))
    return FALSE;
  *value = yyjson_is_str (given) ? g_ascii_strtoll (yyjson_get_str (given), NULL, 10) : yyjson_get_sint (given);
  return TRUE;
}

yyjson_mut_val *
sotto_tool_describe_arguments (const SottoTool *self, yyjson_mut_doc *doc)
{
  yyjson_mut_val *schema = yyjson_mut_obj (doc);
  yyjson_mut_val *properties, *required;

  yyjson_mut_obj_add_str (doc, schema, "type", "object");
  properties = yyjson_mut_obj_add_obj (doc, schema, "properties");
  required = yyjson_mut_obj_add_arr (doc, schema, "required");
  for (const SottoArgument *argument = self->arguments; argument->name != NULL; argument++)
    {
      yyjson_mut_val *property = yyjson_mut_obj_add_obj (doc, properties, argument->name);

      yyjson_mut_obj_add_str (doc, property, "type", argument->type == SOTTO_ARGUMENT_TEXT ? "string" : "integer");
      yyjson_mut_obj_add_str (doc, property, "description", argument->words);
      if (argument->is_required)
        yyjson_mut_arr_add_str (doc, required, argument->name);
    }
  return schema;
}
