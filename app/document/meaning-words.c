#include "config.h"

#include "document/meaning-private.h"

#include <glib/gi18n-lib.h>
#include <sotto-engine.h>

#include "numbers.h"
#include "words.h"

/* Finding by meaning in words. */

static char *
describe_waiting (SottoMeaning *self)
{
  if (self->is_resting)
    /* Translators: comparing messages and passages of documents by what they are about does */
    return g_strdup (_("Waits until the reply is written"));
  if (sotto_document_folders_is_reading (self->folders))
    /* Translators: comparing messages and passages of documents by what they are about does */
    return g_strdup (_("Waits until the documents are read"));
  if (self->power != NULL && g_power_profile_monitor_get_power_saver_enabled (self->power))
    /* Translators: comparing messages and passages of documents by what they are about does */
    return g_strdup (_("Waits while power is saved"));
  return g_strdup (_("Waits"));
}

char *
sotto_meaning_describe (SottoMeaning *self)
{
  g_autofree char *done = NULL;
  g_autofree char *all = NULL;

  switch (self->state)
    {
    case SOTTO_MEANING_STATE_NO_MODEL:
      return g_strdup (_("There is no embedding model on this computer yet"));
    case SOTTO_MEANING_STATE_WAITING:
      return describe_waiting (self);
    case SOTTO_MEANING_STATE_WORKING:
      done = sotto_number_describe (sotto_meaning_get_n_done (self));
      all = sotto_number_describe (self->n_all);
      /* Translators: how many messages, and passages of documents, can be found by what they are about, of how many (the number that
       * the plural is for) */
      return g_strdup_printf (ngettext ("%s of %s message or passage", "%s of %s messages and passages", (gulong) self->n_all), done, all);
    case SOTTO_MEANING_STATE_READY:
      /* Translators: all messages and passages of documents can be found by what they are about */
      return g_strdup (_("Ready"));
    case SOTTO_MEANING_STATE_FAILED:
      return g_strdup (self->problem != NULL ? sotto_problem_get_text (self->problem) : "");
    case SOTTO_MEANING_STATE_OFF:
    default:
      /* Translators: messages and passages of documents are not found by what they are about */
      return g_strdup (_("Off"));
    }
}

SottoProblem *
sotto_meaning_create_problem (const char *model, const GError *error)
{
  SottoRemedy remedy;
  g_autofree char *why = NULL;

  /* What the engine says of memory is about a model that is chosen to write. */
  if (g_error_matches (error, SOTTO_ENGINE_ERROR, SOTTO_ENGINE_ERROR_MEMORY))
    /* Translators: %s is the name of an embedding model */
    return sotto_problem_new_in_words (g_strdup_printf (_("There is not enough memory for “%s” beside the model that writes. "
                                                          "Chats and documents are found by their words only."), model),
                                       error->message, SOTTO_REMEDY_RETRY);
  if (g_error_matches (error, SOTTO_APP_ERROR, SOTTO_APP_ERROR_MODEL_MISSING))
    /* Translators: %s is the name of an embedding model */
    return sotto_problem_new_in_words (g_strdup_printf (_("The file of “%s” is no longer there. Put it back, or choose another "
                                                          "embedding model."), model),
                                       error->message, SOTTO_REMEDY_RETRY);
  why = sotto_words_for_error (error, &remedy);
  /* Translators: the first %s is the name of an embedding model, the second are one or two sentences */
  return sotto_problem_new_in_words (g_strdup_printf (_("Nothing can be found by meaning with “%s”. %s"), model, why),
                                     error->message, SOTTO_REMEDY_RETRY);
}
