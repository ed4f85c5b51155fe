#include "config.h"

#include "tool-private.h"

#include <glib/gi18n-lib.h>

#include "expression.h"

/* A calculator: models guess numbers, and look sure. */

static void
calculate (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_autofree char *problem = NULL;
  char *value = sotto_expression_evaluate (data, &problem);

  g_task_return_pointer (task, value != NULL ? value : g_strconcat ("Error: ", problem, NULL), g_free);
}

static void
run (GTask *task, const SottoToolPlace *place, yyjson_val *arguments)
{
  g_autoptr (GTask) owned = task;

  g_task_set_task_data (task, g_strdup (sotto_argument_get_text (arguments, "expression")), g_free);
  g_task_run_in_thread (task, calculate);
}

const SottoTool sotto_tool_calculate = {
  .name = "calculate",
  .title = NC_("tool", "Calculator"),
  .words = N_("Calculates exactly, instead of guessing."),
  .purpose = "Calculates the exact value of an arithmetic expression. Use it for every calculation.",
  .arguments = {
    { "expression", SOTTO_ARGUMENT_TEXT, TRUE, 1000,
      "For example (12.5 + 3) * 4^2, sqrt(2), 15% of 80, sin(30°), log(1000), ln(2), round(2/3, 2), max(1, 2), 10!, 17 mod 5, "
      "pi. Numbers without commas and units." },
  },
  .run = run,
};
