#pragma once

#include <gtk/gtk.h>

#include "sotto-app.h"

G_BEGIN_DECLS

typedef enum {
  SOTTO_GLOBAL_SHORTCUT_OFF,
  SOTTO_GLOBAL_SHORTCUT_ASKING,   /* the desktop; it may be asking the person */
  SOTTO_GLOBAL_SHORTCUT_ON,
  SOTTO_GLOBAL_SHORTCUT_REFUSED,  /* off, because the desktop gave no key or took it back */
} SottoGlobalShortcutState;

/**
 * SottoGlobalShortcut:
 *
 * A key that brings Sotto up from any other program. The desktop chooses it, keeps it and listens for it: this is the
 * application's end of org.freedesktop.portal.GlobalShortcuts, for as long as the setting "global-shortcut" is on. Where the
 * desktop says no, the setting goes off again.
 *
 * Main thread only; nothing here waits.
 *
 * Signals:
 * - "changed" (): what the functions below return
 * - "activated" (token: string, nullable): the key was pressed; with the desktop's leave to take the focus
 */
#define SOTTO_TYPE_GLOBAL_SHORTCUT (sotto_global_shortcut_get_type ())
G_DECLARE_FINAL_TYPE (SottoGlobalShortcut, sotto_global_shortcut, SOTTO, GLOBAL_SHORTCUT, GObject)

/* @application: (not owned): outlives it, or disposes of it first */
SottoGlobalShortcut *sotto_global_shortcut_new (GtkApplication *application, SottoSettings *settings);

/* Looks whether the desktop offers it, from now on; "changed" comes with the answer. */
void sotto_global_shortcut_look (SottoGlobalShortcut *self);

gboolean sotto_global_shortcut_is_available (SottoGlobalShortcut *self);
SottoGlobalShortcutState sotto_global_shortcut_get_state (SottoGlobalShortcut *self);

/* Returns: (nullable): the key in the desktop's words, where it has some */
const char *sotto_global_shortcut_get_trigger (SottoGlobalShortcut *self);

G_END_DECLS
