#pragma once

#include "sotto-app.h"

G_BEGIN_DECLS

/* Where words stand that a search has found and no message says: in a file that is attached to one, or in a passage of a document that
 * its reply was given */
typedef struct {
  SottoAttachment *attachment;  /* (owned) (nullable): %NULL: it is a passage */
  guint source;                 /* which of those of the message that follows, from 0 */
  char *words;                  /* (owned): those that stand there */
} SottoFoundFile;

/**
 * sotto_found_file_look:
 * @messages: of #SottoMessage
 * @position: of the one that was found
 * @words: by which
 * @is_in_sight: some of them stand in the message itself
 * @found: (out caller-allocates): to be cleared with sotto_found_file_clear()
 *
 * What has the most of @words counts, all of them together for more than each, and the message for more than a file that has no more.
 *
 * Returns: whether a file is what was found
 */
gboolean sotto_found_file_look (GListModel     *messages,
                                guint           position,
                                const char     *words,
                                gboolean        is_in_sight,
                                SottoFoundFile *found);
void sotto_found_file_clear (SottoFoundFile *found);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SottoFoundFile, sotto_found_file_clear)

G_END_DECLS
