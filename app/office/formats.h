#pragma once

#include "package.h"
#include "text.h"

/* More slides than anybody shows; the same one may be named again and again. */
#define SOTTO_MAX_PAGES 10000

/* The formats: each reads its archive into @text, and says that something was wrong by sotto_zip_get_problem(), or by %FALSE:
 * what it is made of is not there. */

/* word.c: text documents of Office Open XML, whose main part is @part */
gboolean sotto_word_read (SottoZip *zip, const char *part, SottoText *text);

/* slides.c: presentations */
gboolean sotto_slides_read (SottoZip *zip, const char *part, SottoText *text);

/* sheets.c: spreadsheets */
gboolean sotto_sheets_read (SottoZip *zip, const char *part, SottoText *text);

/* open.c: OpenDocument of all three kinds */
gboolean sotto_open_read (SottoZip *zip, SottoText *text);

/* book.c: EPUB */
gboolean sotto_book_read (SottoZip *zip, SottoText *text);

/* web.c: a page of the web, or a chapter of a book. @data: (transfer full). %FALSE: in an encoding that is not known */
gboolean sotto_web_read (char *data, gsize length, SottoText *text);

/* rich.c: Rich Text Format */
gboolean sotto_rich_read (const char *data, gsize length, SottoText *text);
