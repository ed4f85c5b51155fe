#pragma once

#include <glib.h>

/* A disk that loses power.
 *
 * An SQLite VFS over the default one. It lets everything through and keeps beside each file what a
 * flush has made certain, and the writes since. When the power is cut, at a chosen step or by hand,
 * every later step fails without effect; materializing then leaves on the disk what a power cut
 * may: of every file what was certain and, of the writes since, any that chance picks, in pieces of 512
 * bytes, in any order; files made and never flushed, or removed without flushing the folder, may be
 * there or not.
 *
 * Of one thread at a time. */

/* Registers it as the default VFS; to be called once, before any database is opened. */
void test_vfs_register (void);

/* Forgets everything known, and switches the power on. What is on the disk is certain. @cut_at: the
 * number of the step (write, truncate, flush, remove; 1…) at which the power goes; 0: never. */
void test_vfs_start (guint cut_at);
void test_vfs_cut (void);
gboolean test_vfs_is_cut (void);
guint test_vfs_get_steps (void);

/* Leaves on the disk what a cut may leave; all files must be closed. */
void test_vfs_materialize (GRand *random);
