#pragma once

#include "family/program.h"
#include "grammar/token-trie.h"
#include "sotto-model.h"
#include "text/reply-format.h"
#include "text/template.h"
#include "text/tokenizer.h"

G_BEGIN_DECLS

struct _SottoModel {
  gatomicrefcount references;

  /* What was opened */
  SottoGguf *gguf;
  SottoProgram *program;        /* NULL: the file has a vocabulary only */
  SottoTokenizer *tokenizer;
  SottoTemplate *chat_template; /* NULL: see template_error */
  SottoTemplate *tool_template; /* (nullable): instead, where there are tools */
  gboolean takes_items;         /* its template takes text in lists of items only */
  GError *template_error;       /* the file's template does not compile: told when it is rendered */

  SottoReplyStyle reply_style;  /* how it writes reasoning and tool calls */

  /* Texts of the tokens that a template may ask for; NULL: there is none */
  char *bos_text;
  char *eos_text;

  /* Description; the strings of info belong to these */
  SottoModelInfo info;
  char *name;
  char *family;
  char *licence;
  char *size_label;

  /* What is made when somebody first asks. Guarded by the mutex; never changed once set. */
  GMutex hash_mutex;
  char *hash;
  SottoTokenTrie *token_trie;
};

/**
 * sotto_model_get_program:
 *
 * Returns: (nullable): %NULL for a file without tensors
 */
const SottoProgram *sotto_model_get_program (const SottoModel *self);

/**
 * sotto_model_get_default_context:
 *
 * Returns: tokens of context when nobody says how many: what it was trained for, at most 4,096
 */
guint sotto_model_get_default_context (const SottoModel *self);

/**
 * sotto_model_set_hash:
 *
 * What sotto_model_hash() would find, told by somebody who knows; where it is known already, it stays. Any thread.
 */
void sotto_model_set_hash (SottoModel *self, const char *hash);

/**
 * sotto_model_get_token_trie:
 *
 * The vocabulary by its bytes; takes some tens of ms on the first call. Any thread. sotto-model-tokens.c.
 *
 * Returns: (transfer none): or %NULL with MEMORY or CANCELLED
 */
SottoTokenTrie *sotto_model_get_token_trie (SottoModel *self, SottoCancel *cancel, GError **error);

/* sotto-model-template.c: which templates the model gets, and whether it is a base model. */
void sotto_model_compile_templates (SottoModel *self);

/* --- sotto-model-pictures.c --- */

/* Renders @input, whose pictures are placed as @chat_template takes them: @rendered has a mark at each. FALSE with @error. */
SottoRendered *sotto_model_render_pictures (const SottoModel         *self,
                                            const SottoTemplate      *chat_template,
                                            const SottoTemplateInput *input,
                                            GArray                  **places,
                                            GError                  **error);

/* Appends the tokens of @rendered to @prompt, and at each of @places what @vision lays out for the picture. */
void sotto_model_place_pictures (const SottoModel    *self,
                                 SottoVision         *vision,
                                 const SottoMessages *messages,
                                 const SottoRendered *rendered,
                                 const GArray        *places,
                                 SottoPrompt         *prompt);

/* Numbers in place of tokens, all negative: rows @first_row … of @image, as the vision file of @stamp makes them. The same rows
 * have the same. */
void sotto_image_fill_tokens (const SottoImage *image, const char *stamp, guint first_row, gint32 *tokens, guint n_tokens);

/* sotto-model-info.c: fills info from what was opened. */
void sotto_model_fill_info (SottoModel *self);

G_END_DECLS
