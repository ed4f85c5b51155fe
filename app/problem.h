#pragma once

#if !defined(SOTTO_APP_INSIDE) && !defined(SOTTO_APP_COMPILATION)
#error "Include sotto-app.h only."
#endif

#include "kinds.h"

G_BEGIN_DECLS

/**
 * SottoProblem:
 *
 * Something that went wrong, in words for a person. Immutable.
 *
 * Properties (all read-only, constant):
 * - "text" (string): one or two translated sentences, no markup
 * - "detail" (string, nullable): the technical sentence, for a "details" row or the clipboard
 * - "remedy" (#SottoRemedy): what can be done about it
 * - "remedy-label" (string, nullable): a translated label for a button that does it, with mnemonic
 */
#define SOTTO_TYPE_PROBLEM (sotto_problem_get_type ())
G_DECLARE_FINAL_TYPE (SottoProblem, sotto_problem, SOTTO, PROBLEM, GObject)

/**
 * SottoAppError:
 *
 * What the application itself refuses.
 */
typedef enum {
  SOTTO_APP_ERROR_NOT_READY,     /* the history is not open */
  SOTTO_APP_ERROR_BUSY,          /* this conversation's reply is still running */
  SOTTO_APP_ERROR_EMPTY,         /* nothing to send */
  SOTTO_APP_ERROR_TOO_MANY_ATTACHMENTS, /* more files than a message may have */
  SOTTO_APP_ERROR_TOO_MANY_PICTURES,    /* more pictures than a message may have */
  SOTTO_APP_ERROR_NO_MODEL,      /* no model is chosen and none is there */
  SOTTO_APP_ERROR_MODEL_MISSING, /* the chosen model's file is gone */
  SOTTO_APP_ERROR_CONTEXT_FULL,  /* a reply was cut off: the context is full */
  SOTTO_APP_ERROR_CONTEXT_AT_END, /* the same, or a message too long, and the model takes no more */
  SOTTO_APP_ERROR_CONTEXT_TO_SUM_UP, /* the same where a summary would make room */
  SOTTO_APP_ERROR_NO_SUMMARY,    /* nothing to sum up, or the model had no words for it */
  SOTTO_APP_ERROR_NO_SCHEMA,     /* answers are to be JSON by a schema, and none was written */
  SOTTO_APP_ERROR_SCHEMA_LARGE,  /* a JSON Schema that is longer than one may be */
  SOTTO_APP_ERROR_PASSPHRASE,    /* an empty passphrase */
  SOTTO_APP_ERROR_REPLY_FAILED,  /* a reply of an earlier day that an error had cut off */
  SOTTO_APP_ERROR_NOT_FOUND,     /* a message that is not there, or not to be reached now */
  SOTTO_APP_ERROR_TEMPORARY,     /* nothing is kept, so nothing can be protected */
  SOTTO_APP_ERROR_PROTECTING,    /* the protection is being changed already */
  SOTTO_APP_ERROR_NO_KEYRING,    /* there is no keyring to move into */
  SOTTO_APP_ERROR_KEYRING_REFUSED, /* the keyring to move into was not unlocked */
  SOTTO_APP_ERROR_EMBEDDING_MODEL, /* a model that writes nothing: it tells what a text is about */
  SOTTO_APP_ERROR_NO_MODEL_IN_FOLDER, /* a folder to add, without a model file in it */
  SOTTO_APP_ERROR_ARCHIVE_FOREIGN, /* a file or folder to import in which nothing is known */
  SOTTO_APP_ERROR_ARCHIVE_PACKED,  /* one that is a ZIP archive */
  SOTTO_APP_ERROR_ARCHIVE_NEWER,   /* an export of a later version */
  SOTTO_APP_ERROR_ARCHIVE_DAMAGED, /* an export that was cut off or changed */
  SOTTO_APP_ERROR_ARCHIVE_LARGE,   /* an export that is too large to be read, or to be written */
  SOTTO_APP_ERROR_BACKUP_FOREIGN,  /* a file to restore that is no backup */
  SOTTO_APP_ERROR_BACKUP_NEWER,    /* a backup by a later version */
  SOTTO_APP_ERROR_BACKUP_DAMAGED,  /* a backup that was cut off or changed */
  SOTTO_APP_ERROR_BACKUP_WRONG,    /* what does not open a backup */
  SOTTO_APP_ERROR_NO_SPEECH_HELPER,  /* what reads aloud is not installed with Sotto */
  SOTTO_APP_ERROR_NO_SPEECH_SERVICE, /* the desktop has no speech service */
  SOTTO_APP_ERROR_NO_VOICE,          /* it has one, but no voice */
  SOTTO_APP_ERROR_NO_SOUND,          /* it has one, of which nothing is heard */
  SOTTO_APP_ERROR_SPEECH_LOST,       /* it broke off */
} SottoAppError;

#define SOTTO_APP_ERROR (sotto_app_error_quark ())
GQuark sotto_app_error_quark (void);

/**
 * sotto_problem_new:
 * @error: of the domains #SottoEngineError, history, #SottoAppError or GIO
 *
 * Returns: (transfer full): its words
 */
SottoProblem *sotto_problem_new (const GError *error);

/**
 * sotto_problem_new_in_words:
 * @text: (transfer full): what an error's own words would not say
 *
 * Returns: (transfer full)
 */
SottoProblem *sotto_problem_new_in_words (char *text, const char *detail, SottoRemedy remedy);

const char *sotto_problem_get_text (SottoProblem *self);
const char *sotto_problem_get_detail (SottoProblem *self);
SottoRemedy sotto_problem_get_remedy (SottoProblem *self);
const char *sotto_problem_get_remedy_label (SottoProblem *self);

G_END_DECLS
