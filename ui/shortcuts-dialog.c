#include "shortcuts-dialog.h"

#include <glib/gi18n.h>

/* Not GtkShortcutsWindow, which GTK has deprecated, nor AdwShortcutsDialog, which libadwaita 1.7 has not: a list that reads well
 * on a narrow window and to a screen reader. */

typedef struct {
  const char *title;
  const char *key;      /* an action, "win.find", or a key that no action has */
} Shortcut;

static const Shortcut writing[] = {
  { NC_("shortcut window", "Send the message"), "Return" },
  { NC_("shortcut window", "Begin a new line"), "<Shift>Return" },
  { NC_("shortcut window", "Edit the last message"), "Up" },
  { NC_("shortcut window", "Stop the reply, or reading it aloud"), "Escape" },
  { NC_("shortcut window", "Go to the message field"), "win.focus-composer" },
  { NC_("shortcut window", "Choose a model"), "win.choose-model" },
  { NC_("shortcut window", "Choose documents to ask"), "win.choose-folders" },
  { NULL, NULL },
};

static const Shortcut conversations[] = {
  { NC_("shortcut window", "New chat"), "win.new-conversation" },
  { NC_("shortcut window", "New temporary chat"), "win.new-temporary" },
  { NC_("shortcut window", "Search all conversations"), "win.search" },
  { NC_("shortcut window", "Find in the conversation"), "win.find" },
  { NC_("shortcut window", "Read the last reply aloud, pause, go on"), "win.read-aloud" },
  { NC_("shortcut window", "Rename the conversation"), "win.rename" },
  { NC_("shortcut window", "Pin or unpin the conversation"), "win.pin" },
  { NC_("shortcut window", "Export the conversation"), "win.export" },
  { NC_("shortcut window", "Print the conversation"), "win.print" },
  { NC_("shortcut window", "Import conversations"), "win.import" },
  { NC_("shortcut window", "Delete a conversation in the list"), "Delete" },
  { NC_("shortcut window", "Show or hide the list"), "win.toggle-sidebar" },
  { NULL, NULL },
};

static const Shortcut pictures[] = {
  { NC_("shortcut window", "Next picture"), "Right" },
  { NC_("shortcut window", "Previous picture"), "Left" },
  { NC_("shortcut window", "Larger"), "plus" },
  { NC_("shortcut window", "Smaller"), "minus" },
  { NC_("shortcut window", "As large as the window"), "0" },
  { NC_("shortcut window", "In its own size"), "1" },
  { NC_("shortcut window", "Copy the picture"), "<Control>c" },
  { NC_("shortcut window", "Save the picture"), "<Control>s" },
  { NULL, NULL },
};

static const Shortcut general[] = {
  { NC_("shortcut window", "Preferences"), "win.preferences" },
  { NC_("shortcut window", "Keyboard shortcuts"), "win.shortcuts" },
  { NC_("shortcut window", "Lock Sotto"), "app.lock" },
  { NC_("shortcut window", "Close the window"), "window.close" },
  { NC_("shortcut window", "Quit"), "app.quit" },
  { NULL, NULL },
};

static char *
describe_key (const char *key)
{
  GtkApplication *application = GTK_APPLICATION (g_application_get_default ());
  g_auto (GStrv) keys = strchr (key, '.') != NULL ? gtk_application_get_accels_for_action (application, key) : NULL;
  guint symbol;
  GdkModifierType modifiers;

  if (!gtk_accelerator_parse (keys != NULL && keys[0] != NULL ? keys[0] : key, &symbol, &modifiers))
    return g_strdup ("");

  /* GTK calls this key as old keyboards do; all of Sotto's other words call it as most of today's. */
  if (symbol == GDK_KEY_Return)
    {
      g_autofree char *modifier = gtk_accelerator_get_label (0, modifiers);

      /* Translators: the key that sends a message, as most people call it */
      return g_strjoin (*modifier != '\0' ? "+" : "", modifier, C_("key", "Enter"), NULL);
    }

  return gtk_accelerator_get_label (symbol, modifiers);
}

/* A long name of a key stands below what it does, where both have no room in one line. */
static GtkWidget *
create_row (const char *title,
            const char *key)
{
  GtkWidget *row = adw_preferences_row_new ();
  GtkWidget *box = adw_wrap_box_new ();
  GtkWidget *title_label = gtk_label_new (title);
  GtkWidget *key_label = gtk_label_new (key);

  gtk_label_set_wrap (GTK_LABEL (title_label), TRUE);
  gtk_label_set_xalign (GTK_LABEL (title_label), 0);
  gtk_widget_set_hexpand (title_label, TRUE);
  gtk_widget_add_css_class (key_label, "key");
  gtk_widget_set_valign (key_label, GTK_ALIGN_CENTER);
  adw_wrap_box_set_child_spacing (ADW_WRAP_BOX (box), 12);
  adw_wrap_box_set_line_spacing (ADW_WRAP_BOX (box), 6);
  adw_wrap_box_append (ADW_WRAP_BOX (box), title_label);
  adw_wrap_box_append (ADW_WRAP_BOX (box), key_label);
  gtk_widget_add_css_class (box, "shortcut");

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), FALSE);
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), box);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row),
                                  GTK_ACCESSIBLE_PROPERTY_LABEL, title,
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, key,
                                  -1);

  return row;
}

static void
add_group (GtkWidget      *page,
           const char     *title,
           const Shortcut *shortcuts)
{
  GtkWidget *group = adw_preferences_group_new ();

  adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (group), title);
  for (; shortcuts->title != NULL; shortcuts++)
    {
      g_autofree char *key = describe_key (shortcuts->key);

      adw_preferences_group_add (ADW_PREFERENCES_GROUP (group),
                                 create_row (g_dpgettext2 (NULL, "shortcut window", shortcuts->title), key));
    }
  adw_preferences_page_add (ADW_PREFERENCES_PAGE (page), ADW_PREFERENCES_GROUP (group));
}

void
sotto_shortcuts_dialog_present (GtkWidget *parent)
{
  AdwDialog *dialog = adw_dialog_new ();
  GtkWidget *view = adw_toolbar_view_new ();
  GtkWidget *page = adw_preferences_page_new ();

  add_group (page, C_("shortcut window", "Writing"), writing);
  add_group (page, C_("shortcut window", "Conversations"), conversations);
  /* Translators: the heading of the keys while a picture is looked at */
  add_group (page, C_("shortcut window", "Looking at a Picture"), pictures);
  add_group (page, C_("shortcut window", "General"), general);

  adw_toolbar_view_add_top_bar (ADW_TOOLBAR_VIEW (view), adw_header_bar_new ());
  adw_toolbar_view_set_content (ADW_TOOLBAR_VIEW (view), page);
  adw_dialog_set_title (dialog, _("Keyboard Shortcuts"));
  adw_dialog_set_content_width (dialog, 480);
  adw_dialog_set_child (dialog, view);
  adw_dialog_present (dialog, parent);
}
