#include "config.h"

#include "privacy-dialog.h"

#include <glib/gi18n.h>

/* What stands here is what tests hold: each sentence has one under tests/promises, tests/history or tests/end-to-end. */

typedef struct {
  const char *icon;
  const char *title;
  const char *text;
} Statement;

static const Statement statements[] = {
  { "network-offline-symbolic", N_("Nothing Leaves This Computer"),
    N_("There is no network code in Sotto, and from the first moment on the system refuses it every connection that leads out of "
       "this computer. Models are files that you bring.") },
  { "channel-secure-symbolic", N_("What You Write Is Encrypted"),
    N_("Messages and what is attached to them, replies, titles, drafts and the search index lie in one encrypted file, and what models "
       "have read of long conversations in others beside it. The key is in your keyring or behind your passphrase, and nobody can open them without it "
       "or your recovery code.") },
  { "system-lock-screen-symbolic", N_("Locked, It Knows Nothing"),
    N_("When you lock Sotto, nothing of your conversations and nothing that opens them stays in its memory.") },
  { "chat-temporary-symbolic", N_("A Temporary Chat Is Not Kept"),
    N_("It is in memory only, and Sotto writes nothing of it to any file. What the system itself puts there, for hibernation or "
       "when memory is short, is up to the system.") },
  { "folder-symbolic", N_("Documents Stay Where They Are"),
    N_("What is read in the folders that you name lies in the same encrypted file, and goes from it when you take a folder off the "
       "list.") },
  { "document-save-symbolic", N_("An Export Is Plain Text"),
    N_("A file that you export can be read by whoever has it; on this computer that is you alone. What you import is encrypted like "
       "everything else.") },
  { "notifications-disabled-symbolic", N_("Nothing Is Told Aside"),
    N_("A notification says that a reply is ready, not what it says. Preferences and the list of recent files hold "
       "nothing of your conversations.") },
  { "audio-speakers-symbolic", N_("What Is Read Aloud Goes to the Voice Alone"),
    N_("Sentences that you have read aloud are given to the speech service of this computer, one at a time. The voices that come with "
       "it need no network.") },
  { "system-shutdown-symbolic", N_("Nothing Runs Unseen"),
    N_("When its window is closed Sotto ends; a reply that is being written is finished first. It does not start by itself.") },
};

static void
add_statements (AdwPreferencesPage *page)
{
  GtkWidget *group = adw_preferences_group_new ();

  for (guint i = 0; i < G_N_ELEMENTS (statements); i++)
    {
      GtkWidget *row = adw_action_row_new ();

      adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), _(statements[i].title));
      adw_action_row_set_subtitle (ADW_ACTION_ROW (row), _(statements[i].text));
      adw_action_row_add_prefix (ADW_ACTION_ROW (row), gtk_image_new_from_icon_name (statements[i].icon));
      adw_preferences_group_add (ADW_PREFERENCES_GROUP (group), row);
    }
  adw_preferences_page_add (page, ADW_PREFERENCES_GROUP (group));
}

/* As one says it: what lies in the home folder without the way there. @file: (nullable): in @folder */
static char *
show_path (const char *folder,
           const char *file)
{
  g_autofree char *path = g_build_filename (folder, file, NULL);
  g_autofree char *home = g_strconcat (g_get_home_dir (), G_DIR_SEPARATOR_S, NULL);
  g_autofree char *shown = g_filename_display_name (path);

  return g_str_has_prefix (shown, home) ? g_strconcat ("~/", shown + strlen (home), NULL) : g_steal_pointer (&shown);
}

/* --- Checking it --- */

static void
on_copy (GtkButton  *button,
         const char *command)
{
  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (button)), command);
  gtk_button_set_icon_name (button, "object-select-symbolic");
}

static void
add_check (GtkWidget  *group,
           const char *title,
           const char *command,
           const char *meaning)
{
  GtkWidget *row = adw_preferences_row_new ();
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  GtkWidget *heading = gtk_label_new (title);
  GtkWidget *line = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *code = gtk_label_new (command);
  GtkWidget *copy = gtk_button_new_from_icon_name ("edit-copy-symbolic");
  GtkWidget *words = gtk_label_new (meaning);
  /* Translators: %s is a command for a terminal; read out by screen readers */
  g_autofree char *copy_label = g_strdup_printf (_("Copy “%s”"), command);
  GtkWidget *labels[] = { heading, code, words };

  for (guint i = 0; i < G_N_ELEMENTS (labels); i++)
    {
      gtk_label_set_xalign (GTK_LABEL (labels[i]), 0);
      gtk_label_set_wrap (GTK_LABEL (labels[i]), TRUE);
      gtk_label_set_wrap_mode (GTK_LABEL (labels[i]), PANGO_WRAP_WORD_CHAR);
    }
  gtk_label_set_selectable (GTK_LABEL (code), TRUE);
  gtk_widget_set_hexpand (code, TRUE);
  gtk_widget_add_css_class (code, "monospace");
  gtk_widget_add_css_class (line, "command");
  gtk_widget_add_css_class (words, "meaning");

  gtk_widget_add_css_class (copy, "flat");
  gtk_widget_set_valign (copy, GTK_ALIGN_CENTER);
  gtk_widget_set_tooltip_text (copy, C_("verb", "Copy"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (copy), GTK_ACCESSIBLE_PROPERTY_LABEL, copy_label, -1);
  g_signal_connect_data (copy, "clicked", G_CALLBACK (on_copy), g_strdup (command), (GClosureNotify) (GCallback) g_free, 0);

  gtk_box_append (GTK_BOX (line), code);
  gtk_box_append (GTK_BOX (line), copy);
  gtk_box_append (GTK_BOX (box), heading);
  gtk_box_append (GTK_BOX (box), line);
  gtk_box_append (GTK_BOX (box), words);
  gtk_widget_add_css_class (box, "check");
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), box);
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), FALSE);
  /* What can be reached is the button and the command in it, not the row. */
  gtk_widget_set_focusable (row, FALSE);
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (group), row);
}

static void
add_checks (AdwPreferencesPage *page,
            const char         *folder)
{
  GtkWidget *group = adw_preferences_group_new ();
  g_autofree char *shown = show_path (folder, NULL);
  gboolean is_plain = strspn (shown, "~" G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "/._-") == strlen (shown);
  g_autofree char *quoted = is_plain ? g_steal_pointer (&shown) : g_shell_quote (folder);
  g_autofree char *search = g_strdup_printf ("grep -rlaF 'a word you wrote' %s", quoted);

  adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (group), _("Check It Yourself"));
  adw_preferences_group_set_description (ADW_PREFERENCES_GROUP (group), _("With these commands in a terminal"));
  if (g_file_test ("/.flatpak-info", G_FILE_TEST_EXISTS))
    add_check (group, _("What Sotto may do"), "flatpak info --show-permissions " SOTTO_APPLICATION_ID,
               _("“network” does not stand behind “shared”: in its sandbox there is no network."));
  else
    add_check (group, _("Every connection it opens"), "strace -f -e trace=socket sotto",
               _("Each line says AF_UNIX, which ends within this computer: the display, the session bus, the keyring."));
  add_check (group, _("The filter that refuses the others"), "grep Seccomp: /proc/$(pidof sotto)/status",
             _("“2” means that a filter is in force. It stays until Sotto ends."));
  add_check (group, _("What can be read on the disk"), search,
             _("No file is named, whatever word of yours you look for. Look in your whole home folder as well."));
  add_check (group, _("Everything, by machine"), "tests/run end-to-end/conversation history promises",
             _("In the source: a whole session is traced, then all files are searched for what was said in it; power is cut and "
               "files are damaged thousands of times."));
  adw_preferences_page_add (page, ADW_PREFERENCES_GROUP (group));
}

/* --- Where things lie --- */

static void
add_place (GtkWidget  *group,
           const char *title,
           const char *folder,
           const char *file)
{
  g_autofree char *shown = show_path (folder, file);
  GtkWidget *row = adw_action_row_new ();

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), shown);
  adw_action_row_set_subtitle_selectable (ADW_ACTION_ROW (row), TRUE);
  gtk_widget_add_css_class (row, "property");
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (group), row);
}

static void
add_places (AdwPreferencesPage *page,
            SottoApp           *app)
{
  GtkWidget *group = adw_preferences_group_new ();
  const char *folder = sotto_app_get_folder (app);

  adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (group), _("Where Things Lie"));
  if (sotto_app_is_temporary (app))
    adw_preferences_group_set_description (ADW_PREFERENCES_GROUP (group),
      _("What is said now is not kept anywhere. These are the places of what was kept before."));
  else
    adw_preferences_group_set_description (ADW_PREFERENCES_GROUP (group),
      _("Preferences are kept by the desktop as plain text. No word of a conversation is among them."));
  add_place (group, _("Conversations, encrypted"), folder, "history.db");
  add_place (group, _("Their key, encrypted"), folder, "history.key");
  add_place (group, _("What models have read, encrypted"), folder, "timelines");
  add_place (group, _("Models"), folder, "models");
  adw_preferences_page_add (page, ADW_PREFERENCES_GROUP (group));
}

void
sotto_privacy_dialog_present (GtkWidget *parent,
                              SottoApp  *app)
{
  AdwDialog *dialog = adw_dialog_new ();
  GtkWidget *view = adw_toolbar_view_new ();
  AdwPreferencesPage *page = ADW_PREFERENCES_PAGE (adw_preferences_page_new ());

  add_statements (page);
  add_checks (page, sotto_app_get_folder (app));
  add_places (page, app);

  adw_toolbar_view_add_top_bar (ADW_TOOLBAR_VIEW (view), adw_header_bar_new ());
  adw_toolbar_view_set_content (ADW_TOOLBAR_VIEW (view), GTK_WIDGET (page));
  adw_dialog_set_title (dialog, _("Privacy"));
  adw_dialog_set_content_width (dialog, 560);
  adw_dialog_set_child (dialog, view);
  adw_dialog_present (dialog, parent);
}
