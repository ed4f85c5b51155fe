#pragma once

#include "window.h"

#include "conversation/conversation-page.h"
#include "sidebar/sidebar.h"
#include "state-page.h"

G_BEGIN_DECLS

struct _SottoWindow {
  AdwApplicationWindow parent_instance;

  /* Template Widgets */
  AdwToastOverlay *toasts;
  GtkStack *stack;
  SottoStatePage *state_page;
  AdwOverlaySplitView *split_view;

  /* Borrowed: what is made anew when the history is closed */
  SottoSidebar *sidebar;
  SottoConversationPage *page;

  /* Closing (window.c) */
  gboolean is_asking;  /* what waits is being saved, or a person asked */
  gboolean may_close;  /* nothing would be lost, or that was said to be well */

  /* Owned */
  SottoApp *app;
  SottoConversation *conversation;
  char *awaited_id;     /* a conversation to show as soon as the history is open; NULL: none */
  char *awaited_words;  /* the same for words to search for */
  GPtrArray *awaited_files;  /* the same for files to import; of GFile */
  GFile *awaited_backup;     /* to be asked about as soon as it is known what there is; NULL: none */
  GPtrArray *awaited_toasts; /* until no dialog covers them; of AdwToast */
};

/* Another conversation is shown, and marked in the list. @conversation: (transfer none) (nullable) */
void sotto_window_show_conversation (SottoWindow *self, SottoConversation *conversation);

/* On a narrow window the list lies over the conversation and makes room for it. */
void sotto_window_reveal_conversation (SottoWindow *self);

/* What can be done now. */
void sotto_window_update_actions (SottoWindow *self);
void sotto_window_install_actions (GtkWidgetClass *widget_class);

/* Those of them that are about messages (window-messages.c) */
void sotto_window_install_message_actions (GtkWidgetClass *widget_class);

/* Those that are about groups, and what could not be kept of them (window-groups.c) */
void sotto_window_install_group_actions (GtkWidgetClass *widget_class);
void sotto_window_watch_groups (SottoWindow *self);

/* A few sentences in a toast (window-messages.c) */
void sotto_window_say (SottoWindow *self, const char *words);

/* Returns: (transfer full) (nullable): the message of this id that is shown (window-messages.c) */
SottoMessage *sotto_window_find_message (SottoWindow *self, GVariant *id);

/* Reading aloud (window-reading.c): its actions, whether they can be done now, and what comes of it in a page that is new */
void sotto_window_install_reading_actions (GtkWidgetClass *widget_class);
void sotto_window_update_reading (SottoWindow *self);
void sotto_window_watch_reading (SottoWindow *self);

/* Says that no document fits what was asked of documents (window-messages.c). */
void sotto_window_say_nothing_found (SottoWindow *self);

G_END_DECLS
