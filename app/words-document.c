#include "config.h"

#include "document-private.h"
#include "words.h"

#include <glib/gi18n-lib.h>

/* Why a file cannot become part of a message, and what one can do about it. In each sentence %s is the file's name. */

static const char *
sentence (SottoDocumentError code)
{
  switch (code)
    {
    case SOTTO_DOCUMENT_ERROR_FOREIGN:
      /* Translators: here and below %s is the name of a file */
      return _("“%s” is neither a text file nor a PDF.");
    case SOTTO_DOCUMENT_ERROR_TOO_LARGE:
      return _("“%s” is too large to be part of a message.");
    case SOTTO_DOCUMENT_ERROR_NOT_PDF:
      return _("“%s” is not a PDF, although it is called one.");
    case SOTTO_DOCUMENT_ERROR_DAMAGED:
      return _("“%s” is damaged. If another program can open it, print it into a new PDF there, and insert that one.");
    case SOTTO_DOCUMENT_ERROR_LOCKED:
      return _("“%s” opens with a password only. Save it without one in another program, and insert that file.");
    case SOTTO_DOCUMENT_ERROR_NO_TEXT:
      return _("There is no text in “%s”: its pages are pictures, as a scanner makes them. Have another program "
               "recognize the text first.");
    case SOTTO_DOCUMENT_ERROR_TOO_LONG:
      return _("“%s” has more text than a message can take. Print the pages that matter into a new PDF in another "
               "program, and insert that one.");
    case SOTTO_DOCUMENT_ERROR_TOO_SLOW:
      return _("“%s” takes too long to read. Print the pages that matter into a new PDF in another program, and insert "
               "that one.");
    case SOTTO_DOCUMENT_ERROR_ELSEWHERE:
      return _("“%s” is not on this computer. Copy it here first.");
    case SOTTO_DOCUMENT_ERROR_NO_READER:
      return _("“%s” was not read: the part of Sotto that reads PDFs is not installed. Copy its text out of another "
               "program, and paste it.");
    case SOTTO_DOCUMENT_ERROR_UNSAFE:
      return _("“%s” was not read: this system cannot lock up the program that reads PDFs, which might be made to do "
               "harm. Copy its text out of another program, and paste it.");
    default:
      return NULL;
    }
}

char *
sotto_words_for_document (const char *name, const GError *error)
{
  const char *words = error->domain == SOTTO_DOCUMENT_ERROR ? sentence ((SottoDocumentError) error->code) : NULL;
  GString *text;

  if (words == NULL)
    return g_strdup (error->message);
  text = g_string_new (words);
  g_string_replace (text, "%s", name, 1);
  return g_string_free (text, FALSE);
}
