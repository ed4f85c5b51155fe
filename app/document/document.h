#pragma once

#if !defined(SOTTO_APP_INSIDE) && !defined(SOTTO_APP_COMPILATION)
#error "Include sotto-app.h only."
#endif

#include <gio/gio.h>

#include "conversation/attachment.h"

G_BEGIN_DECLS

/**
 * SottoDocumentError:
 *
 * Why a file cannot be read as a document.
 */
typedef enum {
  SOTTO_DOCUMENT_ERROR_FOREIGN,    /* nothing that is read here */
  SOTTO_DOCUMENT_ERROR_TOO_LARGE,  /* a text that is longer than a message may be */
  SOTTO_DOCUMENT_ERROR_MISNAMED,   /* not what its name says */
  SOTTO_DOCUMENT_ERROR_DAMAGED,    /* one that nothing can be made of */
  SOTTO_DOCUMENT_ERROR_LOCKED,     /* one that opens with a password */
  SOTTO_DOCUMENT_ERROR_NO_TEXT,    /* pages of pictures */
  SOTTO_DOCUMENT_ERROR_TOO_LONG,   /* more text, or pages, than a message may have */
  SOTTO_DOCUMENT_ERROR_TOO_SLOW,   /* it takes too much time */
  SOTTO_DOCUMENT_ERROR_ELSEWHERE,  /* a document on another computer, which the helper cannot be given */
  SOTTO_DOCUMENT_ERROR_NO_READER,  /* the helper that reads such is not installed */
  SOTTO_DOCUMENT_ERROR_UNSAFE,     /* the system does not let the helper give up its rights */
  SOTTO_DOCUMENT_ERROR_OLD_FORMAT, /* .doc, .xls, .ppt: to be saved in a newer one */
  SOTTO_DOCUMENT_ERROR_EMPTY,      /* no text, and no pages either */
  SOTTO_DOCUMENT_ERROR_PICTURE_DAMAGED,   /* a picture that nothing can be made of */
  SOTTO_DOCUMENT_ERROR_PICTURE_LARGE,     /* one of more bytes or pixels than are taken, or that takes too much time */
  SOTTO_DOCUMENT_ERROR_PICTURE_FORMAT,    /* one in a format that is not read */
  SOTTO_DOCUMENT_ERROR_PICTURE_NO_READER, /* as NO_READER, of pictures */
  SOTTO_DOCUMENT_ERROR_PICTURE_UNSAFE,    /* as UNSAFE, of pictures */
} SottoDocumentError;

#define SOTTO_DOCUMENT_ERROR (sotto_document_error_quark ())
GQuark sotto_document_error_quark (void);

/**
 * SottoDocument:
 *
 * A file on its way into what is written to a model, or into a folder of documents: its name, and its text, page by
 * page if it has pages; or a picture, for a message alone. One is read once.
 *
 * All but plain text is read by a process of its own, without rights (reader/); what that sends is not trusted. Nothing of it
 * touches the disk. A page of the web stays as it is in a message, where a person may want its source, and is read as text for a
 * folder.
 *
 * Properties (all read-only):
 * - "has-pages" (boolean): it has turned out to be none, and is read by such a process, which may take a while
 * - "page" (uint): how many pages have been read
 * - "n-pages" (uint): how many there are; 0: not known yet, or it has none
 */
#define SOTTO_TYPE_DOCUMENT (sotto_document_get_type ())
G_DECLARE_FINAL_TYPE (SottoDocument, sotto_document, SOTTO, DOCUMENT, GObject)

SottoDocument *sotto_document_new (GFile *file);

void sotto_document_read_async (SottoDocument *self, GAsyncReadyCallback callback, gpointer user_data);

/**
 * sotto_document_read_finish:
 * @error: a #SottoDocumentError, %G_IO_ERROR_CANCELLED, or what opening the file brings
 *
 * Returns: (transfer full): its text under its name, with a page's number above each page; of a picture its file, decoded once
 *   already
 */
SottoAttachment *sotto_document_read_finish (SottoDocument *self, GAsyncResult *result, GError **error);

/**
 * SottoDocumentPage:
 * @number: from 1; 0: the document has no pages (one element then)
 * @text: UTF-8, tidied
 */
typedef struct {
  guint number;
  char *text;
} SottoDocumentPage;

/**
 * sotto_document_read_pages_async:
 *
 * In place of sotto_document_read_async(), for who wants a document's pages one by one: folders of documents. Its bounds
 * are wider, as it need not fit into a message. May be called in any thread with a #GMainContext of its own.
 */
void sotto_document_read_pages_async (SottoDocument *self, GAsyncReadyCallback callback, gpointer user_data);

/**
 * sotto_document_read_pages_finish:
 * @error: as of sotto_document_read_finish()
 *
 * Returns: (transfer full) (element-type SottoDocumentPage): in order; pages without text are left out, and there is one at
 *   least
 */
GPtrArray *sotto_document_read_pages_finish (SottoDocument *self, GAsyncResult *result, GError **error);

/**
 * sotto_document_knows_name:
 *
 * Whether a file of that name is of a kind that is read as a document in a folder, by its ending: text in some form, and what
 * a helper reads, where it is installed. Source code is not a document.
 */
gboolean sotto_document_knows_name (const char *name);

/* What runs ends with %G_IO_ERROR_CANCELLED, its process killed. */
void sotto_document_cancel (SottoDocument *self);

/* Returns: (transfer none) */
GFile *sotto_document_get_file (SottoDocument *self);

/* Returns: (transfer none): the file's name, for people: UTF-8, one line */
const char *sotto_document_get_name (SottoDocument *self);
gboolean sotto_document_has_pages (SottoDocument *self);
guint sotto_document_get_page (SottoDocument *self);
guint sotto_document_get_n_pages (SottoDocument *self);

/* What to say of @error of sotto_document_read_finish(): (transfer full) */
char *sotto_document_describe_error (SottoDocument *self, const GError *error);

/* The same of what never was a file, such as a picture that was pasted (sotto_conversation_attach_bytes_finish()): (transfer full).
 * @name: what it is called */
char *sotto_document_describe_error_of (const char *name, const GError *error);

/* Whether the helpers are here: the one that reads PDFs, and the one that reads documents of offices, books and pages of the
 * web */
gboolean sotto_document_can_read_pdf (void);
gboolean sotto_document_can_read_office (void);

/* And the one that decodes pictures */
gboolean sotto_document_can_read_pictures (void);

/* Returns: (transfer none) (array zero-terminated=1): how names end of what the second reads, web pages aside */
const char *const *sotto_document_get_office_endings (void);

G_END_DECLS
