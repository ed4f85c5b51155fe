#pragma once

#include "sotto-cancel.h"
#include "sotto-message.h"

G_BEGIN_DECLS

/**
 * SottoModel:
 *
 * An opened model file: description, tokenizer, template and mapped weights. Immutable after
 * opening, reference-counted (atomically), usable from any thread, shareable between sessions.
 */
typedef struct _SottoModel SottoModel;

/* sotto-vision.h */
typedef struct _SottoVision SottoVision;

/**
 * SottoModelInfo:
 *
 * What can be said of a model without running it. All strings belong to the model.
 */
typedef struct {
  const char *path;          /* of a split model: of its first part */
  const char *name;          /* general.name, or the file's name */
  const char *family;        /* general.architecture */
  const char *licence;       /* (nullable): general.license */
  const char *size_label;    /* (nullable): "0.5B" */
  const char *quantisation;  /* the block type most weights have, with _M … where the file says it */
  guint64 file_bytes;        /* of all parts of a split model */
  guint64 weight_bytes;      /* bytes of all tensors */
  guint64 n_parameters;
  guint n_layers;
  guint n_embedding;
  guint n_vocabulary;
  guint n_context_trained;   /* tokens the model was trained for */
  gboolean has_template;     /* the file brings a chat template */
  const char *default_template; /* (nullable): what stands in for it: the format's name ("gemma"),
                                   "plain", or for a base model "completion"; of an embedding model none */
  gboolean is_embedding;     /* gives vectors of texts, writes none: sotto_session_embed() */
  gboolean is_base;          /* not trained to answer: it continues what it is given */
  gboolean has_tools;        /* its template has a place for tools: sotto_messages_set_tools() */
} SottoModelInfo;

/**
 * sotto_model_open:
 * @path: a GGUF file (file system encoding); of a split model (NAME-00001-of-00003.gguf) any part, the
 *   others being found beside it
 * @progress: (nullable): bytes of metadata read
 * @cancel: (nullable)
 *
 * Maps and validates the whole header; tensor data is not read. Any thread.
 *
 * Returns: (transfer full): or %NULL with %SOTTO_ENGINE_ERROR
 */
SottoModel *sotto_model_open (const char     *path,
                              SottoProgress   progress,
                              gpointer        user_data,
                              SottoCancel    *cancel,
                              GError        **error);

/**
 * sotto_model_dup_part_path:
 * @path: a file of a split model
 * @part: which one is asked for, from 1
 * @n_parts: (out) (optional): how many there are
 *
 * By names alone; no file is looked at. Any thread.
 *
 * Returns: (transfer full) (nullable): %NULL when @path is not called as a part of a model is, or there is
 *   no such part
 */
char *sotto_model_dup_part_path (const char *path, guint part, guint *n_parts);

/**
 * sotto_model_dup_families:
 *
 * Any thread.
 *
 * Returns: (transfer full): the model families that can be run, "llama, qwen2, …"
 */
char *sotto_model_dup_families (void);

SottoModel *sotto_model_ref (SottoModel *self);
void sotto_model_unref (SottoModel *self);

const SottoModelInfo *sotto_model_get_info (const SottoModel *self);

/**
 * sotto_model_estimate_memory:
 * @n_context: tokens
 *
 * Returns: bytes needed to run with a context of @n_context tokens: weights, F16 KV cache, scratch
 */
typedef struct {
  guint64 weights;
  guint64 kv_cache;
  guint64 scratch;
} SottoMemory;

SottoMemory sotto_model_estimate_memory (const SottoModel *self, guint n_context);

/**
 * sotto_model_check_unchanged:
 *
 * Whether the mapped file still has the inode, size and modification time it was opened with.
 *
 * Returns: %FALSE with %SOTTO_ENGINE_ERROR_CHANGED
 */
gboolean sotto_model_check_unchanged (const SottoModel *self, GError **error);

/**
 * sotto_model_hash:
 *
 * SHA-256 of the whole file (of a split model: of all parts in their order), read through the mapping in pieces; slow on the first call (about
 * 0.5 GB/s), then remembered by the model. Any thread.
 *
 * Returns: (transfer none): 64 lower-case hex digits, or %NULL (cancelled, changed)
 */
const char *sotto_model_hash (SottoModel     *self,
                              SottoProgress   progress,
                              gpointer        user_data,
                              SottoCancel    *cancel,
                              GError        **error);

/**
 * sotto_model_peek_hash:
 *
 * Returns: (nullable): the hash if it is known already
 */
const char *sotto_model_peek_hash (const SottoModel *self);

/**
 * sotto_model_dup_stamp:
 *
 * Names the opened file (of a split model: all of them) on this computer, as long as it does not change; made of
 * device, inode, size and times. Who keeps a hash by it need not have it taken again. Any thread.
 *
 * Returns: (transfer full): 64 lower-case hex digits
 */
char *sotto_model_dup_stamp (const SottoModel *self);

/**
 * sotto_model_verify:
 * @progress: (nullable): bytes of tensors read
 *
 * Reads every tensor and checks that all of its values are finite numbers: a block whose scale is NaN or
 * infinite would spoil every answer. Takes some seconds for a GB. Any thread.
 *
 * Returns: %FALSE with %SOTTO_ENGINE_ERROR_TENSOR, BLOCK_TYPE, CHANGED or CANCELLED
 */
gboolean sotto_model_verify (const SottoModel  *self,
                             SottoProgress      progress,
                             gpointer           user_data,
                             SottoCancel       *cancel,
                             GError           **error);

/* --- Text --- */

/**
 * sotto_model_tokenize:
 * @text: UTF-8; broken bytes are taken as they are
 * @length: bytes, or -1
 * @special: whether control tokens written out in @text are recognised (trusted text only)
 *
 * No BOS or EOS is added.
 *
 * Returns: (transfer full) (element-type gint32): token ids
 */
GArray *sotto_model_tokenize (const SottoModel *self,
                              const char       *text,
                              gssize            length,
                              gboolean          special);

/**
 * sotto_model_token_text:
 * @special: whether control tokens have a text
 *
 * Appends the bytes of @token to @out; they may be a part of a character.
 */
void sotto_model_append_token_text (const SottoModel *self,
                                    gint32            token,
                                    gboolean          special,
                                    GString          *out);

/**
 * SottoPromptRows:
 * @first: where they stand in the prompt's tokens, which are negative there
 * @n_rows: how many
 * @first_row: of the picture's
 * @together: they see each other
 * @n_columns: 0, or: they are a grid (#SottoRowSpan)
 * @image: whose they are; belongs to the prompt
 *
 * Rows of a picture in place of tokens.
 */
typedef struct {
  guint first;
  guint n_rows;
  guint first_row;
  gboolean together;
  guint n_columns;
  SottoImage *image;
} SottoPromptRows;

/**
 * SottoPrompt:
 * @text: the rendered template, for people to look at
 * @tokens: (element-type gint32): what the model is given, BOS included where the model wants one
 * @template_hash: SHA-256 of the template's source
 * @date: (nullable): the date that was given to the template (ISO 8601), if it asked for one
 * @n_begun_text: bytes at the end of @text that are a reply which is to go on (sotto_messages_begin_reply()); 0: it begins
 * @n_begun_tokens: tokens at the end of @tokens, likewise
 * @rows: (nullable) (element-type SottoPromptRows): what stands in @tokens for pictures, by position; %NULL: there are none
 */
typedef struct {
  GString *text;
  GArray *tokens;
  char *template_hash;
  char *date;
  gsize n_begun_text;
  guint n_begun_tokens;
  GArray *rows;
} SottoPrompt;

/**
 * sotto_model_render:
 * @messages: the conversation
 * @vision: (nullable): what the model sees with; without it no message may have pictures
 * @date: (nullable): the date a template may ask for; %NULL: today
 * @add_generation_prompt: whether to end with the beginning of the assistant's turn, and what has been begun of it
 *
 * Renders the model's own chat template (or what stands in for it, see #SottoModelInfo; with tools the
 * file's template for tools, if it has one) and tokenises the result: only the
 * template's own text may become control tokens, the markers of reasoning in a reply that has been begun, and what goes around a
 * picture. A picture stands where the template puts it, or before the text of its message.
 *
 * Returns: (transfer full): or %NULL with one of the TEMPLATE errors, or REQUEST ("image"): there is a picture and no vision, or the
 *   template has no place for it
 */
SottoPrompt *sotto_model_render (const SottoModel     *self,
                                 const SottoMessages  *messages,
                                 SottoVision          *vision,
                                 GDateTime            *date,
                                 gboolean              add_generation_prompt,
                                 GError              **error);
void sotto_prompt_free (SottoPrompt *self);

/**
 * sotto_render_template:
 * @source: a chat template, without a model
 * @length: bytes, or -1
 * @messages: the conversation
 * @bos: (nullable): the text of the token that begins a text
 * @eos: (nullable): the text of the token that ends one
 * @date: (nullable): as in sotto_model_render()
 * @add_generation_prompt: as in sotto_model_render()
 *
 * Returns: (transfer full): the text, or %NULL with one of the TEMPLATE errors
 */
GString *sotto_render_template (const char           *source,
                                gssize                length,
                                const SottoMessages  *messages,
                                const char           *bos,
                                const char           *eos,
                                GDateTime            *date,
                                gboolean              add_generation_prompt,
                                GError              **error);

/**
 * sotto_model_is_end_token:
 *
 * Whether @token ends a turn (EOS, EOT and the like).
 */
gboolean sotto_model_is_end_token (const SottoModel *self, gint32 token);

/**
 * sotto_model_get_bos_token:
 *
 * Returns: the token that begins a text, or -1 where the model wants none
 */
gint32 sotto_model_get_bos_token (const SottoModel *self);

/**
 * sotto_model_describe:
 *
 * Returns: (transfer full): a JSON object: "path", "gguf_version", "family", "name", "licence",
 *   "parameters", "file_bytes", "metadata" (long arrays shortened to their length and first
 *   elements), "tensors" [{name, type, shape, (of a split model) part, offset, bytes}], "memory" {context, weights, kv_cache, scratch}
 */
char *sotto_model_describe (const SottoModel *self, guint n_context);

/**
 * sotto_model_get_embed_prefix:
 * @is_question: what a text is looked for with; else what may be found
 *
 * Returns: what an embedding model was trained to read before such texts; "" where nothing, or where it is not known
 */
const char *sotto_model_get_embed_prefix (const SottoModel *self, gboolean is_question);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoModel, sotto_model_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SottoPrompt, sotto_prompt_free)

G_END_DECLS
