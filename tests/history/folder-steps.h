#pragma once

#include <gio/gio.h>

/* The steps in which folders are changed (mkdir, rename, rmdir, unlink) and flushed (fsync), in the
 * way of a test that wants one of them to fail, or the power to go at one. What was changed and not
 * flushed in the folders concerned may be lost with the power, each change for itself. */

/* From here on steps are counted. @fail_at: the one that fails (1…; 0: none), with the errno @number */
void folder_steps_start (guint fail_at, int number);

/* The same, but at @cut_at the power goes: nothing happens any more, and all fails. */
void folder_steps_start_cut (guint cut_at);

/* The same, but at @cancel_at somebody gives up what is being done; nothing fails. */
void folder_steps_start_cancel (guint cancel_at, GCancellable *cancellable);

/* Ends it. @random: (nullable): draws what is lost of what was not flushed, if the power went
 * Returns: how many steps there were */
guint folder_steps_stop (GRand *random);

/* How many changes were lost by the last cut */
guint folder_steps_get_lost (void);
