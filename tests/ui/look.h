#pragma once

#include <adwaita.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/* Pictures of a window, and whether what is on them can be read. */

typedef struct {
  SottoApp *app;
  GApplication *application;
  GtkWindow *window;
  const char *name;   /* of the variant: "wide-light" */
  int width;
  int height;
  gboolean is_first;  /* the first start: nothing is planted */
} Look;

/* Makes a picture of the window, and fails the test where a text or an icon in it does not stand out enough. */
void look_shoot (Look *look, const char *what);

/* Activates one of the window's actions, and waits until what comes of it has been drawn. */
void look_activate (Look *look, const char *action);
void look_wait_for_dialog (Look *look);
void look_close_dialog (Look *look);

/* Scrolls the dialog that is open. */
void look_scroll_to_end (Look *look);

/* Returns: (nullable): the button for @action furthest down in sight, as of the newest message */
GtkWidget *look_find_last_button (GtkWidget *from, const char *action);

G_END_DECLS
