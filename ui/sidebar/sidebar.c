#include "sidebar/sidebar.h"

#include "entry-ready.h"
#include "menu-focus.h"
#include "sidebar/sidebar-results.h"
#include "sidebar/sidebar-rows.h"

struct _SottoSidebar {
  AdwBin parent_instance;

  /* Template Widgets */
  GtkMenuButton *main_button;
  GtkSearchBar *search_bar;
  GtkSearchEntry *search_entry;
  GtkStack *stack;
  GtkListView *list_view;
  GtkListView *result_view;

  /* Owned */
  SottoConversationList *conversations;
  GtkSortListModel *sections;
  GtkSingleSelection *selection;
  SottoConversation *selected;
  GCancellable *search;
  GtkWidget *before_search;  /* weak: what had the focus */

  char *asked;               /* what is searched for, or was found */
  gboolean opens_first;      /* of that, as soon as it is found */
};

enum {
  CONVERSATION_CHOSEN,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SottoSidebar, sotto_sidebar, ADW_TYPE_BIN)

/* --- The list --- */

static void
update_page (SottoSidebar *self)
{
  const char *text = gtk_editable_get_text (GTK_EDITABLE (self->search_entry));

  if (gtk_search_bar_get_search_mode (self->search_bar) && *text != '\0')
    return;

  gtk_stack_set_visible_child_name (self->stack,
                                    self->conversations != NULL &&
                                    g_list_model_get_n_items (G_LIST_MODEL (self->sections)) > 0
                                    ? "list" : "empty");
}

static void
update_selected (SottoSidebar *self)
{
  guint n = self->selection != NULL ? g_list_model_get_n_items (G_LIST_MODEL (self->selection)) : 0;

  update_page (self);
  if (self->selection == NULL)
    return;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GObject) item = g_list_model_get_item (G_LIST_MODEL (self->selection), i);

      if (item == (GObject *) self->selected)
        {
          gtk_single_selection_set_selected (self->selection, i);
          return;
        }
    }

  gtk_single_selection_set_selected (self->selection, GTK_INVALID_LIST_POSITION);
}

/* Rows that a single click activates are selected as soon as the pointer is over them; what is selected here is what is
 * open. */
static void
on_selected (SottoSidebar *self)
{
  if (gtk_single_selection_get_selected_item (self->selection) != (gpointer) self->selected)
    update_selected (self);
}

void
sotto_sidebar_set_conversations (SottoSidebar          *self,
                                 SottoConversationList *conversations)
{
  SottoOutline *outline;

  g_return_if_fail (SOTTO_IS_SIDEBAR (self));

  if (!g_set_object (&self->conversations, conversations))
    return;

  g_clear_object (&self->sections);
  g_clear_object (&self->selection);
  outline = sotto_conversation_list_get_outline (conversations);
  self->sections = gtk_sort_list_model_new (g_object_ref (G_LIST_MODEL (outline)), NULL);
  gtk_sort_list_model_set_section_sorter (self->sections,
                                          GTK_SORTER (gtk_custom_sorter_new (sotto_sidebar_rows_compare, NULL, NULL)));
  self->selection = gtk_single_selection_new (g_object_ref (G_LIST_MODEL (self->sections)));
  gtk_single_selection_set_autoselect (self->selection, FALSE);
  gtk_single_selection_set_can_unselect (self->selection, TRUE);
  gtk_list_view_set_model (self->list_view, GTK_SELECTION_MODEL (self->selection));
  g_signal_connect_object (self->selection, "notify::selected", G_CALLBACK (on_selected), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (outline, "items-changed", G_CALLBACK (update_selected), self,
                           G_CONNECT_SWAPPED | G_CONNECT_AFTER);
  update_selected (self);
}

void
sotto_sidebar_set_selected (SottoSidebar      *self,
                            SottoConversation *conversation)
{
  g_return_if_fail (SOTTO_IS_SIDEBAR (self));

  g_set_object (&self->selected, conversation);
  update_selected (self);
}

static void
on_activate (SottoSidebar *self,
             guint         position)
{
  g_autoptr (GObject) item = g_list_model_get_item (G_LIST_MODEL (self->selection), position);

  if (SOTTO_IS_GROUP (item))
    sotto_group_set_open (SOTTO_GROUP (item), !sotto_group_is_open (SOTTO_GROUP (item)));
  else
    g_signal_emit (self, signals[CONVERSATION_CHOSEN], 0, item, NULL, NULL, NULL);
}

/* --- Search --- */

static void
choose_result (SottoSidebar *self,
               guint         position)
{
  g_autoptr (SottoSearchHit) hit = sotto_sidebar_results_get (self->result_view, position);

  g_signal_emit (self, signals[CONVERSATION_CHOSEN], 0, sotto_search_hit_get_conversation (hit),
                 sotto_search_hit_get_message_id (hit), gtk_editable_get_text (GTK_EDITABLE (self->search_entry)),
                 sotto_search_hit_get_phrase (hit));
}

/* Returns: whether there are any */
static gboolean
show_results (SottoSidebar *self)
{
  if (sotto_sidebar_results_get_n (self->result_view) == 0)
    return FALSE;

  gtk_stack_set_visible_child_name (self->stack, "results");
  if (self->opens_first)
    choose_result (self, 0);
  self->opens_first = FALSE;

  return TRUE;
}

static void
on_found_by_meaning (GObject      *source,
                     GAsyncResult *result,
                     gpointer      user_data)
{
  g_autoptr (SottoSidebar) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GListModel) hits = sotto_conversation_list_search_meaning_finish (SOTTO_CONVERSATION_LIST (source), result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  g_clear_object (&self->search);
  if (hits != NULL)
    sotto_sidebar_results_add (self->result_view, hits);
  if (!show_results (self))
    gtk_stack_set_visible_child_name (self->stack, "nothing");
}

/* What has the words is there at once; what says it in other words follows, unless one types on. Until then nobody knows whether nothing
 * is found. */
static void
on_found (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr (SottoSidebar) self = user_data;
  SottoConversationList *conversations = SOTTO_CONVERSATION_LIST (source);
  g_autoptr (GError) error = NULL;
  g_autoptr (GListModel) hits = sotto_conversation_list_search_finish (conversations, result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  if (hits == NULL)
    hits = G_LIST_MODEL (g_list_store_new (SOTTO_TYPE_SEARCH_HIT));
  sotto_sidebar_results_show (self->result_view, hits);
  show_results (self);
  sotto_conversation_list_search_meaning_async (conversations, self->asked, hits, self->search, on_found_by_meaning,
                                                g_object_ref (self));
}

static void
look_for (SottoSidebar *self,
          gboolean      opens_first)
{
  const char *query = gtk_editable_get_text (GTK_EDITABLE (self->search_entry));

  self->opens_first = opens_first && *query != '\0';
  g_set_str (&self->asked, query);
  g_cancellable_cancel (self->search);
  g_clear_object (&self->search);

  if (self->conversations == NULL || *query == '\0')
    {
      update_page (self);
      return;
    }

  self->search = g_cancellable_new ();
  sotto_conversation_list_search_async (self->conversations, query, self->search, on_found, g_object_ref (self));
}

static void
on_search_changed (SottoSidebar *self)
{
  /* What Enter has asked for is not asked for again because the entry says some time later that it has changed. */
  if (g_strcmp0 (self->asked, gtk_editable_get_text (GTK_EDITABLE (self->search_entry))) != 0)
    look_for (self, FALSE);
}

/* Enter: who knows what will be found need not go there. */
static void
on_search_activate (SottoSidebar *self)
{
  look_for (self, TRUE);
}

/* Whoever searched, by a key or by typing in the list, is where they were before. */
static void
on_search_mode_changed (SottoSidebar *self)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));
  GtkWidget *focus = root != NULL ? gtk_root_get_focus (root) : NULL;

  if (!gtk_search_bar_get_search_mode (self->search_bar))
    {
      gboolean is_within = focus == NULL || gtk_widget_is_ancestor (focus, GTK_WIDGET (self->search_bar)) ||
                           gtk_widget_is_ancestor (focus, GTK_WIDGET (self->stack));

      gtk_editable_set_text (GTK_EDITABLE (self->search_entry), "");
      update_page (self);
      /* A row of the list may be another one's by now, and who began by a letter was there. */
      if (is_within && (self->before_search == NULL ||
                        gtk_widget_is_ancestor (self->before_search, GTK_WIDGET (self->list_view))))
        sotto_sidebar_focus_list (self);
      else if (is_within && gtk_widget_get_mapped (self->before_search))
        gtk_widget_grab_focus (self->before_search);
      g_clear_weak_pointer (&self->before_search);
    }
  update_page (self);
}

static gboolean
on_result_key (SottoSidebar   *self,
               guint           key,
               guint           code,
               GdkModifierType modifiers)
{
  if (key != GDK_KEY_Escape)
    return GDK_EVENT_PROPAGATE;

  gtk_search_bar_set_search_mode (self->search_bar, FALSE);

  return GDK_EVENT_STOP;
}

void
sotto_sidebar_begin_search (SottoSidebar *self,
                            const char   *words)
{
  g_return_if_fail (SOTTO_IS_SIDEBAR (self));

  if (!gtk_search_bar_get_search_mode (self->search_bar))
    g_set_weak_pointer (&self->before_search, gtk_root_get_focus (gtk_widget_get_root (GTK_WIDGET (self))));
  gtk_search_bar_set_search_mode (self->search_bar, TRUE);
  sotto_entry_make_ready (GTK_EDITABLE (self->search_entry));
  gtk_widget_grab_focus (GTK_WIDGET (self->search_entry));
  if (words != NULL)
    {
      gtk_editable_set_text (GTK_EDITABLE (self->search_entry), words);
      gtk_editable_set_position (GTK_EDITABLE (self->search_entry), -1);
    }
}

/* A row that is out of sight has no widget before it is scrolled to. */
gboolean
sotto_sidebar_focus_list (SottoSidebar *self)
{
  guint position;

  g_return_val_if_fail (SOTTO_IS_SIDEBAR (self), FALSE);

  if (self->selection == NULL || g_list_model_get_n_items (G_LIST_MODEL (self->selection)) == 0 ||
      !g_str_equal (gtk_stack_get_visible_child_name (self->stack), "list"))
    return FALSE;

  position = gtk_single_selection_get_selected (self->selection);
  gtk_list_view_scroll_to (self->list_view, position != GTK_INVALID_LIST_POSITION ? position : 0, GTK_LIST_SCROLL_FOCUS,
                           NULL);

  return gtk_widget_grab_focus (GTK_WIDGET (self->list_view));
}

/* --- The widget --- */

/* The list has the keyboard, and a letter begins a search. */
static void
on_realized (SottoSidebar *self)
{
  sotto_entry_make_ready (GTK_EDITABLE (self->search_entry));
}

static void
sotto_sidebar_dispose (GObject *object)
{
  SottoSidebar *self = SOTTO_SIDEBAR (object);

  g_cancellable_cancel (self->search);
  g_clear_object (&self->search);
  g_clear_weak_pointer (&self->before_search);
  g_clear_object (&self->selection);
  g_clear_object (&self->sections);
  g_clear_object (&self->selected);
  g_clear_object (&self->conversations);
  gtk_widget_dispose_template (GTK_WIDGET (self), SOTTO_TYPE_SIDEBAR);

  G_OBJECT_CLASS (sotto_sidebar_parent_class)->dispose (object);
}

static void
sotto_sidebar_finalize (GObject *object)
{
  g_free (SOTTO_SIDEBAR (object)->asked);

  G_OBJECT_CLASS (sotto_sidebar_parent_class)->finalize (object);
}

static void
sotto_sidebar_class_init (SottoSidebarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sotto_sidebar_dispose;
  G_OBJECT_CLASS (klass)->finalize = sotto_sidebar_finalize;

  signals[CONVERSATION_CHOSEN] =
    g_signal_new ("conversation-chosen", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                  G_TYPE_NONE, 4, SOTTO_TYPE_CONVERSATION, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING);

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/sotto_chat/Sotto/ui/sidebar/sidebar.ui");
  gtk_widget_class_bind_template_child (widget_class, SottoSidebar, main_button);
  gtk_widget_class_bind_template_child (widget_class, SottoSidebar, search_bar);
  gtk_widget_class_bind_template_child (widget_class, SottoSidebar, search_entry);
  gtk_widget_class_bind_template_child (widget_class, SottoSidebar, stack);
  gtk_widget_class_bind_template_child (widget_class, SottoSidebar, list_view);
  gtk_widget_class_bind_template_child (widget_class, SottoSidebar, result_view);
  gtk_widget_class_bind_template_callback (widget_class, on_activate);
  gtk_widget_class_bind_template_callback (widget_class, choose_result);
  gtk_widget_class_bind_template_callback (widget_class, on_result_key);
  gtk_widget_class_bind_template_callback (widget_class, on_search_activate);
  gtk_widget_class_bind_template_callback (widget_class, on_search_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_search_mode_changed);
}

static void
sotto_sidebar_init (SottoSidebar *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  sotto_menu_focus_returns (self->main_button);
  sotto_sidebar_rows_attach (self->list_view);
  sotto_sidebar_results_attach (self->result_view);
  gtk_search_bar_connect_entry (self->search_bar, GTK_EDITABLE (self->search_entry));
  g_signal_connect_after (self, "realize", G_CALLBACK (on_realized), NULL);
}
