/* Who needs large letters has a narrow window no less: with a font of 16 points, which is 11 scaled by about 1.5, nothing asks for
 * more than 360 pixels. */
#include "life.h"
#include "narrow.h"
#include "place.h"

#include "sotto-app.h"

static void
assert_narrow (GtkWindow  *window,
               const char *what)
{
  narrow_assert (adw_application_window_get_content (ADW_APPLICATION_WINDOW (window)), what);
}

static gboolean
has_model (gpointer app)
{
  return sotto_model_library_get_default (sotto_app_get_models (app)) != NULL;
}

/* All that stands beside where one writes, where there is a model to write to */
static void
look_at_composer (SottoApp          *app,
                  GtkWindow         *window,
                  SottoConversation *conversation)
{
  g_autoptr (SottoDocumentFolder) folder = NULL;

  place_create ();
  folder = place_add (app);
  sotto_conversation_set_asks_folder (conversation, folder, TRUE);
  harness_run (0.5);
  assert_narrow (window, "a conversation that asks a folder");
  life_activate (window, "win.folders");
  assert_narrow (window, "folders of documents");
  adw_dialog_close (adw_application_window_get_visible_dialog (ADW_APPLICATION_WINDOW (window)));
  sotto_document_folders_remove (sotto_app_get_folders (app), folder);
  sotto_document_folders_forget (sotto_app_get_folders (app), folder);
  harness_run (0.5);
  place_remove ();
}

static void
large_life (SottoApp  *app,
            GtkWindow *window)
{
  gboolean is_model_there = harness_link_model ("SmolLM2-135M");
  SottoConversation *conversation;

  /* Narrow, but not so much that libadwaita warns, which says that something is too wide and not what. */
  gtk_window_set_default_size (window, NARROW_WIDTH + 100, 720);
  harness_run (0.5);
  assert_narrow (window, "the first start");

  life_start_temporary (app);
  if (is_model_there)
    harness_wait_for (has_model, app, 20);
  harness_run (0.5);
  assert_narrow (window, "an empty conversation");

  conversation = sotto_conversation_list_create (sotto_app_get_conversations (app));
  sotto_conversation_send_async (conversation, "Hello there, Donaudampfschifffahrtsgesellschaftskapitän", NULL, NULL, NULL);
  harness_wait_for (life_has_conversation, app, 20);
  harness_run (0.5);
  assert_narrow (window, "a conversation");
  look_at_composer (app, window, conversation);

  life_activate (window, "win.find");
  harness_run (0.5);
  assert_narrow (window, "finding in it");

  life_activate (window, "win.toggle-sidebar");
  harness_run (0.5);
  assert_narrow (window, "the list");
}

static void
test_narrow (void)
{
  g_autofree char *font = NULL;

  g_object_get (gtk_settings_get_default (), "gtk-font-name", &font, NULL);
  g_object_set (gtk_settings_get_default (), "gtk-font-name", "Sans 16", "gtk-enable-animations", FALSE, NULL);
  life_run (NULL, large_life);
  g_object_set (gtk_settings_get_default (), "gtk-font-name", font, NULL);
}

int
main (int    argc,
      char **argv)
{
  harness_init (&argc, &argv);
  g_test_add_func ("/large-text/narrow", test_narrow);

  return g_test_run ();
}
