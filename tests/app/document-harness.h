#pragma once

#include "sotto-app.h"

#include <gio/gio.h>

/* Files in a folder of the test's own, read as the window reads them, or as a folder of documents is. */

void make_folder (void);
void remove_folder (void);

/* Has a Python script of this folder write its files there. */
gboolean make_files (const char *script_name);
void write_file (const char *name, const char *data, gssize length);

/* Of one that begins with '/' as it stands, of others in the folder */
SottoDocument *create (const char *name);

void on_ready (GObject *source, GAsyncResult *result, gpointer user_data);
gboolean has_result (gpointer data);

/* For a message */
char *finish (SottoDocument *document, GError **error);
char *read_text (const char *name);
void assert_refused (const char *name, SottoDocumentError code);

/* For a folder */
GPtrArray *finish_pages (SottoDocument *document, GError **error);
GPtrArray *read_pages (const char *name);
void assert_page (GPtrArray *pages, guint position, guint number, const char *text);
