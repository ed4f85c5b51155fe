#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Large blocks of memory, straight from the system and back to it: they begin as zeros, become resident page by
 * page where they are written, and leave nothing behind. malloc does so only until blocks of that size were freed;
 * from then on it keeps them, and calloc clears them at once. */

/**
 * sotto_pages_take:
 * @n_bytes: more than 0
 *
 * Returns: (nullable): zeros, on a page's border; %NULL where there is no memory
 */
void *sotto_pages_take (gsize n_bytes);

/**
 * sotto_pages_take_large:
 *
 * The same for what is read from end to end again and again: in large pages where the system has some, whose addresses a
 * processor finds sooner.
 */
void *sotto_pages_take_large (gsize n_bytes);

/**
 * sotto_pages_give_back:
 * @pages: (nullable): as taken
 * @n_bytes: likewise
 */
void sotto_pages_give_back (void *pages, gsize n_bytes);

/**
 * sotto_pages_wipe:
 * @start: anywhere in what was taken
 *
 * Makes zeros of @n_bytes; whole pages go back to the system until something is written there again.
 */
void sotto_pages_wipe (void *start, gsize n_bytes);

G_END_DECLS
