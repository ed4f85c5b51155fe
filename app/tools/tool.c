#include "config.h"

#include "tool-private.h"

#include <glib/gi18n-lib.h>
#include <stdlib.h>
#include <string.h>

/* The tools there are, and the way of a call: looked up, its arguments checked, run, its result bounded. Whatever goes wrong on
 * that way becomes the result, in English, for the model to read. */

static const SottoTool *const tools[] = {
  &sotto_tool_calculate,
  &sotto_tool_current_time,
  &sotto_tool_search_documents,
  &sotto_tool_search_conversations,
};

guint
sotto_tools_get_n (void)
{
  return G_N_ELEMENTS (tools);
}

const SottoTool *
sotto_tools_get (guint position)
{
  g_return_val_if_fail (position < G_N_ELEMENTS (tools), NULL);
  return tools[position];
}

const SottoTool *
sotto_tools_lookup (const char *name)
{
  g_return_val_if_fail (name != NULL, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (tools); i++)
    if (g_str_equal (tools[i]->name, name))
      return tools[i];
  return NULL;
}

const char *
sotto_tool_get_name (const SottoTool *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return self->name;
}

const char *
sotto_tool_get_title (const SottoTool *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return g_dpgettext2 (GETTEXT_PACKAGE, "tool", self->title);
}

const char *
sotto_tool_get_words (const SottoTool *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return _(self->words);
}

gboolean
sotto_tool_is_usable (const SottoTool *self, const SottoToolPlace *place)
{
  return self->is_usable == NULL || self->is_usable (place);
}

char **
sotto_tools_choose (const char *const *names, const SottoToolPlace *place)
{
  g_autoptr (GStrvBuilder) chosen = g_strv_builder_new ();

  for (guint i = 0; i < G_N_ELEMENTS (tools); i++)
    if (g_strv_contains (names, tools[i]->name) && sotto_tool_is_usable (tools[i], place))
      g_strv_builder_add (chosen, tools[i]->name);
  return g_strv_builder_end (chosen);
}

char *
sotto_tools_describe (const char *const *names)
{
  yyjson_mut_doc *doc = yyjson_mut_doc_new (NULL);
  yyjson_mut_val *list = yyjson_mut_arr (doc);
  char *json, *copy;

  yyjson_mut_doc_set_root (doc, list);
  for (; *names != NULL; names++)
    {
      const SottoTool *tool = sotto_tools_lookup (*names);
      yyjson_mut_val *entry = yyjson_mut_arr_add_obj (doc, list);
      yyjson_mut_val *function;

      yyjson_mut_obj_add_str (doc, entry, "type", "function");
      function = yyjson_mut_obj_add_obj (doc, entry, "function");
      yyjson_mut_obj_add_str (doc, function, "name", tool->name);
      yyjson_mut_obj_add_str (doc, function, "description", tool->purpose);
      yyjson_mut_obj_add_val (doc, function, "parameters", sotto_tool_describe_arguments (tool, doc));
    }
  json = yyjson_mut_write (doc, YYJSON_WRITE_NOFLAG, NULL);
  copy = g_strdup (json);
  free (json);
  yyjson_mut_doc_free (doc);
  return copy;
}

/* --- Running one --- */

/* Whole characters, and a word that there was more */
char *
sotto_tool_bound_result (const char *text)
{
  static const char cut[] = "\n… (there is more, which was left out)";
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  const char *end;

  if (strlen (valid) <= SOTTO_TOOL_MAX_RESULT)
    return g_steal_pointer (&valid);
  end = g_utf8_find_prev_char (valid, valid + SOTTO_TOOL_MAX_RESULT - strlen (cut) + 1);
  return g_strdup_printf ("%.*s%s", (int) (end - valid), valid, cut);
}

static void
return_problem (GTask *task, const char *problem)
{
  g_task_return_pointer (task, g_strconcat ("Error: ", problem, NULL), g_free);
}

static void
return_unknown (GTask *task, const char *const *offered)
{
  g_autofree char *names = g_strjoinv (", ", (char **) offered);
  g_autofree char *problem = g_strdup_printf ("There is no such tool. There is: %s.", *names != '\0' ? names : "none");

  return_problem (task, problem);
}

void
sotto_tools_run_async (const char           *name,
                       const char           *arguments,
                       const char *const    *offered,
                       const SottoToolPlace *place,
                       GCancellable         *cancellable,
                       GAsyncReadyCallback   callback,
                       gpointer              user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  const SottoTool *tool = g_strv_contains (offered, name) ? sotto_tools_lookup (name) : NULL;
  g_autofree char *problem = NULL;
  yyjson_doc *doc = NULL;

  if (tool == NULL || !sotto_tool_is_usable (tool, place))
    {
      return_unknown (task, offered);
      return;
    }
  doc = sotto_tool_read_arguments (tool, arguments, &problem);
  if (doc == NULL)
    {
      return_problem (task, problem);
      return;
    }
  tool->run (g_steal_pointer (&task), place, yyjson_doc_get_root (doc));
  yyjson_doc_free (doc);
}

char *
sotto_tools_run_finish (GAsyncResult *result, GError **error)
{
  g_autofree char *text = g_task_propagate_pointer (G_TASK (result), error);

  return text != NULL ? sotto_tool_bound_result (text) : NULL;
}
