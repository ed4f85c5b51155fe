/* Groups in the list: made, opened and closed, filled and deleted, by the keyboard, by menus and with the pointer. */
#include "life.h"

#include "sotto-app.h"

#include "sidebar/conversation-row.h"
#include "sidebar/group-row.h"

static gboolean
is_begun (gpointer conversation)
{
  return sotto_conversation_is_stored (conversation) && !sotto_conversation_is_busy (conversation);
}

static SottoConversation *
begin_in (SottoApp   *app,
          SottoGroup *group,
          const char *text)
{
  SottoConversation *conversation = sotto_conversation_list_create_in (sotto_app_get_conversations (app), group);

  sotto_conversation_send_async (conversation, text, NULL, NULL, NULL);
  harness_wait_for (is_begun, conversation, 20);

  return conversation;
}

static SottoGroupList *
get_groups (SottoApp *app)
{
  return sotto_conversation_list_get_groups (sotto_app_get_conversations (app));
}

static SottoGroup *
get_group (SottoApp *app,
           guint     position)
{
  g_autoptr (SottoGroup) group = g_list_model_get_item (G_LIST_MODEL (get_groups (app)), position);

  return group;
}

static GtkWidget *
get_list (GtkWindow *window)
{
  return harness_find (GTK_WIDGET (window), GTK_TYPE_LIST_VIEW);
}

/* Gives the keyboard to a row. */
static void
focus_row (GtkWindow *window,
           guint      position)
{
  gtk_list_view_scroll_to (GTK_LIST_VIEW (get_list (window)), position, GTK_LIST_SCROLL_FOCUS, NULL);
  gtk_widget_grab_focus (get_list (window));
  harness_run (0.3);
}

/* Returns: what the row holds that has the keyboard */
static GtkWidget *
get_focused (GtkWindow *window)
{
  return gtk_widget_get_first_child (gtk_window_get_focus (window));
}

static const char *
get_row_text (GtkWidget *row)
{
  return gtk_label_get_label (GTK_LABEL (harness_find (row, GTK_TYPE_LABEL)));
}

/* Returns: (nullable): the row of the list with that text */
static GtkWidget *
find_row (GtkWidget  *from,
          const char *text)
{
  for (GtkWidget *child = gtk_widget_get_first_child (from); child != NULL; child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = NULL;

      if (!gtk_widget_get_mapped (child))
        continue;
      if (SOTTO_IS_CONVERSATION_ROW (child) || SOTTO_IS_GROUP_ROW (child))
        found = g_str_equal (get_row_text (child), text) ? child : NULL;
      else
        found = find_row (child, text);
      if (found != NULL)
        return found;
    }

  return NULL;
}

static void
by_keyboard (SottoApp  *app,
             GtkWindow *window)
{
  SottoConversation *taxes;
  SottoGroup *work;

  life_start_temporary (app);
  begin_in (app, NULL, "Plain");
  life_activate (window, "win.new-group");
  life_wait_for_dialog (window);
  if (!harness_type (GTK_WIDGET (window), "Work"))
    {
      g_test_skip ("xdotool is not installed");
      return;
    }
  harness_keys (GTK_WIDGET (window), "Return");
  harness_run (0.5);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (get_groups (app))), ==, 1);
  work = get_group (app, 0);
  g_assert_cmpstr (sotto_group_get_name (work), ==, "Work");

  /* A new chat in it, by its menu */
  focus_row (window, 0);
  g_assert_true (SOTTO_IS_GROUP_ROW (get_focused (window)));
  harness_keys (GTK_WIDGET (window), "shift+F10");
  harness_run (0.5);
  harness_keys (GTK_WIDGET (window), "Return");
  harness_run (0.5);
  taxes = sotto_conversation_list_create (sotto_app_get_conversations (app));
  g_assert_true (sotto_conversation_get_group (taxes) == work);
  sotto_conversation_send_async (taxes, "Taxes", NULL, NULL, NULL);
  harness_wait_for (is_begun, taxes, 20);
  harness_run (0.5);
  g_assert_nonnull (find_row (get_list (window), "Taxes"));
  g_assert_true (gtk_widget_has_css_class (find_row (get_list (window), "Taxes"), "in-group"));

  /* Closed and opened by Enter and by the arrows; the keyboard stays where it is. */
  focus_row (window, 0);
  harness_keys (GTK_WIDGET (window), "Return");
  harness_run (0.3);
  g_assert_false (sotto_group_is_open (work));
  g_assert_null (find_row (get_list (window), "Taxes"));
  g_assert_true (SOTTO_IS_GROUP_ROW (get_focused (window)));
  harness_keys (GTK_WIDGET (window), "Right");
  harness_run (0.3);
  g_assert_true (sotto_group_is_open (work));
  harness_keys (GTK_WIDGET (window), "Left");
  harness_run (0.3);
  g_assert_false (sotto_group_is_open (work));
  harness_keys (GTK_WIDGET (window), "Right");
  harness_run (0.3);
  g_assert_nonnull (find_row (get_list (window), "Taxes"));

  /* Deleted by its key, and back; what was in it is in the list meanwhile. */
  harness_keys (GTK_WIDGET (window), "Delete");
  harness_run (0.5);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (get_groups (app))), ==, 0);
  g_assert_nonnull (find_row (get_list (window), "Taxes"));
  g_assert_false (gtk_widget_has_css_class (find_row (get_list (window), "Taxes"), "in-group"));
  g_assert_true (gtk_widget_is_ancestor (gtk_window_get_focus (window), get_list (window)));
  life_click (GTK_WIDGET (window), "_Undo");
  harness_run (0.5);
  g_assert_true (sotto_conversation_get_group (taxes) == get_group (app, 0));
  g_assert_true (gtk_widget_has_css_class (find_row (get_list (window), "Taxes"), "in-group"));
}

/* The menus of a row and of the page; deleting with all that is in it */
static void
by_menu (SottoApp  *app,
         GtkWindow *window)
{
  SottoConversation *plain;
  SottoGroup *garden;
  GtkWidget *dialog;
  GtkWidget *row;

  life_start_temporary (app);
  plain = begin_in (app, NULL, "Plain");
  sotto_group_list_create (get_groups (app), "Work_place");
  garden = sotto_group_list_create (get_groups (app), "Garden");
  harness_run (0.5);
  row = find_row (get_list (window), "Plain");
  life_assert_named (row);
  life_assert_named (find_row (get_list (window), "Garden"));
  gtk_widget_activate_action (row, "row.move-to-group", "s", sotto_group_get_id (garden));
  harness_run (0.3);
  g_assert_true (sotto_conversation_get_group (plain) == garden);
  row = find_row (get_list (window), "Plain");
  gtk_widget_activate_action (row, "row.leave-group", NULL);
  harness_run (0.3);
  g_assert_null (sotto_conversation_get_group (plain));

  row = find_row (get_list (window), "Plain");
  gtk_widget_activate_action (row, "row.move-to-new-group", NULL);
  dialog = life_wait_for_dialog (window);
  harness_run (0.5);
  gtk_editable_set_text (GTK_EDITABLE (harness_find (dialog, ADW_TYPE_ENTRY_ROW)), "Attic");
  life_click (dialog, "C_reate");
  harness_run (0.5);
  g_assert_cmpstr (sotto_group_get_name (sotto_conversation_get_group (plain)), ==, "Attic");

  gtk_widget_activate_action (GTK_WIDGET (window), "win.delete-group-with-all", "s", sotto_group_get_id (get_group (app, 0)));
  harness_run (0.3);
  g_assert_null (find_row (get_list (window), "Plain"));
  life_click (GTK_WIDGET (window), "_Undo");
  harness_run (0.5);
  g_assert_nonnull (find_row (get_list (window), "Plain"));
  g_assert_cmpstr (sotto_group_get_name (sotto_conversation_get_group (plain)), ==, "Attic");
}

/* What is changed in the dialog holds at once, and the next chat begins with it. */
static void
change_details (SottoApp  *app,
                GtkWindow *window)
{
  SottoConversation *fresh;
  SottoGroup *work;
  AdwDialog *dialog;

  life_start_temporary (app);
  work = sotto_group_list_create (get_groups (app), "Work");
  harness_run (0.5);
  gtk_widget_activate_action (GTK_WIDGET (window), "win.group-details", "s", sotto_group_get_id (work));
  harness_run (0.5);
  dialog = adw_application_window_get_visible_dialog (ADW_APPLICATION_WINDOW (window));
  g_assert_nonnull (dialog);
  life_assert_named (GTK_WIDGET (dialog));
  /* What has the keyboard is not the name, which would be selected and replaced by the first letter. */
  if (!harness_type (GTK_WIDGET (window), "Be brief."))
    {
      g_test_skip ("xdotool is not installed");
      return;
    }
  gtk_editable_set_text (GTK_EDITABLE (harness_find (GTK_WIDGET (dialog), ADW_TYPE_ENTRY_ROW)), "Work place ");
  harness_run (0.3);
  g_assert_cmpstr (sotto_group_get_name (work), ==, "Work place");
  g_assert_cmpstr (sotto_group_get_instructions (work), ==, "Be brief.");
  harness_keys (GTK_WIDGET (window), "Escape");
  harness_run (0.5);
  gtk_widget_activate_action (GTK_WIDGET (window), "win.new-in-group", "s", sotto_group_get_id (work));
  fresh = sotto_conversation_list_create (sotto_app_get_conversations (app));
  g_assert_cmpstr (sotto_conversation_get_instructions (fresh), ==, "Be brief.");
  life_activate (window, "win.new-conversation");
  g_assert_null (sotto_conversation_get_group (fresh));
  g_assert_cmpstr (sotto_conversation_get_instructions (fresh), ==, "");
}

static void
pointer (const char *command,
         GtkWidget  *widget)
{
  g_autofree char *line = NULL;
  graphene_point_t middle = GRAPHENE_POINT_INIT (0, 0);
  double x = 0;
  double y = 0;

  if (widget != NULL)
    {
      graphene_point_t inside = GRAPHENE_POINT_INIT (gtk_widget_get_width (widget) / 3.0f, gtk_widget_get_height (widget) / 2.0f);
      GtkWidget *window = GTK_WIDGET (gtk_widget_get_root (widget));

      g_assert_true (gtk_widget_compute_point (widget, window, &inside, &middle));
      gtk_native_get_surface_transform (GTK_NATIVE (window), &x, &y);
    }
  line = widget != NULL ? g_strdup_printf ("xdotool mousemove %d %d %s", (int) (middle.x + x), (int) (middle.y + y), command)
                        : g_strdup_printf ("xdotool %s", command);
  g_spawn_command_line_sync (line, NULL, NULL, NULL, NULL);
  harness_run (0.3);
}

/* As a hand does: it comes over the target in more than one move, and not all at once. */
static void
drag (GtkWidget *from,
      GtkWidget *to)
{
  pointer ("mousedown 1", from);
  for (guint i = 0; i < 4; i++)
    {
      pointer ("", to);
      pointer ("mousemove_relative 3 1", NULL);
    }
  pointer ("mouseup 1", NULL);
}

static gboolean
is_grouped (gpointer conversation)
{
  return sotto_conversation_get_group (conversation) != NULL;
}

static gboolean
is_in_none (gpointer conversation)
{
  return sotto_conversation_get_group (conversation) == NULL;
}

/* Onto a group, and onto one that is in none */
static void
by_dragging (SottoApp  *app,
             GtkWindow *window)
{
  g_autofree char *xdotool = g_find_program_in_path ("xdotool");
  SottoConversation *plain;
  SottoConversation *other;
  SottoGroup *work;

  if (xdotool == NULL)
    {
      g_test_skip ("xdotool is not installed");
      return;
    }
  life_start_temporary (app);
  other = begin_in (app, NULL, "Other");
  plain = begin_in (app, NULL, "Plain");
  work = sotto_group_list_create (get_groups (app), "Work");
  harness_run (0.5);

  drag (find_row (get_list (window), "Plain"), find_row (get_list (window), "Work"));
  harness_wait_for (is_grouped, plain, 10);
  g_assert_true (sotto_conversation_get_group (plain) == work);
  harness_run (0.5);
  drag (find_row (get_list (window), "Plain"), find_row (get_list (window), "Other"));
  harness_wait_for (is_in_none, plain, 10);
  g_assert_true (is_in_none (other));
}

static void
test_keyboard (void)
{
  life_run (NULL, by_keyboard);
}

static void
test_menu (void)
{
  life_run (NULL, by_menu);
}

static void
test_details (void)
{
  life_run (NULL, change_details);
}

static void
test_dragging (void)
{
  life_run (NULL, by_dragging);
}

int
main (int    argc,
      char **argv)
{
  harness_init (&argc, &argv);
  g_test_add_func ("/ui/groups/keyboard", test_keyboard);
  g_test_add_func ("/ui/groups/menu", test_menu);
  g_test_add_func ("/ui/groups/details", test_details);
  g_test_add_func ("/ui/groups/dragging", test_dragging);

  return g_test_run ();
}
