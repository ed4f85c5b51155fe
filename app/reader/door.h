#pragma once

#include <glib.h>

/* The way out, closed from within: after it the process can compute, write to its standard output and end. */

/**
 * sotto_door_prepare:
 *
 * What can be given up at once: further rights, open files but the first three, cores, being looked at, its turn where
 * others want the processor; and staying behind when Sotto ends.
 *
 * Returns: %FALSE where the kernel refuses
 */
gboolean sotto_door_prepare (void);

/**
 * sotto_door_close:
 * @data_folder: (nullable): whose files may still be read, where the kernel knows Landlock; nothing is opened any more where
 *   not, or where it is %NULL
 * @seconds: of the processor that are left
 *
 * Returns: %FALSE where the kernel refuses, or has another architecture: then nothing may be parsed
 */
gboolean sotto_door_close (const char *data_folder, guint seconds);

/**
 * sotto_door_try:
 *
 * Tries what must not be possible any more, really, and prints a line for each attempt. @data_folder: as before
 *
 * Returns: whether all of it was refused
 */
gboolean sotto_door_try (const char *data_folder);
