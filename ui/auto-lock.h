#pragma once

#include <adwaita.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/**
 * SottoAutoLock:
 *
 * When Sotto locks by itself: with the screen and before the computer is suspended, where that is wanted, and after some
 * minutes in which nobody has used it. What locked with the screen is opened with it, where the keyring has the key.
 */
typedef struct _SottoAutoLock SottoAutoLock;

SottoAutoLock *sotto_auto_lock_new (SottoApp *app);
void sotto_auto_lock_free (SottoAutoLock *self);

/* Listens to what the desktop says of its screen, on @session, and of suspending, on the system's bus if it can be reached. */
void sotto_auto_lock_listen (SottoAutoLock *self, GDBusConnection *session);

/* What is done in @window is use. */
void sotto_auto_lock_watch (SottoAutoLock *self, GtkWindow *window);

/* Whether it locks with the screen: what was chosen or, as long as nothing was, whether a passphrase protects it */
gboolean sotto_auto_lock_goes_with_screen (SottoApp *app);

/* For tests, which have no minutes. */
void sotto_auto_lock_set_minute (SottoAutoLock *self, guint milliseconds);

G_END_DECLS
