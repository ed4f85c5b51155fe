#include "menu-focus.h"

/* GTK gives the focus to the button of a menu that closes, wherever it was before. */

typedef struct {
  GtkMenuButton *button;   /* which owns this */
  GtkWidget *came_from;    /* (weak) */
  gpointer dialog;         /* the one that was opened from the menu; only compared */
} MenuFocus;

static gboolean
is_in (GtkWidget *widget,
       GtkWidget *place)
{
  return widget == place || gtk_widget_is_ancestor (widget, place);
}

static GtkWidget *
get_focus (MenuFocus *self)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self->button));

  return root != NULL ? gtk_root_get_focus (root) : NULL;
}

/* The last moment before the menu takes it */
static void
on_popup (GtkMenuButton *button,
          gpointer       user_data)
{
  MenuFocus *self = user_data;
  GtkWidget *focus = get_focus (self);

  g_set_weak_pointer (&self->came_from, focus != NULL && !is_in (focus, GTK_WIDGET (self->button)) ? focus : NULL);
}

static void
go_back (MenuFocus *self)
{
  GtkWidget *focus = get_focus (self);

  if (self->came_from != NULL && gtk_widget_get_mapped (self->came_from) &&
      (focus == NULL || is_in (focus, GTK_WIDGET (self->button))))
    gtk_widget_grab_focus (self->came_from);
}

static void on_closed (GtkWidget *button);

static void
on_idle (gpointer data)
{
  g_autoptr (GtkWidget) button = data;
  MenuFocus *self = g_object_get_data (G_OBJECT (button), "menu-focus");
  GtkRoot *root = gtk_widget_get_root (button);
  AdwDialog *dialog = ADW_IS_APPLICATION_WINDOW (root) ? adw_application_window_get_visible_dialog (ADW_APPLICATION_WINDOW (root)) : NULL;

  if (self->came_from != NULL && dialog != NULL && dialog != self->dialog)
    {
      /* It would go back to its item of the menu, which is closed by then, and so to the button. */
      self->dialog = dialog;
      g_signal_connect_object (dialog, "closed", G_CALLBACK (on_closed), button, G_CONNECT_SWAPPED);
      return;
    }

  self->dialog = NULL;
  go_back (self);
  g_clear_weak_pointer (&self->came_from);
}

/* GTK gives it to the button once the event that closed the menu is over. */
static void
on_closed (GtkWidget *button)
{
  g_idle_add_once (on_idle, g_object_ref (button));
}

static void
menu_focus_free (gpointer data)
{
  MenuFocus *self = data;

  g_clear_weak_pointer (&self->came_from);
  g_free (self);
}

void
sotto_menu_focus_returns (GtkMenuButton *button)
{
  MenuFocus *self = g_new0 (MenuFocus, 1);
  GtkPopover *popover;

  g_return_if_fail (GTK_IS_MENU_BUTTON (button));

  popover = gtk_menu_button_get_popover (button);
  g_return_if_fail (popover != NULL);

  self->button = button;
  g_object_set_data_full (G_OBJECT (button), "menu-focus", self, menu_focus_free);
  gtk_menu_button_set_create_popup_func (button, on_popup, self, NULL);
  g_signal_connect_swapped (popover, "closed", G_CALLBACK (on_closed), button);
}
