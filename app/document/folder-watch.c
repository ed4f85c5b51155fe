#include "document/folder-watch.h"

/* A document that is being saved changes several times, and a file that is written all the time must not be read all the time. */
static guint quiet = 3000;
static guint apart = 30000;

struct _SottoFolderWatch
{
  GFile *folder;
  void (*func) (gpointer user_data);
  gpointer user_data;
  GFileMonitor *monitor;   /* NULL: the folder cannot be watched */
  GHashTable *inside;      /* from name to GFileMonitor */
  guint source;            /* tells it; 0: nothing has changed */
  gint64 told;             /* when it was, by the monotonic clock */
};

void
sotto_folder_watch_set_patience (guint quiet_ms, guint apart_ms)
{
  quiet = quiet_ms;
  apart = apart_ms;
}

static gboolean
on_quiet (gpointer user_data)
{
  SottoFolderWatch *self = user_data;

  self->source = 0;
  self->told = g_get_monotonic_time ();
  self->func (self->user_data);
  return G_SOURCE_REMOVE;
}

static void
on_changed (GFileMonitor *monitor, GFile *file, GFile *other, GFileMonitorEvent event, gpointer user_data)
{
  SottoFolderWatch *self = user_data;
  const gint64 since = self->told > 0 ? (g_get_monotonic_time () - self->told) / 1000 : G_MAXINT;
  const guint wait = since < apart ? MAX (quiet, apart - (guint) since) : quiet;

  g_clear_handle_id (&self->source, g_source_remove);
  self->source = g_timeout_add (wait, on_quiet, self);
}

static void
drop_monitor (gpointer data)
{
  GFileMonitor *monitor = data;

  g_signal_handlers_disconnect_matched (monitor, G_SIGNAL_MATCH_ID, g_signal_lookup ("changed", G_TYPE_FILE_MONITOR), 0, NULL,
                                        NULL, NULL);
  g_file_monitor_cancel (monitor);
  g_object_unref (monitor);
}

static GFileMonitor *
monitor_folder (SottoFolderWatch *self, GFile *folder)
{
  GFileMonitor *monitor = g_file_monitor_directory (folder, G_FILE_MONITOR_WATCH_MOVES, NULL, NULL);

  if (monitor != NULL)
    g_signal_connect (monitor, "changed", G_CALLBACK (on_changed), self);
  return monitor;
}

SottoFolderWatch *
sotto_folder_watch_new (GFile *folder, GCallback func, gpointer user_data)
{
  SottoFolderWatch *self = g_new0 (SottoFolderWatch, 1);

  self->folder = g_object_ref (folder);
  self->func = (void (*) (gpointer)) func;
  self->user_data = user_data;
  self->inside = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, drop_monitor);
  self->monitor = monitor_folder (self, folder);
  return self;
}

void
sotto_folder_watch_free (SottoFolderWatch *self)
{
  g_clear_handle_id (&self->source, g_source_remove);
  g_clear_pointer (&self->monitor, drop_monitor);
  g_hash_table_unref (self->inside);
  g_object_unref (self->folder);
  g_free (self);
}

void
sotto_folder_watch_set_inside (SottoFolderWatch *self, const GPtrArray *inside)
{
  g_autoptr (GHashTable) before = g_steal_pointer (&self->inside);

  self->inside = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, drop_monitor);
  for (guint i = 0; i < inside->len; i++)
    {
      const char *name = g_ptr_array_index (inside, i);
      g_autoptr (GFile) folder = g_file_get_child (self->folder, name);
      gpointer key;
      gpointer monitor;

      if (!g_hash_table_steal_extended (before, name, &key, &monitor))
        {
          key = NULL;
          monitor = monitor_folder (self, folder);
        }
      g_free (key);
      if (monitor != NULL)
        g_hash_table_insert (self->inside, g_strdup (name), monitor);
    }
}
