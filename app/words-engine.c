#include "config.h"

#include "numbers.h"
#include "words.h"

#include <glib/gi18n-lib.h>
#include <sotto-engine.h>

/* The engine's codes and arguments as sentences. What a person cannot act on (which tensor, which
 * line of a template) is left to the technical sentence, except where its author could. */

typedef struct {
  char *name;      /* the file's name, or "the model" */
  char *wanted;    /* as a size */
  char *available; /* as a size */
  char *wanted_number; /* in digits */
  char *available_number;
} Parts;

static void
parts_clear (Parts *parts)
{
  g_free (parts->name);
  g_free (parts->wanted);
  g_free (parts->available);
  g_free (parts->wanted_number);
  g_free (parts->available_number);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Parts, parts_clear)

static void
parts_fill (Parts *parts, const SottoErrorArguments *arguments)
{
  parts->name = arguments->path != NULL ? g_filename_display_basename (arguments->path)
                                        : g_strdup (_("The model"));
  parts->wanted = g_format_size (arguments->wanted);
  parts->available = g_format_size (arguments->available);
  parts->wanted_number = sotto_number_describe (arguments->wanted);
  parts->available_number = sotto_number_describe (arguments->available);
}

/* What is wrong with a file; another model is the remedy. */
static char *
words_for_file (SottoEngineError code, const SottoErrorArguments *arguments, const Parts *parts)
{
  const char *subject = arguments->subject != NULL ? arguments->subject : "?";

  switch (code)
    {
    case SOTTO_ENGINE_ERROR_OPEN:
      /* Translators: the first %s is a file name, the second what the system says */
      return g_strdup_printf (_("“%s” cannot be opened: %s"), parts->name, subject);
    case SOTTO_ENGINE_ERROR_NOT_GGUF:
      return g_strdup_printf (_("“%s” is not a model file. Sotto reads models in the GGUF format."),
                              parts->name);
    case SOTTO_ENGINE_ERROR_VERSION:
      return g_strdup_printf (_("“%s” is written in version %s of the GGUF format, which Sotto "
                                "does not read."),
                              parts->name, parts->wanted_number);
    case SOTTO_ENGINE_ERROR_TRUNCATED:
      /* Translators: %s: a file name, then two sizes such as “491 MB” */
      return g_strdup_printf (_("“%s” is not complete: it should hold %s and holds %s. Its "
                                "download may have been interrupted."),
                              parts->name, parts->wanted, parts->available);
    case SOTTO_ENGINE_ERROR_MALFORMED:
      return g_strdup_printf (_("“%s” is damaged and cannot be used. Get the file again."),
                              parts->name);
    case SOTTO_ENGINE_ERROR_SPLIT:
      /* Translators: a file name, how many files */
      return g_strdup_printf (ngettext ("“%s” is missing or belongs to another model. The model is split over "
                                        "%s file, which has to lie in one folder under its own name.",
                                        "“%s” is missing or belongs to another model. The model is split over "
                                        "%s files, which have to lie in one folder under their own names.",
                                        arguments->wanted),
                              parts->name, parts->wanted_number);
    case SOTTO_ENGINE_ERROR_CHANGED:
      return g_strdup_printf (_("“%s” was changed while it was in use. Try again to load it as it "
                                "is now."), parts->name);
    case SOTTO_ENGINE_ERROR_FAMILY:
      {
        g_autofree char *known = sotto_model_dup_families ();

        /* Translators: a file name, the name of a family, a list of such names */
        return g_strdup_printf (_("“%s” is a model of the family “%s”, which Sotto cannot run yet. "
                                  "It can run these: %s."),
                                parts->name, subject, known);
      }
    case SOTTO_ENGINE_ERROR_BLOCK_TYPE:
      /* Translators: a file name, a name such as “IQ1_S” */
      return g_strdup_printf (_("“%s” is compressed in a way (%s) that Sotto cannot read yet. "
                                "Another quantisation of the same model may work."),
                              parts->name, subject);
    case SOTTO_ENGINE_ERROR_TOKENIZER:
      /* Translators: a file name, the technical name of the way */
      return g_strdup_printf (_("“%s” splits text in a way (%s) that Sotto does not know yet."),
                              parts->name, subject);
    case SOTTO_ENGINE_ERROR_TENSOR:
      /* Translators: a file name, the technical name of the part */
      return g_strdup_printf (_("“%s” lacks a part of the model (%s), or it has an unexpected "
                                "shape."), parts->name, subject);
    default:
      return NULL;
    }
}

/* Why no GPU is used: CUDA's versions as drivers and their makers write them. */
static char *
words_for_gpu (const SottoErrorArguments *arguments, SottoRemedy *remedy)
{
  const char *subject = arguments->subject != NULL ? arguments->subject : "device";
  const guint wanted = (guint) arguments->wanted;
  const guint available = (guint) arguments->available;

  *remedy = SOTTO_REMEDY_SETTINGS;
  if (g_str_equal (subject, "module"))
    return g_strdup (_("No GPU is used: the part of Sotto that runs models on NVIDIA GPUs is not installed."));
  if (g_str_equal (subject, "driver") && available > 0)
    /* Translators: version numbers of CUDA, such as 12.4 */
    return g_strdup_printf (_("The GPU cannot be used: its driver is for CUDA %u.%u, and CUDA %u.%u is needed. "
                              "Install a newer NVIDIA driver."),
                            available / 1000, available % 1000 / 10, wanted / 1000, wanted % 1000 / 10);
  if (g_str_equal (subject, "driver"))
    return g_strdup (_("The GPU cannot be used: no NVIDIA driver was found."));
  if (g_str_equal (subject, "architecture"))
    /* Translators: the name of a GPU */
    return g_strdup_printf (_("“%s” is a GPU that this version of Sotto cannot use."),
                            arguments->path != NULL ? arguments->path : "?");
  if (g_str_equal (subject, "loading"))
    /* Translators: leave the command as it is */
    return g_strdup (_("The GPU cannot be used yet: a part of its driver is not loaded. "
                       "Run “nvidia-modprobe -u -c=0” in a terminal, then start Sotto again."));
  if (g_str_equal (subject, "wrong"))
    /* Translators: the name of a GPU */
    return g_strdup_printf (_("The GPU is not used: “%s” computed wrong results when it was tested. "
                              "A newer NVIDIA driver may help."),
                            arguments->path != NULL ? arguments->path : "?");
  if (g_str_equal (subject, "model"))
    return g_strdup (_("The GPU cannot be used for this model: it is built in a way that only the CPU can compute."));
  if (g_str_equal (subject, "lost"))
    return g_strdup (_("The GPU is not used: it has stopped working. Quit Sotto and start it again to use it."));
  return g_strdup (_("No GPU is used: no NVIDIA GPU was found."));
}

static char *
words_for_run (SottoEngineError           code,
               const SottoErrorArguments *arguments,
               const Parts               *parts,
               SottoRemedy               *remedy)
{
  const char *subject = arguments->subject != NULL ? arguments->subject : "?";

  switch (code)
    {
    case SOTTO_ENGINE_ERROR_CANCELLED:
      *remedy = SOTTO_REMEDY_RETRY;
      return g_strdup (_("Stopped."));
    case SOTTO_ENGINE_ERROR_TEMPLATE_SYNTAX:
      *remedy = SOTTO_REMEDY_CHOOSE_MODEL;
      /* Translators: a line's number, and what is wrong in technical words, in English */
      return g_strdup_printf (_("The model’s chat template cannot be read (line %s: %s)."),
                              parts->wanted_number, subject);
    case SOTTO_ENGINE_ERROR_TEMPLATE_RAISED:
      *remedy = SOTTO_REMEDY_CHOOSE_MODEL;
      /* Translators: %s is the model's own message */
      return g_strdup_printf (_("The model refuses this conversation: %s"), subject);
    case SOTTO_ENGINE_ERROR_TEMPLATE_LIMIT:
      *remedy = SOTTO_REMEDY_CHOOSE_MODEL;
      /* Translators: %s is what there is too much of, in technical words, in English */
      return g_strdup_printf (_("The model’s chat template takes too much (%s) and was ended."),
                              subject);
    case SOTTO_ENGINE_ERROR_MESSAGES:
      return g_strdup_printf (_("The messages cannot be given to the model: %s"), subject);
    case SOTTO_ENGINE_ERROR_MEMORY:
      *remedy = SOTTO_REMEDY_CHOOSE_MODEL;
      if (g_strcmp0 (subject, "image") == 0)
        /* Translators: two sizes such as “2.1 GB” */
        return g_strdup_printf (_("There is not enough memory to look at the picture: %s are needed and %s are free. "
                                  "Choose a smaller model, a shorter context, or a smaller picture."),
                                parts->wanted, parts->available);
      /* Translators: two sizes such as “2.1 GB” */
      return g_strdup_printf (_("There is not enough memory: %s are needed and %s are free. "
                                "Choose a smaller model or a shorter context."),
                              parts->wanted, parts->available);
    case SOTTO_ENGINE_ERROR_CONTEXT:
      *remedy = SOTTO_REMEDY_SETTINGS;
      /* Translators: how long the conversation with the message is, in tokens (the number that the plural is for), and how long it may be */
      return g_strdup_printf (ngettext ("This is too long for the model: it has %s token, and %s fit. "
                                        "Shorten the message, start a new chat, or allow a longer context in "
                                        "the preferences.",
                                        "This is too long for the model: it has %s tokens, and %s fit. "
                                        "Shorten the message, start a new chat, or allow a longer context in "
                                        "the preferences.",
                                        arguments->wanted),
                              parts->wanted_number, parts->available_number);
    case SOTTO_ENGINE_ERROR_STATE:
      *remedy = SOTTO_REMEDY_RETRY;
      return g_strdup (_("What was kept of this conversation’s computation does not fit "
                         "the model."));
    case SOTTO_ENGINE_ERROR_REQUEST:
      *remedy = SOTTO_REMEDY_SETTINGS;
      return g_strdup_printf (_("The model cannot be run like this: %s"), subject);
    case SOTTO_ENGINE_ERROR_BACKEND:
      *remedy = SOTTO_REMEDY_RETRY;
      return g_strdup_printf (_("The computation failed: %s"), subject);
    case SOTTO_ENGINE_ERROR_GPU:
      return words_for_gpu (arguments, remedy);
    default:
      return NULL;
    }
}

char *
sotto_words_for_engine (const GError *error, SottoRemedy *remedy)
{
  const SottoErrorArguments *arguments = sotto_engine_error_get_arguments (error);
  g_auto (Parts) parts = { NULL };
  char *words;

  if (error->code == SOTTO_ENGINE_ERROR_GRAMMAR)
    {
      *remedy = SOTTO_REMEDY_ANSWER_FORMAT;
      return sotto_words_for_schema (error);
    }
  parts_fill (&parts, arguments);
  words = words_for_file (error->code, arguments, &parts);
  if (words == NULL)
    return words_for_run (error->code, arguments, &parts, remedy);

  *remedy = error->code == SOTTO_ENGINE_ERROR_CHANGED
            ? SOTTO_REMEDY_RETRY : SOTTO_REMEDY_CHOOSE_MODEL;
  return words;
}
