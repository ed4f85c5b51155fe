#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * SottoFolderWatch:
 *
 * Tells that something in a folder, or in the folders directly in it, has changed: some seconds after it was the last time, and
 * not more often than every half a minute.
 */
typedef struct _SottoFolderWatch SottoFolderWatch;

/* @func: in the main context */
SottoFolderWatch *sotto_folder_watch_new (GFile *folder, GCallback func, gpointer user_data);
void sotto_folder_watch_free (SottoFolderWatch *self);

/* @inside: (element-type filename): names of the folders directly in it */
void sotto_folder_watch_set_inside (SottoFolderWatch *self, const GPtrArray *inside);

/* How long nothing may have changed, and how much time lies between two times that it is told. For tests, which cannot wait. */
void sotto_folder_watch_set_patience (guint quiet_ms, guint apart_ms);

G_END_DECLS
