#include "config.h"

#include "document/document-private.h"
#include "words.h"

#include <glib/gi18n-lib.h>

/* Why a file cannot be read as a document, and what one can do about it. In each sentence %s is the file's name. */

static const char *
sentence (SottoDocumentError code)
{
  switch (code)
    {
    case SOTTO_DOCUMENT_ERROR_FOREIGN:
      /* Translators: here and below %s is the name of a file */
      return _("“%s” is not a file that Sotto can read.");
    case SOTTO_DOCUMENT_ERROR_TOO_LARGE:
      return _("“%s” is too large to be part of a message.");
    case SOTTO_DOCUMENT_ERROR_MISNAMED:
      return _("“%s” is not the kind of file that its name says.");
    case SOTTO_DOCUMENT_ERROR_DAMAGED:
      return _("“%s” is damaged. If another program can open it, print it into a PDF there, and use that one.");
    case SOTTO_DOCUMENT_ERROR_LOCKED:
      return _("“%s” opens with a password only. Save it without one in another program, and use that file.");
    case SOTTO_DOCUMENT_ERROR_NO_TEXT:
      return _("There is no text in “%s”: its pages are pictures, as a scanner makes them. Have another program "
               "recognize the text first.");
    case SOTTO_DOCUMENT_ERROR_TOO_LONG:
      return _("“%s” has more text than a message can take. Print the pages that matter into a PDF in another "
               "program, and use that one.");
    case SOTTO_DOCUMENT_ERROR_TOO_SLOW:
      return _("“%s” takes too long to read. Print the pages that matter into a PDF in another program, and use "
               "that one.");
    case SOTTO_DOCUMENT_ERROR_ELSEWHERE:
      return _("“%s” is not on this computer. Copy it here first.");
    case SOTTO_DOCUMENT_ERROR_NO_READER:
      return _("“%s” was not read: the part of Sotto that reads such files is not installed. Copy its text out of another "
               "program, and paste it.");
    case SOTTO_DOCUMENT_ERROR_UNSAFE:
      return _("“%s” was not read: this system cannot lock up the program that reads such files, which might be made to do "
               "harm. Copy its text out of another program, and paste it.");
    case SOTTO_DOCUMENT_ERROR_OLD_FORMAT:
      return _("“%s” is in an old format. Save it in a newer one (DOCX, XLSX, PPTX or OpenDocument) in another program, and use "
               "that file.");
    case SOTTO_DOCUMENT_ERROR_EMPTY:
      return _("There is no text in “%s”.");
    case SOTTO_DOCUMENT_ERROR_PICTURE_DAMAGED:
      /* Translators: here and below %s is the name of a picture's file */
      return _("“%s” is damaged. If another program can open it, save it as PNG there, and use that file.");
    case SOTTO_DOCUMENT_ERROR_PICTURE_LARGE:
      return _("“%s” is too large a picture. Make it smaller in another program, and use that file.");
    case SOTTO_DOCUMENT_ERROR_PICTURE_FORMAT:
      return _("“%s” is a picture in a format that Sotto cannot read. Save it as PNG or JPEG in another program, and use that "
               "file.");
    case SOTTO_DOCUMENT_ERROR_PICTURE_NO_READER:
      return _("“%s” was not read: the part of Sotto that reads pictures is not installed.");
    case SOTTO_DOCUMENT_ERROR_PICTURE_UNSAFE:
      return _("“%s” was not read: this system cannot lock up the program that reads pictures, which might be made to do harm.");
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
