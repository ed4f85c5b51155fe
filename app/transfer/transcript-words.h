#pragma once

#include <sotto-history.h>

G_BEGIN_DECLS

/* What a transcript says of a conversation, whatever it is written as. Any thread. */

/* Returns: (transfer container) (element-type SottoHistoryMessage): what a person sees of it, in its order */
GPtrArray *sotto_transcript_list_shown (const SottoHistoryTree *tree);

/* Returns: (transfer none): its title, or what stands for one */
const char *sotto_transcript_get_title (const SottoHistoryConversation *conversation);

/* Returns: (transfer full) (nullable): when it began */
GDateTime *sotto_transcript_get_date (const SottoHistoryConversation *conversation);

/* Returns: (transfer full): the day, for people */
char *sotto_transcript_describe_date (GDateTime *date);

/* Returns: (transfer none) (nullable): the name of @model, or of its file */
const char *sotto_transcript_get_model (const SottoHistoryModel *model);

/* Returns: (transfer none): who speaks */
const char *sotto_transcript_get_speaker (const SottoHistoryMessage *message);

/* Returns: (transfer none) (nullable): how it ended, if not as it should */
const char *sotto_transcript_get_end (const SottoHistoryMessage *message);

/* Returns: (transfer full) (nullable): an answer that was held to be JSON, as it is shown; %NULL: it is none */
char *sotto_transcript_dup_json (const SottoHistoryMessage *message);

/* Returns: (transfer full): a line above what a model asked of the tool @name, and what that answered */
char *sotto_transcript_describe_call (const char *name);
char *sotto_transcript_describe_result (const char *name);

/* Returns: (transfer full): a line about the file @name that was attached */
char *sotto_transcript_describe_attached (const char *name);

/* Returns: (transfer none): a line above the documents that a question went to the model with */
const char *sotto_transcript_get_found (void);

G_END_DECLS
