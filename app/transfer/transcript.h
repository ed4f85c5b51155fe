#pragma once

#include <sotto-history.h>

G_BEGIN_DECLS

/**
 * sotto_transcript_write:
 *
 * What a person sees of a conversation, for people: title, date, who said what, as CommonMark.
 * Reasoning and the other versions of messages are left out, attachments are named, and so are the documents whose passages
 * a prompt was given, with their pages.
 *
 * Returns: (transfer full): UTF-8
 */
char *sotto_transcript_write (const SottoHistoryTree *tree);

G_END_DECLS
