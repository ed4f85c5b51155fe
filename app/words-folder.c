#include "config.h"

#include "document/document-folders.h"
#include "document/document.h"
#include "document/folder-problem.h"
#include "words.h"

#include <glib/gi18n-lib.h>

/* Why a folder of documents is refused, and why a document in one could not be read. */

char *
sotto_words_for_folder (const GError *error, SottoRemedy *remedy)
{
  *remedy = SOTTO_REMEDY_NONE;
  switch ((SottoFolderError) error->code)
    {
    case SOTTO_FOLDER_ERROR_NOT_FOLDER:
      return g_strdup (_("This is not a folder."));
    case SOTTO_FOLDER_ERROR_ELSEWHERE:
      return g_strdup (_("Sotto reads folders on this computer only."));
    case SOTTO_FOLDER_ERROR_TOO_MUCH:
      return g_strdup (_("This folder holds too much. Choose the one in it that has your documents."));
    case SOTTO_FOLDER_ERROR_KNOWN:
      return g_strdup (_("This folder is there already."));
    case SOTTO_FOLDER_ERROR_INSIDE:
      return g_strdup (_("This folder is in another one that is there already, and is read with it."));
    case SOTTO_FOLDER_ERROR_AROUND:
      return g_strdup (_("A folder in this one is there already. Remove that one first, then add this one."));
    case SOTTO_FOLDER_ERROR_TOO_MANY:
      return g_strdup (_("These are more folders than Sotto can keep in view. Remove one first."));
    case SOTTO_FOLDER_ERROR_UNREADABLE:
      *remedy = SOTTO_REMEDY_RETRY;
      return g_strdup (_("This computer does not allow Sotto to look into this folder."));
    default:
      return NULL;
    }
}

/* --- Documents --- */

/* The words stand in histories. */
static const struct {
  GQuark (*domain) (void);
  int code;
  const char *problem;
  const char *sentence;
} problems[] = {
  { sotto_document_error_quark, SOTTO_DOCUMENT_ERROR_FOREIGN, "foreign", N_("It is not a file that Sotto can read.") },
  { sotto_document_error_quark, SOTTO_DOCUMENT_ERROR_TOO_LARGE, SOTTO_FOLDER_PROBLEM_TOO_LARGE, N_("It is too large.") },
  { sotto_document_error_quark, SOTTO_DOCUMENT_ERROR_MISNAMED, "misnamed",
    N_("It is not the kind of file that its name says.") },
  { sotto_document_error_quark, SOTTO_DOCUMENT_ERROR_DAMAGED, "damaged",
    N_("It is damaged. If another program can open it, print it into a PDF there.") },
  { sotto_document_error_quark, SOTTO_DOCUMENT_ERROR_LOCKED, "locked", N_("It opens with a password only.") },
  { sotto_document_error_quark, SOTTO_DOCUMENT_ERROR_NO_TEXT, "no-text",
    N_("Its pages are pictures, as a scanner makes them. Have another program recognize the text first.") },
  { sotto_document_error_quark, SOTTO_DOCUMENT_ERROR_TOO_LONG, "too-long", N_("It has more text than Sotto reads.") },
  { sotto_document_error_quark, SOTTO_DOCUMENT_ERROR_TOO_SLOW, "too-slow", N_("It takes too long to read.") },
  { sotto_document_error_quark, SOTTO_DOCUMENT_ERROR_ELSEWHERE, "elsewhere", N_("It is not on this computer.") },
  { sotto_document_error_quark, SOTTO_DOCUMENT_ERROR_NO_READER, "no-reader",
    N_("The part of Sotto that reads such files is not installed.") },
  { sotto_document_error_quark, SOTTO_DOCUMENT_ERROR_UNSAFE, "unsafe",
    N_("This system cannot lock up the program that reads such files, which might be made to do harm.") },
  { sotto_document_error_quark, SOTTO_DOCUMENT_ERROR_OLD_FORMAT, "old-format",
    N_("It is in an old format. Save it in a newer one (DOCX, XLSX, PPTX or OpenDocument) in another program.") },
  { sotto_document_error_quark, SOTTO_DOCUMENT_ERROR_EMPTY, SOTTO_FOLDER_PROBLEM_EMPTY, N_("There is no text in it.") },
  { g_io_error_quark, G_IO_ERROR_PERMISSION_DENIED, "denied", N_("This computer does not allow Sotto to read it.") },
  { g_io_error_quark, G_IO_ERROR_NOT_FOUND, SOTTO_FOLDER_PROBLEM_GONE, N_("It was no longer there when it was to be read.") },
};

/* All others */
#define PROBLEM_UNKNOWN "unknown"

const char *
sotto_folder_problem_of_error (const GError *error)
{
  for (guint i = 0; i < G_N_ELEMENTS (problems); i++)
    if (g_error_matches (error, problems[i].domain (), problems[i].code))
      return problems[i].problem;
  return PROBLEM_UNKNOWN;
}

gboolean
sotto_folder_problem_may_pass (const char *problem, gboolean is_readable)
{
  const char *passing[] = { "no-reader", "unsafe", SOTTO_FOLDER_PROBLEM_GONE, NULL };

  return g_strv_contains (passing, problem) || (is_readable && g_str_equal (problem, "denied"));
}

const char *
sotto_words_for_folder_problem (const char *problem)
{
  for (guint i = 0; i < G_N_ELEMENTS (problems); i++)
    if (g_str_equal (problems[i].problem, problem))
      return _(problems[i].sentence);
  return _("It could not be read.");
}
