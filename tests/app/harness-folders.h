#pragma once

#include "harness.h"

#include "document/document-folders-private.h"

G_BEGIN_DECLS

/* Folders of documents in the test's own place, and what is read of them. */

/* Returns: (transfer full): a new, empty folder */
char *harness_create_folder (const char *name);
void harness_remove_folder (const char *path);

/* @name: of a file in @folder, whose folders are made */
void harness_write (const char *folder, const char *name, const char *text);

/* Returns: (transfer none): it is in the list, and has been read */
SottoDocumentFolder *harness_add_folder (SottoApp *app, const char *path);

/* Without waiting until it is read. Returns: (transfer full) (nullable) */
SottoDocumentFolder *harness_try_add (SottoApp *app, const char *path, GError **error);
void harness_assert_documents (SottoDocumentFolder *folder, guint n_documents, guint n_unread);

/* Off the list, and out of the history */
void harness_forget_folder (SottoApp *app, SottoDocumentFolder *folder);
void harness_look_again (SottoApp *app, SottoDocumentFolder *folder);
gboolean harness_has_read (gpointer folder);
gboolean harness_is_reading (gpointer folder);

/* Asks all folders of @app. Returns: (transfer full) (element-type SottoHistoryPart) */
GPtrArray *harness_find (SottoApp *app, const char *question);
gboolean harness_finds (SottoApp *app, const char *question, const char *text);

G_END_DECLS
