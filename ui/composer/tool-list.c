#include "composer/tool-list.h"

#include <glib/gi18n.h>

/* So wide a list has room on a narrow screen with large letters, too. */
#define MAX_CHARS 26

struct _SottoToolList {
  GtkWidget parent_instance;

  GtkWidget *note; /* borrowed: the last child; the checks stand before it, in the order of the tools */

  /* Owned */
  SottoConversation *conversation;

  gboolean is_filling; /* the checks say what is, and choose nothing */
};

G_DEFINE_FINAL_TYPE (SottoToolList, sotto_tool_list, GTK_TYPE_WIDGET)

static const SottoTool *
get_tool (GtkWidget *check)
{
  return g_object_get_data (G_OBJECT (check), "tool");
}

static void
on_toggled (SottoToolList  *self,
            GtkCheckButton *check)
{
  if (self->conversation != NULL && !self->is_filling)
    sotto_conversation_set_uses_tool (self->conversation, get_tool (GTK_WIDGET (check)), gtk_check_button_get_active (check));
}

/* What cannot be used here stays in sight, so that one knows that there is such a thing. */
static void
update (SottoToolList *self)
{
  SottoModelEntry *model = self->conversation != NULL ? sotto_conversation_get_model (self->conversation) : NULL;
  gboolean is_json = self->conversation != NULL &&
                     sotto_answer_form_get_format (sotto_conversation_get_answer_form (self->conversation)) != SOTTO_ANSWER_FORMAT_TEXT;

  self->is_filling = TRUE;
  for (GtkWidget *check = gtk_widget_get_first_child (GTK_WIDGET (self)); check != self->note;
       check = gtk_widget_get_next_sibling (check))
    {
      const SottoTool *tool = get_tool (check);
      gboolean can = self->conversation != NULL && sotto_conversation_can_use_tool (self->conversation, tool);

      gtk_widget_set_sensitive (check, can);
      gtk_check_button_set_active (GTK_CHECK_BUTTON (check), can && sotto_conversation_uses_tool (self->conversation, tool));
    }
  self->is_filling = FALSE;
  gtk_widget_set_visible (self->note, is_json || (model != NULL && !sotto_model_entry_has_tools (model)));
  gtk_label_set_label (GTK_LABEL (self->note), is_json ? _("Replies that are JSON use no tools.")
                                                       : _("This model cannot use tools."));
}

static GtkWidget *
create_label (const char *text,
              gboolean    is_caption)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_max_width_chars (GTK_LABEL (label), MAX_CHARS);
  if (is_caption)
    {
      gtk_widget_add_css_class (label, "caption");
      gtk_widget_add_css_class (label, "dimmed");
    }

  return label;
}

static GtkWidget *
create_check (SottoToolList   *self,
              const SottoTool *tool)
{
  GtkWidget *check = gtk_check_button_new ();
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 1);

  gtk_box_append (GTK_BOX (box), create_label (sotto_tool_get_title (tool), FALSE));
  gtk_box_append (GTK_BOX (box), create_label (sotto_tool_get_words (tool), TRUE));
  gtk_check_button_set_child (GTK_CHECK_BUTTON (check), box);
  gtk_accessible_update_property (GTK_ACCESSIBLE (check),
                                  GTK_ACCESSIBLE_PROPERTY_LABEL, sotto_tool_get_title (tool),
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, sotto_tool_get_words (tool),
                                  -1);
  g_object_set_data (G_OBJECT (check), "tool", (gpointer) tool);
  g_signal_connect_object (check, "toggled", G_CALLBACK (on_toggled), self, G_CONNECT_SWAPPED);

  return check;
}

void
sotto_tool_list_set_conversation (SottoToolList     *self,
                                  SottoConversation *conversation)
{
  static const char *const changes[] = { "notify::n-tools", "notify::n-folders", "notify::model" };

  g_return_if_fail (SOTTO_IS_TOOL_LIST (self));

  if (self->conversation == conversation)
    return;

  if (self->conversation != NULL)
    g_signal_handlers_disconnect_by_data (self->conversation, self);
  g_set_object (&self->conversation, conversation);
  for (guint i = 0; conversation != NULL && i < G_N_ELEMENTS (changes); i++)
    g_signal_connect_object (conversation, changes[i], G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update (self);
}

static void
sotto_tool_list_dispose (GObject *object)
{
  SottoToolList *self = SOTTO_TOOL_LIST (object);
  GtkWidget *child;

  if (self->conversation != NULL)
    g_signal_handlers_disconnect_by_data (self->conversation, self);
  g_clear_object (&self->conversation);
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))) != NULL)
    gtk_widget_unparent (child);

  G_OBJECT_CLASS (sotto_tool_list_parent_class)->dispose (object);
}

static void
sotto_tool_list_class_init (SottoToolListClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sotto_tool_list_dispose;

  gtk_widget_class_set_layout_manager_type (GTK_WIDGET_CLASS (klass), GTK_TYPE_BOX_LAYOUT);
  gtk_widget_class_set_css_name (GTK_WIDGET_CLASS (klass), "toollist");
  gtk_widget_class_set_accessible_role (GTK_WIDGET_CLASS (klass), GTK_ACCESSIBLE_ROLE_GROUP);
}

static void
sotto_tool_list_init (SottoToolList *self)
{
  gtk_orientable_set_orientation (GTK_ORIENTABLE (gtk_widget_get_layout_manager (GTK_WIDGET (self))), GTK_ORIENTATION_VERTICAL);
  for (guint i = 0; i < sotto_tools_get_n (); i++)
    gtk_widget_insert_before (create_check (self, sotto_tools_get (i)), GTK_WIDGET (self), NULL);
  self->note = create_label (NULL, TRUE);
  gtk_widget_add_css_class (self->note, "folder-words");
  gtk_widget_insert_before (self->note, GTK_WIDGET (self), NULL);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Tools"), -1);
  update (self);
}
