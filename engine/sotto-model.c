/* Opening a model, and what is done with its text. Which template that goes through is settled in
 * sotto-model-template.c; the description stands in sotto-model-info.c and sotto-model-describe.c, the
 * hash in sotto-model-hash.c. */

#include "sotto-model-private.h"

#include "backend.h"
#include "sotto-error.h"
#include "sotto-message-private.h"
#include "text/reply.h"

#include <string.h>

#define DEFAULT_CONTEXT 4096

/* A token that the vocabulary knows and the embedding does not would be read from behind its end. At the
 * end of a vocabulary control tokens may stand for what the model does not read (pictures, in Ollama's
 * files of Gemma 3): no text becomes one, and a session refuses it. */
static gboolean
check_vocabulary (const SottoModel *self, GError **error)
{
  guint n_tokens = sotto_tokenizer_get_n_tokens (self->tokenizer);
  const char *path = sotto_gguf_get_path (self->gguf);
  g_autofree char *name = NULL;

  while (self->program != NULL && n_tokens > self->program->plan.n_vocabulary
         && sotto_tokenizer_is_control (self->tokenizer, (gint32) n_tokens - 1))
    n_tokens--;
  if (self->program == NULL || n_tokens <= self->program->plan.n_vocabulary)
    return TRUE;

  name = g_filename_display_name (path);
  sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_TENSOR,
                          &(SottoErrorArguments) { .path = path, .subject = "token_embd.weight" },
                          "%s: tensor token_embd.weight has %u rows for %u tokens", name,
                          self->program->plan.n_vocabulary, n_tokens);
  return FALSE;
}

SottoModel *
sotto_model_open (const char     *path,
                  SottoProgress   progress,
                  gpointer        user_data,
                  SottoCancel    *cancel,
                  GError        **error)
{
  g_autoptr (SottoModel) self = g_new0 (SottoModel, 1);

  g_atomic_ref_count_init (&self->references);
  g_mutex_init (&self->hash_mutex);

  self->gguf = sotto_gguf_open (path, progress, user_data, cancel, error);
  if (self->gguf == NULL)
    return NULL;

  if (sotto_gguf_get_n_tensors (self->gguf) > 0)
    {
      self->program = sotto_program_new (self->gguf, error);
      if (self->program == NULL)
        return NULL;
    }

  if (!sotto_cancel_check (cancel, error))
    return NULL;
  self->tokenizer = sotto_tokenizer_new (self->gguf, error);
  if (self->tokenizer == NULL || !check_vocabulary (self, error))
    return NULL;

  sotto_model_compile_templates (self);
  sotto_model_fill_info (self);

  /* All that was built came out of the mapping: it counts if the file is still the one we opened. */
  if (!sotto_cancel_check (cancel, error) || !sotto_gguf_check_unchanged (self->gguf, error))
    return NULL;

  return g_steal_pointer (&self);
}

char *
sotto_model_dup_part_path (const char *path, guint part, guint *n_parts)
{
  return sotto_gguf_dup_part_path (path, part, n_parts);
}

SottoModel *
sotto_model_ref (SottoModel *self)
{
  g_atomic_ref_count_inc (&self->references);
  return self;
}

void
sotto_model_unref (SottoModel *self)
{
  if (!g_atomic_ref_count_dec (&self->references))
    return;

  g_clear_pointer (&self->chat_template, sotto_template_free);
  g_clear_pointer (&self->tool_template, sotto_template_free);
  g_clear_error (&self->template_error);
  g_clear_pointer (&self->token_trie, sotto_token_trie_unref);
  g_clear_pointer (&self->tokenizer, sotto_tokenizer_free);
  g_clear_pointer (&self->program, sotto_program_free);
  g_clear_pointer (&self->gguf, sotto_gguf_unref);
  g_free (self->bos_text);
  g_free (self->eos_text);
  g_free (self->name);
  g_free (self->family);
  g_free (self->licence);
  g_free (self->size_label);
  g_free (self->hash);
  g_mutex_clear (&self->hash_mutex);
  g_free (self);
}

gboolean
sotto_model_check_unchanged (const SottoModel *self, GError **error)
{
  return sotto_gguf_check_unchanged (self->gguf, error);
}

const SottoProgram *
sotto_model_get_program (const SottoModel *self)
{
  return self->program;
}

guint
sotto_model_get_default_context (const SottoModel *self)
{
  guint trained = self->info.n_context_trained;

  return trained > 0 ? MIN (trained, DEFAULT_CONTEXT) : DEFAULT_CONTEXT;
}

SottoMemory
sotto_model_estimate_memory (const SottoModel *self, guint n_context)
{
  SottoMemory memory = { .weights = self->info.weight_bytes };

  if (self->program != NULL)
    sotto_backend_estimate (&self->program->plan,
                            n_context > 0 ? n_context : sotto_model_get_default_context (self),
                            SOTTO_KV_F16, &memory.kv_cache, &memory.scratch);
  return memory;
}

/* --- Text --- */

GArray *
sotto_model_tokenize (const SottoModel *self, const char *text, gssize length, gboolean special)
{
  GArray *tokens = g_array_new (FALSE, FALSE, sizeof (gint32));
  SottoSpan span = { .text = text,
                     .length = length < 0 ? strlen (text) : (gsize) length,
                     .trusted = special };

  sotto_tokenizer_encode (self->tokenizer, &span, 1, tokens);
  return tokens;
}

void
sotto_model_append_token_text (const SottoModel *self, gint32 token, gboolean special, GString *out)
{
  sotto_tokenizer_append_text (self->tokenizer, token, special, out);
}

gboolean
sotto_model_is_end_token (const SottoModel *self, gint32 token)
{
  return sotto_tokenizer_is_end (self->tokenizer, token);
}

gint32
sotto_model_get_bos_token (const SottoModel *self)
{
  return sotto_tokenizer_get_add_bos (self->tokenizer) ? sotto_tokenizer_get_bos (self->tokenizer)
                                                       : -1;
}

/* Many templates write the BOS themselves; the model is to see one, not two. */
static void
prepend_bos (const SottoModel *self, GArray *tokens)
{
  gint32 bos = sotto_model_get_bos_token (self);

  if (bos >= 0 && (tokens->len == 0 || g_array_index (tokens, gint32, 0) != bos))
    g_array_prepend_val (tokens, bos);
}

/* The same of a prompt, in which what stands in place of tokens moves with them. */
static void
begin_text (const SottoModel *self, SottoPrompt *prompt)
{
  guint n = prompt->tokens->len;

  prepend_bos (self, prompt->tokens);
  for (guint i = 0; prompt->rows != NULL && i < prompt->rows->len; i++)
    g_array_index (prompt->rows, SottoPromptRows, i).first += prompt->tokens->len - n;
}

/* Some files have a template of its own for conversations with tools. */
static const SottoTemplate *
choose_template (const SottoModel *self, const SottoMessages *messages)
{
  yyjson_val *tools = sotto_messages_get_tools (messages);

  return self->tool_template != NULL && yyjson_arr_size (tools) > 0 ? self->tool_template
                                                                    : self->chat_template;
}

static void
take_nothing (SottoReplyKind  kind,
              const char     *text,
              gsize           length,
              const char     *id,
              gpointer        user_data)
{
}

/* The tokens of the prompt stay as they were when the reply began; where all is one text that a base model goes on with,
 * it is tokenised as one. */
static void
append_begun (const SottoModel    *self,
              const SottoMessages *messages,
              const SottoRendered *rendered,
              SottoPrompt         *prompt)
{
  g_autoptr (GArray) spans = g_array_new (FALSE, FALSE, sizeof (SottoSpan));
  const guint n_tokens = prompt->tokens->len;
  const gsize n_text = prompt->text->len;
  g_autoptr (SottoReply) reply = NULL;
  const char *reasoning;
  const char *content;

  if (!sotto_messages_get_begun (messages, &reasoning, &content))
    return;

  reply = sotto_reply_new (&self->reply_style, prompt->text->str, NULL, take_nothing, NULL);
  sotto_reply_take_begun (reply, &self->reply_style, reasoning, content, spans);
  for (guint i = 0; i < spans->len; i++)
    {
      const SottoSpan *span = &g_array_index (spans, SottoSpan, i);

      g_string_append_len (prompt->text, span->text, (gssize) span->length);
    }
  if (self->info.is_base && prompt->rows == NULL)
    {
      g_array_set_size (prompt->tokens, 0);
      g_array_prepend_vals (spans, rendered->spans->data, rendered->spans->len);
    }
  sotto_tokenizer_encode (self->tokenizer, (const SottoSpan *) spans->data, spans->len, prompt->tokens);
  prepend_bos (self, prompt->tokens);
  prompt->n_begun_text = prompt->text->len - n_text;
  prompt->n_begun_tokens = prompt->tokens->len > n_tokens ? prompt->tokens->len - n_tokens : 0;
}

SottoPrompt *
sotto_model_render (const SottoModel    *self,
                    const SottoMessages *messages,
                    SottoVision         *vision,
                    GDateTime           *date,
                    gboolean             add_generation_prompt,
                    GError             **error)
{
  g_autoptr (GDateTime) day = date != NULL ? g_date_time_ref (date) : g_date_time_new_now_local ();
  SottoTemplateInput input = { .messages = messages,
                               .bos = self->bos_text,
                               .eos = self->eos_text,
                               .date = day,
                               .add_generation_prompt = add_generation_prompt };
  const SottoTemplate *chat_template = choose_template (self, messages);
  g_autoptr (SottoRendered) rendered = NULL;
  g_autoptr (GArray) places = NULL;
  SottoPrompt *prompt;

  if (vision == NULL && sotto_messages_count_images (messages) > 0)
    {
      sotto_engine_set_error (error, SOTTO_ENGINE_ERROR_REQUEST,
                              &(SottoErrorArguments) { .path = self->info.path, .subject = "image" },
                              "there are images, and no vision file for the model");
      return NULL;
    }
  if (chat_template == NULL)
    {
      g_propagate_error (error, g_error_copy (self->template_error));
      return NULL;
    }

  rendered = sotto_model_render_pictures (self, chat_template, &input, &places, error);
  if (rendered == NULL)
    return NULL;

  prompt = g_new0 (SottoPrompt, 1);
  prompt->tokens = g_array_new (FALSE, FALSE, sizeof (gint32));
  if (places != NULL)
    {
      prompt->text = g_string_new (NULL);
      sotto_model_place_pictures (self, vision, messages, rendered, places, prompt);
    }
  else
    {
      sotto_tokenizer_encode (self->tokenizer, (const SottoSpan *) rendered->spans->data, rendered->spans->len, prompt->tokens);
      prompt->text = g_string_new_len (rendered->text->str, (gssize) rendered->text->len);
    }
  begin_text (self, prompt);
  prompt->template_hash = g_strdup (sotto_template_get_hash (chat_template));
  if (rendered->used_date)
    prompt->date = g_date_time_format_iso8601 (day);
  if (add_generation_prompt)
    append_begun (self, messages, rendered, prompt);

  return prompt;
}

void
sotto_prompt_free (SottoPrompt *self)
{
  if (self->text != NULL)
    g_string_free (self->text, TRUE);
  g_clear_pointer (&self->tokens, g_array_unref);
  g_clear_pointer (&self->rows, g_array_unref);
  g_free (self->template_hash);
  g_free (self->date);
  g_free (self);
}
