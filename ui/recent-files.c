#include "recent-files.h"

/* A file dialog tells the desktop what was chosen in it, as soon as it has found out what kind of file that is. The list is written
 * a quarter of a second later. */
#define FORGET_MS 20
#define FORGET_TRIES 100

typedef struct {
  char *uri;
  guint tries;
} Forget;

static void
forget_free (gpointer data)
{
  Forget *self = data;

  g_free (self->uri);
  g_free (self);
}

static gboolean
forget (gpointer data)
{
  Forget *self = data;

  if (gtk_recent_manager_remove_item (gtk_recent_manager_get_default (), self->uri, NULL))
    return G_SOURCE_REMOVE;

  return ++self->tries < FORGET_TRIES ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

void
sotto_recent_files_forget (GFile *file)
{
  Forget *self = g_new0 (Forget, 1);

  self->uri = g_file_get_uri (file);
  g_timeout_add_full (G_PRIORITY_DEFAULT, FORGET_MS, forget, self, forget_free);
}
