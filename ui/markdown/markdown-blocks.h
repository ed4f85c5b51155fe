#pragma once

#include <cmark-gfm.h>
#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Blocks of CommonMark as widgets, one widget a block, brought up to date in place. */

/**
 * SottoMarkdownBudget:
 * @n_widgets: how many block widgets may still be made; what is beyond is shown as one plain text
 */
typedef struct {
  guint n_widgets;
} SottoMarkdownBudget;

/**
 * sotto_markdown_blocks_sync:
 * @parent: a widget laid out as a vertical box
 * @after: (nullable): the last child that stays as it is
 * @first: (nullable): the first of the blocks to show behind @after
 *
 * Makes the children behind @after show @first and the blocks after it: a widget that shows a block of
 * the same kind is changed in place (so that a selection in it and what has been coloured stay), others are replaced.
 */
void sotto_markdown_blocks_sync (GtkWidget           *parent,
                                 GtkWidget           *after,
                                 cmark_node          *first,
                                 guint                depth,
                                 SottoMarkdownBudget *budget);

G_END_DECLS
