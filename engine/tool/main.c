/* sotto-engine: the engine from the command line. Each subcommand is a function in a file of its
 * group. */

#include "config.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "sotto-build.h"
#include "tool.h"

static const struct {
  const char *name;
  const char *synopsis;
  const char *summary;
  ToolRun run;
} commands[] = {
  { "inspect", "MODEL [--context N]", "a model as JSON: metadata, tensors, memory", tool_inspect },
  { "verify", "MODEL", "whether every weight is a number; the file's hash", tool_verify },
  { "tokenize", "MODEL [--special]", "text on standard input to token ids", tool_tokenize },
  { "detokenize", "MODEL ID…", "token ids to text", tool_detokenize },
  { "render", "MODEL|--template FILE --messages FILE", "a conversation as a prompt", tool_render },
  { "logits", "MODEL --tokens 1,2,3 --output FILE", "float32, tokens × vocabulary", tool_logits },
  { "generate", "MODEL --prompt TEXT", "an answer, as it is generated", tool_generate },
  { "perplexity", "MODEL FILE [--context N]", "how a text surprises a model", tool_perplexity },
  { "devices", "", "what can compute here: CPU and GPUs", tool_devices },
  { "bench", "MODEL [--json]", "tokens a second, prefill and decode", tool_bench },
};

static void
print_usage (FILE *stream)
{
  fprintf (stream, "Usage:\n");
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      int width = 38 - (int) g_utf8_strlen (commands[i].synopsis, -1);

      fprintf (stream, "  sotto-engine %-10s %s%*s %s\n", commands[i].name, commands[i].synopsis,
               MAX (width, 0), "", commands[i].summary);
    }
  fprintf (stream, "\nsotto-engine COMMAND --help says more of each.\n");
}

static ToolRun
find_command (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (strcmp (commands[i].name, name) == 0)
      return commands[i].run;

  return NULL;
}

int
main (int    argc,
      char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *program = NULL;
  ToolRun run;

  setlocale (LC_ALL, "");
  /* Numbers are for other programs. */
  setlocale (LC_NUMERIC, "C");

  if (argc < 2)
    {
      print_usage (stderr);
      return 2;
    }
  if (strcmp (argv[1], "--help") == 0 || strcmp (argv[1], "-h") == 0
      || strcmp (argv[1], "help") == 0)
    {
      print_usage (stdout);
      return 0;
    }
  if (strcmp (argv[1], "--version") == 0)
    {
      printf ("sotto-engine " SOTTO_VERSION " (" SOTTO_BUILD "), numerics version %d\n",
              SOTTO_NUMERICS_VERSION);
      return 0;
    }

  run = find_command (argv[1]);
  if (run == NULL)
    {
      fprintf (stderr, "sotto-engine: there is no command \"%s\"; try --help\n", argv[1]);
      return 2;
    }

  program = g_strdup_printf ("sotto-engine %s", argv[1]);
  g_set_prgname (program);

  if (run (argv + 1, &error))
    return 0;

  fprintf (stderr, "sotto-engine: %s\n", error->message);

  return error->domain == G_OPTION_ERROR ? 2 : 1;
}
