/* inspect, verify: what a file is, and whether it is whole. */

#include "tool.h"

#include <string.h>

gboolean
tool_inspect (char   **arguments,
              GError **error)
{
  int n_context = 0;
  const GOptionEntry entries[] = {
    { "context", 'c', 0, G_OPTION_ARG_INT, &n_context,
      "Estimate memory for this many tokens; 0: what the engine takes by itself", "N" },
    G_OPTION_ENTRY_NULL
  };
  const ToolUsage usage = {
    "MODEL",
    "Prints a JSON object: metadata (long arrays shortened), tensors, licence, parameters, and\n"
    "the memory that weights, KV cache and scratch would take.",
    entries, 1, 1,
  };
  g_auto (GStrv) rest = tool_parse (&usage, arguments, error);
  g_autoptr (SottoModel) model = NULL;
  g_autofree char *json = NULL;
  g_autofree char *line = NULL;

  if (rest == NULL)
    return FALSE;
  if (n_context < 0)
    return tool_misuse (error, "%d is no number of tokens", n_context);

  model = tool_open_model (rest[0], error);
  if (model == NULL)
    return FALSE;

  json = sotto_model_describe (model, n_context);
  line = g_strconcat (json, "\n", NULL);

  return tool_write (line, strlen (line), error);
}

gboolean
tool_verify (char   **arguments,
             GError **error)
{
  const ToolUsage usage = {
    "MODEL",
    "Checks the whole file: the header's every count and offset, and that all weights are finite\n"
    "numbers. Prints its SHA-256, then \"ok\". The exit status is 1 if something is wrong.",
    NULL, 1, 1,
  };
  g_auto (GStrv) rest = tool_parse (&usage, arguments, error);
  g_autoptr (SottoModel) model = NULL;
  g_autofree char *line = NULL;
  const char *hash;

  if (rest == NULL)
    return FALSE;

  model = tool_open_model (rest[0], error);
  if (model == NULL || !sotto_model_verify (model, NULL, NULL, NULL, error))
    return FALSE;

  hash = sotto_model_hash (model, NULL, NULL, NULL, error);
  if (hash == NULL)
    return FALSE;

  line = g_strdup_printf ("sha256 %s\nok\n", hash);

  return tool_write (line, strlen (line), error);
}
