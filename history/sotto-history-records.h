#pragma once

#if !defined (SOTTO_HISTORY_INSIDE)
# error "Only <sotto-history.h> may be included."
#endif

#include <glib.h>

G_BEGIN_DECLS

/* What is kept, as plain structs that the reader owns. Ids are UUIDs as text (36 characters, lower
 * case); times are microseconds since 1970 in UTC, as g_get_real_time() gives them. */

/**
 * sotto_history_new_id:
 *
 * An application may make its ids itself, so that it needn't wait for one call before the next.
 *
 * Returns: (transfer full): a random UUID
 */
char *sotto_history_new_id (void);

/**
 * SottoHistoryModel:
 * @path: where the model file was; not empty
 * @name: (nullable): how it calls itself
 * @hash: (nullable): SHA-256 of the file in hexadecimal digits, once known
 */
typedef struct {
  char *path;
  char *name;
  char *hash;
} SottoHistoryModel;

SottoHistoryModel *sotto_history_model_new (const char *path, const char *name, const char *hash);
SottoHistoryModel *sotto_history_model_copy (const SottoHistoryModel *model);
void sotto_history_model_free (SottoHistoryModel *model);

/**
 * SottoHistoryAnswerFormat:
 *
 * What the replies of a conversation look like.
 */
typedef enum {
  SOTTO_HISTORY_ANSWER_TEXT,
  SOTTO_HISTORY_ANSWER_JSON,
  SOTTO_HISTORY_ANSWER_SCHEMA, /* JSON for which the conversation's schema holds */
} SottoHistoryAnswerFormat;

/**
 * SottoHistoryConversation:
 * @title: may be empty (not named yet)
 * @snippet: the beginning of the newest message's text on the active path, on one line; may be
 * empty
 * @draft: (nullable): text that was typed and not sent
 * @model: (nullable): the model it is held with
 * @created: when
 * @updated: when a message last changed, for the order of the list
 * @deleted: when it was deleted, 0: it is not
 * @n_messages: all messages of the tree
 * @is_pinned: whether it stands above those that are not, whenever they were updated
 * @folders: (array zero-terminated=1): ids of the folders that it asks, as they were added; never %NULL
 * @group: (nullable): id of the group that it is in
 * @group_name: (nullable): that group's name; alone, of a conversation that is brought into a history, it joins the group of
 *   that name, which is made if there is none
 * @tools: (array zero-terminated=1): names of the tools that it may use; never %NULL
 * @answer_format: what its replies look like
 * @answer_schema: (nullable): the JSON Schema that was written for them; it may hold nothing, or not be one
 */
typedef struct {
  char *id;
  char *title;
  char *snippet;
  char *draft;
  SottoHistoryModel *model;
  gint64 created;
  gint64 updated;
  gint64 deleted;
  guint n_messages;
  gboolean is_pinned;
  char **folders;
  char *group;
  char *group_name;
  char **tools;
  SottoHistoryAnswerFormat answer_format;
  char *answer_schema;
} SottoHistoryConversation;

void sotto_history_conversation_free (SottoHistoryConversation *conversation);

/**
 * SottoHistoryGroup:
 * @id: a UUID
 * @name: not empty; two may have the same
 * @instructions: (nullable): what a new conversation in it tells its model before all else
 * @folders: (array zero-terminated=1) (nullable): ids of the folders that a new conversation in it asks
 * @is_open: whether a list shows what is in it
 * @created: when
 *
 * Conversations that belong together.
 */
typedef struct {
  char *id;
  char *name;
  char *instructions;
  char **folders;
  gboolean is_open;
  gint64 created;
} SottoHistoryGroup;

SottoHistoryGroup *sotto_history_group_copy (const SottoHistoryGroup *group);
void sotto_history_group_free (SottoHistoryGroup *group);

/* The values of these stand in the database. */
typedef enum {
  SOTTO_HISTORY_ROLE_SYSTEM = 1,
  SOTTO_HISTORY_ROLE_USER = 2,
  SOTTO_HISTORY_ROLE_ASSISTANT = 3,
  SOTTO_HISTORY_ROLE_TOOL = 4,
} SottoHistoryRole;

/**
 * SottoHistoryStatus:
 * @SOTTO_HISTORY_STATUS_STREAMING: being written right now
 * @SOTTO_HISTORY_STATUS_COMPLETE: finished by itself; everything that a person writes
 * @SOTTO_HISTORY_STATUS_STOPPED: the person stopped it
 * @SOTTO_HISTORY_STATUS_FAILED: ended by an error; the receipt may say which
 * @SOTTO_HISTORY_STATUS_INTERRUPTED: was streaming when the program ended; set by opening
 */
typedef enum {
  SOTTO_HISTORY_STATUS_STREAMING = 1,
  SOTTO_HISTORY_STATUS_COMPLETE = 2,
  SOTTO_HISTORY_STATUS_STOPPED = 3,
  SOTTO_HISTORY_STATUS_FAILED = 4,
  SOTTO_HISTORY_STATUS_INTERRUPTED = 5,
} SottoHistoryStatus;

typedef enum {
  SOTTO_HISTORY_PART_TEXT = 1,
  SOTTO_HISTORY_PART_REASONING = 2,
  SOTTO_HISTORY_PART_TOOL_CALL = 3,   /* name: the tool, text: its arguments as JSON */
  SOTTO_HISTORY_PART_TOOL_RESULT = 4, /* name: the tool, text: what it returned; those of calls that a model made at once
                                       * stand behind them all, in their order */
  SOTTO_HISTORY_PART_IMAGE = 5,       /* media_type, data; name: the file's */
  SOTTO_HISTORY_PART_DOCUMENT = 6,    /* name: the file's; text: extracted; media_type: of one that a person attached,
                                       * whole (a passage that was found in a folder has none); data */
} SottoHistoryPartKind;

/* By what something was found; the values stand in the database. */
typedef enum {
  SOTTO_HISTORY_FOUND_UNKNOWN = 0,
  SOTTO_HISTORY_FOUND_BY_WORDS = 1 << 0,
  SOTTO_HISTORY_FOUND_BY_MEANING = 1 << 1,
} SottoHistoryFound;

/**
 * SottoHistoryPart:
 * @text: UTF-8, never %NULL
 * @name: (nullable)
 * @media_type: (nullable)
 * @data: (nullable): its bytes; of a part that was read, only where these were asked for
 * @hash: (nullable): BLAKE2b-256 of the bytes of a part that was read: what sotto_store_load_data_async() finds them by. A part
 *   that is added with it and without @data has bytes that are there already
 * @size: how many bytes these are, of a part that was read
 * @uri: (nullable): of a _DOCUMENT: where the file was; with it, @text is a passage that was found in a folder
 * @first_page: the page where @text begins, 1…; 0: it has no pages
 * @last_page: the page where it ends
 * @found: by what a passage was found
 */
typedef struct {
  SottoHistoryPartKind kind;
  char *text;
  char *name;
  char *media_type;
  GBytes *data;
  GBytes *hash;
  gsize size;
  char *uri;
  guint first_page;
  guint last_page;
  SottoHistoryFound found;
} SottoHistoryPart;

/**
 * sotto_history_part_new:
 * @text: (nullable): made valid UTF-8 (with U+FFFD) if it is not
 */
SottoHistoryPart *sotto_history_part_new (SottoHistoryPartKind kind, const char *text);
SottoHistoryPart *sotto_history_part_copy (const SottoHistoryPart *part);
void sotto_history_part_free (SottoHistoryPart *part);

/**
 * sotto_history_parts_new_text:
 *
 * Returns: (transfer full) (element-type SottoHistoryPart): one text part
 */
GPtrArray *sotto_history_parts_new_text (const char *text);

/**
 * SottoHistoryMessage:
 * @parent: (nullable): the message it answers; %NULL: a beginning of the conversation
 * @parts: (element-type SottoHistoryPart): in order; of a streaming message, what came so far
 * @model: (nullable): which model wrote it
 * @receipt: (nullable): JSON
 * @is_active: whether the path through its parent (or the conversation's beginning) goes on to it
 * @siblings: ids of all messages with the same parent, oldest first, itself among them
 * @n_siblings: how many
 * @sibling: its own place in @siblings, 0…
 */
typedef struct {
  char *id;
  char *conversation;
  char *parent;
  SottoHistoryRole role;
  SottoHistoryStatus status;
  gint64 created;
  GPtrArray *parts;
  SottoHistoryModel *model;
  char *receipt;
  gboolean is_active;
  char **siblings;
  guint n_siblings;
  guint sibling;
} SottoHistoryMessage;

/**
 * sotto_history_message_dup_text:
 *
 * Returns: (transfer full): its text parts joined; reasoning and tools left out
 */
char *sotto_history_message_dup_text (const SottoHistoryMessage *message);
void sotto_history_message_free (SottoHistoryMessage *message);

/**
 * SottoHistoryTree:
 * @conversation: without snippet and draft
 * @messages: (element-type SottoHistoryMessage): all of them, each behind its parent, versions of a
 *   message in their order; without siblings
 *
 * All there is to a conversation.
 */
typedef struct {
  SottoHistoryConversation *conversation;
  GPtrArray *messages;
} SottoHistoryTree;

/**
 * sotto_history_tree_new:
 *
 * Returns: (transfer full): with an empty conversation and no messages
 */
SottoHistoryTree *sotto_history_tree_new (void);
void sotto_history_tree_free (SottoHistoryTree *tree);

/**
 * SottoHistoryRange:
 * @start: offset in bytes, at a character's beginning
 * @length: in bytes
 */
typedef struct {
  guint start;
  guint length;
} SottoHistoryRange;

/**
 * SottoHistoryHit:
 * @conversation: its id
 * @title: the conversation's title
 * @message: (nullable): the message's id; %NULL: the title was found
 * @snippet: text around what was found, on one line
 * @ranges: what was found in @snippet, ascending, apart
 * @created: the message's or conversation's time
 * @piece: (nullable): what was found by its meaning, whole and as it was written; @snippet is of its beginning, without ranges
 */
typedef struct {
  char *conversation;
  char *title;
  char *message;
  char *snippet;
  SottoHistoryRange *ranges;
  guint n_ranges;
  gint64 created;
  char *piece;
} SottoHistoryHit;

void sotto_history_hit_free (SottoHistoryHit *hit);

/**
 * SottoHistoryFolder:
 * @id: a UUID
 * @uri: where it is; no two have the same
 * @added: when
 * @n_documents: of which something was read
 * @n_unread: of which nothing could be
 * @n_passages: of all of them together
 *
 * A folder whose documents can be asked.
 */
typedef struct {
  char *id;
  char *uri;
  gint64 added;
  guint n_documents;
  guint n_unread;
  guint n_passages;
} SottoHistoryFolder;

void sotto_history_folder_free (SottoHistoryFolder *folder);

/**
 * SottoHistoryDocument:
 * @path: in its folder, UTF-8, "/" between its names
 * @size: bytes of the file when it was read
 * @modified: its time of change then, in the reader's unit
 * @problem: (nullable): why nothing could be read of it: a word of the reader's
 */
typedef struct {
  char *path;
  guint64 size;
  gint64 modified;
  char *problem;
} SottoHistoryDocument;

SottoHistoryDocument *sotto_history_document_new (const char  *path,
                                                  guint64      size,
                                                  gint64       modified,
                                                  const char  *problem);
SottoHistoryDocument *sotto_history_document_copy (const SottoHistoryDocument *document);
void sotto_history_document_free (SottoHistoryDocument *document);

/**
 * SottoHistoryPassage:
 * @text: UTF-8, never %NULL
 * @first_page: 1…; 0: the document has no pages
 * @last_page: the same page, or one behind it
 * @folder: (nullable): where it was found: the folder's id
 * @path: (nullable): and its document's path in there
 * @row: its own in this history: sotto_store_put_embeddings_async(); 0: not known
 * @found: by what
 */
typedef struct {
  char *text;
  guint first_page;
  guint last_page;
  char *folder;
  char *path;
  gint64 row;
  SottoHistoryFound found;
} SottoHistoryPassage;

/**
 * sotto_history_passage_new:
 * @text: made valid UTF-8 (with U+FFFD) if it is not
 *
 * Returns: (transfer full): one that is not found anywhere yet
 */
SottoHistoryPassage *sotto_history_passage_new (const char *text, guint first_page, guint last_page);
void sotto_history_passage_free (SottoHistoryPassage *passage);

/**
 * SottoHistorySaid:
 * @message: its row in this history
 * @text: its parts of text, one after the other with an end of line between them; never %NULL
 * @done: bytes from its beginning on that have vectors already
 *
 * What a message says, on its way to vectors: sotto_store_list_unembedded_messages_async().
 */
typedef struct {
  gint64 message;
  char *text;
  gsize done;
} SottoHistorySaid;

void sotto_history_said_free (SottoHistorySaid *said);

/**
 * SottoHistoryPiece:
 * @message: the message's row
 * @start: where it begins in what the message says, in bytes
 * @length: of it, in bytes; 0: there is nothing that could have a vector, and it has none
 * @whole: bytes of all that the message says
 * @is_last: what stands behind it, if anything does, needs no vector
 *
 * A piece of what a message says.
 */
typedef struct {
  gint64 message;
  gsize start;
  gsize length;
  gsize whole;
  gboolean is_last;
} SottoHistoryPiece;

/**
 * SottoHistorySlot:
 * @id: 1…, unique in its envelope, never used again
 * @created: when
 */
typedef struct {
  guint id;
  SottoSlotKind kind;
  gint64 created;
} SottoHistorySlot;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoHistoryModel, sotto_history_model_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoHistoryConversation, sotto_history_conversation_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoHistoryGroup, sotto_history_group_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoHistoryPart, sotto_history_part_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoHistoryMessage, sotto_history_message_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoHistoryTree, sotto_history_tree_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoHistoryHit, sotto_history_hit_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoHistoryFolder, sotto_history_folder_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoHistoryDocument, sotto_history_document_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoHistoryPassage, sotto_history_passage_free)

G_END_DECLS
