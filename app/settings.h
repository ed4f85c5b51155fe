#pragma once

#if !defined(SOTTO_APP_INSIDE) && !defined(SOTTO_APP_COMPILATION)
#error "Include sotto-app.h only."
#endif

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * SottoSettings:
 *
 * What the person prefers: GSettings where the schema is installed, otherwise the same defaults in
 * memory (nothing is kept then; see sotto_settings_is_kept()). They lie on the disk as plain text,
 * so nothing that was typed stands here, a system prompt neither.
 *
 * Properties (all read-write, notifying; bind to them rather than to GSettings):
 * - "default-model" (string): path of the model new conversations use; "": the first that is there
 * - "added-models" (strv): paths of files added in place
 * - "model-places" (strv): where models are computed, see sotto_model_library_set_place()
 * - "model-visions" (strv): what models see with, see sotto_model_library_set_vision()
 * - "window-width", "window-height" (int), "window-maximized" (boolean)
 * - "sidebar-shown" (boolean)
 * - "temperature" (double 0…2), "top-k" (int), "top-p", "min-p" (double 0…1),
 *   "repetition-penalty" (double 1…2)
 * - "seed" (int64): -1: another one each time
 * - "context-length" (int): tokens
 * - "max-tokens" (int): 0: until the context is full
 * - "threads" (int): 0: one a physical core
 * - "keep-previous-model" (boolean): keep models open as long as memory allows
 * - "find-by-meaning" (boolean): find passages of documents by what they are about, too, see #SottoMeaning
 * - "meaning-model" (string): path of the embedding model that does; "": the first that is there
 * - "global-shortcut" (boolean): ask the desktop for a key that brings the window up
 */
#define SOTTO_TYPE_SETTINGS (sotto_settings_get_type ())
G_DECLARE_FINAL_TYPE (SottoSettings, sotto_settings, SOTTO, SETTINGS, GObject)

/**
 * sotto_settings_new:
 *
 * Never aborts: looks the schema up first.
 */
SottoSettings *sotto_settings_new (void);

/**
 * sotto_settings_is_kept:
 *
 * Returns: whether a schema was found, so that changes outlive the process
 */
gboolean sotto_settings_is_kept (SottoSettings *self);

/**
 * sotto_settings_is_failing:
 *
 * What could not be kept holds nevertheless, and is kept as soon as it can be. The signal "failing-changed" says when that changes.
 *
 * Returns: whether there is something that was changed and cannot be kept: the disk is full, or may not be written to
 */
gboolean sotto_settings_is_failing (SottoSettings *self);

int sotto_settings_get_int (SottoSettings *self, const char *name);
gboolean sotto_settings_get_boolean (SottoSettings *self, const char *name);
double sotto_settings_get_double (SottoSettings *self, const char *name);
gint64 sotto_settings_get_int64 (SottoSettings *self, const char *name);

/**
 * sotto_settings_dup_string:
 *
 * Returns: (transfer full)
 */
char *sotto_settings_dup_string (SottoSettings *self, const char *name);

/**
 * sotto_settings_dup_strv:
 *
 * Returns: (transfer full)
 */
char **sotto_settings_dup_strv (SottoSettings *self, const char *name);

G_END_DECLS
