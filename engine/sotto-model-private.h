#pragma once

#include "family/program.h"
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

  /* The hash, once somebody has taken it. Guarded by the mutex; never changed once set. */
  GMutex hash_mutex;
  char *hash;
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

/* sotto-model-info.c: fills info from what was opened. */
void sotto_model_fill_info (SottoModel *self);

G_END_DECLS
