#pragma once

#include "reader/page-stream.h"
#include "text.h"

/**
 * sotto_office_read:
 * @check_sums: %FALSE: what makes files at random is at work
 * @text: (out) (transfer full): pages where sotto_text_get_n_pages() says so, one text otherwise
 *
 * Says by the bytes alone what it is, and reads it.
 */
SottoPageStreamRefusal sotto_office_read (const guint8 *data, gsize length, gboolean check_sums, SottoText **text);

/* Whether its pages have numbers that people know */
gboolean sotto_office_has_pages (SottoText *text);
