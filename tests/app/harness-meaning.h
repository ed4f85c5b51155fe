#pragma once

#include "harness-folders.h"

#include "document/meaning-private.h"

G_BEGIN_DECLS

/* Finding by meaning with a tiny model of random weights, of the engine's tests: what vectors are worth does not matter for how they are
 * kept. */

#define HARNESS_TINY_EMBEDDER "bert.gguf"
#define HARNESS_OTHER_EMBEDDER "nomic-bert.gguf"

/* One that knows what words mean, where it is: harness_link_model() */
#define HARNESS_REAL_EMBEDDER "all-MiniLM-L6-v2"

#define HARNESS_LIGHTHOUSE "# The lighthouse\n\nThe keeper of Skomvær is called Ingeborg. She winds the clockwork every four hours.\n"
#define HARNESS_HARBOUR "The harbour is closed from November to March, as the ice is too thick for ferries.\n"
#define HARNESS_BREAD "Knead the dough for ten minutes, let it rise under a cloth, and bake it in a hot oven until the crust is brown.\n"

/* Models of the library */
char *harness_build_model_path (const char *name);
void harness_copy_model (const char *fixture, const char *name);
void harness_remove_model (const char *name);

/* Looks at the disk again, to the end. */
void harness_look (SottoApp *app);

/* All states that there are from now on */
typedef struct {
  SottoMeaning *meaning;
  GArray *states;
} HarnessWatch;

HarnessWatch *harness_begin_watch (SottoApp *app);
gboolean harness_has_worked (gpointer watch);
void harness_end_watch (HarnessWatch *watch);

/* For harness_wait_for(), with the application */
gboolean harness_is_ready (gpointer app);
gboolean harness_has_failed (gpointer app);

/* How many passages and messages the history itself knows to lack a vector */
guint64 harness_count_left (SottoApp *app);
guint64 harness_count_messages_left (SottoApp *app);

/* An application with a model and a folder whose passages are READY. @path: (out) (transfer full): of the folder */
void harness_write_documents (const char *path);
SottoApp *harness_open_with_documents (const char *name, char **path, SottoDocumentFolder **folder);
void harness_close_with_documents (SottoApp *app, const char *path, SottoDocumentFolder *folder);

G_END_DECLS
