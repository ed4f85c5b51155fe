#pragma once

#include "conversation/pixels.h"
#include "services.h"
#include "transfer/transfer.h"

G_BEGIN_DECLS

struct _SottoTransfer
{
  GObject parent_instance;

  /* Set before it runs */
  SottoConversationList *list;
  SottoServices *services; /* of an export of one conversation: its own; NULL: the list's */
  SottoStore *store;
  GFile *file;
  GCancellable *cancellable;
  SottoExportFormat format;
  gboolean is_import;
  char *backup;       /* where a backup is made; NULL: this is none */
  GStrv ids;          /* of an export: what goes out */
  GHashTable *models; /* of an import: name of a model's file → its path here */
  char *models_folder; /* where one belongs that is not here */

  /* The thread's while it runs, then the main context's */
  GPtrArray *records; /* of SottoHistoryConversation: what an import has added, the file's first first */
  GPtrArray *groups;  /* of SottoHistoryGroup: all there are after an import */
  char *first_id;
  guint n_known;
  guint n_left_out[SOTTO_N_LEFT_OUT];
  char *origin;       /* of an import: names of programs */

  /* Atomic */
  gint n_done;
  gint n_all;

  /* The main context's */
  GPtrArray *added;   /* of SottoConversation: those of the records */
  GArray *times;      /* when each had been used last */
  GPtrArray *added_groups; /* of SottoGroup: those that an import has made; NULL: none has run */
};

/**
 * sotto_transfer_thread:
 *
 * A GTaskThreadFunc: what is done with files and the history. The source object is the transfer.
 */
void sotto_transfer_thread (GTask        *task,
                            gpointer      source,
                            gpointer      task_data,
                            GCancellable *cancellable);

/**
 * sotto_transfer_load_picture:
 * @user_data: the transfer
 *
 * A SottoWebPictureFunc. To be called in the transfer's thread; the main context goes on meanwhile.
 */
gboolean sotto_transfer_load_picture (const SottoHistoryPart  *part,
                                      SottoPixels            **pixels,
                                      gpointer                 user_data,
                                      GError                 **error);

G_END_DECLS
