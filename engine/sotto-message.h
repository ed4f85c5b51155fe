#pragma once

#include "sotto-image.h"

G_BEGIN_DECLS

/**
 * SottoMessages:
 *
 * A conversation as a chat template takes it: messages in the OpenAI form, and optionally tools.
 * Reference-counted; immutable once it has been handed to a worker. Everything in it counts as text:
 * nothing in it can become a control token, whatever a template does with it. Only the roles of the
 * protocol (system, developer, user, assistant, tool) are taken for the template's own words, because
 * many templates build a token around them.
 */
typedef struct _SottoMessages SottoMessages;

SottoMessages *sotto_messages_new (void);
SottoMessages *sotto_messages_ref (SottoMessages *self);
void sotto_messages_unref (SottoMessages *self);

/**
 * sotto_messages_append:
 * @role: "system", "user" or "assistant"
 * @content: valid UTF-8 (made valid with U+FFFD if it is not)
 */
void sotto_messages_append (SottoMessages *self, const char *role, const char *content);

/**
 * sotto_messages_append_image:
 * @image: referenced
 *
 * A picture of the message that was appended last (a user's), before its text and behind the pictures that it has.
 */
void sotto_messages_append_image (SottoMessages *self, SottoImage *image);

guint sotto_messages_count_images (const SottoMessages *self);

/**
 * sotto_messages_append_reply:
 * @content: as above
 * @reasoning: (nullable): what the model thought before
 * @names: (nullable) (array zero-terminated=1): tools it called
 * @arguments: (nullable) (array zero-terminated=1): a JSON object for each
 *
 * A reply of the model, for its template to place: content, reasoning_content and tool_calls. Arguments that are no JSON object
 * are given as text.
 */
void sotto_messages_append_reply (SottoMessages      *self,
                                  const char         *content,
                                  const char         *reasoning,
                                  const char *const  *names,
                                  const char *const  *arguments);

/**
 * sotto_messages_append_result:
 * @call: which of the calls of the last reply that has any, from 0
 * @name: of the tool
 * @content: what it gave
 *
 * What became of a call, behind its reply.
 */
void sotto_messages_append_result (SottoMessages *self,
                                   guint          call,
                                   const char    *name,
                                   const char    *content);

/**
 * sotto_messages_set_tools:
 * @json: an array of tools in the OpenAI form, UTF-8; or null
 * @length: bytes of @json, or -1
 *
 * What the model is told that it may call, if its template has a place for that.
 *
 * Returns: %FALSE with %SOTTO_ENGINE_ERROR_MESSAGES; then they are what they were
 */
gboolean sotto_messages_set_tools (SottoMessages  *self,
                                   const char     *json,
                                   gssize          length,
                                   GError        **error);

/**
 * sotto_messages_dup_tool_names:
 *
 * Returns: (transfer full) (nullable): of the tools, in their order; %NULL: there are none
 */
char **sotto_messages_dup_tool_names (const SottoMessages *self);

/**
 * sotto_messages_new_from_json:
 * @json: an array of messages, UTF-8: {"role", "content": string | null | [parts], "tool_calls", …}
 * @length: bytes of @json
 * @tools_json: (nullable): an array of tools
 *
 * Returns: (transfer full): or %NULL with %SOTTO_ENGINE_ERROR_MESSAGES
 */
SottoMessages *sotto_messages_new_from_json (const char  *json,
                                             gssize       length,
                                             const char  *tools_json,
                                             gssize       tools_length,
                                             GError     **error);

/**
 * sotto_messages_begin_reply:
 * @reasoning: (nullable): what the model has thought so far
 * @content: what it has answered so far; "": it is to go on with its reasoning
 *
 * The reply that is asked for goes on behind what it says already: a prompt that ends with the beginning of the assistant's
 * turn has this behind it, in the form in which its model writes reasoning. Both come from a reply that was cut off;
 * made valid UTF-8 if they are not.
 */
void sotto_messages_begin_reply (SottoMessages *self, const char *reasoning, const char *content);

guint sotto_messages_get_length (const SottoMessages *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoMessages, sotto_messages_unref)

G_END_DECLS
