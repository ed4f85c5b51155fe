/* Which templates a model gets: the file's own, the default of its family, the plain one, or, for a
 * base model, none but its text. */

#include "sotto-model-private.h"

#include "text/default-template.h"

#include <string.h>

#define KEY "tokenizer.chat_template"

/* --- What the file calls itself --- */

/* Name, kind of fine-tuning and the file's own name, in lower case, for looking at the words. */
static char *
dup_names (const SottoGguf *gguf)
{
  static const char *const keys[] = { "general.name", "general.basename", "general.finetune" };
  g_autofree char *base = g_path_get_basename (sotto_gguf_get_path (gguf));
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      g_autofree char *value = sotto_gguf_dup_string (gguf, keys[i]);

      if (value != NULL)
        g_string_append_printf (names, "%s ", value);
    }
  g_string_append (names, base);

  return g_ascii_strdown (names->str, -1);
}

static gboolean
has_word (const char *text, const char *const *words)
{
  g_auto (GStrv) parts = g_strsplit_set (text, " -_.,/()[]:", -1);

  for (guint i = 0; parts[i] != NULL; i++)
    if (g_strv_contains (words, parts[i]))
      return TRUE;
  return FALSE;
}

static gboolean
has_tag (const SottoGguf *gguf, const char *const *tags)
{
  const SottoGgufValue *value = sotto_gguf_lookup (gguf, "general.tags");

  if (value == NULL || value->type != SOTTO_GGUF_ARRAY || value->element_type != SOTTO_GGUF_STRING)
    return FALSE;

  for (guint64 i = 0; i < value->n_elements; i++)
    {
      SottoGgufString tag = sotto_gguf_value_string (value, i);

      for (guint j = 0; tags[j] != NULL; j++)
        if (tag.length == strlen (tags[j]) && memcmp (tag.data, tags[j], tag.length) == 0)
          return TRUE;
    }
  return FALSE;
}

/* A base model says so, or has nothing to chat with. Where the vocabulary could but the file brings
 * no template, the converters of the last years would have written one had there been one. */
static gboolean
find_base (const SottoModel *self, const char *names, gboolean has_template, gboolean has_format)
{
  static const char *const base_words[] = { "base", "pretrained", "pretrain", NULL };
  static const char *const chat_words[] = { "instruct", "instruction", "chat", "it", "assistant", "sft",
                                            "dpo", "rlhf", "orpo", "hermes", "dolphin", "conversational",
                                            NULL };
  static const char *const base_tags[] = { "base", "base-model", "pretrained", NULL };
  static const char *const chat_tags[] = { "conversational", "chat", "instruct", NULL };

  if (has_word (names, chat_words))
    return FALSE;
  if (has_word (names, base_words) || has_tag (self->gguf, base_tags))
    return TRUE;
  if (has_template || (has_format && !sotto_tokenizer_has_chat_tokens (self->tokenizer)))
    return FALSE;
  if (!sotto_tokenizer_has_chat_tokens (self->tokenizer))
    return TRUE;

  return sotto_gguf_lookup (self->gguf, "general.basename") != NULL && !has_tag (self->gguf, chat_tags);
}

/* --- Compiling --- */

static gboolean
has_token (const char *text, gpointer user_data)
{
  return sotto_tokenizer_find_control (user_data, text) >= 0;
}

/* Whether a tool that is offered comes to stand in the prompt: many templates only read their list to say that there is none. */
static gboolean
find_tools (const SottoModel *self, const char *source)
{
  static const char tool[] = "[{\"type\":\"function\",\"function\":{\"name\":\"sotto_probe\",\"description\":\"Probe.\","
                             "\"parameters\":{\"type\":\"object\",\"properties\":{},\"required\":[]}}}]";
  SottoTemplateInput input = { .bos = "", .eos = "", .add_generation_prompt = TRUE };
  g_autoptr (SottoMessages) messages = NULL;
  g_autoptr (SottoRendered) rendered = NULL;

  if (self->tool_template != NULL)
    return TRUE;
  if (self->chat_template == NULL || strstr (source, "tools") == NULL)
    return FALSE;

  messages = sotto_messages_new ();
  sotto_messages_append (messages, "user", "?");
  sotto_messages_set_tools (messages, tool, -1, NULL);
  input.messages = messages;
  input.as_items = self->takes_items;
  rendered = sotto_template_render (self->chat_template, &input, NULL, NULL);

  return rendered != NULL && strstr (rendered->text->str, "sotto_probe") != NULL;
}

static gboolean
shows_text (const SottoModel *self, gboolean as_items)
{
  g_autoptr (SottoMessages) messages = sotto_messages_new ();
  SottoTemplateInput input = { .messages = messages, .bos = "", .eos = "", .add_generation_prompt = TRUE, .as_items = as_items };
  g_autoptr (SottoRendered) rendered = NULL;

  sotto_messages_append (messages, "user", "sotto_probe");
  rendered = sotto_template_render (self->chat_template, &input, NULL, NULL);

  return rendered != NULL && strstr (rendered->text->str, "sotto_probe") != NULL;
}

/* Whether text reaches the prompt only as a list of items: templates of models that see were often written for nothing else. */
static gboolean
find_items (const SottoModel *self, const char *source)
{
  return self->chat_template != NULL && strstr (source, "type") != NULL && !shows_text (self, FALSE)
         && shows_text (self, TRUE);
}

static char *
dup_piece (const SottoTokenizer *tokenizer, gint32 token)
{
  return token >= 0 ? sotto_tokenizer_dup_piece (tokenizer, token) : NULL;
}

/* A template that does not compile does not keep the model from being described, hashed, or asked to
 * complete text; whoever renders it gets the error. */
void
sotto_model_compile_templates (SottoModel *self)
{
  g_autofree char *own = sotto_gguf_dup_string (self->gguf, KEY);
  g_autofree char *with_tools = sotto_gguf_dup_string (self->gguf, KEY ".tool_use");
  g_autofree char *names = dup_names (self->gguf);
  g_autofree char *format = NULL;
  SottoModelInfo *info = &self->info;
  const char *source;

  if (own == NULL)
    own = sotto_gguf_dup_string (self->gguf, KEY ".default");
  source = own;
  if (own == NULL)
    info->default_template = sotto_default_template_choose (self->tokenizer, names, &format);

  info->has_template = own != NULL;
  info->is_base = find_base (self, names, own != NULL, format != NULL);
  if (info->is_base)
    {
      info->default_template = "completion";
      source = sotto_default_template_get_completion ();
    }
  else if (own == NULL)
    {
      source = format != NULL ? format : sotto_template_get_default ();
      if (format == NULL)
        info->default_template = "plain";
    }

  self->chat_template = sotto_template_new (source, -1, &self->template_error);
  /* It serves conversations with tools only; if it is broken, the other one does. */
  if (with_tools != NULL && !info->is_base)
    self->tool_template = sotto_template_new (with_tools, -1, NULL);
  self->takes_items = find_items (self, source);
  info->has_tools = !info->is_base && find_tools (self, source);
  sotto_reply_style_choose (&self->reply_style, self->tool_template != NULL ? with_tools : own,
                            info->is_base ? NULL : has_token, self->tokenizer);

  self->bos_text = dup_piece (self->tokenizer, sotto_tokenizer_get_bos (self->tokenizer));
  self->eos_text = dup_piece (self->tokenizer, sotto_tokenizer_get_eos (self->tokenizer));
}
