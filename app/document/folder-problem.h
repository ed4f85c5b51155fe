#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Why a document of a folder could not be read: a word that the history keeps with it. */

/* A document that is not even opened */
#define SOTTO_FOLDER_PROBLEM_TOO_LARGE "too-large"
#define SOTTO_FOLDER_PROBLEM_EMPTY "empty"
#define SOTTO_FOLDER_PROBLEM_GONE "gone"

/* @error: of sotto_document_read_pages_finish(). Returns: (transfer none): the word */
const char *sotto_folder_problem_of_error (const GError *error);

/* Whether reading may go well another time although the file stays as it is. @is_readable: the person may read it */
gboolean sotto_folder_problem_may_pass (const char *problem, gboolean is_readable);

/* Returns: (transfer none): a translated sentence */
const char *sotto_words_for_folder_problem (const char *problem);

G_END_DECLS
