#pragma once

#include <gtk/gtk.h>

#include "sotto-app.h"

G_BEGIN_DECLS

/* Messages laid out on paper. The pages are a PDF in memory; nothing of them lies on the disk. */
typedef struct _SottoPrintPages SottoPrintPages;

/**
 * sotto_print_pages_new:
 * @title: what stands above the first page
 * @setup: the size of the paper and its margins
 *
 * Returns: (transfer full): to be freed with sotto_print_pages_free()
 */
SottoPrintPages *sotto_print_pages_new (const char *title, GtkPageSetup *setup);
void sotto_print_pages_free (SottoPrintPages *self);

/**
 * sotto_print_pages_add:
 * @author: (nullable): who speaks; %NULL: the one of the message before, who goes on
 * @markdown: what they say, UTF-8, CommonMark
 * @below: (nullable): lines below that, smaller
 *
 * Has a message follow. It is laid out by sotto_print_pages_step().
 */
void sotto_print_pages_add (SottoPrintPages *self, const char *author, const char *markdown, const char *below);

/**
 * sotto_print_pages_add_picture:
 *
 * Belongs to the message that was added last, and stands above what that says, at most a third of a page high.
 */
void sotto_print_pages_add_picture (SottoPrintPages *self, const SottoPixels *pixels);

/**
 * sotto_print_pages_step:
 *
 * Lays out one more picture, paragraph, list, table or block of code.
 *
 * Returns: whether there are more
 */
gboolean sotto_print_pages_step (SottoPrintPages *self);

/**
 * sotto_print_pages_finish:
 *
 * Ends the last page. Nothing can be added afterwards.
 *
 * Returns: (transfer full): the PDF
 */
GBytes *sotto_print_pages_finish (SottoPrintPages *self);

/* Returns: how many there are so far */
guint sotto_print_pages_get_n_pages (SottoPrintPages *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoPrintPages, sotto_print_pages_free)

G_END_DECLS
