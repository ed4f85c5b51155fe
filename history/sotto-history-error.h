#pragma once

#if !defined (SOTTO_HISTORY_INSIDE)
# error "Only <sotto-history.h> may be included."
#endif

#include <glib.h>

G_BEGIN_DECLS

/**
 * SottoHistoryError:
 *
 * What can go wrong in history. The message of the #GError is a technical sentence in English; a
 * person gets a sentence made from the code and its arguments in their own language. A call that
 * was cancelled ends with %G_IO_ERROR_CANCELLED, as everywhere in GIO.
 *
 * The arguments that a code fills in stand beside it. None of these ends with a changed file: a
 * history that cannot be opened is left byte for byte as it was found.
 */
typedef enum {
  /* Opening */
  SOTTO_HISTORY_ERROR_NONE,             /* path: the folder, which holds no history */
  SOTTO_HISTORY_ERROR_EXISTS,           /* path: what stands where a new history was wanted */
  SOTTO_HISTORY_ERROR_IN_USE,           /* path: the lock file, wanted: process id, 0 if unknown */
  SOTTO_HISTORY_ERROR_LOCKED,           /* the keyring is locked, and asking was not allowed */
  SOTTO_HISTORY_ERROR_DENIED,           /* the person dismissed the keyring's question */
  SOTTO_HISTORY_ERROR_NO_KEYRING,       /* subject: what the session bus said */
  SOTTO_HISTORY_ERROR_NO_SECRET,        /* the keyring is open, but has no secret for this history;
                                         * subject: the keyring it was put into (service, file) */
  SOTTO_HISTORY_ERROR_NO_SLOT,          /* the envelope has no slot of that kind; path */
  SOTTO_HISTORY_ERROR_WRONG_SECRET,     /* wrong passphrase, code or keyring secret; path */
  SOTTO_HISTORY_ERROR_MALFORMED_CODE,   /* a recovery code that was mistyped; wanted: the first
                                         * group (1…) whose check character fails, 0: the length */
  SOTTO_HISTORY_ERROR_MISSING_DATABASE, /* path: an envelope is there, its database is not */
  SOTTO_HISTORY_ERROR_MISSING_ENVELOPE, /* path: a database is there, its envelope is not */
  SOTTO_HISTORY_ERROR_CORRUPT_ENVELOPE, /* path, subject: which part */
  SOTTO_HISTORY_ERROR_CORRUPT_DATABASE, /* path, subject: what SQLite said */
  SOTTO_HISTORY_ERROR_NEWER,            /* path, wanted: its version, available: ours */
  SOTTO_HISTORY_ERROR_NOT_A_BACKUP,     /* path: a file to restore that is something else */

  /* At any time */
  SOTTO_HISTORY_ERROR_IO,               /* path, subject: what the system said */
  SOTTO_HISTORY_ERROR_DISK_FULL,        /* path */
  SOTTO_HISTORY_ERROR_TOO_LARGE,        /* path: the disk, or a limit, takes no file as large as it would be */
  SOTTO_HISTORY_ERROR_READ_ONLY,        /* path: on a disk that can only be read, or a file that may only be read */
  SOTTO_HISTORY_ERROR_GONE,             /* path: the open database is not there any more, or another one is */
  SOTTO_HISTORY_ERROR_MEMORY,           /* wanted: bytes */
  SOTTO_HISTORY_ERROR_NOT_FOUND,        /* subject: the id */
  SOTTO_HISTORY_ERROR_INVALID,          /* subject: which argument, and why */
  SOTTO_HISTORY_ERROR_LAST_SLOT,        /* removing it would lock the history for ever */
  SOTTO_HISTORY_ERROR_CLOSED,           /* the store was closed */
} SottoHistoryError;

#define SOTTO_HISTORY_ERROR (sotto_history_error_quark ())
GQuark sotto_history_error_quark (void);

/**
 * SottoHistoryErrorArguments:
 * @path: (nullable): the file concerned
 * @subject: (nullable): the thing concerned, as the code's comment says
 * @wanted: a number, as the code's comment says
 * @available: a number, as the code's comment says
 */
typedef struct {
  const char *path;
  const char *subject;
  guint64 wanted;
  guint64 available;
} SottoHistoryErrorArguments;

/**
 * sotto_history_error_get_arguments:
 * @error: an error of the domain %SOTTO_HISTORY_ERROR; copies keep their arguments
 *
 * Returns: (transfer none): its arguments, valid as long as @error
 */
const SottoHistoryErrorArguments *sotto_history_error_get_arguments (const GError *error);

G_END_DECLS
