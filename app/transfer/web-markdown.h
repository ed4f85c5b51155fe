#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * sotto_web_markdown_append:
 * @markdown: what a model has written: of it nothing is believed
 *
 * Appends it as HTML that has no script, loads nothing and closes all that it opens. HTML in it stands there as it was written;
 * only http, https and mailto become links, which tell nobody where they were followed; pictures are links, too. Any thread.
 */
void sotto_web_markdown_append (GString *out, const char *markdown);

G_END_DECLS
