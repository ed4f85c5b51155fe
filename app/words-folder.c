#include "config.h"

#include "document-folders.h"
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
