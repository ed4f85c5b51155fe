#pragma once

#include "conversation/conversation-list.h"
#include "conversation/outline-private.h"
#include "services.h"
#include "transfer/transfer.h"

G_BEGIN_DECLS

/* A group that was taken off the list and can come back, with those of its conversations that were deleted with it */
typedef struct {
  SottoGroup *group;
  GPtrArray *conversations;
} DeletedGroup;

struct _SottoConversationList
{
  GObject parent_instance;

  SottoServices *services;
  SottoServices *temporary; /* of temporary conversations; NULL: there was none yet */
  GPtrArray *items;  /* of SottoConversation, temporary ones first, then pinned ones, then the last used */
  GPtrArray *deleted; /* of SottoConversation: taken off the list, can come back */
  GPtrArray *deleted_groups; /* of DeletedGroup */
  SottoOutline *outline;
  SottoConversation *fresh; /* the one that is not begun yet; NULL: none was asked for */
  SottoConversation *fresh_temporary; /* the same for one that is not to be kept */
  char *fresh_draft;
  char *fresh_instructions;
  GPtrArray *transfers; /* of SottoTransfer: those that run */
  guint date_source;
  int today; /* year and day of the year that the headings are right for */
};

/* --- conversation-list.c --- */

SottoConversationList *sotto_conversation_list_new (SottoServices *services);

/**
 * sotto_conversation_list_fill:
 * @records: (element-type SottoHistoryConversation)
 * @draft: of the conversation that is not begun yet
 * @instructions: that conversation's, as they were kept
 * @groups: (element-type SottoHistoryGroup)
 */
void sotto_conversation_list_fill (SottoConversationList *self,
                                   GPtrArray             *records,
                                   const char            *draft,
                                   const char            *instructions,
                                   GPtrArray             *groups);

/* Empties the list; what is shown of it lives on without a history. */
void sotto_conversation_list_clear (SottoConversationList *self);

/* Ends what is temporary; replies have ended. */
void sotto_conversation_list_end_temporary (SottoConversationList *self);

/* Returns: (transfer none): those of conversations that are kept */
SottoServices *sotto_conversation_list_get_services (SottoConversationList *self);

/* For closing: stops every reply and transfer; ends the replies that still run. */
void sotto_conversation_list_stop_all (SottoConversationList *self);
void sotto_conversation_list_abandon_all (SottoConversationList *self);

/* A transfer while it runs */
void sotto_conversation_list_add_transfer (SottoConversationList *self, SottoTransfer *transfer);
void sotto_conversation_list_remove_transfer (SottoConversationList *self, SottoTransfer *transfer);
gboolean sotto_conversation_list_has_transfers (SottoConversationList *self);

/**
 * sotto_conversation_list_take_records:
 * @services: into whose history they have come
 * @records: (element-type SottoHistoryConversation): conversations that have come into it
 * @conversations: (element-type SottoConversation): where they are added in this order, too
 */
void sotto_conversation_list_take_records (SottoConversationList *self,
                                           SottoServices         *services,
                                           GPtrArray             *records,
                                           GPtrArray             *conversations);

void sotto_conversation_list_flush_drafts (SottoConversationList *self);

/* Whether one of them has something that would be lost now, and why that could not be saved. Returns: (transfer none) (nullable) */
gboolean sotto_conversation_list_is_unsaved (SottoConversationList *self);
SottoProblem *sotto_conversation_list_find_save_problem (SottoConversationList *self);

/* Tells whoever shows the list. */
void sotto_conversation_list_changed (SottoConversationList *self,
                                      guint                  position,
                                      guint                  removed,
                                      guint                  added);

/* Tells the conversations whose replies are running that their text cannot be saved. */
void sotto_conversation_list_set_journal_error (SottoConversationList *self, const GError *error);

/* --- conversation-list-delete.c --- */

/* Purges what was deleted there and cannot come back. */
void sotto_conversation_list_purge_from (SottoConversationList *self, SottoServices *services);

/* Nothing can come back any more. @store: the history, which is closed next */
void sotto_conversation_list_purge_at_end (SottoConversationList *self, SottoStore *store);

/* --- conversation-list-groups.c --- */

/* Whether no conversation of the list is in @group */
gboolean sotto_conversation_list_is_group_empty (SottoConversationList *self, SottoGroup *group);

/* --- conversation-list-order.c --- */

/* For sorting; keeps the order of equal ones, as GLib's sort is stable. */
int sotto_conversation_list_compare (gconstpointer a, gconstpointer b);

/* Puts it where it belongs. */
void sotto_conversation_list_insert (SottoConversationList *self, SottoConversation *conversation);

/* Handlers: @conversation was used; or pinned, or is no longer; or is kept. */
void sotto_conversation_list_move (SottoConversationList *self,
                                   GParamSpec            *pspec,
                                   SottoConversation     *conversation);
void sotto_conversation_list_move_pinned (SottoConversationList *self,
                                          GParamSpec            *pspec,
                                          SottoConversation     *conversation);

G_END_DECLS
