#pragma once

G_BEGIN_DECLS

/* GTK 4.18 offers what is selected in a text view to other programs by an object that holds the buffer, and forgets to let that
 * object go: a buffer in which anything was ever selected stays, with its text and all that can be undone, until the program
 * ends. So it is known here which buffers there are, and when nothing is to be left of their texts, they are emptied.
 * The speller keeps the last words that it was asked for, which are overwritten. */

/* From now on */
void sotto_text_buffers_remember (void);

/* Of all that there are, whoever holds them */
void sotto_text_buffers_empty (void);

G_END_DECLS
