#include "config.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <locale.h>
#include <signal.h>
#include <sotto-app.h>
#include <sotto-ui.h>

/* The executable: guard, words, options; then --ask, or the window. */

typedef struct {
  char *question;
  char *system;
  char *model;
  char *json_schema;
  char **attachments;
  char *seed;
  char *temperature;
  char *max_tokens;
  gboolean shows_version;
} Options;

static void
options_clear (Options *options)
{
  g_free (options->question);
  g_free (options->system);
  g_free (options->model);
  g_free (options->json_schema);
  g_strfreev (options->attachments);
  g_free (options->seed);
  g_free (options->temperature);
  g_free (options->max_tokens);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

/* What is not known here is left for GApplication and GTK. */
static gboolean
parse_options (Options *options, int *argc, char ***argv, GError **error)
{
  const GOptionEntry entries[] = {
    { "ask", 'a', 0, G_OPTION_ARG_STRING, &options->question,
      N_("Answer TEXT on the terminal, and further text from standard input if that is "
         "piped"), N_("TEXT") },
    { "model", 'm', 0, G_OPTION_ARG_FILENAME, &options->model,
      N_("With --ask: the model: a path, a name or a part of a name"), N_("MODEL") },
    { "system", 0, 0, G_OPTION_ARG_STRING, &options->system,
      N_("With --ask: what to tell the model beforehand"), N_("TEXT") },
    { "attach", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->attachments,
      N_("With --ask: a document or picture that the question is about; may be given several times"), N_("FILE") },
    { "json-schema", 0, 0, G_OPTION_ARG_FILENAME, &options->json_schema,
      N_("With --ask: the answer is JSON that fits this JSON Schema"), N_("FILE") },
    { "temperature", 0, 0, G_OPTION_ARG_STRING, &options->temperature,
      N_("With --ask: 0 for the most likely words, up to 2"), N_("NUMBER") },
    { "seed", 0, 0, G_OPTION_ARG_STRING, &options->seed,
      N_("With --ask: the same seed gives the same answer"), N_("NUMBER") },
    { "max-tokens", 0, 0, G_OPTION_ARG_STRING, &options->max_tokens,
      N_("With --ask: end the answer after so many tokens"), N_("NUMBER") },
    { "version", 'v', 0, G_OPTION_ARG_NONE, &options->shows_version, N_("Show the version"), NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = g_option_context_new (N_("[FILE…]"));

  g_option_context_set_summary (context, _("Chat with language models that run inside "
                                             "this program."));
  g_option_context_set_translation_domain (context, GETTEXT_PACKAGE);
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  g_option_context_set_ignore_unknown_options (context, TRUE);
  return g_option_context_parse (context, argc, argv, error);
}

static gboolean
refuse_value (const char *option, const char *value)
{
  /* Translators: the first %s is an option such as --seed */
  g_printerr (_("sotto: %s does not take the value “%s”."), option, value);
  g_printerr ("\n");
  return FALSE;
}

static gboolean
read_numbers (const Options *options, SottoAsk *ask)
{
  gint64 number;

  if (options->seed != NULL
      && !g_ascii_string_to_signed (options->seed, 10, 0, G_MAXINT64, &ask->seed, NULL))
    return refuse_value ("--seed", options->seed);

  if (options->max_tokens != NULL)
    {
      if (!g_ascii_string_to_signed (options->max_tokens, 10, 1, G_MAXINT, &number, NULL))
        return refuse_value ("--max-tokens", options->max_tokens);
      ask->max_tokens = (int) number;
    }

  if (options->temperature != NULL)
    {
      char *end = NULL;

      ask->temperature = g_ascii_strtod (options->temperature, &end);
      if (end == options->temperature || *end != '\0'
          || !(ask->temperature >= 0 && ask->temperature <= 2))
        return refuse_value ("--temperature", options->temperature);
    }
  return TRUE;
}

static int
run_ask (const Options *options, int argc, char **argv)
{
  SottoAsk ask = { options->question, options->system, options->model, options->json_schema, (const char *const *) options->attachments, -1, -1, 0 };

  if (argc > 1)
    {
      g_printerr (_("sotto: “%s” means nothing here. A question with spaces needs "
                    "quotation marks."), argv[1]);
      g_printerr ("\n");
      return 1;
    }
  return read_numbers (options, &ask) ? sotto_ask_run (&ask) : 1;
}

static int
run_window (int argc, char **argv)
{
  g_autoptr (SottoApp) app = NULL;
  g_autoptr (GApplication) application = NULL;

  if (g_getenv ("WAYLAND_DISPLAY") == NULL && g_getenv ("DISPLAY") == NULL)
    {
      g_printerr ("sotto: %s\n", _("There is no display to open a window on. Start Sotto from a "
                                   "desktop, "
                                   "or ask on the terminal: sotto --ask \"What is the capital of "
                                   "France?\""));
      return 1;
    }

  /* What reads aloud is a process that may be gone when it is written to. */
  signal (SIGPIPE, SIG_IGN);
  app = sotto_app_new (NULL);
  application = sotto_ui_application_new (app);
  return g_application_run (application, argc, argv);
}

int
main (int argc, char **argv)
{
  const gboolean guarded = sotto_guard_engage ();
  const int guard_errno = errno;
  g_auto (Options) options = { NULL };
  g_autoptr (GError) error = NULL;

  sotto_guard_seal ();
  /* A file that may not grow any larger is an error like any other. */
  signal (SIGXFSZ, SIG_IGN);
  setlocale (LC_ALL, "");
  /* app/run names the folder of the build, since nothing is installed there. */
  bindtextdomain (GETTEXT_PACKAGE, g_getenv ("SOTTO_LOCALE_DIR") != NULL
                  ? g_getenv ("SOTTO_LOCALE_DIR") : SOTTO_LOCALE_DIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);

  if (!guarded)
    g_printerr ("sotto: %s (%s)\n", _("This system has no filter that keeps programs off the "
                                      "network."),
                g_strerror (guard_errno));

  if (!parse_options (&options, &argc, &argv, &error))
    {
      g_printerr ("sotto: %s\n", error->message);
      return 1;
    }
  if (options.shows_version)
    {
      g_print ("Sotto %s\n", SOTTO_VERSION);
      return 0;
    }
  if (options.question != NULL)
    return run_ask (&options, argc, argv);

  g_set_application_name ("Sotto");
  return run_window (argc, argv);
}
