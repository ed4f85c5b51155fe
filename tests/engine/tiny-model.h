#pragma once

#include "format/block.h"

G_BEGIN_DECLS

/**
 * TinyModel:
 * @family: "llama" or "qwen2"
 * @type: block type of the matrices; a type with blocks of 256 makes the model 256 wide instead of 64
 * @n_layers: 2
 * @n_context: what it says it was trained for
 * @seed: of the weights
 * @tied: no output matrix of its own
 * @template_source: (nullable): its chat template; %NULL: none in the file
 * @rope_scaling: (nullable): kind of RoPE scaling, by a factor of 4
 * @rope_factors: whether it has a factor for each pair: 1, 2, 3 …
 * @extra: (nullable): more keys of the family, "expert_count=4 rope.freq_base=1.5 some.list=[1,0]": whole
 *   numbers, floats, lists of whole numbers
 *
 * A model with random weights for tests: a few hundred kB, and it runs in no time. Its vocabulary
 * is the 256 bytes as GPT-2 writes them, three merges ("Ġt", "he", "Ġthe"), <|endoftext|> (BOS),
 * <|im_start|> and <|im_end|> (EOS): it takes any text and says nothing sensible.
 */
typedef struct {
  const char *family;
  SottoBlockType type;
  guint n_layers;
  guint n_context;
  guint64 seed;
  gboolean tied;
  const char *template_source;
  const char *rope_scaling;
  gboolean rope_factors;
  const char *extra;
} TinyModel;

#define TINY_MODEL_CHAT \
  "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}" \
  "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"

#define TINY_MODEL_DEFAULTS { "llama", SOTTO_BLOCK_F32, 2, 256, 1, FALSE, TINY_MODEL_CHAT, NULL, FALSE, \
                              NULL }

#define TINY_MODEL_VOCABULARY 262
#define TINY_MODEL_BOS 259
#define TINY_MODEL_START 260
#define TINY_MODEL_END 261

/* (transfer full): the file's bytes */
GBytes *tiny_model_make (const TinyModel *self);

/* Writes it to @path. */
void tiny_model_write (const TinyModel *self, const char *path);

/* A file name in a new temporary folder; (transfer full). tiny_model_remove() takes both away. */
char *tiny_model_write_temporary (const TinyModel *self);
void tiny_model_remove (const char *path);

/* Random blocks that stand for weights of about 1 / sqrt (n_columns); (transfer full) */
guint8 *tiny_model_random_blocks (SottoBlockType type, gsize n_columns, gsize n_rows, guint64 *seed);

G_END_DECLS
