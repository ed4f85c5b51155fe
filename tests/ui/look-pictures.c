#include "look-pictures.h"

#include <glib/gi18n.h>

#include "attachment/picture-chip.h"
#include "harness.h"
#include "look-pixels.h"
#include "window.h"

static gboolean
is_idle (gpointer conversation)
{
  return !sotto_conversation_is_busy (conversation);
}

static void
attach (SottoConversation *conversation,
        const char        *name,
        int                width,
        int                height,
        guint              seed)
{
  g_autoptr (GBytes) file = look_pixels_draw (width, height, seed);

  sotto_conversation_attach_bytes_async (conversation, file, name, NULL, NULL, NULL);
  harness_run (0.6);
}

static void
send (Look              *look,
      SottoConversation *conversation,
      const char        *text)
{
  sotto_conversation_send_async (conversation, text, NULL, NULL, NULL);
  harness_run (1.5);
  sotto_conversation_stop (conversation);
  harness_wait_for (is_idle, conversation, 20);
  sotto_conversation_dismiss_problem (conversation);
  adw_toast_overlay_dismiss_all (ADW_TOAST_OVERLAY (harness_find (GTK_WIDGET (look->window), ADW_TYPE_TOAST_OVERLAY)));
}

/* The chip of a picture that is furthest down in sight */
static GtkWidget *
find_last_chip (GtkWidget *from)
{
  if (!gtk_widget_get_mapped (from))
    return NULL;
  if (SOTTO_IS_PICTURE_CHIP (from))
    return from;

  for (GtkWidget *child = gtk_widget_get_last_child (from); child != NULL; child = gtk_widget_get_prev_sibling (child))
    {
      GtkWidget *found = find_last_chip (child);

      if (found != NULL)
        return found;
    }

  return NULL;
}

static void
look_at_one (Look *look)
{
  GtkWidget *chip = find_last_chip (GTK_WIDGET (look->window));

  gtk_widget_activate_action (chip, "picture.menu", NULL);
  harness_run (0.5);
  look_shoot (look, "39-picture-menu");
  gtk_popover_popdown (GTK_POPOVER (harness_find (chip, GTK_TYPE_POPOVER)));
  harness_run (0.3);
  gtk_widget_activate_action (chip, "picture.open", NULL);
  look_wait_for_dialog (look);
  harness_run (0.5);
  look_shoot (look, "39-picture-viewer");
  gtk_widget_activate_action (gtk_window_get_focus (look->window), "viewer.zoom-one", NULL);
  harness_run (0.5);
  look_shoot (look, "39-picture-viewer-zoomed");
  look_close_dialog (look);
}

void
look_at_pictures (Look              *look,
                  SottoConversation *conversation)
{
  SottoConversationList *list = sotto_app_get_conversations (look->app);
  SottoConversation *temporary = sotto_conversation_list_create_temporary (list);
  static const int sides[][2] = { { 900, 600 }, { 600, 900 }, { 500, 500 }, { 1200, 300 } };
  static const char *const names[] = { "Harbour.jpg", "Mole.png", "Lamp.png", "Coast, seen from the boat.jpg" };

  look_activate (look, "win.new-temporary");
  attach (temporary, "Lighthouse.jpg", 1200, 800, 1);
  look_shoot (look, "35-picture-attached");
  send (look, temporary, "Who kept this lighthouse?");
  look_shoot (look, "36-picture-sent");
  for (guint i = 0; i < G_N_ELEMENTS (sides); i++)
    attach (temporary, names[i], sides[i][0], sides[i][1], i + 2);
  look_shoot (look, "37-pictures-attached");
  send (look, temporary, "And which of these is the oldest?");
  look_shoot (look, "38-pictures-sent");
  look_at_one (look);
  sotto_conversation_list_delete (list, temporary);
  sotto_conversation_list_purge (list, temporary);
  sotto_window_open_conversation (SOTTO_WINDOW (look->window), sotto_conversation_get_id (conversation));
  harness_rest (GTK_WIDGET (look->window), 1);
}
