#include "conversation/conversation-page.h"

#include <glib/gi18n.h>

#include "banner.h"
#include "button-wrap.h"
#include "composer/composer.h"
#include "composer/recall.h"
#include "conversation/announcer.h"
#include "conversation/find-bar.h"
#include "conversation/finder.h"
#include "conversation/message-list.h"
#include "conversation/message-row.h"
#include "conversation/read-aloud-bar.h"
#include "conversation/start-page.h"
#include "hint.h"
#include "window.h"

struct _SottoConversationPage {
  AdwBin parent_instance;

  /* Template Widgets */
  GtkLabel *title;
  GtkWidget *sidebar_button;
  GtkWidget *new_button;
  GtkToggleButton *temporary_button;
  SottoFindBar *find_bar;
  AdwBanner *banner;
  AdwBanner *temporary_banner;
  GtkStack *stack;
  GtkScrolledWindow *scroller;
  SottoMessageList *list;
  SottoStartPage *start_page;
  AdwStatusPage *no_model_page;
  GtkWidget *add_button;
  GtkWidget *add_folder_button;
  GtkRevealer *jump_revealer;
  SottoReadAloudBar *read_aloud_bar;
  SottoComposer *composer;

  /* Owned */
  SottoApp *app;
  SottoConversation *conversation;
  SottoAnnouncer *announcer;
  SottoReadAloud *reader;
  SottoFinder *finder;
  GCancellable *revealing;  /* a message that is to be shown as soon as it has been read */
  char *words;              /* that are to be marked in it */
  gboolean is_phrase;       /* they are one sentence */

};

G_DEFINE_FINAL_TYPE (SottoConversationPage, sotto_conversation_page, ADW_TYPE_BIN)

/* --- What is shown --- */

static void
update_title (SottoConversationPage *self)
{
  gtk_label_set_label (self->title, self->conversation != NULL ? sotto_conversation_get_name (self->conversation) : _("New Chat"));
}

static GtkWidget *
create_row (gpointer item,
            gpointer user_data)
{
  SottoConversationPage *self = user_data;

  return sotto_message_row_new (self->conversation, item, self->reader);
}

static void
update_jump_button (SottoConversationPage *self)
{
  gboolean shown = !sotto_message_list_is_at_end (self->list) &&
                   g_str_equal (gtk_stack_get_visible_child_name (self->stack), "messages");

  gtk_revealer_set_reveal_child (self->jump_revealer, shown);
  gtk_widget_set_can_target (GTK_WIDGET (self->jump_revealer), shown);
}

/* --- Where nothing has been said --- */

/* Who has put a file where models are looked for learns why it is none. */
static void
update_no_model_page (SottoConversationPage *self)
{
  g_autoptr (SottoModelEntry) first = g_list_model_get_item (G_LIST_MODEL (sotto_app_get_models (self->app)), 0);
  SottoProblem *problem = first != NULL ? sotto_model_entry_get_problem (first) : NULL;
  g_autofree char *why = problem != NULL ? g_markup_escape_text (sotto_problem_get_text (problem), -1) : NULL;

  adw_status_page_set_title (self->no_model_page, why != NULL ? _("No Usable Model") : _("No Model Yet"));
  adw_status_page_set_description (self->no_model_page, why != NULL ? why
    : _("Sotto needs a language model to answer: a GGUF file, for instance from another program on this computer or from a web site of models. It stays where it is."));
}

static void
update_stack (SottoConversationPage *self)
{
  guint n = self->conversation != NULL ? g_list_model_get_n_items (G_LIST_MODEL (self->conversation)) : 0;
  SottoModelLibrary *models = sotto_app_get_models (self->app);
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));
  GtkWidget *focus = root != NULL ? gtk_root_get_focus (root) : NULL;
  const char *name = "empty";
  gboolean will_write;

  /* A conversation that is still being read is not an empty one. */
  if (n > 0 || (self->conversation != NULL && sotto_conversation_is_stored (self->conversation) &&
                !sotto_conversation_is_loaded (self->conversation)))
    name = "messages";
  else if (sotto_model_library_get_default (models) == NULL && !sotto_model_library_is_looking (models))
    name = "no-model";

  sotto_start_page_show (self->start_page, self->conversation,
                         g_list_model_get_n_items (G_LIST_MODEL (sotto_app_get_conversations (self->app))) > 0);
  update_no_model_page (self);
  /* Whoever has found the model that was missing writes. */
  will_write = !g_str_equal (name, "no-model") && focus != NULL &&
               gtk_widget_is_ancestor (focus, GTK_WIDGET (self->no_model_page));
  gtk_widget_set_visible (GTK_WIDGET (self->composer), !g_str_equal (name, "no-model"));
  if (will_write)
    gtk_widget_grab_focus (GTK_WIDGET (self->composer));
  gtk_stack_set_visible_child_name (self->stack, name);
  update_jump_button (self);
}

static void
update_banner (SottoConversationPage *self)
{
  SottoProblem *problem = self->conversation != NULL ? sotto_conversation_get_problem (self->conversation) : NULL;

  if (problem != NULL)
    {
      adw_banner_set_use_markup (self->banner, FALSE);
      adw_banner_set_title (self->banner, sotto_problem_get_text (problem));
      adw_banner_set_button_label (self->banner, sotto_problem_get_remedy (problem) != SOTTO_REMEDY_NONE
                                   ? sotto_problem_get_remedy_label (problem) : _("_Dismiss"));
      gtk_accessible_announce (GTK_ACCESSIBLE (self), sotto_problem_get_text (problem),
                               GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_HIGH);
    }
  sotto_banner_set_revealed (self->banner, problem != NULL);
}

/* Whether it is kept is chosen before it begins, and said from then on. */
static void
update_temporary (SottoConversationPage *self)
{
  gboolean is_temporary = self->conversation != NULL && sotto_conversation_is_temporary (self->conversation);
  gboolean is_stored = self->conversation != NULL && sotto_conversation_is_stored (self->conversation);

  gtk_widget_set_visible (GTK_WIDGET (self->temporary_button), self->conversation != NULL && !is_stored &&
                                                               !sotto_app_is_temporary (self->app));
  gtk_toggle_button_set_active (self->temporary_button, is_temporary);
  sotto_banner_set_revealed (self->temporary_banner, is_temporary && is_stored);
}

static void
announce_temporary (SottoConversationPage *self)
{
  if (self->conversation != NULL && sotto_conversation_is_temporary (self->conversation))
    gtk_accessible_announce (GTK_ACCESSIBLE (self), adw_banner_get_title (self->temporary_banner),
                             GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_MEDIUM);
}

static void
update_announcer (SottoConversationPage *self)
{
  sotto_announcer_set_reply (self->announcer,
                             self->conversation != NULL ? sotto_conversation_get_reply (self->conversation) : NULL);
}

/* What is read is what is shown. */
static void
update_reader (SottoConversationPage *self)
{
  SottoMessage *read = sotto_read_aloud_get_message (self->reader);

  for (guint i = 0; read != NULL && self->conversation != NULL && i < g_list_model_get_n_items (G_LIST_MODEL (self->conversation)); i++)
    {
      g_autoptr (SottoMessage) message = g_list_model_get_item (G_LIST_MODEL (self->conversation), i);

      if (message == read)
        return;
    }
  sotto_read_aloud_stop (self->reader);
}

/* When the row with the focus goes (an edited message gives way to its new version), writing goes on below. */
static void
on_messages_changed (SottoConversationPage *self)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));

  update_stack (self);
  update_reader (self);
  if (root != NULL && gtk_root_get_focus (root) == NULL)
    gtk_widget_grab_focus (GTK_WIDGET (self->composer));
}

/* --- Finding a message --- */

static void
on_revealed (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr (SottoConversationPage) self = user_data;
  g_autoptr (GError) error = NULL;
  int position = sotto_conversation_reveal_finish (SOTTO_CONVERSATION (source), result, &error);

  if (self->conversation != SOTTO_CONVERSATION (source) || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  g_clear_object (&self->revealing);
  if (position >= 0 && self->words != NULL && self->is_phrase)
    sotto_finder_show_phrase (self->finder, position, self->words);
  else if (position >= 0 && self->words != NULL)
    sotto_finder_show_hit (self->finder, position, self->words);
  else if (position >= 0)
    sotto_message_list_scroll_to (self->list, position);
}

static void
reveal (SottoConversationPage *self,
        const char            *id,
        const char            *words,
        gboolean               is_phrase)
{
  if (self->conversation == NULL)
    return;

  g_cancellable_cancel (self->revealing);
  g_clear_object (&self->revealing);
  g_set_str (&self->words, words);
  self->is_phrase = is_phrase;
  self->revealing = g_cancellable_new ();
  sotto_conversation_reveal_async (self->conversation, id, self->revealing, on_revealed, g_object_ref (self));
}

void
sotto_conversation_page_scroll_to_message (SottoConversationPage *self,
                                           const char            *id,
                                           const char            *words)
{
  g_return_if_fail (SOTTO_IS_CONVERSATION_PAGE (self));

  reveal (self, id, words, FALSE);
}

void
sotto_conversation_page_scroll_to_phrase (SottoConversationPage *self,
                                          const char            *id,
                                          const char            *phrase)
{
  g_return_if_fail (SOTTO_IS_CONVERSATION_PAGE (self));

  reveal (self, id, phrase, TRUE);
}

/* --- Finding --- */

static void
on_place_shown (gpointer user_data,
                guint    n_places)
{
  SottoConversationPage *self = user_data;

  sotto_find_bar_set_n_places (self->find_bar, n_places);
}

static void
on_found (SottoConversationPage *self,
          guint                  position,
          guint                  place)
{
  if (position == G_MAXUINT)
    sotto_finder_clear (self->finder);
  else
    sotto_finder_show (self->finder, position, sotto_find_bar_get_words (self->find_bar), place, on_place_shown, self);
}

static void
on_find_closed (SottoConversationPage *self)
{
  sotto_finder_clear (self->finder);
  sotto_conversation_page_focus_composer (self);
}

/* --- What a person does --- */

static void
on_jump (SottoConversationPage *self)
{
  sotto_message_list_scroll_to_end (self->list);
}

static void
on_temporary (SottoConversationPage *self)
{
  gtk_widget_activate_action (GTK_WIDGET (self), "win.switch-temporary", NULL);
  update_temporary (self);
}

static void
on_suggested (SottoConversationPage *self,
              const char            *text)
{
  sotto_composer_suggest (self->composer, text);
}

static void
on_add_model (SottoConversationPage *self)
{
  sotto_composer_add_model (self->composer, NULL);
}

static void
on_add_folder (SottoConversationPage *self)
{
  sotto_composer_add_folder (self->composer);
}

static void
on_remedy (SottoConversationPage *self)
{
  SottoProblem *problem = sotto_conversation_get_problem (self->conversation);
  SottoRemedy remedy = problem != NULL ? sotto_problem_get_remedy (problem) : SOTTO_REMEDY_NONE;

  switch (remedy)
    {
    case SOTTO_REMEDY_RETRY:
      sotto_conversation_retry_problem (self->conversation);
      break;
    case SOTTO_REMEDY_CHOOSE_MODEL:
      sotto_composer_choose_model (self->composer);
      break;
    case SOTTO_REMEDY_ADD_MODEL:
      on_add_model (self);
      break;
    case SOTTO_REMEDY_NEW_CONVERSATION:
      gtk_widget_activate_action (GTK_WIDGET (self), "win.new-conversation", NULL);
      break;
    case SOTTO_REMEDY_SUMMARISE:
      gtk_widget_activate_action (GTK_WIDGET (self), "win.summarise", NULL);
      return; /* which takes the problem away itself, or says another */
    case SOTTO_REMEDY_SETTINGS:
      gtk_widget_activate_action (GTK_WIDGET (self), "win.preferences", NULL);
      break;
    case SOTTO_REMEDY_ANSWER_FORMAT:
      gtk_widget_activate_action (GTK_WIDGET (self), "win.answer-format", NULL);
      break;
    case SOTTO_REMEDY_QUIT:
      gtk_widget_activate_action (GTK_WIDGET (self), "app.quit", NULL);
      break;
    case SOTTO_REMEDY_NONE:
    case SOTTO_REMEDY_PASSPHRASE:
    case SOTTO_REMEDY_RECOVERY_CODE:
    default:
      break;
    }

  sotto_conversation_dismiss_problem (self->conversation);
}

static void
on_recall (SottoConversationPage *self)
{
  if (self->conversation != NULL)
    sotto_recall (self->list, GTK_WIDGET (self->scroller), self->conversation);
}

/* --- The conversation --- */

void
sotto_conversation_page_set_conversation (SottoConversationPage *self,
                                          SottoConversation     *conversation)
{
  g_return_if_fail (SOTTO_IS_CONVERSATION_PAGE (self));

  if (self->conversation == conversation)
    return;

  if (self->conversation != NULL)
    g_signal_handlers_disconnect_by_data (self->conversation, self);
  sotto_finder_clear (self->finder);
  sotto_read_aloud_stop (self->reader);
  sotto_message_list_set_model (self->list, NULL);
  g_cancellable_cancel (self->revealing);
  g_clear_object (&self->revealing);
  g_set_object (&self->conversation, conversation);
  sotto_message_list_set_model (self->list, G_LIST_MODEL (conversation));
  sotto_find_bar_set_messages (self->find_bar, G_LIST_MODEL (conversation));
  sotto_composer_set_conversation (self->composer, conversation);

  if (conversation != NULL)
    {
      g_signal_connect_object (conversation, "items-changed", G_CALLBACK (on_messages_changed), self,
                               G_CONNECT_SWAPPED | G_CONNECT_AFTER);
      g_signal_connect_object (conversation, "notify::loaded", G_CALLBACK (update_stack), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (conversation, "notify::model", G_CALLBACK (update_stack), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (conversation, "notify::stored", G_CALLBACK (update_title), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (conversation, "notify::stored", G_CALLBACK (update_temporary), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (conversation, "notify::temporary", G_CALLBACK (update_temporary), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (conversation, "notify::group", G_CALLBACK (update_title), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (conversation, "notify::title", G_CALLBACK (update_title), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (conversation, "notify::problem", G_CALLBACK (update_banner), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (conversation, "notify::reply", G_CALLBACK (update_announcer), self, G_CONNECT_SWAPPED);
    }

  update_title (self);
  update_stack (self);
  update_banner (self);
  update_temporary (self);
  announce_temporary (self);
  update_announcer (self);
}

void
sotto_conversation_page_set_app (SottoConversationPage *self,
                                 SottoApp              *app)
{
  SottoModelLibrary *models = sotto_app_get_models (app);

  g_return_if_fail (SOTTO_IS_CONVERSATION_PAGE (self));

  g_set_object (&self->app, app);
  sotto_composer_set_app (self->composer, app);
  g_signal_connect_object (models, "items-changed", G_CALLBACK (update_stack), self,
                           G_CONNECT_SWAPPED | G_CONNECT_AFTER);
  g_signal_connect_object (models, "notify::looking", G_CALLBACK (update_stack), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (models, "notify::default-model", G_CALLBACK (update_stack), self, G_CONNECT_SWAPPED);
  update_stack (self);
}

void
sotto_conversation_page_set_sidebar_shown (SottoConversationPage *self,
                                           gboolean               is_shown)
{
  const char *label = is_shown ? _("Hide Conversations") : _("Show Conversations");

  g_return_if_fail (SOTTO_IS_CONVERSATION_PAGE (self));

  gtk_widget_set_tooltip_text (self->sidebar_button, label);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->sidebar_button), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  gtk_widget_set_visible (self->new_button, !is_shown);
}

void
sotto_conversation_page_focus_composer (SottoConversationPage *self)
{
  g_return_if_fail (SOTTO_IS_CONVERSATION_PAGE (self));

  /* Where there is nothing to write to, a model is what is missing. */
  if (gtk_widget_get_visible (GTK_WIDGET (self->composer)))
    gtk_widget_grab_focus (GTK_WIDGET (self->composer));
  else
    gtk_widget_grab_focus (self->add_button);
}

void
sotto_conversation_page_choose_model (SottoConversationPage *self)
{
  g_return_if_fail (SOTTO_IS_CONVERSATION_PAGE (self));

  /* A list of models would hang in the air without the button that it belongs to. */
  if (gtk_widget_get_visible (GTK_WIDGET (self->composer)))
    sotto_composer_choose_model (self->composer);
  else
    sotto_conversation_page_focus_composer (self);
}

void
sotto_conversation_page_choose_folders (SottoConversationPage *self)
{
  g_return_if_fail (SOTTO_IS_CONVERSATION_PAGE (self));

  if (gtk_widget_get_visible (GTK_WIDGET (self->composer)))
    sotto_composer_choose_folders (self->composer);
  else
    sotto_conversation_page_focus_composer (self);
}

void
sotto_conversation_page_add_model (SottoConversationPage *self,
                                   GFile                 *file)
{
  g_return_if_fail (SOTTO_IS_CONVERSATION_PAGE (self));

  sotto_composer_add_model (self->composer, file);
}

void
sotto_conversation_page_attach_file (SottoConversationPage *self,
                                     GFile                 *file)
{
  g_return_if_fail (SOTTO_IS_CONVERSATION_PAGE (self));

  sotto_composer_attach_file (self->composer, file);
}

void
sotto_conversation_page_take_drop (SottoConversationPage *self,
                                   GdkDrop               *drop)
{
  g_return_if_fail (SOTTO_IS_CONVERSATION_PAGE (self));

  sotto_composer_take_drop (self->composer, drop);
}

SottoReadAloud *
sotto_conversation_page_get_reader (SottoConversationPage *self)
{
  g_return_val_if_fail (SOTTO_IS_CONVERSATION_PAGE (self), NULL);

  return self->reader;
}

void
sotto_conversation_page_begin_find (SottoConversationPage *self)
{
  g_return_if_fail (SOTTO_IS_CONVERSATION_PAGE (self));

  sotto_find_bar_begin (self->find_bar);
}

/* --- The widget --- */

static void
sotto_conversation_page_dispose (GObject *object)
{
  SottoConversationPage *self = SOTTO_CONVERSATION_PAGE (object);

  if (self->conversation != NULL)
    g_signal_handlers_disconnect_by_data (self->conversation, self);
  g_clear_pointer (&self->finder, sotto_finder_free);
  sotto_read_aloud_stop (self->reader);
  if (self->list != NULL)
    sotto_message_list_set_model (self->list, NULL);
  g_clear_pointer (&self->announcer, sotto_announcer_free);
  g_cancellable_cancel (self->revealing);
  g_clear_object (&self->revealing);
  g_clear_pointer (&self->words, g_free);
  g_clear_object (&self->conversation);
  g_clear_object (&self->app);
  gtk_widget_dispose_template (GTK_WIDGET (self), SOTTO_TYPE_CONVERSATION_PAGE);

  G_OBJECT_CLASS (sotto_conversation_page_parent_class)->dispose (object);
}

/* Whoever is told that the page goes may still ask for it. */
static void
sotto_conversation_page_finalize (GObject *object)
{
  g_clear_object (&SOTTO_CONVERSATION_PAGE (object)->reader);

  G_OBJECT_CLASS (sotto_conversation_page_parent_class)->finalize (object);
}

static void
sotto_conversation_page_class_init (SottoConversationPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sotto_conversation_page_dispose;
  G_OBJECT_CLASS (klass)->finalize = sotto_conversation_page_finalize;

  g_type_ensure (SOTTO_TYPE_COMPOSER);
  g_type_ensure (SOTTO_TYPE_FIND_BAR);
  g_type_ensure (SOTTO_TYPE_MESSAGE_LIST);
  g_type_ensure (SOTTO_TYPE_READ_ALOUD_BAR);
  g_type_ensure (SOTTO_TYPE_START_PAGE);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/sotto_chat/Sotto/ui/conversation/conversation-page.ui");
  gtk_widget_class_bind_template_child (widget_class, SottoConversationPage, title);
  gtk_widget_class_bind_template_child (widget_class, SottoConversationPage, sidebar_button);
  gtk_widget_class_bind_template_child (widget_class, SottoConversationPage, new_button);
  gtk_widget_class_bind_template_child (widget_class, SottoConversationPage, find_bar);
  gtk_widget_class_bind_template_child (widget_class, SottoConversationPage, banner);
  gtk_widget_class_bind_template_child (widget_class, SottoConversationPage, temporary_banner);
  gtk_widget_class_bind_template_child (widget_class, SottoConversationPage, temporary_button);
  gtk_widget_class_bind_template_child (widget_class, SottoConversationPage, stack);
  gtk_widget_class_bind_template_child (widget_class, SottoConversationPage, scroller);
  gtk_widget_class_bind_template_child (widget_class, SottoConversationPage, list);
  gtk_widget_class_bind_template_child (widget_class, SottoConversationPage, start_page);
  gtk_widget_class_bind_template_child (widget_class, SottoConversationPage, no_model_page);
  gtk_widget_class_bind_template_child (widget_class, SottoConversationPage, add_button);
  gtk_widget_class_bind_template_child (widget_class, SottoConversationPage, add_folder_button);
  gtk_widget_class_bind_template_child (widget_class, SottoConversationPage, jump_revealer);
  gtk_widget_class_bind_template_child (widget_class, SottoConversationPage, read_aloud_bar);
  gtk_widget_class_bind_template_child (widget_class, SottoConversationPage, composer);
  gtk_widget_class_bind_template_callback (widget_class, sotto_window_fill_group_menu);
  gtk_widget_class_bind_template_callback (widget_class, on_add_folder);
  gtk_widget_class_bind_template_callback (widget_class, on_add_model);
  gtk_widget_class_bind_template_callback (widget_class, on_found);
  gtk_widget_class_bind_template_callback (widget_class, on_jump);
  gtk_widget_class_bind_template_callback (widget_class, on_recall);
  gtk_widget_class_bind_template_callback (widget_class, on_remedy);
  gtk_widget_class_bind_template_callback (widget_class, on_find_closed);
  gtk_widget_class_bind_template_callback (widget_class, on_suggested);
  gtk_widget_class_bind_template_callback (widget_class, on_temporary);
  gtk_widget_class_bind_template_callback (widget_class, update_jump_button);
}

static void
sotto_conversation_page_init (SottoConversationPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  sotto_banner_prepare (self->banner);
  sotto_banner_prepare (self->temporary_banner);
  sotto_button_let_wrap (GTK_BUTTON (self->add_button));
  sotto_button_let_wrap (GTK_BUTTON (self->add_folder_button));
  /* On a narrow window there is room for two short lines only. */
  sotto_hint_show_whole (self->title);
  self->reader = sotto_read_aloud_new ();
  self->announcer = sotto_announcer_new (GTK_WIDGET (self), self->reader);
  sotto_read_aloud_bar_set_reader (self->read_aloud_bar, self->reader);
  self->finder = sotto_finder_new (self->scroller, self->list);
  sotto_message_list_set_create (self->list, create_row, self);
}
