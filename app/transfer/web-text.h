#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Text as a page of the web may hold it. Any thread. */

/**
 * sotto_web_text_clean:
 * @text: UTF-8, or nearly
 *
 * @text with characters shown that would not be seen or that turn the reading order: control characters as their pictures, others by
 * their code points, as the window shows them; and without what HTML does not allow.
 *
 * Returns: (transfer full): UTF-8; not escaped
 */
char *sotto_web_text_clean (const char *text);

/* Appends @text, cleaned and escaped, for the content of an element or an attribute in quotation marks. */
void sotto_web_text_append (GString *out, const char *text);

/* Appends an address for an attribute in quotation marks; what is treacherous in it becomes its bytes. */
void sotto_web_text_append_address (GString *out, const char *address);

G_END_DECLS
