#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * SottoTimelines:
 * @create: begins to write what is kept of @conversation with the model of that SHA-256, exactly @n_bytes; (nullable) (transfer
 *   full): %NULL: it is not to be kept. It takes the place of what was kept before when @finish says so
 * @write: %FALSE: it is of no use to go on
 * @finish: all has been written; %FALSE: it is not kept
 * @open: what is kept, from its beginning; (nullable) (transfer full): %NULL: nothing is
 * @read: whether so many bytes were there, as they were written
 * @close: (transfer full): of both; what was created and not finished is dropped
 * @remove: drops what is kept. @conversation, @model: (nullable): %NULL: of all
 *
 * Where a worker puts timelines that are to outlive it: what a model has computed of a conversation, as bytes that nobody
 * else has to understand. Who provides it encrypts them, knows how much room there is, and gives back what it was given or nothing.
 * Called from the worker's thread; @write and @read are called with pieces small enough to be done within some milliseconds.
 */
typedef struct {
  gpointer (*create) (const char *conversation, const char *model, guint64 n_bytes, gpointer user_data);
  gboolean (*write) (gpointer file, gconstpointer bytes, gsize n_bytes);
  gboolean (*finish) (gpointer file);
  gpointer (*open) (const char *conversation, const char *model, gpointer user_data);
  gboolean (*read) (gpointer file, gpointer bytes, gsize n_bytes);
  void (*close) (gpointer file);
  void (*remove) (const char *conversation, const char *model, gpointer user_data);
  gpointer user_data;
} SottoTimelines;

G_END_DECLS
