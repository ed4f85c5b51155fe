#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * SottoCodeBlock:
 *
 * A block of code in a message: coloured for its language, scrolled sideways where it is wide, with a
 * button that copies it.
 */
#define SOTTO_TYPE_CODE_BLOCK (sotto_code_block_get_type ())
G_DECLARE_FINAL_TYPE (SottoCodeBlock, sotto_code_block, SOTTO, CODE_BLOCK, GtkWidget)

GtkWidget *sotto_code_block_new (void);

/**
 * sotto_code_block_set_code:
 * @code: UTF-8; where it continues the text shown, only what is new is added
 * @language: (nullable): as the writer names it ("py", "c++", "bash")
 */
void sotto_code_block_set_code (SottoCodeBlock *self, const char *code, const char *language);

G_END_DECLS
