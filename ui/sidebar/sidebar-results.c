#include "sidebar/sidebar-results.h"

#include <glib/gi18n.h>

/* --- Rows --- */

static void
on_setup (GtkListItemFactory *factory,
          GtkListItem        *item)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 2);
  GtkWidget *line = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *title = gtk_label_new (NULL);
  GtkWidget *group = gtk_label_new (NULL);
  GtkWidget *snippet = gtk_label_new (NULL);

  gtk_widget_set_hexpand (title, TRUE);
  gtk_label_set_ellipsize (GTK_LABEL (group), PANGO_ELLIPSIZE_END);
  gtk_label_set_max_width_chars (GTK_LABEL (group), 12);
  gtk_widget_add_css_class (group, "caption");
  gtk_widget_add_css_class (group, "dimmed");
  gtk_box_append (GTK_BOX (line), title);
  gtk_box_append (GTK_BOX (line), group);
  gtk_label_set_xalign (GTK_LABEL (title), 0);
  gtk_label_set_ellipsize (GTK_LABEL (title), PANGO_ELLIPSIZE_END);
  gtk_label_set_xalign (GTK_LABEL (snippet), 0);
  gtk_label_set_wrap (GTK_LABEL (snippet), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (snippet), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_lines (GTK_LABEL (snippet), 2);
  gtk_label_set_ellipsize (GTK_LABEL (snippet), PANGO_ELLIPSIZE_END);
  gtk_widget_add_css_class (snippet, "caption");
  gtk_widget_add_css_class (snippet, "dimmed");
  gtk_box_append (GTK_BOX (box), line);
  gtk_box_append (GTK_BOX (box), snippet);
  gtk_widget_add_css_class (box, "search-result");
  gtk_list_item_set_child (item, box);
}

static void
on_bind (GtkListItemFactory *factory,
         GtkListItem        *item)
{
  SottoSearchHit *hit = gtk_list_item_get_item (item);
  SottoConversation *conversation = sotto_search_hit_get_conversation (hit);
  SottoGroup *group = sotto_conversation_get_group (conversation);
  GtkWidget *line = gtk_widget_get_first_child (gtk_list_item_get_child (item));
  GtkWidget *snippet = gtk_widget_get_next_sibling (line);
  const char *text = sotto_conversation_get_name (conversation);

  gtk_label_set_label (GTK_LABEL (gtk_widget_get_first_child (line)), text);
  gtk_label_set_label (GTK_LABEL (gtk_widget_get_last_child (line)), group != NULL ? sotto_group_get_name (group) : "");
  gtk_widget_set_visible (gtk_widget_get_last_child (line), group != NULL);
  gtk_label_set_markup (GTK_LABEL (snippet), sotto_search_hit_get_markup (hit));
  gtk_list_item_set_accessible_label (item, text);
  gtk_list_item_set_accessible_description (item, sotto_search_hit_get_snippet (hit));
}

/* --- Headings --- */

static void
on_header_setup (GtkListItemFactory *factory,
                 GtkListHeader      *header)
{
  /* Translators: over the results of a search that say the same in other words */
  GtkWidget *label = gtk_label_new (_("Found by Meaning"));

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_widget_add_css_class (label, "caption-heading");
  gtk_widget_add_css_class (label, "dimmed");
  gtk_list_header_set_child (header, label);
}

/* What has the words stands first, and needs no heading: it must not move when others come behind it. */
static void
on_header_bind (GtkListItemFactory *factory,
                GtkListHeader      *header)
{
  GtkWidget *label = gtk_list_header_get_child (header);
  GtkWidget *row = gtk_widget_get_parent (label);
  gboolean is_by_meaning = sotto_search_hit_get_phrase (gtk_list_header_get_item (header)) != NULL;

  gtk_widget_set_visible (label, is_by_meaning);
  if (row == NULL)
    return;
  if (is_by_meaning)
    gtk_widget_remove_css_class (row, "empty");
  else
    gtk_widget_add_css_class (row, "empty");
}

/* --- The list --- */

static GListStore *
get_parts (GtkListView *view)
{
  GtkNoSelection *selection = GTK_NO_SELECTION (gtk_list_view_get_model (view));
  GtkFlattenListModel *all = GTK_FLATTEN_LIST_MODEL (gtk_no_selection_get_model (selection));

  return G_LIST_STORE (gtk_flatten_list_model_get_model (all));
}

void
sotto_sidebar_results_attach (GtkListView *view)
{
  g_autoptr (GtkListItemFactory) rows = gtk_signal_list_item_factory_new ();
  g_autoptr (GtkListItemFactory) headers = gtk_signal_list_item_factory_new ();
  GListStore *parts = g_list_store_new (G_TYPE_LIST_MODEL);
  g_autoptr (GtkSelectionModel) selection =
    GTK_SELECTION_MODEL (gtk_no_selection_new (G_LIST_MODEL (gtk_flatten_list_model_new (G_LIST_MODEL (parts)))));

  g_signal_connect (rows, "setup", G_CALLBACK (on_setup), NULL);
  g_signal_connect (rows, "bind", G_CALLBACK (on_bind), NULL);
  g_signal_connect (headers, "setup", G_CALLBACK (on_header_setup), NULL);
  g_signal_connect (headers, "bind", G_CALLBACK (on_header_bind), NULL);
  gtk_list_view_set_factory (view, rows);
  gtk_list_view_set_header_factory (view, headers);
  gtk_list_view_set_model (view, selection);
}

void
sotto_sidebar_results_show (GtkListView *view,
                            GListModel  *found)
{
  GListStore *parts = get_parts (view);
  gpointer part = found;

  g_list_store_splice (parts, 0, g_list_model_get_n_items (G_LIST_MODEL (parts)), &part, 1);
}

void
sotto_sidebar_results_add (GtkListView *view,
                           GListModel  *found)
{
  g_list_store_append (get_parts (view), found);
}

guint
sotto_sidebar_results_get_n (GtkListView *view)
{
  return g_list_model_get_n_items (G_LIST_MODEL (gtk_list_view_get_model (view)));
}

SottoSearchHit *
sotto_sidebar_results_get (GtkListView *view,
                           guint        position)
{
  return g_list_model_get_item (G_LIST_MODEL (gtk_list_view_get_model (view)), position);
}
